/* SPDX-License-Identifier: Apache-2.0 */
/*
 * etcd://HOST:PORT: gets and puts through etcd's JSON API (/v3/kv/range and /v3/kv/put, as
 * etcd's own gRPC gateway maps them), over HTTP/1.1. Gets are linearizable, puts are committed
 * by the raft group and synced to its disks. Keys are gameday/load/00000000 and up, as many as
 * `keys` says, taken at random; they stay behind.
 */
#include <stdio.h>
#include <stdlib.h>

#include "gameday/load/proto/http1.h"
#include "gameday/load/proto/rows.h"

enum {
	DFLT_SIZE = 256,
	MAX_SIZE = 32 * 1024,
	KEY_LEN = 21, /* a multiple of 3, so that base64 does not pad it */
	KEY64_LEN = KEY_LEN / 3 * 4,
	PORT = 2379,
	PPB = 1000000000,
};

struct etcd_target {
	struct gd_http_target http;  /* first; its request is the get */
	struct gd_http_request puts; /* with a body of the right length */
	size_t get_len, put_len;     /* of the bodies */
	size_t size;                 /* of a value */
	uint64_t keys;
	uint64_t put_ppb;
};

static const char get_form[] = "{\"key\":\"%s\"}";
static const char put_form[] = "{\"key\":\"%s\",\"value\":\"%s\"}";

/* --- bodies ---------------------------------------------------------------------------- */

static const char letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_key(uint64_t n, char out[KEY64_LEN])
{
	char key[KEY_LEN + 1];

	(void)snprintf(key, sizeof(key), "gameday/load/%08llu",
		       (unsigned long long)(n % 100000000));
	for (size_t i = 0; i < KEY_LEN / 3; i++) {
		const unsigned char *s = (const unsigned char *)key + 3 * i;
		uint32_t v = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];

		for (size_t k = 0; k < 4; k++)
			out[4 * i + k] = letters[v >> (18 - 6 * k) & 63];
	}
}

static size_t base64_len(size_t size)
{
	return (size + 2) / 3 * 4;
}

/* Any letters are the base64 of some bytes; only the last group says how many they are. */
static void put_value(uint64_t random, size_t size, char *out)
{
	static const char ends[3][4] = {"", {'Z', 'w', '=', '='}, {'Z', '2', 'c', '='}};
	size_t n = size / 3 * 4;

	for (size_t i = 0; i < n; i++)
		out[i] = letters[gd_template_mix(random, i / 8, 0) >> (i % 8 * 6) & 63];
	if (size % 3 > 0)
		memcpy(out + n, ends[size % 3], sizeof(ends[0]));
}

/* Renders the request and writes the key and the value into its body, which comes last. */
static bool etcd_put(const struct gd_http_target *http, uint64_t seq, struct gd_out *out)
{
	const struct etcd_target *t = (const struct etcd_target *)(const void *)http;
	uint64_t seed = http->request.seed;
	bool put = gd_template_mix(seed, seq, 1) % PPB < t->put_ppb;
	char *key;

	if (!gd_http_request_put(put ? &t->puts : &http->request, seq, out))
		return false;
	key = out->data + out->n - (put ? t->put_len : t->get_len) +
	      strlen("{\"key\":\"");
	put_key(gd_template_mix(seed, seq, 2) % t->keys, key);
	if (put)
		put_value(gd_template_mix(seed, seq, 3), t->size,
			  key + KEY64_LEN + strlen("\",\"value\":\""));
	return true;
}

/* --- the target ------------------------------------------------------------------------ */

/* A body of that form and length; what differs between requests is filled in later. */
static char *blank_body(size_t value_len)
{
	GD_AUTO_FREE char *value = malloc(value_len + 1);
	char key[KEY64_LEN + 1], *body = NULL;

	if (!value)
		return NULL;
	memset(key, 'k', KEY64_LEN);
	key[KEY64_LEN] = '\0';
	memset(value, 'v', value_len);
	value[value_len] = '\0';
	if ((value_len > 0 ? asprintf(&body, put_form, key, value)
			   : asprintf(&body, get_form, key)) < 0)
		return NULL;
	return body;
}

static int check(const struct gd_load_spec *spec, const struct gd_url *url,
		 struct gd_error *err)
{
	if (spec->size.n > MAX_SIZE)
		return gd_raise(err, GD_E_INPUT,
				"size: %lld bytes, at most %d are possible with etcd",
				(long long)spec->size.n, MAX_SIZE);
	if (strcmp(url->path, "/") != 0)
		return gd_raise(err, GD_E_INPUT,
				"URL of etcd: a path, '%.100s', is too much", url->path);
	return 0;
}

static int compile(const struct gd_load_spec *spec, const struct gd_url *url,
		   struct etcd_target *t, struct gd_error *err)
{
	char post[] = "POST";
	GD_AUTO_FREE char *get = blank_body(0);
	GD_AUTO_FREE char *put = blank_body(base64_len(t->size));
	struct gd_load_spec s = *spec;

	if (!get || !put)
		return gd_raise_nomem(err);
	t->get_len = strlen(get);
	t->put_len = strlen(put);
	s.method = post;
	s.body = get;
	if (gd_http_request_compile(&s, url->authority, "/v3/kv/range", &t->http.request,
				    err) < 0)
		return -1;
	s.body = put;
	return gd_http_request_compile(&s, url->authority, "/v3/kv/put", &t->puts, err);
}

static void target_fini(struct gd_target *target)
{
	struct etcd_target *t = target->data;

	if (t)
		gd_http_request_fini(&t->puts);
	gd_http_target_fini(target);
}

static int init(const struct gd_load_spec *spec, const char *text,
		struct gd_target *target, struct gd_error *err)
{
	struct etcd_target *t = target->data;
	bool secure = gd_url_has_scheme(text, "etcds");
	struct gd_url url;

	t->size = spec->size.n ? (size_t)spec->size.n : DFLT_SIZE;
	t->keys = (uint64_t)spec->keys;
	t->put_ppb = (uint64_t)spec->put.ppb;
	t->http.put = etcd_put;
	t->http.keepalive = spec->keepalive;
	if (gd_url_parse(text, PORT, &url, err) < 0 || check(spec, &url, err) < 0 ||
	    compile(spec, &url, t, err) < 0)
		return -1;
	return gd_http_target_connect(spec, &url, secure, "http/1.1", target, err);
}

static int target_init(const struct gd_load_spec *spec, const char *url,
		       struct gd_target *ret, struct gd_error *err)
{
	ret->data = calloc(1, sizeof(struct etcd_target));
	if (!ret->data)
		return gd_raise_nomem(err);
	if (init(spec, url, ret, err) == 0)
		return 0;
	target_fini(ret);
	return -1;
}

static const char *const schemes[] = {"etcd", "etcds", NULL};

const struct gd_proto gd_proto_etcd = {
	.key = "etcd",
	.schemes = schemes,
	.transport = GD_PROTO_STREAM,
	.conn_size = GD_HTTP1_CONN_SIZE,
	.target_init = target_init,
	.target_fini = target_fini,
	.open = gd_http1_open,
	.send = gd_http1_send,
	.feed = gd_http1_feed,
	.eof = gd_http1_eof,
};
