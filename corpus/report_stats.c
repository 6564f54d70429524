/* report_stats: reads a corpus once and counts what the report shows. Documents come first: they tell which clusters
 * are the largest; then the copies, whose hosts and times are collected for those clusters alone; then rejected pages
 * and damage. Everything is in the corpus, so the same corpus gives the same statistics. */
#include "corpus/card.h"
#include "corpus/report_internal.h"

#include <stdlib.h>

static enum status no_memory(struct fault *fault)
{
	return fault_set(fault, STATUS_MEMORY, 0, "no memory for the statistics");
}

static bool add(struct report_map *map, struct span name, int field, uint64_t more)
{
	struct report_count *entry = report_map_at(map, name);
	if (entry)
		entry->n[field] += more;
	return entry != NULL;
}

static bool add_known(struct report_map *map, struct span name, int field)
{
	return !name.size || add(map, name, field, 1);
}

static unsigned bucket_of(uint64_t value, unsigned buckets)
{
	unsigned bucket = 0;
	while (value >> bucket && bucket < buckets - 1)
		bucket++;
	return bucket;
}

static uint64_t number(const struct json *object, const char *key)
{
	uint64_t value = 0;
	json_get_u64(object, key, &value);
	return value;
}

static struct span first_language(struct span languages)
{
	size_t comma = span_find_byte(languages, ',');
	return languages.size ? span_slice(languages, 0, comma) : SPAN("unknown");
}

/* "2024-03" of a W3CDTF date. */
static struct span month_of(struct span date)
{
	return date.size >= 7 && date.data[4] == '-' ? span_slice(date, 0, 7)
	       : date.size >= 4                      ? span_slice(date, 0, 4)
						     : SPAN_NONE;
}

/* ---- The largest clusters ----------------------------------------------------------------------------------- */

static bool comes_before(uint64_t size, struct span id, const struct report_cluster *other)
{
	return size != other->size ? size > other->size : span_compare(id, other->id) < 0;
}

static struct cluster_member read_member(struct arena *arena, const struct json *row, const struct json *source)
{
	const struct json *evidence = json_get(row, "evidence");
	uint64_t hamming = 0;
	bool has_hamming = json_get_u64(evidence, "hamming", &hamming);
	return (struct cluster_member){
		.id = arena_copy(arena, json_get_text(row, "id")),
		.url = arena_copy(arena, json_get_text(source, "url")),
		.host = arena_copy(arena, json_get_text(source, "url_host_name")),
		.kind = arena_copy(arena, json_get_text(row, "kind")),
		.fetch_time = arena_copy(arena, json_get_text(source, "fetch_time")),
		.hamming = has_hamming ? (int64_t)hamming : -1,
		.jaccard = json_get_real(evidence, "jaccard", -1),
		.containment = json_get_real(evidence, "containment", -1),
	};
}

static void join_cluster(struct report_cluster *cluster, const struct cluster_member *member)
{
	if (cluster->member_count < MEMBERS)
		cluster->members[cluster->member_count++] = *member;
	if (member->host.size)
		add(&cluster->hosts, member->host, COUNT_DOCUMENTS, 1);
	if (!member->fetch_time.size)
		return;
	if (!cluster->first.data || span_compare(member->fetch_time, cluster->first) < 0)
		cluster->first = member->fetch_time;
	if (!cluster->last.data || span_compare(member->fetch_time, cluster->last) > 0)
		cluster->last = member->fetch_time;
}

static enum status note_cluster(struct report_stats *stats, const struct json *row, const struct json *metadata,
				struct fault *fault)
{
	const struct json *cluster = json_get(metadata, "cluster");
	uint64_t size = number(cluster, "size");
	struct span id = json_get_text(cluster, "id");
	if (size < 2)
		return STATUS_OK;
	stats->sizes[bucket_of(size, SIZE_BUCKETS)]++;
	size_t at = stats->largest_count;
	while (at && comes_before(size, id, &stats->largest[at - 1]))
		at--;
	if (at == LARGEST)
		return STATUS_OK;
	struct cluster_member *members = NULL; /* of the one that falls out, to be used again */
	if (stats->largest_count == LARGEST) {
		report_map_free(&stats->largest[--stats->largest_count].hosts);
		members = stats->largest[stats->largest_count].members;
	}
	memmove(&stats->largest[at + 1], &stats->largest[at], (stats->largest_count - at) * sizeof *stats->largest);
	stats->largest_count++;
	struct report_cluster *made = &stats->largest[at];
	*made = (struct report_cluster){
		.size = size,
		.id = arena_copy(stats->arena, id),
		.url = arena_copy(stats->arena, json_get_text(metadata, "url")),
		.title = arena_copy(stats->arena, json_get_text(metadata, "title")),
		.language = arena_copy(stats->arena, first_language(json_get_text(metadata, "content_languages"))),
		.members = members ? members : arena_alloc(stats->arena, MEMBERS * sizeof *members),
	};
	if (report_map_init(&made->hosts) != STATUS_OK || !made->members)
		return no_memory(fault);
	struct cluster_member keeper = read_member(stats->arena, row, metadata);
	keeper.kind = SPAN("kept");
	join_cluster(made, &keeper);
	return STATUS_OK;
}

/* ---- Rows ------------------------------------------------------------------------------------------------------- */

static bool note_source(struct report_stats *stats, const struct json *source, int field, uint64_t words)
{
	struct span host = json_get_text(source, "url_host_name");
	struct report_count *entry = report_map_at(&stats->hosts, host.size ? host : SPAN("(no address)"));
	if (!entry)
		return false;
	entry->n[field]++;
	if (field == COUNT_DOCUMENTS)
		entry->n[COUNT_WORDS] += words;
	return add_known(&stats->fetched, month_of(json_get_text(source, "fetch_time")), field);
}

static bool note_signals(struct report_stats *stats, const struct json *metadata)
{
	const struct json *robots = json_get(metadata, "robots");
	bool fine = true;
	for (const struct json *signal = robots ? robots->first : NULL; signal && fine; signal = signal->next)
		fine = add(&stats->signals, signal->text, COUNT_DOCUMENTS, 1);
	struct span license = json_get_text(metadata, "license");
	if (license.size)
		fine = fine && add(&stats->licenses, license_family(license), COUNT_DOCUMENTS, 1);
	return fine;
}

static enum status visit_document(void *self, const struct json *row, struct fault *fault)
{
	struct report_stats *stats = self;
	const struct json *metadata = json_get(row, "metadata"), *extraction = json_get(metadata, "extraction");
	struct span language = first_language(json_get_text(metadata, "content_languages"));
	struct span published = month_of(json_get_text(metadata, "date_published"));
	static const char *const masks[] = {"email", "ip", "phone"};
	uint64_t words = number(metadata, "words");
	double confidence = json_get_real(extraction, "confidence", -1);
	stats->words += words;
	stats->text_bytes += json_get_text(row, "text").size;
	stats->lengths[bucket_of(words, LENGTH_BUCKETS)]++;
	if (confidence >= 0)
		stats->confidence[confidence >= 1 ? CONFIDENCE_BUCKETS - 1
						  : (unsigned)(confidence * CONFIDENCE_BUCKETS)]++;
	for (int i = 0; i < 3; i++)
		stats->masked[i] += number(json_get(metadata, "masked"), masks[i]);
	bool fine = note_source(stats, metadata, COUNT_DOCUMENTS, words) &&
		    add(&stats->languages, language, COUNT_DOCUMENTS, 1) &&
		    add(&stats->languages, language, COUNT_WORDS, words) &&
		    add_known(&stats->published, published, COUNT_DOCUMENTS) &&
		    add_known(&stats->charsets, json_get_text(metadata, "content_charset"), COUNT_DOCUMENTS) &&
		    add_known(&stats->methods, json_get_text(extraction, "method"), COUNT_DOCUMENTS) &&
		    add_known(&stats->splits, json_get_text(metadata, "split"), COUNT_DOCUMENTS) &&
		    note_signals(stats, metadata);
	return fine ? note_cluster(stats, row, metadata, fault) : no_memory(fault);
}

static enum status visit_duplicate(void *self, const struct json *row, struct fault *fault)
{
	struct report_stats *stats = self;
	const struct json *evidence = json_get(row, "evidence");
	struct span cluster = json_get_text(row, "cluster");
	uint64_t hamming;
	if (json_get_u64(evidence, "hamming", &hamming) && hamming <= HAMMING_MAX)
		stats->hamming[hamming]++;
	for (size_t i = 0; i < stats->largest_count; i++)
		if (span_equal(stats->largest[i].id, cluster)) {
			struct cluster_member member = read_member(stats->arena, row, row);
			join_cluster(&stats->largest[i], &member);
		}
	bool fine =
		note_source(stats, row, COUNT_DUPLICATES, 0) &&
		add(&stats->languages, first_language(json_get_text(row, "content_languages")), COUNT_DUPLICATES, 1) &&
		add_known(&stats->kinds, json_get_text(row, "kind"), COUNT_DUPLICATES) &&
		add_known(&stats->rules, json_get_text(evidence, "rule"), COUNT_DUPLICATES);
	return fine ? STATUS_OK : no_memory(fault);
}

static enum status visit_rejected(void *self, const struct json *row, struct fault *fault)
{
	struct report_stats *stats = self;
	bool fine = note_source(stats, row, COUNT_REJECTED, 0) &&
		    add_known(&stats->reasons, json_get_text(row, "reason"), COUNT_REJECTED);
	return fine ? STATUS_OK : no_memory(fault);
}

/* ---- Damage --------------------------------------------------------------------------------------------------------
 */

static enum status note_error(struct report_stats *stats, struct arena *scratch, struct span line, struct fault *fault)
{
	const struct json *error;
	arena_reset(scratch);
	enum status status = json_parse(scratch, line, 0, &error, fault);
	if (status != STATUS_OK)
		return status;
	uint64_t skipped = number(error, "skipped");
	stats->error_count++;
	stats->error_bytes += skipped;
	if (stats->errors_listed < sizeof stats->errors / sizeof *stats->errors)
		stats->errors[stats->errors_listed++] = arena_copy(stats->arena, line);
	return add(&stats->error_files, json_get_text(error, "file"), COUNT_DOCUMENTS, 1) &&
			       add(&stats->error_files, json_get_text(error, "file"), COUNT_WORDS, skipped)
		       ? STATUS_OK
		       : no_memory(fault);
}

static enum status read_errors(struct report_stats *stats, const struct corpus *corpus, struct fault *fault)
{
	struct span line, path = arena_print(stats->arena, "%s/errors.jsonl", corpus->folder);
	struct line_reader *reader;
	struct arena *scratch = arena_new((size_t)64 << 20);
	if (!path.data || !scratch) {
		arena_free(scratch);
		return no_memory(fault);
	}
	enum status status = line_reader_open(path.data, &reader, fault);
	if (status == STATUS_OK) {
		while ((status = line_reader_next(reader, &line, fault)) == STATUS_OK)
			if ((status = note_error(stats, scratch, line, fault)) != STATUS_OK)
				break;
		line_reader_close(reader);
	}
	arena_free(scratch);
	return status == STATUS_END ? STATUS_OK : status;
}

/* ---- All of it ------------------------------------------------------------------------------------------------------
 */

/* Maps by count, and those whose names are dates by name. */
static size_t list_maps(struct report_stats *stats, struct report_map *maps[13])
{
	struct report_map *all[] = {&stats->hosts,  &stats->languages, &stats->charsets,    &stats->methods,
				    &stats->kinds,  &stats->rules,     &stats->signals,     &stats->licenses,
				    &stats->splits, &stats->reasons,   &stats->error_files, &stats->published,
				    &stats->fetched};
	memcpy(maps, all, sizeof all);
	return sizeof all / sizeof *all;
}

void report_stats_free(struct report_stats *stats)
{
	struct report_map *maps[13];
	if (!stats)
		return;
	for (size_t i = list_maps(stats, maps); i--;)
		report_map_free(maps[i]);
	for (size_t i = 0; i < stats->largest_count; i++)
		report_map_free(&stats->largest[i].hosts);
	arena_free(stats->arena);
	free(stats);
}

static enum status collect(struct report_stats *stats, const struct corpus *corpus, struct fault *fault)
{
	enum status status = read_errors(stats, corpus, fault);
	if (status != STATUS_OK || !corpus_rows_whole(corpus))
		return status;
	status = corpus_rows(corpus, TABLE_DOCUMENTS, visit_document, stats, fault);
	if (status == STATUS_OK)
		status = corpus_rows(corpus, TABLE_DUPLICATES, visit_duplicate, stats, fault);
	if (status == STATUS_OK)
		status = corpus_rows(corpus, TABLE_REJECTED, visit_rejected, stats, fault);
	stats->rows_read = status == STATUS_OK;
	return status;
}

enum status report_stats_new(const struct corpus *corpus, struct report_stats **out, struct fault *fault)
{
	struct report_map *maps[13];
	struct report_stats *stats = memory_zeroed(1, sizeof *stats);
	*out = NULL;
	if (!stats)
		return no_memory(fault);
	stats->arena = arena_new(SIZE_MAX / 2);
	enum status status = stats->arena ? STATUS_OK : no_memory(fault);
	size_t count = list_maps(stats, maps);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		if (report_map_init(maps[i]) != STATUS_OK)
			status = no_memory(fault);
	if (status == STATUS_OK)
		status = collect(stats, corpus, fault);
	if (status != STATUS_OK) {
		report_stats_free(stats);
		return status;
	}
	for (size_t i = 0; i < count; i++)
		report_map_sort(maps[i], maps[i] == &stats->published || maps[i] == &stats->fetched);
	for (size_t i = 0; i < stats->largest_count; i++)
		report_map_sort(&stats->largest[i].hosts, false);
	*out = stats;
	return STATUS_OK;
}
