/* Private to the files that read page state: the JSON, and the JavaScript that is nearly JSON, which a page's scripts
 * render from.
 *
 * No interpreter: a script is read as brackets, strings and words, in one pass that can not fail
 * (metadata_state_read.c). References between values are then put in the place of what they refer to
 * (metadata_state_link.c). Who looks for the article's text (metadata_body.c) sees a tree of strings. */
#ifndef WARCMILL_METADATA_STATE_H
#define WARCMILL_METADATA_STATE_H

#include "extract/metadata_internal.h"

/* STATE_DEPTH: brackets within brackets; what stands deeper is read as if it stood there. */
enum { STATE_MAX = 4 << 20, STATE_DEPTH = 200 };

enum state_kind {
	STATE_STRING, /* text: without its quotes and escapes */
	STATE_WORD,   /* a number, a name with its dots; text: as it stands */
	STATE_ARRAY,  /* [ ] */
	STATE_OBJECT, /* { }: the values; keys are not kept */
	STATE_CALL,   /* ( ), text: what is called, "function" before parameters */
	STATE_CODE    /* { } of statements */
};

struct state_node {
	enum state_kind kind;
	bool used;        /* stands in the place of a reference */
	struct span text; /* for an array: what it is an index of */
	struct span name; /* what the value is assigned to; "return" */
	struct state_node *first, *next;
};

/* What one page may cost. The arena's memory follows from these. */
struct state_budget {
	struct arena *arena;
	size_t nodes; /* left */
	size_t bytes; /* left to be read, with strings that hold JSON */
	size_t twice; /* bytes left of long strings that several places refer to */
};

struct state_scope; /* what references mean below a node */

/* TEXT, which outlives the tree, as a tree: a call whose arguments are what stands at the top. NULL: nothing left in
 * the budget for it; where nodes ran out, the tree holds what came before. */
struct state_node *state_read(struct state_budget *budget, struct span text);

/* Put what is referred to in the place of references below ROOT. Each list or object stands in one place, the first,
 * so that the result is a tree no larger than what was read. WHOLE: ROOT is all of a JSON text, and may be a list
 * whose members refer to each other. SCOPE: of state_flight, or NULL. */
void state_link(struct state_budget *budget, struct state_node *root, bool whole, struct state_scope *scope);

/* The rows of a stream of React server components: a list, the page's root first; SCOPE knows them by their names. */
struct state_node *state_flight(struct state_budget *budget, struct span stream, struct state_scope **scope);

/* Whether a string may be JSON in itself. */
bool state_is_json(struct span text);

#endif
