/* The HTML parser: any UTF-8 gives a tree whose links agree, whose text is valid UTF-8, and which stays below its
 * ceilings. The first byte chooses ceilings and, sometimes, a fragment's context. */
#include "extract/html.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

static const char *const contexts[] = {"div",       "table",    "tr",      "td",       "select",   "template",
				       "html",      "head",     "body",    "frameset", "textarea", "script",
				       "plaintext", "colgroup", "caption", "title",    "svg"};

static void check_links(const struct html_tree *tree, uint32_t node)
{
	uint32_t parent = html_parent(tree, node), next = html_next(tree, node), previous = html_previous(tree, node);
	uint32_t first = html_first(tree, node), last = html_last(tree, node);
	CHECK(parent < tree->count);
	CHECK(next == HTML_NONE ? html_last(tree, parent) == node : html_previous(tree, next) == node);
	CHECK(previous == HTML_NONE ? html_first(tree, parent) == node : html_next(tree, previous) == node);
	CHECK((first == HTML_NONE) == (last == HTML_NONE));
	CHECK(first == HTML_NONE || html_parent(tree, first) == node);
	CHECK(html_ns(tree, node) <= HTML_NS_MATHML);
}

static void check_node(const struct html_tree *tree, uint32_t node, const struct html_limits *limits)
{
	struct span name, value;
	switch (html_kind(tree, node)) {
	case HTML_TEXT:
		CHECK(html_text(tree, node).size > 0);
		/* fall through */
	case HTML_COMMENT:
		CHECK(html_first(tree, node) == HTML_NONE);
		CHECK(utf8_valid(html_text(tree, node)));
		break;
	case HTML_ELEMENT:
		CHECK(html_name(tree, node).size > 0 && utf8_valid(html_name(tree, node)));
		CHECK(!limits->attribute_max || html_attr_count(tree, node) <= limits->attribute_max);
		for (uint32_t i = 0; i < html_attr_count(tree, node); i++) {
			enum html_attr id = html_attr_at(tree, node, i, &name, &value);
			CHECK(id < HTML_ATTR_COUNT && name.size > 0 && value.data != NULL);
			CHECK(utf8_valid(name) && utf8_valid(value));
			if (i < 8 && id != HTML_ATTR_UNKNOWN)
				CHECK(span_equal(html_attr(tree, node, id), value));
		}
		break;
	default:
		break;
	}
}

static void check_tree(const struct html_tree *tree, const struct html_limits *limits)
{
	uint32_t seen = 0, root = html_root(tree);
	CHECK(html_kind(tree, root) == HTML_DOCUMENT && html_parent(tree, root) == HTML_NONE);
	CHECK(!limits->node_max || tree->count <= limits->node_max + 1024);
	for (uint32_t node = html_walk(tree, root, root); node != HTML_NONE; node = html_walk(tree, node, root)) {
		CHECK(++seen < tree->count);
		check_links(tree, node);
		check_node(tree, node, limits);
	}
}

/* The same page twice gives the same tree: nothing is left over from one page to the next. */
static void check_again(struct html_parser *parser, struct span text, const struct html_tree *tree)
{
	static struct buffer first, second;
	if (first.max == 0) {
		buffer_init(&first, (size_t)1 << 26);
		buffer_init(&second, (size_t)1 << 26);
	}
	buffer_clear(&first);
	buffer_clear(&second);
	html_dump(tree, html_root(tree), &first);
	const struct html_tree *again;
	html_parse(parser, text, &again);
	html_dump(again, html_root(again), &second);
	CHECK(span_equal(buffer_span(&first), buffer_span(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct html_limits all_limits[4] = {
		{0, 0, 0, 0}, {16, 4, 300, 1 << 20}, {40, 100, 5000, 1 << 18}, {512, 1000, 100000, 1 << 24}};
	static struct html_parser *parsers[4];
	if (size == 0)
		return 0;
	unsigned which = data[0] & 3, context = data[0] >> 2;
	if (parsers[which] == NULL)
		parsers[which] = html_parser_new(&all_limits[which]);
	CHECK(parsers[which] != NULL);
	struct span text = {(const char *)data + 1, size - 1};
	text.size = utf8_valid_prefix(text);
	const struct html_tree *tree;
	enum status status;
	bool fragment = context < sizeof contexts / sizeof *contexts;
	if (fragment)
		status = html_parse_fragment(parsers[which], text, span_of(contexts[context]),
					     context == 16 ? HTML_NS_SVG : HTML_NS_HTML, &tree);
	else
		status = html_parse(parsers[which], text, &tree);
	CHECK(status == STATUS_OK || status == STATUS_LIMIT);
	CHECK((status == STATUS_LIMIT) == tree->cut);
	check_tree(tree, &all_limits[which]);
	if (!fragment)
		check_again(parsers[which], text, tree);
	return 0;
}
