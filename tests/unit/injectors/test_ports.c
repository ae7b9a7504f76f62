/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pure parts of the real ports: netem's options through a netlink message and back,
 * and the lines of a traffic control state, whose digests must not see counters.
 */
#include "tests/unit/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_mirred.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "injectors/ports/linux.h"
#include "injectors/ports/netem_dist.h"
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
	.packet_overhead = -14,
	.cell_size = 48,
	.cell_overhead = 5,
	.slot = {800000},
	.slot_max = {1200000},
	.slot_packets = 12,
	.slot_bytes = 64000,
	.seed = 77,
	.limit = 200000,
	.ecn = true,
};

static const struct gd_netem bursts = {.burst_start = {10000000},
				       .burst_end = {250000000},
				       .burst_loss = {999999999},
				       .quiet_loss = {1},
				       .limit = 1};
static const struct gd_netem four_states = {.p13 = {10000000},
					    .p31 = {250000000},
					    .p32 = {333333333},
					    .p23 = {1000000000},
					    .p14 = {1},
					    .limit = 1};

static struct gd_netem there_and_back(const struct gd_netem *n)
{
	const struct tcmsg t = {0};
	GD_AUTO(nl_msg) struct nl_msg *m = gd_nl_request(RTM_NEWQDISC, 0, &t, sizeof(t));
	struct gd_error err = GD_ERROR_INIT;
	struct gd_netem back = {0};
	struct nlattr *options;

	assert_non_null(m);
	assert_int_equal(gd_netem_put(m, n, true, &err), 0);
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
	back = there_and_back(&bursts);
	assert_memory_equal(&back, &bursts, sizeof(back));
	back = there_and_back(&four_states);
	assert_memory_equal(&back, &four_states, sizeof(back));
}

static bool has_attribute(const struct gd_netem *n, bool is_new, int type)
{
	const struct tcmsg t = {0};
	GD_AUTO(nl_msg) struct nl_msg *m = gd_nl_request(RTM_NEWQDISC, 0, &t, sizeof(t));
	size_t skip = sizeof(struct tc_netem_qopt);
	struct gd_error err = GD_ERROR_INIT;
	struct nlattr *options;

	assert_int_equal(gd_netem_put(m, n, is_new, &err), 0);
	options = nlmsg_find_attr(nlmsg_hdr(m), sizeof(t), TCA_OPTIONS);
	return nla_find((struct nlattr *)(void *)((char *)nla_data(options) + skip),
			nla_len(options) - (int)skip, type) != NULL;
}

/* The kernel keeps what a change does not name; a new qdisc has nothing to keep. */
static void test_a_change_names_what_is_nothing(void **state GD_UNUSED)
{
	const struct gd_netem nothing = {.limit = 1000};
	const int types[] = {TCA_NETEM_RATE, TCA_NETEM_SLOT, TCA_NETEM_ECN,
			     TCA_NETEM_REORDER};

	for (size_t i = 0; i < GD_N_ELEMS(types); i++) {
		assert_true(has_attribute(&nothing, false, types[i]));
		assert_false(has_attribute(&nothing, true, types[i]));
	}
	assert_false(has_attribute(&nothing, false, TCA_NETEM_LOSS));
}

static void mean_and_deviation(enum gd_distribution d, double *ret_mean,
			       double *ret_deviation)
{
	int16_t table[GD_NETEM_DIST_SIZE];
	double sum = 0, squares = 0;

	gd_netem_dist(d, table);
	for (int i = 0; i < GD_NETEM_DIST_SIZE; i++) {
		double v = table[i] / (double)NETEM_DIST_SCALE;

		assert_true(i == 0 || table[i] >= table[i - 1]);
		sum += v;
		squares += v * v;
	}
	*ret_mean = sum / GD_NETEM_DIST_SIZE;
	*ret_deviation = sqrt(squares / GD_NETEM_DIST_SIZE - *ret_mean * *ret_mean);
}

/* Quantiles that every statistics table has; Pareto's tail is cut off at 4 deviations. */
static void test_distributions(void **state GD_UNUSED)
{
	int16_t table[GD_NETEM_DIST_SIZE];
	double mean, deviation;

	mean_and_deviation(GD_DIST_NORMAL, &mean, &deviation);
	assert_true(fabs(mean) < 0.001 && fabs(deviation - 1) < 0.002);
	gd_netem_dist(GD_DIST_NORMAL, table);
	assert_in_range(table[(int)(0.841345 * GD_NETEM_DIST_SIZE)], 8170, 8210);
	assert_in_range(table[(int)(0.977250 * GD_NETEM_DIST_SIZE)], 16340, 16430);
	gd_netem_dist(GD_DIST_PARETO, table);
	assert_int_equal(table[0], -5461); /* (1 - 1.5) * 4/3 * 8192 */
	assert_in_range(table[GD_NETEM_DIST_SIZE * 7 / 8], 5450,
			5475); /* (2 - 1.5) ... */
	assert_int_equal(table[GD_NETEM_DIST_SIZE - 1], INT16_MAX);
	mean_and_deviation(GD_DIST_PARETO, &mean, &deviation);
	assert_true(fabs(mean) < 0.06 && deviation > 0.7 && deviation < 1.2);
	mean_and_deviation(GD_DIST_PARETO_NORMAL, &mean, &deviation);
	assert_true(fabs(mean) < 0.06 && deviation > 0.7 && deviation < 1.2);
}

/* A table of 8 KB goes with it, and only when it is asked for. */
static void test_a_distribution_is_sent(void **state GD_UNUSED)
{
	const struct gd_netem n = {
		.delay = {2000}, .jitter = {1000}, .distribution = GD_DIST_NORMAL};
	const struct tcmsg t = {0};
	GD_AUTO(nl_msg) struct nl_msg *m = gd_nl_request(RTM_NEWQDISC, 0, &t, sizeof(t));
	struct gd_error err = GD_ERROR_INIT;
	size_t skip = sizeof(struct tc_netem_qopt);
	struct nlattr *options, *table;

	assert_int_equal(gd_netem_put(m, &n, true, &err), 0);
	options = nlmsg_find_attr(nlmsg_hdr(m), sizeof(t), TCA_OPTIONS);
	table = nla_find((struct nlattr *)(void *)((char *)nla_data(options) + skip),
			 nla_len(options) - (int)skip, TCA_NETEM_DELAY_DIST);
	assert_non_null(table);
	assert_int_equal(nla_len(table), 2 * GD_NETEM_DIST_SIZE);
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

	assert_int_equal(gd_netem_put(m, &n, true, &err), 0);
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

static void put(const char *dir, const char *name, const char *text)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, name);
	struct gd_error err = GD_ERROR_INIT;

	assert_non_null(path);
	assert_int_equal(gd_file_write(path, text, strlen(text), 0600, &err), 0);
}

static int64_t age_of(const char *dir)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, "bird.conf");
	struct gd_error err = GD_ERROR_INIT;
	struct gd_span age;

	if (gd_routing_linux.file_age(NULL, path, &age, &err) < 0)
		fail_msg("%s", err.text);
	return age.ns;
}

/* A file counts when BIRD would read it: included here, in a pattern, or by one of those. */
static void test_the_youngest_file_of_a_configuration(void **state GD_UNUSED)
{
	static const struct {
		const char *name;
		bool read;
	} edits[] = {{"more.conf", true}, {"other", false}, {"peer-b.conf", true}};
	const struct timespec pause = {.tv_nsec = 50000000};
	char dir[] = "/tmp/gd-ports-XXXXXX";
	struct gd_error err = GD_ERROR_INIT;

	assert_non_null(mkdtemp(dir));
	put(dir, "more.conf", "# none\n");
	put(dir, "peer-b.conf", "include \"nowhere\";\n");
	put(dir, "peer-a.conf", "include \"more.conf\";\n");
	put(dir, "bird.conf", "router id 1.2.3.4;\ninclude \"peer-*.conf\";\n");
	for (size_t i = 0; i < GD_N_ELEMS(edits); i++) {
		(void)nanosleep(&pause, NULL);
		assert_true(age_of(dir) >= pause.tv_nsec / 2);
		/* Written elsewhere long ago: what counts is when it came here. */
		put(dir, "draft", "# edited\n");
		{
			GD_AUTO_FREE char *from = gd_path_join(dir, "draft");
			GD_AUTO_FREE char *to = gd_path_join(dir, edits[i].name);
			int64_t before;

			(void)nanosleep(&pause, NULL);
			before = age_of(dir);
			assert_int_equal(rename(from, to), 0);
			assert_int_equal(age_of(dir) < before, edits[i].read);
		}
	}
	assert_int_equal(gd_remove_tree(dir, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_youngest_file_of_a_configuration),
		cmocka_unit_test(test_netem_options_round_trip),
		cmocka_unit_test(test_a_change_names_what_is_nothing),
		cmocka_unit_test(test_netem_options_in_the_kernels_units),
		cmocka_unit_test(test_distributions),
		cmocka_unit_test(test_a_distribution_is_sent),
		cmocka_unit_test(test_short_options_are_refused),
		cmocka_unit_test(test_qdisc_line_sees_no_counters),
		cmocka_unit_test(test_filter_line_sees_no_ages),
		cmocka_unit_test(test_classes_of_flows_give_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
