/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of tracks' styles, and the classes of style.c they stand for. */
#pragma once

enum {
	GD_STYLE_COLOURS = 8, /* 0 to 7, then again with the same dashes */
	GD_STYLE_P50 = 100,
	GD_STYLE_P99,
	GD_STYLE_MAX,
};

int gd_style_colour(int style);         /* 0..7 */
const char *gd_style_line(int style);   /* "s3" */
const char *gd_style_swatch(int style); /* "l s3" */
const char *gd_style_text(int style);   /* the class that colours a name: "b3" */
