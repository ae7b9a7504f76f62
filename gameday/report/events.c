/* SPDX-License-Identifier: Apache-2.0 */
/* One sentence per journal record; an event this version does not know shows its name. */
#include <math.h>
#include <string.h>

#include "gameday/report/story.h"
#include "gameday/shape/peers.h"

static const char *str(const cJSON *e, const char *key)
{
	return gd_json_str(e, key, "?");
}

/* ": text" when there is one. */
static void add_tail(struct gd_strbuf *out, const cJSON *e, const char *key)
{
	const char *text = gd_json_str(e, key, "");

	if (*text)
		gd_strbuf_addf(out, ": %s", text);
}

static void add_took(struct gd_strbuf *out, const cJSON *e)
{
	double ms = gd_json_num(e, "took_ms", (double)NAN);

	if (!isnan(ms))
		gd_strbuf_addf(out, " after %.4g ms", ms);
}

static void on_run_started(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "run started: %s, gameday %s", str(e, "scenario"),
		       str(e, "version"));
}

static void on_host(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "connected to %s (%s) over %s", str(e, "host"),
		       str(e, "role"), str(e, "transport"));
	add_tail(out, e, "why");
}

static void on_preflight(const cJSON *e, struct gd_strbuf *out)
{
	bool ok = gd_json_bool(e, "ok", false);

	gd_strbuf_addf(out, "preflight of %s on %s %s", str(e, "kind"), str(e, "host"),
		       ok ? "passed" : "FAILED");
	add_tail(out, e, "error");
}

static void on_names(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "by the names on %s, for %s: ", str(e, "host"),
		       str(e, "ref"));
	gd_peer_names_print(cJSON_GetObjectItemCaseSensitive(e, "names"), out);
}

static void on_stage_begin(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "stage %s (%s) begins", str(e, "stage"), str(e, "kind"));
}

static void on_stage_measured(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "stage %s: figures count from here", str(e, "stage"));
}

static void on_stage_end(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "stage %s ends", str(e, "stage"));
}

static void on_injecting(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "injecting %s on %s", str(e, "ref"), str(e, "host"));
	add_tail(out, e, "describe");
}

static void on_injected(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "%s is in and verified", str(e, "ref"));
	add_took(out, e);
}

static void on_changed(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "%s is changed in place and verified", str(e, "ref"));
	add_took(out, e);
	add_tail(out, e, "text");
}

static void on_control_path(const cJSON *e, struct gd_strbuf *out)
{
	bool ok = gd_json_bool(e, "ok", false);

	gd_strbuf_addf(out, "a new SSH connection to %s %s under the fault",
		       str(e, "host"), ok ? "got through" : "did NOT get through");
	add_took(out, e);
	add_tail(out, e, "error");
}

static void on_effect(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "%s %s", str(e, "ref"),
		       gd_json_bool(e, "seen", false)
			       ? "had an effect"
			       : "had NO effect that could be seen");
	add_tail(out, e, "text");
}

static void on_drift(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "%s on %s was taken out by somebody else", str(e, "ref"),
		       str(e, "host"));
	add_tail(out, e, "text");
}

static void on_reverted(const cJSON *e, struct gd_strbuf *out)
{
	bool equal = gd_json_bool(e, "equal", false);

	gd_strbuf_addf(out, "%s is undone (%s): state %s", str(e, "ref"),
		       str(e, "reason"),
		       equal ? "equals what was before" : "is NOT what was before");
	add_tail(out, e, "error");
}

static void on_diagnosis(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "looked at %s: %s", str(e, "host"),
		       gd_json_str(e, "step", str(e, "command")));
	add_took(out, e);
	if (gd_json_bool(e, "timed_out", false))
		gd_strbuf_adds(out, ", killed when its time was over");
	add_tail(out, e, "error");
}

static void on_steady(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "steady state: %s %s", str(e, "condition"),
		       gd_json_bool(e, "ok", false) ? "holds" : "does NOT hold");
	add_tail(out, e, "measured");
}

static void on_abort(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "aborted");
	add_tail(out, e, "condition");
	add_tail(out, e, "reason");
}

static void on_host_lost(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, gd_json_str(e, "reason", "a host was lost"));
}

/* "web from api-1, api-2": one load after the other. */
static void on_loads_started(const cJSON *e, struct gd_strbuf *out)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(e, "vantages"), *v;
	const char *last = "";

	gd_strbuf_adds(out, "loads started at one instant: ");
	cJSON_ArrayForEach(v, list)
	{
		const char *load = str(v, "load");

		if (strcmp(load, last) != 0)
			gd_strbuf_addf(out, "%s%s from %s", *last ? "; " : "", load,
				       str(v, "from"));
		else
			gd_strbuf_addf(out, ", %s", str(v, "from"));
		last = load;
	}
}

static void on_load_lost(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "lost load %s", str(e, "load"));
	add_tail(out, e, "error");
}

static void on_cut_off(const cJSON *e, struct gd_strbuf *out)
{
	/* Which names the host. */
	gd_strbuf_adds(out, "cut off");
	add_tail(out, e, "error");
}

static void on_back(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "%s is back after %.1f s", str(e, "host"),
		       gd_json_num(e, "away_ms", 0) / 1e3);
}

static void on_signal(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "stopped by %s", str(e, "name"));
}

static void on_note(const cJSON *e, struct gd_strbuf *out)
{
	const char *kind = gd_json_str(e, "kind", "text");

	const char *by = gd_json_str(e, "by", "");

	gd_strbuf_addf(out, "people: %s%s%s", strcmp(kind, "text") == 0 ? "note" : kind,
		       *by ? " by " : "", by);
	add_tail(out, e, "text");
}

static void on_revealed(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "what was injected is revealed %s",
		       gd_json_str(e, "why", ""));
}

static void on_run_ended(const cJSON *e, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "run ended: %s", gd_json_str(e, "end", str(e, "verdict")));
	add_tail(out, e, "reason");
}

static const struct {
	const char *name;
	void (*tell)(const cJSON *e, struct gd_strbuf *out);
} tellers[] = {
	{"run_started", on_run_started},
	{"host", on_host},
	{"preflight", on_preflight},
	{"names", on_names},
	{"stage_begin", on_stage_begin},
	{"stage_measured", on_stage_measured},
	{"stage_end", on_stage_end},
	{"fault_injecting", on_injecting},
	{"fault_injected", on_injected},
	{"fault_changed", on_changed},
	{"control_path", on_control_path},
	{"fault_effect", on_effect},
	{"fault_drift", on_drift},
	{"fault_reverted", on_reverted},
	{"diagnosis", on_diagnosis},
	{"steady", on_steady},
	{"abort", on_abort},
	{"host_lost", on_host_lost},
	{"host_cut_off", on_cut_off},
	{"host_back", on_back},
	{"load_lost", on_load_lost},
	{"loads_started", on_loads_started},
	{"signal", on_signal},
	{"note", on_note},
	{"revealed", on_revealed},
	{"run_ended", on_run_ended},
	{"verdict", on_run_ended},
};

void gd_story_event(const cJSON *event, struct gd_strbuf *out)
{
	const char *name = gd_json_str(event, "event", "");

	for (size_t i = 0; i < GD_N_ELEMS(tellers); i++)
		if (strcmp(tellers[i].name, name) == 0) {
			tellers[i].tell(event, out);
			return;
		}
	gd_strbuf_addf(out, "event %s", *name ? name : "without a name");
}
