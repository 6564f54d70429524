/* mime: what a body is, by its first bytes (WHATWG MIME Sniffing §7, the rows that archives need). Servers' labels are
 * believed where they say HTML, unless the bytes are plainly something else; where they say nothing, the bytes decide.
 */
#include "corpus/corpus_internal.h"

static const struct {
	const char *bytes;
	uint8_t size;
	const char *type;
} magics[] = {
	{"%PDF-", 5, "application/pdf"},
	{"\x89PNG\r\n\x1A\n", 8, "image/png"},
	{"GIF87a", 6, "image/gif"},
	{"GIF89a", 6, "image/gif"},
	{"\xFF\xD8\xFF", 3, "image/jpeg"},
	{"RIFF", 4, "application/octet-stream"},
	{"PK\x03\x04", 4, "application/zip"},
	{"\x1F\x8B\x08", 3, "application/gzip"},
	{"\x28\xB5\x2F\xFD", 4, "application/zstd"},
	{"%!PS-Adobe-", 11, "application/postscript"},
	{"wOFF", 4, "font/woff"},
	{"wOF2", 4, "font/woff2"},
	{"\x7F\x45LF", 4, "application/octet-stream"},
};

/* Tag names that start an HTML page when a blank or '>' follows. */
static const char *const openings[] = {
	"<!doctype html", "<html",  "<head", "<script", "<iframe", "<h1", "<div",  "<font", "<table", "<a",
	"<style",         "<title", "<b",    "<body",   "<br",     "<p",  "<meta", "<link",
};

static bool opens_html(struct span text)
{
	if (span_starts(text, SPAN("<!--")))
		return true;
	for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
		struct span opening = span_of(openings[i]);
		if (span_starts_nocase(text, opening) && text.size > opening.size &&
		    (text.data[opening.size] == '>' || ascii_is_space((unsigned char)text.data[opening.size])))
			return true;
	}
	return false;
}

static bool has_xhtml(struct span text)
{
	text = span_slice(text, 0, 1024);
	return span_find(text, SPAN("http://www.w3.org/1999/xhtml")) != SIZE_MAX ||
	       span_find_nocase(text, SPAN("<!doctype html")) != SIZE_MAX ||
	       span_find_nocase(text, SPAN("<html")) != SIZE_MAX;
}

const char *mime_sniff(struct span body)
{
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (span_starts(body, (struct span){magics[i].bytes, magics[i].size}))
			return magics[i].type;
	if (span_starts(body, SPAN("\xEF\xBB\xBF")))
		body = span_slice(body, 3, SIZE_MAX);
	while (body.size && ascii_is_space((unsigned char)*body.data))
		body = span_slice(body, 1, SIZE_MAX);
	if (opens_html(body))
		return "text/html";
	if (span_starts_nocase(body, SPAN("<?xml")))
		return has_xhtml(body) ? "application/xhtml+xml" : "application/xml";
	struct span head = span_slice(body, 0, 1024);
	/* A page in UTF-16 has zero bytes; its mark tells. */
	bool utf16 = span_starts(head, SPAN("\xFF\xFE")) || span_starts(head, SPAN("\xFE\xFF"));
	return span_find_byte(head, '\0') != SIZE_MAX && !utf16 ? "application/octet-stream" : "text/plain";
}

struct span mime_essence(struct span content_type)
{
	struct span head = SPAN_NONE;
	span_cut(&content_type, ';', &head);
	head = span_trim(head);
	return head.size && head.size < 128 ? head : SPAN_NONE;
}

bool mime_is_html(struct span essence)
{
	return span_equal_nocase(essence, SPAN("text/html")) ||
	       span_equal_nocase(essence, SPAN("application/xhtml+xml")) ||
	       span_equal_nocase(essence, SPAN("application/vnd.wap.xhtml+xml"));
}

bool mime_is_unknown(struct span essence)
{
	return !essence.size || span_find_byte(essence, '/') == SIZE_MAX ||
	       span_equal_nocase(essence, SPAN("unknown/unknown")) ||
	       span_equal_nocase(essence, SPAN("application/unknown")) || span_equal(essence, SPAN("*/*")) ||
	       span_equal_nocase(essence, SPAN("no-type"));
}
