/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads. The loop's thread reads requests, answers hello, ping, renew, watch and load
 * by itself, writes everything that goes out, and keeps the time of leases. The worker's
 * thread does all that touches faults, one job at a time (see session.h). Jobs are the
 * requests themselves, and {"op": "lapse" | "guardian" | "tend" | "end"} from the loop.
 */
#include "injectors/agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "gameday/base/clock.h"
#include "gameday/base/loop.h"
#include "gameday/wire/frame.h"
#include "gameday/wire/message.h"
#include "injectors/agent/ceiling.h"
#include "injectors/agent/commands.h"
#include "injectors/agent/generator_child.h"
#include "injectors/agent/generators.h"
#include "injectors/agent/record.h"
#include "injectors/agent/samplers.h"
#include "injectors/agent/session.h"
#include "injectors/agent/worker.h"

enum {
	PROTOCOL = 1,
	/* A runner that reads nothing: events are dropped first, then it counts as lost. */
	DROP_EVENTS_AT = 4 << 20,
	HOLD_LOADS_AT = 1 << 20, /* what they measure is kept, not dropped */
	HANG_UP_AT = 16 << 20,
	LAST_WORDS_MS = 500,
	TEND_EVERY_S = 2,
	/* A runner that has loads here speaks every few seconds. */
	SILENT_S = 10,
	TAKEN_OVER_S = 30,
	/* So long a load may go on while its runner is not heard. */
	LOADS_ALONE_S = 10 * 60,
};

struct agent {
	const struct gd_agent_options *opt;
	struct gd_ports ports;
	struct gd_loop *loop;
	struct gd_session *session;
	struct gd_worker *worker;
	struct gd_samplers *samplers;
	struct gd_generators *generators;
	struct gd_commands *commands;
	struct gd_timer *lapse, *tend;
	struct gd_io *in, *out, *messages, *guardian; /* guardian: NULL when none */
	struct gd_io *ceiling;
	int guardian_fd, ceiling_fd;
	struct gd_frame_reader reader;
	struct gd_strbuf pending; /* not written yet */
	bool ending, over, left_behind;
	struct gd_instant heard; /* the runner, for the last time */
	struct gd_span
		loads_left; /* at the end: loads outlive this by so much; 0: not at all */
};

/* --- out ----------------------------------------------------------------------------- */

static void end(struct agent *a, const char *reason);
static void lose_session(struct agent *a, const char *reason);

static void flush(struct agent *a)
{
	while (a->pending.len > 0) {
		ssize_t n = write(a->opt->out_fd, a->pending.data, a->pending.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			gd_strbuf_clear(&a->pending);
			lose_session(a, "the runner hung up");
			break;
		}
		gd_strbuf_consume(&a->pending, (size_t)n);
	}
	if (a->out)
		gd_io_set(a->out, a->pending.len ? EPOLLOUT : 0);
	if (a->generators)
		gd_generators_hold(a->generators, a->pending.len > HOLD_LOADS_AT);
}

/* Takes msg. */
static void say(struct agent *a, cJSON *msg)
{
	struct gd_error err;

	if (msg && a->pending.len <= HANG_UP_AT &&
	    gd_frame_write(&a->pending, msg, &err) == 0) {
		flush(a);
		if (a->pending.len > HANG_UP_AT)
			end(a, "the runner reads nothing");
	}
	cJSON_Delete(msg);
}

/* Takes event: one of a stream, of which one may be missing. */
static void emit(void *ctx, cJSON *event)
{
	struct agent *a = ctx;

	if (a->pending.len > DROP_EVENTS_AT)
		cJSON_Delete(event);
	else
		say(a, event);
}

static void fail(struct agent *a, int64_t id, const struct gd_error *why)
{
	say(a, gd_message_failure(id, why));
}

/* From any thread: a sentence for the run's log. */
static void note(void *ctx, const char *text)
{
	GD_AUTO(cJSON) cJSON *event = gd_message_event("log");
	struct agent *a = ctx;

	if (event && gd_json_set_str(event, "level", "info") &&
	    gd_json_set_str(event, "text", text))
		gd_worker_say(a->worker, gd_steal_ptr(&event));
}

/* --- the worker's thread ------------------------------------------------------------- */

static void worker_fail(struct agent *a, int64_t id, const struct gd_error *why)
{
	cJSON *msg = gd_message_failure(id, why);

	if (msg)
		gd_worker_say(a->worker, msg);
}

/* An event about what was undone, or about why it could not be told. */
static void worker_event(struct agent *a, int rc, cJSON *event, struct gd_error *err)
{
	if (event)
		gd_worker_say(a->worker, event);
	if (rc < 0)
		note(a, err->text);
}

static void run_own_job(struct agent *a, const char *op, const cJSON *job)
{
	struct gd_error err = GD_ERROR_INIT;
	cJSON *event = NULL;
	int rc;

	if (strcmp(op, "guardian") == 0)
		rc = gd_session_guardian_died(a->session, &event, &err);
	else if (strcmp(op, "end") == 0)
		rc = gd_session_undo(a->session, gd_json_str(job, "reason", "ended"),
				     &event, &err);
	else if (strcmp(op, "tend") == 0)
		rc = gd_session_tend(a->session, &event, &err);
	else
		rc = gd_session_undo(a->session, NULL, &event, &err);
	worker_event(a, rc, event, &err);
}

static void run_job(void *ctx, const cJSON *job)
{
	const char *op = gd_json_str(job, "op", "");
	int64_t id = gd_json_int(job, "id", 0);
	GD_AUTO(cJSON) cJSON *reply = NULL;
	struct gd_error err = GD_ERROR_INIT;
	struct agent *a = ctx;
	int rc;

	if (id == 0) {
		run_own_job(a, op, job);
		return;
	}
	reply = gd_message_reply(id);
	rc = reply ? gd_session_run(a->session, op, job, reply, &err)
		   : gd_raise_nomem(&err);
	if (rc == 0)
		gd_worker_say(a->worker, gd_steal_ptr(&reply));
	else
		worker_fail(a, id, &err);
}

/* --- requests the loop answers itself ------------------------------------------------ */

static bool add_clocks(cJSON *reply)
{
	return gd_json_set_int(reply, "wall_ns", gd_wall_now().ns) &&
	       gd_json_set_int(reply, "boot_ns", gd_now().ns);
}

static int answer_hello(struct agent *a, const cJSON *request, cJSON *reply,
			struct gd_error *err)
{
	int64_t protocol = gd_json_int(request, "protocol", 0);
	cJSON *holder = gd_session_holder(a->session);
	char boot_id[40];
	struct utsname u;

	if (!holder)
		holder = cJSON_CreateNull();
	if (!gd_json_set(reply, "holder", holder))
		return gd_raise_nomem(err);
	if (protocol != PROTOCOL)
		return gd_raise(err, GD_E_INPUT,
				"this agent speaks protocol %d, the runner %" PRId64
				": both must be of one version of gameday",
				(int)PROTOCOL, protocol);
	if (gd_session_hello(a->session, request, err) < 0)
		return -1;
	gd_generators_name(a->generators, gd_json_str(request, "run", "unnamed"));
	gd_boot_id(boot_id);
	if (uname(&u) < 0)
		return gd_raise_errno(err, "uname");
	if (!gd_json_set_int(reply, "protocol", PROTOCOL) ||
	    !gd_json_set_str(reply, "version", a->opt->version) ||
	    !gd_json_set_str(reply, "hostname", u.nodename) ||
	    !gd_json_set_str(reply, "kernel", u.release) ||
	    !gd_json_set_str(reply, "machine", u.machine) ||
	    !gd_json_set_int(reply, "uid", (int64_t)geteuid()) ||
	    !gd_json_set_str(reply, "boot_id", boot_id) || !add_clocks(reply))
		return gd_raise_nomem(err);
	return 0;
}

static int answer_ping(struct agent *a GD_UNUSED, const cJSON *request GD_UNUSED,
		       cJSON *reply, struct gd_error *err)
{
	return add_clocks(reply) ? 0 : gd_raise_nomem(err);
}

static void arm_lapse(struct agent *a)
{
	struct gd_instant t = gd_session_next_lapse(a->session);

	if (t.ns == INT64_MAX)
		gd_timer_disarm(a->lapse);
	else
		gd_timer_arm(a->lapse, t);
	gd_ceiling_set(a->ceiling_fd, gd_session_ceiling(a->session));
}

static int answer_renew(struct agent *a, const cJSON *request, cJSON *reply,
			struct gd_error *err)
{
	int64_t left = 0;

	if (gd_session_renew(a->session, gd_json_int(request, "lease_ms", 0), &left,
			     err) < 0)
		return -1;
	arm_lapse(a);
	return gd_json_set_int(reply, "left_ms", left) ? 0 : gd_raise_nomem(err);
}

static int answer_watch(struct agent *a, const cJSON *request, cJSON *reply GD_UNUSED,
			struct gd_error *err)
{
	return gd_samplers_start(a->samplers, request, err);
}

static int answer_load(struct agent *a, const cJSON *request, cJSON *reply GD_UNUSED,
		       struct gd_error *err)
{
	return gd_generators_start(a->generators, request, err);
}

static int answer_load_attach(struct agent *a, const cJSON *request,
			      cJSON *reply GD_UNUSED, struct gd_error *err)
{
	return gd_generators_attach(a->generators, request, err);
}

static int answer_load_got(struct agent *a, const cJSON *request, cJSON *reply GD_UNUSED,
			   struct gd_error *err)
{
	return gd_generators_confirm(a->generators, request, err);
}

static int answer_load_stop(struct agent *a, const cJSON *request, cJSON *reply GD_UNUSED,
			    struct gd_error *err)
{
	return gd_generators_stop(a->generators, request, err);
}

static int answer_run(struct agent *a, const cJSON *request, cJSON *reply GD_UNUSED,
		      struct gd_error *err)
{
	return gd_commands_start(a->commands, request, err);
}

static int answer_run_stop(struct agent *a, const cJSON *request, cJSON *reply GD_UNUSED,
			   struct gd_error *err GD_UNUSED)
{
	gd_commands_stop(a->commands, gd_json_str(request, "ref", NULL));
	return 0;
}

static const struct answer {
	const char *op;
	int (*fn)(struct agent *a, const cJSON *request, cJSON *reply,
		  struct gd_error *err);
} answers[] = {
	{"hello", answer_hello},       {"ping", answer_ping},
	{"renew", answer_renew},       {"watch", answer_watch},
	{"load", answer_load},         {"load_attach", answer_load_attach},
	{"load_got", answer_load_got}, {"load_stop", answer_load_stop},
	{"run", answer_run},           {"run_stop", answer_run_stop},
};

static const struct answer *find_answer(const char *op)
{
	for (size_t i = 0; i < GD_N_ELEMS(answers); i++)
		if (strcmp(answers[i].op, op) == 0)
			return &answers[i];
	return NULL;
}

static void answer_here(struct agent *a, const struct answer *how, int64_t id,
			const cJSON *request)
{
	GD_AUTO(cJSON) cJSON *reply = gd_message_reply(id);
	struct gd_error err = GD_ERROR_INIT;
	int rc = reply ? how->fn(a, request, reply, &err) : gd_raise_nomem(&err);

	if (rc == 0)
		say(a, gd_steal_ptr(&reply));
	else
		fail(a, id, &err);
}

/* --- in ------------------------------------------------------------------------------ */

/* Takes request. */
static void take_request(struct agent *a, cJSON *request)
{
	GD_AUTO(cJSON) cJSON *owned = request;
	struct gd_error err = GD_ERROR_INIT;
	const struct answer *how;
	struct gd_message m;

	if (gd_message_read(request, &m, &err) < 0 || m.kind != GD_MESSAGE_REQUEST) {
		end(a, "the runner broke the protocol");
		return;
	}
	how = find_answer(m.name);
	if (how) {
		answer_here(a, how, m.id, request);
		return;
	}
	if (!gd_session_knows(m.name)) {
		(void)gd_raise(&err, GD_E_INPUT, "no operation \"%.40s\"", m.name);
		fail(a, m.id, &err);
	} else if (!gd_worker_post(a->worker, gd_steal_ptr(&owned))) {
		(void)gd_raise(&err, GD_E_REFUSED, "too many requests are waiting");
		fail(a, m.id, &err);
	}
}

static void on_input(void *ctx, uint32_t events GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct agent *a = ctx;
	char chunk[16384];
	ssize_t n = read(a->opt->in_fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0 || gd_frame_feed(&a->reader, chunk, (size_t)n, &err) < 0) {
		lose_session(a, "the runner hung up");
		return;
	}
	a->heard = gd_now();
	while (!a->ending) {
		cJSON *request = NULL;
		int rc = gd_frame_next(&a->reader, &request, &err);

		if (rc == GD_FRAME_MESSAGE)
			take_request(a, request);
		else if (rc < 0)
			end(a, "the runner broke the protocol");
		else
			return;
	}
}

static void on_output(void *ctx, uint32_t events GD_UNUSED)
{
	flush(ctx);
}

/* --- what happens here --------------------------------------------------------------- */

static void post_own(struct agent *a, const char *op, const char *reason)
{
	GD_AUTO(cJSON) cJSON *job = cJSON_CreateObject();

	/* If this fails for want of memory, the guardian does it a moment later. */
	if (job && gd_json_set_str(job, "op", op) &&
	    gd_json_set_str(job, "reason", reason) &&
	    !gd_worker_post(a->worker, gd_steal_ptr(&job)))
		return;
}

/* Once: from here on only what is in gets undone. */
static void end(struct agent *a, const char *reason)
{
	if (a->ending)
		return;
	a->ending = true;
	gd_io_remove(a->in);
	a->in = NULL;
	gd_timer_disarm(a->lapse);
	gd_ceiling_set(a->ceiling_fd, GD_CEILING_NONE);
	gd_session_busy(a->session);
	post_own(a, "end", reason);
	gd_commands_stop(a->commands, NULL);
}

/*
 * A runner that spoke a moment ago may have died, and its loads with it unless it is back soon;
 * one that was not heard for a while is cut off, and will want to know what was felt here.
 */
static void lose_session(struct agent *a, const char *reason)
{
	bool silent = gd_between(a->heard, gd_now()).ns > gd_span_s(SILENT_S).ns;

	if (!a->ending)
		a->loads_left = silent ? gd_span_s(LOADS_ALONE_S)
				       : gd_span_ms(GD_GENERATOR_ALONE_MS);
	end(a, reason);
}

static void on_signal(void *ctx, int signo)
{
	if (signo == SIGHUP)
		lose_session(ctx, "the SSH session ended");
	else
		end(ctx, "the agent was told to end");
}

static void on_lapse(void *ctx)
{
	struct agent *a = ctx;

	gd_session_busy(a->session);
	post_own(a, "lapse", "");
	gd_commands_stop(a->commands, NULL);
}

/* A session whose path is cut ends when TCP gives up, which takes a quarter of an hour. */
static void tend_loads(struct agent *a)
{
	int64_t silent = gd_between(a->heard, gd_now()).ns;

	if (gd_generators_told_here(a->generators) &&
	    silent > gd_span_s(LOADS_ALONE_S).ns)
		end(a, "the runner was not heard for ten minutes");
	else if (gd_generators_taken_over(a->generators) &&
		 silent > gd_span_s(TAKEN_OVER_S).ns &&
		 gd_session_next_lapse(a->session).ns == INT64_MAX)
		end(a, "another session of the runner took over");
}

/* Only while nothing else waits, so that it never delays an undo by more than itself. */
static void on_tend(void *ctx)
{
	struct agent *a = ctx;

	if (!a->ending && gd_worker_idle(a->worker))
		post_own(a, "tend", "");
	if (!a->ending)
		tend_loads(a);
	gd_timer_arm(a->tend, gd_after(gd_now(), gd_span_s(TEND_EVERY_S)));
}

/* The wall clock reached the ceiling, or was stepped. */
static void on_ceiling(void *ctx, uint32_t events GD_UNUSED)
{
	struct agent *a = ctx;
	struct gd_wall at = gd_session_ceiling(a->session);

	if (!gd_ceiling_passed(at)) {
		gd_ceiling_set(a->ceiling_fd, at);
		return;
	}
	gd_ceiling_set(a->ceiling_fd, GD_CEILING_NONE);
	on_lapse(a);
}

static void on_guardian(void *ctx, uint32_t events GD_UNUSED)
{
	struct agent *a = ctx;

	gd_io_remove(a->guardian);
	a->guardian = NULL;
	a->guardian_fd = -1;
	post_own(a, "guardian", "");
}

/* Between jobs: is there a guardian to watch, or none any more? */
static void follow_guardian(struct agent *a)
{
	int fd = gd_session_guardian_fd(a->session);
	struct gd_error err;

	if (fd == a->guardian_fd)
		return;
	gd_io_remove(a->guardian);
	a->guardian = NULL;
	a->guardian_fd = -1;
	if (fd < 0)
		return;
	if (gd_loop_io(a->loop, fd, EPOLLRDHUP, on_guardian, a, &a->guardian, &err) < 0) {
		end(a, "the guardian can't be watched");
		return;
	}
	a->guardian_fd = fd;
}

static void on_messages(void *ctx, uint32_t events GD_UNUSED)
{
	struct agent *a = ctx;
	cJSON *msg;

	while ((msg = gd_worker_fetch(a->worker)) != NULL)
		say(a, msg);
	if (!gd_worker_idle(a->worker))
		return;
	follow_guardian(a);
	if (a->ending)
		a->over = true;
	else
		arm_lapse(a);
}

/* --- life ---------------------------------------------------------------------------- */

static int open_parts(struct agent *a, struct gd_error *err)
{
	static const int signos[] = {SIGTERM, SIGHUP, SIGINT};
	struct gd_session_options so = {.state_dir = a->opt->state_dir,
					.ports = &a->ports,
					.leave_cgroup = a->opt->leave_cgroup,
					.crash_at = a->opt->crash_at};

	if (gd_loop_new(&a->loop, err) < 0 ||
	    gd_loop_signals(a->loop, signos, GD_N_ELEMS(signos), on_signal, a, err) < 0 ||
	    gd_session_new(&so, &a->session, err) < 0 ||
	    gd_ceiling_open(&a->ceiling_fd, err) < 0 ||
	    gd_worker_new(run_job, a, &a->worker, err) < 0)
		return -1;
	a->samplers = gd_samplers_new(a->loop, emit, a);
	a->generators = gd_generators_new(a->loop, a->opt->state_dir, emit, a);
	a->commands = gd_commands_new(a->loop, emit, a);
	if (!a->samplers || !a->generators || !a->commands)
		return gd_raise_nomem(err);
	if (gd_loop_timer(a->loop, on_lapse, a, &a->lapse, err) < 0 ||
	    gd_loop_timer(a->loop, on_tend, a, &a->tend, err) < 0)
		return -1;
	gd_timer_arm(a->tend, gd_after(gd_now(), gd_span_s(TEND_EVERY_S)));
	return 0;
}

static int open_io(struct agent *a, struct gd_error *err)
{
	if (fcntl(a->opt->in_fd, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(a->opt->out_fd, F_SETFL, O_NONBLOCK) < 0)
		return gd_raise_errno(err, "standard input or output");
	if (gd_loop_io(a->loop, a->opt->in_fd, EPOLLIN, on_input, a, &a->in, err) < 0 ||
	    gd_loop_io(a->loop, a->opt->out_fd, 0, on_output, a, &a->out, err) < 0 ||
	    gd_loop_io(a->loop, gd_worker_fd(a->worker), EPOLLIN, on_messages, a,
		       &a->messages, err) < 0)
		return -1;
	if (gd_loop_io(a->loop, a->ceiling_fd, EPOLLIN, on_ceiling, a, &a->ceiling, err) <
	    0)
		return -1;
	gd_strbuf_adds(&a->pending, GD_GREETING);
	flush(a);
	return 0;
}

/* What is still unsent gets a moment; the runner may be gone for good. */
static void last_words(struct agent *a)
{
	struct gd_instant until = gd_after(gd_now(), gd_span_ms(LAST_WORDS_MS));
	struct gd_error err;

	while (a->pending.len > 0 && gd_now().ns < until.ns)
		if (gd_loop_step(a->loop, until, &err) < 0)
			return;
}

static void close_parts(struct agent *a)
{
	gd_commands_free(a->commands);
	if (a->generators && a->loads_left.ns > 0)
		gd_generators_leave(a->generators, a->loads_left);
	gd_generators_free(a->generators);
	gd_samplers_free(a->samplers);
	gd_worker_free(a->worker);
	gd_session_free(a->session);
	gd_loop_free(a->loop);
	gd_close_fd(&a->ceiling_fd);
	gd_frame_reader_fini(&a->reader);
	gd_strbuf_fini(&a->pending);
}

int gd_agent_serve(const struct gd_agent_options *opt, struct gd_error *err)
{
	struct agent a = {.opt = opt,
			  .ports = *opt->ports,
			  .guardian_fd = -1,
			  .ceiling_fd = -1,
			  .heard = gd_now()};
	const struct gd_instant never = {INT64_MAX / 2};
	int rc;

	a.ports.note = note;
	a.ports.note_ctx = &a;
	a.ports.state_dir = opt->state_dir;
	gd_frame_reader_init(&a.reader, false);
	rc = open_parts(&a, err);
	if (rc == 0)
		rc = open_io(&a, err);
	while (rc == 0 && !a.over)
		rc = gd_loop_step(a.loop, never, err);
	if (rc == 0)
		last_words(&a);
	close_parts(&a);
	return rc;
}
