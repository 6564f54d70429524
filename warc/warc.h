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
	WARC_KIND_EMPTY,   /* no bytes */
	WARC_KIND_PLAIN,   /* WARC records, not compressed */
	WARC_KIND_GZIP,    /* gzip members (one record each, or any other cut) */
	WARC_KIND_ZSTD,    /* zstd frames, perhaps with a dictionary frame */
	WARC_KIND_ARC,     /* ARC v1, not compressed */
	WARC_KIND_STREAM,  /* readable from front to back only: standard input, other compressors, containers' packed
			    * members. One segment; offsets count the bytes of that stream. */
	WARC_KIND_UNKNOWN, /* none of these: searched for records all the same; in the end one damaged place */
};

/* One archive. Opened for positional reads; several readers may use it at once. */
struct warc_input;
struct warc_inputs;

struct warc_options {
	unsigned name_depth;    /* folders kept in the name, 0: the file name alone */
	size_t header_max;      /* bytes of a record's header block, 0: 1 MiB */
	size_t block_max;       /* bytes of a record's block kept in memory, 0: 64 MiB; above: cut and marked */
	uint64_t member_max;    /* bytes one gzip member or zstd frame may inflate to when it shrank to less than a
				 * hundredth, 0: 4 GiB; above: a bomb, left as damage */
	size_t body_max;        /* bytes of a decoded HTTP body, 0: 64 MiB */
	uint64_t segment_bytes; /* stored bytes of a segment, 0: 32 MiB */
	double http_rate;       /* most requests a second to remote servers, all readers together, 0: no limit */
	unsigned http_retries;  /* tries in a row after failures that may pass (503, dropped connections), 0: 8 */
	unsigned http_retry_ms; /* pause before the first of them, then doubled up to a minute, 0: 1000 */
	/* Told of each argument that cannot be opened, which is then left out; NULL: the first one is the fault. */
	void (*unopened)(void *user, enum status status, const char *text);
	void *unopened_user;
};

/* ARGUMENTS: files, folders (searched recursively for archives), @list.txt, "-", http(s)://, s3://. Sorted by name; two
 * inputs of one name are STATUS_USAGE with a text that names both. Containers (wacz, tar, zip) list their members as
 * inputs. OPTIONS may be NULL. */
enum status warc_inputs_new(const char *const *arguments, size_t count, const struct warc_options *options,
			    struct warc_inputs **out, struct fault *fault);
size_t warc_inputs_count(const struct warc_inputs *inputs);
const struct warc_input *warc_inputs_at(const struct warc_inputs *inputs, size_t index);
void warc_inputs_free(struct warc_inputs *inputs);

/* The same list without a look at any archive, for the many tasks of one run. */
struct warc_stored {
	const char *name, *path; /* as warc_input_name and warc_input_path gave them */
	struct span state;       /* as warc_input_state did */
};
/* In the order of STORED[COUNT], which nothing checks. OPTIONS as they were. Standard input cannot be restored
 * (STATUS_DATA, as for a state that is none). An archive that has changed since is met when it is read. */
enum status warc_inputs_restore(const struct warc_stored *stored, size_t count, const struct warc_options *options,
				struct warc_inputs **out, struct fault *fault);
/* Append what there is to know of INPUT: a short text without line ends. */
void warc_input_state(const struct warc_input *input, struct buffer *out);

const char *warc_input_name(const struct warc_input *input); /* as in ids: "a.warc.gz", "x.wacz!archive/b.warc.gz" */
const char *warc_input_path(const struct warc_input *input); /* as opened */
enum warc_kind warc_input_kind(const struct warc_input *input);
uint64_t warc_input_bytes(const struct warc_input *input); /* stored size; 0 where it is not known beforehand */

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
	WARC_TYPE_OTHER,
	WARC_TYPE_WARCINFO,
	WARC_TYPE_RESPONSE,
	WARC_TYPE_RESOURCE,
	WARC_TYPE_REQUEST,
	WARC_TYPE_METADATA,
	WARC_TYPE_REVISIT,
	WARC_TYPE_CONVERSION,
	WARC_TYPE_CONTINUATION,
};
const char *warc_type_name(enum warc_type type); /* "other", "warcinfo", … */

struct warc_field {
	struct span name, value; /* value unfolded and trimmed; bytes as stored */
};

enum {                               /* warc_record.flags */
       WARC_RECORD_CUT = 1,          /* the file ended inside the block */
       WARC_RECORD_TOO_LARGE = 2,    /* block longer than block_max; only its first block_max bytes are here */
       WARC_RECORD_ARC = 4,          /* from an ARC file; fields are synthesised */
       WARC_RECORD_NOT_SEEKABLE = 8, /* inner is not 0, or the input is a stream: reading it again starts further up */
       WARC_RECORD_TRUNCATED = 16,   /* WARC-Truncated is present */
       WARC_RECORD_LENGTH =
	       32, /* Content-Length is absent, wrong or not what is stored; the block ends at the next record */
       WARC_RECORD_SEGMENT = 64, /* WARC-Segment-Number is present: the block is one piece of a longer one */
};

/* All spans live until the next warc_next on the same reader.
 *
 * Where: `offset` is where the gzip member, zstd frame or plain record begins, in stored bytes of the input (of the
 * stream for WARC_KIND_STREAM). `inner` is 0 unless a member holds more than one record (whole-file gzip): then it
 * counts the inflated bytes of the member before this record. (offset, inner) names a record once and for all; as text
 * it is "123", or "123+456" when inner is not 0 (warc_address_format).
 *
 * Accounting: `length` is the stored bytes of the record with the line ends after it. Of several records in one member
 * the last carries the member's bytes and the others 0. The offsets never go back, and the lengths of all records plus
 * the skipped bytes of all damages equal the bytes between warc_reader_first and warc_reader_end, which for the whole
 * input is warc_input_bytes. */
struct warc_record {
	uint64_t offset, length, inner;
	uint64_t content_length; /* as the header says */
	unsigned flags;
	enum warc_type type;
	struct span version; /* "WARC/1.0", "ARC/1" */
	/* As stored, but uri and id without the angle brackets around them, and uri in UTF-8 (what is not, is taken for
	 * Latin-1). */
	struct span type_text, uri, id, date_text, content_type, truncated;
	int64_t date; /* DATE_NONE when absent or wrong */
	const struct warc_field *fields;
	size_t field_count;
	struct span header; /* the header block as stored, with the blank line after it; an ARC record's line */
	struct span block;
};
struct span warc_field_get(const struct warc_field *fields, size_t count,
			   const char *name); /* first of NAME, or SPAN_NONE */

/* "123" or "123+456", NUL-terminated. */
#define WARC_ADDRESS_MAX 44
void warc_address_format(uint64_t offset, uint64_t inner, char out[WARC_ADDRESS_MAX]);
bool warc_address_parse(struct span text, uint64_t *offset, uint64_t *inner); /* false when TEXT is neither form */

/* A place that holds no record: [offset, offset + skipped) of the stored bytes. */
struct warc_damage {
	uint64_t offset, skipped;
	uint64_t inner; /* as in struct warc_record: not 0 when the damage lies inside a member whose start was read
			   well */
	bool padding;   /* nothing was lost: empty members, zero padding, blank lines, frames without records */
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
 * STATUS_RETRY, STATUS_MEMORY end the reading, with FAULT filled. Always forward: no two calls report the same place
 * (offset, inner) of the same sort. FAULT and DAMAGE may be NULL. */
enum status warc_next(struct warc_reader *reader, struct warc_record *record, struct warc_damage *damage,
		      struct fault *fault);
/* The seam: where the first record or damage began, and where the last one ended (once STATUS_END came). Segment N is
 * right when its first equals the end of N-1; otherwise, unless that end is at or past N's limit (then N is empty), it
 * is opened again at that end with EXACT. When nothing starts in a segment, first and end are its limit. */
uint64_t warc_reader_first(const struct warc_reader *reader);
uint64_t warc_reader_end(const struct warc_reader *reader);

/* ---- HTTP --------------------------------------------------------------------------------------------- */

struct warc_http {
	bool present; /* false: the block is not HTTP; body is the block */
	int status;   /* 0 when not a response */
	struct span content_type;
	const struct warc_field *fields;
	size_t field_count;
	struct span raw_body; /* as stored, after the header */
	struct span body;     /* de-chunked and decoded; raw_body where decoding was claimed in vain */
	bool truncated;       /* body shorter than Content-Length, or decoding ended early */
	bool too_large;       /* body cut at body_max */
	bool undecoded;       /* an encoding was claimed that the bytes do not have, or that is not known */
	struct span entity;   /* de-chunked, still content-encoded: what payload digests cover by the book */
};
/* Parse RECORD's block and decode its body. Never fails on bad data (flags tell); STATUS_MEMORY only. Spans live until
 * the next warc_next or warc_http_read on the same reader. */
enum status warc_http_read(struct warc_reader *reader, const struct warc_record *record, struct warc_http *http);

/* ---- Digests, revisits, segmented records ------------------------------------------------------------- */

enum warc_digest {
	WARC_DIGEST_ABSENT,  /* the record carries none */
	WARC_DIGEST_UNKNOWN, /* an algorithm or a spelling that is not known, or the block is not whole: not checked */
	WARC_DIGEST_MATCH,
	WARC_DIGEST_MISMATCH,
};
/* WARC-Block-Digest over the block; WARC-Payload-Digest over the entity body, the raw body, the decoded body or the
 * whole block, whichever fits (all four occur). sha1, sha256, md5; base32 or hex, any case. */
enum warc_digest warc_block_digest_check(const struct warc_record *record);
enum warc_digest warc_payload_digest_check(const struct warc_record *record, const struct warc_http *http);

/* What a revisit record (or any other) says about its original; absent parts are SPAN_NONE or DATE_NONE. Spans point
 * into the record. Resolution order: id, then address and date, then digest. */
enum warc_profile { WARC_PROFILE_NONE, WARC_PROFILE_IDENTICAL, WARC_PROFILE_NOT_MODIFIED, WARC_PROFILE_OTHER };
struct warc_revisit {
	enum warc_profile profile;
	struct span id, uri, date_text, digest;
	int64_t date;
};
void warc_revisit_target(const struct warc_record *record, struct warc_revisit *target);

/* RECORD is the first piece of a segmented one (WARC_RECORD_SEGMENT, number 1): join the continuation records found
 * further on in INPUT and replace RECORD's block by the whole. Clears WARC_RECORD_SEGMENT when the last piece was
 * found, sets WARC_RECORD_CUT when one is missing, WARC_RECORD_TOO_LARGE at block_max. The block lives until the next
 * warc_next. */
enum status warc_record_join(struct warc_reader *reader, struct warc_record *record, struct fault *fault);

#ifdef __cplusplus
}
#endif
#endif
