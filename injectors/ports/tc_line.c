/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One traffic control object as one line of text that is equal exactly when the object's
 * configuration is. The options are copied attribute by attribute, leaving out or zeroing
 * what counts or ages, and hashed:
 *
 *   top level     TCA_STATS, XSTATS, STATS2, FCNT, warnings
 *   htb           direct_pkts in tc_htb_glob is a packet counter
 *   classifiers   per-rule hit counters; u32's mark has one inside
 *   actions       TCA_ACT_STATS and friends; the *_TM attribute (ages); the reference and
 *                 bind counts in every action's tc_gen head
 *
 * tcm_info of a qdisc is its reference count, so it is left out there.
 */
#include "injectors/ports/tc_dump.h"

#include <string.h>

#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_gact.h>

#include "gameday/base/hash.h"

enum { NONE = -1, DIGEST = 16 };

/* tc_gen, the head of nearly every action's parameters (linux/pkt_cls.h). */
struct gen {
	tc_gen;
};

/* Where a classifier keeps its actions, and what of it only counts. */
struct classifier {
	const char *kind;
	int actions;
	int drop[2];
};

static const struct classifier classifiers[] = {
	{"u32", TCA_U32_ACT, {TCA_U32_PCNT, NONE}},
	{"matchall", TCA_MATCHALL_ACT, {TCA_MATCHALL_PCNT, NONE}},
	{"flower", TCA_FLOWER_ACT, {TCA_FLOWER_IN_HW_COUNT, NONE}},
	{"basic", TCA_BASIC_ACT, {TCA_BASIC_PCNT, NONE}},
	{"fw", TCA_FW_ACT, {NONE, NONE}},
	{"bpf", TCA_BPF_ACT, {NONE, NONE}},
	{"route", TCA_ROUTE4_ACT, {NONE, NONE}},
	{"flow", TCA_FLOW_ACT, {NONE, NONE}},
	{"cgroup", TCA_CGROUP_ACT, {NONE, NONE}},
};

static void put_head(struct gd_strbuf *out, const struct nlattr *attr)
{
	uint16_t head[2] = {(uint16_t)nla_type(attr), (uint16_t)nla_len(attr)};

	gd_strbuf_add(out, head, sizeof(head));
}

static void put_whole(struct gd_strbuf *out, const struct nlattr *attr)
{
	put_head(out, attr);
	gd_strbuf_add(out, nla_data(attr), (size_t)nla_len(attr));
}

/* Adds attr with the 4 bytes at `at` (and the next `also` bytes) as zeros. */
static void put_masked(struct gd_strbuf *out, const struct nlattr *attr, size_t at,
		       size_t also)
{
	size_t start, size = (size_t)nla_len(attr);

	put_head(out, attr);
	start = out->len;
	gd_strbuf_add(out, nla_data(attr), size);
	if (!out->failed && size >= at + 4 + also)
		memset(out->data + start + at, 0, 4 + also);
}

/* --- actions ------------------------------------------------------------------------- */

static void put_police(struct gd_strbuf *out, const struct nlattr *attr)
{
	if (nla_type(attr) == TCA_POLICE_TM || nla_type(attr) == TCA_POLICE_RESULT)
		return;
	if (nla_type(attr) == TCA_POLICE_TBF)
		put_masked(out, attr, offsetof(struct tc_police, refcnt), 4);
	else
		put_whole(out, attr);
}

/*
 * In all other actions the parameters begin with tc_gen and have type 1 or 2 (4 in pedit's
 * extended form); the ages are the one attribute of type 1 or 2 with the size of tcf_t.
 */
static void put_action_option(struct gd_strbuf *out, const struct nlattr *attr)
{
	int type = nla_type(attr), size = nla_len(attr);

	if ((type == 1 || type == 2) && size == (int)sizeof(struct tcf_t))
		return;
	if ((type == 1 || type == 2 || type == 4) && size >= (int)sizeof(struct gen))
		put_masked(out, attr, offsetof(struct gen, refcnt), 4);
	else
		put_whole(out, attr);
}

static void put_action(struct gd_strbuf *out, struct nlattr *action)
{
	struct nlattr *kind = nla_find(nla_data(action), nla_len(action), TCA_ACT_KIND);
	bool police = kind && nla_strcmp(kind, "police") == 0;
	struct nlattr *attr, *opt;
	int rem, rem_opt;

	put_head(out, action);
	nla_for_each_nested(attr, action, rem)
	{
		int type = nla_type(attr);

		if (type == TCA_ACT_KIND || type == TCA_ACT_COOKIE ||
		    type == TCA_ACT_FLAGS || type == TCA_ACT_HW_STATS)
			put_whole(out, attr);
		if (type != TCA_ACT_OPTIONS)
			continue;
		nla_for_each_nested(opt, attr, rem_opt)
		{
			if (police)
				put_police(out, opt);
			else
				put_action_option(out, opt);
		}
	}
}

/* --- options ------------------------------------------------------------------------- */

static const struct classifier *find_classifier(const char *kind)
{
	for (size_t i = 0; i < GD_N_ELEMS(classifiers); i++)
		if (strcmp(classifiers[i].kind, kind) == 0)
			return &classifiers[i];
	return NULL;
}

static void put_classifier(struct gd_strbuf *out, const struct classifier *c,
			   struct nlattr *options)
{
	struct nlattr *attr, *action;
	int rem, rem_action;

	nla_for_each_nested(attr, options, rem)
	{
		int type = nla_type(attr);

		if (type == c->drop[0] || type == c->drop[1])
			continue;
		if (type == c->actions)
			nla_for_each_nested(action, attr, rem_action)
				put_action(out, action);
		else if (type == TCA_U32_MARK && strcmp(c->kind, "u32") == 0)
			put_masked(out, attr, offsetof(struct tc_u32_mark, success), 0);
		else
			put_whole(out, attr);
	}
}

static void put_htb(struct gd_strbuf *out, struct nlattr *options)
{
	struct nlattr *attr;
	int rem;

	nla_for_each_nested(attr, options, rem)
	{
		if (nla_type(attr) == TCA_HTB_INIT)
			put_masked(out, attr, offsetof(struct tc_htb_glob, direct_pkts),
				   0);
		else
			put_whole(out, attr);
	}
}

static void put_options(struct gd_strbuf *out, int type, const char *kind,
			struct nlattr *options)
{
	const struct classifier *c = find_classifier(kind);

	if (type == RTM_NEWTFILTER && c)
		put_classifier(out, c, options);
	else if (type == RTM_NEWQDISC && strcmp(kind, "htb") == 0)
		put_htb(out, options);
	else
		put_whole(out, options);
}

static bool counts_only(int type)
{
	return type == TCA_KIND || type == TCA_STATS || type == TCA_XSTATS ||
	       type == TCA_STATS2 || type == TCA_FCNT || type == TCA_PAD ||
	       type == TCA_EXT_WARN_MSG;
}

/* --- lines --------------------------------------------------------------------------- */

static void put_handle(struct gd_strbuf *out, uint32_t h)
{
	if (h == TC_H_ROOT)
		gd_strbuf_adds(out, "root");
	else if (h == TC_H_INGRESS)
		gd_strbuf_adds(out, "ingress-hook");
	else
		gd_strbuf_addf(out, "%x:%x", h >> 16, h & 0xffff);
}

static void put_names(struct gd_strbuf *out, const struct nlmsghdr *h,
		      const struct tcmsg *t, const char *kind)
{
	const char *what = h->nlmsg_type == RTM_NEWQDISC    ? "qdisc"
			   : h->nlmsg_type == RTM_NEWTCLASS ? "class"
							    : "filter";

	gd_strbuf_addf(out, "%s %s ", what, kind);
	if (h->nlmsg_type == RTM_NEWTFILTER)
		gd_strbuf_addf(out, "0x%x", t->tcm_handle);
	else
		put_handle(out, t->tcm_handle);
	gd_strbuf_adds(out, " parent ");
	put_handle(out, t->tcm_parent);
	if (h->nlmsg_type == RTM_NEWTCLASS)
		gd_strbuf_addf(out, " leaf %x:", t->tcm_info >> 16);
	if (h->nlmsg_type == RTM_NEWTFILTER)
		gd_strbuf_addf(out, " prio %u protocol %04x", t->tcm_info >> 16,
			       __builtin_bswap16((uint16_t)(t->tcm_info & 0xffff)));
}

/* Classes that exist only while packets of a flow are queued. */
static bool comes_and_goes(const struct nlmsghdr *h, const char *kind)
{
	return h->nlmsg_type == RTM_NEWTCLASS &&
	       (strcmp(kind, "fq_codel") == 0 || strcmp(kind, "sfq") == 0 ||
		strcmp(kind, "cake") == 0 || strcmp(kind, "fq_pie") == 0 ||
		strcmp(kind, "sfb") == 0);
}

int gd_tc_line(struct nlmsghdr *h, struct gd_strbuf *out, struct gd_error *err)
{
	const struct tcmsg *t = nlmsg_data(h);
	GD_AUTO_STRBUF(bytes);
	char kind[16] = "?", digest[GD_SHA256_HEX];
	struct nlattr *attr = nlmsg_find_attr(h, sizeof(*t), TCA_KIND);
	int rem;

	if (attr)
		(void)nla_strlcpy(kind, attr, sizeof(kind));
	if (comes_and_goes(h, kind))
		return 0;
	nlmsg_for_each_attr(attr, h, sizeof(*t), rem)
	{
		if (nla_type(attr) == TCA_OPTIONS)
			put_options(&bytes, h->nlmsg_type, kind, attr);
		else if (!counts_only(nla_type(attr)))
			put_whole(&bytes, attr);
	}
	if (bytes.failed)
		return gd_raise_nomem(err);
	if (gd_sha256_hex(gd_strbuf_str(&bytes), bytes.len, digest, err) < 0)
		return -1;
	digest[DIGEST] = '\0';
	put_names(out, h, t, kind);
	gd_strbuf_addf(out, " options %s\n", digest);
	return 0;
}
