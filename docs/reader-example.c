/* reader-example: the address, status and size of every HTML page in the archives named.
 *
 *	cc -o reader-example reader-example.c $(pkg-config --cflags --libs warcmill) */
#include <warc/warc.h>

#include <stdio.h>

int main(int argc, char **argv)
{
	struct warc_inputs *inputs;
	struct fault fault = {0};
	if (warc_inputs_new((const char *const *)argv + 1, (size_t)argc - 1, NULL, &inputs, &fault)) {
		fprintf(stderr, "%s\n", fault.text);
		return 1;
	}
	struct warc_reader *reader = warc_reader_new(NULL);
	for (size_t i = 0; reader && i < warc_inputs_count(inputs); i++) {
		const struct warc_input *input = warc_inputs_at(inputs, i);
		struct warc_record record;
		struct warc_damage damage;
		struct warc_http http;
		enum status status = warc_reader_open(reader, input, 0, UINT64_MAX, true, &fault);
		while (!status || status == STATUS_DATA) {
			status = warc_next(reader, &record, &damage, &fault);
			if (status == STATUS_DATA)
				fprintf(stderr, "%s@%llu: %s\n", warc_input_name(input),
					(unsigned long long)damage.offset, damage.text);
			if (status || record.type != WARC_TYPE_RESPONSE || warc_http_read(reader, &record, &http))
				continue;
			if (span_starts_nocase(http.content_type, SPAN("text/html")))
				printf("%.*s\t%d\t%zu\n", SPAN_ARG(record.uri), http.status, http.body.size);
		}
		if (status != STATUS_END)
			fprintf(stderr, "%s: %s\n", warc_input_name(input), fault.text);
	}
	warc_reader_free(reader);
	warc_inputs_free(inputs);
}
