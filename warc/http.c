/* http: the HTTP message in a record's block (RFC 9112), as servers and crawlers really write it: any "HTTP/x" status
 * line, line ends CRLF or LF, encodings claimed in vain, bodies that end early. Nothing here fails on bad data; flags
 * tell. */
#include "warc/body.h"
#include "warc/reader_internal.h"

/* Does the block begin with a status line, a request line? */
static bool is_status_line(struct span block)
{
	if (!span_starts_nocase(block, SPAN("HTTP")))
		return false;
	size_t i = 4;
	while (i < block.size && i < 16 && (unsigned char)block.data[i] > ' ') /* "/1.1", "/2", "X/1.1", nothing */
		i++;
	return i < block.size && i < 16;
}

static bool is_request_line(struct span block)
{
	size_t end = span_find_byte(span_slice(block, 0, 64 * KIB), '\n');
	if (end == SIZE_MAX)
		return false;
	struct span line = span_trim((struct span){block.data, end});
	size_t last = line.size;
	while (last && line.data[last - 1] != ' ')
		last--;
	return last && span_starts_nocase((struct span){line.data + last, line.size - last}, SPAN("HTTP/"));
}

static int status_of(struct span line)
{
	size_t i = span_find_byte(line, ' ');
	if (i == SIZE_MAX)
		return 0;
	while (i < line.size && line.data[i] == ' ')
		i++;
	int status = 0, digits = 0;
	for (; i < line.size && digits < 3 && ascii_is_digit((unsigned char)line.data[i]); i++, digits++)
		status = 10 * status + (line.data[i] - '0');
	return digits == 3 ? status : 0;
}

static void note(struct warc_http *http, enum decode decode)
{
	http->truncated |= decode == DECODE_PART;
	http->too_large |= decode == DECODE_LARGE;
	http->undecoded |= decode == DECODE_NOT || decode == DECODE_UNKNOWN;
}

#define CODINGS_MAX 4 /* more, nested, is an attack */

/* All codings NAME lists, in the order they were applied. */
static size_t list_codings(const struct warc_http *http, const char *name, struct span codings[CODINGS_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < http->field_count; i++) {
		if (!span_equal_nocase(http->fields[i].name, span_of(name)))
			continue;
		struct span rest = http->fields[i].value, piece;
		while (count < CODINGS_MAX && span_cut(&rest, ',', &piece)) {
			piece = span_trim(piece);
			if (piece.size)
				codings[count++] = piece;
		}
	}
	return count;
}

/* Take transfer codings off. What is left is the entity. */
static enum status take_transfer(struct warc_reader *reader, struct warc_http *http)
{
	struct span codings[CODINGS_MAX];
	size_t count = list_codings(http, "Transfer-Encoding", codings);
	http->entity = http->raw_body;
	while (count--) {
		struct span out = http->entity;
		enum decode decode = span_equal_nocase(codings[count], SPAN("chunked"))
					     ? body_dechunk(reader->decoder, http->entity, &out)
					     : body_decode(reader->decoder, codings[count], http->entity, &out);
		if (decode == DECODE_MEMORY)
			return fault_set(NULL, STATUS_MEMORY, 0, "out of memory");
		note(http, decode);
		if (decode == DECODE_NOT || decode == DECODE_UNKNOWN)
			continue;
		http->entity = out;
		if (decode != DECODE_WHOLE)
			break;
	}
	http->body = http->entity;
	return STATUS_OK;
}

static bool is_text_type(struct span type)
{
	static const char *const types[] = {"text/", "application/xhtml", "application/xml", "application/json"};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (span_starts_nocase(type, span_of(types[i])))
			return true;
	return false;
}

static enum status take_content(struct warc_reader *reader, struct warc_http *http)
{
	struct span codings[CODINGS_MAX];
	size_t count = list_codings(http, "Content-Encoding", codings);
	bool whole = true;
	while (count-- && whole && http->body.size) {
		enum decode decode = body_decode(reader->decoder, codings[count], http->body, &http->body);
		if (decode == DECODE_MEMORY)
			return fault_set(NULL, STATUS_MEMORY, 0, "out of memory");
		note(http, decode);
		whole = decode == DECODE_WHOLE || decode == DECODE_NOT;
	}
	/* Encoded once more than the header says: text never begins like gzip. */
	if (whole && http->body.size > 18 && !memcmp(http->body.data, "\x1f\x8b\x08", 3) &&
	    is_text_type(http->content_type)) {
		enum decode decode = body_decode(reader->decoder, SPAN("gzip"), http->body, &http->body);
		if (decode == DECODE_MEMORY)
			return fault_set(NULL, STATUS_MEMORY, 0, "out of memory");
		note(http, decode);
	}
	return STATUS_OK;
}

/* Shorter than Content-Length says, where that means anything. */
static bool is_short(const struct warc_record *record, const struct warc_http *http)
{
	uint64_t length;
	if (record->type == WARC_TYPE_REVISIT || http->status < 200 || http->status == 204 || http->status == 304)
		return false;
	if (warc_field_get(http->fields, http->field_count, "Transfer-Encoding").data)
		return false;
	struct span value = warc_field_get(http->fields, http->field_count, "Content-Length");
	return value.size && span_to_u64(value, &length) && http->raw_body.size < length;
}

enum status warc_http_read(struct warc_reader *reader, const struct warc_record *record, struct warc_http *http)
{
	struct span block = record->block;
	*http = (struct warc_http){.body = block, .raw_body = block, .entity = block};
	bool response = is_status_line(block);
	bool request = !response && record->type == WARC_TYPE_REQUEST && is_request_line(block);
	bool itself = record->type == WARC_TYPE_CONVERSION || record->type == WARC_TYPE_CONTINUATION ||
		      record->type == WARC_TYPE_RESOURCE; /* the block is the payload, whatever it looks like */
	if ((!response && !request) || (itself && !(record->flags & WARC_RECORD_ARC)))
		return STATUS_OK;
	size_t end = parse_block_end(block);
	if (end == SIZE_MAX)
		end = block.size;
	struct span line;
	if (parse_fields((struct span){block.data, end}, reader->arena, &reader->http_fields, &line))
		return STATUS_MEMORY;
	http->present = true;
	http->fields = reader->http_fields.list;
	http->field_count = reader->http_fields.count;
	http->status = response ? status_of(line) : 0;
	http->content_type = warc_field_get(http->fields, http->field_count, "Content-Type");
	http->raw_body = (struct span){block.data + end, block.size - end};
	http->body = http->entity = http->raw_body;
	if (take_transfer(reader, http) || take_content(reader, http))
		return STATUS_MEMORY;
	http->truncated |= is_short(record, http) || (record->flags & (WARC_RECORD_CUT | WARC_RECORD_TOO_LARGE));
	return STATUS_OK;
}
