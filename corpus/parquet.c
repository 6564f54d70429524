/* parquet: the file around the columns: magic bytes, row groups one after the other, footer. */
#include "corpus/parquet_internal.h"

#include <stdlib.h>

enum { GROUP_MAX = 1 << 30, FOOTER_MAX = 256 << 20 };
/* parquet.thrift: Type, ConvertedType, FieldRepetitionType */
enum { TYPE_BOOLEAN = 0, TYPE_INT64 = 2, TYPE_DOUBLE = 5, TYPE_BYTE_ARRAY = 6 };
enum { CONVERTED_UTF8 = 0, CONVERTED_LIST = 3, CONVERTED_TIMESTAMP_MILLIS = 9 };
enum { REQUIRED = 0, OPTIONAL = 1, REPEATED = 2 };
enum { LOGICAL_STRING = 1, LOGICAL_LIST = 3, LOGICAL_TIMESTAMP = 8 };
enum { ENCODING_PLAIN = 0, ENCODING_RLE = 3, ENCODING_RLE_DICTIONARY = 8 };

struct group {
	uint64_t rows, start, packed_bytes, raw_bytes;
	struct parquet_chunk *chunks; /* [column_count] */
	uint64_t *offsets;            /* [column_count] where each chunk begins in the file */
};

struct parquet_writer {
	struct parquet_field *fields;
	struct parquet_column **columns;
	size_t column_count;
	struct parquet_packer *packer;
	struct part_stream *stream;
	uint64_t group_bytes, pending_bytes, pending_rows, row_count;
	struct group *groups;
	size_t group_count, group_capacity;
	struct buffer bytes;
};

enum status parquet_writer_new(const struct parquet_field *fields, size_t count, enum parquet_codec codec,
			       uint64_t group_bytes, struct part_stream *stream, struct parquet_writer **out,
			       struct fault *fault)
{
	struct parquet_writer *writer = memory_zeroed(1, sizeof *writer);
	*out = NULL;
	if (!writer)
		goto fail;
	buffer_init(&writer->bytes, GROUP_MAX);
	writer->stream = stream;
	writer->group_bytes = group_bytes;
	writer->fields = memory_zeroed(count, sizeof *writer->fields);
	writer->columns = memory_zeroed(count, sizeof *writer->columns);
	writer->packer = parquet_packer_new(codec);
	if (!writer->fields || !writer->columns || !writer->packer)
		goto fail;
	memcpy(writer->fields, fields, count * sizeof *fields);
	for (; writer->column_count < count; writer->column_count++) {
		struct parquet_column **column = &writer->columns[writer->column_count];
		*column = parquet_column_new(&writer->fields[writer->column_count], writer->packer);
		if (!*column)
			goto fail;
	}
	*out = writer;
	return part_stream_write(stream, SPAN("PAR1"), fault);
fail:
	parquet_writer_free(writer);
	return fault_set(fault, STATUS_MEMORY, 0, "no memory for a Parquet file");
}

void parquet_writer_free(struct parquet_writer *writer)
{
	if (!writer)
		return;
	for (size_t g = 0; g < writer->group_count; g++) {
		for (size_t i = 0; i < writer->column_count; i++) {
			buffer_free(&writer->groups[g].chunks[i].least);
			buffer_free(&writer->groups[g].chunks[i].greatest);
		}
		free(writer->groups[g].chunks);
		free(writer->groups[g].offsets);
	}
	for (size_t i = 0; i < writer->column_count; i++)
		parquet_column_free(writer->columns[i]);
	free(writer->groups);
	free(writer->columns);
	free(writer->fields);
	parquet_packer_free(writer->packer);
	buffer_free(&writer->bytes);
	free(writer);
}

struct parquet_column *parquet_writer_column(struct parquet_writer *writer, size_t index)
{
	return writer->columns[index];
}

/* ---- Row groups -------------------------------------------------------------------------------------------------- */

static struct group *group_add(struct parquet_writer *writer)
{
	if (writer->group_count == writer->group_capacity) {
		size_t capacity = writer->group_capacity ? 2 * writer->group_capacity : 8;
		struct group *groups = memory_grow(writer->groups, capacity * sizeof *groups);
		if (!groups)
			return NULL;
		writer->groups = groups;
		writer->group_capacity = capacity;
	}
	struct group *group = &writer->groups[writer->group_count];
	*group = (struct group){
		.chunks = memory_zeroed(writer->column_count, sizeof *group->chunks),
		.offsets = memory_zeroed(writer->column_count, sizeof *group->offsets),
	};
	if (!group->chunks || !group->offsets) {
		free(group->chunks);
		free(group->offsets);
		return NULL;
	}
	for (size_t i = 0; i < writer->column_count; i++) {
		buffer_init(&group->chunks[i].least, GROUP_MAX);
		buffer_init(&group->chunks[i].greatest, GROUP_MAX);
	}
	writer->group_count++;
	return group;
}

static enum status group_flush(struct parquet_writer *writer, struct fault *fault)
{
	struct group *group = group_add(writer);
	if (!group)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for a Parquet row group");
	group->rows = writer->pending_rows;
	group->start = part_stream_offset(writer->stream);
	for (size_t i = 0; i < writer->column_count; i++) {
		buffer_clear(&writer->bytes);
		group->offsets[i] = part_stream_offset(writer->stream);
		enum status status = parquet_column_flush(writer->columns[i], &writer->bytes, &group->chunks[i]);
		if (status != STATUS_OK)
			return fault_set(fault, status, 0, "no memory for a Parquet row group");
		status = part_stream_write(writer->stream, buffer_span(&writer->bytes), fault);
		if (status != STATUS_OK)
			return status;
		group->packed_bytes += group->chunks[i].packed_bytes;
		group->raw_bytes += group->chunks[i].raw_bytes;
	}
	writer->row_count += writer->pending_rows;
	writer->pending_rows = writer->pending_bytes = 0;
	return STATUS_OK;
}

enum status parquet_writer_row_end(struct parquet_writer *writer, struct fault *fault)
{
	for (size_t i = 0; i < writer->column_count; i++) {
		writer->pending_bytes += parquet_column_row_end(writer->columns[i]);
		enum status status = parquet_column_status(writer->columns[i]);
		if (status != STATUS_OK)
			return fault_set(fault, status, 0, "no memory for a Parquet column");
	}
	writer->pending_rows++;
	return writer->pending_bytes >= writer->group_bytes ? group_flush(writer, fault) : STATUS_OK;
}

/* ---- Footer: FileMetaData of parquet.thrift ------------------------------------------------------------------------
 */

static const struct {
	int type, converted, logical; /* -1: none */
} forms[] = {
	[PARQUET_TEXT] = {TYPE_BYTE_ARRAY, CONVERTED_UTF8, LOGICAL_STRING},
	[PARQUET_INT64] = {TYPE_INT64, -1, -1},
	[PARQUET_TIME] = {TYPE_INT64, CONVERTED_TIMESTAMP_MILLIS, LOGICAL_TIMESTAMP},
	[PARQUET_DOUBLE] = {TYPE_DOUBLE, -1, -1},
	[PARQUET_BOOL] = {TYPE_BOOLEAN, -1, -1},
	[PARQUET_TEXT_LIST] = {TYPE_BYTE_ARRAY, CONVERTED_UTF8, LOGICAL_STRING},
};

static void put_logical(struct thrift *footer, int logical)
{
	if (logical < 0)
		return;
	thrift_struct(footer, 10);
	thrift_struct(footer, (int16_t)logical);
	if (logical == LOGICAL_TIMESTAMP) {
		thrift_bool(footer, 1, true); /* adjusted to UTC */
		thrift_struct(footer, 2);
		thrift_struct(footer, 1); /* milliseconds */
		thrift_stop(footer);
		thrift_stop(footer);
	}
	thrift_stop(footer);
	thrift_stop(footer);
}

static void put_leaf(struct thrift *footer, const char *name, enum parquet_type type, int repetition)
{
	thrift_element_struct(footer);
	thrift_i32(footer, 1, forms[type].type);
	thrift_i32(footer, 3, repetition);
	thrift_binary(footer, 4, span_of(name));
	if (forms[type].converted >= 0)
		thrift_i32(footer, 6, forms[type].converted);
	put_logical(footer, forms[type].logical);
	thrift_stop(footer);
}

static void put_branch(struct thrift *footer, const char *name, int repetition, size_t children, bool list)
{
	thrift_element_struct(footer);
	if (repetition >= 0)
		thrift_i32(footer, 3, repetition);
	thrift_binary(footer, 4, span_of(name));
	thrift_i32(footer, 5, (int32_t)children);
	if (list) {
		thrift_i32(footer, 6, CONVERTED_LIST);
		put_logical(footer, LOGICAL_LIST);
	}
	thrift_stop(footer);
}

static void put_schema(const struct parquet_writer *writer, struct thrift *footer)
{
	size_t elements = 1;
	for (size_t i = 0; i < writer->column_count; i++)
		elements += writer->fields[i].type == PARQUET_TEXT_LIST ? 3 : 1;
	thrift_list(footer, 2, THRIFT_STRUCT, elements);
	put_branch(footer, "schema", -1, writer->column_count, false);
	for (size_t i = 0; i < writer->column_count; i++) {
		const struct parquet_field *field = &writer->fields[i];
		if (field->type != PARQUET_TEXT_LIST) {
			put_leaf(footer, field->name, field->type, field->required ? REQUIRED : OPTIONAL);
			continue;
		}
		put_branch(footer, field->name, OPTIONAL, 1, true);
		put_branch(footer, "list", REPEATED, 1, false);
		put_leaf(footer, "element", PARQUET_TEXT, REQUIRED);
	}
}

static void put_statistics(struct thrift *footer, const struct parquet_chunk *chunk)
{
	thrift_struct(footer, 12);
	thrift_i64(footer, 3, (int64_t)chunk->nulls);
	if (chunk->has_range) {
		thrift_binary(footer, 5, buffer_span(&chunk->greatest));
		thrift_binary(footer, 6, buffer_span(&chunk->least));
	}
	thrift_stop(footer);
}

static void put_encodings(struct thrift *footer, const struct parquet_chunk *chunk)
{
	thrift_list(footer, 2, THRIFT_I32, 1 + (size_t)(chunk->plain || chunk->dictionary) + (size_t)chunk->dictionary);
	thrift_element_i32(footer, ENCODING_RLE);
	if (chunk->plain || chunk->dictionary) /* a dictionary page is PLAIN itself */
		thrift_element_i32(footer, ENCODING_PLAIN);
	if (chunk->dictionary)
		thrift_element_i32(footer, ENCODING_RLE_DICTIONARY);
}

static void put_chunk(const struct parquet_writer *writer, struct thrift *footer, const struct group *group,
		      size_t index)
{
	const struct parquet_field *field = &writer->fields[index];
	const struct parquet_chunk *chunk = &group->chunks[index];
	bool list = field->type == PARQUET_TEXT_LIST;
	thrift_element_struct(footer);
	thrift_i64(footer, 2, (int64_t)group->offsets[index]);
	thrift_struct(footer, 3);
	thrift_i32(footer, 1, forms[field->type].type);
	put_encodings(footer, chunk);
	thrift_list(footer, 3, THRIFT_BINARY, list ? 3 : 1);
	thrift_element_binary(footer, span_of(field->name));
	if (list) {
		thrift_element_binary(footer, SPAN("list"));
		thrift_element_binary(footer, SPAN("element"));
	}
	thrift_i32(footer, 4, parquet_packer_codec(writer->packer));
	thrift_i64(footer, 5, (int64_t)chunk->values);
	thrift_i64(footer, 6, (int64_t)chunk->raw_bytes);
	thrift_i64(footer, 7, (int64_t)chunk->packed_bytes);
	thrift_i64(footer, 9, (int64_t)(group->offsets[index] + chunk->dictionary_bytes));
	if (chunk->dictionary)
		thrift_i64(footer, 11, (int64_t)group->offsets[index]);
	put_statistics(footer, chunk);
	thrift_stop(footer);
	thrift_stop(footer);
}

static void put_groups(const struct parquet_writer *writer, struct thrift *footer)
{
	thrift_list(footer, 4, THRIFT_STRUCT, writer->group_count);
	for (size_t g = 0; g < writer->group_count; g++) {
		const struct group *group = &writer->groups[g];
		thrift_element_struct(footer);
		thrift_list(footer, 1, THRIFT_STRUCT, writer->column_count);
		for (size_t i = 0; i < writer->column_count; i++)
			put_chunk(writer, footer, group, i);
		thrift_i64(footer, 2, (int64_t)group->raw_bytes);
		thrift_i64(footer, 3, (int64_t)group->rows);
		thrift_i64(footer, 5, (int64_t)group->start);
		thrift_i64(footer, 6, (int64_t)group->packed_bytes);
		thrift_stop(footer);
	}
}

enum status parquet_writer_finish(struct parquet_writer *writer, const char *created_by, const char *key,
				  const char *value, struct fault *fault)
{
	enum status status = writer->pending_rows ? group_flush(writer, fault) : STATUS_OK;
	if (status != STATUS_OK)
		return status;
	struct buffer *out = &writer->bytes;
	struct thrift footer;
	buffer_clear(out);
	thrift_start(&footer, out);
	thrift_i32(&footer, 1, 2);
	put_schema(writer, &footer);
	thrift_i64(&footer, 3, (int64_t)writer->row_count);
	put_groups(writer, &footer);
	thrift_list(&footer, 5, THRIFT_STRUCT, 1);
	thrift_element_struct(&footer);
	thrift_binary(&footer, 1, span_of(key));
	thrift_binary(&footer, 2, span_of(value));
	thrift_stop(&footer);
	thrift_binary(&footer, 6, span_of(created_by));
	thrift_list(&footer, 7, THRIFT_STRUCT, writer->column_count);
	for (size_t i = 0; i < writer->column_count; i++) { /* ColumnOrder: TypeDefinedOrder */
		thrift_element_struct(&footer);
		thrift_struct(&footer, 1);
		thrift_stop(&footer);
		thrift_stop(&footer);
	}
	thrift_stop(&footer);
	uint32_t size = (uint32_t)out->size;
	for (unsigned i = 0; i < 4; i++)
		buffer_append_byte(out, (char)(size >> 8 * i));
	buffer_append_span(out, SPAN("PAR1"));
	if (out->status != STATUS_OK)
		return fault_set(fault, out->status, 0, "no memory for a Parquet footer");
	return part_stream_write(writer->stream, buffer_span(out), fault);
}
