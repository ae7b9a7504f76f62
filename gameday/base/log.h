/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per event: time, level, module, sentence. The log object is passed in; it
 * writes to a descriptor that its owner chose (stderr, or the agent's log file).
 */
#pragma once

#include <stdbool.h>

#include "gameday/base/attr.h"

enum gd_log_level { GD_LOG_ERROR, GD_LOG_WARNING, GD_LOG_INFO, GD_LOG_DEBUG };

struct gd_log {
	int fd;                  /* borrowed; -1 drops everything */
	enum gd_log_level level; /* what is above is dropped */
	bool json;               /* JSON lines instead of text */
};

void gd_log_write(struct gd_log *log, enum gd_log_level level, const char *module,
		  const char *fmt, ...) GD_PRINTF(4, 5) GD_NONNULL;
#define gd_error_log(log, module, ...)                                                   \
	gd_log_write(log, GD_LOG_ERROR, module, __VA_ARGS__)
#define gd_warning(log, module, ...)                                                     \
	gd_log_write(log, GD_LOG_WARNING, module, __VA_ARGS__)
#define gd_info(log, module, ...) gd_log_write(log, GD_LOG_INFO, module, __VA_ARGS__)
#define gd_debug(log, module, ...) gd_log_write(log, GD_LOG_DEBUG, module, __VA_ARGS__)
