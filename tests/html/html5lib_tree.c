/* Tree construction cases: sections "#data", "#errors", "#document-fragment", "#script-on/off", "#document". Cases that
 * need scripting are left out. */
#include "extract/html.h"
#include "tests/html/html5lib.h"

#include <stdio.h>

struct tree_case {
	struct span data, context, document;
	bool fragment, script_on;
};

/* The lines from AT up to the next that begins with '#' and is a section of the format. */
static struct span section_body(const char *at, const char *end)
{
	static const char *const heads[] = {"#data\n",      "#errors\n",     "#new-errors\n", "#document-fragment\n",
					    "#script-on\n", "#script-off\n", "#document\n"};
	const char *line = at;
	while (line < end) {
		for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
			if (span_starts((struct span){line, (size_t)(end - line)}, span_of(heads[i])))
				return (struct span){at, (size_t)(line - at)};
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		line = newline ? newline + 1 : end;
	}
	return (struct span){at, (size_t)(end - at)};
}

static struct span without_newline(struct span text)
{
	if (span_ends(text, SPAN("\n")))
		text.size--;
	return text;
}

/* Read the case at REST (at "#data\n"), stepping over it. */
static bool case_read(struct span *rest, struct tree_case *out)
{
	const char *at = rest->data, *end = at + rest->size;
	*out = (struct tree_case){SPAN_NONE, SPAN_NONE, SPAN_NONE, false, false};
	if (!span_starts(*rest, SPAN("#data\n")))
		return false;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL)
			break;
		struct span head = {at, (size_t)(newline - at)}, body = section_body(newline + 1, end);
		if (span_equal(head, SPAN("#data"))) {
			if (out->data.data)
				break;
			out->data = without_newline(body);
		} else if (span_equal(head, SPAN("#document-fragment"))) {
			out->fragment = true;
			out->context = without_newline(body);
		} else if (span_equal(head, SPAN("#script-on"))) {
			out->script_on = true;
		} else if (span_equal(head, SPAN("#document"))) {
			out->document = body;
		}
		at = body.data + body.size;
	}
	*rest = (struct span){at, (size_t)(end - at)};
	return out->data.data && out->document.data;
}

static enum status case_parse(struct html_parser *parser, const struct tree_case *test, const struct html_tree **tree)
{
	if (!test->fragment)
		return html_parse(parser, test->data, tree);
	struct span name = test->context;
	enum html_namespace ns = HTML_NS_HTML;
	if (span_starts(name, SPAN("svg ")))
		ns = HTML_NS_SVG;
	else if (span_starts(name, SPAN("math ")))
		ns = HTML_NS_MATHML;
	size_t prefix = ns == HTML_NS_SVG ? 4 : ns == HTML_NS_MATHML ? 5 : 0;
	return html_parse_fragment(parser, test->data, span_slice(name, prefix, SIZE_MAX), ns, tree);
}

static bool case_run(struct html_parser *parser, const struct tree_case *test, struct buffer *out)
{
	const struct html_tree *tree;
	buffer_clear(out);
	if (case_parse(parser, test, &tree) != STATUS_OK)
		return false;
	uint32_t root = test->fragment ? html_first(tree, html_root(tree)) : html_root(tree);
	if (html_dump(tree, root, out) != STATUS_OK)
		return false;
	struct span expected = test->document, got = buffer_span(out);
	while (span_ends(expected, SPAN("\n")))
		expected.size--;
	while (span_ends(got, SPAN("\n")))
		got.size--;
	return span_equal(expected, got);
}

bool html5lib_tree_file(const char *path, const char *name, struct score *score)
{
	struct buffer file, out;
	buffer_init(&file, (size_t)1 << 24);
	buffer_init(&out, (size_t)1 << 24);
	struct html_parser *parser = html_parser_new(NULL);
	bool ok = parser && file_read(path, &file, NULL) == STATUS_OK;
	struct span rest = buffer_span(&file);
	struct tree_case test;
	for (unsigned number = 1; ok && rest.size > 0; number++) {
		if (!case_read(&rest, &test)) {
			ok = false;
			break;
		}
		if (test.script_on)
			continue;
		score->total++;
		bool passed = case_run(parser, &test, &out);
		score->passed += passed;
		if (!passed && score->verbose)
			printf("FAIL tree %s %u\n%.*s\n--- expected\n%.*s--- got\n%.*s\n", name, number,
			       SPAN_ARG(test.data), SPAN_ARG(test.document), SPAN_ARG(buffer_span(&out)));
	}
	html_parser_free(parser);
	buffer_free(&file);
	buffer_free(&out);
	return ok;
}
