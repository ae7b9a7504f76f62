/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/spec.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/load/proto/http_target.h"

static const struct gd_field url_fields[] = {
	{.name = "url",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_url_spec, text),
	 .min = 1,
	 .max = 2048},
};

static const struct gd_shape url_shape = {
	.name = "URL",
	.fields = url_fields,
	.n_fields = GD_N_ELEMS(url_fields),
	.size = sizeof(struct gd_url_spec),
	.key_offset = GD_NO_OFFSET,
	.node_offset = offsetof(struct gd_url_spec, node),
	.given_offset = GD_NO_OFFSET,
	.scalar = true,
};

static const struct gd_field from_fields[] = {
	{.name = "from",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_from_spec, text),
	 .min = 1,
	 .max = 253},
};

static const struct gd_shape from_shape = {
	.name = "from",
	.fields = from_fields,
	.n_fields = GD_N_ELEMS(from_fields),
	.size = sizeof(struct gd_from_spec),
	.key_offset = GD_NO_OFFSET,
	.node_offset = GD_NO_OFFSET,
	.given_offset = GD_NO_OFFSET,
	.scalar = true,
};

static const struct gd_field header_fields[] = {
	{.name = "value",
	 .help = "value of this header; ${...} places differ between requests",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_header_spec, value),
	 .max = 8192},
};

static const struct gd_shape header_shape = {
	.name = "header",
	.fields = header_fields,
	.n_fields = GD_N_ELEMS(header_fields),
	.size = sizeof(struct gd_header_spec),
	.key_offset = offsetof(struct gd_header_spec, name),
	.node_offset = GD_NO_OFFSET,
	.given_offset = GD_NO_OFFSET,
	.scalar = true,
};

static const struct gd_field status_fields[] = {
	{.name = "status",
	 .help = "as 204, or 2xx",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_status_spec, text),
	 .min = 3,
	 .max = 3},
};

static const struct gd_shape status_shape = {
	.name = "status",
	.fields = status_fields,
	.n_fields = GD_N_ELEMS(status_fields),
	.size = sizeof(struct gd_status_spec),
	.key_offset = GD_NO_OFFSET,
	.node_offset = GD_NO_OFFSET,
	.given_offset = GD_NO_OFFSET,
	.scalar = true,
};

static const struct gd_field expect_fields[] = {
	{.name = "status",
	 .help = "statuses that are right, as 204 or 2xx; none: 2xx",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_expect_spec, status),
	 .shape = &status_shape},
	{.name = "body",
	 .help = "text that the body contains",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_expect_spec, body),
	 .min = 1,
	 .max = 1024},
};

static const struct gd_choice arrivals[] = {
	{"even", "equal gaps", GD_ARRIVALS_EVEN},
	{"poisson", "gaps by chance, as of many users that know nothing of each other",
	 GD_ARRIVALS_POISSON},
	{0},
};

static const struct gd_shape expect_shape =
	GD_SHAPE("expect", expect_fields, struct gd_expect_spec);

static const struct gd_field tls_fields[] = {
	{.name = "ca",
	 .help = "file of the certificates (PEM) that are trusted, where the load runs; none: the system's",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_tls_spec, ca),
	 .min = 1,
	 .max = 4095},
	{.name = "server_name",
	 .help = "name that the certificate must have; none: the URL's host",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_tls_spec, server_name),
	 .min = 1,
	 .max = 253},
	{.name = "verify",
	 .help = "whether a certificate that can't be verified is a failure",
	 .dflt = "true",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct gd_tls_spec, verify)},
};

static const struct gd_shape tls_shape = GD_SHAPE("tls", tls_fields, struct gd_tls_spec);

static const struct gd_field load_fields[] = {
	{.name = "name",
	 .help = "what conditions and reports call it",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct gd_load_spec, name),
	 .min = 1,
	 .max = GD_LOAD_NAME_MAX},
	{.name = "from",
	 .help = "where the traffic starts: runner, a host role (all its hosts), or a list of these, which divide the load between them; none: runner",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_load_spec, from),
	 .shape = &from_shape},
	{.name = "http",
	 .help = "URL to request (http, https, h2, h2c), or a list: see balance; {role} stands for a host's address",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_load_spec, http),
	 .shape = &url_shape},
	{.name = "tcp",
	 .help = "instead of http: HOST:PORT to connect to, or a list; with size, to echo that many bytes",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_load_spec, tcp),
	 .shape = &url_shape},
	{.name = "udp",
	 .help = "instead of http: HOST:PORT that echoes datagrams, or a list",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_load_spec, udp),
	 .shape = &url_shape},
	{.name = "ping",
	 .help = "instead of http: HOST to send ICMP echo to, or a list",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_load_spec, ping),
	 .shape = &url_shape},
	{.name = "etcd",
	 .help = "instead of http: HOST:PORT of etcd (or etcds://HOST:PORT), or a list; see put, keys, size",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_load_spec, etcd),
	 .shape = &url_shape},
	{.name = "fsync",
	 .help = "instead of http: directory to write and sync blocks in, where the load runs",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_load_spec, fsync),
	 .shape = &url_shape},
	{.name = "size",
	 .help = "bytes of an echo, a datagram, a block of fsync, a value of etcd; 0: none of tcp, 64 of udp, 56 of ping, 4KiB of fsync, 256 of etcd",
	 .dflt = "0",
	 .kind = GD_KIND_BYTES,
	 GD_MEMBER(struct gd_load_spec, size),
	 .min = 0,
	 .max = 1 << 20},
	{.name = "put",
	 .help = "of etcd: the share of puts, the others get",
	 .dflt = "10%",
	 .kind = GD_KIND_RATIO,
	 GD_MEMBER(struct gd_load_spec, put),
	 .min = 0,
	 .max = 1000000000},
	{.name = "keys",
	 .help = "of etcd: as many different keys",
	 .dflt = "1000",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_load_spec, keys),
	 .min = 1,
	 .max = 100000000},
	{.name = "method",
	 .help = "HTTP method",
	 .dflt = "GET",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_load_spec, method),
	 .min = 1,
	 .max = 16},
	{.name = "headers",
	 .help = "header fields of each request: NAME: VALUE",
	 .kind = GD_KIND_MAP,
	 GD_MEMBER(struct gd_load_spec, headers),
	 .shape = &header_shape},
	{.name = "body",
	 .help = "body of each request; as in the path and in headers, ${seq}, ${random:1..1000}, ${text:8} and ${uuid} differ between requests",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_load_spec, body),
	 .max = INT64_C(65536)},
	{.name = "keepalive",
	 .help = "whether a connection carries one request after the other; false: one each",
	 .dflt = "true",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct gd_load_spec, keepalive)},
	{.name = "expect",
	 .help = "what a reply must be to count as a success",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_load_spec, expect),
	 .shape = &expect_shape},
	{.name = "tls",
	 .help = "of https and h2: whom to trust",
	 .kind = GD_KIND_OBJECT,
	 GD_MEMBER(struct gd_load_spec, tls),
	 .shape = &tls_shape},
	{.name = "rate",
	 .help = "open loop: requests per second of each client, as 200/s; ramps and steps: 100/s..1000/s over 60s, 500/s for 10s, 100/s (the last one goes on)",
	 .kind = GD_KIND_COURSE,
	 GD_MEMBER(struct gd_load_spec, rate),
	 .min = 0,
	 .max = INT64_C(1000000000)},
	{.name = "arrivals",
	 .help = "open loop: how starts are spread",
	 .dflt = "even",
	 .kind = GD_KIND_ENUM,
	 GD_MEMBER(struct gd_load_spec, arrivals),
	 .choices = arrivals},
	{.name = "burst",
	 .help = "open loop: requests that start at once (incast); by rate such bursts are as much rarer, else see every",
	 .dflt = "0",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_load_spec, burst),
	 .min = 0,
	 .max = GD_LOAD_MAX_CONNECTIONS},
	{.name = "every",
	 .help = "from one burst to the next, instead of a rate",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_load_spec, every),
	 .min = 0,
	 .max = 3600 * GD_NS_PER_S},
	{.name = "share",
	 .help = "clients share the rate, each start belongs to one of them in turn; else each has all",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct gd_load_spec, share)},
	{.name = "concurrency",
	 .help = "closed loop: requests each client keeps under way",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_load_spec, concurrency),
	 .min = 0,
	 .max = GD_LOAD_MAX_CONNECTIONS},
	{.name = "connections",
	 .help = "connections of each client, at most; 0: 50, or as many as concurrency",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_load_spec, connections),
	 .dflt = "0",
	 .min = 0,
	 .max = GD_LOAD_MAX_CONNECTIONS},
	{.name = "threads",
	 .help = "threads that divide starts, connections and limits between them, when one core is not enough; each keeps the state of policies (budgets, breakers) for its part; health is checked once, for all of them",
	 .dflt = "1",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_load_spec, threads),
	 .min = 1,
	 .max = GD_LOAD_MAX_THREADS},
	{.name = "timeout",
	 .help = "one attempt, from its start (waiting for a connection included) to the whole reply",
	 .dflt = "1s",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct gd_load_spec, timeout),
	 .min = GD_NS_PER_MS,
	 .max = 600 * GD_NS_PER_S},
	{.name = "clients",
	 .help = "client policies compared side by side; none: one, plain",
	 .kind = GD_KIND_MAP,
	 GD_MEMBER(struct gd_load_spec, clients),
	 .shape = &gd_client_shape},
};

const struct gd_shape gd_load_shape = {
	.name = "load",
	.fields = load_fields,
	.n_fields = GD_N_ELEMS(load_fields),
	.size = sizeof(struct gd_load_spec),
	.key_offset = GD_NO_OFFSET,
	.node_offset = offsetof(struct gd_load_spec, node),
	.given_offset = GD_NO_OFFSET,
};

struct gd_span gd_load_spec_longest(const struct gd_load_spec *spec)
{
	struct gd_span longest = gd_client_spec_longest(NULL, spec->timeout);

	for (size_t i = 0; i < spec->clients.n; i++) {
		struct gd_span one = gd_client_spec_longest(
			GD_AT(&spec->clients, const struct gd_client_spec, i),
			spec->timeout);

		if (one.ns > longest.ns)
			longest = one;
	}
	return longest;
}

/* The lists of which exactly one says where a load goes, and with what protocol. */
static const struct {
	const char *key;
	size_t offset;
} url_lists[] = {
	{"http", offsetof(struct gd_load_spec, http)},
	{"tcp", offsetof(struct gd_load_spec, tcp)},
	{"udp", offsetof(struct gd_load_spec, udp)},
	{"ping", offsetof(struct gd_load_spec, ping)},
	{"etcd", offsetof(struct gd_load_spec, etcd)},
	{"fsync", offsetof(struct gd_load_spec, fsync)},
};

struct gd_list *gd_load_spec_urls(struct gd_load_spec *spec, const char **ret_key)
{
	struct gd_list *found = NULL;

	for (size_t i = 0; i < GD_N_ELEMS(url_lists); i++) {
		struct gd_list *list =
			(struct gd_list *)(void *)((char *)spec + url_lists[i].offset);

		if (list->n == 0)
			continue;
		if (found)
			return NULL;
		found = list;
		*ret_key = url_lists[i].key;
	}
	return found;
}

const struct gd_list *gd_load_spec_urls_of(const struct gd_load_spec *spec,
					   const char **ret_key)
{
	/* Nothing is written to it. */
	return gd_load_spec_urls((struct gd_load_spec *)(uintptr_t)spec, ret_key);
}

char *gd_load_url(const char *key, const char *text)
{
	char *url = NULL;

	if (strstr(text, "://") || strcmp(key, "http") == 0)
		return strdup(text);
	return asprintf(&url, "%s://%s", key, text) < 0 ? NULL : url;
}

void gd_load_urls_fini(struct gd_list *urls)
{
	for (size_t i = 0; i < urls->n; i++)
		gd_shape_fini(&url_shape, GD_AT(urls, struct gd_url_spec, i));
	free(urls->items);
	*urls = (struct gd_list){0};
}

/* Names become parts of metric names (LOAD.CLIENT.METRIC) and of file names. */
static bool is_name(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > GD_LOAD_NAME_MAX)
		return false;
	for (; *s; s++) {
		if (!isalnum((unsigned char)*s) && *s != '-' && *s != '_')
			return false;
	}
	return true;
}

/* 0 is no limit, and needs no dividing. */
static int check_share(const struct gd_load_spec *spec, const char *client,
		       const char *what, int64_t of, int64_t n_parts,
		       struct gd_error *err)
{
	if (of == 0 || of >= n_parts)
		return 0;
	return gd_raise(
		err, GD_E_INPUT,
		"load %s: %s%s%s of %lld can't be divided between %lld threads and vantage points: give more, or fewer of these",
		spec->name, client, *client ? ": " : "", what, (long long)of,
		(long long)n_parts);
}

static int check_client_shares(const struct gd_load_spec *spec,
			       const struct gd_client_spec *c, int64_t n,
			       struct gd_error *err)
{
	const struct {
		const char *what;
		int64_t of;
	} rows[] = {
		{"limit: a burst", c->limit ? c->limit->burst : 0},
		{"bulkhead: a max", c->bulkhead ? c->bulkhead->max : 0},
		{"bulkhead: a queue", c->bulkhead ? c->bulkhead->queue : 0},
		{"pool: a max", c->pool ? c->pool->max : 0},
		{"pool: a max_idle", c->pool ? c->pool->max_idle : 0},
	};

	for (size_t i = 0; i < GD_N_ELEMS(rows); i++) {
		if (check_share(spec, c->name, rows[i].what, rows[i].of, n, err) < 0)
			return -1;
	}
	return 0;
}

int gd_load_spec_divide_check(const struct gd_load_spec *spec, int64_t n_parts,
			      struct gd_error *err)
{
	if (check_share(spec, "", "a concurrency", spec->concurrency, n_parts, err) < 0 ||
	    check_share(spec, "", "connections", spec->connections, n_parts, err) < 0)
		return -1;
	for (size_t i = 0; i < spec->clients.n; i++) {
		if (check_client_shares(
			    spec, GD_AT(&spec->clients, const struct gd_client_spec, i),
			    n_parts, err) < 0)
			return -1;
	}
	return 0;
}

static int check_clients(const struct gd_load_spec *spec, struct gd_error *err)
{
	if (spec->clients.n > GD_LOAD_MAX_CLIENTS)
		return gd_raise(err, GD_E_INPUT,
				"load %s: %zu clients, at most %d are possible",
				spec->name, spec->clients.n, GD_LOAD_MAX_CLIENTS);
	for (size_t i = 0; i < spec->clients.n; i++) {
		const struct gd_client_spec *c =
			GD_AT(&spec->clients, struct gd_client_spec, i);

		if (!is_name(c->name))
			return gd_raise(
				err, GD_E_INPUT,
				"load %s: client name '%s': wanted letters, digits, - and _, at most %d",
				spec->name, c->name, GD_LOAD_NAME_MAX);
		if (gd_client_spec_check(c, err) < 0)
			return gd_wrap(err, "load %s: client %s: ", spec->name, c->name);
	}
	return 0;
}

/* What only HTTP has, is not given with anything else. */
static int check_http_only(const struct gd_load_spec *spec, const char *key,
			   struct gd_error *err)
{
	bool is_etcd = strcmp(key, "etcd") == 0;
	const char *odd = strcmp(spec->method, "GET") != 0  ? "method"
			  : spec->body                      ? "body"
			  : spec->expect                    ? "expect"
			  : spec->headers.n > 0 && !is_etcd ? "headers"
			  : spec->tls && !is_etcd           ? "tls"
							    : NULL;

	if (!odd || strcmp(key, "http") == 0)
		return 0;
	return gd_raise(err, GD_E_INPUT, "load %s: %s says nothing to %s", spec->name,
			odd, key);
}

static int check_urls(const struct gd_load_spec *spec, struct gd_error *err)
{
	const char *key = NULL;
	const struct gd_list *urls = gd_load_spec_urls_of(spec, &key);

	if (!urls)
		return gd_raise(err, GD_E_INPUT,
				"load %s: give %s of http, tcp, udp, ping, etcd, fsync",
				spec->name, key ? "only one" : "one");
	if (urls->n > GD_LOAD_MAX_TARGETS)
		return gd_raise(err, GD_E_INPUT, "load %s: %zu URLs; wanted: 1 to %d",
				spec->name, urls->n, GD_LOAD_MAX_TARGETS);
	return check_http_only(spec, key, err);
}

void gd_load_spec_rate(const struct gd_load_spec *spec, struct gd_course *ret)
{
	double per_s;

	*ret = (struct gd_course){0};
	if (gd_course_peak(&spec->rate) > 0) {
		*ret = spec->rate;
	} else if (spec->burst > 0 && spec->every.ns > 0) {
		per_s = (double)spec->burst * (double)GD_NS_PER_S /
			(double)spec->every.ns;
		ret->legs[0] = (struct gd_course_leg){.from = per_s, .to = per_s};
		ret->n = 1;
	}
}

/* What says when requests start. */
static int check_starts(const struct gd_load_spec *spec, struct gd_error *err)
{
	bool rate = gd_course_peak(&spec->rate) > 0, every = spec->every.ns > 0;
	bool open = rate || every, closed = spec->concurrency > 0;

	if (open == closed)
		return gd_raise(
			err, GD_E_INPUT,
			"load %s: give either rate (open loop) or concurrency (closed loop)%s",
			spec->name, open ? ", not both" : "");
	if (every && (rate || spec->burst < 1))
		return gd_raise(err, GD_E_INPUT,
				"load %s: every is for bursts without a rate: give %s",
				spec->name, rate ? "one of rate and every" : "burst too");
	if (closed &&
	    (spec->burst > 0 || spec->arrivals != GD_ARRIVALS_EVEN || spec->share))
		return gd_raise(
			err, GD_E_INPUT,
			"load %s: arrivals, burst and share are of an open loop: a closed one (concurrency) starts a request when one has ended",
			spec->name);
	return 0;
}

int gd_load_spec_check(const struct gd_load_spec *spec, struct gd_error *err)
{
	if (!is_name(spec->name))
		return gd_raise(
			err, GD_E_INPUT,
			"load name '%s': wanted letters, digits, - and _, at most %d",
			spec->name, GD_LOAD_NAME_MAX);
	if (check_starts(spec, err) < 0)
		return -1;
	if (check_urls(spec, err) < 0)
		return -1;
	for (const char *s = spec->method; *s; s++) {
		if (!isupper((unsigned char)*s))
			return gd_raise(
				err, GD_E_INPUT,
				"load %s: method '%s': wanted capital letters, as in GET",
				spec->name, spec->method);
	}
	if (strcmp(spec->method, "CONNECT") == 0)
		return gd_raise(err, GD_E_INPUT,
				"load %s: method CONNECT is not supported", spec->name);
	if (gd_http_target_check(spec, err) < 0)
		return gd_wrap(err, "load %s: ", spec->name);
	if (check_clients(spec, err) < 0)
		return -1;
	return gd_load_spec_divide_check(spec, spec->threads, err);
}
