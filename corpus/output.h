/* output: what a row of the corpus is, and what a writer of rows must do.
 *
 * The stages fill `struct document`, `struct duplicate` and `struct rejection` and hand them to a sink: one sink writes
 * one file. A sink knows its format (JSON lines, Parquet, WARC) and nothing of threads, parts, compression levels,
 * temporary names or digests: bytes go to a `part_stream`, which owns those. So a new format is one file with one
 * `sink_class`. */
#ifndef WARCMILL_OUTPUT_H
#define WARCMILL_OUTPUT_H

#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Rows ---------------------------------------------------------------------------------------------- */

/* All texts are valid UTF-8; documents' texts and metadata are NFC. Absent is data == NULL, and is left out of every
 * format. Spans live until the sink's function returns. */

/* Where a page came from: the part that documents, copies and rejected pages share. Column names as in Common Crawl's
 * index. */
struct page_source {
	struct span id;                         /* "<input name>@<offset>", the row's key */
	struct span url;                        /* as the archive has it, made valid UTF-8 */
	struct span url_host_name;              /* lower case */
	struct span url_host_registered_domain; /* by the Public Suffix List */
	int64_t fetch_time;                     /* seconds since 1970, DATE_NONE: absent */
	int fetch_status;                       /* HTTP status, 0: absent (resource records) */
	struct span content_digest;        /* WARC-Payload-Digest as stored, or "sha1:BASE32" of the decoded body */
	struct span content_mime_type;     /* as the server said, without parameters */
	struct span content_mime_detected; /* by content */
	struct span content_charset;       /* the WHATWG name, "UTF-8" */
	struct span content_truncated;     /* "length", "time", "disconnect", "unspecified", "damaged" */
	struct span warc_filename;         /* the input's name, with "container!" where it was inside one */
	uint64_t warc_record_offset;       /* stored bytes */
	uint64_t warc_record_inner;        /* inflated bytes into the member, 0 but in whole-file gzip */
	uint64_t warc_record_length;       /* stored bytes */
	struct span warc_record_id;        /* without angle brackets */
	struct span warc_type;             /* "response", "resource", "revisit" */
};

struct masked_counts {
	uint32_t email, ip, phone;
};

struct document {
	struct page_source page;
	struct span text;    /* the article, after masking */
	struct span source;  /* Dolma's "source": option --source, or "warcmill" */
	struct span created; /* W3CDTF: the publication date, else the fetch time */
	struct span title, site_name, canonical_url, description, license, date_published, date_modified, image;
	const struct span *authors; /* [author_count] */
	size_t author_count;
	const struct span *tags; /* [tag_count] */
	size_t tag_count;
	struct span languages; /* content_languages: up to three ISO 639-3 codes, comma-separated, likeliest first */
	struct span language_declared; /* as the page declares it (BCP 47) */
	struct span page_type;         /* og:type or JSON-LD @type */
	struct span source_name;       /* agency or publisher named as the text's source */
	unsigned robots;               /* ROBOTS_… bits of extract/extract.h */
	struct span tdm_policy;
	struct span extraction_method; /* article.method */
	double extraction_confidence;  /* 0..1, written with three decimals */
	uint32_t words;
	uint32_t barred_blocks; /* blocks dropped as host boilerplate */
	struct masked_counts masked;
	uint64_t simhash[2]; /* 128-bit fingerprint, [0] the low half; written as 32 hex digits, high half first */
	struct span
		cluster_id; /* id of the cluster: the keeper's id, or the older corpus' cluster id; absent when alone */
	uint32_t cluster_size;     /* members with the keeper; 1 when alone */
	const struct span *copies; /* [copy_count] ids of the collapsed copies in order; at most DOCUMENT_COPIES_MAX */
	size_t copy_count;
	struct span split; /* "train", …; absent without --split */
};
#define DOCUMENT_COPIES_MAX 100

/* Why two texts count as one. Absent measures are < 0. */
struct duplicate_evidence {
	int hamming;        /* SimHash distance 0..128 */
	double jaccard;     /* estimate 0..1, three decimals */
	double containment; /* estimate 0..1 of the shorter text in the longer, three decimals */
	double numbers;    /* share of the number tokens of the one that has fewer in the other; absent: one has none */
	int anchors;       /* shared, 0..16 */
	int head;          /* shared shingles of the two beginnings, 0..3 */
	int numbers_apart; /* numbers of the one that has fewer that the other lacks, 3 for all above; absent as above
			    */
	int tokens;        /* of the shorter text */
	double score;      /* acceptance score 0..1, three decimals */
	bool direct;       /* the pair copy–keeper itself was accepted; false: joined through others of the cluster */
	/* Which rule accepted: "exact", "simhash", "jaccard", "containment", "linked" (through others of the cluster),
	 * "revisit"; or absent. */
	struct span kind_of_rule;
};

struct duplicate {
	struct page_source page;
	struct span title;
	struct span duplicate_of;     /* the kept document's id */
	struct span duplicate_of_url; /* its address, or absent */
	struct span cluster_id;
	struct span kind; /* "exact", "near", "contained", "revisit" */
	struct duplicate_evidence evidence;
	uint64_t simhash[2]; /* both 0 for revisits */
	struct span languages;
	uint32_t words;
	struct span split;
};

struct rejection {
	struct page_source page;
	struct span title;
	struct span reason; /* "section-front", "error-page", "noai", … */
	struct span extraction_method;
	double extraction_confidence;
	struct span languages;
	uint32_t words;
};

enum corpus_table { TABLE_DOCUMENTS, TABLE_DUPLICATES, TABLE_REJECTED, TABLE_COUNT };
extern const char *const corpus_table_names[TABLE_COUNT]; /* "documents", "duplicates", "rejected": folder names */

struct corpus_row {
	enum corpus_table table;
	union {
		struct document document;
		struct duplicate duplicate;
		struct rejection rejection;
	} as;
};

/* ---- Where bytes go ------------------------------------------------------------------------------------ */

enum compression { COMPRESS_ZSTD, COMPRESS_GZIP, COMPRESS_NONE };

/* One output file: written under a temporary name, hashed as it goes, fsynced and renamed by part_stream_close. The
 * same bytes in give the same bytes out, however they were cut into writes. One zstd frame or gzip member a file (many
 * readers stop at the first), unless part_stream_member asks for more. */
struct part_stream;
/* PATH is the final name without the compression's suffix, which is added (".zst", ".gz", ""). */
enum status part_stream_open(const char *path, enum compression compression, struct part_stream **out,
			     struct fault *fault);
enum status part_stream_write(struct part_stream *stream, struct span bytes, struct fault *fault);
/* End the gzip member or zstd frame here: what follows starts a new one (WARC wants one a record). */
enum status part_stream_member(struct part_stream *stream, struct fault *fault);
/* The member or frame about to begin will hold SIZE bytes, so that zstd can write that into the frame's header, which
 * readers of `.warc.zst` want. Without it nothing is said there. */
enum status part_stream_pledge(struct part_stream *stream, uint64_t size, struct fault *fault);
uint64_t part_stream_offset(const struct part_stream *stream); /* bytes given to write so far (before compression) */
/* After the last write. Fills the file's size and SHA-256 and frees STREAM, also on failure. */
enum status part_stream_close(struct part_stream *stream, uint64_t *size, uint8_t sha256[DIGEST_MAX],
			      struct fault *fault);
void part_stream_abandon(struct part_stream *stream); /* removes the temporary file; NULL is fine */

/* ---- Sinks --------------------------------------------------------------------------------------------- */

struct sink_options {
	enum compression compression;
	const char *tool; /* "warcmill 0.1.0" */
};

/* A writer of one file of one table. `begin` makes the sink's state, `row` writes one row (always of the table given to
 * begin; rows come in their final order), `end` writes what belongs at the end of the file (a footer). `end` does not
 * close the stream; `free` frees the state and is always called once. Any state is the sink's own; no two threads share
 * one. */
struct sink_class {
	const char *name;     /* as in --format */
	const char *suffix;   /* of the files, before the compression's: ".jsonl", ".parquet", ".warc" */
	bool own_compression; /* the format compresses inside: the stream is opened with COMPRESS_NONE */
	enum status (*begin)(void **state, enum corpus_table table, const struct sink_options *options,
			     struct part_stream *stream, struct fault *fault);
	enum status (*row)(void *state, const struct corpus_row *row, struct fault *fault);
	enum status (*end)(void *state, struct fault *fault);
	void (*free)(void *state);
};
extern const struct sink_class sink_jsonl, sink_parquet, sink_wet;
/* The classes there are, by name; NULL when there is none. */
const struct sink_class *sink_class_named(struct span name);

/* One row as a JSON object without newline, appended to OUT: what sink_jsonl writes, and what verify compares. */
enum status corpus_row_json(const struct corpus_row *row, struct buffer *out);

#ifdef __cplusplus
}
#endif
#endif
