/* body: taking encodings off HTTP bodies, within a ceiling. Private to warc/. */
#ifndef WARCMILL_WARC_BODY_H
#define WARCMILL_WARC_BODY_H

#include "warc/warc_internal.h"

enum decode {
	DECODE_WHOLE,   /* decoded to its end */
	DECODE_PART,    /* the encoding is as claimed but the bytes end or break early; OUT has what came before */
	DECODE_LARGE,   /* OUT is full: body_max bytes */
	DECODE_NOT,     /* the bytes do not have this encoding */
	DECODE_UNKNOWN, /* no such encoding here */
	DECODE_MEMORY,
};

/* Transfer coding "chunked" (RFC 9112 §7.1). OUT may point into IN when there is but one chunk; otherwise into the
 * decoder. */
enum decode body_dechunk(struct body_decoder *decoder, struct span in, struct span *out);
/* Content coding NAME (RFC 9110 §8.4.1): gzip, x-gzip, deflate (zlib or raw), br, zstd. OUT lives until the next call
 * but one. */
enum decode body_decode(struct body_decoder *decoder, struct span name, struct span in, struct span *out);

#endif
