/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to quantity and back, for people's files: durations (150us, 20ms, 1.5s, 2m, 1h),
 * ratios (5%, 0.05), bit rates (10mbit, 1gbit), event rates (200/s), byte sizes (64KiB).
 */
#pragma once

#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"

/* Parts per billion: 1 % is 10 000 000. Fine enough for the kernel's 2^-32 steps. */
struct gd_ratio {
	int64_t ppb;
};
struct gd_bitrate {
	int64_t bps;
}; /* bits per second */
struct gd_bytes {
	int64_t n;
};
struct gd_freq {
	double per_s;
};

/* Each parses the whole of s; the error names s and the form that is wanted. */
int gd_span_parse(const char *s, struct gd_span *ret,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_ratio_parse(const char *s, struct gd_ratio *ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_bitrate_parse(const char *s, struct gd_bitrate *ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_bytes_parse(const char *s, struct gd_bytes *ret,
		   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
int gd_freq_parse(const char *s, struct gd_freq *ret,
		  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Shortest text that parses back to the same value, in buf (>= 32 bytes); return buf. */
const char *gd_span_format(struct gd_span v, char buf[32]) GD_NONNULL;
const char *gd_ratio_format(struct gd_ratio v, char buf[32]) GD_NONNULL;
const char *gd_bitrate_format(struct gd_bitrate v, char buf[32]) GD_NONNULL;
const char *gd_bytes_format(struct gd_bytes v, char buf[32]) GD_NONNULL;
const char *gd_freq_format(struct gd_freq v, char buf[32]) GD_NONNULL;
/* For people: three significant digits, "12.3 ms", "1.02 s"; returns buf. */
const char *gd_span_human(struct gd_span v, char buf[32]) GD_NONNULL;
