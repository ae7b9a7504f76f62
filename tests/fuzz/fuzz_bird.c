/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as BIRD's replies: lines stay within the data, numbers within reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/bird.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_protocols(const char *reply)
{
	struct gd_bird_protocol p;
	const char *at = reply;

	while (gd_bird_next_protocol(&at, &p)) {
		gd_assert(at > reply && at <= reply + strlen(reply));
		gd_assert(p.imported >= 0 && p.updates >= 0 && p.withdraws >= 0);
		gd_assert(!p.up || strcmp(p.state, "up") == 0);
		reply = at;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GD_AUTO_STRBUF(reply);
	struct gd_error err = GD_ERROR_INIT;
	struct gd_bird_line line;
	const char *at = (const char *)data;
	size_t used;
	int code = 0;

	while (size > 0 && gd_bird_read_line(&code, at, size, &line, &used, &err) == 1) {
		gd_assert(used > 0 && used <= size && line.len < used);
		gd_assert(line.text + line.len < at + used);
		gd_assert(line.code == code && code >= 0 && code <= 9999);
		gd_strbuf_addf(&reply, "%04d %.*s\n", line.code, (int)line.len,
			       line.text);
		at += used;
		size -= used;
	}
	read_protocols(gd_strbuf_str(&reply));
	return 0;
}
