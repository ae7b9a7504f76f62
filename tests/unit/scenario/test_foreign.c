/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runbooks as other teams have them, in foreign/: they load without a word, and commands,
 * here-documents, comments inside them and lists are as they were written.
 */
#include "fixture.h"

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

#define FOREIGN GD_SOURCE_DIR "/tests/unit/scenario/foreign/"

static void load(const char *name, struct gd_runbook *r)
{
	GD_AUTO_FREE char *path = gd_strf(FOREIGN "%s", name);
	GD_AUTO_DIAGS(diags);

	assert_non_null(path);
	if (gd_runbook_load(path, r, &diags) < 0 || diags.n > 0)
		fail_msg("%s: %s", name, diags.n ? diags.items[0].text : "");
	assert_int_equal(gd_runbook_check(r, &test_kinds, &diags), 0);
	for (size_t i = 0; i < r->diagnosis.n; i++)
		assert_false(GD_AT(&r->diagnosis, struct gd_diagnosis, i)->run);
}

/*
 * Is text, indented by so many blanks, in the file as it stands? Then nothing was folded,
 * trimmed or taken for a comment.
 */
static void assert_verbatim(const struct gd_runbook *r, const char *text, int indent)
{
	GD_AUTO_STRBUF(wanted);

	while (*text) {
		size_t len = strcspn(text, "\n");

		gd_strbuf_addf(&wanted, "%*s%.*s\n", len ? indent : 0, "", (int)len,
			       text);
		text += len + (text[len] == '\n');
	}
	if (!strstr(r->source, gd_strbuf_str(&wanted)))
		fail_msg("not as it is written:\n%s", gd_strbuf_str(&wanted));
}

static const char *command(const struct gd_runbook *r, size_t i)
{
	return GD_AT(&r->diagnosis, struct gd_diagnosis, i)->command;
}

static const struct gd_mitigation *mitigation(const struct gd_runbook *r, size_t i)
{
	return GD_AT(&r->mitigation, struct gd_mitigation, i);
}

static void test_nic(void **state GD_UNUSED)
{
	struct gd_runbook r;

	load("nic.yaml", &r);
	assert_string_equal(r.incident_type, "NIC queue overflow");
	assert_verbatim(&r, command(&r, 0), 6);
	assert_verbatim(&r, command(&r, 1), 6);
	assert_non_null(strstr(command(&r, 0), "# keep yesterday's copy"));
	assert_non_null(
		strstr(command(&r, 1), "<<'PY'\nimport re\n# one line per queue"));
	assert_verbatim(&r, mitigation(&r, 1)->config, 6);
	assert_int_equal(mitigation(&r, 2)->steps.n, 3);
	assert_verbatim(&r, GD_AT(&mitigation(&r, 2)->steps, struct gd_text, 1)->text, 8);
	assert_string_equal(mitigation(&r, 2)->escalation,
			    "#network-oncall, after 15 minutes");
	assert_string_equal(GD_AT(&r.prevention, struct gd_text, 1)->text,
			    "Alert on drops: not on errors");
	gd_runbook_fini(&r);
}

static void test_bgp(void **state GD_UNUSED)
{
	struct gd_runbook r;

	load("bgp.yml", &r);
	assert_int_equal(r.detection.n, 3);
	assert_string_equal(GD_AT(&r.detection, struct gd_detection, 2)->symptom,
			    "latency has two humps, one at the client's timeout\n");
	assert_string_equal(command(&r, 0), "birdc show protocols all | grep -E 'BGP "
					    "state|Last error|Route change' -A 3");
	assert_verbatim(&r, mitigation(&r, 0)->config, 4);
	/* A tab inside a here-document stays one. */
	assert_verbatim(&r, mitigation(&r, 1)->command, 4);
	assert_non_null(strstr(mitigation(&r, 1)->command, "\n\tipv4;\n"));
	gd_runbook_fini(&r);
}

static void test_disk(void **state GD_UNUSED)
{
	struct gd_runbook r;

	load("disk.yaml", &r);
	assert_string_equal(r.severity, "1");
	assert_verbatim(&r, command(&r, 2), 6);
	/* With the blank line in it. */
	assert_non_null(strstr(command(&r, 2), "/tmp/fsync\n\nrm -f"));
	assert_int_equal(mitigation(&r, 0)->steps.n, 3);
	assert_string_equal(GD_AT(&mitigation(&r, 0)->steps, struct gd_text, 0)->text,
			    "rs.remove(\"db-3:27017\")");
	assert_int_equal(r.prevention.n, 3);
	gd_runbook_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nic),
		cmocka_unit_test(test_bgp),
		cmocka_unit_test(test_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
