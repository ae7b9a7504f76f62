/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One target host: an SSH session with one long-lived agent behind it, asynchronous on the
 * caller's loop. Connecting resolves, connects, verifies the host key, logs in, places the
 * agent when it is not there yet, and starts it; all on one channel, by libssh2 or, where
 * that library can't, by a spawned ssh.
 *
 * Callbacks run from gd_loop_step only, never from inside a call of this API except
 * gd_host_close. Any of them may call anything here, gd_host_close included.
 */
#pragma once

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"
#include "gameday/base/json.h"
#include "gameday/base/loop.h"
#include "gameday/remote/bundle.h"
#include "gameday/remote/limiter.h"
#include "gameday/remote/target.h"

struct gd_host;

enum {
	GD_HOST_MAX_HANDSHAKES = 24, /* for the shared limiter */
	GD_HOST_MAX_CALLS = 256,     /* without an answer yet, per host */
};

enum gd_host_transport_choice {
	GD_TRANSPORT_AUTO,    /* libssh2, and ssh where that is unsuited */
	GD_TRANSPORT_LIBSSH2, /* no falling back */
	GD_TRANSPORT_SSH,
};

struct gd_host_options {
	const struct gd_bundle *bundle; /* borrowed for the host's life; mandatory */
	struct gd_limiter *limiter; /* borrowed, shared between hosts; NULL: no limit */
	enum gd_host_transport_choice transport;
	struct gd_span connect_limit; /* TCP; 0: 10 s */
	struct gd_span login_limit;   /* from TCP to authenticated; 0: 20 s */
	struct gd_span start_limit;   /* login shell, upload, agent's greeting; 0: 60 s */
};

struct gd_host_callbacks {
	/* The agent has greeted: calls may be made. Once. */
	void (*on_ready)(void *ctx);
	/* An event of the agent; borrowed. It has a string member "event". */
	void (*on_event)(void *ctx, const cJSON *event);
	/*
	 * The session is over, before or after on_ready: nothing works any more, the host
	 * waits for gd_host_close. Once; calls without an answer have got this error before.
	 * The text starts with "host NAME: ".
	 */
	void (*on_lost)(void *ctx, const struct gd_error *err);
};

/* The answer: reply is a reply with "ok": true, borrowed, and err NULL; or err is set. */
typedef void gd_reply_fn(void *ctx, const cJSON *reply, const struct gd_error *err);
/* took: until logged in and the command had ended; err NULL on success. */
typedef void gd_probe_fn(void *ctx, struct gd_span took, const struct gd_error *err);

/* target and what opts points to are borrowed for the host's life. Touches no network. */
int gd_host_new(struct gd_loop *loop, const struct gd_target *target,
		const struct gd_host_options *opts, const struct gd_host_callbacks *cb,
		void *ctx, struct gd_host **ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 3, 4, 6, 7) GD_MUST_CHECK;
/* Begins to connect; on_ready or on_lost follows. Once. */
void gd_host_connect(struct gd_host *h) GD_NONNULL;
/*
 * Sends a request (taken; made by gd_message_request, the id is filled in here). fn is
 * called exactly once: with the reply, with the agent's error, or with GD_E_TIMEOUT after
 * limit, GD_E_REMOTE when the host is lost or not ready, GD_E_ABORTED at gd_host_close.
 * An answer that comes after its time limit is dropped.
 */
void gd_host_call(struct gd_host *h, cJSON *request, struct gd_span limit,
		  gd_reply_fn *fn, void *ctx) GD_NONNULL_ARGS(1, 4);
/*
 * Opens a second connection to the same target, from a new TCP connection to a new login,
 * runs `true` there and closes it: the proof that the way back is open. By the transport
 * that the session uses; not subject to the limiter. fn is called once.
 */
void gd_host_probe_new_connection(struct gd_host *h, struct gd_span limit,
				  gd_probe_fn *fn, void *ctx) GD_NONNULL_ARGS(1, 3);
/*
 * Ends the session and frees the host; accepts NULL. Calls and probes without an answer
 * get GD_E_ABORTED first. on_lost is not called.
 */
void gd_host_close(struct gd_host *h);
GD_DEFINE_AUTO(gd_host, gd_host_close);

/* For journals and messages; borrowed. */
const char *gd_host_name(const struct gd_host *h) GD_NONNULL;
/* "libssh2" or "ssh": what carries the session, or would. */
const char *gd_host_transport(const struct gd_host *h) GD_NONNULL;
/* Why it is ssh and not libssh2, as half a sentence; "" for libssh2. */
const char *gd_host_transport_why(const struct gd_host *h) GD_NONNULL;
/* "192.0.2.7 port 22", where it connects to. */
const char *gd_host_address(const struct gd_host *h) GD_NONNULL;
/* SSH_CONNECTION as the target's sshd set it (four words), "" before on_ready. */
const char *gd_host_ssh_connection(const struct gd_host *h) GD_NONNULL;
/* Whether the agent had to be uploaded in this session. */
bool gd_host_uploaded(const struct gd_host *h) GD_NONNULL;
bool gd_host_is_ready(const struct gd_host *h) GD_NONNULL;
