/* peer: other extractors and readers, each a process that answers lines of JSON (see peers/). */
#ifndef WARCMILL_BENCH_PEER_H
#define WARCMILL_BENCH_PEER_H

#include "bench/bench.h"

#include <sys/types.h>

struct peer_kind {
	const char *name, *package; /* package: where it comes from, for the row of an absent one */
	const char *command[6];     /* [0] searched in PATH, run inside the peers' folder */
	const char *otherwise;      /* another command[0] to try when the peer is absent under the first, or NULL */
	bool reader;                /* reads archives; else extracts pages */
};
extern const struct peer_kind peer_kinds[];
extern const size_t peer_kind_count;

struct peer {
	const struct peer_kind *kind;
	const char *folder, *program; /* program: the command[0] that answered */
	char *version, *absent;       /* one of them is not NULL after peer_start */
	pid_t process;
	int to, from;
	struct buffer line;
	struct arena *arena;
	uint64_t peak_bytes; /* of the largest process so far */
	size_t restarts;
};
/* Start it in FOLDER and hear its name. False: `absent` says why. */
bool peer_start(struct peer *peer, const struct peer_kind *kind, const char *folder);
/* Ask about a file; the answer lives until the next call. NULL: it died or was silent for TIMEOUT seconds; it is
 * started again for the next question. */
const struct json *peer_ask(struct peer *peer, const char *path, struct span url, double timeout);
void peer_stop(struct peer *peer);

#endif
