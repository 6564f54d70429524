/* Texts to tokens to signatures: scripts, normal forms, extremes, vector against plain, sampling estimates. */
#include "dedup/dedup_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct signature sign(const char *text)
{
	struct signature out;
	struct signer *signer = signer_new(NULL, SIMHASH_128);
	assert_non_null(signer);
	assert_int_equal(signer_sign(signer, span_of(text), &out), STATUS_OK);
	signer_free(signer);
	return out;
}

static void assert_tokens(const char *text, const char *expected)
{
	struct signer *signer = signer_new(NULL, SIMHASH_128);
	struct buffer out;
	buffer_init(&out, 1 << 16);
	assert_int_equal(signer_normalise(signer, span_of(text), &out), STATUS_OK);
	buffer_append_byte(&out, 0);
	assert_string_equal(out.data, expected);
	buffer_free(&out);
	signer_free(signer);
}

static void normalises(void **state)
{
	(void)state;
	static const struct {
		const char *text, *tokens;
	} rows[] = {
		{"", ""},
		{"  Hello,\tWORLD!\n", "hello world"},
		{"Don\xE2\x80\x99t don't", "dont dont"},
		{"caf\xC3\xA9 CAFE\xCC\x81 \xC3\x9C"
		 "BER stra\xC3\x9F"
		 "e",
		 "cafe cafe uber strasse"},
		{"\xC5\x81\xC3\xB3"
		 "d\xC5\xBA \xC3\x98re",
		 "lodz ore"},
		{"1,234.56 at 10:30 on 12/05-2020, 7.", "1,234.56 at 10:30 on 12/05-2020 7"},
		{"10\xE2\x80\x93"
		 "12 \xE2\x88\x92 4",
		 "10-12 4"}, /* en dash, minus */
		{"\xE4\xB8\xAD\xE6\x96\x87"
		 "abc\xE5\xAD\x97",
		 "\xE4\xB8\xAD \xE6\x96\x87 abc \xE5\xAD\x97"},
		{"\xEF\xBC\xA1\xEF\xBC\xA2\xEF\xBC\x91", "ab1"}, /* full width */
		{"\xD0\x9F\xD1\x80\xD0\x98\xD0\xB2\xD0\xB5\xD1\x82",
		 "\xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82"}, /* Cyrillic */
		{"\xD9\x83\xD9\x8E\xD8\xAA\xD9\x8E\xD8\xA8",
		 "\xD9\x83\xD8\xAA\xD8\xA8"},                             /* Arabic without its vowel marks */
		{"\xD9\xA1\xD9\xA2\xD9\xA3", "123"},                      /* Arabic-Indic digits */
		{"\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C"}, /* Hangul letters to a syllable */
		{"soft\xC2\xADhyphen zero\xE2\x80\x8Bwidth", "softhyphen zerowidth"},
		{"bad\xFF"
		 "bytes\xC3",
		 "bad bytes"},
		{"\xEF\xAC\x81ne", "fine"},                         /* ligature */
		{"\xF0\x9F\x98\x80 \xE2\x80\xA6 \xE2\x82\xAC", ""}, /* emoji, dots, currency */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_tokens(rows[i].text, rows[i].tokens);
}

static void thai_is_cut_into_overlapping_groups(void **state)
{
	(void)state;
	/* "ka kha ngo cho" without blanks: each letter adds one token of the last four. */
	assert_tokens("\xE0\xB8\x81\xE0\xB8\x82\xE0\xB8\x87",
		      "\xE0\xB8\x81 \xE0\xB8\x81\xE0\xB8\x82 \xE0\xB8\x81\xE0\xB8\x82\xE0\xB8\x87");
}

static void form_does_not_matter(void **state)
{
	(void)state;
	struct signature a = sign("The \xE2\x80\x9Cr\xC3\xA9sum\xC3\xA9\xE2\x80\x9D of 1914\xE2\x80\x93"
				  "18, it\xE2\x80\x99s said.");
	struct signature b = sign("THE \"re\xCC\x81sume\xCC\x81\" of 1914-18 \n\n its said");
	assert_memory_equal(&a, &b, sizeof a);
}

static void other_texts_differ(void **state)
{
	(void)state;
	struct signature a = sign("one two three four five six"), b = sign("one two three four six five");
	assert_true(a.exact.low != b.exact.low);
	assert_true(a.simhash[0] != b.simhash[0]);
}

static void extremes(void **state)
{
	(void)state;
	struct signature empty = sign(""), blank = sign(" \n--- \xE2\x80\xA6"), one = sign("word"),
			 two = sign("two words");
	struct dedup_options options;
	struct pair_evidence evidence;
	dedup_options_default(&options);
	assert_int_equal(empty.tokens, 0);
	assert_int_equal(blank.tokens, 0);
	assert_false(pair_verify(&empty, &blank, &options, &evidence)); /* nothing to compare is no copy */
	assert_int_equal(one.tokens, 1);
	assert_int_equal(one.sketch_count, 1);
	assert_int_equal(one.anchor_count, 1);
	assert_int_equal(two.sketch_count, 1);
	assert_false(pair_verify(&one, &two, &options, &evidence));
	assert_true(pair_verify(&one, &one, &options, &evidence));
	assert_int_equal(evidence.rule, PAIR_EXACT);
}

static void one_token_a_million_times(void **state)
{
	(void)state;
	size_t count = 1000000;
	char *text = malloc(count * 2 + 1);
	for (size_t i = 0; i < count; i++)
		memcpy(text + 2 * i, "a ", 2);
	text[2 * count] = 0;
	struct signature s = sign(text);
	assert_int_equal(s.tokens, count);
	assert_int_equal(s.sketch_count, 1);
	assert_true(s.flags & SIGNATURE_SKETCH_WHOLE);
	assert_int_equal(s.anchor_count, 1);
	free(text);
}

static void one_long_token(void **state)
{
	(void)state;
	size_t size = 3000000;
	char *text = malloc(size + 1);
	memset(text, 'x', size);
	text[size] = 0;
	struct signature a = sign(text);
	assert_int_equal(a.tokens, 1);
	text[size / 2] = 'y';
	struct signature b = sign(text);
	assert_true(a.exact.low != b.exact.low);
	free(text);
}

/* Random bytes of several kinds, at every alignment: both kernels give the same tokens. */
static void vector_equals_plain(void **state)
{
	(void)state;
	static const char *const alphabets[] = {"abcXYZ '", "0123456789.,-/: ", "a\xC3\xA9\xE4\xB8\xAD\xE2\x80\x99 '",
						NULL};
	struct normaliser best, plain;
	uint64_t seed = 1;
	char text[700];
	assert_int_equal(normaliser_init(&best), STATUS_OK);
	assert_int_equal(normaliser_init(&plain), STATUS_OK);
	plain.kernels = &normalise_plain;
	for (unsigned round = 0; round < 4000; round++) {
		const char *alphabet = alphabets[round % 4];
		size_t size = round % 700, letters = alphabet ? strlen(alphabet) : 0;
		for (size_t i = 0; i < size; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			text[i] = letters ? alphabet[(seed >> 33) % letters] : (char)(seed >> 40);
		}
		size_t from = size ? round % 37 % size : 0;
		struct span span = {text + from, size - from};
		assert_int_equal(normaliser_run(&best, span), STATUS_OK);
		assert_int_equal(normaliser_run(&plain, span), STATUS_OK);
		assert_int_equal(best.size, plain.size);
		assert_memory_equal(best.text, plain.text, best.size);
		assert_int_equal(best.token_count, plain.token_count);
		assert_memory_equal(best.tokens, plain.tokens, best.token_count * sizeof *best.tokens);
		assert_int_equal(best.number_count, plain.number_count);
	}
	normaliser_free(&best);
	normaliser_free(&plain);
}

/* The bit-sliced sums against one counter a bit. */
static void simhash_equals_counting(void **state)
{
	(void)state;
	struct signature s;
	struct signer *signer = signer_new(NULL, SIMHASH_128);
	char text[20000];
	uint64_t seed = 9;
	for (unsigned words = 1; words < 2000; words += 37) {
		size_t size = 0;
		for (unsigned i = 0; i < words; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			size += (size_t)sprintf(text + size, "w%u ", (unsigned)(seed >> 33) % 500);
		}
		assert_int_equal(signer_sign(signer, (struct span){text, size}, &s), STATUS_OK);
		uint32_t count, distinct;
		assert_int_equal(normaliser_run(&signer->normaliser, (struct span){text, size}), STATUS_OK);
		assert_int_equal(signer_shingles(signer, &count, &distinct), STATUS_OK);
		for (unsigned bit = 0; bit < 128; bit++) {
			unsigned sum = 0;
			for (uint32_t i = 0; i < distinct; i++) {
				uint64_t hash = signer->distinct[i], high = mix_mul(hash, MIX_C);
				sum += (bit < 64 ? hash : high) >> (bit % 64) & 1;
			}
			assert_int_equal(s.simhash[bit / 64] >> (bit % 64) & 1, 2 * sum > distinct);
		}
	}
	signer_free(signer);
}

/* Two texts that share a known part: the estimates lie near the truth. */
static void sketches_estimate(void **state)
{
	(void)state;
	static const unsigned shared[] = {0, 250, 500, 750, 1000};
	struct dedup_options options;
	dedup_options_default(&options);
	for (size_t i = 0; i < 5; i++) {
		char a[12000], b[12000];
		size_t na = 0, nb = 0;
		for (unsigned w = 0; w < 1000; w++) {
			na += (size_t)sprintf(a + na, "w%u ", w);
			nb += (size_t)sprintf(b + nb, w < shared[i] ? "w%u " : "v%u ", w);
		}
		struct signature x = sign(a), y = sign(b);
		struct pair_evidence e;
		pair_verify(&x, &y, &options, &e);
		double share = shared[i] / 1000.0, jaccard = share / (2 - share);
		assert_true(e.jaccard / 1000.0 > jaccard - 0.15 && e.jaccard / 1000.0 < jaccard + 0.15);
		assert_true(e.containment / 1000.0 > share - 0.17 && e.containment / 1000.0 < share + 0.17);
	}
}

static void df_table_weighs_down_what_is_common(void **state)
{
	(void)state;
	struct signer *signer = signer_new(NULL, SIMHASH_128);
	struct df_counter *counter = df_counter_new(200);
	char text[400];
	for (unsigned i = 0; i < 200; i++) {
		snprintf(text, sizeof text, "we use small biscuits to improve your visit u%u v%u w%u x%u", i, i, i, i);
		assert_int_equal(df_counter_add(counter, signer, span_of(text)), STATUS_OK);
	}
	struct df_table *table = df_counter_finish(counter);
	assert_non_null(table);
	assert_int_equal(df_documents(table), 200);
	assert_int_equal(normaliser_run(&signer->normaliser, SPAN("we use small")), STATUS_OK);
	uint64_t common = shingle_hash(signer->normaliser.tokens, 3) | 1;
	assert_int_equal(normaliser_run(&signer->normaliser, SPAN("entirely new words")), STATUS_OK);
	uint64_t rare = shingle_hash(signer->normaliser.tokens, 3) | 1;
	assert_true(df_weight(table, common) < 0.1);
	assert_true(df_weight(table, rare) > 0.9);
	assert_true(df_weight(NULL, common) == 1);

	struct fault fault;
	char path[] = "/tmp/warcmill-df-XXXXXX", hex[33], again[33];
	int file = mkstemp(path);
	assert_true(file >= 0);
	assert_int_equal(df_save(table, path, &fault), STATUS_OK);
	struct df_table *loaded = df_load(path, &fault);
	assert_non_null(loaded);
	df_digest(table, hex);
	df_digest(loaded, again);
	assert_string_equal(hex, again);
	assert_true(df_weight(loaded, common) == df_weight(table, common));
	assert_int_equal(truncate(path, 100), 0);
	assert_null(df_load(path, &fault));
	assert_int_equal(fault.status, STATUS_DATA);
	unlink(path);
	df_free(loaded);
	df_free(table);
	signer_free(signer);
}

static void df_sample_ignores_order_copies_and_large_hosts(void **state)
{
	(void)state;
	enum { COUNT = 2000 };
	static struct df_candidate a[COUNT], b[COUNT];
	uint64_t seed = 3;
	for (size_t i = 0; i < COUNT; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		a[i] = (struct df_candidate){{seed, seed * 31}, i % 4 == 0 ? 1 : 0, i};
		if (i % 10 == 9)
			a[i].exact = a[i - 1].exact; /* a copy */
		b[COUNT - 1 - i] = a[i];
	}
	size_t na = df_sample_select(a, COUNT), nb = df_sample_select(b, COUNT);
	assert_int_equal(na, nb);
	assert_memory_equal(a, b, na * sizeof *a);
	size_t of_host = 0;
	for (size_t i = 0; i < na; i++) {
		of_host += a[i].host == 1;
		assert_true(a[i].document % 10 != 9);
	}
	assert_int_equal(of_host, DF_HOST_MAX);
}

static void passages_are_found_and_dropped(void **state)
{
	(void)state;
	struct passages *passages = passages_new(1 << 20);
	struct buffer out;
	uint32_t dropped;
	char text[300];
	buffer_init(&out, 1 << 16);
	for (unsigned i = 0; i < 5; i++) {
		snprintf(text, sizeof text,
			 "Please take our paper!\n\nStory number %u begins.\n\nPlease take our paper!\n", i);
		assert_int_equal(passages_add(passages, SPAN("a.test"), span_of(text)), STATUS_OK);
	}
	assert_int_equal(passages_add(passages, SPAN("b.test"), SPAN("Please take our paper!")), STATUS_OK);
	assert_int_equal(passages_count(passages, SPAN("a.test"), SPAN("please take OUR paper")),
			 5); /* once a document */
	assert_int_equal(passages_count(passages, SPAN("b.test"), SPAN("Please take our paper")), 1);
	assert_int_equal(passages_drop(passages, SPAN("a.test"), span_of(text), 4, &out, &dropped), STATUS_OK);
	assert_int_equal(dropped, 2);
	buffer_append_byte(&out, 0);
	assert_string_equal(out.data, "Story number 4 begins.");
	buffer_clear(&out);
	assert_int_equal(passages_drop(passages, SPAN("a.test"), span_of(text), 5, &out, &dropped), STATUS_OK);
	assert_int_equal(dropped, 0);
	struct passage *list;
	size_t count;
	assert_int_equal(passages_list(passages, 2, &list, &count), STATUS_OK);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].documents, 5);
	assert_true(span_equal(list[0].text, SPAN("Please take our paper!")));
	assert_true(span_equal(list[0].host, SPAN("a.test")));
	free(list);
	buffer_free(&out);
	passages_free(passages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normalises),
		cmocka_unit_test(thai_is_cut_into_overlapping_groups),
		cmocka_unit_test(form_does_not_matter),
		cmocka_unit_test(other_texts_differ),
		cmocka_unit_test(extremes),
		cmocka_unit_test(one_token_a_million_times),
		cmocka_unit_test(one_long_token),
		cmocka_unit_test(vector_equals_plain),
		cmocka_unit_test(simhash_equals_counting),
		cmocka_unit_test(sketches_estimate),
		cmocka_unit_test(df_table_weighs_down_what_is_common),
		cmocka_unit_test(df_sample_ignores_order_copies_and_large_hosts),
		cmocka_unit_test(passages_are_found_and_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
