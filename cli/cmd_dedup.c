/* cmd_dedup: near-duplicates among texts in JSON lines. */
#include "cli/cli.h"
#include "cli/dedup_job.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	OPT_FIRST = 256,
	OPT_AGAINST,
	OPT_COMPRESS,
	OPT_CONTAINMENT,
	OPT_CONTAINMENT_HAMMING,
	OPT_DF,
	OPT_DROP,
	OPT_EXACT,
	OPT_FINGERPRINT,
	OPT_FORCE,
	OPT_HAMMING,
	OPT_JACCARD,
	OPT_LINK,
	OPT_MEMORY,
	OPT_NUMBERS,
	OPT_PART,
	OPT_PASSAGES,
	OPT_QUIET,
	OPT_STRICT
};

static const struct {
	const char *name, *argument;
	int code;
	const char *help;
} rows[] = {
	{"output", "DIR", 'o', "the folder to write (-o DIR)"},
	{"jobs", "N", 'j', "threads, 0 for all cores (-j N)"},
	{"against", "DIR", OPT_AGAINST, "collapse into the clusters of this older output; its df table is used"},
	{"df", "FILE", OPT_DF, "use this df table instead of counting one"},
	{"fingerprint", "KIND", OPT_FINGERPRINT,
	 "simhash128 (default), or simhash64: the classic one, Hamming <= 3 alone"},
	{"exact-only", NULL, OPT_EXACT, "collapse equal texts only"},
	{"hamming", "N", OPT_HAMMING, "accept a pair of fingerprints at most N bits apart [34]"},
	{"jaccard", "X", OPT_JACCARD, "… or of this Jaccard similarity [0.30]"},
	{"containment", "X", OPT_CONTAINMENT, "… or where this share of the shorter text is in the longer [0.75], …"},
	{"containment-hamming", "N", OPT_CONTAINMENT_HAMMING, "… the fingerprints being at most N bits apart [44]"},
	{"numbers", "X", OPT_NUMBERS, "texts below 150 words must share this part of their numbers [0.75]"},
	{"link", "X", OPT_LINK, "share of accepted pairs between two clusters that join [0.25]"},
	{"passages", NULL, OPT_PASSAGES, "list paragraphs repeated in documents of a host (passages.jsonl)"},
	{"drop-passages", "N", OPT_DROP, "drop paragraphs that are in more than N documents of a host"},
	{"memory", "SIZE", OPT_MEMORY,
	 "keep resident memory below so much (2G), beside ids and lines in hand; the output does not change"},
	{"compress", "FORM", OPT_COMPRESS, "of the rows: zst (default), gz or none"},
	{"max-part-bytes", "SIZE", OPT_PART, "begin a new part after so much text [1G]"},
	{"force", NULL, OPT_FORCE, "replace a finished run in DIR"},
	{"strict", NULL, OPT_STRICT, "exit 65 when a line was malformed"},
	{"quiet", NULL, OPT_QUIET, "no summary"},
	{"help", NULL, 'h', "this text"},
};
enum { ROWS = sizeof rows / sizeof *rows };

static int usage(void)
{
	puts("usage: warcmill dedup IN.jsonl... -o DIR [OPTION]...\n\n"
	     "Find exact and near duplicates among lines {\"id\": …, \"text\": …, …} (plain, gzip or zstd; - is "
	     "standard input).\n"
	     "Writes clusters.tsv (id, tab, cluster id), documents/ and duplicates/ (the lines with a member \"dedup\" "
	     "added),\n"
	     "tables/ (df table, signatures) and manifest.json. Fields that help to choose what is kept, at the top or "
	     "in\n"
	     "\"metadata\": url, canonical_url, site_name, source_name, date_published.\n");
	for (int i = 0; i < ROWS; i++)
		printf("  --%-20s %-5s %s\n", rows[i].name, rows[i].argument ? rows[i].argument : "", rows[i].help);
	puts("\nexit: 0 done, 64 usage, 65 bad data (an id used twice; malformed lines alone; with --strict any), 74 "
	     "I/O");
	return EXIT_DONE;
}

static bool number(const char *text, uint64_t most, uint64_t *out)
{
	return span_to_u64(span_of(text), out) && *out <= most;
}

/* Digits with an optional K, M, G or T (powers of 1024). */
static bool size_of(const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	struct span digits = span_of(text);
	unsigned shift = 0;
	const char *unit = digits.size ? strchr(units, digits.data[digits.size - 1] & ~32) : NULL;
	if (unit && *unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		digits.size--;
	}
	if (!span_to_u64(digits, out) || *out > UINT64_MAX >> shift)
		return false;
	*out <<= shift;
	return true;
}

static bool share(const char *text, double *out)
{
	char *end;
	*out = strtod(text, &end);
	return end != text && !*end && *out >= 0 && *out <= 1;
}

static bool set(struct dedup_job *job, int code, const char *value)
{
	struct dedup_options *o = &job->options;
	uint64_t n = 0;
	bool good = true;
	switch (code) {
	case 'o':
		job->folder = value;
		return *value != 0;
	case 'j':
		good = number(value, 1024, &n);
		o->threads = (unsigned)n;
		return good;
	case OPT_AGAINST:
		job->against = value;
		return true;
	case OPT_DF:
		job->df_path = value;
		return true;
	case OPT_FINGERPRINT:
		o->fingerprint = !strcmp(value, "simhash64") ? SIMHASH_64 : SIMHASH_128;
		return !strcmp(value, "simhash64") || !strcmp(value, "simhash128");
	case OPT_EXACT:
		return o->exact_only = true;
	case OPT_HAMMING:
		good = number(value, 128, &n);
		o->hamming_max = (unsigned)n;
		return good;
	case OPT_CONTAINMENT_HAMMING:
		good = number(value, 128, &n);
		o->containment_hamming_max = (unsigned)n;
		return good;
	case OPT_JACCARD:
		return share(value, &o->jaccard_min);
	case OPT_CONTAINMENT:
		return share(value, &o->containment_min);
	case OPT_NUMBERS:
		return share(value, &o->short_numbers_min);
	case OPT_LINK:
		return share(value, &o->link_min);
	case OPT_PASSAGES:
		return job->passages = true;
	case OPT_DROP:
		good = number(value, UINT32_MAX, &n) && n > 0;
		job->drop_passages = (uint32_t)n;
		return good;
	case OPT_MEMORY:
		return size_of(value, &o->memory);
	case OPT_PART:
		return size_of(value, &job->part_bytes) && job->part_bytes > 0;
	case OPT_COMPRESS:
		job->compression = !strcmp(value, "gz")     ? COMPRESS_GZIP
				   : !strcmp(value, "none") ? COMPRESS_NONE
							    : COMPRESS_ZSTD;
		return job->compression != COMPRESS_ZSTD || !strcmp(value, "zst");
	case OPT_FORCE:
		return job->force = true;
	case OPT_STRICT:
		return job->strict = true;
	default:
		return job->quiet = true;
	}
}

int dedup_job_parse(int argc, char **argv, struct dedup_job *job)
{
	struct option options[ROWS + 1];
	const char *command = job->corpus ? "recluster" : "dedup";
	int code, row = -1;
	for (int i = 0; i < ROWS; i++)
		options[i] = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument, NULL,
					     rows[i].code};
	options[ROWS] = (struct option){NULL, 0, NULL, 0};
	optind = 1;
	opterr = 0;
	while ((code = getopt_long(argc, argv, ":o:j:h", options, &row)) != -1) {
		if (code == 'h')
			return usage(), -1;
		if (code == '?' || code == ':')
			return cli_fail(EXIT_USAGE, command,
					code == '?' ? "there is no option %s; see warcmill dedup --help"
						    : "%s needs a value",
					argv[optind - 1]);
		if (!set(job, code, optarg))
			return cli_fail(EXIT_USAGE, command, "--%s does not take '%.80s'; see warcmill dedup --help",
					row >= 0      ? rows[row].name
					: code == 'o' ? "output"
						      : "jobs",
					optarg);
		row = -1; /* a short option leaves it as it is */
	}
	job->inputs = (const char *const *)(argv + optind);
	job->input_count = (size_t)(argc - optind);
	if (!job->folder || job->input_count == 0)
		return cli_fail(EXIT_USAGE, command, "%s; see warcmill %s --help",
				job->input_count ? "-o DIR is missing" : "no input was given", command);
	if (job->against && job->df_path)
		return cli_fail(EXIT_USAGE, "dedup", "--against uses the older output's df table; leave --df out");
	return EXIT_DONE;
}

int cli_dedup(int argc, char **argv)
{
	struct dedup_job job = {.compression = COMPRESS_ZSTD, .part_bytes = (uint64_t)1 << 30};
	struct fault fault = {STATUS_OK, 0, ""};
	char df_path[4096];
	dedup_options_default(&job.options);
	int code = dedup_job_parse(argc, argv, &job);
	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	if (job.against) {
		snprintf(df_path, sizeof df_path, "%s/tables/df.table", job.against);
		job.df_path = df_path;
	}
	enum status status = dedup_options_check(&job.options, &fault);
	if (!status)
		status = dedup_job_run(&job, &fault);
	if (status)
		code = cli_fail(cli_status_exit(status), "dedup", "%s", fault.text);
	else if (!job.quiet)
		fprintf(stderr,
			"%llu documents kept, %llu collapsed (%llu exact, %llu near), %llu lines malformed: %s\n",
			(unsigned long long)job.kept, (unsigned long long)job.collapsed,
			(unsigned long long)job.result.exact, (unsigned long long)job.result.near,
			(unsigned long long)job.malformed, job.folder);
	if (!status && job.malformed && (job.strict || !job.row_count))
		code = EXIT_DATA;
	dedup_job_free(&job);
	return code;
}
