/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/shape/field.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gameday/shape/value.h"

enum { MAX_TEXT = 64 * 1024 };

static const char *const kind_words[] = {
	[GD_KIND_BOOL] = "true or false",
	[GD_KIND_INT] = "whole number",
	[GD_KIND_DOUBLE] = "number",
	[GD_KIND_DURATION] = "duration",
	[GD_KIND_RATIO] = "ratio",
	[GD_KIND_BITRATE] = "bit rate",
	[GD_KIND_BYTES] = "size",
	[GD_KIND_FREQ] = "rate",
	[GD_KIND_COURSE] = "rate, or rates over time",
	[GD_KIND_SPAN_RANGE] = "duration or range of durations",
	[GD_KIND_ENUM] = "choice",
	[GD_KIND_TEXT] = "text",
	[GD_KIND_NAME] = "name",
	[GD_KIND_OBJECT] = "map",
	[GD_KIND_LIST] = "list",
	[GD_KIND_MAP] = "map",
	[GD_KIND_NODE] = "anything",
};

const char *gd_kind_words(enum gd_kind kind)
{
	return kind_words[kind];
}

bool gd_value_is_scalar(enum gd_kind kind)
{
	return kind < GD_KIND_OBJECT;
}

void gd_value_range(const struct gd_field *field, int64_t *ret_min, int64_t *ret_max)
{
	bool own = field->min != 0 || field->max != 0;

	*ret_min = own ? field->min : 0;
	*ret_max = own && field->max >= field->min ? field->max : INT64_MAX;
	if (!own && (field->kind == GD_KIND_INT || field->kind == GD_KIND_DOUBLE))
		*ret_min = INT64_MIN;
	if (!own && field->kind == GD_KIND_RATIO)
		*ret_max = 1000 * 1000 * 1000;
	if (field->kind == GD_KIND_TEXT && *ret_max == INT64_MAX)
		*ret_max = MAX_TEXT;
	if (field->kind == GD_KIND_NAME && *ret_max >= (int64_t)field->size)
		*ret_max = (int64_t)field->size - 1;
}

/* --- text to value ------------------------------------------------------------------- */

/* What people write and the parsers don't take, and what they meant. */
static const struct {
	const char *written;
	const char *meant;
	enum gd_kind kind;
} unit_slips[] = {
	{"sec", "s", GD_KIND_DURATION},      {"secs", "s", GD_KIND_DURATION},
	{"second", "s", GD_KIND_DURATION},   {"seconds", "s", GD_KIND_DURATION},
	{"", "s", GD_KIND_DURATION},         {"msec", "ms", GD_KIND_DURATION},
	{"msecs", "ms", GD_KIND_DURATION},   {"millis", "ms", GD_KIND_DURATION},
	{"usec", "us", GD_KIND_DURATION},    {"mins", "m", GD_KIND_DURATION},
	{"minute", "m", GD_KIND_DURATION},   {"minutes", "m", GD_KIND_DURATION},
	{"hr", "h", GD_KIND_DURATION},       {"hour", "h", GD_KIND_DURATION},
	{"hours", "h", GD_KIND_DURATION},    {"pct", "%", GD_KIND_RATIO},
	{"percent", "%", GD_KIND_RATIO},     {"bps", "bit", GD_KIND_BITRATE},
	{"kbps", "kbit", GD_KIND_BITRATE},   {"mbps", "mbit", GD_KIND_BITRATE},
	{"gbps", "gbit", GD_KIND_BITRATE},   {"kbit/s", "kbit", GD_KIND_BITRATE},
	{"mbit/s", "mbit", GD_KIND_BITRATE}, {"gbit/s", "gbit", GD_KIND_BITRATE},
	{"k", "kbit", GD_KIND_BITRATE},      {"m", "mbit", GD_KIND_BITRATE},
	{"kib", "KiB", GD_KIND_BYTES},       {"mib", "MiB", GD_KIND_BYTES},
	{"gib", "GiB", GD_KIND_BYTES},       {"mb", "MB", GD_KIND_BYTES},
	{"m", "MiB", GD_KIND_BYTES},         {"g", "GiB", GD_KIND_BYTES},
	{"rps", "/s", GD_KIND_FREQ},         {"qps", "/s", GD_KIND_FREQ},
	{"/sec", "/s", GD_KIND_FREQ},        {"/second", "/s", GD_KIND_FREQ},
	{"ps", "/s", GD_KIND_FREQ},          {"req/s", "/s", GD_KIND_FREQ},
	{"/minute", "/m", GD_KIND_FREQ},     {"hz", "/s", GD_KIND_FREQ},
};

/* The unit meant, for a number with a unit that is only nearly one; NULL: no idea. */
static const char *unit_meant(enum gd_kind kind, const char *unit)
{
	static const char *const exact[] = {"ns", "us", "ms", "s", "m", "h"};

	if (kind == GD_KIND_SPAN_RANGE)
		kind = GD_KIND_DURATION;
	if (kind == GD_KIND_COURSE)
		kind = GD_KIND_FREQ;
	for (size_t i = 0; i < GD_N_ELEMS(unit_slips); i++)
		if (unit_slips[i].kind == kind &&
		    strcasecmp(unit_slips[i].written, unit) == 0)
			return unit_slips[i].meant;
	for (size_t i = 0; kind == GD_KIND_DURATION && i < GD_N_ELEMS(exact); i++)
		if (strcasecmp(exact[i], unit) == 0)
			return exact[i];
	return NULL;
}

/* Adds "did you mean 5s?" to an error about a quantity. Returns -1. */
static int add_unit_hint(const struct gd_field *field, const char *text,
			 struct gd_error *err)
{
	size_t digits = strspn(text, "0123456789.");
	const char *meant, *unit = text + digits;
	size_t len = strlen(err->text);

	if (digits == 0 || digits > 20)
		return -1;
	unit += strspn(unit, " ");
	meant = unit_meant(field->kind, unit);
	if (meant)
		(void)snprintf(err->text + len, sizeof(err->text) - len,
			       "; did you mean %.*s%s?", (int)digits, text, meant);
	return -1;
}

static int check_range(const struct gd_field *field, int64_t value, const char *text,
		       struct gd_error *err)
{
	GD_AUTO_STRBUF(limit);
	int64_t min, max;

	gd_value_range(field, &min, &max);
	if (value >= min && value <= max)
		return 0;
	if (max != INT64_MAX && min != INT64_MIN) {
		gd_value_print_limit(field, min, &limit);
		gd_strbuf_adds(&limit, " to ");
		gd_value_print_limit(field, max, &limit);
		return gd_raise(err, GD_E_INPUT, "%.60s is out of range: %s", text,
				gd_strbuf_str(&limit));
	}
	gd_value_print_limit(field, value < min ? min : max, &limit);
	return gd_raise(err, GD_E_INPUT, "%.60s is out of range: at %s %s", text,
			value < min ? "least" : "most", gd_strbuf_str(&limit));
}

static int parse_bool(const char *text, bool *ret, struct gd_error *err)
{
	static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false",
									       "no",
									       "off"};

	for (size_t i = 0; i < GD_N_ELEMS(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*ret = strcasecmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return gd_raise(err, GD_E_INPUT, "\"%.40s\" is neither true nor false", text);
}

static int parse_int(const char *text, int64_t *ret, struct gd_error *err)
{
	const char *digits = text + (*text == '-' || *text == '+');
	char *end;

	errno = 0;
	*ret = strtoll(text, &end, 10);
	if (!*digits || strspn(digits, "0123456789") != strlen(digits) || errno)
		return gd_raise(err, GD_E_INPUT, "\"%.40s\" is not a whole number", text);
	return 0;
}

/* The limits of a DOUBLE are whole numbers, but the value in between need not be. */
static int parse_double(const struct gd_field *field, const char *text, double *ret,
			struct gd_error *err)
{
	int64_t min, max;
	char *end;

	*ret = strtod(text, &end);
	if (end == text || *end || !isfinite(*ret) || strpbrk(text, "xXpP \t\n"))
		return gd_raise(err, GD_E_INPUT, "\"%.40s\" is not a number", text);
	gd_value_range(field, &min, &max);
	if (min != INT64_MIN && *ret < (double)min)
		return check_range(field, min - 1, text, err);
	if (max != INT64_MAX && *ret > (double)max)
		return check_range(field, max + 1, text, err);
	return 0;
}

static int parse_freq(const struct gd_field *field, const char *text, struct gd_freq *ret,
		      struct gd_error *err)
{
	if (gd_freq_parse(text, ret, err) < 0)
		return add_unit_hint(field, text, err);
	if (fabs(ret->per_s) > 1e12)
		return gd_raise(err, GD_E_INPUT, "%.60s is out of range", text);
	return check_range(field, llround(ret->per_s * 1000), text, err);
}

static int parse_course(const struct gd_field *field, const char *text,
			struct gd_course *ret, struct gd_error *err)
{
	if (gd_course_parse(text, ret, err) < 0)
		return add_unit_hint(field, text, err);
	if (gd_course_peak(ret) > 1e12)
		return gd_raise(err, GD_E_INPUT, "%.60s is out of range", text);
	if (check_range(field, llround(gd_course_least(ret) * 1000), text, err) < 0)
		return -1;
	return check_range(field, llround(gd_course_peak(ret) * 1000), text, err);
}

/* "20ms..500ms"; one duration stands for both ends. */
static int parse_span_range(const struct gd_field *field, const char *text,
			    struct gd_span_range *ret, struct gd_error *err)
{
	const char *dots = strstr(text, "..");
	const char *second = dots ? dots + 2 : text;
	char first[40];

	if (dots && (size_t)(dots - text) >= sizeof(first))
		return gd_raise(err, GD_E_INPUT, "\"%.40s\" is not a range of durations",
				text);
	(void)snprintf(first, sizeof(first), "%.*s", dots ? (int)(dots - text) : 39,
		       text);
	if (gd_span_parse(first, &ret->min, err) < 0)
		return add_unit_hint(field, first, err);
	if (gd_span_parse(second, &ret->max, err) < 0)
		return add_unit_hint(field, second, err);
	if (ret->min.ns > ret->max.ns)
		return gd_raise(err, GD_E_INPUT,
				"%.60s goes backwards: write the smaller first", text);
	if (check_range(field, ret->min.ns, first, err) < 0)
		return -1;
	return check_range(field, ret->max.ns, second, err);
}

static int parse_enum(const struct gd_field *field, const char *text, int *ret,
		      struct gd_error *err)
{
	const char *names[64] = {NULL};
	GD_AUTO_STRBUF(list);
	const char *near;
	size_t n = 0;

	for (const struct gd_choice *c = field->choices; c->name; c++) {
		if (strcmp(c->name, text) == 0) {
			*ret = c->value;
			return 0;
		}
		if (n < GD_N_ELEMS(names))
			names[n++] = c->name;
		gd_strbuf_addf(&list, "%s%s", list.len ? ", " : "", c->name);
	}
	near = gd_suggest(text, names, n);
	if (near)
		return gd_raise(err, GD_E_INPUT,
				"\"%.40s\" is not one of %s; did you mean \"%s\"?", text,
				gd_strbuf_str(&list), near);
	return gd_raise(err, GD_E_INPUT, "\"%.40s\" is not one of %s", text,
			gd_strbuf_str(&list));
}

static int check_length(const struct gd_field *field, size_t len, struct gd_error *err)
{
	int64_t min, max;

	gd_value_range(field, &min, &max);
	if (len == 0 && min > 0)
		return gd_raise(err, GD_E_INPUT, "is empty");
	if (min > 0 && len < (size_t)min)
		return gd_raise(err, GD_E_INPUT,
				"is too short: %zu bytes, at least %" PRId64, len, min);
	if (len > (size_t)max)
		return gd_raise(err, GD_E_INPUT,
				"is too long: %zu bytes, at most %" PRId64, len, max);
	return 0;
}

static int parse_text(const struct gd_field *field, const char *text, void *member,
		      struct gd_error *err)
{
	char *copy;

	if (check_length(field, strlen(text), err) < 0)
		return -1;
	if (field->kind == GD_KIND_NAME) {
		memcpy(member, text, strlen(text) + 1);
		return 0;
	}
	copy = strdup(text);
	if (!copy)
		return gd_raise_nomem(err);
	free(*(char **)member);
	*(char **)member = copy;
	return 0;
}

/* The kinds that are one int64_t in a struct; their parsers name the form that is wanted. */
static int parse_quantity(const struct gd_field *field, const char *text, void *member,
			  struct gd_error *err)
{
	const int64_t *value = member;
	int rc;

	if (field->kind == GD_KIND_DURATION)
		rc = gd_span_parse(text, member, err);
	else if (field->kind == GD_KIND_RATIO)
		rc = gd_ratio_parse(text, member, err);
	else if (field->kind == GD_KIND_BITRATE)
		rc = gd_bitrate_parse(text, member, err);
	else
		rc = gd_bytes_parse(text, member, err);
	if (rc < 0)
		return add_unit_hint(field, text, err);
	return check_range(field, *value, text, err);
}

int gd_value_parse(const struct gd_field *field, const char *text, void *member,
		   struct gd_error *err)
{
	switch (field->kind) {
	case GD_KIND_BOOL:
		return parse_bool(text, member, err);
	case GD_KIND_INT:
		if (parse_int(text, member, err) < 0)
			return -1;
		return check_range(field, *(int64_t *)member, text, err);
	case GD_KIND_DOUBLE:
		return parse_double(field, text, member, err);
	case GD_KIND_FREQ:
		return parse_freq(field, text, member, err);
	case GD_KIND_COURSE:
		return parse_course(field, text, member, err);
	case GD_KIND_SPAN_RANGE:
		return parse_span_range(field, text, member, err);
	case GD_KIND_ENUM:
		return parse_enum(field, text, member, err);
	case GD_KIND_TEXT:
	case GD_KIND_NAME:
		return parse_text(field, text, member, err);
	case GD_KIND_DURATION:
	case GD_KIND_RATIO:
	case GD_KIND_BITRATE:
	case GD_KIND_BYTES:
		return parse_quantity(field, text, member, err);
	case GD_KIND_OBJECT:
	case GD_KIND_LIST:
	case GD_KIND_MAP:
	case GD_KIND_NODE:
		break;
	}
	return gd_raise(err, GD_E_BUG, "a nested field has no text form");
}

/* --- value to text ------------------------------------------------------------------- */

static void print_ratio(struct gd_ratio v, struct gd_strbuf *out)
{
	char buf[32];

	/* Ten digits are exact up to 100 %; above, write the digits themselves. */
	if (v.ppb >= -INT64_C(1000000000) && v.ppb <= INT64_C(1000000000))
		gd_strbuf_adds(out, gd_ratio_format(v, buf));
	else
		gd_strbuf_addf(out, "%.17g", (double)v.ppb / 1e9);
}

static void print_enum(const struct gd_field *field, int value, struct gd_strbuf *out)
{
	for (const struct gd_choice *c = field->choices; c->name; c++) {
		if (c->value == value) {
			gd_strbuf_adds(out, c->name);
			return;
		}
	}
}

static void print_span_range(struct gd_span_range v, struct gd_strbuf *out)
{
	char buf[32];

	gd_strbuf_adds(out, gd_span_format(v.min, buf));
	if (v.max.ns != v.min.ns)
		gd_strbuf_addf(out, "..%s", gd_span_format(v.max, buf));
}

void gd_value_print(const struct gd_field *field, const void *member,
		    struct gd_strbuf *out)
{
	const char *text;
	char buf[32], course[GD_COURSE_TEXT_MAX];

	switch (field->kind) {
	case GD_KIND_BOOL:
		gd_strbuf_adds(out, *(const bool *)member ? "true" : "false");
		break;
	case GD_KIND_INT:
		gd_strbuf_addf(out, "%" PRId64, *(const int64_t *)member);
		break;
	case GD_KIND_DOUBLE:
		gd_strbuf_addf(out, "%.17g", *(const double *)member);
		break;
	case GD_KIND_DURATION:
		gd_strbuf_adds(out, gd_span_format(*(const struct gd_span *)member, buf));
		break;
	case GD_KIND_RATIO:
		print_ratio(*(const struct gd_ratio *)member, out);
		break;
	case GD_KIND_BITRATE:
		gd_strbuf_adds(
			out, gd_bitrate_format(*(const struct gd_bitrate *)member, buf));
		break;
	case GD_KIND_BYTES:
		gd_strbuf_adds(out,
			       gd_bytes_format(*(const struct gd_bytes *)member, buf));
		break;
	case GD_KIND_FREQ:
		gd_strbuf_adds(out, gd_freq_format(*(const struct gd_freq *)member, buf));
		break;
	case GD_KIND_COURSE:
		gd_strbuf_adds(out, gd_course_format(member, course));
		break;
	case GD_KIND_SPAN_RANGE:
		print_span_range(*(const struct gd_span_range *)member, out);
		break;
	case GD_KIND_ENUM:
		print_enum(field, *(const int *)member, out);
		break;
	case GD_KIND_TEXT:
		text = *(char *const *)member;
		gd_strbuf_adds(out, text ? text : "");
		break;
	case GD_KIND_NAME:
		gd_strbuf_adds(out, member);
		break;
	case GD_KIND_OBJECT:
	case GD_KIND_LIST:
	case GD_KIND_MAP:
	case GD_KIND_NODE:
		break;
	}
}

void gd_value_print_limit(const struct gd_field *field, int64_t limit,
			  struct gd_strbuf *out)
{
	struct gd_freq freq = {(double)limit / 1000};
	char buf[32];

	switch (field->kind) {
	case GD_KIND_DURATION:
	case GD_KIND_SPAN_RANGE:
		gd_strbuf_adds(out, gd_span_format((struct gd_span){limit}, buf));
		break;
	case GD_KIND_RATIO:
		print_ratio((struct gd_ratio){limit}, out);
		break;
	case GD_KIND_BITRATE:
		gd_strbuf_adds(out, gd_bitrate_format((struct gd_bitrate){limit}, buf));
		break;
	case GD_KIND_BYTES:
		gd_strbuf_adds(out, gd_bytes_format((struct gd_bytes){limit}, buf));
		break;
	case GD_KIND_FREQ:
	case GD_KIND_COURSE:
		gd_strbuf_adds(out, gd_freq_format(freq, buf));
		break;
	case GD_KIND_BOOL:
	case GD_KIND_INT:
	case GD_KIND_DOUBLE:
	case GD_KIND_ENUM:
	case GD_KIND_TEXT:
	case GD_KIND_NAME:
	case GD_KIND_OBJECT:
	case GD_KIND_LIST:
	case GD_KIND_MAP:
	case GD_KIND_NODE:
		gd_strbuf_addf(out, "%" PRId64, limit);
		break;
	}
}
