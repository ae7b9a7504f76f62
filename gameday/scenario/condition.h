/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions, as in `expect`, `steady`, `abort` and a runbook's `when`:
 *
 *   METRIC [in STAGE] OP VALUE [for DURATION]
 *   METRIC [in STAGE] OP FACTORx STAGE [for DURATION]
 *
 * METRIC is LOAD.CLIENT.NAME (checkout.plain.p99) or ROLE.WATCH.NAME (server.nic.drops);
 * LOAD.NAME alone means the only client. OP is < <= > >= == !=. VALUE is a number with a
 * unit that fits the metric: a duration, a ratio, a rate or a plain count. In a runbook's
 * `when`, LOAD, CLIENT, ROLE and STAGE may be `*` (any), STAGE defaults to any fault stage.
 * Pure: parsing here, evaluation in results/.
 */
#pragma once

#include <stdbool.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/units.h"
#include "gameday/shape/metric.h"

enum gd_op { GD_OP_LT, GD_OP_LE, GD_OP_GT, GD_OP_GE, GD_OP_EQ, GD_OP_NE };

struct gd_condition {
	char *source;  /* owned: the text as written */
	char *subject; /* owned: load or role */
	char *part;    /* owned: client or watch; NULL when the short form was used */
	char *metric;  /* owned: "p99", "drops" */
	char *stage;   /* owned: after `in`; NULL: whatever the context says */
	enum gd_op op;
	bool relative;   /* value is a factor of the same metric in `reference` */
	char *reference; /* owned: stage name, when relative */
	double value;    /* in the unit's base: ns, fraction, per second, count */
	enum gd_metric_unit unit; /* of the literal; COUNT when it had none */
	struct gd_span hold; /* `for`: must be so without a break this long; 0: at once */
	struct gd_pos pos;
	/* Where its words are, for messages; line 0 for those it has not. */
	struct gd_pos part_pos, metric_pos, stage_pos, value_pos, reference_pos, hold_pos;
};

/* Fills *ret (caller calls fini). The error points into the text: pos + offset. */
int gd_condition_parse(const char *text, struct gd_pos pos, struct gd_condition *ret,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_condition_fini(struct gd_condition *c) GD_NONNULL;
const char *gd_op_name(enum gd_op op);
bool gd_op_holds(enum gd_op op, double left, double right);
/* The metrics every load client has: name, unit, help; ends with NULL name. */
extern const struct gd_metric_row gd_load_metrics[];
