/* SPDX-License-Identifier: Apache-2.0 */
/* For tests that write files: a folder of their own. */
#pragma once

#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "gameday/base/file.h"

struct place {
	char dir[64];
};

/* cmocka's setup: *state is a struct place. */
static inline int enter(void **state)
{
	static struct place p;

	(void)snprintf(p.dir, sizeof(p.dir), "/tmp/gameday-test-XXXXXX");
	*state = &p;
	return mkdtemp(p.dir) ? 0 : -1;
}

/* cmocka's teardown: removes it with all that is in it. */
static inline int leave(void **state)
{
	const struct place *p = *state;
	struct gd_error err = GD_ERROR_INIT;

	return gd_remove_tree(p->dir, &err);
}
