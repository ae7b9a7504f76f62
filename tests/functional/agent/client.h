/* SPDX-License-Identifier: Apache-2.0 */
/* A small, blocking runner for the agent under test. Failures end the test. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "gameday/base/clock.h"
#include "gameday/base/json.h"
#include "gameday/wire/frame.h"

struct client {
	const char *dir; /* state directory */
	pid_t pid;
	int in, out;
	struct gd_frame_reader reader;
	int64_t last_id;
	cJSON *event; /* the last event, owned */
};

/* An agent with a state directory of its own. */
struct bed {
	char dir[64], state[96];
	struct client c;
};
/* For cmocka: *state is a struct bed; its client is the test's to end. */
int bed_setup(void **state);
int bed_teardown(void **state);

/* Starts an agent and says hello. crash_at 0: never. */
void client_start(struct client *c, const char *dir, int crash_at);
/* Sends; fields is a JSON object's inside ("\"ref\":\"a\"") or "". False: the agent is gone. */
bool client_send(struct client *c, const char *op, const char *fields);
/* The reply to the last request; NULL when the agent died first. Caller owns it. */
cJSON *client_reply(struct client *c);
/* Both. */
cJSON *client_call(struct client *c, const char *op, const char *fields);
/* client_call that must succeed; the reply is dropped. */
void client_must(struct client *c, const char *op, const char *fields);
/* client_call that must fail with a text that has `word` in it. */
void client_refused(struct client *c, const char *op, const char *fields,
		    const char *word);
/* Waits for an event of that name, at most 5 s; it is then in c->event. */
void client_await(struct client *c, const char *event);
/* Hangs up and gives the exit status. */
int client_end(struct client *c);
/* Reaps an agent that was killed, and lets go. */
void client_bury(struct client *c);
/* The guardian of the agents that use dir; 0: none. */
pid_t guardian_of(const char *dir);
