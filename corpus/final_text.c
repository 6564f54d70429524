/* final_text: a page's text once host evidence has spoken. The same few lines serve the df table, the signatures, the
 * documents and `verify`, so that they cannot differ. */
#include "corpus/corpus_internal.h"

#include <stdlib.h>

enum { TEXT_MAX = 256 << 20 };

void final_text_init(struct final_text *final)
{
	memset(final, 0, sizeof *final);
	buffer_init(&final->text, TEXT_MAX);
}

void final_text_free(struct final_text *final)
{
	buffer_free(&final->text);
	free(final->barred);
	memset(final, 0, sizeof *final);
}

/* The part of the table that is HOST's: it is sorted by host. */
static const struct recurring_block *host_blocks(const struct recurring *recurring, uint64_t host, size_t *count)
{
	size_t low = 0, high = recurring->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (recurring->blocks[middle].host < host)
			low = middle + 1;
		else
			high = middle;
	}
	size_t end = low;
	while (end < recurring->count && recurring->blocks[end].host == host)
		end++;
	*count = end - low;
	return recurring->blocks + low;
}

static int by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = ((const struct recurring_block *)b)->block;
	return x < y ? -1 : x > y;
}

static size_t count_barred(const struct recurring_block *blocks, size_t count, const struct row *row)
{
	size_t barred = 0;
	for (size_t i = 0; i < row->block_count; i++)
		if (row->blocks[i].kept)
			barred += bsearch(&row->blocks[i].hash, blocks, count, sizeof *blocks, by_hash) != NULL;
	return barred;
}

enum status final_text_make(struct final_text *final, const struct recurring *recurring,
			    const struct settings *settings, struct row *row, const char **reason)
{
	size_t count;
	struct span host = row->document.page.url_host_name;
	*reason = NULL;
	if (!recurring || !recurring->count || !host.size || !row->block_count)
		return STATUS_OK;
	const struct recurring_block *blocks = host_blocks(recurring, hash64(host.data, host.size, 0), &count);
	size_t barred = count_barred(blocks, count, row);
	if (!barred)
		return STATUS_OK;
	if (count > final->capacity) {
		uint64_t *grown = memory_grow(final->barred, count * sizeof *grown);
		if (!grown)
			return STATUS_MEMORY;
		final->barred = grown;
		final->capacity = count;
	}
	for (size_t i = 0; i < count; i++)
		final->barred[i] = blocks[i].block;
	row->document.words = article_redecide(row->blocks, row->block_count, final->barred, count, &final->text);
	if (final->text.status != STATUS_OK)
		return final->text.status;
	row->document.text = buffer_span(&final->text);
	row->document.barred_blocks = (uint32_t)barred;
	if (row->document.words == 0 || !row->document.text.size)
		*reason = settings->keep_all ? NULL : "host-boilerplate";
	else if (row->document.words < settings->min_words)
		*reason = "min-words";
	return STATUS_OK;
}
