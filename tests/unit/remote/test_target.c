/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>

#include "gameday/remote/target.h"

#define KEY                                                                              \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGN3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3"

static char name[] = "db-1", host[] = "192.0.2.7";

static struct gd_inventory_host entry(void)
{
	return (struct gd_inventory_host){.name = name, .host = host, .port = 2201};
}

/* A configuration that decides nothing, so that the user's own does not, either. */
static int init(struct gd_target *t, const struct gd_inventory_host *h,
		struct gd_error *err)
{
	return gd_target_init(t, h, "/dev/null", err);
}

static void expect_refused(struct gd_inventory_host h, const char *words)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_target t;

	assert_int_equal(init(&t, &h, &err), -1);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
	assert_int_equal(strncmp(err.text, "host db-1: ", 11), 0);
}

static void takes_the_inventory_first(void **state)
{
	char user[] = "ops", key[] = KEY;
	struct gd_inventory_host h = entry();
	struct gd_error err = GD_ERROR_INIT;
	struct gd_target t;

	(void)state;
	h.user = user;
	h.host_key = key;
	if (init(&t, &h, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(t.hostname, host);
	assert_string_equal(t.known_as, host);
	assert_string_equal(t.user, "ops");
	assert_int_equal(t.port, 2201);
	assert_true(t.port_given && t.user_given);
	assert_string_equal(t.why_ssh, "");
	assert_true(t.identities.n > 0);
	assert_non_null(t.user);
	gd_target_fini(&t);
}

static void refuses_dangerous_words(void **state)
{
	char dash[] = "-oProxyCommand=reboot", quote[] = "a'b", dollar[] = "$(reboot)";
	char blank[] = "a b", missing[] = "/nonexistent/key";
	struct gd_inventory_host h;

	(void)state;
	h = entry();
	h.host = dash;
	expect_refused(h, "begins with a dash");
	h = entry();
	h.user = quote;
	expect_refused(h, "user \"a'b\" has a character");
	h = entry();
	h.jump = dollar;
	expect_refused(h, "jump \"$(reboot)\"");
	h = entry();
	h.user = blank;
	expect_refused(h, "not allowed");
	h = entry();
	h.port = 65536;
	expect_refused(h, "65536");
	h = entry();
	h.key = missing;
	expect_refused(h, "/nonexistent/key: No such file");
}

static void checks_host_keys(void **state)
{
	char alone[] = "ssh-ed25519", lies[] = "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIGN3";
	char bad[] = "ssh-ed25519 AA*A", lines[] = KEY "\nx y";
	struct gd_inventory_host h = entry();

	(void)state;
	h.host_key = alone;
	expect_refused(h, "not of the form");
	h.host_key = lies;
	expect_refused(h, "another kind of key");
	h.host_key = bad;
	expect_refused(h, "not base64");
	h.host_key = lines;
	expect_refused(h, "not of the form");
}

static void reads_what_ssh_says(void **state)
{
	struct gd_target t = {0};
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	assert_int_equal(
		gd_target_read_config(&t,
				      "user deploy\nhostname 10.1.2.3\nport 2222\n"
				      "addressfamily inet6\nidentitiesonly yes\n"
				      "identityfile /a\nidentityfile ~/b\n"
				      "identityagent /run/agent\nhostkeyalias box\n"
				      "userknownhostsfile /k1 /k2\n"
				      "globalknownhostsfile /k3\n"
				      "ciphers aes128-ctr\nproxyjump none\n"
				      "certificatefile none\nsomething else\nlonely\n",
				      &err),
		0);
	assert_string_equal(t.user, "deploy");
	assert_string_equal(t.hostname, "10.1.2.3");
	assert_string_equal(t.known_as, "box");
	assert_int_equal(t.port, 2222);
	assert_int_equal(t.family, AF_INET6);
	assert_true(t.identities_only);
	assert_int_equal(t.identities.n, 2);
	assert_string_equal(t.identities.items[0], "/a");
	assert_int_equal(t.identities.items[1][0], '/');
	assert_string_equal(t.agent_path, "/run/agent");
	assert_int_equal(t.known_hosts.n, 3);
	assert_string_equal(t.ciphers, "aes128-ctr");
	assert_string_equal(t.why_ssh, "");
	gd_target_fini(&t);
}

static void expect_ssh(const char *line, const char *why)
{
	struct gd_target t = {0};
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_target_read_config(&t, line, &err), 0);
	if (!strstr(t.why_ssh, why))
		fail_msg("\"%s\" does not say \"%s\"", t.why_ssh, why);
	gd_target_fini(&t);
}

static void knows_when_only_ssh_will_do(void **state)
{
	(void)state;
	expect_ssh("proxycommand nc %h %p\n", "proxycommand");
	expect_ssh("proxyjump bastion\n", "proxyjump");
	expect_ssh("certificatefile /x-cert.pub\n", "certificatefile");
	expect_ssh("revokedhostkeys /krl\n", "revokedhostkeys");
	expect_ssh("identityfile %d/key\n", "path with %");
	expect_ssh("pubkeyauthentication no\n", "public keys");
}

static void bounds_what_ssh_says(void **state)
{
	struct gd_target t = {0};
	struct gd_error err = GD_ERROR_INIT;
	char text[2000] = "";

	(void)state;
	for (int i = 0; i < GD_TARGET_MAX_WORDS + 1; i++)
		(void)strncat(text, "identityfile /x\n", sizeof(text) - strlen(text) - 1);
	assert_int_equal(gd_target_read_config(&t, text, &err), -1);
	gd_target_fini(&t);
	assert_int_equal(gd_target_read_config(&t, "port 0\n", &err), -1);
	assert_int_equal(gd_target_read_config(&t, "port 22x\n", &err), -1);
	gd_target_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_inventory_first),
		cmocka_unit_test(refuses_dangerous_words),
		cmocka_unit_test(checks_host_keys),
		cmocka_unit_test(reads_what_ssh_says),
		cmocka_unit_test(knows_when_only_ssh_will_do),
		cmocka_unit_test(bounds_what_ssh_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
