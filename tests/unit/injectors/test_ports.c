/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pure parts of the real ports: netem's options through a netlink message and back,
 * and the lines of a traffic control state, whose digests must not see counters.
 */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_mirred.h>

#include "injectors/ports/netem_nl.h"
#include "injectors/ports/tc_dump.h"

static const struct gd_netem everything = {
	.delay = {123456789},
	.jitter = {1000001},
	.delay_correlation = {250000000},
	.loss = {50000000},
	.loss_correlation = {1},
	.duplicate = {10000000},
	.duplicate_correlation = {20000000},
	.corrupt = {999999999},
	.corrupt_correlation = {333333333},
	.reorder = {1000000000},
	.reorder_correlation = {500000000},
	.gap = 5,
	.rate = {INT64_C(80000000000)},
	.limit = 200000,
};

static struct gd_netem there_and_back(const struct gd_netem *n)
{
	const struct tcmsg t = {0};
	GD_AUTO(nl_msg) struct nl_msg *m = gd_nl_request(RTM_NEWQDISC, 0, &t, sizeof(t));
	struct gd_error err = GD_ERROR_INIT;
	struct gd_netem back = {0};
	struct nlattr *options;

	assert_non_null(m);
	assert_int_equal(gd_netem_put(m, n, &err), 0);
	options = nlmsg_find_attr(nlmsg_hdr(m), sizeof(t), TCA_OPTIONS);
	assert_non_null(options);
	assert_int_equal(gd_netem_read(options, &back, &err), 0);
	return back;
}

static void test_netem_options_round_trip(void **state GD_UNUSED)
{
	const struct gd_netem nothing = {.limit = 1000};
	struct gd_netem back = there_and_back(&everything);

	assert_memory_equal(&back, &everything, sizeof(back));
	back = there_and_back(&nothing);
	assert_memory_equal(&back, &nothing, sizeof(back));
}

/* 1 % is 42,949,673 of 2^32 - 1: what `tc` sends as well. */
static void test_netem_options_in_the_kernels_units(void **state GD_UNUSED)
{
	const struct gd_netem n = {.loss = {10000000}, .delay = {64000}, .limit = 7};
	const struct tcmsg t = {0};
	GD_AUTO(nl_msg) struct nl_msg *m = gd_nl_request(RTM_NEWQDISC, 0, &t, sizeof(t));
	struct gd_error err = GD_ERROR_INIT;
	struct tc_netem_qopt opt;
	struct nlattr *options;

	assert_int_equal(gd_netem_put(m, &n, &err), 0);
	options = nlmsg_find_attr(nlmsg_hdr(m), sizeof(t), TCA_OPTIONS);
	memcpy(&opt, nla_data(options), sizeof(opt));
	assert_int_equal(opt.loss, 42949673);
	assert_int_equal(opt.latency, 1000);
	assert_int_equal(opt.limit, 7);
}

static void test_short_options_are_refused(void **state GD_UNUSED)
{
	const struct tcmsg t = {0};
	GD_AUTO(nl_msg) struct nl_msg *m = gd_nl_request(RTM_NEWQDISC, 0, &t, sizeof(t));
	struct gd_error err = GD_ERROR_INIT;
	struct gd_netem n;

	assert_int_equal(nla_put_u32(m, TCA_OPTIONS, 1), 0);
	assert_int_equal(
		gd_netem_read(nlmsg_find_attr(nlmsg_hdr(m), sizeof(t), TCA_OPTIONS), &n,
			      &err),
		-1);
}

/* --- lines --------------------------------------------------------------------------- */

static void line_of(struct nl_msg *m, struct gd_strbuf *out)
{
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_tc_line(nlmsg_hdr(m), out, &err), 0);
}

/* An htb qdisc as the kernel dumps it, with so many packets counted. */
static void htb_line(uint32_t direct, uint32_t defcls, uint32_t drops,
		     struct gd_strbuf *out)
{
	const struct tcmsg t = {
		.tcm_handle = 0x10000, .tcm_parent = TC_H_ROOT, .tcm_info = drops};
	const struct tc_htb_glob glob = {
		.version = 3, .defcls = defcls, .direct_pkts = direct};
	const struct gnet_stats_queue q = {.drops = drops};
	GD_AUTO(nl_msg) struct nl_msg *m = gd_nl_request(RTM_NEWQDISC, 0, &t, sizeof(t));
	struct nlattr *nest;

	assert_int_equal(nla_put_string(m, TCA_KIND, "htb"), 0);
	nest = nla_nest_start(m, TCA_OPTIONS);
	assert_int_equal(nla_put(m, TCA_HTB_INIT, sizeof(glob), &glob), 0);
	nla_nest_end(m, nest);
	nest = nla_nest_start(m, TCA_STATS2);
	assert_int_equal(nla_put(m, TCA_STATS_QUEUE, sizeof(q), &q), 0);
	nla_nest_end(m, nest);
	line_of(m, out);
}

static void test_qdisc_line_sees_no_counters(void **state GD_UNUSED)
{
	GD_AUTO_STRBUF(quiet);
	GD_AUTO_STRBUF(busy);
	GD_AUTO_STRBUF(other);

	htb_line(0, 0x10, 0, &quiet);
	htb_line(1234, 0x10, 77, &busy);
	htb_line(0, 0x20, 0, &other);
	assert_string_equal(gd_strbuf_str(&quiet), gd_strbuf_str(&busy));
	assert_string_not_equal(gd_strbuf_str(&quiet), gd_strbuf_str(&other));
	assert_non_null(strstr(gd_strbuf_str(&quiet), "qdisc htb 1:0 parent root"));
}

/* A matchall filter that redirects, with ages, hits and references. */
static void filter_line(uint32_t target, int refs, uint64_t age, struct gd_strbuf *out)
{
	const struct tcmsg t = {.tcm_handle = 1,
				.tcm_parent = 0xfffffff3U,
				.tcm_info = 7U << 16 | 0x0008};
	const struct tc_mirred act = {.refcnt = refs,
				      .bindcnt = refs,
				      .action = TC_ACT_STOLEN,
				      .ifindex = target};
	const struct tcf_t tm = {.install = age, .lastuse = age};
	const uint64_t hits[4] = {age};
	GD_AUTO(nl_msg)
	struct nl_msg *m = gd_nl_request(RTM_NEWTFILTER, 0, &t, sizeof(t));
	struct nlattr *options, *acts, *one, *opt;

	assert_int_equal(nla_put_string(m, TCA_KIND, "matchall"), 0);
	options = nla_nest_start(m, TCA_OPTIONS);
	assert_int_equal(nla_put(m, TCA_MATCHALL_PCNT, sizeof(hits), hits), 0);
	acts = nla_nest_start(m, TCA_MATCHALL_ACT);
	one = nla_nest_start(m, 1);
	assert_int_equal(nla_put_string(m, TCA_ACT_KIND, "mirred"), 0);
	assert_int_equal(nla_put(m, TCA_ACT_STATS, sizeof(hits), hits), 0);
	opt = nla_nest_start(m, TCA_ACT_OPTIONS);
	assert_int_equal(nla_put(m, TCA_MIRRED_PARMS, sizeof(act), &act), 0);
	assert_int_equal(nla_put(m, TCA_MIRRED_TM, sizeof(tm), &tm), 0);
	nla_nest_end(m, opt);
	nla_nest_end(m, one);
	nla_nest_end(m, acts);
	nla_nest_end(m, options);
	line_of(m, out);
}

static void test_filter_line_sees_no_ages(void **state GD_UNUSED)
{
	GD_AUTO_STRBUF(young);
	GD_AUTO_STRBUF(old);
	GD_AUTO_STRBUF(other);

	filter_line(3, 1, 0, &young);
	filter_line(3, 2, 99999, &old);
	filter_line(4, 1, 0, &other);
	assert_string_equal(gd_strbuf_str(&young), gd_strbuf_str(&old));
	assert_string_not_equal(gd_strbuf_str(&young), gd_strbuf_str(&other));
	assert_non_null(strstr(gd_strbuf_str(&young), "prio 7 protocol 0800"));
}

static void test_classes_of_flows_give_no_line(void **state GD_UNUSED)
{
	const struct tcmsg t = {.tcm_handle = 0x100001, .tcm_parent = 0x100000};
	GD_AUTO(nl_msg) struct nl_msg *m = gd_nl_request(RTM_NEWTCLASS, 0, &t, sizeof(t));
	GD_AUTO_STRBUF(out);

	assert_int_equal(nla_put_string(m, TCA_KIND, "fq_codel"), 0);
	line_of(m, &out);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_netem_options_round_trip),
		cmocka_unit_test(test_netem_options_in_the_kernels_units),
		cmocka_unit_test(test_short_options_are_refused),
		cmocka_unit_test(test_qdisc_line_sees_no_counters),
		cmocka_unit_test(test_filter_line_sees_no_ages),
		cmocka_unit_test(test_classes_of_flows_give_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
