/* output_internal: the columns of the three tables, which every sink walks. A field of the corpus is one row of a table
 * in output_columns.c; JSON lines and Parquet follow from it. */
#ifndef WARCMILL_OUTPUT_INTERNAL_H
#define WARCMILL_OUTPUT_INTERNAL_H

#include "corpus/output.h"

enum column_kind {
	COLUMN_TEXT,   /* struct span; absent when it has no bytes, unless required */
	COLUMN_TIME,   /* int64_t seconds; absent when DATE_NONE */
	COLUMN_COUNT,  /* uint32_t; absent when 0, unless required */
	COLUMN_STATUS, /* int; absent when 0 */
	COLUMN_OFFSET, /* uint64_t; absent when 0, unless required */
	COLUMN_INT,    /* int; absent when negative */
	COLUMN_SHARE,  /* double 0..1, three decimals; absent when negative */
	COLUMN_BOOL,   /* bool */
	COLUMN_LIST,   /* const struct span * with a size_t count at `second`; absent when empty */
	COLUMN_ROBOTS, /* unsigned ROBOTS_… bits, given as a list of names; absent when 0 */
	COLUMN_PRINT,  /* uint64_t[2], low half first, given as 32 hex digits; absent when both are 0 */
};

enum { /* column.flags */
       COLUMN_REQUIRED = 1,
       COLUMN_GOVERNED = 2,   /* absent as well when the span at `second` is */
       COLUMN_STATISTICS = 4, /* Parquet: least and greatest value in the footer */
       COLUMN_UNIQUE = 8,     /* Parquet: values hardly repeat, no dictionary */
};

struct column {
	const char *outer; /* JSON: object it stands in ("metadata"), or NULL */
	const char *inner; /* JSON: object inside that ("cluster"), or NULL; Parquet: prefix of the name */
	const char *name;
	enum column_kind kind;
	unsigned flags;
	size_t at, second; /* offsets in struct corpus_row */
};

struct column_table {
	const struct column *columns;
	size_t count;
};
extern const struct column_table corpus_columns[TABLE_COUNT];

/* What a column holds in one row. */
struct column_value {
	bool present;
	struct span text;        /* TEXT, and PRINT as hex digits in `digits` */
	uint64_t number;         /* COUNT, STATUS, OFFSET, INT, BOOL */
	int64_t time;            /* TIME */
	double share;            /* SHARE, rounded to three decimals */
	const struct span *list; /* LIST, ROBOTS */
	size_t list_count;
	struct span names[32]; /* of ROBOTS */
	char digits[33];
};
/* VALUE's spans point into ROW or into VALUE itself. */
void column_read(const struct column *column, const struct corpus_row *row, struct column_value *value);

/* The line that corpus_row_json writes, from VALUES[table->count] that were read back. */
enum status column_values_json(const struct column_table *table, const struct column_value *values, struct buffer *out);

/* Name in flat formats: "cluster_size". */
void column_flat_name(const struct column *column, char name[64]);

#endif
