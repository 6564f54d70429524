/* reading: a finished corpus folder, for verify, explain and report. */
#ifndef WARCMILL_READING_H
#define WARCMILL_READING_H

#include "corpus/output.h"

#ifdef __cplusplus
extern "C" {
#endif

struct corpus_file {
	char *name; /* within the folder */
	enum corpus_table table;
	uint64_t rows, bytes;
};
struct corpus {
	char *folder;
	const struct json *manifest; /* the whole of manifest.json */
	struct corpus_file *files;   /* [file_count] the parts, by name */
	size_t file_count;
	struct span format; /* "jsonl", … */
	struct buffer bytes;
	struct arena *arena;
};
/* STATUS_USAGE when FOLDER holds no finished corpus; FAULT->text is a whole sentence. */
enum status corpus_open(const char *folder, struct corpus **out, struct fault *fault);
void corpus_close(struct corpus *corpus); /* NULL is fine */

/* Lines of a text file, which may be compressed (.zst, .gz by its name). */
struct line_reader;
enum status line_reader_open(const char *path, struct line_reader **out, struct fault *fault);
/* STATUS_OK and a line without its newline, which lives until the next call; STATUS_END; STATUS_DATA, STATUS_IO, … */
enum status line_reader_next(struct line_reader *reader, struct span *line, struct fault *fault);
void line_reader_close(struct line_reader *reader); /* NULL is fine */

/* Every row of TABLE, parts in order, as the JSON that its line has (or would have: Parquet). The format "wet" has less
 * (corpus_rows_whole): ids, texts, addresses, times, keepers and reasons. VISIT returns STATUS_OK to go on, STATUS_END
 * to stop early, or a fault. */
enum status corpus_rows(const struct corpus *corpus, enum corpus_table table,
			enum status (*visit)(void *self, const struct json *row, struct fault *fault), void *self,
			struct fault *fault);
bool corpus_rows_whole(const struct corpus *corpus); /* its format has every field of a row */

#ifdef __cplusplus
}
#endif
#endif
