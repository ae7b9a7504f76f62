/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a forwarded port is accepted by QEMU whether or not anyone is there, and each one
 * that gets through costs an sshd a fork under emulation. So the guest is asked first whether its
 * sshds listen, and only then are all six knocked on, at once. The first SYN after a restore may be
 * lost while QEMU learns the guest's address again: a silent connection is soon tried anew.
 */
#include "gameday/lab/ready.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gameday/base/auto.h"

/* How long a first knock waits; each further one waits twice as long, so that a guest that is merely
 * slow is not kept busy by our own connections. */
static const int KNOCK_COLD_MS = 2000, KNOCK_WARM_MS = 400, KNOCK_MAX_MS = 8000;
static const int ASK_MS = 5000, PAUSE_MS = 100;

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

/* One round of knocking on those not up yet; marks those that answer. */
static void knock_all(const struct gd_lab_state *s, int wait_ms,
		      int up[static GD_LAB_N_HOSTS])
{
	struct gd_instant end = gd_after(gd_now(), gd_span_ms(wait_ms));
	struct pollfd p[GD_LAB_N_HOSTS];
	size_t waiting = 0;

	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		p[i] = (struct pollfd){.fd = up[i] ? -1 : knock(s->ports[i]),
				       .events = POLLIN};
		waiting += p[i].fd >= 0;
	}
	while (waiting) {
		int64_t left = gd_between(gd_now(), end).ns / GD_NS_PER_MS;

		if (left <= 0 || poll(p, GD_LAB_N_HOSTS, (int)left) <= 0)
			break;
		for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
			char banner[4];

			if (p[i].fd < 0 || !p[i].revents)
				continue;
			up[i] = read(p[i].fd, banner, 4) == 4 &&
				memcmp(banner, "SSH-", 4) == 0;
			gd_close_fd(&p[i].fd);
			waiting--;
		}
	}
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		gd_close_fd(&p[i].fd);
}

int gd_lab_ready_ssh(struct gd_lab_control *c, const struct gd_lab_state *s,
		     struct gd_span limit, struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), limit);
	int wait_ms = s->restored ? KNOCK_WARM_MS : KNOCK_COLD_MS;
	int up[GD_LAB_N_HOSTS] = {0};

	while (gd_between(gd_now(), end).ns > 0) {
		struct gd_lab_health h;
		size_t n = 0, n_listening = 0, n_up = 0;
		int r = ask(c, s, &h, err);

		if (r < 0)
			return -1;
		if (r == 0)
			n = gd_lab_health_count(&h, "ssh", &n_listening);
		if (n == GD_LAB_N_HOSTS && n_listening == n) {
			knock_all(s, wait_ms, up);
			wait_ms = 2 * wait_ms < KNOCK_MAX_MS ? 2 * wait_ms : KNOCK_MAX_MS;
		}
		for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
			n_up += up[i] != 0;
		if (n_up == GD_LAB_N_HOSTS)
			return 0;
		if (n_listening < GD_LAB_N_HOSTS)
			gd_sleep(gd_span_ms(PAUSE_MS));
	}
	return gd_raise(err, GD_E_TIMEOUT, "lab: SSH does not answer on all hosts");
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
