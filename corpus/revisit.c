/* revisit: which captured page a revisit record stands for. Most runs hold few revisits and many pages, so what the
 * revisits want is put into a sorted list and the pages are walked past it: memory follows the revisits, never the
 * pages. Order of belief: the original's record id, then its address and date, then the payload's digest (the first
 * page that has it). */
#include "corpus/cluster_internal.h"

#include <stdlib.h>

struct want {
	uint64_t key;
	uint32_t revisit;
	uint32_t rank; /* 0 id, 1 address and date, 2 digest */
};

struct best {
	uint32_t rank; /* 3: none yet */
	uint32_t page; /* DOCUMENT_NONE: a rejected page */
};

struct resolver {
	struct revisit_list *list;
	struct want *wants;
	size_t want_count, want_capacity;
	struct best *best;
};

static uint64_t key_of(uint32_t rank, struct span text, int64_t date)
{
	uint64_t seed = rank + 1;
	if (rank == 1)
		seed ^= (uint64_t)date * 0x9E3779B97F4A7C15u;
	return hash64(text.data, text.size, seed);
}

static bool want(struct resolver *resolver, uint32_t rank, struct span text, int64_t date)
{
	if (!text.size || (rank == 1 && date == DATE_NONE))
		return true;
	if (resolver->want_count == resolver->want_capacity) {
		size_t more = resolver->want_capacity ? 2 * resolver->want_capacity : 64;
		struct want *grown = memory_grow(resolver->wants, more * sizeof *grown);
		if (!grown)
			return false;
		resolver->wants = grown;
		resolver->want_capacity = more;
	}
	resolver->wants[resolver->want_count++] =
		(struct want){key_of(rank, text, date), (uint32_t)resolver->list->count, rank};
	return true;
}

static bool add_revisit(struct resolver *resolver, const struct row *row, uint64_t at)
{
	struct revisit_list *list = resolver->list;
	const struct page_source *page = &row->document.page;
	/* The digest is the payload's: the same for the original. */
	if (!want(resolver, 0, row->target_id, 0) || !want(resolver, 1, row->target_uri, row->target_date) ||
	    !want(resolver, 2, row->target_digest.size ? row->target_digest : page->content_digest, 0))
		return false;
	if (list->count == list->capacity) {
		size_t more = list->capacity ? 2 * list->capacity : 64;
		struct revisit_fate *grown = memory_grow(list->at, more * sizeof *grown);
		if (!grown)
			return false;
		list->at = grown;
		list->capacity = more;
	}
	list->at[list->count++] = (struct revisit_fate){.row = at,
							.offset = page->warc_record_offset,
							.inner = page->warc_record_inner,
							.input = row->input,
							.keeper = DOCUMENT_NONE,
							.outcome = REVISIT_UNRESOLVED};
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct want *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->revisit < y->revisit ? -1 : x->revisit > y->revisit;
}

static void offer(struct resolver *resolver, uint32_t rank, struct span text, int64_t date, uint32_t page)
{
	if (!text.size || (rank == 1 && date == DATE_NONE))
		return;
	uint64_t key = key_of(rank, text, date);
	size_t low = 0, high = resolver->want_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (resolver->wants[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < resolver->want_count && resolver->wants[low].key == key; low++) {
		struct best *best = &resolver->best[resolver->wants[low].revisit];
		/* An article is better than a rejected page of the same rank; else the first one stays. */
		if (rank < best->rank || (rank == best->rank && best->page == DOCUMENT_NONE && page != DOCUMENT_NONE))
			*best = (struct best){rank, page};
	}
}

static void offer_row(struct resolver *resolver, const struct row *row, uint64_t page_index)
{
	const struct page_source *page = &row->document.page;
	uint32_t index = row->kind == ROW_PAGE ? (uint32_t)page_index : DOCUMENT_NONE;
	offer(resolver, 0, page->warc_record_id, 0, index);
	offer(resolver, 1, page->url, page->fetch_time, index);
	offer(resolver, 2, page->content_digest, 0, index);
}

/* One pass over the spool: collecting revisits (COLLECT) or offering pages. */
static enum status pass(struct resolver *resolver, const struct plan *plan, const struct spool *spool, bool collect,
			struct fault *fault)
{
	struct spool_cursor cursor;
	struct row row;
	enum status status = spool_cursor_init(&cursor, plan, spool);
	if (status != STATUS_OK)
		fault_set(fault, status, 0, "no memory for the revisits");
	for (size_t frame = 0; status == STATUS_OK && frame < spool->frame_count; frame++) {
		status = spool_cursor_frame(&cursor, frame, fault);
		while (status == STATUS_OK && (status = spool_cursor_next(&cursor, &row, fault)) == STATUS_OK) {
			if (collect && row.kind == ROW_REVISIT && !add_revisit(resolver, &row, cursor.row))
				status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the revisits");
			if (!collect && (row.kind == ROW_PAGE || row.kind == ROW_REJECTED))
				offer_row(resolver, &row, cursor.page);
		}
		status = status == STATUS_END ? STATUS_OK : status;
	}
	spool_cursor_free(&cursor);
	return status;
}

enum status revisits_resolve(const struct plan *plan, const struct spool *spool, struct revisit_list *list,
			     struct fault *fault)
{
	struct resolver resolver = {.list = list};
	memset(list, 0, sizeof *list);
	if (spool->tally.revisits == 0)
		return STATUS_OK;
	enum status status = pass(&resolver, plan, spool, true, fault);
	if (status == STATUS_OK) {
		resolver.best = memory_new((list->count + 1) * sizeof *resolver.best);
		if (!resolver.best)
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the revisits");
	}
	for (size_t i = 0; status == STATUS_OK && i < list->count; i++)
		resolver.best[i] = (struct best){3, DOCUMENT_NONE};
	if (resolver.want_count)
		qsort(resolver.wants, resolver.want_count, sizeof *resolver.wants, by_key);
	if (status == STATUS_OK)
		status = pass(&resolver, plan, spool, false, fault);
	for (size_t i = 0; status == STATUS_OK && i < list->count; i++)
		if (resolver.best[i].rank < 3) {
			bool article = resolver.best[i].page != DOCUMENT_NONE;
			list->at[i].outcome = article ? REVISIT_RESOLVED : REVISIT_OF_REJECTED;
			list->at[i].keeper = resolver.best[i].page; /* the original; its keeper comes later */
		}
	free(resolver.best);
	free(resolver.wants);
	return status;
}
