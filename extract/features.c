/* features: fills the matrix of stage 1. Sums over containers go by one loop from the last element to the first;
 * everything else is a linear pass over the blocks. Which features earn their place is measured in docs/article.md. */
#include "extract/features_internal.h"

#include <stdlib.h>

/* ---- Names and views ---------------------------------------------------------------------------------- */

static const char *const column_names[COLUMN_COUNT] = {
#define X(name) [COLUMN_##name] = #name,
	COLUMNS_OWN(X) COLUMNS_TOKEN(X) COLUMNS_PLACE(X) COLUMNS_PAGE(X) COLUMNS_CONTEXT(X)
#undef X
#define X(name) [COLUMN_TAGS + BLOCK_TAG_##name] = "tag_" #name,
		BLOCK_TAGS(X)
#undef X
#define X(name) [COLUMN_ANCESTORS + ANCESTOR_##name] = "in_" #name,
			ANCESTORS(X)
#undef X
};

/* Rows that are also read at neighbours, at shifts of up to REACH blocks on each side. */
struct neighbour {
	uint16_t column;
	uint8_t reach;
};
static const struct neighbour neighbours[] = {
	{COLUMN_words, 3},     {COLUMN_link_share, 3},     {COLUMN_is_paragraph, 2}, {COLUMN_is_heading, 3},
	{COLUMN_sentence, 3},  {COLUMN_same_signature, 2}, {COLUMN_same_parent, 2},  {COLUMN_word_sum, 2},
	{COLUMN_token_low, 1}, {COLUMN_token_own, 1},      {COLUMN_date, 1},         {COLUMN_symbol, 1},
	{COLUMN_bold, 1},      {COLUMN_links, 1},          {COLUMN_repeats, 1},
};
static const struct neighbour context_neighbours[] = {{COLUMN_p, 4}};

struct view_table {
	struct {
		uint16_t column;
		int8_t shift;
	} views[VIEW_MAX];
	unsigned counts[2];
	uint32_t digest;
};

static void views_add(struct view_table *table, unsigned *count, unsigned from, unsigned to,
		      const struct neighbour *near, size_t n)
{
	for (unsigned column = from; column < to; column++) {
		table->views[*count].column = (uint16_t)column;
		table->views[(*count)++].shift = 0;
	}
	for (size_t i = 0; i < n; i++)
		for (int shift = -near[i].reach; shift <= near[i].reach; shift++) {
			if (!shift)
				continue;
			table->views[*count].column = near[i].column;
			table->views[(*count)++].shift = (int8_t)shift;
		}
}

static void views_make(struct view_table *table)
{
	unsigned count = 0;
	uint64_t digest = 1;
	views_add(table, &count, 0, COLUMN_CONTEXT, neighbours, sizeof neighbours / sizeof *neighbours);
	table->counts[0] = count;
	views_add(table, &count, COLUMN_CONTEXT, COLUMN_COUNT, context_neighbours, 1);
	table->counts[1] = count;
	for (unsigned i = 0; i < count; i++) {
		const char *name = column_names[table->views[i].column];
		digest = hash64(name, strlen(name), digest + (uint64_t)(table->views[i].shift + 8));
	}
	table->digest = (uint32_t)digest;
}

unsigned features_views(unsigned stage)
{
	struct view_table table;
	views_make(&table);
	return table.counts[stage];
}

const char *features_view_name(unsigned view, int *shift)
{
	struct view_table table;
	views_make(&table);
	*shift = table.views[view].shift;
	return column_names[table.views[view].column];
}

unsigned features_view_column(unsigned view)
{
	struct view_table table;
	views_make(&table);
	return table.views[view].column;
}

uint32_t features_digest(void)
{
	struct view_table table;
	views_make(&table);
	return table.digest;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

enum status features_init(struct features *features)
{
	struct view_table table;
	memset(features, 0, sizeof *features);
	views_make(&table);
	features->view_count = table.counts[1];
	for (unsigned i = 0; i < table.counts[1]; i++)
		features->view_rows[i] = table.views[i].column << 8 | (table.views[i].shift + 128);
	return STATUS_OK;
}

void features_free(struct features *features)
{
	free(features->matrix);
	free(features->scratch);
	memset(features, 0, sizeof *features);
}

uint32_t *features_scratch(struct features *features, size_t size, bool zero)
{
	if (size > features->scratch_capacity) {
		size_t target = size + size / 2 + 4096;
		uint32_t *bigger = memory_grow(features->scratch, target * sizeof *bigger);
		if (!bigger)
			return NULL;
		features->scratch = bigger;
		features->scratch_capacity = target;
	}
	if (zero)
		memset(features->scratch, 0, size * sizeof *features->scratch);
	return features->scratch;
}

static enum status matrix_start(struct features *features, size_t count)
{
	size_t stride = ((count + MODEL_LANES - 1) & ~(size_t)(MODEL_LANES - 1)) + FEATURE_PAD;
	size_t need = stride * COLUMN_COUNT + FEATURE_PAD;
	if (need > features->capacity) {
		uint8_t *bigger = memory_grow(features->matrix, need + need / 4);
		if (!bigger)
			return STATUS_MEMORY;
		features->matrix = bigger;
		features->capacity = need + need / 4;
	}
	memset(features->matrix, 0, need);
	features->stride = stride;
	for (unsigned i = 0; i < features->view_count; i++)
		features->views[i] = features_row(features, (unsigned)features->view_rows[i] >> 8) +
				     (features->view_rows[i] & 255) - 128;
	return STATUS_OK;
}

/* ---- Containers --------------------------------------------------------------------------------------- */

static void sum_containers(struct blocks *blocks, struct page_facts *facts)
{
	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *block = &blocks->items[i];
		struct element *element = &blocks->elements[block->element];
		element->chars += block->chars;
		element->link_chars += block->link_chars;
		element->words += block->words;
		element->block_count++;
		if (block->is_long) {
			element->long_words += block->words;
			element->long_count++;
		}
	}
	for (size_t i = blocks->element_count; i-- > 1;) {
		const struct element *element = &blocks->elements[i];
		struct element *parent = &blocks->elements[element->parent];
		parent->chars += element->chars;
		parent->link_chars += element->link_chars;
		parent->words += element->words;
		parent->block_count += element->block_count;
		parent->long_words += element->long_words;
		parent->long_count += element->long_count;
		parent->images += element->images;
	}
	const struct element *body = &blocks->elements[0];
	facts->words = body->words;
	facts->long_words = body->long_words;
	facts->long_count = body->long_count;
	facts->chars = body->chars;
	facts->link_chars = body->link_chars;
}

static bool is_leaf_tag(uint8_t tag)
{
	return tag == BLOCK_TAG_p || tag == BLOCK_TAG_li || tag == BLOCK_TAG_pre || tag == BLOCK_TAG_blockquote ||
	       tag == BLOCK_TAG_td || (tag >= BLOCK_TAG_h1 && tag <= BLOCK_TAG_h4);
}

/* Starting points of a container in Readability's scheme, ×36. */
static int container_base(const struct element *element)
{
	static const int8_t by_tag[BLOCK_TAG_COUNT] = {
		[BLOCK_TAG_div] = 5, [BLOCK_TAG_article] = 5,    [BLOCK_TAG_section] = 3, [BLOCK_TAG_pre] = 3,
		[BLOCK_TAG_td] = 3,  [BLOCK_TAG_blockquote] = 3, [BLOCK_TAG_li] = -3,     [BLOCK_TAG_dd] = -3,
		[BLOCK_TAG_h1] = -5, [BLOCK_TAG_h2] = -5,        [BLOCK_TAG_h3] = -5,     [BLOCK_TAG_h4] = -5,
	};
	int tokens = element->score >= 16 ? 25 : element->score <= -16 ? -25 : 0;
	return 36 * (by_tag[element->tag] + tokens);
}

/* Paragraph scores propagated to five levels of ancestors (after Readability's grabArticle), and the mass of long text
 * near a container. */
static void score_containers(struct blocks *blocks)
{
	static const int16_t share[5] = {36, 18, 6, 4, 3};
	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *block = &blocks->items[i];
		uint32_t own = block->element;
		const struct element *element = &blocks->elements[own];
		uint32_t start = is_leaf_tag(element->tag) && element->parent != UINT32_MAX ? element->parent : own;
		if (block->is_long) {
			static const uint8_t weight[3] = {10, 7, 4};
			uint32_t at = start;
			for (int level = 0; level < 3 && at != UINT32_MAX; level++, at = blocks->elements[at].parent)
				blocks->elements[at].mass += block->words / WORD * weight[level];
		}
		if (block->chars < 25 || element->ancestors[ANCESTOR_nav] || element->ancestors[ANCESTOR_footer] ||
		    element->ancestors[ANCESTOR_hidden] || element->path_min < -64)
			continue;
		int score = 1 + (int)block->commas + (block->chars > 300 ? 3 : (int)block->chars / 100);
		uint32_t at = start;
		for (int level = 0; level < 5 && at != UINT32_MAX; level++, at = blocks->elements[at].parent) {
			struct element *above = &blocks->elements[at];
			if (above->readable == INT32_MIN)
				above->readable = container_base(above);
			above->readable += score * share[level];
		}
	}
}

static void find_winners(struct blocks *blocks, struct page_facts *facts)
{
	int64_t best = INT64_MIN;
	uint32_t mass = 0, article = 0;
	facts->best = facts->mass = facts->article = UINT32_MAX;
	for (size_t i = 0; i < blocks->element_count; i++) {
		struct element *element = &blocks->elements[i];
		if (element->readable != INT32_MIN && element->block_count) {
			int64_t value = (int64_t)element->readable * (element->chars - element->link_chars) /
					(element->chars ? element->chars : 1);
			element->readable = (int32_t)value;
			if (value > best) {
				best = value;
				facts->best = (uint32_t)i;
			}
		}
		if (element->mass > mass) {
			mass = element->mass;
			facts->mass = (uint32_t)i;
		}
		if (element->tag == BLOCK_TAG_article &&
		    (facts->article == UINT32_MAX || element->long_words > article)) {
			article = element->long_words;
			facts->article = (uint32_t)i;
		}
	}
}

/* ---- Overlaps with metadata --------------------------------------------------------------------------- */

/* A set of hashes with open addressing in the scratch area. */
struct hash_set {
	uint32_t *slots, mask;
	size_t count;
};

static void set_add(struct hash_set *set, uint32_t hash)
{
	hash += !hash;
	if (set->count > set->mask / 2)
		return;
	uint32_t at = (hash * 0x9e3779b1u) >> 7 & set->mask;
	while (set->slots[at] && set->slots[at] != hash)
		at = (at + 1) & set->mask;
	set->count += !set->slots[at];
	set->slots[at] = hash;
}

static bool set_has(const struct hash_set *set, uint32_t hash)
{
	hash += !hash;
	uint32_t at = (hash * 0x9e3779b1u) >> 7 & set->mask;
	while (set->slots[at] && set->slots[at] != hash)
		at = (at + 1) & set->mask;
	return set->slots[at] == hash;
}

static uint32_t triple(const uint32_t *tokens)
{
	return (tokens[0] * 31 + tokens[1]) * 31 + tokens[2];
}

/* Room for twice the tokens that a set may get: authors and site are read 8 tokens a name. */
enum {
	TITLE_TOKENS = 40,
	DESCRIPTION_TOKENS = 200,
	BODY_TOKENS = 6000,
	NAME_TOKENS = 8,
	NAMES = 20,
	SET_TITLE = 128,
	SET_DESCRIPTION = 512,
	SET_AUTHORS = 512,
	SET_SITE = 32,
	SET_BODY = 16384
};

struct overlap_sets {
	struct hash_set title, description, body, authors, site;
	uint64_t named[64]; /* a bit for each token of title, authors and site: most tokens of a page are in none */
	size_t title_count, body_count;
};

static uint32_t named_bit(uint32_t token)
{
	return (token * 0x9e3779b1u) >> 20;
}

static void add_names(struct overlap_sets *sets, struct hash_set *set, const uint32_t *tokens, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		set_add(set, tokens[i]);
		sets->named[named_bit(tokens[i]) / 64] |= (uint64_t)1 << named_bit(tokens[i]) % 64;
	}
}

static bool any_named(const struct overlap_sets *sets, const uint32_t *tokens, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (sets->named[named_bit(tokens[i]) / 64] >> named_bit(tokens[i]) % 64 & 1)
			return true;
	return false;
}

static void add_triples(struct hash_set *set, const uint32_t *tokens, size_t count)
{
	for (size_t i = 0; i + 3 <= count; i++)
		set_add(set, triple(tokens + i));
}

/* Sets stand in scratch: title, description, authors, site, body, then room for tokens. */
static enum status overlap_make(struct features *features, const struct blocks *blocks,
				const struct page_metadata *metadata, struct overlap_sets *sets)
{
	size_t body_size = metadata->json_body.size > 200 ? SET_BODY : 0;
	const size_t small = SET_TITLE + SET_DESCRIPTION + SET_AUTHORS + SET_SITE;
	uint32_t *space = features_scratch(features, small + SET_BODY + BODY_TOKENS, false);
	if (!space)
		return STATUS_MEMORY;
	memset(space, 0, (small + body_size) * sizeof *space);
	memset(sets->named, 0, sizeof sets->named);
	uint32_t *tokens = space + small + SET_BODY;
	sets->title = (struct hash_set){space, SET_TITLE - 1, 0};
	sets->description = (struct hash_set){space + SET_TITLE, SET_DESCRIPTION - 1, 0};
	sets->authors = (struct hash_set){space + SET_TITLE + SET_DESCRIPTION, SET_AUTHORS - 1, 0};
	sets->site = (struct hash_set){space + small - SET_SITE, SET_SITE - 1, 0};
	sets->body = (struct hash_set){space + small, body_size ? SET_BODY - 1 : 0, 0};
	struct span title = metadata->title.size ? metadata->title : metadata->title_full;
	size_t count = title.size ? text_tokens(blocks, title, tokens, TITLE_TOKENS) : 0;
	add_names(sets, &sets->title, tokens, count);
	sets->title_count = sets->title.count;
	struct span longest = metadata->description;
	for (size_t i = 0; i < metadata->description_count; i++)
		if (metadata->descriptions[i].size > longest.size)
			longest = metadata->descriptions[i];
	if (longest.size)
		add_triples(&sets->description, tokens, text_tokens(blocks, longest, tokens, DESCRIPTION_TOKENS));
	for (size_t a = 0; a < metadata->author_count && a < NAMES; a++) {
		count = text_tokens(blocks, metadata->authors[a], tokens, NAME_TOKENS);
		add_names(sets, &sets->authors, tokens, count);
	}
	count = metadata->site_name.size ? text_tokens(blocks, metadata->site_name, tokens, NAME_TOKENS) : 0;
	add_names(sets, &sets->site, tokens, count);
	if (body_size)
		add_triples(&sets->body, tokens, text_tokens(blocks, metadata->json_body, tokens, BODY_TOKENS));
	sets->body_count = sets->body.count;
	return STATUS_OK;
}

/* Share of the block's first token triples that the set has, 0..200. */
static uint8_t triples_shared(const struct hash_set *set, const uint32_t *tokens, size_t count)
{
	uint32_t shared = 0;
	if (count < 3 || !set->count)
		return 0;
	for (size_t i = 0; i + 3 <= count; i++)
		shared += set_has(set, triple(tokens + i));
	return byte_ratio(shared, count - 2, 200);
}

/* Jaccard index of the title's tokens and the block's, 0..200. */
static uint8_t title_overlap(const struct overlap_sets *sets, const uint32_t *tokens, const struct block *block)
{
	uint32_t shared = 0, distinct = 0;
	if (!sets->title_count || block->tokens > TOKENS_KEPT)
		return 0;
	for (size_t i = 0; i < block->hash_count; i++) {
		bool again = false;
		for (size_t k = 0; k < i && !again; k++)
			again = tokens[k] == tokens[i];
		if (again)
			continue;
		distinct++;
		shared += set_has(&sets->title, tokens[i]);
	}
	return byte_ratio(shared, sets->title_count + distinct - shared, 200);
}

static uint32_t set_hits(const struct hash_set *set, const uint32_t *tokens, size_t count)
{
	uint32_t hits = 0;
	for (size_t k = 0; set->count && k < count; k++)
		hits += set_has(set, tokens[k]);
	return hits;
}

static void fill_overlaps(struct features *features, const struct blocks *blocks, const struct overlap_sets *sets)
{
	uint8_t *title = features_row(features, COLUMN_title_overlap),
		*description = features_row(features, COLUMN_description_overlap);
	uint8_t *body = features_row(features, COLUMN_body_overlap),
		*author = features_row(features, COLUMN_author_overlap);
	uint8_t *site_hits = features_row(features, COLUMN_site_hits),
		*author_hits = features_row(features, COLUMN_author_hits);
	uint32_t headline = UINT32_MAX, first_h1 = UINT32_MAX;
	bool in_h1 = false;
	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *block = &blocks->items[i];
		const uint32_t *tokens = blocks->hashes + block->hashes;
		bool h1 = blocks->elements[block->element].tag == BLOCK_TAG_h1;
		description[i] = triples_shared(&sets->description, tokens, block->hash_count);
		body[i] = sets->body_count >= 40 ? 1 + triples_shared(&sets->body, tokens, block->hash_count) : 0;
		if (any_named(sets, tokens, block->hash_count)) { /* else all of these are 0 */
			title[i] = title_overlap(sets, tokens, block);
			uint32_t named = set_hits(&sets->authors, tokens, block->hash_count);
			author_hits[i] = byte_clip(named);
			if (block->tokens <= TOKENS_KEPT)
				author[i] = byte_ratio(named, block->tokens < 12 ? block->tokens : 12, 60);
			named = set_hits(&sets->site, tokens, block->hash_count);
			site_hits[i] = byte_ratio(named, sets->site.count, 10);
		}
		if (title[i] >= 120 && (headline == UINT32_MAX || (h1 && !in_h1))) {
			headline = (uint32_t)i;
			in_h1 = h1;
		}
		if (h1 && first_h1 == UINT32_MAX)
			first_h1 = (uint32_t)i;
	}
	features->facts.title = headline != UINT32_MAX ? headline : first_h1;
}

/* ---- Own and token features --------------------------------------------------------------------------- */

/* Few of them stand above a block: eight are passed over at once where none does. */
static void fill_ancestors(struct features *f, const struct element *e, size_t block)
{
	for (unsigned from = 0; from < ANCESTOR_COUNT; from += 8) {
		unsigned to = from + 8 < ANCESTOR_COUNT ? from + 8 : ANCESTOR_COUNT;
		uint64_t any = 0;
		memcpy(&any, e->ancestors + from, to - from);
		for (unsigned k = from; any && k < to; k++)
			if (e->ancestors[k])
				features_row(f, COLUMN_ANCESTORS + k)[block] = e->ancestors[k];
	}
}

static void fill_own(struct features *f, const struct blocks *blocks)
{
#define ROW(name) uint8_t *name = features_row(f, COLUMN_##name)
	ROW(words);
	ROW(word_length);
	ROW(link_share);
	ROW(links);
	ROW(stops);
	ROW(stop_rate);
	ROW(comma_rate);
	ROW(ends);
	ROW(colon);
	ROW(upper);
	ROW(title_case);
	ROW(digit);
	ROW(date);
	ROW(symbol);
	ROW(cjk);
	ROW(bold);
	ROW(breaks);
	ROW(lower_start);
	ROW(quote_start);
	ROW(images_before);
	ROW(inline_min);
	ROW(inline_max);
	ROW(is_paragraph);
	ROW(is_heading);
	ROW(sentence);
	ROW(money);
	ROW(depth);
	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *b = &blocks->items[i];
		const struct element *e = &blocks->elements[b->element];
		unsigned tail = char_class(blocks, b->tail_code), head = char_class(blocks, b->head_code);
		uint32_t whole = b->words / WORD;
		words[i] = byte_log(b->words / 4);
		word_length[i] = byte_ratio(b->chars, b->tokens ? b->tokens : 1, 10);
		link_share[i] = byte_ratio(b->link_chars, b->chars, 200);
		links[i] = byte_log(b->links);
		stops[i] = byte_log(b->stops);
		stop_rate[i] = byte_ratio(b->stops, whole ? whole : 1, 200);
		comma_rate[i] = byte_ratio(b->commas, whole ? whole : 1, 200);
		ends[i] = (tail & CHAR_END) != 0;
		colon[i] = b->tail_code == ':' || b->tail_code == 0xff1a;
		upper[i] = byte_ratio(b->upper, b->letters ? b->letters : 1, 100);
		title_case[i] = byte_ratio(b->caps, b->pieces ? b->pieces : 1, 100);
		digit[i] = byte_ratio(b->digits, b->chars, 200);
		date[i] = b->date;
		symbol[i] = b->symbol;
		cjk[i] = byte_ratio(b->cjk, b->chars, 10);
		bold[i] = byte_ratio(b->bold_chars, b->chars, 20);
		breaks[i] = byte_log(b->breaks);
		lower_start[i] = (head & CHAR_LETTER) && !(head & (CHAR_UPPER | CHAR_CJK));
		quote_start[i] = (head & CHAR_QUOTE) != 0;
		images_before[i] = byte_log(b->images);
		inline_min[i] = byte_clip(128 + b->inline_min / 2);
		inline_max[i] = byte_clip(128 + b->inline_max / 2);
		is_paragraph[i] = e->tag == BLOCK_TAG_p;
		is_heading[i] = e->level;
		sentence[i] = (tail & CHAR_END) && b->stops;
		money[i] = byte_log(b->money);
		depth[i] = byte_log(e->depth);
		features_row(f, COLUMN_TAGS + e->tag)[i] = 1;
		fill_ancestors(f, e, i);
	}
}

static void fill_tokens(struct features *f, const struct blocks *blocks, const struct model_tokens *tokens)
{
	ROW(token_own);
	ROW(token_parent);
	ROW(token_grand);
	ROW(token_sum);
	ROW(token_min);
	ROW(token_max);
	ROW(token_low);
	ROW(token_high);
	ROW(word_mean);
	ROW(word_min);
	ROW(word_max);
	ROW(word_sum);
	ROW(word_first);
	ROW(word_last);
	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *b = &blocks->items[i];
		const struct element *e = &blocks->elements[b->element];
		int own = e->score, parent = 0, grand = 0, low = own, high = own;
		if (e->parent != UINT32_MAX) {
			const struct element *up = &blocks->elements[e->parent];
			parent = up->score;
			grand = up->parent != UINT32_MAX ? blocks->elements[up->parent].score : 0;
		}
		low = parent < low ? parent : low;
		low = grand < low ? grand : low;
		high = parent > high ? parent : high;
		high = grand > high ? grand : high;
		token_own[i] = byte_clip(128 + own / 2);
		token_parent[i] = byte_clip(128 + parent / 2);
		token_grand[i] = byte_clip(128 + grand / 2);
		token_sum[i] = byte_clip(128 + e->path_sum / 6);
		token_min[i] = byte_clip(128 + e->path_min / 2);
		token_max[i] = byte_clip(128 + e->path_max / 2);
		token_low[i] = byte_clip(128 + low / 2);
		token_high[i] = byte_clip(128 + high / 2);
		/* words: all of a short block, else its head and tail */
		uint32_t few = b->tokens <= 40 ? b->hash_count : 24;
		int sum = 0, least = 127, most = -127, first = 0, last = 0, n = 0;
		for (uint32_t k = 0; k < few; k++, n++) {
			int weight = model_word_score(tokens, blocks->hashes[b->hashes + k]);
			first = k ? first : weight;
			last = weight;
			sum += weight;
			least = weight < least ? weight : least;
			most = weight > most ? weight : most;
		}
		for (uint32_t k = 0; b->tokens > 40 && k < TOKENS_LAST; k++, n++) {
			int weight = model_word_score(tokens, b->last_hashes[(b->tokens + k) % TOKENS_LAST]);
			last = weight;
			sum += weight;
			least = weight < least ? weight : least;
			most = weight > most ? weight : most;
		}
		word_mean[i] = byte_clip(128 + (n ? sum / n : 0));
		word_min[i] = byte_clip(128 + (n ? least : 0));
		word_max[i] = byte_clip(128 + (n ? most : 0));
		word_sum[i] = byte_clip(128 + sum / 3);
		word_first[i] = byte_clip(128 + first);
		word_last[i] = byte_clip(128 + last);
	}
}

enum status features_page(struct features *features, struct blocks *blocks, const struct html_tree *tree,
			  const struct page_metadata *metadata, const struct model_tokens *tokens)
{
	struct overlap_sets sets;
	memset(&features->facts, 0, sizeof features->facts);
	enum status status = matrix_start(features, blocks->count);
	if (!status)
		status = overlap_make(features, blocks, metadata, &sets);
	if (status || !blocks->element_count)
		return status;
	sum_containers(blocks, &features->facts);
	score_containers(blocks);
	find_winners(blocks, &features->facts);
	fill_own(features, blocks);
	fill_tokens(features, blocks, tokens);
	fill_overlaps(features, blocks, &sets);
	return features_place(features, blocks, tree, metadata);
}
