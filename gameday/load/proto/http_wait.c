/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/proto/http_wait.h"

#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Two digits, or -1. */
static int two(const char *s)
{
	return is_digit(s[0]) && is_digit(s[1]) ? (s[0] - '0') * 10 + (s[1] - '0') : -1;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar (Hinnant, 2013). */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400, year_of_era = y % 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7) in seconds since 1970, or -1. */
static int64_t parse_date(const char *s, size_t len)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int day, month = 0, century, year, hour, minute, second;
	int64_t at;

	if (len != 29 || memcmp(s + 25, " GMT", 4) != 0)
		return -1;
	while (month < 12 && memcmp(s + 8, months + (size_t)month * 3, 3) != 0)
		month++;
	day = two(s + 5);
	century = two(s + 12);
	year = two(s + 14);
	hour = two(s + 17);
	minute = two(s + 20);
	second = two(s + 23);
	if (month == 12 || day < 1 || century < 19 || year < 0 || hour < 0 ||
	    minute < 0 || second < 0)
		return -1;
	at = days_of(century * 100 + year, month + 1, day) * 86400 + hour * 3600 +
	     minute * 60 + second;
	return at < 0 ? -1 : at;
}

static void retry_after(struct gd_http_wait *w, const char *s, size_t len)
{
	int64_t v = 0;
	size_t i = 0;

	for (; i < len && i < 10 && is_digit(s[i]); i++)
		v = v * 10 + (s[i] - '0');
	w->is_date = len > 0 && i < len;
	if (w->is_date)
		v = parse_date(s, len);
	w->retry_after = len > 0 ? v : -1;
}

void gd_http_wait_begin(struct gd_http_wait *w)
{
	*w = (struct gd_http_wait){.retry_after = -1, .date = -1};
}

void gd_http_wait_field(struct gd_http_wait *w, const char *name, size_t name_len,
			const char *value, size_t len)
{
	if (name_len == 11 && strncasecmp(name, "retry-after", 11) == 0)
		retry_after(w, value, len);
	else if (name_len == 4 && strncasecmp(name, "date", 4) == 0)
		w->date = parse_date(value, len);
}

int64_t gd_http_wait_seconds(const struct gd_http_wait *w)
{
	if (!w->is_date || w->retry_after < 0)
		return w->retry_after;
	if (w->date < 0)
		return -1;
	return w->retry_after > w->date ? w->retry_after - w->date : 0;
}
