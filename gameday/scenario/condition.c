/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text is cut into words and operators first, each with its offset, so that every error
 * can point at the word it is about; then the words are taken one after the other.
 */
#include "gameday/scenario/condition.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/load/counts.h"

enum { MAX_TOKENS = 12, MAX_TOKEN = 200, MAX_TEXT = 1000 };

struct token {
	const char *start;
	size_t len;
};

struct parser {
	const char *text;
	struct gd_pos pos;
	struct token tokens[MAX_TOKENS];
	size_t n, next;
};

static const char *const op_names[] = {
	[GD_OP_LT] = "<",  [GD_OP_LE] = "<=", [GD_OP_GT] = ">",
	[GD_OP_GE] = ">=", [GD_OP_EQ] = "==", [GD_OP_NE] = "!=",
};

#define COUNT_ROW(name, unit, largest, group, help) {#name, GD_UNIT_##unit, help},

const struct gd_metric_row gd_load_metrics[] = {
	{"p50", GD_UNIT_DURATION, "median time of a request, from its intended start"},
	{"p90", GD_UNIT_DURATION, "90th percentile of the time of a request"},
	{"p99", GD_UNIT_DURATION, "99th percentile of the time of a request"},
	{"p999", GD_UNIT_DURATION, "99.9th percentile of the time of a request"},
	{"max", GD_UNIT_DURATION, "longest request"},
	{"min", GD_UNIT_DURATION, "shortest request"},
	{"mean", GD_UNIT_DURATION, "mean time of a request"},
	{"attempt_p50", GD_UNIT_DURATION,
	 "median time of one attempt, from its own start"},
	{"attempt_p99", GD_UNIT_DURATION, "99th percentile of the time of one attempt"},
	{"connect_p50", GD_UNIT_DURATION, "median time to make a TCP connection"},
	{"connect_p99", GD_UNIT_DURATION, "99th percentile of it"},
	{"handshake_p50", GD_UNIT_DURATION, "median time for TLS on a new connection"},
	{"handshake_p99", GD_UNIT_DURATION, "99th percentile of it"},
	{"success", GD_UNIT_RATIO, "requests that succeeded in the end, of all"},
	{"rate", GD_UNIT_FREQ, "requests finished per second"},
	{"attempts_per_request", GD_UNIT_COUNT, "attempts made per request"},
	{"requests", GD_UNIT_COUNT, "requests finished"},
	{"ok", GD_UNIT_COUNT, "requests that succeeded"},
	{"errors", GD_UNIT_COUNT, "requests that failed in the end"},
	{"error_rate", GD_UNIT_RATIO, "requests that failed in the end, of all"},
	{"timeouts", GD_UNIT_COUNT, "requests that failed because no reply came in time"},
	{"resets", GD_UNIT_COUNT,
	 "requests that failed because the connection was reset"},
	{"attempts", GD_UNIT_COUNT, "attempts made"},
	{"retries", GD_UNIT_COUNT, "attempts that repeat one that failed"},
	{"retries_denied", GD_UNIT_COUNT, "retries that the budget did not allow"},
	{"amplification", GD_UNIT_COUNT, "the same as attempts_per_request"},
	{"goodput", GD_UNIT_FREQ, "requests that succeeded per second"},
	{"wasted", GD_UNIT_RATIO, "attempts that brought no request its answer, of all"},
	{"drained", GD_UNIT_DURATION,
	 "from the end of the last fault before the stage until no more requests are under way than in the baseline"},
	{"rtt", GD_UNIT_DURATION, "mean of TCP's smoothed round-trip time"},
	GD_COUNTS(COUNT_ROW){0},
};

const char *gd_op_name(enum gd_op op)
{
	return op_names[op];
}

bool gd_op_holds(enum gd_op op, double left, double right)
{
	switch (op) {
	case GD_OP_LT:
		return left < right;
	case GD_OP_LE:
		return left <= right;
	case GD_OP_GT:
		return left > right;
	case GD_OP_GE:
		return left >= right;
	case GD_OP_EQ:
		return left <= right && left >= right;
	case GD_OP_NE:
		return left < right || left > right;
	}
	return false;
}

void gd_condition_fini(struct gd_condition *c)
{
	free(c->source);
	free(c->subject);
	free(c->part);
	free(c->metric);
	free(c->stage);
	free(c->reference);
	*c = (struct gd_condition){0};
}

/* --- words --------------------------------------------------------------------------- */

static bool is_op_char(char c)
{
	return c == '<' || c == '>' || c == '=' || c == '!';
}

static struct gd_pos place(const struct parser *p, const char *at)
{
	struct gd_pos pos = p->pos;

	for (const char *s = p->text; pos.column > 0 && s < at; s++)
		if (((unsigned char)*s & 0xc0) != 0x80)
			pos.column++;
	return pos;
}

/* Where the next word is; behind the last one when there is none. */
static const char *here(const struct parser *p)
{
	return p->next < p->n ? p->tokens[p->next].start : p->text + strlen(p->text);
}

static int cut(struct parser *p, struct gd_error *err)
{
	const char *s = p->text;

	for (;;) {
		const char *start;
		bool op;

		s += strspn(s, " \t\r\n");
		if (!*s)
			return 0;
		start = s;
		op = is_op_char(*s);
		while (*s && !isspace((unsigned char)*s) && is_op_char(*s) == op)
			s++;
		if (p->n == MAX_TOKENS || s - start > MAX_TOKEN)
			return gd_raise_at(err, GD_E_INPUT, place(p, start),
					   "the condition is too long from here on");
		p->tokens[p->n++] = (struct token){start, (size_t)(s - start)};
	}
}

static bool token_is(const struct parser *p, size_t i, const char *word)
{
	return i < p->n && p->tokens[i].len == strlen(word) &&
	       strncmp(p->tokens[i].start, word, p->tokens[i].len) == 0;
}

static int copy_token(struct token t, char **ret, struct gd_error *err)
{
	*ret = strndup(t.start, t.len);
	return *ret ? 0 : gd_raise_nomem(err);
}

static bool is_name(struct token t)
{
	if (t.len == 1 && *t.start == '*')
		return true;
	for (size_t i = 0; i < t.len; i++)
		if (!isalnum((unsigned char)t.start[i]) && t.start[i] != '-' &&
		    t.start[i] != '_')
			return false;
	return t.len > 0;
}

/* --- METRIC [in STAGE] OP ------------------------------------------------------------ */

static int bad_metric(const struct parser *p, struct token t, size_t n_parts,
		      struct gd_error *err)
{
	if (t.len > 6 && strncmp(t.start + t.len - 6, ".p99.9", 6) == 0)
		return gd_raise_at(err, GD_E_INPUT, place(p, t.start),
				   "\"%.*s\": write the 99.9th percentile as p999",
				   (int)t.len, t.start);
	return gd_raise_at(
		err, GD_E_INPUT, place(p, t.start),
		"\"%.*s\" has %zu part%s: write LOAD.CLIENT.METRIC, as in "
		"checkout.plain.p99, or ROLE.WATCH.METRIC, as in server.nic.drops",
		(int)t.len, t.start, n_parts, n_parts == 1 ? "" : "s");
}

static int take_metric(struct parser *p, struct gd_condition *c, struct gd_error *err)
{
	struct token t, parts[4] = {0};
	const char *s, *end;
	size_t n = 0;

	if (p->n == 0)
		return gd_raise_at(err, GD_E_INPUT, p->pos, "the condition is empty");
	t = p->tokens[p->next++];
	end = t.start + t.len;
	for (s = t.start; n < GD_N_ELEMS(parts); s++) {
		size_t len = strcspn(s, ".");

		len = len < (size_t)(end - s) ? len : (size_t)(end - s);
		parts[n++] = (struct token){s, len};
		s += len;
		if (s >= end)
			break;
	}
	if (n < 2 || n > 3)
		return bad_metric(p, t, n, err);
	for (size_t i = 0; i < n; i++)
		if (!is_name(parts[i]))
			return gd_raise_at(err, GD_E_INPUT, place(p, parts[i].start),
					   "\"%.*s\" is not a name", (int)parts[i].len,
					   parts[i].start);
	c->metric_pos = place(p, parts[n - 1].start);
	if (n == 3) {
		c->part_pos = place(p, parts[1].start);
		if (copy_token(parts[1], &c->part, err) < 0)
			return -1;
	}
	if (copy_token(parts[0], &c->subject, err) < 0)
		return -1;
	return copy_token(parts[n - 1], &c->metric, err);
}

static int take_stage_name(struct parser *p, const char *after, char **ret,
			   struct gd_pos *ret_pos, struct gd_error *err)
{
	struct token t;

	if (p->next == p->n || !is_name(p->tokens[p->next]))
		return gd_raise_at(err, GD_E_INPUT, place(p, here(p)),
				   "a stage's name is missing after \"%s\"", after);
	t = p->tokens[p->next++];
	*ret_pos = place(p, t.start);
	return copy_token(t, ret, err);
}

static int take_op(struct parser *p, enum gd_op *ret, struct gd_error *err)
{
	static const struct {
		const char *written, *meant;
	} slips[] = {
		{"=", "=="}, {"=>", ">="}, {"=<", "<="}, {"<>", "!="}, {"===", "=="}};
	struct token t;

	for (size_t i = 0; i < GD_N_ELEMS(op_names); i++) {
		if (token_is(p, p->next, op_names[i])) {
			*ret = (enum gd_op)i;
			p->next++;
			return 0;
		}
	}
	for (size_t i = 0; i < GD_N_ELEMS(slips); i++)
		if (token_is(p, p->next, slips[i].written))
			return gd_raise_at(
				err, GD_E_INPUT, place(p, here(p)),
				"\"%s\" is no comparison; did you mean \"%s\"?",
				slips[i].written, slips[i].meant);
	if (p->next == p->n)
		return gd_raise_at(
			err, GD_E_INPUT, place(p, here(p)),
			"a comparison is missing: < <= > >= == or !=, then a value");
	t = p->tokens[p->next];
	return gd_raise_at(err, GD_E_INPUT, place(p, t.start),
			   "\"%.*s\": expected a comparison: < <= > >= == or !=",
			   (int)t.len, t.start);
}

/* --- VALUE [for DURATION], FACTORx STAGE --------------------------------------------- */

/* A factor: digits and an x, nothing else. */
static bool parse_factor(const char *text, double *ret)
{
	size_t digits = strspn(text, "0123456789.");
	char *end;

	if (digits == 0 || digits > 18 || strcmp(text + digits, "x") != 0)
		return false;
	*ret = strtod(text, &end);
	return end == text + digits;
}

static bool parse_count(const char *text, double *ret)
{
	const char *digits = text + (*text == '-');
	size_t n = strspn(digits, "0123456789.");
	char *end;

	if (n == 0 || n > 18 || digits[n])
		return false;
	*ret = strtod(text, &end);
	return end == digits + n;
}

/* Tries each quantity; their units differ, so at most one fits. */
static int parse_value(const char *text, struct gd_condition *c, struct gd_error *err)
{
	struct gd_error ignored = GD_ERROR_INIT;
	struct gd_ratio ratio;
	struct gd_bytes bytes;
	struct gd_span span;
	struct gd_freq freq;

	if (parse_count(text, &c->value)) {
		c->unit = GD_UNIT_COUNT;
	} else if (gd_ratio_parse(text, &ratio, &ignored) == 0) {
		c->unit = GD_UNIT_RATIO;
		c->value = (double)ratio.ppb / 1e9;
	} else if (gd_span_parse(text, &span, &ignored) == 0) {
		c->unit = GD_UNIT_DURATION;
		c->value = (double)span.ns;
	} else if (gd_freq_parse(text, &freq, &ignored) == 0) {
		c->unit = GD_UNIT_FREQ;
		c->value = freq.per_s;
	} else if (gd_bytes_parse(text, &bytes, &ignored) == 0) {
		c->unit = GD_UNIT_BYTES;
		c->value = (double)bytes.n;
	} else {
		return gd_raise(
			err, GD_E_INPUT,
			"\"%.60s\" is not a value: write a duration (50ms), a ratio "
			"(99.9%%), a rate (200/s), a size (64KiB), a plain number, or "
			"a factor and a stage (2x baseline)",
			text);
	}
	return 0;
}

/* All words up to `for` or the end, so that "50 ms" is one value. */
static int join_value(struct parser *p, char *buf, size_t size, struct gd_error *err)
{
	size_t len = 0;

	buf[0] = '\0';
	while (p->next < p->n && !token_is(p, p->next, "for")) {
		struct token t = p->tokens[p->next++];

		if (len + t.len + 2 > size)
			return gd_raise_at(err, GD_E_INPUT, place(p, t.start),
					   "the value is too long");
		len += (size_t)snprintf(buf + len, size - len, "%s%.*s", len ? " " : "",
					(int)t.len, t.start);
	}
	return 0;
}

static int take_value(struct parser *p, struct gd_condition *c, struct gd_error *err)
{
	const char *at = here(p);
	char first[MAX_TOKEN + 1], value[MAX_TOKEN * 2];

	c->value_pos = place(p, at);
	if (p->next == p->n)
		return gd_raise_at(err, GD_E_INPUT, c->value_pos,
				   "a value is missing after %s", gd_op_name(c->op));
	(void)snprintf(first, sizeof(first), "%.*s", (int)p->tokens[p->next].len, at);
	if (parse_factor(first, &c->value)) {
		p->next++;
		c->relative = true;
		c->unit = GD_UNIT_COUNT;
		return take_stage_name(p, first, &c->reference, &c->reference_pos, err);
	}
	if (join_value(p, value, sizeof(value), err) < 0)
		return -1;
	if (parse_value(value, c, err) < 0) {
		err->pos = c->value_pos;
		return -1;
	}
	return 0;
}

static int take_hold(struct parser *p, struct gd_condition *c, struct gd_error *err)
{
	char text[MAX_TOKEN * 2];
	const char *at;

	if (p->next == p->n)
		return 0;
	if (!token_is(p, p->next, "for"))
		return gd_raise_at(
			err, GD_E_INPUT, place(p, here(p)),
			"\"%.40s\": nothing is expected here but \"for DURATION\"",
			here(p));
	c->hold_pos = place(p, here(p));
	p->next++;
	at = here(p);
	if (join_value(p, text, sizeof(text), err) < 0)
		return -1;
	if (gd_span_parse(text, &c->hold, err) < 0) {
		err->pos = place(p, at);
		return -1;
	}
	if (p->next < p->n || c->hold.ns <= 0)
		return gd_raise_at(err, GD_E_INPUT,
				   place(p, p->next < p->n ? here(p) : at),
				   "one duration above zero belongs after \"for\"");
	return 0;
}

static int parse(struct parser *p, struct gd_condition *c, struct gd_error *err)
{
	if (cut(p, err) < 0 || take_metric(p, c, err) < 0)
		return -1;
	if (token_is(p, p->next, "in")) {
		p->next++;
		if (take_stage_name(p, "in", &c->stage, &c->stage_pos, err) < 0)
			return -1;
	}
	if (take_op(p, &c->op, err) < 0 || take_value(p, c, err) < 0)
		return -1;
	return take_hold(p, c, err);
}

int gd_condition_parse(const char *text, struct gd_pos pos, struct gd_condition *ret,
		       struct gd_error *err)
{
	struct parser p = {.text = text, .pos = pos};
	struct gd_condition c = {.pos = pos};

	if (strlen(text) > MAX_TEXT)
		return gd_raise_at(err, GD_E_INPUT, pos,
				   "the condition is longer than %d bytes", MAX_TEXT);
	c.source = strdup(text);
	if (!c.source)
		return gd_raise_nomem(err);
	if (parse(&p, &c, err) < 0) {
		gd_condition_fini(&c);
		return -1;
	}
	*ret = c;
	return 0;
}
