/* cmd_check: is an archive whole? Structure, lengths, digests, damage. */
#include "cli/each_record.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum finding { FINDING_DAMAGE, FINDING_DIGEST, FINDING_STRUCTURE, FINDING_NOTE, FINDING_COUNT };
static const char *const finding_names[FINDING_COUNT] = {"damage", "digest", "structure", "note"};

struct checking {
	bool strict, quiet;
	uint64_t records, bytes, skipped, digests, unverifiable, types[WARC_TYPE_CONTINUATION + 1];
	uint64_t found[FINDING_COUNT];
};

static int usage(FILE *out)
{
	fputs("usage: warcmill check [OPTION]... INPUT...\n"
	      "\n"
	      "Read every record, check lengths, mandatory fields and digests, and print a line for each finding:\n"
	      "address, kind (damage, digest, structure, note), what is wrong. Then a summary a file.\n"
	      "Exit status 65 when there was damage, or a digest did not match but of a record that the crawler cut.\n"
	      "\n"
	      "      --strict         structure findings count as damage\n"
	      "      --quiet          only findings, no summaries\n"
	      "      --name-depth N   keep N folders in the names of inputs\n"
	      "      --help\n",
	      out);
	return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

static void tell(struct checking *checking, const struct warc_input *input, uint64_t offset, uint64_t inner,
		 enum finding finding, const char *text)
{
	char address[WARC_ADDRESS_MAX];
	warc_address_format(offset, inner, address);
	checking->found[finding]++;
	printf("%s@%s\t%s\t%s\n", warc_input_name(input), address, finding_names[finding], text);
}

/* What WARC/1.1 §5 asks of every record. */
static const struct {
	const char *name, *text;
} mandatory[] = {
	{"WARC-Record-ID", "no WARC-Record-ID"},
	{"WARC-Type", "no WARC-Type"},
	{"WARC-Date", "no WARC-Date"},
	{"Content-Length", "no Content-Length"},
};

static void check_fields(struct checking *checking, const struct warc_input *input, const struct warc_record *record)
{
	uint64_t offset = record->offset, inner = record->inner;
	if (record->flags & WARC_RECORD_ARC)
		return;
	for (size_t i = 0; i < sizeof mandatory / sizeof *mandatory; i++)
		if (!warc_field_get(record->fields, record->field_count, mandatory[i].name).data)
			tell(checking, input, offset, inner, FINDING_STRUCTURE, mandatory[i].text);
	if (record->date_text.data && record->date == DATE_NONE)
		tell(checking, input, offset, inner, FINDING_STRUCTURE, "WARC-Date is not a date");
	bool optional = record->type == WARC_TYPE_WARCINFO || record->type == WARC_TYPE_METADATA ||
			record->type == WARC_TYPE_OTHER;
	if (!record->uri.size && !optional)
		tell(checking, input, offset, inner, FINDING_STRUCTURE, "no WARC-Target-URI");
	if (record->type == WARC_TYPE_REVISIT &&
	    !warc_field_get(record->fields, record->field_count, "WARC-Profile").size)
		tell(checking, input, offset, inner, FINDING_STRUCTURE, "a revisit without WARC-Profile");
}

static void check_digests(struct checking *checking, const struct warc_input *input, const struct warc_record *record,
			  const struct warc_http *http)
{
	const enum warc_digest results[] = {warc_block_digest_check(record), warc_payload_digest_check(record, http)};
	static const char *const wrong[2][2] = {
		{"WARC-Block-Digest does not match", "WARC-Block-Digest is not verifiable (truncated)"},
		{"WARC-Payload-Digest does not match", "WARC-Payload-Digest is not verifiable (truncated)"},
	};
	/* A crawler that cut a record may have taken the digest of the whole (WARC/1.1 §5.13 leaves it open). */
	enum finding finding = record->truncated.size ? FINDING_NOTE : FINDING_DIGEST;
	for (size_t i = 0; i < 2; i++) {
		checking->digests += results[i] == WARC_DIGEST_MATCH;
		if (results[i] != WARC_DIGEST_MISMATCH)
			continue;
		checking->unverifiable += finding == FINDING_NOTE;
		tell(checking, input, record->offset, record->inner, finding, wrong[i][finding == FINDING_NOTE]);
	}
}

static enum status on_record(void *user, const struct warc_input *input, struct warc_reader *reader,
			     const struct warc_record *record)
{
	struct checking *checking = user;
	struct warc_http http;
	uint64_t offset = record->offset, inner = record->inner;
	if (warc_http_read(reader, record, &http))
		return STATUS_MEMORY;
	checking->records++;
	checking->bytes += record->length;
	checking->types[record->type]++;
	if (record->flags & WARC_RECORD_CUT)
		tell(checking, input, offset, inner, FINDING_DAMAGE, "the file ends inside the record");
	if (record->flags & WARC_RECORD_LENGTH)
		tell(checking, input, offset, inner, FINDING_DAMAGE, "Content-Length does not fit what is stored");
	if (record->flags & WARC_RECORD_TOO_LARGE)
		tell(checking, input, offset, inner, FINDING_NOTE, "too large to be kept whole: digests not checked");
	if (record->truncated.size)
		tell(checking, input, offset, inner, FINDING_NOTE, "cut by the crawler (WARC-Truncated)");
	else if (http.truncated && !(record->flags & (WARC_RECORD_CUT | WARC_RECORD_TOO_LARGE)))
		tell(checking, input, offset, inner, FINDING_NOTE, "the HTTP body is shorter than its header says");
	if (http.undecoded)
		tell(checking, input, offset, inner, FINDING_NOTE,
		     "the HTTP body does not have the encoding its header claims");
	check_fields(checking, input, record);
	check_digests(checking, input, record, &http);
	return ferror(stdout) ? STATUS_IO : STATUS_OK;
}

static enum status on_damage(void *user, const struct warc_input *input, const struct warc_damage *damage)
{
	struct checking *checking = user;
	char text[320];
	checking->skipped += damage->skipped;
	snprintf(text, sizeof text, "%s, %llu bytes skipped", damage->text, (unsigned long long)damage->skipped);
	tell(checking, input, damage->offset, damage->inner, damage->padding ? FINDING_NOTE : FINDING_DAMAGE, text);
	return ferror(stdout) ? STATUS_IO : STATUS_OK;
}

static enum status on_end(void *user, const struct warc_input *input)
{
	struct checking *checking = user;
	if (!checking->quiet) {
		printf("%s: %llu records", warc_input_name(input), (unsigned long long)checking->records);
		for (int type = 0; type <= WARC_TYPE_CONTINUATION; type++)
			if (checking->types[type])
				printf(", %llu %s", (unsigned long long)checking->types[type],
				       warc_type_name((enum warc_type)type));
		printf("; %llu bytes in records, %llu skipped; %llu digests match", (unsigned long long)checking->bytes,
		       (unsigned long long)checking->skipped, (unsigned long long)checking->digests);
		if (checking->unverifiable)
			printf(", %llu not verifiable (truncated)", (unsigned long long)checking->unverifiable);
		putchar('\n');
	}
	checking->records = checking->bytes = checking->skipped = checking->digests = checking->unverifiable = 0;
	memset(checking->types, 0, sizeof checking->types);
	return ferror(stdout) ? STATUS_IO : STATUS_OK;
}

int cli_check(int argc, char **argv)
{
	static const struct option options[] = {
		{"strict", no_argument, NULL, 's'},
		{"quiet", no_argument, NULL, 'q'},
		{"name-depth", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct checking checking = {0};
	struct warc_options reading = {0};
	for (int option; (option = cli_option(argc, argv, "check", ":h", options)) != -1;) {
		if (option == 's')
			checking.strict = true;
		else if (option == 'q')
			checking.quiet = true;
		else if (option == 'h')
			return usage(stdout);
		else if (option != 'd' || cli_name_depth("check", optarg, &reading.name_depth) != EXIT_DONE)
			return EXIT_USAGE;
	}
	if (optind == argc)
		return cli_fail(EXIT_USAGE, "check", "no INPUT was given; see warcmill check --help");
	struct record_visitor visitor = {"check", &checking, on_record, on_damage, on_end};
	int code = each_record((const char *const *)argv + optind, (size_t)(argc - optind), &reading, &visitor);
	bool bad = checking.found[FINDING_DAMAGE] || checking.found[FINDING_DIGEST] ||
		   (checking.strict && checking.found[FINDING_STRUCTURE]);
	return bad && code < EXIT_DATA ? EXIT_DATA : code;
}
