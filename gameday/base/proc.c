/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/strbuf.h"

enum { MAX_OUTPUT = 1 << 20 };

/* posix_spawnp with in/out/err on the given descriptors and no signal blocked. */
static int spawn(const char *const argv[], int in, int out, int err_fd, pid_t *ret_pid,
		 struct gd_error *err)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none;
	int e;

	(void)sigemptyset(&none);
	(void)posix_spawn_file_actions_init(&fa);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawn_file_actions_adddup2(&fa, in, 0);
	(void)posix_spawn_file_actions_adddup2(&fa, out, 1);
	if (err_fd >= 0)
		(void)posix_spawn_file_actions_adddup2(&fa, err_fd, 2);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	/* POSIX takes char *const[] for history's sake and does not write through it. */
	e = posix_spawnp(ret_pid, argv[0], &fa, &attr, (char *const *)(uintptr_t)argv,
			 environ);
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)posix_spawnattr_destroy(&attr);
	if (e) {
		errno = e;
		return gd_raise_errno(err, "start %s", argv[0]);
	}
	return 0;
}

int gd_proc_spawn(const char *const argv[], int err_fd, pid_t *ret_pid, int *ret_in,
		  int *ret_out, struct gd_error *err)
{
	GD_AUTO_FD int in_r = -1, in_w = -1, out_r = -1, out_w = -1;
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "pipe");
	in_r = p[0];
	in_w = p[1];
	if (pipe2(p, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "pipe");
	out_r = p[0];
	out_w = p[1];
	if (spawn(argv, in_r, out_w, err_fd, ret_pid, err) < 0)
		return -1;
	*ret_in = gd_steal_fd(&in_w);
	*ret_out = gd_steal_fd(&out_r);
	return 0;
}

static int decode_status(int raw)
{
	return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

static int kill_and_reap(pid_t pid)
{
	int raw = 0;

	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &raw, 0) < 0 && errno == EINTR)
		continue;
	return decode_status(raw);
}

int gd_proc_wait(pid_t pid, struct gd_span limit, int *ret_status, struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), limit);
	GD_AUTO_FD int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int raw = 0;

	if (pidfd < 0)
		return gd_raise_errno(err, "pidfd_open");
	for (;;) {
		struct pollfd pfd = {.fd = pidfd, .events = POLLIN};
		int64_t left = gd_between(gd_now(), end).ns / GD_NS_PER_MS;
		pid_t got = waitpid(pid, &raw, WNOHANG);

		if (got == pid)
			break;
		if (got < 0 && errno != EINTR)
			return gd_raise_errno(err, "waitpid");
		if (left <= 0) {
			(void)kill_and_reap(pid);
			return gd_raise(err, GD_E_TIMEOUT,
					"process %ld did not end in time", (long)pid);
		}
		(void)poll(&pfd, 1, left > 1000 ? 1000 : (int)left + 1);
	}
	*ret_status = decode_status(raw);
	return 0;
}

/* Reads fd until end of file; GD_E_TIMEOUT when `end` comes first. */
static int collect(int fd, struct gd_instant end, struct gd_strbuf *sb,
		   struct gd_error *err)
{
	char chunk[8192];

	for (;;) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		int64_t left = gd_between(gd_now(), end).ns / GD_NS_PER_MS;
		ssize_t n;

		if (left <= 0)
			return gd_raise(err, GD_E_TIMEOUT, "no end of output in time");
		if (poll(&pfd, 1, left > 1000 ? 1000 : (int)left + 1) <= 0)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gd_raise_errno(err, "read");
		if (n == 0)
			return 0;
		if (sb->len < MAX_OUTPUT)
			gd_strbuf_add(sb, chunk, (size_t)n);
	}
}

int gd_proc_run(const char *const argv[], struct gd_span limit,
		struct gd_proc_result *ret, struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), limit);
	GD_AUTO_FD int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	GD_AUTO_FD int out_r = -1, out_w = -1;
	GD_AUTO_STRBUF(sb);
	struct gd_span left;
	pid_t pid;
	int p[2];

	if (null_fd < 0 || pipe2(p, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "start %s", argv[0]);
	out_r = p[0];
	out_w = p[1];
	if (spawn(argv, null_fd, out_w, out_w, &pid, err) < 0)
		return -1;
	gd_close_fd(&out_w);
	if (collect(out_r, end, &sb, err) < 0) {
		(void)kill_and_reap(pid);
		return gd_wrap(err, "%s: ", argv[0]);
	}
	left = gd_between(gd_now(), end);
	if (left.ns < GD_NS_PER_S)
		left = gd_span_s(1);
	if (gd_proc_wait(pid, left, &ret->status, err) < 0)
		return gd_wrap(err, "%s: ", argv[0]);
	ret->out_size = sb.len;
	ret->out = gd_strbuf_steal(&sb);
	return ret->out ? 0 : gd_raise_nomem(err);
}

int gd_proc_must(const char *const argv[], struct gd_span limit, struct gd_error *err)
{
	struct gd_proc_result r = {0};
	GD_AUTO_FREE char *out = NULL;
	size_t len;

	if (gd_proc_run(argv, limit, &r, err) < 0)
		return -1;
	out = r.out;
	if (r.status == 0)
		return 0;
	len = strlen(out);
	while (len > 0 && out[len - 1] == '\n')
		out[--len] = '\0';
	return gd_raise(err, GD_E_SYSTEM, "%s ended with status %d: %s", argv[0],
			r.status, len > 300 ? out + len - 300 : out);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void gd_proc_keep_only(int first, const int *fds, size_t n)
{
	int sorted[GD_PROC_KEEP_MOST];
	int from = first;

	gd_assert(n <= GD_PROC_KEEP_MOST);
	memcpy(sorted, fds, n * sizeof(*fds));
	qsort(sorted, n, sizeof(*sorted), by_number);
	for (size_t i = 0; i < n; i++) {
		if (sorted[i] < from)
			continue;
		if (sorted[i] > from)
			(void)syscall(SYS_close_range, (unsigned)from,
				      (unsigned)sorted[i] - 1, 0);
		from = sorted[i] + 1;
	}
	(void)syscall(SYS_close_range, (unsigned)from, ~0U, 0);
}
