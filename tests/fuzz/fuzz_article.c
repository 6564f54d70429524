/* Any bytes as a page: the article is valid UTF-8 and NFC, blocks lie inside it in order, scores are probabilities, the
 * decision made again gives the same text, markdown and the explaining page do not fail. The first byte picks options.
 */
#include "extract/extract.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

struct fuzz {
	struct charset_decoder *decoder;
	struct html_parser *parser;
	struct article_extractor *extractors[2];
	struct buffer text;
};

static void check_article(struct fuzz *fuzz, const struct article *article)
{
	uint32_t words = 0, end = 0;
	CHECK(utf8_valid(article->text));
	CHECK(article->confidence >= 0 && article->confidence <= 1);
	CHECK(article->method);
	for (size_t i = 0; i < article->block_count; i++) {
		const struct article_block *block = &article->blocks[i];
		CHECK(block->score >= 0 && block->score <= 1);
		CHECK(block->why && utf8_valid(block->text));
		if (!block->size)
			continue;
		CHECK(block->kept && block->offset >= end && block->offset + block->size <= article->text.size);
		end = block->offset + block->size;
		words += block->words;
	}
	CHECK(words == article->words);
	struct article_block *copy = malloc((article->block_count + 1) * sizeof *copy);
	CHECK(copy);
	if (article->block_count)
		memcpy(copy, article->blocks, article->block_count * sizeof *copy);
	CHECK(article_redecide(copy, article->block_count, NULL, 0, &fuzz->text) == article->words);
	CHECK(span_equal(buffer_span(&fuzz->text), article->text));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz fuzz; /* kept between calls: state must not leak from page to page */
	struct article_options markdown = {.text = ARTICLE_MARKDOWN};
	if (!fuzz.parser) {
		fuzz.decoder = charset_decoder_new((size_t)16 << 20);
		fuzz.parser = html_parser_new(NULL);
		fuzz.extractors[0] = article_extractor_new(NULL);
		fuzz.extractors[1] = article_extractor_new(&markdown);
		buffer_init(&fuzz.text, (size_t)64 << 20);
		CHECK(fuzz.decoder && fuzz.parser && fuzz.extractors[0] && fuzz.extractors[1]);
	}
	if (!size)
		return 0;
	struct page page = {.url = data[0] & 2 ? SPAN("https://example.org/a/b-c?s=d") : SPAN_NONE,
			    .fetch_time = DATE_NONE};
	struct charset_result charset;
	struct article article;
	enum status status = charset_decode(fuzz.decoder, (struct span){(const char *)data + 1, size - 1}, SPAN_NONE,
					    &page.html, &charset);
	CHECK(status == STATUS_OK || status == STATUS_LIMIT);
	status = html_parse(fuzz.parser, page.html, &page.tree);
	CHECK(status == STATUS_OK || status == STATUS_LIMIT);
	CHECK(article_extract(fuzz.extractors[data[0] & 1], &page, &article) == STATUS_OK);
	check_article(&fuzz, &article);
	buffer_clear(&fuzz.text);
	CHECK(article_explain(&page, &article, &fuzz.text) == STATUS_OK);
	CHECK(utf8_valid(buffer_span(&fuzz.text)));
	return 0;
}
