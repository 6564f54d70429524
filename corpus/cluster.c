/* cluster: what becomes of each page. The duplicates' clusters come from dedup/; here they meet revisits, samples,
 * splits and the cut into parts, all of which depend on ids and weights alone. The result is one file, "fates", from
 * which any part can be written on its own. */
#include "corpus/cluster_internal.h"

#include <stdlib.h>

struct cluster {
	struct run *run;
	const struct spool *spool;
	struct signed_pages pages;
	struct old_pages old;
	struct signature_table *table; /* old documents, then pages */
	struct ceiling *ceiling;       /* with --memory: of what grows with the pages; else NULL */
	struct dedup_result result;
	struct page_fate *fates;
	struct revisit_list revisits;
	struct part_range *parts;
	size_t part_count, part_capacity;
	uint32_t *order, *members, *resolved;
	size_t order_count, member_count, resolved_count;
};

static enum status no_memory(struct fault *fault)
{
	return fault_set(fault, STATUS_MEMORY, 0, "no memory for the clusters");
}

/* ---- Clusters ------------------------------------------------------------------------------------------------------
 */

/* From the partitions' pairs where they were searched for apart, else all at once; both give the same. */
static enum status run_dedup(struct cluster *cluster, const struct dedup_input *input,
			     const struct dedup_options *options, struct fault *fault)
{
	struct pair_list pairs = {0};
	struct exact_groups *groups = NULL;
	enum status status = match_load(cluster->run->plan, &pairs, fault);
	if (status == STATUS_END)
		return dedup_run(input, options, &cluster->result, fault);
	if (status == STATUS_OK && options->ceiling)
		status = signature_table_watch(input->table, options->ceiling);
	if (status == STATUS_OK)
		status = dedup_exact(input->table, options, &groups);
	if (status == STATUS_MEMORY)
		fault_set(fault, status, 0, "no memory for the clusters");
	if (status == STATUS_OK)
		status = dedup_cluster(input, groups, &pairs, options, &cluster->result, fault);
	if (options->ceiling)
		signature_table_unwatch(input->table, options->ceiling);
	exact_groups_free(groups);
	pair_list_free(&pairs);
	return status;
}

/* The signatures as files, which the search reads rather than keeps, and what is mapped beside them watched. */
static struct signature_table *table_in_files(struct cluster *cluster, struct fault *fault)
{
	const struct plan *plan = cluster->run->plan;
	struct signature_table *table = signature_table_new();
	enum status status = table && cluster->old.count
				     ? signature_table_add(table, cluster->old.signatures, (size_t)cluster->old.count)
				     : STATUS_OK;
	for (size_t s = 0; table && status == STATUS_OK && s < plan->shard_count; s++) {
		const struct stage_file *file = &cluster->pages.files[3 * s];
		size_t count = file->bytes.size / sizeof(struct signature);
		char *path = count ? path_join(plan->work, "signatures-%05zu", s) : NULL;
		if (count)
			status = path ? signature_table_add_file(table, path,
								 (uint64_t)(file->bytes.data - (const char *)file->map),
								 count, fault)
				      : STATUS_MEMORY;
		free(path);
	}
	if (status == STATUS_OK)
		return table;
	signature_table_free(table);
	return NULL;
}

static enum status ceiling_make(struct cluster *cluster, struct fault *fault)
{
	const struct plan *plan = cluster->run->plan;
	enum status status = STATUS_OK;
	if (!plan->settings.memory)
		return STATUS_OK;
	cluster->ceiling = ceiling_new(plan->settings.memory, plan->work);
	if (!cluster->ceiling)
		return no_memory(fault);
	for (size_t i = 0; status == STATUS_OK && i < 3 * plan->shard_count; i++)
		status = ceiling_watch(cluster->ceiling, cluster->pages.files[i].map, cluster->pages.files[i].map_size);
	if (status == STATUS_OK)
		status = ceiling_watch(cluster->ceiling, cluster->old.file.map, cluster->old.file.map_size);
	return status == STATUS_OK ? status : no_memory(fault);
}

/* One table of the older corpus' documents and this run's pages, in that order. */
static enum status join_tables(struct cluster *cluster, struct dedup_attributes **attributes, uint32_t **old_keeper,
			       struct fault *fault)
{
	uint64_t old = cluster->old.count, count = cluster->pages.count;
	*attributes = ceiling_array(cluster->ceiling, old + count + 1, sizeof **attributes);
	*old_keeper = ceiling_array(cluster->ceiling, old + 1, sizeof **old_keeper);
	cluster->table =
		cluster->ceiling ? table_in_files(cluster, fault) : joined_table(&cluster->old, &cluster->pages);
	if (!*attributes || !*old_keeper || !cluster->table)
		return no_memory(fault);
	for (uint64_t i = 0; i < old; i++) {
		(*attributes)[i] = cluster->old.infos[i].attributes;
		(*old_keeper)[i] = (uint32_t)i;
	}
	for (uint64_t i = 0; i < count; i++) {
		if (i % 4096 == 0)
			ceiling_check(cluster->ceiling);
		(*attributes)[old + i] = page_info_at(&cluster->pages, i)->attributes;
	}
	return STATUS_OK;
}

static enum status find_clusters(struct cluster *cluster, struct fault *fault)
{
	struct dedup_options options;
	struct dedup_attributes *attributes = NULL;
	uint32_t *old_keeper = NULL;
	enum status status = join_tables(cluster, &attributes, &old_keeper, fault);
	dedup_settings(cluster->run, &options);
	options.ceiling = cluster->ceiling;
	if (status == STATUS_OK && cluster->pages.count) {
		const struct dedup_input input = {.table = cluster->table,
						  .attributes = attributes,
						  .old_count = (size_t)cluster->old.count,
						  .old_keeper = cluster->old.count ? old_keeper : NULL};
		status = run_dedup(cluster, &input, &options, fault);
	}
	ceiling_drop(cluster->ceiling, attributes);
	ceiling_drop(cluster->ceiling, old_keeper);
	return status;
}

static enum status fill_fates(struct cluster *cluster, struct fault *fault)
{
	uint64_t count = cluster->pages.count, old = cluster->old.count;
	cluster->fates = ceiling_array(cluster->ceiling, count + 1, sizeof *cluster->fates);
	if (!cluster->fates)
		return no_memory(fault);
	for (uint64_t i = 0; i < count; i++) {
		if (i % 4096 == 0)
			ceiling_check(cluster->ceiling);
		const struct dedup_row *row = &cluster->result.rows[old + i];
		struct page_fate *fate = &cluster->fates[i];
		bool of_old = row->keeper < old;
		fate->keeper = of_old ? row->keeper : (uint32_t)(row->keeper - old);
		fate->size = row->size;
		fate->evidence = row->evidence;
		fate->keeper_rule = row->keeper_rule;
		fate->fate = page_info_at(&cluster->pages, i)->rejected ? FATE_REJECTED
			     : of_old                                   ? FATE_OLD_COPY
			     : fate->keeper == i                        ? FATE_KEPT
									: FATE_COPY;
	}
	return STATUS_OK;
}

static void join_revisits(struct cluster *cluster)
{
	for (size_t i = 0; i < cluster->revisits.count; i++) {
		struct revisit_fate *revisit = &cluster->revisits.at[i];
		if (revisit->outcome != REVISIT_RESOLVED)
			continue;
		const struct page_fate *original = &cluster->fates[revisit->keeper];
		if (original->fate == FATE_OLD_COPY) {
			revisit->outcome = REVISIT_OF_OLD;
			revisit->keeper = original->keeper;
			continue;
		}
		if (original->fate == FATE_REJECTED) {
			revisit->outcome = REVISIT_OF_REJECTED;
			revisit->keeper = DOCUMENT_NONE;
			continue;
		}
		revisit->keeper = original->keeper;
		cluster->fates[original->keeper].size++;
	}
}

/* ---- Samples and splits
 * ------------------------------------------------------------------------------------------------ */

struct draw {
	uint64_t hash;
	uint32_t page;
};

static int by_draw(const void *a, const void *b)
{
	const struct draw *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->page < y->page ? -1 : x->page > y->page;
}

static uint64_t id_hash(struct cluster *cluster, uint64_t page, uint64_t seed, struct arena *arena)
{
	arena_reset(arena);
	struct span id = page_id_at(cluster->run->plan, &cluster->pages, page, arena);
	return hash64(id.data, id.size, seed);
}

/* Documents with the smallest hashes of their ids: uniform, and stable when inputs are added. */
static enum status draw_sample(struct cluster *cluster, struct arena *arena, struct fault *fault)
{
	uint64_t wanted = cluster->run->plan->settings.sample, count = 0;
	if (!wanted)
		return STATUS_OK;
	struct draw *draws = memory_new((cluster->pages.count + 1) * sizeof *draws);
	if (!draws)
		return no_memory(fault);
	for (uint64_t i = 0; i < cluster->pages.count; i++)
		if (cluster->fates[i].fate == FATE_KEPT)
			draws[count++] = (struct draw){id_hash(cluster, i, 1, arena), (uint32_t)i};
	if (count)
		qsort(draws, count, sizeof *draws, by_draw);
	for (uint64_t i = wanted; i < count; i++)
		cluster->fates[draws[i].page].fate = FATE_NOT_SAMPLED;
	free(draws);
	for (uint64_t i = 0; i < cluster->pages.count; i++)
		if (cluster->fates[i].fate == FATE_COPY &&
		    cluster->fates[cluster->fates[i].keeper].fate == FATE_NOT_SAMPLED)
			cluster->fates[i].fate = FATE_NOT_SAMPLED;
	for (size_t i = 0; i < cluster->revisits.count; i++) {
		struct revisit_fate *revisit = &cluster->revisits.at[i];
		if (revisit->outcome == REVISIT_RESOLVED && cluster->fates[revisit->keeper].fate == FATE_NOT_SAMPLED)
			revisit->outcome = REVISIT_NOT_SAMPLED;
	}
	return STATUS_OK;
}

uint16_t split_of(const struct settings *settings, struct span cluster_id)
{
	uint64_t hash = hash64(cluster_id.data, cluster_id.size, 2) >> 32;
	uint16_t split = 0;
	while (split + 1u < settings->split_count && hash >= settings->splits[split].below)
		split++;
	return split;
}

static struct span old_cluster(const struct old_pages *old, uint32_t index)
{
	return span_slice(old->heap, (size_t)old->infos[index].cluster_at, old->infos[index].cluster_size);
}

static void draw_splits(struct cluster *cluster, struct arena *arena)
{
	const struct settings *settings = &cluster->run->plan->settings;
	if (!settings->split_count)
		return;
	for (uint64_t i = 0; i < cluster->pages.count; i++) {
		if (cluster->fates[i].fate != FATE_KEPT)
			continue;
		arena_reset(arena);
		cluster->fates[i].split = split_of(settings, page_id_at(cluster->run->plan, &cluster->pages, i, arena));
	}
	for (uint64_t i = 0; i < cluster->pages.count; i++) {
		struct page_fate *fate = &cluster->fates[i];
		if (fate->fate == FATE_COPY)
			fate->split = cluster->fates[fate->keeper].split;
		if (fate->fate == FATE_OLD_COPY)
			fate->split = split_of(settings, old_cluster(&cluster->old, fate->keeper));
	}
	for (size_t i = 0; i < cluster->revisits.count; i++)
		if (cluster->revisits.at[i].outcome == REVISIT_RESOLVED)
			cluster->revisits.at[i].split = cluster->fates[cluster->revisits.at[i].keeper].split;
		else if (cluster->revisits.at[i].outcome == REVISIT_OF_OLD)
			cluster->revisits.at[i].split =
				split_of(settings, old_cluster(&cluster->old, cluster->revisits.at[i].keeper));
}

/* ---- Who belongs to whom --------------------------------------------------------------------------------------------
 */

static int by_keeper_page(const void *a, const void *b, void *context)
{
	const struct page_fate *fates = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	if (fates[x].keeper != fates[y].keeper)
		return fates[x].keeper < fates[y].keeper ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int by_keeper_revisit(const void *a, const void *b, void *context)
{
	const struct revisit_fate *revisits = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	if (revisits[x].keeper != revisits[y].keeper)
		return revisits[x].keeper < revisits[y].keeper ? -1 : 1;
	return x < y ? -1 : x > y;
}

static enum status list_members(struct cluster *cluster, struct fault *fault)
{
	cluster->members = memory_new((cluster->pages.count + 1) * sizeof *cluster->members);
	cluster->resolved = memory_new((cluster->revisits.count + 1) * sizeof *cluster->resolved);
	if (!cluster->members || !cluster->resolved)
		return no_memory(fault);
	for (uint64_t i = 0; i < cluster->pages.count; i++)
		if (cluster->fates[i].fate == FATE_COPY)
			cluster->members[cluster->member_count++] = (uint32_t)i;
	for (size_t i = 0; i < cluster->revisits.count; i++)
		if (cluster->revisits.at[i].outcome == REVISIT_RESOLVED)
			cluster->resolved[cluster->resolved_count++] = (uint32_t)i;
	if (cluster->member_count)
		qsort_r(cluster->members, cluster->member_count, sizeof *cluster->members, by_keeper_page,
			cluster->fates);
	if (cluster->resolved_count)
		qsort_r(cluster->resolved, cluster->resolved_count, sizeof *cluster->resolved, by_keeper_revisit,
			cluster->revisits.at);
	return STATUS_OK;
}

/* ---- Order and parts
 * -------------------------------------------------------------------------------------------------- */

static int by_url(const void *a, const void *b, void *context)
{
	const struct signed_pages *pages = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = span_compare(page_url_at(pages, x), page_url_at(pages, y));
	return order ? order : x < y ? -1 : x > y;
}

static int by_date(const void *a, const void *b, void *context)
{
	const struct signed_pages *pages = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int64_t p = page_info_at(pages, x)->date, q = page_info_at(pages, y)->date;
	if (p != q)
		return p < q ? -1 : 1;
	return x < y ? -1 : x > y;
}

static enum status sort_documents(struct cluster *cluster, struct fault *fault)
{
	enum sort_key key = cluster->run->plan->settings.sort;
	if (key == SORT_ID)
		return STATUS_OK;
	cluster->order = memory_new((cluster->pages.count + 1) * sizeof *cluster->order);
	if (!cluster->order)
		return no_memory(fault);
	for (uint64_t i = 0; i < cluster->pages.count; i++)
		if (cluster->fates[i].fate == FATE_KEPT)
			cluster->order[cluster->order_count++] = (uint32_t)i;
	if (cluster->order_count)
		qsort_r(cluster->order, cluster->order_count, sizeof *cluster->order,
			key == SORT_URL ? by_url : by_date, &cluster->pages);
	return STATUS_OK;
}

static enum status add_part(struct cluster *cluster, struct part_range part, struct fault *fault)
{
	if (cluster->part_count == cluster->part_capacity) {
		size_t more = cluster->part_capacity ? 2 * cluster->part_capacity : 16;
		struct part_range *grown = memory_grow(cluster->parts, more * sizeof *grown);
		if (!grown)
			return no_memory(fault);
		cluster->parts = grown;
		cluster->part_capacity = more;
	}
	cluster->parts[cluster->part_count++] = part;
	return STATUS_OK;
}

/* Pages in id order, cut where the kept documents or the copies of a part would exceed the limit. */
static enum status cut_pages(struct cluster *cluster, enum part_kind kind, struct fault *fault)
{
	enum { COPY_WEIGHT = 900 };
	uint64_t max = cluster->run->plan->settings.max_part_bytes, kept = 0, copies = 0, first = 0;
	uint32_t number = 0;
	enum status status = STATUS_OK;
	for (uint64_t i = 0; status == STATUS_OK && i < cluster->pages.count; i++) {
		bool is_kept = cluster->fates[i].fate == FATE_KEPT && kind == PART_WHOLE;
		uint64_t weight = is_kept ? page_info_at(&cluster->pages, i)->weight : COPY_WEIGHT;
		uint64_t *sum = is_kept ? &kept : &copies;
		if (*sum && *sum + weight > max) {
			status = add_part(cluster, (struct part_range){first, i, kind, number++}, fault);
			first = i;
			kept = copies = 0;
		}
		*sum += weight;
	}
	/* The last one may be empty but for rows that are no page; it is there always. */
	return status == STATUS_OK
		       ? add_part(cluster, (struct part_range){first, cluster->pages.count, kind, number}, fault)
		       : status;
}

static enum status cut_order(struct cluster *cluster, struct fault *fault)
{
	uint64_t max = cluster->run->plan->settings.max_part_bytes, sum = 0, first = 0;
	uint32_t number = 0;
	enum status status = STATUS_OK;
	for (uint64_t i = 0; status == STATUS_OK && i < cluster->order_count; i++) {
		uint64_t weight = page_info_at(&cluster->pages, cluster->order[i])->weight;
		if (sum && sum + weight > max) {
			status = add_part(cluster, (struct part_range){first, i, PART_SORTED, number++}, fault);
			first = i;
			sum = 0;
		}
		sum += weight;
	}
	return status == STATUS_OK
		       ? add_part(cluster, (struct part_range){first, cluster->order_count, PART_SORTED, number}, fault)
		       : status;
}

static enum status cut_parts(struct cluster *cluster, struct fault *fault)
{
	if (cluster->run->plan->settings.sort == SORT_ID)
		return cut_pages(cluster, PART_WHOLE, fault);
	enum status status = cut_order(cluster, fault);
	return status == STATUS_OK ? cut_pages(cluster, PART_SIDE, fault) : status;
}

/* ---- The stage
 * ---------------------------------------------------------------------------------------------------------- */

struct fates_header {
	uint64_t page_count, revisit_count, part_count, order_count, member_count, resolved_count;
	uint64_t clusters, exact, near_count, candidates, accepted, full_buckets;
};

static enum status write_fates(struct cluster *cluster, struct fault *fault)
{
	const struct fates_header header = {
		.page_count = cluster->pages.count,
		.revisit_count = cluster->revisits.count,
		.part_count = cluster->part_count,
		.order_count = cluster->order_count,
		.member_count = cluster->member_count,
		.resolved_count = cluster->resolved_count,
		.clusters = cluster->result.clusters,
		.exact = cluster->result.exact,
		.near_count = cluster->result.near,
		.candidates = cluster->result.candidates,
		.accepted = cluster->result.accepted,
		.full_buckets = cluster->result.full_buckets,
	};
	/* Eight-byte members first: the file is mapped and used where it lies. */
	const struct span spans[] = {
		{(const char *)&header, sizeof header},
		{(const char *)cluster->revisits.at, cluster->revisits.count * sizeof *cluster->revisits.at},
		{(const char *)cluster->parts, cluster->part_count * sizeof *cluster->parts},
		{(const char *)cluster->fates, cluster->pages.count * sizeof *cluster->fates},
		{(const char *)cluster->order, cluster->order_count * sizeof *cluster->order},
		{(const char *)cluster->members, cluster->member_count * sizeof *cluster->members},
		{(const char *)cluster->resolved, cluster->resolved_count * sizeof *cluster->resolved},
	};
	return stage_write(cluster->run->plan, "fates", spans, sizeof spans / sizeof *spans, fault);
}

static enum status decide(struct cluster *cluster, struct arena *arena, struct fault *fault)
{
	enum status status = find_clusters(cluster, fault);
	if (status == STATUS_OK)
		status = fill_fates(cluster, fault);
	if (status == STATUS_OK)
		status = revisits_resolve(cluster->run->plan, cluster->spool, &cluster->revisits, fault);
	if (status != STATUS_OK)
		return status;
	join_revisits(cluster);
	if ((status = draw_sample(cluster, arena, fault)) != STATUS_OK)
		return status;
	draw_splits(cluster, arena);
	if ((status = list_members(cluster, fault)) != STATUS_OK)
		return status;
	if ((status = sort_documents(cluster, fault)) != STATUS_OK)
		return status;
	if ((status = cut_parts(cluster, fault)) != STATUS_OK)
		return status;
	return write_fates(cluster, fault);
}

enum status stage_cluster(struct run *run, const struct spool *spool, struct fault *fault)
{
	struct cluster cluster = {.run = run, .spool = spool};
	if (stage_exists(run->plan, "fates"))
		return STATUS_OK;
	struct arena *arena = arena_new(1 << 20);
	enum status status = arena ? signed_open(run->plan, spool, &cluster.pages, fault) : no_memory(fault);
	if (status == STATUS_OK)
		status = old_pages_open(run->plan, &cluster.old, fault);
	if (status == STATUS_OK)
		status = ceiling_make(&cluster, fault);
	if (status == STATUS_OK)
		status = decide(&cluster, arena, fault);
	arena_free(arena);
	dedup_result_free(&cluster.result);
	signature_table_free(cluster.table);
	old_pages_close(&cluster.old);
	signed_close(&cluster.pages);
	ceiling_drop(cluster.ceiling, cluster.fates);
	free(cluster.revisits.at);
	free(cluster.parts);
	free(cluster.order);
	free(cluster.members);
	free(cluster.resolved);
	ceiling_free(cluster.ceiling);
	return status;
}

/* ---- Reading fates
 * ------------------------------------------------------------------------------------------------------- */

/* The arrays, one after the other. */
static bool fates_cut(struct fates *out, struct fates_header *header)
{
	struct span rest = out->file.bytes;
	const void *head;
	if (!stage_array(&rest, 1, sizeof *header, &head))
		return false;
	memcpy(header, head, sizeof *header);
	const struct {
		uint64_t count;
		size_t size;
	} arrays[] = {
		{header->revisit_count, sizeof *out->revisits}, {header->part_count, sizeof *out->parts},
		{header->page_count, sizeof *out->pages},       {header->order_count, sizeof *out->order},
		{header->member_count, sizeof *out->members},   {header->resolved_count, sizeof(uint32_t)},
	};
	const void *at[sizeof arrays / sizeof *arrays];
	for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
		if (!stage_array(&rest, arrays[i].count, arrays[i].size, &at[i]))
			return false;
	out->revisits = at[0];
	out->parts = at[1];
	out->pages = at[2];
	out->order = at[3];
	out->members = at[4];
	out->revisits_by_keeper = at[5];
	return true;
}

static bool all_below(const uint32_t *numbers, uint64_t count, uint64_t limit)
{
	for (uint64_t i = 0; i < count; i++)
		if (numbers[i] >= limit)
			return false;
	return true;
}

/* Every index points to something; keepers in an older corpus are checked by who has that. */
static bool fates_sound(const struct fates *fates, const struct fates_header *header)
{
	bool sound = all_below(fates->order, header->order_count, header->page_count) &&
		     all_below(fates->members, header->member_count, header->page_count) &&
		     all_below(fates->revisits_by_keeper, header->resolved_count, header->revisit_count);
	for (uint64_t i = 0; i < header->page_count && sound; i++)
		sound = fates->pages[i].fate <= FATE_OLD_COPY &&
			(fates->pages[i].fate == FATE_OLD_COPY || fates->pages[i].fate == FATE_REJECTED ||
			 fates->pages[i].keeper < header->page_count) &&
			fates->pages[i].split < SPLITS_MAX;
	for (uint64_t i = 0; i < header->part_count && sound; i++)
		sound = fates->parts[i].first <= fates->parts[i].end &&
			fates->parts[i].end <=
				(fates->parts[i].kind == PART_SORTED ? header->order_count : header->page_count);
	return sound;
}

enum status fates_open(const struct plan *plan, struct fates *out, struct fault *fault)
{
	struct fates_header header;
	memset(out, 0, sizeof *out);
	enum status status = stage_open(plan, "fates", &out->file, fault);
	if (status != STATUS_OK)
		return status;
	if (!fates_cut(out, &header) || !fates_sound(out, &header)) {
		fates_close(out);
		return fault_set(fault, STATUS_DATA, 0, "stage file fates is damaged");
	}
	out->page_count = header.page_count;
	out->revisit_count = header.revisit_count;
	out->part_count = header.part_count;
	out->order_count = header.order_count;
	out->member_count = header.member_count;
	out->resolved_count = header.resolved_count;
	out->clusters = header.clusters;
	out->exact = header.exact;
	out->near_count = header.near_count;
	out->candidates = header.candidates;
	out->accepted = header.accepted;
	out->full_buckets = header.full_buckets;
	return STATUS_OK;
}

void fates_close(struct fates *fates)
{
	stage_close(&fates->file);
	memset(fates, 0, sizeof *fates);
}
