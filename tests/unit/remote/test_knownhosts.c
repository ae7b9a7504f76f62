/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/remote/knownhosts.h"

#define ED_KEY                                                                           \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGN3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3"
#define EC_KEY "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAAA"
#define RSA_KEY "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA="

static char path[] = "/tmp/gameday-test-known-hosts-XXXXXX";

/* What the handshake may offer for box:2222 with this text as known_hosts. */
static int methods(const char *text, const char *allowed, char ret[GD_KNOWN_LIST],
		   const char **ret_why)
{
	char known_as[] = "box";
	struct gd_target t = {.known_as = known_as, .port = 2222};
	LIBSSH2_SESSION *session = libssh2_session_init();
	struct gd_error err = GD_ERROR_INIT;
	struct gd_known_hosts *k = NULL;
	int outcome;

	assert_non_null(session);
	assert_int_equal(gd_file_write(path, text, strlen(text), 0600, &err), 0);
	t.known_hosts.items[t.known_hosts.n++] = path;
	if (gd_known_hosts_load(session, &t, &k, &err) < 0)
		fail_msg("%s", err.text);
	outcome = gd_known_hosts_methods(k, allowed, ret, ret_why);
	gd_known_hosts_free(k);
	(void)libssh2_session_free(session);
	return outcome;
}

static void prefers_known_kinds(void **state)
{
	char list[GD_KNOWN_LIST];
	const char *why = "";

	(void)state;
	assert_int_equal(methods("", NULL, list, &why), 0);
	assert_string_equal(list, "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
				  "ecdsa-sha2-nistp521");
	assert_int_equal(methods("[box]:2222 " EC_KEY "\n", NULL, list, &why), 0);
	assert_int_equal(strncmp(list, "ecdsa-sha2-nistp256,ssh-ed25519,", 32), 0);
	/* Port 22's key says nothing about port 2222. */
	assert_int_equal(methods("box " EC_KEY "\n", NULL, list, &why), 0);
	assert_int_equal(strncmp(list, "ssh-ed25519,", 12), 0);
	assert_int_equal(methods("[box]:2222 " ED_KEY "\n",
				 "ecdsa-sha2-nistp256,rsa-sha2-512", list, &why),
			 0);
	assert_string_equal(list, "ecdsa-sha2-nistp256");
}

static void leaves_the_rest_to_ssh(void **state)
{
	char list[GD_KNOWN_LIST];
	const char *why = "";

	(void)state;
	assert_int_equal(methods("[box]:2222 " RSA_KEY "\n", NULL, list, &why),
			 GD_KNOWN_NEEDS_SSH);
	assert_non_null(strstr(why, "RSA"));
	assert_int_equal(methods("@revoked * " ED_KEY "\n", NULL, list, &why),
			 GD_KNOWN_NEEDS_SSH);
	assert_non_null(strstr(why, "@revoked"));
	assert_int_equal(methods("", "rsa-sha2-512", list, &why), GD_KNOWN_NEEDS_SSH);
	assert_non_null(strstr(why, "HostKeyAlgorithms"));
}

static void bears_bad_lines(void **state)
{
	char list[GD_KNOWN_LIST];
	const char *why = "";

	(void)state;
	assert_int_equal(
		methods("\n# comment\nonlyaname\n|1|broken\n|1|a|b ssh-ed25519 AAAA\n"
			"box ssh-nothing AAAA\n[box]:2222 " EC_KEY "\n",
			NULL, list, &why),
		0);
	assert_int_equal(strncmp(list, "ecdsa-sha2-nistp256,", 20), 0);
}

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	(void)close(fd);
	return fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefers_known_kinds),
		cmocka_unit_test(leaves_the_rest_to_ssh),
		cmocka_unit_test(bears_bad_lines),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
