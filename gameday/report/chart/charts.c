/* SPDX-License-Identifier: Apache-2.0 */
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

char *gd_chart_id(const struct gd_chart *c, const struct gd_report *r, size_t i)
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
	GD_AUTO_FREE char *id = gd_chart_id(c, r, i);
	GD_AUTO_STRBUF(svg);

	if (!id)
		return gd_raise_nomem(err);
	if (form == GD_CHART_INLINE)
		return c->draw(r, i, id, out, err);
	if (c->draw(r, i, id, &svg, err) < 0 ||
	    gd_chart_standalone(gd_strbuf_str(&svg), out, err) < 0)
		return -1;
	return out->failed ? gd_raise_nomem(err) : 0;
}

int gd_chart_table(const struct gd_chart *c, const struct gd_report *r, size_t i,
		   struct gd_chart_table *ret, struct gd_error *err)
{
	return c->table(r, i, ret, err);
}
