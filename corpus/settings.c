/* settings: the options' texts read into what the stages use. */
#include "corpus/corpus_internal.h"

#include <stdlib.h>

static const struct {
	const char *name;
	unsigned bit;
} signals[] =
	{
		{"noindex", ROBOTS_NOINDEX},   {"noarchive", ROBOTS_NOARCHIVE}, {"noai", ROBOTS_NOAI},
		{"noml", ROBOTS_NOML},         {"noimageai", ROBOTS_NOIMAGEAI}, {"nosnippet", ROBOTS_NOSNIPPET},
		{"nofollow", ROBOTS_NOFOLLOW}, {"tdm", ROBOTS_TDM_RESERVATION},
},
  masks[] = {
	  {"email", MASK_EMAIL},
	  {"ip", MASK_IP},
	  {"phone", MASK_PHONE},
};

const char *settings_signal(unsigned robots)
{
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (signals[i].bit & robots)
			return signals[i].name;
	return NULL;
}

/* Read LIST's words as bits of TABLE[COUNT]. */
#define read_bits(list, table, option, bits, fault)                                                                    \
	read_named_bits(list, &(table)[0].name, &(table)[0].bit, sizeof(table) / sizeof *(table), sizeof *(table),     \
			option, bits, fault)

static enum status read_named_bits(struct span list, const char *const *names, const unsigned *values, size_t count,
				   size_t stride, const char *option, unsigned *bits, struct fault *fault)
{
	struct span piece;
	while (span_cut(&list, ',', &piece)) {
		piece = span_trim(piece);
		size_t i = 0;
		while (i < count &&
		       !span_equal_nocase(span_of(*(const char *const *)((const char *)names + i * stride)), piece))
			i++;
		if (i == count)
			return fault_set(fault, STATUS_USAGE, 0, "--%s does not know '%.*s'", option, SPAN_ARG(piece));
		*bits |= *(const unsigned *)((const char *)values + i * stride);
	}
	return STATUS_OK;
}

static enum status read_regex(const char *text, const char *option, regex_t *regex, bool *has, struct fault *fault)
{
	char why[120];
	if (!text)
		return STATUS_OK;
	int code = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);
	if (code) {
		regerror(code, regex, why, sizeof why);
		return fault_set(fault, STATUS_USAGE, 0, "--%s: %s", option, why);
	}
	*has = true;
	return STATUS_OK;
}

/* A share such as "0.98" as parts of 2^32, without floats: the same on every machine. */
static bool share_parse(struct span text, uint64_t *parts)
{
	uint64_t whole = 0, digits = 0, scale = 1;
	struct span rest = text, head;
	if (!span_cut(&rest, '.', &head) || (head.size && !span_to_u64(head, &whole)))
		return false;
	for (size_t i = 0; i < rest.size && i < 9; i++) {
		if (!ascii_is_digit((unsigned char)rest.data[i]))
			return false;
		digits = 10 * digits + (uint64_t)(rest.data[i] - '0');
		scale *= 10;
	}
	if (!text.size || whole > 1 || (whole == 1 && digits))
		return false;
	*parts = (whole << 32) + (digits << 32) / scale;
	return true;
}

static bool is_split_name(struct span name)
{
	for (size_t i = 0; i < name.size; i++)
		if (!ascii_is_alpha((unsigned char)name.data[i]) && !ascii_is_digit((unsigned char)name.data[i]) &&
		    name.data[i] != '_' && name.data[i] != '-')
			return false;
	return name.size > 0 && name.size < 40;
}

static enum status read_splits(const char *text, struct settings *settings, struct fault *fault)
{
	struct span list = span_of(text), piece, name;
	uint64_t sum = 0, parts;
	while (text && span_cut(&list, ',', &piece)) {
		piece = span_trim(piece);
		if (settings->split_count == SPLITS_MAX)
			return fault_set(fault, STATUS_USAGE, 0, "--split takes at most %d parts", SPLITS_MAX);
		if (!span_cut(&piece, '=', &name) || !is_split_name(name) || !share_parse(piece, &parts))
			return fault_set(fault, STATUS_USAGE, 0,
					 "--split takes NAME=SHARE,… such as train=0.98,valid=0.01,test=0.01");
		sum += parts;
		settings->splits[settings->split_count++] = (struct split){name, sum};
	}
	/* Shares are cut to whole parts of 2^32; "0.98+0.01+0.01" falls short of the whole by less than one each. */
	if (settings->split_count && (sum > (uint64_t)1 << 32 || sum + settings->split_count < (uint64_t)1 << 32))
		return fault_set(fault, STATUS_USAGE, 0, "--split's shares do not add up to 1");
	if (settings->split_count)
		settings->splits[settings->split_count - 1].below = (uint64_t)1 << 32;
	return STATUS_OK;
}

/* Three letters: "en" or "english" would match no text at all. */
static bool is_language(struct span word)
{
	for (size_t i = 0; i < word.size; i++)
		if (!ascii_is_alpha((unsigned char)word.data[i]))
			return false;
	return word.size == 3;
}

/* ISO 639-2/B has other codes than 639-2/T and 639-3 for these (Library of Congress, list of ISO 639-2). */
static struct span terminological(struct span code)
{
	static const char pairs[][2][4] = {
		{"alb", "sqi"}, {"arm", "hye"}, {"baq", "eus"}, {"bur", "mya"}, {"chi", "zho"},
		{"cze", "ces"}, {"dut", "nld"}, {"fre", "fra"}, {"geo", "kat"}, {"ger", "deu"},
		{"gre", "ell"}, {"ice", "isl"}, {"mac", "mkd"}, {"mao", "mri"}, {"may", "msa"},
		{"per", "fas"}, {"rum", "ron"}, {"slo", "slk"}, {"tib", "bod"}, {"wel", "cym"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (span_equal_nocase(code, span_of(pairs[i][0])))
			return span_of(pairs[i][1]);
	return SPAN_NONE;
}

static bool is_http_status(struct span word)
{
	uint64_t number;
	return word.size == 3 && span_to_u64(word, &number) && number >= 100;
}

/* An address or a pattern would match no host. */
static bool is_host(struct span word)
{
	for (size_t i = 0; i < word.size; i++)
		if (memchr("/*:@ ", word.data[i], 5))
			return false;
	return word.size > 0;
}

/* Words that can match nothing are refused: a corpus that lacks what was asked for looks like one that was made right.
 */
static enum status check_words(const struct settings *settings, struct fault *fault)
{
	const struct {
		struct span list;
		bool (*fits)(struct span word);
		const char *option, *what;
	} rows[] = {
		{settings->languages, is_language, "languages", "ISO 639-3 codes such as eng,deu"},
		{settings->statuses, is_http_status, "status", "HTTP status codes such as 200,203"},
		{settings->hosts, is_host, "host", "names such as example.org"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct span list = rows[i].list, word;
		while (list.data && span_cut(&list, ',', &word)) {
			struct span better = i == 0 ? terminological(span_trim(word)) : SPAN_NONE;
			if (better.data)
				return fault_set(fault, STATUS_USAGE, 0,
						 "--languages takes ISO 639-3 codes: %.*s, not '%.*s'",
						 SPAN_ARG(better), SPAN_ARG(span_trim(word)));
			if (!rows[i].fits(span_trim(word)))
				return fault_set(fault, STATUS_USAGE, 0, "--%s takes %s, not '%.*s'", rows[i].option,
						 rows[i].what, SPAN_ARG(span_trim(word)));
		}
	}
	if (settings->since != DATE_NONE && settings->until != DATE_NONE && settings->since > settings->until)
		return fault_set(fault, STATUS_USAGE, 0, "--since is after --until");
	return STATUS_OK;
}

static uint64_t number_of(const struct build_options *options, const char *name)
{
	uint64_t value = 0;
	const char *text = build_options_get(options, name);
	if (text)
		option_size_parse(span_of(text), &value);
	return value;
}

static int64_t date_of(const struct build_options *options, const char *name, bool end)
{
	const char *text = build_options_get(options, name);
	return text ? option_date_parse(span_of(text), end) : DATE_NONE;
}

static bool is(const struct build_options *options, const char *name, const char *value)
{
	const char *text = build_options_get(options, name);
	return text && !strcmp(text, value);
}

enum status settings_read(const struct build_options *options, struct settings *settings, struct fault *fault)
{
	*settings = (struct settings){
		.text = is(options, "text", "markdown") ? ARTICLE_MARKDOWN : ARTICLE_PLAIN,
		.keep_all = is(options, "keep-all", "true"),
		.host_evidence = !is(options, "no-host-evidence", "true"),
		.check_digests = is(options, "check-digests", "true"),
		.format = sink_class_named(span_of(build_options_get(options, "format"))),
		.compression = is(options, "compress", "none") ? COMPRESS_NONE
			       : is(options, "compress", "gz") ? COMPRESS_GZIP
							       : COMPRESS_ZSTD,
		.sort = is(options, "sort", "url")    ? SORT_URL
			: is(options, "sort", "date") ? SORT_DATE
						      : SORT_ID,
		.source = span_of(build_options_get(options, "source")),
		.languages = span_of(build_options_get(options, "languages")),
		.hosts = span_of(build_options_get(options, "host")),
		.statuses = span_of(build_options_get(options, "status")),
		.since = date_of(options, "since", false),
		.until = date_of(options, "until", true),
		.min_words = number_of(options, "min-words"),
		.sample = number_of(options, "sample"),
		.max_part_bytes = number_of(options, "max-part-bytes"),
		.segment_bytes = number_of(options, "segment-bytes"),
		.memory = number_of(options, "memory"),
		.name_depth = (unsigned)number_of(options, "name-depth"),
		.df_path = build_options_get(options, "df"),
		.against_path = build_options_get(options, "against"),
		.model_path = build_options_get(options, "model"),
	};
	if (!settings->format)
		return fault_set(fault, STATUS_USAGE, 0, "the format %s is not built in",
				 build_options_get(options, "format"));
	enum status status = read_bits(span_of(build_options_get(options, "respect")), signals, "respect",
				       &settings->respect, fault);
	if (status == STATUS_OK)
		status = read_bits(span_of(build_options_get(options, "mask")), masks, "mask", &settings->mask, fault);
	if (status == STATUS_OK)
		status = read_regex(build_options_get(options, "include-url"), "include-url", &settings->include,
				    &settings->has_include, fault);
	if (status == STATUS_OK)
		status = read_regex(build_options_get(options, "exclude-url"), "exclude-url", &settings->exclude,
				    &settings->has_exclude, fault);
	if (status == STATUS_OK)
		status = read_splits(build_options_get(options, "split"), settings, fault);
	if (status == STATUS_OK)
		status = check_words(settings, fault);
	return status;
}

void settings_free(struct settings *settings)
{
	if (settings->has_include)
		regfree(&settings->include);
	if (settings->has_exclude)
		regfree(&settings->exclude);
	settings->has_include = settings->has_exclude = false;
}

enum status build_options_check(const struct build_options *options, struct fault *fault)
{
	struct settings settings;
	enum status status = settings_read(options, &settings, fault);
	settings_free(&settings);
	return status;
}
