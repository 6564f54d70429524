/* reader: records and damage, one after the other, always forward. `mark` is the stored offset up to which every byte
 * belongs to a record or a damage that was reported; each event moves it or, inside a member with several records, the
 * position in that member. So the sums of warc.h hold by construction. */
#include "warc/inputs_internal.h"
#include "warc/reader_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_MAX (8 * MIB)
#define HEADER_MAX_MAX SCALED(4 * MIB)

static struct warc_options defaults(const struct warc_options *given)
{
	struct warc_options options = given ? *given : (struct warc_options){0};
	if (!options.header_max)
		options.header_max = SCALED(MIB);
	if (options.header_max > HEADER_MAX_MAX)
		options.header_max = HEADER_MAX_MAX;
	if (!options.block_max)
		options.block_max = 64 * MIB;
	if (!options.body_max)
		options.body_max = 64 * MIB;
	if (!options.member_max)
		options.member_max = (uint64_t)4 << 30;
	if (!options.segment_bytes)
		options.segment_bytes = 32 * MIB;
	return options;
}

struct warc_reader *warc_reader_new(const struct warc_options *options)
{
	struct warc_reader *reader = memory_zeroed(1, sizeof *reader);
	if (!reader)
		return NULL;
	reader->options = defaults(options);
	reader->arena = arena_new(ARENA_MAX);
	reader->decoder = body_decoder_new(reader->options.body_max);
	buffer_init(&reader->large, reader->options.header_max + reader->options.block_max);
	buffer_init(&reader->joined, reader->options.block_max);
	if (!reader->arena || !reader->decoder) {
		warc_reader_free(reader);
		return NULL;
	}
	return reader;
}

void warc_reader_free(struct warc_reader *reader)
{
	if (!reader)
		return;
	warc_reader_free(reader->joiner);
	text_free(&reader->text);
	source_close(reader->source);
	arena_free(reader->arena);
	body_decoder_free(reader->decoder);
	buffer_free(&reader->large);
	buffer_free(&reader->joined);
	free(reader->fields.list);
	free(reader->http_fields.list);
	free(reader);
}

uint64_t warc_reader_first(const struct warc_reader *reader)
{
	return reader->first;
}

uint64_t warc_reader_end(const struct warc_reader *reader)
{
	return reader->mark;
}

/* What a stream holds is only known now. */
static enum warc_kind stream_kind(struct warc_reader *reader, bool *arc, struct fault *fault, enum status *status)
{
	struct span head;
	struct window *window = &reader->text.window;
	*status = window_need(window, 0, SNIFF_BYTES, &head, fault);
	if (*status)
		return WARC_KIND_UNKNOWN;
	if (holds_index(head)) { /* nothing of it is read */
		snprintf(reader->source->why, sizeof reader->source->why, "%s", WHY_INDEX);
		window->size = 0;
		window->at_end = true;
		return WARC_KIND_EMPTY;
	}
	return sniff_kind(head, arc);
}

static uint64_t clip(uint64_t limit, const struct source *source)
{
	return source->size != SIZE_UNKNOWN && source->size < limit ? source->size : limit;
}

enum status warc_reader_open(struct warc_reader *reader, const struct warc_input *input, uint64_t first, uint64_t limit,
			     bool exact, struct fault *fault)
{
	reader->active = false;
	source_close(reader->source);
	reader->source = NULL;
	enum status status = source_open(input, &reader->source, fault);
	if (status)
		return status;
	reader->input = input;
	enum warc_kind kind = input->kind;
	reader->arc = input->arc;
	text_open(&reader->text, reader->source, reader->options.member_max);
	if (kind == WARC_KIND_STREAM) {
		kind = stream_kind(reader, &reader->arc, fault, &status);
		if (status)
			return status;
	}
	enum codec codec = kind == WARC_KIND_GZIP ? CODEC_GZIP : kind == WARC_KIND_ZSTD ? CODEC_ZSTD : CODEC_NONE;
	text_start(&reader->text, codec, first);
	reader->limit = clip(limit, reader->source);
	reader->first = reader->mark = first;
	reader->any = reader->member_used = false;
	reader->lengths_wrong = 0;
	reader->ended = first >= reader->limit;
	reader->stop = NO_STOP;
	reader->active = true;
	if (exact || !first || reader->ended)
		return STATUS_OK;
	uint64_t at;
	bool found;
	status = search_stored(reader, first, &at, &found, fault);
	if (status)
		return status;
	reader->ended = !found || at >= reader->limit;
	reader->first = reader->mark = reader->ended ? reader->limit : at;
	text_jump(&reader->text, reader->mark);
	return STATUS_OK;
}

/* ---- Events -------------------------------------------------------------------------------------------------- */

static void note_event(struct warc_reader *reader, uint64_t new_mark)
{
	if (!reader->any)
		reader->first = reader->mark;
	reader->any = true;
	reader->member_used = reader->text.codec != CODEC_NONE && new_mark == text_place(&reader->text).stored &&
			      text_inner(&reader->text) > 0;
	reader->mark = new_mark;
	reader->stop = NO_STOP;
}

static uint64_t inner_here(const struct warc_reader *reader)
{
	return reader->member_used && text_place(&reader->text).stored == reader->mark ? text_inner(&reader->text) : 0;
}

static enum status report(struct warc_reader *reader, struct warc_damage *damage, uint64_t inner, uint64_t to,
			  bool padding, const char *why)
{
	struct warc_damage event = {
		.offset = reader->mark, .skipped = to - reader->mark, .inner = inner, .padding = padding};
	snprintf(event.text, sizeof event.text, "%s", why);
	if (damage)
		*damage = event;
	note_event(reader, to);
	return STATUS_DATA;
}

/* Where the bytes end that the text dropped so far came from, as far as whole members go. */
static uint64_t settled(const struct warc_reader *reader)
{
	const struct text *text = &reader->text;
	if (text->codec == CODEC_NONE || (text->at == text->size && !text->open))
		return text->stored;
	if (text->broken && text->cut && text->at == text->size) /* the file ended inside the record */
		return text->consumed;
	uint64_t member = text_place(text).stored;
	return member > reader->mark ? member : reader->mark;
}

/* Nothing is left. If the stream ended because it is damaged, that is the last event. */
static enum status report_end(struct warc_reader *reader, struct warc_damage *damage)
{
	if (!*reader->source->why || reader->ended)
		return STATUS_END;
	reader->ended = true;
	return report(reader, damage, 0, reader->mark, false, reader->source->why);
}

/* The text is broken at the record's start or inside it: find where to go on. INNER: of the place. */
static enum status report_broken(struct warc_reader *reader, struct warc_damage *damage, uint64_t inner,
				 struct fault *fault)
{
	struct text *text = &reader->text;
	char why[160];
	snprintf(why, sizeof why, "%s", text->why);
	uint64_t at, from = text->broken_from > reader->mark ? text->broken_from : reader->mark;
	bool found;
	enum status status = search_stored(reader, from, &at, &found, fault);
	if (status)
		return status;
	if (!found && at <= reader->mark) /* a record that was cut had all of it */
		return report_end(reader, damage);
	bool padding = !found && from == reader->mark && search_is_padding(reader, from, at);
	if (at <= reader->mark && found)
		at = reader->mark + 1; /* cannot be: the search starts after what failed */
	text_jump(text, at);
	return report(reader, damage, inner, at, padding, padding ? "padding after the last member" : why);
}

/* No record at the start of the text (plain): look for the next one. */
static enum status report_plain(struct warc_reader *reader, struct warc_damage *damage, const char *why,
				struct fault *fault)
{
	uint64_t at;
	bool found;
	enum status status = search_stored(reader, reader->mark + 1, &at, &found, fault);
	if (status)
		return status;
	bool padding = !found && search_is_padding(reader, reader->mark, at);
	text_jump(&reader->text, at);
	return report(reader, damage, 0, at, padding, padding ? "padding" : why);
}

/* Bytes in memory of the member that the text is in, and where the next one is stored (*NEXT). */
static size_t member_rest(const struct text *text, uint64_t *next)
{
	uint64_t here = text->origin + text->at;
	if (text_in_last_member(text)) {
		*next = text->stored;
		return text->size - text->at;
	}
	size_t i = text_members_until(text, here);
	bool known = i < text->earlier_count;
	*next = known ? text->earlier[i].stored : text->member;
	return (size_t)((known ? text->earlier[i].origin : text->member_origin) - here);
}

/* No record at the start of a member's text: look for one in the rest of the member, whatever of later ones is in
 * memory. */
static enum status report_member(struct warc_reader *reader, struct warc_damage *damage, const char *why,
				 struct fault *fault)
{
	struct text *text = &reader->text;
	uint64_t inner = reader->inner, member = text->member, next;
	size_t from = 1;
	bool last = text_in_last_member(text);
	for (;;) {
		struct span rest = {text_span(text).data, member_rest(text, &next)};
		size_t unsure, hit = search_text(reader, rest, from, &unsure);
		if (hit != SIZE_MAX && hit < unsure) {
			text_drop(text, hit);
			return report(reader, damage, inner, settled(reader), false, why);
		}
		if (!last || !text->open) {
			text_drop(text, rest.size);
			return report(reader, damage, inner, next, false, why);
		}
		size_t keep = unsure != SIZE_MAX && rest.size - unsure < reader->options.header_max ? rest.size - unsure
			      : rest.size < 5                                                       ? rest.size
												    : 5;
		text_drop(text, rest.size - keep);
		from = 0;
		enum status status = more_text(reader, 0, fault);
		if (status == STATUS_END && text->broken)
			return report_broken(reader, damage, inner, fault);
		if (status)
			return status;
		if (text->member != member)
			return STATUS_USAGE; /* cannot be: it was open */
	}
}

/* ---- Records ------------------------------------------------------------------------------------------------- */

static enum warc_type type_of(struct span text)
{
	for (enum warc_type type = WARC_TYPE_WARCINFO; type <= WARC_TYPE_CONTINUATION; type++)
		if (span_equal_nocase(text, span_of(warc_type_name(type))))
			return type;
	return WARC_TYPE_OTHER;
}

static struct span without_brackets(struct span text)
{
	text = span_trim(text);
	if (text.size >= 2 && text.data[0] == '<' && text.data[text.size - 1] == '>')
		text = (struct span){text.data + 1, text.size - 2};
	return text;
}

/* Addresses that are not UTF-8 are taken for Latin-1, so that every address is text. */
static struct span latin1_to_utf8(struct span text, struct arena *arena)
{
	if (!text.data || utf8_valid(text))
		return text;
	char *out = arena_alloc(arena, 2 * text.size);
	if (!out)
		return SPAN_NONE;
	size_t size = 0;
	for (size_t i = 0; i < text.size; i++)
		size += utf8_encode((unsigned char)text.data[i], out + size);
	return (struct span){out, size};
}

/* Digits at the start; what follows them is passed over. */
static bool content_length_of(const struct fields *fields, uint64_t *length)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (!span_equal_nocase(fields->list[i].name, SPAN("Content-Length")))
			continue;
		struct span value = fields->list[i].value;
		size_t digits = 0;
		while (digits < value.size && ascii_is_digit((unsigned char)value.data[digits]))
			digits++;
		if (span_to_u64((struct span){value.data, digits}, length))
			return true;
	}
	*length = 0;
	return false;
}

/* The telling fields, one pass. */
static void fill_fields(struct warc_record *record, const struct fields *fields, struct arena *arena)
{
	record->fields = fields->list;
	record->field_count = fields->count;
	const struct {
		const char *name;
		struct span *value;
	} wanted[] = {
		{"WARC-Type", &record->type_text},       {"WARC-Target-URI", &record->uri},
		{"WARC-Record-ID", &record->id},         {"WARC-Date", &record->date_text},
		{"Content-Type", &record->content_type}, {"WARC-Truncated", &record->truncated},
	};
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		*wanted[i].value = warc_field_get(fields->list, fields->count, wanted[i].name);
	record->uri = without_brackets(record->uri);
	record->id = without_brackets(record->id);
	record->uri = latin1_to_utf8(record->uri, arena);
	record->type = type_of(record->type_text);
	record->date = record->date_text.data ? date_parse_w3c(record->date_text) : DATE_NONE;
	if (record->truncated.data)
		record->flags |= WARC_RECORD_TRUNCATED;
	if (warc_field_get(fields->list, fields->count, "WARC-Segment-Number").data)
		record->flags |= WARC_RECORD_SEGMENT;
}

static enum status read_warc_header(struct warc_reader *reader, struct span block, struct warc_record *record)
{
	struct span line;
	arena_reset(reader->arena);
	enum status status = parse_fields(block, reader->arena, &reader->fields, &line);
	if (status)
		return status;
	record->version = span_trim(line);
	fill_fields(record, &reader->fields, reader->arena);
	return STATUS_OK;
}

/* An ARC line as fields, so that users of records need not know ARC. */
static enum status read_arc_header(struct warc_reader *reader, struct span text, struct warc_record *record,
				   bool *length_known)
{
	struct arc_line line = {0};
	arena_reset(reader->arena);
	parse_arc_line(text, false, &line);
	const struct warc_field fields[] = {
		{SPAN("WARC-Target-URI"), line.uri},
		{SPAN("WARC-IP-Address"), line.ip},
		{SPAN("WARC-Date"), line.date},
		{SPAN("Content-Type"), line.mime},
	};
	reader->fields.count = 0;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (fields_add(&reader->fields, fields[i].name, fields[i].value))
			return STATUS_MEMORY;
	record->flags |= WARC_RECORD_ARC;
	record->version = SPAN("ARC/1");
	bool info = span_starts_nocase(line.uri, SPAN("filedesc:"));
	bool http = span_starts_nocase(line.uri, SPAN("http"));
	record->type = info ? WARC_TYPE_WARCINFO : http ? WARC_TYPE_RESPONSE : WARC_TYPE_RESOURCE;
	record->type_text = span_of(warc_type_name(record->type));
	record->uri = latin1_to_utf8(line.uri, reader->arena);
	record->date_text = line.date;
	record->date = date_parse_14(span_slice(line.date, 0, 14));
	record->content_type = line.mime;
	record->fields = reader->fields.list;
	record->field_count = reader->fields.count;
	record->content_length = line.length_known ? line.length : 0;
	*length_known = line.length_known;
	return STATUS_OK;
}

/* The header at the start of the text: HEADER bytes. */
static enum status read_header(struct warc_reader *reader, struct span block, bool arc, struct warc_record *record,
			       bool *length_known)
{
	if (arc)
		return read_arc_header(reader, block, record, length_known);
	enum status status = read_warc_header(reader, block, record);
	*length_known = content_length_of(&reader->fields, &record->content_length);
	return status;
}

static enum status deliver(struct warc_reader *reader, struct warc_record *record, size_t header, bool arc,
			   struct warc_damage *damage, struct fault *fault)
{
	struct text *text = &reader->text;
	*record = (struct warc_record){.offset = reader->mark, .inner = reader->inner};
	if (record->inner || !reader->source->seekable)
		record->flags |= WARC_RECORD_NOT_SEEKABLE;
	bool known, lost;
	enum status status = read_header(reader, (struct span){text_span(text).data, header}, arc, record, &known);
	if (status)
		return fault_set(fault, status, reader->mark, "out of memory");
	struct span before = record->fields ? text_span(text) : SPAN_NONE;
	status = gather(reader, record, header, known, &lost, fault);
	if (status)
		return status;
	if (lost)
		return report_broken(reader, damage, record->inner, fault);
	if (record->block.data - header != before.data) { /* the text moved: read the header where it is now */
		uint64_t length = record->content_length;
		read_header(reader, (struct span){record->block.data - header, header}, arc, record, &known);
		record->content_length = length;
	}
	record->header = (struct span){record->block.data - header, header};
	uint64_t to = settled(reader);
	record->length = to - reader->mark;
	note_event(reader, to);
	return STATUS_OK;
}

/* Pass blank lines at the start of the text. False: there is nothing else in memory. */
static bool pass_leading_blank(struct text *text)
{
	struct span rest = text_span(text);
	size_t blank = 0;
	while (blank < rest.size && (rest.data[blank] == '\r' || rest.data[blank] == '\n'))
		blank++;
	text_drop(text, blank);
	return blank < rest.size;
}

/* Get the start of a record into memory: STATUS_OK; STATUS_DATA: an event comes first; STATUS_END: the segment is done.
 */
static enum status at_record(struct warc_reader *reader, struct warc_damage *damage, struct fault *fault)
{
	struct text *text = &reader->text;
	bool plain = text->codec == CODEC_NONE;
	reader->stop = NO_STOP;
	for (;;) {
		bool some = pass_leading_blank(text);
		uint64_t here = plain ? text->stored : some ? text_place(text).stored : text->stored;
		if (some && here > reader->mark)
			return report(reader, damage, 0, here, true,
				      plain ? "blank lines" : "a member without a record");
		/* Nothing of that member was used, and no later one was begun: a reading that starts here sees the
		 * same. */
		if (some && !plain && here >= reader->limit && !text_inner(text) && text_in_last_member(text))
			return STATUS_END;
		if (some && (!plain || here < reader->limit))
			return STATUS_OK;
		if (!plain && !some && !text->open &&
		    text->stored > reader->mark) /* one event each, wherever a segment ends */
			return report(reader, damage, 0, text->stored, true, "a member without a record");
		if ((some || !plain) && !text->open && text->stored >= reader->limit)
			return STATUS_END;
		enum status status = more_text(reader, 1, fault);
		if (status == STATUS_OK)
			continue;
		if (status != STATUS_END)
			return status;
		/* A member's last piece may give bytes and turn out damaged: they count as those before them do. */
		if (text->broken && pass_leading_blank(text))
			continue;
		if (text->broken && text->member > reader->mark)
			return report(reader, damage, 0, text->member, true, "a member without a record");
		if (text->broken)
			return report_broken(reader, damage, inner_here(reader), fault);
		if (text->stored == reader->mark)
			return report_end(reader, damage);
		return report(reader, damage, 0, text->stored, true,
			      plain ? "blank lines" : "a member without a record");
	}
}

/* The header's extent. STATUS_DATA: there is no record here, WHY tells. */
static enum status find_header(struct warc_reader *reader, size_t *header, bool *arc, const char **why,
			       struct fault *fault)
{
	for (;;) {
		struct span text = record_text(reader);
		enum parse parse = parse_warc_extent(text, false, reader->options.header_max, header);
		*arc = false;
		if (parse == PARSE_NO && reader->arc) {
			struct arc_line line;
			parse = parse_arc_line(text, false, &line);
			*header = line.size;
			*arc = true;
		}
		if (parse == PARSE_YES)
			return STATUS_OK;
		bool version = text.size >= 5 && !memcmp(text.data, "WARC/", 5); /* now: more text may move it */
		*why = version ? "a header block without end or too long" : "no record begins here";
		if (parse == PARSE_NO)
			return STATUS_DATA;
		enum status status = record_more(reader, text.size + 4 * KIB, fault);
		if (status == STATUS_END && record_text(reader).size == text.size) {
			*why = version ? "the header block is not whole" : *why;
			return STATUS_DATA;
		}
		if (status && status != STATUS_END)
			return status;
	}
}

enum status warc_next(struct warc_reader *reader, struct warc_record *record, struct warc_damage *damage,
		      struct fault *fault)
{
	if (!reader->active)
		return fault_set(fault, STATUS_USAGE, 0, "no input is open");
	if (reader->ended)
		return STATUS_END;
	enum status status = at_record(reader, damage, fault);
	if (status == STATUS_END)
		reader->ended = true;
	if (status)
		return status;
	reader->inner = inner_here(reader); /* now, while the member that was begun last is the record's */
	size_t header;
	bool arc;
	const char *why;
	status = find_header(reader, &header, &arc, &why, fault);
	if (status == STATUS_OK)
		return deliver(reader, record, header, arc, damage, fault);
	if (status != STATUS_DATA)
		return status;
	struct text *text = &reader->text;
	if (text->codec == CODEC_NONE)
		return report_plain(reader, damage, why, fault);
	if (text->broken && text_in_last_member(text)) /* not when what is damaged comes later */
		return report_broken(reader, damage, reader->inner, fault);
	return report_member(reader, damage, why, fault);
}

enum status reader_search(struct warc_reader *reader, const struct warc_input *input, struct source *source,
			  enum codec codec, uint64_t *at, bool *found, struct fault *fault)
{
	reader->input = input;
	reader->arc = true;
	text_open(&reader->text, source, reader->options.member_max);
	text_start(&reader->text, codec, 0);
	enum status status = search_stored(reader, 0, at, found, fault);
	text_open(&reader->text, NULL, 0);
	return status;
}
