/* optout: what a page asks machines not to do with it.
 *
 * Robots meta elements and X-Robots-Tag have one syntax: rules separated by commas, some with a value behind a colon, a
 * list addressed to one agent by "agent:" in front (RFC 9309 leaves this to the search engines' documents, which agree
 * on it). Rules for one named agent count when that agent gathers text as we do: for search, for an archive or for
 * training; rules for an advertising, image or news crawler say nothing about a text corpus. The Text and Data Mining
 * Reservation Protocol (W3C community group, TDMRep) has a header and a meta element; the header wins. */
#include "extract/optout_internal.h"

static const struct rule_row {
	const char *name;
	unsigned bits;
} rule_rows[] = {
	{"noindex", ROBOTS_NOINDEX},   {"none", ROBOTS_NOINDEX | ROBOTS_NOFOLLOW},
	{"nofollow", ROBOTS_NOFOLLOW}, {"noarchive", ROBOTS_NOARCHIVE},
	{"nocache", ROBOTS_NOARCHIVE}, {"nosnippet", ROBOTS_NOSNIPPET},
	{"noai", ROBOTS_NOAI},         {"noimageai", ROBOTS_NOIMAGEAI},
	{"noml", ROBOTS_NOML},         {"disallowaitraining", ROBOTS_NOAI},
	{"notrain", ROBOTS_NOAI},      {"notraining", ROBOTS_NOAI},
};

/* Agents by name; a rule list for any other name is of no concern. For agents that gather training data "noindex" and
 * "none" mean that the text is not to be gathered at all, which is what noai says. */
#define AGENT(name, training)                                                                                          \
	{                                                                                                              \
		{name, sizeof(name) - 1}, training                                                                     \
	}
static const struct agent_row {
	struct span name;
	bool training;
} agent_rows[] = {
	AGENT("robots", false),          AGENT("*", false),
	AGENT("googlebot", false),       AGENT("bingbot", false),
	AGENT("msnbot", false),          AGENT("slurp", false),
	AGENT("yandex", false),          AGENT("yandexbot", false),
	AGENT("baiduspider", false),     AGENT("duckduckbot", false),
	AGENT("applebot", false),        AGENT("ia_archiver", false),
	AGENT("archive.org_bot", false), AGENT("ccbot", true),
	AGENT("gptbot", true),           AGENT("chatgpt-user", true),
	AGENT("oai-searchbot", true),    AGENT("google-extended", true),
	AGENT("googleother", true),      AGENT("applebot-extended", true),
	AGENT("claudebot", true),        AGENT("anthropic-ai", true),
	AGENT("claude-web", true),       AGENT("bytespider", true),
	AGENT("perplexitybot", true),    AGENT("amazonbot", true),
	AGENT("cohere-ai", true),        AGENT("diffbot", true),
	AGENT("facebookbot", true),      AGENT("meta-externalagent", true),
	AGENT("omgilibot", true),        AGENT("ai2bot", true),
	AGENT("petalbot", false),        AGENT("timpibot", true),
	AGENT("youbot", true),           AGENT("imagesiftbot", false),
};

enum robots_agent robots_agent(struct span name)
{
	char first = name.size ? (char)ascii_lower((unsigned char)*name.data) : 0;
	for (size_t i = 0; i < sizeof agent_rows / sizeof *agent_rows; i++)
		if (agent_rows[i].name.size == name.size && *agent_rows[i].name.data == first &&
		    span_equal_nocase(name, agent_rows[i].name))
			return agent_rows[i].training ? AGENT_TRAINS : AGENT_GATHERS;
	return AGENT_OTHER;
}

static unsigned addressed(enum robots_agent agent, unsigned bits)
{
	if (agent == AGENT_OTHER)
		return 0;
	return agent == AGENT_TRAINS && (bits & ROBOTS_NOINDEX) ? bits | ROBOTS_NOAI : bits;
}

/* A rule with a value: max-snippet of 0 is nosnippet; unavailable_after in the past is noindex. */
static unsigned valued_rule(struct span name, struct span value, int64_t fetch_time)
{
	if (span_equal_nocase(name, SPAN("max-snippet")))
		return span_equal(value, SPAN("0")) ? ROBOTS_NOSNIPPET : 0;
	if (!span_equal_nocase(name, SPAN("unavailable_after")) || fetch_time == DATE_NONE)
		return 0;
	int64_t date = date_parse_w3c(value);
	if (date == DATE_NONE)
		date = date_parse_http(value);
	return date != DATE_NONE && date < fetch_time ? ROBOTS_NOINDEX : 0;
}

static unsigned one_rule(struct span rule, int64_t fetch_time)
{
	rule = span_trim(rule);
	size_t colon = span_find_byte(rule, ':');
	if (colon != SIZE_MAX)
		return valued_rule(span_trim(span_slice(rule, 0, colon)),
				   span_trim(span_slice(rule, colon + 1, SIZE_MAX)), fetch_time);
	for (size_t i = 0; i < sizeof rule_rows / sizeof *rule_rows; i++)
		if (span_equal_nocase(rule, span_of(rule_rows[i].name)))
			return rule_rows[i].bits;
	return 0;
}

/* Cut the next rule off REST. Pages also separate by semicolons and blanks; an unavailable_after date (RFC 822 or 850)
 * holds commas and blanks of its own, so it reaches to the next comma that is followed by a letter run without digits.
 */
static bool cut_rule(struct span *rest, struct span *rule)
{
	while (rest->size && (strchr(",;", *rest->data) || ascii_is_space((unsigned char)*rest->data)))
		*rest = span_slice(*rest, 1, SIZE_MAX);
	if (!rest->size)
		return false;
	bool date = span_starts_nocase(*rest, SPAN("unavailable_after"));
	size_t i = 0;
	for (; i < rest->size; i++) {
		char c = rest->data[i];
		if (c == '\n' || c == ';' || (c == ',' && !date))
			break;
		if (c == ',' && date) {
			struct span tail = span_trim(span_slice(*rest, i + 1, SIZE_MAX));
			size_t word = 0;
			while (word < tail.size && ascii_is_alpha((unsigned char)tail.data[word]))
				word++;
			if (word >= 4)
				break;
		}
		if (c == ' ' && !date && rest->data[i - 1] != ':' && !(i + 1 < rest->size && rest->data[i + 1] == ':'))
			break;
	}
	*rule = span_slice(*rest, 0, i);
	*rest = span_slice(*rest, i, SIZE_MAX);
	return true;
}

unsigned robots_rules(struct span value, int64_t fetch_time)
{
	unsigned bits = 0;
	struct span rule;
	while (cut_rule(&value, &rule))
		bits |= one_rule(rule, fetch_time);
	return bits;
}

static bool is_valued(struct span name)
{
	static const char *const names[] = {"max-snippet", "max-image-preview", "max-video-preview",
					    "unavailable_after", NULL};
	for (const char *const *at = names; *at; at++)
		if (span_equal_nocase(name, span_of(*at)))
			return true;
	return false;
}

unsigned robots_addressed(enum robots_agent agent, struct span value, int64_t fetch_time)
{
	return agent == AGENT_OTHER ? 0 : addressed(agent, robots_rules(value, fetch_time));
}

unsigned robots_header(struct span value, int64_t fetch_time)
{
	unsigned bits = 0;
	struct span line, rule;
	while (span_cut(&value, '\n', &line)) { /* the agent named holds to the end of its header */
		enum robots_agent agent = AGENT_GATHERS;
		while (cut_rule(&line, &rule)) {
			size_t colon = span_find_byte(rule, ':');
			struct span name = span_trim(span_slice(rule, 0, colon == SIZE_MAX ? 0 : colon));
			if (name.size && !is_valued(name)) {
				agent = robots_agent(name);
				rule = span_slice(rule, colon + 1, SIZE_MAX);
			}
			bits |= addressed(agent, one_rule(rule, fetch_time));
		}
	}
	return bits;
}

int tdm_value(struct span value)
{
	value = span_trim(value);
	return span_equal(value, SPAN("1")) ? 1 : span_equal(value, SPAN("0")) ? 0 : -1;
}
