/* ceiling: large arrays under a limit on resident memory.
 *
 * With a limit, an array of a quarter of a megabyte and more lies in an unlinked file of the work folder, mapped; where
 * the process has grown over the limit, all such pages are given back and come again from the file when they are
 * touched. What is computed does not depend on it. Without a limit arrays are ordinary memory, and are counted. */
#ifndef WARCMILL_DEDUP_CEILING_H
#define WARCMILL_DEDUP_CEILING_H

#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ceiling;
/* LIMIT in bytes, 0: none. FOLDER (borrowed; NULL: $TMPDIR or /tmp) is where the files go. NULL without memory. */
struct ceiling *ceiling_new(uint64_t limit, const char *folder);
void ceiling_free(struct ceiling *self); /* every array was dropped before; NULL is fine */

/* As malloc, calloc (zeroed always), realloc and free; NULL without memory or room on disk. SELF may be NULL: ordinary
 * memory. Any thread. */
void *ceiling_array(struct ceiling *self, size_t count, size_t size);
void *ceiling_grow(struct ceiling *self, void *old, size_t size);
void ceiling_drop(struct ceiling *self, const void *array);

/* Mapped file pages of others (clean, or shared with their file) that may be given back as well, until unwatched. */
enum status ceiling_watch(struct ceiling *self, const void *at, size_t size);
void ceiling_unwatch(struct ceiling *self, const void *at);

/* Without a limit: give watched pages back where the process has grown by more than BYTES since now. */
#define CEILING_SOFT ((uint64_t)48 << 20)
void ceiling_soften(struct ceiling *self, uint64_t bytes);

/* Where the process is over the limit, give pages back. Call it often: after every CEILING_STRIDE touches of arrays at
 * random, each of which may bring 64 KiB of a file into memory. Any thread; contents stay as they are. */
#define CEILING_STRIDE 64
void ceiling_check(struct ceiling *self);
void ceiling_scanned(struct ceiling *self); /* after a stretch of watched pages; without a limit too */
/* The most that arrays held at one time, in bytes, wherever they lay. */
uint64_t ceiling_peak(const struct ceiling *self);
bool ceiling_limited(const struct ceiling *self);
uint64_t ceiling_limit(const struct ceiling *self); /* 0: none */

#ifdef __cplusplus
}
#endif
#endif
