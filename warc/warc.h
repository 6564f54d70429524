/* warc: reading web archives. See the start of each part for its contract.
 *
 * Three steps: list the inputs, cut them into segments, read a segment's records.
 *
 *	struct warc_inputs *inputs;
 *	warc_inputs_new(argv + 1, argc - 1, NULL, &inputs, &fault);
 *	struct warc_reader *reader = warc_reader_new(NULL);
 *	for (i …) { warc_reader_open(reader, warc_inputs_at(inputs, i), 0, UINT64_MAX, &fault);
 *		while ((status = warc_next(reader, &record)) != STATUS_END) … }
 */
#ifndef WARCMILL_WARC_H
#define WARCMILL_WARC_H

#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Inputs ------------------------------------------------------------------------------------------ */

enum warc_kind {
	WARC_KIND_EMPTY,    /* no bytes */
	WARC_KIND_PLAIN,    /* WARC records, not compressed */
	WARC_KIND_GZIP,     /* gzip members (one record each, or any other cut) */
	WARC_KIND_ZSTD,     /* zstd frames, perhaps with a dictionary frame */
	WARC_KIND_ARC,      /* ARC v1, not compressed */
	WARC_KIND_STREAM,   /* readable from front to back only: standard input, other compressors, containers' members */
	WARC_KIND_UNKNOWN,  /* none of these: one damaged place of the whole file */
};

/* One archive. Opened for positional reads; several readers may use it at once. */
struct warc_input;
struct warc_inputs;

struct warc_options {
	unsigned name_depth;     /* folders kept in the name, 0: the file name alone */
	size_t header_max;       /* bytes of a record's header block, 0: 1 MiB */
	size_t block_max;        /* bytes of a record's block kept in memory, 0: 64 MiB; above: cut and marked */
	size_t body_max;         /* bytes of a decoded HTTP body, 0: 64 MiB */
	uint64_t segment_bytes;  /* stored bytes of a segment, 0: 32 MiB */
	double http_rate;        /* most requests a second to a remote server, 0: no limit */
};

/* ARGUMENTS: files, folders (searched recursively for archives), @list.txt, "-", http(s)://, s3://. Sorted by name; two inputs
 * of one name are STATUS_USAGE with a text that names both. Containers (wacz, tar, zip) list their members as inputs.
 * OPTIONS may be NULL. */
enum status warc_inputs_new(const char *const *arguments, size_t count, const struct warc_options *options,
			    struct warc_inputs **out, struct fault *fault);
size_t warc_inputs_count(const struct warc_inputs *inputs);
const struct warc_input *warc_inputs_at(const struct warc_inputs *inputs, size_t index);
void warc_inputs_free(struct warc_inputs *inputs);

const char *warc_input_name(const struct warc_input *input); /* as in ids: "a.warc.gz", "x.wacz!archive/b.warc.gz" */
const char *warc_input_path(const struct warc_input *input); /* as opened */
enum warc_kind warc_input_kind(const struct warc_input *input);
uint64_t warc_input_bytes(const struct warc_input *input);   /* stored size; 0 where it is not known beforehand */

/* ---- Segments ---------------------------------------------------------------------------------------- */

/* A byte range of one input. Its records are those that start in [first, limit). */
struct warc_segment {
	size_t input;
	uint64_t first, limit;
};
/* All segments of all inputs, in order. Free with free(). */
enum status warc_segments_new(const struct warc_inputs *inputs, uint64_t segment_bytes, struct warc_segment **out,
			      size_t *count, struct fault *fault);

/* ---- Records ------------------------------------------------------------------------------------------ */

enum warc_type {
	WARC_TYPE_OTHER, WARC_TYPE_WARCINFO, WARC_TYPE_RESPONSE, WARC_TYPE_RESOURCE, WARC_TYPE_REQUEST,
	WARC_TYPE_METADATA, WARC_TYPE_REVISIT, WARC_TYPE_CONVERSION, WARC_TYPE_CONTINUATION,
};
const char *warc_type_name(enum warc_type type); /* "other", "warcinfo", … */

struct warc_field {
	struct span name, value; /* value unfolded and trimmed; bytes as stored */
};

enum { /* warc_record.flags */
	WARC_RECORD_CUT = 1,        /* the file ended inside the block */
	WARC_RECORD_TOO_LARGE = 2,  /* block longer than block_max; only its first block_max bytes are here */
	WARC_RECORD_ARC = 4,        /* from an ARC file; fields are synthesised */
	WARC_RECORD_NOT_SEEKABLE = 8, /* offset counts decompressed bytes (whole-file gzip, streams) */
	WARC_RECORD_TRUNCATED = 16, /* WARC-Truncated is present */
};

/* All spans live until the next warc_next on the same reader. */
struct warc_record {
	uint64_t offset, length; /* stored bytes: of the gzip member, zstd frame or plain record */
	uint64_t content_length; /* as the header says */
	unsigned flags;
	enum warc_type type;
	struct span version;     /* "WARC/1.0", "ARC/1" */
	struct span type_text, uri, id, date_text, content_type, truncated;
	int64_t date;            /* DATE_NONE when absent or wrong */
	const struct warc_field *fields;
	size_t field_count;
	struct span block;
};
struct span warc_field_get(const struct warc_field *fields, size_t count, const char *name); /* first of NAME, or SPAN_NONE */

/* A place that could not be read: [offset, offset + skipped). Bytes of records and of damage add up to the input. */
struct warc_damage {
	uint64_t offset, skipped;
	char text[240];
};

struct warc_reader;
struct warc_reader *warc_reader_new(const struct warc_options *options); /* one a thread; NULL without memory */
void warc_reader_free(struct warc_reader *reader);
/* Read the records that start in [FIRST, LIMIT) of INPUT, which outlives the reading. EXACT: a record starts at FIRST
 * (resync only after damage); otherwise the first record at or after FIRST is searched for. */
enum status warc_reader_open(struct warc_reader *reader, const struct warc_input *input, uint64_t first, uint64_t limit,
			     bool exact, struct fault *fault);
/* STATUS_OK and a record; STATUS_DATA and a damage (reading goes on with the next call); STATUS_END; STATUS_IO,
 * STATUS_RETRY, STATUS_MEMORY end the reading, with FAULT filled. Always forward: N calls never report the same offset twice. */
enum status warc_next(struct warc_reader *reader, struct warc_record *record, struct warc_damage *damage, struct fault *fault);
/* The seam: where the first record or damage began, and where the last one ended. A segment is right only when its start
 * equals the end of the one before it; if not, it is opened again there with EXACT. */
uint64_t warc_reader_first(const struct warc_reader *reader);
uint64_t warc_reader_end(const struct warc_reader *reader);

/* ---- HTTP --------------------------------------------------------------------------------------------- */

struct warc_http {
	bool present;            /* false: the block is not HTTP; body is the block */
	int status;              /* 0 when not a response */
	struct span content_type;
	const struct warc_field *fields;
	size_t field_count;
	struct span raw_body;    /* as stored, after the header */
	struct span body;        /* de-chunked and decoded; raw_body where decoding was claimed in vain */
	bool truncated;          /* body shorter than Content-Length, or decoding ended early */
	bool too_large;          /* body cut at body_max */
};
/* Parse RECORD's block and decode its body. Never fails on bad data (flags tell); STATUS_MEMORY only. Spans live until the
 * next warc_next or warc_http_read on the same reader. */
enum status warc_http_read(struct warc_reader *reader, const struct warc_record *record, struct warc_http *http);

#ifdef __cplusplus
}
#endif
#endif
