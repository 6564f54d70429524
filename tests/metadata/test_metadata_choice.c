/* What the choice takes of a page's evidence: rules of evidence and of groups, each on a page made up for it, and the
 * scores against their plain sums. */
#include "extract/metadata_internal.h"
#include "tests/metadata/fixture.h"

/* HEAD and BODY of a page of a newspaper, fetched on 2024-06-10. */
static struct page_metadata *read_page(struct fixture *f, const char *head, const char *body)
{
	static char html[8000];
	snprintf(html, sizeof html,
		 "<!doctype html><html lang=en><head><title>River rises again after rain | The Daily "
		 "Sample</title>%s</head><body>%s<p>The river rose for three days and the town watched it from the "
		 "bridge until the water fell.</p></body></html>",
		 head, body);
	f->page = (struct page){.url = SPAN("https://www.sampledaily.example/town/river-rises-again-after-rain"),
				.fetch_time = date_from_civil(2024, 6, 10, 12, 0, 0),
				.html = span_of(html)};
	assert_int_equal(html_parse(f->parser, f->page.html, &f->page.tree), STATUS_OK);
	assert_int_equal(metadata_read(f->reader, &f->page, f->arena, &f->out), STATUS_OK);
	return &f->out;
}

static void is(struct span got, const char *want)
{
	if (!span_equal(got, span_of(want)))
		fail_msg("\"%.*s\", not \"%s\"", SPAN_ARG(got), want);
}

static void authors_are(const struct page_metadata *m, const char *want)
{
	char text[400] = "";
	for (size_t i = 0; i < m->author_count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i ? ";" : "",
			 SPAN_ARG(m->authors[i]));
	if (strcmp(text, want))
		fail_msg("authors \"%s\", not \"%s\"", text, want);
}

#define H1 "<h1>River rises again after rain</h1>"

static void labels(void **state)
{
	static const struct {
		const char *body, *want;
	} rows[] = {
		{H1 "<div><span>Written by:</span><span>Jane Doe</span></div>", "Jane Doe"},
		{H1 "<div><span>This post was written by</span><b>Jane Doe</b></div>", "Jane Doe"},
		{H1 "<div><span>Von:</span><a>Erika Muster</a>, <a>Max Mann</a></div>", "Erika Muster;Max Mann"},
		{H1 "<div><span>By</span> <a>Jane Doe</a> <i>and</i> <a>John Roe</a></div>", "Jane Doe;John Roe"},
		{H1 "<div><span>By \xE2\x80\x94</span> <a>Jane Doe</a></div>", "Jane Doe"},
		{H1 "<div><span>Autor:</span></div>", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		authors_are(read_page(*state, "", rows[i].body), rows[i].want);
}

/* A name without a word for "by", on either side of a date; the same name without one is no author. */
static void neighbours(void **state)
{
	authors_are(read_page(*state, "", H1 "<p>Jane Doe</p><p>June 7, 2024</p>"), "Jane Doe");
	authors_are(read_page(*state, "", H1 "<p>June 7, 2024</p><i>\xC2\xB7</i><p>Jane Doe</p>"), "Jane Doe");
	authors_are(read_page(*state, "", H1 "<p>Jane Doe</p><p>watched the river.</p>"), "");
	authors_are(read_page(*state, "", H1 "<p>read 7 times</p><p>June 7, 2024</p>"), "");
}

static void lists(void **state)
{
	static const char json[] =
		"<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"author\":[%s]}</script>";
	char head[600];
	/* the whole list that JSON-LD has, though the page shows its first name twice */
	snprintf(head, sizeof head, json,
		 "{\"@type\":\"Person\",\"name\":\"Jane Doe\"},{\"@type\":\"Person\",\"name\":\"John Roe\"},"
		 "{\"@type\":\"Person\",\"name\":\"Ann Poe\"}");
	authors_are(read_page(*state, head, H1 "<p><a rel=author href=/author/jane>Jane Doe</a></p>"),
		    "Jane Doe;John Roe;Ann Poe");
}

static void dates(void **state)
{
	/* the other way round where a machine-readable date says so, and only then */
	is(read_page(*state, "<meta property=article:modified_time content=2024-04-03T10:00:00Z>",
		     H1 "<p class=date>03/04/2024</p>")
		   ->date_published,
	   "2024-04-03T10:00:00Z");
	is(read_page(*state, "", H1 "<p class=date>03/04/2024</p>")->date_published, "2024-03-04");
	is(read_page(*state, "", H1 "<p class=date>03-04-2024</p>")->date_published, "2024-04-03");
	/* text that a script writes */
	is(read_page(*state, "", H1 "<p>Published: <script>show('2024/06/07 10:00:00')</script></p>")->date_published,
	   "2024-06-07");
}

static void titles(void **state)
{
	/* a button and a link to the heading itself are no part of it */
	is(read_page(*state, "",
		     "<h1>River rises again after rain <button>Copy path</button><a href=#x>\xC2\xB6</a></h1>")
		   ->title,
	   "River rises again after rain");
	/* a heading that is what the title element has behind its separator */
	is(read_page(*state, "", "<h1>The Daily Sample</h1><h2>River rises again after rain</h2>")->title,
	   "River rises again after rain");
	/* a label in front of the headline */
	is(read_page(*state, "<meta property=og:title content='River rises again after rain'>",
		     "<h1><span class=label>Weather news</span> River rises again after rain</h1>")
		   ->title,
	   "River rises again after rain");
}

static uint64_t draw(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random >> 16;
}

/* What group_choose() leaves out never wins; a group's bytes fit and are as many for each group of a field. */
static void scores(void **state)
{
	(void)state;
	static const unsigned first[] = {0, TITLE_SOURCES, AUTHOR_SOURCES, METADATA_SOURCE_COUNT};
	static struct group_list list;
	uint64_t random = 88172645463325252u;
	for (unsigned round = 0; round < 3000; round++) {
		int field = (int)(round % 3);
		memset(&list, 0, sizeof list);
		list.count = 1 + draw(&random) % 12;
		list.deep = draw(&random) % 2;
		list.article = draw(&random) % 2;
		for (size_t i = 0; i < list.count; i++) {
			struct group *group = &list.rows[i];
			group->text = SPAN("River rises again after rain");
			group->feature_count = 1 + draw(&random) % 10;
			for (size_t k = 0; k < group->feature_count; k++) {
				unsigned sources = first[field + 1] - first[field];
				unsigned source = first[field] + (unsigned)(draw(&random) % sources);
				unsigned place = (unsigned)(draw(&random) % (field ? PLACE_COUNT : 4));
				unsigned extra = 1 + (unsigned)(draw(&random) % (EXTRA_COUNT - 1));
				group->features[k] =
					(uint16_t)(draw(&random) % 2
							   ? source * PLACE_COUNT + place
							   : FEATURE_EXTRA + (unsigned)field * EXTRA_COUNT + extra);
			}
		}
		uint8_t said[METADATA_SOURCE_COUNT], x[DESCRIBE_MAX];
		group_said(&list, said);
		size_t width = group_describe(&list, 0, said, field, x);
		size_t best = 0;
		for (size_t i = 0; i < list.count; i++) {
			assert_int_equal(group_describe(&list, i, said, field, x), width);
			if (group_score(&list, i, field) > group_score(&list, best, field))
				best = i;
		}
		assert_true(width <= DESCRIBE_MAX);
		const struct group *chosen = group_choose(&list, field);
		if (chosen)
			assert_int_equal(chosen - list.rows, (long)best);
	}
}

/* By-lines of Chinese pages: behind a label anywhere in a line, at either end of the text, in brackets; what only looks
 * like one names nobody. */
static void chinese(void **state)
{
	static const struct {
		const char *body, *want;
	} rows[] = {
		{"<p>2024-06-07 17:20</p><p>河流水位继续上涨</p>", ""},
		{"<p>2024-06-07 17:20 来源：样本日报 作者：王小明 编辑：李四</p>", "王小明"},
		{"<p>2024-06-07</p><p>样本日报</p>", ""},
		{"<p>样本日报记者 王建国 李小文 东桥县报道</p>", "王建国;李小文"},
		{"<p>本报记者王建国发自东桥</p>", "王建国"},
		{"<p>据样本社东桥电（记者 王建国）记者近日从东桥县获悉，河水连涨三日，居民站在桥上观看。</p>",
		 "王建国"},
		{"<p>河水连涨三日，居民站在桥上观看水位，桥上的人比往年任何时候都多。（王建国 李小文）</p>",
		 "王建国;李小文"},
		{"<p>记者了解到，河水连涨三日。</p><p>记者采访了桥上的居民。</p>", ""},
		{"<p>河水连涨三日，居民站在桥上观看。（未完待续）</p>", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char page[800];
		snprintf(page, sizeof page,
			 "<h1>老桥关闭</h1>%s<p>河流的水位在三天里一直上涨，镇上的人在桥上看着它。</p>", rows[i].body);
		print_message("row %zu\n", i);
		authors_are(read_page(*state, "", page), rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels), cmocka_unit_test(neighbours), cmocka_unit_test(chinese),
		cmocka_unit_test(lists),  cmocka_unit_test(dates),      cmocka_unit_test(titles),
		cmocka_unit_test(scores),
	};
	return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
