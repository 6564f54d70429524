/* html-example: the targets of the links of each page named, one a line, as the page writes them.
 *
 *	cc -o html-example html-example.c $(pkg-config --cflags --libs warcmill) */
#include <extract/html.h>

#include <stdio.h>

static void print_links(const struct html_tree *tree)
{
	for (uint32_t node = html_walk(tree, 0, 0); node != HTML_NONE; node = html_walk(tree, node, 0))
		if (html_kind(tree, node) == HTML_ELEMENT && html_tag(tree, node) == HTML_TAG_A) {
			struct span href = html_attr(tree, node, HTML_ATTR_HREF);
			if (href.data)
				printf("%.*s\n", SPAN_ARG(href));
		}
}

int main(int argc, char **argv)
{
	/* One of each for all pages: their memory is used again. */
	struct charset_decoder *decoder = charset_decoder_new((size_t)64 << 20);
	struct html_parser *parser = html_parser_new(NULL);
	struct buffer page;
	int code = decoder && parser ? 0 : 1;
	buffer_init(&page, (size_t)1 << 30);
	for (int i = 1; code == 0 && i < argc; i++) {
		struct charset_result charset;
		struct span text;
		const struct html_tree *tree;
		struct fault fault = {0};
		buffer_clear(&page);
		if (file_read(argv[i], &page, &fault) != STATUS_OK) {
			fprintf(stderr, "%s: %s\n", argv[i], fault.text);
			code = 1;
			break;
		}
		/* A page has no HTTP header here. The text is the page's own bytes where these are UTF-8, so they must
		 * stay. */
		enum status status = charset_decode(decoder, buffer_span(&page), SPAN_NONE, &text, &charset);
		if (status == STATUS_OK || status == STATUS_LIMIT) /* the latter: cut, but valid */
			status = html_parse(parser, text, &tree);
		if (status == STATUS_OK || status == STATUS_LIMIT)
			print_links(tree);
		else
			code = 1;
	}
	buffer_free(&page);
	html_parser_free(parser);
	charset_decoder_free(decoder);
	return code;
}
