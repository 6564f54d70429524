/* parquet_column: one column of one row group: values to pages, pages to compressed bytes.
 *
 * A column of texts begins with a dictionary: hosts, languages and file names repeat. When the dictionary has grown
 * past its bound, or the values turn out to differ, the pages that follow are PLAIN, as the format allows; the decision
 * is taken at the end of a page, by counts alone, so it depends on the rows and nothing else. Numbers are PLAIN: the
 * general compressor behind does for them what a dictionary would. */
#include "corpus/parquet_internal.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum {
	PAGE_BYTES = 1 << 20, /* of values, before compression */
	PAGE_ROWS = 20000,
	DICTIONARY_BYTES = 1 << 20,
	SLOTS = 1 << 16,     /* of the dictionary's hash table; at most half are used */
	CHUNK_MAX = 1 << 30, /* page sizes are 32-bit in the format */
	RANGE_MAX = 4096,    /* longer texts are left out of the statistics, with the whole range */
	ZSTD_LEVEL = 3,
	GZIP_LEVEL = 6,
};
enum { PAGE_DATA = 0, PAGE_DICTIONARY = 2 };
enum { ENCODING_PLAIN = 0, ENCODING_RLE = 3, ENCODING_RLE_DICTIONARY = 8 };

/* ---- Compression ----------------------------------------------------------------------------------------- */

struct parquet_packer {
	enum parquet_codec codec;
	ZSTD_CCtx *zstd;
	z_stream gzip;
	bool gzip_ready;
};

struct parquet_packer *parquet_packer_new(enum parquet_codec codec)
{
	struct parquet_packer *packer = memory_zeroed(1, sizeof *packer);
	if (!packer)
		return NULL;
	packer->codec = codec;
	if (codec == PARQUET_ZSTD)
		packer->zstd = ZSTD_createCCtx();
	else if (codec == PARQUET_GZIP)
		packer->gzip_ready =
			deflateInit2(&packer->gzip, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK;
	if ((codec == PARQUET_ZSTD && !packer->zstd) || (codec == PARQUET_GZIP && !packer->gzip_ready)) {
		parquet_packer_free(packer);
		return NULL;
	}
	return packer;
}

void parquet_packer_free(struct parquet_packer *packer)
{
	if (!packer)
		return;
	ZSTD_freeCCtx(packer->zstd);
	if (packer->gzip_ready)
		deflateEnd(&packer->gzip);
	free(packer);
}

enum parquet_codec parquet_packer_codec(const struct parquet_packer *packer)
{
	return packer->codec;
}

static void pack_gzip(struct parquet_packer *packer, struct span raw, struct buffer *out)
{
	size_t bound = deflateBound(&packer->gzip, raw.size);
	if (buffer_reserve(out, bound) != STATUS_OK)
		return;
	packer->gzip.next_in = (Bytef *)(uintptr_t)raw.data;
	packer->gzip.avail_in = (uInt)raw.size;
	packer->gzip.next_out = (Bytef *)out->data + out->size;
	packer->gzip.avail_out = (uInt)bound;
	if (deflate(&packer->gzip, Z_FINISH) == Z_STREAM_END)
		out->size += bound - packer->gzip.avail_out;
	else
		out->status = STATUS_MEMORY;
	deflateReset(&packer->gzip);
}

static void pack(struct parquet_packer *packer, struct span raw, struct buffer *out)
{
	if (packer->codec == PARQUET_UNCOMPRESSED) {
		buffer_append_span(out, raw);
	} else if (packer->codec == PARQUET_GZIP) {
		pack_gzip(packer, raw, out);
	} else if (buffer_reserve(out, ZSTD_compressBound(raw.size)) == STATUS_OK) {
		size_t size = ZSTD_compressCCtx(packer->zstd, out->data + out->size, out->capacity - out->size,
						raw.data, raw.size, ZSTD_LEVEL);
		if (ZSTD_isError(size))
			out->status = STATUS_MEMORY;
		else
			out->size += size;
	}
}

/* ---- A column ---------------------------------------------------------------------------------------------- */

struct parquet_column {
	const struct parquet_field *field;
	struct parquet_packer *packer;
	unsigned level_max; /* definition level of a value that is there: 0 required, 1 optional, 2 in a list */

	/* The page being filled. Levels one byte each. */
	struct buffer definitions, repetitions, values, indexes; /* indexes: uint32_t into the dictionary */
	uint64_t page_rows, page_bits;                           /* page_bits: BOOL values so far */
	size_t row_bytes;

	/* The dictionary. */
	bool by_dictionary;
	struct buffer dictionary, starts; /* plain form; uint32_t start of each entry */
	uint32_t entries;
	uint64_t dictionary_values; /* values coded by it so far */
	uint32_t *slots;            /* [SLOTS] entry + 1 */

	/* The chunk so far. */
	struct buffer pages, body, packed; /* finished pages; scratch */
	struct parquet_chunk chunk;
};

struct parquet_column *parquet_column_new(const struct parquet_field *field, struct parquet_packer *packer)
{
	struct parquet_column *column = memory_zeroed(1, sizeof *column);
	if (!column)
		return NULL;
	column->field = field;
	column->packer = packer;
	column->level_max = field->type == PARQUET_TEXT_LIST ? 2 : field->required ? 0 : 1;
	struct buffer *buffers[] = {&column->definitions, &column->repetitions,   &column->values,
				    &column->indexes,     &column->dictionary,    &column->starts,
				    &column->pages,       &column->body,          &column->packed,
				    &column->chunk.least, &column->chunk.greatest};
	for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
		buffer_init(buffers[i], CHUNK_MAX);
	bool texts = field->type == PARQUET_TEXT || field->type == PARQUET_TEXT_LIST;
	column->by_dictionary = texts && !field->unique;
	if (column->by_dictionary && !(column->slots = memory_zeroed(SLOTS, sizeof *column->slots))) {
		parquet_column_free(column);
		return NULL;
	}
	return column;
}

void parquet_column_free(struct parquet_column *column)
{
	if (!column)
		return;
	struct buffer *buffers[] = {&column->definitions, &column->repetitions,   &column->values,
				    &column->indexes,     &column->dictionary,    &column->starts,
				    &column->pages,       &column->body,          &column->packed,
				    &column->chunk.least, &column->chunk.greatest};
	for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
		buffer_free(buffers[i]);
	free(column->slots);
	free(column);
}

/* ---- Statistics: unsigned bytewise order for texts, as the format defines for STRING ------------------------- */

static void widen(struct buffer *bound, struct span value, bool first, int sign)
{
	if (!first && sign * span_compare(value, buffer_span(bound)) <= 0)
		return;
	buffer_clear(bound);
	buffer_append_span(bound, value);
}

static void note_text(struct parquet_column *column, struct span value)
{
	struct parquet_chunk *chunk = &column->chunk;
	widen(&chunk->least, value, !chunk->has_range, -1);
	widen(&chunk->greatest, value, !chunk->has_range, 1);
	chunk->has_range = true;
}

static void note_number(struct parquet_column *column, int64_t value)
{
	struct parquet_chunk *chunk = &column->chunk;
	int64_t least = value, greatest = value;
	if (chunk->has_range) {
		memcpy(&least, chunk->least.data, sizeof least);
		memcpy(&greatest, chunk->greatest.data, sizeof greatest);
	}
	least = value < least ? value : least;
	greatest = value > greatest ? value : greatest;
	buffer_clear(&chunk->least);
	buffer_clear(&chunk->greatest);
	buffer_append(&chunk->least, &least, sizeof least);
	buffer_append(&chunk->greatest, &greatest, sizeof greatest);
	chunk->has_range = parquet_column_status(column) == STATUS_OK;
}

/* ---- Values ------------------------------------------------------------------------------------------------- */

/* Numbers are stored little-endian whatever the machine is. */
static void put_fixed(struct buffer *out, uint64_t value, size_t size)
{
	char bytes[8];
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(value >> 8 * i);
	buffer_append(out, bytes, size);
}

static void put_plain_text(struct buffer *out, struct span value)
{
	put_fixed(out, value.size, 4);
	buffer_append_span(out, value);
}

static struct span dictionary_entry(const struct parquet_column *column, uint32_t entry)
{
	uint32_t start;
	memcpy(&start, column->starts.data + entry * sizeof start, sizeof start);
	const unsigned char *at = (const unsigned char *)column->dictionary.data + start;
	size_t size = at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
	return (struct span){(const char *)at + 4, size};
}

static uint32_t dictionary_index(struct parquet_column *column, struct span value)
{
	uint32_t slot = (uint32_t)hash64(value.data, value.size, 0) % SLOTS;
	for (; column->slots[slot]; slot = (slot + 1) % SLOTS)
		if (span_equal(dictionary_entry(column, column->slots[slot] - 1), value))
			return column->slots[slot] - 1;
	uint32_t start = (uint32_t)column->dictionary.size;
	put_plain_text(&column->dictionary, value);
	buffer_append(&column->starts, &start, sizeof start);
	if (column->dictionary.status == STATUS_OK && column->starts.status == STATUS_OK)
		column->slots[slot] = ++column->entries;
	return column->entries - 1;
}

/* A dictionary that is full in the middle of a page is only an entry or two over its bound: rows are short of
 * PAGE_BYTES. */
static bool dictionary_takes(const struct parquet_column *column, struct span value)
{
	return column->entries < SLOTS / 2 && value.size < DICTIONARY_BYTES / 4 &&
	       column->dictionary.size < 2 * DICTIONARY_BYTES;
}

static void put_text_value(struct parquet_column *column, struct span value)
{
	if (column->field->statistics)
		note_text(column, value);
	if (column->by_dictionary && !dictionary_takes(column, value)) {
		/* Values of one page are all coded one way: those that wait become plain text. */
		for (size_t i = 0; i < column->indexes.size; i += 4) {
			uint32_t index;
			memcpy(&index, column->indexes.data + i, sizeof index);
			put_plain_text(&column->values, dictionary_entry(column, index));
		}
		buffer_clear(&column->indexes);
		column->by_dictionary = false;
	}
	if (column->by_dictionary) {
		uint32_t index = dictionary_index(column, value);
		buffer_append(&column->indexes, &index, sizeof index);
		column->row_bytes += sizeof index;
	} else {
		put_plain_text(&column->values, value);
		column->row_bytes += value.size + 4;
	}
}

static void level(struct parquet_column *column, unsigned definition, unsigned repetition)
{
	column->chunk.values++;
	if (definition < column->level_max)
		column->chunk.nulls++;
	if (column->level_max)
		buffer_append_byte(&column->definitions, (char)definition);
	if (column->field->type == PARQUET_TEXT_LIST)
		buffer_append_byte(&column->repetitions, (char)repetition);
}

void parquet_put_absent(struct parquet_column *column)
{
	if (column->level_max)
		level(column, 0, 0);
	else if (column->field->type == PARQUET_TEXT)
		parquet_put_text(column, SPAN(""));
	else if (column->field->type == PARQUET_BOOL)
		parquet_put_bool(column, false);
	else
		parquet_put_int(column, 0); /* the bytes of 0.0 as well */
}

void parquet_put_text(struct parquet_column *column, struct span value)
{
	level(column, column->level_max, 0);
	put_text_value(column, value);
}

void parquet_put_int(struct parquet_column *column, int64_t value)
{
	level(column, column->level_max, 0);
	if (column->field->statistics)
		note_number(column, value);
	put_fixed(&column->values, (uint64_t)value, 8);
	column->row_bytes += 8;
}

void parquet_put_double(struct parquet_column *column, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	level(column, column->level_max, 0);
	put_fixed(&column->values, bits, 8);
	column->row_bytes += 8;
}

void parquet_put_bool(struct parquet_column *column, bool value)
{
	level(column, column->level_max, 0);
	if (column->page_bits % 8 == 0)
		buffer_append_byte(&column->values, 0);
	if (value && column->values.status == STATUS_OK)
		column->values.data[column->values.size - 1] |= (char)(1 << column->page_bits % 8);
	column->page_bits++;
}

void parquet_put_list(struct parquet_column *column, const struct span *values, size_t count)
{
	if (!count)
		level(column, 0, 0);
	for (size_t i = 0; i < count; i++) {
		level(column, 2, i > 0);
		put_text_value(column, values[i].data ? values[i] : SPAN(""));
	}
}

/* ---- RLE and bit-packing, mixed (format: "Run Length Encoding / Bit-Packing Hybrid") -------------------------- */

static void put_varint(struct buffer *out, uint64_t value)
{
	for (; value >= 128; value >>= 7)
		buffer_append_byte(out, (char)(value | 128));
	buffer_append_byte(out, (char)value);
}

static size_t run_length(const uint32_t *values, size_t from, size_t count)
{
	size_t end = from + 1;
	while (end < count && values[end] == values[from])
		end++;
	return end - from;
}

/* VALUES[FROM, END) in groups of eight, the last one filled up with zeros. */
static void put_packed(struct buffer *out, const uint32_t *values, size_t from, size_t end, unsigned width)
{
	size_t groups = (end - from + 7) / 8;
	put_varint(out, groups << 1 | 1);
	uint64_t bits = 0;
	unsigned have = 0;
	for (size_t i = 0; i < groups * 8; i++) {
		bits |= (uint64_t)(from + i < end ? values[from + i] : 0) << have;
		for (have += width; have >= 8; have -= 8, bits >>= 8)
			buffer_append_byte(out, (char)bits);
	}
}

static void put_hybrid(struct buffer *out, const uint32_t *values, size_t count, unsigned width)
{
	for (size_t at = 0; at < count;) {
		size_t run = run_length(values, at, count);
		if (run >= 8) {
			put_varint(out, run << 1);
			put_fixed(out, values[at], (width + 7) / 8);
			at += run;
			continue;
		}
		size_t end = at; /* whole groups up to where a run begins */
		while (end < count && run_length(values, end, count) < 8)
			end = count - end < 8 ? count : end + 8;
		put_packed(out, values, at, end, width);
		at = end;
	}
}

static void put_levels(struct buffer *out, struct span levels, unsigned width, struct buffer *scratch)
{
	buffer_clear(scratch);
	for (size_t i = 0; i < levels.size; i++) {
		uint32_t value = (unsigned char)levels.data[i];
		buffer_append(scratch, &value, sizeof value);
	}
	size_t start = out->size;
	put_fixed(out, 0, 4);
	if (scratch->status == STATUS_OK)
		put_hybrid(out, (const uint32_t *)(const void *)scratch->data, levels.size, width);
	uint32_t size = (uint32_t)(out->size - start - 4);
	for (unsigned i = 0; out->status == STATUS_OK && i < 4; i++)
		out->data[start + i] = (char)(size >> 8 * i);
}

static unsigned bit_width(uint32_t greatest)
{
	unsigned width = 1;
	while (width < 32 && greatest >> width)
		width++;
	return width;
}

/* ---- Pages ----------------------------------------------------------------------------------------------------- */

/* PageHeader of parquet.thrift, then the compressed body, appended to OUT. Returns the bytes appended. */
static size_t put_page(struct parquet_column *column, struct buffer *out, int kind, size_t values, int encoding)
{
	size_t start = out->size;
	struct span raw = buffer_span(&column->body);
	struct thrift header;
	buffer_clear(&column->packed);
	pack(column->packer, raw, &column->packed);
	uint32_t crc = (uint32_t)crc32(0, (const Bytef *)column->packed.data, (uInt)column->packed.size);
	thrift_start(&header, out);
	thrift_i32(&header, 1, kind);
	thrift_i32(&header, 2, (int32_t)raw.size);
	thrift_i32(&header, 3, (int32_t)column->packed.size);
	thrift_i32(&header, 4, (int32_t)crc);
	thrift_struct(&header, kind == PAGE_DATA ? 5 : 7);
	thrift_i32(&header, 1, (int32_t)values);
	thrift_i32(&header, 2, encoding);
	if (kind == PAGE_DATA) {
		thrift_i32(&header, 3, ENCODING_RLE);
		thrift_i32(&header, 4, ENCODING_RLE);
	}
	thrift_stop(&header);
	thrift_stop(&header);
	size_t header_size = out->size - start;
	buffer_append_span(out, buffer_span(&column->packed));
	column->chunk.raw_bytes += header_size + raw.size;
	return out->size - start;
}

/* Values that differ more often than not gain nothing from a dictionary. */
static void dictionary_judge(struct parquet_column *column, size_t coded)
{
	column->dictionary_values += coded;
	if (column->dictionary.size > DICTIONARY_BYTES ||
	    (column->dictionary_values >= 1024 && column->entries > column->dictionary_values / 2))
		column->by_dictionary = false;
}

static void page_finish(struct parquet_column *column)
{
	bool list = column->field->type == PARQUET_TEXT_LIST, coded = column->indexes.size > 0;
	size_t values = column->level_max ? column->definitions.size : (size_t)column->page_rows;
	buffer_clear(&column->body);
	if (list)
		put_levels(&column->body, buffer_span(&column->repetitions), 1, &column->packed);
	if (column->level_max)
		put_levels(&column->body, buffer_span(&column->definitions), list ? 2 : 1, &column->packed);
	if (coded) {
		size_t count = column->indexes.size / 4;
		unsigned width = bit_width(column->entries - 1);
		buffer_append_byte(&column->body, (char)width);
		put_hybrid(&column->body, (const uint32_t *)(const void *)column->indexes.data, count, width);
		dictionary_judge(column, count);
		column->chunk.dictionary = true;
	} else {
		buffer_append_span(&column->body, buffer_span(&column->values));
		column->chunk.plain = true;
	}
	put_page(column, &column->pages, PAGE_DATA, values, coded ? ENCODING_RLE_DICTIONARY : ENCODING_PLAIN);
	buffer_clear(&column->definitions);
	buffer_clear(&column->repetitions);
	buffer_clear(&column->values);
	buffer_clear(&column->indexes);
	column->page_rows = column->page_bits = 0;
}

size_t parquet_column_row_end(struct parquet_column *column)
{
	size_t added = column->row_bytes;
	column->row_bytes = 0;
	column->page_rows++;
	if (column->page_rows == PAGE_ROWS || column->values.size + column->indexes.size >= PAGE_BYTES)
		page_finish(column);
	return added;
}

enum status parquet_column_status(const struct parquet_column *column)
{
	const struct buffer *buffers[] = {&column->definitions, &column->repetitions,   &column->values,
					  &column->indexes,     &column->dictionary,    &column->starts,
					  &column->pages,       &column->body,          &column->packed,
					  &column->chunk.least, &column->chunk.greatest};
	for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
		if (buffers[i]->status != STATUS_OK)
			return buffers[i]->status;
	return STATUS_OK;
}

static void chunk_reset(struct parquet_column *column)
{
	struct buffer least = column->chunk.least, greatest = column->chunk.greatest;
	bool texts = column->slots != NULL;
	buffer_clear(&least);
	buffer_clear(&greatest);
	column->chunk = (struct parquet_chunk){.least = least, .greatest = greatest};
	buffer_clear(&column->pages);
	buffer_clear(&column->dictionary);
	buffer_clear(&column->starts);
	if (texts)
		memset(column->slots, 0, SLOTS * sizeof *column->slots);
	column->entries = 0;
	column->dictionary_values = 0;
	column->by_dictionary = texts;
}

enum status parquet_column_flush(struct parquet_column *column, struct buffer *out, struct parquet_chunk *chunk)
{
	size_t start = out->size;
	if (column->page_rows)
		page_finish(column);
	if (column->chunk.dictionary) {
		buffer_clear(&column->body);
		buffer_append_span(&column->body, buffer_span(&column->dictionary));
		column->chunk.dictionary_bytes =
			put_page(column, out, PAGE_DICTIONARY, column->entries, ENCODING_PLAIN);
	}
	buffer_append_span(out, buffer_span(&column->pages));
	column->chunk.packed_bytes = out->size - start;
	if (column->chunk.least.size > RANGE_MAX || column->chunk.greatest.size > RANGE_MAX)
		column->chunk.has_range = false;
	enum status status = parquet_column_status(column);
	struct buffer least = chunk->least, greatest = chunk->greatest;
	*chunk = column->chunk;
	chunk->least = least;
	chunk->greatest = greatest;
	buffer_append_span(&chunk->least, buffer_span(&column->chunk.least));
	buffer_append_span(&chunk->greatest, buffer_span(&column->chunk.greatest));
	chunk_reset(column);
	return status != STATUS_OK ? status : out->status;
}
