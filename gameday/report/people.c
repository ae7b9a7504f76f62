/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/people.h"

#include <math.h>
#include <string.h>

#include "gameday/report/evidence.h"
#include "gameday/report/story.h"

/* --- moments -------------------------------------------------------------------------- */

static const struct {
	const char *key, *name, *note;
} rows[GD_N_MOMENTS] = {
	[GD_MOMENT_HARM] = {"harm", "harm began", NULL},
	[GD_MOMENT_SIGNAL] = {"signal", "first signal", NULL},
	[GD_MOMENT_DETECTED] = {"detected", "detected", "detected"},
	[GD_MOMENT_DIAGNOSED] = {"diagnosed", "diagnosed", "diagnosed"},
	[GD_MOMENT_MITIGATED] = {"mitigated", "mitigated", "mitigated"},
	[GD_MOMENT_UNDONE] = {"undone", "fault undone", NULL},
	[GD_MOMENT_RECOVERED] = {"recovered", "recovered", NULL},
	[GD_MOMENT_DECLARED] = {"declared_recovered", "declared recovered", "recovered"},
};

static void set_harm(const struct gd_report *r, struct gd_moment *m)
{
	m->at_ns = r->harm_ns;
	m->text = r->harm_ns                    ? r->harm
		  : gd_report_injected(r, NULL) ? "no client was seen to be hurt"
						: "nothing was injected";
}

static void set_signal(const struct gd_report *r, struct gd_moment *m)
{
	const struct gd_detection *d;
	struct gd_gap gap;

	gd_evidence_gap(r, &gap);
	if (!gap.detected) {
		m->text = !r->has_runbook ? "the run has no runbook"
			  : gap.n_judged  ? "no detection of the runbook fired"
					  : "no detection of the runbook could be judged";
		return;
	}
	d = r->detected[gap.first].detection;
	m->at_ns = gap.first_ns;
	m->text = d->alert ? d->alert : d->symptom ? d->symptom : "";
}

static void set_undone(const struct gd_report *r, struct gd_moment *m)
{
	m->at_ns = r->faults_out_ns;
	if (!m->at_ns) {
		m->text = !gd_report_injected(r, NULL) ? "nothing was injected"
			  : gd_story_n_left_behind(r) > 0
				  ? "a fault was left behind"
				  : "not every fault was seen put back";
		return;
	}
	for (size_t i = 0; i < gd_results_n_faults(r->results); i++) {
		struct gd_fault_view f = gd_results_fault(r->results, i);

		if (f.reverted_ns == m->at_ns)
			m->text = *f.describe ? f.describe : f.ref;
	}
}

static void set_recovered(const struct gd_report *r, struct gd_moment *m)
{
	m->at_ns = r->recovered_ns;
	m->text = m->at_ns     ? "from here on no client was hurt"
		  : r->harm_ns ? "clients were still hurt when the figures end"
			       : "there was nothing to recover from";
}

bool gd_people_is_note(const cJSON *event)
{
	return strcmp(gd_json_str(event, "event", ""), "note") == 0;
}

bool gd_people_noted(const struct gd_report *r)
{
	for (size_t i = 0; i < r->n_events; i++)
		if (gd_people_is_note(r->events[i]))
			return true;
	return false;
}

/* The note whose moment is first; of two with the same, the one that was written first. */
static void set_noted(const struct gd_report *r, const char *kind, struct gd_moment *m)
{
	for (size_t i = 0; i < r->n_events; i++) {
		const cJSON *e = r->events[i];
		int64_t at = gd_report_event_time(e);

		if (!gd_people_is_note(e) ||
		    strcmp(gd_json_str(e, "kind", ""), kind) != 0 || !at ||
		    (m->at_ns && at >= m->at_ns))
			continue;
		m->at_ns = at;
		m->by = gd_json_str(e, "by", "");
		m->text = gd_json_str(e, "text", "");
	}
	if (!m->at_ns)
		m->text = "no note says so";
}

void gd_people_moments(const struct gd_report *r, struct gd_moment ret[GD_N_MOMENTS])
{
	for (size_t i = 0; i < GD_N_MOMENTS; i++) {
		ret[i] = (struct gd_moment){.key = rows[i].key,
					    .name = rows[i].name,
					    .by_people = rows[i].note != NULL,
					    .by = "",
					    .text = ""};
		if (rows[i].note)
			set_noted(r, rows[i].note, &ret[i]);
	}
	set_harm(r, &ret[GD_MOMENT_HARM]);
	set_signal(r, &ret[GD_MOMENT_SIGNAL]);
	set_undone(r, &ret[GD_MOMENT_UNDONE]);
	set_recovered(r, &ret[GD_MOMENT_RECOVERED]);
}

static bool comes_before(const struct gd_moment *a, const struct gd_moment *b)
{
	return a->at_ns && (!b->at_ns || a->at_ns < b->at_ns);
}

void gd_people_sort(struct gd_moment moments[GD_N_MOMENTS])
{
	for (size_t i = 1; i < GD_N_MOMENTS; i++) {
		struct gd_moment m = moments[i];
		size_t k = i;

		for (; k > 0 && comes_before(&m, &moments[k - 1]); k--)
			moments[k] = moments[k - 1];
		moments[k] = m;
	}
}

/* --- gaps ----------------------------------------------------------------------------- */

static const struct gd_people_gap gaps[GD_N_PEOPLE_GAPS] = {
	{"harm_to_signal", "harm began to first signal", GD_MOMENT_HARM, GD_MOMENT_SIGNAL,
	 0},
	{"signal_to_detected", "first signal to detected", GD_MOMENT_SIGNAL,
	 GD_MOMENT_DETECTED, 0},
	{"detected_to_diagnosed", "detected to diagnosed", GD_MOMENT_DETECTED,
	 GD_MOMENT_DIAGNOSED, 0},
	{"diagnosed_to_mitigated", "diagnosed to mitigated", GD_MOMENT_DIAGNOSED,
	 GD_MOMENT_MITIGATED, 0},
	{"harm_to_recovered", "harm began to recovered", GD_MOMENT_HARM,
	 GD_MOMENT_RECOVERED, 0},
};

void gd_people_gaps(const struct gd_moment moments[GD_N_MOMENTS],
		    struct gd_people_gap ret[GD_N_PEOPLE_GAPS])
{
	for (size_t i = 0; i < GD_N_PEOPLE_GAPS; i++) {
		int64_t from = moments[gaps[i].from].at_ns,
			to = moments[gaps[i].to].at_ns;

		ret[i] = gaps[i];
		ret[i].seconds = from && to ? (double)(to - from) / (double)GD_NS_PER_S
					    : (double)NAN;
	}
}

/* --- who ------------------------------------------------------------------------------ */

const cJSON *gd_people_roles(const struct gd_report *r)
{
	const cJSON *roles = cJSON_GetObjectItemCaseSensitive(r->run_started, "roles");

	return cJSON_IsObject(roles) && roles->child ? roles : NULL;
}

const char *gd_people_role_of(const struct gd_report *r, const char *name)
{
	const cJSON *role, *person;

	cJSON_ArrayForEach(role, gd_people_roles(r))
	{
		cJSON_ArrayForEach(person, role) if (cJSON_IsString(person) &&
						     strcmp(person->valuestring, name) ==
							     0) return role->string;
	}
	return NULL;
}

struct gd_blindness gd_people_blindness(const struct gd_report *r)
{
	struct gd_blindness b = {.blind = gd_json_bool(r->run_started, "blind", false),
				 .why = ""};

	for (size_t i = 0; i < r->n_events && !b.revealed_ns; i++)
		if (strcmp(gd_json_str(r->events[i], "event", ""), "revealed") == 0) {
			b.revealed_ns = gd_report_event_time(r->events[i]);
			b.why = gd_json_str(r->events[i], "why", "");
		}
	return b;
}
