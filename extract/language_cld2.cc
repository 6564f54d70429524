/* language_cld2: the one place that speaks to CLD2, which is C++. */
#include "extract/language_internal.h"

#ifdef WARCMILL_HAVE_CLD2
#include <cstdio> /* the header below uses FILE without it */

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

extern "C" int language_cld2(const char *text, size_t size, const char *names[LANGUAGE_MAX], int percents[LANGUAGE_MAX])
{
	CLD2::CLDHints hints = {NULL, NULL, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
	CLD2::Language found[LANGUAGE_MAX];
	int shares[LANGUAGE_MAX], bytes = 0, count = 0;
	double scores[LANGUAGE_MAX];
	bool reliable = false;
	CLD2::ExtDetectLanguageSummary(text, (int)size, true, &hints, CLD2::kCLDFlagBestEffort, found, shares, scores,
				       NULL, &bytes, &reliable);
	for (int i = 0; i < LANGUAGE_MAX; i++) {
		if (found[i] == CLD2::UNKNOWN_LANGUAGE || shares[i] <= 0)
			continue;
		names[count] = CLD2::LanguageCode(found[i]);
		percents[count++] = shares[i];
	}
	return count;
}
#else
extern "C" int language_cld2(const char *, size_t, const char *[LANGUAGE_MAX], int[LANGUAGE_MAX])
{
	return 0;
}
#endif
