/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gameday/base/file.h"

struct slow {
	char *device;
	struct gd_span delay;
	struct gd_ratio loss;
	char *peer;
};

static const struct gd_field slow_fields[] = {
	{.name = "device",
	 .help = "the device to slow down",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct slow, device),
	 .min = 1},
	{.name = "delay",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct slow, delay),
	 .max = 60 * GD_NS_PER_S},
	{.name = "loss", .kind = GD_KIND_RATIO, GD_MEMBER(struct slow, loss)},
	{.name = "peer",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_PEER,
	 GD_MEMBER(struct slow, peer)},
};
static const struct gd_shape slow_shape = GD_SHAPE("slow", slow_fields, struct slow);

static int slow_check(const void *args, struct gd_error *err)
{
	const struct slow *s = args;

	if (s->delay.ns > 0 && s->loss.ppb > 500000000)
		return gd_raise(err, GD_E_INPUT,
				"slow: loss above 50%% makes delay pointless");
	if (s->delay.ns > 0 || s->loss.ppb > 0)
		return 0;
	(void)gd_raise(err, GD_E_INPUT, "slow: give delay or loss");
	return 1;
}

static void slow_describe(const void *args, struct gd_strbuf *out)
{
	const struct slow *s = args;

	gd_strbuf_addf(out, "%s becomes slow", s->device);
}

static void slow_manual(const void *args, struct gd_strbuf *out)
{
	const struct slow *s = args;

	gd_strbuf_addf(out, "unslow %s\nunslow --check %s\n", s->device, s->device);
}

struct nic {
	char *device;
};
static const struct gd_field nic_fields[] = {
	{.name = "device",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct nic, device)},
};
static const struct gd_shape nic_shape = GD_SHAPE("nic", nic_fields, struct nic);
static const struct gd_metric_row nic_metrics[] = {
	{"drops", GD_UNIT_COUNT, ""},
	{"rtt", GD_UNIT_DURATION, ""},
	{"busy", GD_UNIT_RATIO, ""},
	{0},
};
static const char *const nic_gauges[] = {"rtt", NULL};

static const struct gd_kind_row fault_rows[] = {
	{.name = "slow",
	 .args = &slow_shape,
	 .check = slow_check,
	 .describe = slow_describe,
	 .manual = slow_manual,
	 .target_field = "device",
	 .can_change = true},
	{.name = "fixed", .args = &slow_shape, .target_field = "device"},
};
static const struct gd_kind_row watch_rows[] = {
	{.name = "nic", .args = &nic_shape, .metrics = nic_metrics, .gauges = nic_gauges},
};
struct remedy_args {
	char *action, *command, *undo, *state;
	struct gd_span timeout;
};
#define REMEDY_TEXT(member)                                                              \
	{                                                                                \
		.name = #member, .help = "text", .kind = GD_KIND_TEXT,                   \
		.flags = GD_FIELD_REQUIRED, GD_MEMBER(struct remedy_args, member),       \
		.min = 1, .max = 1000                                                    \
	}
static const struct gd_field remedy_fields[] = {
	REMEDY_TEXT(action),
	REMEDY_TEXT(command),
	REMEDY_TEXT(undo),
	REMEDY_TEXT(state),
	{.name = "timeout",
	 .help = "limit",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct remedy_args, timeout)},
};
static const struct gd_shape remedy_shape =
	GD_SHAPE("remedy", remedy_fields, struct remedy_args);
static const struct gd_kind_row remedy_row = {
	.name = "remedy", .args = &remedy_shape, .target_field = "action"};
const struct gd_kinds test_kinds = {.faults = fault_rows,
				    .n_faults = 2,
				    .watches = watch_rows,
				    .n_watches = 1,
				    .mitigation = &remedy_row};

const char good_scenario[] =
	"scenario: demo\n"                                                  /* 1 */
	"title: A demonstration\n"                                          /* 2 */
	"hypothesis: It holds.\n"                                           /* 3 */
	"severity: P2\n"                                                    /* 4 */
	"runbook: demo-book\n"                                              /* 5 */
	"hosts:\n"                                                          /* 6 */
	"  server: api-1\n"                                                 /* 7 */
	"  others: {tag: api, count: 2}\n"                                  /* 8 */
	"load:\n"                                                           /* 9 */
	"  - name: checkout\n"                                              /* 10 */
	"    from: others\n"                                                /* 11 */
	"    http: http://{server}:8080/\n"                                 /* 12 */
	"    rate: 200/s\n"                                                 /* 13 */
	"    clients:\n"                                                    /* 14 */
	"      plain: {}\n"                                                 /* 15 */
	"      retrying: {retry: {attempts: 3, backoff: 20ms..500ms}}\n"    /* 16 */
	"watch:\n"                                                          /* 17 */
	"  - nic: {on: server, device: eth1}\n"                             /* 18 */
	"steady:\n"                                                         /* 19 */
	"  - checkout.plain.p99 < 50ms\n"                                   /* 20 */
	"stages:\n"                                                         /* 21 */
	"  - baseline: {for: 20s}\n"                                        /* 22 */
	"  - lossy:\n"                                                      /* 23 */
	"      for: 40s\n"                                                  /* 24 */
	"      faults:\n"                                                   /* 25 */
	"        - slow: {on: server, device: eth1, delay: 50ms}\n"         /* 26 */
	"        - slow: {on: others, after: 5s, device: eth2, loss: 5%}\n" /* 27 */
	"  - recovery: {for: 20s}\n"                                        /* 28 */
	"abort:\n"                                                          /* 29 */
	"  - checkout.retrying.success < 80% for 5s\n"                      /* 30 */
	"expect:\n"                                                         /* 31 */
	"  - checkout.plain.p99 in lossy > 2x baseline\n"                   /* 32 */
	"  - server.nic.drops in lossy > 0\n"                               /* 33 */
	"  - server.nic.rtt_max in lossy > 1ms\n";                          /* 34 */

const char good_inventory[] = "hosts:\n"
			      "  api-1: {host: 127.0.0.1, port: 2201, user: root, "
			      "address: 10.20.0.11, tags: [api]}\n"
			      "  api-2: {tags: api, address: 'fd00::2'}\n"
			      "  api-3: {tags: [x, api], sudo: always}\n"
			      "  client:\n";

void text_file(const char *text, int *ret_fd, char ret_path[64])
{
	struct gd_error err = GD_ERROR_INIT;
	int fd = memfd_create("text", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(gd_fd_write_all(fd, text, strlen(text), &err), 0);
	(void)snprintf(ret_path, 64, "/proc/self/fd/%d", fd);
	*ret_fd = fd;
}

char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *out;

	if (!at)
		fail_msg("the text has no \"%s\"", from);
	out = gd_strf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	assert_non_null(out);
	return out;
}

void expect_error(const struct gd_diags *diags, const char *name, int line, int column,
		  const char *said)
{
	GD_AUTO_STRBUF(all);

	for (size_t i = 0; i < diags->n; i++) {
		const struct gd_diag *d = &diags->items[i];

		if (!d->warning && d->pos.line == line && d->pos.column == column &&
		    strstr(d->text, said))
			return;
	}
	gd_diags_render(diags, NULL, 0, &all);
	fail_msg("%s: wanted %d:%d \"%s\", got\n%s", name, line, column, said,
		 gd_strbuf_str(&all));
}
