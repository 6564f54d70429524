/* report_text: a corpus in words, for a terminal: what was kept, what collapsed into what and why, what was rejected.
 * Shows the first entries of each sort; the whole is in the corpus. */
#include "cli/report_text.h"
#include "corpus/reading.h"

#include <stdio.h>

enum { DOCUMENTS_SHOWN = 60, COPIES_SHOWN = 8, REJECTED_SHOWN = 30 };

struct shown_copy {
	struct span url, kind;
	double jaccard, containment;
	uint64_t hamming;
};
struct shown_document {
	struct span id, url, title, language;
	uint64_t words, copies;
	struct shown_copy listed[COPIES_SHOWN];
	size_t listed_count;
};
struct report_text {
	struct arena *arena;
	struct shown_document documents[DOCUMENTS_SHOWN];
	size_t count;
	uint64_t rejected_left;
};

static uint64_t number(const struct json *object, const char *key)
{
	uint64_t value = 0;
	json_get_u64(object, key, &value);
	return value;
}

static enum status visit_document(void *self, const struct json *row, struct fault *fault)
{
	struct report_text *text = self;
	const struct json *metadata = json_get(row, "metadata");
	struct span languages = json_get_text(metadata, "content_languages");
	(void)fault;
	if (text->count == DOCUMENTS_SHOWN)
		return STATUS_END;
	text->documents[text->count++] = (struct shown_document){
		.id = arena_copy(text->arena, json_get_text(row, "id")),
		.url = arena_copy(text->arena, json_get_text(metadata, "url")),
		.title = arena_copy(text->arena, json_get_text(metadata, "title")),
		.language = arena_copy(text->arena, span_slice(languages, 0, 3)),
		.words = number(metadata, "words"),
	};
	return STATUS_OK;
}

static enum status visit_duplicate(void *self, const struct json *row, struct fault *fault)
{
	struct report_text *text = self;
	struct span keeper = json_get_text(row, "duplicate_of");
	const struct json *evidence = json_get(row, "evidence");
	(void)fault;
	for (size_t i = 0; i < text->count; i++) {
		struct shown_document *document = &text->documents[i];
		if (!span_equal(document->id, keeper))
			continue;
		document->copies++;
		if (document->listed_count < COPIES_SHOWN)
			document->listed[document->listed_count++] = (struct shown_copy){
				.url = arena_copy(text->arena, json_get_text(row, "url")),
				.kind = arena_copy(text->arena, json_get_text(row, "kind")),
				.hamming = number(evidence, "hamming"),
				.jaccard = json_get_real(evidence, "jaccard", 0),
				.containment = json_get_real(evidence, "containment", 0),
			};
		break;
	}
	return STATUS_OK;
}

static void print_copy(const struct shown_copy *copy)
{
	printf("          = %.*s\n            ", SPAN_ARG(copy->url));
	if (span_equal(copy->kind, SPAN("revisit")))
		puts("fetched again, not changed");
	else if (span_equal(copy->kind, SPAN("exact")))
		puts("the same text");
	else
		printf("%s: %llu of 128 fingerprint bits differ, %.0f %% of word sequences shared, %.0f %% of the "
		       "shorter text contained\n",
		       span_equal(copy->kind, SPAN("contained")) ? "a part of it" : "nearly the same",
		       (unsigned long long)copy->hamming, 100 * copy->jaccard, 100 * copy->containment);
}

static void print_documents(const struct report_text *text, uint64_t all)
{
	printf("\nKept: %llu documents\n", (unsigned long long)all);
	for (size_t i = 0; i < text->count; i++) {
		const struct shown_document *document = &text->documents[i];
		printf("  %-4.*s %5llu words  %.*s\n          %.*s\n", SPAN_ARG(document->language),
		       (unsigned long long)document->words, SPAN_ARG(document->title), SPAN_ARG(document->url));
		for (size_t k = 0; k < document->listed_count; k++)
			print_copy(&document->listed[k]);
		if (document->copies > document->listed_count)
			printf("          and %llu more copies\n",
			       (unsigned long long)(document->copies - document->listed_count));
	}
	if (all > text->count)
		printf("  and %llu more\n", (unsigned long long)(all - text->count));
}

static enum status visit_rejected(void *self, const struct json *row, struct fault *fault)
{
	struct report_text *text = self;
	(void)fault;
	if (!text->rejected_left)
		return STATUS_END;
	text->rejected_left--;
	printf("  %-16.*s %.*s\n", SPAN_ARG(json_get_text(row, "reason")), SPAN_ARG(json_get_text(row, "url")));
	return STATUS_OK;
}

static uint64_t print_counts(const char *title, const struct json *counts)
{
	uint64_t sum = 0, value;
	for (const struct json *count = counts ? counts->first : NULL; count; count = count->next)
		if (span_to_u64(count->text, &value))
			sum += value;
	printf("\n%s: %llu", title, (unsigned long long)sum);
	const char *separator = " (";
	for (const struct json *count = counts ? counts->first : NULL; count; count = count->next) {
		printf("%s%.*s %.*s", separator, SPAN_ARG(count->key), SPAN_ARG(count->text));
		separator = ", ";
	}
	puts(*separator == ',' ? ")" : "");
	return sum;
}

static enum status print_rows(const struct corpus *corpus, struct report_text *text, struct fault *fault)
{
	const struct json *counters = json_get(corpus->manifest, "counters");
	enum status status = corpus_rows(corpus, TABLE_DOCUMENTS, visit_document, text, fault);
	if (status == STATUS_OK)
		status = corpus_rows(corpus, TABLE_DUPLICATES, visit_duplicate, text, fault);
	if (status != STATUS_OK)
		return status;
	print_documents(text, number(counters, "documents"));
	uint64_t rejected = print_counts("Rejected, no article", json_get(counters, "rejected"));
	text->rejected_left = REJECTED_SHOWN;
	status = corpus_rows(corpus, TABLE_REJECTED, visit_rejected, text, fault);
	if (rejected > REJECTED_SHOWN)
		printf("  and %llu more\n", (unsigned long long)(rejected - REJECTED_SHOWN));
	return status;
}

enum status report_text(const char *folder, struct fault *fault)
{
	struct corpus *corpus;
	struct report_text text = {.arena = arena_new((size_t)64 << 20)};
	enum status status =
		text.arena ? corpus_open(folder, &corpus, fault) : fault_set(fault, STATUS_MEMORY, 0, "no memory");
	if (status == STATUS_OK) {
		const struct json *counters = json_get(corpus->manifest, "counters");
		printf("%llu records: %llu documents, %llu copies, %llu damaged places\n",
		       (unsigned long long)number(counters, "records"),
		       (unsigned long long)number(counters, "documents"),
		       (unsigned long long)number(counters, "duplicates"),
		       (unsigned long long)number(counters, "damaged"));
		if (corpus_rows_whole(corpus))
			status = print_rows(corpus, &text, fault);
		else
			print_counts("Rejected, no article", json_get(counters, "rejected"));
		print_counts("Skipped, no page to read", json_get(counters, "skipped"));
		corpus_close(corpus);
	}
	arena_free(text.arena);
	return status;
}
