/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded.h"

#include <string.h>

#include "gameday/report/lines.h"

#include "../cmocka_all.h"

#define DIR GD_SOURCE_DIR "/tests/unit/report/data/refuted/"

static const int64_t START = INT64_C(1795442400) * GD_NS_PER_S;

static void follow(struct recorded *r, const cJSON *line)
{
	const char *event = gd_json_str(line, "event", "");
	const char *name = gd_json_str(line, "stage", "");

	if (strcmp(event, "stage_end") == 0)
		r->run.stage = NULL;
	for (size_t i = 0;
	     strcmp(event, "stage_measured") == 0 && i < r->scenario.stages.n; i++) {
		const struct gd_stage *st =
			GD_AT(&r->scenario.stages, const struct gd_stage, i);

		if (strcmp(st->name, name) != 0)
			continue;
		r->run.stage = st;
		r->run.stage_until.ns =
			gd_json_int(line, "wall_ns", 0) - START + st->length.ns;
	}
	if (strcmp(event, "fault_injected") == 0) {
		r->fault = (struct gd_shown_fault){
			.host = "api-1",
			.what = "eth0: lose 5 % of outgoing packets",
			.since_wall_ns = gd_json_int(line, "wall_ns", 0)};
		r->run.n_faults = 1;
	}
	if (strcmp(event, "fault_reverted") == 0)
		r->run.n_faults = 0;
}

static int take_journal(void *ctx, cJSON *line, struct gd_error *err)
{
	struct recorded *r = ctx;

	if (gd_json_int(line, "wall_ns", 0) <= r->wall.ns) {
		assert_int_equal(gd_results_add_journal_line(r->results, line, err), 0);
		follow(r, line);
	}
	cJSON_Delete(line);
	return 0;
}

static int take_metrics(void *ctx, cJSON *line, struct gd_error *err)
{
	struct recorded *r = ctx;
	int64_t end = gd_json_int(line, "wall_ns", 0);

	if (!end)
		end = gd_json_int(line, "start_wall_ns", 0) +
		      gd_json_int(line, "length_ns", 0);
	if (end <= r->wall.ns)
		assert_int_equal(gd_results_add_metrics_line(r->results, line, err), 0);
	cJSON_Delete(line);
	return 0;
}

void recorded_init(struct recorded *r, double seconds)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_lines seen;
	GD_AUTO_DIAGS(diags);

	*r = (struct recorded){.now.ns = (int64_t)(seconds * 1e9),
			       .wall.ns = START + (int64_t)(seconds * 1e9),
			       .clock = {"api-1", 1250000}};
	assert_int_equal(gd_results_new(&r->results, &err), 0);
	assert_int_equal(gd_scenario_load(DIR "scenario.yaml", &r->scenario, &diags), 0);
	r->run = (struct gd_shown_run){.title = r->scenario.title,
				       .run = "20261123T140000Z-silent-nic-drops",
				       .results = r->results,
				       .scenario = &r->scenario,
				       .doing = "connecting",
				       .faults = &r->fault,
				       .clocks = &r->clock,
				       .n_clocks = 1};
	assert_int_equal(gd_lines_read(DIR "journal.jsonl", take_journal, r, &seen, &err),
			 0);
	assert_int_equal(gd_lines_read(DIR "metrics.jsonl", take_metrics, r, &seen, &err),
			 0);
}

void recorded_fini(struct recorded *r)
{
	gd_results_free(r->results);
	gd_scenario_fini(&r->scenario);
}
