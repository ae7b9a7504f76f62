/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbour entries (ARP, IPv6 neighbour discovery) by route netlink: the kernel says by which
 * next hop an address is reached, and what it learnt about that hop is deleted.
 */
#include "injectors/ports/linux.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/neighbour.h>

#include "injectors/ports/nl.h"

enum { MAX_FOUND = 16 };

struct hop {
	int family;
	int device; /* index; 0: any */
	uint8_t addr[16];
};

struct search {
	struct hop hop;
	int found[MAX_FOUND]; /* devices that have an entry to delete */
	size_t n;
};

static size_t address_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

static bool is_link_local(int family, const uint8_t addr[16])
{
	return family == AF_INET6 && addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80;
}

static int on_route(void *ctx, struct nlmsghdr *h, struct gd_error *err GD_UNUSED)
{
	const struct nlattr *oif = nlmsg_find_attr(h, sizeof(struct rtmsg), RTA_OIF);
	const struct nlattr *gw = nlmsg_find_attr(h, sizeof(struct rtmsg), RTA_GATEWAY);
	const struct nlattr *via = nlmsg_find_attr(h, sizeof(struct rtmsg), RTA_VIA);
	struct hop *hop = ctx;

	if (h->nlmsg_type != RTM_NEWROUTE)
		return 0;
	if (oif)
		hop->device = (int)nla_get_u32(oif);
	if (gw && (size_t)nla_len(gw) == address_size(hop->family)) {
		memcpy(hop->addr, nla_data(gw), address_size(hop->family));
	} else if (via && (size_t)nla_len(via) == sizeof(struct rtvia) + 16) {
		/* An IPv4 route by way of an IPv6 neighbour. */
		hop->family = AF_INET6;
		memcpy(hop->addr, (const char *)nla_data(via) + sizeof(struct rtvia), 16);
	}
	return 0;
}

/* Which neighbour packets to addr are handed to. */
static int find_hop(int family, const uint8_t addr[16], struct hop *ret,
		    struct gd_error *err)
{
	struct rtmsg rt = {.rtm_family = (unsigned char)family,
			   .rtm_dst_len = (unsigned char)(8 * address_size(family))};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;

	*ret = (struct hop){.family = family};
	memcpy(ret->addr, addr, address_size(family));
	/* Which device a link-local address is behind, it does not say. */
	if (is_link_local(family, addr))
		return 0;
	m = gd_nl_request(RTM_GETROUTE, 0, &rt, sizeof(rt));
	if (!m || nla_put(m, RTA_DST, (int)address_size(family), addr) < 0)
		return gd_raise_nomem(err);
	return gd_nl_get(m, "find the way back", on_route, ret, err);
}

/* What was not learnt is configuration, or a routing daemon's. */
static bool is_learnt(const struct ndmsg *nd)
{
	return !(nd->ndm_state & (NUD_PERMANENT | NUD_NOARP)) &&
	       !(nd->ndm_flags & (NTF_EXT_LEARNED | NTF_PROXY));
}

static int on_neighbour(void *ctx, struct nlmsghdr *h, struct gd_error *err GD_UNUSED)
{
	const struct nlattr *dst = nlmsg_find_attr(h, sizeof(struct ndmsg), NDA_DST);
	const struct ndmsg *nd = nlmsg_data(h);
	struct search *s = ctx;
	size_t size = address_size(s->hop.family);

	if (h->nlmsg_type != RTM_NEWNEIGH || nd->ndm_family != s->hop.family || !dst ||
	    (size_t)nla_len(dst) != size || memcmp(nla_data(dst), s->hop.addr, size) != 0)
		return 0;
	if (s->hop.device && nd->ndm_ifindex != s->hop.device)
		return 0;
	if (is_learnt(nd) && s->n < MAX_FOUND)
		s->found[s->n++] = nd->ndm_ifindex;
	return 0;
}

static int delete_entry(const struct hop *hop, int device, struct gd_error *err)
{
	const struct ndmsg nd = {.ndm_family = (unsigned char)hop->family,
				 .ndm_ifindex = device};
	GD_AUTO(nl_msg)
	struct nl_msg *m = gd_nl_request(RTM_DELNEIGH, 0, &nd, sizeof(nd));

	if (!m || nla_put(m, NDA_DST, (int)address_size(hop->family), hop->addr) < 0)
		return gd_raise_nomem(err);
	if (gd_nl_ask(m, "forget a neighbour", err) < 0 && err->sys_errno != ENOENT)
		return -1;
	return 0;
}

static int forget(void *ctx GD_UNUSED, int family, const uint8_t addr[16], int64_t *ret_n,
		  struct gd_error *err)
{
	struct ndmsg nd = {.ndm_family = AF_UNSPEC};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;
	struct search s = {0};

	if (find_hop(family, addr, &s.hop, err) < 0)
		return -1;
	nd.ndm_family = (unsigned char)s.hop.family;
	m = gd_nl_request(RTM_GETNEIGH, 0, &nd, sizeof(nd));
	if (!m)
		return gd_raise_nomem(err);
	if (gd_nl_dump(m, "list the neighbours", on_neighbour, &s, err) < 0)
		return -1;
	for (size_t i = 0; i < s.n; i++)
		if (delete_entry(&s.hop, s.found[i], err) < 0)
			return -1;
	*ret_n = (int64_t)s.n;
	return 0;
}

const struct gd_neighbour_port gd_neighbour_linux = {.forget = forget};
