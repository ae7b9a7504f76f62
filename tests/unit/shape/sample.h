/* SPDX-License-Identifier: Apache-2.0 */
/* A struct with a field of every kind, for the shape tests. */
#pragma once

#include "../cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/json.h"
#include "gameday/shape/field.h"

struct word {
	char *text;
};

struct inner {
	char *key;
	int64_t n;
	const struct gd_node *node;
};

enum colour { RED = 3, GREEN = 7 };

struct sample {
	bool flag;
	int64_t count;
	double weight;
	struct gd_span delay;
	struct gd_ratio loss;
	struct gd_bitrate rate;
	struct gd_bytes size;
	struct gd_freq freq;
	struct gd_course course;
	struct gd_span_range backoff;
	int colour;
	char *title;
	char name[8];
	struct inner *inner;
	struct gd_list words;
	struct gd_list inners;
	const struct gd_node *raw;
	uint64_t given;
};

static const struct gd_field word_fields[] = {
	{.name = "word", .kind = GD_KIND_TEXT, GD_MEMBER(struct word, text), .min = 1},
};
static const struct gd_shape word_shape = {.name = "word",
					   .fields = word_fields,
					   .n_fields = 1,
					   .size = sizeof(struct word),
					   .key_offset = GD_NO_OFFSET,
					   .node_offset = GD_NO_OFFSET,
					   .given_offset = GD_NO_OFFSET,
					   .scalar = true};

static const struct gd_field inner_fields[] = {
	{.name = "n",
	 .dflt = "5",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct inner, n),
	 .min = -10,
	 .max = 10},
};
static const struct gd_shape inner_shape = {.name = "inner",
					    .fields = inner_fields,
					    .n_fields = 1,
					    .size = sizeof(struct inner),
					    .key_offset = offsetof(struct inner, key),
					    .node_offset = offsetof(struct inner, node),
					    .given_offset = GD_NO_OFFSET};

static const struct gd_choice colours[] = {
	{"red", "like a rose", RED}, {"green", NULL, GREEN}, {0}};

#define ROW(n, k, ...)                                                                   \
	{                                                                                \
		.name = #n, .kind = (k), GD_MEMBER(struct sample, n), __VA_ARGS__        \
	}

static const struct gd_field sample_fields[] = {
	ROW(flag, GD_KIND_BOOL, .help = "a flag"),
	ROW(count, GD_KIND_INT, .dflt = "16", .min = 16, .max = 4096, .help = "a count"),
	ROW(weight, GD_KIND_DOUBLE, .dflt = "1.5"),
	ROW(delay, GD_KIND_DURATION, .dflt = "10ms", .max = 60 * GD_NS_PER_S),
	ROW(loss, GD_KIND_RATIO, .dflt = "0%"),
	ROW(rate, GD_KIND_BITRATE, .dflt = "0bit"),
	ROW(size, GD_KIND_BYTES, .help = "a | b"),
	ROW(freq, GD_KIND_FREQ, .min = 1000, .max = 5000000),
	ROW(course, GD_KIND_COURSE, .min = 0, .max = 5000000),
	ROW(backoff, GD_KIND_SPAN_RANGE, .dflt = "20ms..500ms"),
	ROW(colour, GD_KIND_ENUM, .dflt = "red", .choices = colours),
	ROW(title, GD_KIND_TEXT, .max = 12),
	ROW(name, GD_KIND_NAME, .help = "a name"),
	ROW(inner, GD_KIND_OBJECT, .shape = &inner_shape),
	ROW(words, GD_KIND_LIST, .shape = &word_shape, .max = 3),
	ROW(inners, GD_KIND_MAP, .shape = &inner_shape),
	ROW(raw, GD_KIND_NODE, .help = NULL),
};
static const struct gd_shape sample_shape = {
	.name = "sample",
	.fields = sample_fields,
	.n_fields = GD_N_ELEMS(sample_fields),
	.size = sizeof(struct sample),
	.key_offset = GD_NO_OFFSET,
	.node_offset = GD_NO_OFFSET,
	.given_offset = offsetof(struct sample, given),
};

static inline cJSON *parse_json(const char *text)
{
	struct gd_error err = GD_ERROR_INIT;
	cJSON *json = NULL;

	if (gd_json_parse(text, strlen(text), &json, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return json;
}

static inline struct gd_node *parse_node(const char *text)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO(cJSON) cJSON *json = parse_json(text);
	struct gd_node *node = NULL;

	assert_int_equal(gd_node_from_json(json, &node, &err), 0);
	return node;
}
