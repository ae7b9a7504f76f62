/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/file.h"

enum { MAX_BEFORE = 512 << 10 };

struct text_member {
	const char *name;
	size_t offset, size;
};

#define TEXT(member)                                                                     \
	{                                                                                \
#member, offsetof(struct gd_record, member),                             \
			sizeof(((struct gd_record *)0)->member)                          \
	}

static const struct text_member texts[] = {TEXT(ref), TEXT(kind),   TEXT(target),
					   TEXT(run), TEXT(runner), TEXT(boot_id)};

void gd_record_fini(struct gd_record *r)
{
	cJSON_Delete(r->args);
	cJSON_Delete(r->undo);
	free(r->before);
	*r = (struct gd_record){0};
}

int gd_copy_text(char *out, size_t size, const char *text, const char *what,
		 struct gd_error *err)
{
	if (strlen(text) >= size)
		return gd_raise(err, GD_E_INPUT, "%s is longer than %zu bytes", what,
				size - 1);
	(void)snprintf(out, size, "%s", text);
	return 0;
}

int gd_record_to_json(const struct gd_record *r, cJSON **ret, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *obj = cJSON_CreateObject();
	bool ok = obj != NULL;

	for (size_t i = 0; ok && i < GD_N_ELEMS(texts); i++)
		ok = gd_json_set_str(obj, texts[i].name,
				     (const char *)r + texts[i].offset);
	if (!ok || !gd_json_set_int(obj, "id", r->id) ||
	    !gd_json_set_int(obj, "wall_ns", r->wall_ns) ||
	    !gd_json_set_int(obj, "deadline_ns", r->deadline_ns) ||
	    !gd_json_set_str(obj, "before", r->before ? r->before : "") ||
	    !gd_json_set(obj, "args", cJSON_Duplicate(r->args, true)) ||
	    !gd_json_set(obj, "undo", cJSON_Duplicate(r->undo, true)))
		return gd_raise_nomem(err);
	*ret = gd_steal_ptr(&obj);
	return 0;
}

/* The members that own memory. */
static int read_owned(const cJSON *json, struct gd_record *r, struct gd_error *err)
{
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(json, "args");
	const cJSON *undo = cJSON_GetObjectItemCaseSensitive(json, "undo");
	const char *before = gd_json_str(json, "before", NULL);

	if (!cJSON_IsObject(args) || !cJSON_IsObject(undo))
		return gd_raise(err, GD_E_INPUT, "record: args or undo is missing");
	if (!before || strlen(before) > MAX_BEFORE)
		return gd_raise(err, GD_E_INPUT,
				"record: the state before is missing or too long");
	r->args = cJSON_Duplicate(args, true);
	r->undo = cJSON_Duplicate(undo, true);
	r->before = strdup(before);
	if (!r->args || !r->undo || !r->before)
		return gd_raise_nomem(err);
	return 0;
}

int gd_record_from_json(const cJSON *json, struct gd_record *ret, struct gd_error *err)
{
	GD_AUTO_RECORD struct gd_record r = {0};

	for (size_t i = 0; i < GD_N_ELEMS(texts); i++) {
		const char *text = gd_json_str(json, texts[i].name, NULL);

		if (!text)
			return gd_raise(err, GD_E_INPUT, "record: %s is missing",
					texts[i].name);
		if (gd_copy_text((char *)&r + texts[i].offset, texts[i].size, text,
				 texts[i].name, err) < 0)
			return gd_wrap(err, "record: ");
	}
	r.id = gd_json_int(json, "id", 0);
	r.wall_ns = gd_json_int(json, "wall_ns", 0);
	r.deadline_ns = gd_json_int(json, "deadline_ns", 0);
	if (r.id <= 0)
		return gd_raise(err, GD_E_INPUT, "record: id is missing");
	if (read_owned(json, &r, err) < 0)
		return -1;
	*ret = r;
	r = (struct gd_record){0};
	return 0;
}

int gd_record_copy(const struct gd_record *r, struct gd_record *ret, struct gd_error *err)
{
	GD_AUTO_RECORD struct gd_record c = *r;

	c.args = cJSON_Duplicate(r->args, true);
	c.undo = cJSON_Duplicate(r->undo, true);
	c.before = strdup(r->before ? r->before : "");
	if (!c.args || !c.undo || !c.before)
		return gd_raise_nomem(err);
	*ret = c;
	c = (struct gd_record){0};
	return 0;
}

void gd_boot_id(char ret[40])
{
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err;
	size_t size;

	(void)snprintf(ret, 40, "unknown");
	if (gd_file_read("/proc/sys/kernel/random/boot_id", 64, &text, &size, &err) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (*text)
		(void)snprintf(ret, 40, "%s", text);
}
