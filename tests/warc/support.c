/* support: see support.h. A failure to write or allocate here ends the test program. */
#include "tests/warc/support.h"

#include <ftw.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "test support: %s failed\n", what);
	abort();
}

/* ---- Making --------------------------------------------------------------------------------------------------- */

void put(struct buffer *out, const char *format, ...)
{
	char text[8192];
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	must(size >= 0 && (size_t)size < sizeof text && !buffer_append(out, text, (size_t)size), "put");
}

void put_record(struct buffer *out, const char *type, const char *uri, const char *extra, struct span block)
{
	put(out,
	    "WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:%016llx-%08zx>\r\nWARC-Date: "
	    "2021-02-03T04:05:06Z\r\n",
	    type, (unsigned long long)hash64(block.data, block.size, 0), out->size);
	if (uri)
		put(out, "WARC-Target-URI: %s\r\n", uri);
	put(out, "%sContent-Length: %zu\r\n\r\n", extra ? extra : "", block.size);
	must(!buffer_append_span(out, block) && !buffer_append(out, "\r\n\r\n", 4), "put_record");
}

void put_response(struct buffer *out, const char *uri, const char *http_extra, struct span body)
{
	struct buffer block;
	buffer_init(&block, GENEROUS);
	put(&block, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n%s\r\n", http_extra ? http_extra : "");
	must(!buffer_append_span(&block, body), "put_response");
	put_record(out, "response", uri, "Content-Type: application/http; msgtype=response\r\n", buffer_span(&block));
	buffer_free(&block);
}

void put_gzip(struct buffer *out, struct span bytes)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
	must(compressor, "libdeflate");
	size_t room = libdeflate_gzip_compress_bound(compressor, bytes.size);
	must(!buffer_reserve(out, room), "put_gzip");
	size_t made = libdeflate_gzip_compress(compressor, bytes.data, bytes.size, out->data + out->size, room);
	must(made, "put_gzip");
	out->size += made;
	libdeflate_free_compressor(compressor);
}

void put_zstd(struct buffer *out, struct span bytes)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	must(context, "zstd");
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	size_t room = ZSTD_compressBound(bytes.size);
	must(!buffer_reserve(out, room), "put_zstd");
	size_t made = ZSTD_compress2(context, out->data + out->size, room, bytes.data, bytes.size);
	must(!ZSTD_isError(made), "put_zstd");
	out->size += made;
	ZSTD_freeCCtx(context);
}

uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

void put_text(struct buffer *out, size_t size, uint64_t *state)
{
	static const char *const words[] = {"morandel", "tivo",   "kestrale", "un",      "bramwick", "ostelin",
					    "ferrow",   "la",     "quimbel",  "sandrey", "voltane",  "e",
					    "hastil",   "drouve", "minka",    "perolt"};
	size_t end = out->size + size;
	while (out->size < end) {
		uint64_t r = random_next(state);
		put(out, "%s%s", words[r & 15], (r >> 8) % 17 ? " " : ".\n");
	}
	out->size = end;
}

static const char *const kinds[] = {"response", "request", "metadata", "response", "resource", "response", "revisit"};

void put_archive(struct buffer *out, unsigned count, unsigned seed, void (*pack)(struct buffer *, struct span))
{
	uint64_t state = seed;
	struct buffer body, record;
	buffer_init(&body, GENEROUS);
	buffer_init(&record, GENEROUS);
	for (unsigned i = 0; i < count; i++) {
		uint64_t r = random_next(&state);
		char uri[64];
		snprintf(uri, sizeof uri, "http://site%u.example/page/%u", (unsigned)(r >> 40) % 7, i);
		buffer_clear(&body);
		buffer_clear(&record);
		put_text(&body, (r >> 8) % 64 ? (r >> 16) % 3000 : 40000, &state);
		const char *kind = kinds[r % 7];
		if (!strcmp(kind, "response"))
			put_response(&record, uri, NULL, buffer_span(&body));
		else
			put_record(&record, kind, uri, NULL, buffer_span(&body));
		if (pack)
			pack(out, buffer_span(&record));
		else
			must(!buffer_append_span(out, buffer_span(&record)), "put_archive");
	}
	buffer_free(&body);
	buffer_free(&record);
}

/* ---- Temporary files ------------------------------------------------------------------------------------------ */

static char temp_folder[256];
static char *temp_names[4096];
static size_t temp_count;

void temp_begin(void)
{
	const char *root = getenv("TMPDIR");
	snprintf(temp_folder, sizeof temp_folder, "%s/warcmill-test-XXXXXX", root && *root ? root : "/tmp");
	must(mkdtemp(temp_folder), "mkdtemp");
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
	(void)stat, (void)kind, (void)walk;
	return remove(path);
}

void temp_end(void)
{
	nftw(temp_folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	while (temp_count)
		free(temp_names[--temp_count]);
}

const char *temp_path(const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", temp_folder, name);
	must(temp_count < sizeof temp_names / sizeof *temp_names, "temp_path");
	return temp_names[temp_count++] = strdup(path);
}

const char *temp_file(const char *name, struct span bytes)
{
	static char same[512]; /* property tests write the same name thousands of times */
	snprintf(same, sizeof same, "%s/%s", temp_folder, name);
	FILE *file = fopen(same, "wb");
	must(file && fwrite(bytes.data, 1, bytes.size, file) == bytes.size && !fclose(file), "temp_file");
	return same;
}

/* ---- Events --------------------------------------------------------------------------------------------------- */

static struct event *add(struct events *events)
{
	if (events->count == events->capacity) {
		events->capacity = events->capacity ? 2 * events->capacity : 64;
		events->list = realloc(events->list, events->capacity * sizeof *events->list);
		must(events->list, "realloc");
	}
	struct event *event = &events->list[events->count++];
	*event = (struct event){0};
	return event;
}

static void add_record(struct events *events, struct warc_reader *reader, const struct warc_record *record)
{
	struct event *event = add(events);
	struct warc_http http;
	must(!warc_http_read(reader, record, &http), "warc_http_read");
	event->offset = record->offset;
	event->inner = record->inner;
	event->length = record->length;
	event->flags = record->flags;
	event->type = record->type;
	event->block = hash64(record->block.data, record->block.size, 0);
	event->block_size = record->block.size;
	event->body = hash64(http.body.data, http.body.size, 0);
	event->body_size = http.body.size;
	event->http = http.present;
	event->http_status = http.status;
	event->truncated = http.truncated;
	event->too_large = http.too_large;
	event->undecoded = http.undecoded;
	snprintf(event->uri, sizeof event->uri, "%.*s", SPAN_ARG(record->uri));
	snprintf(event->text, sizeof event->text, "%.*s", record->block.size < 200 ? (int)record->block.size : 200,
		 record->block.data);
}

static void add_damage(struct events *events, const struct warc_damage *damage)
{
	struct event *event = add(events);
	event->damage = true;
	event->padding = damage->padding;
	event->offset = damage->offset;
	event->inner = damage->inner;
	event->length = damage->skipped;
	snprintf(event->text, sizeof event->text, "%s", damage->text);
}

/* All events of one opening are appended. */
static void read_on(struct warc_reader *reader, struct events *events)
{
	struct warc_record record;
	struct warc_damage damage;
	while (!(events->status = warc_next(reader, &record, &damage, &events->fault)) ||
	       events->status == STATUS_DATA) {
		if (events->status)
			add_damage(events, &damage);
		else
			add_record(events, reader, &record);
	}
	events->end = warc_reader_end(reader);
}

struct events read_input(const struct warc_input *input, const struct warc_options *options)
{
	struct events events = {0};
	struct warc_reader *reader = warc_reader_new(options);
	must(reader, "warc_reader_new");
	events.bytes = warc_input_bytes(input);
	events.status = warc_reader_open(reader, input, 0, UINT64_MAX, true, &events.fault);
	if (!events.status)
		read_on(reader, &events);
	events.first = warc_reader_first(reader);
	warc_reader_free(reader);
	return events;
}

static struct warc_inputs *inputs_of(const char *path, const struct warc_options *options)
{
	struct warc_inputs *inputs;
	struct fault fault = {0};
	if (warc_inputs_new(&path, 1, options, &inputs, &fault))
		fprintf(stderr, "%s: %s\n", path, fault.text);
	must(inputs && warc_inputs_count(inputs) == 1, "warc_inputs_new");
	return inputs;
}

struct events read_whole(const char *path, const struct warc_options *options)
{
	struct warc_inputs *inputs = inputs_of(path, options);
	struct events events = read_input(warc_inputs_at(inputs, 0), options);
	warc_inputs_free(inputs);
	return events;
}

struct events read_split(const char *path, uint64_t segment_bytes, unsigned *again)
{
	struct events events = {0};
	struct warc_inputs *inputs = inputs_of(path, NULL);
	struct warc_reader *reader = warc_reader_new(NULL);
	struct warc_segment *segments = NULL;
	size_t count = 0;
	must(reader && !warc_segments_new(inputs, segment_bytes, &segments, &count, NULL), "warc_segments_new");
	uint64_t end = 0;
	for (size_t i = 0; i < count; i++) {
		const struct warc_input *input = warc_inputs_at(inputs, segments[i].input);
		size_t before = events.count;
		must(!warc_reader_open(reader, input, segments[i].first, segments[i].limit, false, NULL), "open");
		read_on(reader, &events);
		if (warc_reader_first(reader) == end) {
			end = warc_reader_end(reader);
			continue;
		}
		events.count = before;
		if (end >= segments[i].limit)
			continue;
		++*again;
		must(!warc_reader_open(reader, input, end, segments[i].limit, true, NULL), "open");
		read_on(reader, &events);
		end = warc_reader_end(reader);
	}
	events.end = end;
	events.bytes = warc_input_bytes(warc_inputs_at(inputs, 0));
	free(segments);
	warc_reader_free(reader);
	warc_inputs_free(inputs);
	return events;
}

struct events read_bytes(struct span bytes)
{
	return read_whole(temp_file("bytes", bytes), NULL);
}

struct events read_stream(struct span bytes)
{
	int ends[2];
	char path[64];
	if (pipe(ends))
		abort();
	pid_t child = fork();
	if (!child) { /* a pipe holds less than most archives: write from the side */
		close(ends[0]);
		while (bytes.size) {
			ssize_t n = write(ends[1], bytes.data, bytes.size);
			if (n <= 0)
				break;
			bytes = span_slice(bytes, (size_t)n, bytes.size);
		}
		_exit(0);
	}
	close(ends[1]);
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
	struct events events = read_whole(path, NULL);
	close(ends[0]);
	waitpid(child, NULL, 0);
	return events;
}

void events_free(struct events *events)
{
	free(events->list);
	*events = (struct events){0};
}

bool event_same(const struct event *a, const struct event *b)
{
	return a->damage == b->damage && a->offset == b->offset && a->inner == b->inner && a->length == b->length &&
	       a->flags == b->flags && a->type == b->type && a->block == b->block && a->body == b->body &&
	       !strcmp(a->uri, b->uri) && !strcmp(a->text, b->text);
}

uint64_t events_sum(const struct events *events)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < events->count; i++)
		sum += events->list[i].length;
	return sum;
}

size_t events_records(const struct events *events)
{
	size_t count = 0;
	for (size_t i = 0; i < events->count; i++)
		count += !events->list[i].damage;
	return count;
}

const struct event *events_record(const struct events *events, size_t index)
{
	for (size_t i = 0; i < events->count; i++)
		if (!events->list[i].damage && !index--)
			return &events->list[i];
	return NULL;
}

const char *shared_folder(void)
{
	static char path[1024];
	const char *named = getenv("WARCMILL_SHARED");
	struct stat stat_now;
	snprintf(path, sizeof path, "%s/data/warc", named && *named ? named : TEST_SOURCE_DIR "/../../../shared");
	return stat(path, &stat_now) ? NULL : path;
}

struct warc_inputs *restored(struct warc_inputs *inputs, const struct warc_options *options)
{
	size_t count = warc_inputs_count(inputs);
	struct warc_stored *stored = calloc(count + 1, sizeof *stored);
	struct buffer states, again;
	struct warc_inputs *made;
	struct fault fault = {0};
	buffer_init(&states, GENEROUS);
	buffer_init(&again, GENEROUS);
	must(buffer_reserve(&states, 1 << 20) == STATUS_OK, "memory"); /* does not move */
	for (size_t i = 0; i < count; i++) {
		const struct warc_input *input = warc_inputs_at(inputs, i);
		size_t at = states.size;
		warc_input_state(input, &states);
		stored[i] = (struct warc_stored){
			warc_input_name(input), warc_input_path(input), {states.data + at, states.size - at}};
	}
	must(states.size < 1 << 20, "room for states");
	must(warc_inputs_restore(stored, count, options, &made, &fault) == STATUS_OK, fault.text);
	must(warc_inputs_count(made) == count, "restoring every input");
	for (size_t i = 0; i < count; i++) {
		must(!strcmp(warc_input_name(warc_inputs_at(made, i)), stored[i].name), "restoring a name");
		must(!strcmp(warc_input_path(warc_inputs_at(made, i)), stored[i].path), "restoring a name");
		warc_input_state(warc_inputs_at(made, i), &again);
	}
	must(span_equal(buffer_span(&states), buffer_span(&again)), "restoring a state");
	buffer_free(&states);
	buffer_free(&again);
	free(stored);
	warc_inputs_free(inputs);
	return made;
}
