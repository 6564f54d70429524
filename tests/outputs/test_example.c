/* The example archives, end to end: what becomes of each page is what tests/data/expected.tsv says, and the cards and
 * the report can be made of the result. */
#include "corpus/corpus.h"
#include "corpus/reading.h"
#include "corpus/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define DATA TEST_SOURCE_DIR "/../data"

enum outcome { NOWHERE, KEPT, DUPLICATE, REJECTED, SKIPPED };
static const char *const outcome_names[] = {"nowhere", "kept", "duplicate", "rejected", "skipped"};

struct expected {
	struct span url, wanted, detail; /* a line of expected.tsv */
	enum outcome outcome;
	struct span root; /* id of the document that stands for the page */
};

struct example {
	char folder[64];
	struct arena *arena;
	struct expected pages[80];
	size_t count;
	size_t revisits;
};

static struct expected *page_of(struct example *example, struct span url)
{
	for (size_t i = 0; i < example->count; i++)
		if (span_equal(example->pages[i].url, url))
			return &example->pages[i];
	return NULL;
}

static void read_expected(struct example *example)
{
	struct buffer bytes;
	struct fault fault;
	struct span rest, line;
	buffer_init(&bytes, 1 << 20);
	assert_int_equal(file_read(DATA "/expected.tsv", &bytes, &fault), STATUS_OK);
	rest = arena_copy(example->arena, buffer_span(&bytes));
	buffer_free(&bytes);
	while (span_cut(&rest, '\n', &line)) {
		struct expected page = {.outcome = SKIPPED};
		if (!line.size || *line.data == '#')
			continue;
		assert_true(span_cut(&line, '\t', &page.url) && span_cut(&line, '\t', &page.wanted));
		page.detail = line;
		assert_true(example->count < sizeof example->pages / sizeof *example->pages);
		example->pages[example->count++] = page;
	}
	assert_true(example->count >= 45);
}

static enum status visit_document(void *self, const struct json *row, struct fault *fault)
{
	struct example *example = self;
	struct expected *page = page_of(example, json_get_text(json_get(row, "metadata"), "url"));
	(void)fault;
	assert_non_null(page);
	assert_int_equal(page->outcome, SKIPPED); /* seen once */
	page->outcome = KEPT;
	page->root = arena_copy(example->arena, json_get_text(row, "id"));
	return STATUS_OK;
}

static enum status visit_duplicate(void *self, const struct json *row, struct fault *fault)
{
	struct example *example = self;
	struct expected *page = page_of(example, json_get_text(row, "url"));
	(void)fault;
	assert_non_null(page);
	if (span_equal(json_get_text(row, "kind"), SPAN("revisit"))) {
		example->revisits++;
		return STATUS_OK;
	}
	page->outcome = DUPLICATE;
	page->root = arena_copy(example->arena, json_get_text(row, "duplicate_of"));
	return STATUS_OK;
}

static enum status visit_rejected(void *self, const struct json *row, struct fault *fault)
{
	struct expected *page = page_of(self, json_get_text(row, "url"));
	(void)fault;
	assert_non_null(page);
	page->outcome = REJECTED;
	return STATUS_OK;
}

static int build_example(void **state)
{
	static const char *const inputs[] = {DATA "/example-1.warc.gz", DATA "/example-2.warc.gz"};
	struct example *example = calloc(1, sizeof *example);
	struct fault fault = {0};
	struct corpus_totals totals;
	struct corpus *corpus;
	struct build_options *options = build_options_new();
	*state = example;
	strcpy(example->folder, "/tmp/warcmill-example-XXXXXX");
	example->arena = arena_new((size_t)64 << 20);
	assert_non_null(mkdtemp(example->folder));
	enum status status = corpus_build(inputs, 2, options, example->folder, 2, false, NULL, &totals, &fault);
	if (status != STATUS_OK)
		fail_msg("%s", fault.text);
	build_options_free(options);
	read_expected(example);
	assert_int_equal(corpus_open(example->folder, &corpus, &fault), STATUS_OK);
	assert_int_equal(corpus_rows(corpus, TABLE_DOCUMENTS, visit_document, example, &fault), STATUS_OK);
	assert_int_equal(corpus_rows(corpus, TABLE_DUPLICATES, visit_duplicate, example, &fault), STATUS_OK);
	assert_int_equal(corpus_rows(corpus, TABLE_REJECTED, visit_rejected, example, &fault), STATUS_OK);
	corpus_close(corpus);
	return 0;
}

static int remove_example(void **state)
{
	struct example *example = *state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf '%s'", example->folder);
	int code = system(command);
	arena_free(example->arena);
	free(example);
	return code;
}

/* One page of a cluster is kept; which one is the keeper's rules' affair, tested there. */
static bool is_fine(struct example *example, const struct expected *page)
{
	struct span wanted = page->wanted, choice;
	struct expected *other;
	while (span_cut(&wanted, '|', &choice))
		if (span_equal(choice, span_of(outcome_names[page->outcome])) && page->outcome != DUPLICATE)
			return true;
	if (span_equal(page->wanted, SPAN("duplicate")) && page->outcome != REJECTED && page->outcome != SKIPPED)
		return (other = page_of(example, page->detail)) && span_equal(other->root, page->root);
	if (span_equal(page->wanted, SPAN("kept")) &&
	    page->outcome == DUPLICATE) /* by a page that is a copy of this one */
		for (size_t i = 0; i < example->count; i++)
			if (span_equal(example->pages[i].detail, page->url) &&
			    span_equal(example->pages[i].root, page->root))
				return true;
	return false;
}

static void each_page_ends_where_it_should(void **state)
{
	struct example *example = *state;
	size_t wrong = 0;
	for (size_t i = 0; i < example->count; i++) {
		const struct expected *page = &example->pages[i];
		if (is_fine(example, page))
			continue;
		print_error("%.*s: expected %.*s %.*s, is %s\n", SPAN_ARG(page->url), SPAN_ARG(page->wanted),
			    SPAN_ARG(page->detail), outcome_names[page->outcome]);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void unchanged_pages_are_revisits(void **state)
{
	const struct example *example = *state;
	assert_int_equal(example->revisits, 3);
}

static const struct json *read_json(struct example *example, const char *name)
{
	char path[128];
	struct buffer bytes;
	struct fault fault = {0};
	const struct json *json = NULL;
	snprintf(path, sizeof path, "%s/%s", example->folder, name);
	buffer_init(&bytes, 1 << 26);
	assert_int_equal(file_read(path, &bytes, &fault), STATUS_OK);
	if (json_parse(example->arena, arena_copy(example->arena, buffer_span(&bytes)), 0, &json, &fault) != STATUS_OK)
		fail_msg("%s: %s at %llu", name, fault.text, (unsigned long long)fault.offset);
	buffer_free(&bytes);
	return json;
}

static void the_report_tells_the_same(void **state)
{
	struct example *example = *state;
	struct fault fault = {0};
	uint64_t documents = 0, size = 0, kept = 0;
	if (corpus_report(example->folder, &fault) != STATUS_OK)
		fail_msg("%s", fault.text);
	const struct json *stats = read_json(example, "stats.json");
	for (size_t i = 0; i < example->count; i++)
		kept += example->pages[i].outcome == KEPT;
	assert_true(json_get_u64(json_get(stats, "counters"), "documents", &documents));
	assert_int_equal(documents, kept);
	assert_true(json_get_u64(json_get(stats, "largest_clusters")->first, "size", &size));
	assert_int_equal(size, 7); /* the wire story: five pages, one of them in a second version, one fetched twice */
	const struct json *hosts = json_get(stats, "hosts");
	uint64_t counted = 0;
	for (const struct json *host = hosts->first; host; host = host->next) {
		uint64_t n = 0;
		json_get_u64(host, "documents", &n);
		counted += n;
	}
	assert_int_equal(counted, documents);
}

static void the_report_refuses_what_is_no_corpus(void **state)
{
	struct fault fault = {0};
	(void)state;
	assert_int_equal(corpus_report(DATA, &fault), STATUS_USAGE);
	assert_non_null(strstr(fault.text, "no finished corpus"));
}

static void the_card_names_files_and_fields(void **state)
{
	struct example *example = *state;
	const struct json *card = read_json(example, "croissant.json");
	const struct json *sets = json_get(card, "recordSet"), *files = json_get(card, "distribution");
	size_t tables = 0;
	assert_true(span_equal(json_get_text(card, "conformsTo"), SPAN("http://mlcommons.org/croissant/1.0")));
	for (const struct json *set = sets->first; set; set = set->next, tables++)
		for (const struct json *field = json_get(set, "field")->first; field; field = field->next)
			assert_true(json_get_text(field, "description").size > 0);
	assert_int_equal(tables, 3);
	assert_int_equal(json_get_text(files->first, "sha256").size, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_page_ends_where_it_should),
		cmocka_unit_test(unchanged_pages_are_revisits),
		cmocka_unit_test(the_report_tells_the_same),
		cmocka_unit_test(the_report_refuses_what_is_no_corpus),
		cmocka_unit_test(the_card_names_files_and_fields),
	};
	return cmocka_run_group_tests(tests, build_example, remove_example);
}
