/* SPDX-License-Identifier: Apache-2.0 */
/* The protocols there are, for table.c: one line adds one more. */
#pragma once

#include "gameday/load/proto/proto.h"

extern const struct gd_proto gd_proto_http;
extern const struct gd_proto gd_proto_h2;
