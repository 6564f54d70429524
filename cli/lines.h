/* lines: text lines out of plain, gzip and zstd files and standard input. */
#ifndef WARCMILL_LINES_H
#define WARCMILL_LINES_H

#include "base/base.h"

struct lines;
/* PATH "-" is standard input. Compression is told by content. */
enum status lines_open(const char *path, size_t line_max, struct lines **out, struct fault *fault);
/* The next line without its newline, and its number from 1. STATUS_END after the last; STATUS_LIMIT for a line over the
 * ceiling, which is skipped (reading can go on); STATUS_DATA for damaged compression, which ends the file. LINE lives
 * until the next call. */
enum status lines_next(struct lines *lines, struct span *line, uint64_t *number, struct fault *fault);
void lines_close(struct lines *lines); /* NULL is fine */

#endif
