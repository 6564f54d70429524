/* reader_internal: the reader's state, shared by reader.c, gather.c, search.c and http.c. */
#ifndef WARCMILL_READER_INTERNAL_H
#define WARCMILL_READER_INTERNAL_H

#include "warc/warc_internal.h"

#define NO_STOP UINT64_MAX

struct warc_reader {
	struct warc_options options; /* defaults filled in */
	const struct warc_input *input;
	struct source *source;
	struct text text;
	bool arc; /* ARC lines count as records */
	bool active, ended;
	bool empty; /* an inexact opening found nothing in the segment */
	uint64_t limit;
	bool any;               /* an event was reported */
	uint64_t first, mark;   /* stored offsets: of the first event; up to which everything is accounted for */
	bool member_used;       /* an event lies at MARK already, with inner 0 */
	uint64_t inner;         /* of the record at hand */
	uint64_t stop;          /* position where the record at hand ends because another begins there, or NO_STOP */
	unsigned lengths_wrong; /* records longer than the text whose length was wrong */
	struct arena *arena;    /* of the record at hand */
	struct fields fields, http_fields;
	struct buffer large; /* header and block of a record that does not fit the text */
	struct body_decoder *decoder;
	struct warc_reader *joiner; /* looks for continuation records */
	struct buffer joined;
};

/* ---- search.c ---- */

/* Does a record start TEXT? Blank lines before it are not passed. */
enum parse starts_record(const struct warc_reader *reader, struct span text, bool strict);
/* First offset at or after FROM where a record (plain) or a member that begins with one starts. *AT is the end of the
 * source, *FOUND false, when there is none. */
enum status search_stored(struct warc_reader *reader, uint64_t from, uint64_t *at, bool *found, struct fault *fault);
/* First record in TEXT at or after FROM, strictly checked: its index, or SIZE_MAX. *SHORT: the index of one of which
 * too little is here to tell, else SIZE_MAX. */
size_t search_text(const struct warc_reader *reader, struct span text, size_t from, size_t *short_at);
/* The same, at LAST or before. */
size_t search_until(const struct warc_reader *reader, struct span text, size_t from, size_t last, size_t *short_at);
/* Nothing but zero bytes and blanks, as far as it can be seen again. */
bool search_is_padding(struct warc_reader *reader, uint64_t from, uint64_t to);

/* ---- gather.c ---- */

/* text_more; tells a file that ends inside a member from a damaged member that inflated to nonsense up to the end of
 * the file: then another member begins further on. */
enum status more_text(struct warc_reader *reader, size_t want, struct fault *fault);
/* More text of the record at hand, not of a next member that begins a record of its own (then reader->stop is set).
 * STATUS_END: there is none. */
enum status record_more(struct warc_reader *reader, size_t want, struct fault *fault);
struct span record_text(const struct warc_reader *reader); /* up to reader->stop */
/* HEADER bytes of header are at the start of the text: get the block, find the record's end and drop the text up to it.
 * *LOST: the member is damaged, the record must not be delivered. */
enum status gather(struct warc_reader *reader, struct warc_record *record, size_t header, bool length_known, bool *lost,
		   struct fault *fault);

#endif
