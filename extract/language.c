/* language: which languages a text is in.
 *
 * CLD2, the detector of Common Crawl's index, on a sample of at most 1 KB: the cost is then the same for a note and a
 * book. The sample is three pieces, from the start, the middle and the end, because a text's head alone misleads (a
 * quotation, an English summary). Codes are ISO 639-3 as in that index. */
#include "extract/extract.h"
#include "extract/language_codes.h"
#include "extract/language_internal.h"

enum { SAMPLE_MAX = 1024, PIECES = 3, SHARE_MIN = 10 };

/* Append up to SIZE bytes of TEXT from about FROM, cut between words where there are blanks, else between characters.
 */
static size_t take(struct span text, size_t from, size_t size, char *out)
{
	struct span piece = span_slice(text, from, size);
	size_t start = 0;
	if (from) {
		while (start < piece.size && start < 40 && !ascii_is_space((unsigned char)piece.data[start]))
			start++;
		if (start == piece.size || start == 40)
			start = 0;
		while (start < piece.size && ((unsigned char)piece.data[start] & 0xC0) == 0x80)
			start++;
	}
	piece = span_slice(piece, start, SIZE_MAX);
	piece.size = utf8_valid_prefix(piece);
	memcpy(out, piece.data, piece.size);
	return piece.size;
}

static size_t sample(struct span text, char out[SAMPLE_MAX])
{
	if (text.size <= SAMPLE_MAX)
		return take(text, 0, text.size, out);
	size_t each = SAMPLE_MAX / PIECES - 1, size = 0;
	for (size_t i = 0; i < PIECES; i++) {
		size += take(text, (text.size - each) * i / (PIECES - 1), each, out + size);
		out[size++] = ' ';
	}
	return size;
}

static struct span code_of(const char *name)
{
	size_t low = 0, high = sizeof language_codes / sizeof *language_codes;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, language_codes[middle].name);
		if (order == 0)
			return span_of(language_codes[middle].code);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return strlen(name) == 3 ? span_of(name) : SPAN_NONE; /* already ISO 639-2/3 */
}

enum status language_detect(struct span text, struct arena *arena, struct span *language, struct span *languages)
{
	char bytes[SAMPLE_MAX], list[PIECES * 4 + 4];
	const char *names[LANGUAGE_MAX];
	int percents[LANGUAGE_MAX];
	size_t size = text.size ? sample(text, bytes) : 0, used = 0;
	*language = *languages = SPAN_NONE;
	int count = size ? language_cld2(bytes, size, names, percents) : 0;
	for (int i = 0; i < count; i++) {
		struct span code = code_of(names[i]);
		if (code.size != 3 || (percents[i] < SHARE_MIN && used))
			continue;
		if (used && span_find((struct span){list, used}, code) != SIZE_MAX)
			continue; /* two scripts of one language */
		if (used)
			list[used++] = ',';
		memcpy(list + used, code.data, 3);
		used += 3;
	}
	if (!used)
		return STATUS_OK;
	*languages = arena_copy(arena, (struct span){list, used});
	*language = span_slice(*languages, 0, 3);
	return languages->data ? STATUS_OK : STATUS_LIMIT;
}
