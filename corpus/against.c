/* against: the documents of an older corpus, so that what it has already is collapsed into it.
 *
 * An older corpus keeps no signatures: they follow from its texts and its df table, which is used for the new one as
 * well, so they are made again. That costs a pass over its texts (a quarter of a millisecond for a MB of the archives
 * behind them) and saves 400 bytes a document in every corpus. Old documents keep their ids and clusters and never join
 * each other. */
#include "corpus/corpus_internal.h"
#include "corpus/reading.h"

#include <stdlib.h>

struct gather {
	struct signer *signer;
	struct buffer signatures, infos, heap;
	uint64_t count;
};

static void put_text(struct buffer *heap, struct span text, uint64_t *at, uint32_t *size)
{
	*at = heap->size;
	*size = (uint32_t)text.size;
	buffer_append_span(heap, text);
}

static uint64_t address_key(struct span url)
{
	struct buffer key;
	uint64_t hash = 0;
	buffer_init(&key, 1 << 20);
	if (url.size && url_canonical_key(url, &key) == STATUS_OK && key.size)
		hash = hash64(key.data, key.size, 0);
	buffer_free(&key);
	return hash;
}

static enum status add_document(void *self, const struct json *row, struct fault *fault)
{
	struct gather *gather = self;
	struct signature signature;
	struct old_page info = {0};
	const struct json *metadata = json_get(row, "metadata");
	struct span id = json_get_text(row, "id"), cluster = json_get_text(json_get(metadata, "cluster"), "id");
	struct span date = json_get_text(metadata, "date_published");
	enum status status = signer_sign(gather->signer, json_get_text(row, "text"), &signature);
	if (status != STATUS_OK)
		return fault_set(fault, status, 0, "cannot sign %.*s of the older corpus",
				 (int)(id.size < 160 ? id.size : 160), id.data);
	put_text(&gather->heap, id, &info.id_at, &info.id_size);
	put_text(&gather->heap, json_get_text(metadata, "url"), &info.url_at, &info.url_size);
	put_text(&gather->heap, cluster.size ? cluster : id, &info.cluster_at, &info.cluster_size);
	info.attributes.address = address_key(json_get_text(metadata, "url"));
	info.attributes.date = date.size ? date_parse_w3c(date) : DATE_NONE;
	buffer_append(&gather->signatures, &signature, sizeof signature);
	buffer_append(&gather->infos, &info, sizeof info);
	gather->count++;
	return STATUS_OK;
}

/* An output of `warcmill dedup`: lines with a member "dedup" in documents/, no list of them in its manifest. */
static enum status add_line(struct gather *gather, struct arena *arena, struct span line, struct fault *fault)
{
	const struct json *row;
	struct signature signature;
	struct old_page info = {0};
	arena_reset(arena);
	enum status status = json_parse(arena, line, 0, &row, fault);
	if (status != STATUS_OK)
		return status;
	const struct json *number = json_get(row, "id"), *metadata = json_get(row, "metadata");
	struct span id = number ? number->text : SPAN_NONE;
	struct span cluster = json_get_text(json_get(json_get(row, "dedup"), "cluster"), "id");
	struct span url = json_get_text(row, "url");
	if (!url.size)
		url = json_get_text(metadata, "url");
	status = signer_sign(gather->signer, json_get_text(row, "text"), &signature);
	if (status != STATUS_OK)
		return fault_set(fault, status, 0, "cannot sign a document of the older output");
	put_text(&gather->heap, id, &info.id_at, &info.id_size);
	put_text(&gather->heap, url, &info.url_at, &info.url_size);
	put_text(&gather->heap, cluster.size ? cluster : id, &info.cluster_at, &info.cluster_size);
	info.attributes = (struct dedup_attributes){.address = address_key(url), .date = DATE_NONE};
	buffer_append(&gather->signatures, &signature, sizeof signature);
	buffer_append(&gather->infos, &info, sizeof info);
	gather->count++;
	return STATUS_OK;
}

static enum status add_part(struct gather *gather, struct arena *arena, const char *path, struct fault *fault)
{
	struct line_reader *reader = NULL;
	struct span line;
	enum status status = line_reader_open(path, &reader, fault);
	while (status == STATUS_OK && (status = line_reader_next(reader, &line, fault)) == STATUS_OK)
		status = add_line(gather, arena, line, fault);
	line_reader_close(reader);
	return status == STATUS_END ? STATUS_OK : status;
}

static enum status gather_output(struct gather *gather, const char *folder, struct fault *fault)
{
	static const char *const suffixes[] = {".zst", ".gz", ""};
	struct arena *arena = arena_new(SIZE_MAX / 2);
	enum status status =
		arena ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory to read an older output");
	bool found = true;
	for (unsigned part = 0; status == STATUS_OK && found; part++) {
		found = false;
		for (size_t i = 0; status == STATUS_OK && !found && i < sizeof suffixes / sizeof *suffixes; i++) {
			char *path = path_join(folder, "documents/part-%05u.jsonl%s", part, suffixes[i]);
			if (!path)
				status = fault_set(fault, STATUS_MEMORY, 0, "no memory to read an older output");
			else if ((found = file_exists(path)))
				status = add_part(gather, arena, path, fault);
			free(path);
		}
	}
	arena_free(arena);
	return status;
}

static bool is_output(const char *folder)
{
	char *clusters = path_join(folder, "clusters.tsv"), *manifest = path_join(folder, "manifest.json");
	bool yes = clusters && manifest && file_exists(clusters) && file_exists(manifest);
	free(clusters);
	free(manifest);
	return yes;
}

static enum status gather_all(struct run *run, struct gather *gather, struct fault *fault)
{
	struct corpus *corpus = NULL;
	struct fault inner = {0};
	char *path = path_join(run->plan->work, "df.table");
	struct df_table *df = path ? df_load(path, &inner) : NULL;
	gather->signer = df ? signer_new(df, SIMHASH_128) : NULL;
	const char *folder = run->plan->settings.against_path;
	bool output = is_output(folder);
	enum status status = STATUS_OK;
	if (!gather->signer)
		status = fault_set(fault, STATUS_MEMORY, 0, "the df table: %.160s", inner.text);
	else
		status = output ? gather_output(gather, folder, fault) : corpus_open(folder, &corpus, fault);
	if (status == STATUS_OK && !output)
		status = corpus_rows(corpus, TABLE_DOCUMENTS, add_document, gather, fault);
	corpus_close(corpus);
	signer_free(gather->signer);
	df_free(df);
	free(path);
	return status;
}

enum status stage_against(struct run *run, struct fault *fault)
{
	struct gather gather = {0};
	if (!run->plan->settings.against_path || stage_exists(run->plan, "against"))
		return STATUS_OK;
	buffer_init(&gather.signatures, SIZE_MAX / 2);
	buffer_init(&gather.infos, SIZE_MAX / 2);
	buffer_init(&gather.heap, SIZE_MAX / 2);
	enum status status = gather_all(run, &gather, fault);
	if (status == STATUS_OK) {
		const struct span spans[] = {{(const char *)&gather.count, sizeof gather.count},
					     buffer_span(&gather.signatures),
					     buffer_span(&gather.infos),
					     buffer_span(&gather.heap)};
		status = stage_write(run->plan, "against", spans, 4, fault);
	}
	buffer_free(&gather.signatures);
	buffer_free(&gather.infos);
	buffer_free(&gather.heap);
	return status;
}

static bool lies_in(struct span heap, uint64_t at, uint32_t size)
{
	return at <= heap.size && size <= heap.size - at;
}

enum status old_pages_open(const struct plan *plan, struct old_pages *out, struct fault *fault)
{
	memset(out, 0, sizeof *out);
	if (!plan->settings.against_path)
		return STATUS_OK;
	enum status status = stage_open(plan, "against", &out->file, fault);
	if (status != STATUS_OK)
		return status;
	const void *count = NULL, *signatures = NULL, *infos = NULL;
	out->heap = out->file.bytes;
	bool sound = stage_array(&out->heap, 1, sizeof out->count, &count) &&
		     stage_array(&out->heap, *(const uint64_t *)count, sizeof *out->signatures, &signatures) &&
		     stage_array(&out->heap, *(const uint64_t *)count, sizeof *out->infos, &infos);
	out->count = sound ? *(const uint64_t *)count : 0;
	out->signatures = signatures;
	out->infos = infos;
	for (uint64_t i = 0; i < out->count && sound; i++) {
		const struct old_page *page = &out->infos[i];
		sound = lies_in(out->heap, page->id_at, page->id_size) &&
			lies_in(out->heap, page->url_at, page->url_size) &&
			lies_in(out->heap, page->cluster_at, page->cluster_size);
	}
	if (sound)
		return STATUS_OK;
	old_pages_close(out);
	return fault_set(fault, STATUS_DATA, 0, "stage file against is damaged");
}

void old_pages_close(struct old_pages *pages)
{
	stage_close(&pages->file);
	memset(pages, 0, sizeof *pages);
}
