/* cmd_ls: what is in archives, one line a record; as JSON lines; or as a CDXJ index that replay tools accept. */
#include "cli/each_record.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_BYTES ((size_t)16 << 20)
#define INDEX_MAX ((size_t)64 << 30) /* a CDXJ index is sorted in memory */

enum form { FORM_TEXT, FORM_JSONL, FORM_CDXJ };

struct listing {
	enum form form;
	struct buffer line, index;
	size_t *starts; /* of the index' lines */
	size_t count, capacity;
	struct buffer key;
};

static int usage(FILE *out)
{
	fputs("usage: warcmill ls [OPTION]... INPUT...\n"
	      "\n"
	      "List the records of archives: address, stored length, type, HTTP status, media type, URL; separated by "
	      "tabs,\n"
	      "\"-\" for what a record does not have. The address, file@offset, is what warcmill cat takes. Damaged "
	      "places go\n"
	      "to standard error.\n"
	      "\n"
	      "INPUT: files, folders, @list.txt, - (standard input), http(s):// and s3:// addresses.\n"
	      "\n"
	      "      --jsonl          one JSON object a line, with record id, date, digest, container and truncation\n"
	      "      --cdxj           a CDXJ index of responses, revisits and resources, sorted by bytes\n"
	      "      --name-depth N   keep N folders in the names of inputs\n"
	      "      --help\n",
	      out);
	return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

/* Media type without parameters. */
static struct span media_type(struct span type)
{
	size_t end = span_find_byte(type, ';');
	return span_trim(end == SIZE_MAX ? type : span_slice(type, 0, end));
}

static struct span or_dash(struct span text)
{
	return text.size ? text : SPAN("-");
}

static struct span type_of(const struct warc_record *record)
{
	return record->type == WARC_TYPE_OTHER && record->type_text.size ? span_trim(record->type_text)
									 : span_of(warc_type_name(record->type));
}

static void put_text(struct listing *listing, const struct warc_input *input, const struct warc_record *record,
		     const struct warc_http *http)
{
	struct buffer *line = &listing->line;
	struct span mime = media_type(http->present ? http->content_type : record->content_type);
	struct span type = type_of(record), uri = or_dash(record->uri);
	put_address(line, input, record->offset, record->inner);
	buffer_print(line, "\t%llu\t%.*s\t", (unsigned long long)record->length, SPAN_ARG(type));
	if (http->status)
		buffer_print(line, "%d", http->status);
	else
		buffer_append_byte(line, '-');
	mime = or_dash(mime);
	buffer_print(line, "\t%.*s\t%.*s\n", SPAN_ARG(mime), SPAN_ARG(uri));
	for (size_t i = 0; i + 1 < line->size; i++) /* one record, one line */
		if (line->data[i] == '\n' || line->data[i] == '\r')
			line->data[i] = ' ';
}

/* JSON wants UTF-8; header values may hold anything. */
static void put_value(struct json_writer *writer, const char *key, struct span value)
{
	if (utf8_valid(value))
		json_put_text(writer, key, value);
}

static void put_json(struct listing *listing, const struct warc_input *input, const struct warc_record *record,
		     const struct warc_http *http)
{
	struct json_writer writer;
	json_start(&writer, &listing->line);
	json_begin(&writer, '{');
	put_value(&writer, "file", span_of(warc_input_name(input)));
	json_put_uint(&writer, "offset", record->offset);
	if (record->inner)
		json_put_uint(&writer, "inner", record->inner);
	json_put_uint(&writer, "length", record->length);
	put_value(&writer, "type", type_of(record));
	put_value(&writer, "url", record->uri);
	put_value(&writer, "id", record->id);
	put_value(&writer, "date", record->date_text);
	if (http->status)
		json_put_uint(&writer, "status", (uint64_t)http->status);
	put_value(&writer, "mime", media_type(http->present ? http->content_type : record->content_type));
	put_value(&writer, "digest", warc_field_get(record->fields, record->field_count, "WARC-Payload-Digest"));
	json_put_uint(&writer, "payload_length", http->body.size);
	put_value(&writer, "truncated",
		  record->truncated.size ? record->truncated
		  : http->truncated      ? SPAN("length")
					 : SPAN_NONE);
	if (record->flags & WARC_RECORD_TOO_LARGE || http->too_large) {
		json_key(&writer, "too_large");
		json_bool(&writer, true);
	}
	json_end(&writer, '}');
	buffer_append_byte(&listing->line, '\n');
}

/* The digest as index readers expect it: base32 SHA-1 bare, others with their name. */
static struct span index_digest(const struct warc_record *record, const struct warc_http *http, char made[48])
{
	struct span digest = warc_field_get(record->fields, record->field_count, "WARC-Payload-Digest");
	if (span_starts_nocase(digest, SPAN("sha1:")))
		return span_slice(digest, 5, digest.size);
	if (digest.size)
		return digest;
	uint8_t value[DIGEST_MAX];
	size_t size = digest_of(DIGEST_SHA1, http->entity, value);
	base32_encode(value, size, made);
	return span_of(made);
}

static void put_number(struct json_writer *writer, const char *key, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	json_put_text(writer, key, span_of(text));
}

static bool in_index(const struct warc_record *record)
{
	bool kept = record->type == WARC_TYPE_RESPONSE || record->type == WARC_TYPE_REVISIT ||
		    record->type == WARC_TYPE_RESOURCE;
	return kept && record->uri.size && !(record->flags & WARC_RECORD_NOT_SEEKABLE);
}

static void put_cdxj(struct listing *listing, const struct warc_input *input, const struct warc_record *record,
		     const struct warc_http *http)
{
	struct buffer *out = &listing->line;
	char date[21], stamp[15], status[8], made[48];
	if (!in_index(record) || record->date == DATE_NONE)
		return;
	buffer_clear(&listing->key);
	if (url_surt(record->uri, &listing->key))
		return;
	date_format(record->date, date);
	snprintf(stamp, sizeof stamp, "%.4s%.2s%.2s%.2s%.2s%.2s", date, date + 5, date + 8, date + 11, date + 14,
		 date + 17);
	for (size_t i = 0; i < listing->key.size; i++) /* blanks separate the fields */
		if ((unsigned char)listing->key.data[i] <= ' ')
			buffer_print(out, "%%%02x", (unsigned char)listing->key.data[i]);
		else
			buffer_append_byte(out, listing->key.data[i]);
	buffer_print(out, " %s ", stamp);
	struct json_writer writer;
	json_start(&writer, out);
	json_begin(&writer, '{');
	put_value(&writer, "url", record->uri);
	struct span mime = media_type(http->present ? http->content_type : record->content_type);
	put_value(&writer, "mime", record->type == WARC_TYPE_REVISIT ? SPAN("warc/revisit") : mime);
	snprintf(status, sizeof status, "%d", http->status);
	if (http->status)
		json_put_text(&writer, "status", span_of(status));
	put_value(&writer, "digest", index_digest(record, http, made));
	put_number(&writer, "length", record->length);
	put_number(&writer, "offset", record->offset);
	put_value(&writer, "filename", span_of(warc_input_name(input)));
	json_end(&writer, '}');
	buffer_append_byte(out, '\n');
}

static enum status keep_line(struct listing *listing)
{
	if (!listing->line.size)
		return STATUS_OK;
	if (listing->count == listing->capacity) {
		size_t capacity = listing->capacity ? 2 * listing->capacity : 4096;
		size_t *grown = memory_grow(listing->starts, capacity * sizeof *grown);
		if (!grown)
			return STATUS_MEMORY;
		listing->starts = grown;
		listing->capacity = capacity;
	}
	listing->starts[listing->count++] = listing->index.size;
	buffer_append_span(&listing->index, buffer_span(&listing->line));
	buffer_append_byte(&listing->index, '\0');
	buffer_clear(&listing->line);
	return listing->index.status;
}

static enum status on_record(void *user, const struct warc_input *input, struct warc_reader *reader,
			     const struct warc_record *record)
{
	struct listing *listing = user;
	struct warc_http http;
	enum status status = warc_http_read(reader, record, &http);
	if (status)
		return status;
	if (listing->form == FORM_TEXT)
		put_text(listing, input, record, &http);
	else if (listing->form == FORM_JSONL)
		put_json(listing, input, record, &http);
	else
		put_cdxj(listing, input, record, &http);
	return listing->form == FORM_CDXJ ? keep_line(listing) : put_out(&listing->line);
}

static enum status on_damage(void *user, const struct warc_input *input, const struct warc_damage *damage)
{
	(void)user;
	char address[WARC_ADDRESS_MAX];
	warc_address_format(damage->offset, damage->inner, address);
	if (!damage->padding)
		fprintf(stderr, "warcmill ls: %s@%s: %s (%llu bytes skipped)\n", warc_input_name(input), address,
			damage->text, (unsigned long long)damage->skipped);
	return STATUS_OK;
}

static int compare_lines(const void *a, const void *b, void *base)
{
	return strcmp((const char *)base + *(const size_t *)a, (const char *)base + *(const size_t *)b);
}

static enum status write_index(struct listing *listing)
{
	if (listing->count > 1)
		qsort_r(listing->starts, listing->count, sizeof *listing->starts, compare_lines, listing->index.data);
	for (size_t i = 0; i < listing->count; i++)
		if (fputs(listing->index.data + listing->starts[i], stdout) == EOF)
			return STATUS_IO;
	return STATUS_OK;
}

int cli_ls(int argc, char **argv)
{
	static const struct option options[] = {
		{"jsonl", no_argument, NULL, 'l'},
		{"cdxj", no_argument, NULL, 'c'},
		{"name-depth", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct listing listing = {0};
	struct warc_options reading = {0};
	for (int option; (option = cli_option(argc, argv, "ls", ":h", options)) != -1;) {
		if (option == 'l')
			listing.form = FORM_JSONL;
		else if (option == 'c')
			listing.form = FORM_CDXJ;
		else if (option == 'h')
			return usage(stdout);
		else if (option != 'd' || cli_name_depth("ls", optarg, &reading.name_depth) != EXIT_DONE)
			return EXIT_USAGE;
	}
	if (optind == argc)
		return cli_fail(EXIT_USAGE, "ls", "no INPUT was given; see warcmill ls --help");
	buffer_init(&listing.line, LINE_MAX_BYTES);
	buffer_init(&listing.key, LINE_MAX_BYTES);
	buffer_init(&listing.index, INDEX_MAX);
	struct record_visitor visitor = {"ls", &listing, on_record, on_damage, NULL};
	int code = each_record((const char *const *)argv + optind, (size_t)(argc - optind), &reading, &visitor);
	if (listing.form == FORM_CDXJ && write_index(&listing))
		code = cli_fail(EXIT_IO, "ls", "cannot write to standard output: %s", strerror(errno));
	free(listing.starts);
	buffer_free(&listing.line);
	buffer_free(&listing.key);
	buffer_free(&listing.index);
	return code;
}
