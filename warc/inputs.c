/* inputs: from arguments to a sorted list of archives. What a file is, is told by its first bytes; when they are
 * damaged, by the first record found further on. Names only decide whether a file met in a folder is worth that search.
 */
#include "warc/inputs_internal.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define LIST_MAX (256 * MIB) /* of an @list file */

/* ---- The list --------------------------------------------------------------------------------------------------- */

static void input_free(struct warc_input *input)
{
	if (!input)
		return;
	free(input->name);
	free(input->path);
	free(input->member);
	free(input->why);
	packed_pool_leave(input->pool);
	free(input);
}

struct warc_inputs *inputs_new(const struct warc_options *options)
{
	struct warc_inputs *inputs = memory_zeroed(1, sizeof *inputs);
	if (inputs && options)
		inputs->options = *options;
	return inputs;
}

void warc_inputs_free(struct warc_inputs *inputs)
{
	if (!inputs)
		return;
	for (size_t i = 0; i < inputs->count; i++)
		input_free(inputs->list[i]);
	free(inputs->list);
	remote_free(inputs->remote);
	free(inputs);
}

size_t warc_inputs_count(const struct warc_inputs *inputs)
{
	return inputs->count;
}

const struct warc_input *warc_inputs_at(const struct warc_inputs *inputs, size_t index)
{
	return index < inputs->count ? inputs->list[index] : NULL;
}

const char *warc_input_name(const struct warc_input *input)
{
	return input->name;
}

const char *warc_input_path(const struct warc_input *input)
{
	return input->path;
}

enum warc_kind warc_input_kind(const struct warc_input *input)
{
	return input->kind;
}

uint64_t warc_input_bytes(const struct warc_input *input)
{
	return input->bytes == SIZE_UNKNOWN ? 0 : input->bytes;
}

const char *name_part(const char *path, unsigned depth)
{
	const char *at = path + strlen(path);
	while (at > path && at[-1] == '/') /* "folder/" */
		at--;
	for (unsigned left = depth + 1; at > path; at--)
		if (at[-1] == '/' && !--left)
			break;
	return at;
}

void inputs_remove(struct warc_inputs *inputs, size_t index)
{
	input_free(inputs->list[index]);
	memmove(inputs->list + index, inputs->list + index + 1, (inputs->count - index - 1) * sizeof *inputs->list);
	inputs->count--;
}

char *name_new(const char *path, unsigned depth, const char *member)
{
	const char *part = name_part(path, depth);
	char *bytes = member ? memory_format("%s!%s", part, member) : memory_text(span_of(part));
	char *name = bytes ? utf8_percent(span_of(bytes)) : NULL;
	free(bytes);
	return name;
}

struct warc_input *inputs_add(struct warc_inputs *inputs, const char *path, const char *member, enum input_way way)
{
	if (inputs->count == inputs->capacity) {
		size_t capacity = inputs->capacity ? 2 * inputs->capacity : 64;
		struct warc_input **grown = memory_grow(inputs->list, capacity * sizeof *grown);
		if (!grown)
			return NULL;
		inputs->list = grown;
		inputs->capacity = capacity;
	}
	struct warc_input *input = memory_zeroed(1, sizeof *input);
	if (!input)
		return NULL;
	input->name = name_new(way == INPUT_STDIN ? "stdin" : path, inputs->options.name_depth, member);
	input->path = strdup(path);
	input->member = member ? strdup(member) : NULL;
	if (!input->name || !input->path || (member && !input->member)) {
		input_free(input);
		return NULL;
	}
	input->way = way;
	input->kind = WARC_KIND_STREAM;
	input->arc = true;
	input->bytes = SIZE_UNKNOWN;
	return inputs->list[inputs->count++] = input;
}

/* ---- What a file is ---------------------------------------------------------------------------------------------- */

/* The kind by the first record anywhere in the file. */
enum status kind_by_search(struct warc_inputs *inputs, const struct warc_input *input, struct source *source,
			   enum warc_kind *kind, struct fault *fault)
{
	static const struct {
		enum codec codec;
		enum warc_kind kind;
	} tries[] = {{CODEC_NONE, WARC_KIND_PLAIN}, {CODEC_GZIP, WARC_KIND_GZIP}, {CODEC_ZSTD, WARC_KIND_ZSTD}};
	struct warc_reader *reader = inputs->searcher ? inputs->searcher : warc_reader_new(&inputs->options);
	if (!reader)
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	inputs->searcher = reader;
	uint64_t best = SIZE_UNKNOWN;
	*kind = WARC_KIND_UNKNOWN;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		uint64_t at;
		bool found;
		enum status status = reader_search(reader, input, source, tries[i].codec, &at, &found, fault);
		if (status)
			return status;
		if (found && at < best) {
			best = at;
			*kind = tries[i].kind;
		}
	}
	return STATUS_OK;
}

bool looks_like_archive(const char *path)
{
	static const char *const ends[] = {".warc",     ".arc",      ".wacz",    ".warc.gz",  ".arc.gz",
					   ".warc.zst", ".warc.bz2", ".warc.xz", ".warc.lz4", ".wet.gz",
					   ".wat.gz",   ".wet",      ".wat"};
	size_t size = strlen(path);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t end = strlen(ends[i]);
		if (size > end && !strcasecmp(path + size - end, ends[i]))
			return true;
	}
	return false;
}

bool holds_records(enum warc_kind kind, struct span head)
{
	char out[4 * KIB];
	bool arc;
	if (kind != WARC_KIND_GZIP)
		return kind != WARC_KIND_UNKNOWN;
	size_t size = gzip_peek(head, out, sizeof out);
	return !size || sniff_kind((struct span){out, size}, &arc) != WARC_KIND_UNKNOWN;
}

/* Text that is an index of archives: an input that is nothing but this damage, where it was asked for. */
static enum status add_index(struct warc_inputs *inputs, const char *path, bool asked, struct fault *fault)
{
	if (!asked)
		return STATUS_OK;
	struct warc_input *input = inputs_add(inputs, path, NULL, INPUT_NOTE);
	if (!input || !(input->why = strdup(WHY_INDEX)))
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	input->bytes = 0;
	return STATUS_OK;
}

bool holds_index(struct span head)
{
	char out[8 * KIB];
	size_t size = gzip_peek(head, out, sizeof out);
	return sniff_is_index(size ? (struct span){out, size} : head);
}

enum status add_file(struct warc_inputs *inputs, const char *path, bool asked, struct fault *fault)
{
	struct source *source;
	enum status status = source_open_file(path, 0, SIZE_UNKNOWN, &source, fault);
	if (status)
		return fault_set(fault, status, 0, "%s: %s", path, fault ? fault->text : "");
	char *head = memory_new(SNIFF_BYTES);
	struct warc_input *input = NULL;
	bool pipe = !source->seekable, taken = false;
	size_t size = 0;
	if (!head)
		status = fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	else if (!pipe)
		status = source->class->read(source, 0, head, SNIFF_BYTES, &size, fault);
	if (!status && !pipe)
		status = add_container(inputs, path, source, (struct span){head, size}, asked, &taken, fault);
	if (!status && !taken && !pipe && holds_index((struct span){head, size})) {
		status = add_index(inputs, path, asked || looks_like_archive(path), fault);
		taken = true;
	}
	if (!status && !taken) {
		bool arc = true;
		enum warc_kind kind = pipe ? WARC_KIND_STREAM : sniff_kind((struct span){head, size}, &arc);
		/* An empty file is an archive by its name alone: a crawl's folder has locks and logs, too. */
		bool wanted = asked || looks_like_archive(path);
		if (wanted || (kind != WARC_KIND_EMPTY && holds_records(kind, (struct span){head, size})))
			input = inputs_add(inputs, path, NULL, INPUT_FILE);
		if (input) {
			input->kind = kind;
			input->arc = arc;
			input->bytes = source->size;
		}
		if (input && kind == WARC_KIND_UNKNOWN)
			status = kind_by_search(inputs, input, source, &input->kind, fault);
	}
	source_close(source);
	free(head);
	return status == STATUS_IO ? fault_set(fault, status, 0, "%s: %s", path, fault ? fault->text : "") : status;
}

/* ---- Arguments -----------------------------------------------------------------------------------------------------
 */

/* Does the reading of arguments go on after what ended with STATUS and OWN? */
static enum status settle(const struct warc_inputs *inputs, enum status status, const struct fault *own,
			  struct fault *fault)
{
	const struct warc_options *options = &inputs->options;
	if (options->unopened && (status == STATUS_USAGE || status == STATUS_IO)) {
		options->unopened(options->unopened_user, status, own->text);
		return STATUS_OK;
	}
	if (status && fault)
		*fault = *own;
	return status;
}

static enum status add_folder(struct warc_inputs *inputs, const char *path, struct fault *fault)
{
	char *roots[] = {(char *)(uintptr_t)path, NULL};
	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	if (!walk)
		return fault_set(fault, STATUS_IO, 0, "%s: %s", path, strerror(errno));
	enum status status = STATUS_OK;
	FTSENT *entry;
	while (!status && (errno = 0, entry = fts_read(walk))) {
		struct fault own = {0};
		if (entry->fts_info == FTS_F)
			status = add_file(inputs, entry->fts_path, false, &own);
		else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
			status = fault_set(&own, STATUS_IO, 0, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
		status = settle(inputs, status, &own, fault);
	}
	fts_close(walk);
	return status;
}

static enum status add_argument(struct warc_inputs *inputs, const char *argument, bool lists, struct fault *fault);

static enum status add_list(struct warc_inputs *inputs, const char *path, struct fault *fault)
{
	struct buffer text;
	buffer_init(&text, LIST_MAX);
	enum status status = file_read(path, &text, fault);
	if (status)
		status =
			fault_set(fault, file_named(status, path), 0, "@%.150s: %.80s", path, fault ? fault->text : "");
	struct span rest = buffer_span(&text), line;
	while (!status && span_cut(&rest, '\n', &line)) {
		line = span_trim(line);
		if (!line.size || *line.data == '#')
			continue;
		char *argument = strndup(line.data, line.size);
		status = argument ? add_argument(inputs, argument, false, fault)
				  : fault_set(fault, STATUS_MEMORY, 0, "out of memory");
		free(argument);
	}
	buffer_free(&text);
	return status;
}

static enum status add_named(struct warc_inputs *inputs, const char *argument, bool lists, struct fault *fault)
{
	struct span text = span_of(argument);
	if (!strcmp(argument, "-"))
		return inputs_add(inputs, argument, NULL, INPUT_STDIN)
			       ? STATUS_OK
			       : fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	if (span_starts_nocase(text, SPAN("http://")) || span_starts_nocase(text, SPAN("https://")) ||
	    span_starts_nocase(text, SPAN("s3://")))
		return add_remote(inputs, argument, fault);
	if (*argument == '@' && lists)
		return add_list(inputs, argument + 1, fault);
	struct stat stat_now;
	if (stat(argument, &stat_now))
		return fault_set(fault, errno == ENOENT ? STATUS_USAGE : STATUS_IO, 0, "%s: %s", argument,
				 strerror(errno));
	if (S_ISDIR(stat_now.st_mode))
		return add_folder(inputs, argument, fault);
	return add_file(inputs, argument, true, fault);
}

static enum status add_argument(struct warc_inputs *inputs, const char *argument, bool lists, struct fault *fault)
{
	struct fault own = {0};
	enum status status = add_named(inputs, argument, lists, &own);
	return settle(inputs, status, &own, fault);
}

static int compare_names(const void *a, const void *b)
{
	const struct warc_input *const *left = a, *const *right = b;
	int order = strcmp((*left)->name, (*right)->name);
	return order ? order : strcmp((*left)->path, (*right)->path);
}

/* The last bytes of a path, which tell it from others. */
static const char *path_end(const char *path)
{
	enum { SHOWN = 60 };
	size_t size = strlen(path);
	return size > SHOWN ? path + size - SHOWN : path;
}

static enum status check_names(const struct warc_inputs *inputs, struct fault *fault)
{
	for (size_t i = 1; i < inputs->count; i++) {
		const struct warc_input *a = inputs->list[i - 1], *b = inputs->list[i];
		if (!strcmp(a->name, b->name) && !strcmp(a->path, b->path))
			return fault_set(fault, STATUS_USAGE, 0, "the input %s is given twice", path_end(a->path));
		if (!strcmp(a->name, b->name))
			return fault_set(
				fault, STATUS_USAGE, 0,
				"two inputs are named %.40s: %s and %s; keep folders in the names (--name-depth)",
				a->name, path_end(a->path), path_end(b->path));
	}
	return STATUS_OK;
}

enum status warc_inputs_new(const char *const *arguments, size_t count, const struct warc_options *options,
			    struct warc_inputs **out, struct fault *fault)
{
	*out = NULL;
	struct warc_inputs *inputs = inputs_new(options);
	if (!inputs)
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	enum status status = STATUS_OK;
	for (size_t i = 0; i < count && !status; i++)
		status = add_argument(inputs, arguments[i], true, fault);
	warc_reader_free(inputs->searcher);
	inputs->searcher = NULL;
	if (!status && inputs->count > 1)
		qsort(inputs->list, inputs->count, sizeof *inputs->list, compare_names);
	if (!status)
		status = check_names(inputs, fault);
	if (status) {
		warc_inputs_free(inputs);
		return status;
	}
	*out = inputs;
	return STATUS_OK;
}
