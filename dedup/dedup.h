/* dedup: near-duplicates. Texts to signatures, signatures to candidate pairs, pairs to clusters, clusters to keepers.
 *
 *	text ── signer ──▶ struct signature ── keys ──▶ candidate pairs ── pair_verify ──▶ accepted pairs ──▶ clusters
 *
 * A signature is all that the later steps ever see of a text, so they run over spool files and need no text. A document
 * is its index; give indexes in the order of ids and results depend on nothing else: not on threads, partitions, memory
 * or the order in which documents were signed. docs/duplicates.md has the method and the measurements. */
#ifndef WARCMILL_DEDUP_H
#define WARCMILL_DEDUP_H

#include "base/base.h"
#include "dedup/ceiling.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- df table: how many documents hold a shingle ------------------------------------------------------------- */

/* Hashed shingles of three words and, a byte each, the logarithm of the number of documents that hold them, counted on
 * a sample of this corpus. What many documents share (boilerplate) then weighs little. Read-only, shared by threads. */
struct df_table;
/* Log-scaled count of SHINGLE's slot: 0 none, else 1 + 8·log2(count) rounded down. */
unsigned df_count_log(const struct df_table *table, uint64_t shingle);
double df_weight(const struct df_table *table, uint64_t shingle); /* 1 (rare) … 1/64; 1 when TABLE is NULL */
uint64_t df_documents(const struct df_table *table);              /* documents counted */
void df_digest(const struct df_table *table, char hex[33]);       /* XXH3-128 of the saved bytes; "0…0" for NULL */
enum status df_save(const struct df_table *table, const char *path, struct fault *fault); /* atomically */
struct df_table *df_load(const char *path, struct fault *fault);                          /* NULL: FAULT says why */
void df_free(struct df_table *table);

/* Which documents are counted: distinct texts (equal texts count once), at most DF_HOST_MAX of a host, at most
 * DF_SAMPLE_MAX in all. The sample is the smallest exact hashes, so it depends on the set of texts alone and shards can
 * be merged. Collect a candidate for each document that passes df_sample_may, then select. */
#define DF_SAMPLE_MAX 100000
#define DF_HOST_MAX 200
struct df_candidate {
	struct hash128 exact; /* signer_exact */
	uint64_t host;        /* hash64 of the host; 0 unknown: not capped */
	uint64_t document;    /* index: of equal texts the smallest is taken */
};
/* False for a document that surely is not in the sample of a corpus of about TOTAL documents. */
bool df_sample_may(struct hash128 exact, uint64_t total);
/* Sorts, cuts and caps in place; the first RETURNED entries are the sample, sorted by document. */
size_t df_sample_select(struct df_candidate *candidates, size_t count);

/* ---- Signatures ---------------------------------------------------------------------------------------------- */

#define SIGNATURE_SKETCH 64
#define SIGNATURE_ANCHORS 16
#define SIGNATURE_NUMBERS 16
#define SIGNATURE_HEAD 3

enum signature_flag {
	SIGNATURE_SKETCH_WHOLE = 1,  /* the sketch holds every shingle: Jaccard and containment are exact */
	SIGNATURE_NUMBERS_WHOLE = 2, /* the same for numbers */
};

/* A text's fingerprint, written to files as it stands (little-endian machines). 416 bytes, no padding. */
struct signature {
	struct hash128 exact;              /* XXH3-128 of the normalised tokens: equal means the same text */
	uint64_t simhash[2];               /* 128-bit SimHash, [0] the low half; with SIMHASH_64 [1] is 0 */
	uint32_t sketch[SIGNATURE_SKETCH]; /* weighted bottom-64 of 3-word shingles: rank << 4 | weight class, ascending
					    */
	uint32_t anchors[SIGNATURE_ANCHORS]; /* low 32 bits of the anchors: smallest weighted hashes of 5-word shingles
					      */
	uint8_t anchors_high[SIGNATURE_ANCHORS]; /* their bits 32–39 */
	uint16_t numbers[SIGNATURE_NUMBERS];     /* bottom-16 of number tokens, ascending */
	uint32_t tokens;                         /* normalised tokens; 0: nothing to compare, never a duplicate */
	uint8_t sketch_count, anchor_count, number_count, flags;
	uint16_t head[SIGNATURE_HEAD]; /* bottom-3 of the 3-word shingles of the first 48 tokens: how the text begins */
	uint8_t head_count;
	uint8_t foreign; /* share of tokens in scripts other than Latin, in 1/255 */
};

enum fingerprint {
	SIMHASH_128, /* 3-word features weighted by the df table */
	SIMHASH_64,  /* the classic one (Manku 2007): 2-word features, all of weight 1, Hamming distance <= 3 alone
			decides */
};

/* Scratch of one thread. */
struct signer;
/* TABLE may be NULL (all weights 1) and outlives the signer. NULL without memory. */
struct signer *signer_new(const struct df_table *table, enum fingerprint fingerprint);
void signer_free(struct signer *signer);
/* TEXT is any bytes, valid UTF-8 or not (ill-formed bytes separate words). STATUS_LIMIT for a text over 64 MiB; MEMORY.
 */
enum status signer_sign(struct signer *signer, struct span text, struct signature *out);
/* The exact hash alone, *TOKENS (may be NULL) as in the signature. */
enum status signer_exact(struct signer *signer, struct span text, struct hash128 *out, uint32_t *tokens);
/* Normalised text: tokens joined by blanks, for looking at; appended. Not what is hashed, but equal text, equal hash.
 */
enum status signer_normalise(struct signer *signer, struct span text, struct buffer *out);
void simhash_hex(const uint64_t simhash[2], enum fingerprint fingerprint,
		 char hex[33]); /* 32 or 16 digits, high first */

/* Counting. One counter for all threads, each thread with its own SIGNER as scratch; the order of calls does not
 * matter. */
struct df_counter;
struct df_counter *df_counter_new(uint64_t documents); /* how many will be added; NULL without memory */
enum status df_counter_add(struct df_counter *counter, struct signer *signer, struct span text);
struct df_table *df_counter_finish(struct df_counter *counter); /* frees COUNTER; NULL without memory */
void df_counter_free(struct df_counter *counter);

/* ---- Options ------------------------------------------------------------------------------------------------- */

struct dedup_options {
	unsigned hamming_max;             /* 34: SimHash distance that accepts, … */
	double jaccard_min;               /* 0.30: … or Jaccard; how the rest of the evidence moves both: pair.c */
	double containment_min;           /* 0.75, together with … */
	unsigned containment_hamming_max; /* … 44 */
	unsigned short_tokens;            /* 150: a text below it is short, … */
	double short_jaccard_min;         /* 0.40: … wants this Jaccard, … */
	double short_numbers_min;         /* 0.75: … and must share this part of its numbers */
	unsigned tiny_tokens;             /* 30: below it only … */
	double tiny_jaccard_min;          /* 0.80: … this Jaccard accepts */
	double link_min;                  /* 0.25: share of accepted pairs between two clusters that join */
	unsigned bucket_max;              /* 48: larger buckets are linked sparsely */
	bool exact_only;
	enum fingerprint fingerprint;
	unsigned threads; /* 0: all */
	uint64_t memory;  /* limit on the resident memory of the process in bytes, held by dedup_run as CEILING_EXTRA
			     says; 0: none. Any value gives the same result */
	const char *work_folder; /* for files that `memory` asks for; NULL: $TMPDIR or /tmp */
	struct ceiling *ceiling; /* where large arrays are made; NULL: dedup_run makes one of `memory` */
};
/* With `memory` the process stays below it and this much more, a thread: what comes in between two checks. The limit
 * must leave room for what the process holds otherwise (a df table is 8 MiB at most). */
#define CEILING_EXTRA ((uint64_t)16 << 20)
void dedup_options_default(struct dedup_options *options);
/* STATUS_USAGE with one sentence for values out of range. */
enum status dedup_options_check(const struct dedup_options *options, struct fault *fault);

/* ---- Pairs --------------------------------------------------------------------------------------------------- */

enum pair_rule { PAIR_NONE, PAIR_EXACT, PAIR_SIMHASH, PAIR_JACCARD, PAIR_CONTAINMENT, PAIR_LINKED };
const char *pair_rule_name(unsigned rule); /* "none", "exact", "simhash", "jaccard", "containment", "linked" */

#define EVIDENCE_ABSENT UINT16_MAX
/* What two signatures say about two texts. Decisions use exactly these rounded values, so they can be taken again. */
struct pair_evidence {
	uint16_t jaccard;     /* per mille, weighted */
	uint16_t containment; /* per mille: of the smaller one in the other */
	uint16_t numbers;     /* per mille: containment of number tokens; EVIDENCE_ABSENT: one has none */
	uint8_t hamming;      /* 0 … 128 */
	uint8_t anchors;      /* shared, 0 … 16 */
	uint32_t tokens;      /* of the shorter text */
	uint8_t rule; /* enum pair_rule: what accepted the pair; PAIR_NONE: not accepted; PAIR_LINKED (results only):
			 not accepted as a pair, joined through others of its cluster */
	uint8_t veto : 1;          /* the numbers spoke against it */
	uint8_t head : 2;          /* 0 … 3 of the shingles that stand for how a text begins are shared */
	uint8_t numbers_apart : 2; /* numbers of the one that has fewer that are not in the other; 3: three and more */
	uint16_t score;            /* per mille: strength, 1000 for exact; orders the merging of clusters */
};
/* Pure. Fills OUT also when the pair is not accepted; true when it is. */
bool pair_verify(const struct signature *a, const struct signature *b, const struct dedup_options *options,
		 struct pair_evidence *out);
/* Take the decision again from the measures in EVIDENCE (`rule`, `veto` and `score` are rewritten). */
bool pair_decide(struct pair_evidence *evidence, const struct dedup_options *options);

/* ---- Signature tables ---------------------------------------------------------------------------------------- */

/* Signatures of documents 0 … count-1, in parts that lie in memory or in files (mapped). */
struct signature_table;
struct signature_table *signature_table_new(void);
enum status signature_table_add(struct signature_table *table, const struct signature *at, size_t count); /* borrowed */
/* A file of signatures and nothing else, from byte OFFSET on (a multiple of 8) to its end or, if not 0, COUNT of them.
 */
enum status signature_table_add_file(struct signature_table *table, const char *path, uint64_t offset, uint64_t count,
				     struct fault *fault);
size_t signature_table_count(const struct signature_table *table);
const struct signature *signature_at(const struct signature_table *table, size_t document);
/* The same for access at random: where a ceiling watches the table, files are read into *COPY rather than touched, as
 * one touch may bring 64 KiB of a file into memory. Valid as long as COPY is. */
const struct signature *signature_read(const struct signature_table *table, size_t document, struct signature *copy);
/* Let CEILING give back the table's mapped files; unwatch before the table is freed. Borrowed arrays are their owner's
 * to watch. */
enum status signature_table_watch(struct signature_table *table, struct ceiling *ceiling);
void signature_table_unwatch(struct signature_table *table, struct ceiling *ceiling);
void signature_table_free(struct signature_table *table); /* NULL is fine */

/* ---- Search: keys and matching, by partition of the key space ------------------------------------------------- */

/* Twenty keys a document (16 anchors, four 32-bit blocks of the SimHash) fall into KEY_BINS bins; partition p of P
 * holds the bins from p·BINS/P to (p+1)·BINS/P. Partitions are independent of each other. Of equal texts only the first
 * document is searched for: give `exact_first` as dedup_exact makes it, or NULL. */
#define KEY_BINS 320
#define KEYS_HEADER (16 + (KEY_BINS + 1) * 8)
struct exact_groups; /* documents of equal text */
enum status dedup_exact(const struct signature_table *table, const struct dedup_options *options,
			struct exact_groups **out);
uint32_t exact_first(const struct exact_groups *groups, size_t document); /* smallest document of that text */
void exact_groups_free(struct exact_groups *groups);

/* The groups of a range of documents alone, for a task that has one shard. OWN[COUNT], which stay the caller's, are the
 * exact hashes of documents FROM … FROM+COUNT-1, zero where `tokens` is 0; then the hashes of all documents before
 * FROM are shown in ascending order, in pieces of any size. exact_first of the result knows the documents of the range
 * only, and says of them what dedup_exact's would. NULL without memory; 12 to 20 bytes a document of the range. */
struct earlier_texts;
struct earlier_texts *earlier_texts_new(const struct hash128 *own, size_t count, size_t from);
void earlier_texts_see(struct earlier_texts *texts, const struct hash128 *hashes, size_t count, size_t first_document);
struct exact_groups *earlier_texts_finish(struct earlier_texts *texts); /* frees TEXTS */
void earlier_texts_free(struct earlier_texts *texts);                   /* NULL is fine */

/* Write documents [FROM, TO)'s keys as one run file: KEYS_HEADER bytes that end with the KEY_BINS + 1 numbers of 8-byte
 * entries before each bin, then bin by bin. Made for the cluster's sign
 * stage. */
enum status keys_write(const struct signature_table *table, const struct exact_groups *groups,
		       const struct dedup_options *options, size_t from, size_t to, const char *path,
		       struct fault *fault);

/* An accepted pair, a < b. */
struct accepted_pair {
	uint32_t a, b;
	struct pair_evidence evidence;
};
struct pair_list {
	struct accepted_pair *at; /* sorted by (a, b), distinct; of `ceiling`, malloc'd where that is NULL */
	size_t count, capacity;
	uint64_t candidates;   /* pairs compared */
	uint64_t full_buckets; /* buckets over bucket_max */
	struct ceiling *ceiling;
};
void pair_list_free(struct pair_list *list);
void pair_list_sort(struct pair_list *list); /* by (a, b), repeated pairs dropped */
/* Find and verify the pairs of partition PARTITION of PARTITIONS. RUNS[RUN_COUNT] are all run files, in the order of
 * their documents; with none the keys are taken from the table itself. Every pair of fingerprints within Hamming
 * distance 3 is compared, or its ends are joined by a chain of such pairs; only where more than 4,096 different
 * fingerprints share one block the bucket is linked sparsely and counted in full_buckets. Documents below OLD_COUNT are
 * not compared with each other. The union over all partitions is the same for any number of them. OUT is initialised
 * here. */
enum status dedup_match(const struct signature_table *table, const struct exact_groups *groups,
			const struct dedup_options *options, unsigned partition, unsigned partitions,
			const char *const *runs, size_t run_count, size_t old_count, struct pair_list *out,
			struct fault *fault);
/* A pair list as a file, for stages that run apart. */
enum status pair_list_save(const struct pair_list *list, const char *path, struct fault *fault);
enum status pair_list_load(struct pair_list *list, const char *path, struct fault *fault); /* appends, unsorted */

/* ---- Clusters and keepers -------------------------------------------------------------------------------------- */

/* What chooses the keeper of a cluster, beside the texts. 0 (DATE_NONE) is absent. */
struct dedup_attributes {
	uint64_t address;      /* hash64 of url_canonical_key of the page's own address */
	uint64_t canonical;    /* the same of its rel=canonical, when it has one */
	uint64_t publisher[2]; /* dedup_name_key of the site's name and of the registered domain */
	uint64_t source;       /* dedup_name_key of the agency or publisher that the page names as its source */
	int64_t date;          /* publication date */
};
/* Names that mean the same give the same key: case, accents, blanks, "www." and the public suffix do not count, and a
 * table maps the usual agencies' names, abbreviations and domains. 0 for an empty name. */
uint64_t dedup_name_key(struct span name);

enum keeper_rule { KEEPER_ALONE, KEEPER_OLD, KEEPER_CANONICAL, KEEPER_SOURCE, KEEPER_DATE, KEEPER_LENGTH, KEEPER_ID };
const char *keeper_rule_name(unsigned rule); /* "alone", "old", "canonical", "source", "date", "length", "id" */

#define DOCUMENT_NONE UINT32_MAX
struct dedup_input {
	struct signature_table *table;             /* < 2^32 - 1 documents */
	const struct dedup_attributes *attributes; /* [count]; NULL: all absent */
	/* Incremental: the documents [0, old_count) are an older corpus's, and old_keeper[i] is the keeper of the
	 * cluster of document i. Old clusters keep their members and keepers and never join each other; new documents
	 * may join them. Signatures must come from the same df table. */
	size_t old_count;
	const uint32_t *old_keeper;
};

struct dedup_row {
	uint32_t keeper;               /* the document kept for this one; itself: it is kept */
	uint32_t size;                 /* members of the cluster */
	struct pair_evidence evidence; /* against the keeper; all 0 for a keeper */
	uint8_t keeper_rule;           /* enum keeper_rule, of the cluster */
	uint8_t unused[3];             /* 0: rows can be compared as bytes */
};
struct dedup_result {
	struct dedup_row *rows; /* [count]; a cluster's id is its keeper */
	size_t count;
	uint64_t clusters, exact, near; /* clusters of two and more; documents collapsed as exact, as near */
	uint64_t candidates, accepted, full_buckets;
	uint64_t memory_peak;    /* bytes of arrays that the ceiling held at most, in memory or in files; signatures are
				    not    counted */
	struct ceiling *ceiling; /* of the rows */
	bool own_ceiling;
};
void dedup_result_free(struct dedup_result *result);

/* Union-find over PAIRS (as pair_list_sort leaves them), average link inside components, keepers. GROUPS as above. */
enum status dedup_cluster(const struct dedup_input *input, const struct exact_groups *groups,
			  const struct pair_list *pairs, const struct dedup_options *options,
			  struct dedup_result *result, struct fault *fault);
/* All of it: exact groups, every partition, clusters. RESULT is initialised here. */
enum status dedup_run(const struct dedup_input *input, const struct dedup_options *options, struct dedup_result *result,
		      struct fault *fault);

/* Version of everything that influences signatures and decisions; stored in manifests. */
const char *dedup_version(void);

/* ---- Passages: paragraphs repeated across a host's documents --------------------------------------------------- */

/* Counts paragraphs (lines, compared after normalisation) by host. One thread at a time; feed documents in a fixed
 * order. At most MAX bytes are held; beyond them new paragraphs are no longer taken up (passages_full). */
struct passages;
struct passages *passages_new(size_t max);
enum status passages_add(struct passages *passages, struct span host, struct span text);
bool passages_full(const struct passages *passages);
/* Documents of HOST that hold PARAGRAPH (0 when unknown). */
uint32_t passages_count(struct passages *passages, struct span host, struct span paragraph);
/* TEXT without the paragraphs that stand in more than MAX documents of HOST, appended to OUT, and *DROPPED, how many
 * they were. Blank lines left behind do not add up. */
enum status passages_drop(struct passages *passages, struct span host, struct span text, uint32_t max,
			  struct buffer *out, uint32_t *dropped);
struct passage {
	struct span host, text; /* the paragraph as it stood in the second document, at most 500 bytes; both live until
				   passages_free */
	uint32_t documents;
};
/* Those in more than MAX documents (2 at least), by host, documents descending, text. *OUT is malloc'd. */
enum status passages_list(const struct passages *passages, uint32_t max, struct passage **out, size_t *count);
void passages_free(struct passages *passages);

#ifdef __cplusplus
}
#endif
#endif
