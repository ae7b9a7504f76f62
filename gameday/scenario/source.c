/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/source.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/scenario/scenario.h"
#include "gameday/scenario/yaml.h"

static const struct gd_field text_fields[] = {
	{.name = "text", .kind = GD_KIND_TEXT, GD_MEMBER(struct gd_text, text)},
};
const struct gd_shape gd_text_shape = {
	.name = "text",
	.fields = text_fields,
	.n_fields = GD_N_ELEMS(text_fields),
	.size = sizeof(struct gd_text),
	.key_offset = GD_NO_OFFSET,
	.node_offset = GD_NO_OFFSET,
	.given_offset = GD_NO_OFFSET,
	.scalar = true,
};

int gd_source_read(const char *path, char **ret_source, size_t *ret_size,
		   struct gd_node **ret_tree, struct gd_diags *diags)
{
	struct gd_error err = GD_ERROR_INIT;

	*ret_tree = NULL;
	if (gd_file_read(path, GD_YAML_MAX_SIZE, ret_source, ret_size, &err) < 0) {
		size_t len = strlen(path);
		bool named = strncmp(err.text, path, len) == 0 && err.text[len] == ':';

		/* The place names the file already. */
		gd_diag_error(diags, (struct gd_pos){path, 0, 0}, "%s",
			      named ? err.text + len + 2 : err.text);
		return -1;
	}
	return gd_yaml_parse(*ret_source, *ret_size, path, ret_tree, diags);
}

int gd_source_load(const char *path, char **ret_path, char **ret_source, size_t *ret_size,
		   struct gd_node **ret_tree, struct gd_diags *diags)
{
	*ret_path = strdup(path);
	if (!*ret_path) {
		gd_diag_error(diags, (struct gd_pos){0}, "out of memory");
		return -1;
	}
	if (gd_source_read(*ret_path, ret_source, ret_size, ret_tree, diags) < 0 &&
	    !*ret_tree)
		return -1;
	return 0;
}

int gd_name_check(const char *name, const char *what, struct gd_pos pos,
		  struct gd_diags *diags)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++) {
		if (isalnum((unsigned char)name[i]) || name[i] == '-' || name[i] == '_')
			continue;
		gd_diag_error(
			diags, pos,
			"%s name \"%.60s\": only letters, digits, - and _ can be in it",
			what, name);
		return -1;
	}
	if (len > 0 && len <= GD_NAME_MAX)
		return 0;
	gd_diag_error(diags, pos,
		      "%s name \"%.60s\" has %zu characters: 1 to %d are possible", what,
		      name, len, GD_NAME_MAX);
	return -1;
}

const char *gd_scalar_text(const struct gd_node *node, const char *what,
			   struct gd_diags *diags)
{
	if (node->kind == GD_NODE_SCALAR)
		return node->text;
	gd_diag_error(diags, node->pos, "%s: wanted: text, found %s", what,
		      node->kind == GD_NODE_NULL   ? "nothing"
		      : node->kind == GD_NODE_LIST ? "a list"
						   : "a map");
	return NULL;
}

static bool same_place(struct gd_pos a, struct gd_pos b)
{
	return a.line == b.line && a.column == b.column;
}

static bool is_at(const struct gd_node *node, struct gd_pos pos)
{
	if (same_place(node->pos, pos))
		return true;
	for (size_t i = 0; i < node->n_entries; i++)
		if (same_place(node->entries[i].key_pos, pos) ||
		    same_place(node->entries[i].value->pos, pos))
			return true;
	return false;
}

bool gd_node_troubled(const struct gd_node *node, const struct gd_diags *diags)
{
	for (size_t i = 0; i < diags->n; i++)
		if (!diags->items[i].warning && is_at(node, diags->items[i].pos))
			return true;
	return false;
}

const char *gd_near_miss(const char *word, const char *const names[], size_t n,
			 char buf[96])
{
	const char *near = gd_suggest(word, names, n);

	buf[0] = '\0';
	if (near)
		(void)snprintf(buf, 96, "; did you mean \"%.60s\"?", near);
	return buf;
}

int gd_condition_decode(const struct gd_node *node, const char *what,
			struct gd_condition *ret, struct gd_diags *diags)
{
	const char *text = gd_scalar_text(node, what, diags);
	struct gd_error err = GD_ERROR_INIT;
	struct gd_pos pos = node->pos;

	if (!text)
		return -1;
	if (node->quoted && pos.column > 0)
		pos.column++; /* behind the quote */
	if (gd_condition_parse(text, pos, ret, &err) == 0)
		return 0;
	gd_diag_take(diags, &err, node->pos);
	return -1;
}

/* --- what a file is ------------------------------------------------------------------ */

static const struct {
	const char *key;
	enum gd_file_kind kind;
} telling_keys[] = {
	{"scenario", GD_FILE_SCENARIO},     {"stages", GD_FILE_SCENARIO},
	{"incident_type", GD_FILE_RUNBOOK}, {"diagnosis_steps", GD_FILE_RUNBOOK},
	{"detection", GD_FILE_RUNBOOK},     {"mitigation", GD_FILE_RUNBOOK},
	{"inventory", GD_FILE_INVENTORY},   {"expect", GD_FILE_SCENARIO},
	{"hosts", GD_FILE_INVENTORY},
};

enum gd_file_kind gd_file_kind_of(const struct gd_node *root)
{
	for (size_t i = 0; i < GD_N_ELEMS(telling_keys); i++)
		if (gd_node_get(root, telling_keys[i].key))
			return telling_keys[i].kind;
	return GD_FILE_UNKNOWN;
}

const char *gd_file_kind_name(enum gd_file_kind kind)
{
	static const char *const names[] = {
		[GD_FILE_UNKNOWN] = "unknown",
		[GD_FILE_SCENARIO] = "scenario",
		[GD_FILE_INVENTORY] = "inventory",
		[GD_FILE_RUNBOOK] = "runbook",
	};

	return names[kind];
}

/* A first key that is nearly a telling one says what was meant. */
static void report_unknown_kind(const struct gd_node *root, struct gd_diags *diags)
{
	const char *names[GD_N_ELEMS(telling_keys)];
	const char *near = NULL;
	struct gd_pos pos = root->pos;

	for (size_t i = 0; i < GD_N_ELEMS(telling_keys); i++)
		names[i] = telling_keys[i].key;
	for (size_t i = 0; root->kind == GD_NODE_MAP && !near && i < root->n_entries;
	     i++) {
		near = gd_suggest(root->entries[i].key, names, GD_N_ELEMS(names));
		pos = near ? root->entries[i].key_pos : pos;
	}
	gd_diag_error(
		diags, pos,
		"neither a scenario (key scenario), a runbook (key incident_type) nor an "
		"inventory (key hosts)%s%s%s",
		near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int gd_file_kind_read(const char *path, enum gd_file_kind *ret, char **ret_source,
		      size_t *ret_size, struct gd_diags *diags)
{
	GD_AUTO(gd_node) struct gd_node *tree = NULL;

	*ret = GD_FILE_UNKNOWN;
	if (gd_source_read(path, ret_source, ret_size, &tree, diags) < 0 && !tree)
		return -1;
	*ret = gd_file_kind_of(tree);
	if (*ret != GD_FILE_UNKNOWN)
		return diags->n_errors == 0 ? 0 : -1;
	report_unknown_kind(tree, diags);
	return -1;
}

/* --- where a runbook is -------------------------------------------------------------- */

/* Takes path. 0 when it can be read, 1 when not; *ret is then the path all the same. */
static int try_path(char *path, char **ret, struct gd_error *err)
{
	if (!path)
		return gd_raise_nomem(err);
	free(*ret);
	*ret = path;
	return access(path, R_OK) == 0 ? 0 : 1;
}

int gd_runbook_locate(const char *scenario_path, const char *dir, const char *name,
		      char **ret, struct gd_error *err)
{
	const char *slash = strrchr(scenario_path, '/');
	const char *folder = slash ? scenario_path : ".";
	int len = slash ? (int)(slash - scenario_path) : 1;
	GD_AUTO_FREE char *first = NULL, *second = NULL;
	int rc;

	if (dir)
		rc = try_path(gd_strf("%s/%s.yaml", dir, name), &first, err);
	else
		rc = try_path(gd_strf("%.*s/../runbooks/%s.yaml", len, folder, name),
			      &first, err);
	if (rc != 1 || dir) {
		*ret = rc < 0 ? NULL : gd_steal_ptr(&first);
		return rc;
	}
	rc = try_path(gd_strf("runbooks/%s.yaml", name), &second, err);
	*ret = rc < 0 ? NULL : rc == 0 ? gd_steal_ptr(&second) : gd_steal_ptr(&first);
	return rc;
}
