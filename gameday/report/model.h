/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run as its directory tells it: what every format is written from. Built from
 * journal.jsonl, metrics.jsonl, scenario.yaml, runbook.yaml and findings.yaml in the directory
 * alone.
 */
#pragma once

#include "gameday/report/findings.h"
#include "gameday/report/lines.h"
#include "gameday/results/results.h"
#include "gameday/scenario/scenario.h"

/* One detection of a runbook against the evidence. */
struct gd_detected {
	const struct gd_detection *detection; /* borrowed from the runbook */
	bool evaluated;                       /* it has a condition */
	struct gd_verdict_item item;
};

/* One sentence the reader should not miss. */
struct gd_finding {
	char *text; /* owned */
};

struct gd_report {
	char *dir, *name;           /* owned; name: the last part of dir */
	struct gd_results *results; /* owned */
	cJSON **events;             /* owned: the journal's lines, as written */
	size_t n_events, cap_events;
	const cJSON *run_started;    /* borrowed from events; NULL: none */
	const cJSON *run_ended;      /* run_ended or verdict, the last one; NULL: none */
	int64_t started_ns, last_ns; /* wall; 0: no event with a time */
	struct gd_lines journal, metrics;
	struct gd_scenario scenario;
	bool has_scenario;
	struct gd_runbook runbook;
	bool has_runbook;
	struct gd_verdict_item *expect; /* owned; one per scenario.expect */
	struct gd_detected *detected;   /* owned; one per runbook.detection */
	struct gd_verdict verdict;
	bool over;       /* the journal has the run's end */
	int64_t harm_ns; /* wall: when clients were first hurt; 0: never seen */
	char harm[160];  /* in words */
	int64_t faults_out_ns, healed_ns, recovered_ns; /* wall, see impact.h */
	bool still_hurt;
	struct gd_noted_list noted;  /* the people's findings */
	struct gd_finding *findings; /* owned */
	size_t n_findings;
	struct gd_chart_set *charts; /* owned: those made so far, see chart.h */
};

/*
 * GD_E_INPUT when dir has no journal.jsonl; everything else that is missing or damaged
 * becomes a finding. Caller frees *ret.
 */
int gd_report_load(const char *dir, struct gd_report **ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The journal alone: no figures, no expectations. For lists of runs. */
int gd_report_load_journal(const char *dir, struct gd_report **ret,
			   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_report_free(struct gd_report *r); /* accepts NULL */
GD_DEFINE_AUTO(gd_report, gd_report_free);

/* A text of the run_started record or else of the scenario; "" when neither has it. */
const char *gd_report_text(const struct gd_report *r, const char *key) GD_NONNULL;
/* Seconds from the start of the run; 0 when the start is not known. */
double gd_report_seconds(const struct gd_report *r, int64_t wall_ns) GD_NONNULL;
/*
 * "14:05:09.123Z" into buf, with the day in front when the run began on another: a date in
 * every row is more to read, and breaks on a narrow page. Returns buf.
 */
const char *gd_report_clock(const struct gd_report *r, int64_t wall_ns,
			    char buf[32]) GD_NONNULL;
/* The first injection of a stage (NULL: of the run), wall; 0: none. */
int64_t gd_report_injected(const struct gd_report *r, const char *stage)
	GD_NONNULL_ARGS(1);
/* Wall time of a journal record, 0 when it has none. */
int64_t gd_report_event_time(const cJSON *event);
/* Evaluates a runbook's detections; *ret has n = runbook->detection.n, the caller frees. */
int gd_report_detect(const struct gd_report *r, const struct gd_runbook *runbook,
		     struct gd_detected **ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
