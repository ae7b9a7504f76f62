/* SPDX-License-Identifier: Apache-2.0 */
/* What a run does of its runbook: mitigations that stages try, steps that are looked at. */
#include "fixture.h"

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"

static const char book_text[] = "incident_type: Slow\n"
				"diagnosis_steps:\n"
				"  - step: Only for people\n"
				"    command: cat /etc/hostname\n"
				"  - step: What does it say?\n"
				"    command: |\n"
				"      cat <<EOF | sort\n"
				"      two\n"
				"      EOF\n"
				"    run: true\n"
				"    timeout: 3s\n"
				"  - step: And the others?\n"
				"    command: uptime\n"
				"    run: true\n"
				"    on: others\n"
				"    root: true\n"
				"  - step: Somewhere else\n"
				"    command: uptime\n"
				"    run: true\n"
				"    on: nowhere\n"
				"mitigation:\n"
				"  - action: Enlarge it\n"
				"    command: enlarge\n"
				"    state: show size\n"
				"    applies_to: [server, unknown]\n"
				"  - action: Make it small again\n"
				"    command: shrink\n"
				"    undo_of: Enlarge it\n"
				"  - action: Move away\n"
				"    command: move\n"
				"    undo: move back\n"
				"    state: show place\n"
				"    timeout: 2s\n"
				"  - action: No way back\n"
				"    command: jump\n"
				"  - action: Only read\n"
				"    command: jump\n"
				"    undo: jump back\n"
				"  - action: Nowhere\n"
				"    command: a\n"
				"    undo: b\n"
				"    state: c\n"
				"    applies_to: [unknown]\n";

struct loaded {
	struct gd_scenario s;
	struct gd_inventory inv;
	struct gd_diags diags;
	struct gd_plan plan;
	int fd_s, fd_i, fd_b;
	bool good;
};

/* The good scenario with more in the stage "lossy", and this runbook. */
static void load(struct loaded *l, const char *more, const char *book)
{
	GD_AUTO_FREE char *with = gd_strf("      for: 40s\n%s", more);
	GD_AUTO_FREE char *text = replaced(good_scenario, "      for: 40s\n", with);
	char path[64];

	*l = (struct loaded){.diags = GD_DIAGS_INIT, .fd_b = -1};
	text_file(text, &l->fd_s, path);
	l->good = gd_scenario_load(path, &l->s, &l->diags) == 0;
	text_file(good_inventory, &l->fd_i, path);
	assert_int_equal(gd_inventory_load(path, &l->inv, &l->diags), 0);
	if (book) {
		text_file(book, &l->fd_b, path);
		gd_scenario_open_book(&l->s, path, &l->diags);
	}
	l->good =
		gd_scenario_check(&l->s, &l->inv, &test_kinds, &l->diags) == 0 && l->good;
}

static void unload(struct loaded *l)
{
	gd_plan_fini(&l->plan);
	gd_diags_fini(&l->diags);
	gd_scenario_fini(&l->s);
	gd_inventory_fini(&l->inv);
	gd_close_fd(&l->fd_s);
	gd_close_fd(&l->fd_i);
	gd_close_fd(&l->fd_b);
}

static void make(struct loaded *l)
{
	struct gd_error err = GD_ERROR_INIT;

	if (gd_diags_to_error(&l->diags, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(l->good);
	assert_int_equal(gd_plan_make(&l->s, &l->inv, &test_kinds, &l->plan, &l->diags),
			 0);
}

static const char *arg(const struct gd_plan_fault *f, const char *key)
{
	const struct gd_node *node = gd_node_get(f->node, key);

	return node ? node->text : "";
}

static void test_tries(void **state GD_UNUSED)
{
	struct loaded l;
	const struct gd_plan_fault *f;

	load(&l,
	     "      mitigate: [Enlarge it, {action: Move away, on: others, after: 5s}]\n",
	     book_text);
	make(&l);
	/* One and two faults, then one mitigation on one host and one on two. */
	assert_int_equal(l.plan.n_faults, 6);
	f = &l.plan.faults[3];
	assert_string_equal(f->ref, "lossy.try1.remedy@api-1");
	assert_string_equal(f->remedy->action, "Enlarge it");
	assert_string_equal(arg(f, "command"), "enlarge");
	assert_string_equal(arg(f, "undo"), "shrink"); /* of the other action */
	assert_string_equal(arg(f, "state"), "show size");
	assert_string_equal(arg(f, "timeout"), "10s");
	f = &l.plan.faults[5];
	assert_string_equal(f->ref, "lossy.try2.remedy@api-2");
	assert_string_equal(arg(f, "undo"), "move back");
	assert_string_equal(arg(f, "timeout"), "2s");
	assert_int_equal(f->use->after.ns, 5 * GD_NS_PER_S);
	assert_null(l.plan.faults[2].remedy);
	unload(&l);
}

/* Without applies_to and on: where the stage's faults are. */
static void test_roles_of_the_faults(void **state GD_UNUSED)
{
	struct loaded l;

	load(&l, "      mitigate: {action: Move away, on: server}\n", book_text);
	make(&l);
	assert_int_equal(l.plan.n_faults, 4);
	unload(&l);
	/* server and others share api-1: the same mitigation twice there is refused. */
	load(&l, "      mitigate: Move away\n", book_text);
	assert_int_equal(gd_plan_make(&l.s, &l.inv, &test_kinds, &l.plan, &l.diags), -1);
	unload(&l);
}

static void test_looks(void **state GD_UNUSED)
{
	struct loaded l;
	GD_AUTO_STRBUF(text);

	load(&l, "", book_text);
	make(&l);
	/* The hosts with a fault, once each though two roles are one; then one role's. */
	assert_int_equal(l.plan.n_looks, 4);
	assert_string_equal(l.plan.looks[0].ref, "lossy.look2@api-1");
	assert_string_equal(l.plan.looks[1].ref, "lossy.look2@api-2");
	assert_string_equal(l.plan.looks[2].ref, "lossy.look3@api-1");
	assert_string_equal(l.plan.looks[3].ref, "lossy.look3@api-2");
	assert_int_equal(l.plan.looks[0].step->timeout.ns, 3 * GD_NS_PER_S);
	/* A role that this scenario has not is said, and no mistake. */
	assert_int_equal(l.diags.n, 1);
	assert_non_null(strstr(l.diags.items[0].text, "nowhere"));
	gd_plan_print(&l.plan, &text);
	assert_non_null(strstr(gd_strbuf_str(&text),
			       "on api-1, api-2, as root, within 10s: And the others?\n"
			       "          uptime\n"));
	/* All lines of a command: what is printed is what is done. */
	assert_non_null(strstr(gd_strbuf_str(&text), "          cat <<EOF | sort\n"
						     "          two\n"
						     "          EOF\n"));
	assert_null(strstr(gd_strbuf_str(&text), "hostname"));
	unload(&l);
}

static void test_mistakes(void **state GD_UNUSED)
{
	static const struct {
		const char *mitigate, *said;
		int column;
	} cases[] = {
		{"Enlarge i", "did you mean \"Enlarge it\"", 17},
		{"No way back", "lacks state", 17},
		{"Only read", "lacks state", 17},
		{"Make it small again", "lacks state", 17},
		{"Nowhere", "roles that this scenario has not", 17},
		{"{action: Move away, on: servr}", "role \"servr\"", 41},
		{"{action: Move away, on: server, after: 50s}", "stage is over", 49},
		{"{on: server}", "action", 17},
		{"[]", "wanted: an action", 17},
	};

	for (size_t i = 0; i < GD_N_ELEMS(cases); i++) {
		GD_AUTO_FREE char *more =
			gd_strf("      mitigate: %s\n", cases[i].mitigate);
		struct loaded l;

		load(&l, more, book_text);
		expect_error(&l.diags, cases[i].mitigate, 25, cases[i].column,
			     cases[i].said);
		unload(&l);
	}
}

static void test_needs_a_runbook(void **state GD_UNUSED)
{
	struct loaded l;

	load(&l, "      mitigate: Enlarge it\n", NULL);
	expect_error(&l.diags, "none", 25, 17, "none that can be read");
	unload(&l);
	load(&l, "      mitigate: Enlarge it\n", "incident_type: x\nbroken: y\n");
	expect_error(&l.diags, "broken", 5, 10, "broken");
	unload(&l);
	/* Without a stage that needs it, a bad runbook is worth a word only. */
	load(&l, "", "incident_type: x\nbroken: y\n");
	assert_int_equal(l.diags.n_errors, 0);
	assert_int_equal(l.diags.n, 1);
	unload(&l);
}

/* No scenario reaches a shell by naming what tries a runbook's mitigations. */
static void test_not_by_its_name(void **state GD_UNUSED)
{
	GD_AUTO_FREE char *text =
		replaced(good_scenario, "- slow: {on: server, device: eth1, delay: 50ms}",
			 "- remedy: {on: server, action: a, command: b}");
	GD_AUTO_DIAGS(diags);
	GD_AUTO_FD int fd = -1;
	struct gd_scenario s;
	char path[64];

	text_file(text, &fd, path);
	assert_int_equal(gd_scenario_load(path, &s, &diags), 0);
	assert_int_equal(gd_scenario_check(&s, NULL, &test_kinds, &diags), -1);
	expect_error(&diags, "remedy", 26, 11, "there is no fault \"remedy\"");
	gd_scenario_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_roles_of_the_faults),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_needs_a_runbook),
		cmocka_unit_test(test_not_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
