/* test_remote: HTTP and S3 against nginx on loopback: ranges, no ranges, 503 from a rate limit, connections that drop.
 * Skipped where nginx is not installed. */
#include "tests/warc/support.h"

#include <archive.h>
#include <archive_entry.h>
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int web_port, flaky_port;
static pid_t flaky_process;
static char folder[300];
static bool ready;
static struct events expected;

/* ---- Servers ---------------------------------------------------------------------------------------------------- */

static int listen_somewhere(int *port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	assert_true(fd >= 0 && !bind(fd, (struct sockaddr *)&address, size) && !listen(fd, 32));
	assert_false(getsockname(fd, (struct sockaddr *)&address, &size));
	*port = ntohs(address.sin_port);
	return fd;
}

/* Pass one connection on to the web server, and cut it after a few thousand bytes of the answer. */
static void flaky_connection(int client, size_t allowed)
{
	int server = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = htons((uint16_t)web_port)};
	struct linger abort_now = {1, 0};
	char data[4096];
	if (!connect(server, (struct sockaddr *)&address, sizeof address))
		for (;;) {
			struct pollfd both[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
			if (poll(both, 2, 5000) <= 0)
				break;
			int from = both[0].revents ? client : server, to = both[0].revents ? server : client;
			ssize_t n = read(from, data, sizeof data);
			if (n <= 0)
				break;
			if (from == server && (size_t)n > allowed)
				n = (ssize_t)allowed;
			if (from == server)
				allowed -= (size_t)n;
			if (write(to, data, (size_t)n) != n || !allowed)
				break;
		}
	setsockopt(client, SOL_SOCKET, SO_LINGER, &abort_now, sizeof abort_now);
	close(server);
	close(client);
}

static void flaky_server(int fd)
{
	for (unsigned turn = 0;; turn++) {
		int client = accept(fd, NULL, NULL);
		if (client < 0)
			_exit(0);
		if (turn % 3 == 2)
			close(client); /* nothing at all */
		else
			flaky_connection(client, 5000 + 9000 * (turn % 4));
	}
}

static bool start_nginx(void)
{
	struct buffer conf;
	int fd = listen_somewhere(&web_port);
	close(fd); /* nginx takes the port now */
	buffer_init(&conf, 1 << 16);
	put(&conf, "pid %s/nginx.pid; error_log %s/error.log; worker_processes 1;\n%s", folder, folder,
	    getuid() ? "" : "user root;\n");
	put(&conf, "events { worker_connections 64; }\nhttp { access_log off; limit_req_zone $server_name zone=slow:1m "
		   "rate=20r/s;\n");
	static const char *const paths[] = {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};
	for (size_t i = 0; i < 5; i++)
		put(&conf, "%s_temp_path %s/%s;\n", paths[i], folder, paths[i]);
	put(&conf, "server { listen 127.0.0.1:%d; root %s; location / { }\n", web_port, folder);
	put(&conf, "location /whole/ { max_ranges 0; alias %s/; }\n", folder);
	put(&conf, "location /busy/ { limit_req zone=slow; alias %s/; }\n", folder);
	put(&conf,
	    "location /bucket/ { if ($http_authorization !~ \"^AWS4-HMAC-SHA256 Credential=KEY/\") { return 403; } "
	    "alias %s/; }\n",
	    folder);
	put(&conf, "} }\n");
	char path[400], command[1200];
	snprintf(path, sizeof path, "%s/nginx.conf", folder);
	FILE *file = fopen(path, "wb");
	bool fine = file && fwrite(conf.data, 1, conf.size, file) == conf.size && !fclose(file);
	buffer_free(&conf);
	/* It returns once it listens. */
	snprintf(command, sizeof command, "PATH=$PATH:/usr/sbin nginx -p %s -c %s 2>%s/start.log", folder, path,
		 folder);
	return fine && !system(command);
}

static int stop_servers(void **state)
{
	(void)state;
	char command[1200];
	snprintf(command, sizeof command, "PATH=$PATH:/usr/sbin nginx -p %s -c %s/nginx.conf -s stop 2>/dev/null",
		 folder, folder);
	if (ready && system(command))
		fprintf(stderr, "nginx did not stop\n");
	if (flaky_process > 0) {
		kill(flaky_process, SIGTERM);
		waitpid(flaky_process, NULL, 0);
	}
	events_free(&expected);
	temp_end();
	return 0;
}

static int start_servers(void **state)
{
	(void)state;
	temp_begin();
	snprintf(folder, sizeof folder, "%s", temp_path(""));
	folder[strlen(folder) - 1] = '\0';
	chmod(folder, 0755);
	struct buffer out;
	buffer_init(&out, GENEROUS);
	put_archive(&out, 160, 3, put_gzip);
	expected = read_whole(temp_file("a.warc.gz", buffer_span(&out)), NULL);
	temp_file("empty.warc.gz", SPAN(""));
	buffer_free(&out);
#ifndef WARCMILL_HAVE_CURL
	return 0;
#endif
	if (system("PATH=$PATH:/usr/sbin nginx -v 2>/dev/null"))
		return 0;
	ready = start_nginx();
	if (!ready)
		return 0;
	int fd = listen_somewhere(&flaky_port);
	flaky_process = fork();
	if (!flaky_process)
		flaky_server(fd);
	close(fd);
	return 0;
}

/* ---- Tests ------------------------------------------------------------------------------------------------------ */

static const struct warc_options impatient = {.http_retries = 20, .http_retry_ms = 20};

static void same_as_file(const char *url, uint64_t segment_bytes)
{
	if (!ready) {
		print_message("nginx is not installed or did not start, or libcurl is left out: skipped\n");
		skip();
	}
	struct warc_inputs *inputs;
	struct fault fault = {0};
	if (warc_inputs_new(&url, 1, &impatient, &inputs, &fault))
		fail_msg("%s: %s", url, fault.text);
	const struct warc_input *input = warc_inputs_at(inputs, 0);
	assert_string_equal(warc_input_name(input), "a.warc.gz");
	struct warc_segment *segments;
	size_t count, at = 0;
	assert_false(warc_segments_new(inputs, segment_bytes, &segments, &count, NULL));
	struct warc_reader *reader = warc_reader_new(&impatient);
	for (size_t i = 0; i < count; i++) {
		struct warc_record record;
		struct warc_damage damage;
		enum status status =
			warc_reader_open(reader, input, segments[i].first, segments[i].limit, false, &fault);
		while (!status && !(status = warc_next(reader, &record, &damage, &fault))) {
			assert_true(at < expected.count);
			assert_int_equal(record.offset, expected.list[at].offset);
			assert_int_equal(record.length, expected.list[at].length);
			assert_int_equal(hash64(record.block.data, record.block.size, 0), expected.list[at].block);
			at++;
		}
		if (status != STATUS_END)
			fail_msg("%s: %s", url, fault.text);
	}
	assert_int_equal(at, expected.count);
	warc_reader_free(reader);
	free(segments);
	warc_inputs_free(inputs);
}

static const char *url_of(int port, const char *path)
{
	static char url[256];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", port, path);
	return url;
}

static void test_ranges(void **state)
{
	(void)state;
	same_as_file(url_of(web_port, "a.warc.gz?x=1"), 20000);
}

static void test_without_ranges(void **state)
{
	(void)state;
	same_as_file(url_of(web_port, "whole/a.warc.gz"), 20000);
}

static void test_busy(void **state)
{
	(void)state;
	same_as_file(url_of(web_port, "busy/a.warc.gz"), 20000);
}

static void test_dropped(void **state)
{
	(void)state;
	same_as_file(url_of(flaky_port, "a.warc.gz"), 1 << 20);
}

static void test_dropped_without_ranges(void **state)
{
	(void)state;
	if (!ready)
		skip();
	/* Cut after at most 32,000 bytes, and always from the start again: gives up, says so. */
	const char *url = url_of(flaky_port, "whole/a.warc.gz");
	const struct warc_options options = {.http_retries = 5, .http_retry_ms = 1};
	struct warc_inputs *inputs;
	struct fault fault = {0};
	enum status status = warc_inputs_new(&url, 1, &options, &inputs, &fault);
	if (!status) {
		struct events events = read_input(warc_inputs_at(inputs, 0), &options);
		assert_int_equal(events.status, STATUS_RETRY);
		events_free(&events);
		warc_inputs_free(inputs);
	} else {
		assert_int_equal(status, STATUS_RETRY);
	}
}

static void test_missing(void **state)
{
	(void)state;
	if (!ready)
		skip();
	const char *url = url_of(web_port, "nothing.warc.gz");
	struct warc_inputs *inputs;
	struct fault fault = {0};
	assert_int_equal(warc_inputs_new(&url, 1, &impatient, &inputs, &fault), STATUS_IO);
	assert_non_null(strstr(fault.text, "404"));
}

static void test_s3(void **state)
{
	(void)state;
	setenv("AWS_ACCESS_KEY_ID", "KEY", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "SECRET", 1);
	char endpoint[64];
	snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", web_port);
	setenv("AWS_ENDPOINT_URL", endpoint, 1);
	same_as_file("s3://bucket/a.warc.gz", 50000);
}

/* A zip on the server: one member stored, one deflated, one that is no archive. */
static void test_zip(void **state)
{
	(void)state;
	if (!ready)
		skip();
	struct buffer out;
	buffer_init(&out, GENEROUS);
	put_archive(&out, 160, 3, put_gzip);
	struct archive *zip = archive_write_new();
	archive_write_set_format_zip(zip);
	assert_int_equal(archive_write_open_filename(zip, temp_path("a.wacz")), ARCHIVE_OK);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {"archive/a.warc.gz", "archive/b.warc.gz", "pages/pages.jsonl"};
		struct archive_entry *entry = archive_entry_new();
		archive_entry_set_pathname(entry, names[i]);
		archive_entry_set_size(entry, (la_int64_t)out.size);
		archive_entry_set_filetype(entry, AE_IFREG);
		if (i == 0)
			archive_write_zip_set_compression_store(zip);
		else
			archive_write_zip_set_compression_deflate(zip);
		assert_int_equal(archive_write_header(zip, entry), ARCHIVE_OK);
		assert_int_equal(archive_write_data(zip, out.data, out.size), out.size);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(zip), ARCHIVE_OK);
	archive_write_free(zip);
	chmod(temp_path("a.wacz"), 0644);
	buffer_free(&out);
	const char *url = url_of(web_port, "a.wacz");
	struct warc_inputs *inputs;
	struct fault fault = {0};
	if (warc_inputs_new(&url, 1, &impatient, &inputs, &fault))
		fail_msg("%s", fault.text);
	inputs = restored(inputs, &impatient);
	assert_int_equal(warc_inputs_count(inputs), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct warc_input *input = warc_inputs_at(inputs, i);
		assert_string_equal(warc_input_name(input),
				    i ? "a.wacz!archive/b.warc.gz" : "a.wacz!archive/a.warc.gz");
		assert_int_equal(warc_input_kind(input), i ? WARC_KIND_STREAM : WARC_KIND_GZIP);
		struct events events = read_input(input, &impatient);
		assert_int_equal(events.status, STATUS_END);
		assert_int_equal(events.count, expected.count);
		for (size_t k = 0; k < expected.count; k++)
			assert_int_equal(events.list[k].block, expected.list[k].block);
		events_free(&events);
	}
	warc_inputs_free(inputs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),  cmocka_unit_test(test_without_ranges),
		cmocka_unit_test(test_busy),    cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_missing), cmocka_unit_test(test_dropped_without_ranges),
		cmocka_unit_test(test_zip),     cmocka_unit_test(test_s3),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
