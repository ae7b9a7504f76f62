/* SPDX-License-Identifier: Apache-2.0 */
/* Against a control socket of our own that answers as BIRD does. */
#include "tests/unit/cmocka_all.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/json.h"
#include "gameday/watch/watch.h"

/* One reply per connection: up; the same session later; down; up anew, counters reset. */
static const char *const replies[] = {
	"1002-a BGP --- up 10:00:00 Established\n"
	"1006-  Routes: 2 imported, 1 exported, 2 preferred\n"
	"   Import updates: 5 0 0 0 5\n   Import withdraws: 1 0 --- 0 1\n \n0000 \n",
	"1002-a BGP --- up 10:00:00 Established\n"
	"1006-  Routes: 2 imported, 1 exported, 2 preferred\n"
	"   Import updates: 8 0 0 0 8\n   Import withdraws: 2 0 --- 0 2\n \n0000 \n",
	"1002-a BGP --- start 10:00:09 Active\n1006-  State: DOWN\n \n0000 \n",
	"1002-a BGP --- up 10:00:11 Established\n"
	"1006-  Routes: 2 imported, 1 exported, 2 preferred\n"
	"   Import updates: 2 0 0 0 2\n   Import withdraws: 0 0 --- 0 0\n \n0000 \n",
	"9001 syntax error\n",
};

struct server {
	char path[64];
	pid_t pid;
};

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		_exit(1);
}

/* Reads one line; false: the client left. */
static bool hear(int fd, char *line, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && read(fd, line + n, 1) == 1)
		if (line[n++] == '\n') {
			line[n] = '\0';
			return true;
		}
	return false;
}

static void serve(int listener)
{
	char line[200];

	for (size_t i = 0; i < GD_N_ELEMS(replies); i++) {
		int fd = accept(listener, NULL, NULL);

		say(fd, "0001 BIRD 2.0.12 ready.\n");
		if (!hear(fd, line, sizeof(line)) || strcmp(line, "restrict\n") != 0)
			_exit(1);
		say(fd, "0016 Access restricted\n");
		if (!hear(fd, line, sizeof(line)) ||
		    strcmp(line, "show protocols all a\n") != 0)
			_exit(1);
		say(fd, replies[i]);
		(void)close(fd);
	}
	_exit(0);
}

static int setup(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct server *s = calloc(1, sizeof(*s));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_non_null(s);
	(void)snprintf(s->path, sizeof(s->path), "/tmp/gd-bird-%d.ctl", (int)getpid());
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", s->path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 4), 0);
	s->pid = fork();
	if (s->pid == 0) {
		(void)alarm(20);
		serve(fd);
	}
	(void)close(fd);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct server *s = *state;

	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	(void)unlink(s->path);
	free(s);
	return 0;
}

static int value(const struct gd_watch_sample *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->values[i].name, name) == 0)
			return (int)s->values[i].value;
	fail_msg("no %s", name);
	return 0;
}

static void assert_sample(void *watch, int up, int flaps, int updates, int withdraws)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_watch_sample s;

	if (gd_watch_find("bgp")->sample(watch, &s, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(value(&s, "up"), up);
	assert_int_equal(value(&s, "imported"), 2 * up);
	assert_int_equal(value(&s, "exported"), up);
	assert_int_equal(value(&s, "flaps"), flaps);
	assert_int_equal(value(&s, "updates"), updates);
	assert_int_equal(value(&s, "withdraws"), withdraws);
}

static void counters_go_on_when_bird_starts_again(void **state)
{
	const struct gd_watch_kind *k = gd_watch_find("bgp");
	struct server *server = *state;
	GD_AUTO_FREE char *args = calloc(1, k->args.size);
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();
	struct gd_watch_sample s;
	void *watch;

	(void)cJSON_AddStringToObject(json, "protocol", "a");
	(void)cJSON_AddStringToObject(json, "socket", server->path);
	assert_int_equal(gd_shape_from_json(&k->args, json, args, &err), 0);
	if (k->open(args, &watch, &err) < 0)
		fail_msg("%s", err.text);
	assert_sample(watch, 1, 0, 3, 1);
	assert_sample(watch, 0, 1, 3, 1);
	assert_sample(watch, 1, 1, 5, 1);
	assert_int_equal(k->sample(watch, &s, &err), -1);
	assert_non_null(strstr(err.text, "no BGP protocol a"));
	k->close(watch);
}

static void names_cannot_smuggle_commands(void **state)
{
	const struct gd_watch_kind *k = gd_watch_find("bgp");
	GD_AUTO_FREE char *args = calloc(1, k->args.size);
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();
	void *watch;

	(void)state;
	(void)cJSON_AddStringToObject(json, "protocol", "a\ndown");
	if (gd_shape_from_json(&k->args, json, args, &err) == 0)
		assert_int_equal(k->open(args, &watch, &err), -1);
	assert_int_equal(err.code, GD_E_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counters_go_on_when_bird_starts_again,
						setup, teardown),
		cmocka_unit_test(names_cannot_smuggle_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
