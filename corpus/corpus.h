/* corpus: the stages from inputs to the corpus folder. */
#ifndef WARCMILL_CORPUS_H
#define WARCMILL_CORPUS_H

#include "base/base.h"
#include "dedup/dedup.h"
#include "extract/extract.h"
#include "warc/warc.h"

#endif
