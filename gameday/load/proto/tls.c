/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL reads from and writes to two memory BIOs; who owns the socket moves their bytes. An
 * idle connection gives its buffers back (SSL_MODE_RELEASE_BUFFERS): 10,000 of them would be
 * 340 MiB otherwise.
 */
#include "gameday/load/proto/tls.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct gd_tls_config {
	SSL_CTX *ctx;          /* owned */
	pthread_mutex_t mutex; /* of session: the connections may be several threads' */
	SSL_SESSION *session;  /* owned: the last one a server gave; NULL: none yet */
	char name[256];        /* that the certificate must have */
	bool is_address, verify;
	unsigned char alpn[32]; /* as on the wire: length, bytes */
	unsigned int alpn_len;
};

struct gd_tls {
	SSL *ssl;      /* owned */
	BIO *in, *out; /* the SSL's */
	const struct gd_tls_config *config;
	char problem[160];
};

/* --- what a target's connections have in common ---------------------------------------- */

/* Keeps a session the server offers for the next connection. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct gd_tls_config *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	(void)pthread_mutex_lock(&c->mutex);
	SSL_SESSION_free(c->session);
	c->session = session;
	(void)pthread_mutex_unlock(&c->mutex);
	return 1;
}

static const char *last_problem(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return reason ? reason : "no reason given";
}

static int load_authorities(struct gd_tls_config *c, const struct gd_tls_spec *spec,
			    struct gd_error *err)
{
	if (!c->verify) {
		SSL_CTX_set_verify(c->ctx, SSL_VERIFY_NONE, NULL);
		return 0;
	}
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	if (spec && spec->ca) {
		if (SSL_CTX_load_verify_locations(c->ctx, spec->ca, NULL) != 1)
			return gd_raise(
				err, GD_E_INPUT,
				"tls: ca '%s' holds no certificates in PEM form, or can't be read: %s",
				spec->ca, last_problem());
		return 0;
	}
	if (SSL_CTX_set_default_verify_paths(c->ctx) != 1)
		return gd_raise(err, GD_E_SYSTEM,
				"tls: the system's certificates can't be read: %s",
				last_problem());
	return 0;
}

static void set_name(struct gd_tls_config *c, const struct gd_tls_spec *spec,
		     const char *host)
{
	const char *name = spec && spec->server_name ? spec->server_name : host;
	ASN1_OCTET_STRING *address;

	/* A zone ("fe80::1%eth0") is no part of an address in a certificate. */
	(void)snprintf(c->name, sizeof(c->name), "%.*s", (int)strcspn(name, "%"), name);
	address = a2i_IPADDRESS(c->name);
	c->is_address = address != NULL;
	ASN1_OCTET_STRING_free(address);
	ERR_clear_error();
}

static int set_up(struct gd_tls_config *c, const struct gd_tls_spec *spec,
		  const char *alpn, struct gd_error *err)
{
	size_t len = strlen(alpn);

	if (len + 1 > sizeof(c->alpn))
		return gd_raise(err, GD_E_BUG, "tls: ALPN name '%s' is too long", alpn);
	c->alpn[0] = (unsigned char)len;
	memcpy(c->alpn + 1, alpn, len);
	c->alpn_len = (unsigned int)len + 1;
	c->ctx = SSL_CTX_new(TLS_client_method());
	if (!c->ctx)
		return gd_raise_nomem(err);
	SSL_CTX_set_app_data(c->ctx, c);
	(void)SSL_CTX_set_min_proto_version(c->ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_mode(c->ctx, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_CLIENT |
							     SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(c->ctx, keep_session);
	return load_authorities(c, spec, err);
}

int gd_tls_config_new(const struct gd_tls_spec *spec, const char *host, const char *alpn,
		      struct gd_tls_config **ret, struct gd_error *err)
{
	struct gd_tls_config *c = calloc(1, sizeof(*c));

	if (!c)
		return gd_raise_nomem(err);
	(void)pthread_mutex_init(&c->mutex, NULL);
	c->verify = !spec || spec->verify;
	set_name(c, spec, host);
	if (set_up(c, spec, alpn, err) < 0) {
		gd_tls_config_free(c);
		return -1;
	}
	*ret = c;
	return 0;
}

struct gd_tls_config *gd_tls_config_free(struct gd_tls_config *c)
{
	if (!c)
		return NULL;
	SSL_SESSION_free(c->session);
	SSL_CTX_free(c->ctx);
	(void)pthread_mutex_destroy(&c->mutex);
	free(c);
	return NULL;
}

/* --- one connection -------------------------------------------------------------------- */

static bool prepare(struct gd_tls *t, struct gd_tls_config *c)
{
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (!t->in || !t->out) {
		BIO_free(t->in);
		BIO_free(t->out);
		return false;
	}
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_connect_state(t->ssl);
	if (SSL_set_alpn_protos(t->ssl, c->alpn, c->alpn_len) != 0)
		return false;
	if (c->is_address)
		return !c->verify || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl),
								   c->name) == 1;
	return SSL_set_tlsext_host_name(t->ssl, c->name) == 1 &&
	       (!c->verify || SSL_set1_host(t->ssl, c->name) == 1);
}

struct gd_tls *gd_tls_new(struct gd_tls_config *c)
{
	struct gd_tls *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->config = c;
	t->ssl = SSL_new(c->ctx);
	if (!t->ssl || !prepare(t, c)) {
		gd_tls_free(t);
		return NULL;
	}
	(void)pthread_mutex_lock(&c->mutex);
	if (c->session)
		(void)SSL_set_session(t->ssl, c->session);
	(void)pthread_mutex_unlock(&c->mutex);
	return t;
}

void gd_tls_free(struct gd_tls *t)
{
	if (!t)
		return;
	/* Without this, freeing counts as an abort and spoils the session for others. */
	if (t->ssl)
		SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(t->ssl);
	free(t);
}

static enum gd_tls_state fail(struct gd_tls *t)
{
	long verdict = SSL_get_verify_result(t->ssl);
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	if (verdict != X509_V_OK && t->config->verify)
		(void)snprintf(t->problem, sizeof(t->problem),
			       "certificate not accepted: %s",
			       X509_verify_cert_error_string(verdict));
	else
		(void)snprintf(t->problem, sizeof(t->problem), "%s",
			       reason ? reason : "the connection ended");
	return GD_TLS_FAILED;
}

static enum gd_tls_state state_of(struct gd_tls *t, int status, enum gd_tls_state more)
{
	switch (SSL_get_error(t->ssl, status)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return more;
	case SSL_ERROR_ZERO_RETURN:
		return GD_TLS_CLOSED;
	default:
		return fail(t);
	}
}

/* A server that ignores ALPN speaks HTTP/1.1; one that chose another can't be talked to. */
static enum gd_tls_state check_alpn(struct gd_tls *t)
{
	static const char http1[] = "\x08http/1.1";
	const struct gd_tls_config *c = t->config;
	const unsigned char *chosen = NULL;
	unsigned int len = 0;

	SSL_get0_alpn_selected(t->ssl, &chosen, &len);
	if (len + 1 == c->alpn_len && memcmp(chosen, c->alpn + 1, len) == 0)
		return GD_TLS_UP;
	if (len == 0 && c->alpn_len == sizeof(http1) - 1 &&
	    memcmp(c->alpn, http1, sizeof(http1) - 1) == 0)
		return GD_TLS_UP;
	(void)snprintf(t->problem, sizeof(t->problem), "the server does not speak %.*s",
		       (int)c->alpn_len - 1, (const char *)c->alpn + 1);
	return GD_TLS_FAILED;
}

enum gd_tls_state gd_tls_handshake(struct gd_tls *t)
{
	int status;

	ERR_clear_error();
	status = SSL_do_handshake(t->ssl);
	return status == 1 ? check_alpn(t) : state_of(t, status, GD_TLS_HANDSHAKE);
}

bool gd_tls_input(struct gd_tls *t, const char *data, size_t size)
{
	size_t written = 0;

	return size == 0 ||
	       (BIO_write_ex(t->in, data, size, &written) == 1 && written == size);
}

enum gd_tls_state gd_tls_read(struct gd_tls *t, char *out, size_t size, size_t *ret_size)
{
	size_t n = 0;
	int status;

	ERR_clear_error();
	status = SSL_read_ex(t->ssl, out, size, &n);
	*ret_size = status == 1 ? n : 0;
	return status == 1 ? GD_TLS_UP : state_of(t, status, GD_TLS_UP);
}

bool gd_tls_write(struct gd_tls *t, const char *data, size_t size)
{
	size_t n = 0;

	if (size == 0)
		return true;
	ERR_clear_error();
	if (SSL_write_ex(t->ssl, data, size, &n) == 1 && n == size)
		return true;
	(void)fail(t);
	return false;
}

size_t gd_tls_output(struct gd_tls *t, char *out, size_t size)
{
	size_t n = 0;

	return BIO_read_ex(t->out, out, size, &n) == 1 ? n : 0;
}

const char *gd_tls_problem(const struct gd_tls *t)
{
	return t->problem;
}
