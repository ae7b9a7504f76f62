/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health as a user sees it: HTTP from the client's own namespace crosses r1, the route learned by
 * BGP and r2 before it meets nginx or etcd. No program is started for it, which under emulation
 * would cost more than all the probes together.
 */
#include "gameday/lab/guest/guest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PROBE_SECONDS 1

struct answer {
	int out;
	unsigned long id;
};

/* Is somebody listening on port 22 there? Read, not tried: each try would cost an sshd a fork. */
static bool sshd_listens(pid_t host)
{
	char path[64], line[256];
	bool found = false;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%d/net/tcp", (int)host);
	f = fopen(path, "re");
	/* "  0: 1502000A:0016 00000000:0000 0A ...": port 22, state LISTEN */
	while (f && !found && fgets(line, sizeof line, f))
		found = strstr(line, ":0016 00000000:0000 0A ") != NULL;
	if (f)
		(void)fclose(f);
	return found;
}

static void limit_set(int fd)
{
	const struct timeval limit = {.tv_sec = PROBE_SECONDS};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/* Says `ask` and reads until `want` shows up; true when it did. */
static bool talk(int fd, const char *ask, const char *want)
{
	char got[4096];
	size_t n = 0;
	ssize_t r;

	if (write(fd, ask, strlen(ask)) != (ssize_t)strlen(ask))
		return false;
	while (n < sizeof got - 1 && (r = read(fd, got + n, sizeof got - 1 - n)) > 0) {
		n += (size_t)r;
		got[n] = '\0';
		if (strstr(got, want))
			return true;
	}
	return false;
}

static bool http_is(const char *address, uint16_t port, const char *path,
		    const char *want)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char ask[256];
	bool ok;

	if (fd < 0)
		return false;
	limit_set(fd);
	(void)inet_pton(AF_INET, address, &to.sin_addr);
	(void)snprintf(ask, sizeof ask, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path,
		       address);
	ok = connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
	     talk(fd, ask, want);
	close(fd);
	return ok;
}

static bool bird_is_up(pid_t host)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	limit_set(fd);
	(void)snprintf(to.sun_path, sizeof to.sun_path, "/proc/%d/root/run/bird/bird.ctl",
		       (int)host);
	ok = connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
	     talk(fd, "restrict\nshow protocols\n", "Established");
	close(fd);
	return ok;
}

/* The port is shared with init and does not block: wait a little for a slow reader. */
static void say(int out, const char *line)
{
	for (int tries = 0; tries < 1000; tries++) {
		if (write(out, line, strlen(line)) > 0 || errno != EAGAIN)
			return;
		usleep(1000);
	}
}

/* Each line carries the number of its question: reports can overlap, and outlive a snapshot. */
static void tell(const struct answer *a, const char *host, const char *what, bool ok)
{
	char line[128];

	(void)snprintf(line, sizeof line, "health %lu %s %s %s\n", a->id, host, what,
		       ok ? "ok" : "down");
	say(a->out, line);
}

static bool enter_net(pid_t host)
{
	char path[64];
	int fd;
	bool ok;

	(void)snprintf(path, sizeof path, "/proc/%d/ns/net", (int)host);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ok = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

void gd_health_report(const pid_t pids[static GD_LAB_N_HOSTS], bool modules_in,
		      unsigned long id, int out)
{
	const struct answer a = {.out = out, .id = id};
	char done[64];

	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		tell(&a, gd_lab_hosts[i].name, "ssh", sshd_listens(pids[i]));
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		if (gd_lab_hosts[i].role == GD_LAB_ROUTER)
			tell(&a, gd_lab_hosts[i].name, "bgp", bird_is_up(pids[i]));
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		if (gd_lab_hosts[i].role == GD_LAB_CLIENT)
			(void)enter_net(pids[i]);
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		const struct gd_lab_host *h = &gd_lab_hosts[i];

		if (h->role != GD_LAB_API)
			continue;
		tell(&a, h->name, "nginx",
		     http_is(h->address, 8080, "/healthz", "200 OK"));
		/* etcd answers "true" only after a read through the quorum. */
		tell(&a, h->name, "etcd",
		     http_is(h->address, 2379, "/health", "\"true\""));
	}
	tell(&a, "guest", "modules", modules_in);
	(void)snprintf(done, sizeof done, "health %lu done\n", id);
	say(out, done);
}
