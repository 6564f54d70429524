/* blocks: a page's tree to blocks of text under a skeleton of elements, with everything the features count. Private to
 * extract/.
 *
 * A block is the text between two block-level boundaries: it never spans two paragraphs, and inline markup does not
 * split it. Elements are those on the path of the body's content, in pre-order, so that a loop from the end to the
 * start is a post-order sum and a subtree is a range of blocks [first, last). */
#ifndef WARCMILL_BLOCKS_INTERNAL_H
#define WARCMILL_BLOCKS_INTERNAL_H

#include "extract/extract.h"

enum {
	BLOCK_MAX = 12000,    /* blocks of a page; what follows is dropped */
	ELEMENT_MAX = 200000, /* elements of a page; deeper ones count as their parent */
	TOKENS_KEPT = 34,     /* first tokens of a block whose hashes are kept */
	TOKENS_LAST = 6,      /* and last ones */
	ELEMENT_TOKENS = 14,  /* class, id, role … tokens of one element */
	WORD = 20,            /* unit of word counts: a token 20, a CJK character 11 */
};

/* Ancestors that a block counts (saturating). */
#define ANCESTORS(X)                                                                                                   \
	X(article)                                                                                                     \
	X(main)                                                                                                        \
	X(section)                                                                                                     \
	X(aside)                                                                                                       \
	X(nav)                                                                                                         \
	X(footer)                                                                                                      \
	X(header) X(form) X(figure) X(li) X(table) X(blockquote) X(a) X(button) X(dl) X(details) X(address) X(hidden)
enum ancestor {
#define X(name) ANCESTOR_##name,
	ANCESTORS(X)
#undef X
		ANCESTOR_COUNT
};

/* Kinds of block-level element that a block tells apart. */
#define BLOCK_TAGS(X)                                                                                                  \
	X(p)                                                                                                           \
	X(div)                                                                                                         \
	X(li)                                                                                                          \
	X(td) X(h1) X(h2) X(h3) X(h4) X(blockquote) X(pre) X(figcaption) X(dd) X(section) X(article) X(button) X(other)
enum block_tag {
#define X(name) BLOCK_TAG_##name,
	BLOCK_TAGS(X)
#undef X
		BLOCK_TAG_COUNT
};

struct element {
	uint32_t node, parent; /* html node; index of the parent element, UINT32_MAX at the body */
	uint32_t first, last;  /* blocks [first, last) */
	uint32_t signature;    /* hash of the path of tags and classes (digits dropped) */
	uint16_t depth;
	uint8_t tag; /* enum block_tag */
	bool inline_level;
	uint8_t ancestors[ANCESTOR_COUNT];
	int16_t score; /* token table: own, then over the path from the body */
	int16_t path_sum, path_min, path_max;
	uint32_t heading;          /* headings h1..h6 opened so far, its own included */
	uint32_t row, list;        /* nearest table row and list at or above it, or UINT32_MAX */
	uint8_t level, list_depth; /* of a heading 1..6; lists around */
	/* sums over the subtree */
	uint32_t chars, link_chars, words, long_words, long_count, block_count, images;
	int32_t readable; /* propagated paragraph score, Readability's way; INT32_MIN none */
	uint32_t mass;    /* long text of near descendants */
};

struct block {
	uint32_t element;                       /* nearest block-level element */
	uint32_t offset, size;                  /* in blocks.text */
	uint32_t node_first, node_last;         /* text nodes it was read from */
	uint32_t words;                         /* in units of 1/WORD */
	uint32_t tokens, cjk;                   /* tokens in all; of them CJK characters */
	uint32_t chars, link_chars, bold_chars; /* without white space */
	uint32_t stops, commas, upper, letters, digits, caps,
		pieces;                        /* caps of pieces (split at white space) start upper case */
	uint16_t links, breaks, images, money; /* a, br inside; img since the block before; currency signs */
	uint32_t head_code, tail_code;         /* first and last character */
	uint32_t hashes, hash_count;           /* in blocks.hashes: the first tokens, at most TOKENS_KEPT */
	uint32_t last_hashes[TOKENS_LAST];     /* ring, newest at (tokens - 1) % TOKENS_LAST */
	int16_t inline_min, inline_max;        /* token scores of inline elements opened inside */
	uint32_t inline_from, inline_to;       /* elements opened inside it are among these */
	bool symbol, date, is_long, pre;
	uint64_t hash; /* of the normalised text */
};

enum tag_flag { TAG_SKIP = 1, TAG_INLINE = 2, TAG_BOLD = 4, TAG_LIST = 8, TAG_ROW = 16, TAG_PRE = 32 };
struct tag_rule {
	uint8_t flags, tag, ancestor; /* tag_flag bits; block_tag; ancestor or ANCESTOR_COUNT */
	uint8_t level;                /* of a heading */
};

/* What an element's attributes say, remembered by their hash. */
#define MEMO_BITS 10
struct class_memo {
	uint64_t key;
	uint32_t signature; /* of the class without its digits */
	int16_t score;      /* of the tokens */
	bool hidden;
};

/* Scores of element tokens; NULL table: all 0. */
struct model_tokens;

struct blocks {
	struct element *elements;
	size_t element_count, element_capacity;
	struct block *items;
	size_t count, capacity;
	uint32_t *hashes;
	size_t hash_count, hash_capacity;
	struct buffer text;
	struct class_memo *memo; /* of this page alone: a page made to collide in it changes no other */
	uint16_t *classes;       /* character classes of the first CLASS_TABLE code points */
	struct tag_rule rules[HTML_TAG_COUNT];
	bool looked_at[HTML_ATTR_COUNT]; /* attributes that element_look reads */
	bool noscript;                   /* <noscript> was read */
	bool cut;                        /* a ceiling was reached */
};

enum status blocks_init(struct blocks *blocks);
void blocks_free(struct blocks *blocks);
/* Segment the body of TREE. NOSCRIPT: read <noscript> too. TOKENS scores elements (may be NULL). */
enum status blocks_read(struct blocks *blocks, const struct html_tree *tree, bool noscript,
			const struct model_tokens *tokens);

/* Is NODE an element whose content is no text of the page? */
bool blocks_skip(const struct blocks *blocks, const struct html_tree *tree, uint32_t node);

/* Hashes of the tokens of an element's class, id, role, itemprop …; at most ELEMENT_TOKENS, each once. */
size_t element_tokens(const struct html_tree *tree, uint32_t node, uint32_t out[ELEMENT_TOKENS]);
void element_attributes_fill(bool looked_at[HTML_ATTR_COUNT]);
const struct class_memo *element_look(struct blocks *blocks, const struct html_tree *tree, uint32_t node,
				      const struct model_tokens *tokens);
/* Hashes of the tokens of TEXT, as blocks have them. Returns the count, at most MAX. */
size_t text_tokens(const struct blocks *blocks, struct span text, uint32_t *out, size_t max);
/* Character classes, blocks.c's own; also for the text writer. */
enum {
	CHAR_LETTER = 1,
	CHAR_UPPER = 2,
	CHAR_DIGIT = 4,
	CHAR_SPACE = 8,
	CHAR_CJK = 16,
	CHAR_STOP = 32,
	CHAR_COMMA = 64,
	CHAR_END = 128,
	CHAR_SYMBOL = 256,
	CHAR_DROP = 512,
	CHAR_QUOTE = 1024,
	CHAR_JOINER = 2048,
	CHAR_MONEY = 4096,
};
#define CLASS_TABLE 0x3100u /* up to kana: nearly all that is not CJK */
void char_classes_fill(uint16_t classes[CLASS_TABLE]);
/* A joiner matters between letters of Arabic and Indic scripts and inside emoji, and is dropped elsewhere. */
static inline bool joiner_matters(uint32_t before)
{
	return (before >= 0x600 && before < 0xe00) || before >= 0x1f000 || (before >= 0x2600 && before < 0x27c0);
}
uint32_t char_lower(uint32_t code);        /* of a character with CHAR_UPPER */
unsigned char_class_beyond(uint32_t code); /* of those behind the table */
static inline unsigned char_class(const struct blocks *blocks, uint32_t code)
{
	return code < CLASS_TABLE ? blocks->classes[code] : char_class_beyond(code);
}
#define TOKEN_SEED 0x811c9dc5u
#define TOKEN_STEP(h, code) (((h) ^ (code)) * 0x01000193u)
static inline uint32_t token_run(uint32_t token, const char *at, size_t count) /* COUNT ASCII characters */
{
	for (; count >= 4; at += 4, count -= 4)
		for (int i = 0; i < 4; i++)
			token = TOKEN_STEP(token, (unsigned char)at[i]);
	for (size_t i = 0; i < count; i++)
		token = TOKEN_STEP(token, (unsigned char)at[i]);
	return token;
}
static inline uint32_t mix32(uint32_t h)
{
	h ^= h >> 16;
	h *= 0x85ebca6bu;
	h ^= h >> 13;
	h *= 0xc2b2ae35u;
	return h ^ h >> 16;
}
static inline struct span block_text(const struct blocks *blocks, const struct block *block)
{
	return (struct span){blocks->text.data + block->offset, block->size};
}

#endif
