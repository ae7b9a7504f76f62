/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/course.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEG_TEXT_MAX = 120 };

/* Copies the n bytes at s without the blanks around them. */
static void trim(const char *s, size_t n, char ret[LEG_TEXT_MAX])
{
	while (n > 0 && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		n--;
	n = n < LEG_TEXT_MAX - 1 ? n : LEG_TEXT_MAX - 1;
	memcpy(ret, s, n);
	ret[n] = '\0';
}

static int parse_rate(const char *s, double *ret, struct gd_error *err)
{
	struct gd_freq f;

	if (gd_freq_parse(s, &f, err) < 0)
		return -1;
	if (f.per_s < 0)
		return gd_raise(err, GD_E_INPUT, "%.40s is below 0", s);
	*ret = f.per_s;
	return 0;
}

/* "RATE" or "RATE..RATE" */
static int parse_rates(const char *s, struct gd_course_leg *leg, struct gd_error *err)
{
	const char *dots = strstr(s, "..");
	char part[LEG_TEXT_MAX] = "";

	if (!dots) {
		if (parse_rate(s, &leg->from, err) < 0)
			return -1;
		leg->to = leg->from;
		return 0;
	}
	trim(s, (size_t)(dots - s), part);
	if (parse_rate(part, &leg->from, err) < 0)
		return -1;
	trim(dots + 2, strlen(dots + 2), part);
	return parse_rate(part, &leg->to, err);
}

/* "RATE", "RATE for LENGTH", "RATE..RATE over LENGTH" */
static int parse_leg(const char *s, struct gd_course_leg *leg, struct gd_error *err)
{
	const char *word = strstr(s, " for "), *over = strstr(s, " over ");
	bool ramp = strstr(s, "..") != NULL;
	char part[LEG_TEXT_MAX] = "";

	*leg = (struct gd_course_leg){0};
	if (ramp != (over != NULL) || (over && word))
		return gd_raise(
			err, GD_E_INPUT,
			"\"%.60s\": write a rate that changes as in 100/s..1000/s over 60s, "
			"one that stays as in 100/s for 30s",
			s);
	word = over ? over : word;
	trim(s, word ? (size_t)(word - s) : strlen(s), part);
	if (parse_rates(part, leg, err) < 0)
		return -1;
	if (!word)
		return 0;
	word += over ? strlen(" over ") : strlen(" for ");
	trim(word, strlen(word), part);
	if (gd_span_parse(part, &leg->length, err) < 0)
		return -1;
	if (leg->length.ns <= 0)
		return gd_raise(err, GD_E_INPUT, "\"%.60s\" takes no time", s);
	return 0;
}

int gd_course_parse(const char *s, struct gd_course *ret, struct gd_error *err)
{
	struct gd_course c = {0};
	char part[LEG_TEXT_MAX] = "";
	const char *end;

	for (;; s = end + 1) {
		end = s + strcspn(s, ",");
		if (c.n == GD_COURSE_MAX_LEGS)
			return gd_raise(err, GD_E_INPUT, "more than %d changes of a rate",
					GD_COURSE_MAX_LEGS);
		if ((size_t)(end - s) >= LEG_TEXT_MAX)
			return gd_raise(err, GD_E_INPUT, "\"%.40s...\" is not a rate", s);
		trim(s, (size_t)(end - s), part);
		if (c.n > 0 && c.legs[c.n - 1].length.ns == 0)
			return gd_raise(
				err, GD_E_INPUT,
				"how long the rate before \"%.40s\" lasts is missing, as in "
				"100/s for 30s",
				part);
		if (parse_leg(part, &c.legs[c.n], err) < 0)
			return -1;
		c.n++;
		if (*end == '\0')
			break;
	}
	*ret = c;
	return 0;
}

static const char *format_rate(double per_s, char buf[40])
{
	(void)snprintf(buf, 40, "%.15g/s", per_s);
	/* Exactly equal or not is the question, so bits are what to compare. */
	if (strtod(buf, NULL) < per_s || strtod(buf, NULL) > per_s)
		(void)snprintf(buf, 40, "%.17g/s", per_s);
	return buf;
}

const char *gd_course_format(const struct gd_course *c, char buf[GD_COURSE_TEXT_MAX])
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < c->n && at < GD_COURSE_TEXT_MAX; i++) {
		const struct gd_course_leg *leg = &c->legs[i];
		bool ramp = leg->to < leg->from || leg->to > leg->from;
		char from[40], to[40], length[32];

		at += (size_t)snprintf(
			buf + at, GD_COURSE_TEXT_MAX - at, "%s%s%s%s%s%s",
			i > 0 ? ", " : "", format_rate(leg->from, from), ramp ? ".." : "",
			ramp ? format_rate(leg->to, to) : "",
			leg->length.ns == 0 ? ""
			: ramp              ? " over "
					    : " for ",
			leg->length.ns == 0 ? "" : gd_span_format(leg->length, length));
	}
	return buf;
}

double gd_course_peak(const struct gd_course *c)
{
	double peak = 0;

	for (size_t i = 0; i < c->n; i++)
		peak = fmax(peak, fmax(c->legs[i].from, c->legs[i].to));
	return peak;
}

double gd_course_least(const struct gd_course *c)
{
	double least = gd_course_peak(c);

	for (size_t i = 0; i < c->n; i++)
		least = fmin(least, fmin(c->legs[i].from, c->legs[i].to));
	return least;
}
