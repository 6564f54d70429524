/* report_text: a corpus in words, on standard output. */
#ifndef WARCMILL_REPORT_TEXT_H
#define WARCMILL_REPORT_TEXT_H

#include "base/base.h"

enum status report_text(const char *folder, struct fault *fault);

#endif
