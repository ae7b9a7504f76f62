/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/address.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"

enum { MAX_TRIES = 4, TRY_MS = 1000 };

GD_DEFINE_AUTO(addrinfo, freeaddrinfo);

static bool accepts(const struct addrinfo *ai)
{
	GD_AUTO_FD int fd =
		socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof(error);

	if (fd < 0)
		return false;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return true;
	if (errno != EINPROGRESS || poll(&pfd, 1, TRY_MS) != 1)
		return false;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
}

static const struct addrinfo *choose(const struct addrinfo *all)
{
	int n = 0;

	if (!all->ai_next)
		return all;
	for (const struct addrinfo *ai = all; ai && n < MAX_TRIES;
	     ai = ai->ai_next, n++) {
		if (accepts(ai))
			return ai;
	}
	return all;
}

int gd_address_resolve(const struct gd_url *url, struct sockaddr_storage *ret,
		       socklen_t *ret_len, struct gd_error *err)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	GD_AUTO(addrinfo) struct addrinfo *all = NULL;
	const struct addrinfo *ai;
	char port[8];
	int status;

	(void)snprintf(port, sizeof(port), "%u", url->port);
	status = getaddrinfo(url->host, port, &hints, &all);
	if (status != 0)
		return gd_raise(err, GD_E_REMOTE, "host '%s' has no address: %s",
				url->host,
				status == EAI_SYSTEM ? strerrordesc_np(errno)
						     : gai_strerror(status));
	ai = choose(all);
	if (ai->ai_addrlen > sizeof(*ret))
		return gd_raise(err, GD_E_REMOTE, "host '%s' has no internet address",
				url->host);
	memcpy(ret, ai->ai_addr, ai->ai_addrlen);
	*ret_len = ai->ai_addrlen;
	return 0;
}
