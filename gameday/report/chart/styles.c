/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/chart/styles.h"

#include <stddef.h>

static const struct {
	const char *line, *swatch, *text;
	int colour;
} rows[] = {
	{"s0", "l s0", "b0", 0}, {"s1", "l s1", "b1", 1}, {"s2", "l s2", "b2", 2},
	{"s3", "l s3", "b3", 3}, {"s4", "l s4", "b4", 4}, {"s5", "l s5", "b5", 5},
	{"s6", "l s6", "b6", 6}, {"s7", "l s7", "b7", 7}, {"sq", "l sq", "b2", 2},
	{"s0", "l s0", "b0", 0}, {"sx", "l sx", "b6", 6},
};

static size_t row_of(int style)
{
	if (style >= GD_STYLE_P50 && style <= GD_STYLE_MAX)
		return (size_t)(GD_STYLE_COLOURS + style - GD_STYLE_P50);
	return style > 0 ? (size_t)style % GD_STYLE_COLOURS : 0;
}

int gd_style_colour(int style)
{
	return rows[row_of(style)].colour;
}

const char *gd_style_line(int style)
{
	return rows[row_of(style)].line;
}

const char *gd_style_swatch(int style)
{
	return rows[row_of(style)].swatch;
}

const char *gd_style_text(int style)
{
	return rows[row_of(style)].text;
}
