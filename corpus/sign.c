/* sign: the df table and every page's signature, from final texts. Both walk the spool frame by frame in parallel; a
 * page's index is known from the frame, so results go straight to their place. */
#include "corpus/corpus_internal.h"

#include <omp.h>
#include <stdlib.h>

/* What one thread needs to walk final texts. */
struct walker {
	struct spool_cursor cursor;
	struct final_text final;
	struct signer *signer;
	struct buffer urls;
	struct df_candidate *candidates;
	size_t candidate_count, candidate_capacity;
};

struct walk {
	struct run *run;
	const struct spool *spool;
	struct recurring recurring;
	struct df_table *df;
	struct walker *walkers;
	enum status failed;
	struct fault fault;
	/* Of the df stage. */
	struct df_counter *counter;
	struct df_candidate *sample;
	size_t sample_count;
	/* Of the sign stage. */
	struct signature *signatures;
	struct page_info *infos;
	uint64_t first_page;
	struct buffer urls;
	/* One page, its final text made. */
	enum status (*page)(struct walk *walk, struct walker *walker, const struct row *row, bool rejected,
			    struct fault *fault);
};

static enum status walk_new(struct walk *walk, struct fault *fault)
{
	walk->walkers = memory_zeroed(walk->run->threads, sizeof *walk->walkers);
	if (!walk->walkers)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for %u workers", walk->run->threads);
	enum status status = recurring_open(walk->run->plan, &walk->recurring, fault);
	for (unsigned i = 0; status == STATUS_OK && i < walk->run->threads; i++) {
		struct walker *walker = &walk->walkers[i];
		final_text_init(&walker->final);
		buffer_init(&walker->urls, (size_t)1 << 32);
		walker->signer = signer_new(walk->df, SIMHASH_128);
		if (spool_cursor_init(&walker->cursor, walk->run->plan, walk->spool) != STATUS_OK || !walker->signer)
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for %u workers", walk->run->threads);
	}
	return status;
}

static void walk_free(struct walk *walk)
{
	for (unsigned i = 0; walk->walkers && i < walk->run->threads; i++) {
		spool_cursor_free(&walk->walkers[i].cursor);
		final_text_free(&walk->walkers[i].final);
		buffer_free(&walk->walkers[i].urls);
		signer_free(walk->walkers[i].signer);
		free(walk->walkers[i].candidates);
	}
	free(walk->walkers);
	walk->walkers = NULL;
	recurring_close(&walk->recurring);
}

static enum status walk_frame(struct walk *walk, struct walker *walker, size_t frame, struct fault *fault)
{
	struct row row;
	const char *reason;
	buffer_clear(&walker->urls);
	enum status status = spool_cursor_frame(&walker->cursor, frame, fault);
	while (status == STATUS_OK && (status = spool_cursor_next(&walker->cursor, &row, fault)) == STATUS_OK) {
		if (row.kind != ROW_PAGE)
			continue;
		status = final_text_make(&walker->final, &walk->recurring, &walk->run->plan->settings, &row, &reason);
		if (status == STATUS_OK)
			status = walk->page(walk, walker, &row, reason != NULL, fault);
		else
			fault_set(fault, status, 0, "no memory for a page's text");
	}
	return status == STATUS_END ? STATUS_OK : status;
}

/* Addresses are appended in frame order; the frame's infos learn where. */
static void place_urls(struct walk *walk, struct walker *walker, size_t frame)
{
	const struct spool_frame *at = &walk->spool->frames[frame];
	uint64_t end = frame + 1 < walk->spool->frame_count ? at[1].first_page : walk->spool->page_count;
	for (uint64_t page = at->first_page; walk->infos && page < end; page++)
		walk->infos[page - walk->first_page].url_at += walk->urls.size;
	buffer_append_span(&walk->urls, buffer_span(&walker->urls));
}

static enum status walk_frames(struct walk *walk, size_t first, size_t end, struct fault *fault)
{
	walk->failed = STATUS_OK;
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads((int)walk->run->threads)
	for (size_t frame = first; frame < end; frame++) {
		struct walker *walker = &walk->walkers[omp_get_thread_num()];
		struct fault inner = {0};
		enum status failed, status;
#pragma omp atomic read
		failed = walk->failed;
		status = failed == STATUS_OK ? walk_frame(walk, walker, frame, &inner) : failed;
#pragma omp ordered
		{
			if (status == STATUS_OK) {
				place_urls(walk, walker, frame);
				run_progress(walk->run, walk->spool->frames[frame].rows);
			} else if (walk->failed == STATUS_OK) {
#pragma omp atomic write
				walk->failed = status;
				walk->fault = inner;
			}
		}
	}
	if (walk->failed != STATUS_OK && fault)
		*fault = walk->fault;
	return walk->failed;
}

/* ---- df ------------------------------------------------------------------------------------------------------------
 */

static uint64_t host_key(const struct row *row)
{
	struct span host = row->document.page.url_host_name;
	return host.size ? hash64(host.data, host.size, 0) : 0;
}

static enum status collect_page(struct walk *walk, struct walker *walker, const struct row *row, bool rejected,
				struct fault *fault)
{
	struct hash128 exact;
	uint32_t tokens;
	if (rejected)
		return STATUS_OK;
	enum status status = signer_exact(walker->signer, row->document.text, &exact, &tokens);
	if (status != STATUS_OK)
		return fault_set(fault, status, 0, "cannot hash a page's text: %s", status_name(status));
	if (!tokens || !df_sample_may(exact, walk->spool->page_count))
		return STATUS_OK;
	if (walker->candidate_count == walker->candidate_capacity) {
		size_t more = walker->candidate_capacity ? 2 * walker->candidate_capacity : 256;
		struct df_candidate *grown = memory_grow(walker->candidates, more * sizeof *grown);
		if (!grown)
			return fault_set(fault, STATUS_MEMORY, 0, "no memory for the df sample");
		walker->candidates = grown;
		walker->candidate_capacity = more;
	}
	walker->candidates[walker->candidate_count++] =
		(struct df_candidate){exact, host_key(row), walker->cursor.page};
	return STATUS_OK;
}

static int by_document(const void *a, const void *b)
{
	uint64_t x = ((const struct df_candidate *)a)->document, y = ((const struct df_candidate *)b)->document;
	return x < y ? -1 : x > y;
}

static enum status count_page(struct walk *walk, struct walker *walker, const struct row *row, bool rejected,
			      struct fault *fault)
{
	struct df_candidate key = {.document = walker->cursor.page};
	if (rejected || !bsearch(&key, walk->sample, walk->sample_count, sizeof key, by_document))
		return STATUS_OK;
	enum status status = df_counter_add(walk->counter, walker->signer, row->document.text);
	return status == STATUS_OK
		       ? STATUS_OK
		       : fault_set(fault, status, 0, "cannot count a page's words: %s", status_name(status));
}

static enum status select_sample(struct walk *walk, struct fault *fault)
{
	size_t total = 0;
	for (unsigned i = 0; i < walk->run->threads; i++)
		total += walk->walkers[i].candidate_count;
	walk->sample = memory_new((total + 1) * sizeof *walk->sample);
	if (!walk->sample)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the df sample");
	for (unsigned i = 0; i < walk->run->threads; i++) {
		struct walker *walker = &walk->walkers[i];
		if (walker->candidate_count)
			memcpy(walk->sample + walk->sample_count, walker->candidates,
			       walker->candidate_count * sizeof *walker->candidates);
		walk->sample_count += walker->candidate_count;
	}
	walk->sample_count = df_sample_select(walk->sample, walk->sample_count);
	return STATUS_OK;
}

static enum status count_df(struct walk *walk, struct df_table **table, struct fault *fault)
{
	enum status status = walk_new(walk, fault);
	walk->page = collect_page;
	if (status == STATUS_OK)
		status = walk_frames(walk, 0, walk->spool->frame_count, fault);
	if (status == STATUS_OK)
		status = select_sample(walk, fault);
	if (status == STATUS_OK && !(walk->counter = df_counter_new(walk->sample_count)))
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the df table");
	walk->page = count_page;
	if (status == STATUS_OK)
		status = walk_frames(walk, 0, walk->spool->frame_count, fault);
	if (status == STATUS_OK) {
		*table = df_counter_finish(walk->counter);
		walk->counter = NULL;
		if (!*table)
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the df table");
	}
	df_counter_free(walk->counter);
	free(walk->sample);
	walk_free(walk);
	return status;
}

static enum status load_df(const char *path, struct df_table **table, struct fault *fault)
{
	struct fault inner = {0};
	*table = df_load(path, &inner);
	return *table ? STATUS_OK
		      : fault_set(fault, inner.status ? inner.status : STATUS_IO, 0, "the df table %.120s: %.100s",
				  path, inner.text);
}

enum status stage_df(struct run *run, const struct spool *spool, struct fault *fault)
{
	struct walk walk = {.run = run, .spool = spool};
	struct df_table *table = NULL;
	char hex[33];
	if (stage_exists(run->plan, "df"))
		return STATUS_OK;
	char *path = path_join(run->plan->work, "df.table");
	if (!path)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for a path");
	const struct settings *settings = &run->plan->settings;
	/* Fingerprints compare only under one table: the older corpus' own. */
	char *old = settings->against_path ? path_join(settings->against_path, "tables/df.table") : NULL;
	const char *given = settings->df_path ? settings->df_path : old;
	enum status status = given ? load_df(given, &table, fault) : count_df(&walk, &table, fault);
	free(old);
	if (status == STATUS_OK)
		status = df_save(table, path, fault);
	if (status == STATUS_OK) {
		df_digest(table, hex);
		struct span digest = {hex, 32};
		status = stage_write(run->plan, "df", &digest, 1, fault);
	}
	df_free(table);
	free(path);
	return status;
}

/* ---- Signatures
 * ------------------------------------------------------------------------------------------------------ */

static uint64_t address_key(struct span url, struct buffer *scratch)
{
	if (!url.size)
		return 0;
	buffer_clear(scratch);
	if (url_canonical_key(url, scratch) != STATUS_OK || !scratch->size)
		return 0;
	return hash64(scratch->data, scratch->size, 0);
}

static int64_t page_date(const struct document *document)
{
	return document->date_published.data ? date_parse_w3c(document->date_published) : DATE_NONE;
}

static uint64_t page_weight(const struct document *document)
{
	uint64_t weight = 900 + document->text.size + 2 * document->page.url.size + document->title.size +
			  document->description.size + document->canonical_url.size;
	for (size_t i = 0; i < document->tag_count; i++)
		weight += document->tags[i].size + 3;
	return weight;
}

static enum status sign_page(struct walk *walk, struct walker *walker, const struct row *row, bool rejected,
			     struct fault *fault)
{
	uint64_t at = walker->cursor.page - walk->first_page;
	struct page_info *info = &walk->infos[at];
	const struct document *document = &row->document;
	const struct page_source *page = &document->page;
	*info = (struct page_info){
		.offset = page->warc_record_offset,
		.inner = page->warc_record_inner,
		.url_at = walker->urls.size,
		.url_size = (uint32_t)page->url.size,
		.weight = page_weight(document),
		.input = row->input,
		.rejected = rejected,
		.words = document->words,
	};
	buffer_append_span(&walker->urls, page->url);
	int64_t date = page_date(document);
	info->date = date != DATE_NONE ? date : page->fetch_time;
	/* The scratch for keys is the end of the frame's addresses, cut off again. */
	struct buffer *scratch = &walker->final.text;
	enum status status = rejected ? STATUS_OK : signer_sign(walker->signer, document->text, &walk->signatures[at]);
	if (status != STATUS_OK)
		return fault_set(fault, status, 0, "cannot sign a page's text: %s", status_name(status));
	/* The text is not needed from here on: its buffer serves for the keys. */
	info->attributes = (struct dedup_attributes){
		.address = address_key(page->url, scratch),
		.canonical = address_key(document->canonical_url, scratch),
		.publisher = {dedup_name_key(document->site_name), dedup_name_key(page->url_host_registered_domain)},
		.source = dedup_name_key(document->source_name),
		.date = date,
	};
	return walker->urls.status == STATUS_OK
		       ? STATUS_OK
		       : fault_set(fault, walker->urls.status, 0, "no memory for the addresses");
}

/* The exact hashes alone, 16 bytes a page: what `keys` reads of other shards. */
static enum status write_exact(const struct walk *walk, size_t shard, size_t count, struct fault *fault)
{
	struct stage_space space = {0};
	char name[40];
	snprintf(name, sizeof name, "exact-%05zu", shard);
	enum status status = stage_space_new(walk->run->plan, name, count * sizeof(struct hash128), &space, fault);
	if (status != STATUS_OK)
		return status;
	struct hash128 *hashes = (struct hash128 *)(void *)space.bytes;
	for (size_t i = 0; i < count; i++)
		hashes[i] = walk->signatures[i].tokens ? walk->signatures[i].exact : (struct hash128){0};
	return stage_space_commit(walk->run->plan, &space, fault);
}

static enum status sign_shard(struct walk *walk, size_t shard, struct fault *fault)
{
	const struct plan *plan = walk->run->plan;
	const struct spool *spool = walk->spool;
	bool last = shard + 1 == spool->shard_count;
	size_t first = spool->shards[shard].first_frame,
	       end = last ? spool->frame_count : spool->shards[shard + 1].first_frame;
	uint64_t end_page = last ? spool->page_count : spool->shards[shard + 1].first_page;
	char name[40];
	struct stage_space signatures = {0}, infos = {0};
	walk->first_page = spool->shards[shard].first_page;
	snprintf(name, sizeof name, "signatures-%05zu", shard);
	enum status status = stage_space_new(plan, name, (end_page - walk->first_page) * sizeof(struct signature),
					     &signatures, fault);
	snprintf(name, sizeof name, "infos-%05zu", shard);
	if (status == STATUS_OK)
		status = stage_space_new(plan, name, (end_page - walk->first_page) * sizeof(struct page_info), &infos,
					 fault);
	walk->signatures = (struct signature *)(void *)signatures.bytes;
	walk->infos = (struct page_info *)(void *)infos.bytes;
	walk->page = sign_page;
	if (status == STATUS_OK)
		status = walk_frames(walk, first, end, fault);
	if (status == STATUS_OK && walk->urls.status != STATUS_OK)
		status = fault_set(fault, walk->urls.status, 0, "no memory for the addresses");
	struct span urls = buffer_span(&walk->urls);
	snprintf(name, sizeof name, "urls-%05zu", shard);
	if (status == STATUS_OK)
		status = stage_write(plan, name, &urls, 1, fault);
	if (status == STATUS_OK)
		status = write_exact(walk, shard, (size_t)(end_page - walk->first_page), fault);
	if (status == STATUS_OK)
		status = stage_space_commit(plan, &infos, fault);
	else
		stage_space_abandon(&infos);
	if (status == STATUS_OK)
		status = stage_space_commit(plan, &signatures, fault);
	else
		stage_space_abandon(&signatures);
	return status;
}

enum status stage_sign(struct run *run, const struct spool *spool, size_t shard, struct fault *fault)
{
	struct walk walk = {.run = run, .spool = spool};
	char name[40];
	snprintf(name, sizeof name, "sign-%05zu", shard);
	if (stage_exists(run->plan, name))
		return STATUS_OK;
	char *path = path_join(run->plan->work, "df.table");
	buffer_init(&walk.urls, (size_t)1 << 40);
	enum status status =
		path ? load_df(path, &walk.df, fault) : fault_set(fault, STATUS_MEMORY, 0, "no memory for a path");
	if (status == STATUS_OK)
		status = walk_new(&walk, fault);
	if (status == STATUS_OK)
		status = sign_shard(&walk, shard, fault);
	walk_free(&walk);
	df_free(walk.df);
	buffer_free(&walk.urls);
	free(path);
	struct span done = SPAN("done\n");
	return status == STATUS_OK ? stage_write(run->plan, name, &done, 1, fault) : status;
}

/* ---- Reading them
 * ------------------------------------------------------------------------------------------------------ */

enum status signed_open(const struct plan *plan, const struct spool *spool, struct signed_pages *out,
			struct fault *fault)
{
	static const char *const kinds[] = {"signatures", "infos", "urls"};
	char name[40];
	memset(out, 0, sizeof *out);
	out->shard_count = plan->shard_count;
	out->count = spool->page_count;
	out->files = memory_zeroed(3 * plan->shard_count, sizeof *out->files);
	out->shard_first = memory_zeroed(plan->shard_count + 1, sizeof *out->shard_first);
	out->table = signature_table_new();
	enum status status = out->files && out->shard_first && out->table
				     ? STATUS_OK
				     : fault_set(fault, STATUS_MEMORY, 0, "no memory for the signatures");
	for (size_t s = 0; status == STATUS_OK && s < plan->shard_count; s++) {
		out->shard_first[s] = spool->shards[s].first_page;
		for (size_t k = 0; status == STATUS_OK && k < 3; k++) {
			snprintf(name, sizeof name, "%s-%05zu", kinds[k], s);
			/* Unread: who searches for pairs needs no infos and no addresses, who writes a part few of
			 * them. */
			status = stage_map(plan, name, &out->files[3 * s + k], fault);
		}
		if (status == STATUS_OK && out->files[3 * s].bytes.size / sizeof(struct signature) !=
						   out->files[3 * s + 1].bytes.size / sizeof(struct page_info))
			status = fault_set(fault, STATUS_DATA, 0, "stage file %s is damaged", name);
		struct span bytes = out->files[3 * s].bytes;
		if (status == STATUS_OK && bytes.size)
			status = signature_table_add(out->table, (const struct signature *)(const void *)bytes.data,
						     bytes.size / sizeof(struct signature));
	}
	if (status == STATUS_OK) {
		out->shard_first[plan->shard_count] = spool->page_count;
		if (signature_table_count(out->table) != spool->page_count)
			status = fault_set(fault, STATUS_DATA, 0, "the signatures do not fit the spool");
	}
	if (status != STATUS_OK)
		signed_close(out);
	return status;
}

void signed_close(struct signed_pages *pages)
{
	signature_table_free(pages->table);
	for (size_t i = 0; pages->files && i < 3 * pages->shard_count; i++)
		stage_close(&pages->files[i]);
	free(pages->files);
	free(pages->shard_first);
	memset(pages, 0, sizeof *pages);
}

struct signature_table *joined_table(const struct old_pages *old, const struct signed_pages *pages)
{
	struct signature_table *table = signature_table_new();
	enum status status =
		table && old->count ? signature_table_add(table, old->signatures, (size_t)old->count) : STATUS_OK;
	for (size_t s = 0; table && status == STATUS_OK && s < pages->shard_count; s++) {
		struct span bytes = pages->files[3 * s].bytes;
		if (bytes.size)
			status = signature_table_add(table, (const struct signature *)(const void *)bytes.data,
						     bytes.size / sizeof(struct signature));
	}
	if (status == STATUS_OK)
		return table;
	signature_table_free(table);
	return NULL;
}

static size_t shard_of(const struct signed_pages *pages, uint64_t page)
{
	size_t low = 0, high = pages->shard_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (pages->shard_first[middle] <= page)
			low = middle;
		else
			high = middle;
	}
	return low;
}

const struct page_info *page_info_at(const struct signed_pages *pages, uint64_t page)
{
	size_t shard = shard_of(pages, page);
	const struct page_info *infos = (const struct page_info *)(const void *)pages->files[3 * shard + 1].bytes.data;
	return &infos[page - pages->shard_first[shard]];
}

struct span page_url_at(const struct signed_pages *pages, uint64_t page)
{
	size_t shard = shard_of(pages, page);
	const struct page_info *info = page_info_at(pages, page);
	struct span url = span_slice(pages->files[3 * shard + 2].bytes, (size_t)info->url_at, info->url_size);
	return url.size ? url : SPAN_NONE;
}

struct span page_id_at(const struct plan *plan, const struct signed_pages *pages, uint64_t page, struct arena *arena)
{
	char address[WARC_ADDRESS_MAX];
	const struct page_info *info = page_info_at(pages, page);
	warc_address_format(info->offset, info->inner, address);
	return arena_print(arena, "%s@%s", warc_input_name(warc_inputs_at(plan->inputs, info->input)), address);
}
