/* metadata_keys: what a meta element says, by its name, property or itemprop. One row a key; sorted for the reader,
 * found by hash: more than half of all keys are none of these. */
#include "base/bytes8.h"
#include "extract/metadata_internal.h"
#include "extract/optout_internal.h"

enum action {
	DO_EVIDENCE,
	DO_SITE,
	DO_DESCRIPTION,
	DO_TAGS,
	DO_OG_URL,
	DO_IMAGE,
	DO_TYPE,
	DO_LANGUAGE,
	DO_LICENSE,
	DO_SOURCE,
	DO_LABEL,
	DO_DATA,
	DO_TDM,
	DO_TDM_POLICY,
};

static const struct key_row {
	const char *key;
	uint8_t action;
	uint8_t source;
} key_rows[] = {
	{"analyticsattributes.articledate", DO_EVIDENCE, DATE_META_NEWS},
	{"analyticsattributes.author", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"apple-mobile-web-app-title", DO_SITE, 0},
	{"application-name", DO_SITE, 0},
	{"article.created", DO_EVIDENCE, DATE_META_NEWS},
	{"article.published", DO_EVIDENCE, DATE_META_PUBLISHED},
	{"article.updated", DO_EVIDENCE, DATE_META_MODIFIED},
	{"article:author", DO_EVIDENCE, AUTHOR_META_ARTICLE},
	{"article:author_name", DO_EVIDENCE, AUTHOR_META},
	{"article:modified", DO_EVIDENCE, DATE_META_MODIFIED},
	{"article:modified_time", DO_EVIDENCE, DATE_META_MODIFIED},
	{"article:post_modified", DO_EVIDENCE, DATE_META_MODIFIED},
	{"article:published", DO_EVIDENCE, DATE_META_PUBLISHED},
	{"article:published_date", DO_EVIDENCE, DATE_META_PUBLISHED},
	{"article:published_time", DO_EVIDENCE, DATE_META_PUBLISHED},
	{"article:tag", DO_TAGS, 0},
	{"article_author", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"article_date_original", DO_EVIDENCE, DATE_META_NEWS},
	{"article_date_updated", DO_EVIDENCE, DATE_META_MODIFIED},
	{"article_publication_date", DO_EVIDENCE, DATE_META_NEWS},
	{"articleauthor", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"author", DO_EVIDENCE, AUTHOR_META},
	{"author-name", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"authors", DO_EVIDENCE, AUTHOR_META},
	{"book:author", DO_EVIDENCE, AUTHOR_META_ARTICLE},
	{"bt:author", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"bt:moddate", DO_EVIDENCE, DATE_META_MODIFIED},
	{"bt:pubdate", DO_EVIDENCE, DATE_META_NEWS},
	{"byl", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"byline", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"citation_author", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"citation_date", DO_EVIDENCE, DATE_META_NEWS},
	{"citation_online_date", DO_EVIDENCE, DATE_META_NEWS},
	{"citation_publication_date", DO_EVIDENCE, DATE_META_NEWS},
	{"citation_title", DO_EVIDENCE, TITLE_META},
	{"content-language", DO_LANGUAGE, 0},
	{"copyright.url", DO_LICENSE, 0},
	{"createdate", DO_EVIDENCE, DATE_META_DATE},
	{"creationdatetime", DO_EVIDENCE, DATE_META_DATE},
	{"creator", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"cxenseparse:author", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"cxenseparse:publishtime", DO_EVIDENCE, DATE_META_NEWS},
	{"cxenseparse:recs:publishtime", DO_EVIDENCE, DATE_META_NEWS},
	{"cxenseparse:title", DO_EVIDENCE, TITLE_META},
	{"date", DO_EVIDENCE, DATE_META_DATE},
	{"date.created", DO_EVIDENCE, DATE_META_DATE},
	{"date.issued", DO_EVIDENCE, DATE_META_NEWS},
	{"datecreated", DO_EVIDENCE, DATE_META_DATE},
	{"datemodified", DO_EVIDENCE, DATE_META_MODIFIED},
	{"datepublished", DO_EVIDENCE, DATE_META_PUBLISHED},
	{"dc.creator", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"dc.date", DO_EVIDENCE, DATE_META_NEWS},
	{"dc.date.created", DO_EVIDENCE, DATE_META_NEWS},
	{"dc.date.issued", DO_EVIDENCE, DATE_META_NEWS},
	{"dc.date.modified", DO_EVIDENCE, DATE_META_MODIFIED},
	{"dc.description", DO_DESCRIPTION, 0},
	{"dc.language", DO_LANGUAGE, 0},
	{"dc.rights", DO_LICENSE, 0},
	{"dc.subject", DO_TAGS, 0},
	{"dc.title", DO_EVIDENCE, TITLE_META},
	{"dc:created", DO_EVIDENCE, DATE_META_NEWS},
	{"dc:creator", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"dc:date", DO_EVIDENCE, DATE_META_NEWS},
	{"dc:title", DO_EVIDENCE, TITLE_META},
	{"dcsext.articlefirstpublished", DO_EVIDENCE, DATE_META_NEWS},
	{"dcterms.created", DO_EVIDENCE, DATE_META_NEWS},
	{"dcterms.creator", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"dcterms.date", DO_EVIDENCE, DATE_META_NEWS},
	{"dcterms.issued", DO_EVIDENCE, DATE_META_NEWS},
	{"dcterms.language", DO_LANGUAGE, 0},
	{"dcterms.license", DO_LICENSE, 0},
	{"dcterms.modified", DO_EVIDENCE, DATE_META_MODIFIED},
	{"dcterms.rights", DO_LICENSE, 0},
	{"dcterms.subject", DO_TAGS, 0},
	{"dcterms.title", DO_EVIDENCE, TITLE_META},
	{"description", DO_DESCRIPTION, 0},
	{"displaydate", DO_EVIDENCE, DATE_META_NEWS},
	{"eomportal-lastupdate", DO_EVIDENCE, DATE_META_MODIFIED},
	{"firstpublished", DO_EVIDENCE, DATE_META_NEWS},
	{"headline", DO_EVIDENCE, TITLE_META},
	{"image", DO_IMAGE, 0},
	{"issue_date", DO_EVIDENCE, DATE_META_NEWS},
	{"keywords", DO_TAGS, 0},
	{"language", DO_LANGUAGE, 0},
	{"last-modified", DO_EVIDENCE, DATE_META_MODIFIED},
	{"lastmod", DO_EVIDENCE, DATE_META_MODIFIED},
	{"lp.article:author", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"modified", DO_EVIDENCE, DATE_META_MODIFIED},
	{"msapplication-tooltip", DO_SITE, 0},
	{"news_keywords", DO_TAGS, 0},
	{"og:article:author", DO_EVIDENCE, AUTHOR_META_ARTICLE},
	{"og:article:published_time", DO_EVIDENCE, DATE_META_PUBLISHED},
	{"og:author", DO_EVIDENCE, AUTHOR_META_ARTICLE},
	{"og:description", DO_DESCRIPTION, 0},
	{"og:image", DO_IMAGE, 0},
	{"og:locale", DO_LANGUAGE, 0},
	{"og:published_time", DO_EVIDENCE, DATE_META_PUBLISHED},
	{"og:regdate", DO_EVIDENCE, DATE_META_NEWS},
	{"og:release_date", DO_EVIDENCE, DATE_META_PUBLISHED},
	{"og:site_name", DO_SITE, 0},
	{"og:title", DO_EVIDENCE, TITLE_OG},
	{"og:type", DO_TYPE, 0},
	{"og:updated_time", DO_EVIDENCE, DATE_META_MODIFIED},
	{"og:url", DO_OG_URL, 0},
	{"original-publish-date", DO_EVIDENCE, DATE_META_NEWS},
	{"original-source", DO_SOURCE, 0},
	{"originalpublicationdate", DO_EVIDENCE, DATE_META_NEWS},
	{"parsely-author", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"parsely-pub-date", DO_EVIDENCE, DATE_META_NEWS},
	{"parsely-tags", DO_TAGS, 0},
	{"parsely-title", DO_EVIDENCE, TITLE_META},
	{"pdate", DO_EVIDENCE, DATE_META_NEWS},
	{"prism.publicationdate", DO_EVIDENCE, DATE_META_NEWS},
	{"ptime", DO_EVIDENCE, DATE_META_NEWS},
	{"pub_date", DO_EVIDENCE, DATE_META_NEWS},
	{"pubdate", DO_EVIDENCE, DATE_META_NEWS},
	{"publication-date", DO_EVIDENCE, DATE_META_NEWS},
	{"publication_date", DO_EVIDENCE, DATE_META_NEWS},
	{"publicationdate", DO_EVIDENCE, DATE_META_NEWS},
	{"publish-date", DO_EVIDENCE, DATE_META_NEWS},
	{"publish_date", DO_EVIDENCE, DATE_META_NEWS},
	{"publishdate", DO_EVIDENCE, DATE_META_NEWS},
	{"published", DO_EVIDENCE, DATE_META_NEWS},
	{"published-date", DO_EVIDENCE, DATE_META_NEWS},
	{"published_date", DO_EVIDENCE, DATE_META_NEWS},
	{"published_time", DO_EVIDENCE, DATE_META_PUBLISHED},
	{"publisheddate", DO_EVIDENCE, DATE_META_NEWS},
	{"rc.datecreation", DO_EVIDENCE, DATE_META_NEWS},
	{"release_date", DO_EVIDENCE, DATE_META_NEWS},
	{"rnews:author", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"rnews:datepublished", DO_EVIDENCE, DATE_META_PUBLISHED},
	{"sailthru.author", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"sailthru.date", DO_EVIDENCE, DATE_META_NEWS},
	{"sailthru.description", DO_DESCRIPTION, 0},
	{"sailthru.tags", DO_TAGS, 0},
	{"sailthru.title", DO_EVIDENCE, TITLE_META},
	{"shareaholic:article_author_name", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"shareaholic:article_published_time", DO_EVIDENCE, DATE_META_NEWS},
	{"source", DO_SOURCE, 0},
	{"syndication-source", DO_SOURCE, 0},
	{"tdm-policy", DO_TDM_POLICY, 0},
	{"tdm-reservation", DO_TDM, 0},
	{"timestamp", DO_EVIDENCE, DATE_META_DATE},
	{"title", DO_EVIDENCE, TITLE_META},
	{"twitter:creator_name", DO_EVIDENCE, AUTHOR_META_NEWS},
	{"twitter:data1", DO_DATA, 0},
	{"twitter:data2", DO_DATA, 0},
	{"twitter:description", DO_DESCRIPTION, 0},
	{"twitter:image", DO_IMAGE, 0},
	{"twitter:label1", DO_LABEL, 0},
	{"twitter:label2", DO_LABEL, 0},
	{"twitter:title", DO_EVIDENCE, TITLE_TWITTER},
	{"utime", DO_EVIDENCE, DATE_META_MODIFIED},
	{"weibo:article:create_at", DO_EVIDENCE, DATE_META_PUBLISHED},
};

bool metadata_keys_sorted(void)
{
	for (size_t i = 1; i < sizeof key_rows / sizeof *key_rows; i++)
		if (strcmp(key_rows[i - 1].key, key_rows[i].key) >= 0)
			return false;
	return true;
}

_Static_assert(sizeof key_rows / sizeof *key_rows < KEY_MAX, "rows are numbered by a byte and must fit the chain");

/* Of a key that is not empty, case folded. */
static size_t key_slot(struct span key)
{
	uint64_t hash = key.size, front = bytes8_at(key.data, 0, key.size);
	uint64_t back = key.size < 8 ? 0 : bytes8(key.data + key.size - 8);
	hash = (hash ^ (front | BYTES8(0x20))) * 0x9E3779B97F4A7C15u;
	hash = (hash ^ (back | BYTES8(0x20))) * 0xC4CEB9FE1A85EC53u;
	return hash >> 55; /* KEY_SLOTS is 512 */
}

void key_index(struct metadata_reader *reader)
{
	for (size_t i = sizeof key_rows / sizeof *key_rows; i-- > 0;) {
		uint8_t *head = &reader->key_head[key_slot(span_of(key_rows[i].key))];
		reader->key_next[i] = *head;
		*head = (uint8_t)(i + 1);
	}
}

static const struct key_row *find_key(const struct metadata_reader *reader, struct span key)
{
	for (size_t i = reader->key_head[key_slot(key)]; i; i = reader->key_next[i - 1])
		if (span_equal_nocase(key, span_of(key_rows[i - 1].key)))
			return &key_rows[i - 1];
	return NULL;
}

static void keep_first(struct span *field, struct span value)
{
	if (!field->data)
		*field = value;
}

static void add_site(struct metadata_reader *reader, struct span value)
{
	if (reader->site_name_count < sizeof reader->site_names / sizeof *reader->site_names)
		reader->site_names[reader->site_name_count++] = value;
}

static void add_description(struct metadata_reader *reader, struct span value)
{
	value = metadata_clean(reader, value);
	for (size_t i = 0; i < reader->description_count; i++)
		if (span_equal(reader->descriptions[i], value))
			return;
	if (value.size && reader->description_count < DESCRIPTION_MAX)
		reader->descriptions[reader->description_count++] = value;
}

void metadata_description(struct metadata_reader *reader, struct span value)
{
	add_description(reader, value);
}

void metadata_tags(struct metadata_reader *reader, struct span value)
{
	struct span piece, all = value;
	char delimiter = span_find_byte(value, ',') != SIZE_MAX ? ',' : ';';
	while (span_cut(&all, delimiter, &piece)) {
		piece = metadata_clean(reader, piece);
		if (!piece.size || piece.size > 80 || reader->tag_count == TAG_MAX)
			continue;
		size_t i = 0;
		while (i < reader->tag_count && !span_equal_nocase(reader->tags[i], piece))
			i++;
		if (i == reader->tag_count)
			reader->tags[reader->tag_count++] = piece;
	}
}

static void data_for_label(struct metadata_reader *reader, struct span value)
{
	static const char *const words[] = {"written by",
					    "author",
					    "by",
					    "geschrieben von",
					    "verfasst von",
					    "\xC3\xA9\x63rit par",
					    "escrito por",
					    "scritto da",
					    "geschreven door",
					    "napisane przez",
					    "\xD0\x90\xD0\xB2\xD1\x82\xD0\xBE\xD1\x80",
					    "skrevet af",
					    "skriven av"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_starts_nocase(reader->label, span_of(words[i])))
			evidence_add(reader, AUTHOR_META_LABEL, value, 0, false);
	reader->label = SPAN_NONE;
}

void metadata_key(struct metadata_reader *reader, struct span key, struct span value)
{
	key = span_trim(key);
	value = span_trim(value);
	if (!key.size || !value.size)
		return;
	const struct key_row *row = find_key(reader, key);
	if (!row) {
		reader->robots |= robots_addressed(robots_agent(key), value, reader->page->fetch_time);
		return;
	}
	switch (row->action) {
	case DO_EVIDENCE:
		if (row->source == TITLE_OG)
			keep_first(&reader->og_title, value);
		evidence_add(reader, row->source, value, 0, false);
		break;
	case DO_SITE:
		if (value.size < 100)
			add_site(reader, value);
		break;
	case DO_DESCRIPTION:
		add_description(reader, value);
		break;
	case DO_TAGS:
		metadata_tags(reader, value);
		break;
	case DO_OG_URL:
		keep_first(&reader->og_url, value);
		break;
	case DO_IMAGE:
		keep_first(&reader->image, value);
		break;
	case DO_TYPE:
		keep_first(&reader->og_type, value);
		break;
	case DO_LANGUAGE:
		keep_first(&reader->http_language, value);
		break;
	case DO_LICENSE:
		if (span_starts_nocase(value, SPAN("http")))
			keep_first(&reader->license, value);
		break;
	case DO_SOURCE:
		if (!span_starts_nocase(value, SPAN("http")) && value.size < 80)
			keep_first(&reader->source_name, value);
		break;
	case DO_LABEL:
		reader->label = value;
		break;
	case DO_DATA:
		data_for_label(reader, value);
		break;
	case DO_TDM:
		if (reader->tdm < 0)
			reader->tdm = tdm_value(value);
		break;
	case DO_TDM_POLICY:
		keep_first(&reader->tdm_policy, value);
		break;
	}
}
