/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/json.h"
#include "gameday/scenario/plan_runbook.h"
#include "gameday/scenario/timing.h"
#include "gameday/shape/peers.h"

enum {
	MAX_TIMES = 12,   /* of one fault, shown; then "..." */
	MAX_EXCERPT = 60, /* bytes of a text */
};

/* --- hosts --------------------------------------------------------------------------- */

static void print_host(const struct gd_plan_host *h, struct gd_strbuf *out)
{
	static const char *const sudo[] = {
		[GD_SUDO_AUTO] = "sudo when not root",
		[GD_SUDO_NEVER] = "no sudo",
		[GD_SUDO_ALWAYS] = "with sudo",
	};
	const struct gd_inventory_host *host = h->host;

	gd_strbuf_addf(out, "  %-12s %-16s ssh ", h->role->name, host->name);
	if (host->user)
		gd_strbuf_addf(out, "%s@", host->user);
	gd_strbuf_adds(out, host->host);
	if (host->port > 0)
		gd_strbuf_addf(out, " port %" PRId64, host->port);
	if (host->jump)
		gd_strbuf_addf(out, " through %s", host->jump);
	if (!host->user || host->port == 0)
		gd_strbuf_addf(out, " (%s from the OpenSSH configuration)",
			       host->user   ? "port"
			       : host->port ? "user"
					    : "user and port");
	gd_strbuf_addf(out, ", %s; traffic to %s\n", sudo[host->sudo], host->address);
}

static void print_hosts(const struct gd_plan *p, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "\nHosts\n");
	for (size_t i = 0; i < p->n_hosts; i++)
		print_host(&p->hosts[i], out);
}

/* "server (api-1, api-2)"; runner is no role. */
static void add_role(const struct gd_plan *p, const char *role, struct gd_strbuf *out)
{
	const char *before = " (";

	gd_strbuf_adds(out, role);
	for (size_t i = 0; i < p->n_hosts; i++) {
		if (strcmp(p->hosts[i].role->name, role) != 0)
			continue;
		gd_strbuf_addf(out, "%s%s", before, p->hosts[i].host->name);
		before = ", ";
	}
	if (before[0] == ',')
		gd_strbuf_addc(out, ')');
}

/* --- loads and watches --------------------------------------------------------------- */

static void print_retry(const struct gd_retry_policy *r, struct gd_strbuf *out)
{
	static const char *const jitter[] = {
		[GD_JITTER_FULL] = "full jitter",
		[GD_JITTER_EQUAL] = "equal jitter",
		[GD_JITTER_NONE] = "no jitter",
		[GD_JITTER_DECORRELATED] = "decorrelated jitter",
	};
	char a[32], b[32];

	gd_strbuf_addf(out, "up to %" PRId64 " attempts, pauses %s to %s with %s",
		       r->attempts, gd_span_format(r->backoff.min, a),
		       gd_span_format(r->backoff.max, b), jitter[r->jitter]);
	if (r->budget.ppb > 0)
		gd_strbuf_addf(out, ", retries at most %s of requests",
			       gd_ratio_format(r->budget, a));
}

/* {"a": "1", "b": {"c": "2"}} as a: 1, b: {c: 2} */
static void print_flow(const cJSON *map, struct gd_strbuf *out)
{
	const cJSON *item;
	const char *before = "";

	cJSON_ArrayForEach(item, map)
	{
		bool list = cJSON_IsArray(item), nested = list || cJSON_IsObject(item);

		gd_strbuf_adds(out, before);
		if (item->string)
			gd_strbuf_addf(out, "%s: ", item->string);
		if (nested) {
			gd_strbuf_addc(out, list ? '[' : '{');
			print_flow(item, out);
			gd_strbuf_addc(out, list ? ']' : '}');
		} else if (cJSON_IsString(item)) {
			gd_strbuf_adds(out, item->valuestring);
		} else {
			GD_AUTO_FREE char *text = cJSON_PrintUnformatted(item);

			gd_strbuf_adds(out, text ? text : "?");
		}
		before = ", ";
	}
}

/* All policies but retry, as they are written in a scenario. */
static void print_policies(const struct gd_client_spec *c, struct gd_strbuf *out)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_error err = GD_ERROR_INIT;

	if (gd_shape_to_json(&gd_client_shape, c, &json, &err) < 0)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(json, "retry");
	if (!json->child)
		return;
	gd_strbuf_adds(out, "; ");
	print_flow(json, out);
}

static void print_clients(const struct gd_load_spec *spec, struct gd_strbuf *out)
{
	if (spec->clients.n == 0)
		gd_strbuf_adds(out, "    client plain: one attempt per request\n");
	for (size_t i = 0; i < spec->clients.n; i++) {
		const struct gd_client_spec *c =
			GD_AT(&spec->clients, const struct gd_client_spec, i);

		gd_strbuf_addf(out, "    client %s: ", c->name);
		if (c->retry)
			print_retry(c->retry, out);
		else
			gd_strbuf_adds(out, "one attempt per request");
		print_policies(c, out);
		gd_strbuf_addc(out, '\n');
	}
}

static void print_urls(const struct gd_plan *p, const struct gd_load_spec *spec,
		       struct gd_strbuf *out)
{
	struct gd_list urls = {0};
	struct gd_error err = GD_ERROR_INIT;
	const char *key = NULL;
	const struct gd_list *given = gd_load_spec_urls_of(spec, &key);
	const struct gd_list *shown =
		gd_plan_urls(p, spec, &urls, &err) == 0 ? &urls : given;

	if (key && strcmp(key, "http") == 0)
		gd_strbuf_addf(out, "%s ", spec->method);
	for (size_t i = 0; shown && i < shown->n; i++)
		gd_strbuf_addf(out, "%s%s", i > 0 ? ", " : "",
			       GD_AT(shown, const struct gd_url_spec, i)->text);
	gd_load_urls_fini(&urls);
}

/* A text that may be long or of several lines, in one short line. */
static void add_excerpt(const char *text, struct gd_strbuf *out)
{
	size_t n = strcspn(text, "\r\n");
	bool whole = n <= MAX_EXCERPT && text[n] == '\0';

	n = n < MAX_EXCERPT ? n : MAX_EXCERPT;
	gd_strbuf_addf(out, "\"%.*s\"%s", (int)n, text, whole ? "" : "...");
}

static void print_sizes(const struct gd_load_spec *spec, struct gd_strbuf *out)
{
	char buf[32];

	if (spec->etcd.n > 0)
		gd_strbuf_addf(out, "    %s puts, the others gets, of %" PRId64 " keys\n",
			       gd_ratio_format(spec->put, buf), spec->keys);
	if (spec->size.n > 0)
		gd_strbuf_addf(out, "    %s each\n", gd_bytes_format(spec->size, buf));
}

static void print_request(const struct gd_load_spec *spec, struct gd_strbuf *out)
{
	for (size_t i = 0; i < spec->headers.n; i++) {
		const struct gd_header_spec *h =
			GD_AT(&spec->headers, const struct gd_header_spec, i);

		gd_strbuf_addf(out, "    header %s: %s\n", h->name, h->value);
	}
	if (spec->body) {
		gd_strbuf_addf(out, "    body of %zu bytes: ", strlen(spec->body));
		add_excerpt(spec->body, out);
		gd_strbuf_addc(out, '\n');
	}
	if (!spec->keepalive)
		gd_strbuf_adds(out, "    a connection per request\n");
}

static void print_tls(const struct gd_tls_spec *tls, struct gd_strbuf *out)
{
	if (!tls)
		return;
	if (!tls->verify) {
		gd_strbuf_adds(out, "    TLS certificates are not verified\n");
		return;
	}
	gd_strbuf_addf(out, "    TLS certificates by %s",
		       tls->ca ? tls->ca : "the system's authorities");
	if (tls->server_name)
		gd_strbuf_addf(out, ", for %s", tls->server_name);
	gd_strbuf_addc(out, '\n');
}

static void print_expect(const struct gd_expect_spec *expect, struct gd_strbuf *out)
{
	if (!expect)
		return;
	gd_strbuf_adds(out, "    a success has status ");
	for (size_t i = 0; i < expect->status.n; i++)
		gd_strbuf_addf(
			out, "%s%s", i > 0 ? " or " : "",
			GD_AT(&expect->status, const struct gd_status_spec, i)->text);
	if (expect->status.n == 0)
		gd_strbuf_adds(out, "2xx");
	if (expect->body) {
		gd_strbuf_adds(out, " and a body with ");
		add_excerpt(expect->body, out);
	}
	gd_strbuf_addc(out, '\n');
}

static void print_starts(const struct gd_load_spec *spec, struct gd_strbuf *out)
{
	char rate[GD_COURSE_TEXT_MAX], every[32];
	const char *of = spec->share ? "for all clients together" : "per client";

	if (spec->concurrency > 0) {
		gd_strbuf_addf(out,
			       "closed loop, %" PRId64 " requests under way per client",
			       spec->concurrency);
		return;
	}
	gd_strbuf_adds(out, "open loop, ");
	if (spec->every.ns > 0)
		gd_strbuf_addf(out, "%" PRId64 " requests at once every %s %s",
			       spec->burst, gd_span_format(spec->every, every), of);
	else
		gd_strbuf_addf(out, "%s %s", gd_course_format(&spec->rate, rate), of);
	if (spec->burst > 1 && spec->every.ns == 0)
		gd_strbuf_addf(out, ", %" PRId64 " at once", spec->burst);
	if (spec->arrivals == GD_ARRIVALS_POISSON)
		gd_strbuf_adds(out, ", Poisson arrivals");
}

static void print_from(const struct gd_plan *p, const struct gd_load_spec *spec,
		       struct gd_strbuf *out)
{
	struct gd_vantage all[GD_LOAD_MAX_VANTAGES];
	size_t n = gd_plan_vantages(p, spec, all);

	if (spec->from.n == 0)
		gd_strbuf_adds(out, "this machine");
	for (size_t i = 0; i < spec->from.n; i++) {
		const char *from = GD_AT(&spec->from, const struct gd_from_spec, i)->text;

		gd_strbuf_adds(out, i > 0 ? ", " : "");
		if (strcmp(from, "runner") == 0)
			gd_strbuf_adds(out, "this machine");
		else
			add_role(p, from, out);
	}
	if (n > 1)
		gd_strbuf_addf(out, ", which divide it between %zu", n);
}

static void print_load(const struct gd_plan *p, const struct gd_load_spec *spec,
		       struct gd_strbuf *out)
{
	char buf[32];

	gd_strbuf_addf(out, "  %s: ", spec->name);
	print_urls(p, spec, out);
	gd_strbuf_adds(out, " from ");
	print_from(p, spec, out);
	gd_strbuf_adds(out, "\n    ");
	print_starts(spec, out);
	if (spec->connections > 0)
		gd_strbuf_addf(out, ", at most %" PRId64 " connections",
			       spec->connections);
	if (spec->threads > 1)
		gd_strbuf_addf(out, ", %" PRId64 " threads", spec->threads);
	gd_strbuf_addf(out, ", timeout %s\n", gd_span_format(spec->timeout, buf));
	print_sizes(spec, out);
	print_request(spec, out);
	print_tls(spec->tls, out);
	print_expect(spec->expect, out);
	print_clients(spec, out);
}

/* {"device":"eth1"} without what only JSON needs: device eth1. */
static void add_args(const struct gd_node *args, struct gd_strbuf *out)
{
	for (size_t i = 0; i < args->n_entries; i++)
		gd_strbuf_addf(out, ", %s %s", args->entries[i].key,
			       args->entries[i].value->text ? args->entries[i].value->text
							    : "...");
}

static void print_measured(const struct gd_plan *p, struct gd_strbuf *out)
{
	const struct gd_scenario *s = p->scenario;

	gd_strbuf_adds(out, "\nTraffic\n");
	for (size_t i = 0; i < s->loads.n; i++)
		print_load(p, GD_AT(&s->loads, const struct gd_load_spec, i), out);
	gd_strbuf_adds(
		out,
		"\nMeasured\n  every load: latency from the intended start, success, "
		"errors by kind, attempts, retries\n");
	for (size_t i = 0; i < s->watches.n; i++) {
		const struct gd_watch_use *w =
			GD_AT(&s->watches, const struct gd_watch_use, i);

		gd_strbuf_addf(out, "  %s on ", w->kind);
		add_role(p, w->on, out);
		add_args(w->args, out);
		gd_strbuf_addc(out, '\n');
	}
}

/* --- timeline ------------------------------------------------------------------------ */

/* " (from 5s into the stage)", " (4 times for 3s, every 12s: at 0:00 0:12 0:24 0:36)" */
static void add_times(const struct gd_plan_fault *f, struct gd_strbuf *out)
{
	const struct gd_fault_use *u = f->use;
	int64_t n = gd_cycle_count(u, f->stage->length);
	struct gd_cycle c;
	char a[32], b[32];

	if (u->every.ns == 0 && u->after.ns > 0)
		gd_strbuf_addf(out, " (from %s into the stage%s%s)",
			       gd_span_format(u->after, a),
			       u->hold.ns > 0 ? ", for " : "",
			       u->hold.ns > 0 ? gd_span_format(u->hold, b) : "");
	else if (u->every.ns == 0 && u->hold.ns > 0)
		gd_strbuf_addf(out, " (for %s)", gd_span_format(u->hold, a));
	if (u->every.ns == 0)
		return;
	gd_strbuf_addf(out, " (%" PRId64 " %s for %s, every %s: at", n,
		       n == 1 ? "time" : "times", gd_span_format(u->hold, a),
		       gd_span_format(u->every, b));
	for (int64_t i = 0; i < n && i < MAX_TIMES; i++)
		if (gd_cycle_at(u, f->stage->length, i, &c))
			gd_strbuf_addf(out, " %.6g", (double)c.in.ns / GD_NS_PER_S);
	gd_strbuf_addf(out, "%s s of the stage)", n > MAX_TIMES ? " ..." : "");
}

/* "        it changes in place: loss 0% at 0s, loss 2% at 5s, ... of each coming" */
static void print_levels(const struct gd_plan_fault *f, struct gd_strbuf *out)
{
	char buf[32];

	if (f->levels.n < 2)
		return;
	gd_strbuf_addf(out, "        changed in place, counted from %s:\n",
		       f->use->every.ns ? "each time it is in" : "when it is in");
	for (size_t i = 0; i < f->levels.n; i++) {
		const struct gd_level *l = GD_AT(&f->levels, const struct gd_level, i);

		gd_strbuf_addf(out, "          at %s: %s\n", gd_span_format(l->at, buf),
			       l->text);
	}
}

/* What the fault's host names mean, or who will be asked. */
static void print_names(const struct gd_plan_fault *f, const char *host,
			struct gd_strbuf *out)
{
	GD_AUTO(cJSON) cJSON *names = cJSON_CreateArray();
	struct gd_error ignored = GD_ERROR_INIT;
	const cJSON *name;

	if (f->names) {
		gd_strbuf_addf(out, "        by the names on %s: ", host);
		gd_peer_names_print(f->names, out);
		gd_strbuf_addc(out, '\n');
	}
	if (f->names || !names ||
	    gd_shape_peer_names(f->kind->args, f->args, names, &ignored) < 0 ||
	    !names->child)
		return;
	gd_strbuf_adds(out, "        ");
	cJSON_ArrayForEach(name, names)
	{
		gd_strbuf_addf(out, "%s%s", name == names->child ? "" : ", ",
			       name->valuestring);
	}
	gd_strbuf_addf(out,
		       ": resolved on %s, once, before anything is injected; see what it "
		       "says now with --resolve\n",
		       host);
}

/*
 * Faults in a row that one line of the scenario means, on several hosts: told once, with all
 * hosts. Returns the number of the first that is another.
 */
static size_t group_end(const struct gd_plan *p, size_t first)
{
	size_t end = first + 1;

	while (end < p->n_faults && p->faults[end].use == p->faults[first].use)
		end++;
	return end;
}

static void print_faults(const struct gd_plan *p, size_t first, size_t end,
			 struct gd_strbuf *out)
{
	const struct gd_plan_fault *f = &p->faults[first];
	GD_AUTO_STRBUF(hosts);
	GD_AUTO_STRBUF(text);

	for (size_t i = first; i < end; i++)
		gd_strbuf_addf(&hosts, "%s%s", i > first ? ", " : "",
			       p->hosts[p->faults[i].host].host->name);
	if (f->kind->describe)
		f->kind->describe(f->args, &text);
	gd_strbuf_addf(out, "      %s on %s: %s", f->use->kind, gd_strbuf_str(&hosts),
		       gd_strbuf_str(&text));
	if (!f->kind->describe)
		add_args(f->node, out);
	add_times(f, out);
	gd_strbuf_addc(out, '\n');
	if (f->remedy)
		gd_strbuf_add_indented(out, "          ", f->remedy->command);
	print_levels(f, out);
	for (size_t i = first; i < end; i++)
		print_names(&p->faults[i], p->hosts[p->faults[i].host].host->name, out);
	gd_strbuf_clear(&text);
	if (f->kind->manual)
		f->kind->manual(f->args, &text);
	if (text.len == 0)
		return;
	gd_strbuf_addf(out, "        undone by itself; by hand on %s:\n",
		       end - first > 1 ? "each" : gd_strbuf_str(&hosts));
	gd_strbuf_add_indented(out, "          ", gd_strbuf_str(&text));
}

static void print_conditions(const struct gd_list *list, const char *indent,
			     struct gd_strbuf *out)
{
	for (size_t i = 0; i < list->n; i++)
		gd_strbuf_addf(out, "%s%s\n", indent,
			       GD_AT(list, const struct gd_condition, i)->source);
}

/* Minutes and seconds from the start of baseline. */
static void add_clock(struct gd_span at, struct gd_strbuf *out)
{
	int64_t seconds = at.ns / GD_NS_PER_S;

	gd_strbuf_addf(out, "  %4" PRId64 ":%02" PRId64, seconds / 60, seconds % 60);
}

static void print_stage(const struct gd_plan *p, const struct gd_stage *stage,
			struct gd_span start, struct gd_strbuf *out)
{
	const struct gd_list *steady = &p->scenario->steady;
	char buf[32];

	add_clock(start, out);
	gd_strbuf_addf(out, "  %s, %s\n", stage->name,
		       gd_span_format(stage->length, buf));
	if (stage->kind == GD_STAGE_BASELINE && steady->n > 0) {
		gd_strbuf_adds(out, "      must hold, or nothing is injected:\n");
		print_conditions(steady, "        ", out);
	}
	for (size_t i = 0; i < p->n_faults; i = group_end(p, i))
		if (p->faults[i].stage == stage)
			print_faults(p, i, group_end(p, i), out);
	gd_plan_print_looks(p, stage, out);
	if (stage->kind == GD_STAGE_RECOVERY)
		gd_strbuf_adds(out, "      all faults are undone and proved undone\n");
}

static void print_timeline(const struct gd_plan *p, struct gd_strbuf *out)
{
	struct gd_span start = {0};

	gd_strbuf_adds(out, "\nTimeline\n");
	for (size_t i = 0; i < p->scenario->stages.n; i++) {
		const struct gd_stage *stage =
			GD_AT(&p->scenario->stages, const struct gd_stage, i);

		print_stage(p, stage, start, out);
		start.ns += stage->length.ns;
	}
	add_clock(start, out);
	gd_strbuf_adds(out, "  end\n");
}

/* --- the ends of it ------------------------------------------------------------------ */

static void print_ends(const struct gd_plan *p, struct gd_strbuf *out)
{
	const struct gd_scenario *s = p->scenario;

	gd_strbuf_adds(out, "\nExpected\n");
	print_conditions(&s->expect, "  ", out);
	if (s->expect.n == 0)
		gd_strbuf_adds(out, "  nothing: the run only measures\n");
	gd_strbuf_adds(out, "\nEnds the run early, everything undone first\n");
	print_conditions(&s->abort, "  ", out);
	gd_strbuf_adds(out, "  Ctrl-C or SIGTERM, or a host that is lost\n");
}

static void print_safety(const struct gd_plan *p, struct gd_strbuf *out)
{
	char buf[32];

	if (p->n_faults == 0) {
		gd_strbuf_adds(out, "\nSafety\n  nothing is injected\n");
		return;
	}
	gd_strbuf_addf(
		out,
		"\nSafety\n"
		"  Every host passes a preflight that only reads before anything is changed.\n"
		"  How to undo a fault is on the host's disk before the fault is made.\n"
		"  A fault that could cut the way to its host is on trial at first, and stays only\n"
		"  when a new SSH connection gets through.\n"
		"  A guardian on the host undoes all faults by itself when the runner's lease of 10s\n"
		"  is not renewed, and in any case soon after the planned time of %s is over.\n"
		"  Each host's state is read before and after; unless equal, the exit status is "
		"5.\n",
		gd_span_format(gd_plan_length(p), buf));
}

void gd_plan_print(const struct gd_plan *p, struct gd_strbuf *out)
{
	const struct gd_scenario *s = p->scenario;

	gd_strbuf_addf(out, "%s (%s%s%s)\n", s->title ? s->title : s->name, s->name,
		       s->severity ? ", " : "", s->severity ? s->severity : "");
	if (s->hypothesis)
		gd_strbuf_addf(out, "Hypothesis: %s\n", s->hypothesis);
	if (s->runbook)
		gd_strbuf_addf(out, "Runbook: %s\n", s->runbook);
	print_hosts(p, out);
	print_measured(p, out);
	print_timeline(p, out);
	print_ends(p, out);
	print_safety(p, out);
}
