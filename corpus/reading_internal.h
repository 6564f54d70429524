/* reading_internal: rows out of the formats that are not lines of text. Both give what JSON lines would give: a parsed
 * row as corpus_row_json writes it, so that whoever reads a corpus knows one form only. */
#ifndef WARCMILL_READING_INTERNAL_H
#define WARCMILL_READING_INTERNAL_H

#include "corpus/output_internal.h"
#include "corpus/reading.h"

enum { READING_DEPTH = 8 }; /* of a row's JSON */

/* Who gets the rows, and what they are made in. */
struct row_visitor {
	enum corpus_table table;
	struct arena *arena; /* reset for each row */
	struct buffer line;
	enum status (*visit)(void *self, const struct json *row, struct fault *fault);
	void *self;
	bool refused; /* the status comes from VISIT: STATUS_END is an early stop, others are its own faults */
};
/* The line in VISITOR->line is a row: parse it and hand it on. */
enum status row_visit(struct row_visitor *visitor, struct fault *fault);

/* All rows of one part. STATUS_OK at its end. FAULT->text says what is wrong, without the file's name. */
enum status parquet_rows(const char *path, struct row_visitor *visitor, struct fault *fault);
enum status wet_rows(const char *path, struct row_visitor *visitor, struct fault *fault);

#endif
