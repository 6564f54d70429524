/* cmd_crawl: an archive made by a real crawler: wget crawls a site that this program serves on the loopback interface.
 * What a generator of ours writes has our own habits; wget's archives have wget's (FEXTRA fields, angle brackets, its
 * own log). */
#include "bench/archive.h"
#include "bench/child.h"
#include "bench/growth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] = "usage: warcmill-bench crawl [FOLDER...] -o NAME [--invented N] [--pages N]\n"
			    "\n"
			    "Serve the folders' pages on the loopback interface, with redirects, images and dead "
			    "links, and let wget crawl them\n"
			    "into NAME.warc.gz. --invented: N invented pages too; no folder is needed then.\n";

enum { REQUEST_MAX = 8192, INVENTED_MIN = 10000, INVENTED_MAX = 200000 };

struct site {
	struct page_sources pages;
	size_t count; /* of pages that are served */
};

/* ---- The server
 * -------------------------------------------------------------------------------------------------------- */

static void send_all(int socket, const void *data, size_t size)
{
	const char *at = data;
	while (size > 0) {
		ssize_t sent = send(socket, at, size, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		at += sent;
		size -= (size_t)sent;
	}
}

static void reply(int socket, const char *status, const char *type, const char *more, struct span body)
{
	char head[512];
	int size = snprintf(head, sizeof head,
			    "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n",
			    status, type, body.size, more);
	send_all(socket, head, (size_t)size);
	send_all(socket, body.data, body.size);
}

static void reply_index(int socket, const struct site *site)
{
	struct buffer out;
	buffer_init(&out, 1 << 26);
	buffer_append_span(&out, SPAN("<!doctype html><title>All pages</title><ul>\n"));
	for (size_t i = 0; i < site->count; i++) {
		buffer_print(&out, "<li><a href=\"/p/%zu.html\">page %zu</a>\n", i, i);
		if (i % 7 == 0)
			buffer_print(&out, "<a href=\"/r/%zu\">moved</a>\n", i);
		if (i % 11 == 0)
			buffer_print(&out, "<a href=\"/gone/%zu\">gone</a>\n", i);
		if (i % 3 == 0)
			buffer_print(&out, "<img src=\"/i/%zu.jpg\" alt=\"\">\n", i);
	}
	buffer_append_span(&out, SPAN("</ul>\n"));
	reply(socket, "200 OK", "text/html; charset=utf-8", "", buffer_span(&out));
	buffer_free(&out);
}

static void reply_image(int socket, size_t index)
{
	struct dice dice = {index};
	uint64_t bytes[3000];
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
		bytes[i] = dice_next(&dice);
	memcpy(bytes, "\xff\xd8\xff\xe0", 4);
	reply(socket, "200 OK", "image/jpeg", "", (struct span){(const char *)bytes, sizeof bytes});
}

static void answer(int socket, const struct site *site, const char *request)
{
	size_t index = 0;
	char more[64];
	struct buffer page;
	if (strncmp(request, "GET / ", 6) == 0) {
		reply_index(socket, site);
	} else if (sscanf(request, "GET /p/%zu.html ", &index) == 1 && index < site->count) {
		bench_read(site->pages.at[index].path, &page);
		reply(socket, "200 OK", "text/html", "", buffer_span(&page));
		buffer_free(&page);
	} else if (sscanf(request, "GET /r/%zu ", &index) == 1) {
		snprintf(more, sizeof more, "Location: /p/%zu.html\r\n", index);
		reply(socket, "301 Moved Permanently", "text/html", more, SPAN("moved\n"));
	} else if (sscanf(request, "GET /i/%zu.jpg ", &index) == 1) {
		reply_image(socket, index);
	} else {
		reply(socket, "404 Not Found", "text/html", "", SPAN("<title>404</title><p>Not here.\n"));
	}
}

static void serve(int listener, const struct site *site)
{
	for (;;) {
		char request[REQUEST_MAX + 1];
		size_t size = 0;
		int socket = accept(listener, NULL, NULL);
		if (socket < 0)
			continue;
		for (ssize_t got = 1; got > 0 && size < REQUEST_MAX;) {
			got = recv(socket, request + size, REQUEST_MAX - size, 0);
			size += got > 0 ? (size_t)got : 0;
			request[size] = '\0';
			if (strstr(request, "\r\n\r\n"))
				break;
		}
		answer(socket, site, request);
		shutdown(socket, SHUT_WR);
		close(socket);
	}
}

/* Listen on a free port of 127.0.0.1; the port. */
static int listen_anywhere(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 64) ||
	    getsockname(listener, (struct sockaddr *)&address, &size))
		bench_die(BENCH_IO, "no loopback socket: %s", strerror(errno));
	*port = ntohs(address.sin_port);
	return listener;
}

int bench_crawl(int argc, char **argv)
{
	enum { PAGES = 256, INVENTED };
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"output", required_argument, NULL, 'o'},
						{"pages", required_argument, NULL, PAGES},
						{"invented", required_argument, NULL, INVENTED},
						{0}};
	const char *output = NULL;
	uint64_t pages = 0, invented = 0;
	for (int option; (option = getopt_long(argc, argv, "ho:", options, NULL)) != -1;) {
		if (option == 'o')
			output = optarg;
		else if (option == PAGES)
			pages = bench_number(optarg, "--pages");
		else if (option == INVENTED)
			invented = bench_number(optarg, "--invented");
		else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? BENCH_DONE : BENCH_USAGE;
		}
	}
	if (!output || (optind == argc && !invented)) {
		fputs(usage, stderr);
		return BENCH_USAGE;
	}
	struct site site = {0};
	char *made = invented ? invent_folder(invented, INVENTED_MIN, INVENTED_MAX) : NULL;
	uint16_t port;
	for (int i = optind; i < argc; i++)
		page_sources_add(&site.pages, argv[i]);
	if (made)
		page_sources_add(&site.pages, made);
	site.count = pages && pages < site.pages.count ? pages : site.pages.count;
	int listener = listen_anywhere(&port);
	fflush(NULL);
	pid_t server = fork();
	if (server == 0)
		serve(listener, &site);
	close(listener);
	char *url = need_print("http://127.0.0.1:%u/", port), *file = need_print("--warc-file=%s", output);
	char *folder = folder_temporary(), *prefix = need_print("--directory-prefix=%s", folder);
	const char *arguments[] = {"wget",           "--quiet",      "--recursive", "--level=1",

				   "--tries=1",      "--timeout=30", "--no-proxy",  file,
				   "--delete-after", prefix,         url,           NULL};
	struct child_use use = child_run(arguments, NULL, true);
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	folder_remove(folder);
	page_sources_free(&site.pages);
	if (made)
		folder_remove(made);
	free(made);
	free(url), free(file), free(folder), free(prefix);
	if (use.code != 0 && use.code != 8) /* 8: the server said 404, as it should */
		bench_die(BENCH_IO, "wget failed or is not installed: exit %d", use.code);
	printf("%s.warc.gz: %zu pages offered, %.1f s\n", output, site.count, use.seconds);
	return BENCH_DONE;
}
