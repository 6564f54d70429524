/* base: what every other folder stands on. It knows nobody.
 *
 * Byte spans, faults, arenas, buffers with a ceiling, UTF-8, addresses, dates, digests, JSON, whole files.
 * Nothing here prints, exits or keeps mutable global state. All functions may be called from several threads
 * at once as long as each object is used by one thread at a time. */
#ifndef WARCMILL_BASE_H
#define WARCMILL_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define WARCMILL_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define WARCMILL_PRINTF(at, first)
#endif

/* ---- Status and fault ------------------------------------------------------------------------------- */

enum status {
	STATUS_OK = 0,
	STATUS_END,    /* nothing more to read */
	STATUS_DATA,   /* the bytes are not what they should be; reading can usually go on after them */
	STATUS_LIMIT,  /* a ceiling that protects against hostile input was reached */
	STATUS_MEMORY, /* the system gave no memory */
	STATUS_IO,     /* reading or writing failed */
	STATUS_USAGE,  /* the caller, in the end the command line, asked for something impossible */
	STATUS_RETRY,  /* may go well later (503, dropped connection, another process holds the lock) */
};

/* What went wrong, where. `offset` counts bytes of the file as stored (compressed where it is compressed). */
struct fault {
	enum status status;
	uint64_t offset;
	char text[240]; /* one clear sentence without the file's name, no newline, NUL-terminated */
};

const char *status_name(enum status status); /* "ok", "end", "data", … ; never NULL */

/* Fill FAULT (may be NULL) and return STATUS. */
enum status fault_set(struct fault *fault, enum status status, uint64_t offset, const char *format, ...)
	WARCMILL_PRINTF(4, 5);

/* ---- Spans: borrowed bytes, not NUL-terminated ------------------------------------------------------ */

struct span {
	const char *data; /* NULL means absent; an empty present span has data != NULL and size 0 */
	size_t size;
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})
#define SPAN_NONE ((struct span){NULL, 0})
#define SPAN_ARG(span) (int)(span).size, (span).data /* for "%.*s" */

struct span span_of(const char *string); /* NULL gives SPAN_NONE */
bool span_equal(struct span a, struct span b);
bool span_equal_nocase(struct span a, struct span b); /* ASCII case only */
bool span_starts(struct span text, struct span prefix);
bool span_starts_nocase(struct span text, struct span prefix);
bool span_ends(struct span text, struct span suffix);
int span_compare(struct span a, struct span b);         /* bytewise, shorter first, as memcmp */
size_t span_find(struct span text, struct span needle); /* offset, or SIZE_MAX */
size_t span_find_nocase(struct span text, struct span needle);
size_t span_find_byte(struct span text, char byte);                 /* offset, or SIZE_MAX */
struct span span_slice(struct span text, size_t from, size_t size); /* clipped to TEXT */
struct span span_trim(struct span text);                            /* without ASCII white space at both ends */
/* Cut the next piece off REST at DELIMITER (dropped). False when REST is used up (data NULL). */
bool span_cut(struct span *rest, char delimiter, struct span *piece);
bool span_to_u64(struct span text, uint64_t *value); /* all decimal digits, no overflow */

static inline bool ascii_is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline bool ascii_is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}
static inline bool ascii_is_alpha(unsigned char c)
{
	return (unsigned char)((c | 32) - 'a') < 26;
}
static inline unsigned char ascii_lower(unsigned char c)
{
	return (unsigned char)(c - 'A') < 26 ? (unsigned char)(c | 32) : c;
}

/* ---- Memory: a failure is remembered ---------------------------------------------------------------- */

/* malloc, calloc and realloc that count failures, so that a run whose machine had no memory never passes for one whose
 * pages met a ceiling: who commits results asks memory_status() before. Freed with free(). NULL without memory. */
void *memory_new(size_t size);
void *memory_zeroed(size_t count, size_t size);
void *memory_grow(void *old, size_t size);
char *memory_text(struct span text); /* a copy that ends with a NUL */
__attribute__((format(printf, 1, 2))) char *memory_format(const char *format, ...);
void memory_fail(void);                         /* a library's own allocation failed */
bool memory_failed(void);                       /* since the process began; any thread */
enum status memory_status(struct fault *fault); /* STATUS_MEMORY once an allocation has failed */

/* ---- Arena: many small things that die together ----------------------------------------------------- */

/* At most MAX bytes live between two resets. Reset keeps the memory for reuse, but gives back what an outlier
 * needed. Under AddressSanitizer freed parts are poisoned. */
struct arena;
struct arena *arena_new(size_t max);                 /* NULL without memory */
void *arena_alloc(struct arena *arena, size_t size); /* 16-byte aligned, not cleared; NULL at MAX or without memory */
void *arena_zalloc(struct arena *arena, size_t size);
struct span arena_copy(struct arena *arena, struct span bytes); /* NUL follows; SPAN_NONE at MAX or for absent */
struct span arena_print(struct arena *arena, const char *format, ...) WARCMILL_PRINTF(2, 3);
size_t arena_used(const struct arena *arena);
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena); /* NULL is fine */

/* ---- Buffer: bytes that grow, born with a ceiling --------------------------------------------------- */

/* After a failure `status` sticks (STATUS_LIMIT or STATUS_MEMORY) and later appends do nothing, so a row of
 * appends needs one check at its end. */
struct buffer {
	char *data;
	size_t size, capacity, max;
	enum status status;
};

void buffer_init(struct buffer *buffer, size_t max);
void buffer_clear(struct buffer *buffer);                        /* size 0, status OK, memory kept */
void buffer_free(struct buffer *buffer);                         /* ready for buffer_init */
enum status buffer_reserve(struct buffer *buffer, size_t extra); /* room for EXTRA more bytes at data + size */
enum status buffer_append(struct buffer *buffer, const void *data, size_t size);
enum status buffer_append_span(struct buffer *buffer, struct span bytes);
enum status buffer_append_byte(struct buffer *buffer, char byte);
enum status buffer_print(struct buffer *buffer, const char *format, ...) WARCMILL_PRINTF(2, 3);
struct span buffer_span(const struct buffer *buffer); /* lives until the next append; never absent */

/* ---- UTF-8 (Unicode 15, table 3-7) ------------------------------------------------------------------ */

bool utf8_valid(struct span text);
size_t utf8_valid_prefix(struct span text); /* bytes before the first ill-formed sequence */
/* Decode the code point at *AT (before END) and step over it. An ill-formed byte gives U+FFFD and one byte's step. */
uint32_t utf8_next(const char **at, const char *end);
size_t utf8_encode(uint32_t code, char out[4]);             /* bytes written; surrogates and > U+10FFFF become U+FFFD */
bool utf8_is_nfc(struct span text);                         /* quick check: true only when surely NFC already */
enum status utf8_nfc(struct span text, struct buffer *out); /* append NFC(TEXT); TEXT must be valid UTF-8 */

char *utf8_percent(struct span bytes); /* a copy with each ill-formed byte as %XX; malloc'd, NULL without memory */

/* ---- Addresses --------------------------------------------------------------------------------------- */

/* The parts as they stand in the text (RFC 3986 §3); absent parts have data NULL. */
struct url {
	struct span scheme, user, host, port, path, query, fragment;
};
bool url_parse(struct span text, struct url *url); /* false when there is no scheme */
/* REFERENCE against BASE (RFC 3986 §5.2), dots removed. SPAN_NONE when it cannot be resolved. */
struct span url_resolve(struct arena *arena, struct span base, struct span reference);
struct span url_host(struct arena *arena, struct span text); /* lower case, no port, no trailing dot; or SPAN_NONE */
/* Registered domain by the Public Suffix List ("bbc.co.uk"); the host itself for IP addresses and bare suffixes.
 * Without libpsl: the last two labels. */
struct span host_registered_domain(struct arena *arena, struct span host);
/* Sort-friendly URI Reordering Transform as Common Crawl's and pywb's CDXJ keys use it: "com,example)/path?q". */
enum status url_surt(struct span text, struct buffer *out);
/* Address for comparing pages: scheme and leading "www." dropped, host lower case, default port and fragment
 * dropped, no trailing slash. */
enum status url_canonical_key(struct span text, struct buffer *out);

/* ---- Dates: seconds since 1970-01-01T00:00:00Z ------------------------------------------------------- */

#define DATE_NONE INT64_MIN
int64_t date_from_civil(int year, int month, int day, int hour, int minute, int second); /* DATE_NONE if impossible */
void date_to_civil(int64_t date, int *year, int *month, int *day, int *hour, int *minute, int *second);
int64_t date_parse_w3c(struct span text);  /* W3CDTF, any granularity, fraction ignored, zones applied; blank for T */
int64_t date_parse_14(struct span text);   /* YYYYMMDD[hh[mm[ss]]] as in ARC and CDX */
int64_t date_parse_http(struct span text); /* RFC 9110 §5.6.7, all three forms */
void date_format(int64_t date, char out[21]); /* "YYYY-MM-DDThh:mm:ssZ", NUL-terminated */

/* ---- Digests ------------------------------------------------------------------------------------------ */

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256 };
#define DIGEST_MAX 32
/* Readies libcrypto, whose first use crashes where an allocation fails: before threads and before any work. */
bool digest_start(void);
struct digest;
struct digest *digest_new(enum digest_kind kind); /* NULL without memory or where the library forbids KIND */
void digest_update(struct digest *digest, const void *data, size_t size);
size_t digest_final(struct digest *digest,
		    uint8_t out[DIGEST_MAX]); /* bytes; the object is ready for the next message */
void digest_free(struct digest *digest);
size_t digest_of(enum digest_kind kind, struct span bytes, uint8_t out[DIGEST_MAX]); /* 0 on failure */
enum status digest_file(enum digest_kind kind, const char *path, uint8_t out[DIGEST_MAX], uint64_t *size,
			struct fault *fault);
void hex_encode(const uint8_t *bytes, size_t size, char *out);    /* 2 × SIZE lower-case digits and NUL */
size_t hex_decode(struct span text, uint8_t *out, size_t max);    /* bytes, 0 when TEXT is not hex or too long */
void base32_encode(const uint8_t *bytes, size_t size, char *out); /* RFC 4648, unpadded, NUL-terminated */
size_t base32_decode(struct span text, uint8_t *out, size_t max);

struct hash128 {
	uint64_t low, high;
};
uint64_t hash64(const void *data, size_t size, uint64_t seed); /* XXH3-64 */
struct hash128 hash128_of(const void *data, size_t size);      /* XXH3-128, seed 0 */

/* ---- JSON (RFC 8259) ---------------------------------------------------------------------------------- */

/* Writing: commas are placed by the writer; the caller keeps begin and end balanced. Text must be valid UTF-8. */
struct json_writer {
	struct buffer *out;
	bool comma;
};
void json_start(struct json_writer *writer, struct buffer *out);
void json_begin(struct json_writer *writer, char bracket); /* '{' or '[' */
void json_end(struct json_writer *writer, char bracket);   /* '}' or ']' */
void json_key(struct json_writer *writer, const char *key);
void json_text(struct json_writer *writer, struct span text); /* null when absent */
void json_uint(struct json_writer *writer, uint64_t value);
void json_int(struct json_writer *writer, int64_t value);
void json_real(struct json_writer *writer, double value, int decimals); /* fixed, locale-free */
void json_bool(struct json_writer *writer, bool value);
void json_raw(struct json_writer *writer, struct span value);                      /* a complete JSON value */
void json_put_text(struct json_writer *writer, const char *key, struct span text); /* left out when absent or empty */
void json_put_uint(struct json_writer *writer, const char *key, uint64_t value);
void json_escape(struct buffer *out, struct span text); /* with the quotes */

/* Reading: a tree in ARENA. Depth and node count are limited by the arena and DEPTH (0: 64). */
enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
struct json {
	enum json_kind kind;
	struct span key;                 /* of a member of an object, unescaped */
	struct span text;                /* JSON_STRING: unescaped UTF-8; JSON_NUMBER: the digits as they stand */
	struct span source;              /* the value as it stands in the input (for passing it through) */
	const struct json *first, *next; /* children in order; sibling */
};
/* Whole TEXT is one value. STATUS_DATA with the byte offset in FAULT otherwise. */
enum status json_parse(struct arena *arena, struct span text, unsigned depth, const struct json **out,
		       struct fault *fault);
/* The same where TEXT outlives the tree: strings without escapes are parts of it, and nothing ends them. */
enum status json_parse_within(struct arena *arena, struct span text, unsigned depth, const struct json **out,
			      struct fault *fault);
const struct json *json_get(const struct json *object, const char *key); /* first member of that name, or NULL */
struct span json_get_text(const struct json *object, const char *key);   /* a string member, or SPAN_NONE */
bool json_get_u64(const struct json *object, const char *key, uint64_t *value);
double json_get_real(const struct json *object, const char *key, double otherwise);

/* ---- Whole files -------------------------------------------------------------------------------------- */

enum status file_read(const char *path, struct buffer *out,
		      struct fault *fault); /* append; STATUS_LIMIT over out->max */
/* The status of reading PATH where the command line names it: STATUS_USAGE in place of STATUS_IO when nothing has that
 * name. */
enum status file_named(enum status status, const char *path);
/* Write under a temporary name in the same folder, fsync, rename, fsync the folder. Nothing is left on failure. */
enum status file_write_atomic(const char *path, struct span bytes, struct fault *fault);
/* "PATH.tmp-…", malloc'd: a name that no other task uses, also not one with the same process id on another node or in
 * another container, where every process may have the id 1. NULL without memory. */
char *file_temporary_name(const char *path);
void file_sync_folder(const char *path); /* after a rename to PATH: fsync the folder that holds it, so that it lasts */
bool file_exists(const char *path);
/* A path is any bytes, a text in JSON is not: the path itself where it is UTF-8, else file:// and the path with
 * percent signs and all bytes beyond ASCII as %XX. path_from_text undoes it. malloc'd; NULL without memory. */
char *path_to_text(const char *path);
char *path_from_text(struct span text);
enum status folder_make(const char *path, struct fault *fault); /* with parents; an existing folder is fine */

#ifdef __cplusplus
}
#endif
#endif
