/* html_dump: a tree in the format of the html5lib tree construction tests, for tests, for `--tree`, and for bug
 * reports. */
#include "extract/html_internal.h"

#include <stdlib.h>

static void indent(struct buffer *out, unsigned depth)
{
	buffer_append(out, "| ", 2);
	for (unsigned i = 0; i < depth; i++)
		buffer_append(out, "  ", 2);
}

/* Attributes with a namespace of their own in foreign content (13.2.6.1 "adjust foreign attributes"). */
static const char *const foreign_prefixes[] = {
	"xlink:actuate", "xlink:arcrole", "xlink:href", "xlink:role", "xlink:show",
	"xlink:title",   "xlink:type",    "xml:lang",   "xml:space",  "xmlns:xlink",
};

struct dump_attribute {
	char *name; /* as shown, in the buffer SORTED was made of */
	size_t name_size;
	struct span value;
};

static int dump_compare(const void *a, const void *b)
{
	const struct dump_attribute *x = a, *y = b;
	return span_compare((struct span){x->name, x->name_size}, (struct span){y->name, y->name_size});
}

static void dump_name_adjust(struct dump_attribute *attribute, enum html_namespace ns)
{
	struct span name = {attribute->name, attribute->name_size};
	if (ns == HTML_NS_HTML)
		return;
	for (size_t i = 0; i < sizeof foreign_prefixes / sizeof *foreign_prefixes; i++)
		if (span_equal(name, span_of(foreign_prefixes[i])))
			*(char *)memchr(attribute->name, ':', attribute->name_size) = ' ';
}

static void dump_attributes(const struct html_tree *tree, uint32_t node, struct buffer *out, unsigned depth)
{
	uint32_t count = html_attr_count(tree, node);
	if (count == 0)
		return;
	size_t names = 0;
	struct span name, value;
	for (uint32_t i = 0; i < count; i++) {
		html_attr_at(tree, node, i, &name, &value);
		names += name.size;
	}
	struct dump_attribute *all = memory_new(count * sizeof *all + names);
	if (all == NULL) {
		out->status = STATUS_MEMORY;
		return;
	}
	char *text = (char *)(all + count);
	for (uint32_t i = 0; i < count; i++) {
		html_attr_at(tree, node, i, &name, &all[i].value);
		memcpy(text, name.data, name.size);
		all[i].name = text;
		all[i].name_size = name.size;
		text += name.size;
		dump_name_adjust(&all[i], html_ns(tree, node));
	}
	qsort(all, count, sizeof *all, dump_compare);
	for (uint32_t i = 0; i < count; i++) {
		indent(out, depth);
		buffer_append(out, all[i].name, all[i].name_size);
		buffer_append(out, "=\"", 2);
		buffer_append_span(out, all[i].value);
		buffer_append(out, "\"\n", 2);
	}
	free(all);
}

static void dump_doctype(const struct html_tree *tree, struct buffer *out)
{
	buffer_append(out, "<!DOCTYPE ", 10);
	buffer_append_span(out, tree->doctype);
	if (tree->doctype_public.size || tree->doctype_system.size)
		buffer_print(out, " \"%.*s\" \"%.*s\"", SPAN_ARG(tree->doctype_public), SPAN_ARG(tree->doctype_system));
	buffer_append(out, ">\n", 2);
}

static void dump_node(const struct html_tree *tree, uint32_t node, struct buffer *out, unsigned depth)
{
	static const char *const prefixes[] = {"<", "<svg ", "<math "};
	indent(out, depth);
	switch (html_kind(tree, node)) {
	case HTML_DOCTYPE:
		dump_doctype(tree, out);
		break;
	case HTML_ELEMENT:
		buffer_append_span(out, span_of(prefixes[html_ns(tree, node)]));
		buffer_append_span(out, html_name(tree, node));
		buffer_append(out, ">\n", 2);
		dump_attributes(tree, node, out, depth + 1);
		break;
	case HTML_TEXT:
		buffer_append(out, "\"", 1);
		buffer_append_span(out, html_text(tree, node));
		buffer_append(out, "\"\n", 2);
		break;
	case HTML_COMMENT:
		buffer_append(out, "<!-- ", 5);
		buffer_append_span(out, html_text(tree, node));
		buffer_append(out, " -->\n", 5);
		break;
	case HTML_CONTENT:
		buffer_append(out, "content\n", 8);
		break;
	default:
		break;
	}
}

enum status html_dump(const struct html_tree *tree, uint32_t root, struct buffer *out)
{
	unsigned depth = 0;
	for (uint32_t node = html_first(tree, root); node != HTML_NONE;) {
		dump_node(tree, node, out, depth);
		if (html_first(tree, node) != HTML_NONE) {
			node = html_first(tree, node);
			depth++;
			continue;
		}
		while (node != root && html_next(tree, node) == HTML_NONE) {
			node = html_parent(tree, node);
			depth--;
		}
		node = node == root ? HTML_NONE : html_next(tree, node);
	}
	return out->status;
}
