/* sort: radix sort of 64-bit values, least significant byte first (Knuth 5.2.5), skipping bytes in which nothing
 * differs. */
#include "dedup/dedup_internal.h"

static void sort_small(uint64_t *values, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		uint64_t value = values[i];
		size_t at = i;
		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

void sort_u64(uint64_t *values, size_t count, unsigned low, uint64_t *temp)
{
	if (count < 48) { /* also sorts the low bits; they are in order */
		sort_small(values, count);
		return;
	}
	uint64_t differ = 0;
	for (size_t i = 1; i < count; i++)
		differ |= values[i] ^ values[0];
	uint64_t *from = values, *to = temp;
	for (unsigned shift = low; shift < 64; shift += 8) {
		if ((differ >> shift & 255) == 0)
			continue;
		size_t starts[257] = {0};
		for (size_t i = 0; i < count; i++)
			starts[(from[i] >> shift & 255) + 1]++;
		for (unsigned i = 0; i < 255; i++)
			starts[i + 1] += starts[i];
		for (size_t i = 0; i < count; i++)
			to[starts[from[i] >> shift & 255]++] = from[i];
		uint64_t *swap = from;
		from = to;
		to = swap;
	}
	if (from != values)
		memcpy(values, from, count * sizeof *values);
}
