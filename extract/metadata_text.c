/* metadata_text: the texts of elements and values, as evidence compares them.
 *
 * White space is collapsed, invisible characters go, references that double escaping left are decoded. Runs that stay
 * as they are, nearly all of every text, are copied whole. */
#include "base/bytes8.h"
#include "extract/metadata_internal.h"

static bool invisible(uint32_t code)
{
	return code == 0xAD || (code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
	       code == 0x2060 || code == 0xFEFF || code == 0xFFFD;
}

static bool blank(uint32_t code)
{
	return code <= ' ' || (code >= 0x7F && code <= 0xA0) || code == 0x3000 || (code >= 0x2000 && code <= 0x200A) ||
	       code == 0x2028 || code == 0x2029 || code == 0x202F;
}

/* Bytes at the start of TEXT that stay as they are: solid ASCII, and single blanks between it. */
static size_t solid_run(struct span text)
{
	size_t size = 0;
	uint64_t blank_before = 0x80; /* a run does not begin with a blank */
	for (; size < text.size; size += 8) {
		uint64_t bytes = bytes8_at(text.data, size, text.size), blanks = bytes8_equal(bytes, ' ');
		uint64_t stop = (~(bytes8_range(bytes, '!', '~') | blanks) & BYTES8_HIGH) |
				(blanks & (blanks << 8 | blank_before));
		if (stop) {
			size += bytes8_first(stop);
			break;
		}
		blank_before = blanks >> 56;
	}
	if (size > text.size)
		size = text.size;
	return size && text.data[size - 1] == ' ' ? size - 1 : size;
}

/* Append TEXT with white space collapsed; a blank in front where OUT ends in text and GAP is set. */
static void append_collapsed(struct buffer *out, struct span text, bool gap)
{
	if (!text.size)
		return;
	for (const char *at = text.data, *end = at + text.size; at < end;) {
		const char *start = at;
		unsigned char c = (unsigned char)*at;
		if (c <= ' ') {
			gap = true;
			at++;
			continue;
		}
		if (c < 0x7F) { /* a run that stays as it is */
			at += solid_run((struct span){at, (size_t)(end - at)});
		} else {
			uint32_t code = utf8_next(&at, end);
			gap |= blank(code);
			if (blank(code) || invisible(code))
				continue;
		}
		if (gap && out->size)
			buffer_append_byte(out, ' ');
		gap = false;
		buffer_append(out, start, (size_t)(at - start));
	}
	if (gap && out->size && out->data[out->size - 1] != ' ')
		buffer_append_byte(out, ' ');
}

static bool is_inline(enum html_tag tag)
{
	switch (tag) {
	case HTML_TAG_A:
	case HTML_TAG_SPAN:
	case HTML_TAG_B:
	case HTML_TAG_I:
	case HTML_TAG_EM:
	case HTML_TAG_STRONG:
	case HTML_TAG_FONT:
	case HTML_TAG_U:
	case HTML_TAG_S:
	case HTML_TAG_SUB:
	case HTML_TAG_SUP:
	case HTML_TAG_MARK:
	case HTML_TAG_WBR:
	case HTML_TAG_SMALL:
	case HTML_TAG_ABBR:
	case HTML_TAG_BDI:
	case HTML_TAG_TIME:
	case HTML_TAG_CITE:
		return true;
	default:
		return false;
	}
}

bool metadata_hidden_tag(enum html_tag tag)
{
	return tag == HTML_TAG_SCRIPT || tag == HTML_TAG_STYLE || tag == HTML_TAG_SVG || tag == HTML_TAG_TEMPLATE ||
	       tag == HTML_TAG_SELECT || tag == HTML_TAG_TEXTAREA || tag == HTML_TAG_MATH || tag == HTML_TAG_IFRAME;
}

enum { NAME_TEXT_MAX = 160 };

struct span metadata_text(struct metadata_reader *reader, uint32_t node, size_t max)
{
	const struct html_tree *tree = reader->page->tree;
	struct buffer *out = &reader->text;
	unsigned steps = 0;
	bool gap = false;
	buffer_clear(out);
	for (uint32_t at = html_first(tree, node); at != HTML_NONE;) {
		if (++steps > 80 || out->size > max)
			return SPAN_NONE;
		bool skip = false;
		if (html_kind(tree, at) == HTML_TEXT) {
			/* "By<a>Name" and "Name<span>Role": a boundary that only style shows */
			struct span text = html_text(tree, at);
			if (!gap && out->size && text.size && *text.data >= 'A' && *text.data <= 'Z' &&
			    (out->data[out->size - 1] >= 'a' && out->data[out->size - 1] <= 'z'))
				gap = max <= NAME_TEXT_MAX;
			append_collapsed(out, text, gap);
			gap = false;
		} else if (html_kind(tree, at) == HTML_ELEMENT) {
			skip = metadata_hidden_tag(html_tag(tree, at)) || html_tag(tree, at) == HTML_TAG_BUTTON;
			gap |= !is_inline(html_tag(tree, at));
		}
		at = skip ? html_skip(tree, at, node) : html_walk(tree, at, node);
	}
	struct span text = span_trim(buffer_span(out));
	return text.size && text.size <= max ? arena_copy(reader->arena, text) : SPAN_NONE;
}

/* Whether cleaning would leave TEXT as it is. */
static bool is_clean(struct span text)
{
	if (!text.size || (unsigned char)*text.data <= ' ' || (unsigned char)*text.data >= 0x7F ||
	    solid_run(text) < text.size)
		return false;
	for (size_t i = 0; i < text.size; i += 8) {
		uint64_t bytes = bytes8_at(text.data, i, text.size);
		if (bytes8_equal(bytes, '&') | bytes8_equal(bytes, '<'))
			return false;
	}
	return true;
}

struct span metadata_clean(struct metadata_reader *reader, struct span text)
{
	struct buffer *out = &reader->scratch;
	if (is_clean(text))
		return text;
	if (span_find_byte(text, '&') != SIZE_MAX || span_find_byte(text, '<') != SIZE_MAX) {
		buffer_clear(out);
		for (size_t i = 0; i < text.size;) {
			struct span rest = span_slice(text, i, SIZE_MAX);
			size_t used = 0;
			if (*rest.data == '&') {
				used = metadata_reference(rest, out);
			} else if (*rest.data == '<' && rest.size > 1 &&
				   (ascii_is_alpha((unsigned char)rest.data[1]) || rest.data[1] == '/')) {
				size_t end = span_find_byte(rest, '>');
				used = end == SIZE_MAX ? 0 : end + 1;
				if (used)
					buffer_append_byte(out, ' ');
			}
			if (!used) {
				buffer_append_byte(out, *rest.data);
				used = 1;
			}
			i += used;
		}
		text = arena_copy(reader->arena, buffer_span(out));
	}
	buffer_clear(out);
	append_collapsed(out, text, false);
	return arena_copy(reader->arena, span_trim(buffer_span(out)));
}
