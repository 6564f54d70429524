/* date: civil dates and the formats that archives carry. Proleptic Gregorian, UTC, no leap seconds, no C library time
 * functions (they depend on locale and zone). Day arithmetic as in Hinnant's "chrono-compatible low-level date
 * algorithms". */
#include "base/base.h"

#include <stdio.h>

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

int64_t date_from_civil(int year, int month, int day, int hour, int minute, int second)
{
	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > month_days(year, month) ||
	    hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
	    (hour == 24 && (minute || second)))
		return DATE_NONE;
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
	return days * 86400 + hour * 3600 + minute * 60 + second;
}

void date_to_civil(int64_t date, int *year, int *month, int *day, int *hour, int *minute, int *second)
{
	int64_t days = date / 86400, rest = date % 86400;
	if (rest < 0)
		rest += 86400, days--;
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
	*hour = (int)(rest / 3600);
	*minute = (int)(rest / 60 % 60);
	*second = (int)(rest % 60);
}

/* Read exactly COUNT digits at *TEXT; -1 and no step where they are not there. */
static int digits(struct span *text, size_t count)
{
	int value = 0;
	if (text->size < count)
		return -1;
	for (size_t i = 0; i < count; i++) {
		unsigned char c = (unsigned char)text->data[i];
		if (!ascii_is_digit(c))
			return -1;
		value = value * 10 + (c - '0');
	}
	*text = span_slice(*text, count, SIZE_MAX);
	return value;
}

static bool step(struct span *text, const char *any)
{
	if (!text->size || !*text->data || !strchr(any, *text->data))
		return false;
	*text = span_slice(*text, 1, SIZE_MAX);
	return true;
}

/* "Z", "+hh:mm", "-hhmm" or nothing: seconds to subtract; false when it is something else. */
static bool zone(struct span text, int64_t *seconds)
{
	*seconds = 0;
	if (text.size == 0 || span_equal_nocase(text, SPAN("z")) || span_equal_nocase(text, SPAN("utc")) ||
	    span_equal_nocase(text, SPAN("gmt")))
		return true;
	bool minus = *text.data == '-';
	if (!step(&text, "+-"))
		return false;
	int hour = digits(&text, 2);
	step(&text, ":");
	int minute = text.size ? digits(&text, 2) : 0;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || text.size)
		return false;
	*seconds = (minus ? -1 : 1) * (int64_t)(hour * 3600 + minute * 60);
	return true;
}

int64_t date_parse_w3c(struct span text)
{
	text = span_trim(text);
	int part[6] = {0, 1, 1, 0, 0, 0};
	static const char *const before[] = {"", "-", "-", "Tt ", ":", ":"};
	part[0] = digits(&text, 4);
	if (part[0] < 0)
		return DATE_NONE;
	int n = 1;
	for (; n < 6 && text.size; n++) {
		struct span at = text;
		if (!step(&text, before[n]) || (part[n] = digits(&text, 2)) < 0) {
			part[n] = n < 3;
			text = at;
			break;
		}
	}
	if (n == 6 && step(&text, ".,"))
		while (text.size && ascii_is_digit((unsigned char)*text.data))
			text = span_slice(text, 1, SIZE_MAX);
	if (n == 4) /* an hour alone is no W3CDTF */
		return DATE_NONE;
	int64_t shift;
	if (!zone(span_trim(text), &shift))
		return DATE_NONE;
	int64_t date = date_from_civil(part[0], part[1], part[2], part[3], part[4], part[5]);
	return date == DATE_NONE ? date : date - shift;
}

int64_t date_parse_14(struct span text)
{
	int part[6] = {0, 1, 1, 0, 0, 0};
	text = span_trim(text);
	part[0] = digits(&text, 4);
	for (int n = 1; n < 6 && text.size; n++)
		part[n] = digits(&text, 2);
	if (text.size || part[0] < 0)
		return DATE_NONE;
	return date_from_civil(part[0], part[1], part[2], part[3], part[4], part[5]);
}

static int month_of(struct span *text)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	for (int m = 0; m < 12; m++)
		if (span_starts_nocase(*text, (struct span){names + 3 * m, 3})) {
			*text = span_slice(*text, 3, SIZE_MAX);
			return m + 1;
		}
	return -1;
}

static void skip_blank(struct span *text)
{
	while (step(text, " \t-,"))
		;
}

static int number(struct span *text)
{
	size_t count = 0;
	while (count < text->size && count < 9 && ascii_is_digit((unsigned char)text->data[count]))
		count++;
	return count ? digits(text, count) : -1;
}

static bool clock_of(struct span *text, int *hour, int *minute, int *second)
{
	*hour = number(text);
	bool fine = *hour >= 0 && step(text, ":");
	*minute = number(text);
	fine = fine && *minute >= 0 && step(text, ":");
	*second = number(text);
	return fine && *second >= 0;
}

int64_t date_parse_http(struct span text)
{
	int year, month, day, hour, minute, second;
	text = span_trim(text);
	while (text.size && ascii_is_alpha((unsigned char)*text.data)) /* the weekday says nothing new */
		text = span_slice(text, 1, SIZE_MAX);
	skip_blank(&text);
	bool asctime = text.size && ascii_is_alpha((unsigned char)*text.data);
	if (asctime) {
		month = month_of(&text);
		skip_blank(&text);
		day = number(&text);
		skip_blank(&text);
		if (!clock_of(&text, &hour, &minute, &second))
			return DATE_NONE;
		skip_blank(&text);
		year = number(&text);
	} else {
		day = number(&text);
		skip_blank(&text);
		month = month_of(&text);
		skip_blank(&text);
		year = number(&text);
		if (year >= 0 && year < 100) /* RFC 850; the pivot of RFC 6265 §5.1.1 */
			year += year < 70 ? 2000 : 1900;
		skip_blank(&text);
		if (!clock_of(&text, &hour, &minute, &second))
			return DATE_NONE;
	}
	return date_from_civil(year, month, day, hour, minute, second);
}

void date_format(int64_t date, char out[21])
{
	int year, month, day, hour, minute, second;
	char text[96];
	date_to_civil(date, &year, &month, &day, &hour, &minute, &second);
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, hour, minute, second);
	memcpy(out, text, 20);
	out[20] = '\0';
}
