/* html_tokenizer: text, tags and attributes (WHATWG HTML 13.2.5), the part of the tokenizer that pages are made of.
 *
 * The standard's state machine looks at one character at a time; here each state that can last is one vector scan
 * (a name to its terminator, a value to its quote, text to the next '<'), and nothing is copied: tokens are spans of
 * the input with a note whether they still need decoding. Names are folded and hashed from the same 16-byte block
 * that found their end. The rare rest (comments, doctypes, raw text) is in html_markup.c. */
#include "extract/html_names_internal.h"

struct name {
	struct name_key key;
	size_t size;
	block16 block; /* the first bytes as they are */
	bool slow;     /* did not end in them, or holds a control character */
};

static bool name_end(char c, bool attribute)
{
	return html_space(c) || c == '/' || c == '>' || (attribute && c == '=');
}

/* The end of a name that runs on from AT. */
static const char *name_rest(const char *at, const char *end, bool attribute)
{
	while (at < end && !name_end(*at, attribute))
		at++;
	return at;
}

/* Read the name AT (the first byte belongs to it whatever it is, unless it ends a tag name). Returns its end.
 *
 * Every control character stops the scan, so that one comparison does for white space; those that are none go on in
 * name_rest. Lower case is one OR: what else it changes (@[\]^_ and control characters) is in no known name. */
static inline const char *name_read(const char *at, const char *end, bool attribute, struct name *name)
{
	block16 block = block_load_until(at, end);
	block16 stop = block_or(block_at_most(block, ' '), block_or(block_is(block, '/'), block_is(block, '>')));
	if (attribute)
		stop = block_or(stop, block_is(block, '='));
	size_t size = block_first_or_16(block_bits(stop));
	const char *stopped = at + size; /* not beyond END: the zeros there stop, too */
	name->block = block;
	name->slow = false;
	block = block_keep(block_or(block, block_all(0x20)), size);
	block_halves(block, &name->key.low, &name->key.high);
	if (__builtin_expect(stopped < end && (size == 16 || size == 0 || !name_end(*stopped, attribute)), 0)) {
		stopped = name_rest(size == 0 && attribute ? at + 1 : stopped, end, attribute);
		size = (size_t)(stopped - at);
		name->slow = true;
	}
	name->size = size;
	return stopped;
}

/* Whether the name AT has upper case or NUL. */
static bool name_folds(const struct name *name, const char *at)
{
	if (!name->slow && name->size < 16)
		return (block_bits(block_range(name->block, 'A', 'Z')) & block_below((unsigned)name->size)) != 0;
	for (const char *end = at + name->size; at < end; at++)
		if (*at == '\0' || (unsigned char)(*at - 'A') < 26)
			return true;
	return false;
}

/* ---- Attributes ----------------------------------------------------------------------------------------- */

/* Which names a tag has had. Known names: one bit each. Others: a filter of 64 bits before they are compared, and
 * a hash set once there are many. */
struct seen {
	uint64_t known[2], filter;
	uint32_t others;
};

enum { OTHERS_COMPARED = 24 };

static bool same_name(const struct html_attribute *a, const struct html_attribute *b)
{
	return a->name_size == b->name_size && a->id == b->id && memcmp(a->name, b->name, a->name_size) == 0;
}

/* Look up attribute NEW in the hash set, adding it. */
static bool set_has(struct html_parser *p, uint32_t index)
{
	struct html_attribute *new = &p->tree.attributes[p->token.attributes + index];
	uint32_t mask = p->attribute_slot_count - 1;
	uint32_t slot = (uint32_t)hash64(new->name, new->name_size, 0) & mask;
	for (;; slot = (slot + 1) & mask) {
		uint32_t *entry = p->attribute_slots + 2 * (size_t)slot;
		if (entry[0] != p->attribute_round) {
			entry[0] = p->attribute_round;
			entry[1] = index;
			return false;
		}
		if (same_name(new, &p->tree.attributes[p->token.attributes + entry[1]]))
			return true;
	}
}

/* Begin the hash set with the attributes so far. */
static void set_start(struct html_parser *p, uint32_t count)
{
	if (++p->attribute_round == 0) {
		memset(p->attribute_slots, 0, sizeof(uint32_t) * 2 * p->attribute_slot_count);
		p->attribute_round = 1;
	}
	for (uint32_t i = 0; i < count; i++)
		if (p->tree.attributes[p->token.attributes + i].id == HTML_ATTR_UNKNOWN)
			set_has(p, i);
}

/* Whether the unknown name of the attribute at INDEX of the token, hashed to KEY, came before on this tag. */
static bool seen_other(struct html_parser *p, struct seen *seen, uint32_t index, struct name_key key)
{
	uint64_t bit = UINT64_C(1) << (((key.low ^ key.high) * UINT64_C(0x9e3779b97f4a7c15)) >> 58);
	if (seen->others++ >= OTHERS_COMPARED) {
		if (seen->others == OTHERS_COMPARED + 1)
			set_start(p, index);
		return set_has(p, index);
	}
	if (!(seen->filter & bit)) {
		seen->filter |= bit;
		return false;
	}
	const struct html_attribute *a = p->tree.attributes + p->token.attributes, *new = a + index;
	for (; a < new; a++)
		if (same_name(a, new))
			return true;
	return false;
}

/* Store NAME and value as attribute INDEX of the token. False when it is a duplicate. */
static inline bool attribute_keep(struct html_parser *p, struct seen *seen, const struct name *name, const char *at,
				  struct span value, bool special)
{
	uint32_t index = p->token.attribute_count;
	if (__builtin_expect(index >= p->limits.attribute_max, 0)) {
		p->tree.cut = true;
		return false;
	}
	if (__builtin_expect(p->token.attributes + index >= p->attribute_capacity, 0) && !html_grow_attributes(p))
		return false;
	struct html_attribute *new = &p->tree.attributes[p->token.attributes + index];
	enum html_attr id = name_attr(name->key, at, name->size);
	*new = (struct html_attribute){.name = at,
				       .value = value.data,
				       .value_size = (uint32_t)value.size,
				       .name_size = (uint16_t)(name->size < UINT16_MAX ? name->size : UINT16_MAX),
				       .id = (uint8_t)id,
				       .raw = special};
	if (id != HTML_ATTR_UNKNOWN) {
		uint64_t bit = UINT64_C(1) << (id & 63);
		if (seen->known[id >> 6] & bit)
			return false;
		seen->known[id >> 6] |= bit;
		new->name = html_attr_names[id].name;
		return true;
	}
	if (__builtin_expect(name_folds(name, at), 0)) {
		struct span folded = html_name_fold(p, (struct span){at, new->name_size});
		if (folded.data == NULL)
			return false;
		new->name = folded.data;
		new->name_size = (uint16_t)(folded.size < UINT16_MAX ? folded.size : UINT16_MAX);
	}
	return !seen_other(p, seen, index, name->key);
}

static inline const char *skip_space(const char *at, const char *end)
{
	while (at < end && html_space(*at))
		at++;
	return at;
}

static const char *unquoted_read(const char *at, const char *end, struct span *value, bool *special)
{
	const char *start = at;
	for (; at < end && !html_space(*at) && *at != '>'; at++)
		*special |= *at == '&' || *at == '\0';
	*value = (struct span){start, (size_t)(at - start)};
	return at;
}

/* What follows an attribute's name: "= value" or nothing. Returns where the next state begins; END when it never does.
 */
static inline const char *value_read(struct html_parser *p, const char *at, struct span *value, bool *special)
{
	const char *end = p->end;
	*value = (struct span){at, 0};
	if (__builtin_expect(at >= end, 0))
		return end;
	if (__builtin_expect(*at != '=', 0)) {
		at = skip_space(at, end);
		if (at == end || *at != '=')
			return at;
	}
	if (++at < end && html_space(*at))
		at = skip_space(at, end);
	if (at >= end)
		return end;
	if (__builtin_expect(*at == '"' || *at == '\'', 1)) {
		const char *quote = html_scan(p->scan, at + 1, end, *at, '&', special);
		*value = (struct span){at + 1, (size_t)(quote - at - 1)};
		return quote < end ? quote + 1 : end;
	}
	if (*at == '>') { /* missing value */
		*value = (struct span){at, 0};
		return at;
	}
	return unquoted_read(at, end, value, special);
}

/* The attributes from AT, after the tag's name. Returns the byte after '>', or NULL when the input ends before. A
 * function of its own, so that tags without attributes do not pay for its registers. */
static __attribute__((noinline)) const char *attributes_read(struct html_parser *p, const char *at, bool keep)
{
	const char *end = p->end;
	struct seen seen = {{0, 0}, 0, 0};
	for (;;) {
		while (at < end && (html_space(*at) || *at == '/')) {
			if (*at == '/' && at + 1 < end && at[1] == '>') {
				p->token.self_closing = true;
				return at + 2;
			}
			at++;
		}
		if (at == end)
			return NULL;
		if (*at == '>')
			return at + 1;
		struct name name;
		struct span value;
		bool special = false;
		const char *start = at;
		at = value_read(p, name_read(at, end, true, &name), &value, &special);
		if (at == end)
			return NULL;
		if (keep && attribute_keep(p, &seen, &name, start, value, special))
			p->token.attribute_count++;
	}
}

/* ---- Tags and text --------------------------------------------------------------------------------------- */

/* The name AT, in lower case, of a tag without an id. */
static __attribute__((noinline)) struct span tag_other(struct html_parser *p, const char *at, size_t size, bool slow)
{
	struct span span = {at, size < UINT16_MAX / 4 ? size : UINT16_MAX / 4};
	struct name name = {.size = size, .slow = slow, .block = block_load_until(at, p->end)};
	return name_folds(&name, at) ? html_name_fold(p, span) : span;
}

/* A start or end tag whose name is AT. False when the input ends inside it: nothing is emitted then. */
static inline bool tag_read(struct html_parser *p, const char *at, enum token_kind kind)
{
	struct html_token *token = &p->token;
	struct name name;
	const char *rest = name_read(at, p->end, false, &name);
	token->kind = kind;
	token->self_closing = false;
	token->attributes = p->tree.attribute_count;
	token->attribute_count = 0;
	token->tag = name_tag(name.key, name.size);
	if (__builtin_expect(token->tag != HTML_TAG_UNKNOWN, 1))
		token->name = (struct span){html_tag_names[token->tag].name, html_tag_names[token->tag].size};
	else
		token->name = tag_other(p, at, name.size, name.slow);
	if (rest < p->end && *rest == '>')
		p->at = rest + 1;
	else {
		rest = attributes_read(p, rest, kind == TOKEN_START);
		p->at = rest ? rest : p->end;
	}
	return rest != NULL;
}

static inline bool starts_markup(const char *at, const char *end)
{
	if (end - at < 2)
		return false;
	return ascii_is_alpha((unsigned char)at[1]) || at[1] == '!' || at[1] == '?' || (at[1] == '/' && end - at >= 3);
}

/* From AT, a '<' that is text: most likely there are more. Returns where the search for '<' alone goes on: at one that
 * begins markup, or after 64 bytes without any. */
static const char *stray_skip(const char *at, const char *end, bool *special)
{
	for (int quiet = 0; end - at > 17 && quiet < 4; quiet++) { /* 17: then '<' and two more are inside */
		block16 block = block_load(at), next = block_load(at + 1), open = block_is(block, '<');
		block16 begins =
			block_or(block_range(block_or(next, block_all(0x20)), 'a', 'z'),
				 block_or(block_is(next, '!'), block_or(block_is(next, '?'), block_is(next, '/'))));
		block_mask stop = block_bits(block_and(open, begins));
		block_mask odd = block_bits(
			block_or(block_or(block_is(block, '&'), block_is(block, '\r')), block_is(block, '\0')));
		if (stop) {
			*special |= (odd & block_below(block_first(stop))) != 0;
			return at + block_first(stop);
		}
		*special |= odd != 0;
		quiet = block_bits(open) ? -1 : quiet;
		at += 16;
	}
	while (at < end && *at == '<' && !starts_markup(at, end))
		at++;
	return at;
}

/* Text from p->at to the next markup. */
static inline void text_read(struct html_parser *p)
{
	struct html_token *token = &p->token;
	const char *start = p->at, *at = start;
	bool special = false;
	for (;;) {
		at = html_scan(p->scan, at, p->end, '<', '&', &special);
		if (at == p->end || starts_markup(at, p->end))
			break;
		at = stray_skip(at, p->end, &special);
	}
	token->kind = TOKEN_TEXT;
	token->state = STATE_DATA;
	token->special = special;
	token->text = (struct span){start, (size_t)(at - start)};
	p->at = at;
}

/* Markup at '<' that is no tag with a name. False when it leaves no token behind ("</>", or an empty CDATA section). */
static bool markup_read(struct html_parser *p)
{
	const char *at = p->at;
	if (at[1] == '/' && at[2] == '>') {
		p->at = at + 3;
		return false;
	}
	html_markup_declaration(p, at);
	return p->token.kind != TOKEN_TEXT || p->token.text.size > 0;
}

void html_token_next(struct html_parser *p)
{
	const char *at, *end = p->end;
	while ((at = p->at) < end) {
		bool whole;
		if (__builtin_expect(p->state != STATE_DATA, 0)) {
			whole = html_raw_text(p);
		} else if (*at != '<') {
			text_read(p);
			return;
		} else if (end - at >= 2 && ascii_is_alpha((unsigned char)at[1])) {
			whole = tag_read(p, at + 1, TOKEN_START);
		} else if (end - at >= 3 && at[1] == '/' && ascii_is_alpha((unsigned char)at[2])) {
			whole = tag_read(p, at + 2, TOKEN_END);
		} else if (starts_markup(at, end)) {
			whole = markup_read(p);
		} else {
			text_read(p);
			return;
		}
		if (__builtin_expect(whole, 1)) /* else the input ended inside a tag, or nothing came of it */
			return;
	}
	p->token.kind = TOKEN_EOF;
}

void html_tokenizer_start(struct html_parser *p, struct span text)
{
	p->at = p->text_start = text.data;
	p->end = text.data + text.size;
	p->state = STATE_DATA;
	p->cdata_allowed = false;
	p->raw_name = SPAN_NONE;
	memset(&p->token, 0, sizeof p->token);
}
