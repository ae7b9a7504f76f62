/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const struct gd_kind_row *gd_kind_find(const struct gd_kind_row *rows, size_t n,
				       const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Where `word` stands by itself in text, or NULL. */
static const char *find_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	if (len == 0)
		return NULL;
	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if ((at == text || !is_word_char(at[-1])) && !is_word_char(at[len]))
			return at;
	return NULL;
}

/* A kind's check knows no places: its message is about the key it names first. */
static struct gd_pos place_by_text(const struct gd_node *args, const char *text,
				   struct gd_pos fallback)
{
	struct gd_pos pos = fallback;
	const char *first = NULL;

	for (size_t i = 0; i < args->n_entries; i++) {
		const char *at = find_word(text, args->entries[i].key);

		if (!at || (first && at >= first))
			continue;
		first = at;
		pos = args->entries[i].value->pos;
	}
	return pos;
}

int gd_kind_args_decode_level(const struct gd_kind_row *row, const struct gd_node *args,
			      struct gd_pos pos, void **ret, struct gd_error *ret_idle,
			      struct gd_diags *diags)
{
	struct gd_error err = GD_ERROR_INIT;
	int rc = 0;
	void *value = calloc(1, row->args->size ? row->args->size : 1);

	if (!value) {
		gd_diag_error(diags, pos, "%s: out of memory", row->name);
		return -1;
	}
	if (gd_shape_decode(row->args, args, value, diags) < 0) {
		gd_kind_args_free(row, value);
		return -1;
	}
	if (row->check)
		rc = row->check(value, &err);
	if (rc < 0) {
		gd_diag_take(diags, &err, place_by_text(args, err.text, pos));
		gd_kind_args_free(row, value);
		return -1;
	}
	if (rc > 0) {
		*ret_idle = err;
		ret_idle->pos = place_by_text(args, err.text, pos);
	}
	*ret = value;
	return rc;
}

int gd_kind_args_decode(const struct gd_kind_row *row, const struct gd_node *args,
			struct gd_pos pos, void **ret, struct gd_diags *diags)
{
	struct gd_error idle = GD_ERROR_INIT;
	void *value = NULL;
	int rc = gd_kind_args_decode_level(row, args, pos, &value, &idle, diags);

	if (rc == 0) {
		*ret = value;
		return 0;
	}
	if (rc > 0)
		gd_diag_take(diags, &idle, pos);
	gd_kind_args_free(row, value);
	return -1;
}

void gd_kind_args_free(const struct gd_kind_row *row, void *args)
{
	if (args)
		gd_shape_fini(row->args, args);
	free(args);
}
