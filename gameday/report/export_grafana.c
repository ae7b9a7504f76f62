/* SPDX-License-Identifier: Apache-2.0 */
/*
 * annotations.json: an array whose elements are bodies for Grafana's POST /api/annotations
 * (time and timeEnd in milliseconds, tags, text), to be posted one by one. Grafana shows the
 * text as HTML, so what is foreign in it is escaped.
 */
#include <string.h>

#include "gameday/report/json_make.h"
#include "gameday/report/story.h"
#include "gameday/report/text.h"
#include "gameday/report/writer.h"

struct page {
	const struct gd_report *r;
	cJSON *list;
	bool ok;
};

static bool tag(cJSON *tags, const char *prefix, const char *text)
{
	GD_AUTO_STRBUF(plain);

	gd_strbuf_adds(&plain, prefix);
	gd_text_plain(&plain, text, 100);
	return !plain.failed &&
	       gd_make_append(tags, cJSON_CreateString(gd_strbuf_str(&plain)));
}

/* end_ns 0: a moment. host "": none. */
static void add(struct page *p, int64_t at_ns, int64_t end_ns, const char *kind,
		const char *host, const char *text)
{
	cJSON *o = cJSON_CreateObject(), *tags = cJSON_CreateArray();
	GD_AUTO_STRBUF(html);
	bool ok = p->ok;

	if (!at_ns) {
		cJSON_Delete(o);
		cJSON_Delete(tags);
		return;
	}
	gd_text_xml(&html, text);
	ok = ok && tag(tags, "", "gameday") && tag(tags, "", kind) &&
	     tag(tags, "scenario:", gd_report_text(p->r, "scenario")) &&
	     tag(tags, "run:", p->r->name) && (!*host || tag(tags, "host:", host));
	ok = gd_json_set_int(o, "time", at_ns / GD_NS_PER_MS) && ok;
	if (end_ns > at_ns)
		ok = gd_json_set_int(o, "timeEnd", end_ns / GD_NS_PER_MS) && ok;
	ok = gd_json_set(o, "tags", tags) && ok;
	ok = gd_json_set_str(o, "text", gd_strbuf_str(&html)) && ok && !html.failed;
	p->ok = gd_make_append(p->list, gd_make_done(o, ok));
}

static void add_run(struct page *p)
{
	GD_AUTO_STRBUF(line);

	gd_story_verdict(p->r, &line);
	add(p, p->r->started_ns, p->r->last_ns, "run", "", gd_strbuf_str(&line));
}

static void add_stages(struct page *p)
{
	for (size_t i = 0; i < gd_results_n_stages(p->r->results); i++) {
		struct gd_stage_span st = gd_results_stage(p->r->results, i);
		GD_AUTO_STRBUF(text);

		gd_strbuf_addf(&text, "stage %s (%s)", st.name, st.kind);
		add(p, st.begin_ns, st.end_ns ? st.end_ns : p->r->last_ns, "stage", "",
		    gd_strbuf_str(&text));
	}
}

static void add_faults(struct page *p)
{
	for (size_t i = 0; i < gd_results_n_faults(p->r->results); i++) {
		struct gd_fault_view f = gd_results_fault(p->r->results, i);
		GD_AUTO_STRBUF(text);

		gd_strbuf_addf(&text, "%s on %s", *f.describe ? f.describe : f.ref,
			       f.host);
		if (!f.has_revert || !f.equal)
			gd_strbuf_addf(&text, "; %s",
				       gd_story_unwitnessed(p->r, &f)
					       ? "nobody saw it put back"
					       : "NOT put back");
		add(p, f.injected_ns ? f.injected_ns : f.injecting_ns,
		    f.reverted_ns ? f.reverted_ns : p->r->last_ns, "fault", f.host,
		    gd_strbuf_str(&text));
	}
}

static void add_detections(struct page *p)
{
	const struct gd_report *r = p->r;

	add(p, r->harm_ns, 0, "harm", "", r->harm);
	for (size_t i = 0; r->detected && i < r->runbook.detection.n; i++) {
		const struct gd_detected *d = &r->detected[i];
		const char *name =
			d->detection->alert ? d->detection->alert : d->detection->symptom;
		GD_AUTO_STRBUF(text);

		gd_strbuf_addf(&text, "%s: %s", name ? name : "detection", d->item.text);
		if (d->evaluated && d->item.outcome == GD_COND_HOLDS)
			add(p, d->item.first_wall_ns, 0, "detection", "",
			    gd_strbuf_str(&text));
	}
}

/* What people and the outside did to the run. */
static void add_events(struct page *p)
{
	static const char *const kinds[] = {"note", "abort", "signal", "host_lost",
					    "fault_drift"};

	for (size_t i = 0; i < p->r->n_events; i++) {
		const cJSON *e = p->r->events[i];
		const char *event = gd_json_str(e, "event", "");
		GD_AUTO_STRBUF(text);

		for (size_t k = 0; k < GD_N_ELEMS(kinds); k++) {
			if (strcmp(event, kinds[k]) != 0)
				continue;
			gd_story_event(e, &text);
			add(p, gd_report_event_time(e), 0, event,
			    gd_json_str(e, "host", ""), gd_strbuf_str(&text));
		}
	}
}

static int write_grafana(const struct gd_report *r, struct gd_strbuf *out,
			 struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *list = cJSON_CreateArray();
	struct page p = {.r = r, .list = list, .ok = list};

	add_run(&p);
	add_stages(&p);
	add_faults(&p);
	add_detections(&p);
	add_events(&p);
	return gd_make_print(p.ok ? list : NULL, out, err);
}

const struct gd_report_writer gd_report_grafana = {"grafana", "annotations.json",
						   write_grafana, NULL};
