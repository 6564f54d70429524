/* url: addresses as archives hold them, often not quite RFC 3986. Parts are spans of the text; nothing is rejected that
 * a browser would have fetched. Registered domains come from the Public Suffix List of libpsl where it is built in. */
#include "base/base.h"

#include <stdlib.h>
#ifdef WARCMILL_HAVE_PSL
#include <libpsl.h>
#endif

enum { URL_MAX = 1 << 16 };

static size_t find_any(struct span text, const char *set)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] && strchr(set, text.data[i]))
			return i;
	return SIZE_MAX;
}

/* Cut what follows MARK (mark dropped) off TEXT. */
static struct span cut_tail(struct span *text, char mark)
{
	size_t at = span_find_byte(*text, mark);
	if (at == SIZE_MAX)
		return SPAN_NONE;
	struct span tail = span_slice(*text, at + 1, SIZE_MAX);
	text->size = at;
	return tail;
}

static bool is_scheme(struct span text)
{
	if (!text.size || !ascii_is_alpha((unsigned char)*text.data))
		return false;
	for (size_t i = 1; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '+' && c != '-' && c != '.')
			return false;
	}
	return true;
}

static void parse_authority(struct span authority, struct url *url)
{
	for (size_t i = authority.size; i-- > 0;)
		if (authority.data[i] == '@') {
			url->user = span_slice(authority, 0, i);
			authority = span_slice(authority, i + 1, SIZE_MAX);
			break;
		}
	size_t colon = SIZE_MAX;
	for (size_t i = authority.size; i-- > 0 && authority.data[i] != ']';)
		if (authority.data[i] == ':')
			colon = i;
	if (colon != SIZE_MAX) {
		url->port = span_slice(authority, colon + 1, SIZE_MAX);
		authority.size = colon;
	}
	url->host = authority;
}

/* Everything behind the scheme: //authority path ? query # fragment. */
static void parse_rest(struct span rest, struct url *url)
{
	url->fragment = cut_tail(&rest, '#');
	url->query = cut_tail(&rest, '?');
	if (span_starts(rest, SPAN("//"))) {
		rest = span_slice(rest, 2, SIZE_MAX);
		size_t slash = span_find_byte(rest, '/');
		parse_authority(span_slice(rest, 0, slash), url);
		rest = slash == SIZE_MAX ? span_slice(rest, rest.size, 0) : span_slice(rest, slash, SIZE_MAX);
	}
	url->path = rest;
}

bool url_parse(struct span text, struct url *url)
{
	*url = (struct url){0};
	text = span_trim(text);
	size_t colon = find_any(text, ":/?#");
	if (colon == SIZE_MAX || text.data[colon] != ':' || !is_scheme(span_slice(text, 0, colon)))
		return false;
	url->scheme = span_slice(text, 0, colon);
	parse_rest(span_slice(text, colon + 1, SIZE_MAX), url);
	return true;
}

/* RFC 3986 §5.2.4 on segments: "." goes, ".." takes the one before it along. Appends to OUT. */
static void append_without_dots(struct buffer *out, struct span path)
{
	size_t base = out->size;
	while (path.size) {
		bool slash = *path.data == '/';
		struct span rest = span_slice(path, slash, SIZE_MAX);
		size_t end = span_find_byte(rest, '/');
		struct span segment = span_slice(rest, 0, end);
		bool last = end == SIZE_MAX;
		path = last ? span_slice(rest, rest.size, 0) : span_slice(rest, end, SIZE_MAX);
		bool one = span_equal(segment, SPAN(".")), two = span_equal(segment, SPAN(".."));
		if (two)
			while (out->size > base && out->data[--out->size] != '/')
				;
		if (one || two) {
			if (last)
				buffer_append_byte(out, '/');
			continue;
		}
		if (slash)
			buffer_append_byte(out, '/');
		buffer_append_span(out, segment);
	}
}

static void append_mark(struct buffer *out, const char *mark, struct span part)
{
	if (!part.data)
		return;
	buffer_append_span(out, span_of(mark));
	buffer_append_span(out, part);
}

static void append_authority(struct buffer *out, const struct url *url)
{
	if (!url->host.data)
		return;
	buffer_append_span(out, SPAN("//"));
	if (url->user.data) {
		buffer_append_span(out, url->user);
		buffer_append_byte(out, '@');
	}
	buffer_append_span(out, url->host);
	append_mark(out, ":", url->port);
}

/* The base's path up to its last slash. */
static struct span path_folder(struct span path)
{
	for (size_t i = path.size; i-- > 0;)
		if (path.data[i] == '/')
			return span_slice(path, 0, i + 1);
	return SPAN("/");
}

static void resolve_relative(struct buffer *out, const struct url *base, struct url *reference)
{
	struct buffer joined;
	buffer_init(&joined, 2 * URL_MAX);
	buffer_append_span(out, base->scheme);
	buffer_append_byte(out, ':');
	append_authority(out, reference->host.data ? reference : base);
	if (!reference->host.data && !reference->path.size) {
		buffer_append_span(out, base->path);
		if (!reference->query.data)
			reference->query = base->query;
	} else {
		if (!reference->host.data && *reference->path.data != '/')
			buffer_append_span(&joined, path_folder(base->path));
		buffer_append_span(&joined, reference->path);
		append_without_dots(out, buffer_span(&joined));
	}
	append_mark(out, "?", reference->query);
	append_mark(out, "#", reference->fragment);
	if (joined.status != STATUS_OK)
		out->status = joined.status;
	buffer_free(&joined);
}

struct span url_resolve(struct arena *arena, struct span base_text, struct span text)
{
	struct url base, reference;
	text = span_trim(text);
	if (!text.data || text.size > URL_MAX || base_text.size > URL_MAX)
		return SPAN_NONE;
	if (url_parse(text, &reference))
		return arena_copy(arena, text);
	if (!base_text.data || !url_parse(base_text, &base))
		return SPAN_NONE;
	parse_rest(text, &reference);
	struct buffer out;
	buffer_init(&out, 4 * URL_MAX);
	resolve_relative(&out, &base, &reference);
	struct span resolved = out.status == STATUS_OK ? arena_copy(arena, buffer_span(&out)) : SPAN_NONE;
	buffer_free(&out);
	return resolved;
}

static char *lower_copy(struct arena *arena, struct span text)
{
	char *copy = (char *)arena_copy(arena, text).data;
	for (size_t i = 0; copy && i < text.size; i++)
		copy[i] = (char)ascii_lower((unsigned char)copy[i]);
	return copy;
}

struct span url_host(struct arena *arena, struct span text)
{
	struct url url;
	if (!text.data || !url_parse(text, &url) || !url.host.size || url.host.size > 1024)
		return SPAN_NONE;
	while (url.host.size > 1 && url.host.data[url.host.size - 1] == '.')
		url.host.size--;
	const char *host = lower_copy(arena, url.host);
	return host ? (struct span){host, url.host.size} : SPAN_NONE;
}

static bool is_address(struct span host)
{
	if (span_find_byte(host, ':') != SIZE_MAX)
		return true;
	for (size_t i = 0; i < host.size; i++)
		if (!ascii_is_digit((unsigned char)host.data[i]) && host.data[i] != '.')
			return false;
	return true;
}

#ifndef WARCMILL_HAVE_PSL
static struct span last_two_labels(struct span host)
{
	int dots = 0;
	for (size_t i = host.size; i-- > 0;)
		if (host.data[i] == '.' && ++dots == 2)
			return span_slice(host, i + 1, SIZE_MAX);
	return host;
}
#endif

struct span host_registered_domain(struct arena *arena, struct span host)
{
	const char *name = host.size ? lower_copy(arena, host) : NULL;
	if (!name)
		return SPAN_NONE;
	struct span lower = {name, host.size};
	if (is_address(lower))
		return lower;
#ifdef WARCMILL_HAVE_PSL
	const char *domain = psl_registrable_domain(psl_builtin(), name);
	return domain ? span_of(domain) : lower;
#else
	return last_two_labels(lower);
#endif
}

static bool default_port(const struct url *url)
{
	return !url->port.size || (span_equal_nocase(url->scheme, SPAN("http")) && span_equal(url->port, SPAN("80"))) ||
	       (span_equal_nocase(url->scheme, SPAN("https")) && span_equal(url->port, SPAN("443")));
}

static void append_lower(struct buffer *out, struct span text)
{
	size_t at = out->size;
	if (buffer_append_span(out, text) == STATUS_OK)
		for (; at < out->size; at++)
			out->data[at] = (char)ascii_lower((unsigned char)out->data[at]);
}

/* "www", "www2", "www12" … */
static struct span without_www(struct span host)
{
	if (!span_starts_nocase(host, SPAN("www")))
		return host;
	size_t i = 3;
	while (i < host.size && ascii_is_digit((unsigned char)host.data[i]))
		i++;
	return i < host.size && host.data[i] == '.' ? span_slice(host, i + 1, SIZE_MAX) : host;
}

static void append_host_reversed(struct buffer *out, struct span host)
{
	if (is_address(host)) {
		append_lower(out, host);
		return;
	}
	while (host.size) {
		size_t dot = host.size;
		while (dot > 0 && host.data[dot - 1] != '.')
			dot--;
		append_lower(out, span_slice(host, dot, SIZE_MAX));
		if (dot)
			buffer_append_byte(out, ',');
		host.size = dot ? dot - 1 : 0;
	}
}

static int by_bytes(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* The query's parameters in byte order, lower case, as pywb's canonicaliser has them. */
static void append_query_sorted(struct buffer *out, struct span query)
{
	struct span part[256], piece;
	size_t count = 0;
	size_t from = out->size;
	append_lower(out, query);
	if (out->status != STATUS_OK)
		return;
	struct buffer copy;
	buffer_init(&copy, URL_MAX);
	buffer_append(&copy, out->data + from, out->size - from);
	struct span rest = buffer_span(&copy);
	while (count < 256 && span_cut(&rest, '&', &piece))
		part[count++] = piece;
	if (copy.status == STATUS_OK && !rest.data) {
		qsort(part, count, sizeof *part, by_bytes);
		out->size = from;
		for (size_t i = 0; i < count; i++) {
			if (i)
				buffer_append_byte(out, '&');
			buffer_append_span(out, part[i]);
		}
	}
	buffer_free(&copy);
}

enum status url_surt(struct span text, struct buffer *out)
{
	struct url url;
	if (!url_parse(text, &url) || !url.host.size) {
		append_lower(out, span_trim(text));
		return out->status;
	}
	while (url.host.size > 1 && url.host.data[url.host.size - 1] == '.')
		url.host.size--;
	append_host_reversed(out, without_www(url.host));
	if (!default_port(&url))
		append_mark(out, ":", url.port);
	buffer_append_byte(out, ')');
	struct span path = url.path;
	while (path.size > 1 && path.data[path.size - 1] == '/')
		path.size--;
	if (!path.size)
		buffer_append_byte(out, '/');
	append_lower(out, path);
	if (url.query.size) {
		buffer_append_byte(out, '?');
		append_query_sorted(out, url.query);
	}
	return out->status;
}

enum status url_canonical_key(struct span text, struct buffer *out)
{
	struct url url;
	if (!url_parse(text, &url) || !url.host.size)
		return buffer_append_span(out, span_trim(text));
	struct span host = url.host, path = url.path;
	while (host.size > 1 && host.data[host.size - 1] == '.')
		host.size--;
	append_lower(out, without_www(host));
	if (!default_port(&url))
		append_mark(out, ":", url.port);
	while (path.size && path.data[path.size - 1] == '/')
		path.size--;
	buffer_append_span(out, path);
	if (url.query.size)
		append_mark(out, "?", url.query);
	return out->status;
}
