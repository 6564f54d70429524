/* Page state: one small page for each way in which frameworks hand their state over (the files in state/), all with the
 * same five paragraphs; what is no body; what a hostile page may try. */
#include "fixture.h"

#define STORY                                                                                                          \
	"The lanterns of Quarnby went out one after another when the wind came over the moor.\n\n"                     \
	"“Nobody had lit them since the fair,” said Tobin Hask, who keeps the bridge & its bell.\n\n"              \
	"By noon the ferrymen had tied their boats to the old willow, and the millers shut the sluice.\n\n"            \
	"Two barrels of lamp oil were found dry; the warden of the store would not say who had the key.\n\n"           \
	"The council of Quarnby meets again on market day, when the moor road should be open."

static const char *const paragraphs[] = {
	"The lanterns of Quarnby went out one after another when the wind came over the moor.",
	"By noon the ferrymen had tied their boats to the old willow, and the millers shut the sluice.",
	"Two barrels of lamp oil were found dry and the warden of the store would not say who had the key.",
	"The council of Quarnby meets again on market day, when the moor road should be open to all.",
	"Nobody in town can tell of a winter in which the lanterns of the bridge went out before the bell.",
	"What the warden will do with the empty barrels is for the millers and the ferrymen to settle.",
};
enum { PARAGRAPHS = sizeof paragraphs / sizeof *paragraphs };

static struct span read_state(struct fixture *f, struct span html, const char *shown)
{
	struct span body;
	arena_reset(f->arena);
	f->page = (struct page){.fetch_time = DATE_NONE, .html = html};
	assert_int_equal(html_parse(f->parser, html, &f->page.tree), STATUS_OK);
	assert_int_equal(metadata_read(f->reader, &f->page, f->arena, &f->out), STATUS_OK);
	assert_int_equal(metadata_page_state_body(f->reader, &f->page, &f->out, span_of(shown), f->arena, &body),
			 STATUS_OK);
	assert_true(!body.data || utf8_valid(body));
	return body;
}

static void same_text(struct span text, const char *want)
{
	if (!want)
		assert_null(text.data);
	else if (!span_equal(text, span_of(want)))
		fail_msg("%.*s\ninstead of\n%s", SPAN_ARG(text), want);
}

static void every_kind(void **state)
{
	static const char *const names[] = {
		"nuxt2",   "nuxt2-arguments", "nuxt3",        "initial-state-parse", "initial-state-quotes",
		"apollo",  "remix",           "react-router", "sveltekit",           "sveltekit-fetched",
		"several", "next-flight",     "next-data"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buffer page;
		struct fault fault;
		char path[1000];
		buffer_init(&page, 1 << 20);
		snprintf(path, sizeof path, "%s/%s.html", STATE_FOLDER, names[i]);
		assert_int_equal(file_read(path, &page, &fault), STATUS_OK);
		print_message("%s\n", names[i]);
		same_text(read_state(*state, buffer_span(&page), NULL), STORY);
		buffer_free(&page);
	}
}

/* Paragraphs FROM to TO (not included) as members of a list of objects. */
static void put_blocks(struct buffer *page, size_t from, size_t to)
{
	buffer_append_byte(page, '[');
	for (size_t i = from; i < to; i++)
		buffer_print(page, "%s{\"t\":\"%s\"}", i > from ? "," : "", paragraphs[i]);
	buffer_append_byte(page, ']');
}

static void joined(char *out, size_t size, size_t from, size_t to)
{
	*out = 0;
	for (size_t i = from; i < to; i++)
		snprintf(out + strlen(out), size - strlen(out), "%s%s", i > from ? "\n\n" : "", paragraphs[i]);
}

/* Settings, messages and other pages' texts are prose, too. */
static void another_title_is_another_page(void **state)
{
	static const char *const titles[] = {"Lanterns of Quarnby went out", "Orchard opens its gates to visitors"};
	for (size_t i = 0; i < 2; i++) {
		char want[1000];
		struct buffer page;
		buffer_init(&page, 1 << 16);
		buffer_print(&page, "<title>%s</title><div id=app></div><script>x.y={\"blocks\":", titles[i]);
		put_blocks(&page, 0, PARAGRAPHS);
		buffer_append_span(&page, SPAN("}</script>"));
		joined(want, sizeof want, 0, PARAGRAPHS);
		same_text(read_state(*state, buffer_span(&page), NULL), i ? NULL : want);
		buffer_free(&page);
	}
}

/* The page shows how the article begins: the rest stands with that, not in the longer list beside it. */
static void goes_on_from_what_is_shown(void **state)
{
	char want[1000];
	struct buffer page;
	buffer_init(&page, 1 << 16);
	buffer_append_span(&page,
			   SPAN("<title>Lanterns of Quarnby: the council and the barrels</title><script>s={a:{story:"));
	put_blocks(&page, 0, PARAGRAPHS);
	buffer_append_span(&page, SPAN("},b:["));
	for (int i = 0; i < 20; i++)
		buffer_print(&page,
			     "'The council has %d barrels of oil, and lanterns enough for the whole of Quarnby.',", i);
	buffer_append_span(&page, SPAN("]};</script>"));
	joined(want, sizeof want, 0, PARAGRAPHS);
	same_text(read_state(*state, buffer_span(&page), paragraphs[0]), want);
	assert_true(read_state(*state, buffer_span(&page), NULL).size > 2 * strlen(want));
	buffer_free(&page);
}

/* Prose in a program is not a page's state. */
static void code(void **state)
{
	static const char *const forms[] = {
		"function f(){alert(\"%s\")}",        "if(a){b.c(\"%s\",{d:\"%s\"})}",
		"x={f:function(){return [\"%s\"]}}",  "a.push({text:\"%s\"})",
		"var re=/[\"']/g,b=c/2;\n f(\"%s\")", "<!-- { \"%s\" -->",
	};
	for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
		struct buffer page;
		buffer_init(&page, 1 << 16);
		buffer_append_span(&page, SPAN("<title>Lanterns of Quarnby went out</title><script>"));
		for (size_t i = 0; i < PARAGRAPHS; i++) {
			buffer_print(&page, forms[form], paragraphs[i], paragraphs[i]);
			buffer_append_span(&page, SPAN(";\n"));
		}
		buffer_append_span(&page, SPAN("</script>"));
		same_text(read_state(*state, buffer_span(&page), NULL), NULL);
		buffer_free(&page);
	}
}

/* Nothing is read twice because it is referred to twice; nothing refers to itself for ever. */
static void references(void **state)
{
	struct fixture *f = *state;
	char want[1000];
	struct buffer page;
	buffer_init(&page, 1 << 16);
	joined(want, sizeof want, 0, PARAGRAPHS);
	buffer_append_span(&page,
			   SPAN("<title>Lanterns of Quarnby went out</title><script>x=(function(a,b,c){a.self=a;a.b=b;"
				"b.a=a;b.text=c;return {one:a,two:a,three:b,four:c,five:d}}({},{},"));
	put_blocks(&page, 0, PARAGRAPHS);
	buffer_append_span(&page, SPAN("))</script>"));
	same_text(read_state(f, buffer_span(&page), NULL), want);
	buffer_clear(&page); /* a table in which the first refers to itself, the others to all */
	buffer_append_span(&page,
			   SPAN("<title>Lanterns of Quarnby went out</title><script type=application/json>[[0,1,2,1],"
				"[2,1,0,3,4,5,6,7,8],[1,2,2]"));
	for (size_t i = 0; i < PARAGRAPHS; i++)
		buffer_print(&page, ",\"%s\"", paragraphs[i]);
	buffer_append_span(&page, SPAN("]</script>"));
	same_text(read_state(f, buffer_span(&page), NULL), want);
	buffer_clear(&page); /* rows that refer to each other */
	buffer_append_span(
		&page, SPAN("<title>Lanterns of Quarnby went out</title><script>self.__next_f.push([1,\"0:[\\\"$1\\\","
			    "\\\"$0\\\"]\\n1:[\\\"$0\\\",\\\"$1\\\",\\\"$L2\\\"]\\n2:[\\\"$1\\\""));
	for (size_t i = 0; i < PARAGRAPHS; i++)
		buffer_print(&page, ",\\\"%s\\\"", paragraphs[i]);
	buffer_append_span(&page, SPAN("]\\n\"])</script>"));
	same_text(read_state(f, buffer_span(&page), NULL), want);
	buffer_free(&page);
}

/* Bytes FRONT, then MIDDLE many times, then BACK, in a script. */
static void read_many(struct fixture *f, const char *front, const char *middle, size_t times, const char *back)
{
	struct buffer page;
	buffer_init(&page, 1 << 23);
	buffer_print(&page, "<title>Lanterns of Quarnby</title><script>%s", front);
	for (size_t i = 0; i < times; i++)
		buffer_append_span(&page, span_of(middle));
	buffer_print(&page, "%s</script>", back);
	read_state(f, buffer_span(&page), paragraphs[0]);
	buffer_free(&page);
}

/* Each of these takes for ever where one byte is looked at again for each byte before it. */
static void hostile(void **state)
{
	static const struct {
		const char *front, *middle, *back;
	} rows[] = {
		{"x=", "[", ""},
		{"x=", "{a:", "1"},
		{"x=", "(", ""},
		{"x=", "(function(a){return ", ""},
		{"x=[", "\"\\\"", ""},
		{"x=[", "'\\'\"", "\n"},
		{"x=[", "=/[", ""},
		{"x=[", "/*", ""},
		{"x=[", "]}", ""},
		{"x={", "[)", "}"},
		{"x=\"", "\\u", "\""},
		{"x=\"", "\\uD800", "\""},
		{"x=\"{", "\\\\\\\\", "}\""},
		{"x=[`", "${", ""},
		{"", "x=", "1"},
		{"", "x={", ""},
		{"", "a:", "b"},
		{"x=(function(a){return [", "a,",
		 "]}(\"the lanterns of the town went out one after another in the wind\"))"},
		{"x=(function(", "a,", "b){return b}(1))"},
		{"x=(function(a){", "a.b=a;", "return a}({}))"},
		{"self.__next_f.push([1,\"", "1:T0,", "\"])"},
		{"self.__next_f.push([1,\"", "1:Tfffff", "\"])"},
		{"self.__next_f.push([1,\"0:[", "\\\"$0\\\",", "0]\"])"},
		{"self.__next_f.push([1,\"", "1:T5,\xC3\xA4\xC3\xA4\xC3\xA4", "\"])"},
		{"", "self.__next_f.push([1,\"a\"]);", ""},
		{"[[1,2],", "[0,1,2],", "\"a\"]"},
		{"x=[",
		 "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
		 "[[[[[[[[[[]\",",
		 "]"},
		{"x={", "a:\"<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<\",", "}"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		read_many(*state, rows[i].front, rows[i].middle, 2000000 / strlen(rows[i].middle), rows[i].back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),
		cmocka_unit_test(another_title_is_another_page),
		cmocka_unit_test(goes_on_from_what_is_shown),
		cmocka_unit_test(code),
		cmocka_unit_test(references),
		cmocka_unit_test(hostile),
	};
	return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
