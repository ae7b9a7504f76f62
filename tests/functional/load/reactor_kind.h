/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same tests run with each kind of reactor: with GD_TEST_REACTOR=epoll in the environment,
 * and with the kind that a load takes by itself.
 */
#pragma once

#include <stdlib.h>

#include "gameday/load/reactor.h"

static inline enum gd_reactor_kind reactor_kind(void)
{
	return getenv("GD_TEST_REACTOR") ? GD_REACTOR_EPOLL : GD_REACTOR_AUTO;
}
