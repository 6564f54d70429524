/* article_text: how blocks become text. Paragraphs are separated by a blank line, list items marked "- ", the cells of
 * a row joined by tabs, pre kept; NFC. */
#include "extract/article_internal.h"

const struct span article_pilcrow = {"\xC2\xB6", 2};

/* Without the link to itself that headings and terms of documentation end in. */
static struct span without_permalink(struct span text)
{
	return span_ends(text, article_pilcrow) ? span_trim(span_slice(text, 0, text.size - 2)) : text;
}

/* The list item that BLOCK opens, if it is one: an item with many blocks is a layout box (a forum's posts in a list),
 * not an item. */
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

/* What stands in one line of the text, whatever line breaks it holds. Blocks' texts are this page's own: in place. */
static void join_lines(struct blocks *blocks, const struct block *block)
{
	char *text = blocks->text.data + block->offset;
	for (uint32_t i = 0; block->breaks && i < block->size; i++)
		text[i] = text[i] == '\n' ? ' ' : text[i];
}

static void set_form(const struct blocks *blocks, uint32_t index, bool markdown, struct article_block *out)
{
	const struct block *block = &blocks->items[index];
	const struct element *element = &blocks->elements[block->element];
	out->form = ARTICLE_PARAGRAPH;
	out->level = 0;
	out->group = 0;
	if (element->level) {
		out->form = ARTICLE_HEADING;
		out->level = element->level;
	} else if (block->pre) {
		out->form = ARTICLE_PRE;
	} else if (is_cell(blocks, element)) {
		out->form = ARTICLE_CELL;
		out->level = markdown;
		out->group = element->row;
	} else if (element->ancestors[ANCESTOR_li] && opens_item(blocks, index)) {
		out->form = ARTICLE_LIST_ITEM;
		out->level = element->list_depth;
		out->group = element->list;
	} else if (element->tag == BLOCK_TAG_dd) {
		out->form = ARTICLE_LINE;
	} else if (element->ancestors[ANCESTOR_blockquote]) {
		out->form = ARTICLE_QUOTE;
	}
}

enum status article_forms(struct article_extractor *extractor, const struct page *page, struct article_block *out)
{
	struct blocks *blocks = &extractor->blocks;
	bool markdown = extractor->options.text == ARTICLE_MARKDOWN;
	struct buffer *spare = &extractor->spare;
	struct span base = markdown ? article_link_base(page, extractor->arena) : SPAN_NONE;
	for (uint32_t i = 0; i < blocks->count; i++) {
		const struct block *block = &blocks->items[i];
		struct article_block *b = &out[i];
		enum status status = STATUS_OK;
		set_form(blocks, i, markdown, b);
		if (b->form == ARTICLE_HEADING || b->form == ARTICLE_LIST_ITEM || b->form == ARTICLE_CELL)
			join_lines(blocks, block);
		b->text = block->pre ? block_text(blocks, block) : without_permalink(block_text(blocks, block));
		buffer_clear(spare);
		if (markdown) {
			status = article_markdown(extractor, page->tree, block, b, base);
		} else if (b->form == ARTICLE_LIST_ITEM) {
			buffer_append_span(spare, SPAN("- "));
			status = buffer_append_span(spare, b->text);
		}
		if (status)
			return status;
		bool written = spare->size > 0;
		struct span text = written ? buffer_span(spare) : b->text;
		if (!utf8_is_nfc(text)) {
			buffer_clear(&extractor->text);
			status = utf8_nfc(text, &extractor->text);
			text = buffer_span(&extractor->text);
			written = true;
		}
		if (written)
			b->text = arena_copy(extractor->arena, text);
		if (status || !b->text.data)
			return status ? status : STATUS_LIMIT;
	}
	return STATUS_OK;
}

static void put_separator(const struct article_block *before, const struct article_block *block, struct buffer *text)
{
	bool cells = before->form == ARTICLE_CELL && block->form == ARTICLE_CELL;
	if (cells && before->group == block->group)
		buffer_append_span(text, before->level ? SPAN(" | ") : SPAN("\t"));
	else if (cells ||
		 (before->form == block->form && (block->form == ARTICLE_LIST_ITEM || block->form == ARTICLE_LINE)))
		buffer_append_byte(text, '\n');
	else
		buffer_append_span(text, SPAN("\n\n"));
}

/* Markdown tables: a bar before each row and after it, and the line of dashes that the first row needs. */
static void put_row_start(const struct article_block *before, const struct article_block *block, struct buffer *text)
{
	if (block->form == ARTICLE_CELL && block->level &&
	    (!before || before->form != ARTICLE_CELL || before->group != block->group))
		buffer_append_span(text, SPAN("| "));
}

struct table_state {
	uint32_t cells, rows;
};

static void put_row_end(const struct article_block *block, const struct article_block *after, struct table_state *table,
			struct buffer *text)
{
	if (block->form != ARTICLE_CELL || !block->level)
		return;
	table->cells++;
	if (after && after->form == ARTICLE_CELL && after->group == block->group)
		return;
	buffer_append_span(text, SPAN(" |"));
	if (!table->rows++) {
		buffer_append_span(text, SPAN("\n|"));
		for (uint32_t i = 0; i < table->cells; i++)
			buffer_append_span(text, SPAN(" --- |"));
	}
	table->cells = 0;
	if (!after || after->form != ARTICLE_CELL)
		table->rows = 0;
}

/* Markdown lists: what stands before an item's mark follows from the items that are kept around it, not from the depth
 * on the page, for four blanks more than the item above would make it code. */
struct list_state {
	uint8_t levels[16]; /* of the open items, growing */
	size_t depth;
};

static struct span list_item(const struct article_block *before, const struct article_block *block,
			     struct list_state *list)
{
	struct span text = block->text;
	size_t indent = 0;
	if (block->form != ARTICLE_LIST_ITEM)
		return text;
	if (!before || before->form != ARTICLE_LIST_ITEM)
		list->depth = 0;
	while (list->depth && list->levels[list->depth - 1] > block->level)
		list->depth--;
	if (list->depth < sizeof list->levels && (!list->depth || list->levels[list->depth - 1] < block->level))
		list->levels[list->depth++] = block->level;
	while (indent < text.size && text.data[indent] == ' ')
		indent++;
	size_t wanted = 3 * (list->depth - 1);
	return indent > wanted ? span_slice(text, indent - wanted, text.size) : text;
}

uint32_t article_join(struct article_block *blocks, size_t count, struct buffer *text)
{
	struct article_block *before = NULL;
	struct table_state table = {0, 0};
	struct list_state list = {.depth = 0};
	uint32_t words = 0;
	buffer_clear(text);
	for (size_t i = 0; i <= count; i++) {
		struct article_block *block = i < count ? &blocks[i] : NULL;
		if (block)
			block->offset = block->size = 0;
		if (block && (!block->kept || !block->text.size))
			continue;
		if (before)
			put_row_end(before, block, &table, text);
		if (!block)
			break;
		if (before)
			put_separator(before, block, text);
		put_row_start(before, block, text);
		block->offset = (uint32_t)text->size;
		buffer_append_span(text, list_item(before, block, &list));
		block->size = (uint32_t)(text->size - block->offset);
		words += block->words;
		before = block;
	}
	return words;
}
