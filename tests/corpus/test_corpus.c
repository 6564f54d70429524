/* test_corpus: the parts of corpus/ that can be told apart from the whole: options, tallies, rows, masks, types,
 * differences, lines of compressed files. What the whole does is asked in tests/cli. */
#include "tests/corpus/test_corpus.h"

#include "corpus/emit_internal.h"
#include "corpus/reading.h"
#include "corpus/worddiff.h"

#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

char *test_folder(void)
{
	char *path = strdup("/tmp/warcmill-corpus-XXXXXX");
	assert_non_null(path);
	assert_non_null(mkdtemp(path));
	return path;
}

void test_folder_remove(char *folder)
{
	char *work = path_join(folder, ".work");
	assert_int_equal(folder_remove(work, NULL), STATUS_OK);
	assert_int_equal(folder_remove(folder, NULL), STATUS_OK);
	free(work);
	free(folder);
}

struct plan *test_plan(const char *folder, const char *segment_bytes, struct build_options **options)
{
	const char *const inputs[] = {TEST_SOURCE_DIR "/../data/example-1.warc.gz",
				      TEST_SOURCE_DIR "/../data/example-2.warc.gz"};
	struct plan *plan;
	struct fault fault = {0};
	*options = build_options_new();
	assert_int_equal(build_options_set(*options, "segment-bytes", segment_bytes, &fault), STATUS_OK);
	assert_int_equal(build_options_set(*options, "shards", "2", &fault), STATUS_OK);
	if (plan_new(inputs, 2, *options, folder, &plan, &fault) != STATUS_OK)
		fail_msg("%s", fault.text);
	assert_int_equal(folder_make(plan->work, &fault), STATUS_OK);
	return plan;
}

/* ---- Options --------------------------------------------------------------------------------------------------- */

static void options_kinds(void **state)
{
	static const struct {
		const char *name, *value;
		enum status status;
	} cases[] = {
		{"text", "markdown", STATUS_OK},
		{"text", "html", STATUS_USAGE},
		{"min-words", "12", STATUS_OK},
		{"min-words", "-1", STATUS_USAGE},
		{"max-part-bytes", "64M", STATUS_OK},
		{"max-part-bytes", "64MiB", STATUS_OK},
		{"max-part-bytes", "0", STATUS_USAGE},
		{"max-part-bytes", "99999999999T", STATUS_USAGE},
		{"since", "2024-05", STATUS_OK},
		{"since", "20240501", STATUS_OK},
		{"since", "soon", STATUS_USAGE},
		{"keep-all", NULL, STATUS_OK},
		{"host", "", STATUS_USAGE},
		{"nothing", "1", STATUS_USAGE},
		{"source", "\xFF", STATUS_USAGE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct build_options *options = build_options_new();
		struct fault fault = {0};
		if (build_options_set(options, cases[i].name, cases[i].value, &fault) != cases[i].status)
			fail_msg("--%s %s: %s", cases[i].name, cases[i].value ? cases[i].value : "", fault.text);
		if (cases[i].status != STATUS_OK)
			assert_true(strlen(fault.text) > 10);
		build_options_free(options);
	}
}

static void options_json(void **state)
{
	struct buffer text;
	struct json_writer writer;
	const struct json *object;
	struct build_options *options = build_options_new(), *again = build_options_new();
	struct arena *arena = arena_new(1 << 20);
	(void)state;
	buffer_init(&text, 1 << 20);
	build_options_set(options, "host", "a.example", NULL);
	build_options_set(options, "host", "b.example", NULL);
	build_options_set(options, "text", "plain", NULL); /* what holds anyway is not written */
	build_options_set(options, "memory", "1G", NULL);
	json_start(&writer, &text);
	build_options_json(options, true, &writer);
	assert_string_equal((buffer_append_byte(&text, '\0'), text.data), "{\"host\":\"a.example,b.example\"}");
	text.size--;
	assert_int_equal(json_parse(arena, buffer_span(&text), 0, &object, NULL), STATUS_OK);
	assert_int_equal(build_options_from_json(again, object, NULL), STATUS_OK);
	assert_string_equal(build_options_get(again, "host"), "a.example,b.example");
	assert_string_equal(build_options_get(again, "format"), "jsonl");
	assert_null(build_options_get(again, "sample"));
	build_options_free(options);
	build_options_free(again);
	buffer_free(&text);
	arena_free(arena);
}

static void options_splits(void **state)
{
	static const struct {
		const char *text;
		enum status status;
		size_t count;
	} cases[] = {
		{"train=0.98,valid=0.01,test=0.01", STATUS_OK, 3},
		{"a=1", STATUS_OK, 1},
		{"a=0.333333,b=0.333333,c=0.333334", STATUS_OK, 3},
		{"a=0.5,b=0.6", STATUS_USAGE, 0},
		{"a=0.5", STATUS_USAGE, 0},
		{"a=x", STATUS_USAGE, 0},
		{"../a=1", STATUS_USAGE, 0},
		{"=1", STATUS_USAGE, 0},
		{"a=2", STATUS_USAGE, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct build_options *options = build_options_new();
		struct settings settings;
		struct fault fault = {0};
		build_options_set(options, "split", cases[i].text, NULL);
		if (settings_read(options, &settings, &fault) != cases[i].status)
			fail_msg("%s: %s", cases[i].text, fault.text);
		if (cases[i].status == STATUS_OK) {
			assert_int_equal(settings.split_count, cases[i].count);
			assert_true(settings.splits[cases[i].count - 1].below == (uint64_t)1 << 32);
		}
		settings_free(&settings);
		build_options_free(options);
	}
}

/* ---- Tallies and rows ---------------------------------------------------------------------------------------------
 */

static void tally_round_trip(void **state)
{
	struct tally *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
	struct buffer bytes;
	(void)state;
	buffer_init(&bytes, 1 << 20);
	a->records = 10, a->damaged = 1, a->record_bytes = UINT64_MAX / 3;
	tally_reason(a, "skipped", SPAN("status"), 2);
	tally_reason(a, "rejected", SPAN("empty"), 3);
	tally_reason(a, "skipped", SPAN("status"), 4);
	tally_pack(a, &bytes);
	struct span rest = buffer_span(&bytes);
	assert_true(tally_unpack(&rest, b));
	assert_int_equal(rest.size, 0);
	assert_memory_equal(a, b, sizeof *a);
	assert_int_equal(tally_kind(b, "skipped"), 6);
	tally_add(b, a);
	assert_int_equal(b->records, 20);
	assert_int_equal(tally_kind(b, "skipped"), 12);
	for (size_t cut = 0; cut < bytes.size; cut++) {
		rest = span_slice(buffer_span(&bytes), 0, cut);
		assert_false(tally_unpack(&rest, b));
	}
	free(a);
	free(b);
	buffer_free(&bytes);
}

static void row_round_trip(void **state)
{
	char *folder = test_folder();
	struct build_options *options;
	struct plan *plan = test_plan(folder, "32M", &options);
	struct arena *arena = arena_new(1 << 20);
	struct buffer bytes;
	struct row row = {.kind = ROW_PAGE, .input = 1, .target_date = DATE_NONE}, got;
	const struct span authors[] = {SPAN("A"), SPAN("B")};
	struct article_block blocks[] = {
		{.hash = 7,
		 .score = .75f,
		 .kept = true,
		 .form = ARTICLE_HEADING,
		 .level = 2,
		 .offset = 0,
		 .size = 3,
		 .text = SPAN("One")},
		{.hash = 8, .score = .25f, .group = 9, .words = 4, .text = SPAN("elsewhere")},
	};
	(void)state;
	buffer_init(&bytes, 1 << 20);
	row.document.text = SPAN("One\n\nTwo");
	row.document.page.url = SPAN("http://a.example/");
	row.document.page.fetch_time = -5;
	row.document.page.warc_record_offset = 123456789012;
	row.document.page.warc_record_inner = 3;
	row.document.extraction_confidence = 0.875;
	row.document.authors = authors, row.document.author_count = 2;
	row.blocks = blocks, row.block_count = 2;
	row_pack(&row, &bytes);
	struct span rest = buffer_span(&bytes);
	assert_true(row_unpack(&rest, plan->inputs, arena, &got));
	assert_int_equal(rest.size, 0);
	assert_true(span_equal(got.document.page.id, SPAN("example-2.warc.gz@123456789012+3")));
	assert_true(span_equal(got.document.text, row.document.text));
	assert_null(got.document.title.data);
	assert_int_equal(got.document.page.fetch_time, -5);
	assert_true(got.document.extraction_confidence == 0.875);
	assert_int_equal(got.document.author_count, 2);
	assert_int_equal(got.block_count, 2);
	assert_true(got.blocks[0].text.data == got.document.text.data); /* a kept block is a place in the text */
	assert_true(span_equal(got.blocks[1].text, SPAN("elsewhere")));
	assert_int_equal(got.blocks[1].group, 9);
	for (size_t cut = 0; cut < bytes.size; cut++) {
		rest = span_slice(buffer_span(&bytes), 0, cut);
		assert_false(row_unpack(&rest, plan->inputs, arena, &got));
	}
	plan_free(plan);
	build_options_free(options);
	arena_free(arena);
	buffer_free(&bytes);
	test_folder_remove(folder);
}

/* ---- Texts
 * ----------------------------------------------------------------------------------------------------------- */

static void masks(void **state)
{
	static const struct {
		const char *text, *masked;
	} cases[] = {
		{"write to anna.b+c@mail.tolk.example.", "write to <EMAIL>."},
		{"not@one, a@b, @name, x@y.z", "not@one, a@b, @name, x@y.z"},
		{"from 192.168.0.1, then 10.0.0.255", "from <IP>, then <IP>"},
		{"version 1.2.3.4.5 or 300.1.1.1", "version 1.2.3.4.5 or 300.1.1.1"},
		{"host 2001:db8::ff00:42:8329 is up at 12:30:45", "host <IP> is up at 12:30:45"},
		{"call +44 20 7946 0000 or (030) 1234567", "call <PHONE> or <PHONE>"},
		{"in 2024, 1,000,000 of them; 0041 44 555 00 00", "in 2024, 1,000,000 of them; <PHONE>"},
		{"nothing", "nothing"},
	};
	struct masker *masker = masker_new();
	struct masked_counts counts;
	struct span out;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(
			mask_text(masker, MASK_EMAIL | MASK_IP | MASK_PHONE, span_of(cases[i].text), &out, &counts),
			STATUS_OK);
		if (!span_equal(out, span_of(cases[i].masked)))
			fail_msg("'%s' gives '%.*s'", cases[i].text, SPAN_ARG(out));
	}
	assert_int_equal(mask_text(masker, MASK_IP, SPAN("a@b.example 1.2.3.4"), &out, &counts), STATUS_OK);
	assert_true(span_equal(out, SPAN("a@b.example <IP>")));
	assert_int_equal(counts.ip, 1);
	assert_int_equal(counts.email, 0);
	masker_free(masker);
}

static void types(void **state)
{
	static const struct {
		struct span body;
		const char *type;
	} cases[] = {
		{{"<!DOCTYPE html><p>", 18}, "text/html"},
		{{" \n<HTML lang=x>", 15}, "text/html"},
		{{"\xEF\xBB\xBF<p>", 6}, "text/html"},
		{{"<pre>", 5}, "text/plain"},
		{{"<?xml version='1.0'?><rss>", 26}, "application/xml"},
		{{"<?xml?><html xmlns='http://www.w3.org/1999/xhtml'>", 51}, "application/xhtml+xml"},
		{{"%PDF-1.4", 8}, "application/pdf"},
		{{"a\0b", 3}, "application/octet-stream"},
		{{"plain", 5}, "text/plain"},
		{{"", 0}, "text/plain"},
		{{"\xFF\xFE<\0h\0", 6}, "text/plain"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(mime_sniff(cases[i].body), cases[i].type);
	assert_true(span_equal(mime_essence(SPAN(" text/html ; charset=x")), SPAN("text/html")));
	assert_true(mime_is_html(SPAN("Application/XHTML+xml")));
	assert_true(mime_is_unknown(SPAN_NONE));
	assert_false(mime_is_unknown(SPAN("image/png")));
}

static void differences(void **state)
{
	static const struct {
		const char *old, *new_text, *diff;
	} cases[] = {
		{"a b c", "a b c", "a b c \n"},
		{"a b c", "a x c", "a [-b-] {+x+} c \n"},
		{"", "a b", "{+a b+} \n"},
		{"a b", "", "[-a b-] \n"},
		{"", "", "\n"},
		{"a b c d", "b c d e", "[-a-] b c d {+e+} \n"},
		{"one two", "three", "[-one two-] {+three+} \n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out;
		buffer_init(&out, 1 << 20);
		assert_int_equal(word_diff(span_of(cases[i].old), span_of(cases[i].new_text), &out), STATUS_OK);
		if (!span_equal(buffer_span(&out), span_of(cases[i].diff)))
			fail_msg("'%s' and '%s' give '%.*s'", cases[i].old, cases[i].new_text,
				 SPAN_ARG(buffer_span(&out)));
		buffer_free(&out);
	}
}

static void clean_texts(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	(void)state;
	assert_true(span_equal(url_clean(arena, SPAN(" http://a.example/\xE9t\xC3\xA9 x\x01 ")),
			       SPAN("http://a.example/%E9t\xC3\xA9 x%01")));
	assert_true(span_equal(text_clean(arena, SPAN("a\xFF\tb")), SPAN("a\xEF\xBF\xBD b")));
	assert_null(text_clean(arena, SPAN("  ")).data);
	assert_true(list_has(SPAN("eng, deu"), SPAN("DEU")));
	assert_false(list_has(SPAN("eng,deu"), SPAN("en")));
	arena_free(arena);
}

/* ---- Lines of compressed files
 * ------------------------------------------------------------------------------------------ */

static void write_lines(const char *path, enum compression how, size_t lines)
{
	struct buffer text, packed;
	buffer_init(&text, 1 << 26);
	buffer_init(&packed, 1 << 26);
	for (size_t i = 0; i < lines; i++)
		buffer_print(&text, "%zu%.*s\n", i, (int)(i % 997), "x");
	buffer_print(&text, "last");
	uLongf gz_size = compressBound(text.size) + 64;
	buffer_reserve(&packed, ZSTD_compressBound(text.size) + gz_size);
	if (how == COMPRESS_ZSTD) {
		packed.size = ZSTD_compress(packed.data, packed.capacity, text.data, text.size, 3);
	} else if (how == COMPRESS_GZIP) {
		z_stream z = {.next_in = (Bytef *)text.data,
			      .avail_in = (uInt)text.size,
			      .next_out = (Bytef *)packed.data,
			      .avail_out = (uInt)packed.capacity};
		assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		packed.size = z.total_out;
		deflateEnd(&z);
	} else {
		buffer_append_span(&packed, buffer_span(&text));
	}
	assert_int_equal(file_write_atomic(path, buffer_span(&packed), NULL), STATUS_OK);
	buffer_free(&text);
	buffer_free(&packed);
}

static void lines_of_files(void **state)
{
	static const char *const suffixes[] = {[COMPRESS_ZSTD] = ".zst", [COMPRESS_GZIP] = ".gz", [COMPRESS_NONE] = ""};
	char *folder = test_folder();
	(void)state;
	for (int how = COMPRESS_ZSTD; how <= COMPRESS_NONE; how++) {
		struct line_reader *reader;
		struct span line;
		struct fault fault = {0};
		size_t count = 0;
		char *path = path_join(folder, "lines%s", suffixes[how]);
		write_lines(path, (enum compression)how, 300000);
		assert_int_equal(line_reader_open(path, &reader, &fault), STATUS_OK);
		while (line_reader_next(reader, &line, &fault) == STATUS_OK)
			count++;
		assert_true(span_equal(line, SPAN("")) || span_equal(line, SPAN("last")));
		assert_int_equal(count, 300001);
		line_reader_close(reader);
		if (how != COMPRESS_NONE) { /* cut off: an error, not an end */
			enum status status = STATUS_OK;
			assert_int_equal(truncate(path, 1000), 0);
			assert_int_equal(line_reader_open(path, &reader, &fault), STATUS_OK);
			while (status == STATUS_OK)
				status = line_reader_next(reader, &line, &fault);
			assert_int_equal(status, STATUS_DATA);
			line_reader_close(reader);
		}
		free(path);
	}
	test_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_kinds),  cmocka_unit_test(options_json),
		cmocka_unit_test(options_splits), cmocka_unit_test(tally_round_trip),
		cmocka_unit_test(row_round_trip), cmocka_unit_test(masks),
		cmocka_unit_test(types),          cmocka_unit_test(differences),
		cmocka_unit_test(clean_texts),    cmocka_unit_test(lines_of_files),
	};
	int failures = cmocka_run_group_tests(tests, NULL, NULL);
	return failures + _cmocka_run_group_tests("spool", spool_tests, spool_test_count, NULL, NULL);
}
