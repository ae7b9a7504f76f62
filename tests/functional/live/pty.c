/* SPDX-License-Identifier: Apache-2.0 */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

/* The session's leader: a shell's job control for one job, driven by one-byte commands. */
static void lead(int news, int commands, const char *const argv[])
{
	pid_t job;
	int status;

	(void)signal(SIGTTOU, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	job = fork();
	if (job == 0) {
		(void)setpgid(0, 0);
		(void)tcsetpgrp(0, getpid());
		(void)signal(SIGTTOU, SIG_DFL);
		(void)signal(SIGHUP, SIG_DFL);
		(void)close(news);
		(void)close(commands);
		(void)execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	(void)setpgid(job, job);
	(void)tcsetpgrp(0, job);
	(void)!write(news, &job, sizeof(job));
	for (;;) {
		char command = 0;

		if (waitpid(job, &status, WUNTRACED) != job)
			pause();
		(void)tcsetpgrp(0, getpid());
		(void)!write(news, &status, sizeof(status));
		if (!WIFSTOPPED(status))
			for (;;)
				pause();
		if (read(commands, &command, 1) != 1)
			_exit(0);
		(void)tcsetpgrp(0, job);
		(void)kill(-job, SIGCONT);
	}
}

void pty_start(struct pty *p, int cols, int rows, const char *term,
	       const char *const argv[])
{
	struct winsize ws = {.ws_col = (unsigned short)cols,
			     .ws_row = (unsigned short)rows};
	int news[2];

	*p = (struct pty){.master = -1};
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, news) == 0,
	      "socketpair");
	p->leader = forkpty(&p->master, NULL, NULL, &ws);
	check(p->leader >= 0, "forkpty");
	if (p->leader == 0) {
		(void)setenv("TERM", term ? term : "xterm-256color", 1);
		(void)setenv("LC_ALL", "C.UTF-8", 1);
		/* A plain crash: the sanitizer's report takes seconds and is not the point. */
		(void)setenv("ASAN_OPTIONS", "handle_segv=0:handle_abort=0", 1);
		lead(news[1], news[1], argv);
	}
	p->state_fd = news[0];
	(void)close(news[1]);
	(void)fcntl(p->master, F_SETFD, FD_CLOEXEC);
	check(tcgetattr(p->master, &p->before) == 0, "tcgetattr");
	check(read(p->state_fd, &p->job, sizeof(p->job)) == (ssize_t)sizeof(p->job),
	      "job");
}

static int64_t left_ms(struct gd_instant end)
{
	int64_t ns = gd_between(gd_now(), end).ns;

	return ns > 0 ? ns / GD_NS_PER_MS + 1 : 0;
}

bool pty_read(struct pty *p, int limit_ms, const char *until)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_ms(limit_ms));
	struct pollfd f = {.fd = p->master, .events = POLLIN};
	char buf[4096];

	for (;;) {
		if (until &&
		    memmem(gd_strbuf_str(&p->out), p->out.len, until, strlen(until)))
			return true;
		if (poll(&f, 1, (int)left_ms(end)) > 0) {
			ssize_t n = read(p->master, buf, sizeof(buf));

			if (n <= 0)
				return false;
			gd_strbuf_add(&p->out, buf, (size_t)n);
			continue;
		}
		if (left_ms(end) == 0)
			return false;
	}
}

void pty_type(struct pty *p, const char *keys)
{
	check(write(p->master, keys, strlen(keys)) == (ssize_t)strlen(keys), "type");
}

void pty_resize(struct pty *p, int cols, int rows)
{
	struct winsize ws = {.ws_col = (unsigned short)cols,
			     .ws_row = (unsigned short)rows};

	check(ioctl(p->master, TIOCSWINSZ, &ws) == 0, "TIOCSWINSZ");
}

int pty_wait(struct pty *p, int limit_ms)
{
	struct pollfd f = {.fd = p->state_fd, .events = POLLIN};
	int status;

	if (poll(&f, 1, limit_ms) != 1 ||
	    read(p->state_fd, &status, sizeof(status)) != (ssize_t)sizeof(status))
		return -1;
	return status;
}

void pty_continue(struct pty *p)
{
	check(write(p->state_fd, "c", 1) == 1, "continue");
}

bool pty_is_restored(const struct pty *p)
{
	struct termios now;

	check(tcgetattr(p->master, &now) == 0, "tcgetattr");
	return now.c_iflag == p->before.c_iflag && now.c_oflag == p->before.c_oflag &&
	       now.c_lflag == p->before.c_lflag && now.c_cflag == p->before.c_cflag &&
	       memcmp(now.c_cc, p->before.c_cc, sizeof(now.c_cc)) == 0;
}

pid_t pty_child(const struct pty *p)
{
	char path[64], text[64] = "";
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)p->job,
		       (int)p->job);
	f = fopen(path, "r");
	check(f != NULL, path);
	n = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	check(n > 0, "no child");
	return (pid_t)strtol(text, NULL, 10);
}

void pty_end(struct pty *p)
{
	(void)kill(-p->job, SIGKILL);
	(void)kill(p->leader, SIGKILL);
	(void)waitpid(p->leader, NULL, 0);
	(void)close(p->master);
	(void)close(p->state_fd);
	gd_strbuf_fini(&p->out);
}
