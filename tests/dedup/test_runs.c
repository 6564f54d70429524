/* Run files are read in long stretches: for each partition one read of each run's header and one of all its bins, and
 * no byte of another partition's. Reads are counted by standing in for the C library's preadv. */
#include "dedup/dedup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

enum { RUNS = 6, DOCUMENTS = 600, PARTITIONS = 5 };

static size_t reads, headers;
static uint64_t bytes;

ssize_t preadv(int file, const struct iovec *pieces, int count, off_t at)
{
	ssize_t got = syscall(SYS_preadv, file, pieces, count, (unsigned long)at, 0UL);
	if (at == 0)
		headers++;
	else if (got > 0) {
		reads++;
		bytes += (uint64_t)got;
	}
	return got;
}

static void invent(struct signature *out)
{
	uint64_t seed = 7;
	for (size_t i = 0; i < DOCUMENTS; i++) {
		struct signature *s = &out[i];
		memset(s, 0, sizeof *s);
		s->tokens = 200;
		s->exact.low = i + 1;
		for (int k = 0; k < 2; k++)
			s->simhash[k] = seed = hash64(&i, sizeof i, seed);
		for (s->anchor_count = 0; s->anchor_count < SIGNATURE_ANCHORS; s->anchor_count++) {
			seed = hash64(&i, sizeof i, seed);
			s->anchors[s->anchor_count] = (uint32_t)seed;
			s->anchors_high[s->anchor_count] = (uint8_t)(seed >> 32);
		}
	}
}

static void reads_are_long(void **state)
{
	(void)state;
	struct signature *signatures = calloc(DOCUMENTS, sizeof *signatures);
	struct signature_table *table = signature_table_new();
	struct exact_groups *groups = NULL;
	struct dedup_options options;
	struct pair_list pairs = {0};
	char folder[] = "/tmp/warcmill-runs-XXXXXX", paths[RUNS][64];
	const char *runs[RUNS];
	assert_non_null(mkdtemp(folder));
	invent(signatures);
	dedup_options_default(&options);
	options.threads = 1;
	assert_int_equal(signature_table_add(table, signatures, DOCUMENTS), STATUS_OK);
	assert_int_equal(dedup_exact(table, &options, &groups), STATUS_OK);
	for (size_t r = 0; r < RUNS; r++) {
		snprintf(paths[r], sizeof paths[r], "%s/%zu.run", folder, r);
		runs[r] = paths[r];
		assert_int_equal(keys_write(table, groups, &options, r * DOCUMENTS / RUNS, (r + 1) * DOCUMENTS / RUNS,
					    runs[r], NULL),
				 STATUS_OK);
	}
	reads = headers = bytes = 0;
	for (unsigned p = 0; p < PARTITIONS; p++) {
		size_t before = reads;
		assert_int_equal(dedup_match(table, groups, &options, p, PARTITIONS, runs, RUNS, 0, &pairs, NULL),
				 STATUS_OK);
		assert_int_equal(reads - before, RUNS);
		pair_list_free(&pairs);
	}
	/* Twenty keys of eight bytes a document, each read once in all partitions together. */
	assert_int_equal(bytes, 160 * DOCUMENTS);
	for (size_t r = 0; r < RUNS; r++)
		unlink(runs[r]);
	rmdir(folder);
	exact_groups_free(groups);
	signature_table_free(table);
	free(signatures);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads_are_long)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
