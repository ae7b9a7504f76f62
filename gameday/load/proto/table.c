/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gameday/load/proto/rows.h"

static const struct gd_proto *const rows[] = {
	&gd_proto_http,
	NULL,
};

static bool has_scheme(const struct gd_proto *p, const char *url)
{
	for (const char *const *s = p->schemes; *s; s++) {
		size_t len = strlen(*s);

		if (strncmp(url, *s, len) == 0 && strncmp(url + len, "://", 3) == 0)
			return true;
	}
	return false;
}

const struct gd_proto *gd_proto_of_url(const char *url)
{
	for (size_t i = 0; rows[i]; i++) {
		if (has_scheme(rows[i], url))
			return rows[i];
	}
	return NULL;
}

const struct gd_proto *gd_proto_row(size_t i)
{
	return rows[i];
}
