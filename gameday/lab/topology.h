/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's hosts and addresses: the one table both the host side and the guest's init read. */
#pragma once

#include <stddef.h>

#define GD_LAB_N_HOSTS 6
#define GD_LAB_N_DISKS 3
#define GD_LAB_DISK_BYTES (1024ULL * 1024 * 1024)
#define GD_LAB_CONTROL_PORT "org.gameday.control"
#define GD_LAB_MGMT_MAC "52:54:00:0a:00:02"
#define GD_LAB_GATEWAY                                                                   \
	"10.0.2.2" /* QEMU user networking: where SSH appears to come from */

enum gd_lab_role { GD_LAB_API, GD_LAB_ROUTER, GD_LAB_CLIENT };

/* Which hub (one layer-2 segment) a host's data NIC is plugged into. */
enum gd_lab_hub { GD_LAB_HUB_CLIENT = 1, GD_LAB_HUB_SERVER = 2 };

struct gd_lab_host {
	const char *name;
	enum gd_lab_role role;
	enum gd_lab_hub hub;
	const char *mgmt; /* eth0, reached through a loopback port only */
	const char *mgmt_mac;
	const char *address;   /* eth1, the data plane */
	const char *data_mac;  /* how init recognises the e1000 */
	const char *interlink; /* eth2 between the routers, else NULL */
	const char *disk;      /* kernel name of the virtio disk, else NULL */
	const char *tags;      /* comma separated, as in the inventory */
};

extern const struct gd_lab_host gd_lab_hosts[GD_LAB_N_HOSTS];

/* The host of that name, or NULL. */
const struct gd_lab_host *gd_lab_host_find(const char *name);

/* The word a role's template files begin with: "api", "router", "client". */
const char *gd_lab_role_name(enum gd_lab_role role);
