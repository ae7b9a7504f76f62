/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/reactor.h"

int gd_reactor_new(enum gd_reactor_kind kind, const struct gd_reactor_report *report,
		   struct gd_reactor **ret, struct gd_error *err)
{
	struct gd_error ignored = GD_ERROR_INIT;

	if (kind == GD_REACTOR_URING)
		return gd_reactor_uring_new(report, ret, err);
	if (kind == GD_REACTOR_AUTO && gd_reactor_uring_new(report, ret, &ignored) == 0)
		return 0;
	return gd_reactor_epoll_new(report, ret, err);
}
