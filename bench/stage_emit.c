/* stage_emit: documents as rows of JSON, compressed, hashed and synced to a file, as the last stage of a build writes
 * them. In a file of its own because corpus/output.h and bench/duplicates.h both have a `struct document`. */
#include "bench/child.h"
#include "bench/clock.h"
#include "bench/stages.h"

#include "corpus/output.h"

#include <stdlib.h>

static enum status emit_rows(const struct fixture *fixture, struct part_stream *stream, struct work *work)
{
	struct sink_options options = {.compression = COMPRESS_ZSTD, .tool = "warcmill-bench"};
	struct fault fault;
	void *state = NULL;
	enum status status = sink_jsonl.begin(&state, TABLE_DOCUMENTS, &options, stream, &fault);
	for (size_t i = 0; !status && i < fixture->text_count; i++) {
		char id[64];
		const struct fixture_page *page = &fixture->pages[i];
		struct corpus_row row = {.table = TABLE_DOCUMENTS};
		struct document *document = &row.as.document;
		snprintf(id, sizeof id, "pages.warc.gz@%zu", i * 1000);
		document->page.id = span_of(id);
		document->page.url = page->url;
		document->page.fetch_time = page->fetch_time;
		document->page.fetch_status = 200;
		document->page.content_mime_type = SPAN("text/html");
		document->page.warc_filename = SPAN("pages.warc.gz");
		document->page.warc_record_offset = i * 1000;
		document->page.warc_record_length = 1000;
		document->page.warc_type = SPAN("response");
		document->text = fixture->texts[i];
		document->source = SPAN("warcmill");
		document->extraction_method = SPAN("blocks");
		document->extraction_confidence = 0.9;
		document->words = (uint32_t)(document->text.size / 6);
		document->cluster_size = 1;
		status = sink_jsonl.row(state, &row, &fault);
		work->check += document->text.size;
	}
	if (!status)
		status = sink_jsonl.end(state, &fault);
	sink_jsonl.free(state);
	return status;
}

bool stage_emit(void *context, struct work *work)
{
	struct fixture *fixture = context;
	struct part_stream *stream;
	struct fault fault;
	uint64_t size;
	uint8_t digest[DIGEST_MAX];
	char *folder = folder_temporary(), *path = need_print("%s/part.jsonl", folder);
	double start = clock_cpu_seconds();
	bool good = !part_stream_open(path, COMPRESS_ZSTD, &stream, &fault);
	if (good && emit_rows(fixture, stream, work)) {
		part_stream_abandon(stream);
		good = false;
	} else if (good) {
		good = !part_stream_close(stream, &size, digest, &fault);
	}
	work->seconds = clock_cpu_seconds() - start;
	work->bytes = fixture->text_bytes;
	work->units = fixture->text_count;
	folder_remove(folder);
	free(folder);
	free(path);
	return good;
}
