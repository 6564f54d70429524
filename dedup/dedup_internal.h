/* dedup's own declarations: what its files share and its tests look into. */
#ifndef WARCMILL_DEDUP_INTERNAL_H
#define WARCMILL_DEDUP_INTERNAL_H

#include "dedup/dedup.h"

/* ---- Code points (fold.c) --------------------------------------------------------------------------------- */

enum fold_kind {
	FOLD_UNKNOWN,   /* not looked up yet */
	FOLD_SEPARATOR, /* ends a word */
	FOLD_SKIP,      /* vanishes: accents, apostrophes, invisible characters */
	FOLD_MANY,      /* stands for several code points: ask fold_slow */
	FOLD_FIRST,     /* this and above: the code point to use instead */
};
#define FOLD_MAX 8
/* Code points that CODE stands for, into OUT; 0 with *KIND FOLD_SEPARATOR or FOLD_SKIP, else FOLD_FIRST. */
size_t fold_slow(uint32_t code, uint32_t out[FOLD_MAX], enum fold_kind *kind);
bool fold_is_ideograph(uint32_t code); /* one token a character: CJK, kana, Hangul */
bool fold_is_unspaced(uint32_t code);  /* scripts written without blanks: Thai, Lao, Khmer, Myanmar … */

/* ---- Normalisation (normalise.c) ------------------------------------------------------------------------------ */

/* Kernels with a vector form. Each pair of forms gives the same result; tests compare them. */
struct normaliser;
struct normalise_kernels {
	/* Copy ASCII from IN to OUT in lower case up to the first byte >= 0x80 or apostrophe; bytes copied. Reads and
	 * writes nothing past SIZE but may write up to 31 bytes of rubbish after the bytes copied within SIZE. */
	size_t (*lower)(const uint8_t *in, size_t size, uint8_t *out);
	/* Cut the normalised text into tokens and hash them (tokens.c). There is room for all. */
	void (*cut)(struct normaliser *self);
	const char *name;
};
extern const struct normalise_kernels normalise_plain;
const struct normalise_kernels *normalise_best(void); /* for this processor */

#define NORMALISE_PAD 64              /* readable bytes after the normalised text */
#define TEXT_MAX ((size_t)32 << 20)   /* bytes of a text that make features; the rest counts for the exact hash */
#define TOKEN_MAX ((uint32_t)1 << 20) /* tokens that make features */

struct normaliser {
	const struct normalise_kernels *kernels;
	uint16_t *fold; /* [65536] lazily filled: one of enum fold_kind or the code point */
	uint8_t *text;  /* normalised bytes, NORMALISE_PAD more are readable */
	size_t size, capacity;
	uint64_t *tokens; /* hashes in order */
	uint32_t token_count;
	size_t token_capacity;
	uint64_t *numbers; /* hashes of number tokens in order, repeated ones too */
	uint32_t number_count;
	uint32_t foreign; /* tokens that begin with a letter of another script than Latin */
	size_t number_capacity;
};
enum status normaliser_init(struct normaliser *self);
void normaliser_free(struct normaliser *self);
/* Fill text, tokens and numbers. */
enum status normaliser_run(struct normaliser *self, struct span text);
enum status normaliser_tokens_text(const struct normaliser *self, struct buffer *out); /* tokens and blanks, appended */
struct hash128 normaliser_exact(const struct normaliser *self, struct span text);

/* ---- Tokens (tokens.c) ------------------------------------------------------------------------------------------- */

enum { CLASS_WORD = 1, CLASS_DIGIT = 2, CLASS_JOINER = 4 };
unsigned token_byte_class(uint8_t c);
/* normaliser->tokens, numbers and foreign from normaliser->text: words are runs of word bytes, and a point, comma,
 * dash, slash or colon between two digits belongs to the number. */
void tokens_cut_plain(struct normaliser *self);
#if defined(__x86_64__)
void tokens_cut_avx2(struct normaliser *self); /* AVX2, BMI2 and POPCNT */
#endif

/* ---- Mixing ------------------------------------------------------------------------------------------------------ */

/* Both halves of a 64 × 64 bit product folded: the mixing step of wyhash (Wang Yi). */
static inline uint64_t mix_mul(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}
#define MIX_A 0xa0761d6478bd642fu
#define MIX_B 0xe7037ed1a0b428dbu
#define MIX_C 0x8ebc6af09c88c6e3u
#define MIX_D 0x589965cc75374cc3u

/* ---- Weights (df.c) ---------------------------------------------------------------------------------------------- */

#define WEIGHT_CLASSES 16
extern const uint8_t weight_units[WEIGHT_CLASSES];    /* 64 … 1: weight in 1/64 */
extern const uint16_t weight_inverse[WEIGHT_CLASSES]; /* 16 × 64 / units */
struct df_table {
	uint64_t documents;
	unsigned bits;         /* log2 of slots */
	uint8_t class_of[256]; /* log count → weight class */
	uint8_t *slots;        /* [1 << bits] log counts */
	uint64_t *common;      /* a bit a slot: its class is not 0 */
	char digest[33];
};
static inline size_t df_slot(uint64_t shingle, unsigned bits)
{
	return (size_t)(shingle >> (64 - bits));
}

/* ---- Features (signature.c) ----------------------------------------------------------------------------------------
 */

struct signer {
	struct normaliser normaliser;
	const struct df_table *table;
	enum fingerprint fingerprint;
	uint64_t *shingles; /* 3-word, in order; then distinct ones first */
	uint8_t *classes;   /* weight class of each shingle in order */
	uint64_t *distinct; /* those of class 0, RARE of them, then the others */
	uint8_t *distinct_classes;
	uint32_t rare;
	uint32_t *heads, *next; /* chains of shingles, for distinctness */
	size_t head_count;
	uint32_t *common; /* scratch: indexes of shingles */
	uint64_t *keys;   /* scratch, twice as many */
	size_t capacity;
};
/* Distinct 3-word shingles of the tokens of the last normaliser_run; their classes when the signer has a table. */
enum status signer_shingles(struct signer *self, uint32_t *count, uint32_t *distinct);
uint64_t shingle_hash(const uint64_t *tokens, unsigned n); /* n 1 … 3 */
#define SCAN_STRIDE 4096 /* documents that are read in order between two checks of the ceiling */

/* Where signature_read would touch memory. */
bool signature_is_read(const struct signature_table *table); /* signature_read copies */

/* Signatures that one thread has read lately, as pairs of one cluster name the same documents again and again; zeroed
 * at first. 3.4 MB. */
#define SIGNATURE_CACHE 8192
struct signature_cache {
	uint32_t document[SIGNATURE_CACHE]; /* and 1; 0: empty */
	struct signature at[SIGNATURE_CACHE];
};
/* signature_read through CACHE (NULL: without). Valid until the next call. */
const struct signature *signature_cached(const struct signature_table *table, struct signature_cache *cache,
					 uint32_t document, struct signature *copy);
void signature_prefetch(const struct signature_table *table, size_t document);

/* ---- Tables and groups (table.c) -----------------------------------------------------------------------------------
 */

struct exact_groups {
	uint32_t *first; /* [count] */
	struct ceiling *ceiling;
	size_t from, count; /* documents FROM … FROM+COUNT-1; all of them where dedup_exact made it */
	uint64_t distinct;
};

/* ---- Sorting (sort.c)
 * ------------------------------------------------------------------------------------------------- */

/* Ascending. TEMP has room for COUNT. Bits below LOW (a multiple of 8) are in order already. */
void sort_u64(uint64_t *values, size_t count, unsigned low, uint64_t *temp);

/* ---- Keys (keys.c)
 * ------------------------------------------------------------------------------------------------------ */

#define KEYS_MAX (SIGNATURE_ANCHORS + 4)
struct key {
	uint32_t bin, value;
};
/* The keys of one signature; how many. */
size_t keys_of(const struct signature *signature, const struct dedup_options *options, struct key out[KEYS_MAX]);

/* The entries of bins FROM … TO-1: value << 32 | document, each bin sorted. */
struct key_bins {
	unsigned from, to;
	size_t starts[KEY_BINS + 1]; /* [to - from + 1] */
	uint64_t *entries;
	struct ceiling *ceiling;
};
enum status key_bins_collect(struct key_bins *bins, const struct signature_table *table,
			     const struct exact_groups *groups, const struct dedup_options *options, unsigned from,
			     unsigned to, struct fault *fault);
enum status key_bins_read(struct key_bins *bins, const char *const *runs, size_t run_count, unsigned from, unsigned to,
			  struct ceiling *ceiling, struct fault *fault);
void key_bins_free(struct key_bins *bins);

/* Fingerprints so near are always compared, and speak for a copy whatever else is known (match.c, pair.c). */
#define PROMISE 3

/* ---- Keepers (keeper.c)
 * ------------------------------------------------------------------------------------------------- */

/* The keeper among MEMBERS[COUNT] (ascending); *RULE is an enum keeper_rule. Memory for COUNT entries at least at
 * SCRATCH. */
uint32_t keeper_choose(const struct dedup_input *input, const struct dedup_options *options, const uint32_t *members,
		       size_t count, uint32_t *scratch, uint8_t *rule);
uint64_t document_order_hash(uint32_t document); /* pseudo-random order, for samples */

#endif
