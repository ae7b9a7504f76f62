/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields flagged GD_FIELD_PEER: who is at the other end, as an address, a prefix or a host
 * name. Only the host concerned knows what a name means there, and it is asked once.
 */
#pragma once

#include "gameday/base/json.h"
#include "gameday/shape/field.h"

enum {
	GD_PEER_NAMES_MAX = 64,      /* of one fault */
	GD_PEER_NAME_ADDRESSES = 32, /* of one name */
};

/* Letters, digits, '-', '.' and '_', and not all of it digits and dots. Pure. */
bool gd_peer_is_name(const char *text) GD_NONNULL;
/*
 * Adds the host names in value, each once, to the array `names`. Raises GD_E_INPUT when there
 * are more than GD_PEER_NAMES_MAX in it.
 */
int gd_shape_peer_names(const struct gd_shape *shape, const void *value, cJSON *names,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* "api-2 is 10.20.0.12 2001:db8::12, db is 10.0.0.9" from {name: [address...]}. */
void gd_peer_names_print(const cJSON *known, struct gd_strbuf *out) GD_NONNULL_ARGS(2);
