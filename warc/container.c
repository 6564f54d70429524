/* container: archives inside other files, through libarchive: members of zip (WACZ), tar, 7z and cpio files, and single
 * files in bzip2, xz, lz4, lzip, lzma, compress. Members that lie there unpacked (stored in a zip, or in a plain tar)
 * are opened as ranges of the file and are as good as files of their own; all others are streams. libarchive never sees
 * the WARCs themselves: its gzip filter joins members and its WARC reader knows neither 1.1 nor offsets. */
#include "warc/inputs_internal.h"
#include "warc/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#define BLOCK (4 * KIB + SCALED(252 * KIB))
#define ENTRIES_MAX 10000000

/* ---- What is a container --------------------------------------------------------------------------------------- */

enum wrap { WRAP_NONE, WRAP_ARCHIVE, WRAP_FILTER };

static const struct {
	const char *magic;
	size_t size;
	enum wrap wrap;
} wraps[] = {
	{"PK\3\4", 4, WRAP_ARCHIVE},
	{"PK\5\6", 4, WRAP_ARCHIVE}, /* an empty zip */
	{"7z\xbc\xaf\x27\x1c", 6, WRAP_ARCHIVE},
	{"BZh", 3, WRAP_FILTER},
	{"\xfd"
	 "7zXZ",
	 6, WRAP_FILTER},
	{"\x04\x22\x4d\x18", 4, WRAP_FILTER}, /* lz4 */
	{"LZIP", 4, WRAP_FILTER},
	{"\x5d\0\0", 3, WRAP_FILTER}, /* lzma */
	{"\x1f\x9d", 2, WRAP_FILTER}, /* compress */
};

static bool is_tar(struct span head)
{
	return head.size >= 512 && !memcmp(head.data + 257, "ustar", 5);
}

/* A tar file within gzip or zstd? */
static bool is_packed_tar(struct span head)
{
	char out[1024];
	size_t size = gzip_peek(head, out, sizeof out);
	if (!size && head.size > 4 && !memcmp(head.data, "\x28\xb5\x2f\xfd", 4)) {
		ZSTD_DCtx *context = ZSTD_createDCtx();
		ZSTD_inBuffer in = {head.data, head.size, 0};
		ZSTD_outBuffer to = {out, sizeof out, 0};
		if (context && !ZSTD_isError(ZSTD_decompressStream(context, &to, &in)))
			size = to.pos;
		ZSTD_freeDCtx(context);
	}
	return is_tar((struct span){out, size});
}

static enum wrap wrap_of(struct span head)
{
	for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++)
		if (head.size >= wraps[i].size && !memcmp(head.data, wraps[i].magic, wraps[i].size))
			return wraps[i].wrap;
	return is_tar(head) || is_packed_tar(head) ? WRAP_ARCHIVE : WRAP_NONE;
}

/* ---- Reading through libarchive ---------------------------------------------------------------------------------- */

static struct archive *open_archive(const char *path, bool raw)
{
	struct archive *archive = archive_read_new();
	if (!archive)
		return NULL;
	archive_read_support_filter_bzip2(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_lzma(archive);
	archive_read_support_filter_lzip(archive);
	archive_read_support_filter_lz4(archive);
	archive_read_support_filter_compress(archive);
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_format_tar(archive);
	archive_read_support_format_zip(archive);
	archive_read_support_format_7zip(archive);
	archive_read_support_format_cpio(archive);
	if (raw)
		archive_read_support_format_raw(archive);
	if (archive_read_open_filename(archive, path, BLOCK) == ARCHIVE_OK)
		return archive;
	archive_read_free(archive);
	return NULL;
}

static const char *why_of(struct archive *archive)
{
	const char *text = archive_error_string(archive);
	return text ? text : "damaged";
}

/* ---- Half-read containers kept for the next member ------------------------------------------------------------ */

#define PARKED_MAX 4

/* What is packed as one stream (tar in a compressor, 7z) is read from the front to reach a member. A container that was
 * closed after a member is kept open where it stands, and the next member to be read goes on from there: members read
 * in stored order cost one pass over the container, whatever their number. */
struct packed_pool {
	pthread_mutex_t lock;
	size_t users; /* inputs and open members */
	size_t count;
	struct parked {
		struct archive *archive;
		uint64_t next; /* number of the entry whose header comes next */
	} parked[PARKED_MAX];
};

struct packed_pool *pool_new(void)
{
	struct packed_pool *pool = memory_zeroed(1, sizeof *pool);
	if (pool && pthread_mutex_init(&pool->lock, NULL)) {
		free(pool);
		return NULL;
	}
	if (pool)
		pool->users = 1;
	return pool;
}

struct packed_pool *pool_join(struct packed_pool *pool)
{
	if (!pool)
		return NULL;
	pthread_mutex_lock(&pool->lock);
	pool->users++;
	pthread_mutex_unlock(&pool->lock);
	return pool;
}

void packed_pool_leave(struct packed_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	bool last = !--pool->users;
	pthread_mutex_unlock(&pool->lock);
	if (!last)
		return;
	for (size_t i = 0; i < pool->count; i++)
		archive_read_free(pool->parked[i].archive);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/* The container that stands nearest before entry INDEX, or one with no archive. */
static struct parked pool_take(struct packed_pool *pool, uint64_t index)
{
	struct parked taken = {0};
	if (!pool)
		return taken;
	pthread_mutex_lock(&pool->lock);
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < pool->count; i++)
		if (pool->parked[i].next <= index &&
		    (best == SIZE_MAX || pool->parked[i].next > pool->parked[best].next))
			best = i;
	if (best != SIZE_MAX) {
		taken = pool->parked[best];
		pool->parked[best] = pool->parked[--pool->count];
	}
	pthread_mutex_unlock(&pool->lock);
	return taken;
}

/* Keep PARKED; where there are too many, the one that got furthest goes. */
static void pool_park(struct packed_pool *pool, struct parked parked)
{
	struct archive *surplus = parked.archive;
	if (pool) {
		pthread_mutex_lock(&pool->lock);
		size_t furthest = 0;
		for (size_t i = 1; i < pool->count; i++)
			if (pool->parked[i].next > pool->parked[furthest].next)
				furthest = i;
		if (pool->count < PARKED_MAX) {
			pool->parked[pool->count++] = parked;
			surplus = NULL;
		} else if (pool->parked[furthest].next > parked.next) {
			surplus = pool->parked[furthest].archive;
			pool->parked[furthest] = parked;
		}
		pthread_mutex_unlock(&pool->lock);
	}
	archive_read_free(surplus);
}

struct source_packed {
	struct source source;
	struct archive *archive;
	struct packed_pool *pool;
	uint64_t next;
};

/* Damage ends the stream; the reader reports it (source.why). */
static enum status packed_read(struct source *source, uint64_t offset, char *data, size_t size, size_t *got,
			       struct fault *fault)
{
	struct source_packed *packed = (struct source_packed *)source;
	(void)offset, (void)fault;
	*got = 0;
	if (*source->why)
		return STATUS_OK;
	la_ssize_t n;
	do
		n = archive_read_data(packed->archive, data, size);
	while (n == ARCHIVE_RETRY);
	if (n == ARCHIVE_WARN)
		n = archive_read_data(packed->archive, data, size);
	if (n < 0)
		snprintf(source->why, sizeof source->why, "packed data is damaged: %.100s", why_of(packed->archive));
	else
		*got = (size_t)n;
	return STATUS_OK;
}

static void packed_close(struct source *source)
{
	struct source_packed *packed = (struct source_packed *)source;
	if (*source->why || !packed->pool)
		archive_read_free(packed->archive);
	else
		pool_park(packed->pool, (struct parked){packed->archive, packed->next});
	packed_pool_leave(packed->pool);
	free(packed);
}

static const struct source_class packed_class = {packed_read, packed_close};

enum status source_open_filter(const struct warc_input *input, struct source **out, struct fault *fault)
{
	struct source_packed *packed = memory_zeroed(1, sizeof *packed);
	if (!packed)
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	struct parked parked = pool_take(input->pool, input->member_index);
	*packed = (struct source_packed){.source = {.class = &packed_class, .size = SIZE_UNKNOWN},
					 .archive = parked.archive,
					 .next = parked.next};
	if (!packed->archive)
		packed->archive = open_archive(input->path, input->way == INPUT_FILTER);
	struct archive_entry *entry;
	bool found = packed->archive != NULL;
	for (; found && packed->next <= input->member_index; packed->next++) {
		int result = archive_read_next_header(packed->archive, &entry);
		found = result == ARCHIVE_OK || result == ARCHIVE_WARN;
	}
	if (!found) {
		enum status status = fault_set(fault, STATUS_IO, 0, "cannot open%s%s: %.120s",
					       input->member ? " member " : "", input->member ? input->member : "",
					       packed->archive ? why_of(packed->archive) : "not a container");
		archive_read_free(packed->archive);
		free(packed);
		return status;
	}
	packed->pool = pool_join(input->pool);
	*out = &packed->source;
	return STATUS_OK;
}

/* ---- Listing ------------------------------------------------------------------------------------------------------
 */

struct lister {
	struct warc_inputs *inputs;
	const char *path;
	bool asked;
	uint64_t size; /* of the container */
	struct archive *archive;
	struct packed_pool *pool;
	struct zip_members stored;
	char *head;
	size_t added;
};

/* The member as a range of the file, which may be cut inside it. */
static void set_range(const struct lister *lister, struct warc_input *input, uint64_t first, uint64_t size,
		      enum warc_kind kind)
{
	uint64_t there = lister->size > first ? lister->size - first : 0;
	input->way = INPUT_FILE;
	input->first = first;
	input->bytes = size < there ? size : there;
	input->kind = kind;
}

static enum status add_entry(struct lister *lister, struct archive_entry *entry, uint64_t index, struct fault *fault)
{
	const char *name = archive_entry_pathname(entry);
	if (!name || archive_entry_filetype(entry) != AE_IFREG)
		return STATUS_OK;
	int format = archive_format(lister->archive) & ARCHIVE_FORMAT_BASE_MASK;
	bool in_tar = format == ARCHIVE_FORMAT_TAR && archive_filter_count(lister->archive) == 1 &&
		      archive_entry_sparse_count(entry) == 0;
	uint64_t data = in_tar ? (uint64_t)archive_filter_bytes(lister->archive, 0) : 0;
	size_t size = 0;
	la_ssize_t n;
	while (size < SNIFF_BYTES &&
	       (n = archive_read_data(lister->archive, lister->head + size, SNIFF_BYTES - size)) > 0)
		size += (size_t)n;
	struct span head = {lister->head, size};
	bool arc;
	enum warc_kind kind = sniff_kind(head, &arc);
	if (!looks_like_archive(name) && (kind == WARC_KIND_EMPTY || !holds_records(kind, head)))
		return STATUS_OK;
	struct warc_input *input = inputs_add(lister->inputs, lister->path, name, INPUT_MEMBER);
	if (!input)
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	lister->added++;
	input->member_index = index;
	input->pool = pool_join(lister->pool);
	input->arc = arc;
	if (in_tar)
		set_range(lister, input, data, (uint64_t)archive_entry_size(entry), kind);
	const struct zip_member *stored = zip_find(&lister->stored, span_of(name));
	if (stored && !stored->deflated)
		set_range(lister, input, stored->offset, stored->size, kind);
	return STATUS_OK;
}

static enum status list_entries(struct lister *lister, struct fault *fault)
{
	struct archive_entry *entry;
	enum status status = STATUS_OK;
	for (uint64_t index = 0; !status && index < ENTRIES_MAX; index++) {
		int result = archive_read_next_header(lister->archive, &entry);
		if (result == ARCHIVE_EOF)
			return STATUS_OK;
		if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
			/* The rest of the container cannot be listed: an input that is nothing but this damage. */
			struct warc_input *input = inputs_add(lister->inputs, lister->path, NULL, INPUT_NOTE);
			char why[160];
			snprintf(why, sizeof why, "the container cannot be read to its end: %.100s",
				 why_of(lister->archive));
			if (!input || !(input->why = strdup(why)))
				return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
			input->bytes = 0;
			return STATUS_OK;
		}
		if (archive_format(lister->archive) == ARCHIVE_FORMAT_RAW) {
			struct warc_input *input = inputs_add(lister->inputs, lister->path, NULL, INPUT_FILTER);
			return input ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "out of memory");
		}
		status = add_entry(lister, entry, index, fault);
	}
	return status;
}

enum status add_container(struct warc_inputs *inputs, const char *path, struct source *source, struct span head,
			  bool asked, bool *taken, struct fault *fault)
{
	struct lister lister = {.inputs = inputs, .path = path, .asked = asked, .size = source->size};
	enum wrap wrap = wrap_of(head);
	*taken = wrap == WRAP_ARCHIVE || (wrap == WRAP_FILTER && (asked || looks_like_archive(path)));
	if (!*taken)
		return STATUS_OK;
	enum status status = zip_stored(source, &lister.stored);
	lister.head = memory_new(SNIFF_BYTES);
	lister.archive = open_archive(path, wrap == WRAP_FILTER);
	lister.pool = pool_new();
	if (status || !lister.head || !lister.pool)
		status = fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	else if (lister.archive)
		status = list_entries(&lister, fault);
	else
		*taken = false; /* it only looked like one */
	archive_read_free(lister.archive);
	packed_pool_leave(lister.pool);
	zip_free(&lister.stored);
	free(lister.head);
	return status;
}
