/* spool_internal: how a spool lies on disk, for the file that writes it and the file that reads it. */
#ifndef WARCMILL_SPOOL_INTERNAL_H
#define WARCMILL_SPOOL_INTERNAL_H

#include "corpus/corpus_internal.h"

/* The writer checks a whole block by body_hash when it continues. Readers check the header and the tally here, and each
 * frame they decode by zstd's own checksum: a task of a cluster opens all spools and reads a part of one. */
struct block_header {
	char magic[8]; /* "WMSPOOL2" */
	uint8_t plan[16];
	uint64_t segment, first, end, rows, frames, tally_bytes, packed_bytes, tally_hash, body_hash;
	uint64_t header_hash; /* of all before */
};
struct frame_header {
	uint32_t packed, raw, rows, pages; /* pages: rows of kind ROW_PAGE */
};

#endif
