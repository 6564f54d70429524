/* mask: private data in texts replaced by tokens, and counted. Off by default. The forms are narrow on purpose: what is
 * masked should nearly always be what its token says, since a wrong mask destroys text.
 *
 *	email  name@host.tld                              → <EMAIL>
 *	ip     four decimal bytes, or an IPv6 address     → <IP>
 *	phone  + or 00 and 8–15 digits, or (0xxx) groups  → <PHONE>
 */
#include "corpus/corpus_internal.h"
#include "corpus/emit_internal.h"

#include <stdlib.h>

enum { TEXT_MAX = 1 << 30 };

struct masker {
	struct buffer out;
};

struct masker *masker_new(void)
{
	struct masker *masker = memory_zeroed(1, sizeof *masker);
	if (masker)
		buffer_init(&masker->out, TEXT_MAX);
	return masker;
}

void masker_free(struct masker *masker)
{
	if (masker)
		buffer_free(&masker->out);
	free(masker);
}

static bool is_alnum(unsigned char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

static bool is_local(unsigned char c)
{
	return is_alnum(c) || (c && strchr("._%+-", c) != NULL);
}

/* An address around the '@' at AT: its bounds in *FROM, *TO. */
static bool email_at(struct span text, size_t at, size_t floor, size_t *from, size_t *to)
{
	size_t low = at, high = at + 1, dot = 0;
	while (low > floor && is_local((unsigned char)text.data[low - 1]))
		low--;
	while (low < at && text.data[low] == '.')
		low++;
	while (high < text.size &&
	       (is_alnum((unsigned char)text.data[high]) || text.data[high] == '-' || text.data[high] == '.')) {
		if (text.data[high] == '.')
			dot = high;
		high++;
	}
	/* "write to a@b.example." ends before the full stop. */
	while (high > at + 1 && (text.data[high - 1] == '.' || text.data[high - 1] == '-'))
		high--;
	for (dot = high; dot > at && text.data[dot - 1] != '.';)
		dot--;
	if (low == at || dot <= at + 2 || high - dot < 2)
		return false;
	for (size_t i = dot; i < high; i++)
		if (!ascii_is_alpha((unsigned char)text.data[i]))
			return false;
	*from = low;
	*to = high;
	return true;
}

/* Four numbers up to 255 with dots between; more dots or digits around make it a version or an outline. */
static size_t ipv4_at(struct span text, size_t at)
{
	size_t i = at;
	for (int part = 0; part < 4; part++) {
		unsigned value = 0, digits = 0;
		if (part && (i >= text.size || text.data[i++] != '.'))
			return 0;
		while (i < text.size && ascii_is_digit((unsigned char)text.data[i]) && digits < 4) {
			value = 10 * value + (unsigned)(text.data[i++] - '0');
			digits++;
		}
		if (!digits || digits > 3 || value > 255)
			return 0;
	}
	bool more = i < text.size &&
		    (is_alnum((unsigned char)text.data[i]) ||
		     (text.data[i] == '.' && i + 1 < text.size && ascii_is_digit((unsigned char)text.data[i + 1])));
	return more ? 0 : i - at;
}

/* Eight groups of hex digits, or fewer with one "::"; "12:30:45" is a time, so at least four groups or a "::". */
static size_t ipv6_at(struct span text, size_t at)
{
	size_t i = at, groups = 0;
	bool gap = false, letters = false;
	while (i < text.size && groups <= 8) {
		size_t digits = 0;
		while (i < text.size && digits < 5 &&
		       (ascii_is_digit((unsigned char)text.data[i]) ||
			(ascii_lower((unsigned char)text.data[i]) >= 'a' &&
			 ascii_lower((unsigned char)text.data[i]) <= 'f'))) {
			letters |= ascii_is_alpha((unsigned char)text.data[i]);
			i++;
			digits++;
		}
		if (digits > 4)
			return 0;
		groups += digits > 0;
		if (i + 1 >= text.size || text.data[i] != ':')
			break;
		if (text.data[i + 1] == ':') {
			if (gap)
				return 0;
			gap = true;
			i += 2;
		} else if (digits && (ascii_is_digit((unsigned char)text.data[i + 1]) ||
				      ascii_is_alpha((unsigned char)text.data[i + 1]))) {
			i++;
		} else {
			break;
		}
	}
	if (i < text.size && is_alnum((unsigned char)text.data[i]))
		return 0;
	bool whole = (groups == 8 && !gap) || (gap && groups >= 2 && groups <= 7 && (letters || groups >= 3));
	return whole ? i - at : 0;
}

static size_t phone_at(struct span text, size_t at)
{
	size_t i = at, digits = 0, end = at, groups = 0;
	bool open = false;
	if (text.data[i] == '+')
		i++;
	else if (!(text.data[i] == '0' && i + 1 < text.size && text.data[i + 1] == '0') && text.data[i] != '(')
		return 0;
	bool bracket = text.data[at] == '(';
	bool gap = true;
	for (; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (ascii_is_digit(c)) {
			groups += gap;
			gap = false;
			digits++;
			end = i + 1;
		} else if (c == '(' && !open) {
			open = true;
			gap = true;
		} else if (c == ')' && open) {
			open = false;
			gap = true;
		} else if ((c == ' ' || c == '-' || c == '.' || c == '/') && !gap && i + 1 < text.size) {
			gap = true;
		} else if (c == ' ' && i > at && text.data[i - 1] == ')') {
			gap = true;
		} else {
			break;
		}
	}
	if (digits < 8 || digits > 15 || open || (bracket && (groups < 2 || text.data[at + 1] != '0')))
		return 0;
	return end < text.size && is_alnum((unsigned char)text.data[end]) ? 0 : end - at;
}

struct found {
	size_t from, to;
	const char *token;
	uint32_t *count;
};

/* Does something start at (or, for an address, around) byte AT? FLOOR is where the last one ended. */
static bool find_at(struct span text, size_t at, size_t floor, unsigned what, struct masked_counts *counts,
		    struct found *found)
{
	unsigned char c = (unsigned char)text.data[at];
	unsigned char before = at > floor ? (unsigned char)text.data[at - 1] : ' ';
	size_t size = 0;
	if (c == '@' && (what & MASK_EMAIL) && email_at(text, at, floor, &found->from, &found->to)) {
		found->token = "<EMAIL>";
		found->count = &counts->email;
		return true;
	}
	if (is_alnum(before) || before == '.' || before == ':' || before >= 128)
		return false;
	if ((what & MASK_IP) && (ascii_is_digit(c) || c == ':' || ascii_is_alpha(c)))
		size = ascii_is_digit(c) && ipv4_at(text, at) ? ipv4_at(text, at) : ipv6_at(text, at);
	found->token = "<IP>";
	found->count = &counts->ip;
	if (!size && (what & MASK_PHONE) && (c == '+' || c == '0' || c == '(')) {
		size = phone_at(text, at);
		found->token = "<PHONE>";
		found->count = &counts->phone;
	}
	found->from = at;
	found->to = at + size;
	return size > 0;
}

enum status mask_text(struct masker *masker, unsigned what, struct span text, struct span *out,
		      struct masked_counts *counts)
{
	size_t done = 0;
	*counts = (struct masked_counts){0, 0, 0};
	*out = text;
	if (!what)
		return STATUS_OK;
	buffer_clear(&masker->out);
	for (size_t i = 0; i < text.size;) {
		struct found found;
		if (!find_at(text, i, done, what, counts, &found)) {
			i++;
			continue;
		}
		buffer_append(&masker->out, text.data + done, found.from - done);
		buffer_append(&masker->out, found.token, strlen(found.token));
		++*found.count;
		i = done = found.to;
	}
	if (!counts->email && !counts->ip && !counts->phone)
		return STATUS_OK;
	buffer_append(&masker->out, text.data + done, text.size - done);
	*out = buffer_span(&masker->out);
	return masker->out.status;
}
