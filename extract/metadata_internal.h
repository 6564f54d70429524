/* Private to the metadata files: evidence, its sources, dates as pages write them.
 *
 * Reading a page's metadata is three steps. The scan (metadata_scan.c, metadata_jsonld.c) walks the tree once and notes
 * evidence: a value, the source it came from, where it stood. Cleaning (metadata_title.c, metadata_author.c,
 * metadata_date.c) turns a value into what can be compared. The choice (metadata_choose.c) groups equal values and
 * takes the group with the largest sum of learned weights, or none: a page that says the same in three places is
 * believed before one that says it in the "best" place, which is what a fixed order of sources gets wrong. */
#ifndef WARCMILL_METADATA_INTERNAL_H
#define WARCMILL_METADATA_INTERNAL_H

#include "extract/extract.h"

/* ---- Sources: the rows of the evidence tables ----------------------------------------------------------- */

/* X(field, name, meaning). The order is the order of the weights in metadata_weights.h. */
#define METADATA_SOURCES(X)                                                                                            \
	X(TITLE, OG, "og:title")                                                                                       \
	X(TITLE, TWITTER, "twitter:title")                                                                             \
	X(TITLE, META, "other meta elements")                                                                          \
	X(TITLE, LD_HEADLINE, "headline of a JSON-LD article")                                                         \
	X(TITLE, LD_NAME, "name of a JSON-LD article")                                                                 \
	X(TITLE, LD_PAGE, "name or headline of a JSON-LD page or thing")                                               \
	X(TITLE, MICRO_HEADLINE, "itemprop headline")                                                                  \
	X(TITLE, MICRO_NAME, "itemprop name on a heading")                                                             \
	X(TITLE, ELEMENT, "title element")                                                                             \
	X(TITLE, H1, "h1")                                                                                             \
	X(TITLE, H1_FIRST, "first h1")                                                                                 \
	X(TITLE, H1_ONLY, "only h1")                                                                                   \
	X(TITLE, H2_FIRST, "first h2")                                                                                 \
	X(TITLE, CLASS, "heading whose class says title or headline")                                                  \
	X(TITLE, PART, "element in an h1")                                                                             \
	X(TITLE, PART_CLASS, "element in an h1 whose class says title or headline")                                    \
	X(TITLE, OWN, "text of an h1 outside the elements in it")                                                      \
	X(AUTHOR, LD_PERSON, "author of a JSON-LD article, a person")                                                  \
	X(AUTHOR, LD_OTHER, "author of a JSON-LD article, an organisation or unnamed kind")                            \
	X(AUTHOR, LD_CREATOR, "creator or contributor in JSON-LD")                                                     \
	X(AUTHOR, LD_LOOSE, "author of a JSON-LD thing that is no article, or a person of the graph")                  \
	X(AUTHOR, META, "meta author")                                                                                 \
	X(AUTHOR, META_ARTICLE, "article:author")                                                                      \
	X(AUTHOR, META_NEWS, "meta of publishing systems: parsely, sailthru, cXense, byline, Dublin Core")             \
	X(AUTHOR, META_LABEL, "twitter:data after a label that says written by")                                       \
	X(AUTHOR, REL, "a link rel=author")                                                                            \
	X(AUTHOR, HREF, "a link to an author's page by its address")                                                   \
	X(AUTHOR, MICRO, "itemprop author")                                                                            \
	X(AUTHOR, CLASS, "element whose class says author")                                                            \
	X(AUTHOR, BYLINE, "element whose class says byline")                                                           \
	X(AUTHOR, TEXT, "text that starts with by")                                                                    \
	X(AUTHOR, REPORTER, "label for an author or reporter in a Chinese text")                                       \
	X(AUTHOR, EDITOR, "label for an editor in a Chinese text")                                                     \
	X(AUTHOR, BRACKET, "names in brackets at the end of a Chinese text")                                           \
	X(AUTHOR, BESIDE, "short text beside a date near the headline that looks like names")                          \
	X(AUTHOR, LIST, "several of the above side by side")                                                           \
	X(DATE, LD_PUBLISHED, "datePublished of a JSON-LD article")                                                    \
	X(DATE, LD_CREATED, "dateCreated or uploadDate of a JSON-LD article")                                          \
	X(DATE, LD_PAGE, "datePublished of a JSON-LD page or thing")                                                   \
	X(DATE, LD_MODIFIED, "dateModified in JSON-LD")                                                                \
	X(DATE, META_PUBLISHED, "article:published_time")                                                              \
	X(DATE, META_NEWS, "meta of publishing systems, Dublin Core")                                                  \
	X(DATE, META_DATE, "meta date and the like")                                                                   \
	X(DATE, META_MODIFIED, "article:modified_time, og:updated_time and the like")                                  \
	X(DATE, MICRO, "itemprop datePublished")                                                                       \
	X(DATE, MICRO_MODIFIED, "itemprop dateModified")                                                               \
	X(DATE, TIME, "time element")                                                                                  \
	X(DATE, TIME_PUBLISHED, "time element marked as publication")                                                  \
	X(DATE, TIME_MODIFIED, "time element marked as modification")                                                  \
	X(DATE, CLASS, "text in an element whose class says date")                                                     \
	X(DATE, LABEL, "text after a label that says published")                                                       \
	X(DATE, UPDATED, "text after a label that says updated")                                                       \
	X(DATE, TEXT, "other short text")                                                                              \
	X(DATE, URL, "the page's address")                                                                             \
	X(DATE, IMAGE, "the lead image's address")                                                                     \
	X(DATE, SCRIPT, "a key in a script")

enum metadata_source {
#define X(field, name, meaning) field##_##name,
	METADATA_SOURCES(X)
#undef X
		METADATA_SOURCE_COUNT,
	TITLE_SOURCES = AUTHOR_LD_PERSON,
	AUTHOR_SOURCES = DATE_LD_PUBLISHED,
};

/* ---- Dates -------------------------------------------------------------------------------------------- */

/* A date as a page writes it: the civil day where it was written, and the zone if that was said. */
struct metadata_date {
	int16_t year, zone; /* minutes east of UTC, ZONE_NONE when not said */
	uint8_t month, day, hour, minute, second;
	uint8_t precision; /* enum metadata_precision; 0: no date */
	bool ambiguous;    /* day and month may be the other way round */
};
#define ZONE_NONE INT16_MIN
enum metadata_precision { PRECISION_NONE, PRECISION_MONTH, PRECISION_DAY, PRECISION_TIME };

/* Month names of all languages, hashed; one per reader. */
struct month_names;
struct month_names *month_names_new(void); /* NULL without memory */
void month_names_free(struct month_names *names);

/* How to read 03/04/2020 where nothing in it tells. */
enum date_order { DATE_DAY_FIRST, DATE_MONTH_FIRST };

/* The first date in TEXT. *AFTER (may be NULL) is the offset behind it. False when there is none. */
bool metadata_date_find(const struct month_names *names, struct span text, enum date_order order,
			struct metadata_date *date, size_t *after);
/* A value meant to be a date: W3CDTF with the usual mistakes, seconds or milliseconds since 1970, RFC 2822, else as
 * metadata_date_find. */
bool metadata_date_read(const struct month_names *names, struct span text, enum date_order order,
			struct metadata_date *date);
/* A date in an address' path: /2020/06/07/, /2020-06-07-, /20200607. Month precision where there is no day. */
bool metadata_date_of_url(struct span url, struct metadata_date *date);
int64_t metadata_date_seconds(const struct metadata_date *date); /* in UTC; no zone said is read as UTC */
static inline uint32_t metadata_date_key(const struct metadata_date *date)
{
	return (uint32_t)date->year * 512 + date->month * 32u + date->day;
}
struct span metadata_date_print(const struct metadata_date *date, struct arena *arena);

/* ---- Groups ------------------------------------------------------------------------------------------- */

/* Where evidence stood, seen from the headline; part of a feature's number. */
enum place { PLACE_HEAD, PLACE_BELOW, PLACE_LATER, PLACE_ABOVE, PLACE_FAR, PLACE_ASIDE, PLACE_COUNT };
/* For titles: whole, without the site's name, cut at the last or first separator. */
enum variant { VARIANT_WHOLE, VARIANT_STRIPPED, VARIANT_FRONT, VARIANT_BACK };

/* Features of a group that are not a source; their numbers follow those of the sources. */
enum extra {
	EXTRA_NONE, /* the choice of nothing */
	EXTRA_TWO,
	EXTRA_THREE,
	EXTRA_FOUR, /* at least so many different features */
	EXTRA_ONLY, /* the page has no other group */
	EXTRA_SITE, /* says the site's name */
	EXTRA_A,    /* from here on by field: the names below */
	EXTRA_B,
	EXTRA_C,
	EXTRA_D,
	EXTRA_E,
	EXTRA_F,
	EXTRA_G,
	EXTRA_H,
	EXTRA_I,
	EXTRA_J,
	EXTRA_K,
	EXTRA_L,
	EXTRA_M,
	EXTRA_N,
	EXTRA_O,
	EXTRA_COUNT
};
enum title_extra {
	TITLE_SHORT = EXTRA_A, /* under 12 letters */
	TITLE_LONG,            /* over 150 letters */
	TITLE_SLUG_NONE,       /* no word of the address' last part */
	TITLE_SLUG_HALF,       /* at least half of them */
	TITLE_SLUG_MOST,       /* at least 80 % of them */
	TITLE_HEAD_NONE,       /* none of its words stands in the title element or og:title */
	TITLE_HEAD_HALF,
	TITLE_HEAD_ALL,  /* all of them */
	TITLE_WITHIN,    /* part of another group of a heading or head */
	TITLE_AROUND,    /* holds another group */
	TITLE_SITE_DEEP, /* says the site's name, and the page is not the site's first */
	TITLE_TAIL,      /* what the title element has behind its last separator */
	TITLE_LEAD,      /* what it has before its first one, where there are several */
};
enum author_extra {
	AUTHOR_SHORT = EXTRA_A, /* one word */
	AUTHOR_LONG,            /* a name of over five words */
	AUTHOR_MANY,            /* three and more */
	AUTHOR_FULL,            /* all look like full names */
	AUTHOR_PART,            /* all in a longer list */
	AUTHOR_WHOLE,           /* holds all of a shorter list */
	AUTHOR_DIGITS,
	AUTHOR_FIRST,       /* the first of those found in the page's texts */
	AUTHOR_SAID_TWICE,  /* in head and texts */
	AUTHOR_ALONE,       /* no other group looks like full names */
	AUTHOR_BEGINS,      /* another group's first name begins with it: "Jane Doe" and "Jane Doe Editor" */
	AUTHOR_TAILED,      /* the other of the two */
	AUTHOR_SMALL,       /* begins with a small letter */
	AUTHOR_LISTED,      /* several full names, said so by JSON-LD or a meta element */
	AUTHOR_PART_LISTED, /* all in such a list */
};
enum date_extra {
	DATE_EARLIEST = EXTRA_A, /* of the machine-readable ones */
	DATE_OLDEST,             /* of all */
	DATE_FETCHED,            /* the day of the fetch, and no machine-readable source says it */
	DATE_MONTH,              /* in the month the address says */
	DATE_AFTER,              /* a day behind a machine-readable date */
	DATE_BEFORE,
	DATE_CLOCK,     /* with a time of day */
	DATE_FIRST,     /* the first of those found in the page's texts */
	DATE_ONLY_BODY, /* no machine-readable source says any date */
	DATE_NEWEST,
	DATE_ONLY_MODIFIED, /* only sources of modification say it */
	DATE_PUBLISHED,     /* a source of publication says it */
};
enum {
	FEATURE_EXTRA = METADATA_SOURCE_COUNT * PLACE_COUNT,
	FEATURE_COUNT = FEATURE_EXTRA + EXTRA_COUNT * 3,
	GROUP_MAX = 64,
	GROUP_FEATURES = 40,
	GROUP_NAMES = 16
};

/* Equal values and what speaks for them. */
struct group {
	uint64_t key;
	struct span text; /* title */
	struct span names[GROUP_NAMES];
	size_t name_count;
	struct metadata_date date;
	uint16_t features[GROUP_FEATURES];
	size_t feature_count;
	int32_t score; /* in 1/256 */
};
struct group_list {
	struct group rows[GROUP_MAX];
	size_t count;
	bool deep, article; /* the page is not its site's first; says in JSON-LD or og:type that it is an article */
};

/* ---- Evidence ----------------------------------------------------------------------------------------- */

struct evidence {
	uint16_t source; /* enum metadata_source */
	bool aside;      /* stood in a part that is not the article: comments, related, footer */
	uint32_t at;     /* ordinal of the text it stood in, 0 for the head */
	struct span text;
	struct metadata_date date;
};

enum { EVIDENCE_MAX = 96, TAG_MAX = 64, DESCRIPTION_MAX = 16, NAME_MAX_COUNT = 24, LD_MAX = 24 };

struct evidence_list {
	struct evidence rows[EVIDENCE_MAX];
	size_t count;
};

/* What words of classes say of an element. */
enum hint {
	HINT_AUTHOR = 1,
	HINT_BYLINE = 2,
	HINT_DATE = 4,
	HINT_PUBLISHED = 8,
	HINT_UPDATED = 16,
	HINT_TITLE = 32,
	HINT_ASIDE = 64,
};

struct class_memo {
	uint64_t key;
	uint16_t hints;
};
enum {
	CLASS_MEMO = 2048,
	BY_MAX = 200,
	KEY_MAX = 200,
	KEY_SLOTS = 512,
	HINT_MAX = 100,
	LABEL_MAX = 80,
	PATH_MAX_COUNT = 40
};

/* The names of the page's site and the labels of its host as letters and digits in lower case. */
enum { FOLDED_MAX = 12, FOLDED_SIZE = 128 };
struct folded_sites {
	struct folded_site {
		uint8_t size;
		char text[FOLDED_SIZE];
	} rows[FOLDED_MAX];
	size_t names, labels, count; /* ends of the names, of the labels, of all: the last is the whole host */
};

/* What the scan of one page found. */
struct metadata_reader {
	struct arena *arena; /* this page's texts */
	struct buffer text, scratch;
	struct month_names *months;
	const struct page *page;
	enum date_order order;
	struct evidence_list titles, authors, dates;
	struct span element_title, og_title;
	struct span site_names[4];
	size_t site_name_count;
	struct folded_sites sites;
	struct span publisher; /* of a JSON-LD article */
	struct span site_host; /* of the page's address, lower case */
	struct span canonical, og_url, license, language, http_language, image, page_type, ld_type, og_type;
	struct span tags[TAG_MAX];
	size_t tag_count;
	struct span descriptions[DESCRIPTION_MAX];
	size_t description_count;
	struct span body; /* longest articleBody, raw */
	struct span source_name;
	struct span label; /* of twitter:label1/2, waiting for its data */
	unsigned robots;
	int tdm; /* -1 not said, 0, 1 */
	struct span tdm_policy;
	bool ld_article;
	unsigned ld_articles;
	uint32_t text_count, heading_at, h1_count, h2_count;
	uint32_t by_at;        /* the text before said no more than "by" */
	uint32_t by_end;       /* the text before was a name behind such a text: a joint may follow */
	size_t by_row;         /* 1 + that name's row of evidence, 0 none */
	uint32_t heading_text; /* ordinal of the text behind the last h1 */
	uint32_t date_next,
		name_next;  /* ordinals of the texts beside the last date and the last name near a headline */
	struct span name;   /* the text that may be that name */
	uint8_t text_label; /* what the text before announced: enum date_label */
	unsigned date_tries;
	struct group_list groups;
	struct span scripts[LD_MAX];
	size_t script_count;
	struct class_memo memo[CLASS_MEMO];
	uint8_t label_head[256], label_next[LABEL_MAX];     /* as the next, for words before dates, by first byte */
	uint8_t hint_head[32 * 32], hint_next[HINT_MAX];    /* for words of classes, by the first two letters */
	uint64_t hint_front[HINT_MAX], hint_mask[HINT_MAX]; /* the first eight bytes of each and where they are text */
	uint8_t path_head[256], path_next[PATH_MAX_COUNT];  /* addresses of authors' pages, by their first two bytes */
	uint8_t key_head[KEY_SLOTS], key_next[KEY_MAX];     /* keys of meta elements, by hash */
	struct span row_names[EVIDENCE_MAX][GROUP_NAMES];   /* names in each row of authors */
	uint8_t row_name_count[EVIDENCE_MAX];
	uint64_t by_seconds[256];              /* by the first byte: the set of second bytes (modulo 64) */
	uint8_t by_head[256], by_next[BY_MAX]; /* rows of the words for "by": 1 + index, 0 ends the chain */
};

void evidence_add(struct metadata_reader *reader, enum metadata_source source, struct span text, uint32_t at,
		  bool aside);
/* What the words of NODE's class and id say, as a set of enum hint. NODE is an element; *PROP: its itemprop or
 * property.
 */
unsigned element_hints(struct metadata_reader *reader, uint32_t node, struct span *prop);
/* The text below NODE, white space collapsed, at most MAX bytes; the span lives in the reader's arena. Absent when
 * empty or longer. */
struct span metadata_text(struct metadata_reader *reader, uint32_t node, size_t max);
bool metadata_hidden_tag(enum html_tag tag); /* what is in it is no text of the page */
/* White space collapsed, character references left by double escaping decoded, tags and invisible characters removed.
 */
struct span metadata_clean(struct metadata_reader *reader, struct span text);

/* The character reference at the start of TEXT, decoded to OUT: bytes used, 0 when there is none. */
size_t metadata_reference(struct span text, struct buffer *out);

/* One meta element or the like: KEY decides by table what VALUE is. */
void metadata_key(struct metadata_reader *reader, struct span key, struct span value);
/* Everything before the choice. */
void metadata_collect(struct metadata_reader *reader, const struct page *page);
/* HTML or plain text out of JSON to paragraphs divided by blank lines; NFC, in ARENA. */
struct span metadata_body_text(struct metadata_reader *reader, struct arena *arena, struct span text);
bool metadata_keys_sorted(void);                                       /* for the tests */
void metadata_tags(struct metadata_reader *reader, struct span value); /* a list divided by commas or semicolons */
void metadata_description(struct metadata_reader *reader, struct span value);
void metadata_scan(struct metadata_reader *reader);
void metadata_jsonld(struct metadata_reader *reader, struct span script);
/* A key such as "datePublished" in scripts, for pages that say their date nowhere else. */
void metadata_scripts(struct metadata_reader *reader);

/* ---- Cleaning ----------------------------------------------------------------------------------------- */

/* TITLE without the names of the site at its ends. The result is part of TITLE. */
struct span title_strip(const struct metadata_reader *reader, struct span title);
void title_fold_sites(struct metadata_reader *reader); /* before these two, when all names are known */
bool title_is_site(const struct metadata_reader *reader, struct span text);
/* TITLE cut at its last (or first) separator: the title's part and the rest. COLON: also at a colon. */
bool title_cut(struct span title, bool last, bool colon, struct span *kept, struct span *cut);
/* What title_cut keeps of TITLE at its last and at its first separator, no colon; absent where it cuts nothing. */
bool title_halves(struct span title, struct span *front, struct span *back);
/* Letters and digits of TEXT, case folded: the key titles and names are compared by. */
uint64_t metadata_fold_key(struct span text, size_t *letters);

/* The names in a by-line, at most MAX; parts of TEXT. */
size_t author_names(struct metadata_reader *reader, struct span text, struct span *names, size_t max);
struct name_shape {
	unsigned words;
	bool full, digits; /* looks like a person's full name; holds digits */
};
struct name_shape author_shape(struct span name);
/* Whether TEXT starts with a word for "by"; *LABEL: it is nothing else, such as "Authors:". */
bool author_is_byline(const struct metadata_reader *reader, struct span text, bool *label);
/* Who a Chinese text names as its author, reporter or editor, by a label or in brackets at its end; SPAN_NONE where it
 * names nobody. Several names are joined in ARENA (metadata_reporter.c). */
struct span metadata_reporter(struct arena *arena, struct span text, enum metadata_source *source);
/* TEXT, or what stands before its first joint, looks like a full name. */
bool author_begins_name(struct span text);
void hint_index(struct metadata_reader *reader);   /* words of classes by their first letters */
void path_index(struct metadata_reader *reader);   /* addresses of authors' pages by their first bytes */
void key_index(struct metadata_reader *reader);    /* keys of meta elements by hash */
void label_index(struct metadata_reader *reader);  /* words before dates by their first byte */
void author_index(struct metadata_reader *reader); /* the words for "by" by their first byte */

/* ---- Choice ------------------------------------------------------------------------------------------- */

void group_titles(struct metadata_reader *reader, struct group_list *list);
void group_authors(struct metadata_reader *reader, struct group_list *list);
void group_dates(const struct metadata_reader *reader, struct group_list *list);

/* A group as the trees see it, at most DESCRIBE_MAX bytes: for each source of the field the first place it said it in
 * (1 + enum place), SAID_ELSEWHERE where it said another group, 0 where it said nothing; for titles, whether without
 * the site's name; how many features stand in each place; the properties; sizes. SAID is group_said's. The bytes used.
 */
enum { DESCRIBE_MAX = 96, SAID_ELSEWHERE = PLACE_COUNT + 1 };
void group_said(const struct group_list *list, uint8_t said[METADATA_SOURCE_COUNT]);
size_t group_describe(const struct group_list *list, size_t index, const uint8_t said[METADATA_SOURCE_COUNT], int field,
		      uint8_t out[DESCRIBE_MAX]);

/* The whole score of one group; group_choose() leaves out what can not win. */
int32_t group_score(const struct group_list *list, size_t index, int field);
/* The best group, NULL when nothing is better than all of them. FIELD 0 title, 1 authors, 2 date. */
const struct group *group_choose(struct group_list *list, int field);

/* Fill heading_at: the ordinal of the heading that says the chosen title. */
void place_heading(struct metadata_reader *reader, struct span title);
bool choose_modified(const struct metadata_reader *reader, const struct metadata_date *published,
		     struct metadata_date *date);

#endif
