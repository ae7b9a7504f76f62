/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID 1 of the lab's virtual machine. It is C because boot time under emulation is mostly starting
 * programs: a shell doing the same took seconds longer. The order is what makes SSH early:
 *
 *   modules for the management NIC -> namespaces -> eth0 -> keys arrive -> sshd everywhere
 *   meanwhile, in a child: e1000 (slow), disks -> eth1 -> services -> the rest of the modules
 */
#include "gameday/lab/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct machine {
	pid_t pids[GD_LAB_N_HOSTS];
	int steps[GD_LAB_N_HOSTS];
	pid_t data_child;
	bool modules_in;
	bool sshd_told;
	struct gd_control control;
};

static void base_mounts(void)
{
	int console;

	(void)mkdir("/proc", 0755);
	(void)mkdir("/sys", 0755);
	(void)mkdir("/dev", 0755);
	(void)gd_mount("dev", "/dev", "devtmpfs", 0, NULL);
	console = open("/dev/console", O_RDWR);
	for (int fd = 0; console >= 0 && fd < 3; fd++)
		(void)dup2(console, fd);
	(void)gd_mount("proc", "/proc", "proc", 0, NULL);
	(void)gd_mount("sys", "/sys", "sysfs", 0, NULL);
	(void)gd_mount("run", "/run", "tmpfs", 0, "mode=755");
	(void)mkdir("/dev/pts", 0755);
	(void)mkdir("/dev/shm", 01777);
	/* udevd would make these; bash's <(...) and many scripts expect them. */
	(void)symlink("/proc/self/fd", "/dev/fd");
	(void)symlink("/proc/self/fd/0", "/dev/stdin");
	(void)symlink("/proc/self/fd/1", "/dev/stdout");
	(void)symlink("/proc/self/fd/2", "/dev/stderr");
	(void)gd_mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	(void)gd_write_file("/sys/fs/cgroup/cgroup.subtree_control",
			    "+cpu +io +memory +pids");
}

static void hosts_start(struct machine *m)
{
	const int flags =
		CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID | SIGCHLD;

	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		int pipe_fds[2];

		if (pipe2(pipe_fds, O_CLOEXEC) != 0)
			continue;
		m->pids[i] = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
		if (m->pids[i] == 0) {
			close(pipe_fds[1]);
			gd_host_main(&gd_lab_hosts[i], pipe_fds[0]);
		}
		if (m->pids[i] < 0)
			gd_say("%s: clone: %s", gd_lab_hosts[i].name, strerror(errno));
		close(pipe_fds[0]);
		m->steps[i] = pipe_fds[1];
	}
}

static void step_all(const struct machine *m, enum gd_step step)
{
	const char byte = (char)step;

	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		(void)!write(m->steps[i], &byte, 1);
}

static void data_plane(const struct machine *m)
{
	gd_modules_load("/lab/modules.data");
	gd_nic_give_data(m->pids);
	gd_say("data NICs in place");
	step_all(m, GD_STEP_DATA);
	gd_modules_load("/lab/modules.rest");
	gd_say("all modules loaded");
	_exit(0);
}

static void children_reap(struct machine *m)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		if (pid == m->data_child)
			m->modules_in = true;
		for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
			if (pid == m->pids[i])
				gd_say("host %s died", gd_lab_hosts[i].name);
	}
}

static void control_obey(struct machine *m)
{
	struct gd_control *c = &m->control;

	if (c->go && !m->sshd_told) {
		step_all(m, GD_STEP_MGMT);
		m->sshd_told = true;
	}
	if (c->health && fork() == 0) {
		gd_health_report(m->pids, m->modules_in, c->health_id, c->fd);
		_exit(0);
	}
	c->health = false;
}

static void serve(struct machine *m)
{
	for (;;) {
		struct pollfd fd = {.fd = m->control.fd, .events = POLLIN};

		(void)poll(&fd, 1, 200);
		children_reap(m);
		if (fd.fd >= 0 && fd.revents && !gd_control_read(&m->control))
			usleep(20000); /* nobody there: the port stays readable */
		control_obey(m);
	}
}

int main(void)
{
	struct machine m = {0};

	(void)umask(022);
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	base_mounts();
	gd_say("start");
	gd_modules_load("/lab/modules.early");
	hosts_start(&m);
	/* Before the e1000 driver comes: its cards take the names eth0 to eth2 for a while. */
	gd_nic_give_mgmt(m.pids);
	m.data_child = fork();
	if (m.data_child == 0)
		data_plane(&m);
	gd_control_open(&m.control);
	gd_say("management NICs in place");
	serve(&m);
}
