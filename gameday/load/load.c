/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads around the engines, and the queue between them and the caller. The eventfd is readable
 * whenever gd_load_take has something to give; after the end it stays so.
 */
#include "gameday/load/load.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "gameday/base/file.h"
#include "gameday/load/engine.h"
#include "gameday/load/merge.h"

/*
 * Intervals that nobody has taken: beyond it, new ones are merged into the last of the same
 * client, so nothing is lost and memory is bounded.
 */
enum { MAX_QUEUED = 1024, DEFAULT_CONNECTIONS = 50, SPARE_FILES = 64 };

/* Threads obey a stop within this, so that their last intervals end at one instant. */
#define STOP_AHEAD (5 * GD_NS_PER_MS)

#define MAX_START_AGO (10 * GD_NS_PER_S)

struct queued {
	struct gd_interval iv; /* owned */
	struct queued *next;
};

struct worker {
	struct gd_load *load;
	struct gd_engine *engine; /* owned */
	pthread_t thread;
	bool has_thread;
};

struct gd_load {
	struct worker workers[GD_LOAD_MAX_THREADS]; /* the first n_workers */
	size_t n_workers;
	/* By client, what its health checks find: the first worker writes, all read. */
	struct gd_sick sick[GD_LOAD_MAX_CLIENTS];
	struct gd_target targets[GD_LOAD_MAX_TARGETS]; /* owned, the first n_targets */
	size_t n_targets;
	/* Owned, n_targets each: where the health checks of client i go; NULL: it has none. */
	struct gd_target *health[GD_LOAD_MAX_CLIENTS];
	int fd;                /* owned: eventfd */
	pthread_mutex_t mutex; /* of what follows */
	struct gd_merge merge; /* owned */
	size_t n_running;
	struct queued *head, *tail;
	size_t n_queued;
	bool ended, failed;
	struct gd_error err;
};

static void signal_reader(struct gd_load *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->fd, &one, sizeof(one));

	(void)n; /* full: readable as well */
}

static struct queued *last_of_client(struct gd_load *l, const char *client)
{
	struct queued *last = NULL;

	for (struct queued *q = l->head; q; q = q->next) {
		if (strcmp(q->iv.client, client) == 0)
			last = q;
	}
	return last;
}

static void enqueue(struct gd_load *l, struct gd_interval *iv)
{
	struct queued *q = NULL, *last = NULL;

	if (l->n_queued < MAX_QUEUED)
		q = calloc(1, sizeof(*q));
	if (!q)
		last = last_of_client(l, iv->client);
	if (last)
		gd_interval_add(&last->iv, iv);
	if (!q) {
		gd_interval_fini(iv);
		return;
	}
	q->iv = *iv;
	if (l->tail)
		l->tail->next = q;
	else
		l->head = q;
	l->tail = q;
	l->n_queued++;
}

/* The load is over early: the first reason counts, the other threads end too. */
static void fail(struct gd_load *l, const struct gd_error *err)
{
	if (l->failed)
		return;
	l->failed = true;
	l->err = *err;
	for (size_t i = 0; i < l->n_workers; i++)
		gd_engine_order(l->workers[i].engine, GD_ENGINE_ABORT);
}

static void emit(void *ctx, struct gd_interval *iv)
{
	struct gd_load *l = ctx;
	struct gd_error err = GD_ERROR_INIT;
	struct gd_interval whole;
	int got;

	(void)pthread_mutex_lock(&l->mutex);
	got = gd_merge_add(&l->merge, iv, &whole);
	if (got < 0) {
		(void)gd_raise_nomem(&err);
		fail(l, &err);
	}
	if (got > 0)
		enqueue(l, &whole);
	(void)pthread_mutex_unlock(&l->mutex);
	if (got > 0)
		signal_reader(l);
}

/* Threads that ended early leave intervals behind that lack their part. */
static void flush(struct gd_load *l)
{
	struct gd_interval iv;

	while (gd_merge_flush(&l->merge, &iv))
		enqueue(l, &iv);
	l->ended = true;
}

static void *run(void *ctx)
{
	struct worker *w = ctx;
	struct gd_load *l = w->load;
	struct gd_error err = GD_ERROR_INIT;
	int status = gd_engine_run(w->engine, &err);

	(void)pthread_mutex_lock(&l->mutex);
	if (status < 0)
		fail(l, &err);
	if (--l->n_running == 0)
		flush(l);
	(void)pthread_mutex_unlock(&l->mutex);
	signal_reader(l);
	return NULL;
}

/* --- from the spec to the engine's configuration -------------------------------------- */

static int copy_times(const struct gd_load_options *opt, struct gd_engine_config *cfg,
		      struct gd_error *err)
{
	int64_t now = gd_now().ns;

	cfg->interval_ns = opt->interval.ns > 0 ? opt->interval.ns : GD_NS_PER_S;
	cfg->start_ns = opt->start.ns > 0 ? opt->start.ns : now;
	if (cfg->interval_ns < 10 * GD_NS_PER_MS || cfg->interval_ns > 3600 * GD_NS_PER_S)
		return gd_raise(err, GD_E_INPUT,
				"load %s: the interval is not in 10ms..1h", cfg->name);
	if (cfg->start_ns < now - MAX_START_AGO)
		return gd_raise(err, GD_E_INPUT,
				"load %s: its start is more than 10s ago", cfg->name);
	cfg->end_ns = opt->duration.ns > 0 ? cfg->start_ns + opt->duration.ns : INT64_MAX;
	cfg->wall_offset_ns = gd_wall_now().ns - now;
	cfg->seed = opt->seed ? opt->seed : 1;
	cfg->reactor = opt->reactor;
	cfg->pace.seed = cfg->seed;
	return 0;
}

static void copy_limits(const struct gd_load_spec *spec, struct gd_engine_config *cfg)
{
	gd_load_spec_rate(spec, &cfg->pace.rate);
	cfg->pace.burst = spec->burst;
	cfg->pace.poisson = spec->arrivals == GD_ARRIVALS_POISSON;
	cfg->rate = gd_course_peak(&cfg->pace.rate);
	cfg->share = spec->share;
	cfg->concurrency = spec->concurrency;
	cfg->connections = spec->connections;
	if (cfg->connections == 0)
		cfg->connections = cfg->rate > 0 ? DEFAULT_CONNECTIONS : cfg->concurrency;
}

/* of / n, the first ones one more: together they are `of`. */
static int64_t part(int64_t of, uint32_t n, uint32_t i)
{
	return gd_part_of(of, (struct gd_part){i, n});
}

/* What one of n threads, of all vantage points, does of it. */
static void share_out(const struct gd_engine_config *whole, uint32_t n, uint32_t i,
		      struct gd_engine_config *ret)
{
	*ret = *whole;
	ret->thread = i;
	ret->n_threads = n;
	ret->pace.share = i;
	ret->pace.of_all = n;
	ret->rate = whole->rate / n;
	ret->concurrency = part(whole->concurrency, n, i);
	ret->connections = part(whole->connections, n, i);
	/* Policies throw dice of their own; arrivals are those of the whole load. */
	ret->seed = whole->seed + i * UINT64_C(0x9e3779b97f4a7c15);
}

static int64_t n_vantages(const struct gd_load_options *opt)
{
	return opt->n_vantages > 1 ? opt->n_vantages : 1;
}

/* Those that are not given, but follow from something else, are divided too. */
static int check_connections(const struct gd_load_spec *spec,
			     const struct gd_load_options *opt,
			     const struct gd_engine_config *cfg, struct gd_error *err)
{
	struct gd_load_spec all = *spec;

	all.connections = cfg->connections;
	return gd_load_spec_divide_check(&all, spec->threads * n_vantages(opt), err);
}

static int make_config(const struct gd_load_spec *spec, const struct gd_load_options *opt,
		       struct gd_engine_config *cfg, struct gd_error *err)
{
	*cfg = (struct gd_engine_config){0};
	(void)snprintf(cfg->name, sizeof(cfg->name), "%s", spec->name);
	copy_limits(spec, cfg);
	cfg->spec = spec;
	cfg->n_clients = spec->clients.n > 0 ? spec->clients.n : 1;
	if (check_connections(spec, opt, cfg, err) < 0)
		return -1;
	return copy_times(opt, cfg, err);
}

static int make_target(const struct gd_load_spec *spec, const char *key, const char *text,
		       struct gd_target *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *url = gd_load_url(key, text);
	const struct gd_proto *proto = url ? gd_proto_of_url(url) : NULL;

	if (!url)
		return gd_raise_nomem(err);
	if (!proto || strcmp(proto->key, key) != 0)
		return gd_raise(
			err, GD_E_INPUT,
			"load %s: URL '%.200s' does not begin with http:// or the like, as %s wants it",
			spec->name, url, key);
	*ret = (struct gd_target){.proto = proto};
	if (proto->target_init(spec, url, ret, err) < 0) {
		*ret = (struct gd_target){0};
		return gd_wrap(err, "load %s: ", spec->name);
	}
	return 0;
}

static void free_target(struct gd_target *t)
{
	if (t->proto)
		t->proto->target_fini(t);
}

/* The URL's host, but another path. */
static int make_health_target(const struct gd_load_spec *spec, const char *url,
			      const char *path, struct gd_target *ret,
			      struct gd_error *err)
{
	char get[] = "GET";
	const char *host = strstr(url, "://");
	GD_AUTO_FREE char *text = NULL;
	struct gd_load_spec check = *spec;

	host = host ? host + strlen("://") : url;
	text = gd_strf("%.*s%s", (int)(host - url + (int)strcspn(host, "/?#")), url,
		       path);
	if (!text)
		return gd_raise_nomem(err);
	check.method = get;
	check.body = NULL;
	check.expect = NULL;
	check.keepalive = true;
	return make_target(&check, "http", text, ret, err);
}

static int make_health(struct gd_load *l, const struct gd_load_spec *spec, size_t client,
		       struct gd_error *err)
{
	const struct gd_health_policy *health =
		GD_AT(&spec->clients, const struct gd_client_spec, client)->health;

	if (!health)
		return 0;
	if (spec->http.n != l->n_targets)
		return gd_raise(err, GD_E_INPUT,
				"load %s: health checks need a load of http", spec->name);
	l->health[client] = calloc(l->n_targets, sizeof(struct gd_target));
	if (!l->health[client])
		return gd_raise_nomem(err);
	for (size_t i = 0; i < l->n_targets; i++) {
		const char *url = GD_AT(&spec->http, const struct gd_url_spec, i)->text;

		if (make_health_target(spec, url, health->path, &l->health[client][i],
				       err) < 0)
			return -1;
	}
	return 0;
}

static int make_targets(struct gd_load *l, const struct gd_load_spec *spec,
			struct gd_error *err)
{
	const char *key = NULL;
	const struct gd_list *urls = gd_load_spec_urls_of(spec, &key);

	for (; urls && l->n_targets < urls->n; l->n_targets++) {
		const char *url =
			GD_AT(urls, const struct gd_url_spec, l->n_targets)->text;

		if (make_target(spec, key, url, &l->targets[l->n_targets], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < spec->clients.n; i++) {
		if (make_health(l, spec, i, err) < 0)
			return -1;
	}
	return 0;
}

/* Of the vantage point with the most. */
static size_t n_files(const struct gd_engine_config *cfg, int64_t n_points)
{
	const struct gd_list *clients = &cfg->spec->clients;
	size_t n = clients->n > 0 ? 0 : (size_t)cfg->connections;

	for (size_t i = 0; i < clients->n; i++) {
		const struct gd_client_spec *c =
			GD_AT(clients, const struct gd_client_spec, i);

		n += (size_t)(c->pool && c->pool->max > 0 ? c->pool->max
							  : cfg->connections);
		n += c->health ? cfg->spec->http.n * (size_t)n_points : 0;
	}
	return (n + (size_t)n_points - 1) / (size_t)n_points;
}

/* Each connection is an open file: raises the soft limit as far as it has to. */
static int allow_files(const struct gd_engine_config *cfg, int64_t n_points,
		       struct gd_error *err)
{
	size_t n = n_files(cfg, n_points);
	rlim_t need = (rlim_t)n + SPARE_FILES;
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return gd_raise_errno(err, "load %s: getrlimit", cfg->name);
	if (lim.rlim_cur >= need)
		return 0;
	if (lim.rlim_max < need)
		return gd_raise(
			err, GD_E_REFUSED,
			"load %s: %zu connections are more open files than the hard limit of %llu: give fewer connections, or raise it (ulimit -Hn)",
			cfg->name, n, (unsigned long long)lim.rlim_max);
	lim.rlim_cur = need;
	if (setrlimit(RLIMIT_NOFILE, &lim) < 0)
		return gd_raise_errno(err, "load %s: setrlimit", cfg->name);
	return 0;
}

/* --- the public calls ----------------------------------------------------------------- */

/* Signals are for the caller's threads. */
static int start_thread(struct worker *w, struct gd_error *err)
{
	sigset_t all, before;
	int status;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	status = pthread_create(&w->thread, NULL, run, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (status != 0) {
		errno = status;
		return gd_raise_errno(err, "load: pthread_create");
	}
	w->has_thread = true;
	return 0;
}

static int make_engines(struct gd_load *l, const struct gd_engine_config *whole, size_t n,
			const struct gd_load_options *opt, struct gd_error *err)
{
	uint32_t n_all = (uint32_t)n * (uint32_t)n_vantages(opt);
	GD_AUTO_FREE struct gd_engine_config *cfg = malloc(sizeof(*cfg));

	if (!cfg)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < n; i++) {
		struct worker *w = &l->workers[i];

		/* Vantage points take turns: each has starts all the time. */
		share_out(whole, n_all,
			  (uint32_t)i * (uint32_t)n_vantages(opt) + opt->vantage, cfg);
		/* One checks a client's health here, and all go by what it finds. */
		for (size_t c = 0; i > 0 && c < cfg->n_clients; c++)
			cfg->health[c] = NULL;
		w->load = l;
		if (gd_engine_new(cfg, emit, l, &w->engine, err) < 0)
			return -1;
		l->n_workers++;
	}
	l->merge.n_parts = n;
	return 0;
}

static int start_threads(struct gd_load *l, struct gd_error *err)
{
	l->n_running = l->n_workers;
	for (size_t i = 0; i < l->n_workers; i++) {
		if (start_thread(&l->workers[i], err) < 0)
			return -1;
	}
	return 0;
}

int gd_load_capability(const struct gd_load_spec *spec)
{
	const char *key = NULL;

	if (!gd_load_spec_urls_of(spec, &key))
		return 0;
	for (size_t i = 0; gd_proto_row(i); i++) {
		if (strcmp(gd_proto_row(i)->key, key) == 0)
			return gd_proto_row(i)->capability;
	}
	return 0;
}

int gd_load_start(const struct gd_load_spec *spec, const struct gd_load_options *opt,
		  struct gd_load **ret, struct gd_error *err)
{
	GD_AUTO_FREE struct gd_engine_config *cfg = malloc(sizeof(*cfg));
	GD_AUTO(gd_load) struct gd_load *l = calloc(1, sizeof(*l));

	if (!cfg || !l)
		return gd_raise_nomem(err);
	l->fd = -1;
	(void)pthread_mutex_init(&l->mutex, NULL);
	/*
	 * Looking up names and reading certificates may take a second: it is over before
	 * the first request is due.
	 */
	if (gd_load_spec_check(spec, err) < 0 || make_targets(l, spec, err) < 0 ||
	    make_config(spec, opt, cfg, err) < 0 ||
	    allow_files(cfg, n_vantages(opt), err) < 0)
		return -1;
	cfg->targets = l->targets;
	cfg->n_targets = l->n_targets;
	for (size_t i = 0; i < cfg->n_clients; i++) {
		cfg->health[i] = l->health[i];
		cfg->sick[i] = l->health[i] ? &l->sick[i] : NULL;
	}
	l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->fd < 0)
		return gd_raise_errno(err, "load %s: eventfd", cfg->name);
	if (make_engines(l, cfg, spec->threads > 1 ? (size_t)spec->threads : 1, opt,
			 err) < 0 ||
	    start_threads(l, err) < 0)
		return -1;
	*ret = gd_steal_ptr(&l);
	return 0;
}

int gd_load_fd(const struct gd_load *load)
{
	return load->fd;
}

static struct queued *dequeue(struct gd_load *l)
{
	struct queued *q = l->head;
	uint64_t drop;

	if (q) {
		l->head = q->next;
		l->n_queued--;
	}
	if (!l->head) {
		l->tail = NULL;
		if (!l->ended && read(l->fd, &drop, sizeof(drop)) < 0)
			return q; /* nothing to drop */
	}
	return q;
}

int gd_load_take(struct gd_load *load, struct gd_interval *ret)
{
	struct queued *q;
	bool ended;

	(void)pthread_mutex_lock(&load->mutex);
	q = dequeue(load);
	ended = load->ended;
	(void)pthread_mutex_unlock(&load->mutex);
	if (!q)
		return ended ? 2 : 0;
	*ret = q->iv;
	free(q);
	return 1;
}

int gd_load_status(struct gd_load *load, struct gd_error *err)
{
	int status = 0;

	(void)pthread_mutex_lock(&load->mutex);
	if (load->failed) {
		*err = load->err;
		status = -1;
	}
	(void)pthread_mutex_unlock(&load->mutex);
	return status;
}

void gd_load_stop(struct gd_load *load)
{
	int64_t ahead = load->n_workers > 1 ? STOP_AHEAD : 0;

	gd_load_stop_at(load, (struct gd_instant){gd_now().ns + ahead});
}

void gd_load_stop_at(struct gd_load *load, struct gd_instant at)
{
	for (size_t i = 0; i < load->n_workers; i++)
		gd_engine_stop(load->workers[i].engine, at.ns);
}

void gd_load_free(struct gd_load *load)
{
	if (!load)
		return;
	for (size_t i = 0; i < load->n_workers; i++)
		gd_engine_order(load->workers[i].engine, GD_ENGINE_ABORT);
	for (size_t i = 0; i < load->n_workers; i++) {
		if (load->workers[i].has_thread)
			(void)pthread_join(load->workers[i].thread, NULL);
	}
	/* After all have ended: one that fails gives orders to the others. */
	for (size_t i = 0; i < load->n_workers; i++)
		gd_engine_free(load->workers[i].engine);
	gd_merge_fini(&load->merge);
	for (size_t i = 0; i < load->n_targets; i++)
		free_target(&load->targets[i]);
	for (size_t c = 0; c < GD_LOAD_MAX_CLIENTS; c++) {
		for (size_t i = 0; load->health[c] && i < load->n_targets; i++)
			free_target(&load->health[c][i]);
		free(load->health[c]);
	}
	while (load->head) {
		struct queued *q = load->head;

		load->head = q->next;
		gd_interval_fini(&q->iv);
		free(q);
	}
	gd_close_fd(&load->fd);
	(void)pthread_mutex_destroy(&load->mutex);
	free(load);
}
