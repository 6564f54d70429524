/* charset: which encoding a page is in, and its text as UTF-8.
 *
 * The order is the standard's (WHATWG HTML 13.2.3): byte order mark, HTTP header, a meta element in the first 1,024
 * bytes, one further down, and then a guess. Browsers stop there; an archive also holds pages whose declaration cannot
 * be true, and three rules deal with those (docs/html.md has the counts):
 *   - bytes that are valid UTF-8 with enough non-ASCII characters are UTF-8, whatever they say: text in another
 * encoding does not look like that by accident;
 *   - bytes declared as UTF-8 that are mostly not are guessed;
 *   - bytes declared as a multi-byte encoding of which a good part is not are guessed.
 * UTF-8 input is checked by vector code and passed through where it lies. */
#include "extract/charset_internal.h"

#include <stdlib.h>

enum {
	PRESCAN = 1024,         /* WHATWG HTML 13.2.3.2 */
	LATE_PRESCAN = 1 << 18, /* further down than this no meta element is looked for */
	SURE_UTF8 = 8,          /* non-ASCII characters that make valid UTF-8 no accident */
};

struct charset_decoder {
	struct buffer out, scratch;
};

struct charset_decoder *charset_decoder_new(size_t max)
{
	struct charset_decoder *decoder = memory_new(sizeof *decoder);
	if (decoder == NULL)
		return NULL;
	buffer_init(&decoder->out, max);
	buffer_init(&decoder->scratch, (size_t)1 << 20);
	return decoder;
}

void charset_decoder_free(struct charset_decoder *decoder)
{
	if (decoder == NULL)
		return;
	buffer_free(&decoder->out);
	buffer_free(&decoder->scratch);
	free(decoder);
}

/* ---- Evidence ----------------------------------------------------------------------------------------------- */

/* Non-ASCII characters of valid UTF-8, counted until LIMIT. */
static size_t utf8_characters(struct span bytes, size_t limit)
{
	size_t count = 0;
	for (size_t i = 0; i < bytes.size && count < limit; i++) {
		if ((unsigned char)bytes.data[i] < 0x80) /* skip ASCII by words */
			for (uint64_t word; i + 9 <= bytes.size && (memcpy(&word, bytes.data + i, 8),
								    (word & UINT64_C(0x8080808080808080)) == 0);)
				i += 8;
		count += (unsigned char)bytes.data[i] >= 0xC0;
	}
	return count;
}

/* A prefix of at most SIZE bytes that does not end inside a character of valid UTF-8. */
static struct span utf8_cut(struct span text, size_t size)
{
	if (text.size <= size)
		return text;
	while (size > 0 && ((unsigned char)text.data[size] & 0xC0) == 0x80)
		size--;
	return (struct span){text.data, size};
}

struct choice {
	int charset;
	enum charset_source source;
	size_t skip; /* bytes of the byte order mark */
};

static bool byte_order_mark(struct span bytes, struct choice *choice)
{
	choice->source = CHARSET_BOM;
	choice->skip = 2;
	if (span_starts(bytes, SPAN("\xEF\xBB\xBF"))) {
		choice->charset = CHARSET_UTF_8;
		choice->skip = 3;
	} else if (span_starts(bytes, SPAN("\xFE\xFF"))) {
		choice->charset = CHARSET_UTF_16BE;
	} else if (span_starts(bytes, SPAN("\xFF\xFE"))) {
		choice->charset = CHARSET_UTF_16LE;
	} else {
		choice->skip = 0;
		return false;
	}
	return true;
}

/* The declaration, or CHARSET_NONE. */
static struct choice declared(struct span bytes, struct span content_type)
{
	struct choice choice = {charset_of_content_type(content_type), CHARSET_HTTP, 0};
	if (choice.charset != CHARSET_NONE)
		return choice;
	choice.source = CHARSET_META;
	choice.charset = charset_prescan(span_slice(bytes, 0, PRESCAN));
	if (choice.charset != CHARSET_NONE || bytes.size <= PRESCAN)
		return choice;
	choice.source = CHARSET_LATE_META;
	choice.charset = charset_prescan(span_slice(bytes, 0, LATE_PRESCAN));
	return choice;
}

/* Whether ASCII bytes mean ASCII in CHARSET. */
static bool keeps_ascii(int charset)
{
	return charset != CHARSET_ISO_2022_JP && charset != CHARSET_REPLACEMENT && charset != CHARSET_UTF_16BE &&
	       charset != CHARSET_UTF_16LE;
}

/* Whether BYTES can be what they are declared to be: at most one error among so many characters. */
static bool plausible(struct span bytes, int charset, struct buffer *scratch)
{
	bool checkable = charset <= CHARSET_EUC_KR || charset >= CHARSET_SINGLE;
	if (!checkable)
		return true;
	uint64_t units = 0, errors = charset_errors(charset, bytes, scratch, &units);
	return errors * 8 <= units || errors <= 1;
}

static struct choice choose(struct charset_decoder *decoder, struct span bytes, struct span content_type, bool *valid)
{
	struct choice choice;
	*valid = false;
	if (byte_order_mark(bytes, &choice))
		return choice;
	choice = declared(bytes, content_type);
	if (choice.charset == CHARSET_NONE || keeps_ascii(choice.charset)) {
		*valid = utf8_valid(bytes);
		if (*valid && choice.charset != CHARSET_UTF_8) {
			size_t characters = utf8_characters(bytes, SURE_UTF8);
			if (choice.charset == CHARSET_NONE && characters == 0 &&
			    span_find(bytes, SPAN("\x1B$")) != SIZE_MAX)
				return (struct choice){CHARSET_ISO_2022_JP, CHARSET_DETECTED, 0};
			if (choice.charset == CHARSET_NONE || characters >= SURE_UTF8)
				return (struct choice){CHARSET_UTF_8, characters ? CHARSET_DETECTED : CHARSET_DEFAULT,
						       0};
			*valid = characters == 0; /* plain ASCII: nothing to convert, and the name stays */
		}
		if (*valid)
			return choice;
	}
	if (choice.charset != CHARSET_NONE && plausible(bytes, choice.charset, &decoder->scratch))
		return choice;
	int guess = charset_guess(bytes, &decoder->scratch);
	if (guess != CHARSET_NONE)
		return (struct choice){guess, CHARSET_DETECTED, 0};
	if (choice.charset != CHARSET_NONE)
		return choice;
	return (struct choice){charset_windows_1252, CHARSET_DEFAULT, 0};
}

/* ---- Entry -------------------------------------------------------------------------------------------------- */

enum status charset_decode(struct charset_decoder *decoder, struct span bytes, struct span content_type,
			   struct span *utf8, struct charset_result *result)
{
	bool valid;
	if (bytes.data == NULL)
		bytes = SPAN("");
	struct choice choice = choose(decoder, bytes, content_type, &valid);
	bytes = span_slice(bytes, choice.skip, SIZE_MAX);
	*result = (struct charset_result){charset_name(choice.charset), choice.source, 0};
	if (valid || (choice.charset == CHARSET_UTF_8 && utf8_valid(bytes))) {
		*utf8 = utf8_cut(bytes, decoder->out.max);
		return utf8->size < bytes.size ? STATUS_LIMIT : STATUS_OK;
	}
	buffer_clear(&decoder->out);
	struct charset_sink sink = {.out = &decoder->out};
	size_t want = bytes.size + bytes.size / 2 + 256;
	if (want > decoder->out.max)
		want = decoder->out.max;
	if (buffer_reserve(&decoder->out, want) != STATUS_OK)
		return decoder->out.status;
	charset_run(choice.charset, bytes, &sink);
	result->replaced = sink.replaced;
	*utf8 = buffer_span(&decoder->out);
	return !sink.full ? STATUS_OK : decoder->out.status == STATUS_MEMORY ? STATUS_MEMORY : STATUS_LIMIT;
}
