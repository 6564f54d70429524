/* metadata_body: the text of an article's body that JSON holds, as HTML or plain. */
#include "base/bytes8.h"
#include "extract/metadata_internal.h"

static bool ends_paragraph(struct span tag)
{
	static const char *const names[] = {"p",  "div", "br", "li",         "h1", "h2",    "h3",      "h4",    "h5",
					    "h6", "ul",  "ol", "blockquote", "tr", "table", "section", "figure"};
	size_t from = tag.size > 1 && tag.data[1] == '/' ? 2 : 1, to = from;
	while (to < tag.size &&
	       (ascii_is_alpha((unsigned char)tag.data[to]) || ascii_is_digit((unsigned char)tag.data[to])))
		to++;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_equal_nocase(span_slice(tag, from, to - from), span_of(names[i])))
			return true;
	return false;
}

/* Bytes of an element whose content is no text, from its start tag to its end tag; 0 for others. */
static size_t skip_element(struct span text)
{
	static const struct {
		const char *start, *end;
	} rows[] = {{"<script", "</script>"},
		    {"<style", "</style>"},
		    {"<figcaption", "</figcaption>"},
		    {"<!--", "-->"},
		    {"<iframe", "</iframe>"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (span_starts_nocase(text, span_of(rows[i].start))) {
			size_t end = span_find_nocase(text, span_of(rows[i].end));
			return end == SIZE_MAX ? 0 : end + span_of(rows[i].end).size;
		}
	return 0;
}

static void end_paragraph(struct buffer *out)
{
	while (out->size && ascii_is_space((unsigned char)out->data[out->size - 1]))
		out->size--;
	if (out->size)
		buffer_append(out, "\n\n", 2);
}

/* Bytes from the start of TEXT that are copied as they are: no blank, or one blank inside a line; the first may also be
 * a < or & that is none. */
static size_t plain_run(struct span text)
{
	uint64_t blank_before = 0;
	if ((unsigned char)*text.data <= ' ')
		return 0;
	for (size_t i = 1; i < text.size; i += 8) {
		uint64_t bytes = bytes8_at(text.data, i, text.size), blanks = bytes8_equal(bytes, ' ');
		uint64_t stop = bytes8_range(bytes, 0, ' ' - 1) | bytes8_equal(bytes, '<') | bytes8_equal(bytes, '&') |
				(blanks & (blanks << 8 | blank_before));
		if (stop) /* at the latest behind the end */
			return i + bytes8_first(stop) < text.size ? i + bytes8_first(stop) : text.size;
		blank_before = blanks >> 56;
	}
	return text.size;
}

struct span metadata_body_text(struct metadata_reader *reader, struct arena *arena, struct span text)
{
	struct buffer *out = &reader->text;
	buffer_clear(out);
	if (span_find(span_slice(text, 0, 2000), SPAN("&lt;p")) != SIZE_MAX) { /* escaped twice */
		for (size_t i = 0, used; i < text.size; i += used) {
			used = text.data[i] == '&' ? metadata_reference(span_slice(text, i, 12), out) : 0;
			if (!used) {
				buffer_append_byte(out, text.data[i]);
				used = 1;
			}
		}
		text = arena_copy(reader->arena, buffer_span(out));
		buffer_clear(out);
	}
	for (size_t i = 0; i < text.size;) {
		struct span rest = span_slice(text, i, SIZE_MAX);
		size_t used = 1;
		if (*rest.data == '<' && rest.size > 1 &&
		    (ascii_is_alpha((unsigned char)rest.data[1]) || rest.data[1] == '/' || rest.data[1] == '!')) {
			used = skip_element(rest);
			if (!used) {
				size_t end = span_find_byte(rest, '>');
				used = end == SIZE_MAX ? 1 : end + 1;
				if (used > 1 && ends_paragraph(span_slice(rest, 0, used)))
					end_paragraph(out);
				else if (used == 1)
					buffer_append_byte(out, '<');
			}
		} else if (*rest.data == '&' && (used = metadata_reference(rest, out)) > 0) {
		} else if (*rest.data == '\n' || *rest.data == '\r') {
			end_paragraph(out);
			used = 1;
		} else {
			used = plain_run(rest);
			if (used)
				buffer_append(out, rest.data, used);
			else if (out->size && !ascii_is_space((unsigned char)out->data[out->size - 1]))
				buffer_append_byte(out, ' ');
			used += used == 0;
		}
		i += used;
	}
	end_paragraph(out);
	struct span result = span_trim(buffer_span(out));
	if (!result.size || out->status != STATUS_OK)
		return SPAN_NONE;
	if (utf8_is_nfc(result))
		return arena_copy(arena, result);
	buffer_clear(&reader->scratch);
	return utf8_nfc(result, &reader->scratch) == STATUS_OK ? arena_copy(arena, buffer_span(&reader->scratch))
							       : SPAN_NONE;
}
