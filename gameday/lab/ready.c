/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a restore costs is what the guest computes: its code is translated anew, and a connection
 * to an sshd is a fork and an exec. So each sshd is knocked on once, all at the same time, as soon as
 * the guest's first words say that it runs, has the keys and listens. (A forwarded port is accepted
 * by QEMU whether or not anyone is there, and a SYN sent while the state is still loading is lost.)
 * A second knock on a silent host comes late, for it makes a slow guest slower still.
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
#include "gameday/base/strbuf.h"
#include "gameday/lab/interrupt.h"
#include "gameday/lab/topology.h"

#define N_KNOCKS 4

static const int ASK_AGAIN_MS = 5000, PAUSE_MS = 100;
/* When a silent host is knocked on, counted from the first time all were. */
static const int KNOCK_AT_MS[N_KNOCKS] = {0, 4000, 10000, 25000};

struct waiting {
	struct gd_lab_control *control;
	const struct gd_lab_state *state;
	gd_lab_say_fn *say;
	void *ctx;

	struct gd_lab_health health; /* the answer so far */
	struct gd_instant asked;
	bool answered; /* the last question, in full */
	bool heard;    /* a word of any answer */

	/* Knocks under way, row by row of hosts. Behind them the control channel, not owned. */
	struct pollfd fds[N_KNOCKS * GD_LAB_N_HOSTS + 1];
	struct gd_instant knocked;
	int n_knocks;
	bool up[GD_LAB_N_HOSTS];

	bool ssh, services; /* ready, and said so */
};

static int64_t ms_since(struct gd_instant then)
{
	return gd_between(then, gd_now()).ns / GD_NS_PER_MS;
}

static void waiting_fini(struct waiting *w)
{
	for (size_t i = 0; i < GD_N_ELEMS(w->fds) - 1; i++)
		gd_close_fd(&w->fds[i].fd);
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

static void knock_if_due(struct waiting *w)
{
	size_t n = 0, listening = 0;

	if (w->n_knocks == 0) {
		n = gd_lab_health_count(&w->health, "ssh", &listening);
		if (n < GD_LAB_N_HOSTS || listening < n)
			return;
		w->knocked = gd_now();
	}
	if (w->n_knocks == N_KNOCKS || ms_since(w->knocked) < KNOCK_AT_MS[w->n_knocks])
		return;
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		if (!w->up[i])
			w->fds[(size_t)w->n_knocks * GD_LAB_N_HOSTS + i].fd =
				knock(w->state->ports[i]);
	w->n_knocks++;
}

static void banners_take(struct waiting *w)
{
	bool all = true;

	for (size_t i = 0; i < GD_N_ELEMS(w->fds) - 1; i++) {
		char banner[4];

		/* One answer is enough: the other knocks there would only cost. */
		if (w->up[i % GD_LAB_N_HOSTS])
			gd_close_fd(&w->fds[i].fd);
		if (w->fds[i].fd < 0 || !w->fds[i].revents)
			continue;
		if (read(w->fds[i].fd, banner, 4) == 4 && memcmp(banner, "SSH-", 4) == 0)
			w->up[i % GD_LAB_N_HOSTS] = true;
		gd_close_fd(&w->fds[i].fd);
	}
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		all = all && w->up[i];
	if (all && !w->ssh)
		w->say(w->ctx, "SSH answers on all hosts");
	w->ssh = all;
}

/* A late answer is "not yet": it is asked for again, for the question may have been lost. */
static int ask_if_due(struct waiting *w, struct gd_error *err)
{
	if (w->services || ms_since(w->asked) < (w->answered ? PAUSE_MS : ASK_AGAIN_MS))
		return 0;
	w->asked = gd_now();
	w->answered = false;
	return gd_lab_control_ask(w->control, err);
}

static int answer_take(struct waiting *w, struct gd_error *err)
{
	size_t ok = 0, n;
	int r;

	if (w->answered)
		return 0;
	r = gd_lab_control_hear(w->control, &w->health, err);
	w->heard = w->heard || (r >= 0 && w->health.n);
	if (r != 0)
		return r < 0 ? -1 : 0;
	w->answered = true;
	w->asked = gd_now();
	n = gd_lab_health_count(&w->health, NULL, &ok);
	if (n == 0 || ok < n)
		return 0;
	w->services = true;
	w->say(w->ctx, "etcd, nginx and BGP are healthy, client reaches the API hosts");
	return 0;
}

static int turn(struct waiting *w, struct gd_error *err)
{
	w->fds[GD_N_ELEMS(w->fds) - 1].fd = w->answered ? -1 : w->control->fd;
	if (ask_if_due(w, err) != 0)
		return -1;
	(void)poll(w->fds, GD_N_ELEMS(w->fds), PAUSE_MS);
	if (answer_take(w, err) != 0)
		return -1;
	knock_if_due(w);
	banners_take(w);
	return 0;
}

static int missing_raise(const struct waiting *w, struct gd_error *err)
{
	GD_AUTO_STRBUF(names);

	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		if (!w->up[i])
			gd_strbuf_addf(&names, " ssh on %s", gd_lab_hosts[i].name);
	for (size_t i = 0; !w->services && i < w->health.n; i++)
		if (!w->health.probes[i].ok &&
		    strcmp(w->health.probes[i].what, "ssh") != 0)
			gd_strbuf_addf(&names, " %s on %s", w->health.probes[i].what,
				       w->health.probes[i].host);
	return gd_raise(err, GD_E_TIMEOUT, "not ready in time:%s", gd_strbuf_str(&names));
}

int gd_lab_ready_await(struct gd_lab_control *c, const struct gd_lab_state *s,
		       struct gd_span silence, struct gd_span limit, gd_lab_say_fn *say,
		       void *ctx, struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), limit);
	struct gd_instant first = gd_after(gd_now(), silence);
	struct waiting w = {.control = c, .state = s, .say = say, .ctx = ctx};
	int status = 0;

	w.answered = true; /* nothing is asked yet */
	for (size_t i = 0; i < GD_N_ELEMS(w.fds); i++)
		w.fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	while (status == 0 && !(w.ssh && w.services)) {
		status = turn(&w, err);
		if (status == 0)
			status = gd_lab_interrupt_check(err);
		if (status == 0 && !gd_lab_state_alive(s))
			status = gd_raise(err, GD_E_SYSTEM, "QEMU ended");
		if (status == 0 && !w.heard && gd_between(gd_now(), first).ns <= 0)
			status = GD_LAB_SILENT;
		if (status == 0 && gd_between(gd_now(), end).ns <= 0)
			status = missing_raise(&w, err);
	}
	waiting_fini(&w);
	return status;
}
