/* html: bytes to UTF-8 to the tree of the WHATWG HTML standard.
 *
 * The tree is a set of arrays; nodes are 32-bit indexes, valid until the parser's next html_parse. No function
 * recurses. */
#ifndef WARCMILL_HTML_H
#define WARCMILL_HTML_H

#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Character sets (WHATWG Encoding) ----------------------------------------------------------------- */

enum charset_source { CHARSET_BOM, CHARSET_HTTP, CHARSET_META, CHARSET_LATE_META, CHARSET_DETECTED, CHARSET_DEFAULT };

struct charset_result {
	const char *name; /* the standard's name, "UTF-8", "GBK", "windows-1252" */
	enum charset_source source;
	uint64_t replaced; /* U+FFFD put in for invalid sequences */
};
struct charset_decoder;
struct charset_decoder *charset_decoder_new(size_t max); /* MAX bytes of output; NULL without memory */
void charset_decoder_free(struct charset_decoder *decoder);
/* Decode a page. CONTENT_TYPE is the HTTP header's value or SPAN_NONE. UTF8 points into BYTES where they are valid
 * UTF-8 already (never copied), else into the decoder until its next use. STATUS_LIMIT: cut at MAX, still valid UTF-8.
 */
enum status charset_decode(struct charset_decoder *decoder, struct span bytes, struct span content_type,
			   struct span *utf8, struct charset_result *result);

/* ---- The tree ----------------------------------------------------------------------------------------- */

#include "extract/html_tags.h" /* enum html_tag: HTML_TAG_UNKNOWN, HTML_TAG_A, …; enum html_attr: HTML_ATTR_UNKNOWN, HTML_ATTR_CLASS, … */

enum html_kind { HTML_DOCUMENT, HTML_DOCTYPE, HTML_ELEMENT, HTML_TEXT, HTML_COMMENT, HTML_CONTENT /* of a template */ };
enum html_namespace { HTML_NS_HTML, HTML_NS_SVG, HTML_NS_MATHML };
#define HTML_NONE UINT32_MAX

/* One node, 40 bytes. Visible so that the accessors below can be inlined; read it through them. */
struct html_node {
	uint32_t parent, first, last, next, previous; /* HTML_NONE where there is none */
	uint8_t kind, ns;
	uint16_t tag;
	union {
		uint32_t size;       /* text, comment: bytes at DATA */
		uint32_t attributes; /* element: index of its first attribute */
	};
	union {
		uint32_t capacity; /* text, comment: bytes it may grow to where it is; 0: part of the input */
		struct {
			uint16_t count;     /* element: attributes */
			uint16_t name_size; /* element: bytes at DATA */
		};
	};
	const char *data; /* text; element: its name, NULL where the tag's own name is right */
};

/* One attribute. A value that holds character references is decoded when first asked for. */
struct html_attribute {
	const char *name, *value;
	uint32_t value_size;
	uint16_t name_size;
	uint8_t id;  /* enum html_attr */
	uint8_t raw; /* the value still needs decoding */
};

enum html_quirks { HTML_NO_QUIRKS, HTML_LIMITED_QUIRKS, HTML_QUIRKS };

struct html_tree {
	struct html_node *nodes;
	struct html_attribute *attributes;
	uint32_t count, attribute_count;
	uint32_t head, body; /* elements or HTML_NONE */
	enum html_quirks quirks;
	bool cut; /* a ceiling was reached: a valid tree, but not all of the page or not quite its shape */
	struct span doctype, doctype_public, doctype_system; /* SPAN_NONE where absent */
	struct html_parser *parser;                          /* owner of the strings */
};

struct html_limits {
	uint32_t depth_max;     /* 0: 512 open elements; deeper ones become siblings */
	uint32_t attribute_max; /* 0: 1,000 on one element, at most 65,535; more are dropped */
	uint32_t node_max;      /* 0: 4 million; the tree is closed there and marked cut */
	size_t memory_max;      /* 0: 512 MiB for tree and strings */
};

struct html_parser;
struct html_parser *html_parser_new(const struct html_limits *limits); /* NULL limits: defaults; NULL without memory */
void html_parser_free(struct html_parser *parser);
/* WHATWG HTML 13.2 with scripting off. TEXT is valid UTF-8 and outlives the tree; the tree lives until the parser's
 * next use. STATUS_LIMIT: the tree is valid but cut. STATUS_MEMORY: no tree. */
enum status html_parse(struct html_parser *parser, struct span text, const struct html_tree **tree);
/* The fragment case (WHATWG HTML 13.4): TEXT as the content of an element CONTEXT ("div", "td", …) of namespace NS. The
 * nodes are children of the html element under the root. */
enum status html_parse_fragment(struct html_parser *parser, struct span text, struct span context,
				enum html_namespace ns, const struct html_tree **tree);

/* Append the tree below NODE in the format of the html5lib tests ("| <html>", attributes sorted, "content" of
 * templates). */
enum status html_dump(const struct html_tree *tree, uint32_t node, struct buffer *out);

/* The id of a name as the tokenizer finds it (ASCII case ignored), for users with names of their own. */
enum html_tag html_tag_of(struct span name);
enum html_attr html_attr_of(struct span name);
struct span html_tag_name(enum html_tag tag); /* lower case; empty for HTML_TAG_UNKNOWN */
struct span html_attr_name(enum html_attr attr);

/* Decode the value of ATTRIBUTE in place; html_attr and html_attr_at do it by themselves. */
void html_attribute_decode(const struct html_tree *tree, struct html_attribute *attribute);

static inline uint32_t html_root(const struct html_tree *tree) /* the HTML_DOCUMENT node, 0 */
{
	(void)tree;
	return 0;
}
static inline uint32_t html_count(const struct html_tree *tree) /* nodes ever made; every index is below it */
{
	return tree->count;
}
static inline enum html_kind html_kind(const struct html_tree *tree, uint32_t node)
{
	return (enum html_kind)tree->nodes[node].kind;
}
static inline enum html_tag html_tag(const struct html_tree *tree,
				     uint32_t node) /* HTML_TAG_UNKNOWN unless an element with a known name */
{
	return (enum html_tag)tree->nodes[node].tag;
}
static inline enum html_namespace html_ns(const struct html_tree *tree, uint32_t node)
{
	return (enum html_namespace)tree->nodes[node].ns;
}
struct span html_name(const struct html_tree *tree,
		      uint32_t node); /* of an element, lower case as the standard says; else SPAN_NONE */
static inline struct span html_text(const struct html_tree *tree,
				    uint32_t node) /* of text or comment, references decoded, valid UTF-8 */
{
	const struct html_node *n = &tree->nodes[node];
	if (n->kind != HTML_TEXT && n->kind != HTML_COMMENT)
		return SPAN_NONE;
	return (struct span){n->data, n->size};
}
static inline uint32_t html_parent(const struct html_tree *tree, uint32_t node) /* HTML_NONE at the root */
{
	return tree->nodes[node].parent;
}
static inline uint32_t html_first(const struct html_tree *tree, uint32_t node) /* first child or HTML_NONE */
{
	return tree->nodes[node].first;
}
static inline uint32_t html_last(const struct html_tree *tree, uint32_t node)
{
	return tree->nodes[node].last;
}
static inline uint32_t html_next(const struct html_tree *tree, uint32_t node) /* next sibling or HTML_NONE */
{
	return tree->nodes[node].next;
}
static inline uint32_t html_previous(const struct html_tree *tree, uint32_t node)
{
	return tree->nodes[node].previous;
}
/* Document order below ROOT: the node after NODE (html_walk goes into children, html_skip over them), or HTML_NONE. */
static inline uint32_t html_skip(const struct html_tree *tree, uint32_t node, uint32_t root)
{
	while (node != root) {
		if (tree->nodes[node].next != HTML_NONE)
			return tree->nodes[node].next;
		node = tree->nodes[node].parent;
		if (node == HTML_NONE)
			break;
	}
	return HTML_NONE;
}
static inline uint32_t html_walk(const struct html_tree *tree, uint32_t node, uint32_t root)
{
	uint32_t first = tree->nodes[node].first;
	return first != HTML_NONE ? first : html_skip(tree, node, root);
}
static inline uint32_t html_attr_count(const struct html_tree *tree, uint32_t node)
{
	return tree->nodes[node].kind == HTML_ELEMENT ? tree->nodes[node].count : 0;
}
/* Name (case restored in SVG and MathML) and value of an attribute by position; its id is that of the lower-case name.
 */
enum html_attr html_attr_at(const struct html_tree *tree, uint32_t node, uint32_t index, struct span *name,
			    struct span *value);
/* Value, references decoded; SPAN_NONE if absent. */
static inline struct span html_attr(const struct html_tree *tree, uint32_t node, enum html_attr attr)
{
	const struct html_node *n = &tree->nodes[node];
	if (n->kind != HTML_ELEMENT || n->count == 0)
		return SPAN_NONE;
	struct html_attribute *a = tree->attributes + n->attributes, *end = a + n->count;
	for (; a < end; a++)
		if (a->id == attr) {
			if (a->raw)
				html_attribute_decode(tree, a);
			return (struct span){a->value, a->value_size};
		}
	return SPAN_NONE;
}
static inline uint32_t html_head(const struct html_tree *tree) /* the head element or HTML_NONE */
{
	return tree->head;
}
static inline uint32_t html_body(const struct html_tree *tree) /* the body (or frameset) element or HTML_NONE */
{
	return tree->body;
}

#ifdef __cplusplus
}
#endif
#endif
