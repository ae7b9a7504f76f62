/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of a run, top to bottom:
 *
 *   files -> plan -> run directory -> connect -> preflight -> traffic -> baseline ->
 *   steady state -> each fault stage (inject, measure, undo, prove) -> recovery -> verdict
 *
 * Each step either goes on or ends the run with a reason. However it ends, the last steps
 * are the same: undo everything, stop the traffic, give the hosts back, report.
 */
#include "gameday/runner/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/runner/guard.h"
#include "gameday/runner/names.h"
#include "gameday/runner/session.h"

enum { TICK_MS = 500 };

/* --- files --------------------------------------------------------------------------- */

static void print_diags(struct gd_diags *d, const char *source, size_t size)
{
	GD_AUTO_STRBUF(out);

	gd_diags_sort(d);
	gd_diags_render(d, source, size, &out);
	(void)fputs(gd_strbuf_str(&out), stderr);
}

/* 0, or -1 after having printed every mistake. */
static int load_files(struct gd_run *r)
{
	GD_AUTO_DIAGS(inv_diags);
	GD_AUTO_DIAGS(sc_diags);
	int bad = 0;

	if (gd_inventory_load(r->opt->inventory, &r->inventory, &inv_diags) < 0)
		bad = 1;
	print_diags(&inv_diags, r->inventory.source, r->inventory.source_size);
	if (gd_scenario_load(r->opt->scenario, &r->scenario, &sc_diags) < 0)
		bad = 1;
	gd_scenario_open_book(&r->scenario, r->opt->runbook, &sc_diags);
	if (sc_diags.n_errors > 0)
		bad = 1;
	else if (!bad && (gd_scenario_check(&r->scenario, &r->inventory, r->opt->kinds,
					    &sc_diags) < 0 ||
			  gd_plan_make(&r->scenario, &r->inventory, r->opt->kinds,
				       &r->plan, &sc_diags) < 0))
		bad = 1;
	print_diags(&sc_diags, r->scenario.source, r->scenario.source_size);
	return bad ? -1 : 0;
}

static void scale_stages(struct gd_run *r)
{
	GD_AUTO_DIAGS(diags);

	for (size_t i = 0; i < r->scenario.stages.n; i++) {
		struct gd_stage *st = GD_AT(&r->scenario.stages, struct gd_stage, i);

		st->length.ns = (int64_t)((double)st->length.ns * r->opt->stage_scale);
	}
	if (r->opt->stage_scale < 1) {
		gd_scenario_check_lengths(&r->scenario, &diags);
		print_diags(&diags, r->scenario.source, r->scenario.source_size);
	}
}

/* --- record -------------------------------------------------------------------------- */

static void copy_input(struct gd_run *r, const char *path, const char *name)
{
	GD_AUTO_FREE char *data = NULL;
	struct gd_error err = GD_ERROR_INIT;
	size_t size;

	if (gd_file_read(path, (size_t)1 << 20, &data, &size, &err) < 0 ||
	    gd_record_copy(r->rec, name, data, size, &err) < 0)
		gd_view_event(r->view, GD_TONE_BAD, "record   %s", err.text);
}

static void record_start(struct gd_run *r)
{
	cJSON *m = cJSON_CreateObject();

	if (m) {
		(void)gd_json_set_str(m, "run", gd_record_id(r->rec));
		(void)gd_json_set_str(m, "scenario", r->scenario.name);
		(void)gd_json_set_str(m, "title", r->scenario.title);
		(void)gd_json_set_str(m, "hypothesis", r->scenario.hypothesis);
		(void)gd_json_set_str(m, "severity", r->scenario.severity);
		(void)gd_json_set_str(m, "runbook", r->scenario.runbook);
		(void)gd_json_set_str(m, "version", r->opt->version);
		(void)gd_json_set_str(m, "argv", r->opt->argv);
		(void)gd_json_set_str(m, "inventory", r->opt->inventory);
		(void)gd_json_set_str(m, "runner", r->identity);
		(void)gd_json_set(m, "roles",
				  gd_crew_to_json(r->opt->crew, r->scenario.crew));
		(void)gd_json_set_bool(m, "blind", r->opt->blind);
	}
	gd_record_event(r->rec, "run_started", m);
	copy_input(r, r->opt->scenario, "scenario.yaml");
	if (r->opt->runbook)
		copy_input(r, r->opt->runbook, "runbook.yaml");
}

static const char *role_of(const struct gd_run *r, const struct gd_member *m)
{
	for (size_t i = 0; i < r->plan.n_hosts; i++)
		if (&r->fleet.members[r->member_of[i]] == m)
			return r->plan.hosts[i].role->name;
	return "";
}

static void record_host(struct gd_run *r, const struct gd_member *mem)
{
	static const char *const keys[] = {"kernel", "machine", "hostname", "version"};
	cJSON *m = cJSON_CreateObject();

	if (m) {
		(void)gd_json_set_str(m, "role", role_of(r, mem));
		(void)gd_json_set_str(m, "host", mem->inv->name);
		(void)gd_json_set_str(m, "address", mem->inv->address);
		(void)gd_json_set_str(m, "transport", gd_host_transport(mem->host));
		if (gd_host_transport_why(mem->host)[0])
			(void)gd_json_set_str(m, "why", gd_host_transport_why(mem->host));
		(void)gd_json_set_str(m, "agent", r->fleet.bundle.hash);
		(void)gd_json_set_bool(m, "uploaded", gd_host_uploaded(mem->host));
		(void)gd_json_set_int(m, "clock_offset_ns", mem->clock.wall_offset_ns);
		(void)gd_json_set_int(m, "clock_error_ns", mem->clock.error_ns);
		for (size_t i = 0; i < GD_N_ELEMS(keys); i++)
			(void)gd_json_set_str(m, keys[i],
					      gd_json_str(mem->hello, keys[i], ""));
	}
	gd_record_event(r->rec, "host", m);
	gd_view_secret(r->view, GD_TONE_PLAIN, "host     %s (%s): %s, over %s",
		       mem->inv->name, role_of(r, mem),
		       gd_json_str(mem->hello, "kernel", "unknown kernel"),
		       gd_host_transport(mem->host));
}

/* --- ends ---------------------------------------------------------------------------- */

/* Ends the run; the first reason stays. Returns -1 so that a step can return it. */
static int end_run(struct gd_run *r, enum gd_run_end end, const char *reason)
{
	if (r->end != GD_END_COMPLETED)
		return -1;
	r->end = end;
	gd_view_reveal(r->view, "because the run ends early");
	(void)snprintf(r->end_reason, sizeof(r->end_reason), "%s", reason);
	gd_view_event(r->view, GD_TONE_BAD, "%s %s",
		      end == GD_END_NOT_RUN ? "not run " : "abort   ", reason);
	return -1;
}

static bool anything_was_in(const struct gd_run *r)
{
	for (size_t i = 0; i < r->plan.n_faults; i++)
		if (r->faults[i].phase != GD_FAULT_IDLE)
			return true;
	return false;
}

/* After a wait that a stop cut short. */
static int end_by_stop(struct gd_run *r)
{
	bool early = !anything_was_in(r) && r->fleet.stop != GD_STOP_SIGNAL;

	return end_run(r, early ? GD_END_NOT_RUN : GD_END_ABORTED, r->fleet.stop_reason);
}

/* --- events -------------------------------------------------------------------------- */

static void on_event(void *ctx, struct gd_member *m, const cJSON *event)
{
	struct gd_run *r = ctx;

	if (gd_traffic_event(r, m, event) || gd_stage_event(r, m, event) ||
	    gd_diagnose_event(r, m, event))
		return;
	if (strcmp(gd_json_str(event, "event", ""), "log") == 0)
		gd_view_secret(r->view, GD_TONE_PLAIN, "agent    %s: %s", m->inv->name,
			       gd_json_str(event, "text", ""));
}

static void on_cut_off(void *ctx, struct gd_member *m)
{
	gd_traffic_cut_off(ctx, m);
}

static void on_back(void *ctx, struct gd_member *m)
{
	gd_traffic_back(ctx, m);
}

static void on_stop(void *ctx, enum gd_stop_kind kind, const char *reason)
{
	struct gd_run *r = ctx;
	const char *event = kind == GD_STOP_SIGNAL      ? "signal"
			    : kind == GD_STOP_HOST_LOST ? "host_lost"
							: "abort";

	gd_record_event_text(r->rec, event, kind == GD_STOP_SIGNAL ? "name" : "reason",
			     reason);
}

static void on_signal(void *ctx, int signo)
{
	struct gd_run *r = ctx;

	if (signo == SIGTSTP) {
		gd_view_pause(r->view);
		return;
	}
	if (r->undoing || r->fleet.stop != GD_STOP_NONE) {
		gd_view_event(r->view, GD_TONE_BAD,
			      "signal   undoing already; please wait");
		return;
	}
	gd_view_event(r->view, GD_TONE_BAD, "signal   %s: undoing everything",
		      strsignal(signo));
	gd_fleet_stop(&r->fleet, GD_STOP_SIGNAL, "stopped by %s", strsignal(signo));
}

static void on_tick(void *ctx)
{
	struct gd_run *r = ctx;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(why);

	gd_timer_arm(r->tick, gd_after(gd_now(), gd_span_ms(TICK_MS)));
	gd_live_hear_notes(r);
	gd_live_record_reveal(r);
	gd_live_draw(r);
	gd_diagnose_tick(r);
	gd_traffic_tick(r);
	if (gd_record_check(r->rec, &err) < 0)
		gd_fleet_stop(&r->fleet, GD_STOP_INTERNAL, "%s", err.text);
	if (!r->guarded_from || r->undoing)
		return;
	switch (gd_guard_abort(&r->scenario, r->results, r->guarded_from, &why, &err)) {
	case 0:
		break;
	case 1:
		gd_fleet_stop(&r->fleet, GD_STOP_CONDITION, "%s", gd_strbuf_str(&why));
		break;
	default:
		gd_fleet_stop(&r->fleet, GD_STOP_INTERNAL, "%s", err.text);
	}
}

/* --- steps --------------------------------------------------------------------------- */

struct gd_member *gd_run_member(struct gd_run *r, const char *role)
{
	for (size_t i = 0; i < r->plan.n_hosts; i++)
		if (strcmp(r->plan.hosts[i].role->name, role) == 0)
			return &r->fleet.members[r->member_of[i]];
	return NULL;
}

static int connect_hosts(struct gd_run *r, struct gd_error *err)
{
	GD_AUTO_STRBUF(lost);

	r->member_of = calloc(r->plan.n_hosts + 1, sizeof(*r->member_of));
	r->faults = calloc(r->plan.n_faults + 1, sizeof(*r->faults));
	r->looks = calloc(r->plan.n_looks + 1, sizeof(*r->looks));
	if (!r->member_of || !r->faults || !r->looks)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < r->plan.n_hosts; i++)
		if (gd_fleet_add(&r->fleet, r->plan.hosts[i].host, &r->member_of[i],
				 err) < 0)
			return -1;
	for (size_t i = 0; i < r->plan.n_faults; i++)
		r->faults[i] = (struct gd_live_fault){
			.plan = &r->plan.faults[i],
			.member =
				&r->fleet.members[r->member_of[r->plan.faults[i].host]]};
	for (size_t i = 0; i < r->plan.n_looks; i++)
		r->looks[i] = (struct gd_live_look){
			.plan = &r->plan.looks[i],
			.member = &r->fleet.members[r->member_of[r->plan.looks[i].host]]};
	if (gd_fleet_connect(&r->fleet, err) < 0 || gd_clocks_measure(&r->fleet, err) < 0)
		return -1;
	for (size_t i = 0; i < r->fleet.n; i++) {
		struct gd_member *m = &r->fleet.members[i];

		if (m->state == GD_MEMBER_READY) {
			record_host(r, m);
			continue;
		}
		gd_strbuf_addf(&lost, "%s%s", lost.len ? "; " : "", m->error.text);
	}
	if (lost.len)
		return gd_raise(err, GD_E_REMOTE, "%s", gd_strbuf_str(&lost));
	return 0;
}

static const char *kind_name(enum gd_stage_kind k)
{
	return k == GD_STAGE_BASELINE ? "baseline"
	       : k == GD_STAGE_FAULT  ? "fault"
				      : "recovery";
}

static int stage_begin(struct gd_run *r, const struct gd_stage *st, struct gd_error *err)
{
	cJSON *m = cJSON_CreateObject();

	r->stage = st;
	r->stage_until = gd_after(gd_now(), st->length);
	if (m) {
		(void)gd_json_set_str(m, "stage", st->name);
		(void)gd_json_set_str(m, "kind", kind_name(st->kind));
		(void)gd_json_set_int(m, "length_ns", st->length.ns);
	}
	gd_record_event(r->rec, "stage_begin", m);
	gd_view_secret(r->view, GD_TONE_PLAIN, "stage    %s, %lld s", st->name,
		       (long long)(st->length.ns / GD_NS_PER_S));
	return gd_results_stage_begin(r->results, st->name, kind_name(st->kind),
				      gd_wall_now().ns, err);
}

/* Until traffic flows again after a change that took a carrier away. */
static int settle(struct gd_run *r, struct gd_error *err)
{
	int stopped = gd_fleet_sleep(&r->fleet, r->settled, err);

	return stopped == 1 ? end_by_stop(r) : stopped;
}

static void stage_measured(struct gd_run *r, const struct gd_stage *st)
{
	r->stage_until = gd_after(gd_now(), st->length);
	gd_record_event_text(r->rec, "stage_measured", "stage", st->name);
	gd_results_stage_measured(r->results, st->name, gd_wall_now().ns);
}

static void stage_end(struct gd_run *r, const struct gd_stage *st)
{
	gd_record_event_text(r->rec, "stage_end", "stage", st->name);
	gd_results_stage_end(r->results, st->name, gd_wall_now().ns);
	r->stage = NULL;
}

/* Waits for the stage to pass, with faults coming and going at their times. */
static int pass_stage(struct gd_run *r, const struct gd_stage *st, struct gd_error *err)
{
	switch (gd_cycle_pass(r, st, err)) {
	case 0:
		return 0;
	case 1:
		return end_by_stop(r);
	default:
		return -1;
	}
}

static int baseline(struct gd_run *r, const struct gd_stage *st, struct gd_error *err)
{
	GD_AUTO_STRBUF(why);
	GD_AUTO_STRBUF(reason);
	int held;

	if (stage_begin(r, st, err) < 0)
		return -1;
	stage_measured(r, st);
	if (pass_stage(r, st, err) < 0)
		return -1;
	stage_end(r, st);
	/* The last intervals close when their slowest request is over. */
	switch (gd_fleet_sleep(&r->fleet, gd_after(gd_now(), gd_span_ms(1500)), err)) {
	case 0:
		break;
	case 1:
		return end_by_stop(r);
	default:
		return -1;
	}
	held = gd_guard_steady(&r->scenario, st->name, r->results, r->rec, &why, err);
	if (held < 0)
		return -1;
	if (held)
		return 0;
	gd_strbuf_addf(&reason,
		       "the steady state does not hold, nothing was injected: %s",
		       gd_strbuf_str(&why));
	return end_run(r, GD_END_NOT_RUN, gd_strbuf_str(&reason));
}

/* Was the way back lost while no fault had stayed in yet? Then it was a failed preflight. */
static bool only_tried(const struct gd_run *r)
{
	for (size_t i = 0; i < r->plan.n_faults; i++)
		if (r->faults[i].proved)
			return false;
	return r->way_back_lost;
}

static int fault_stage(struct gd_run *r, const struct gd_stage *st, struct gd_error *err)
{
	int result;

	if (stage_begin(r, st, err) < 0)
		return -1;
	if (gd_cycle_begin(r, st, err) < 0)
		return end_run(r, only_tried(r) ? GD_END_NOT_RUN : GD_END_ABORTED,
			       err->text);
	if (settle(r, err) < 0)
		return -1;
	stage_measured(r, st);
	gd_diagnose_begin(r, st);
	result = pass_stage(r, st, err);
	gd_diagnose_end(r, st);
	stage_end(r, st);
	if (result < 0)
		return -1;
	if (gd_stage_undo(r, st, err) < 0)
		return end_run(r, GD_END_ABORTED, err->text);
	return 0;
}

static int recovery(struct gd_run *r, const struct gd_stage *st, struct gd_error *err)
{
	int result;

	if (stage_begin(r, st, err) < 0)
		return -1;
	if (settle(r, err) < 0)
		return -1;
	stage_measured(r, st);
	result = pass_stage(r, st, err);
	stage_end(r, st);
	return result;
}

static int stages(struct gd_run *r, struct gd_error *err)
{
	for (size_t i = 0; i < r->scenario.stages.n; i++) {
		const struct gd_stage *st =
			GD_AT(&r->scenario.stages, struct gd_stage, i);
		int result = 0;

		/* Asked for while nothing was waited for: not a step further. */
		if (r->fleet.stop != GD_STOP_NONE)
			return end_by_stop(r);
		switch (st->kind) {
		case GD_STAGE_BASELINE:
			result = baseline(r, st, err);
			break;
		case GD_STAGE_FAULT:
			result = fault_stage(r, st, err);
			break;
		case GD_STAGE_RECOVERY:
			result = recovery(r, st, err);
			break;
		}
		if (result < 0)
			return -1;
	}
	return 0;
}

/* From the first connection to the last stage: 0, or -1 with r->end or err saying why. */
static int work(struct gd_run *r, struct gd_error *err)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP};

	if (gd_loop_signals(r->fleet.loop, signos, GD_N_ELEMS(signos), on_signal, r,
			    err) < 0 ||
	    gd_view_attach(r->view, r->fleet.loop, err) < 0 ||
	    gd_loop_timer(r->fleet.loop, on_tick, r, &r->tick, err) < 0)
		return -1;
	gd_timer_arm(r->tick, gd_now());
	if (connect_hosts(r, err) < 0 || gd_stage_preflight(r, err) < 0)
		return r->fleet.stop == GD_STOP_NONE
			       ? end_run(r, GD_END_NOT_RUN, err->text)
			       : end_by_stop(r);
	if (gd_traffic_start(r, err) < 0)
		return end_run(r, GD_END_NOT_RUN, err->text);
	r->guarded_from = gd_wall_now().ns;
	return stages(r, err);
}

static void record_verdict(struct gd_run *r)
{
	static const char *const ends[] = {[GD_END_COMPLETED] = "completed",
					   [GD_END_NOT_RUN] = "not-run",
					   [GD_END_ABORTED] = "aborted"};
	cJSON *m = cJSON_CreateObject();

	if (m) {
		(void)gd_json_set_str(m, "end", ends[r->end]);
		if (r->end_reason[0])
			(void)gd_json_set_str(m, "reason", r->end_reason);
	}
	gd_record_event(r->rec, "run_ended", m);
}

/* The verdict's word for an exit status of a run. */
static const char *word_of(int status)
{
	static const char *const words[] = {
		[GD_EXIT_HELD] = "held",       [GD_EXIT_EXPECTATION] = "refuted",
		[GD_EXIT_USAGE] = "not run",   [GD_EXIT_PREFLIGHT] = "not run",
		[GD_EXIT_ABORTED] = "aborted", [GD_EXIT_LEFT_BEHIND] = "left behind",
		[GD_EXIT_INVALID] = "invalid",
	};

	return status >= 0 && (size_t)status < GD_N_ELEMS(words) ? words[status] : "over";
}

/* The summary's first line, for those who look at the view to the end; then it closes. */
static void show_end(struct gd_run *r, int status, const struct gd_strbuf *summary)
{
	const char *text = gd_strbuf_str(summary);
	const char *after = strstr(text, ": "); /* "verdict  held: ..." */
	GD_AUTO_FREE char *first = NULL;

	text = after ? after + 2 : text;
	first = strndup(text, strcspn(text, "\n"));

	gd_live_draw(r);
	gd_view_over(r->view, word_of(status), first ? first : "");
	gd_view_free(r->view);
	r->view = NULL;
}

static bool anything_left(const struct gd_run *r)
{
	for (size_t i = 0; i < r->plan.n_faults; i++)
		if (r->faults[i].phase == GD_FAULT_LEFT)
			return true;
	return false;
}

/* The disk kept back a part: what happened is known here, so say it. Returns the status. */
static int tell_unwritten(const struct gd_run *r, int status, const char *why)
{
	const char *dir = gd_record_dir(r->rec);
	bool left = anything_left(r);

	(void)fprintf(stderr,
		      "%s, but not everything could be written: %s\n"
		      "make room, then render the report again: gameday report %s\n",
		      left ? "something was LEFT BEHIND (see above)"
			   : "everything is undone",
		      why, dir);
	if (!gd_record_incomplete(r->rec))
		return status;
	(void)fprintf(
		stderr,
		"the end of the run is missing in %s/journal.jsonl: what stands above "
		"this line is what happened\n",
		dir);
	return left ? GD_EXIT_LEFT_BEHIND : GD_EXIT_ABORTED;
}

static int render(struct gd_run *r)
{
	const char *dir = gd_record_dir(r->rec);
	struct gd_error why = GD_ERROR_INIT;
	GD_AUTO_STRBUF(summary);
	int status = -1, rc;

	gd_record_release(r->rec);
	rc = gd_report_write(dir, &summary, &status, &why);
	show_end(r, rc < 0 ? -1 : status, &summary);
	if (rc < 0) /* no verdict: not even the journal can be read */
		return tell_unwritten(r,
				      anything_left(r)           ? GD_EXIT_LEFT_BEHIND
				      : r->end == GD_END_NOT_RUN ? GD_EXIT_PREFLIGHT
								 : GD_EXIT_ABORTED,
				      why.text);
	(void)fputs(gd_strbuf_str(&summary), stdout);
	if (rc == 0 && gd_record_incomplete(r->rec))
		rc = gd_record_check(r->rec, &why);
	return rc == 0 ? status : tell_unwritten(r, status, why.text);
}

/* The same for every end: undo, stop, give back, and say what it all meant. */
static int finish(struct gd_run *r)
{
	struct gd_error ignored = GD_ERROR_INIT;

	gd_stage_undo_all(r);
	if (gd_traffic_stop(r, &ignored) < 0)
		gd_view_event(r->view, GD_TONE_BAD, "load     %s", ignored.text);
	gd_stage_release(r);
	gd_diagnose_fini(r);
	gd_view_reveal(r->view, "because the run is over");
	gd_live_record_reveal(r);
	record_verdict(r);
	r->ended = true;
	gd_live_draw(r);
	return render(r);
}

static void run_fini(struct gd_run *r)
{
	for (size_t i = 0; i < r->n_loads; i++) {
		gd_io_remove(r->loads[i].io);
		gd_load_free(r->loads[i].here);
	}
	gd_fleet_fini(&r->fleet);
	for (size_t i = 0; i < r->n_loads; i++)
		gd_call_fini(&r->loads[i].attach);
	for (size_t i = 0; r->looks && i < r->plan.n_looks; i++) {
		gd_call_fini(&r->looks[i].call);
		gd_call_fini(&r->looks[i].stop_call);
	}
	gd_view_free(r->view);
	gd_record_free(r->rec);
	gd_results_free(r->results);
	gd_plan_fini(&r->plan);
	gd_scenario_fini(&r->scenario);
	gd_inventory_fini(&r->inventory);
	free(r->looks);
	free(r->loads);
	free(r->faults);
	free(r->member_of);
	free(r->identity);
}

static int open_view(struct gd_run *r, struct gd_error *err)
{
	struct gd_view_options opt = {.fd = STDOUT_FILENO, .blind = r->opt->blind};

	if (r->opt->dashboard &&
	    gd_web_new(r->opt->dashboard, r->opt->dashboard_public, &opt.web, err) < 0)
		return -1;
	return gd_view_new(&opt, &r->view, err);
}

static int prepare(struct gd_run *r, struct gd_error *err)
{
	r->identity = gd_runner_identity();
	if (!r->identity)
		return gd_raise_nomem(err);
	if (open_view(r, err) < 0 || gd_results_new(&r->results, err) < 0 ||
	    gd_record_new(r->opt->out, r->scenario.name, &r->rec, err) < 0 ||
	    gd_fleet_init(&r->fleet, gd_record_id(r->rec), r->identity, err) < 0)
		return -1;
	r->fleet.on_event = on_event;
	r->fleet.on_stop = on_stop;
	r->fleet.on_cut_off = on_cut_off;
	r->fleet.on_back = on_back;
	r->fleet.ctx = r;
	record_start(r);
	gd_view_secret(r->view, GD_TONE_PLAIN, "run      %s", gd_record_dir(r->rec));
	if (r->opt->blind)
		gd_view_event(
			r->view, GD_TONE_PLAIN,
			"blind    hidden until the note diagnosed, the key r, or the "
			"end");
	return 0;
}

/* Enough to agree to, and nothing to guess from. */
static void print_blind_plan(const struct gd_run *r, struct gd_strbuf *text)
{
	char length[32];

	gd_strbuf_addf(
		text,
		"A blind run of about %s: what is done, where and when is hidden.\n"
		"gameday plan shows it to those who may know. Hosts that may be "
		"touched:\n",
		gd_span_format(gd_plan_length(&r->plan), length));
	for (size_t i = 0; i < r->inventory.hosts.n; i++)
		gd_strbuf_addf(
			text, "  %s\n",
			GD_AT(&r->inventory.hosts, const struct gd_inventory_host, i)
				->name);
}

/*
 * Who is asked sees what host names mean, and what was found then is what the run uses. When a
 * host can't be asked the plan says so, and the run will say why.
 */
static bool confirmed(struct gd_run *r)
{
	GD_AUTO_STRBUF(text);
	struct gd_error ignored = GD_ERROR_INIT;

	if (!r->opt->confirm)
		return true;
	if (r->opt->blind) {
		print_blind_plan(r, &text);
	} else {
		if (gd_names_of_plan(&r->plan, &ignored) < 0)
			(void)printf("gameday: %s\n", ignored.text);
		gd_plan_print(&r->plan, &text);
	}
	return r->opt->confirm(r->opt->confirm_ctx, gd_strbuf_str(&text));
}

int gd_run(const struct gd_run_options *opt, struct gd_error *err)
{
	struct gd_run r = {.opt = opt};
	int status;

	if (load_files(&r) < 0) {
		run_fini(&r);
		return GD_EXIT_USAGE;
	}
	scale_stages(&r);
	if (!confirmed(&r)) {
		run_fini(&r);
		return gd_raise(
			err, GD_E_INPUT,
			"not confirmed: answer yes, or add --yes where nobody can");
	}
	if (prepare(&r, err) < 0) {
		run_fini(&r);
		return -1;
	}
	if (work(&r, err) < 0 && r.end == GD_END_COMPLETED)
		(void)end_run(&r, anything_was_in(&r) ? GD_END_ABORTED : GD_END_NOT_RUN,
			      err->text);
	status = finish(&r);
	run_fini(&r);
	return status;
}
