/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building JSON without a test after each step: every helper takes what it is given, also
 * when it fails, and passes failure on, so one test at the end is enough.
 */
#pragma once

#include <math.h>

#include "gameday/base/json.h"
#include "gameday/base/strbuf.h"

/* Takes value in every case; false when it is NULL or can't be added. */
static inline bool gd_make_append(cJSON *list, cJSON *value)
{
	if (value && cJSON_AddItemToArray(list, value))
		return true;
	cJSON_Delete(value);
	return false;
}

/* NAN and the infinities have no JSON: they are null, "not known". */
static inline bool gd_make_num(cJSON *obj, const char *key, double v)
{
	return isfinite(v) ? gd_json_set_num(obj, key, v)
			   : cJSON_AddNullToObject(obj, key) != NULL;
}

/* Gives value back, or frees it when something in it failed. */
static inline cJSON *gd_make_done(cJSON *value, bool ok)
{
	if (ok)
		return value;
	cJSON_Delete(value);
	return NULL;
}

/*
 * Appends value (NULL: out of memory) to out, indented and with a line end; bytes that are
 * not UTF-8, as a directory's name may have them, become '?'.
 */
int gd_make_print(const cJSON *value, struct gd_strbuf *out, struct gd_error *err)
	GD_NONNULL_ARGS(2, 3) GD_MUST_CHECK;
