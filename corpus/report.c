/* report: puts the page together. The page is one file: style, script and data are inside, and a policy in its head
 * forbids it to load anything. The data are JSON in a script element that is not run; the page's script writes them as
 * text nodes only, so nothing that an archive contains can become markup. */
#include "corpus/report.h"
#include "corpus/report_internal.h"

#include <stdio.h>
#include <stdlib.h>

/* JSON inside a script element: "<" could end the element or open a comment, and only stands in strings. */
static void put_json(struct buffer *out, struct span json)
{
	for (size_t at; (at = span_find_byte(json, '<')) != SIZE_MAX; json = span_slice(json, at + 1, SIZE_MAX)) {
		buffer_append(out, json.data, at);
		buffer_append_span(out, SPAN("\\u003c"));
	}
	buffer_append_span(out, json);
}

static void put_page(struct buffer *out, struct span data)
{
	struct span rest = span_of(report_html);
	const struct {
		struct span mark, text;
	} places[] = {{SPAN("@CSS@"), span_of(report_css)}, {SPAN("@DATA@"), data}, {SPAN("@JS@"), span_of(report_js)}};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		size_t at = span_find(rest, places[i].mark);
		buffer_append_span(out, span_slice(rest, 0, at));
		if (i == 1)
			put_json(out, places[i].text);
		else
			buffer_append_span(out, places[i].text);
		rest = span_slice(rest, at + places[i].mark.size, SIZE_MAX);
	}
	buffer_append_span(out, rest);
}

static enum status write_file(const char *folder, const char *name, struct span bytes, struct fault *fault)
{
	char path[4096];
	struct fault inner = {0};
	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
		return fault_set(fault, STATUS_IO, 0, "the folder's path is too long");
	enum status status = file_write_atomic(path, bytes, &inner);
	return status == STATUS_OK ? status : fault_set(fault, status, 0, "%.120s: %.100s", path, inner.text);
}

/* The last run's speed, where it is known and well-formed: no reason to fail. */
static void put_run(struct json_writer *writer, const char *folder)
{
	char path[4096];
	struct buffer run;
	const struct json *parsed;
	struct arena *arena = arena_new((size_t)1 << 30);
	buffer_init(&run, (size_t)1 << 28);
	bool fits = snprintf(path, sizeof path, "%s/run.json", folder) < (int)sizeof path;
	if (fits && arena && file_read(path, &run, NULL) == STATUS_OK &&
	    json_parse(arena, span_trim(buffer_span(&run)), 0, &parsed, NULL) == STATUS_OK) {
		static const char *const shown[] = {"threads", "seconds",
						    "stages"}; /* not the paths: a report travels */
		json_key(writer, "run");
		json_begin(writer, '{');
		for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
			const struct json *member = json_get(parsed, shown[i]);
			if (!member)
				continue;
			json_key(writer, shown[i]);
			json_raw(writer, member->source);
		}
		json_end(writer, '}');
	}
	buffer_free(&run);
	arena_free(arena);
}

static enum status write_both(const struct corpus *corpus, const struct report_stats *stats, struct fault *fault)
{
	struct buffer json, data, page;
	struct json_writer writer;
	buffer_init(&json, (size_t)1 << 30);
	buffer_init(&data, (size_t)1 << 30);
	buffer_init(&page, (size_t)1 << 30);
	json_start(&writer, &json);
	report_stats_json(stats, corpus, &writer);
	json_start(&writer, &data);
	json_begin(&writer, '{');
	json_key(&writer, "stats");
	json_raw(&writer, buffer_span(&json));
	put_run(&writer, corpus->folder);
	json_end(&writer, '}');
	buffer_append_byte(&json, '\n');
	put_page(&page, buffer_span(&data));
	enum status status = json.status == STATUS_OK && data.status == STATUS_OK && page.status == STATUS_OK
				     ? write_file(corpus->folder, "stats.json", buffer_span(&json), fault)
				     : fault_set(fault, STATUS_MEMORY, 0, "no memory for the report");
	if (status == STATUS_OK)
		status = write_file(corpus->folder, "report.html", buffer_span(&page), fault);
	buffer_free(&json);
	buffer_free(&data);
	buffer_free(&page);
	return status;
}

enum status corpus_report(const char *folder, struct fault *fault)
{
	struct corpus *corpus;
	struct report_stats *stats = NULL;
	enum status status = corpus_open(folder, &corpus, fault);
	if (status != STATUS_OK)
		return status;
	status = report_stats_new(corpus, &stats, fault);
	if (status == STATUS_OK)
		status = write_both(corpus, stats, fault);
	report_stats_free(stats);
	corpus_close(corpus);
	return status;
}
