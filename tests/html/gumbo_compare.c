/* The program: gumbo_compare [-v] FILE... parses each page with gumbo and with ours and compares the sequence of
 * elements (starts and ends) and all text, one after the other. (Not which element a text is in: gumbo puts text that
 * comes right before </form> behind the form.) Differences are put into classes; docs/html.md explains each. -v prints
 * where each page first differs. Exit 1 when a page differs that no class explains. */
#include "extract/html.h"

#include <gumbo.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- A tree as two texts ------------------------------------------------------------------------------------ */

struct view {
	struct buffer elements; /* "<name" for an element, ">" for its end, a line each */
	struct buffer text;
};

/* Text as gumbo shows it: control characters and noncharacters, which the standard keeps, become U+FFFD. */
static void put_text(struct span text, struct buffer *out)
{
	const char *at = text.data, *end = at + text.size;
	while (at < end) {
		const char *from = at;
		uint32_t c = utf8_next(&at, end);
		bool odd = (c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || (c >= 0x7F && c <= 0x9F) ||
			   (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
		if (odd)
			buffer_append(out, "\xEF\xBF\xBD", 3);
		else
			buffer_append(out, from, (size_t)(at - from));
	}
}

static void put_ours(const struct html_tree *tree, struct view *view)
{
	struct buffer *out = &view->elements;
	uint32_t root = html_root(tree), node = html_first(tree, root);
	while (node != HTML_NONE) {
		if (html_kind(tree, node) == HTML_ELEMENT) {
			struct span name = html_name(tree, node);
			buffer_print(out, "\n<%.*s", SPAN_ARG(name));
		} else if (html_kind(tree, node) == HTML_TEXT) {
			put_text(html_text(tree, node), &view->text);
		}
		if (html_first(tree, node) != HTML_NONE) {
			node = html_first(tree, node);
			continue;
		}
		for (;; node = html_parent(tree, node)) {
			if (html_kind(tree, node) == HTML_ELEMENT)
				buffer_append(out, "\n>", 2);
			if (node == root || html_next(tree, node) != HTML_NONE)
				break;
		}
		node = node == root ? HTML_NONE : html_next(tree, node);
	}
}

static void put_name(const GumboElement *element, struct buffer *out)
{
	buffer_append(out, "\n<", 2);
	if (element->tag != GUMBO_TAG_UNKNOWN && element->tag_namespace == GUMBO_NAMESPACE_HTML) {
		buffer_print(out, "%s", gumbo_normalized_tagname(element->tag));
		return;
	}
	GumboStringPiece piece = element->original_tag;
	gumbo_tag_from_original_text(&piece);
	const char *svg = element->tag_namespace == GUMBO_NAMESPACE_SVG ? gumbo_normalize_svg_tagname(&piece) : NULL;
	if (svg)
		buffer_print(out, "%s", svg);
	else
		for (size_t i = 0; i < piece.length; i++)
			buffer_append_byte(out, (char)ascii_lower((unsigned char)piece.data[i]));
}

static const GumboVector *children_of(const GumboNode *node)
{
	if (node->type == GUMBO_NODE_DOCUMENT)
		return &node->v.document.children;
	if (node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE)
		return &node->v.element.children;
	return NULL;
}

static void put_gumbo(const GumboNode *root, struct view *view)
{
	struct buffer *out = &view->elements;
	const GumboNode *node = root;
	while (node) {
		const GumboVector *children = children_of(node);
		if (node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE)
			put_name(&node->v.element, out);
		else if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
			 node->type == GUMBO_NODE_CDATA)
			put_text(span_of(node->v.text.text), &view->text);
		if (children && children->length > 0) {
			node = children->data[0];
			continue;
		}
		for (;; node = node->parent) {
			if (node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE)
				buffer_append(out, "\n>", 2);
			if (node == root || node->index_within_parent + 1 < children_of(node->parent)->length)
				break;
		}
		node = node == root ? NULL : children_of(node->parent)->data[node->index_within_parent + 1];
	}
}

/* ---- Classes ------------------------------------------------------------------------------------------------ */

/* Where gumbo 0.10.1 is older than the standard or wrong, told by a sign in the page, or among the elements shortly
 * before the first difference. docs/html.md has a small page for each. */
static const struct class_row {
	const char *name, *sign;
	bool near; /* SIGN is looked for in the element sequence before the difference, not in the page's beginning */
	unsigned times; /* how often it must be there */
} classes[] = {
	{"select: holds more than options since 2025", "\n<select", true, 1},
	{"unknown elements: gumbo closes one by the end tag of another", "-", true, 1},
	{"unknown elements: gumbo closes one by the end tag of another", ":", true, 1},
	{"adoption agency: gumbo forgets the copy that is left after eight blocks", "\n<a\n<a", true, 1},
	{"second <html> tag: gumbo keeps white space after it", "<html", false, 2},
	{"doctype without system identifier: gumbo misses quirks mode", "//EN\">", false, 1},
	{"dialog and search: close a paragraph since 2023", "\n<dialog", true, 1},
	{"dialog and search: close a paragraph since 2023", "\n<search", true, 1},
	{"template: its insertion modes", "\n<template", true, 1},
	{"menuitem: no longer void", "\n<menuitem", true, 1},
	{"ruby: rb and rtc", "\n<ruby", true, 1},
};

enum { CLASS_COUNT = sizeof classes / sizeof *classes };

static unsigned occurrences(struct span text, struct span sign)
{
	unsigned count = 0;
	for (size_t at; (at = span_find_nocase(text, sign)) != SIZE_MAX; count++)
		text = span_slice(text, at + sign.size, SIZE_MAX);
	return count;
}

static unsigned class_of(struct span page, struct span elements, size_t at)
{
	size_t from = at > 2000 ? at - 2000 : 0;
	for (unsigned i = 0; i < CLASS_COUNT; i++) {
		struct span where =
			classes[i].near ? span_slice(elements, from, at - from + 8) : span_slice(page, 0, 4096);
		if (occurrences(where, span_of(classes[i].sign)) >= classes[i].times)
			return i;
	}
	return CLASS_COUNT;
}

struct tally {
	unsigned pages, equal, unexplained, cut, by_class[CLASS_COUNT];
	bool verbose;
};

static void view_init(struct view *view)
{
	buffer_init(&view->elements, (size_t)1 << 28);
	buffer_init(&view->text, (size_t)1 << 28);
}

static void view_free(struct view *view)
{
	buffer_free(&view->elements);
	buffer_free(&view->text);
}

/* Where A and B first differ; SIZE_MAX when they are equal. */
static size_t difference(const struct buffer *a, const struct buffer *b)
{
	size_t at = 0;
	while (at < a->size && at < b->size && a->data[at] == b->data[at])
		at++;
	return at == a->size && at == b->size ? SIZE_MAX : at;
}

static void show(const char *path, unsigned class, const struct buffer *ours, const struct buffer *theirs, size_t at)
{
	size_t from = at > 80 ? at - 80 : 0;
	printf("%s: %s\n--- ours\n%.*s\n--- gumbo\n%.*s\n", path, class < CLASS_COUNT ? classes[class].name : "?",
	       SPAN_ARG(span_slice(buffer_span(ours), from, 160)),
	       SPAN_ARG(span_slice(buffer_span(theirs), from, 160)));
}

static void compare(const char *path, struct span page, const struct html_tree *tree, struct tally *tally)
{
	struct view ours, theirs;
	view_init(&ours);
	view_init(&theirs);
	GumboOptions options = kGumboDefaultOptions;
	GumboOutput *output = gumbo_parse_with_options(&options, page.data, page.size);
	put_ours(tree, &ours);
	put_gumbo(output->document, &theirs);
	size_t elements = difference(&ours.elements, &theirs.elements), text = difference(&ours.text, &theirs.text);
	tally->pages++;
	if (elements == SIZE_MAX && text == SIZE_MAX) {
		tally->equal++;
	} else {
		size_t at = elements != SIZE_MAX ? elements : 0;
		unsigned class = class_of(page, buffer_span(&ours.elements), at);
		if (class == CLASS_COUNT)
			tally->unexplained++;
		else
			tally->by_class[class]++;
		if (tally->verbose && elements != SIZE_MAX)
			show(path, class, &ours.elements, &theirs.elements, elements);
		else if (tally->verbose)
			show(path, class, &ours.text, &theirs.text, text);
	}
	gumbo_destroy_output(&options, output);
	view_free(&ours);
	view_free(&theirs);
}

int main(int argc, char **argv)
{
	struct tally tally = {.verbose = argc > 1 && strcmp(argv[1], "-v") == 0};
	struct html_parser *parser = html_parser_new(NULL);
	struct charset_decoder *decoder = charset_decoder_new((size_t)1 << 28);
	for (int i = 1 + tally.verbose; i < argc; i++) {
		struct buffer file;
		struct span page;
		struct charset_result charset;
		const struct html_tree *tree;
		buffer_init(&file, (size_t)1 << 28);
		if (file_read(argv[i], &file, NULL) == STATUS_OK &&
		    charset_decode(decoder, buffer_span(&file), SPAN_NONE, &page, &charset) == STATUS_OK) {
			if (html_parse(parser, page, &tree) == STATUS_OK)
				compare(argv[i], page, tree, &tally);
			else
				tally.cut++;
		}
		buffer_free(&file);
	}
	printf("%u pages, %u equal, %u cut by a ceiling\n", tally.pages, tally.equal, tally.cut);
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		if (tally.by_class[i])
			printf("%6u %s\n", tally.by_class[i], classes[i].name);
	printf("%6u not explained\n", tally.unexplained);
	html_parser_free(parser);
	charset_decoder_free(decoder);
	return tally.unexplained ? 1 : 0;
}
