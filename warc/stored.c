/* stored: what is known of an input as a line of text, and inputs made from such lines again. A run on a cluster has as
 * many tasks as inputs; when each looked at every archive to learn what it is, a hundred thousand archives would be
 * opened ten thousand million times. */
#include "warc/inputs_internal.h"

#include <stdio.h>
#include <stdlib.h>

/* "way kind arc ranges first bytes packed member[ why]" */
enum { WAY, KIND, ARC, RANGES, FIRST, BYTES, PACKED, MEMBER, FIELDS };

void warc_input_state(const struct warc_input *input, struct buffer *out)
{
	const uint64_t fields[FIELDS] = {
		[WAY] = input->way,       [KIND] = input->kind,           [ARC] = input->arc,
		[RANGES] = input->ranges, [FIRST] = input->first,         [BYTES] = input->bytes,
		[PACKED] = input->packed, [MEMBER] = input->member_index,
	};
	for (int i = 0; i < FIELDS; i++)
		buffer_print(out, i ? " %llu" : "%llu", (unsigned long long)fields[i]);
	if (input->why)
		buffer_print(out, " %s", input->why);
}

static bool fields_read(struct span state, uint64_t fields[static FIELDS], struct span *why)
{
	struct span piece;
	for (int i = 0; i < FIELDS; i++)
		if (!span_cut(&state, ' ', &piece) || !span_to_u64(piece, &fields[i]))
			return false;
	*why = state;
	return fields[WAY] <= INPUT_NOTE && fields[WAY] != INPUT_STDIN && fields[KIND] <= WARC_KIND_UNKNOWN;
}

/* The members of one container share what is half read of it. */
static struct packed_pool *pool_of(const struct warc_inputs *inputs, const struct warc_input *input)
{
	const struct warc_input *before = inputs->count > 1 ? inputs->list[inputs->count - 2] : NULL;
	return before && before->pool && !strcmp(before->path, input->path) ? pool_join(before->pool) : pool_new();
}

static enum status restore(struct warc_inputs *inputs, const struct warc_stored *stored, struct fault *fault)
{
	uint64_t fields[FIELDS];
	struct span why;
	if (!fields_read(stored->state, fields, &why))
		return fault_set(fault, STATUS_DATA, 0, "what is stored of the input %.120s cannot be read",
				 stored->name);
	char *base = name_new(stored->path, inputs->options.name_depth, NULL);
	if (!base)
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	const char *mark = stored->name + strlen(base);
	bool inside = !strncmp(stored->name, base, strlen(base)) && *mark == '!';
	free(base);
	struct warc_input *input =
		inputs_add(inputs, stored->path, inside ? mark + 1 : NULL, (enum input_way)fields[WAY]);
	char *name = memory_text(span_of(stored->name));
	if (!input || !name) {
		free(name);
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	}
	free(input->name); /* of a remote input it is not the path's end */
	input->name = name;
	input->kind = (enum warc_kind)fields[KIND];
	input->arc = fields[ARC];
	input->ranges = fields[RANGES];
	input->first = fields[FIRST];
	input->bytes = fields[BYTES];
	input->packed = fields[PACKED];
	input->member_index = fields[MEMBER];
	if ((input->way == INPUT_NOTE && !(input->why = memory_text(why))) ||
	    (input->way == INPUT_MEMBER && !(input->pool = pool_of(inputs, input))))
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	enum status status = input->way == INPUT_REMOTE ? remote_share(inputs, fault) : STATUS_OK;
	input->remote = input->way == INPUT_REMOTE ? inputs->remote : NULL;
	return status;
}

enum status warc_inputs_restore(const struct warc_stored *stored, size_t count, const struct warc_options *options,
				struct warc_inputs **out, struct fault *fault)
{
	*out = NULL;
	struct warc_inputs *inputs = inputs_new(options);
	if (!inputs)
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	enum status status = STATUS_OK;
	for (size_t i = 0; i < count && !status; i++)
		status = restore(inputs, &stored[i], fault);
	if (status)
		warc_inputs_free(inputs);
	else
		*out = inputs;
	return status;
}
