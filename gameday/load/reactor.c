/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/reactor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

int gd_sock_keep_rest(struct gd_sock *s, const char *data, size_t size)
{
	char *rest;

	if (size > GD_REACTOR_REST_MAX - s->n_rest) {
		errno = ENOBUFS;
		return -1;
	}
	rest = realloc(s->rest, s->n_rest + size);
	if (!rest)
		return -1;
	memcpy(rest + s->n_rest, data, size);
	s->rest = rest;
	s->n_rest += size;
	return 0;
}

void gd_sock_drop_rest(struct gd_sock *s)
{
	free(s->rest);
	s->rest = NULL;
	s->n_rest = s->n_rest_sent = 0;
}
