/* card_croissant: croissant.json, the corpus described for machines (MLCommons Croissant 1.0, a vocabulary on
 * schema.org): the files with their digests, and a record set a table whose fields say where in a row their value is.
 * Address, date and terms of publication are the publisher's to add; nothing else is left open. */
#include "corpus/card.h"

enum { BASED_ON_LISTED = 1000 };

/* The context that the specification gives for documents of version 1.0: short names and what they stand for. */
static const struct {
	const char *name, *stands_for;
} context[] = {
	{"@language", "en"},
	{"@vocab", "https://schema.org/"},
	{"citeAs", "cr:citeAs"},
	{"column", "cr:column"},
	{"conformsTo", "dct:conformsTo"},
	{"cr", "http://mlcommons.org/croissant/"},
	{"dct", "http://purl.org/dc/terms/"},
	{"extract", "cr:extract"},
	{"field", "cr:field"},
	{"fileObject", "cr:fileObject"},
	{"fileProperty", "cr:fileProperty"},
	{"fileSet", "cr:fileSet"},
	{"format", "cr:format"},
	{"includes", "cr:includes"},
	{"isLiveDataset", "cr:isLiveDataset"},
	{"jsonPath", "cr:jsonPath"},
	{"key", "cr:key"},
	{"md5", "cr:md5"},
	{"parentField", "cr:parentField"},
	{"path", "cr:path"},
	{"rai", "http://mlcommons.org/croissant/RAI/"},
	{"recordSet", "cr:recordSet"},
	{"references", "cr:references"},
	{"regex", "cr:regex"},
	{"repeated", "cr:repeated"},
	{"replace", "cr:replace"},
	{"sc", "https://schema.org/"},
	{"separator", "cr:separator"},
	{"source", "cr:source"},
	{"subField", "cr:subField"},
	{"transform", "cr:transform"},
};

static void put(struct json_writer *writer, const char *key, const char *text)
{
	json_put_text(writer, key, span_of(text));
}

static void put_reference(struct json_writer *writer, const char *key, struct span id)
{
	json_key(writer, key);
	json_begin(writer, '{');
	json_put_text(writer, "@id", id);
	json_end(writer, '}');
}

static void put_typed(struct json_writer *writer, const char *name, const char *type)
{
	static const char *const ids[][2] = {
		{"data", "cr:data"}, {"dataType", "cr:dataType"}, {"examples", "cr:examples"}};
	json_key(writer, name);
	json_begin(writer, '{');
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		if (!strcmp(ids[i][0], name))
			put(writer, "@id", ids[i][1]);
	put(writer, "@type", type);
	json_end(writer, '}');
}

static void put_context(struct json_writer *writer)
{
	json_key(writer, "@context");
	json_begin(writer, '{');
	for (size_t i = 0; i < sizeof context / sizeof *context; i++)
		put(writer, context[i].name, context[i].stands_for);
	put_typed(writer, "data", "@json");
	put_typed(writer, "dataType", "@vocab");
	put_typed(writer, "examples", "@json");
	json_end(writer, '}');
}

/* ---- Files ----------------------------------------------------------------------------------------------- */

static const char *encoding_of(struct span name)
{
	static const char *const encodings[][2] = {
		{".jsonl.zst", "application/jsonlines+zstd"},
		{".jsonl.gz", "application/jsonlines+gzip"},
		{".jsonl", "application/jsonlines"},
		{".parquet", "application/x-parquet"},
		{".warc.zst", "application/warc+zstd"},
		{".warc.gz", "application/warc+gzip"},
		{".warc", "application/warc"},
	};
	for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++)
		if (span_ends(name, span_of(encodings[i][0])))
			return encodings[i][1];
	return "application/octet-stream";
}

static void put_file(struct json_writer *writer, const struct json *file, struct arena *arena)
{
	uint64_t size = 0;
	struct span name = json_get_text(file, "name");
	json_get_u64(file, "bytes", &size);
	json_begin(writer, '{');
	put(writer, "@type", "cr:FileObject");
	json_put_text(writer, "@id", name);
	json_put_text(writer, "name", name);
	json_put_text(writer, "contentUrl", name);
	json_put_text(writer, "contentSize", arena_print(arena, "%llu B", (unsigned long long)size));
	put(writer, "encodingFormat", encoding_of(name));
	json_put_text(writer, "sha256", json_get_text(file, "sha256"));
	json_end(writer, '}');
}

static const struct json *first_file_of(const struct json *manifest, const char *table)
{
	const struct json *files = json_get(manifest, "files");
	for (const struct json *file = files ? files->first : NULL; file; file = file->next)
		if (span_equal(json_get_text(file, "table"), span_of(table)))
			return file;
	return NULL;
}

static void put_file_set(struct json_writer *writer, const struct json *manifest, const char *table,
			 struct arena *arena)
{
	struct span name = json_get_text(first_file_of(manifest, table), "name");
	size_t dot = span_find(name, SPAN("."));
	if (dot == SIZE_MAX)
		return;
	struct span id = arena_print(arena, "%s-files", table);
	json_begin(writer, '{');
	put(writer, "@type", "cr:FileSet");
	json_put_text(writer, "@id", id);
	json_put_text(writer, "name", id);
	json_put_text(writer, "description", arena_print(arena, "All parts of %s", table));
	put(writer, "encodingFormat", encoding_of(name));
	struct span suffix = span_slice(name, dot, SIZE_MAX);
	json_put_text(writer, "includes", arena_print(arena, "%s/**/*%.*s", table, SPAN_ARG(suffix)));
	json_end(writer, '}');
}

static void put_distribution(struct json_writer *writer, const struct json *manifest, struct arena *arena)
{
	const struct json *files = json_get(manifest, "files");
	json_key(writer, "distribution");
	json_begin(writer, '[');
	for (const struct json *file = files ? files->first : NULL; file; file = file->next)
		put_file(writer, file, arena);
	for (int table = 0; table < TABLE_COUNT; table++)
		put_file_set(writer, manifest, corpus_table_names[table], arena);
	json_end(writer, ']');
}

/* ---- Records ------------------------------------------------------------------------------------------------ */

static const char *const data_types[] = {
	[COLUMN_TEXT] = "sc:Text",      [COLUMN_TIME] = "sc:DateTime",  [COLUMN_COUNT] = "sc:Integer",
	[COLUMN_STATUS] = "sc:Integer", [COLUMN_OFFSET] = "sc:Integer", [COLUMN_INT] = "sc:Integer",
	[COLUMN_SHARE] = "sc:Float",    [COLUMN_BOOL] = "sc:Boolean",   [COLUMN_LIST] = "sc:Text",
	[COLUMN_ROBOTS] = "sc:Text",    [COLUMN_PRINT] = "sc:Text",
};

static void put_field(struct json_writer *writer, const char *table, const struct column *column, bool flat,
		      struct arena *arena)
{
	char name[64];
	column_flat_name(column, name);
	struct span id = arena_print(arena, "%s/%s", table, name);
	json_begin(writer, '{');
	put(writer, "@type", "cr:Field");
	json_put_text(writer, "@id", id);
	json_put_text(writer, "name", id);
	put(writer, "description", column_about(column));
	put(writer, "dataType",
	    strstr(name, "url") && column->kind == COLUMN_TEXT && !strstr(name, "host") ? "sc:URL"
											: data_types[column->kind]);
	if (column->kind == COLUMN_LIST || column->kind == COLUMN_ROBOTS) {
		json_key(writer, "repeated");
		json_bool(writer, true);
	}
	json_key(writer, "source");
	json_begin(writer, '{');
	put_reference(writer, "fileSet", arena_print(arena, "%s-files", table));
	json_key(writer, "extract");
	json_begin(writer, '{');
	if (flat)
		put(writer, "column", name);
	else
		json_put_text(writer, "jsonPath",
			      arena_print(arena, "$%s%s%s%s.%s", column->outer ? "." : "",
					  column->outer ? column->outer : "", column->inner ? "." : "",
					  column->inner ? column->inner : "", column->name));
	json_end(writer, '}');
	json_end(writer, '}');
	json_end(writer, '}');
}

static void put_record_set(struct json_writer *writer, enum corpus_table table, bool flat, struct arena *arena)
{
	static const char *const about[TABLE_COUNT] = {
		"Documents: one article text each, with where it came from",
		"Copies: pages whose text is that of a document, with the evidence",
		"Pages that are no article, with the reason"};
	const char *name = corpus_table_names[table];
	json_begin(writer, '{');
	put(writer, "@type", "cr:RecordSet");
	put(writer, "@id", name);
	put(writer, "name", name);
	put(writer, "description", about[table]);
	put_reference(writer, "key", arena_print(arena, "%s/id", name));
	json_key(writer, "field");
	json_begin(writer, '[');
	for (size_t i = 0; i < corpus_columns[table].count; i++)
		put_field(writer, name, &corpus_columns[table].columns[i], flat, arena);
	json_end(writer, ']');
	json_end(writer, '}');
}

/* WARC files have no rows that Croissant could name; the record sets are left out then. */
static void put_record_sets(struct json_writer *writer, const struct json *manifest, struct arena *arena)
{
	struct span format = card_format(manifest);
	if (span_equal(format, SPAN("wet")))
		return;
	json_key(writer, "recordSet");
	json_begin(writer, '[');
	for (enum corpus_table table = 0; table < TABLE_COUNT; table++)
		if (first_file_of(manifest, corpus_table_names[table]))
			put_record_set(writer, table, span_equal(format, SPAN("parquet")), arena);
	json_end(writer, ']');
}

/* ---- The data set ---------------------------------------------------------------------------------------------- */

static void put_archives(struct json_writer *writer, const struct json *manifest)
{
	const struct json *inputs = json_get(manifest, "inputs");
	size_t listed = 0;
	json_key(writer, "isBasedOn");
	json_begin(writer, '[');
	for (const struct json *input = inputs ? inputs->first : NULL; input && listed < BASED_ON_LISTED;
	     input = input->next) {
		json_begin(writer, '{');
		put(writer, "@type", "sc:MediaObject");
		json_put_text(writer, "name", json_get_text(input, "name"));
		json_put_text(writer, "sha256", json_get_text(input, "sha256"));
		json_end(writer, '}');
		listed++;
	}
	json_end(writer, ']');
}

/* Indent compact JSON by two blanks a level. Flat: a walk over the bytes. */
static void indent(struct span json, struct buffer *out)
{
	int depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < json.size; i++) {
		char c = json.data[i];
		bool opens = !quoted && (c == '{' || c == '['), closes = !quoted && (c == '}' || c == ']');
		bool empty = i && closes && (json.data[i - 1] == '{' || json.data[i - 1] == '[');
		depth += opens - closes;
		if (closes && !empty)
			buffer_print(out, "\n%*s", 2 * depth, "");
		buffer_append_byte(out, c);
		if (quoted && c == '\\')
			buffer_append_byte(out, json.data[++i]);
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && c == ':')
			buffer_append_byte(out, ' ');
		bool next_closes = i + 1 < json.size && (json.data[i + 1] == '}' || json.data[i + 1] == ']');
		if ((opens && !next_closes) || (!quoted && c == ','))
			buffer_print(out, "\n%*s", 2 * depth, "");
	}
	buffer_append_byte(out, '\n');
}

void card_croissant(const struct json *manifest, struct arena *arena, struct buffer *out)
{
	struct buffer compact;
	struct json_writer writer;
	uint64_t documents = 0;
	json_get_u64(json_get(manifest, "counters"), "documents", &documents);
	buffer_init(&compact, SIZE_MAX / 2);
	json_start(&writer, &compact);
	json_begin(&writer, '{');
	put_context(&writer);
	put(&writer, "@type", "sc:Dataset");
	put(&writer, "name", "web-archive-text-corpus");
	json_put_text(&writer, "description",
		      arena_print(arena,
				  "%llu article texts taken from web archives, near-duplicates collapsed, each "
				  "traceable to its record",
				  (unsigned long long)documents));
	put(&writer, "conformsTo", "http://mlcommons.org/croissant/1.0");
	put(&writer, "license",
	    "Rights in the texts are their owners'; what each page declares is in its license and robots fields");
	put(&writer, "version", "1.0.0");
	json_key(&writer, "isLiveDataset");
	json_bool(&writer, false);
	json_key(&writer, "creator");
	json_begin(&writer, '{');
	put(&writer, "@type", "sc:SoftwareApplication");
	json_put_text(&writer, "name", json_get_text(manifest, "tool"));
	json_end(&writer, '}');
	put_archives(&writer, manifest);
	put_distribution(&writer, manifest, arena);
	put_record_sets(&writer, manifest, arena);
	json_end(&writer, '}');
	if (compact.status == STATUS_OK)
		indent(buffer_span(&compact), out);
	else
		out->status = compact.status;
	buffer_free(&compact);
}
