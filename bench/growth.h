/* growth: how the cost of a stage grows with one size. */
#ifndef WARCMILL_BENCH_GROWTH_H
#define WARCMILL_BENCH_GROWTH_H

#include "bench/bench.h"

/* Invented text: WORDS words of syllables, in sentences. The same dice, the same text. */
void invent_text(struct dice *dice, size_t words, struct buffer *out);
/* An invented page of about SIZE bytes: head, menu, an article of paragraphs, a foot. */
void invent_page(struct dice *dice, size_t size, struct buffer *out);
/* A page whose article lies in DEPTH elements of TAG. */
void invent_nested(struct dice *dice, size_t depth, const char *tag, struct buffer *out);

/* A temporary folder with COUNT invented pages of FIRST to LAST bytes; free() the name and folder_remove() it. */
char *invent_folder(size_t count, size_t first, size_t last);

#endif
