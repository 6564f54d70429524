/* inputs_internal: the list of inputs while it grows; shared by inputs.c, container.c and remote.c. */
#ifndef WARCMILL_INPUTS_INTERNAL_H
#define WARCMILL_INPUTS_INTERNAL_H

#include "warc/warc_internal.h"

struct warc_inputs {
	struct warc_options options;
	struct warc_input **list;
	size_t count, capacity;
	struct warc_reader *searcher; /* only while the list is made */
	struct warc_remote *remote;   /* made with the first remote input */
};

/* An empty list. OPTIONS may be NULL. NULL without memory. */
struct warc_inputs *inputs_new(const struct warc_options *options);
/* A new input at the end of the list, a stream of unknown size until the caller knows better. NULL without memory. */
struct warc_input *inputs_add(struct warc_inputs *inputs, const char *path, const char *member, enum input_way way);
/* Add the file at PATH. ASKED: named by the user, not met in a folder: added whatever it is. */
enum status add_file(struct warc_inputs *inputs, const char *path, bool asked, struct fault *fault);
/* Is the file that starts with HEAD a container (zip, tar) or another compressor's? Then *TAKEN, and its members, as
 * far as they are archives, are added. */
enum status add_container(struct warc_inputs *inputs, const char *path, struct source *source, struct span head,
			  bool asked, bool *taken, struct fault *fault);
void inputs_remove(struct warc_inputs *inputs, size_t index);
const char *name_part(const char *path, unsigned depth); /* the last DEPTH folders of PATH and its file name */
/* An input's name: always text, so that it can be part of an id. MEMBER may be NULL. malloc'd; NULL without memory. */
char *name_new(const char *path, unsigned depth, const char *member);
bool looks_like_archive(const char *path); /* by its name */
/* Is a file of KIND that starts with HEAD an archive at all? The first member of a gzip file tells, unless it is
 * damaged. */
bool holds_records(enum warc_kind kind, struct span head);
/* Text, plain or in gzip, that is an index of archives; WHY_INDEX is the damage to report then. */
bool holds_index(struct span head);
#define WHY_INDEX "an index of archives (CDX), no archive"
enum status add_remote(struct warc_inputs *inputs, const char *url, struct fault *fault);
/* What all remote inputs share is there from now on; STATUS_USAGE in a build without libcurl. */
enum status remote_share(struct warc_inputs *inputs, struct fault *fault);
/* Half-read containers: a pool with one user, and one user more. NULL without memory. */
struct packed_pool *pool_new(void);
struct packed_pool *pool_join(struct packed_pool *pool);

enum status kind_by_search(struct warc_inputs *inputs, const struct warc_input *input, struct source *source,
			   enum warc_kind *kind, struct fault *fault);
/* The first record of SOURCE read as CODEC. SOURCE stays the caller's. */
enum status reader_search(struct warc_reader *reader, const struct warc_input *input, struct source *source,
			  enum codec codec, uint64_t *at, bool *found, struct fault *fault);

#endif
