/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/metric_check.h"

#include <stdio.h>
#include <string.h>

#include "gameday/scenario/source.h"

enum { MAX_NAMES = 256 };

/* Candidates for a suggestion, borrowed. */
struct names {
	const char *items[MAX_NAMES];
	size_t n;
};

static void add(struct names *names, const char *name)
{
	if (name && names->n < MAX_NAMES)
		names->items[names->n++] = name;
}

static void list_names(const struct names *names, struct gd_strbuf *out)
{
	for (size_t i = 0; i < names->n; i++)
		gd_strbuf_addf(out, "%s%s", i ? ", " : "", names->items[i]);
}

/* "there is no X "word"; did you mean ...?", or what there is. */
static void report_missing(const char *what, const char *word, const struct names *names,
			   struct gd_pos pos, struct gd_diags *diags)
{
	GD_AUTO_STRBUF(list);
	char near[96];

	(void)gd_near_miss(word, names->items, names->n, near);
	list_names(names, &list);
	if (*near || names->n == 0)
		gd_diag_error(diags, pos, "there is no %s \"%.60s\"%s", what, word, near);
	else
		gd_diag_error(diags, pos, "there is no %s \"%.60s\"; there is: %s", what,
			      word, gd_strbuf_str(&list));
}

/* --- metrics ------------------------------------------------------------------------- */

static bool is_gauge(const struct gd_kind_row *row, const char *name, size_t len)
{
	for (const char *const *g = row ? row->gauges : NULL; g && *g; g++)
		if (strlen(*g) == len && strncmp(*g, name, len) == 0)
			return true;
	return false;
}

/* The row of a metric; for a gauge, NAME_max and NAME_min have NAME's row. */
static const struct gd_metric_row *find_metric(const struct gd_metric_row *rows,
					       const struct gd_kind_row *kind,
					       const char *name)
{
	size_t len = strlen(name);

	for (const struct gd_metric_row *m = rows; m && m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	if (len <= 4 ||
	    (strcmp(name + len - 4, "_max") != 0 && strcmp(name + len - 4, "_min") != 0))
		return NULL;
	if (!is_gauge(kind, name, len - 4))
		return NULL;
	for (const struct gd_metric_row *m = rows; m && m->name; m++)
		if (strlen(m->name) == len - 4 && strncmp(m->name, name, len - 4) == 0)
			return m;
	return NULL;
}

static const char *unit_example(enum gd_metric_unit unit)
{
	switch (unit) {
	case GD_UNIT_DURATION:
		return "a duration, as in 50ms";
	case GD_UNIT_RATIO:
		return "a ratio, as in 99.9%";
	case GD_UNIT_FREQ:
		return "a rate, as in 200/s";
	case GD_UNIT_BYTES:
		return "a size, as in 64KiB";
	case GD_UNIT_COUNT:
		break;
	}
	return "a plain number";
}

static void check_unit(const struct gd_condition *c, const struct gd_metric_row *m,
		       struct gd_diags *diags)
{
	bool bare = c->unit == GD_UNIT_COUNT;

	if (c->relative)
		return;
	if (m->unit == GD_UNIT_RATIO && (bare || c->unit == GD_UNIT_RATIO) &&
	    (c->value > 1 || c->value < 0))
		gd_diag_error(diags, c->value_pos, "%s is a ratio between 0 and 100 %%%s",
			      m->name, bare ? ": write a percent sign" : "");
	if (c->unit == m->unit ||
	    (bare && (m->unit == GD_UNIT_RATIO || m->unit == GD_UNIT_FREQ ||
		      m->unit == GD_UNIT_BYTES)))
		return;
	if (bare && m->unit == GD_UNIT_DURATION && c->value <= 0 && c->value >= 0)
		return; /* zero needs no unit */
	gd_diag_error(diags, c->value_pos, "%s is compared with %s", m->name,
		      unit_example(m->unit));
}

static void check_metric(const struct gd_condition *c, const struct gd_metric_row *rows,
			 const struct gd_kind_row *kind, const char *producer,
			 struct gd_diags *diags)
{
	const struct gd_metric_row *m = find_metric(rows, kind, c->metric);
	struct names names = {.n = 0};
	char what[96];

	if (m) {
		check_unit(c, m, diags);
		return;
	}
	for (m = rows; m && m->name; m++)
		add(&names, m->name);
	(void)snprintf(what, sizeof(what), "metric of %.60s called", producer);
	report_missing(what, c->metric, &names, c->metric_pos, diags);
}

/* --- subjects ------------------------------------------------------------------------ */

/* The clients of a load; without any it has one, called plain. */
static void client_names(const struct gd_load_spec *spec, struct names *names)
{
	for (size_t i = 0; i < spec->clients.n; i++)
		add(names, GD_AT(&spec->clients, const struct gd_client_spec, i)->name);
	if (names->n == 0)
		add(names, "plain");
}

static void check_client(const struct gd_condition *c, const struct gd_load_spec *spec,
			 struct gd_diags *diags)
{
	struct names names = {.n = 0};
	GD_AUTO_STRBUF(list);

	client_names(spec, &names);
	for (size_t i = 0; c->part && i < names.n; i++)
		if (strcmp(names.items[i], c->part) == 0)
			return;
	if (c->part) {
		report_missing("client", c->part, &names, c->part_pos, diags);
		return;
	}
	if (names.n == 1)
		return;
	list_names(&names, &list);
	gd_diag_error(diags, c->metric_pos,
		      "load %s has several clients: write %s.CLIENT.%s with one of %s",
		      c->subject, c->subject, c->metric, gd_strbuf_str(&list));
}

static void check_watch(const struct gd_condition *c, const struct gd_scenario *s,
			const struct gd_kinds *kinds, struct gd_diags *diags)
{
	struct names names = {.n = 0};
	const struct gd_kind_row *row;
	char what[96];

	for (size_t i = 0; i < s->watches.n; i++) {
		const struct gd_watch_use *w =
			GD_AT(&s->watches, const struct gd_watch_use, i);

		if (w->on && strcmp(w->on, c->subject) == 0)
			add(&names, w->kind);
	}
	if (!c->part) {
		gd_diag_error(
			diags, c->metric_pos,
			"%s is a host role: write %s.WATCH.%s, with a watch on that role",
			c->subject, c->subject, c->metric);
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		if (strcmp(names.items[i], c->part) != 0)
			continue;
		row = gd_kind_find(kinds->watches, kinds->n_watches, c->part);
		if (row)
			check_metric(c, row->metrics, row, row->name, diags);
		return;
	}
	(void)snprintf(what, sizeof(what), "watch on role %.40s called", c->subject);
	report_missing(what, c->part, &names, c->part_pos, diags);
}

static void check_stage(const struct gd_scenario *s, const char *name, struct gd_pos pos,
			struct gd_diags *diags)
{
	struct names names = {.n = 0};

	if (!name || gd_scenario_stage(s, name))
		return;
	for (size_t i = 0; i < s->stages.n; i++)
		add(&names, GD_AT(&s->stages, const struct gd_stage, i)->name);
	report_missing("stage", name, &names, pos, diags);
}

static bool has_wildcard(const struct gd_condition *c)
{
	return strcmp(c->subject, "*") == 0 || (c->part && strcmp(c->part, "*") == 0) ||
	       (c->stage && strcmp(c->stage, "*") == 0) ||
	       (c->reference && strcmp(c->reference, "*") == 0);
}

static void check_subject(const struct gd_condition *c, const struct gd_scenario *s,
			  const struct gd_kinds *kinds, struct gd_diags *diags)
{
	const struct gd_load_spec *spec = gd_scenario_find_load(s, c->subject);
	struct names names = {.n = 0};

	if (spec) {
		check_client(c, spec, diags);
		check_metric(c, gd_load_metrics, NULL, "a load", diags);
		return;
	}
	if (gd_scenario_role(s, c->subject)) {
		check_watch(c, s, kinds, diags);
		return;
	}
	for (size_t i = 0; i < s->loads.n; i++)
		add(&names, GD_AT(&s->loads, const struct gd_load_spec, i)->name);
	for (size_t i = 0; i < s->hosts.n; i++)
		add(&names, GD_AT(&s->hosts, const struct gd_role, i)->name);
	report_missing("load or role", c->subject, &names, c->pos, diags);
}

void gd_condition_check(const struct gd_condition *c, const struct gd_scenario *s,
			const struct gd_kinds *kinds, struct gd_diags *diags)
{
	if (has_wildcard(c)) {
		gd_diag_error(diags, c->pos,
			      "\"*\" is for runbooks: a scenario names what it is about");
		return;
	}
	check_subject(c, s, kinds, diags);
	check_stage(s, c->stage, c->stage_pos, diags);
	check_stage(s, c->reference, c->reference_pos, diags);
	if (c->stage && c->reference && strcmp(c->stage, c->reference) == 0)
		gd_diag_error(diags, c->reference_pos, "stage %s is compared with itself",
			      c->stage);
}

/* --- runbooks ------------------------------------------------------------------------ */

/* Any producer's metric of that name, the watches' first when part names one. */
static const struct gd_metric_row *find_anywhere(const struct gd_condition *c,
						 const struct gd_kinds *kinds)
{
	const struct gd_metric_row *m = find_metric(gd_load_metrics, NULL, c->metric);

	for (size_t i = 0; !m && i < kinds->n_watches; i++)
		m = find_metric(kinds->watches[i].metrics, &kinds->watches[i], c->metric);
	return m;
}

void gd_condition_check_free(const struct gd_condition *c, const struct gd_kinds *kinds,
			     struct gd_diags *diags)
{
	const struct gd_kind_row *row =
		c->part ? gd_kind_find(kinds->watches, kinds->n_watches, c->part) : NULL;
	const struct gd_metric_row *m = find_anywhere(c, kinds);
	struct names names = {.n = 0};

	if (row) {
		check_metric(c, row->metrics, row, row->name, diags);
		return;
	}
	if (m) {
		check_unit(c, m, diags);
		return;
	}
	for (m = gd_load_metrics; m->name; m++)
		add(&names, m->name);
	for (size_t i = 0; i < kinds->n_watches; i++)
		for (m = kinds->watches[i].metrics; m && m->name; m++)
			add(&names, m->name);
	report_missing("metric", c->metric, &names, c->metric_pos, diags);
}
