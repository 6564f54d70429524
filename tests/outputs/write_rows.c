/* write_rows: made-up rows through the sinks, for other programs to read.
 * usage: write_rows FORMAT zst|gz|none COUNT FOLDER     writes documents, duplicates and rejected, COUNT rows each
 *        write_rows groups zst|gz|none COUNT FOLDER     a Parquet file of many row groups, and the same as JSON lines
 */
#include "corpus/parquet_internal.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

static int fail(const struct fault *fault)
{
	fprintf(stderr, "write_rows: %s\n", fault->text);
	return 74;
}

static enum compression compression_of(const char *name)
{
	return !strcmp(name, "zst") ? COMPRESS_ZSTD : !strcmp(name, "gz") ? COMPRESS_GZIP : COMPRESS_NONE;
}

static enum status write_table(const struct sink_class *class, enum compression compression, enum corpus_table table,
			       unsigned count, const char *folder, struct fault *fault)
{
	char path[4096];
	struct sink_options options = {.compression = compression, .tool = "warcmill test"};
	struct part_stream *stream;
	struct arena *arena = arena_new((size_t)64 << 20);
	struct corpus_row row;
	void *state = NULL;
	uint64_t size;
	uint8_t sha256[DIGEST_MAX];
	snprintf(path, sizeof path, "%s/%s%s", folder, corpus_table_names[table], class->suffix);
	enum status status =
		part_stream_open(path, class->own_compression ? COMPRESS_NONE : compression, &stream, fault);
	if (status == STATUS_OK) {
		status = class->begin(&state, table, &options, stream, fault);
		for (unsigned i = 0; status == STATUS_OK && i < count; i++) {
			arena_reset(arena);
			make_row(arena, table, i, &row);
			status = class->row(state, &row, fault);
		}
		if (status == STATUS_OK)
			status = class->end(state, fault);
		class->free(state);
		if (status == STATUS_OK)
			status = part_stream_close(stream, &size, sha256, fault);
		else
			part_stream_abandon(stream);
	}
	arena_free(arena);
	return status;
}

/* Values of row I, chosen so that columns switch from dictionary to plain, and whole groups are null or all alike. */
static void group_row(struct parquet_writer *writer, struct buffer *json, unsigned i)
{
	char text[64], host[16];
	snprintf(text, sizeof text, "value %u of many \xC3\xA9", i * 2654435761u);
	snprintf(host, sizeof host, "h%u", i / 700);
	struct span list[3] = {span_of(text), SPAN("same"), span_of(host)};
	parquet_put_text(parquet_writer_column(writer, 0), span_of(text));
	parquet_put_text(parquet_writer_column(writer, 1), span_of(host));
	if (i / 500 % 2)
		parquet_put_absent(parquet_writer_column(writer, 2));
	else
		parquet_put_int(parquet_writer_column(writer, 2), (int64_t)i * i - 100);
	parquet_put_bool(parquet_writer_column(writer, 3), i % 3 == 0);
	parquet_put_double(parquet_writer_column(writer, 4), i / 8.0);
	parquet_put_list(parquet_writer_column(writer, 5), list, i % 4);
	parquet_put_int(parquet_writer_column(writer, 6), (int64_t)i * 86400000 - 5000000000);
	buffer_print(json, "{\"text\":\"%s\",\"host\":\"%s\",\"flag\":%s,\"real\":%.3f,\"day\":%lld", text, host,
		     i % 3 == 0 ? "true" : "false", i / 8.0, (long long)i * 86400000 - 5000000000);
	if (i / 500 % 2 == 0)
		buffer_print(json, ",\"number\":%lld", (long long)i * i - 100);
	buffer_append_span(json, i % 4 ? SPAN(",\"list\":[") : SPAN(""));
	for (unsigned k = 0; k < i % 4; k++)
		buffer_print(json, "%s\"%.*s\"", k ? "," : "", SPAN_ARG(list[k]));
	buffer_append_span(json, i % 4 ? SPAN("]}\n") : SPAN("}\n"));
}

static enum status write_groups(enum compression compression, unsigned count, const char *folder, struct fault *fault)
{
	static const struct parquet_field fields[] = {
		{"text", PARQUET_TEXT, true, true, false},     {"host", PARQUET_TEXT, false, true, false},
		{"number", PARQUET_INT64, false, true, false}, {"flag", PARQUET_BOOL, true, false, false},
		{"real", PARQUET_DOUBLE, true, false, false},  {"list", PARQUET_TEXT_LIST, false, false, false},
		{"day", PARQUET_TIME, false, true, false},
	};
	static const enum parquet_codec codecs[] = {PARQUET_ZSTD, PARQUET_GZIP, PARQUET_UNCOMPRESSED};
	char path[4096];
	struct part_stream *stream;
	struct parquet_writer *writer = NULL;
	struct buffer json;
	uint64_t size;
	uint8_t sha256[DIGEST_MAX];
	buffer_init(&json, (size_t)1 << 30);
	snprintf(path, sizeof path, "%s/groups.parquet", folder);
	enum status status = part_stream_open(path, COMPRESS_NONE, &stream, fault);
	if (status != STATUS_OK)
		return status;
	status = parquet_writer_new(fields, 7, codecs[compression], 100000, stream, &writer, fault);
	for (unsigned i = 0; status == STATUS_OK && i < count; i++) {
		group_row(writer, &json, i);
		status = parquet_writer_row_end(writer, fault);
	}
	if (status == STATUS_OK)
		status = parquet_writer_finish(writer, "warcmill test", "k", "v", fault);
	parquet_writer_free(writer);
	if (status == STATUS_OK)
		status = part_stream_close(stream, &size, sha256, fault);
	else
		part_stream_abandon(stream);
	snprintf(path, sizeof path, "%s/groups.jsonl", folder);
	if (status == STATUS_OK)
		status = file_write_atomic(path, buffer_span(&json), fault);
	buffer_free(&json);
	return status;
}

int main(int argc, char **argv)
{
	struct fault fault = {0};
	if (argc != 5)
		return 64;
	enum compression compression = compression_of(argv[2]);
	unsigned count = (unsigned)strtoul(argv[3], NULL, 10);
	if (folder_make(argv[4], &fault) != STATUS_OK)
		return fail(&fault);
	if (!strcmp(argv[1], "groups"))
		return write_groups(compression, count, argv[4], &fault) == STATUS_OK ? 0 : fail(&fault);
	const struct sink_class *class = sink_class_named(span_of(argv[1]));
	if (!class)
		return 64;
	for (enum corpus_table table = 0; table < TABLE_COUNT; table++)
		if (write_table(class, compression, table, count, argv[4], &fault) != STATUS_OK)
			return fail(&fault);
	return 0;
}
