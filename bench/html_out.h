/* html_out: the frame of the pages that warcmill-bench writes. Self-contained: no script, no foreign file. */
#ifndef WARCMILL_BENCH_HTML_OUT_H
#define WARCMILL_BENCH_HTML_OUT_H

#include "base/base.h"

void html_out_start(struct buffer *out, const char *title); /* up to and with <main> */
void html_out_end(struct buffer *out);
void html_out_text(struct buffer *out, struct span text); /* escaped for text and quoted attributes */

#endif
