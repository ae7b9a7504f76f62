/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing traffic control, by messages made here: libnl-route has no setters for half of
 * what netem can do and none for flower's ports.
 */
#include "injectors/ports/linux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_gact.h>
#include <linux/tc_act/tc_mirred.h>

#include "injectors/ports/netem_nl.h"
#include "injectors/ports/nl.h"
#include "injectors/ports/tc_dump.h"

static const uint32_t clsact_parent = 0xfffffff1U, clsact_handle = 0xffff0000U,
		      egress_hook = 0xfffffff3U, ingress_hook = 0xfffffff2U;
static const uint32_t segmenter = 0x00010000U, netem_handle = 0x00100000U;

/* Far above any link, so that the segmenter never makes a packet wait. */
static const uint64_t segmenter_bytes_per_s = 12500000000U;

struct request {
	const char *device;
	int type, flags;
	uint32_t handle, parent, info;
	const char *kind; /* NULL: none */
};

/* The start of a message; -1 also when the device is gone (sys_errno ENODEV). */
static int begin(const struct request *r, struct nl_msg **ret, struct gd_error *err)
{
	struct tcmsg t = {.tcm_family = AF_UNSPEC,
			  .tcm_ifindex = gd_nl_index(r->device),
			  .tcm_handle = r->handle,
			  .tcm_parent = r->parent,
			  .tcm_info = r->info};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;

	if (t.tcm_ifindex == 0) {
		errno = ENODEV;
		return gd_raise_errno(err, "%s", r->device);
	}
	m = gd_nl_request(r->type, r->flags, &t, sizeof(t));
	if (!m || (r->kind && nla_put_string(m, TCA_KIND, r->kind) < 0))
		return gd_raise_nomem(err);
	*ret = gd_steal_ptr(&m);
	return 0;
}

static int send_off(struct nl_msg *m, const char *device, const char *verb,
		    struct gd_error *err)
{
	char what[80];

	(void)snprintf(what, sizeof(what), "%.20s: %s", device, verb);
	return gd_nl_ask(m, what, err);
}

/* --- qdiscs -------------------------------------------------------------------------- */

static int add_clsact(void *ctx GD_UNUSED, const char *device, struct gd_error *err)
{
	const struct request r = {.device = device,
				  .type = RTM_NEWQDISC,
				  .flags = NLM_F_CREATE | NLM_F_EXCL,
				  .handle = clsact_handle,
				  .parent = clsact_parent,
				  .kind = "clsact"};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;

	if (begin(&r, &m, err) < 0)
		return -1;
	return send_off(m, device, "add qdisc clsact", err);
}

static bool was_absent(const struct gd_error *err)
{
	return err->sys_errno == ENODEV || err->sys_errno == ENOENT ||
	       err->sys_errno == EINVAL;
}

static int remove_clsact(void *ctx GD_UNUSED, const char *device, struct gd_error *err)
{
	const struct request r = {.device = device,
				  .type = RTM_DELQDISC,
				  .handle = clsact_handle,
				  .parent = clsact_parent,
				  .kind = "clsact"};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;

	if (begin(&r, &m, err) < 0)
		return err->sys_errno == ENODEV ? GD_PORT_ABSENT : -1;
	if (send_off(m, device, "delete qdisc clsact", err) < 0)
		return was_absent(err) ? GD_PORT_ABSENT : -1;
	return 0;
}

/* tbf takes bundles apart when they exceed its burst: one and a half packets. */
static int put_tbf(struct nl_msg *m, int64_t mtu)
{
	uint32_t burst = (uint32_t)(mtu + ETH_HLEN + mtu / 2);
	struct tc_tbf_qopt opt = {
		.rate = {.linklayer = TC_LINKLAYER_ETHERNET, .rate = UINT32_MAX},
		.limit = 10 << 20,
		.buffer = 1 << 10};
	struct nlattr *nest = nla_nest_start(m, TCA_OPTIONS);

	if (!nest || nla_put(m, TCA_TBF_PARMS, sizeof(opt), &opt) < 0 ||
	    nla_put(m, TCA_TBF_RATE64, sizeof(segmenter_bytes_per_s),
		    &segmenter_bytes_per_s) < 0 ||
	    nla_put_u32(m, TCA_TBF_BURST, burst) < 0)
		return -1;
	(void)nla_nest_end(m, nest);
	return 0;
}

static int add_segmenter(void *ctx GD_UNUSED, const char *device, int64_t mtu,
			 struct gd_error *err)
{
	const struct request r = {.device = device,
				  .type = RTM_NEWQDISC,
				  .flags = NLM_F_CREATE | NLM_F_EXCL,
				  .handle = segmenter,
				  .parent = TC_H_ROOT,
				  .kind = "tbf"};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;

	if (begin(&r, &m, err) < 0)
		return -1;
	if (put_tbf(m, mtu) < 0)
		return gd_raise_nomem(err);
	return send_off(m, device, "add qdisc tbf", err);
}

static int put_netem(const char *device, bool below_segmenter, const struct gd_netem *n,
		     bool is_new, struct gd_error *err)
{
	const struct request r = {.device = device,
				  .type = RTM_NEWQDISC,
				  .flags = is_new ? NLM_F_CREATE | NLM_F_EXCL : 0,
				  .handle = netem_handle,
				  .parent = below_segmenter ? segmenter | 1 : TC_H_ROOT,
				  .kind = "netem"};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;

	if (begin(&r, &m, err) < 0 || gd_netem_put(m, n, is_new, err) < 0)
		return -1;
	return send_off(m, device, is_new ? "add qdisc netem" : "change qdisc netem",
			err);
}

static int add_netem(void *ctx GD_UNUSED, const char *device, bool below_segmenter,
		     const struct gd_netem *n, struct gd_error *err)
{
	return put_netem(device, below_segmenter, n, true, err);
}

static int change_netem(void *ctx GD_UNUSED, const char *device, bool below_segmenter,
			const struct gd_netem *n, struct gd_error *err)
{
	return put_netem(device, below_segmenter, n, false, err);
}

/* --- filters ------------------------------------------------------------------------- */

/* actions = { 1: {kind, options: {parameters}} } in the classifier's own attribute */
static int put_action(struct nl_msg *m, int attribute, const char *kind, int parameters,
		      const void *data, size_t size)
{
	struct nlattr *list = nla_nest_start(m, attribute), *first, *options;

	if (!list)
		return -1;
	first = nla_nest_start(m, 1);
	if (!first || nla_put_string(m, TCA_ACT_KIND, kind) < 0)
		return -1;
	options = nla_nest_start(m, TCA_ACT_OPTIONS);
	if (!options || nla_put(m, parameters, (int)size, data) < 0)
		return -1;
	(void)nla_nest_end(m, options);
	(void)nla_nest_end(m, first);
	(void)nla_nest_end(m, list);
	return 0;
}

static int put_verdict(struct nl_msg *m, int attribute, int redirect_index)
{
	struct tc_gact pass = {.action = TC_ACT_OK};
	struct tc_mirred redirect = {.action = TC_ACT_STOLEN,
				     .eaction = TCA_EGRESS_REDIR,
				     .ifindex = (uint32_t)redirect_index};

	if (redirect_index)
		return put_action(m, attribute, "mirred", TCA_MIRRED_PARMS, &redirect,
				  sizeof(redirect));
	return put_action(m, attribute, "gact", TCA_GACT_PARMS, &pass, sizeof(pass));
}

static void make_mask(int prefix_len, uint8_t *mask, size_t size)
{
	memset(mask, 0, size);
	for (int bit = 0; bit < prefix_len && (size_t)(bit / 8) < size; bit++)
		mask[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
}

static int put_prefix(struct nl_msg *m, const struct gd_tc_match *match)
{
	bool four = match->family == AF_INET;
	int size = four ? 4 : 16;
	int key = four ? TCA_FLOWER_KEY_IPV4_DST : TCA_FLOWER_KEY_IPV6_DST;
	int key_mask = four ? TCA_FLOWER_KEY_IPV4_DST_MASK : TCA_FLOWER_KEY_IPV6_DST_MASK;
	uint8_t mask[16];

	if (match->of_source) {
		key = four ? TCA_FLOWER_KEY_IPV4_SRC : TCA_FLOWER_KEY_IPV6_SRC;
		key_mask = four ? TCA_FLOWER_KEY_IPV4_SRC_MASK
				: TCA_FLOWER_KEY_IPV6_SRC_MASK;
	}
	make_mask(match->prefix_len, mask, sizeof(mask));
	if (nla_put(m, key, size, match->addr) < 0)
		return -1;
	return nla_put(m, key_mask, size, mask);
}

static int put_ports(struct nl_msg *m, const struct gd_tc_match *match)
{
	int src = TCA_FLOWER_KEY_TCP_SRC, dst = TCA_FLOWER_KEY_TCP_DST;

	if (match->ip_proto == IPPROTO_UDP) {
		src = TCA_FLOWER_KEY_UDP_SRC;
		dst = TCA_FLOWER_KEY_UDP_DST;
	} else if (match->ip_proto == IPPROTO_SCTP) {
		src = TCA_FLOWER_KEY_SCTP_SRC;
		dst = TCA_FLOWER_KEY_SCTP_DST;
	}
	if (match->src_port && nla_put_u16(m, src, htons((uint16_t)match->src_port)) < 0)
		return -1;
	if (match->dst_port && nla_put_u16(m, dst, htons((uint16_t)match->dst_port)) < 0)
		return -1;
	return 0;
}

static int put_transport(struct nl_msg *m, const struct gd_tc_match *match)
{
	if (nla_put_u8(m, TCA_FLOWER_KEY_IP_PROTO, (uint8_t)match->ip_proto) < 0 ||
	    put_ports(m, match) < 0)
		return -1;
	if (match->icmp6_type &&
	    nla_put_u8(m, TCA_FLOWER_KEY_ICMPV6_TYPE, (uint8_t)match->icmp6_type) < 0)
		return -1;
	return 0;
}

/* Rules stay in software: a card that takes them over would leave the ifb out. */
static int put_flower(struct nl_msg *m, const struct gd_tc_filter *f, uint16_t proto,
		      int redirect_index)
{
	struct nlattr *nest = nla_nest_start(m, TCA_OPTIONS);

	if (!nest || nla_put_u16(m, TCA_FLOWER_KEY_ETH_TYPE, proto) < 0 ||
	    nla_put_u32(m, TCA_FLOWER_FLAGS, TCA_CLS_FLAGS_SKIP_HW) < 0)
		return -1;
	if (f->match.has_prefix && put_prefix(m, &f->match) < 0)
		return -1;
	if (f->match.ip_proto && put_transport(m, &f->match) < 0)
		return -1;
	if (put_verdict(m, TCA_FLOWER_ACT, redirect_index) < 0)
		return -1;
	(void)nla_nest_end(m, nest);
	return 0;
}

static int put_matchall(struct nl_msg *m, int redirect_index)
{
	struct nlattr *nest = nla_nest_start(m, TCA_OPTIONS);

	if (!nest || nla_put_u32(m, TCA_MATCHALL_FLAGS, TCA_CLS_FLAGS_SKIP_HW) < 0 ||
	    put_verdict(m, TCA_MATCHALL_ACT, redirect_index) < 0)
		return -1;
	(void)nla_nest_end(m, nest);
	return 0;
}

static int add_filter(void *ctx GD_UNUSED, const char *device,
		      const struct gd_tc_filter *f, struct gd_error *err)
{
	uint16_t proto = htons(f->match.family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	bool any = !f->match.has_prefix && !f->match.ip_proto;
	const struct request r = {.device = device,
				  .type = RTM_NEWTFILTER,
				  .flags = NLM_F_CREATE | NLM_F_EXCL,
				  .parent = f->ingress ? ingress_hook : egress_hook,
				  .info = (uint32_t)f->prio << 16 | proto,
				  .kind = any ? "matchall" : "flower"};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;
	int target = f->redirect_to ? gd_nl_index(f->redirect_to) : 0;
	int rc;

	if (f->redirect_to && target == 0) {
		errno = ENODEV;
		return gd_raise_errno(err, "%s", f->redirect_to);
	}
	if (begin(&r, &m, err) < 0)
		return -1;
	rc = any ? put_matchall(m, target) : put_flower(m, f, proto, target);
	if (rc < 0)
		return gd_raise_nomem(err);
	return send_off(m, device,
			f->ingress ? "add ingress filter" : "add egress filter", err);
}

static int remove_filters(void *ctx GD_UNUSED, const char *device, bool ingress,
			  int64_t prio, struct gd_error *err)
{
	/* No handle: all of that priority; protocol 0: whatever it is. */
	const struct request r = {.device = device,
				  .type = RTM_DELTFILTER,
				  .parent = ingress ? ingress_hook : egress_hook,
				  .info = (uint32_t)prio << 16};
	GD_AUTO(nl_msg) struct nl_msg *m = NULL;

	if (begin(&r, &m, err) < 0)
		return err->sys_errno == ENODEV ? GD_PORT_ABSENT : -1;
	if (send_off(m, device,
		     ingress ? "delete ingress filters" : "delete egress filters",
		     err) < 0)
		return was_absent(err) ? GD_PORT_ABSENT : -1;
	return 0;
}

/* --- reading ------------------------------------------------------------------------- */

static int snapshot(void *ctx GD_UNUSED, const char *device, struct gd_strbuf *out,
		    struct gd_error *err)
{
	return gd_tc_snapshot(device, out, err);
}

static int hook(void *ctx GD_UNUSED, const char *device, struct gd_tc_hook_info *ret,
		struct gd_error *err)
{
	return gd_tc_hook(device, ret, err);
}

static int get_netem(void *ctx GD_UNUSED, const char *device, struct gd_netem *ret,
		     struct gd_tc_stats *ret_stats, struct gd_error *err)
{
	return gd_tc_get_netem(device, ret, ret_stats, err);
}

const struct gd_tc_port gd_tc_linux = {
	.snapshot = snapshot,
	.hook = hook,
	.add_clsact = add_clsact,
	.remove_clsact = remove_clsact,
	.add_filter = add_filter,
	.remove_filters = remove_filters,
	.add_segmenter = add_segmenter,
	.add_netem = add_netem,
	.change_netem = change_netem,
	.get_netem = get_netem,
};
