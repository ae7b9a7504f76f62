/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libssh2, non-blocking: one function per state. drive() calls the state's function until
 * it has to wait for the socket; a state goes on by setting the next one.
 *
 *   dial -> handshake -> host key -> methods -> login -> channel -> exec -> stream -> close
 *
 * libssh2 1.10 (Debian 12) has no rsa-sha2, no certificates, no FIDO keys and no -etm MACs
 * or AEAD ciphers. Each place where one of these decides ends the transport with why_ssh.
 */
#include "gameday/remote/transport.h"

#include <errno.h>
#include <libssh2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/remote/dial.h"
#include "gameday/remote/knownhosts.h"
#include "gameday/remote/login.h"

enum {
	KEEPALIVE_S = 5,
	CHUNK = 32 << 10,
	TURN_BYTES =
		1 << 20, /* read in one turn: a flood must not starve the other hosts */
};

enum step { STEP_GO, STEP_WAIT, STEP_FAILED, STEP_NEEDS_SSH, STEP_ENDED, STEP_GONE };

struct ssh2;
typedef enum step state_fn(struct ssh2 *s, struct gd_error *err);

struct ssh2 {
	struct gd_transport base;
	struct gd_dial *dial;
	int fd;
	struct gd_io *io;
	struct gd_timer *again; /* a turn that was cut short goes on */
	struct gd_timer *keepalive;
	LIBSSH2_SESSION *session;
	struct gd_known_hosts *known;
	struct gd_login *login;
	LIBSSH2_CHANNEL *channel;
	state_fn *state;
	char why_ssh[160];
};

static state_fn do_handshake, do_host_key, do_login, do_channel, do_exec, do_stream,
	do_close, do_wait_closed;

static enum step needs_ssh(struct ssh2 *s, const char *why)
{
	(void)snprintf(s->why_ssh, sizeof(s->why_ssh), "%s", why);
	return STEP_NEEDS_SSH;
}

static enum step raise_ssh2(struct ssh2 *s, const char *doing, struct gd_error *err)
{
	char *text = NULL;
	int code = libssh2_session_last_error(s->session, &text, NULL, 0);

	(void)gd_raise(err, GD_E_REMOTE, "%s: %s (libssh2 error %d)", doing,
		       text && *text ? text : "failed", code);
	return STEP_FAILED;
}

static enum step do_handshake(struct ssh2 *s, struct gd_error *err)
{
	int rc = libssh2_session_handshake(s->session, s->fd);

	switch (rc) {
	case 0:
		s->state = do_host_key;
		return STEP_GO;
	case LIBSSH2_ERROR_EAGAIN:
		return STEP_WAIT;
	case LIBSSH2_ERROR_KEX_FAILURE:
	case LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE:
	case LIBSSH2_ERROR_METHOD_NONE:
	case LIBSSH2_ERROR_METHOD_NOT_SUPPORTED:
	case LIBSSH2_ERROR_HOSTKEY_INIT:
	case LIBSSH2_ERROR_HOSTKEY_SIGN:
		return needs_ssh(s, "libssh2 and the host have no algorithms in common");
	default:
		return raise_ssh2(s, "SSH handshake", err);
	}
}

static enum step do_host_key(struct ssh2 *s, struct gd_error *err)
{
	const char *why = "";
	int outcome = gd_known_hosts_check(s->known, s->session, &why, err);

	if (outcome == GD_KNOWN_NEEDS_SSH)
		return needs_ssh(s, why);
	if (outcome < 0 || gd_login_new(s->session, s->base.target, &s->login, err) < 0)
		return STEP_FAILED;
	s->state = do_login;
	return STEP_GO;
}

static enum step do_login(struct ssh2 *s, struct gd_error *err)
{
	switch (gd_login_step(s->login, err)) {
	case GD_LOGIN_DONE:
		break;
	case GD_LOGIN_WAIT:
		return STEP_WAIT;
	case GD_LOGIN_NEEDS_SSH:
		return needs_ssh(s, gd_login_why(s->login));
	case GD_LOGIN_FAILED:
	default:
		return STEP_FAILED;
	}
	s->state = do_channel;
	s->base.logged_in = true;
	libssh2_keepalive_config(s->session, 1, KEEPALIVE_S);
	gd_timer_arm(s->keepalive, gd_after(gd_now(), gd_span_s(KEEPALIVE_S)));
	return s->base.cb->on_login(s->base.ctx) ? STEP_GO : STEP_GONE;
}

static enum step do_channel(struct ssh2 *s, struct gd_error *err)
{
	s->channel = libssh2_channel_open_session(s->session);
	if (!s->channel)
		return libssh2_session_last_errno(s->session) == LIBSSH2_ERROR_EAGAIN
			       ? STEP_WAIT
			       : raise_ssh2(s, "open a session", err);
	s->state = do_exec;
	return STEP_GO;
}

static enum step do_exec(struct ssh2 *s, struct gd_error *err)
{
	int rc = libssh2_channel_exec(s->channel, s->base.command);

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return STEP_WAIT;
	if (rc < 0)
		return raise_ssh2(s, "run a command", err);
	s->state = do_stream;
	return STEP_GO;
}

static enum step send_pending(struct ssh2 *s, struct gd_error *err)
{
	const char *data;
	size_t size;

	while ((size = gd_transport_pending(&s->base, &data)) > 0) {
		ssize_t n = libssh2_channel_write(s->channel, data, size);

		if (n == LIBSSH2_ERROR_EAGAIN)
			return STEP_WAIT;
		if (n < 0)
			return raise_ssh2(s, "send", err);
		gd_transport_sent(&s->base, (size_t)n);
	}
	return STEP_WAIT;
}

static enum step hear_stderr(struct ssh2 *s, struct gd_error *err)
{
	char chunk[1024];
	size_t total = 0;
	ssize_t n = 0;

	while (total < TURN_BYTES &&
	       (n = libssh2_channel_read_stderr(s->channel, chunk, sizeof(chunk))) > 0) {
		gd_transport_hear(&s->base, chunk, (size_t)n);
		total += (size_t)n;
	}
	return n < 0 && n != LIBSSH2_ERROR_EAGAIN ? raise_ssh2(s, "receive", err)
						  : STEP_WAIT;
}

static enum step do_stream(struct ssh2 *s, struct gd_error *err)
{
	char chunk[CHUNK];
	size_t total = 0;

	if (send_pending(s, err) == STEP_FAILED || hear_stderr(s, err) == STEP_FAILED)
		return STEP_FAILED;
	while (total < TURN_BYTES) {
		ssize_t n = libssh2_channel_read(s->channel, chunk, sizeof(chunk));

		if (n == LIBSSH2_ERROR_EAGAIN || n == 0)
			break;
		if (n < 0)
			return raise_ssh2(s, "receive", err);
		total += (size_t)n;
		if (!s->base.cb->on_data(s->base.ctx, chunk, (size_t)n))
			return STEP_GONE;
	}
	if (total >= TURN_BYTES) {
		gd_timer_arm(s->again, gd_now());
		return STEP_WAIT;
	}
	if (!libssh2_channel_eof(s->channel))
		return STEP_WAIT;
	s->state = do_close;
	return STEP_GO;
}

static enum step do_close(struct ssh2 *s, struct gd_error *err GD_UNUSED)
{
	if (libssh2_channel_close(s->channel) == LIBSSH2_ERROR_EAGAIN)
		return STEP_WAIT;
	s->state = do_wait_closed;
	return STEP_GO;
}

static enum step do_wait_closed(struct ssh2 *s, struct gd_error *err GD_UNUSED)
{
	if (libssh2_channel_wait_closed(s->channel) == LIBSSH2_ERROR_EAGAIN)
		return STEP_WAIT;
	return STEP_ENDED;
}

/* Waits for what libssh2 waits for, and always for input: the peer may speak or close. */
static void await(struct ssh2 *s)
{
	int directions = libssh2_session_block_directions(s->session);
	uint32_t events = EPOLLIN;

	if (directions & LIBSSH2_SESSION_BLOCK_OUTBOUND)
		events |= EPOLLOUT;
	gd_io_set(s->io, events);
}

static int exit_status(struct ssh2 *s)
{
	char *sig = NULL;
	size_t len = 0;

	if (libssh2_channel_get_exit_signal(s->channel, &sig, &len, NULL, NULL, NULL,
					    NULL) == 0 &&
	    sig) {
		libssh2_free(s->session, sig);
		return -1;
	}
	return libssh2_channel_get_exit_status(s->channel);
}

static void end(struct ssh2 *s, struct gd_transport_end *e)
{
	gd_io_remove(s->io);
	s->io = NULL;
	gd_timer_disarm(s->again);
	gd_timer_disarm(s->keepalive);
	s->state = NULL;
	(void)s->base.cb->on_end(s->base.ctx, e);
}

static void drive(struct ssh2 *s)
{
	struct gd_transport_end e = {.status = -1};
	enum step step = STEP_GO;

	if (!s->state)
		return;
	while (step == STEP_GO)
		step = s->state(s, &e.err);
	if (step == STEP_GONE)
		return;
	if (step == STEP_WAIT) {
		await(s);
		return;
	}
	e.failed = step != STEP_ENDED;
	if (step == STEP_ENDED)
		e.status = exit_status(s);
	if (step == STEP_NEEDS_SSH) {
		(void)snprintf(e.why_ssh, sizeof(e.why_ssh), "%s", s->why_ssh);
		(void)gd_raise(&e.err, GD_E_REMOTE, "%s", s->why_ssh);
	}
	end(s, &e);
}

static void on_io(void *ctx, uint32_t events GD_UNUSED)
{
	drive(ctx);
}

static void on_again(void *ctx)
{
	drive(ctx);
}

static void on_keepalive(void *ctx)
{
	struct ssh2 *s = ctx;
	int next;

	/* A dead connection is found by TCP_USER_TIMEOUT; this gives it something to lose. */
	(void)libssh2_keepalive_send(s->session, &next);
	gd_timer_arm(s->keepalive, gd_after(gd_now(), gd_span_s(KEEPALIVE_S)));
}

static void ssh2_kick(struct gd_transport *t)
{
	struct ssh2 *s = (struct ssh2 *)t;

	/* From inside on_data, or before the stream stands: what is pending goes out later. */
	if (s->state == do_stream)
		gd_timer_arm(s->again, gd_now());
}

static void ssh2_free(struct gd_transport *t)
{
	struct ssh2 *s = (struct ssh2 *)t;

	gd_dial_free(s->dial);
	gd_io_remove(s->io);
	gd_timer_remove(s->again);
	gd_timer_remove(s->keepalive);
	gd_login_free(s->login);
	gd_known_hosts_free(s->known);
	if (s->session) {
		if (s->base.logged_in)
			(void)libssh2_session_disconnect(s->session, "done");
		/* With the socket shut, freeing can't be kept waiting by the peer. */
		if (s->fd >= 0)
			(void)shutdown(s->fd, SHUT_RDWR);
		for (int i = 0; i < 8; i++)
			if (libssh2_session_free(s->session) != LIBSSH2_ERROR_EAGAIN)
				break;
	}
	gd_close_fd(&s->fd);
	gd_transport_fini(&s->base);
	free(s);
}

/* The configuration's list cut down to what libssh2 has, in the configuration's order. */
static int prefer(struct ssh2 *s, int method, const char *list)
{
	const char **have = NULL;
	int n = libssh2_session_supported_algs(s->session, method, &have);
	GD_AUTO_STRBUF(common);

	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
		size_t len = strcspn(p, ",");

		for (int i = 0; i < n; i++)
			if (strlen(have[i]) == len && strncmp(have[i], p, len) == 0)
				gd_strbuf_addf(&common, "%s%s", common.len ? "," : "",
					       have[i]);
	}
	if (n > 0)
		libssh2_free(s->session, (void *)have);
	if (common.len == 0)
		return -1;
	return libssh2_session_method_pref(s->session, method, gd_strbuf_str(&common));
}

/* Sets what may be negotiated; false when libssh2 has nothing that is allowed. */
static bool set_methods(struct ssh2 *s)
{
	const struct gd_target *t = s->base.target;
	const struct {
		int method;
		const char *list, *name;
	} rows[] = {
		{LIBSSH2_METHOD_KEX, t->kex, "KexAlgorithms"},
		{LIBSSH2_METHOD_CRYPT_CS, t->ciphers, "Ciphers"},
		{LIBSSH2_METHOD_CRYPT_SC, t->ciphers, "Ciphers"},
		{LIBSSH2_METHOD_MAC_CS, t->macs, "MACs"},
		{LIBSSH2_METHOD_MAC_SC, t->macs, "MACs"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(rows); i++)
		if (rows[i].list && prefer(s, rows[i].method, rows[i].list) < 0) {
			(void)snprintf(s->why_ssh, sizeof(s->why_ssh),
				       "%s allows none that libssh2 has", rows[i].name);
			return false;
		}
	return true;
}

static enum step prepare(struct ssh2 *s, struct gd_error *err)
{
	char methods[GD_KNOWN_LIST];
	const char *why = "";

	s->session = libssh2_session_init();
	if (!s->session) {
		(void)gd_raise_nomem(err);
		return STEP_FAILED;
	}
	libssh2_session_set_blocking(s->session, 0);
	if (gd_known_hosts_load(s->session, s->base.target, &s->known, err) < 0)
		return STEP_FAILED;
	if (gd_known_hosts_methods(s->known, s->base.target->host_key_algorithms, methods,
				   &why) == GD_KNOWN_NEEDS_SSH)
		return needs_ssh(s, why);
	if (libssh2_session_method_pref(s->session, LIBSSH2_METHOD_HOSTKEY, methods) < 0)
		return needs_ssh(s,
				 "libssh2 has none of the allowed host key algorithms");
	return set_methods(s) ? STEP_GO : STEP_NEEDS_SSH;
}

static void fail_early(struct ssh2 *s, enum step step, const struct gd_error *err)
{
	struct gd_transport_end e = {.failed = true, .status = -1, .err = *err};

	if (step == STEP_NEEDS_SSH) {
		(void)snprintf(e.why_ssh, sizeof(e.why_ssh), "%s", s->why_ssh);
		(void)gd_raise(&e.err, GD_E_REMOTE, "%s", s->why_ssh);
	}
	end(s, &e);
}

static void on_dialed(void *ctx, int fd, const struct gd_error *dial_err)
{
	struct ssh2 *s = ctx;
	struct gd_error err = GD_ERROR_INIT;
	enum step step;

	/* Ends the attempts that were not needed; the dial itself is through with us. */
	gd_dial_free(s->dial);
	s->dial = NULL;
	if (fd < 0) {
		fail_early(s, STEP_FAILED, dial_err);
		return;
	}
	s->fd = fd;
	s->base.connected = true;
	step = prepare(s, &err);
	if (step == STEP_GO &&
	    gd_loop_io(s->base.loop, fd, EPOLLIN, on_io, s, &s->io, &err) < 0)
		step = STEP_FAILED;
	if (step != STEP_GO) {
		fail_early(s, step, &err);
		return;
	}
	s->state = do_handshake;
	if (s->base.cb->on_connected(s->base.ctx))
		drive(s);
}

static const struct gd_transport_ops ssh2_ops = {
	.name = "libssh2",
	.kick = ssh2_kick,
	.free = ssh2_free,
};

int gd_transport_new_ssh2(struct gd_loop *loop, const struct gd_target *target,
			  const char *command, const struct gd_transport_callbacks *cb,
			  void *ctx, struct gd_transport **ret, struct gd_error *err)
{
	struct ssh2 *s = calloc(1, sizeof(*s));

	if (!s)
		return gd_raise_nomem(err);
	s->fd = -1;
	if (gd_transport_init(&s->base, &ssh2_ops, loop, target, command, cb, ctx, err) <
		    0 ||
	    gd_loop_timer(loop, on_again, s, &s->again, err) < 0 ||
	    gd_loop_timer(loop, on_keepalive, s, &s->keepalive, err) < 0 ||
	    gd_dial_new(loop, target->hostname, target->port, target->family, on_dialed,
			s, &s->dial, err) < 0) {
		ssh2_free(&s->base);
		return -1;
	}
	*ret = &s->base;
	return 0;
}
