/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/interval.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/clock.h"

/* What an interval may hold at most; beyond it a message is a mistake or an attack. */
#define MAX_COUNT (INT64_C(1) << 53)
#define MAX_LENGTH_NS (24 * 3600 * GD_NS_PER_S)

/* What becomes of a number when intervals are added. */
enum adding { KEPT, SUMMED };

/* The plain numbers, so that writing, reading and adding can't treat them differently. */
struct number {
	const char *key;
	size_t offset;
	enum adding adding;
};

static const struct number numbers[] = {
	{"index", offsetof(struct gd_interval, index), KEPT},
	{"intended", offsetof(struct gd_interval, intended), SUMMED},
	{"attempts", offsetof(struct gd_interval, attempts), SUMMED},
	{"retries", offsetof(struct gd_interval, retries), SUMMED},
	{"budget_denied", offsetof(struct gd_interval, budget_denied), SUMMED},
	{"late", offsetof(struct gd_interval, late), SUMMED},
};

void gd_interval_fini(struct gd_interval *iv)
{
	gd_hist_free(iv->latency);
	gd_hist_free(iv->attempt_latency);
	gd_hist_free(iv->lateness);
	gd_hist_free(iv->connect);
	gd_hist_free(iv->handshake);
	free(iv->targets);
	*iv = (struct gd_interval){0};
}

static uint64_t *number_of(const struct gd_interval *iv, const struct number *n)
{
	return (uint64_t *)(void *)((char *)(uintptr_t)iv + n->offset);
}

static void add_numbers(struct gd_interval *into, const struct gd_interval *from)
{
	for (size_t i = 0; i < GD_N_ELEMS(numbers); i++) {
		uint64_t *sum = number_of(into, &numbers[i]);
		uint64_t v = *number_of(from, &numbers[i]);

		if (numbers[i].adding == SUMMED)
			*sum += v;
	}
}

static void add_targets(struct gd_interval *into, const struct gd_interval *from)
{
	if (!into->targets && from->n_targets > 0) {
		into->targets = calloc(from->n_targets, sizeof(*into->targets));
		into->n_targets = into->targets ? from->n_targets : 0;
		for (size_t i = 0; i < into->n_targets; i++)
			into->targets[i] = from->targets[i];
		return;
	}
	for (size_t i = 0; i < into->n_targets && i < from->n_targets; i++) {
		into->targets[i].attempts += from->targets[i].attempts;
		into->targets[i].ok += from->targets[i].ok;
	}
}

bool gd_interval_is_behind(const struct gd_interval *iv)
{
	return iv->late > 0 && iv->late * 100 >= iv->intended;
}

/* A histogram that may be there or not. */
static void add_hist(struct gd_hist **into, const struct gd_hist *from)
{
	if (!from)
		return;
	if (!*into)
		*into = gd_hist_new();
	if (*into)
		gd_hist_merge(*into, from);
}

void gd_interval_add(struct gd_interval *into, const struct gd_interval *from)
{
	into->length_ns += from->length_ns;
	into->sent += from->sent;
	into->behind |= from->behind;
	add_numbers(into, from);
	gd_counts_add(&into->counts, &from->counts);
	add_targets(into, from);
	if (into->problem[0] == '\0')
		memcpy(into->problem, from->problem, sizeof(into->problem));
	if (from->late_max_ns > into->late_max_ns)
		into->late_max_ns = from->late_max_ns;
	for (size_t i = 0; i < GD_N_OUTCOMES; i++) {
		into->outcomes[i] += from->outcomes[i];
		into->attempt_outcomes[i] += from->attempt_outcomes[i];
	}
	gd_hist_merge(into->latency, from->latency);
	gd_hist_merge(into->attempt_latency, from->attempt_latency);
	add_hist(&into->lateness, from->lateness);
	add_hist(&into->connect, from->connect);
	add_hist(&into->handshake, from->handshake);
}

void gd_interval_join(struct gd_interval *into, const struct gd_interval *from)
{
	uint64_t open = into->counts.open + from->counts.open;
	int64_t length =
		into->length_ns > from->length_ns ? into->length_ns : from->length_ns;

	gd_interval_add(into, from);
	into->length_ns = length;
	into->counts.open = open < from->counts.open ? UINT64_MAX : open;
	into->behind = gd_interval_is_behind(into);
}

static bool set_outcomes(cJSON *obj, const char *key,
			 const uint64_t counts[GD_N_OUTCOMES])
{
	cJSON *map = cJSON_CreateObject();
	bool ok = map;

	for (size_t i = 0; ok && i < GD_N_OUTCOMES; i++) {
		if (counts[i] > 0)
			ok = gd_json_set_int(map, gd_outcome_name((enum gd_outcome)i),
					     (int64_t)counts[i]);
	}
	return gd_json_set(obj, key, map) && ok;
}

static int set_hist(cJSON *obj, const char *key, const struct gd_hist *h,
		    struct gd_error *err)
{
	cJSON *map = cJSON_CreateObject();
	GD_AUTO_FREE char *text = NULL;

	if (!map || !gd_json_set(obj, key, map))
		return gd_raise_nomem(err);
	if (gd_hist_encode(h, &text, err) < 0)
		return -1;
	if (!gd_json_set_str(map, "hdr", text) ||
	    !gd_json_set_int(map, "min_ns", gd_hist_min(h)) ||
	    !gd_json_set_int(map, "max_ns", gd_hist_max(h)))
		return gd_raise_nomem(err);
	return 0;
}

static bool set_numbers(cJSON *obj, const struct gd_interval *iv)
{
	for (size_t i = 0; i < GD_N_ELEMS(numbers); i++) {
		uint64_t v = *number_of(iv, &numbers[i]);

		if (!gd_json_set_int(obj, numbers[i].key, (int64_t)v))
			return false;
	}
	for (const struct gd_count_row *row = gd_count_rows; row->name; row++) {
		uint64_t v = gd_count_get(&iv->counts, row);

		if (v > 0 && !gd_json_set_int(obj, row->name, (int64_t)v))
			return false;
	}
	return gd_json_set_int(obj, "start_wall_ns", iv->start_wall_ns) &&
	       gd_json_set_int(obj, "length_ns", iv->length_ns) &&
	       gd_json_set_int(obj, "sent", (int64_t)iv->sent) &&
	       gd_json_set_int(obj, "late_max_ns", iv->late_max_ns);
}

static bool set_targets(cJSON *obj, const struct gd_interval *iv)
{
	cJSON *list = iv->n_targets > 0 ? cJSON_AddArrayToObject(obj, "targets") : NULL;

	for (size_t i = 0; list && i < iv->n_targets; i++) {
		const struct gd_target_count *t = &iv->targets[i];
		cJSON *map = cJSON_CreateObject();

		if (!map || !cJSON_AddItemToArray(list, map)) {
			cJSON_Delete(map);
			return false;
		}
		if (!gd_json_set_str(map, "name", t->name) ||
		    !gd_json_set_int(map, "attempts", (int64_t)t->attempts) ||
		    !gd_json_set_int(map, "ok", (int64_t)t->ok))
			return false;
	}
	return list || iv->n_targets == 0;
}

static bool set_vantage(cJSON *obj, const struct gd_interval *iv)
{
	return iv->vantage[0] == '\0' ||
	       (gd_json_set_str(obj, "vantage", iv->vantage) &&
		gd_json_set_int(obj, "vantages", iv->n_vantages));
}

static bool set_problem(cJSON *obj, const struct gd_interval *iv)
{
	return iv->problem[0] == '\0' || gd_json_set_str(obj, "problem", iv->problem);
}

int gd_interval_to_json(const struct gd_interval *iv, cJSON **ret, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *obj = cJSON_CreateObject();

	if (!obj || !gd_json_set_str(obj, "type", "load") ||
	    !gd_json_set_str(obj, "load", iv->load) ||
	    !gd_json_set_str(obj, "client", iv->client) || !set_vantage(obj, iv) ||
	    !set_numbers(obj, iv) || !set_outcomes(obj, "outcomes", iv->outcomes) ||
	    !set_outcomes(obj, "attempt_outcomes", iv->attempt_outcomes) ||
	    !set_targets(obj, iv) || !set_problem(obj, iv) ||
	    !gd_json_set_bool(obj, "behind", iv->behind))
		return gd_raise_nomem(err);
	if (set_hist(obj, "latency", iv->latency, err) < 0 ||
	    set_hist(obj, "attempt_latency", iv->attempt_latency, err) < 0 ||
	    (iv->lateness && set_hist(obj, "lateness", iv->lateness, err) < 0) ||
	    (iv->connect && set_hist(obj, "connect", iv->connect, err) < 0) ||
	    (iv->handshake && set_hist(obj, "handshake", iv->handshake, err) < 0))
		return -1;
	*ret = gd_steal_ptr(&obj);
	return 0;
}

static int bad(struct gd_error *err, const char *key)
{
	return gd_raise(err, GD_E_INPUT, "load interval: %s is missing or out of range",
			key);
}

static int get_text(const cJSON *json, const char *key, char *ret, size_t size,
		    struct gd_error *err)
{
	const char *s = gd_json_str(json, key, "");
	size_t len = strnlen(s, size);

	if (len == 0 || len == size)
		return bad(err, key);
	for (size_t i = 0; i < len; i++) {
		if (!isprint((unsigned char)s[i]))
			return bad(err, key);
	}
	memcpy(ret, s, len + 1);
	return 0;
}

static int get_name(const cJSON *json, const char *key, char ret[64],
		    struct gd_error *err)
{
	return get_text(json, key, ret, 64, err);
}

static int get_problem(const cJSON *json, struct gd_interval *iv, struct gd_error *err)
{
	if (!gd_json_get(json, "problem"))
		return 0;
	return get_text(json, "problem", iv->problem, sizeof(iv->problem), err);
}

static int get_int(const cJSON *json, const char *key, int64_t min, int64_t max,
		   int64_t *ret, struct gd_error *err)
{
	int64_t v = gd_json_int(json, key, INT64_MIN);

	if (v < min || v > max)
		return bad(err, key);
	*ret = v;
	return 0;
}

static int get_vantage(const cJSON *json, struct gd_interval *iv, struct gd_error *err)
{
	int64_t n = 0;

	if (!gd_json_get(json, "vantage"))
		return 0;
	if (get_name(json, "vantage", iv->vantage, err) < 0 ||
	    get_int(json, "vantages", 1, GD_INTERVAL_MAX_VANTAGES, &n, err) < 0)
		return -1;
	iv->n_vantages = (uint32_t)n;
	return 0;
}

static int get_numbers(const cJSON *json, struct gd_interval *iv, struct gd_error *err)
{
	for (size_t i = 0; i < GD_N_ELEMS(numbers); i++) {
		int64_t v = 0;

		if (get_int(json, numbers[i].key, 0, MAX_COUNT, &v, err) < 0)
			return -1;
		*number_of(iv, &numbers[i]) = (uint64_t)v;
	}
	if (get_int(json, "start_wall_ns", 0, INT64_MAX / 2, &iv->start_wall_ns, err) <
		    0 ||
	    get_int(json, "length_ns", 1, MAX_LENGTH_NS, &iv->length_ns, err) < 0)
		return -1;
	return get_int(json, "late_max_ns", 0, MAX_LENGTH_NS, &iv->late_max_ns, err);
}

/* Unknown kinds (of a newer agent) are refused: dropping them would falsify sums. */
static int get_outcomes(const cJSON *json, const char *key, uint64_t ret[GD_N_OUTCOMES],
			struct gd_error *err)
{
	const cJSON *map = gd_json_get(json, key);
	size_t n_known = 0;

	if (!cJSON_IsObject(map))
		return bad(err, key);
	for (size_t i = 0; i < GD_N_OUTCOMES; i++) {
		int64_t v = 0;

		if (!gd_json_get(map, gd_outcome_name((enum gd_outcome)i)))
			continue;
		if (get_int(map, gd_outcome_name((enum gd_outcome)i), 0, MAX_COUNT, &v,
			    err) < 0)
			return -1;
		ret[i] = (uint64_t)v;
		n_known++;
	}
	return n_known == (size_t)cJSON_GetArraySize(map) ? 0 : bad(err, key);
}

static const struct gd_count_row *find_count(const char *name)
{
	for (const struct gd_count_row *row = gd_count_rows; row->name; row++)
		if (*row->name == *name && strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

/* Those that are 0, or of which an older agent knows nothing, are not there. */
static int get_counts(const cJSON *json, struct gd_counts *ret, struct gd_error *err)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json)
	{
		const struct gd_count_row *row =
			item->string ? find_count(item->string) : NULL;
		int64_t v = 0;

		if (!row)
			continue;
		if (get_int(json, row->name, 0, INT64_MAX, &v, err) < 0)
			return -1;
		*gd_count_of(ret, row) = (uint64_t)v;
	}
	return 0;
}

static int get_target(const cJSON *json, struct gd_target_count *ret,
		      struct gd_error *err)
{
	int64_t attempts = 0, ok = 0;

	if (get_name(json, "name", ret->name, err) < 0 ||
	    get_int(json, "attempts", 0, MAX_COUNT, &attempts, err) < 0 ||
	    get_int(json, "ok", 0, MAX_COUNT, &ok, err) < 0)
		return -1;
	ret->attempts = (uint64_t)attempts;
	ret->ok = (uint64_t)ok;
	return 0;
}

static int get_targets(const cJSON *json, struct gd_interval *iv, struct gd_error *err)
{
	const cJSON *list = gd_json_get(json, "targets"), *item;
	int n = cJSON_GetArraySize(list);

	if (!list)
		return 0;
	if (!cJSON_IsArray(list) || n < 1 || n > GD_INTERVAL_MAX_TARGETS)
		return bad(err, "targets");
	iv->targets = calloc((size_t)n, sizeof(*iv->targets));
	if (!iv->targets)
		return gd_raise_nomem(err);
	cJSON_ArrayForEach(item, list)
	{
		if (get_target(item, &iv->targets[iv->n_targets++], err) < 0)
			return -1;
	}
	return 0;
}

static int get_hist(const cJSON *json, const char *key, struct gd_hist **ret,
		    struct gd_error *err)
{
	const cJSON *map = gd_json_get(json, key);
	const char *text = gd_json_str(map, "hdr", NULL);

	if (!text)
		return bad(err, key);
	if (gd_hist_decode(text, ret, err) < 0)
		return gd_wrap(err, "load interval: %s: ", key);
	gd_hist_refine(*ret, gd_json_int(map, "min_ns", -1),
		       gd_json_int(map, "max_ns", -1));
	return 0;
}

static int get_hist_if(const cJSON *json, const char *key, struct gd_hist **ret,
		       struct gd_error *err)
{
	return gd_json_get(json, key) ? get_hist(json, key, ret, err) : 0;
}

/* Without retries every request is one attempt: then the two texts are the same. */
static int get_attempts(const cJSON *json, struct gd_interval *iv, struct gd_error *err)
{
	const cJSON *a = gd_json_get(json, "latency");
	const cJSON *b = gd_json_get(json, "attempt_latency");
	const char *text = gd_json_str(b, "hdr", NULL);

	if (!text || strcmp(text, gd_json_str(a, "hdr", "")) != 0)
		return get_hist(json, "attempt_latency", &iv->attempt_latency, err);
	iv->attempt_latency = gd_hist_new();
	if (!iv->attempt_latency)
		return gd_raise_nomem(err);
	gd_hist_merge(iv->attempt_latency, iv->latency);
	gd_hist_refine(iv->attempt_latency, gd_json_int(b, "min_ns", -1),
		       gd_json_int(b, "max_ns", -1));
	return 0;
}

/* What generators of earlier versions don't tell. */
static int get_pace(const cJSON *json, struct gd_interval *iv, struct gd_error *err)
{
	int64_t sent = (int64_t)iv->intended;

	if (gd_json_get(json, "sent") &&
	    get_int(json, "sent", 0, MAX_COUNT, &sent, err) < 0)
		return -1;
	iv->sent = (uint64_t)sent;
	if (get_hist_if(json, "lateness", &iv->lateness, err) < 0 ||
	    get_hist_if(json, "connect", &iv->connect, err) < 0)
		return -1;
	return get_hist_if(json, "handshake", &iv->handshake, err);
}

static int read_interval(const cJSON *json, struct gd_interval *iv, struct gd_error *err)
{
	if (strcmp(gd_json_str(json, "type", ""), "load") != 0)
		return bad(err, "type");
	if (get_name(json, "load", iv->load, err) < 0 ||
	    get_name(json, "client", iv->client, err) < 0 ||
	    get_vantage(json, iv, err) < 0 || get_numbers(json, iv, err) < 0 ||
	    get_counts(json, &iv->counts, err) < 0 || get_targets(json, iv, err) < 0 ||
	    get_problem(json, iv, err) < 0 ||
	    get_outcomes(json, "outcomes", iv->outcomes, err) < 0 ||
	    get_outcomes(json, "attempt_outcomes", iv->attempt_outcomes, err) < 0 ||
	    get_hist(json, "latency", &iv->latency, err) < 0 ||
	    get_attempts(json, iv, err) < 0 || get_pace(json, iv, err) < 0)
		return -1;
	iv->behind = gd_json_bool(json, "behind", false);
	return 0;
}

int gd_interval_from_json(const cJSON *json, struct gd_interval *ret,
			  struct gd_error *err)
{
	struct gd_interval iv = {0};

	if (read_interval(json, &iv, err) < 0) {
		gd_interval_fini(&iv);
		return -1;
	}
	*ret = iv;
	return 0;
}
