/* SPDX-License-Identifier: Apache-2.0 */
/* The tables from which netem draws delays that are not spread evenly. */
#pragma once

#include <stdint.h>

#include "injectors/ports.h"

enum { GD_NETEM_DIST_SIZE = 4096 };

/*
 * Fills table with the quantiles of a distribution of mean 0 and deviation 1, in the kernel's
 * unit (NETEM_DIST_SCALE, 8192, is one deviation), cut off at four deviations: what fits
 * into 16 bits. Not for GD_DIST_UNIFORM, which the kernel does without a table.
 */
void gd_netem_dist(enum gd_distribution d, int16_t table[GD_NETEM_DIST_SIZE]) GD_NONNULL;
