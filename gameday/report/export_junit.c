/* SPDX-License-Identifier: Apache-2.0 */
/*
 * junit.xml, for what shows tests in a CI: one testsuite per run. Test cases are the run
 * itself, each steady-state condition, each expectation, and for each fault its effect and
 * its restoration. Kept to what both common schemas take (Jenkins' junit-10.xsd and the one
 * of Ant's tasks), so no attribute is on <testsuites>.
 *
 * failure: measured, and not so. error: the run can't tell. skipped: it did not get there.
 */
#include <string.h>

#include "gameday/report/story.h"
#include "gameday/report/text.h"
#include "gameday/report/writer.h"

/* Longer is no time but a damaged record. */
#define MAX_MS 1e12

enum result { PASSED, FAILED, ERROR, SKIPPED, N_RESULTS };

static const char *const elements[] = {
	[FAILED] = "failure",
	[ERROR] = "error",
	[SKIPPED] = "skipped",
};

struct suite {
	const struct gd_report *r;
	struct gd_strbuf *out;
	size_t n[N_RESULTS];
};

static void attribute(struct gd_strbuf *out, const char *name, const char *value)
{
	gd_strbuf_addf(out, " %s=\"", name);
	gd_text_xml(out, value);
	gd_strbuf_addc(out, '"');
}

/* subject may be "". */
static void add_case(struct suite *s, const char *what, const char *subject, double ms,
		     enum result result, const char *text)
{
	GD_AUTO_STRBUF(name);
	GD_AUTO_STRBUF(class);

	gd_strbuf_addf(&name, "%s%s%s", what, *subject ? ": " : "", subject);
	gd_strbuf_addf(&class, "gameday.%s", gd_report_text(s->r, "scenario"));
	s->n[result]++;
	gd_strbuf_adds(s->out, "    <testcase");
	attribute(s->out, "classname", gd_strbuf_str(&class));
	attribute(s->out, "name", gd_strbuf_str(&name));
	gd_strbuf_addf(s->out, " time=\"%.3f\"", ms > 0 && ms < MAX_MS ? ms / 1000 : 0.0);
	if (result == PASSED) {
		gd_strbuf_adds(s->out, "/>\n");
		return;
	}
	gd_strbuf_addf(s->out, ">\n      <%s", elements[result]);
	attribute(s->out, "message", text);
	if (result != SKIPPED)
		attribute(s->out, "type", gd_verdict_name(s->r->verdict.kind));
	gd_strbuf_adds(s->out, "/>\n    </testcase>\n");
	s->out->failed = s->out->failed || name.failed || class.failed;
}

/* The run came to its end; what it found out is in the other cases. */
static void add_run(struct suite *s)
{
	static const enum result results[] = {
		[GD_VERDICT_HELD] = PASSED,   [GD_VERDICT_REFUTED] = PASSED,
		[GD_VERDICT_INVALID] = ERROR, [GD_VERDICT_ABORTED] = ERROR,
		[GD_VERDICT_NOT_RUN] = ERROR, [GD_VERDICT_LEFT_BEHIND] = FAILED,
	};
	GD_AUTO_STRBUF(line);

	gd_story_verdict(s->r, &line);
	add_case(s, "run", "", gd_report_seconds(s->r, s->r->last_ns) * 1000,
		 results[s->r->verdict.kind], gd_strbuf_str(&line));
}

static void add_steady(struct suite *s)
{
	for (size_t i = 0; i < s->r->n_events; i++) {
		const cJSON *e = s->r->events[i];

		if (strcmp(gd_json_str(e, "event", ""), "steady") == 0)
			add_case(s, "steady state", gd_json_str(e, "condition", ""), 0,
				 gd_json_bool(e, "ok", false) ? PASSED : FAILED,
				 gd_json_str(e, "measured", ""));
	}
}

/* Without data: a run that got there should have some, one that did not can't. */
static enum result result_of(const struct suite *s, enum gd_cond_outcome outcome)
{
	if (outcome == GD_COND_HOLDS)
		return PASSED;
	if (outcome == GD_COND_FAILS)
		return FAILED;
	return s->r->verdict.kind == GD_VERDICT_ABORTED ||
			       s->r->verdict.kind == GD_VERDICT_NOT_RUN
		       ? SKIPPED
		       : ERROR;
}

static void add_expectations(struct suite *s)
{
	const struct gd_report *r = s->r;

	for (size_t i = 0; r->has_scenario && i < r->scenario.expect.n; i++)
		add_case(s, "expect",
			 GD_AT(&r->scenario.expect, struct gd_condition, i)->source, 0,
			 result_of(s, r->expect[i].outcome), r->expect[i].text);
}

static void add_restoration(struct suite *s, const struct gd_fault_view *f,
			    const char *subject)
{
	GD_AUTO_STRBUF(text);

	if (f->has_revert && f->equal) {
		add_case(s, "restored", subject, f->revert_ms, PASSED, "");
		return;
	}
	gd_strbuf_adds(&text, gd_story_unwitnessed(s->r, f) ? "nobody saw it put back"
							    : "not as it was before");
	if (*f->error)
		gd_strbuf_addf(&text, ": %s", f->error);
	gd_strbuf_addf(&text,
		       "\nbefore:\n%s\nafter:\n%s\nlook with `gameday status --on %s`",
		       f->before, f->after, f->host);
	add_case(s, "restored", subject, f->revert_ms,
		 gd_story_unwitnessed(s->r, f) ? ERROR : FAILED, gd_strbuf_str(&text));
}

static void add_faults(struct suite *s)
{
	for (size_t i = 0; i < gd_results_n_faults(s->r->results); i++) {
		struct gd_fault_view f = gd_results_fault(s->r->results, i);
		GD_AUTO_STRBUF(subject);

		if (!f.injecting_ns && !f.injected_ns)
			continue;
		gd_strbuf_addf(&subject, "%s (%s on %s)", f.ref,
			       *f.describe ? f.describe : f.kind, f.host);
		add_case(s, "effect", gd_strbuf_str(&subject), f.inject_ms,
			 !f.has_effect   ? SKIPPED
			 : f.effect_seen ? PASSED
					 : ERROR,
			 *f.effect ? f.effect : "its effect was not read");
		add_restoration(s, &f, gd_strbuf_str(&subject));
	}
}

static void add_properties(const struct gd_report *r, struct gd_strbuf *out)
{
	static const char *const keys[] = {"title",   "hypothesis", "severity", "runbook",
					   "version", "argv",       "inventory"};

	gd_strbuf_adds(out, "    <properties>\n");
	for (size_t i = 0; i < GD_N_ELEMS(keys); i++) {
		if (!*gd_report_text(r, keys[i]))
			continue;
		gd_strbuf_adds(out, "      <property");
		attribute(out, "name", keys[i]);
		attribute(out, "value", gd_report_text(r, keys[i]));
		gd_strbuf_adds(out, "/>\n");
	}
	gd_strbuf_adds(out, "    </properties>\n");
}

static void open_suite(const struct suite *s, struct gd_strbuf *out)
{
	char when[32] = "1970-01-01T00:00:00.000Z";

	if (s->r->started_ns)
		(void)gd_wall_format((struct gd_wall){s->r->started_ns}, when);
	gd_strbuf_adds(out, "  <testsuite id=\"0\" package=\"gameday\"");
	attribute(out, "name", s->r->name);
	/* Ant's schema takes whole seconds without a zone; it is UTC. */
	gd_strbuf_addf(out, " timestamp=\"%.19s\"", when);
	attribute(out, "hostname", gd_json_str(s->r->run_started, "runner", "unknown"));
	gd_strbuf_addf(out,
		       " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" "
		       "time=\"%.3f\">\n",
		       s->n[PASSED] + s->n[FAILED] + s->n[ERROR] + s->n[SKIPPED],
		       s->n[FAILED], s->n[ERROR], s->n[SKIPPED],
		       gd_report_seconds(s->r, s->r->last_ns));
}

static int write_junit(const struct gd_report *r, struct gd_strbuf *out,
		       struct gd_error *err)
{
	GD_AUTO_STRBUF(cases);
	GD_AUTO_STRBUF(text);
	struct suite s = {.r = r, .out = &cases};

	add_run(&s);
	add_steady(&s);
	add_expectations(&s);
	add_faults(&s);
	gd_strbuf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	open_suite(&s, out);
	add_properties(r, out);
	gd_strbuf_adds(out, gd_strbuf_str(&cases));
	gd_story_verdict(r, &text);
	gd_strbuf_addc(&text, '\n');
	gd_story_happened(r, &text);
	gd_strbuf_adds(out, "    <system-out>");
	gd_text_xml(out, gd_strbuf_str(&text));
	gd_strbuf_adds(out, "</system-out>\n    <system-err></system-err>\n"
			    "  </testsuite>\n</testsuites>\n");
	return out->failed || cases.failed || text.failed ? gd_raise_nomem(err) : 0;
}

const struct gd_report_writer gd_report_junit = {"junit", "junit.xml", write_junit, NULL};
