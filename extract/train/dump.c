/* dump: pages to the records that train.py reads: blocks, tokens and the very matrix that the trees see. Not installed.
 *
 * usage: warcmill-features [--model FILE] LIST OUT     LIST holds PATH<TAB>URL lines; one record a page, in order,
 * little endian: u32 magic, blocks n, elements e, columns c, text bytes t; u32 parent[e]; u8 token count[e]; u32
 * tokens; u32 element[n]; u32 words[n] (1/20); u32 text end[n]; u8 word count[n]; u32 words' hashes; u8 matrix[c][n];
 * u8 p[2][n]; text.
 *
 *        warcmill-features [--model FILE] --checksum PAGE...   what the features of these pages come to
 *        warcmill-features --check PAGE...                     fails if that is not what the built-in model was made
 * with */
#include "extract/article_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void put(struct buffer *out, const void *data, size_t size)
{
	buffer_append(out, data, size);
}

static void put32(struct buffer *out, uint32_t value)
{
	put(out, &value, 4); /* little-endian hosts only: a tool of the trainer */
}

static void put_elements(struct buffer *out, struct buffer *spare, const struct blocks *blocks,
			 const struct html_tree *tree)
{
	buffer_clear(spare);
	for (size_t i = 0; i < blocks->element_count; i++)
		put32(out, blocks->elements[i].parent);
	for (size_t i = 0; i < blocks->element_count; i++) {
		uint32_t tokens[ELEMENT_TOKENS];
		size_t count = element_tokens(tree, blocks->elements[i].node, tokens);
		buffer_append_byte(out, (char)count);
		put(spare, tokens, count * 4);
	}
	buffer_append_span(out, buffer_span(spare));
}

static void put_words(struct buffer *out, struct buffer *spare, const struct blocks *blocks)
{
	buffer_clear(spare);
	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *b = &blocks->items[i];
		uint32_t few = b->tokens <= 40 ? b->hash_count : 24;
		uint32_t tail = b->tokens > 40 ? TOKENS_LAST : 0;
		buffer_append_byte(out, (char)(few + tail));
		put(spare, blocks->hashes + b->hashes, few * 4);
		for (uint32_t k = 0; k < tail; k++)
			put32(spare, b->last_hashes[(b->tokens + k) % TOKENS_LAST]);
	}
	buffer_append_span(out, buffer_span(spare));
}

static void put_page(struct buffer *out, struct buffer *spare, struct article_extractor *x,
		     const struct html_tree *tree)
{
	const struct blocks *blocks = &x->blocks;
	put32(out, 0x45474150);
	put32(out, (uint32_t)blocks->count);
	put32(out, (uint32_t)blocks->element_count);
	put32(out, COLUMN_COUNT);
	put32(out, (uint32_t)blocks->text.size);
	put_elements(out, spare, blocks, tree);
	for (size_t i = 0; i < blocks->count; i++)
		put32(out, blocks->items[i].element);
	for (size_t i = 0; i < blocks->count; i++)
		put32(out, blocks->items[i].words);
	for (size_t i = 0; i < blocks->count; i++)
		put32(out, blocks->items[i].offset + blocks->items[i].size);
	put_words(out, spare, blocks);
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		put(out, features_row(&x->features, c), blocks->count);
	put(out, x->p[0], blocks->count);
	put(out, x->p[1], blocks->count);
	buffer_append_span(out, buffer_span(&blocks->text));
}

static int print_views(void)
{
	printf("%u %u %u %u\n", features_digest(), features_views(0), features_views(1), COLUMN_COUNT);
	for (unsigned i = 0; i < features_views(1); i++) {
		int shift;
		const char *name = features_view_name(i, &shift);
		printf("%s %d %u\n", name, shift, features_view_column(i));
	}
	return 0;
}

struct reader { /* files to measured pages */
	struct charset_decoder *decoder;
	struct html_parser *parser;
	struct article_extractor *extractor;
	struct buffer bytes;
	struct page page;
};

static struct reader reader_new(const struct article_options *options)
{
	struct reader reader;
	memset(&reader, 0, sizeof reader);
	reader.decoder = charset_decoder_new((size_t)256 << 20);
	reader.parser = html_parser_new(NULL);
	reader.extractor = article_extractor_new(options);
	buffer_init(&reader.bytes, (size_t)1 << 30);
	return reader;
}

static void reader_free(struct reader *reader)
{
	article_extractor_free(reader->extractor);
	html_parser_free(reader->parser);
	charset_decoder_free(reader->decoder);
	buffer_free(&reader->bytes);
}

static enum status reader_measure(struct reader *reader, const char *name, struct span url)
{
	struct charset_result charset;
	struct page_metadata metadata;
	struct fault fault;
	buffer_clear(&reader->bytes);
	reader->page = (struct page){.url = url.size ? url : SPAN_NONE, .fetch_time = DATE_NONE};
	enum status status = file_read(name, &reader->bytes, &fault);
	if (!status)
		status = charset_decode(reader->decoder, buffer_span(&reader->bytes), SPAN_NONE, &reader->page.html,
					&charset);
	if (!status || status == STATUS_LIMIT)
		status = html_parse(reader->parser, reader->page.html, &reader->page.tree);
	if (!status || status == STATUS_LIMIT)
		status = article_measure(reader->extractor, &reader->page, &metadata);
	return status;
}

/* Sum over the pages, in any order, of hashes of all that the trees see and say. */
static int checksum(const struct article_options *options, char **names, int count, uint64_t *sum)
{
	struct reader reader = reader_new(options);
	*sum = features_digest();
	for (int k = 0; k < count; k++) {
		enum status status = reader_measure(&reader, names[k], SPAN_NONE);
		if (status)
			return fprintf(stderr, "%s: %s\n", names[k], status_name(status)), 74;
		struct article_extractor *x = reader.extractor;
		uint64_t hash = 0;
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			hash = hash64(features_row(&x->features, c), x->blocks.count, hash + c);
		for (int stage = 0; stage < 2; stage++)
			hash = hash64(x->p[stage], x->blocks.count, hash);
		*sum += hash;
	}
	reader_free(&reader);
	return 0;
}

static int check(char **names, int count)
{
	struct article_options options = {0};
	uint64_t sum;
	int failed = checksum(&options, names, count, &sum);
	if (!failed && sum != model_builtin_features)
		return fprintf(stderr,
			       "the built-in model was trained on other features (%016" PRIx64 ", now %016" PRIx64
			       "): train it again, or if only example pages or metadata have changed, "
			       "extract/train/train.py --stamp\n",
			       model_builtin_features, sum),
		       65;
	return failed;
}

int main(int argc, char **argv)
{
	struct fault fault = {0};
	struct article_options options = {0};
	struct buffer bytes, list, out, spare;
	buffer_init(&bytes, (size_t)1 << 30);
	buffer_init(&list, (size_t)1 << 30);
	buffer_init(&out, (size_t)1 << 30);
	buffer_init(&spare, (size_t)1 << 30);
	if (argc == 2 && !strcmp(argv[1], "--views"))
		return print_views();
	if (argc > 2 && !strcmp(argv[1], "--check"))
		return check(argv + 2, argc - 2);
	if (argc > 4 && !strcmp(argv[1], "--model")) {
		if (file_read(argv[2], &bytes, &fault) ||
		    !(options.model = article_model_open(buffer_span(&bytes), &fault)))
			return fprintf(stderr, "%s: %s\n", argv[2], fault.text), 65;
		argv += 2;
		argc -= 2;
	}
	if (argc > 2 && !strcmp(argv[1], "--checksum")) {
		uint64_t sum;
		int failed = checksum(&options, argv + 2, argc - 2, &sum);
		return failed ? failed : printf("%016" PRIx64 "\n", sum) < 0 ? 74 : 0;
	}
	FILE *file = argc == 3 ? fopen(argv[2], "wb") : NULL;
	if (!file || file_read(argv[1], &list, &fault))
		return fprintf(stderr, "usage: warcmill-features [--model FILE] LIST OUT | --views\n"), 64;
	struct reader reader = reader_new(&options);
	struct span rest = buffer_span(&list), line, path;
	while (span_cut(&rest, '\n', &line)) {
		char name[4096];
		if (!span_cut(&line, '\t', &path) || path.size >= sizeof name || !path.size)
			continue;
		memcpy(name, path.data, path.size);
		name[path.size] = 0;
		enum status status = reader_measure(&reader, name, line);
		if (status)
			return fprintf(stderr, "%s: %s\n", name, status_name(status)), 74;
		buffer_clear(&out);
		put_page(&out, &spare, reader.extractor, reader.page.tree);
		if (out.status || fwrite(out.data, 1, out.size, file) != out.size)
			return 74;
	}
	reader_free(&reader);
	return fclose(file) ? 74 : 0;
}
