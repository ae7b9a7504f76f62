/* SPDX-License-Identifier: Apache-2.0 */
/* The ports of a real Linux host. */
#pragma once

#include "injectors/ports.h"

extern const struct gd_link_port gd_link_linux;
extern const struct gd_tc_port gd_tc_linux;
extern const struct gd_ring_port gd_ring_linux;
extern const struct gd_disk_port gd_disk_linux;
extern const struct gd_dm_port gd_dm_linux;
extern const struct gd_routing_port gd_routing_linux;
extern const struct gd_cgroup_port gd_cgroup_linux;
extern const struct gd_kernel_port gd_kernel_linux;
extern const struct gd_name_port gd_name_linux;
extern const struct gd_neighbour_port gd_neighbour_linux;
extern const struct gd_shell_port gd_shell_linux;
extern const struct gd_time_port gd_time_linux;

/* All of them; control unknown, notes and figures dropped. */
void gd_ports_linux(struct gd_ports *ret) GD_NONNULL;
