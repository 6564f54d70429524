/* The program: charset_data FOLDER checks labels and tables against the data files of the WHATWG Encoding standard
 * (FOLDER/whatwg-encoding) and the decoders against encoding_rs's pairs of files (FOLDER/encoding_rs/tests/test_data).
 * Exit 1 on a difference, 77 (skip) when the folder is not there. */
#include "extract/charset_internal.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned checked, failed;

static void check(bool ok, const char *what, unsigned long where)
{
	checked++;
	failed += !ok;
	if (!ok && failed < 20)
		printf("differs: %s at %lu\n", what, where);
}

static struct span decode(int charset, const char *bytes, size_t size, struct buffer *out, uint64_t *replaced)
{
	buffer_clear(out);
	struct charset_sink sink = {.out = out};
	charset_run(charset, (struct span){bytes, size}, &sink);
	*replaced = sink.replaced;
	return buffer_span(out);
}

static void check_labels(const struct json *groups)
{
	for (const struct json *group = groups->first; group; group = group->next)
		for (const struct json *e = json_get(group, "encodings")->first; e; e = e->next)
			for (const struct json *label = json_get(e, "labels")->first; label; label = label->next) {
				int charset = charset_of_label(label->text);
				check(charset != CHARSET_NONE &&
					      span_equal(span_of(charset_name(charset)), json_get_text(e, "name")),
				      "a label", 0);
			}
}

/* The bytes of POINTER in an index, by the inverse of each decoder's formula. */
static size_t bytes_of(int charset, const char *index, unsigned pointer, char out[4])
{
	unsigned lead, trail;
	if (strcmp(index, "gb18030") == 0 || strcmp(index, "euc-kr") == 0) {
		bool gb = index[0] == 'g';
		lead = pointer / 190 + 0x81;
		trail = pointer % 190;
		trail += !gb ? 0x41 : trail < 0x3F ? 0x40 : 0x41;
	} else if (strcmp(index, "big5") == 0) {
		lead = pointer / 157 + 0x81;
		trail = pointer % 157;
		trail += trail < 0x3F ? 0x40 : 0x62;
	} else if (charset == CHARSET_SHIFT_JIS) {
		lead = pointer / 188;
		lead += lead < 0x1F ? 0x81 : 0xC1;
		trail = pointer % 188;
		trail += trail < 0x3F ? 0x40 : 0x41;
	} else {
		lead = pointer / 94 + 0xA1;
		trail = pointer % 94 + 0xA1;
	}
	if (lead > 0xFE || (charset == CHARSET_SHIFT_JIS && lead > 0xFC))
		return 0;
	size_t n = 0;
	if (strcmp(index, "jis0212") == 0)
		out[n++] = (char)0x8F;
	out[n++] = (char)lead;
	out[n++] = (char)trail;
	return n;
}

static void check_index(const struct json *indexes, const char *name, int charset)
{
	struct buffer out;
	buffer_init(&out, 1 << 16);
	unsigned pointer = 0;
	for (const struct json *code = json_get(indexes, name)->first; code; code = code->next, pointer++) {
		char bytes[4], expected[4];
		uint64_t value = 0, replaced;
		size_t size = bytes_of(charset, name, pointer, bytes);
		bool pair = charset == CHARSET_BIG5 &&
			    (pointer == 1133 || pointer == 1135 || pointer == 1164 || pointer == 1166);
		bool private = charset == CHARSET_SHIFT_JIS && pointer >= 8836 && pointer <= 10715;
		if (size == 0 || pair || private)
			continue;
		struct span got = decode(charset, bytes, size, &out, &replaced);
		if (code->kind == JSON_NUMBER && span_to_u64(code->text, &value)) {
			size_t want = utf8_encode((uint32_t)value, expected);
			check(replaced == 0 && got.size == want && memcmp(got.data, expected, want) == 0, name,
			      pointer);
		} else {
			check(replaced == 1, name, pointer);
		}
	}
	buffer_free(&out);
}

static void check_single(const struct json *indexes, const struct json *code, int charset, const char *name)
{
	struct buffer out;
	(void)indexes;
	buffer_init(&out, 1 << 12);
	for (unsigned byte = 0x80; code; code = code->next, byte++) {
		char in = (char)byte, expected[4];
		uint64_t value, replaced;
		struct span got = decode(charset, &in, 1, &out, &replaced);
		if (code->kind == JSON_NUMBER && span_to_u64(code->text, &value)) {
			size_t want = utf8_encode((uint32_t)value, expected);
			check(replaced == 0 && got.size == want && memcmp(got.data, expected, want) == 0, name, byte);
		} else {
			check(replaced == 1, name, byte);
		}
	}
	buffer_free(&out);
}

static void check_standard(const char *folder)
{
	struct arena *arena = arena_new((size_t)1 << 29);
	const char *const files[] = {"encodings.json", "indexes.json"};
	for (int i = 0; i < 2; i++) {
		char path[4096];
		struct buffer text;
		const struct json *root;
		struct fault fault;
		buffer_init(&text, 1 << 26);
		snprintf(path, sizeof path, "%s/whatwg-encoding/%s", folder, files[i]);
		if (file_read(path, &text, &fault) != STATUS_OK ||
		    json_parse(arena, buffer_span(&text), 0, &root, &fault) != STATUS_OK) {
			printf("%s: %s\n", path, fault.text);
			failed++;
		} else if (i == 0) {
			check_labels(root);
		} else {
			check_index(root, "gb18030", CHARSET_GB18030);
			check_index(root, "gb18030", CHARSET_GBK);
			check_index(root, "big5", CHARSET_BIG5);
			check_index(root, "jis0208", CHARSET_EUC_JP);
			check_index(root, "jis0208", CHARSET_SHIFT_JIS);
			check_index(root, "jis0212", CHARSET_EUC_JP);
			check_index(root, "euc-kr", CHARSET_EUC_KR);
			for (int charset = CHARSET_SINGLE; charset < CHARSET_SINGLE + 28; charset++) {
				char key[32];
				snprintf(key, sizeof key, "%s", charset_name(charset));
				for (char *c = key; *c; c++)
					*c = (char)ascii_lower((unsigned char)*c);
				if (strcmp(key, "iso-8859-8-i") == 0)
					key[10] = '\0';
				check_single(root, json_get(root, key)->first, charset, key);
			}
		}
		buffer_free(&text);
	}
	arena_free(arena);
}

/* FOLDER/NAME_in.txt decodes to FOLDER/NAME_in_ref.txt; NAME_out_ref.txt, which was encoded, decodes to NAME_out.txt.
 */
static void check_pair(const char *folder, const char *name, const char *label, bool reverse)
{
	char path[8192];
	struct buffer in, reference, out;
	uint64_t replaced;
	buffer_init(&in, 1 << 24);
	buffer_init(&reference, 1 << 24);
	buffer_init(&out, 1 << 24);
	snprintf(path, sizeof path, "%s/%s_%s.txt", folder, name, reverse ? "out_ref" : "in");
	bool ok = file_read(path, &in, NULL) == STATUS_OK;
	snprintf(path, sizeof path, "%s/%s_%s.txt", folder, name, reverse ? "out" : "in_ref");
	ok = ok && file_read(path, &reference, NULL) == STATUS_OK;
	struct span got = decode(charset_of_label(span_of(label)), in.data, in.size, &out, &replaced),
		    want = buffer_span(&reference);
	size_t same = 0;
	while (same < got.size && same < want.size && got.data[same] == want.data[same])
		same++;
	check(ok && same == got.size && same == want.size, path, same);
	buffer_free(&in);
	buffer_free(&reference);
	buffer_free(&out);
}

int main(int argc, char **argv)
{
	static const char *const pairs[][2] = {
		{"big5", "big5"},      {"euc_kr", "euc-kr"},  {"gb18030", "gb18030"},    {"iso_2022_jp", "iso-2022-jp"},
		{"jis0208", "euc-jp"}, {"jis0212", "euc-jp"}, {"shift_jis", "shift_jis"}};
	char folder[4096];
	if (argc < 2)
		return 64;
	snprintf(folder, sizeof folder, "%s/encoding_rs/tests/test_data", argv[1]);
	if (!file_exists(folder)) {
		printf("no encoding data in %s: skipped\n", argv[1]);
		return 77;
	}
	check_standard(argv[1]);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		check_pair(folder, pairs[i][0], pairs[i][1], false);
	printf("%u of %u checks passed\n", checked - failed, checked);
	return failed ? 1 : 0;
}
