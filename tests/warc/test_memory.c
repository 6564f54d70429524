/* test_memory: every allocation of the reader fails once, and then all from it on: a clean status, nothing left behind
 * (under AddressSanitizer), never a crash. malloc, calloc and realloc of the modules are wrapped by the linker; what
 * libraries allocate for themselves is not counted here. */
#include "tests/warc/support.h"

#include <fts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);

static unsigned long calls, fail_at;
static bool fail_all;

static bool due(void)
{
	calls++;
	return fail_at && (fail_all ? calls >= fail_at : calls == fail_at);
}

void *__wrap_malloc(size_t size)
{
	return due() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size)
{
	return due() ? NULL : __real_calloc(count, size);
}
void *__wrap_realloc(void *old, size_t size)
{
	return due() ? NULL : __real_realloc(old, size);
}
char *__wrap_strdup(const char *text)
{
	return due() ? NULL : __real_strdup(text);
}
char *__wrap_strndup(const char *text, size_t size)
{
	return due() ? NULL : __real_strndup(text, size);
}

/* List PATH and read all of it, everything decoded, checked and joined. The worst status met. */
static enum status read_everything(const char *path)
{
	static const struct warc_options options = {.block_max = 1 << 20, .body_max = 1 << 20, .member_max = 1 << 22};
	struct warc_inputs *inputs;
	enum status worst = warc_inputs_new(&path, 1, &options, &inputs, NULL);
	if (worst)
		return worst;
	struct warc_reader *reader = warc_reader_new(&options);
	worst = reader ? STATUS_OK : STATUS_MEMORY;
	struct warc_segment *segments = NULL;
	size_t count = 0;
	if (reader && warc_segments_new(inputs, 300, &segments, &count, NULL))
		worst = STATUS_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct warc_record record;
		struct warc_damage damage;
		struct warc_http http;
		const struct warc_segment *at = &segments[i];
		enum status status = warc_reader_open(reader, warc_inputs_at(inputs, at->input), at->first, at->limit,
						      at->first == 0, NULL);
		while (!status || status == STATUS_DATA) {
			status = warc_next(reader, &record, &damage, NULL);
			if (status)
				continue;
			if (record.flags & WARC_RECORD_SEGMENT)
				status = warc_record_join(reader, &record, NULL);
			if (!status)
				status = warc_http_read(reader, &record, &http);
			if (!status) {
				warc_block_digest_check(&record);
				warc_payload_digest_check(&record, &http);
			}
		}
		if (status != STATUS_END)
			worst = status;
	}
	free(segments);
	warc_reader_free(reader);
	warc_inputs_free(inputs);
	return worst;
}

static void check_file(const char *path)
{
	fail_at = calls = 0;
	enum status status = read_everything(path);
	unsigned long count = calls;
	if (status && status != STATUS_USAGE) /* two members of one name */
		fail_msg("%s: status %d without a failure", path, (int)status);
	assert_true(count > 4); /* the linker did wrap them */
	for (unsigned long at = 1; at <= count; at++)
		for (int all = 0; all < 2; all++) {
			calls = 0;
			fail_at = at;
			fail_all = all;
			status = read_everything(path);
			fail_at = 0;
			if (status && status != STATUS_MEMORY && status != STATUS_IO && status != STATUS_USAGE)
				fail_msg("%s: status %d when allocation %lu fails", path, (int)status, at);
		}
}

static void test_allocations(void **state)
{
	(void)state;
	static const char *const folders[] = {"warc", "arc", "members", "containers"};
	assert_true(digest_start());
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		char folder[500];
		snprintf(folder, sizeof folder, "%s/../fuzz/corpus/%s", TEST_SOURCE_DIR, folders[i]);
		char *roots[] = {folder, NULL};
		FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
		assert_non_null(walk);
		for (FTSENT *entry; (entry = fts_read(walk)) != NULL;)
			if (entry->fts_info == FTS_F)
				check_file(entry->fts_path);
		fts_close(walk);
	}
}

/* The same on archives made here: packed one by one, whole, with codings, segments and a dictionary of members. */
static void test_made(void **state)
{
	(void)state;
	struct buffer out, plain;
	buffer_init(&out, GENEROUS);
	buffer_init(&plain, GENEROUS);
	put_archive(&plain, 5, 4, NULL);
	temp_begin();
	void (*const packs[])(struct buffer *, struct span) = {put_gzip, put_zstd};
	for (size_t i = 0; i < 2; i++) {
		buffer_clear(&out);
		put_archive(&out, 5, 4, packs[i]);
		check_file(temp_file("a", buffer_span(&out)));
		buffer_clear(&out);
		packs[i](&out, buffer_span(&plain));
		check_file(temp_file("b", buffer_span(&out)));
	}
	temp_end();
	buffer_free(&out);
	buffer_free(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_allocations), cmocka_unit_test(test_made)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
