/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Colours after Okabe and Ito (https://jfly.uni-koeln.de/color/), darkened on light paper
 * and lightened on dark until they stand out from it; every colour of a line comes with a
 * dash of its own, every one of an area with a hatch or a word.
 *
 * Each colour stands twice in a rule: for programs that do not know variables, and as the
 * variable that follows the reader's colour scheme.
 */
#include <string.h>

#include "gameday/report/chart.h"

static const struct {
	const char *name, *light, *dark;
} colours[] = {
	{"paper", "#fff", "#0f1419"},    {"ink", "#1b1f24", "#e6e9ec"},
	{"dim", "#59636e", "#a3adb8"},   {"grid", "#d9dee3", "#2c343d"},
	{"strip", "#e9edf1", "#232b34"}, {"fault", "#a65f00", "#f0b04a"},
	{"faint", "#fbe3bf", "#46340f"}, {"good", "#00755c", "#3fd0a4"},
	{"bad", "#b3261e", "#ff8a80"},   {"area", "#8fbfe0", "#2f6690"},
	{"0", "#0067a8", "#5cb8f2"},     {"1", "#c44e00", "#ff9a55"},
	{"2", "#00805e", "#34cf9f"},     {"3", "#9c3d80", "#e79ccb"},
	{"4", "#7a6000", "#dcc04f"},     {"5", "#3a7fb0", "#9fd3f5"},
	{"6", "#5b5b5b", "#b9bec4"},     {"7", "#8a3324", "#e8a193"},
	{"h1", "#a8cfec", "#1f4f78"},    {"h2", "#6aaede", "#2f77b0"},
	{"h3", "#2f86c6", "#5aa6e0"},    {"h4", "#0f5a94", "#9ccdf5"},
	{"h5", "#062b4d", "#e4f3ff"},
};

/* fill and stroke: a colour's name, or NULL. */
static const struct {
	const char *selector, *fill, *stroke, *rest;
} rules[] = {
	{"text", "ink", NULL, "font-size:12px"},
	{".h,.gdc .k", NULL, NULL, "font-weight:600"},
	{".c,.gdc .mt", NULL, NULL, "text-anchor:middle"},
	{".e", NULL, NULL, "text-anchor:end"},
	{"path", NULL, NULL, "fill:none"},
	/* paper, grid, axes */
	{".pa", "paper", NULL, NULL},
	{".gr", NULL, "grid", NULL},
	{".ax", NULL, "dim", NULL},
	/* stages: the strip, that of a fault, where figures count */
	{".st", "strip", NULL, NULL},
	{".sf", "faint", NULL, NULL},
	{".sc", "dim", NULL, NULL},
	/* faults: the bar, one nobody saw the end of, its text, the shading of values */
	{".fb", "fault", NULL, NULL},
	{".fo", NULL, "bad", "stroke-width:2;stroke-dasharray:4 3"},
	{"text.ft", "paper", NULL, "font-size:11px;font-weight:600"},
	{".fs", "faint", NULL, "opacity:.55"},
	{".fv", "fault", "fault", "fill-opacity:.16;stroke-opacity:.7"},
	/* events: lines, and numbers in circles or squares */
	{".ml", NULL, "dim", "stroke-dasharray:3 3"},
	{".mlb", NULL, "bad", NULL},
	{".mr", "paper", "dim", "stroke-width:1.2"},
	{".ro", NULL, NULL, "rx:8px"},
	{"text.mt", NULL, NULL, "font-size:11px;font-weight:600"},
	{".mg .mr", NULL, "good", NULL},
	{".mb .mr", "bad", "bad", NULL},
	{".mh .mr", "ink", "ink", NULL},
	{".mb .mt,.gdc .mh .mt", "paper", NULL, NULL},
	/* lines, each with its dash */
	{".l", NULL, NULL, "stroke-width:1.7;stroke-linejoin:round;stroke-linecap:round"},
	{".s0", NULL, "0", NULL},
	{".s1", NULL, "1", "stroke-dasharray:6 3"},
	{".s2", NULL, "2", "stroke-dasharray:1.5 3.5"},
	{".s3", NULL, "3", "stroke-dasharray:8 3 2 3"},
	{".s4", NULL, "4", "stroke-dasharray:12 3"},
	{".s5", NULL, "5", "stroke-dasharray:3 2.5"},
	{".s6", NULL, "6", "stroke-dasharray:8 2 2 2 2 2"},
	{".s7", NULL, "7", "stroke-dasharray:2 2 6 2"},
	{".sq", NULL, "2", "stroke-width:1.4"},
	{".sx", NULL, "6", "stroke-width:1.2;stroke-dasharray:2 2.5"},
	{".so", NULL, "ink", "stroke-width:1.3;stroke-dasharray:5 3"},
	{".lb", NULL, "paper",
	 "font-weight:600;paint-order:stroke;stroke-width:3px;stroke-linejoin:round"},
	/* areas and names in the lines' colours; hatches; late intervals */
	{".b0", "0", NULL, NULL},
	{".b1", "1", NULL, NULL},
	{".b2", "2", NULL, NULL},
	{".b3", "3", NULL, NULL},
	{".b4", "4", NULL, NULL},
	{".b5", "5", NULL, NULL},
	{".b6", "6", NULL, NULL},
	{".b7", "7", NULL, NULL},
	{".ok", "area", NULL, NULL},
	{".ar", NULL, NULL, "shape-rendering:crispEdges"},
	{".pl", NULL, "paper", "stroke-width:1.6"},
	{".la", "bad", NULL, NULL},
	/* shades of the heat map: strokes, and boxes of its legend */
	{".hs", NULL, NULL, "shape-rendering:crispEdges"},
	{".h1", NULL, "h1", NULL},
	{".h2", NULL, "h2", NULL},
	{".h3", NULL, "h3", NULL},
	{".h4", NULL, "h4", NULL},
	{".h5", NULL, "h5", NULL},
	{".g1", "h1", NULL, NULL},
	{".g2", "h2", NULL, NULL},
	{".g3", "h3", NULL, NULL},
	{".g4", "h4", NULL, NULL},
	{".g5", "h5", NULL, NULL},
	/* where hover texts are */
	{".hit", NULL, NULL, "fill:transparent;pointer-events:all"},
	{".hit:hover", "ink", NULL, "fill-opacity:.12"},
};

static const char *light_of(const char *name)
{
	for (size_t i = 0; i < GD_N_ELEMS(colours); i++)
		if (strcmp(colours[i].name, name) == 0)
			return colours[i].light;
	return "#000";
}

static void add_colour(struct gd_strbuf *out, const char *property, const char *name)
{
	if (name)
		gd_strbuf_addf(out, "%s:%s;%s:var(--gdc-%s);", property, light_of(name),
			       property, name);
}

static void add_variables(struct gd_strbuf *out, bool dark)
{
	for (size_t i = 0; i < GD_N_ELEMS(colours); i++)
		gd_strbuf_addf(out, "--gdc-%s:%s;", colours[i].name,
			       dark ? colours[i].dark : colours[i].light);
}

void gd_chart_css(struct gd_strbuf *out)
{
	gd_strbuf_adds(out, ".gdc{");
	add_variables(out, false);
	gd_strbuf_adds(out, "display:block;max-width:100%;height:auto;font-family:"
			    "system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;"
			    "font-variant-numeric:tabular-nums}\n"
			    "@media screen and (prefers-color-scheme:dark){.gdc{");
	add_variables(out, true);
	gd_strbuf_adds(out, "}}\n");
	for (size_t i = 0; i < GD_N_ELEMS(rules); i++) {
		gd_strbuf_addf(out, ".gdc %s{", rules[i].selector);
		add_colour(out, "fill", rules[i].fill);
		add_colour(out, "stroke", rules[i].stroke);
		gd_strbuf_addf(out, "%s}\n", rules[i].rest ? rules[i].rest : "");
	}
	gd_strbuf_adds(out, "@media (max-width:520px){.gdc text{font-size:16.5px}"
			    ".gdc text.ft{font-size:14.5px}"
			    ".gdc text.mt{font-size:13px}.gdc .l{stroke-width:2.3}}\n");
}
