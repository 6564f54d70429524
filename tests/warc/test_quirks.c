/* test_quirks: what archives in the wild are like, one test a quirk: made here, read, and what a good reader makes of
 * it asserted. */
#include "tests/warc/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct buffer file, part;

static struct events read_file(void)
{
	struct events events = read_bytes(buffer_span(&file));
	assert_int_equal(events.status, STATUS_END);
	assert_int_equal(events_sum(&events), file.size);
	assert_int_equal(events.end, file.size);
	return events;
}

static int reset(void **state)
{
	(void)state;
	buffer_clear(&file);
	buffer_clear(&part);
	return 0;
}

/* A record in a member of its own. */
static void gzip_record(const char *type, const char *uri, const char *extra, const char *block)
{
	buffer_clear(&part);
	put_record(&part, type, uri, extra, span_of(block));
	put_gzip(&file, buffer_span(&part));
}

static void expect_record(const struct events *events, size_t index, const char *uri, const char *block, unsigned flags)
{
	const struct event *event = events_record(events, index);
	assert_non_null(event);
	assert_string_equal(event->uri, uri);
	if (block)
		assert_string_equal(event->text, block);
	assert_int_equal(event->flags, flags);
}

static void expect_damage(const struct event *event, uint64_t offset, uint64_t skipped, bool padding)
{
	assert_true(event->damage);
	assert_int_equal(event->offset, offset);
	assert_int_equal(event->length, skipped);
	assert_int_equal(event->padding, padding);
}

/* ---- Members ------------------------------------------------------------------------------------------------------
 */

static void truncated_gzip(void **state)
{
	(void)state;
	uint64_t random = 3;
	buffer_clear(&part);
	struct buffer text;
	buffer_init(&text, GENEROUS);
	put_text(&text, 200000, &random);
	gzip_record("metadata", "a:1", NULL, "whole");
	uint64_t second = file.size;
	put_record(&part, "resource", "a:2", NULL, buffer_span(&text));
	struct buffer member;
	buffer_init(&member, GENEROUS);
	buffer_clear(&part);
	put_record(&part, "resource", "a:2", NULL, buffer_span(&text));
	put_gzip(&member, buffer_span(&part));
	buffer_append(&file, member.data, member.size / 2);
	struct events events = read_file();
	assert_int_equal(events.count, 2);
	expect_record(&events, 0, "a:1", "whole", 0);
	assert_int_equal(events.list[1].flags, WARC_RECORD_CUT);
	assert_int_equal(events.list[1].offset, second);
	assert_int_equal(events.list[1].length, member.size / 2);
	size_t got = events.list[1].block_size; /* what came before the cut is right */
	assert_true(got > 50000 && got < 150000);
	assert_int_equal(events.list[1].block, hash64(text.data, got, 0));
	events_free(&events);
	buffer_free(&text);
	buffer_free(&member);
}

static void corrupt_in_the_middle(void **state)
{
	(void)state;
	gzip_record("metadata", "a:1", NULL, "one");
	uint64_t from = file.size;
	gzip_record("metadata", "a:2", NULL, "two");
	uint64_t to = file.size;
	gzip_record("metadata", "a:3", NULL, "three");
	memset(file.data + from + 30, 0x55, 20);
	struct events events = read_file();
	assert_int_equal(events.count, 3);
	expect_record(&events, 0, "a:1", "one", 0);
	expect_damage(&events.list[1], from, to - from, false);
	expect_record(&events, 1, "a:3", "three", 0);
	events_free(&events);
}

static void empty_file(void **state)
{
	(void)state;
	struct events events = read_file();
	assert_int_equal(events.count, 0);
	events_free(&events);
}

static void empty_members(void **state)
{
	(void)state;
	put_gzip(&file, SPAN(""));
	uint64_t first = file.size;
	gzip_record("metadata", "a:1", NULL, "one");
	uint64_t middle = file.size;
	put_gzip(&file, SPAN(""));
	put_gzip(&file, SPAN(""));
	uint64_t second = file.size;
	gzip_record("metadata", "a:2", NULL, "two");
	struct events events = read_file();
	assert_int_equal(events.count, 5);
	expect_damage(&events.list[0], 0, first, true);
	expect_damage(&events.list[2], middle, (second - middle) / 2, true);
	expect_damage(&events.list[3], (second + middle) / 2, (second - middle) / 2, true);
	expect_record(&events, 1, "a:2", "two", 0);
	events_free(&events);
}

static void whole_file_gzip(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		put_record(&part, "metadata", "a:x", NULL, SPAN("block"));
	put_gzip(&file, buffer_span(&part));
	struct events events = read_file();
	assert_int_equal(events.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(events.list[i].offset, 0);
		assert_int_equal(events.list[i].length, i == 2 ? file.size : 0);
		assert_int_equal(events.list[i].flags, i ? WARC_RECORD_NOT_SEEKABLE : 0);
		assert_int_equal(events.list[i].inner != 0, i != 0);
	}
	char address[WARC_ADDRESS_MAX];
	uint64_t offset, inner;
	warc_address_format(0, events.list[1].inner, address);
	assert_true(warc_address_parse(span_of(address), &offset, &inner));
	assert_int_equal(inner, events.list[1].inner);
	assert_true(warc_address_parse(SPAN("17"), &offset, &inner));
	assert_int_equal(offset, 17);
	assert_false(warc_address_parse(SPAN("1x"), &offset, &inner));
	events_free(&events);
}

static void gzip_extra_field(void **state)
{
	(void)state;
	struct buffer plain;
	buffer_init(&plain, GENEROUS);
	put_record(&part, "metadata", "a:1", NULL, SPAN("one"));
	for (int i = 0; i < 2; i++) {
		buffer_clear(&plain);
		put_gzip(&plain, buffer_span(&part));
		plain.data[3] |= 4 | 8;
		buffer_append(&file, plain.data, 10);
		buffer_append(&file,
			      "\x0c\0sl\x08\0\1\2\3\4\5\6\7\x08"
			      "a.warc",
			      14 + 7);
		buffer_append(&file, plain.data + 10, plain.size - 10);
	}
	struct events events = read_file();
	assert_int_equal(events.count, 2);
	expect_record(&events, 1, "a:1", "one", 0);
	buffer_free(&plain);
	events_free(&events);
}

/* One record in two members, two records in one. */
static void members_do_not_match(void **state)
{
	(void)state;
	put_record(&part, "metadata", "a:1", NULL, SPAN("a block that is cut in two"));
	put_gzip(&file, span_slice(buffer_span(&part), 0, part.size - 12));
	put_gzip(&file, span_slice(buffer_span(&part), part.size - 12, 12));
	uint64_t second = file.size;
	buffer_clear(&part);
	put_record(&part, "metadata", "a:2", NULL, SPAN("two"));
	put_record(&part, "metadata", "a:3", NULL, SPAN("three"));
	put_gzip(&file, buffer_span(&part));
	struct events events = read_file();
	assert_int_equal(events.count, 3);
	expect_record(&events, 0, "a:1", "a block that is cut in two", 0);
	assert_int_equal(events.list[0].length, second);
	expect_record(&events, 2, "a:3", "three", WARC_RECORD_NOT_SEEKABLE);
	events_free(&events);
}

static void zero_padding(void **state)
{
	(void)state;
	gzip_record("metadata", "a:1", NULL, "one");
	uint64_t end = file.size;
	for (int i = 0; i < 1000; i++)
		buffer_append_byte(&file, 0);
	struct events events = read_file();
	assert_int_equal(events.count, 2);
	expect_damage(&events.list[1], end, 1000, true);
	events_free(&events);
}

/* ---- Lengths and boundaries ----------------------------------------------------------------------------------------
 */

/* A plain record with a Content-Length of its own choice and any bytes after its block. */
static void put_claimed(const char *uri, const char *block, long claimed, const char *after)
{
	put(&file, "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: %s\r\nContent-Length: %ld\r\n\r\n%s%s", uri,
	    claimed, block, after);
}

static void length_off(void **state)
{
	(void)state;
	put_claimed("a:long", "0123456789", 11, "\r\n\r\n"); /* one too long: takes a CR along */
	put_claimed("a:short", "0123456789", 9, "\r\n\r\n"); /* one too short */
	put_claimed("a:lf", "0123456789", 10, "\n");
	put_claimed("a:none", "0123456789", 10, "");
	put_claimed("a:many", "0123456789", 10, "\r\n\r\n\r\n\r\n");
	put_claimed("a:last", "0123456789", 10, "\r\n\r\n");
	struct events events = read_file();
	assert_int_equal(events_records(&events), 6);
	expect_record(&events, 0, "a:long", NULL, 0);
	expect_record(&events, 1, "a:short", "012345678", 0);
	expect_record(&events, 3, "a:none", "0123456789", 0);
	expect_record(&events, 5, "a:last", "0123456789", 0);
	events_free(&events);
}

/* Archives whose CRs were lost: every length is too long. */
static void length_too_long(void **state)
{
	(void)state;
	put_claimed("a:1", "first line\nsecond line\n", 40, "\n\n");
	put_claimed("a:2", "0123456789", 500, "\n\n");
	put_claimed("a:3", "0123456789", 14, "\n\n");
	struct events events = read_file();
	assert_int_equal(events.count, 3);
	expect_record(&events, 0, "a:1", "first line\nsecond line", WARC_RECORD_LENGTH);
	expect_record(&events, 1, "a:2", "0123456789", WARC_RECORD_LENGTH);
	expect_record(&events, 2, "a:3", NULL, WARC_RECORD_CUT);
	events_free(&events);
}

static void length_too_short(void **state)
{
	(void)state;
	put_claimed("a:1", "0123456789 and much more", 10, "\r\n\r\n");
	put_claimed("a:2", "0123456789", 10, "\r\n\r\n");
	struct events events = read_file();
	assert_int_equal(events.count, 3);
	expect_record(&events, 0, "a:1", "0123456789", 0);
	assert_true(events.list[1].damage && !events.list[1].padding);
	assert_int_equal(events.list[1].length, strlen(" and much more\r\n\r\n"));
	expect_record(&events, 1, "a:2", "0123456789", 0);
	events_free(&events);
}

/* The same in a member: the member's end is where the record ends. */
static void length_wrong_in_member(void **state)
{
	(void)state;
	static const long claims[] = {5, 10, 11, 12, 13, 500, 70000};
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
		struct buffer keep = file;
		buffer_init(&file, GENEROUS);
		put_claimed("a:1", "0123456789", claims[i], "\r\n\r\n");
		put_gzip(&keep, buffer_span(&file));
		buffer_free(&file);
		file = keep;
	}
	struct events events = read_file();
	assert_int_equal(events.count, sizeof claims / sizeof *claims);
	expect_record(&events, 0, "a:1", "01234", WARC_RECORD_LENGTH);
	expect_record(&events, 1, "a:1", "0123456789", 0);
	expect_record(&events, 4, "a:1", NULL, 0);
	expect_record(&events, 5, "a:1", NULL, WARC_RECORD_LENGTH);
	events_free(&events);
}

static void length_overflow(void **state)
{
	(void)state;
	static const char *const claims[] = {"18446744073709551615", "99999999999999999999999", "-5",
					     "9223372036854775807", "none"};
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
		put(&file,
		    "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: a:1\r\nContent-Length: "
		    "%s\r\n\r\n0123456789\r\n\r\n",
		    claims[i]);
	put(&file, "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: a:1\r\n\r\n0123456789\r\n\r\n");
	struct events events = read_file();
	assert_int_equal(events.count, 6);
	for (size_t i = 0; i < 6; i++)
		expect_record(&events, i, "a:1", "0123456789", WARC_RECORD_LENGTH);
	events_free(&events);
}

/* A crawl of 2018: a line end more before the body, lengths off by two. */
static void extra_line_end(void **state)
{
	(void)state;
	put_claimed("http://a.example/", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n\r\n<p>body", 52,
		    "\r\n\r\n");
	put_claimed("a:2", "0123456789", 10, "\r\n\r\n");
	struct events events = read_file();
	assert_int_equal(events_records(&events), 2);
	expect_record(&events, 1, "a:2", "0123456789", 0);
	events_free(&events);
}

static void warc_in_payload(void **state)
{
	(void)state;
	struct buffer inner;
	buffer_init(&inner, GENEROUS);
	put(&inner, "text before\r\n\r\n");
	put_record(&inner, "metadata", "a:inner", NULL, SPAN("inner"));
	put_record(&file, "resource", "a:outer", NULL, buffer_span(&inner));
	put_record(&file, "resource", "a:next", NULL, SPAN("next"));
	struct events events = read_file();
	assert_int_equal(events.count, 2);
	assert_string_equal(events.list[0].uri, "a:outer");
	assert_int_equal(events.list[0].block_size, inner.size);
	assert_string_equal(events.list[1].uri, "a:next");
	events_free(&events);
	buffer_free(&inner);
}

static void garbage_around(void **state)
{
	(void)state;
	put(&file, "WARC/ no record\nWARC/1.0 neither\n\n");
	uint64_t first = file.size;
	put_record(&file, "resource", "a:1", NULL, SPAN("one"));
	uint64_t junk = file.size;
	put(&file, "The junk is here. WARC/1.0\r\nnot: a whole header");
	struct events events = read_file();
	assert_int_equal(events.count, 3);
	expect_damage(&events.list[0], 0, first, false);
	expect_record(&events, 0, "a:1", "one", 0);
	expect_damage(&events.list[2], junk, file.size - junk, false);
	events_free(&events);
}

/* The last record is bad: no loop, an end. */
static void last_record_bad(void **state)
{
	(void)state;
	put_record(&file, "resource", "a:1", NULL, SPAN("one"));
	uint64_t bad = file.size;
	put(&file, "WARC/1.0\r\nWARC-Type: response\r\nContent-Le");
	struct events events = read_file();
	assert_int_equal(events.count, 2);
	expect_damage(&events.list[1], bad, file.size - bad, false);
	events_free(&events);
}

/* ---- Headers -------------------------------------------------------------------------------------------------------
 */

static struct warc_record headers_record;
static struct warc_reader *headers_reader;
static struct warc_inputs *headers_inputs;

static void open_first(void)
{
	const char *path = temp_file("bytes", buffer_span(&file));
	assert_false(warc_inputs_new(&path, 1, NULL, &headers_inputs, NULL));
	headers_reader = warc_reader_new(NULL);
	assert_false(warc_reader_open(headers_reader, warc_inputs_at(headers_inputs, 0), 0, UINT64_MAX, true, NULL));
	assert_int_equal(warc_next(headers_reader, &headers_record, NULL, NULL), STATUS_OK);
}

static void close_first(void)
{
	warc_reader_free(headers_reader);
	warc_inputs_free(headers_inputs);
}

static void expect_span(struct span span, const char *text)
{
	assert_int_equal(span.size, strlen(text));
	assert_memory_equal(span.data, text, span.size);
}

static struct span get(const char *name)
{
	return warc_field_get(headers_record.fields, headers_record.field_count, name);
}

static void odd_headers(void **state)
{
	(void)state;
	put(&file,
	    "WARC/0.18\nwarc-type : RESPONSE\nWARC-TARGET-URI: <http://a.example/\xe4>\nWARC-Record-ID:<urn:x:1>\n"
	    "X-Fold: one\n two\n\tthree\nX-Control: a\001b\nno colon here\nX-Umlaut: \xc3\xa4\nX-Twice: 1\nX-Twice: 2\n"
	    "WARC-Date: 2016-01-11T23:24:25.412030Z\nWARC-Truncated: length\ncontent-length: 3 \n\nabc\n\n");
	open_first();
	expect_span(headers_record.version, "WARC/0.18");
	assert_int_equal(headers_record.type, WARC_TYPE_RESPONSE);
	expect_span(headers_record.uri, "http://a.example/\xc3\xa4");
	expect_span(headers_record.id, "urn:x:1");
	expect_span(get("x-fold"), "one two three");
	expect_span(get("X-Control"), "a\001b");
	expect_span(get("X-Umlaut"), "\xc3\xa4");
	expect_span(get("X-Twice"), "1");
	expect_span(headers_record.block, "abc");
	expect_span(headers_record.truncated, "length");
	assert_int_equal(headers_record.flags, WARC_RECORD_TRUNCATED);
	assert_int_equal(headers_record.date, date_from_civil(2016, 1, 11, 23, 24, 25));
	close_first();
}

static void versions(void **state)
{
	(void)state;
	static const char *const names[] = {"WARC/0.17", "WARC/0.18", "WARC/1.0", "WARC/1.1",
					    "WARC/1.1 ", "warc/1.0",  "WARC/2.0"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		put(&file, "%s\r\nWARC-Type: resource\r\nContent-Length: 1\r\n\r\nx\r\n\r\n", names[i]);
	put(&file, "WARC/1.0\r\r\nWARC-Type: resource\r\r\nContent-Length: 1\r\r\n\r\r\nx\r\n\r\n"); /* doubled */
	struct events events = read_file();
	assert_int_equal(events.count, 8);
	assert_int_equal(events_records(&events), 8);
	events_free(&events);
}

static void header_too_long(void **state)
{
	(void)state;
	put_record(&file, "resource", "a:1", NULL, SPAN("one"));
	uint64_t from = file.size;
	put(&file, "WARC/1.0\r\nWARC-Type: resource\r\n");
	for (int i = 0; i < 300000; i++)
		put(&file, "X: y\r\n");
	put(&file, "Content-Length: 1\r\n\r\nx\r\n\r\n");
	uint64_t to = file.size;
	put_record(&file, "resource", "a:2", NULL, SPAN("two"));
	struct events events = read_file();
	assert_int_equal(events.count, 3);
	expect_damage(&events.list[1], from, to - from, false);
	expect_record(&events, 1, "a:2", "two", 0);
	events_free(&events);
}

/* ---- Ceilings ------------------------------------------------------------------------------------------------------
 */

static void record_too_large(void **state)
{
	(void)state;
	uint64_t random = 4;
	struct buffer text;
	buffer_init(&text, GENEROUS);
	put_text(&text, 300000, &random);
	static void (*const packers[])(struct buffer *, struct span) = {NULL, put_gzip, put_zstd};
	for (size_t p = 0; p < 3; p++) {
		buffer_clear(&file);
		for (int i = 0; i < 2; i++) {
			buffer_clear(&part);
			put_response(&part, i ? "http://a.example/small" : "http://a.example/large", NULL,
				     i ? SPAN("small") : buffer_span(&text));
			if (packers[p])
				packers[p](&file, buffer_span(&part));
			else
				buffer_append_span(&file, buffer_span(&part));
		}
		const struct warc_options options = {.block_max = 5000};
		struct events events = read_whole(temp_file("bytes", buffer_span(&file)), &options);
		assert_int_equal(events_sum(&events), file.size);
		assert_int_equal(events.count, 2);
		assert_int_equal(events.list[0].flags, WARC_RECORD_TOO_LARGE);
		assert_int_equal(events.list[0].block_size, 5000);
		assert_true(events.list[0].truncated);
		assert_int_equal(events.list[1].flags, 0);
		events_free(&events);
	}
	buffer_free(&text);
}

/* A gibibyte of nothing in a megabyte is left after the limit; the record behind it is found. */
static void bomb(void **state)
{
	(void)state;
	struct buffer zeros;
	buffer_init(&zeros, GENEROUS);
	buffer_reserve(&zeros, 64 << 20);
	memset(zeros.data, 0, 64 << 20);
	put(&part, "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: a:bomb\r\nContent-Length: %d\r\n\r\n",
	    64 << 20);
	buffer_append(&part, zeros.data, 64 << 20);
	put_gzip(&file, buffer_span(&part));
	uint64_t second = file.size;
	gzip_record("metadata", "a:1", NULL, "one");
	const struct warc_options options = {.member_max = 8 << 20, .block_max = 1 << 20};
	struct events events = read_whole(temp_file("bytes", buffer_span(&file)), &options);
	assert_int_equal(events_sum(&events), file.size);
	assert_int_equal(events.count, 2);
	expect_damage(&events.list[0], 0, second, false);
	expect_record(&events, 0, "a:1", "one", 0);
	events_free(&events);
	buffer_free(&zeros);
}

/* Records larger than the text buffer, whole and cut, with right and wrong lengths. */
static void large_records(void **state)
{
	(void)state;
	uint64_t random = 9;
	struct buffer text;
	buffer_init(&text, GENEROUS);
	put_text(&text, 12 << 20, &random);
	put(&file, "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: a:1\r\nContent-Length: %zu\r\n\r\n", text.size);
	buffer_append_span(&file, buffer_span(&text));
	put(&file, "\r\n\r\n");
	put_claimed("a:wrong", "0123456789", 9 << 20, "\r\n\r\n");
	put_claimed("a:2", "0123456789", 10, "\r\n\r\n");
	put(&file, "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: a:3\r\nContent-Length: %zu\r\n\r\n", text.size);
	buffer_append(&file, text.data, 10 << 20);
	struct events events = read_file();
	assert_int_equal(events.count, 4);
	assert_int_equal(events.list[0].block, hash64(text.data, text.size, 0));
	assert_int_equal(events.list[0].flags, 0);
	expect_record(&events, 1, "a:wrong", "0123456789", WARC_RECORD_LENGTH);
	expect_record(&events, 2, "a:2", "0123456789", 0);
	assert_int_equal(events.list[3].flags, WARC_RECORD_CUT);
	assert_int_equal(events.list[3].block, hash64(text.data, 10 << 20, 0));
	events_free(&events);
	buffer_clear(&part);
	buffer_append_span(&part, buffer_span(&file));
	buffer_clear(&file);
	put_gzip(&file, buffer_span(&part)); /* whole-file gzip: no second look, but no harm either */
	events = read_file();
	assert_int_equal(events.list[0].block, hash64(text.data, text.size, 0));
	events_free(&events);
	buffer_free(&text);
}

/* ---- ARC ------------------------------------------------------------------------------------------------------------
 */

static void arc_quirks(void **state)
{
	(void)state;
	put(&file, "filedesc://a.arc 0.0.0.0 20050614070144 text/plain 76\n1 1 InternetArchive\n"
		   "URL IP-address Archive-date Content-type Archive-length\n\n");
	put(&file, "http://a.example/with two blanks 1.2.3.4 20050614070151 text/html 34\nHTTP/1.0 200 "
		   "OK\r\n\r\n<p>hello there\n\n");
	put(&file, "http://a.example/type 1.2.3.4 20050614070151 text/html; charset=x 3\nabc\n");
	put(&file, "http://a.example/two 1.2.3.4 20050614070151 text/html 200 - - 0 a.arc 3\nabc\n");
	put(&file, "http://a.example/long 1.2.3.4 20050614070151 text/html 300\nabc\n");
	put(&file, "dns:a.example 1.2.3.4 20050614070151 text/dns 3\nabc\n");
	put(&file, "http://a.example/swapped 20050614070151 1.2.3.4 text/html 3\nabc\n");
	put(&file, "http://a.example/negative 1.2.3.4 20050614070151 text/html -7\n");
	put(&file, "http://a.example/last 1.2.3.4 200506140701511 text/html 3\nabc\n");
	struct events events = read_file();
	static const struct {
		const char *uri, *text;
		unsigned flags;
	} expected[] = {
		{"filedesc://a.arc", NULL, WARC_RECORD_ARC},
		{"http://a.example/with two blanks", NULL, WARC_RECORD_ARC},
		{"http://a.example/type", "abc", WARC_RECORD_ARC},
		{"http://a.example/two", "abc", WARC_RECORD_ARC},
		{"http://a.example/long", "abc", WARC_RECORD_ARC | WARC_RECORD_LENGTH},
		{"dns:a.example", "abc", WARC_RECORD_ARC},
		{"http://a.example/swapped", "abc", WARC_RECORD_ARC},
		{"http://a.example/negative", "", WARC_RECORD_ARC | WARC_RECORD_LENGTH},
		{"http://a.example/last", "abc", WARC_RECORD_ARC},
	};
	assert_int_equal(events.count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < events.count; i++)
		expect_record(&events, i, expected[i].uri, expected[i].text, expected[i].flags);
	assert_int_equal(events.list[1].http_status, 200);
	assert_int_equal(events.list[1].body_size, 15);
	assert_int_equal(events.list[5].type, WARC_TYPE_RESOURCE);
	events_free(&events);
}

static void arc_garbage(void **state)
{
	(void)state;
	put(&file, "filedesc://a.arc 0.0.0.0 20050614070144 text/plain 10\n1 0 Author\n\n");
	uint64_t from = file.size;
	put(&file, "here is garbage\nover two lines\n");
	uint64_t to = file.size;
	put(&file, "http://a.example/1 1.2.3.4 20050614070151 text/html 3\nabc\n");
	struct events events = read_file();
	assert_int_equal(events.count, 3);
	expect_damage(&events.list[1], from, to - from, false);
	expect_record(&events, 1, "http://a.example/1", "abc", WARC_RECORD_ARC);
	events_free(&events);
}

static int begin(void **state)
{
	(void)state;
	temp_begin();
	buffer_init(&file, GENEROUS);
	buffer_init(&part, GENEROUS);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buffer_free(&file);
	buffer_free(&part);
	temp_end();
	return 0;
}

/* Text made of nothing but beginnings of records costs its length, not its square: these would take hours. */
static void beginnings_only(void **state)
{
	(void)state;
	static const struct {
		const char *start, *again;
	} rows[] = {
		{"junk\n", "a:WARC/1\n"},
		{"junk\n", "WARC/1:\n"},
		{"WARC/1.0\r\nWARC-Type: x\r\n\r\n", "a:WARC/1\n"},
		{"WARC/1.0\r\nWARC-Type: x\r\nContent-Length: 9000000\r\n\r\n", "Content-Length:WARC/1\n"},
		{"filedesc://a.arc 0.0.0.0 20200101000000 text/plain 9\n1 0 Tivo\n\n", "\n x"},
		{"filedesc://a.arc 0.0.0.0 20200101000000 text/plain -1\n1 0 Tivo\n\n", "x\n"},
	};
	struct buffer packed;
	buffer_init(&packed, GENEROUS);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buffer_clear(&file);
		put(&file, "%s", rows[i].start);
		while (file.size < 3 << 20)
			put(&file, "%s", rows[i].again);
		buffer_clear(&packed);
		put_gzip(&packed, buffer_span(&file));
		for (int form = 0; form < 2; form++) {
			struct events got = read_bytes(buffer_span(form ? &packed : &file));
			assert_int_equal(got.status, STATUS_END);
			assert_int_equal(events_sum(&got), got.bytes);
			events_free(&got);
		}
	}
	buffer_free(&packed);
}

#define quirk(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		quirk(truncated_gzip),
		quirk(corrupt_in_the_middle),
		quirk(empty_file),
		quirk(empty_members),
		quirk(whole_file_gzip),
		quirk(gzip_extra_field),
		quirk(members_do_not_match),
		quirk(zero_padding),
		quirk(length_off),
		quirk(length_too_long),
		quirk(length_too_short),
		quirk(length_wrong_in_member),
		quirk(length_overflow),
		quirk(extra_line_end),
		quirk(warc_in_payload),
		quirk(garbage_around),
		quirk(last_record_bad),
		quirk(odd_headers),
		quirk(versions),
		quirk(header_too_long),
		quirk(record_too_large),
		quirk(bomb),
		quirk(large_records),
		quirk(arc_quirks),
		quirk(arc_garbage),
		quirk(beginnings_only),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
