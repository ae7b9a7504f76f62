/* SPDX-License-Identifier: Apache-2.0 */
/* The protocols there are, for table.c: one line adds one more. */
#pragma once

#include "gameday/load/proto/proto.h"

extern const struct gd_proto gd_proto_http;
extern const struct gd_proto gd_proto_h2;
extern const struct gd_proto gd_proto_tcp;
extern const struct gd_proto gd_proto_udp;
extern const struct gd_proto gd_proto_ping;
extern const struct gd_proto gd_proto_etcd;
extern const struct gd_proto gd_proto_fsync;
