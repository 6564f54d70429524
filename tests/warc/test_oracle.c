/* test_oracle: over all sample archives, record for record what another reader delivered (records-oracle.tsv.gz):
 * offset, length, type, address, date, status, SHA-1 of the decoded payload. Where that reader gave up, at least as
 * many records. Where the two differ on purpose, the row below says why; docs/reader-oracle.md explains each. Skipped
 * where the samples are not there: they are unpacked by tar and xz. */
#include "tests/warc/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

static char samples[600]; /* the folder they were unpacked to */
static struct buffer manifest, oracle;

/* ---- Differences that are meant -------------------------------------------------------------------------------------
 */

enum {
	COUNT = 1,     /* number of records */
	PLACE = 2,     /* offset and length */
	NAMES = 4,     /* address, date, type */
	STATUS_OF = 8, /* HTTP status */
	PAYLOAD = 16,
	REST = 32, /* whatever comes after the first difference */
};

static const struct difference {
	const char *path; /* the end of it */
	unsigned kinds;
	const char *why;
} differences[] = {
#include "tests/warc/oracle_differences.h"
};

/* ---- Tables ---------------------------------------------------------------------------------------------------------
 */

static bool read_gzip(const char *path, struct buffer *out)
{
	gzFile file = gzopen(path, "rb");
	int n = -1;
	while (file && !buffer_reserve(out, 1 << 16) && (n = gzread(file, out->data + out->size, 1 << 16)) > 0)
		out->size += (size_t)n;
	if (file)
		gzclose(file);
	return n == 0;
}

/* Field INDEX of a line. */
static struct span column(struct span line, int index)
{
	struct span piece = SPAN_NONE;
	while (index-- >= 0)
		if (!span_cut(&line, '\t', &piece))
			return SPAN("");
	return piece;
}

static struct span plain(struct span text)
{
	text = span_trim(text);
	return text.size > 1 && *text.data == '<' && text.data[text.size - 1] == '>'
		       ? span_slice(text, 1, text.size - 2)
		       : text;
}

enum {
	O_PATH,
	O_N,
	O_OFFSET,
	O_LENGTH,
	O_TYPE,
	O_URI,
	O_DATE,
	O_ID,
	O_BLOCK,
	O_STATUS,
	O_MIME,
	O_CE,
	O_TE,
	O_SIZE,
	O_SHA1
};
enum {
	M_PATH,
	M_REPO,
	M_INNER,
	M_LICENCE,
	M_BYTES,
	M_FORMAT,
	M_VERSION,
	M_PACKING,
	M_SOFTWARE,
	M_RECORDS,
	M_TYPES,
	M_HTML,
	M_DIGESTS,
	M_QUIRKS,
	M_THEIRS,
	M_WARNINGS,
	M_ERROR
};

/* ---- Comparing ------------------------------------------------------------------------------------------------------
 */

static unsigned compare(const struct warc_record *record, const struct warc_http *http, struct span row)
{
	char hex[2 * DIGEST_MAX + 1], address[WARC_ADDRESS_MAX], status[16];
	uint8_t sha1[DIGEST_MAX];
	uint64_t length = 0;
	unsigned kinds = 0;
	warc_address_format(record->offset, 0, address);
	span_to_u64(column(row, O_LENGTH), &length); /* without the line ends after the record */
	if (!record->inner && !span_equal(column(row, O_OFFSET), span_of(address)))
		kinds |= PLACE;
	if (!record->inner && record->length && (record->length < length || record->length > length + 8))
		kinds |= PLACE;
	if (!(record->flags & WARC_RECORD_ARC) &&
	    !span_equal(span_trim(record->type_text), span_trim(column(row, O_TYPE))))
		kinds |= NAMES;
	if (!span_equal(plain(column(row, O_URI)), plain(record->uri)) ||
	    !span_equal(plain(column(row, O_DATE)), plain(record->date_text)))
		kinds |= NAMES;
	snprintf(status, sizeof status, "%d", http->status);
	struct span theirs = column(row, O_STATUS);
	uint64_t number;
	if (!span_equal(span_to_u64(theirs, &number) ? theirs : SPAN("0"), span_of(status)))
		kinds |= STATUS_OF;
	hex_encode(sha1, digest_of(DIGEST_SHA1, http->body, sha1), hex);
	if (!span_equal(column(row, O_SHA1), span_of(hex)))
		kinds |= PAYLOAD;
	/* The other reader leaves the version lines out of an ARC file's first block. */
	if (record->type == WARC_TYPE_WARCINFO && record->flags & WARC_RECORD_ARC)
		kinds &= ~(unsigned)PAYLOAD;
	return kinds;
}

static unsigned allowed(struct span path)
{
	unsigned kinds = 0;
	for (size_t i = 0; i < sizeof differences / sizeof *differences; i++)
		if (span_ends(path, span_of(differences[i].path)))
			kinds |= differences[i].kinds;
	return kinds;
}

/* The next row of the oracle, if it belongs to PATH. */
static bool next_row(struct span *rest, struct span path, struct span *row)
{
	struct span before = *rest;
	if (!span_cut(rest, '\n', row) || !row->size || !span_equal(column(*row, O_PATH), path)) {
		*rest = before;
		return false;
	}
	return true;
}

static struct span rows_of(struct span path)
{
	struct buffer needle;
	buffer_init(&needle, 1 << 16);
	put(&needle, "\n%.*s\t", SPAN_ARG(path));
	size_t at = span_find(buffer_span(&oracle), buffer_span(&needle));
	buffer_free(&needle);
	return at == SIZE_MAX ? SPAN("") : (struct span){oracle.data + at + 1, oracle.size - at - 1};
}

/* Of the samples that the other reader gave up on: how many, on how many this one gives more, how many records more. */
struct beyond {
	unsigned samples, more;
	uint64_t records;
};

static unsigned check_sample(struct span path, struct span line, struct beyond *beyond)
{
	char full[1400];
	const char *argument = full;
	snprintf(full, sizeof full, "%s/%.*s", samples, SPAN_ARG(path));
	struct warc_inputs *inputs;
	if (warc_inputs_new(&argument, 1, NULL, &inputs, NULL))
		return 0;
	struct warc_reader *reader = warc_reader_new(NULL);
	struct span rows = rows_of(path), row;
	uint64_t count = 0, theirs = 0, sum = 0;
	unsigned kinds = 0, may = allowed(path);
	bool gave_up = span_trim(column(line, M_ERROR)).size != 0;
	span_to_u64(column(line, M_THEIRS), &theirs);
	for (size_t i = 0; i < warc_inputs_count(inputs); i++) {
		const struct warc_input *input = warc_inputs_at(inputs, i);
		struct warc_record record;
		struct warc_damage damage;
		struct warc_http http;
		enum status status = warc_reader_open(reader, input, 0, UINT64_MAX, true, NULL);
		assert_int_equal(status, STATUS_OK);
		sum = 0;
		while (!(status = warc_next(reader, &record, &damage, NULL)) || status == STATUS_DATA) {
			sum += status ? damage.skipped : record.length;
			if (status)
				continue;
			count++;
			assert_false(warc_http_read(reader, &record, &http));
			if (!gave_up && next_row(&rows, path, &row) && !(may & REST))
				kinds |= compare(&record, &http, row);
		}
		assert_int_equal(status, STATUS_END);
		assert_int_equal(sum, warc_reader_end(reader));
		if (warc_input_bytes(input))
			assert_int_equal(sum, warc_input_bytes(input));
	}
	if (gave_up) {
		beyond->samples++;
		beyond->more += count > theirs;
		beyond->records += count > theirs ? count - theirs : 0;
	}
	if (gave_up ? count < theirs : count != theirs && warc_inputs_count(inputs) == 1)
		kinds |= COUNT;
	warc_reader_free(reader);
	warc_inputs_free(inputs);
	if (kinds & ~may)
		print_message("%.*s: differs (%u), %llu records, theirs %llu\n", SPAN_ARG(path), kinds & ~may,
			      (unsigned long long)count, (unsigned long long)theirs);
	if (may & ~kinds & ~(unsigned)REST)
		print_message("%.*s: no longer differs (%u)\n", SPAN_ARG(path), may & ~kinds);
	return kinds & ~may;
}

static void test_samples(void **state)
{
	(void)state;
	if (!*samples) {
		print_message("the sample archives are not here: skipped\n");
		skip();
	}
	struct span rest = buffer_span(&manifest), line;
	struct beyond beyond = {0};
	unsigned wrong = 0, seen = 0;
	span_cut(&rest, '\n', &line);
	while (span_cut(&rest, '\n', &line)) {
		struct span format = column(line, M_FORMAT);
		if (!span_equal(format, SPAN("warc")) && !span_equal(format, SPAN("arc")))
			continue;
#ifdef __SANITIZE_ADDRESS__
		if (span_ends(column(line, M_PATH), SPAN("giant_html.warc.gz")) ||
		    span_ends(column(line, M_PATH), SPAN("bench.warc.bz2")))
			continue; /* half a gigabyte each */
#endif
		seen++;
		wrong += check_sample(column(line, M_PATH), line, &beyond) != 0;
	}
	print_message("%u samples compared\n", seen);
	print_message("%u that the other reader gave up on: more records on %u, %llu in all\n", beyond.samples,
		      beyond.more, (unsigned long long)beyond.records);
	assert_int_equal(wrong, 0);
	assert_true(seen > 300);
}

static int begin(void **state)
{
	(void)state;
	temp_begin();
	buffer_init(&manifest, GENEROUS);
	buffer_init(&oracle, GENEROUS);
	const char *shared = shared_folder();
	if (!shared)
		return 0;
	char path[1200], command[2600];
	snprintf(path, sizeof path, "%s/records-oracle.tsv.gz", shared);
	if (!read_gzip(path, &oracle))
		return 0;
	snprintf(path, sizeof path, "%s/manifest.tsv", shared);
	if (file_read(path, &manifest, NULL))
		return 0;
	char folder[512];
	snprintf(folder, sizeof folder, "%s", temp_path("samples"));
	snprintf(command, sizeof command, "mkdir %s && tar -xJf %s/warc-samples.tar.xz -C %s", folder, shared, folder);
	if (system(command))
		return 0;
	snprintf(samples, sizeof samples, "%s/warc-samples", folder);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buffer_free(&manifest);
	buffer_free(&oracle);
	temp_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples)};
	return cmocka_run_group_tests(tests, begin, end);
}
