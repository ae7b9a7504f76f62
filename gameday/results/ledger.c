/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the journal tells of faults and of the run's fate. One handler per event; the last
 * record of a fault's revert counts, as a second try may succeed where the first failed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/results/store.h"

typedef int event_fn(struct gd_results *r, const cJSON *line, int64_t at,
		     struct gd_error *err);

static void fault_fini(struct fault *f)
{
	char *owned[] = {f->ref,      f->stage,  f->role,  f->host,   f->kind,
			 f->describe, f->manual, f->args,  f->before, f->after,
			 f->effect,   f->reason, f->error, f->drift};

	for (size_t i = 0; i < GD_N_ELEMS(owned); i++)
		free(owned[i]);
	for (size_t i = 0; i < f->n_changes; i++)
		free(f->changes[i].text);
	free(f->changes);
}

void gd_res_ledger_fini(struct ledger *l)
{
	for (size_t i = 0; i < l->n; i++)
		fault_fini(&l->faults[i]);
	free(l->faults);
	*l = (struct ledger){0};
}

static int fault_add(struct ledger *l, const char *ref, struct fault **ret,
		     struct gd_error *err)
{
	struct fault *faults;

	if (l->n == MAX_FAULTS)
		return gd_raise(err, GD_E_INPUT, "more than %d faults", MAX_FAULTS);
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;

		faults = realloc(l->faults, cap * sizeof(*faults));
		if (!faults)
			return gd_raise_nomem(err);
		l->faults = faults;
		l->cap = cap;
	}
	l->faults[l->n] =
		(struct fault){.inject_ms = (double)NAN, .revert_ms = (double)NAN};
	l->faults[l->n].ref = strdup(ref);
	if (!l->faults[l->n].ref)
		return gd_raise_nomem(err);
	*ret = &l->faults[l->n++];
	return 0;
}

/* The fault a line is about, made if it is new. */
static int fault_get(struct gd_results *r, const cJSON *line, struct fault **ret,
		     struct gd_error *err)
{
	const char *ref = gd_json_str(line, "ref", "");

	if (!*ref)
		return gd_raise(err, GD_E_INPUT, "%s: no ref",
				gd_json_str(line, "event", "event"));
	for (size_t i = 0; i < r->ledger.n; i++)
		if (strcmp(r->ledger.faults[i].ref, ref) == 0) {
			*ret = &r->ledger.faults[i];
			return 0;
		}
	return fault_add(&r->ledger, ref, ret, err);
}

/* Takes a text member when the line has it; what was there before goes. */
static int take_text(char **slot, const cJSON *line, const char *key,
		     struct gd_error *err)
{
	const char *text = gd_json_str(line, key, NULL);
	char *copy;

	if (!text)
		return 0;
	copy = strdup(text);
	if (!copy)
		return gd_raise_nomem(err);
	free(*slot);
	*slot = copy;
	return 0;
}

static void note_detail(struct ledger *l, const char *what, const char *who,
			const char *why)
{
	if (!*l->detail)
		(void)snprintf(l->detail, sizeof(l->detail), "%.160s%s%.40s%s%.120s",
			       what, *who ? " " : "", who, *why ? ": " : "", why);
}

static int on_injecting(struct gd_results *r, const cJSON *line, int64_t at,
			struct gd_error *err)
{
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(line, "args");
	struct fault *f;

	if (fault_get(r, line, &f, err) < 0 ||
	    take_text(&f->stage, line, "stage", err) < 0 ||
	    take_text(&f->role, line, "role", err) < 0 ||
	    take_text(&f->host, line, "host", err) < 0 ||
	    take_text(&f->kind, line, "kind", err) < 0 ||
	    take_text(&f->describe, line, "describe", err) < 0 ||
	    take_text(&f->manual, line, "manual", err) < 0)
		return -1;
	free(f->args);
	f->args = args ? gd_json_print(args) : NULL;
	if (args && !f->args)
		return gd_raise_nomem(err);
	f->injecting_ns = f->injecting_ns ? f->injecting_ns : at;
	f->has_revert = false; /* in again: it has to be put back again */
	f->equal = false;
	return 0;
}

static int on_injected(struct gd_results *r, const cJSON *line, int64_t at,
		       struct gd_error *err)
{
	struct fault *f;

	if (fault_get(r, line, &f, err) < 0 ||
	    take_text(&f->before, line, "before", err) < 0 ||
	    take_text(&f->manual, line, "manual", err) < 0)
		return -1;
	f->injected_ns = f->injected_ns ? f->injected_ns : at;
	f->times++;
	f->inject_ms = gd_json_num(line, "took_ms", (double)NAN);
	return 0;
}

static int on_changed(struct gd_results *r, const cJSON *line, int64_t at,
		      struct gd_error *err)
{
	struct gd_change *grown;
	struct fault *f;

	if (fault_get(r, line, &f, err) < 0)
		return -1;
	if (f->n_changes == MAX_CHANGES)
		return 0;
	grown = reallocarray(f->changes, f->n_changes + 1, sizeof(*grown));
	if (!grown)
		return gd_raise_nomem(err);
	f->changes = grown;
	grown[f->n_changes] = (struct gd_change){.wall_ns = at};
	grown[f->n_changes].text = strdup(gd_json_str(line, "text", ""));
	if (!grown[f->n_changes].text)
		return gd_raise_nomem(err);
	f->n_changes++;
	return 0;
}

static int on_effect(struct gd_results *r, const cJSON *line, int64_t at,
		     struct gd_error *err)
{
	struct fault *f;

	(void)at;
	if (fault_get(r, line, &f, err) < 0 ||
	    take_text(&f->effect, line, "text", err) < 0)
		return -1;
	f->has_effect = true;
	f->effect_seen = f->effect_seen || gd_json_bool(line, "seen", false);
	return 0;
}

static int on_drift(struct gd_results *r, const cJSON *line, int64_t at,
		    struct gd_error *err)
{
	struct fault *f;

	if (fault_get(r, line, &f, err) < 0)
		return -1;
	if (f->drift_ns)
		return 0;
	f->drift_ns = at;
	return take_text(&f->drift, line, "text", err);
}

static int on_reverted(struct gd_results *r, const cJSON *line, int64_t at,
		       struct gd_error *err)
{
	const char *error = gd_json_str(line, "error", "");
	int64_t undone = gd_res_record_time(line, "undone_wall_ns");
	struct fault *f;

	if (fault_get(r, line, &f, err) < 0 ||
	    take_text(&f->before, line, "before", err) < 0 ||
	    take_text(&f->after, line, "after", err) < 0 ||
	    take_text(&f->reason, line, "reason", err) < 0 ||
	    take_text(&f->error, line, "error", err) < 0 ||
	    take_text(&f->host, line, "host", err) < 0)
		return -1;
	/* A runner that slept or lost the host hears of it later than it was. */
	if (undone > 0 && undone < at)
		at = undone > f->injected_ns ? undone : f->injected_ns;
	f->has_revert = true;
	f->equal = gd_json_bool(line, "equal", false) && !*error;
	f->reverted_ns = at;
	f->revert_ms = gd_json_num(line, "took_ms", (double)NAN);
	/* A fault that comes and goes: the stage is about both. */
	if (f->equal && gd_json_bool(line, "stage_goes_on", false))
		return 0;
	if (f->revert_ms > 0 && f->revert_ms < 1e9)
		at -= (int64_t)(f->revert_ms * (double)GD_NS_PER_MS);
	gd_res_stages_cut(r, at);
	return 0;
}

static int on_preflight(struct gd_results *r, const cJSON *line, int64_t at,
			struct gd_error *err)
{
	(void)at;
	(void)err;
	if (gd_json_bool(line, "ok", true))
		return 0;
	r->ledger.preflight_failed = true;
	note_detail(&r->ledger, gd_json_str(line, "kind", ""),
		    gd_json_str(line, "host", ""), gd_json_str(line, "error", ""));
	return 0;
}

static int on_control_path(struct gd_results *r, const cJSON *line, int64_t at,
			   struct gd_error *err)
{
	(void)at;
	(void)err;
	r->ledger.way_back_lost =
		r->ledger.way_back_lost || !gd_json_bool(line, "ok", true);
	return 0;
}

static int on_steady(struct gd_results *r, const cJSON *line, int64_t at,
		     struct gd_error *err)
{
	(void)at;
	(void)err;
	if (gd_json_bool(line, "ok", true))
		return 0;
	r->ledger.steady_failed = true;
	note_detail(&r->ledger, gd_json_str(line, "condition", ""), "",
		    gd_json_str(line, "measured", ""));
	return 0;
}

static int on_abort(struct gd_results *r, const cJSON *line, int64_t at,
		    struct gd_error *err)
{
	(void)err;
	r->ledger.aborted = true;
	note_detail(&r->ledger, gd_json_str(line, "condition", "stopped"), "",
		    gd_json_str(line, "reason", ""));
	gd_res_stages_cut(r, at);
	return 0;
}

static int on_host_lost(struct gd_results *r, const cJSON *line, int64_t at,
			struct gd_error *err)
{
	(void)err;
	r->ledger.aborted = true;
	note_detail(&r->ledger, gd_json_str(line, "reason", "a host was lost"), "", "");
	gd_res_stages_cut(r, at);
	return 0;
}

static int on_signal(struct gd_results *r, const cJSON *line, int64_t at,
		     struct gd_error *err)
{
	(void)err;
	r->ledger.aborted = true;
	note_detail(&r->ledger, "stopped by", gd_json_str(line, "name", "a signal"), "");
	gd_res_stages_cut(r, at);
	return 0;
}

static int on_run_ended(struct gd_results *r, const cJSON *line, int64_t at,
			struct gd_error *err)
{
	const char *end = gd_json_str(line, "end", "");

	(void)err;
	r->ledger.not_run = r->ledger.not_run || strcmp(end, "not-run") == 0;
	r->ledger.aborted = r->ledger.aborted || strcmp(end, "aborted") == 0;
	/* That the host was lost for a while follows from it. */
	if (r->ledger.not_run && r->ledger.way_back_lost)
		*r->ledger.detail = '\0';
	if (r->ledger.aborted || r->ledger.not_run)
		note_detail(&r->ledger, gd_json_str(line, "reason", ""), "", "");
	gd_res_stages_cut(r, at);
	return 0;
}

static const struct {
	const char *name;
	event_fn *fn;
} handlers[] = {
	{"fault_injecting", on_injecting},
	{"fault_injected", on_injected},
	{"fault_changed", on_changed},
	{"fault_effect", on_effect},
	{"fault_drift", on_drift},
	{"fault_reverted", on_reverted},
	{"preflight", on_preflight},
	{"control_path", on_control_path},
	{"steady", on_steady},
	{"abort", on_abort},
	{"host_lost", on_host_lost},
	{"signal", on_signal},
	{"run_ended", on_run_ended},
};

/* "stage_begin lossy at 2026-11-23T14:05:09.123Z" */
static void remember_last(struct gd_results *r, const char *event, const cJSON *line,
			  int64_t at)
{
	const char *what = gd_json_str(line, "stage", gd_json_str(line, "ref", ""));
	char when[32];

	/* People go on writing notes after the run. */
	if (!*event || at <= 0 || strcmp(event, "note") == 0)
		return;
	(void)snprintf(r->ledger.last_event, sizeof(r->ledger.last_event),
		       "%.32s%s%.64s at %s", event, *what ? " " : "", what,
		       gd_wall_format((struct gd_wall){at}, when));
	gd_res_saw(r, at);
}

int gd_res_ledger_add(struct gd_results *r, const char *event, const cJSON *line,
		      struct gd_error *err)
{
	int64_t at = gd_res_record_time(line, "wall_ns");

	remember_last(r, event, line, at);
	for (size_t i = 0; i < GD_N_ELEMS(handlers); i++)
		if (strcmp(handlers[i].name, event) == 0)
			return handlers[i].fn(r, line, at, err);
	return 0;
}

size_t gd_results_n_faults(const struct gd_results *r)
{
	return r->ledger.n;
}

static const char *text_or(const char *s)
{
	return s ? s : "";
}

struct gd_fault_view gd_results_fault(const struct gd_results *r, size_t i)
{
	const struct fault *f = &r->ledger.faults[i];

	return (struct gd_fault_view){
		.ref = text_or(f->ref),
		.stage = text_or(f->stage),
		.role = text_or(f->role),
		.host = text_or(f->host),
		.kind = text_or(f->kind),
		.describe = text_or(f->describe),
		.manual = text_or(f->manual),
		.before = text_or(f->before),
		.after = text_or(f->after),
		.effect = text_or(f->effect),
		.reason = text_or(f->reason),
		.error = text_or(f->error),
		.args = text_or(f->args),
		.injecting_ns = f->injecting_ns,
		.injected_ns = f->injected_ns,
		.reverted_ns = f->reverted_ns,
		.inject_ms = f->inject_ms,
		.revert_ms = f->revert_ms,
		.has_effect = f->has_effect,
		.effect_seen = f->effect_seen,
		.has_revert = f->has_revert,
		.equal = f->equal,
		.times = f->times,
		.drift_ns = f->drift_ns,
		.drift = text_or(f->drift),
		.changes = f->changes,
		.n_changes = f->n_changes,
	};
}

/* --- the verdict ---------------------------------------------------------------------- */

/* The first fault and the first expectation of each sort: what a reason names. */
struct culprits {
	const struct fault *left_behind, *unwitnessed, *without_effect;
	char failed[256], no_data[256];
};

static void judge_fault(const struct fault *f, struct gd_verdict_facts *facts,
			struct culprits *who)
{
	facts->n_faults += f->injecting_ns != 0;
	if (f->has_revert && !f->equal) {
		facts->n_left_behind++;
		who->left_behind = who->left_behind ? who->left_behind : f;
	}
	if (!f->has_revert && (f->injecting_ns || f->injected_ns)) {
		facts->n_unwitnessed++;
		who->unwitnessed = who->unwitnessed ? who->unwitnessed : f;
	}
	if (f->injected_ns && !f->effect_seen) {
		facts->n_without_effect++;
		who->without_effect = who->without_effect ? who->without_effect : f;
	}
}

static int judge_expect(const struct gd_results *r, const struct gd_condition *c,
			struct gd_verdict_facts *facts, struct culprits *who,
			struct gd_error *err)
{
	struct gd_verdict_item item;
	char *slot;

	if (gd_results_evaluate(r, c, "*", &item, err) < 0)
		return -1;
	facts->n_expect++;
	if (item.outcome == GD_COND_HOLDS)
		return 0;
	facts->n_failed += item.outcome == GD_COND_FAILS;
	facts->n_no_data += item.outcome == GD_COND_NO_DATA;
	slot = item.outcome == GD_COND_FAILS ? who->failed : who->no_data;
	if (!*slot)
		(void)snprintf(slot, sizeof(who->failed), "%.90s: %.150s",
			       c->source ? c->source : "", item.text);
	return 0;
}

static void name_fault(const struct fault *f, const char *tail, char *buf, size_t size)
{
	const char *host = f->host && *f->host ? f->host : "?";

	(void)snprintf(buf, size, "host %.60s: %.80s%s%.280s", host,
		       f->describe && *f->describe ? f->describe : text_or(f->ref),
		       *tail ? ": " : "", tail);
}

static void fill_detail(const struct gd_results *r, enum gd_verdict_kind kind,
			const struct culprits *who, char *buf, size_t size)
{
	const struct fault *left = who->left_behind ? who->left_behind : who->unwitnessed;

	*buf = '\0';
	if (kind == GD_VERDICT_LEFT_BEHIND && left)
		name_fault(left, text_or(left->error), buf, size);
	else if (kind == GD_VERDICT_INVALID && who->without_effect)
		name_fault(who->without_effect, text_or(who->without_effect->effect), buf,
			   size);
	else if (kind == GD_VERDICT_INVALID)
		(void)snprintf(buf, size, "%s", who->no_data);
	else if (kind == GD_VERDICT_REFUTED)
		(void)snprintf(buf, size, "%s", who->failed);
	else
		(void)snprintf(buf, size, "%s", r->ledger.detail);
}

int gd_results_verdict(const struct gd_results *r, const struct gd_list *expect,
		       bool over, struct gd_verdict *ret, struct gd_error *err)
{
	struct gd_verdict_facts facts = {
		.preflight_failed = r->ledger.preflight_failed,
		.steady_failed = r->ledger.steady_failed,
		.not_run = r->ledger.not_run,
		.way_back_lost = r->ledger.way_back_lost,
		.aborted = r->ledger.aborted,
		.over = over,
		.last_event = r->ledger.last_event,
	};
	struct culprits who = {0};
	char detail[360];

	for (size_t i = 0; i < r->ledger.n; i++)
		judge_fault(&r->ledger.faults[i], &facts, &who);
	for (size_t i = 0; i < expect->n; i++)
		if (judge_expect(r, GD_AT(expect, struct gd_condition, i), &facts, &who,
				 err) < 0)
			return -1;
	gd_verdict_decide(&facts, ret);
	/* The reason names one culprit, and which one follows from the verdict itself. */
	fill_detail(r, ret->kind, &who, detail, sizeof(detail));
	facts.detail = detail;
	gd_verdict_decide(&facts, ret);
	return 0;
}
