/* Parts and sinks: the same bytes however they were cut, members, failures that leave nothing behind, golden lines. */
#include "corpus/output.h"
#include "rows.h"
#include "warc/warc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/warcmill-outputs-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder); /* fails, and the test with it, when anything was left behind */
}

static const char *in_folder(const char *name)
{
	static char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

/* Write BYTES cut into pieces of at most CUT bytes as part NAME; its contents are appended to OUT and the file is
 * removed. */
static void write_part(struct span bytes, size_t cut, enum compression compression, const char *stored_name,
		       struct buffer *out)
{
	struct part_stream *stream;
	struct fault fault;
	uint64_t size;
	uint8_t sha256[DIGEST_MAX], again[DIGEST_MAX];
	assert_int_equal(part_stream_open(in_folder("part"), compression, &stream, &fault), STATUS_OK);
	for (size_t at = 0; at < bytes.size; at += cut)
		assert_int_equal(part_stream_write(stream, span_slice(bytes, at, cut), &fault), STATUS_OK);
	assert_int_equal(part_stream_offset(stream), bytes.size);
	assert_false(file_exists(in_folder(stored_name)));
	assert_int_equal(part_stream_close(stream, &size, sha256, &fault), STATUS_OK);
	size_t before = out->size;
	assert_int_equal(file_read(in_folder(stored_name), out, &fault), STATUS_OK);
	assert_int_equal(out->size - before, size);
	digest_of(DIGEST_SHA256, span_slice(buffer_span(out), before, SIZE_MAX), again);
	assert_memory_equal(sha256, again, 32);
	assert_int_equal(unlink(in_folder(stored_name)), 0);
}

static void same_bytes_however_cut(void **state)
{
	(void)state;
	static const char *const names[] = {"part.zst", "part.gz", "part"};
	static const size_t cuts[] = {1 << 20, 262144, 4097, 13};
	static char bytes[700001];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)("the weir gate "[i % 14] + (hash64(&i, sizeof i, 0) % 11 == 0));
	for (enum compression how = COMPRESS_ZSTD; how <= COMPRESS_NONE; how++) {
		struct buffer first, next;
		buffer_init(&first, 1 << 24);
		buffer_init(&next, 1 << 24);
		write_part((struct span){bytes, sizeof bytes}, sizeof bytes, how, names[how], &first);
		for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
			buffer_clear(&next);
			write_part((struct span){bytes, sizeof bytes}, cuts[i], how, names[how], &next);
			assert_true(span_equal(buffer_span(&first), buffer_span(&next)));
		}
		buffer_free(&first);
		buffer_free(&next);
	}
}

static size_t inflate_member(struct span stored, size_t *used, char *out, size_t max)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)stored.data,
			   .avail_in = (uInt)stored.size,
			   .next_out = (Bytef *)out,
			   .avail_out = (uInt)max};
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	*used = stored.size - stream.avail_in;
	size_t size = max - stream.avail_out;
	inflateEnd(&stream);
	return size;
}

static void a_member_a_piece(void **state)
{
	(void)state;
	struct part_stream *stream;
	struct fault fault;
	struct buffer stored;
	uint64_t size;
	uint8_t sha256[DIGEST_MAX];
	char text[64];
	assert_int_equal(part_stream_open(in_folder("part"), COMPRESS_GZIP, &stream, &fault), STATUS_OK);
	part_stream_member(stream, &fault); /* nothing written: no empty member */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(part_stream_write(stream, SPAN("record\r\n"), &fault), STATUS_OK);
		assert_int_equal(part_stream_member(stream, &fault), STATUS_OK);
	}
	assert_int_equal(part_stream_close(stream, &size, sha256, &fault), STATUS_OK);
	buffer_init(&stored, 1 << 20);
	file_read(in_folder("part.gz"), &stored, &fault);
	struct span rest = buffer_span(&stored);
	int members = 0;
	for (size_t used; rest.size; rest = span_slice(rest, used, SIZE_MAX), members++) {
		assert_int_equal(inflate_member(rest, &used, text, sizeof text), 8);
		assert_memory_equal(text, "record\r\n", 8);
	}
	assert_int_equal(members, 3);
	buffer_free(&stored);
	unlink(in_folder("part.gz"));
}

static void empty_parts_are_whole_files(void **state)
{
	(void)state;
	struct buffer stored;
	char text[8];
	size_t used;
	buffer_init(&stored, 1 << 20);
	write_part(SPAN(""), 1, COMPRESS_ZSTD, "part.zst", &stored);
	assert_int_equal(ZSTD_decompress(text, sizeof text, stored.data, stored.size), 0);
	buffer_clear(&stored);
	write_part(SPAN(""), 1, COMPRESS_GZIP, "part.gz", &stored);
	assert_int_equal(inflate_member(buffer_span(&stored), &used, text, sizeof text), 0);
	buffer_clear(&stored);
	write_part(SPAN(""), 1, COMPRESS_NONE, "part", &stored);
	assert_int_equal(stored.size, 0);
	buffer_free(&stored);
}

static void failures_leave_nothing(void **state)
{
	(void)state;
	struct part_stream *stream;
	struct fault fault;
	uint64_t size;
	uint8_t sha256[DIGEST_MAX];
	assert_int_equal(part_stream_open(in_folder("no/such/part"), COMPRESS_ZSTD, &stream, &fault), STATUS_IO);
	assert_null(stream);
	assert_non_null(strstr(fault.text, "cannot create"));
	assert_int_equal(part_stream_open(in_folder("part"), COMPRESS_NONE, &stream, &fault), STATUS_OK);
	part_stream_write(stream, SPAN("half"), &fault);
	part_stream_abandon(stream);
	part_stream_abandon(NULL);
	/* A folder stands where the file should go: the rename fails, and the temporary file goes. */
	char taken[256];
	snprintf(taken, sizeof taken, "%s/part/x", folder);
	assert_int_equal(folder_make(taken, &fault), STATUS_OK);
	assert_int_equal(part_stream_open(in_folder("part"), COMPRESS_NONE, &stream, &fault), STATUS_OK);
	assert_int_equal(part_stream_close(stream, &size, sha256, &fault), STATUS_IO);
	assert_non_null(strstr(fault.text, "cannot write"));
	assert_int_equal(rmdir(taken), 0);
	assert_int_equal(rmdir(in_folder("part")), 0);
}

/* ---- Lines -------------------------------------------------------------------------------------------------- */

static struct page_source plain_page(void)
{
	return (struct page_source){
		.id = SPAN("a.warc.gz@512"),
		.url = SPAN("http://h.example/\"q\""),
		.fetch_time = 1710225600,
		.fetch_status = 200,
		.warc_filename = SPAN("a.warc.gz"),
		.warc_record_offset = 512,
		.warc_record_length = 99,
	};
}

static void assert_line(const struct corpus_row *row, const char *expected)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	assert_int_equal(corpus_row_json(row, &out), STATUS_OK);
	buffer_append_byte(&out, '\0');
	assert_string_equal(out.data, expected);
	buffer_free(&out);
}

static void lines_leave_out_what_is_absent(void **state)
{
	(void)state;
	struct corpus_row row = {.table = TABLE_DOCUMENTS};
	row.as.document = (struct document){
		.page = plain_page(), .text = SPAN("One.\n\nTwo."), .source = SPAN("s"), .extraction_confidence = -1};
	row.as.document.page.fetch_time = DATE_NONE;
	assert_line(&row,
		    "{\"id\":\"a.warc.gz@512\",\"text\":\"One.\\n\\nTwo.\",\"source\":\"s\",\"metadata\":{\"url\":"
		    "\"http://h.example/\\\"q\\\"\",\"fetch_status\":200,\"warc_filename\":\"a.warc.gz\","
		    "\"warc_record_offset\":512,\"warc_record_length\":99,\"words\":0}}");
}

static void lines_nest(void **state)
{
	(void)state;
	struct span authors[] = {SPAN("A"), SPAN("B")}, copies[] = {SPAN("a.warc.gz@9")};
	struct corpus_row row = {.table = TABLE_DOCUMENTS};
	row.as.document = (struct document){
		.page = plain_page(),
		.text = SPAN("T"),
		.source = SPAN("s"),
		.created = SPAN("2024-03-12"),
		.authors = authors,
		.author_count = 2,
		.robots = 4 | 32,
		.simhash = {0xF, 1},
		.cluster_id = SPAN("a.warc.gz@512"),
		.cluster_size = 2,
		.copies = copies,
		.copy_count = 1,
		.extraction_method = SPAN("blocks"),
		.extraction_confidence = 0.98765,
		.words = 7,
		.masked = {.phone = 1},
	};
	assert_line(&row,
		    "{\"id\":\"a.warc.gz@512\",\"text\":\"T\",\"source\":\"s\",\"created\":\"2024-03-12\",\"metadata\":"
		    "{\"url\":"
		    "\"http://h.example/\\\"q\\\"\",\"fetch_time\":\"2024-03-12T06:40:00Z\",\"fetch_status\":200,"
		    "\"warc_filename\":\"a.warc.gz\",\"warc_record_offset\":512,\"warc_record_length\":99,\"author\":["
		    "\"A\",\"B\"],"
		    "\"robots\":[\"noai\",\"nofollow\"],\"simhash\":\"0000000000000001000000000000000f\",\"cluster\":{"
		    "\"id\":"
		    "\"a.warc.gz@512\",\"size\":2,\"copies\":[\"a.warc.gz@9\"]},\"extraction\":{\"method\":\"blocks\","
		    "\"confidence\":0.988},\"words\":7,\"masked\":{\"phone\":1}}}");
}

static void copies_carry_evidence(void **state)
{
	(void)state;
	struct corpus_row row = {.table = TABLE_DUPLICATES};
	row.as.duplicate = (struct duplicate){
		.page = plain_page(),
		.duplicate_of = SPAN("a.warc.gz@1"),
		.cluster_id = SPAN("a.warc.gz@1"),
		.kind = SPAN("near"),
		.evidence = {.hamming = 0,
			     .jaccard = 0.5,
			     .containment = -1,
			     .numbers = -1,
			     .anchors = 3,
			     .head = 2,
			     .numbers_apart = -1,
			     .tokens = 90,
			     .score = 1,
			     .kind_of_rule = SPAN("jaccard")},
	};
	assert_line(&row, "{\"id\":\"a.warc.gz@512\",\"url\":\"http://h.example/"
			  "\\\"q\\\"\",\"fetch_time\":\"2024-03-12T06:40:00Z\","
			  "\"fetch_status\":200,\"warc_filename\":\"a.warc.gz\",\"warc_record_offset\":512,"
			  "\"warc_record_length\":99,\"duplicate_of\":\"a.warc.gz@1\",\"cluster\":\"a.warc.gz@1\","
			  "\"kind\":\"near\","
			  "\"evidence\":{\"rule\":\"jaccard\",\"hamming\":0,\"jaccard\":0.500,\"anchors\":3,\"head\":2,"
			  "\"tokens\":"
			  "90,\"score\":1.000,"
			  "\"direct\":false}}");
}

/* Every line of the made-up rows is JSON that a strict reader takes. */
static void lines_are_json(void **state)
{
	(void)state;
	struct arena *arena = arena_new((size_t)64 << 20);
	struct buffer out;
	struct corpus_row row;
	buffer_init(&out, 1 << 24);
	for (enum corpus_table table = 0; table < TABLE_COUNT; table++)
		for (unsigned i = 0; i < 200; i++) {
			const struct json *value;
			struct fault fault;
			arena_reset(arena);
			buffer_clear(&out);
			make_row(arena, table, i, &row);
			assert_int_equal(corpus_row_json(&row, &out), STATUS_OK);
			assert_true(utf8_valid(buffer_span(&out)));
			assert_int_equal(json_parse(arena, buffer_span(&out), 0, &value, &fault), STATUS_OK);
			assert_true(span_equal(json_get_text(value, "id"), row.as.document.page.id));
		}
	buffer_free(&out);
	arena_free(arena);
}

/* ---- Formats ------------------------------------------------------------------------------------------------ */

/* ROWS rows of TABLE as part "part". */
static void sink_file(const char *format, enum corpus_table table, enum compression compression, unsigned rows,
		      struct fault *fault)
{
	const struct sink_class *class = sink_class_named(span_of(format));
	struct sink_options options = {.compression = compression, .tool = "warcmill test"};
	struct arena *arena = arena_new((size_t)64 << 20);
	struct part_stream *stream;
	struct corpus_row row;
	void *state = NULL;
	uint64_t size;
	uint8_t sha256[DIGEST_MAX];
	assert_non_null(class);
	assert_int_equal(part_stream_open(in_folder("part"), compression, &stream, fault), STATUS_OK);
	assert_int_equal(class->begin(&state, table, &options, stream, fault), STATUS_OK);
	for (unsigned i = 0; i < rows; i++) {
		arena_reset(arena);
		make_row(arena, table, i, &row);
		assert_int_equal(class->row(state, &row, fault), STATUS_OK);
	}
	assert_int_equal(class->end(state, fault), STATUS_OK);
	class->free(state);
	assert_int_equal(part_stream_close(stream, &size, sha256, fault), STATUS_OK);
	arena_free(arena);
}

static void parquet_frames_itself(void **state)
{
	(void)state;
	for (unsigned rows = 0; rows < 2000; rows += 999) {
		struct buffer file;
		buffer_init(&file, 1 << 26);
		struct fault fault;
		sink_file("parquet", TABLE_DOCUMENTS, COMPRESS_NONE, rows, &fault);
		assert_int_equal(file_read(in_folder("part"), &file, &fault), STATUS_OK);
		unlink(in_folder("part"));
		struct span bytes = buffer_span(&file);
		assert_true(span_starts(bytes, SPAN("PAR1")) && span_ends(bytes, SPAN("PAR1")));
		const unsigned char *end = (const unsigned char *)bytes.data + bytes.size;
		size_t footer = end[-8] | (size_t)end[-7] << 8 | (size_t)end[-6] << 16;
		assert_true(footer > 100 && footer + 12 <= bytes.size);
		assert_true(span_find(span_slice(bytes, bytes.size - footer - 8, SIZE_MAX), SPAN("warcmill test")) !=
			    SIZE_MAX);
		buffer_free(&file);
	}
}

/* Our own reader takes the WARC files, with every block digest fitting and nothing left over. */
static void read_back(enum corpus_table table, enum compression compression, const char *stored_name,
		      enum warc_type type)
{
	enum { ROWS = 120 };
	struct warc_inputs *inputs;
	struct warc_record record;
	struct warc_damage damage;
	struct fault fault;
	sink_file("wet", table, compression, ROWS, &fault);
	const char *path = in_folder(stored_name);
	assert_int_equal(warc_inputs_new(&path, 1, NULL, &inputs, &fault), STATUS_OK);
	struct warc_reader *reader = warc_reader_new(NULL);
	assert_int_equal(warc_reader_open(reader, warc_inputs_at(inputs, 0), 0, UINT64_MAX, true, &fault), STATUS_OK);
	size_t records = 0;
	enum status status;
	while ((status = warc_next(reader, &record, &damage, &fault)) == STATUS_OK) {
		assert_int_equal(record.type, records++ ? type : WARC_TYPE_WARCINFO);
		assert_int_equal(record.flags, 0);
		if (record.type == WARC_TYPE_CONVERSION)
			assert_int_equal(warc_block_digest_check(&record), WARC_DIGEST_MATCH);
	}
	assert_int_equal(status, STATUS_END);
	assert_int_equal(records, ROWS + 1);
	warc_reader_free(reader);
	warc_inputs_free(inputs);
	unlink(in_folder(stored_name));
}

static void archives_are_read_back(void **state)
{
	(void)state;
	static const char *const names[] = {"part.zst", "part.gz", "part"};
	for (enum compression how = COMPRESS_ZSTD; how <= COMPRESS_NONE; how++) {
		read_back(TABLE_DOCUMENTS, how, names[how], WARC_TYPE_CONVERSION);
		read_back(TABLE_DUPLICATES, how, names[how], WARC_TYPE_REVISIT);
		read_back(TABLE_REJECTED, how, names[how], WARC_TYPE_METADATA);
	}
}

static void formats_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(sink_class_named(SPAN("jsonl")), &sink_jsonl);
	assert_null(sink_class_named(SPAN("csv")));
	assert_null(sink_class_named(SPAN_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(same_bytes_however_cut, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_member_a_piece, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(empty_parts_are_whole_files, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(failures_leave_nothing, make_folder, remove_folder),
		cmocka_unit_test(lines_leave_out_what_is_absent),
		cmocka_unit_test(lines_nest),
		cmocka_unit_test(copies_carry_evidence),
		cmocka_unit_test(lines_are_json),
		cmocka_unit_test_setup_teardown(parquet_frames_itself, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(archives_are_read_back, make_folder, remove_folder),
		cmocka_unit_test(formats_are_found_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
