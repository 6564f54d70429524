/* The harness's own parts: tokens with Python's semantics, statistics, dice, the sweep. */
#include "bench/bench.h"
#include "bench/duplicates.h"
#include "bench/extraction.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char *lower(const char *text)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	text_lower(span_of(text), &out);
	buffer_append_byte(&out, '\0');
	return out.data;
}

static void assert_lower(const char *text, const char *expected)
{
	char *found = lower(text);
	assert_string_equal(found, expected);
	free(found);
}

static void lower_follows_unicode(void **state)
{
	(void)state;
	assert_lower("AbC-9", "abc-9");
	assert_lower("ΟΔΟΣ", "οδος");
	assert_lower("ΑΣ'Α Σ Σ.Α ΑΣ.", "ασ'α σ σ.α ας.");
	assert_lower("İI", "i\xcc\x87i");
	assert_lower("ÀÉЖ Ⅻ", "àéж ⅻ");
	assert_lower("a\xff\x42", "a\xef\xbf\xbd\x62");
}

static size_t words(const char *text)
{
	struct tokens tokens = {0};
	text_words(span_of(text), &tokens);
	size_t count = tokens.count;
	tokens_free(&tokens);
	return count;
}

static void words_are_runs_of_letters_and_numbers(void **state)
{
	(void)state;
	assert_int_equal(words(""), 0);
	assert_int_equal(words("one, two_three ²½Ⅻ x"), 4);
	assert_int_equal(words("a\xcc\x81"
			       "b"),
			 2); /* a combining mark is no word character */
	assert_int_equal(words("海港。周一"), 2);
}

static void shingles_of_short_texts(void **state)
{
	(void)state;
	struct tokens three = {0}, six = {0}, out = {0};
	text_words(SPAN("a b c"), &three);
	text_words(SPAN("a b c d e f"), &six);
	tokens_shingles(&three, 4, &out);
	assert_int_equal(out.count, 1);
	tokens_shingles(&six, 4, &out);
	assert_int_equal(out.count, 3);
	three.count = 0;
	tokens_shingles(&three, 4, &out);
	assert_int_equal(out.count, 0);
	tokens_free(&three);
	tokens_free(&six);
	tokens_free(&out);
}

static void multisets_intersect_by_count(void **state)
{
	(void)state;
	uint64_t x[] = {3, 1, 3, 2, 3}, y[] = {3, 3, 4, 1, 1};
	struct tokens a = {x, 5, 5}, b = {y, 5, 5};
	tokens_sort(&a);
	tokens_sort(&b);
	assert_int_equal(tokens_common(&a, &b), 3);
}

static void squeeze_knows_unicode_blanks(void **state)
{
	(void)state;
	struct buffer out;
	buffer_init(&out, 1000);
	text_squeeze(SPAN("\xc2\xa0 a \xe3\x80\x80\n b\x1c "), &out);
	assert_int_equal(out.size, 3);
	assert_memory_equal(out.data, "a b", 3);
	buffer_free(&out);
}

static void rouge_takes_the_union_of_lines(void **state)
{
	(void)state;
	struct prf score = rouge_lsum(SPAN("one two\nthree five"), SPAN("one two three four five"));
	assert_float_equal(score.precision, 1, 1e-9);
	assert_float_equal(score.recall, 0.8, 1e-9);
	score = rouge_lsum(SPAN(""), SPAN("one"));
	assert_float_equal(score.f1, 0, 1e-9);
}

static void quantiles_and_exponents(void **state)
{
	(void)state;
	double values[] = {4, 1, 3, 2}, x[] = {1, 2, 4, 8, 0}, y[] = {3, 12, 48, 192, 5};
	assert_float_equal(stats_quantile(values, 4, 0.5), 2.5, 1e-12);
	assert_float_equal(stats_quantile(values, 4, 1), 4, 1e-12);
	assert_float_equal(stats_quantile(values, 0, 0.5), 0, 1e-12);
	assert_float_equal(stats_exponent(x, y, 5), 2, 1e-9);
	assert_float_equal(stats_deviation(values, 4), 1.2909944487, 1e-9);
}

static void dice_are_the_same_everywhere(void **state)
{
	(void)state;
	struct dice dice = {1234567};
	assert_true(dice_next(&dice) == 6457827717110365317u); /* splitmix64's published test vector */
	assert_true(dice_next(&dice) == 3203168211198807973u);
	for (int i = 0; i < 1000; i++)
		assert_true(dice_below(&dice, 7) < 7 && dice_real(&dice) < 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lower_follows_unicode),        cmocka_unit_test(words_are_runs_of_letters_and_numbers),
		cmocka_unit_test(shingles_of_short_texts),      cmocka_unit_test(multisets_intersect_by_count),
		cmocka_unit_test(squeeze_knows_unicode_blanks), cmocka_unit_test(rouge_takes_the_union_of_lines),
		cmocka_unit_test(quantiles_and_exponents),      cmocka_unit_test(dice_are_the_same_everywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
