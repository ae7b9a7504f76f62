/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load generator alone. The command line becomes the node tree of a scenario's load, so
 * rates, limits and client policies mean here what they mean there.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/loop.h"
#include "gameday/cli/cmd.h"
#include "gameday/cli/load_compare.h"
#include "gameday/cli/load_result.h"
#include "gameday/load/hist_log.h"
#include "gameday/load/load.h"
#include "gameday/load/proto/proto.h"
#include "gameday/scenario/yaml.h"

GD_DEFINE_AUTO(gd_loop, gd_loop_free);

extern const struct gd_cmd gd_cmd_load;

#define NAME "load"

struct options {
	char *rate, *arrivals, *burst, *every;
	char *concurrency, *connections, *threads, *timeout, *method;
	struct gd_span length;
	struct gd_list clients; /* struct yaml_text */
	struct gd_list with;    /* struct yaml_text */
	int engine;             /* enum gd_reactor_kind */
	char *hdr, *compare;
	bool share, json;
};

struct yaml_text {
	char *text;
};

static const struct gd_field client_fields[] = {
	{.name = "client",
	 .help = "a client policy, as under clients: in a scenario",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 .min = 1,
	 .max = 4096,
	 GD_MEMBER(struct yaml_text, text)},
};

static const struct gd_shape client_shape = {.name = "client",
					     .fields = client_fields,
					     .n_fields = 1,
					     .size = sizeof(struct yaml_text),
					     .key_offset = GD_NO_OFFSET,
					     .node_offset = GD_NO_OFFSET,
					     .given_offset = GD_NO_OFFSET,
					     .scalar = true};

static const struct gd_field with_fields[] = {
	{.name = "with",
	 .help = "keys of a load, as in a scenario",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 .min = 1,
	 .max = 65536,
	 GD_MEMBER(struct yaml_text, text)},
};

static const struct gd_shape with_shape = {.name = "with",
					   .fields = with_fields,
					   .n_fields = 1,
					   .size = sizeof(struct yaml_text),
					   .key_offset = GD_NO_OFFSET,
					   .node_offset = GD_NO_OFFSET,
					   .given_offset = GD_NO_OFFSET,
					   .scalar = true};

static const struct gd_choice engines[] = {
	{"auto", "io_uring where the kernel allows it, else epoll", GD_REACTOR_AUTO},
	{"epoll", "readiness", GD_REACTOR_EPOLL},
	{"io_uring", "rings shared with the kernel, Linux 6.1", GD_REACTOR_URING},
	{0},
};

static const struct gd_field fields[] = {
	{.name = "rate",
	 .help = "open loop: requests per second of each client, as 200/s, or '100/s..1000/s over 60s', '100/s for 10s, 500/s for 10s'",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, rate)},
	{.name = "arrivals",
	 .help = "open loop: even (default) or poisson",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, arrivals)},
	{.name = "burst",
	 .help = "open loop: requests that start at once, by --rate or --every",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, burst)},
	{.name = "every",
	 .help = "open loop: from one burst to the next, instead of --rate",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, every)},
	{.name = "share",
	 .help = "clients share the rate; else each has all of it",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, share)},
	{.name = "concurrency",
	 .help = "closed loop: requests that each client keeps under way",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, concurrency)},
	{.name = "for",
	 .help = "how long",
	 .kind = GD_KIND_DURATION,
	 .flags = GD_FIELD_REQUIRED,
	 .min = GD_NS_PER_MS,
	 .max = 24 * 3600 * GD_NS_PER_S,
	 GD_MEMBER(struct options, length)},
	{.name = "connections",
	 .help = "connections of each client, at most",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, connections)},
	{.name = "threads",
	 .help = "threads that share starts and connections, when one core is not enough (default 1)",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, threads)},
	{.name = "timeout",
	 .help = "of one attempt (default 1s)",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, timeout)},
	{.name = "method",
	 .help = "HTTP method (default GET)",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct options, method)},
	{.name = "client",
	 .help = "a client, as in a scenario: 'NAME: {retry: {attempts: 3}}'; may repeat",
	 .kind = GD_KIND_LIST,
	 .shape = &client_shape,
	 GD_MEMBER(struct options, clients)},
	{.name = "with",
	 .help = "more of the load, as in a scenario: 'method: PUT', 'body: \"n=${seq}\"', 'expect: {status: 204}'; may repeat",
	 .kind = GD_KIND_LIST,
	 .shape = &with_shape,
	 GD_MEMBER(struct options, with)},
	{.name = "engine",
	 .help = "how it waits for the network (for comparing them)",
	 .kind = GD_KIND_ENUM,
	 .dflt = "auto",
	 .choices = engines,
	 GD_MEMBER(struct options, engine)},
	{.name = "hdr",
	 .help = "write a HdrHistogram log of the intervals to this file; several clients have their names as tags",
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 4096,
	 GD_MEMBER(struct options, hdr)},
	{.name = "compare",
	 .help = "compare with an earlier --json in this file; exit status 1 when something is worse by more than noise",
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 4096,
	 GD_MEMBER(struct options, compare)},
	{.name = "json",
	 .help = "print the result as JSON",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, json)},
};

struct session {
	const struct options *options;
	struct gd_load *load; /* owned */
	struct gd_load_result result;
	FILE *hdr; /* owned; NULL: none is asked for */
	int64_t hdr_start_ns;
	bool live, ended, given_up;
	struct gd_error err;
	bool failed;
};

/* --- the spec ------------------------------------------------------------------------- */

static int put_text(struct gd_node *map, const char *key, const char *text,
		    struct gd_error *err)
{
	struct gd_node *value;

	if (!text)
		return 0;
	value = gd_node_scalar(text, false, (struct gd_pos){0});
	if (!value || gd_node_append(map, key, (struct gd_pos){0}, value) < 0)
		return gd_raise_nomem(err);
	return 0;
}

/* All entries of `from` become entries of `to`. */
static int move_entries(struct gd_node *to, struct gd_node *from, const char *what,
			struct gd_error *err)
{
	for (size_t i = 0; i < from->n_entries; i++) {
		struct gd_node_entry *e = &from->entries[i];

		if (gd_node_get(to, e->key))
			return gd_raise(err, GD_E_INPUT, "%s %s given twice", what,
					e->key);
		if (gd_node_append(to, e->key, e->key_pos, gd_steal_ptr(&e->value)) < 0)
			return gd_raise_nomem(err);
	}
	return 0;
}

static int parse_yaml(const char *text, const char *option, struct gd_node **ret,
		      struct gd_error *err)
{
	GD_AUTO_DIAGS(diags);

	if (gd_yaml_parse(text, strlen(text), option, ret, &diags) == 0)
		return 0;
	return gd_diags_to_error(&diags, err) < 0
		       ? -1
		       : gd_raise(err, GD_E_INPUT, "%s '%s' is not YAML", option, text);
}

/* "plain", or "NAME: {POLICY}" in YAML, is added to the map of clients. */
static int add_client(struct gd_node *clients, const char *text, struct gd_error *err)
{
	GD_AUTO(gd_node) struct gd_node *tree = NULL;
	struct gd_node *empty;

	if (parse_yaml(text, "--client", &tree, err) < 0)
		return -1;
	if (tree && tree->kind == GD_NODE_SCALAR) {
		empty = gd_node_new(GD_NODE_MAP, (struct gd_pos){0});
		if (!empty ||
		    gd_node_append(clients, tree->text, (struct gd_pos){0}, empty) < 0)
			return gd_raise_nomem(err);
		return 0;
	}
	if (!tree || tree->kind != GD_NODE_MAP || tree->n_entries == 0)
		return gd_raise(
			err, GD_E_INPUT,
			"--client '%s': wanted NAME or 'NAME: {retry: {attempts: 3}}'",
			text);
	return move_entries(clients, tree, "client", err);
}

static int add_clients(struct gd_node *map, const struct options *o, struct gd_error *err)
{
	struct gd_node *clients = gd_node_new(GD_NODE_MAP, (struct gd_pos){0});

	if (!clients || gd_node_append(map, "clients", (struct gd_pos){0}, clients) < 0)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < o->clients.n; i++) {
		if (add_client(clients, GD_AT(&o->clients, struct yaml_text, i)->text,
			       err) < 0)
			return -1;
	}
	return 0;
}

static int add_with(struct gd_node *map, const struct options *o, struct gd_error *err)
{
	for (size_t i = 0; i < o->with.n; i++) {
		const char *text = GD_AT(&o->with, struct yaml_text, i)->text;
		GD_AUTO(gd_node) struct gd_node *tree = NULL;

		if (parse_yaml(text, "--with", &tree, err) < 0)
			return -1;
		if (!tree || tree->kind != GD_NODE_MAP)
			return gd_raise(
				err, GD_E_INPUT,
				"--with '%s': wanted 'KEY: VALUE', as 'body: hello'",
				text);
		if (move_entries(map, tree, "key", err) < 0)
			return -1;
	}
	return 0;
}

/* Under which key of a load a URL belongs; one of no known scheme is refused later. */
static const char *key_of(const char *url)
{
	const struct gd_proto *proto = gd_proto_of_url(url);

	return proto ? proto->key : "http";
}

static int make_tree(const struct gd_cmd_args *args, struct gd_node *map,
		     struct gd_error *err)
{
	const struct options *o = args->options;

	if (put_text(map, "name", NAME, err) < 0 ||
	    put_text(map, key_of(args->operands[0]), args->operands[0], err) < 0 ||
	    put_text(map, "rate", o->rate, err) < 0 ||
	    put_text(map, "arrivals", o->arrivals, err) < 0 ||
	    put_text(map, "burst", o->burst, err) < 0 ||
	    put_text(map, "every", o->every, err) < 0 ||
	    put_text(map, "share", o->share ? "true" : NULL, err) < 0 ||
	    put_text(map, "concurrency", o->concurrency, err) < 0 ||
	    put_text(map, "connections", o->connections, err) < 0 ||
	    put_text(map, "threads", o->threads, err) < 0 ||
	    put_text(map, "timeout", o->timeout, err) < 0 ||
	    put_text(map, "method", o->method, err) < 0)
		return -1;
	return add_with(map, o, err) < 0 ? -1 : add_clients(map, o, err);
}

/* There is only one load here: "load load: " in front of a message helps nobody. */
static void drop_name(struct gd_error *err)
{
	static const char front[] = "load " NAME ": ";

	if (strncmp(err->text, front, strlen(front)) == 0)
		memmove(err->text, err->text + strlen(front),
			strlen(err->text + strlen(front)) + 1);
}

static int start(const struct gd_cmd_args *args, struct session *s, struct gd_error *err)
{
	GD_AUTO(gd_node)
	struct gd_node *map = gd_node_new(GD_NODE_MAP, (struct gd_pos){0});
	GD_AUTO_DIAGS(diags);
	struct gd_load_options opt = {
		.duration = s->options->length,
		.reactor = (enum gd_reactor_kind)s->options->engine,
	};
	struct gd_load_spec spec = {0};
	int status;

	if (!map)
		return gd_raise_nomem(err);
	if (make_tree(args, map, err) < 0)
		return -1;
	if (gd_shape_decode(&gd_load_shape, map, &spec, &diags) < 0)
		status = gd_diags_to_error(&diags, err);
	else
		status = gd_load_start(&spec, &opt, &s->load, err);
	gd_shape_fini(&gd_load_shape, &spec);
	drop_name(err);
	return status;
}

/* --- while it runs -------------------------------------------------------------------- */

/* Each line as it comes, so that an end by force leaves what was measured. */
static int log_interval(struct session *s, const struct gd_interval *iv,
			struct gd_error *err)
{
	GD_AUTO_FREE char *encoded = NULL;
	GD_AUTO_STRBUF(out);

	if (!s->hdr)
		return 0;
	if (gd_hist_encode(iv->latency, &encoded, err) < 0)
		return -1;
	if (s->hdr_start_ns == 0) {
		s->hdr_start_ns = iv->start_wall_ns;
		gd_hist_log_head((struct gd_wall){iv->start_wall_ns}, &out);
	}
	gd_hist_log_line(s->options->clients.n > 1 ? iv->client : NULL,
			 iv->start_wall_ns - s->hdr_start_ns, iv->length_ns,
			 gd_hist_count(iv->latency) ? (double)gd_hist_max(iv->latency)
						    : 0,
			 encoded, &out);
	if (out.failed)
		return gd_raise_nomem(err);
	if (fputs(gd_strbuf_str(&out), s->hdr) < 0 || fflush(s->hdr) != 0)
		return gd_raise_errno(err, "%s", s->options->hdr);
	return 0;
}

static void take_interval(struct session *s, const struct gd_interval *iv)
{
	if (gd_load_result_add(&s->result, iv, &s->err) < 0 ||
	    log_interval(s, iv, &s->err) < 0)
		s->failed = s->ended = true;
	if (s->live)
		gd_load_result_print_live(iv);
}

static void on_load(void *ctx, uint32_t events GD_UNUSED)
{
	struct session *s = ctx;
	struct gd_interval iv;
	int got;

	while ((got = gd_load_take(s->load, &iv)) == 1) {
		take_interval(s, &iv);
		gd_interval_fini(&iv);
	}
	if (got == 2)
		s->ended = true;
}

/* The first signal ends the load in order, the second one at once. */
static void on_signal(void *ctx, int signo GD_UNUSED)
{
	struct session *s = ctx;

	s->given_up = s->result.stopped;
	s->result.stopped = true;
	gd_load_stop(s->load);
}

static int drive(struct session *s, struct gd_error *err)
{
	static const int signos[] = {SIGINT, SIGTERM};
	GD_AUTO(gd_loop) struct gd_loop *loop = NULL;
	struct gd_io *io = NULL;

	if (gd_loop_new(&loop, err) < 0 ||
	    gd_loop_signals(loop, signos, GD_N_ELEMS(signos), on_signal, s, err) < 0 ||
	    gd_loop_io(loop, gd_load_fd(s->load), EPOLLIN, on_load, s, &io, err) < 0)
		return -1;
	while (!s->ended && !s->given_up) {
		if (gd_loop_step(loop, gd_after(gd_now(), gd_span_s(3600)), err) < 0)
			return -1;
	}
	if (s->failed)
		*err = s->err;
	return s->failed ? -1 : gd_load_status(s->load, err);
}

/* cmp NULL: nothing to compare with. */
static int print_json(const struct gd_load_result *r,
		      const struct gd_load_comparison *cmp, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	GD_AUTO_FREE char *text = NULL;

	if (gd_load_result_to_json(r, &json, err) < 0 ||
	    (cmp && gd_load_comparison_to_json(cmp, json, err) < 0))
		return -1;
	text = gd_json_print_pretty(json);
	if (!text)
		return gd_raise_nomem(err);
	(void)puts(text);
	return 0;
}

static int tell(const struct session *s, struct gd_error *err)
{
	GD_AUTO_FREE struct gd_load_comparison *cmp = NULL;

	if (s->options->compare) {
		cmp = malloc(sizeof(*cmp));
		if (!cmp)
			return gd_raise_nomem(err);
		if (gd_load_compare(&s->result, s->options->compare, cmp, err) < 0)
			return -1;
	}
	if (s->options->json) {
		if (print_json(&s->result, cmp, err) < 0)
			return -1;
	} else {
		gd_load_result_print(&s->result);
		if (cmp)
			gd_load_comparison_print(cmp);
	}
	return cmp && cmp->worse ? GD_EXIT_EXPECTATION : GD_EXIT_HELD;
}

static int run_session(const struct gd_cmd_args *args, struct session *s,
		       struct gd_error *err)
{
	s->result.url = args->operands[0];
	if (s->options->hdr) {
		s->hdr = fopen(s->options->hdr, "we");
		if (!s->hdr)
			return gd_raise_errno(err, "%s", s->options->hdr);
	}
	/* Not at the end of an hour's load. */
	if (s->options->compare && access(s->options->compare, R_OK) < 0)
		return gd_raise_errno(err, "%s", s->options->compare);
	if (start(args, s, err) < 0 || drive(s, err) < 0)
		return -1;
	return tell(s, err);
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	struct session s = {.options = args->options, .live = isatty(STDERR_FILENO) == 1};
	int status = run_session(args, &s, err);

	gd_load_free(s.load);
	if (s.hdr)
		(void)fclose(s.hdr); /* each line was flushed, and that checked */
	gd_load_result_fini(&s.result);
	return status;
}

const struct gd_cmd gd_cmd_load = {
	.name = "load",
	.synopsis =
		"URL (--rate R | --burst N --every D | --concurrency N) --for D "
		"[--arrivals KIND] [--share] [--connections N] [--threads N] [--timeout D] "
		"[--client SPEC]... [--with YAML]... [--hdr FILE] [--compare FILE] [--json]",
	.summary = "the load generator alone",
	.details =
		"With --rate each client starts its requests on a fixed schedule, and latency "
		"counts from the\nscheduled start: a server that stands still can't hide. With "
		"--concurrency a request starts\nwhen one has ended. Several clients run side by "
		"side on the same schedule; without --client\nthere is one, plain, which tries "
		"once. Ctrl-C ends early and prints what was measured.\n\n"
		"URLs: http://, https://, h2:// (HTTP/2 over TLS), h2c:// (in the clear), "
		"tcp://HOST:PORT,\nudp://HOST:PORT (echo), ping://HOST, etcd://HOST:PORT "
		"and etcds://, fsync:///DIRECTORY. What\nelse a load of a scenario can say, "
		"as --with 'size: 1KiB' or --with 'put: 50%'.",
	.example =
		"gameday load http://127.0.0.1:8080/ --rate 200/s --for 10s --client plain "
		"--client 'retrying: {retry: {attempts: 3, backoff: 20ms..500ms, budget: 20%}}'",
	.options = GD_SHAPE("load", fields, struct options),
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
