/* html_body: the insertion mode "in body" (WHATWG HTML 13.2.6.4.7).
 *
 * One table row per tag says which rule a start tag or an end tag follows; tags without a row are ordinary elements.
 * The rules are the standard's of 2025, in which select no longer has insertion modes of its own. */
#include "extract/html_internal.h"

#define SCOPE FLAG_SCOPE
#define BUTTON_SCOPE (FLAG_SCOPE | FLAG_BUTTON_SCOPE)
#define LIST_SCOPE (FLAG_SCOPE | FLAG_LIST_SCOPE)

typedef enum verdict body_rule(struct html_parser *p);

/* ---- Start tags ------------------------------------------------------------------------------------------- */

static enum verdict start_other(struct html_parser *p)
{
	html_reconstruct(p);
	html_insert_element(p);
	return TOKEN_DONE;
}

static enum verdict start_html(struct html_parser *p)
{
	if (p->tag_open[HTML_TAG_TEMPLATE] == 0 && p->open_count > 0)
		html_add_attributes(p, p->open[0].node);
	return TOKEN_DONE;
}

static enum verdict start_head_element(struct html_parser *p)
{
	return html_mode_in_head(p);
}

static enum verdict ignore(struct html_parser *p)
{
	(void)p;
	return TOKEN_DONE;
}

static bool second_is_body(const struct html_parser *p)
{
	return p->open_count > 1 && html_is(&p->open[1], HTML_TAG_BODY);
}

static enum verdict start_body(struct html_parser *p)
{
	if (!second_is_body(p) || p->tag_open[HTML_TAG_TEMPLATE] > 0)
		return TOKEN_DONE;
	p->frameset_ok = false;
	html_add_attributes(p, p->open[1].node);
	return TOKEN_DONE;
}

static enum verdict start_frameset(struct html_parser *p)
{
	if (!second_is_body(p) || !p->frameset_ok)
		return TOKEN_DONE;
	html_detach(p, p->open[1].node);
	html_pop_to(p, 1);
	p->tree.body = html_insert_element(p);
	p->mode = MODE_IN_FRAMESET;
	return TOKEN_DONE;
}

static enum verdict start_block(struct html_parser *p)
{
	html_close_p(p);
	html_insert_element(p);
	return TOKEN_DONE;
}

static enum verdict start_heading(struct html_parser *p)
{
	html_close_p(p);
	if (html_current(p)->flags & FLAG_HEADING)
		html_pop(p);
	html_insert_element(p);
	return TOKEN_DONE;
}

static enum verdict start_pre(struct html_parser *p)
{
	start_block(p);
	p->skip_newline = true;
	p->frameset_ok = false;
	return TOKEN_DONE;
}

static enum verdict start_form(struct html_parser *p)
{
	bool in_template = p->tag_open[HTML_TAG_TEMPLATE] > 0;
	if (p->form != HTML_NONE && !in_template)
		return TOKEN_DONE;
	html_close_p(p);
	uint32_t node = html_insert_element(p);
	if (!in_template)
		p->form = node;
	return TOKEN_DONE;
}

/* li, dd and dt: close the item that is open, looking no further than the nearest special element. */
static void item_close(struct html_parser *p, enum html_tag a, enum html_tag b)
{
	if (p->tag_open[a] == 0 && p->tag_open[b] == 0)
		return;
	for (uint32_t at = p->open_count; at-- > 0;) {
		const struct html_open *entry = &p->open[at];
		if (html_is(entry, a) || html_is(entry, b)) {
			html_implied_end(p, (enum html_tag)entry->tag);
			html_pop_to(p, at);
			return;
		}
		bool passable = entry->ns == HTML_NS_HTML && (entry->tag == HTML_TAG_ADDRESS ||
							      entry->tag == HTML_TAG_DIV || entry->tag == HTML_TAG_P);
		if ((entry->flags & FLAG_SPECIAL && !passable) || !html_work(p, 1))
			return;
	}
}

static enum verdict start_li(struct html_parser *p)
{
	p->frameset_ok = false;
	item_close(p, HTML_TAG_LI, HTML_TAG_LI);
	return start_block(p);
}

static enum verdict start_definition(struct html_parser *p)
{
	p->frameset_ok = false;
	item_close(p, HTML_TAG_DD, HTML_TAG_DT);
	return start_block(p);
}

static enum verdict start_plaintext(struct html_parser *p)
{
	start_block(p);
	p->state = STATE_PLAINTEXT;
	return TOKEN_DONE;
}

static enum verdict start_button(struct html_parser *p)
{
	uint32_t at = html_scope_find(p, HTML_TAG_BUTTON, SCOPE);
	if (at != HTML_NONE)
		html_pop_to(p, at);
	p->frameset_ok = false;
	return start_other(p);
}

static enum verdict start_formatting(struct html_parser *p)
{
	html_reconstruct(p);
	html_formatting_push(p, html_insert_element(p));
	return TOKEN_DONE;
}

static enum verdict start_a(struct html_parser *p)
{
	uint32_t open = html_formatting_find(p, HTML_TAG_A);
	if (open != HTML_NONE) {
		html_adoption(p);
		html_formatting_remove(p, open);
		uint32_t at = html_open_find(p, open);
		if (at != HTML_NONE)
			html_open_remove(p, at);
	}
	return start_formatting(p);
}

static enum verdict start_nobr(struct html_parser *p)
{
	html_reconstruct(p);
	if (html_in_scope(p, HTML_TAG_NOBR, SCOPE)) {
		html_adoption(p);
		html_reconstruct(p);
	}
	html_formatting_push(p, html_insert_element(p));
	return TOKEN_DONE;
}

static enum verdict start_marked(struct html_parser *p)
{
	start_other(p);
	html_formatting_marker(p);
	p->frameset_ok = false;
	return TOKEN_DONE;
}

static enum verdict start_table(struct html_parser *p)
{
	if (p->tree.quirks != HTML_QUIRKS)
		html_close_p(p);
	html_insert_element(p);
	p->frameset_ok = false;
	p->mode = MODE_IN_TABLE;
	return TOKEN_DONE;
}

static enum verdict start_void(struct html_parser *p)
{
	html_reconstruct(p);
	html_insert_void(p);
	p->frameset_ok = false;
	return TOKEN_DONE;
}

static enum verdict start_void_plain(struct html_parser *p)
{
	html_insert_void(p);
	return TOKEN_DONE;
}

static bool token_type_hidden(struct html_parser *p)
{
	for (uint32_t i = 0; i < p->token.attribute_count; i++) {
		struct html_attribute *a = &p->tree.attributes[p->token.attributes + i];
		if (a->id != HTML_ATTR_TYPE)
			continue;
		if (a->raw)
			html_attribute_decode(&p->tree, a);
		return span_equal_nocase((struct span){a->value, a->value_size}, SPAN("hidden"));
	}
	return false;
}

static bool context_is_select(const struct html_parser *p)
{
	return p->fragment && html_is(&p->context, HTML_TAG_SELECT);
}

static bool close_select(struct html_parser *p)
{
	uint32_t at = html_scope_find(p, HTML_TAG_SELECT, SCOPE);
	if (at == HTML_NONE)
		return false;
	html_pop_to(p, at);
	return true;
}

static enum verdict start_input(struct html_parser *p)
{
	if (context_is_select(p))
		return TOKEN_DONE;
	close_select(p);
	html_reconstruct(p);
	html_insert_void(p);
	if (!token_type_hidden(p))
		p->frameset_ok = false;
	return TOKEN_DONE;
}

static enum verdict start_hr(struct html_parser *p)
{
	html_close_p(p);
	if (html_in_scope(p, HTML_TAG_SELECT, SCOPE))
		html_implied_end(p, HTML_TAG_UNKNOWN);
	html_insert_void(p);
	p->frameset_ok = false;
	return TOKEN_DONE;
}

static enum verdict start_image(struct html_parser *p)
{
	p->token.tag = HTML_TAG_IMG;
	p->token.name = html_tag_name(HTML_TAG_IMG);
	return TOKEN_AGAIN;
}

static enum verdict start_textarea(struct html_parser *p)
{
	html_raw_element(p, STATE_RCDATA);
	p->skip_newline = true;
	p->frameset_ok = false;
	return TOKEN_DONE;
}

static enum verdict start_xmp(struct html_parser *p)
{
	html_close_p(p);
	html_reconstruct(p);
	p->frameset_ok = false;
	html_raw_element(p, STATE_RAWTEXT);
	return TOKEN_DONE;
}

static enum verdict start_iframe(struct html_parser *p)
{
	p->frameset_ok = false;
	html_raw_element(p, STATE_RAWTEXT);
	return TOKEN_DONE;
}

static enum verdict start_noembed(struct html_parser *p)
{
	html_raw_element(p, STATE_RAWTEXT);
	return TOKEN_DONE;
}

static enum verdict start_select(struct html_parser *p)
{
	if (context_is_select(p) || close_select(p))
		return TOKEN_DONE;
	html_reconstruct(p);
	html_insert_element(p);
	p->frameset_ok = false;
	return TOKEN_DONE;
}

static enum verdict start_option(struct html_parser *p)
{
	if (html_in_scope(p, HTML_TAG_SELECT, SCOPE))
		html_implied_end(p, HTML_TAG_OPTGROUP);
	else if (html_current_is(p, HTML_TAG_OPTION))
		html_pop(p);
	return start_other(p);
}

static enum verdict start_optgroup(struct html_parser *p)
{
	if (html_in_scope(p, HTML_TAG_SELECT, SCOPE))
		html_implied_end(p, HTML_TAG_UNKNOWN);
	else if (html_current_is(p, HTML_TAG_OPTION))
		html_pop(p);
	return start_other(p);
}

static enum verdict start_ruby_base(struct html_parser *p) /* rb, rtc */
{
	if (html_in_scope(p, HTML_TAG_RUBY, SCOPE))
		html_implied_end(p, HTML_TAG_UNKNOWN);
	html_insert_element(p);
	return TOKEN_DONE;
}

static enum verdict start_ruby_text(struct html_parser *p) /* rp, rt */
{
	if (html_in_scope(p, HTML_TAG_RUBY, SCOPE))
		html_implied_end(p, HTML_TAG_RTC);
	html_insert_element(p);
	return TOKEN_DONE;
}

static enum verdict start_math(struct html_parser *p)
{
	html_reconstruct(p);
	html_insert_foreign(p, HTML_NS_MATHML, !p->token.self_closing);
	return TOKEN_DONE;
}

static enum verdict start_svg(struct html_parser *p)
{
	html_reconstruct(p);
	html_insert_foreign(p, HTML_NS_SVG, !p->token.self_closing);
	return TOKEN_DONE;
}

/* ---- End tags --------------------------------------------------------------------------------------------- */

static enum verdict end_block(struct html_parser *p)
{
	uint32_t at = html_scope_find(p, p->token.tag, SCOPE);
	if (at != HTML_NONE)
		html_pop_to(p, at); /* implied end tags are above it anyway */
	return TOKEN_DONE;
}

static enum verdict end_marked(struct html_parser *p)
{
	uint32_t at = html_scope_find(p, p->token.tag, SCOPE);
	if (at != HTML_NONE) {
		html_pop_to(p, at);
		html_formatting_clear(p);
	}
	return TOKEN_DONE;
}

static enum verdict end_body(struct html_parser *p)
{
	if (html_in_scope(p, HTML_TAG_BODY, SCOPE))
		p->mode = MODE_AFTER_BODY;
	return TOKEN_DONE;
}

static enum verdict end_html(struct html_parser *p)
{
	if (!html_in_scope(p, HTML_TAG_BODY, SCOPE))
		return TOKEN_DONE;
	p->mode = MODE_AFTER_BODY;
	return TOKEN_AGAIN;
}

/* Whether NODE, at AT of the stack, is in scope. */
static bool node_in_scope(const struct html_parser *p, uint32_t at)
{
	for (uint32_t i = p->open_count; i-- > at + 1;)
		if (p->open[i].flags & FLAG_SCOPE)
			return false;
	return true;
}

static enum verdict end_form(struct html_parser *p)
{
	if (p->tag_open[HTML_TAG_TEMPLATE] > 0)
		return end_block(p);
	uint32_t node = p->form, at = node == HTML_NONE ? HTML_NONE : html_open_find(p, node);
	p->form = HTML_NONE;
	if (at == HTML_NONE || !node_in_scope(p, at))
		return TOKEN_DONE;
	html_implied_end(p, HTML_TAG_UNKNOWN);
	at = html_open_find(p, node);
	if (at != HTML_NONE)
		html_open_remove(p, at);
	return TOKEN_DONE;
}

static enum verdict end_p(struct html_parser *p)
{
	if (!html_in_scope(p, HTML_TAG_P, BUTTON_SCOPE))
		html_insert_named(p, HTML_TAG_P);
	html_close_p(p);
	return TOKEN_DONE;
}

static enum verdict end_li(struct html_parser *p)
{
	uint32_t at = html_scope_find(p, HTML_TAG_LI, LIST_SCOPE);
	if (at != HTML_NONE)
		html_pop_to(p, at);
	return TOKEN_DONE;
}

static enum verdict end_heading(struct html_parser *p)
{
	for (uint32_t at = p->open_count; at-- > 0;) {
		if (p->open[at].flags & FLAG_HEADING) {
			html_pop_to(p, at);
			break;
		}
		if (p->open[at].flags & FLAG_SCOPE || !html_work(p, 1))
			break;
	}
	return TOKEN_DONE;
}

static enum verdict end_formatting(struct html_parser *p)
{
	html_adoption(p);
	return TOKEN_DONE;
}

static enum verdict end_br(struct html_parser *p)
{
	html_reconstruct(p);
	html_insert_named(p, HTML_TAG_BR);
	html_pop(p);
	p->frameset_ok = false;
	return TOKEN_DONE;
}

static enum verdict end_template(struct html_parser *p)
{
	return html_mode_in_head(p);
}

/* ---- The table -------------------------------------------------------------------------------------------- */

#define BLOCK                                                                                                          \
	{                                                                                                              \
		start_block, end_block                                                                                 \
	}
#define FORMATTING                                                                                                     \
	{                                                                                                              \
		start_formatting, end_formatting                                                                       \
	}
#define HEADING                                                                                                        \
	{                                                                                                              \
		start_heading, end_heading                                                                             \
	}
#define VOID                                                                                                           \
	{                                                                                                              \
		start_void, NULL                                                                                       \
	}
#define VOID_PLAIN                                                                                                     \
	{                                                                                                              \
		start_void_plain, NULL                                                                                 \
	}
#define HEAD_ELEMENT                                                                                                   \
	{                                                                                                              \
		start_head_element, NULL                                                                               \
	}
#define MARKED                                                                                                         \
	{                                                                                                              \
		start_marked, end_marked                                                                               \
	}
#define IGNORED                                                                                                        \
	{                                                                                                              \
		ignore, NULL                                                                                           \
	}

static const struct {
	body_rule *start, *end; /* NULL: an ordinary element */
} rules[HTML_TAG_COUNT] = {
	[HTML_TAG_A] = {start_a, end_formatting},
	[HTML_TAG_ADDRESS] = BLOCK,
	[HTML_TAG_APPLET] = MARKED,
	[HTML_TAG_AREA] = VOID,
	[HTML_TAG_ARTICLE] = BLOCK,
	[HTML_TAG_ASIDE] = BLOCK,
	[HTML_TAG_B] = FORMATTING,
	[HTML_TAG_BASE] = HEAD_ELEMENT,
	[HTML_TAG_BASEFONT] = HEAD_ELEMENT,
	[HTML_TAG_BGSOUND] = HEAD_ELEMENT,
	[HTML_TAG_BIG] = FORMATTING,
	[HTML_TAG_BLOCKQUOTE] = BLOCK,
	[HTML_TAG_BODY] = {start_body, end_body},
	[HTML_TAG_BR] = {start_void, end_br},
	[HTML_TAG_BUTTON] = {start_button, end_block},
	[HTML_TAG_CAPTION] = IGNORED,
	[HTML_TAG_CENTER] = BLOCK,
	[HTML_TAG_CODE] = FORMATTING,
	[HTML_TAG_COL] = IGNORED,
	[HTML_TAG_COLGROUP] = IGNORED,
	[HTML_TAG_DD] = {start_definition, end_block},
	[HTML_TAG_DETAILS] = BLOCK,
	[HTML_TAG_DIALOG] = BLOCK,
	[HTML_TAG_DIR] = BLOCK,
	[HTML_TAG_DIV] = BLOCK,
	[HTML_TAG_DL] = BLOCK,
	[HTML_TAG_DT] = {start_definition, end_block},
	[HTML_TAG_EM] = FORMATTING,
	[HTML_TAG_EMBED] = VOID,
	[HTML_TAG_FIELDSET] = BLOCK,
	[HTML_TAG_FIGCAPTION] = BLOCK,
	[HTML_TAG_FIGURE] = BLOCK,
	[HTML_TAG_FONT] = FORMATTING,
	[HTML_TAG_FOOTER] = BLOCK,
	[HTML_TAG_FORM] = {start_form, end_form},
	[HTML_TAG_FRAME] = IGNORED,
	[HTML_TAG_FRAMESET] = {start_frameset, NULL},
	[HTML_TAG_H1] = HEADING,
	[HTML_TAG_H2] = HEADING,
	[HTML_TAG_H3] = HEADING,
	[HTML_TAG_H4] = HEADING,
	[HTML_TAG_H5] = HEADING,
	[HTML_TAG_H6] = HEADING,
	[HTML_TAG_HEAD] = IGNORED,
	[HTML_TAG_HEADER] = BLOCK,
	[HTML_TAG_HGROUP] = BLOCK,
	[HTML_TAG_HR] = {start_hr, NULL},
	[HTML_TAG_HTML] = {start_html, end_html},
	[HTML_TAG_I] = FORMATTING,
	[HTML_TAG_IFRAME] = {start_iframe, NULL},
	[HTML_TAG_IMAGE] = {start_image, NULL},
	[HTML_TAG_IMG] = VOID,
	[HTML_TAG_INPUT] = {start_input, NULL},
	[HTML_TAG_KEYGEN] = VOID,
	[HTML_TAG_LI] = {start_li, end_li},
	[HTML_TAG_LINK] = HEAD_ELEMENT,
	[HTML_TAG_LISTING] = {start_pre, end_block},
	[HTML_TAG_MAIN] = BLOCK,
	[HTML_TAG_MARQUEE] = MARKED,
	[HTML_TAG_MATH] = {start_math, NULL},
	[HTML_TAG_MENU] = BLOCK,
	[HTML_TAG_META] = HEAD_ELEMENT,
	[HTML_TAG_NAV] = BLOCK,
	[HTML_TAG_NOBR] = {start_nobr, end_formatting},
	[HTML_TAG_NOEMBED] = {start_noembed, NULL},
	[HTML_TAG_NOFRAMES] = HEAD_ELEMENT,
	[HTML_TAG_OBJECT] = MARKED,
	[HTML_TAG_OL] = BLOCK,
	[HTML_TAG_OPTGROUP] = {start_optgroup, NULL},
	[HTML_TAG_OPTION] = {start_option, NULL},
	[HTML_TAG_P] = {start_block, end_p},
	[HTML_TAG_PARAM] = VOID_PLAIN,
	[HTML_TAG_PLAINTEXT] = {start_plaintext, NULL},
	[HTML_TAG_PRE] = {start_pre, end_block},
	[HTML_TAG_RB] = {start_ruby_base, NULL},
	[HTML_TAG_RP] = {start_ruby_text, NULL},
	[HTML_TAG_RT] = {start_ruby_text, NULL},
	[HTML_TAG_RTC] = {start_ruby_base, NULL},
	[HTML_TAG_S] = FORMATTING,
	[HTML_TAG_SCRIPT] = HEAD_ELEMENT,
	[HTML_TAG_SEARCH] = BLOCK,
	[HTML_TAG_SECTION] = BLOCK,
	[HTML_TAG_SELECT] = {start_select, end_block},
	[HTML_TAG_SMALL] = FORMATTING,
	[HTML_TAG_SOURCE] = VOID_PLAIN,
	[HTML_TAG_STRIKE] = FORMATTING,
	[HTML_TAG_STRONG] = FORMATTING,
	[HTML_TAG_STYLE] = HEAD_ELEMENT,
	[HTML_TAG_SUMMARY] = BLOCK,
	[HTML_TAG_SVG] = {start_svg, NULL},
	[HTML_TAG_TABLE] = {start_table, NULL},
	[HTML_TAG_TBODY] = IGNORED,
	[HTML_TAG_TD] = IGNORED,
	[HTML_TAG_TEMPLATE] = {start_head_element, end_template},
	[HTML_TAG_TEXTAREA] = {start_textarea, NULL},
	[HTML_TAG_TFOOT] = IGNORED,
	[HTML_TAG_TH] = IGNORED,
	[HTML_TAG_THEAD] = IGNORED,
	[HTML_TAG_TITLE] = HEAD_ELEMENT,
	[HTML_TAG_TR] = IGNORED,
	[HTML_TAG_TRACK] = VOID_PLAIN,
	[HTML_TAG_TT] = FORMATTING,
	[HTML_TAG_U] = FORMATTING,
	[HTML_TAG_UL] = BLOCK,
	[HTML_TAG_WBR] = VOID,
	[HTML_TAG_XMP] = {start_xmp, NULL},
};

/* Text of any mixture; NULs are dropped here at the latest. */
void html_body_text(struct html_parser *p)
{
	struct span text = p->token.text;
	if (text.size == 0)
		return;
	html_reconstruct(p);
	html_insert_text(p, text);
	if (p->frameset_ok && html_space_prefix(text) < text.size)
		p->frameset_ok = false;
}

enum verdict html_body_tag(struct html_parser *p)
{
	const struct html_token *token = &p->token;
	if (token->kind == TOKEN_START) {
		body_rule *rule = rules[token->tag].start;
		return rule ? rule(p) : start_other(p);
	}
	body_rule *rule = rules[token->tag].end;
	return rule ? rule(p) : html_any_end(p);
}

enum verdict html_mode_in_body(struct html_parser *p)
{
	const struct html_token *token = &p->token;
	switch (token->kind) {
	case TOKEN_TEXT: /* from text_process, of one kind, or pending table text */
		if (token->text.size && token->text.data[0] != '\0')
			html_body_text(p);
		return TOKEN_DONE;
	case TOKEN_START:
	case TOKEN_END:
		return html_body_tag(p);
	case TOKEN_COMMENT:
		html_comment_at(p, HTML_NONE);
		return TOKEN_DONE;
	case TOKEN_EOF:
		return p->template_count > 0 ? html_mode_in_template(p) : TOKEN_DONE;
	default:
		return TOKEN_DONE;
	}
}
