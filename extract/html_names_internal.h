/* html_names_internal: the name lookups, inline for the tokenizer. */
#ifndef WARCMILL_HTML_NAMES_INTERNAL_H
#define WARCMILL_HTML_NAMES_INTERNAL_H

#include "extract/html_internal.h"
#include "extract/html_names_table.h"

static inline unsigned name_slot(struct name_key key, uint64_t k1, uint64_t k2, unsigned bits)
{
	return (unsigned)(((key.low ^ (key.high * k1)) * k2) >> (64 - bits));
}

static inline bool name_matches(const char *known, struct name_key key)
{
	struct name_key other;
	block_halves(block_load(known), &other.low, &other.high);
	return ((other.low ^ key.low) | (other.high ^ key.high)) == 0;
}

/* No known tag is longer than 16 bytes (the generator sees to it). Sizes are compared because of NUL bytes in names. */
static inline enum html_tag name_tag(struct name_key key, size_t size)
{
	unsigned id = html_tag_slots[name_slot(key, HTML_TAG_HASH_K1, HTML_TAG_HASH_K2, HTML_TAG_HASH_BITS)];
	bool found = (html_tag_names[id].size == size) & name_matches(html_tag_names[id].name, key) & (id != 0);
	return found ? (enum html_tag)id : HTML_TAG_UNKNOWN;
}

static inline enum html_attr name_attr(struct name_key key, const char *name, size_t size)
{
	if (__builtin_expect(size > 16, 0)) {
		for (size_t i = 0; i < sizeof html_attr_long; i++) {
			const struct html_known_name *known = &html_attr_names[html_attr_long[i]];
			if (known->size == size &&
			    span_equal_nocase((struct span){known->name, size}, (struct span){name, size}))
				return (enum html_attr)html_attr_long[i];
		}
		return HTML_ATTR_UNKNOWN;
	}
	unsigned id = html_attr_slots[name_slot(key, HTML_ATTR_HASH_K1, HTML_ATTR_HASH_K2, HTML_ATTR_HASH_BITS)];
	return html_attr_names[id].size == size && name_matches(html_attr_names[id].name, key) && id
		       ? (enum html_attr)id
		       : HTML_ATTR_UNKNOWN;
}

#endif
