/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Colours after Okabe and Ito (https://jfly.uni-koeln.de/color/), darkened on light paper
 * and lightened on dark until they are at least 3:1 against it; every colour of a line comes
 * with a dash of its own, every one of an area with a hatch or a word.
 *
 * Each colour stands twice: for programs that do not know variables, and as a variable that
 * follows the reader's colour scheme.
 */
#include "gameday/report/chart.h"

#define VAR(property, name, light)                                                       \
	property ":" light ";" property ":var(--gdc-" name "," light ");"

#define LIGHT                                                                              \
	"--gdc-paper:#fff;--gdc-ink:#1b1f24;--gdc-dim:#59636e;--gdc-grid:#d9dee3;"         \
	"--gdc-strip:#e9edf1;--gdc-fault:#b36b00;--gdc-faint:#fbe3bf;"                     \
	"--gdc-good:#00755c;--gdc-bad:#b3261e;--gdc-0:#0067a8;--gdc-1:#c44e00;"            \
	"--gdc-2:#00805e;--gdc-3:#9c3d80;--gdc-4:#7a6000;--gdc-5:#3a7fb0;--gdc-6:#5b5b5b;" \
	"--gdc-7:#8a3324;--gdc-area:#8fbfe0;"
#define DARK                                                                               \
	"--gdc-paper:#0f1419;--gdc-ink:#e6e9ec;--gdc-dim:#a3adb8;--gdc-grid:#2c343d;"      \
	"--gdc-strip:#232b34;--gdc-fault:#f0b04a;--gdc-faint:#46340f;"                     \
	"--gdc-good:#3fd0a4;--gdc-bad:#ff8a80;--gdc-0:#5cb8f2;--gdc-1:#ff9a55;"            \
	"--gdc-2:#34cf9f;--gdc-3:#e79ccb;--gdc-4:#dcc04f;--gdc-5:#9fd3f5;--gdc-6:#b9bec4;" \
	"--gdc-7:#e8a193;--gdc-area:#2f6690;"

static const char paper[] =
	".gdc{" LIGHT "display:block;max-width:100%;height:auto;"
	"font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;"
	"font-variant-numeric:tabular-nums}\n"
	"@media (prefers-color-scheme:dark){.gdc{" DARK "}}\n"
	"@media print{.gdc{" LIGHT "}}\n"
	".gdc text{" VAR(
		"fill", "ink",
		"#1b1f24") "font-size:12px}\n"
			   ".gdc .h,.gdc .k{font-weight:600}\n"
			   ".gdc .c,.gdc .mt{text-anchor:middle}.gdc .e{text-anchor:end}\n"
			   ".gdc path{fill:none}\n"
			   ".gdc .gr{" VAR(
				   "stroke", "grid",
				   "#d9dee3") "}\n"
					      ".gdc .pa{" VAR(
						      "fill", "paper",
						      "#fff") "}\n"
							      ".gdc .ax{" VAR(
								      "stroke", "dim",
								      "#59636e") "}\n"
										 ".gdc .st{" VAR(
											 "fill",
											 "strip",
											 "#e9edf1") "}\n"
												    ".gdc .sf{" VAR(
													    "fill", "faint", "#fbe3bf") "}\n"
																	".gdc .sc{" VAR("fill", "dim", "#59636e") "}\n"
																						  ".gdc .fb{" VAR("fill", "fault", "#b36b00") "}\n"
																											      ".gdc .fo{stroke-dasharray:4 3;" VAR("stroke",
																																   "bad", "#b3261e") "}\n"
																																		     ".gdc text.ft{font-size:11px;font-weight:600;" VAR("fill", "paper", "#fff") "}\n"
																																												 ".gdc .fs{opacity:.55;" VAR("fill",
																																															     "faint", "#fbe3bf") "}\n"
																																																		 ".gdc .ml{stroke-dasharray:3 3;" VAR(
																																																			 "stroke",
																																																			 "dim",
																																																			 "#59636e") "}\n"
																																																				    ".gdc .mlb{" VAR("stroke",
																																																						     "bad", "#b3261e") "}\n"
																																																								       ".gdc .mr{stroke-width:1.2;" VAR(
																																																									       "fill",
																																																									       "paper", "#fff") VAR("stroke", "dim", "#59636e") "}\n"
																																																																".gdc .ro{rx:8px}.gdc .mt{font-weight:600}.gdc text.mt{font-size:11px}\n"
																																																																".gdc .mg .mr{" VAR("stroke", "good", "#00755c") "}\n"
																																																																						 ".gdc .mb .mr{" VAR(
																																																																							 "fill",
																																																																							 "bad",
																																																																							 "#b3261e") VAR("stroke", "bad", "#b3261e") "}\n"
																																																																												    ".gdc .mb .mt{" VAR("fill", "paper", "#fff") "}\n"
																																																																																		 ".gdc .mh .mr{" VAR("fill",
																																																																																				     "ink", "#1b1f24") VAR("stroke",
																																																																																							   "ink",
																																																																																							   "#1b1f24") "}\n"
																																																																																								      ".gdc .mh .mt{" VAR(
																																																																																									      "fill",
																																																																																									      "paper",
																																																																																									      "#fff") "}\n";

static const char values[] =
	".gdc .l{stroke-width:1.7;stroke-linejoin:round;stroke-linecap:round}\n"
	".gdc .s0{" VAR(
		"stroke",
		"0", "#0067a8") "}\n"
				".gdc .s1{stroke-dasharray:6 3;" VAR(
					"stroke", "1",
					"#c44e00") "}\n"
						   ".gdc .s2{stroke-dasharray:1.5 3;" VAR("stroke",
											  "2", "#00805e") "}\n"
													  ".gdc .s3{stroke-dasharray:8 3 2 3;" VAR("stroke", "3", "#9c3d80") "}\n"
																					     ".gdc .s4{stroke-dasharray:12 3;" VAR("stroke", "4", "#7a6000") "}\n"
																													     ".gdc .s5{stroke-dasharray:3 2;" VAR("stroke", "5", "#3a7fb0") "}\n"
																																					    ".gdc .s6{stroke-dasharray:8 2 2 2 2 2;" VAR(
																																						    "stroke",
																																						    "6",
																																						    "#5b5b5b") "}\n"
																																							       ".gdc .s7{stroke-dasharray:2 2 6 2;" VAR("stroke", "7",
																																													"#8a3324") "}\n"
																																														   ".gdc .sq{stroke-width:1.4;" VAR(
																																															   "stroke",
																																															   "2", "#00805e") "}\n"
																																																	   ".gdc .sx{stroke-width:1.1;stroke-dasharray:2 2.5;" VAR("stroke", "6", "#5b5b5b") "}\n"
																																																											     ".gdc .so{stroke-width:1.3;stroke-dasharray:5 3;" VAR("stroke",
																																																																		   "ink", "#1b1f24") "}\n"
																																																																				     ".gdc .lb{font-weight:600;paint-order:stroke;stroke-width:3px;stroke-linejoin:round;" VAR("stroke",
																																																																															       "paper", "#fff") "}\n"
																																																																																		".gdc .b0{" VAR("fill", "0", "#0067a8") "}.gdc .b1{" VAR("fill", "1", "#c44e00") "}.gdc .b2{" VAR("fill", "2", "#00805e") "}.gdc .b3{" VAR("fill", "3", "#9c3d80") "}\n.gdc .b4{" VAR("fill", "4", "#7a6000") "}.gdc .b5{" VAR(
																																																																																			"fill",
																																																																																			"5",
																																																																																			"#3a7fb0") "}.gdc .b6{" VAR("fill",
																																																																																						    "6",
																																																																																						    "#5b5b5b") "}.gdc .b7{" VAR("fill", "7", "#8a3324") "}\n.gdc .ok{" VAR("fill", "area", "#8fbfe0") "}\n"
																																																																																																		      ".gdc .pl{stroke-width:1.6;" VAR(
																																																																																																			      "stroke",
																																																																																																			      "paper", "#fff") "}\n"
																																																																																																					       ".gdc .la{" VAR("fill", "bad", "#b3261e") "}\n"
																																																																																																											 ".gdc .hc{" VAR(
																																																																																																												 "stroke",
																																																																																																												 "0",
																																																																																																												 "#0067a8") "}\n"
																																																																																																													    ".gdc .hit{fill:transparent;pointer-events:all}"
																																																																																																													    ".gdc .hit:hover{fill-opacity:.12;" VAR(
																																																																																																														    "fill",
																																																																																																														    "ink", "#1b1f24") "}\n"
																																																																																																																      "@media (max-width:520px){.gdc text{font-size:16.5px}.gdc text.ft{font-size:14.5px}"
																																																																																																																      ".gdc text.mt{font-size:13px}.gdc .l{stroke-width:2.3}}\n";

void gd_chart_css(struct gd_strbuf *out)
{
	gd_strbuf_adds(out, paper);
	gd_strbuf_adds(out, values);
}
