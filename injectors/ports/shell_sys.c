/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command of a runbook. It gets a session of its own and no input; when its time is over,
 * its whole group is killed. What it leaves in the background on purpose, as a service that
 * it starts anew, stays. Between fork and exec only what is safe in a threaded process.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/shell.h"
#include "injectors/ports/linux.h"

enum { DRAIN_READS = 64 };

static void exec_shell(const char *command, char *variable, int out) GD_NORETURN;

static void exec_shell(const char *command, char *variable, int out)
{
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	(void)setsid();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (chdir("/") < 0 || null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(out, 2) < 0)
		_exit(126);
	(void)syscall(SYS_close_range, 3U, ~0U, 0);
	/* A command of an agent that was killed must not go on beside the undo. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	gd_shell_exec(command, variable);
	_exit(127);
}

/* Adds what is there, up to max in all; 0 at the end of the stream or when nothing is. */
static ssize_t take(int fd, size_t max, size_t start, struct gd_strbuf *out)
{
	char chunk[4096];
	ssize_t n = read(fd, chunk, sizeof(chunk));
	size_t room = max - (out->len - start);

	for (ssize_t i = 0; i < n && (size_t)i < room; i++)
		gd_strbuf_addc(out, chunk[i] ? chunk[i] : '?');
	return n;
}

/* Until the command ends: 0; or its time does: -1. */
static int follow(pid_t pid, int fd, struct gd_instant end, size_t max,
		  struct gd_strbuf *out)
{
	GD_AUTO_FD int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	size_t start = out->len;
	bool open = true;

	for (;;) {
		struct pollfd fds[] = {{.fd = pid_fd, .events = POLLIN},
				       {.fd = open ? fd : -1, .events = POLLIN}};
		int64_t left = gd_between(gd_now(), end).ns / GD_NS_PER_MS;

		if (pid_fd < 0 || left <= 0 ||
		    (poll(fds, 2, (int)left + 1) < 0 && errno != EINTR))
			return -1;
		if (fds[1].revents)
			open = take(fd, max, start, out) > 0;
		/* What it printed before its end, whoever else holds the pipe's other end. */
		for (int i = 0; fds[0].revents && open && i < DRAIN_READS; i++)
			open = take(fd, max, start, out) > 0;
		if (fds[0].revents)
			return 0;
	}
}

static pid_t start(const char *command, const char *before, int *ret_fd,
		   struct gd_error *err)
{
	GD_AUTO_FREE char *var = gd_strf("GAMEDAY_BEFORE=%s", before ? before : "");
	GD_AUTO_FD int in = -1, out = -1;
	int p[2];
	pid_t pid;

	if (!var)
		return gd_raise_nomem(err);
	if (pipe2(p, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "pipe");
	in = p[0];
	out = p[1];
	if (fcntl(in, F_SETFL, O_NONBLOCK) < 0)
		return gd_raise_errno(err, "fcntl");
	pid = fork();
	if (pid == 0)
		exec_shell(command, var, out);
	if (pid < 0)
		return gd_raise_errno(err, "fork");
	*ret_fd = gd_steal_fd(&in);
	return pid;
}

static int run(void *ctx GD_UNUSED, const char *command, const char *before,
	       struct gd_span limit, size_t max, struct gd_strbuf *out, int *ret_status,
	       struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), limit);
	GD_AUTO_FD int fd = -1;
	pid_t pid = start(command, before, &fd, err);
	int raw = 0, rc;
	char span[32];

	if (pid < 0)
		return -1;
	rc = follow(pid, fd, end, max, out);
	if (rc < 0)
		(void)kill(-pid, SIGKILL);
	while (waitpid(pid, &raw, 0) < 0 && errno == EINTR)
		continue;
	if (rc < 0)
		return gd_raise(err, GD_E_TIMEOUT, "it did not end within %s",
				gd_span_format(limit, span));
	*ret_status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
	return 0;
}

const struct gd_shell_port gd_shell_linux = {.run = run};
