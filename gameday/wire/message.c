/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/wire/message.h"

#include "gameday/wire/utf8.h"

static bool has(const cJSON *json, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(json, key) != NULL;
}

static int read_kind(const cJSON *json, struct gd_message *ret, struct gd_error *err)
{
	if (has(json, "event")) {
		ret->kind = GD_MESSAGE_EVENT;
		ret->name = gd_json_str(json, "event", NULL);
		return ret->name ? 0 : gd_raise(err, GD_E_REMOTE, "event without a name");
	}
	ret->id = gd_json_int(json, "id", 0);
	if (ret->id < 1)
		return gd_raise(err, GD_E_REMOTE, "message with neither event nor id");
	if (has(json, "op")) {
		ret->kind = GD_MESSAGE_REQUEST;
		ret->name = gd_json_str(json, "op", NULL);
		return ret->name ? 0 : gd_raise(err, GD_E_REMOTE, "op is not a string");
	}
	if (!cJSON_IsBool(cJSON_GetObjectItemCaseSensitive(json, "ok")))
		return gd_raise(err, GD_E_REMOTE, "message with neither op nor ok");
	ret->kind = GD_MESSAGE_REPLY;
	ret->ok = gd_json_bool(json, "ok", false);
	return 0;
}

int gd_message_read(const cJSON *json, struct gd_message *ret, struct gd_error *err)
{
	struct gd_message m = {0};

	if (!cJSON_IsObject(json))
		return gd_raise(err, GD_E_REMOTE, "message is not an object");
	if (read_kind(json, &m, err) < 0)
		return -1;
	*ret = m;
	return 0;
}

static cJSON *named(const char *key, const char *value)
{
	GD_AUTO(cJSON) struct cJSON *json = cJSON_CreateObject();

	if (!json || !gd_json_set_str(json, key, value))
		return NULL;
	return gd_steal_ptr(&json);
}

cJSON *gd_message_request(const char *op)
{
	return named("op", op);
}

cJSON *gd_message_event(const char *name)
{
	return named("event", name);
}

static cJSON *reply(int64_t id, bool ok)
{
	GD_AUTO(cJSON) struct cJSON *json = cJSON_CreateObject();

	if (!json || !gd_json_set_int(json, "id", id) ||
	    !gd_json_set_bool(json, "ok", ok))
		return NULL;
	return gd_steal_ptr(&json);
}

cJSON *gd_message_reply(int64_t id)
{
	return reply(id, true);
}

cJSON *gd_message_failure(int64_t id, const struct gd_error *why)
{
	GD_AUTO(cJSON) struct cJSON *json = reply(id, false);

	if (!json || !gd_json_set(json, "error", gd_error_to_json(why)))
		return NULL;
	return gd_steal_ptr(&json);
}

bool gd_message_set_id(cJSON *message, int64_t id)
{
	cJSON_DeleteItemFromObjectCaseSensitive(message, "id");
	return gd_json_set_int(message, "id", id);
}

cJSON *gd_error_to_json(const struct gd_error *err)
{
	GD_AUTO(cJSON) struct cJSON *json = cJSON_CreateObject();

	if (!json || !gd_json_set_str(json, "code", gd_errc_name(err->code)) ||
	    !gd_json_set_str(json, "text", err->text))
		return NULL;
	return gd_steal_ptr(&json);
}

void gd_error_from_json(const cJSON *json, struct gd_error *ret)
{
	const char *text = gd_json_str(json, "text", "(the target gave no reason)");
	enum gd_errc code = gd_errc_from_name(gd_json_str(json, "code", "remote"));

	(void)gd_raise(ret, code == GD_OK ? GD_E_REMOTE : code, "%s", text);
	gd_text_scrub(ret->text);
}

int gd_message_outcome(const cJSON *reply_json, struct gd_error *err)
{
	if (gd_json_bool(reply_json, "ok", false))
		return 0;
	gd_error_from_json(cJSON_GetObjectItemCaseSensitive(reply_json, "error"), err);
	return -1;
}
