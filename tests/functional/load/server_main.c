/* SPDX-License-Identifier: Apache-2.0 */
/* The test server as a program: prints its port, serves until standard input ends. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/functional/load/server.h"

/* load_server [FAIL_EVERY] */
int main(int argc, char **argv)
{
	struct server_config cfg = {
		.fail_every = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0};
	struct server *s = server_start(&cfg);
	char c;

	(void)printf("%u\n", server_port(s));
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		continue;
	server_stop(s);
	return 0;
}
