/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How busy a disk is and how long it takes to answer, from the kernel's own statistics
 * (Documentation/block/stat.rst). The disk is looked up once: what it is called by may be
 * slow to answer later.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/disk.h"
#include "gameday/watch/watch.h"

/* The fields of the statistics, in their order. */
enum {
	READS,
	READ_MERGES,
	READ_SECTORS,
	READ_MS,
	WRITES,
	WRITE_MERGES,
	WRITE_SECTORS,
	WRITE_MS,
	IN_FLIGHT,
	BUSY_MS,
	N_FIELDS
};

enum { SECTOR = 512 };

struct args {
	char *device;
};

struct state {
	dev_t dev;
	char device[128];
	bool started;
	struct gd_instant then;
	int64_t before[N_FIELDS];
};

static const struct gd_field arg_rows[] = {
	{.name = "device",
	 .help = "a disk: its device file, device-mapper name or mount point",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct args, device),
	 .min = 1,
	 .max = 255},
};

static const struct gd_metric_row metrics[] = {
	{"util", GD_UNIT_RATIO, "part of the time in which requests were under way"},
	{"await", GD_UNIT_DURATION, "mean time a request took"},
	{"await_read", GD_UNIT_DURATION, "mean time a read took"},
	{"await_write", GD_UNIT_DURATION, "mean time a write or a flush took"},
	{"in_flight", GD_UNIT_COUNT, "requests under way at the moment"},
	{"reads", GD_UNIT_COUNT, "reads that were answered"},
	{"writes", GD_UNIT_COUNT, "writes and flushes that were answered"},
	{"read_bytes", GD_UNIT_BYTES, "bytes read"},
	{"written_bytes", GD_UNIT_BYTES, "bytes written"},
	{0},
};

static const char *const gauges[] = {"util",        "await",     "await_read",
				     "await_write", "in_flight", NULL};

static int read_fields(const struct state *s, int64_t ret[N_FIELDS], struct gd_error *err)
{
	GD_AUTO_FREE char *text = gd_disk_attribute(s->dev, "stat");
	char *at = text, *end;

	if (!text)
		return gd_raise(err, GD_E_SYSTEM, "disk %s is gone", s->device);
	for (int i = 0; i < N_FIELDS; i++, at = end) {
		ret[i] = strtoll(at, &end, 10);
		if (end == at)
			return gd_raise(
				err, GD_E_SYSTEM,
				"disk %s: its statistics have another form: %.80s",
				s->device, text);
	}
	return 0;
}

static void add(struct gd_watch_sample *out, const char *name, double value)
{
	struct gd_watch_value *v = &out->values[out->n++];

	(void)snprintf(v->name, sizeof(v->name), "%s", name);
	v->value = value;
}

/* Nothing was answered in this time: there is no mean. */
static void add_mean(struct gd_watch_sample *out, const char *name, int64_t ms, int64_t n)
{
	if (n > 0)
		add(out, name, (double)ms / (double)n * 1e6);
}

static int sample(void *state, struct gd_watch_sample *ret, struct gd_error *err)
{
	struct state *s = state;
	struct gd_instant now = gd_now();
	int64_t v[N_FIELDS], d[N_FIELDS];
	double passed = (double)gd_between(s->then, now).ns / 1e6, util;

	if (read_fields(s, v, err) < 0)
		return -1;
	ret->n = 0;
	for (int i = 0; i < N_FIELDS; i++)
		d[i] = s->started ? v[i] - s->before[i] : 0;
	if (s->started && passed > 0) {
		util = (double)d[BUSY_MS] / passed;
		add(ret, "util", util > 1 ? 1 : util);
		add_mean(ret, "await", d[READ_MS] + d[WRITE_MS], d[READS] + d[WRITES]);
		add_mean(ret, "await_read", d[READ_MS], d[READS]);
		add_mean(ret, "await_write", d[WRITE_MS], d[WRITES]);
	}
	add(ret, "in_flight", (double)v[IN_FLIGHT]);
	add(ret, "reads", (double)v[READS]);
	add(ret, "writes", (double)v[WRITES]);
	add(ret, "read_bytes", (double)v[READ_SECTORS] * SECTOR);
	add(ret, "written_bytes", (double)v[WRITE_SECTORS] * SECTOR);
	for (int i = 0; i < N_FIELDS; i++)
		s->before[i] = v[i];
	s->then = now;
	s->started = true;
	return 0;
}

static int open_disk(const void *args, void **ret_state, struct gd_error *err)
{
	const struct args *a = args;
	GD_AUTO_FREE struct state *s = calloc(1, sizeof(*s));
	int64_t v[N_FIELDS];

	if (!s)
		return gd_raise_nomem(err);
	(void)snprintf(s->device, sizeof(s->device), "%s", a->device);
	s->dev = gd_disk_find(a->device);
	if (!s->dev)
		return gd_raise(err, GD_E_REFUSED,
				"there is no disk %s here: give its device file, its "
				"device-mapper name or a mount point (`lsblk`)",
				a->device);
	if (read_fields(s, v, err) < 0)
		return -1;
	*ret_state = gd_steal_ptr(&s);
	return 0;
}

static void close_disk(void *state)
{
	free(state);
}

extern const struct gd_watch_kind gd_watch_disk;
const struct gd_watch_kind gd_watch_disk = {
	.name = "disk",
	.summary = "A disk's requests, how long they take, and how busy it is.",
	.args = GD_SHAPE("disk", arg_rows, struct args),
	.metrics = metrics,
	.gauges = gauges,
	.open = open_disk,
	.sample = sample,
	.close = close_disk,
};
