/* SPDX-License-Identifier: Apache-2.0 */
/* The generated list of subcommands. */
#pragma once

#include "gameday/cli/cmd.h"

extern const struct gd_cmd *const gd_cmd_table[]; /* ends with NULL */
