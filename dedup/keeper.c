/* keeper: which member of a cluster is kept.
 *
 * A row of filters, each keeping those members that it prefers, until one is left: the page that others name as
 * canonical, the publisher or agency that others name as their source, the earliest publication date, the longest clean
 * text, the smallest id. Clean length is the number of tokens times the mean weight of the text's shingles, so that
 * boilerplate counts for little; and a copy that wraps the article in foreign text is set aside before lengths are
 * compared: it holds a shorter member, but begins differently or is partly in another script. */
#include "dedup/dedup_internal.h"

#include <stdlib.h>

const char *keeper_rule_name(unsigned rule)
{
	static const char *const names[] = {"alone", "old", "canonical", "source", "date", "length", "id"};
	return rule < sizeof names / sizeof *names ? names[rule] : "alone";
}

/* ---- Names
 * --------------------------------------------------------------------------------------------------------------- */

/* What an agency calls itself, and the labels of its domains: all become the first column. */
static const struct {
	const char *name, *also;
} agencies[] = {
	{"associatedpress", "ap"},
	{"associatedpress", "apnews"},
	{"associatedpress", "theassociatedpress"},
	{"reuters", "thomsonreuters"},
	{"agencefrancepresse", "afp"},
	{"pressassociation", "pamedia"},
	{"pressassociation", "pa"},
	{"unitedpressinternational", "upi"},
	{"deutschepresseagentur", "dpa"},
	{"bloomberg", "bloombergnews"},
	{"xinhua", "xinhuanet"},
	{"xinhua", "xinhuanewsagency"},
	{"efe", "agenciaefe"},
	{"ansa", "agenziaansa"},
	{"kyodo", "kyodonews"},
	{"canadianpress", "thecanadianpress"},
	{"canadianpress", "cp"},
	{"cnn", "cablenewsnetwork"},
	{"bbc", "bbcnews"},
	{"tass", "itartass"},
	{"washingtonpost", "thewashingtonpost"},
	{"newyorktimes", "nytimes"},
	{"newyorktimes", "thenewyorktimes"},
	{"guardian", "theguardian"},
};

/* A host loses "www." and what follows the registered label. */
static struct span name_stem(struct span name)
{
	if (span_find_byte(name, '.') == SIZE_MAX || span_find_byte(name, ' ') != SIZE_MAX)
		return name;
	struct arena *arena = arena_new(1 << 16);
	size_t size = name.size;
	if (arena) {
		struct span domain = host_registered_domain(arena, name);
		if (domain.data && domain.size <= name.size) { /* the tail of NAME */
			size_t label = span_find_byte(domain, '.');
			name = span_slice(name, name.size - domain.size, label == SIZE_MAX ? domain.size : label);
			size = name.size;
		}
	}
	arena_free(arena);
	name.size = size;
	return name;
}

uint64_t dedup_name_key(struct span name)
{
	char folded[128];
	size_t size = 0;
	name = name_stem(span_trim(name));
	const char *at = name.data, *end = at ? at + name.size : at;
	while (at && at < end && size + 4 * FOLD_MAX < sizeof folded) {
		uint32_t codes[FOLD_MAX];
		enum fold_kind kind;
		size_t count = fold_slow(utf8_next(&at, end), codes, &kind);
		for (size_t i = 0; i < count; i++)
			if (codes[i] >= 0x80 || ascii_is_alpha((unsigned char)codes[i]) ||
			    ascii_is_digit((unsigned char)codes[i]))
				size += utf8_encode(codes[i], folded + size);
	}
	if (!size)
		return 0;
	struct span text = {folded, size};
	for (size_t i = 0; i < sizeof agencies / sizeof *agencies; i++)
		if (span_equal(text, span_of(agencies[i].also)))
			text = span_of(agencies[i].name);
	uint64_t key = hash64(text.data, text.size, 0);
	return key ? key : 1;
}

/* ---- Filters
 * ----------------------------------------------------------------------------------------------------------------- */

struct choice {
	const struct dedup_input *input;
	const struct dedup_options *options;
	const uint32_t *members;
	size_t member_count;
	uint32_t *left; /* still in the race, ascending */
	size_t count;
};

static int by_u64(const void *left, const void *right)
{
	uint64_t a, b;
	memcpy(&a, left, sizeof a);
	memcpy(&b, right, sizeof b);
	return a < b ? -1 : a > b;
}

/* Keep those for which WANTED is set, if there are any. */
static void narrow(struct choice *c, const uint8_t *wanted)
{
	size_t kept = 0;
	for (size_t i = 0; i < c->count; i++)
		kept += wanted[i] != 0;
	if (kept == 0 || kept == c->count)
		return;
	kept = 0;
	for (size_t i = 0; i < c->count; i++)
		if (wanted[i])
			c->left[kept++] = c->left[i];
	c->count = kept;
}

static bool holds(const uint64_t *sorted, size_t count, uint64_t value)
{
	return value && count && bsearch(&value, sorted, count, sizeof value, by_u64);
}

/* Named by another member as canonical; of those, the ones that do not name another member themselves. */
static void filter_canonical(struct choice *c, uint8_t *wanted, uint64_t *values)
{
	const struct dedup_attributes *all = c->input->attributes;
	size_t named = 0;
	for (size_t i = 0; i < c->member_count; i++)
		if (all[c->members[i]].canonical && all[c->members[i]].canonical != all[c->members[i]].address)
			values[named++] = all[c->members[i]].canonical;
	qsort(values, named, sizeof *values, by_u64);
	for (size_t i = 0; i < c->count; i++)
		wanted[i] = holds(values, named, all[c->left[i]].address);
	narrow(c, wanted);
	size_t addresses = 0;
	for (size_t i = 0; i < c->count && named; i++)
		values[addresses++] = all[c->left[i]].address;
	qsort(values, addresses, sizeof *values, by_u64);
	for (size_t i = 0; i < c->count; i++) {
		const struct dedup_attributes *own = &all[c->left[i]];
		wanted[i] = own->canonical == own->address || !holds(values, addresses, own->canonical);
	}
	narrow(c, wanted);
}

static void filter_source(struct choice *c, uint8_t *wanted, uint64_t *values)
{
	const struct dedup_attributes *all = c->input->attributes;
	size_t named = 0;
	for (size_t i = 0; i < c->member_count; i++)
		if (all[c->members[i]].source)
			values[named++] = all[c->members[i]].source;
	qsort(values, named, sizeof *values, by_u64);
	for (size_t i = 0; i < c->count; i++)
		wanted[i] = holds(values, named, all[c->left[i]].publisher[0]) ||
			    holds(values, named, all[c->left[i]].publisher[1]);
	narrow(c, wanted);
}

static void filter_date(struct choice *c, uint8_t *wanted, uint64_t *values)
{
	const struct dedup_attributes *all = c->input->attributes;
	int64_t first = INT64_MAX;
	(void)values;
	for (size_t i = 0; i < c->count; i++)
		if (all[c->left[i]].date != DATE_NONE && all[c->left[i]].date < first)
			first = all[c->left[i]].date;
	for (size_t i = 0; i < c->count; i++)
		wanted[i] = all[c->left[i]].date == first;
	narrow(c, wanted);
}

/* Tokens times mean weight. The sketch's entries of weight w stand for 1 / min(1, w·t) shingles each. */
static double clean_length(const struct signature *s)
{
	double shingles = 0, weight = 0;
	for (unsigned i = 0; i < s->sketch_count; i++) {
		double w = weight_units[s->sketch[i] & 15] / 64.0;
		weight += (s->flags & SIGNATURE_SKETCH_WHOLE) ? w : 1;
		shingles += (s->flags & SIGNATURE_SKETCH_WHOLE) ? 1 : 1 / w;
	}
	return shingles > 0 ? s->tokens * (weight / shingles) : s->tokens;
}

static bool heads_meet(const struct signature *a, const struct signature *b)
{
	for (unsigned i = 0; i < a->head_count; i++)
		for (unsigned k = 0; k < b->head_count; k++)
			if (a->head[i] == b->head[k])
				return true;
	return false;
}

/* Does A hold the shorter B between foreign text? */
static bool wraps(const struct signature *a, const struct signature *b, const struct dedup_options *options)
{
	struct pair_evidence evidence;
	if (a->tokens * 9 / 10 <= b->tokens)
		return false;
	pair_verify(a, b, options, &evidence);
	int foreign = (int)a->foreign - (int)b->foreign;
	return evidence.containment >= 500 && (!heads_meet(a, b) || foreign > 38 || foreign < -38);
}

#define PANEL 16

/* Up to PANEL members spread by a hash of their index. */
static size_t panel_of(const struct choice *c, uint32_t *panel)
{
	size_t count = 0;
	for (size_t i = 0; i < c->member_count; i++) {
		size_t at = count;
		uint64_t order = document_order_hash(c->members[i]);
		while (at > 0 && document_order_hash(panel[at - 1]) > order)
			at--;
		if (at == PANEL)
			continue;
		count -= count == PANEL;
		memmove(panel + at + 1, panel + at, (count - at) * sizeof *panel);
		panel[at] = c->members[i];
		count++;
	}
	return count;
}

static void filter_length(struct choice *c, uint8_t *wanted, uint64_t *values)
{
	uint32_t panel[PANEL];
	size_t panel_count = panel_of(c, panel);
	double longest = -1;
	struct signature copies[PANEL], copy;
	const struct signature *panel_at[PANEL];
	for (size_t k = 0; k < panel_count; k++)
		panel_at[k] = signature_read(c->input->table, panel[k], &copies[k]);
	(void)values;
	for (size_t i = 0; i < c->count; i++) {
		if (i % CEILING_STRIDE == 0)
			ceiling_check(c->options->ceiling);
		const struct signature *own = signature_read(c->input->table, c->left[i], &copy);
		unsigned yes = 0;
		for (size_t k = 0; k < panel_count; k++)
			yes += panel[k] != c->left[i] && wraps(own, panel_at[k], c->options);
		wanted[i] = yes == 0 || yes * 4 < panel_count;
	}
	narrow(c, wanted);
	for (size_t i = 0; i < c->count; i++) {
		if (i % CEILING_STRIDE == 0)
			ceiling_check(c->options->ceiling);
		double length = clean_length(signature_read(c->input->table, c->left[i], &copy));
		longest = length > longest ? length : longest;
	}
	for (size_t i = 0; i < c->count; i++) {
		if (i % CEILING_STRIDE == 0)
			ceiling_check(c->options->ceiling);
		wanted[i] = clean_length(signature_read(c->input->table, c->left[i], &copy)) >= longest;
	}
	narrow(c, wanted);
}

static const struct {
	enum keeper_rule rule;
	bool attributes; /* needs them */
	void (*filter)(struct choice *c, uint8_t *wanted, uint64_t *values);
} filters[] = {
	{KEEPER_CANONICAL, true, filter_canonical}, /* a print page names the article it belongs to */
	{KEEPER_SOURCE, true, filter_source},       /* a paper names the agency whose text it prints */
	{KEEPER_DATE, true, filter_date},           /* the first to publish */
	{KEEPER_LENGTH, false, filter_length},      /* the whole text, not its first paragraphs */
};

uint32_t keeper_choose(const struct dedup_input *input, const struct dedup_options *options, const uint32_t *members,
		       size_t count, uint32_t *scratch, uint8_t *rule)
{
	uint8_t small_wanted[64], *wanted = count <= 64 ? small_wanted : memory_new(count);
	uint64_t small_values[64], *values = count <= 64 ? small_values : memory_new(count * sizeof *values);
	struct choice c = {input, options, members, count, scratch, count};
	*rule = KEEPER_ID;
	memcpy(scratch, members, count * sizeof *members);
	if (members[0] < input->old_count) {
		c.left[0] = input->old_keeper[members[0]];
		*rule = KEEPER_OLD;
		c.count = 1;
	}
	for (size_t i = 0; i < sizeof filters / sizeof *filters && c.count > 1 && wanted && values; i++) {
		if (filters[i].attributes && !input->attributes)
			continue;
		filters[i].filter(&c, wanted, values);
		if (c.count == 1)
			*rule = (uint8_t)filters[i].rule;
	}
	if (wanted != small_wanted)
		free(wanted);
	if (values != small_values)
		free(values);
	return c.left[0];
}
