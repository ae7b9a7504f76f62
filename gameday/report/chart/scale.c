/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/chart/scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The round step (1, 2 or 5 times a power of ten) that is at least `least`. */
static double round_step(double least)
{
	double power = pow(10, floor(log10(least)));
	double m = least / power;

	return power * (m <= 1.0000001   ? 1
			: m <= 2.0000001 ? 2
			: m <= 5.0000001 ? 5
					 : 10);
}

static double round_below(double v)
{
	double power = pow(10, floor(log10(v) + 1e-9));
	double m = v / power;

	return power * (m >= 4.9999999 ? 5 : m >= 1.9999999 ? 2 : 1);
}

static struct gd_scale nice_log(double lo, double hi)
{
	struct gd_scale s = {.log = true, .lo = 1, .hi = 10};

	if (!(lo > 0) || !isfinite(lo) || !(hi >= lo) || !isfinite(hi))
		return s;
	s.lo = round_below(lo);
	s.hi = round_step(hi);
	if (s.hi < 10 * s.lo)
		s.hi = 10 * s.lo;
	return s;
}

struct gd_scale gd_scale_nice(bool log, double lo, double hi)
{
	struct gd_scale s = {.lo = 0, .hi = 1};
	double step;

	if (log)
		return nice_log(lo, hi);
	lo = isfinite(lo) ? fmin(lo, 0) : 0;
	hi = isfinite(hi) ? fmax(hi, 0) : 0;
	if (!(hi > lo))
		return s;
	step = round_step((hi - lo) / 4);
	s.lo = floor(lo / step + 1e-9) * step;
	s.hi = ceil(hi / step - 1e-9) * step;
	return s;
}

double gd_scale_at(const struct gd_scale *s, double v)
{
	double part;

	if (isnan(v))
		return v;
	v = fmax(fmin(v, s->hi), s->lo);
	part = s->log ? log(v / s->lo) / log(s->hi / s->lo)
		      : (v - s->lo) / (s->hi - s->lo);
	return s->from + part * (s->to - s->from);
}

static size_t log_ticks(const struct gd_scale *s, size_t wanted,
			double ret[GD_SCALE_MAX_TICKS])
{
	static const double fine[] = {1, 2, 5};
	double decades = log10(s->hi / s->lo);
	size_t per_decade = decades < 1.7 || decades * 3 <= (double)wanted ? 3 : 1;
	double every = fmax(1, ceil(decades / (double)wanted));
	double first = floor(log10(s->lo) + 1e-9);
	size_t n = 0;

	for (int k = 0; k <= (int)(decades / every) + 1; k++)
		for (size_t i = 0; i < per_decade && n < GD_SCALE_MAX_TICKS; i++) {
			double v = pow(10, first + k * every) * fine[i];

			if (v >= s->lo * 0.9999999 && v <= s->hi * 1.0000001)
				ret[n++] = v;
		}
	return n;
}

size_t gd_scale_ticks(const struct gd_scale *s, size_t wanted,
		      double ret[GD_SCALE_MAX_TICKS])
{
	double step;
	size_t n = 0;

	if (wanted > GD_SCALE_MAX_TICKS - 2)
		wanted = GD_SCALE_MAX_TICKS - 2;
	if (s->log)
		return log_ticks(s, wanted, ret);
	step = round_step((s->hi - s->lo) / (double)wanted);
	for (int i = 0; n < GD_SCALE_MAX_TICKS; i++) {
		double v = (ceil(s->lo / step - 1e-9) + i) * step;

		if (v > s->hi + step * 1e-6)
			break;
		ret[n++] = fabs(v) < step * 1e-6 ? 0 : v;
	}
	return n;
}

double gd_scale_time_step(double least)
{
	static const double steps[] = {1,   2,   5,   10,  15,   30,   60,
				       120, 300, 600, 900, 1800, 3600, 7200};
	static const size_t n = sizeof(steps) / sizeof(steps[0]);

	if (least < 1)
		return least > 0 ? round_step(least) : 1;
	for (size_t i = 0; i < n; i++)
		if (steps[i] >= least * 0.9999999)
			return steps[i];
	return 3600 * round_step(least / 3600);
}

/* "1.50 ms" to "1.5 ms", "2.00 /s" to "2 /s". */
static void drop_zeros(char *text)
{
	char *dot = strchr(text, '.');
	size_t digits, keep;

	if (!dot)
		return;
	digits = strspn(dot + 1, "0123456789");
	keep = digits;
	while (keep > 0 && dot[keep] == '0')
		keep--;
	memmove(dot + (keep ? keep + 1 : 0), dot + 1 + digits,
		strlen(dot + 1 + digits) + 1);
}

static bool is_plain(enum gd_metric_unit unit)
{
	return unit == GD_UNIT_COUNT || unit == GD_UNIT_FREQ;
}

const char *gd_scale_label(double v, enum gd_metric_unit unit, char buf[32])
{
	static const struct {
		double factor;
		const char *letter;
	} large[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
	char number[32];

	for (size_t i = 0; i < 4 && is_plain(unit) && isfinite(v); i++)
		if (fabs(v) >= large[i].factor * (i == 3 ? 10 : 1)) {
			(void)snprintf(number, sizeof(number), "%.4g",
				       v / large[i].factor);
			(void)snprintf(buf, 32, "%.12s %s%s", number, large[i].letter,
				       unit == GD_UNIT_FREQ ? "/s" : "");
			return buf;
		}
	(void)gd_metric_format(v, unit, buf);
	drop_zeros(buf);
	return buf;
}

const char *gd_scale_time_label(double s, double length, char buf[32])
{
	long long whole = isfinite(s) && fabs(s) < 1e12 ? llround(s) : 0;
	const char *sign = whole < 0 ? "-" : "";

	whole = whole < 0 ? -whole : whole;
	if (length <= 120)
		(void)snprintf(buf, 32, "%.3g s", isfinite(s) ? s : 0);
	else if (length < 3600)
		(void)snprintf(buf, 32, "%s%lld:%02lld", sign, whole / 60, whole % 60);
	else
		(void)snprintf(buf, 32, "%s%lld:%02lld:%02lld", sign, whole / 3600,
			       whole / 60 % 60, whole % 60);
	return buf;
}
