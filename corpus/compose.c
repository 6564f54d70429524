/* compose: rows of the corpus from rows of the spool. Used where parts are written and where they are verified, so that
 * both say the same of the same record; what follows from other records (clusters, splits) is added by the caller. */
#include "corpus/emit_internal.h"

static struct span created_of(const struct document *document, struct arena *arena)
{
	char text[21];
	if (document->date_published.data)
		return document->date_published;
	if (document->page.fetch_time == DATE_NONE)
		return SPAN_NONE;
	date_format(document->page.fetch_time, text);
	return arena_copy(arena, span_of(text));
}

enum status compose_document(const struct plan *plan, const struct row *row, const struct signature *signature,
			     struct masker *masker, struct arena *arena, struct corpus_row *out)
{
	memset(out, 0, sizeof *out);
	out->table = TABLE_DOCUMENTS;
	out->as.document = row->document;
	struct document *document = &out->as.document;
	document->source = plan->settings.source;
	document->created = created_of(document, arena);
	memcpy(document->simhash, signature->simhash, sizeof document->simhash);
	document->cluster_size = 1;
	return mask_text(masker, plan->settings.mask, row->document.text, &document->text, &document->masked);
}

void compose_duplicate(const struct row *row, const struct signature *signature, struct corpus_row *out)
{
	memset(out, 0, sizeof *out);
	out->table = TABLE_DUPLICATES;
	struct duplicate *duplicate = &out->as.duplicate;
	duplicate->page = row->document.page;
	duplicate->title = row->document.title;
	duplicate->languages = row->document.languages;
	duplicate->words = row->document.words;
	if (signature) {
		memcpy(duplicate->simhash, signature->simhash, sizeof duplicate->simhash);
		return;
	}
	duplicate->kind = SPAN("revisit");
	duplicate->evidence = (struct duplicate_evidence){.hamming = -1,
							  .numbers = -1,
							  .anchors = -1,
							  .head = -1,
							  .numbers_apart = -1,
							  .tokens = -1,
							  .jaccard = -1,
							  .containment = -1,
							  .score = -1,
							  .direct = true,
							  .kind_of_rule = SPAN("revisit")};
}

static double per_mille(uint16_t value)
{
	return value == EVIDENCE_ABSENT ? -1 : value / 1000.0;
}

void compose_evidence(const struct pair_evidence *evidence, struct duplicate *duplicate)
{
	duplicate->evidence = (struct duplicate_evidence){
		.hamming = evidence->hamming,
		.jaccard = per_mille(evidence->jaccard),
		.containment = per_mille(evidence->containment),
		.numbers = evidence->numbers == EVIDENCE_ABSENT ? -1 : per_mille(evidence->numbers),
		.anchors = evidence->anchors,
		.head = evidence->head,
		.numbers_apart = evidence->numbers == EVIDENCE_ABSENT ? -1 : evidence->numbers_apart,
		.tokens = (int)evidence->tokens,
		.score = per_mille(evidence->score),
		.direct = evidence->rule != PAIR_LINKED && evidence->rule != PAIR_NONE,
		.kind_of_rule = span_of(pair_rule_name(evidence->rule)),
	};
	duplicate->kind = evidence->rule == PAIR_EXACT         ? SPAN("exact")
			  : evidence->rule == PAIR_CONTAINMENT ? SPAN("contained")
							       : SPAN("near");
}

void compose_rejection(const struct row *row, const char *reason, struct corpus_row *out)
{
	memset(out, 0, sizeof *out);
	out->table = TABLE_REJECTED;
	struct rejection *rejection = &out->as.rejection;
	rejection->page = row->document.page;
	rejection->title = row->document.title;
	rejection->reason = reason ? span_of(reason) : row->reason;
	rejection->extraction_method = row->document.extraction_method;
	rejection->extraction_confidence = row->document.extraction_confidence;
	rejection->languages = row->document.languages;
	rejection->words = row->document.words;
}
