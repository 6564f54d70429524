/* Replays a fuzz corpus without libFuzzer: each file of the folders given, the empty input, and each file cut at a few
 * places, once through the target. A finding ends the program, as in fuzzing. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The target gets a copy of exactly SIZE bytes, so that reading past its end is seen. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = calloc(size ? size : 1, 1);
	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return 1;
	static uint8_t data[1 << 20];
	size_t size = fread(data, 1, sizeof data, file);
	fclose(file);
	for (size_t part = 1; part <= 4; part++)
		run(data, size * part / 4);
	return 0;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	int files = 0;
	run((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		struct dirent **entries;
		int count = scandir(argv[i], &entries, visible, alphasort);
		for (int e = 0; e < count; e++) {
			char path[4096];
			snprintf(path, sizeof path, "%s/%s", argv[i], entries[e]->d_name);
			if (replay_file(path) != 0)
				fprintf(stderr, "cannot read %s\n", path);
			free(entries[e]);
			files++;
		}
		if (count >= 0)
			free(entries);
	}
	printf("%d files replayed\n", files);
	return 0;
}
