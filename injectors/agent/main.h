/* SPDX-License-Identifier: Apache-2.0 */
/* gameday-agent's main, over whatever ports it is given. */
#pragma once

#include "gameday/base/attr.h"
#include "injectors/ports.h"

/* Returns the exit status. Fills ports->control from the command line or the environment. */
int gd_agent_main(int argc, char **argv, struct gd_ports *ports) GD_NONNULL;
