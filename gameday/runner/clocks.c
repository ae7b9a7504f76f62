/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/runner/clocks.h"

#include <stdlib.h>

#include "gameday/runner/fleet.h"

/* The first after a login is slow; of a few more one has met no queue. */
enum { ROUNDS = 8 };

void gd_clock_fit_add(struct gd_clock_fit *fit, const struct gd_clock_sample *s)
{
	int64_t round_trip = s->answered_ns - s->sent_ns;
	int64_t middle = s->sent_ns + round_trip / 2;

	if (round_trip < 0 || s->their_wall_ns <= 0 || s->their_boot_ns <= 0 ||
	    (fit->known && round_trip / 2 >= fit->error_ns))
		return;
	*fit = (struct gd_clock_fit){
		.known = true,
		.wall_offset_ns = s->their_wall_ns - (middle + s->wall_minus_boot_ns),
		.boot_offset_ns = s->their_boot_ns - middle,
		.error_ns = round_trip / 2,
	};
}

/* A host that does not answer keeps what was known of it. */
static void take(const struct gd_call *call, int64_t wall_minus_boot_ns)
{
	const struct gd_clock_sample s = {
		.sent_ns = call->sent.ns,
		.answered_ns = call->answered.ns,
		.wall_minus_boot_ns = wall_minus_boot_ns,
		.their_wall_ns = gd_json_int(call->reply, "wall_ns", 0),
		.their_boot_ns = gd_json_int(call->reply, "boot_ns", 0),
	};

	gd_clock_fit_add(&call->member->clock, &s);
}

static int ask_all(struct gd_fleet *f, struct gd_call *calls, struct gd_error *err)
{
	int64_t wall_minus_boot_ns;
	int rc;

	for (size_t i = 0; i < f->n; i++)
		gd_fleet_call(f, &f->members[i], gd_message_request("ping"), gd_span_s(5),
			      &calls[i]);
	rc = gd_fleet_wait(f, calls, f->n, err);
	wall_minus_boot_ns = gd_wall_now().ns - gd_now().ns;
	for (size_t i = 0; i < f->n; i++) {
		if (rc == 0 && calls[i].reply)
			take(&calls[i], wall_minus_boot_ns);
		gd_call_fini(&calls[i]);
	}
	return rc;
}

int gd_clocks_measure(struct gd_fleet *f, struct gd_error *err)
{
	struct gd_call *calls = calloc(f->n + 1, sizeof(*calls));
	int rc = calls ? 0 : gd_raise_nomem(err);

	for (int i = 0; rc == 0 && i < ROUNDS; i++)
		rc = ask_all(f, calls, err);
	free(calls);
	return rc;
}
