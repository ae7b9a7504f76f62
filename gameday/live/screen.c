/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run's side. A SEQPACKET pair, non-blocking here: a snapshot goes whole or not at all.
 * Only the run holds this end (close-on-exec), so its end of life is the other's end of file.
 */
#include "gameday/live/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/live/frame.h"
#include "gameday/live/screen_wire.h"

enum { READY_MS = 2000, CLOSE_MS = 1000, AWAY_MS = 300 };

struct gd_screen {
	int fd;   /* borrowed: the terminal */
	int sock; /* owned */
	pid_t pid;
	struct termios before;
	char leave[64];
};

static bool can_show(int fd)
{
	const char *term = getenv("TERM");
	struct winsize ws = {0};
	pid_t front;

	if (!isatty(fd) || !term || !*term || strcmp(term, "dumb") == 0)
		return false;
	front = tcgetpgrp(fd);
	if (front > 0 && front != getpgrp())
		return false;
	return ioctl(fd, TIOCGWINSZ, &ws) == 0 && ws.ws_col >= GD_FRAME_MIN_COLS &&
	       ws.ws_row >= GD_FRAME_MIN_ROWS;
}

static bool readable(int fd, int limit_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct gd_instant end = gd_after(gd_now(), gd_span_ms(limit_ms));
	int64_t left;

	while ((left = gd_between(gd_now(), end).ns / GD_NS_PER_MS) >= 0) {
		int n = poll(&p, 1, (int)left);

		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR)
			return false;
	}
	return false;
}

/* Whether a message came; at the end of file *ret_gone. */
static bool receive(const struct gd_screen *s, struct gd_screen_message *m,
		    bool *ret_gone)
{
	ssize_t n = recv(s->sock, m, sizeof(*m), MSG_DONTWAIT);

	*ret_gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	return n == (ssize_t)sizeof(*m);
}

static void tell(const struct gd_screen *s, enum gd_screen_op op)
{
	struct gd_screen_message m = {.op = op};

	(void)send(s->sock, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Waits for one kind of message; others are dropped. */
static bool await(struct gd_screen *s, enum gd_screen_op op, int limit_ms,
		  struct gd_screen_message *m)
{
	bool gone = false;

	while (!gone && readable(s->sock, limit_ms))
		if (receive(s, m, &gone) && m->op == op)
			return true;
	return false;
}

/*
 * What the screen process would have done, when it is not there any more or stands still.
 * Without IXON the terminal goes on after a Ctrl-S, and what waits to be shown is of the
 * screen that goes away. A terminal that takes nothing even so must not hold us up.
 */
static void restore_for_it(const struct gd_screen *s)
{
	struct termios flowing = s->before;
	char path[64];
	GD_AUTO_FD int fd = -1;
	sigset_t ttou, before;

	(void)sigemptyset(&ttou);
	(void)sigaddset(&ttou, SIGTTOU);
	(void)pthread_sigmask(SIG_BLOCK, &ttou, &before);
	flowing.c_iflag &= ~(tcflag_t)IXON;
	(void)tcsetattr(s->fd, TCSANOW, &flowing);
	(void)tcflush(s->fd, TCOFLUSH);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		(void)!write(fd, s->leave, strlen(s->leave));
	(void)tcsetattr(s->fd, TCSANOW, &s->before);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void gd_screen_close(struct gd_screen *s)
{
	if (!s)
		return;
	if (s->sock >= 0)
		(void)shutdown(s->sock, SHUT_WR);
	if (s->pid > 0) {
		struct gd_screen_message m;
		bool given = await(s, GD_SCREEN_AWAY, CLOSE_MS, &m);

		/* It has given it back, or will never: either way it may go. */
		(void)kill(s->pid, SIGKILL);
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
		if (!given)
			restore_for_it(s);
	}
	gd_close_fd(&s->sock);
	free(s);
}

int gd_screen_open(int fd, struct gd_screen **ret, struct gd_error *err)
{
	struct gd_screen_message m;
	struct gd_screen *s;
	int pair[2];

	if (!can_show(fd))
		return 1;
	s = calloc(1, sizeof(*s));
	if (!s)
		return gd_raise_nomem(err);
	s->fd = fd;
	s->sock = -1;
	if (tcgetattr(fd, &s->before) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		free(s);
		return 1;
	}
	s->sock = pair[0];
	(void)fflush(NULL); /* or what waits in stdio would be written twice */
	s->pid = fork();
	if (s->pid == 0)
		gd_screen_main(fd, pair[1]);
	(void)close(pair[1]);
	if (s->pid < 0 || !await(s, GD_SCREEN_READY, READY_MS, &m)) {
		gd_screen_close(s);
		return 1;
	}
	memcpy(s->leave, m.leave, sizeof(s->leave));
	s->leave[sizeof(s->leave) - 1] = '\0';
	*ret = s;
	return 0;
}

void gd_screen_show(struct gd_screen *s, const struct gd_snapshot *snap)
{
	struct gd_screen_message m = {.op = GD_SCREEN_SHOW};
	struct gd_snapshot copy = *snap;
	struct iovec parts[] = {{&m, sizeof(m)}, {&copy, sizeof(copy)}};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};

	(void)sendmsg(s->sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int gd_screen_fd(const struct gd_screen *s)
{
	return s->sock;
}

int gd_screen_key(struct gd_screen *s)
{
	struct gd_screen_message m;
	bool gone = false;

	while (receive(s, &m, &gone))
		if (m.op == GD_SCREEN_KEY)
			return m.key;
	return gone ? -1 : 0;
}

void gd_screen_suspend(struct gd_screen *s)
{
	struct gd_screen_message m;

	tell(s, GD_SCREEN_SUSPEND);
	(void)await(s, GD_SCREEN_AWAY, AWAY_MS, &m);
}

void gd_screen_resume(struct gd_screen *s)
{
	tell(s, GD_SCREEN_RESUME);
}
