/* The HTML parser's own interface: accessors, ceilings, reuse, text that is and is not copied, and the vector scans
 * against their plain twins. Conformance is html5lib's business. */
#include "extract/html_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct html_parser *parser_with(uint32_t depth, uint32_t attributes, uint32_t nodes, size_t memory)
{
	struct html_limits limits = {depth, attributes, nodes, memory};
	struct html_parser *parser = html_parser_new(&limits);
	assert_non_null(parser);
	return parser;
}

static const struct html_tree *parse(struct html_parser *parser, struct span text, enum status expected)
{
	const struct html_tree *tree = NULL;
	assert_int_equal(html_parse(parser, text, &tree), expected);
	assert_non_null(tree);
	return tree;
}

static void assert_span(struct span got, const char *expected)
{
	if (got.data == NULL || got.size != strlen(expected) || memcmp(got.data, expected, got.size) != 0)
		fail_msg("got \"%.*s\", expected \"%s\"", SPAN_ARG(got), expected);
}

static void assert_dump(const struct html_tree *tree, const char *expected)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	assert_int_equal(html_dump(tree, html_root(tree), &out), STATUS_OK);
	assert_span(buffer_span(&out), expected);
	buffer_free(&out);
}

static uint32_t find(const struct html_tree *tree, enum html_tag tag)
{
	for (uint32_t node = html_walk(tree, 0, 0); node != HTML_NONE; node = html_walk(tree, node, 0))
		if (html_kind(tree, node) == HTML_ELEMENT && html_tag(tree, node) == tag)
			return node;
	fail_msg("no element of tag %d", tag);
	return HTML_NONE;
}

static void walking_visits_every_node_in_document_order(void **state)
{
	(void)state;
	struct html_parser *parser = html_parser_new(NULL);
	const struct html_tree *tree =
		parse(parser, SPAN("<!doctype html><title>t</title><p>a<b>b</b><!--c--><p>d"), STATUS_OK);
	assert_dump(tree,
		    "| <!DOCTYPE html>\n| <html>\n|   <head>\n|     <title>\n|       \"t\"\n|   <body>\n|     <p>\n"
		    "|       \"a\"\n|       <b>\n|         \"b\"\n|       <!-- c -->\n|     <p>\n|       \"d\"\n");
	uint32_t p = find(tree, HTML_TAG_P), b = find(tree, HTML_TAG_B);
	assert_int_equal(html_parent(tree, p), html_body(tree));
	assert_int_equal(html_tag(tree, html_head(tree)), HTML_TAG_HEAD);
	assert_int_equal(html_first(tree, html_body(tree)), p);
	assert_int_equal(html_next(tree, p), html_last(tree, html_body(tree)));
	assert_int_equal(html_previous(tree, html_next(tree, p)), p);
	assert_int_equal(html_skip(tree, b, p), html_next(tree, b));
	assert_int_equal(html_skip(tree, html_last(tree, p), p), HTML_NONE);
	assert_int_equal(html_walk(tree, b, b), html_first(tree, b));
	assert_int_equal(html_walk(tree, html_first(tree, b), b), HTML_NONE);
	assert_int_equal(html_parent(tree, html_root(tree)), HTML_NONE);
	assert_true(html_count(tree) >= 10);
	html_parser_free(parser);
}

static void attributes_are_decoded_when_asked_for(void **state)
{
	(void)state;
	struct html_parser *parser = html_parser_new(NULL);
	const struct html_tree *tree = parse(
		parser, SPAN("<a HREF='?a=1&amp;b=2&copy=3' title=\"x\r\ny\" title=z hidden x-Y=1 x-y=2 class=q>k</a>"),
		STATUS_OK);
	uint32_t a = find(tree, HTML_TAG_A);
	assert_int_equal(html_attr_count(tree, a), 5);
	assert_span(html_attr(tree, a, HTML_ATTR_HREF), "?a=1&b=2&copy=3");
	assert_span(html_attr(tree, a, HTML_ATTR_TITLE), "x\ny");
	assert_span(html_attr(tree, a, HTML_ATTR_HIDDEN), "");
	assert_span(html_attr(tree, a, HTML_ATTR_CLASS), "q");
	assert_null(html_attr(tree, a, HTML_ATTR_ID).data);
	assert_null(html_attr(tree, html_body(tree), HTML_ATTR_ID).data);
	assert_null(html_attr(tree, html_first(tree, a), HTML_ATTR_HREF).data);
	struct span name, value;
	assert_int_equal(html_attr_at(tree, a, 3, &name, &value), HTML_ATTR_UNKNOWN);
	assert_span(name, "x-y");
	assert_span(value, "1");
	html_parser_free(parser);
}

static void names_have_ids_whatever_their_case(void **state)
{
	(void)state;
	for (enum html_tag tag = 1; tag < HTML_TAG_COUNT; tag++)
		assert_int_equal(html_tag_of(html_tag_name(tag)), tag);
	for (enum html_attr attr = 1; attr < HTML_ATTR_COUNT; attr++)
		assert_int_equal(html_attr_of(html_attr_name(attr)), attr);
	assert_int_equal(html_tag_of(SPAN("FigCaption")), HTML_TAG_FIGCAPTION);
	assert_int_equal(html_tag_of(SPAN("b\0")), HTML_TAG_UNKNOWN);
	assert_int_equal(html_tag_of(SPAN("")), HTML_TAG_UNKNOWN);
	assert_int_equal(html_tag_of(SPAN("annotation-xml-and-more")), HTML_TAG_UNKNOWN);
	assert_int_equal(html_attr_of(SPAN("DATA-COMPONENT-NAME")), HTML_ATTR_DATA_COMPONENT_NAME);
	assert_int_equal(html_attr_of(SPAN("data-component-namf")), HTML_ATTR_UNKNOWN);
}

static void foreign_names_get_their_case_back(void **state)
{
	(void)state;
	struct html_parser *parser = html_parser_new(NULL);
	const struct html_tree *tree = parse(
		parser, SPAN("<svg VIEWBOX=1><FOREIGNOBJECT><p>x</p></FOREIGNOBJECT><fegaussianblur/><x-Y/></svg>"),
		STATUS_OK);
	assert_dump(tree,
		    "| <html>\n|   <head>\n|   <body>\n|     <svg svg>\n|       viewBox=\"1\"\n"
		    "|       <svg foreignObject>\n|         <p>\n|           \"x\"\n|       <svg feGaussianBlur>\n"
		    "|       <svg x-y>\n");
	uint32_t svg = find(tree, HTML_TAG_SVG);
	assert_int_equal(html_ns(tree, svg), HTML_NS_SVG);
	assert_span(html_attr(tree, svg, HTML_ATTR_VIEWBOX), "1");
	assert_span(html_name(tree, find(tree, HTML_TAG_FOREIGNOBJECT)), "foreignObject");
	html_parser_free(parser);
}

static void template_content_is_a_node_of_its_own(void **state)
{
	(void)state;
	struct html_parser *parser = html_parser_new(NULL);
	const struct html_tree *tree = parse(parser, SPAN("<template><tr><td>x</template>"), STATUS_OK);
	uint32_t content = html_first(tree, find(tree, HTML_TAG_TEMPLATE));
	assert_int_equal(html_kind(tree, content), HTML_CONTENT);
	assert_int_equal(html_tag(tree, html_first(tree, content)), HTML_TAG_TR);
	html_parser_free(parser);
}

static void plain_text_is_not_copied(void **state)
{
	(void)state;
	struct html_parser *parser = html_parser_new(NULL);
	struct span page = SPAN("<p class=x>plain</p><p>a&lt;b</p><p>one</x>two</p>");
	const struct html_tree *tree = parse(parser, page, STATUS_OK);
	uint32_t p = find(tree, HTML_TAG_P);
	struct span text = html_text(tree, html_first(tree, p));
	assert_ptr_equal(text.data, page.data + 11);
	assert_span(text, "plain");
	p = html_next(tree, p);
	assert_span(html_text(tree, html_first(tree, p)), "a<b");
	p = html_next(tree, p);
	assert_span(html_text(tree, html_first(tree, p)), "onetwo");
	html_parser_free(parser);
}

static void newlines_and_nuls_are_normalised(void **state)
{
	(void)state;
	struct html_parser *parser = html_parser_new(NULL);
	const struct html_tree *tree = parse(
		parser, SPAN("<body>a\r\nb\rc\0d<pre>\r\n\ne</pre><textarea>\nf</textarea><svg>\0</svg>"), STATUS_OK);
	assert_dump(tree, "| <html>\n|   <head>\n|   <body>\n|     \"a\nb\ncd\"\n|     <pre>\n|       \"\ne\"\n"
			  "|     <textarea>\n|       \"f\"\n|     <svg svg>\n|       \"\xEF\xBF\xBD\"\n");
	html_parser_free(parser);
}

static void an_empty_page_has_a_head_and_a_body(void **state)
{
	(void)state;
	struct html_parser *parser = html_parser_new(NULL);
	const struct html_tree *tree = parse(parser, SPAN_NONE, STATUS_OK);
	assert_dump(tree, "| <html>\n|   <head>\n|   <body>\n");
	assert_int_equal(tree->quirks, HTML_QUIRKS);
	tree = parse(parser, SPAN("<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Transitional//EN' 'x'>"), STATUS_OK);
	assert_int_equal(tree->quirks, HTML_LIMITED_QUIRKS);
	assert_span(tree->doctype_system, "x");
	html_parser_free(parser);
}

/* ---- Ceilings ----------------------------------------------------------------------------------------------- */

static struct span repeated(struct buffer *out, const char *piece, size_t times)
{
	buffer_init(out, (size_t)1 << 26);
	for (size_t i = 0; i < times; i++)
		buffer_append(out, piece, strlen(piece));
	assert_int_equal(out->status, STATUS_OK);
	return buffer_span(out);
}

static uint32_t depth_of(const struct html_tree *tree)
{
	uint32_t deepest = 0;
	for (uint32_t node = html_walk(tree, 0, 0); node != HTML_NONE; node = html_walk(tree, node, 0)) {
		uint32_t depth = 0;
		for (uint32_t up = node; up != HTML_NONE; up = html_parent(tree, up))
			depth++;
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest;
}

static void what_is_too_deep_becomes_a_sibling(void **state)
{
	(void)state;
	static const char *const pieces[] = {"<div>", "<b>", "<table><tr><td>", "<template>",
					     "<svg>", "<x>", "<object>"};
	struct html_parser *parser = parser_with(50, 0, 0, 0);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct buffer text;
		const struct html_tree *tree = parse(parser, repeated(&text, pieces[i], 300), STATUS_LIMIT);
		assert_true(tree->cut);
		assert_true(html_count(tree) >= 300);
		assert_in_range(depth_of(tree), 40, 110); /* content nodes of templates count as well */
		buffer_free(&text);
	}
	assert_false(parse(parser, SPAN("<p>x"), STATUS_OK)->cut);
	html_parser_free(parser);
}

static void attributes_beyond_the_ceiling_are_dropped(void **state)
{
	(void)state;
	struct html_parser *parser = parser_with(0, 70, 0, 0);
	struct buffer text;
	buffer_init(&text, 1 << 20);
	buffer_print(&text, "<p ");
	for (int i = 0; i < 100; i++)
		buffer_print(&text, "a%d=%d a%d=x ", i, i, i / 2);
	buffer_print(&text, ">");
	const struct html_tree *tree = parse(parser, buffer_span(&text), STATUS_LIMIT);
	uint32_t p = find(tree, HTML_TAG_P);
	assert_int_equal(html_attr_count(tree, p), 70);
	for (uint32_t i = 0; i < 70; i++) {
		struct span name, value;
		char expected[8];
		html_attr_at(tree, p, i, &name, &value);
		snprintf(expected, sizeof expected, "%u", i);
		assert_span(value, expected); /* no duplicate got in */
	}
	buffer_free(&text);
	html_parser_free(parser);
}

static void a_page_of_too_many_nodes_is_closed(void **state)
{
	(void)state;
	struct html_parser *parser = parser_with(0, 0, 1000, 0);
	struct buffer text;
	const struct html_tree *tree = parse(parser, repeated(&text, "<p>x", 100000), STATUS_LIMIT);
	assert_in_range(html_count(tree), 500, 1600);
	assert_int_not_equal(html_body(tree), HTML_NONE);
	buffer_free(&text);
	html_parser_free(parser);
}

static void strings_have_a_ceiling(void **state)
{
	(void)state;
	struct html_parser *parser = parser_with(0, 0, 0, 1 << 20);
	struct buffer text;
	const struct html_tree *tree = parse(parser, repeated(&text, "&amp;<br>", 100000), STATUS_LIMIT);
	assert_int_not_equal(html_body(tree), HTML_NONE);
	buffer_free(&text);
	parse(parser, SPAN("<p>&amp;"), STATUS_OK);
	html_parser_free(parser);
}

static void hostile_pages_take_few_steps_per_byte(void **state)
{
	(void)state;
	static const char *const pieces[] = {
		"<b id=1><i>", "<p><b><a>", "<table>x",     "<a><div></a>", "<i><b><div></i></b>",
		"<x></y>",     "<font><p>", "<svg><a></b>", "<b></p>",      "<ruby><rt>",
		"<li><div>"};
	struct html_parser *parser = html_parser_new(NULL);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct buffer text;
		const struct html_tree *tree;
		struct span page = repeated(&text, pieces[i], 40000);
		html_parse(parser, page, &tree);
		assert_true(parser->work <= 200000 + 3 * page.size);
		buffer_free(&text);
	}
	html_parser_free(parser);
}

/* ---- Vectors ------------------------------------------------------------------------------------------------ */

static uint64_t dice(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void kernels_agree_with_the_plain_one(void **state)
{
	(void)state;
	static const char *const names[] = {"sse2", "avx2", "avx512", "neon"};
	html_scan_function *plain = html_scan_kernel("plain");
	assert_non_null(html_scan_kernel(NULL));
	uint64_t random = 1;
	for (unsigned round = 0; round < 20000; round++) {
		size_t size = dice(&random) % 200;
		char *text = malloc(size + 1); /* of its own, so that reading outside is seen */
		for (size_t i = 0; i < size; i++)
			text[i] = "abcdefgh<&\r\0\"'>=xyzabcdefghijklmn"[dice(&random) % (round % 3 ? 33 : 8)];
		char amp = round % 2 ? '&' : '<';
		bool special = false;
		const char *expected = plain(text, text + size, '<', amp, &special);
		for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
			html_scan_function *kernel = html_scan_kernel(names[k]);
			bool seen = false;
			if (kernel == NULL)
				continue;
			assert_ptr_equal(kernel(text, text + size, '<', amp, &seen), expected);
			assert_int_equal(seen, special);
			seen = false;
			assert_ptr_equal(html_scan(kernel, text, text + size, '<', amp, &seen), expected);
			assert_int_equal(seen, special);
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walking_visits_every_node_in_document_order),
		cmocka_unit_test(attributes_are_decoded_when_asked_for),
		cmocka_unit_test(names_have_ids_whatever_their_case),
		cmocka_unit_test(foreign_names_get_their_case_back),
		cmocka_unit_test(template_content_is_a_node_of_its_own),
		cmocka_unit_test(plain_text_is_not_copied),
		cmocka_unit_test(newlines_and_nuls_are_normalised),
		cmocka_unit_test(an_empty_page_has_a_head_and_a_body),
		cmocka_unit_test(what_is_too_deep_becomes_a_sibling),
		cmocka_unit_test(attributes_beyond_the_ceiling_are_dropped),
		cmocka_unit_test(a_page_of_too_many_nodes_is_closed),
		cmocka_unit_test(strings_have_a_ceiling),
		cmocka_unit_test(hostile_pages_take_few_steps_per_byte),
		cmocka_unit_test(kernels_agree_with_the_plain_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
