/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/generators.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "gameday/base/file.h"
#include "gameday/wire/message.h"
#include "injectors/agent/child.h"
#include "injectors/agent/generator_child.h"

enum { MAX_GENERATORS = 16, MAX_START_IN_MS = 60 * 1000 };

struct generator {
	struct gd_generators *all;
	char ref[128];
	struct gd_child child;
	bool ended;      /* said so itself */
	char error[256]; /* what it said then; "": all was well */
};

struct gd_generators {
	struct gd_loop *loop;
	gd_emit_fn *emit;
	void *ctx;
	struct generator *list[MAX_GENERATORS];
	size_t n;
};

struct gd_generators *gd_generators_new(struct gd_loop *loop, gd_emit_fn *emit, void *ctx)
{
	struct gd_generators *g = calloc(1, sizeof(*g));

	if (g)
		*g = (struct gd_generators){.loop = loop, .emit = emit, .ctx = ctx};
	return g;
}

static void generator_free(struct generator *g)
{
	if (!g)
		return;
	gd_child_kill(&g->child);
	gd_child_fini(&g->child);
	free(g);
}

GD_DEFINE_AUTO(generator, generator_free);

void gd_generators_free(struct gd_generators *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++)
		generator_free(g->list[i]);
	free(g);
}

size_t gd_generators_running(const struct gd_generators *g)
{
	return g->n;
}

static void emit_end(const struct generator *g, const char *error)
{
	GD_AUTO(cJSON) cJSON *event = gd_message_event("load_end");

	if (event && gd_json_set_str(event, "ref", g->ref) &&
	    (!*error || gd_json_set_str(event, "error", error)))
		g->all->emit(g->all->ctx, gd_steal_ptr(&event));
}

static void emit_interval(struct generator *g, cJSON *msg)
{
	GD_AUTO(cJSON) cJSON *event = gd_message_event("load");
	cJSON *interval = cJSON_DetachItemFromObjectCaseSensitive(msg, "interval");

	if (gd_json_set(event, "interval", interval) &&
	    gd_json_set_str(event, "ref", g->ref))
		g->all->emit(g->all->ctx, gd_steal_ptr(&event));
}

/* How it ended, for `load_end`: what it said, or what can be seen from here. */
static void describe_end(struct generator *g, const char *trouble, int status)
{
	if (trouble)
		(void)snprintf(g->error, sizeof(g->error), "%s", trouble);
	else if (WIFSIGNALED(status))
		(void)snprintf(g->error, sizeof(g->error),
			       "the generator died of signal %d", WTERMSIG(status));
	else if (!g->ended)
		(void)snprintf(g->error, sizeof(g->error), "the generator died");
}

static void forget(struct gd_generators *all, const struct generator *g)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i] == g) {
			all->list[i] = all->list[--all->n];
			return;
		}
}

/* Only now is the reference free again, so only now `load_end` is sent. */
static void on_ended(void *ctx, const char *trouble, int status)
{
	struct generator *g = ctx;

	describe_end(g, trouble, status);
	forget(g->all, g);
	emit_end(g, g->error);
	generator_free(g);
}

static void on_message(void *ctx, cJSON *msg)
{
	GD_AUTO(cJSON) cJSON *owned = msg;
	struct generator *g = ctx;

	if (!gd_json_bool(owned, "end", false)) {
		emit_interval(g, owned);
		return;
	}
	g->ended = true;
	(void)snprintf(g->error, sizeof(g->error), "%s", gd_json_str(owned, "error", ""));
}

/* In so many ms, or at an instant of CLOCK_BOOTTIME that the runner computed. */
static int read_start(const cJSON *request, struct gd_load_options *opt,
		      struct gd_error *err)
{
	int64_t now = gd_now().ns, at = gd_json_int(request, "start_boot_ns", 0);
	int64_t in_ms = gd_json_int(request, "start_in_ms", 0);

	if (in_ms < 0 || in_ms > MAX_START_IN_MS)
		return gd_raise(err, GD_E_INPUT,
				"start_in_ms is %" PRId64 ", wanted: 0 to %d", in_ms,
				(int)MAX_START_IN_MS);
	if (at != 0 && (at < now - MAX_START_IN_MS * GD_NS_PER_MS ||
			at > now + MAX_START_IN_MS * GD_NS_PER_MS))
		return gd_raise(err, GD_E_INPUT,
				"start_boot_ns is %" PRId64
				", wanted: within a minute from now, %" PRId64,
				at, now);
	opt->start.ns = at != 0 ? at : now + in_ms * GD_NS_PER_MS;
	return 0;
}

static int read_vantage(const cJSON *request, struct gd_load_options *opt,
			struct gd_error *err)
{
	int64_t i = gd_json_int(request, "vantage", 0);
	int64_t n = gd_json_int(request, "vantages", 1);

	if (n < 1 || n > GD_LOAD_MAX_VANTAGES || i < 0 || i >= n)
		return gd_raise(err, GD_E_INPUT,
				"vantage point %" PRId64 " of %" PRId64
				", wanted: one of 1 to %d",
				i, n, GD_LOAD_MAX_VANTAGES);
	opt->vantage = (uint32_t)i;
	opt->n_vantages = (uint32_t)n;
	return 0;
}

static int read_job(const cJSON *request, struct gd_generator_job *job,
		    struct gd_error *err)
{
	int64_t interval = gd_json_int(request, "interval_ms", 1000);

	if (interval < 100 || interval > 60 * 1000)
		return gd_raise(err, GD_E_INPUT,
				"interval_ms is %" PRId64 ", wanted: 100 to 60000",
				interval);
	job->options.interval = gd_span_ms(interval);
	job->options.duration = gd_span_ms(gd_json_int(request, "duration_ms", 0));
	if (read_start(request, &job->options, err) < 0)
		return -1;
	return read_vantage(request, &job->options, err);
}

static struct generator *find(const struct gd_generators *all, const char *ref)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i]->ref, ref) == 0)
			return all->list[i];
	return NULL;
}

static int start_with(struct gd_generators *all, const char *ref,
		      const struct gd_generator_job *job, struct gd_error *err)
{
	GD_AUTO(generator) struct generator *g = calloc(1, sizeof(*g));
	struct gd_child_owner owner = {on_message, on_ended, g};

	if (!g)
		return gd_raise_nomem(err);
	g->all = all;
	gd_child_init(&g->child, &owner);
	(void)snprintf(g->ref, sizeof(g->ref), "%s", ref);
	if (gd_child_start(&g->child, all->loop, gd_generator_run, job, err) < 0)
		return -1;
	all->list[all->n++] = gd_steal_ptr(&g);
	return 0;
}

int gd_generators_start(struct gd_generators *all, const cJSON *request,
			struct gd_error *err)
{
	const char *ref = gd_json_str(request, "ref", "");
	struct gd_generator_job job = {0};
	struct gd_load_spec spec = {0};
	int rc = -1;

	if (!*ref || strlen(ref) >= sizeof(all->list[0]->ref))
		return gd_raise(err, GD_E_INPUT, "load: ref is missing or too long");
	if (find(all, ref))
		return gd_raise(err, GD_E_REFUSED, "load %s is running already", ref);
	if (all->n == MAX_GENERATORS)
		return gd_raise(err, GD_E_REFUSED, "%d loads are running already",
				(int)MAX_GENERATORS);
	if (read_job(request, &job, err) < 0)
		return -1;
	if (gd_shape_from_json(&gd_load_shape,
			       cJSON_GetObjectItemCaseSensitive(request, "spec"), &spec,
			       err) == 0) {
		job.spec = &spec;
		rc = start_with(all, ref, &job, err);
		gd_shape_fini(&gd_load_shape, &spec);
	}
	return rc;
}

int gd_generators_stop(struct gd_generators *all, const cJSON *request,
		       struct gd_error *err)
{
	const char *ref = gd_json_str(request, "ref", "");
	struct gd_instant at = {gd_json_int(request, "at_boot_ns", 0)};
	struct gd_error ignored = GD_ERROR_INIT;
	struct generator *g = find(all, ref);
	bool told = true;

	if (!g)
		return gd_raise(err, GD_E_INPUT, "no load %.60s is running", ref);
	if (at.ns > gd_now().ns + MAX_START_IN_MS * GD_NS_PER_MS)
		return gd_raise(err, GD_E_INPUT,
				"at_boot_ns is %" PRId64 ", wanted: within a minute",
				at.ns);
	/* A child that has died can't be told, and says so by itself: see `load_end`. */
	if (at.ns > 0 && g->child.control_fd >= 0)
		told = gd_fd_write_all(g->child.control_fd, &at, sizeof(at), &ignored) ==
		       0;
	if (told)
		gd_close_fd(&g->child.control_fd);
	return 0;
}
