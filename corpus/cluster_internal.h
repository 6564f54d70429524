/* cluster_internal: between cluster.c and revisit.c. */
#ifndef WARCMILL_CLUSTER_INTERNAL_H
#define WARCMILL_CLUSTER_INTERNAL_H

#include "corpus/corpus_internal.h"

struct revisit_list {
	struct revisit_fate *at; /* malloc'd, by row */
	size_t count, capacity;
};
/* Every revisit of the run; `keeper` of the resolved ones is the original's page index. */
enum status revisits_resolve(const struct plan *plan, const struct spool *spool, struct revisit_list *list,
			     struct fault *fault);

#endif
