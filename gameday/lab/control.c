/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/lab/control.h"

#include <errno.h>
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

int gd_lab_control_open(const char *state, struct gd_lab_control *c, struct gd_error *err)
{
	c->fd = gd_lab_socket_connect(state, GD_LAB_FILE_CONTROL);
	if (c->fd < 0)
		return gd_raise_errno(err, "lab: %s/" GD_LAB_FILE_CONTROL, state);
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
			return gd_raise_errno(err, "lab: control channel");
		if (gd_between(gd_now(), end).ns <= 0)
			return gd_raise(err, GD_E_TIMEOUT,
					"lab: the guest does not read");
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
		return gd_raise_errno(err, "lab: getrandom");
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

static void probe_add(const char *line, size_t len, struct gd_lab_health *h)
{
	struct gd_lab_probe *p = &h->probes[h->n];
	char copy[128], ok[16];

	if (len >= sizeof(copy) || h->n == GD_N_ELEMS(h->probes))
		return;
	memcpy(copy, line, len);
	copy[len] = '\0';
	if (sscanf(copy, "health %15s %15s %15s", p->host, p->what, ok) != 3)
		return;
	p->ok = strcmp(ok, "ok") == 0;
	h->n++;
}

void gd_lab_health_parse(const char *text, struct gd_lab_health *ret)
{
	*ret = (struct gd_lab_health){0};
	while (*text) {
		size_t len = strcspn(text, "\n");

		probe_add(text, len, ret);
		text += len + (text[len] == '\n');
	}
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

int gd_lab_control_health(struct gd_lab_control *c, int limit_ms,
			  struct gd_lab_health *ret, struct gd_error *err)
{
	static const char ask[] = "health\n";
	struct gd_instant end = gd_after(gd_now(), gd_span_ms(limit_ms));

	gd_strbuf_clear(&c->in);
	if (send_all(c, ask, strlen(ask), err) != 0)
		return -1;
	while (!strstr(gd_strbuf_str(&c->in), "health done\n")) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		int64_t left = gd_between(gd_now(), end).ns / GD_NS_PER_MS;
		char chunk[4096];
		ssize_t n;

		if (left <= 0)
			return gd_raise(err, GD_E_TIMEOUT,
					"lab: the guest does not answer");
		if (poll(&p, 1, left > 200 ? 200 : (int)left) <= 0)
			continue;
		n = read(c->fd, chunk, sizeof(chunk));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return gd_raise(err, GD_E_SYSTEM,
					"lab: the control channel closed");
		if (n > 0)
			gd_strbuf_add(&c->in, chunk, (size_t)n);
		if (c->in.failed || c->in.len > 65536)
			return gd_raise(err, GD_E_SYSTEM, "lab: the guest says too much");
	}
	gd_lab_health_parse(gd_strbuf_str(&c->in), ret);
	return 0;
}
