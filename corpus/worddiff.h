/* worddiff: two texts word by word. */
#ifndef WARCMILL_WORDDIFF_H
#define WARCMILL_WORDDIFF_H

#include "base/base.h"

/* Append OLD and NEW to OUT as one text: what only OLD has in [-…-], what only NEW has in {+…+}, long equal runs
 * shortened. Myers' algorithm (1986) up to 4,000 differing words; beyond, common starts and ends are found and the
 * middle is given whole. STATUS_MEMORY. */
enum status word_diff(struct span old, struct span new_text, struct buffer *out);

#endif
