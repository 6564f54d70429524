/* Every allocation of the HTML parser and of the character sets fails once, in turn, and then from there on: a clean
 * status, nothing lost or leaked (this runs under AddressSanitizer too), and the same objects work again when there is
 * memory.
 *
 * The linker puts the functions below in place of malloc, calloc and realloc (--wrap). */
#include "extract/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static long calls, fail_at; /* fail_at 0: never */
static bool fail_on;        /* and every later one */

static bool fails(void)
{
	calls++;
	return fail_at && (calls == fail_at || (fail_on && calls > fail_at));
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}
void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

/* A page that makes every array grow: nodes, attributes, strings, formatting elements, templates, text in tables. */
static struct span rich_page(struct buffer *out)
{
	buffer_init(out, 1 << 22);
	buffer_print(out, "<!doctype html PUBLIC 'a\rb'><title>t&amp;</title><template><template><b>");
	for (int i = 0; i < 24; i++)
		buffer_print(out, "<b id=%d><i>&amp;x\r<p data-%d='&lt;' A%d=1>", i, i, i);
	buffer_print(out, "</template></template><table>");
	for (int i = 0; i < 90; i++)
		buffer_print(out, " x&gt;<tr>%c<!--c\r-->", 0);
	buffer_print(out, "<p");
	for (int i = 0; i < 90; i++)
		buffer_print(out, " Name-%d=%d", i, i);
	buffer_print(out, "><svg><desc><select><option selected>o<selectedcontent></select>");
	for (int i = 0; i < 200; i++)
		buffer_print(out, "<a href='?x&amp;%d'>&copy;", i);
	assert_int_equal(out->status, STATUS_OK);
	return buffer_span(out);
}

/* Parse, dump. OK, a cut tree, or no memory; never another answer. */
static bool tree_once(struct span page)
{
	const struct html_tree *tree;
	struct buffer dump;
	struct html_parser *parser = html_parser_new(NULL);
	if (parser == NULL)
		return false;
	buffer_init(&dump, 1 << 26);
	enum status status = html_parse(parser, page, &tree);
	bool good = status == STATUS_OK || status == STATUS_LIMIT;
	if (good)
		good = html_parse(parser, SPAN("<p b=1 a=2>x"), &tree) == STATUS_OK &&
		       html_dump(tree, html_root(tree), &dump) == STATUS_OK;
	else
		assert_int_equal(status, STATUS_MEMORY);
	fail_at = 0; /* now there is memory: the same parser works */
	assert_int_equal(html_parse(parser, SPAN("<p a='&amp;'>x"), &tree), STATUS_OK);
	assert_int_not_equal(html_body(tree), HTML_NONE);
	html_parser_free(parser);
	buffer_free(&dump);
	return good;
}

static bool fragment_once(struct span page)
{
	const struct html_tree *tree;
	struct html_parser *parser = html_parser_new(NULL);
	if (parser == NULL)
		return false;
	enum status status = html_parse_fragment(parser, page, SPAN("template"), HTML_NS_HTML, &tree);
	assert_true(status == STATUS_OK || status == STATUS_LIMIT || status == STATUS_MEMORY);
	html_parser_free(parser);
	return status != STATUS_MEMORY;
}

/* Bytes of a declared and of an undeclared encoding; the guess is uchardet's, which this does not make fail. */
static bool charset_once(struct span page)
{
	struct charset_result result;
	struct span text;
	struct charset_decoder *decoder = charset_decoder_new(1 << 24);
	if (decoder == NULL)
		return false;
	enum status status = charset_decode(decoder, page, SPAN("text/html; charset=gbk"), &text, &result);
	assert_true(status == STATUS_OK || status == STATUS_LIMIT || status == STATUS_MEMORY);
	if (status == STATUS_OK)
		assert_true(utf8_valid(text));
	bool good = status != STATUS_MEMORY;
	status = charset_decode(decoder, page, SPAN_NONE, &text, &result);
	assert_true(status == STATUS_OK || status == STATUS_LIMIT || status == STATUS_MEMORY);
	fail_at = 0;
	assert_int_equal(charset_decode(decoder, SPAN("caf\xe9"), SPAN("text/html; charset=latin1"), &text, &result),
			 STATUS_OK);
	assert_int_equal(text.size, 5);
	charset_decoder_free(decoder);
	return good && status != STATUS_MEMORY;
}

static void each_fails(bool (*once)(struct span page), struct span page)
{
	fail_at = calls = 0;
	assert_true(once(page));
	long count = calls, failed = 0;
	assert_true(count >= 2);
	for (int on = 0; on < 2; on++)
		for (long at = 1; at <= count; at++) {
			calls = 0;
			fail_at = at;
			fail_on = on;
			failed += !once(page);
			fail_at = 0;
		}
	assert_true(failed > 0);
}

static void a_parser_without_memory_says_so(void **state)
{
	(void)state;
	struct buffer text;
	each_fails(tree_once, rich_page(&text));
	buffer_free(&text);
}

static void a_fragment_without_memory_says_so(void **state)
{
	(void)state;
	struct buffer text;
	each_fails(fragment_once, rich_page(&text));
	buffer_free(&text);
}

static void a_decoder_without_memory_says_so(void **state)
{
	(void)state;
	struct buffer text;
	buffer_init(&text, 1 << 22);
	for (int i = 0; i < 2000; i++)
		buffer_append(&text, "\xc4\xe3\xba\xc3 ", 5);
	each_fails(charset_once, buffer_span(&text));
	buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parser_without_memory_says_so),
		cmocka_unit_test(a_fragment_without_memory_says_so),
		cmocka_unit_test(a_decoder_without_memory_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
