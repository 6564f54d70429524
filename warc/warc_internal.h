/* warc_internal: what the files of this folder share. From the bottom up:
 *
 *	source   bytes by position, or from front to back: files, a range of a file, standard input, the network, packed
 *members window   a sliding piece of a source in memory text     inflated bytes with the place of the member they come
 *from (gzip, zstd, or the window itself) parse    WARC header blocks and ARC lines in text reader   records, damage and
 *the search for what follows it
 */
#ifndef WARCMILL_WARC_INTERNAL_H
#define WARCMILL_WARC_INTERNAL_H

#include "warc/warc.h"

#include <pthread.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define SIZE_UNKNOWN UINT64_MAX

/* How much is kept in memory decides which way a record is read: at one go, piece by piece, or copied. Built with
 * WARCMILL_SMALL (tests of giants, fuzzing) these amounts are so small that inputs of a few KiB go all ways. */
#ifdef WARCMILL_SMALL
#define SCALED(size) ((size) / 256)
#else
#define SCALED(size) (size)
#endif

/* ---- Sources ------------------------------------------------------------------------------------------ */

struct source;
struct source_class {
	/* Up to SIZE bytes at OFFSET; *GOT 0 is the end. A source that is not seekable is read at the offset where it
	 * stands. */
	enum status (*read)(struct source *source, uint64_t offset, char *data, size_t size, size_t *got,
			    struct fault *fault);
	void (*close)(struct source *source);
};
/* The first member of every kind of source. */
struct source {
	const struct source_class *class;
	uint64_t size; /* SIZE_UNKNOWN for streams */
	bool seekable;
	char why[160]; /* not empty: the stream ended because of this; the reader reports it */
};

/* How an input is reached. */
enum input_way { INPUT_FILE, INPUT_STDIN, INPUT_FILTER, INPUT_MEMBER, INPUT_REMOTE, INPUT_NOTE };

struct warc_input {
	char *name, *path;
	char *member; /* within a container, or NULL */
	enum input_way way;
	enum warc_kind kind;
	bool arc;       /* the first record is an ARC record (or none was recognised and the kind is ARC) */
	bool ranges;    /* remote: the server answers range requests */
	uint64_t first; /* INPUT_FILE: where the bytes begin (stored members of a zip) */
	uint64_t bytes;
	uint64_t packed;            /* INPUT_REMOTE: so many bytes from FIRST on are deflate; 0: not packed */
	uint64_t member_index;      /* INPUT_MEMBER: entry number within the container */
	char *why;                  /* INPUT_NOTE: nothing to read, only this damage to report */
	struct packed_pool *pool;   /* INPUT_MEMBER: shared by the members of one container, counted */
	struct warc_remote *remote; /* shared by all remote inputs of a list */
};

enum status source_open(const struct warc_input *input, struct source **out, struct fault *fault);
enum status source_open_file(const char *path, uint64_t first, uint64_t size, struct source **out, struct fault *fault);
enum status source_open_filter(const struct warc_input *input, struct source **out, struct fault *fault);
enum status source_open_remote(const struct warc_input *input, struct source **out, struct fault *fault);
/* *SOURCE becomes its bytes inflated; closed on failure. */
enum status source_inflate(struct source **source, struct fault *fault);
void source_close(struct source *source);         /* NULL is fine */
void packed_pool_leave(struct packed_pool *pool); /* one user less; NULL is fine */

/* A sliding piece of a source: data[0] lies at offset. */
struct window {
	struct source *source;
	char *data;
	size_t capacity, size;
	uint64_t offset;
	bool at_end; /* the source ends at offset + size */
};
#define WINDOW_CHUNK SCALED(2 * MIB)
#define WINDOW_MAX SCALED(24 * MIB)
void window_start(struct window *window, struct source *source);
/* All bytes in memory from AT on, at least WANT (≤ WINDOW_MAX) unless the source ends. Bytes before AT may be
 * forgotten; AT before the window is possible for seekable sources only. */
enum status window_need(struct window *window, uint64_t at, size_t want, struct span *out, struct fault *fault);
/* BYTES, which end where the window's data from AT on begins, stand before it again. */
enum status window_unread(struct window *window, uint64_t at, struct span bytes);
void window_free(struct window *window);

/* ---- Text ---------------------------------------------------------------------------------------------- */

enum codec { CODEC_NONE, CODEC_GZIP, CODEC_ZSTD };

#define TEXT_MAX                                                                                                       \
	SCALED(16 * MIB) /* a record that fits is kept in one piece; a longer one is gathered in a buffer of its own   \
			  */
#define TEXT_CHUNK SCALED(256 * KIB)

struct codec_state; /* decompressors, in text_gzip.c and text_zstd.c */

/* Where a member's bytes begin: in the file, and among all inflated bytes. */
struct text_member {
	uint64_t stored, origin;
};
#define TEXT_MEMBERS_MAX ((size_t)65536)

/* The bytes of records, as far as they are in memory: data + at … data + size. */
struct text {
	enum codec codec;
	struct window window;
	uint64_t member_max;
	char *data; /* the window's (CODEC_NONE) or OWNED */
	char *owned;
	size_t at, size, capacity;
	uint64_t origin;             /* position of data[0] in all inflated bytes since the start */
	uint64_t stored;             /* stored offset: end of the last whole member; CODEC_NONE: of data + at */
	uint64_t member;             /* stored offset of the member that was begun last */
	uint64_t member_origin;      /* position at which that member's bytes begin */
	struct text_member *earlier; /* members begun before that whose bytes are still in memory */
	size_t earlier_count, earlier_capacity;
	uint64_t floor;    /* position from which on members are remembered though their bytes were dropped */
	bool open;         /* that member has more to give */
	uint64_t consumed; /* stored offset up to which an open member was read */
	bool broken;       /* text_more found damage: why, and where to search from */
	bool cut;          /* … the damage is the end of the input */
	bool cut_checked;
	uint64_t broken_from;
	char why[160];
	struct gzip_state *gzip;
	struct zstd_state *zstd;
};

static inline struct span text_span(const struct text *text)
{
	return (struct span){text->data + text->at, text->size - text->at};
}
/* No member was begun after the one that the byte at AT comes from. */
static inline bool text_in_last_member(const struct text *text)
{
	return text->origin + text->at >= text->member_origin;
}
/* How many of the earlier members begin at POSITION or before. */
static inline size_t text_members_until(const struct text *text, uint64_t position)
{
	size_t low = 0, high = text->earlier_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (text->earlier[middle].origin <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
/* The member that the byte at AT comes from; of several that begin there, the last. */
static inline struct text_member text_place(const struct text *text)
{
	if (text_in_last_member(text) || !text->earlier_count)
		return (struct text_member){text->member, text->member_origin};
	size_t count = text_members_until(text, text->origin + text->at);
	return text->earlier[count ? count - 1 : 0];
}
/* Bytes of that member before AT. */
static inline uint64_t text_inner(const struct text *text)
{
	return text->codec == CODEC_NONE ? 0 : text->origin + text->at - text_place(text).origin;
}
/* A member begins at text->stored; its bytes come after those in memory. */
enum status text_begin_member(struct text *text);
void text_open(struct text *text, struct source *source, uint64_t member_max);
void text_start(struct text *text, enum codec codec, uint64_t stored); /* after text_open, before the first text_more */
/* More bytes after those in memory, hopefully at least WANT in all. STATUS_OK: the text grew, or a member without bytes
 * was passed. STATUS_END: there are no more, or text->broken says why not. Spans of the text move. */
enum status text_more(struct text *text, size_t want, struct fault *fault);
void text_drop(struct text *text, size_t size); /* SIZE bytes in memory are done with */
void text_jump(struct text *text,
	       uint64_t stored); /* forget everything, go on at a stored offset where a member begins */
bool text_at_member_end(const struct text *text); /* nothing in memory, no member open */
void text_free(struct text *text);
/* BYTES, which were dropped last, are in memory again (their members are known from text->floor on). */
enum status text_unread(struct text *text, struct span bytes);
enum status text_reserve(struct text *text, size_t extra); /* for the decompressors */
void text_break(struct text *text, bool cut, uint64_t from, const char *why);

enum status gzip_more(struct text *text, struct fault *fault);
void gzip_end(struct text *text);
void gzip_free(struct text *text);
enum status zstd_more(struct text *text, struct fault *fault);
enum status zstd_prepare(struct text *text, struct fault *fault); /* context and dictionary; before zstd_peek */
void zstd_end(struct text *text);
void zstd_forget(struct text *text); /* the dictionary belongs to another source */
void zstd_free(struct text *text);
/* Does a member that inflates to at least a few bytes start here? Its first bytes go to OUT (≤ MAX). 0: no. */
size_t gzip_peek(struct span stored, char *out, size_t max);
size_t zstd_peek(struct text *text, struct span stored, char *out, size_t max);

/* ---- Parsing ------------------------------------------------------------------------------------------- */

/* Fields of a header block. */
struct fields {
	struct warc_field *list;
	size_t count, capacity;
};
#define FIELDS_MAX 4096

enum parse { PARSE_NO, PARSE_YES, PARSE_SHORT }; /* not one; one; more text would be needed to tell */

/* A WARC header block at the start of TEXT: *SIZE bytes with the blank line. STRICT (after damage) wants every line in
 * order. */
enum parse parse_warc_extent(struct span text, bool strict, size_t header_max, size_t *size);
/* Lines from FROM on as far as they could be a header's: each a field or the rest of a folded one. Judged once, they
 * answer for every place among them where a header could begin, so that a text full of beginnings costs its length and
 * not its square. */
struct header_run {
	enum {
		RUN_NONE,
		RUN_WHOLE,
		RUN_BROKEN,
		RUN_SHORT
	} how;            /* ends with a blank line; with no field; with the text */
	size_t from, end; /* END: after the blank line; of the line that is none; of the last line, not whole */
	size_t telling;   /* the last line with a field that only records have, or SIZE_MAX */
};
struct header_run parse_header_run(struct span text, size_t from);
/* parse_warc_extent, strict, at AT of TEXT. RUN is kept from call to call with the same TEXT. */
enum parse parse_warc_strict(struct span text, size_t at, size_t header_max, struct header_run *run);
/* The fields of a block found by parse_warc_extent or an HTTP header; LINE gets the first line. */
enum status parse_fields(struct span block, struct arena *arena, struct fields *fields, struct span *line);
/* End of the header block that starts at TEXT (after its blank line), or SIZE_MAX. */
size_t parse_block_end(struct span text);

enum status fields_add(struct fields *fields, struct span name, struct span value);

struct arc_line {
	struct span uri, ip, date, mime;
	uint64_t length;
	bool length_known;
	size_t size; /* of the line with its end */
};
#define ARC_LINE_MAX (2 * KIB + SCALED(62 * KIB))
/* STRICT wants a date of 12 to 18 digits and a length. */
enum parse parse_arc_line(struct span text, bool strict, struct arc_line *line);

/* What the first bytes of a file or stream (SNIFF_BYTES, fewer at its end) are. *ARC: ARC records may occur. */
#define SNIFF_BYTES (4 * KIB + SCALED(60 * KIB))
enum warc_kind sniff_kind(struct span head, bool *arc);
/* Is this the start of an index of archives: CDX (with its header line, or lines of address, IP, date, type, length,
 * file and offset, which have the form of ARC heads) or CDXJ? */
bool sniff_is_index(struct span head);

/* ---- HTTP bodies ----------------------------------------------------------------------------------------- */

struct body_decoder;
struct body_decoder *body_decoder_new(size_t body_max);
void body_decoder_free(struct body_decoder *decoder);

/* ---- Remote ---------------------------------------------------------------------------------------------- */

struct warc_remote;
struct warc_remote *remote_new(const struct warc_options *options);
void remote_free(struct warc_remote *remote);

#endif
