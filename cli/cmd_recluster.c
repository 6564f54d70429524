/* cmd_recluster: an output of `warcmill dedup` again under other thresholds.
 *
 * The rows of both folders are read back (each holds its whole line), the stored df table gives the same signatures as
 * before, and everything after that is the dedup job itself. */
#include "cli/cli.h"

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
		char **at = realloc(parts->at, (size_t)capacity * sizeof *at);
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
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = malloc(size);
	if (path)
		snprintf(path, size, "%s/%s", folder, name);
	return path;
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
	     "Take the decisions of an output of `warcmill dedup` again under other thresholds, with the df table that "
	     "is\n"
	     "stored in it. The options are those of dedup: --jaccard, --hamming, --containment, "
	     "--containment-hamming,\n"
	     "--numbers, --link, --exact-only, --compress, …; DIR is not changed.");
	return EXIT_DONE;
}

/* The first argument that is neither an option nor an option's value: the corpus. dedup's parser sees the rest. */
int cli_recluster(int argc, char **argv)
{
	struct parts parts = {NULL, 0, 0};
	if (argc < 2)
		return cli_fail(EXIT_USAGE, "recluster",
				"give the folder of an output of dedup; see warcmill recluster --help");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return usage();
	const char *corpus = argv[1];
	char *df = join(corpus, "tables/df.table"), *clusters = join(corpus, "clusters.tsv");
	int code = EXIT_IO;
	if (!df || !clusters) {
		code = cli_fail(EXIT_IO, "recluster", "no memory");
	} else if (corpus[0] == '-' || !file_exists(df) || !file_exists(clusters)) {
		code = cli_fail(EXIT_USAGE, "recluster", "%s is no output of warcmill dedup", corpus);
	} else {
		bool good = add(&parts, strdup("dedup")) && add(&parts, strdup("--df"));
		good = good && add(&parts, strdup(df));
		for (int i = 2; i < argc && good; i++)
			good = add(&parts, strdup(argv[i]));
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
