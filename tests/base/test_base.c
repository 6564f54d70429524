/* Spans, arenas, buffers, dates, digests, files. */
#include "tests/base/test_base.h"
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void spans(void **state)
{
	(void)state;
	assert_true(span_equal_nocase(SPAN("Content-Type"), SPAN("content-TYPE")));
	assert_false(span_equal(SPAN("a"), SPAN("b")));
	assert_int_equal(span_find(SPAN("abcabd"), SPAN("abd")), 3);
	assert_int_equal(span_find_nocase(SPAN("xxABD"), SPAN("abd")), 2);
	assert_true(span_find(SPAN("ab"), SPAN("abc")) == SIZE_MAX);
	assert_true(span_equal(span_trim(SPAN(" \t a b\r\n")), SPAN("a b")));
	assert_int_equal(span_slice(SPAN("abc"), 5, 2).size, 0);
	assert_true(span_compare(SPAN("a"), SPAN("ab")) < 0);
	assert_true(span_ends(SPAN("a.warc.gz"), SPAN(".gz")));
	struct span rest = SPAN("a,,b"), piece;
	int pieces = 0;
	while (span_cut(&rest, ',', &piece))
		pieces++;
	assert_int_equal(pieces, 3);
	uint64_t value;
	assert_true(span_to_u64(SPAN("18446744073709551615"), &value) && value == UINT64_MAX);
	assert_false(span_to_u64(SPAN("18446744073709551616"), &value));
	assert_false(span_to_u64(SPAN(""), &value));
	assert_false(span_to_u64(SPAN("1 "), &value));
}

static void arenas(void **state)
{
	(void)state;
	struct arena *arena = arena_new(1 << 20);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++) {
			char *data = arena_alloc(arena, (size_t)i);
			assert_non_null(data);
			assert_int_equal((uintptr_t)data & 15, 0);
			memset(data, i, (size_t)i);
		}
		assert_null(arena_alloc(arena, 1 << 20));
		assert_null(arena_alloc(arena, SIZE_MAX));
		arena_reset(arena);
		assert_int_equal(arena_used(arena), 0);
	}
	assert_true(span_equal(arena_print(arena, "%d-%s", 7, "x"), SPAN("7-x")));
	assert_null(arena_copy(arena, SPAN_NONE).data);
	assert_string_equal(arena_copy(arena, SPAN("")).data, "");
	arena_free(arena);
	arena_free(NULL);
}

static void buffers(void **state)
{
	(void)state;
	struct buffer buffer;
	buffer_init(&buffer, 10);
	assert_int_equal(buffer_append(&buffer, "12345678", 8), STATUS_OK);
	assert_int_equal(buffer_append(&buffer, "abc", 3), STATUS_LIMIT);
	assert_int_equal(buffer_append(&buffer, "a", 1), STATUS_LIMIT); /* the failure sticks */
	assert_int_equal(buffer.size, 8);
	buffer_clear(&buffer);
	assert_int_equal(buffer_print(&buffer, "%d", 123456789), STATUS_OK);
	assert_true(span_equal(buffer_span(&buffer), SPAN("123456789")));
	buffer_free(&buffer);
	assert_int_equal(buffer_span(&buffer).size, 0);
}

static void dates(void **state)
{
	(void)state;
	char text[21];
	assert_int_equal(date_from_civil(1970, 1, 1, 0, 0, 0), 0);
	assert_int_equal(date_from_civil(2000, 2, 29, 12, 0, 0), 951825600);
	assert_true(date_from_civil(2001, 2, 29, 0, 0, 0) == DATE_NONE);
	for (int64_t date = -5000000000; date < 9000000000; date += 86399 * 37) {
		int y, mo, d, h, mi, s;
		date_to_civil(date, &y, &mo, &d, &h, &mi, &s);
		assert_int_equal(date_from_civil(y, mo, d, h, mi, s), date);
	}
	static const struct {
		const char *text;
		int64_t date;
	} w3c[] = {
		{"2020-09-12T10:11:12Z", 1599905472},
		{"2020-09-12T10:11:12.123456789Z", 1599905472},
		{"2020-09-12T12:11:12+02:00", 1599905472},
		{"2020-09-12T10:11Z", 1599905460},
		{"2020-09-12", 1599868800},
		{"2020-09", 1598918400},
		{"2020", 1577836800},
		{"2020-09-12 10:11:12", 1599905472},
		{"2020-13-12", DATE_NONE},
		{"12.09.2020", DATE_NONE},
		{"", DATE_NONE},
		{"2020-09-12T10", DATE_NONE},
		{"2020-09-12T10:11:12 and more", DATE_NONE},
	};
	for (size_t i = 0; i < sizeof w3c / sizeof *w3c; i++)
		if (date_parse_w3c(span_of(w3c[i].text)) != w3c[i].date)
			fail_msg("%s", w3c[i].text);
	assert_int_equal(date_parse_14(SPAN("20200912101112")), 1599905472);
	assert_int_equal(date_parse_14(SPAN("20200912")), 1599868800);
	assert_true(date_parse_14(SPAN("2020091")) == DATE_NONE);
	assert_int_equal(date_parse_http(SPAN("Sat, 12 Sep 2020 10:11:12 GMT")), 1599905472);
	assert_int_equal(date_parse_http(SPAN("Saturday, 12-Sep-20 10:11:12 GMT")), 1599905472);
	assert_int_equal(date_parse_http(SPAN("Sat Sep 12 10:11:12 2020")), 1599905472);
	assert_true(date_parse_http(SPAN("yesterday")) == DATE_NONE);
	date_format(1599905472, text);
	assert_string_equal(text, "2020-09-12T10:11:12Z");
}

static void digests(void **state)
{
	(void)state;
	uint8_t out[DIGEST_MAX], back[DIGEST_MAX];
	char text[2 * DIGEST_MAX + 1];
	assert_int_equal(digest_of(DIGEST_SHA1, SPAN("abc"), out), 20);
	hex_encode(out, 20, text);
	assert_string_equal(text, "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_int_equal(hex_decode(span_of(text), back, sizeof back), 20);
	assert_memory_equal(out, back, 20);
	base32_encode(out, 20, text);
	assert_string_equal(text, "VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5");
	assert_int_equal(base32_decode(span_of(text), back, sizeof back), 20);
	assert_memory_equal(out, back, 20);
	assert_int_equal(hex_decode(SPAN("0g"), back, sizeof back), 0);
	assert_int_equal(base32_decode(SPAN("0!"), back, sizeof back), 0);
	struct digest *digest = digest_new(DIGEST_MD5);
	for (int i = 0; i < 2; i++) {
		digest_update(digest, "a", 1);
		digest_update(digest, "bc", 2);
		assert_int_equal(digest_final(digest, out), 16);
		hex_encode(out, 16, text);
		assert_string_equal(text, "900150983cd24fb0d6963f7d28e17f72");
	}
	digest_free(digest);
}

static void files(void **state)
{
	(void)state;
	char folder[] = "/tmp/warcmill-test-XXXXXX", path[128];
	struct fault fault;
	struct buffer in;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/a/b", folder);
	assert_int_equal(folder_make(path, &fault), STATUS_OK);
	snprintf(path, sizeof path, "%s/a/b/file", folder);
	assert_int_equal(file_write_atomic(path, SPAN("hello"), &fault), STATUS_OK);
	assert_int_equal(folder_make(path, &fault), STATUS_IO);
	buffer_init(&in, 100);
	assert_int_equal(file_read(path, &in, &fault), STATUS_OK);
	assert_true(span_equal(buffer_span(&in), SPAN("hello")));
	buffer_free(&in);
	buffer_init(&in, 3);
	assert_int_equal(file_read(path, &in, &fault), STATUS_LIMIT);
	buffer_free(&in);
	uint8_t digest[DIGEST_MAX];
	uint64_t size;
	assert_int_equal(digest_file(DIGEST_SHA256, path, digest, &size, &fault), STATUS_OK);
	assert_int_equal(size, 5);
	unlink(path);
	assert_int_equal(file_read(path, &in, &fault), STATUS_IO);
	assert_non_null(strstr(fault.text, "No such file"));
	fault_set(&fault, STATUS_IO, 0, "%s: %s", "a/b", fault.text);
	assert_string_equal(fault.text, "a/b: cannot open: No such file or directory");
	assert_int_equal(file_write_atomic("/proc/nowhere/x", SPAN("x"), &fault), STATUS_IO);
	snprintf(path, sizeof path, "%s/a/b", folder);
	rmdir(path);
	snprintf(path, sizeof path, "%s/a", folder);
	rmdir(path);
	rmdir(folder);
}

static void faults(void **state)
{
	(void)state;
	struct fault fault;
	assert_int_equal(fault_set(&fault, STATUS_DATA, 7, "bad\n%s", "x"), STATUS_DATA);
	assert_string_equal(fault.text, "bad x");
	assert_int_equal(fault.offset, 7);
	assert_int_equal(fault_set(NULL, STATUS_IO, 0, "x"), STATUS_IO);
	assert_string_equal(status_name(STATUS_RETRY), "retry");
	assert_string_equal(status_name((enum status)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans),   cmocka_unit_test(arenas), cmocka_unit_test(buffers), cmocka_unit_test(dates),
		cmocka_unit_test(digests), cmocka_unit_test(files),  cmocka_unit_test(faults),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL) + test_text();
}
