#include "warc/inputs_internal.h"
enum status add_container(struct warc_inputs *inputs, const char *path, struct span head, bool asked, bool *taken,
			  struct fault *fault)
{
	(void)inputs, (void)path, (void)head, (void)asked, (void)fault;
	*taken = false;
	return STATUS_OK;
}
enum status source_open_filter(const struct warc_input *input, struct source **out, struct fault *fault)
{
	(void)out;
	return fault_set(fault, STATUS_USAGE, 0, "%s: containers are not built in", input->name);
}
