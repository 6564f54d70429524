/* cmd_scale: near-duplicates at sizes that no test set has: generated signatures through the search, generated texts
 * through the whole command. Every size runs in a process of its own, so that its peak is its own. */
#include "bench/child.h"
#include "bench/clock.h"
#include "bench/dedup_gen.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] =
	"usage: warcmill-bench scale [option...]\n"
	"\n"
	"Documents of which three in ten are exact and one in ten near copies, with heavy-tailed clusters: time and\n"
	"memory a document, and the exponent of growth.\n"
	"\n"
	"  --counts N,N,…    how many documents [100000,1000000]\n"
	"  --memory SIZE     the limit of a run [none]\n"
	"  --folder DIR      where the files go [TMPDIR]\n"
	"  --jobs N          threads [1]\n"
	"  --warcmill FILE   texts of 350 words through this program's dedup command, instead of signatures\n"
	"  --story           every document is a near copy of one story\n"
	"  --write FILE      write the texts of the first count as JSON lines, and end\n";

enum { COUNTS_MAX = 8, WORDS = 350 };

struct request {
	size_t counts[COUNTS_MAX];
	size_t count;
	uint64_t memory;
	unsigned jobs;
	const char *folder, *warcmill, *write;
	bool story;
};

struct outcome {
	double cpu_seconds, seconds;
	uint64_t peak_bytes, hash, clusters, exact, near, candidates, arrays;
	size_t largest;
};

/* ---- Signatures ----------------------------------------------------------------------------------------------- */

static void signatures_write(const char *path, size_t count, bool story)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t size = count * sizeof(struct signature);
	if (file < 0 || ftruncate(file, (off_t)size))
		bench_die(BENCH_IO, "cannot make %s", path);
	struct signature *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (at == MAP_FAILED)
		bench_die(BENCH_IO, "cannot map %s", path);
	if (story)
		dedup_generate_story(at, count, 7);
	else
		dedup_generate(at, count, 7);
	munmap(at, size);
	close(file);
}

/* In the child: what it found goes through PIPE. */
static void search(const struct request *request, const char *path, int pipe)
{
	struct dedup_options options;
	struct dedup_result result;
	struct fault fault;
	struct outcome out = {0};
	struct signature_table *table = signature_table_new();
	dedup_options_default(&options);
	options.memory = request->memory;
	options.work_folder = request->folder;
	options.threads = request->jobs;
	double start = clock_seconds();
	if (signature_table_add_file(table, path, 0, 0, &fault) ||
	    dedup_run(&(struct dedup_input){.table = table}, &options, &result, &fault))
		bench_die(BENCH_IO, "%s", fault.text);
	out.seconds = clock_seconds() - start;
	out.clusters = result.clusters;
	out.exact = result.exact;
	out.near = result.near;
	out.candidates = result.candidates;
	out.arrays = result.memory_peak;
	for (size_t i = 0; i < result.count; i++) {
		out.largest = result.rows[i].size > out.largest ? result.rows[i].size : out.largest;
		out.hash = hash64(&result.rows[i], sizeof result.rows[i], out.hash);
		if (i % 4096 == 0)
			ceiling_check(result.ceiling);
	}
	if (write(pipe, &out, sizeof out) != (ssize_t)sizeof out)
		_exit(BENCH_IO);
	_exit(BENCH_DONE);
}

static struct outcome run_signatures(const struct request *request, size_t count)
{
	char *path = need_print("%s/signatures.bin", request->folder);
	struct outcome out;
	struct rusage use;
	int ends[2], status;
	fflush(NULL);
	pid_t maker = fork();
	if (maker == 0) {
		signatures_write(path, count, request->story);
		_exit(0);
	}
	if (maker < 0 || waitpid(maker, &status, 0) != maker || status != 0 || pipe(ends))
		bench_die(BENCH_IO, "cannot generate %zu signatures", count);
	pid_t child = fork();
	if (child == 0)
		search(request, path, ends[1]);
	close(ends[1]);
	bool good = child > 0 && read(ends[0], &out, sizeof out) == (ssize_t)sizeof out;
	close(ends[0]);
	if (wait4(child, &status, 0, &use) != child || status != 0 || !good)
		bench_die(BENCH_IO, "the search of %zu signatures failed", count);
	out.peak_bytes = (uint64_t)use.ru_maxrss * 1024;
	out.cpu_seconds = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
			  (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
	unlink(path);
	free(path);
	return out;
}

/* ---- Texts ---------------------------------------------------------------------------------------------------------
 */

static void put_word(struct buffer *out, uint64_t number)
{
	static const char syllables[][3] = {"ba", "de", "fi", "go", "ku", "la", "me", "ni",
					    "po", "ru", "sa", "te", "vi", "zo", "na", "li"};
	for (unsigned i = 0; i < 4; i++, number /= 16)
		buffer_append(out, syllables[number % 16], 2);
	buffer_append_byte(out, ' ');
}

/* The text of seed ORIGIN with one word in twenty changed by EDIT (0: none). Words are as skewed as a language's. */
static void put_text(struct buffer *out, uint64_t origin, uint64_t edit)
{
	struct dice words = {origin}, edits = {edit};
	for (unsigned i = 0; i < WORDS; i++) {
		double u = dice_real(&words);
		uint64_t word = (uint64_t)(u * u * u * 60000);
		if (edit && dice_below(&edits, 20) == 0)
			word = 60000 + dice_below(&edits, 5000);
		put_word(out, word);
	}
}

static void texts_write(const struct request *request, const char *path, size_t count)
{
	struct {
		uint64_t origin, edit;
	} *all = need(count * sizeof *all);
	struct dice dice = {7};
	struct buffer out;
	FILE *file = fopen(path, "wb");
	if (!file)
		bench_die(BENCH_IO, "cannot write %s", path);
	buffer_init(&out, SIZE_MAX / 2);
	for (size_t i = 0; i < count; i++) {
		uint64_t kind = dice_below(&dice, 10);
		if (i && (kind < 4 || request->story))
			all[i] = all[request->story ? 0 : dice_below(&dice, i)];
		else
			all[i].origin = dice_next(&dice), all[i].edit = 0;
		if (i && (kind == 3 || request->story))
			all[i].edit = dice_next(&dice) | 1;
		buffer_clear(&out);
		buffer_print(&out, "{\"id\":\"d%09zu\",\"text\":\"", i);
		put_text(&out, all[i].origin, all[i].edit);
		buffer_append_span(&out, SPAN("\"}\n"));
		if (fwrite(out.data, 1, out.size, file) != out.size)
			bench_die(BENCH_IO, "cannot write %s", path);
	}
	if (fclose(file))
		bench_die(BENCH_IO, "cannot write %s", path);
	buffer_free(&out);
	free(all);
}

static struct outcome run_texts(const struct request *request, size_t count)
{
	char *texts = need_print("%s/texts.jsonl", request->folder), *out = need_print("%s/out", request->folder);
	char *jobs = need_print("-j%u", request->jobs), *clusters = need_print("%s/clusters.tsv", out);
	char *memory = need_print("--memory=%llu", (unsigned long long)request->memory);
	struct buffer bytes;
	struct fault fault;
	texts_write(request, texts, count);
	const char *arguments[] = {request->warcmill, "dedup", texts,  "-o",      out,
				   "--quiet",         jobs,    memory, "--force", NULL};
	struct child_use use = child_run(arguments, NULL, false);
	buffer_init(&bytes, SIZE_MAX / 2);
	if (use.code || file_read(clusters, &bytes, &fault))
		bench_die(BENCH_IO, "%s dedup: exit %d", request->warcmill, use.code);
	struct outcome result = {.cpu_seconds = use.cpu_seconds,
				 .seconds = use.seconds,
				 .peak_bytes = use.peak_bytes,
				 .hash = hash64(bytes.data, bytes.size, 0)};
	buffer_free(&bytes);
	folder_remove(out);
	unlink(texts);
	free(texts);
	free(out);
	free(jobs);
	free(clusters);
	free(memory);
	return result;
}

/* ---- The command ----------------------------------------------------------------------------------------------------
 */

static void counts_parse(struct request *request, const char *text)
{
	struct span rest = span_of(text), one;
	uint64_t value;
	request->count = 0;
	while (request->count < COUNTS_MAX && span_cut(&rest, ',', &one) && span_to_u64(one, &value) && value > 1)
		request->counts[request->count++] = (size_t)value;
	if (!request->count || rest.size)
		bench_die(BENCH_USAGE, "--counts: numbers with commas between them, at most %d", COUNTS_MAX);
}

static int parse(int argc, char **argv, struct request *request)
{
	enum { COUNTS = 256, MEMORY, FOLDER, JOBS, WARCMILL, STORY, WRITE };
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"counts", required_argument, NULL, COUNTS},
						{"memory", required_argument, NULL, MEMORY},
						{"folder", required_argument, NULL, FOLDER},
						{"jobs", required_argument, NULL, JOBS},
						{"warcmill", required_argument, NULL, WARCMILL},
						{"story", no_argument, NULL, STORY},
						{"write", required_argument, NULL, WRITE},
						{0}};
	*request = (struct request){.jobs = 1, .counts = {100000, 1000000}, .count = 2};
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (option) {
		case COUNTS:
			counts_parse(request, optarg);
			break;
		case MEMORY:
			request->memory = bench_number(optarg, "--memory");
			break;
		case FOLDER:
			request->folder = optarg;
			break;
		case JOBS:
			request->jobs = (unsigned)bench_number(optarg, "--jobs");
			break;
		case WARCMILL:
			request->warcmill = optarg;
			break;
		case STORY:
			request->story = true;
			break;
		case WRITE:
			request->write = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return BENCH_DONE;
		default:
			fputs(usage, stderr);
			return BENCH_USAGE;
		}
	}
	return -1;
}

int bench_scale(int argc, char **argv)
{
	struct request request;
	double x[COUNTS_MAX], y[COUNTS_MAX];
	char *own = NULL;
	int code = parse(argc, argv, &request);
	if (code >= 0)
		return code;
	if (request.write)
		return texts_write(&request, request.write, request.counts[0]), BENCH_DONE;
	if (!request.folder)
		request.folder = own = folder_temporary();
	printf("%10s %9s %9s %7s %9s %8s %8s %9s %16s\n", "documents", "cpu s", "wall s", "us/doc", "peak MB", "B/doc",
	       "clusters", "largest", "result");
	for (size_t i = 0; i < request.count; i++) {
		struct outcome out = request.warcmill ? run_texts(&request, request.counts[i])
						      : run_signatures(&request, request.counts[i]);
		x[i] = (double)request.counts[i];
		y[i] = out.cpu_seconds;
		printf("%10zu %9.2f %9.2f %7.2f %9.1f %8.0f %8llu %9zu %016llx\n", request.counts[i], out.cpu_seconds,
		       out.seconds, y[i] / x[i] * 1e6, (double)out.peak_bytes / 1e6, (double)out.peak_bytes / x[i],
		       (unsigned long long)out.clusters, out.largest, (unsigned long long)out.hash);
		fflush(stdout);
	}
	if (request.count > 1)
		printf("exponent of growth %.3f\n", stats_exponent(x, y, request.count));
	if (own)
		folder_remove(own);
	free(own);
	return BENCH_DONE;
}
