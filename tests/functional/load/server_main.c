/* SPDX-License-Identifier: Apache-2.0 */
/* The test server as a program: prints its port, serves until standard input ends. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gameday/base/clock.h"
#include "tests/functional/load/server.h"

/* load_server [FAIL_EVERY [PAUSE_MS EVERY_MS]] */
int main(int argc, char **argv)
{
	struct server_config cfg = {
		.fail_every = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0,
		.pause_ns = argc > 3 ? strtol(argv[2], NULL, 10) * GD_NS_PER_MS : 0,
		.pause_every_ns = argc > 3 ? strtol(argv[3], NULL, 10) * GD_NS_PER_MS : 0,
		.pause_at_ns =
			argc > 3 ? strtol(argv[3], NULL, 10) * GD_NS_PER_MS / 2 : 0};
	struct server *s = server_start(&cfg);
	char c;

	(void)printf("%u\n", server_port(s));
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		continue;
	server_stop(s);
	return 0;
}
