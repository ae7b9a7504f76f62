/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor rings by the ethtool ioctl, losses by sysfs. */
#include "injectors/ports/linux.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/nic.h"

static int ask(const char *device, void *data, struct gd_error *err)
{
	GD_AUTO_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = {0};

	if (fd < 0)
		return gd_raise_errno(err, "%s: socket", device);
	(void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", device);
	req.ifr_data = data;
	if (ioctl(fd, SIOCETHTOOL, &req) < 0)
		return gd_raise_errno(err, "%s: ethtool", device);
	return 0;
}

static int read_rings(const char *device, struct ethtool_ringparam *ret,
		      struct gd_error *err)
{
	*ret = (struct ethtool_ringparam){.cmd = ETHTOOL_GRINGPARAM};
	if (ask(device, ret, err) == 0)
		return 0;
	return err->sys_errno == EOPNOTSUPP || err->sys_errno == ENODEV ? GD_PORT_ABSENT
									: -1;
}

static int get_rings(void *ctx GD_UNUSED, const char *device, struct gd_ring *ret,
		     struct gd_ring *ret_max, struct gd_error *err)
{
	struct ethtool_ringparam p;
	int rc = read_rings(device, &p, err);

	if (rc != 0)
		return rc;
	*ret = (struct gd_ring){p.rx_pending, p.tx_pending, p.rx_mini_pending,
				p.rx_jumbo_pending};
	*ret_max = (struct gd_ring){p.rx_max_pending, p.tx_max_pending,
				    p.rx_mini_max_pending, p.rx_jumbo_max_pending};
	return 0;
}

static int set_rings(void *ctx GD_UNUSED, const char *device, const struct gd_ring *r,
		     struct gd_error *err)
{
	struct ethtool_ringparam p = {.cmd = ETHTOOL_SRINGPARAM,
				      .rx_pending = (uint32_t)r->rx,
				      .tx_pending = (uint32_t)r->tx,
				      .rx_mini_pending = (uint32_t)r->rx_mini,
				      .rx_jumbo_pending = (uint32_t)r->rx_jumbo};

	if (ask(device, &p, err) < 0)
		return gd_wrap(err, "set rings: ");
	return 0;
}

static int64_t read_counter(const char *device, const char *name)
{
	GD_AUTO_FREE char *path =
		gd_strf("/sys/class/net/%s/statistics/%s", device, name);
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err;
	size_t size;

	if (!path || gd_file_read(path, 64, &text, &size, &err) < 0)
		return 0;
	return strtoll(text, NULL, 10);
}

static int losses(void *ctx GD_UNUSED, const char *device, int64_t *ret_missed,
		  int64_t *ret_dropped, struct gd_error *err GD_UNUSED)
{
	*ret_missed = gd_nic_recounts_missed(device)
			      ? -1
			      : read_counter(device, "rx_missed_errors") +
					read_counter(device, "rx_fifo_errors");
	*ret_dropped =
		read_counter(device, "rx_dropped") + read_counter(device, "tx_dropped");
	return 0;
}

const struct gd_ring_port gd_ring_linux = {
	.get = get_rings, .set = set_rings, .losses = losses};
