/* passages: paragraphs that recur in many documents of one host (cookie notes, subscription pleas).
 *
 * One hash table from (host, normalised paragraph) to the number of documents; the text itself is kept from the second
 * sighting on, so that the many paragraphs that occur once cost 24 bytes each. */
#include "dedup/dedup_internal.h"

#include <stdlib.h>

#define TEXT_KEPT 500

struct entry {
	uint64_t hash;
	uint32_t documents, last; /* last: number of the document that was counted last */
	uint32_t text, host;      /* 1 + index into texts and hosts; 0 none */
};

struct passages {
	struct normaliser normaliser;
	struct entry *entries; /* open addressing; hash 0 is free */
	size_t capacity, count, max;
	uint32_t document;
	bool full;
	struct arena *arena;
	struct span *texts, *hosts;
	size_t text_count, text_capacity, host_count, host_capacity;
};

struct passages *passages_new(size_t max)
{
	struct passages *self = memory_zeroed(1, sizeof *self);
	if (!self)
		return NULL;
	self->max = max;
	self->capacity = 1024;
	self->entries = memory_zeroed(self->capacity, sizeof *self->entries);
	self->arena = arena_new(max < 1 << 16 ? 1 << 16 : max);
	if (normaliser_init(&self->normaliser) || !self->entries || !self->arena) {
		passages_free(self);
		return NULL;
	}
	return self;
}

void passages_free(struct passages *self)
{
	if (!self)
		return;
	normaliser_free(&self->normaliser);
	free(self->entries);
	free(self->texts);
	free(self->hosts);
	arena_free(self->arena);
	free(self);
}

bool passages_full(const struct passages *self)
{
	return self->full;
}

static struct entry *slot_of(struct entry *entries, size_t capacity, uint64_t hash)
{
	size_t at = hash & (capacity - 1);
	while (entries[at].hash && entries[at].hash != hash)
		at = (at + 1) & (capacity - 1);
	return &entries[at];
}

static size_t bytes_held(const struct passages *self)
{
	return self->capacity * sizeof *self->entries + arena_used(self->arena) +
	       (self->text_capacity + self->host_capacity) * sizeof(struct span);
}

static bool grow(struct passages *self)
{
	size_t capacity = self->capacity * 2;
	if (bytes_held(self) + capacity * sizeof *self->entries > self->max)
		return false;
	struct entry *entries = memory_zeroed(capacity, sizeof *entries);
	if (!entries)
		return false;
	for (size_t i = 0; i < self->capacity; i++)
		if (self->entries[i].hash)
			*slot_of(entries, capacity, self->entries[i].hash) = self->entries[i];
	free(self->entries);
	self->entries = entries;
	self->capacity = capacity;
	return true;
}

/* 1 + index of BYTES put at the end of a list of spans; 0 without room. */
static uint32_t keep(struct passages *self, struct span **list, size_t *count, size_t *capacity, struct span bytes)
{
	if (bytes_held(self) + bytes.size + 64 > self->max)
		return 0;
	if (*count == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 64;
		struct span *grown = memory_grow(*list, more * sizeof *grown);
		if (!grown)
			return 0;
		*list = grown;
		*capacity = more;
	}
	struct span copy = arena_copy(self->arena, bytes);
	if (!copy.data)
		return 0;
	(*list)[(*count)++] = copy;
	return (uint32_t)*count;
}

/* 0 for a paragraph without words. */
static enum status paragraph_hash(struct passages *self, uint64_t host, struct span line, uint64_t *hash)
{
	enum status status = normaliser_run(&self->normaliser, line);
	*hash = 0;
	if (!status && self->normaliser.token_count) {
		*hash = hash64(self->normaliser.tokens, self->normaliser.token_count * sizeof(uint64_t), host);
		*hash += *hash == 0;
	}
	return status;
}

static struct span clip(struct span text)
{
	size_t size = text.size < TEXT_KEPT ? text.size : TEXT_KEPT;
	return span_slice(text, 0, utf8_valid_prefix(span_slice(text, 0, size)));
}

enum status passages_add(struct passages *self, struct span host, struct span text)
{
	uint64_t host_hash = hash64(host.data, host.size, 0), hash;
	struct span rest = text, line;
	uint32_t host_index = 0;
	self->document++;
	while (span_cut(&rest, '\n', &line)) {
		enum status status = paragraph_hash(self, host_hash, line, &hash);
		if (status)
			return status;
		if (!hash)
			continue;
		struct entry *entry = slot_of(self->entries, self->capacity, hash);
		if (!entry->hash) {
			if (self->count * 4 >= self->capacity * 3 && !grow(self)) {
				self->full = true;
				continue;
			}
			entry = slot_of(self->entries, self->capacity, hash);
			*entry = (struct entry){.hash = hash};
			self->count++;
		}
		if (entry->last == self->document)
			continue;
		entry->last = self->document;
		if (++entry->documents != 2)
			continue;
		if (!host_index)
			host_index = keep(self, &self->hosts, &self->host_count, &self->host_capacity,
					  host.data ? host : SPAN(""));
		entry->host = host_index;
		entry->text = keep(self, &self->texts, &self->text_count, &self->text_capacity, clip(span_trim(line)));
	}
	return STATUS_OK;
}

uint32_t passages_count(struct passages *self, struct span host, struct span paragraph)
{
	uint64_t hash;
	if (paragraph_hash(self, hash64(host.data, host.size, 0), paragraph, &hash) || !hash)
		return 0;
	return slot_of(self->entries, self->capacity, hash)->documents;
}

enum status passages_drop(struct passages *self, struct span host, struct span text, uint32_t max, struct buffer *out,
			  uint32_t *dropped)
{
	uint64_t host_hash = hash64(host.data, host.size, 0), hash;
	struct span rest = text, line;
	size_t begin = out->size;
	bool first = true, gap = false; /* gap: a paragraph went, and the blank line after it shall go too */
	*dropped = 0;
	while (span_cut(&rest, '\n', &line)) {
		enum status status = paragraph_hash(self, host_hash, line, &hash);
		if (status)
			return status;
		if (hash && slot_of(self->entries, self->capacity, hash)->documents > max) {
			++*dropped;
			gap = true;
			continue;
		}
		if (gap && span_trim(line).size == 0)
			continue;
		gap = false;
		if (!first)
			buffer_append_byte(out, '\n');
		buffer_append_span(out, line);
		first = false;
	}
	if (*dropped) /* the blank line before a last paragraph that went */
		while (out->size > begin && ascii_is_space((unsigned char)out->data[out->size - 1]))
			out->size--;
	return out->status;
}

static int by_host_and_count(const void *left, const void *right)
{
	const struct passage *a = left, *b = right;
	int order = span_compare(a->host, b->host);
	if (order)
		return order;
	if (a->documents != b->documents)
		return a->documents > b->documents ? -1 : 1;
	return span_compare(a->text, b->text);
}

enum status passages_list(const struct passages *self, uint32_t max, struct passage **out, size_t *count)
{
	*count = 0;
	*out = memory_new((self->text_count + 1) * sizeof **out);
	if (!*out)
		return STATUS_MEMORY;
	for (size_t i = 0; i < self->capacity; i++) {
		const struct entry *entry = &self->entries[i];
		if (entry->hash && entry->documents > max && entry->text && entry->host)
			(*out)[(*count)++] = (struct passage){self->hosts[entry->host - 1],
							      self->texts[entry->text - 1], entry->documents};
	}
	qsort(*out, *count, sizeof **out, by_host_and_count);
	return STATUS_OK;
}
