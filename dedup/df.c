/* df: in how many documents a shingle occurs, and what it therefore weighs.
 *
 * One byte a slot, no keys: two shingles that share a slot add up, which only makes a rare one look common, and the
 * slots are as many as the sample has shingles. Counts are taken on distinct texts with a cap on each host, because
 * both large clusters of copies and one site's boilerplate on thousands of pages would otherwise decide what is common
 * (pair F1 0.92 → 0.85, and 0.54 → 0.48, when df came from the wrong texts). All arithmetic is in integers: machines
 * agree. */
#include "dedup/dedup_internal.h"

#include <stdio.h>
#include <stdlib.h>

const uint8_t weight_units[WEIGHT_CLASSES] = {64, 52, 44, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2, 1};
const uint16_t weight_inverse[WEIGHT_CLASSES] = {16,  20,  23,  28,  37,  47,  60,  79,
						 102, 128, 171, 205, 256, 341, 512, 1024};

#define SAMPLE_REFERENCE 11000 /* documents for which the thresholds below were measured */
#define COMMON_LOG 24          /* 8·log2(8): from here on weight falls */
#define BOILER_LOG 24          /* this much above it, a fifth */

/* 8·log2(count) rounded down, by comparing with 2^(k/8) in 32.32 fixed point. */
static unsigned log8(uint64_t count)
{
	static const uint64_t steps[8] = {0x100000000, 0x1172b83c8, 0x1306fe0a3, 0x14bfdad53,
					  0x16a09e668, 0x18ace5423, 0x1ae89f996, 0x1d5818dcf};
	unsigned whole = 63 - (unsigned)__builtin_clzll(count), eighth = 7;
	uint64_t mantissa = whole <= 32 ? count << (32 - whole) : count >> (whole - 32);
	while (mantissa < steps[eighth])
		eighth--;
	return whole * 8 + eighth;
}

static unsigned log_byte(uint64_t count)
{
	unsigned log = count ? 1 + log8(count) : 0;
	return log > 255 ? 255 : log;
}

static uint8_t class_of_units(unsigned units)
{
	uint8_t class = 0;
	while (class < WEIGHT_CLASSES - 1 && weight_units[class] + weight_units[class + 1] > 2 * units)
		class ++;
	return class;
}

/* Thresholds grow with the square root of the sample: boilerplate grows with it, the copies in a cluster much less. */
static void fill_classes(struct df_table *table)
{
	unsigned common = COMMON_LOG;
	if (table->documents > SAMPLE_REFERENCE)
		common += (log8(table->documents) - log8(SAMPLE_REFERENCE)) / 2;
	for (unsigned i = 0; i < 256; i++) {
		unsigned above = i > common + 1 ? i - common - 1 : 0;
		unsigned units = 64 * 8 / (8 + above);
		table->class_of[i] = class_of_units(above > BOILER_LOG ? units / 5 : units);
	}
}

unsigned df_count_log(const struct df_table *table, uint64_t shingle)
{
	return table ? table->slots[df_slot(shingle, table->bits)] : 0;
}

double df_weight(const struct df_table *table, uint64_t shingle)
{
	return table ? weight_units[table->class_of[df_count_log(table, shingle)]] / 64.0 : 1;
}

uint64_t df_documents(const struct df_table *table)
{
	return table ? table->documents : 0;
}

void df_digest(const struct df_table *table, char hex[33])
{
	memset(hex, '0', 32);
	hex[32] = 0;
	if (table)
		memcpy(hex, table->digest, 33);
}

void df_free(struct df_table *table)
{
	if (table) {
		free(table->slots);
		free(table->common);
	}
	free(table);
}

/* ---- Files: 32 bytes of header, then the slots --------------------------------------------------------------------
 */

#define DF_MAGIC "warcmill df 1\n\0\0"
#define DF_HEADER 32
#define DF_BITS_MAX 24

static void header_make(const struct df_table *table, char header[DF_HEADER])
{
	uint64_t bits = table->bits;
	memcpy(header, DF_MAGIC, 16);
	memcpy(header + 16, &table->documents, 8);
	memcpy(header + 24, &bits, 8);
}

static void digest_make(struct df_table *table)
{
	char header[DF_HEADER];
	header_make(table, header);
	struct hash128 parts[2] = {hash128_of(header, DF_HEADER), hash128_of(table->slots, (size_t)1 << table->bits)};
	struct hash128 whole = hash128_of(parts, sizeof parts);
	snprintf(table->digest, sizeof table->digest, "%016llx%016llx", (unsigned long long)whole.high,
		 (unsigned long long)whole.low);
}

static struct df_table *table_new(unsigned bits)
{
	struct df_table *table = memory_zeroed(1, sizeof *table);
	if (!table)
		return NULL;
	table->bits = bits;
	table->slots = memory_new((size_t)1 << bits);
	table->common = memory_zeroed(((size_t)1 << bits) / 64 + 1, sizeof *table->common);
	if (table->slots && table->common)
		return table;
	df_free(table);
	return NULL;
}

/* What follows from the slots and the number of documents. */
static void table_finish(struct df_table *table)
{
	fill_classes(table);
	for (size_t i = 0; i < (size_t)1 << table->bits; i++)
		table->common[i >> 6] |= (uint64_t)(table->class_of[table->slots[i]] != 0) << (i & 63);
	digest_make(table);
}

enum status df_save(const struct df_table *table, const char *path, struct fault *fault)
{
	struct buffer out;
	char header[DF_HEADER];
	buffer_init(&out, DF_HEADER + ((size_t)1 << DF_BITS_MAX));
	header_make(table, header);
	buffer_append(&out, header, DF_HEADER);
	enum status status = buffer_append(&out, table->slots, (size_t)1 << table->bits);
	if (status)
		fault_set(fault, status, 0, "no memory to write the df table");
	else
		status = file_write_atomic(path, buffer_span(&out), fault);
	buffer_free(&out);
	return status;
}

struct df_table *df_load(const char *path, struct fault *fault)
{
	struct buffer in;
	struct df_table *table = NULL;
	uint64_t documents, bits = 0;
	buffer_init(&in, DF_HEADER + ((size_t)1 << DF_BITS_MAX));
	enum status status = file_read(path, &in, fault);
	if (!status && (in.size < DF_HEADER || memcmp(in.data, DF_MAGIC, 16)))
		status = fault_set(fault, STATUS_DATA, 0, "not a df table");
	if (!status) {
		memcpy(&documents, in.data + 16, 8);
		memcpy(&bits, in.data + 24, 8);
		if (bits < 1 || bits > DF_BITS_MAX || in.size != DF_HEADER + ((size_t)1 << bits))
			status = fault_set(fault, STATUS_DATA, 24, "the df table is cut short or damaged");
	}
	if (!status && !(table = table_new((unsigned)bits)))
		fault_set(fault, STATUS_MEMORY, 0, "no memory for the df table");
	if (table) {
		table->documents = documents;
		memcpy(table->slots, in.data + DF_HEADER, (size_t)1 << bits);
		table_finish(table);
	}
	buffer_free(&in);
	return table;
}

/* ---- Sample -------------------------------------------------------------------------------------------------------
 */

static int by_exact(const void *left, const void *right)
{
	const struct df_candidate *a = left, *b = right;
	if (a->exact.high != b->exact.high)
		return a->exact.high < b->exact.high ? -1 : 1;
	if (a->exact.low != b->exact.low)
		return a->exact.low < b->exact.low ? -1 : 1;
	return a->document < b->document ? -1 : a->document > b->document;
}

static int by_host(const void *left, const void *right)
{
	const struct df_candidate *a = left, *b = right;
	if (a->host != b->host)
		return a->host < b->host ? -1 : 1;
	return by_exact(left, right);
}

static int by_document(const void *left, const void *right)
{
	const struct df_candidate *a = left, *b = right;
	return a->document < b->document ? -1 : a->document > b->document;
}

bool df_sample_may(struct hash128 exact, uint64_t total)
{
	/* Four times the sample: copies and capped hosts leave enough. */
	if (total <= 4 * DF_SAMPLE_MAX)
		return true;
	return exact.high <= UINT64_MAX / total * (4 * DF_SAMPLE_MAX);
}

size_t df_sample_select(struct df_candidate *candidates, size_t count)
{
	size_t kept = 0, of_host = 0, distinct = 0;
	if (count == 0)
		return 0;
	qsort(candidates, count, sizeof *candidates, by_exact);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || candidates[i].exact.high != candidates[i - 1].exact.high ||
		    candidates[i].exact.low != candidates[i - 1].exact.low)
			candidates[distinct++] = candidates[i];
	qsort(candidates, distinct, sizeof *candidates, by_host);
	for (size_t i = 0; i < distinct; i++) {
		of_host = kept && candidates[i].host == candidates[kept - 1].host ? of_host + 1 : 1;
		if (candidates[i].host == 0 || of_host <= DF_HOST_MAX)
			candidates[kept++] = candidates[i];
	}
	qsort(candidates, kept, sizeof *candidates, by_exact);
	if (kept > DF_SAMPLE_MAX)
		kept = DF_SAMPLE_MAX;
	qsort(candidates, kept, sizeof *candidates, by_document);
	return kept;
}

/* ---- Counting -------------------------------------------------------------------------------------------------------
 */

struct df_counter {
	uint64_t documents;
	unsigned bits;
	uint32_t *counts;
};

struct df_counter *df_counter_new(uint64_t documents)
{
	struct df_counter *counter = memory_zeroed(1, sizeof *counter);
	if (!counter)
		return NULL;
	counter->bits = 16;
	while (counter->bits < DF_BITS_MAX && ((uint64_t)1 << counter->bits) < documents * 400)
		counter->bits++;
	counter->counts = memory_zeroed((size_t)1 << counter->bits, sizeof *counter->counts);
	if (!counter->counts) {
		free(counter);
		return NULL;
	}
	return counter;
}

enum status df_counter_add(struct df_counter *counter, struct signer *signer, struct span text)
{
	uint32_t count, distinct;
	enum status status = normaliser_run(&signer->normaliser, text);
	if (!status)
		status = signer_shingles(signer, &count, &distinct);
	if (status)
		return status;
	for (uint32_t i = 0; i < distinct; i++) /* sums do not depend on the order of threads */
		__atomic_fetch_add(&counter->counts[df_slot(signer->distinct[i], counter->bits)], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&counter->documents, 1, __ATOMIC_RELAXED);
	return STATUS_OK;
}

struct df_table *df_counter_finish(struct df_counter *counter)
{
	struct df_table *table = table_new(counter->bits);
	if (table) {
		table->documents = counter->documents;
		for (size_t i = 0; i < (size_t)1 << counter->bits; i++)
			table->slots[i] = (uint8_t)log_byte(counter->counts[i]);
		table_finish(table);
	}
	df_counter_free(counter);
	return table;
}

void df_counter_free(struct df_counter *counter)
{
	if (counter)
		free(counter->counts);
	free(counter);
}
