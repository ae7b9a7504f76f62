/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between connections and the kernel: bytes out, bytes in, and one wait for all of it. A
 * second kind of reactor is another row of operations. One thread only.
 *
 * Reports come from `wait` alone, never from inside open, send or close. After `close` of a
 * socket nothing more is reported of it, not even what was seen before; within any report
 * all operations are allowed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

/* What is read at once, at most: data of one report. */
enum { GD_REACTOR_READ_MAX = 64 * 1024 };
/* What a peer that does not read makes us hold back, at most. */
enum { GD_REACTOR_REST_MAX = 1024 * 1024 };

/* Embedded in a connection. All but index is the reactor's; fd may be read. */
struct gd_sock {
	int fd;              /* -1 when closed */
	uint32_t index;      /* which one it is, for the owner */
	uint32_t generation; /* counts openings: tells events of an earlier descriptor */
	bool connecting, datagram, want_write;
	bool ending;      /* the peer has sent its end: `ended` follows this data */
	bool registered;  /* io_uring knows it by its index */
	uint8_t n_before; /* sends that came before that */
	char *rest;       /* owned: what could not be written yet */
	size_t n_rest, n_rest_sent;
	size_t under_way; /* bytes that the kernel has and has not sent yet */
};

struct gd_reactor_report {
	void *ctx;
	size_t n_socks; /* all there are: what they may need at once is set up before */
	struct gd_sock *(*sock)(void *ctx, uint32_t index);
	/* The attempt to connect is over: error 0, or why it failed. */
	void (*connected)(void *ctx, struct gd_sock *s, int error);
	/* Bytes came (a datagram: a whole one); valid during the call. */
	void (*data)(void *ctx, struct gd_sock *s, const char *data, size_t size);
	/* Nothing more comes: error 0 at end of file. The owner closes. */
	void (*ended)(void *ctx, struct gd_sock *s, int error);
};

struct gd_reactor;

struct gd_reactor_ops {
	const char *name;
	void (*free)(struct gd_reactor *r);
	/*
	 * Takes fd over and connects it to addr; addr NULL: it is connected already.
	 * `connected` is reported in either case. -1 with errno; fd is then closed.
	 */
	int (*open)(struct gd_reactor *r, struct gd_sock *s, int fd,
		    const struct sockaddr *addr, socklen_t addr_len);
	/*
	 * All of it goes out as soon as the peer takes it, though perhaps not before the next
	 * wait, and the last of it not before the one after that; data is the caller's again.
	 * -1 with errno when the connection is dead or the peer is too far behind; that it is
	 * dead may also be told by `ended`.
	 */
	int (*send)(struct gd_reactor *r, struct gd_sock *s, const char *data,
		    size_t size);
	void (*close)(struct gd_reactor *r, struct gd_sock *s);
	/* Sleeps for span_ns at most, reports what happened. -1: broken for good. */
	int (*wait)(struct gd_reactor *r, int64_t span_ns, struct gd_error *err);
	/* From any thread: the wait under way, or the next one, ends at once. */
	void (*wake)(struct gd_reactor *r);
};

/* The first member of each kind. */
struct gd_reactor {
	const struct gd_reactor_ops *ops;
	struct gd_reactor_report report;
};

/* Bytes sent that wait for the peer. */
static inline size_t gd_sock_pending(const struct gd_sock *s)
{
	return s->n_rest - s->n_rest_sent + s->under_way;
}

/* For the kinds: keeps a copy of what can't go out yet. -1 with errno, as of send. */
int gd_sock_keep_rest(struct gd_sock *s, const char *data, size_t size);
void gd_sock_drop_rest(struct gd_sock *s);

/* Which kind. */
enum gd_reactor_kind {
	GD_REACTOR_AUTO, /* the cheapest that this kernel has */
	GD_REACTOR_EPOLL,
	GD_REACTOR_URING,
};

/*
 * Of that kind: URING is an error where the kernel does not have it or does not allow it
 * (io_uring(7): Linux 6.1, kernel.io_uring_disabled, seccomp), AUTO takes epoll then. Made
 * in any thread; wait is called by one only. Caller frees.
 */
int gd_reactor_new(enum gd_reactor_kind kind, const struct gd_reactor_report *report,
		   struct gd_reactor **ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_reactor_uring_new(const struct gd_reactor_report *report, struct gd_reactor **ret,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_reactor_epoll_new(const struct gd_reactor_report *report, struct gd_reactor **ret,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
