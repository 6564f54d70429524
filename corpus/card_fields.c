/* card_fields: a sentence on each column, for the cards. */
#include "corpus/card.h"

static const struct {
	const char *name, *about; /* flat name */
} abouts[] = {
	{"id", "Address of the record: archive name, @, offset"},
	{"text", "The article: paragraphs separated by a blank line, in NFC"},
	{"source", "Name of the data set"},
	{"created", "Date of publication, else of the fetch"},
	{"url", "Address of the page as the archive has it"},
	{"url_host_name", "Host of the address"},
	{"url_host_registered_domain", "Registered domain by the Public Suffix List"},
	{"fetch_time", "When the crawler fetched the page"},
	{"fetch_status", "HTTP status"},
	{"content_digest", "Digest of the payload"},
	{"content_mime_type", "Media type as declared by the server"},
	{"content_mime_detected", "Media type by content"},
	{"content_charset", "Character set the page was decoded from"},
	{"content_truncated", "Why the page is not whole"},
	{"warc_filename", "Name of the archive"},
	{"warc_record_offset", "Stored bytes of the archive before the record"},
	{"warc_record_inner", "Inflated bytes of the gzip member before the record"},
	{"warc_record_length", "Stored bytes of the record"},
	{"warc_record_id", "WARC-Record-ID"},
	{"warc_type", "Type of the record"},
	{"content_languages", "Up to three languages of the text, ISO 639-3, likeliest first"},
	{"language_declared", "Language as the page declares it"},
	{"title", "Headline, without the site's name"},
	{"author", "Authors"},
	{"date_published", "Date of publication as the page has it"},
	{"date_modified", "Date of the last change as the page has it"},
	{"site_name", "Name of the site"},
	{"canonical_url", "Address that the page names as its own"},
	{"description", "Summary as the page has it"},
	{"image", "Address of the main picture"},
	{"page_type", "Kind of page as it says of itself"},
	{"source_name", "Agency or publisher named as the text's source"},
	{"tags", "Keywords as the page has them"},
	{"license", "Licence as the page declares it"},
	{"robots", "Opt-out signals of the page and of its HTTP header"},
	{"tdm_policy", "Address of a text and data mining policy"},
	{"simhash", "128-bit SimHash of the text, as hex digits"},
	{"cluster_id", "Cluster of copies the document stands for"},
	{"cluster_size", "Pages in the cluster, the document included"},
	{"cluster_copies", "Ids of the copies, at most 100"},
	{"extraction_method", "How the text was found in the page"},
	{"extraction_confidence", "Confidence of the extractor"},
	{"extraction_barred_blocks", "Blocks left out since they recur on the host's pages"},
	{"words", "Words of the text; a CJK character counts as 0.55"},
	{"masked_email", "E-mail addresses replaced in the text"},
	{"masked_ip", "IP addresses replaced in the text"},
	{"masked_phone", "Telephone numbers replaced in the text"},
	{"split", "Name of the split"},
	{"duplicate_of", "Id of the document that was kept"},
	{"duplicate_of_url", "Address of the document that was kept"},
	{"cluster", "Cluster of copies"},
	{"kind", "exact, near, contained or revisit"},
	{"evidence_rule", "Rule that accepted the pair"},
	{"evidence_hamming", "Bits in which the fingerprints differ"},
	{"evidence_jaccard", "Estimated weighted Jaccard similarity"},
	{"evidence_containment", "Estimated share of the shorter text that is in the longer one"},
	{"evidence_numbers", "Share of the numbers of the text that has fewer that are in the other one"},
	{"evidence_anchors", "Shared anchors, of sixteen"},
	{"evidence_numbers_apart", "Numbers of the text that has fewer that are not in the other one; 3 for all above"},
	{"evidence_head", "Shared shingles of the two beginnings, of three"},
	{"evidence_tokens", "Words of the shorter text"},
	{"evidence_score", "Acceptance score"},
	{"evidence_direct", "Whether the copy was accepted against the kept document itself"},
	{"reason", "Why the page is no document"},
};

const char *column_about(const struct column *column)
{
	char name[64];
	column_flat_name(column, name);
	for (size_t i = 0; i < sizeof abouts / sizeof *abouts; i++)
		if (!strcmp(abouts[i].name, name))
			return abouts[i].about;
	return "";
}

static const struct {
	const char *needle, *family;
} licenses[] = {
	{"publicdomain/zero", "CC0"},
	{"publicdomain/mark", "public domain"},
	{"licenses/by-nc-nd", "CC BY-NC-ND"},
	{"licenses/by-nc-sa", "CC BY-NC-SA"},
	{"licenses/by-nc", "CC BY-NC"},
	{"licenses/by-nd", "CC BY-ND"},
	{"licenses/by-sa", "CC BY-SA"},
	{"licenses/by", "CC BY"},
	{"cc by-nc-nd", "CC BY-NC-ND"},
	{"cc by-nc-sa", "CC BY-NC-SA"},
	{"cc by-nc", "CC BY-NC"},
	{"cc by-nd", "CC BY-ND"},
	{"cc by-sa", "CC BY-SA"},
	{"cc by", "CC BY"},
	{"cc0", "CC0"},
};

struct span license_family(struct span license)
{
	for (size_t i = 0; i < sizeof licenses / sizeof *licenses; i++)
		if (span_find_nocase(license, span_of(licenses[i].needle)) != SIZE_MAX)
			return span_of(licenses[i].family);
	return SPAN("other");
}

void card_count(struct tally *tally, const struct document *document)
{
	static const struct column robots = {.kind = COLUMN_ROBOTS,
					     .at = offsetof(struct corpus_row, as.document.robots)};
	struct corpus_row row = {.table = TABLE_DOCUMENTS, .as.document = *document};
	struct column_value value;
	column_read(&robots, &row, &value);
	for (size_t i = 0; i < value.list_count; i++)
		tally_reason(tally, "signal", value.list[i], 1);
	if (document->license.size)
		tally_reason(tally, "license", license_family(document->license), 1);
}
