/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of scalars, lists and maps with the place of each: what YAML files and JSON
 * messages both become before a shape decodes them. Pure data; parsers live elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "gameday/base/attr.h"
#include "gameday/base/auto.h"
#include "gameday/base/error.h"

enum gd_node_kind { GD_NODE_NULL, GD_NODE_SCALAR, GD_NODE_LIST, GD_NODE_MAP };

struct gd_node {
	enum gd_node_kind kind;
	struct gd_pos pos; /* of the value; file is borrowed from the parser's caller */
	char *text;        /* scalar: owned */
	bool quoted;       /* scalar: was quoted, so "true" or "5" stay text */
	struct gd_node_entry {
		char *key; /* map: owned; list: NULL */
		struct gd_pos key_pos;
		struct gd_node *value; /* owned */
	} * entries;
	size_t n_entries, cap_entries;
};

struct gd_node *gd_node_free(struct gd_node *node);
GD_DEFINE_AUTO(gd_node, gd_node_free);

/* NULL when out of memory. text is copied. */
struct gd_node *gd_node_new(enum gd_node_kind kind, struct gd_pos pos) GD_MUST_CHECK;
struct gd_node *gd_node_scalar(const char *text, bool quoted,
			       struct gd_pos pos) GD_NONNULL GD_MUST_CHECK;
/* Appends; takes value in every case. key NULL for lists. 0, or -1 when out of memory. */
int gd_node_append(struct gd_node *node, const char *key, struct gd_pos key_pos,
		   struct gd_node *value) GD_NONNULL_ARGS(1) GD_MUST_CHECK;
/* A deep copy with the same places; NULL when out of memory. */
struct gd_node *gd_node_copy(const struct gd_node *node) GD_NONNULL GD_MUST_CHECK;
/* The value under key, or NULL. Borrowed. */
const struct gd_node *gd_node_get(const struct gd_node *map, const char *key)
	GD_NONNULL_ARGS(2);
/* Place of the key, for messages about it; of the map when there is no such key. */
struct gd_pos gd_node_key_pos(const struct gd_node *map, const char *key) GD_NONNULL;
/* A list or map item of the form `- name: {...}`: its single entry, or NULL. */
const struct gd_node_entry *gd_node_single(const struct gd_node *node);

/*
 * JSON both ways. Positions of a tree made from JSON are 0; numbers become their text,
 * strings are quoted scalars. Back again, unquoted true, false and whole numbers of up to 15
 * digits become JSON's own; all other scalars are strings.
 */
int gd_node_from_json(const cJSON *json, struct gd_node **ret,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_node_to_json(const struct gd_node *node, cJSON **ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
