/* Private: robots rules and text and data mining reservations. */
#ifndef WARCMILL_OPTOUT_INTERNAL_H
#define WARCMILL_OPTOUT_INTERNAL_H

#include "extract/extract.h"

/* The value of a robots meta element or of one rule list of X-Robots-Tag: "noindex, max-snippet:0". Bits of ROBOTS_*.
 * FETCH_TIME (or DATE_NONE) decides whether unavailable_after has passed. */
unsigned robots_rules(struct span value, int64_t fetch_time);
/* Whether rules addressed to agent NAME ("robots" is everyone) count for a text corpus. */
enum robots_agent { AGENT_OTHER, AGENT_GATHERS, AGENT_TRAINS };
enum robots_agent robots_agent(struct span name);
/* The rules in VALUE as addressed to an agent of kind AGENT. */
unsigned robots_addressed(enum robots_agent agent, struct span value, int64_t fetch_time);
/* X-Robots-Tag, several headers joined by commas or line feeds: "noindex, CCBot: noarchive, nosnippet". */
unsigned robots_header(struct span value, int64_t fetch_time);
/* tdm-reservation of a header or meta element: 0 or 1, -1 when it says neither (TDMRep §4). */
int tdm_value(struct span value);

#endif
