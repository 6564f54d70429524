/* reading_wet: rows of a corpus kept as web archives. Such a record holds less than a row (docs/corpus-format.md): its
 * id, its text, its address and time, which document it is a copy of, why it was rejected. */
#include "corpus/reading_internal.h"
#include "warc/warc.h"

#include <string.h>

#define PROFILE_TEXT "urn:warcmill:revisit:"

static struct span get(const struct warc_record *record, const char *name)
{
	return warc_field_get(record->fields, record->field_count, name);
}

static void put_page(struct json_writer *writer, const struct warc_record *record)
{
	if (!span_starts(record->uri, SPAN("urn:uuid:"))) /* which stands for none */
		json_put_text(writer, "url", record->uri);
	json_put_text(writer, "fetch_time", record->date_text);
	json_put_text(writer, "title", get(record, "Warcmill-Title"));
	json_put_text(writer, "content_languages", get(record, "WARC-Identified-Content-Language"));
	json_put_text(writer, "split", get(record, "Warcmill-Split"));
}

static void put_document(struct json_writer *writer, const struct warc_record *record)
{
	json_key(writer, "text");
	json_text(writer, record->block.data ? record->block : SPAN(""));
	json_key(writer, "metadata");
	json_begin(writer, '{');
	put_page(writer, record);
	json_end(writer, '}');
}

static void put_duplicate(struct json_writer *writer, const struct warc_record *record)
{
	struct span profile = get(record, "WARC-Profile");
	bool by_text = span_starts(profile, SPAN(PROFILE_TEXT));
	put_page(writer, record);
	json_put_text(writer, "duplicate_of", get(record, "Warcmill-Duplicate-Of"));
	json_put_text(writer, "duplicate_of_url", get(record, "WARC-Refers-To-Target-URI"));
	json_put_text(writer, "kind", by_text ? span_slice(profile, strlen(PROFILE_TEXT), SIZE_MAX) : SPAN("revisit"));
}

static void put_rejected(struct json_writer *writer, const struct warc_record *record)
{
	struct span rest = record->block, line = SPAN_NONE;
	span_cut(&rest, '\n', &line);
	put_page(writer, record);
	if (span_starts(line, SPAN("rejected: ")))
		json_put_text(writer, "reason", span_trim(span_slice(line, 10, SIZE_MAX)));
}

static enum status record_row(const struct warc_record *record, struct row_visitor *visitor, struct fault *fault)
{
	static const enum warc_type types[TABLE_COUNT] = {WARC_TYPE_CONVERSION, WARC_TYPE_REVISIT, WARC_TYPE_METADATA};
	static void (*const put[TABLE_COUNT])(struct json_writer *,
					      const struct warc_record *) = {put_document, put_duplicate, put_rejected};
	struct json_writer writer;
	if (record->type == WARC_TYPE_WARCINFO)
		return STATUS_OK;
	if (record->type != types[visitor->table] || record->flags & (WARC_RECORD_CUT | WARC_RECORD_TOO_LARGE))
		return fault_set(fault, STATUS_DATA, record->offset, "the record at %llu is not a whole one of %s",
				 (unsigned long long)record->offset, corpus_table_names[visitor->table]);
	buffer_clear(&visitor->line);
	json_start(&writer, &visitor->line);
	json_begin(&writer, '{');
	json_put_text(&writer, "id", get(record, "Warcmill-ID"));
	put[visitor->table](&writer, record);
	json_end(&writer, '}');
	return row_visit(visitor, fault);
}

enum status wet_rows(const char *path, struct row_visitor *visitor, struct fault *fault)
{
	struct warc_inputs *inputs = NULL;
	const struct warc_options options = {.block_max = (size_t)512 << 20}; /* a text at its ceiling */
	enum status status = warc_inputs_new(&path, 1, NULL, &inputs, fault);
	struct warc_reader *reader = status == STATUS_OK ? warc_reader_new(&options) : NULL;
	if (status == STATUS_OK && !reader)
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory to read a web archive");
	if (status == STATUS_OK && warc_inputs_count(inputs) == 1)
		status = warc_reader_open(reader, warc_inputs_at(inputs, 0), 0, UINT64_MAX, true, fault);
	while (status == STATUS_OK) {
		struct warc_record record;
		struct warc_damage damage = {0};
		status = warc_next(reader, &record, &damage, fault);
		if (status == STATUS_OK)
			status = record_row(&record, visitor, fault);
		else if (status == STATUS_DATA && damage.padding)
			status = STATUS_OK;
		else if (status == STATUS_DATA)
			fault_set(fault, status, damage.offset, "at %llu: %s", (unsigned long long)damage.offset,
				  damage.text);
	}
	warc_reader_free(reader);
	warc_inputs_free(inputs);
	return status == STATUS_END && !visitor->refused ? STATUS_OK : status;
}
