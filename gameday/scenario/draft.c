/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/draft.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/json.h"
#include "gameday/scenario/levels.h"

/* A text as a YAML scalar: JSON's quoting is YAML's, too. */
static void add_quoted(const char *text, struct gd_strbuf *out)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateString(text);
	GD_AUTO_FREE char *quoted = json ? gd_json_print(json) : NULL;

	gd_strbuf_adds(out, quoted ? quoted : "\"\"");
}

/* A command as a block, so that it can be pasted as it stands. */
static void add_block(const char *key, const char *text, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "    %s: |\n", key);
	gd_strbuf_add_indented(out, "      ", text);
}

/* --- detection -------------------------------------------------------------------------- */

static bool is_load(const struct gd_scenario *s, const char *subject)
{
	for (size_t i = 0; i < s->loads.n; i++) {
		const char *name = GD_AT(&s->loads, const struct gd_load_spec, i)->name;

		if (name && strcmp(name, subject) == 0)
			return true;
	}
	return false;
}

static bool more_is_better(const char *metric)
{
	static const char *const names[] = {"success", "goodput", "rate", "requests"};

	for (size_t i = 0; i < GD_N_ELEMS(names); i++)
		if (strcmp(names[i], metric) == 0)
			return true;
	return false;
}

/* Does it say that something is bad in a fault stage, and not what must still be good? */
static bool tells_of_harm(const struct gd_scenario *s, const struct gd_condition *c)
{
	const struct gd_stage *in = c->stage ? gd_scenario_stage(s, c->stage) : NULL;
	const struct gd_stage *to =
		c->reference ? gd_scenario_stage(s, c->reference) : NULL;
	bool above = c->op == GD_OP_GT || c->op == GD_OP_GE;
	bool below = c->op == GD_OP_LT || c->op == GD_OP_LE;

	if (!c->subject || !c->metric || (in && in->kind != GD_STAGE_FAULT) ||
	    (c->relative && (!to || to->kind != GD_STAGE_BASELINE)))
		return false;
	if (!is_load(s, c->subject))
		return above || below;
	return more_is_better(c->metric) ? below : above;
}

/* "> 2x baseline": the condition from its operator on. */
static const char *bound_of(const struct gd_condition *c)
{
	const char *op = gd_op_name(c->op);
	const char *at = strstr(c->source, op);

	return at ? at : op;
}

static void add_when(const struct gd_scenario *s, const struct gd_condition *c,
		     struct gd_strbuf *out)
{
	if (is_load(s, c->subject))
		gd_strbuf_addf(out, "*.*.%s %s", c->metric, bound_of(c));
	else
		gd_strbuf_addf(out, "*.%s.%s %s", c->part ? c->part : "*", c->metric,
			       bound_of(c));
}

/* Was the same said by an expectation before, as for another client? */
static bool said_before(const struct gd_scenario *s, size_t i, const char *when)
{
	for (size_t k = 0; k < i; k++) {
		const struct gd_condition *c =
			GD_AT(&s->expect, const struct gd_condition, k);
		GD_AUTO_STRBUF(other);

		if (!tells_of_harm(s, c))
			continue;
		add_when(s, c, &other);
		if (strcmp(gd_strbuf_str(&other), when) == 0)
			return true;
	}
	return false;
}

static void add_detection(const struct gd_scenario *s, size_t i, struct gd_strbuf *out)
{
	const struct gd_condition *c = GD_AT(&s->expect, const struct gd_condition, i);
	GD_AUTO_STRBUF(when);
	GD_AUTO_STRBUF(alert);

	add_when(s, c, &when);
	if (said_before(s, i, gd_strbuf_str(&when)))
		return;
	gd_strbuf_addf(&alert, "%s.%s is %s", c->part ? c->part : c->subject, c->metric,
		       bound_of(c));
	gd_strbuf_adds(out, "  - alert: ");
	add_quoted(gd_strbuf_str(&alert), out);
	gd_strbuf_adds(out, "\n    when: ");
	add_quoted(gd_strbuf_str(&when), out);
	gd_strbuf_addc(out, '\n');
}

/* What a watch shows, as a comment to choose from. */
static void add_watch(const struct gd_kinds *kinds, const struct gd_watch_use *w,
		      struct gd_strbuf *out)
{
	const struct gd_kind_row *row =
		gd_kind_find(kinds->watches, kinds->n_watches, w->kind);

	for (size_t i = 0; row && row->metrics && row->metrics[i].name; i++)
		gd_strbuf_addf(out, "  #   *.%s.%s  %s\n", w->kind, row->metrics[i].name,
			       row->metrics[i].help);
}

static void add_detections(const struct gd_scenario *s, const struct gd_kinds *kinds,
			   struct gd_strbuf *out)
{
	gd_strbuf_adds(out,
		       "\ndetection:\n  # From what the scenario expects of its fault "
		       "stages; * is any load, client or role.\n");
	for (size_t i = 0; i < s->expect.n; i++)
		if (tells_of_harm(s, GD_AT(&s->expect, const struct gd_condition, i)))
			add_detection(s, i, out);
	gd_strbuf_adds(out, "  - symptom: \"TODO: what do people notice first?\"\n");
	if (s->watches.n > 0)
		gd_strbuf_adds(out, "  # Signals that were watched and could alert:\n");
	for (size_t i = 0; i < s->watches.n; i++)
		add_watch(kinds, GD_AT(&s->watches, const struct gd_watch_use, i), out);
}

/* --- diagnosis and mitigation ------------------------------------------------------------ */

typedef void fault_fn(const struct gd_kind_row *kind, const struct gd_fault_use *use,
		      const void *args, struct gd_strbuf *out);

static void add_look(const struct gd_kind_row *kind, const struct gd_fault_use *use,
		     const void *args, struct gd_strbuf *out)
{
	GD_AUTO_STRBUF(look);

	if (!kind->look)
		return;
	kind->look(args, &look);
	gd_strbuf_addf(out, "  - step: \"What does %s say of it?\"\n", use->on);
	add_block("command", gd_strbuf_str(&look), out);
	gd_strbuf_adds(out, "    run: true\n    root: true\n    on: ");
	add_quoted(use->on, out);
	gd_strbuf_addc(out, '\n');
}

static void add_manual(const struct gd_kind_row *kind, const struct gd_fault_use *use,
		       const void *args, struct gd_strbuf *out)
{
	GD_AUTO_STRBUF(manual);
	GD_AUTO_STRBUF(action);

	if (kind->manual)
		kind->manual(args, &manual);
	if (manual.len == 0)
		return;
	gd_strbuf_addf(&action, "Put it back by hand on %s", use->on);
	if (kind->describe) {
		gd_strbuf_adds(&action, ": ");
		kind->describe(args, &action);
	}
	gd_strbuf_adds(out, "  - action: ");
	add_quoted(gd_strbuf_str(&action), out);
	gd_strbuf_addc(out, '\n');
	add_block("command", gd_strbuf_str(&manual), out);
	gd_strbuf_adds(out, "    applies_to: [");
	add_quoted(use->on, out);
	gd_strbuf_adds(out, "]\n");
}

static int add_fault(const struct gd_kinds *kinds, const struct gd_stage *stage,
		     const struct gd_fault_use *use, fault_fn *add, struct gd_strbuf *all,
		     struct gd_error *err)
{
	const struct gd_kind_row *kind =
		gd_kind_find(kinds->faults, kinds->n_faults, use->kind);
	GD_AUTO_STRBUF(one);
	GD_AUTO_DIAGS(diags);
	struct gd_list levels;

	if (!kind || gd_levels_make(kind, use, stage->length, &levels, &diags) < 0)
		return gd_diags_to_error(&diags, err) < 0
			       ? -1
			       : gd_raise(err, GD_E_INPUT, "there is no fault \"%s\"",
					  use->kind);
	add(kind, use, GD_AT(&levels, struct gd_level, 0)->args, &one);
	gd_levels_fini(kind, &levels);
	/* Two stages often have the same fault, or one that looks the same. */
	if (one.len > 0 && !strstr(gd_strbuf_str(all), gd_strbuf_str(&one)))
		gd_strbuf_adds(all, gd_strbuf_str(&one));
	return 0;
}

static int add_faults(const struct gd_scenario *s, const struct gd_kinds *kinds,
		      fault_fn *add, struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO_STRBUF(all);

	for (size_t i = 0; i < s->stages.n; i++) {
		const struct gd_stage *stage =
			GD_AT(&s->stages, const struct gd_stage, i);

		for (size_t k = 0; k < stage->faults.n; k++)
			if (add_fault(kinds, stage,
				      GD_AT(&stage->faults, const struct gd_fault_use, k),
				      add, &all, err) < 0)
				return -1;
	}
	gd_strbuf_adds(out, gd_strbuf_str(&all));
	return 0;
}

int gd_runbook_draft(const struct gd_scenario *s, const struct gd_kinds *kinds,
		     struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO_STRBUF(rehearse);

	gd_strbuf_addf(
		out,
		"# Drafted by gameday runbook new from the scenario %s. What only a "
		"person can know says TODO.\nincident_type: ",
		s->name);
	add_quoted(s->title ? s->title : s->name, out);
	gd_strbuf_adds(out, "\nseverity: ");
	add_quoted(s->severity ? s->severity : "TODO", out);
	gd_strbuf_addc(out, '\n');
	add_detections(s, kinds, out);
	gd_strbuf_adds(out, "\ndiagnosis_steps:\n");
	if (add_faults(s, kinds, add_look, out, err) < 0)
		return -1;
	gd_strbuf_adds(out,
		       "  - step: \"TODO: how is it told from what looks like it?\"\n"
		       "\nmitigation:\n"
		       "  - action: \"TODO: what helps users before the cause is "
		       "found?\"\n    steps:\n      - \"TODO: with undo and state, a "
		       "stage can try it (mitigate)\"\n");
	if (add_faults(s, kinds, add_manual, out, err) < 0)
		return -1;
	gd_strbuf_adds(out, "  - action: Call for help\n    escalation: \"TODO: who, and "
			    "when\"\n\nprevention:\n"
			    "  - \"TODO: what keeps it from coming back?\"\n  - ");
	gd_strbuf_addf(&rehearse, "Rehearse this failure with %s",
		       s->path ? s->path : s->name);
	add_quoted(gd_strbuf_str(&rehearse), out);
	gd_strbuf_addc(out, '\n');
	return out->failed ? gd_raise_nomem(err) : 0;
}
