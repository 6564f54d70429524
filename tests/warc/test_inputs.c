/* test_inputs: what an argument stands for: files, folders, lists, names, kinds by content; archives in zip, tar and
 * other compressors. */
#include "tests/warc/support.h"
#include "warc/sigv4.h"

#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct buffer plain, packed, out;

static struct warc_inputs *list(const char *const *arguments, size_t count, unsigned depth)
{
	struct warc_inputs *inputs = NULL;
	struct fault fault = {0};
	const struct warc_options options = {.name_depth = depth};
	if (warc_inputs_new(arguments, count, &options, &inputs, &fault))
		fail_msg("%s", fault.text);
	return inputs;
}

static void expect_input(const struct warc_inputs *inputs, size_t index, const char *name, enum warc_kind kind,
			 uint64_t bytes)
{
	const struct warc_input *input = warc_inputs_at(inputs, index);
	assert_non_null(input);
	assert_string_equal(warc_input_name(input), name);
	assert_int_equal(warc_input_kind(input), kind);
	assert_int_equal(warc_input_bytes(input), bytes);
}

/* All records of PLAIN, whatever they are wrapped in. */
static void expect_records(const struct warc_input *input)
{
	struct events events = read_input(input, NULL), whole = read_bytes(buffer_span(&plain));
	assert_int_equal(events.status, STATUS_END);
	assert_int_equal(events_sum(&events), events.end);
	assert_int_equal(events_records(&events), events_records(&whole));
	for (size_t i = 0; i < events_records(&whole); i++)
		assert_int_equal(events_record(&events, i)->block, events_record(&whole, i)->block);
	events_free(&events);
	events_free(&whole);
}

static void test_kinds(void **state)
{
	(void)state;
	static const char arc[] = "filedesc://a.arc 0.0.0.0 20200101000000 text/plain 9\n1 0 Tivo\n\n";
	buffer_clear(&out);
	put_zstd(&out, buffer_span(&plain));
	const struct {
		struct span bytes;
		enum warc_kind kind;
	} rows[] = {
		{SPAN(""), WARC_KIND_EMPTY},
		{buffer_span(&plain), WARC_KIND_PLAIN},
		{buffer_span(&packed), WARC_KIND_GZIP},
		{buffer_span(&out), WARC_KIND_ZSTD},
		{SPAN(arc), WARC_KIND_ARC},
		{SPAN("nothing of the kind"), WARC_KIND_UNKNOWN},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *path = temp_file("misleading.zip", rows[i].bytes);
		struct warc_inputs *inputs = list(&path, 1, 0);
		expect_input(inputs, 0, "misleading.zip", rows[i].kind, rows[i].bytes.size);
		inputs = restored(inputs, NULL);
		expect_input(inputs, 0, "misleading.zip", rows[i].kind, rows[i].bytes.size);
		warc_inputs_free(inputs);
	}
}

/* An index of archives is none, though its lines look like ARC heads; ARC files with odd first lines are. */
static void test_indexes(void **state)
{
	(void)state;
#define LINE(n) "http://site.example/" n " 192.0.2.7 20200102030405 text/html 485 crawl-1.arc 12345\n"
	static const char *const indexes[] = {
		LINE("a"),
		(LINE("a") LINE("b") LINE("c")),
		" CDX N b a m s k r M S V g\n",
		" CDX a b e\nexample,site)/ 20200102030405 x\n",
		("example,site)/a 20200102030405 {\"url\": \"http://site.example/a\"}\n"
		 "example,site)/b 20200102030405 {\"url\": \"http://site.example/b\"}\n"),
	};
	for (size_t i = 0; i < 2 * (sizeof indexes / sizeof *indexes); i++) {
		buffer_clear(&out);
		put_gzip(&out, span_of(indexes[i / 2]));
		const char *path = temp_file("index", i & 1 ? buffer_span(&out) : span_of(indexes[i / 2]));
		struct warc_inputs *inputs = restored(list(&path, 1, 0), NULL);
		struct events events = read_input(warc_inputs_at(inputs, 0), NULL);
		assert_int_equal(events.status, STATUS_END);
		assert_int_equal(events.count, 1);
		assert_true(events.list[0].damage && strstr(events.list[0].text, "index"));
		events_free(&events);
		warc_inputs_free(inputs);
		events = read_stream(i & 1 ? buffer_span(&out) : span_of(indexes[i / 2]));
		assert_int_equal(events.status, STATUS_END);
		assert_int_equal(events.count, 1);
		assert_true(events.list[0].damage && strstr(events.list[0].text, "index"));
		events_free(&events);
	}
	static const char *const archives[] = {
		"http://site.example/a 192.0.2.7 20200102030405 text/html 5\nTivo\n\n",
		"\n\nhttp://site.example/a.arc 192.0.2.7 20200102030405 text/html 5\nTivo\n\n",
		"http://site.example/a 192.0.2.7 20200102030405 text/html 200 - - 99 crawl-1.arc 5\nTivo\n\n",
		"filedesc://a.arc 0.0.0.0 20200102030405 text/plain 200 - - 0 a.arc 9\n2 0 Tivo\n\n",
	};
	for (size_t i = 0; i < sizeof archives / sizeof *archives; i++) {
		const char *path = temp_file("archive", span_of(archives[i]));
		struct warc_inputs *inputs = list(&path, 1, 0);
		assert_int_equal(warc_input_kind(warc_inputs_at(inputs, 0)), WARC_KIND_ARC);
		struct events events = read_input(warc_inputs_at(inputs, 0), NULL);
		assert_int_equal(events_records(&events), 1);
		events_free(&events);
		warc_inputs_free(inputs);
	}
}

/* A damaged start does not hide what a file is. */
static void test_damaged_start(void **state)
{
	(void)state;
	const struct buffer *const files[] = {&plain, &packed};
	for (size_t i = 0; i < 2; i++) {
		buffer_clear(&out);
		put(&out, "%0100d", 0);
		buffer_append_span(&out, buffer_span(files[i]));
		const char *path = temp_file("bytes", buffer_span(&out));
		struct warc_inputs *inputs = list(&path, 1, 0);
		expect_input(inputs, 0, "bytes", i ? WARC_KIND_GZIP : WARC_KIND_PLAIN, out.size);
		expect_records(warc_inputs_at(inputs, 0));
		warc_inputs_free(inputs);
	}
}

static void test_folders_and_lists(void **state)
{
	(void)state;
	char folder[400], first[500], lists[1200], argument[500];
	snprintf(folder, sizeof folder, "%s", temp_path("tree"));
	char command[900];
	snprintf(command, sizeof command, "mkdir -p %s/deep/er", folder);
	assert_int_equal(system(command), 0);
	temp_file("tree/deep/er/b.warc.gz", buffer_span(&packed));
	temp_file("tree/deep/a.bin", buffer_span(&plain));
	temp_file("tree/deep/notes.txt", SPAN("no archive"));
	temp_file("tree/broken.warc.gz", SPAN("damaged beyond hope"));
	temp_file("tree/empty.warc.gz", SPAN(""));
	temp_file("tree/crawl.lock", SPAN(""));
	buffer_clear(&out);
	put_gzip(&out, SPAN("not a record"));
	temp_file("tree/index.cdx.gz", buffer_span(&out));
	const char *arguments[] = {folder};
	struct warc_inputs *inputs = list(arguments, 1, 0);
	assert_int_equal(warc_inputs_count(inputs), 4);
	expect_input(inputs, 0, "a.bin", WARC_KIND_PLAIN, plain.size);
	expect_input(inputs, 1, "b.warc.gz", WARC_KIND_GZIP, packed.size);
	expect_input(inputs, 2, "broken.warc.gz", WARC_KIND_UNKNOWN, 19);
	expect_input(inputs, 3, "empty.warc.gz", WARC_KIND_EMPTY, 0);
	warc_inputs_free(inputs);
	inputs = list(arguments, 1, 1);
	expect_input(inputs, 0, "deep/a.bin", WARC_KIND_PLAIN, plain.size);
	warc_inputs_free(inputs);
	/* A list: the order does not matter, blank lines and comments are passed. */
	snprintf(first, sizeof first, "%s/deep/er/b.warc.gz", folder);
	snprintf(lists, sizeof lists, "# mine\n\n%s\n  %s/deep/a.bin  \n", first, folder);
	snprintf(argument, sizeof argument, "@%s", temp_file("list.txt", span_of(lists)));
	arguments[0] = argument;
	inputs = list(arguments, 1, 0);
	assert_int_equal(warc_inputs_count(inputs), 2);
	expect_input(inputs, 0, "a.bin", WARC_KIND_PLAIN, plain.size);
	warc_inputs_free(inputs);
	/* A list that was kept: names with folders, and what no list says. */
	const struct warc_options deep = {.name_depth = 1};
	inputs = restored(list(arguments, 1, 1), &deep);
	expect_input(inputs, 0, "deep/a.bin", WARC_KIND_PLAIN, plain.size);
	warc_inputs_free(inputs);
	static const char *const states[] = {
		"", "0 1 0", "0 1 0 0 0 x 0 0", "1 0 0 0 0 0 0 0", "9 0 0 0 0 0 0 0", "0 99 0 0 0 0 0 0"};
	struct fault fault = {0};
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		const struct warc_stored stored = {"a.bin", "deep/a.bin", span_of(states[i])};
		assert_int_equal(warc_inputs_restore(&stored, 1, NULL, &inputs, &fault), STATUS_DATA);
		assert_non_null(strstr(fault.text, "a.bin"));
	}
	/* Two of one name. */
	const char *twice[] = {first, first};
	assert_int_equal(warc_inputs_new(twice, 2, NULL, &inputs, &fault), STATUS_USAGE);
	assert_non_null(strstr(fault.text, "er/b.warc.gz is given twice"));
	char other[600];
	snprintf(other, sizeof other, "%s/deep/../deep/er/b.warc.gz", folder);
	twice[1] = other;
	assert_int_equal(warc_inputs_new(twice, 2, NULL, &inputs, &fault), STATUS_USAGE);
	assert_non_null(strstr(fault.text, "--name-depth"));
	/* A name of bytes that are no text. */
	const char *latin = temp_file("caf\xE9.warc", buffer_span(&plain));
	inputs = restored(list(&latin, 1, 0), NULL);
	expect_input(inputs, 0, "caf%E9.warc", WARC_KIND_PLAIN, plain.size);
	assert_string_equal(warc_input_path(warc_inputs_at(inputs, 0)), latin);
	warc_inputs_free(inputs);
	const char *missing = "/nowhere/at/all.warc";
	assert_int_equal(warc_inputs_new(&missing, 1, NULL, &inputs, &fault), STATUS_USAGE);
	assert_non_null(strstr(fault.text, missing));
}

/* ---- Containers
 * ------------------------------------------------------------------------------------------------------- */

static void add_entry(struct archive *archive, const char *name, struct span bytes)
{
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)bytes.size);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(archive, bytes.data, bytes.size), bytes.size);
	archive_entry_free(entry);
}

static const char *make_container(const char *name, int (*format)(struct archive *), int (*filter)(struct archive *),
				  const char *options)
{
	static char path[500];
	snprintf(path, sizeof path, "%s", temp_path(name));
	struct archive *archive = archive_write_new();
	assert_int_equal(format(archive), ARCHIVE_OK);
	if (filter && filter(archive) < ARCHIVE_WARN)
		return NULL;
	if (options)
		archive_write_set_options(archive, options);
	assert_int_equal(archive_write_open_filename(archive, path), ARCHIVE_OK);
	add_entry(archive, "datapackage.json", SPAN("{}"));
	add_entry(archive, "archive/data.warc.gz", buffer_span(&packed));
	add_entry(archive,
		  "a/very/long/path/that/needs/an/extended/header/because/it/is/longer/than/a/hundred/bytes/in/all/"
		  "plain.warc",
		  buffer_span(&plain));
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	return path;
}

static void test_containers(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int (*format)(struct archive *), (*filter)(struct archive *);
		const char *options;
		bool seekable;
	} rows[] = {
		{"stored.wacz", archive_write_set_format_zip, NULL, "zip:compression=store", true},
		{"stored64.zip", archive_write_set_format_zip, NULL, "zip:compression=store,zip:zip64", true},
		{"packed.zip", archive_write_set_format_zip, NULL, "zip:compression=deflate", false},
		{"x.tar", archive_write_set_format_ustar, NULL, NULL, true},
		{"pax.tar", archive_write_set_format_pax, NULL, NULL, true},
		{"x.tar.gz", archive_write_set_format_pax, archive_write_add_filter_gzip, NULL, false},
		{"x.tar.xz", archive_write_set_format_pax, archive_write_add_filter_xz, NULL, false},
		{"x.tar.zst", archive_write_set_format_pax, archive_write_add_filter_zstd, NULL, false},
		{"x.7z", archive_write_set_format_7zip, NULL, NULL, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *path = make_container(rows[i].name, rows[i].format, rows[i].filter, rows[i].options);
		if (!path)
			continue;
		struct warc_inputs *inputs = list(&path, 1, 0);
		assert_int_equal(warc_inputs_count(inputs), 2);
		char name[200];
		snprintf(name, sizeof name, "%s!archive/data.warc.gz", rows[i].name);
		for (int again = 0; again < 2; again++) {
			expect_input(inputs, 1, name, rows[i].seekable ? WARC_KIND_GZIP : WARC_KIND_STREAM,
				     rows[i].seekable ? packed.size : 0);
			expect_records(warc_inputs_at(inputs, 0));
			expect_records(warc_inputs_at(inputs, 1));
			inputs = restored(inputs, NULL);
		}
		warc_inputs_free(inputs);
	}
}

/* Bytes this process has read from files so far; 0 where the kernel does not count them. */
static unsigned long long bytes_read(void)
{
	FILE *file = fopen("/proc/self/io", "r");
	unsigned long long bytes = 0;
	if (file && fscanf(file, "rchar: %llu", &bytes) != 1)
		bytes = 0;
	if (file)
		fclose(file);
	return bytes;
}

enum { MEMBERS = 24, MEMBER_SIZE = 300000 };

/* A packed tar of MEMBERS archives that hardly shrink. */
static const char *make_long_tar(void)
{
	static char path[500];
	snprintf(path, sizeof path, "%s", temp_path("long.tar.gz"));
	struct archive *archive = archive_write_new();
	archive_write_set_format_ustar(archive);
	archive_write_add_filter_gzip(archive);
	assert_int_equal(archive_write_open_filename(archive, path), ARCHIVE_OK);
	uint64_t random = 3;
	for (int i = 0; i < MEMBERS; i++) {
		char noise[MEMBER_SIZE], name[32];
		for (size_t k = 0; k < sizeof noise; k++)
			noise[k] = (char)random_next(&random);
		buffer_clear(&out);
		put_record(&out, "resource", "http://site.example/", NULL, (struct span){noise, sizeof noise});
		snprintf(name, sizeof name, "%02d.warc", i);
		add_entry(archive, name, buffer_span(&out));
	}
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	return path;
}

/* Members of a packed tar are read in one pass; going back costs another, and so does a second list. */
static void test_one_pass(void **state)
{
	(void)state;
	const char *path = make_long_tar();
	struct stat stat_now;
	assert_int_equal(stat(path, &stat_now), 0);
	struct warc_inputs *inputs = restored(list(&path, 1, 0), NULL);
	assert_int_equal(warc_inputs_count(inputs), MEMBERS);
	unsigned long long before = bytes_read();
	for (size_t i = 0; i < MEMBERS; i++) {
		struct events events = read_input(warc_inputs_at(inputs, i), NULL);
		assert_int_equal(events.status, STATUS_END);
		assert_int_equal(events_records(&events), 1);
		assert_int_equal(events_record(&events, 0)->block_size, MEMBER_SIZE);
		events_free(&events);
	}
	unsigned long long after = bytes_read();
	if (before)
		assert_true(after - before < 2 * (unsigned long long)stat_now.st_size);
	for (size_t i = MEMBERS; i-- > MEMBERS - 3;) { /* backwards, and the list goes before its reader */
		struct events events = read_input(warc_inputs_at(inputs, i), NULL);
		assert_int_equal(events_records(&events), 1);
		events_free(&events);
	}
	struct warc_reader *reader = warc_reader_new(NULL);
	assert_false(warc_reader_open(reader, warc_inputs_at(inputs, 5), 0, UINT64_MAX, true, NULL));
	warc_inputs_free(inputs);
	warc_reader_free(reader);
}

/* One file in another compressor. */
static void test_filters(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int (*filter)(struct archive *);
	} rows[] = {
		{"a.warc.bz2", archive_write_add_filter_bzip2},
		{"a.warc.xz", archive_write_add_filter_xz},
		{"a.warc.lz4", archive_write_add_filter_lz4},
		{"a.warc.lzma", archive_write_add_filter_lzma},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *path = temp_path(rows[i].name);
		struct archive *archive = archive_write_new();
		archive_write_set_format_raw(archive);
		bool fine = rows[i].filter(archive) == ARCHIVE_OK &&
			    archive_write_open_filename(archive, path) == ARCHIVE_OK;
		if (fine)
			add_entry(archive, "x", buffer_span(&plain));
		archive_write_free(archive);
		if (!fine)
			continue;
		struct warc_inputs *inputs = list(&path, 1, 0);
		expect_input(inputs, 0, rows[i].name, WARC_KIND_STREAM, 0);
		expect_records(warc_inputs_at(inputs, 0));
		warc_inputs_free(inputs);
		/* Cut: what comes out is read, and the damage is an event. */
		buffer_clear(&out);
		assert_false(file_read(path, &out, NULL));
		path = temp_file("cut", (struct span){out.data, out.size / 2});
		inputs = list(&path, 1, 0);
		struct events events = read_input(warc_inputs_at(inputs, 0), NULL);
		assert_int_equal(events.status, STATUS_END);
		assert_true(events.count && events.list[events.count - 1].damage &&
			    !events.list[events.count - 1].padding);
		events_free(&events);
		warc_inputs_free(inputs);
	}
}

static void test_segments(void **state)
{
	(void)state;
	const char *path = temp_file("bytes", buffer_span(&plain));
	struct warc_inputs *inputs = list(&path, 1, 0);
	struct warc_segment *segments;
	size_t count;
	assert_false(warc_segments_new(inputs, 1000, &segments, &count, NULL));
	assert_int_equal(count, (plain.size + 999) / 1000);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(segments[i].first, 1000 * i);
		assert_int_equal(segments[i].limit, i + 1 == count ? plain.size : 1000 * (i + 1));
	}
	free(segments);
	warc_inputs_free(inputs);
}

/* ---- The example of Amazon's documentation
 * --------------------------------------------------------------------------------- */

static void test_signature(void **state)
{
	(void)state;
	const struct sigv4 request = {
		.key_id = "AKIAIOSFODNN7EXAMPLE",
		.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		.region = "us-east-1",
		.host = "examplebucket.s3.amazonaws.com",
		.path = SPAN("/test.txt"),
		.range = "bytes=0-9",
		.now = date_from_civil(2013, 5, 24, 0, 0, 0),
	};
	buffer_clear(&out);
	assert_false(sigv4_headers(&request, &out));
	buffer_append_byte(&out, 0);
	assert_non_null(strstr(out.data, "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date"));
	assert_non_null(strstr(out.data, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
	buffer_clear(&out);
	assert_false(sigv4_encode_path(SPAN("/a b/\xc3\xa4+c~.warc"), &out));
	assert_true(span_equal(buffer_span(&out), SPAN("/a%20b/%C3%A4%2Bc~.warc")));
}

static int begin(void **state)
{
	(void)state;
	temp_begin();
	buffer_init(&plain, GENEROUS);
	buffer_init(&packed, GENEROUS);
	buffer_init(&out, GENEROUS);
	put_archive(&plain, 30, 17, NULL);
	put_archive(&packed, 30, 17, put_gzip);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buffer_free(&plain);
	buffer_free(&packed);
	buffer_free(&out);
	temp_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),         cmocka_unit_test(test_indexes),
		cmocka_unit_test(test_damaged_start), cmocka_unit_test(test_folders_and_lists),
		cmocka_unit_test(test_containers),    cmocka_unit_test(test_one_pass),
		cmocka_unit_test(test_filters),       cmocka_unit_test(test_segments),
		cmocka_unit_test(test_signature),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
