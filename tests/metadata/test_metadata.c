/* Whole pages to metadata: which source wins, what is left out, what broken pages give. The pages are made up. */
#include "tests/metadata/fixture.h"

static struct page_metadata *parse(struct fixture *f, const char *html)
{
	f->page.html = span_of(html);
	assert_int_equal(html_parse(f->parser, f->page.html, &f->page.tree), STATUS_OK);
	assert_int_equal(metadata_read(f->reader, &f->page, f->arena, &f->out), STATUS_OK);
	return &f->out;
}

/* The page as it is asked for nearly everywhere: address known, fetched on 2024-06-10. */
static struct page_metadata *read_page(struct fixture *f, const char *html)
{
	f->page = (struct page){.url = SPAN("https://www.sampledaily.example/town/river-rises-again-after-rain"),
				.fetch_time = date_from_civil(2024, 6, 10, 12, 0, 0)};
	return parse(f, html);
}

static void is(struct span got, const char *want)
{
	if (!span_equal(got, span_of(want)) || (got.data == NULL) != (want == NULL))
		fail_msg("\"%.*s\", not \"%s\"", SPAN_ARG(got), want ? want : "(absent)");
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

#define BODY                                                                                                           \
	"<article><h1>River rises again after rain</h1><p class=byline>By <a rel=author href=/author/jane>Jane "       \
	"Doe</a></p>"                                                                                                  \
	"<p>The river rose for three days and the town watched it from the bridge.</p></article>"

static void json_ld(void **state)
{
	struct page_metadata *m = read_page(
		*state,
		"<!doctype html><html lang=en-GB><head><title>River rises again after rain | The Daily Sample</title>"
		"<script "
		"type='application/ld+json'>{\"@context\":\"https://"
		"schema.org\",\"@graph\":[{\"@type\":\"WebSite\",\"name\":\"The Daily Sample\"},"
		"{\"@type\":[\"NewsArticle\"],\"headline\":\"River rises again after "
		"rain\",\"datePublished\":\"2024-06-07T23:30:00+02:00\","
		"\"dateModified\":\"2024-06-08T08:00:00Z\",\"author\":[{\"@id\":\"#jane\"},{\"@type\":\"Person\","
		"\"name\":\"John Roe\"}],"
		"\"keywords\":[\"river\",\"rain\"],\"description\":\"Three days of "
		"rain.\",\"license\":\"https://creativecommons.org/licenses/by/4.0/\","
		"\"publisher\":{\"@type\":\"Organization\",\"name\":\"The Daily Sample\"}},"
		"{\"@type\":\"Person\",\"@id\":\"#jane\",\"name\":\"Jane Doe\"}]}</script></head><body>"
		"<article><h1>River rises again after rain</h1><p>The river rose for three days and the town watched "
		"it "
		"from the bridge.</p></article></body></html>");
	is(m->title, "River rises again after rain");
	is(m->title_full, "River rises again after rain | The Daily Sample");
	authors_are(m, "Jane Doe;John Roe");
	is(m->date_published, "2024-06-07T23:30:00+02:00");
	is(m->date_modified, "2024-06-08T08:00:00Z");
	is(m->site_name, "The Daily Sample");
	is(m->language_declared, "en-GB");
	is(m->description, "Three days of rain.");
	is(m->license, "https://creativecommons.org/licenses/by/4.0/");
	is(m->page_type, "NewsArticle");
	assert_true(m->ld_article);
	assert_int_equal(m->tag_count, 2);
	is(m->tags[0], "river");
	is(m->canonical_url, NULL);
}

/* What real pages do to JSON: line breaks in strings, commas, comments, character references, quotes in strings. */
static void broken_json_ld(void **state)
{
	static const char *const scripts[] = {
		"<!-- {\"@type\":\"NewsArticle\",\"headline\":\"River rises again after "
		"rain\",\"datePublished\":\"2024-06-07\",} -->",
		"//<![CDATA[\n{\"@type\":\"NewsArticle\",\"headline\":\"River rises again after "
		"rain\",\"datePublished\":\"2024-06-07\"}\n//]]>",
		"{\"@type\":\"NewsArticle\",\"description\":\"Line one\nline two\",\"headline\":\"River rises again "
		"after rain\",\"datePublished\":\"2024-06-07\"};",
		"{&quot;@type&quot;:&quot;NewsArticle&quot;,&quot;headline&quot;:&quot;River rises again after "
		"rain&quot;,&quot;datePublished&quot;:&quot;2024-06-07&quot;}",
		"{\"@type\":\"NewsArticle\",\"description\":\"the \"old\" bridge\",\"headline\":\"River rises again "
		"after rain\",\"datePublished\":\"2024-06-07\"}",
		"{\"@type\":\"NewsArticle\",\"headline\":\"River rises again after "
		"rain\",\"datePublished\":\"2024-06-07\",\"author\":{\"name\":",
	};
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		char page[2000];
		snprintf(page, sizeof page,
			 "<title>River rises again after rain | Sample Daily</title><script "
			 "type=application/ld+json>%s</script><body><p>text",
			 scripts[i]);
		struct page_metadata *m = read_page(*state, page);
		if (!m->date_published.data)
			fail_msg("nothing from %s", scripts[i]);
		is(m->title, "River rises again after rain");
		is(m->date_published, "2024-06-07");
	}
}

static void meta_elements(void **state)
{
	struct page_metadata *m = read_page(
		*state,
		"<html><head><title>River rises again after rain - Sample Daily</title>"
		"<meta property='og:title' content='River rises again after rain &amp;#8211; Sample Daily'><meta "
		"property=og:site_name content='Sample Daily'>"
		"<meta property=article:published_time content='2024-06-07T10:00:00+00:00'><meta "
		"property=article:modified_time content='2024-06-09T10:00:00+00:00'>"
		"<meta name=author content='Jane Doe'><meta name=description content='Three  days\n of rain.'><meta "
		"property=og:description content='Rain.'>"
		"<meta name=keywords content='river, rain, River'><link rel=canonical href='/town/river#top'><meta "
		"property=og:image content='/a.jpg'>"
		"<meta property=og:locale content=en_GB><meta property=og:type content=article></head><body>" BODY);
	is(m->title, "River rises again after rain");
	authors_are(m, "Jane Doe");
	is(m->date_published, "2024-06-07T10:00:00Z");
	is(m->date_modified, "2024-06-09T10:00:00Z");
	is(m->site_name, "Sample Daily");
	is(m->canonical_url, "https://www.sampledaily.example/town/river#top");
	is(m->image, "https://www.sampledaily.example/a.jpg");
	is(m->description, "Three days of rain.");
	assert_int_equal(m->description_count, 2);
	assert_int_equal(m->tag_count, 2);
	is(m->language_declared, "en-GB");
	is(m->page_type, "article");
}

static void visible_only(void **state)
{
	struct page_metadata *m =
		read_page(*state, "<html lang=de><head><title>Fluss steigt wieder - Sample "
				  "Daily</title></head><body><nav><a href=/>Start</a></nav>"
				  "<article><h1>Fluss steigt wieder</h1><p class=author>Von Erika Muster</p><p "
				  "class=date>Veröffentlicht am 7. Juni 2024</p>"
				  "<p>Der Fluss stieg drei Tage lang, und die Stadt sah ihm zu.</p></article>"
				  "<aside class=related><span class=date>1. Mai 2019</span><a rel=author href=/a>Max "
				  "Mann</a></aside></body>");
	is(m->title, "Fluss steigt wieder");
	authors_are(m, "Erika Muster");
	is(m->date_published, "2024-06-07");
	is(m->language_declared, "de");
}

/* Dates behind the day of the fetch are not given. */
static void no_future(void **state)
{
	struct page_metadata *m = read_page(
		*state,
		"<title>River rises</title><meta property=article:published_time content='2031-01-01T00:00:00Z'>"
		"<h1>River rises</h1><time datetime=2031-01-01>1 January 2031</time>");
	is(m->date_published, NULL);
	is(m->date_modified, NULL);
	m = read_page(*state, "<title>River rises</title><meta property=article:published_time "
			      "content='0000-00-00'><h1>River rises</h1>");
	is(m->date_published, NULL);
}

static void nothing_at_all(void **state)
{
	static const char *const pages[] = {"",
					    "<p>",
					    "text",
					    "<title></title>",
					    "<meta>",
					    "<script type=application/ld+json></script>",
					    "<h1></h1>",
					    "<script type=application/ld+json>[[[[</script>",
					    "<meta property=og:title>",
					    "<time>",
					    "<a rel=author>"};
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		struct page_metadata *m = read_page(*state, pages[i]);
		is(m->title, NULL);
		assert_int_equal(m->author_count, 0);
		is(m->date_published, NULL);
		is(m->description, NULL);
		assert_int_equal(m->robots, 0);
	}
}

/* The header's reservation wins over the meta element's, in both directions. */
static void opt_out(void **state)
{
	struct fixture *f = *state;
	const char *html = "<meta name=robots content='noindex, noarchive'><meta name=GPTBot content=noindex><meta "
			   "name=googlebot-news content=nosnippet>"
			   "<meta name=tdm-reservation content=1><meta name=tdm-policy "
			   "content='https://sampledaily.example/tdm.json'><p>text";
	struct page_metadata *m = read_page(f, html);
	assert_int_equal(m->robots, ROBOTS_NOINDEX | ROBOTS_NOARCHIVE | ROBOTS_NOAI | ROBOTS_TDM_RESERVATION);
	is(m->tdm_policy, "https://sampledaily.example/tdm.json");
	f->page = (struct page){.fetch_time = DATE_NONE, .tdm_reservation = SPAN("0"), .x_robots_tag = SPAN("noai")};
	m = parse(f, html);
	assert_int_equal(m->robots, ROBOTS_NOINDEX | ROBOTS_NOARCHIVE | ROBOTS_NOAI);
	f->page = (struct page){
		.fetch_time = DATE_NONE, .tdm_reservation = SPAN("1"), .tdm_policy = SPAN("https://other.example/p")};
	m = parse(f, "<meta name=tdm-reservation content=0><meta name=tdm-policy content=x>");
	assert_int_equal(m->robots, ROBOTS_TDM_RESERVATION);
	is(m->tdm_policy, "https://other.example/p");
}

static void agency(void **state)
{
	struct page_metadata *m = read_page(*state, "<h1>River rises</h1><p>SAMPLETOWN (Newswire) - The river rose for "
						    "three days and the town watched it from the "
						    "bridge without a word, as it had done in other years before.</p>");
	is(m->source_name, "Newswire");
	m = read_page(*state, "<h1>River rises</h1><p>The river (which is long) - so they say - rose for three days "
			      "and the town watched it from the bridge.</p>");
	m = read_page(*state, "<h1>Fluss steigt</h1><p>Text.</p><p>Quelle: Musterdienst</p>");
	is(m->source_name, "Musterdienst");
}

static void bodies(void **state)
{
	struct fixture *f = *state;
	struct buffer page;
	buffer_init(&page, 1 << 20);
	buffer_append_span(&page,
			   SPAN("<script type=application/ld+json>{\"@type\":\"Article\",\"articleBody\":\"<p>One "
				"&amp; only.</p>"));
	for (int i = 0; i < 20; i++)
		buffer_append_span(
			&page,
			SPAN("<p>The river rose for three days.<br>And the town watched.</p><style>no()</style>"));
	buffer_append(&page, "\"}</script>", 12);
	struct page_metadata *m = read_page(f, page.data);
	assert_true(span_starts(
		m->json_body,
		SPAN("One & only.\n\nThe river rose for three days.\n\nAnd the town watched.\n\nThe river")));
	assert_int_equal(span_find(m->json_body, SPAN("no()")), SIZE_MAX);
	buffer_clear(&page);
	buffer_append_span(
		&page,
		SPAN("<div id=root></div><script>window.__STATE__ = {\"menu\":[\"a\",\"b\"],\"story\":{\"blocks\":["));
	for (int i = 0; i < 12; i++)
		buffer_print(&page,
			     "%s{\"kind\":\"p\",\"text\":\"Day %d: the river rose again and the whole town watched it "
			     "from the old bridge.\"}",
			     i ? "," : "", i);
	buffer_append_span(&page, SPAN("]},\"colours\":{\"a\":\"#fff\"}};</script>"));
	buffer_append_byte(&page, 0);
	m = read_page(f, page.data);
	struct span body;
	assert_int_equal(metadata_page_state_body(f->reader, &f->page, m, SPAN_NONE, f->arena, &body), STATUS_OK);
	assert_true(span_starts(
		body, SPAN("Day 0: the river rose again and the whole town watched it from the old bridge.\n\nDay 1")));
	assert_true(span_ends(body,
			      SPAN("Day 11: the river rose again and the whole town watched it from the old bridge.")));
	m = read_page(f, "<p>nothing here</p><script>var x = 1;</script>");
	assert_int_equal(metadata_page_state_body(f->reader, &f->page, m, SPAN_NONE, f->arena, &body), STATUS_OK);
	assert_null(body.data);
	buffer_free(&page);
}

/* The reader keeps nothing of the page before. */
static void independent(void **state)
{
	struct fixture *f = *state;
	read_page(f, "<html lang=en><title>River rises again</title><meta name=author content='Jane Doe'><meta "
		     "name=robots content=noindex>" BODY);
	struct page_metadata *m = read_page(f, "<p>text");
	is(m->title, NULL);
	is(m->language_declared, NULL);
	assert_int_equal(m->author_count, 0);
	assert_int_equal(m->robots, 0);
}

/* A million nested objects, endless classes, thousands of dates: an answer, and soon. */
static void hostile(void **state)
{
	struct fixture *f = *state;
	struct buffer page;
	buffer_init(&page, 1 << 25);
	buffer_append_span(&page, SPAN("<script type=application/ld+json>"));
	for (int i = 0; i < 100000; i++)
		buffer_append_span(&page, SPAN("{\"a\":["));
	buffer_append_span(&page, SPAN("</script><script>"));
	for (int i = 0; i < 20000; i++)
		buffer_append_span(&page, SPAN("\"datePublished\":"));
	buffer_append_span(&page, SPAN("</script>"));
	for (int i = 0; i < 20000; i++)
		buffer_print(&page,
			     "<div class='author date c%d'>By A%d B and C D 0%d.0%d.2020</div><h1 class=title>x | "
			     "y%d</h1><meta name=keywords content='k%d'>",
			     i, i, i % 9, i % 7, i, i);
	buffer_append(&page, "", 1);
	read_page(f, page.data);
	buffer_free(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_ld),      cmocka_unit_test(broken_json_ld), cmocka_unit_test(meta_elements),
		cmocka_unit_test(visible_only), cmocka_unit_test(no_future),      cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(opt_out),      cmocka_unit_test(agency),         cmocka_unit_test(bodies),
		cmocka_unit_test(independent),  cmocka_unit_test(hostile),
	};
	return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
