/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/injectors/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "injectors/bgp_config.h"

static const char down[] = "{\"protocol\":\"uplink\"}";
static const char away[] = "{\"protocol\":\"uplink\",\"withdraw\":[\"10.20.0.0/24\"]}";

static int setup(void **state)
{
	(void)set_up(state, "bgp");
	return 0;
}

static char *state_now(struct fixture *f)
{
	struct gd_strbuf text = GD_STRBUF_INIT;

	assert_int_equal(f->i->state(&f->h.ports, f->args, &text, &f->err), 0);
	return gd_strbuf_steal(&text);
}

static void inject_noted(struct fixture *f, const char *args)
{
	must_parse(f, args);
	f->before = state_now(f);
	put_in(f);
}

static void assert_restored(struct fixture *f)
{
	GD_AUTO_FREE char *now = state_now(f);

	assert_string_equal(now, f->before);
	assert_false(f->h.bird.has_generated);
	assert_false(f->h.bird.has_original);
	assert_int_equal(f->h.bird.undo_ns, 0);
	assert_string_equal(f->h.bird.running, f->h.bird.file);
}

static void undo(struct fixture *f)
{
	if (f->i->revert(&f->h.ports, f->undo, &f->err) < 0)
		fail_msg("%s", f->err.text);
	assert_restored(f);
}

static void assert_args_refused(struct fixture *f, const char *args, const char *word)
{
	must_parse(f, args);
	assert_refused(f, word);
}

static void assert_effect(struct fixture *f, bool seen, const char *word)
{
	struct gd_effect e;

	assert_int_equal(f->i->effect(&f->h.ports, f->args, f->undo, &e, &f->err), 0);
	assert_int_equal(e.seen, seen);
	if (!strstr(e.text, word))
		fail_msg("\"%s\" does not say \"%s\"", e.text, word);
}

static void a_session_goes_down_and_comes_back(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, down);
	assert_true(f->h.bird.down);
	assert_effect(f, true, "exports 0 routes (before: 2)");
	undo(f);
	assert_true(f->h.now_ns >= 2 * GD_NS_PER_S); /* it waited for the session */
}

static void a_session_that_stays_away_is_told(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, down);
	f->h.bird.reconnect = gd_span_s(20);
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_TIMEOUT);
	assert_non_null(strstr(f->err.text, "start Active"));
	f->h.now_ns += 20 * GD_NS_PER_S;
	undo(f);
}

static void a_prefix_is_withdrawn_and_announced_again(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, away);
	assert_true(f->h.bird.undo_ns > 0);
	assert_string_equal(f->h.bird.running,
			    "protocol static s {\n"
			    "ipv4 { import where net !~ [ 10.20.0.0/24 ]; };\n"
			    "route 10.20.0.0/24 via 10.0.0.1 { bgp_med = 5; };\n"
			    "# route 10.20.0.0/24 in a comment; /* and */ \"a string\"\n"
			    "route 10.21.0.0/24 via 10.0.0.1;\n}\n");
	assert_effect(f, true, "exports 1 routes (before: 2)");
	undo(f);
	undo(f);
}

static void the_captured_lines_can_be_typed(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_STRBUF(lines);

	inject_noted(f, away);
	f->i->manual_captured(f->args, f->undo, &lines);
	assert_string_equal(
		gd_strbuf_str(&lines),
		"birdc -s /run/bird.ctl configure   # reads BIRD's own file again\n"
		"rm -f /etc/bird/bird.conf.gameday-uplink "
		"/etc/bird/bird.conf.gameday-uplink.before\n");
	undo(f);
}

static void birds_own_timer_is_enough(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, away);
	fake_bird_timer(&f->h);
	assert_effect(f, false, "BIRD's own timer");
	undo(f);
}

static int tend(struct fixture *f)
{
	return f->i->tend(&f->h.ports, f->args, f->undo, &f->err);
}

static void assert_withdrawn(struct fixture *f)
{
	assert_effect(f, true, "exports 1 routes (before: 2)");
}

/* Tended every 2 s, the prefix stays away for longer than BIRD's timer by far. */
static void a_healthy_fault_outlives_the_timer(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, away);
	for (int i = 0; i < 300; i++) {
		f->h.now_ns += 2 * GD_NS_PER_S;
		if (tend(f) < 0)
			fail_msg("%s", f->err.text);
		assert_withdrawn(f);
	}
	undo(f);
}

static void the_timer_fires_soon_after_the_last_tending(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, away);
	f->h.now_ns += 20 * GD_NS_PER_S;
	assert_int_equal(tend(f), 0);
	f->h.now_ns += 29 * GD_NS_PER_S;
	assert_withdrawn(f);
	f->h.now_ns += GD_NS_PER_S;
	assert_effect(f, false, "BIRD's own timer");
	undo(f);
}

/* What the operator loaded is seen, not loaded over, and stays. */
static void tending_leaves_an_operators_change_alone(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, down);
	assert_int_equal(tend(f), 0);
	fake_bird_configure(&f->h);
	assert_int_equal(tend(f), -1);
	assert_int_equal(f->err.code, GD_E_DRIFT);
	undo(f);
	for (int with_timer = 0; with_timer < 2; with_timer++) {
		free(f->before);
		inject_noted(f, away);
		fake_bird_configure(&f->h);
		f->h.bird.running[0] = 'P'; /* theirs */
		if (with_timer)
			f->h.bird.undo_ns = f->h.now_ns + 5 * GD_NS_PER_S;
		assert_int_equal(tend(f), -1);
		assert_int_equal(f->err.code, GD_E_DRIFT);
		assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
		assert_int_equal(f->h.bird.running[0], 'P');
		assert_false(f->h.bird.has_generated);
		assert_false(f->h.bird.has_original);
		f->h.bird.undo_ns = 0;
		fake_bird_configure(&f->h);
	}
}

static void somebody_elses_countdown_is_not_ours(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, away);
	f->h.bird.undo_ns = f->h.now_ns + 300 * GD_NS_PER_S;
	assert_int_equal(tend(f), -1);
	assert_int_equal(f->err.code, GD_E_DRIFT);
	assert_non_null(strstr(f->err.text, "somebody else's"));
}

/* The agent died between the two loads of a renewal: nothing is announced, none counts. */
static void a_renewal_cut_short_is_undone(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, away);
	(void)memcpy(f->h.bird.running, f->h.bird.original, sizeof(f->h.bird.running));
	f->h.bird.undo_ns = 0;
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	(void)memcpy(f->h.bird.before, f->h.bird.file, sizeof(f->h.bird.before));
	assert_restored(f);
}

static void assert_copy(const char *text, const char *wanted)
{
	static const struct gd_bgp_prefix two[] = {{"10.20.0.0/24"}, {"10.22.0.0/24"}};
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);

	if (gd_bgp_withhold("bird.conf", text, two, 2, &out, &err) < 0) {
		if (!strstr(err.text, wanted))
			fail_msg("\"%s\" does not say \"%s\"", err.text, wanted);
		return;
	}
	assert_string_equal(gd_strbuf_str(&out), wanted);
}

static void copies_of_configurations(void **state GD_UNUSED)
{
#define ROUTES "route 10.20.0.0/24 blackhole; route 10.22.0.0/24 via \"eth1\";"
#define NARROW "net !~ [ 10.20.0.0/24, 10.22.0.0/24 ]"
	assert_copy("log all;\nprotocol static { ipv4; " ROUTES "}\n# end",
		    "log all;\nprotocol static { ipv4 { import where " NARROW
		    "; }; " ROUTES "}\n# end");
	assert_copy("protocol static a{ipv4{preference 5;};" ROUTES "}",
		    "protocol static a{ipv4{ import where " NARROW
		    ";preference 5;};" ROUTES "}");
	assert_copy("protocol static a { ipv4 { import limit 5; import all; }; " ROUTES
		    "}",
		    "protocol static a { ipv4 { import limit 5; import where " NARROW
		    "; }; " ROUTES "}");
	assert_copy("protocol static a { ipv4 { import where net.len < 25; }; " ROUTES
		    "}",
		    "protocol static a { ipv4 { import where " NARROW
		    " && (net.len < 25); }; " ROUTES "}");
	/* Of two protocols each keeps its own to itself. */
	assert_copy("protocol static a { ipv4; route 10.20.0.0/24 blackhole; }\n"
		    "filter f { if net = 10.20.0.0/24 then { accept; } reject; }\n"
		    "protocol static b { ipv4; route 10.22.0.0/24 blackhole; }\n"
		    "protocol static c { ipv4; route 10.20.0.0/25 blackhole; }\n",
		    "protocol static a { ipv4 { import where net !~ [ 10.20.0.0/24 ]; }; "
		    "route 10.20.0.0/24 blackhole; }\n"
		    "filter f { if net = 10.20.0.0/24 then { accept; } reject; }\n"
		    "protocol static b { ipv4 { import where net !~ [ 10.22.0.0/24 ]; }; "
		    "route 10.22.0.0/24 blackhole; }\n"
		    "protocol static c { ipv4; route 10.20.0.0/25 blackhole; }\n");
	assert_copy("protocol static { ipv4 { import filter f; }; " ROUTES "}",
		    "a filter of its own");
	assert_copy("protocol static from t { " ROUTES "}", "no channel");
	assert_copy("protocol static { ipv4; route 10.20.0.0/24 blackhole; }",
		    "no static route 10.22.0.0/24");
	assert_copy("protocol static { ipv4; /* " ROUTES "*/ }", "no static route");
	assert_copy("protocol static { ipv4; " ROUTES, "no static route");
	assert_copy("}}; protocol \"static", "no static route");
	assert_copy("", "no static route");
#undef ROUTES
#undef NARROW
}

static void an_operator_in_the_middle_is_noticed(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, down);
	fake_bird_configure(&f->h);
	assert_effect(f, false, "operator");
	undo(f);
	free(f->before);
	inject_noted(f, away);
	fake_bird_configure(&f->h);
	assert_effect(f, false, "operator");
	undo(f);
}

static void a_confirmed_change_is_loaded_back_unless_edited(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, away);
	f->h.bird.undo_ns = 0; /* `configure confirm` */
	assert_effect(f, false, "confirmed");
	f->h.bird.file[0] = 'P';
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_DRIFT);
	assert_non_null(strstr(f->err.text, "was edited"));
	f->h.bird.file[0] = 'p';
	undo(f);
}

/* What is saved but not loaded would come in with the fault. */
static void edits_not_loaded_yet_are_not_ours_to_load(void **state)
{
	struct fixture *f = *state;

	f->h.now_ns = 60 * GD_NS_PER_S;
	f->h.bird.saved_ns = 50 * GD_NS_PER_S;
	assert_args_refused(f, away, "saved after BIRD last read it");
	assert_int_equal(parse(f, down), 0);
	assert_int_equal(f->i->preflight(&f->h.ports, f->args, &f->err), 0);
	f->h.now_ns += GD_NS_PER_S;
	fake_bird_configure(&f->h);
	inject_noted(f, away);
	undo(f);
	/* Ours came and went; that is no reading of what was saved meanwhile. */
	f->h.now_ns += GD_NS_PER_S;
	f->h.bird.saved_ns = f->h.now_ns;
	assert_args_refused(f, away, "saved after BIRD last read it");
}

/* Saved while the prefix is away: the timer is not started anew over it, and fires. */
static void an_edit_in_the_middle_ends_the_fault(void **state)
{
	struct fixture *f = *state;

	inject_noted(f, away);
	f->h.now_ns += 8 * GD_NS_PER_S;
	f->h.bird.saved_ns = f->h.now_ns;
	f->h.now_ns += 8 * GD_NS_PER_S;
	assert_int_equal(tend(f), -1);
	assert_int_equal(f->err.code, GD_E_DRIFT);
	assert_non_null(strstr(f->err.text, "saved after"));
	f->h.now_ns += 15 * GD_NS_PER_S;
	assert_effect(f, false, "BIRD's own timer");
	assert_args_refused(f, away, "saved after BIRD last read it");
	undo(f);
}

static void what_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_args_refused(f, "{\"protocol\":\"nobody\"}", "no protocol nobody");
	assert_args_refused(f, "{\"protocol\":\"uplink\",\"withdraw\":[\"10.9.0.0/24\"]}",
			    "does not announce 10.9.0.0/24");
	f->h.bird.undo_ns = GD_NS_PER_S;
	assert_args_refused(f, down, "configure confirm");
	f->h.bird.undo_ns = 0;
	f->h.bird.has_generated = true;
	assert_args_refused(f, away, "is there already");
	f->h.bird.has_generated = false;
	f->h.bird.file[0] = '#';
	f->h.bird.file[1] = '\0';
	assert_args_refused(f, away, "has no static route 10.20.0.0/24");
	(void)snprintf(f->h.bird.type, sizeof(f->h.bird.type), "Kernel");
	assert_args_refused(f, down, "is a Kernel protocol");
	(void)snprintf(f->h.bird.type, sizeof(f->h.bird.type), "BGP");
	f->h.bird.down = true;
	assert_args_refused(f, down, "not up before the fault");
	f->h.bird.absent = true;
	assert_args_refused(f, down, "no control socket");
}

static void arguments_cannot_smuggle_commands(void **state)
{
	static const char *const bad[] = {
		"{\"protocol\":\"a b\"}",
		"{\"protocol\":\"a\\ndown\"}",
		"{\"protocol\":\"\\\"a\\\"\"}",
		"{\"protocol\":\"a\",\"withdraw\":[\"10.0.0.0\"]}",
		"{\"protocol\":\"a\",\"withdraw\":[\"10.0.0.0/8 ;\"]}",
		"{\"protocol\":\"a\",\"socket\":\"bird.ctl\"}",
		"{\"protocol\":\"a\",\"undo_after\":\"1s\"}",
		"{}",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < GD_N_ELEMS(bad); i++) {
		if (parse(f, bad[i]) == 0)
			fail_msg("%s is taken", bad[i]);
		assert_int_equal(f->err.code, GD_E_INPUT);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_session_goes_down_and_comes_back),
		TEST(a_session_that_stays_away_is_told),
		TEST(a_prefix_is_withdrawn_and_announced_again),
		TEST(the_captured_lines_can_be_typed),
		TEST(birds_own_timer_is_enough),
		TEST(a_healthy_fault_outlives_the_timer),
		TEST(the_timer_fires_soon_after_the_last_tending),
		TEST(tending_leaves_an_operators_change_alone),
		TEST(somebody_elses_countdown_is_not_ours),
		TEST(a_renewal_cut_short_is_undone),
		cmocka_unit_test(copies_of_configurations),
		TEST(an_operator_in_the_middle_is_noticed),
		TEST(a_confirmed_change_is_loaded_back_unless_edited),
		TEST(edits_not_loaded_yet_are_not_ours_to_load),
		TEST(an_edit_in_the_middle_ends_the_fault),
		TEST(what_is_refused),
		TEST(arguments_cannot_smuggle_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
