/* recipe: a manifest read back, to make the same corpus again. Options stand in the manifest; where the inputs lay
 * stands in run.json, since places are no part of a corpus. */
#include "corpus/corpus_internal.h"

#include <stdlib.h>

static enum status read_json(const char *path, struct buffer *bytes, struct arena *arena, const struct json **out,
			     struct fault *fault)
{
	struct fault inner = {0};
	enum status status = file_read(path, bytes, &inner);
	if (status == STATUS_OK)
		status = json_parse(arena, buffer_span(bytes), 0, out, &inner);
	return status == STATUS_OK ? STATUS_OK : fault_set(fault, status, 0, "%.120s: %.100s", path, inner.text);
}

static char *beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	return memory_format("%.*s%s", slash ? (int)(slash - path + 1) : 0, path, name);
}

static enum status read_paths(struct manifest_recipe *recipe, struct arena *arena, struct fault *fault)
{
	struct buffer bytes;
	const struct json *run = NULL;
	char *path = beside(recipe->path, "run.json");
	buffer_init(&bytes, SIZE_MAX / 2);
	enum status status = path ? STATUS_OK : STATUS_MEMORY;
	if (status == STATUS_OK && file_exists(path))
		status = read_json(path, &bytes, arena, &run, fault);
	const struct json *paths = json_get(run, "paths");
	size_t count = 0;
	for (const struct json *at = paths ? paths->first : NULL; at; at = at->next)
		count++;
	recipe->paths = memory_zeroed(count + 1, sizeof *recipe->paths);
	if (!recipe->paths)
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the inputs' names");
	for (const struct json *at = paths ? paths->first : NULL; status == STATUS_OK && at; at = at->next)
		if (at->kind == JSON_STRING && (recipe->paths[recipe->path_count] = path_from_text(at->text)))
			recipe->path_count++;
	buffer_free(&bytes);
	free(path);
	return status;
}

static void read_sums(struct manifest_recipe *recipe)
{
	struct buffer bytes;
	char *path = beside(recipe->path, "SHA256SUMS");
	buffer_init(&bytes, SIZE_MAX / 2);
	if (path && file_read(path, &bytes, NULL) == STATUS_OK)
		recipe->sums = memory_text(buffer_span(&bytes));
	buffer_free(&bytes);
	free(path);
}

enum status model_option_set(struct build_options *options, char *path, struct fault *fault)
{
	enum status status = path ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory for a name");
	if (status == STATUS_OK && file_exists(path))
		status = build_options_set(options, "model", path, fault);
	free(path);
	return status;
}

enum status manifest_recipe_read(const char *path, struct build_options *options, struct manifest_recipe *out,
				 struct fault *fault)
{
	struct buffer bytes;
	const struct json *manifest = NULL;
	struct arena *arena = arena_new(SIZE_MAX / 2);
	memset(out, 0, sizeof *out);
	buffer_init(&bytes, SIZE_MAX / 2);
	out->path = memory_text(span_of(path));
	enum status status = arena && out->path ? read_json(path, &bytes, arena, &manifest, fault)
						: fault_set(fault, STATUS_MEMORY, 0, "no memory for a manifest");
	status = file_named(status, path);
	if (status == STATUS_OK && !span_equal(json_get_text(manifest, "format"), SPAN("warcmill-corpus/1")))
		status = fault_set(fault, STATUS_DATA, 0, "%.160s is no manifest of this program", path);
	if (status == STATUS_OK)
		status = build_options_from_json(options, json_get(manifest, "options"), fault);
	if (status == STATUS_OK)
		status = model_option_set(options, beside(path, CORPUS_MODEL), fault);
	if (status == STATUS_OK)
		status = read_paths(out, arena, fault);
	if (status == STATUS_OK)
		read_sums(out);
	buffer_free(&bytes);
	arena_free(arena);
	if (status != STATUS_OK)
		manifest_recipe_free(out);
	return status;
}

enum status manifest_recipe_check(const struct manifest_recipe *recipe, const char *folder, struct fault *fault)
{
	struct buffer bytes;
	struct fault inner = {0};
	if (!recipe->sums)
		return STATUS_OK;
	char *path = path_join(folder, "SHA256SUMS");
	buffer_init(&bytes, SIZE_MAX / 2);
	enum status status = path ? file_read(path, &bytes, &inner) : STATUS_MEMORY;
	if (status != STATUS_OK)
		fault_set(fault, status, 0, "%.120s: %.100s", path ? path : folder, inner.text);
	struct span old = span_of(recipe->sums), now = buffer_span(&bytes), was, is;
	while (status == STATUS_OK && !span_equal(old, now)) {
		bool more = span_cut(&old, '\n', &was), also = span_cut(&now, '\n', &is);
		if (more != also || !span_equal(was, is))
			status = fault_set(fault, STATUS_DATA, 0, "the corpus differs from the manifest's: %.*s",
					   (int)(more && was.size > 66 ? was.size - 66 : 0), more ? was.data + 66 : "");
		if (!more || !also)
			break;
	}
	buffer_free(&bytes);
	free(path);
	return status;
}

void manifest_recipe_free(struct manifest_recipe *recipe)
{
	for (size_t i = 0; recipe->paths && i < recipe->path_count; i++)
		free(recipe->paths[i]);
	free(recipe->paths);
	free(recipe->sums);
	free(recipe->path);
	memset(recipe, 0, sizeof *recipe);
}
