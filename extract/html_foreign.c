/* html_foreign: tokens inside SVG and MathML (WHATWG HTML 13.2.6.5). Names keep lower case in the tree and get the
 * standard's case back when they are asked for (html_name, html_attr_at). */
#include "extract/html_internal.h"

/* Start tags that only HTML has: they end the foreign content. */
static bool breaks_out(const struct html_parser *p)
{
	switch (p->token.tag) {
	/* clang-format off */
	case HTML_TAG_B: case HTML_TAG_BIG: case HTML_TAG_BLOCKQUOTE: case HTML_TAG_BODY: case HTML_TAG_BR:
	case HTML_TAG_CENTER: case HTML_TAG_CODE: case HTML_TAG_DD: case HTML_TAG_DIV: case HTML_TAG_DL:
	case HTML_TAG_DT: case HTML_TAG_EM: case HTML_TAG_EMBED: case HTML_TAG_H1: case HTML_TAG_H2:
	case HTML_TAG_H3: case HTML_TAG_H4: case HTML_TAG_H5: case HTML_TAG_H6: case HTML_TAG_HEAD:
	case HTML_TAG_HR: case HTML_TAG_I: case HTML_TAG_IMG: case HTML_TAG_LI: case HTML_TAG_LISTING:
	case HTML_TAG_MENU: case HTML_TAG_META: case HTML_TAG_NOBR: case HTML_TAG_OL: case HTML_TAG_P:
	case HTML_TAG_PRE: case HTML_TAG_RUBY: case HTML_TAG_S: case HTML_TAG_SMALL: case HTML_TAG_SPAN:
	case HTML_TAG_STRONG: case HTML_TAG_STRIKE: case HTML_TAG_SUB: case HTML_TAG_SUP: case HTML_TAG_TABLE:
	case HTML_TAG_TT: case HTML_TAG_U: case HTML_TAG_UL: case HTML_TAG_VAR:
		return true;
	/* clang-format on */
	case HTML_TAG_FONT:
		for (uint32_t i = 0; i < p->token.attribute_count; i++) {
			unsigned id = p->tree.attributes[p->token.attributes + i].id;
			if (id == HTML_ATTR_COLOR || id == HTML_ATTR_FACE || id == HTML_ATTR_SIZE)
				return true;
		}
		return false;
	default:
		return false;
	}
}

/* Pop to HTML or an integration point, then the token is the insertion mode's. */
static void break_out(struct html_parser *p)
{
	while (p->open_count > 1 && html_current(p)->ns != HTML_NS_HTML &&
	       !(html_current(p)->flags & (FLAG_MATH_TEXT | FLAG_HTML_POINT)))
		html_pop(p);
}

static void foreign_text(struct html_parser *p)
{
	struct span text = p->token.text;
	for (size_t i = 0; i < text.size && p->frameset_ok; i++)
		if (text.data[i] != '\0' && !html_space(text.data[i]))
			p->frameset_ok = false;
	if (memchr(text.data, '\0', text.size))
		text = html_decode(p, text, DECODE_NUL_REPLACE | DECODE_KEEP_CR);
	if (text.data != NULL)
		html_insert_text(p, text);
}

static enum verdict foreign_end(struct html_parser *p)
{
	const struct html_token *token = &p->token;
	if (token->tag == HTML_TAG_BR || token->tag == HTML_TAG_P) {
		break_out(p);
		return html_mode_of(p);
	}
	for (uint32_t at = p->open_count; at-- > 1;) {
		const struct html_open *entry = &p->open[at];
		if (entry->ns == HTML_NS_HTML)
			return html_mode_of(p);
		if (entry->tag == token->tag &&
		    (token->tag != HTML_TAG_UNKNOWN || html_unknown_is(p, entry->node, token->name))) {
			html_pop_to(p, at);
			return TOKEN_DONE;
		}
		if (!html_work(p, 1)) {
			p->tree.cut = true;
			return TOKEN_DONE;
		}
	}
	return TOKEN_DONE;
}

enum verdict html_foreign(struct html_parser *p)
{
	switch (p->token.kind) {
	case TOKEN_TEXT:
		foreign_text(p);
		return TOKEN_DONE;
	case TOKEN_COMMENT:
		html_comment_at(p, HTML_NONE);
		return TOKEN_DONE;
	case TOKEN_DOCTYPE:
		return TOKEN_DONE;
	case TOKEN_START:
		if (breaks_out(p)) {
			break_out(p);
			return html_mode_of(p);
		}
		html_insert_foreign(p, (enum html_namespace)html_adjusted(p)->ns, !p->token.self_closing);
		return TOKEN_DONE;
	case TOKEN_END:
		return foreign_end(p);
	default:
		return TOKEN_DONE;
	}
}
