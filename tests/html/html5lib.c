/* The program: html5lib FOLDER [-v] prints `tokenizer PASSED/TOTAL` and `tree PASSED/TOTAL`; exit 1 when one failed,
 * 77 (skip) when the folder is not there. -v lists the failures. */
#include "tests/html/html5lib.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

typedef bool file_function(const char *path, const char *name, struct score *score);

static int suffixed(const struct dirent *entry)
{
	struct span name = span_of(entry->d_name);
	return span_ends(name, SPAN(".test")) || span_ends(name, SPAN(".dat"));
}

/* All files of FOLDER/KIND in order of name. Returns false when there are none. */
static bool run_folder(const char *folder, const char *kind, file_function *run, struct score *score)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, kind);
	struct dirent **entries;
	int count = scandir(path, &entries, suffixed, alphasort);
	if (count < 0)
		return false;
	for (int i = 0; i < count; i++) {
		char file[8192];
		snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
		if (!run(file, entries[i]->d_name, score)) {
			printf("unreadable: %s\n", file);
			score->total++;
		}
		free(entries[i]);
	}
	free(entries);
	return count > 0;
}

int main(int argc, char **argv)
{
	bool verbose = argc > 2 && strcmp(argv[2], "-v") == 0;
	struct score tokenizer = {0, 0, verbose}, tree = {0, 0, verbose};
	if (argc < 2) {
		fprintf(stderr, "usage: html5lib FOLDER [-v]\n");
		return 64;
	}
	if (!run_folder(argv[1], "tokenizer", html5lib_tokenizer_file, &tokenizer) ||
	    !run_folder(argv[1], "tree-construction", html5lib_tree_file, &tree)) {
		printf("no html5lib-tests in %s: skipped\n", argv[1]);
		return 77;
	}
	printf("tokenizer %u/%u\ntree %u/%u\n", tokenizer.passed, tokenizer.total, tree.passed, tree.total);
	return tokenizer.passed == tokenizer.total && tree.passed == tree.total ? 0 : 1;
}
