/* inflated: a source whose bytes are another source's, inflated (RFC 1951): the packed members of a zip file on a
 * server, which libarchive cannot reach. Forward only; what is damaged ends the stream with a word why. */
#include "warc/warc_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define INFLATED_IN (64 * KIB)

struct source_inflated {
	struct source source;
	struct source *packed;
	uint64_t at; /* of the packed bytes read */
	z_stream stream;
	bool ended;
	char in[INFLATED_IN];
};

static void why(struct source *source, const char *text)
{
	snprintf(source->why, sizeof source->why, "packed data is damaged: %.100s", text);
}

static enum status inflated_read(struct source *source, uint64_t offset, char *data, size_t size, size_t *got,
				 struct fault *fault)
{
	struct source_inflated *inflated = (struct source_inflated *)source;
	z_stream *stream = &inflated->stream;
	(void)offset;
	*got = 0;
	uInt room = size < MIB ? (uInt)size : (uInt)MIB;
	while (!*got && room && !inflated->ended) {
		if (!stream->avail_in) {
			size_t n = 0;
			enum status status = inflated->packed->class->read(inflated->packed, inflated->at, inflated->in,
									   INFLATED_IN, &n, fault);
			if (status)
				return status;
			inflated->at += n;
			stream->next_in = (Bytef *)inflated->in;
			stream->avail_in = (uInt)n;
		}
		bool dry = !stream->avail_in;
		stream->next_out = (Bytef *)data;
		stream->avail_out = room;
		int result = inflate(stream, Z_NO_FLUSH);
		*got = room - stream->avail_out;
		inflated->ended = result != Z_OK || (dry && !*got);
		if (result == Z_MEM_ERROR)
			return fault_set(fault, STATUS_MEMORY, inflated->at, "out of memory");
		if (inflated->ended && result != Z_STREAM_END)
			why(source, dry ? "it ends too early" : stream->msg ? stream->msg : "not deflate");
	}
	return STATUS_OK;
}

static void inflated_close(struct source *source)
{
	struct source_inflated *inflated = (struct source_inflated *)source;
	inflateEnd(&inflated->stream);
	source_close(inflated->packed);
	free(inflated);
}

static const struct source_class inflated_class = {inflated_read, inflated_close};

enum status source_inflate(struct source **source, struct fault *fault)
{
	struct source_inflated *inflated = memory_zeroed(1, sizeof *inflated);
	if (!inflated || inflateInit2(&inflated->stream, -15) != Z_OK) {
		free(inflated);
		source_close(*source);
		*source = NULL;
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	}
	inflated->source = (struct source){.class = &inflated_class, .size = SIZE_UNKNOWN};
	inflated->packed = *source;
	*source = &inflated->source;
	return STATUS_OK;
}
