/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/load/proto/proto.h"
#include "gameday/scenario/levels.h"
#include "gameday/scenario/metric_check.h"
#include "gameday/scenario/mitigate.h"
#include "gameday/scenario/source.h"

enum { MAX_NAMES = 128 };

struct context {
	const struct gd_scenario *s;
	const struct gd_kinds *kinds;
	struct gd_diags *diags;
};

/* --- roles --------------------------------------------------------------------------- */

static void check_role(const struct context *x, const char *name, struct gd_pos pos)
{
	const char *names[MAX_NAMES];
	size_t n = 0;
	char near[96];

	if (!name || gd_scenario_role(x->s, name))
		return;
	for (size_t i = 0; i < x->s->hosts.n && n < MAX_NAMES; i++)
		names[n++] = GD_AT(&x->s->hosts, const struct gd_role, i)->name;
	gd_diag_error(x->diags, pos, "role \"%.60s\" is not under hosts%s", name,
		      gd_near_miss(name, names, n, near));
}

static size_t count_tagged(const struct gd_inventory *inv, const char *tag)
{
	size_t n = 0;

	for (size_t i = 0; i < inv->hosts.n; i++)
		if (gd_inventory_has_tag(
			    GD_AT(&inv->hosts, const struct gd_inventory_host, i), tag))
			n++;
	return n;
}

static void report_missing_host(const struct gd_role *role,
				const struct gd_inventory *inv, struct gd_diags *diags)
{
	const char *names[MAX_NAMES];
	size_t n = 0;
	char near[96];

	for (size_t i = 0; i < inv->hosts.n && n < MAX_NAMES; i++)
		names[n++] = GD_AT(&inv->hosts, const struct gd_inventory_host, i)->name;
	gd_diag_error(diags, role->node->pos,
		      "role %s: host \"%.60s\" is not in inventory %s%s", role->name,
		      role->host, inv->path ? inv->path : "",
		      gd_near_miss(role->host, names, n, near));
}

void gd_role_check(const struct gd_role *role, const struct gd_inventory *inv,
		   struct gd_diags *diags)
{
	size_t n;

	if (role->host) {
		if (!gd_inventory_find(inv, role->host))
			report_missing_host(role, inv, diags);
		return;
	}
	if (!role->tag)
		return;
	n = count_tagged(inv, role->tag);
	if (n < (size_t)role->count)
		gd_diag_error(
			diags, role->node->pos,
			"role %s: wanted %lld host%s with tag \"%.60s\", inventory %s has "
			"%zu",
			role->name, (long long)role->count, role->count == 1 ? "" : "s",
			role->tag, inv->path ? inv->path : "", n);
}

/* Conditions name loads and roles alike. */
static void check_clash(const struct context *x, const struct gd_role *role)
{
	for (size_t i = 0; i < x->s->loads.n; i++) {
		const char *load =
			GD_AT(&x->s->loads, const struct gd_load_spec, i)->name;

		if (load && role->name && strcmp(load, role->name) == 0)
			gd_diag_error(
				x->diags, role->pos,
				"\"%.60s\" is a role and a load: conditions could mean "
				"either; rename one",
				load);
	}
}

static bool is_used_by_items(const struct gd_scenario *s, const char *name)
{
	for (size_t i = 0; i < s->watches.n; i++) {
		const char *on = GD_AT(&s->watches, const struct gd_watch_use, i)->on;

		if (on && strcmp(on, name) == 0)
			return true;
	}
	for (size_t i = 0; i < s->stages.n; i++) {
		const struct gd_stage *stage =
			GD_AT(&s->stages, const struct gd_stage, i);
		const struct gd_list *faults = &stage->faults;

		if (gd_mitigate_uses(s, stage, name))
			return true;
		for (size_t k = 0; k < faults->n; k++) {
			const char *on = GD_AT(faults, const struct gd_fault_use, k)->on;

			if (on && strcmp(on, name) == 0)
				return true;
		}
	}
	return false;
}

static bool any_url_has(const struct gd_load_spec *spec, const char *text)
{
	const char *key = NULL;
	const struct gd_list *urls = gd_load_spec_urls_of(spec, &key);

	for (size_t i = 0; urls && i < urls->n; i++) {
		const char *url = GD_AT(urls, const struct gd_url_spec, i)->text;

		if (url && strstr(url, text))
			return true;
	}
	return false;
}

static bool starts_from(const struct gd_load_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->from.n; i++) {
		const char *from = GD_AT(&spec->from, const struct gd_from_spec, i)->text;

		if (from && strcmp(from, name) == 0)
			return true;
	}
	return false;
}

static bool is_used_by_loads(const struct gd_scenario *s, const char *name)
{
	char braced[GD_NAME_MAX + 3];

	(void)snprintf(braced, sizeof(braced), "{%.*s}", GD_NAME_MAX, name);
	for (size_t i = 0; i < s->loads.n; i++) {
		const struct gd_load_spec *spec =
			GD_AT(&s->loads, const struct gd_load_spec, i);

		if (starts_from(spec, name) || any_url_has(spec, braced))
			return true;
	}
	return false;
}

static void check_hosts(const struct context *x, const struct gd_inventory *inv)
{
	for (size_t i = 0; i < x->s->hosts.n; i++) {
		const struct gd_role *role = GD_AT(&x->s->hosts, const struct gd_role, i);

		if (!role->name)
			continue;
		if (inv)
			gd_role_check(role, inv, x->diags);
		check_clash(x, role);
		if (!is_used_by_items(x->s, role->name) &&
		    !is_used_by_loads(x->s, role->name))
			gd_diag_warning(x->diags, role->pos, "role %s is not used",
					role->name);
	}
}

/* --- loads --------------------------------------------------------------------------- */

/* Each {role} of a URL must be a role; a lone brace is a slip. */
static void check_braces(const struct context *x, const struct gd_load_spec *spec,
			 const struct gd_url_spec *url)
{
	struct gd_pos pos = url->node->pos;
	const char *open;

	for (const char *s = url->text; (open = strpbrk(s, "{}")) != NULL;) {
		const char *close = *open == '{' ? strchr(open, '}') : NULL;
		char name[GD_NAME_MAX + 1];

		if (*open == '{' && close && open > url->text && open[-1] == '$') {
			s = close + 1; /* a place that differs between requests */
			continue;
		}
		pos.column = url->node->pos.column + (url->node->quoted ? 1 : 0) +
			     (int)(open - url->text);
		if (!close || close - open - 1 > GD_NAME_MAX) {
			gd_diag_error(x->diags, pos,
				      "load %s: a lone \"%c\" in the URL; write {ROLE}",
				      spec->name, *open);
			return;
		}
		pos.column++;
		(void)snprintf(name, sizeof(name), "%.*s", (int)(close - open - 1),
			       open + 1);
		check_role(x, name, pos);
		s = close + 1;
	}
}

static void report_scheme(const struct context *x, const struct gd_load_spec *spec,
			  const char *key, const struct gd_url_spec *url)
{
	GD_AUTO_STRBUF(list);

	for (size_t i = 0; gd_proto_row(i); i++) {
		const char *const *s = gd_proto_row(i)->schemes;

		for (; strcmp(gd_proto_row(i)->key, key) == 0 && *s; s++)
			gd_strbuf_addf(&list, "%s%s://", list.len > 0 ? ", " : "", *s);
	}
	gd_diag_error(x->diags, url->node->pos,
		      "load %s: wanted: a URL that begins with one of %s", spec->name,
		      gd_strbuf_str(&list));
}

static void check_url(const struct context *x, const struct gd_load_spec *spec,
		      const char *key, const struct gd_url_spec *url)
{
	GD_AUTO_FREE char *whole = url->text ? gd_load_url(key, url->text) : NULL;
	const struct gd_proto *proto = whole ? gd_proto_of_url(whole) : NULL;

	if (!whole || !url->node)
		return;
	if (!proto || strcmp(proto->key, key) != 0)
		report_scheme(x, spec, key, url);
	check_braces(x, spec, url);
}

/* Where entry i of `from` is: a list, or the only one. */
static struct gd_pos from_pos(const struct gd_load_spec *spec, size_t i)
{
	const struct gd_node *node = gd_node_get(spec->node, "from");

	if (!node)
		return spec->node->pos;
	return node->kind == GD_NODE_LIST && i < node->n_entries
		       ? node->entries[i].value->pos
		       : node->pos;
}

/* Roles and the runner, each once, and not more of them than there is load to divide. */
static void check_from(const struct context *x, const struct gd_load_spec *spec)
{
	struct gd_error err = GD_ERROR_INIT;
	int64_t n = 0;

	for (size_t i = 0; i < spec->from.n; i++) {
		const char *name = GD_AT(&spec->from, const struct gd_from_spec, i)->text;
		const struct gd_role *role = name ? gd_scenario_role(x->s, name) : NULL;

		n += role ? role->count : 1;
		if (name && strcmp(name, "runner") != 0)
			check_role(x, name, from_pos(spec, i));
		for (size_t j = 0; name && j < i; j++) {
			const char *other =
				GD_AT(&spec->from, const struct gd_from_spec, j)->text;

			if (other && strcmp(other, name) == 0)
				gd_diag_error(x->diags, from_pos(spec, i),
					      "load %s: from %.60s is given twice",
					      spec->name, name);
		}
	}
	if (n > GD_LOAD_MAX_VANTAGES)
		gd_diag_error(x->diags, from_pos(spec, 0),
			      "load %s: starts at %lld places; at most %d are possible",
			      spec->name, (long long)n, GD_LOAD_MAX_VANTAGES);
	else if (n > 1 && gd_load_spec_divide_check(spec, n * spec->threads, &err) < 0)
		gd_diag_take(x->diags, &err, from_pos(spec, 0));
}

static void check_load(const struct context *x, const struct gd_load_spec *spec)
{
	const char *key = NULL;
	const struct gd_list *urls = gd_load_spec_urls_of(spec, &key);

	if (spec->name)
		check_from(x, spec);
	for (size_t i = 0; spec->name && urls && i < urls->n; i++)
		check_url(x, spec, key, GD_AT(urls, const struct gd_url_spec, i));
}

/* --- watches and faults -------------------------------------------------------------- */

static const struct gd_kind_row *find_kind(const struct context *x,
					   const struct gd_kind_row *rows, size_t n_rows,
					   const char *what, const char *name,
					   struct gd_pos pos)
{
	const struct gd_kind_row *row = gd_kind_find(rows, n_rows, name);
	const char *names[MAX_NAMES];
	GD_AUTO_STRBUF(list);
	size_t n = 0;
	char near[96];

	if (row)
		return row;
	for (; n < n_rows && n < MAX_NAMES; n++) {
		names[n] = rows[n].name;
		gd_strbuf_addf(&list, "%s%s", n ? ", " : "", rows[n].name);
	}
	if (*gd_near_miss(name, names, n, near))
		gd_diag_error(x->diags, pos, "there is no %s \"%.60s\"%s", what, name,
			      near);
	else
		gd_diag_error(x->diags, pos, "there is no %s \"%.60s\"; there is: %s",
			      what, name, gd_strbuf_str(&list));
	return NULL;
}

static void check_args(const struct context *x, const struct gd_kind_row *row,
		       const struct gd_node *args, struct gd_pos pos)
{
	void *value = NULL;

	if (gd_kind_args_decode(row, args, pos, &value, x->diags) == 0)
		gd_kind_args_free(row, value);
}

static void check_levels(const struct context *x, const struct gd_kind_row *row,
			 const struct gd_fault_use *f, struct gd_span length)
{
	struct gd_list levels;

	if (gd_levels_make(row, f, length, &levels, x->diags) == 0)
		gd_levels_fini(row, &levels);
}

static bool same_use(const char *kind_a, const char *on_a, const char *kind_b,
		     const char *on_b)
{
	return on_a && on_b && strcmp(kind_a, kind_b) == 0 && strcmp(on_a, on_b) == 0;
}

static void check_watches(const struct context *x)
{
	const struct gd_list *list = &x->s->watches;

	for (size_t i = 0; i < list->n; i++) {
		const struct gd_watch_use *w = GD_AT(list, const struct gd_watch_use, i);
		const struct gd_kind_row *row =
			find_kind(x, x->kinds->watches, x->kinds->n_watches, "watch",
				  w->kind, w->pos);

		check_role(x, w->on, w->on_pos);
		if (row)
			check_args(x, row, w->args, w->pos);
		for (size_t j = 0; j < i; j++) {
			const struct gd_watch_use *o =
				GD_AT(list, const struct gd_watch_use, j);

			if (same_use(w->kind, w->on, o->kind, o->on))
				gd_diag_error(
					x->diags, w->pos,
					"role %s has a watch %s already: their numbers "
					"could not be told apart",
					w->on, w->kind);
		}
	}
}

/* Text of the argument that names what is hurt, or NULL. */
static const char *target_text(const struct gd_kind_row *row, const struct gd_node *args)
{
	const struct gd_node *node =
		row->target_field ? gd_node_get(args, row->target_field) : NULL;

	return node && node->kind == GD_NODE_SCALAR ? node->text : NULL;
}

static void check_conflict(const struct context *x, const struct gd_list *faults,
			   size_t i, const struct gd_kind_row *row)
{
	const struct gd_fault_use *f = GD_AT(faults, const struct gd_fault_use, i);
	const char *target = target_text(row, f->args);

	for (size_t j = 0; target && j < i; j++) {
		const struct gd_fault_use *o =
			GD_AT(faults, const struct gd_fault_use, j);
		const char *other = target_text(row, o->args);

		if (same_use(f->kind, f->on, o->kind, o->on) && other &&
		    strcmp(target, other) == 0) {
			gd_diag_error(
				x->diags, f->pos,
				"%s on %s of role %s is in this stage already: put all "
				"parameters into one",
				f->kind, target, f->on);
			return;
		}
	}
}

static void check_faults(const struct context *x)
{
	for (size_t i = 0; i < x->s->stages.n; i++) {
		const struct gd_stage *stage =
			GD_AT(&x->s->stages, const struct gd_stage, i);
		const struct gd_list *faults = &stage->faults;

		for (size_t k = 0; k < faults->n; k++) {
			const struct gd_fault_use *f =
				GD_AT(faults, const struct gd_fault_use, k);
			const struct gd_kind_row *row =
				find_kind(x, x->kinds->faults, x->kinds->n_faults,
					  "fault", f->kind, f->pos);

			check_role(x, f->on, f->on_pos);
			if (!row)
				continue;
			check_levels(x, row, f, stage->length);
			check_conflict(x, faults, k, row);
		}
	}
}

/* --- public -------------------------------------------------------------------------- */

static void check_conditions(const struct context *x, const struct gd_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		gd_condition_check(GD_AT(list, const struct gd_condition, i), x->s,
				   x->kinds, x->diags);
}

static void check_length(const struct gd_scenario *s, const struct gd_condition *c,
			 const char *name, struct gd_pos pos, struct gd_diags *diags)
{
	const struct gd_span least = gd_span_ms((int64_t)2 * GD_LOAD_INTERVAL_MS);
	const struct gd_stage *stage = name ? gd_scenario_stage(s, name) : NULL;
	char length[32], wanted[32];

	if (!stage || !gd_scenario_find_load(s, c->subject) || stage->length.ns == 0 ||
	    stage->length.ns >= least.ns)
		return;
	gd_diag_warning(
		diags, pos,
		"stage %s lasts %s: what %s measures comes by the second, so make "
		"it %s or longer, or there may be no data",
		name, gd_span_format(stage->length, length), c->subject,
		gd_span_format(least, wanted));
}

void gd_scenario_check_lengths(const struct gd_scenario *s, struct gd_diags *diags)
{
	for (size_t i = 0; i < s->expect.n; i++) {
		const struct gd_condition *c =
			GD_AT(&s->expect, const struct gd_condition, i);

		check_length(s, c, c->stage, c->stage_pos, diags);
		check_length(s, c, c->reference, c->reference_pos, diags);
	}
}

int gd_scenario_check(const struct gd_scenario *s, const struct gd_inventory *inv,
		      const struct gd_kinds *kinds, struct gd_diags *diags)
{
	const struct context x = {s, kinds, diags};
	size_t before = diags->n_errors;

	check_hosts(&x, inv);
	for (size_t i = 0; i < s->loads.n; i++) {
		const struct gd_load_spec *spec =
			GD_AT(&s->loads, const struct gd_load_spec, i);

		if (spec->node)
			check_load(&x, spec);
	}
	check_watches(&x);
	check_faults(&x);
	gd_mitigate_check(s, diags);
	check_conditions(&x, &s->steady);
	check_conditions(&x, &s->abort);
	check_conditions(&x, &s->expect);
	gd_scenario_check_lengths(s, diags);
	return diags->n_errors == before ? 0 : -1;
}

int gd_runbook_check(const struct gd_runbook *r, const struct gd_kinds *kinds,
		     struct gd_diags *diags)
{
	size_t before = diags->n_errors;

	for (size_t i = 0; i < r->detection.n; i++) {
		const struct gd_detection *d =
			GD_AT(&r->detection, const struct gd_detection, i);

		if (d->has_condition)
			gd_condition_check_free(&d->condition, kinds, diags);
	}
	return diags->n_errors == before ? 0 : -1;
}
