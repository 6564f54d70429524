/* dedup: near-duplicates. Texts to signatures, signatures to candidate pairs, pairs to clusters, clusters to keepers. */
#ifndef WARCMILL_DEDUP_H
#define WARCMILL_DEDUP_H

#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif
#endif
