/* SPDX-License-Identifier: Apache-2.0 */
/* What HTTP/1.1 and HTTP/2 have in common: a target with its request and expectations. */
#pragma once

#include "gameday/load/proto/expect.h"
#include "gameday/load/proto/http_request.h"
#include "gameday/load/proto/proto.h"
#include "gameday/load/url.h"

struct gd_http_target {
	/* Puts request seq into out; false when it does not fit. */
	bool (*put)(const struct gd_http_target *t, uint64_t seq, struct gd_out *out);
	struct gd_http_request request;
	struct gd_expect expect;
	bool head_request, keepalive;
};

/*
 * gd_proto.target_init of both: ret->data is a struct gd_http_target. alpn as for
 * gd_tls_config_new, used when the URL's scheme is `secure`.
 */
int gd_http_target_init(const struct gd_load_spec *spec, const char *url,
			const char *secure, const char *alpn, struct gd_target *ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Its last part: the address, and TLS when secure. */
int gd_http_target_connect(const struct gd_load_spec *spec, const struct gd_url *url,
			   bool secure, const char *alpn, struct gd_target *t,
			   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_http_target_fini(struct gd_target *t) GD_NONNULL;
/* Whether spec's request and expectations can be compiled; the URL is not looked at. */
int gd_http_target_check(const struct gd_load_spec *spec,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* What a whole reply with this status means to the load. */
struct gd_reply gd_http_judge(const struct gd_http_target *t,
			      const struct gd_expect_match *match, int status,
			      int64_t retry_after_s) GD_NONNULL;
