/* segment: byte ranges of inputs, the unit of work. Where the records in a range begin is found when it is read
 * (search.c); the seam check (warc.h) makes the sum of the ranges equal to one sequential reading. */
#include "warc/warc_internal.h"

#include <stdlib.h>

static uint64_t pieces_of(const struct warc_input *input, uint64_t size)
{
	bool splits = input->kind != WARC_KIND_STREAM && input->kind != WARC_KIND_EMPTY && input->bytes > size;
	return splits ? (input->bytes + size - 1) / size : 1;
}

enum status warc_segments_new(const struct warc_inputs *inputs, uint64_t segment_bytes, struct warc_segment **out,
			      size_t *count, struct fault *fault)
{
	uint64_t size = segment_bytes ? segment_bytes : 32 * MIB, total = 0;
	size_t input_count = warc_inputs_count(inputs);
	for (size_t i = 0; i < input_count; i++)
		total += pieces_of(warc_inputs_at(inputs, i), size);
	*out = NULL;
	*count = 0;
	struct warc_segment *segments =
		total < SIZE_MAX / sizeof *segments ? memory_new((size_t)total * sizeof *segments + 1) : NULL;
	if (!segments)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for %llu segments", (unsigned long long)total);
	for (size_t i = 0; i < input_count; i++) {
		const struct warc_input *input = warc_inputs_at(inputs, i);
		uint64_t pieces = pieces_of(input, size);
		for (uint64_t k = 0; k < pieces; k++) {
			bool last = k + 1 == pieces, stream = input->kind == WARC_KIND_STREAM;
			segments[(*count)++] = (struct warc_segment){
				i, k * size, last ? (stream ? UINT64_MAX : input->bytes) : (k + 1) * size};
		}
	}
	*out = segments;
	return STATUS_OK;
}
