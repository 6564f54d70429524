#include "warc/inputs_internal.h"
enum status add_remote(struct warc_inputs *inputs, const char *url, struct fault *fault)
{
	(void)inputs;
	return fault_set(fault, STATUS_USAGE, 0, "%s: remote inputs are not built in", url);
}
enum status source_open_remote(const struct warc_input *input, struct source **out, struct fault *fault)
{
	(void)out;
	return fault_set(fault, STATUS_USAGE, 0, "%s: remote inputs are not built in", input->name);
}
void remote_free(struct warc_remote *remote)
{
	(void)remote;
}
