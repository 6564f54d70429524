/* Character sets: which one is chosen, and what comes out. The tables are checked against the standard's by
 * charset_data. */
#include "extract/charset_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SPAN_LITERAL(text)                                                                                             \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}

struct fixture {
	struct charset_decoder *decoder;
	struct charset_result result;
	struct span text;
};

static struct fixture decode(size_t max, struct span bytes, const char *content_type, enum status expected)
{
	struct fixture f = {charset_decoder_new(max), {NULL, CHARSET_DEFAULT, 0}, SPAN_NONE};
	assert_non_null(f.decoder);
	assert_int_equal(charset_decode(f.decoder, bytes, span_of(content_type), &f.text, &f.result), expected);
	assert_true(utf8_valid(f.text));
	return f;
}

static void expect(struct span bytes, const char *content_type, const char *name, enum charset_source source,
		   const char *text)
{
	struct fixture f = decode(1 << 20, bytes, content_type, STATUS_OK);
	assert_string_equal(f.result.name, name);
	assert_int_equal(f.result.source, source);
	if (text && (f.text.size != strlen(text) || memcmp(f.text.data, text, f.text.size) != 0))
		fail_msg("got \"%.*s\", expected \"%s\"", SPAN_ARG(f.text), text);
	charset_decoder_free(f.decoder);
}

static void labels_are_the_standards(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"latin1", "windows-1252"},   {" ISO-8859-1 ", "windows-1252"},
		{"us-ascii", "windows-1252"}, {"gb2312", "GBK"},
		{"GB18030", "gb18030"},       {"x-sjis", "Shift_JIS"},
		{"ks_c_5601-1987", "EUC-KR"}, {"unicode-1-1-utf-8", "UTF-8"},
		{"big5-hkscs", "Big5"},       {"iso-8859-9", "windows-1254"},
		{"tis-620", "windows-874"},   {"hz-gb-2312", "replacement"},
		{"utf-16", "UTF-16LE"},       {"cp1251", "windows-1251"},
		{"x-x-big5", "Big5"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(charset_name(charset_of_label(span_of(rows[i][0]))), rows[i][1]);
	assert_int_equal(charset_of_label(SPAN("utf-7")), CHARSET_NONE);
	assert_int_equal(charset_of_label(SPAN("")), CHARSET_NONE);
	assert_int_equal(charset_of_label(SPAN("a-label-that-is-longer-than-any-of-them")), CHARSET_NONE);
}

static void the_order_is_mark_header_meta_late_meta(void **state)
{
	(void)state;
	expect(SPAN("\xEF\xBB\xBF<meta charset=gbk>\xC3\xA9"), "text/html; charset=koi8-r", "UTF-8", CHARSET_BOM,
	       "<meta charset=gbk>\xC3\xA9");
	expect(SPAN("\xFF\xFE"
		    "a\0\xE9\0"),
	       NULL, "UTF-16LE", CHARSET_BOM, "a\xC3\xA9");
	expect(SPAN("<meta charset=gbk>\xE9"), "text/html; charset=\"windows-1252\"", "windows-1252", CHARSET_HTTP,
	       "<meta charset=gbk>\xC3\xA9");
	expect(SPAN("<META content='text/html; charset=windows-1251' http-equiv=Content-Type>\xC4\xE0"), "text/html",
	       "windows-1251", CHARSET_META, NULL);
	expect(SPAN("<!-- <meta charset=gbk> --><a title='<meta charset=gbk>'><meta charset=x><meta "
		    "charset=windows-1251>\xC4"),
	       NULL, "windows-1251", CHARSET_META, NULL);
	expect(SPAN("<meta content='text/html; charset=gbk'><meta name=x charset=koi8-r>\xC4"), NULL, "KOI8-R",
	       CHARSET_META, NULL);
	struct buffer late;
	buffer_init(&late, 1 << 16);
	buffer_print(&late, "<!--%1100d--><meta charset=koi8-r><p>\xC4\xC1", 1);
	struct fixture f = decode(1 << 20, buffer_span(&late), NULL, STATUS_OK);
	assert_string_equal(f.result.name, "KOI8-R");
	assert_int_equal(f.result.source, CHARSET_LATE_META);
	charset_decoder_free(f.decoder);
	buffer_free(&late);
}

static void a_declaration_that_cannot_be_true_is_not_believed(void **state)
{
	(void)state;
	/* GBK bytes that say they are UTF-8 */
	expect(SPAN("<meta "
		    "charset=utf-8>"
		    "\xBB\xB6\xD3\xAD\xB9\xE2\xC1\xD9\xBB\xB6\xD3\xAD\xB9\xE2\xC1\xD9\xD5\xE2\xC0\xEF\xCA\xC7"
		    "\xD0\xC2\xCE\xC5\xD2\xB3\xC3\xE6\xA3\xAC\xBB\xB6\xD3\xAD\xB9\xE2\xC1\xD9"),
	       NULL, "gb18030", CHARSET_DETECTED, NULL);
	/* UTF-8 that says it is GBK */
	expect(SPAN("<meta "
		    "charset=gb2312>"
		    "\xE6\xAC\xA2\xE8\xBF\x8E\xE5\x85\x89\xE4\xB8\xB4\xE6\xAC\xA2\xE8\xBF\x8E\xE5\x85\x89\xE4\xB8\xB4"),
	       NULL, "UTF-8", CHARSET_DETECTED, NULL);
	/* a few bad bytes are no reason */
	struct fixture f = decode(
		1 << 20,
		SPAN("<meta charset=utf-8>\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xE9!"), NULL,
		STATUS_OK);
	assert_string_equal(f.result.name, "UTF-8");
	assert_int_equal(f.result.replaced, 1);
	charset_decoder_free(f.decoder);
}

static void undeclared_bytes_are_guessed(void **state)
{
	(void)state;
	expect(SPAN("<p>plain"), NULL, "UTF-8", CHARSET_DEFAULT, "<p>plain");
	expect(SPAN("<p>\xC3\xA9"), NULL, "UTF-8", CHARSET_DETECTED, "<p>\xC3\xA9");
	expect(SPAN("<p>plain"), "text/html; charset=gbk", "GBK", CHARSET_HTTP, "<p>plain");
#ifdef WARCMILL_HAVE_UCHARDET
	expect(SPAN("<p>\xCF\xF0\xE8\xE2\xE5\xF2, \xFD\xF2\xEE \xF1\xF2\xF0\xE0\xED\xE8\xF6\xE0, "
		    "\xEA\xEE\xF2\xEE\xF0\xE0\xFF "
		    "\xED\xE8\xF7\xE5\xE3\xEE \xED\xE5 \xE3\xEE\xE2\xEE\xF0\xE8\xF2 \xEE \xF1\xE2\xEE\xE5\xE9 "
		    "\xEA\xEE\xE4\xE8\xF0\xEE\xE2\xEA\xE5, \xE0 \xE4\xEE\xE3\xE0\xE4\xE0\xF2\xFC\xF1\xFF "
		    "\xEC\xEE\xE6\xED\xEE.</p>"),
	       NULL, "windows-1251", CHARSET_DETECTED, NULL);
#endif
}

/* clang-format off */
static void errors_become_replacement_characters(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct span bytes;
		const char *text;
		unsigned replaced;
	} rows[] = {
#define BAD "\xEF\xBF\xBD"
		{"gbk", SPAN_LITERAL("\x80\x81\x30\x81\x30\xFF\xC4\x21\xC4"), "\xE2\x82\xAC\xC2\x80" BAD BAD "!" BAD, 3},
		{"gb18030", SPAN_LITERAL("\x81\x30\x81\x41\x84\x31\xA4\x37\x90\x30\x81\x30"), BAD "0\xE4\xB8\x84" BAD "\xF0\x90\x80\x80", 2},
		{"big5", SPAN_LITERAL("\x88\x62\x88\xA5\x87\x40\xA1\x41\xA1\x20"), "\xC3\x8A\xCC\x84\xC3\xAA\xCC\x8C\xE4\x8F\xB0\xEF\xBC\x8C" BAD " ", 1},
		{"euc-jp", SPAN_LITERAL("\x8E\xB1\xA4\xA2\x8F\xB0\xA1\xA4!\x8F\xB0"), "\xEF\xBD\xB1\xE3\x81\x82\xE4\xB8\x82" BAD "!" BAD, 2},
		{"shift_jis", SPAN_LITERAL("\x80\xB1\x82\xA0\xF0\x40\xA0\x81"), "\xC2\x80\xEF\xBD\xB1\xE3\x81\x82\xEE\x80\x80" BAD BAD, 2},
		{"iso-2022-jp", SPAN_LITERAL("\x1B$B$\"\x1B(B\x1B(J\\~\x1B(I1\x1B(B\x0E\x1B!"),
		 "\xE3\x81\x82" BAD "\xC2\xA5\xE2\x80\xBE\xEF\xBD\xB1" BAD BAD "!", 3},
		{"euc-kr", SPAN_LITERAL("\xB0\xA1\xC9\x41\xFF"), "\xEA\xB0\x80" BAD "A" BAD, 2},
		{"utf-16be", SPAN_LITERAL("\0a\xD8\x34\xDD\x1E\xDC\0\0b\xD8"), "a\xF0\x9D\x84\x9E" BAD "b" BAD, 2},
		{"utf-16le", SPAN_LITERAL("a\0\0\xD8" "b\0"), "a" BAD "b", 1},
		{"x-user-defined", SPAN_LITERAL("a\x80\xFF"), "a\xEF\x9E\x80\xEF\x9F\xBF", 0},
		{"replacement", SPAN_LITERAL("anything"), BAD, 1},
		{"windows-1252", SPAN_LITERAL("\x80\x81\xE9"), "\xE2\x82\xAC\xC2\x81\xC3\xA9", 0},
		{"windows-1253", SPAN_LITERAL("\xAA\xE1"), BAD "\xCE\xB1", 1},
		{"utf-8", SPAN_LITERAL("\xE2\x82\xF0\x9F\x98\xED\xA0\x80\xC0\x80z"), BAD BAD BAD BAD BAD BAD BAD "z", 7},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buffer out;
		buffer_init(&out, 1 << 16);
		struct charset_sink sink = {.out = &out};
		charset_run(charset_of_label(span_of(rows[i].label)), rows[i].bytes, &sink);
		struct span text = buffer_span(&out);
		if (text.size != strlen(rows[i].text) || memcmp(text.data, rows[i].text, text.size) != 0)
			fail_msg("%s: got \"%.*s\", expected \"%s\"", rows[i].label, SPAN_ARG(text), rows[i].text);
		assert_int_equal(sink.replaced, rows[i].replaced);
		buffer_free(&out);
	}
}
/* clang-format on */

static void valid_utf8_is_passed_through(void **state)
{
	(void)state;
	struct span page = SPAN("<meta charset=utf-8><p>\xC3\xA9");
	struct fixture f = decode(1 << 20, page, NULL, STATUS_OK);
	assert_ptr_equal(f.text.data, page.data);
	charset_decoder_free(f.decoder);
	f = decode(10,
		   SPAN("\xEF\xBB\xBF"
			"123456789\xC3\xA9"),
		   NULL, STATUS_LIMIT);
	assert_int_equal(f.text.size, 9); /* cut before the character */
	charset_decoder_free(f.decoder);
}

static void output_has_a_ceiling(void **state)
{
	(void)state;
	char bytes[4000];
	memset(bytes, 0xE9, sizeof bytes);
	for (size_t max = 64; max < 400; max += 7) {
		struct fixture f =
			decode(max, (struct span){bytes, sizeof bytes}, "text/html; charset=iso-8859-2", STATUS_LIMIT);
		assert_true(f.text.size <= max);
		charset_decoder_free(f.decoder);
	}
	struct fixture f =
		decode(1 << 20, (struct span){bytes, sizeof bytes}, "text/html; charset=iso-8859-2", STATUS_OK);
	assert_int_equal(f.text.size, 8000);
	charset_decoder_free(f.decoder);
}

/* ---- UTF-8 by vectors against the definition ---------------------------------------------------------------- */

static size_t defined_prefix(struct span text)
{
	const char *at = text.data, *end = at + text.size;
	while (at < end) {
		const char *before = at;
		uint32_t code = utf8_next(&at, end);
		char again[4];
		if (code == 0xFFFD && (size_t)(at - before) != utf8_encode(code, again))
			return (size_t)(before - text.data);
	}
	return text.size;
}

static uint64_t dice(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void utf8_vectors_agree_with_the_definition(void **state)
{
	(void)state;
	static const uint32_t ranges[] = {0x80, 0x80, 0x800, 0x10000, 0x110000};
	uint64_t random = 7;
	for (unsigned round = 0; round < 60000; round++) {
		size_t size = dice(&random) % 260, used = 0;
		char *text = malloc(size + 1);
		while (used < size) {
			char code[4];
			size_t n =
				utf8_encode((uint32_t)(dice(&random) % ranges[dice(&random) % (1 + round % 5)]), code);
			n = used + n > size ? size - used : n;
			memcpy(text + used, code, n);
			used += n;
		}
		for (uint64_t bad = dice(&random) % 3; size && bad > 0; bad--)
			text[dice(&random) % size] = (char)dice(&random);
		struct span span = {text, size};
		assert_int_equal(utf8_valid_prefix(span), defined_prefix(span));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_the_standards),
		cmocka_unit_test(the_order_is_mark_header_meta_late_meta),
		cmocka_unit_test(a_declaration_that_cannot_be_true_is_not_believed),
		cmocka_unit_test(undeclared_bytes_are_guessed),
		cmocka_unit_test(errors_become_replacement_characters),
		cmocka_unit_test(valid_utf8_is_passed_through),
		cmocka_unit_test(output_has_a_ceiling),
		cmocka_unit_test(utf8_vectors_agree_with_the_definition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
