/* output_parquet: rows as Parquet. Columns are the same as the JSON members, flat ("cluster_size"); times are
 * timestamps, lists are lists, absent is null. */
#include "corpus/output_internal.h"
#include "corpus/parquet_internal.h"

#include <stdlib.h>

enum { GROUP_BYTES = 128 << 20 };

struct parquet_sink {
	const struct column_table *table;
	const char *table_name, *tool;
	struct parquet_writer *writer;
};

static const enum parquet_type types[] = {
	[COLUMN_TEXT] = PARQUET_TEXT,    [COLUMN_TIME] = PARQUET_TIME,        [COLUMN_COUNT] = PARQUET_INT64,
	[COLUMN_STATUS] = PARQUET_INT64, [COLUMN_OFFSET] = PARQUET_INT64,     [COLUMN_INT] = PARQUET_INT64,
	[COLUMN_SHARE] = PARQUET_DOUBLE, [COLUMN_BOOL] = PARQUET_BOOL,        [COLUMN_LIST] = PARQUET_TEXT_LIST,
	[COLUMN_PRINT] = PARQUET_TEXT,   [COLUMN_ROBOTS] = PARQUET_TEXT_LIST,
};

static void field_of(const struct column *column, struct parquet_field *field)
{
	column_flat_name(column, field->name);
	field->type = types[column->kind];
	field->required = column->flags & COLUMN_REQUIRED;
	field->statistics = column->flags & COLUMN_STATISTICS;
	field->unique = column->flags & COLUMN_UNIQUE;
}

static enum status parquet_begin(void **state, enum corpus_table table, const struct sink_options *options,
				 struct part_stream *stream, struct fault *fault)
{
	static const enum parquet_codec codecs[] = {
		[COMPRESS_ZSTD] = PARQUET_ZSTD, [COMPRESS_GZIP] = PARQUET_GZIP, [COMPRESS_NONE] = PARQUET_UNCOMPRESSED};
	struct parquet_field fields[80] = {0};
	struct parquet_sink *self = memory_zeroed(1, sizeof *self);
	*state = self;
	if (!self)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for an output file");
	self->table = &corpus_columns[table];
	self->table_name = corpus_table_names[table];
	self->tool = options->tool;
	for (size_t i = 0; i < self->table->count; i++)
		field_of(&self->table->columns[i], &fields[i]);
	return parquet_writer_new(fields, self->table->count, codecs[options->compression], GROUP_BYTES, stream,
				  &self->writer, fault);
}

static void put(struct parquet_column *column, enum column_kind kind, const struct column_value *value)
{
	if (!value->present) {
		parquet_put_absent(column);
		return;
	}
	switch (types[kind]) {
	case PARQUET_TEXT:
		parquet_put_text(column, value->text);
		break;
	case PARQUET_TIME:
		parquet_put_int(column, value->time * 1000);
		break;
	case PARQUET_INT64:
		parquet_put_int(column, (int64_t)value->number);
		break;
	case PARQUET_DOUBLE:
		parquet_put_double(column, value->share);
		break;
	case PARQUET_BOOL:
		parquet_put_bool(column, value->number);
		break;
	case PARQUET_TEXT_LIST:
		parquet_put_list(column, value->list, value->list_count);
		break;
	}
}

static enum status parquet_row(void *state, const struct corpus_row *row, struct fault *fault)
{
	struct parquet_sink *self = state;
	struct column_value value;
	for (size_t i = 0; i < self->table->count; i++) {
		column_read(&self->table->columns[i], row, &value);
		put(parquet_writer_column(self->writer, i), self->table->columns[i].kind, &value);
	}
	return parquet_writer_row_end(self->writer, fault);
}

static enum status parquet_end(void *state, struct fault *fault)
{
	struct parquet_sink *self = state;
	return parquet_writer_finish(self->writer, self->tool, "warcmill.table", self->table_name, fault);
}

static void parquet_free(void *state)
{
	struct parquet_sink *self = state;
	if (self)
		parquet_writer_free(self->writer);
	free(self);
}

const struct sink_class sink_parquet = {"parquet",   ".parquet",  true,        parquet_begin,
					parquet_row, parquet_end, parquet_free};
