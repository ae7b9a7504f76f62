/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run's directory: made fresh, never shared, written as things happen. A line goes out
 * in one write at the end of the file, so a killed runner loses at most the line it was at.
 *
 * Some room on the disk is taken before the run starts and given back when a write fails:
 * a run that ends because the disk is full can still record how it ended.
 */
#pragma once

#include <stdbool.h>

#include "gameday/base/json.h"

struct gd_record;

/* The room that is kept for the end of the journal and for the report, in bytes. */
enum { GD_RECORD_RESERVE = 4 << 20 };

/*
 * Makes parent/<utc>-<name>/ (with -2, -3 ... when that exists) and opens journal.jsonl and
 * metrics.jsonl in it. parent is made when missing. GD_E_SYSTEM, and nothing is left there,
 * when the disk has no room for the reserve.
 */
int gd_record_new(const char *parent, const char *name, struct gd_record **ret,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_record_free(struct gd_record *rec); /* accepts NULL */
GD_DEFINE_AUTO(gd_record, gd_record_free);

const char *gd_record_dir(const struct gd_record *rec) GD_NONNULL; /* path as given */
const char *
gd_record_id(const struct gd_record *rec) GD_NONNULL; /* the last part of it */

/* Appends one event; takes members (may be NULL: none), also on failure. */
void gd_record_event(struct gd_record *rec, const char *event, cJSON *members)
	GD_NONNULL_ARGS(1, 2);
/* gd_record_event with one text member. */
void gd_record_event_text(struct gd_record *rec, const char *event, const char *key,
			  const char *text) GD_NONNULL;
/*
 * Appends one line to metrics.jsonl; takes line, also on failure. Nothing is written there
 * any more once something failed: what room is left is for the journal.
 */
void gd_record_metrics(struct gd_record *rec, cJSON *line) GD_NONNULL_ARGS(1);
/* Keeps a copy of an input file under its name here. */
int gd_record_copy(struct gd_record *rec, const char *name, const char *data, size_t size,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Writing does not report its own errors, because the caller is often busy undoing. The
 * first failure is kept: 0, or -1 with it in err. A run that can't record must end.
 */
int gd_record_check(const struct gd_record *rec,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Gives the reserve back, for the report: the last thing the run writes. */
void gd_record_release(struct gd_record *rec) GD_NONNULL;
/* Did the journal lose a line, so that the report can't tell how the run ended? */
bool gd_record_incomplete(const struct gd_record *rec) GD_NONNULL;
