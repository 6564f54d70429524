/* cmd_peers: warcmill's extraction and other extractors, on the same pages, page by page in turns; and readers of
 * archives. */
#include "bench/clock.h"
#include "bench/extraction.h"
#include "bench/fixture.h"
#include "bench/peer.h"

#include "extract/extract.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
	"usage: warcmill-bench peers [SET...] [--archive FILE]... [option...]\n"
	"\n"
	"Extract every page of the sets with warcmill and with every peer that is installed, in "
	"turns, score the results and time\n"
	"them; read the archives with every reader. Times are processor time of the tool's process.\n"
	"\n"
	"  --peers FOLDER    where peer.mjs, peer.py and node_modules are (none: warcmill alone)\n"
	"  --only A,B,...    these tools alone ('warcmill' is one)\n"
	"  --pages N         at most so many pages of each set, evenly spread (0: all)\n"
	"  --rounds N        each page is extracted so often; the median counts (1)\n"
	"  --timeout N       seconds that a peer may take for a page (20)\n"
	"  --rouge           ROUGE-LSum too\n"
	"  --out FOLDER      write each tool's results and worst pages there\n"
	"  --json FILE       write scores and times as JSON\n";

enum { WARM_UP = 15, ROUNDS_MAX = 25, TOOLS_MAX = 32, ARCHIVES_MAX = 16, PAGE_MAX = 64 << 20 };

struct request {
	const char *folder, *only, *out, *json;
	const char *archives[ARCHIVES_MAX];
	size_t archive_count;
	uint64_t pages, rounds, timeout;
	bool rouge;
};

/* The seconds of a page that was not mastered. None at all are an answer within a tick of the clock: some kernels count
 * a process's time in hundredths. */
#define FAILED (-1.0)

/* A tool on one set. */
struct tool {
	const char *name;
	struct peer peer; /* peer.kind NULL: warcmill itself */
	struct charset_decoder *decoder;
	struct html_parser *parser;
	struct article_extractor *extractor;
	struct buffer results; /* JSON lines */
	double *seconds;       /* [page]: median over the rounds; FAILED */
	double *samples;       /* [page * rounds] */
	size_t failed;
};

/* ---- warcmill in this process
 * ------------------------------------------------------------------------------------------ */

static void tool_open_own(struct tool *tool)
{
	*tool = (struct tool){.name = "warcmill"};
	tool->decoder = charset_decoder_new(PAGE_MAX);
	tool->parser = html_parser_new(NULL);
	tool->extractor = article_extractor_new(&(struct article_options){.keep_all = true});
	if (!tool->decoder || !tool->parser || !tool->extractor)
		bench_die(BENCH_IO, "no memory");
}

static void put_own(struct buffer *out, struct span id, const struct article *article)
{
	struct json_writer json;
	json_start(&json, out);
	json_begin(&json, '{');
	json_put_text(&json, "id", id);
	json_put_text(&json, "text", article->text);
	json_put_text(&json, "title", article->metadata.title);
	json_put_text(&json, "date", article->metadata.date_published);
	if (article->metadata.author_count) {
		json_key(&json, "author");
		json_begin(&json, '[');
		for (size_t i = 0; i < article->metadata.author_count; i++)
			json_text(&json, article->metadata.authors[i]);
		json_end(&json, ']');
	}
	json_end(&json, '}');
	buffer_append_byte(out, '\n');
}

/* Seconds from the bytes in memory to the article; the result goes to OUT unless NULL. */
static double extract_own(struct tool *tool, const struct truth_page *page, struct buffer *out)
{
	struct buffer bytes;
	struct charset_result charset;
	struct article article = {0};
	struct page in = {.url = page->url, .fetch_time = DATE_NONE};
	bench_read(page->path, &bytes);
	double start = clock_cpu_seconds();
	enum status status = charset_decode(tool->decoder, buffer_span(&bytes), SPAN_NONE, &in.html, &charset);
	if (!status || status == STATUS_LIMIT)
		status = html_parse(tool->parser, in.html, &in.tree);
	if (!status || status == STATUS_LIMIT)
		status = article_extract(tool->extractor, &in, &article);
	double seconds = clock_cpu_seconds() - start;
	if (out && !status)
		put_own(out, page->id, &article);
	buffer_free(&bytes);
	return status ? FAILED : seconds;
}

/* ---- Peers
 * ---------------------------------------------------------------------------------------------------------------- */

static void put_member(struct json_writer *json, const struct json *answer, const char *key)
{
	const struct json *value = json_get(answer, key);
	if (!value || value->kind == JSON_NULL)
		return;
	json_key(json, key);
	json_raw(json, value->source);
}

static double extract_peer(struct tool *tool, const struct truth_page *page, double timeout, struct buffer *out)
{
	char *path = realpath(page->path, NULL);
	const struct json *answer = path ? peer_ask(&tool->peer, path, page->url, timeout) : NULL;
	double seconds = answer && json_get(answer, "text") ? json_get_real(answer, "seconds", FAILED) : FAILED;
	free(path);
	if (!out || seconds < 0)
		return seconds;
	struct json_writer json;
	json_start(&json, out);
	json_begin(&json, '{');
	json_put_text(&json, "id", page->id);
	put_member(&json, answer, "text");
	put_member(&json, answer, "title");
	put_member(&json, answer, "author");
	put_member(&json, answer, "date");
	json_end(&json, '}');
	buffer_append_byte(out, '\n');
	return seconds;
}

static double extract_once(struct tool *tool, const struct truth_page *page, double timeout, struct buffer *out)
{
	return tool->peer.kind ? extract_peer(tool, page, timeout, out) : extract_own(tool, page, out);
}

/* ---- A set
 * ---------------------------------------------------------------------------------------------------------------- */

static void run_set(const struct truth_set *set, const struct request *request, struct tool *tools, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buffer_init(&tools[i].results, SIZE_MAX / 2);
		tools[i].seconds = need_zero(set->count * sizeof(double));
		tools[i].samples = need_zero(set->count * request->rounds * sizeof(double));
		tools[i].failed = 0;
		for (size_t page = 0; page < set->count / 4 + 1 && page < set->count && page < WARM_UP; page++)
			if (set->pages[page].path)
				extract_once(&tools[i], &set->pages[page], (double)request->timeout, NULL);
	}
	for (size_t page = 0; page < set->count; page++) {
		if (!set->pages[page].path)
			continue;
		if (isatty(2))
			fprintf(stderr, "\r%s %zu/%zu ", set->name, page + 1, set->count);
		for (size_t i = 0; i < count; i++) {
			struct tool *tool = &tools[(i + page) % count];
			double *samples = &tool->samples[page * request->rounds];
			size_t good = 0;
			for (size_t round = 0; round < request->rounds; round++) {
				struct buffer *out = round ? NULL : &tool->results;
				double seconds = extract_once(tool, &set->pages[page], (double)request->timeout, out);
				if (seconds >= 0)
					samples[good++] = seconds;
				else if (!round)
					break;
			}
			for (size_t round = good; round < request->rounds; round++)
				samples[round] = FAILED;
			tool->seconds[page] = good ? stats_quantile(samples, good, 0.5) : FAILED;
			tool->failed += good == 0;
		}
	}
	if (isatty(2))
		fputs("\r                                        \r", stderr);
}

static void put_real(struct json_writer *json, const char *key, double value, int decimals)
{
	json_key(json, key);
	json_real(json, value, decimals);
}

/* What the file system keeps of a name. */
static char *file_name(const char *folder, const char *set, const char *tool, const char *ending)
{
	char *path = need_print("%s/%s.%s.%s", folder, set, tool, ending);
	for (char *at = path + strlen(folder) + 1; *at; at++)
		if (*at == '/' || *at == ' ')
			*at = '_';
	return path;
}

/* Seconds of every page that the tool mastered, by its id; with several rounds a list of them. */
static void put_times(struct json_writer *json, const struct truth_set *set, const struct tool *tool, size_t rounds)
{
	json_key(json, "page_seconds");
	json_begin(json, '{');
	for (size_t page = 0; page < set->count; page++) {
		if (!set->pages[page].path || tool->seconds[page] < 0)
			continue;
		char *key = need_print("%.*s", SPAN_ARG(set->pages[page].id));
		json_key(json, key);
		free(key);
		if (rounds > 1)
			json_begin(json, '[');
		for (size_t i = 0; i < rounds; i++)
			if (tool->samples[page * rounds + i] >= 0)
				json_real(json, tool->samples[page * rounds + i], 6);
		if (rounds > 1)
			json_end(json, ']');
	}
	json_end(json, '}');
}

static void report_tool(const struct truth_set *set, const struct request *request, struct tool *tool,
			const char *folder, struct json_writer *json)
{
	struct results results;
	struct extraction_score score;
	struct fault fault;
	double seconds = 0, bytes = 0, pages = 0;
	for (size_t i = 0; i < set->count; i++) {
		struct buffer page;
		if (!set->pages[i].path || tool->seconds[i] < 0)
			continue;
		bench_read(set->pages[i].path, &page);
		bytes += (double)page.size;
		buffer_free(&page);
		seconds += tool->seconds[i];
		pages++;
	}
	char *path = file_name(folder, set->name, tool->name, "jsonl");
	if (tool->results.status || file_write_atomic(path, buffer_span(&tool->results), &fault))
		bench_die(BENCH_IO, "%s: cannot be written", path);
	results_open(path, &results);
	extraction_score(set, &results, request->rouge, &score);
	printf("%-22s %-18s %6.4f [%6.4f %6.4f] %6.4f %6.4f %6.4f %6.4f %8.2f %8.1f %6zu\n", set->name, tool->name,
	       score.shingle.f1, score.shingle_low, score.shingle_high, score.shingle.precision, score.shingle.recall,
	       score.word.f1, score.char5, seconds > 0 ? bytes / seconds / 1e6 : 0, seconds > 0 ? pages / seconds : 0,
	       tool->failed);
	fflush(stdout);
	json_begin(json, '{');
	json_put_text(json, "set", span_of(set->name));
	json_put_text(json, "tool", span_of(tool->name));
	json_put_text(json, "version", tool->peer.kind ? span_of(tool->peer.version) : SPAN(WARCMILL_VERSION));
	extraction_json(json, set, &score, true);
	json_put_uint(json, "failed", tool->failed);
	put_real(json, "seconds", seconds, 6);
	json_put_uint(json, "bytes", (uint64_t)bytes);
	put_real(json, "mb_per_second", seconds > 0 ? bytes / seconds / 1e6 : 0, 3);
	put_real(json, "pages_per_second", seconds > 0 ? pages / seconds : 0, 2);
	put_times(json, set, tool, request->rounds);
	json_end(json, '}');
	if (request->out) {
		char *view = file_name(folder, set->name, tool->name, "worst.html");
		extraction_view(view, set, &results, &score, 30);
		free(view);
	} else {
		remove(path);
	}
	extraction_score_free(&score);
	results_close(&results);
	free(path);
}

/* Keep at most PAGES of the set, evenly spread. */
static void thin(struct truth_set *set, uint64_t pages)
{
	if (!pages || set->count <= pages)
		return;
	for (size_t i = 0; i < set->count; i++) {
		size_t slot = i * pages / set->count;
		if (i == (slot * set->count + pages - 1) / pages) {
			struct truth_page swap = set->pages[slot];
			set->pages[slot] = set->pages[i];
			set->pages[i] = swap;
		}
	}
	for (size_t i = pages; i < set->count; i++)
		free(set->pages[i].path);
	set->count = pages;
}

/* ---- Archives
 * ----------------------------------------------------------------------------------------------------------------- */

struct reading {
	double seconds;
	uint64_t records;
};

static struct reading read_own(const char *path)
{
	struct reading reading = {0};
	struct warc_inputs *inputs;
	struct warc_reader *reader = warc_reader_new(NULL);
	struct warc_record record;
	struct warc_http http;
	double start = clock_cpu_seconds();
	if (!reader || warc_inputs_new(&path, 1, NULL, &inputs, NULL))
		bench_die(BENCH_IO, "%s: cannot be read", path);
	enum status status = warc_reader_open(reader, warc_inputs_at(inputs, 0), 0, UINT64_MAX, true, NULL);
	while (!status || status == STATUS_DATA) {
		status = warc_next(reader, &record, NULL, NULL);
		if (status)
			continue;
		reading.records++;
		warc_http_read(reader, &record, &http);
	}
	warc_reader_free(reader);
	warc_inputs_free(inputs);
	reading.seconds = clock_cpu_seconds() - start;
	return reading;
}

static struct reading read_peer(struct peer *peer, const char *path)
{
	struct reading reading = {0};
	char *whole = realpath(path, NULL);
	const struct json *answer = whole ? peer_ask(peer, whole, SPAN_NONE, 600) : NULL;
	if (answer) {
		reading.seconds = json_get_real(answer, "seconds", 0);
		json_get_u64(answer, "records", &reading.records);
	}
	free(whole);
	return reading;
}

static void read_archive(const char *path, const struct request *request, struct tool *tools, size_t count,
			 struct json_writer *json)
{
	double seconds[TOOLS_MAX][ROUNDS_MAX] = {{0}};
	struct reading last[TOOLS_MAX] = {{0}};
	struct buffer bytes;
	size_t rounds = request->rounds < 3 ? 3 : request->rounds;
	bench_read(path, &bytes);
	for (size_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < count; i++) {
			size_t at = (i + round) % count;
			last[at] = tools[at].peer.kind ? read_peer(&tools[at].peer, path) : read_own(path);
			seconds[at][round] = last[at].seconds;
		}
	for (size_t i = 0; i < count; i++) {
		double median = stats_quantile(seconds[i], rounds, 0.5);
		const char *slash = strrchr(path, '/');
		printf("%-30s %-12s %8.1f MB/s %8.4f s %8llu records\n", slash ? slash + 1 : path, tools[i].name,
		       median > 0 ? (double)bytes.size / median / 1e6 : 0, median, (unsigned long long)last[i].records);
		json_begin(json, '{');
		json_put_text(json, "archive", span_of(slash ? slash + 1 : path));
		json_put_text(json, "tool", span_of(tools[i].name));
		json_put_text(json, "version",
			      tools[i].peer.kind ? span_of(tools[i].peer.version) : SPAN(WARCMILL_VERSION));
		json_put_uint(json, "records", last[i].records);
		json_put_uint(json, "bytes", bytes.size);
		put_real(json, "seconds", median, 6);
		put_real(json, "mb_per_second", median > 0 ? (double)bytes.size / median / 1e6 : 0, 3);
		json_key(json, "samples");
		json_begin(json, '[');
		for (size_t round = 0; round < rounds; round++)
			json_real(json, seconds[i][round], 6);
		json_end(json, ']');
		json_end(json, '}');
	}
	buffer_free(&bytes);
}

/* ---- All together
 * ----------------------------------------------------------------------------------------------------------------- */

static bool is_wanted(const char *only, const char *name)
{
	struct span rest = span_of(only), piece;
	while (only && span_cut(&rest, ',', &piece))
		if (span_equal(piece, span_of(name)))
			return true;
	return !only;
}

/* Start all peers of one sort. Absent ones become rows of JSON. */
static size_t start_tools(const struct request *request, bool readers, struct tool *tools, struct json_writer *absent)
{
	size_t count = 0;
	if (is_wanted(request->only, "warcmill"))
		tool_open_own(&tools[count++]);
	for (size_t i = 0; request->folder && i < peer_kind_count && count < TOOLS_MAX; i++) {
		const struct peer_kind *kind = &peer_kinds[i];
		if (kind->reader != readers || !is_wanted(request->only, kind->name))
			continue;
		struct tool *tool = &tools[count];
		*tool = (struct tool){.name = kind->name};
		if (peer_start(&tool->peer, kind, request->folder)) {
			count++;
			continue;
		}
		printf("%-22s %-18s absent: %s\n", "", kind->name, tool->peer.absent);
		json_begin(absent, '{');
		json_put_text(absent, "tool", span_of(kind->name));
		json_key(absent, "reader");
		json_bool(absent, readers);
		json_put_text(absent, "absent", span_of(tool->peer.absent));
		json_end(absent, '}');
		peer_stop(&tool->peer);
	}
	return count;
}

static void stop_tools(struct tool *tools, size_t count, struct json_writer *memory)
{
	for (size_t i = 0; i < count; i++) {
		if (tools[i].peer.kind) {
			struct peer *peer = &tools[i].peer;
			peer_stop(peer);
			json_begin(memory, '{');
			json_put_text(memory, "tool", span_of(tools[i].name));
			json_put_uint(memory, "peak_bytes", peer->peak_bytes);
			json_put_uint(memory, "restarts", peer->restarts);
			json_end(memory, '}');
		} else {
			charset_decoder_free(tools[i].decoder);
			html_parser_free(tools[i].parser);
			article_extractor_free(tools[i].extractor);
		}
	}
}

static int parse_request(int argc, char **argv, struct request *request)
{
	enum { ARCHIVE = 256, PEERS, ONLY, PAGES, ROUNDS, TIMEOUT, ROUGE, OUT, JSON };
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"archive", required_argument, NULL, ARCHIVE},
						{"peers", required_argument, NULL, PEERS},
						{"only", required_argument, NULL, ONLY},
						{"pages", required_argument, NULL, PAGES},
						{"rounds", required_argument, NULL, ROUNDS},
						{"rouge", no_argument, NULL, ROUGE},
						{"timeout", required_argument, NULL, TIMEOUT},
						{"out", required_argument, NULL, OUT},
						{"json", required_argument, NULL, JSON},
						{0}};
	*request = (struct request){.rounds = 1, .timeout = 20};
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (option == ARCHIVE && request->archive_count < ARCHIVES_MAX)
			request->archives[request->archive_count++] = optarg;
		else if (option == PEERS)
			request->folder = optarg;
		else if (option == ONLY)
			request->only = optarg;
		else if (option == PAGES)
			request->pages = bench_number(optarg, "--pages");
		else if (option == ROUNDS)
			request->rounds = bench_number(optarg, "--rounds");
		else if (option == TIMEOUT)
			request->timeout = bench_number(optarg, "--timeout");
		else if (option == ROUGE)
			request->rouge = true;
		else if (option == OUT)
			request->out = optarg;
		else if (option == JSON)
			request->json = optarg;
		else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? BENCH_DONE : BENCH_USAGE;
		}
	}
	bool fits = request->rounds > 0 && request->rounds <= ROUNDS_MAX && request->timeout > 0;
	if ((optind == argc && !request->archive_count) || !fits) {
		fputs(usage, stderr);
		return BENCH_USAGE;
	}
	return -1;
}

/* One list of the output, written beside the others and joined at the end. */
struct list {
	struct buffer bytes;
	struct json_writer json;
};

static void list_open(struct list *list)
{
	buffer_init(&list->bytes, SIZE_MAX / 2);
	json_start(&list->json, &list->bytes);
	json_begin(&list->json, '[');
}

static void write_lists(const char *path, struct list *lists, const char *const *names, size_t count)
{
	struct buffer out;
	struct json_writer json;
	struct fault fault;
	buffer_init(&out, SIZE_MAX / 2);
	json_start(&json, &out);
	json_begin(&json, '{');
	for (size_t i = 0; i < count; i++) {
		json_end(&lists[i].json, ']');
		json_key(&json, names[i]);
		json_raw(&json, buffer_span(&lists[i].bytes));
		buffer_free(&lists[i].bytes);
	}
	json_end(&json, '}');
	buffer_append_byte(&out, '\n');
	if (path && (out.status || file_write_atomic(path, buffer_span(&out), &fault)))
		bench_die(BENCH_IO, "%s: cannot be written", path);
	buffer_free(&out);
}

int bench_peers(int argc, char **argv)
{
	enum { INPUTS, EXTRACTION, READING, ABSENT, MEMORY, LISTS };
	static const char *const names[LISTS] = {"inputs", "extraction", "reading", "absent", "memory"};
	struct request request;
	struct list lists[LISTS];
	struct tool *tools = need_zero(TOOLS_MAX * sizeof *tools);
	int code = parse_request(argc, argv, &request);
	if (code >= 0) {
		free(tools);
		return code;
	}
	for (size_t i = 0; i < LISTS; i++)
		list_open(&lists[i]);
	const char *folder = request.out ? request.out : ".";
	if (request.out && folder_make(request.out, NULL))
		bench_die(BENCH_IO, "%s: cannot be made", request.out);
	if (optind < argc) {
		size_t count = start_tools(&request, false, tools, &lists[ABSENT].json);
		printf("%-22s %-18s %6s %15s %6s %6s %6s %6s %8s %8s %6s\n", "set", "tool", "shF1", "95 %", "P", "R",
		       "wordF1", "char5", "MB/s", "pages/s", "failed");
		for (int i = optind; i < argc; i++) {
			struct truth_set set;
			truth_open(argv[i], &set);
			thin(&set, request.pages);
			inputs_put_set(&lists[INPUTS].json, &set);
			run_set(&set, &request, tools, count);
			for (size_t t = 0; t < count; t++) {
				report_tool(&set, &request, &tools[t], folder, &lists[EXTRACTION].json);
				buffer_free(&tools[t].results);
				free(tools[t].seconds);
				free(tools[t].samples);
			}
			truth_close(&set);
		}
		stop_tools(tools, count, &lists[MEMORY].json);
	}
	if (request.archive_count) {
		size_t count = start_tools(&request, true, tools, &lists[ABSENT].json);
		for (size_t i = 0; i < request.archive_count; i++)
			inputs_put_file(&lists[INPUTS].json, request.archives[i]);
		for (size_t i = 0; i < request.archive_count; i++)
			read_archive(request.archives[i], &request, tools, count, &lists[READING].json);
		stop_tools(tools, count, &lists[MEMORY].json);
	}
	write_lists(request.json, lists, names, LISTS);
	free(tools);
	return BENCH_DONE;
}
