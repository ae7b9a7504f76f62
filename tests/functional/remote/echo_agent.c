/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent that only speaks the protocol. GD_TEST_AGENT says how it begins (nothing: well),
 * the op of a request how it goes on: echo, event, die, garbage, huge, bad-id, request,
 * silent, words, args.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/wire/frame.h"
#include "gameday/wire/message.h"

static void say(const void *data, size_t size)
{
	struct gd_error err = GD_ERROR_INIT;

	if (gd_fd_write_all(STDOUT_FILENO, data, size, &err) < 0)
		_exit(3);
}

static void send_message(cJSON *json)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);

	if (gd_frame_write(&out, json, &err) < 0)
		_exit(4);
	say(out.data, out.len);
	cJSON_Delete(json);
}

static void echo(const cJSON *request, int64_t id)
{
	cJSON *reply = gd_message_reply(id);

	(void)gd_json_set_str(reply, "text", gd_json_str(request, "text", ""));
	send_message(reply);
}

static void tell_args(int64_t id, int argc, char **argv)
{
	cJSON *reply = gd_message_reply(id);

	(void)gd_json_set_str(reply, "option", argc > 1 ? argv[1] : "");
	(void)gd_json_set_str(reply, "ssh_connection", argc > 2 ? argv[2] : "");
	(void)gd_json_set_str(reply, "sudo", getenv("GD_FAKE_SUDO") ? "yes" : "no");
	(void)gd_json_set_str(reply, "self", argv[0]);
	send_message(reply);
}

static void misbehave(const char *op, int64_t id)
{
	struct gd_error err = GD_ERROR_INIT;

	if (strcmp(op, "die") == 0) {
		(void)fprintf(stderr, "echo-agent: dying as \x1b[31masked\n");
		exit(7);
	} else if (strcmp(op, "garbage") == 0) {
		say("\0\0\0\5{{{{{", 9);
	} else if (strcmp(op, "huge") == 0) {
		say("\x7f\xff\xff\xff", 4);
	} else if (strcmp(op, "bad-id") == 0) {
		send_message(gd_message_reply(id + 1000));
	} else if (strcmp(op, "request") == 0) {
		cJSON *json = gd_message_request("take this");

		if (!gd_message_set_id(json, 1))
			exit(4);
		send_message(json);
	} else if (strcmp(op, "event") == 0) {
		send_message(gd_message_event("tick"));
		send_message(gd_message_reply(id));
	} else if (strcmp(op, "words") == 0) {
		(void)gd_raise(&err, GD_E_REFUSED, "no, thank you");
		send_message(gd_message_failure(id, &err));
	} else if (strcmp(op, "silent") != 0) {
		(void)gd_raise(&err, GD_E_INPUT, "unknown op");
		send_message(gd_message_failure(id, &err));
	}
}

static void serve(const cJSON *json, int argc, char **argv)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_message m;

	if (gd_message_read(json, &m, &err) < 0 || m.kind != GD_MESSAGE_REQUEST)
		exit(5);
	if (strcmp(m.name, "echo") == 0)
		echo(json, m.id);
	else if (strcmp(m.name, "args") == 0)
		tell_args(m.id, argc, argv);
	else
		misbehave(m.name, m.id);
}

static void begin(void)
{
	const char *how = getenv("GD_TEST_AGENT");

	if (!how) {
		say(GD_GREETING, strlen(GD_GREETING));
	} else if (strcmp(how, "dies") == 0) {
		(void)fprintf(stderr, "echo-agent: can't begin\n");
		exit(9);
	} else if (strcmp(how, "version") == 0) {
		say("GAMEDAY-AGENT 2\n", 16);
	} else if (strcmp(how, "noise") == 0) {
		for (int i = 0; i < 2000; i++)
			say("a line of no use at all, many times over\n", 41);
	}
	/* "mute": nothing at all */
}

int main(int argc, char **argv)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_frame_reader r;
	char chunk[65536];
	ssize_t n;

	begin();
	gd_frame_reader_init(&r, false);
	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0) {
		cJSON *json = NULL;

		if (gd_frame_feed(&r, chunk, (size_t)n, &err) < 0)
			return 6;
		while (gd_frame_next(&r, &json, &err) == GD_FRAME_MESSAGE) {
			serve(json, argc, argv);
			cJSON_Delete(json);
			json = NULL;
		}
	}
	gd_frame_reader_fini(&r);
	return 0;
}
