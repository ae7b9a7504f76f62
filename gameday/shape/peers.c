/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/shape/peers.h"

#include <ctype.h>
#include <string.h>

bool gd_peer_is_name(const char *text)
{
	bool letter = false;

	for (const char *c = text; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("-._", *c))
			return false;
		letter = letter || isalpha((unsigned char)*c);
	}
	return letter && text[0] != '-' && text[0] != '.';
}

static int add_name(const char *text, cJSON *names, struct gd_error *err)
{
	const cJSON *item;
	cJSON *added;

	if (!text || !gd_peer_is_name(text))
		return 0;
	cJSON_ArrayForEach(item, names)
	{
		if (strcmp(item->valuestring, text) == 0)
			return 0;
	}
	if (cJSON_GetArraySize(names) >= GD_PEER_NAMES_MAX)
		return gd_raise(err, GD_E_INPUT,
				"more than %d host names are among the peers: give "
				"prefixes instead",
				(int)GD_PEER_NAMES_MAX);
	added = cJSON_CreateString(text);
	if (!cJSON_AddItemToArray(names, added)) {
		cJSON_Delete(added);
		return gd_raise_nomem(err);
	}
	return 0;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the shapes, which are constants */
static int names_of_field(const struct gd_field *f, const char *member, cJSON *names,
			  struct gd_error *err)
{
	if (f->kind == GD_KIND_TEXT && (f->flags & GD_FIELD_PEER))
		return add_name(*(char *const *)(const void *)member, names, err);
	if (f->kind == GD_KIND_OBJECT) {
		const void *object = *(const void *const *)(const void *)member;

		return object ? gd_shape_peer_names(f->shape, object, names, err) : 0;
	}
	if (f->kind == GD_KIND_LIST || f->kind == GD_KIND_MAP) {
		const struct gd_list *list = (const void *)member;

		for (size_t i = 0; i < list->n; i++)
			if (gd_shape_peer_names(f->shape,
						(const char *)list->items +
							i * f->shape->size,
						names, err) < 0)
				return -1;
	}
	return 0;
}

int gd_shape_peer_names(const struct gd_shape *shape, const void *value, cJSON *names,
			struct gd_error *err)
{
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct gd_field *f = &shape->fields[i];

		if (names_of_field(f, (const char *)value + f->offset, names, err) < 0)
			return -1;
	}
	return 0;
}
/* NOLINTEND(misc-no-recursion) */

void gd_peer_names_print(const cJSON *known, struct gd_strbuf *out)
{
	const cJSON *name, *address;
	const char *before = "";

	cJSON_ArrayForEach(name, known)
	{
		gd_strbuf_addf(out, "%s%s is", before, name->string ? name->string : "?");
		cJSON_ArrayForEach(address, name)
		{
			gd_strbuf_addf(out, " %s",
				       address->valuestring ? address->valuestring : "?");
		}
		before = ", ";
	}
}
