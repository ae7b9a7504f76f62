/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One logged-in channel that runs one command: bytes to its standard input, bytes from its
 * standard output. Two implementations, libssh2 (ssh2.c) and a spawned ssh (ssh.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"
#include "gameday/base/loop.h"
#include "gameday/base/strbuf.h"
#include "gameday/remote/target.h"

/* How a transport ended. */
struct gd_transport_end {
	bool failed; /* err is set; else the command ended with `status` */
	int status;  /* -1: the peer did not say */
	struct gd_error err;
	char why_ssh[160]; /* not "": libssh2 can't do this one, a spawned ssh may */
};

/*
 * Each is called from the loop, as the last thing that the transport does in that turn
 * before it looks whether it still exists: false says that the callee has freed it.
 */
struct gd_transport_callbacks {
	bool (*on_connected)(void *ctx); /* TCP stands; libssh2 only */
	bool (*on_login)(void *ctx);     /* authenticated */
	bool (*on_data)(void *ctx, const char *data, size_t size);
	bool (*on_end)(void *ctx,
		       const struct gd_transport_end *end); /* once, the last */
};

enum { GD_TRANSPORT_SAID = 400 };

struct gd_transport;

struct gd_transport_ops {
	const char *name;
	/* There are new bytes in `out`. */
	void (*kick)(struct gd_transport *t);
	void (*free)(struct gd_transport *t);
};

/* The part that both have; embedded as their first member. */
struct gd_transport {
	const struct gd_transport_ops *ops;
	const struct gd_transport_callbacks *cb;
	void *ctx;
	struct gd_loop *loop;
	const struct gd_target *target; /* borrowed */
	char *command;                  /* owned */
	struct gd_strbuf out;           /* not yet sent: from out_sent on */
	size_t out_sent;
	bool connected;
	bool logged_in;
	char said[GD_TRANSPORT_SAID]; /* the end of the peer's standard error */
	size_t said_len;
};

/* Both begin at once; callbacks come from the loop only. */
int gd_transport_new_ssh2(struct gd_loop *loop, const struct gd_target *target,
			  const char *command, const struct gd_transport_callbacks *cb,
			  void *ctx, struct gd_transport **ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 3, 4, 6, 7) GD_MUST_CHECK;
int gd_transport_new_ssh(struct gd_loop *loop, const struct gd_target *target,
			 const char *command, const struct gd_transport_callbacks *cb,
			 void *ctx, struct gd_transport **ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 3, 4, 6, 7) GD_MUST_CHECK;
/* Queues bytes; GD_E_REMOTE when more than GD_TRANSPORT_MAX_QUEUE would wait. */
enum { GD_TRANSPORT_MAX_QUEUE = 72 << 20 };
int gd_transport_write(struct gd_transport *t, const void *data, size_t size,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Closes the connection, without waiting for the peer, and frees; accepts NULL. */
void gd_transport_free(struct gd_transport *t);
/* What the peer wrote to standard error lately, as one printable line; "" for nothing. */
void gd_transport_said(const struct gd_transport *t,
		       char ret[GD_TRANSPORT_SAID]) GD_NONNULL;

/* --- for the implementations --- */

int gd_transport_init(struct gd_transport *t, const struct gd_transport_ops *ops,
		      struct gd_loop *loop, const struct gd_target *target,
		      const char *command, const struct gd_transport_callbacks *cb,
		      void *ctx, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 3, 4, 5, 6, 8) GD_MUST_CHECK;
void gd_transport_fini(struct gd_transport *t) GD_NONNULL;
/* Keeps the end of standard error. */
void gd_transport_hear(struct gd_transport *t, const char *data, size_t size) GD_NONNULL;
/* The bytes to send next. */
size_t gd_transport_pending(const struct gd_transport *t,
			    const char **ret_data) GD_NONNULL;
void gd_transport_sent(struct gd_transport *t, size_t n) GD_NONNULL;
