/* UTF-8, addresses, JSON. */
#include "base/base.h"
#include "base/bytes8.h"
#include "tests/base/test_base.h"

#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

static void utf8_codes(void **state)
{
	(void)state;
	char text[4];
	for (uint32_t code = 0; code <= 0x10FFFF; code++) {
		bool surrogate = code >= 0xD800 && code < 0xE000;
		size_t size = utf8_encode(code, text);
		assert_true(utf8_valid((struct span){text, size}));
		for (size_t cut = 1; cut < size; cut++)
			assert_int_equal(utf8_valid_prefix((struct span){text, cut}), 0);
		const char *at = text;
		assert_int_equal(utf8_next(&at, text + size), surrogate ? 0xFFFD : code);
		assert_ptr_equal(at, text + size);
	}
}

static void utf8_bad(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t prefix;
	} bad[] = {
		{"\x80", 0},         {"abc\xC0\xAF", 3},          {"\xE0\x80\x80", 0},
		{"\xED\xA0\x80", 0}, {"\xF4\x90\x80\x80", 0},     {"ab\xF0\x9F\x98", 2},
		{"\xFF", 0},         {"\xE2\x82\xAC\xE2\x82", 3}, {"0123456789abcdef\xC3", 16},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(utf8_valid_prefix(span_of(bad[i].text)), bad[i].prefix);
	assert_true(utf8_valid(SPAN("\xEF\xBF\xBD")));
	assert_true(utf8_valid(SPAN("")));
}

static void paths(void **state)
{
	(void)state;
	static const struct {
		const char *path, *text, *name;
	} rows[] = {
		{"/a/100%.warc", "/a/100%.warc", "/a/100%.warc"},
		{"/\xC3\xA9", "/\xC3\xA9", "/\xC3\xA9"},
		{"", "", ""},
		{"/\xE9/\xC3\xA9 100%25\xFF", "file:///%E9/%C3%A9 100%2525%FF", "/%E9/\xC3\xA9 100%25%FF"},
		{"file://a%41", "file://file://a%2541", "file://a%41"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = path_to_text(rows[i].path), *path = path_from_text(span_of(text));
		char *name = utf8_percent(span_of(rows[i].path));
		assert_string_equal(text, rows[i].text);
		assert_string_equal(path, rows[i].path);
		assert_string_equal(name, rows[i].name);
		free(text);
		free(path);
		free(name);
	}
	char *path = path_from_text(SPAN("file://%4%zz%4")); /* nothing that path_to_text writes */
	assert_string_equal(path, "%4%zz%4");
	free(path);
}

/* All two- and three-byte combinations behind a run of ASCII, against the decoder. */
static void utf8_combinations(void **state)
{
	(void)state;
	char text[80];
	memset(text, 'a', sizeof text);
	for (unsigned pair = 0; pair < 1 << 16; pair++) {
		size_t at = pair % 61;
		memcpy(text + at, (char[]){(char)(pair >> 8), (char)pair, (char)0xBF}, 3);
		size_t want = sizeof text;
		for (const char *p = text, *end = text + sizeof text; p < end;) {
			const char *before = p;
			if (utf8_next(&p, end) == 0xFFFD && p - before == 1) {
				want = (size_t)(before - text);
				break;
			}
		}
		assert_int_equal(utf8_valid_prefix((struct span){text, sizeof text}), want);
		memset(text + at, 'a', 3);
	}
}

static void nfc(void **state)
{
	(void)state;
	struct buffer out;
	buffer_init(&out, 1 << 20);
	char text[8] = "x";
	for (uint32_t code = 1; code <= 0x10FFFF; code++) {
		if (code >= 0xD800 && code < 0xE000)
			continue;
		size_t size = 1 + utf8_encode(code, text + 1);
		if (!utf8_is_nfc((struct span){text, size}))
			continue;
		text[size] = '\0';
		utf8proc_uint8_t *want = utf8proc_NFC((const utf8proc_uint8_t *)text);
		assert_string_equal(text, (char *)want);
		free(want);
	}
	assert_int_equal(utf8_nfc(SPAN("e\xCC\x81t"), &out), STATUS_OK);
	assert_true(span_equal(buffer_span(&out), SPAN("\xC3\xA9t")));
	buffer_free(&out);
}

static void urls(void **state)
{
	(void)state;
	struct url url;
	assert_true(url_parse(SPAN("http://u:p@Example.COM:8080/a/b?q=1#f"), &url));
	assert_true(span_equal(url.host, SPAN("Example.COM")) && span_equal(url.port, SPAN("8080")));
	assert_true(span_equal(url.user, SPAN("u:p")) && span_equal(url.path, SPAN("/a/b")));
	assert_true(span_equal(url.query, SPAN("q=1")) && span_equal(url.fragment, SPAN("f")));
	assert_true(url_parse(SPAN("http://[::1]:80/"), &url) && span_equal(url.host, SPAN("[::1]")));
	assert_false(url_parse(SPAN("/path:with/colon"), &url));
	struct arena *arena = arena_new(1 << 22);
	static const struct {
		const char *reference, *want;
	} resolved[] = {
		/* RFC 3986 §5.4.1 and §5.4.2 */
		{"g", "http://a/b/c/g"},
		{"./g", "http://a/b/c/g"},
		{"g/", "http://a/b/c/g/"},
		{"/g", "http://a/g"},
		{"//g", "http://g"},
		{"?y", "http://a/b/c/d;p?y"},
		{"g?y#s", "http://a/b/c/g?y#s"},
		{"#s", "http://a/b/c/d;p?q#s"},
		{"", "http://a/b/c/d;p?q"},
		{".", "http://a/b/c/"},
		{"..", "http://a/b/"},
		{"../g", "http://a/b/g"},
		{"../..", "http://a/"},
		{"../../../g", "http://a/g"},
		{"/./g", "http://a/g"},
		{"g;x=1/../y", "http://a/b/c/y"},
		{"https:g", "https:g"},
		{"g..", "http://a/b/c/g.."},
	};
	for (size_t i = 0; i < sizeof resolved / sizeof *resolved; i++) {
		struct span got = url_resolve(arena, SPAN("http://a/b/c/d;p?q"), span_of(resolved[i].reference));
		if (!span_equal(got, span_of(resolved[i].want)))
			fail_msg("%s -> %.*s", resolved[i].reference, SPAN_ARG(got));
	}
	assert_true(span_equal(url_host(arena, SPAN("https://WWW.Example.org.:443/x")), SPAN("www.example.org")));
	assert_null(url_host(arena, SPAN("mailto:a@b.c")).data);
	assert_true(span_equal(host_registered_domain(arena, SPAN("news.example.com")), SPAN("example.com")));
	assert_true(span_equal(host_registered_domain(arena, SPAN("127.0.0.1")), SPAN("127.0.0.1")));
#ifdef WARCMILL_HAVE_PSL
	assert_true(span_equal(host_registered_domain(arena, SPAN("a.b.example.co.uk")), SPAN("example.co.uk")));
#endif
	arena_free(arena);
}

static void surts(void **state)
{
	(void)state;
	static const struct {
		const char *url, *surt, *key;
	} cases[] = {
		{"http://www.Example.com/Path/", "com,example)/path", "example.com/Path"},
		{"https://example.com:443", "com,example)/", "example.com"},
		{"http://example.com:8080/a?c=2&B=1", "com,example:8080)/a?b=1&c=2", "example.com:8080/a?c=2&B=1"},
		{"http://127.0.0.1/x#f", "127.0.0.1)/x", "127.0.0.1/x"},
		{"urn:x:y", "urn:x:y", "urn:x:y"},
	};
	struct buffer out;
	buffer_init(&out, 1 << 16);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buffer_clear(&out);
		url_surt(span_of(cases[i].url), &out);
		if (!span_equal(buffer_span(&out), span_of(cases[i].surt)))
			fail_msg("%s -> %.*s", cases[i].url, SPAN_ARG(buffer_span(&out)));
		buffer_clear(&out);
		url_canonical_key(span_of(cases[i].url), &out);
		if (!span_equal(buffer_span(&out), span_of(cases[i].key)))
			fail_msg("%s -> %.*s", cases[i].url, SPAN_ARG(buffer_span(&out)));
	}
	buffer_free(&out);
}

static void json_out(void **state)
{
	(void)state;
	struct buffer out;
	struct json_writer writer;
	buffer_init(&out, 1 << 16);
	json_start(&writer, &out);
	json_begin(&writer, '{');
	json_put_text(&writer, "a", SPAN("x\"\\\n\x01\xC3\xA9"));
	json_put_text(&writer, "none", SPAN(""));
	json_key(&writer, "list");
	json_begin(&writer, '[');
	json_uint(&writer, UINT64_MAX);
	json_int(&writer, -1);
	json_bool(&writer, true);
	json_real(&writer, 0.5, 3);
	json_text(&writer, SPAN_NONE);
	json_begin(&writer, '[');
	json_end(&writer, ']');
	json_end(&writer, ']');
	json_put_uint(&writer, "z", 1);
	json_end(&writer, '}');
	assert_true(span_equal(buffer_span(&out),
			       SPAN("{\"a\":\"x\\\"\\\\\\n\\u0001\xC3\xA9\",\"list\":[18446744073709551615,-1,"
				    "true,0.500,null,[]],\"z\":1}")));
	buffer_free(&out);
}

static uint64_t plain_mask(const char *text, size_t size, bool (*passes)(unsigned char))
{
	uint64_t mask = 0;
	for (size_t i = 0; i < 8; i++)
		mask |= (uint64_t)(passes(i < size ? (unsigned char)text[i] : 0) ? 0x80 : 0) << 8 * i;
	return mask;
}

static bool is_blank(unsigned char c)
{
	return c == ' ';
}

static bool is_control(unsigned char c)
{
	return c < ' ';
}

static bool is_solid(unsigned char c)
{
	return c > ' ' && c < 0x7F;
}

static bool is_high(unsigned char c)
{
	return c >= 0xCC;
}

/* Eight bytes at a time as one by one: every byte at every place, beside bytes that could carry into it. */
static void eight_bytes(void **state)
{
	(void)state;
	static const unsigned char beside[] = {0x00, 0x20, 0x7F, 0x80, 0xFF};
	for (unsigned n = 0; n < 256 * 8 * 5; n++) {
		char text[8];
		memset(text, beside[n % 5], 8);
		text[n / 5 % 8] = (char)(n / 40);
		for (size_t size = 0; size <= 8; size++) {
			char *part = malloc(size + 1); /* a sanitizer sees a look behind the end */
			memcpy(part, text, size);
			part = realloc(part, size ? size : 1);
			uint64_t bytes = bytes8_at(part, 0, size);
			assert_int_equal(bytes8_equal(bytes, ' '), plain_mask(part, size, is_blank));
			assert_int_equal(bytes8_range(bytes, 0, ' ' - 1), plain_mask(part, size, is_control));
			assert_int_equal(bytes8_range(bytes, '!', '~'), plain_mask(part, size, is_solid));
			assert_int_equal(bytes8_from(bytes, 0xCC), plain_mask(part, size, is_high));
			assert_int_equal(bytes8_letters(bytes), plain_mask(part, size, ascii_is_alpha));
			uint64_t digits = plain_mask(part, size, ascii_is_digit);
			assert_int_equal(bytes8_digits(bytes), digits);
			assert_int_equal(bytes8_count(digits), __builtin_popcountll(digits));
			if (digits)
				assert_int_equal(digits >> 8 * bytes8_first(digits) & 0xFF, 0x80);
			free(part);
		}
	}
}

static void found_nocase(void **state)
{
	(void)state;
	static const char *const needles[] = {"", "a", "-", "Ab", "b-", "ab-ab", "@", "`"};
	char text[20] = "";
	uint64_t random = 88172645463325252u;
	for (unsigned n = 0; n < 20000; n++) {
		size_t size = n % sizeof text;
		for (size_t i = 0; i < size; i++) {
			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			text[i] = "aAbB-@` "[random >> 20 & 7];
		}
		for (size_t k = 0; k < sizeof needles / sizeof *needles; k++) {
			struct span all = {text, size}, needle = span_of(needles[k]);
			size_t at = 0;
			while (at + needle.size <= size &&
			       !span_equal_nocase((struct span){text + at, needle.size}, needle))
				at++;
			assert_int_equal(span_find_nocase(all, needle), at + needle.size <= size ? at : SIZE_MAX);
		}
	}
}

static void json_in(void **state)
{
	(void)state;
	struct arena *arena = arena_new(1 << 20);
	const struct json *json;
	struct fault fault;
	struct span text = SPAN(" { \"id\" : \"a\\u00e9\" , \"n\": 12, \"deep\":{\"x\":[1,\"}\"]} ,\"t\":true } ");
	assert_int_equal(json_parse(arena, text, 0, &json, &fault), STATUS_OK);
	uint64_t value;
	assert_true(span_equal(json_get_text(json, "id"), SPAN("a\xC3\xA9")));
	assert_true(json_get_u64(json, "n", &value) && value == 12);
	assert_true(span_equal(json_get(json, "id")->source, SPAN("\"a\\u00e9\"")));
	assert_true(span_equal(json_get(json, "deep")->source, SPAN("{\"x\":[1,\"}\"]}")));
	assert_true(span_equal(json_get(json, "t")->source, SPAN("true")));
	assert_null(json_get(json, "missing"));
	assert_int_equal(json_parse_within(arena, text, 0, &json, &fault), STATUS_OK);
	assert_true(span_equal(json_get_text(json, "id"), SPAN("a\xC3\xA9")));
	assert_ptr_equal(json->first->key.data, text.data + 4);
	struct span list = SPAN(" [ 1 , \"a\",[],{ } , null ] ");
	assert_int_equal(json_parse(arena, list, 0, &json, &fault), STATUS_OK);
	assert_true(span_equal(json->source, span_trim(list)));
	static const char *const members[] = {"1", "\"a\"", "[]", "{ }", "null"};
	const struct json *member = json->first;
	for (size_t i = 0; i < sizeof members / sizeof *members; i++, member = member->next)
		assert_true(span_equal(member->source, span_of(members[i])));
	assert_null(member);
	static const char *const roots[] = {"12", "-1.5e3", "true", "\"x\"", "{}"};
	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
		assert_int_equal(json_parse(arena, span_of(roots[i]), 0, &json, &fault), STATUS_OK);
		assert_true(span_equal(json->source, span_of(roots[i])));
	}
	assert_int_equal(json_parse(arena, SPAN("{}\""), 0, &json, &fault), STATUS_DATA);
	assert_int_equal(json_parse(arena, SPAN("{\"a\":}"), 0, &json, &fault), STATUS_DATA);
	assert_true(fault.offset <= 6);
	assert_null(json);
	assert_int_equal(json_parse(arena, SPAN("{\"a\":1"), 0, &json, &fault), STATUS_DATA);
	assert_int_equal(json_parse(arena, SPAN(""), 0, &json, &fault), STATUS_DATA);
	assert_int_equal(json_parse(arena, SPAN("[1] 2"), 0, &json, &fault), STATUS_DATA);
	assert_int_equal(json_parse(arena, SPAN("2\""), 0, &json, &fault), STATUS_DATA);
	char deep[1000];
	memset(deep, '[', sizeof deep);
	assert_int_equal(json_parse(arena, (struct span){deep, sizeof deep}, 0, &json, &fault), STATUS_LIMIT);
	arena_free(arena);
}

int test_text(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_codes),   cmocka_unit_test(utf8_bad),
		cmocka_unit_test(paths),        cmocka_unit_test(utf8_combinations),
		cmocka_unit_test(nfc),          cmocka_unit_test(urls),
		cmocka_unit_test(surts),        cmocka_unit_test(json_out),
		cmocka_unit_test(json_in),      cmocka_unit_test(eight_bytes),
		cmocka_unit_test(found_nocase),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
