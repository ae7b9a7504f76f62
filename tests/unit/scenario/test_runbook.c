/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "gameday/base/auto.h"

static int load(const char *text, struct gd_runbook *r, struct gd_diags *diags)
{
	GD_AUTO_FD int fd = -1;
	char path[64];
	int rc;

	text_file(text, &fd, path);
	rc = gd_runbook_load(path, r, diags);
	if (r->tree && gd_runbook_check(r, &test_kinds, diags) < 0)
		rc = -1;
	return rc;
}

/* As teams have them already: only the plain keys, long commands, blocks, comments. */
static const char plain[] =
	"# our oldest runbook\n"
	"incident_type: \"Disk slow: no errors\"\n"
	"severity: P1\n"
	"detection:\n"
	"  - alert: \"fsync p99 > 50ms\"   # from the monitor\n"
	"  - symptom: Commits take seconds\n"
	"diagnosis_steps:\n"
	"  - step: \"Is the disk busy?\"\n"
	"    command: \"iostat -x 1 5 | awk '$NF > 90 {print $1, $NF}'\"\n"
	"  - step: Time an fsync\n"
	"    command: |\n"
	"      for i in $(seq 10); do\n"
	"        dd if=/dev/zero of=/var/tmp/t bs=4k count=1 conv=fsync 2>&1 | tail -n 1\n"
	"      done\n"
	"mitigation:\n"
	"  - action: Drain\n"
	"    command: >\n"
	"      kubectl drain node-1\n"
	"      --ignore-daemonsets\n"
	"  - action: Damping\n"
	"    config: |\n"
	"      dampen 15 750 2000 60;\n"
	"  - action: Replace the disk\n"
	"    steps:\n"
	"      - Take it out of the set\n"
	"      - \"Order: a new one\"\n"
	"  - action: Call\n"
	"    escalation: storage on-call\n"
	"prevention:\n"
	"  - Watch fsync\n"
	"  - Buy better disks\n";

static void an_existing_runbook_loads_unchanged(void **state)
{
	GD_AUTO_DIAGS(diags);
	struct gd_runbook r;

	(void)state;
	assert_int_equal(load(plain, &r, &diags), 0);
	assert_int_equal(diags.n, 0);
	assert_string_equal(r.incident_type, "Disk slow: no errors");
	assert_int_equal(r.detection.n, 2);
	assert_string_equal(GD_AT(&r.detection, struct gd_detection, 1)->symptom,
			    "Commits take seconds");
	assert_int_equal(r.diagnosis.n, 2);
	assert_non_null(
		strstr(GD_AT(&r.diagnosis, struct gd_diagnosis, 1)->command, "done\n"));
	assert_int_equal(r.mitigation.n, 4);
	assert_string_equal(GD_AT(&r.mitigation, struct gd_mitigation, 0)->command,
			    "kubectl drain node-1 --ignore-daemonsets\n");
	assert_int_equal(GD_AT(&r.mitigation, struct gd_mitigation, 2)->steps.n, 2);
	assert_int_equal(r.prevention.n, 2);
	gd_runbook_fini(&r);
}

static void gameday_s_own_keys_are_understood(void **state)
{
	static const char text[] = "incident_type: x\n"
				   "detection:\n"
				   "  - alert: drops\n"
				   "    when: '*.nic.drops > 10 for 5s'\n"
				   "  - alert: slow\n"
				   "    when: '*.*.p99 > 2x baseline'\n"
				   "diagnosis_steps:\n"
				   "  - {step: look, command: ip link, run: true}\n"
				   "mitigation:\n"
				   "  - {action: up, command: a, applies_to: [server]}\n"
				   "  - {action: down, command: b, undo_of: up}\n";
	GD_AUTO_DIAGS(diags);
	struct gd_runbook r;

	(void)state;
	assert_int_equal(load(text, &r, &diags), 0);
	assert_true(GD_AT(&r.detection, struct gd_detection, 0)->has_condition);
	assert_string_equal(GD_AT(&r.detection, struct gd_detection, 0)->condition.metric,
			    "drops");
	assert_true(GD_AT(&r.detection, struct gd_detection, 1)->condition.relative);
	assert_true(GD_AT(&r.diagnosis, struct gd_diagnosis, 0)->run);
	assert_string_equal(GD_AT(&r.mitigation, struct gd_mitigation, 1)->undo_of, "up");
	gd_runbook_fini(&r);
}

static const struct {
	const char *text;
	int line, column;
	const char *said;
} wrong[] = {
	{"severity: P1\n", 1, 1, "key \"incident_type\" is missing"},
	{"incident_type: x\nmitigations: []\n", 2, 1, "did you mean \"mitigation\"?"},
	{"incident_type: x\ndetection:\n  - alret: y\n", 3, 5, "did you mean \"alert\"?"},
	{"incident_type: x\ndetection:\n  - {alert: y, symptom: z}\n", 3, 5, "not both"},
	{"incident_type: x\ndetection:\n  - when: '*.*.p99 > 1s'\n", 3, 5,
	 "either alert or"},
	{"incident_type: x\ndetection:\n  - alert: y\n    when: a.b.p98 > 1s\n", 4, 15,
	 "no metric \"p98\""},
	{"incident_type: x\ndetection:\n  - alert: y\n    when: '*.nic.dorps > 1'\n", 4,
	 18, "did you mean \"drops\"?"},
	{"incident_type: x\ndetection:\n  - alert: y\n    when: '*.*.p99 > 5'\n", 4, 22,
	 "a duration, as in 50ms"},
	{"incident_type: x\ndetection:\n  - alert: y\n    when: p99 is high\n", 4, 11,
	 "has 1 part"},
	{"incident_type: x\ndiagnosis_steps:\n  - {step: y, run: true}\n", 3, 15,
	 "run needs a command"},
	{"incident_type: x\nmitigation:\n  - command: y\n", 3, 5,
	 "\"action\" is missing"},
	{"incident_type: x\nmitigation:\n  - {action: a, command: c, undo_of: b}\n", 3,
	 38, "no other action"},
	{"incident_type: x\nprevention:\n  - Watch: fsync\n", 3, 5, "is a map"},
};

static void slips_are_errors_at_their_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(wrong); i++) {
		GD_AUTO_DIAGS(diags);
		struct gd_runbook r;

		assert_int_equal(load(wrong[i].text, &r, &diags), -1);
		expect_error(&diags, wrong[i].text, wrong[i].line, wrong[i].column,
			     wrong[i].said);
		assert_int_equal(diags.n_errors, 1);
		gd_runbook_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_existing_runbook_loads_unchanged),
		cmocka_unit_test(gameday_s_own_keys_are_understood),
		cmocka_unit_test(slips_are_errors_at_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
