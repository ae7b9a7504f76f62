/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/control.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
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

enum { N_WORDS = 4 };

/* text cut at blanks into exactly four words; copy holds them. */
static bool split(char *copy, char *words[N_WORDS])
{
	char *save = NULL;

	for (int i = 0; i < N_WORDS; i++) {
		words[i] = strtok_r(i == 0 ? copy : NULL, " ", &save);
		if (!words[i])
			return false;
	}
	return strtok_r(NULL, " ", &save) == NULL;
}

static int parse_port(const char *word)
{
	char *end;
	long port = strtol(word, &end, 10);

	return *end || port < 1 || port > 65535 ? 0 : (int)port;
}

int gd_control_parse(const char *text, struct gd_control *ret, struct gd_error *err)
{
	struct gd_control c = {.kind = GD_CONTROL_SSH};
	char copy[256], *words[N_WORDS];

	if (strcmp(text, "local") == 0) {
		*ret = (struct gd_control){.kind = GD_CONTROL_LOCAL};
		return 0;
	}
	(void)snprintf(copy, sizeof(copy), "%s", text);
	if (strlen(text) < sizeof(copy) && split(copy, words))
		c.port = parse_port(words[3]);
	if (c.port == 0 || !parse_address(words[0], &c))
		return gd_raise(err, GD_E_INPUT,
				"\"%.80s\" is not an SSH connection: wanted CLIENT "
				"PORT SERVER PORT, as in \"10.0.0.5 50122 10.0.0.7 22\"",
				text);
	*ret = c;
	return 0;
}
