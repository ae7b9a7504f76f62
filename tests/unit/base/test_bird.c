/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "gameday/base/bird.h"

/* As BIRD 2.0.12 sends it. */
static const char reply[] =
	"2002 Name       Proto      Table      State  Since         Info\n"
	"1002 device1    Device     ---        up     15:51:30.421  \n"
	"1006 \n"
	"1002 bgp_r1     BGP        ---        up     2026-11-23 15:51:31  Established   \n"
	"1006   BGP state:          Established\n"
	"1006     Routes:         3 imported, 1 filtered, 2 exported, 1 preferred\n"
	"1006       Import updates:              7          0          0          0          1\n"
	"1006       Import withdraws:            4          0        ---          0          0\n"
	"1006       Export updates:              9          1          0        ---          5\n"
	"1006       Export withdraws:            8        ---        ---        ---          6\n"
	"1002 bgp_r3     BGP        ---        start  15:51:42.808  Active        \n"
	"0000 \n";

static void protocols_are_read(void **state)
{
	struct gd_bird_protocol p;
	const char *at = reply;

	(void)state;
	assert_true(gd_bird_next_protocol(&at, &p));
	assert_string_equal(p.name, "device1");
	assert_string_equal(p.info, "");
	assert_true(p.up);
	assert_true(gd_bird_next_protocol(&at, &p));
	assert_string_equal(p.type, "BGP");
	assert_string_equal(p.info, "Established");
	assert_true(p.up);
	assert_int_equal(p.imported, 3);
	assert_int_equal(p.exported, 2);
	assert_int_equal(p.updates, 12);
	assert_int_equal(p.withdraws, 10);
	assert_true(gd_bird_next_protocol(&at, &p));
	assert_string_equal(p.info, "Active");
	assert_false(p.up);
	assert_false(gd_bird_next_protocol(&at, &p));
}

static void lines_are_cut(void **state)
{
	static const char text[] = "1002-a b\n more\n0000 \nrest";
	struct gd_error err = GD_ERROR_INIT;
	struct gd_bird_line line;
	const char *at = text;
	size_t used;
	int code = 0;

	(void)state;
	assert_int_equal(gd_bird_read_line(&code, at, 5, &line, &used, &err), 0);
	assert_int_equal(gd_bird_read_line(&code, at, strlen(at), &line, &used, &err), 1);
	assert_int_equal(line.code, 1002);
	assert_memory_equal(line.text, "a b", line.len);
	assert_false(line.last);
	at += used;
	assert_int_equal(gd_bird_read_line(&code, at, strlen(at), &line, &used, &err), 1);
	assert_int_equal(line.code, 1002);
	assert_memory_equal(line.text, "more", line.len);
	at += used;
	assert_int_equal(gd_bird_read_line(&code, at, strlen(at), &line, &used, &err), 1);
	assert_int_equal(line.code, 0);
	assert_true(line.last);
	code = 0;
	assert_int_equal(gd_bird_read_line(&code, "SSH-2.0\n", 8, &line, &used, &err),
			 -1);
	assert_non_null(strstr(err.text, "SSH-2.0"));
}

static void a_line_without_end_is_refused(void **state)
{
	char text[GD_BIRD_MAX_LINE + 1];
	struct gd_error err = GD_ERROR_INIT;
	struct gd_bird_line line;
	size_t used;
	int code = 0;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(gd_bird_read_line(&code, text, sizeof(text), &line, &used, &err),
			 -1);
}

static int64_t age(const char *now, const char *load)
{
	char text[300];
	struct gd_error err = GD_ERROR_INIT;
	struct gd_span ret;

	(void)snprintf(text, sizeof(text),
		       "1000 BIRD 2.0.12\n1011 Router ID is 10.0.0.1\n"
		       "1011 Current server time is %s\n"
		       "1011 Last reboot on 2026-11-23 15:51:30.118\n"
		       "1011 Last reconfiguration on %s\n0013 Daemon is up and running\n",
		       now, load);
	if (gd_bird_config_age(text, &ret, &err) == 0)
		return ret.ns;
	assert_int_equal(err.code, GD_E_REMOTE);
	assert_non_null(strstr(err.text, "timeformat base"));
	return -1;
}

static void the_age_of_a_configuration(void **state)
{
	(void)state;
	assert_int_equal(age("2026-11-23 16:00:01.250", "2026-11-23 15:59:58.200"),
			 3050 * GD_NS_PER_MS);
	assert_int_equal(age("2026-03-01 00:00:00.000", "2026-02-28 23:59:59.999999"),
			 1000);
	/* Whole seconds: perhaps a second less. */
	assert_int_equal(age("2026-11-23 16:00:09", "2026-11-23 16:00:04"),
			 4 * GD_NS_PER_S);
	assert_int_equal(age("2026-11-23 16:00:04", "2026-11-23 16:00:04"), 0);
	assert_int_equal(age("16:00:09.1", "15:51:30.4"), -1);
	assert_int_equal(age("2026-11-23 16:00:09.1", "Nov23"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protocols_are_read),
		cmocka_unit_test(lines_are_cut),
		cmocka_unit_test(the_age_of_a_configuration),
		cmocka_unit_test(a_line_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
