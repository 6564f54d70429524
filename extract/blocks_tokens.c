/* blocks_tokens: the names that an element bears (class, id, role, itemprop …) as token hashes, and what they weigh. */
#include "extract/blocks_internal.h"
#include "extract/html_scan.h"
#include "extract/model.h"

struct token_set {
	uint32_t *out;
	size_t count;
	uint64_t seen; /* a bit for each: most tokens are new */
};

static void token_add(struct token_set *set, uint32_t hash)
{
	if (set->count == ELEMENT_TOKENS)
		return;
	hash = mix32(hash);
	uint64_t bit = (uint64_t)1 << hash % 64;
	for (size_t i = 0; set->seen & bit && i < set->count; i++)
		if (set->out[i] == hash)
			return;
	set->seen |= bit;
	set->out[set->count++] = hash;
}

static uint32_t step_all(uint32_t hash, const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = TOKEN_STEP(hash, (unsigned char)at[i] | 0x20u);
	return hash;
}

/* The words of one name: letters only, split at other characters and at camelCase (so capitals, then small letters);
 * where there are several, their chain "a-b-c" comes first, since "entry-content" says more than its parts. Without a
 * prefix a name ends at white space. Returns where it ended. */
static const char *name_tokens(struct token_set *set, const char *at, const char *end, char prefix)
{
	enum { CHAIN_LETTERS = 40 };
	uint32_t parts[ELEMENT_TOKENS], start = prefix ? TOKEN_STEP(TOKEN_SEED, (unsigned char)prefix) : TOKEN_SEED;
	uint32_t chain = start;
	size_t count = 0, chained = 0;
	while (at < end) {
		if (!ascii_is_alpha((unsigned char)*at)) {
			if (!prefix && ascii_is_space((unsigned char)*at))
				break;
			at++;
			continue;
		}
		const char *word = at;
		uint32_t hash = start;
		for (; at < end && (unsigned char)(*at - 'A') < 26; at++)
			hash = TOKEN_STEP(hash, (unsigned char)*at | 0x20u);
		for (; at < end && (unsigned char)(*at - 'a') < 26; at++)
			hash = TOKEN_STEP(hash, (unsigned char)*at);
		size_t size = (size_t)(at - word), room = chained < CHAIN_LETTERS ? CHAIN_LETTERS - chained : 0;
		if (size > 1 && count < ELEMENT_TOKENS)
			parts[count++] = hash;
		if (!chained && size <= room)
			chain = hash; /* so far they are the same */
		else
			chain = step_all(chained ? TOKEN_STEP(chain, '-') : chain, word, size < room ? size : room);
		chained += size;
	}
	if (count > 1 && !prefix)
		token_add(set, chain);
	for (size_t i = 0; i < count; i++)
		token_add(set, parts[i]);
	return at;
}

static void list_tokens(struct token_set *set, struct span list)
{
	list = span_slice(list, 0, 300);
	const char *at = list.data, *end = list.size ? at + list.size : at;
	while (at < end) {
		if (ascii_is_space((unsigned char)*at))
			at++;
		else
			at = name_tokens(set, at, end, 0);
	}
}

/* Prefix that keeps the vocabularies of attributes apart; 0: not read. */
static char attribute_prefix(enum html_attr attr)
{
	switch (attr) {
	case HTML_ATTR_ITEMPROP:
	case HTML_ATTR_PROPERTY:
		return '@';
	case HTML_ATTR_ITEMTYPE:
		return '^';
	case HTML_ATTR_ROLE:
		return '%';
	case HTML_ATTR_REL:
		return '&';
	case HTML_ATTR_ARIA_LABEL:
		return '~';
	case HTML_ATTR_DATA_COMPONENT:
	case HTML_ATTR_DATA_COMPONENT_NAME:
	case HTML_ATTR_DATA_TESTID:
	case HTML_ATTR_DATA_QA:
	case HTML_ATTR_DATA_TYPE:
	case HTML_ATTR_DATA_MODULE:
	case HTML_ATTR_DATA_BLOCK:
	case HTML_ATTR_DATA_WIDGET:
		return '#';
	default:
		return 0;
	}
}

size_t element_tokens(const struct html_tree *tree, uint32_t node, uint32_t out[ELEMENT_TOKENS])
{
	struct token_set set = {out, 0, 0};
	uint32_t count = html_attr_count(tree, node);
	struct span name, value;
	if (!count)
		return 0;
	list_tokens(&set, html_attr(tree, node, HTML_ATTR_CLASS));
	list_tokens(&set, html_attr(tree, node, HTML_ATTR_ID));
	for (uint32_t i = 0; i < count && i < 32; i++) {
		char prefix = attribute_prefix((enum html_attr)tree->attributes[tree->nodes[node].attributes + i].id);
		if (!prefix)
			continue;
		html_attr_at(tree, node, i, &name, &value);
		if (!value.size)
			continue;
		size_t slash = value.size;
		while (slash && value.data[slash - 1] != '/')
			slash--;
		struct span name_of_it = span_slice(value, slash, 60);
		name_tokens(&set, name_of_it.data, name_of_it.data + name_of_it.size, prefix);
	}
	return set.count;
}

/* The memo answers for all attributes at once: the rows of a page's lists repeat them endlessly. */

static uint32_t signature_of(struct span list)
{
	uint32_t hash = TOKEN_SEED;
	size_t i = 0;
	for (; list.size - i >= 16; i += 16) {
		if (block_bits(block_range(block_load(list.data + i), '0', '9')))
			break;
		hash = token_run(hash, list.data + i, 16);
	}
	for (; i < list.size; i++)
		if (!ascii_is_digit((unsigned char)list.data[i]))
			hash = TOKEN_STEP(hash, (unsigned char)list.data[i]);
	return mix32(hash);
}

static bool style_hides(struct span style)
{
	char text[200];
	size_t size = 0;
	for (size_t i = 0; i < style.size && size < sizeof text; i++)
		if (!ascii_is_space((unsigned char)style.data[i]))
			text[size++] = (char)ascii_lower((unsigned char)style.data[i]);
	struct span flat = {text, size};
	return span_find(flat, SPAN("display:none")) != SIZE_MAX ||
	       span_find(flat, SPAN("visibility:hidden")) != SIZE_MAX;
}

/* Eight bytes a step. The key has 64 well-mixed bits: two sets of attributes of a page share one only by intent. */
static uint64_t key_add(uint64_t key, const char *at, size_t size)
{
	uint64_t word;
	key = (key ^ size) * 0x9e3779b97f4a7c15u;
	for (; size >= 8; at += 8, size -= 8) {
		memcpy(&word, at, 8);
		key = (key ^ word) * 0xff51afd7ed558ccdu;
		key ^= key >> 32;
	}
	for (word = 0; size; size--)
		word = word << 8 | (unsigned char)at[size - 1];
	key = (key ^ word) * 0xc4ceb9fe1a85ec53u;
	return key ^ key >> 29;
}

const struct class_memo *element_look(struct blocks *blocks, const struct html_tree *tree, uint32_t node,
				      const struct model_tokens *tokens)
{
	static const struct class_memo bare = {0, 0, 0, false};
	uint32_t count = html_attr_count(tree, node);
	uint64_t key = 0x9e3779b97f4a7c15u;
	bool any = false, hidden = false;
	if (!count)
		return &bare;
	struct html_attribute *attribute = tree->attributes + tree->nodes[node].attributes;
	for (uint32_t i = 0; i < count && i < 32; i++, attribute++) {
		hidden |= attribute->id == HTML_ATTR_HIDDEN;
		if (!blocks->looked_at[attribute->id])
			continue;
		if (attribute->raw)
			html_attribute_decode(tree, attribute);
		any = true;
		key = key_add(key + attribute->id, attribute->value,
			      attribute->value_size < 300 ? attribute->value_size : 300);
	}
	key += hidden;
	if (!any && !hidden)
		return &bare;
	struct class_memo *memo = &blocks->memo[key >> (64 - MEMO_BITS)];
	if (memo->key == key)
		return memo;
	uint32_t out[ELEMENT_TOKENS];
	size_t n = element_tokens(tree, node, out);
	memo->key = key;
	memo->score = (int16_t)model_element_score(tokens, out, n);
	memo->signature = signature_of(html_attr(tree, node, HTML_ATTR_CLASS));
	memo->hidden = hidden || span_equal(html_attr(tree, node, HTML_ATTR_ARIA_HIDDEN), SPAN("true")) ||
		       style_hides(html_attr(tree, node, HTML_ATTR_STYLE));
	return memo;
}

void element_attributes_fill(bool looked_at[HTML_ATTR_COUNT])
{
	for (int id = 0; id < HTML_ATTR_COUNT; id++)
		looked_at[id] = id == HTML_ATTR_CLASS || id == HTML_ATTR_ID || id == HTML_ATTR_STYLE ||
				id == HTML_ATTR_ARIA_HIDDEN || attribute_prefix((enum html_attr)id);
}
