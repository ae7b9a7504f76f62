/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/report.h"

#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/report/hlog.h"
#include "gameday/report/people.h"
#include "gameday/report/story.h"
#include "gameday/report/text.h"
#include "gameday/report/writer.h"

static const struct gd_report_writer *const writers[] = {
	&gd_report_html,         &gd_report_md,    &gd_report_json,
	&gd_report_chaostoolkit, &gd_report_junit, &gd_report_grafana,
	&gd_report_prometheus,
};

static int summarize(const struct gd_report *r, struct gd_strbuf *out,
		     struct gd_error *err);

static int write_format(const struct gd_report *r, const struct gd_report_writer *w,
			struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(r->dir, w->file);
	GD_AUTO_STRBUF(out);

	if (!path)
		return gd_raise_nomem(err);
	if ((w->write_with_files ? w->write_with_files : w->write)(r, &out, err) < 0)
		return gd_wrap(err, "%s: ", w->file);
	return gd_file_write(path, gd_strbuf_str(&out), out.len, 0644, err);
}

int gd_report_write(const char *run_dir, struct gd_strbuf *summary, int *ret_status,
		    struct gd_error *err)
{
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	struct gd_error first = GD_ERROR_INIT, next = GD_ERROR_INIT;
	bool failed = false;

	if (gd_report_load(run_dir, &r, err) < 0)
		return -1;
	/* On a full disk a small file may find room where a large one did not. */
	for (size_t i = 0; i <= GD_N_ELEMS(writers); i++) {
		int rc = i < GD_N_ELEMS(writers) ? write_format(r, writers[i], &next)
						 : gd_hlog_write_all(r, &next);

		if (rc < 0 && !failed)
			first = next;
		failed = failed || rc < 0;
	}
	*ret_status = r->verdict.exit;
	if (summary && summarize(r, summary, err) < 0)
		return -1;
	if (!failed)
		return 0;
	*err = first;
	return 1;
}

int gd_report_render(const char *run_dir, const char *format, struct gd_strbuf *out,
		     struct gd_error *err)
{
	GD_AUTO(gd_report) struct gd_report *r = NULL;
	GD_AUTO_STRBUF(formats);

	if (gd_report_load(run_dir, &r, err) < 0)
		return -1;
	for (size_t i = 0; i < GD_N_ELEMS(writers); i++)
		if (strcmp(writers[i]->format, format) == 0)
			return writers[i]->write(r, out, err);
	for (size_t i = 0; i < GD_N_ELEMS(writers); i++)
		gd_strbuf_addf(&formats, "%s%s", i ? ", " : "", writers[i]->format);
	return gd_raise(err, GD_E_INPUT, "there is no report format %s: there are %s",
			format, gd_strbuf_str(&formats));
}

/* --- the short text ------------------------------------------------------------------- */

static void add_text(struct gd_strbuf *out, const char *label,
		     const struct gd_strbuf *text)
{
	if (text->len == 0)
		return;
	gd_strbuf_addf(out, "%s", label);
	gd_text_plain(out, gd_strbuf_str(text), 2000);
	gd_strbuf_addc(out, '\n');
}

static void summary_row(const struct gd_report *r, const char *load, const char *client,
			const char *stage, struct gd_strbuf *out)
{
	struct gd_load_stats s;
	GD_AUTO_STRBUF(who);
	char cell[32];

	if (gd_results_load_stats(r->results, load, client, stage, &s) != 0)
		return;
	gd_strbuf_addf(&who, "%s.%s", load, client);
	gd_strbuf_addf(out, "  %-24.24s %-14.14s", gd_strbuf_str(&who), stage);
	gd_text_right(out, gd_metric_format(s.rate, GD_UNIT_FREQ, cell), 10);
	gd_text_right(out, gd_metric_format(s.success, GD_UNIT_RATIO, cell), 10);
	gd_text_right(out, gd_metric_format(s.p50, GD_UNIT_DURATION, cell), 10);
	gd_text_right(out, gd_metric_format(s.p99, GD_UNIT_DURATION, cell), 10);
	gd_text_right(out, gd_metric_format(s.max, GD_UNIT_DURATION, cell), 10);
	gd_text_right(out, gd_metric_format(s.attempts_per_request, GD_UNIT_COUNT, cell),
		      9);
	gd_strbuf_addc(out, '\n');
}

static void summary_table(const struct gd_report *r, struct gd_strbuf *out)
{
	if (gd_results_n_series(r->results) == 0)
		return;
	gd_strbuf_addf(out, "\n  %-24s %-14s%10s%10s%10s%10s%10s%9s\n", "load.client",
		       "stage", "rate", "success", "p50", "p99", "max", "att/req");
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++)
			summary_row(r, load, client, gd_results_stage(r->results, k).name,
				    out);
	}
}

static void summary_expectations(const struct gd_report *r, struct gd_strbuf *out)
{
	static const char *const words[] = {"pass", "FAIL", "no data"};

	if (!r->has_scenario || r->scenario.expect.n == 0)
		return;
	gd_strbuf_addc(out, '\n');
	for (size_t i = 0; i < r->scenario.expect.n; i++) {
		gd_strbuf_addf(out, "  %-8s", words[r->expect[i].outcome]);
		gd_text_plain(out,
			      GD_AT(&r->scenario.expect, struct gd_condition, i)->source,
			      80);
		gd_strbuf_adds(out, ": ");
		gd_text_plain(out, r->expect[i].text, 200);
		gd_strbuf_addc(out, '\n');
	}
}

static int summarize(const struct gd_report *r, struct gd_strbuf *out,
		     struct gd_error *err)
{
	GD_AUTO_STRBUF(verdict);
	GD_AUTO_STRBUF(happened);
	GD_AUTO_STRBUF(next);

	gd_story_verdict(r, &verdict);
	gd_story_happened(r, &happened);
	gd_story_next(r, &next);
	add_text(out, "verdict  ", &verdict);
	add_text(out, "what     ", &happened);
	add_text(out, "next     ", &next);
	summary_table(r, out);
	summary_expectations(r, out);
	for (size_t i = 0; i < r->n_findings; i++) {
		gd_strbuf_adds(out, i == 0 ? "\n  note: " : "  note: ");
		gd_text_plain(out, r->findings[i].text, 300);
		gd_strbuf_addc(out, '\n');
	}
	gd_people_lines(r, out);
	gd_strbuf_adds(out, "\nreport   ");
	gd_text_plain(out, r->dir, 4096);
	gd_strbuf_addf(out, "/%s (and %s)\n", gd_report_html.file, gd_report_md.file);
	return out->failed || verdict.failed || happened.failed || next.failed
		       ? gd_raise_nomem(err)
		       : 0;
}

int gd_report_summary(const char *run_dir, struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO(gd_report) struct gd_report *r = NULL;

	if (gd_report_load(run_dir, &r, err) < 0)
		return -1;
	return summarize(r, out, err);
}
