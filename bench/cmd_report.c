/* cmd_report: joins the parts that the other commands wrote into results.json, and shows results.json as a page. */
#include "bench/html_out.h"
#include "bench/measure.h"
#include "bench/report.h"

#include <getopt.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] = "usage: warcmill-bench report [NAME=PART.json]... [--command TEXT]... -o FOLDER\n"
			    "       warcmill-bench report RESULTS.json -o FOLDER\n"
			    "\n"
			    "Join parts (speed, reading, growth, hostile, peers, dedup; several of one name become a "
			    "list) into\n"
			    "FOLDER/results.json, and write from it FOLDER/report.html and FOLDER/figures.md, the "
			    "tables of the\n"
			    "documentation.\n"
			    "\n"
			    "  --revision TEXT  what was measured, as its version control calls it\n"
			    "  --command TEXT   a command line that made a part, to be kept with the results\n"
			    "  -o FOLDER\n";

enum { COMMANDS_MAX = 64 };

/* NAME= at the start of ARGUMENT; SPAN_NONE where there is none. */
static struct span part_name(const char *argument)
{
	struct span whole = span_of(argument);
	size_t equals = span_find_byte(whole, '=');
	return equals == SIZE_MAX ? SPAN_NONE : span_slice(whole, 0, equals);
}

static void put_part(struct json_writer *json, const char *path)
{
	struct buffer part;
	bench_read(path, &part);
	json_raw(json, span_trim(buffer_span(&part)));
	buffer_free(&part);
}

static void join_parts(char **arguments, int count, const char *revision, const char *const *commands,
		       size_t command_count, struct buffer *out)
{
	static const char *const names[] = {"speed", "reading", "growth", "hostile", "peers", "dedup"};
	struct json_writer json;
	char date[21];
	date_format((int64_t)time(NULL), date);
	json_start(&json, out);
	json_begin(&json, '{');
	json_put_uint(&json, "format", 1);
	json_put_text(&json, "date", span_of(date));
	json_put_text(&json, "revision", span_of(revision));
	machine_json(&json);
	json_key(&json, "commands");
	json_begin(&json, '[');
	for (size_t i = 0; i < command_count; i++)
		json_text(&json, span_of(commands[i]));
	json_end(&json, ']');
	for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
		json_key(&json, names[n]);
		json_begin(&json, '[');
		for (int i = 0; i < count; i++) {
			struct span name = part_name(arguments[i]);
			if (span_equal(name, span_of(names[n])))
				put_part(&json, arguments[i] + name.size + 1);
		}
		json_end(&json, ']');
	}
	json_end(&json, '}');
	buffer_append_byte(out, '\n');
}

static void write_file(const char *folder, const char *name, const struct buffer *bytes)
{
	struct fault fault;
	char *path = need_print("%s/%s", folder, name);
	if (bytes->status || file_write_atomic(path, buffer_span(bytes), &fault))
		bench_die(BENCH_IO, "%s: %s", path, bytes->status ? status_name(bytes->status) : fault.text);
	free(path);
}

int bench_report(int argc, char **argv)
{
	enum { COMMAND = 256, REVISION };
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"output", required_argument, NULL, 'o'},
						{"command", required_argument, NULL, COMMAND},
						{"revision", required_argument, NULL, REVISION},
						{0}};
	const char *folder = NULL, *revision = NULL, *commands[COMMANDS_MAX];
	size_t command_count = 0;
	for (int option; (option = getopt_long(argc, argv, "ho:", options, NULL)) != -1;) {
		if (option == 'o')
			folder = optarg;
		else if (option == REVISION)
			revision = optarg;
		else if (option == COMMAND && command_count < COMMANDS_MAX)
			commands[command_count++] = optarg;
		else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? BENCH_DONE : BENCH_USAGE;
		}
	}
	if (!folder || optind == argc) {
		fputs(usage, stderr);
		return BENCH_USAGE;
	}
	struct buffer source, page;
	struct fault fault;
	const struct json *results;
	if (folder_make(folder, &fault))
		bench_die(BENCH_IO, "%s: %s", folder, fault.text);
	if (part_name(argv[optind]).data) {
		buffer_init(&source, SIZE_MAX / 2);
		join_parts(argv + optind, argc - optind, revision, commands, command_count, &source);
		write_file(folder, "results.json", &source);
	} else {
		bench_read(argv[optind], &source);
	}
	struct arena *arena = arena_new((size_t)4 << 30);
	if (!arena || json_parse(arena, buffer_span(&source), 0, &results, &fault))
		bench_die(BENCH_DATA, "the results are not JSON: %s", fault.text);
	buffer_init(&page, SIZE_MAX / 2);
	report_page(results, &page);
	write_file(folder, "report.html", &page);
	buffer_clear(&page);
	figures_page(results, &page);
	write_file(folder, "figures.md", &page);
	printf("%s/report.html\n%s/figures.md\n", folder, folder);
	arena_free(arena);
	buffer_free(&page);
	buffer_free(&source);
	return BENCH_DONE;
}
