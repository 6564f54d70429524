/* hosts: blocks of text that recur on other pages of the same host are no page's article.
 *
 * A block is barred when it stands on pages with at least five different contexts, and on at least the square root of
 * the host's pages. The context is the longest other block of the page: two captures of one article share it and count
 * once, so an article is never barred by its own copies; and a background paragraph that a newspaper repeats in a few
 * follow-ups stays below the square root. All numbers are integers, so that the result is the same on every machine.
 *
 * Tuples (host, block, context) are collected by a pass over the spool, in as many passes, by hash of the host, as
 * memory asks for. */
#include "corpus/corpus_internal.h"

#include <omp.h>
#include <stdlib.h>

enum { CONTEXTS_MIN = 5, TEXT_KEPT = 300 };
#define TUPLES_MAX ((uint64_t)8 << 20) /* of one pass: 192 MiB */

struct tuple {
	uint64_t host, block, context;
};

struct tuples {
	struct tuple *at;
	size_t count, capacity;
};

static bool push(struct tuples *tuples, struct tuple tuple)
{
	if (tuples->count == tuples->capacity) {
		size_t more = tuples->capacity ? 2 * tuples->capacity : 1024;
		struct tuple *grown = memory_grow(tuples->at, more * sizeof *grown);
		if (!grown)
			return false;
		tuples->at = grown;
		tuples->capacity = more;
	}
	tuples->at[tuples->count++] = tuple;
	return true;
}

/* The two longest kept blocks: the context of a block is the longest that is not itself. */
static bool push_row(struct tuples *tuples, const struct row *row, uint64_t host)
{
	const struct article_block *longest = NULL, *second = NULL;
	for (size_t i = 0; i < row->block_count; i++) {
		const struct article_block *block = &row->blocks[i];
		if (!block->kept || (longest && block->hash == longest->hash))
			continue;
		if (!longest || block->text.size > longest->text.size) {
			second = longest;
			longest = block;
		} else if (!second || block->text.size > second->text.size) {
			second = block;
		}
	}
	for (size_t i = 0; longest && i < row->block_count; i++) {
		const struct article_block *block = &row->blocks[i];
		const struct article_block *context = block->hash == longest->hash ? second : longest;
		if (block->kept && !push(tuples, (struct tuple){host, block->hash, context ? context->hash : 0}))
			return false;
	}
	return true;
}

static int by_tuple(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	for (int i = 0; i < 3; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

/* ---- Collecting ---------------------------------------------------------------------------------------------- */

struct collect {
	struct run *run;
	const struct spool *spool;
	struct tuples *tuples; /* a thread each */
	unsigned part, parts;
	enum status failed;
	struct fault fault;
};

static enum status collect_frame(struct collect *collect, struct spool_cursor *cursor, size_t frame,
				 struct tuples *tuples, struct fault *fault)
{
	struct row row;
	enum status status = spool_cursor_frame(cursor, frame, fault);
	while (status == STATUS_OK && (status = spool_cursor_next(cursor, &row, fault)) == STATUS_OK) {
		struct span host = row.document.page.url_host_name;
		if (row.kind != ROW_PAGE || !host.size || !row.block_count)
			continue;
		uint64_t hash = hash64(host.data, host.size, 0);
		if (hash % collect->parts == collect->part && !push_row(tuples, &row, hash))
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the hosts' blocks");
	}
	return status == STATUS_END ? STATUS_OK : status;
}

static void collect_all(struct collect *collect)
{
	const struct plan *plan = collect->run->plan;
#pragma omp parallel num_threads((int)collect->run->threads)
	{
		struct spool_cursor cursor;
		struct fault fault = {0};
		enum status status = spool_cursor_init(&cursor, plan, collect->spool);
#pragma omp for schedule(dynamic, 1)
		for (size_t frame = 0; frame < collect->spool->frame_count; frame++)
			if (status == STATUS_OK)
				status = collect_frame(collect, &cursor, frame, &collect->tuples[omp_get_thread_num()],
						       &fault);
		spool_cursor_free(&cursor);
#pragma omp critical
		if (status != STATUS_OK && collect->failed == STATUS_OK) {
			collect->failed = status;
			collect->fault = fault;
		}
	}
}

/* ---- Counting --------------------------------------------------------------------------------------------------- */

struct found {
	struct recurring_block *at;
	size_t count, capacity;
	struct buffer heap;
};

static bool found_push(struct found *found, struct recurring_block block)
{
	if (found->count == found->capacity) {
		size_t more = found->capacity ? 2 * found->capacity : 256;
		struct recurring_block *grown = memory_grow(found->at, more * sizeof *grown);
		if (!grown)
			return false;
		found->at = grown;
		found->capacity = more;
	}
	found->at[found->count++] = block;
	return true;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* Different contexts of a host: its pages, as far as they differ. */
static bool count_pages(const struct tuple *at, size_t count, uint32_t *pages)
{
	uint64_t *contexts = memory_new(count * sizeof *contexts);
	if (!contexts)
		return false;
	for (size_t i = 0; i < count; i++)
		contexts[i] = at[i].context;
	qsort(contexts, count, sizeof *contexts, by_number);
	*pages = 0;
	for (size_t i = 0; i < count; i++)
		*pages += i == 0 || contexts[i] != contexts[i - 1];
	free(contexts);
	return true;
}

static bool count_host(const struct tuple *at, size_t count, struct found *found)
{
	uint32_t pages;
	if (!count_pages(at, count, &pages))
		return false;
	for (size_t i = 0; i < count;) {
		uint32_t contexts = 0;
		size_t from = i;
		for (; i < count && at[i].block == at[from].block; i++)
			contexts += i == from || at[i].context != at[i - 1].context;
		if (contexts >= CONTEXTS_MIN && (uint64_t)contexts * contexts >= pages &&
		    !found_push(found, (struct recurring_block){.host = at[from].host,
								.block = at[from].block,
								.pages = contexts,
								.of = pages}))
			return false;
	}
	return true;
}

static bool count_all(struct tuples *tuples, unsigned threads, struct found *found)
{
	struct tuples all = {NULL, 0, 0};
	bool fine = true;
	for (unsigned i = 0; i < threads && fine; i++) {
		for (size_t j = 0; j < tuples[i].count && fine; j++)
			fine = push(&all, tuples[i].at[j]);
		tuples[i].count = 0;
	}
	if (fine && all.count)
		qsort(all.at, all.count, sizeof *all.at, by_tuple);
	for (size_t i = 0; i < all.count && fine;) {
		size_t from = i;
		while (i < all.count && all.at[i].host == all.at[from].host)
			i++;
		fine = count_host(all.at + from, i - from, found);
	}
	free(all.at);
	return fine;
}

/* ---- Their texts, for the table that people read ------------------------------------------------------------------
 */

static int by_block(const void *a, const void *b)
{
	const struct recurring_block *x = a, *y = b;
	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	return x->block < y->block ? -1 : x->block > y->block;
}

static void add_texts(struct found *found, const struct row *row)
{
	struct span host = row->document.page.url_host_name;
	struct recurring_block key = {.host = host.size ? hash64(host.data, host.size, 0) : 0};
	for (size_t i = 0; i < row->block_count; i++) {
		key.block = row->blocks[i].hash;
		struct recurring_block *block = bsearch(&key, found->at, found->count, sizeof key, by_block);
		if (!block || block->host_size)
			continue;
		struct span text = span_slice(row->blocks[i].text, 0, TEXT_KEPT);
		text.size = utf8_valid_prefix(text);
		block->text_at = found->heap.size;
		block->host_size = (uint32_t)host.size;
		block->text_size = (uint32_t)text.size;
		buffer_append_span(&found->heap, host);
		buffer_append_span(&found->heap, text);
	}
}

static enum status find_texts(struct run *run, const struct spool *spool, struct found *found, struct fault *fault)
{
	struct spool_cursor cursor;
	struct row row;
	enum status status = found->count ? spool_cursor_init(&cursor, run->plan, spool) : STATUS_END;
	if (status != STATUS_OK)
		return status == STATUS_END ? STATUS_OK
					    : fault_set(fault, status, 0, "no memory for the hosts' blocks");
	for (size_t frame = 0; frame < spool->frame_count && status == STATUS_OK; frame++) {
		status = spool_cursor_frame(&cursor, frame, fault);
		while (status == STATUS_OK && (status = spool_cursor_next(&cursor, &row, fault)) == STATUS_OK)
			if (row.kind == ROW_PAGE)
				add_texts(found, &row);
		status = status == STATUS_END ? STATUS_OK : status;
	}
	spool_cursor_free(&cursor);
	return status == STATUS_OK && found->heap.status != STATUS_OK
		       ? fault_set(fault, found->heap.status, 0, "no memory for the hosts' blocks")
		       : status;
}

static enum status collect_and_count(struct run *run, const struct spool *spool, struct found *found,
				     struct fault *fault)
{
	struct collect collect = {.run = run, .spool = spool};
	/* Articles have some twenty blocks; a guess only: it sets the number of passes, not the result. */
	collect.parts = (unsigned)(spool->page_count * 20 / TUPLES_MAX + 1);
	collect.tuples = memory_zeroed(run->threads, sizeof *collect.tuples);
	enum status status =
		collect.tuples ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory for the hosts' blocks");
	for (collect.part = 0; status == STATUS_OK && collect.part < collect.parts; collect.part++) {
		collect_all(&collect);
		status = collect.failed;
		if (status != STATUS_OK && fault)
			*fault = collect.fault;
		if (status == STATUS_OK && !count_all(collect.tuples, run->threads, found))
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the hosts' blocks");
		run_progress(run, spool->page_count / collect.parts);
	}
	for (unsigned i = 0; collect.tuples && i < run->threads; i++)
		free(collect.tuples[i].at);
	free(collect.tuples);
	return status;
}

enum status stage_hosts(struct run *run, const struct spool *spool, struct fault *fault)
{
	struct found found = {NULL, 0, 0, {0}};
	enum status status = STATUS_OK;
	if (stage_exists(run->plan, "hosts"))
		return STATUS_OK;
	buffer_init(&found.heap, (size_t)1 << 32);
	if (run->plan->settings.host_evidence)
		status = collect_and_count(run, spool, &found, fault);
	if (status == STATUS_OK && found.count)
		qsort(found.at, found.count, sizeof *found.at, by_block);
	if (status == STATUS_OK)
		status = find_texts(run, spool, &found, fault);
	if (status == STATUS_OK) {
		uint64_t count = found.count;
		struct span spans[] = {{(const char *)&count, sizeof count},
				       {(const char *)found.at, found.count * sizeof *found.at},
				       buffer_span(&found.heap)};
		status = stage_write(run->plan, "hosts", spans, 3, fault);
	}
	free(found.at);
	buffer_free(&found.heap);
	return status;
}

enum status recurring_open(const struct plan *plan, struct recurring *out, struct fault *fault)
{
	const void *count = NULL, *blocks = NULL;
	memset(out, 0, sizeof *out);
	enum status status = stage_open(plan, "hosts", &out->file, fault);
	if (status != STATUS_OK)
		return status;
	out->heap = out->file.bytes;
	bool sound = stage_array(&out->heap, 1, sizeof(uint64_t), &count) &&
		     stage_array(&out->heap, *(const uint64_t *)count, sizeof *out->blocks, &blocks);
	out->blocks = blocks;
	out->count = sound ? (size_t) * (const uint64_t *)count : 0;
	for (size_t i = 0; i < out->count && sound; i++) {
		const struct recurring_block *block = &out->blocks[i];
		uint64_t size = (uint64_t)block->text_size + block->host_size;
		sound = block->text_at <= out->heap.size && size <= out->heap.size - block->text_at;
	}
	if (sound)
		return STATUS_OK;
	recurring_close(out);
	return fault_set(fault, STATUS_DATA, 0, "stage file hosts is damaged");
}

void recurring_close(struct recurring *recurring)
{
	stage_close(&recurring->file);
	memset(recurring, 0, sizeof *recurring);
}
