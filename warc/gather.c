/* gather: from a header to the end of its record. Content-Length is believed when the bytes after it are the end of the
 * member, of the file, or the start of a record; blank lines between do not count. If not, and a record's header stands
 * inside the block, the length was too long (archives that lost their CRs in a version control system are the usual
 * case) and the record ends there. A record that fits TEXT_MAX stays in the text, a longer one is copied to a buffer
 * that is bounded by block_max, what is over is passed. */
#include "warc/reader_internal.h"

#include <stdio.h>

#define RECORD_FITS (TEXT_MAX / 2)
#define NEAR 64 /* bytes of junk after a block within which the next header vouches for the length */

static bool is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

struct span record_text(const struct warc_reader *reader)
{
	struct span text = text_span(&reader->text);
	uint64_t at = reader->text.origin + reader->text.at;
	if (reader->stop != NO_STOP && reader->stop - at < text.size)
		text.size = (size_t)(reader->stop - at);
	return text;
}

enum status more_text(struct warc_reader *reader, size_t want, struct fault *fault)
{
	struct text *text = &reader->text;
	enum status status = text_more(text, want, fault);
	if (status != STATUS_END || !text->broken || !text->cut || text->cut_checked || !reader->source->seekable)
		return status;
	text->cut_checked = true;
	uint64_t at;
	bool found;
	enum status searched = search_stored(reader, text->member + 1, &at, &found, fault);
	if (searched)
		return searched;
	if (found)
		text_break(text, false, at, "a member runs into the next ones");
	return status;
}

enum status record_more(struct warc_reader *reader, size_t want, struct fault *fault)
{
	struct text *text = &reader->text;
	if (reader->stop != NO_STOP)
		return STATUS_END;
	uint64_t end = text->origin + text->size;
	enum status status = more_text(reader, want, fault);
	if (text->codec == CODEC_NONE || text->member_origin < end || text->origin + text->size == end)
		return status;
	/* A member was begun. Enough of it to see whether it begins a record. */
	for (;;) {
		struct span fresh = {text->data + (text->member_origin - text->origin),
				     text->size - (size_t)(text->member_origin - text->origin)};
		enum parse parse = starts_record(reader, fresh, false);
		if (parse == PARSE_NO)
			return STATUS_OK;
		if (parse == PARSE_YES || status == STATUS_END || !text->open || fresh.size >= KIB) {
			if (parse == PARSE_SHORT && (fresh.size < 6 || memcmp(fresh.data, "WARC/", 5)))
				return STATUS_OK;
			reader->stop = text->member_origin;
			return STATUS_END;
		}
		uint64_t before = text->member;
		status = more_text(reader, 0, fault);
		if (status && status != STATUS_END)
			return status;
		if (text->member != before)
			return STATUS_OK;
	}
}

/* Why did the text end before the record did? */
enum ending { ENDING_FILE, ENDING_NEXT, ENDING_CUT, ENDING_LOST };

/* HEADER bytes of the text belong to the header. */
static enum ending ending_of(struct warc_reader *reader, size_t header)
{
	struct text *text = &reader->text;
	if (reader->stop != NO_STOP)
		return ENDING_NEXT;
	if (!text->broken)
		return ENDING_FILE;
	if (!text->open || text->member_origin > text->origin + text->at) {
		/* What is damaged comes after the members this record began in. */
		if (text->open && text->member_origin < text->origin + text->at + header)
			return ENDING_LOST; /* not even the header is sound */
		if (text->open)
			reader->stop = text->member_origin;
		return ENDING_NEXT;
	}
	return text->cut ? ENDING_CUT : ENDING_LOST;
}

/* Where blank lines after END end, getting more text as needed. */
static enum status pass_blank(struct warc_reader *reader, size_t *end, struct fault *fault)
{
	for (;;) {
		struct span text = record_text(reader);
		while (*end < text.size && is_line_end(text.data[*end]))
			++*end;
		if (*end < text.size || (reader->text.codec != CODEC_NONE && !reader->text.open))
			return STATUS_OK;
		size_t at = *end; /* relative to text.at, which text_more keeps */
		enum status status = record_more(reader, at + 64, fault);
		if (status)
			return status;
	}
}

/* Is the text at END a good place for a record to end? */
static enum status boundary(struct warc_reader *reader, size_t end, bool *good, struct fault *fault)
{
	for (;;) {
		struct span text = record_text(reader);
		if (end >= text.size) {
			*good = true;
			return STATUS_OK;
		}
		enum parse parse = starts_record(reader, (struct span){text.data + end, text.size - end}, false);
		*good = parse != PARSE_NO; /* a header that is not all there yet will do */
		if (parse != PARSE_SHORT || text.size - end > 6 ||
		    (reader->text.codec != CODEC_NONE && !reader->text.open))
			return STATUS_OK;
		enum status status = record_more(reader, text.size + 64, fault);
		if (status)
			return status == STATUS_END ? STATUS_OK : status;
	}
}

static size_t without_blank_end(const char *data, size_t size)
{
	for (int i = 0; i < 4 && size && is_line_end(data[size - 1]); i++)
		size--;
	return size;
}

/* The block is shorter than the header says. Where does it end? SIZE: of the text that is there. */
static size_t end_inside(struct warc_reader *reader, struct span text, size_t header, size_t size)
{
	size_t unsure, hit = search_text(reader, (struct span){text.data, size}, header, &unsure);
	return hit < unsure ? hit : unsure != SIZE_MAX && size < text.size ? unsure : hit;
}

/* Set the block, drop the record's text. */
static void settle(struct warc_reader *reader, struct warc_record *record, size_t header, size_t block_end, size_t end)
{
	struct span text = record_text(reader);
	record->block = (struct span){text.data + header, block_end - header};
	text_drop(&reader->text, end);
}

/* Blank lines after a block whose length is wrong belong to it; drop what is left of a whole member, too. */
static void swallow_member(struct warc_reader *reader, size_t *end)
{
	struct text *text = &reader->text;
	struct span rest = record_text(reader);
	if (text->codec == CODEC_NONE || text->open || reader->stop != NO_STOP)
		return;
	size_t unsure;
	if (search_text(reader, rest, *end, &unsure) == SIZE_MAX)
		*end = rest.size;
}

/* Junk follows the block: read the member to its end before the record is trusted, in case its data is damaged. */
static enum status read_out(struct warc_reader *reader, size_t end, struct fault *fault)
{
	while (reader->text.codec != CODEC_NONE && reader->text.open) {
		struct span text = record_text(reader);
		size_t unsure;
		if (text.size > RECORD_FITS || search_text(reader, text, end, &unsure) != SIZE_MAX)
			break;
		enum status status = record_more(reader, 0, fault);
		if (status)
			return status == STATUS_END ? STATUS_OK : status;
	}
	return STATUS_OK;
}

/* The end of the record was not where the header says. */
static enum status mend(struct warc_reader *reader, struct warc_record *record, size_t header, size_t total, size_t end,
			bool *lost, struct fault *fault)
{
	enum status status = read_out(reader, end, fault);
	if (status)
		return status;
	*lost = reader->text.broken && ending_of(reader, header) == ENDING_LOST;
	if (*lost)
		return STATUS_OK;
	struct span text = record_text(reader);
	size_t unsure, near = search_until(reader, text, end, end + NEAR, &unsure);
	size_t inside = near <= end + NEAR ? SIZE_MAX : end_inside(reader, text, header, end);
	if (inside != SIZE_MAX) {
		record->flags |= WARC_RECORD_LENGTH;
		settle(reader, record, header, header + without_blank_end(text.data + header, inside - header), inside);
		return STATUS_OK;
	}
	size_t junk = end;
	if (near == SIZE_MAX)
		swallow_member(reader, &junk);
	if (junk != end)
		record->flags |= WARC_RECORD_LENGTH;
	end = junk; /* what is not swallowed is damage, which the next call finds */
	settle(reader, record, header, total, end);
	return STATUS_OK;
}

/* The text ended before TOTAL bytes of the record. */
static void finish_short(struct warc_reader *reader, struct warc_record *record, size_t header, bool *lost)
{
	enum ending ending = ending_of(reader, header);
	struct span text = record_text(reader);
	if (ending == ENDING_LOST) {
		*lost = true;
		return;
	}
	size_t inside = ending == ENDING_CUT ? SIZE_MAX : end_inside(reader, text, header, text.size);
	if (inside != SIZE_MAX) {
		record->flags |= WARC_RECORD_LENGTH;
		settle(reader, record, header, header + without_blank_end(text.data + header, inside - header), inside);
		return;
	}
	bool whole_member = ending == ENDING_NEXT || (ending == ENDING_FILE && reader->text.codec != CODEC_NONE);
	record->flags |= whole_member ? WARC_RECORD_LENGTH : WARC_RECORD_CUT;
	settle(reader, record, header, text.size < header ? header : text.size, text.size);
}

static enum status gather_small(struct warc_reader *reader, struct warc_record *record, size_t header, size_t total,
				bool *lost, struct fault *fault)
{
	while (record_text(reader).size < total) {
		enum status status = record_more(reader, total + 64, fault);
		if (status == STATUS_END && record_text(reader).size < total) {
			finish_short(reader, record, header, lost);
			return STATUS_OK;
		}
		if (status && status != STATUS_END)
			return status;
	}
	size_t end = total;
	bool good = true;
	enum status status = pass_blank(reader, &end, fault);
	if (!status)
		status = boundary(reader, end, &good, fault);
	if (status && status != STATUS_END)
		return status;
	if (reader->text.broken && end >= record_text(reader).size && ending_of(reader, header) == ENDING_LOST) {
		*lost = true;
		return STATUS_OK;
	}
	if (!good)
		return mend(reader, record, header, total, end, lost, fault);
	settle(reader, record, header, total, end);
	return STATUS_OK;
}

/* ---- A record larger than the text --------------------------------------------------------------------------- */

/* Move what is in memory, at most *LEFT bytes, to the buffer (as far as it goes) and drop it. */
static enum status move_to_large(struct warc_reader *reader, uint64_t *left)
{
	struct span text = record_text(reader);
	size_t size = *left < text.size ? (size_t)*left : text.size;
	size_t room = reader->large.max - reader->large.size;
	if (buffer_append(&reader->large, text.data, size < room ? size : room))
		return STATUS_MEMORY;
	text_drop(&reader->text, size);
	*left -= size;
	return STATUS_OK;
}

/* Several records of one file said they were longer than they are: lengths prove nothing any more, and trying each anew
 * could cost the square of the file's size. */
#define LENGTHS_WRONG_MAX 256

/* A stream cannot be searched again, but what was kept of it can be read again, when that is all of it: where does a
 * record begin inside the block? START: position of the header. */
static enum status mend_kept(struct warc_reader *reader, struct warc_record *record, uint64_t start, size_t header,
			     struct fault *fault)
{
	struct text *text = &reader->text;
	struct buffer *large = &reader->large;
	uint64_t here = text->codec == CODEC_NONE ? text->stored : text->origin + text->at;
	size_t unsure, hit = search_text(reader, buffer_span(large), header, &unsure);
	if (hit == SIZE_MAX || here - start != large->size)
		return STATUS_OK;
	if (text_unread(text, (struct span){large->data + hit, large->size - hit}))
		return fault_set(fault, STATUS_MEMORY, reader->mark, "out of memory");
	record->flags |= WARC_RECORD_LENGTH;
	large->size = header + without_blank_end(large->data + header, hit - header);
	reader->lengths_wrong++;
	return STATUS_OK;
}

/* A plain file need not be read where nothing is kept. */
static void jump_over(struct warc_reader *reader, uint64_t *left)
{
	struct source *source = reader->source;
	if (reader->text.codec != CODEC_NONE || !source->seekable || reader->large.size < reader->large.max)
		return;
	uint64_t there = source->size > reader->text.stored ? source->size - reader->text.stored : 0;
	uint64_t step = *left < there ? *left : there;
	text_jump(&reader->text, reader->text.stored + step);
	*left -= step;
}

/* A plain file can be searched again when the length proved wrong: where does a record begin inside the block? */
static enum status mend_large(struct warc_reader *reader, struct warc_record *record, uint64_t start, size_t header,
			      struct fault *fault)
{
	uint64_t end = reader->text.stored, at;
	bool found;
	if (reader->text.codec != CODEC_NONE || !reader->source->seekable)
		return STATUS_OK;
	enum status status = search_stored(reader, start + header, &at, &found, fault);
	if (status)
		return status;
	text_jump(&reader->text, found && at < end ? at : end);
	if (found && at < end) {
		record->flags |= WARC_RECORD_LENGTH;
		reader->lengths_wrong++;
	}
	if (found && at < end && at - start < reader->large.size)
		reader->large.size =
			header + without_blank_end(reader->large.data + header, (size_t)(at - start) - header);
	return STATUS_OK;
}

static enum status gather_large(struct warc_reader *reader, struct warc_record *record, size_t header, uint64_t block,
				bool *lost, struct fault *fault)
{
	buffer_clear(&reader->large);
	struct text *text = &reader->text;
	bool again = text->codec == CODEC_NONE && reader->source->seekable; /* can be searched in the file */
	uint64_t keep = reader->options.block_max, left = header + block, start = text->stored;
	uint64_t position = text->codec == CODEC_NONE ? start : text->origin + text->at;
	text->floor = position;
	reader->large.max = header + (size_t)(block < keep ? block : keep);
	enum status status = STATUS_OK;
	while (left && !status) {
		if (move_to_large(reader, &left))
			return fault_set(fault, STATUS_MEMORY, start, "out of memory");
		jump_over(reader, &left);
		if (left)
			status = record_more(reader, left < TEXT_CHUNK ? (size_t)left : TEXT_CHUNK, fault);
		if (status == STATUS_END && record_text(reader).size)
			status = STATUS_OK; /* the last of it */
	}
	if (status && status != STATUS_END)
		return status;
	bool good = true, ended = left > 0;
	enum ending ending = ended ? ending_of(reader, 0) : ENDING_FILE;
	size_t end = 0;
	if (!ended) {
		status = pass_blank(reader, &end, fault);
		if (!status)
			status = boundary(reader, end, &good, fault);
		if (status && status != STATUS_END)
			return status;
		ending = reader->text.broken ? ending_of(reader, 0) : ENDING_FILE;
	}
	*lost = ending == ENDING_LOST;
	if (*lost)
		return STATUS_OK;
	if (good && !ended)
		text_drop(text, end);
	else if (again)
		status = mend_large(reader, record, start, header, fault);
	else if (ending != ENDING_CUT)
		status = mend_kept(reader, record, position, header, fault);
	text->floor = UINT64_MAX;
	if (status && status != STATUS_END)
		return status;
	if (ended && !(record->flags & WARC_RECORD_LENGTH))
		record->flags |=
			ending == ENDING_CUT || reader->text.codec == CODEC_NONE ? WARC_RECORD_CUT : WARC_RECORD_LENGTH;
	if (block > keep && reader->large.size == reader->large.max)
		record->flags |= WARC_RECORD_TOO_LARGE;
	record->block = (struct span){reader->large.data + header, reader->large.size - header};
	return STATUS_OK;
}

/* No Content-Length: the block goes on to the next record, the end of the member or of the file. */
static enum status gather_unknown(struct warc_reader *reader, struct warc_record *record, size_t header, bool *lost,
				  struct fault *fault)
{
	record->flags |= WARC_RECORD_LENGTH;
	size_t from = header;
	for (;;) {
		struct span text = record_text(reader);
		size_t unsure, hit = search_text(reader, text, from, &unsure);
		if (hit < unsure || (hit == SIZE_MAX && unsure == SIZE_MAX && text.size > RECORD_FITS)) {
			size_t end = hit == SIZE_MAX ? text.size : hit;
			settle(reader, record, header, header + without_blank_end(text.data + header, end - header),
			       end);
			return STATUS_OK;
		}
		from = unsure != SIZE_MAX ? unsure : text.size > header + 5 ? text.size - 5 : header;
		enum status status = STATUS_END;
		if (text.size <= RECORD_FITS + reader->options.header_max &&
		    (reader->text.codec == CODEC_NONE || reader->text.open))
			status = record_more(reader, text.size + TEXT_CHUNK, fault);
		if (status == STATUS_OK || (status == STATUS_END && record_text(reader).size > text.size))
			continue;
		if (status != STATUS_END)
			return status;
		if (reader->text.broken && ending_of(reader, header) == ENDING_LOST) {
			*lost = true;
			return STATUS_OK;
		}
		text = record_text(reader);
		settle(reader, record, header, header + without_blank_end(text.data + header, text.size - header),
		       text.size);
		return STATUS_OK;
	}
}

enum status gather(struct warc_reader *reader, struct warc_record *record, size_t header, bool length_known, bool *lost,
		   struct fault *fault)
{
	*lost = false;
	uint64_t block = record->content_length;
	if (!length_known)
		return gather_unknown(reader, record, header, lost, fault);
	if (block <= RECORD_FITS - reader->options.header_max && block <= reader->options.block_max)
		return gather_small(reader, record, header, header + (size_t)block, lost, fault);
	if (block > UINT64_MAX - header || reader->lengths_wrong >= LENGTHS_WRONG_MAX)
		return gather_unknown(reader, record, header, lost, fault);
	return gather_large(reader, record, header, block, lost, fault);
}
