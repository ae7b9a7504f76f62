/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/proto/http_request.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gameday/base/strbuf.h"

/* Length of " 18446744073709551615\r\n\r\n". */
enum { LENGTH_ROOM = 32 };

/* --- what a header may be ------------------------------------------------------------- */

/* RFC 9110, 5.6.2: token. */
static bool is_token(const char *s)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	if (!*s)
		return false;
	for (; *s; s++) {
		bool alnum = (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') ||
			     (*s >= 'A' && *s <= 'Z');

		if (!alnum && !strchr(marks, *s))
			return false;
	}
	return true;
}

static bool is_value(const char *s)
{
	for (; *s; s++) {
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			return false;
	}
	return true;
}

/* These say where a request ends and what becomes of the connection: ours to write. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {"Content-Length", "Transfer-Encoding",
					   "Connection",     "Keep-Alive",
					   "Upgrade",        "TE",
					   "Expect"};

	for (size_t i = 0; i < GD_N_ELEMS(ours); i++) {
		if (strcasecmp(name, ours[i]) == 0)
			return true;
	}
	return false;
}

static int check_header(const struct gd_header_spec *h, struct gd_error *err)
{
	if (!is_token(h->name))
		return gd_raise(err, GD_E_INPUT,
				"header '%.60s': not a name of an HTTP field", h->name);
	if (is_ours(h->name))
		return gd_raise(
			err, GD_E_INPUT,
			"header %s: gameday writes it itself (keepalive: false asks for a connection per request)",
			h->name);
	if (!is_value(h->value))
		return gd_raise(
			err, GD_E_INPUT,
			"header %s: its value holds a line end or a control character",
			h->name);
	return 0;
}

/* --- compiling ------------------------------------------------------------------------ */

static int add_field(struct gd_http_request *r, const char *name, const char *value,
		     struct gd_error *err)
{
	struct gd_http_field *f = &r->fields[r->n_fields];

	f->name = strdup(name);
	if (!f->name)
		return gd_raise_nomem(err);
	for (char *s = f->name; *s; s++)
		*s = (char)tolower((unsigned char)*s);
	r->n_fields++;
	if (gd_template_compile(value, &f->value, err) < 0)
		return gd_wrap(err, "header %s: ", name);
	return 0;
}

static bool is_given(const struct gd_load_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->headers.n; i++) {
		if (strcasecmp(
			    GD_AT(&spec->headers, const struct gd_header_spec, i)->name,
			    name) == 0)
			return true;
	}
	return false;
}

static int set_host(struct gd_http_request *r, const char *value, struct gd_error *err)
{
	if (strlen(value) >= sizeof(r->authority) || strstr(value, "${"))
		return gd_raise(
			err, GD_E_INPUT,
			"header Host: longer than %zu bytes, or not the same in all requests",
			sizeof(r->authority) - 1);
	(void)snprintf(r->authority, sizeof(r->authority), "%s", value);
	return 0;
}

static int compile_fields(const struct gd_load_spec *spec, struct gd_http_request *r,
			  struct gd_error *err)
{
	if (spec->headers.n > GD_HTTP_MAX_FIELDS)
		return gd_raise(err, GD_E_INPUT, "%zu headers, at most %d are possible",
				spec->headers.n, GD_HTTP_MAX_FIELDS);
	r->fields = calloc(spec->headers.n + 2, sizeof(*r->fields));
	if (!r->fields)
		return gd_raise_nomem(err);
	if ((!is_given(spec, "User-Agent") &&
	     add_field(r, "User-Agent", "gameday", err) < 0) ||
	    (!is_given(spec, "Accept") && add_field(r, "Accept", "*/*", err) < 0))
		return -1;
	for (size_t i = 0; i < spec->headers.n; i++) {
		const struct gd_header_spec *h =
			GD_AT(&spec->headers, const struct gd_header_spec, i);
		int status;

		if (check_header(h, err) < 0)
			return -1;
		status = strcasecmp(h->name, "Host") == 0
				 ? set_host(r, h->value, err)
				 : add_field(r, h->name, h->value, err);
		if (status < 0)
			return -1;
	}
	return 0;
}

static int compile_body(const struct gd_load_spec *spec, struct gd_http_request *r,
			struct gd_error *err)
{
	/* An empty body of these methods is told as such: RFC 9110, 8.6. */
	r->has_body = spec->body || strcmp(spec->method, "POST") == 0 ||
		      strcmp(spec->method, "PUT") == 0 ||
		      strcmp(spec->method, "PATCH") == 0;
	if (gd_template_compile(spec->body ? spec->body : "", &r->body, err) < 0)
		return gd_wrap(err, "body: ");
	if (r->body.max > GD_HTTP_MAX_BODY)
		return gd_raise(err, GD_E_INPUT,
				"body: up to %zu bytes long, at most %d are possible",
				r->body.max, GD_HTTP_MAX_BODY);
	r->counted = !gd_template_is_constant(&r->body);
	return 0;
}

static size_t max_size(const struct gd_http_request *r)
{
	return r->message.max + (r->counted ? LENGTH_ROOM + r->body.max : 0);
}

/* The text all of the request's places are in, as HTTP/1.1. */
static int compile_message(const struct gd_load_spec *spec, const char *path,
			   struct gd_http_request *r, struct gd_error *err)
{
	GD_AUTO_STRBUF(text);

	gd_strbuf_addf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", r->method, path,
		       r->authority);
	if (!is_given(spec, "User-Agent"))
		gd_strbuf_adds(&text, "User-Agent: gameday\r\n");
	if (!is_given(spec, "Accept"))
		gd_strbuf_adds(&text, "Accept: */*\r\n");
	for (size_t i = 0; i < spec->headers.n; i++) {
		const struct gd_header_spec *h =
			GD_AT(&spec->headers, const struct gd_header_spec, i);

		if (strcasecmp(h->name, "Host") != 0)
			gd_strbuf_addf(&text, "%s: %s\r\n", h->name, h->value);
	}
	if (!spec->keepalive)
		gd_strbuf_adds(&text, "Connection: close\r\n");
	if (r->counted)
		gd_strbuf_adds(&text, "Content-Length: ");
	else if (r->has_body)
		gd_strbuf_addf(&text, "Content-Length: %zu\r\n\r\n%s", r->body.max,
			       spec->body ? spec->body : "");
	else
		gd_strbuf_adds(&text, "\r\n");
	if (text.failed)
		return gd_raise_nomem(err);
	if (gd_template_compile(gd_strbuf_str(&text), &r->message, err) < 0)
		return -1;
	if (max_size(r) > GD_OUT_MAX)
		return gd_raise(err, GD_E_INPUT, "the request is larger than %d bytes",
				GD_OUT_MAX);
	return 0;
}

/* FNV-1a: loads of other names send other random values, the same ones each time. */
static uint64_t seed_of(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return h;
}

static int compile(const struct gd_load_spec *spec, const char *authority,
		   const char *path, struct gd_http_request *r, struct gd_error *err)
{
	(void)snprintf(r->method, sizeof(r->method), "%s", spec->method);
	(void)snprintf(r->authority, sizeof(r->authority), "%s", authority);
	r->seed = seed_of(spec->name);
	if (gd_template_compile(path, &r->path, err) < 0)
		return gd_wrap(err, "path: ");
	if (compile_fields(spec, r, err) < 0 || compile_body(spec, r, err) < 0)
		return -1;
	return compile_message(spec, path, r, err);
}

int gd_http_request_compile(const struct gd_load_spec *spec, const char *authority,
			    const char *path, struct gd_http_request *ret,
			    struct gd_error *err)
{
	struct gd_http_request r = {0};

	if (compile(spec, authority, path, &r, err) < 0) {
		gd_http_request_fini(&r);
		return -1;
	}
	*ret = r;
	return 0;
}

int gd_http_request_check(const struct gd_load_spec *spec, struct gd_error *err)
{
	struct gd_http_request r = {0};
	int status = compile(spec, "", "/", &r, err);

	gd_http_request_fini(&r);
	return status;
}

void gd_http_request_fini(struct gd_http_request *r)
{
	for (size_t i = 0; i < r->n_fields; i++) {
		free(r->fields[i].name);
		gd_template_fini(&r->fields[i].value);
	}
	free(r->fields);
	gd_template_fini(&r->path);
	gd_template_fini(&r->body);
	gd_template_fini(&r->message);
	*r = (struct gd_http_request){0};
}

/* --- rendering ------------------------------------------------------------------------ */

static bool put_length(struct gd_out *out, size_t n)
{
	static const char end[4] = {'\r', '\n', '\r', '\n'};
	char text[LENGTH_ROOM];
	size_t at = sizeof(text) - sizeof(end);

	memcpy(text + at, end, sizeof(end));
	do {
		text[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return gd_out_put(out, text + at, sizeof(text) - at);
}

size_t gd_http_request_body(const struct gd_http_request *r, uint64_t seq, char *out)
{
	/* Another seed than the head's: its places are counted from 0 as well. */
	return gd_template_render(&r->body, ~r->seed, seq, out);
}

bool gd_http_request_put(const struct gd_http_request *r, uint64_t seq,
			 struct gd_out *out)
{
	if (max_size(r) > gd_out_room(out))
		return false;
	out->n += gd_template_render(&r->message, r->seed, seq, out->data + out->n);
	if (!r->counted)
		return true;
	if (!put_length(out, gd_template_size(&r->body, ~r->seed, seq)))
		return false;
	out->n += gd_http_request_body(r, seq, out->data + out->n);
	return true;
}
