/* peer: a child with two pipes. A peer that hangs on a page is killed and started again: that page is a failure of the
 * peer and not of the run. */
#include "bench/peer.h"
#include "bench/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 256 << 20 };
#define HELLO_SECONDS 60
#define JARS ".:/usr/share/java/boilerpipe.jar:/usr/share/java/nekohtml.jar:/usr/share/java/xercesImpl.jar"
#define OTHER_PYTHON "/usr/bin/python3" /* Debian's own, where another one stands first in PATH */

const struct peer_kind peer_kinds[] = {
	{"readability.js", "npm @mozilla/readability", {"node", "peer.mjs", "readability"}, NULL, false},
	{"defuddle", "npm defuddle", {"node", "peer.mjs", "defuddle"}, NULL, false},
	{"readability-lxml", "apt python3-readability", {"python3", "peer.py", "readability"}, OTHER_PYTHON, false},
	{"boilerpipe", "apt libboilerpipe-java", {"java", "-cp", JARS, "Boilerpipe"}, NULL, false},
	{"trafilatura", "pip trafilatura", {"python3", "peer.py", "trafilatura"}, OTHER_PYTHON, false},
	{"resiliparse", "pip resiliparse", {"python3", "peer.py", "resiliparse"}, OTHER_PYTHON, false},
	{"newspaper4k", "pip newspaper4k", {"python3", "peer.py", "newspaper4k"}, OTHER_PYTHON, false},
	{"jusText", "pip jusText", {"python3", "peer.py", "justext"}, OTHER_PYTHON, false},
	{"warcio.js", "npm warcio", {"node", "peer.mjs", "warcio"}, NULL, true},
	{"warcio", "pip warcio", {"python3", "peer.py", "warcio"}, OTHER_PYTHON, true},
	{"FastWARC", "pip fastwarc", {"python3", "peer.py", "fastwarc"}, OTHER_PYTHON, true},
};
const size_t peer_kind_count = sizeof peer_kinds / sizeof *peer_kinds;

static void run_child(const struct peer *peer, int in, int out)
{
	const char *arguments[7] = {peer->program};
	for (size_t i = 1; i < 6; i++)
		arguments[i] = peer->kind->command[i];
	int null = open("/dev/null", O_WRONLY);
	if (chdir(peer->folder) || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
		_exit(126);
	signal(SIGPIPE, SIG_DFL);
	execvp(arguments[0], (char *const *)arguments);
	_exit(127);
}

static bool spawn(struct peer *peer)
{
	int to[2], from[2];
	if (pipe2(to, O_CLOEXEC))
		return false;
	if (pipe2(from, O_CLOEXEC)) {
		close(to[0]), close(to[1]);
		return false;
	}
	fflush(NULL);
	peer->process = fork();
	if (peer->process == 0)
		run_child(peer, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	peer->to = to[1];
	peer->from = from[0];
	return peer->process > 0;
}

static void reap(struct peer *peer)
{
	struct rusage usage;
	int status;
	if (peer->process <= 0)
		return;
	close(peer->to);
	close(peer->from);
	kill(peer->process, SIGKILL);
	while (wait4(peer->process, &status, 0, &usage) < 0 && errno == EINTR)
		;
	uint64_t peak = (uint64_t)usage.ru_maxrss * 1024;
	if (peak > peer->peak_bytes)
		peer->peak_bytes = peak;
	peer->process = 0;
}

/* The next line into peer->line. */
static bool hear(struct peer *peer, double seconds)
{
	double until = clock_seconds() + seconds;
	buffer_clear(&peer->line);
	for (;;) {
		double left = until - clock_seconds();
		struct pollfd watch = {.fd = peer->from, .events = POLLIN};
		int ready = left > 0 ? poll(&watch, 1, (int)(left * 1000) + 1) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || buffer_reserve(&peer->line, 65536))
			return false;
		ssize_t size = read(peer->from, peer->line.data + peer->line.size, 65536);
		if (size <= 0)
			return false;
		peer->line.size += (size_t)size;
		if (peer->line.data[peer->line.size - 1] == '\n')
			return true;
	}
}

static const struct json *understand(struct peer *peer)
{
	const struct json *answer;
	arena_reset(peer->arena);
	if (json_parse(peer->arena, span_trim(buffer_span(&peer->line)), 0, &answer, NULL))
		return NULL;
	return answer;
}

static bool greet(struct peer *peer)
{
	const struct json *hello = spawn(peer) && hear(peer, HELLO_SECONDS) ? understand(peer) : NULL;
	struct span version = hello ? json_get_text(hello, "version") : SPAN_NONE;
	struct span why = hello ? json_get_text(hello, "absent") : SPAN_NONE;
	if (version.data) {
		free(peer->version);
		peer->version = need_print("%.*s", SPAN_ARG(version));
		return true;
	}
	free(peer->absent);
	peer->absent = why.data ? need_print("%s: %.*s", peer->kind->package, SPAN_ARG(why))
				: need_print("%s: %s cannot be run", peer->kind->package, peer->program);
	reap(peer);
	return false;
}

bool peer_start(struct peer *peer, const struct peer_kind *kind, const char *folder)
{
	*peer = (struct peer){.kind = kind, .folder = folder, .program = kind->command[0]};
	peer->arena = arena_new((size_t)1 << 30);
	buffer_init(&peer->line, LINE_MAX_BYTES);
	if (!peer->arena)
		bench_die(BENCH_IO, "no memory");
	signal(SIGPIPE, SIG_IGN);
	bool there = greet(peer);
	if (!there && kind->otherwise) {
		peer->program = kind->otherwise;
		there = greet(peer);
	}
	if (there) {
		free(peer->absent);
		peer->absent = NULL;
	}
	return there;
}

const struct json *peer_ask(struct peer *peer, const char *path, struct span url, double timeout)
{
	struct buffer question;
	struct json_writer json;
	if (peer->process <= 0 && !greet(peer))
		return NULL;
	buffer_init(&question, 1 << 20);
	json_start(&json, &question);
	json_begin(&json, '{');
	json_put_text(&json, "path", span_of(path));
	json_put_text(&json, "url", url);
	json_end(&json, '}');
	buffer_append_byte(&question, '\n');
	bool sent = write(peer->to, question.data, question.size) == (ssize_t)question.size;
	buffer_free(&question);
	const struct json *answer = sent && hear(peer, timeout) ? understand(peer) : NULL;
	if (!answer) {
		reap(peer);
		peer->restarts++;
	}
	return answer;
}

void peer_stop(struct peer *peer)
{
	reap(peer);
	free(peer->version);
	free(peer->absent);
	buffer_free(&peer->line);
	arena_free(peer->arena);
}
