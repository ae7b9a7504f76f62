/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/crew.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/scenario/formats.h"
#include "gameday/scenario/scenario.h"

enum { MAX_NAME = 80, MAX_PEOPLE = 20 };

static const struct gd_field person_fields[] = {
	{.name = "name",
	 .help = "a person's name",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_text, text),
	 .min = 1,
	 .max = MAX_NAME},
};
static const struct gd_shape person_shape = {
	.name = "roles",
	.fields = person_fields,
	.n_fields = GD_N_ELEMS(person_fields),
	.size = sizeof(struct gd_text),
	.key_offset = GD_NO_OFFSET,
	.node_offset = GD_NO_OFFSET,
	.given_offset = GD_NO_OFFSET,
	.scalar = true,
};

#define ROLE_ROW(member, words)                                                          \
	{                                                                                \
		.name = #member, .help = (words), .kind = GD_KIND_LIST,                  \
		GD_MEMBER(struct gd_crew, member), .shape = &person_shape,               \
		.max = MAX_PEOPLE                                                        \
	}

static const struct gd_field crew_fields[] = {
	ROLE_ROW(coordinator, "leads the game day and decides when it ends"),
	ROLE_ROW(driver, "runs gameday, and knows what is injected"),
	ROLE_ROW(observer, "watches the system as on call"),
	ROLE_ROW(scribe, "writes down what people see and do"),
};
const struct gd_shape gd_crew_shape = GD_SHAPE("roles", crew_fields, struct gd_crew);

const char *const gd_crew_roles[] = {"coordinator", "driver", "observer", "scribe", NULL};

static const struct gd_list *list_of(const struct gd_crew *crew, size_t role)
{
	const char *at = (const char *)crew;

	return crew ? (const void *)(at + crew_fields[role].offset) : NULL;
}

/* Adds one text to {role: [name...]}. */
static int add_text(struct gd_node *tree, const char *text, struct gd_error *err)
{
	const char *equals = strchr(text, '=');
	GD_AUTO_FREE char *role = NULL;
	struct gd_node *list = NULL, *name;

	if (!equals || equals == text || !equals[1])
		return gd_raise(err, GD_E_INPUT,
				"role \"%.80s\": wanted: ROLE=NAME, as coordinator=Ada",
				text);
	role = strndup(text, (size_t)(equals - text));
	name = gd_node_scalar(equals + 1, true, (struct gd_pos){0});
	for (size_t i = 0; role && i < tree->n_entries; i++)
		if (strcmp(tree->entries[i].key, role) == 0)
			list = tree->entries[i].value;
	if (role && !list) {
		list = gd_node_new(GD_NODE_LIST, (struct gd_pos){0});
		if (list && gd_node_append(tree, role, (struct gd_pos){0}, list) < 0)
			list = NULL;
	}
	if (!list || !name) {
		(void)gd_node_free(name);
		return gd_raise_nomem(err);
	}
	if (gd_node_append(list, NULL, (struct gd_pos){0}, name) < 0)
		return gd_raise_nomem(err);
	return 0;
}

int gd_crew_parse(const struct gd_list *texts, struct gd_crew **ret, struct gd_error *err)
{
	GD_AUTO(gd_node)
	struct gd_node *tree = gd_node_new(GD_NODE_MAP, (struct gd_pos){0});
	GD_AUTO(gd_crew) struct gd_crew *crew = calloc(1, sizeof(*crew));
	GD_AUTO_DIAGS(diags);

	if (!tree || !crew)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < texts->n; i++)
		if (add_text(tree, GD_AT(texts, struct gd_text, i)->text, err) < 0)
			return -1;
	if (gd_shape_decode(&gd_crew_shape, tree, crew, &diags) < 0) {
		if (gd_diags_to_error(&diags, err) < 0)
			return -1;
		return gd_raise_nomem(err);
	}
	*ret = gd_steal_ptr(&crew);
	return 0;
}

void gd_crew_free(struct gd_crew *crew)
{
	if (crew)
		gd_shape_fini(&gd_crew_shape, crew);
	free(crew);
}

static bool add_names(cJSON *o, size_t role, const struct gd_list *names)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list != NULL;

	for (size_t i = 0; ok && i < names->n; i++) {
		cJSON *name = cJSON_CreateString(GD_AT(names, struct gd_text, i)->text);

		ok = name && cJSON_AddItemToArray(list, name);
		if (!ok)
			cJSON_Delete(name);
	}
	if (!ok) {
		cJSON_Delete(list);
		return false;
	}
	return gd_json_set(o, gd_crew_roles[role], list);
}

cJSON *gd_crew_to_json(const struct gd_crew *first, const struct gd_crew *other)
{
	cJSON *o = cJSON_CreateObject();
	bool ok = o != NULL;

	for (size_t i = 0; ok && gd_crew_roles[i]; i++) {
		const struct gd_list *names = list_of(first, i);

		if (!names || names->n == 0)
			names = list_of(other, i);
		if (names && names->n > 0)
			ok = add_names(o, i, names);
	}
	if (ok)
		return o;
	cJSON_Delete(o);
	return NULL;
}
