/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/proto/http_target.h"

#include <stdio.h>
#include <stdlib.h>

#include "gameday/base/clock.h"
#include "gameday/load/address.h"
#include "gameday/load/proto/tls.h"
#include "gameday/load/url.h"

static int compile_expect(const struct gd_load_spec *spec, struct gd_expect *e,
			  struct gd_error *err)
{
	const struct gd_expect_spec *x = spec->expect;

	for (size_t i = 0; x && i < x->status.n; i++) {
		if (gd_expect_add_status(
			    e, GD_AT(&x->status, const struct gd_status_spec, i)->text,
			    err) < 0)
			return -1;
	}
	return x && x->body ? gd_expect_set_body(e, x->body, err) : 0;
}

int gd_http_target_connect(const struct gd_load_spec *spec, const struct gd_url *url,
			   bool secure, const char *alpn, struct gd_target *t,
			   struct gd_error *err)
{
	if (secure && gd_tls_config_new(spec->tls, url->host, alpn, &t->tls, err) < 0)
		return -1;
	if (gd_address_resolve(url, &t->addr, &t->addr_len, err) < 0)
		return -1;
	(void)snprintf(t->name, sizeof(t->name), "%.100s", url->authority);
	t->streams = 1;
	return 0;
}

static bool put_request(const struct gd_http_target *t, uint64_t seq, struct gd_out *out)
{
	return gd_http_request_put(&t->request, seq, out);
}

static int init(const struct gd_load_spec *spec, const char *text, bool secure,
		const char *alpn, struct gd_target *t, struct gd_error *err)
{
	struct gd_http_target *h = t->data;
	struct gd_url url;

	if (gd_url_parse(text, secure ? 443 : 80, &url, err) < 0)
		return -1;
	h->put = put_request;
	h->head_request = strcmp(spec->method, "HEAD") == 0;
	h->keepalive = spec->keepalive;
	if (gd_http_request_compile(spec, url.authority, url.path, &h->request, err) <
		    0 ||
	    compile_expect(spec, &h->expect, err) < 0)
		return -1;
	return gd_http_target_connect(spec, &url, secure, alpn, t, err);
}

int gd_http_target_init(const struct gd_load_spec *spec, const char *url,
			const char *secure, const char *alpn, struct gd_target *ret,
			struct gd_error *err)
{
	ret->data = calloc(1, sizeof(struct gd_http_target));
	if (!ret->data)
		return gd_raise_nomem(err);
	if (init(spec, url, gd_url_has_scheme(url, secure), alpn, ret, err) == 0)
		return 0;
	gd_http_target_fini(ret);
	return -1;
}

void gd_http_target_fini(struct gd_target *t)
{
	struct gd_http_target *h = t->data;

	if (h) {
		gd_http_request_fini(&h->request);
		gd_expect_fini(&h->expect);
	}
	free(h);
	t->data = NULL;
	t->tls = gd_tls_config_free(t->tls);
}

int gd_http_target_check(const struct gd_load_spec *spec, struct gd_error *err)
{
	struct gd_expect e = {0};
	int status = compile_expect(spec, &e, err);

	gd_expect_fini(&e);
	return status < 0 ? -1 : gd_http_request_check(spec, err);
}

struct gd_reply gd_http_judge(const struct gd_http_target *t,
			      const struct gd_expect_match *match, int status,
			      int64_t retry_after_s)
{
	return (struct gd_reply){
		.outcome = gd_expect_judge(&t->expect, match, status),
		.status = status,
		.retry_after_ns = retry_after_s < 0 ? -1 : retry_after_s * GD_NS_PER_S,
	};
}
