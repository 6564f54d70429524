/* article_explain: the blocks of a page as HTML for a browser, to see what was kept, what was dropped and how sure the
 * model was.
 *
 * The page's own markup is not reproduced: it is hostile, and its scripts would hide what is to be seen. What comes
 * from the page is text and escaped as such; a content security policy forbids scripts and loads should that ever fail.
 * Containers are drawn as nested boxes, for most of what the model knows is about the company that a block keeps. */
#include "extract/article_internal.h"

#include <stdlib.h>

enum { NEST_MAX = 12, LABEL_MAX = 90, SHADES = 16 };

static void put_escaped(struct buffer *out, struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		switch (text.data[i]) {
		case '<':
			buffer_append_span(out, SPAN("&lt;"));
			break;
		case '>':
			buffer_append_span(out, SPAN("&gt;"));
			break;
		case '&':
			buffer_append_span(out, SPAN("&amp;"));
			break;
		case '"':
			buffer_append_span(out, SPAN("&quot;"));
			break;
		case '\'':
			buffer_append_span(out, SPAN("&#39;"));
			break;
		default:
			buffer_append_byte(out, text.data[i]);
		}
	}
}

/* ---- The head: looks, and what is known of the page ------------------------------------------------------- */

/* clang-format off */
static const char looks[] =
	"body{font:15px/1.45 system-ui,sans-serif;max-width:64em;margin:1.5em auto;padding:0 1em;color:#111;"
	"background:#fff}\n"
	"table{margin-bottom:1em;border-spacing:0}th{text-align:left;vertical-align:top;padding-right:1.2em;color:#555;"
	"font-weight:normal}td{overflow-wrap:anywhere}\n"
	"label{margin-right:1.5em}.key span{padding:2px 9px}\n"
	".c{margin:3px 0 3px 5px;padding-left:7px;border-left:1px solid #c4cad2}\n"
	".t{font:11px/1.5 ui-monospace,monospace;color:#777;overflow-wrap:anywhere}\n"
	".b{display:flex;gap:.8em;margin:2px 0;padding:3px 8px;border-left:6px solid #c9c9c9}\n"
	".b>p{margin:0;min-width:0;flex:1;white-space:pre-wrap;overflow-wrap:anywhere}\n"
	".k{border-color:#16703a}.d>p{color:#555}.w{flex:0 0 17em;font-size:12px;color:#333}\n"
	".heading>p{font-weight:bold}.quote>p{font-style:italic}.pre>p{font-family:ui-monospace,monospace;font-size:13px}\n"
	".cell>p{border:1px dotted #888;padding:0 4px}\n"
	"#hide:checked~main .d,#hide:checked~main .c:not(:has(.k))>.t,#flat:checked~main .t{display:none}\n"
	"#flat:checked~main .c{margin:0;padding:0;border:0}\n";
/* clang-format on */

/* Shades of a probability, from red over white to green. */
static void put_shades(struct buffer *out)
{
	for (int i = 0; i < SHADES; i++) {
		int away = abs(2 * i - (SHADES - 1));
		buffer_print(out, ".s%d{background:hsl(%d 70%% %d%%)}", i, 2 * i < SHADES ? 0 : 130, 100 - away);
	}
}

static void put_fact(struct buffer *out, const char *name, struct span value)
{
	if (!value.size)
		return;
	buffer_print(out, "<tr><th>%s<td>", name);
	put_escaped(out, value);
}

static void put_facts(struct buffer *out, const struct page *page, const struct article *article)
{
	const struct page_metadata *m = &article->metadata;
	size_t kept = 0;
	int lowest = 256;
	for (size_t i = 0; i < article->block_count; i++) {
		int score = article_score255(&article->blocks[i]);
		kept += article->blocks[i].kept;
		lowest = article->blocks[i].kept && score < lowest ? score : lowest;
	}
	buffer_append_span(out, SPAN("<table>"));
	put_fact(out, "class", article->rejected ? span_of(article->rejected) : SPAN("article"));
	put_fact(out, "address", page->url);
	put_fact(out, "title", m->title);
	for (size_t i = 0; i < m->author_count; i++)
		put_fact(out, "author", m->authors[i]);
	put_fact(out, "published", m->date_published);
	put_fact(out, "modified", m->date_modified);
	put_fact(out, "site", m->site_name);
	put_fact(out, "canonical", m->canonical_url);
	put_fact(out, "description", m->description);
	for (size_t i = 0; i < m->tag_count; i++)
		put_fact(out, "tag", m->tags[i]);
	put_fact(out, "licence", m->license);
	put_fact(out, "type", m->page_type);
	put_fact(out, "language", article->languages.size ? article->languages : article->language);
	put_fact(out, "method", span_of(article->method));
	buffer_print(out, "<tr><th>confidence<td>%d %%<tr><th>words<td>%u<tr><th>blocks<td>%zu of %zu kept",
		     (int)(article->confidence * 100 + 0.5), article->words, kept, article->block_count);
	if (kept)
		buffer_print(out, ", the least sure of them at %d.%02d", lowest / 255, lowest * 100 / 255 % 100);
	buffer_append_span(out, SPAN("</table>\n"));
}

static void put_head(struct buffer *out, const struct page *page, const struct article *article)
{
	buffer_append_span(out, SPAN("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n"
				     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
				     "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
				     "<meta name=\"viewport\" content=\"width=device-width\"><title>"));
	put_escaped(out, article->metadata.title.size ? article->metadata.title : SPAN("warcmill article"));
	buffer_append_span(out, SPAN("</title>\n<style>"));
	buffer_append_span(out, span_of(looks));
	put_shades(out);
	buffer_append_span(out, SPAN("</style>\n"));
	put_facts(out, page, article);
	buffer_append_span(out,
			   SPAN("<input type=\"checkbox\" id=\"hide\"><label for=\"hide\">hide what was dropped"
				"</label>\n<input type=\"checkbox\" id=\"flat\"><label for=\"flat\">hide "
				"containers</label>\n<p class=\"key\">Green bar: kept. Background, the probability: "));
	for (int i = 0; i < SHADES; i++)
		buffer_print(out, "<span class=\"s%d\">%s</span>", i, i == 0 ? "0" : i == SHADES - 1 ? "1" : "&nbsp;");
	buffer_append_span(out, SPAN("</p>\n<main>\n"));
}

/* ---- Containers ------------------------------------------------------------------------------------------- */

struct nesting {
	const struct html_tree *tree;
	uint32_t *counts; /* [nodes of the tree] blocks at or below a node */
	uint32_t open[NEST_MAX];
	size_t depth;
};

static bool is_shown(const struct nesting *nesting, uint32_t node)
{
	return html_kind(nesting->tree, node) == HTML_ELEMENT && html_tag(nesting->tree, node) != HTML_TAG_BODY &&
	       html_tag(nesting->tree, node) != HTML_TAG_HTML && nesting->counts[node] > 1;
}

/* The outermost NEST_MAX containers around NODE. Of several around the same blocks only the innermost counts. */
static size_t path_of(const struct nesting *nesting, uint32_t node, uint32_t path[NEST_MAX])
{
	uint32_t ring[NEST_MAX], inner = 0;
	size_t count = 0, depth;
	for (uint32_t at = node; at != HTML_NONE; at = html_parent(nesting->tree, at))
		if (is_shown(nesting, at) && nesting->counts[at] != inner) {
			inner = nesting->counts[at];
			ring[count++ % NEST_MAX] = at;
		}
	depth = count < NEST_MAX ? count : NEST_MAX;
	for (size_t i = 0; i < depth; i++)
		path[i] = ring[(count - 1 - i) % NEST_MAX];
	return depth;
}

static void put_start(struct buffer *out, struct span text)
{
	struct span start = span_slice(text, 0, LABEL_MAX);
	put_escaped(out, span_slice(start, 0, utf8_valid_prefix(start)));
}

static void put_label(struct buffer *out, const struct html_tree *tree, uint32_t node)
{
	struct span class = html_attr(tree, node, HTML_ATTR_CLASS), id = html_attr(tree, node, HTML_ATTR_ID);
	put_start(out, html_name(tree, node));
	if (id.size) {
		buffer_append_byte(out, '#');
		put_start(out, id);
	}
	if (class.size) {
		buffer_append_span(out, SPAN(" ."));
		put_start(out, class);
	}
}

static void nest(struct nesting *nesting, struct buffer *out, const uint32_t *path, size_t depth)
{
	size_t same = 0;
	while (same < depth && same < nesting->depth && path[same] == nesting->open[same])
		same++;
	for (; nesting->depth > same; nesting->depth--)
		buffer_append_span(out, SPAN("</div>\n"));
	for (; nesting->depth < depth; nesting->depth++) {
		nesting->open[nesting->depth] = path[nesting->depth];
		buffer_append_span(out, SPAN("<div class=\"c\"><div class=\"t\">"));
		put_label(out, nesting->tree, path[nesting->depth]);
		buffer_append_span(out, SPAN("</div>\n"));
	}
}

/* ---- Blocks ----------------------------------------------------------------------------------------------- */

static void put_probability(struct buffer *out, float p)
{
	int score = (int)(p * 255.0f + 0.5f);
	buffer_print(out, "%d.%02d", score / 255, score * 100 / 255 % 100);
}

static void put_block(struct buffer *out, const struct article_block *block)
{
	static const struct {
		const char *name, *class;
	} forms[] = {
		[ARTICLE_PARAGRAPH] = {"paragraph", "paragraph"},
		[ARTICLE_HEADING] = {"heading", "heading"},
		[ARTICLE_LIST_ITEM] = {"list item", "item"},
		[ARTICLE_CELL] = {"cell", "cell"},
		[ARTICLE_PRE] = {"preformatted", "pre"},
		[ARTICLE_QUOTE] = {"quote", "quote"},
		[ARTICLE_LINE] = {"line", "line"},
	};
	unsigned form = block->form < sizeof forms / sizeof *forms ? block->form : ARTICLE_PARAGRAPH;
	const char *verdict = block->kept ? "kept" : "dropped";
	buffer_print(out, "<div class=\"b %s %s s%d\" title=\"%s by %s; probability ", block->kept ? "k" : "d",
		     forms[form].class, article_score255(block) * SHADES / 256, verdict, block->why);
	put_probability(out, block->score);
	buffer_append_span(out, SPAN(", by the first stage alone "));
	put_probability(out, block->first_score);
	buffer_print(out, "; %s, %u words\"><span class=\"w\">%s <b>", forms[form].name, block->words, verdict);
	put_probability(out, block->score);
	buffer_append_span(out, SPAN("</b> (first "));
	put_probability(out, block->first_score);
	buffer_print(out, ")<br>%s", forms[form].name);
	if (block->level)
		buffer_print(out, " %u", block->level);
	buffer_print(out, " · %s · %u w</span><p dir=\"auto\">", block->why, block->words);
	put_escaped(out, block->text);
	buffer_append_span(out, SPAN("</p></div>\n"));
}

enum status article_explain(const struct page *page, const struct article *article, struct buffer *out)
{
	struct nesting nesting = {.tree = page->tree};
	nesting.counts = memory_zeroed((size_t)html_count(page->tree) + 1, sizeof *nesting.counts);
	if (!nesting.counts)
		return STATUS_MEMORY;
	for (size_t i = 0; i < article->block_count; i++)
		for (uint32_t at = article->blocks[i].node; at != HTML_NONE; at = html_parent(page->tree, at))
			nesting.counts[at]++;
	put_head(out, page, article);
	for (size_t i = 0; i < article->block_count; i++) {
		uint32_t path[NEST_MAX];
		nest(&nesting, out, path, path_of(&nesting, article->blocks[i].node, path));
		put_block(out, &article->blocks[i]);
	}
	nest(&nesting, out, NULL, 0);
	buffer_append_span(out, SPAN("</main></html>\n"));
	free(nesting.counts);
	return out->status;
}
