/* test_spool: working files that are torn, foreign or changed are told apart; a spool goes on after its last whole
 * block, wherever it was cut. */
#include "tests/corpus/test_corpus.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void stage_files(void **state)
{
	char *folder = test_folder();
	struct build_options *options, *other_options;
	struct plan *plan = test_plan(folder, "32M", &options), *other = test_plan(folder, "16M", &other_options);
	const struct span parts[] = {SPAN("one"), SPAN(""), SPAN("two")};
	struct stage_file file;
	(void)state;
	assert_int_equal(stage_open(plan, "thing", &file, NULL), STATUS_END);
	assert_int_equal(stage_write(plan, "thing", parts, 3, NULL), STATUS_OK);
	assert_int_equal(stage_open(plan, "thing", &file, NULL), STATUS_OK);
	assert_true(span_equal(file.bytes, SPAN("onetwo")));
	stage_close(&file);
	assert_int_equal(stage_open(other, "thing", &file, NULL), STATUS_DATA);

	char *path = path_join(plan->work, "thing"), *moved = path_join(plan->work, "thong");
	struct stat about;
	assert_int_equal(stat(path, &about), 0);
	for (off_t at = 0; at < about.st_size; at++) { /* any flipped bit */
		char byte;
		int handle = open(path, O_RDWR);
		assert_int_equal(pread(handle, &byte, 1, at), 1);
		byte ^= 4;
		assert_int_equal(pwrite(handle, &byte, 1, at), 1);
		assert_int_equal(stage_open(plan, "thing", &file, NULL), STATUS_DATA);
		byte ^= 4;
		assert_int_equal(pwrite(handle, &byte, 1, at), 1);
		close(handle);
	}
	assert_true(stage_exists(plan, "thing"));
	assert_int_equal(rename(path, moved), 0); /* under another name */
	assert_int_equal(stage_open(plan, "thong", &file, NULL), STATUS_DATA);

	struct stage_space space;
	assert_int_equal(stage_space_new(plan, "space", 16, &space, NULL), STATUS_OK);
	memcpy(space.bytes, "0123456789abcdef", 16);
	assert_int_equal(stage_space_commit(plan, &space, NULL), STATUS_OK);
	assert_int_equal(stage_open(plan, "space", &file, NULL), STATUS_OK);
	assert_true(span_equal(file.bytes, SPAN("0123456789abcdef")));
	stage_close(&file);
	free(path);
	free(moved);
	plan_free(plan);
	plan_free(other);
	build_options_free(options);
	build_options_free(other_options);
	test_folder_remove(folder);
}

/* A block of ROWS rows for SEGMENT; texts differ, so that frames do. */
static void append_block(struct spool_writer *writer, struct spool_block *block, uint64_t segment, int rows)
{
	char text[64];
	spool_block_start(block, segment);
	block->first = segment * 100;
	block->end = segment * 100 + 100;
	for (int i = 0; i < rows; i++) {
		struct row row = {.kind = i % 3 ? ROW_PAGE : ROW_REJECTED, .target_date = DATE_NONE};
		snprintf(text, sizeof text, "text %d of %llu", i, (unsigned long long)segment);
		row.document.text = span_of(text);
		row.document.page.warc_record_offset = (uint64_t)i;
		block->tally.records++;
		assert_int_equal(spool_block_row(block, &row, NULL), STATUS_OK);
	}
	assert_int_equal(spool_block_finish(block, NULL), STATUS_OK);
	assert_int_equal(spool_writer_append(writer, block, NULL), STATUS_OK);
}

static void spool_torn(void **state)
{
	char *folder = test_folder();
	struct build_options *options;
	struct plan *plan = test_plan(folder, "16K", &options);
	struct spool_block block;
	struct spool_writer writer;
	uint64_t ends[8], first = plan->shard_segments[0];
	size_t blocks = plan->shard_segments[1] - first;
	(void)state;
	assert_in_range(blocks, 3, 8);
	assert_int_equal(spool_block_init(&block, plan->work), STATUS_OK);
	assert_int_equal(spool_writer_open(&writer, plan, 0, NULL), STATUS_OK);
	for (size_t i = 0; i < blocks; i++) {
		append_block(&writer, &block, first + i, (int)(i * 7));
		ends[i] = writer.size;
	}
	assert_int_equal(spool_writer_close(&writer, true, NULL), STATUS_OK);

	char *path = path_join(plan->work, "spool-00000");
	struct buffer whole;
	buffer_init(&whole, 1 << 24);
	assert_int_equal(file_read(path, &whole, NULL), STATUS_OK);
	for (uint64_t cut = 0; cut <= whole.size; cut += 1 + cut % 5) {
		size_t expected = 0;
		while (expected < blocks && ends[expected] <= cut)
			expected++;
		assert_int_equal(file_write_atomic(path, span_slice(buffer_span(&whole), 0, cut), NULL), STATUS_OK);
		assert_int_equal(spool_writer_open(&writer, plan, 0, NULL), STATUS_OK);
		assert_int_equal(writer.next_segment, first + expected);
		assert_int_equal(writer.size, expected ? ends[expected - 1] : 0);
		if (expected)
			assert_int_equal(writer.last_end, (first + expected) * 100);
		spool_writer_close(&writer, false, NULL);
	}
	/* A flipped bit anywhere ends the whole part before its block. */
	for (uint64_t at = 0; at < whole.size; at += 11) {
		whole.data[at] ^= 1;
		assert_int_equal(file_write_atomic(path, buffer_span(&whole), NULL), STATUS_OK);
		assert_int_equal(spool_writer_open(&writer, plan, 0, NULL), STATUS_OK);
		assert_true(writer.size <= at);
		spool_writer_close(&writer, false, NULL);
		whole.data[at] ^= 1;
	}
	/* Continued after a cut it is the same file. */
	assert_int_equal(file_write_atomic(path, span_slice(buffer_span(&whole), 0, ends[1] + 3), NULL), STATUS_OK);
	assert_int_equal(spool_writer_open(&writer, plan, 0, NULL), STATUS_OK);
	for (size_t i = 2; i < blocks; i++)
		append_block(&writer, &block, first + i, (int)(i * 7));
	assert_int_equal(spool_writer_close(&writer, true, NULL), STATUS_OK);
	struct buffer again;
	buffer_init(&again, 1 << 24);
	assert_int_equal(file_read(path, &again, NULL), STATUS_OK);
	assert_true(span_equal(buffer_span(&whole), buffer_span(&again)));
	buffer_free(&again);
	buffer_free(&whole);
	spool_block_free(&block);
	free(path);
	plan_free(plan);
	build_options_free(options);
	test_folder_remove(folder);
}

/* What was appended is what is read, frame by frame, with the pages counted. */
static void spool_read_back(void **state)
{
	enum { ROWS = 9000 }; /* several frames in one block */
	char *folder = test_folder();
	struct build_options *options;
	struct plan *plan = test_plan(folder, "32M", &options);
	struct spool_block block;
	struct spool_writer writer;
	struct spool *spool;
	struct spool_cursor cursor;
	struct row row;
	uint64_t rows = 0, pages = 0;
	(void)state;
	assert_int_equal(plan->segment_count, 2);
	assert_int_equal(plan->shard_count, 2);
	assert_int_equal(spool_block_init(&block, plan->work), STATUS_OK);
	for (size_t shard = 0; shard < 2; shard++) {
		assert_int_equal(spool_writer_open(&writer, plan, shard, NULL), STATUS_OK);
		append_block(&writer, &block, shard, ROWS);
		assert_int_equal(spool_writer_close(&writer, true, NULL), STATUS_OK);
	}
	assert_int_equal(spool_open(plan, &spool, NULL), STATUS_OK);
	assert_int_equal(spool->row_count, 2 * ROWS);
	assert_int_equal(spool->tally.records, 2 * ROWS);
	assert_int_equal(spool->page_count, 2 * (ROWS - ROWS / 3));
	assert_true(spool->frame_count >= 2);
	assert_int_equal(spool_cursor_init(&cursor, plan, spool), STATUS_OK);
	for (size_t frame = 0; frame < spool->frame_count; frame++) {
		enum status status = spool_cursor_frame(&cursor, frame, NULL);
		while (status == STATUS_OK && (status = spool_cursor_next(&cursor, &row, NULL)) == STATUS_OK) {
			assert_int_equal(cursor.row, rows);
			assert_int_equal(cursor.page, pages);
			assert_int_equal(row.document.page.warc_record_offset, rows % ROWS);
			rows++;
			pages += row.kind == ROW_PAGE;
		}
		assert_int_equal(status, STATUS_END);
	}
	assert_int_equal(rows, 2 * ROWS);
	spool_cursor_free(&cursor);
	spool_free(spool);
	spool_block_free(&block);
	plan_free(plan);
	build_options_free(options);
	test_folder_remove(folder);
}

const struct CMUnitTest spool_tests[] = {
	cmocka_unit_test(stage_files),
	cmocka_unit_test(spool_torn),
	cmocka_unit_test(spool_read_back),
};
const size_t spool_test_count = sizeof spool_tests / sizeof *spool_tests;
