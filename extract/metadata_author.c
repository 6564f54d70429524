/* metadata_author: by-lines to names.
 *
 * A by-line is cut in three steps, each a table: words for "by" in front, what follows the names (dates, roles,
 * separators), and the joints between names. A joint splits only where both sides look like names of their own, so that
 * "Centre for Trade and Transport" and "Jane Doe, MD, PhD" stay whole. */
#include "extract/metadata_internal.h"

#include <utf8proc.h>

/* Words in front of names; longest first where one starts another. Those marked need a blank or colon behind. */
static const char *const by_rows[] = {
	"view all posts by",
	"posts by",
	"about the author",
	"投稿者",
	"written and reported by",
	"reported and written by",
	"written by",
	"reported by",
	"posted by",
	"published by",
	"story by",
	"article by",
	"created by",
	"submitted by",
	"reviewed by",
	"opinion by",
	"analysis by",
	"words by",
	"text by",
	"review by",
	"column by",
	"commentary by",
	"contributed by",
	"compiled by",
	"edited by",
	"recipe by",
	"asked by",
	"started by",
	"authored by",
	"medically reviewed by",
	"this post was written by",
	"this article was written by",
	"article written by",
	"authors of this article",
	"author(s)",
	"article author",
	"autorin/autor",
	"autor/in",
	"contributors",
	"by-line",
	"byline",
	"by",
	"authors",
	"author",
	"autoren",
	"autorin",
	"autor",
	"auteurs",
	"auteur",
	"autore",
	"autores",
	"autora",
	"redaktion",
	"geschrieben von",
	"ein artikel von",
	"ein beitrag von",
	"ein kommentar von",
	"ein gastbeitrag von",
	"eine analyse von",
	"interview von",
	"von",
	"publié par",
	"rédigé par",
	"écrit par",
	"par",
	"escrito por",
	"publicado por",
	"por",
	"scritto da",
	"pubblicato da",
	"a cura di",
	"di",
	"da",
	"geschreven door",
	"door",
	"napisał",
	"autor tekstu",
	"tekst",
	"text",
	"skrevet av",
	"skrevet af",
	"av",
	"af",
	"kirjoittaja",
	"szerző",
	"írta",
	"yazan",
	"oleh",
	"penulis",
	"editor",
	"reporter",
	"bởi",
	"tác giả",
	"автор",
	"автори",
	"авторы",
	"текст",
	"συντάκτης",
	"του",
	"της",
	"από",
	"بقلم",
	"كتب",
	"كتبت",
	"المصدر",
	"作者",
	"文/图",
	"文／图",
	"文/",
	"文／",
	"文丨",
	"文|",
	"文：",
	"文:",
	"撰文",
	"撰稿",
	"记者",
	"記者",
	"本报记者",
	"特约记者",
	"责任编辑",
	"责编",
	"编辑",
	"編集",
	"著者",
	"執筆",
	"取材・文",
	"글",
	"기자",
};

/* Pieces that are no name: what stands around names in by-lines. A piece that holds one of these words is dropped
 * unless it is the first and only one. */
static const char *const role_rows[] = {
	"writer",
	"reporter",
	"correspondent",
	"columnist",
	"contributor",
	"producer",
	"journalist",
	"photographer",
	"staff writer",
	"editor",
	"editor-in-chief",
	"director",
	"redakteur",
	"redakteurin",
	"korrespondent",
	"journaliste",
	"redactor",
	"redactora",
	"redattore",
	"senior",
	"associate",
	"assistant",
	"deputy",
	"chief",
	"bureau",
	"special to",
	"freelance",
	"guest",
	"digital",
	"content",
	"ceo",
	"cto",
	"cmo",
	"founder",
	"co-founder",
	"cofounder",
	"president",
	"manager",
	"professor",
	"analyst",
	"author",
	"usa today",
	"cnn",
	"network",
	"news",
	"times",
	"post",
	"magazine",
	"press",
};

/* A joint only behind a role or credential: kept with the name before it. */
static const char *const credential_rows[] = {
	"md",   "m.d.", "phd",  "ph.d.", "rd",    "rdn",    "ms",   "m.s.", "ma",   "m.a.", "mba",
	"mph",  "jd",   "j.d.", "cpa",   "jr",    "jr.",    "sr",   "sr.",  "ii",   "iii",  "iv",
	"esq",  "esq.", "rn",   "np",    "do",    "dds",    "ldn",  "cscs", "cfa",  "cfp",  "cfp\xC2\xAE",
	"lcsw", "lmft", "psyd", "edd",   "dvm",   "pharmd", "dpt",  "facp", "faap", "mscp", "bsc",
	"msc",  "cpt",  "pe",   "pmp",   "cissp", "inc",    "inc.", "llc",  "ltd",  "ltd."};

#define JOINT(text, weak)                                                                                              \
	{                                                                                                              \
		{text, sizeof(text) - 1}, weak                                                                         \
	}
struct joint_row {
	struct span text;
	bool weak; /* splits only where both sides look like full names */
};
static const struct joint_row joint_rows[] = {
	JOINT(", and ", true), JOINT("|", false),     JOINT(", & ", true), JOINT("; ", false),   JOINT(";", false),
	JOINT(" | ", false),   JOINT(" and ", true),  JOINT(" & ", true),  JOINT(" und ", true), JOINT(" et ", true),
	JOINT(" y ", true),    JOINT(" e ", true),    JOINT(" en ", true), JOINT(" og ", true),  JOINT(" och ", true),
	JOINT(" i ", true),    JOINT(" oraz ", true), JOINT(" и ", true),  JOINT(" και ", true), JOINT(" with ", true),
	JOINT(", ", true),     JOINT(",", true),      JOINT("、", false),  JOINT("，", false),   JOINT(" + ", true),
};

/* ROWS are in lower case. */
static bool word_in(struct span word, const char *const *rows, size_t count)
{
	unsigned char first = word.size ? ascii_lower((unsigned char)*word.data) : 0;
	for (size_t i = 0; i < count; i++)
		if ((unsigned char)*rows[i] == first && span_equal_nocase(word, span_of(rows[i])))
			return true;
	return false;
}
#define ROWS(table) table, sizeof table / sizeof *table

static bool is_upper(uint32_t code)
{
	if (code < 0x80)
		return code >= 'A' && code <= 'Z';
	return utf8proc_category((utf8proc_int32_t)code) == UTF8PROC_CATEGORY_LU;
}

static bool is_cjk(uint32_t code)
{
	return (code >= 0x3040 && code < 0xA000) || (code >= 0xAC00 && code < 0xD7B0);
}

static struct span trim_marks(struct span text)
{
	static const char front[] = ",;:|-/.*~>[\"", back[] = ",;:|-/*~<]\"";
	for (;;) {
		size_t size = text.size;
		text = span_trim(text);
		if (text.size && strchr(front, *text.data) && *text.data)
			text = span_slice(text, 1, SIZE_MAX);
		if (text.size && strchr(back, text.data[text.size - 1]) && text.data[text.size - 1])
			text.size--;
		static const char *const wide[] = {"\xE2\x80\x93", "\xE2\x80\x94", "\xC2\xB7",     "\xE2\x80\xA2",
						   "\xEF\xBC\x9A", "\xC2\xA0",     "\xEF\xBD\x9C", "\xC2\xA9"};
		bool plain =
			!text.size || !(((unsigned char)*text.data | (unsigned char)text.data[text.size - 1]) & 0x80);
		for (size_t i = 0; !plain && i < sizeof wide / sizeof *wide; i++) {
			struct span mark = span_of(wide[i]);
			if (span_starts(text, mark))
				text = span_slice(text, mark.size, SIZE_MAX);
			if (span_ends(text, mark))
				text.size -= mark.size;
		}
		if (text.size == size)
			return text;
	}
}

/* Case folded comparison of a prefix (simple folding, one code point by one). Bytes of TEXT used, 0 where it differs.
 */
static size_t prefix_nocase(struct span text, const char *prefix)
{
	struct span want = span_of(prefix);
	const char *a = text.data, *a_end = a + text.size, *b = want.data, *b_end = b + want.size;
	while (b < b_end) {
		if (a >= a_end)
			return 0;
		if (!(((unsigned char)*a | (unsigned char)*b) & 0x80)) {
			if (ascii_lower((unsigned char)*a++) != (unsigned char)*b++)
				return 0;
			continue;
		}
		uint32_t x = utf8_next(&a, a_end), y = utf8_next(&b, b_end);
		if (x != y && (uint32_t)utf8proc_tolower((utf8proc_int32_t)x) != y)
			return 0;
	}
	return (size_t)(a - text.data);
}

_Static_assert(sizeof by_rows / sizeof *by_rows < BY_MAX, "rows are numbered by a byte and must fit the chain");

void author_index(struct metadata_reader *reader)
{
	for (size_t i = sizeof by_rows / sizeof *by_rows; i-- > 0;) {
		uint8_t first = (uint8_t)by_rows[i][0];
		reader->by_next[i] = reader->by_head[first];
		reader->by_seconds[first] |= (uint64_t)1 << (by_rows[i][1] & 63);
		reader->by_head[first] = (uint8_t)(i + 1);
	}
}

/* Nothing but blanks and the marks that stand behind a label. */
static bool is_marks(struct span text)
{
	static const char marks[] = " :-\xE2\x80\x93\x94\xEF\xBC\x9A";
	for (size_t i = 0; i < text.size; i++)
		if (!memchr(marks, text.data[i], sizeof marks - 1))
			return false;
	return true;
}

enum by_kind { BY_NONE, BY_LINE, BY_LABEL };

/* Whether the first two bytes may begin a word for "by". */
static inline bool may_be_by(const struct metadata_reader *reader, struct span text)
{
	unsigned char first = (unsigned char)*text.data, second = text.size > 1 ? (unsigned char)text.data[1] : 0;
	return (first | second) >= 0x80 || /* more than one form may fold to the same */
	       reader->by_seconds[ascii_lower(first)] >> (ascii_lower(second) & 63) & 1;
}

/* Whether TEXT starts with a word for "by". *SIZE: its bytes with what divides it from the name. */
static enum by_kind by_look(const struct metadata_reader *reader, struct span text, size_t *size)
{
	if (!text.size)
		return BY_NONE;
	const char *after = text.data;
	char lower[4] = {(char)ascii_lower((unsigned char)*after)};
	if ((unsigned char)*after >= 0x80) {
		uint32_t code = utf8_next(&after, text.data + text.size);
		utf8_encode((uint32_t)utf8proc_tolower((utf8proc_int32_t)code), lower);
	}
	char third = (char)(text.size > 2 ? ascii_lower((unsigned char)text.data[2]) : 0);
	unsigned char second = text.size > 1 ? ascii_lower((unsigned char)text.data[1]) : 0;
	if (second < 0x80 && !(reader->by_seconds[(uint8_t)lower[0]] >> (second & 63) & 1))
		return BY_NONE;
	for (size_t i = reader->by_head[(uint8_t)lower[0]]; i; i = reader->by_next[i - 1]) {
		const char *row = by_rows[i - 1];
		if (second < 0x80 && (unsigned char)row[1] != second) /* most fail here; others may fold to the row's */
			continue;
		if ((row[2] & 0x80) == 0 && text.size > 2 && row[2] && (third & 0x80) == 0 && row[2] != third)
			continue;
		size_t used = prefix_nocase(text, row);
		if (!used)
			continue;
		struct span rest = span_slice(text, used, SIZE_MAX);
		if (is_marks(rest))
			return BY_LABEL;
		const char *at = rest.data;
		uint32_t next = utf8_next(&at, rest.data + rest.size);
		*size = used;
		if (next == ':' || next == 0xFF1A || next == ' ' || next == 0xA0 || next == '/' || next == '|') {
			*size += (size_t)(at - rest.data);
			return BY_LINE;
		}
		if ((unsigned char)*row >= 0xE3) /* no blank follows in Chinese and Japanese */
			return BY_LINE;
	}
	return BY_NONE;
}

static size_t by_size(const struct metadata_reader *reader, struct span text)
{
	size_t size;
	return by_look(reader, text, &size) == BY_LINE ? size : 0;
}

bool author_is_byline(const struct metadata_reader *reader, struct span text, bool *label)
{
	size_t size;
	*label = false;
	if (!may_be_by(reader, text))
		return false;
	enum by_kind kind = by_look(reader, text, &size);
	*label = kind == BY_LABEL;
	return kind == BY_LINE;
}

/* Shape of a name: words, capitals, digits. */
struct shape {
	unsigned words, capitals, digits, letters, cjk;
};

static struct shape shape_of(struct span text)
{
	struct shape shape = {0};
	bool in_word = false;
	for (const char *at = text.size ? text.data : "", *end = at + text.size; at < end;) {
		unsigned char c = (unsigned char)*at;
		if (ascii_is_alpha(c)) { /* nearly all */
			at++;
			shape.words += !in_word;
			shape.capitals += !in_word && c <= 'Z';
			shape.letters++;
			in_word = true;
			continue;
		}
		uint32_t code = utf8_next(&at, end);
		if (code == ' ' || code == 0xA0 || code == 0x3000) {
			in_word = false;
			continue;
		}
		if (!in_word) {
			shape.words++;
			shape.capitals += is_upper(code) || is_cjk(code) || (code >= 0x590 && code < 0x1000);
		}
		in_word = true;
		shape.digits += code < 0x80 && ascii_is_digit((unsigned char)code);
		shape.cjk += is_cjk(code);
		shape.letters += code >= 0x80;
	}
	return shape;
}

/* Two to four words, most with a capital: a person as by-lines write one. */
static bool is_full_name(const struct shape *shape)
{
	if (shape->cjk)
		return shape->letters >= 2;
	return shape->words >= 2 && shape->words <= 5 && shape->capitals + 2 >= shape->words && shape->capitals >= 2 &&
	       !shape->digits;
}

static bool looks_full_name(struct span text)
{
	struct shape shape = shape_of(text);
	return is_full_name(&shape);
}

static bool is_credential(struct span text)
{
	text = span_trim(text);
	return word_in(text, ROWS(credential_rows));
}

static bool holds_role(struct span text)
{
	struct span rest = text, word;
	while (span_cut(&rest, ' ', &word))
		if (word_in(trim_marks(word), ROWS(role_rows)))
			return true;
	return false;
}

static bool is_address(struct span text)
{
	return (span_find_byte(text, ':') != SIZE_MAX && span_find(text, SPAN("://")) != SIZE_MAX) ||
	       span_starts_nocase(text, SPAN("www.")) ||
	       (span_find_byte(text, '@') != SIZE_MAX && span_find_byte(text, ' ') == SIZE_MAX);
}

#define BIT(byte) ((uint64_t)1 << ((byte)&63))

/* Which bytes stand behind a blank somewhere in TEXT, as bits modulo 64: what is not among them need not be searched.
 */
static uint64_t behind_blanks(struct span text)
{
	uint64_t set = 0;
	for (size_t i = 1; i < text.size; i++)
		if (text.data[i - 1] == ' ')
			set |= BIT(text.data[i]);
	return set;
}

/* Where PATTERN stands in TEXT; BEHIND is behind_blanks of it, or of a text it was cut from. */
static size_t find_behind(struct span text, uint64_t behind, struct span pattern)
{
	if (*pattern.data == ' ' && !(behind >> (pattern.data[1] & 63) & 1))
		return SIZE_MAX;
	return span_find(text, pattern);
}

#define STOP(text)                                                                                                     \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}

/* Cut what follows the names: an e-mail address, a date, a separator with more behind it. */
static struct span cut_tail(struct span text)
{
	static const struct span stops[] = {STOP(" | "),
					    STOP(" \xE2\x80\xA2 "),
					    STOP(" \xC2\xB7 "),
					    STOP(" \xE2\x80\x93 "),
					    STOP(" \xE2\x80\x94 "),
					    STOP(" - "),
					    STOP(" \xE2\x80\xA2"),
					    STOP(" // "),
					    STOP(" @"),
					    STOP(" Updated"),
					    STOP(" Published"),
					    STOP(" Posted"),
					    STOP(" Follow"),
					    STOP(" Last updated"),
					    STOP(" \xE2\x88\x99 "),
					    STOP("\xEF\xBD\x9C")};
	uint64_t behind = behind_blanks(text);
	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
		size_t at = find_behind(text, behind, stops[i]);
		if (at != SIZE_MAX && at > 1)
			text.size = at;
	}

	static const struct span behind_name[] = {STOP(" on "),
						  STOP(" for "),
						  STOP(" via "),
						  STOP(" is a "),
						  STOP(" is an "),
						  STOP(" at "),
						  STOP(" / "),
						  STOP(" in "),
						  STOP(" The Associated Press"),
						  STOP(" Associated Press"),
						  STOP(" Special to ")};
	for (size_t i = 0; i < sizeof behind_name / sizeof *behind_name; i++) {
		size_t at = find_behind(text, behind, behind_name[i]);
		if (at != SIZE_MAX && looks_full_name(span_slice(text, 0, at)))
			text.size = at;
	}
	struct span rest = text, word;
	while (span_cut(&rest, ' ', &word)) /* an address ends the name */
		if (word.size > 3 &&
		    (is_address(word) ||
		     (word.size > 4 && *word.data == '(' && span_find_byte(word, '@') != SIZE_MAX)) &&
		    word.data > text.data + 1) {
			text.size = (size_t)(word.data - text.data);
			break;
		}
	return trim_marks(text);
}

static const char *const not_names[] = {"来源",
					"來源",
					"人物",
					"推荐",
					"推薦",
					"评论",
					"評論",
					"討論",
					"讨论",
					"字号",
					"字號",
					"null",
					"undefined",
					"none",
					"unknown",
					"n/a",
					"author",
					"authors",
					"by",
					"share",
					"comments",
					"comment",
					"follow",
					"home",
					"news",
					"read more",
					"more",
					"view all posts",
					"see all",
					"about the author",
					"about",
					"contact",
					"login",
					"log in",
					"sign in",
					"subscribe",
					"advertisement",
					"all posts",
					"view profile",
					"social links",
					"view author archive",
					"get author rss feed",
					"editor",
					"editors",
					"reporter",
					"redakteur",
					"name (required)",
					"image",
					"comments off",
					"link",
					"profile",
					"website",
					"twitter",
					"facebook",
					"bluesky",
					"instagram",
					"linkedin",
					"mastodon",
					"youtube",
					"advanced search",
					"email",
					"e-mail",
					"photo",
					"video",
					"anonymous author",
					"staff writer",
					"written by",
					"posted by",
					"published by",
					"view bio",
					"bio",
					"full bio",
					"see full bio",
					"learn more",
					"follow us",
					"skip to content",
					"menu",
					"reply",
					"guest",
					"quote",
					"name",
					"updated",
					"published",
					"contributors",
					"columnists",
					"and",
					"the author"};

/* Beginnings of captions and credits that stand in by-lines. */
static const char *const credit_rows[] = {"photo",          "image",        "foto",     "bild",   "picture",
					  "gallery credit", "illustration", "video by", "credit", "graphic",
					  "(photo",         "(image",       "©",        "Фото",   "Снимка"};

/* Beginnings of links and buttons around authors. */
static const char *const not_name_starts[] = {"view ",
					      "see all",
					      "see more",
					      "see full",
					      "more from",
					      "more by",
					      "more articles",
					      "all articles",
					      "all posts",
					      "read ",
					      "write a ",
					      "follow ",
					      "share ",
					      "email ",
					      "e-mail ",
					      "social links",
					      "learn more",
					      "get ",
					      "about ",
					      "contact ",
					      "member ",
					      "log in",
					      "sign ",
					      "subscribe",
					      "connect with",
					      "creative commons",
					      "fact checked",
					      "reviewed by",
					      "on ",
					      "our ",
					      "the guardian view"};

static bool acceptable(struct span name)
{
	struct shape shape = shape_of(name);
	unsigned char first = name.size ? ascii_lower((unsigned char)*name.data) : 0;
	for (size_t i = 0; shape.words > 1 && i < sizeof credit_rows / sizeof *credit_rows; i++)
		if (((unsigned char)*credit_rows[i] == first) && span_starts_nocase(name, span_of(credit_rows[i])))
			return false;
	if (shape.words > 1 && !shape.capitals)
		return false;
	if (name.size < 2 || name.size > 120 || shape.letters < 2 || shape.words > 9 || shape.digits > 4)
		return false;
	if ((span_find_byte(name, ':') != SIZE_MAX && span_find(name, SPAN("://")) != SIZE_MAX) ||
	    word_in(name, ROWS(not_names)))
		return false;
	for (size_t i = 0; shape.words > 1 && i < sizeof not_name_starts / sizeof *not_name_starts; i++)
		if (*not_name_starts[i] == first && span_starts_nocase(name, span_of(not_name_starts[i])))
			return false;
	if (*name.data == '@' || *name.data == '#' || *name.data == '{' || *name.data == '<' || *name.data == '%')
		return false;
	return span_find_byte(name, '?') == SIZE_MAX && span_find_byte(name, '!') == SIZE_MAX;
}

/* Words that begin a role behind a name without a comma: "Jane Doe Senior Writer". */
static const char *const suffix_rows[] = {
	"senior",        "staff",       "contributing", "contributor", "writer",    "reporter",  "columnist",
	"correspondent", "associate",   "deputy",       "managing",    "executive", "freelance", "journalist",
	"redakteur",     "redakteurin", "city",         "political",   "chief",     "special",   "content"};

static struct span cut_role(struct span name)
{
	struct span rest = name, word;
	unsigned index = 0;
	while (span_cut(&rest, ' ', &word)) {
		size_t before = (size_t)(word.data - name.data);
		bool lone =
			!rest.size && span_equal_nocase(word, SPAN("staff")); /* ends the names of many a newsroom */
		if (index >= 2 && !lone && word_in(word, ROWS(suffix_rows)) &&
		    holds_role(span_slice(name, before, SIZE_MAX)) &&
		    looks_full_name(span_trim(span_slice(name, 0, before))))
			return span_trim(span_slice(name, 0, before));
		index++;
	}
	return name;
}

/* "Politics Reporter" behind a name is what that person does. */
static bool ends_in_role(struct span name)
{
	static const char *const nouns[] = {
		"reporter",   "correspondent", "editor",     "writer",       "columnist", "contributor",     "producer",
		"journalist", "expert",        "analyst",    "photographer", "redakteur", "redakteurin",     "director",
		"officer",    "attorney",      "lawyer",     "educator",     "manager",   "president",       "founder",
		"specialist", "engineer",      "strategist", "consultant",   "advisor",   "adviser",         "coach",
		"scientist",  "professor",     "fellow",     "reviewer",     "dean",      "horticulturalist"};
	static const char *const heads[] = {"ceo",        "cto",       "cfo",      "coo",       "cmo",    "chief",
					    "head",       "vp",        "director", "founder",   "senior", "sr.",
					    "co-founder", "president", "managing", "professor", "owner",  "editor"};
	struct span rest = name, first;
	if (span_cut(&rest, ' ', &first) && rest.size && word_in(first, ROWS(heads)))
		return true;
	size_t start = name.size;
	while (start && name.data[start - 1] != ' ')
		start--;
	return start && word_in(span_slice(name, start, SIZE_MAX), ROWS(nouns));
}

/* NAME without the mark of a footnote: "Jane Doe1". */
static struct span without_digits(struct span name)
{
	size_t size = name.size;
	while (size && ascii_is_digit((unsigned char)name.data[size - 1]))
		size--;
	return size + 2 >= name.size && size && ascii_is_alpha((unsigned char)name.data[size - 1])
		       ? span_slice(name, 0, size)
		       : name;
}

static size_t add_name(const struct metadata_reader *reader, struct span name, struct span *names, size_t count,
		       size_t max)
{
	name = trim_marks(name);
	size_t by = by_size(reader, name);
	if (by && (span_starts_nocase(name, SPAN("by ")) || (unsigned char)*name.data >= 0xE3))
		name = trim_marks(span_slice(name, by, SIZE_MAX));
	name = trim_marks(cut_role(name));
	struct span bare = without_digits(name);
	if (bare.size < name.size && looks_full_name(bare))
		name = bare;
	if (count >= max || !acceptable(name) || (count && ends_in_role(name)))
		return count;
	for (size_t i = 0; i < count; i++)
		if (span_equal_nocase(names[i], name))
			return count;
	names[count] = name;
	return count + 1;
}

/* Bytes that begin a joint, and for blanks those behind them, as bits modulo 64: most blanks fail by what follows. */
static bool may_begin_joint(struct span text, size_t at)
{
	static const uint64_t behind = BIT('|') | BIT('a') | BIT('&') | BIT('u') | BIT('e') | BIT('y') | BIT('o') |
				       BIT('i') | BIT(0xD0) | BIT(0xCE) | BIT('w') | BIT('+');
	switch ((unsigned char)text.data[at]) {
	case ' ':
		return at + 1 < text.size && behind >> (text.data[at + 1] & 63) & 1;
	case ',':
	case '|':
	case ';':
	case 0xE3:
	case 0xEF:
		return true;
	}
	return false;
}

/* The first joint of TEXT that divides two names, the earlier row where two begin there. A joint that TEXT begins with
 * is looked for nowhere else. SIZE_MAX when there is none. */
static size_t find_joint(struct span text, const struct joint_row **row)
{
	uint32_t left_out = 0;
	for (size_t at = 0; at < text.size; at++) {
		if (!may_begin_joint(text, at))
			continue;
		struct span rest = {text.data + at, text.size - at};
		for (size_t i = 0; i < sizeof joint_rows / sizeof *joint_rows; i++) {
			const struct joint_row *joint = &joint_rows[i];
			if (*joint->text.data != *rest.data || !span_starts(rest, joint->text))
				continue;
			if (at == 0) {
				left_out |= 1u << i;
			} else if (!(left_out >> i & 1)) {
				*row = joint;
				return at;
			}
		}
	}
	return SIZE_MAX;
}
_Static_assert(sizeof joint_rows / sizeof *joint_rows <= 32, "one bit a row");

/* Whether TEXT is but a few words: nothing to cut and no joint. */
static bool is_plain(struct span text)
{
	unsigned blanks = 0;
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		blanks += c == ' ';
		if (blanks > 1 || (c < 0x80 ? !ascii_is_alpha(c) && c != ' ' && c != '\'' : c >= 0xE2 || c == 0xC2))
			return false;
	}
	return true;
}

size_t author_names(struct metadata_reader *reader, struct span text, struct span *names, size_t max)
{
	size_t count = 0;
	text = trim_marks(text);
	for (int n = 0; n < 2; n++) {
		size_t by;
		enum by_kind kind = by_look(reader, text, &by);
		if (kind == BY_LABEL)
			return 0;
		if (kind == BY_LINE)
			text = trim_marks(span_slice(text, by, SIZE_MAX));
	}
	if (is_address(text))
		return 0;
	if (is_plain(text))
		return text.size ? add_name(reader, text, names, 0, max) : 0;
	text = cut_tail(text);
	if (text.size > 8 && text.size % 2 == 1 &&
	    text.data[text.size / 2] == ' ' && /* said twice, once for small screens */
	    span_equal(span_slice(text, 0, text.size / 2), span_slice(text, text.size / 2 + 1, SIZE_MAX)))
		text.size /= 2;
	struct span piece = text; /* grows over joints that do not divide */
	size_t from = 0;
	for (;;) {
		const struct joint_row *row = NULL;
		struct span ahead = span_slice(text, from, SIZE_MAX);
		size_t at = find_joint(ahead, &row);
		if (at == SIZE_MAX)
			break;
		const char *joint = ahead.data + at;
		struct span left = {piece.data, (size_t)(joint - piece.data)};
		size_t size = row->text.size;
		struct span right = {joint + size, (size_t)(text.data + text.size - joint) - size};
		const struct joint_row *next_row = NULL;
		size_t next = find_joint(right, &next_row);
		struct span right_name = span_slice(right, 0, next);
		from = (size_t)(right.data - text.data);
		bool comma = *row->text.data == ',';
		bool site = comma && next == SIZE_MAX && span_find_byte(right_name, ' ') == SIZE_MAX &&
			    title_is_site(reader, right_name);
		if (site && looks_full_name(left)) /* "Jane Doe, example.com" */
			return add_name(reader, left, names, count, max);
		if (comma && is_credential(right_name))
			continue;
		if (comma && looks_full_name(left) && holds_role(right_name) && !looks_full_name(right_name)) {
			/* a role: dropped with its comma, what follows another joint may be a name again */
			count = add_name(reader, left, names, count, max);
			if (next == SIZE_MAX)
				return count;
			piece = span_slice(right, next + next_row->text.size, SIZE_MAX);
			from = (size_t)(piece.data - text.data);
			continue;
		}
		bool list = comma && count > 0 && looks_full_name(left); /* "A Bee, C Dee, Agency" */
		if (row->weak && !list && !(looks_full_name(left) && looks_full_name(right_name)))
			continue;
		count = add_name(reader, left, names, count, max);
		piece = right;
	}
	piece.size = (size_t)(text.data + text.size - piece.data);
	return add_name(reader, piece, names, count, max);
}

bool author_begins_name(struct span text)
{
	unsigned char first = (unsigned char)*text.data;
	if (first < 'A' || (first > 'Z' && first < 0x80))
		return false;
	size_t end = 0;
	while (end < text.size && !memchr(",&|/", text.data[end], 4) &&
	       !ascii_is_digit((unsigned char)text.data[end]) &&
	       !(text.data[end] == ' ' && span_starts(span_slice(text, end, 5), SPAN(" and "))))
		end++;
	if (end < text.size && ascii_is_digit((unsigned char)text.data[end]))
		return false;
	return looks_full_name(span_trim(span_slice(text, 0, end)));
}

struct name_shape author_shape(struct span name)
{
	struct shape shape = shape_of(name);
	return (struct name_shape){.words = shape.words, .full = is_full_name(&shape), .digits = shape.digits > 0};
}
