/* cmd_reading: how near the reader comes to what decompression alone costs. One archive in three forms (a gzip member,
 * a zstd frame with size and check sum, and no compression, for each record), each read from its file in the page cache
 * with every HTTP message decoded, in turns with the bare decompression of the same file's bytes from memory. One and
 * two threads read the segments of one file. Peak memory is of a process that does nothing else. */
#include "bench/archive.h"
#include "bench/child.h"
#include "bench/fixture.h"
#include "bench/growth.h"
#include "bench/stages.h"

#include <getopt.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

static const char usage[] =
	"usage: warcmill-bench reading [ARCHIVE.warc.gz] [option...]\n"
	"\n"
	"Read an archive as .warc.gz, .warc.zst and .warc, against bare decompression; without "
	"ARCHIVE: an invented one.\n"
	"\n"
	"  --rounds N      runs of each (15)\n"
	"  --seconds N     fewer runs, three at least, where this time does not suffice (0: no bound)\n"
	"  --json FILE     write all samples and ratios as JSON\n"
	"  --quick         5 runs, an invented archive of 8 MB\n"
	"  --once FILE     read FILE once, print the process's peak memory (for profilers, too)\n";

enum form { FORM_GZIP, FORM_ZSTD, FORM_PLAIN, FORMS };
enum { SEGMENT = 2 << 20, MEMBER_ROOM = 64 << 20 };

struct subject {
	struct buffer bytes; /* of the file */
	char *path;
	struct warc_inputs *inputs;
	struct warc_segment *segments;
	size_t segment_count;
	uint64_t inflated, members;
	size_t largest;
};

/* ---- The reader ------------------------------------------------------------------------------------------------- */

/* All of SEGMENT, or of the input when NULL. */
static bool read_records(struct warc_reader *reader, const struct warc_input *input, const struct warc_segment *segment,
			 uint64_t *check, uint64_t *units)
{
	struct warc_record record;
	struct warc_http http;
	uint64_t first = segment ? segment->first : 0, limit = segment ? segment->limit : UINT64_MAX;
	if (warc_reader_open(reader, input, first, limit, !segment, NULL))
		return false;
	for (enum status status; (status = warc_next(reader, &record, NULL, NULL)) != STATUS_END;) {
		if (status == STATUS_DATA)
			continue;
		if (status)
			return false;
		*check += record.block.size;
		if (record.type == WARC_TYPE_RESPONSE && !warc_http_read(reader, &record, &http))
			*check += (uint64_t)http.status + http.body.size;
		++*units;
	}
	return true;
}

static bool run_reader(void *context, struct work *work)
{
	struct subject *subject = context;
	struct warc_reader *reader = warc_reader_new(NULL);
	bool good =
		reader && read_records(reader, warc_inputs_at(subject->inputs, 0), NULL, &work->check, &work->units);
	warc_reader_free(reader);
	work->bytes = subject->inflated;
	return good;
}

static bool run_threads(struct subject *subject, int threads, struct work *work)
{
	uint64_t check = 0, units = 0;
	int failed = 0;
	struct warc_reader *readers[2] = {warc_reader_new(NULL), threads > 1 ? warc_reader_new(NULL) : NULL};
	size_t next = 0;
#pragma omp parallel for num_threads(threads) schedule(static, 1) reduction(+ : check, units, failed)
	for (int t = 0; t < threads; t++)
		for (;;) {
			size_t at = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
			if (at >= subject->segment_count)
				break;
			failed += !readers[t] || !read_records(readers[t], warc_inputs_at(subject->inputs, 0),
							       &subject->segments[at], &check, &units);
		}
	warc_reader_free(readers[0]);
	warc_reader_free(readers[1]);
	work->check = check;
	work->units = units;
	work->bytes = subject->inflated;
	return !failed;
}

static bool run_one(void *context, struct work *work)
{
	return run_threads(context, 1, work);
}

static bool run_two(void *context, struct work *work)
{
	return run_threads(context, 2, work);
}

/* ---- Bare decompression ----------------------------------------------------------------------------------------- */

static bool run_libdeflate(void *context, struct work *work)
{
	struct subject *subject = context;
	struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
	char *out = need(subject->largest + 1);
	struct span rest = buffer_span(&subject->bytes);
	while (inflate && rest.size) {
		size_t used = 0, size = fixture_inflate(inflate, rest, out, subject->largest + 1, &used);
		if (!size)
			break;
		work->bytes += size;
		work->units++;
		rest = span_slice(rest, used, rest.size);
	}
	libdeflate_free_decompressor(inflate);
	free(out);
	work->check = work->bytes;
	return work->bytes == subject->inflated;
}

static bool run_zlib(void *context, struct work *work)
{
	struct subject *subject = context;
	unsigned char *out = need(SEGMENT);
	z_stream stream = {.next_in = (unsigned char *)subject->bytes.data, .avail_in = (uInt)subject->bytes.size};
	int code = inflateInit2(&stream, 15 + 16);
	while (code == Z_OK && work->bytes < subject->inflated) {
		stream.next_out = out;
		stream.avail_out = SEGMENT;
		code = inflate(&stream, Z_NO_FLUSH);
		work->bytes += SEGMENT - stream.avail_out;
		if (code == Z_STREAM_END) {
			work->units++;
			code = inflateReset(&stream);
		}
	}
	inflateEnd(&stream);
	free(out);
	work->check = work->bytes;
	return work->bytes == subject->inflated;
}

static bool run_zstd(void *context, struct work *work)
{
	struct subject *subject = context;
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	char *out = need(subject->largest + 1);
	struct span rest = buffer_span(&subject->bytes);
	while (zstd && rest.size) {
		size_t used = ZSTD_findFrameCompressedSize(rest.data, rest.size);
		if (ZSTD_isError(used))
			break;
		size_t size = ZSTD_decompressDCtx(zstd, out, subject->largest + 1, rest.data, used);
		if (ZSTD_isError(size))
			break;
		work->bytes += size;
		work->units++;
		rest = span_slice(rest, used, rest.size);
	}
	ZSTD_freeDCtx(zstd);
	free(out);
	work->check = work->bytes;
	return work->bytes == subject->inflated;
}

/* ---- The three forms -------------------------------------------------------------------------------------------- */

static void put_zstd_frame(ZSTD_CCtx *zstd, struct span record, struct buffer *out)
{
	size_t bound = ZSTD_compressBound(record.size);
	if (buffer_reserve(out, bound))
		bench_die(BENCH_IO, "no memory");
	size_t packed = ZSTD_compress2(zstd, out->data + out->size, bound, record.data, record.size);
	if (ZSTD_isError(packed))
		bench_die(BENCH_IO, "zstd cannot compress");
	out->size += packed;
}

static void convert(struct subject forms[FORMS], const char *path)
{
	struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	if (!inflate || !zstd)
		bench_die(BENCH_IO, "no memory");
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	for (int i = 0; i < FORMS; i++)
		buffer_init(&forms[i].bytes, SIZE_MAX / 2);
	struct fault fault;
	if (file_read(path, &forms[FORM_GZIP].bytes, &fault))
		bench_die(BENCH_IO, "%s", fault.text);
	struct buffer *plain = &forms[FORM_PLAIN].bytes;
	struct span rest = buffer_span(&forms[FORM_GZIP].bytes);
	uint64_t members = 0;
	size_t largest = 0;
	while (rest.size) {
		size_t used = 0, size = 0;
		for (size_t room = 4 << 20; !size && room <= MEMBER_ROOM; room *= 4) {
			if (buffer_reserve(plain, room))
				bench_die(BENCH_IO, "no memory");
			size = fixture_inflate(inflate, rest, plain->data + plain->size, room, &used);
		}
		if (!size)
			bench_die(BENCH_DATA, "%s: not made of whole gzip members of at most 64 MiB", path);
		put_zstd_frame(zstd, (struct span){plain->data + plain->size, size}, &forms[FORM_ZSTD].bytes);
		plain->size += size;
		largest = size > largest ? size : largest;
		members++;
		rest = span_slice(rest, used, rest.size);
	}
	for (int i = 0; i < FORMS; i++) {
		forms[i].inflated = plain->size;
		forms[i].members = members;
		forms[i].largest = largest;
	}
	libdeflate_free_decompressor(inflate);
	ZSTD_freeCCtx(zstd);
}

static void open_form(struct subject *form, const char *folder, const char *name)
{
	struct fault fault;
	form->path = need_print("%s/%s", folder, name);
	if (file_write_atomic(form->path, buffer_span(&form->bytes), &fault) ||
	    warc_inputs_new((const char *const *)&form->path, 1, NULL, &form->inputs, &fault) ||
	    warc_segments_new(form->inputs, SEGMENT, &form->segments, &form->segment_count, &fault))
		bench_die(BENCH_IO, "%s", fault.text);
}

/* ---- Figures ---------------------------------------------------------------------------------------------------- */

enum row { GZIP_READ, GZIP_BARE, GZIP_ZLIB, ZSTD_READ, ZSTD_BARE, PLAIN_READ, ONE, TWO, ROWS };

/* The ratio of two rows: the median over rounds of the ratio within a round, where both met the same disturbance. */
static double ratio_of(const struct samples *over, const struct samples *under)
{
	double *ratios = need((over->count + 1) * sizeof *ratios);
	size_t count = over->count < under->count ? over->count : under->count;
	for (size_t i = 0; i < count; i++)
		ratios[i] = over->seconds[i] / under->seconds[i];
	double ratio = stats_quantile(ratios, count, 0.5);
	free(ratios);
	return ratio;
}

/* A figure with what it should be: LEAST or at most TARGET. */
struct target {
	char what[64];
	const char *unit;
	double value, target;
	bool least;
};

static bool is_met(const struct target *target)
{
	return target->least ? target->value >= target->target : target->value <= target->target;
}

static void print_target(const struct target *target)
{
	printf("%-58s %6.2f %-9s %s %.2f  %s\n", target->what, target->value, target->unit,
	       target->least ? ">=" : "<=", target->target, is_met(target) ? "met" : "MISSED");
}

/* A child's peak as its parent sees it is at least the parent's size when it forked; the child knows its own. */
static double peak_of(const char *path)
{
	char self[4096];
	ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
	self[size < 0 ? 0 : size] = 0;
	char *output = need_print("%s.peak", path);
	const char *const arguments[] = {self, "reading", "--once", path, NULL};
	struct buffer text;
	double peak = 0;
	buffer_init(&text, 4096);
	if (!child_run(arguments, output, true).code && !file_read(output, &text, NULL) &&
	    !buffer_append_byte(&text, 0))
		peak = strtod(text.data, NULL);
	buffer_free(&text);
	free(output);
	return peak / 1024;
}

/* Kilobytes that were resident at most, as the kernel says. */
static unsigned long peak_here(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	unsigned long peak = 0;
	while (file && fgets(line, sizeof line, file))
		if (!strncmp(line, "VmHWM:", 6))
			peak = strtoul(line + 6, NULL, 10);
	if (file)
		fclose(file);
	return peak;
}

enum { TARGETS = 5 + FORMS };

static void find_targets(const struct subject forms[FORMS], const struct samples samples[ROWS],
			 struct target targets[TARGETS])
{
	static const char *const names[FORMS] = {".warc.gz", ".warc.zst", ".warc"};
	double plain = (double)forms[FORM_PLAIN].inflated / 1e9 / samples_median(&samples[PLAIN_READ]);
	targets[0] = (struct target){".warc.gz, of bare libdeflate", "",
				     ratio_of(&samples[GZIP_BARE], &samples[GZIP_READ]), 0.85, true};
	targets[1] = (struct target){".warc.gz, of bare zlib", "", ratio_of(&samples[GZIP_ZLIB], &samples[GZIP_READ]),
				     1, true};
	targets[2] = (struct target){".warc.zst, of bare zstd", "", ratio_of(&samples[ZSTD_BARE], &samples[ZSTD_READ]),
				     0.85, true};
	targets[3] = (struct target){".warc", "GB/s", plain, 4, true};
	targets[4] = (struct target){"two threads, of one, on the .warc.gz (wall)", "",
				     ratio_of(&samples[ONE], &samples[TWO]), 1.85, true};
	for (int i = 0; i < FORMS; i++) {
		struct target *target = &targets[5 + i];
		*target = (struct target){"", "MiB", peak_of(forms[i].path), 64, false};
		snprintf(target->what, sizeof target->what, "peak memory of a process that reads the %s", names[i]);
	}
}

static void put_target(struct json_writer *json, const struct target *target)
{
	json_begin(json, '{');
	json_put_text(json, "name", span_of(target->what));
	json_key(json, "value");
	json_real(json, target->value, 4);
	json_put_text(json, "unit", span_of(target->unit));
	json_put_text(json, "should", target->least ? SPAN("at least") : SPAN("at most"));
	json_key(json, "target");
	json_real(json, target->target, 2);
	json_key(json, "met");
	json_bool(json, is_met(target));
	json_end(json, '}');
}

static void write_json(const char *path, const char *input, const struct task tasks[ROWS],
		       const struct samples samples[ROWS], const struct target targets[TARGETS], uint64_t inflated)
{
	struct buffer out;
	struct json_writer json;
	struct fault fault;
	buffer_init(&out, SIZE_MAX / 2);
	json_start(&json, &out);
	json_begin(&json, '{');
	json_key(&json, "inputs");
	json_begin(&json, '[');
	inputs_put_file(&json, input);
	json_end(&json, ']');
	json_put_uint(&json, "record_bytes", inflated);
	json_key(&json, "rows");
	json_begin(&json, '[');
	for (int i = 0; i < ROWS; i++)
		measure_json(&json, &tasks[i], &samples[i]);
	json_end(&json, ']');
	json_key(&json, "targets");
	json_begin(&json, '[');
	for (int i = 0; i < TARGETS; i++)
		put_target(&json, &targets[i]);
	json_end(&json, ']');
	json_end(&json, '}');
	buffer_append_byte(&out, '\n');
	if (out.status || file_write_atomic(path, buffer_span(&out), &fault))
		bench_die(BENCH_IO, "%s: %s", path, out.status ? status_name(out.status) : fault.text);
	buffer_free(&out);
}

static int check_samples(const struct task tasks[ROWS], const struct samples samples[ROWS])
{
	int code = BENCH_DONE;
	if (samples[TWO].work.check != samples[GZIP_READ].work.check) {
		bench_say("the segments together are not the file");
		code = BENCH_DATA;
	}
	for (int i = 0; i < ROWS; i++)
		if (!samples[i].count) {
			bench_say("%s: failed", tasks[i].name);
			code = BENCH_DATA;
		}
	return code;
}

struct request {
	const char *input, *json;
	uint64_t rounds, seconds;
	bool quick;
};

static int measure_forms(struct subject forms[FORMS], const struct request *request)
{
	struct subject *gzip = &forms[FORM_GZIP], *zstd = &forms[FORM_ZSTD], *plain = &forms[FORM_PLAIN];
	const struct task tasks[ROWS] = {
		[GZIP_READ] = {"read .warc.gz", "stage", "every record, HTTP decoded", "record", "libdeflate, members",
			       gzip, run_reader, NULL, false},
		[GZIP_BARE] = {"libdeflate, members", "floor", "the .warc.gz's members, bare", "member", NULL, gzip,
			       run_libdeflate, NULL, false},
		[GZIP_ZLIB] = {"zlib, members", "floor", "the .warc.gz's members, bare", "member", NULL, gzip, run_zlib,
			       NULL, false},
		[ZSTD_READ] = {"read .warc.zst", "stage", "every record, HTTP decoded", "record", "zstd, frames", zstd,
			       run_reader, NULL, false},
		[ZSTD_BARE] = {"zstd, frames", "floor", "the .warc.zst's frames, bare", "frame", NULL, zstd, run_zstd,
			       NULL, false},
		[PLAIN_READ] = {"read .warc", "stage", "every record, HTTP decoded", "record", NULL, plain, run_reader,
				NULL, false},
		[ONE] = {"read, one thread", "stage", ".warc.gz in segments", "record", NULL, gzip, run_one, NULL,
			 true},
		[TWO] = {"read, two threads", "stage", ".warc.gz in segments", "record", NULL, gzip, run_two, NULL,
			 true},
	};
	struct samples samples[ROWS];
	struct target targets[TARGETS];
	size_t rounds = measure(tasks, ROWS, request->rounds, (double)request->seconds, samples);
	printf("%llu records, %.1f MB; %.1f MB as .warc.gz, %.1f MB as .warc.zst; %zu rounds in turns\n",
	       (unsigned long long)gzip->members, (double)gzip->inflated / 1e6, (double)gzip->bytes.size / 1e6,
	       (double)zstd->bytes.size / 1e6, rounds);
	for (int i = 0; i < ROWS; i++)
		samples[i].base = gzip->inflated;
	measure_print(stdout, tasks, samples, ROWS);
	puts("");
	find_targets(forms, samples, targets);
	for (int i = 0; i < TARGETS; i++)
		print_target(&targets[i]);
	if (request->json)
		write_json(request->json, request->input, tasks, samples, targets, gzip->inflated);
	int code = check_samples(tasks, samples);
	for (int i = 0; i < ROWS; i++)
		samples_free(&samples[i]);
	return code;
}

static int read_once(const char *path)
{
	struct warc_inputs *inputs;
	struct fault fault;
	uint64_t check = 0, units = 0;
	if (warc_inputs_new(&path, 1, NULL, &inputs, &fault))
		bench_die(BENCH_IO, "%s", fault.text);
	struct warc_reader *reader = warc_reader_new(NULL);
	bool good = reader != NULL;
	for (size_t i = 0; good && i < warc_inputs_count(inputs); i++)
		good = read_records(reader, warc_inputs_at(inputs, i), NULL, &check, &units);
	warc_reader_free(reader);
	warc_inputs_free(inputs);
	printf("%lu KiB at most\n", peak_here());
	return good ? BENCH_DONE : BENCH_DATA;
}

static char *invented_archive(const char *folder, uint64_t bytes)
{
	struct page_sources sources = {0};
	struct archive_stats stats;
	struct archive_options options = {.seed = 1, .bytes = bytes, .compress = ARCHIVE_GZIP};
	char *path = need_print("%s/invented.warc.gz", folder), *pages = invent_folder(200, 10000, 200000);
	archive_mix_named("pages", &options.mix);
	page_sources_add(&sources, pages);
	archive_write(path, &sources, &options, &stats);
	page_sources_free(&sources);
	folder_remove(pages);
	free(pages);
	return path;
}

static int parse_request(int argc, char **argv, struct request *request)
{
	enum { ROUNDS = 256, SECONDS, QUICK, ONCE, JSON };
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"rounds", required_argument, NULL, ROUNDS},
						{"seconds", required_argument, NULL, SECONDS},
						{"quick", no_argument, NULL, QUICK},
						{"once", required_argument, NULL, ONCE},
						{"json", required_argument, NULL, JSON},
						{0}};
	*request = (struct request){0};
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (option == ROUNDS)
			request->rounds = bench_number(optarg, "--rounds");
		else if (option == SECONDS)
			request->seconds = bench_number(optarg, "--seconds");
		else if (option == QUICK)
			request->quick = true;
		else if (option == JSON)
			request->json = optarg;
		else if (option == ONCE)
			return read_once(optarg);
		else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? BENCH_DONE : BENCH_USAGE;
		}
	}
	if (argc - optind > 1) {
		fputs(usage, stderr);
		return BENCH_USAGE;
	}
	if (!request->rounds)
		request->rounds = request->quick ? 5 : 15;
	request->input = argv[optind];
	return -1;
}

int bench_reading(int argc, char **argv)
{
	static const char *const names[FORMS] = {"a.warc.gz", "a.warc.zst", "a.warc"};
	struct subject forms[FORMS] = {0};
	struct request request;
	int code = parse_request(argc, argv, &request);
	if (code >= 0)
		return code;
	char *folder = folder_temporary(), *made = NULL;
	if (!request.input)
		request.input = made = invented_archive(folder, (uint64_t)(request.quick ? 8 : 48) << 20);
	convert(forms, request.input);
	for (int i = 0; i < FORMS; i++)
		open_form(&forms[i], folder, names[i]);
	code = measure_forms(forms, &request);
	for (int i = 0; i < FORMS; i++) {
		warc_inputs_free(forms[i].inputs);
		free(forms[i].segments);
		free(forms[i].path);
		buffer_free(&forms[i].bytes);
	}
	folder_remove(folder);
	free(folder);
	free(made);
	return code;
}
