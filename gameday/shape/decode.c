/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding never stops at the first mistake: every field is tried, every unknown key named.
 * Nesting is as deep as the shapes, which are constants, so recursion is bounded.
 */
#include "gameday/shape/field.h"

#include <stdio.h>
#include <string.h>

#include "gameday/shape/value.h"

enum { MAX_ELEMENTS = 4096, MAX_FIELDS = 64 };

struct decoder {
	struct gd_diags *diags;
	bool borrow; /* the tree outlives the struct, so node pointers may stay */
};

static int decode_struct(struct decoder *d, const struct gd_shape *shape,
			 const struct gd_node *node, void *out);

static void *member(const struct gd_field *field, void *out)
{
	return (char *)out + field->offset;
}

/* --- one field ----------------------------------------------------------------------- */

/* "netem: delay", or the element's own name when it is a plain value. */
static int complain(struct decoder *d, const struct gd_shape *shape,
		    const struct gd_field *field, struct gd_pos pos, const char *text)
{
	if (shape->scalar)
		gd_diag_error(d->diags, pos, "%s: %s", shape->name, text);
	else
		gd_diag_error(d->diags, pos, "%s: %s: %s", shape->name, field->name,
			      text);
	return -1;
}

static int decode_scalar(struct decoder *d, const struct gd_shape *shape,
			 const struct gd_field *field, const struct gd_node *node,
			 void *out)
{
	struct gd_error err = GD_ERROR_INIT;
	char wanted[160];

	if (node->kind == GD_NODE_SCALAR) {
		if (gd_value_parse(field, node->text, member(field, out), &err) == 0)
			return 0;
		return complain(d, shape, field, node->pos, err.text);
	}
	(void)snprintf(wanted, sizeof(wanted), "%s, wanted: %s",
		       node->kind == GD_NODE_NULL   ? "has no value"
		       : node->kind == GD_NODE_LIST ? "is a list"
						    : "is a map",
		       gd_kind_words(field->kind));
	return complain(d, shape, field, node->pos, wanted);
}

static int decode_object(struct decoder *d, const struct gd_field *field,
			 const struct gd_node *node, void *out)
{
	void **slot = member(field, out);

	*slot = calloc(1, field->shape->size);
	if (!*slot) {
		gd_diag_error(d->diags, node->pos, "%s: out of memory", field->name);
		return -1;
	}
	return decode_struct(d, field->shape, node, *slot);
}

/* An array of n zeroed elements in the member, or -1 with a message. */
static int make_list(struct decoder *d, const struct gd_shape *shape,
		     const struct gd_field *field, const struct gd_node *node, size_t n,
		     struct gd_list *list)
{
	size_t most = field->max > 0 ? (size_t)field->max : MAX_ELEMENTS;
	size_t least = field->min > 0 ? (size_t)field->min : 0;
	char text[80];

	if (n > most || n < least) {
		(void)snprintf(text, sizeof(text), "has %zu elements, %s %zu", n,
			       n > most ? "at most" : "at least",
			       n > most ? most : least);
		return complain(d, shape, field, node->pos, text);
	}
	if (n == 0)
		return 0;
	list->items = calloc(n, field->shape->size);
	if (!list->items)
		return complain(d, shape, field, node->pos, "out of memory");
	list->n = n;
	return 0;
}

static int decode_list(struct decoder *d, const struct gd_shape *shape,
		       const struct gd_field *field, const struct gd_node *node,
		       void *out)
{
	struct gd_list *list = member(field, out);
	bool lone = node->kind != GD_NODE_LIST;
	size_t n = node->kind == GD_NODE_NULL ? 0 : lone ? 1 : node->n_entries;
	int rc = 0;

	if (make_list(d, shape, field, node, n, list) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (decode_struct(d, field->shape, lone ? node : node->entries[i].value,
				  (char *)list->items + i * field->shape->size) < 0)
			rc = -1;
	return rc;
}

static int decode_entry(struct decoder *d, const struct gd_shape *shape,
			const struct gd_node_entry *e, void *out)
{
	int rc = decode_struct(d, shape, e->value, out);
	char *key;

	if (shape->key_offset == GD_NO_OFFSET)
		return rc;
	key = strdup(e->key);
	memcpy((char *)out + shape->key_offset, &key, sizeof(key));
	if (!key) {
		gd_diag_error(d->diags, e->key_pos, "%s: out of memory", shape->name);
		return -1;
	}
	return rc;
}

static int decode_map(struct decoder *d, const struct gd_shape *shape,
		      const struct gd_field *field, const struct gd_node *node, void *out)
{
	struct gd_list *list = member(field, out);
	int rc = 0;

	if (node->kind == GD_NODE_NULL)
		return make_list(d, shape, field, node, 0, list);
	if (node->kind != GD_NODE_MAP)
		return complain(d, shape, field, node->pos, "wanted: a map of names");
	if (make_list(d, shape, field, node, node->n_entries, list) < 0)
		return -1;
	for (size_t i = 0; i < node->n_entries; i++)
		if (decode_entry(d, field->shape, &node->entries[i],
				 (char *)list->items + i * field->shape->size) < 0)
			rc = -1;
	return rc;
}

static int decode_field(struct decoder *d, const struct gd_shape *shape,
			const struct gd_field *field, const struct gd_node *node,
			void *out)
{
	if (field->kind == GD_KIND_OBJECT)
		return decode_object(d, field, node, out);
	if (field->kind == GD_KIND_LIST)
		return decode_list(d, shape, field, node, out);
	if (field->kind == GD_KIND_MAP)
		return decode_map(d, shape, field, node, out);
	if (field->kind == GD_KIND_NODE) {
		*(const struct gd_node **)member(field, out) = d->borrow ? node : NULL;
		return 0;
	}
	return decode_scalar(d, shape, field, node, out);
}

/* --- one struct ---------------------------------------------------------------------- */

static const struct gd_field *find_field(const struct gd_shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->n_fields; i++)
		if (strcmp(shape->fields[i].name, name) == 0)
			return &shape->fields[i];
	return NULL;
}

static void report_unknown(struct decoder *d, const struct gd_shape *shape,
			   const struct gd_node_entry *e)
{
	const char *names[MAX_FIELDS] = {NULL};
	GD_AUTO_STRBUF(list);
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < shape->n_fields && n < MAX_FIELDS; i++) {
		names[n++] = shape->fields[i].name;
		gd_strbuf_addf(&list, "%s%s", i ? ", " : "", shape->fields[i].name);
	}
	near = gd_suggest(e->key, names, n);
	if (near)
		gd_diag_error(d->diags, e->key_pos,
			      "%s: unknown key \"%.60s\"; did you mean \"%s\"?",
			      shape->name, e->key, near);
	else if (n == 0)
		gd_diag_error(d->diags, e->key_pos,
			      "%s: unknown key \"%.60s\": it takes none", shape->name,
			      e->key);
	else
		gd_diag_error(d->diags, e->key_pos,
			      "%s: unknown key \"%.60s\"; it takes: %s", shape->name,
			      e->key, gd_strbuf_str(&list));
}

/* Keys that are no field, and keys given twice. */
static int check_keys(struct decoder *d, const struct gd_shape *shape,
		      const struct gd_node *map)
{
	uint64_t seen = 0;
	int rc = 0;

	for (size_t i = 0; i < map->n_entries; i++) {
		const struct gd_node_entry *e = &map->entries[i];
		const struct gd_field *field = find_field(shape, e->key);
		uint64_t bit;

		if (!field) {
			report_unknown(d, shape, e);
			rc = -1;
			continue;
		}
		bit = UINT64_C(1) << (field - shape->fields);
		if (seen & bit) {
			gd_diag_error(d->diags, e->key_pos,
				      "%s: key \"%s\" is given twice", shape->name,
				      e->key);
			rc = -1;
		}
		seen |= bit;
	}
	return rc;
}

/* Defaults come in text form and go the same way as what is given. */
static int decode_absent(struct decoder *d, const struct gd_shape *shape,
			 const struct gd_field *field, struct gd_pos pos, void *out)
{
	struct gd_error err = GD_ERROR_INIT;

	if (field->flags & GD_FIELD_REQUIRED) {
		gd_diag_error(d->diags, pos, "%s: key \"%s\" is missing%s%s", shape->name,
			      field->name, field->help && *field->help ? ": " : "",
			      field->help ? field->help : "");
		return -1;
	}
	if (!field->dflt || !gd_value_is_scalar(field->kind))
		return 0;
	if (gd_value_parse(field, field->dflt, member(field, out), &err) == 0)
		return 0;
	return complain(d, shape, field, pos, err.text);
}

static int decode_fields(struct decoder *d, const struct gd_shape *shape,
			 const struct gd_node *map, void *out)
{
	struct gd_pos pos = map ? map->pos : (struct gd_pos){0};
	uint64_t given = 0;
	int rc = 0;

	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct gd_field *field = &shape->fields[i];
		const struct gd_node *value = gd_node_get(map, field->name);

		if (value)
			given |= UINT64_C(1) << i;
		if ((value ? decode_field(d, shape, field, value, out)
			   : decode_absent(d, shape, field, pos, out)) < 0)
			rc = -1;
	}
	if (shape->given_offset != GD_NO_OFFSET)
		memcpy((char *)out + shape->given_offset, &given, sizeof(given));
	return rc;
}

static int decode_struct(struct decoder *d, const struct gd_shape *shape,
			 const struct gd_node *node, void *out)
{
	static const uint64_t first = 1;
	int rc = 0;

	gd_assert(shape->n_fields <= MAX_FIELDS);
	memset(out, 0, shape->size);
	if (shape->node_offset != GD_NO_OFFSET && d->borrow)
		memcpy((char *)out + shape->node_offset, &node, sizeof(node));
	if (shape->scalar && node) {
		if (shape->given_offset != GD_NO_OFFSET)
			memcpy((char *)out + shape->given_offset, &first, sizeof(first));
		return decode_field(d, shape, &shape->fields[0], node, out);
	}
	if (node && (node->kind == GD_NODE_SCALAR || node->kind == GD_NODE_LIST)) {
		gd_diag_error(d->diags, node->pos, "%s: wanted: a map of keys, found %s",
			      shape->name,
			      node->kind == GD_NODE_LIST ? "a list" : "a plain value");
		return -1;
	}
	if (node && check_keys(d, shape, node) < 0)
		rc = -1;
	return decode_fields(d, shape, node, out) < 0 ? -1 : rc;
}

/* --- public -------------------------------------------------------------------------- */

int gd_shape_decode(const struct gd_shape *shape, const struct gd_node *node, void *out,
		    struct gd_diags *diags)
{
	struct decoder d = {.diags = diags, .borrow = true};

	return decode_struct(&d, shape, node, out);
}

int gd_shape_from_json(const struct gd_shape *shape, const cJSON *json, void *out,
		       struct gd_error *err)
{
	GD_AUTO_DIAGS(diags);
	struct decoder d = {.diags = &diags, .borrow = false};
	GD_AUTO(gd_node) struct gd_node *node = NULL;

	memset(out, 0, shape->size);
	if (json && gd_node_from_json(json, &node, err) < 0)
		return -1;
	if (decode_struct(&d, shape, node, out) == 0)
		return 0;
	if (gd_diags_to_error(&diags, err) == 0)
		return gd_raise(err, GD_E_BUG, "%s: failed without a message",
				shape->name);
	return -1;
}

static void fini_list(const struct gd_shape *shape, struct gd_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		gd_shape_fini(shape, (char *)list->items + i * shape->size);
	free(list->items);
}

static void fini_object(const struct gd_shape *shape, void *object)
{
	if (object)
		gd_shape_fini(shape, object);
	free(object);
}

void gd_shape_fini(const struct gd_shape *shape, void *value)
{
	char *key;

	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct gd_field *field = &shape->fields[i];
		void *m = member(field, value);

		if (field->kind == GD_KIND_TEXT)
			free(*(char **)m);
		else if (field->kind == GD_KIND_OBJECT)
			fini_object(field->shape, *(void **)m);
		else if (field->kind == GD_KIND_LIST || field->kind == GD_KIND_MAP)
			fini_list(field->shape, m);
	}
	if (shape->key_offset != GD_NO_OFFSET) {
		memcpy(&key, (char *)value + shape->key_offset, sizeof(key));
		free(key);
	}
	memset(value, 0, shape->size);
}
