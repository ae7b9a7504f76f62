/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What host names mean here, asked once: the runner asks before anything is in, and gives the
 * answer back with every request that uses it. The injectors' name port looks there first.
 */
#pragma once

#include "gameday/base/json.h"
#include "injectors/ports.h"

struct gd_names {
	const struct gd_name_port *host; /* borrowed: the host's own resolver */
	const cJSON *known;              /* borrowed: {name: [address...]}, or NULL */
};

/* struct gd_name_port.resolve with a struct gd_names as ctx. */
int gd_names_resolve(void *names, const char *name, struct gd_strbuf *out,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * {name: [address...]} of a list of names by the host's resolver into *ret, owned by the
 * caller. GD_E_REFUSED: one is not known here; GD_E_INPUT: it is no list of names.
 */
int gd_names_ask(const struct gd_name_port *host, const cJSON *list, cJSON **ret,
		 struct gd_error *err) GD_NONNULL_ARGS(1, 3, 4) GD_MUST_CHECK;
