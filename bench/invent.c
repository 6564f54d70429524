/* invent: pages and texts made from syllables, for inputs whose one dimension is to be chosen freely. */
#include "bench/child.h"
#include "bench/growth.h"

#include <stdlib.h>

static void put_word(struct dice *dice, struct buffer *out)
{
	static const char *const syllables[] = {"ta",  "lo",  "mir", "ken", "sa",  "dur", "vel", "no",
						"pri", "gan", "bes", "ul",  "cor", "fe",  "ny",  "tho"};
	for (size_t n = 1 + dice_below(dice, 3); n > 0; n--)
		buffer_append_span(out, span_of(syllables[dice_below(dice, sizeof syllables / sizeof *syllables)]));
}

void invent_text(struct dice *dice, size_t words, struct buffer *out)
{
	size_t sentence = 0;
	for (size_t i = 0; i < words; i++) {
		put_word(dice, out);
		bool end = ++sentence > 6 && dice_below(dice, 8) == 0;
		if (end)
			sentence = 0;
		buffer_append_span(out, end || i + 1 == words ? SPAN(". ") : SPAN(" "));
	}
}

static void put_head(struct dice *dice, struct buffer *out)
{
	buffer_append_span(out, SPAN("<!doctype html><html lang=en><head><meta charset=utf-8><title>"));
	invent_text(dice, 6, out);
	buffer_append_span(out, SPAN("</title></head><body><nav><ul>"));
	for (int i = 0; i < 12; i++) {
		buffer_print(out, "<li class=\"item\"><a href=\"/%d\">", i);
		put_word(dice, out);
		buffer_append_span(out, SPAN("</a></li>"));
	}
	buffer_append_span(out, SPAN("</ul></nav>"));
}

static void put_foot(struct buffer *out)
{
	buffer_append_span(out, SPAN("<footer><p class=legal>All rights reserved.</p></footer></body></html>\n"));
}

void invent_page(struct dice *dice, size_t size, struct buffer *out)
{
	size_t start = out->size;
	put_head(dice, out);
	buffer_append_span(out, SPAN("<article><h1>"));
	invent_text(dice, 5, out);
	buffer_append_span(out, SPAN("</h1>"));
	while (out->size - start < size && !out->status) {
		buffer_append_span(out, SPAN("<div class=\"block\"><p id=\"x\">"));
		invent_text(dice, 30 + dice_below(dice, 60), out);
		buffer_append_span(out, SPAN("<a href=\"/more\">"));
		put_word(dice, out);
		buffer_append_span(out, SPAN("</a> &amp; <em>"));
		put_word(dice, out);
		buffer_append_span(out, SPAN("</em>.</p></div>\n"));
	}
	buffer_append_span(out, SPAN("</article>"));
	put_foot(out);
}

void invent_nested(struct dice *dice, size_t depth, const char *tag, struct buffer *out)
{
	put_head(dice, out);
	for (size_t i = 0; i < depth; i++) {
		buffer_print(out, "<%s>", tag);
		if (i % 16 == 0)
			put_word(dice, out);
	}
	for (int i = 0; i < 20; i++) {
		buffer_append_span(out, SPAN("<p>"));
		invent_text(dice, 40, out);
	}
	for (size_t i = 0; i < depth; i++)
		buffer_print(out, "</%s>", tag);
	put_foot(out);
}

char *invent_folder(size_t count, size_t first, size_t last)
{
	char *folder = folder_temporary();
	for (size_t i = 0; i < count; i++) {
		struct buffer html;
		struct dice dice = {i};
		struct fault fault;
		char *path = need_print("%s/page%05zu.html", folder, i);
		buffer_init(&html, (size_t)1 << 30);
		invent_page(&dice, first + dice_below(&dice, last - first + 1), &html);
		if (html.status || file_write_atomic(path, buffer_span(&html), &fault))
			bench_die(BENCH_IO, "%s: cannot be written", path);
		buffer_free(&html);
		free(path);
	}
	return folder;
}
