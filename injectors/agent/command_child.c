/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/command_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/base/shell.h"
#include "gameday/wire/frame.h"
#include "injectors/agent/confine.h"

enum { KILL_ROUNDS = 100, NICE = 10, CANT_RUN = 126 };

struct watched {
	const struct gd_command_job *job;
	pid_t pid;
	int control_fd, pid_fd, pipe_fd;
	struct gd_instant began, end;
	struct gd_strbuf output;
	int64_t dropped; /* bytes that were not kept */
	int status;      /* as waitpid tells it */
	bool exited, timed_out, stopped;
};

/* --- the command --------------------------------------------------------------------- */

static void exec_shell(const struct gd_command_job *job, int out) GD_NORETURN;

static void exec_shell(const struct gd_command_job *job, int out)
{
	char term[] = "TERM=dumb";
	struct gd_error err = GD_ERROR_INIT;
	bool read_only;

	(void)setsid();
	(void)signal(SIGPIPE, SIG_DFL);
	if (dup2(out, 1) < 0 || dup2(out, 2) < 0 || chdir("/") < 0)
		_exit(CANT_RUN);
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	if (gd_confine(job->as_root, &read_only, &err) < 0) {
		(void)dprintf(1, "not run: %s\n", err.text);
		_exit(CANT_RUN);
	}
	/* Changing the user clears it, so it comes last. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	gd_shell_exec(job->command, term);
	(void)dprintf(1, "not run: /bin/sh: %s\n", strerror(errno));
	_exit(CANT_RUN);
}

static int start(struct watched *w, struct gd_error *err)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "pipe");
	w->pid = fork();
	if (w->pid == 0)
		exec_shell(w->job, p[1]);
	(void)close(p[1]);
	w->pipe_fd = p[0];
	if (w->pid < 0)
		return gd_raise_errno(err, "fork");
	w->pid_fd = (int)syscall(SYS_pidfd_open, w->pid, 0);
	if (w->pid_fd < 0 || fcntl(w->pipe_fd, F_SETFL, O_NONBLOCK) < 0)
		return gd_raise_errno(err, "pidfd_open");
	return 0;
}

/* --- watching it ---------------------------------------------------------------------- */

/* Takes what is there; false at the end of the stream. */
static bool read_output(struct watched *w)
{
	char chunk[8192];
	ssize_t n = read(w->pipe_fd, chunk, sizeof(chunk));
	size_t room = w->job->max_output - w->output.len, take;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	take = (size_t)n < room ? (size_t)n : room;
	for (size_t i = 0; i < take; i++)
		gd_strbuf_addc(&w->output, chunk[i] ? chunk[i] : '?');
	w->dropped += n - (ssize_t)take;
	return n > 0;
}

/* What was printed before the end is still in the pipe, whoever else holds its other end. */
static void drain(struct watched *w)
{
	for (int i = 0; i < 64; i++) {
		struct pollfd pfd = {.fd = w->pipe_fd, .events = POLLIN};

		if (poll(&pfd, 1, 0) <= 0 || !read_output(w))
			return;
	}
}

static void watch(struct watched *w)
{
	while (!w->exited && !w->timed_out && !w->stopped) {
		struct pollfd fds[] = {{.fd = w->pipe_fd, .events = POLLIN},
				       {.fd = w->pid_fd, .events = POLLIN},
				       {.fd = w->control_fd, .events = POLLIN}};
		int64_t left = gd_between(gd_now(), w->end).ns / GD_NS_PER_MS;

		w->timed_out = left <= 0;
		if (w->timed_out || (poll(fds, 3, (int)left) < 0 && errno != EINTR))
			break;
		if (fds[0].revents && !read_output(w)) {
			(void)close(w->pipe_fd);
			w->pipe_fd = -1;
		}
		w->stopped = fds[2].revents != 0;
		w->exited = fds[1].revents != 0;
	}
	drain(w);
}

/* --- its end -------------------------------------------------------------------------- */

/* All children that are left: whoever lost its own parent became ours (see run). */
static bool kill_children(void)
{
	FILE *f = fopen("/proc/thread-self/children", "re");
	bool any = false;
	long pid;

	while (f && fscanf(f, "%ld", &pid) == 1) {
		any = true;
		(void)kill((pid_t)pid, SIGKILL);
	}
	if (f)
		(void)fclose(f);
	return any;
}

static void reap(struct watched *w)
{
	const struct timespec pause = {.tv_nsec = 10000000};

	(void)kill(-w->pid, SIGKILL);
	for (int i = 0; i < KILL_ROUNDS; i++) {
		int status;
		pid_t got;

		(void)kill_children();
		while ((got = waitpid(-1, &status, WNOHANG)) > 0)
			if (got == w->pid)
				w->status = status;
		if (got < 0 && errno == ECHILD)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

static bool add_outcome(const struct watched *w, cJSON *msg)
{
	if (w->timed_out || w->stopped)
		return gd_json_set_bool(msg, w->timed_out ? "timed_out" : "stopped",
					true);
	if (WIFSIGNALED(w->status))
		return gd_json_set_int(msg, "signal", WTERMSIG(w->status));
	return gd_json_set_int(msg, "status", WEXITSTATUS(w->status));
}

/* The exit status: 0, or 1 where it could not be told. */
static int tell(const struct watched *w, int out_fd, const char *error)
{
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);

	if (!msg ||
	    !gd_json_set_int(msg, "took_ms",
			     gd_between(w->began, gd_now()).ns / GD_NS_PER_MS) ||
	    !gd_json_set_str(msg, "output", gd_strbuf_str(&w->output)) ||
	    !gd_json_set_int(msg, "dropped", w->dropped) ||
	    (error ? !gd_json_set_str(msg, "error", error) : !add_outcome(w, msg)))
		return 1;
	if (gd_frame_write(&out, msg, &err) < 0 ||
	    gd_fd_write_all(out_fd, out.data, out.len, &err) < 0)
		return 1;
	return 0;
}

int gd_command_run(const void *arg, int control_fd, int out_fd)
{
	const struct gd_command_job *job = arg;
	struct watched w = {.job = job,
			    .control_fd = control_fd,
			    .pid_fd = -1,
			    .pipe_fd = -1,
			    .began = gd_now(),
			    .output = GD_STRBUF_INIT};
	struct gd_error err = GD_ERROR_INIT;

	(void)setsid();
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	w.end = gd_after(w.began, job->limit);
	if (start(&w, &err) < 0) {
		(void)tell(&w, out_fd, err.text);
		return 1;
	}
	watch(&w);
	reap(&w);
	return tell(&w, out_fd, NULL);
}
