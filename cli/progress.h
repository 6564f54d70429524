/* progress: what a long job shows while it runs. */
#ifndef WARCMILL_PROGRESS_H
#define WARCMILL_PROGRESS_H

#include "corpus/corpus.h"

enum progress_form { PROGRESS_NONE, PROGRESS_TERMINAL /* nothing unless stderr is one */, PROGRESS_JSON };
struct progress {
	enum progress_form form;
	double started, shown; /* seconds */
	const char *stage;
	uint64_t first_done; /* of the stage, when it began: resumed work has no rate */
	bool line;           /* something stands on the terminal's line */
};
/* OBSERVER is filled and points to PROGRESS. */
void progress_init(struct progress *progress, enum progress_form form, struct corpus_observer *observer);
void progress_end(struct progress *progress); /* clears the line */

#endif
