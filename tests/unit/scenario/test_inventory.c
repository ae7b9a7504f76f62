/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "gameday/base/auto.h"

static int load(const char *text, struct gd_inventory *inv, struct gd_diags *diags)
{
	GD_AUTO_FD int fd = -1;
	char path[64];

	text_file(text, &fd, path);
	return gd_inventory_load(path, inv, diags);
}

static void hosts_get_what_is_not_given(void **state)
{
	GD_AUTO_DIAGS(diags);
	struct gd_inventory inv;
	const struct gd_inventory_host *h;

	(void)state;
	assert_int_equal(load(good_inventory, &inv, &diags), 0);
	assert_int_equal(inv.hosts.n, 4);
	h = gd_inventory_find(&inv, "api-1");
	assert_string_equal(h->host, "127.0.0.1");
	assert_int_equal(h->port, 2201);
	assert_string_equal(h->address, "10.20.0.11");
	assert_int_equal(h->sudo, GD_SUDO_AUTO);
	h = gd_inventory_find(&inv, "api-2");
	assert_string_equal(h->host, "api-2");
	assert_int_equal(h->port, 0);
	assert_null(h->user);
	assert_true(gd_inventory_has_tag(h, "api"));
	h = gd_inventory_find(&inv, "api-3");
	assert_int_equal(h->sudo, GD_SUDO_ALWAYS);
	assert_string_equal(h->address, "api-3");
	assert_false(gd_inventory_has_tag(gd_inventory_find(&inv, "client"), "api"));
	assert_null(gd_inventory_find(&inv, "api-9"));
	gd_inventory_fini(&inv);
}

static const struct {
	const char *text;
	int line, column;
	const char *said;
} wrong[] = {
	{"hosts: {}\n", 1, 8, "no hosts"},
	{"hosts:\n  a: {prot: 22}\n", 2, 7, "did you mean \"port\"?"},
	{"hosts:\n  a: {port: 0}\n", 2, 13, "out of range: 1 to 65535"},
	{"hosts:\n  a: {sudo: maybe}\n", 2, 13, "not one of auto, never, always"},
	{"hosts:\n  a: {host: -oProxyCommand=x}\n", 2, 13, "must not begin with '-'"},
	{"hosts:\n  a: {host: 'b c'}\n", 2, 13, "must not hold blanks"},
	{"hosts:\n  a: {user: \"r\\n\"}\n", 2, 13, "must not hold blanks"},
	{"hosts:\n  '-a': {}\n", 2, 3, "the first a letter or digit"},
	{"hosts:\n  'a b': {}\n", 2, 3, "only letters"},
	{"hosts:\n  a: {}\n  a: {}\n", 3, 3, "given twice"},
	{"hosts: [a]\n", 1, 8, "wanted: a map of names"},
	{"inventory: x\n", 1, 1, "key \"hosts\" is missing"},
};

static void slips_are_errors_at_their_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < GD_N_ELEMS(wrong); i++) {
		GD_AUTO_DIAGS(diags);
		struct gd_inventory inv;

		assert_int_equal(load(wrong[i].text, &inv, &diags), -1);
		expect_error(&diags, wrong[i].text, wrong[i].line, wrong[i].column,
			     wrong[i].said);
		gd_inventory_fini(&inv);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_get_what_is_not_given),
		cmocka_unit_test(slips_are_errors_at_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
