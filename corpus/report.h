/* report: statistics and a page to look at, for a finished corpus. */
#ifndef WARCMILL_REPORT_H
#define WARCMILL_REPORT_H

#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Read the corpus in FOLDER and write FOLDER/stats.json (which depends on the corpus alone) and FOLDER/report.html
 * (which also shows the last run's speed, from run.json where that is there). Neither is in SHA256SUMS. STATUS_USAGE
 * when FOLDER holds no finished corpus; FAULT->text is a whole sentence. */
enum status corpus_report(const char *folder, struct fault *fault);

#ifdef __cplusplus
}
#endif
#endif
