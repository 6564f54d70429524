/* row: a page between the stages, as bytes. One table names the fields, so writing and reading cannot disagree. Texts
 * are length + 1 (0: absent) and bytes, numbers are varints; the frame's zstd takes care of what repeats. What follows
 * from the address (id, file name) is made again on reading. */
#include "corpus/corpus_internal.h"

#include <stdlib.h>

enum field_kind { FIELD_SPAN, FIELD_U64, FIELD_U32, FIELD_INT, FIELD_UINT, FIELD_I64, FIELD_REAL };

#define FIELD(kind, member)                                                                                            \
	{                                                                                                              \
		kind, (uint16_t)offsetof(struct row, member)                                                           \
	}
static const struct {
	uint8_t kind;
	uint16_t offset;
} fields[] = {
	FIELD(FIELD_U32, input),
	FIELD(FIELD_SPAN, document.page.url),
	FIELD(FIELD_SPAN, document.page.url_host_name),
	FIELD(FIELD_SPAN, document.page.url_host_registered_domain),
	FIELD(FIELD_I64, document.page.fetch_time),
	FIELD(FIELD_INT, document.page.fetch_status),
	FIELD(FIELD_SPAN, document.page.content_digest),
	FIELD(FIELD_SPAN, document.page.content_mime_type),
	FIELD(FIELD_SPAN, document.page.content_mime_detected),
	FIELD(FIELD_SPAN, document.page.content_charset),
	FIELD(FIELD_SPAN, document.page.content_truncated),
	FIELD(FIELD_U64, document.page.warc_record_offset),
	FIELD(FIELD_U64, document.page.warc_record_inner),
	FIELD(FIELD_U64, document.page.warc_record_length),
	FIELD(FIELD_SPAN, document.page.warc_record_id),
	FIELD(FIELD_SPAN, document.page.warc_type),
	FIELD(FIELD_SPAN, document.text),
	FIELD(FIELD_SPAN, document.title),
	FIELD(FIELD_SPAN, document.site_name),
	FIELD(FIELD_SPAN, document.canonical_url),
	FIELD(FIELD_SPAN, document.description),
	FIELD(FIELD_SPAN, document.license),
	FIELD(FIELD_SPAN, document.date_published),
	FIELD(FIELD_SPAN, document.date_modified),
	FIELD(FIELD_SPAN, document.image),
	FIELD(FIELD_SPAN, document.languages),
	FIELD(FIELD_SPAN, document.language_declared),
	FIELD(FIELD_SPAN, document.page_type),
	FIELD(FIELD_SPAN, document.source_name),
	FIELD(FIELD_UINT, document.robots),
	FIELD(FIELD_SPAN, document.tdm_policy),
	FIELD(FIELD_SPAN, document.extraction_method),
	FIELD(FIELD_REAL, document.extraction_confidence),
	FIELD(FIELD_U32, document.words),
	FIELD(FIELD_SPAN, reason),
	FIELD(FIELD_U64, skipped),
	FIELD(FIELD_SPAN, target_id),
	FIELD(FIELD_SPAN, target_uri),
	FIELD(FIELD_SPAN, target_digest),
	FIELD(FIELD_I64, target_date),
};
enum { FIELDS = sizeof fields / sizeof *fields };

static void put_span(struct buffer *out, struct span text)
{
	varint_put(out, text.data ? (uint64_t)text.size + 1 : 0);
	if (text.data)
		buffer_append_span(out, text);
}

static bool get_span(struct span *from, struct span *text)
{
	uint64_t size;
	*text = SPAN_NONE;
	if (!varint_get(from, &size) || (size && size - 1 > from->size))
		return false;
	if (size) {
		*text = span_slice(*from, 0, (size_t)size - 1);
		*from = span_slice(*from, (size_t)size - 1, SIZE_MAX);
	}
	return true;
}

static uint64_t zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t value)
{
	return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

static void put_field(struct buffer *out, enum field_kind kind, const void *at)
{
	uint64_t bits;
	switch (kind) {
	case FIELD_SPAN:
		put_span(out, *(const struct span *)at);
		return;
	case FIELD_U64:
		varint_put(out, *(const uint64_t *)at);
		return;
	case FIELD_U32:
		varint_put(out, *(const uint32_t *)at);
		return;
	case FIELD_INT:
		varint_put(out, zigzag(*(const int *)at));
		return;
	case FIELD_UINT:
		varint_put(out, *(const unsigned *)at);
		return;
	case FIELD_I64:
		varint_put(out, zigzag(*(const int64_t *)at));
		return;
	case FIELD_REAL:
		memcpy(&bits, at, sizeof bits);
		varint_put(out, bits);
		return;
	}
}

static bool get_field(struct span *from, enum field_kind kind, void *at)
{
	uint64_t value;
	if (kind == FIELD_SPAN)
		return get_span(from, at);
	if (!varint_get(from, &value))
		return false;
	switch (kind) {
	case FIELD_U64:
		*(uint64_t *)at = value;
		break;
	case FIELD_U32:
		*(uint32_t *)at = (uint32_t)value;
		break;
	case FIELD_INT:
		*(int *)at = (int)unzigzag(value);
		break;
	case FIELD_UINT:
		*(unsigned *)at = (unsigned)value;
		break;
	case FIELD_I64:
		*(int64_t *)at = unzigzag(value);
		break;
	case FIELD_REAL:
		memcpy(at, &value, sizeof value);
		break;
	case FIELD_SPAN:
		break;
	}
	return true;
}

static void put_spans(struct buffer *out, const struct span *texts, size_t count)
{
	varint_put(out, count);
	for (size_t i = 0; i < count; i++)
		put_span(out, texts[i]);
}

static bool get_spans(struct span *from, struct arena *arena, const struct span **texts, size_t *count)
{
	uint64_t number;
	if (!varint_get(from, &number) || number > from->size)
		return false;
	struct span *made = number ? arena_alloc(arena, (size_t)number * sizeof *made) : NULL;
	for (size_t i = 0; i < number; i++)
		if (!made || !get_span(from, &made[i]))
			return false;
	*texts = made;
	*count = (size_t)number;
	return true;
}

/* A kept block's text stands in the article already: its place is enough. */
static bool stands_in(const struct article_block *block, struct span text)
{
	return block->kept && text.data && block->text.data && block->size == block->text.size &&
	       block->offset <= text.size && block->size <= text.size - block->offset &&
	       !memcmp(text.data + block->offset, block->text.data, block->size);
}

static void put_block(struct buffer *out, const struct article_block *block, struct span text)
{
	bool inside = stands_in(block, text);
	buffer_append(out, &block->hash, sizeof block->hash);
	buffer_append(out, &block->score, sizeof block->score);
	varint_put(out, (uint64_t)block->form << 2 | (inside ? 2u : 0u) | (block->kept ? 1u : 0u));
	varint_put(out, block->level);
	varint_put(out, block->group);
	varint_put(out, block->words);
	varint_put(out, block->offset);
	varint_put(out, block->size);
	if (!inside)
		put_span(out, block->text);
}

static bool get_block(struct span *from, struct article_block *block, struct span text)
{
	uint64_t bits, level, group, words, offset, size;
	memset(block, 0, sizeof *block);
	if (from->size < sizeof block->hash + sizeof block->score)
		return false;
	memcpy(&block->hash, from->data, sizeof block->hash);
	memcpy(&block->score, from->data + sizeof block->hash, sizeof block->score);
	*from = span_slice(*from, sizeof block->hash + sizeof block->score, SIZE_MAX);
	if (!varint_get(from, &bits) || !varint_get(from, &level) || !varint_get(from, &group) ||
	    !varint_get(from, &words) || !varint_get(from, &offset) || !varint_get(from, &size))
		return false;
	block->form = (uint8_t)(bits >> 2);
	block->kept = bits & 1;
	block->level = (uint8_t)level;
	block->group = (uint32_t)group;
	block->words = (uint32_t)words;
	block->offset = (uint32_t)offset;
	block->size = (uint32_t)size;
	if (!(bits & 2))
		return get_span(from, &block->text);
	if (offset > text.size || size > text.size - offset)
		return false;
	block->text = span_slice(text, (size_t)offset, (size_t)size);
	return true;
}

void row_pack(const struct row *row, struct buffer *out)
{
	varint_put(out, row->kind);
	for (int i = 0; i < FIELDS; i++)
		put_field(out, fields[i].kind, (const char *)row + fields[i].offset);
	put_spans(out, row->document.authors, row->document.author_count);
	put_spans(out, row->document.tags, row->document.tag_count);
	varint_put(out, row->block_count);
	for (size_t i = 0; i < row->block_count; i++)
		put_block(out, &row->blocks[i], row->document.text);
}

static bool make_address(const struct warc_inputs *inputs, struct arena *arena, struct row *row)
{
	char address[WARC_ADDRESS_MAX];
	struct page_source *page = &row->document.page;
	if (row->input >= warc_inputs_count(inputs))
		return false;
	page->warc_filename = span_of(warc_input_name(warc_inputs_at(inputs, row->input)));
	warc_address_format(page->warc_record_offset, page->warc_record_inner, address);
	page->id = arena_print(arena, "%s@%s", page->warc_filename.data, address);
	return page->id.data != NULL;
}

bool row_unpack(struct span *from, const struct warc_inputs *inputs, struct arena *arena, struct row *row)
{
	uint64_t kind, count;
	memset(row, 0, sizeof *row);
	if (!varint_get(from, &kind) || kind > ROW_ERROR)
		return false;
	row->kind = (enum row_kind)kind;
	for (int i = 0; i < FIELDS; i++)
		if (!get_field(from, fields[i].kind, (char *)row + fields[i].offset))
			return false;
	if (!get_spans(from, arena, &row->document.authors, &row->document.author_count) ||
	    !get_spans(from, arena, &row->document.tags, &row->document.tag_count) || !varint_get(from, &count) ||
	    count > from->size)
		return false;
	row->block_count = (size_t)count;
	row->blocks = count ? arena_alloc(arena, row->block_count * sizeof *row->blocks) : NULL;
	for (size_t i = 0; i < row->block_count; i++)
		if (!row->blocks || !get_block(from, &row->blocks[i], row->document.text))
			return false;
	return make_address(inputs, arena, row);
}
