/* Private: the detector behind language_detect, so that C++ stays in one file. */
#ifndef WARCMILL_LANGUAGE_INTERNAL_H
#define WARCMILL_LANGUAGE_INTERNAL_H

#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { LANGUAGE_MAX = 3 };

/* Up to three languages of TEXT (plain, valid UTF-8), the most used first: names as CLD2 writes them ("en", "zh-Hant",
 * static) and their share of the text in percent. Returns their number; 0 when nothing is reliable enough. */
int language_cld2(const char *text, size_t size, const char *names[LANGUAGE_MAX], int percents[LANGUAGE_MAX]);

#ifdef __cplusplus
}
#endif
#endif
