/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/proto/expect.h"

#include <stdlib.h>
#include <string.h>

static void set_status(struct gd_expect *e, int status)
{
	e->statuses[status / 64] |= UINT64_C(1) << (status % 64);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int gd_expect_add_status(struct gd_expect *e, const char *text, struct gd_error *err)
{
	bool right = strlen(text) == 3 && text[0] >= '1' && text[0] <= '9';
	bool whole = right && strcmp(text + 1, "xx") == 0;
	int first;

	if (!right || (!whole && (!is_digit(text[1]) || !is_digit(text[2]))))
		return gd_raise(err, GD_E_INPUT,
				"expected status '%.20s': wanted a status as 204, or 2xx",
				text);
	first = (text[0] - '0') * 100;
	if (!whole)
		set_status(e, first + (text[1] - '0') * 10 + (text[2] - '0'));
	for (int i = 0; whole && i < 100; i++)
		set_status(e, first + i);
	e->has_statuses = true;
	return 0;
}

/* back[i]: the longest proper prefix of body that body[0..i] ends with. */
static void make_back(struct gd_expect *e)
{
	size_t k = 0;

	for (size_t i = 1; i < e->body_len; i++) {
		while (k > 0 && e->body[i] != e->body[k])
			k = e->back[k - 1];
		k += e->body[i] == e->body[k];
		e->back[i] = (uint16_t)k;
	}
}

int gd_expect_set_body(struct gd_expect *e, const char *text, struct gd_error *err)
{
	size_t len = strlen(text);

	if (len == 0 || len > GD_EXPECT_MAX_BODY)
		return gd_raise(err, GD_E_INPUT,
				"expected body: %zu bytes long, 1 to %d are possible",
				len, GD_EXPECT_MAX_BODY);
	free(e->body);
	free(e->back);
	e->body = strdup(text);
	e->back = calloc(len, sizeof(*e->back));
	if (!e->body || !e->back)
		return gd_raise_nomem(err);
	e->body_len = len;
	make_back(e);
	return 0;
}

void gd_expect_fini(struct gd_expect *e)
{
	free(e->body);
	free(e->back);
	*e = (struct gd_expect){0};
}

void gd_expect_feed(const struct gd_expect *e, struct gd_expect_match *m,
		    const char *data, size_t size)
{
	size_t n = m->n;

	if (!e->body || m->found)
		return;
	for (size_t i = 0; i < size; i++) {
		while (n > 0 && data[i] != e->body[n])
			n = e->back[n - 1];
		n += data[i] == e->body[n];
		if (n == e->body_len) {
			m->found = true;
			return;
		}
	}
	m->n = (uint16_t)n;
}

static bool is_expected(const struct gd_expect *e, int status)
{
	if (status < 0 || status > 999)
		return false;
	if (!e->has_statuses)
		return status >= 200 && status < 300;
	return e->statuses[status / 64] >> (status % 64) & 1;
}

enum gd_outcome gd_expect_judge(const struct gd_expect *e,
				const struct gd_expect_match *m, int status)
{
	if (is_expected(e, status))
		return e->body && !m->found ? GD_OUTCOME_WRONG : GD_OUTCOME_OK;
	if (status >= 400 && status < 500)
		return GD_OUTCOME_STATUS_4XX;
	if (status >= 500 && status < 600)
		return GD_OUTCOME_STATUS_5XX;
	return status >= 200 && status < 300 ? GD_OUTCOME_WRONG : GD_OUTCOME_STATUS_OTHER;
}
