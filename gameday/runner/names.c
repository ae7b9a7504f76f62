/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/runner/names.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "gameday/base/auto.h"
#include "gameday/shape/peers.h"

/* A resolver that gets no answer gives up after 10 s or more. */
static const struct gd_span LIMIT = {30 * GD_NS_PER_S};

static bool is_address(const cJSON *a)
{
	unsigned char buf[sizeof(struct in6_addr)];

	return cJSON_IsString(a) && (inet_pton(AF_INET, a->valuestring, buf) == 1 ||
				     inet_pton(AF_INET6, a->valuestring, buf) == 1);
}

/* A copy of the addresses of every name of the list; nothing else of the answer is kept. */
static cJSON *pick(const cJSON *known, const cJSON *names)
{
	GD_AUTO(cJSON) cJSON *map = cJSON_CreateObject();
	const cJSON *name, *a;

	if (!map)
		return NULL;
	cJSON_ArrayForEach(name, names)
	{
		const cJSON *list =
			cJSON_GetObjectItemCaseSensitive(known, name->valuestring);
		int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;

		if (n < 1 || n > GD_PEER_NAME_ADDRESSES)
			return NULL;
		cJSON_ArrayForEach(a, list)
		{
			if (!is_address(a))
				return NULL;
		}
		if (!gd_json_set(map, name->valuestring, cJSON_Duplicate(list, 1)))
			return NULL;
	}
	return gd_steal_ptr(&map);
}

int gd_names_of(struct gd_fleet *f, struct gd_member *m, const cJSON *names, cJSON **ret,
		struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *reply = NULL;
	cJSON *req = gd_message_request("resolve");
	cJSON *map;

	if (!req || !gd_json_set(req, "names", cJSON_Duplicate(names, 1))) {
		cJSON_Delete(req);
		return gd_raise_nomem(err);
	}
	if (gd_fleet_ask(f, m, req, LIMIT, &reply, err) < 0)
		return -1;
	map = pick(cJSON_GetObjectItemCaseSensitive(reply, "names"), names);
	if (!map)
		return gd_raise(err, GD_E_REMOTE,
				"host %s: its answer to what host names mean is none",
				m->inv->name);
	*ret = map;
	return 0;
}

static bool is_on(const struct gd_plan *p, const struct gd_plan_fault *f,
		  const struct gd_member *m)
{
	return p->hosts[f->host].host == m->inv;
}

int gd_names_of_host(struct gd_fleet *f, struct gd_member *m, struct gd_plan *p,
		     struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *all = cJSON_CreateArray();
	GD_AUTO(cJSON) cJSON *known = NULL;

	if (!all)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < p->n_faults; i++) {
		const struct gd_plan_fault *x = &p->faults[i];

		if (is_on(p, x, m) && !x->names &&
		    gd_shape_peer_names(x->kind->args, x->args, all, err) < 0)
			return -1;
	}
	if (!all->child)
		return 0;
	if (gd_names_of(f, m, all, &known, err) < 0)
		return -1;
	for (size_t i = 0; i < p->n_faults; i++) {
		struct gd_plan_fault *x = &p->faults[i];
		GD_AUTO(cJSON) cJSON *own = cJSON_CreateArray();

		if (!is_on(p, x, m) || x->names)
			continue;
		if (!own || gd_shape_peer_names(x->kind->args, x->args, own, err) < 0)
			return own ? -1 : gd_raise_nomem(err);
		x->names = own->child ? pick(known, own) : NULL;
		if (own->child && !x->names)
			return gd_raise_nomem(err);
	}
	return 1;
}

static int ask_all(struct gd_fleet *f, struct gd_plan *p, struct gd_error *err)
{
	size_t index;

	for (size_t i = 0; i < p->n_faults; i++)
		if (gd_plan_has_names(&p->faults[i]) &&
		    gd_fleet_add(f, p->hosts[p->faults[i].host].host, &index, err) < 0)
			return -1;
	if (gd_fleet_connect(f, err) < 0)
		return -1;
	for (size_t i = 0; i < f->n; i++) {
		if (f->members[i].state != GD_MEMBER_READY) {
			*err = f->members[i].error;
			return -1;
		}
		if (gd_names_of_host(f, &f->members[i], p, err) < 0)
			return -1;
	}
	return 0;
}

int gd_names_of_plan(struct gd_plan *p, struct gd_error *err)
{
	GD_AUTO_FREE char *identity = NULL;
	struct gd_fleet f = {0};
	bool any = false;
	int rc;

	for (size_t i = 0; i < p->n_faults; i++)
		any = any || gd_plan_has_names(&p->faults[i]);
	if (!any)
		return 0;
	identity = gd_runner_identity();
	if (!identity)
		return gd_raise_nomem(err);
	rc = gd_fleet_init(&f, NULL, identity, err);
	if (rc == 0)
		rc = ask_all(&f, p, err);
	gd_fleet_fini(&f);
	return rc;
}
