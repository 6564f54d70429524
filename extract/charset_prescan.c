/* charset_prescan: what a page says about its own encoding before it can be read: Content-Type, and meta elements found
 * by the byte scan of WHATWG HTML 13.2.3.2 ("prescan a byte stream to determine its encoding"). */
#include "extract/charset_internal.h"

/* ---- Content-Type ------------------------------------------------------------------------------------------ */

/* WHATWG HTML 2.5.4 "extracting a character encoding from a meta element", which is lenient enough for headers too. */
static struct span charset_parameter(struct span text)
{
	for (;;) {
		size_t at = span_find_nocase(text, SPAN("charset"));
		if (at == SIZE_MAX)
			return SPAN_NONE;
		text = span_slice(text, at + 7, SIZE_MAX);
		struct span rest = text;
		while (rest.size && ascii_is_space((unsigned char)rest.data[0]))
			rest = span_slice(rest, 1, SIZE_MAX);
		if (rest.size == 0 || rest.data[0] != '=')
			continue;
		rest = span_slice(rest, 1, SIZE_MAX);
		while (rest.size && ascii_is_space((unsigned char)rest.data[0]))
			rest = span_slice(rest, 1, SIZE_MAX);
		size_t n = 0;
		if (rest.size && (rest.data[0] == '"' || rest.data[0] == '\'')) {
			n = span_find_byte(span_slice(rest, 1, SIZE_MAX), rest.data[0]);
			return n == SIZE_MAX ? SPAN_NONE : span_slice(rest, 1, n);
		}
		while (n < rest.size && rest.data[n] != ';' && rest.data[n] != ',' &&
		       !ascii_is_space((unsigned char)rest.data[n]))
			n++;
		return span_slice(rest, 0, n);
	}
}

int charset_of_content_type(struct span content_type)
{
	return content_type.data ? charset_of_label(charset_parameter(content_type)) : CHARSET_NONE;
}

/* ---- Meta elements ------------------------------------------------------------------------------------------ */

struct scan {
	const char *at, *end;
};

static bool scan_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static struct span quoted(struct scan *scan)
{
	char quote = *scan->at++;
	const char *from = scan->at;
	while (scan->at < scan->end && *scan->at != quote)
		scan->at++;
	struct span value = {from, (size_t)(scan->at - from)};
	if (scan->at < scan->end)
		scan->at++;
	return value;
}

/* "Get an attribute": false at the tag's end. */
static bool attribute(struct scan *scan, struct span *name, struct span *value)
{
	while (scan->at < scan->end && (scan_space(*scan->at) || *scan->at == '/'))
		scan->at++;
	if (scan->at >= scan->end || *scan->at == '>')
		return false;
	const char *from = scan->at;
	while (scan->at < scan->end && !scan_space(*scan->at) && *scan->at != '/' && *scan->at != '>' &&
	       (*scan->at != '=' || scan->at == from))
		scan->at++;
	*name = (struct span){from, (size_t)(scan->at - from)};
	*value = SPAN("");
	const char *after = scan->at;
	while (after < scan->end && scan_space(*after))
		after++;
	if (after >= scan->end || *after != '=')
		return true;
	scan->at = after + 1;
	while (scan->at < scan->end && scan_space(*scan->at))
		scan->at++;
	if (scan->at >= scan->end)
		return true;
	if (*scan->at == '"' || *scan->at == '\'') {
		*value = quoted(scan);
		return true;
	}
	from = scan->at;
	while (scan->at < scan->end && !scan_space(*scan->at) && *scan->at != '>')
		scan->at++;
	*value = (struct span){from, (size_t)(scan->at - from)};
	return true;
}

/* The attributes of a meta tag: its encoding or CHARSET_NONE. Of equal names the first counts. */
static int meta_charset(struct scan *scan)
{
	struct span name, value, content = SPAN_NONE, charset = SPAN_NONE, http_equiv = SPAN_NONE;
	while (attribute(scan, &name, &value)) {
		if (span_equal_nocase(name, SPAN("http-equiv")) && !http_equiv.data)
			http_equiv = value;
		else if (span_equal_nocase(name, SPAN("content")) && !content.data)
			content = value;
		else if (span_equal_nocase(name, SPAN("charset")) && !charset.data)
			charset = value;
	}
	int found = CHARSET_NONE;
	if (charset.data)
		found = charset_of_label(charset);
	else if (content.data && span_equal_nocase(http_equiv, SPAN("content-type")))
		found = charset_of_content_type(content);
	if (found == CHARSET_UTF_16BE || found == CHARSET_UTF_16LE)
		return CHARSET_UTF_8; /* it could not have been read otherwise */
	return found == CHARSET_X_USER_DEFINED ? charset_windows_1252 : found;
}

/* Step over the markup AT '<'; returns an encoding when it was a meta element that names one. */
static int markup(struct scan *scan)
{
	struct span rest = {scan->at, (size_t)(scan->end - scan->at)};
	if (span_starts(rest, SPAN("<!--"))) {
		size_t close = span_find(span_slice(rest, 2, SIZE_MAX), SPAN("-->"));
		scan->at = close == SIZE_MAX ? scan->end : scan->at + 2 + close + 3;
		return CHARSET_NONE;
	}
	if (span_starts_nocase(rest, SPAN("<meta")) && rest.size > 5 &&
	    (scan_space(rest.data[5]) || rest.data[5] == '/')) {
		scan->at += 5;
		return meta_charset(scan);
	}
	size_t letter = rest.size > 1 && rest.data[1] == '/' ? 2 : 1;
	if (rest.size > letter && ascii_is_alpha((unsigned char)rest.data[letter])) {
		struct span name, value;
		scan->at += letter;
		while (scan->at < scan->end && !scan_space(*scan->at) && *scan->at != '>')
			scan->at++;
		while (attribute(scan, &name, &value))
			;
		return CHARSET_NONE;
	}
	if (rest.size > 1 && (rest.data[1] == '!' || rest.data[1] == '/' || rest.data[1] == '?')) {
		const char *close = memchr(scan->at, '>', rest.size);
		scan->at = close ? close : scan->end;
		return CHARSET_NONE;
	}
	scan->at++;
	return CHARSET_NONE;
}

int charset_prescan(struct span bytes)
{
	struct scan scan = {bytes.data, bytes.data + bytes.size};
	while (scan.at < scan.end) {
		scan.at = memchr(scan.at, '<', (size_t)(scan.end - scan.at));
		if (scan.at == NULL)
			break;
		int found = markup(&scan);
		if (found != CHARSET_NONE)
			return found;
	}
	return CHARSET_NONE;
}
