/* corpus_internal: what the files of corpus/ share and nobody else sees. */
#ifndef WARCMILL_CORPUS_INTERNAL_H
#define WARCMILL_CORPUS_INTERNAL_H

#include "corpus/corpus.h"

#include <regex.h>
#include <stdio.h>

#define TOOL_NAME "warcmill " WARCMILL_VERSION

/* ---- Small helpers (util.c) ------------------------------------------------------------------------------ */

bool option_size_parse(struct span text, uint64_t *value); /* "64M", "1G", "1000" */
int64_t option_date_parse(struct span text, bool end);     /* END: a bare day means its last second */
bool list_has(struct span list, struct span item);         /* comma-separated, blanks around items, any ASCII case */
struct span text_clean(struct arena *arena,
		       struct span bytes); /* valid UTF-8 without controls; SPAN_NONE for absent or empty */
struct span url_clean(struct arena *arena, struct span bytes); /* bytes that are not valid UTF-8 percent-encoded */
void varint_put(struct buffer *out, uint64_t value);           /* LEB128 */
bool varint_get(struct span *from, uint64_t *value);
char *path_join(const char *folder, const char *format, ...) WARCMILL_PRINTF(2, 3); /* malloc; NULL without memory */
enum status folder_remove(const char *path,
			  struct fault *fault); /* with what is in it; absent is fine; never follows links */

/* ---- Settings: options, read (settings.c) ---------------------------------------------------------------- */

enum { MASK_EMAIL = 1, MASK_IP = 2, MASK_PHONE = 4 };
enum sort_key { SORT_ID, SORT_URL, SORT_DATE };
enum { SPLITS_MAX = 16 };

struct settings {
	enum article_text text;
	bool keep_all, host_evidence, check_digests;
	const struct sink_class *format;
	enum compression compression;
	enum sort_key sort;
	struct span source, languages, hosts, statuses; /* into the options */
	unsigned respect;                               /* ROBOTS_… bits */
	unsigned mask;                                  /* MASK_… bits */
	int64_t since, until;                           /* DATE_NONE: open */
	uint64_t min_words, sample, max_part_bytes, segment_bytes, memory;
	unsigned name_depth;
	bool has_include, has_exclude;
	regex_t include, exclude;
	struct split {
		struct span name;
		uint64_t below; /* hashes below this (of 2^32) and not in an earlier split */
	} splits[SPLITS_MAX];
	size_t split_count;
	const char *df_path, *against_path, *model_path;
};
enum status settings_read(const struct build_options *options, struct settings *settings, struct fault *fault);
void settings_free(struct settings *settings);
/* The name of the lowest of ROBOTS, as --respect has it ("noai", "tdm"); NULL when there is none. */
const char *settings_signal(unsigned robots);

/* ---- What a body is (mime.c) ------------------------------------------------------------------------------- */

const char *mime_sniff(struct span body);           /* "text/html", …; static */
struct span mime_essence(struct span content_type); /* without parameters; SPAN_NONE when there is none */
bool mime_is_html(struct span essence);             /* HTML or XHTML */
bool mime_is_unknown(struct span essence);          /* absent, or a label that says nothing */

/* ---- Tally: counters of one segment, input or run (tally.c) ----------------------------------------------- */

/* `records` counts every place read: records and damaged places. It must equal the sum of the outcomes. */
enum { TALLY_REASONS = 96, TALLY_NAME = 40 };
struct tally {
	uint64_t records, documents, duplicates, damaged;
	uint64_t record_bytes, skipped_bytes; /* of records; of damage and padding */
	uint64_t pages;                       /* rows that may become documents: resolved later */
	uint64_t revisits;                    /* revisit records: resolved later */
	size_t reason_count;
	struct tally_reason {
		char name[TALLY_NAME]; /* "skipped:status", "rejected:section-front" */
		uint64_t count;
	} reasons[TALLY_REASONS];
};
void tally_reason(struct tally *tally, const char *kind, struct span reason, uint64_t count);
void tally_add(struct tally *tally, const struct tally *more);
void tally_sort(struct tally *tally);                             /* reasons by name */
uint64_t tally_kind(const struct tally *tally, const char *kind); /* sum of reasons "KIND:…" */
void tally_pack(const struct tally *tally, struct buffer *out);
bool tally_unpack(struct span *from, struct tally *tally);

/* ---- Rows of the spool (row.c) ----------------------------------------------------------------------------- */

enum row_kind { ROW_PAGE, ROW_REJECTED, ROW_REVISIT, ROW_ERROR };

/* One page (or damaged place) between the stages. Texts point into the decoded frame; id, file name and host are made
 * again on reading. A page's article is `document.text`; the blocks are those that host evidence may decide on. */
struct row {
	enum row_kind kind;
	uint32_t input;
	struct document document;
	struct span reason;           /* of ROW_REJECTED, ROW_ERROR's text */
	uint64_t skipped;             /* of ROW_ERROR */
	struct article_block *blocks; /* [block_count] */
	size_t block_count;
	struct span target_id, target_uri, target_digest; /* of ROW_REVISIT */
	int64_t target_date;
};
/* Append ROW to OUT. */
void row_pack(const struct row *row, struct buffer *out);
/* Cut one row off FROM. Arrays and made texts live in ARENA. False when FROM is damaged. */
bool row_unpack(struct span *from, const struct warc_inputs *inputs, struct arena *arena, struct row *row);

/* ---- Stage files (stagefile.c) ------------------------------------------------------------------------------ */

struct plan;
/* Write SPANS[COUNT], one after the other, as stage file NAME of PLAN ("sign-00003"), atomically. */
enum status stage_write(const struct plan *plan, const char *name, const struct span *spans, size_t count,
			struct fault *fault);
struct stage_file {
	struct span bytes; /* the payload */
	void *map;
	size_t map_size;
};
/* Map stage file NAME. STATUS_END: it is not there. STATUS_DATA: damaged or another plan's. */
enum status stage_open(const struct plan *plan, const char *name, struct stage_file *out, struct fault *fault);
/* The same without reading the payload, for files of which a task needs a part. */
enum status stage_map(const struct plan *plan, const char *name, struct stage_file *out, struct fault *fault);
void stage_close(struct stage_file *file);                    /* zeroed is fine */
bool stage_exists(const struct plan *plan, const char *name); /* header and length fit; bytes unread */
/* Cut COUNT elements of SIZE bytes off the front of REST; false when there are fewer. What a stage file holds fits its
 * checksum, but whoever may write there could have made both. */
bool stage_array(struct span *rest, uint64_t count, size_t size, const void **array);
/* A stage file of SIZE payload bytes (known beforehand) to be filled in place: its room is reserved on disk first, so
 * that a full disk is an error here and not a signal later. Commit or abandon it. */
struct stage_space {
	char *bytes; /* the payload, zeroed */
	uint64_t size;
	void *map;
	char *temporary, *path;
	char name[40];
	int file;
};
enum status stage_space_new(const struct plan *plan, const char *name, uint64_t size, struct stage_space *out,
			    struct fault *fault);
enum status stage_space_commit(const struct plan *plan, struct stage_space *space, struct fault *fault);
void stage_space_abandon(struct stage_space *space); /* zeroed is fine */

/* ---- Plan (plan.c) ------------------------------------------------------------------------------------------ */

struct plan {
	struct settings settings;
	const struct build_options *options; /* borrowed */
	struct warc_inputs *inputs;
	size_t input_count;
	struct input_stat {
		uint64_t bytes;
		int64_t changed_ns; /* modification time; 0 where there is none */
	} * stats;                  /* [input_count] */
	struct warc_segment *segments;
	size_t segment_count;
	size_t shard_count, partition_count;
	size_t *shard_inputs;              /* [shard_count + 1] first input of each shard */
	size_t *shard_segments;            /* [shard_count + 1] first segment of each shard */
	char against[65];                  /* SHA-256 of the older corpus' manifest.json; "" without --against */
	struct article_model *model;       /* of --model; NULL: the built-in one */
	struct buffer model_bytes;         /* the file it was read from; it goes with the corpus */
	char article[ARTICLE_VERSION_MAX]; /* article_version of the model in use */
	uint8_t digest[16];                /* of everything in the plan: binds stage files */
	char *folder, *work;               /* DIR, DIR/.work */
	struct buffer json;                /* plan.json */
};
void plan_reads(const struct plan *plan, struct match_reads *out);
enum status plan_new(const char *const *arguments, size_t count, const struct build_options *options,
		     const char *folder, struct plan **out, struct fault *fault);
void plan_free(struct plan *plan);
/* The plan that FOLDER holds, without a look at the inputs: STATUS_USAGE when there is none, or it is another
 * program's. OPTIONS is filled. */
enum status plan_load(const char *folder, struct build_options *options, struct plan **out, struct fault *fault);
/* When the file PATH was last changed, in ns since 1970; 0 of anything else, and where there is none. */
int64_t plan_changed_ns(const char *path);
/* Are the files of a shard those that were planned? STATUS_USAGE names the first that is not. */
enum status plan_check_inputs(const struct plan *plan, size_t shard, struct fault *fault);
/* STATUS_USAGE with what differs: options of an earlier run and of this one, as JSON objects. */
enum status plan_differ_options(const struct json *old, const struct json *now, struct fault *fault);
/* Compare with the plan.json in the working folder: STATUS_OK same, STATUS_END none there, STATUS_USAGE what differs.
 */
enum status plan_compare(const struct plan *plan, struct fault *fault);
enum status plan_store(const struct plan *plan, struct fault *fault);

/* Where a corpus keeps the model of --model, so that its texts can be made again. */
#define CORPUS_MODEL "tables/article.model"
/* Give OPTIONS the model at PATH where there is one. PATH is freed; NULL: no memory for it. */
enum status model_option_set(struct build_options *options, char *path, struct fault *fault);

/* The folders that a corpus has, without temporary files of tasks that were killed (build.c). */
enum status output_folders_make(const struct plan *plan, struct fault *fault);

/* ---- Spool (spool.c) ------------------------------------------------------------------------------------------ */

/* What one segment gives: rows packed in zstd frames, with the segment's tally. Beyond 64 MiB of frames it moves to a
 * temporary file, so a stream of any length is one segment and memory stays bounded. */
struct spool_block {
	uint64_t segment, first, end; /* end: where reading ended, stored bytes of the input */
	struct tally tally;
	uint64_t rows, frames;
	struct buffer raw, packed, scratch;
	uint64_t raw_rows, raw_pages; /* in `raw` */
	uint64_t packed_bytes;        /* with what was spilled */
	uint64_t hash;
	int spill; /* descriptor of an unlinked temporary file, -1: none */
	const char *work;
	void *zstd;
};
enum status spool_block_init(struct spool_block *block, const char *work);
void spool_block_free(struct spool_block *block);
void spool_block_start(struct spool_block *block, uint64_t segment);
enum status spool_block_row(struct spool_block *block, const struct row *row, struct fault *fault);
enum status spool_block_finish(struct spool_block *block, struct fault *fault); /* packs the last frame */

/* The spool file of one shard, being written: whole blocks in segment order, each with a checksum. */
struct spool_writer {
	int file;
	char *path;
	uint64_t size;         /* whole blocks end here */
	uint64_t next_segment; /* the first segment that is missing */
	uint64_t last_end;     /* of the last block */
	struct tally tally;    /* of all blocks */
	uint8_t plan[16];
};
/* Opens or continues; a torn tail is cut off. */
enum status spool_writer_open(struct spool_writer *writer, const struct plan *plan, size_t shard, struct fault *fault);
enum status spool_writer_append(struct spool_writer *writer, struct spool_block *block, struct fault *fault);
enum status spool_writer_close(struct spool_writer *writer, bool complete, struct fault *fault);

/* Finished spools of all shards, mapped: frames in row order. */
struct spool_frame {
	const char *data;
	uint32_t packed, raw, rows;
	uint64_t first_row, first_page;
};
struct spool {
	struct spool_shard {
		void *map;
		size_t size;
		size_t first_frame; /* of the shard */
		uint64_t first_page;
	} * shards;
	size_t shard_count;
	struct spool_frame *frames;
	size_t frame_count;
	uint64_t row_count, page_count; /* pages: rows of kind ROW_PAGE, the documents of dedup/ */
	struct tally tally;             /* of all */
	struct tally *input_tallies;    /* [inputs]; heap: large */
};
enum status spool_open(const struct plan *plan, struct spool **out, struct fault *fault);
void spool_free(struct spool *spool);

/* Rows of frames, one after the other. */
struct spool_cursor {
	const struct plan *plan;
	const struct spool *spool;
	struct arena *arena;
	struct buffer raw;
	struct span rest;
	void *zstd;
	uint64_t row;  /* index of the row last given */
	uint64_t page; /* pages before that row: a page's index */
	uint64_t next_page;
};
enum status spool_cursor_init(struct spool_cursor *cursor, const struct plan *plan, const struct spool *spool);
void spool_cursor_free(struct spool_cursor *cursor);
enum status spool_cursor_frame(struct spool_cursor *cursor, size_t frame,
			       struct fault *fault); /* go to a frame's start */
/* STATUS_OK, STATUS_END at the frame's end, STATUS_DATA. ROW lives until the next call. */
enum status spool_cursor_next(struct spool_cursor *cursor, struct row *row, struct fault *fault);

/* ---- Stages ---------------------------------------------------------------------------------------------------- */

struct run {
	struct plan *plan;
	unsigned threads;
	const struct corpus_observer *observer;
	struct corpus_progress progress;
};
/* run.json: volatile facts about this very run (speed, places); in no digest. Failures do not matter. */
struct stage_time {
	const char *name;
	double seconds;
};
void run_json_write(const struct plan *plan, unsigned threads, double seconds, const struct stage_time *times,
		    size_t count);
void corpus_totals_fill(const struct tally *tally, struct corpus_totals *totals);
void run_progress(struct run *run, uint64_t step); /* call from one thread at a time */

/* Decides what one record is and makes its row (page.c). One a thread. */
struct page_maker;
struct page_maker *page_maker_new(const struct plan *plan, struct fault *fault);
void page_maker_free(struct page_maker *maker);
void page_maker_explain(struct page_maker *maker); /* rejected pages keep their scored blocks too */
/* RECORD was just read by READER. Adds to TALLY; *HAS_ROW tells whether ROW is to be kept. */
enum status page_make(struct page_maker *maker, struct warc_reader *reader, struct warc_record *record, uint32_t input,
		      struct tally *tally, struct row *row, bool *has_row, struct fault *fault);

enum status stage_extract(struct run *run, size_t shard, struct fault *fault); /* spool-SSSSS, extract-SSSSS */

/* Blocks that recur on a host's pages (hosts.c): sorted by (host, block). */
struct recurring_block {
	uint64_t host, block;          /* hash64 of the host's name; article_block.hash */
	uint32_t pages, of;            /* pages with different contexts that hold it; pages of the host */
	uint64_t text_at;              /* of its text in the stage file's heap */
	uint32_t text_size, host_size; /* the host's name stands before the text */
};
struct recurring {
	const struct recurring_block *blocks;
	size_t count;
	struct span heap;
	struct stage_file file;
};
enum status stage_hosts(struct run *run, const struct spool *spool, struct fault *fault); /* "hosts" */
enum status recurring_open(const struct plan *plan, struct recurring *out, struct fault *fault);
void recurring_close(struct recurring *recurring);

/* What a page's text is once host evidence has spoken (final_text.c). One a thread. */
struct final_text {
	struct buffer text;
	uint64_t *barred;
	size_t capacity;
};
void final_text_init(struct final_text *final);
void final_text_free(struct final_text *final);
/* Decide again about ROW's blocks: sets row->document.text, words, barred_blocks. *REASON: NULL, or why it is no
 * article any more. ROW's text lives until the next call. */
enum status final_text_make(struct final_text *final, const struct recurring *recurring,
			    const struct settings *settings, struct row *row, const char **reason);

/* One a page, in page order: what later stages need without the text (sign.c). */
struct page_info {
	uint64_t offset, inner;
	uint64_t url_at; /* in the shard's heap of addresses */
	uint64_t weight; /* bytes it takes in a part */
	int64_t date;    /* publication, else fetch */
	struct dedup_attributes attributes;
	uint32_t input, url_size;
	uint32_t rejected; /* 1: host evidence left nothing */
	uint32_t words;
};
enum status stage_df(struct run *run, const struct spool *spool, struct fault *fault); /* "df" */
enum status stage_sign(struct run *run, const struct spool *spool, size_t shard,
		       struct fault *fault); /* "sign-", "signatures-", "infos-", "urls-", "exact-" */

/* All shards' signatures and infos, mapped. */
struct signed_pages {
	struct stage_file *files; /* [3 * shard_count] */
	size_t shard_count;
	struct signature_table *table;
	uint64_t count;
	uint64_t *shard_first; /* [shard_count + 1] first page */
};
enum status signed_open(const struct plan *plan, const struct spool *spool, struct signed_pages *out,
			struct fault *fault);
void signed_close(struct signed_pages *pages);
const struct page_info *page_info_at(const struct signed_pages *pages, uint64_t page);
struct span page_url_at(const struct signed_pages *pages, uint64_t page);
struct span page_id_at(const struct plan *plan, const struct signed_pages *pages, uint64_t page, struct arena *arena);

/* Documents of an older corpus (against.c), "against". Without --against all is empty. */
struct old_page {
	uint64_t id_at, url_at, cluster_at; /* in the heap */
	uint32_t id_size, url_size, cluster_size, unused;
	struct dedup_attributes attributes;
};
struct old_pages {
	struct stage_file file;
	const struct signature *signatures;
	const struct old_page *infos;
	struct span heap;
	uint64_t count;
};
enum status stage_against(struct run *run, struct fault *fault);
enum status old_pages_open(const struct plan *plan, struct old_pages *out, struct fault *fault);
void old_pages_close(struct old_pages *pages);
/* Old documents, then this run's pages; borrows from both. NULL without memory. */
struct signature_table *joined_table(const struct old_pages *old, const struct signed_pages *pages);

/* What becomes of each page and revisit (cluster.c), one file "fates". */
enum { FATE_KEPT, FATE_COPY, FATE_REJECTED, FATE_NOT_SAMPLED, FATE_OLD_COPY /* keeper: index in the older corpus */ };
struct page_fate {
	uint32_t keeper; /* page index; itself when kept */
	uint32_t size;   /* of the cluster: pages and resolved revisits */
	struct pair_evidence evidence;
	uint8_t keeper_rule, fate;
	uint16_t split;
};
enum { REVISIT_RESOLVED, REVISIT_UNRESOLVED, REVISIT_OF_REJECTED, REVISIT_NOT_SAMPLED, REVISIT_OF_OLD };
struct revisit_fate {
	uint64_t row, offset, inner; /* the row in the spool, its address */
	uint32_t input;
	uint32_t keeper;  /* page index of the kept document; DOCUMENT_NONE unless resolved */
	uint32_t outcome; /* REVISIT_… */
	uint16_t split, unused;
};
/* What one emit task writes. */
enum part_kind {
	PART_WHOLE,  /* pages [first, end) in id order, with their copies, rejected pages and revisits */
	PART_SIDE,   /* the same without kept documents */
	PART_SORTED, /* kept documents order[first, end) */
};
struct part_range {
	uint64_t first, end;
	uint32_t kind, number; /* enum part_kind; NNNNN of the files */
};
struct fates {
	struct stage_file file;
	const struct page_fate *pages;
	const struct revisit_fate *revisits; /* sorted by row */
	const struct part_range *parts;
	const uint32_t *order;              /* kept pages in the order asked for; order_count 0: id order */
	const uint32_t *members;            /* copies sorted by (keeper, page) */
	const uint32_t *revisits_by_keeper; /* indexes of the resolved ones */
	uint64_t page_count, revisit_count, part_count, order_count, member_count, resolved_count;
	uint64_t clusters, exact, near_count, candidates, accepted, full_buckets;
};
/* Split of a document by the hash of its cluster's id; 0 where there are no splits. */
uint16_t split_of(const struct settings *settings, struct span cluster_id);
/* The search for pairs in partitions, for clusters (match.c): "keys-SSSSS" and "match-PPPPP" are marks beside files of
 * dedup/'s own forms. `build` does it in one go inside stage_cluster instead, with the same result. */
enum status stage_keys(struct run *run, const struct spool *spool, size_t shard, struct fault *fault);
enum status stage_match(struct run *run, const struct spool *spool, size_t partition, struct fault *fault);
/* All partitions' pairs. STATUS_END: they were not searched for in partitions. */
enum status match_load(const struct plan *plan, struct pair_list *out, struct fault *fault);
void dedup_settings(const struct run *run, struct dedup_options *options);

enum status stage_cluster(struct run *run, const struct spool *spool, struct fault *fault);
enum status fates_open(const struct plan *plan, struct fates *out, struct fault *fault);
void fates_close(struct fates *fates);

/* What all parts read; opened once. */
struct emit_shared {
	const struct spool *spool;
	struct signed_pages pages;
	struct fates fates;
	struct recurring recurring;
	struct old_pages old;
};
enum status emit_shared_open(const struct plan *plan, const struct spool *spool, struct emit_shared *out,
			     struct fault *fault);
void emit_shared_close(struct emit_shared *shared);
enum status stage_emit(struct run *run, const struct emit_shared *shared, size_t part,
		       struct fault *fault); /* "emit-PPPPP" */

/* Digests of the inputs: SHA-256 of each file, "digests-SSSSS" (digests.c). */
struct input_digest {
	uint8_t sha256[32];
	uint32_t known; /* 0: standard input or a remote file */
	uint32_t unused;
};
enum status stage_digests(struct run *run, size_t shard, struct fault *fault);
/* Of all inputs: *OUT [input_count], malloc'd, also on failure. */
enum status digests_read(const struct plan *plan, struct input_digest **out, struct fault *fault);
/* Puts the folder together: tables, errors, README, manifest, SHA256SUMS (finish.c). TALLY is the run's. */
enum status stage_finish(struct run *run, const struct emit_shared *shared, struct tally *tally, struct fault *fault);

#endif
