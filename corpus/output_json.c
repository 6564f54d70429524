/* output_json: JSON lines. One row is one line; members stand in the order of the column table, absent ones are left
 * out, and an object that would be empty is left out too. */
#include "corpus/output_internal.h"

#include <stdlib.h>

enum { LINE_MAX_BYTES = 512 << 20 }; /* a text at its ceiling, every byte of it escaped */

/* The objects that are open around the member to be written. */
struct nesting {
	const char *outer, *inner;
};

/* Close and open objects until the next member stands where COLUMN says. */
static void nest(struct json_writer *writer, struct nesting *open, const struct column *column)
{
	bool same_outer =
		open->outer == column->outer || (open->outer && column->outer && !strcmp(open->outer, column->outer));
	bool same_inner =
		open->inner == column->inner || (open->inner && column->inner && !strcmp(open->inner, column->inner));
	if (open->inner && !(same_outer && same_inner)) {
		json_end(writer, '}');
		open->inner = NULL;
	}
	if (open->outer && !same_outer) {
		json_end(writer, '}');
		open->outer = NULL;
	}
	if (column->outer && !open->outer) {
		json_key(writer, column->outer);
		json_begin(writer, '{');
		open->outer = column->outer;
	}
	if (column->inner && !open->inner) {
		json_key(writer, column->inner);
		json_begin(writer, '{');
		open->inner = column->inner;
	}
}

static void put_list(struct json_writer *writer, const struct column_value *value)
{
	json_begin(writer, '[');
	for (size_t i = 0; i < value->list_count; i++)
		json_text(writer, value->list[i].data ? value->list[i] : SPAN(""));
	json_end(writer, ']');
}

static void put_value(struct json_writer *writer, const struct column *column, const struct column_value *value)
{
	char date[21];
	switch (column->kind) {
	case COLUMN_TEXT:
	case COLUMN_PRINT:
		json_text(writer, value->text);
		break;
	case COLUMN_TIME:
		date_format(value->time, date);
		json_text(writer, span_of(date));
		break;
	case COLUMN_SHARE:
		json_real(writer, value->share, 3);
		break;
	case COLUMN_BOOL:
		json_bool(writer, value->number);
		break;
	case COLUMN_LIST:
	case COLUMN_ROBOTS:
		put_list(writer, value);
		break;
	default:
		json_uint(writer, value->number);
	}
}

static void put_member(struct json_writer *writer, struct nesting *open, const struct column *column,
		       const struct column_value *value)
{
	if (!value->present)
		return;
	nest(writer, open, column);
	json_key(writer, column->name);
	put_value(writer, column, value);
}

static const struct column outside = {0};

enum status corpus_row_json(const struct corpus_row *row, struct buffer *out)
{
	const struct column_table *table = &corpus_columns[row->table];
	struct json_writer writer;
	struct nesting open = {0};
	struct column_value value;
	json_start(&writer, out);
	json_begin(&writer, '{');
	for (size_t i = 0; i < table->count; i++) {
		column_read(&table->columns[i], row, &value);
		put_member(&writer, &open, &table->columns[i], &value);
	}
	nest(&writer, &open, &outside);
	json_end(&writer, '}');
	return out->status;
}

enum status column_values_json(const struct column_table *table, const struct column_value *values, struct buffer *out)
{
	struct json_writer writer;
	struct nesting open = {0};
	json_start(&writer, out);
	json_begin(&writer, '{');
	for (size_t i = 0; i < table->count; i++)
		put_member(&writer, &open, &table->columns[i], &values[i]);
	nest(&writer, &open, &outside);
	json_end(&writer, '}');
	return out->status;
}

/* ---- The sink ------------------------------------------------------------------------------------------ */

struct jsonl {
	struct part_stream *stream;
	struct buffer line;
};

static enum status jsonl_begin(void **state, enum corpus_table table, const struct sink_options *options,
			       struct part_stream *stream, struct fault *fault)
{
	(void)table;
	(void)options;
	struct jsonl *self = memory_zeroed(1, sizeof *self);
	if (!self)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for an output file");
	self->stream = stream;
	buffer_init(&self->line, LINE_MAX_BYTES);
	*state = self;
	return STATUS_OK;
}

static enum status jsonl_row(void *state, const struct corpus_row *row, struct fault *fault)
{
	struct jsonl *self = state;
	buffer_clear(&self->line);
	corpus_row_json(row, &self->line);
	buffer_append_byte(&self->line, '\n');
	if (self->line.status != STATUS_OK)
		return fault_set(fault, self->line.status, 0, "no memory for a line of output");
	return part_stream_write(self->stream, buffer_span(&self->line), fault);
}

static enum status jsonl_end(void *state, struct fault *fault)
{
	(void)state;
	(void)fault;
	return STATUS_OK;
}

static void jsonl_free(void *state)
{
	struct jsonl *self = state;
	if (self)
		buffer_free(&self->line);
	free(self);
}

const struct sink_class sink_jsonl = {"jsonl", ".jsonl", false, jsonl_begin, jsonl_row, jsonl_end, jsonl_free};
