/* stages: what a build does, stage by stage, through the public headers. Each stage gets what the one before it made,
 * from memory; only "iterate" and its neighbours read the archive's file (from the page cache). Objects are made once
 * per run of a stage and used for all records, as a worker of a build does. */
#include "bench/stages.h"
#include "bench/clock.h"

#include "dedup/dedup.h"
#include "extract/extract.h"

#include <stdlib.h>

enum { PAGE_MAX = 64 << 20 };

/* Visit every record; EACH may be NULL. */
static bool read_all(struct fixture *fixture, struct work *work,
		     void (*each)(struct warc_reader *reader, const struct warc_record *record, struct work *work))
{
	struct warc_reader *reader = warc_reader_new(NULL);
	bool good = reader != NULL;
	for (size_t i = 0; good && i < warc_inputs_count(fixture->inputs); i++) {
		struct warc_record record;
		enum status status =
			warc_reader_open(reader, warc_inputs_at(fixture->inputs, i), 0, UINT64_MAX, true, NULL);
		while (!status && (status = warc_next(reader, &record, NULL, NULL)) != STATUS_END) {
			if (status == STATUS_DATA) {
				status = STATUS_OK;
				continue;
			}
			if (status)
				break;
			work->units++;
			work->check += record.offset + record.block.size;
			if (each)
				each(reader, &record, work);
		}
		good = status == STATUS_END;
	}
	warc_reader_free(reader);
	work->bytes = fixture->inflated.size;
	return good;
}

static bool stage_iterate(void *context, struct work *work)
{
	return read_all(context, work, NULL);
}

static void decode_http(struct warc_reader *reader, const struct warc_record *record, struct work *work)
{
	struct warc_http http;
	if (record->type == WARC_TYPE_RESPONSE && !warc_http_read(reader, record, &http))
		work->check += (uint64_t)http.status + http.body.size;
}

static bool stage_http(void *context, struct work *work)
{
	return read_all(context, work, decode_http);
}

static bool stage_charset(void *context, struct work *work)
{
	struct fixture *fixture = context;
	struct charset_decoder *decoder = charset_decoder_new(PAGE_MAX);
	for (size_t i = 0; decoder && i < fixture->page_count; i++) {
		struct charset_result charset;
		struct span html;
		charset_decode(decoder, fixture->pages[i].body, fixture->pages[i].content_type, &html, &charset);
		work->check += html.size;
	}
	charset_decoder_free(decoder);
	work->bytes = fixture->body_bytes;
	work->units = fixture->page_count;
	return decoder != NULL;
}

static bool stage_tree(void *context, struct work *work)
{
	struct fixture *fixture = context;
	struct html_parser *parser = html_parser_new(NULL);
	for (size_t i = 0; parser && i < fixture->page_count; i++) {
		const struct html_tree *tree;
		enum status status = html_parse(parser, fixture->pages[i].html, &tree);
		if (!status || status == STATUS_LIMIT)
			work->check += html_count(tree);
	}
	html_parser_free(parser);
	work->bytes = fixture->html_bytes;
	work->units = fixture->page_count;
	return parser != NULL;
}

/* Metadata or the article alone: a tree lives until the next page, so it is made here and its time left out. */
static bool after_tree(struct fixture *fixture, struct work *work, bool article_too)
{
	struct html_parser *parser = html_parser_new(NULL);
	struct article_extractor *extractor = article_extractor_new(NULL);
	struct metadata_reader *metadata = metadata_reader_new();
	struct arena *arena = arena_new((size_t)1 << 30);
	bool good = parser && extractor && metadata && arena;
	for (size_t i = 0; good && i < fixture->page_count; i++) {
		const struct fixture_page *from = &fixture->pages[i];
		const struct html_tree *tree;
		enum status status = html_parse(parser, from->html, &tree);
		if (status && status != STATUS_LIMIT)
			continue;
		struct page page = {.url = from->url, .fetch_time = from->fetch_time, .html = from->html, .tree = tree};
		struct page_metadata fields = {0};
		struct article article = {0};
		arena_reset(arena);
		double start = clock_cpu_seconds();
		if (article_too)
			article_extract(extractor, &page, &article);
		else
			metadata_read(metadata, &page, arena, &fields);
		work->seconds += clock_cpu_seconds() - start;
		work->check += article.text.size + fields.title.size + fields.date_published.size;
	}
	html_parser_free(parser);
	article_extractor_free(extractor);
	metadata_reader_free(metadata);
	arena_free(arena);
	work->bytes = fixture->html_bytes;
	work->units = fixture->page_count;
	return good;
}

static bool stage_metadata(void *context, struct work *work)
{
	return after_tree(context, work, false);
}

static bool stage_article(void *context, struct work *work)
{
	return after_tree(context, work, true);
}

static bool stage_extract(void *context, struct work *work)
{
	struct fixture *fixture = context;
	struct charset_decoder *decoder = charset_decoder_new(PAGE_MAX);
	struct html_parser *parser = html_parser_new(NULL);
	struct article_extractor *extractor = article_extractor_new(NULL);
	bool good = decoder && parser && extractor;
	for (size_t i = 0; good && i < fixture->page_count; i++) {
		const struct fixture_page *from = &fixture->pages[i];
		struct charset_result charset;
		struct page page = {.url = from->url, .fetch_time = from->fetch_time};
		struct article article = {0};
		charset_decode(decoder, from->body, from->content_type, &page.html, &charset);
		enum status status = html_parse(parser, page.html, &page.tree);
		if (!status || status == STATUS_LIMIT)
			article_extract(extractor, &page, &article);
		work->check += article.text.size;
	}
	charset_decoder_free(decoder);
	html_parser_free(parser);
	article_extractor_free(extractor);
	work->bytes = fixture->body_bytes;
	work->units = fixture->page_count;
	return good;
}

bool sign_all(const struct span *texts, size_t count, void *signatures)
{
	struct signature *out = signatures, scratch;
	struct signer *signer = signer_new(NULL, SIMHASH_128);
	bool good = signer != NULL;
	for (size_t i = 0; good && i < count; i++)
		good = signer_sign(signer, texts[i], out ? &out[i] : &scratch) == STATUS_OK;
	signer_free(signer);
	return good;
}

static bool stage_sign(void *context, struct work *work)
{
	struct fixture *fixture = context;
	work->bytes = work->check = fixture->text_bytes;
	work->units = fixture->text_count;
	return sign_all(fixture->texts, fixture->text_count, NULL);
}

static bool stage_cluster(void *context, struct work *work)
{
	struct fixture *fixture = context;
	struct signature *signatures = need(fixture->text_count * sizeof *signatures);
	struct signature_table *table = signature_table_new();
	struct dedup_options options;
	struct dedup_result result = {0};
	struct fault fault;
	dedup_options_default(&options);
	options.threads = 1;
	bool good = table && sign_all(fixture->texts, fixture->text_count, signatures) &&
		    !signature_table_add(table, signatures, fixture->text_count);
	double start = clock_cpu_seconds();
	struct dedup_input input = {.table = table};
	good = good && !dedup_run(&input, &options, &result, &fault);
	work->seconds = clock_cpu_seconds() - start;
	work->bytes = fixture->text_count * sizeof *signatures;
	work->units = fixture->text_count;
	work->check = result.clusters * 1000003 + result.accepted;
	dedup_result_free(&result);
	signature_table_free(table);
	free(signatures);
	return good;
}

void stages_add(struct tasks *tasks, struct fixture *fixture)
{
	static const struct task stages[] = {
		{"decompress", "stage", "members inflated by the reader's lower half, from the file", "member",
		 "libdeflate", NULL, stage_decompress, NULL, false},
		{"iterate", "stage", "every record of the file: inflate, parse header, find end", "record",
		 "libdeflate", NULL, stage_iterate, NULL, false},
		{"http", "stage", "iterate, and the HTTP message of every response decoded", "record", "libdeflate",
		 NULL, stage_http, NULL, false},
		{"charset", "stage", "character set of every page found, page to UTF-8", "page", "read", NULL,
		 stage_charset, NULL, false},
		{"tokenizer", "stage", "HTML tokens of every page, no tree", "page", "scan", NULL, stage_tokenize, NULL,
		 false},
		{"tree", "stage", "tree of every page (tokenizer included)", "page", "scan", NULL, stage_tree, NULL,
		 false},
		{"metadata", "stage", "title, authors, dates … from the tree", "page", "scan", NULL, stage_metadata,
		 NULL, false},
		{"article", "stage", "article from the tree (metadata and language included)", "page", "scan", NULL,
		 stage_article, NULL, false},
		{"extract", "stage", "bytes of a page to its article: charset, tree, article", "page", "scan", NULL,
		 stage_extract, NULL, false},
		{"sign", "stage", "normalise, hash, SimHash, anchors, sketch of every article", "document", "copy",
		 NULL, stage_sign, NULL, false},
		{"cluster", "stage", "candidates, verification, clusters of the signatures", "document", NULL, NULL,
		 stage_cluster, NULL, false},
		{"emit", "stage", "articles to JSON lines, zstd, SHA-256, a synced file", "document", "copy", NULL,
		 stage_emit, NULL, false},
	};
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
		struct task task = stages[i];
		bool by_text = task.run == stage_sign || task.run == stage_cluster || task.run == stage_emit;
		task.context = fixture;
		if (by_text && !fixture->text_count)
			task.absent = "no page of the archive gave an article";
		tasks_add(tasks, task);
		if (task.run == stage_article)
			article_steps_add(tasks, fixture);
	}
}
