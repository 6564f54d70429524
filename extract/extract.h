/* extract: a page's tree to its article, with metadata. The public header of this folder; it includes extract/html.h.
 */
#ifndef WARCMILL_EXTRACT_H
#define WARCMILL_EXTRACT_H

#include "base/base.h"
#include "extract/html.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Metadata ------------------------------------------------------------------------------------------ */

enum { /* page_metadata.robots */
       ROBOTS_NOINDEX = 1,
       ROBOTS_NOARCHIVE = 2,
       ROBOTS_NOAI = 4,
       ROBOTS_NOIMAGEAI = 8,
       ROBOTS_NOSNIPPET = 16,
       ROBOTS_NOFOLLOW = 32,
       ROBOTS_TDM_RESERVATION = 64,
       ROBOTS_NOML = 128,
};

/* Texts are NFC, trimmed, white space collapsed; absent is SPAN_NONE. All live in the arena given. */
struct page_metadata {
	struct span title;      /* without the site's name */
	struct span title_full; /* as <title> or og:title has it, for comparing with headings */
	const struct span *authors;
	size_t author_count;
	struct span date_published,
		date_modified; /* W3CDTF, readable by date_parse_w3c: the day as the page says it, "2024-05-01", and
				  with the time where a zone was said, "2024-05-01T23:10:00+02:00"; never later than a
				  day after the fetch */
	struct span site_name, canonical_url, description, license, language_declared, image;
	const struct span *tags;
	size_t tag_count;
	const struct span *descriptions;
	size_t description_count; /* all candidates, for features */
	unsigned robots;
	struct span tdm_policy;
	struct span page_type;   /* og:type or JSON-LD @type */
	struct span json_body;   /* longest articleBody of JSON-LD or page state, tags removed; SPAN_NONE */
	struct span source_name; /* agency or publisher named as the source of a syndicated text */
	bool ld_article;         /* JSON-LD says article, posting, report */
};

/* A page as the archive has it. */
struct page {
	struct span url;              /* SPAN_NONE when unknown */
	int64_t fetch_time;           /* DATE_NONE when unknown */
	struct span html;             /* valid UTF-8 */
	const struct html_tree *tree; /* of HTML */
	struct span x_robots_tag, tdm_reservation, tdm_policy, content_language, last_modified,
		link; /* HTTP headers, or SPAN_NONE */
};

struct metadata_reader; /* scratch of one thread */
struct metadata_reader *metadata_reader_new(void);
void metadata_reader_free(struct metadata_reader *reader);
/* PAGE's strings may be absent; its tree is needed. OUT's texts live in ARENA. STATUS_LIMIT: the arena was full, some
 * are absent. */
enum status metadata_read(struct metadata_reader *reader, const struct page *page, struct arena *arena,
			  struct page_metadata *out);
/* For a page whose tree holds no text: the body out of the state that its scripts render from (__NEXT_DATA__,
 * window.__NUXT__, __INITIAL_STATE__, streams of server components and the like: see docs/metadata.md), paragraphs
 * divided by blank lines. METADATA is the page's, of metadata_read: a text that shares too little with its title and
 * description is not its body. SHOWN is what was found on the page, or SPAN_NONE: where the state has it, the body is
 * what stands with it. SPAN_NONE where there is none. Costs a reading of those scripts. */
enum status metadata_page_state_body(struct metadata_reader *reader, const struct page *page,
				     const struct page_metadata *metadata, struct span shown, struct arena *arena,
				     struct span *body);

/* ---- Language ------------------------------------------------------------------------------------------ */

/* LANGUAGE of TEXT (plain, valid UTF-8) as ISO 639-3 ("eng", "deu", "zho"), LANGUAGES up to three, comma-separated, the
 * most used first, as in Common Crawl's index. At most 2 KB of TEXT are looked at. Both SPAN_NONE where nothing is
 * known, and in a build without CLD2. They live in ARENA; STATUS_LIMIT when it is full. */
enum status language_detect(struct span text, struct arena *arena, struct span *language, struct span *languages);

/* ---- Article ------------------------------------------------------------------------------------------- */

enum article_text { ARTICLE_PLAIN, ARTICLE_MARKDOWN };

/* A trained model: token tables, two stages of trees, the decision rule (extract/train writes it). Read-only, shared by
 * threads. */
struct article_model;
/* BYTES are copied. NULL with FAULT filled: not a model, damaged, or made for other features. */
struct article_model *article_model_open(struct span bytes, struct fault *fault);
void article_model_free(struct article_model *model);

struct article_options {
	enum article_text text;
	bool keep_all;                     /* no rejection */
	bool blocks;                       /* fill article.blocks */
	const struct article_model *model; /* outlives the extractor; NULL: the built-in one */
};

enum article_form { /* how a block is set in the text */
		    ARTICLE_PARAGRAPH,
		    ARTICLE_HEADING,
		    ARTICLE_LIST_ITEM,
		    ARTICLE_CELL,
		    ARTICLE_PRE,
		    ARTICLE_QUOTE,
		    ARTICLE_LINE /* one newline before */
};

/* One block of text of the page, in order. */
struct article_block {
	uint64_t hash; /* XXH3-64 of the normalised text: equal text, equal hash, on any page */
	float score;   /* probability that it belongs to the article, n/255 */
	bool kept;
	uint8_t form;          /* enum article_form */
	uint8_t level;         /* of a heading 1..6, of a list item its depth 1.. */
	uint32_t group;        /* cells of one row, items of one list share it */
	uint32_t offset, size; /* where its text stands in article.text; size 0 when not kept */
	uint32_t words;
	uint32_t node;     /* html node of its element */
	struct span text;  /* as it goes into the text (with markup where the option is ARTICLE_MARKDOWN) */
	float first_score; /* score after the first of the model's two stages, for article_explain */
	const char *why;   /* "model", "end-of-article", "fallback-interval", … static */
};

struct article {
	const char *rejected;  /* NULL: an article; else the reason (the text is then the best effort): "section-front",
				  "error-page", "too-short", "cookie-wall",     "log-in", "empty", "search-results", …
				  static */
	const char *method;    /* "blocks", "fallback-interval", "json-ld", … static */
	double confidence;     /* 0..1 */
	struct span text;      /* the body: paragraphs separated by a blank line; NFC, valid UTF-8 */
	uint32_t words;        /* CJK characters count as .55 word */
	struct span language;  /* ISO 639-3 of the text, "" none; SPAN_NONE unknown */
	struct span languages; /* up to three, comma-separated, as in Common Crawl's index */
	struct page_metadata metadata;
	const struct article_block *blocks;
	size_t block_count;
};

struct article_extractor;                                                               /* scratch of one thread */
struct article_extractor *article_extractor_new(const struct article_options *options); /* NULL options: defaults */
void article_extractor_free(struct article_extractor *extractor);
/* OUT lives until the extractor's next use. STATUS_OK also for a rejected page. */
enum status article_extract(struct article_extractor *extractor, const struct page *page, struct article *out);

/* Host evidence: decide again with some blocks barred (text that recurs on other pages of the host).
 *
 * Uses hash, score, words, form, level, group and text of BLOCKS[COUNT] only, so a spool that keeps those can call it
 * without the page; fills kept, offset, size, why. BARRED is sorted ascending. TEXT is cleared and holds the new body.
 * Blocks whose score is below ARTICLE_SCORE_FLOOR and that were not kept can never come in and need not be stored. With
 * nothing barred the result is the one article_extract gave. Returns the body's words, 0 when nothing is left (reject
 * as "host-boilerplate"). */
#define ARTICLE_SCORE_FLOOR 0.1f
uint32_t article_redecide(struct article_block *blocks, size_t count, const uint64_t *barred, size_t barred_count,
			  struct buffer *text);

/* Append a self-contained HTML page that shows every block of ARTICLE in its containers, coloured by score, with the
 * reason. It holds no script and loads nothing; what comes from the page is escaped. */
enum status article_explain(const struct page *page, const struct article *article, struct buffer *out);

/* Version of everything that influences the text, the rules' and the model's ("1-5f0c…"); stored in manifests. MODEL
 * NULL: the built-in one. */
#define ARTICLE_VERSION_MAX 24
void article_version(const struct article_model *model, char out[ARTICLE_VERSION_MAX]);

#ifdef __cplusplus
}
#endif
#endif
