/* From an archive's bytes to signatures, in memory: segments, records, articles, rows packed and unpacked, the final
 * text and its signature. Every record ends in one counter, texts are valid UTF-8, and the archive cut into segments
 * gives the rows that the whole one gives. The first byte picks options and where the cut is. */
#include "tests/fuzz/corpus_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pass {
	const struct plan *plan;
	struct warc_reader *reader;
	struct page_maker *maker;
	struct signer *signer;
	struct final_text final;
	struct arena *arena;
	struct buffer packed;
	struct tally tally;
	uint64_t hash, rows;
};

static void check_text(struct span text)
{
	CHECK(!text.size || utf8_valid_prefix(text) == text.size);
}

/* A row as the spool would give it back, on to its signature. */
static void finish_row(struct pass *pass, struct row *made)
{
	const struct recurring none = {0};
	struct signature signature;
	struct row row;
	const char *reason = NULL;
	arena_reset(pass->arena);
	buffer_clear(&pass->packed);
	row_pack(made, &pass->packed);
	struct span rest = buffer_span(&pass->packed);
	CHECK(row_unpack(&rest, pass->plan->inputs, pass->arena, &row) && !rest.size);
	CHECK(span_equal(row.document.page.url, made->document.page.url) && row.kind == made->kind);
	check_text(row.document.page.url);
	check_text(row.document.title);
	pass->rows++;
	if (row.kind == ROW_PAGE) {
		CHECK(final_text_make(&pass->final, &none, &pass->plan->settings, &row, &reason) == STATUS_OK);
		check_text(row.document.text);
		CHECK(signer_sign(pass->signer, row.document.text, &signature) == STATUS_OK);
		pass->hash = hash64(&signature.exact, sizeof signature.exact, pass->hash);
	}
	pass->hash = hash64(pass->packed.data, pass->packed.size, pass->hash);
}

/* [FIRST, LIMIT); the end of the last record comes back. */
static uint64_t segment(struct pass *pass, uint64_t first, uint64_t limit, bool exact)
{
	const struct warc_input *input = warc_inputs_at(pass->plan->inputs, 0);
	struct warc_record record;
	struct warc_damage damage;
	CHECK(warc_reader_open(pass->reader, input, first, limit, exact, NULL) == STATUS_OK);
	for (enum status status;
	     (status = warc_next(pass->reader, &record, &damage, NULL)) == STATUS_OK || status == STATUS_DATA;) {
		struct row row;
		bool has_row = false;
		if (status == STATUS_DATA) {
			pass->tally.records += !damage.padding;
			pass->tally.damaged += !damage.padding;
			pass->tally.skipped_bytes += damage.skipped;
			continue;
		}
		pass->tally.records++;
		pass->tally.record_bytes += record.length;
		CHECK(page_make(pass->maker, pass->reader, &record, 0, &pass->tally, &row, &has_row, NULL) ==
		      STATUS_OK);
		if (has_row)
			finish_row(pass, &row);
	}
	return warc_reader_end(pass->reader);
}

static struct pass *pass_new(const struct plan *plan)
{
	const struct warc_options small = {
		.header_max = 1 << 14, .block_max = 1 << 20, .body_max = 1 << 20, .member_max = 1 << 22};
	struct pass *pass = calloc(1, sizeof *pass);
	CHECK(pass);
	pass->plan = plan;
	pass->reader = warc_reader_new(&small);
	pass->maker = page_maker_new(plan, NULL);
	pass->signer = signer_new(NULL, SIMHASH_128);
	pass->arena = arena_new((size_t)1 << 28);
	final_text_init(&pass->final);
	buffer_init(&pass->packed, (size_t)1 << 28);
	CHECK(pass->reader && pass->maker && pass->signer && pass->arena);
	return pass;
}

static void pass_free(struct pass *pass)
{
	warc_reader_free(pass->reader);
	page_maker_free(pass->maker);
	signer_free(pass->signer);
	arena_free(pass->arena);
	final_text_free(&pass->final);
	buffer_free(&pass->packed);
	free(pass);
}

static void check_tally(const struct tally *tally)
{
	CHECK(tally->records == tally->pages + tally->revisits + tally->damaged + tally_kind(tally, "rejected") +
					tally_kind(tally, "skipped"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const settings[][2] = {
		{"text", "markdown"}, {"keep", "all"}, {"check-digests", "true"}, {"mask", "email,ip,phone"}};
	char path[200];
	const char *const inputs[] = {path};
	struct plan *plan = NULL;
	if (size < 2)
		return 0;
	struct build_options *options = build_options_new();
	CHECK(options);
	for (unsigned i = 0; i < sizeof settings / sizeof *settings; i++)
		if (data[0] >> i & 1)
			build_options_set(options, settings[i][0], settings[i][1], NULL);
	snprintf(path, sizeof path, "%s/a.warc", fuzz_folder_get());
	fuzz_file("a.warc", (struct span){(const char *)data + 1, size - 1});
	if (plan_new(inputs, 1, options, fuzz_folder_get(), &plan, NULL) == STATUS_OK && plan->input_count == 1 &&
	    warc_input_kind(warc_inputs_at(plan->inputs, 0)) != WARC_KIND_STREAM) {
		struct pass *whole = pass_new(plan), *parts = pass_new(plan);
		segment(whole, 0, UINT64_MAX, true);
		check_tally(&whole->tally);
		uint64_t cut = 1 + (uint64_t)(data[0] >> 4) * (size - 1) / 16, end = segment(parts, 0, cut, true);
		segment(parts, end > cut ? end : cut, UINT64_MAX, end >= cut);
		check_tally(&parts->tally);
		/* A seam may count damaged places otherwise; the records are the same. */
		if (!whole->tally.damaged && !parts->tally.damaged) {
			CHECK(whole->rows == parts->rows && whole->hash == parts->hash);
			CHECK(whole->tally.records == parts->tally.records);
		}
		pass_free(whole);
		pass_free(parts);
	}
	plan_free(plan);
	build_options_free(options);
	return 0;
}
