/* parquet_internal: a writer of Parquet files, as much of the format as a table of texts, numbers, times and lists of
 * texts needs (Apache Parquet format 2.10: data pages v1, PLAIN and RLE_DICTIONARY, one compressed column chunk a
 * column).
 *
 * No C library for it is packaged, and the format's core is small. What is left out: nested structures, v2 pages, bloom
 * filters, page indexes, encryption. */
#ifndef WARCMILL_PARQUET_INTERNAL_H
#define WARCMILL_PARQUET_INTERNAL_H

#include "corpus/output.h"

/* ---- Thrift's compact protocol, writing (parquet_thrift.c) ------------------------------------------------- */

enum { THRIFT_DEPTH = 12 };
struct thrift {
	struct buffer *out;
	int16_t last[THRIFT_DEPTH]; /* id of the last field of each open structure */
	unsigned depth;
};
void thrift_start(struct thrift *thrift, struct buffer *out); /* opens the outermost structure */
void thrift_stop(struct thrift *thrift);                      /* closes a structure */
void thrift_i32(struct thrift *thrift, int16_t field, int32_t value);
void thrift_i64(struct thrift *thrift, int16_t field, int64_t value);
void thrift_byte(struct thrift *thrift, int16_t field, int8_t value);
void thrift_bool(struct thrift *thrift, int16_t field, bool value);
void thrift_binary(struct thrift *thrift, int16_t field, struct span value);
void thrift_struct(struct thrift *thrift, int16_t field); /* a field that is a structure; closed by thrift_stop */
enum thrift_element { THRIFT_I32 = 5, THRIFT_BINARY = 8, THRIFT_STRUCT = 12 };
void thrift_list(struct thrift *thrift, int16_t field, enum thrift_element element, size_t count);
/* Elements of the list just begun: a number, a text, or a structure closed by thrift_stop. */
void thrift_element_i32(struct thrift *thrift, int32_t value);
void thrift_element_binary(struct thrift *thrift, struct span value);
void thrift_element_struct(struct thrift *thrift);

/* ---- Thrift's compact protocol, reading (parquet_thrift_read.c) ----------------------------------------------
 *
 * Bytes may be hostile: whatever is wrong sets `bad`, after which every call gives 0, nothing and "no more fields". */

struct thrift_reader {
	const unsigned char *at, *end;
	int16_t last[THRIFT_DEPTH];
	unsigned depth;
	bool bad;
};
void thrift_read_start(struct thrift_reader *reader, struct span bytes); /* opens the outermost structure */
/* The next field of the open structure: its id and kind; false at the structure's end, which is then closed. */
bool thrift_read_field(struct thrift_reader *reader, int16_t *field, int *kind);
void thrift_read_skip(struct thrift_reader *reader, int kind); /* its value */
int64_t thrift_read_int(struct thrift_reader *reader, int kind);
struct span thrift_read_binary(struct thrift_reader *reader, int kind); /* within the bytes read */
size_t thrift_read_list(struct thrift_reader *reader, int kind, int *element);
void thrift_read_struct(struct thrift_reader *reader, int kind); /* opens it: fields follow */

/* ---- Columns (parquet_column.c) ----------------------------------------------------------------------------- */

enum parquet_type { PARQUET_TEXT, PARQUET_INT64, PARQUET_TIME, PARQUET_DOUBLE, PARQUET_BOOL, PARQUET_TEXT_LIST };

struct parquet_field {
	char name[64];
	enum parquet_type type;
	bool required;   /* never absent */
	bool statistics; /* texts and times: least and greatest value a row group */
	bool unique;     /* values hardly repeat: no dictionary */
};

enum parquet_codec { PARQUET_UNCOMPRESSED = 0, PARQUET_GZIP = 2, PARQUET_ZSTD = 6 };
struct parquet_packer;                                               /* compression, shared by the columns of a file */
struct parquet_packer *parquet_packer_new(enum parquet_codec codec); /* NULL without memory */
void parquet_packer_free(struct parquet_packer *packer);
enum parquet_codec parquet_packer_codec(const struct parquet_packer *packer);

/* One column of the row group being filled. Full pages are compressed at once, so a row group costs its compressed size
 * plus a page and a dictionary a column. */
struct parquet_column;
struct parquet_column *parquet_column_new(const struct parquet_field *field, struct parquet_packer *packer);
void parquet_column_free(struct parquet_column *column);

/* One row's value. Absent for a required column is an empty text or 0. A list is never both present and empty. */
void parquet_put_absent(struct parquet_column *column);
void parquet_put_text(struct parquet_column *column, struct span value);
void parquet_put_int(struct parquet_column *column, int64_t value); /* INT64; TIME in milliseconds */
void parquet_put_double(struct parquet_column *column, double value);
void parquet_put_bool(struct parquet_column *column, bool value);
void parquet_put_list(struct parquet_column *column, const struct span *values, size_t count);
/* After each row: closes the page when it is full. Returns the bytes the row added, before compression. */
size_t parquet_column_row_end(struct parquet_column *column);
enum status parquet_column_status(const struct parquet_column *column); /* OK, MEMORY, LIMIT: sticks */

/* What the footer says of a chunk. */
struct parquet_chunk {
	uint64_t values, nulls;
	uint64_t packed_bytes, raw_bytes; /* with page headers */
	uint64_t dictionary_bytes;        /* stored bytes of the dictionary page, 0: none */
	bool plain, dictionary;           /* encodings that occur */
	bool has_range;
	struct buffer least, greatest; /* in the column's plain form, text without its length */
};
/* End the row group: the chunk's bytes are appended to OUT, CHUNK (zeroed) is filled, the column is empty again. */
enum status parquet_column_flush(struct parquet_column *column, struct buffer *out, struct parquet_chunk *chunk);

/* ---- Files (parquet.c) ---------------------------------------------------------------------------------------- */

struct parquet_writer;
/* FIELDS are copied. CREATED_BY and the one key-value pair go to the footer. */
enum status parquet_writer_new(const struct parquet_field *fields, size_t count, enum parquet_codec codec,
			       uint64_t group_bytes, struct part_stream *stream, struct parquet_writer **out,
			       struct fault *fault);
struct parquet_column *parquet_writer_column(struct parquet_writer *writer, size_t index);
enum status parquet_writer_row_end(struct parquet_writer *writer, struct fault *fault); /* each column has its value */
enum status parquet_writer_finish(struct parquet_writer *writer, const char *created_by, const char *key,
				  const char *value, struct fault *fault);
void parquet_writer_free(struct parquet_writer *writer); /* NULL is fine */

#endif
