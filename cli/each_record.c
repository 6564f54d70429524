/* each_record: see each_record.h. */
#include "cli/each_record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void put_address(struct buffer *out, const struct warc_input *input, uint64_t offset, uint64_t inner)
{
	char address[WARC_ADDRESS_MAX];
	warc_address_format(offset, inner, address);
	buffer_print(out, "%s@%s", warc_input_name(input), address);
}

enum status put_out(struct buffer *out)
{
	size_t wrote = fwrite(out->data, 1, out->size, stdout);
	bool failed = wrote != out->size || out->status != STATUS_OK;
	buffer_clear(out);
	return failed ? STATUS_IO : STATUS_OK;
}

static enum status read_records(struct warc_reader *reader, const struct warc_input *input,
				const struct record_visitor *visitor, struct fault *fault, bool *ours)
{
	struct warc_record record;
	struct warc_damage damage;
	enum status status = warc_reader_open(reader, input, 0, UINT64_MAX, true, fault);
	*ours = false;
	if (status)
		return status;
	while ((status = warc_next(reader, &record, &damage, fault)) == STATUS_OK || status == STATUS_DATA) {
		enum status told = status ? visitor->damage(visitor->user, input, &damage)
					  : visitor->record(visitor->user, input, reader, &record);
		*ours = told != STATUS_OK;
		if (told)
			return told;
	}
	return status;
}

struct unopened {
	const char *command;
	int code;
};

static void tell_unopened(void *user, enum status status, const char *text)
{
	struct unopened *unopened = user;
	int code = cli_fail(cli_status_exit(status), unopened->command, "%s", text);
	if (code > unopened->code)
		unopened->code = code;
}

int each_record(const char *const *arguments, size_t count, const struct warc_options *options,
		const struct record_visitor *visitor)
{
	struct warc_inputs *inputs;
	struct fault fault = {0};
	struct unopened unopened = {visitor->command, EXIT_DONE};
	struct warc_options lenient = *options;
	lenient.unopened = tell_unopened;
	lenient.unopened_user = &unopened;
	enum status status = warc_inputs_new(arguments, count, &lenient, &inputs, &fault);
	if (status)
		return cli_fail(cli_status_exit(status), visitor->command, "%s", fault.text);
	if (warc_inputs_count(inputs) == 0) {
		warc_inputs_free(inputs);
		return unopened.code ? unopened.code
				     : cli_fail(EXIT_USAGE, visitor->command, "there is no archive among the inputs");
	}
	struct warc_reader *reader = warc_reader_new(options);
	int code = reader ? unopened.code : cli_fail(EXIT_IO, visitor->command, "out of memory");
	for (size_t i = 0; reader && i < warc_inputs_count(inputs); i++) {
		const struct warc_input *input = warc_inputs_at(inputs, i);
		bool ours;
		status = read_records(reader, input, visitor, &fault, &ours);
		if (ours) {
			code = cli_fail(EXIT_IO, visitor->command, "cannot write to standard output: %s",
					strerror(errno));
			break;
		}
		if (status != STATUS_END) {
			int failed = cli_fail(cli_status_exit(status), visitor->command, "%s at %llu: %s",
					      warc_input_name(input), (unsigned long long)fault.offset, fault.text);
			code = failed > code ? failed : code;
		}
		if (visitor->input_end && visitor->input_end(visitor->user, input))
			break;
	}
	warc_reader_free(reader);
	warc_inputs_free(inputs);
	return code;
}
