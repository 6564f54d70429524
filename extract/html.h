/* html: bytes to UTF-8 to the tree of the WHATWG HTML standard.
 *
 * The tree is a set of arrays; nodes are 32-bit indexes, valid until the parser's next html_parse. No function recurses. */
#ifndef WARCMILL_HTML_H
#define WARCMILL_HTML_H

#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Character sets (WHATWG Encoding) ----------------------------------------------------------------- */

enum charset_source { CHARSET_BOM, CHARSET_HTTP, CHARSET_META, CHARSET_LATE_META, CHARSET_DETECTED, CHARSET_DEFAULT };

struct charset_result {
	const char *name;           /* the standard's name, "UTF-8", "GBK", "windows-1252" */
	enum charset_source source;
	uint64_t replaced;          /* U+FFFD put in for invalid sequences */
};
struct charset_decoder;
struct charset_decoder *charset_decoder_new(size_t max); /* MAX bytes of output; NULL without memory */
void charset_decoder_free(struct charset_decoder *decoder);
/* Decode a page. CONTENT_TYPE is the HTTP header's value or SPAN_NONE. UTF8 points into BYTES where they are valid UTF-8 already
 * (never copied), else into the decoder until its next use. STATUS_LIMIT: cut at MAX, still valid UTF-8. */
enum status charset_decode(struct charset_decoder *decoder, struct span bytes, struct span content_type, struct span *utf8,
			   struct charset_result *result);

/* ---- The tree ----------------------------------------------------------------------------------------- */

#include "extract/html_tags.h" /* enum html_tag: HTML_TAG_UNKNOWN, HTML_TAG_A, …; enum html_attr: HTML_ATTR_UNKNOWN, HTML_ATTR_CLASS, … */

enum html_kind { HTML_DOCUMENT, HTML_DOCTYPE, HTML_ELEMENT, HTML_TEXT, HTML_COMMENT, HTML_CONTENT /* of a template */ };
enum html_namespace { HTML_NS_HTML, HTML_NS_SVG, HTML_NS_MATHML };
#define HTML_NONE UINT32_MAX

struct html_limits {
	uint32_t depth_max;      /* 0: 512 open elements; deeper ones become siblings */
	uint32_t attribute_max;  /* 0: 1,000 on one element; more are dropped */
	uint32_t node_max;       /* 0: 4 million; the tree is closed there and marked cut */
	size_t memory_max;       /* 0: 512 MiB for tree and strings */
};

struct html_parser;
struct html_tree;
struct html_parser *html_parser_new(const struct html_limits *limits); /* NULL limits: defaults; NULL without memory */
void html_parser_free(struct html_parser *parser);
/* Scripting off. TEXT is valid UTF-8 and outlives the tree. STATUS_LIMIT: the tree is valid but cut. */
enum status html_parse(struct html_parser *parser, struct span text, const struct html_tree **tree);

uint32_t html_root(const struct html_tree *tree); /* the HTML_DOCUMENT node, 0 */
uint32_t html_count(const struct html_tree *tree); /* nodes ever made; every index is below it */
enum html_kind html_kind(const struct html_tree *tree, uint32_t node);
enum html_tag html_tag(const struct html_tree *tree, uint32_t node);   /* HTML_TAG_UNKNOWN unless an element with a known name */
enum html_namespace html_ns(const struct html_tree *tree, uint32_t node);
struct span html_name(const struct html_tree *tree, uint32_t node);    /* of an element, lower case as the standard says */
struct span html_text(const struct html_tree *tree, uint32_t node);    /* of text or comment, references decoded, valid UTF-8 */
uint32_t html_parent(const struct html_tree *tree, uint32_t node);     /* HTML_NONE at the root */
uint32_t html_first(const struct html_tree *tree, uint32_t node);      /* first child or HTML_NONE */
uint32_t html_last(const struct html_tree *tree, uint32_t node);
uint32_t html_next(const struct html_tree *tree, uint32_t node);       /* next sibling or HTML_NONE */
uint32_t html_previous(const struct html_tree *tree, uint32_t node);
/* Document order below ROOT: the node after NODE (html_walk goes into children, html_skip over them), or HTML_NONE. */
uint32_t html_walk(const struct html_tree *tree, uint32_t node, uint32_t root);
uint32_t html_skip(const struct html_tree *tree, uint32_t node, uint32_t root);
uint32_t html_attr_count(const struct html_tree *tree, uint32_t node);
enum html_attr html_attr_at(const struct html_tree *tree, uint32_t node, uint32_t index, struct span *name, struct span *value);
struct span html_attr(const struct html_tree *tree, uint32_t node, enum html_attr attr); /* value, references decoded; SPAN_NONE if absent */
uint32_t html_head(const struct html_tree *tree); /* the head element or HTML_NONE */
uint32_t html_body(const struct html_tree *tree);

#ifdef __cplusplus
}
#endif
#endif
