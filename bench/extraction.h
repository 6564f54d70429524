/* extraction: pages with a truth, results of extractors, and the scores between them. */
#ifndef WARCMILL_BENCH_EXTRACTION_H
#define WARCMILL_BENCH_EXTRACTION_H

#include "bench/bench.h"

/* ---- Truth: a folder in one of two layouts ---------------------------------------------------------------------- */

/* "lines": truth.jsonl (id, url, lang, page_type, text, with, without, title, author, date; paragraphs, optional) and
 * html/ID.html. "public": ground-truth.json ({ID: {articleBody, url}}) and html/ID.html.gz. */
struct truth_page {
	struct span id, url, lang, type;
	struct span text, title, date;            /* SPAN_NONE where the truth does not say */
	const struct json *author;                /* text or list, or NULL */
	const struct json *with, *without;        /* snippets that must and must not be there, or NULL */
	const struct json *paragraphs, *optional; /* for ROUGE, or NULL */
	char *path;                               /* of the page, or NULL where there is no file */
};
struct truth_set {
	char *name, *folder, *truth; /* truth: path of its file */
	struct truth_page *pages;
	size_t count, capacity;
	struct arena *arena;
	struct buffer source;
};
void truth_open(const char *folder, struct truth_set *set); /* dies when it is neither layout */
void truth_close(struct truth_set *set);

/* One object {name, bytes, sha256} of a set: its truth and the pages that are in it now, decompressed. */
void inputs_put_set(struct json_writer *json, const struct truth_set *set);

/* ---- Results ------------------------------------------------------------------------------------------------------
 */

struct result {
	struct span id, text, title, date;
	const struct json *author;
	size_t order; /* in the file */
};
struct results {
	struct result *at; /* sorted by id; of two with one id only the later one is here */
	size_t count, capacity;
	bool fields; /* some result carried more than a text: title, author and date are scored */
	struct arena *arena;
	struct buffer source;
};
/* .jsonl: one object a line (id, text, title, author, date). Else one object: {ID: text} or {ID: {text or articleBody,
 * …}}. */
void results_open(const char *path, struct results *results);
void results_close(struct results *results);
const struct result *results_find(const struct results *results, struct span id); /* or NULL */

/* ---- Scores ---------------------------------------------------------------------------------------------------------
 */

struct prf {
	double precision, recall, f1;
};

/* Of one page, where its truth has a body. */
struct page_score {
	double tp, fp, fn; /* 4-word shingles, as shares of their sum; all 0 when neither side has one */
	double shingle_f1;
	struct prf word, rouge;
	double char5;
	bool scored, exact;
};

/* Of one group of pages: all, one language, one type of page. */
struct group_score {
	struct span name; /* SPAN_NONE: the truth does not say */
	size_t pages;
	struct prf shingle, word;
	double char5;
};
struct groups {
	struct group_score *at; /* largest first */
	size_t count, capacity;
};

struct field_score {
	size_t pages;
	double correct, wrong, missing;
};

struct extraction_score {
	size_t pages, bodies, found; /* all; with a body in the truth; of those with a result that is not empty */
	struct prf shingle, word, rouge;
	double shingle_low, shingle_high, shingle_deviation; /* 95 % interval over pages by bootstrap, seeded */
	double exact, char5;
	bool has_rouge, has_snippets;
	struct prf snippet;
	double snippet_accuracy;
	size_t snippet_tp, snippet_fp, snippet_fn, snippet_tn;
	struct field_score title, author, date;
	struct groups by_lang, by_type;
	struct page_score *each; /* one for every page of the set */
};

/* Shingle precision and recall are averaged over the pages that have a result or a truth, word F1 and char-5 F1 over
 * all with a body, snippets pooled (Bevendorff et al. 2023; the public article extraction benchmark). ROUGE costs a
 * product of paragraph lengths and is left out without ROUGE. */
void extraction_score(const struct truth_set *set, const struct results *results, bool rouge,
		      struct extraction_score *out);
void extraction_score_free(struct extraction_score *score);
void extraction_print(FILE *out, const struct truth_set *set, const struct extraction_score *score);
void extraction_json(struct json_writer *json, const struct truth_set *set, const struct extraction_score *score,
		     bool each);

/* ROUGE-LSum (Lin 2004, with union over the result's lines), tokens [a-z0-9]+ of the lower-cased text. */
struct prf rouge_lsum(struct span result, struct span reference);

/* One self-contained HTML page: the WORST pages by shingle F1 with truth and result side by side, what is missing and
 * what is extra marked. */
void extraction_view(const char *path, const struct truth_set *set, const struct results *results,
		     const struct extraction_score *score, size_t worst);

#endif
