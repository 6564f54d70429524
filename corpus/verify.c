/* verify: is this corpus what it says it is? Five questions, each with its own findings: do the files have their sums;
 * do the accounts add up; do rows refer to rows that exist; are the archives the same; does every row come out of its
 * record again.
 *
 * Rows are not kept: of each, three hashes (text, fingerprint, the rest), since a mismatch is told by them as well. */
#include "corpus/derive.h"

#include <dirent.h>
#include <omp.h>
#include <stdlib.h>
#include <sys/stat.h>

struct checked_row {
	uint64_t id; /* hash of it, to find references */
	uint64_t offset, inner;
	uint64_t text, print, rest; /* hashes */
	uint32_t input;             /* index in the plan; UINT32_MAX: its archive is not at hand */
	uint8_t table;
};

struct verify {
	const struct verify_request *request;
	struct verify_totals *totals;
	struct corpus *corpus;
	struct derive_shared shared;
	struct checked_row *rows;
	size_t row_count, row_capacity;
	uint64_t *references; /* hashes of duplicate_of */
	size_t reference_count, reference_capacity;
	uint64_t seen[TABLE_COUNT];
	enum corpus_table table; /* being read */
};

static void finding(struct verify *verify, const char *format, ...) WARCMILL_PRINTF(2, 3);
static void finding(struct verify *verify, const char *format, ...)
{
	char text[600];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
#pragma omp critical(finding)
	{
		verify->totals->findings++;
		if (verify->request->finding)
			verify->request->finding(verify->request->self, text);
	}
}

/* ---- Sums -----------------------------------------------------------------------------------------------------------
 */

struct sums {
	struct buffer bytes;
	struct span *names, *digests;
	size_t count;
};

static enum status read_sums(struct verify *verify, struct sums *sums, struct fault *fault)
{
	struct fault inner = {0};
	struct span line;
	char *path = path_join(verify->corpus->folder, "SHA256SUMS");
	buffer_init(&sums->bytes, SIZE_MAX / 2);
	enum status status = path ? file_read(path, &sums->bytes, &inner) : STATUS_MEMORY;
	free(path);
	if (status != STATUS_OK) {
		finding(verify, "SHA256SUMS: %s", inner.text);
		return STATUS_OK;
	}
	struct span rest = buffer_span(&sums->bytes);
	size_t lines = 1;
	for (size_t i = 0; i < rest.size; i++)
		lines += rest.data[i] == '\n';
	sums->names = memory_zeroed(lines, sizeof *sums->names);
	sums->digests = memory_zeroed(lines, sizeof *sums->digests);
	if (!sums->names || !sums->digests)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the sums");
	while (span_cut(&rest, '\n', &line)) {
		if (!line.size && !rest.size)
			continue;
		if (line.size < 67 || line.data[64] != ' ' || line.data[65] != ' ') {
			finding(verify, "SHA256SUMS: this line is no sum: %.*s", (int)(line.size < 80 ? line.size : 80),
				line.data);
			continue;
		}
		sums->digests[sums->count] = span_slice(line, 0, 64);
		sums->names[sums->count++] = span_slice(line, 66, SIZE_MAX);
	}
	return STATUS_OK;
}

static void check_sums(struct verify *verify, const struct sums *sums)
{
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)verify->request->threads)
	for (size_t i = 0; i < sums->count; i++) {
		uint8_t sha256[DIGEST_MAX];
		char hex[2 * DIGEST_MAX + 1];
		struct fault inner = {0};
		char *path = path_join(verify->corpus->folder, "%.*s", SPAN_ARG(sums->names[i]));
		if (!path || digest_file(DIGEST_SHA256, path, sha256, NULL, &inner) != STATUS_OK) {
			finding(verify, "%.*s: %s", SPAN_ARG(sums->names[i]), inner.text);
		} else {
			hex_encode(sha256, 32, hex);
			if (!span_equal(span_of(hex), sums->digests[i]))
				finding(verify, "%.*s: its bytes are not those that were written (SHA-256 differs)",
					SPAN_ARG(sums->names[i]));
		}
		free(path);
	}
	verify->totals->files += sums->count;
}

static bool is_listed(const struct sums *sums, struct span name)
{
	static const char *const free_files[] = {"SHA256SUMS", "run.json", "report.html", "stats.json"};
	for (size_t i = 0; i < sizeof free_files / sizeof *free_files; i++)
		if (span_equal(name, span_of(free_files[i])))
			return true;
	for (size_t i = 0; i < sums->count; i++)
		if (span_equal(name, sums->names[i]))
			return true;
	return false;
}

/* Files that no sum covers. Folders are two deep at most. */
static void check_unlisted(struct verify *verify, const struct sums *sums, const char *inside, int depth)
{
	char *path = path_join(verify->corpus->folder, "%s", inside);
	DIR *folder = path ? opendir(path) : NULL;
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		struct stat about;
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		char *name = memory_format("%s%s%s", inside, *inside ? "/" : "", entry->d_name);
		if (!name)
			continue;
		char *full = path_join(verify->corpus->folder, "%s", name);
		if (full && stat(full, &about) == 0 && S_ISDIR(about.st_mode) && depth < 3)
			check_unlisted(verify, sums, name, depth + 1);
		else if (!is_listed(sums, span_of(name)))
			finding(verify, "%s: no sum covers this file; it is not of this corpus", name);
		free(full);
		free(name);
	}
	if (folder)
		closedir(folder);
	free(path);
}

static void check_manifest_digests(struct verify *verify, const struct sums *sums)
{
	const struct json *files = json_get(verify->corpus->manifest, "files");
	for (const struct json *file = files ? files->first : NULL; file; file = file->next) {
		struct span name = json_get_text(file, "name"), digest = json_get_text(file, "sha256");
		bool same = false;
		for (size_t i = 0; i < sums->count; i++)
			same |= span_equal(sums->names[i], name) && span_equal(sums->digests[i], digest);
		if (!same)
			finding(verify, "%.*s: manifest.json and SHA256SUMS do not agree on its digest",
				SPAN_ARG(name));
	}
}

/* ---- Accounts
 * ---------------------------------------------------------------------------------------------------------- */

static uint64_t number(const struct json *object, const char *name)
{
	uint64_t value = 0;
	json_get_u64(object, name, &value);
	return value;
}

static uint64_t sum_of(const struct json *object)
{
	uint64_t sum = 0, value;
	for (const struct json *member = object ? object->first : NULL; member; member = member->next)
		if (span_to_u64(member->text, &value))
			sum += value;
	return sum;
}

static void check_accounts(struct verify *verify)
{
	const struct json *manifest = verify->corpus->manifest, *counters = json_get(manifest, "counters");
	const struct json *bytes = json_get(manifest, "bytes"), *inputs = json_get(manifest, "inputs");
	uint64_t sum = number(counters, "documents") + number(counters, "duplicates") + number(counters, "damaged") +
		       sum_of(json_get(counters, "rejected")) + sum_of(json_get(counters, "skipped"));
	if (sum != number(counters, "records"))
		finding(verify, "manifest.json: %llu records, but the counters add up to %llu",
			(unsigned long long)number(counters, "records"), (unsigned long long)sum);
	if (number(bytes, "records") + number(bytes, "skipped") != number(bytes, "inputs"))
		finding(verify, "manifest.json: the bytes of records and gaps are not those of the inputs");
	uint64_t records = 0, total = 0;
	for (const struct json *input = inputs ? inputs->first : NULL; input; input = input->next) {
		records += number(input, "records");
		total += number(input, "record_bytes") + number(input, "skipped_bytes");
	}
	if (records != number(counters, "records") || total != number(bytes, "inputs"))
		finding(verify, "manifest.json: the inputs' counters do not add up to the run's");
	const uint64_t expected[TABLE_COUNT] = {number(counters, "documents"), number(counters, "duplicates"),
						sum_of(json_get(counters, "rejected"))};
	for (int i = 0; i < TABLE_COUNT; i++)
		if (verify->seen[i] != expected[i])
			finding(verify, "%s: %llu rows, the manifest counts %llu", corpus_table_names[i],
				(unsigned long long)verify->seen[i], (unsigned long long)expected[i]);
}

/* ---- Rows
 * ---------------------------------------------------------------------------------------------------------------- */

/* Members that follow from other records too. */
static bool is_outer(struct span key)
{
	static const char *const names[] = {"cluster", "split", "duplicate_of", "duplicate_of_url", "kind", "evidence"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_equal(key, span_of(names[i])))
			return true;
	return false;
}

/* Kind, text and what is inside. Rows are parsed with a small limit of depth, which bounds this. */
static uint64_t hash_value(const struct json *value, uint64_t hash)
{
	hash = hash64(value->key.data, value->key.size, hash + (uint64_t)value->kind);
	hash = hash64(value->text.data, value->text.size, hash);
	for (const struct json *inside = value->first; inside; inside = inside->next)
		hash = hash_value(inside, hash);
	return hash;
}

static void hash_members(const struct json *object, struct checked_row *out)
{
	for (const struct json *member = object->first; member; member = member->next) {
		if (is_outer(member->key))
			continue;
		if (span_equal(member->key, SPAN("text")))
			out->text = hash64(member->text.data, member->text.size, 0);
		else if (span_equal(member->key, SPAN("simhash")))
			out->print = hash64(member->text.data, member->text.size, 0);
		else if (member->kind == JSON_OBJECT && span_equal(member->key, SPAN("metadata")))
			hash_members(member, out);
		else {
			out->rest = hash_value(member, out->rest);
		}
	}
}

static bool grow(void **at, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return true;
	size_t more = *capacity ? 2 * *capacity : 1024;
	void *grown = memory_grow(*at, more * size);
	if (!grown)
		return false;
	*at = grown;
	*capacity = more;
	return true;
}

static enum status visit_row(void *self, const struct json *row, struct fault *fault)
{
	struct verify *verify = self;
	struct checked_row checked = {.table = (uint8_t)verify->table, .input = UINT32_MAX};
	struct span id = json_get_text(row, "id"), name, target = json_get_text(row, "duplicate_of");
	uint64_t offset, inner;
	verify->seen[verify->table]++;
	if (!derive_address(id, &name, &checked.offset, &checked.inner)) {
		finding(verify, "%s: a row has the id '%.*s', which is no address", corpus_table_names[verify->table],
			SPAN_ARG(id));
		return STATUS_OK;
	}
	checked.id = hash64(id.data, id.size, 0);
	size_t input = derive_input(&verify->shared, name);
	if (input != SIZE_MAX)
		checked.input = (uint32_t)input;
	hash_members(row, &checked);
	if (!grow((void **)&verify->rows, verify->row_count, &verify->row_capacity, sizeof *verify->rows) ||
	    !grow((void **)&verify->references, verify->reference_count, &verify->reference_capacity,
		  sizeof *verify->references))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the rows");
	verify->rows[verify->row_count++] = checked;
	/* A copy of an older corpus' document refers to that corpus. */
	bool older = json_get(verify->corpus->manifest, "against") && derive_address(target, &name, &offset, &inner) &&
		     derive_input(&verify->shared, name) == SIZE_MAX;
	if (verify->table == TABLE_DUPLICATES && !older)
		verify->references[verify->reference_count++] = hash64(target.data, target.size, 0);
	return STATUS_OK;
}

static enum status read_rows(struct verify *verify)
{
	struct fault inner = {0};
	for (int table = 0; table < TABLE_COUNT; table++) {
		verify->table = (enum corpus_table)table;
		enum status status = corpus_rows(verify->corpus, verify->table, visit_row, verify, &inner);
		if (status == STATUS_MEMORY)
			return status;
		if (status != STATUS_OK)
			finding(verify, "%s", inner.text);
	}
	verify->totals->rows = verify->row_count;
	return STATUS_OK;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static enum status check_references(struct verify *verify, struct fault *fault)
{
	uint64_t *all = memory_new((verify->row_count + 1) * sizeof *all),
		 *kept = memory_new((verify->row_count + 1) * sizeof *kept);
	size_t kept_count = 0, missing = 0, twice = 0;
	if (!all || !kept) {
		free(all);
		free(kept);
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the rows' ids");
	}
	for (size_t i = 0; i < verify->row_count; i++) {
		all[i] = verify->rows[i].id;
		if (verify->rows[i].table == TABLE_DOCUMENTS)
			kept[kept_count++] = verify->rows[i].id;
	}
	qsort(all, verify->row_count, sizeof *all, by_number);
	qsort(kept, kept_count, sizeof *kept, by_number);
	for (size_t i = 1; i < verify->row_count; i++)
		twice += all[i] == all[i - 1];
	for (size_t i = 0; i < verify->reference_count; i++)
		missing += !bsearch(&verify->references[i], kept, kept_count, sizeof *kept, by_number);
	if (twice)
		finding(verify, "%zu ids occur more than once", twice);
	if (missing)
		finding(verify, "%zu rows of duplicates/ refer to a document that is not there", missing);
	free(all);
	free(kept);
	return STATUS_OK;
}

/* ---- Archives
 * -------------------------------------------------------------------------------------------------------------- */

static void check_input(struct verify *verify, const struct json *input)
{
	uint8_t sha256[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1];
	struct fault inner = {0};
	struct span name = json_get_text(input, "name"), digest = json_get_text(input, "sha256");
	size_t at = derive_input(&verify->shared, name);
	if (!digest.data)
		digest = json_get_text(input, "container_sha256");
	if (at == SIZE_MAX) {
		finding(verify, "%.*s: the archive is not at hand; name it after the corpus", SPAN_ARG(name));
		return;
	}
	if (!digest.data)
		return;
	const char *path = warc_input_path(warc_inputs_at(verify->shared.plan->inputs, at));
	if (digest_file(DIGEST_SHA256, path, sha256, NULL, &inner) != STATUS_OK) {
		finding(verify, "%.*s: %s", SPAN_ARG(name), inner.text);
		return;
	}
	hex_encode(sha256, 32, hex);
	if (!span_equal(span_of(hex), digest))
		finding(verify, "%.*s: the archive is not the one that the corpus was made from (SHA-256 differs)",
			SPAN_ARG(name));
}

static enum status check_inputs(struct verify *verify, struct fault *fault)
{
	const struct json *inputs = json_get(verify->corpus->manifest, "inputs");
	size_t count = 0, i = 0;
	for (const struct json *input = inputs ? inputs->first : NULL; input; input = input->next)
		count++;
	const struct json **list = memory_new((count + 1) * sizeof(const struct json *));
	if (!list)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the inputs");
	for (const struct json *input = inputs ? inputs->first : NULL; input; input = input->next)
		list[i++] = input;
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)verify->request->threads)
	for (size_t at = 0; at < count; at++)
		check_input(verify, list[at]);
	free(list);
	verify->totals->inputs = count;
	return STATUS_OK;
}

/* ---- Rows from records
 * ------------------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
	const struct checked_row *x = a, *y = b;
	if (x->input != y->input)
		return x->input < y->input ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->inner < y->inner ? -1 : x->inner > y->inner;
}

static int by_id(const void *a, const void *b)
{
	const struct checked_row *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void hash_derived(struct derived *derived, uint8_t table, struct buffer *line, struct arena *arena,
			 struct checked_row *out)
{
	const struct json *row;
	/* A copy was made as if it were kept; its row has other columns. */
	if (table == TABLE_DUPLICATES && derived->out.table == TABLE_DOCUMENTS)
		compose_duplicate(&derived->row, &derived->signature, &derived->out);
	out->table = (uint8_t)derived->out.table;
	buffer_clear(line);
	arena_reset(arena);
	if (corpus_row_json(&derived->out, line) == STATUS_OK &&
	    json_parse(arena, buffer_span(line), 8, &row, NULL) == STATUS_OK)
		hash_members(row, out);
}

static void compare(struct verify *verify, const struct checked_row *was, const struct checked_row *is, bool found)
{
	char address[WARC_ADDRESS_MAX];
	const char *name = warc_input_name(warc_inputs_at(verify->shared.plan->inputs, was->input));
	warc_address_format(was->offset, was->inner, address);
	if (!found)
		finding(verify, "%s@%s: there is no such page in the archive", name, address);
	else if (is->table != was->table)
		finding(verify, "%s@%s: it stands in %s/, its record gives a row of %s/", name, address,
			corpus_table_names[was->table], corpus_table_names[is->table]);
	else if (is->text != was->text)
		finding(verify, "%s@%s: the text is not the one its record gives", name, address);
	else if (verify->totals->partial_rows)
		return;
	else if (is->print != was->print)
		finding(verify, "%s@%s: the fingerprint is not the one its text gives", name, address);
	else if (is->rest != was->rest)
		finding(verify, "%s@%s: the metadata are not those its record gives", name, address);
}

static enum status derive_chunk(struct verify *verify, struct deriver *deriver, const struct checked_row *rows,
				size_t count, struct buffer *line, struct arena *arena, struct fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		struct derived derived;
		struct checked_row is = {.table = rows[i].table};
		if (rows[i].input == UINT32_MAX)
			continue;
		enum status status = derive(deriver, rows[i].input, rows[i].offset, rows[i].inner, &derived, fault);
		if (status != STATUS_OK)
			return status;
		if (derived.found)
			hash_derived(&derived, rows[i].table, line, arena, &is);
		compare(verify, &rows[i], &is, derived.found);
#pragma omp atomic
		verify->totals->derived++;
	}
	return STATUS_OK;
}

static enum status derive_rows(struct verify *verify, struct fault *fault)
{
	enum { CHUNK = 128 };
	enum status failed = STATUS_OK;
	size_t count = verify->row_count;
	if (verify->request->sample && verify->request->sample < count) {
		qsort(verify->rows, count, sizeof *verify->rows, by_id); /* hashes: the first are a uniform sample */
		count = verify->request->sample;
	}
	qsort(verify->rows, count, sizeof *verify->rows, by_place);
#pragma omp parallel num_threads((int)verify->request->threads)
	{
		struct fault inner = {0};
		struct buffer line;
		struct arena *arena = arena_new(SIZE_MAX / 2);
		struct deriver *deriver = deriver_new(&verify->shared, &inner);
		enum status status = arena && deriver ? STATUS_OK : STATUS_MEMORY;
		buffer_init(&line, SIZE_MAX / 2);
#pragma omp for schedule(dynamic, 1)
		for (size_t from = 0; from < count; from += CHUNK)
			if (status == STATUS_OK)
				status =
					derive_chunk(verify, deriver, verify->rows + from,
						     count - from < CHUNK ? count - from : CHUNK, &line, arena, &inner);
		deriver_free(deriver);
		arena_free(arena);
		buffer_free(&line);
#pragma omp critical(derive)
		if (status != STATUS_OK && failed == STATUS_OK) {
			failed = status;
			if (fault)
				*fault = inner;
		}
	}
	return failed;
}

/* The program that made the corpus must be this one, or texts may differ for honest reasons. */
static void check_versions(struct verify *verify)
{
	const struct json *manifest = verify->corpus->manifest;
	const struct plan *plan = verify->shared.plan;
	if ((plan && !span_equal(json_get_text(manifest, "article"), span_of(plan->article))) ||
	    !span_equal(json_get_text(manifest, "dedup"), span_of(dedup_version())))
		finding(verify,
			"the corpus was made by another version (article %.*s, duplicates %.*s); texts may differ for "
			"that reason",
			SPAN_ARG(json_get_text(manifest, "article")), SPAN_ARG(json_get_text(manifest, "dedup")));
}

static enum status verify_all(struct verify *verify, struct fault *fault)
{
	struct sums sums = {0};
	enum status status = read_sums(verify, &sums, fault);
	if (status == STATUS_OK) {
		check_sums(verify, &sums);
		check_unlisted(verify, &sums, "", 0);
		check_manifest_digests(verify, &sums);
	}
	free(sums.names);
	free(sums.digests);
	buffer_free(&sums.bytes);
	if (status != STATUS_OK)
		return status;
	struct fault inner = {0};
	status = derive_shared_open(verify->corpus, verify->request->inputs, verify->request->input_count,
				    &verify->shared, &inner);
	if (status != STATUS_OK) {
		finding(verify, "%s", inner.text);
		return STATUS_OK;
	}
	check_versions(verify);
	status = read_rows(verify);
	if (status == STATUS_OK)
		check_accounts(verify);
	if (status == STATUS_OK)
		status = check_references(verify, fault);
	if (status == STATUS_OK)
		status = check_inputs(verify, fault);
	return status == STATUS_OK && verify->shared.plan && verify->row_count ? derive_rows(verify, fault) : status;
}

enum status corpus_verify(const struct verify_request *request, struct verify_totals *totals, struct fault *fault)
{
	struct verify_request copy = *request;
	struct verify verify = {.request = &copy, .totals = totals};
	memset(totals, 0, sizeof *totals);
	if (!copy.threads)
		copy.threads = (unsigned)omp_get_num_procs();
	enum status status = corpus_open(request->folder, &verify.corpus, fault);
	if (status != STATUS_OK)
		return status;
	totals->partial_rows = !corpus_rows_whole(verify.corpus);
	status = verify_all(&verify, fault);
	derive_shared_close(&verify.shared);
	corpus_close(verify.corpus);
	free(verify.rows);
	free(verify.references);
	if (status == STATUS_OK && totals->findings)
		return fault_set(fault, STATUS_DATA, 0, "%llu findings", (unsigned long long)totals->findings);
	return status;
}
