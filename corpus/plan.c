/* plan: what a run is going to do, fixed before it starts. The plan's digest binds all stage files; plan.json in the
 * working folder is what a continued run is compared with, and what cluster tasks read. */
#include "corpus/corpus_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHARDS_MAX = 100000 };

/* Absolute without following links: the working folder of a later call may be another, and a link's name is the name
 * that the user chose. */
static char *absolute(const char *path)
{
	char *here, *made = NULL;
	if (*path == '/' || *path == '@' || !strcmp(path, "-") || strstr(path, "://"))
		return memory_text(span_of(path));
	while (path[0] == '.' && path[1] == '/')
		for (path += 2; *path == '/';)
			path++;
	here = getcwd(NULL, 0);
	if (here)
		made = memory_format("%s/%s", here, !strcmp(path, ".") ? "" : path);
	free(here);
	return made;
}

/* Where the inputs are known from: ARGUMENTS, which are looked at, or a plan's own list, which is believed. */
struct origin {
	const char *const *arguments;
	size_t count;
	const struct json *stored;
};

static enum status look_at_inputs(struct plan *plan, const char *const *arguments, size_t count,
				  const struct warc_options *options, struct fault *fault)
{
	const char **paths = memory_zeroed(count + 1, sizeof *paths);
	enum status status = paths ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory for the inputs' names");
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (!(paths[i] = absolute(arguments[i])))
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the inputs' names");
	if (status == STATUS_OK)
		status = warc_inputs_new(paths, count, options, &plan->inputs, fault);
	for (size_t i = 0; paths && i < count; i++)
		free((char *)paths[i]);
	free(paths);
	return status;
}

static enum status restore_inputs(struct plan *plan, const struct json *list, const struct warc_options *options,
				  struct fault *fault)
{
	size_t count = 0, i = 0;
	for (const struct json *input = list ? list->first : NULL; input; input = input->next)
		count++;
	struct arena *arena = arena_new(SIZE_MAX / 2);
	struct warc_stored *stored = memory_zeroed(count + 1, sizeof *stored);
	enum status status =
		arena && stored ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory for the inputs' names");
	for (const struct json *input = list ? list->first : NULL; status == STATUS_OK && input; input = input->next) {
		char *path = path_from_text(json_get_text(input, "path"));
		stored[i] = (struct warc_stored){arena_copy(arena, json_get_text(input, "name")).data,
						 arena_copy(arena, span_of(path)).data, json_get_text(input, "state")};
		free(path);
		if (!stored[i].name || !stored[i].path)
			status = fault_set(fault, STATUS_DATA, 0, "an input without a name");
		i++;
	}
	if (status == STATUS_OK)
		status = warc_inputs_restore(stored, count, options, &plan->inputs, fault);
	arena_free(arena);
	free(stored);
	return status;
}

/* Long enough that finding where its first record begins costs nothing, and short enough that a single archive of some
 * megabytes keeps all cores busy to the end. It follows from the inputs alone: a plan is the same on every machine. */
static uint64_t segment_size(const struct plan *plan)
{
	enum { SHARE = 64, LEAST = 1 << 20, MOST = 32 << 20 };
	uint64_t total = 0;
	for (size_t i = 0; i < plan->input_count; i++)
		total += warc_input_bytes(warc_inputs_at(plan->inputs, i));
	return total / SHARE < LEAST ? LEAST : total / SHARE > MOST ? MOST : total / SHARE;
}

static enum status read_inputs(struct plan *plan, const struct origin *origin, struct fault *fault)
{
	const struct warc_options options = {.name_depth = plan->settings.name_depth,
					     .segment_bytes = plan->settings.segment_bytes};
	enum status status = origin->stored ? restore_inputs(plan, origin->stored, &options, fault)
					    : look_at_inputs(plan, origin->arguments, origin->count, &options, fault);
	if (status != STATUS_OK)
		return status;
	plan->input_count = warc_inputs_count(plan->inputs);
	if (plan->input_count == 0)
		return fault_set(fault, STATUS_USAGE, 0, "there is no archive among the inputs");
	if (plan->input_count > UINT32_MAX)
		return fault_set(fault, STATUS_USAGE, 0, "more than 4,294,967,295 inputs");
	if (!plan->settings.segment_bytes)
		plan->settings.segment_bytes = segment_size(plan);
	return warc_segments_new(plan->inputs, plan->settings.segment_bytes, &plan->segments, &plan->segment_count,
				 fault);
}

int64_t plan_changed_ns(const char *path)
{
	struct stat about;
	return stat(path, &about) == 0 && S_ISREG(about.st_mode)
		       ? (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec
		       : 0;
}

/* A whole number, which may be negative: files can be older than 1970. */
static int64_t signed_of(const struct json *number)
{
	struct span text = number ? number->text : SPAN_NONE;
	uint64_t value = 0;
	bool below = span_starts(text, SPAN("-"));
	span_to_u64(below ? span_slice(text, 1, SIZE_MAX) : text, &value);
	return below ? -(int64_t)value : (int64_t)value;
}

static enum status read_stats(struct plan *plan, const struct json *stored, struct fault *fault)
{
	plan->stats = memory_zeroed(plan->input_count, sizeof *plan->stats);
	if (!plan->stats)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for %zu inputs", plan->input_count);
	const struct json *was = stored ? stored->first : NULL;
	for (size_t i = 0; i < plan->input_count; i++, was = was ? was->next : NULL) {
		const struct warc_input *input = warc_inputs_at(plan->inputs, i);
		plan->stats[i].bytes = warc_input_bytes(input);
		if (!stored)
			plan->stats[i].changed_ns = plan_changed_ns(warc_input_path(input));
		else
			plan->stats[i].changed_ns = signed_of(json_get(was, "changed_ns"));
	}
	return STATUS_OK;
}

enum status plan_check_inputs(const struct plan *plan, size_t shard, struct fault *fault)
{
	for (size_t i = plan->shard_inputs[shard]; i < plan->shard_inputs[shard + 1]; i++) {
		const struct warc_input *input = warc_inputs_at(plan->inputs, i);
		if (plan->stats[i].changed_ns != plan_changed_ns(warc_input_path(input)))
			return fault_set(fault, STATUS_USAGE, 0,
					 "the input %.120s has changed or moved since the run was planned",
					 warc_input_name(input));
	}
	return STATUS_OK;
}

/* Shards are runs of neighbouring inputs of about equal bytes, so that rows of shard after shard are rows in id order.
 */
static enum status cut_shards(struct plan *plan, uint64_t wanted, struct fault *fault)
{
	uint64_t total = 0, done = 0;
	if (wanted < 1)
		wanted = 1;
	if (wanted > plan->input_count)
		wanted = plan->input_count;
	if (wanted > SHARDS_MAX)
		return fault_set(fault, STATUS_USAGE, 0, "--shards is at most %d", SHARDS_MAX);
	plan->shard_count = (size_t)wanted;
	plan->shard_inputs = memory_zeroed(plan->shard_count + 1, sizeof *plan->shard_inputs);
	plan->shard_segments = memory_zeroed(plan->shard_count + 1, sizeof *plan->shard_segments);
	if (!plan->shard_inputs || !plan->shard_segments)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the shards");
	for (size_t i = 0; i < plan->input_count; i++)
		total += plan->stats[i].bytes + 1;
	size_t shard = 0;
	for (size_t i = 0; i < plan->input_count; i++) {
		size_t left = plan->shard_count - shard - 1;
		bool due = shard + 1 < plan->shard_count &&
			   (done >= (double)total * (double)(shard + 1) / (double)plan->shard_count ||
			    plan->input_count - i == left);
		if (due && i > plan->shard_inputs[shard])
			plan->shard_inputs[++shard] = i;
		done += plan->stats[i].bytes + 1;
	}
	plan->shard_count = shard + 1;
	plan->shard_inputs[plan->shard_count] = plan->input_count;
	for (size_t s = 0, segment = 0; s <= plan->shard_count; s++) {
		while (segment < plan->segment_count && plan->segments[segment].input < plan->shard_inputs[s])
			segment++;
		plan->shard_segments[s] = segment;
	}
	return STATUS_OK;
}

static enum status write_inputs(const struct plan *plan, struct json_writer *writer)
{
	struct buffer state;
	buffer_init(&state, 1 << 16);
	json_key(writer, "inputs");
	json_begin(writer, '[');
	for (size_t i = 0; i < plan->input_count; i++) {
		const struct warc_input *input = warc_inputs_at(plan->inputs, i);
		buffer_append_byte(writer->out, '\n');
		json_begin(writer, '{');
		json_put_text(writer, "name", span_of(warc_input_name(input)));
		char *path = path_to_text(warc_input_path(input));
		if (!path)
			writer->out->status = STATUS_MEMORY;
		json_put_text(writer, "path", span_of(path));
		free(path);
		json_put_uint(writer, "bytes", plan->stats[i].bytes);
		json_key(writer, "changed_ns");
		json_int(writer, plan->stats[i].changed_ns);
		buffer_clear(&state);
		warc_input_state(input, &state);
		json_put_text(writer, "state", buffer_span(&state));
		json_end(writer, '}');
	}
	json_end(writer, ']');
	enum status status = state.status;
	buffer_free(&state);
	return status;
}

static enum status read_against(struct plan *plan, struct fault *fault)
{
	uint8_t sha256[DIGEST_MAX];
	struct fault inner = {0};
	if (!plan->settings.against_path)
		return STATUS_OK;
	char *path = path_join(plan->settings.against_path, "manifest.json");
	enum status status = path ? digest_file(DIGEST_SHA256, path, sha256, NULL, &inner) : STATUS_MEMORY;
	if (status == STATUS_OK)
		hex_encode(sha256, 32, plan->against);
	else
		fault_set(fault, STATUS_USAGE, 0, "--against %.100s: no finished corpus is there (%.80s)",
			  plan->settings.against_path, inner.text);
	free(path);
	return status == STATUS_OK ? STATUS_OK : STATUS_USAGE;
}

static enum status read_model(struct plan *plan, struct fault *fault)
{
	const char *path = plan->settings.model_path;
	struct fault inner = {0};
	enum status status = path ? file_read(path, &plan->model_bytes, &inner) : STATUS_OK;
	if (path && status == STATUS_OK && !(plan->model = article_model_open(buffer_span(&plan->model_bytes), &inner)))
		status = inner.status;
	if (status != STATUS_OK)
		return fault_set(fault, file_named(status, path), 0, "--model %.100s: %.100s", path, inner.text);
	article_version(plan->model, plan->article);
	return STATUS_OK;
}

/* One input a line: a plan of a million inputs can be read with ordinary tools, and differences name the input. */
static enum status write_json(struct plan *plan, struct fault *fault)
{
	struct json_writer writer;
	char hex[33];
	json_start(&writer, &plan->json);
	json_begin(&writer, '{');
	json_put_text(&writer, "tool", span_of(TOOL_NAME));
	json_put_text(&writer, "article", span_of(plan->article));
	json_key(&writer, "options");
	build_options_json(plan->options, false, &writer);
	json_put_text(&writer, "against", span_of(plan->against));
	json_key(&writer, "shards");
	json_begin(&writer, '[');
	for (size_t s = 0; s < plan->shard_count; s++)
		json_uint(&writer, plan->shard_inputs[s]);
	json_end(&writer, ']');
	enum status status = write_inputs(plan, &writer);
	json_end(&writer, '}');
	if (status != STATUS_OK || plan->json.status != STATUS_OK)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the plan");
	struct hash128 hash = hash128_of(plan->json.data, plan->json.size);
	memcpy(plan->digest, &hash, sizeof plan->digest);
	hex_encode(plan->digest, sizeof plan->digest, hex);
	plan->json.size--; /* the brace comes again after the digest */
	buffer_print(&plan->json, ",\n\"digest\":\"%s\"}\n", hex);
	return plan->json.status == STATUS_OK ? STATUS_OK
					      : fault_set(fault, STATUS_MEMORY, 0, "no memory for the plan");
}

/* Bytes of all shards' keys, 160 a page. How many pages there are is not known yet: crawls have one for each 25 kB of
 * their archives, compressed. */
static uint64_t key_bytes(const struct plan *plan)
{
	enum { PAGE_BYTES = 25000, PAGE_KEY_BYTES = 160 };
	uint64_t bytes = 0;
	for (size_t i = 0; i < plan->input_count; i++)
		bytes += plan->stats[i].bytes;
	return bytes / PAGE_BYTES * PAGE_KEY_BYTES;
}

/* A partition is one read in each shard's run file: of as many as keep it long, 64 at most where nobody asks. */
static size_t partitions_at_most(const struct plan *plan)
{
	uint64_t most = key_bytes(plan) / (plan->shard_count * MATCH_READ_MIN);
	return most < 1 ? 1 : most > KEY_BINS ? KEY_BINS : (size_t)most;
}

/* Keys fall into KEY_BINS bins; more partitions than bins would be empty. */
static size_t cut_partitions(const struct plan *plan, uint64_t wanted)
{
	enum { CHOSEN_MAX = 64 };
	size_t most = partitions_at_most(plan);
	if (!wanted)
		return most < CHOSEN_MAX ? most : CHOSEN_MAX;
	return wanted > KEY_BINS ? KEY_BINS : (size_t)wanted;
}

void plan_reads(const struct plan *plan, struct match_reads *out)
{
	*out = (struct match_reads){
		.bytes = key_bytes(plan) / (plan->shard_count * plan->partition_count),
		.partitions = plan->partition_count,
		.shards = plan->shard_count,
		.partitions_most = partitions_at_most(plan),
	};
}

static enum status plan_make(const struct origin *origin, const struct build_options *options, const char *folder,
			     struct plan **out, struct fault *fault)
{
	uint64_t shards = 1, partitions = 1;
	struct plan *plan = memory_zeroed(1, sizeof *plan);
	*out = NULL;
	if (!plan)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the plan");
	buffer_init(&plan->json, SIZE_MAX / 2);
	buffer_init(&plan->model_bytes, 64 << 20);
	plan->options = options;
	plan->folder = memory_text(span_of(folder));
	plan->work = path_join(folder, ".work");
	if (build_options_get(options, "shards"))
		span_to_u64(span_of(build_options_get(options, "shards")), &shards);
	if (build_options_get(options, "partitions"))
		span_to_u64(span_of(build_options_get(options, "partitions")), &partitions);
	enum status status = plan->folder && plan->work ? settings_read(options, &plan->settings, fault)
							: fault_set(fault, STATUS_MEMORY, 0, "no memory for the plan");
	if (status == STATUS_OK)
		status = read_inputs(plan, origin, fault);
	if (status == STATUS_OK)
		status = read_stats(plan, origin->stored, fault);
	if (status == STATUS_OK)
		status = cut_shards(plan, shards, fault);
	if (status == STATUS_OK)
		plan->partition_count = cut_partitions(plan, partitions);
	if (status == STATUS_OK)
		status = read_against(plan, fault);
	if (status == STATUS_OK)
		status = read_model(plan, fault);
	if (status == STATUS_OK)
		status = write_json(plan, fault);
	if (status == STATUS_OK)
		*out = plan;
	else
		plan_free(plan);
	return status;
}

enum status plan_new(const char *const *arguments, size_t count, const struct build_options *options,
		     const char *folder, struct plan **out, struct fault *fault)
{
	return plan_make(&(struct origin){.arguments = arguments, .count = count}, options, folder, out, fault);
}

static enum status stored_plan(const char *folder, struct buffer *bytes, struct arena *arena, const struct json **out,
			       struct fault *fault)
{
	struct fault inner = {0};
	char *path = path_join(folder, ".work/plan.json");
	if (!path || !arena) {
		free(path);
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the plan");
	}
	enum status status = STATUS_OK;
	if (!file_exists(path))
		status = fault_set(fault, STATUS_USAGE, 0, "%.160s holds no plan", folder);
	else if (file_read(path, bytes, &inner) != STATUS_OK ||
		 json_parse(arena, buffer_span(bytes), 0, out, &inner) != STATUS_OK)
		status = fault_set(fault, STATUS_DATA, 0, "%.120s: %.100s", path, inner.text);
	free(path);
	return status;
}

enum status plan_load(const char *folder, struct build_options *options, struct plan **out, struct fault *fault)
{
	struct buffer bytes;
	const struct json *stored = NULL;
	struct arena *arena = arena_new(SIZE_MAX / 2);
	buffer_init(&bytes, SIZE_MAX / 2);
	*out = NULL;
	enum status status = stored_plan(folder, &bytes, arena, &stored, fault);
	const struct json *inputs = json_get(stored, "inputs");
	if (status == STATUS_OK && (!inputs || inputs->kind != JSON_ARRAY))
		status = fault_set(fault, STATUS_DATA, 0, "%.160s/.work/plan.json is damaged", folder);
	if (status == STATUS_OK)
		status = build_options_from_json(options, json_get(stored, "options"), fault);
	if (status == STATUS_OK)
		status = plan_make(&(struct origin){.stored = inputs}, options, folder, out, fault);
	struct fault inner = {0};
	if (status == STATUS_OK && (status = plan_compare(*out, &inner)) != STATUS_OK) {
		fault_set(fault, status, 0, "%.80s was planned otherwise: %.140s", folder, inner.text);
		plan_free(*out);
		*out = NULL;
	}
	buffer_free(&bytes);
	arena_free(arena);
	return status;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	settings_free(&plan->settings);
	warc_inputs_free(plan->inputs);
	free(plan->stats);
	free(plan->segments);
	free(plan->shard_inputs);
	free(plan->shard_segments);
	free(plan->folder);
	free(plan->work);
	buffer_free(&plan->json);
	buffer_free(&plan->model_bytes);
	article_model_free(plan->model);
	free(plan);
}

enum status plan_store(const struct plan *plan, struct fault *fault)
{
	char *path = path_join(plan->work, "plan.json");
	struct fault inner = {0};
	enum status status = path ? file_write_atomic(path, buffer_span(&plan->json), &inner) : STATUS_MEMORY;
	if (status != STATUS_OK)
		fault_set(fault, status, 0, "cannot write %.120s/plan.json: %.100s", plan->work, inner.text);
	free(path);
	return status;
}

/* ---- Comparing ------------------------------------------------------------------------------------------ */

enum status plan_differ_options(const struct json *old, const struct json *now, struct fault *fault)
{
	for (const struct json *was = old ? old->first : NULL; was; was = was->next) {
		char name[64];
		snprintf(name, sizeof name, "%.*s", SPAN_ARG(was->key));
		struct span is = json_get_text(now, name);
		if (!is.data)
			return fault_set(fault, STATUS_USAGE, 0, "it was started with --%s %.*s, now without", name,
					 SPAN_ARG(was->text));
		if (!span_equal(is, was->text))
			return fault_set(fault, STATUS_USAGE, 0, "it was started with --%s %.*s, now it is %.*s", name,
					 SPAN_ARG(was->text), SPAN_ARG(is));
	}
	for (const struct json *is = now ? now->first : NULL; is; is = is->next) {
		char name[64];
		snprintf(name, sizeof name, "%.*s", SPAN_ARG(is->key));
		if (!json_get(old, name))
			return fault_set(fault, STATUS_USAGE, 0, "it was started without --%s", name);
	}
	return STATUS_OK;
}

static bool same_input(const struct json *was, const struct json *is)
{
	static const char *const members[] = {"path", "bytes", "changed_ns"};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const struct json *old = json_get(was, members[i]), *now = json_get(is, members[i]);
		if (!old || !now || !span_equal(old->text, now->text))
			return false;
	}
	return true;
}

static enum status differ_inputs(const struct json *old, const struct json *now, struct fault *fault)
{
	const struct json *was = old ? old->first : NULL, *is = now ? now->first : NULL;
	for (; was && is; was = was->next, is = is->next) {
		struct span was_name = json_get_text(was, "name"), is_name = json_get_text(is, "name");
		int order = span_compare(was_name, is_name);
		if (order)
			return fault_set(fault, STATUS_USAGE, 0, "the input %.*s is %s",
					 SPAN_ARG(order < 0 ? was_name : is_name), order < 0 ? "missing now" : "new");
		if (!same_input(was, is))
			return fault_set(fault, STATUS_USAGE, 0, "the input %.*s has changed or moved since",
					 SPAN_ARG(is_name));
	}
	if (was || is)
		return fault_set(fault, STATUS_USAGE, 0, "the input %.*s is %s",
				 SPAN_ARG(json_get_text(was ? was : is, "name")), was ? "missing now" : "new");
	return STATUS_OK;
}

static enum status differ(const struct json *old, const struct json *now, struct fault *fault)
{
	static const char *const versions[] = {"tool", "article"};
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (!span_equal(json_get_text(old, versions[i]), json_get_text(now, versions[i])))
			return fault_set(fault, STATUS_USAGE, 0, "it was started by %.*s, this is %.*s",
					 SPAN_ARG(json_get_text(old, versions[i])),
					 SPAN_ARG(json_get_text(now, versions[i])));
	enum status status = plan_differ_options(json_get(old, "options"), json_get(now, "options"), fault);
	if (status == STATUS_OK)
		status = differ_inputs(json_get(old, "inputs"), json_get(now, "inputs"), fault);
	return status == STATUS_OK ? fault_set(fault, STATUS_USAGE, 0, "its shards were cut otherwise") : status;
}

enum status plan_compare(const struct plan *plan, struct fault *fault)
{
	char *path = path_join(plan->work, "plan.json");
	struct buffer stored;
	struct fault inner = {0};
	buffer_init(&stored, SIZE_MAX / 2);
	struct arena *arena = arena_new(SIZE_MAX / 2);
	const struct json *old = NULL, *now = NULL;
	enum status status = path && arena ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory for the plan");
	if (status == STATUS_OK && !file_exists(path))
		status = STATUS_END;
	if (status == STATUS_OK && (status = file_read(path, &stored, &inner)) != STATUS_OK)
		fault_set(fault, status, 0, "cannot read %.160s: %.60s", path, inner.text);
	if (status == STATUS_OK && !span_equal(buffer_span(&stored), buffer_span(&plan->json))) {
		if (json_parse(arena, buffer_span(&stored), 0, &old, &inner) != STATUS_OK ||
		    json_parse(arena, buffer_span(&plan->json), 0, &now, &inner) != STATUS_OK)
			status = fault_set(fault, STATUS_DATA, 0, "%.160s is damaged", path);
		else
			status = differ(old, now, fault);
	}
	arena_free(arena);
	buffer_free(&stored);
	free(path);
	return status;
}

enum status corpus_plan_text(const char *const *arguments, size_t count, const struct build_options *options,
			     const char *folder, struct buffer *out, struct fault *fault)
{
	static const char *const kinds[] = {
		[WARC_KIND_EMPTY] = "empty",     [WARC_KIND_PLAIN] = "warc", [WARC_KIND_GZIP] = "warc.gz",
		[WARC_KIND_ZSTD] = "warc.zst",   [WARC_KIND_ARC] = "arc",    [WARC_KIND_STREAM] = "stream",
		[WARC_KIND_UNKNOWN] = "unknown",
	};
	struct plan *plan;
	struct json_writer writer;
	uint64_t bytes = 0;
	enum status status = plan_new(arguments, count, options, folder, &plan, fault);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < plan->input_count; i++) {
		const struct warc_input *input = warc_inputs_at(plan->inputs, i);
		buffer_print(out, "input\t%s\t%s\t%llu\n", warc_input_name(input), kinds[warc_input_kind(input)],
			     (unsigned long long)plan->stats[i].bytes);
		bytes += plan->stats[i].bytes;
	}
	buffer_print(out, "inputs\t%zu\nbytes\t%llu\nsegments\t%zu\nshards\t%zu\noutput\t%s\noptions\t",
		     plan->input_count, (unsigned long long)bytes, plan->segment_count, plan->shard_count, folder);
	json_start(&writer, out);
	build_options_json(options, false, &writer);
	buffer_append_byte(out, '\n');
	plan_free(plan);
	return out->status == STATUS_OK ? STATUS_OK : fault_set(fault, out->status, 0, "no memory for the plan");
}
