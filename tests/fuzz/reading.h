/* reading: what the archive targets share: bytes as a file, read whole and in segments; sums, order and sameness are
 * checked. The targets are linked with the reader's small build and have small ceilings, so that a few KiB reach every
 * ceiling and every way of reading, and a run costs no more than its bytes: with the usual amounts nearly all of it
 * went into pages of windows and dictionaries that were never filled. */
#ifndef TESTS_FUZZ_READING_H
#define TESTS_FUZZ_READING_H

#include "warc/warc.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHECK(condition)                                                                                               \
	((condition) ? (void)0 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition), abort()))

static const struct warc_options fuzz_options = {
	.header_max = 1 << 12, .block_max = 40000, .body_max = 1 << 16, .member_max = 1 << 18};

/* Everything that one reading of [first, limit) gives, as one hash. */
static uint64_t fuzz_segment(struct warc_reader *reader, const struct warc_input *input, uint64_t first, uint64_t limit,
			     bool exact, uint64_t hash, uint64_t *sum)
{
	struct warc_record record;
	struct warc_damage damage;
	struct warc_http http;
	enum status status;
	uint64_t offset = 0, inner = 0;
	bool any = false;
	CHECK(!warc_reader_open(reader, input, first, limit, exact, NULL));
	while (!(status = warc_next(reader, &record, &damage, NULL)) || status == STATUS_DATA) {
		uint64_t row[] = {status, status ? damage.offset : record.offset, status ? damage.inner : record.inner,
				  status ? damage.skipped : record.length, status ? damage.padding : record.flags};
		CHECK(!any || row[1] > offset || (row[1] == offset && (row[2] > inner || status)));
		any = true;
		offset = row[1];
		inner = row[2];
		*sum += row[3];
		hash = hash64(row, sizeof row, hash);
		if (status)
			continue;
		hash = hash64(record.block.data, record.block.size, hash);
		CHECK(record.block.size <= fuzz_options.block_max + 1);
		CHECK(!warc_http_read(reader, &record, &http));
		CHECK(http.body.size <= fuzz_options.body_max || http.body.data == http.raw_body.data);
		hash = hash64(http.body.data, http.body.size, hash);
		warc_block_digest_check(&record);
		warc_payload_digest_check(&record, &http);
		struct warc_revisit target;
		warc_revisit_target(&record, &target);
		if (record.flags & WARC_RECORD_SEGMENT)
			CHECK(!warc_record_join(reader, &record, NULL));
	}
	CHECK(status == STATUS_END);
	return hash;
}

static void fuzz_input(const struct warc_input *input)
{
	struct warc_reader *reader = warc_reader_new(&fuzz_options);
	CHECK(reader);
	uint64_t sum = 0, bytes = warc_input_bytes(input);
	uint64_t whole = fuzz_segment(reader, input, 0, UINT64_MAX, true, 1, &sum);
	CHECK(sum == warc_reader_end(reader));
	CHECK(warc_input_kind(input) == WARC_KIND_STREAM || sum == bytes);
	uint64_t step = bytes / 3 + 1, end = 0, split = 1;
	for (uint64_t first = 0; warc_input_kind(input) != WARC_KIND_STREAM && first < bytes; first += step) {
		uint64_t limit = first + step < bytes ? first + step : bytes, before = split;
		split = fuzz_segment(reader, input, first, limit, false, split, &sum);
		if (warc_reader_first(reader) != end) {
			split = before;
			if (end >= limit)
				continue;
			split = fuzz_segment(reader, input, end, limit, true, split, &sum);
		}
		end = warc_reader_end(reader);
	}
	CHECK(warc_input_kind(input) == WARC_KIND_STREAM || !bytes || (split == whole && end == bytes));
	warc_reader_free(reader);
}

/* DATA as a file. */
static void fuzz_file(const void *data, size_t size)
{
	char path[64];
	static int fd = -1; /* one file for all runs, in memory */
	if (fd < 0)
		fd = memfd_create("fuzz", 0);
	CHECK(fd >= 0 && !ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	const char *argument = path;
	struct warc_inputs *inputs;
	struct fault fault = {0};
	enum status status = warc_inputs_new(&argument, 1, &fuzz_options, &inputs, &fault);
	CHECK(!status || status == STATUS_USAGE); /* two members of one name */
	for (size_t i = 0; !status && i < warc_inputs_count(inputs); i++)
		if (i < 4)
			fuzz_input(warc_inputs_at(inputs, i));
	if (!status)
		warc_inputs_free(inputs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
