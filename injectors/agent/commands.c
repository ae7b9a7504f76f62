/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "injectors/agent/child.h"
#include "injectors/agent/command_child.h"

struct command {
	struct gd_commands *all;
	char ref[128];
	struct gd_child child; /* the process that watches it */
	cJSON *outcome;        /* owned; NULL: it has told nothing yet */
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

/* Its process kills the command and ends by itself once it is told to. */
static void command_free(struct command *c)
{
	if (!c)
		return;
	gd_child_fini(&c->child);
	cJSON_Delete(c->outcome);
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

static void on_message(void *ctx, cJSON *msg)
{
	struct command *c = ctx;

	cJSON_Delete(c->outcome);
	c->outcome = msg;
}

static void on_ended(void *ctx, const char *trouble GD_UNUSED, int status GD_UNUSED)
{
	struct command *c = ctx;
	GD_AUTO(cJSON) cJSON *event = gd_steal_ptr(&c->outcome);

	if (!event) {
		event = cJSON_CreateObject();
		(void)gd_json_set_str(event, "error",
				      "the process that watched the command died");
	}
	forget(c->all, c);
	if (gd_json_set_str(event, "event", "ran") &&
	    gd_json_set_str(event, "ref", c->ref))
		c->all->emit(c->all->ctx, gd_steal_ptr(&event));
	command_free(c);
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
	struct gd_child_owner owner = {on_message, on_ended, NULL};

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
	owner.ctx = c;
	gd_child_init(&c->child, &owner);
	(void)snprintf(c->ref, sizeof(c->ref), "%s", ref);
	if (gd_child_start(&c->child, all->loop, gd_command_run, &job, err) < 0)
		return -1;
	all->list[all->n++] = gd_steal_ptr(&c);
	return 0;
}

void gd_commands_stop(struct gd_commands *all, const char *ref)
{
	for (size_t i = 0; i < all->n; i++)
		if (!ref || strcmp(all->list[i]->ref, ref) == 0)
			gd_close_fd(&all->list[i]->child.control_fd);
}
