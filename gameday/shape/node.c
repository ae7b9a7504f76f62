/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks recurse: every producer of trees bounds their depth (YAML to 32 levels, JSON to 64),
 * so the stack is bounded with them.
 */
#include "gameday/shape/node.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gameday/base/json.h"

struct gd_node *gd_node_free(struct gd_node *node)
{
	if (!node)
		return NULL;
	for (size_t i = 0; i < node->n_entries; i++) {
		free(node->entries[i].key);
		(void)gd_node_free(node->entries[i].value);
	}
	free(node->entries);
	free(node->text);
	free(node);
	return NULL;
}

struct gd_node *gd_node_new(enum gd_node_kind kind, struct gd_pos pos)
{
	struct gd_node *node = calloc(1, sizeof(*node));

	if (node) {
		node->kind = kind;
		node->pos = pos;
	}
	return node;
}

struct gd_node *gd_node_scalar(const char *text, bool quoted, struct gd_pos pos)
{
	GD_AUTO(gd_node) struct gd_node *node = gd_node_new(GD_NODE_SCALAR, pos);

	if (!node)
		return NULL;
	node->quoted = quoted;
	node->text = strdup(text);
	return node->text ? gd_steal_ptr(&node) : NULL;
}

static int reserve(struct gd_node *node)
{
	size_t cap = node->cap_entries ? node->cap_entries * 2 : 4;
	struct gd_node_entry *grown;

	if (node->n_entries < node->cap_entries)
		return 0;
	grown = reallocarray(node->entries, cap, sizeof(*grown));
	if (!grown)
		return -1;
	node->entries = grown;
	node->cap_entries = cap;
	return 0;
}

int gd_node_append(struct gd_node *node, const char *key, struct gd_pos key_pos,
		   struct gd_node *value)
{
	GD_AUTO(gd_node) struct gd_node *owned = value;
	GD_AUTO_FREE char *copy = NULL;
	struct gd_node_entry *e;

	if (!owned || reserve(node) < 0)
		return -1;
	if (key) {
		copy = strdup(key);
		if (!copy)
			return -1;
	}
	e = &node->entries[node->n_entries++];
	e->key = gd_steal_ptr(&copy);
	e->key_pos = key_pos;
	e->value = gd_steal_ptr(&owned);
	return 0;
}

static const struct gd_node_entry *find(const struct gd_node *map, const char *key)
{
	if (!map || map->kind != GD_NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n_entries; i++)
		if (strcmp(map->entries[i].key, key) == 0)
			return &map->entries[i];
	return NULL;
}

const struct gd_node *gd_node_get(const struct gd_node *map, const char *key)
{
	const struct gd_node_entry *e = find(map, key);

	return e ? e->value : NULL;
}

struct gd_pos gd_node_key_pos(const struct gd_node *map, const char *key)
{
	const struct gd_node_entry *e = find(map, key);

	return e ? e->key_pos : map->pos;
}

const struct gd_node_entry *gd_node_single(const struct gd_node *node)
{
	if (!node || node->kind != GD_NODE_MAP || node->n_entries != 1)
		return NULL;
	return &node->entries[0];
}

static struct gd_node *copy_children(const struct gd_node *node, struct gd_node *to)
{
	GD_AUTO(gd_node) struct gd_node *out = to;

	if (!out)
		return NULL;
	for (size_t i = 0; i < node->n_entries; i++) {
		const struct gd_node_entry *e = &node->entries[i];

		if (gd_node_append(out, e->key, e->key_pos, gd_node_copy(e->value)) < 0)
			return NULL;
	}
	return gd_steal_ptr(&out);
}

struct gd_node *gd_node_copy(const struct gd_node *node)
{
	if (node->kind == GD_NODE_SCALAR)
		return gd_node_scalar(node->text, node->quoted, node->pos);
	return copy_children(node, gd_node_new(node->kind, node->pos));
}

/* --- JSON ---------------------------------------------------------------------------- */

/* Whole numbers keep every digit up to 2^53 and get no exponent. */
static struct gd_node *number_from_json(double v)
{
	char text[40];

	if (fabs(v) <= 9007199254740992.0 && v == floor(v))
		(void)snprintf(text, sizeof(text), "%.0f", v);
	else
		(void)snprintf(text, sizeof(text), "%.17g", v);
	return gd_node_scalar(text, false, (struct gd_pos){0});
}

static struct gd_node *from_json(const cJSON *json)
{
	const struct gd_pos nowhere = {0};
	GD_AUTO(gd_node) struct gd_node *node = NULL;
	bool is_map = cJSON_IsObject(json);

	if (cJSON_IsString(json))
		return gd_node_scalar(json->valuestring, true, nowhere);
	if (cJSON_IsNumber(json))
		return number_from_json(json->valuedouble);
	if (cJSON_IsBool(json))
		return gd_node_scalar(cJSON_IsTrue(json) ? "true" : "false", false,
				      nowhere);
	if (!is_map && !cJSON_IsArray(json))
		return gd_node_new(GD_NODE_NULL, nowhere);
	node = gd_node_new(is_map ? GD_NODE_MAP : GD_NODE_LIST, nowhere);
	if (!node)
		return NULL;
	for (const cJSON *c = json->child; c; c = c->next)
		if (gd_node_append(node, is_map ? c->string : NULL, nowhere,
				   from_json(c)) < 0)
			return NULL;
	return gd_steal_ptr(&node);
}

int gd_node_from_json(const cJSON *json, struct gd_node **ret, struct gd_error *err)
{
	struct gd_node *node = from_json(json);

	if (!node)
		return gd_raise_nomem(err);
	*ret = node;
	return 0;
}

/* Digits that survive the way through a double unchanged: at most 15, no leading zero. */
static bool is_plain_integer(const char *s)
{
	const char *digits = *s == '-' ? s + 1 : s;
	size_t len = strlen(digits);

	if (len == 0 || len > 15 || (digits[0] == '0' && (len > 1 || digits != s)))
		return false;
	return strspn(digits, "0123456789") == len;
}

static cJSON *scalar_to_json(const struct gd_node *node)
{
	if (!node->quoted && strcmp(node->text, "true") == 0)
		return cJSON_CreateTrue();
	if (!node->quoted && strcmp(node->text, "false") == 0)
		return cJSON_CreateFalse();
	if (!node->quoted && is_plain_integer(node->text))
		return cJSON_CreateNumber(strtod(node->text, NULL));
	return cJSON_CreateString(node->text);
}

static cJSON *to_json(const struct gd_node *node)
{
	bool is_map = node->kind == GD_NODE_MAP;
	GD_AUTO(cJSON) cJSON *json = NULL;

	if (node->kind == GD_NODE_NULL)
		return cJSON_CreateNull();
	if (node->kind == GD_NODE_SCALAR)
		return scalar_to_json(node);
	json = is_map ? cJSON_CreateObject() : cJSON_CreateArray();
	for (size_t i = 0; json && i < node->n_entries; i++) {
		const struct gd_node_entry *e = &node->entries[i];
		cJSON *child = to_json(e->value);

		if (!child || !(is_map ? cJSON_AddItemToObject(json, e->key, child)
				       : cJSON_AddItemToArray(json, child))) {
			cJSON_Delete(child);
			return NULL;
		}
	}
	return gd_steal_ptr(&json);
}

int gd_node_to_json(const struct gd_node *node, cJSON **ret, struct gd_error *err)
{
	cJSON *json = to_json(node);

	if (!json)
		return gd_raise_nomem(err);
	*ret = json;
	return 0;
}
