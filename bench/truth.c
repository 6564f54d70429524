/* truth: reads sets of pages with their truth, and the results of extractors. Both come from other people's programs,
 * so the reading is lenient where Python's json is: NaN and Infinity stand for "a value that equals nothing". */
#include "bench/extraction.h"

#include <stdlib.h>
#include <sys/stat.h>

static struct arena *arena_big(void)
{
	struct arena *arena = arena_new((size_t)8 << 30);
	if (!arena)
		bench_die(BENCH_IO, "no memory");
	return arena;
}

/* NaN, Infinity (not JSON, but Python writes them) become "?" outside of strings, padded with blanks. */
static void mend_numbers(struct buffer *source)
{
	bool inside = false;
	for (size_t i = 0; i < source->size; i++) {
		char c = source->data[i];
		struct span rest = {source->data + i, source->size - i};
		if (c == '\\' && inside)
			i++;
		else if (c == '"')
			inside = !inside;
		else if (!inside && span_starts(rest, SPAN("NaN")))
			memcpy(source->data + i, "\"?\"", 3), i += 2;
		else if (!inside && span_starts(rest, SPAN("Infinity")))
			memcpy(source->data + i, "\"?\"     ", 8), i += 7;
	}
}

static const struct json *parse(struct arena *arena, struct span text, const char *path, size_t line)
{
	const struct json *value;
	struct fault fault;
	if (json_parse(arena, text, 0, &value, &fault))
		bench_die(BENCH_DATA, "%s, line %zu, byte %llu: %s", path, line, (unsigned long long)fault.offset,
			  fault.text);
	return value;
}

/* A member as text: strings and numbers; SPAN_NONE for others and for the empty string. */
static struct span member_text(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	bool usable = value && (value->kind == JSON_STRING || value->kind == JSON_NUMBER) && value->text.size;
	return usable ? value->text : SPAN_NONE;
}

/* A member that is a list with something in it, or NULL. */
static const struct json *member_list(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	return value && value->kind == JSON_ARRAY && value->first ? value : NULL;
}

static const struct json *member_author(const struct json *object)
{
	const struct json *value = json_get(object, "author");
	if (value && value->kind == JSON_STRING && value->text.size)
		return value;
	return member_list(object, "author");
}

static char *page_path(const char *folder, struct span id)
{
	static const char *const endings[] = {".html", ".html.gz", ".htm"};
	struct stat about;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		char *path = need_print("%s/html/%.*s%s", folder, SPAN_ARG(id), endings[i]);
		if (stat(path, &about) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static struct truth_page *truth_add(struct truth_set *set, struct span id)
{
	need_more(&set->pages, &set->capacity, set->count + 1, sizeof *set->pages);
	struct truth_page *page = &set->pages[set->count++];
	*page = (struct truth_page){.id = id, .path = page_path(set->folder, id)};
	return page;
}

static void read_lines(struct truth_set *set, const char *path)
{
	struct span rest = buffer_span(&set->source), line;
	for (size_t number = 1; span_cut(&rest, '\n', &line); number++) {
		if (span_trim(line).size == 0)
			continue;
		const struct json *row = parse(set->arena, line, path, number);
		struct span id = member_text(row, "id");
		if (!id.data)
			bench_die(BENCH_DATA, "%s, line %zu: no id", path, number);
		struct truth_page *page = truth_add(set, id);
		page->url = member_text(row, "url");
		page->lang = member_text(row, "lang");
		page->type = member_text(row, "page_type");
		page->text = json_get_text(row, "text"); /* an empty body is a truth, too */
		page->title = member_text(row, "title");
		page->date = member_text(row, "date");
		page->author = member_author(row);
		page->with = member_list(row, "with");
		page->without = member_list(row, "without");
		page->paragraphs = member_list(row, "paragraphs");
		page->optional = member_list(row, "optional");
	}
}

static void read_public(struct truth_set *set, const char *path)
{
	const struct json *all = parse(set->arena, buffer_span(&set->source), path, 1);
	for (const struct json *row = all->first; row; row = row->next) {
		struct truth_page *page = truth_add(set, row->key);
		page->url = member_text(row, "url");
		page->text = json_get_text(row, "articleBody");
	}
}

void truth_open(const char *folder, struct truth_set *set)
{
	*set = (struct truth_set){.folder = need_print("%s", folder), .arena = arena_big()};
	size_t size = strlen(set->folder);
	while (size > 1 && set->folder[size - 1] == '/')
		set->folder[--size] = '\0';
	const char *slash = strrchr(set->folder, '/');
	set->name = need_print("%s", slash ? slash + 1 : set->folder);
	char *lines = need_print("%s/truth.jsonl", set->folder),
	     *whole = need_print("%s/ground-truth.json", set->folder);
	bool by_line = file_exists(lines);
	if (!by_line && !file_exists(whole))
		bench_die(BENCH_IO, "%s: holds neither truth.jsonl nor ground-truth.json", folder);
	bench_read(by_line ? lines : whole, &set->source);
	mend_numbers(&set->source);
	if (by_line)
		read_lines(set, lines);
	else
		read_public(set, whole);
	set->truth = by_line ? lines : whole;
	free(by_line ? whole : lines);
}

void truth_close(struct truth_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->pages[i].path);
	free(set->pages);
	free(set->name);
	free(set->folder);
	free(set->truth);
	arena_free(set->arena);
	buffer_free(&set->source);
	*set = (struct truth_set){0};
}

/* ---- Results --------------------------------------------------------------------------------------------------------
 */

static void results_add(struct results *results, struct span id, const struct json *value)
{
	need_more(&results->at, &results->capacity, results->count + 1, sizeof *results->at);
	struct result *result = &results->at[results->count++];
	*result = (struct result){.id = id, .order = results->count};
	if (value->kind == JSON_STRING)
		result->text = value->text;
	if (value->kind != JSON_OBJECT)
		return;
	results->fields = true;
	result->text = member_text(value, "text");
	if (!result->text.data)
		result->text = member_text(value, "articleBody");
	result->title = member_text(value, "title");
	result->date = member_text(value, "date");
	result->author = member_author(value);
}

static int compare_results(const void *a, const void *b)
{
	const struct result *x = a, *y = b;
	int order = span_compare(x->id, y->id);
	return order ? order : (x->order > y->order) - (x->order < y->order);
}

void results_open(const char *path, struct results *results)
{
	*results = (struct results){.arena = arena_big()};
	bench_read(path, &results->source);
	mend_numbers(&results->source);
	struct span rest = buffer_span(&results->source), line;
	if (strstr(path, ".jsonl")) {
		for (size_t number = 1; span_cut(&rest, '\n', &line); number++) {
			if (span_trim(line).size == 0)
				continue;
			const struct json *row = parse(results->arena, line, path, number);
			struct span id = member_text(row, "id");
			if (!id.data)
				bench_die(BENCH_DATA, "%s, line %zu: no id", path, number);
			results_add(results, id, row);
		}
	} else {
		const struct json *all = parse(results->arena, rest, path, 1);
		for (const struct json *row = all->first; row; row = row->next)
			results_add(results, row->key, row);
	}
	size_t kept = 0;
	if (results->count)
		qsort(results->at, results->count, sizeof *results->at, compare_results);
	for (size_t i = 0; i < results->count; i++) {
		if (i + 1 < results->count && span_equal(results->at[i].id, results->at[i + 1].id))
			continue;
		results->at[kept++] = results->at[i];
	}
	results->count = kept;
}

void results_close(struct results *results)
{
	free(results->at);
	arena_free(results->arena);
	buffer_free(&results->source);
	*results = (struct results){0};
}

static int compare_id(const void *id, const void *result)
{
	return span_compare(*(const struct span *)id, ((const struct result *)result)->id);
}

const struct result *results_find(const struct results *results, struct span id)
{
	return results->count ? bsearch(&id, results->at, results->count, sizeof *results->at, compare_id) : NULL;
}
