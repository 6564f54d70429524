/* plot: axes with round ticks, series told apart by colour and by a label at their end. No legend box: a label next to
 * its line needs no looking up. Labels that would overlap move down. */
#include "bench/plot.h"
#include "bench/html_out.h"

#include <math.h>
#include <stdlib.h>

enum { WIDTH = 900, HEIGHT = 430, LEFT = 80, RIGHT = 210, TOP = 36, BOTTOM = 52, TICKS_MAX = 24, LABELS_MAX = 128 };

struct axis {
	double low, high;
	bool log;
	int from, to; /* pixels */
};

static double place(const struct axis *axis, double value)
{
	double share = axis->log ? log(value / axis->low) / log(axis->high / axis->low)
				 : (value - axis->low) / (axis->high - axis->low);
	return axis->from + share * (axis->to - axis->from);
}

/* Round values from low to high. */
static size_t ticks_of(const struct axis *axis, double ticks[TICKS_MAX])
{
	static const double steps[] = {1, 2, 5, 10};
	size_t count = 0;
	if (axis->log) {
		bool dense = axis->high / axis->low < 200;
		for (double decade = pow(10, floor(log10(axis->low))); decade <= axis->high; decade *= 10)
			for (size_t i = 0; i < (dense ? 3 : 1) && count < TICKS_MAX; i++)
				if (decade * steps[i] >= axis->low * 0.999 && decade * steps[i] <= axis->high * 1.001)
					ticks[count++] = decade * steps[i];
		return count;
	}
	double raw = (axis->high - axis->low) / 6, step = pow(10, floor(log10(raw)));
	for (size_t i = 0; i < 4; i++)
		if (step * steps[i] >= raw) {
			step *= steps[i];
			break;
		}
	for (double tick = ceil(axis->low / step - 1e-9) * step; tick <= axis->high + step * 1e-6 && count < TICKS_MAX;
	     tick += step)
		ticks[count++] = fabs(tick) < step * 1e-6 ? 0 : tick;
	return count;
}

static void put_number(struct buffer *out, double value)
{
	double size = fabs(value);
	if (size >= 1e6)
		buffer_print(out, "%gM", value / 1e6);
	else if (size >= 1e4)
		buffer_print(out, "%gk", value / 1e3);
	else
		buffer_print(out, "%.4g", value);
}

static void put_axes(struct buffer *out, const struct plot *plot, const struct axis *x, const struct axis *y)
{
	double ticks[TICKS_MAX];
	size_t count = ticks_of(x, ticks);
	for (size_t i = 0; i < count; i++) {
		double at = place(x, ticks[i]);
		if (plot->x_whole && ticks[i] != floor(ticks[i]))
			continue;
		buffer_print(out,
			     "<line class=grid x1=%.1f x2=%.1f y1=%d y2=%d /><text class=soft x=%.1f y=%d "
			     "text-anchor=middle>",
			     at, at, y->to, y->from, at, y->from + 18);
		put_number(out, ticks[i]);
		buffer_append_span(out, SPAN("</text>"));
	}
	count = ticks_of(y, ticks);
	for (size_t i = 0; i < count; i++) {
		double at = place(y, ticks[i]);
		buffer_print(
			out,
			"<line class=grid x1=%d x2=%d y1=%.1f y2=%.1f /><text class=soft x=%d y=%.1f text-anchor=end>",
			x->from, x->to, at, at, x->from - 8, at + 4);
		put_number(out, ticks[i]);
		buffer_append_span(out, SPAN("</text>"));
	}
	buffer_print(out, "<line class=axis x1=%d x2=%d y1=%d y2=%d /><line class=axis x1=%d x2=%d y1=%d y2=%d />",
		     x->from, x->to, y->from, y->from, x->from, x->from, y->from, y->to);
	buffer_print(out, "<text x=%d y=%d text-anchor=middle class=soft>%s</text>", (x->from + x->to) / 2,
		     y->from + 42, plot->x_label);
	buffer_print(out, "<text transform='translate(14 %d) rotate(-90)' text-anchor=middle class=soft>%s</text>",
		     (y->from + y->to) / 2, plot->y_label);
	buffer_print(out, "<text x=%d y=18 font-weight=600>%s</text>", x->from, plot->title);
}

static const char *color_of(const struct plot_series *series, size_t index)
{
	static const char *const colors[] = {"var(--a)", "var(--b)", "var(--c)", "var(--d)", "var(--soft)"};
	if (series->own)
		return "var(--own)";
	return series->dashed ? "var(--soft)" : colors[index % 5];
}

struct labels {
	struct {
		double x, y, width;
	} at[LABELS_MAX];
	size_t count;
};

/* Write NAME beside (X, Y), moved where another label stands already. */
static void put_label(struct buffer *out, struct labels *labels, double x, double y, struct span name,
		      const char *color)
{
	double width = 7.0 * (double)name.size, first = y;
	for (int tries = 0; tries < 40; tries++) {
		bool free_here = true;
		for (size_t i = 0; i < labels->count && free_here; i++)
			free_here = !(fabs(labels->at[i].y - y) < 13 && x < labels->at[i].x + labels->at[i].width &&
				      labels->at[i].x < x + width);
		if (free_here)
			break;
		y = first + (tries % 2 ? -1 : 1) * 7.0 * (tries / 2 + 1);
	}
	if (labels->count < LABELS_MAX) {
		labels->at[labels->count].x = x;
		labels->at[labels->count].y = y;
		labels->at[labels->count++].width = width;
	}
	buffer_print(out, "<text x=%.1f y=%.1f style='fill:%s'>", x, y, color);
	html_out_text(out, name);
	buffer_append_span(out, SPAN("</text>"));
}

static bool is_shown(const struct axis *x, const struct axis *y, double a, double b)
{
	return isfinite(a) && isfinite(b) && (!x->log || a > 0) && (!y->log || b > 0);
}

static void put_series(struct buffer *out, const struct plot_series *series, size_t index, const struct axis *x,
		       const struct axis *y, struct labels *labels)
{
	const char *color = color_of(series, index);
	double last_x = 0, last_y = 0;
	bool any = false;
	if (series->line) {
		buffer_print(out, "<polyline fill=none stroke='%s' stroke-width=2%s points='", color,
			     series->dashed ? " stroke-dasharray='5 4'" : "");
		for (size_t i = 0; i < series->count; i++)
			if (is_shown(x, y, series->x[i], series->y[i]))
				buffer_print(out, "%.1f,%.1f ", place(x, series->x[i]), place(y, series->y[i]));
		buffer_append_span(out, SPAN("'/>"));
	}
	for (size_t i = 0; i < series->count; i++) {
		if (!is_shown(x, y, series->x[i], series->y[i]))
			continue;
		last_x = place(x, series->x[i]);
		last_y = place(y, series->y[i]);
		any = true;
		if (!series->dashed)
			buffer_print(out, "<circle cx=%.1f cy=%.1f r=%s fill='%s'/>", last_x, last_y,
				     series->line ? "3" : "5", color);
		if (!series->line)
			put_label(out, labels, last_x + 9, last_y + 4,
				  series->labels ? series->labels[i] : series->name, color);
	}
	if (series->line && any)
		put_label(out, labels, last_x + 9, last_y + 4, series->name, color);
}

static void fit(struct axis *axis, const struct plot *plot, bool is_x)
{
	double low = INFINITY, high = -INFINITY;
	for (size_t s = 0; s < plot->series_count; s++)
		for (size_t i = 0; i < plot->series[s].count; i++) {
			double value = is_x ? plot->series[s].x[i] : plot->series[s].y[i];
			if (!isfinite(value) || (axis->log && value <= 0))
				continue;
			low = value < low ? value : low;
			high = value > high ? value : high;
		}
	if (!isfinite(low))
		low = 1, high = 10;
	if (axis->log) {
		axis->low = low / 1.4;
		axis->high = high * 1.4;
	} else {
		double margin = (high - low) * 0.06 + (high == low ? fabs(high) * 0.1 + 1e-9 : 0);
		axis->low = low >= 0 && low - margin < 0 ? 0 : low - margin;
		axis->high = high + margin;
	}
}

void plot_svg(struct buffer *out, const struct plot *plot)
{
	struct axis x = {plot->x_low, plot->x_high, plot->x_log, LEFT, WIDTH - RIGHT};
	struct axis y = {plot->y_low, plot->y_high, plot->y_log, HEIGHT - BOTTOM, TOP};
	struct labels labels = {.count = 0};
	if (x.low == x.high)
		fit(&x, plot, true);
	if (y.low == y.high)
		fit(&y, plot, false);
	buffer_print(out, "<svg viewBox='0 0 %d %d' width=%d height=%d role=img aria-label='%s'>", WIDTH, HEIGHT, WIDTH,
		     HEIGHT, plot->title);
	put_axes(out, plot, &x, &y);
	for (size_t i = 0; i < plot->series_count; i++)
		put_series(out, &plot->series[i], i, &x, &y, &labels);
	buffer_append_span(out, SPAN("</svg>\n"));
}

void plot_bars(struct buffer *out, const char *title, const char *label, const struct bar *bars, size_t count)
{
	enum { ROW = 24, NAME = 150, NOTE = 210 };
	static const char *const colors[] = {"var(--a)", "var(--soft)", "var(--own)"};
	int height = TOP + (int)count * ROW + BOTTOM;
	struct axis x = {INFINITY, 0, true, NAME, WIDTH - NOTE};
	double ticks[TICKS_MAX];
	for (size_t i = 0; i < count; i++) {
		double low = bars[i].limit > 0 && bars[i].limit < bars[i].value ? bars[i].limit : bars[i].value;
		double high = bars[i].limit > bars[i].value ? bars[i].limit : bars[i].value;
		x.low = low < x.low ? low : x.low;
		x.high = high > x.high ? high : x.high;
	}
	if (!count || x.high <= 0)
		return;
	x.low /= 2;
	x.high *= 1.2;
	buffer_print(out,
		     "<svg viewBox='0 0 %d %d' width=%d height=%d role=img aria-label='%s'><text x=%d y=18 "
		     "font-weight=600>%s</text>",
		     WIDTH, height, WIDTH, height, title, NAME, title);
	size_t tick_count = ticks_of(&x, ticks);
	for (size_t i = 0; i < tick_count; i++) {
		double at = place(&x, ticks[i]);
		buffer_print(out,
			     "<line class=grid x1=%.1f x2=%.1f y1=%d y2=%d /><text class=soft x=%.1f y=%d "
			     "text-anchor=middle>",
			     at, at, TOP - 6, height - BOTTOM + 4, at, height - BOTTOM + 20);
		put_number(out, ticks[i]);
		buffer_append_span(out, SPAN("</text>"));
	}
	for (size_t i = 0; i < count; i++) {
		int y = TOP + (int)i * ROW;
		double end = place(&x, bars[i].value), limit = bars[i].limit > 0 ? place(&x, bars[i].limit) : 0;
		buffer_print(out, "<text x=%d y=%d text-anchor=end>", NAME - 8, y + 12);
		html_out_text(out, bars[i].name);
		buffer_print(out, "</text><rect x=%d y=%d width=%.1f height=15 rx=2 fill='%s' opacity=.85 />", x.from,
			     y, end - x.from, colors[bars[i].kind]);
		if (limit > 0)
			buffer_print(out, "<line x1=%.1f x2=%.1f y1=%d y2=%d stroke='var(--fg)' stroke-width=2.5 />",
				     limit, limit, y - 3, y + 18);
		buffer_print(out, "<text class=soft x=%.1f y=%d>", (limit > end ? limit : end) + 8, y + 12);
		html_out_text(out, bars[i].note);
		buffer_append_span(out, SPAN("</text>"));
	}
	buffer_print(out, "<text x=%d y=%d text-anchor=middle class=soft>%s</text></svg>\n", (x.from + x.to) / 2,
		     height - 12, label);
}
