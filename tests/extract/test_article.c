/* Articles: blocks, features, trees, decision, text. Pages are written here; words are invented where text matters. */
#include "extract/article_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct bench {
	struct html_parser *parser;
	struct article_extractor *extractor;
	struct article article;
	struct buffer html;
};

static struct bench *bench_new(const struct article_options *options)
{
	struct bench *bench = calloc(1, sizeof *bench);
	assert_non_null(bench);
	bench->parser = html_parser_new(NULL);
	bench->extractor = article_extractor_new(options);
	buffer_init(&bench->html, (size_t)64 << 20);
	assert_non_null(bench->parser);
	assert_non_null(bench->extractor);
	return bench;
}

static void bench_free(struct bench *bench)
{
	article_extractor_free(bench->extractor);
	html_parser_free(bench->parser);
	buffer_free(&bench->html);
	free(bench);
}

static const struct article *extract(struct bench *bench, struct span html)
{
	struct page page = {.url = SPAN("https://example.org/news/1"), .fetch_time = DATE_NONE, .html = html};
	enum status status = html_parse(bench->parser, html, &page.tree);
	assert_true(status == STATUS_OK || status == STATUS_LIMIT);
	assert_int_equal(article_extract(bench->extractor, &page, &bench->article), STATUS_OK);
	assert_true(utf8_valid(bench->article.text));
	return &bench->article;
}

/* Ten sentences of invented words: long enough to be sure about. */
#define PARA(n)                                                                                                        \
	"<p>The " n                                                                                                    \
	" council of Arvendale met on the wooden bridge, and the keepers of the river spoke for many hours about the " \
	"water that had risen, the mills that stood still, and the bread that nobody could bake. When evening came, "  \
	"the mayor "                                                                                                   \
	"asked each of them for one plain answer. They gave it, and the town slept well that night, as it had not "    \
	"for weeks.</p>\n"

static const char page_head[] =
	"<!doctype html><html lang=en><head><title>River rises in Arvendale | The Daily Wren</title>"
	"<meta property='og:title' content='River rises in Arvendale'><meta property='og:type' "
	"content='article'></head><body>"
	"<header><nav><ul><li><a href=/>Home</a></li><li><a href=/world>World</a></li><li><a href=/sport>Sport</a></li>"
	"<li><a href=/arts>Arts</a></li></ul></nav></header><main><article class='post entry-content'><h1>River rises "
	"in Arvendale</h1>"
	"<div class=byline>By <a rel=author href=/a>Orla Fenwick</a>, 3 May 2021</div><div class='article-body'>";
static const char page_tail[] =
	"</div></article><aside class='related sidebar'><h3>Related articles</h3><ul><li><a href=/1>Bridge "
	"closed</a></li>"
	"<li><a href=/2>Mill opens</a></li><li><a href=/3>Bread is late</a></li></ul></aside></main>"
	"<footer class=footer><p>&copy; 2021 The Daily Wren. All rights reserved. <a "
	"href=/terms>Terms</a></p></footer></body></html>";

static const struct article *extract_body(struct bench *bench, const char *body)
{
	buffer_clear(&bench->html);
	buffer_append_span(&bench->html, span_of(page_head));
	buffer_append_span(&bench->html, span_of(body));
	buffer_append_span(&bench->html, span_of(page_tail));
	return extract(bench, buffer_span(&bench->html));
}

static bool has(struct span text, const char *piece)
{
	return span_find(text, span_of(piece)) != SIZE_MAX;
}

/* ---- Blocks ------------------------------------------------------------------------------------------- */

static const struct {
	const char *html, *blocks[8];
} segmentations[] = {
	{"<p>one <b>two</b> three<p>four", {"one two three", "four"}},
	{"one<br>two<br><br>three", {"one\ntwo", "three"}},
	{"one<hr>two<div>three</div>four", {"one", "two", "three", "four"}},
	{"a&shy;b \xe2\x80\x8b c\xef\xbb\xbf  \xc2\xa0 d", {"ab c d"}},
	{"<pre>  x\n    y \n\n\n\nz</pre>", {"x\n    y\n\nz"}},
	{"<p>a<script>var b</script><style>c</style><svg><text>d</text></svg>e<!-- f -->g", {"aeg"}},
	{"<ul><li>one<li>two<ul><li>three</ul></ul>", {"one", "two", "three"}},
	{"<table><tr><td>a<td>b<tr><td>c</table>", {"a", "b", "c"}},
	{"<select><option>no</select><textarea>no</textarea>yes", {"yes"}},
	{"\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xb4\xd9\x88\xd8\xaf",
	 {"\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xb4\xd9\x88\xd8\xaf"}},
	{"", {NULL}},
};

static void test_segmentation(void **state)
{
	(void)state;
	struct blocks blocks;
	struct html_parser *parser = html_parser_new(NULL);
	assert_int_equal(blocks_init(&blocks), STATUS_OK);
	for (size_t i = 0; i < sizeof segmentations / sizeof *segmentations; i++) {
		const struct html_tree *tree;
		assert_int_equal(html_parse(parser, span_of(segmentations[i].html), &tree), STATUS_OK);
		assert_int_equal(blocks_read(&blocks, tree, false, NULL), STATUS_OK);
		size_t n = 0;
		for (; segmentations[i].blocks[n]; n++) {
			assert_true(n < blocks.count);
			struct span text = block_text(&blocks, &blocks.items[n]);
			if (!span_equal(text, span_of(segmentations[i].blocks[n])))
				fail_msg("case %zu block %zu: '%.*s'", i, n, SPAN_ARG(text));
		}
		assert_int_equal(blocks.count, n);
	}
	blocks_free(&blocks);
	html_parser_free(parser);
}

static void test_counts(void **state)
{
	(void)state;
	struct blocks blocks;
	struct html_parser *parser = html_parser_new(NULL);
	const struct html_tree *tree;
	assert_int_equal(blocks_init(&blocks), STATUS_OK);
	assert_int_equal(
		html_parse(parser,
			   SPAN("<p>Two <a href=x>Words</a>, <b>12</b>!<p>\xe4\xb8\xad\xe6\x96\x87 ok<p>two words, 12"),
			   &tree),
		STATUS_OK);
	assert_int_equal(blocks_read(&blocks, tree, false, NULL), STATUS_OK);
	const struct block *b = blocks.items;
	assert_int_equal(blocks.count, 3);
	assert_int_equal(b[0].tokens, 3);
	assert_int_equal(b[0].chars, 12);
	assert_int_equal(b[0].link_chars, 5);
	assert_int_equal(b[0].bold_chars, 2);
	assert_int_equal(b[0].links, 1);
	assert_int_equal(b[0].upper, 2);
	assert_int_equal(b[0].digits, 2);
	assert_int_equal(b[1].cjk, 2);
	assert_int_equal(b[1].words, 2 * 11 + 20);
	assert_true(b[0].hash == b[2].hash); /* case and punctuation aside, the same text */
	assert_true(b[0].hash != b[1].hash);
	blocks_free(&blocks);
	html_parser_free(parser);
}

/* ---- Trees -------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void test_vector_equals_plain(void **state)
{
	(void)state;
	struct fault fault;
	struct article_model *model =
		article_model_open((struct span){(const char *)model_builtin, model_builtin_size}, &fault);
	if (!model_builtin_size)
		skip();
	assert_non_null(model);
	static uint8_t rows[64][256 + MODEL_LANES];
	const uint8_t *views[VIEW_MAX];
	uint32_t seed = 7;
	static const unsigned spreads[] = {256, 4, 1, 256, 24, 1, 2}; /* alike blocks take another way through a tree */
	for (size_t r = 0; r < 64; r++) {
		unsigned spread = spreads[r % 7], least = next_random(&seed) % (257 - spread);
		for (size_t i = 0; i < sizeof rows[r]; i++)
			rows[r][i] = (uint8_t)(least + next_random(&seed) % spread);
	}
	for (size_t v = 0; v < VIEW_MAX; v++)
		views[v] = rows[v % 64] + v % 7; /* unaligned on purpose */
	for (unsigned stage = 0; stage < 2; stage++)
		for (size_t count = 0; count <= 200; count += count < 70 ? 1 : 13) {
			uint8_t fast[256], plain[256];
			model_evaluate_plain(model, stage, views, count, plain);
			model_evaluate(model, stage, views, count, NULL, fast);
			assert_memory_equal(fast, plain, count);
			for (unsigned way = 0; way < 3; way++)
				if (model_evaluate_by(way, model, stage, views, count, fast))
					assert_memory_equal(fast, plain, count);
		}
	article_model_free(model);
}

static void test_damaged_models(void **state)
{
	(void)state;
	if (!model_builtin_size)
		skip();
	struct fault fault;
	char *bytes = malloc(model_builtin_size);
	assert_non_null(bytes);
	uint32_t seed = 3;
	for (int round = 0; round < 300; round++) {
		memcpy(bytes, model_builtin, model_builtin_size);
		size_t size = model_builtin_size;
		if (round % 3 == 0)
			size = next_random(&seed) % size;
		for (int k = 0; k < 1 + round % 4; k++)
			bytes[next_random(&seed) % model_builtin_size] ^= (char)(1 << next_random(&seed) % 8);
		struct article_model *model = article_model_open((struct span){bytes, size}, &fault);
		assert_true(model || fault.text[0]);
		article_model_free(model);
	}
	assert_null(article_model_open(SPAN("no model at all, but quite long enough"), &fault));
	assert_int_equal(fault.status, STATUS_DATA);
	free(bytes);
}

static void put(char *bytes, size_t *at, uint32_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		bytes[(*at)++] = (char)(value >> 8 * i);
}

/* A model whose first stage is COUNT trees of one leaf, each of the largest value. */
static struct span heavy_model(char *bytes, uint32_t count)
{
	size_t at = 4;
	memcpy(bytes, "WMAM", 4);
	const uint32_t head[] = {MODEL_VERSION, features_digest(), 0, 0};
	for (size_t i = 0; i < 4; i++)
		put(bytes, &at, head[i], 4);
	for (unsigned i = 0; i < SIGMOID_STEPS; i++)
		put(bytes, &at, i / 2, 1);
	const uint32_t stages[2][4] = {{0, 4096, count, 0}, {0, 1, 0, 0}}; /* base, unit, trees, nodes */
	for (size_t s = 0; s < 2; s++) {
		for (size_t i = 0; i < 4; i++)
			put(bytes, &at, stages[s][i], 4);
		for (uint32_t t = 0; t < stages[s][2]; t++)
			put(bytes, &at, 127u << 8, 2);
	}
	return (struct span){bytes, at};
}

/* Sums of leaves are 16 bits wide: what fits is added right by every way, what may not fit is refused. */
static void test_sums_of_many_trees(void **state)
{
	(void)state;
	static char bytes[2048];
	struct fault fault;
	const uint8_t *views[VIEW_MAX] = {0};
	uint8_t out[MODEL_LANES], plain[MODEL_LANES];
	struct article_model *model = article_model_open(heavy_model(bytes, 258), &fault); /* 258 × 127 = 32766 */
	assert_non_null(model);
	model_evaluate_plain(model, 0, views, MODEL_LANES, plain);
	assert_true(plain[0] > 250);
	for (unsigned way = 0; way < 3; way++)
		if (model_evaluate_by(way, model, 0, views, MODEL_LANES, out))
			assert_memory_equal(out, plain, MODEL_LANES);
	article_model_free(model);
	assert_null(article_model_open(heavy_model(bytes, 259), &fault));
	assert_int_equal(fault.status, STATUS_DATA);
}

/* ---- Articles ----------------------------------------------------------------------------------------- */

static void test_article_alone(void **state)
{
	(void)state;
	struct bench *bench = bench_new(NULL);
	const struct article *a = extract_body(bench, PARA("first") PARA("second") PARA("third"));
	assert_null(a->rejected);
	assert_true(has(a->text, "first council") && has(a->text, "second council") && has(a->text, "third council"));
	assert_false(has(a->text, "Related articles"));
	assert_false(has(a->text, "Bridge closed"));
	assert_false(has(a->text, "All rights reserved"));
	assert_false(has(a->text, "Sport"));
	assert_true(has(a->text, "weeks.\n\nThe second"));
	assert_true(a->words > 150 && a->words < 260);
	assert_true(span_equal(a->metadata.title, SPAN("River rises in Arvendale")));
	bench_free(bench);
}

static void test_text_rules(void **state)
{
	(void)state;
	struct bench *bench = bench_new(NULL);
	const struct article *a = extract_body(
		bench,
		PARA("first") PARA(
			"second") "<ul><li>bread from the northern mill, which bakes at night</li><li>water from the "
				  "eastern spring, carried by hand</li></ul>" PARA(
					  "third") "<pre>  one\n    two\n  three</pre>" PARA("fo&shy;urth") "<p>"
													    "caf\x65"
													    "\xcc\x81 "
													    "keepers "
													    "said that "
													    "the river "
													    "would "
													    "fall "
													    "again "
													    "within "
													    "three "
													    "days, and "
													    "that the "
													    "mills "
													    "would "
													    "turn once "
													    "more, to "
													    "everyone'"
													    "s "
													    "joy.</"
													    "p>" PARA(
														    "fi"
														    "ft"
														    "h"));
	assert_true(
		has(a->text, "- bread from the northern mill, which bakes at night\n- water from the eastern spring"));
	assert_true(has(a->text, "The fourth council"));
	assert_true(has(a->text, "caf\xc3\xa9 keepers"));
	assert_false(has(a->text, " \n"));
	assert_false(has(a->text, "\n\n\n"));
	bench_free(bench);
}

static void test_markdown(void **state)
{
	(void)state;
	struct article_options options = {.text = ARTICLE_MARKDOWN};
	struct bench *bench = bench_new(&options);
	const struct article *a = extract_body(
		bench,
		PARA("first") "<h2>What the keepers said about the water</h2><p>The keepers <b>spoke plainly</b> of "
			      "the "
			      "<a href='/river (old)'>old river</a> and of the <em>new</em> one, and nobody in the "
			      "hall had ever heard "
			      "such a thing before, not even the mayor, who had heard many things.</p>" PARA("second")
				      PARA("third"));
	assert_true(has(a->text, "## What the keepers said about the water\n\n"));
	assert_true(has(a->text, "The keepers **spoke plainly** of the [old "
				 "river](https://example.org/river%20%28old%29) and of the *new* one"));
	a = extract_body(
		bench,
		PARA("first") "<h2>Sluices<a class=headerlink href='#sluices'>\xC2\xB6</a></h2>" PARA(
			"second") "<ol><li>Open the sluice at the northern mill, slowly and by hand<ul><li>by day from "
				  "the bank, by night from the boat</ul><li>Close the gate behind the last of the "
				  "boats</ol>" PARA("third") "<table><tr><th>Flag<th>What it does to the gate"
							     "<tr><td><code>a|b</code><td>opens the gate | or shuts "
							     "it</table>" PARA("fourth"));
	assert_true(has(a->text, "## Sluices\n\n"));
	assert_true(
		has(a->text, "1. Open the sluice at the northern mill, slowly and by hand\n   - by day from the bank"));
	assert_true(has(a->text, "\n1. Close the gate behind the last of the boats\n"));
	assert_true(has(a->text, "| `a\\|b` | opens the gate \\| or shuts it |"));
	bench_free(bench);
}

/* What CommonMark would take for a list, a heading or a quote at the start of a line. */
static void test_markdown_lines(void **state)
{
	(void)state;
	struct article_options options = {.text = ARTICLE_MARKDOWN};
	struct bench *bench = bench_new(&options);
	const struct article *a = extract_body(
		bench, PARA("first") "<h2>Sluices of the<br>northern mill</h2><p>1843. The keepers opened the sluice "
				     "slowly and by "
				     "hand, 3.5 turns of it, and at -5 degrees.<br>- And why, asked the mayor of the "
				     "keepers?<br>"
				     "# No reason was known in the whole valley.<br>#7 was the name of the sluice.<br>"
				     "<b>- bold</b> is no list.<br>&gt; nor is this a letter</p>" PARA("second")
					     PARA("third"));
	assert_true(has(a->text, "## Sluices of the northern mill\n\n1843\\. The keepers"));
	assert_true(has(a->text, "3.5 turns of it, and at -5 degrees.  \n\\- And why"));
	assert_true(has(a->text, "  \n\\# No reason was known in the whole valley.  \n#7 was the name"));
	assert_true(has(a->text, "  \n**- bold** is no list.  \n\\> nor is this"));
	bench_free(bench);
}

/* Stars open and close only where CommonMark takes them for emphasis. */
static void test_markdown_stars(void **state)
{
	(void)state;
	struct article_options options = {.text = ARTICLE_MARKDOWN};
	struct bench *bench = bench_new(&options);
	const struct article *a = extract_body(
		bench,
		PARA("first") "<h3><a href=#sluice>Sluice</a> #</h3><p><b>Mills:</b>there are two<b>.</b>None of "
			      "them<i>(so the mayor)</i> "
			      "was seen "
			      "by <b>the keepers <code>at night</code> or by day</b>!<a href=/8>[8]</a> The letter "
			      "said "
			      "&amp;amp; and <code>a`b</code> &amp; no more; &lt;<i>keepers</i>&gt; read it aloud."
			      "<span>&zwnj;</span> Nobody<math><mi>x</mi></math> wrote<noscript>anything</noscript> "
			      "down.</p>" PARA("second") PARA("third"));
	assert_true(has(a->text, "### Sluice \\#\n\n"));
	assert_true(has(a->text, "**Mills**:there are two.None of them(*so the mayor)* was seen"));
	assert_true(
		has(a->text, "by **the keepers `at night` or by day**\\![\\[8\\]](https://example.org/8) The letter"));
	assert_true(has(a->text, "said \\&amp; and a\\`b & no more; \\<*keepers*> read it aloud. Nobody wrote down."));
	bench_free(bench);
}

/* Four blanks more than the item above would make an item code. */
static void test_markdown_depth(void **state)
{
	(void)state;
	struct article_options options = {.text = ARTICLE_MARKDOWN};
	struct bench *bench = bench_new(&options);
	const struct article *a = extract_body(
		bench,
		PARA("first") "<ul><li><ul><li><ul><li>Open the sluice at the northern mill, slowly and by hand"
			      "<li>Close the gate behind the last of the boats of the valley</ul></ul><li>Go home by "
			      "the "
			      "river, as the keepers did in the old days<ul><li><ul><li>by day from the bank, by night "
			      "from the boat, and not alone</ul></ul></ul>" PARA("second") PARA("third"));
	assert_true(has(a->text, "\n\n- Open the sluice at the northern mill, slowly and by hand\n- Close the gate"));
	assert_true(has(a->text, "\n- Go home by the river"));
	assert_true(has(a->text, "\n   - by day from the bank"));
	bench_free(bench);
}

static void test_markdown_links(void **state)
{
	(void)state;
	struct article_options options = {.text = ARTICLE_MARKDOWN};
	struct bench *bench = bench_new(&options);
	static const char body[] =
		"<p>The keepers spoke of the <a href=../river>river</a>, the <a href='#mill'>mill</a>, the "
		"<a href=//b.example/x>bridge</a> and the <a href='javascript:go()'>boats</a>, and the "
		"<a href=mailto:mayor@example.org>mayor</a> had heard nothing of it all before.</p>";
	buffer_append_span(&bench->html, SPAN("<title>Sluices</title><base href=/valley/a/b>"));
	buffer_append_span(&bench->html, SPAN("<article><h1>Sluices</h1>" PARA("first")));
	buffer_append_span(&bench->html, span_of(body));
	buffer_append_span(&bench->html, SPAN(PARA("second") PARA("third") "</article>"));
	const struct article *a = extract(bench, buffer_span(&bench->html));
	assert_true(has(a->text,
			"the [river](https://example.org/valley/river), the "
			"[mill](https://example.org/valley/a/b#mill), the [bridge](https://b.example/x) and the "
			"boats, and the [mayor](mailto:mayor@example.org) had heard"));
	bench_free(bench);
}

/* Lines of code that are elements. */
static void test_code_lines(void **state)
{
	(void)state;
	struct bench *bench = bench_new(&(struct article_options){.text = ARTICLE_MARKDOWN});
	const struct article *a = extract_body(
		bench,
		PARA("first") "<pre><code><div class=ec-line>open <b>sluice</b></div><div class=ec-line>  wait"
			      "</div></code></pre>" PARA("second") "<pre><code><span class=line>close sluice</span>"
								   "<span class=line></span><span class=line>go "
								   "home</span>\n<span class=line>sleep</span>"
								   "</code></pre>" PARA("third"));
	assert_true(has(a->text, "```\nopen sluice\n  wait\n```\n\n"));
	assert_true(has(a->text, "```\nclose sluice\ngo home\nsleep\n```\n\n"));
	bench_free(bench);
}

/* A heading, a cell and a list item are a line each. */
static void test_lines(void **state)
{
	(void)state;
	struct bench *bench = bench_new(NULL);
	const struct article *a = extract_body(
		bench, PARA("first") "<h2>Sluices of the<br>northern mill</h2>" PARA(
			       "second") "<table><tr><th>Mill<th>Since<tr><td>Northern<br>mill<td>the long "
					 "frost</table>" PARA("third") "<ul><li>Open the sluice slowly,<br>by hand and "
								       "by day alone<li>Close it behind the "
								       "boats of the valley</ul><p>The mayor had "
								       "heard<br>of the keepers.</p>" PARA("fourth"));
	assert_true(has(a->text, "Sluices of the northern mill\n\n"));
	assert_true(has(a->text, "\nNorthern mill\tthe long frost\n"));
	assert_true(has(a->text, "- Open the sluice slowly, by hand and by day alone\n- Close it"));
	assert_true(has(a->text, "The mayor had heard\nof the keepers."));
	bench_free(bench);
}

static void test_redecide(void **state)
{
	(void)state;
	struct article_options options = {.blocks = true};
	struct bench *bench = bench_new(&options);
	const struct article *a = extract_body(bench, PARA("first") PARA("second") PARA("third"));
	struct buffer text;
	struct article_block blocks[256];
	size_t count = 0;
	uint64_t barred = 0;
	buffer_init(&text, 1 << 20);
	for (size_t i = 0; i < a->block_count; i++) { /* as a spool keeps them */
		const struct article_block *b = &a->blocks[i];
		if (!b->kept && b->score < ARTICLE_SCORE_FLOOR)
			continue;
		blocks[count++] = (struct article_block){.hash = b->hash,
							 .score = (float)article_score255(b) / 255.0f,
							 .words = b->words,
							 .form = b->form,
							 .level = b->level,
							 .group = b->group,
							 .text = b->text};
		if (has(b->text, "second council"))
			barred = b->hash;
	}
	assert_int_equal(article_redecide(blocks, count, NULL, 0, &text), a->words);
	assert_true(span_equal(buffer_span(&text), a->text));
	article_redecide(blocks, count, &barred, 1, &text);
	assert_true(has(buffer_span(&text), "first council") && has(buffer_span(&text), "third council"));
	assert_false(has(buffer_span(&text), "second council"));
	bench_free(bench);
	buffer_free(&text);
}

/* A mirror puts keyword links of another script before and after the page. */
static void put_keywords(struct buffer *html, const char *list, const char *item, const char *end, uint32_t seed)
{
	static const char *const words[] = {"\xe6\xa2\xa8\xe6\x9c\xa8", "\xe5\xb7\x9d\xe7\x9f\xb3\xe5\xb1\xb1",
					    "\xe9\xa3\x8e\xe8\xbd\xa6", "\xe4\xba\x91\xe6\xb5\xb7\xe7\x81\xaf",
					    "\xe6\xb9\x96\xe5\xb1\xb1"};
	buffer_append_span(html, span_of(list));
	for (int i = 0; i < 45; i++) {
		buffer_append_span(html, span_of(item));
		buffer_print(html, "<a href='/k%d.html'>%s %s</a> ", i, words[next_random(&seed) % 5],
			     words[next_random(&seed) % 5]);
	}
	buffer_append_span(html, span_of(end));
}

static void test_wrapped_by_mirror(void **state)
{
	(void)state;
	static const char *const shapes[][3] = {{"<ul>", "<li>", "</ul>"},
						{"<div>", "", "</div>"},
						{"<table>", "<tr><td>", "</table>"},
						{"<div class=x>", "<p>", "</div>"}};
	struct bench *bench = bench_new(NULL);
	struct buffer *html = &bench->html;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		size_t body = strstr(page_head, "<body>") + 6 - page_head;
		buffer_clear(html);
		buffer_append(html, page_head, body);
		put_keywords(html, shapes[i][0], shapes[i][1], shapes[i][2], 5);
		buffer_append_span(html, span_of(page_head + body));
		buffer_append_span(html, SPAN(PARA("first") PARA("second") PARA("third")
						      PARA("fourth") "</div></article></main>"));
		put_keywords(html, shapes[i][0], shapes[i][1], shapes[i][2], 9);
		const struct article *a = extract(bench, buffer_span(html));
		assert_null(a->rejected);
		assert_true(has(a->text, "first council") && has(a->text, "fourth council"));
		for (size_t k = 0; k < a->text.size; k++)
			assert_true((unsigned char)a->text.data[k] < 0x80);
		assert_true(span_equal(a->metadata.title, SPAN("River rises in Arvendale")));
		assert_int_equal(a->metadata.author_count, 1);
		assert_true(span_equal(a->metadata.authors[0], SPAN("Orla Fenwick")));
		assert_true(span_starts(a->metadata.date_published, SPAN("2021-05-03")));
	}
	bench_free(bench);
}

static const struct {
	const char *html, *rejected;
} classes[] = {
	{"", "empty"},
	{"<title>404 Not Found</title><h1>Not Found</h1><p>The requested page was not found on this server.",
	 "error-page"},
	{"<title>Seite nicht gefunden - Zaunk\xc3\xb6nig</title><p>Die Seite, die Sie suchen, gibt es hier nicht.",
	 "error-page"},
	{"<title>Just a moment...</title><p>Checking your browser before you go on. This takes five seconds.",
	 "bot-check"},
	{"<title>Your account</title><form><p>Please give your name and word<input name=a><input type=password "
	 "name=b></form>",
	 "log-in"},
	{"<title>Wren</title><p>We and our partners use cookies to store personal data. By your consent you allow "
	 "cookies and partners to "
	 "keep cookies; read our privacy policy, and say yes or no to cookies now.",
	 "cookie-wall"},
	{"<title>Wren</title><p>Only a word or two here.", "too-short"},
};

static void test_classes(void **state)
{
	(void)state;
	struct article_options all = {.keep_all = true};
	struct bench *bench = bench_new(NULL), *kept = bench_new(&all);
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		const struct article *a = extract(bench, span_of(classes[i].html));
		if (!a->rejected || strcmp(a->rejected, classes[i].rejected))
			fail_msg("page %zu: %s, not %s", i, a->rejected ? a->rejected : "kept", classes[i].rejected);
		assert_null(extract(kept, span_of(classes[i].html))->rejected);
	}
	bench_free(bench);
	bench_free(kept);
}

static void test_embedded_body(void **state)
{
	(void)state;
	struct bench *bench = bench_new(NULL);
	buffer_clear(&bench->html);
	buffer_append_span(&bench->html,
			   SPAN("<title>Water</title><script "
				"type='application/ld+json'>{\"@type\":\"NewsArticle\",\"articleBody\":\""));
	for (int i = 0; i < 6; i++)
		buffer_append_span(
			&bench->html,
			SPAN("The river rose for the third time in a year, and the keepers counted the mills. "));
	buffer_append_span(&bench->html,
			   SPAN("\\n\\nThe last paragraph says what the mayor said.\"}</script><div id=app></div>"));
	const struct article *a = extract(bench, buffer_span(&bench->html));
	assert_string_equal(a->method, "json-ld");
	assert_null(a->rejected);
	assert_true(has(a->text, "mills.\n\nThe last paragraph"));
	bench_free(bench);
}

/* The same page gives the same result whatever the extractor saw before. */
static void test_no_memory_of_pages(void **state)
{
	(void)state;
	struct bench *fresh = bench_new(NULL), *used = bench_new(NULL);
	extract_body(used, PARA("noise") "<div class='article-body share'>more noise</div>");
	extract(used, SPAN("<p>tiny"));
	extract(used, SPAN(""));
	const struct article *a = extract_body(fresh, PARA("first") PARA("second"));
	const struct article *b = extract_body(used, PARA("first") PARA("second"));
	assert_true(span_equal(a->text, b->text));
	assert_true(a->words == b->words && a->block_count == b->block_count);
	for (size_t i = 0; i < a->block_count; i++)
		assert_true(a->blocks[i].score == b->blocks[i].score);
	bench_free(fresh);
	bench_free(used);
}

static void test_hostile(void **state)
{
	(void)state;
	struct bench *bench = bench_new(NULL);
	struct buffer *html = &bench->html;
	for (int i = 0; i < 40000; i++)
		buffer_append_span(html, SPAN("<div><b>x"));
	extract(bench, buffer_span(html));
	buffer_clear(html);
	for (int i = 0; i < 30000; i++)
		buffer_append_span(html, SPAN("<p class=a>word another word</p>"));
	extract(bench, buffer_span(html));
	assert_true(bench->article.block_count <= BLOCK_MAX);
	buffer_clear(html);
	for (int i = 0; i < 300000; i++)
		buffer_append_span(html, SPAN("a "));
	extract(bench, buffer_span(html));
	buffer_clear(html);
	buffer_append_span(html, SPAN("<div class='"));
	for (int i = 0; i < 100000; i++)
		buffer_append_span(html, SPAN("aB-c "));
	buffer_append_span(html, SPAN("'>text"));
	extract(bench, buffer_span(html));
	bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segmentation),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_vector_equals_plain),
		cmocka_unit_test(test_damaged_models),
		cmocka_unit_test(test_sums_of_many_trees),
		cmocka_unit_test(test_article_alone),
		cmocka_unit_test(test_text_rules),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_markdown_lines),
		cmocka_unit_test(test_markdown_stars),
		cmocka_unit_test(test_markdown_depth),
		cmocka_unit_test(test_markdown_links),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_code_lines),
		cmocka_unit_test(test_redecide),
		cmocka_unit_test(test_wrapped_by_mirror),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_embedded_body),
		cmocka_unit_test(test_no_memory_of_pages),
		cmocka_unit_test(test_hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
