/* stages_inside: what no public header names: two stages, and the steps of an article. The only file of the harness
 * that looks behind the headers. */
#include "bench/clock.h"
#include "bench/stages.h"

#include "extract/article_internal.h"
#include "extract/html_internal.h"
#include "warc/warc_internal.h"

#include <unistd.h>

bool stage_decompress(void *context, struct work *work)
{
	struct fixture *fixture = context;
	bool good = true;
	for (size_t i = 0; good && i < warc_inputs_count(fixture->inputs); i++) {
		const struct warc_input *input = warc_inputs_at(fixture->inputs, i);
		enum warc_kind kind = warc_input_kind(input);
		struct source *source;
		struct text text = {0};
		struct fault fault;
		if (source_open(input, &source, &fault))
			return false;
		text_open(&text, source, (uint64_t)4 << 30);
		text_start(&text,
			   kind == WARC_KIND_GZIP   ? CODEC_GZIP
			   : kind == WARC_KIND_ZSTD ? CODEC_ZSTD
						    : CODEC_NONE,
			   0);
		enum status status;
		while ((status = text_more(&text, TEXT_CHUNK, &fault)) == STATUS_OK) {
			size_t size = text_span(&text).size;
			work->check += size;
			text_drop(&text, size);
		}
		good = status == STATUS_END && !text.broken;
		text_free(&text);
		source_close(source);
	}
	work->bytes = fixture->inflated.size;
	work->units = fixture->records;
	return good;
}

/* What the tree builder tells the tokenizer after a start tag (WHATWG HTML 13.2.6.2), without a tree. */
static enum token_state state_after(enum html_tag tag)
{
	switch (tag) {
	case HTML_TAG_SCRIPT:
		return STATE_SCRIPT;
	case HTML_TAG_STYLE:
	case HTML_TAG_XMP:
	case HTML_TAG_IFRAME:
	case HTML_TAG_NOEMBED:
	case HTML_TAG_NOFRAMES:
		return STATE_RAWTEXT;
	case HTML_TAG_TITLE:
	case HTML_TAG_TEXTAREA:
		return STATE_RCDATA;
	case HTML_TAG_PLAINTEXT:
		return STATE_PLAINTEXT;
	default:
		return STATE_DATA;
	}
}

bool stage_tokenize(void *context, struct work *work)
{
	struct fixture *fixture = context;
	struct html_parser *parser = html_parser_new(NULL);
	const struct html_tree *tree;
	for (size_t i = 0; parser && i < fixture->page_count; i++) {
		html_parse(parser, SPAN(""), &tree); /* resets */
		html_tokenizer_start(parser, fixture->pages[i].html);
		for (;;) {
			html_token_next(parser);
			const struct html_token *token = &parser->token;
			if (token->kind == TOKEN_EOF)
				break;
			work->check += token->kind + token->attribute_count + token->text.size;
			if (token->kind != TOKEN_START)
				continue;
			parser->state = state_after(token->tag);
			parser->raw_name = token->name;
		}
	}
	html_parser_free(parser);
	work->bytes = fixture->html_bytes;
	work->units = fixture->page_count;
	return parser != NULL;
}

/* ---- The steps of an article -------------------------------------------------------------------------- */

/* One step's share of article_extract: whole articles are made, and what lies between the step before and this one is
 * added up. */
struct step_share {
	enum article_step step;
	struct work *work;
	double from;
	uint64_t counted_from;
};

static uint64_t counted(int counter)
{
	uint64_t now;
	return counter >= 0 && read(counter, &now, sizeof now) == sizeof now ? now : 0;
}

static void share_start(struct step_share *share)
{
	share->counted_from = counted(share->work->counter);
	share->from = clock_cpu_seconds();
}

/* Only two clock readings a page: a reading takes as long as a small step. */
static void on_step(void *context, enum article_step step)
{
	struct step_share *share = context;
	if (step + 1 == share->step) {
		share_start(share);
	} else if (step == share->step) {
		share->work->seconds += clock_cpu_seconds() - share->from;
		share->work->instructions += counted(share->work->counter) - share->counted_from;
	}
}

static bool run_step(struct fixture *fixture, struct work *work, enum article_step step)
{
	struct html_parser *parser = html_parser_new(NULL);
	struct article_extractor *extractor = article_extractor_new(NULL);
	struct step_share share = {.step = step, .work = work};
	for (size_t i = 0; parser && extractor && i < fixture->page_count; i++) {
		const struct fixture_page *from = &fixture->pages[i];
		struct page page = {.url = from->url, .fetch_time = from->fetch_time, .html = from->html};
		struct article article = {0};
		enum status status = html_parse(parser, from->html, &page.tree);
		if (status && status != STATUS_LIMIT)
			continue;
		extractor->on_step = on_step;
		extractor->step_context = &share;
		if (step == STEP_METADATA)
			share_start(&share);
		article_extract(extractor, &page, &article);
		work->check += article.text.size;
	}
	bool good = parser && extractor;
	html_parser_free(parser);
	article_extractor_free(extractor);
	work->bytes = fixture->html_bytes;
	work->units = fixture->page_count;
	return good;
}

#define STEP(name, step)                                                                                               \
	static bool step_##name(void *context, struct work *work)                                                      \
	{                                                                                                              \
		return run_step(context, work, step);                                                                  \
	}
STEP(metadata, STEP_METADATA)
STEP(blocks, STEP_BLOCKS)
STEP(features, STEP_FEATURES)
STEP(stage1, STEP_STAGE1)
STEP(context, STEP_CONTEXT)
STEP(stage2, STEP_STAGE2)
STEP(decide, STEP_DECIDE)
STEP(language, STEP_LANGUAGE)
#undef STEP

void article_steps_add(struct tasks *tasks, struct fixture *fixture)
{
	static const struct {
		const char *name, *about;
		bool (*run)(void *context, struct work *work);
	} steps[STEP_COUNT] = {
		{"article: metadata", "of the article's time: title, authors, dates", step_metadata},
		{"article: blocks", "of the article's time: tree to blocks of text", step_blocks},
		{"article: features", "of the article's time: the matrix of stage 1", step_features},
		{"article: stage 1", "of the article's time: its trees", step_stage1},
		{"article: context", "of the article's time: the matrix of stage 2", step_context},
		{"article: stage 2", "of the article's time: its trees", step_stage2},
		{"article: decide", "of the article's time: forms, decision, text, class of page", step_decide},
		{"article: language", "of the article's time: CLD2 on a sample of the text", step_language},
	};
	for (size_t i = 0; i < STEP_COUNT; i++)
		tasks_add(tasks, (struct task){steps[i].name, "stage", steps[i].about, "page", NULL, fixture,
					       steps[i].run, NULL, false});
}
