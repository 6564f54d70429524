/* article: a page's tree to its article. Metadata first (the features compare with title, description and authors),
 * then blocks, features, two stages of trees, the decision, the fallbacks, the class of the page, the text, and its
 * language. */
#include "extract/article_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { JSON_TOKENS = 100000, LITTLE_BODY = 60 };

void article_version(const struct article_model *model, char out[ARTICLE_VERSION_MAX])
{
	uint64_t digest = model ? model->digest : hash64(model_builtin, model_builtin_size, 0);
	snprintf(out, ARTICLE_VERSION_MAX, "1-%016llx", (unsigned long long)digest);
}

struct article_extractor *article_extractor_new(const struct article_options *options)
{
	struct article_extractor *extractor = memory_zeroed(1, sizeof *extractor);
	if (!extractor)
		return NULL;
	if (options)
		extractor->options = *options;
	buffer_init(&extractor->text, (size_t)256 << 20);
	buffer_init(&extractor->spare, (size_t)256 << 20);
	extractor->model = extractor->options.model;
	if (!extractor->model && model_builtin_size) {
		extractor->own =
			article_model_open((struct span){(const char *)model_builtin, model_builtin_size}, NULL);
		extractor->model =
			extractor->own; /* none while features change before training: rules, then (tested) */
	}
	extractor->arena = arena_new((size_t)256 << 20);
	if (extractor->options.text == ARTICLE_MARKDOWN)
		extractor->address = arena_new(1 << 20);
	extractor->reader = metadata_reader_new();
	if (!extractor->arena || (extractor->options.text == ARTICLE_MARKDOWN && !extractor->address) ||
	    !extractor->reader || blocks_init(&extractor->blocks) || features_init(&extractor->features))
		goto fail;
	return extractor;
fail:
	article_extractor_free(extractor);
	return NULL;
}

void article_extractor_free(struct article_extractor *extractor)
{
	if (!extractor)
		return;
	blocks_free(&extractor->blocks);
	features_free(&extractor->features);
	metadata_reader_free(extractor->reader);
	arena_free(extractor->arena);
	arena_free(extractor->address);
	article_model_free(extractor->own);
	buffer_free(&extractor->text);
	buffer_free(&extractor->spare);
	free(extractor->p[0]);
	free(extractor->p[1]);
	free(extractor->out);
	free(extractor);
}

static uint64_t text_bytes(const struct blocks *blocks)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < blocks->count; i++)
		sum += blocks->items[i].size;
	return sum;
}

/* Pages that scripts fill (forums above all) hold their text in <noscript>: read it where the rest is next to nothing.
 */
static enum status read_blocks(struct article_extractor *extractor, const struct html_tree *tree)
{
	enum { LITTLE_TEXT = 1200 };
	const struct model_tokens *tokens = extractor->model ? &extractor->model->tokens : NULL;
	enum status status = blocks_read(&extractor->blocks, tree, false, tokens);
	uint64_t without = text_bytes(&extractor->blocks);
	if (status || without >= LITTLE_TEXT)
		return status;
	status = blocks_read(&extractor->blocks, tree, true, tokens);
	if (!status && text_bytes(&extractor->blocks) <= 2 * without + 400)
		status = blocks_read(&extractor->blocks, tree, false, tokens);
	return status;
}

static enum status reserve(struct article_extractor *extractor, size_t count)
{
	if (count > extractor->p_capacity) {
		size_t target = count + count / 2 + 256;
		for (int i = 0; i < 2; i++) {
			uint8_t *bigger = memory_grow(extractor->p[i], target);
			if (!bigger)
				return STATUS_MEMORY;
			extractor->p[i] = bigger;
		}
		struct article_block *more = memory_grow(extractor->out, target * sizeof *more);
		if (!more)
			return STATUS_MEMORY;
		extractor->out = more;
		extractor->p_capacity = target;
	}
	return STATUS_OK;
}

/* Without a model: long text with few links. */
static void measure_plain(struct article_extractor *extractor)
{
	for (size_t i = 0; i < extractor->blocks.count; i++) {
		const uint8_t *mass = features_row(&extractor->features, COLUMN_in_mass);
		extractor->p[0][i] = extractor->p[1][i] = extractor->blocks.items[i].is_long && mass[i] ? 230 : 10;
	}
}

static void step_end(const struct article_extractor *extractor, enum article_step step)
{
	if (extractor->on_step)
		extractor->on_step(extractor->step_context, step);
}

enum status article_measure(struct article_extractor *extractor, const struct page *page,
			    struct page_metadata *metadata)
{
	arena_reset(extractor->arena);
	memset(metadata, 0, sizeof *metadata);
	enum status status = metadata_read(extractor->reader, page, extractor->arena, metadata);
	step_end(extractor, STEP_METADATA);
	if (!status)
		status = read_blocks(extractor, page->tree);
	step_end(extractor, STEP_BLOCKS);
	if (!status)
		status = reserve(extractor, extractor->blocks.count);
	if (!status)
		status = features_page(&extractor->features, &extractor->blocks, page->tree, metadata,
				       extractor->model ? &extractor->model->tokens : NULL);
	if (status)
		return status;
	step_end(extractor, STEP_FEATURES);
	size_t count = extractor->blocks.count;
	if (!extractor->model) {
		measure_plain(extractor);
		return STATUS_OK;
	}
	model_evaluate(extractor->model, 0, extractor->features.views, count, NULL, extractor->p[0]);
	step_end(extractor, STEP_STAGE1);
	status = features_context(&extractor->features, &extractor->blocks, extractor->p[0]);
	step_end(extractor, STEP_CONTEXT);
	if (!status && extractor->model->stages[1].tree_count)
		model_evaluate(extractor->model, 1, extractor->features.views, count, extractor->p[0], extractor->p[1]);
	else if (!status && count) /* a model half trained */
		memcpy(extractor->p[1], extractor->p[0], count);
	step_end(extractor, STEP_STAGE2);
	return status;
}

/* The body as the page's JSON has it, in paragraphs as blocks, so that it can be decided again like any other. */
static enum status take_embedded(struct article_extractor *extractor, struct span body, const char *why, size_t *count)
{
	struct blocks *blocks = &extractor->blocks;
	struct span line;
	size_t n = 0;
	while (span_cut(&body, '\n', &line)) {
		line = span_trim(line);
		if (!line.size)
			continue;
		enum status status = reserve(extractor, n + 1);
		uint32_t *tokens = features_scratch(&extractor->features, JSON_TOKENS, false);
		if (status || !tokens)
			return STATUS_MEMORY;
		size_t words = text_tokens(blocks, line, tokens, JSON_TOKENS);
		uint64_t hash = hash64(tokens, words * sizeof *tokens, 0);
		if (extractor->options.text == ARTICLE_MARKDOWN) {
			buffer_clear(&extractor->spare);
			status = article_markdown_text(extractor, line);
			line = status ? SPAN_NONE : arena_copy(extractor->arena, buffer_span(&extractor->spare));
			if (!line.data)
				return status ? status : STATUS_LIMIT;
		}
		extractor->out[n++] = (struct article_block){
			.hash = hash,
			.score = 1.0f,
			.first_score = 1.0f,
			.kept = true,
			.words = (uint32_t)words,
			.node = 0,
			.text = line,
			.why = why,
		};
	}
	*count = n;
	return STATUS_OK;
}

/* A page that holds no body of its own (scripts would fetch it, or show it to subscribers) may still carry it as data.
 */
static bool wants_embedded(struct span body, uint32_t words)
{
	size_t tokens = 0;
	if (body.size < 200)
		return false;
	for (size_t i = 0; i < body.size; i++) /* words, roughly: blanks, or bytes where there are none */
		tokens += body.data[i] == ' ';
	if (tokens * 20 < body.size)
		tokens = body.size / 6;
	return tokens > (size_t)3 * words + 40;
}

/* Is what the page shows the beginning of BODY? A reader sees a preview then, not an empty page. */
static bool is_preview(const struct article_extractor *extractor, struct span body, const struct article *article)
{
	enum { PREVIEW_WORDS = 25, START = 30 };
	if (article->words < PREVIEW_WORDS)
		return false;
	for (size_t i = 0; i < extractor->blocks.count; i++) {
		const struct article_block *block = &extractor->out[i];
		if (block->kept && block->text.size >= START &&
		    span_find(body, span_slice(block->text, 0, START)) != SIZE_MAX)
			return true;
	}
	return false;
}

/* Expected F measure of the choice, from the probabilities themselves. */
static double confidence_of(const struct article_block *blocks, size_t count)
{
	uint64_t taken = 0, good = 0, total = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t weight = 3 * (uint64_t)blocks[i].words + 1, p = (uint64_t)article_score255(&blocks[i]);
		total += weight * p;
		taken += blocks[i].kept ? weight : 0;
		good += blocks[i].kept ? weight * p : 0;
	}
	return taken ? 2.0 * (double)good / (double)(255 * taken + total) : 0;
}

static void start_blocks(struct article_extractor *extractor)
{
	const struct blocks *blocks = &extractor->blocks;
	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *block = &blocks->items[i];
		extractor->out[i] = (struct article_block){
			.hash = block->hash,
			.score = (float)extractor->p[1][i] / 255.0f,
			.first_score = (float)extractor->p[0][i] / 255.0f,
			.words = (block->words + WORD / 2) / WORD,
			.node = blocks->elements[block->element].node,
		};
	}
}

enum status article_extract(struct article_extractor *extractor, const struct page *page, struct article *out)
{
	memset(out, 0, sizeof *out);
	enum status status = article_measure(extractor, page, &out->metadata);
	if (status)
		return status;
	size_t count = extractor->blocks.count;
	start_blocks(extractor);
	status = article_forms(extractor, page, extractor->out);
	if (status)
		return status;
	out->method = article_decide(extractor->out, count, NULL, 0);
	out->words = article_join(extractor->out, count, &extractor->text);
	const char *embedded = "json-ld";
	struct span body = out->metadata.json_body;
	if (out->words < LITTLE_BODY && body.size < 200) { /* worth a parse of the page's scripts */
		status = metadata_page_state_body(extractor->reader, page, &out->metadata,
						  buffer_span(&extractor->text), extractor->arena, &body);
		if (status)
			return status;
		if (is_preview(extractor, body, out))
			body = SPAN_NONE;
		embedded = "page-state";
	}
	if (wants_embedded(body, out->words)) {
		status = take_embedded(extractor, body, embedded, &count);
		if (status)
			return status;
		out->method = embedded;
		out->words = article_join(extractor->out, count, &extractor->text);
	}
	if (extractor->text.status)
		return extractor->text.status;
	out->text = buffer_span(&extractor->text);
	out->blocks = extractor->out;
	out->block_count = count;
	out->confidence = confidence_of(extractor->out, count);
	if (!extractor->options.keep_all)
		out->rejected = article_class(extractor, page, out);
	step_end(extractor, STEP_DECIDE);
	status = language_detect(out->text, extractor->arena, &out->language, &out->languages);
	step_end(extractor, STEP_LANGUAGE);
	return status;
}
