/* html_table: the insertion modes of tables (WHATWG HTML 13.2.6.4.9 to 13.2.6.4.15). */
#include "extract/html_internal.h"

/* Pop down to one of the contexts (13.2.6.4.9, .13, .14); html and template end every search. */
static void clear_to(struct html_parser *p, enum html_tag a, enum html_tag b, enum html_tag c)
{
	while (p->open_count > 1) {
		const struct html_open *top = html_current(p);
		if (top->ns == HTML_NS_HTML && (top->tag == a || top->tag == b || top->tag == c ||
						top->tag == HTML_TAG_TEMPLATE || top->tag == HTML_TAG_HTML))
			return;
		html_pop(p);
	}
}

static void clear_to_table(struct html_parser *p)
{
	clear_to(p, HTML_TAG_TABLE, HTML_TAG_TABLE, HTML_TAG_TABLE);
}

static void clear_to_body(struct html_parser *p)
{
	clear_to(p, HTML_TAG_TBODY, HTML_TAG_TFOOT, HTML_TAG_THEAD);
}

static void clear_to_row(struct html_parser *p)
{
	clear_to(p, HTML_TAG_TR, HTML_TAG_TR, HTML_TAG_TR);
}

static bool in_table_scope(struct html_parser *p, enum html_tag tag)
{
	return html_in_scope(p, tag, FLAG_TABLE_SCOPE);
}

static enum verdict open_and(struct html_parser *p, enum insertion_mode mode)
{
	html_insert_element(p);
	p->mode = mode;
	return TOKEN_DONE;
}

/* In body's rules, but what would land in the table goes before it. */
static enum verdict fostered(struct html_parser *p)
{
	p->foster = true;
	enum verdict verdict = html_mode_in_body(p);
	p->foster = false;
	return verdict;
}

/* ---- Text ------------------------------------------------------------------------------------------------- */

static bool pending_add(struct html_parser *p, struct span text)
{
	if (p->pending_count == p->pending_capacity &&
	    !html_list_grow(p, &p->pending, &p->pending_capacity, sizeof *p->pending))
		return false;
	p->pending[p->pending_count++] = text;
	return true;
}

static enum verdict table_text_start(struct html_parser *p)
{
	p->pending_count = 0;
	p->pending_other = false;
	p->original_mode = p->mode;
	p->mode = MODE_IN_TABLE_TEXT;
	return TOKEN_AGAIN;
}

static void pending_flush(struct html_parser *p)
{
	struct html_token token = p->token;
	for (uint32_t i = 0; i < p->pending_count; i++) {
		p->token.kind = TOKEN_TEXT;
		p->token.text = p->pending[i];
		if (p->pending_other)
			fostered(p);
		else
			html_insert_text(p, p->pending[i]);
	}
	p->token = token;
	p->pending_count = 0;
	p->pending_other = false;
}

enum verdict html_mode_in_table_text(struct html_parser *p)
{
	struct span text = p->token.text;
	if (p->token.kind == TOKEN_TEXT) {
		if (text.data[0] != '\0') {
			p->pending_other |= html_space_prefix(text) < text.size;
			pending_add(p, text);
		}
		return TOKEN_DONE;
	}
	pending_flush(p);
	p->mode = p->original_mode;
	return TOKEN_AGAIN;
}

/* ---- In table --------------------------------------------------------------------------------------------- */

static enum verdict implied_table_body(struct html_parser *p)
{
	clear_to_table(p);
	html_insert_named(p, HTML_TAG_TBODY);
	p->mode = MODE_IN_TABLE_BODY;
	return TOKEN_AGAIN;
}

static bool table_end(struct html_parser *p)
{
	if (!in_table_scope(p, HTML_TAG_TABLE))
		return false;
	html_pop_until(p, HTML_TAG_TABLE);
	html_reset_mode(p);
	return true;
}

static enum verdict hidden_input(struct html_parser *p)
{
	for (uint32_t i = 0; i < p->token.attribute_count; i++) {
		struct html_attribute *a = &p->tree.attributes[p->token.attributes + i];
		if (a->id != HTML_ATTR_TYPE)
			continue;
		if (a->raw)
			html_attribute_decode(&p->tree, a);
		if (span_equal_nocase((struct span){a->value, a->value_size}, SPAN("hidden"))) {
			html_insert_void(p);
			return TOKEN_DONE;
		}
	}
	return fostered(p);
}

static enum verdict in_table_start(struct html_parser *p)
{
	switch (p->token.tag) {
	case HTML_TAG_CAPTION:
		clear_to_table(p);
		html_formatting_marker(p);
		return open_and(p, MODE_IN_CAPTION);
	case HTML_TAG_COLGROUP:
		clear_to_table(p);
		return open_and(p, MODE_IN_COLUMN_GROUP);
	case HTML_TAG_COL:
		clear_to_table(p);
		html_insert_named(p, HTML_TAG_COLGROUP);
		p->mode = MODE_IN_COLUMN_GROUP;
		return TOKEN_AGAIN;
	case HTML_TAG_TBODY:
	case HTML_TAG_TFOOT:
	case HTML_TAG_THEAD:
		clear_to_table(p);
		return open_and(p, MODE_IN_TABLE_BODY);
	case HTML_TAG_TD:
	case HTML_TAG_TH:
	case HTML_TAG_TR:
		return implied_table_body(p);
	case HTML_TAG_TABLE:
		return table_end(p) ? TOKEN_AGAIN : TOKEN_DONE;
	case HTML_TAG_STYLE:
	case HTML_TAG_SCRIPT:
	case HTML_TAG_TEMPLATE:
		return html_mode_in_head(p);
	case HTML_TAG_INPUT:
		return hidden_input(p);
	case HTML_TAG_FORM:
		if (p->tag_open[HTML_TAG_TEMPLATE] == 0 && p->form == HTML_NONE) {
			p->form = html_insert_element(p);
			html_pop(p);
		}
		return TOKEN_DONE;
	default:
		return fostered(p);
	}
}

static enum verdict in_table_end(struct html_parser *p)
{
	switch (p->token.tag) {
	case HTML_TAG_TABLE:
		table_end(p);
		return TOKEN_DONE;
	case HTML_TAG_BODY:
	case HTML_TAG_CAPTION:
	case HTML_TAG_COL:
	case HTML_TAG_COLGROUP:
	case HTML_TAG_HTML:
	case HTML_TAG_TBODY:
	case HTML_TAG_TD:
	case HTML_TAG_TFOOT:
	case HTML_TAG_TH:
	case HTML_TAG_THEAD:
	case HTML_TAG_TR:
		return TOKEN_DONE;
	case HTML_TAG_TEMPLATE:
		return html_mode_in_head(p);
	default:
		return fostered(p);
	}
}

enum verdict html_mode_in_table(struct html_parser *p)
{
	const struct html_open *top = html_current(p);
	switch (p->token.kind) {
	case TOKEN_TEXT:
		if (top->ns == HTML_NS_HTML && (top->flags & FLAG_TABLE_PART || top->tag == HTML_TAG_TEMPLATE))
			return table_text_start(p);
		return fostered(p);
	case TOKEN_COMMENT:
		html_comment_at(p, HTML_NONE);
		return TOKEN_DONE;
	case TOKEN_DOCTYPE:
		return TOKEN_DONE;
	case TOKEN_START:
		return in_table_start(p);
	case TOKEN_END:
		return in_table_end(p);
	default:
		return html_mode_in_body(p);
	}
}

/* ---- Caption, columns ------------------------------------------------------------------------------------- */

static bool is_table_piece(enum html_tag tag)
{
	switch (tag) {
	case HTML_TAG_CAPTION:
	case HTML_TAG_COL:
	case HTML_TAG_COLGROUP:
	case HTML_TAG_TBODY:
	case HTML_TAG_TD:
	case HTML_TAG_TFOOT:
	case HTML_TAG_TH:
	case HTML_TAG_THEAD:
	case HTML_TAG_TR:
		return true;
	default:
		return false;
	}
}

static bool caption_end(struct html_parser *p)
{
	if (!in_table_scope(p, HTML_TAG_CAPTION))
		return false;
	html_implied_end(p, HTML_TAG_UNKNOWN);
	html_pop_until(p, HTML_TAG_CAPTION);
	html_formatting_clear(p);
	p->mode = MODE_IN_TABLE;
	return true;
}

enum verdict html_mode_in_caption(struct html_parser *p)
{
	enum html_tag tag = p->token.tag;
	if (p->token.kind == TOKEN_END) {
		if (tag == HTML_TAG_CAPTION) {
			caption_end(p);
			return TOKEN_DONE;
		}
		if (tag == HTML_TAG_TABLE)
			return caption_end(p) ? TOKEN_AGAIN : TOKEN_DONE;
		if (tag == HTML_TAG_BODY || tag == HTML_TAG_HTML || is_table_piece(tag))
			return TOKEN_DONE;
	}
	if (p->token.kind == TOKEN_START && is_table_piece(tag))
		return caption_end(p) ? TOKEN_AGAIN : TOKEN_DONE;
	return html_mode_in_body(p);
}

static enum verdict columns_over(struct html_parser *p)
{
	if (!html_current_is(p, HTML_TAG_COLGROUP))
		return TOKEN_DONE;
	html_pop(p);
	p->mode = MODE_IN_TABLE;
	return TOKEN_AGAIN;
}

enum verdict html_mode_in_column_group(struct html_parser *p)
{
	const struct html_token *token = &p->token;
	switch (token->kind) {
	case TOKEN_TEXT:
		if (!html_space(token->text.data[0]))
			return columns_over(p);
		html_insert_text(p, token->text);
		return TOKEN_DONE;
	case TOKEN_COMMENT:
		html_comment_at(p, HTML_NONE);
		return TOKEN_DONE;
	case TOKEN_DOCTYPE:
		return TOKEN_DONE;
	case TOKEN_START:
		if (token->tag == HTML_TAG_HTML)
			return html_mode_in_body(p);
		if (token->tag == HTML_TAG_TEMPLATE)
			return html_mode_in_head(p);
		if (token->tag != HTML_TAG_COL)
			return columns_over(p);
		html_insert_void(p);
		return TOKEN_DONE;
	case TOKEN_END:
		if (token->tag == HTML_TAG_COLGROUP) {
			columns_over(p);
			return TOKEN_DONE;
		}
		if (token->tag == HTML_TAG_COL)
			return TOKEN_DONE;
		return token->tag == HTML_TAG_TEMPLATE ? html_mode_in_head(p) : columns_over(p);
	default:
		return html_mode_in_body(p);
	}
}

/* ---- Rows and cells --------------------------------------------------------------------------------------- */

static bool any_table_body_in_scope(struct html_parser *p)
{
	return in_table_scope(p, HTML_TAG_TBODY) || in_table_scope(p, HTML_TAG_THEAD) ||
	       in_table_scope(p, HTML_TAG_TFOOT);
}

static enum verdict table_body_over(struct html_parser *p, bool again)
{
	clear_to_body(p);
	if (p->open_count > 1)
		html_pop(p);
	p->mode = MODE_IN_TABLE;
	return again ? TOKEN_AGAIN : TOKEN_DONE;
}

enum verdict html_mode_in_table_body(struct html_parser *p)
{
	enum html_tag tag = p->token.tag;
	bool start = p->token.kind == TOKEN_START, end = p->token.kind == TOKEN_END;
	if (start && tag == HTML_TAG_TR) {
		clear_to_body(p);
		return open_and(p, MODE_IN_ROW);
	}
	if (start && (tag == HTML_TAG_TH || tag == HTML_TAG_TD)) {
		clear_to_body(p);
		html_insert_named(p, HTML_TAG_TR);
		p->mode = MODE_IN_ROW;
		return TOKEN_AGAIN;
	}
	if (end && (tag == HTML_TAG_TBODY || tag == HTML_TAG_TFOOT || tag == HTML_TAG_THEAD))
		return in_table_scope(p, tag) ? table_body_over(p, false) : TOKEN_DONE;
	if ((start && is_table_piece(tag)) || (end && tag == HTML_TAG_TABLE))
		return any_table_body_in_scope(p) ? table_body_over(p, true) : TOKEN_DONE;
	if (end && (is_table_piece(tag) || tag == HTML_TAG_BODY || tag == HTML_TAG_HTML))
		return TOKEN_DONE;
	return html_mode_in_table(p);
}

static enum verdict row_over(struct html_parser *p, bool again)
{
	if (!in_table_scope(p, HTML_TAG_TR))
		return TOKEN_DONE;
	clear_to_row(p);
	if (p->open_count > 1)
		html_pop(p);
	p->mode = MODE_IN_TABLE_BODY;
	return again ? TOKEN_AGAIN : TOKEN_DONE;
}

enum verdict html_mode_in_row(struct html_parser *p)
{
	enum html_tag tag = p->token.tag;
	bool start = p->token.kind == TOKEN_START, end = p->token.kind == TOKEN_END;
	if (start && (tag == HTML_TAG_TH || tag == HTML_TAG_TD)) {
		clear_to_row(p);
		open_and(p, MODE_IN_CELL);
		html_formatting_marker(p);
		return TOKEN_DONE;
	}
	if (end && tag == HTML_TAG_TR)
		return row_over(p, false);
	if ((start && is_table_piece(tag)) || (end && tag == HTML_TAG_TABLE))
		return row_over(p, true);
	if (end && (tag == HTML_TAG_TBODY || tag == HTML_TAG_TFOOT || tag == HTML_TAG_THEAD))
		return in_table_scope(p, tag) ? row_over(p, true) : TOKEN_DONE;
	if (end && (is_table_piece(tag) || tag == HTML_TAG_BODY || tag == HTML_TAG_HTML))
		return TOKEN_DONE;
	return html_mode_in_table(p);
}

static void cell_over(struct html_parser *p)
{
	html_implied_end(p, HTML_TAG_UNKNOWN);
	while (p->open_count > 1) {
		bool cell = html_current_is(p, HTML_TAG_TD) || html_current_is(p, HTML_TAG_TH);
		html_pop(p);
		if (cell)
			break;
	}
	html_formatting_clear(p);
	p->mode = MODE_IN_ROW;
}

enum verdict html_mode_in_cell(struct html_parser *p)
{
	enum html_tag tag = p->token.tag;
	if (p->token.kind == TOKEN_START && is_table_piece(tag)) {
		if (!in_table_scope(p, HTML_TAG_TD) && !in_table_scope(p, HTML_TAG_TH))
			return TOKEN_DONE;
		cell_over(p);
		return TOKEN_AGAIN;
	}
	if (p->token.kind != TOKEN_END)
		return html_mode_in_body(p);
	switch (tag) {
	case HTML_TAG_TD:
	case HTML_TAG_TH:
		if (in_table_scope(p, tag)) {
			html_implied_end(p, HTML_TAG_UNKNOWN);
			html_pop_until(p, tag);
			html_formatting_clear(p);
			p->mode = MODE_IN_ROW;
		}
		return TOKEN_DONE;
	case HTML_TAG_BODY:
	case HTML_TAG_CAPTION:
	case HTML_TAG_COL:
	case HTML_TAG_COLGROUP:
	case HTML_TAG_HTML:
		return TOKEN_DONE;
	case HTML_TAG_TABLE:
	case HTML_TAG_TBODY:
	case HTML_TAG_TFOOT:
	case HTML_TAG_THEAD:
	case HTML_TAG_TR:
		if (!in_table_scope(p, tag))
			return TOKEN_DONE;
		cell_over(p);
		return TOKEN_AGAIN;
	default:
		return html_mode_in_body(p);
	}
}
