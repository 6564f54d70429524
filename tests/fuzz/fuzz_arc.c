/* fuzz_arc: ARC files. A version line stands before the bytes, so that they are read as ARC. */
#include "tests/fuzz/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "filedesc://a.arc 0.0.0.0 20200101000000 text/plain 10\n1 0 Author\n\n";
	struct buffer file;
	buffer_init(&file, SIZE_MAX);
	CHECK(!buffer_append(&file, head, sizeof head - 1) && !buffer_append(&file, data, size));
	fuzz_file(file.data, file.size);
	buffer_free(&file);
	return 0;
}
