/* SPDX-License-Identifier: Apache-2.0 */
/* Host names by the host's own resolver. */
#include "injectors/ports/linux.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "gameday/base/auto.h"

static void free_addresses(struct addrinfo *a)
{
	if (a)
		freeaddrinfo(a);
}

GD_DEFINE_AUTO(addrinfo, free_addresses);

static int add_address(const struct addrinfo *a, struct gd_strbuf *out)
{
	char text[NI_MAXHOST];

	if (getnameinfo(a->ai_addr, a->ai_addrlen, text, NI_MAXHOST, NULL, 0,
			NI_NUMERICHOST) != 0)
		return -1;
	/* A zone ("%eth0") is no part of what a packet carries. */
	gd_strbuf_addf(out, "%.*s\n", (int)strcspn(text, "%"), text);
	return 0;
}

static int resolve(void *ctx GD_UNUSED, const char *name, struct gd_strbuf *out,
		   struct gd_error *err)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC,
				       .ai_socktype = SOCK_STREAM};
	GD_AUTO(addrinfo) struct addrinfo *found = NULL;
	int rc = getaddrinfo(name, NULL, &hints, &found);

	if (rc == EAI_NONAME || rc == EAI_NODATA)
		return GD_PORT_ABSENT;
	if (rc != 0)
		return gd_raise(err, GD_E_REFUSED, "%s: can't be resolved here: %s", name,
				gai_strerror(rc));
	for (const struct addrinfo *a = found; a; a = a->ai_next)
		if (add_address(a, out) < 0)
			return gd_raise(err, GD_E_SYSTEM, "%s: an address without a form",
					name);
	return 0;
}

const struct gd_name_port gd_name_linux = {.resolve = resolve};
