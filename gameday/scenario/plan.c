/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/json.h"
#include "gameday/scenario/mitigate.h"
#include "gameday/scenario/plan_runbook.h"
#include "gameday/shape/peers.h"

/* --- roles to hosts ------------------------------------------------------------------ */

static int add_host(struct gd_plan *p, const struct gd_inventory_host *host,
		    const struct gd_role *role, struct gd_diags *diags)
{
	struct gd_plan_host *grown =
		reallocarray(p->hosts, p->n_hosts + 1, sizeof(*p->hosts));

	if (!grown) {
		gd_diag_error(diags, role->pos, "out of memory");
		return -1;
	}
	p->hosts = grown;
	p->hosts[p->n_hosts++] = (struct gd_plan_host){.host = host, .role = role};
	return 0;
}

static int resolve_role(struct gd_plan *p, const struct gd_role *role,
			const struct gd_inventory *inv, struct gd_diags *diags)
{
	size_t before = diags->n_errors;
	int64_t left = role->count;

	gd_role_check(role, inv, diags);
	if (diags->n_errors != before)
		return -1;
	if (role->host)
		return add_host(p, gd_inventory_find(inv, role->host), role, diags);
	for (size_t i = 0; role->tag && i < inv->hosts.n && left > 0; i++) {
		const struct gd_inventory_host *host =
			GD_AT(&inv->hosts, const struct gd_inventory_host, i);

		if (!gd_inventory_has_tag(host, role->tag))
			continue;
		if (add_host(p, host, role, diags) < 0)
			return -1;
		left--;
	}
	return 0;
}

/* --- faults -------------------------------------------------------------------------- */

static size_t count_faults(const struct gd_plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->scenario->stages.n; i++)
		n += GD_AT(&p->scenario->stages, const struct gd_stage, i)->faults.n +
		     GD_MOST_ROLES * GD_AT(&p->scenario->stages, const struct gd_stage, i)
					     ->mitigate.n;
	return n;
}

/* One fault on one host. Each host gets arguments of its own: their owner is the entry. */
static int add_fault(struct gd_plan *p, const struct gd_mitigation *remedy,
		     const struct gd_stage *stage, const struct gd_fault_use *use,
		     const struct gd_kind_row *kind, size_t host, struct gd_diags *diags)
{
	struct gd_plan_fault *f = &p->faults[p->n_faults];
	int len;

	*f = (struct gd_plan_fault){
		.use = use, .stage = stage, .kind = kind, .host = host, .remedy = remedy};
	len = snprintf(f->ref, sizeof(f->ref), "%s@%s", use->ref,
		       p->hosts[host].host->name);
	if (len < 0 || (size_t)len >= sizeof(f->ref)) {
		gd_diag_error(diags, use->pos,
			      "the names of this fault and host are too long");
		return -1;
	}
	if (gd_levels_make(kind, use, stage->length, &f->levels, diags) < 0)
		return -1;
	f->node = GD_AT(&f->levels, struct gd_level, 0)->node;
	f->args = GD_AT(&f->levels, struct gd_level, 0)->args;
	p->n_faults++;
	return 0;
}

static int place_fault(struct gd_plan *p, const struct gd_stage *stage,
		       const struct gd_fault_use *use, const struct gd_kinds *kinds,
		       struct gd_diags *diags)
{
	const struct gd_kind_row *kind =
		gd_kind_find(kinds->faults, kinds->n_faults, use->kind);

	if (!kind) {
		gd_diag_error(diags, use->pos, "there is no fault \"%.60s\"", use->kind);
		return -1;
	}
	for (size_t i = 0; i < p->n_hosts; i++)
		if (use->on && strcmp(p->hosts[i].role->name, use->on) == 0 &&
		    add_fault(p, NULL, stage, use, kind, i, diags) < 0)
			return -1;
	return 0;
}

int gd_plan_add_try(struct gd_plan *p, const struct gd_stage *stage,
		    const struct gd_mitigation *remedy, const struct gd_fault_use *use,
		    const struct gd_kind_row *kind, struct gd_diags *diags)
{
	for (size_t i = 0; i < p->n_hosts; i++)
		if (strcmp(p->hosts[i].role->name, use->on) == 0 &&
		    add_fault(p, remedy, stage, use, kind, i, diags) < 0)
			return -1;
	return 0;
}

/* Text of the parameter that names what is hurt, or NULL. */
static const char *target_of(const struct gd_plan_fault *f)
{
	const struct gd_node *node = f->kind->target_field
					     ? gd_node_get(f->node, f->kind->target_field)
					     : NULL;

	return node && node->kind == GD_NODE_SCALAR ? node->text : NULL;
}

/* Would two faults of one stage, named on two roles, meet on one host? */
static bool collide(const struct gd_plan *p, const struct gd_plan_fault *f,
		    const struct gd_plan_fault *o)
{
	const char *a = target_of(f), *b = target_of(o);

	return f->stage == o->stage && f->kind == o->kind && a && b &&
	       p->hosts[f->host].host == p->hosts[o->host].host && strcmp(a, b) == 0;
}

/* Two roles can share a host; the same fault twice on one host would collide on target. */
static int check_shared(const struct gd_plan *p, size_t i, struct gd_diags *diags)
{
	const struct gd_plan_fault *f = &p->faults[i];
	const char *host = p->hosts[f->host].host->name;

	for (size_t j = 0; j < i; j++) {
		const struct gd_plan_fault *o = &p->faults[j];

		if (strcmp(o->ref, f->ref) == 0) {
			gd_diag_error(
				diags, f->use->pos,
				"%s would be applied twice to host %s: two of its role's "
				"hosts are the same",
				f->use->kind, host);
			return -1;
		}
		if (!collide(p, f, o))
			continue;
		gd_diag_error(diags, f->use->pos,
			      "%s on %s of host %s is in this stage already, by role %s: "
			      "put all parameters into one",
			      f->use->kind, target_of(f), host, o->use->on);
		return -1;
	}
	return 0;
}

static int place_faults(struct gd_plan *p, const struct gd_kinds *kinds,
			struct gd_diags *diags)
{
	size_t most = count_faults(p) * p->n_hosts;
	int rc = 0;

	p->faults = calloc(most + 1, sizeof(*p->faults));
	if (!p->faults) {
		gd_diag_error(diags, (struct gd_pos){p->scenario->path, 0, 0},
			      "out of memory");
		return -1;
	}
	for (size_t i = 0; i < p->scenario->stages.n; i++) {
		const struct gd_stage *stage =
			GD_AT(&p->scenario->stages, const struct gd_stage, i);

		for (size_t k = 0; k < stage->faults.n; k++)
			if (place_fault(
				    p, stage,
				    GD_AT(&stage->faults, const struct gd_fault_use, k),
				    kinds, diags) < 0)
				rc = -1;
	}
	if (rc == 0)
		rc = gd_plan_add_tries(p, kinds, diags);
	for (size_t i = 0; i < p->n_faults; i++)
		if (check_shared(p, i, diags) < 0)
			rc = -1;
	return rc;
}

/* --- where loads start --------------------------------------------------------------- */

size_t gd_plan_vantages(const struct gd_plan *p, const struct gd_load_spec *spec,
			struct gd_vantage ret[GD_LOAD_MAX_VANTAGES])
{
	size_t n = 0;

	if (spec->from.n == 0)
		ret[n++] = (struct gd_vantage){.name = "runner", .here = true};
	for (size_t i = 0; i < spec->from.n; i++) {
		const char *from = GD_AT(&spec->from, const struct gd_from_spec, i)->text;

		if (strcmp(from, "runner") == 0 && n < GD_LOAD_MAX_VANTAGES)
			ret[n++] = (struct gd_vantage){.name = "runner", .here = true};
		for (size_t h = 0; h < p->n_hosts && n < GD_LOAD_MAX_VANTAGES; h++)
			if (strcmp(p->hosts[h].role->name, from) == 0)
				ret[n++] = (struct gd_vantage){
					.name = p->hosts[h].host->name, .host = h};
	}
	return n;
}

/* Two roles can share a host; what it measures could not be told apart. */
static int check_vantages(const struct gd_plan *p, const struct gd_load_spec *spec,
			  struct gd_diags *diags)
{
	struct gd_vantage v[GD_LOAD_MAX_VANTAGES];
	size_t n = gd_plan_vantages(p, spec, v);

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(v[i].name, v[j].name) != 0)
				continue;
			gd_diag_error(
				diags, spec->node->pos,
				"load %s: starts twice from %s: two of its roles "
				"are the same host, or it is called like the runner",
				spec->name, v[i].name);
			return -1;
		}
	}
	return 0;
}

static int place_loads(const struct gd_plan *p, struct gd_diags *diags)
{
	int rc = 0;

	for (size_t i = 0; i < p->scenario->loads.n; i++)
		if (check_vantages(
			    p, GD_AT(&p->scenario->loads, const struct gd_load_spec, i),
			    diags) < 0)
			rc = -1;
	return rc;
}

int gd_plan_make(const struct gd_scenario *s, const struct gd_inventory *inv,
		 const struct gd_kinds *kinds, struct gd_plan *ret,
		 struct gd_diags *diags)
{
	struct gd_plan p = {.scenario = s};
	int rc = 0;

	for (size_t i = 0; i < s->hosts.n; i++)
		if (resolve_role(&p, GD_AT(&s->hosts, const struct gd_role, i), inv,
				 diags) < 0)
			rc = -1;
	if (rc == 0)
		rc = place_loads(&p, diags);
	if (rc == 0)
		rc = place_faults(&p, kinds, diags);
	if (rc == 0)
		rc = gd_plan_add_looks(&p, diags);
	if (rc < 0)
		gd_plan_fini(&p);
	else
		*ret = p;
	return rc;
}

void gd_plan_fini(struct gd_plan *p)
{
	for (size_t i = 0; i < p->n_faults; i++) {
		gd_levels_fini(p->faults[i].kind, &p->faults[i].levels);
		cJSON_Delete(p->faults[i].names);
	}
	gd_plan_tries_fini(p);
	free(p->looks);
	free(p->faults);
	free(p->hosts);
	*p = (struct gd_plan){0};
}

bool gd_plan_has_names(const struct gd_plan_fault *f)
{
	GD_AUTO(cJSON) cJSON *names = cJSON_CreateArray();
	struct gd_error ignored = GD_ERROR_INIT;

	/* Too many of them is said when they are asked for. */
	return !names ||
	       gd_shape_peer_names(f->kind->args, f->args, names, &ignored) < 0 ||
	       names->child;
}

/* --- {role} -------------------------------------------------------------------------- */

static const char *address_of(const struct gd_plan *p, const char *role, size_t len)
{
	for (size_t i = 0; i < p->n_hosts; i++) {
		const char *name = p->hosts[i].role->name;

		if (strlen(name) == len && strncmp(name, role, len) == 0)
			return p->hosts[i].host->address;
	}
	return NULL;
}

int gd_plan_expand(const struct gd_plan *p, const char *text, char **ret,
		   struct gd_error *err)
{
	GD_AUTO_STRBUF(out);
	const char *open;

	while ((open = strchr(text, '{')) != NULL) {
		size_t len = strcspn(open + 1, "}");
		const char *address = open[1 + len] ? address_of(p, open + 1, len) : NULL;
		bool bare_v6;

		/* "${...}": each request has something else there. */
		if (open > text && open[-1] == '$' && open[1 + len]) {
			gd_strbuf_add(&out, text, (size_t)(open - text) + len + 2);
			text = open + len + 2;
			continue;
		}
		if (!address)
			return gd_raise(err, GD_E_INPUT, "no host plays role \"%.*s\"",
					(int)(len < 60 ? len : 60), open + 1);
		/* An IPv6 address needs brackets in a URL. */
		bare_v6 = strchr(address, ':') && *address != '[';
		gd_strbuf_add(&out, text, (size_t)(open - text));
		gd_strbuf_addf(&out, bare_v6 ? "[%s]" : "%s", address);
		text = open + len + 2;
	}
	gd_strbuf_adds(&out, text);
	*ret = gd_strbuf_steal(&out);
	return *ret ? 0 : gd_raise_nomem(err);
}

/* A URL of that key, whole and with its roles' addresses; caller frees. */
static int expand_url(const struct gd_plan *p, const char *key, const char *text,
		      char **ret, struct gd_error *err)
{
	GD_AUTO_FREE char *whole = gd_load_url(key, text);

	return whole ? gd_plan_expand(p, whole, ret, err) : gd_raise_nomem(err);
}

int gd_plan_urls(const struct gd_plan *p, const struct gd_load_spec *spec,
		 struct gd_list *ret, struct gd_error *err)
{
	const char *key = NULL;
	const struct gd_list *from = gd_load_spec_urls_of(spec, &key);
	struct gd_list urls = {0};

	if (!from)
		return gd_raise(err, GD_E_INPUT, "load %s: goes nowhere", spec->name);
	urls.items = calloc(from->n, sizeof(struct gd_url_spec));
	if (!urls.items)
		return gd_raise_nomem(err);
	for (; urls.n < from->n; urls.n++) {
		if (expand_url(
			    p, key, GD_AT(from, const struct gd_url_spec, urls.n)->text,
			    &GD_AT(&urls, struct gd_url_spec, urls.n)->text, err) < 0) {
			gd_load_urls_fini(&urls);
			return -1;
		}
	}
	*ret = urls;
	return 0;
}

struct gd_span gd_plan_length(const struct gd_plan *p)
{
	struct gd_span sum = {0};

	for (size_t i = 0; i < p->scenario->stages.n; i++)
		sum.ns +=
			GD_AT(&p->scenario->stages, const struct gd_stage, i)->length.ns;
	return sum;
}
