/* cmd_recluster: an output of `warcmill dedup`, or a corpus, again under other thresholds.
 *
 * A corpus: see recluster_corpus.c. An output of dedup:  * The rows of both folders are read back (each holds its whole
 * line), the stored df table gives the same signatures as before, and everything after that is the dedup job itself. */
#include "cli/cli.h"
#include "cli/dedup_job.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 100000 };

struct parts {
	char **at;
	int count, capacity;
};

static bool add(struct parts *parts, char *text)
{
	if (parts->count + 1 >= parts->capacity) {
		int capacity = parts->capacity ? parts->capacity * 2 : 64;
		char **at = memory_grow(parts->at, (size_t)capacity * sizeof *at);
		if (!at) {
			free(text);
			return false;
		}
		parts->at = at;
		parts->capacity = capacity;
	}
	parts->at[parts->count++] = text;
	parts->at[parts->count] = NULL;
	return text != NULL;
}

static char *join(const char *folder, const char *name)
{
	return memory_format("%s/%s", folder, name);
}

static bool add_folder(struct parts *parts, const char *corpus, const char *name)
{
	char *path = join(corpus, name);
	DIR *folder = path ? opendir(path) : NULL;
	bool good = path != NULL;
	for (struct dirent *entry; folder && good && (entry = readdir(folder));)
		if (!strncmp(entry->d_name, "part-", 5) && parts->count < PARTS_MAX)
			good = add(parts, join(path, entry->d_name));
	if (folder)
		closedir(folder);
	free(path);
	return good;
}

static int usage(void)
{
	puts("usage: warcmill recluster DIR -o NEW [OPTION]...\n\n"
	     "Take the decisions of an output of `warcmill dedup`, or of a corpus, again under other thresholds, with "
	     "the "
	     "df\n"
	     "table that is stored in it. Of a corpus, clusters.tsv and manifest.json are written: documents are "
	     "compared "
	     "again;\n"
	     "copies, whose texts are not kept, are decided by their stored evidence and stand alone when it does not "
	     "suffice.\n"
	     "The options are those of dedup: --jaccard, --hamming, --containment, "
	     "--containment-hamming,\n"
	     "--numbers, --link, --exact-only, --compress, …; DIR is not changed.");
	return EXIT_DONE;
}

static int corpus_again(int argc, char **argv)
{
	struct dedup_job job = {.corpus = true, .compression = COMPRESS_ZSTD, .part_bytes = (uint64_t)1 << 30};
	struct fault fault = {STATUS_OK, 0, ""};
	dedup_options_default(&job.options);
	int code = dedup_job_parse(argc, argv, &job);
	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	char *from = realpath(job.inputs[0], NULL), *to = realpath(job.folder, NULL);
	bool same = from && to && !strcmp(from, to);
	free(from);
	free(to);
	if (same || job.input_count != 1 || job.against || job.df_path || job.passages || job.drop_passages)
		return cli_fail(EXIT_USAGE, "recluster",
				"give one corpus and another folder; --against, --df and passages are not for corpora");
	enum status status = dedup_options_check(&job.options, &fault);
	if (!status)
		status = dedup_job_run(&job, &fault);
	if (status)
		code = cli_fail(cli_status_exit(status), "recluster", "%s", fault.text);
	else if (!job.quiet)
		fprintf(stderr, "%llu clusters, %llu copies: %s\n", (unsigned long long)job.kept,
			(unsigned long long)job.collapsed, job.folder);
	dedup_job_free(&job);
	return code;
}

/* The first argument that is neither an option nor an option's value: the corpus. dedup's parser sees the rest. */
int cli_recluster(int argc, char **argv)
{
	struct parts parts = {NULL, 0, 0};
	if (argc < 2)
		return cli_fail(EXIT_USAGE, "recluster",
				"give the folder of an output of dedup; see warcmill recluster --help");
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return usage();
	const char *corpus = argv[1];
	if (corpus[0] == '-')
		return cli_fail(EXIT_USAGE, "recluster",
				"the folder comes first: warcmill recluster DIR -o NEW [OPTION]...");
	char *manifest = join(corpus, "SHA256SUMS");
	bool built = manifest && file_exists(manifest);
	free(manifest);
	if (built)
		return corpus_again(argc, argv);
	char *df = join(corpus, "tables/df.table"), *clusters = join(corpus, "clusters.tsv");
	int code = EXIT_IO;
	if (!df || !clusters) {
		code = cli_fail(EXIT_IO, "recluster", "no memory");
	} else if (!file_exists(df) || !file_exists(clusters)) {
		code = cli_fail(EXIT_USAGE, "recluster", "%s is no output of warcmill dedup or build", corpus);
	} else {
		bool good = add(&parts, memory_text(SPAN("dedup"))) && add(&parts, memory_text(SPAN("--df")));
		good = good && add(&parts, memory_text(span_of(df)));
		for (int i = 2; i < argc && good; i++)
			good = add(&parts, memory_text(span_of(argv[i])));
		good = good && add_folder(&parts, corpus, "documents") && add_folder(&parts, corpus, "duplicates");
		code = good ? cli_dedup(parts.count, parts.at) : cli_fail(EXIT_IO, "recluster", "no memory");
	}
	for (int i = 0; i < parts.count; i++)
		free(parts.at[i]);
	free(parts.at);
	free(df);
	free(clusters);
	return code;
}
