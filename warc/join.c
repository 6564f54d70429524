/* join: segmented records (WARC/1.1 §7). The pieces after the first are continuation records, usually close behind. A
 * second reader looks for them so that the caller's place is kept. */
#include "warc/reader_internal.h"

#define JOIN_RECORDS_MAX 10000 /* records looked at before a piece counts as missing */

static bool segment_number(const struct warc_record *record, uint64_t *number)
{
	return span_to_u64(warc_field_get(record->fields, record->field_count, "WARC-Segment-Number"), number);
}

static struct span without_brackets(struct span text)
{
	return text.size >= 2 && *text.data == '<' && text.data[text.size - 1] == '>'
		       ? (struct span){text.data + 1, text.size - 2}
		       : text;
}

/* Is PIECE the continuation NUMBER of the record ID? */
static bool continues(const struct warc_record *piece, struct span id, uint64_t number)
{
	uint64_t got;
	struct span origin = warc_field_get(piece->fields, piece->field_count, "WARC-Segment-Origin-ID");
	return piece->type == WARC_TYPE_CONTINUATION && segment_number(piece, &got) && got == number && id.size &&
	       span_equal(without_brackets(origin), id);
}

enum status warc_record_join(struct warc_reader *reader, struct warc_record *record, struct fault *fault)
{
	uint64_t number;
	if (!segment_number(record, &number) || number != 1 || record->type == WARC_TYPE_CONTINUATION)
		return STATUS_OK;
	if (!reader->joiner && !(reader->joiner = warc_reader_new(&reader->options)))
		return fault_set(fault, STATUS_MEMORY, record->offset, "out of memory");
	buffer_clear(&reader->joined);
	enum status status = STATUS_OK;
	bool whole = false;
	if (reader->source->seekable)
		status = warc_reader_open(reader->joiner, reader->input, record->offset, UINT64_MAX, true, fault);
	if (!status && buffer_append_span(&reader->joined, record->block) == STATUS_MEMORY)
		status = STATUS_MEMORY;
	for (unsigned seen = 0; !status && !whole && seen < JOIN_RECORDS_MAX && reader->source->seekable; seen++) {
		struct warc_record piece;
		status = warc_next(reader->joiner, &piece, NULL, fault);
		if (status == STATUS_DATA)
			status = STATUS_OK;
		else if (!status && continues(&piece, record->id, number + 1)) {
			number++;
			seen = 0;
			whole = warc_field_get(piece.fields, piece.field_count, "WARC-Segment-Total-Length").data !=
				NULL;
			if (buffer_append_span(&reader->joined, piece.block) == STATUS_LIMIT) {
				record->flags |= WARC_RECORD_TOO_LARGE;
				break;
			}
		}
	}
	if (status == STATUS_END)
		status = STATUS_OK;
	if (status || reader->joined.status == STATUS_MEMORY)
		return status ? status : fault_set(fault, STATUS_MEMORY, record->offset, "out of memory");
	if (whole)
		record->flags &= ~(unsigned)WARC_RECORD_SEGMENT;
	else
		record->flags |= WARC_RECORD_CUT;
	record->block = buffer_span(&reader->joined);
	return STATUS_OK;
}
