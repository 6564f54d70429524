/* explain: why a page is where it is. The tables say what was decided; texts of pages that were not kept are made again
 * from their records, so that a copy can be held against its keeper word by word. */
#include "corpus/derive.h"
#include "corpus/worddiff.h"

#include <stdlib.h>

struct explain {
	struct corpus *corpus;
	struct derive_shared shared;
	struct span key, address_key; /* as given; its canonical form */
	struct buffer address, scratch;
	struct buffer *out;
	enum corpus_table table;
	/* The row found, copied. */
	bool found;
	struct buffer row;
	/* Of a kept page. */
	uint64_t copies;
	struct span keeper;
	struct buffer keeper_row;
};

static struct span text_of(const struct json *row, const char *name)
{
	struct span value = json_get_text(row, name);
	return value.data ? value : json_get_text(json_get(row, "metadata"), name);
}

static bool same_address(struct explain *explain, struct span url)
{
	if (!url.size || !explain->address_key.size)
		return false;
	buffer_clear(&explain->scratch);
	return url_canonical_key(url, &explain->scratch) == STATUS_OK &&
	       span_equal(buffer_span(&explain->scratch), explain->address_key);
}

static enum status match(void *self, const struct json *row, struct fault *fault)
{
	struct explain *explain = self;
	(void)fault;
	if (!span_equal(json_get_text(row, "id"), explain->key) && !same_address(explain, text_of(row, "url")))
		return STATUS_OK;
	explain->found = true;
	buffer_clear(&explain->row);
	buffer_append_span(&explain->row, row->source);
	return STATUS_END;
}

static enum status match_keeper(void *self, const struct json *row, struct fault *fault)
{
	struct explain *explain = self;
	(void)fault;
	if (!span_equal(json_get_text(row, "id"), explain->keeper))
		return STATUS_OK;
	buffer_append_span(&explain->keeper_row, row->source);
	return STATUS_END;
}

static void put_line(struct buffer *out, const char *label, struct span value)
{
	if (value.size)
		buffer_print(out, "%-12s %.*s\n", label, SPAN_ARG(value));
}

static void put_page(struct buffer *out, const struct json *row)
{
	put_line(out, "id", json_get_text(row, "id"));
	put_line(out, "address", text_of(row, "url"));
	put_line(out, "fetched", text_of(row, "fetch_time"));
	put_line(out, "title", text_of(row, "title"));
	put_line(out, "published", text_of(row, "date_published"));
}

/* ---- A kept page ----------------------------------------------------------------------------------------------------
 */

static enum status list_copy(void *self, const struct json *row, struct fault *fault)
{
	struct explain *explain = self;
	(void)fault;
	if (!span_equal(json_get_text(row, "duplicate_of"), explain->keeper))
		return STATUS_OK;
	if (explain->copies++ == 0)
		buffer_append_span(explain->out, SPAN("\nIts copies:\n"));
	buffer_print(explain->out, "  %.*s  %.*s  fetched %.*s  %.*s\n", SPAN_ARG(json_get_text(row, "kind")),
		     SPAN_ARG(text_of(row, "url")), SPAN_ARG(text_of(row, "fetch_time")),
		     SPAN_ARG(json_get_text(row, "id")));
	return STATUS_OK;
}

static enum status explain_kept(struct explain *explain, const struct json *row, struct fault *fault)
{
	const struct json *metadata = json_get(row, "metadata"), *extraction = json_get(metadata, "extraction");
	const struct json *confidence = json_get(extraction, "confidence");
	explain->keeper = json_get_text(row, "id");
	buffer_append_span(explain->out, SPAN("This page was kept.\n\n"));
	put_page(explain->out, row);
	if (extraction)
		buffer_print(explain->out, "%-12s by %.*s, confidence %.*s\n", "extracted",
			     SPAN_ARG(json_get_text(extraction, "method")),
			     SPAN_ARG(confidence ? confidence->text : SPAN_NONE));
	enum status status = corpus_rows(explain->corpus, TABLE_DUPLICATES, list_copy, explain, fault);
	if (status == STATUS_OK && !explain->copies)
		buffer_append_span(explain->out, SPAN("\nIt has no copies.\n"));
	return status;
}

/* ---- A copy
 * ------------------------------------------------------------------------------------------------------------- */

static struct span number_text(const struct json *object, const char *name)
{
	const struct json *value = json_get(object, name);
	return value ? value->text : SPAN_NONE;
}

/* The rules in words; thresholds stand in docs/duplicates.md. */
static const struct {
	const char *rule, *words;
} rule_words[] = {
	{"exact", "The normalised texts are equal, word for word."},
	{"simhash", "The fingerprints are so close that this alone decides."},
	{"jaccard", "The texts share enough of their three-word sequences."},
	{"containment", "Nearly all of the shorter text stands in the longer one: a cut or wrapped copy."},
	{"linked", "The two texts were not accepted as a pair; each is close to others of the cluster."},
	{"revisit", "The crawler itself recorded that the content had not changed (a revisit record)."},
};

static void put_evidence(struct buffer *out, const struct json *evidence)
{
	struct span rule = json_get_text(evidence, "rule"), hamming = number_text(evidence, "hamming");
	if (!evidence)
		buffer_append_span(out, SPAN("This corpus does not hold the evidence: build --format jsonl or parquet "
					     "keeps it.\n"));
	for (size_t i = 0; i < sizeof rule_words / sizeof *rule_words; i++)
		if (span_equal(rule, span_of(rule_words[i].rule)))
			buffer_print(out, "%s\n", rule_words[i].words);
	if (hamming.size)
		buffer_print(out, "  %.*s of 128 bits of the fingerprints differ\n", SPAN_ARG(hamming));
	if (number_text(evidence, "jaccard").size)
		buffer_print(out, "  shared three-word sequences, of all in either (Jaccard): %.*s\n",
			     SPAN_ARG(number_text(evidence, "jaccard")));
	if (number_text(evidence, "containment").size)
		buffer_print(out, "  shared, of those in the shorter text (containment): %.*s\n",
			     SPAN_ARG(number_text(evidence, "containment")));
}

/* The page at ID made again; false with a sentence in OUT when it cannot be. */
static bool derive_again(struct explain *explain, struct span id, struct deriver **deriver, struct derived *derived,
			 struct fault *fault)
{
	struct span name;
	uint64_t offset, inner;
	*deriver = NULL;
	size_t input = derive_address(id, &name, &offset, &inner) ? derive_input(&explain->shared, name) : SIZE_MAX;
	if (input == SIZE_MAX) {
		buffer_print(explain->out,
			     "\nIts archive is not at hand (%.*s); name it after the corpus to see more.\n",
			     SPAN_ARG(name));
		return false;
	}
	*deriver = deriver_new(&explain->shared, fault);
	if (!*deriver)
		return false;
	deriver_explain(*deriver);
	enum status status = derive(*deriver, input, offset, inner, derived, fault);
	if (status == STATUS_OK && derived->found)
		return true;
	buffer_append_span(explain->out,
			   SPAN("\nIts record cannot be read again; warcmill verify says what changed.\n"));
	return false;
}

static enum status put_diff(struct explain *explain, const struct json *row, const struct json *keeper,
			    struct fault *fault)
{
	struct deriver *deriver;
	struct derived derived;
	enum status status = STATUS_OK;
	if (derive_again(explain, json_get_text(row, "id"), &deriver, &derived, fault)) {
		buffer_append_span(explain->out,
				   SPAN("\nThe copy against the document kept ([-only kept-] {+only copy+}):\n\n"));
		status = word_diff(json_get_text(keeper, "text"), derived.row.document.text, explain->out);
	}
	deriver_free(deriver);
	return status == STATUS_OK ? STATUS_OK : fault_set(fault, status, 0, "no memory to compare two texts");
}

static enum status explain_copy(struct explain *explain, const struct json *row, struct arena *arena,
				struct fault *fault)
{
	const struct json *keeper = NULL;
	struct span kind = json_get_text(row, "kind");
	buffer_append_span(explain->out, SPAN("This page was collapsed into another.\n\n"));
	put_page(explain->out, row);
	explain->keeper = json_get_text(row, "duplicate_of");
	enum status status = corpus_rows(explain->corpus, TABLE_DOCUMENTS, match_keeper, explain, fault);
	if (status == STATUS_OK && explain->keeper_row.size)
		status = json_parse(arena, buffer_span(&explain->keeper_row), 0, &keeper, fault);
	if (status != STATUS_OK)
		return status;
	buffer_append_span(explain->out, SPAN("\nThe document kept for it:\n\n"));
	if (keeper)
		put_page(explain->out, keeper);
	else
		put_line(explain->out, "id", explain->keeper);
	buffer_print(explain->out, "\nIt is a %s copy. ",
		     span_equal(kind, SPAN("exact"))       ? "word-for-word"
		     : span_equal(kind, SPAN("contained")) ? "partial"
		     : span_equal(kind, SPAN("revisit"))   ? "recorded"
							   : "near");
	put_evidence(explain->out, json_get(row, "evidence"));
	if (!keeper || span_equal(kind, SPAN("revisit")))
		return STATUS_OK;
	return put_diff(explain, row, keeper, fault);
}

/* ---- A rejected page
 * -------------------------------------------------------------------------------------------------------- */

static void put_blocks(struct explain *explain, const struct row *row)
{
	buffer_append_span(explain->out, SPAN("\nIts blocks of text as the extractor scored them:\n"));
	for (size_t i = 0; i < row->block_count && i < 40; i++) {
		const struct article_block *block = &row->blocks[i];
		struct span text = span_slice(block->text, 0, 70);
		text.size = utf8_valid_prefix(text);
		buffer_print(explain->out, "  %3d %%  %s  ", (int)(100 * block->score + .5f),
			     block->kept ? "kept   " : "dropped");
		for (size_t c = 0; c < text.size; c++)
			buffer_append_byte(explain->out,
					   text.data[c] == '\n' || text.data[c] == '\t' ? ' ' : text.data[c]);
		buffer_append_byte(explain->out, '\n');
	}
}

static enum status explain_rejected(struct explain *explain, const struct json *row, struct fault *fault)
{
	struct deriver *deriver;
	struct derived derived;
	const struct json *extraction = json_get(row, "extraction");
	buffer_append_span(explain->out, SPAN("This page was rejected.\n\n"));
	put_page(explain->out, row);
	put_line(explain->out, "reason", json_get_text(row, "reason"));
	put_line(explain->out, "method", json_get_text(extraction, "method"));
	put_line(explain->out, "confidence", number_text(extraction, "confidence"));
	put_line(explain->out, "words", number_text(row, "words"));
	put_line(explain->out, "languages", text_of(row, "content_languages"));
	if (derive_again(explain, json_get_text(row, "id"), &deriver, &derived, fault) && derived.row.block_count)
		put_blocks(explain, &derived.row);
	deriver_free(deriver);
	return STATUS_OK;
}

/* ---- All
 * ------------------------------------------------------------------------------------------------------------------------
 */

static enum status explain_row(struct explain *explain, struct fault *fault)
{
	const struct json *row;
	struct arena *arena = arena_new(SIZE_MAX / 2);
	enum status status = arena ? json_parse(arena, buffer_span(&explain->row), 0, &row, fault) : STATUS_MEMORY;
	if (status == STATUS_OK)
		status = explain->table == TABLE_DOCUMENTS    ? explain_kept(explain, row, fault)
			 : explain->table == TABLE_DUPLICATES ? explain_copy(explain, row, arena, fault)
							      : explain_rejected(explain, row, fault);
	arena_free(arena);
	return status;
}

static enum status find_and_explain(struct explain *explain, struct fault *fault)
{
	enum status status = STATUS_OK;
	for (int table = 0; status == STATUS_OK && !explain->found && table < TABLE_COUNT; table++) {
		explain->table = (enum corpus_table)table;
		status = corpus_rows(explain->corpus, explain->table, match, explain, fault);
	}
	if (status != STATUS_OK)
		return status;
	if (explain->found)
		return explain_row(explain, fault);
	buffer_print(
		explain->out,
		"This corpus has never seen %.*s as a page: it is not among the documents, copies and rejected pages.\n"
		"Records that are no HTML page, or were filtered by an option, are counted in manifest.json only.\n",
		SPAN_ARG(explain->key));
	return STATUS_END;
}

enum status corpus_explain(const char *folder, const char *key, const char *const *inputs, size_t input_count,
			   struct buffer *out, struct fault *fault)
{
	struct explain explain = {.key = span_of(key), .out = out};
	buffer_init(&explain.address, 1 << 20);
	buffer_init(&explain.scratch, 1 << 20);
	buffer_init(&explain.row, SIZE_MAX / 2);
	buffer_init(&explain.keeper_row, SIZE_MAX / 2);
	if (strstr(key, "://") && url_canonical_key(explain.key, &explain.address) == STATUS_OK)
		explain.address_key = buffer_span(&explain.address);
	enum status status = corpus_open(folder, &explain.corpus, fault);
	if (status == STATUS_OK) {
		status = derive_shared_open(explain.corpus, inputs, input_count, &explain.shared, fault);
		/* Without archives much can be said all the same. */
		if (status == STATUS_OK || !input_count)
			status = find_and_explain(&explain, fault);
		derive_shared_close(&explain.shared);
	}
	if (status == STATUS_OK && out->status != STATUS_OK)
		status = fault_set(fault, out->status, 0, "no memory for the explanation");
	corpus_close(explain.corpus);
	buffer_free(&explain.address);
	buffer_free(&explain.scratch);
	buffer_free(&explain.row);
	buffer_free(&explain.keeper_row);
	return status;
}
