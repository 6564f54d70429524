/* report: results.json as one self-contained page. */
#ifndef WARCMILL_BENCH_REPORT_H
#define WARCMILL_BENCH_REPORT_H

#include "bench/bench.h"

void report_page(const struct json *results, struct buffer *out);
/* The tables that the documentation quotes, as Markdown, each with its command. */
void figures_page(const struct json *results, struct buffer *out);

/* Its sections; each writes nothing when RESULTS has none of it. */
void report_speed(const struct json *results, struct buffer *out);
void report_extraction(const struct json *results, struct buffer *out);
void report_dedup(const struct json *results, struct buffer *out);
void report_reading(const struct json *results, struct buffer *out);
void report_growth(const struct json *results, struct buffer *out);
void report_hostile(const struct json *results, struct buffer *out);

/* Helpers of the sections. */
void report_cell_text(struct buffer *out, struct span text);
void report_cell_real(struct buffer *out, double value, int decimals); /* empty for NaN */
double report_real(const struct json *object, const char *key);        /* NaN when absent */
/* The row of that name, or NULL; how many times slower than its floor ROW is, byte for byte, NaN without a floor. */
const struct json *report_row(const struct json *rows, struct span name);
double report_times_floor(const struct json *rows, const struct json *row);

#endif
