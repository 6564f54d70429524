/* options: everything a user may choose about a build, as one table. The command line, plans, manifests, the comparison
 * on resume and the help text all walk it, so an option is one row here and one reader in settings.c. Values are kept
 * as text, since that is how they are typed, stored and compared. */
#include "corpus/corpus_internal.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_row rows[] = {
	{"against", OPTION_PATH, "CORPUS", NULL, "also collapse what CORPUS (an older corpus) has already", true, NULL},
	{"check-digests", OPTION_FLAG, NULL, NULL, "skip records whose payload digest does not fit", true, NULL},
	{"compress", OPTION_TEXT, "HOW", "zst", "compression of the parts", true, "zst|gz|none"},
	{"df", OPTION_PATH, "FILE", NULL, "use this table of shingle counts instead of counting", true, NULL},
	{"exclude-url", OPTION_TEXT, "REGEX", NULL, "leave out pages whose address matches (POSIX extended)", true,
	 NULL},
	{"format", OPTION_TEXT, "FORMAT", "jsonl", "format of the parts", true, "jsonl|parquet|wet"},
	{"host", OPTION_LIST, "HOST,…", NULL, "only pages of these hosts and what is below them", true, NULL},
	{"include-url", OPTION_TEXT, "REGEX", NULL, "only pages whose address matches (POSIX extended)", true, NULL},
	{"keep-all", OPTION_FLAG, NULL, NULL, "keep pages that are no article too", true, NULL},
	{"languages", OPTION_LIST, "CODE,…", NULL, "only texts in these languages (ISO 639-3: eng,deu)", true, NULL},
	{"mask", OPTION_LIST, "WHAT,…", NULL, "replace email, ip, phone in texts by tokens", true, NULL},
	{"max-part-bytes", OPTION_SIZE, "BYTES", "256M", "bytes of text and metadata in one part, before compression",
	 true, NULL},
	{"memory", OPTION_SIZE, "BYTES", NULL, "most memory for the duplicates' stages", false, NULL},
	{"min-words", OPTION_COUNT, "N", NULL, "leave out texts with fewer words", true, NULL},
	{"model", OPTION_PATH, "FILE", NULL, "an article model of extract/train instead of the built-in one", true,
	 NULL},
	{"name-depth", OPTION_COUNT, "N", "0", "folders kept in input names, to tell equal file names apart", true,
	 NULL},
	{"no-host-evidence", OPTION_FLAG, NULL, NULL, "keep blocks of text that recur on a host's pages", true, NULL},
	{"partitions", OPTION_COUNT, "N", NULL, "partitions of the duplicates' stages", false, NULL},
	{"respect", OPTION_LIST, "SIGNAL,…", NULL,
	 "leave out pages that opt out: noai, noml, noimageai, noindex, noarchive, nosnippet, tdm", true, NULL},
	{"sample", OPTION_COUNT, "N", NULL, "keep N documents, drawn by a hash of their id", true, NULL},
	{"segment-bytes", OPTION_SIZE, "BYTES", NULL, "stored bytes a worker takes at once [a 64th of all, 1M to 32M]",
	 false, NULL},
	{"shards", OPTION_COUNT, "N", NULL, "shards of inputs for a cluster", false, NULL},
	{"since", OPTION_DATE, "DATE", NULL, "only pages fetched at or after DATE", true, NULL},
	{"sort", OPTION_TEXT, "KEY", "id", "order of the documents", true, "id|url|date"},
	{"source", OPTION_TEXT, "TEXT", "warcmill", "the documents' `source` field", true, NULL},
	{"split", OPTION_TEXT, "NAME=SHARE,…", NULL, "documents in folders by cluster: train=0.98,valid=0.01,test=0.01",
	 true, NULL},
	{"status", OPTION_LIST, "CODE,…", "200", "HTTP status codes taken as pages", true, NULL},
	{"text", OPTION_TEXT, "FORM", "plain", "form of the text", true, "plain|markdown"},
	{"until", OPTION_DATE, "DATE", NULL, "only pages fetched before or at DATE", true, NULL},
};
enum { ROWS = sizeof rows / sizeof *rows };

struct build_options {
	char *values[ROWS]; /* NULL: not given */
};

size_t corpus_option_count(void)
{
	return ROWS;
}

const struct option_row *corpus_option_at(size_t index)
{
	return index < ROWS ? &rows[index] : NULL;
}

static int row_of(const char *name)
{
	for (int i = 0; i < ROWS; i++)
		if (!strcmp(rows[i].name, name))
			return i;
	return -1;
}

struct build_options *build_options_new(void)
{
	return memory_zeroed(1, sizeof(struct build_options));
}

void build_options_free(struct build_options *options)
{
	for (int i = 0; options && i < ROWS; i++)
		free(options->values[i]);
	free(options);
}

bool option_size_parse(struct span text, uint64_t *value)
{
	static const char units[] = "KMGT";
	unsigned shift = 0;
	if (text.size && span_ends(text, SPAN("B")))
		text.size--;
	if (text.size && span_ends(text, SPAN("i")))
		text.size--;
	const char *unit = text.size ? strchr(units, text.data[text.size - 1] & ~32) : NULL;
	if (unit && *unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		text.size--;
	}
	if (!span_to_u64(text, value) || (shift && *value > UINT64_MAX >> shift))
		return false;
	*value <<= shift;
	return true;
}

int64_t option_date_parse(struct span text, bool end)
{
	int64_t date = date_parse_w3c(text);
	if (date == DATE_NONE)
		date = date_parse_14(text);
	/* "--until 2024-05-01" means that whole day. */
	if (date != DATE_NONE && end && span_find_byte(text, ':') == SIZE_MAX && text.size == 10)
		date += 86399;
	return date;
}

static bool is_choice(const char *choices, struct span value)
{
	struct span rest = span_of(choices), choice;
	while (span_cut(&rest, '|', &choice))
		if (span_equal(choice, value))
			return true;
	return false;
}

static enum status check_kind(const struct option_row *row, const char *value, struct fault *fault)
{
	uint64_t number;
	struct span text = span_of(value);
	if (row->choices && !is_choice(row->choices, text))
		return fault_set(fault, STATUS_USAGE, 0, "--%s takes %s, not '%.80s'", row->name, row->choices, value);
	if (row->kind == OPTION_COUNT && !span_to_u64(text, &number))
		return fault_set(fault, STATUS_USAGE, 0, "--%s takes a number, not '%.80s'", row->name, value);
	if (row->kind == OPTION_SIZE && (!option_size_parse(text, &number) || number == 0))
		return fault_set(fault, STATUS_USAGE, 0, "--%s takes a size such as 64M, not '%.80s'", row->name,
				 value);
	if (row->kind == OPTION_DATE && option_date_parse(text, false) == DATE_NONE)
		return fault_set(fault, STATUS_USAGE, 0, "--%s takes a date such as 2024-05-31, not '%.80s'", row->name,
				 value);
	if (!utf8_valid(text))
		return fault_set(fault, STATUS_USAGE, 0, "the value of --%s is not valid UTF-8", row->name);
	return STATUS_OK;
}

enum status build_options_set(struct build_options *options, const char *name, const char *value, struct fault *fault)
{
	int at = row_of(name);
	if (at < 0)
		return fault_set(fault, STATUS_USAGE, 0, "there is no option --%.80s", name);
	if (rows[at].kind == OPTION_FLAG)
		value = "true";
	if (!value || !*value)
		return fault_set(fault, STATUS_USAGE, 0, "--%s needs a value", name);
	enum status status = check_kind(&rows[at], value, fault);
	if (status != STATUS_OK)
		return status;
	char *was = options->values[at];
	bool joined = rows[at].kind == OPTION_LIST && was;
	char *made = joined ? memory_format("%s,%s", was, value) : memory_text(span_of(value));
	if (!made)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for an option");
	free(was);
	options->values[at] = made;
	return STATUS_OK;
}

const char *build_options_get(const struct build_options *options, const char *name)
{
	int at = row_of(name);
	if (at < 0)
		return NULL;
	return options && options->values[at] ? options->values[at] : rows[at].otherwise;
}

void build_options_json(const struct build_options *options, bool output_only, struct json_writer *writer)
{
	json_begin(writer, '{');
	for (int i = 0; i < ROWS; i++)
		if (options->values[i] && (!output_only || (rows[i].output && rows[i].kind != OPTION_PATH)) &&
		    (!rows[i].otherwise || strcmp(rows[i].otherwise, options->values[i]) != 0)) {
			json_key(writer, rows[i].name);
			json_text(writer, span_of(options->values[i]));
		}
	json_end(writer, '}');
}

enum status build_options_from_json(struct build_options *options, const struct json *object, struct fault *fault)
{
	if (!object || object->kind != JSON_OBJECT)
		return fault_set(fault, STATUS_DATA, 0, "its options are not a JSON object");
	for (const struct json *member = object->first; member; member = member->next) {
		char name[64], *value = memory_text(member->text);
		if (!value)
			return fault_set(fault, STATUS_MEMORY, 0, "no memory for an option");
		snprintf(name, sizeof name, "%.*s", SPAN_ARG(member->key));
		enum status status = build_options_set(options, name, value, fault);
		free(value);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}
