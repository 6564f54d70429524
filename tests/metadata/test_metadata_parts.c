/* The parts of metadata reading by themselves: dates, names, titles, robots rules, language codes. */
#include "extract/metadata_internal.h"
#include "extract/optout_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h> /* wants those above */

static struct month_names *months;

static int open_months(void **state)
{
	(void)state;
	months = month_names_new();
	return months == NULL;
}

static int close_months(void **state)
{
	(void)state;
	month_names_free(months);
	return 0;
}

static void print_date(const struct metadata_date *date, char out[64])
{
	struct arena *arena = arena_new(1 << 12);
	struct span text = metadata_date_print(date, arena);
	snprintf(out, 64, "%.*s", SPAN_ARG(text));
	arena_free(arena);
}

static void dates_in_text(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"Published June 7, 2020", "2020-06-07"},
		{"7th of June, 2020", "2020-06-07"},
		{"Sunday 7 June 2020 at 10:15", "2020-06-07"},
		{"Jun 07 10:00:00 UTC 2020", "2020-06-07"},
		{"07-Jun-20", "2020-06-07"},
		{"Sept. 3rd 2019", "2019-09-03"},
		{"Sonntag, 7. Juni 2020, 10:15 Uhr", "2020-06-07"},
		{"3. März 2021", "2021-03-03"},
		{"12. Jänner 2021", "2021-01-12"},
		{"le 1er août 2018", "2018-08-01"},
		{"7 de junio de 2020", "2020-06-07"},
		{"23 de setiembre del 2020", "2020-09-23"},
		{"14 maggio 2019", "2019-05-14"},
		{"2 de março de 2020", "2020-03-02"},
		{"5 mei 2020", "2020-05-05"},
		{"11 października 2011", "2011-10-11"},
		{"4 listopada 2011", "2011-11-04"},
		{"30. června 2020", "2020-06-30"},
		{"31 июля 2020 г.", "2020-07-31"},
		{"1 листопада 2020", "2020-11-01"},
		{"6 Ιανουαρίου 2012", "2012-01-06"},
		{"17 Μαΐου 2012", "2012-05-17"},
		{"2020. június 7.", "2020-06-07"},
		{"7 Haziran 2020", "2020-06-07"},
		{"7. kesäkuuta 2020", "2020-06-07"},
		{"2020年6月7日", "2020-06-07"},
		{"2020 年 06 月 07 日 09:30", "2020-06-07"},
		{"2020년 6월 7일", "2020-06-07"},
		{"２０２０年６月７日", "2020-06-07"},
		{"٧ يونيو ٢٠٢٠", "2020-06-07"},
		{"7 जून 2020", "2020-06-07"},
		{"७ जून २०२०", "2020-06-07"},
		{"7 มิถุนายน 2563", "2020-06-07"},
		{"7 tháng 6, 2020", "2020-06-07"},
		{"2020-06-07", "2020-06-07"},
		{"2020/6/7", "2020-06-07"},
		{"2020. 06. 07.", "2020-06-07"},
		{"07.06.2020", "2020-06-07"},
		{"07.06.20 10:15", "2020-06-07"},
		{"25/12/2019", "2019-12-25"},
		{"12/25/2019", "2019-12-25"},
		{"04/03/2020", "2020-03-04"},
		{"2020-06-07T23:30:00+02:00", "2020-06-07T23:30:00+02:00"},
		{"2020-06-07T23:30:00.123Z", "2020-06-07T23:30:00Z"},
		{"Sun, 07 Jun 2020 10:15:00 GMT", "2020-06-07T10:15:00Z"},
		{"June 7, 2020 7:05 p.m. EDT", "2020-06-07"},
		{"June 7, 2020 7:05 PM EDT", "2020-06-07T19:05:00-04:00"},
		{"version 10.20.30.40", NULL},
		{"192.168.10.20", NULL},
		{"31 February 2020", NULL},
		{"in June 2020", NULL},
		{"May the 4th", NULL},
		{"call 2020-555-0101", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct metadata_date date = {0};
		char text[64];
		bool found = metadata_date_find(months, span_of(rows[i].text), DATE_DAY_FIRST, &date, NULL);
		if (found != (rows[i].want != NULL))
			fail_msg("\"%s\": %s", rows[i].text, found ? "a date where there is none" : "no date");
		if (!found)
			continue;
		print_date(&date, text);
		if (strcmp(text, rows[i].want))
			fail_msg("\"%s\": %s, not %s", rows[i].text, text, rows[i].want);
	}
	struct metadata_date date;
	assert_true(metadata_date_find(months, SPAN("04/03/2020"), DATE_MONTH_FIRST, &date, NULL));
	assert_int_equal(date.month, 4);
	assert_true(date.ambiguous);
	assert_true(metadata_date_find(months, SPAN("04-03-2020"), DATE_MONTH_FIRST, &date, NULL));
	assert_int_equal(date.month, 3); /* hyphens are no American custom */
	assert_true(metadata_date_find(months, SPAN("25/03/2020"), DATE_MONTH_FIRST, &date, NULL));
	assert_false(date.ambiguous);
	assert_true(metadata_date_read(months, SPAN("1591531200"), DATE_DAY_FIRST, &date));
	assert_int_equal(metadata_date_seconds(&date), 1591531200);
	assert_true(metadata_date_read(months, SPAN("1591531200000"), DATE_DAY_FIRST, &date));
	assert_int_equal(metadata_date_seconds(&date), 1591531200);
	assert_true(metadata_date_read(months, SPAN("20200607"), DATE_DAY_FIRST, &date));
	assert_int_equal(date.precision, PRECISION_DAY);
	assert_false(metadata_date_read(months, SPAN("1970-01-01x"), DATE_DAY_FIRST, &date) && date.year != 1970);
	assert_false(metadata_date_read(months, SPAN("0000-00-00"), DATE_DAY_FIRST, &date));
}

static void dates_in_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		int year, month, day;
	} rows[] = {
		{"https://news.example/2020/06/07/title.html", 2020, 6, 7},
		{"https://news.example/2020-06-07-title", 2020, 6, 7},
		{"https://news.example/a/20200607_title", 2020, 6, 7},
		{"https://news.example/2020/jun/07/title", 2020, 6, 7},
		{"https://news.example/2020/6/7/title", 2020, 6, 7},
		{"https://news.example/2020/june/07/title", 2020, 6, 7},
		{"https://news.example/2020/06/200607130031.htm", 2020, 6, 0},
		{"https://news.example/2020/06/title", 2020, 6, 0},
		{"https://news.example/item/123420200607123", 0, 0, 0},
		{"https://news.example/2020/13/45/title", 0, 0, 0},
		{"https://news.example/title-2020", 0, 0, 0},
		{"https://news.example/99991231", 0, 0, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct metadata_date date = {0};
		bool found = metadata_date_of_url(span_of(rows[i].url), &date);
		if (found != (rows[i].year != 0) ||
		    (found && (date.year != rows[i].year || date.month != rows[i].month)))
			fail_msg("%s: %d-%d", rows[i].url, date.year, date.month);
		if (found && rows[i].day)
			assert_int_equal(date.day, rows[i].day);
		if (found)
			assert_int_equal(date.precision, rows[i].day ? PRECISION_DAY : PRECISION_MONTH);
	}
}

static void names(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want; /* names divided by semicolons */
	} rows[] = {
		{"By Jane Doe", "Jane Doe"},
		{"by: Jane Doe", "Jane Doe"},
		{"Written by Jane Doe and John Roe", "Jane Doe;John Roe"},
		{"Jane Doe, John Roe and Ann Poe", "Jane Doe;John Roe;Ann Poe"},
		{"Jane Doe, John Roe, and Ann Poe", "Jane Doe;John Roe;Ann Poe"},
		{"Jane Doe; John Roe", "Jane Doe;John Roe"},
		{"Jane Doe|John Roe", "Jane Doe;John Roe"},
		{"Jane Doe, MD, PhD", "Jane Doe, MD, PhD"},
		{"Jane Doe, Staff Writer", "Jane Doe"},
		{"Jane Doe Senior Writer", "Jane Doe"},
		{"Jane Doe | jane@news.example", "Jane Doe"},
		{"By Jane Doe Published June 7, 2020", "Jane Doe"},
		{"Von Erika Muster", "Erika Muster"},
		{"Ein Kommentar von Erika Muster und Max Mann", "Erika Muster;Max Mann"},
		{"Par Jeanne Dupont et Paul Martin", "Jeanne Dupont;Paul Martin"},
		{"Por Ana Prueba y Luis Ejemplo", "Ana Prueba;Luis Ejemplo"},
		{"Автор: Иван Пример", "Иван Пример"},
		{"作者：王小明", "王小明"},
		{"记者 王小明、李小红", "王小明;李小红"},
		{"Centre for Trade and Transport", "Centre for Trade and Transport"},
		{"Example Staff", "Example Staff"},
		{"Jane Doe Jane Doe", "Jane Doe"},
		{"JANE DOE", "JANE DOE"},
		{"jdoe42", "jdoe42"},
		{"https://news.example/jane", ""},
		{"jane@news.example", ""},
		{"Jane Doe, Senior Director, Sample Institute of Tides", "Jane Doe;Sample Institute of Tides"},
		{"Jane Doe, Trial Attorney", "Jane Doe"},
		{"Jane Doe, CEO of Sampleworks", "Jane Doe"},
		{"Jane Doe, John Roe", "Jane Doe;John Roe"},
		{"Jane Doe, sampledaily.example", "Jane Doe"},
		{"Jane Doe in Sampleton", "Jane Doe"},
		{"Jane Doe The Associated Press", "Jane Doe"},
		{"Jane Doe1", "Jane Doe"},
		{"agent47", "agent47"},
		{"Written by:", ""},
		{"Autor:", ""},
		{"By \xE2\x80\x94", ""},
		{"View all stories", ""},
		{"More from Jane Doe", ""},
		{"Social links for Jane Doe", ""},
		{"Vonda Roe", "Vonda Roe"},
		{"Share", ""},
		{"Photo: Some Body", ""},
		{"by using this site you agree", ""},
		{"", ""},
	};
	struct metadata_reader *reader = metadata_reader_new();
	assert_non_null(reader);
	reader->site_host = SPAN("www.sampledaily.example");
	title_fold_sites(reader);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct span found[8];
		size_t count = author_names(reader, span_of(rows[i].text), found, 8);
		char text[400] = "";
		for (size_t k = 0; k < count; k++)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", k ? ";" : "",
				 SPAN_ARG(found[k]));
		if (strcmp(text, rows[i].want))
			fail_msg("\"%s\": \"%s\", not \"%s\"", rows[i].text, text, rows[i].want);
	}
	metadata_reader_free(reader);
}

static void titles(void **state)
{
	(void)state;
	static const struct {
		const char *title, *want;
	} rows[] = {
		{"A river rises | The Daily Sample", "A river rises"},
		{"A river rises - Sample Daily", "A river rises"},
		{"A river rises \xE2\x80\x93 Weather \xE2\x80\x93 The Daily Sample",
		 "A river rises \xE2\x80\x93 Weather"},
		{"The Daily Sample: A river rises", "A river rises"},
		{"A river rises | sampledaily.example", "A river rises"},
		{"A river rises - and falls", "A river rises - and falls"},
		{"Ask: what now?", "Ask: what now?"},
		{"The Daily Sample", "The Daily Sample"},
		{"", ""},
	};
	struct metadata_reader *reader = metadata_reader_new();
	assert_non_null(reader);
	reader->site_names[reader->site_name_count++] = SPAN("The Daily Sample");
	reader->site_host = SPAN("www.sampledaily.example");
	title_fold_sites(reader);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct span got = title_strip(reader, span_of(rows[i].title));
		if (!span_equal(got, span_of(rows[i].want)))
			fail_msg("\"%s\": \"%.*s\"", rows[i].title, SPAN_ARG(got));
	}
	metadata_reader_free(reader);
}

static void robots(void **state)
{
	(void)state;
	int64_t now = date_from_civil(2024, 6, 1, 0, 0, 0);
	static const struct {
		const char *value;
		unsigned want;
	} rows[] = {
		{"noindex, nofollow", ROBOTS_NOINDEX | ROBOTS_NOFOLLOW},
		{"NOINDEX,NOARCHIVE", ROBOTS_NOINDEX | ROBOTS_NOARCHIVE},
		{"none", ROBOTS_NOINDEX | ROBOTS_NOFOLLOW},
		{"index, follow", 0},
		{"noai, noimageai", ROBOTS_NOAI | ROBOTS_NOIMAGEAI},
		{"max-snippet:0", ROBOTS_NOSNIPPET},
		{"max-snippet: 0, max-image-preview: large", ROBOTS_NOSNIPPET},
		{"max-snippet:-1", 0},
		{"unavailable_after: 2024-01-01", ROBOTS_NOINDEX},
		{"unavailable_after: 25 Jun 2030 15:00:00 GMT, noarchive", ROBOTS_NOARCHIVE},
		{"unavailable_after: Sunday, 25-Jun-23 15:00:00 GMT", ROBOTS_NOINDEX},
		{"googlebot: noindex", ROBOTS_NOINDEX},
		{"googlebot-news: noindex, nosnippet", 0},
		{"otherbot: noindex, nofollow\nnoarchive", ROBOTS_NOARCHIVE},
		{"CCBot: noindex", ROBOTS_NOINDEX | ROBOTS_NOAI},
		{"noarchive, GPTBot: noindex", ROBOTS_NOARCHIVE | ROBOTS_NOINDEX | ROBOTS_NOAI},
		{"adsbot: none", 0},
		{",,;  ,", 0},
		{":", 0},
		{"", 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (robots_header(span_of(rows[i].value), now) != rows[i].want)
			fail_msg("\"%s\": %u, not %u", rows[i].value, robots_header(span_of(rows[i].value), now),
				 rows[i].want);
	assert_int_equal(robots_header(SPAN_NONE, now), 0);
	assert_int_equal(robots_header(SPAN("unavailable_after: 2024-01-01"), DATE_NONE), 0);
	assert_int_equal(tdm_value(SPAN(" 1 ")), 1);
	assert_int_equal(tdm_value(SPAN("0")), 0);
	assert_int_equal(tdm_value(SPAN("yes")), -1);
	assert_int_equal(tdm_value(SPAN_NONE), -1);
}

static void tables(void **state)
{
	(void)state;
	assert_true(metadata_keys_sorted());
}

#ifdef WARCMILL_HAVE_CLD2
static void languages(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"The river rose for three days and the town watched it from the bridge without a word.", "eng"},
		{"Der Fluss stieg drei Tage lang, und die Stadt sah ihm von der Brücke aus schweigend zu.", "deu"},
		{"La rivière montait depuis trois jours et la ville la regardait du pont sans un mot.", "fra"},
		{"Река поднималась три дня, и город молча смотрел на неё с моста.", "rus"},
		{"Το ποτάμι ανέβαινε τρεις μέρες και η πόλη το κοιτούσε από τη γέφυρα.", "ell"},
		{"川は三日間増水し、町の人々は橋の上から黙って見ていた。", "jpn"},
		{"Rzeka przybierała przez trzy dni, a miasto patrzyło na nią z mostu w milczeniu.", "pol"},
		{"河水连续上涨了三天，全城的人都站在桥上默默地看着，没有人说一句话。大家都在等待雨停，等待水退，等待孩"
		 "子们重新回到学校。",
		 "zho"},
	};
	struct arena *arena = arena_new(1 << 16);
	struct span language, all;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(language_detect(span_of(rows[i].text), arena, &language, &all), STATUS_OK);
		if (!span_equal(language, span_of(rows[i].want)))
			fail_msg("%s: %.*s", rows[i].want, SPAN_ARG(language));
		assert_true(span_starts(all, language));
	}
	assert_int_equal(language_detect(SPAN(""), arena, &language, &all), STATUS_OK);
	assert_null(language.data);
	assert_int_equal(language_detect(SPAN_NONE, arena, &language, &all), STATUS_OK);
	struct buffer long_text; /* far above the sample, wide characters at every cut */
	buffer_init(&long_text, 1 << 20);
	for (int i = 0; i < 3000; i++)
		buffer_append_span(&long_text, span_of(rows[3].text));
	assert_int_equal(language_detect(buffer_span(&long_text), arena, &language, &all), STATUS_OK);
	assert_true(span_equal(language, SPAN("rus")));
	buffer_free(&long_text);
	arena_free(arena);
}
#endif

static unsigned hints(struct metadata_reader *reader, enum html_attr attr, struct span value)
{
	struct html_attribute attribute = {
		.value = value.data, .value_size = (uint32_t)value.size, .id = (uint8_t)attr};
	struct html_node node = {.kind = HTML_ELEMENT, .count = 1};
	struct html_tree tree = {.nodes = &node, .attributes = &attribute, .count = 1, .attribute_count = 1};
	struct page page = {.tree = &tree};
	struct span prop;
	reader->page = &page;
	unsigned found = element_hints(reader, 0, &prop);
	reader->page = NULL;
	return found;
}

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* A value says what its words say, wherever they stand in it. */
static void class_words(void **state)
{
	(void)state;
	struct metadata_reader *reader = metadata_reader_new();
	static const struct {
		const char *text;
		unsigned want;
	} rows[] = {{"post-author", HINT_AUTHOR},
		    {"xx pubDate", HINT_DATE},
		    {"entryTitle", HINT_TITLE},
		    {"fn", HINT_AUTHOR},
		    {"fno", 0},
		    {"contributors", HINT_AUTHOR},
		    {"contributo", 0},
		    {"auThor", 0},
		    {"day1", HINT_DATE},
		    {"TIMESTAMP", HINT_DATE},
		    {"a_b-c", 0},
		    {"", 0}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(hints(reader, HTML_ATTR_CLASS, span_of(rows[i].text)), rows[i].want);
	static const char *const pieces[] = {"author",  "a",  "Title", "-",    " ",    "date",    "X",
					     "related", "_9", "fn",    "meta", "TIME", "\xC3\xA9"};
	uint64_t random = 88172645463325252u;
	for (unsigned n = 0; n < 20000; n++) {
		char text[200];
		size_t size = 0, start = 0;
		for (unsigned count = n % 12; count; count--) {
			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			struct span piece = span_of(pieces[(random >> 20) % 13]);
			memcpy(text + size, piece.data, piece.size);
			size += piece.size;
		}
		unsigned want = 0;
		for (size_t i = 0; i <= size; i++) {
			bool letter = i < size && ascii_is_alpha((unsigned char)text[i]);
			if (letter && !(i > start && is_capital(text[i]) && !is_capital(text[i - 1])))
				continue;
			want |= hints(reader, HTML_ATTR_ID, (struct span){text + start, i - start});
			start = letter ? i : i + 1;
		}
		struct span value = {text, size};
		assert_int_equal(hints(reader, HTML_ATTR_ID, value), want);
		assert_int_equal(hints(reader, HTML_ATTR_CLASS, value), want);
	}
	metadata_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_in_text), cmocka_unit_test(dates_in_addresses),
		cmocka_unit_test(names),         cmocka_unit_test(titles),
		cmocka_unit_test(robots),        cmocka_unit_test(tables),
		cmocka_unit_test(class_words),
#ifdef WARCMILL_HAVE_CLD2
		cmocka_unit_test(languages),
#endif
	};
	return cmocka_run_group_tests(tests, open_months, close_months);
}
