/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One parser for "number unit" over a table of units per quantity. The number is decimal,
 * never hexadecimal, infinite or not-a-number, and strtod's locale does not matter since
 * the programs never call setlocale.
 */
#include "gameday/base/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	double factor;
};

static const struct unit span_units[] = {
	{"ns", 1},   {"us", 1e3},   {"µs", 1e3},   {"ms", 1e6},    {"s", 1e9},
	{"m", 60e9}, {"min", 60e9}, {"h", 3600e9}, {"d", 86400e9}, {NULL, 0},
};
static const struct unit bitrate_units[] = {
	{"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}, {NULL, 0},
};
static const struct unit bytes_units[] = {
	{"B", 1},    {"", 1},     {"kB", 1e3},        {"KB", 1e3}, {"KiB", 1024},
	{"k", 1024}, {"MB", 1e6}, {"MiB", 1048576.0}, {"GB", 1e9}, {"GiB", 1073741824.0},
	{NULL, 0},
};
static const struct unit freq_units[] = {
	{"/s", 1},          {"", 1},   {"/m", 1.0 / 60}, {"/min", 1.0 / 60},
	{"/h", 1.0 / 3600}, {NULL, 0},
};

/* The decimal number at the start of s; *ret_end is behind it. 0 or -1. */
static int number(const char *s, double *ret, const char **ret_end)
{
	const char *p = s;
	char *end;

	if (*p == '-' || *p == '+')
		p++;
	if (!isdigit((unsigned char)*p) || (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')))
		return -1;
	*ret = strtod(s, &end);
	if (!isfinite(*ret))
		return -1;
	*ret_end = end;
	return 0;
}

static int with_unit(const char *s, const struct unit *units, double *ret)
{
	const char *rest;
	double v;

	if (number(s, &v, &rest) < 0)
		return -1;
	while (*rest == ' ')
		rest++;
	for (; units->name; units++)
		if (strcmp(rest, units->name) == 0) {
			*ret = v * units->factor;
			return fabs(*ret) < 9.2e18 ? 0 : -1;
		}
	return -1;
}

int gd_span_parse(const char *s, struct gd_span *ret, struct gd_error *err)
{
	double v;

	if (strcmp(s, "0") == 0) {
		*ret = (struct gd_span){0};
		return 0;
	}
	if (with_unit(s, span_units, &v) < 0)
		return gd_raise(
			err, GD_E_INPUT,
			"\"%.40s\" is not a duration: write a number and a unit, as in "
			"150us, 20ms, 1.5s, 2m or 1h",
			s);
	*ret = (struct gd_span){llround(v)};
	return 0;
}

int gd_ratio_parse(const char *s, struct gd_ratio *ret, struct gd_error *err)
{
	const char *rest;
	double v;

	if (number(s, &v, &rest) < 0)
		goto bad;
	while (*rest == ' ')
		rest++;
	if (strcmp(rest, "%") == 0)
		v /= 100;
	else if (*rest)
		goto bad;
	if (fabs(v) > 1e9)
		goto bad;
	*ret = (struct gd_ratio){llround(v * 1e9)};
	return 0;
bad:
	return gd_raise(
		err, GD_E_INPUT,
		"\"%.40s\" is not a ratio: write a percentage as in 5%%, or a fraction "
		"as in 0.05",
		s);
}

int gd_bitrate_parse(const char *s, struct gd_bitrate *ret, struct gd_error *err)
{
	double v;

	if (with_unit(s, bitrate_units, &v) < 0)
		return gd_raise(
			err, GD_E_INPUT,
			"\"%.40s\" is not a bit rate: write a number and a unit, as in "
			"512kbit, 10mbit or 1gbit",
			s);
	*ret = (struct gd_bitrate){llround(v)};
	return 0;
}

int gd_bytes_parse(const char *s, struct gd_bytes *ret, struct gd_error *err)
{
	double v;

	if (with_unit(s, bytes_units, &v) < 0)
		return gd_raise(
			err, GD_E_INPUT,
			"\"%.40s\" is not a size: write a number and a unit, as in 512, "
			"64KiB or 10MB",
			s);
	*ret = (struct gd_bytes){llround(v)};
	return 0;
}

int gd_freq_parse(const char *s, struct gd_freq *ret, struct gd_error *err)
{
	double v;

	if (with_unit(s, freq_units, &v) < 0)
		return gd_raise(
			err, GD_E_INPUT,
			"\"%.40s\" is not a rate: write a number per time, as in 200/s or "
			"30/m",
			s);
	*ret = (struct gd_freq){v};
	return 0;
}

/* The value in the largest unit that keeps it whole. */
static const char *exact(int64_t v, const struct unit *const order[], size_t n,
			 char buf[32])
{
	for (size_t i = 0; i < n; i++) {
		int64_t f = (int64_t)order[i]->factor;

		if (v != 0 && v % f == 0) {
			(void)snprintf(buf, 32, "%lld%s", (long long)(v / f),
				       order[i]->name);
			return buf;
		}
	}
	(void)snprintf(buf, 32, "0");
	return buf;
}

const char *gd_span_format(struct gd_span v, char buf[32])
{
	const struct unit *const order[] = {&span_units[7], &span_units[5],
					    &span_units[4], &span_units[3],
					    &span_units[1], &span_units[0]};

	return exact(v.ns, order, GD_N_ELEMS(order), buf);
}

const char *gd_ratio_format(struct gd_ratio v, char buf[32])
{
	(void)snprintf(buf, 32, "%.10g%%", (double)v.ppb / 1e7);
	return buf;
}

const char *gd_bitrate_format(struct gd_bitrate v, char buf[32])
{
	const struct unit *const order[] = {&bitrate_units[3], &bitrate_units[2],
					    &bitrate_units[1], &bitrate_units[0]};

	(void)exact(v.bps, order, GD_N_ELEMS(order), buf);
	if (v.bps == 0)
		(void)snprintf(buf, 32, "0bit");
	return buf;
}

const char *gd_bytes_format(struct gd_bytes v, char buf[32])
{
	const struct unit *const order[] = {&bytes_units[9], &bytes_units[7],
					    &bytes_units[4], &bytes_units[0]};

	return exact(v.n, order, GD_N_ELEMS(order), buf);
}

const char *gd_freq_format(struct gd_freq v, char buf[32])
{
	(void)snprintf(buf, 32, "%.15g/s", v.per_s);
	return buf;
}

const char *gd_span_human(struct gd_span v, char buf[32])
{
	static const struct {
		double factor;
		const char *name;
	} scale[] = {
		{1e9, "s"},
		{1e6, "ms"},
		{1e3, "us"},
		{1, "ns"},
	};
	double a = fabs((double)v.ns);
	size_t i = 0;
	double x;

	while (i + 1 < GD_N_ELEMS(scale) && a < scale[i].factor)
		i++;
	x = (double)v.ns / scale[i].factor;
	(void)snprintf(buf, 32, "%.*f %s",
		       fabs(x) >= 99.95   ? 0
		       : fabs(x) >= 9.995 ? 1
					  : 2,
		       x, scale[i].name);
	return buf;
}
