/* article_explain: the blocks of a page as HTML for a browser, to see what was kept, what was dropped and how sure the
 * model was. The page's own markup is not reproduced: it is hostile, and its scripts would hide what is to be seen. */
#include "extract/article_internal.h"

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
		default:
			buffer_append_byte(out, text.data[i]);
		}
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
	buffer_append_span(out, SPAN("<table>"));
	put_fact(out, "address", page->url);
	put_fact(out, "title", m->title);
	for (size_t i = 0; i < m->author_count; i++)
		put_fact(out, "author", m->authors[i]);
	put_fact(out, "date", m->date_published);
	put_fact(out, "language", article->language);
	put_fact(out, "site", m->site_name);
	put_fact(out, "method", span_of(article->method));
	put_fact(out, "rejected", span_of(article->rejected));
	buffer_print(out, "<tr><th>confidence<td>%d %%<tr><th>words<td>%u</table>\n",
		     (int)(article->confidence * 100 + 0.5), article->words);
}

static const char *form_name(const struct article_block *block)
{
	static const char *const names[] = {"paragraph", "heading", "list item", "cell", "pre", "quote", "line"};
	return block->form < sizeof names / sizeof *names ? names[block->form] : "";
}

enum status article_explain(const struct page *page, const struct article *article, struct buffer *out)
{
	buffer_append_span(out, SPAN("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>"));
	put_escaped(out, article->metadata.title.size ? article->metadata.title : SPAN("warcmill article"));
	buffer_append_span(out, SPAN("</title>\n<style>body{font:15px/1.45 "
				     "system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111;"
				     "background:#fff}table{margin-bottom:1.5em}th{text-align:left;padding-right:1em;"
				     "color:#555;font-weight:normal}"
				     ".b{display:flex;gap:1em;margin:2px 0;padding:4px 8px;border-left:6px solid "
				     "transparent;white-space:pre-wrap;"
				     "overflow-wrap:anywhere}.b>:last-child{min-width:0}.k{border-color:#16703a}.h{"
				     "font-weight:bold}.s{flex:0 0 11em;"
				     "color:#333;font-size:12px}</style>\n"));
	put_facts(out, page, article);
	buffer_append_span(
		out,
		SPAN("<p>Green bar: kept. Background: from red (surely not the article) over white to green.</p>\n"));
	for (size_t i = 0; i < article->block_count; i++) {
		const struct article_block *block = &article->blocks[i];
		int score = article_score255(block), away = score < 128 ? 128 - score : score - 128;
		buffer_print(out,
			     "<div class=\"b%s%s\" style=\"background:hsl(%d 70%% %d%%)\"><span class=s>%s "
			     "%d.%02d<br>%s · %s · %u w</span><span>",
			     block->kept ? " k" : "", block->form == ARTICLE_HEADING ? " h" : "", score < 128 ? 0 : 130,
			     100 - away / 8, block->kept ? "kept" : "dropped", score / 255, score * 100 / 255 % 100,
			     form_name(block), block->why, block->words);
		put_escaped(out, block->text);
		buffer_append_span(out, SPAN("</span></div>\n"));
	}
	buffer_append_span(out, SPAN("</html>\n"));
	return out->status;
}
