/* SPDX-License-Identifier: Apache-2.0 */
/* Links by route netlink; what netlink does not say (speed) by sysfs. */
#include "injectors/ports/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_link.h>

#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "injectors/ports/nl.h"

/* Megabits per second from sysfs; 0 when the driver does not tell. */
static struct gd_bitrate read_speed(const char *device)
{
	GD_AUTO_FREE char *path = gd_strf("/sys/class/net/%s/speed", device);
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err;
	long long mbit;
	size_t size;

	if (!path || gd_file_read(path, 64, &text, &size, &err) < 0)
		return (struct gd_bitrate){0};
	mbit = strtoll(text, NULL, 10);
	if (mbit <= 0 || mbit > 10000000)
		return (struct gd_bitrate){0};
	return (struct gd_bitrate){mbit * 1000000};
}

static void read_kind(struct nlattr *info, char *ret, size_t size)
{
	struct nlattr *kind = nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND);

	if (kind)
		(void)nla_strlcpy(ret, kind, size);
}

static int on_link(void *ctx, struct nlmsghdr *h, struct gd_error *err GD_UNUSED)
{
	struct gd_link_info *info = ctx;
	const struct ifinfomsg *ifi = nlmsg_data(h);
	struct nlattr *attr;
	int rem;

	if (h->nlmsg_type != RTM_NEWLINK)
		return 0;
	info->index = ifi->ifi_index;
	info->up = ifi->ifi_flags & IFF_UP;
	nlmsg_for_each_attr(attr, h, sizeof(*ifi), rem)
	{
		if (nla_type(attr) == IFLA_MTU)
			info->mtu = nla_get_u32(attr);
		else if (nla_type(attr) == IFLA_CARRIER)
			info->carrier = nla_get_u8(attr);
		else if (nla_type(attr) == IFLA_LINKINFO)
			read_kind(attr, info->kind, sizeof(info->kind));
	}
	return 0;
}

static int get_link(void *ctx GD_UNUSED, const char *device, struct gd_link_info *ret,
		    struct gd_error *err)
{
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC,
				.ifi_index = gd_nl_index(device)};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;
	struct gd_link_info info = {0};
	char what[48];

	if (ifi.ifi_index == 0)
		return GD_PORT_ABSENT;
	(void)snprintf(what, sizeof(what), "%.20s: read the link", device);
	m = gd_nl_request(RTM_GETLINK, 0, &ifi, sizeof(ifi));
	if (!m)
		return gd_raise_nomem(err);
	if (gd_nl_get(m, what, on_link, &info, err) < 0)
		return err->sys_errno == ENODEV ? GD_PORT_ABSENT : -1;
	info.speed = read_speed(device);
	*ret = info;
	return 0;
}

/*
 * Loaded on demand by the kernel, the module makes ifb0 and ifb1 that nobody asked for and
 * nobody would remove; loaded like this, it makes none. If it fails the kernel's own way
 * is still there.
 */
static void load_ifb_module(void)
{
	const char *const argv[] = {"modprobe", "-q", "ifb", "numifbs=0", NULL};
	struct gd_proc_result r;
	struct gd_error err;

	if (access("/sys/module/ifb", F_OK) == 0)
		return;
	if (gd_proc_run(argv, gd_span_s(5), &r, &err) == 0)
		free(r.out);
}

/*
 * What the ifb says by itself as soon as it is up (router solicitations, reports of groups)
 * would pass the fault's queue and count as something the fault did. Where there is no IPv6,
 * or it may not be told, there is nothing better to do.
 */
static void silence(const char *name)
{
	GD_AUTO_FREE char *path =
		gd_strf("/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	GD_AUTO_FD int fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	struct gd_error err;

	if (fd >= 0 && gd_fd_write_all(fd, "1", 1, &err) < 0)
		return;
}

static int set_up(const char *name, struct gd_error *err)
{
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC,
				.ifi_index = gd_nl_index(name),
				.ifi_flags = IFF_UP,
				.ifi_change = IFF_UP};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;
	char what[48];

	(void)snprintf(what, sizeof(what), "%.20s: set up", name);
	m = gd_nl_request(RTM_NEWLINK, 0, &ifi, sizeof(ifi));
	return m ? gd_nl_ask(m, what, err) : gd_raise_nomem(err);
}

static int add_ifb(void *ctx GD_UNUSED, const char *name, struct gd_error *err)
{
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;
	struct nlattr *info;
	char what[48];

	load_ifb_module();
	(void)snprintf(what, sizeof(what), "%.20s: add ifb", name);
	m = gd_nl_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi));
	if (!m || nla_put_string(m, IFLA_IFNAME, name) < 0)
		return gd_raise_nomem(err);
	info = nla_nest_start(m, IFLA_LINKINFO);
	if (!info || nla_put_string(m, IFLA_INFO_KIND, "ifb") < 0)
		return gd_raise_nomem(err);
	(void)nla_nest_end(m, info);
	if (gd_nl_ask(m, what, err) < 0)
		return -1;
	silence(name);
	return set_up(name, err);
}

static int remove_ifb(void *ctx, const char *name, struct gd_error *err)
{
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;
	struct gd_link_info info;
	char what[48];
	int rc = get_link(ctx, name, &info, err);

	if (rc != 0)
		return rc;
	if (strcmp(info.kind, "ifb") != 0)
		return gd_raise(err, GD_E_REFUSED,
				"%s is not an ifb: gameday does not remove it", name);
	(void)snprintf(what, sizeof(what), "%.20s: delete ifb", name);
	ifi.ifi_index = (int)info.index;
	m = gd_nl_request(RTM_DELLINK, 0, &ifi, sizeof(ifi));
	if (!m)
		return gd_raise_nomem(err);
	if (gd_nl_ask(m, what, err) < 0)
		return err->sys_errno == ENODEV ? GD_PORT_ABSENT : -1;
	return 0;
}

static int on_name(void *ctx, struct nlmsghdr *h, struct gd_error *err GD_UNUSED)
{
	const struct nlattr *attr =
		nlmsg_find_attr(h, sizeof(struct ifinfomsg), IFLA_IFNAME);
	char name[GD_DEVICE_NAME];

	if (attr) {
		(void)nla_strlcpy(name, attr, sizeof(name));
		gd_strbuf_addf(ctx, "%s\n", name);
	}
	return 0;
}

static int list_links(void *ctx GD_UNUSED, struct gd_strbuf *out, struct gd_error *err)
{
	const struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC};
	GD_AUTO(nl_msg)
	struct nl_msg *m = gd_nl_request(RTM_GETLINK, 0, &ifi, sizeof(ifi));

	if (!m)
		return gd_raise_nomem(err);
	return gd_nl_dump(m, "list the links", on_name, out, err);
}

const struct gd_link_port gd_link_linux = {.list = list_links,
					   .get = get_link,
					   .add_ifb = add_ifb,
					   .remove_ifb = remove_ifb};
