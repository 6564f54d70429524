/* rows: see rows.h. Everything follows from the row's number by one fixed mixing function. */
#include "rows.h"

#include "extract/extract.h"

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
	return x ^ (x >> 31);
}

static const char *const pieces[] = {"the weir ",
				     "Größe – „Maß“ ",
				     "школа и метеостанция ",
				     "水车重新转了起来。",
				     "無人駅の本屋",
				     "حرف عربي ",
				     "\"quoted\" \\ ",
				     "tab\there ",
				     "\n\n",
				     "e\xCC\x81tude ",
				     "\xF0\x9F\x8C\x8A ",
				     "\x01\x1F\x7F ",
				     "</script><b> ",
				     "\xE2\x80\xA8 line separator ",
				     "NULL ",
				     "0 "};

static struct span text_of(struct arena *arena, uint64_t seed, unsigned words)
{
	char *text = arena_alloc(arena, 64 * (size_t)words + 1);
	size_t size = 0;
	for (unsigned i = 0; i < words; i++) {
		const char *piece = pieces[mix(seed + i) % (sizeof pieces / sizeof *pieces)];
		memcpy(text + size, piece, strlen(piece));
		size += strlen(piece);
	}
	return (struct span){text, size};
}

static bool chance(uint64_t seed, unsigned percent)
{
	return mix(seed) % 100 < percent;
}

static struct span maybe(struct arena *arena, uint64_t seed, unsigned percent, unsigned words)
{
	return chance(seed, percent) ? text_of(arena, seed * 31, words) : SPAN_NONE;
}

static struct span pick(uint64_t seed, const char *const *from, size_t count)
{
	return span_of(from[mix(seed) % count]);
}

static void make_page(struct arena *arena, uint64_t seed, unsigned index, struct page_source *page)
{
	static const char *const mimes[] = {"text/html", "application/xhtml+xml", "text/plain"};
	static const char *const charsets[] = {"UTF-8", "windows-1251", "GBK", "Shift_JIS"};
	uint64_t offset = (uint64_t)index * 7919 + (index == 7 ? (uint64_t)1 << 40 : 0);
	unsigned host = (unsigned)(mix(seed + 1) % 40);
	struct span long_query = {"", 0};
	if (index == 11)
		for (int i = 0; i < 500; i++)
			long_query = arena_print(arena, "%.*s&long=%04d", SPAN_ARG(long_query), i);
	page->warc_filename = arena_print(arena, "example-%u.warc.gz", index / 1000);
	page->warc_record_offset = offset;
	page->warc_record_inner = index % 50 == 3 ? 1000 + index : 0;
	page->warc_record_length = 500 + mix(seed + 2) % 90000;
	page->id = arena_print(arena, "%.*s@%llu", SPAN_ARG(page->warc_filename), (unsigned long long)offset);
	page->url = index % 97 == 5 ? SPAN_NONE
				    : arena_print(arena, "http://h%u.example/p/%u?q=\xC3\xBC%.*s", host, index,
						  SPAN_ARG(long_query));
	page->url_host_name = arena_print(arena, "h%u.example", host);
	page->url_host_registered_domain = page->url_host_name;
	page->fetch_time = index % 61 == 4
				   ? DATE_NONE
				   : 1700000000 + (int64_t)(mix(seed + 3) % 50000000) - (index == 9 ? 2000000000 : 0);
	page->fetch_status = index % 31 == 2 ? 0 : 200;
	page->content_digest = arena_print(arena, "sha1:%016llX", (unsigned long long)mix(seed + 4));
	page->content_mime_type = pick(seed + 5, mimes, 3);
	page->content_mime_detected = SPAN("text/html");
	page->content_charset = pick(seed + 6, charsets, 4);
	page->content_truncated = chance(seed + 7, 3) ? SPAN("length") : SPAN_NONE;
	page->warc_record_id = arena_print(arena, "urn:uuid:%016llx", (unsigned long long)mix(seed + 8));
	page->warc_type = SPAN("response");
}

static const struct span *list_of(struct arena *arena, uint64_t seed, size_t count)
{
	struct span *list = arena_alloc(arena, (count + 1) * sizeof *list);
	for (size_t i = 0; i < count; i++)
		list[i] = text_of(arena, seed + 17 * i, 1 + (unsigned)(i % 2));
	return list;
}

static void make_document(struct arena *arena, uint64_t seed, unsigned index, struct document *document)
{
	static const char *const languages[] = {"eng", "deu,eng", "zho", "rus", "fra,eng,deu"};
	make_page(arena, seed, index, &document->page);
	document->text = text_of(arena, seed + 100, index == 13 ? 6000 : 5 + (unsigned)(mix(seed) % 60));
	document->source = SPAN("warcmill");
	document->created = chance(seed + 101, 80) ? SPAN("2024-03-12T06:40:00Z") : SPAN("2024-03-12");
	document->title = maybe(arena, seed + 102, 90, 4);
	document->site_name = maybe(arena, seed + 103, 40, 1);
	document->canonical_url = chance(seed + 104, 40) ? document->page.url : SPAN_NONE;
	document->description = maybe(arena, seed + 105, 50, 8);
	document->license = chance(seed + 106, 5) ? SPAN("https://creativecommons.org/licenses/by/4.0/") : SPAN_NONE;
	document->date_published = chance(seed + 107, 60) ? document->created : SPAN_NONE;
	document->author_count = mix(seed + 108) % 4;
	document->authors = list_of(arena, seed + 109, document->author_count);
	document->tag_count = index == 17 ? 1000 : chance(seed + 110, 30) ? mix(seed + 111) % 9 : 0;
	document->tags = list_of(arena, seed + 112, document->tag_count);
	document->languages = chance(seed + 113, 95) ? pick(seed + 114, languages, 5) : SPAN_NONE;
	document->language_declared = chance(seed + 115, 50) ? SPAN("en-GB") : SPAN_NONE;
	document->robots = chance(seed + 116, 10) ? ROBOTS_NOAI | ROBOTS_TDM_RESERVATION : 0;
	document->extraction_method = SPAN("blocks");
	document->extraction_confidence = (double)(mix(seed + 117) % 1001) / 1000;
	document->words = (uint32_t)(mix(seed + 118) % 3000);
	document->barred_blocks = chance(seed + 119, 10) ? 3 : 0;
	document->masked.email = chance(seed + 120, 5) ? 2 : 0;
	document->simhash[0] = mix(seed + 121);
	document->simhash[1] = mix(seed + 122);
	document->cluster_size = 1;
	if (chance(seed + 123, 20)) {
		document->copy_count = 1 + mix(seed + 124) % 5;
		document->copies = list_of(arena, seed + 125, document->copy_count);
		document->cluster_size = (uint32_t)document->copy_count + 1;
		document->cluster_id = document->page.id;
	}
	document->split = chance(seed + 126, 50) ? SPAN("train") : SPAN_NONE;
}

static void make_duplicate(struct arena *arena, uint64_t seed, unsigned index, struct duplicate *duplicate)
{
	static const char *const kinds[] = {"exact", "near", "contained"};
	bool revisit = chance(seed + 200, 10);
	make_page(arena, seed, index, &duplicate->page);
	duplicate->title = maybe(arena, seed + 201, 50, 3);
	duplicate->duplicate_of = arena_print(arena, "example-%u.warc.gz@%u", index % 7, index * 3);
	duplicate->duplicate_of_url = chance(seed + 202, 90) ? SPAN("http://h1.example/") : SPAN_NONE;
	duplicate->cluster_id = duplicate->duplicate_of;
	duplicate->kind = revisit ? SPAN("revisit") : pick(seed + 203, kinds, 3);
	duplicate->evidence = (struct duplicate_evidence){.hamming = -1,
							  .jaccard = -1,
							  .containment = -1,
							  .numbers = -1,
							  .anchors = -1,
							  .head = -1,
							  .numbers_apart = -1,
							  .tokens = -1,
							  .score = -1};
	duplicate->evidence.kind_of_rule = revisit ? SPAN("revisit") : SPAN("jaccard");
	duplicate->evidence.direct = chance(seed + 204, 80);
	if (revisit)
		return;
	duplicate->evidence.hamming = (int)(mix(seed + 205) % 129);
	duplicate->evidence.jaccard = (double)(mix(seed + 206) % 1001) / 1000;
	duplicate->evidence.containment = index % 5 ? 0.12345 : 1;
	duplicate->evidence.score = 0.9996;
	duplicate->simhash[0] = mix(seed + 207);
	duplicate->words = (uint32_t)(mix(seed + 208) % 500);
	duplicate->languages = SPAN("eng");
}

static void make_rejection(struct arena *arena, uint64_t seed, unsigned index, struct rejection *rejection)
{
	static const char *const reasons[] = {"section-front", "error-page", "too-short"};
	make_page(arena, seed, index, &rejection->page);
	rejection->title = maybe(arena, seed + 300, 70, 2);
	rejection->reason = pick(seed + 301, reasons, 3);
	rejection->extraction_method = SPAN("blocks");
	rejection->extraction_confidence = chance(seed + 302, 80) ? 0.25 : -1;
	rejection->languages = SPAN("eng");
	rejection->words = (uint32_t)(mix(seed + 303) % 60);
}

void make_row(struct arena *arena, enum corpus_table table, unsigned index, struct corpus_row *row)
{
	uint64_t seed = mix((uint64_t)table * 1000003 + index) >> 1;
	memset(row, 0, sizeof *row);
	row->table = table;
	if (table == TABLE_DOCUMENTS)
		make_document(arena, seed, index, &row->as.document);
	else if (table == TABLE_DUPLICATES)
		make_duplicate(arena, seed, index, &row->as.duplicate);
	else
		make_rejection(arena, seed, index, &row->as.rejection);
}
