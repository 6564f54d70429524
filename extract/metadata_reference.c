/* metadata_reference: character references in metadata, where no tree has decoded them: values of JSON and attributes
 * that were encoded twice. The few names that occur, and numbers. */
#include "extract/metadata_internal.h"

static const struct {
	const char *name, *text;
} references[] = {{"&amp;", "&"},
		  {"&quot;", "\""},
		  {"&#039;", "'"},
		  {"&#39;", "'"},
		  {"&apos;", "'"},
		  {"&lt;", "<"},
		  {"&gt;", ">"},
		  {"&nbsp;", " "},
		  {"&#8217;", "\xE2\x80\x99"},
		  {"&#8216;", "\xE2\x80\x98"},
		  {"&#8220;", "\xE2\x80\x9C"},
		  {"&#8221;", "\xE2\x80\x9D"},
		  {"&#8211;", "\xE2\x80\x93"},
		  {"&#8212;", "\xE2\x80\x94"},
		  {"&rsquo;", "\xE2\x80\x99"},
		  {"&lsquo;", "\xE2\x80\x98"},
		  {"&ldquo;", "\xE2\x80\x9C"},
		  {"&rdquo;", "\xE2\x80\x9D"},
		  {"&ndash;", "\xE2\x80\x93"},
		  {"&mdash;", "\xE2\x80\x94"},
		  {"&#8230;", "\xE2\x80\xA6"},
		  {"&hellip;", "\xE2\x80\xA6"},
		  {"&#x27;", "'"},
		  {"&#038;", "&"},
		  {"&#38;", "&"},
		  {"&#34;", "\""}};

size_t metadata_reference(struct span text, struct buffer *out)
{
	for (size_t i = 0; i < sizeof references / sizeof *references; i++)
		if (span_starts(text, span_of(references[i].name))) {
			buffer_append_span(out, span_of(references[i].text));
			return span_of(references[i].name).size;
		}
	uint32_t code = 0;
	size_t i = 2, base = 10;
	if (text.size < 4 || text.data[1] != '#')
		return 0;
	if (text.data[2] == 'x' || text.data[2] == 'X')
		base = 16, i = 3;
	for (; i < text.size && i < 10 && text.data[i] != ';'; i++) {
		unsigned char c = ascii_lower((unsigned char)text.data[i]);
		unsigned digit = ascii_is_digit(c) ? c - 48u : c >= 'a' && c <= 'f' ? c - 'a' + 10u : 99;
		if (digit >= base)
			return 0;
		code = code * (uint32_t)base + digit;
	}
	if (i >= text.size || text.data[i] != ';' || code < ' ')
		return 0;
	char bytes[4];
	buffer_append(out, bytes, utf8_encode(code, bytes));
	return i + 1;
}
