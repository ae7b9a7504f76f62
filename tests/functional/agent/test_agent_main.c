/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent as shipped, with the file fault instead of the real ones. Over SSH nobody gives
 * it options: then GD_TEST_STATE_DIR says where its journal is.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "injectors/agent/main.h"

static struct gd_instant now(void *ctx GD_UNUSED)
{
	return gd_now();
}

static void sleep_for(void *ctx GD_UNUSED, struct gd_span d)
{
	const struct timespec ts = {.tv_sec = d.ns / GD_NS_PER_S,
				    .tv_nsec = d.ns % GD_NS_PER_S};

	(void)nanosleep(&ts, NULL);
}

/* Leaves a mark in the file the test names, or fails when it can't. */
static int forget(void *ctx GD_UNUSED, int family, const uint8_t addr[16], int64_t *ret_n,
		  struct gd_error *err)
{
	const char *mark = getenv("GD_TEST_FORGOTTEN");

	*ret_n = family == AF_INET && addr[0] == 192;
	return mark ? gd_file_write(mark, *ret_n ? "1" : "0", 1, 0600, err) : 0;
}

/* A name that means something else each time it is asked for. */
static int resolve(void *ctx, const char *name, struct gd_strbuf *out,
		   struct gd_error *err GD_UNUSED)
{
	int *asked = ctx;

	if (strcmp(name, "db.example") != 0)
		return GD_PORT_ABSENT;
	gd_strbuf_addf(out, "10.9.0.%d\n2001:db8::9\n", ++*asked);
	return 0;
}

enum { MAX_ARGS = 16 };

/* argv with the option behind it, when the environment asks for that. */
static int add_state_dir(int argc, char **argv, char *ret[MAX_ARGS])
{
	static char option[] = "--state-dir";
	char *dir = getenv("GD_TEST_STATE_DIR");
	int n = 0;

	for (; n < argc && n < MAX_ARGS - 3; n++)
		ret[n] = argv[n];
	if (dir) {
		ret[n++] = option;
		ret[n++] = dir;
	}
	ret[n] = NULL;
	return n;
}

int main(int argc, char **argv)
{
	char *args[MAX_ARGS];
	const struct gd_time_port time = {.now = now, .sleep = sleep_for};
	const struct gd_neighbour_port neighbour = {.forget = forget};
	int asked = 0;
	const struct gd_name_port name = {&asked, resolve};
	struct gd_ports ports = {.time = &time, .neighbour = &neighbour, .name = &name};

	argc = add_state_dir(argc, argv, args);
	return gd_agent_main(argc, args, &ports);
}
