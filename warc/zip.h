/* zip: where the members of a ZIP file lie, so that stored ones can be read in place. Private to warc/. */
#ifndef WARCMILL_WARC_ZIP_H
#define WARCMILL_WARC_ZIP_H

#include "warc/warc_internal.h"

struct zip_member {
	struct span name;
	uint64_t offset, size; /* of the data as stored */
	bool deflated;
};
struct zip_members {
	struct zip_member *list;
	size_t count;
	struct buffer directory; /* the names point into it */
};
/* The stored members, and the deflated ones that are named like archives, by the central directory (APPNOTE 4.3.12,
 * ZIP64). None when it cannot be read: never an error, as the members can then still be read through libarchive. */
/* Sorted by name. */
enum status zip_stored(struct source *source, struct zip_members *members);
const struct zip_member *zip_find(const struct zip_members *members, struct span name); /* or NULL */
void zip_free(struct zip_members *members);

#endif
