/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/generators.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/wire/frame.h"
#include "gameday/wire/message.h"
#include "injectors/agent/generator_child.h"

enum { MAX_GENERATORS = 16, MAX_START_IN_MS = 60 * 1000 };

struct generator {
	struct gd_generators *all;
	char ref[128];
	pid_t pid;
	int control_fd, in_fd; /* owned; control closed: told to stop */
	struct gd_io *io;      /* owned */
	struct gd_frame_reader reader;
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

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

static void generator_free(struct generator *g)
{
	if (!g)
		return;
	if (g->pid > 0) {
		(void)kill(g->pid, SIGKILL);
		(void)reap(g->pid);
	}
	gd_io_remove(g->io);
	gd_close_fd(&g->control_fd);
	gd_close_fd(&g->in_fd);
	gd_frame_reader_fini(&g->reader);
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

/* The child closed its pipe, which it does by ending; or is made to (trouble). Only now is
 * the reference free again, so only now `load_end` is sent. */
static void finish(struct generator *g, const char *trouble)
{
	if (trouble)
		(void)kill(g->pid, SIGKILL);
	describe_end(g, trouble, reap(g->pid));
	g->pid = 0;
	forget(g->all, g);
	emit_end(g, g->error);
	generator_free(g);
}

static void note_end(struct generator *g, const char *error)
{
	g->ended = true;
	(void)snprintf(g->error, sizeof(g->error), "%s", error);
}

static int take_messages(struct generator *g, struct gd_error *err)
{
	for (;;) {
		GD_AUTO(cJSON) cJSON *msg = NULL;
		int rc = gd_frame_next(&g->reader, &msg, err);

		if (rc != GD_FRAME_MESSAGE)
			return rc < 0 ? -1 : 0;
		if (gd_json_bool(msg, "end", false))
			note_end(g, gd_json_str(msg, "error", ""));
		else
			emit_interval(g, msg);
	}
}

static void on_readable(void *ctx, uint32_t events GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct generator *g = ctx;
	char chunk[16384];
	ssize_t n = read(g->in_fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		finish(g, NULL);
		return;
	}
	if (gd_frame_feed(&g->reader, chunk, (size_t)n, &err) < 0 ||
	    take_messages(g, &err) < 0)
		finish(g, err.text);
}

/* Two pipes and the child between them. */
static int start_child(struct generator *g, struct gd_generator_job *job,
		       struct gd_error *err)
{
	GD_AUTO_FD int child_in = -1, child_out = -1;
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "pipe");
	child_in = p[0];
	g->control_fd = p[1];
	if (pipe2(p, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "pipe");
	g->in_fd = p[0];
	child_out = p[1];
	job->control_fd = child_in;
	job->out_fd = child_out;
	g->pid = fork();
	if (g->pid == 0)
		gd_generator_run(job);
	if (g->pid < 0)
		return gd_raise_errno(err, "fork");
	if (fcntl(g->in_fd, F_SETFL, O_NONBLOCK) < 0)
		return gd_raise_errno(err, "fcntl");
	return 0;
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
		      struct gd_generator_job *job, struct gd_error *err)
{
	GD_AUTO(generator) struct generator *g = calloc(1, sizeof(*g));

	if (!g)
		return gd_raise_nomem(err);
	g->all = all;
	g->control_fd = g->in_fd = -1;
	gd_frame_reader_init(&g->reader, false);
	(void)snprintf(g->ref, sizeof(g->ref), "%s", ref);
	if (start_child(g, job, err) < 0 ||
	    gd_loop_io(all->loop, g->in_fd, EPOLLIN, on_readable, g, &g->io, err) < 0)
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
	if (at.ns > 0 && g->control_fd >= 0)
		told = gd_fd_write_all(g->control_fd, &at, sizeof(at), &ignored) == 0;
	if (told)
		gd_close_fd(&g->control_fd);
	return 0;
}
