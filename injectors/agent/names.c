/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/names.h"

#include <string.h>

#include "gameday/shape/peers.h"

int gd_names_resolve(void *names, const char *name, struct gd_strbuf *out,
		     struct gd_error *err)
{
	const struct gd_names *n = names;
	const cJSON *addresses = cJSON_GetObjectItemCaseSensitive(n->known, name);
	const cJSON *a;

	if (!addresses)
		return n->host->resolve(n->host->ctx, name, out, err);
	cJSON_ArrayForEach(a, addresses)
	{
		if (cJSON_IsString(a))
			gd_strbuf_addf(out, "%s\n", a->valuestring);
	}
	return 0;
}

/* The addresses of one name, each once. */
static int ask_one(const struct gd_name_port *host, const char *name, cJSON *addresses,
		   struct gd_error *err)
{
	GD_AUTO_STRBUF(found);
	char *rest = NULL;
	int rc = host->resolve(host->ctx, name, &found, err);

	if (rc < 0)
		return -1;
	if (found.failed)
		return gd_raise_nomem(err);
	if (rc == GD_PORT_ABSENT || found.len == 0)
		return gd_raise(err, GD_E_REFUSED,
				"peer %.60s: no such host name on this host; write its "
				"address, or look at `getent ahosts %.60s`",
				name, name);
	for (char *line = strtok_r(found.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		bool listed = false;
		const cJSON *a;
		cJSON *added;

		cJSON_ArrayForEach(a, addresses)
		{
			listed = listed || strcmp(a->valuestring, line) == 0;
		}
		if (listed)
			continue;
		if (cJSON_GetArraySize(addresses) == GD_PEER_NAME_ADDRESSES)
			return gd_raise(err, GD_E_REFUSED,
					"peer %.60s stands for more than %d addresses: "
					"give prefixes instead",
					name, (int)GD_PEER_NAME_ADDRESSES);
		added = cJSON_CreateString(line);
		if (!cJSON_AddItemToArray(addresses, added)) {
			cJSON_Delete(added);
			return gd_raise_nomem(err);
		}
	}
	return 0;
}

int gd_names_ask(const struct gd_name_port *host, const cJSON *list, cJSON **ret,
		 struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *known = cJSON_CreateObject();
	const cJSON *name;

	if (!known)
		return gd_raise_nomem(err);
	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > GD_PEER_NAMES_MAX)
		return gd_raise(err, GD_E_INPUT, "resolve: names is a list of at most %d",
				(int)GD_PEER_NAMES_MAX);
	cJSON_ArrayForEach(name, list)
	{
		cJSON *addresses;

		if (!cJSON_IsString(name) || !gd_peer_is_name(name->valuestring))
			return gd_raise(err, GD_E_INPUT,
					"resolve: not a host name: %.60s",
					cJSON_IsString(name) ? name->valuestring : "?");
		if (cJSON_GetObjectItemCaseSensitive(known, name->valuestring))
			continue;
		addresses = cJSON_AddArrayToObject(known, name->valuestring);
		if (!addresses)
			return gd_raise_nomem(err);
		if (ask_one(host, name->valuestring, addresses, err) < 0)
			return -1;
	}
	*ret = gd_steal_ptr(&known);
	return 0;
}
