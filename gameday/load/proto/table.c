/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/proto/rows.h"
#include "gameday/load/url.h"

static const struct gd_proto *const rows[] = {
	&gd_proto_http, &gd_proto_h2,   &gd_proto_tcp,   &gd_proto_udp,
	&gd_proto_ping, &gd_proto_etcd, &gd_proto_fsync, NULL,
};

static bool has_scheme(const struct gd_proto *p, const char *url)
{
	for (const char *const *s = p->schemes; *s; s++) {
		if (gd_url_has_scheme(url, *s))
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
