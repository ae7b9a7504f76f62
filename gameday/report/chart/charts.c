/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/report/chart/rows.h"

const struct gd_chart *const gd_charts[] = {
	&gd_chart_latency,  &gd_chart_rate, &gd_chart_effort,  &gd_chart_stages,
	&gd_chart_policies, &gd_chart_heat, &gd_chart_signals, NULL,
};

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* --- made once -------------------------------------------------------------------------- */

struct gd_chart_set {
	struct gd_chart_made **items; /* owned */
	size_t n;
};

static void made_free(struct gd_chart_made *m)
{
	if (!m)
		return;
	gd_chart_table_fini(&m->table);
	free(m->svg);
	free(m->id);
	free(m);
}
GD_DEFINE_AUTO(gd_chart_made, made_free);

struct gd_chart_set *gd_chart_set_new(void)
{
	return calloc(1, sizeof(struct gd_chart_set));
}

void gd_chart_set_free(struct gd_chart_set *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		made_free(s->items[i]);
	free(s->items);
	free(s);
}

static char *make_id(const struct gd_chart *c, const struct gd_report *r, size_t i)
{
	GD_AUTO_STRBUF(label);
	GD_AUTO_STRBUF(id);
	bool dash = true;

	c->label(r, i, &label);
	gd_strbuf_addf(&id, "%s-%zu", c->name, i + 1);
	for (const char *p = gd_strbuf_str(&label); *p && id.len < 60; p++) {
		char ch = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;

		if (is_plain(ch))
			gd_strbuf_addf(&id, "%s%c", dash ? "-" : "", ch);
		dash = !is_plain(ch);
	}
	return gd_strbuf_steal(&id);
}

static int make(const struct gd_chart *c, const struct gd_report *r, size_t i,
		struct gd_chart_made **ret, struct gd_error *err)
{
	GD_AUTO(gd_chart_made) struct gd_chart_made *m = calloc(1, sizeof(*m));
	GD_AUTO_STRBUF(svg);

	if (!m)
		return gd_raise_nomem(err);
	m->chart = c;
	m->i = i;
	m->id = make_id(c, r, i);
	if (!m->id)
		return gd_raise_nomem(err);
	if (c->make(r, i, m->id, &svg, &m->table, err) < 0)
		return -1;
	m->svg = gd_strbuf_steal(&svg);
	if (!m->svg)
		return gd_raise_nomem(err);
	*ret = gd_steal_ptr(&m);
	return 0;
}

int gd_chart_get(const struct gd_chart *c, const struct gd_report *r, size_t i,
		 const struct gd_chart_made **ret, struct gd_error *err)
{
	struct gd_chart_set *s = r->charts;
	struct gd_chart_made **grown;

	for (size_t k = 0; k < s->n; k++)
		if (s->items[k]->chart == c && s->items[k]->i == i) {
			*ret = s->items[k];
			return 0;
		}
	grown = reallocarray(s->items, s->n + 1, sizeof(*grown));
	if (!grown)
		return gd_raise_nomem(err);
	s->items = grown;
	if (make(c, r, i, &grown[s->n], err) < 0)
		return -1;
	*ret = grown[s->n++];
	return 0;
}

/* --- as a file -------------------------------------------------------------------------- */

/* Puts the style, and paper of its own, behind the element's opening. */
int gd_chart_standalone(const char *svg, struct gd_strbuf *out, struct gd_error *err)
{
	const char *body = strstr(svg, "</desc>\n");

	if (!body)
		return gd_raise(err, GD_E_BUG, "a chart without description");
	body += strlen("</desc>\n");
	gd_strbuf_add(out, svg, (size_t)(body - svg));
	gd_strbuf_adds(out, "<style>\n");
	gd_chart_css(out);
	gd_strbuf_adds(out, "</style>\n<rect class=\"pa\" width=\"100%\" "
			    "height=\"100%\"/>\n");
	gd_strbuf_adds(out, body);
	return 0;
}

int gd_chart_draw(const struct gd_chart *c, const struct gd_report *r, size_t i,
		  enum gd_chart_form form, struct gd_strbuf *out, struct gd_error *err)
{
	const struct gd_chart_made *m;

	if (gd_chart_get(c, r, i, &m, err) < 0)
		return -1;
	if (form == GD_CHART_INLINE)
		gd_strbuf_adds(out, m->svg);
	else if (gd_chart_standalone(m->svg, out, err) < 0)
		return -1;
	return out->failed ? gd_raise_nomem(err) : 0;
}
