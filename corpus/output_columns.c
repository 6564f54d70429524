/* output_columns: the fields of documents, copies and rejected pages, in their order, as data. Names are those of
 * Common Crawl's columnar index where it has them, and Dolma's for the envelope, so that existing queries and loaders
 * fit. */
#include "corpus/output_internal.h"
#include "extract/extract.h"

#include <stdio.h>

const char *const corpus_table_names[TABLE_COUNT] = {"documents", "duplicates", "rejected"};

#define AT(table, field) offsetof(struct corpus_row, as.table.field)

/* Where a page came from; the same in all three tables. */
#define PAGE_COLUMNS(table, outer)                                                                                      \
	{outer, NULL, "url", COLUMN_TEXT, COLUMN_STATISTICS | COLUMN_UNIQUE, AT(table, page.url), 0},                   \
		{outer, NULL, "url_host_name", COLUMN_TEXT, 0, AT(table, page.url_host_name), 0},                       \
		{outer, NULL, "url_host_registered_domain", COLUMN_TEXT, 0, AT(table, page.url_host_registered_domain), \
		 0},                                                                                                    \
		{outer, NULL, "fetch_time", COLUMN_TIME, COLUMN_STATISTICS, AT(table, page.fetch_time), 0},             \
		{outer, NULL, "fetch_status", COLUMN_STATUS, 0, AT(table, page.fetch_status), 0},                       \
		{outer, NULL, "content_digest", COLUMN_TEXT, COLUMN_UNIQUE, AT(table, page.content_digest), 0},         \
		{outer, NULL, "content_mime_type", COLUMN_TEXT, 0, AT(table, page.content_mime_type), 0},               \
		{outer, NULL, "content_mime_detected", COLUMN_TEXT, 0, AT(table, page.content_mime_detected), 0},       \
		{outer, NULL, "content_charset", COLUMN_TEXT, 0, AT(table, page.content_charset), 0},                   \
		{outer, NULL, "content_truncated", COLUMN_TEXT, 0, AT(table, page.content_truncated), 0},               \
		{outer, NULL, "warc_filename", COLUMN_TEXT, COLUMN_REQUIRED, AT(table, page.warc_filename), 0},         \
		{outer, NULL, "warc_record_offset", COLUMN_OFFSET, COLUMN_REQUIRED, AT(table, page.warc_record_offset), \
		 0},                                                                                                    \
		{outer, NULL, "warc_record_inner", COLUMN_OFFSET, 0, AT(table, page.warc_record_inner), 0},             \
		{outer, NULL, "warc_record_length", COLUMN_OFFSET, COLUMN_REQUIRED, AT(table, page.warc_record_length), \
		 0},                                                                                                    \
		{outer, NULL, "warc_record_id", COLUMN_TEXT, COLUMN_UNIQUE, AT(table, page.warc_record_id), 0},         \
	{                                                                                                               \
		outer, NULL, "warc_type", COLUMN_TEXT, 0, AT(table, page.warc_type), 0                                  \
	}

#define META "metadata"
#define DOC(field) AT(document, field)
static const struct column documents[] = {
	{NULL, NULL, "id", COLUMN_TEXT, COLUMN_REQUIRED | COLUMN_UNIQUE, DOC(page.id), 0},
	{NULL, NULL, "text", COLUMN_TEXT, COLUMN_REQUIRED | COLUMN_UNIQUE, DOC(text), 0},
	{NULL, NULL, "source", COLUMN_TEXT, COLUMN_REQUIRED, DOC(source), 0},
	{NULL, NULL, "created", COLUMN_TEXT, COLUMN_STATISTICS, DOC(created), 0},
	PAGE_COLUMNS(document, META),
	{META, NULL, "content_languages", COLUMN_TEXT, COLUMN_STATISTICS, DOC(languages), 0},
	{META, NULL, "language_declared", COLUMN_TEXT, 0, DOC(language_declared), 0},
	{META, NULL, "title", COLUMN_TEXT, 0, DOC(title), 0},
	{META, NULL, "author", COLUMN_LIST, 0, DOC(authors), DOC(author_count)},
	{META, NULL, "date_published", COLUMN_TEXT, COLUMN_STATISTICS, DOC(date_published), 0},
	{META, NULL, "date_modified", COLUMN_TEXT, 0, DOC(date_modified), 0},
	{META, NULL, "site_name", COLUMN_TEXT, 0, DOC(site_name), 0},
	{META, NULL, "canonical_url", COLUMN_TEXT, 0, DOC(canonical_url), 0},
	{META, NULL, "description", COLUMN_TEXT, 0, DOC(description), 0},
	{META, NULL, "image", COLUMN_TEXT, 0, DOC(image), 0},
	{META, NULL, "page_type", COLUMN_TEXT, 0, DOC(page_type), 0},
	{META, NULL, "source_name", COLUMN_TEXT, 0, DOC(source_name), 0},
	{META, NULL, "tags", COLUMN_LIST, 0, DOC(tags), DOC(tag_count)},
	{META, NULL, "license", COLUMN_TEXT, 0, DOC(license), 0},
	{META, NULL, "robots", COLUMN_ROBOTS, 0, DOC(robots), 0},
	{META, NULL, "tdm_policy", COLUMN_TEXT, 0, DOC(tdm_policy), 0},
	{META, NULL, "simhash", COLUMN_PRINT, COLUMN_UNIQUE, DOC(simhash), 0},
	{META, "cluster", "id", COLUMN_TEXT, 0, DOC(cluster_id), 0},
	{META, "cluster", "size", COLUMN_COUNT, COLUMN_GOVERNED, DOC(cluster_size), DOC(cluster_id)},
	{META, "cluster", "copies", COLUMN_LIST, 0, DOC(copies), DOC(copy_count)},
	{META, "extraction", "method", COLUMN_TEXT, 0, DOC(extraction_method), 0},
	{META, "extraction", "confidence", COLUMN_SHARE, 0, DOC(extraction_confidence), 0},
	{META, "extraction", "barred_blocks", COLUMN_COUNT, 0, DOC(barred_blocks), 0},
	{META, NULL, "words", COLUMN_COUNT, COLUMN_REQUIRED, DOC(words), 0},
	{META, "masked", "email", COLUMN_COUNT, 0, DOC(masked.email), 0},
	{META, "masked", "ip", COLUMN_COUNT, 0, DOC(masked.ip), 0},
	{META, "masked", "phone", COLUMN_COUNT, 0, DOC(masked.phone), 0},
	{META, NULL, "split", COLUMN_TEXT, 0, DOC(split), 0},
};

#define DUP(field) AT(duplicate, field)
static const struct column duplicates[] = {
	{NULL, NULL, "id", COLUMN_TEXT, COLUMN_REQUIRED | COLUMN_UNIQUE, DUP(page.id), 0},
	PAGE_COLUMNS(duplicate, NULL),
	{NULL, NULL, "title", COLUMN_TEXT, 0, DUP(title), 0},
	{NULL, NULL, "duplicate_of", COLUMN_TEXT, COLUMN_REQUIRED, DUP(duplicate_of), 0},
	{NULL, NULL, "duplicate_of_url", COLUMN_TEXT, 0, DUP(duplicate_of_url), 0},
	{NULL, NULL, "cluster", COLUMN_TEXT, COLUMN_REQUIRED, DUP(cluster_id), 0},
	{NULL, NULL, "kind", COLUMN_TEXT, COLUMN_REQUIRED, DUP(kind), 0},
	{NULL, "evidence", "rule", COLUMN_TEXT, 0, DUP(evidence.kind_of_rule), 0},
	{NULL, "evidence", "hamming", COLUMN_INT, 0, DUP(evidence.hamming), 0},
	{NULL, "evidence", "jaccard", COLUMN_SHARE, 0, DUP(evidence.jaccard), 0},
	{NULL, "evidence", "containment", COLUMN_SHARE, 0, DUP(evidence.containment), 0},
	{NULL, "evidence", "numbers", COLUMN_SHARE, 0, DUP(evidence.numbers), 0},
	{NULL, "evidence", "anchors", COLUMN_INT, 0, DUP(evidence.anchors), 0},
	{NULL, "evidence", "head", COLUMN_INT, 0, DUP(evidence.head), 0},
	{NULL, "evidence", "numbers_apart", COLUMN_INT, 0, DUP(evidence.numbers_apart), 0},
	{NULL, "evidence", "tokens", COLUMN_INT, 0, DUP(evidence.tokens), 0},
	{NULL, "evidence", "score", COLUMN_SHARE, 0, DUP(evidence.score), 0},
	{NULL, "evidence", "direct", COLUMN_BOOL, 0, DUP(evidence.direct), 0},
	{NULL, NULL, "simhash", COLUMN_PRINT, COLUMN_UNIQUE, DUP(simhash), 0},
	{NULL, NULL, "content_languages", COLUMN_TEXT, COLUMN_STATISTICS, DUP(languages), 0},
	{NULL, NULL, "words", COLUMN_COUNT, 0, DUP(words), 0},
	{NULL, NULL, "split", COLUMN_TEXT, 0, DUP(split), 0},
};

#define REJ(field) AT(rejection, field)
static const struct column rejected[] = {
	{NULL, NULL, "id", COLUMN_TEXT, COLUMN_REQUIRED | COLUMN_UNIQUE, REJ(page.id), 0},
	PAGE_COLUMNS(rejection, NULL),
	{NULL, NULL, "title", COLUMN_TEXT, 0, REJ(title), 0},
	{NULL, NULL, "reason", COLUMN_TEXT, COLUMN_REQUIRED, REJ(reason), 0},
	{NULL, "extraction", "method", COLUMN_TEXT, 0, REJ(extraction_method), 0},
	{NULL, "extraction", "confidence", COLUMN_SHARE, 0, REJ(extraction_confidence), 0},
	{NULL, NULL, "content_languages", COLUMN_TEXT, COLUMN_STATISTICS, REJ(languages), 0},
	{NULL, NULL, "words", COLUMN_COUNT, 0, REJ(words), 0},
};

const struct column_table corpus_columns[TABLE_COUNT] = {
	{documents, sizeof documents / sizeof *documents},
	{duplicates, sizeof duplicates / sizeof *duplicates},
	{rejected, sizeof rejected / sizeof *rejected},
};

/* Names of the opt-out signals, in the order in which they are listed. */
static const struct {
	unsigned bit;
	const char *name;
} robots_names[] = {
	{ROBOTS_NOINDEX, "noindex"},     {ROBOTS_NOARCHIVE, "noarchive"},
	{ROBOTS_NOAI, "noai"},           {ROBOTS_NOIMAGEAI, "noimageai"},
	{ROBOTS_NOSNIPPET, "nosnippet"}, {ROBOTS_NOFOLLOW, "nofollow"},
	{ROBOTS_NOML, "noml"},           {ROBOTS_TDM_RESERVATION, "tdm_reservation"},
};

static void read_robots(unsigned bits, struct column_value *value)
{
	for (size_t i = 0; i < sizeof robots_names / sizeof *robots_names; i++)
		if (bits & robots_names[i].bit)
			value->names[value->list_count++] = span_of(robots_names[i].name);
	value->list = value->names;
	value->present = value->list_count > 0;
}

static void read_print(const uint64_t half[2], struct column_value *value)
{
	snprintf(value->digits, sizeof value->digits, "%016llx%016llx", (unsigned long long)half[1],
		 (unsigned long long)half[0]);
	value->text = (struct span){value->digits, 32};
	value->present = half[0] || half[1];
}

/* Three decimals, halves up: the same number in every format. */
static double thousandths(double share)
{
	return (double)(int64_t)(share * 1000 + 0.5) / 1000;
}

void column_read(const struct column *column, const struct corpus_row *row, struct column_value *value)
{
	const char *at = (const char *)row + column->at, *second = (const char *)row + column->second;
	bool required = column->flags & COLUMN_REQUIRED;
	value->list_count = 0;
	switch (column->kind) {
	case COLUMN_TEXT:
		value->text = *(const struct span *)at;
		value->present = value->text.size || required;
		if (!value->text.data)
			value->text = SPAN("");
		break;
	case COLUMN_TIME:
		value->time = *(const int64_t *)at;
		value->present = value->time != DATE_NONE;
		break;
	case COLUMN_COUNT:
		value->number = *(const uint32_t *)at;
		value->present = value->number || required;
		break;
	case COLUMN_OFFSET:
		value->number = *(const uint64_t *)at;
		value->present = value->number || required;
		break;
	case COLUMN_STATUS:
		value->present = *(const int *)at > 0;
		value->number = (uint64_t) * (const int *)at;
		break;
	case COLUMN_INT:
		value->present = *(const int *)at >= 0;
		value->number = (uint64_t) * (const int *)at;
		break;
	case COLUMN_SHARE:
		value->present = *(const double *)at >= 0;
		value->share = value->present ? thousandths(*(const double *)at) : 0;
		break;
	case COLUMN_BOOL:
		value->present = true;
		value->number = *(const bool *)at;
		break;
	case COLUMN_LIST:
		value->list = *(const struct span *const *)at;
		value->list_count = *(const size_t *)second;
		value->present = value->list_count > 0;
		break;
	case COLUMN_ROBOTS:
		read_robots(*(const unsigned *)at, value);
		break;
	case COLUMN_PRINT:
		read_print((const uint64_t *)(const void *)at, value);
		break;
	}
	if (column->flags & COLUMN_GOVERNED && !((const struct span *)(const void *)second)->size)
		value->present = false;
}

void column_flat_name(const struct column *column, char name[64])
{
	snprintf(name, 64, "%s%s%s", column->inner ? column->inner : "", column->inner ? "_" : "", column->name);
}

/* ---- Formats by name ----------------------------------------------------------------------------------- */

const struct sink_class *sink_class_named(struct span name)
{
	static const struct sink_class *const classes[] = {&sink_jsonl, &sink_parquet, &sink_wet};
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (span_equal(span_of(classes[i]->name), name))
			return classes[i];
	return NULL;
}
