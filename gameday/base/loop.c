/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoll, level-triggered. Timers are a plain list: there are a few per host, and a scan of
 * some hundred entries per wake-up costs less than a heap's code would. Time is
 * CLOCK_BOOTTIME through a timerfd, because epoll's own timeout stops during suspend.
 *
 * A callback may remove any watch, also one whose event is later in the same batch:
 * removed objects are only marked, and freed when the step is over.
 */
#include "gameday/base/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "gameday/base/auto.h"

struct gd_io {
	struct gd_loop *loop;
	struct gd_io *next;
	gd_io_fn *fn;
	void *ctx;
	int fd;
	bool removed;
};

struct gd_timer {
	struct gd_loop *loop;
	struct gd_timer *next;
	gd_timer_fn *fn;
	void *ctx;
	struct gd_instant when;
	bool armed, removed;
};

struct gd_loop {
	int epoll_fd, timer_fd, signal_fd;
	struct gd_io *ios;
	struct gd_timer *timers;
	gd_signal_fn *signal_fn;
	void *signal_ctx;
};

GD_DEFINE_AUTO(gd_loop, gd_loop_free);

static void sweep(struct gd_loop *loop, bool all)
{
	for (struct gd_io **p = &loop->ios; *p;) {
		struct gd_io *w = *p;

		if (all || w->removed) {
			*p = w->next;
			free(w);
		} else {
			p = &w->next;
		}
	}
	for (struct gd_timer **p = &loop->timers; *p;) {
		struct gd_timer *t = *p;

		if (all || t->removed) {
			*p = t->next;
			free(t);
		} else {
			p = &t->next;
		}
	}
}

int gd_loop_new(struct gd_loop **ret, struct gd_error *err)
{
	GD_AUTO(gd_loop) struct gd_loop *loop = calloc(1, sizeof(*loop));
	struct epoll_event ev = {.events = EPOLLIN};

	if (!loop)
		return gd_raise_nomem(err);
	loop->epoll_fd = loop->timer_fd = loop->signal_fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return gd_raise_errno(err, "epoll_create1");
	loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->timer_fd < 0)
		return gd_raise_errno(err, "timerfd_create");
	/* data.ptr NULL marks the timer descriptor: it only wakes us. */
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &ev) < 0)
		return gd_raise_errno(err, "epoll_ctl");
	*ret = gd_steal_ptr(&loop);
	return 0;
}

void gd_loop_free(struct gd_loop *loop)
{
	if (!loop)
		return;
	sweep(loop, true);
	gd_close_fd(&loop->signal_fd);
	gd_close_fd(&loop->timer_fd);
	gd_close_fd(&loop->epoll_fd);
	free(loop);
}

int gd_loop_io(struct gd_loop *loop, int fd, uint32_t events, gd_io_fn *fn, void *ctx,
	       struct gd_io **ret, struct gd_error *err)
{
	GD_AUTO_FREE struct gd_io *w = calloc(1, sizeof(*w));
	struct epoll_event ev = {.events = events, .data.ptr = w};

	if (!w)
		return gd_raise_nomem(err);
	*w = (struct gd_io){
		.loop = loop, .next = loop->ios, .fn = fn, .ctx = ctx, .fd = fd};
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return gd_raise_errno(err, "epoll_ctl: watch descriptor %d", fd);
	loop->ios = w;
	*ret = gd_steal_ptr(&w);
	return 0;
}

void gd_io_set(struct gd_io *w, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = w};

	gd_assert(epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_MOD, w->fd, &ev) == 0);
}

void gd_io_remove(struct gd_io *w)
{
	if (!w || w->removed)
		return;
	(void)epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	w->removed = true;
}

int gd_loop_timer(struct gd_loop *loop, gd_timer_fn *fn, void *ctx, struct gd_timer **ret,
		  struct gd_error *err)
{
	struct gd_timer *t = calloc(1, sizeof(*t));

	if (!t)
		return gd_raise_nomem(err);
	*t = (struct gd_timer){.loop = loop, .next = loop->timers, .fn = fn, .ctx = ctx};
	loop->timers = t;
	*ret = t;
	return 0;
}

void gd_timer_arm(struct gd_timer *t, struct gd_instant when)
{
	t->when = when;
	t->armed = true;
}

void gd_timer_disarm(struct gd_timer *t)
{
	t->armed = false;
}

void gd_timer_remove(struct gd_timer *t)
{
	if (!t)
		return;
	t->armed = false;
	t->removed = true;
}

static void on_signal(void *ctx, uint32_t events GD_UNUSED)
{
	struct gd_loop *loop = ctx;
	struct signalfd_siginfo si;

	while (read(loop->signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		loop->signal_fn(loop->signal_ctx, (int)si.ssi_signo);
}

int gd_loop_signals(struct gd_loop *loop, const int *signos, int n_signos,
		    gd_signal_fn *fn, void *ctx, struct gd_error *err)
{
	struct gd_io *w;
	sigset_t set;

	gd_assert(loop->signal_fd < 0);
	(void)sigemptyset(&set);
	for (int i = 0; i < n_signos; i++)
		(void)sigaddset(&set, signos[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return gd_raise_errno(err, "sigprocmask");
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signal_fd < 0)
		return gd_raise_errno(err, "signalfd");
	loop->signal_fn = fn;
	loop->signal_ctx = ctx;
	return gd_loop_io(loop, loop->signal_fd, EPOLLIN, on_signal, loop, &w, err);
}

/* The earliest of all armed timers and `until`, set on the timer descriptor. */
static int set_alarm(struct gd_loop *loop, struct gd_instant until, struct gd_error *err)
{
	struct itimerspec its = {0};
	int64_t first = until.ns;

	for (const struct gd_timer *t = loop->timers; t; t = t->next)
		if (t->armed && t->when.ns < first)
			first = t->when.ns;
	if (first < 1)
		first = 1; /* 0 would disarm */
	its.it_value.tv_sec = first / GD_NS_PER_S;
	its.it_value.tv_nsec = first % GD_NS_PER_S;
	if (timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &its, NULL) < 0)
		return gd_raise_errno(err, "timerfd_settime");
	return 0;
}

static void fire_timers(struct gd_loop *loop)
{
	struct gd_instant now = gd_now();

	for (struct gd_timer *t = loop->timers; t; t = t->next)
		if (t->armed && t->when.ns <= now.ns) {
			t->armed = false;
			t->fn(t->ctx);
		}
}

int gd_loop_step(struct gd_loop *loop, struct gd_instant until, struct gd_error *err)
{
	struct epoll_event events[64];
	int n;

	if (set_alarm(loop, until, err) < 0)
		return -1;
	n = epoll_wait(loop->epoll_fd, events, GD_N_ELEMS(events), -1);
	if (n < 0 && errno != EINTR)
		return gd_raise_errno(err, "epoll_wait");
	for (int i = 0; i < n; i++) {
		struct gd_io *w = events[i].data.ptr;

		if (w && !w->removed)
			w->fn(w->ctx, events[i].events);
	}
	fire_timers(loop);
	sweep(loop, false);
	return 0;
}
