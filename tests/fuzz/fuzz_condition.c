/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a condition: either an error with a place, or parts that print back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/scenario/condition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GD_AUTO_FREE char *text = strndup((const char *)data, size);
	struct gd_error err = GD_ERROR_INIT;
	struct gd_condition c;

	if (!text)
		return 0;
	if (gd_condition_parse(text, (struct gd_pos){"f", 1, 1}, &c, &err) < 0) {
		gd_assert(err.code != GD_OK && err.pos.column >= 1);
		return 0;
	}
	gd_assert(c.subject && c.metric && strcmp(c.source, text) == 0);
	gd_assert(c.relative == (c.reference != NULL) && c.hold.ns >= 0);
	(void)gd_op_holds(c.op, c.value, 1);
	gd_condition_fini(&c);
	return 0;
}
