/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/control.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool parse_address(const char *text, struct gd_control *c)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	char addr[64];

	(void)snprintf(addr, sizeof(addr), "%.*s", (int)strcspn(text, "%"), text);
	c->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(c->family, addr, c->addr) != 1)
		return false;
	if (c->family == AF_INET6 && memcmp(c->addr, mapped, sizeof(mapped)) == 0) {
		c->family = AF_INET;
		memmove(c->addr, c->addr + sizeof(mapped), 4);
		memset(c->addr + 4, 0, 12);
	}
	return inet_ntop(c->family, c->addr, c->text, sizeof(c->text)) != NULL;
}

int gd_control_parse(const char *text, struct gd_control *ret, struct gd_error *err)
{
	struct gd_control c = {.kind = GD_CONTROL_SSH};
	char client[64], server[64], tail;
	unsigned client_port, port;

	if (strcmp(text, "local") == 0) {
		*ret = (struct gd_control){.kind = GD_CONTROL_LOCAL};
		return 0;
	}
	if (sscanf(text, "%63s %5u %63s %5u %c", client, &client_port, server, &port,
		   &tail) != 4 ||
	    port == 0 || port > 65535 || !parse_address(client, &c))
		return gd_raise(err, GD_E_INPUT,
				"\"%.80s\" is not an SSH connection: wanted CLIENT "
				"PORT SERVER PORT, as in \"10.0.0.5 50122 10.0.0.7 22\"",
				text);
	c.port = (int)port;
	*ret = c;
	return 0;
}
