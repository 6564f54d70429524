/* metadata_date: dates as pages write them, in text of any language, in machine-readable values and in addresses.
 *
 * The text is cut into at most 64 tokens (numbers in any script's digits, words, single CJK characters); each pattern
 * is a row of token kinds tried at each number or month name. Regular expressions per language were not considered: the
 * order of day, month and year, not the language, is what differs, and month names are one hashed table. */
#include "extract/metadata_internal.h"
#include "extract/metadata_months.h"

#include <stdlib.h>
#include <utf8proc.h>

enum { MONTH_SLOTS = 2048, TOKENS_MAX = 64, WORD_MAX = 40, YEAR_MIN = 1970, YEAR_MAX = 2100 };

/* ---- Month names -------------------------------------------------------------------------------------- */

struct month_names {
	struct {
		uint64_t key;
		uint8_t month;
	} slots[MONTH_SLOTS];
};

/* Case folded, accents dropped: the base letters of WORD, at most WORD_MAX bytes. */
static size_t fold_word(struct span word, char out[WORD_MAX])
{
	size_t size = 0;
	const char *at = word.data, *end = at + word.size;
	while (at < end && size + 4 < WORD_MAX) {
		uint32_t code = utf8_next(&at, end);
		if (code < 0x80) {
			out[size++] = (char)ascii_lower((unsigned char)code);
			continue;
		}
		utf8proc_int32_t parts[8];
		int boundary = 0;
		utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)code, parts, 8,
							     UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD, &boundary);
		for (utf8proc_ssize_t i = 0; i < n && i < 8 && size + 4 < WORD_MAX; i++)
			if (utf8proc_category(parts[i]) != UTF8PROC_CATEGORY_MN || code >= 0x900)
				size += utf8_encode((uint32_t)parts[i], out + size);
	}
	return size;
}

static uint64_t word_key(struct span word)
{
	char folded[WORD_MAX];
	size_t size = fold_word(word, folded);
	uint64_t key = hash64(folded, size, 0);
	return key ? key : 1;
}

static void month_put(struct month_names *names, struct span word, int month)
{
	uint64_t key = word_key(word);
	size_t slot = key % MONTH_SLOTS;
	while (names->slots[slot].key && names->slots[slot].key != key)
		slot = (slot + 1) % MONTH_SLOTS;
	if (names->slots[slot].key)
		return; /* the earlier row wins */
	names->slots[slot].key = key;
	names->slots[slot].month = (uint8_t)month;
}

struct month_names *month_names_new(void)
{
	struct month_names *names = memory_zeroed(1, sizeof *names);
	if (!names)
		return NULL;
	for (size_t row = 0; row < sizeof month_rows / sizeof *month_rows; row++)
		for (int month = 0; month < 12; month++) {
			struct span rest = span_of(month_rows[row].months[month]), word;
			while (span_cut(&rest, ' ', &word))
				if (word.size)
					month_put(names, word, month + 1);
		}
	return names;
}

void month_names_free(struct month_names *names)
{
	free(names);
}

static int month_of_word(const struct month_names *names, struct span word)
{
	uint64_t key = word_key(word);
	for (size_t slot = key % MONTH_SLOTS; names->slots[slot].key; slot = (slot + 1) % MONTH_SLOTS)
		if (names->slots[slot].key == key)
			return names->slots[slot].month;
	return 0;
}

/* ---- Tokens ------------------------------------------------------------------------------------------- */

enum token_kind { TOKEN_NUMBER, TOKEN_WORD, TOKEN_YEAR_SIGN, TOKEN_MONTH_SIGN, TOKEN_DAY_SIGN };

struct token {
	uint8_t kind, digits;
	uint8_t before; /* the separator before it: 0 none, ' ' blanks only, else the first other ASCII byte, '~' for
			   others */
	int8_t month;   /* of a word; -1 not looked up */
	uint32_t value;
	uint32_t start, end;
};

struct token_list {
	struct token rows[TOKENS_MAX];
	size_t count;
	struct span text;
	const struct month_names *names;
};

/* As utf8_next, without a call for ASCII. */
static inline uint32_t next_code(const char **at, const char *end)
{
	return (unsigned char)**at < 0x80 ? (unsigned char)*(*at)++ : utf8_next(at, end);
}

static int digit_of(uint32_t code)
{
	static const uint32_t zeros[] = {0x660, 0x6F0, 0x966, 0x9E6, 0xBE6, 0xE50, 0xFF10};
	if (code < 0x660)
		return code - '0' < 10 ? (int)(code - '0') : -1;
	for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
		if (code - zeros[i] < 10)
			return (int)(code - zeros[i]);
	return -1;
}

static bool is_letter(uint32_t code)
{
	if (code < 0x80)
		return ascii_is_alpha((unsigned char)code);
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
	return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_MC) || code == 0xBA || code == 0xAA;
}

static int sign_of(uint32_t code)
{
	switch (code) {
	case 0x5E74: /* nian */
	case 0xB144: /* nyeon */
		return TOKEN_YEAR_SIGN;
	case 0x6708:
	case 0xC6D4:
		return TOKEN_MONTH_SIGN;
	case 0x65E5:
	case 0x53F7:
	case 0xC77C:
		return TOKEN_DAY_SIGN;
	}
	return -1;
}

static void cut_tokens(struct token_list *list, struct span text)
{
	const char *at = text.data, *end = at + text.size;
	uint8_t before = 0;
	list->count = 0;
	list->text = text;
	while (at < end && list->count < TOKENS_MAX) {
		const char *start = at;
		uint32_t code = next_code(&at, end);
		struct token token = {.before = before, .month = -1, .start = (uint32_t)(start - text.data)};
		int digit = digit_of(code), sign = digit < 0 && code > 0x80 ? sign_of(code) : -1;
		if (digit >= 0) {
			token.kind = TOKEN_NUMBER;
			const char *next = at;
			do {
				token.value = token.value * 10 + (uint32_t)digit;
				token.digits++;
				at = next;
				digit = next < end ? digit_of(next_code(&next, end)) : -1;
			} while (digit >= 0 && token.digits < 9);
		} else if (sign >= 0) {
			token.kind = (uint8_t)sign;
		} else if (is_letter(code)) {
			token.kind = TOKEN_WORD;
			const char *next = at;
			while (next < end) {
				code = next_code(&next, end);
				bool dotted = code == '.' &&
					      (unsigned char)*start == 0xE0; /* Thai: abbreviations hold dots */
				if (!(is_letter(code) || dotted) || digit_of(code) >= 0 || sign_of(code) >= 0)
					break;
				at = next;
			}
		} else {
			if (before == 0 || before == ' ')
				before = code == 0xA0 || code == 0x3000 ||
							 (code < 0x80 && ascii_is_space((unsigned char)code))
						 ? ' '
					 : code == 0x2013 || code == 0x2010 || code == 0x2011 || code == 0xFF0D ? '-'
					 : code == 0xFF0F                                                       ? '/'
					 : code == 0xFF1A                                                       ? ':'
					 : code < 0x80 ? (uint8_t)code
						       : '~';
			continue;
		}
		token.end = (uint32_t)(at - text.data);
		list->rows[list->count++] = token;
		before = 0;
	}
}

static struct span token_text(const struct token_list *list, const struct token *token)
{
	return span_slice(list->text, token->start, token->end - token->start);
}

static int token_month(struct token_list *list, size_t i)
{
	if (i >= list->count || list->rows[i].kind != TOKEN_WORD)
		return 0;
	struct token *token = &list->rows[i];
	if (token->month < 0) {
		struct span word = token_text(list, token);
		while (word.size && word.data[word.size - 1] == '.')
			word.size--;
		token->month = (int8_t)month_of_word(list->names, word);
	}
	return token->month;
}

static bool token_in(const struct token_list *list, size_t i, const char *const *words)
{
	if (i >= list->count || list->rows[i].kind != TOKEN_WORD)
		return false;
	struct span text = token_text(list, &list->rows[i]);
	char first = (char)ascii_lower((unsigned char)*text.data);
	for (; *words; words++)
		if (**words == first && span_equal_nocase(text, span_of(*words)))
			return true;
	return false;
}

/* ---- Patterns ----------------------------------------------------------------------------------------- */

static int full_year(const struct token *token)
{
	int year = (int)token->value;
	if (token->digits == 2)
		return year < 70 ? 2000 + year : 1900 + year;
	if (token->digits == 4 && year >= 2400 && year < 2700)
		return year - 543; /* Buddhist era */
	return token->digits == 4 ? year : -1;
}

static bool set_day(struct metadata_date *date, int year, int month, int day)
{
	if (year < YEAR_MIN || year > YEAR_MAX || date_from_civil(year, month, day, 0, 0, 0) == DATE_NONE)
		return false;
	*date = (struct metadata_date){.year = (int16_t)year,
				       .month = (uint8_t)month,
				       .day = (uint8_t)day,
				       .zone = ZONE_NONE,
				       .precision = PRECISION_DAY};
	return true;
}

static bool is_number(const struct token_list *list, size_t i, unsigned digits_min, unsigned digits_max)
{
	return i < list->count && list->rows[i].kind == TOKEN_NUMBER && list->rows[i].digits >= digits_min &&
	       list->rows[i].digits <= digits_max;
}

static const char *const fillers[] = {"de",
				      "del",
				      "of",
				      "di",
				      "st",
				      "nd",
				      "rd",
				      "th",
				      "er",
				      "d",
				      "the",
				      "den",
				      "a",
				      "tháng",
				      "\xC2\xBA",
				      "\xC2\xAA",
				      "\xD0\xB3",
				      "ng",
				      "do",
				      "ta",
				      "da",
				      "mh",
				      "-\xD0\xB3\xD0\xBE",
				      "\xD9\x85\xD9\x86",
				      NULL};

static size_t skip_fillers(const struct token_list *list, size_t i)
{
	for (int n = 0; n < 2 && token_in(list, i, fillers); n++)
		i++;
	return i;
}

/* 10:00[:00] [UTC] between month and year, as Unix' date prints it. */
static size_t skip_clock(const struct token_list *list, size_t i)
{
	if (!is_number(list, i, 1, 2) || !is_number(list, i + 1, 2, 2) || list->rows[i + 1].before != ':')
		return i;
	i += 2;
	if (is_number(list, i, 2, 2) && list->rows[i].before == ':')
		i++;
	if (i < list->count && list->rows[i].kind == TOKEN_WORD && list->rows[i].end - list->rows[i].start <= 4)
		i++;
	return i;
}

/* 2020-06-07, 2020/6/7, 2020. 6. 7., and with the signs for year, month and day. */
static size_t match_year_first(struct token_list *list, size_t i, struct metadata_date *date)
{
	struct token *t = &list->rows[i];
	if (!is_number(list, i, 4, 4))
		return 0;
	if (i + 1 < list->count && t[1].kind == TOKEN_YEAR_SIGN && is_number(list, i + 2, 1, 2) &&
	    i + 3 < list->count && t[3].kind == TOKEN_MONTH_SIGN && is_number(list, i + 4, 1, 2)) {
		bool sign = i + 5 < list->count && t[5].kind == TOKEN_DAY_SIGN;
		return set_day(date, (int)t[0].value, (int)t[2].value, (int)t[4].value) ? (sign ? 6 : 5) : 0;
	}
	if (is_number(list, i + 1, 1, 2) && is_number(list, i + 2, 1, 2) && t[1].before == t[2].before &&
	    strchr("-/._", t[1].before) && t[1].before)
		return set_day(date, full_year(t), (int)t[1].value, (int)t[2].value) ? 3 : 0;
	int month = token_month(list, i + 1);
	if (month && is_number(list, i + 2, 1, 2))
		return set_day(date, full_year(t), month, (int)t[2].value) ? 3 : 0;
	return 0;
}

/* 7 June 2020, 7th of June, 2020, 7. Juni 2020, 07-Jun-20, 7 de junio de 2020. */
static size_t match_day_month(struct token_list *list, size_t i, struct metadata_date *date)
{
	if (!is_number(list, i, 1, 2))
		return 0;
	size_t at = skip_fillers(list, i + 1);
	int month = token_month(list, at);
	if (!month && at > i + 1 && is_number(list, at, 1, 2)) { /* 7 thang 6, 2020 */
		month = (int)list->rows[at].value;
		size_t year = skip_fillers(list, at + 1);
		return is_number(list, year, 4, 4) && list->rows[at].before == ' ' &&
				       set_day(date, full_year(&list->rows[year]), month, (int)list->rows[i].value)
			       ? year + 1 - i
			       : 0;
	}
	if (!month)
		return 0;
	at = skip_fillers(list, at + 1);
	at = skip_clock(list, at);
	bool short_year = is_number(list, at, 2, 2) && strchr("-'/", list->rows[at].before) && list->rows[at].before;
	if (!(is_number(list, at, 4, 4) || short_year))
		return 0;
	return set_day(date, full_year(&list->rows[at]), month, (int)list->rows[i].value) ? at + 1 - i : 0;
}

/* June 7, 2020; Jun 7th 2020; Jun 07 10:00:00 UTC 2020. */
static size_t match_month_day(struct token_list *list, size_t i, struct metadata_date *date)
{
	int month = token_month(list, i);
	if (!month || !is_number(list, i + 1, 1, 2))
		return 0;
	size_t at = skip_fillers(list, i + 2);
	at = skip_clock(list, at);
	if (!is_number(list, at, 4, 4))
		return 0;
	return set_day(date, full_year(&list->rows[at]), month, (int)list->rows[i + 1].value) ? at + 1 - i : 0;
}

/* 07.06.2020, 6/7/2020, 07/06/20. */
static size_t match_numbers(struct token_list *list, size_t i, enum date_order order, struct metadata_date *date)
{
	struct token *t = &list->rows[i];
	if (!is_number(list, i, 1, 2) || !is_number(list, i + 1, 1, 2) ||
	    !(is_number(list, i + 2, 4, 4) || is_number(list, i + 2, 2, 2)))
		return 0;
	if (t[1].before != t[2].before || !t[1].before || !strchr("-/.", t[1].before))
		return 0;
	if (i && t[0].before && strchr("-/.", t[0].before) && list->rows[i - 1].kind == TOKEN_NUMBER)
		return 0;
	if (t[2].digits == 2 && is_number(list, i + 3, 1, 9) && t[3].before == t[1].before)
		return 0;
	int a = (int)t[0].value, b = (int)t[1].value, year = full_year(&t[2]);
	bool month_first = b > 12 || (a <= 12 && order == DATE_MONTH_FIRST && t[1].before == '/');
	if (!set_day(date, year, month_first ? a : b, month_first ? b : a))
		return 0;
	date->ambiguous = a <= 12 && b <= 12 && a != b && t[1].before != '.';
	return 3;
}

/* ---- Time and zone behind a date ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	int minutes;
} zones[] = {{"z", 0},      {"utc", 0},    {"gmt", 0},    {"est", -300}, {"edt", -240}, {"cst", -360},
	     {"cdt", -300}, {"mst", -420}, {"mdt", -360}, {"pst", -480}, {"pdt", -420}, {"cet", 60},
	     {"cest", 120}, {"eet", 120},  {"eest", 180}, {"msk", 180},  {"jst", 540},  {"kst", 540},
	     {"bst", 60},   {"mez", 60},   {"mesz", 120}, {"aest", 600}, {"aedt", 660}};

/* The zone that TEXT starts with; ZONE_NONE when there is none. */
static int read_zone(struct span text)
{
	text = span_trim(text);
	if (text.size && (*text.data == '+' || *text.data == '-')) {
		int digits[4], n = 0;
		size_t i = 1;
		for (; i < text.size && n < 4; i++)
			if (ascii_is_digit((unsigned char)text.data[i]))
				digits[n++] = text.data[i] - '0';
			else if (text.data[i] != ':')
				break;
		if (n != 4 && n != 2)
			return ZONE_NONE;
		int minutes = (digits[0] * 10 + digits[1]) * 60 + (n == 4 ? digits[2] * 10 + digits[3] : 0);
		return minutes > 14 * 60 ? ZONE_NONE : *text.data == '-' ? -minutes : minutes;
	}
	size_t size = 0;
	while (size < text.size && ascii_is_alpha((unsigned char)text.data[size]))
		size++;
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		if (span_equal_nocase(span_slice(text, 0, size), span_of(zones[i].name)))
			return zones[i].minutes;
	return ZONE_NONE;
}

static const char *const clock_fillers[] = {"t",         "at",       "um",   "a",  "las", "kl",  "klo",
					    "o",         "ore",      "alle", "h",  "om",  "uhr", "\xC3\xA0",
					    "\xC3\xA0s", "\xD0\xB2", "saat", "on", NULL};
static const char *const afternoon[] = {"pm", "p", NULL};
static const char *const forenoon[] = {"am", NULL};

/* A clock time at token I or behind two filler words. */
static void read_clock(const struct token_list *list, size_t i, struct metadata_date *date)
{
	for (int n = 0; n < 2 && token_in(list, i, clock_fillers); n++)
		i++;
	if (!is_number(list, i, 1, 2) || !is_number(list, i + 1, 2, 2))
		return;
	const struct token *t = &list->rows[i];
	if (t[1].before != ':' && !(t[1].before == '.' && t[0].before != '.'))
		return;
	int hour = (int)t[0].value, minute = (int)t[1].value, second = 0;
	size_t last = i + 1;
	if (is_number(list, i + 2, 2, 2) && t[2].before == ':') {
		second = (int)t[2].value;
		last++;
	}
	if (is_number(list, last + 1, 1, 9) && list->rows[last + 1].before == '.')
		last++; /* a fraction */
	size_t end = list->rows[last].end;
	if (token_in(list, last + 1, afternoon) || token_in(list, last + 1, forenoon)) {
		bool pm = token_in(list, last + 1, afternoon);
		hour = hour % 12 + (pm ? 12 : 0);
		end = list->rows[last + 1].end;
	}
	if (hour > 23 || minute > 59 || second > 60)
		return;
	date->hour = (uint8_t)hour;
	date->minute = (uint8_t)minute;
	date->second = (uint8_t)second;
	date->precision = PRECISION_TIME;
	date->zone = (int16_t)read_zone(span_slice(list->text, end, 12));
}

/* ---- Public within the folder --------------------------------------------------------------------------- */

bool metadata_date_find(const struct month_names *names, struct span text, enum date_order order,
			struct metadata_date *date, size_t *after)
{
	struct token_list list; /* its rows are written as they are cut */
	list.names = names;
	cut_tokens(&list, text);
	for (size_t i = 0; i < list.count; i++) {
		size_t used = 0;
		if (list.rows[i].kind == TOKEN_NUMBER) {
			used = match_year_first(&list, i, date);
			if (!used)
				used = match_day_month(&list, i, date);
			if (!used)
				used = match_numbers(&list, i, order, date);
		} else if (list.rows[i].kind == TOKEN_WORD && is_number(&list, i + 1, 1, 2)) {
			used = match_month_day(&list, i, date);
		}
		if (!used)
			continue;
		if (after)
			*after = list.rows[i + used - 1].end;
		read_clock(&list, i + used, date);
		return true;
	}
	return false;
}

static bool from_seconds(int64_t seconds, struct metadata_date *date)
{
	int year, month, day, hour, minute, second;
	if (seconds < 86400 * 366 || seconds > INT64_C(4102444800))
		return false;
	date_to_civil(seconds, &year, &month, &day, &hour, &minute, &second);
	*date = (struct metadata_date){.year = (int16_t)year,
				       .month = (uint8_t)month,
				       .day = (uint8_t)day,
				       .hour = (uint8_t)hour,
				       .minute = (uint8_t)minute,
				       .second = (uint8_t)second,
				       .zone = 0,
				       .precision = PRECISION_TIME};
	return true;
}

/* Digits alone: 20200607, 20200607120000, 1591531200, 1591531200000. */
static bool from_digits(struct span text, struct metadata_date *date)
{
	uint64_t value;
	if (!span_to_u64(text, &value))
		return false;
	if (text.size == 10)
		return from_seconds((int64_t)value, date);
	if (text.size == 13)
		return from_seconds((int64_t)(value / 1000), date);
	if (text.size != 8 && text.size != 12 && text.size != 14)
		return false;
	int64_t seconds = date_parse_14(text);
	if (seconds == DATE_NONE || !from_seconds(seconds, date))
		return false;
	date->zone = ZONE_NONE;
	if (text.size == 8)
		date->precision = PRECISION_DAY;
	return true;
}

bool metadata_date_read(const struct month_names *names, struct span text, enum date_order order,
			struct metadata_date *date)
{
	text = span_trim(text);
	if (text.size < 4 || text.size > 120)
		return false;
	if (from_digits(text, date))
		return true;
	if (metadata_date_find(names, text, order, date, NULL))
		return true;
	return false;
}

bool metadata_date_of_url(struct span url, struct metadata_date *date)
{
	const char *p = url.data;
	for (size_t i = 0; i + 8 <= url.size; i++) {
		if (i && ascii_is_digit((unsigned char)p[i - 1]))
			continue;
		unsigned digit[16];
		size_t n = 0, at = i;
		char first = 0, second = 0;
		for (; at < url.size && n < 9; at++) {
			unsigned char c = (unsigned char)p[at];
			if (ascii_is_digit(c))
				digit[n++] = c - '0';
			else if (n == 4 && !first && strchr("/-_.", c))
				first = (char)c;
			else if (n >= 5 && n <= 6 && first && !second && (char)c == first)
				second = (char)c;
			else
				break;
			if (second && n == 8)
				break;
		}
		if (n < 6 || (digit[0] != 2 && digit[0] != 1))
			continue;
		int year = (int)(digit[0] * 1000 + digit[1] * 100 + digit[2] * 10 + digit[3]);
		if (year < 1990 || year > YEAR_MAX)
			continue;
		bool more = second && at + 1 < url.size && ascii_is_digit((unsigned char)p[at + 1]);
		if (n == 8 && !more && (first ? second != 0 : true)) {
			if (set_day(date, year, (int)(digit[4] * 10 + digit[5]), (int)(digit[6] * 10 + digit[7])))
				return true;
		}
	}
	/* /2020/6/7/ and /2020/jun/07/ */
	struct span rest = url, piece;
	int year = 0, month = 0;
	while (span_cut(&rest, '/', &piece)) {
		uint64_t value;
		if (piece.size == 4 && span_to_u64(piece, &value) && value >= 1990 && value <= YEAR_MAX) {
			year = (int)value;
			month = 0;
		} else if (year && !month && piece.size >= 1 && piece.size <= 2 && span_to_u64(piece, &value) &&
			   value >= 1 && value <= 12) {
			month = (int)value;
		} else if (year && !month && piece.size >= 3) {
			static const char *const names[] = {"january",   "february", "march",    "april",
							    "may",       "june",     "july",     "august",
							    "september", "october",  "november", "december"};
			for (int m = 0; m < 12; m++)
				if (span_equal_nocase(piece, span_of(names[m])) ||
				    span_equal_nocase(piece, (struct span){names[m], 3}))
					month = m + 1;
			if (!month)
				year = 0;
		} else if (year && month) {
			if (piece.size >= 1 && piece.size <= 2 && span_to_u64(piece, &value) &&
			    set_day(date, year, month, (int)value))
				return true;
			if (!set_day(date, year, month, 1))
				return false;
			date->precision = PRECISION_MONTH;
			return true;
		} else {
			year = 0;
		}
	}
	return false;
}

int64_t metadata_date_seconds(const struct metadata_date *date)
{
	int64_t seconds = date_from_civil(date->year, date->month, date->day, date->hour, date->minute, date->second);
	return seconds == DATE_NONE || date->zone == ZONE_NONE ? seconds : seconds - date->zone * 60;
}

/* SIGN and two digits of VALUE, behind OUT's SIZE bytes: the new size. */
static size_t put_two(char *out, size_t size, char sign, int value)
{
	out[size] = sign;
	out[size + 1] = (char)('0' + value / 10 % 10);
	out[size + 2] = (char)('0' + value % 10);
	return size + 3;
}

struct span metadata_date_print(const struct metadata_date *date, struct arena *arena)
{
	char text[32]; /* room for "2020-06-07T10:00:00+02:00" */
	if (date->precision < PRECISION_DAY)
		return SPAN_NONE;
	size_t size = put_two(text, 0, (char)('0' + date->year / 1000), date->year / 10);
	text[size++] = (char)('0' + date->year % 10);
	size = put_two(text, size, '-', date->month);
	size = put_two(text, size, '-', date->day);
	if (date->precision == PRECISION_TIME && date->zone != ZONE_NONE) {
		int zone = date->zone < 0 ? -date->zone : date->zone;
		size = put_two(text, size, 'T', date->hour);
		size = put_two(text, size, ':', date->minute);
		size = put_two(text, size, ':', date->second);
		if (zone) {
			size = put_two(text, size, date->zone < 0 ? '-' : '+', zone / 60);
			size = put_two(text, size, ':', zone % 60);
		} else {
			text[size++] = 'Z';
		}
	}
	return arena_copy(arena, (struct span){text, size});
}
