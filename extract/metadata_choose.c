/* metadata_choose: from evidence to one title, one list of authors, one date.
 *
 * Equal values form a group. A group's features are which source said it where (below the headline, above, far away, in
 * a part that is not the article) and a few properties of the value; metadata_score.c weighs them. "Nothing" is a group
 * of its own, so that a weak value is left out rather than given. The weights are learned by
 * extract/train/metadata_weights.py with cross-validation by domain; a fixed order of sources was what they replaced.
 */
#include "extract/metadata_internal.h"

enum { NEAR = 6, LATER = 30, ABOVE = 10 };

static unsigned feature_of(unsigned source, unsigned place)
{
	return source * PLACE_COUNT + place;
}

static unsigned extra_of(int field, unsigned extra)
{
	return FEATURE_EXTRA + (unsigned)field * EXTRA_COUNT + extra;
}

static void add_feature(struct group *group, unsigned feature)
{
	for (size_t i = 0; i < group->feature_count; i++)
		if (group->features[i] == feature)
			return;
	if (group->feature_count < GROUP_FEATURES)
		group->features[group->feature_count++] = (uint16_t)feature;
}

static bool has_feature(const struct group *group, unsigned feature)
{
	for (size_t i = 0; i < group->feature_count; i++)
		if (group->features[i] == feature)
			return true;
	return false;
}

static void add_counts(struct group_list *list, int field)
{
	for (size_t i = 0; i < list->count; i++) {
		size_t n = list->rows[i].feature_count;
		if (n >= 2)
			add_feature(&list->rows[i], extra_of(field, EXTRA_TWO));
		if (n >= 3)
			add_feature(&list->rows[i], extra_of(field, EXTRA_THREE));
		if (n >= 4)
			add_feature(&list->rows[i], extra_of(field, EXTRA_FOUR));
		if (list->count == 1)
			add_feature(&list->rows[i], extra_of(field, EXTRA_ONLY));
	}
}

/* The group of KEY, a new one where there is none; NULL when there are too many. */
static struct group *group_of(struct group_list *list, uint64_t key)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->rows[i].key == key)
			return &list->rows[i];
	if (list->count == GROUP_MAX)
		return NULL;
	struct group *group = &list->rows[list->count++];
	group->key = key;
	group->text = SPAN_NONE;
	group->name_count = group->feature_count = 0;
	group->date = (struct metadata_date){0};
	group->score = 0;
	return group;
}

static enum place place_of(const struct metadata_reader *reader, const struct evidence *row)
{
	if (row->source < TITLE_SOURCES ? row->aside : row->aside)
		return PLACE_ASIDE;
	if (!row->at && !reader->heading_at)
		return PLACE_HEAD;
	int64_t distance = (int64_t)row->at - reader->heading_at;
	if (row->at == 0)
		return PLACE_HEAD;
	if (distance >= 0)
		return distance <= NEAR ? PLACE_BELOW : distance <= LATER ? PLACE_LATER : PLACE_FAR;
	return distance >= -ABOVE ? PLACE_ABOVE : PLACE_FAR;
}

static inline bool same_text(const struct evidence *a, const struct evidence *b)
{
	return a->text.size == b->text.size && span_equal(a->text, b->text);
}

/* ---- Titles --------------------------------------------------------------------------------------------- */

/* Whether the page's address has a path, so that it is not a site's first page. */
static bool is_deep(const struct metadata_reader *reader)
{
	struct url url;
	struct span address = reader->page->url.size ? reader->page->url : reader->canonical;
	return address.size && url_parse(address, &url) && (url.path.size > 8 || url.query.size);
}

/* The group of a title, NULL where TEXT is none. */
static struct group *title_group(const struct metadata_reader *reader, struct group_list *list, struct span text)
{
	size_t letters;
	uint64_t key = metadata_fold_key(text, &letters);
	if (letters == 0 || text.size > 1000)
		return NULL;
	struct group *group = group_of(list, key);
	if (group && !group->text.data) {
		group->text = text;
		if (title_is_site(reader, text)) {
			add_feature(group, extra_of(0, EXTRA_SITE));
			if (list->deep)
				add_feature(group, extra_of(0, TITLE_SITE_DEEP));
		}
		if (letters < 12)
			add_feature(group, extra_of(0, TITLE_SHORT));
		if (letters > 150)
			add_feature(group, extra_of(0, TITLE_LONG));
	}
	return group;
}

static void add_title(const struct metadata_reader *reader, struct group *group, const struct evidence *row,
		      enum variant variant)
{
	unsigned place = row->aside ? PLACE_ASIDE : (unsigned)variant;
	if (!group)
		return;
	add_feature(group, feature_of(row->source, place));
	if (row->source == TITLE_H1_FIRST && reader->h1_count == 1)
		add_feature(group, feature_of(TITLE_H1_ONLY, place));
}

enum { WORDS_MAX = 64 };
struct word_set {
	uint32_t keys[WORDS_MAX];
	size_t count;
	uint64_t marks; /* the keys modulo 64 */
};

/* Add the words of TEXT (letters and digits, ASCII case folded), short ones left out. */
static void add_words(struct word_set *set, struct span text)
{
	for (size_t i = 0; i < text.size && set->count < WORDS_MAX; i++) {
		uint32_t key = 2166136261u;
		size_t start = i;
		for (; i < text.size; i++) {
			unsigned char c = (unsigned char)text.data[i];
			if (c < 0x80 && !ascii_is_alpha(c) && !ascii_is_digit(c))
				break;
			key = (key ^ ascii_lower(c)) * 16777619u;
		}
		if (i - start >= 3 && i - start < 40) {
			set->keys[set->count++] = key;
			set->marks |= (uint64_t)1 << (key & 63);
		}
	}
}

/* How many of A's words are in B, in percent; -1 when A has under LEAST words. */
static int share(const struct word_set *a, const struct word_set *b, size_t least)
{
	size_t in = 0;
	if (a->count < least)
		return -1;
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; b->marks >> (a->keys[i] & 63) & 1 && j < b->count; j++)
			if (a->keys[i] == b->keys[j]) {
				in++;
				break;
			}
	return (int)(in * 100 / a->count);
}

/* The words of the address' last part that has some. */
static void add_slug(struct word_set *set, struct span address)
{
	struct url url;
	if (!address.size || !url_parse(address, &url))
		return;
	struct span rest = url.path, piece;
	while (span_cut(&rest, '/', &piece)) {
		struct word_set words = {.count = 0};
		add_words(&words, piece);
		if (words.count >= 2)
			*set = words;
	}
}

/* The pairs of neighbouring bytes in TEXT as a set of 256 bits: a text that holds another holds its set. */
struct pair_set {
	uint64_t bits[4];
};

static struct pair_set pairs_of(struct span text)
{
	struct pair_set set = {{0}};
	for (size_t i = 1; i < text.size; i++) {
		unsigned pair = (unsigned char)text.data[i - 1] * 37u + (unsigned char)text.data[i];
		set.bits[pair >> 6 & 3] |= (uint64_t)1 << (pair & 63);
	}
	return set;
}

static bool may_be_within(const struct pair_set *a, const struct pair_set *b)
{
	uint64_t missing = 0;
	for (int i = 0; i < 4; i++)
		missing |= a->bits[i] & ~b->bits[i];
	return !missing;
}

/* Mark titles that are part of another, and the other. */
static void title_parts(struct group_list *list)
{
	struct pair_set sets[GROUP_MAX];
	for (size_t i = 0; i < list->count; i++)
		sets[i] = pairs_of(list->rows[i].text);
	for (size_t i = 0; i < list->count; i++)
		for (size_t j = 0; j < list->count; j++)
			if (list->rows[i].text.size < list->rows[j].text.size && may_be_within(&sets[i], &sets[j]) &&
			    span_find(list->rows[j].text, list->rows[i].text) != SIZE_MAX) {
				add_feature(&list->rows[i], extra_of(0, TITLE_WITHIN));
				add_feature(&list->rows[j], extra_of(0, TITLE_AROUND));
			}
}

/* Mark what the title element has at its ends: a site's or a part's name, which a heading may say too. */
static void title_ends(const struct metadata_reader *reader, struct group_list *list)
{
	struct span kept, tail, lead;
	if (!reader->element_title.size || !title_cut(reader->element_title, true, false, &kept, &tail))
		return;
	bool several = title_cut(kept, false, false, &kept, &lead);
	uint64_t tail_key = metadata_fold_key(tail, NULL), lead_key = several ? metadata_fold_key(lead, NULL) : 0;
	for (size_t i = 0; i < list->count; i++) {
		if (list->rows[i].key == tail_key)
			add_feature(&list->rows[i], extra_of(0, TITLE_TAIL));
		if (several && list->rows[i].key == lead_key)
			add_feature(&list->rows[i], extra_of(0, TITLE_LEAD));
	}
}

static void title_extras(const struct metadata_reader *reader, struct group_list *list)
{
	struct word_set slug = {.count = 0}, head = {.count = 0};
	add_slug(&slug, reader->page->url.size ? reader->page->url : reader->canonical);
	add_words(&head, reader->element_title);
	add_words(&head, reader->og_title);
	for (size_t i = 0; i < list->count; i++) {
		struct group *group = &list->rows[i];
		struct word_set words = {.count = 0};
		add_words(&words, group->text);
		int in_slug = share(&slug, &words, 2), in_head = share(&words, &head, 1);
		if (in_slug == 0)
			add_feature(group, extra_of(0, TITLE_SLUG_NONE));
		if (in_slug >= 50)
			add_feature(group, extra_of(0, in_slug >= 80 ? TITLE_SLUG_MOST : TITLE_SLUG_HALF));
		if (in_head == 0)
			add_feature(group, extra_of(0, TITLE_HEAD_NONE));
		if (in_head >= 50)
			add_feature(group, extra_of(0, in_head == 100 ? TITLE_HEAD_ALL : TITLE_HEAD_HALF));
	}
	title_parts(list);
	title_ends(reader, list);
}

/* The groups of a text by variant. */
struct title_groups {
	struct group *of[4];
	bool cut; /* FRONT and BACK were looked for */
};

static void title_variants(const struct metadata_reader *reader, struct group_list *list, struct span text,
			   struct title_groups *groups, struct span *stripped)
{
	*stripped = title_strip(reader, text);
	groups->of[VARIANT_WHOLE] = title_group(reader, list, text);
	groups->of[VARIANT_STRIPPED] =
		stripped->size == text.size ? groups->of[VARIANT_WHOLE] : title_group(reader, list, *stripped);
}

static void title_cuts(const struct metadata_reader *reader, struct group_list *list, struct span stripped,
		       struct title_groups *groups)
{
	struct span front, back;
	if (groups->cut)
		return;
	groups->cut = true;
	if (!title_halves(stripped, &front, &back))
		return;
	if (front.size)
		groups->of[VARIANT_FRONT] = title_group(reader, list, front);
	if (back.size)
		groups->of[VARIANT_BACK] = title_group(reader, list, back);
}

void group_titles(struct metadata_reader *reader, struct group_list *list)
{
	struct span strips[EVIDENCE_MAX];
	struct title_groups groups[EVIDENCE_MAX];
	list->count = 0;
	list->deep = is_deep(reader);
	list->article = reader->ld_article || span_equal_nocase(reader->og_type, SPAN("article"));
	for (size_t i = 0; i < reader->titles.count; i++) {
		const struct evidence *row = &reader->titles.rows[i];
		size_t same = 0; /* most sources say the same */
		while (same < i && !same_text(&reader->titles.rows[same], row))
			same++;
		strips[i] = same < i ? strips[same] : SPAN_NONE;
		groups[i] = same < i ? groups[same] : (struct title_groups){0};
		if (same == i)
			title_variants(reader, list, row->text, &groups[i], &strips[i]);
		if (row->source < TITLE_H1) /* headings seldom hold the site's name */
			title_cuts(reader, list, strips[i], &groups[i]);
		groups[same] = groups[i];
		unsigned last = row->source < TITLE_H1 ? VARIANT_BACK : VARIANT_STRIPPED;
		for (unsigned variant = VARIANT_WHOLE; variant <= last; variant++)
			add_title(reader, groups[i].of[variant], row, (enum variant)variant);
	}
	add_counts(list, 0);
	title_extras(reader, list);
}

void place_heading(struct metadata_reader *reader, struct span title)
{
	uint64_t key = metadata_fold_key(title, NULL);
	uint32_t first = 0;
	for (size_t i = 0; i < reader->titles.count; i++) {
		const struct evidence *row = &reader->titles.rows[i];
		if (!row->at || row->aside)
			continue;
		if (title.size && metadata_fold_key(row->text, NULL) == key) {
			reader->heading_at = row->at;
			return;
		}
		if (!first && row->source == TITLE_H1_FIRST)
			first = row->at;
	}
	reader->heading_at = first;
}

/* ---- Authors -------------------------------------------------------------------------------------------- */

static struct group *add_names(const struct metadata_reader *reader, struct group_list *list, const struct span *names,
			       size_t count)
{
	uint64_t key = 0;
	if (!count)
		return NULL;
	for (size_t i = 0; i < count; i++)
		key += metadata_fold_key(names[i], NULL) * 0x9E3779B97F4A7C15u; /* the order of names does not count */
	struct group *group = group_of(list, key);
	if (!group || group->name_count)
		return group;
	group->name_count = count < GROUP_NAMES ? count : GROUP_NAMES;
	memcpy(group->names, names, group->name_count * sizeof *names);
	bool full = true, digits = false, site = false, lone = false, lengthy = false;
	bool small = *names->data >= 'a' && *names->data <= 'z';
	for (size_t i = 0; i < group->name_count; i++) {
		struct name_shape shape = author_shape(names[i]);
		full &= shape.full;
		digits |= shape.digits;
		lone |= shape.words == 1 && count == 1;
		lengthy |= shape.words > 5;
		site |= title_is_site(reader, names[i]);
	}
	const struct {
		bool on;
		unsigned extra;

	} rows[] = {{full, AUTHOR_FULL}, {digits, AUTHOR_DIGITS},   {lone, AUTHOR_SHORT}, {lengthy, AUTHOR_LONG},
		    {site, EXTRA_SITE},  {count >= 3, AUTHOR_MANY}, {small, AUTHOR_SMALL}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].on)
			add_feature(group, extra_of(1, rows[i].extra));
	return group;
}

/* Several full names, said by a source that has lists. */
static bool is_listed(const struct group *group)
{
	if (group->name_count < 2 || !has_feature(group, extra_of(1, AUTHOR_FULL)))
		return false;
	for (size_t i = 0; i < group->feature_count; i++) {
		unsigned source = group->features[i] / PLACE_COUNT;
		if (source == AUTHOR_LD_PERSON || source == AUTHOR_LD_OTHER || source == AUTHOR_META ||
		    source == AUTHOR_META_ARTICLE || source == AUTHOR_META_NEWS)
			return true;
	}
	return false;
}

static bool holds(const uint64_t *keys, size_t count, uint64_t key)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i] == key)
			return true;
	return false;
}

/* Mark lists whose names are all in a longer list, and the longer list. */
static void add_parts(struct group_list *list)
{
	uint64_t keys[GROUP_MAX][GROUP_NAMES];
	size_t longest = 0;
	for (size_t i = 0; i < list->count; i++)
		longest = list->rows[i].name_count > longest ? list->rows[i].name_count : longest;
	if (longest < 2)
		return;
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0; k < list->rows[i].name_count; k++)
			keys[i][k] = metadata_fold_key(list->rows[i].names[k], NULL);
	for (size_t i = 0; i < list->count; i++)
		for (size_t j = 0; j < list->count; j++) {
			struct group *part = &list->rows[i], *whole = &list->rows[j];
			if (part->name_count >= whole->name_count)
				continue;
			size_t in = 0;
			while (in < part->name_count && holds(keys[j], whole->name_count, keys[i][in]))
				in++;
			if (in == part->name_count) {
				add_feature(part, extra_of(1, AUTHOR_PART));
				add_feature(whole, extra_of(1, AUTHOR_WHOLE));
				if (is_listed(whole))
					add_feature(part, extra_of(1, AUTHOR_PART_LISTED));
			}
		}
}

/* Names said one by one, side by side, by the same kind of source: a list. */
static void add_runs(struct metadata_reader *reader, struct group_list *list)
{
	for (unsigned source = TITLE_SOURCES; source < AUTHOR_LIST; source++) {
		struct span names[GROUP_NAMES];
		size_t count = 0, said = 0;
		uint32_t last = 0;
		enum place place = PLACE_HEAD;
		for (size_t i = 0; i < reader->authors.count; i++) {
			const struct evidence *row = &reader->authors.rows[i];
			if (row->source != source)
				continue;
			enum place here = place_of(reader, row);
			bool near = said && here == PLACE_LATER && place == PLACE_BELOW;
			if (said && (row->at > last + 4 || (here != place && !near)))
				break;
			place = said ? place : here;
			last = row->at;
			const struct span *found = reader->row_names[i];
			size_t n = reader->row_name_count[i];
			said += n > 0;
			for (size_t k = 0; k < n && count < GROUP_NAMES; k++) {
				size_t j = 0;
				while (j < count && !span_equal_nocase(names[j], found[k]))
					j++;
				if (j == count)
					names[count++] = found[k];
			}
		}
		struct group *group = said >= 2 && count >= 2 ? add_names(reader, list, names, count) : NULL;
		if (group) {
			add_feature(group, feature_of(AUTHOR_LIST, place));
			add_feature(group, feature_of(source, place));
		}
	}
}

/* Whether a group has evidence from the head, or from a place in the texts that is not aside. */
static bool said_in(const struct group *group, bool head)
{
	for (size_t i = 0; i < group->feature_count; i++)
		if (group->features[i] < FEATURE_EXTRA) {
			unsigned place = group->features[i] % PLACE_COUNT;
			if (head ? place == PLACE_HEAD : place != PLACE_HEAD && place != PLACE_ASIDE)
				return true;
		}
	return false;
}

static void author_extras(struct group_list *list)
{
	size_t full = 0;
	bool first = true;
	for (size_t i = 0; i < list->count; i++)
		full += has_feature(&list->rows[i], extra_of(1, AUTHOR_FULL));
	for (size_t i = 0; i < list->count; i++) {
		struct group *group = &list->rows[i];
		bool head = said_in(group, true), text = said_in(group, false);
		if (head && text)
			add_feature(group, extra_of(1, AUTHOR_SAID_TWICE));
		if (text && first) {
			add_feature(group, extra_of(1, AUTHOR_FIRST));
			first = false;
		}
		if (full == 1 && has_feature(group, extra_of(1, AUTHOR_FULL)))
			add_feature(group, extra_of(1, AUTHOR_ALONE));
		if (group->name_count != 1 || !has_feature(group, extra_of(1, AUTHOR_FULL)))
			continue;
		for (size_t j = 0; j < list->count; j++) {
			struct span name = group->names[0], other = list->rows[j].names[0];
			if (other.size > name.size + 1 && span_starts_nocase(other, name) &&
			    strchr(" ,", other.data[name.size])) {
				add_feature(group, extra_of(1, AUTHOR_BEGINS));
				add_feature(&list->rows[j], extra_of(1, AUTHOR_TAILED));
			}
		}
	}
}

void group_authors(struct metadata_reader *reader, struct group_list *list)
{
	list->count = 0;
	for (size_t i = 0; i < reader->authors.count; i++) {
		const struct evidence *row = &reader->authors.rows[i];
		struct span *names = reader->row_names[i];
		size_t same = 0; /* most texts are said more than once */
		while (same < i && !same_text(&reader->authors.rows[same], row))
			same++;
		size_t count =
			same < i ? reader->row_name_count[same] : author_names(reader, row->text, names, GROUP_NAMES);
		if (same < i)
			memcpy(names, reader->row_names[same], count * sizeof *names);
		reader->row_name_count[i] = (uint8_t)count;
		struct group *group = add_names(reader, list, names, count);
		if (group)
			add_feature(group, feature_of(row->source, place_of(reader, row)));
	}
	add_runs(reader, list);
	author_extras(list);
	add_counts(list, 1);
	for (size_t i = 0; i < list->count; i++)
		if (is_listed(&list->rows[i]))
			add_feature(&list->rows[i], extra_of(1, AUTHOR_LISTED));
	add_parts(list);
}

/* ---- Dates ---------------------------------------------------------------------------------------------- */

static int64_t day_of(const struct metadata_date *date)
{
	return date_from_civil(date->year, date->month, date->day, 0, 0, 0) / 86400;
}

static bool modified_source(unsigned source)
{
	return source == DATE_LD_MODIFIED || source == DATE_META_MODIFIED || source == DATE_MICRO_MODIFIED ||
	       source == DATE_TIME_MODIFIED || source == DATE_UPDATED;
}

/* Said by a machine-readable source, as publication or not. */
static bool is_machine(const struct group *group)
{
	for (size_t i = 0; i < group->feature_count; i++) {
		unsigned source = group->features[i] / PLACE_COUNT;
		if (source >= DATE_LD_PUBLISHED && source <= DATE_MICRO_MODIFIED)
			return true;
	}
	return false;
}

/* Whether a source for which MODIFIED holds says it. */
static bool said_by(const struct group *group, bool modified)
{
	for (size_t i = 0; i < group->feature_count; i++) {
		unsigned source = group->features[i] / PLACE_COUNT, place = group->features[i] % PLACE_COUNT;
		if (group->features[i] >= FEATURE_EXTRA || place == PLACE_ASIDE)
			continue;
		if (modified ? modified_source(source)
			     : source == DATE_LD_PUBLISHED || source == DATE_META_PUBLISHED ||
				       source == DATE_META_NEWS || source == DATE_MICRO ||
				       source == DATE_TIME_PUBLISHED || source == DATE_LABEL || source == DATE_URL)
			return true;
	}
	return false;
}

static void date_extras(const struct metadata_reader *reader, struct group_list *list,
			const struct metadata_date *month)
{
	int64_t fetched = reader->page->fetch_time == DATE_NONE ? -1 : reader->page->fetch_time / 86400;
	int64_t earliest = INT64_MAX, oldest = INT64_MAX, newest = INT64_MIN;
	bool first = true, any = false;
	for (size_t i = 0; i < list->count; i++) {
		int64_t day = day_of(&list->rows[i].date);
		any |= is_machine(&list->rows[i]);
		if (is_machine(&list->rows[i]) && day < earliest)
			earliest = day;
		oldest = day < oldest ? day : oldest;
		newest = day > newest ? day : newest;
	}
	for (size_t i = 0; i < list->count; i++) {
		struct group *group = &list->rows[i];
		int64_t day = day_of(&group->date);
		bool machine = is_machine(group);
		if (day == oldest && list->count > 1)
			add_feature(group, extra_of(2, DATE_OLDEST));
		if (day == newest && list->count > 1)
			add_feature(group, extra_of(2, DATE_NEWEST));
		if (said_by(group, false))
			add_feature(group, extra_of(2, DATE_PUBLISHED));
		else if (said_by(group, true))
			add_feature(group, extra_of(2, DATE_ONLY_MODIFIED));
		if (!any)
			add_feature(group, extra_of(2, DATE_ONLY_BODY));
		if (first && said_in(group, false)) {
			add_feature(group, extra_of(2, DATE_FIRST));
			first = false;
		}
		if (day == earliest)

			add_feature(group, extra_of(2, DATE_EARLIEST));
		if (fetched >= 0 && (day == fetched || day == fetched + 1) && !machine)
			add_feature(group, extra_of(2, DATE_FETCHED));
		if (month->precision && month->year == group->date.year && month->month == group->date.month)
			add_feature(group, extra_of(2, DATE_MONTH));
		if (group->date.precision == PRECISION_TIME)
			add_feature(group, extra_of(2, DATE_CLOCK));
		for (size_t j = 0; j < list->count; j++) {
			if (!is_machine(&list->rows[j]))
				continue;
			if (day_of(&list->rows[j].date) + 1 == day)
				add_feature(group, extra_of(2, DATE_AFTER));
			if (day_of(&list->rows[j].date) - 1 == day)
				add_feature(group, extra_of(2, DATE_BEFORE));
		}
	}
}

/* DATE the other way round, where only that is what another source says: "03/04/2024" beside 2024-03-04T10:00Z. */
static struct metadata_date settled(const struct metadata_reader *reader, const struct metadata_date *date)
{
	struct metadata_date other = *date;
	bool found = false;
	if (!date->ambiguous)
		return *date;
	other.month = date->day;
	other.day = date->month;
	for (size_t i = 0; i < reader->dates.count; i++) {
		const struct metadata_date *said = &reader->dates.rows[i].date;
		if (said->ambiguous || said->precision < PRECISION_DAY)
			continue;
		if (metadata_date_key(said) == metadata_date_key(date))
			return *date;
		found |= metadata_date_key(said) == metadata_date_key(&other);
	}
	return found ? other : *date;
}

void group_dates(const struct metadata_reader *reader, struct group_list *list)
{
	struct metadata_date month = {0};
	list->count = 0;
	for (size_t i = 0; i < reader->dates.count; i++) {
		const struct evidence *row = &reader->dates.rows[i];
		struct metadata_date date = settled(reader, &row->date);
		if (row->date.precision == PRECISION_MONTH) {
			month = row->date;
			continue;
		}
		/* a day's grace: the page's clock may be ahead of ours */
		if (reader->page->fetch_time != DATE_NONE && day_of(&date) > reader->page->fetch_time / 86400 + 1)
			continue;
		struct group *group = group_of(list, metadata_date_key(&date));
		if (!group)
			continue;
		if (date.precision > group->date.precision ||
		    (date.zone != ZONE_NONE && group->date.zone == ZONE_NONE &&
		     date.precision == group->date.precision))
			group->date = date;
		add_feature(group, feature_of(row->source, row->source == DATE_URL || row->source == DATE_IMAGE
								   ? PLACE_HEAD
								   : place_of(reader, row)));
	}
	add_counts(list, 2);
	date_extras(reader, list, &month);
}

bool choose_modified(const struct metadata_reader *reader, const struct metadata_date *published,
		     struct metadata_date *date)
{
	static const uint8_t order[] = {DATE_LD_MODIFIED, DATE_META_MODIFIED, DATE_MICRO_MODIFIED, DATE_TIME_MODIFIED,
					DATE_UPDATED};
	for (size_t k = 0; k < sizeof order; k++)
		for (size_t i = 0; i < reader->dates.count; i++) {
			const struct evidence *row = &reader->dates.rows[i];
			if (row->source != order[k] || row->aside || !modified_source(row->source))
				continue;
			if (published && day_of(&row->date) < day_of(published))
				continue;
			if (reader->page->fetch_time != DATE_NONE &&
			    day_of(&row->date) > reader->page->fetch_time / 86400 + 1)
				continue;
			*date = row->date;
			return true;
		}
	return false;
}
