/* boost: gradient-boosted trees on byte features (Friedman 2001; histograms as in LightGBM). The trainer's other
 * program, not installed.
 *
 * usage: warcmill-boost ROWS TREES-OUT COUNT LEAVES DEPTH RATE LAMBDA COLUMNS ROWS-SHARE MIN-WEIGHT SEED
 *
 * ROWS: u32 n, u32 f, then u8 x[n][f], f32 y[n] (0..1), f32 weight[n]. Each tree sees a share of the columns
 * (COLUMNS) and of the rows: that is both faster and better than all of them. scikit-learn's booster cannot draw
 * columns, and takes five times as long. Writes text: the base, then per tree the number of inner nodes, "feature
 * threshold left right" lines (slots: inner nodes in order of growth, then leaves) and the leaves' values. One thread,
 * same result everywhere. */
#include "base/base.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct sums {
	float gradient, hessian;
};

struct node {
	uint32_t from, to; /* rows[from, to) */
	unsigned depth;
	double gradient, hessian;
	struct sums *histogram; /* columns × 256 */
	double gain;            /* of the best split; 0: none */
	uint32_t column;        /* index into the drawn columns */
	uint8_t threshold;
	uint32_t parent; /* inner node it hangs on, UINT32_MAX the root */
	bool right;
};

struct trainer {
	uint32_t n, f, drawn;
	const uint8_t *x;
	const float *y, *weight;
	double *raw;
	struct sums *pairs; /* of all rows */
	uint32_t *rows, *spare, *columns;
	unsigned leaves, depth;
	double rate, lambda, column_share, row_share, min_weight;
	uint64_t random;
	struct node *nodes;
	struct sums *space;
};

static uint32_t draw(struct trainer *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return (uint32_t)(t->random >> 32);
}

static void histogram_fill(struct trainer *t, struct node *node)
{
	memset(node->histogram, 0, (size_t)t->drawn * 256 * sizeof(struct sums));
	for (uint32_t i = node->from; i < node->to; i++) {
		uint32_t row = t->rows[i];
		const uint8_t *x = t->x + (size_t)row * t->f;
		struct sums pair = t->pairs[row], *bins = node->histogram;
		for (uint32_t c = 0; c < t->drawn; c++, bins += 256) {
			struct sums *bin = bins + x[t->columns[c]];
			bin->gradient += pair.gradient;
			bin->hessian += pair.hessian;
		}
	}
}

static double strength(const struct trainer *t, double gradient, double hessian)
{
	return gradient * gradient / (hessian + t->lambda);
}

static void find_split(const struct trainer *t, struct node *node)
{
	double whole = strength(t, node->gradient, node->hessian);
	node->gain = 0;
	if (node->depth == t->depth)
		return;
	for (uint32_t c = 0; c < t->drawn; c++) {
		const struct sums *bin = node->histogram + (size_t)c * 256;
		double gradient = 0, hessian = 0;
		for (int v = 0; v < 255; v++) {
			gradient += (double)bin[v].gradient;
			hessian += (double)bin[v].hessian;
			if (hessian < t->min_weight)
				continue;
			if (node->hessian - hessian < t->min_weight)
				break;
			double gain = strength(t, gradient, hessian) +
				      strength(t, node->gradient - gradient, node->hessian - hessian) - whole;
			if (gain > node->gain + 1e-9) {
				node->gain = gain;
				node->column = c;
				node->threshold = (uint8_t)v;
			}
		}
	}
}

static void node_sums(const struct trainer *t, struct node *node)
{
	node->gradient = node->hessian = 0;
	for (int v = 0; v < 256; v++) {
		node->gradient += (double)node->histogram[v].gradient;
		node->hessian += (double)node->histogram[v].hessian;
	}
	(void)t;
}

/* Split LEAF in two: the smaller half is counted anew, the larger is the difference. */
static void split(struct trainer *t, struct node *leaf, struct node *fresh, uint32_t inner)
{
	uint32_t column = t->columns[leaf->column], low = leaf->from, high = 0;
	for (uint32_t i = leaf->from; i < leaf->to; i++) {
		uint32_t row = t->rows[i];
		if (t->x[(size_t)row * t->f + column] <= leaf->threshold)
			t->rows[low++] = row;
		else
			t->spare[high++] = row;
	}
	memcpy(t->rows + low, t->spare, high * sizeof *t->rows);
	fresh->from = low;
	fresh->to = leaf->to;
	leaf->to = low;
	fresh->depth = ++leaf->depth;
	fresh->parent = leaf->parent = inner;
	fresh->right = true;
	leaf->right = false;
	struct sums *old = leaf->histogram;
	bool left_small = leaf->to - leaf->from < fresh->to - fresh->from;
	struct node *small = left_small ? leaf : fresh, *large = left_small ? fresh : leaf;
	struct sums *other = fresh->histogram;
	small->histogram = other;
	large->histogram = old;
	histogram_fill(t, small);
	for (size_t k = 0; k < (size_t)t->drawn * 256; k++) {
		old[k].gradient -= other[k].gradient;
		old[k].hessian -= other[k].hessian;
	}
	node_sums(t, leaf);
	node_sums(t, fresh);
	find_split(t, leaf);
	find_split(t, fresh);
}

static void draw_columns(struct trainer *t)
{
	t->drawn = 0;
	uint32_t want = (uint32_t)(t->column_share * t->f + 0.5);
	for (uint32_t c = 0, left = t->f; c < t->f; c++, left--)
		if (draw(t) % left < want - t->drawn)
			t->columns[t->drawn++] = c;
}

static uint32_t draw_rows(struct trainer *t)
{
	uint32_t count = 0, limit = (uint32_t)(t->row_share * 4294967295.0);
	for (uint32_t i = 0; i < t->n; i++)
		if (draw(t) <= limit)
			t->rows[count++] = i;
	return count;
}

struct inner {
	uint32_t feature, slots[2];
	uint8_t threshold;
};

/* Grow one tree, add it to the raw scores, print it. */
static void grow(struct trainer *t, FILE *out)
{
	struct inner inner[64];
	uint32_t leaves = 1, count = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		double p = 1 / (1 + exp(-t->raw[i])), w = (double)t->weight[i];
		t->pairs[i] = (struct sums){(float)(w * (p - (double)t->y[i])), (float)(w * p * (1 - p))};
	}
	draw_columns(t);
	t->nodes[0] = (struct node){.from = 0, .to = draw_rows(t), .histogram = t->space, .parent = UINT32_MAX};
	histogram_fill(t, &t->nodes[0]);
	node_sums(t, &t->nodes[0]);
	find_split(t, &t->nodes[0]);
	while (leaves < t->leaves) {
		uint32_t best = 0;
		for (uint32_t k = 1; k < leaves; k++)
			if (t->nodes[k].gain > t->nodes[best].gain)
				best = k;
		struct node *leaf = &t->nodes[best], *fresh = &t->nodes[leaves];
		if (leaf->gain <= 0)
			break;
		if (leaf->parent != UINT32_MAX)
			inner[leaf->parent].slots[leaf->right] = count;
		inner[count] = (struct inner){.feature = t->columns[leaf->column], .threshold = leaf->threshold};
		*fresh = (struct node){.histogram = t->space + (size_t)leaves * t->f * 256};
		split(t, leaf, fresh, count++);
		leaves++;
	}
	fprintf(out, "%u\n", count);
	for (uint32_t k = 0; k < leaves; k++)
		if (t->nodes[k].parent != UINT32_MAX)
			inner[t->nodes[k].parent].slots[t->nodes[k].right] = count + k;
	for (uint32_t k = 0; k < count; k++)
		fprintf(out, "%u %u %u %u\n", inner[k].feature, inner[k].threshold, inner[k].slots[0],
			inner[k].slots[1]);
	double values[64];
	for (uint32_t k = 0; k < leaves; k++) {
		values[k] = -t->rate * t->nodes[k].gradient / (t->nodes[k].hessian + t->lambda);
		fprintf(out, "%.9g\n", values[k]);
	}
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t slot = 0;
		while (slot < count)
			slot = inner[slot].slots[t->x[(size_t)i * t->f + inner[slot].feature] > inner[slot].threshold];
		t->raw[i] += values[slot - count];
	}
}

static void *allocate(size_t count, size_t size)
{
	void *space = calloc(count + 1, size);
	if (!space)
		exit(74);
	return space;
}

int main(int argc, char **argv)
{
	struct buffer bytes;
	struct fault fault;
	struct trainer t = {0};
	buffer_init(&bytes, (size_t)8 << 30);
	FILE *out = argc == 12 ? fopen(argv[2], "w") : NULL;
	if (!out || file_read(argv[1], &bytes, &fault) || bytes.size < 8)
		return fprintf(stderr, "usage: warcmill-boost ROWS OUT COUNT LEAVES DEPTH RATE LAMBDA COLUMNS "
				       "ROWS-SHARE MIN-WEIGHT SEED\n"),
		       64;
	memcpy(&t.n, bytes.data, 4);
	memcpy(&t.f, bytes.data + 4, 4);
	if (bytes.size != 8 + (size_t)t.n * t.f + (size_t)t.n * 8)
		return fprintf(stderr, "%s: wrong size\n", argv[1]), 65;
	t.x = (const uint8_t *)bytes.data + 8;
	float *labels = allocate(2 * (size_t)t.n, sizeof *labels);
	memcpy(labels, bytes.data + 8 + (size_t)t.n * t.f, (size_t)t.n * 8);
	t.y = labels;
	t.weight = labels + t.n;
	t.leaves = (unsigned)atoi(argv[4]);
	t.leaves = t.leaves > 64 ? 64 : t.leaves;
	t.depth = (unsigned)atoi(argv[5]);
	t.rate = atof(argv[6]);
	t.lambda = atof(argv[7]);
	t.column_share = atof(argv[8]);
	t.row_share = atof(argv[9]);
	t.min_weight = atof(argv[10]);
	t.random = 0x9e3779b97f4a7c15u ^ (uint64_t)atoll(argv[11]);
	t.raw = allocate(t.n, sizeof *t.raw);
	t.pairs = allocate(t.n, sizeof *t.pairs);
	t.rows = allocate(t.n, sizeof *t.rows);
	t.spare = allocate(t.n, sizeof *t.spare);
	t.columns = allocate(t.f, sizeof *t.columns);
	t.nodes = allocate(64, sizeof *t.nodes);
	t.space = allocate((size_t)t.leaves * t.f * 256, sizeof *t.space);
	double good = 0, all = 0;
	for (uint32_t i = 0; i < t.n; i++) {
		good += (double)(t.y[i] * t.weight[i]);
		all += (double)t.weight[i];
	}
	double base = log(good / (all - good));
	for (uint32_t i = 0; i < t.n; i++)
		t.raw[i] = base;
	fprintf(out, "%.9g\n", base);
	for (int k = 0; k < atoi(argv[3]); k++)
		grow(&t, out);
	return fclose(out) ? 74 : 0;
}
