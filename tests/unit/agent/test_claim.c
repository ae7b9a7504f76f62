/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "injectors/agent/claim.h"
#include "injectors/agent/control.h"

static void test_second_claim_names_the_first(void **state GD_UNUSED)
{
	const struct gd_holder first = {.run = "monday",
					.runner = "ann@desk pid 7",
					.since_wall_ns = 5,
					.lease_until_boot_ns = 9};
	const struct gd_holder second = {.run = "tuesday", .runner = "bob"};
	char dir[] = "/tmp/gd-claim-XXXXXX";
	struct gd_error err = GD_ERROR_INIT;
	struct gd_holder seen = {0};
	int fd = -1, other = -1;
	bool held = true;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(gd_claim_look(dir, &held, &seen, &err), 0);
	assert_false(held);
	assert_int_equal(gd_claim_take(dir, &first, &fd, &err), 0);
	assert_int_equal(err.code, GD_OK);
	assert_int_equal(gd_claim_look(dir, &held, &seen, &err), 0);
	assert_true(held);
	assert_string_equal(seen.run, "monday");
	assert_int_equal(seen.lease_until_boot_ns, 9);
	assert_int_equal(gd_claim_take(dir, &second, &other, &err), -1);
	assert_int_equal(err.code, GD_E_REFUSED);
	assert_non_null(strstr(err.text, "monday of ann@desk pid 7"));
	/* A copy of the descriptor, as the guardian has one, holds it on. */
	other = dup(fd);
	(void)close(fd);
	assert_int_equal(gd_claim_look(dir, &held, &seen, &err), 0);
	assert_true(held);
	(void)close(other);
	assert_int_equal(gd_claim_take(dir, &second, &fd, &err), 0);
	(void)close(fd);
	assert_int_equal(gd_remove_tree(dir, &err), 0);
}

static void test_control_path(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_control c;

	assert_int_equal(gd_control_parse("10.0.2.2 50122 10.0.2.21 22", &c, &err), 0);
	assert_int_equal(c.kind, GD_CONTROL_SSH);
	assert_int_equal(c.family, AF_INET);
	assert_int_equal(c.port, 22);
	assert_string_equal(c.text, "10.0.2.2");
	assert_int_equal(
		gd_control_parse("::ffff:10.0.2.2 5 ::ffff:10.0.2.21 2222", &c, &err), 0);
	assert_int_equal(c.family, AF_INET);
	assert_memory_equal(c.addr, "\x0a\x00\x02\x02\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(gd_control_parse("fe80::1%eth0 5 fe80::2%eth0 22", &c, &err), 0);
	assert_int_equal(c.family, AF_INET6);
	assert_string_equal(c.text, "fe80::1");
	assert_int_equal(gd_control_parse("local", &c, &err), 0);
	assert_int_equal(c.kind, GD_CONTROL_LOCAL);
}

static void test_bad_control_paths(void **state GD_UNUSED)
{
	static const char *const bad[] = {
		"",
		"10.0.2.2",
		"10.0.2.2 1 10.0.2.21",
		"10.0.2.2 1 10.0.2.21 0",
		"10.0.2.2 1 10.0.2.21 70000",
		"10.0.2.2 1 10.0.2.21 22 extra",
		"somewhere 1 10.0.2.21 22",
		"10.0.2.256 1 10.0.2.21 22",
	};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_control c;

	for (size_t i = 0; i < GD_N_ELEMS(bad); i++)
		assert_int_equal(gd_control_parse(bad[i], &c, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_claim_names_the_first),
		cmocka_unit_test(test_control_path),
		cmocka_unit_test(test_bad_control_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
