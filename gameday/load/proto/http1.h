/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of a connection that speaks HTTP/1.1, for rows whose target begins with a struct
 * gd_http_target: contracts as in gameday/load/proto/proto.h.
 */
#pragma once

#include "gameday/load/http.h"
#include "gameday/load/proto/http_target.h"

struct gd_http1 {
	const struct gd_http_target *target;
	uint64_t id;
	bool busy, began;
	struct gd_http parser;
};

#define GD_HTTP1_CONN_SIZE sizeof(struct gd_http1)

enum gd_proto_next gd_http1_open(void *conn, const struct gd_target *t,
				 struct gd_proto_io *io) GD_NONNULL;
enum gd_proto_next gd_http1_send(void *conn, const struct gd_target *t, uint64_t id,
				 uint64_t seq, struct gd_proto_io *io) GD_NONNULL;
enum gd_proto_next gd_http1_feed(void *conn, const char *data, size_t size,
				 struct gd_proto_io *io) GD_NONNULL;
void gd_http1_eof(void *conn, struct gd_proto_io *io) GD_NONNULL;
