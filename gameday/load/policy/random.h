/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance for policies: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators", 2014). One add and a mix per number, any seed is good, and equal seeds give
 * equal runs.
 */
#pragma once

#include <stdint.h>

static inline uint64_t gd_random_next(uint64_t *state)
{
	uint64_t z;

	*state += UINT64_C(0x9e3779b97f4a7c15);
	z = *state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Uniform in 0..max; the bias of the modulus is below 2^-27 for pauses of a minute in ns. */
static inline int64_t gd_random_upto(uint64_t *state, int64_t max)
{
	return (int64_t)(gd_random_next(state) % ((uint64_t)max + 1));
}
