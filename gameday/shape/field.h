/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes: one table row per field of a struct. The same rows decode YAML and JSON, check
 * ranges, supply defaults, encode journal records, and print help and reference pages, so
 * none of these can disagree.
 *
 * Memory: a decoded struct owns its TEXT, LIST, MAP and OBJECT members; gd_shape_fini
 * frees them. A struct that is all zero is always safe to fini.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/course.h"
#include "gameday/base/units.h"
#include "gameday/shape/diag.h"
#include "gameday/shape/node.h"

enum gd_kind {
	GD_KIND_BOOL,       /* bool; true/false/yes/no/on/off, unquoted */
	GD_KIND_INT,        /* int64_t */
	GD_KIND_DOUBLE,     /* double, finite */
	GD_KIND_DURATION,   /* struct gd_span; min/max in ns */
	GD_KIND_RATIO,      /* struct gd_ratio; min/max in ppb */
	GD_KIND_BITRATE,    /* struct gd_bitrate; min/max in bit/s */
	GD_KIND_BYTES,      /* struct gd_bytes */
	GD_KIND_FREQ,       /* struct gd_freq; min/max in events per 1000 s */
	GD_KIND_COURSE,     /* struct gd_course; min/max of its rates, as for FREQ */
	GD_KIND_SPAN_RANGE, /* struct gd_span_range: "20ms..500ms", or one value for both */
	GD_KIND_ENUM,       /* int, from choices */
	GD_KIND_TEXT,       /* char *, owned; min/max = length in bytes */
	GD_KIND_NAME,       /* char[size], NUL-terminated; longer is an error */
	GD_KIND_OBJECT,     /* struct X * owned, by `shape`; NULL when absent */
	GD_KIND_LIST, /* struct gd_list, elements by `shape`; a lone element is a list of one */
	GD_KIND_MAP,  /* struct gd_list, elements by `shape`, key into its key_offset */
	GD_KIND_NODE, /* const struct gd_node *, borrowed from the tree: decoded later */
};

struct gd_span_range {
	struct gd_span min, max;
};

/* An owned array of structs, each as large as its shape says. */
struct gd_list {
	void *items;
	size_t n;
};
/* Typed access: GD_AT(&sc->load, struct gd_load_spec, i) */
#define GD_AT(list, type, i) (&((type *)(list)->items)[i])

struct gd_choice {
	const char *name, *help;
	int value;
};

enum gd_field_flags {
	GD_FIELD_REQUIRED = 1 << 0,
	GD_FIELD_HIDDEN = 1 << 1, /* not in help (undo records) */
	GD_FIELD_PEER = 1 << 2,   /* TEXT: address, prefix or host name (peers.h) */
};

struct gd_shape;

struct gd_field {
	const char *name, *help;
	const char *dflt; /* in text form; NULL: zero value, and present[] says absent */
	enum gd_kind kind;
	unsigned flags;
	size_t offset, size; /* of the member; use GD_MEMBER */
	/* In the kind's unit; both 0: the kind's own range; max below min: no upper limit. */
	int64_t min, max;
	const struct gd_choice *choices; /* ENUM; ends with a NULL name */
	const struct gd_shape *shape;    /* OBJECT, LIST, MAP */
};

#define GD_NO_OFFSET SIZE_MAX

struct gd_shape {
	const char *name;              /* what to call it in messages: "load" */
	const struct gd_field *fields; /* n_fields rows; at most 64 */
	size_t n_fields;
	size_t size; /* sizeof the struct */
	/* Optional members, filled by the decoder; GD_NO_OFFSET when the struct has none. */
	size_t key_offset;   /* char *, owned: the MAP key */
	size_t node_offset;  /* const struct gd_node *, borrowed: where it came from */
	size_t given_offset; /* uint64_t: bit i set when field i was given */
	/* A value of this scalar kind instead of a map: list of texts, of numbers, ... */
	bool scalar; /* then fields[0] describes the value itself */
};

#define GD_MEMBER(type, member)                                                          \
	.offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define GD_SHAPE(type_name, rows, type)                                                  \
	{                                                                                \
		.name = (type_name), .fields = (rows), .n_fields = GD_N_ELEMS(rows),     \
		.size = sizeof(type), .key_offset = GD_NO_OFFSET,                        \
		.node_offset = GD_NO_OFFSET, .given_offset = GD_NO_OFFSET                \
	}

/*
 * Fills *out (all of it: defaults where nothing is given) from node. Every mistake goes to
 * diags with its place: unknown key (with a suggestion), wrong kind, bad unit, out of
 * range, missing, given twice. Returns 0, or -1 when something was wrong; *out is then
 * still safe for gd_shape_fini. node NULL counts as an empty map.
 */
int gd_shape_decode(const struct gd_shape *shape, const struct gd_node *node, void *out,
		    struct gd_diags *diags) GD_NONNULL_ARGS(1, 3, 4) GD_MUST_CHECK;
/* Frees what the struct owns and zeroes it. */
void gd_shape_fini(const struct gd_shape *shape, void *value) GD_NONNULL;
/* Decodes a JSON object: the first mistake becomes err. Borrowed nodes become NULL. */
int gd_shape_from_json(const struct gd_shape *shape, const cJSON *json, void *out,
		       struct gd_error *err) GD_NONNULL_ARGS(1, 3, 4) GD_MUST_CHECK;
/*
 * All fields in text form, so that from_json gives an equal struct; a field whose absence
 * means the same value is left out. Caller owns *ret.
 */
int gd_shape_to_json(const struct gd_shape *shape, const void *value, cJSON **ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The rows as help text: name, kind or choices, default, range, help. */
void gd_shape_describe(const struct gd_shape *shape, struct gd_strbuf *out) GD_NONNULL;
/* The same as a Markdown table. */
void gd_shape_describe_md(const struct gd_shape *shape, struct gd_strbuf *out) GD_NONNULL;
/* One field's range and form in words: "duration, 0 to 60s". */
void gd_field_describe(const struct gd_field *field, struct gd_strbuf *out) GD_NONNULL;
