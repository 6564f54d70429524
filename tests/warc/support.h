/* support: archives made in memory, temporary files, and reading them back as lists of events. */
#ifndef TESTS_WARC_SUPPORT_H
#define TESTS_WARC_SUPPORT_H

#include "warc/warc.h"

#define GENEROUS ((size_t)256 << 20)

/* ---- Making archives. All append. ---- */
void put(struct buffer *out, const char *format, ...) WARCMILL_PRINTF(2, 3);
/* A record with CRLF line ends, its own Content-Length and the two line ends after it. EXTRA: more header lines, each
 * with its CRLF. */
void put_record(struct buffer *out, const char *type, const char *uri, const char *extra, struct span block);
/* The same around an HTTP response. */
void put_response(struct buffer *out, const char *uri, const char *http_extra, struct span body);
void put_gzip(struct buffer *out, struct span bytes); /* one member */
void put_zstd(struct buffer *out, struct span bytes); /* one frame with its size and checksum */
/* COUNT records of mixed types and sizes, the same for the same SEED; each in a member of its own when PACK is not
 * NULL. */
void put_archive(struct buffer *out, unsigned count, unsigned seed, void (*pack)(struct buffer *, struct span));
void put_text(struct buffer *out, size_t size, uint64_t *state); /* invented words */
uint64_t random_next(uint64_t *state);

/* ---- Temporary files, in one folder that temp_end removes ---- */
void temp_begin(void);
void temp_end(void);
const char *temp_path(const char *name); /* lives until temp_end */
/* The same inputs as a task of a cluster gets them, which does not look at them. INPUTS goes. */
struct warc_inputs *restored(struct warc_inputs *inputs, const struct warc_options *options);
const char *temp_file(const char *name, struct span bytes); /* written */

/* ---- Events ---- */
struct event {
	bool damage, padding;
	uint64_t offset, inner, length; /* length: stored, or skipped */
	unsigned flags;
	enum warc_type type;
	uint64_t block, body; /* hashes */
	size_t block_size, body_size;
	int http_status;
	bool http, truncated, too_large, undecoded;
	char uri[160], text[240];
};
struct events {
	struct event *list;
	size_t count, capacity;
	uint64_t first, end, bytes;
	enum status status;
	struct fault fault;
};
/* The input at INDEX of the arguments, whole. */
struct events read_whole(const char *path, const struct warc_options *options);
struct events read_input(const struct warc_input *input, const struct warc_options *options);
/* The same in segments, seams checked as warc.h says. *AGAIN counts segments read twice. */
struct events read_split(const char *path, uint64_t segment_bytes, unsigned *again);
/* Text that fits in memory, as if it were a file. */
struct events read_bytes(struct span bytes);
/* The same as a stream that cannot be read backwards. */
struct events read_stream(struct span bytes);
void events_free(struct events *events);
bool event_same(const struct event *a, const struct event *b);
uint64_t events_sum(const struct events *events);
size_t events_records(const struct events *events);
const struct event *events_record(const struct events *events, size_t index); /* the INDEXth record, or NULL */

/* Where the sample archives lie (a folder with "data/warc"), or NULL. */
const char *shared_folder(void);

#endif
