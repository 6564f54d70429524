/* cmd_speed: stages, floors and other parsers, interleaved, on one or more archives. */
#include "bench/child.h"
#include "bench/stages.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
	"usage: warcmill-bench speed ARCHIVE... [option...]\n"
	"\n"
	"Time every stage of a build on the archives, in turns with the floors that bound them.\n"
	"\n"
	"  --rounds N        runs of each (7)\n"
	"  --seconds N       fewer runs, three at least, where this time does not suffice (0: no bound)\n"
	"  --only A,B,...    these rows alone\n"
	"  --pages N         at most so many pages for the stages after reading (0: all)\n"
	"  --warcmill FILE   time this program's build command too, with 1 to --threads threads\n"
	"  --threads N       (all processors)\n"
	"  --json FILE       write all samples as JSON\n";

enum { BUILDS_MAX = 24, THREADS_MAX = 1024 };

struct request {
	const char *only, *warcmill, *json;
	uint64_t rounds, seconds, pages, threads;
};

/* ---- Whole builds by threads
 * ------------------------------------------------------------------------------------------ */

struct build {
	const char *program;
	const struct fixture *fixture;
	unsigned threads;
	bool by_processor;   /* its processor time counts, and not the wall's */
	uint64_t peak_bytes; /* of the program, not of this process */
	char name[32];
};

static bool run_build(void *context, struct work *work)
{
	struct build *build = context;
	char *folder = folder_temporary(), *out = need_print("%s/corpus", folder), threads[16];
	size_t count = build->fixture->path_count, at = 0;
	const char **arguments = need_zero((count + 9) * sizeof *arguments);
	snprintf(threads, sizeof threads, "%u", build->threads);
	arguments[at++] = build->program;
	arguments[at++] = "build";
	for (size_t i = 0; i < count; i++)
		arguments[at++] = build->fixture->paths[i];
	arguments[at++] = "-o";
	arguments[at++] = out;
	arguments[at++] = "-j";
	arguments[at++] = threads;
	arguments[at++] = "--quiet";
	struct child_use use = child_run(arguments, NULL, true);
	if (use.peak_bytes > build->peak_bytes)
		build->peak_bytes = use.peak_bytes;
	work->bytes = build->fixture->inflated.size;
	work->units = build->fixture->page_count;
	work->seconds = build->by_processor ? use.cpu_seconds : use.seconds;
	work->check = 1;
	folder_remove(folder);
	free(folder);
	free(out);
	free(arguments);
	return use.code == 0;
}

/* ---- All together
 * --------------------------------------------------------------------------------------------------------- */

static bool is_wanted(const char *only, const char *name)
{
	struct span rest = span_of(only), piece;
	while (only && span_cut(&rest, ',', &piece))
		if (span_equal(piece, span_of(name)))
			return true;
	return !only;
}

/* Works on the pages that are kept, and not on the whole archive. */
static bool is_of_pages(const struct task *task)
{
	bool of_text = strcmp(task->unit, "page") == 0 || strcmp(task->unit, "document") == 0;
	return of_text && strcmp(task->group, "build") != 0;
}

static void write_json(const struct request *request, const struct fixture *fixture, const struct tasks *tasks,
		       const struct samples *samples)
{
	struct buffer out;
	struct json_writer json;
	struct fault fault;
	buffer_init(&out, SIZE_MAX / 2);
	json_start(&json, &out);
	json_begin(&json, '{');
	machine_json(&json);
	json_put_uint(&json, "record_bytes", fixture->inflated.size);
	json_put_uint(&json, "stored_bytes", fixture->stored.size);
	json_put_uint(&json, "records", fixture->records);
	json_put_uint(&json, "pages", fixture->page_count);
	json_put_uint(&json, "html_bytes", fixture->html_bytes);
	json_put_uint(&json, "documents", fixture->text_count);
	json_put_uint(&json, "text_bytes", fixture->text_bytes);
	json_key(&json, "inputs");
	json_begin(&json, '[');
	for (size_t i = 0; i < fixture->path_count; i++)
		inputs_put_file(&json, fixture->paths[i]);
	json_end(&json, ']');
	json_key(&json, "rows");
	json_begin(&json, '[');
	for (size_t i = 0; i < tasks->count; i++)
		measure_json(&json, &tasks->at[i], &samples[i]);
	json_end(&json, ']');
	json_end(&json, '}');
	buffer_append_byte(&out, '\n');
	if (out.status || file_write_atomic(request->json, buffer_span(&out), &fault))
		bench_die(BENCH_IO, "%s: %s", request->json, out.status ? status_name(out.status) : fault.text);
	buffer_free(&out);
}

/* 1, 2, 3, 4, 6, 8, 12, 16 …: no step is more than a doubling, and a large machine is not asked for each number. */
static unsigned next_threads(unsigned threads)
{
	bool power = (threads & (threads - 1)) == 0;
	return threads < 4 ? threads + 1 : power ? threads / 2 * 3 : threads / 3 * 4;
}

static void add_builds(struct tasks *tasks, const struct request *request, const struct fixture *fixture,
		       struct build *builds)
{
	builds[0] =
		(struct build){.program = request->warcmill, .fixture = fixture, .threads = 1, .by_processor = true};
	tasks_add(tasks, (struct task){"build", "build",
				       "warcmill build -j 1, its processor time, reading and writing included", "page",
				       "libdeflate", &builds[0], run_build, NULL, true});
	size_t count = 1;
	unsigned most = request->threads < THREADS_MAX ? (unsigned)request->threads : THREADS_MAX;
	for (unsigned threads = 1; threads <= most && count < BUILDS_MAX;) {
		struct build *build = &builds[count++];
		*build = (struct build){.program = request->warcmill, .fixture = fixture, .threads = threads};
		snprintf(build->name, sizeof build->name, "build -j %u", threads);
		tasks_add(tasks, (struct task){build->name, "build", "warcmill build, a process of its own", "page",
					       "libdeflate", build, run_build, NULL, true});
		unsigned next = next_threads(threads);
		threads = threads < most && next > most ? most : next;
	}
}

static int parse_request(int argc, char **argv, struct request *request)
{
	enum { ROUNDS = 256, SECONDS, ONLY, PAGES, WARCMILL, THREADS, JSON };
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"rounds", required_argument, NULL, ROUNDS},
						{"seconds", required_argument, NULL, SECONDS},
						{"only", required_argument, NULL, ONLY},
						{"pages", required_argument, NULL, PAGES},
						{"warcmill", required_argument, NULL, WARCMILL},
						{"threads", required_argument, NULL, THREADS},
						{"json", required_argument, NULL, JSON},
						{0}};
	*request = (struct request){.rounds = 7, .threads = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN)};
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (option == ROUNDS)
			request->rounds = bench_number(optarg, "--rounds");
		else if (option == SECONDS)
			request->seconds = bench_number(optarg, "--seconds");
		else if (option == ONLY)
			request->only = optarg;
		else if (option == PAGES)
			request->pages = bench_number(optarg, "--pages");
		else if (option == WARCMILL)
			request->warcmill = optarg;
		else if (option == THREADS)
			request->threads = bench_number(optarg, "--threads");
		else if (option == JSON)
			request->json = optarg;
		else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? BENCH_DONE : BENCH_USAGE;
		}
	}
	if (optind == argc || !request->rounds) {
		fputs(usage, stderr);
		return BENCH_USAGE;
	}
	return -1;
}

int bench_speed(int argc, char **argv)
{
	struct request request;
	struct fixture fixture;
	struct build builds[BUILDS_MAX];
	struct tasks all = {.count = 0}, tasks = {.count = 0};
	int code = parse_request(argc, argv, &request);
	if (code >= 0)
		return code;
	fixture_open((const char *const *)argv + optind, (size_t)(argc - optind), request.pages, &fixture);
	floors_add(&all, &fixture);
	stages_add(&all, &fixture);
	parsers_add(&all, &fixture);
	if (request.warcmill)
		add_builds(&all, &request, &fixture, builds);
	for (size_t i = 0; i < all.count; i++)
		if (is_wanted(request.only, all.at[i].name))
			tasks_add(&tasks, all.at[i]);
	struct samples *samples = need_zero((tasks.count + 1) * sizeof *samples);
	size_t rounds = measure(tasks.at, tasks.count, request.rounds, (double)request.seconds, samples);
	for (size_t i = 0; i < tasks.count; i++)
		if (tasks.at[i].run == run_build && samples[i].count) {
			samples[i].peak_bytes = ((struct build *)tasks.at[i].context)->peak_bytes;
			samples[i].extra_bytes = samples[i].peak_bytes;
		}
	for (size_t i = 0; i < tasks.count; i++)
		samples[i].base = is_of_pages(&tasks.at[i]) ? fixture.page_record_bytes : fixture.inflated.size;
	printf("%zu pages, %.1f MB of HTML; %.1f MB of records, %.1f MB stored; %zu articles; %zu rounds\n",
	       fixture.page_count, (double)fixture.html_bytes / 1e6, (double)fixture.inflated.size / 1e6,
	       (double)fixture.stored.size / 1e6, fixture.text_count, rounds);
	measure_print(stdout, tasks.at, samples, tasks.count);
	if (request.json)
		write_json(&request, &fixture, &tasks, samples);
	for (size_t i = 0; i < tasks.count; i++)
		samples_free(&samples[i]);
	free(samples);
	fixture_close(&fixture);
	return BENCH_DONE;
}
