/* common: messages, memory that is there or ends the program, numbers on the command line, files, dice, statistics. */
#include "bench/bench.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { READ_MAX = 2047 * 1024 * 1024 };

static void say(const char *format, va_list arguments)
{
	fputs("warcmill-bench: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

void bench_say(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
}

void bench_die(int code, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	exit(code);
}

void *need(size_t size)
{
	void *memory = malloc(size ? size : 1);
	if (!memory)
		bench_die(BENCH_IO, "no memory for %zu bytes", size);
	return memory;
}

void *need_zero(size_t size)
{
	void *memory = calloc(1, size ? size : 1);
	if (!memory)
		bench_die(BENCH_IO, "no memory for %zu bytes", size);
	return memory;
}

void need_more(void *array, size_t *capacity, size_t count, size_t size)
{
	if (count <= *capacity)
		return;
	size_t wanted = *capacity ? *capacity * 2 : 64;
	if (wanted < count)
		wanted = count;
	void *memory;
	memcpy(&memory, array, sizeof memory); /* ARRAY is the address of a pointer of any type */
	memory = realloc(memory, wanted * size);
	if (!memory)
		bench_die(BENCH_IO, "no memory for %zu bytes", wanted * size);
	memcpy(array, &memory, sizeof memory);
	*capacity = wanted;
}

char *need_made(char *made)
{
	if (!made)
		bench_die(BENCH_IO, "no memory");
	return made;
}

uint64_t bench_number(const char *text, const char *option)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);
	unsigned shift = *end == 'k' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
	if (end == text || text[0] == '-' || (shift ? end[1] : *end) || value > UINT64_MAX >> shift)
		bench_die(BENCH_USAGE, "%s wants a number, perhaps with k, M or G, not '%s'", option, text);
	return (uint64_t)value << shift;
}

/* ---- Files ------------------------------------------------------------------------------------------------------ */

/* The compressors that files for measuring come in; archives for reading go through warc/, not through here. */
static bool is_compressed(struct span bytes)
{
	return span_starts(bytes, SPAN("\x1f\x8b")) || span_starts(bytes, SPAN("\x28\xb5\x2f\xfd")) ||
	       span_starts(bytes, SPAN("\xfd"
				       "7zXZ")) ||
	       span_starts(bytes, SPAN("BZh"));
}

static void decompress(const char *path, struct buffer *bytes)
{
	struct buffer out;
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	buffer_init(&out, READ_MAX);
	if (!archive)
		bench_die(BENCH_IO, "no memory");
	archive_read_support_filter_all(archive);
	archive_read_support_format_raw(archive);
	bool good = archive_read_open_memory(archive, bytes->data, bytes->size) == ARCHIVE_OK &&
		    archive_read_next_header(archive, &entry) == ARCHIVE_OK;
	la_ssize_t size = 1;
	while (good && size > 0) {
		if (buffer_reserve(&out, 1 << 16))
			break;
		size = archive_read_data(archive, out.data + out.size, 1 << 16);
		out.size += size > 0 ? (size_t)size : 0;
	}
	if (!good || size < 0 || out.status)
		bench_die(BENCH_DATA, "%s: cannot be decompressed: %s", path, archive_error_string(archive));
	archive_read_free(archive);
	buffer_free(bytes);
	*bytes = out;
}

void bench_read(const char *path, struct buffer *out)
{
	struct fault fault;
	buffer_init(out, READ_MAX);
	if (file_read(path, out, &fault))
		bench_die(BENCH_IO, "%s: %s", path, fault.text);
	if (is_compressed(buffer_span(out)))
		decompress(path, out);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void paths_add_folder(const char *folder, bool deep, struct paths *out)
{
	DIR *directory = opendir(folder);
	if (!directory)
		bench_die(BENCH_IO, "%s: no folder that can be read", folder);
	for (struct dirent *entry; (entry = readdir(directory));) {
		if (entry->d_name[0] == '.')
			continue;
		char *path = need_print("%s/%s", folder, entry->d_name);
		struct stat about;
		bool known = stat(path, &about) == 0;
		if (known && S_ISREG(about.st_mode)) {
			need_more(&out->at, &out->capacity, out->count + 1, sizeof *out->at);
			out->at[out->count++] = path;
			continue;
		}
		if (known && S_ISDIR(about.st_mode) && deep)
			paths_add_folder(path, deep, out);
		free(path);
	}
	closedir(directory);
}

void paths_list(const char *folder, bool deep, struct paths *out)
{
	*out = (struct paths){0};
	paths_add_folder(folder, deep, out);
	if (out->count)
		qsort(out->at, out->count, sizeof *out->at, compare_paths);
}

void paths_free(struct paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->at[i]);
	free(paths->at);
	*paths = (struct paths){0};
}

/* ---- Dice ---------------------------------------------------------------------------------------------------------
 */

uint64_t dice_next(struct dice *dice)
{
	uint64_t z = dice->state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t dice_below(struct dice *dice, uint64_t bound)
{
	return (uint64_t)(((unsigned __int128)dice_next(dice) * bound) >> 64);
}

double dice_real(struct dice *dice)
{
	return (double)(dice_next(dice) >> 11) * 0x1p-53;
}

/* ---- Statistics -----------------------------------------------------------------------------------------------------
 */

double stats_mean(const double *values, size_t count)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return count ? sum / (double)count : 0;
}

double stats_deviation(const double *values, size_t count)
{
	if (count < 2)
		return 0;
	double mean = stats_mean(values, count), sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += (values[i] - mean) * (values[i] - mean);
	return sqrt(sum / (double)(count - 1));
}

static int compare_real(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double stats_quantile(const double *values, size_t count, double q)
{
	if (count == 0)
		return 0;
	double *sorted = need(count * sizeof *sorted);
	memcpy(sorted, values, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, compare_real);
	double place = q * (double)(count - 1);
	size_t below = (size_t)place;
	size_t above = below + 1 < count ? below + 1 : below;
	double value = sorted[below] + (sorted[above] - sorted[below]) * (place - (double)below);
	free(sorted);
	return value;
}

double stats_exponent(const double *x, const double *y, size_t count)
{
	double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
	for (size_t i = 0; i < count; i++) {
		if (x[i] <= 0 || y[i] <= 0)
			continue;
		double a = log(x[i]), b = log(y[i]);
		n++, sx += a, sy += b, sxx += a * a, sxy += a * b;
	}
	double spread = n * sxx - sx * sx;
	return spread > 0 ? (n * sxy - sx * sy) / spread : 0;
}
