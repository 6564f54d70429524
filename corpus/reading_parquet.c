/* reading_parquet: rows out of the Parquet files that parquet.c writes: the footer, then for each row group a cursor a
 * column, which holds one page at a time. A row is put together from the columns as the line that JSON would have.
 *
 * Columns are found by name, so a file without the newest ones is read as well. What this program does not write
 * (other encodings, pages of version 2, nested columns) is refused as damage; so is whatever does not fit together,
 * since a corpus may come from anywhere. */
#include "corpus/parquet_internal.h"
#include "corpus/reading_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum {
	COLUMNS_MAX = 128,
	FOOTER_MAX = 256 << 20,
	PAGE_HEADER_MAX = 512, /* ours have some 40 bytes */
	PAGE_VALUES_MAX = 1 << 24,
	PAGES_MAX = 1 << 30, /* bytes of all open pages and dictionaries */
};
enum { PAGE_DATA = 0, PAGE_DICTIONARY = 2 };
enum { ENCODING_PLAIN = 0, ENCODING_RLE = 3, ENCODING_RLE_DICTIONARY = 8 };

/* One column of the row group being read. */
struct cursor {
	const struct column *column;
	bool found;             /* in this file */
	bool required, is_list; /* by the file's schema; by the column's kind */
	uint64_t at, end;       /* stored bytes not yet read */
	uint64_t values;        /* not yet given out, of the whole chunk */
	int codec;
	struct buffer page, dictionary;                  /* as they are without compression */
	struct buffer starts;                            /* uint32_t: entries of the dictionary */
	struct buffer definitions, repetitions, indexes; /* uint32_t each */
	struct buffer list;                              /* struct span */
	struct span plain;                               /* what is left of PAGE's values, when not by dictionary */
	size_t page_values, next, next_index;            /* levels in the page; next level; next value of it */
	bool coded;
};

struct parquet_reader {
	int file;
	uint64_t size;
	const struct column_table *table;
	struct cursor cursors[COLUMNS_MAX];
	struct column_value values[COLUMNS_MAX];
	struct buffer footer, packed;
	ZSTD_DCtx *zstd;
	struct row_visitor *visitor;
	struct fault *fault;
};

static enum status damaged(struct parquet_reader *reader, const char *what)
{
	return fault_set(reader->fault, STATUS_DATA, 0, "the Parquet file is damaged: %s", what);
}

static enum status no_memory(struct parquet_reader *reader)
{
	return fault_set(reader->fault, STATUS_MEMORY, 0, "no memory to read a Parquet file");
}

/* SIZE bytes at OFFSET into OUT, which is emptied before. */
static enum status fetch(struct parquet_reader *reader, uint64_t offset, size_t size, struct buffer *out)
{
	buffer_clear(out);
	if (offset > reader->size || size > reader->size - offset)
		return damaged(reader, "an offset lies behind its end");
	if (buffer_reserve(out, size + 1) != STATUS_OK)
		return no_memory(reader);
	while (out->size < size) {
		ssize_t got = pread(reader->file, out->data + out->size, size - out->size, (off_t)(offset + out->size));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_set(reader->fault, STATUS_IO, offset, "cannot read: %s", strerror(errno));
		if (got == 0)
			return damaged(reader, "it ends too early");
		out->size += (size_t)got;
	}
	return STATUS_OK;
}

static uint64_t get_fixed(const char *at, size_t size)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)(unsigned char)at[i] << 8 * i;
	return value;
}

/* ---- Footer ------------------------------------------------------------------------------------------------------ */

static struct cursor *cursor_named(struct parquet_reader *reader, struct span name)
{
	char flat[64];
	for (size_t i = 0; i < reader->table->count; i++) {
		column_flat_name(&reader->table->columns[i], flat);
		if (span_equal(span_of(flat), name))
			return &reader->cursors[i];
	}
	return NULL;
}

/* SchemaElement: whether a column may be absent. Parts of lists have names that no column has. */
static void read_element(struct parquet_reader *reader, struct thrift_reader *in)
{
	int16_t field;
	int kind;
	int64_t repetition = 1;
	struct span name = SPAN("");
	thrift_read_struct(in, THRIFT_STRUCT);
	while (thrift_read_field(in, &field, &kind)) {
		if (field == 3)
			repetition = thrift_read_int(in, kind);
		else if (field == 4)
			name = thrift_read_binary(in, kind);
		else
			thrift_read_skip(in, kind);
	}
	struct cursor *cursor = cursor_named(reader, name);
	if (cursor)
		cursor->required = repetition == 0;
}

struct chunk {
	struct span name;
	int64_t codec, values, packed, data_at, dictionary_at;
};

static void read_chunk_meta(struct thrift_reader *in, int kind, struct chunk *chunk)
{
	int16_t field;
	int element;
	thrift_read_struct(in, kind);
	while (thrift_read_field(in, &field, &kind)) {
		int64_t *number = field == 4    ? &chunk->codec
				  : field == 5  ? &chunk->values
				  : field == 7  ? &chunk->packed
				  : field == 9  ? &chunk->data_at
				  : field == 11 ? &chunk->dictionary_at
						: NULL;
		if (number) {
			*number = thrift_read_int(in, kind);
		} else if (field == 3) {
			size_t count = thrift_read_list(in, kind, &element);
			for (size_t i = 0; i < count && !in->bad; i++) {
				struct span part = thrift_read_binary(in, element);
				if (i == 0)
					chunk->name = part;
			}
		} else {
			thrift_read_skip(in, kind);
		}
	}
}

/* ColumnChunk: sets the cursor of its column to the chunk's start. */
static enum status read_chunk(struct parquet_reader *reader, struct thrift_reader *in, uint64_t rows)
{
	struct chunk chunk = {.name = SPAN("")};
	int16_t field;
	int kind;
	thrift_read_struct(in, THRIFT_STRUCT);
	while (thrift_read_field(in, &field, &kind)) {
		if (field == 3)
			read_chunk_meta(in, kind, &chunk);
		else
			thrift_read_skip(in, kind);
	}
	struct cursor *cursor = cursor_named(reader, chunk.name);
	if (!cursor)
		return STATUS_OK;
	int64_t start = chunk.dictionary_at ? chunk.dictionary_at : chunk.data_at;
	if (chunk.values < 0 || chunk.packed < 0 || start < 0 || (uint64_t)start > reader->size ||
	    (uint64_t)chunk.packed > reader->size - (uint64_t)start)
		return damaged(reader, "a column lies behind its end");
	if ((uint64_t)chunk.values < rows)
		return damaged(reader, "a column has fewer values than rows");
	cursor->found = true;
	cursor->at = (uint64_t)start;
	cursor->end = (uint64_t)start + (uint64_t)chunk.packed;
	cursor->values = (uint64_t)chunk.values;
	cursor->codec = (int)chunk.codec;
	cursor->page_values = cursor->next = cursor->next_index = 0;
	buffer_clear(&cursor->starts);
	return STATUS_OK;
}

/* ---- RLE and bit-packing, mixed ---------------------------------------------------------------------------------- */

static bool get_varint(struct span *in, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && in->size; shift += 7) {
		unsigned char byte = (unsigned char)*in->data;
		*in = span_slice(*in, 1, SIZE_MAX);
		*value |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return true;
	}
	return false;
}

/* COUNT numbers of WIDTH bits to the empty OUT; room for them is reserved. */
static bool get_hybrid(struct span in, unsigned width, size_t count, struct buffer *out)
{
	uint32_t *to = (uint32_t *)(void *)out->data;
	size_t have = 0;
	while (have < count) {
		uint64_t head;
		if (!get_varint(&in, &head))
			return false;
		if (head & 1) {
			uint64_t bits = 0;
			unsigned ready = 0;
			size_t bytes = (size_t)(head >> 1) * width;
			if (head >> 1 > PAGE_VALUES_MAX || bytes > in.size)
				return false;
			size_t many = (size_t)(head >> 1) * 8;
			struct span packed = span_slice(in, 0, bytes);
			in = span_slice(in, bytes, SIZE_MAX);
			for (size_t at = 0; many && have < count; many--) {
				for (; ready < width; ready += 8)
					bits |= (uint64_t)(unsigned char)packed.data[at++] << ready;
				to[have++] = (uint32_t)(bits & (((uint64_t)1 << width) - 1));
				bits >>= width;
				ready -= width;
			}
		} else {
			size_t bytes = (width + 7) / 8;
			if (in.size < bytes || !head)
				return false;
			uint32_t value = (uint32_t)get_fixed(in.data, bytes);
			in = span_slice(in, bytes, SIZE_MAX);
			for (uint64_t many = head >> 1; many && have < count; many--)
				to[have++] = value;
		}
	}
	out->size = count * sizeof *to;
	return true;
}

static enum status get_numbers(struct parquet_reader *reader, struct span in, unsigned width, size_t count,
			       struct buffer *out)
{
	buffer_clear(out);
	if (buffer_reserve(out, (count + 1) * sizeof(uint32_t)) != STATUS_OK)
		return no_memory(reader);
	return get_hybrid(in, width, count, out) ? STATUS_OK : damaged(reader, "a page's numbers are cut");
}

static enum status get_levels(struct parquet_reader *reader, struct span *in, unsigned width, size_t count,
			      struct buffer *out)
{
	uint64_t size = in->size < 4 ? UINT64_MAX : get_fixed(in->data, 4);
	if (size > in->size - 4)
		return damaged(reader, "a page's levels are cut");
	struct span levels = span_slice(*in, 4, (size_t)size);
	*in = span_slice(*in, 4 + (size_t)size, SIZE_MAX);
	return get_numbers(reader, levels, width, count, out);
}

/* ---- Pages ------------------------------------------------------------------------------------------------------- */

struct page_header {
	int64_t kind, raw, packed, crc, values, encoding;
	bool has_crc;
};

static bool read_page_header(struct span bytes, struct page_header *header, size_t *size)
{
	struct thrift_reader in;
	int16_t field;
	int kind;
	*header = (struct page_header){.kind = -1, .encoding = -1};
	thrift_read_start(&in, bytes);
	while (thrift_read_field(&in, &field, &kind)) {
		int64_t *number = field == 1   ? &header->kind
				  : field == 2 ? &header->raw
				  : field == 3 ? &header->packed
				  : field == 4 ? &header->crc
					       : NULL;
		if (number) {
			*number = thrift_read_int(&in, kind);
			header->has_crc |= field == 4;
			continue;
		}
		if (field != 5 && field != 7) {
			thrift_read_skip(&in, kind);
			continue;
		}
		thrift_read_struct(&in, kind);
		while (thrift_read_field(&in, &field, &kind)) {
			if (field == 1)
				header->values = thrift_read_int(&in, kind);
			else if (field == 2)
				header->encoding = thrift_read_int(&in, kind);
			else
				thrift_read_skip(&in, kind);
		}
	}
	*size = (size_t)(in.at - (const unsigned char *)bytes.data);
	return !in.bad && in.depth == 0;
}

static bool unpack_gzip(struct span packed, struct buffer *out, size_t raw)
{
	z_stream gzip = {0};
	if (inflateInit2(&gzip, 15 + 32) != Z_OK)
		return false;
	gzip.next_in = (Bytef *)(uintptr_t)packed.data;
	gzip.avail_in = (uInt)packed.size;
	gzip.next_out = (Bytef *)out->data;
	gzip.avail_out = (uInt)raw;
	int code = inflate(&gzip, Z_FINISH);
	inflateEnd(&gzip);
	return code == Z_STREAM_END && gzip.avail_out == 0;
}

/* reader->packed to OUT, which has room. */
static bool unpack(struct parquet_reader *reader, int codec, struct buffer *out, size_t raw)
{
	struct span packed = buffer_span(&reader->packed);
	bool good;
	if (codec == PARQUET_ZSTD)
		good = ZSTD_decompressDCtx(reader->zstd, out->data, raw, packed.data, packed.size) == raw;
	else if (codec == PARQUET_GZIP)
		good = unpack_gzip(packed, out, raw);
	else if ((good = codec == PARQUET_UNCOMPRESSED && packed.size == raw))
		memcpy(out->data, packed.data, raw);
	out->size = good ? raw : 0;
	return good;
}

/* Where the dictionary's texts begin. */
static enum status index_dictionary(struct parquet_reader *reader, struct cursor *cursor, uint64_t count)
{
	struct span rest = buffer_span(&cursor->dictionary);
	buffer_clear(&cursor->starts);
	for (uint64_t i = 0; i < count; i++) {
		uint32_t start = (uint32_t)(cursor->dictionary.size - rest.size);
		uint64_t size = rest.size < 4 ? UINT64_MAX : get_fixed(rest.data, 4);
		if (rest.size < 4 || size > rest.size - 4)
			return damaged(reader, "a dictionary is cut");
		rest = span_slice(rest, 4 + (size_t)size, SIZE_MAX);
		buffer_append(&cursor->starts, &start, sizeof start);
	}
	return cursor->starts.status == STATUS_OK ? STATUS_OK : no_memory(reader);
}

static enum status begin_page(struct parquet_reader *reader, struct cursor *cursor, const struct page_header *header)
{
	struct span rest = buffer_span(&cursor->page);
	size_t count = (size_t)header->values;
	enum status status = STATUS_OK;
	if (header->values <= 0 || header->values > PAGE_VALUES_MAX || (uint64_t)header->values > cursor->values)
		return damaged(reader, "a page has more values than its column");
	if (cursor->is_list)
		status = get_levels(reader, &rest, 1, count, &cursor->repetitions);
	if (status == STATUS_OK && !cursor->required)
		status = get_levels(reader, &rest, cursor->is_list ? 2 : 1, count, &cursor->definitions);
	cursor->coded = header->encoding == ENCODING_RLE_DICTIONARY;
	if (status == STATUS_OK && cursor->coded) {
		unsigned width = rest.size ? (unsigned char)rest.data[0] : 0;
		if (width < 1 || width > 32)
			return damaged(reader, "a page has no width of numbers");
		const uint32_t *definitions = (const uint32_t *)(const void *)cursor->definitions.data;
		size_t present = cursor->required ? count : 0;
		for (size_t i = 0; !cursor->required && i < count; i++)
			present += definitions[i] == (cursor->is_list ? 2 : 1);
		status = get_numbers(reader, span_slice(rest, 1, SIZE_MAX), width, present, &cursor->indexes);
	} else if (status == STATUS_OK && header->encoding != ENCODING_PLAIN) {
		return damaged(reader, "a page has an encoding that this program does not write");
	}
	cursor->plain = rest;
	cursor->page_values = count;
	cursor->next = cursor->next_index = 0;
	return status;
}

static size_t open_bytes(const struct parquet_reader *reader)
{
	size_t sum = 0;
	for (size_t i = 0; i < reader->table->count; i++)
		sum += reader->cursors[i].page.size + reader->cursors[i].dictionary.size;
	return sum;
}

/* The next data page, and a dictionary page before it. */
static enum status next_page(struct parquet_reader *reader, struct cursor *cursor)
{
	for (;;) {
		struct page_header header;
		size_t size, left = (size_t)(cursor->end - cursor->at);
		enum status status =
			fetch(reader, cursor->at, left < PAGE_HEADER_MAX ? left : PAGE_HEADER_MAX, &reader->packed);
		if (status != STATUS_OK)
			return status;
		if (!left || !read_page_header(buffer_span(&reader->packed), &header, &size) || header.packed < 0 ||
		    header.raw < 0 || (uint64_t)header.packed > left - size)
			return damaged(reader, "a page's head cannot be read");
		bool dictionary = header.kind == PAGE_DICTIONARY;
		struct buffer *out = dictionary ? &cursor->dictionary : &cursor->page;
		buffer_clear(out);
		if (header.kind != PAGE_DATA && !dictionary)
			return damaged(reader, "a page is of a kind that this program does not write");
		if ((uint64_t)header.raw > PAGES_MAX - open_bytes(reader))
			return damaged(reader, "its pages are too large");
		status = fetch(reader, cursor->at + size, (size_t)header.packed, &reader->packed);
		if (status != STATUS_OK)
			return status;
		if (header.has_crc && (uint32_t)header.crc != (uint32_t)crc32(0, (const Bytef *)reader->packed.data,
									      (uInt)reader->packed.size))
			return damaged(reader, "a page's checksum differs");
		if (buffer_reserve(out, (size_t)header.raw + 1) != STATUS_OK)
			return no_memory(reader);
		if (!unpack(reader, cursor->codec, out, (size_t)header.raw))
			return damaged(reader, "a page cannot be decompressed");
		cursor->at += size + (uint64_t)header.packed;
		if (!dictionary)
			return begin_page(reader, cursor, &header);
		if (header.values < 0 ||
		    (status = index_dictionary(reader, cursor, (uint64_t)header.values)) != STATUS_OK)
			return status != STATUS_OK ? status : damaged(reader, "a dictionary is cut");
	}
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

static bool take_text(struct cursor *cursor, struct span *text)
{
	struct span from = cursor->plain;
	if (cursor->coded) {
		uint32_t index, start;
		if ((cursor->next_index + 1) * sizeof index > cursor->indexes.size)
			return false;
		memcpy(&index, cursor->indexes.data + cursor->next_index++ * sizeof index, sizeof index);
		if (index >= cursor->starts.size / sizeof start)
			return false;
		memcpy(&start, cursor->starts.data + index * sizeof start, sizeof start);
		from = span_slice(buffer_span(&cursor->dictionary), start, SIZE_MAX);
	}
	uint64_t size = from.size < 4 ? UINT64_MAX : get_fixed(from.data, 4);
	if (from.size < 4 || size > from.size - 4)
		return false;
	*text = span_slice(from, 4, (size_t)size);
	if (!cursor->coded)
		cursor->plain = span_slice(from, 4 + (size_t)size, SIZE_MAX);
	return true;
}

static bool take_number(struct cursor *cursor, uint64_t *number)
{
	if (cursor->coded || cursor->plain.size < 8)
		return false;
	*number = get_fixed(cursor->plain.data, 8);
	cursor->plain = span_slice(cursor->plain, 8, SIZE_MAX);
	return true;
}

static bool take_bool(struct cursor *cursor, uint64_t *number)
{
	size_t bit = cursor->next_index++;
	if (cursor->coded || bit / 8 >= cursor->plain.size)
		return false;
	*number = (unsigned)cursor->plain.data[bit / 8] >> bit % 8 & 1;
	return true;
}

static bool take_value(struct cursor *cursor, struct column_value *value)
{
	uint64_t bits;
	switch (cursor->column->kind) {
	case COLUMN_TEXT:
	case COLUMN_PRINT:
		return take_text(cursor, &value->text);
	case COLUMN_BOOL:
		return take_bool(cursor, &value->number);
	case COLUMN_TIME:
		if (!take_number(cursor, &bits))
			return false;
		value->time = (int64_t)bits / 1000;
		return true;
	case COLUMN_SHARE:
		if (!take_number(cursor, &bits))
			return false;
		memcpy(&value->share, &bits, sizeof value->share);
		return value->share >= 0 && value->share <= 1e9;
	default:
		return take_number(cursor, &value->number);
	}
}

static uint32_t level_at(const struct buffer *levels, size_t index)
{
	uint32_t level;
	memcpy(&level, levels->data + index * sizeof level, sizeof level);
	return level;
}

/* A list lies in one page. */
static bool take_list(struct cursor *cursor, struct column_value *value)
{
	buffer_clear(&cursor->list);
	value->present = level_at(&cursor->definitions, cursor->next) == 2;
	do {
		struct span text;
		if (value->present && (level_at(&cursor->definitions, cursor->next) != 2 || !take_text(cursor, &text) ||
				       buffer_append(&cursor->list, &text, sizeof text) != STATUS_OK))
			return false;
		cursor->next++;
		cursor->values--;
	} while (cursor->next < cursor->page_values && level_at(&cursor->repetitions, cursor->next));
	value->list = (const struct span *)(const void *)cursor->list.data;
	value->list_count = cursor->list.size / sizeof *value->list;
	return true;
}

static enum status read_value(struct parquet_reader *reader, struct cursor *cursor, struct column_value *value)
{
	value->present = false;
	if (!cursor->found)
		return STATUS_OK;
	if (cursor->next == cursor->page_values) {
		enum status status = next_page(reader, cursor);
		if (status != STATUS_OK)
			return status;
	}
	bool good = true;
	if (cursor->is_list) {
		good = !cursor->required && take_list(cursor, value);
	} else {
		value->present = cursor->required || level_at(&cursor->definitions, cursor->next) == 1;
		cursor->next++;
		cursor->values--;
		if (value->present)
			good = take_value(cursor, value);
	}
	return good ? STATUS_OK : damaged(reader, "a page has fewer values than it says");
}

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

static enum status read_row(struct parquet_reader *reader)
{
	struct row_visitor *visitor = reader->visitor;
	for (size_t i = 0; i < reader->table->count; i++) {
		enum status status = read_value(reader, &reader->cursors[i], &reader->values[i]);
		if (status != STATUS_OK)
			return status;
	}
	buffer_clear(&visitor->line);
	if (column_values_json(reader->table, reader->values, &visitor->line) != STATUS_OK)
		return no_memory(reader);
	return row_visit(visitor, reader->fault);
}

/* RowGroup: its columns, and then its rows. */
static enum status read_group(struct parquet_reader *reader, struct thrift_reader *in)
{
	int16_t field;
	int kind, element;
	struct thrift_reader columns = {.bad = true};
	size_t column_count = 0;
	int64_t rows = 0;
	thrift_read_struct(in, THRIFT_STRUCT);
	while (thrift_read_field(in, &field, &kind)) {
		if (field == 1) {
			columns = *in;
			column_count = thrift_read_list(&columns, kind, &element);
		}
		if (field == 3)
			rows = thrift_read_int(in, kind);
		else
			thrift_read_skip(in, kind);
	}
	for (size_t i = 0; i < reader->table->count; i++)
		reader->cursors[i].found = false;
	if (in->bad || columns.bad || rows < 0)
		return damaged(reader, "its footer cannot be read");
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < column_count; i++)
		status = read_chunk(reader, &columns, (uint64_t)rows);
	if (status == STATUS_OK && (columns.bad || !reader->cursors[0].found))
		status = damaged(reader, "its footer cannot be read");
	for (int64_t row = 0; status == STATUS_OK && row < rows; row++)
		status = read_row(reader);
	return status;
}

static enum status read_file(struct parquet_reader *reader)
{
	struct thrift_reader in;
	int16_t field;
	int kind, element;
	enum status status = fetch(reader, reader->size < 12 ? 0 : reader->size - 8, 8, &reader->footer);
	if (status != STATUS_OK)
		return status;
	uint64_t size = get_fixed(reader->footer.data, 4);
	if (memcmp(reader->footer.data + 4, "PAR1", 4) != 0 || size > reader->size - 12 || size > FOOTER_MAX)
		return damaged(reader, "it has no footer");
	status = fetch(reader, reader->size - 8 - size, (size_t)size, &reader->footer);
	if (status != STATUS_OK)
		return status;
	thrift_read_start(&in, buffer_span(&reader->footer));
	while (status == STATUS_OK && thrift_read_field(&in, &field, &kind)) {
		if (field != 2 && field != 4) {
			thrift_read_skip(&in, kind);
			continue;
		}
		size_t count = thrift_read_list(&in, kind, &element);
		for (size_t i = 0; i < count && status == STATUS_OK && !in.bad; i++)
			if (field == 2)
				read_element(reader, &in);
			else
				status = read_group(reader, &in);
	}
	return status == STATUS_OK && (in.bad || in.depth) ? damaged(reader, "its footer cannot be read") : status;
}

static void each_buffer(struct parquet_reader *reader, void (*act)(struct buffer *))
{
	act(&reader->footer);
	act(&reader->packed);
	for (size_t i = 0; i < reader->table->count; i++) {
		struct cursor *cursor = &reader->cursors[i];
		act(&cursor->page);
		act(&cursor->dictionary);
		act(&cursor->starts);
		act(&cursor->definitions);
		act(&cursor->repetitions);
		act(&cursor->indexes);
		act(&cursor->list);
	}
}

static void start_buffer(struct buffer *buffer)
{
	buffer_init(buffer, (size_t)PAGES_MAX + 1);
}

enum status parquet_rows(const char *path, struct row_visitor *visitor, struct fault *fault)
{
	struct stat about;
	struct parquet_reader *reader = memory_zeroed(1, sizeof *reader);
	if (!reader)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to read a Parquet file");
	reader->table = &corpus_columns[visitor->table];
	reader->visitor = visitor;
	reader->fault = fault;
	each_buffer(reader, start_buffer);
	for (size_t i = 0; i < reader->table->count; i++) {
		struct cursor *cursor = &reader->cursors[i];
		cursor->column = &reader->table->columns[i];
		cursor->is_list = cursor->column->kind == COLUMN_LIST || cursor->column->kind == COLUMN_ROBOTS;
	}
	reader->file = open(path, O_RDONLY | O_CLOEXEC);
	enum status status = STATUS_OK;
	if (reader->file < 0 || fstat(reader->file, &about) != 0)
		status = fault_set(fault, STATUS_IO, 0, "cannot open %.160s: %s", path, strerror(errno));
	else if (!(reader->zstd = ZSTD_createDCtx()))
		status = no_memory(reader);
	if (status == STATUS_OK) {
		reader->size = (uint64_t)about.st_size;
		status = read_file(reader);
	}
	if (reader->file >= 0)
		close(reader->file);
	ZSTD_freeDCtx(reader->zstd);
	each_buffer(reader, buffer_free);
	free(reader);
	return status;
}
