/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/commands.h"

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

#include "gameday/wire/frame.h"
#include "gameday/wire/message.h"
#include "injectors/agent/command_child.h"

struct command {
	struct gd_commands *all;
	char ref[128];
	pid_t pid;             /* of the process that watches it */
	int control_fd, in_fd; /* owned; control closed: told to end */
	struct gd_io *io;      /* owned */
	struct gd_frame_reader reader;
};

struct gd_commands {
	struct gd_loop *loop;
	gd_emit_fn *emit;
	void *ctx;
	struct command *list[GD_COMMAND_MAX_RUNNING];
	size_t n;
};

struct gd_commands *gd_commands_new(struct gd_loop *loop, gd_emit_fn *emit, void *ctx)
{
	struct gd_commands *c = calloc(1, sizeof(*c));

	if (c)
		*c = (struct gd_commands){.loop = loop, .emit = emit, .ctx = ctx};
	return c;
}

/* Its process kills the command and ends by itself once the control end is closed. */
static void command_free(struct command *c)
{
	if (!c)
		return;
	gd_io_remove(c->io);
	gd_close_fd(&c->control_fd);
	gd_close_fd(&c->in_fd);
	gd_frame_reader_fini(&c->reader);
	free(c);
}

GD_DEFINE_AUTO(command, command_free);

void gd_commands_free(struct gd_commands *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		command_free(c->list[i]);
	free(c);
}

static void forget(struct gd_commands *all, const struct command *c)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i] == c) {
			all->list[i] = all->list[--all->n];
			return;
		}
}

/* Takes event, which may be NULL: its process told nothing. */
static void finish(struct command *c, cJSON *event)
{
	GD_AUTO(cJSON) cJSON *owned = event ? event : cJSON_CreateObject();

	if (!event)
		(void)gd_json_set_str(owned, "error",
				      "the process that watched the command died");
	/* It ends at once after its word; one that was killed has ended already. */
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	forget(c->all, c);
	if (gd_json_set_str(owned, "event", "ran") &&
	    gd_json_set_str(owned, "ref", c->ref))
		c->all->emit(c->all->ctx, gd_steal_ptr(&owned));
	command_free(c);
}

static void on_readable(void *ctx, uint32_t events GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct command *c = ctx;
	cJSON *msg = NULL;
	char chunk[16384];
	ssize_t n = read(c->in_fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		finish(c, NULL);
		return;
	}
	if (gd_frame_feed(&c->reader, chunk, (size_t)n, &err) < 0 ||
	    gd_frame_next(&c->reader, &msg, &err) < 0) {
		(void)kill(c->pid, SIGKILL);
		finish(c, NULL);
	} else if (msg) {
		finish(c, msg);
	}
}

static int start_child(struct command *c, struct gd_command_job *job,
		       struct gd_error *err)
{
	GD_AUTO_FD int child_in = -1, child_out = -1;
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "pipe");
	child_in = p[0];
	c->control_fd = p[1];
	if (pipe2(p, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "pipe");
	c->in_fd = p[0];
	child_out = p[1];
	job->control_fd = child_in;
	job->out_fd = child_out;
	c->pid = fork();
	if (c->pid == 0)
		gd_command_run(job);
	if (c->pid < 0)
		return gd_raise_errno(err, "fork");
	if (fcntl(c->in_fd, F_SETFL, O_NONBLOCK) < 0)
		return gd_raise_errno(err, "fcntl");
	return 0;
}

static struct command *find(const struct gd_commands *all, const char *ref)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i]->ref, ref) == 0)
			return all->list[i];
	return NULL;
}

static int read_job(const cJSON *request, struct gd_command_job *job,
		    struct gd_error *err)
{
	int64_t ms = gd_json_int(request, "timeout_ms", 0);
	int64_t size = gd_json_int(request, "max_output", 0);

	job->command = gd_json_str(request, "command", "");
	job->as_root = gd_json_bool(request, "root", false);
	if (!*job->command || strlen(job->command) > GD_COMMAND_MAX_TEXT)
		return gd_raise(err, GD_E_INPUT,
				"run: the command is missing or longer than %d bytes",
				(int)GD_COMMAND_MAX_TEXT);
	if (ms < 1 || ms > GD_COMMAND_MAX_MS)
		return gd_raise(err, GD_E_INPUT,
				"timeout_ms is %" PRId64 ", wanted: 1 to %d", ms,
				(int)GD_COMMAND_MAX_MS);
	if (size < 1 || size > GD_COMMAND_MAX_OUTPUT)
		return gd_raise(err, GD_E_INPUT,
				"max_output is %" PRId64 ", wanted: 1 to %d", size,
				(int)GD_COMMAND_MAX_OUTPUT);
	job->limit = gd_span_ms(ms);
	job->max_output = (size_t)size;
	return 0;
}

int gd_commands_start(struct gd_commands *all, const cJSON *request, struct gd_error *err)
{
	const char *ref = gd_json_str(request, "ref", "");
	GD_AUTO(command) struct command *c = NULL;
	struct gd_command_job job = {0};

	if (!*ref || strlen(ref) >= sizeof(c->ref))
		return gd_raise(err, GD_E_INPUT, "run: ref is missing or too long");
	if (find(all, ref))
		return gd_raise(err, GD_E_REFUSED, "command %s is running already", ref);
	if (all->n == GD_COMMAND_MAX_RUNNING)
		return gd_raise(err, GD_E_REFUSED, "%d commands are running already",
				(int)GD_COMMAND_MAX_RUNNING);
	if (read_job(request, &job, err) < 0)
		return -1;
	c = calloc(1, sizeof(*c));
	if (!c)
		return gd_raise_nomem(err);
	c->all = all;
	c->control_fd = c->in_fd = -1;
	gd_frame_reader_init(&c->reader, false);
	(void)snprintf(c->ref, sizeof(c->ref), "%s", ref);
	if (start_child(c, &job, err) < 0 ||
	    gd_loop_io(all->loop, c->in_fd, EPOLLIN, on_readable, c, &c->io, err) < 0)
		return -1;
	all->list[all->n++] = gd_steal_ptr(&c);
	return 0;
}

void gd_commands_stop(struct gd_commands *all, const char *ref)
{
	for (size_t i = 0; i < all->n; i++)
		if (!ref || strcmp(all->list[i]->ref, ref) == 0)
			gd_close_fd(&all->list[i]->control_fd);
}
