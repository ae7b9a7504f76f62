/* SPDX-License-Identifier: Apache-2.0 */
/* An owning, bounded wrapper over cJSON, for journals, frames and results. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "gameday/base/attr.h"
#include "gameday/base/auto.h"
#include "gameday/base/error.h"

GD_DEFINE_AUTO(cJSON, cJSON_Delete);

/* Parses exactly size bytes; trailing text, NULs and more than 64 levels are errors. */
int gd_json_parse(const char *text, size_t size, cJSON **ret,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* One line, no blanks; the caller frees. NULL when out of memory. */
char *gd_json_print(const cJSON *json) GD_NONNULL GD_MUST_CHECK;
/* Indented, for people; the caller frees. NULL when out of memory. */
char *gd_json_print_pretty(const cJSON *json) GD_NONNULL GD_MUST_CHECK;

/* The member of that name, the first if there are several; NULL: none, or obj is NULL. */
const cJSON *gd_json_get(const cJSON *obj, const char *key) GD_NONNULL_ARGS(2);
/* Lenient getters: a missing or wrongly typed member gives the fallback. */
const char *gd_json_str(const cJSON *obj, const char *key, const char *fallback)
	GD_NONNULL_ARGS(2);
double gd_json_num(const cJSON *obj, const char *key, double fallback) GD_NONNULL_ARGS(2);
bool gd_json_bool(const cJSON *obj, const char *key, bool fallback) GD_NONNULL_ARGS(2);
/*
 * 64-bit integers cross as numbers when |v| < 10^15 and as decimal strings beyond, so that
 * nanosecond times keep every digit. The getter takes either.
 */
int64_t gd_json_int(const cJSON *obj, const char *key, int64_t fallback)
	GD_NONNULL_ARGS(2);

/* Setters: false when out of memory (cJSON returns NULL); chain and test once. */
bool gd_json_set_str(cJSON *obj, const char *key, const char *value) GD_NONNULL_ARGS(2);
bool gd_json_set_num(cJSON *obj, const char *key, double value) GD_NONNULL_ARGS(2);
bool gd_json_set_bool(cJSON *obj, const char *key, bool value) GD_NONNULL_ARGS(2);
bool gd_json_set_int(cJSON *obj, const char *key, int64_t value) GD_NONNULL_ARGS(2);
/* Takes value in every case, also when it fails. */
bool gd_json_set(cJSON *obj, const char *key, cJSON *value) GD_NONNULL_ARGS(2);
