/* html_markup: the tokenizer's rarer states (WHATWG HTML 13.2.5): comments, doctypes, CDATA sections, and the raw text
 * of title, textarea, style, script and their kind.
 *
 * Each is written as the search for its end, which is what the standard's states come to. */
#include "extract/html_internal.h"

/* ---- Comments --------------------------------------------------------------------------------------------- */

/* Whether newlines or NULs need work. */
static bool has_odd(struct span text)
{
	return memchr(text.data, '\r', text.size) != NULL || memchr(text.data, '\0', text.size) != NULL;
}

static void comment_emit(struct html_parser *p, const char *from, const char *to)
{
	p->token.kind = TOKEN_COMMENT;
	p->token.text = (struct span){from, (size_t)(to - from)};
	if (has_odd(p->token.text))
		p->token.text = html_decode(p, p->token.text, DECODE_NUL_REPLACE);
	if (p->token.text.data == NULL)
		p->token.text = (struct span){from, 0};
}

/* "<?", "</" and a byte, "<!" and neither comment nor doctype: a comment up to '>'. */
static void bogus_comment(struct html_parser *p, const char *from)
{
	const char *stop = memchr(from, '>', (size_t)(p->end - from));
	p->at = stop ? stop + 1 : p->end;
	comment_emit(p, from, stop ? stop : p->end);
}

/* A comment that the input ends in: a closing begun does not count as content. */
static void comment_unclosed(struct html_parser *p, const char *from)
{
	const char *to = p->end;
	if (to - from >= 3 && memcmp(to - 3, "--!", 3) == 0)
		to -= 3;
	else
		for (int i = 0; i < 2 && to > from && to[-1] == '-'; i++)
			to--;
	p->at = p->end;
	comment_emit(p, from, to);
}

static void comment_read(struct html_parser *p, const char *from)
{
	const char *end = p->end;
	bool abrupt = (end - from >= 1 && from[0] == '>') || (end - from >= 2 && from[0] == '-' && from[1] == '>');
	if (abrupt) {
		p->at = from + (from[0] == '>' ? 1 : 2);
		comment_emit(p, from, from);
		return;
	}
	for (const char *at = from; (at = memchr(at, '>', (size_t)(end - at))) != NULL; at++) {
		ptrdiff_t dashes = at - from >= 2 && at[-1] == '-' && at[-2] == '-'                    ? 2
				   : at - from >= 3 && at[-1] == '!' && at[-2] == '-' && at[-3] == '-' ? 3
												       : 0;
		if (dashes) {
			p->at = at + 1;
			comment_emit(p, from, at - dashes);
			return;
		}
	}
	comment_unclosed(p, from);
}

/* ---- Doctype ---------------------------------------------------------------------------------------------- */

static const char *blank_skip(const char *at, const char *end)
{
	while (at < end && html_space(*at))
		at++;
	return at;
}

/* Quoted identifier AT its quote, inside a doctype that ends at STOP ('>' or the input's end). *CLOSED says whether
 * its quote came. NUL and CR are folded. */
static const char *identifier_read(struct html_parser *p, const char *at, struct span *out, bool *closed)
{
	const char *from = at + 1, *to = from;
	while (to < p->end && *to != *at && *to != '>')
		to++;
	*closed = to < p->end && *to == *at;
	*out = (struct span){from, (size_t)(to - from)};
	if (has_odd(*out))
		*out = html_decode(p, *out, DECODE_NUL_REPLACE);
	return *closed ? to + 1 : to;
}

static bool at_quote(const char *at, const char *end)
{
	return at < end && (*at == '"' || *at == '\'');
}

/* After the name: PUBLIC and SYSTEM identifiers. Returns where reading stopped; what is left up to '>' is dropped. */
static const char *identifiers_read(struct html_parser *p, const char *at)
{
	struct html_token *token = &p->token;
	struct span keyword = {at, p->end - at < 6 ? (size_t)(p->end - at) : 6};
	bool closed, public = span_equal_nocase(keyword, SPAN("public"));
	if (!public && !span_equal_nocase(keyword, SPAN("system"))) {
		token->force_quirks = true;
		return at;
	}
	at = blank_skip(at + 6, p->end);
	if (!at_quote(at, p->end)) {
		token->force_quirks = true;
		return at;
	}
	at = identifier_read(p, at, public ? &token->public_id : &token->system_id, &closed);
	token->force_quirks |= !closed;
	if (!closed || !public)
		return at;
	at = blank_skip(at, p->end);
	if (at_quote(at, p->end)) {
		at = identifier_read(p, at, &token->system_id, &closed);
		token->force_quirks |= !closed;
	} else if (at < p->end && *at != '>')
		token->force_quirks = true;
	return at;
}

static void doctype_read(struct html_parser *p, const char *at)
{
	struct html_token *token = &p->token;
	token->kind = TOKEN_DOCTYPE;
	token->name = token->public_id = token->system_id = SPAN_NONE;
	token->force_quirks = false;
	at = blank_skip(at, p->end);
	const char *name = at;
	while (at < p->end && *at != '>' && !html_space(*at))
		at++;
	if (at > name)
		token->name = html_name_fold(p, (struct span){name, (size_t)(at - name)});
	else
		token->force_quirks = true;
	at = blank_skip(at, p->end);
	if (at < p->end && *at != '>')
		at = identifiers_read(p, at);
	at = blank_skip(at, p->end);
	token->force_quirks |= at == p->end; /* once something else has come, the end says nothing more */
	const char *stop = memchr(at, '>', (size_t)(p->end - at));
	p->at = stop ? stop + 1 : p->end;
}

/* ---- "<!" ------------------------------------------------------------------------------------------------- */

static bool cdata_allowed(const struct html_parser *p)
{
	return p->cdata_allowed || (p->open_count > 0 && html_adjusted(p)->ns != HTML_NS_HTML);
}

void html_markup_declaration(struct html_parser *p, const char *at)
{
	struct span rest = {at + 2, (size_t)(p->end - at - 2)};
	if (at[1] == '?') {
		bogus_comment(p, at + 1);
	} else if (at[1] == '/') {
		bogus_comment(p, at + 2);
	} else if (span_starts(rest, SPAN("--"))) {
		comment_read(p, at + 4);
	} else if (span_starts_nocase(rest, SPAN("doctype"))) {
		doctype_read(p, at + 9);
	} else if (cdata_allowed(p) && span_starts(rest, SPAN("[CDATA["))) {
		p->at = at + 9;
		p->state = STATE_CDATA;
		p->token.kind = TOKEN_TEXT;
		p->token.text = (struct span){p->at, 0};
		if (p->at < p->end)
			html_raw_text(p);
	} else {
		bogus_comment(p, at + 2);
	}
}

/* ---- Raw text --------------------------------------------------------------------------------------------- */

/* Whether AT, a '<', begins the end tag that ends this text. */
static bool raw_end_tag(const struct html_parser *p, const char *at, struct span name)
{
	if (p->end - at < (ptrdiff_t)name.size + 3 || at[1] != '/' || name.size == 0)
		return false;
	char after = at[2 + name.size];
	return (html_space(after) || after == '/' || after == '>') &&
	       span_equal_nocase((struct span){at + 2, name.size}, name);
}

static const char *raw_find_end(struct html_parser *p, bool *special)
{
	char amp = p->state == STATE_RCDATA ? '&' : '<';
	const char *at = p->at;
	while ((at = html_scan(p->scan, at, p->end, '<', amp, special)) < p->end) {
		if (raw_end_tag(p, at, p->raw_name))
			return at;
		at++;
	}
	return at;
}

/* Whether "<script" or "</script" with a following blank, '/' or '>' stands AT. */
static bool script_tag(const struct html_parser *p, const char *at, bool end_tag)
{
	static const struct span names[2] = {{"<script", 7}, {"</script", 8}};
	struct span want = names[end_tag];
	if (p->end - at <= (ptrdiff_t)want.size)
		return false;
	char after = at[want.size];
	return (html_space(after) || after == '/' || after == '>') &&
	       span_equal_nocase((struct span){at, want.size}, want);
}

/* The "script data escaped" states from AT, the '<' of "<!--": returns where plain script data goes on ("-->"), or the
 * end tag, with *ENDED. Inside, a "<script" makes one "</script" part of the text. */
static const char *script_escaped(struct html_parser *p, const char *at, bool *ended)
{
	const char *dashes = at + 2; /* "-->" may share these dashes: "<!-->" */
	bool inner = false;
	for (at += 4; at < p->end; at++) {
		if (*at == '>' && at - dashes >= 2 && at[-1] == '-' && at[-2] == '-')
			return at + 1;
		if (*at != '<')
			continue;
		if (inner) {
			inner = !script_tag(p, at, true);
		} else if (raw_end_tag(p, at, p->raw_name)) {
			*ended = true;
			return at;
		} else {
			inner = script_tag(p, at, false);
		}
	}
	return at;
}

static const char *script_find_end(struct html_parser *p, bool *special)
{
	const char *at = p->at;
	while ((at = html_scan(p->scan, at, p->end, '<', '<', special)) < p->end) {
		if (raw_end_tag(p, at, p->raw_name))
			return at;
		if (p->end - at >= 4 && memcmp(at, "<!--", 4) == 0) {
			bool ended = false;
			const char *from = at;
			at = script_escaped(p, at, &ended);
			*special |= has_odd((struct span){from, (size_t)(at - from)});
			if (ended)
				return at;
		} else {
			at++;
		}
	}
	return at;
}

static const char *cdata_find_end(struct html_parser *p, bool *special)
{
	const char *at = p->at, *stop = p->end;
	while ((at = memchr(at, ']', (size_t)(p->end - at))) != NULL) {
		if (p->end - at >= 3 && at[1] == ']' && at[2] == '>') {
			stop = at;
			break;
		}
		at++;
	}
	*special = has_odd((struct span){p->at, (size_t)(stop - p->at)});
	return stop;
}

bool html_raw_text(struct html_parser *p)
{
	struct html_token *token = &p->token;
	bool special = false;
	const char *from = p->at, *to = p->end;
	token->kind = TOKEN_TEXT;
	token->state = p->state;
	if (p->state == STATE_CDATA)
		to = cdata_find_end(p, &special);
	else if (p->state == STATE_SCRIPT)
		to = script_find_end(p, &special);
	else if (p->state == STATE_PLAINTEXT)
		special = has_odd((struct span){from, (size_t)(to - from)});
	else
		to = raw_find_end(p, &special);
	p->at = to;
	if (p->state == STATE_CDATA && to < p->end)
		p->at = to + 3;
	if (p->state != STATE_PLAINTEXT)
		p->state = STATE_DATA;
	token->special = special;
	token->text = (struct span){from, (size_t)(to - from)};
	return token->text.size > 0;
}
