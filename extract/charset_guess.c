/* charset_guess: undeclared or wrongly declared bytes.
 *
 * uchardet (Mozilla's universal detector) is given only the stretches that hold non-ASCII bytes, as markup tells it
 * nothing and outnumbers the text. Its answer must decode nearly without errors; the multi-byte encodings are tried
 * where it does not, because an encoding in which thousands of characters decode without one error is the right one. */
#include "extract/charset_internal.h"

#include <stdlib.h>

#ifdef WARCMILL_HAVE_UCHARDET
#include <uchardet.h>
#endif

enum {
	SAMPLE_MAX = 1 << 15,
	CONTEXT = 16,        /* ASCII bytes kept beside a non-ASCII run */
	CHECK_MAX = 1 << 18, /* bytes decoded to count errors */
};

/* The stretches of BYTES around non-ASCII bytes, up to SAMPLE_MAX in all. */
static struct span sample(struct span bytes, struct buffer *scratch)
{
	buffer_clear(scratch);
	size_t taken = 0; /* everything before has been looked at */
	for (size_t i = 0; i < bytes.size && scratch->size < SAMPLE_MAX; i++) {
		if ((unsigned char)bytes.data[i] < 0x80)
			continue;
		size_t from = i < taken + CONTEXT ? taken : i - CONTEXT, to = i;
		while (to < bytes.size && (unsigned char)bytes.data[to] >= 0x80 && to - i < 4096)
			to++;
		to = to + CONTEXT < bytes.size ? to + CONTEXT : bytes.size;
		buffer_append_span(scratch, span_slice(bytes, from, to - from));
		taken = to;
		i = to - 1;
	}
	return buffer_span(scratch);
}

uint64_t charset_errors(int charset, struct span bytes, struct buffer *scratch, uint64_t *units)
{
	static const size_t step = 1 << 14;
	uint64_t errors = 0;
	*units = 0;
	buffer_clear(scratch);
	if (buffer_reserve(scratch, 4 * step) != STATUS_OK)
		return 0;
	bytes = span_slice(bytes, 0, CHECK_MAX);
	/* in steps that end before an ASCII byte or at the end, so that no character is cut */
	while (bytes.size > 0) {
		size_t size = bytes.size < step ? bytes.size : step;
		for (size_t back = 0; size < bytes.size && back < 64; back++)
			if ((unsigned char)bytes.data[size - back] < 0x30) {
				size -= back;
				break;
			}
		struct charset_sink sink = {.out = scratch};
		charset_run(charset, span_slice(bytes, 0, size), &sink);
		errors += sink.replaced;
		for (size_t i = 0; i < scratch->size; i++)
			*units += (unsigned char)scratch->data[i] >= 0xC0;
		bytes = span_slice(bytes, size, SIZE_MAX);
		buffer_clear(scratch);
	}
	return errors;
}

#ifdef WARCMILL_HAVE_UCHARDET
/* Names of uchardet that are no labels of the standard, and what stands for them. */
/* clang-format off */
static const char *const other_names[][2] = {
	{"UHC", "euc-kr"}, {"ISO-8859-1", "windows-1252"}, {"MAC-CYRILLIC", "x-mac-cyrillic"}, {"MAC-CENTRALEUROPE", "windows-1250"},
	{"IBM852", "windows-1250"}, {"IBM855", "ibm866"}, {"IBM865", "windows-1252"}, {"WINDOWS-874", "windows-874"},
	{"TIS-620", "windows-874"}, {"EUC-TW", "big5"}, {"HZ-GB-2312", "gbk"}, {"JOHAB", "euc-kr"}, {"VISCII", "windows-1258"},
};
/* clang-format on */

static int guess_uchardet(struct span text)
{
	uchardet_t detector = uchardet_new();
	int charset = CHARSET_NONE;
	if (detector == NULL)
		return CHARSET_NONE;
	if (uchardet_handle_data(detector, text.data, text.size) == 0) {
		uchardet_data_end(detector);
		const char *name = uchardet_get_charset(detector);
		for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++)
			if (strcmp(name, other_names[i][0]) == 0)
				name = other_names[i][1];
		charset = charset_of_label(span_of(name));
	}
	uchardet_delete(detector);
	return charset;
}
#else
static int guess_uchardet(struct span text)
{
	(void)text;
	return CHARSET_NONE;
}
#endif

int charset_guess(struct span bytes, struct buffer *scratch)
{
	static const int others[] = {CHARSET_UTF_8,  CHARSET_GB18030,   CHARSET_BIG5,
				     CHARSET_EUC_JP, CHARSET_SHIFT_JIS, CHARSET_EUC_KR};
	int guess = guess_uchardet(sample(bytes, scratch));
	uint64_t units = 0, errors = 0;
	if (guess != CHARSET_NONE) {
		errors = charset_errors(guess, bytes, scratch, &units);
		if (errors * 50 <= units)
			return guess;
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		uint64_t count, bad = charset_errors(others[i], bytes, scratch, &count);
		if (count >= 16 && bad * 50 <= count)
			return others[i];
	}
	return guess == CHARSET_NONE || errors * 4 > units ? CHARSET_NONE : guess;
}
