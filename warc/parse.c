/* parse: WARC header blocks (WARC/1.1 §4, read leniently), the fields of WARC and HTTP headers, and ARC URL-record
 * lines. Lenient: line ends CRLF or LF, blanks before the colon, any case, folded values, bytes that are not ASCII,
 * lines without a colon (passed over). Strict is for the search after damage only, where payload text must not be taken
 * for a record. */
#include "warc/warc_internal.h"

#include <stdlib.h>

size_t parse_block_end(struct span text)
{
	const char *at = text.data, *end = text.data + text.size;
	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));
		if (!line)
			break;
		at = line + 1;
		const char *next = at;
		while (next < end && *next == '\r') /* one, or more where something doubled them */
			next++;
		if (next < end && *next == '\n')
			return (size_t)(next - text.data) + 1;
	}
	return SIZE_MAX;
}

/* Without the line end. */
static struct span line_cut(struct span *rest)
{
	const char *end = memchr(rest->data, '\n', rest->size);
	size_t size = end ? (size_t)(end - rest->data) : rest->size;
	struct span line = {rest->data, size};
	size_t step = end ? size + 1 : size;
	rest->data += step;
	rest->size -= step;
	while (line.size && line.data[line.size - 1] == '\r')
		line.size--;
	return line;
}

/* "WARC/" and a digit; more of the version is not held against a record. */
static enum parse warc_magic(struct span text)
{
	static const char magic[5] = "WARC/";
	size_t n = text.size < sizeof magic ? text.size : sizeof magic;
	if (strncasecmp(text.data, magic, n))
		return PARSE_NO;
	if (text.size < 6)
		return PARSE_SHORT;
	return ascii_is_digit((unsigned char)text.data[5]) ? PARSE_YES : PARSE_NO;
}

static bool is_field_name(struct span name)
{
	if (!name.size || name.size > 256)
		return false;
	for (size_t i = 0; i < name.size; i++) {
		unsigned char c = (unsigned char)name.data[i];
		if (c <= ' ' || c >= 127 || c == '"' || c == '<' || c == '>')
			return false;
	}
	return true;
}

#define VERSION_MAX 16 /* bytes of a version line */

static const char *const telling_names[] = {"WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Length"};

struct header_run parse_header_run(struct span text, size_t from)
{
	struct header_run run = {.from = from, .telling = SIZE_MAX};
	struct span rest = span_slice(text, from, text.size - from);
	for (;;) {
		run.end = text.size - rest.size;
		if (!rest.size || !memchr(rest.data, '\n', rest.size)) {
			run.how = RUN_SHORT; /* not all of the line is here */
			return run;
		}
		struct span line = line_cut(&rest);
		if (!line.size) {
			run.end = text.size - rest.size;
			run.how = RUN_WHOLE;
			return run;
		}
		if (line.data[0] == ' ' || line.data[0] == '\t')
			continue;
		size_t colon = span_find_byte(line, ':');
		struct span name = {line.data, colon == SIZE_MAX ? 0 : colon};
		if (!is_field_name(name)) {
			run.how = RUN_BROKEN;
			return run;
		}
		for (size_t i = 0; i < sizeof telling_names / sizeof *telling_names; i++)
			if (span_equal_nocase(name, span_of(telling_names[i])))
				run.telling = run.end;
	}
}

/* Index after the version line that starts TEXT. Few bytes: a version is short. */
static enum parse version_line(struct span text, size_t *end)
{
	struct span head = span_slice(text, 0, VERSION_MAX + 8);
	size_t line = span_find_byte(head, '\n'), size = line;
	if (line == SIZE_MAX)
		return text.size > head.size || head.size > VERSION_MAX + 2 ? PARSE_NO : PARSE_SHORT;
	while (size && text.data[size - 1] == '\r')
		size--;
	*end = line + 1;
	return size > VERSION_MAX ? PARSE_NO : PARSE_YES;
}

enum parse parse_warc_strict(struct span text, size_t at, size_t header_max, struct header_run *run)
{
	struct span here = span_slice(text, at, text.size - at);
	size_t next;
	enum parse parse = warc_magic(here);
	if (parse == PARSE_YES)
		parse = version_line(here, &next);
	if (parse != PARSE_YES)
		return parse;
	next += at;
	if (next < run->from || next > run->end || run->how == RUN_NONE)
		*run = parse_header_run(text, next);
	if (run->how == RUN_BROKEN)
		return PARSE_NO;
	if (run->how == RUN_SHORT)
		return here.size >= header_max ? PARSE_NO : PARSE_SHORT;
	return run->telling != SIZE_MAX && run->telling >= next && run->end - at <= header_max ? PARSE_YES : PARSE_NO;
}

enum parse parse_warc_extent(struct span text, bool strict, size_t header_max, size_t *size)
{
	enum parse magic = warc_magic(text);
	if (magic != PARSE_YES)
		return magic;
	struct span head = span_slice(text, 0, header_max);
	if (strict) {
		struct header_run run = {.how = RUN_NONE};
		enum parse lines = parse_warc_strict(head, 0, header_max, &run);
		if (lines != PARSE_YES)
			return lines;
	}
	size_t end = parse_block_end(head);
	if (end == SIZE_MAX)
		return head.size == header_max ? PARSE_NO : PARSE_SHORT;
	*size = end;
	return PARSE_YES;
}

enum status fields_add(struct fields *fields, struct span name, struct span value)
{
	if (fields->count == FIELDS_MAX)
		return STATUS_OK; /* nobody looks for the field after the 4,096th */
	if (fields->count == fields->capacity) {
		size_t capacity = fields->capacity ? 2 * fields->capacity : 64;
		struct warc_field *grown = memory_grow(fields->list, capacity * sizeof *grown);
		if (!grown)
			return STATUS_MEMORY;
		fields->list = grown;
		fields->capacity = capacity;
	}
	fields->list[fields->count++] = (struct warc_field){name, value};
	return STATUS_OK;
}

/* Append a folded line's content to the last value, in ARENA. */
static enum status unfold(struct fields *fields, struct arena *arena, struct span line)
{
	struct warc_field *last = &fields->list[fields->count - 1];
	struct span more = span_trim(line);
	char *joined = arena_alloc(arena, last->value.size + more.size + 1);
	if (!joined)
		return STATUS_OK; /* over the arena's ceiling: the value stays short */
	memcpy(joined, last->value.data, last->value.size);
	size_t size = last->value.size;
	if (size && more.size)
		joined[size++] = ' ';
	memcpy(joined + size, more.data, more.size);
	last->value = (struct span){joined, size + more.size};
	return STATUS_OK;
}

enum status parse_fields(struct span block, struct arena *arena, struct fields *fields, struct span *line)
{
	fields->count = 0;
	*line = line_cut(&block);
	while (block.size) {
		struct span next = line_cut(&block);
		if (!next.size)
			break;
		enum status status = STATUS_OK;
		size_t colon;
		if ((next.data[0] == ' ' || next.data[0] == '\t') && fields->count)
			status = unfold(fields, arena, next);
		else if ((colon = span_find_byte(next, ':')) != SIZE_MAX)
			status = fields_add(fields, span_trim((struct span){next.data, colon}),
					    span_trim((struct span){next.data + colon + 1, next.size - colon - 1}));
		if (status)
			return status;
	}
	return STATUS_OK;
}

/* ---- ARC ----------------------------------------------------------------------------------------------------- */

#define ARC_TOKENS 12

static bool all_digits(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!ascii_is_digit((unsigned char)text.data[i]))
			return false;
	return text.size > 0;
}

/* The last words of LINE, the last first. */
static size_t last_words(struct span line, struct span words[ARC_TOKENS])
{
	size_t count = 0, end = line.size;
	while (end && count < ARC_TOKENS) {
		while (end && line.data[end - 1] == ' ')
			end--;
		size_t start = end;
		while (start && line.data[start - 1] != ' ')
			start--;
		if (start < end)
			words[count++] = (struct span){line.data + start, end - start};
		end = start;
	}
	return count;
}

static bool has_scheme(struct span uri)
{
	size_t i = 0;
	while (i < uri.size && i < 16 &&
	       (ascii_is_alpha((unsigned char)uri.data[i]) ||
		(i && (ascii_is_digit((unsigned char)uri.data[i]) || uri.data[i] == '+' || uri.data[i] == '-' ||
		       uri.data[i] == '.'))))
		i++;
	return i && i < uri.size && uri.data[i] == ':';
}

/* A line as the writers of broken ARC files left it: fields missing, swapped, negative. Only trusted where a record has
 * to begin anyway. */
static enum parse parse_arc_line_anyhow(struct span line, struct arc_line *arc)
{
	struct span words[ARC_TOKENS];
	size_t count = last_words(line, words);
	if (count < 4 || count > 6 || !has_scheme(line))
		return PARSE_NO;
	arc->length_known = span_to_u64(words[0], &arc->length);
	bool negative = words[0].size > 1 && *words[0].data == '-';
	if (!arc->length_known && !negative && count != 5)
		return PARSE_NO;
	arc->uri = words[count - 1];
	arc->ip = words[count - 2];
	arc->date = words[count - 3];
	arc->mime = count > 4 ? words[count - 4] : SPAN_NONE;
	if (all_digits(arc->ip) && arc->ip.size >= 8) { /* swapped */
		struct span ip = arc->ip;
		arc->ip = arc->date;
		arc->date = ip;
	}
	return PARSE_YES;
}

/* ARC 1.0: "URL IP date type length", the URL and the type perhaps with blanks; 2.0: "URL IP date type status checksum
 * location offset file length". So: from the right, the date being a word of 12 to 18 digits. */
enum parse parse_arc_line(struct span text, bool strict, struct arc_line *arc)
{
	struct span head = span_slice(text, 0, ARC_LINE_MAX);
	size_t end = span_find_byte(head, '\n');
	if (end == SIZE_MAX)
		return head.size == ARC_LINE_MAX || (head.size && !ascii_is_alpha((unsigned char)head.data[0]))
			       ? PARSE_NO
			       : PARSE_SHORT;
	struct span line = {head.data, end};
	if (line.size && line.data[line.size - 1] == '\r')
		line.size--;
	arc->size = end + 1;
	if (!strict)
		return parse_arc_line(text, true, arc) == PARSE_YES ? PARSE_YES : parse_arc_line_anyhow(line, arc);
	if (line.size < 16 || !ascii_is_digit((unsigned char)line.data[line.size - 1]) || !has_scheme(line))
		return PARSE_NO;
	struct span words[ARC_TOKENS];
	size_t count = last_words(line, words), date = 1;
	bool unknown =
		count && span_equal(words[0], SPAN("-1")); /* some writers' word for a length they did not know */
	if (!count || (!unknown && !span_to_u64(words[0], &arc->length)))
		return PARSE_NO;
	while (date < count && !(words[date].size >= 12 && words[date].size <= 18 && all_digits(words[date])))
		date++;
	if (date + 2 > count)
		return PARSE_NO;
	arc->date = words[date];
	arc->ip = words[date + 1];
	arc->uri = span_trim((struct span){line.data, (size_t)(arc->ip.data - line.data)});
	if (!arc->uri.size)
		return PARSE_NO;
	const char *type = arc->date.data + arc->date.size;
	bool second = date == 7 && words[date - 2].size == 3 && all_digits(words[date - 2]);
	arc->mime = second ? words[date - 1] : span_trim((struct span){type, (size_t)(words[0].data - type)});
	arc->length_known = !unknown;
	return PARSE_YES;
}
