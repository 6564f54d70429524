/* output_wet: the corpus as a web archive (WARC/1.1, ISO 28500:2017): a `conversion` record a document, as Common
 * Crawl's WET files have them, a `revisit` record a copy and a `metadata` record a rejected page. Every record says
 * which record of the crawl it was made from (WARC-Refers-To) and carries the row's id.
 *
 * Record ids are UUIDs made from the rows' ids, so they are the same in every run, and a copy can name the record of
 * the document that was kept without having seen it. One gzip member or zstd frame a record, so that tools can seek. */
#include "corpus/output_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define PROFILE_IDENTICAL "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
/* No standard profile says "the same text in another page"; a URI of our own per kind of copy does. */
#define PROFILE_TEXT "urn:warcmill:revisit:"

enum { RECORD_MAX = 512 << 20, UUID_SIZE = 37 };

struct wet {
	enum corpus_table table;
	const char *tool;
	struct part_stream *stream;
	struct buffer header, block;
	bool begun; /* the warcinfo record is written */
};

/* RFC 9562 UUID version 8 (vendor-specific) of KIND and NAME. */
static void uuid_of(const char *kind, struct span name, struct buffer *scratch, char out[UUID_SIZE])
{
	uint8_t b[16];
	buffer_clear(scratch);
	buffer_print(scratch, "%s\n", kind);
	buffer_append_span(scratch, name);
	struct hash128 hash = hash128_of(scratch->data, scratch->size);
	for (int i = 0; i < 8; i++) {
		b[i] = (uint8_t)(hash.high >> (56 - 8 * i));
		b[8 + i] = (uint8_t)(hash.low >> (56 - 8 * i));
	}
	b[6] = (uint8_t)((b[6] & 0x0F) | 0x80);
	b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
	snprintf(out, UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* A header field; left out when VALUE is absent. Line ends cannot occur in a field and become blanks. */
static void field(struct wet *self, const char *name, struct span value)
{
	if (!value.size)
		return;
	buffer_print(&self->header, "%s: ", name);
	size_t from = self->header.size;
	buffer_append_span(&self->header, value);
	for (size_t i = from; i < self->header.size; i++)
		if (self->header.data[i] == '\r' || self->header.data[i] == '\n')
			self->header.data[i] = ' ';
	buffer_append_span(&self->header, SPAN("\r\n"));
}

static void field_uuid(struct wet *self, const char *name, const char *kind, struct span id)
{
	char uuid[UUID_SIZE];
	uuid_of(kind, id, &self->block, uuid);
	buffer_print(&self->header, "%s: <urn:uuid:%s>\r\n", name, uuid);
}

static void field_date(struct wet *self, const char *name, int64_t date)
{
	char text[21];
	date_format(date == DATE_NONE ? 0 : date, text);
	field(self, name, span_of(text));
}

static void field_digest(struct wet *self, struct span block)
{
	uint8_t sha1[DIGEST_MAX];
	char text[40] = "sha1:";
	size_t size = digest_of(DIGEST_SHA1, block, sha1);
	base32_encode(sha1, size, text + 5);
	field(self, "WARC-Block-Digest", span_of(text));
}

static void header_start(struct wet *self, const char *type)
{
	buffer_clear(&self->header);
	buffer_append_span(&self->header, SPAN("WARC/1.1\r\n"));
	field(self, "WARC-Type", span_of(type));
}

/* End the header and write header, BLOCK and the two empty lines as one member. */
static enum status record_write(struct wet *self, struct span block, struct fault *fault)
{
	buffer_print(&self->header, "Content-Length: %zu\r\n\r\n", block.size);
	if (self->header.status != STATUS_OK || self->block.status != STATUS_OK)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for a record of output");
	struct span pieces[] = {buffer_span(&self->header), block, SPAN("\r\n\r\n")};
	enum status status = part_stream_pledge(self->stream, pieces[0].size + block.size + 4, fault);
	for (int i = 0; i < 3 && status == STATUS_OK; i++)
		status = part_stream_write(self->stream, pieces[i], fault);
	return status == STATUS_OK ? part_stream_member(self->stream, fault) : status;
}

/* The file's first record. Its name and date follow from the first row, since neither chance nor the clock may show in
 * the output. */
static enum status info_write(struct wet *self, int64_t date, struct span first_id, struct fault *fault)
{
	header_start(self, "warcinfo");
	field_date(self, "WARC-Date", date);
	field_uuid(self, "WARC-Record-ID", "warcinfo", first_id);
	field(self, "Content-Type", SPAN("application/warc-fields"));
	buffer_clear(&self->block);
	buffer_print(
		&self->block,
		"software: %s\r\nformat: WARC File Format 1.1\r\nconformsTo: "
		"http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\ndescription: %s\r\n",
		self->tool, corpus_table_names[self->table]);
	self->begun = true;
	return record_write(self, buffer_span(&self->block), fault);
}

/* What all three kinds of record say of the page. KIND goes into the record's id. */
static void page_fields(struct wet *self, const char *kind, const struct page_source *page)
{
	char uuid[UUID_SIZE];
	uuid_of(kind, page->id, &self->block, uuid);
	if (page->url.size)
		field(self, "WARC-Target-URI", page->url);
	else /* mandatory, and the page came without one: the record's own name */
		buffer_print(&self->header, "WARC-Target-URI: urn:uuid:%s\r\n", uuid);
	field_date(self, "WARC-Date", page->fetch_time);
	field_uuid(self, "WARC-Record-ID", kind, page->id);
	field(self, "Warcmill-ID", page->id);
}

static void refers_to(struct wet *self, struct span record_id)
{
	if (record_id.size)
		buffer_print(&self->header, "WARC-Refers-To: <%.*s>\r\n", SPAN_ARG(record_id));
}

static enum status document_write(struct wet *self, const struct document *document, struct fault *fault)
{
	header_start(self, "conversion");
	page_fields(self, "conversion", &document->page);
	refers_to(self, document->page.warc_record_id);
	field_digest(self, document->text);
	field(self, "WARC-Identified-Content-Language", document->languages);
	field(self, "Warcmill-Title", document->title);
	field(self, "Warcmill-Split", document->split);
	field(self, "Content-Type", SPAN("text/plain"));
	return record_write(self, document->text, fault);
}

static enum status duplicate_write(struct wet *self, const struct duplicate *duplicate, struct fault *fault)
{
	header_start(self, "revisit");
	page_fields(self, "revisit", &duplicate->page);
	if (span_equal(duplicate->kind, SPAN("revisit")) && duplicate->page.content_digest.size) {
		field(self, "WARC-Profile", SPAN(PROFILE_IDENTICAL));
		field(self, "WARC-Payload-Digest", duplicate->page.content_digest);
	} else {
		buffer_print(&self->header, "WARC-Profile: " PROFILE_TEXT "%.*s\r\n", SPAN_ARG(duplicate->kind));
	}
	field_uuid(self, "WARC-Refers-To", "conversion", duplicate->duplicate_of);
	field(self, "WARC-Refers-To-Target-URI", duplicate->duplicate_of_url);
	field(self, "Warcmill-Duplicate-Of", duplicate->duplicate_of);
	return record_write(self, SPAN(""), fault);
}

static enum status rejection_write(struct wet *self, const struct rejection *rejection, struct fault *fault)
{
	header_start(self, "metadata");
	page_fields(self, "metadata", &rejection->page);
	refers_to(self, rejection->page.warc_record_id);
	field(self, "Content-Type", SPAN("application/warc-fields"));
	buffer_clear(&self->block);
	buffer_print(&self->block, "rejected: %.*s\r\n", SPAN_ARG(rejection->reason));
	return record_write(self, buffer_span(&self->block), fault);
}

/* ---- The sink ------------------------------------------------------------------------------------------- */

static enum status wet_begin(void **state, enum corpus_table table, const struct sink_options *options,
			     struct part_stream *stream, struct fault *fault)
{
	struct wet *self = memory_zeroed(1, sizeof *self);
	*state = self;
	if (!self)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for an output file");
	self->table = table;
	self->tool = options->tool;
	self->stream = stream;
	buffer_init(&self->header, RECORD_MAX);
	buffer_init(&self->block, RECORD_MAX);
	return STATUS_OK;
}

static enum status wet_row(void *state, const struct corpus_row *row, struct fault *fault)
{
	struct wet *self = state;
	const struct page_source *page = &row->as.document.page; /* stands first in the rows of all three tables */
	enum status status = self->begun ? STATUS_OK : info_write(self, page->fetch_time, page->id, fault);
	if (status != STATUS_OK)
		return status;
	return row->table == TABLE_DOCUMENTS    ? document_write(self, &row->as.document, fault)
	       : row->table == TABLE_DUPLICATES ? duplicate_write(self, &row->as.duplicate, fault)
						: rejection_write(self, &row->as.rejection, fault);
}

static enum status wet_end(void *state, struct fault *fault)
{
	struct wet *self = state;
	return self->begun ? STATUS_OK : info_write(self, DATE_NONE, span_of(corpus_table_names[self->table]), fault);
}

static void wet_free(void *state)
{
	struct wet *self = state;
	if (self) {
		buffer_free(&self->header);
		buffer_free(&self->block);
	}
	free(self);
}

const struct sink_class sink_wet = {"wet", ".warc", false, wet_begin, wet_row, wet_end, wet_free};
