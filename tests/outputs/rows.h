/* rows: made-up rows of every table, the same on every machine, with the cases that break writers: absent everywhere,
 * texts in many scripts, quotes, controls and line ends, addresses of thousands of bytes, long lists, long runs of one
 * value. */
#ifndef TEST_OUTPUTS_ROWS_H
#define TEST_OUTPUTS_ROWS_H

#include "corpus/output.h"

/* Row INDEX of TABLE. Its texts live in ARENA. */
void make_row(struct arena *arena, enum corpus_table table, unsigned index, struct corpus_row *row);

#endif
