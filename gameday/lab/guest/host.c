/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID 1 of one host. The root file system is shared by all hosts (it is the initramfs); what
 * differs between hosts is bound or mounted over it here: /etc and /root from the host's own
 * folder, fresh /proc /sys /run /tmp /var /dev/pts, and a cgroup namespace whose root is the
 * host's own group, with one group per service below it so that a fault can be aimed at one.
 *
 * Services come from /etc/lab/services, a name and an argument vector a line. One that ends is
 * started again after RESTART_DELAY, as an init system would.
 */
#include "gameday/lab/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_SERVICES 8
#define N_ARGS 48
#define RESTART_DELAY 3
#define CGROUP "/sys/fs/cgroup"

struct service {
	char name[32];
	char text[2048]; /* the line; argv points into it */
	const char *argv[N_ARGS];
	pid_t pid;  /* 0: not running */
	time_t due; /* when to start it again, CLOCK_BOOTTIME seconds */
};

struct host {
	const struct gd_lab_host *self;
	int steps, signals;
	struct service services[N_SERVICES];
	size_t n_services;
};

static time_t seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

static void cgroup_enter(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof path, CGROUP "/%s", name);
	if (gd_mkdirs(path)) {
		(void)snprintf(path, sizeof path, CGROUP "/%s/cgroup.procs", name);
		(void)gd_write_file(path, "0");
	}
}

static void mounts_make(const struct gd_lab_host *self)
{
	static const char *const var[] = {
		"/var/lib/nginx", "/var/lib/etcd", "/var/log/nginx",
		"/var/tmp",       "/var/cache",    "/run/sshd",
		"/run/bird",      "/run/lock",     "/var/empty"};
	char path[128];

	(void)gd_mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	(void)gd_mount("proc", "/proc", "proc", 0, NULL);
	cgroup_enter(self->name);
	if (unshare(CLONE_NEWCGROUP) != 0)
		gd_say("cgroup namespace: %s", strerror(errno));
	(void)gd_mount("sysfs", "/sys", "sysfs", 0, NULL);
	(void)gd_mount("cgroup2", CGROUP, "cgroup2", 0, NULL);
	cgroup_enter("system");
	(void)gd_write_file(CGROUP "/cgroup.subtree_control", "+cpu +io +memory +pids");
	(void)gd_mount("run", "/run", "tmpfs", 0, "mode=755");
	(void)gd_mount("tmp", "/tmp", "tmpfs", 0, "mode=1777");
	(void)gd_mount("var", "/var", "tmpfs", 0, "mode=755");
	(void)gd_mount("devpts", "/dev/pts", "devpts", 0,
		       "newinstance,ptmxmode=0666,mode=620,gid=5");
	(void)gd_mount("shm", "/dev/shm", "tmpfs", 0, "mode=1777");
	for (size_t i = 0; i < sizeof var / sizeof var[0]; i++)
		(void)gd_mkdirs(var[i]);
	(void)chmod("/var/tmp", 01777);
	(void)symlink("/run", "/var/run");
	(void)snprintf(path, sizeof path, "/lab/%s/etc", self->name);
	(void)gd_mount(path, "/etc", NULL, MS_BIND, NULL);
	(void)snprintf(path, sizeof path, "/lab/%s/root", self->name);
	(void)gd_mount(path, "/root", NULL, MS_BIND, NULL);
}

static void service_parse(struct service *s, const char *line)
{
	size_t n = 0;
	char *save = NULL;

	memset(s, 0, sizeof *s);
	(void)snprintf(s->text, sizeof s->text, "%s", line);
	for (char *word = strtok_r(s->text, " \n", &save); word;
	     word = strtok_r(NULL, " \n", &save)) {
		if (n == 0)
			(void)snprintf(s->name, sizeof s->name, "%s", word);
		else if (n < N_ARGS)
			s->argv[n - 1] = word;
		n++;
	}
}

static void service_start(struct service *s)
{
	char log[64];
	pid_t pid = fork();

	if (pid == 0) {
		/* The group first, so that all the service ever does is counted there. */
		cgroup_enter(s->name);
		(void)snprintf(log, sizeof log, "/var/log/%s.log", s->name);
		gd_exec(s->argv, log);
	}
	s->pid = pid > 0 ? pid : 0;
	s->due = seconds_now() + RESTART_DELAY;
}

static void services_read(struct host *h)
{
	FILE *f = fopen("/etc/lab/services", "re");
	char line[2048];

	if (!f)
		return;
	while (h->n_services < N_SERVICES && fgets(line, sizeof line, f)) {
		struct service *s = &h->services[h->n_services];

		if (line[0] == '\n')
			continue;
		service_parse(s, line);
		service_start(s);
		h->n_services++;
	}
	(void)fclose(f);
}

static void sshd_start(struct host *h)
{
	struct service *s = &h->services[h->n_services++];

	service_parse(s, "system /usr/sbin/sshd -D -e");
	service_start(s);
}

static void disk_mount(const struct gd_lab_host *self)
{
	char name[32], table[96], path[64];

	(void)snprintf(name, sizeof name, "%s-data", self->name);
	(void)snprintf(table, sizeof table, "0 %llu linear /dev/%s 0",
		       GD_LAB_DISK_BYTES / 512, self->disk);
	(void)snprintf(path, sizeof path, "/dev/mapper/%s", name);
	if (gd_run((const char *const[]){"dmsetup", "create", name, "--verifyudev",
					 "--table", table, NULL}) == 0)
		(void)gd_mount(path, "/var/lib/etcd", "ext4", MS_NOATIME, NULL);
}

static void data_start(struct host *h)
{
	if (h->self->role == GD_LAB_ROUTER)
		(void)gd_write_file("/proc/sys/net/ipv4/ip_forward", "1");
	(void)gd_run((const char *const[]){"ip", "-batch", "/etc/lab/data.ip", NULL});
	if (access("/etc/lab/data.tc", R_OK) == 0)
		(void)gd_run(
			(const char *const[]){"tc", "-batch", "/etc/lab/data.tc", NULL});
	if (h->self->disk)
		disk_mount(h->self);
	services_read(h);
	gd_say("%s: services started", h->self->name);
}

static void step(struct host *h)
{
	char what = 0;
	ssize_t n = read(h->steps, &what, 1);

	if (n == 0) {
		close(h->steps);
		h->steps = -1;
	}
	if (n <= 0)
		return;
	if (what == GD_STEP_MGMT) {
		(void)gd_run(
			(const char *const[]){"ip", "-batch", "/etc/lab/mgmt.ip", NULL});
		sshd_start(h);
		gd_say("%s: sshd started", h->self->name);
	} else if (what == GD_STEP_DATA) {
		data_start(h);
	}
}

static void reap(struct host *h)
{
	struct signalfd_siginfo si;
	pid_t pid;

	while (read(h->signals, &si, sizeof si) > 0)
		continue;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < h->n_services; i++)
			if (h->services[i].pid == pid) {
				h->services[i].pid = 0;
				h->services[i].due = seconds_now() + RESTART_DELAY;
			}
}

static void restart_due(struct host *h)
{
	for (size_t i = 0; i < h->n_services; i++) {
		struct service *s = &h->services[i];

		if (s->pid == 0 && seconds_now() >= s->due) {
			gd_say("%s: %s ended, starting it again", h->self->name, s->name);
			service_start(s);
		}
	}
}

void gd_host_main(const struct gd_lab_host *self, int steps)
{
	struct host h = {.self = self, .steps = steps};
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	h.signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	(void)sethostname(self->name, strlen(self->name));
	mounts_make(self);
	for (;;) {
		struct pollfd fds[] = {{.fd = h.steps, .events = POLLIN},
				       {.fd = h.signals, .events = POLLIN}};

		(void)poll(fds, 2, 1000);
		if (fds[0].revents)
			step(&h);
		reap(&h);
		restart_due(&h);
	}
}
