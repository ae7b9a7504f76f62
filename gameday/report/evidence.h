/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says of its runbook: how late it was noticed, what was seen, what helped. */
#pragma once

#include "gameday/report/model.h"

/* --- the detection gap ------------------------------------------------------------------ */

/*
 * From the start of harm (gd_report.harm_ns) to the first detection of the runbook that came
 * true and was not so in the baseline already; or, when none did, to the end of the figures
 * of the last fault stage.
 */
struct gd_gap {
	bool harmed;               /* harm_ns is known: without it there is no gap */
	bool detected;             /* something fired, before or after harm began */
	size_t first;              /* which of r->detected, when detected */
	int64_t first_ns, end_ns;  /* wall: of it; and where the gap ends */
	double seconds;            /* 0: it fired before clients were hurt */
	uint64_t requests, failed; /* of all clients, in the intervals of the gap */
	size_t n_judged;           /* detections that could fire */
};
void gd_evidence_gap(const struct gd_report *r, struct gd_gap *ret) GD_NONNULL;
/* "12.3 s and 45 of 678 failed requests ...": one sentence, in every format the same. */
void gd_evidence_say_gap(const struct gd_report *r, struct gd_strbuf *out) GD_NONNULL;
/* Was the detection's condition true before any fault, so that its firing says nothing? */
int gd_evidence_true_before(const struct gd_report *r, const struct gd_detected *d,
			    bool *ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* --- mitigations that were tried --------------------------------------------------------- */

struct gd_tried {
	const char *action, *stage, *host, *ref; /* borrowed from the journal */
	int64_t injected_ns;                     /* wall: when it was in; 0: never */
	double took_ms;                          /* that doing it took; NAN: not told */
	bool reverted, equal;
	const char *without; /* the stage with the same faults and none; NULL: none */
};
/* In the order they were tried; *ret_n of them, the caller frees. NULL: no memory. */
struct gd_tried *gd_evidence_tried(const struct gd_report *r,
				   size_t *ret_n) GD_NONNULL GD_MUST_CHECK;

/* What became of one client in a stage with a mitigation against the stage without it. */
struct gd_benefit {
	bool known; /* both were measured */
	struct gd_load_stats without, with;
	/* Probability that intervals differ so much by chance; NAN: too few to tell. */
	double p_success, p_p99;
	enum gd_benefit_kind {
		GD_BENEFIT_UNKNOWN, /* too few intervals to tell */
		GD_BENEFIT_NONE,    /* no more than they vary by themselves */
		GD_BENEFIT_HELPED,
		GD_BENEFIT_HARMED,
		GD_BENEFIT_MIXED, /* one of success and p99 better, the other worse */
	} kind;
};
/* Below this probability a difference is taken for real. */
#define GD_BENEFIT_ALPHA 0.05
int gd_evidence_benefit(const struct gd_report *r, size_t series, const char *without,
			const char *with, struct gd_benefit *ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* "helped", "made it worse", ... */
const char *gd_benefit_word(enum gd_benefit_kind kind);
