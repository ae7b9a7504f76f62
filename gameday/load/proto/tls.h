/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS (1.2 and later, by OpenSSL) as a filter between a connection and its protocol: bytes in,
 * bytes out, no sockets. The certificate is verified against the system's or a given set of
 * authorities, and must be one of the name that was meant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/auto.h"
#include "gameday/base/error.h"
#include "gameday/load/spec.h"

struct gd_tls_config;
struct gd_tls;

/*
 * One per target. spec NULL: verified by the system's authorities, for `host`. alpn is the one
 * protocol that is offered ("h2"). Errors: a file of authorities that can't be read.
 */
int gd_tls_config_new(const struct gd_tls_spec *spec, const char *host, const char *alpn,
		      struct gd_tls_config **ret, struct gd_error *err)
	GD_NONNULL_ARGS(2, 3, 4, 5) GD_MUST_CHECK;
/* Returns NULL; accepts NULL. Its connections are freed before. */
struct gd_tls_config *gd_tls_config_free(struct gd_tls_config *c);

/*
 * One per connection; NULL when out of memory. It resumes the target's last session when the
 * server gave one (RFC 8446, 2.2).
 */
struct gd_tls *gd_tls_new(struct gd_tls_config *c) GD_NONNULL GD_MUST_CHECK;
void gd_tls_free(struct gd_tls *t); /* accepts NULL */

enum gd_tls_state {
	GD_TLS_HANDSHAKE, /* goes on */
	GD_TLS_UP,
	GD_TLS_CLOSED, /* the peer said that it sends no more */
	GD_TLS_FAILED, /* gd_tls_problem says why */
};

/* Begins or goes on with the handshake, after new and after each input. */
enum gd_tls_state gd_tls_handshake(struct gd_tls *t) GD_NONNULL;
/* Bytes from the peer. False when out of memory. */
bool gd_tls_input(struct gd_tls *t, const char *data,
		  size_t size) GD_NONNULL GD_MUST_CHECK;
/* Up: plain bytes out of what was put in, *ret_size of them; 0 when it takes more input. */
enum gd_tls_state gd_tls_read(struct gd_tls *t, char *out, size_t size,
			      size_t *ret_size) GD_NONNULL;
/* Up: plain bytes for the peer. All are taken; false when that fails. */
bool gd_tls_write(struct gd_tls *t, const char *data,
		  size_t size) GD_NONNULL GD_MUST_CHECK;
/* Bytes that are to be sent to the peer; 0: none. Alerts after a failure are among them. */
size_t gd_tls_output(struct gd_tls *t, char *out, size_t size) GD_NONNULL;
/* Why it failed, in one line: "certificate verify failed: self-signed certificate". */
const char *gd_tls_problem(const struct gd_tls *t) GD_NONNULL;
