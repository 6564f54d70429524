/* article_text: how blocks become text. Paragraphs are separated by a blank line, list items marked "- ", the cells of a row joined by
 * tabs, pre kept; NFC. */
#include "extract/article_internal.h"

/* The list item that BLOCK opens, if it is one: an item with many blocks is a layout box (a forum's posts in a list), not an item. */
static bool opens_item(const struct blocks *blocks, uint32_t index)
{
	uint32_t at = blocks->items[index].element;
	while (at != UINT32_MAX && blocks->elements[at].tag != BLOCK_TAG_li)
		at = blocks->elements[at].parent;
	return at != UINT32_MAX && blocks->elements[at].first == index && blocks->elements[at].block_count <= 3 &&
	       blocks->elements[at].list != UINT32_MAX;
}

/* A cell of data holds one short text; the table that lays out a page holds paragraphs. */
static bool is_cell(const struct blocks *blocks, const struct element *element)
{
	if (element->tag != BLOCK_TAG_td || element->row == UINT32_MAX || element->last != element->first + 1)
		return false;
	return blocks->elements[element->row].block_count > 1 && element->words < 60 * WORD;
}

enum status article_forms(struct article_extractor *extractor, const struct html_tree *tree, struct article_block *out)
{
	const struct blocks *blocks = &extractor->blocks;
	(void)tree;
	for (uint32_t i = 0; i < blocks->count; i++) {
		const struct block *block = &blocks->items[i];
		const struct element *element = &blocks->elements[block->element];
		struct article_block *b = &out[i];
		b->form = ARTICLE_PARAGRAPH;
		b->level = b->group = 0;
		if (element->level) {
			b->form = ARTICLE_HEADING;
			b->level = element->level;
		} else if (block->pre) {
			b->form = ARTICLE_PRE;
		} else if (is_cell(blocks, element)) {
			b->form = ARTICLE_CELL;
			b->group = element->row;
		} else if (element->ancestors[ANCESTOR_li] && opens_item(blocks, i)) {
			b->form = ARTICLE_LIST_ITEM;
			b->level = element->list_depth;
			b->group = element->list;
		} else if (element->tag == BLOCK_TAG_dd) {
			b->form = ARTICLE_LINE;
		} else if (element->ancestors[ANCESTOR_blockquote]) {
			b->form = ARTICLE_QUOTE;
		}
		b->text = block_text(blocks, block);
		if (!utf8_is_nfc(b->text)) {
			buffer_clear(&extractor->spare);
			enum status status = utf8_nfc(b->text, &extractor->spare);
			if (status)
				return status;
			b->text = arena_copy(extractor->arena, buffer_span(&extractor->spare));
			if (!b->text.data)
				return STATUS_LIMIT;
		}
	}
	return STATUS_OK;
}

static const char *separator(const struct article_block *before, const struct article_block *block)
{
	if (before->form == ARTICLE_CELL && block->form == ARTICLE_CELL)
		return before->group == block->group ? "\t" : "\n";
	if (before->form == ARTICLE_LIST_ITEM && block->form == ARTICLE_LIST_ITEM)
		return "\n";
	if (before->form == ARTICLE_LINE && block->form == ARTICLE_LINE)
		return "\n";
	return "\n\n";
}

uint32_t article_join(struct article_block *blocks, size_t count, struct buffer *text)
{
	const struct article_block *before = NULL;
	uint32_t words = 0;
	buffer_clear(text);
	for (size_t i = 0; i < count; i++) {
		struct article_block *block = &blocks[i];
		block->offset = block->size = 0;
		if (!block->kept || !block->text.size)
			continue;
		if (before)
			buffer_append_span(text, span_of(separator(before, block)));
		if (block->form == ARTICLE_LIST_ITEM)
			buffer_append_span(text, SPAN("- "));
		block->offset = (uint32_t)text->size;
		buffer_append_span(text, block->text);
		block->size = (uint32_t)(text->size - block->offset);
		words += block->words;
		before = block;
	}
	return words;
}
