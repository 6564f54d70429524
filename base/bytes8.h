/* bytes8: eight bytes of text at a time in plain C, for short texts and bytes that are rare in them.
 *
 * The first byte is the lowest. A test gives a mask: the high bit of each byte that passes, nothing else. No sum
 * carries from one byte to the next, so every mask is exact. */
#ifndef WARCMILL_BYTES8_H
#define WARCMILL_BYTES8_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BYTES8(byte) ((uint64_t)(byte)*0x0101010101010101u)
#define BYTES8_HIGH BYTES8(0x80)
#define BYTES8_LOW BYTES8(0x7F)

static inline uint64_t bytes8(const char *at)
{
	uint64_t bytes;
	memcpy(&bytes, at, sizeof bytes);
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bytes = __builtin_bswap64(bytes);
#endif
	return bytes;
}

static inline uint64_t bytes4(const char *at)
{
	uint32_t bytes;
	memcpy(&bytes, at, sizeof bytes);
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bytes = __builtin_bswap32(bytes);
#endif
	return bytes;
}

/* The SIZE bytes at AT, under eight, with zeros behind them. */
static inline uint64_t bytes8_part(const char *at, size_t size)
{
	if (size >= 4)
		return bytes4(at) | bytes4(at + size - 4) << 8 * (size - 4);
	uint64_t bytes = 0;
	for (size_t i = size; i--;)
		bytes = bytes << 8 | (unsigned char)at[i];
	return bytes;
}

/* The bytes from OFFSET on of a text of SIZE bytes, zeros behind its end. */
static inline uint64_t bytes8_at(const char *text, size_t offset, size_t size)
{
	return size - offset >= 8 ? bytes8(text + offset) : bytes8_part(text + offset, size - offset);
}

static inline uint64_t bytes8_equal(uint64_t bytes, unsigned char byte)
{
	uint64_t other = bytes ^ BYTES8(byte);
	return ~(((other & BYTES8_LOW) + BYTES8_LOW) | other) & BYTES8_HIGH;
}

/* FIRST to LAST, which are ASCII. */
static inline uint64_t bytes8_range(uint64_t bytes, unsigned char first, unsigned char last)
{
	uint64_t low = bytes & BYTES8_LOW;
	return (low + BYTES8(0x80 - first)) & ~(low + BYTES8(0x7F - last)) & ~bytes & BYTES8_HIGH;
}

/* BYTE and above, which is not ASCII. */
static inline uint64_t bytes8_from(uint64_t bytes, unsigned char byte)
{
	return bytes & ((bytes & BYTES8_LOW) + BYTES8(0x100 - byte)) & BYTES8_HIGH;
}

static inline uint64_t bytes8_digits(uint64_t bytes)
{
	uint64_t value = bytes ^ BYTES8('0');
	return ~(((value & BYTES8_LOW) + BYTES8(0x80 - 10)) | value) & BYTES8_HIGH;
}

static inline uint64_t bytes8_letters(uint64_t bytes)
{
	return bytes8_range(bytes | BYTES8(0x20), 'a', 'z');
}

static inline unsigned bytes8_count(uint64_t mask)
{
	return (unsigned)((mask >> 7) * BYTES8(1) >> 56);
}

/* The place of the first byte of a mask that is not empty. */
static inline unsigned bytes8_first(uint64_t mask)
{
	return (unsigned)__builtin_ctzll(mask) >> 3;
}

#endif
