/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request as a load's spec asks for it, compiled once and rendered for each request anew.
 * Pure; rendering allocates nothing.
 */
#pragma once

#include "gameday/load/proto/proto.h"
#include "gameday/load/proto/template.h"
#include "gameday/load/spec.h"

enum { GD_HTTP_MAX_FIELDS = 32, GD_HTTP_MAX_BODY = 64 * 1024 };

struct gd_http_field {
	char *name; /* owned; lower case, as HTTP/2 wants it */
	struct gd_template value;
};

struct gd_http_request {
	char method[17];
	char authority[272]; /* host and port, or what the Host field of the spec says */
	struct gd_template path;
	struct gd_http_field *fields; /* owned: without Host and Content-Length */
	size_t n_fields;
	bool has_body; /* its length is told */
	struct gd_template body;
	uint64_t seed;
	/*
	 * HTTP/1.1: the whole request when body is constant; else up to the value of
	 * Content-Length, which comes last.
	 */
	struct gd_template message;
	bool counted;
};

/*
 * From method, headers, body and keepalive of spec. Errors name the header or the text that
 * is wrong. Caller calls fini.
 */
int gd_http_request_compile(const struct gd_load_spec *spec, const char *authority,
			    const char *path, struct gd_http_request *ret,
			    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Whether that would work for the parts of spec that hold no {role}s: all but the URL. */
int gd_http_request_check(const struct gd_load_spec *spec,
			  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_http_request_fini(struct gd_http_request *r) GD_NONNULL; /* all zero is safe */
/* Puts request seq into out, as HTTP/1.1 (RFC 9112). False when it does not fit. */
bool gd_http_request_put(const struct gd_http_request *r, uint64_t seq,
			 struct gd_out *out) GD_NONNULL GD_MUST_CHECK;
/* Writes the body of request seq to out, r->body.max bytes large; returns its length. */
size_t gd_http_request_body(const struct gd_http_request *r, uint64_t seq,
			    char *out) GD_NONNULL;
