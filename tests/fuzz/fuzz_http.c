/* fuzz_http: HTTP messages: the bytes are a response record's block. */
#include "tests/fuzz/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer file;
	buffer_init(&file, SIZE_MAX);
	buffer_print(&file, "WARC/1.0\r\nWARC-Type: response\r\nContent-Length: %zu\r\n\r\n", size);
	CHECK(!buffer_append(&file, data, size) && !buffer_append(&file, "\r\n\r\n", 4));
	fuzz_file(file.data, file.size);
	buffer_free(&file);
	return 0;
}
