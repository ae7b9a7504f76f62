/* SPDX-License-Identifier: Apache-2.0 */
/* A network card's peculiarity that both the watch and the injectors must know. */
#pragma once

#include <stdbool.h>

#include "gameday/base/attr.h"

/*
 * QEMU's e1000 does not clear its missed-packets register (MPC) when it is read, as the
 * real card does and the driver relies on. Every 2 s the driver adds the whole register
 * again, so rx_missed_errors grows for ever after the first miss. The register itself, the
 * true total, is how much the counter grows at a time. Told by the subsystem vendor that
 * QEMU gives its devices (0x1af4). false when the device or its driver is another.
 */
bool gd_nic_recounts_missed(const char *device) GD_NONNULL;
