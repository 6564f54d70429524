/* report_json: the statistics as JSON: stats.json, and the data that report.html draws. Lists that grow with the corpus
 * are cut to their first entries, and their whole length is told beside them. */
#include "corpus/report_internal.h"

enum { LISTED = 500 };

static void put_map(struct json_writer *writer, const char *key, const struct report_map *map)
{
	static const char *const fields[] = {"documents", "duplicates", "rejected", "words"};
	json_key(writer, key);
	json_begin(writer, '[');
	for (size_t i = 0; i < map->count && i < LISTED; i++) {
		json_begin(writer, '{');
		json_key(writer, "name");
		json_text(writer, map->entries[i].name);
		for (int f = 0; f < COUNT_FIELDS; f++)
			if (map->entries[i].n[f])
				json_put_uint(writer, fields[f], map->entries[i].n[f]);
		json_end(writer, '}');
	}
	json_end(writer, ']');
}

/* Buckets [from, to] of powers of two: 0, 1, 2–3, 4–7, … */
static void put_buckets(struct json_writer *writer, const char *key, const uint64_t *buckets, unsigned count)
{
	unsigned last = count;
	while (last && !buckets[last - 1])
		last--;
	json_key(writer, key);
	json_begin(writer, '[');
	for (unsigned i = 0; i < last; i++) {
		json_begin(writer, '{');
		json_put_uint(writer, "from", i ? (uint64_t)1 << (i - 1) : 0);
		if (i < count - 1)
			json_put_uint(writer, "to", i ? ((uint64_t)1 << i) - 1 : 0);
		json_put_uint(writer, "count", buckets[i]);
		json_end(writer, '}');
	}
	json_end(writer, ']');
}

static void put_numbers(struct json_writer *writer, const char *key, const uint64_t *numbers, unsigned count)
{
	json_key(writer, key);
	json_begin(writer, '[');
	for (unsigned i = 0; i < count; i++)
		json_uint(writer, numbers[i]);
	json_end(writer, ']');
}

static void put_member(struct json_writer *writer, const struct cluster_member *member)
{
	json_begin(writer, '{');
	json_put_text(writer, "id", member->id);
	json_put_text(writer, "url", member->url);
	json_put_text(writer, "host", member->host);
	json_put_text(writer, "fetch_time", member->fetch_time);
	json_put_text(writer, "kind", member->kind);
	if (member->hamming >= 0)
		json_put_uint(writer, "hamming", (uint64_t)member->hamming);
	if (member->jaccard >= 0) {
		json_key(writer, "jaccard");
		json_real(writer, member->jaccard, 3);
	}
	if (member->containment >= 0) {
		json_key(writer, "containment");
		json_real(writer, member->containment, 3);
	}
	json_end(writer, '}');
}

static void put_clusters(struct json_writer *writer, const struct report_stats *stats)
{
	json_key(writer, "largest_clusters");
	json_begin(writer, '[');
	for (size_t i = 0; i < stats->largest_count; i++) {
		const struct report_cluster *cluster = &stats->largest[i];
		json_begin(writer, '{');
		json_put_text(writer, "id", cluster->id);
		json_put_text(writer, "title", cluster->title);
		json_put_text(writer, "url", cluster->url);
		json_put_text(writer, "language", cluster->language);
		json_put_uint(writer, "size", cluster->size);
		json_put_uint(writer, "hosts", cluster->hosts.count);
		json_put_text(writer, "first", cluster->first);
		json_put_text(writer, "last", cluster->last);
		json_key(writer, "members");
		json_begin(writer, '[');
		for (size_t m = 0; m < cluster->member_count; m++)
			put_member(writer, &cluster->members[m]);
		json_end(writer, ']');
		json_end(writer, '}');
	}
	json_end(writer, ']');
}

static void put_damage(struct json_writer *writer, const struct report_stats *stats)
{
	json_key(writer, "damage");
	json_begin(writer, '{');
	json_put_uint(writer, "places", stats->error_count);
	json_put_uint(writer, "bytes", stats->error_bytes);
	json_key(writer, "files");
	json_begin(writer, '[');
	for (size_t i = 0; i < stats->error_files.count && i < LISTED; i++) {
		json_begin(writer, '{');
		json_put_text(writer, "name", stats->error_files.entries[i].name);
		json_put_uint(writer, "places", stats->error_files.entries[i].n[COUNT_DOCUMENTS]);
		json_put_uint(writer, "bytes", stats->error_files.entries[i].n[COUNT_WORDS]);
		json_end(writer, '}');
	}
	json_end(writer, ']');
	json_key(writer, "first");
	json_begin(writer, '[');
	for (size_t i = 0; i < stats->errors_listed; i++)
		json_raw(writer, stats->errors[i]);
	json_end(writer, ']');
	json_end(writer, '}');
}

/* An object of texts and numbers. */
static void put_flat(struct json_writer *writer, const struct json *object)
{
	json_begin(writer, '{');
	for (const struct json *member = object->first; member; member = member->next) {
		char key[64];
		if (member->key.size >= sizeof key || (member->kind != JSON_STRING && member->kind != JSON_NUMBER))
			continue;
		memcpy(key, member->key.data, member->key.size);
		key[member->key.size] = '\0';
		json_key(writer, key);
		if (member->kind == JSON_STRING)
			json_text(writer, member->text);
		else
			json_raw(writer, member->text);
	}
	json_end(writer, '}');
}

/* Parts of the manifest, as they stand there. Inputs are cut like other lists. */
static void put_manifest(struct json_writer *writer, const struct json *manifest)
{
	static const char *const whole[] = {"tool", "options", "counters", "bytes", "clusters"};
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		const struct json *member = json_get(manifest, whole[i]);
		if (!member)
			continue;
		json_key(writer, whole[i]);
		json_raw(writer, member->source);
	}
	const struct json *inputs = json_get(manifest, "inputs");
	size_t count = 0;
	json_key(writer, "inputs");
	json_begin(writer, '[');
	for (const struct json *input = inputs ? inputs->first : NULL; input; input = input->next)
		if (count++ < LISTED)
			put_flat(writer, input);
	json_end(writer, ']');
	json_put_uint(writer, "input_count", count);
}

void report_stats_json(const struct report_stats *stats, const struct corpus *corpus, struct json_writer *writer)
{
	json_begin(writer, '{');
	json_put_text(writer, "format", SPAN("warcmill-stats/1"));
	put_manifest(writer, corpus->manifest);
	put_damage(writer, stats);
	if (stats->rows_read) {
		json_put_uint(writer, "words", stats->words);
		json_put_uint(writer, "text_bytes", stats->text_bytes);
		json_put_uint(writer, "host_count", stats->hosts.count);
		put_map(writer, "hosts", &stats->hosts);
		put_map(writer, "languages", &stats->languages);
		put_map(writer, "published", &stats->published);
		put_map(writer, "fetched", &stats->fetched);
		put_map(writer, "charsets", &stats->charsets);
		put_map(writer, "methods", &stats->methods);
		put_map(writer, "kinds", &stats->kinds);
		put_map(writer, "rules", &stats->rules);
		put_map(writer, "reasons", &stats->reasons);
		put_map(writer, "signals", &stats->signals);
		put_map(writer, "licenses", &stats->licenses);
		put_map(writer, "splits", &stats->splits);
		put_buckets(writer, "lengths", stats->lengths, LENGTH_BUCKETS);
		put_buckets(writer, "cluster_sizes", stats->sizes, SIZE_BUCKETS);
		put_numbers(writer, "confidence", stats->confidence, CONFIDENCE_BUCKETS);
		put_numbers(writer, "hamming", stats->hamming, HAMMING_MAX + 1);
		put_numbers(writer, "masked", stats->masked, 3);
		put_clusters(writer, stats);
	}
	json_end(writer, '}');
}
