/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/proto/template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 4096, UUID_LEN = 36, UINT64_DIGITS = 20 };

static const char forms[] =
	"${seq}, ${random:A..B}, ${text:N}, ${uuid}; $${ for a plain ${";

/* --- compiling ------------------------------------------------------------------------ */

const char *gd_template_place_end(const char *s)
{
	const char *close = strchr(s, '}');

	return close ? close + 1 : NULL;
}

static size_t digits_of(uint64_t v)
{
	size_t n = 1;

	for (; v >= 10; v /= 10)
		n++;
	return n;
}

/* A number at s; NULL when there is none, else what follows it. */
static const char *take_number(const char *s, uint64_t *ret)
{
	char *end = NULL;

	if (*s < '0' || *s > '9')
		return NULL;
	errno = 0;
	*ret = strtoull(s, &end, 10);
	return errno == 0 && *ret <= INT64_MAX ? end : NULL;
}

static bool parse_random(const char *s, const char *end, struct gd_template_part *p)
{
	s = take_number(s, &p->a);
	if (!s || strncmp(s, "..", 2) != 0)
		return false;
	s = take_number(s + 2, &p->b);
	return s == end && p->a <= p->b;
}

/* The words between the braces, [s, end); false when they are none that we know. */
static bool parse_place(const char *s, const char *end, struct gd_template_part *p)
{
	size_t len = (size_t)(end - s);

	*p = (struct gd_template_part){0};
	if (len == 3 && memcmp(s, "seq", 3) == 0) {
		p->kind = GD_TEMPLATE_SEQ;
		return true;
	}
	if (len == 4 && memcmp(s, "uuid", 4) == 0) {
		p->kind = GD_TEMPLATE_UUID;
		return true;
	}
	if (len > 7 && memcmp(s, "random:", 7) == 0) {
		p->kind = GD_TEMPLATE_RANDOM;
		return parse_random(s + 7, end, p);
	}
	if (len > 5 && memcmp(s, "text:", 5) == 0) {
		p->kind = GD_TEMPLATE_TEXT;
		return take_number(s + 5, &p->a) == end && p->a >= 1 && p->a <= MAX_TEXT;
	}
	return false;
}

static size_t max_of(const struct gd_template_part *p)
{
	switch (p->kind) {
	case GD_TEMPLATE_LITERAL:
		return (size_t)p->b;
	case GD_TEMPLATE_SEQ:
		return UINT64_DIGITS;
	case GD_TEMPLATE_RANDOM:
		return digits_of(p->b);
	case GD_TEMPLATE_TEXT:
		return (size_t)p->a;
	case GD_TEMPLATE_UUID:
		return UUID_LEN;
	}
	return 0;
}

/* Room for a part more; NULL when there is none. */
static struct gd_template_part *add_part(struct gd_template *t)
{
	return t->n_parts < GD_TEMPLATE_MAX_PARTS ? &t->parts[t->n_parts++] : NULL;
}

static bool add_literal(struct gd_template *t, size_t *n, const char *s, size_t len)
{
	struct gd_template_part *p = t->n_parts > 0 ? &t->parts[t->n_parts - 1] : NULL;

	if (len == 0)
		return true;
	if (!p || p->kind != GD_TEMPLATE_LITERAL) {
		p = add_part(t);
		if (!p)
			return false;
		*p = (struct gd_template_part){.kind = GD_TEMPLATE_LITERAL, .a = *n};
	}
	memcpy(t->literals + *n, s, len);
	*n += len;
	p->b += len;
	return true;
}

static int too_many(struct gd_error *err)
{
	return gd_raise(err, GD_E_INPUT, "more than %d places in one text",
			GD_TEMPLATE_MAX_PARTS / 2);
}

/* s begins with "${"; *ret_next is behind the place. */
static int add_place(struct gd_template *t, const char *s, const char **ret_next,
		     struct gd_error *err)
{
	const char *next = gd_template_place_end(s);
	struct gd_template_part *p;

	if (!next)
		return gd_raise(err, GD_E_INPUT,
				"'%.40s' has no closing brace; there is %s", s, forms);
	p = add_part(t);
	if (!p)
		return too_many(err);
	if (!parse_place(s + 2, next - 1, p))
		return gd_raise(err, GD_E_INPUT, "'%.*s' is not possible; there is %s",
				(int)(next - s < 60 ? next - s : 60), s, forms);
	*ret_next = next;
	return 0;
}

static int compile(const char *s, struct gd_template *t, struct gd_error *err)
{
	size_t n = 0;

	while (*s) {
		size_t len = strcspn(s, "$");

		if (!add_literal(t, &n, s, len))
			return too_many(err);
		s += len;
		if (strncmp(s, "${", 2) == 0) {
			if (add_place(t, s, &s, err) < 0)
				return -1;
		} else if (*s) {
			/* "$${" gives its second half, any other dollar itself. */
			len = strncmp(s, "$${", 3) == 0 ? 3 : 1;
			if (!add_literal(t, &n, s + (len == 3), len - (len == 3)))
				return too_many(err);
			s += len;
		}
	}
	for (size_t i = 0; i < t->n_parts; i++)
		t->max += max_of(&t->parts[i]);
	return 0;
}

int gd_template_compile(const char *text, struct gd_template *ret, struct gd_error *err)
{
	struct gd_template t = {.literals = malloc(strlen(text) + 1)};

	if (!t.literals)
		return gd_raise_nomem(err);
	if (compile(text, &t, err) < 0) {
		gd_template_fini(&t);
		return -1;
	}
	*ret = t;
	return 0;
}

void gd_template_fini(struct gd_template *t)
{
	free(t->literals);
	*t = (struct gd_template){0};
}

bool gd_template_is_constant(const struct gd_template *t)
{
	return t->n_parts == 0 ||
	       (t->n_parts == 1 && t->parts[0].kind == GD_TEMPLATE_LITERAL);
}

/* --- rendering ------------------------------------------------------------------------ */

uint64_t gd_template_mix(uint64_t seed, uint64_t number, uint64_t place)
{
	uint64_t z = seed + (number + 1) * UINT64_C(0x9e3779b97f4a7c15) +
		     place * UINT64_C(0xd1342543de82ef95);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t random_of(const struct gd_template_part *p, uint64_t r)
{
	/* The range ends at 2^63 at most, so its width can't be 2^64. */
	return p->a + r % (p->b - p->a + 1);
}

static size_t put_number(uint64_t v, char *out)
{
	size_t n = digits_of(v);

	for (size_t i = n; i-- > 0; v /= 10)
		out[i] = (char)('0' + v % 10);
	return n;
}

static size_t put_text(uint64_t r, size_t n, char *out)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	uint64_t v = r;

	for (size_t i = 0; i < n; i++) {
		/* 36^12 fits into 64 bits: so many letters come of one number. */
		if (i % 12 == 0)
			v = gd_template_mix(r, i, 0);
		out[i] = letters[v % 36];
		v /= 36;
	}
	return n;
}

static size_t put_uuid(uint64_t r, char *out)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t v[2] = {r, gd_template_mix(r, 1, 0)};

	v[0] = (v[0] & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
	v[1] = (v[1] & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
	for (size_t i = 0, k = 0; i < UUID_LEN; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			out[i] = '-';
			continue;
		}
		out[i] = digits[v[k / 16] >> (60 - 4 * (k % 16)) & 15];
		k++;
	}
	return UUID_LEN;
}

size_t gd_template_render(const struct gd_template *t, uint64_t seed, uint64_t number,
			  char *out)
{
	char *begin = out;

	for (size_t i = 0; i < t->n_parts; i++) {
		const struct gd_template_part *p = &t->parts[i];

		switch (p->kind) {
		case GD_TEMPLATE_LITERAL:
			memcpy(out, t->literals + p->a, p->b);
			out += p->b;
			break;
		case GD_TEMPLATE_SEQ:
			out += put_number(number, out);
			break;
		case GD_TEMPLATE_RANDOM:
			out += put_number(random_of(p, gd_template_mix(seed, number, i)),
					  out);
			break;
		case GD_TEMPLATE_TEXT:
			out += put_text(gd_template_mix(seed, number, i), (size_t)p->a,
					out);
			break;
		case GD_TEMPLATE_UUID:
			out += put_uuid(gd_template_mix(seed, number, i), out);
			break;
		}
	}
	return (size_t)(out - begin);
}

size_t gd_template_size(const struct gd_template *t, uint64_t seed, uint64_t number)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_parts; i++) {
		const struct gd_template_part *p = &t->parts[i];

		if (p->kind == GD_TEMPLATE_SEQ)
			n += digits_of(number);
		else if (p->kind == GD_TEMPLATE_RANDOM)
			n += digits_of(random_of(p, gd_template_mix(seed, number, i)));
		else
			n += max_of(p);
	}
	return n;
}
