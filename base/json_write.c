/* json_write: an escaper and commas. Output is one line, no white space, so the same values are always the same bytes.
 */
#include "base/base.h"

#include <stdio.h>

/* Bytes that cannot stand in a string as they are. U+2028 and U+2029 are legal in JSON and left alone. */
static bool plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != 0x7F;
}

static void escape_byte(struct buffer *out, unsigned char c)
{
	static const char *const hex = "0123456789abcdef";
	static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char form[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
	for (const char *pair = short_forms; *pair; pair += 2)
		if ((unsigned char)*pair == c) {
			form[1] = pair[1];
			buffer_append(out, form, 2);
			return;
		}
	buffer_append(out, form, 6);
}

void json_escape(struct buffer *out, struct span text)
{
	buffer_append_byte(out, '"');
	size_t from = 0;
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (plain(c))
			continue;
		buffer_append(out, text.data + from, i - from);
		escape_byte(out, c);
		from = i + 1;
	}
	if (text.size)
		buffer_append(out, text.data + from, text.size - from);
	buffer_append_byte(out, '"');
}

void json_start(struct json_writer *writer, struct buffer *out)
{
	*writer = (struct json_writer){.out = out};
}

static void separate(struct json_writer *writer)
{
	if (writer->comma)
		buffer_append_byte(writer->out, ',');
	writer->comma = true;
}

void json_begin(struct json_writer *writer, char bracket)
{
	separate(writer);
	buffer_append_byte(writer->out, bracket);
	writer->comma = false;
}

void json_end(struct json_writer *writer, char bracket)
{
	buffer_append_byte(writer->out, bracket);
	writer->comma = true;
}

void json_key(struct json_writer *writer, const char *key)
{
	separate(writer);
	json_escape(writer->out, span_of(key));
	buffer_append_byte(writer->out, ':');
	writer->comma = false;
}

void json_text(struct json_writer *writer, struct span text)
{
	separate(writer);
	if (text.data)
		json_escape(writer->out, text);
	else
		buffer_append_span(writer->out, SPAN("null"));
}

void json_uint(struct json_writer *writer, uint64_t value)
{
	separate(writer);
	buffer_print(writer->out, "%llu", (unsigned long long)value);
}

void json_int(struct json_writer *writer, int64_t value)
{
	separate(writer);
	buffer_print(writer->out, "%lld", (long long)value);
}

void json_real(struct json_writer *writer, double value, int decimals)
{
	char text[400];
	separate(writer);
	if (!(value - value == 0)) { /* neither infinities nor NaN exist in JSON */
		buffer_append_span(writer->out, SPAN("null"));
		return;
	}
	snprintf(text, sizeof text, "%.*f", decimals, value);
	for (char *c = text; *c; c++)
		if (*c == ',')
			*c = '.';
	buffer_append_span(writer->out, span_of(text));
}

void json_bool(struct json_writer *writer, bool value)
{
	separate(writer);
	buffer_append_span(writer->out, value ? SPAN("true") : SPAN("false"));
}

void json_raw(struct json_writer *writer, struct span value)
{
	separate(writer);
	buffer_append_span(writer->out, value);
}

void json_put_text(struct json_writer *writer, const char *key, struct span text)
{
	if (!text.size)
		return;
	json_key(writer, key);
	json_text(writer, text);
}

void json_put_uint(struct json_writer *writer, const char *key, uint64_t value)
{
	json_key(writer, key);
	json_uint(writer, value);
}
