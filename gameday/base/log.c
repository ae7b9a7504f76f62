/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/json.h"
#include "gameday/base/strbuf.h"

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static void as_json(struct gd_strbuf *sb, const char *when, const char *level,
		    const char *module, const char *text)
{
	GD_AUTO(cJSON) cJSON *obj = cJSON_CreateObject();
	GD_AUTO_FREE char *line = NULL;

	if (!obj || !gd_json_set_str(obj, "time", when) ||
	    !gd_json_set_str(obj, "level", level) ||
	    !gd_json_set_str(obj, "module", module) ||
	    !gd_json_set_str(obj, "text", text))
		return;
	line = gd_json_print(obj);
	if (line)
		gd_strbuf_addf(sb, "%s\n", line);
}

void gd_log_write(struct gd_log *log, enum gd_log_level level, const char *module,
		  const char *fmt, ...)
{
	int saved = errno;
	GD_AUTO_STRBUF(line);
	char text[1024], when[32];
	va_list ap;

	if (log->fd < 0 || level > log->level)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)gd_wall_format(gd_wall_now(), when);
	if (log->json)
		as_json(&line, when, level_names[level], module, text);
	else
		gd_strbuf_addf(&line, "%s %s %s: %s\n", when, level_names[level], module,
			       text);
	if (write(log->fd, gd_strbuf_str(&line), line.len) < 0) {
		/* A log that can't be written has nowhere to say so. */
	}
	errno = saved;
}
