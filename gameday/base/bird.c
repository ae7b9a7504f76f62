/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/bird.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"

enum { LIMIT_S = 5, CODE_WELCOME = 1, CODE_RESTRICTED = 16 };

static const char *const usual[] = {"/run/bird/bird.ctl", "/run/bird.ctl",
				    "/var/run/bird/bird.ctl",
				    "/usr/local/var/run/bird.ctl"};

/* One conversation. */
struct talk {
	const char *path;
	int fd;
	struct gd_instant end;
	struct gd_strbuf in;
};

static void talk_fini(struct talk *t)
{
	gd_close_fd(&t->fd);
	gd_strbuf_fini(&t->in);
}

#define AUTO_TALK __attribute__((cleanup(talk_fini)))

int gd_bird_find(const char *given, char ret[GD_BIRD_PATH], struct gd_error *err)
{
	if (*given) {
		(void)snprintf(ret, GD_BIRD_PATH, "%s", given);
		return 0;
	}
	for (size_t i = 0; i < GD_N_ELEMS(usual); i++)
		if (access(usual[i], F_OK) == 0) {
			(void)snprintf(ret, GD_BIRD_PATH, "%s", usual[i]);
			return 0;
		}
	return gd_raise(err, GD_E_REFUSED,
			"BIRD's control socket is not at %s nor %s: start BIRD, or say "
			"where it is with the parameter `socket`",
			usual[0], usual[1]);
}

/* Waits for an event until the conversation's end. */
static int wait_for(const struct talk *t, short events, struct gd_error *err)
{
	int64_t left = gd_between(gd_now(), t->end).ns / GD_NS_PER_MS;
	struct pollfd p = {.fd = t->fd, .events = events};
	int rc = left > 0 ? poll(&p, 1, (int)left) : 0;

	if (rc > 0 || (rc < 0 && errno == EINTR))
		return 0;
	if (rc < 0)
		return gd_raise_errno(err, "poll %s", t->path);
	return gd_raise(err, GD_E_TIMEOUT, "BIRD at %s did not answer within %d s",
			t->path, (int)LIMIT_S);
}

static int dial(struct talk *t, struct gd_error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", t->path);
	t->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0)
		return gd_raise_errno(err, "socket");
	if (connect(t->fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return 0;
	if (errno == EACCES)
		return gd_raise(
			err, GD_E_REFUSED,
			"BIRD's control socket %s is not open to this user: log in "
			"as root, let the user run sudo, or put it into the "
			"socket's group",
			t->path);
	return gd_raise_errno(err, "BIRD's control socket %s", t->path);
}

static int say(const struct talk *t, const char *command, struct gd_error *err)
{
	GD_AUTO_FREE char *line = gd_strf("%s\n", command);
	size_t done = 0, size = line ? strlen(line) : 0;

	if (!line)
		return gd_raise_nomem(err);
	while (done < size) {
		ssize_t n = send(t->fd, line + done, size - done, MSG_NOSIGNAL);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return gd_raise_errno(err, "BIRD's control socket %s", t->path);
		else if (wait_for(t, POLLOUT, err) < 0)
			return -1;
	}
	return 0;
}

static int receive(struct talk *t, struct gd_error *err)
{
	char buf[4096];
	ssize_t n = recv(t->fd, buf, sizeof(buf), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return wait_for(t, POLLIN, err);
	if (n < 0)
		return gd_raise_errno(err, "BIRD's control socket %s", t->path);
	if (n == 0)
		return gd_raise(err, GD_E_REMOTE,
				"BIRD at %s closed the connection in its reply", t->path);
	gd_strbuf_add(&t->in, buf, (size_t)n);
	return t->in.failed ? gd_raise_nomem(err) : 0;
}

/* One whole reply into out. */
static int listen_to(struct talk *t, struct gd_strbuf *out, int *ret_code,
		     struct gd_error *err)
{
	struct gd_bird_line line = {0};
	size_t used, total = 0;
	int code = 0;

	while (!line.last) {
		int rc = gd_bird_read_line(&code, gd_strbuf_str(&t->in), t->in.len, &line,
					   &used, err);

		if (rc < 0 || (rc == 0 && receive(t, err) < 0))
			return -1;
		if (rc == 0)
			continue;
		total += used;
		gd_strbuf_addf(out, "%04d %.*s\n", line.code, (int)line.len, line.text);
		gd_strbuf_consume(&t->in, used);
		if (total > GD_BIRD_MAX_REPLY)
			return gd_raise(err, GD_E_REMOTE,
					"BIRD's reply is longer than %d MiB",
					GD_BIRD_MAX_REPLY >> 20);
	}
	*ret_code = line.code;
	return out->failed ? gd_raise_nomem(err) : 0;
}

/* The greeting, and `restrict`, have one good answer each. */
static int expect(struct talk *t, int want, const char *what, struct gd_error *err)
{
	GD_AUTO_STRBUF(reply);
	int code;

	if (listen_to(t, &reply, &code, err) < 0)
		return -1;
	if (code == want)
		return 0;
	return gd_raise(err, GD_E_REMOTE, "BIRD at %s: %s was answered with \"%.80s\"",
			t->path, what, gd_strbuf_str(&reply));
}

int gd_bird_ask(const char *socket, bool restricted, const char *command,
		struct gd_strbuf *out, int *ret_code, struct gd_error *err)
{
	AUTO_TALK struct talk t = {
		.path = socket, .fd = -1, .end = gd_after(gd_now(), gd_span_s(LIMIT_S))};

	if (dial(&t, err) < 0 || expect(&t, CODE_WELCOME, "the connection", err) < 0)
		return -1;
	if (restricted && (say(&t, "restrict", err) < 0 ||
			   expect(&t, CODE_RESTRICTED, "restrict", err) < 0))
		return -1;
	return say(&t, command, err) < 0 ? -1 : listen_to(&t, out, ret_code, err);
}

int gd_bird_ask_both(const char *socket, const char *first, const char *second,
		     struct gd_strbuf *out, int ret_codes[2], struct gd_error *err)
{
	GD_AUTO_FREE char *both = gd_strf("%s\n%s", first, second);
	AUTO_TALK struct talk t = {
		.path = socket, .fd = -1, .end = gd_after(gd_now(), gd_span_s(LIMIT_S))};

	if (!both)
		return gd_raise_nomem(err);
	if (dial(&t, err) < 0 || expect(&t, CODE_WELCOME, "the connection", err) < 0 ||
	    say(&t, both, err) < 0 || listen_to(&t, out, &ret_codes[0], err) < 0)
		return -1;
	return listen_to(&t, out, &ret_codes[1], err);
}
