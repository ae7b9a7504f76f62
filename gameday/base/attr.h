/* SPDX-License-Identifier: Apache-2.0 */
/* Function attributes under one name each; every public prototype uses them. */
#pragma once

#define GD_MUST_CHECK __attribute__((warn_unused_result))
#define GD_NONNULL __attribute__((nonnull))
#define GD_NONNULL_ARGS(...) __attribute__((nonnull(__VA_ARGS__)))
#define GD_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define GD_UNUSED __attribute__((unused))
#define GD_NORETURN __attribute__((noreturn))

#define GD_N_ELEMS(array) (sizeof(array) / sizeof((array)[0]))
