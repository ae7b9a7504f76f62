/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int bad(struct gd_error *err, const char *text, const char *what)
{
	return gd_raise(err, GD_E_INPUT,
			"URL '%.200s': %s; wanted as in http://host:8080/path", text,
			what);
}

bool gd_url_has_scheme(const char *text, const char *scheme)
{
	size_t len = strlen(scheme);

	return strncasecmp(text, scheme, len) == 0 && strncmp(text + len, "://", 3) == 0;
}

/* The host part of s, of which *ret_rest is what follows. -1 when there is none. */
static int split_host(const char *s, struct gd_url *u, const char **ret_rest)
{
	const char *begin = s, *end;

	if (*s == '[') {
		begin++;
		end = strchr(s, ']');
		if (!end)
			return -1;
		*ret_rest = end + 1;
	} else {
		end = s + strcspn(s, ":/?#");
		*ret_rest = end;
	}
	if (end == begin || (size_t)(end - begin) >= sizeof(u->host))
		return -1;
	memcpy(u->host, begin, (size_t)(end - begin));
	u->host[end - begin] = '\0';
	return 0;
}

static int split_port(const char *s, uint16_t default_port, struct gd_url *u,
		      const char **ret_rest)
{
	char *end = NULL;
	unsigned long port;

	u->port = default_port;
	*ret_rest = s;
	if (*s != ':')
		return 0;
	if (s[1] < '0' || s[1] > '9')
		return -1;
	port = strtoul(s + 1, &end, 10);
	if (port < 1 || port > 65535)
		return -1;
	u->port = (uint16_t)port;
	*ret_rest = end;
	return 0;
}

/* A zone ("fe80::1%eth0") means something to us only: it stays out of the Host field. */
static void make_authority(struct gd_url *u, uint16_t default_port)
{
	int len = (int)strcspn(u->host, "%");
	bool literal6 = strchr(u->host, ':') != NULL;
	char port[8] = "";

	if (u->port != default_port)
		(void)snprintf(port, sizeof(port), ":%u", u->port);
	(void)snprintf(u->authority, sizeof(u->authority), "%s%.*s%s%s",
		       literal6 ? "[" : "", len, u->host, literal6 ? "]" : "", port);
}

/* Behind "${...}" at s, or s itself. */
static const char *skip_place(const char *s)
{
	const char *end = s[0] == '$' && s[1] == '{' ? strchr(s, '}') : NULL;

	return end ? end + 1 : s;
}

static int check_text(const char *text, struct gd_error *err)
{
	for (const char *s = text; *s; s++) {
		if ((unsigned char)*s <= ' ' || *s == 0x7f || *s == '"' || *s == '\\')
			return bad(err, text, "it holds a blank or a control character");
	}
	for (const char *s = text; *s;) {
		const char *next = skip_place(s);

		if (next == s && (*s == '{' || *s == '}'))
			return bad(err, text, "it holds a role that stands for no host");
		s = next == s ? s + 1 : next;
	}
	return 0;
}

/* "http" of "http://host"; what follows the slashes is *ret_rest. -1 when there is none. */
static int split_scheme(const char *text, struct gd_url *u, const char **ret_rest)
{
	size_t len = strcspn(text, ":/?#");

	if (len == 0 || len >= sizeof(u->scheme) || strncmp(text + len, "://", 3) != 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		u->scheme[i] = (char)tolower((unsigned char)text[i]);
	*ret_rest = text + len + 3;
	return 0;
}

int gd_url_parse(const char *text, uint16_t default_port, struct gd_url *ret,
		 struct gd_error *err)
{
	struct gd_url u = {0};
	const char *rest = NULL;
	size_t len;

	if (check_text(text, err) < 0)
		return -1;
	if (split_scheme(text, &u, &rest) < 0)
		return bad(err, text, "it does not begin with a scheme");
	if (rest[strcspn(rest, "@/?#")] == '@')
		return bad(err, text, "a user name in it is not supported");
	if (split_host(rest, &u, &rest) < 0)
		return bad(err, text, "it has no host, or one that is too long");
	if (strchr(u.host, '$'))
		return bad(err, text, "its host can't differ between requests");
	if (split_port(rest, default_port, &u, &rest) < 0)
		return bad(err, text, "its port is not a number from 1 to 65535");
	if (*rest && !strchr("/?#", *rest))
		return bad(err, text, "what follows the host is not a path");
	len = strcspn(rest, "#");
	if (len + 2 > sizeof(u.path))
		return bad(err, text, "its path is longer than 2047 bytes");
	(void)snprintf(u.path, sizeof(u.path), "%s%.*s", *rest == '/' ? "" : "/",
		       (int)len, rest);
	make_authority(&u, default_port);
	*ret = u;
	return 0;
}
