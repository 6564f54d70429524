/* cmd_dedup: scores clusterings against a truth, with the baselines and the warcmill program itself in the same run. */
#include "bench/child.h"
#include "bench/duplicates.h"

#include <getopt.h>
#include <stdlib.h>

static const char usage[] = "usage: warcmill-bench dedup TRUTH [CLUSTERS.tsv] [option...]\n"
			    "\n"
			    "TRUTH     JSON lines (.gz, .xz, .zst too): id, cluster and optionally cls, text; or "
			    "judged pairs: a, b, same, cls\n"
			    "CLUSTERS  lines of id <TAB> cluster, as 'warcmill dedup' writes them\n"
			    "\n"
			    "  --texts FILE      lines of id, text, where the truth holds no texts\n"
			    "  --baselines       run MinHash-LSH and 64-bit SimHash on the texts too\n"
			    "  --warcmill FILE   run this program's dedup command on the texts too\n"
			    "  --edges FILE      lines of id <TAB> id <TAB> score: sweep the threshold\n"
			    "  --json FILE       write the scores as JSON\n";

enum { SWEEP = 60 };

/* One method in the comparison. */
struct entry {
	const char *name, *about;
	struct clustering clustering;
	struct duplicate_score score;
	double sign_seconds, match_seconds, seconds;
	uint64_t peak_bytes;
	struct sweep_point points[SWEEP];
	size_t point_count;
};

static void show(const struct documents *documents, struct entry *entry)
{
	duplicate_score(documents, &entry->clustering, &entry->score);
	printf("== %s: %s\n", entry->name, entry->about);
	duplicate_print(stdout, documents, &entry->score);
	if (entry->seconds > 0)
		printf("  %.2f s (%.2f sign, %.2f match)\n", entry->seconds, entry->sign_seconds, entry->match_seconds);
	const struct sweep_point *best = NULL;
	for (size_t i = 0; i < entry->point_count; i++)
		if (!best || entry->points[i].f1 > best->f1)
			best = &entry->points[i];
	if (best)
		printf("  best of the sweep: threshold %g  precision %.4f  recall %.4f  F1 %.4f\n",
		       (double)best->threshold, best->precision, best->recall, best->f1);
}

static void run_baseline(const struct documents *documents, const struct baseline *baseline, struct entry *entry)
{
	struct baseline_run run = {0};
	*entry = (struct entry){.name = baseline->name, .about = baseline->about};
	baseline->run(documents, &run);
	edges_cluster(documents, &run.edges, baseline->threshold, &entry->clustering);
	entry->point_count = edges_sweep(documents, &run.edges, entry->points, SWEEP);
	entry->sign_seconds = run.sign_seconds;
	entry->match_seconds = run.match_seconds;
	entry->seconds = run.sign_seconds + run.match_seconds;
	free(run.edges.at);
}

/* The texts as JSON lines without the truth. */
static void write_texts(const struct documents *documents, const char *path)
{
	struct buffer out;
	struct fault fault;
	buffer_init(&out, SIZE_MAX / 2);
	for (size_t i = 0; i < documents->count; i++) {
		struct json_writer json;
		json_start(&json, &out);
		json_begin(&json, '{');
		json_put_text(&json, "id", documents->at[i].id);
		json_key(&json, "text");
		json_text(&json, documents->at[i].text.data ? documents->at[i].text : SPAN(""));
		json_end(&json, '}');
		buffer_append_byte(&out, '\n');
	}
	if (out.status || file_write_atomic(path, buffer_span(&out), &fault))
		bench_die(BENCH_IO, "%s: %s", path, out.status ? status_name(out.status) : fault.text);
	buffer_free(&out);
}

static bool run_warcmill(const struct documents *documents, const char *program, struct entry *entry)
{
	char *folder = folder_temporary();
	char *texts = need_print("%s/texts.jsonl", folder), *out = need_print("%s/out", folder);
	char *clusters = need_print("%s/clusters.tsv", out);
	write_texts(documents, texts);
	const char *arguments[] = {program, "dedup", texts, "-o", out, "-j", "1", "--quiet", NULL};
	struct child_use use = child_run(arguments, NULL, false);
	*entry = (struct entry){.name = "warcmill", .about = "warcmill dedup -j 1, reading and writing included"};
	entry->seconds = use.seconds;
	entry->peak_bytes = use.peak_bytes;
	bool done = use.code == 0 && file_exists(clusters);
	if (done)
		clustering_read(documents, clusters, &entry->clustering);
	else
		bench_say("%s dedup: exit %d; left out", program, use.code);
	folder_remove(folder);
	free(folder);
	free(texts);
	free(out);
	free(clusters);
	return done;
}

static void put_entry(struct json_writer *json, const struct documents *documents, const struct entry *entry)
{
	json_begin(json, '{');
	json_put_text(json, "name", span_of(entry->name));
	json_put_text(json, "about", span_of(entry->about));
	duplicate_json(json, documents, &entry->score);
	if (entry->seconds > 0) {
		json_key(json, "seconds");
		json_real(json, entry->seconds, 6);
		json_key(json, "sign_seconds");
		json_real(json, entry->sign_seconds, 6);
		json_key(json, "match_seconds");
		json_real(json, entry->match_seconds, 6);
	}
	if (entry->peak_bytes)
		json_put_uint(json, "peak_bytes", entry->peak_bytes);
	json_key(json, "sweep");
	json_begin(json, '[');
	for (size_t i = 0; i < entry->point_count; i++) {
		const struct sweep_point *point = &entry->points[i];
		json_begin(json, '[');
		json_real(json, (double)point->threshold, 4);
		json_real(json, point->precision, 5);
		json_real(json, point->recall, 5);
		json_real(json, point->f1, 5);
		json_end(json, ']');
	}
	json_end(json, ']');
	json_end(json, '}');
}

static void write_json(const char *path, const char *truth, const struct documents *documents,
		       const struct entry *entries, size_t count)
{
	struct buffer out;
	struct json_writer json;
	struct fault fault;
	const char *slash = strrchr(truth, '/');
	buffer_init(&out, SIZE_MAX / 2);
	json_start(&json, &out);
	json_begin(&json, '{');
	json_put_text(&json, "set", span_of(slash ? slash + 1 : truth));
	json_put_uint(&json, "documents", documents->count);
	json_key(&json, "inputs");
	json_begin(&json, '[');
	inputs_put_file(&json, truth);
	json_end(&json, ']');
	json_key(&json, "methods");
	json_begin(&json, '[');
	for (size_t i = 0; i < count; i++)
		put_entry(&json, documents, &entries[i]);
	json_end(&json, ']');
	json_end(&json, '}');
	buffer_append_byte(&out, '\n');
	if (out.status || file_write_atomic(path, buffer_span(&out), &fault))
		bench_die(BENCH_IO, "%s: %s", path, out.status ? status_name(out.status) : fault.text);
	buffer_free(&out);
}

struct request {
	const char *truth, *clusters, *texts, *warcmill, *edges, *json;
	bool baselines;
};

static int parse_request(int argc, char **argv, struct request *request)
{
	enum { TEXTS = 256, BASELINES, WARCMILL, EDGES, JSON };
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"texts", required_argument, NULL, TEXTS},
						{"baselines", no_argument, NULL, BASELINES},
						{"warcmill", required_argument, NULL, WARCMILL},
						{"edges", required_argument, NULL, EDGES},
						{"json", required_argument, NULL, JSON},
						{0}};
	*request = (struct request){0};
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (option) {
		case TEXTS:
			request->texts = optarg;
			break;
		case BASELINES:
			request->baselines = true;
			break;
		case WARCMILL:
			request->warcmill = optarg;
			break;
		case EDGES:
			request->edges = optarg;
			break;
		case JSON:
			request->json = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return BENCH_DONE;
		default:
			fputs(usage, stderr);
			return BENCH_USAGE;
		}
	}
	request->truth = argv[optind];
	if (argc - optind < 1 || argc - optind > 2) {
		fputs(usage, stderr);
		return BENCH_USAGE;
	}
	request->clusters = argv[optind + 1];
	return -1;
}

int bench_dedup(int argc, char **argv)
{
	struct request request;
	struct documents documents;
	struct entry *entries = need_zero((baseline_count + 3) * sizeof *entries);
	size_t count = 0;
	int code = parse_request(argc, argv, &request);
	if (code >= 0) {
		free(entries);
		return code;
	}
	documents_open(request.truth, &documents);
	if (request.texts)
		documents_add_texts(&documents, request.texts);
	if (request.clusters) {
		entries[count] = (struct entry){.name = "clusters", .about = request.clusters};
		clustering_read(&documents, request.clusters, &entries[count].clustering);
		show(&documents, &entries[count++]);
	}
	if (request.edges) {
		struct edges edges = {0};
		edges_read(&documents, request.edges, &edges);
		struct entry *entry = &entries[count];
		*entry = (struct entry){.name = "edges", .about = request.edges};
		entry->point_count = edges_sweep(&documents, &edges, entry->points, SWEEP);
		const struct sweep_point *best = entry->points;
		for (size_t i = 0; i < entry->point_count; i++)
			best = entry->points[i].f1 > best->f1 ? &entry->points[i] : best;
		edges_cluster(&documents, &edges, best->threshold, &entry->clustering);
		show(&documents, &entries[count++]);
		free(edges.at);
	}
	if (request.warcmill && run_warcmill(&documents, request.warcmill, &entries[count]))
		show(&documents, &entries[count++]);
	for (size_t i = 0; request.baselines && i < baseline_count; i++) {
		run_baseline(&documents, &baselines[i], &entries[count]);
		show(&documents, &entries[count++]);
	}
	if (request.json)
		write_json(request.json, request.truth, &documents, entries, count);
	for (size_t i = 0; i < count; i++) {
		free(entries[i].clustering.found);
		duplicate_score_free(&entries[i].score);
	}
	free(entries);
	documents_close(&documents);
	return BENCH_DONE;
}
