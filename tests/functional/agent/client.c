/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/functional/agent/client.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/wire/message.h"
#include "tests/unit/cmocka_all.h"

enum { LIMIT_MS = 20000 };

void client_start(struct client *c, const char *dir, int crash_at)
{
	const char *over = getenv("GD_TEST_CONNECTION");
	const char *const argv[] = {GD_TEST_AGENT,      "--state-dir",         dir,
				    "--ssh-connection", over ? over : "local", NULL};
	struct gd_error err = GD_ERROR_INIT;
	char text[16];

	*c = (struct client){.dir = dir};
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(text, sizeof(text), "%d", crash_at);
	assert_int_equal(setenv("GAMEDAY_CRASH_AT", text, 1), 0);
	gd_frame_reader_init(&c->reader, true);
	if (gd_proc_spawn(argv, -1, &c->pid, &c->in, &c->out, &err) < 0)
		fail_msg("%s", err.text);
	client_must(c, "hello",
		    "\"protocol\":1,\"run\":\"test\",\"runner\":\"tester pid 1\"");
}

bool client_send(struct client *c, const char *op, const char *fields)
{
	GD_AUTO_FREE char *text =
		gd_strf("{\"op\":\"%s\"%s%s}", op, *fields ? "," : "", fields);
	GD_AUTO(cJSON) cJSON *msg = NULL;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);

	assert_non_null(text);
	if (gd_json_parse(text, strlen(text), &msg, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_true(gd_message_set_id(msg, ++c->last_id));
	assert_int_equal(gd_frame_write(&out, msg, &err), 0);
	return gd_fd_write_all(c->in, out.data, out.len, &err) == 0;
}

/* The next message, or NULL at the end of the stream or the time. */
static cJSON *next_message(struct client *c)
{
	struct gd_error err = GD_ERROR_INIT;
	cJSON *msg = NULL;

	for (;;) {
		struct pollfd pfd = {.fd = c->out, .events = POLLIN};
		char chunk[4096];
		int rc = gd_frame_next(&c->reader, &msg, &err);
		ssize_t n;

		if (rc < 0)
			fail_msg("%s", err.text);
		if (rc == GD_FRAME_MESSAGE)
			return msg;
		if (rc == GD_FRAME_GREETED)
			continue;
		if (poll(&pfd, 1, LIMIT_MS) <= 0)
			fail_msg("no word from the agent in %d ms", (int)LIMIT_MS);
		n = read(c->out, chunk, sizeof(chunk));
		if (n <= 0)
			return NULL;
		assert_int_equal(gd_frame_feed(&c->reader, chunk, (size_t)n, &err), 0);
	}
}

static void keep_event(struct client *c, cJSON *event)
{
	cJSON_Delete(c->event);
	c->event = event;
}

cJSON *client_reply(struct client *c)
{
	cJSON *msg;

	while ((msg = next_message(c)) != NULL) {
		if (gd_json_int(msg, "id", 0) == c->last_id)
			return msg;
		if (gd_json_str(msg, "event", NULL))
			keep_event(c, msg);
		else
			cJSON_Delete(msg);
	}
	return NULL;
}

cJSON *client_call(struct client *c, const char *op, const char *fields)
{
	return client_send(c, op, fields) ? client_reply(c) : NULL;
}

void client_must(struct client *c, const char *op, const char *fields)
{
	GD_AUTO(cJSON) cJSON *reply = client_call(c, op, fields);
	struct gd_error err = GD_ERROR_INIT;

	if (!reply)
		fail_msg("%s: the agent is gone", op);
	if (gd_message_outcome(reply, &err) < 0)
		fail_msg("%s: %s", op, err.text);
}

void client_refused(struct client *c, const char *op, const char *fields,
		    const char *word)
{
	GD_AUTO(cJSON) cJSON *reply = client_call(c, op, fields);
	struct gd_error err = GD_ERROR_INIT;

	assert_non_null(reply);
	assert_int_equal(gd_message_outcome(reply, &err), -1);
	if (!strstr(err.text, word))
		fail_msg("%s: \"%s\" does not say \"%s\"", op, err.text, word);
}

void client_await(struct client *c, const char *event)
{
	cJSON *msg;

	while (!c->event || strcmp(gd_json_str(c->event, "event", ""), event) != 0) {
		msg = next_message(c);
		if (!msg)
			fail_msg("the agent is gone, no event %s", event);
		keep_event(c, msg);
	}
}

int client_end(struct client *c)
{
	struct gd_error err = GD_ERROR_INIT;
	int status = -1;
	cJSON *msg;

	(void)close(c->in);
	while ((msg = next_message(c)) != NULL)
		keep_event(c, msg);
	assert_int_equal(gd_proc_wait(c->pid, gd_span_s(20), &status, &err), 0);
	c->in = -1;
	(void)close(c->out);
	gd_frame_reader_fini(&c->reader);
	cJSON_Delete(c->event);
	return status;
}

void client_bury(struct client *c)
{
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	(void)close(c->in);
	(void)close(c->out);
	gd_frame_reader_fini(&c->reader);
	cJSON_Delete(c->event);
}

int bed_setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	(void)snprintf(b->dir, sizeof(b->dir), "/tmp/gd-agent-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	(void)snprintf(b->state, sizeof(b->state), "%s/state", b->dir);
	client_start(&b->c, b->state, 0);
	*state = b;
	return 0;
}

int bed_teardown(void **state)
{
	struct bed *b = *state;
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_remove_tree(b->dir, &err), 0);
	free(b);
	return 0;
}

static bool file_has(const char *pid, const char *name, const char *text)
{
	GD_AUTO_FREE char *path = gd_strf("/proc/%s/%s", pid, name);
	GD_AUTO_FREE char *data = NULL;
	struct gd_error err;
	size_t size;

	return path && gd_file_read(path, 8192, &data, &size, &err) == 0 &&
	       memmem(data, size, text, strlen(text)) != NULL;
}

pid_t guardian_of(const char *dir)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	pid_t found = 0;

	assert_non_null(proc);
	while (!found && (e = readdir(proc)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    file_has(e->d_name, "comm", "gd-guardian") &&
		    file_has(e->d_name, "cmdline", dir))
			found = (pid_t)strtol(e->d_name, NULL, 10);
	(void)closedir(proc);
	return found;
}
