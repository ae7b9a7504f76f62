/* SPDX-License-Identifier: Apache-2.0 */
/* Below what clients felt: what their policies did, what TCP saw, and how many speeds. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gameday/report/section.h"
#include "gameday/report/speeds.h"

/* "0" rather than "0.00 ns". */
static void add_counted(struct gd_doc *d, uint64_t v, enum gd_metric_unit unit)
{
	gd_section_value(d, (double)v, v > 0 ? unit : GD_UNIT_COUNT);
}

/* A duration, or "-" where there was nothing of which to tell one. */
static void add_known(struct gd_doc *d, double ns)
{
	if (isnan(ns))
		gd_doc_cell(d, "-");
	else
		gd_section_value(d, ns, GD_UNIT_DURATION);
}

/* --- policies ------------------------------------------------------------------------- */

/* Adds up, over stages, what the policies of one series did, or of all. */
static void sum_counts(const struct gd_report *r, size_t first, size_t n_series,
		       struct gd_counts *ret)
{
	*ret = (struct gd_counts){0};
	for (size_t i = first; i < first + n_series; i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
			const char *stage = gd_results_stage(r->results, k).name;
			struct gd_load_stats s;

			if (gd_results_load_stats(r->results, load, client, stage, &s) ==
			    0)
				gd_counts_add(ret, &s.counts);
		}
	}
}

static bool is_used(const struct gd_counts *c, const struct gd_count_row *row)
{
	return row->group == GD_COUNT_POLICY && gd_count_get(c, row) > 0;
}

static bool any_count(const struct gd_counts *c)
{
	for (const struct gd_count_row *row = gd_count_rows; row->name; row++)
		if (is_used(c, row))
			return true;
	return false;
}

/* "cancelled_time" as "cancelled time" */
static void spaced(const char *name, char ret[32])
{
	(void)snprintf(ret, 32, "%s", name);
	for (char *s = ret; *s; s++)
		if (*s == '_')
			*s = ' ';
}

static void begin_policies(const struct gd_counts *used, struct gd_doc *d)
{
	struct gd_doc_column columns[GD_DOC_MAX_COLUMNS] = {
		{"load.client", GD_DOC_LEFT},
		{"stage", GD_DOC_WORD},
		{"goodput", GD_DOC_RIGHT},
		{"wasted", GD_DOC_RIGHT},
	};
	char names[GD_DOC_MAX_COLUMNS][32];
	size_t n = 4;

	for (const struct gd_count_row *row = gd_count_rows; row->name; row++) {
		if (!is_used(used, row) || n == GD_DOC_MAX_COLUMNS)
			continue;
		spaced(row->name, names[n]);
		columns[n] = (struct gd_doc_column){names[n], GD_DOC_RIGHT};
		n++;
	}
	gd_doc_heading(d, 3, "policies", "What the clients' policies did");
	gd_doc_table(d, "What the clients' policies did", columns, n);
}

static void add_policy_rows(const struct gd_report *r, size_t series,
			    const struct gd_counts *used, struct gd_doc *d)
{
	const char *load, *client;
	struct gd_load_stats s;

	gd_results_series(r->results, series, &load, &client);
	for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
		const char *stage = gd_results_stage(r->results, k).name;

		if (gd_results_load_stats(r->results, load, client, stage, &s) != 0)
			continue;
		gd_doc_begin(d, GD_DOC_ROW);
		gd_section_who(d, load, client, stage);
		gd_section_value(d, s.goodput, GD_UNIT_FREQ);
		gd_section_value(d, s.wasted, GD_UNIT_RATIO);
		for (const struct gd_count_row *row = gd_count_rows; row->name; row++)
			if (is_used(used, row))
				add_counted(d, gd_count_get(&s.counts, row), row->unit);
		gd_doc_end(d, GD_DOC_ROW);
	}
}

/* Only what was used: columns that are not 0 throughout, clients that have one. */
static void write_policies(const struct gd_report *r, struct gd_doc *d)
{
	size_t n = gd_results_n_series(r->results);
	struct gd_counts used, of_one;

	sum_counts(r, 0, n, &used);
	if (!any_count(&used))
		return;
	begin_policies(&used, d);
	for (size_t i = 0; i < n; i++) {
		sum_counts(r, i, 1, &of_one);
		if (any_count(&of_one))
			add_policy_rows(r, i, &used, d);
	}
	gd_doc_table_end(d);
	gd_doc_para(d, "Goodput is what succeeded per second; wasted are attempts that "
		       "brought no request its answer.");
}

/* --- TCP ------------------------------------------------------------------------------ */

static void begin_connections(struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"load.client", GD_DOC_LEFT},
		{"stage", GD_DOC_WORD},
		{"connections made", GD_DOC_RIGHT},
		{"connect p50", GD_DOC_RIGHT},
		{"p99", GD_DOC_RIGHT},
		{"TLS p99", GD_DOC_RIGHT},
		{"longest", GD_DOC_RIGHT},
		{"retransmits", GD_DOC_RIGHT},
		{"round trip", GD_DOC_RIGHT},
		{"at most", GD_DOC_RIGHT},
		{"unacknowledged at most", GD_DOC_RIGHT},
		{"sent", GD_DOC_RIGHT},
		{"received", GD_DOC_RIGHT},
	};

	gd_doc_heading(d, 3, "tcp", "What TCP saw");
	gd_doc_table(d, "What TCP saw", columns, GD_N_ELEMS(columns));
}

static void add_conn_row(const char *load, const char *client, const char *stage,
			 const struct gd_load_stats *s, struct gd_doc *d)
{
	const struct gd_counts *c = &s->counts;

	gd_doc_begin(d, GD_DOC_ROW);
	gd_section_who(d, load, client, stage);
	gd_section_value(d, (double)c->connects, GD_UNIT_COUNT);
	add_known(d, s->connect_p50);
	add_known(d, s->connect_p99);
	add_known(d, s->handshake_p99);
	add_counted(d, c->connect_max, GD_UNIT_DURATION);
	gd_section_value(d, (double)c->retransmits, GD_UNIT_COUNT);
	gd_section_value(d, s->rtt, GD_UNIT_DURATION);
	gd_section_value(d, (double)c->rtt_max, GD_UNIT_DURATION);
	gd_section_value(d, (double)c->unacked_max, GD_UNIT_COUNT);
	gd_section_value(d, (double)c->bytes_sent, GD_UNIT_BYTES);
	gd_section_value(d, (double)c->bytes_received, GD_UNIT_BYTES);
	gd_doc_end(d, GD_DOC_ROW);
}

static void write_connections(const struct gd_report *r, struct gd_doc *d)
{
	size_t n = 0;

	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
			const char *stage = gd_results_stage(r->results, k).name;
			struct gd_load_stats s;

			if (gd_results_load_stats(r->results, load, client, stage, &s) !=
				    0 ||
			    s.counts.rtt_samples == 0)
				continue;
			if (n++ == 0)
				begin_connections(d);
			add_conn_row(load, client, stage, &s, d);
		}
	}
	if (n == 0)
		return;
	gd_doc_table_end(d);
	gd_doc_para(d,
		    "Retransmits are of what the client sent; the server's own are not "
		    "among them.");
}

/* --- modes ---------------------------------------------------------------------------- */

static void write_speeds(const struct gd_report *r, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"load.client", GD_DOC_LEFT},
		{"stage", GD_DOC_WORD},
		{"modes of the latency", GD_DOC_LEFT},
	};

	gd_doc_heading(d, 3, "speeds", "How many speeds");
	gd_doc_table(d, "Modes of the latency", columns, GD_N_ELEMS(columns));
	for (size_t i = 0; i < gd_results_n_series(r->results); i++) {
		const char *load, *client;

		gd_results_series(r->results, i, &load, &client);
		for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
			const char *stage = gd_results_stage(r->results, k).name;
			GD_AUTO_STRBUF(text);

			gd_speeds_say(r, i, stage, &text);
			gd_doc_begin(d, GD_DOC_ROW);
			gd_section_who(d, load, client, stage);
			gd_doc_cell(d, gd_strbuf_str(&text));
			gd_doc_end(d, GD_DOC_ROW);
		}
	}
	gd_doc_table_end(d);
	gd_doc_para(
		d, "A mode is a peak of the latency's distribution with a deep valley on "
		   "either side; averages and percentiles hide that there are several. A "
		   "request that timed out counts with the time after which the client "
		   "gave up.");
}

void gd_section_policies(const struct gd_report *r, struct gd_doc *d)
{
	if (gd_results_n_series(r->results) == 0)
		return;
	write_policies(r, d);
	write_connections(r, d);
	write_speeds(r, d);
}
