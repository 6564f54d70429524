/* Character sets: whatever the bytes, the result is valid UTF-8 within its ceiling; valid UTF-8 is never copied; every
 * label's decoder takes every input. The first byte chooses the ceiling and the declaration. */
#include "extract/html.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

static const char *const labels[] = {"utf-8",
				     "gbk",
				     "gb18030",
				     "big5",
				     "euc-jp",
				     "iso-2022-jp",
				     "shift_jis",
				     "euc-kr",
				     "replacement",
				     "utf-16be",
				     "utf-16le",
				     "x-user-defined",
				     "windows-1252",
				     "koi8-r",
				     "windows-1255",
				     "iso-8859-8-i",
				     "x-mac-cyrillic",
				     "nonsense",
				     "",
				     "windows-874"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct charset_decoder *small, *large;
	if (large == NULL) {
		small = charset_decoder_new(100);
		large = charset_decoder_new((size_t)1 << 24);
	}
	CHECK(small && large);
	if (size == 0)
		return 0;
	bool tight = data[0] & 1;
	unsigned which = data[0] >> 1;
	char header[64];
	struct span type = SPAN_NONE, bytes = {(const char *)data + 1, size - 1}, text;
	if (which < sizeof labels / sizeof *labels) {
		snprintf(header, sizeof header, "text/html; charset=%s", labels[which]);
		type = span_of(header);
	}
	struct charset_result result;
	enum status status = charset_decode(tight ? small : large, bytes, type, &text, &result);
	CHECK(status == STATUS_OK || (tight && status == STATUS_LIMIT));
	CHECK(text.data != NULL && utf8_valid(text) && text.size <= (tight ? 100 : (size_t)1 << 24));
	CHECK(result.name != NULL && result.source <= CHARSET_DEFAULT);
	if (utf8_valid(bytes) && strcmp(result.name, "UTF-8") == 0)
		CHECK(text.data >= bytes.data && text.data <= bytes.data + bytes.size && result.replaced == 0);
	return 0;
}
