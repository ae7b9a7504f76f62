/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each choice is for (times measured under emulation):
 * - vmlinux by PVH with an uncompressed cpio, and a kernel command line that leaves out what probes or
 *   calibrates: half of the boot time. `pc` and qemu64 beat q35 and max.
 * - One virtio NIC for management, on user networking that may not reach out (restrict=on). It must
 *   not share a hub with the data NICs: user networking would answer the hosts' TCP with resets.
 * - e1000 for data, as its rings can really be shrunk; hubs join them, so no root is needed.
 * - tb-size bounds the translation cache, which would take over a gigabyte. A game day of one minute
 *   translates 470 MB of code; with 128 MB the cache was thrown away nine times in half a minute, and each
 *   time all hosts stood still for 100 ms and more: p99 142 ms instead of 32 to 89.
 * - cache=unsafe: the guest's flush costs the same every time, whatever this machine's disk is doing.
 *   The data is worthless after `down`.
 * Every device has its PCI address written down: a snapshot fits only the very same machine.
 */
#include "gameday/lab/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/base/strbuf.h"
#include "gameday/lab/paths.h"

#define INCOMING_FD 3
#define APPEND_COMMON                                                                           \
	"console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off nokaslr audit=0 apparmor=0 " \
	"random.trust_cpu=on nmi_watchdog=0 rcupdate.rcu_expedited=1 8250.nr_uarts=1"
#define APPEND_TCG APPEND_COMMON " no_timer_check tsc=reliable"

void gd_lab_argv_fini(struct gd_lab_argv *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->items[i]);
	*a = (struct gd_lab_argv){0};
}

/* Adds one formatted argument; out of memory or of room leaves a NULL that argv_finish finds. */
static void arg(struct gd_lab_argv *a, const char *fmt, ...) GD_PRINTF(2, 3);
static void arg(struct gd_lab_argv *a, const char *fmt, ...)
{
	GD_AUTO_STRBUF(sb);
	va_list ap;

	va_start(ap, fmt);
	gd_strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	if (a->n < GD_N_ELEMS(a->items) - 1)
		a->items[a->n++] = gd_strbuf_steal(&sb);
}

static void machine_args(struct gd_lab_argv *a, const struct gd_lab_qemu *q)
{
	arg(a, GD_LAB_QEMU);
	arg(a, "-nodefaults");
	arg(a, "-no-user-config");
	arg(a, "-no-reboot");
	arg(a, "-display");
	arg(a, "none");
	arg(a, "-machine");
	arg(a, "pc");
	arg(a, "-accel");
	arg(a, q->kvm ? "kvm" : "tcg,thread=multi,tb-size=512");
	arg(a, "-cpu");
	arg(a, q->kvm ? "host" : "qemu64");
	arg(a, "-smp");
	arg(a, "%d", GD_LAB_N_VCPUS);
	arg(a, "-m");
	arg(a, "%d", GD_LAB_MEMORY_MIB);
	arg(a, "-kernel");
	arg(a, "%s", q->vmlinux);
	arg(a, "-initrd");
	arg(a, "%s", q->initrd);
	arg(a, "-append");
	arg(a, "%s", q->kvm ? APPEND_COMMON : APPEND_TCG);
}

static void channel_args(struct gd_lab_argv *a)
{
	arg(a, "-serial");
	arg(a, "file:" GD_LAB_FILE_CONSOLE);
	arg(a, "-qmp");
	arg(a, "unix:" GD_LAB_FILE_QMP ",server=on,wait=off");
	arg(a, "-device");
	arg(a, "virtio-serial-pci,addr=0x5");
	arg(a, "-chardev");
	arg(a, "socket,id=control,path=" GD_LAB_FILE_CONTROL ",server=on,wait=off");
	arg(a, "-device");
	arg(a, "virtserialport,chardev=control,name=" GD_LAB_CONTROL_PORT);
}

static void network_args(struct gd_lab_argv *a, const struct gd_lab_qemu *q)
{
	GD_AUTO_STRBUF(user);

	gd_strbuf_adds(&user, "user,id=mgmt,restrict=on,ipv6=off");
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		gd_strbuf_addf(&user, ",hostfwd=tcp:127.0.0.1:%u-%s:22",
			       (unsigned)q->ports[i], gd_lab_hosts[i].mgmt);
	arg(a, "-netdev");
	arg(a, "%s", gd_strbuf_str(&user));
	arg(a, "-device");
	arg(a, "virtio-net-pci,netdev=mgmt,mac=" GD_LAB_MGMT_MAC ",romfile=,addr=0x4");
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		const struct gd_lab_host *h = &gd_lab_hosts[i];

		arg(a, "-netdev");
		arg(a, "hubport,id=%s,hubid=%d", h->name, (int)h->hub);
		arg(a, "-device");
		arg(a, "e1000,netdev=%s,mac=%s,romfile=,addr=0x%zx", h->name, h->data_mac,
		    0x10 + i);
	}
}

static void disk_args(struct gd_lab_argv *a)
{
	for (size_t i = 1; i <= GD_LAB_N_DISKS; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), GD_LAB_FILE_DISK, i);
		arg(a, "-drive");
		arg(a, "file=%s,if=none,id=disk%zu,format=raw,cache=unsafe", name, i);
		arg(a, "-device");
		arg(a, "virtio-blk-pci,drive=disk%zu,addr=0x%zx", i, 5 + i);
	}
}

int gd_lab_qemu_argv(const struct gd_lab_qemu *q, struct gd_lab_argv *ret,
		     struct gd_error *err)
{
	GD_AUTO_LAB_ARGV(a);

	machine_args(&a, q);
	channel_args(&a);
	network_args(&a, q);
	disk_args(&a);
	if (q->incoming >= 0) {
		arg(&a, "-incoming");
		arg(&a, "fd:%d", INCOMING_FD);
	}
	if (a.n >= GD_N_ELEMS(a.items) - 1)
		return gd_raise(err, GD_E_BUG, "QEMU's command line is too long");
	for (size_t i = 0; i < a.n; i++)
		if (!a.items[i])
			return gd_raise_nomem(err);
	*ret = a;
	a = (struct gd_lab_argv){0};
	return 0;
}

/* The child between fork and exec: async-signal-safe calls only. Never returns. */
static GD_NORETURN void child_exec(char *const argv[], int state_dir, int log_fd,
				   int incoming)
{
	const struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;
	int null_fd;

	(void)setsid();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)sigaction(SIGPIPE, &dfl, NULL);
	(void)sigaction(SIGINT, &dfl, NULL);
	if (fchdir(state_dir) != 0)
		_exit(126);
	null_fd = open("/dev/null", O_RDONLY);
	if (dup2(null_fd, 0) < 0 || dup2(log_fd, 1) < 0 || dup2(log_fd, 2) < 0)
		_exit(126);
	if (incoming == INCOMING_FD)
		(void)fcntl(INCOMING_FD, F_SETFD, 0);
	else if (incoming >= 0 && dup2(incoming, INCOMING_FD) < 0)
		_exit(126);
	/* Nothing of ours may live on in QEMU: the lock on the state folder least of all. */
	(void)syscall(SYS_close_range, incoming >= 0 ? INCOMING_FD + 1 : 3, ~0U, 0);
	execvp(argv[0], argv);
	_exit(127);
}

int gd_lab_qemu_start(const struct gd_lab_qemu *q, const char *state, pid_t *ret_pid,
		      struct gd_error *err)
{
	GD_AUTO_LAB_ARGV(a);
	GD_AUTO_FREE char *log = gd_path_join(state, GD_LAB_FILE_QEMU_LOG);
	GD_AUTO_FD int dir = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	GD_AUTO_FD int log_fd = -1;
	pid_t pid;

	if (!log)
		return gd_raise_nomem(err);
	if (gd_lab_qemu_argv(q, &a, err) != 0)
		return -1;
	log_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (dir < 0 || log_fd < 0)
		return gd_raise_errno(err, "%s", log);
	pid = fork();
	if (pid < 0)
		return gd_raise_errno(err, "fork");
	if (pid == 0)
		child_exec(a.items, dir, log_fd, q->incoming);
	*ret_pid = pid;
	return 0;
}

/* Binds to the port, or to any if it is 0 or taken, and leaves the socket open in *fd. */
static int port_take(uint16_t wanted, int *fd, uint16_t *ret, struct gd_error *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(wanted)};
	socklen_t len = sizeof(at);
	const int on = 1;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return gd_raise_errno(err, "socket");
	(void)setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(*fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
		at.sin_port = 0;
		if (bind(*fd, (const struct sockaddr *)&at, sizeof(at)) != 0)
			return gd_raise_errno(err, "no free port on 127.0.0.1");
	}
	if (getsockname(*fd, (struct sockaddr *)&at, &len) != 0)
		return gd_raise_errno(err, "getsockname");
	*ret = ntohs(at.sin_port);
	return 0;
}

int gd_lab_ports_choose(uint16_t base, uint16_t ports[static GD_LAB_N_HOSTS],
			struct gd_error *err)
{
	int fds[GD_LAB_N_HOSTS], status = 0;

	/* All are held until all are chosen, so that none is chosen twice. */
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		fds[i] = -1;
		if (status == 0)
			status = port_take((uint16_t)(base + i), &fds[i], &ports[i], err);
	}
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		gd_close_fd(&fds[i]);
	return status;
}

int gd_lab_qemu_version(char **ret, struct gd_error *err)
{
	const char *const argv[] = {GD_LAB_QEMU, "--version", NULL};
	struct gd_proc_result res = {0};

	if (gd_proc_run(argv, gd_span_s(20), &res, err) != 0)
		return -1;
	res.out[strcspn(res.out, "\n")] = '\0';
	*ret = res.out;
	return 0;
}
