/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
	struct timespec ts = {0};

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * GD_NS_PER_S + ts.tv_nsec;
}

struct gd_instant gd_now(void)
{
	return (struct gd_instant){read_ns(CLOCK_BOOTTIME)};
}

struct gd_wall gd_wall_now(void)
{
	return (struct gd_wall){read_ns(CLOCK_REALTIME)};
}

static struct tm utc(struct gd_wall t)
{
	time_t s = (time_t)(t.ns / GD_NS_PER_S);
	struct tm tm = {0};

	(void)gmtime_r(&s, &tm);
	return tm;
}

const char *gd_wall_format(struct gd_wall t, char buf[32])
{
	struct tm tm = utc(t);
	size_t n = strftime(buf, 32, "%Y-%m-%dT%H:%M:%S", &tm);

	(void)snprintf(buf + n, 32 - n, ".%03dZ",
		       (int)(t.ns % GD_NS_PER_S / GD_NS_PER_MS));
	return buf;
}

const char *gd_wall_compact(struct gd_wall t, char buf[32])
{
	struct tm tm = utc(t);

	(void)strftime(buf, 32, "%Y%m%dT%H%M%SZ", &tm);
	return buf;
}

void gd_sleep(struct gd_span d)
{
	struct timespec ts = {.tv_sec = d.ns / GD_NS_PER_S,
			      .tv_nsec = d.ns % GD_NS_PER_S};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
		continue;
}
