/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Struct to JSON. A field is left out only when decoding without it gives the same value:
 * it was not given and equals its default, or it has none and is all zero.
 */
#include "gameday/shape/field.h"

#include <math.h>
#include <string.h>

#include "gameday/base/json.h"
#include "gameday/shape/value.h"

static int encode_struct(const struct gd_shape *shape, const void *value, cJSON **ret,
			 struct gd_error *err);

static const void *member(const struct gd_field *field, const void *value)
{
	return (const char *)value + field->offset;
}

static bool all_zero(const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i++)
		if (p[i])
			return false;
	return true;
}

static bool was_given(const struct gd_shape *shape, size_t i, const void *value)
{
	uint64_t given;

	if (shape->given_offset == GD_NO_OFFSET)
		return false;
	memcpy(&given, (const char *)value + shape->given_offset, sizeof(given));
	return (given >> i & 1) != 0;
}

static bool equals_default(const struct gd_field *field, const void *m)
{
	GD_AUTO_STRBUF(text);

	if (!gd_value_is_scalar(field->kind) || !field->dflt)
		return false;
	gd_value_print(field, m, &text);
	return strcmp(gd_strbuf_str(&text), field->dflt) == 0;
}

static bool is_pointer_kind(enum gd_kind kind)
{
	return kind == GD_KIND_TEXT || kind == GD_KIND_OBJECT || kind == GD_KIND_NODE;
}

static bool can_leave_out(const struct gd_shape *shape, size_t i, const void *value)
{
	const struct gd_field *field = &shape->fields[i];
	const void *m = member(field, value);

	if (is_pointer_kind(field->kind) && !*(const void *const *)m)
		return true; /* also a borrowed node that is gone */
	if (field->flags & GD_FIELD_REQUIRED || was_given(shape, i, value))
		return false;
	if (!field->dflt)
		return all_zero(m, field->size);
	return shape->given_offset != GD_NO_OFFSET && equals_default(field, m);
}

/* From 10^15 on cJSON may print a neighbour: then the digits go as a string (base/json.h). */
static cJSON *encode_int(int64_t v, const char *digits)
{
	if (v > -INT64_C(1000000000000000) && v < INT64_C(1000000000000000))
		return cJSON_CreateNumber((double)v);
	return cJSON_CreateString(digits);
}

static cJSON *encode_scalar(const struct gd_field *field, const void *m)
{
	GD_AUTO_STRBUF(text);

	if (field->kind == GD_KIND_BOOL)
		return cJSON_CreateBool(*(const bool *)m);
	if (field->kind == GD_KIND_DOUBLE)
		return cJSON_CreateNumber(*(const double *)m);
	if (field->kind ==
	    GD_KIND_FREQ) /* people's form has too few digits for equality */
		gd_strbuf_addf(&text, "%.17g/s", ((const struct gd_freq *)m)->per_s);
	else
		gd_value_print(field, m, &text);
	if (text.failed)
		return NULL;
	if (field->kind == GD_KIND_INT)
		return encode_int(*(const int64_t *)m, gd_strbuf_str(&text));
	return cJSON_CreateString(gd_strbuf_str(&text));
}

static const char *key_of(const struct gd_shape *shape, const void *element)
{
	const char *key = NULL;

	if (shape->key_offset != GD_NO_OFFSET)
		memcpy(&key, (const char *)element + shape->key_offset, sizeof(key));
	return key ? key : "";
}

static int encode_list(const struct gd_field *field, const struct gd_list *list,
		       cJSON **ret, struct gd_error *err)
{
	bool is_map = field->kind == GD_KIND_MAP;
	GD_AUTO(cJSON) cJSON *json = is_map ? cJSON_CreateObject() : cJSON_CreateArray();

	if (!json)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < list->n; i++) {
		const void *e = (const char *)list->items + i * field->shape->size;
		cJSON *child = NULL;

		if (encode_struct(field->shape, e, &child, err) < 0)
			return -1;
		if (is_map ? gd_json_set(json, key_of(field->shape, e), child)
			   : cJSON_AddItemToArray(json, child))
			continue;
		if (!is_map)
			cJSON_Delete(child);
		return gd_raise_nomem(err);
	}
	*ret = gd_steal_ptr(&json);
	return 0;
}

static int encode_field(const struct gd_field *field, const void *m, cJSON **ret,
			struct gd_error *err)
{
	if (field->kind == GD_KIND_LIST || field->kind == GD_KIND_MAP)
		return encode_list(field, m, ret, err);
	if (field->kind == GD_KIND_OBJECT)
		return encode_struct(field->shape, *(void *const *)m, ret, err);
	if (field->kind == GD_KIND_NODE)
		return gd_node_to_json(*(const struct gd_node *const *)m, ret, err);
	*ret = encode_scalar(field, m);
	return *ret ? 0 : gd_raise_nomem(err);
}

static int encode_struct(const struct gd_shape *shape, const void *value, cJSON **ret,
			 struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = NULL;

	if (shape->scalar)
		return encode_field(&shape->fields[0], member(&shape->fields[0], value),
				    ret, err);
	json = cJSON_CreateObject();
	if (!json)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct gd_field *field = &shape->fields[i];
		cJSON *child = NULL;

		if (can_leave_out(shape, i, value))
			continue;
		if (encode_field(field, member(field, value), &child, err) < 0)
			return -1;
		if (!gd_json_set(json, field->name, child))
			return gd_raise_nomem(err);
	}
	*ret = gd_steal_ptr(&json);
	return 0;
}

int gd_shape_to_json(const struct gd_shape *shape, const void *value, cJSON **ret,
		     struct gd_error *err)
{
	return encode_struct(shape, value, ret, err);
}
