/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/policy/hedge.h"

#include <stdlib.h>

/* "p95", "p99.5": 50 to 99.9; 0 when it is not of this form. */
static double parse_percentile(const char *text)
{
	char *end = NULL;
	double p;

	if (text[0] != 'p' || text[1] < '0' || text[1] > '9')
		return 0;
	p = strtod(text + 1, &end);
	return *end == '\0' && p >= 50 && p <= 99.9 ? p / 100 : 0;
}

static int parse_after(const char *text, struct gd_hedge *h, struct gd_error *err)
{
	struct gd_span span = {0};

	h->fraction = parse_percentile(text);
	if (h->fraction > 0)
		return 0;
	if (gd_span_parse(text, &span, err) < 0 || span.ns < 0 ||
	    span.ns > 60 * GD_NS_PER_S)
		return gd_raise(
			err, GD_E_INPUT,
			"after: '%s': wanted a duration up to 60s, or a percentile from p50 to p99.9",
			text);
	h->after_ns = span.ns;
	return 0;
}

int gd_hedge_init(struct gd_hedge *h, const struct gd_client_spec *client,
		  struct gd_error *err)
{
	*h = (struct gd_hedge){0};
	if (client->tied) {
		h->max = 1;
		h->other_target = h->tied = true;
		h->after_ns = client->tied->after.ns;
		return 0;
	}
	if (client->backup) {
		h->max = 1;
		h->other_target = true;
		h->budget = gd_budget_make(client->backup->budget);
		return parse_after(client->backup->after, h, err);
	}
	if (client->hedge) {
		h->max = (uint8_t)client->hedge->max;
		h->budget = gd_budget_make(client->hedge->budget);
		return parse_after(client->hedge->after, h, err);
	}
	return 0;
}

int64_t gd_hedge_delay(const struct gd_hedge *h, struct gd_quantile *q, int64_t now)
{
	if (h->max == 0)
		return -1;
	return h->fraction > 0 ? gd_quantile_get(q, now) : h->after_ns;
}
