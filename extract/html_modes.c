/* html_modes: the insertion modes around the body (WHATWG HTML 13.2.6.4.1 to 13.2.6.4.6, 13.2.6.4.8, 13.2.6.4.18 ff.):
 * doctype and quirks, html, head, after head, text, templates, after body, framesets. */
#include "extract/html_internal.h"

#include <stdlib.h>

/* A text token in these modes holds characters of one kind (see text_process). */
static bool token_is_space(const struct html_parser *p)
{
	return p->token.kind == TOKEN_TEXT && html_space(p->token.text.data[0]);
}

static bool is_start(const struct html_parser *p, enum html_tag tag)
{
	return p->token.kind == TOKEN_START && p->token.tag == tag;
}

static bool is_end(const struct html_parser *p, enum html_tag tag)
{
	return p->token.kind == TOKEN_END && p->token.tag == tag;
}

static enum verdict comment_here(struct html_parser *p)
{
	html_comment_at(p, HTML_NONE);
	return TOKEN_DONE;
}

/* ---- Doctype ---------------------------------------------------------------------------------------------- */

/* Public identifiers that mean quirks (13.2.6.4.1), as prefixes without "-//" and in lower case. */
/* clang-format off */
static const char *const quirky_prefixes[] = {
	"+//silmaril//dtd html pro v0r11 19970101//", "-//as//dtd html 3.0 aswedit + extensions//",
	"-//advasoft ltd//dtd html 3.0 aswedit + extensions//", "-//ietf//dtd html 2.0 level 1//",
	"-//ietf//dtd html 2.0 level 2//", "-//ietf//dtd html 2.0 strict level 1//",
	"-//ietf//dtd html 2.0 strict level 2//", "-//ietf//dtd html 2.0 strict//", "-//ietf//dtd html 2.0//",
	"-//ietf//dtd html 2.1e//", "-//ietf//dtd html 3.0//", "-//ietf//dtd html 3.2 final//", "-//ietf//dtd html 3.2//",
	"-//ietf//dtd html 3//", "-//ietf//dtd html level 0//", "-//ietf//dtd html level 1//",
	"-//ietf//dtd html level 2//", "-//ietf//dtd html level 3//", "-//ietf//dtd html strict level 0//",
	"-//ietf//dtd html strict level 1//", "-//ietf//dtd html strict level 2//", "-//ietf//dtd html strict level 3//",
	"-//ietf//dtd html strict//", "-//ietf//dtd html//", "-//metrius//dtd metrius presentational//",
	"-//microsoft//dtd internet explorer 2.0 html strict//", "-//microsoft//dtd internet explorer 2.0 html//",
	"-//microsoft//dtd internet explorer 2.0 tables//", "-//microsoft//dtd internet explorer 3.0 html strict//",
	"-//microsoft//dtd internet explorer 3.0 html//", "-//microsoft//dtd internet explorer 3.0 tables//",
	"-//netscape comm. corp.//dtd html//", "-//netscape comm. corp.//dtd strict html//",
	"-//o'reilly and associates//dtd html 2.0//", "-//o'reilly and associates//dtd html extended 1.0//",
	"-//o'reilly and associates//dtd html extended relaxed 1.0//", "-//sq//dtd html 2.0 hotmetal + extensions//",
	"-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
	"-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//",
	"-//spyglass//dtd html 2.0 extended//", "-//sun microsystems corp.//dtd hotjava html//",
	"-//sun microsystems corp.//dtd hotjava strict html//", "-//w3c//dtd html 3 1995-03-24//",
	"-//w3c//dtd html 3.2 draft//", "-//w3c//dtd html 3.2 final//", "-//w3c//dtd html 3.2//",
	"-//w3c//dtd html 3.2s draft//", "-//w3c//dtd html 4.0 frameset//", "-//w3c//dtd html 4.0 transitional//",
	"-//w3c//dtd html experimental 19960712//", "-//w3c//dtd html experimental 970421//", "-//w3c//dtd w3 html//",
	"-//w3o//dtd w3 html 3.0//", "-//webtechs//dtd mozilla html 2.0//", "-//webtechs//dtd mozilla html//",
};
/* clang-format on */

static enum html_quirks doctype_quirks(const struct html_token *token)
{
	struct span public = token->public_id, system = token->system_id;
	static const char *const whole[] = {"-//w3o//dtd w3 html strict 3.0//en//",
					    "-/w3c/dtd html 4.0 transitional/en", "html"};
	if (token->force_quirks || !span_equal(token->name, SPAN("html")))
		return HTML_QUIRKS;
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
		if (span_equal_nocase(public, span_of(whole[i])))
			return HTML_QUIRKS;
	if (span_equal_nocase(system, SPAN("http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd")))
		return HTML_QUIRKS;
	for (size_t i = 0; i < sizeof quirky_prefixes / sizeof *quirky_prefixes; i++)
		if (span_starts_nocase(public, span_of(quirky_prefixes[i])))
			return HTML_QUIRKS;
	if (span_starts_nocase(public, SPAN("-//w3c//dtd html 4.01 frameset//")) ||
	    span_starts_nocase(public, SPAN("-//w3c//dtd html 4.01 transitional//")))
		return system.data ? HTML_LIMITED_QUIRKS : HTML_QUIRKS;
	if (span_starts_nocase(public, SPAN("-//w3c//dtd xhtml 1.0 frameset//")) ||
	    span_starts_nocase(public, SPAN("-//w3c//dtd xhtml 1.0 transitional//")))
		return HTML_LIMITED_QUIRKS;
	return HTML_NO_QUIRKS;
}

enum verdict html_mode_initial(struct html_parser *p)
{
	struct html_token *token = &p->token;
	if (token_is_space(p))
		return TOKEN_DONE;
	if (token->kind == TOKEN_COMMENT) {
		html_comment_at(p, 0);
		return TOKEN_DONE;
	}
	p->mode = MODE_BEFORE_HTML;
	if (token->kind != TOKEN_DOCTYPE) {
		p->tree.quirks = HTML_QUIRKS;
		return TOKEN_AGAIN;
	}
	html_append(p, 0, html_node_new(p, HTML_DOCTYPE));
	p->tree.doctype = token->name;
	p->tree.doctype_public = token->public_id;
	p->tree.doctype_system = token->system_id;
	p->tree.quirks = doctype_quirks(token);
	return TOKEN_DONE;
}

/* ---- html, head ------------------------------------------------------------------------------------------- */

static void root_push(struct html_parser *p, uint32_t node)
{
	html_append(p, 0, node);
	html_push(p, node);
	p->mode = MODE_BEFORE_HEAD;
}

/* End tags other than those of head, body, html and br are ignored before the head is over. */
static bool end_ignored(const struct html_parser *p)
{
	return p->token.kind == TOKEN_END && p->token.tag != HTML_TAG_HEAD && p->token.tag != HTML_TAG_BODY &&
	       p->token.tag != HTML_TAG_HTML && p->token.tag != HTML_TAG_BR;
}

enum verdict html_mode_before_html(struct html_parser *p)
{
	if (p->token.kind == TOKEN_DOCTYPE || token_is_space(p) || end_ignored(p))
		return TOKEN_DONE;
	if (p->token.kind == TOKEN_COMMENT) {
		html_comment_at(p, 0);
		return TOKEN_DONE;
	}
	uint32_t node = html_node_new(p, HTML_ELEMENT);
	p->tree.nodes[node].tag = HTML_TAG_HTML;
	p->tree.nodes[node].attributes = p->tree.attribute_count;
	bool own = is_start(p, HTML_TAG_HTML);
	if (own) {
		p->tree.nodes[node].count = (uint16_t)p->token.attribute_count;
		p->tree.attribute_count += p->token.attribute_count;
	}
	root_push(p, node);
	return own ? TOKEN_DONE : TOKEN_AGAIN;
}

enum verdict html_mode_before_head(struct html_parser *p)
{
	if (p->token.kind == TOKEN_DOCTYPE || token_is_space(p) || end_ignored(p))
		return TOKEN_DONE;
	if (p->token.kind == TOKEN_COMMENT)
		return comment_here(p);
	if (is_start(p, HTML_TAG_HTML))
		return html_mode_in_body(p);
	bool own = is_start(p, HTML_TAG_HEAD);
	p->tree.head = own ? html_insert_element(p) : html_insert_named(p, HTML_TAG_HEAD);
	p->mode = MODE_IN_HEAD;
	return own ? TOKEN_DONE : TOKEN_AGAIN;
}

void html_raw_element(struct html_parser *p, enum token_state state)
{
	html_insert_element(p);
	p->state = state;
	p->raw_name = p->token.name;
	p->original_mode = p->mode;
	p->mode = MODE_TEXT;
}

void html_template_push(struct html_parser *p, enum insertion_mode mode)
{
	if (p->template_count == p->open_capacity) /* never: each is an open element */
		return;
	if (p->template_modes == NULL) {
		p->template_modes = memory_zeroed(p->open_capacity, sizeof *p->template_modes);
		if (p->template_modes == NULL) {
			p->status = STATUS_MEMORY;
			return;
		}
	}
	p->template_modes[p->template_count++] = mode;
}

static void template_open(struct html_parser *p)
{
	html_insert_element(p);
	html_formatting_marker(p);
	p->frameset_ok = false;
	p->mode = MODE_IN_TEMPLATE;
	html_template_push(p, MODE_IN_TEMPLATE);
}

/* Close the topmost template (13.2.6.4.4, end tag "template"). */
static void template_close(struct html_parser *p)
{
	if (p->tag_open[HTML_TAG_TEMPLATE] == 0)
		return;
	html_implied_end_thorough(p);
	html_pop_until(p, HTML_TAG_TEMPLATE);
	html_formatting_clear(p);
	if (p->template_count > 0)
		p->template_count--;
	html_reset_mode(p);
}

static enum verdict head_over(struct html_parser *p)
{
	html_pop(p);
	p->mode = MODE_AFTER_HEAD;
	return TOKEN_AGAIN;
}

static enum verdict in_head_start(struct html_parser *p)
{
	switch (p->token.tag) {
	case HTML_TAG_HTML:
		return html_mode_in_body(p);
	case HTML_TAG_BASE:
	case HTML_TAG_BASEFONT:
	case HTML_TAG_BGSOUND:
	case HTML_TAG_LINK:
	case HTML_TAG_META:
		html_insert_void(p);
		return TOKEN_DONE;
	case HTML_TAG_TITLE:
		html_raw_element(p, STATE_RCDATA);
		return TOKEN_DONE;
	case HTML_TAG_NOFRAMES:
	case HTML_TAG_STYLE:
		html_raw_element(p, STATE_RAWTEXT);
		return TOKEN_DONE;
	case HTML_TAG_SCRIPT:
		html_raw_element(p, STATE_SCRIPT);
		return TOKEN_DONE;
	case HTML_TAG_NOSCRIPT:
		html_insert_element(p);
		p->mode = MODE_IN_HEAD_NOSCRIPT;
		return TOKEN_DONE;
	case HTML_TAG_TEMPLATE:
		template_open(p);
		return TOKEN_DONE;
	case HTML_TAG_HEAD:
		return TOKEN_DONE;
	default:
		return head_over(p);
	}
}

enum verdict html_mode_in_head(struct html_parser *p)
{
	switch (p->token.kind) {
	case TOKEN_TEXT:
		if (!token_is_space(p))
			return head_over(p);
		html_insert_text(p, p->token.text);
		return TOKEN_DONE;
	case TOKEN_COMMENT:
		return comment_here(p);
	case TOKEN_DOCTYPE:
		return TOKEN_DONE;
	case TOKEN_START:
		return in_head_start(p);
	case TOKEN_END:
		if (p->token.tag == HTML_TAG_TEMPLATE) {
			template_close(p);
			return TOKEN_DONE;
		}
		if (end_ignored(p))
			return TOKEN_DONE;
		if (p->token.tag != HTML_TAG_HEAD)
			return head_over(p);
		head_over(p);
		return TOKEN_DONE;
	default:
		return head_over(p);
	}
}

enum verdict html_mode_in_head_noscript(struct html_parser *p)
{
	const struct html_token *token = &p->token;
	switch (token->kind) {
	case TOKEN_DOCTYPE:
		return TOKEN_DONE;
	case TOKEN_COMMENT:
		return html_mode_in_head(p);
	case TOKEN_TEXT:
		if (token_is_space(p))
			return html_mode_in_head(p);
		break;
	case TOKEN_START:
		switch (token->tag) {
		case HTML_TAG_HTML:
			return html_mode_in_body(p);
		case HTML_TAG_BASEFONT:
		case HTML_TAG_BGSOUND:
		case HTML_TAG_LINK:
		case HTML_TAG_META:
		case HTML_TAG_NOFRAMES:
		case HTML_TAG_STYLE:
			return html_mode_in_head(p);
		case HTML_TAG_HEAD:
		case HTML_TAG_NOSCRIPT:
			return TOKEN_DONE;
		default:
			break;
		}
		break;
	case TOKEN_END:
		if (token->tag == HTML_TAG_NOSCRIPT) {
			html_pop(p);
			p->mode = MODE_IN_HEAD;
			return TOKEN_DONE;
		}
		if (token->tag != HTML_TAG_BR)
			return TOKEN_DONE;
		break;
	default:
		break;
	}
	html_pop(p);
	p->mode = MODE_IN_HEAD;
	return TOKEN_AGAIN;
}

/* What belongs into the head but comes after it goes there all the same. */
static enum verdict late_head_element(struct html_parser *p)
{
	html_push(p, p->tree.head);
	enum verdict verdict = html_mode_in_head(p);
	uint32_t at = html_open_find(p, p->tree.head);
	if (at != HTML_NONE)
		html_open_remove(p, at);
	return verdict;
}

static enum verdict after_head_start(struct html_parser *p)
{
	switch (p->token.tag) {
	case HTML_TAG_HTML:
		return html_mode_in_body(p);
	case HTML_TAG_BODY:
		p->tree.body = html_insert_element(p);
		p->frameset_ok = false;
		p->mode = MODE_IN_BODY;
		return TOKEN_DONE;
	case HTML_TAG_FRAMESET:
		p->tree.body = html_insert_element(p);
		p->mode = MODE_IN_FRAMESET;
		return TOKEN_DONE;
	case HTML_TAG_BASE:
	case HTML_TAG_BASEFONT:
	case HTML_TAG_BGSOUND:
	case HTML_TAG_LINK:
	case HTML_TAG_META:
	case HTML_TAG_NOFRAMES:
	case HTML_TAG_SCRIPT:
	case HTML_TAG_STYLE:
	case HTML_TAG_TEMPLATE:
	case HTML_TAG_TITLE:
		return late_head_element(p);
	case HTML_TAG_HEAD:
		return TOKEN_DONE;
	default:
		p->tree.body = html_insert_named(p, HTML_TAG_BODY);
		p->mode = MODE_IN_BODY;
		return TOKEN_AGAIN;
	}
}

enum verdict html_mode_after_head(struct html_parser *p)
{
	if (token_is_space(p)) {
		html_insert_text(p, p->token.text);
		return TOKEN_DONE;
	}
	if (p->token.kind == TOKEN_COMMENT)
		return comment_here(p);
	if (p->token.kind == TOKEN_DOCTYPE)
		return TOKEN_DONE;
	if (p->token.kind == TOKEN_START)
		return after_head_start(p);
	if (is_end(p, HTML_TAG_TEMPLATE))
		return html_mode_in_head(p);
	if (p->token.kind == TOKEN_END && (end_ignored(p) || p->token.tag == HTML_TAG_HEAD))
		return TOKEN_DONE;
	p->tree.body = html_insert_named(p, HTML_TAG_BODY);
	p->mode = MODE_IN_BODY;
	return TOKEN_AGAIN;
}

/* ---- Text, templates -------------------------------------------------------------------------------------- */

enum verdict html_mode_text(struct html_parser *p) /* its characters are handled before modes are asked */
{
	html_pop(p);
	p->mode = p->original_mode;
	return p->token.kind == TOKEN_EOF ? TOKEN_AGAIN : TOKEN_DONE;
}

static enum verdict template_continue(struct html_parser *p, enum insertion_mode mode)
{
	if (p->template_count > 0)
		p->template_modes[p->template_count - 1] = mode;
	p->mode = mode;
	return TOKEN_AGAIN;
}

static enum verdict in_template_start(struct html_parser *p)
{
	switch (p->token.tag) {
	case HTML_TAG_BASE:
	case HTML_TAG_BASEFONT:
	case HTML_TAG_BGSOUND:
	case HTML_TAG_LINK:
	case HTML_TAG_META:
	case HTML_TAG_NOFRAMES:
	case HTML_TAG_SCRIPT:
	case HTML_TAG_STYLE:
	case HTML_TAG_TEMPLATE:
	case HTML_TAG_TITLE:
		return html_mode_in_head(p);
	case HTML_TAG_CAPTION:
	case HTML_TAG_COLGROUP:
	case HTML_TAG_TBODY:
	case HTML_TAG_TFOOT:
	case HTML_TAG_THEAD:
		return template_continue(p, MODE_IN_TABLE);
	case HTML_TAG_COL:
		return template_continue(p, MODE_IN_COLUMN_GROUP);
	case HTML_TAG_TR:
		return template_continue(p, MODE_IN_TABLE_BODY);
	case HTML_TAG_TD:
	case HTML_TAG_TH:
		return template_continue(p, MODE_IN_ROW);
	default:
		return template_continue(p, MODE_IN_BODY);
	}
}

enum verdict html_mode_in_template(struct html_parser *p)
{
	switch (p->token.kind) {
	case TOKEN_TEXT:
	case TOKEN_COMMENT:
	case TOKEN_DOCTYPE:
		return html_mode_in_body(p);
	case TOKEN_START:
		return in_template_start(p);
	case TOKEN_END:
		return p->token.tag == HTML_TAG_TEMPLATE ? html_mode_in_head(p) : TOKEN_DONE;
	default:
		break;
	}
	if (p->tag_open[HTML_TAG_TEMPLATE] == 0) /* fragment case */
		return TOKEN_DONE;
	html_pop_until(p, HTML_TAG_TEMPLATE);
	html_formatting_clear(p);
	if (p->template_count > 0)
		p->template_count--;
	html_reset_mode(p);
	return TOKEN_AGAIN;
}

/* ---- After the body, framesets ---------------------------------------------------------------------------- */

enum verdict html_mode_after_body(struct html_parser *p)
{
	if (token_is_space(p) || is_start(p, HTML_TAG_HTML))
		return html_mode_in_body(p);
	if (p->token.kind == TOKEN_COMMENT) {
		html_comment_at(p, p->open[0].node);
		return TOKEN_DONE;
	}
	if (p->token.kind == TOKEN_DOCTYPE || p->token.kind == TOKEN_EOF)
		return TOKEN_DONE;
	if (is_end(p, HTML_TAG_HTML)) {
		if (!p->fragment)
			p->mode = MODE_AFTER_AFTER_BODY;
		return TOKEN_DONE;
	}
	p->mode = MODE_IN_BODY;
	return TOKEN_AGAIN;
}

enum verdict html_mode_after_after_body(struct html_parser *p)
{
	if (p->token.kind == TOKEN_COMMENT) {
		html_comment_at(p, 0);
		return TOKEN_DONE;
	}
	if (p->token.kind == TOKEN_DOCTYPE || token_is_space(p) || is_start(p, HTML_TAG_HTML))
		return html_mode_in_body(p);
	if (p->token.kind == TOKEN_EOF)
		return TOKEN_DONE;
	p->mode = MODE_IN_BODY;
	return TOKEN_AGAIN;
}

enum verdict html_mode_in_frameset(struct html_parser *p)
{
	if (token_is_space(p))
		html_insert_text(p, p->token.text);
	else if (p->token.kind == TOKEN_COMMENT)
		return comment_here(p);
	else if (is_start(p, HTML_TAG_HTML))
		return html_mode_in_body(p);
	else if (is_start(p, HTML_TAG_FRAMESET))
		html_insert_element(p);
	else if (is_start(p, HTML_TAG_FRAME))
		html_insert_void(p);
	else if (is_start(p, HTML_TAG_NOFRAMES))
		return html_mode_in_head(p);
	else if (is_end(p, HTML_TAG_FRAMESET) && p->open_count > 1) {
		html_pop(p);
		if (!p->fragment && !html_current_is(p, HTML_TAG_FRAMESET))
			p->mode = MODE_AFTER_FRAMESET;
	}
	return TOKEN_DONE;
}

enum verdict html_mode_after_frameset(struct html_parser *p)
{
	if (token_is_space(p))
		html_insert_text(p, p->token.text);
	else if (p->token.kind == TOKEN_COMMENT)
		return comment_here(p);
	else if (is_start(p, HTML_TAG_HTML))
		return html_mode_in_body(p);
	else if (is_start(p, HTML_TAG_NOFRAMES))
		return html_mode_in_head(p);
	else if (is_end(p, HTML_TAG_HTML))
		p->mode = MODE_AFTER_AFTER_FRAMESET;
	return TOKEN_DONE;
}

enum verdict html_mode_after_after_frameset(struct html_parser *p)
{
	if (p->token.kind == TOKEN_COMMENT)
		html_comment_at(p, 0);
	else if (token_is_space(p) || is_start(p, HTML_TAG_HTML) || p->token.kind == TOKEN_DOCTYPE)
		return html_mode_in_body(p);
	else if (is_start(p, HTML_TAG_NOFRAMES))
		return html_mode_in_head(p);
	return TOKEN_DONE;
}

/* ---- 13.2.4.1 --------------------------------------------------------------------------------------------- */

static bool reset_by(struct html_parser *p, const struct html_open *node, bool last)
{
	if (node->ns != HTML_NS_HTML)
		return false;
	switch (node->tag) {
	case HTML_TAG_TD:
	case HTML_TAG_TH:
		p->mode = MODE_IN_CELL;
		return !last;
	case HTML_TAG_TR:
		p->mode = MODE_IN_ROW;
		return true;
	case HTML_TAG_TBODY:
	case HTML_TAG_THEAD:
	case HTML_TAG_TFOOT:
		p->mode = MODE_IN_TABLE_BODY;
		return true;
	case HTML_TAG_CAPTION:
		p->mode = MODE_IN_CAPTION;
		return true;
	case HTML_TAG_COLGROUP:
		p->mode = MODE_IN_COLUMN_GROUP;
		return true;
	case HTML_TAG_TABLE:
		p->mode = MODE_IN_TABLE;
		return true;
	case HTML_TAG_TEMPLATE:
		p->mode = p->template_count ? p->template_modes[p->template_count - 1] : MODE_IN_BODY;
		return true;
	case HTML_TAG_HEAD:
		p->mode = MODE_IN_HEAD;
		return !last;
	case HTML_TAG_BODY:
		p->mode = MODE_IN_BODY;
		return true;
	case HTML_TAG_FRAMESET:
		p->mode = MODE_IN_FRAMESET;
		return true;
	case HTML_TAG_HTML:
		p->mode = p->tree.head == HTML_NONE ? MODE_BEFORE_HEAD : MODE_AFTER_HEAD;
		return true;
	default:
		return false;
	}
}

void html_reset_mode(struct html_parser *p)
{
	for (uint32_t at = p->open_count; at-- > 0;) {
		bool last = at == 0;
		if (reset_by(p, last && p->fragment ? &p->context : &p->open[at], last))
			return;
		if (!html_work(p, 1))
			break;
	}
	p->mode = MODE_IN_BODY;
}
