/* SPDX-License-Identifier: Apache-2.0 */
/* From "which packets" to the filters that pick them. */
#pragma once

#include "injectors/netem_args.h"

enum { GD_NETEM_MAX_PEERS = 32, GD_NETEM_MAX_FILTERS = 256 };

/* The priorities of our filters, in the order in which a packet meets them. */
enum gd_netem_prio {
	GD_NETEM_PRIO_CONTROL = 31001,
	GD_NETEM_PRIO_NEIGHBOURS,
	GD_NETEM_PRIO_EXCEPT_V4,
	GD_NETEM_PRIO_EXCEPT_V6,
	GD_NETEM_PRIO_V4,
	GD_NETEM_PRIO_V6,
};

/*
 * Pure. Peers are addresses, prefixes or host names; ports and protocols are listed once
 * and fit together; there are not too many of them. Raises GD_E_INPUT.
 */
int gd_netem_scope_check(const struct gd_netem_scope *s,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * The peers as prefixes in canonical form, each once, names asked of the host (and noted
 * when `tell`) into *ret, a list of struct gd_netem_text that the caller owns. GD_E_REFUSED
 * when a name is not known.
 */
int gd_netem_scope_resolve(const struct gd_ports *p, const struct gd_netem_scope *s,
			   bool tell, struct gd_list *ret,
			   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_netem_peers_free(struct gd_list *peers) GD_NONNULL;
/* "; only to 10.0.0.0/8, from or to port 80" and the like. */
void gd_netem_scope_describe(const struct gd_netem_args *a,
			     struct gd_strbuf *out) GD_NONNULL;

typedef int gd_netem_filter_fn(const struct gd_ports *p, const char *device,
			       const struct gd_tc_filter *f, void *ctx,
			       struct gd_error *err);
/*
 * Calls fn for every filter of one direction, in the order in which they are to be added:
 * what passes first, then what redirects. Stops at the first -1.
 */
int gd_netem_each_filter(const struct gd_ports *p, const struct gd_netem_args *a,
			 const struct gd_netem_undo *u, bool ingress,
			 gd_netem_filter_fn *fn, void *ctx, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 3, 5, 7) GD_MUST_CHECK;
