/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/json_make.h"

#include <string.h>

#include "gameday/base/strbuf.h"
#include "gameday/report/text.h"

int gd_make_print(const cJSON *value, struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO_FREE char *text = value ? gd_json_print_pretty(value) : NULL;

	if (!text)
		return gd_raise_nomem(err);
	gd_text_clean(text, strlen(text));
	gd_strbuf_addf(out, "%s\n", text);
	return out->failed ? gd_raise_nomem(err) : 0;
}
