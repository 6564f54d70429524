/* tally: the counters every record ends in exactly one of. Reasons are few and their names short, so a small table that
 * is searched from front to back costs less than hashing. */
#include "corpus/corpus_internal.h"

#include <stdlib.h>

static void add_named(struct tally *tally, const char *name, uint64_t count)
{
	for (size_t i = 0; i < tally->reason_count; i++)
		if (!strcmp(tally->reasons[i].name, name)) {
			tally->reasons[i].count += count;
			return;
		}
	if (tally->reason_count == TALLY_REASONS)
		return; /* the sum check tells: reasons are static names, far fewer than this */
	struct tally_reason *reason = &tally->reasons[tally->reason_count++];
	snprintf(reason->name, sizeof reason->name, "%s", name);
	reason->count = count;
}

void tally_reason(struct tally *tally, const char *kind, struct span reason, uint64_t count)
{
	char name[TALLY_NAME];
	snprintf(name, sizeof name, "%s:%.*s", kind, SPAN_ARG(reason));
	add_named(tally, name, count);
}

void tally_add(struct tally *tally, const struct tally *more)
{
	tally->records += more->records;
	tally->documents += more->documents;
	tally->duplicates += more->duplicates;
	tally->damaged += more->damaged;
	tally->record_bytes += more->record_bytes;
	tally->skipped_bytes += more->skipped_bytes;
	tally->pages += more->pages;
	tally->revisits += more->revisits;
	for (size_t i = 0; i < more->reason_count; i++)
		add_named(tally, more->reasons[i].name, more->reasons[i].count);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tally_reason *)a)->name, ((const struct tally_reason *)b)->name);
}

void tally_sort(struct tally *tally)
{
	qsort(tally->reasons, tally->reason_count, sizeof *tally->reasons, by_name);
}

uint64_t tally_kind(const struct tally *tally, const char *kind)
{
	uint64_t sum = 0;
	size_t size = strlen(kind);
	for (size_t i = 0; i < tally->reason_count; i++)
		if (!strncmp(tally->reasons[i].name, kind, size) && tally->reasons[i].name[size] == ':')
			sum += tally->reasons[i].count;
	return sum;
}

void tally_pack(const struct tally *tally, struct buffer *out)
{
	const uint64_t numbers[] = {tally->records, tally->documents,    tally->duplicates,
				    tally->damaged, tally->record_bytes, tally->skipped_bytes,
				    tally->pages,   tally->revisits,     tally->reason_count};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		varint_put(out, numbers[i]);
	for (size_t i = 0; i < tally->reason_count; i++) {
		size_t size = strlen(tally->reasons[i].name);
		varint_put(out, size);
		buffer_append(out, tally->reasons[i].name, size);
		varint_put(out, tally->reasons[i].count);
	}
}

bool tally_unpack(struct span *from, struct tally *tally)
{
	uint64_t count, size;
	uint64_t *const numbers[] = {&tally->records, &tally->documents,    &tally->duplicates,
				     &tally->damaged, &tally->record_bytes, &tally->skipped_bytes,
				     &tally->pages,   &tally->revisits,     &count};
	memset(tally, 0, sizeof *tally);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (!varint_get(from, numbers[i]))
			return false;
	if (count > TALLY_REASONS)
		return false;
	for (; tally->reason_count < count; tally->reason_count++) {
		struct tally_reason *reason = &tally->reasons[tally->reason_count];
		if (!varint_get(from, &size) || size >= TALLY_NAME || size > from->size)
			return false;
		memcpy(reason->name, from->data, size);
		reason->name[size] = '\0';
		*from = span_slice(*from, size, SIZE_MAX);
		if (!varint_get(from, &reason->count))
			return false;
	}
	return true;
}
