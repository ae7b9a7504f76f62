/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS between a connection's socket and its protocol. A connection is connecting until the
 * handshake is over, so the time for it counts as that.
 */
#include "gameday/load/engine.h"

#include <errno.h>

#include "gameday/load/proto/tls.h"

/* The most that one record holds (RFC 8446, 5.1). */
enum { RECORD_MAX = 16 * 1024 };

/* Sends what TLS has to send. -1 with errno. */
static int send_records(struct gd_conn *c)
{
	struct gd_reactor *r = c->lane->engine->reactor;
	char records[RECORD_MAX];
	size_t n;

	while ((n = gd_tls_output(c->tls, records, sizeof(records))) > 0) {
		if (r->ops->send(r, &c->sock, records, n) < 0)
			return -1;
	}
	return 0;
}

int gd_conn_tls_send(struct gd_conn *c, const char *data, size_t size)
{
	if (gd_tls_write(c->tls, data, size))
		return send_records(c);
	errno = EPROTO;
	return -1;
}

static void fail(struct gd_conn *c, const char *problem, int64_t now)
{
	/* The alert that tells the server why; it may be gone already. */
	(void)send_records(c);
	gd_conn_fail(c, GD_OUTCOME_TLS, problem, now);
}

/* Goes on with the handshake; true when the connection is up now. */
static bool shake_hands(struct gd_conn *c, int64_t now)
{
	enum gd_tls_state state = gd_tls_handshake(c->tls);

	if (state == GD_TLS_FAILED || state == GD_TLS_CLOSED) {
		fail(c, gd_tls_problem(c->tls), now);
		return false;
	}
	if (send_records(c) < 0) {
		gd_conn_fail(c, GD_OUTCOME_TLS, "the connection ended in the handshake",
			     now);
		return false;
	}
	return state == GD_TLS_UP;
}

void gd_conn_tls_begin(struct gd_conn *c, struct gd_tls_config *config, int64_t now)
{
	c->connected_ns = now;
	c->tls = gd_tls_new(config);
	if (!c->tls)
		gd_conn_fail(c, GD_OUTCOME_LOCAL, NULL, now);
	else if (shake_hands(c, now))
		gd_conn_up(c, now);
}

/* Hands plain bytes up as long as there are any and the connection is still this one. */
static void read_records(struct gd_conn *c, int64_t now)
{
	uint32_t generation = c->sock.generation;
	enum gd_tls_state state = GD_TLS_UP;
	char plain[RECORD_MAX];
	size_t n = 1;

	while (c->tls && c->sock.generation == generation && state == GD_TLS_UP &&
	       n > 0) {
		state = gd_tls_read(c->tls, plain, sizeof(plain), &n);
		if (n > 0)
			gd_conn_plain(c, plain, n, now);
		else if (state == GD_TLS_CLOSED)
			gd_conn_plain_ended(c, now);
		else if (state == GD_TLS_FAILED)
			fail(c, gd_tls_problem(c->tls), now);
		else if (send_records(c) < 0) /* a key update is answered */
			gd_conn_fail(c, GD_OUTCOME_RESET, NULL, now);
	}
}

void gd_conn_tls_data(struct gd_conn *c, const char *data, size_t size, int64_t now)
{
	if (!gd_tls_input(c->tls, data, size)) {
		gd_conn_fail(c, GD_OUTCOME_LOCAL, NULL, now);
		return;
	}
	if (c->state == GD_CONN_CONNECTING) {
		uint32_t generation = c->sock.generation;

		if (!shake_hands(c, now))
			return;
		gd_conn_up(c, now);
		if (!c->tls || c->sock.generation != generation)
			return;
	}
	read_records(c, now);
}
