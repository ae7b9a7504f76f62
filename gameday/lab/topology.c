/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client --hub 1-- r1 ==veth== r2 --hub 2-- api-1, api-2, api-3
 *
 * The order of the rows is the order of the forwarded ports and, for the rows with a disk, of the
 * virtio disks: keep it when adding a host.
 */
#include "gameday/lab/topology.h"

#include <string.h>

const struct gd_lab_host gd_lab_hosts[GD_LAB_N_HOSTS] = {
	{.name = "api-1",
	 .role = GD_LAB_API,
	 .hub = GD_LAB_HUB_SERVER,
	 .mgmt = "10.0.2.21",
	 .mgmt_mac = "52:54:00:0a:00:15",
	 .address = "10.20.0.11",
	 .data_mac = "52:54:00:14:00:0b",
	 .disk = "vda",
	 .tags = "api, etcd, lab"},
	{.name = "api-2",
	 .role = GD_LAB_API,
	 .hub = GD_LAB_HUB_SERVER,
	 .mgmt = "10.0.2.22",
	 .mgmt_mac = "52:54:00:0a:00:16",
	 .address = "10.20.0.12",
	 .data_mac = "52:54:00:14:00:0c",
	 .disk = "vdb",
	 .tags = "api, etcd, lab"},
	{.name = "api-3",
	 .role = GD_LAB_API,
	 .hub = GD_LAB_HUB_SERVER,
	 .mgmt = "10.0.2.23",
	 .mgmt_mac = "52:54:00:0a:00:17",
	 .address = "10.20.0.13",
	 .data_mac = "52:54:00:14:00:0d",
	 .disk = "vdc",
	 .tags = "api, etcd, lab"},
	{.name = "r1",
	 .role = GD_LAB_ROUTER,
	 .hub = GD_LAB_HUB_CLIENT,
	 .mgmt = "10.0.2.24",
	 .mgmt_mac = "52:54:00:0a:00:18",
	 .address = "10.10.0.1",
	 .data_mac = "52:54:00:0a:01:01",
	 .interlink = "10.30.0.1",
	 .tags = "router, lab"},
	{.name = "r2",
	 .role = GD_LAB_ROUTER,
	 .hub = GD_LAB_HUB_SERVER,
	 .mgmt = "10.0.2.25",
	 .mgmt_mac = "52:54:00:0a:00:19",
	 .address = "10.20.0.1",
	 .data_mac = "52:54:00:14:00:01",
	 .interlink = "10.30.0.2",
	 .tags = "router, lab"},
	{.name = "client",
	 .role = GD_LAB_CLIENT,
	 .hub = GD_LAB_HUB_CLIENT,
	 .mgmt = "10.0.2.26",
	 .mgmt_mac = "52:54:00:0a:00:1a",
	 .address = "10.10.0.2",
	 .data_mac = "52:54:00:0a:01:02",
	 .tags = "client, lab"},
};

const struct gd_lab_host *gd_lab_host_find(const char *name)
{
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		if (strcmp(gd_lab_hosts[i].name, name) == 0)
			return &gd_lab_hosts[i];
	return NULL;
}

const char *gd_lab_role_name(enum gd_lab_role role)
{
	static const char *const names[] = {[GD_LAB_API] = "api",
					    [GD_LAB_ROUTER] = "router",
					    [GD_LAB_CLIENT] = "client"};

	return names[role];
}
