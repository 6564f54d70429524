/* The working folder with bytes that someone made up and gave the right checksums: rows of the spool, tallies, frames,
 * and each stage file. What is read is sound or refused, and rows that were read are packed to bytes that give them
 * again. The first byte says which. */
#include "corpus/spool_internal.h"
#include "tests/fuzz/corpus_folder.h"

#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct build_options *options;
static struct plan *plan;

static void start(void)
{
	char path[200];
	const char *const inputs[] = {path};
	if (plan)
		return;
	snprintf(path, sizeof path, "%s/a.warc", fuzz_folder_get());
	fuzz_file("a.warc", SPAN("WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n"));
	options = build_options_new();
	CHECK(options && plan_new(inputs, 1, options, fuzz_folder_get(), &plan, NULL) == STATUS_OK);
	plan->settings.against_path = "unused";
	CHECK(folder_make(plan->work, NULL) == STATUS_OK);
}

static void rows(struct span bytes)
{
	struct arena *arena = arena_new((size_t)1 << 28), *second = arena_new((size_t)1 << 28);
	struct buffer packed, again;
	struct row row, same;
	buffer_init(&packed, (size_t)1 << 28);
	buffer_init(&again, (size_t)1 << 28);
	CHECK(arena && second);
	while (bytes.size && row_unpack(&bytes, plan->inputs, arena, &row)) {
		buffer_clear(&packed);
		buffer_clear(&again);
		row_pack(&row, &packed);
		struct span rest = buffer_span(&packed);
		CHECK(row_unpack(&rest, plan->inputs, second, &same) && rest.size == 0);
		row_pack(&same, &again);
		CHECK(span_equal(buffer_span(&packed), buffer_span(&again)));
		arena_reset(arena);
		arena_reset(second);
	}
	buffer_free(&packed);
	buffer_free(&again);
	arena_free(arena);
	arena_free(second);
}

static void tally(struct span bytes)
{
	struct tally *read = malloc(sizeof *read), *same = malloc(sizeof *same);
	struct buffer packed;
	buffer_init(&packed, 1 << 20);
	CHECK(read && same);
	if (tally_unpack(&bytes, read)) {
		tally_pack(read, &packed);
		struct span rest = buffer_span(&packed);
		CHECK(tally_unpack(&rest, same) && rest.size == 0 && same->reason_count == read->reason_count);
	}
	buffer_free(&packed);
	free(read);
	free(same);
}

/* A spool of one block whose header fits its bytes: a tally (or BYTES in its place), and BYTES as frames, or as the
 * rows of one frame. */
static void spool(struct span bytes, bool as_rows)
{
	struct buffer tallies, frames, file;
	struct tally *none = calloc(1, sizeof *none);
	static char packed[1 << 20];
	buffer_init(&tallies, 1 << 20);
	buffer_init(&frames, (size_t)1 << 28);
	buffer_init(&file, (size_t)1 << 28);
	CHECK(none);
	tally_pack(none, &tallies);
	size_t count = bytes.size && !as_rows ? (unsigned char)bytes.data[0] : 1;
	if (as_rows) {
		size_t got = ZSTD_compress(packed, sizeof packed, bytes.data, bytes.size, 1);
		struct frame_header frame = {(uint32_t)got, (uint32_t)bytes.size, 1, 1};
		if (ZSTD_isError(got))
			got = frame.packed = 0;
		buffer_append(&frames, &frame, sizeof frame);
		buffer_append(&frames, packed, got);
	} else {
		buffer_append_span(&frames, span_slice(bytes, 1, SIZE_MAX));
	}
	struct block_header header = {.magic = "WMSPOOL", .frames = count, .rows = count};
	header.magic[7] = '2';
	memcpy(header.plan, plan->digest, sizeof header.plan);
	header.tally_bytes = tallies.size;
	header.packed_bytes = frames.size;
	header.tally_hash = hash64(tallies.data, tallies.size, 0);
	header.header_hash = hash64(&header, offsetof(struct block_header, header_hash), 0);
	buffer_append(&file, &header, sizeof header);
	buffer_append_span(&file, buffer_span(&tallies));
	buffer_append_span(&file, buffer_span(&frames));
	fuzz_file(".work/spool-00000", buffer_span(&file));
	struct spool *opened = NULL;
	struct spool_cursor cursor;
	struct row row;
	if (spool_open(plan, &opened, NULL) == STATUS_OK) {
		CHECK(spool_cursor_init(&cursor, plan, opened) == STATUS_OK);
		for (size_t i = 0; i < opened->frame_count; i++)
			if (opened->frames[i].raw < 1 << 24 && spool_cursor_frame(&cursor, i, NULL) == STATUS_OK)
				while (spool_cursor_next(&cursor, &row, NULL) == STATUS_OK)
					CHECK(row.document.page.id.data);
		spool_cursor_free(&cursor);
	}
	spool_free(opened);
	free(none);
	buffer_free(&tallies);
	buffer_free(&frames);
	buffer_free(&file);
}

static void stage(const char *name, struct span bytes)
{
	struct recurring recurring;
	struct old_pages old;
	struct fates fates;
	CHECK(stage_write(plan, name, &bytes, 1, NULL) == STATUS_OK);
	if (!strcmp(name, "hosts") && recurring_open(plan, &recurring, NULL) == STATUS_OK) {
		for (size_t i = 0; i < recurring.count; i++) {
			const struct recurring_block *block = &recurring.blocks[i];
			struct span text = span_slice(recurring.heap, (size_t)block->text_at,
						      (size_t)block->host_size + block->text_size);
			CHECK(text.size == (size_t)block->host_size + block->text_size);
		}
		recurring_close(&recurring);
	}
	if (!strcmp(name, "against") && old_pages_open(plan, &old, NULL) == STATUS_OK) {
		for (size_t i = 0; i < old.count; i++)
			CHECK(old.infos[i].id_at + old.infos[i].id_size <= old.heap.size);
		old_pages_close(&old);
	}
	if (!strcmp(name, "fates") && fates_open(plan, &fates, NULL) == STATUS_OK) {
		for (uint64_t i = 0; i < fates.member_count; i++)
			CHECK(fates.pages[fates.members[i]].fate <= FATE_OLD_COPY);
		for (uint64_t i = 0; i < fates.resolved_count; i++)
			CHECK(fates.revisits[fates.revisits_by_keeper[i]].split + 1U > 0);
		fates_close(&fates);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	start();
	struct span bytes = {(const char *)data + 1, size - 1};
	switch (data[0] % 7) {
	case 0:
		rows(bytes);
		break;
	case 1:
		tally(bytes);
		break;
	case 2:
		spool(bytes, true);
		break;
	case 3:
		spool(bytes, false);
		break;
	case 4:
		stage("hosts", bytes);
		break;
	case 5:
		stage("against", bytes);
		break;
	default:
		stage("fates", bytes);
	}
	return 0;
}
