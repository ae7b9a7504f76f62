/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/functional/load/drive.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/clock.h"
#include "gameday/load/load.h"
#include "tests/functional/load/reactor_kind.h"

/* The load is set up before its first request is due. */
#define START_AHEAD (10 * GD_NS_PER_MS)

void check_sums(const struct gd_interval *s)
{
	uint64_t requests = 0, attempts = 0, n_latency = 0, n_attempt_latency = 0;

	for (int i = 0; i < GD_N_OUTCOMES; i++) {
		bool measured = gd_outcome_is_measured((enum gd_outcome)i);

		requests += s->outcomes[i];
		attempts += s->attempt_outcomes[i];
		n_latency += measured ? s->outcomes[i] : 0;
		n_attempt_latency += measured ? s->attempt_outcomes[i] : 0;
	}
	assert_int_equal(requests, s->intended);
	assert_int_equal(attempts, s->attempts);
	assert_int_equal(gd_hist_count(s->latency), n_latency);
	assert_int_equal(gd_hist_count(s->attempt_latency), n_attempt_latency);
}

static void add(struct driven *d, const struct gd_interval *iv)
{
	struct gd_interval *sum = NULL;

	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(d->sums[i].client, iv->client) == 0)
			sum = &d->sums[i];
	}
	if (!sum) {
		assert_true(d->n < DRIVE_MAX_CLIENTS);
		sum = &d->sums[d->n++];
		sum->latency = gd_hist_new();
		sum->attempt_latency = gd_hist_new();
		memcpy(sum->client, iv->client, sizeof(sum->client));
	}
	gd_interval_add(sum, iv);
}

static void take_all(struct gd_load *load, struct driven *d)
{
	struct pollfd pfd = {.fd = gd_load_fd(load), .events = POLLIN};
	struct gd_interval iv;
	int got = 0;

	while (got != 2) {
		assert_int_equal(poll(&pfd, 1, 20000), 1);
		got = gd_load_take(load, &iv);
		if (got != 1)
			continue;
		add(d, &iv);
		gd_interval_fini(&iv);
	}
}

void drive(struct driven *ret, int64_t duration_ms, const char *spec, ...)
{
	struct gd_load_options opt = {
		.interval = gd_span_ms(200),
		.reactor = reactor_kind(),
		.duration = gd_span_ms(duration_ms),
	};
	struct gd_load_spec decoded = {0};
	GD_AUTO(gd_load) struct gd_load *load = NULL;
	GD_AUTO(cJSON) cJSON *json = NULL;
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err = GD_ERROR_INIT;
	va_list args;

	va_start(args, spec);
	assert_true(vasprintf(&text, spec, args) > 0);
	va_end(args);
	json = cJSON_Parse(text);
	opt.start.ns = gd_now().ns + START_AHEAD;
	if (!json)
		fail_msg("no JSON: %s", text);
	if (gd_shape_from_json(&gd_load_shape, json, &decoded, &err) < 0 ||
	    gd_load_start(&decoded, &opt, &load, &err) < 0)
		fail_msg("%s", err.text);
	gd_shape_fini(&gd_load_shape, &decoded);
	*ret = (struct driven){.start_ns = opt.start.ns};
	take_all(load, ret);
	assert_int_equal(gd_load_status(load, &err), 0);
	for (size_t i = 0; i < ret->n; i++) {
		check_sums(&ret->sums[i]);
		assert_int_equal(ret->sums[i].outcomes[GD_OUTCOME_CANCELLED], 0);
	}
}

const struct gd_interval *driven_client(const struct driven *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(d->sums[i].client, name) == 0)
			return &d->sums[i];
	}
	fail_msg("no client %s", name);
	return NULL;
}

void driven_fini(struct driven *d)
{
	for (size_t i = 0; i < d->n; i++)
		gd_interval_fini(&d->sums[i]);
}

static bool passes(const struct CMUnitTest *test)
{
	int status = 0;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0)
		exit(_cmocka_run_group_tests(test->name, test, 1, NULL, NULL) == 0 ? 0
										   : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

int run_patiently(const struct CMUnitTest *tests, size_t n)
{
	enum { TRIES = 3 };
	int n_failed = 0;

	for (size_t i = 0; i < n; i++) {
		bool passed = false;

		for (int t = 0; t < TRIES && !passed; t++)
			passed = passes(&tests[i]);
		n_failed += !passed;
	}
	return n_failed;
}
