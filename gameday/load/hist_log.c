/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/hist_log.h"

static double seconds(int64_t ns)
{
	return (double)ns / (double)GD_NS_PER_S;
}

void gd_hist_log_head(struct gd_wall start, struct gd_strbuf *out)
{
	char when[32];

	gd_strbuf_addf(out,
		       "#[Histogram log format version 1.3]\n"
		       "#[BaseTime: %.3f (seconds since epoch)]\n"
		       "#[StartTime: %.3f (seconds since epoch), %s]\n"
		       "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
		       "\"Interval_Compressed_Histogram\"\n",
		       seconds(start.ns), seconds(start.ns), gd_wall_format(start, when));
}

void gd_hist_log_line(const char *tag, int64_t since_start_ns, int64_t length_ns,
		      double max_ns, const char *encoded, struct gd_strbuf *out)
{
	if (tag)
		gd_strbuf_addf(out, "Tag=%s,", tag);
	/* The format divides nanoseconds by a million. */
	gd_strbuf_addf(out, "%.3f,%.3f,%.3f,%s\n", seconds(since_start_ns),
		       seconds(length_ns), max_ns / 1e6, encoded);
}
