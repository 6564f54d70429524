/* sigv4: AWS Signature Version 4 for GET requests to S3. Private to warc/. */
#ifndef WARCMILL_WARC_SIGV4_H
#define WARCMILL_WARC_SIGV4_H

#include "base/base.h"

struct sigv4 {
	const char *key_id, *secret, *token; /* TOKEN may be NULL */
	const char *region, *host;
	struct span path;  /* "/bucket/key", percent-encoded */
	const char *range; /* "bytes=0-9" or NULL */
	int64_t now;
};
/* The request's extra header lines, one a line, each ending with LF: x-amz-date, x-amz-content-sha256,
 * x-amz-security-token, Authorization ("Authenticating Requests: Using the Authorization Header", Amazon S3 API
 * reference). */
enum status sigv4_headers(const struct sigv4 *request, struct buffer *out);
/* Append PATH with every byte percent-encoded that S3 wants so. */
enum status sigv4_encode_path(struct span path, struct buffer *out);

#endif
