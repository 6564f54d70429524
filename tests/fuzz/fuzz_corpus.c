/* A corpus from anywhere, as verify, explain and report read it. The first byte says what the others are: a part of one
 * of the tables in one of the formats, or the manifest. Whatever they hold, the answer is a status and a sentence. */
#include "corpus/reading.h"
#include "corpus/report.h"
#include "tests/fuzz/corpus_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const tables[] = {"documents", "duplicates", "rejected"};
static const struct {
	const char *format, *suffix;
} forms[] = {{"jsonl", ".jsonl"},     {"jsonl", ".jsonl.zst"}, {"jsonl", ".jsonl.gz"},
	     {"parquet", ".parquet"}, {"wet", ".warc"},        {"wet", ".warc.gz"}};
enum { FORMS = sizeof forms / sizeof *forms };

static void quiet(void *self, const char *text)
{
	(void)self;
	CHECK(*text);
}

static void write_manifest(const char *format, const char *table, const char *suffix)
{
	char text[600];
	snprintf(text, sizeof text,
		 "{\"format\":\"warcmill-corpus/1\",\"options\":{\"format\":\"%s\"},\"counters\":{\"records\":1,"
		 "\"documents\":1},\"files\":[{\"name\":\"part%s\",\"table\":\"%s\",\"rows\":1,\"bytes\":1}]}",
		 format, suffix, table);
	fuzz_file("manifest.json", span_of(text));
}

static void ask(const char *folder)
{
	struct verify_request request = {.folder = folder, .finding = quiet, .threads = 1};
	struct verify_totals totals;
	struct fault fault = {0};
	struct buffer out;
	buffer_init(&out, (size_t)1 << 28);
	enum status status = corpus_explain(folder, "a.warc.gz@0", NULL, 0, &out, &fault);
	CHECK(status == STATUS_OK || status == STATUS_END || *fault.text);
	buffer_clear(&out);
	status = corpus_explain(folder, "http://a.example/", NULL, 0, &out, &fault);
	CHECK(status == STATUS_OK || status == STATUS_END || *fault.text);
	buffer_free(&out);
	fault = (struct fault){0};
	status = corpus_verify(&request, &totals, &fault);
	CHECK(status != STATUS_OK && *fault.text); /* it has no sums */
	fault = (struct fault){0};
	status = corpus_report(folder, &fault);
	CHECK(status == STATUS_OK || *fault.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[40];
	if (!size)
		return 0;
	struct span rest = {(const char *)data + 1, size - 1};
	unsigned choice = data[0] % (FORMS * 3 + 1);
	const char *folder = fuzz_folder_get();
	if (choice == FORMS * 3) {
		fuzz_file("manifest.json", rest);
		fuzz_file("part.jsonl", SPAN("{\"id\":\"a.warc.gz@0\",\"text\":\"t\"}\n"));
		ask(folder);
		return 0;
	}
	snprintf(name, sizeof name, "part%s", forms[choice / 3].suffix);
	write_manifest(forms[choice / 3].format, tables[choice % 3], forms[choice / 3].suffix);
	fuzz_file(name, rest);
	ask(folder);
	return 0;
}
