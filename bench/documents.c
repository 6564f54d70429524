/* documents: reads truths and clusterings, and scored pairs. */
#include "bench/duplicates.h"

#include <stdlib.h>

static const struct json *parse(struct documents *documents, struct span line, const char *path, size_t number)
{
	const struct json *row;
	struct fault fault;
	if (json_parse(documents->arena, line, 0, &row, &fault))
		bench_die(BENCH_DATA, "%s, line %zu, byte %llu: %s", path, number, (unsigned long long)fault.offset,
			  fault.text);
	return row;
}

static struct span need_text(const struct json *row, const char *key, const char *path, size_t number)
{
	const struct json *value = json_get(row, key);
	if (!value || (value->kind != JSON_STRING && value->kind != JSON_NUMBER))
		bench_die(BENCH_DATA, "%s, line %zu: no '%s'", path, number, key);
	return value->text;
}

/* Names to small numbers, by hash. */
struct names {
	uint64_t *hash;
	uint32_t *value;
	size_t mask, count;
};

static void names_open(struct names *names)
{
	names->mask = (1 << 12) - 1;
	names->count = 0;
	names->hash = need_zero((names->mask + 1) * sizeof *names->hash);
	names->value = need((names->mask + 1) * sizeof *names->value);
}

static void names_close(struct names *names)
{
	free(names->hash);
	free(names->value);
}

static size_t names_slot(const struct names *names, uint64_t hash)
{
	size_t slot = hash & names->mask;
	while (names->hash[slot] && names->hash[slot] != hash)
		slot = (slot + 1) & names->mask;
	return slot;
}

static void names_grow(struct names *names)
{
	struct names bigger = {need_zero((names->mask + 1) * 2 * sizeof(uint64_t)),
			       need((names->mask + 1) * 2 * sizeof(uint32_t)), names->mask * 2 + 1, names->count};
	for (size_t i = 0; i <= names->mask; i++) {
		if (!names->hash[i])
			continue;
		size_t slot = names_slot(&bigger, names->hash[i]);
		bigger.hash[slot] = names->hash[i];
		bigger.value[slot] = names->value[i];
	}
	names_close(names);
	*names = bigger;
}

/* The number of NAME; a new one gets NEXT. */
static uint32_t names_get(struct names *names, struct span name, uint32_t next)
{
	uint64_t hash = hash64(name.data, name.size, 7) | 1;
	size_t slot = names_slot(names, hash);
	if (names->hash[slot])
		return names->value[slot];
	names->hash[slot] = hash;
	names->value[slot] = next;
	if (++names->count * 2 > names->mask)
		names_grow(names);
	return next;
}

static uint32_t class_of(struct documents *documents, struct names *names, const struct json *row)
{
	struct span name = json_get_text(row, "cls");
	if (!name.data)
		name = SPAN("");
	uint32_t cls = names_get(names, name, (uint32_t)documents->class_count);
	if (cls == documents->class_count) {
		need_more(&documents->classes, &documents->class_capacity, documents->class_count + 1, sizeof name);
		documents->classes[documents->class_count++] = name;
	}
	return cls;
}

static uint32_t document_of(struct documents *documents, struct names *names, struct span id)
{
	uint32_t index = names_get(names, id, (uint32_t)documents->count);
	if (index == documents->count) {
		need_more(&documents->at, &documents->capacity, documents->count + 1, sizeof *documents->at);
		documents->at[documents->count++] = (struct document){.id = id, .cluster = UINT32_MAX};
	}
	return index;
}

static uint32_t find_root(uint32_t *parent, uint32_t i)
{
	while (parent[i] != i)
		i = parent[i] = parent[parent[i]];
	return i;
}

/* Truth by pairs: the clusters are what the positive pairs connect. */
static void cluster_pairs(struct documents *documents)
{
	uint32_t *parent = need(documents->count * sizeof *parent);
	for (uint32_t i = 0; i < documents->count; i++)
		parent[i] = i;
	for (size_t i = 0; i < documents->pair_count; i++) {
		const struct judged_pair *pair = &documents->pairs[i];
		if (pair->same)
			parent[find_root(parent, pair->a)] = find_root(parent, pair->b);
	}
	for (uint32_t i = 0; i < documents->count; i++)
		documents->at[i].cluster = find_root(parent, i);
	free(parent);
}

static void read_cluster_row(struct documents *documents, struct names *ids, struct names *clusters,
			     struct names *classes, const struct json *row, const char *path, size_t number)
{
	uint32_t index = document_of(documents, ids, need_text(row, "id", path, number));
	struct document *document = &documents->at[index];
	struct span cluster = need_text(row, "cluster", path, number);
	document->labelled = true;
	document->cluster = names_get(clusters, cluster, (uint32_t)clusters->count);
	document->cls = class_of(documents, classes, row);
	document->text = json_get_text(row, "text");
}

static void read_pair_row(struct documents *documents, struct names *ids, struct names *classes, const struct json *row,
			  const char *path, size_t number)
{
	const struct json *same = json_get(row, "same");
	if (!same || (same->kind != JSON_TRUE && same->kind != JSON_FALSE))
		bench_die(BENCH_DATA, "%s, line %zu: 'same' must be true or false", path, number);
	struct judged_pair pair = {.same = same->kind == JSON_TRUE};
	pair.a = document_of(documents, ids, need_text(row, "a", path, number));
	pair.b = document_of(documents, ids, need_text(row, "b", path, number));
	pair.cls = class_of(documents, classes, row);
	documents->at[pair.a].labelled = documents->at[pair.b].labelled = true;
	need_more(&documents->pairs, &documents->pair_capacity, documents->pair_count + 1, sizeof pair);
	documents->pairs[documents->pair_count++] = pair;
	documents->by_pairs = true;
}

static int compare_ids(const void *a, const void *b, void *documents)
{
	const struct document *at = ((const struct documents *)documents)->at;
	return span_compare(at[*(const uint32_t *)a].id, at[*(const uint32_t *)b].id);
}

static void sort_ids(struct documents *documents)
{
	documents->by_id = need(documents->count * sizeof *documents->by_id);
	for (uint32_t i = 0; i < documents->count; i++)
		documents->by_id[i] = i;
	if (documents->count)
		qsort_r(documents->by_id, documents->count, sizeof *documents->by_id, compare_ids, documents);
}

void documents_open(const char *path, struct documents *documents)
{
	struct names ids, clusters, classes;
	*documents = (struct documents){.arena = arena_new((size_t)16 << 30)};
	if (!documents->arena)
		bench_die(BENCH_IO, "no memory");
	names_open(&ids);
	names_open(&clusters);
	names_open(&classes);
	bench_read(path, &documents->source);
	struct span rest = buffer_span(&documents->source), line;
	for (size_t number = 1; span_cut(&rest, '\n', &line); number++) {
		if (span_trim(line).size == 0)
			continue;
		const struct json *row = parse(documents, line, path, number);
		if (json_get(row, "a"))
			read_pair_row(documents, &ids, &classes, row, path, number);
		else
			read_cluster_row(documents, &ids, &clusters, &classes, row, path, number);
	}
	names_close(&ids);
	names_close(&clusters);
	names_close(&classes);
	if (documents->by_pairs)
		cluster_pairs(documents);
	sort_ids(documents);
}

void documents_add_texts(struct documents *documents, const char *path)
{
	bench_read(path, &documents->text_source);
	struct span rest = buffer_span(&documents->text_source), line;
	for (size_t number = 1; span_cut(&rest, '\n', &line); number++) {
		if (span_trim(line).size == 0)
			continue;
		const struct json *row = parse(documents, line, path, number);
		uint32_t index = documents_find(documents, need_text(row, "id", path, number));
		if (index != UINT32_MAX)
			documents->at[index].text = json_get_text(row, "text");
	}
}

void documents_close(struct documents *documents)
{
	free(documents->at);
	free(documents->by_id);
	free(documents->pairs);
	free(documents->classes);
	arena_free(documents->arena);
	buffer_free(&documents->source);
	buffer_free(&documents->text_source);
	*documents = (struct documents){0};
}

uint32_t documents_find(const struct documents *documents, struct span id)
{
	size_t low = 0, high = documents->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = span_compare(documents->at[documents->by_id[middle]].id, id);
		if (order == 0)
			return documents->by_id[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

void clustering_read(const struct documents *documents, const char *path, struct clustering *out)
{
	struct buffer source;
	struct names labels;
	*out = (struct clustering){.found = need(documents->count * sizeof *out->found)};
	for (size_t i = 0; i < documents->count; i++)
		out->found[i] = UINT32_MAX;
	bench_read(path, &source);
	names_open(&labels);
	struct span rest = buffer_span(&source), line, id, label;
	for (size_t number = 1; span_cut(&rest, '\n', &line); number++) {
		if (line.size == 0)
			continue;
		if (line.data[line.size - 1] == '\r')
			line.size--;
		if (!span_cut(&line, '\t', &id) || !span_cut(&line, '\t', &label))
			bench_die(BENCH_DATA, "%s, line %zu: not 'id <TAB> cluster'", path, number);
		uint32_t index = documents_find(documents, id);
		if (index == UINT32_MAX)
			out->unknown++;
		else
			out->found[index] = names_get(&labels, label, (uint32_t)labels.count);
	}
	uint32_t alone = (uint32_t)labels.count;
	for (size_t i = 0; i < documents->count; i++) {
		if (out->found[i] != UINT32_MAX)
			continue;
		out->found[i] = alone++;
		out->missing++;
	}
	names_close(&labels);
	buffer_free(&source);
}

void edges_read(const struct documents *documents, const char *path, struct edges *edges)
{
	struct buffer source;
	bench_read(path, &source);
	struct span rest = buffer_span(&source), line, a, b;
	for (size_t number = 1; span_cut(&rest, '\n', &line); number++) {
		if (line.size == 0)
			continue;
		if (!span_cut(&line, '\t', &a) || !span_cut(&line, '\t', &b) || line.size == 0)
			bench_die(BENCH_DATA, "%s, line %zu: not 'id <TAB> id <TAB> score'", path, number);
		uint32_t x = documents_find(documents, a), y = documents_find(documents, b);
		char digits[64];
		snprintf(digits, sizeof digits, "%.*s", SPAN_ARG(line));
		if (x != UINT32_MAX && y != UINT32_MAX && x != y)
			edges_add(edges, x, y, strtof(digits, NULL));
	}
	buffer_free(&source);
	edges_sort(edges);
}
