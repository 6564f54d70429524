/* html_select: the text a closed select shows (WHATWG HTML 4.10.7 and "maybe clone an option into selectedcontent",
 * 13.2.6.4.7): the content of the selected option is copied into the select's <selectedcontent>.
 *
 * The standard does it when the option is popped; once at the end gives the same tree without scripts. */
#include "extract/html_internal.h"

static bool is_tag(const struct html_parser *p, uint32_t node, enum html_tag tag)
{
	const struct html_node *n = &p->tree.nodes[node];
	return n->kind == HTML_ELEMENT && n->tag == tag && (n->ns & NODE_NS) == HTML_NS_HTML;
}

/* The last option marked as selected, else the first one that can be; HTML_NONE without any. */
static uint32_t selected_option(struct html_parser *p, uint32_t select)
{
	const struct html_tree *tree = &p->tree;
	uint32_t first = HTML_NONE, marked = HTML_NONE;
	for (uint32_t node = html_walk(tree, select, select); node != HTML_NONE; node = html_walk(tree, node, select)) {
		if (!html_work(p, 1))
			return HTML_NONE;
		if (!is_tag(p, node, HTML_TAG_OPTION))
			continue;
		if (html_attr(tree, node, HTML_ATTR_SELECTED).data)
			marked = node;
		if (first == HTML_NONE && html_attr(tree, node, HTML_ATTR_DISABLED).data == NULL)
			first = node;
	}
	return marked != HTML_NONE ? marked : first;
}

static uint32_t copy_any(struct html_parser *p, uint32_t node)
{
	uint32_t copy = html_node_copy(p, node);
	p->tree.nodes[copy].kind = p->tree.nodes[node].kind;
	return copy;
}

/* Copies of all nodes below FROM, below TO. */
static void copy_children(struct html_parser *p, uint32_t from, uint32_t to)
{
	uint32_t node = p->tree.nodes[from].first, parent = to;
	while (node != HTML_NONE && html_work(p, 8) && html_reserve_nodes(p, 1)) {
		uint32_t copy = copy_any(p, node);
		html_append(p, parent, copy);
		if (p->tree.nodes[node].first != HTML_NONE) {
			node = p->tree.nodes[node].first;
			parent = copy;
			continue;
		}
		while (node != from && p->tree.nodes[node].next == HTML_NONE) {
			node = p->tree.nodes[node].parent;
			if (node != from)
				parent = p->tree.nodes[parent].parent;
		}
		node = node == from ? HTML_NONE : p->tree.nodes[node].next;
	}
}

void html_fill_selected(struct html_parser *p)
{
	uint32_t count = p->tree.count;
	for (uint32_t node = 0; node < count; node++) {
		if (!is_tag(p, node, HTML_TAG_SELECTEDCONTENT))
			continue;
		uint32_t select = p->tree.nodes[node].parent;
		while (select != HTML_NONE && !is_tag(p, select, HTML_TAG_SELECT) && html_work(p, 1))
			select = p->tree.nodes[select].parent;
		if (select == HTML_NONE || !is_tag(p, select, HTML_TAG_SELECT))
			continue;
		if (html_attr(&p->tree, select, HTML_ATTR_MULTIPLE).data)
			continue;
		uint32_t option = selected_option(p, select);
		uint32_t up = node;
		while (up != select && up != option) /* an option that holds the selectedcontent would copy itself */
			up = p->tree.nodes[up].parent;
		if (option == HTML_NONE || up == option)
			continue;
		while (p->tree.nodes[node].last != HTML_NONE)
			html_detach(p, p->tree.nodes[node].last);
		copy_children(p, option, node);
	}
}
