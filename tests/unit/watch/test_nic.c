/* SPDX-License-Identifier: Apache-2.0 */
/* The nic watch on the loopback device, which every host has and which loses nothing. */
#include "tests/unit/cmocka_all.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gameday/watch/watch.h"

static int open_on(const char *device, void **ret, struct gd_error *err)
{
	const struct gd_watch_kind *kind = gd_watch_find("nic");
	void *args = calloc(1, kind->args.size);
	int rc;

	assert_non_null(args);
	(void)snprintf((char *)args + kind->args.fields[0].offset,
		       kind->args.fields[0].size, "%s", device);
	rc = kind->open(args, ret, err);
	free(args);
	return rc;
}

static double value(const struct gd_watch_sample *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->values[i].name, name) == 0)
			return s->values[i].value;
	fail_msg("no value %s", name);
	return 0;
}

static void send_datagrams(int n)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(9),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(
			sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	(void)close(fd);
}

static void test_packets_are_counted(void **state GD_UNUSED)
{
	const struct gd_watch_kind *kind = gd_watch_find("nic");
	struct gd_watch_sample before = {0}, after = {0};
	struct gd_error err = GD_ERROR_INIT;
	void *w = NULL;

	assert_int_equal(open_on("lo", &w, &err), 0);
	assert_int_equal(kind->sample(w, &before, &err), 0);
	send_datagrams(20);
	assert_int_equal(kind->sample(w, &after, &err), 0);
	assert_true(value(&after, "tx_packets") >= value(&before, "tx_packets") + 20);
	assert_true(value(&after, "rx_bytes") > value(&before, "rx_bytes"));
	assert_true(value(&after, "drops") >= value(&after, "fault_drops"));
	kind->close(w);
}

static void test_every_metric_has_a_value(void **state GD_UNUSED)
{
	const struct gd_watch_kind *kind = gd_watch_find("nic");
	struct gd_watch_sample s = {0};
	struct gd_error err = GD_ERROR_INIT;
	void *w = NULL;

	assert_int_equal(open_on("lo", &w, &err), 0);
	assert_int_equal(kind->sample(w, &s, &err), 0);
	for (const struct gd_metric_row *m = kind->metrics; m->name; m++)
		assert_true(value(&s, m->name) >= 0);
	kind->close(w);
}

static void test_no_such_device(void **state GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	void *w = NULL;

	assert_int_equal(open_on("nosuchdev0", &w, &err), -1);
	assert_int_equal(err.code, GD_E_REFUSED);
	assert_non_null(strstr(err.text, "nosuchdev0"));
	assert_null(gd_watch_find("no-such-watch"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets_are_counted),
		cmocka_unit_test(test_every_metric_has_a_value),
		cmocka_unit_test(test_no_such_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
