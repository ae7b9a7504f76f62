/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sections of a report, in the order a reader needs them: one function each in a
 * section_*.c, one row each in sections.c. A section with nothing to say may write nothing.
 */
#pragma once

#include "gameday/report/doc.h"
#include "gameday/report/model.h"

/* Writes the whole report, first screen included. */
void gd_sections_write(const struct gd_report *r, struct gd_doc *d) GD_NONNULL;

typedef void gd_section_fn(const struct gd_report *r, struct gd_doc *d);

gd_section_fn gd_section_head;         /* verdict, what happened, scenario */
gd_section_fn gd_section_charts;       /* and the tables behind them */
gd_section_fn gd_section_findings;     /* what a reader must not miss */
gd_section_fn gd_section_noted;        /* what people found, and who sees to it */
gd_section_fn gd_section_figures;      /* what clients felt */
gd_section_fn gd_section_vantages;     /* the same from each place */
gd_section_fn gd_section_policies;     /* what policies did, TCP, modes */
gd_section_fn gd_section_ranking;      /* which policy helped, and its price */
gd_section_fn gd_section_signals;      /* the watches */
gd_section_fn gd_section_expectations; /* and steady state */
gd_section_fn gd_section_steady;
gd_section_fn gd_section_runbook;
gd_section_fn gd_section_people;
gd_section_fn gd_section_faults; /* and proof of restoration */
gd_section_fn gd_section_timeline;
gd_section_fn gd_section_environment; /* hosts, kernels, clocks, versions */
gd_section_fn gd_section_measurement; /* what the figures leave out */

/* A cell with a number as people read it, on the right of its unit. */
void gd_section_value(struct gd_doc *d, double v, enum gd_metric_unit unit) GD_NONNULL;
/* The cells "load.client" and stage that begin a row. */
void gd_section_who(struct gd_doc *d, const char *load, const char *client,
		    const char *stage) GD_NONNULL;
