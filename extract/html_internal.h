/* html_internal: the parser's state, shared by its files.
 *
 *   html_tokenizer.c   tags, attributes, text          html_markup.c  comments, doctypes, raw text
 *   html_text.c        character references, strings   html_names.c   names to ids
 *   html_tree.c        nodes, parse loop, accessors    html_stack.c   open elements, active formatting, adoption agency
 *   html_modes.c       insertion modes before and after the body, tables in html_table.c
 *   html_body.c        "in body"                       html_foreign.c SVG and MathML
 *
 * Everything of a document lives in arrays that the parser keeps from one document to the next: nodes, attributes, the
 * stack of open elements, the list of active formatting elements, and a chain of string chunks for what is not simply
 * a part of the input. Before each token room for the most nodes one token can make is reserved (html_reserve), so that
 * making a node cannot fail in the middle of an algorithm. */
#ifndef WARCMILL_HTML_INTERNAL_H
#define WARCMILL_HTML_INTERNAL_H

#include "extract/html.h"
#include "extract/html_scan.h"

/* ---- Tokens ------------------------------------------------------------------------------------------- */

enum token_kind { TOKEN_TEXT, TOKEN_START, TOKEN_END, TOKEN_COMMENT, TOKEN_DOCTYPE, TOKEN_EOF };

/* Tokenizer states that can be entered from outside (WHATWG HTML 13.2.5). */
enum token_state { STATE_DATA, STATE_RCDATA, STATE_RAWTEXT, STATE_SCRIPT, STATE_PLAINTEXT, STATE_CDATA };

struct html_token {
	enum token_kind kind;
	enum token_state state; /* TEXT: where it was read, which says what decoding means */
	bool special;           /* TEXT, COMMENT: holds '&', CR or NUL (perhaps), TEXT still has to be decoded */
	bool self_closing;
	bool force_quirks;
	enum html_tag tag; /* START, END */
	struct span name;  /* START, END, DOCTYPE: final form (lower case); static for known tags */
	struct span text;  /* TEXT, COMMENT: in the input until decoded */
	struct span public_id, system_id;
	uint32_t attributes, attribute_count; /* START: not yet counted in the tree, so a dropped tag leaves nothing */
};

/* ---- Properties of elements --------------------------------------------------------------------------- */

enum {                      /* html_tag_flags and struct html_open.flags */
       FLAG_SPECIAL = 1,    /* 13.2.4.2 "special" */
       FLAG_SCOPE = 2,      /* ends "in scope" */
       FLAG_LIST_SCOPE = 4, /* ends "in list item scope", besides FLAG_SCOPE */
       FLAG_BUTTON_SCOPE = 8,
       FLAG_TABLE_SCOPE = 16,
       FLAG_IMPLIED_END = 32,      /* "generate implied end tags" */
       FLAG_IMPLIED_THOROUGH = 64, /* "generate all implied end tags thoroughly" has these too */
       FLAG_HEADING = 128,
       FLAG_TABLE_PART = 256,  /* table, tbody, tfoot, thead, tr: text in them is foster-parented */
       FLAG_MATH_TEXT = 512,   /* MathML text integration point */
       FLAG_HTML_POINT = 1024, /* HTML integration point */
       FLAG_MORE = 2048,       /* html_insert_element has more to do: template, selectedcontent */
};
extern const uint16_t html_tag_flags[HTML_TAG_COUNT];

/* In html_node.ns while parsing: the low bits are the namespace. Cleared before the tree is given out. */
enum { NODE_NS = 3, NODE_LISTED = 64, NODE_OPEN = 128 };

struct html_open { /* an entry of the stack of open elements */
	uint32_t node;
	uint16_t tag, flags;
	uint16_t counter; /* of html_parser.tag_open: the tag, or for names without an id one of a few by hash */
	uint8_t ns;
};
enum { UNKNOWN_COUNTERS = 64 };

enum insertion_mode {
	MODE_INITIAL,
	MODE_BEFORE_HTML,
	MODE_BEFORE_HEAD,
	MODE_IN_HEAD,
	MODE_IN_HEAD_NOSCRIPT,
	MODE_AFTER_HEAD,
	MODE_IN_BODY,
	MODE_TEXT,
	MODE_IN_TABLE,
	MODE_IN_TABLE_TEXT,
	MODE_IN_CAPTION,
	MODE_IN_COLUMN_GROUP,
	MODE_IN_TABLE_BODY,
	MODE_IN_ROW,
	MODE_IN_CELL,
	MODE_IN_TEMPLATE,
	MODE_AFTER_BODY,
	MODE_IN_FRAMESET,
	MODE_AFTER_FRAMESET,
	MODE_AFTER_AFTER_BODY,
	MODE_AFTER_AFTER_FRAMESET,
	MODE_COUNT,
};

/* What a mode says about the token: used up, or to be looked at again under the mode it has set. */
enum verdict { TOKEN_DONE, TOKEN_AGAIN };

struct string_chunk {
	struct string_chunk *next;
	size_t size, used;
	char data[];
};

struct html_parser {
	struct html_tree tree;
	struct html_limits limits;
	html_scan_function *scan;
	enum status status; /* STATUS_LIMIT or STATUS_MEMORY stops the parse loop */

	/* tokenizer */
	const char *at, *end;
	enum token_state state;
	bool cdata_allowed;   /* even though no node is open: for a tokenizer without a tree */
	struct span raw_name; /* the end tag that ends RCDATA, RAWTEXT and script data, lower case */
	struct html_token token;
	uint32_t *attribute_slots; /* hash set of unknown names on one tag, used when there are many */
	uint32_t attribute_slot_count, attribute_round;

	/* memory */
	uint32_t node_capacity, attribute_capacity;
	struct string_chunk *chunks, *chunk; /* all, and the one in use */
	size_t string_total;

	/* tree construction (13.2.4) */
	enum insertion_mode mode, original_mode;
	enum insertion_mode *template_modes;
	uint32_t template_count;
	struct html_open *open;
	uint32_t open_count, open_capacity;
	uint32_t tag_open[HTML_TAG_COUNT +
			  UNKNOWN_COUNTERS]; /* open HTML elements by tag: most scope questions end here */
	uint32_t *formatting;                /* nodes; HTML_NONE is a marker */
	uint32_t formatting_count, formatting_capacity;
	struct span *pending; /* "pending table character tokens" */
	uint32_t pending_count, pending_capacity;
	bool pending_other; /* they hold more than white space */
	uint32_t form;
	bool fragment;
	struct html_open context; /* fragment case: the context element, which is in no tree */
	bool frameset_ok, foster, skip_newline;
	bool selectedcontent; /* there is a <selectedcontent> to fill in the end */
	const char *text_start;
	uint64_t work; /* steps taken over stack and list, see html_work */
};

/* ---- html_tokenizer.c, html_markup.c ------------------------------------------------------------------- */

void html_tokenizer_start(struct html_parser *p, struct span text);
void html_token_next(struct html_parser *p);                         /* fills p->token */
void html_markup_declaration(struct html_parser *p, const char *at); /* AT is "<!" or "<?" or "</" of a bogus comment */
bool html_raw_text(struct html_parser *p); /* the states other than data; false when no text precedes the end tag */

/* ---- html_names.c -------------------------------------------------------------------------------------- */

struct name_key {
	uint64_t low, high; /* the first 16 bytes in lower case, zero padded */
};
enum html_tag html_tag_lookup(struct name_key key, const char *name, size_t size);
struct span html_svg_tag_case(struct span name); /* "foreignobject" to "foreignObject"; NAME where nothing is to do */
struct span html_attr_case(struct span name, enum html_namespace ns);

/* ---- html_text.c --------------------------------------------------------------------------------------- */

enum { /* flags of html_decode */
       DECODE_REFERENCES = 1,
       DECODE_ATTRIBUTE = 2, /* the attribute's rule for references without semicolon */
       DECODE_NUL_DROP = 4,
       DECODE_NUL_REPLACE = 8, /* else kept */
       DECODE_KEEP_CR = 16,    /* they are from references already decoded */
};
/* TEXT with references decoded and newlines normalised, in the parser's strings. SPAN_NONE at a ceiling. */
struct span html_decode(struct html_parser *p, struct span text, unsigned flags);
/* What one reference, AT an ampersand, stands for: bytes written to OUT (at most 8) and stepped over; 0: none. */
size_t html_reference(const char **at, const char *end, bool attribute, char *out);
/* Room for SIZE bytes; NULL at the ceiling, with p->status set. What is used is then claimed. */
char *html_string_reserve(struct html_parser *p, size_t size);
void html_string_claim(struct html_parser *p, size_t size);
struct span html_string_copy(struct html_parser *p, struct span text);
struct span html_name_fold(struct html_parser *p, struct span name); /* lower case, NUL to U+FFFD */

/* ---- html_tree.c ---------------------------------------------------------------------------------------- */

uint32_t html_node_new(struct html_parser *p, enum html_kind kind);
void html_append(struct html_parser *p, uint32_t parent, uint32_t child);
void html_insert_before(struct html_parser *p, uint32_t parent, uint32_t child,
			uint32_t before); /* HTML_NONE: append */
void html_detach(struct html_parser *p, uint32_t node);
void html_move_children(struct html_parser *p, uint32_t from, uint32_t to);
bool html_grow_attributes(struct html_parser *p);
bool html_list_grow(struct html_parser *p, void *array, uint32_t *capacity,
		    size_t size); /* ARRAY: the pointer's address */
uint32_t html_node_copy(struct html_parser *p, uint32_t original);
uint32_t html_insert_copy(struct html_parser *p, uint32_t original); /* inserted and pushed */
void html_add_attributes(struct html_parser *p,
			 uint32_t node); /* the token's, where NODE lacks them; for html and body */
void html_comment_at(struct html_parser *p, uint32_t parent); /* the comment token as last child of PARENT */

struct html_place {
	uint32_t parent, before; /* BEFORE may be HTML_NONE: last child */
};
struct html_place html_insertion_place(struct html_parser *p,
				       uint32_t target); /* 13.2.6.1, foster parenting included */
void html_insert_text(struct html_parser *p, struct span text);
uint32_t html_insert_element(struct html_parser *p); /* for the start tag, HTML namespace, and pushed */
uint32_t html_insert_named(struct html_parser *p, enum html_tag tag); /* without attributes, and pushed */
void html_insert_void(struct html_parser *p);                         /* inserted and popped at once */
uint32_t html_insert_foreign(struct html_parser *p, enum html_namespace ns, bool push);

/* The steps of loops over the stack and the list are counted; a hostile page that needs more than a few per byte gets
 * cheaper answers instead of quadratic time, and a cut tree. False: out of budget. */
static inline bool html_work(struct html_parser *p, uint32_t steps)
{
	p->work += steps;
	return p->work <= 65536 + 2 * (uint64_t)(p->at - p->text_start); /* real pages: below 0.04 a byte and 7,000 */
}

/* ---- html_stack.c --------------------------------------------------------------------------------------- */

void html_push(struct html_parser *p, uint32_t node);
void html_pop(struct html_parser *p);
void html_pop_to(struct html_parser *p, uint32_t index);       /* INDEX and everything above it */
bool html_pop_until(struct html_parser *p, enum html_tag tag); /* through the topmost HTML element TAG, if any */
void html_pop_clear(struct html_parser *p, unsigned kind);
bool html_in_scope(struct html_parser *p, enum html_tag tag, unsigned boundary);
uint32_t html_scope_find(struct html_parser *p, enum html_tag tag, unsigned boundary); /* stack index or HTML_NONE */
uint32_t html_open_find(const struct html_parser *p, uint32_t node);                   /* stack index or HTML_NONE */
void html_open_remove(struct html_parser *p, uint32_t index);
void html_implied_end(struct html_parser *p, enum html_tag except);
void html_implied_end_thorough(struct html_parser *p);
void html_close_p(struct html_parser *p);
void html_formatting_push(struct html_parser *p, uint32_t node);
void html_formatting_marker(struct html_parser *p);
void html_formatting_clear(struct html_parser *p); /* up to the last marker */
void html_formatting_remove(struct html_parser *p, uint32_t node);
uint32_t html_formatting_find(const struct html_parser *p,
			      enum html_tag tag); /* after the last marker: node or HTML_NONE */
void html_formatting_reopen(struct html_parser *p);
static inline void html_reconstruct(struct html_parser *p)
{
	if (p->formatting_count == 0)
		return;
	uint32_t last = p->formatting[p->formatting_count - 1];
	if (last != HTML_NONE && !(p->tree.nodes[last].ns & NODE_OPEN))
		html_formatting_reopen(p);
}
void html_adoption(struct html_parser *p);
enum verdict html_any_end(struct html_parser *p); /* "any other end tag" of in body */

static inline struct html_open *html_current(const struct html_parser *p)
{
	return &p->open[p->open_count - 1];
}
/* Where elements of a name without an id are counted. */
static inline unsigned html_unknown_counter(struct span name)
{
	unsigned sum = (unsigned)name.size * 7 + (unsigned char)name.data[0] * 13 +
		       (unsigned char)name.data[name.size - 1] + (unsigned char)name.data[name.size / 2] * 5;
	return HTML_TAG_COUNT + (sum & (UNKNOWN_COUNTERS - 1));
}
static inline bool html_is(const struct html_open *entry, enum html_tag tag)
{
	return entry->tag == tag && entry->ns == HTML_NS_HTML;
}
/* 13.2.4.2 "adjusted current node" */
static inline const struct html_open *html_adjusted(const struct html_parser *p)
{
	return p->fragment && p->open_count == 1 ? &p->context : html_current(p);
}
static inline bool html_current_is(const struct html_parser *p, enum html_tag tag)
{
	return html_is(html_current(p), tag);
}

/* ---- Modes ---------------------------------------------------------------------------------------------- */

enum verdict html_mode_initial(struct html_parser *p);
enum verdict html_mode_before_html(struct html_parser *p);
enum verdict html_mode_before_head(struct html_parser *p);
enum verdict html_mode_in_head(struct html_parser *p);
enum verdict html_mode_in_head_noscript(struct html_parser *p);
enum verdict html_mode_after_head(struct html_parser *p);
enum verdict html_mode_in_body(struct html_parser *p);
enum verdict html_mode_text(struct html_parser *p);
enum verdict html_body_tag(struct html_parser *p); /* a start or end tag by the rules of in body */
enum verdict html_mode_in_table(struct html_parser *p);
enum verdict html_mode_in_table_text(struct html_parser *p);
enum verdict html_mode_in_caption(struct html_parser *p);
enum verdict html_mode_in_column_group(struct html_parser *p);
enum verdict html_mode_in_table_body(struct html_parser *p);
enum verdict html_mode_in_row(struct html_parser *p);
enum verdict html_mode_in_cell(struct html_parser *p);
enum verdict html_mode_in_template(struct html_parser *p);
enum verdict html_mode_after_body(struct html_parser *p);
enum verdict html_mode_in_frameset(struct html_parser *p);
enum verdict html_mode_after_frameset(struct html_parser *p);
enum verdict html_mode_after_after_body(struct html_parser *p);
enum verdict html_mode_after_after_frameset(struct html_parser *p);
enum verdict html_foreign(struct html_parser *p);
bool html_reserve_nodes(struct html_parser *p, uint32_t count); /* false at a ceiling, with p->status set */
void html_fill_selected(struct html_parser *p);
void html_text_decode(struct html_parser *p,
		      unsigned extra);            /* the text token, in place; EXTRA: what becomes of NULs */
enum verdict html_mode_of(struct html_parser *p); /* the function of the current insertion mode */
/* Whether NODE, an element without a tag id, has NAME (lower case). */
static inline bool html_unknown_is(const struct html_parser *p, uint32_t node, struct span name)
{
	const struct html_node *n = &p->tree.nodes[node];
	return n->name_size == name.size && memcmp(n->data, name.data, name.size) == 0;
}

void html_raw_element(struct html_parser *p,
		      enum token_state state); /* insert, then the tokenizer's STATE, mode "text" */
void html_template_push(struct html_parser *p, enum insertion_mode mode);
void html_reset_mode(struct html_parser *p); /* "reset the insertion mode appropriately" */
void html_body_text(struct html_parser *p);

/* White space as the parser knows it: tab, line feed, form feed, carriage return, blank. */
static inline bool html_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}
static inline size_t html_space_prefix(struct span text)
{
	size_t n = 0;
	while (n < text.size && html_space(text.data[n]))
		n++;
	return n;
}

#endif
