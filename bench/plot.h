/* plot: SVG of points, lines and bars, inside a page of html_out (its style sheet gives the colours). */
#ifndef WARCMILL_BENCH_PLOT_H
#define WARCMILL_BENCH_PLOT_H

#include "bench/bench.h"

enum { PLOT_SERIES_MAX = 24 };

struct plot_series {
	struct span name;
	const double *x, *y; /* [count] */
	size_t count;
	bool line;                 /* joined; else points alone, each with the name */
	bool own;                  /* drawn in the accent colour */
	bool dashed;               /* a reference, without points */
	const struct span *labels; /* [count] for points, or NULL: the series' name */
};
struct plot {
	const char *title, *x_label, *y_label;
	bool x_log, y_log, x_whole;          /* x_whole: no ticks between whole numbers */
	double x_low, x_high, y_low, y_high; /* both 0: from the points */
	struct plot_series series[PLOT_SERIES_MAX];
	size_t series_count;
};
void plot_svg(struct buffer *out, const struct plot *plot);

/* Horizontal bars on a log axis, with a tick where the bar's limit lies. */
struct bar {
	struct span name, note; /* note stands behind the bar */
	double value, limit;    /* limit 0: none */
	enum bar_kind { BAR_OTHER, BAR_FLOOR, BAR_OWN } kind;
};
void plot_bars(struct buffer *out, const char *title, const char *label, const struct bar *bars, size_t count);

#endif
