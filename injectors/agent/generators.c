/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/generators.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "gameday/base/file.h"
#include "gameday/wire/message.h"
#include "injectors/agent/child.h"
#include "injectors/agent/generator_child.h"
#include "injectors/agent/generator_socket.h"

enum {
	MAX_GENERATORS = 16,
	MAX_START_IN_MS = 60 * 1000,
	MAX_NEEDED_MS = 24 * 60 * 60 * 1000
};

struct generator {
	struct gd_generators *all;
	char ref[128];
	struct gd_child child; /* not started: an earlier session did that */
	int link_fd;           /* -1: it is gone, or tells another session */
	struct gd_io *io;
	struct gd_frame_reader reader;
	bool ended; /* said so itself: only its last word is still to be confirmed */
	bool left;  /* is to outlive this agent */
	struct gd_instant needed; /* by its runner, until then at most; 0: not known */
};

struct gd_generators {
	struct gd_loop *loop;
	const char *state_dir;
	char *run;
	gd_emit_fn *emit;
	void *ctx;
	struct generator *list[MAX_GENERATORS];
	size_t n;
	bool hold;
};

/* --- the link to one -------------------------------------------------------------------- */

static void close_link(struct generator *g)
{
	gd_io_remove(g->io);
	g->io = NULL;
	gd_close_fd(&g->link_fd);
}

static int tell_number(const struct generator *g, const char *key, int64_t value,
		       struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();

	if (!gd_json_set_int(msg, key, value))
		return gd_raise_nomem(err);
	return gd_generator_send(g->link_fd, msg, err);
}

static void tell_to_quit(const struct generator *g)
{
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();
	struct gd_error ignored = GD_ERROR_INIT;

	if (!gd_json_set_bool(msg, "quit", true) ||
	    gd_generator_send(g->link_fd, msg, &ignored) < 0) {
		/* It is gone, or is killed, or ends when it was alone for long enough. */
	}
}

/* --- life ------------------------------------------------------------------------------- */

struct gd_generators *gd_generators_new(struct gd_loop *loop, const char *state_dir,
					gd_emit_fn *emit, void *ctx)
{
	struct gd_generators *g = calloc(1, sizeof(*g));

	if (g)
		*g = (struct gd_generators){
			.loop = loop, .state_dir = state_dir, .emit = emit, .ctx = ctx};
	return g;
}

void gd_generators_name(struct gd_generators *all, const char *run)
{
	free(all->run);
	all->run = strdup(run);
}

static struct generator *generator_new(struct gd_generators *all, const char *ref,
				       const struct gd_child_owner *owner)
{
	struct generator *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->all = all;
	g->link_fd = -1;
	(void)snprintf(g->ref, sizeof(g->ref), "%s", ref);
	gd_frame_reader_init(&g->reader, false);
	gd_child_init(&g->child, owner);
	g->child.owner.ctx = g;
	return g;
}

static void generator_free(struct generator *g)
{
	if (!g)
		return;
	/* Without a link it died, or is another session's. */
	if (!g->left && g->link_fd >= 0) {
		tell_to_quit(g);
		gd_child_kill(&g->child);
	}
	close_link(g);
	gd_frame_reader_fini(&g->reader);
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
	free(g->run);
	free(g);
}

/* No longer than anybody could want what it measures. */
static struct gd_span may_be_alone(const struct generator *g, struct gd_span alone)
{
	struct gd_span wanted = gd_between(gd_now(), g->needed);

	if (g->needed.ns == 0 || wanted.ns > alone.ns)
		return alone;
	return wanted.ns > GD_GENERATOR_ALONE_MS * GD_NS_PER_MS
		       ? wanted
		       : gd_span_ms(GD_GENERATOR_ALONE_MS);
}

void gd_generators_leave(struct gd_generators *all, struct gd_span alone)
{
	struct gd_error ignored = GD_ERROR_INIT;

	for (size_t i = 0; i < all->n; i++) {
		struct generator *g = all->list[i];

		g->left = true;
		if (g->link_fd >= 0)
			(void)tell_number(g, "alone_ms",
					  may_be_alone(g, alone).ns / GD_NS_PER_MS,
					  &ignored);
	}
}

bool gd_generators_told_here(const struct gd_generators *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i]->link_fd >= 0 && !all->list[i]->ended)
			return true;
	return false;
}

bool gd_generators_taken_over(const struct gd_generators *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i]->link_fd >= 0)
			return false;
	return all->n > 0;
}

/* --- what they say ---------------------------------------------------------------------- */

/* number 0: nobody keeps it. */
static void emit_end(const struct generator *g, const char *error, int64_t number)
{
	GD_AUTO(cJSON) cJSON *event = gd_message_event("load_end");

	if (event && gd_json_set_str(event, "ref", g->ref) &&
	    (number == 0 || gd_json_set_int(event, "seq", number)) &&
	    (!*error || gd_json_set_str(event, "error", error)))
		g->all->emit(g->all->ctx, gd_steal_ptr(&event));
}

static void emit_interval(const struct generator *g, cJSON *msg)
{
	GD_AUTO(cJSON) cJSON *event = gd_message_event("load");
	cJSON *interval = cJSON_DetachItemFromObjectCaseSensitive(msg, "interval");

	if (gd_json_set(event, "interval", interval) &&
	    gd_json_set_str(event, "ref", g->ref) &&
	    gd_json_set_int(event, "seq", gd_json_int(msg, "seq", 0)))
		g->all->emit(g->all->ctx, gd_steal_ptr(&event));
}

static void forget(const struct generator *g)
{
	struct gd_generators *all = g->all;

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i] == g) {
			all->list[i] = all->list[--all->n];
			return;
		}
}

static void take_message(struct generator *g, cJSON *msg)
{
	if (!gd_json_bool(msg, "end", false)) {
		emit_interval(g, msg);
		return;
	}
	g->ended = true;
	emit_end(g, gd_json_str(msg, "error", ""), gd_json_int(msg, "seq", 0));
}

/* All that can be read now, or a part while events are held: 1; 0: that was the end of it. */
static int hear(struct generator *g, bool all)
{
	struct gd_error ignored = GD_ERROR_INIT;
	char chunk[16384];

	for (;;) {
		ssize_t n = read(g->link_fd, chunk, sizeof(chunk));
		int rc = GD_FRAME_MESSAGE;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 1;
		if (n <= 0 || gd_frame_feed(&g->reader, chunk, (size_t)n, &ignored) < 0)
			return 0;
		while (rc == GD_FRAME_MESSAGE) {
			GD_AUTO(cJSON) cJSON *msg = NULL;

			rc = gd_frame_next(&g->reader, &msg, &ignored);
			if (rc == GD_FRAME_MESSAGE)
				take_message(g, msg);
		}
		if (rc < 0)
			return 0;
		if (g->all->hold && !all)
			return 1;
	}
}

/* It died, or another session listens now: of a child of ours, its end tells. */
static void on_link(void *ctx, uint32_t events)
{
	struct generator *g = ctx;

	/* Held, and yet called: it is gone, and the rest must be read before that is told. */
	if (!(events & (EPOLLHUP | EPOLLERR)) && g->all->hold)
		return;
	if (hear(g, false) != 0)
		return;
	close_link(g);
	if (g->child.pid != 0)
		return;
	forget(g);
	if (!g->ended)
		emit_end(g, "the generator died, or another session took it over", 0);
	generator_free(g);
}

static void on_ended(void *ctx, const char *trouble GD_UNUSED, int status)
{
	struct generator *g = ctx;
	char why[64] = "the generator died";

	/* What it said last comes before its end. */
	if (g->link_fd >= 0)
		(void)hear(g, true);
	if (WIFSIGNALED(status))
		(void)snprintf(why, sizeof(why), "the generator died of signal %d",
			       WTERMSIG(status));
	forget(g);
	/* That of another session ends well when that one has everything. */
	if (!g->ended && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		emit_end(g, why, 0);
	generator_free(g);
}

/* It says nothing on its pipe, which is there to tell of its end. */
static void on_message(void *ctx GD_UNUSED, cJSON *msg)
{
	cJSON_Delete(msg);
}

static const struct gd_child_owner callbacks = {on_message, on_ended, NULL};

void gd_generators_hold(struct gd_generators *all, bool hold)
{
	if (all->hold == hold)
		return;
	all->hold = hold;
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i]->io)
			gd_io_set(all->list[i]->io, hold ? 0 : EPOLLIN);
}

/* --- requests --------------------------------------------------------------------------- */

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

/* One that tells this session; NULL: there is none. */
static struct generator *find_any(const struct gd_generators *all, const cJSON *request,
				  struct gd_error *err)
{
	const char *ref = gd_json_str(request, "ref", "");
	struct generator *g = find(all, ref);

	if (g && g->link_fd >= 0)
		return g;
	(void)gd_raise(err, GD_E_INPUT, "no load %.60s is here", ref);
	return NULL;
}

/* One that is still at work. */
static struct generator *find_running(const struct gd_generators *all,
				      const cJSON *request, struct gd_error *err)
{
	struct generator *g = find_any(all, request, err);

	if (!g || !g->ended)
		return g;
	(void)gd_raise(err, GD_E_INPUT, "no load %.60s is here any more", g->ref);
	return NULL;
}

static void read_needed(struct generator *g, const cJSON *request)
{
	int64_t ms = gd_json_int(request, "needed_ms", 0);

	if (ms > 0 && ms < MAX_NEEDED_MS)
		g->needed = gd_after(gd_now(), gd_span_ms(ms));
}

/* ref can be had: that of one whose end is not confirmed is. */
static int check_ref(struct gd_generators *all, const char *ref, struct gd_error *err)
{
	struct generator *g = find(all, ref);

	if (!*ref || strlen(ref) >= sizeof(g->ref))
		return gd_raise(err, GD_E_INPUT, "load: ref is missing or too long");
	if (!all->run)
		return gd_raise(err, GD_E_INPUT, "load: say hello first");
	if (g && !g->ended)
		return gd_raise(err, GD_E_REFUSED, "load %s is running already", ref);
	if (g) {
		forget(g);
		generator_free(g);
	}
	if (all->n == MAX_GENERATORS)
		return gd_raise(err, GD_E_REFUSED, "%d loads are running already",
				(int)MAX_GENERATORS);
	return 0;
}

static struct gd_generator_name name_of(const struct gd_generators *all, const char *ref)
{
	return (struct gd_generator_name){all->state_dir, all->run, ref};
}

/* Connects; what comes from number `after` + 1 on is told. */
static int listen_to(struct generator *g, int64_t after, struct gd_error *err)
{
	struct gd_generator_name name = name_of(g->all, g->ref);

	g->link_fd = gd_generator_connect(&name, err);
	if (g->link_fd < 0 || tell_number(g, "after", after, err) < 0)
		return -1;
	return gd_loop_io(g->all->loop, g->link_fd, g->all->hold ? 0 : EPOLLIN, on_link,
			  g, &g->io, err);
}

static int start_with(struct gd_generators *all, const char *ref, const cJSON *request,
		      struct gd_generator_job *job, struct gd_error *err)
{
	GD_AUTO(generator) struct generator *g = generator_new(all, ref, &callbacks);
	struct gd_generator_name name = name_of(all, ref);
	GD_AUTO_FD int listen_fd = -1;

	if (!g)
		return gd_raise_nomem(err);
	/* Nobody waits for it: the kernel takes connections before the process does. */
	listen_fd = gd_generator_listen(&name, err);
	if (listen_fd < 0 || listen_to(g, 0, err) < 0)
		return -1;
	job->listen_fd = g->child.kept_fd = listen_fd;
	job->name = name;
	if (gd_child_start(&g->child, all->loop, gd_generator_run, job, err) < 0)
		return -1;
	g->child.kept_fd = -1;
	read_needed(g, request);
	all->list[all->n++] = gd_steal_ptr(&g);
	return 0;
}

int gd_generators_start(struct gd_generators *all, const cJSON *request,
			struct gd_error *err)
{
	const char *ref = gd_json_str(request, "ref", "");
	struct gd_generator_job job = {.listen_fd = -1};
	struct gd_load_spec spec = {0};
	int rc = -1;

	if (check_ref(all, ref, err) < 0 || read_job(request, &job, err) < 0)
		return -1;
	if (gd_shape_from_json(&gd_load_shape,
			       cJSON_GetObjectItemCaseSensitive(request, "spec"), &spec,
			       err) == 0) {
		job.spec = &spec;
		rc = start_with(all, ref, request, &job, err);
		gd_shape_fini(&gd_load_shape, &spec);
	}
	return rc;
}

int gd_generators_attach(struct gd_generators *all, const cJSON *request,
			 struct gd_error *err)
{
	const char *ref = gd_json_str(request, "ref", "");
	int64_t after = gd_json_int(request, "after", 0);
	GD_AUTO(generator) struct generator *g = NULL;

	if (after < 0)
		return gd_raise(err, GD_E_INPUT, "after is %" PRId64, after);
	if (check_ref(all, ref, err) < 0)
		return -1;
	g = generator_new(all, ref, &callbacks);
	if (!g)
		return gd_raise_nomem(err);
	if (listen_to(g, after, err) < 0)
		return -1;
	read_needed(g, request);
	all->list[all->n++] = gd_steal_ptr(&g);
	return 0;
}

int gd_generators_confirm(struct gd_generators *all, const cJSON *request,
			  struct gd_error *err)
{
	const struct generator *g = find_any(all, request, err);

	return !g ? -1 : tell_number(g, "got", gd_json_int(request, "seq", 0), err);
}

int gd_generators_stop(struct gd_generators *all, const cJSON *request,
		       struct gd_error *err)
{
	int64_t at = gd_json_int(request, "at_boot_ns", 0);
	bool drop = gd_json_bool(request, "drop", false);
	const struct generator *g =
		drop ? find_any(all, request, err) : find_running(all, request, err);
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();

	if (!g)
		return -1;
	if (drop) {
		tell_to_quit(g);
		return 0;
	}
	if (at > gd_now().ns + MAX_START_IN_MS * GD_NS_PER_MS)
		return gd_raise(err, GD_E_INPUT,
				"at_boot_ns is %" PRId64 ", wanted: within a minute", at);
	if (!gd_json_set_bool(msg, "stop", true) ||
	    !gd_json_set_int(msg, "at_boot_ns", at))
		return gd_raise_nomem(err);
	return gd_generator_send(g->link_fd, msg, err);
}
