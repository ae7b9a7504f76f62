/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agent, guardian and journal for real: processes, signals, leases. What must hold whatever
 * dies when: the file holds what it held before, and the journal says so.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "injectors/agent/claim.h"
#include "injectors/agent/undo.h"
#include "tests/functional/agent/client.h"
#include "tests/unit/cmocka_all.h"

struct fixture {
	char dir[64], state[96], one[96], two[96], stuck[96];
	struct client c;
	struct gd_error err;
};

#define CLAIM "\"lease_ms\":20000,\"deadline_ms\":60000"
/* Long enough to inject within it on a machine whose disk is busy: three syncs. */
#define SHORT "2000"

static void put(const char *path, const char *text)
{
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_file_write(path, text, strlen(text), 0600, &err), 0);
}

static bool holds(const char *path, const char *text)
{
	GD_AUTO_FREE char *now = NULL;
	struct gd_error err;
	size_t size;

	return gd_file_read(path, 4096, &now, &size, &err) == 0 && strcmp(now, text) == 0;
}

static void assert_holds(const char *path, const char *text)
{
	if (!holds(path, text))
		fail_msg("%s does not hold \"%s\"", path, text);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/gd-agent-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->state, sizeof(f->state), "%s/state", f->dir);
	(void)snprintf(f->one, sizeof(f->one), "%s/one", f->dir);
	(void)snprintf(f->two, sizeof(f->two), "%s/two", f->dir);
	(void)snprintf(f->stuck, sizeof(f->stuck), "%s/one.stuck", f->dir);
	put(f->one, "first");
	put(f->two, "second");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(guardian_of(f->state), 0);
	assert_int_equal(gd_remove_tree(f->dir, &f->err), 0);
	free(f);
	return 0;
}

static char *fault(const char *ref, const char *path, const char *more)
{
	char *text = gd_strf("\"ref\":\"%s\",\"kind\":\"file\",\"args\":{\"path\":\"%s\","
			     "\"content\":\"broken\"%s}",
			     ref, path, more);

	assert_non_null(text);
	return text;
}

static void inject(struct client *c, const char *ref, const char *path, const char *more)
{
	GD_AUTO_FREE char *fields = fault(ref, path, more);

	client_must(c, "inject", fields);
	assert_holds(path, "broken");
}

static void start_and_claim(struct fixture *f, const char *claim)
{
	client_start(&f->c, f->state, 0);
	client_must(&f->c, "claim", claim);
}

/* Waits until nobody holds the claim, at most 20 s: agent and guardian are done. */
static void await_quiet(struct fixture *f)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	struct gd_holder who;
	bool held = true;

	for (int i = 0; i < 4000 && held; i++) {
		assert_int_equal(gd_claim_look(f->state, &held, &who, &f->err), 0);
		if (held)
			(void)nanosleep(&pause, NULL);
	}
	assert_false(held);
}

static size_t open_entries(struct fixture *f)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};

	assert_int_equal(gd_journal_load(f->state, &v, &f->err), 0);
	assert_int_equal(v.n_damaged, 0);
	return v.n;
}

static void assert_all_as_before(struct fixture *f)
{
	assert_holds(f->one, "first");
	assert_holds(f->two, "second");
	assert_int_equal(open_entries(f), 0);
}

static const cJSON *first_fault(const cJSON *reply)
{
	return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(reply, "faults"), 0);
}

/* --- in order ------------------------------------------------------------------------ */

static void test_there_and_back(void **state)
{
	struct fixture *f = *state;
	GD_AUTO(cJSON) cJSON *reply = NULL;
	GD_AUTO(cJSON) cJSON *status = NULL;
	GD_AUTO(cJSON) cJSON *effect = NULL;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	inject(&f->c, "b", f->two, "");
	effect = client_call(&f->c, "effect", "\"ref\":\"a\"");
	assert_true(gd_json_bool(effect, "seen", false));
	status = client_call(&f->c, "status", "");
	assert_string_equal(gd_json_str(first_fault(status), "ref", ""), "a");
	assert_string_equal(gd_json_str(first_fault(status), "phase", ""), "active");
	assert_true(gd_json_bool(first_fault(status), "live", false));
	assert_true(gd_json_int(first_fault(status), "lease_left_ms", 0) > 10000);
	reply = client_call(&f->c, "revert", "\"all\":true");
	/* The last one in is the first one out. */
	assert_string_equal(gd_json_str(first_fault(reply), "ref", ""), "b");
	assert_string_equal(gd_json_str(first_fault(reply), "before", ""), "second");
	assert_string_equal(gd_json_str(first_fault(reply), "after", ""), "second");
	assert_true(gd_json_bool(first_fault(reply), "equal", false));
	client_must(&f->c, "release", "");
	assert_int_equal(client_end(&f->c), 0);
	assert_all_as_before(f);
}

static int64_t figure(const cJSON *reply)
{
	return gd_json_int(cJSON_GetObjectItemCaseSensitive(reply, "figures"), "bytes",
			   -1);
}

static const char *first_note(const cJSON *reply)
{
	const cJSON *notes = cJSON_GetObjectItemCaseSensitive(reply, "notes");
	const cJSON *note = cJSON_GetArrayItem(notes, 0);

	return note ? note->valuestring : "";
}

/* What an injector says is in the reply to what it did, and in no other. */
static void test_notes_and_figures(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *one = fault("a", f->one, "");
	GD_AUTO(cJSON) cJSON *in = NULL;
	GD_AUTO(cJSON) cJSON *out = NULL;
	const cJSON *notes;

	start_and_claim(f, CLAIM);
	in = client_call(&f->c, "inject", one);
	notes = cJSON_GetObjectItemCaseSensitive(in, "notes");
	assert_int_equal(cJSON_GetArraySize(notes), 1);
	assert_string_equal(cJSON_GetArrayItem(notes, 0)->valuestring, "written");
	assert_int_equal(figure(in), strlen("broken"));
	out = client_call(&f->c, "revert", "\"ref\":\"a\"");
	assert_null(cJSON_GetObjectItemCaseSensitive(first_fault(out), "notes"));
	assert_int_equal(figure(first_fault(out)), 2);
	client_must(&f->c, "release", "");
	assert_int_equal(client_end(&f->c), 0);
}

/* What the runner was told that a name means holds, whatever it means by now. */
static void test_names_are_resolved_once(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *plain = fault("a", f->one, ",\"peer\":\"db.example\"");
	GD_AUTO_FREE char *known =
		gd_strf("%s,\"names\":{\"db.example\":[\"10.9.0.1\"]}", plain);
	GD_AUTO(cJSON) cJSON *found = NULL;
	GD_AUTO(cJSON) cJSON *in = NULL;
	GD_AUTO(cJSON) cJSON *again = NULL;
	GD_AUTO_FREE char *text = NULL;

	start_and_claim(f, CLAIM);
	found = client_call(&f->c, "resolve", "\"names\":[\"db.example\"]");
	text = gd_json_print(cJSON_GetObjectItemCaseSensitive(found, "names"));
	assert_string_equal(text, "{\"db.example\":[\"10.9.0.1\",\"2001:db8::9\"]}");
	client_refused(&f->c, "resolve", "\"names\":[\"nobody\"]", "no such host name");
	client_refused(&f->c, "resolve", "", "names is a list");
	client_must(&f->c, "preflight", known);
	in = client_call(&f->c, "inject", known);
	assert_string_equal(first_note(in), "10.9.0.1\n");
	client_must(&f->c, "revert", "\"ref\":\"a\"");
	/* It held for those requests only, and the host's resolver was left alone. */
	again = client_call(&f->c, "inject", plain);
	assert_string_equal(first_note(again), "10.9.0.2\n2001:db8::9\n");
	client_must(&f->c, "revert", "\"ref\":\"a\"");
	client_must(&f->c, "release", "");
	assert_int_equal(client_end(&f->c), 0);
}

static void test_what_is_refused(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *again = fault("a", f->two, "");
	GD_AUTO_FREE char *same_target = fault("b", f->one, "");
	GD_AUTO_FREE char *unknown = fault("c", f->two, ",\"contents\":1");

	client_start(&f->c, f->state, 0);
	client_refused(&f->c, "inject", again, "no claim");
	client_refused(&f->c, "renew", "\"lease_ms\":1000", "nothing is claimed");
	client_refused(&f->c, "claim", "\"lease_ms\":1,\"deadline_ms\":1000",
		       "lease_ms is 1");
	client_must(&f->c, "claim", CLAIM);
	client_refused(&f->c, "claim", CLAIM, "already");
	inject(&f->c, "a", f->one, "");
	client_refused(&f->c, "inject", again, "in already");
	client_refused(&f->c, "inject", same_target, "in already, as a");
	client_refused(&f->c, "inject", unknown, "did you mean \"content\"");
	client_refused(&f->c, "inject", "\"ref\":\"d\",\"kind\":\"nope\"", "no fault");
	client_refused(&f->c, "release", "", "still in");
	client_refused(&f->c, "revert", "\"ref\":\"zz\"", "no fault zz");
	client_refused(&f->c, "effect", "\"ref\":\"zz\"", "no fault zz");
	client_refused(&f->c, "nonsense", "", "no operation");
	assert_int_equal(client_end(&f->c), 0);
	await_quiet(f);
	assert_all_as_before(f);
}

static char *change(const char *ref, const char *path, const char *content,
		    const char *more)
{
	char *text = gd_strf("\"ref\":\"%s\",\"args\":{\"path\":\"%s\","
			     "\"content\":\"%s\"%s}",
			     ref, path, content, more);

	assert_non_null(text);
	return text;
}

/* However often it was changed, what comes back is what was there at first. */
static void test_change_in_place(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *worse = change("a", f->one, "worse", "");
	GD_AUTO_FREE char *nothing = change("a", f->one, "", "");
	GD_AUTO_FREE char *elsewhere = change("a", f->two, "worse", "");
	GD_AUTO(cJSON) cJSON *reply = NULL;
	GD_AUTO(cJSON) cJSON *out = NULL;

	start_and_claim(f, CLAIM);
	client_refused(&f->c, "change", worse, "no fault a");
	inject(&f->c, "a", f->one, "");
	reply = client_call(&f->c, "change", worse);
	assert_true(gd_json_bool(reply, "ok", false));
	assert_int_equal(figure(reply), strlen("worse"));
	assert_holds(f->one, "worse");
	/* A level may be one at which it does nothing. */
	client_must(&f->c, "change", nothing);
	assert_holds(f->one, "");
	client_refused(&f->c, "change", elsewhere, "can't change to be on");
	assert_holds(f->two, "second");
	out = client_call(&f->c, "revert", "\"ref\":\"a\"");
	assert_true(gd_json_bool(first_fault(out), "equal", false));
	client_must(&f->c, "release", "");
	assert_int_equal(client_end(&f->c), 0);
	assert_all_as_before(f);
}

static void test_a_change_that_fails_undoes_the_fault(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *apply = change("a", f->one, "worse", ",\"fail\":\"apply\"");
	GD_AUTO_FREE char *verify = change("a", f->one, "worse", ",\"fail\":\"verify\"");

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	client_refused(&f->c, "change", apply, "nothing is left");
	assert_all_as_before(f);
	inject(&f->c, "a", f->one, "");
	client_refused(&f->c, "change", verify, "nothing is left");
	assert_all_as_before(f);
	client_must(&f->c, "release", "");
	assert_int_equal(client_end(&f->c), 0);
}

/* What can't be done later is refused before anything is done. */
static void test_later_changes_are_foreseen(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *a = fault("a", f->one, "");
	GD_AUTO_FREE char *later =
		gd_strf("%s,\"later\":[{\"path\":\"%s\",\"content\":\"worse\"},"
			"{\"path\":\"%s\",\"content\":\"never\"}]",
			a, f->one, f->one);

	start_and_claim(f, CLAIM);
	client_refused(&f->c, "preflight", later, "a later change: it can never");
	client_refused(&f->c, "inject", later, "a later change: it can never");
	assert_all_as_before(f);
	client_must(&f->c, "release", "");
	assert_int_equal(client_end(&f->c), 0);
}

static void test_one_runner_at_a_time(void **state)
{
	struct fixture *f = *state;
	GD_AUTO(cJSON) cJSON *status = NULL;
	struct client other;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	client_start(&other, f->state, 0);
	client_refused(&other, "claim", CLAIM, "run test of tester pid 1");
	client_refused(&other, "recover", "", "run test of tester pid 1");
	status = client_call(&other, "status", "");
	assert_true(gd_json_bool(first_fault(status), "live", false));
	assert_int_equal(client_end(&other), 0);
	assert_holds(f->one, "broken");
	assert_int_equal(client_end(&f->c), 0);
	assert_all_as_before(f);
}

static void test_failing_half_way_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *apply = fault("a", f->one, ",\"fail\":\"apply\"");
	GD_AUTO_FREE char *verify = fault("b", f->two, ",\"fail\":\"verify\"");

	start_and_claim(f, CLAIM);
	client_refused(&f->c, "inject", apply, "nothing is left");
	assert_all_as_before(f);
	client_refused(&f->c, "inject", verify, "nothing is left");
	assert_all_as_before(f);
	client_must(&f->c, "release", "");
	assert_int_equal(client_end(&f->c), 0);
}

/*
 * Renewed for longer than the lease while the fault is still going in: the reply to inject
 * comes after those to all renewals, or it would have been thrown away with them.
 */
static void test_a_slow_fault_does_not_hold_up_the_lease(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *slow = fault("a", f->one, ",\"takes\":\"5s\"");
	struct gd_instant start;
	int64_t inject_id;

	start_and_claim(f, "\"lease_ms\":" SHORT ",\"deadline_ms\":60000");
	assert_true(client_send(&f->c, "inject", slow));
	inject_id = f->c.last_id;
	start = gd_now();
	while (gd_between(start, gd_now()).ns < 2500 * GD_NS_PER_MS) {
		const struct timespec pause = {.tv_nsec = 100000000};

		client_must(&f->c, "renew", "\"lease_ms\":" SHORT);
		(void)nanosleep(&pause, NULL);
	}
	client_must(&f->c, "renew", "\"lease_ms\":20000");
	f->c.last_id = inject_id;
	{
		GD_AUTO(cJSON) cJSON *reply = client_reply(&f->c);

		assert_true(gd_json_bool(reply, "ok", false));
	}
	f->c.last_id = 100;
	assert_int_equal(client_end(&f->c), 0);
	assert_all_as_before(f);
}

/* --- leases -------------------------------------------------------------------------- */

static void test_lapse(void **state)
{
	struct fixture *f = *state;

	start_and_claim(f, "\"lease_ms\":" SHORT ",\"deadline_ms\":60000");
	inject(&f->c, "a", f->one, "");
	client_await(&f->c, "reverted");
	assert_string_equal(gd_json_str(f->c.event, "reason", ""), "lease lapsed");
	assert_true(gd_json_bool(first_fault(f->c.event), "equal", false));
	assert_all_as_before(f);
	client_refused(&f->c, "renew", "\"lease_ms\":1000", "nothing is claimed");
	/* The host is free again, for the same session too. */
	client_must(&f->c, "claim", CLAIM);
	assert_int_equal(client_end(&f->c), 0);
}

static void test_deadline(void **state)
{
	struct fixture *f = *state;

	start_and_claim(f, "\"lease_ms\":20000,\"deadline_ms\":" SHORT);
	inject(&f->c, "a", f->one, "");
	client_await(&f->c, "reverted");
	assert_string_equal(gd_json_str(f->c.event, "reason", ""), "deadline");
	assert_all_as_before(f);
	assert_int_equal(client_end(&f->c), 0);
}

static void test_trial_lease(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *a = fault("a", f->one, "");
	GD_AUTO_FREE char *trial = gd_strf("%s,\"lease_ms\":300", a);
	GD_AUTO_FREE char *longer = gd_strf("%s,\"lease_ms\":" SHORT, a);

	start_and_claim(f, CLAIM);
	inject(&f->c, "b", f->two, "");
	client_must(&f->c, "inject", trial);
	client_await(&f->c, "reverted");
	assert_string_equal(gd_json_str(f->c.event, "reason", ""), "trial lease lapsed");
	assert_holds(f->one, "first");
	assert_holds(f->two, "broken");
	/* Kept, it lasts as long as the others. */
	client_must(&f->c, "inject", longer);
	client_must(&f->c, "keep", "\"ref\":\"a\"");
	{
		/* The trial and the guardian's patience. */
		const struct timespec pause = {.tv_sec = 2, .tv_nsec = 700000000};

		(void)nanosleep(&pause, NULL);
	}
	client_must(&f->c, "ping", "");
	assert_holds(f->one, "broken");
	assert_int_equal(client_end(&f->c), 0);
	assert_all_as_before(f);
}

/* --- deaths -------------------------------------------------------------------------- */

/* On trial, the neighbours of the way back are asked for anew, and only then. */
static void test_trial_forgets_neighbours(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *mark = gd_path_join(f->dir, "forgotten");
	GD_AUTO_FREE char *nowhere = gd_path_join(f->dir, "none/forgotten");
	GD_AUTO_FREE char *plain = fault("b", f->two, "");
	GD_AUTO_FREE char *on_trial = gd_strf("%s,\"lease_ms\":5000", plain);
	GD_AUTO(cJSON) cJSON *reply = NULL;

	assert_int_equal(setenv("GD_TEST_CONNECTION", "192.0.2.5 50122 192.0.2.7 22", 1),
			 0);
	assert_int_equal(setenv("GD_TEST_FORGOTTEN", mark, 1), 0);
	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	assert_int_not_equal(access(mark, F_OK), 0);
	client_must(&f->c, "inject", on_trial);
	assert_holds(mark, "1");
	assert_int_equal(client_end(&f->c), 0);
	assert_all_as_before(f);

	/* Where it can't be done, that is told: the proof is worth less. */
	assert_int_equal(setenv("GD_TEST_FORGOTTEN", nowhere, 1), 0);
	start_and_claim(f, CLAIM);
	reply = client_call(&f->c, "inject", on_trial);
	assert_non_null(strstr(
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(reply, "notes"), 1)
			->valuestring,
		"as known before"));
	assert_int_equal(client_end(&f->c), 0);
	assert_int_equal(unsetenv("GD_TEST_FORGOTTEN"), 0);
	assert_int_equal(unsetenv("GD_TEST_CONNECTION"), 0);
}

static void test_hanging_up(void **state)
{
	struct fixture *f = *state;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	assert_int_equal(client_end(&f->c), 0);
	assert_all_as_before(f);
}

static void test_sigterm(void **state)
{
	struct fixture *f = *state;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	assert_int_equal(kill(f->c.pid, SIGTERM), 0);
	client_await(&f->c, "reverted");
	assert_int_equal(client_end(&f->c), 0);
	assert_all_as_before(f);
}

static void test_broken_protocol(void **state)
{
	struct fixture *f = *state;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	assert_int_equal(write(f->c.in, "\xff\xff\xff\xff{}", 6), 6);
	client_await(&f->c, "reverted");
	assert_int_equal(client_end(&f->c), 0);
	assert_all_as_before(f);
}

static void test_agent_killed(void **state)
{
	struct fixture *f = *state;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	inject(&f->c, "b", f->two, "");
	assert_int_equal(kill(f->c.pid, SIGKILL), 0);
	client_bury(&f->c);
	await_quiet(f);
	assert_all_as_before(f);
}

/* With nobody listening: what it did, why, and what it saw is told to who asks later. */
static void test_guardian_tells_afterwards(void **state)
{
	struct fixture *f = *state;
	GD_AUTO(cJSON) cJSON *status = NULL;
	GD_AUTO(cJSON) cJSON *reply = NULL;
	const cJSON *told, *figures, *effect;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	assert_int_equal(kill(f->c.pid, SIGKILL), 0);
	client_bury(&f->c);
	await_quiet(f);
	client_start(&f->c, f->state, 0);
	reply = client_call(&f->c, "recover", "");
	told = first_fault(reply);
	assert_string_equal(gd_json_str(told, "by", ""), "guardian");
	assert_string_equal(gd_json_str(told, "reason", ""), "the agent died");
	assert_true(gd_json_int(told, "undone_boot_ns", 0) > 0);
	assert_true(gd_json_int(told, "undone_boot_ns", 0) <= gd_now().ns);
	/* Its own revert says "bytes" twice, 1 each; apply's were the agent's. */
	figures = cJSON_GetObjectItemCaseSensitive(told, "figures");
	assert_int_equal(gd_json_int(figures, "bytes", 0), 2);
	effect = cJSON_GetObjectItemCaseSensitive(told, "effect");
	assert_true(gd_json_bool(effect, "seen", false));
	assert_string_equal(gd_json_str(effect, "text", ""), "it is there");
	status = client_call(&f->c, "status", "");
	told = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(status, "undone"), 0);
	assert_string_equal(gd_json_str(told, "by", ""), "guardian");
	assert_string_equal(gd_json_str(told, "run", ""), "test");
	assert_int_equal(client_end(&f->c), 0);
}

static void test_agent_stopped(void **state)
{
	struct fixture *f = *state;

	start_and_claim(f, "\"lease_ms\":" SHORT ",\"deadline_ms\":60000");
	inject(&f->c, "a", f->one, "");
	assert_int_equal(kill(f->c.pid, SIGSTOP), 0);
	await_quiet(f);
	client_bury(&f->c);
	assert_all_as_before(f);
}

static void test_guardian_killed(void **state)
{
	struct fixture *f = *state;
	pid_t guardian;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	guardian = guardian_of(f->state);
	assert_true(guardian > 0);
	assert_int_equal(kill(guardian, SIGKILL), 0);
	client_await(&f->c, "reverted");
	assert_string_equal(gd_json_str(f->c.event, "reason", ""), "guardian died");
	assert_all_as_before(f);
	assert_int_equal(client_end(&f->c), 0);
}

static void test_guardian_told_to_end(void **state)
{
	struct fixture *f = *state;
	pid_t guardian;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	guardian = guardian_of(f->state);
	assert_true(guardian > 0);
	/* A hang-up is nothing to it; being told to end, it undoes first. */
	assert_int_equal(kill(guardian, SIGHUP), 0);
	client_must(&f->c, "ping", "");
	assert_holds(f->one, "broken");
	assert_int_equal(kill(guardian, SIGTERM), 0);
	await_quiet(f);
	client_bury(&f->c);
	assert_all_as_before(f);
}

static void kill_both(struct fixture *f)
{
	pid_t guardian = guardian_of(f->state);

	assert_true(guardian > 0);
	/* The agent must not see the guardian die, nor the other way round. */
	assert_int_equal(kill(f->c.pid, SIGSTOP), 0);
	assert_int_equal(kill(guardian, SIGKILL), 0);
	assert_int_equal(kill(f->c.pid, SIGKILL), 0);
	client_bury(&f->c);
	await_quiet(f);
}

static void test_both_killed(void **state)
{
	struct fixture *f = *state;
	GD_AUTO(cJSON) cJSON *status = NULL;
	GD_AUTO(cJSON) cJSON *reply = NULL;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	inject(&f->c, "b", f->two, "");
	kill_both(f);
	assert_holds(f->one, "broken");
	client_start(&f->c, f->state, 0);
	/* Nobody touches it before being asked to. */
	client_refused(&f->c, "claim", CLAIM, "gameday revert --on ");
	assert_holds(f->one, "broken");
	status = client_call(&f->c, "status", "");
	assert_false(gd_json_bool(first_fault(status), "live", true));
	reply = client_call(&f->c, "recover", "");
	assert_string_equal(gd_json_str(first_fault(reply), "ref", ""), "b");
	assert_true(gd_json_bool(first_fault(reply), "equal", false));
	assert_all_as_before(f);
	client_must(&f->c, "claim", CLAIM);
	assert_int_equal(client_end(&f->c), 0);
}

static void test_recover_from_the_command_line(void **state)
{
	struct fixture *f = *state;
	const char *const argv[] = {GD_TEST_AGENT, "--state-dir", f->state, "recover",
				    NULL};
	struct gd_proc_result r;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	kill_both(f);
	assert_int_equal(gd_proc_run(argv, gd_span_s(10), &r, &f->err), 0);
	assert_int_equal(r.status, 0);
	assert_non_null(strstr(r.out, "\"equal\":\ttrue"));
	free(r.out);
	assert_all_as_before(f);
}

/* --- what can't be undone ------------------------------------------------------------ */

static void test_left_behind(void **state)
{
	struct fixture *f = *state;
	GD_AUTO(cJSON) cJSON *reply = NULL;
	GD_AUTO(cJSON) cJSON *second = NULL;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	inject(&f->c, "b", f->two, "");
	put(f->stuck, "");
	reply = client_call(&f->c, "revert", "\"all\":true");
	/* b came out although a did not. */
	assert_holds(f->two, "second");
	assert_true(gd_json_bool(first_fault(reply), "equal", false));
	{
		const cJSON *a = cJSON_GetArrayItem(
			cJSON_GetObjectItemCaseSensitive(reply, "faults"), 1);

		assert_false(gd_json_bool(a, "equal", true));
		assert_string_equal(gd_json_str(a, "before", ""), "first");
		assert_string_equal(gd_json_str(a, "after", ""), "broken");
		assert_non_null(strstr(gd_json_str(a, "error", ""), "stuck"));
	}
	client_must(&f->c, "release", "");
	client_refused(&f->c, "claim", CLAIM, "gameday revert");
	assert_int_equal(unlink(f->stuck), 0);
	second = client_call(&f->c, "recover", "");
	assert_true(gd_json_bool(first_fault(second), "equal", false));
	assert_int_equal(client_end(&f->c), 0);
	assert_all_as_before(f);
}

static void test_guardian_leaves_word(void **state)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	struct fixture *f = *state;

	start_and_claim(f, CLAIM);
	inject(&f->c, "a", f->one, "");
	put(f->stuck, "");
	assert_int_equal(kill(f->c.pid, SIGKILL), 0);
	client_bury(&f->c);
	await_quiet(f);
	assert_int_equal(gd_journal_load(f->state, &v, &f->err), 0);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.entries[0].phase, GD_PHASE_LEFT_BEHIND);
}

/* An entry of an earlier boot whose state is as before is closed; another is undone. */
static void test_after_a_reboot(void **state)
{
	struct fixture *f = *state;
	const char *const paths[] = {f->one, f->two};
	const char *const olds[] = {"first", "second"};
	GD_AUTO(cJSON) cJSON *reply = NULL;
	struct gd_journal j;

	assert_int_equal(gd_journal_open(f->state, &j, &f->err), 0);
	for (int i = 0; i < 2; i++) {
		GD_AUTO_RECORD struct gd_record r = {.ref = "x",
						     .kind = "file",
						     .target = "t",
						     .run = "r",
						     .runner = "n",
						     .boot_id = "another"};

		r.id = gd_journal_next_id(&j);
		r.args = cJSON_CreateObject();
		r.undo = cJSON_CreateObject();
		r.before = strdup(olds[i]);
		assert_true(gd_json_set_str(r.args, "path", paths[i]) &&
			    gd_json_set_str(r.args, "content", "broken") &&
			    gd_json_set_str(r.undo, "path", paths[i]) &&
			    gd_json_set_str(r.undo, "content", olds[i]));
		assert_int_equal(gd_journal_begin(&j, &r, &f->err), 0);
	}
	gd_journal_close(&j);
	put(f->two, "broken");
	put(f->stuck, ""); /* one must not even be tried */
	client_start(&f->c, f->state, 0);
	reply = client_call(&f->c, "recover", "");
	assert_int_equal(
		cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(reply, "faults")), 2);
	assert_int_equal(client_end(&f->c), 0);
	assert_all_as_before(f);
}

static void test_damaged_journal(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_FREE char *path = gd_path_join(f->state, "journal");
	struct gd_journal j;

	assert_int_equal(gd_journal_open(f->state, &j, &f->err), 0);
	gd_journal_close(&j);
	put(path, "0123456789abcdef {\"step\":\"open\"}\n");
	client_start(&f->c, f->state, 0);
	client_refused(&f->c, "claim", CLAIM, "line 1");
	client_refused(&f->c, "recover", "", "damaged");
	client_must(&f->c, "recover", "\"accept\":true");
	client_must(&f->c, "claim", CLAIM);
	assert_int_equal(client_end(&f->c), 0);
}

/* --- the crash matrix ---------------------------------------------------------------- */

/* A whole run with a crash at journal step n; true when it got through without one. */
static bool run_with_crash(struct fixture *f, int n)
{
	GD_AUTO_FREE char *a = fault("a", f->one, "");
	GD_AUTO_FREE char *b = fault("b", f->two, "");
	GD_AUTO_FREE char *worse = change("a", f->one, "worse", "");
	const char *const steps[][2] = {{"claim", CLAIM},
					{"inject", a},
					{"inject", b},
					{"change", worse},
					{"revert", "\"ref\":\"a\""},
					{"revert", "\"all\":true"},
					{"release", ""}};
	bool alive = true;

	client_start(&f->c, f->state, n);
	for (size_t i = 0; i < GD_N_ELEMS(steps) && alive; i++) {
		GD_AUTO(cJSON)
		cJSON *reply = client_call(&f->c, steps[i][0], steps[i][1]);

		alive = reply != NULL;
		assert_true(!alive || gd_json_bool(reply, "ok", false));
	}
	if (alive)
		assert_int_equal(client_end(&f->c), 0);
	else
		client_bury(&f->c);
	return alive;
}

static void test_crash_at_every_step(void **state)
{
	struct fixture *f = *state;
	int n = 1;

	for (; !run_with_crash(f, n); n++) {
		await_quiet(f);
		assert_all_as_before(f);
	}
	assert_all_as_before(f);
	/* Two faults, each opened, active and clean, one changed; before and after each. */
	assert_int_equal(n, 15);
}

/* --- watch ------------------------------------------------------------------ */

static void test_watch(void **state)
{
	struct fixture *f = *state;
	const cJSON *values;

	client_start(&f->c, f->state, 0);
	client_must(&f->c, "watch",
		    "\"ref\":\"w\",\"kind\":\"nic\",\"interval_ms\":100,\"args\":{"
		    "\"device\":\"lo\"}");
	client_await(&f->c, "watch");
	values = cJSON_GetObjectItemCaseSensitive(f->c.event, "values");
	assert_true(gd_json_num(values, "rx_packets", -1) >= 0);
	client_refused(&f->c, "watch", "\"ref\":\"w\",\"kind\":\"nope\"", "no watch");
	assert_int_equal(client_end(&f->c), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_there_and_back),
		TEST(test_notes_and_figures),
		TEST(test_names_are_resolved_once),
		TEST(test_what_is_refused),
		TEST(test_change_in_place),
		TEST(test_a_change_that_fails_undoes_the_fault),
		TEST(test_later_changes_are_foreseen),
		TEST(test_one_runner_at_a_time),
		TEST(test_failing_half_way_leaves_nothing),
		TEST(test_a_slow_fault_does_not_hold_up_the_lease),
		TEST(test_lapse),
		TEST(test_deadline),
		TEST(test_trial_lease),
		TEST(test_trial_forgets_neighbours),
		TEST(test_hanging_up),
		TEST(test_sigterm),
		TEST(test_broken_protocol),
		TEST(test_agent_killed),
		TEST(test_guardian_tells_afterwards),
		TEST(test_agent_stopped),
		TEST(test_guardian_killed),
		TEST(test_guardian_told_to_end),
		TEST(test_both_killed),
		TEST(test_recover_from_the_command_line),
		TEST(test_left_behind),
		TEST(test_guardian_leaves_word),
		TEST(test_after_a_reboot),
		TEST(test_damaged_journal),
		TEST(test_crash_at_every_step),
		TEST(test_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
