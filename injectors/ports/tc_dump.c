/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole tree takes several dumps: the qdiscs, the classes, and the filters of every
 * qdisc and class that can have some. If the kernel says that something changed during one
 * of them, all are asked again.
 */
#include "injectors/ports/tc_dump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/gen_stats.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include "injectors/ports/netem_nl.h"

enum { ATTEMPTS = 5, MAX_PARENTS = 4096, MAX_TEXT = 256 << 10 };

/* TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), without the macro's mixed signs */
static const uint32_t egress_hook = 0xfffffff3U, ingress_hook = 0xfffffff2U;

struct tree {
	int index;
	struct gd_strbuf *out;
	uint32_t *parents; /* owned: where filters may hang */
	size_t n_parents;
};

static int add_parent(struct tree *t, uint32_t parent, struct gd_error *err)
{
	uint32_t *grown;

	if (t->n_parents == MAX_PARENTS)
		return gd_raise(err, GD_E_REFUSED,
				"more than %d queues and classes: too many to watch over",
				(int)MAX_PARENTS);
	grown = reallocarray(t->parents, t->n_parents + 1, sizeof(*grown));
	if (!grown)
		return gd_raise_nomem(err);
	t->parents = grown;
	t->parents[t->n_parents++] = parent;
	return 0;
}

static int add_line(struct tree *t, struct nlmsghdr *h, struct gd_error *err)
{
	if (t->out->len > MAX_TEXT)
		return gd_raise(err, GD_E_REFUSED,
				"the traffic control tree is too large to watch over");
	return gd_tc_line(h, t->out, err);
}

static int on_queue(void *ctx, struct nlmsghdr *h, struct gd_error *err)
{
	const struct tcmsg *t = nlmsg_data(h);
	struct tree *tree = ctx;

	/* Qdisc dumps cover all devices, whatever was asked. */
	if (t->tcm_ifindex != tree->index)
		return 0;
	if (add_line(tree, h, err) < 0)
		return -1;
	if (t->tcm_parent == TC_H_INGRESS)
		return add_parent(tree, ingress_hook, err) < 0
			       ? -1
			       : add_parent(tree, egress_hook, err);
	return t->tcm_handle ? add_parent(tree, t->tcm_handle, err) : 0;
}

static int on_filter(void *ctx, struct nlmsghdr *h, struct gd_error *err)
{
	return add_line(ctx, h, err);
}

static int dump(int type, int index, uint32_t parent, const char *what, gd_nl_each_fn *fn,
		void *ctx, struct gd_error *err)
{
	struct tcmsg t = {
		.tcm_family = AF_UNSPEC, .tcm_ifindex = index, .tcm_parent = parent};
	GD_AUTO(nl_msg) struct nl_msg *m = gd_nl_request(type, 0, &t, sizeof(t));

	if (!m)
		return gd_raise_nomem(err);
	return gd_nl_dump(m, what, fn, ctx, err);
}

/*
 * A plain ingress qdisc has no egress hook, and queues without a classifier answer a
 * filter dump with nothing or with one of these.
 */
static bool has_no_filters(const struct gd_error *err)
{
	return err->sys_errno == EINVAL || err->sys_errno == EOPNOTSUPP ||
	       err->sys_errno == ENOENT;
}

static int dump_tree(struct tree *t, const char *what, struct gd_error *err)
{
	if (dump(RTM_GETQDISC, t->index, 0, what, on_queue, t, err) < 0 ||
	    dump(RTM_GETTCLASS, t->index, 0, what, on_queue, t, err) < 0)
		return -1;
	for (size_t i = 0; i < t->n_parents; i++) {
		size_t mark = t->out->len;

		if (dump(RTM_GETTFILTER, t->index, t->parents[i], what, on_filter, t,
			 err) == 0)
			continue;
		if (!has_no_filters(err))
			return -1;
		t->out->len = mark;
	}
	return 0;
}

int gd_tc_snapshot(const char *device, struct gd_strbuf *out, struct gd_error *err)
{
	char what[64];
	int rc = -1;

	(void)snprintf(what, sizeof(what), "%.20s: read traffic control", device);
	for (int i = 0; i < ATTEMPTS && rc < 0; i++) {
		GD_AUTO_STRBUF(text);
		struct tree t = {.index = gd_nl_index(device), .out = &text};

		if (t.index == 0)
			return GD_PORT_ABSENT;
		rc = dump_tree(&t, what, err);
		free(t.parents);
		if (rc == 0)
			gd_strbuf_add(out, gd_strbuf_str(&text), text.len);
		else if (err->sys_errno != EINTR)
			return -1;
	}
	return rc;
}

/* --- the hook ------------------------------------------------------------------------ */

struct hook_reader {
	struct gd_tc_hook_info info;
	int index;
	bool egress; /* of the dump under way */
};

static int on_hook(void *ctx, struct nlmsghdr *h, struct gd_error *err GD_UNUSED)
{
	const struct tcmsg *t = nlmsg_data(h);
	struct hook_reader *r = ctx;
	struct nlattr *kind = nlmsg_find_attr(h, sizeof(*t), TCA_KIND);

	if (t->tcm_ifindex != r->index || t->tcm_parent != TC_H_INGRESS || !kind)
		return 0;
	r->info.hook =
		nla_strcmp(kind, "clsact") == 0 ? GD_TC_HOOK_CLSACT : GD_TC_HOOK_INGRESS;
	return 0;
}

/* tp heads (handle 0) and u32's hash tables (node part 0) stand beside the real filters. */
static bool is_rule(const struct tcmsg *t, const char *kind)
{
	if (strcmp(kind, "u32") == 0)
		return (t->tcm_handle & 0xfff) != 0;
	return t->tcm_handle != 0;
}

static int on_rule(void *ctx, struct nlmsghdr *h, struct gd_error *err GD_UNUSED)
{
	const struct tcmsg *t = nlmsg_data(h);
	struct hook_reader *r = ctx;
	struct nlattr *attr = nlmsg_find_attr(h, sizeof(*t), TCA_KIND);
	char kind[16] = "?", *first;

	if (attr)
		(void)nla_strlcpy(kind, attr, sizeof(kind));
	if (!is_rule(t, kind))
		return 0;
	first = r->egress ? r->info.first_egress : r->info.first_ingress;
	if ((*(r->egress ? &r->info.n_egress : &r->info.n_ingress))++ == 0)
		(void)snprintf(first, sizeof(r->info.first_egress), "%s prio %u", kind,
			       t->tcm_info >> 16);
	return 0;
}

static int read_hook(struct hook_reader *r, const char *what, struct gd_error *err)
{
	if (dump(RTM_GETQDISC, r->index, 0, what, on_hook, r, err) < 0)
		return -1;
	if (r->info.hook == GD_TC_HOOK_NONE)
		return 0;
	if (dump(RTM_GETTFILTER, r->index, ingress_hook, what, on_rule, r, err) < 0)
		return -1;
	if (r->info.hook != GD_TC_HOOK_CLSACT)
		return 0;
	r->egress = true;
	return dump(RTM_GETTFILTER, r->index, egress_hook, what, on_rule, r, err);
}

int gd_tc_hook(const char *device, struct gd_tc_hook_info *ret, struct gd_error *err)
{
	char what[64];
	int rc = -1;

	(void)snprintf(what, sizeof(what), "%.20s: read filters", device);
	for (int i = 0; i < ATTEMPTS && rc < 0; i++) {
		struct hook_reader r = {.index = gd_nl_index(device)};

		if (r.index == 0)
			return GD_PORT_ABSENT;
		rc = read_hook(&r, what, err);
		if (rc == 0)
			*ret = r.info;
		else if (err->sys_errno != EINTR)
			return -1;
	}
	return rc;
}

/* --- netem --------------------------------------------------------------------------- */

struct netem_reader {
	int index;
	bool found;
	struct gd_netem netem;
	struct gd_tc_stats stats;
};

static void read_stats(struct nlattr *stats2, struct gd_tc_stats *s)
{
	struct gnet_stats_basic basic = {0};
	struct gnet_stats_queue queue = {0};
	struct nlattr *attr;
	uint64_t packets = 0;
	int rem;

	nla_for_each_nested(attr, stats2, rem)
	{
		if (nla_type(attr) == TCA_STATS_BASIC)
			(void)nla_memcpy(&basic, attr, sizeof(basic));
		else if (nla_type(attr) == TCA_STATS_QUEUE)
			(void)nla_memcpy(&queue, attr, sizeof(queue));
		else if (nla_type(attr) == TCA_STATS_PKT64)
			(void)nla_memcpy(&packets, attr, sizeof(packets));
	}
	s->bytes = (int64_t)basic.bytes;
	s->packets = packets ? (int64_t)packets : basic.packets;
	s->drops = queue.drops;
	s->queued = queue.qlen;
}

static int on_netem(void *ctx, struct nlmsghdr *h, struct gd_error *err)
{
	const struct tcmsg *t = nlmsg_data(h);
	struct netem_reader *r = ctx;
	struct nlattr *attr = nlmsg_find_attr(h, sizeof(*t), TCA_KIND);

	if (t->tcm_ifindex != r->index || !attr || nla_strcmp(attr, "netem") != 0)
		return 0;
	attr = nlmsg_find_attr(h, sizeof(*t), TCA_OPTIONS);
	if (!attr || gd_netem_read(attr, &r->netem, err) < 0)
		return attr ? -1 : 0;
	attr = nlmsg_find_attr(h, sizeof(*t), TCA_STATS2);
	if (attr)
		read_stats(attr, &r->stats);
	r->found = true;
	return 0;
}

int gd_tc_get_netem(const char *device, struct gd_netem *ret,
		    struct gd_tc_stats *ret_stats, struct gd_error *err)
{
	char what[64];
	int rc = -1;

	(void)snprintf(what, sizeof(what), "%.20s: read netem", device);
	for (int i = 0; i < ATTEMPTS && rc < 0; i++) {
		struct netem_reader r = {.index = gd_nl_index(device)};

		if (r.index == 0)
			return GD_PORT_ABSENT;
		rc = dump(RTM_GETQDISC, r.index, 0, what, on_netem, &r, err);
		if (rc < 0 && err->sys_errno != EINTR)
			return -1;
		if (rc == 0 && !r.found)
			return GD_PORT_ABSENT;
		*ret = r.netem;
		*ret_stats = r.stats;
	}
	return rc;
}
