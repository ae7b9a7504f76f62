/* SPDX-License-Identifier: Apache-2.0 */
/* Who does what on a game day: the people's roles, in a scenario or on the command line. */
#pragma once

#include "gameday/base/json.h"
#include "gameday/shape/field.h"

/* Each a list of struct gd_text: names, in the order given. */
struct gd_crew {
	struct gd_list coordinator, driver, observer, scribe;
};
extern const struct gd_shape gd_crew_shape;
extern const char *const gd_crew_roles[]; /* "coordinator", ...; ends with NULL */

/*
 * From texts ROLE=NAME (list of struct gd_text); a role may come several times. GD_E_INPUT
 * names a role there is not, with the nearest one. Caller frees by gd_crew_free.
 */
int gd_crew_parse(const struct gd_list *texts, struct gd_crew **ret,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_crew_free(struct gd_crew *crew); /* accepts NULL */
GD_DEFINE_AUTO(gd_crew, gd_crew_free);

/*
 * {"coordinator": ["Ada"], ...}: of each role the names of `first`, or else of `other`;
 * roles without a name are left out. Both may be NULL. NULL: out of memory.
 */
cJSON *gd_crew_to_json(const struct gd_crew *first,
		       const struct gd_crew *other) GD_MUST_CHECK;
