/* SPDX-License-Identifier: Apache-2.0 */
/* Resources that free themselves at the end of their scope, and the way to hand them on. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include "gameday/base/attr.h"

/* Defines the cleanup helper for `type *`, from a free function that accepts NULL. */
#define GD_DEFINE_AUTO(type, free_fn)                                                    \
	static inline void gd_auto_##type(struct type **p)                               \
	{                                                                                \
		if (*p)                                                                  \
			free_fn(*p);                                                     \
	}                                                                                \
	struct type

/* GD_AUTO(gd_node) struct gd_node *n = NULL; */
#define GD_AUTO(type) __attribute__((cleanup(gd_auto_##type)))
/* GD_AUTO_FREE char *s = NULL; */
#define GD_AUTO_FREE __attribute__((cleanup(gd_auto_free)))
/* GD_AUTO_FD int fd = -1; */
#define GD_AUTO_FD __attribute__((cleanup(gd_auto_close)))

static inline void gd_auto_free(void *p)
{
	free(*(void **)p);
}

static inline void gd_auto_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* Takes the pointer out of an automatic variable: the caller owns the result. */
static inline void *gd_steal_ptr(void *pp)
{
	void **p = pp;
	void *taken = *p;

	*p = NULL;
	return taken;
}

/* Takes the descriptor out of an automatic variable: the caller owns the result. */
static inline int gd_steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Closes *fd if open and marks it closed. */
static inline void gd_close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}
