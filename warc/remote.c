/* remote: archives on HTTP servers and in S3 buckets, through libcurl. One request streams from where reading begins to
 * where it stops: a segment costs one request, not one a block. A connection that drops is opened again at the byte
 * where it dropped; 429, 5xx and network errors are tried again with doubling pauses (Retry-After is obeyed), each byte
 * received resets the count. A server without ranges is read as a stream. */
#include "warc/inputs_internal.h"
#include "warc/zip.h"

#ifdef WARCMILL_HAVE_CURL
#include "warc/sigv4.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define HOLD (2 * MIB)     /* bytes received and not yet read; then the connection is paused */
#define PAUSE_MAX_MS 60000 /* longest pause between two tries */
#define IDLE_SECONDS 60    /* a connection that gives nothing for so long is dropped */

struct warc_remote {
	pthread_mutex_t lock; /* of next_ms */
	int64_t next_ms;      /* when the next request may start */
	double rate;
	unsigned retries, retry_ms;
};

struct source_remote {
	struct source source;
	const struct warc_input *input;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	bool running, paused, done;
	CURLcode result;
	uint64_t next;     /* offset of the first byte held */
	uint64_t from;     /* … the request asked for */
	uint64_t skip;     /* bytes to throw away: the server does not know ranges */
	long code;         /* HTTP status of the answer */
	uint64_t total;    /* as Content-Range says, or SIZE_UNKNOWN */
	long retry_after;  /* seconds, -1: not said */
	unsigned failures; /* in a row */
	struct buffer held;
	size_t held_at;
};

/* ---- Time ------------------------------------------------------------------------------------------------------ */

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(int64_t ms)
{
	struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
	while (ms > 0 && nanosleep(&pause, &pause))
		;
}

/* Wait for this request's turn. */
static void take_turn(struct warc_remote *remote)
{
	if (remote->rate <= 0)
		return;
	pthread_mutex_lock(&remote->lock);
	int64_t now = now_ms(), mine = remote->next_ms > now ? remote->next_ms : now;
	remote->next_ms = mine + (int64_t)(1000 / remote->rate);
	pthread_mutex_unlock(&remote->lock);
	sleep_ms(mine - now);
}

/* ---- A request --------------------------------------------------------------------------------------------------- */

static size_t on_data(char *data, size_t one, size_t size, void *user)
{
	struct source_remote *remote = user;
	(void)one;
	if (remote->code != 200 && remote->code != 206)
		return size; /* an error page */
	if (remote->held.size - remote->held_at >= HOLD) {
		remote->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	size_t pass = remote->skip < size ? (size_t)remote->skip : size;
	remote->skip -= pass;
	return buffer_append(&remote->held, data + pass, size - pass) ? 0 : size;
}

static bool header_value(struct span line, const char *name, struct span *value)
{
	struct span wanted = span_of(name);
	if (!span_starts_nocase(line, wanted) || line.size <= wanted.size || line.data[wanted.size] != ':')
		return false;
	*value = span_trim(span_slice(line, wanted.size + 1, line.size));
	return true;
}

static size_t on_header(char *data, size_t one, size_t size, void *user)
{
	struct source_remote *remote = user;
	struct span line = span_trim((struct span){data, size}), value;
	uint64_t number;
	(void)one;
	if (span_starts_nocase(line, SPAN("HTTP/"))) {
		size_t blank = span_find_byte(line, ' ');
		remote->code = blank == SIZE_MAX ? 0 : strtol(line.data + blank, NULL, 10);
		remote->total = SIZE_UNKNOWN;
		remote->retry_after = -1;
		remote->skip = remote->code == 200 ? remote->input->first + remote->from : 0;
	} else if (header_value(line, "Content-Range", &value)) { /* bytes 0-9/1234 */
		size_t slash = span_find_byte(value, '/');
		if (slash != SIZE_MAX && span_to_u64(span_slice(value, slash + 1, value.size), &number))
			remote->total = number;
	} else if (header_value(line, "Content-Length", &value) && remote->code == 200 && span_to_u64(value, &number)) {
		remote->total = number;
	} else if (header_value(line, "Retry-After", &value) && span_to_u64(value, &number) && number < 100000) {
		remote->retry_after = (long)number;
	}
	return size;
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

/* s3://bucket/key as a URL, with its signature if there are credentials. */
static enum status prepare_s3(struct source_remote *remote, const char *range, struct buffer *url)
{
	struct span rest = span_of(remote->input->path + 5), bucket = rest, key = SPAN_NONE;
	size_t slash = span_find_byte(rest, '/');
	if (slash != SIZE_MAX) {
		bucket = span_slice(rest, 0, slash);
		key = span_slice(rest, slash, rest.size);
	}
	const char *region = environment("AWS_REGION"), *endpoint = environment("AWS_ENDPOINT_URL_S3");
	if (!region)
		region = environment("AWS_DEFAULT_REGION");
	if (!region)
		region = "us-east-1";
	if (!endpoint)
		endpoint = environment("AWS_ENDPOINT_URL");
	if (endpoint)
		buffer_print(url, "%s/%.*s", endpoint, SPAN_ARG(bucket));
	else
		buffer_print(url, "https://%.*s.s3.%s.amazonaws.com", SPAN_ARG(bucket), region);
	struct url parts;
	sigv4_encode_path(key, url);
	if (url->status || !url_parse(buffer_span(url), &parts))
		return STATUS_USAGE;
	struct sigv4 request = {environment("AWS_ACCESS_KEY_ID"),
				environment("AWS_SECRET_ACCESS_KEY"),
				environment("AWS_SESSION_TOKEN"),
				region,
				NULL,
				parts.path,
				range,
				(int64_t)time(NULL)};
	if (!request.key_id || !request.secret)
		return STATUS_OK; /* a public bucket */
	struct buffer lines;
	buffer_init(&lines, 64 * KIB);
	char host[512];
	snprintf(host, sizeof host, parts.port.size ? "%.*s:%.*s" : "%.*s", SPAN_ARG(parts.host), SPAN_ARG(parts.port));
	request.host = host;
	enum status status = sigv4_headers(&request, &lines);
	struct span left = buffer_span(&lines), line;
	while (!status && span_cut(&left, '\n', &line)) {
		char text[8192];
		snprintf(text, sizeof text, "%.*s", SPAN_ARG(line));
		struct curl_slist *grown = line.size ? curl_slist_append(remote->headers, text) : remote->headers;
		if (line.size && !grown)
			status = STATUS_MEMORY;
		else
			remote->headers = grown;
	}
	buffer_free(&lines);
	return status;
}

/* Ask for the bytes from AT on (to LAST, or the end). */
static enum status start(struct source_remote *remote, uint64_t at, uint64_t last, struct fault *fault)
{
	char range[64];
	struct buffer url;
	buffer_init(&url, 64 * KIB);
	if (remote->running)
		curl_multi_remove_handle(remote->multi, remote->easy);
	remote->running = remote->paused = remote->done = false;
	remote->result = CURLE_OK;
	remote->code = 0;
	buffer_clear(&remote->held);
	remote->held_at = 0;
	remote->next = remote->from = at;
	uint64_t first = remote->input->first;
	if (last == SIZE_UNKNOWN && remote->source.size != SIZE_UNKNOWN && first)
		last = remote->source.size - 1;
	if (last == SIZE_UNKNOWN)
		snprintf(range, sizeof range, "bytes=%llu-", (unsigned long long)(first + at));
	else
		snprintf(range, sizeof range, "bytes=%llu-%llu", (unsigned long long)(first + at),
			 (unsigned long long)(first + last));
	curl_slist_free_all(remote->headers);
	remote->headers = NULL;
	bool s3 = !strncasecmp(remote->input->path, "s3://", 5);
	enum status status = s3 ? prepare_s3(remote, range, &url) : buffer_print(&url, "%s", remote->input->path);
	char line[96];
	snprintf(line, sizeof line, "Range: %s", range);
	struct curl_slist *headers = curl_slist_append(remote->headers, line);
	if (headers)
		remote->headers = headers;
	buffer_append_byte(&url, '\0');
	curl_easy_reset(remote->easy);
	curl_easy_setopt(remote->easy, CURLOPT_URL, url.data);
	curl_easy_setopt(remote->easy, CURLOPT_HTTPHEADER, remote->headers);
	curl_easy_setopt(remote->easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(remote->easy, CURLOPT_WRITEDATA, remote);
	curl_easy_setopt(remote->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(remote->easy, CURLOPT_HEADERDATA, remote);
	curl_easy_setopt(remote->easy, CURLOPT_FOLLOWLOCATION, s3 ? 0L : 1L);
	curl_easy_setopt(remote->easy, CURLOPT_MAXREDIRS, 5L);
	curl_easy_setopt(remote->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(remote->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(remote->easy, CURLOPT_CONNECTTIMEOUT, 30L);
	curl_easy_setopt(remote->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(remote->easy, CURLOPT_LOW_SPEED_TIME, (long)IDLE_SECONDS);
	curl_easy_setopt(remote->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(remote->easy, CURLOPT_USERAGENT, "warcmill/" WARCMILL_VERSION);
	if (status || !headers || url.status || curl_multi_add_handle(remote->multi, remote->easy))
		status =
			fault_set(fault, status == STATUS_USAGE ? status : STATUS_MEMORY, at, "cannot start a request");
	buffer_free(&url);
	remote->running = status == STATUS_OK;
	if (!status)
		take_turn(remote->input->remote);
	return status;
}

/* Let libcurl work until bytes are held or the request is over. */
static void work(struct source_remote *remote)
{
	int running, left;
	while (remote->running && !remote->done && remote->held.size == remote->held_at) {
		if (remote->paused) {
			remote->paused = false;
			curl_easy_pause(remote->easy, CURLPAUSE_CONT);
		}
		if (curl_multi_perform(remote->multi, &running))
			break;
		for (CURLMsg *message; (message = curl_multi_info_read(remote->multi, &left));)
			if (message->msg == CURLMSG_DONE) {
				remote->done = true;
				remote->result = message->data.result;
			}
		if (!remote->done && remote->held.size == remote->held_at && !remote->paused)
			curl_multi_poll(remote->multi, NULL, 0, 1000, NULL);
	}
}

/* May the same request go well later? */
static bool is_passing(const struct source_remote *remote)
{
	if (remote->code == 429 || remote->code >= 500)
		return true;
	if (remote->code && remote->code != 200 && remote->code != 206)
		return false;
	switch (remote->result) {
	case CURLE_OK: /* ended early */
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_SSL_CONNECT_ERROR:
		return true;
	default:
		return false;
	}
}

static enum status refuse(const struct source_remote *remote, enum status status, struct fault *fault)
{
	if (remote->code && remote->code != 200 && remote->code != 206)
		return fault_set(fault, status, remote->next, "%.120s: HTTP status %ld", remote->input->path,
				 remote->code);
	return fault_set(fault, status, remote->next, "%.120s: %.80s", remote->input->path,
			 curl_easy_strerror(remote->result));
}

/* After a failure: pause, then ask again for what is missing. */
static enum status try_again(struct source_remote *remote, uint64_t last, struct fault *fault)
{
	struct warc_remote *shared = remote->input->remote;
	if (!is_passing(remote))
		return refuse(remote, STATUS_IO, fault);
	if (remote->failures++ >= shared->retries)
		return refuse(remote, STATUS_RETRY, fault);
	int64_t pause = shared->retry_ms;
	for (unsigned i = 1; i < remote->failures && pause < PAUSE_MAX_MS; i++)
		pause *= 2;
	if (remote->retry_after >= 0 && pause < 1000 * remote->retry_after)
		pause = 1000 * remote->retry_after;
	sleep_ms(pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS);
	return start(remote, remote->next, last, fault);
}

/* Bytes at OFFSET, from a request that goes on to LAST. */
static enum status remote_bytes(struct source_remote *remote, uint64_t offset, uint64_t last, char *data, size_t size,
				size_t *got, struct fault *fault)
{
	enum status status = STATUS_OK;
	*got = 0;
	if (remote->source.size != SIZE_UNKNOWN && offset >= remote->source.size)
		return STATUS_OK;
	if (!remote->running || offset != remote->next)
		status = start(remote, offset, last, fault);
	while (!status) {
		work(remote);
		size_t held = remote->held.size - remote->held_at;
		if (held) {
			*got = held < size ? held : size;
			memcpy(data, remote->held.data + remote->held_at, *got);
			remote->held_at += *got;
			remote->next += *got;
			remote->failures = 0;
			if (remote->held_at == remote->held.size) {
				buffer_clear(&remote->held);
				remote->held_at = 0;
			}
			return STATUS_OK;
		}
		uint64_t size_known = remote->source.size != SIZE_UNKNOWN ? remote->source.size : remote->total;
		bool good = remote->result == CURLE_OK && (remote->code == 200 || remote->code == 206);
		if (good && (size_known == SIZE_UNKNOWN || remote->next >= size_known || remote->next > last))
			return STATUS_OK; /* the end */
		if (remote->code == 416 && size_known == SIZE_UNKNOWN)
			return STATUS_OK;
		status = try_again(remote, last, fault);
	}
	return status;
}

static enum status remote_read(struct source *source, uint64_t offset, char *data, size_t size, size_t *got,
			       struct fault *fault)
{
	return remote_bytes((struct source_remote *)source, offset, SIZE_UNKNOWN, data, size, got, fault);
}

static void remote_close(struct source *source)
{
	struct source_remote *remote = (struct source_remote *)source;
	if (remote->running)
		curl_multi_remove_handle(remote->multi, remote->easy);
	curl_easy_cleanup(remote->easy);
	curl_multi_cleanup(remote->multi);
	curl_slist_free_all(remote->headers);
	buffer_free(&remote->held);
	free(remote);
}

static const struct source_class remote_class = {remote_read, remote_close};

enum status source_open_remote(const struct warc_input *input, struct source **out, struct fault *fault)
{
	struct source_remote *remote = memory_zeroed(1, sizeof *remote);
	if (!remote)
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	remote->source = (struct source){.class = &remote_class,
					 .size = input->packed ? input->packed : input->bytes,
					 .seekable = input->ranges};
	if (!input->ranges)
		remote->source.size = SIZE_UNKNOWN;
	remote->input = input;
	remote->multi = curl_multi_init();
	remote->easy = curl_easy_init();
	buffer_init(&remote->held, HOLD + 2 * CURL_MAX_WRITE_SIZE + MIB);
	if (!remote->multi || !remote->easy) {
		remote_close(&remote->source);
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	}
	*out = &remote->source;
	return STATUS_OK;
}

/* ---- The list ------------------------------------------------------------------------------------------------------
 */

struct warc_remote *remote_new(const struct warc_options *options)
{
	struct warc_remote *remote = memory_zeroed(1, sizeof *remote);
	if (!remote || curl_global_init(CURL_GLOBAL_DEFAULT) || pthread_mutex_init(&remote->lock, NULL)) {
		free(remote);
		return NULL;
	}
	remote->rate = options->http_rate;
	remote->retries = options->http_retries ? options->http_retries : 8;
	remote->retry_ms = options->http_retry_ms ? options->http_retry_ms : 1000;
	return remote;
}

void remote_free(struct warc_remote *remote)
{
	if (!remote)
		return;
	pthread_mutex_destroy(&remote->lock);
	curl_global_cleanup();
	free(remote);
}

/* The address without query and fragment, for the name. */
static enum status name_remote(struct warc_inputs *inputs, struct warc_input *input)
{
	size_t size = strcspn(input->path, "?#");
	char *plain = strndup(input->path, size);
	char *name = plain ? name_new(plain, inputs->options.name_depth, NULL) : NULL;
	free(plain);
	if (!name)
		return STATUS_MEMORY;
	free(input->name);
	input->name = name;
	return STATUS_OK;
}

/* A member of ZIP, which SOURCE reads, as an input. */
static enum status add_member(struct warc_inputs *inputs, const struct warc_input *zip, struct source *source,
			      const struct zip_member *member, char *head, size_t *added, struct fault *fault)
{
	size_t size = member->size < SNIFF_BYTES ? (size_t)member->size : SNIFF_BYTES, got = 0, n = 1;
	bool arc = true;
	enum warc_kind kind = WARC_KIND_STREAM;
	while (!member->deflated && got < size && n) {
		enum status status = remote_bytes((struct source_remote *)source, member->offset + got,
						  member->offset + size - 1, head + got, size - got, &n, fault);
		if (status)
			return status;
		got += n;
	}
	if (!member->deflated) {
		kind = sniff_kind((struct span){head, got}, &arc);
		if (kind == WARC_KIND_EMPTY || !holds_records(kind, (struct span){head, got}))
			return STATUS_OK;
	}
	char *name = strndup(member->name.data, member->name.size);
	struct warc_input *input = name ? inputs_add(inputs, zip->path, name, INPUT_REMOTE) : NULL;
	free(name);
	if (!input)
		return STATUS_MEMORY;
	*input = (struct warc_input){.name = input->name,
				     .path = input->path,
				     .member = input->member,
				     .way = INPUT_REMOTE,
				     .kind = kind,
				     .arc = arc,
				     .ranges = true,
				     .first = member->offset,
				     .bytes = member->deflated ? SIZE_UNKNOWN : member->size,
				     .packed = member->deflated ? member->size : 0,
				     .remote = zip->remote};
	++*added;
	return STATUS_OK;
}

/* The members of a remote zip become inputs of their own; INPUT, the last of the list, goes. Stored ones are read in
 * place, deflated ones that are named like archives as streams. */
static enum status add_members(struct warc_inputs *inputs, struct warc_input *zip, char *head, struct fault *fault)
{
	struct source *source;
	struct zip_members members;
	size_t mine = inputs->count - 1, added = 0;
	enum status status = source_open_remote(zip, &source, fault);
	if (status)
		return status;
	status = zip_stored(source, &members);
	for (size_t i = 0; !status && i < members.count; i++)
		status = add_member(inputs, zip, source, &members.list[i], head, &added, fault);
	zip_free(&members);
	source_close(source);
	if (!status && !added)
		return fault_set(fault, STATUS_DATA, 0, "%.120s: a zip file without archives", zip->path);
	inputs_remove(inputs, mine);
	return status;
}

enum status remote_share(struct warc_inputs *inputs, struct fault *fault)
{
	if (!inputs->remote && !(inputs->remote = remote_new(&inputs->options)))
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	return STATUS_OK;
}

enum status add_remote(struct warc_inputs *inputs, const char *url, struct fault *fault)
{
	if (remote_share(inputs, fault))
		return STATUS_MEMORY;
	struct warc_input *input = inputs_add(inputs, url, NULL, INPUT_REMOTE);
	char *head = memory_new(SNIFF_BYTES);
	struct source *source = NULL;
	enum status status = STATUS_MEMORY;
	if (input && head && !name_remote(inputs, input)) {
		input->remote = inputs->remote;
		status = source_open_remote(input, &source, fault);
	}
	size_t size = 0, got = 1;
	struct source_remote *remote = (struct source_remote *)source;
	while (!status && size < SNIFF_BYTES && got) {
		status = remote_bytes(remote, size, SNIFF_BYTES - 1, head + size, SNIFF_BYTES - size, &got, fault);
		size += got;
	}
	if (!status) {
		struct span bytes = {head, size};
		input->ranges = remote->code == 206 && remote->total != SIZE_UNKNOWN;
		input->bytes = input->ranges ? remote->total : SIZE_UNKNOWN;
		enum warc_kind kind = sniff_kind(bytes, &input->arc);
		input->kind = input->ranges ? kind : WARC_KIND_STREAM;
		source_close(source);
		source = NULL;
		if (input->ranges && size > 4 && !memcmp(head, "PK\3\4", 4))
			status = add_members(inputs, input, head, fault);
	}
	source_close(source);
	free(head);
	return status == STATUS_MEMORY ? fault_set(fault, status, 0, "out of memory") : status;
}

#else

enum status add_remote(struct warc_inputs *inputs, const char *url, struct fault *fault)
{
	(void)inputs;
	return fault_set(fault, STATUS_USAGE, 0, "%.120s: this build cannot read http:// and s3:// (libcurl)", url);
}

enum status remote_share(struct warc_inputs *inputs, struct fault *fault)
{
	(void)inputs;
	return fault_set(fault, STATUS_USAGE, 0, "this build cannot read http:// and s3:// (libcurl)");
}

enum status source_open_remote(const struct warc_input *input, struct source **out, struct fault *fault)
{
	(void)out;
	return fault_set(fault, STATUS_USAGE, 0, "%.120s: this build cannot read http:// and s3://", input->name);
}

void remote_free(struct warc_remote *remote)
{
	(void)remote;
}

#endif
