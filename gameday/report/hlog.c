/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/hlog.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/load/hist_log.h"

/* Names come from the records: none may leave the directory or hide in it. */
char *gd_hlog_name(const char *load, const char *client)
{
	char *name = gd_strf("%s.%s.hlog", load, client);

	for (char *p = name; p && *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			*p = '_';
	if (name && *name == '.')
		*name = '_';
	return name;
}

int gd_hlog_render(const struct gd_report *r, size_t series, struct gd_strbuf *out,
		   struct gd_error *err)
{
	size_t n = gd_results_n_intervals(r->results, series);
	int64_t start = n ? gd_results_interval(r->results, series, 0)->start_wall_ns : 0;

	if (n == 0)
		return 0;
	gd_hist_log_head((struct gd_wall){start}, out);
	for (size_t i = 0; i < n; i++) {
		const struct gd_interval *iv = gd_results_interval(r->results, series, i);
		double max = gd_results_point(r->results, series, i)->max;
		const char *encoded;

		if (gd_results_encoded(r->results, series, i, &encoded, err) < 0)
			return -1;
		gd_hist_log_line(NULL, iv->start_wall_ns - start, iv->length_ns,
				 isnan(max) ? 0 : max, encoded, out);
	}
	return 0;
}

static int write_one(const struct gd_report *r, size_t series, struct gd_error *err)
{
	const char *load, *client;
	GD_AUTO_FREE char *name = NULL, *path = NULL;
	GD_AUTO_STRBUF(out);

	gd_results_series(r->results, series, &load, &client);
	name = gd_hlog_name(load, client);
	path = name ? gd_path_join(r->dir, name) : NULL;
	if (gd_hlog_render(r, series, &out, err) < 0)
		return -1;
	if (!path || out.failed)
		return gd_raise_nomem(err);
	return gd_file_write(path, gd_strbuf_str(&out), out.len, 0644, err);
}

int gd_hlog_write_all(const struct gd_report *r, struct gd_error *err)
{
	for (size_t i = 0; i < gd_results_n_series(r->results); i++)
		if (write_one(r, i, err) < 0)
			return -1;
	return 0;
}
