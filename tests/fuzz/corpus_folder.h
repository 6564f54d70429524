/* corpus_folder: what the corpus targets share: a folder in memory, where there is one, and files in it. */
#ifndef TESTS_FUZZ_CORPUS_FOLDER_H
#define TESTS_FUZZ_CORPUS_FOLDER_H

#include "corpus/corpus_internal.h"

#include <stdlib.h>
#include <unistd.h>

#define CHECK(condition)                                                                                               \
	((condition) ? (void)0 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition), abort()))

static char fuzz_folder[64];

static void fuzz_folder_remove(void)
{
	folder_remove(fuzz_folder, NULL);
}

/* Made once a process, gone at its end. */
static const char *fuzz_folder_get(void)
{
	if (!*fuzz_folder) {
		snprintf(fuzz_folder, sizeof fuzz_folder, "%s/warcmill-fuzz-XXXXXX",
			 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		CHECK(mkdtemp(fuzz_folder));
		atexit(fuzz_folder_remove);
	}
	return fuzz_folder;
}

/* Not synced, not renamed: speed. */
static void fuzz_file(const char *name, struct span bytes)
{
	char path[200];
	snprintf(path, sizeof path, "%s/%s", fuzz_folder_get(), name);
	FILE *file = fopen(path, "wb");
	CHECK(file && fwrite(bytes.data, 1, bytes.size, file) == bytes.size && fclose(file) == 0);
}

#endif
