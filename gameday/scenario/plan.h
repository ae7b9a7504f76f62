/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario against an inventory: which host plays which role, what happens when. Pure. */
#pragma once

#include "gameday/scenario/check.h"
#include "gameday/scenario/levels.h"

struct gd_plan_host {
	const struct gd_inventory_host *host; /* borrowed */
	const struct gd_role *role;           /* borrowed */
};

struct gd_plan_fault {
	const struct gd_fault_use *use;     /* borrowed */
	const struct gd_stage *stage;       /* borrowed */
	const struct gd_kind_row *kind;     /* borrowed */
	size_t host;                        /* index into hosts */
	const struct gd_mitigation *remedy; /* borrowed; what it tries; NULL: a fault */
	char ref[128];                      /* unique: use->ref + "@" + host name */
	struct gd_list levels;              /* owned: struct gd_level, at least one */
	const struct gd_node *node;         /* borrowed: the parameters it begins with */
	const void *args;                   /* the same, decoded by kind->args */
	cJSON *names; /* owned: what host names among them mean there, {name: [address...]};
			 NULL: none, or not asked yet */
};

/* A step of the runbook that is run on a host while a stage's faults are in. */
struct gd_plan_look {
	const struct gd_stage *stage;    /* borrowed */
	const struct gd_diagnosis *step; /* borrowed */
	size_t number;                   /* of the step in the runbook, from 1 */
	size_t host;                     /* index into hosts */
	char ref[128];                   /* "lossy.look1@api-1" */
};

/* What is kept of its output. */
enum { GD_LOOK_MAX_OUTPUT = 16 * 1024 };

struct gd_plan {
	const struct gd_scenario *scenario; /* borrowed */
	struct gd_plan_host *hosts;         /* owned; one entry per role and host */
	size_t n_hosts;
	struct gd_plan_fault *faults; /* owned, in stage order */
	size_t n_faults;
	struct gd_plan_look *looks; /* owned, in stage order */
	size_t n_looks;
	struct gd_fault_use **tries; /* owned: the uses of the mitigations among faults */
	size_t n_tries;
};

/*
 * Resolves roles to hosts and decodes every fault's parameters. The scenario passed check.
 * A role that the inventory can't fill is an error at the role's place.
 */
int gd_plan_make(const struct gd_scenario *s, const struct gd_inventory *inv,
		 const struct gd_kinds *kinds, struct gd_plan *ret,
		 struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
void gd_plan_fini(struct gd_plan *p) GD_NONNULL;
/*
 * "http://{server}:8080/" with the data address of the role's first host; places "${...}" of
 * requests stay. Caller frees.
 */
int gd_plan_expand(const struct gd_plan *p, const char *text, char **ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The load's URLs so expanded: struct gd_url_spec; the caller calls gd_load_urls_fini. */
int gd_plan_urls(const struct gd_plan *p, const struct gd_load_spec *spec,
		 struct gd_list *ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * The places that a load starts from, as many as gd_plan_vantages returns: "runner", or a
 * host. Several divide the load between them. No name is there twice: gd_plan_make refuses
 * that. At most GD_LOAD_MAX_VANTAGES.
 */
struct gd_vantage {
	const char *name; /* borrowed */
	bool here;        /* the runner; else */
	size_t host;      /* index into hosts */
};
size_t gd_plan_vantages(const struct gd_plan *p, const struct gd_load_spec *spec,
			struct gd_vantage ret[GD_LOAD_MAX_VANTAGES]) GD_NONNULL;
/* What would be done, host by host and stage by stage, and how it is undone. */
void gd_plan_print(const struct gd_plan *p, struct gd_strbuf *out) GD_NONNULL;
/* The same as data; the caller owns *ret. */
int gd_plan_to_json(const struct gd_plan *p, cJSON **ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Has its parameters host names, which only its host can resolve? */
bool gd_plan_has_names(const struct gd_plan_fault *f) GD_NONNULL;
/* The stages' lengths together. */
struct gd_span gd_plan_length(const struct gd_plan *p) GD_NONNULL;
