/* SPDX-License-Identifier: Apache-2.0 */
/* The few numbers a reader wants first; the same in every format. */
#pragma once

#include "gameday/report/doc.h"
#include "gameday/report/model.h"

enum { GD_KEY_NUMBERS = 5 };
/*
 * p99 and success of the client that was hit hardest, the most attempts per request that a
 * client made under a fault; then how long until the harm was detected, and until clients
 * were well again. Without a fault the first three are those of the first client in the
 * baseline; returns how many there are, 0 when nothing was measured.
 */
size_t gd_key_numbers(const struct gd_report *r,
		      struct gd_doc_number ret[GD_KEY_NUMBERS]) GD_NONNULL;
