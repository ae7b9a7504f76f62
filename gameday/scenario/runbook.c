/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/scenario/formats.h"
#include "gameday/scenario/source.h"

enum { MAX_LONG_TEXT = 64 * 1024, MAX_ITEMS = 200 };

#define TEXT_ROW(key, type, member, words)                                               \
	{                                                                                \
		.name = (key), .help = (words), .kind = GD_KIND_TEXT,                    \
		GD_MEMBER(type, member), .min = 1, .max = MAX_LONG_TEXT                  \
	}

#define TIMEOUT_ROW(type, seconds, words)                                                \
	{                                                                                \
		.name = "timeout", .help = (words), .dflt = "10s",                       \
		.kind = GD_KIND_DURATION, GD_MEMBER(type, timeout),                      \
		.min = 100 * GD_NS_PER_MS, .max = (seconds)*GD_NS_PER_S                  \
	}

static const struct gd_field detection_fields[] = {
	TEXT_ROW("alert", struct gd_detection, alert, "the alert that fires"),
	TEXT_ROW("symptom", struct gd_detection, symptom, "what people notice"),
	TEXT_ROW("when", struct gd_detection, when,
		 "condition by which gameday tells whether it showed"),
};
static const struct gd_field diagnosis_fields[] = {
	TEXT_ROW("step", struct gd_diagnosis, step, "what to look at"),
	TEXT_ROW("command", struct gd_diagnosis, command, "the command that shows it"),
	{.name = "run",
	 .help = "read-only: gameday may run it on the target and keep its output",
	 .dflt = "false",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct gd_diagnosis, run)},
	TEXT_ROW("on", struct gd_diagnosis, on,
		 "the role it is run on; else the hosts that have a fault"),
	TIMEOUT_ROW(struct gd_diagnosis, 60, "its run takes so long at most"),
	{.name = "root",
	 .help = "its run needs root's rights; else those of the user who logs in",
	 .dflt = "false",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct gd_diagnosis, root)},
};
static const struct gd_field mitigation_fields[] = {
	TEXT_ROW("action", struct gd_mitigation, action, "what to do"),
	TEXT_ROW("command", struct gd_mitigation, command, "the command that does it"),
	TEXT_ROW("config", struct gd_mitigation, config,
		 "the configuration to put in place"),
	{.name = "steps",
	 .help = "what to do, one after the other",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_mitigation, steps),
	 .shape = &gd_text_shape,
	 .max = MAX_ITEMS},
	TEXT_ROW("escalation", struct gd_mitigation, escalation, "whom to call"),
	TEXT_ROW("undo_of", struct gd_mitigation, undo_of,
		 "the action of this runbook that this one takes back"),
	TEXT_ROW("undo", struct gd_mitigation, undo,
		 "the command that takes it back; GAMEDAY_BEFORE is what state printed"),
	TEXT_ROW("state", struct gd_mitigation, state,
		 "the command that prints what it changes; the same before and after"),
	TIMEOUT_ROW(struct gd_mitigation, 10, "each command takes so long at most"),
	{.name = "applies_to",
	 .help = "the roles it is done on",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_mitigation, applies_to),
	 .shape = &gd_text_shape,
	 .max = MAX_ITEMS},
};

#define ITEM_SHAPE(words, rows, type)                                                    \
	{                                                                                \
		.name = (words), .fields = (rows), .n_fields = GD_N_ELEMS(rows),         \
		.size = sizeof(type), .key_offset = GD_NO_OFFSET,                        \
		.node_offset = offsetof(type, node), .given_offset = GD_NO_OFFSET        \
	}

static const struct gd_shape detection_shape =
	ITEM_SHAPE("detection", detection_fields, struct gd_detection);
static const struct gd_shape diagnosis_shape =
	ITEM_SHAPE("diagnosis_steps", diagnosis_fields, struct gd_diagnosis);
static const struct gd_shape mitigation_shape =
	ITEM_SHAPE("mitigation", mitigation_fields, struct gd_mitigation);

struct raw {
	char *incident_type, *severity;
	struct gd_list detection, diagnosis, mitigation, prevention;
};

#define LIST_ROW(key, words, member, item_shape)                                         \
	{                                                                                \
		.name = (key), .help = (words), .kind = GD_KIND_LIST,                    \
		GD_MEMBER(struct raw, member), .shape = (item_shape), .max = MAX_ITEMS   \
	}

static const struct gd_field runbook_fields[] = {
	{.name = "incident_type",
	 .help = "what kind of incident this is for",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct raw, incident_type),
	 .min = 1,
	 .max = 1000},
	TEXT_ROW("severity", struct raw, severity, "how bad it is: P1, P2, ..."),
	LIST_ROW("detection", "how it shows", detection, &detection_shape),
	LIST_ROW("diagnosis_steps", "how to find out", diagnosis, &diagnosis_shape),
	LIST_ROW("mitigation", "what helps", mitigation, &mitigation_shape),
	LIST_ROW("prevention", "what keeps it from coming back", prevention,
		 &gd_text_shape),
};
const struct gd_shape gd_runbook_shape = GD_SHAPE("runbook", runbook_fields, struct raw);

/* --- what the rows can't say --------------------------------------------------------- */

static void check_detection(struct gd_detection *d, struct gd_diags *diags)
{
	const struct gd_node *when;

	if (!d->alert == !d->symptom && !gd_node_troubled(d->node, diags))
		gd_diag_error(diags, d->node->pos,
			      "detection: wanted: either alert or symptom%s",
			      d->alert ? ", not both" : "");
	if (!d->when)
		return;
	when = gd_node_get(d->node, "when");
	d->has_condition =
		when && gd_condition_decode(when, "when", &d->condition, diags) == 0;
}

static void check_diagnosis(const struct gd_diagnosis *d, struct gd_diags *diags)
{
	if (gd_node_troubled(d->node, diags))
		return;
	if (!d->step && !d->command)
		gd_diag_error(diags, d->node->pos,
			      "diagnosis_steps: wanted: a step with its command");
	else if (d->run && !d->command)
		gd_diag_error(diags, gd_node_key_pos(d->node, "run"),
			      "diagnosis_steps: run needs a command");
	else if (d->on && !d->run)
		gd_diag_error(diags, gd_node_key_pos(d->node, "on"),
			      "diagnosis_steps: on says where it is run, so it needs "
			      "run: true");
}

const struct gd_mitigation *gd_runbook_action(const struct gd_runbook *r,
					      const char *action)
{
	for (size_t i = 0; i < r->mitigation.n; i++) {
		const struct gd_mitigation *m =
			GD_AT(&r->mitigation, const struct gd_mitigation, i);

		if (m->action && strcmp(m->action, action) == 0)
			return m;
	}
	return NULL;
}

const char *gd_runbook_undo(const struct gd_runbook *r, const struct gd_mitigation *m)
{
	if (m->undo)
		return m->undo;
	for (size_t i = 0; i < r->mitigation.n; i++) {
		const struct gd_mitigation *o =
			GD_AT(&r->mitigation, const struct gd_mitigation, i);

		if (o->undo_of && m->action && strcmp(o->undo_of, m->action) == 0)
			return o->command;
	}
	return NULL;
}

static void check_mitigation(const struct gd_runbook *r, const struct gd_mitigation *m,
			     struct gd_diags *diags)
{
	if (gd_node_troubled(m->node, diags))
		return;
	if (!m->action) {
		gd_diag_error(diags, m->node->pos,
			      "mitigation: key \"action\" is missing: what to do");
		return;
	}
	if (!m->command && !m->config && !m->escalation && m->steps.n == 0)
		gd_diag_warning(
			diags, m->node->pos,
			"mitigation \"%.60s\" says neither command, config, steps nor "
			"escalation",
			m->action);
	if (m->undo_of &&
	    (strcmp(m->undo_of, m->action) == 0 || !gd_runbook_action(r, m->undo_of)))
		gd_diag_error(diags, gd_node_get(m->node, "undo_of")->pos,
			      "undo_of: no other action of this runbook is \"%.60s\"",
			      m->undo_of);
}

static void check_items(struct gd_runbook *r, struct gd_diags *diags)
{
	for (size_t i = 0; i < r->detection.n; i++)
		check_detection(GD_AT(&r->detection, struct gd_detection, i), diags);
	for (size_t i = 0; i < r->diagnosis.n; i++)
		check_diagnosis(GD_AT(&r->diagnosis, struct gd_diagnosis, i), diags);
	for (size_t i = 0; i < r->mitigation.n; i++)
		check_mitigation(r, GD_AT(&r->mitigation, struct gd_mitigation, i),
				 diags);
}

static void move(struct raw *raw, struct gd_runbook *r)
{
	r->incident_type = raw->incident_type;
	r->severity = raw->severity;
	r->detection = raw->detection;
	r->diagnosis = raw->diagnosis;
	r->mitigation = raw->mitigation;
	r->prevention = raw->prevention;
	*raw = (struct raw){0};
}

int gd_runbook_load(const char *path, struct gd_runbook *ret, struct gd_diags *diags)
{
	size_t before = diags->n_errors;
	struct raw raw = {0};

	*ret = (struct gd_runbook){0};
	if (gd_source_load(path, &ret->path, &ret->source, &ret->source_size, &ret->tree,
			   diags) < 0)
		return -1;
	if (gd_shape_decode(&gd_runbook_shape, ret->tree, &raw, diags) < 0)
		before =
			SIZE_MAX; /* -1 in every case; what could be read is checked still */
	move(&raw, ret);
	check_items(ret, diags);
	return diags->n_errors == before ? 0 : -1;
}

void gd_runbook_fini(struct gd_runbook *r)
{
	struct raw raw = {.incident_type = r->incident_type,
			  .severity = r->severity,
			  .detection = r->detection,
			  .diagnosis = r->diagnosis,
			  .mitigation = r->mitigation,
			  .prevention = r->prevention};

	for (size_t i = 0; i < r->detection.n; i++)
		gd_condition_fini(
			&GD_AT(&r->detection, struct gd_detection, i)->condition);
	gd_shape_fini(&gd_runbook_shape, &raw);
	(void)gd_node_free(r->tree);
	free(r->source);
	free(r->path);
	*r = (struct gd_runbook){0};
}
