/* score_show: extraction scores as text and as JSON. */
#include "bench/extraction.h"

static struct span or_none(struct span name)
{
	return name.data ? name : SPAN("None");
}

static void print_groups(FILE *out, const char *title, const struct groups *groups)
{
	if (groups->count < 2)
		return;
	fprintf(out, "  %-12s %7s %9s %9s %9s\n", title, "pages", "shingle4", "wordF1", "char5");
	for (size_t i = 0; i < groups->count; i++) {
		const struct group_score *group = &groups->at[i];
		fprintf(out, "  %-12.*s %7zu %9.4f %9.4f %9.4f\n", SPAN_ARG(or_none(group->name)), group->pages,
			group->shingle.f1, group->word.f1, group->char5);
	}
}

static void print_field(FILE *out, const char *name, const struct field_score *field)
{
	if (field->pages)
		fprintf(out, "%s n %zu correct %.3f wrong %.3f missing %.3f\n", name, field->pages, field->correct,
			field->wrong, field->missing);
}

void extraction_print(FILE *out, const struct truth_set *set, const struct extraction_score *score)
{
	fprintf(out, "%s: %zu pages, %zu with a body in the truth, %zu of these with a result\n", set->name,
		score->pages, score->bodies, score->found);
	if (score->bodies) {
		fprintf(out, "shingle4 F1 %.4f P %.4f R %.4f exact %.3f\n", score->shingle.f1, score->shingle.precision,
			score->shingle.recall, score->exact);
		fprintf(out, "  bootstrap sd %.4f, 95 %% in [%.4f, %.4f]\n", score->shingle_deviation,
			score->shingle_low, score->shingle_high);
		fprintf(out, "wordF1(macro) P %.4f R %.4f F1 %.4f\n", score->word.precision, score->word.recall,
			score->word.f1);
		fprintf(out, "char5 F1 %.4f\n", score->char5);
		print_groups(out, "page type", &score->by_type);
		print_groups(out, "language", &score->by_lang);
	}
	if (score->has_snippets)
		fprintf(out, "snippet P %.4f R %.4f acc %.4f F1 %.4f (%zu, %zu, %zu, %zu)\n", score->snippet.precision,
			score->snippet.recall, score->snippet_accuracy, score->snippet.f1, score->snippet_tp,
			score->snippet_fp, score->snippet_fn, score->snippet_tn);
	if (score->has_rouge)
		fprintf(out, "rougeLsum P %.4f R %.4f F1 %.4f\n", score->rouge.precision, score->rouge.recall,
			score->rouge.f1);
	print_field(out, "title", &score->title);
	print_field(out, "author", &score->author);
	print_field(out, "date", &score->date);
}

/* ---- JSON
 * ---------------------------------------------------------------------------------------------------------------- */

static void put_real(struct json_writer *json, const char *key, double value)
{
	json_key(json, key);
	json_real(json, value, 6);
}

static void put_prf(struct json_writer *json, const char *key, struct prf score)
{
	json_key(json, key);
	json_begin(json, '{');
	put_real(json, "precision", score.precision);
	put_real(json, "recall", score.recall);
	put_real(json, "f1", score.f1);
	json_end(json, '}');
}

static void put_field(struct json_writer *json, const char *key, const struct field_score *field)
{
	if (!field->pages)
		return;
	json_key(json, key);
	json_begin(json, '{');
	json_put_uint(json, "pages", field->pages);
	put_real(json, "correct", field->correct);
	put_real(json, "wrong", field->wrong);
	put_real(json, "missing", field->missing);
	json_end(json, '}');
}

static void put_groups(struct json_writer *json, const char *key, const struct groups *groups)
{
	json_key(json, key);
	json_begin(json, '[');
	for (size_t i = 0; i < groups->count; i++) {
		const struct group_score *group = &groups->at[i];
		json_begin(json, '{');
		json_key(json, "name");
		json_text(json, group->name);
		json_put_uint(json, "pages", group->pages);
		put_real(json, "shingle_f1", group->shingle.f1);
		put_real(json, "word_f1", group->word.f1);
		put_real(json, "char5_f1", group->char5);
		json_end(json, '}');
	}
	json_end(json, ']');
}

/* Shingle F1 of every page, so that two runs can be compared page by page. */
static void put_each(struct json_writer *json, const struct truth_set *set, const struct extraction_score *score)
{
	json_key(json, "each");
	json_begin(json, '{');
	for (size_t i = 0; i < set->count; i++) {
		if (!score->each[i].scored)
			continue;
		struct buffer key;
		buffer_init(&key, 1 << 20);
		buffer_append_span(&key, set->pages[i].id);
		buffer_append_byte(&key, '\0');
		json_key(json, key.data);
		json_real(json, score->each[i].shingle_f1, 4);
		buffer_free(&key);
	}
	json_end(json, '}');
}

void extraction_json(struct json_writer *json, const struct truth_set *set, const struct extraction_score *score,
		     bool each)
{
	json_put_uint(json, "pages", score->pages);
	json_put_uint(json, "bodies", score->bodies);
	json_put_uint(json, "found", score->found);
	if (score->bodies) {
		put_prf(json, "shingle", score->shingle);
		put_real(json, "shingle_low", score->shingle_low);
		put_real(json, "shingle_high", score->shingle_high);
		put_real(json, "shingle_sd", score->shingle_deviation);
		put_real(json, "exact", score->exact);
		put_prf(json, "word", score->word);
		put_real(json, "char5_f1", score->char5);
		put_groups(json, "by_lang", &score->by_lang);
		put_groups(json, "by_type", &score->by_type);
	}
	if (score->has_snippets)
		put_prf(json, "snippet", score->snippet);
	if (score->has_rouge)
		put_prf(json, "rouge_lsum", score->rouge);
	put_field(json, "title", &score->title);
	put_field(json, "author", &score->author);
	put_field(json, "date", &score->date);
	if (each && score->bodies)
		put_each(json, set, score);
}
