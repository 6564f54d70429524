/* charset_internal: ids of the encodings and the decoders' common ground. */
#ifndef WARCMILL_CHARSET_INTERNAL_H
#define WARCMILL_CHARSET_INTERNAL_H

#include "extract/html.h"

/* As charset_names is ordered (charset_tables.h). From CHARSET_SINGLE on: single-byte encodings. */
enum charset {
	CHARSET_UTF_8,
	CHARSET_GBK,
	CHARSET_GB18030,
	CHARSET_BIG5,
	CHARSET_EUC_JP,
	CHARSET_ISO_2022_JP,
	CHARSET_SHIFT_JIS,
	CHARSET_EUC_KR,
	CHARSET_REPLACEMENT,
	CHARSET_UTF_16BE,
	CHARSET_UTF_16LE,
	CHARSET_X_USER_DEFINED,
	CHARSET_SINGLE,
	CHARSET_NONE = -1,
};

const char *charset_name(int charset);
int charset_of_label(struct span label); /* Encoding §4.2 "get an encoding"; CHARSET_NONE when it is none */
extern const int charset_windows_1252;   /* its id */

/* Where decoded text goes: appended to OUT. Only OUT need be set. */
struct charset_sink {
	struct buffer *out;
	char *at, *limit;  /* the free part of OUT, while a decoder runs */
	uint64_t replaced; /* U+FFFD written for errors */
	bool full;         /* the ceiling was reached */
};

/* Decode all of BYTES (no byte order mark) by the standard's decoder for CHARSET, errors becoming U+FFFD. */
void charset_run(int charset, struct span bytes, struct charset_sink *sink);

/* What the bytes before any decoding say: a meta element's encoding among the first LIMIT bytes (WHATWG HTML 13.2.3.2
 * "prescan"), CHARSET_NONE without. */
int charset_prescan(struct span bytes);
/* The encoding that a Content-Type names. */
int charset_of_content_type(struct span content_type);
/* Guess, for bytes that are not UTF-8 and not what they are declared to be. */
int charset_guess(struct span bytes, struct buffer *scratch);
/* Errors that decoding by CHARSET would give, without output; UNITS receives the non-ASCII characters it gives. */
uint64_t charset_errors(int charset, struct span bytes, struct buffer *scratch, uint64_t *units);

#endif
