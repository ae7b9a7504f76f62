/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runbook's steps that are marked `run: true`, on the hosts, while a fault is in. Nothing
 * ever waits for one: they are sent from the tick, one at a time per host, answered by an
 * event, and killed with their stage. From a quarter of the stage on, so that there is
 * something to see and the first figures are without them.
 */
#include "gameday/runner/session.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/wire/utf8.h"

enum { ANSWER_MS = 15000, START_PART = 4 };

static void record(struct gd_run *r, const struct gd_live_look *l, const cJSON *ran,
		   const char *error)
{
	static const char *const numbers[] = {"status", "signal", "took_ms", "dropped"};
	static const char *const flags[] = {"timed_out", "stopped"};
	const struct gd_diagnosis *step = l->plan->step;
	GD_AUTO_FREE char *output =
		strndup(gd_json_str(ran, "output", ""), GD_LOOK_MAX_OUTPUT);
	cJSON *m = cJSON_CreateObject();

	if (output)
		gd_utf8_scrub(output, strlen(output));
	(void)gd_json_set_str(m, "ref", l->plan->ref);
	(void)gd_json_set_str(m, "stage", l->plan->stage->name);
	(void)gd_json_set_int(m, "number", (int64_t)l->plan->number);
	(void)gd_json_set_str(m, "role", r->plan.hosts[l->plan->host].role->name);
	(void)gd_json_set_str(m, "host", l->member->inv->name);
	(void)gd_json_set_str(m, "step", step->step);
	(void)gd_json_set_str(m, "command", step->command);
	(void)gd_json_set_bool(m, "root", step->root);
	(void)gd_json_set_int(m, "limit_ms", step->timeout.ns / GD_NS_PER_MS);
	if (l->sent_wall_ns)
		(void)gd_json_set_int(m, "sent_wall_ns", l->sent_wall_ns);
	for (size_t i = 0; ran && i < GD_N_ELEMS(numbers); i++)
		if (cJSON_GetObjectItemCaseSensitive(ran, numbers[i]))
			(void)gd_json_set_int(m, numbers[i],
					      gd_json_int(ran, numbers[i], 0));
	for (size_t i = 0; ran && i < GD_N_ELEMS(flags); i++)
		if (gd_json_bool(ran, flags[i], false))
			(void)gd_json_set_bool(m, flags[i], true);
	(void)gd_json_set_str(m, "output", output ? output : "");
	if (error)
		(void)gd_json_set_str(m, "error", error);
	gd_record_event(r->rec, "diagnosis", m);
	gd_view_secret(r->view, GD_TONE_PLAIN, "look     %s: %s%s%s",
		       l->member->inv->name, step->step ? step->step : step->command,
		       error ? ": " : "", error ? error : "");
}

static void close_look(struct gd_run *r, struct gd_live_look *l, const cJSON *ran,
		       const char *error)
{
	l->phase = GD_LOOK_DONE;
	record(r, l, ran, error);
}

/* Is a fault of the stage in, on this host if it has one? */
static bool sees_fault(const struct gd_run *r, const struct gd_live_look *l)
{
	bool any = false, here = false, hosts_one = false;

	for (size_t i = 0; i < r->plan.n_faults; i++) {
		const struct gd_live_fault *f = &r->faults[i];

		if (f->plan->stage != l->plan->stage || f->plan->remedy)
			continue;
		any = any || f->phase == GD_FAULT_IN;
		hosts_one = hosts_one || f->member == l->member;
		here = here || (f->member == l->member && f->phase == GD_FAULT_IN);
	}
	return hosts_one ? here : any;
}

static bool is_busy(const struct gd_run *r, const struct gd_member *m)
{
	for (size_t i = 0; i < r->plan.n_looks; i++)
		if (r->looks[i].member == m && r->looks[i].phase == GD_LOOK_ASKED)
			return true;
	return false;
}

static void send_look(struct gd_run *r, struct gd_live_look *l)
{
	const struct gd_diagnosis *step = l->plan->step;
	cJSON *req = gd_message_request("run");

	if (!gd_json_set_str(req, "ref", l->plan->ref) ||
	    !gd_json_set_str(req, "command", step->command) ||
	    !gd_json_set_int(req, "timeout_ms", step->timeout.ns / GD_NS_PER_MS) ||
	    !gd_json_set_int(req, "max_output", GD_LOOK_MAX_OUTPUT) ||
	    !gd_json_set_bool(req, "root", step->root)) {
		cJSON_Delete(req);
		close_look(r, l, NULL, "out of memory");
		return;
	}
	l->phase = GD_LOOK_ASKED;
	l->until = gd_after(gd_now(),
			    gd_span_ms(step->timeout.ns / GD_NS_PER_MS + ANSWER_MS));
	l->sent_wall_ns = gd_wall_now().ns;
	gd_fleet_call(&r->fleet, l->member, req, gd_span_ms(ANSWER_MS), &l->call);
}

/* It was refused, or nothing has been heard of it for too long. */
static void look_after(struct gd_run *r, struct gd_live_look *l)
{
	if (l->call.done && !l->call.reply)
		close_look(r, l, NULL, l->call.err.text);
	else if (l->until.ns < gd_now().ns)
		close_look(r, l, NULL, "the host told nothing of it");
}

void gd_diagnose_begin(struct gd_run *r, const struct gd_stage *st)
{
	r->look_from = gd_after(gd_now(), (struct gd_span){st->length.ns / START_PART});
}

void gd_diagnose_tick(struct gd_run *r)
{
	for (size_t i = 0; i < r->plan.n_looks; i++) {
		struct gd_live_look *l = &r->looks[i];

		if (l->phase == GD_LOOK_ASKED)
			look_after(r, l);
		if (l->phase != GD_LOOK_WAITING || l->plan->stage != r->stage ||
		    !r->look_from.ns || gd_now().ns < r->look_from.ns || r->undoing)
			continue;
		if (r->fleet.stop == GD_STOP_NONE && !is_busy(r, l->member) &&
		    sees_fault(r, l))
			send_look(r, l);
	}
}

bool gd_diagnose_event(struct gd_run *r, const struct gd_member *m, const cJSON *event)
{
	const char *ref = gd_json_str(event, "ref", "");

	if (strcmp(gd_json_str(event, "event", ""), "ran") != 0)
		return false;
	for (size_t i = 0; i < r->plan.n_looks; i++) {
		struct gd_live_look *l = &r->looks[i];

		if (l->member != m || l->phase != GD_LOOK_ASKED ||
		    strcmp(l->plan->ref, ref) != 0)
			continue;
		close_look(r, l, event, gd_json_str(event, "error", NULL));
		gd_diagnose_tick(r);
		return true;
	}
	return true;
}

void gd_diagnose_end(struct gd_run *r, const struct gd_stage *st)
{
	r->look_from.ns = 0;
	for (size_t i = 0; i < r->plan.n_looks; i++) {
		struct gd_live_look *l = &r->looks[i];
		cJSON *req;

		if (l->plan->stage != st)
			continue;
		if (l->phase == GD_LOOK_WAITING)
			close_look(r, l, NULL, "not run: the stage was over first");
		if (l->phase != GD_LOOK_ASKED || l->stop_sent)
			continue;
		l->stop_sent = true;
		req = gd_message_request("run_stop");
		if (gd_json_set_str(req, "ref", l->plan->ref))
			gd_fleet_call(&r->fleet, l->member, req, gd_span_ms(ANSWER_MS),
				      &l->stop_call);
		else
			cJSON_Delete(req);
	}
}

void gd_diagnose_fini(struct gd_run *r)
{
	for (size_t i = 0; r->looks && i < r->plan.n_looks; i++) {
		struct gd_live_look *l = &r->looks[i];

		if (l->phase == GD_LOOK_ASKED && r->rec)
			close_look(r, l, NULL, "the run ended before it was answered");
	}
}
