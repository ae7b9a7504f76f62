/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/json_people.h"

#include <math.h>
#include <string.h>

#include "gameday/report/json_make.h"
#include "gameday/report/people.h"

static bool add_time(cJSON *o, const struct gd_report *r, int64_t at)
{
	char utc[32];

	return gd_json_set_str(o, "utc",
			       at ? gd_wall_format((struct gd_wall){at}, utc) : NULL) &&
	       gd_make_num(o, "seconds", at ? gd_report_seconds(r, at) : (double)NAN);
}

static cJSON *make_roles(const struct gd_report *r)
{
	cJSON *o = cJSON_CreateObject();
	const cJSON *role, *person;
	bool ok = o;

	cJSON_ArrayForEach(role, gd_people_roles(r))
	{
		cJSON *list = cJSON_CreateArray();

		cJSON_ArrayForEach(person, role) if (ok && cJSON_IsString(person)) ok =
			gd_make_append(list, cJSON_CreateString(person->valuestring));
		ok = gd_json_set(o, role->string, list) && ok;
	}
	return gd_make_done(o, ok);
}

static cJSON *make_moments(const struct gd_report *r,
			   const struct gd_moment moments[GD_N_MOMENTS])
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < GD_N_MOMENTS; i++) {
		const struct gd_moment *m = &moments[i];
		double since = m->at_ns && r->harm_ns
				       ? (double)(m->at_ns - r->harm_ns) / 1e9
				       : (double)NAN;
		cJSON *o = cJSON_CreateObject();

		ok = gd_json_set_str(o, "moment", m->key) && add_time(o, r, m->at_ns) &&
		     gd_make_num(o, "since_harm_s", since) &&
		     gd_json_set_bool(o, "by_people", m->by_people) &&
		     gd_json_set_str(o, "by", *m->by ? m->by : NULL) &&
		     gd_json_set_str(o, "text", m->text);
		ok = gd_make_append(list, gd_make_done(o, ok));
	}
	return gd_make_done(list, ok);
}

static cJSON *make_gaps(const struct gd_moment moments[GD_N_MOMENTS])
{
	struct gd_people_gap gaps[GD_N_PEOPLE_GAPS];
	cJSON *o = cJSON_CreateObject();
	bool ok = o;

	gd_people_gaps(moments, gaps);
	for (size_t i = 0; ok && i < GD_N_PEOPLE_GAPS; i++)
		ok = gd_make_num(o, gaps[i].key, gaps[i].seconds);
	return gd_make_done(o, ok);
}

static cJSON *make_revealed(const struct gd_report *r, const struct gd_blindness *b)
{
	cJSON *o = cJSON_CreateObject();

	return gd_make_done(o, add_time(o, r, b->revealed_ns) &&
				       gd_json_set_str(o, "why", b->why));
}

cJSON *gd_make_people(const struct gd_report *r)
{
	struct gd_blindness blindness = gd_people_blindness(r);
	struct gd_moment moments[GD_N_MOMENTS];
	cJSON *o = cJSON_CreateObject();
	bool ok = gd_json_set(o, "roles", make_roles(r));

	gd_people_moments(r, moments);
	ok = gd_json_set_bool(o, "blind", blindness.blind) && ok;
	ok = gd_json_set(o, "revealed", make_revealed(r, &blindness)) && ok;
	ok = gd_json_set(o, "moments", make_moments(r, moments)) && ok;
	ok = gd_json_set(o, "gaps", make_gaps(moments)) && ok;
	return gd_make_done(o, ok);
}

cJSON *gd_make_noted(const struct gd_report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool ok = list;

	for (size_t i = 0; ok && i < r->noted.n; i++) {
		const struct gd_noted *f = &r->noted.items[i];
		const char *severity = gd_severity_name(f->severity);
		cJSON *o = cJSON_CreateObject();

		ok = gd_json_set_str(o, "finding", f->finding) &&
		     gd_json_set_str(o, "severity", *severity ? severity : NULL) &&
		     gd_json_set_str(o, "owner", f->owner) &&
		     gd_json_set_str(o, "ticket", f->ticket) &&
		     gd_json_set_str(o, "retest", f->retest) &&
		     gd_json_set_str(o, "by", f->by);
		ok = gd_make_append(list, gd_make_done(o, ok));
	}
	return gd_make_done(list, ok);
}
