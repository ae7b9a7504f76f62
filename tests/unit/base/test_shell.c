/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/shell.h"

/* What the command prints, run with that variable. */
static void run(const char *command, char *variable, char *out, size_t size)
{
	GD_AUTO_FD int in = -1;
	size_t n = 0;
	int p[2], status;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(p[1], 1);
		gd_shell_exec(command, variable);
		_exit(127);
	}
	(void)close(p[1]);
	in = p[0];
	while ((got = read(in, out + n, size - 1 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void the_environment_is_our_own(void **state)
{
	char variable[] = "GAMEDAY_BEFORE=a b", out[512];

	(void)state;
	assert_int_equal(setenv("GD_TEST_LEAKS", "yes", 1), 0);
	run("echo \"$PATH,$LC_ALL,$HOME,$GAMEDAY_BEFORE,$GD_TEST_LEAKS\"", variable, out,
	    sizeof(out));
	assert_string_equal(
		out, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin,"
		     "C.UTF-8,/,a b,\n");
}

static void a_variable_more_is_not_needed(void **state)
{
	char out[512];

	(void)state;
	run("/usr/bin/env | grep -c -e ^PATH= -e ^LC_ALL= -e ^HOME=; /usr/bin/env | "
	    "grep -v -e ^PATH= -e ^LC_ALL= -e ^HOME= -e ^PWD= -e ^OLDPWD= -e ^_= -e ^SHLVL=; "
	    "true",
	    NULL, out, sizeof(out));
	assert_string_equal(out, "3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_is_our_own),
		cmocka_unit_test(a_variable_more_is_not_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
