/* stages_inside: the two stages that no public header names. The only file of the harness that looks behind the
 * headers. */
#include "bench/stages.h"

#include "extract/html_internal.h"
#include "warc/warc_internal.h"

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
