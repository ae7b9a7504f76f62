/* SPDX-License-Identifier: Apache-2.0 */
/* netem's parameters and undo record: their shapes, relations and words. */
#pragma once

#include "injectors/injector.h"
#include "injectors/ports.h"

enum gd_netem_direction {
	GD_NETEM_EGRESS,
	GD_NETEM_INGRESS,
	GD_NETEM_BOTH,
};

struct gd_netem_text {
	char *text;
};

struct gd_netem_number {
	int64_t number;
};

struct gd_netem_protocol {
	int number; /* IPPROTO_*; IPPROTO_ICMP stands for ICMPv6 as well */
};

/* Which packets; what is empty limits nothing. */
struct gd_netem_scope {
	struct gd_list peers;     /* struct gd_netem_text: addresses, prefixes, names */
	struct gd_list ports;     /* struct gd_netem_number */
	struct gd_list protocols; /* struct gd_netem_protocol */
};

struct gd_netem_args {
	char device[GD_DEVICE_NAME];
	int direction;            /* enum gd_netem_direction */
	struct gd_netem netem;    /* of outgoing packets, or of both directions */
	struct gd_netem *ingress; /* of incoming packets, if they differ; else NULL */
	struct gd_netem_scope scope;
	struct gd_netem_scope *except; /* NULL: none */
};

/* One direction of a fault. */
struct gd_netem_side {
	char ifb[GD_DEVICE_NAME]; /* the intermediate device; "": this direction is as ever */
	int64_t limit;            /* packets its queue holds; what apply and verify use */
	bool segmented;           /* a segmenter sits in front of netem */
};

struct gd_netem_undo {
	char device[GD_DEVICE_NAME];
	struct gd_netem_side out, in;
	bool made_clsact;
	struct gd_span drain; /* how long packets may still be on their way in an ifb */
	struct gd_list peers, except_peers; /* struct gd_netem_text: names resolved */
};

enum { GD_NETEM_ARG_ROWS = 40, GD_NETEM_UNDO_ROWS = 11 };
extern const struct gd_field gd_netem_arg_rows[GD_NETEM_ARG_ROWS];
extern const struct gd_field gd_netem_undo_rows[GD_NETEM_UNDO_ROWS];

gd_check_fn gd_netem_check;
gd_describe_fn gd_netem_describe;

/* What one direction is to suffer: args' own values, or NULL when it stays as it is. */
const struct gd_netem *gd_netem_of_side(const struct gd_netem_args *a,
					bool ingress) GD_NONNULL;
/* The mean share of packets that is lost (or marked), 0 to 1. */
double gd_netem_mean_loss(const struct gd_netem *n) GD_NONNULL;
