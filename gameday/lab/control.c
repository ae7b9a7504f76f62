/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/lab/control.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/lab/paths.h"
#include "gameday/lab/qmp.h"

/* The guest reads only once its init runs: a cold kernel under emulation takes a while. */
static const int SEND_LIMIT_S = 60;

#define HEAR_MAX 65536

int gd_lab_control_open(const char *state, struct gd_lab_control *c, struct gd_error *err)
{
	c->fd = gd_lab_socket_connect(state, GD_LAB_FILE_CONTROL);
	if (c->fd < 0)
		return gd_raise_errno(err, "%s/" GD_LAB_FILE_CONTROL, state);
	return 0;
}

void gd_lab_control_fini(struct gd_lab_control *c)
{
	gd_close_fd(&c->fd);
	gd_strbuf_fini(&c->in);
}

static int send_all(struct gd_lab_control *c, const char *data, size_t size,
		    struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(SEND_LIMIT_S));

	while (size) {
		struct pollfd p = {.fd = c->fd, .events = POLLOUT};
		ssize_t n = send(c->fd, data, size, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			size -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return gd_raise_errno(err, "control channel");
		if (gd_between(gd_now(), end).ns <= 0)
			return gd_raise(err, GD_E_TIMEOUT, "the guest does not read");
		(void)poll(&p, 1, 200);
	}
	return 0;
}

static void file_add(struct gd_strbuf *sb, const char *host, const char *name,
		     const char *text, const char *tail)
{
	gd_strbuf_addf(sb, "put 600 %zu /lab/%s/etc/ssh/%s\n%s%s",
		       strlen(text) + strlen(tail), host, name, text, tail);
}

int gd_lab_control_greet(struct gd_lab_control *c, const struct gd_lab_keys *keys,
			 struct gd_error *err)
{
	GD_AUTO_STRBUF(sb);
	unsigned char seed[32];
	struct gd_wall now;
	int status;

	if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return gd_raise_errno(err, "getrandom");
	gd_strbuf_adds(&sb, "\n");
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		file_add(&sb, gd_lab_hosts[i].name, "ssh_host_ed25519_key",
			 keys->host_private[i], "");
		file_add(&sb, gd_lab_hosts[i].name, "authorized_keys",
			 keys->client_public, "\n");
	}
	gd_strbuf_adds(&sb, "entropy ");
	for (size_t i = 0; i < sizeof(seed); i++)
		gd_strbuf_addf(&sb, "%02x", seed[i]);
	now = gd_wall_now();
	gd_strbuf_addf(&sb, "\nclock %lld %lld\ngo\n", (long long)(now.ns / GD_NS_PER_S),
		       (long long)(now.ns % GD_NS_PER_S));
	status = sb.failed ? gd_raise_nomem(err) : send_all(c, sb.data, sb.len, err);
	if (sb.data)
		explicit_bzero(sb.data, sb.len);
	return status;
}

/* "HOST WHAT ok|down", or "done": true for that one. */
static bool line_take(const char *line, size_t len, struct gd_lab_health *h)
{
	char copy[128], host[16], what[16], ok[16];
	struct gd_lab_probe *p;
	int fields;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, line, len);
	copy[len] = '\0';
	fields = sscanf(copy, "%15s %15s %15s", host, what, ok);
	if (fields == 1)
		return strcmp(host, "done") == 0;
	if (fields != 3 || h->n == GD_N_ELEMS(h->probes))
		return false;
	p = &h->probes[h->n++];
	(void)snprintf(p->host, sizeof(p->host), "%s", host);
	(void)snprintf(p->what, sizeof(p->what), "%s", what);
	p->ok = strcmp(ok, "ok") == 0;
	return false;
}

bool gd_lab_health_parse(const char *text, uint32_t question, struct gd_lab_health *ret)
{
	char mark[32];
	size_t n_mark;
	bool done = false;

	(void)snprintf(mark, sizeof(mark), "health %" PRIu32 " ", question);
	n_mark = strlen(mark);
	*ret = (struct gd_lab_health){0};
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (text[len] != '\n')
			break; /* the rest of it is still to come */
		if (strncmp(text, mark, n_mark) == 0)
			done = line_take(text + n_mark, len - n_mark, ret) || done;
		text += len + 1;
	}
	return done;
}

size_t gd_lab_health_count(const struct gd_lab_health *h, const char *what,
			   size_t *ret_ok)
{
	size_t n = 0, ok = 0;

	for (size_t i = 0; i < h->n; i++) {
		bool counts = what ? strcmp(h->probes[i].what, what) == 0
				   : strcmp(h->probes[i].what, "ssh") != 0;

		n += counts;
		ok += counts && h->probes[i].ok;
	}
	*ret_ok = ok;
	return n;
}

int gd_lab_control_ask(struct gd_lab_control *c, struct gd_error *err)
{
	char ask[64];

	/* A random start: the guest may still be answering somebody else's first question. */
	if (!c->question &&
	    getrandom(&c->question, sizeof(c->question), 0) != sizeof(c->question))
		return gd_raise_errno(err, "getrandom");
	c->question++;
	gd_strbuf_clear(&c->in);
	(void)snprintf(ask, sizeof(ask), "health %" PRIu32 "\n", c->question);
	return send_all(c, ask, strlen(ask), err);
}

int gd_lab_control_hear(struct gd_lab_control *c, struct gd_lab_health *ret,
			struct gd_error *err)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(c->fd, chunk, sizeof(chunk))) > 0) {
		gd_strbuf_add(&c->in, chunk, (size_t)n);
		if (c->in.failed || c->in.len > HEAR_MAX)
			return gd_raise(err, GD_E_SYSTEM, "the guest says too much");
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		return gd_raise(err, GD_E_SYSTEM, "the control channel closed");
	return gd_lab_health_parse(gd_strbuf_str(&c->in), c->question, ret)
		       ? 0
		       : GD_LAB_MORE_TO_COME;
}

int gd_lab_control_health(struct gd_lab_control *c, int limit_ms,
			  struct gd_lab_health *ret, struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_ms(limit_ms));
	struct gd_lab_health h;
	int r;

	if (gd_lab_control_ask(c, err) != 0)
		return -1;
	while ((r = gd_lab_control_hear(c, &h, err)) == GD_LAB_MORE_TO_COME) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};

		if (gd_between(gd_now(), end).ns <= 0)
			return gd_raise(err, GD_E_TIMEOUT, "the guest does not answer");
		(void)poll(&p, 1, 200);
	}
	if (r == 0)
		*ret = h;
	return r;
}
