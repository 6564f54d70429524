/* Addresses and dates: no crash, spans inside the text, keys stay within their ceilings, formatting is stable. */
#include "base/base.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

static bool inside(struct span part, struct span text)
{
	return !part.data || (part.data >= text.data && part.data + part.size <= text.data + text.size);
}

static void check_date(int64_t date)
{
	char text[21];
	if (date == DATE_NONE)
		return;
	date_format(date, text);
	CHECK(strlen(text) == 20);
	if (date >= date_from_civil(1, 1, 1, 0, 0, 0) && date <= date_from_civil(9999, 12, 31, 23, 59, 59))
		CHECK(date_parse_w3c(span_of(text)) == date);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct span base = span_slice(text, 0, size / 2), reference = span_slice(text, size / 2, SIZE_MAX);
	struct arena *arena = arena_new(1 << 24);
	struct buffer out;
	struct url url;
	buffer_init(&out, 1 << 20);
	if (url_parse(text, &url))
		CHECK(inside(url.scheme, text) && inside(url.user, text) && inside(url.host, text) &&
		      inside(url.port, text) && inside(url.path, text) && inside(url.query, text) &&
		      inside(url.fragment, text));
	struct span resolved = url_resolve(arena, base, reference);
	if (resolved.data)
		CHECK(url_parse(resolved, &url));
	struct span host = url_host(arena, text);
	if (host.data) {
		struct span domain = host_registered_domain(arena, host);
		CHECK(domain.size <= host.size);
	}
	url_surt(text, &out);
	CHECK(out.size <= 4 * size + 16);
	buffer_clear(&out);
	url_canonical_key(text, &out);
	CHECK(out.size <= size);
	check_date(date_parse_w3c(text));
	check_date(date_parse_14(text));
	check_date(date_parse_http(text));
	buffer_free(&out);
	arena_free(arena);
	return 0;
}
