/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

/* So few brackets, in texts or not, can't be too deep: true of almost all that is read. */
static bool is_shallow(const char *text, size_t size)
{
	static const char opening[] = {'{', '['};
	const char *end = text + size;
	int n = 0;

	for (size_t i = 0; i < GD_N_ELEMS(opening); i++)
		for (const char *p = text; n <= MAX_DEPTH; p++, n++) {
			p = p < end ? memchr(p, opening[i], (size_t)(end - p)) : NULL;
			if (!p)
				break;
		}
	return n <= MAX_DEPTH;
}

/* cJSON's own limit is 1000 levels, and its free recurses: bound the depth before parsing. */
static int check_depth(const char *text, size_t size, struct gd_error *err)
{
	bool in_string = false;
	int depth = 0;

	if (is_shallow(text, size))
		return 0;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > MAX_DEPTH)
				return gd_raise(err, GD_E_INPUT,
						"JSON: more than %d levels deep",
						MAX_DEPTH);
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return 0;
}

int gd_json_parse(const char *text, size_t size, cJSON **ret, struct gd_error *err)
{
	const char *end = NULL;
	cJSON *json;

	if (memchr(text, '\0', size))
		return gd_raise(err, GD_E_INPUT, "JSON: contains a NUL byte");
	if (check_depth(text, size, err) < 0)
		return -1;
	json = cJSON_ParseWithLengthOpts(text, size, &end, 0);
	if (!json)
		return gd_raise(err, GD_E_INPUT, "JSON: syntax error at byte %zu",
				end ? (size_t)(end - text) : 0);
	while (end < text + size &&
	       (*end == ' ' || *end == '\n' || *end == '\r' || *end == '\t'))
		end++;
	if (end != text + size) {
		cJSON_Delete(json);
		return gd_raise(err, GD_E_INPUT, "JSON: text after the end at byte %zu",
				(size_t)(end - text));
	}
	*ret = json;
	return 0;
}

char *gd_json_print(const cJSON *json)
{
	return cJSON_PrintUnformatted(json);
}

char *gd_json_print_pretty(const cJSON *json)
{
	return cJSON_Print(json);
}

const cJSON *gd_json_get(const cJSON *obj, const char *key)
{
	const cJSON *v = obj ? obj->child : NULL;

	while (v && v->string && (*v->string != *key || strcmp(v->string, key) != 0))
		v = v->next;
	return v && v->string ? v : NULL;
}

const char *gd_json_str(const cJSON *obj, const char *key, const char *fallback)
{
	const cJSON *v = gd_json_get(obj, key);

	return cJSON_IsString(v) ? v->valuestring : fallback;
}

double gd_json_num(const cJSON *obj, const char *key, double fallback)
{
	const cJSON *v = gd_json_get(obj, key);

	return cJSON_IsNumber(v) ? v->valuedouble : fallback;
}

bool gd_json_bool(const cJSON *obj, const char *key, bool fallback)
{
	const cJSON *v = gd_json_get(obj, key);

	return cJSON_IsBool(v) ? cJSON_IsTrue(v) != 0 : fallback;
}

int64_t gd_json_int(const cJSON *obj, const char *key, int64_t fallback)
{
	const cJSON *v = gd_json_get(obj, key);
	long long n;
	char *end;

	if (cJSON_IsNumber(v) && fabs(v->valuedouble) <= 9007199254740992.0)
		return (int64_t)v->valuedouble;
	if (!cJSON_IsString(v) || !v->valuestring[0])
		return fallback;
	errno = 0;
	n = strtoll(v->valuestring, &end, 10);
	return errno || *end ? fallback : (int64_t)n;
}

bool gd_json_set_str(cJSON *obj, const char *key, const char *value)
{
	if (!value)
		return cJSON_AddNullToObject(obj, key) != NULL;
	return cJSON_AddStringToObject(obj, key, value) != NULL;
}

bool gd_json_set_num(cJSON *obj, const char *key, double value)
{
	return cJSON_AddNumberToObject(obj, key, value) != NULL;
}

bool gd_json_set_bool(cJSON *obj, const char *key, bool value)
{
	return cJSON_AddBoolToObject(obj, key, value) != NULL;
}

bool gd_json_set_int(cJSON *obj, const char *key, int64_t value)
{
	char digits[32];

	/* cJSON prints 15 digits and calls that exact when the error is below DBL_EPSILON. */
	if (value > -INT64_C(1000000000000000) && value < INT64_C(1000000000000000))
		return gd_json_set_num(obj, key, (double)value);
	(void)snprintf(digits, sizeof(digits), "%" PRId64, value);
	return gd_json_set_str(obj, key, digits);
}

bool gd_json_set(cJSON *obj, const char *key, cJSON *value)
{
	if (!value)
		return false;
	if (cJSON_AddItemToObject(obj, key, value))
		return true;
	cJSON_Delete(value);
	return false;
}
