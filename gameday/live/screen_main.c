/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screen process: ncurses over the terminal. ncurses keeps its state in globals, catches
 * signals and waits when the terminal does. In a process that does nothing else, none of
 * that can reach the run, and it brings what is hard to get right: every terminal's own
 * sequences, and only the changes sent.
 *
 * Signals from the keyboard are for the run; here all are blocked. A terminal that another
 * job has in the foreground (the run was stopped or sent to the background) is left alone
 * until it is ours again.
 */
#include "gameday/live/screen_wire.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "gameday/live/frame.h"

enum { SOCK_FD = 3, TTY_FD = 4, LOOK_MS = 300, CTRL_L = 0x0c };

struct screen {
	int signal_fd;
	bool utf8, colour;
	bool away;     /* the run asked for the terminal */
	bool behind;   /* another job has it */
	bool has_snap; /* snap is one */
	struct gd_snapshot snap;
};

static void send_message(enum gd_screen_op op, int key)
{
	struct gd_screen_message m = {.op = op, .key = key};
	const char *leave = op == GD_SCREEN_READY ? tigetstr("rmcup") : NULL;
	const char *show = op == GD_SCREEN_READY ? tigetstr("cnorm") : NULL;

	if (leave && leave != (const char *)-1 && show && show != (const char *)-1)
		(void)snprintf(m.leave, sizeof(m.leave), "%s%s", leave, show);
	(void)send(SOCK_FD, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Only our two descriptors stay, at places that are known. */
static bool keep_descriptors(int fd, int sock)
{
	int high_fd = dup(fd), high_sock = dup(sock);

	while (high_sock >= 0 && high_sock <= TTY_FD)
		high_sock = dup(high_sock);
	while (high_fd >= 0 && high_fd <= TTY_FD)
		high_fd = dup(high_fd);
	return high_fd >= 0 && high_sock >= 0 && dup2(high_sock, SOCK_FD) == SOCK_FD &&
	       dup2(high_fd, TTY_FD) == TTY_FD && close_range(TTY_FD + 1, ~0U, 0) == 0;
}

static bool take_signals(struct screen *s)
{
	sigset_t all, winch;

	(void)sigfillset(&all);
	(void)sigemptyset(&winch);
	(void)sigaddset(&winch, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &all, NULL) < 0)
		return false;
	s->signal_fd = signalfd(-1, &winch, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd >= 0;
}

static void choose_colours(struct screen *s)
{
	static const struct {
		short style, colour;
	} pairs[] = {
		{GD_STYLE_GOOD, COLOR_GREEN},
		{GD_STYLE_BAD, COLOR_RED},
		{GD_STYLE_FAULT, COLOR_YELLOW},
	};
	const char *no_color = getenv("NO_COLOR");

	s->colour = has_colors() && !(no_color && *no_color) && start_color() == OK &&
		    use_default_colors() == OK;
	for (size_t i = 0; s->colour && i < GD_N_ELEMS(pairs); i++)
		(void)init_pair(pairs[i].style, pairs[i].colour, -1);
}

static bool begin(struct screen *s)
{
	FILE *out = fdopen(TTY_FD, "r+");

	(void)setlocale(LC_CTYPE,
			""); /* NOLINT(concurrency-mt-unsafe): our only thread */
	s->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") ==
		  0; /* NOLINT(concurrency-mt-unsafe) */
	if (!out || !newterm(NULL, out, out))
		return false;
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)nodelay(stdscr, TRUE);
	(void)leaveok(stdscr, TRUE);
	(void)curs_set(0);
	choose_colours(s);
	(void)refresh();
	return true;
}

/* --- drawing ------------------------------------------------------------------------- */

static void set_style(const struct screen *s, int style)
{
	static const attr_t attributes[] = {
		[GD_STYLE_PLAIN] = A_NORMAL, [GD_STYLE_DIM] = A_DIM,
		[GD_STYLE_BOLD] = A_BOLD,    [GD_STYLE_GOOD] = A_NORMAL,
		[GD_STYLE_BAD] = A_BOLD,     [GD_STYLE_FAULT] = A_BOLD,
		[GD_STYLE_HEAD] = A_REVERSE,
	};
	bool coloured = s->colour && (style == GD_STYLE_GOOD || style == GD_STYLE_BAD ||
				      style == GD_STYLE_FAULT);

	(void)attr_set(attributes[style], coloured ? (short)style : 0, NULL);
}

/* One line of the frame; where it ends. */
static const char *draw_line(const struct screen *s, int row, const char *text)
{
	(void)move(row, 0);
	while (*text && *text != '\n') {
		size_t n = 0;

		while ((unsigned char)text[n] >= 0x20)
			n++;
		if (n > 0)
			(void)addnstr(text, (int)n);
		else
			set_style(s, *text);
		text += n > 0 ? n : 1;
	}
	set_style(s, GD_STYLE_PLAIN);
	return *text ? text + 1 : text;
}

static void draw(struct screen *s)
{
	GD_AUTO_STRBUF(frame);
	const char *text;
	int rows, cols;

	if (!s->has_snap || s->away || s->behind)
		return;
	getmaxyx(stdscr, rows, cols);
	gd_frame_draw(&s->snap, cols, rows, s->utf8, &frame);
	text = gd_strbuf_str(&frame);
	(void)erase();
	for (int row = 0; row < rows && *text; row++)
		text = draw_line(s, row, text);
	(void)refresh();
}

/* --- what comes in ------------------------------------------------------------------- */

static void leave(void)
{
	if (!isendwin())
		(void)endwin();
}

/* What the run says; false at its end. */
static bool hear(struct screen *s)
{
	for (;;) {
		struct gd_screen_message m;
		struct iovec parts[] = {{&m, sizeof(m)}, {&s->snap, sizeof(s->snap)}};
		struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};
		ssize_t n = recvmsg(SOCK_FD, &msg, MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n < (ssize_t)sizeof(m))
			return false;
		if (m.op == GD_SCREEN_SHOW) {
			s->has_snap = n == (ssize_t)(sizeof(m) + sizeof(s->snap));
		} else if (m.op == GD_SCREEN_SUSPEND) {
			s->away = true;
			leave();
			send_message(GD_SCREEN_AWAY, 0);
		} else if (m.op == GD_SCREEN_RESUME) {
			s->away = false;
		}
	}
}

static void resize(const struct screen *s)
{
	struct signalfd_siginfo si;
	struct winsize ws = {0};

	while (read(s->signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		;
	if (ioctl(TTY_FD, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 && ws.ws_col > 0 &&
	    is_term_resized(ws.ws_row, ws.ws_col))
		(void)resizeterm(ws.ws_row, ws.ws_col);
}

static void keys(void)
{
	int key;

	while ((key = getch()) != ERR) {
		if (key == CTRL_L)
			(void)clearok(curscr, TRUE);
		else
			send_message(GD_SCREEN_KEY, key);
	}
}

/* Is the terminal still our job's? */
static void look(struct screen *s)
{
	pid_t front = tcgetpgrp(TTY_FD);

	s->behind = front > 0 && front != getpgrp();
	if (s->behind)
		leave();
}

static void turn(struct screen *s)
{
	struct pollfd p[] = {
		{.fd = SOCK_FD, .events = POLLIN},
		{.fd = s->signal_fd, .events = POLLIN},
		{.fd = s->away || s->behind ? -1 : TTY_FD, .events = POLLIN},
	};

	if (poll(p, 3, LOOK_MS) < 0)
		return;
	look(s);
	if (p[1].revents)
		resize(s);
	if (p[2].revents & POLLIN)
		keys();
	/* A terminal that was hung up: there is nothing to give back. */
	if (p[2].revents & (POLLHUP | POLLERR | POLLNVAL))
		_exit(0);
	if (p[0].revents && !hear(s)) {
		leave();
		send_message(GD_SCREEN_AWAY, 0);
		_exit(0);
	}
	draw(s);
}

void gd_screen_main(int fd, int sock)
{
	struct screen *s = calloc(1, sizeof(*s));

	if (!s || !keep_descriptors(fd, sock) || !take_signals(s) || !begin(s))
		_exit(1);
	send_message(GD_SCREEN_READY, 0);
	for (;;)
		turn(s);
}
