/* spool_internal: how a spool lies on disk, for the file that writes it and the file that reads it. */
#ifndef WARCMILL_SPOOL_INTERNAL_H
#define WARCMILL_SPOOL_INTERNAL_H

#include "corpus/corpus_internal.h"

struct block_header {
	char magic[8]; /* "WMSPOOL1" */
	uint8_t plan[16];
	uint64_t segment, first, end, rows, frames, tally_bytes, packed_bytes, body_hash;
	uint64_t header_hash; /* of all before */
};
struct frame_header {
	uint32_t packed, raw, rows, pages; /* pages: rows of kind ROW_PAGE */
};

#endif
