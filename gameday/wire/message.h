/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, replies, events and errors as the objects of doc/PROTOCOL.md. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/json.h"

enum gd_message_kind { GD_MESSAGE_REQUEST, GD_MESSAGE_REPLY, GD_MESSAGE_EVENT };

/* What a message is; name is borrowed from the JSON object. */
struct gd_message {
	enum gd_message_kind kind;
	int64_t id;       /* REQUEST, REPLY: 1 and up */
	const char *name; /* REQUEST: op; EVENT: event; REPLY: NULL */
	bool ok;          /* REPLY */
};

/* What json is. An object that is none of the three forms is GD_E_REMOTE. */
int gd_message_read(const cJSON *json, struct gd_message *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* {"op": op}; the sender adds its members, gd_message_set_id the id. NULL: no memory. */
cJSON *gd_message_request(const char *op) GD_NONNULL GD_MUST_CHECK;
/* {"event": name}; NULL when out of memory. */
cJSON *gd_message_event(const char *name) GD_NONNULL GD_MUST_CHECK;
/* {"id": id, "ok": true}; the sender adds members. NULL when out of memory. */
cJSON *gd_message_reply(int64_t id) GD_MUST_CHECK;
/* {"id": id, "ok": false, "error": {...}}. NULL when out of memory. */
cJSON *gd_message_failure(int64_t id,
			  const struct gd_error *why) GD_NONNULL GD_MUST_CHECK;
/* Sets or replaces the id; false when out of memory. */
bool gd_message_set_id(cJSON *message, int64_t id) GD_NONNULL GD_MUST_CHECK;

/* {"code": "refused", "text": "..."}; NULL when out of memory. */
cJSON *gd_error_to_json(const struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * The peer's error, as far as it says one: unknown codes are GD_E_REMOTE, a missing text
 * says so, control characters are replaced. json NULL or of another type is fine.
 */
void gd_error_from_json(const cJSON *json, struct gd_error *ret) GD_NONNULL_ARGS(2);
/* A reply's outcome: 0 for ok; -1 with the peer's error. */
int gd_message_outcome(const cJSON *reply, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
