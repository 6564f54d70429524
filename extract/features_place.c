/* features_place: where a block stands (winning containers, groups of like blocks, distances, windows, the label above
 * it) and what the page is. Blocks under the same path of tags and classes, and repeated text, tell most: a teaser
 * comes with its like. */
#include "extract/features_internal.h"

#define ROW(name) uint8_t *name = features_row(f, COLUMN_##name)

static bool contains(const struct element *element, size_t block)
{
	return element->first <= block && block < element->last;
}

static void fill_winners(struct features *f, const struct blocks *blocks)
{
	ROW(in_best);
	ROW(best_depth);
	ROW(best_side);
	ROW(best_ratio);
	ROW(in_mass);
	ROW(mass_depth);
	ROW(mass_up);
	ROW(mass_direct);
	ROW(in_article);
	const struct page_facts *facts = &f->facts;
	const struct element *best = facts->best == UINT32_MAX ? NULL : &blocks->elements[facts->best];
	const struct element *mass = facts->mass == UINT32_MAX ? NULL : &blocks->elements[facts->mass];
	const struct element *article = facts->article == UINT32_MAX ? NULL : &blocks->elements[facts->article];
	for (size_t i = 0; i < blocks->count; i++) {
		uint32_t own = blocks->items[i].element;
		const struct element *e = &blocks->elements[own];
		best_side[i] = !best ? 1 : i < best->first ? 0 : i >= best->last ? 2 : 1;
		if (best && contains(best, i)) {
			in_best[i] = 1;
			best_depth[i] = byte_clip(1 + e->depth - best->depth);
		}
		int64_t strongest = 0;
		for (uint32_t at = own, level = 0; at != UINT32_MAX && level < 4;
		     at = blocks->elements[at].parent, level++)
			if (blocks->elements[at].readable > strongest)
				strongest = blocks->elements[at].readable;
		if (best && best->readable > 0)
			best_ratio[i] = byte_ratio((uint64_t)strongest, (uint64_t)best->readable, 200);
		if (mass && contains(mass, i)) {
			in_mass[i] = 1;
			mass_depth[i] = byte_clip(1 + e->depth - mass->depth);
		}
		mass_direct[i] = mass && (own == facts->mass || e->parent == facts->mass);
		in_article[i] = !article ? 2 : contains(article, i);
	}
	/* levels from the mass winner up to the first ancestor that holds the block: rings of one range */
	if (!mass)
		return;
	uint32_t from = mass->first, to = mass->last;
	uint8_t level = 0;
	for (uint32_t at = mass->parent; at != UINT32_MAX; at = blocks->elements[at].parent) {
		level += level < 30;
		for (uint32_t i = blocks->elements[at].first; i < from; i++)
			mass_up[i] = level;
		for (uint32_t i = to; i < blocks->elements[at].last; i++)
			mass_up[i] = level;
		from = blocks->elements[at].first;
		to = blocks->elements[at].last;
	}
}

/* For each block the first block with the same key: LEADER[count]; SLOTS[mask + 1] is zeroed space. */
enum likeness { BY_TEXT, BY_OPENING, BY_SIGNATURE };

static uint64_t key_of(const struct blocks *blocks, uint32_t i, enum likeness by)
{
	const struct block *b = &blocks->items[i];
	const uint32_t *tokens = blocks->hashes + b->hashes;
	switch (by) {
	case BY_TEXT:
		return b->hash;
	case BY_SIGNATURE:
		return blocks->elements[b->element].signature;
	default: /* the first five tokens of longer text; short text is alone */
		return b->hash_count < 8 ? ~(uint64_t)i
					 : (((uint64_t)tokens[0] << 32 | tokens[1]) * 0x9e3779b97f4a7c15u ^
					    ((uint64_t)tokens[2] << 32 | tokens[3])) *
							   0x9e3779b97f4a7c15u ^
						   tokens[4];
	}
}

static void find_leaders(const struct blocks *blocks, enum likeness by, uint32_t *slots, uint32_t mask,
			 uint32_t *leader)
{
	for (uint32_t i = 0; i < blocks->count; i++) {
		uint64_t key = key_of(blocks, i, by);
		uint32_t at = (uint32_t)(key ^ key >> 32) * 0x9e3779b1u >> 5 & mask;
		while (slots[at] && key_of(blocks, slots[at] - 1, by) != key)
			at = (at + 1) & mask;
		if (!slots[at])
			slots[at] = i + 1;
		leader[i] = slots[at] - 1;
	}
}

static enum status fill_groups(struct features *f, const struct blocks *blocks)
{
	ROW(repeats);
	ROW(prefix_repeats);
	ROW(signature_count);
	ROW(signature_words);
	ROW(signature_link);
	ROW(signature_share);
	ROW(same_signature);
	ROW(same_parent);
	size_t n = blocks->count, size = 64;
	while (size < n * 2)
		size *= 2;
	uint32_t *slots = features_scratch(f, size + n * 5, true);
	if (!slots)
		return STATUS_MEMORY;
	uint32_t *leader = slots + size, *count = leader + n, *words = count + n, *links = words + n,
		 *chars = links + n;
	for (enum likeness by = BY_TEXT; by <= BY_OPENING; by++) {
		uint8_t *row = by == BY_TEXT ? repeats : prefix_repeats;
		find_leaders(blocks, by, slots, (uint32_t)size - 1, leader);
		for (size_t i = 0; i < n; i++)
			count[leader[i]]++;
		for (size_t i = 0; i < n; i++)
			row[i] = byte_clip(count[leader[i]] < 20 ? count[leader[i]] : 20);
		memset(slots, 0, size * sizeof *slots);
		memset(count, 0, n * sizeof *count);
	}
	find_leaders(blocks, BY_SIGNATURE, slots, (uint32_t)size - 1, leader);
	for (size_t i = 0; i < n; i++) {
		const struct block *b = &blocks->items[i];
		count[leader[i]]++;
		words[leader[i]] += b->words;
		links[leader[i]] += b->link_chars;
		chars[leader[i]] += b->chars;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t g = leader[i];
		signature_count[i] = byte_log(count[g]);
		signature_words[i] = byte_log(words[g] / count[g] / 4);
		signature_link[i] = byte_ratio(links[g], chars[g], 200);
		signature_share[i] = byte_ratio(words[g], f->facts.words, 200);
		const struct element *e = &blocks->elements[blocks->items[i].element];
		const struct element *before = i ? &blocks->elements[blocks->items[i - 1].element] : NULL;
		same_signature[i] = before && before->signature == e->signature;
		same_parent[i] = before && before->parent == e->parent;
	}
	return STATUS_OK;
}

static void fill_distances(struct features *f, const struct blocks *blocks)
{
	ROW(long_back);
	ROW(long_ahead);
	ROW(title_distance);
	size_t n = blocks->count, gap = 40;
	for (size_t i = 0; i < n; i++) {
		long_back[i] = (uint8_t)gap;
		gap = blocks->items[i].is_long ? 1 : gap < 40 ? gap + 1 : 40;
	}
	gap = 40;
	for (size_t i = n; i-- > 0;) {
		long_ahead[i] = (uint8_t)gap;
		gap = blocks->items[i].is_long ? 1 : gap < 40 ? gap + 1 : 40;
	}
	for (size_t i = 0; i < n; i++)
		title_distance[i] =
			f->facts.title == UINT32_MAX
				? 0
				: byte_clip((int64_t)i - f->facts.title < -60   ? 40
					    : (int64_t)i - f->facts.title > 100 ? 200
										: 100 + (int64_t)i - f->facts.title);
}

/* Long text, link text and their shares in windows of ±4 and ±12 blocks; and what stands before and after. */
static enum status fill_windows(struct features *f, const struct blocks *blocks)
{
	ROW(position);
	ROW(long_before);
	ROW(long_before_log);
	ROW(long_after_log);
	size_t n = blocks->count;
	uint32_t *words = features_scratch(f, 3 * (n + 1), true);
	if (!words)
		return STATUS_MEMORY;
	uint32_t *links = words + n + 1, *longs = links + n + 1;
	for (size_t i = 0; i < n; i++) {
		const struct block *b = &blocks->items[i];
		words[i + 1] = words[i] + b->words;
		links[i + 1] = links[i] + (uint32_t)((uint64_t)b->words * b->link_chars / b->chars);
		longs[i + 1] = longs[i] + (b->is_long ? b->words : 0);
	}
	static const struct {
		uint8_t reach;
		uint16_t mass, link, ratio;
	} windows[] = {{4, COLUMN_near_long, COLUMN_near_link, COLUMN_near_ratio},
		       {12, COLUMN_wide_long, COLUMN_wide_link, COLUMN_wide_ratio}};
	for (int w = 0; w < 2; w++) {
		uint8_t *mass = features_row(f, windows[w].mass), *link = features_row(f, windows[w].link);
		uint8_t *ratio = features_row(f, windows[w].ratio);
		size_t reach = windows[w].reach;
		for (size_t i = 0; i < n; i++) {
			size_t from = i < reach ? 0 : i - reach, to = i + reach + 1 > n ? n : i + reach + 1;
			uint32_t all = words[to] - words[from];
			mass[i] = byte_log((longs[to] - longs[from]) / WORD);
			link[i] = byte_ratio(links[to] - links[from], all, 200);
			ratio[i] = byte_ratio(longs[to] - longs[from], all, 200);
		}
	}
	for (size_t i = 0; i < n; i++) {
		position[i] = byte_ratio(i, n, 200);
		long_before[i] = byte_ratio(longs[i], longs[n], 200);
		long_before_log[i] = byte_log(longs[i] / WORD);
		long_after_log[i] = byte_log((longs[n] - longs[i + 1]) / WORD);
	}
	return STATUS_OK;
}

static uint32_t block_level_parent(const struct blocks *blocks, uint32_t element)
{
	uint32_t at = blocks->elements[element].parent;
	while (at != UINT32_MAX && blocks->elements[at].inline_level)
		at = blocks->elements[at].parent;
	return at;
}

static void fill_containers(struct features *f, const struct blocks *blocks)
{
	ROW(parent_link);
	ROW(parent_long);
	ROW(parent_count);
	ROW(parent_words);
	ROW(grand_link);
	ROW(grand_long);
	ROW(grand_count);
	for (size_t i = 0; i < blocks->count; i++) {
		uint32_t up = block_level_parent(blocks, blocks->items[i].element);
		if (up == UINT32_MAX)
			continue;
		const struct element *parent = &blocks->elements[up];
		parent_link[i] = byte_ratio(parent->link_chars, parent->chars, 200);
		parent_long[i] = byte_ratio(parent->long_words, parent->words, 200);
		parent_count[i] = byte_log(parent->long_count);
		parent_words[i] = byte_log(parent->words / WORD);
		up = block_level_parent(blocks, up);
		if (up == UINT32_MAX)
			continue;
		const struct element *grand = &blocks->elements[up];
		grand_link[i] = byte_ratio(grand->link_chars, grand->chars, 200);
		grand_long[i] = byte_ratio(grand->long_words, grand->words, 200);
		grand_count[i] = byte_log(grand->long_count);
	}
}

/* The heading, bold line or "Related:" above a block says what it is part of; a refusal is a label whose words speak
 * against it. */
static void fill_labels(struct features *f, const struct blocks *blocks)
{
	ROW(label_score);
	ROW(label_token);
	ROW(label_distance);
	ROW(label_level);
	ROW(label_words);
	ROW(articles_before);
	ROW(titles_before);
	ROW(dates_before);
	ROW(refusal_distance);
	ROW(headline_overlap);
	const uint8_t *overlap = features_row(f, COLUMN_title_overlap);
	const uint8_t *word_sum = features_row(f, COLUMN_word_sum), *token_low = features_row(f, COLUMN_token_low);
	const uint8_t *colon = features_row(f, COLUMN_colon), *words = features_row(f, COLUMN_words);
	uint8_t score = 128, token = 128, level = 0, size = 0, titles = 0, dates = 0, headline = 201;
	size_t since = 60, refusal = 120;
	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *b = &blocks->items[i];
		const struct element *e = &blocks->elements[b->element];
		bool bold = b->bold_chars * 10 >= b->chars * 9;
		if (e->level || (b->words <= 10 * WORD && bold) || (b->words <= 6 * WORD && colon[i])) {
			score = word_sum[i];
			token = token_low[i];
			level = e->level ? e->level : 7;
			size = words[i];
			since = 0;
			if (score <= 112 && b->words <= 8 * WORD)
				refusal = 0;
		}
		if (e->level == 1)
			headline = overlap[i];
		headline_overlap[i] = headline;
		label_score[i] = score;
		label_token[i] = token;
		label_distance[i] = (uint8_t)since;
		label_level[i] = level;
		label_words[i] = size;
		titles_before[i] = titles;
		dates_before[i] = dates;
		refusal_distance[i] = (uint8_t)refusal;
		since += since < 60;
		refusal += refusal < 120;
		titles += e->level == 1 && titles < 20;
		dates += b->date && dates < 60;
	}
	for (size_t k = 0; k < blocks->element_count; k++)
		if (blocks->elements[k].tag == BLOCK_TAG_article && blocks->elements[k].first < blocks->count)
			articles_before[blocks->elements[k].first] += articles_before[blocks->elements[k].first] < 40;
	for (size_t i = 1; i < blocks->count; i++)
		articles_before[i] = byte_clip(articles_before[i] + articles_before[i - 1] < 40
						       ? articles_before[i] + articles_before[i - 1]
						       : 40);
}

/* og:type or JSON-LD's @type, as far as it tells kinds of page apart. */
static const struct {
	uint16_t column;
	const char *piece;
} kinds[] = {{COLUMN_page_kind_article, "article"},   {COLUMN_page_kind_article, "posting"},
	     {COLUMN_page_kind_article, "report"},    {COLUMN_page_kind_article, "news"},
	     {COLUMN_page_kind_product, "product"},   {COLUMN_page_kind_product, "offer"},
	     {COLUMN_page_kind_forum, "discussion"},  {COLUMN_page_kind_forum, "qapage"},
	     {COLUMN_page_kind_forum, "question"},    {COLUMN_page_kind_list, "collection"},
	     {COLUMN_page_kind_list, "itemlist"},     {COLUMN_page_kind_list, "search"},
	     {COLUMN_page_kind_list, "category"},     {COLUMN_page_kind_list, "productgroup"},
	     {COLUMN_page_kind_site, "website"},      {COLUMN_page_kind_site, "webpage"},
	     {COLUMN_page_kind_site, "organization"}, {COLUMN_page_kind_site, "business"}};

/* How a page was made, and so roughly when: old pages are set out in tables, and their headline is a plain line of the
 * text. */
struct making {
	uint8_t doctype, viewport,
		metas; /* 0 none, 1 HTML, 2 one with a public identifier; meta viewport; log of metas in head */
};

static struct making making_of(const struct html_tree *tree)
{
	struct making making = {tree->doctype_public.size ? 2 : tree->doctype.data != NULL, 0, 0};
	uint32_t head = html_head(tree), count = 0;
	for (uint32_t at = head == HTML_NONE ? HTML_NONE : html_first(tree, head); at != HTML_NONE;
	     at = html_next(tree, at)) {
		if (html_tag(tree, at) != HTML_TAG_META)
			continue;
		count++;
		making.viewport |= span_equal_nocase(html_attr(tree, at, HTML_ATTR_NAME), SPAN("viewport"));
	}
	making.metas = byte_log(count);
	return making;
}

static void fill_page(struct features *f, const struct blocks *blocks, const struct html_tree *tree,
		      const struct page_metadata *m)
{
	const struct page_facts *facts = &f->facts;
	struct making making = making_of(tree);
	const uint8_t *group = features_row(f, COLUMN_signature_count);
	uint32_t money = 0, dates = 0, buttons = 0, repeated = 0;
	uint32_t articles = 0, cells = 0, paragraphs = 0, items = 0, headings = 0, cjk = 0;
	for (size_t k = 0; k < blocks->element_count; k++)
		articles += blocks->elements[k].tag == BLOCK_TAG_article;
	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *b = &blocks->items[i];
		const struct element *e = &blocks->elements[b->element];
		cells += e->ancestors[ANCESTOR_table] ? b->words : 0;
		paragraphs += e->tag == BLOCK_TAG_p ? b->words : 0;
		items += e->ancestors[ANCESTOR_li] ? b->words : 0;
		headings += e->level > 1;
		cjk += b->cjk;
		money += b->money;
		dates += b->date;
		buttons += e->ancestors[ANCESTOR_button] > 0;
		repeated += group[i] >= 5 && e->tag != BLOCK_TAG_p ? b->words : 0;
	}
	const struct element *best = facts->best == UINT32_MAX ? NULL : &blocks->elements[facts->best];
	uint32_t article_long = facts->article == UINT32_MAX ? 0 : blocks->elements[facts->article].long_words;
	uint32_t mass_long = facts->mass == UINT32_MAX ? 0 : blocks->elements[facts->mass].long_words;
	unsigned modern = (m->site_name.size > 0) + (m->image.size > 0) + (m->description.size > 0) +
			  (m->canonical_url.size > 0) + m->ld_article;
	const struct {
		uint16_t column;
		uint8_t value;
	} rows[] = {
		{COLUMN_page_words, byte_log(facts->words / WORD)},
		{COLUMN_page_link, byte_ratio(facts->link_chars, facts->chars, 200)},
		{COLUMN_page_blocks, byte_log((uint32_t)blocks->count)},
		{COLUMN_page_best_share, best ? byte_ratio(best->long_words, facts->long_words, 200) : 0},
		{COLUMN_page_best_long, best ? byte_ratio(best->long_words, best->words, 200) : 0},
		{COLUMN_page_ld_article, m->ld_article},
		{COLUMN_page_json_body, m->json_body.size > 200},
		{COLUMN_page_long, byte_log(facts->long_words / WORD)},
		{COLUMN_page_long_count, byte_log(facts->long_count)},
		{COLUMN_page_articles, byte_log(articles)},
		{COLUMN_page_article_share, byte_ratio(article_long, facts->long_words, 200)},
		{COLUMN_page_mass_share, byte_ratio(mass_long, facts->long_words, 200)},
		{COLUMN_page_long_share, byte_ratio(facts->long_words, facts->words, 200)},
		{COLUMN_page_modern, (uint8_t)modern},
		{COLUMN_page_cells, byte_ratio(cells, facts->words, 100)},
		{COLUMN_page_paragraphs, byte_ratio(paragraphs, facts->words, 100)},
		{COLUMN_page_items, byte_ratio(items, facts->words, 100)},
		{COLUMN_page_headings, byte_log(headings)},
		{COLUMN_page_cjk, byte_ratio((uint64_t)cjk, facts->chars, 10)},
		{COLUMN_page_money, byte_log(money)},
		{COLUMN_page_dates, byte_log(dates)},
		{COLUMN_page_buttons, byte_log(buttons)},
		{COLUMN_page_repetition, byte_ratio(repeated, facts->words, 100)},
		{COLUMN_page_doctype, making.doctype},
		{COLUMN_page_viewport, making.viewport},
		{COLUMN_page_metas, making.metas},
		{COLUMN_page_quirks, (uint8_t)tree->quirks},
		{COLUMN_page_authors, byte_clip((int64_t)(m->author_count < 20 ? m->author_count : 20))},
	};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
		memset(features_row(f, rows[k].column), rows[k].value, blocks->count);
	for (size_t k = 0; m->page_type.size && k < sizeof kinds / sizeof *kinds; k++)
		if (span_find_nocase(m->page_type, span_of(kinds[k].piece)) != SIZE_MAX)
			memset(features_row(f, kinds[k].column), 1, blocks->count);
}

enum status features_place(struct features *f, const struct blocks *blocks, const struct html_tree *tree,
			   const struct page_metadata *metadata)
{
	fill_winners(f, blocks);
	enum status status = fill_groups(f, blocks);
	if (!status)
		status = fill_windows(f, blocks);
	if (status)
		return status;
	fill_distances(f, blocks);
	fill_containers(f, blocks);
	fill_labels(f, blocks);
	fill_page(f, blocks, tree, metadata);
	return STATUS_OK;
}
