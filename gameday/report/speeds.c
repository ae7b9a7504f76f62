/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/speeds.h"

#include <string.h>

static const char *load_of(const struct gd_report *r, size_t series)
{
	const char *load, *client;

	gd_results_series(r->results, series, &load, &client);
	return load;
}

static int stats_of(const struct gd_report *r, size_t series, const char *stage,
		    struct gd_load_stats *ret)
{
	const char *load, *client;

	gd_results_series(r->results, series, &load, &client);
	return gd_results_load_stats(r->results, load, client, stage, ret);
}

void gd_speeds_find(const struct gd_report *r, size_t series, const char *stage,
		    struct gd_modes *ret)
{
	const struct gd_hist *h;

	*ret = (struct gd_modes){0};
	if (gd_results_hist(r->results, series, stage, &h) == 0)
		gd_modes_find(h, ret);
}

/* After how long this series gives an attempt up; 0: not known. */
static int64_t timeout_of(const struct gd_report *r, size_t series)
{
	for (size_t i = 0; r->has_scenario && i < r->scenario.loads.n; i++) {
		const struct gd_load_spec *l =
			GD_AT(&r->scenario.loads, const struct gd_load_spec, i);

		if (l->name && strcmp(l->name, load_of(r, series)) == 0)
			return l->timeout.ns;
	}
	return 0;
}

/* An attempt that runs out of time while it connects ends as `connect`. */
static uint64_t gave_up(const struct gd_load_stats *s)
{
	return s->error_kinds[GD_OUTCOME_TIMEOUT] + s->error_kinds[GD_OUTCOME_CONNECT];
}

static bool are_timeouts(const struct gd_report *r, size_t series, const char *stage,
			 const struct gd_mode *m)
{
	int64_t timeout = timeout_of(r, series);
	struct gd_load_stats s;

	if (timeout <= 0 || m->high_ns <= timeout || m->low_ns > timeout ||
	    m->centre_ns < timeout - timeout / 10 ||
	    stats_of(r, series, stage, &s) != 0 || s.requests == 0)
		return false;
	return 2 * (double)gave_up(&s) >= m->share * (double)s.requests;
}

static bool is_retransmission(int64_t above)
{
	static const int64_t waits_ms[] = {200, 1000, 3000, 7000};

	for (size_t i = 0; i < GD_N_ELEMS(waits_ms); i++) {
		int64_t wait = waits_ms[i] * GD_NS_PER_MS;

		if (above >= wait - wait / 20 && above <= wait + wait / 4)
			return true;
	}
	return false;
}

/* The first; NULL: there is none. */
static const char *baseline_of(const struct gd_report *r)
{
	for (size_t k = 0; k < gd_results_n_stages(r->results); k++) {
		struct gd_stage_span st = gd_results_stage(r->results, k);

		if (strcmp(st.kind, "baseline") == 0)
			return st.name;
	}
	return NULL;
}

static double retransmits_per_attempt(const struct gd_load_stats *s)
{
	return s->attempts ? (double)s->counts.retransmits / (double)s->attempts : 0;
}

bool gd_speeds_evidence(const struct gd_report *r, size_t series, const char *stage)
{
	const char *baseline = baseline_of(r);
	struct gd_load_stats s, before;

	if (!baseline || stats_of(r, series, baseline, &before) != 0 ||
	    stats_of(r, series, stage, &s) != 0)
		return false;
	return s.counts.slow > 0 && 3 * s.counts.slow_retransmitted >= s.counts.slow &&
	       retransmits_per_attempt(&s) > 3 * retransmits_per_attempt(&before);
}

enum gd_speed_hint gd_speeds_hint(const struct gd_report *r, size_t series,
				  const char *stage, const struct gd_modes *m, size_t i)
{
	if (are_timeouts(r, series, stage, &m->at[i]))
		return GD_SPEED_TIMEOUTS;
	if (i == 0 || !is_retransmission(m->at[i].centre_ns - m->at[0].centre_ns))
		return GD_SPEED_PLAIN;
	return gd_speeds_evidence(r, series, stage) ? GD_SPEED_RETRANSMITTED
						    : GD_SPEED_RETRANSMISSION;
}

const char *gd_speeds_hint_text(enum gd_speed_hint h)
{
	static const char *const texts[] = {
		[GD_SPEED_PLAIN] = "",
		[GD_SPEED_TIMEOUTS] = "timeouts",
		[GD_SPEED_RETRANSMISSION] = "retransmission timeout?",
		[GD_SPEED_RETRANSMITTED] = "retransmission timeouts"};

	return texts[h];
}

static void add_mode(const struct gd_report *r, size_t series, const char *stage,
		     const struct gd_modes *m, size_t i, struct gd_strbuf *out)
{
	const char *hint = gd_speeds_hint_text(gd_speeds_hint(r, series, stage, m, i));
	char share[32] = "", centre[32];

	if (m->n > 1)
		(void)gd_metric_format(m->at[i].share, GD_UNIT_RATIO, share);
	gd_strbuf_addf(
		out, "%s%saround %s", share, *share ? " " : "",
		gd_metric_format((double)m->at[i].centre_ns, GD_UNIT_DURATION, centre));
	if (*hint)
		gd_strbuf_addf(out, " (%s)", hint);
}

static void add_modes(const struct gd_report *r, size_t series, const char *stage,
		      const struct gd_modes *m, struct gd_strbuf *out)
{
	static const char *const numbers[] = {"no",   "one", "two",   "three", "four",
					      "five", "six", "seven", "eight"};

	if (m->n == 0) {
		gd_strbuf_adds(out, "too few requests to tell");
		return;
	}
	gd_strbuf_addf(out, "%s %s", numbers[m->n], m->n == 1 ? "mode " : "modes: ");
	for (size_t i = 0; i < m->n; i++) {
		gd_strbuf_adds(out, i > 0 ? ", " : "");
		add_mode(r, series, stage, m, i, out);
	}
}

void gd_speeds_say(const struct gd_report *r, size_t series, const char *stage,
		   struct gd_strbuf *out)
{
	struct gd_modes m;

	gd_speeds_find(r, series, stage, &m);
	add_modes(r, series, stage, &m, out);
}

static void add_baseline(const struct gd_report *r, size_t series, struct gd_strbuf *out)
{
	const char *baseline = baseline_of(r);

	if (!baseline)
		return;
	gd_strbuf_addf(out, "; in %s: ", baseline);
	gd_speeds_say(r, series, baseline, out);
}

/* How it was concluded, so that a reader need not believe it. */
static void add_evidence(const struct gd_report *r, size_t series, const char *stage,
			 const struct gd_modes *m, const struct gd_load_stats *s,
			 struct gd_strbuf *out)
{
	const char *baseline = baseline_of(r);
	struct gd_load_stats before = {0};
	bool any = false;

	for (size_t i = 0; i < m->n; i++)
		any |= gd_speeds_hint(r, series, stage, m, i) == GD_SPEED_RETRANSMITTED;
	if (!any)
		return;
	gd_strbuf_addf(out,
		       "; the tail is TCP retransmission timeouts: %llu segments were "
		       "sent again in %s",
		       (unsigned long long)s->counts.retransmits, stage);
	if (baseline && stats_of(r, series, baseline, &before) == 0)
		gd_strbuf_addf(out, " and %llu in %s",
			       (unsigned long long)before.counts.retransmits, baseline);
	gd_strbuf_addf(out,
		       ", and of %llu attempts that took 150 ms or more, %llu were on "
		       "connections that sent again meanwhile",
		       (unsigned long long)s->counts.slow,
		       (unsigned long long)s->counts.slow_retransmitted);
}

void gd_speeds_finding(const struct gd_report *r, size_t series, const char *stage,
		       struct gd_strbuf *out)
{
	const char *load, *client;
	struct gd_load_stats s;
	struct gd_modes m;

	gd_speeds_find(r, series, stage, &m);
	if (m.n < 2 || stats_of(r, series, stage, &s) != 0)
		return;
	gd_results_series(r->results, series, &load, &client);
	gd_strbuf_addf(out, "the latency of %s.%s in %s is %s: ", load, client, stage,
		       m.n == 2 ? "bimodal" : "multimodal");
	add_modes(r, series, stage, &m, out);
	add_baseline(r, series, out);
	add_evidence(r, series, stage, &m, &s, out);
	if (gave_up(&s) == 0)
		return;
	gd_strbuf_addf(out, "; %llu requests timed out",
		       (unsigned long long)s.error_kinds[GD_OUTCOME_TIMEOUT]);
	if (s.error_kinds[GD_OUTCOME_CONNECT] > 0)
		gd_strbuf_addf(out, " and %llu could not connect",
			       (unsigned long long)s.error_kinds[GD_OUTCOME_CONNECT]);
	gd_strbuf_addf(out, " while %llu succeeded", (unsigned long long)s.ok);
}
