/* card: README.md of a corpus, for the person who finds it: what it is, how it was made, how to trace, check, cite and
 * repeat it, and what its pages say of their use. */
#include "corpus/card.h"

enum { INPUTS_LISTED = 40 };

struct span card_format(const struct json *manifest)
{
	struct span format = json_get_text(json_get(manifest, "options"), "format");
	return format.data ? format : SPAN("jsonl");
}

static unsigned long long number(const struct json *object, const char *key)
{
	uint64_t value = 0;
	json_get_u64(object, key, &value);
	return value;
}

static unsigned long long sum_of(const struct json *counts)
{
	unsigned long long sum = 0;
	uint64_t value;
	for (const struct json *count = counts ? counts->first : NULL; count; count = count->next)
		if (span_to_u64(count->text, &value))
			sum += value;
	return sum;
}

static size_t length_of(const struct json *list)
{
	size_t length = 0;
	for (const struct json *item = list ? list->first : NULL; item; item = item->next)
		length++;
	return length;
}

/* "name (3), other (1)" */
static void put_counts(struct buffer *out, const struct json *counts)
{
	const char *separator = "";
	for (const struct json *count = counts ? counts->first : NULL; count; count = count->next) {
		buffer_print(out, "%s%.*s (%.*s)", separator, SPAN_ARG(count->key), SPAN_ARG(count->text));
		separator = ", ";
	}
	if (!*separator)
		buffer_append_span(out, SPAN("none"));
}

static void put_size_category(struct buffer *out, unsigned long long documents)
{
	static const struct {
		unsigned long long below;
		const char *name;
	} sizes[] = {
		{1000, "n<1K"},         {10000, "1K<n<10K"},       {100000, "10K<n<100K"},    {1000000, "100K<n<1M"},
		{10000000, "1M<n<10M"}, {100000000, "10M<n<100M"}, {1000000000, "100M<n<1B"},
	};
	size_t at = 0;
	while (at < sizeof sizes / sizeof *sizes && documents >= sizes[at].below)
		at++;
	buffer_print(out, "%s", at < sizeof sizes / sizeof *sizes ? sizes[at].name : "n>1B");
}

static const char *suffix_of(const struct json *manifest)
{
	const struct sink_class *class = sink_class_named(card_format(manifest));
	return class ? class->suffix + 1 : "jsonl";
}

/* The front matter that data set hubs read. */
static void put_front(struct buffer *out, const struct json *manifest)
{
	buffer_append_span(
		out, SPAN("---\npretty_name: Text corpus from web archives\nlicense: other\nsize_categories:\n  - "));
	put_size_category(out, number(json_get(manifest, "counters"), "documents"));
	buffer_append_span(out, SPAN("\nconfigs:\n"));
	for (int table = 0; table < TABLE_COUNT; table++)
		buffer_print(out, "  - config_name: %s\n    data_files: \"%s/**/*.%s*\"\n", corpus_table_names[table],
			     corpus_table_names[table], suffix_of(manifest));
	buffer_append_span(out, SPAN("---\n\n"));
}

static void put_summary(struct buffer *out, const struct json *manifest)
{
	const struct json *counters = json_get(manifest, "counters"), *bytes = json_get(manifest, "bytes");
	buffer_print(out,
		     "# Text corpus from web archives\n\n"
		     "%llu documents: the article text of web pages, one for each distinct text, with where each came "
		     "from.\n"
		     "Made by %.*s from %zu archives (%llu bytes). Near-duplicates are collapsed into one document and "
		     "listed with\n"
		     "the evidence; every page that was left out is listed with the reason.\n\n",
		     number(counters, "documents"), SPAN_ARG(json_get_text(manifest, "tool")),
		     length_of(json_get(manifest, "inputs")), number(bytes, "inputs"));
	buffer_append_span(out, SPAN("| | |\n|---|---|\n"));
	buffer_print(out, "| records read | %llu |\n", number(counters, "records"));
	buffer_print(out, "| documents | %llu |\n", number(counters, "documents"));
	buffer_print(out, "| copies of them | %llu |\n", number(counters, "duplicates"));
	buffer_print(out, "| rejected | %llu: ", sum_of(json_get(counters, "rejected")));
	put_counts(out, json_get(counters, "rejected"));
	buffer_print(out, " |\n| skipped | %llu: ", sum_of(json_get(counters, "skipped")));
	put_counts(out, json_get(counters, "skipped"));
	buffer_print(out, " |\n| damaged places | %llu, %llu bytes |\n\n", number(counters, "damaged"),
		     number(bytes, "skipped"));
	buffer_append_span(out,
			   SPAN("Each record is in exactly one of these counts; they add up to the records read.\n\n"));
}

static const char *const files_text =
	"## Files\n\n"
	"| file | what it holds |\n|---|---|\n"
	"| `documents/` | the documents |\n"
	"| `duplicates/` | pages whose text is that of a document: which one, and why |\n"
	"| `rejected/` | pages that are no article: why |\n"
	"| `tables/` | what the decisions used: counts of word sequences, blocks of text that recur on a host |\n"
	"| `errors.jsonl` | damaged places of the archives: file, offset, bytes skipped, what was wrong |\n"
	"| `manifest.json` | tool, options, archives with digests, counters, files with digests |\n"
	"| `croissant.json` | this description for machines (Croissant 1.0) |\n"
	"| `SHA256SUMS` | for `sha256sum -c` |\n\n";

/* Columns of TABLE that the tables before it do not have. */
static void put_columns(struct buffer *out, enum corpus_table table)
{
	for (size_t i = 0; i < corpus_columns[table].count; i++) {
		const struct column *column = &corpus_columns[table].columns[i];
		bool known = false;
		char name[64], other[64];
		column_flat_name(column, name);
		for (size_t k = 0; table != TABLE_DOCUMENTS && k < corpus_columns[0].count && !known; k++) {
			column_flat_name(&corpus_columns[0].columns[k], other);
			known = !strcmp(name, other);
		}
		if (!known)
			buffer_print(out, "| `%s%s%s%s%s` | %s |\n", column->outer ? column->outer : "",
				     column->outer ? "." : "", column->inner ? column->inner : "",
				     column->inner ? "." : "", column->name, column_about(column));
	}
}

static void put_fields(struct buffer *out, const struct json *manifest)
{
	buffer_append_span(out, SPAN("## Fields\n\nAbsent is absent: no field holds an empty text.\n"));
	if (span_equal(card_format(manifest), SPAN("parquet")))
		buffer_append_span(out, SPAN("Parquet columns are flat: `metadata.cluster.size` is `cluster_size`.\n"));
	if (span_equal(card_format(manifest), SPAN("wet")))
		buffer_append_span(out, SPAN("The WARC files carry the main ones: text, address, time, id, what a "
					     "record was made from.\n"));
	buffer_append_span(out, SPAN("\n| documents | |\n|---|---|\n"));
	put_columns(out, TABLE_DOCUMENTS);
	buffer_append_span(
		out,
		SPAN("\nCopies and rejected pages have the fields on where a page came from at the top level, and:\n\n"
		     "| copies | |\n|---|---|\n"));
	put_columns(out, TABLE_DUPLICATES);
	buffer_append_span(out, SPAN("\n| rejected | |\n|---|---|\n"));
	put_columns(out, TABLE_REJECTED);
	buffer_append_byte(out, '\n');
}

static void put_rights(struct buffer *out, const struct json *manifest)
{
	const struct json *rights = json_get(manifest, "rights"), *options = json_get(manifest, "options");
	struct span respected = json_get_text(options, "respect"), masked = json_get_text(options, "mask");
	buffer_append_span(out,
			   SPAN("## Licence, opt-out, personal data\n\n"
				"The texts belong to their authors and publishers; no licence covers the whole. What "
				"pages declare is in\n"
				"`metadata.license`, `metadata.robots` and `metadata.tdm_policy` of each document.\n\n"
				"- Licences declared by documents: "));
	put_counts(out, json_get(rights, "license"));
	buffer_append_span(out, SPAN("\n- Opt-out signals on documents: "));
	put_counts(out, json_get(rights, "signal"));
	buffer_print(out, "\n- Signals that kept pages out (`--respect`): %.*s\n",
		     SPAN_ARG(respected.size ? respected : SPAN("none was asked for")));
	buffer_print(out, "- Replaced by tokens in the texts (`--mask`): %.*s\n\n",
		     SPAN_ARG(masked.size ? masked : SPAN("nothing; names, addresses and numbers stand as published")));
}

static void put_making(struct buffer *out, const struct json *manifest)
{
	const struct json *options = json_get(manifest, "options"), *inputs = json_get(manifest, "inputs");
	size_t listed = 0, count = length_of(inputs);
	buffer_print(out, "## How it was made\n\n%.*s, article model %.*s, duplicates by %.*s, options `%.*s`.\n\n",
		     SPAN_ARG(json_get_text(manifest, "tool")), SPAN_ARG(json_get_text(manifest, "article")),
		     SPAN_ARG(json_get_text(manifest, "dedup")), SPAN_ARG(options ? options->source : SPAN("{}")));
	buffer_append_span(out, SPAN("| archive | bytes | SHA-256 |\n|---|---|---|\n"));
	for (const struct json *input = inputs ? inputs->first : NULL; input && listed < INPUTS_LISTED;
	     input = input->next) {
		struct span digest = json_get_text(input, "sha256");
		if (!digest.data)
			digest = json_get_text(input, "container_sha256");
		buffer_print(out, "| %.*s | %llu | %.*s |\n", SPAN_ARG(json_get_text(input, "name")),
			     number(input, "bytes"),
			     SPAN_ARG(digest.data ? digest : SPAN("not known: it was read from a stream")));
		listed++;
	}
	if (listed < count)
		buffer_print(out, "\n%zu more are in manifest.json.\n", count - listed);
	buffer_append_span(out, SPAN("\nThe same archives and options give the same bytes again, on any machine and "
				     "with any number of threads:\n\n"
				     "    warcmill build --from-manifest manifest.json ARCHIVE... -o again\n"
				     "    cmp SHA256SUMS again/SHA256SUMS\n\n"));
}

static const char *const use_text =
	"## Tracing, checking, citing\n\n"
	"    sha256sum -c SHA256SUMS                # nothing was changed\n"
	"    warcmill verify .                      # and every text still follows from its record\n"
	"    warcmill explain . ID                  # why a page was kept, collapsed or rejected\n"
	"    warcmill cat ARCHIVE@OFFSET --html     # the page a document was made from\n\n"
	"A document's `id` is the place of its record: the archive's name, `@`, and the offset. Cite a document by its "
	"address, fetch\n"
	"time and `warc_record_id`; cite the archives by name and SHA-256 as listed above, and name the crawl that "
	"they are from.\n"
	"Before publishing, say here and in `croissant.json` who publishes the corpus, where, when and under which "
	"terms.\n";

void card_readme(const struct json *manifest, struct buffer *out)
{
	put_front(out, manifest);
	put_summary(out, manifest);
	buffer_append_span(out, span_of(files_text));
	put_fields(out, manifest);
	put_rights(out, manifest);
	put_making(out, manifest);
	buffer_append_span(out, span_of(use_text));
}

enum status card_write(struct span manifest, struct buffer *readme, struct buffer *croissant, struct fault *fault)
{
	const struct json *parsed;
	struct arena *arena = arena_new(SIZE_MAX / 2);
	enum status status = arena ? json_parse(arena, manifest, 0, &parsed, fault)
				   : fault_set(fault, STATUS_MEMORY, 0, "no memory for the cards");
	if (status == STATUS_OK) {
		card_readme(parsed, readme);
		card_croissant(parsed, arena, croissant);
		if (readme->status != STATUS_OK || croissant->status != STATUS_OK)
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the cards");
	}
	arena_free(arena);
	return status;
}
