/* SPDX-License-Identifier: Apache-2.0 */
/* The agent as shipped, with the file fault instead of the real ones. */
#include <time.h>

#include "gameday/base/clock.h"
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

int main(int argc, char **argv)
{
	const struct gd_time_port time = {.now = now, .sleep = sleep_for};
	struct gd_ports ports = {.time = &time};

	return gd_agent_main(argc, argv, &ports);
}
