/* test_http: HTTP messages as servers and crawlers wrote them; encodings, digests, revisits, segmented records,
 * dictionaries. */
#include "tests/warc/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <zdict.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

static struct buffer file;

/* ---- One message ----------------------------------------------------------------------------------------------------
 */

static struct warc_inputs *inputs;
static struct warc_reader *reader;
static struct warc_record record;
static struct warc_http http;

static void close_message(void)
{
	warc_reader_free(reader);
	warc_inputs_free(inputs);
	reader = NULL;
	inputs = NULL;
}

/* The first record of FILE, and its HTTP message. */
static void open_message(const struct warc_options *options)
{
	if (reader)
		close_message();
	const char *path = temp_file("bytes", buffer_span(&file));
	assert_false(warc_inputs_new(&path, 1, options, &inputs, NULL));
	reader = warc_reader_new(options);
	assert_false(warc_reader_open(reader, warc_inputs_at(inputs, 0), 0, UINT64_MAX, true, NULL));
	assert_int_equal(warc_next(reader, &record, NULL, NULL), STATUS_OK);
	assert_int_equal(warc_http_read(reader, &record, &http), STATUS_OK);
}

static void message(struct span block)
{
	buffer_clear(&file);
	put_record(&file, "response", "http://a.example/", NULL, block);
	open_message(NULL);
}

static void headed(const char *head, struct span body)
{
	struct buffer block;
	buffer_init(&block, GENEROUS);
	put(&block, "%s", head);
	buffer_append_span(&block, body);
	message(buffer_span(&block));
	buffer_free(&block);
}

static void expect_body(const char *text)
{
	assert_int_equal(http.body.size, strlen(text));
	assert_memory_equal(http.body.data, text, http.body.size);
}

/* ---- Status lines and headers
 * ------------------------------------------------------------------------------------------ */

static void test_status_lines(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int status;
	} lines[] = {
		{"HTTP/1.1 200 OK", 200},  {"HTTP/2 404", 404},        {"http/1.0 301 Moved", 301},
		{"HTTP/1.1 200", 200},     {"HTTP/1.1  204 ", 204},    {"HTTP 500 oops", 500},
		{"HTTPX/1.1 200 OK", 200}, {"HTTP/3.0 200 \xff", 200}, {"HTTP/1.1 OK", 0},
		{"HTTP/1.1 20 OK", 0},
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		for (int lf = 0; lf < 2; lf++) {
			char head[128];
			snprintf(head, sizeof head, lf ? "%s\nX: y\n\n" : "%s\r\nX: y\r\n\r\n", lines[i].line);
			headed(head, SPAN("<p>x"));
			assert_true(http.present);
			assert_int_equal(http.status, lines[i].status);
			expect_body("<p>x");
		}
}

static void test_no_http(void **state)
{
	(void)state;
	message(SPAN("<html>no HTTP here\r\n\r\nat all"));
	assert_false(http.present);
	expect_body("<html>no HTTP here\r\n\r\nat all");
	message(SPAN(""));
	assert_false(http.present);
	message(SPAN("HTTP/1.1 200 OK\r\nX: y")); /* no blank line */
	assert_true(http.present);
	expect_body("");
	message(SPAN("HTTP/1.1 200 OK\r\n\r\nbody")); /* no header */
	assert_int_equal(http.status, 200);
	expect_body("body");
}

static void test_header_fields(void **state)
{
	(void)state;
	headed("HTTP/1.1 200 OK\r\nCONTENT-type : text/html;\r\n charset=x\r\nX-\xc3\xa4: \xe4\r\nbroken line\r\n\r\n",
	       SPAN("x"));
	assert_int_equal(http.content_type.size, strlen("text/html; charset=x"));
	assert_int_equal(http.field_count, 2);
	expect_body("x");
}

/* ---- Transfer coding
 * ------------------------------------------------------------------------------------------------- */

#define CHUNKED "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"

static void test_chunks(void **state)
{
	(void)state;
	static const struct {
		const char *body, *decoded;
		bool truncated, undecoded;
	} rows[] = {
		{"5\r\nhello\r\n6\r\n there\r\n0\r\n\r\n", "hello there", false, false},
		{"b\r\nhello there\r\n0\r\n\r\n", "hello there", false, false},
		{"5\r\nhello\r\n00000000\r\n\r\n", "hello", false, false},
		{"5   \r\nhello\r\n6 ;x=\"y\"\r\n there\r\n0\r\n\r\n", "hello there", false, false},
		{"0005\r\nhello\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n", "hello", false, false},
		{"5\nhello\n6\n there\n0\n\n", "hello there", false, false},
		{"5\r\nhello\r\n6\r\n there\r\n", "hello there", true, false}, /* no last chunk */
		{"5\r\nhello\r\n60\r\n the", "hello the", true, false},
		{"5\r\nhello\r\nzz\r\n there", "hello", true, false},
		{"0\r\n\r\n", "", false, false},
		{"<p>not chunked at all", "<p>not chunked at all", false, true},
		{"5\r\nhello there, no chunk", "5\r\nhello there, no chunk", false, true},
		{"fffffffffffffffff\r\nx", "fffffffffffffffff\r\nx", false, true},
		{"ffffffffffffffff\r\nx", "x", true, false},
		{"", "", false, true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		headed(CHUNKED, span_of(rows[i].body));
		expect_body(rows[i].decoded);
		assert_int_equal(http.truncated, rows[i].truncated);
		assert_int_equal(http.undecoded, rows[i].undecoded);
	}
}

/* ---- Content coding
 * -------------------------------------------------------------------------------------------------- */

static struct buffer packed, again, page;

static void deflate_to(struct buffer *out, struct span in, int bits)
{
	z_stream stream = {0};
	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	buffer_clear(out);
	assert_false(buffer_reserve(out, deflateBound(&stream, in.size) + 64));
	stream.next_in = (Bytef *)(uintptr_t)in.data;
	stream.avail_in = (uInt)in.size;
	stream.next_out = (Bytef *)out->data;
	stream.avail_out = (uInt)(out->capacity);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	out->size = stream.total_out;
	deflateEnd(&stream);
}

static void coded(const char *coding, struct span body)
{
	char head[200];
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: %s\r\n\r\n",
		 coding);
	headed(head, body);
}

static void expect_page(void)
{
	assert_int_equal(http.body.size, page.size);
	assert_memory_equal(http.body.data, page.data, page.size);
	assert_false(http.undecoded || http.too_large || http.truncated);
}

static void make_page(void)
{
	uint64_t random = 12;
	buffer_clear(&page);
	put(&page, "<!doctype html><p>");
	put_text(&page, 30000, &random);
}

static void test_content_codings(void **state)
{
	(void)state;
	make_page();
	deflate_to(&packed, buffer_span(&page), 31);
	coded("gzip", buffer_span(&packed));
	expect_page();
	coded("x-gzip", buffer_span(&packed));
	expect_page();
	coded("deflate", buffer_span(&packed)); /* the wrong name */
	expect_page();
	coded(" , GZIP , identity", buffer_span(&packed));
	expect_page();
	deflate_to(&packed, buffer_span(&page), 15);
	coded("deflate", buffer_span(&packed));
	expect_page();
	coded("gzip", buffer_span(&packed));
	expect_page();
	deflate_to(&packed, buffer_span(&page), -15);
	coded("deflate", buffer_span(&packed));
	expect_page();
	buffer_clear(&packed);
	put_zstd(&packed, buffer_span(&page));
	coded("zstd", buffer_span(&packed));
	expect_page();
#ifdef WARCMILL_HAVE_BROTLI
	coded("br", SPAN("\x0b\x02\x80hello\x03"));
	expect_body("hello");
#endif
}

static void test_codings_nested(void **state)
{
	(void)state;
	make_page();
	deflate_to(&packed, buffer_span(&page), 31);
	buffer_clear(&again);
	deflate_to(&again, buffer_span(&packed), 31);
	coded("gzip, gzip", buffer_span(&again));
	expect_page();
	coded("gzip", buffer_span(&again)); /* once more than it says */
	expect_page();
	coded("identity", buffer_span(&packed)); /* not at all what it says */
	expect_page();
	deflate_to(&again, buffer_span(&packed), 15);
	coded("gzip, deflate", buffer_span(&again));
	expect_page();
	buffer_clear(&again); /* two members */
	buffer_append_span(&again, buffer_span(&packed));
	buffer_append_span(&again, buffer_span(&packed));
	coded("gzip", buffer_span(&again));
	assert_int_equal(http.body.size, 2 * page.size);
}

static void test_codings_claimed_in_vain(void **state)
{
	(void)state;
	static const char *const names[] = {"gzip", "deflate", "br", "zstd", "gzip, br", "compress", "utf-8"};
	make_page();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		coded(names[i], buffer_span(&page));
		assert_int_equal(http.body.size, page.size);
		assert_memory_equal(http.body.data, page.data, page.size);
		assert_true(http.undecoded);
	}
	struct buffer chunked;
	buffer_init(&chunked, GENEROUS);
	put(&chunked, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n");
	buffer_append_span(&chunked, buffer_span(&page));
	message(buffer_span(&chunked));
	assert_int_equal(http.body.size, page.size);
	assert_true(http.undecoded);
	buffer_free(&chunked);
}

static void test_codings_cut(void **state)
{
	(void)state;
	make_page();
	deflate_to(&packed, buffer_span(&page), 31);
	coded("gzip", (struct span){packed.data, packed.size / 2});
	assert_true(http.truncated && http.body.size > 1000 && http.body.size < page.size);
	assert_memory_equal(http.body.data, page.data, http.body.size);
	buffer_clear(&packed);
	put_zstd(&packed, buffer_span(&page));
	coded("zstd", (struct span){packed.data, packed.size - 1});
	assert_true(http.truncated);
}

static void test_chunked_and_packed(void **state)
{
	(void)state;
	make_page();
	deflate_to(&packed, buffer_span(&page), 31);
	struct buffer body;
	buffer_init(&body, GENEROUS);
	put(&body, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n");
	for (size_t at = 0; at < packed.size; at += 1000) {
		struct span piece = span_slice(buffer_span(&packed), at, 1000);
		put(&body, "%zx\r\n", piece.size);
		buffer_append_span(&body, piece);
		put(&body, "\r\n");
	}
	put(&body, "0\r\n\r\n");
	message(buffer_span(&body));
	expect_page();
	assert_int_equal(http.entity.size, packed.size);
	buffer_free(&body);
}

static void test_body_limit(void **state)
{
	(void)state;
	const struct warc_options options = {.body_max = 10000};
	make_page();
	struct span all = buffer_span(&page);
	for (int kind = 0; kind < 3; kind++) {
		static const char *const names[] = {"gzip", "deflate", "zstd"};
		char head[128];
		struct buffer block;
		buffer_init(&block, GENEROUS);
		buffer_clear(&packed);
		if (kind == 2)
			put_zstd(&packed, all);
		else
			deflate_to(&packed, all, kind ? -15 : 31);
		snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\n\r\n", names[kind]);
		put(&block, "%s", head);
		buffer_append_span(&block, buffer_span(&packed));
		buffer_clear(&file);
		put_record(&file, "response", "http://a.example/", NULL, buffer_span(&block));
		open_message(&options);
		assert_true(http.too_large);
		assert_int_equal(http.body.size, 10000);
		assert_memory_equal(http.body.data, page.data, 10000);
		buffer_free(&block);
	}
}

static void test_shorter_than_said(void **state)
{
	(void)state;
	headed("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", SPAN("01234"));
	assert_true(http.truncated);
	headed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", SPAN("01234"));
	assert_false(http.truncated);
	headed("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", SPAN(""));
	assert_false(http.truncated);
}

/* ---- Digests, revisits, segments
 * ------------------------------------------------------------------------------------- */

static void digest_name(char *out, size_t room, enum digest_kind kind, struct span bytes, bool hex)
{
	static const char *const names[] = {"md5", "sha1", "sha256"};
	uint8_t value[DIGEST_MAX];
	char text[80];
	size_t size = digest_of(kind, bytes, value);
	if (hex)
		hex_encode(value, size, text);
	else
		base32_encode(value, size, text);
	snprintf(out, room, "%s:%s", names[kind], text);
}

static void test_digests(void **state)
{
	(void)state;
	struct span block = SPAN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
	struct span raw = SPAN("5\r\nhello\r\n0\r\n\r\n");
	const struct span payloads[] = {SPAN("hello"), raw, block, SPAN("other")};
	for (int kind = DIGEST_MD5; kind <= DIGEST_SHA256; kind++)
		for (int hex = 0; hex < 2; hex++)
			for (size_t p = 0; p < 4; p++) {
				char payload[100], whole[100], extra[300];
				digest_name(payload, sizeof payload, (enum digest_kind)kind, payloads[p], hex);
				digest_name(whole, sizeof whole, (enum digest_kind)kind, block, hex);
				snprintf(extra, sizeof extra, "WARC-Payload-Digest: %s\r\nWARC-Block-Digest: %s\r\n",
					 payload, whole);
				buffer_clear(&file);
				put_record(&file, "response", "http://a.example/", extra, block);
				open_message(NULL);
				assert_int_equal(warc_block_digest_check(&record), WARC_DIGEST_MATCH);
				assert_int_equal(warc_payload_digest_check(&record, &http),
						 p == 3 ? WARC_DIGEST_MISMATCH : WARC_DIGEST_MATCH);
			}
	buffer_clear(&file);
	put_record(&file, "response", "http://a.example/", "WARC-Block-Digest: crc32:1234\r\n", block);
	open_message(NULL);
	assert_int_equal(warc_block_digest_check(&record), WARC_DIGEST_UNKNOWN);
	assert_int_equal(warc_payload_digest_check(&record, &http), WARC_DIGEST_ABSENT);
}

static void test_revisits(void **state)
{
	(void)state;
	static const struct {
		const char *profile;
		enum warc_profile expected;
	} rows[] = {
		{"http://netpreserve.org/warc/1.0/revisit/identical-payload-digest", WARC_PROFILE_IDENTICAL},
		{"<http://netpreserve.org/warc/1.1/revisit/identical-payload-digest>", WARC_PROFILE_IDENTICAL},
		{"http://netpreserve.org/warc/1.1/revisit/server-not-modified", WARC_PROFILE_NOT_MODIFIED},
		{"http://netpreserve.org/warc/1.0/revisit/uri-agnostic-identical-payload-digest",
		 WARC_PROFILE_IDENTICAL},
		{"http://a.example/own", WARC_PROFILE_OTHER},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char extra[600];
		snprintf(extra, sizeof extra,
			 "WARC-Profile: %s\r\nWARC-Refers-To: <urn:x:1>\r\nWARC-Refers-To-Target-URI: "
			 "<http://a.example/first>\r\n"
			 "WARC-Refers-To-Date: 2020-01-02T03:04:05Z\r\nWARC-Payload-Digest: sha1:X\r\n",
			 rows[i].profile);
		buffer_clear(&file);
		put_record(&file, "revisit", "http://a.example/", extra, SPAN(""));
		open_message(NULL);
		struct warc_revisit target;
		warc_revisit_target(&record, &target);
		assert_int_equal(target.profile, rows[i].expected);
		assert_true(span_equal(target.id, SPAN("urn:x:1")));
		assert_true(span_equal(target.uri, SPAN("http://a.example/first")));
		assert_true(span_equal(target.digest, SPAN("sha1:X")));
		assert_int_equal(target.date, date_from_civil(2020, 1, 2, 3, 4, 5));
		assert_false(http.present);
	}
}

static void put_segment(unsigned number, const char *id, const char *text, bool last)
{
	char extra[400];
	snprintf(extra, sizeof extra, "WARC-Segment-Number: %u\r\n%s%s%s%s", number,
		 number > 1 ? "WARC-Segment-Origin-ID: <" : "", number > 1 ? id : "", number > 1 ? ">\r\n" : "",
		 last ? "WARC-Segment-Total-Length: 33\r\n" : "");
	put_record(&file, number > 1 ? "continuation" : "response", "http://a.example/", extra, span_of(text));
}

static void test_segments(void **state)
{
	(void)state;
	for (int missing = 0; missing < 2; missing++) {
		buffer_clear(&file);
		put_segment(1, "", "HTTP/1.1 200 OK\r\n\r\none ", false);
		open_message(NULL);
		char id[200];
		snprintf(id, sizeof id, "%.*s", SPAN_ARG(record.id));
		put_record(&file, "metadata", "a:between", NULL, SPAN("x"));
		put_segment(2, id, "two ", false);
		put_segment(2, "urn:other", "not this ", false);
		if (!missing)
			put_segment(3, id, "three", true);
		open_message(NULL);
		assert_int_equal(record.flags, WARC_RECORD_SEGMENT);
		assert_int_equal(warc_record_join(reader, &record, NULL), STATUS_OK);
		assert_int_equal(warc_http_read(reader, &record, &http), STATUS_OK);
		expect_body(missing ? "one two " : "one two three");
		assert_int_equal(record.flags, missing ? WARC_RECORD_SEGMENT | WARC_RECORD_CUT : 0);
		unsigned count = 1; /* the reader's place is kept */
		while (!warc_next(reader, &record, NULL, NULL))
			count++;
		assert_int_equal(count, missing ? 4 : 5);
	}
}

/* ---- Dictionaries
 * ------------------------------------------------------------------------------------------------------ */

static void put_skippable(const void *bytes, size_t size, uint32_t magic)
{
	const uint32_t head[2] = {magic, (uint32_t)size};
	buffer_append(&file, head, 8);
	buffer_append(&file, bytes, size);
}

/* A dictionary frame, raw or packed, then a frame a record that needs it. */
static void test_dictionary(void **state)
{
	(void)state;
	struct buffer samples, record_bytes, dictionary;
	size_t sizes[64];
	uint64_t random = 5;
	buffer_init(&samples, GENEROUS);
	buffer_init(&record_bytes, GENEROUS);
	buffer_init(&dictionary, GENEROUS);
	for (size_t i = 0; i < 64; i++) {
		size_t before = samples.size;
		struct buffer body;
		buffer_init(&body, GENEROUS);
		put_text(&body, 600, &random);
		put_response(&samples, "http://a.example/page", NULL, buffer_span(&body));
		sizes[i] = samples.size - before;
		buffer_free(&body);
	}
	buffer_reserve(&dictionary, 8192);
	size_t size = ZDICT_trainFromBuffer(dictionary.data, 8192, samples.data, sizes, 64);
	assert_false(ZDICT_isError(size));
	ZSTD_CCtx *context = ZSTD_createCCtx();
	for (int way = 0; way < 4; way++) {
		buffer_clear(&file);
		uint64_t padding = 0;
		if (way == 0 || way == 3)
			put_skippable(dictionary.data, size, 0x184D2A5D);
		if (way == 1 || way == 2) {
			struct buffer small;
			buffer_init(&small, GENEROUS);
			put_zstd(&small, (struct span){dictionary.data, size});
			put_skippable(small.data, small.size, 0x184D2A5D);
			buffer_free(&small);
		}
		padding = file.size;
		if (way == 3)
			put_skippable("other", 5, 0x184D2A50);
		for (size_t i = 0, at = 0; i < 20; at += sizes[i++]) {
			size_t room = ZSTD_compressBound(sizes[i]);
			assert_false(buffer_reserve(&file, room));
			if (way == 2) /* no size in the frame: streams */
				ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
			ZSTD_CCtx_loadDictionary(context, dictionary.data, size);
			size_t made = ZSTD_compress2(context, file.data + file.size, room, samples.data + at, sizes[i]);
			assert_false(ZSTD_isError(made));
			file.size += made;
		}
		unsigned again_count = 0;
		const char *path = temp_file("bytes", buffer_span(&file));
		struct events whole = read_whole(path, NULL), split = read_split(path, 3000, &again_count);
		assert_int_equal(events_records(&whole), 20);
		assert_int_equal(events_sum(&whole), file.size);
		assert_true(whole.list[0].damage && whole.list[0].padding && whole.list[0].length >= padding);
		assert_int_equal(whole.count, split.count);
		for (size_t i = 0; i < whole.count; i++)
			assert_true(event_same(&whole.list[i], &split.list[i]));
		events_free(&whole);
		events_free(&split);
	}
	ZSTD_freeCCtx(context);
	buffer_free(&samples);
	buffer_free(&record_bytes);
	buffer_free(&dictionary);
}

static int begin(void **state)
{
	(void)state;
	temp_begin();
	struct buffer *const all[] = {&file, &packed, &again, &page};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buffer_init(all[i], GENEROUS);
	return 0;
}

static int end(void **state)
{
	(void)state;
	struct buffer *const all[] = {&file, &packed, &again, &page};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buffer_free(all[i]);
	if (reader)
		close_message();
	temp_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_lines),
		cmocka_unit_test(test_no_http),
		cmocka_unit_test(test_header_fields),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_content_codings),
		cmocka_unit_test(test_codings_nested),
		cmocka_unit_test(test_codings_claimed_in_vain),
		cmocka_unit_test(test_codings_cut),
		cmocka_unit_test(test_chunked_and_packed),
		cmocka_unit_test(test_body_limit),
		cmocka_unit_test(test_shorter_than_said),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_revisits),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_dictionary),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
