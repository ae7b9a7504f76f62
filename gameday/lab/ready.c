/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a forwarded port is accepted by QEMU whether or not anyone is there, and each one
 * that gets through costs an sshd a fork and an exec under emulation. So the guest is asked first
 * whether its sshds listen, and only then are all knocked on, at once. The first SYN after a restore
 * may be lost while QEMU learns the guest's address again: a silent host is knocked on again soon,
 * but the first knock stays, for giving up a slow one only makes the guest slower.
 */
#include "gameday/lab/ready.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gameday/base/auto.h"

#define N_KNOCKS 5

static const int ASK_MS = 5000, PAUSE_MS = 100;
/* When a silent host is knocked on, counted from the first time all were. */
static const int KNOCK_AT_MS[N_KNOCKS] = {0, 500, 1500, 4000, 10000};

/* All connections under way: row by row of hosts, one row a knock. */
struct knocker {
	struct pollfd fds[N_KNOCKS * GD_LAB_N_HOSTS];
	bool up[GD_LAB_N_HOSTS];
	int n_knocks;
	struct gd_instant since;
};

static int dead(struct gd_error *err)
{
	return gd_raise(err, GD_E_SYSTEM, "lab: QEMU ended");
}

/* Asks for health, treating a late answer as "not yet". Outcome NOT_YET; -1 when QEMU is gone. */
enum { NOT_YET = 1 };
static int ask(struct gd_lab_control *c, const struct gd_lab_state *s,
	       struct gd_lab_health *h, struct gd_error *err)
{
	struct gd_error problem = GD_ERROR_INIT;

	if (!gd_lab_state_alive(s))
		return dead(err);
	if (gd_lab_control_health(c, ASK_MS, h, &problem) == 0)
		return 0;
	if (problem.code == GD_E_TIMEOUT)
		return NOT_YET;
	*err = problem;
	return -1;
}

static int knock(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 &&
	    errno != EINPROGRESS)
		gd_close_fd(&fd);
	return fd;
}

static void knocker_init(struct knocker *k)
{
	*k = (struct knocker){0};
	for (size_t i = 0; i < GD_N_ELEMS(k->fds); i++)
		k->fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
}

static void knocker_fini(struct knocker *k)
{
	for (size_t i = 0; i < GD_N_ELEMS(k->fds); i++)
		gd_close_fd(&k->fds[i].fd);
}

static void knock_if_due(struct knocker *k, const struct gd_lab_state *s)
{
	int64_t ms = gd_between(k->since, gd_now()).ns / GD_NS_PER_MS;

	if (k->n_knocks == N_KNOCKS || ms < KNOCK_AT_MS[k->n_knocks])
		return;
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		if (!k->up[i])
			k->fds[(size_t)k->n_knocks * GD_LAB_N_HOSTS + i].fd =
				knock(s->ports[i]);
	k->n_knocks++;
}

/* Hears who answers within a moment; true when all have. */
static bool listen_all(struct knocker *k)
{
	bool all = true;

	(void)poll(k->fds, GD_N_ELEMS(k->fds), PAUSE_MS);
	for (size_t i = 0; i < GD_N_ELEMS(k->fds); i++) {
		char banner[4];

		/* One answer is enough: the other knocks there would only cost. */
		if (k->up[i % GD_LAB_N_HOSTS])
			gd_close_fd(&k->fds[i].fd);
		if (k->fds[i].fd < 0 || !k->fds[i].revents)
			continue;
		if (read(k->fds[i].fd, banner, 4) == 4 && memcmp(banner, "SSH-", 4) == 0)
			k->up[i % GD_LAB_N_HOSTS] = true;
		gd_close_fd(&k->fds[i].fd);
	}
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		all = all && k->up[i];
	return all;
}

static int banners_await(const struct gd_lab_state *s, struct gd_instant end,
			 struct gd_error *err)
{
	struct knocker k;
	bool all = false;

	knocker_init(&k);
	k.since = gd_now();
	while (!all && gd_between(gd_now(), end).ns > 0 && gd_lab_state_alive(s)) {
		knock_if_due(&k, s);
		all = listen_all(&k);
	}
	knocker_fini(&k);
	if (all)
		return 0;
	return gd_lab_state_alive(s) ? gd_raise(err, GD_E_TIMEOUT,
						"lab: SSH does not answer on all hosts")
				     : dead(err);
}

int gd_lab_ready_ssh(struct gd_lab_control *c, const struct gd_lab_state *s,
		     struct gd_span limit, struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), limit);

	while (gd_between(gd_now(), end).ns > 0) {
		struct gd_lab_health h;
		size_t n = 0, n_listening = 0;
		int r = ask(c, s, &h, err);

		if (r < 0)
			return -1;
		if (r == 0)
			n = gd_lab_health_count(&h, "ssh", &n_listening);
		if (n == GD_LAB_N_HOSTS && n_listening == n)
			return banners_await(s, end, err);
		gd_sleep(gd_span_ms(PAUSE_MS));
	}
	return gd_raise(err, GD_E_TIMEOUT, "lab: the guest starts no sshd");
}

static int missing_raise(const struct gd_lab_health *h, struct gd_error *err)
{
	GD_AUTO_STRBUF(names);

	for (size_t i = 0; i < h->n; i++)
		if (!h->probes[i].ok)
			gd_strbuf_addf(&names, " %s on %s", h->probes[i].what,
				       h->probes[i].host);
	return gd_raise(err, GD_E_TIMEOUT, "lab: not ready in time:%s",
			names.len ? gd_strbuf_str(&names) : " the guest does not answer");
}

int gd_lab_ready_services(struct gd_lab_control *c, const struct gd_lab_state *s,
			  struct gd_span limit, struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), limit);
	struct gd_lab_health h = {0};

	while (gd_between(gd_now(), end).ns > 0) {
		size_t ok = 0, n = 0;
		int r = ask(c, s, &h, err);

		if (r < 0)
			return -1;
		if (r == 0)
			n = gd_lab_health_count(&h, NULL, &ok);
		if (n > 0 && ok == n)
			return 0;
		gd_sleep(gd_span_ms(PAUSE_MS));
	}
	return missing_raise(&h, err);
}
