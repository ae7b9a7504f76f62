/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/injectors/fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static int setup(void **state)
{
	(void)set_up(state, "netem");
	return 0;
}

static void test_bad_parameters(void **state)
{
	static const char *const bad[] = {
		"{\"device\":\"eth0\"}",
		"{\"loss\":\"5%\"}",
		"{\"device\":\"../eth0\",\"loss\":\"5%\"}",
		"{\"device\":\"eth 0\",\"loss\":\"5%\"}",
		"{\"device\":\"\",\"loss\":\"5%\"}",
		"{\"device\":\"eth0\",\"loss\":\"101%\"}",
		"{\"device\":\"eth0\",\"delay\":\"61s\"}",
		"{\"device\":\"eth0\",\"delay\":\"-1ms\"}",
		"{\"device\":\"eth0\",\"jitter\":\"5ms\"}",
		"{\"device\":\"eth0\",\"delay\":\"1ms\",\"jitter\":\"5ms\"}",
		"{\"device\":\"eth0\",\"loss_correlation\":\"5%\",\"delay\":\"1ms\"}",
		"{\"device\":\"eth0\",\"reorder\":\"5%\"}",
		"{\"device\":\"eth0\",\"delay\":\"1ms\",\"gap\":5}",
		"{\"device\":\"eth0\",\"rate\":\"1kbit\"}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"peers\":[\"10.0.0.0/33\"]}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"peers\":[\"10.0.0.0/8x\"]}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"peers\":[\"10.0.0.0/\"]}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"peers\":[\"10.0.0.256\"]}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"peers\":[\"a b.example\"]}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"ports\":[80,80]}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"ports\":[80],\"protocols\":[\"icmp\"]}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"protocols\":[\"tcp\",\"tcp\"]}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"protocols\":[\"ipx\"]}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"except\":{}}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"direction\":\"sideways\"}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"ingress\":{\"loss\":\"1%\"}}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"direction\":\"both\",\"ingress\":{}}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"burst_start\":\"1%\",\"burst_end\":\"9%\"}",
		"{\"device\":\"eth0\",\"burst_start\":\"1%\"}",
		"{\"device\":\"eth0\",\"burst_start\":\"1%\",\"burst_end\":\"9%\",\"burst_loss\":\"0%\"}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"burst_loss\":\"50%\"}",
		"{\"device\":\"eth0\",\"p13\":\"1%\"}",
		"{\"device\":\"eth0\",\"p13\":\"1%\",\"p31\":\"60%\",\"p32\":\"60%\"}",
		"{\"device\":\"eth0\",\"delay\":\"1ms\",\"distribution\":\"normal\"}",
		"{\"device\":\"eth0\",\"delay\":\"1ms\",\"ecn\":true}",
		"{\"device\":\"eth0\",\"delay\":\"1ms\",\"packet_overhead\":4}",
		"{\"device\":\"eth0\",\"rate\":\"1mbit\",\"cell_size\":48,\"cell_overhead\":-48}",
		"{\"device\":\"eth0\",\"slot\":\"2ms\",\"slot_max\":\"1ms\"}",
		"{\"device\":\"eth0\",\"delay\":\"1ms\",\"slot_packets\":3}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"ports\":[0]}",
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"ports\":[65536]}",
		"{\"device\":\"eth0\",\"lose\":\"5%\"}",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < GD_N_ELEMS(bad); i++) {
		if (parse(f, bad[i]) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(f->err.code, GD_E_INPUT);
	}
}

static void test_preflight_refuses_with_a_reason(void **state)
{
	struct fixture *f = *state;
	struct fake_link *eth0 = fake_link(&f->h, "eth0");

	must_parse(f, "{\"device\":\"eth9\",\"loss\":\"5%\"}");
	assert_refused(f, "no network device eth9");
	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"5%\"}");
	eth0->up = false;
	assert_refused(f, "down");
	eth0->up = true;
	f->h.lacks = "sch_netem";
	assert_refused(f, "sch_netem");
	f->h.lacks = NULL;
	eth0->hook = GD_TC_HOOK_INGRESS;
	assert_refused(f, "ingress");
	eth0->hook = GD_TC_HOOK_CLSACT;
	fake_add_foreign_filter(eth0);
	assert_refused(f, "bpf prio 7");
	eth0->n_filters = 0;
	f->h.ports.control.kind = GD_CONTROL_UNKNOWN;
	assert_refused(f, "SSH_CONNECTION");
	f->h.ports.control.kind = GD_CONTROL_SSH;
	(void)fake_add_link(&f->h, "gd-eth0", "ifb");
	assert_refused(f, "gd-eth0");
}

/* The filter that lets the runner in, and those that keep neighbours found, come before
 * any redirect; nothing redirects ARP. */
static void test_the_way_back_stays_open(void **state)
{
	struct fixture *f = *state;
	const struct fake_link *eth0;
	bool control = false, solicitation = false;
	int64_t first_redirect = INT64_MAX;

	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"100%\"}");
	put_in(f);
	eth0 = fake_link(&f->h, "eth0");
	for (size_t i = 0; i < eth0->n_filters; i++) {
		const struct gd_tc_match *m = &eth0->filters[i].match;
		bool passes = !eth0->filters[i].redirects;

		assert_true(m->family == AF_INET || m->family == AF_INET6);
		if (!passes && eth0->filters[i].prio < first_redirect)
			first_redirect = eth0->filters[i].prio;
		if (passes && m->src_port == 22 && m->ip_proto == IPPROTO_TCP &&
		    m->prefix_len == 32 && memcmp(m->addr, "\x0a\x00\x02\x02", 4) == 0)
			control = eth0->filters[i].prio < first_redirect;
		if (passes && m->icmp6_type == 135)
			solicitation = eth0->filters[i].prio < first_redirect;
	}
	assert_true(control);
	assert_true(solicitation);
	assert_true(first_redirect < INT64_MAX);
}

static void test_only_chosen_peers_and_ports(void **state)
{
	struct fixture *f = *state;
	const struct fake_link *eth0;
	size_t redirects = 0, v6 = 0;

	must_parse(f, "{\"device\":\"eth0\",\"delay\":\"5ms\",\"peers\":[\"10.1.0.0/16\","
		      "\"2001:db8::1\"],\"ports\":[8080,53]}");
	put_in(f);
	eth0 = fake_link(&f->h, "eth0");
	for (size_t i = 0; i < eth0->n_filters; i++) {
		const struct gd_tc_match *m = &eth0->filters[i].match;

		if (!eth0->filters[i].redirects)
			continue;
		redirects++;
		assert_true(m->has_prefix);
		assert_true(!m->src_port != !m->dst_port);
		assert_true(m->ip_proto == IPPROTO_TCP || m->ip_proto == IPPROTO_UDP);
		if (m->family == AF_INET6) {
			v6++;
			assert_int_equal(m->prefix_len, 128);
		} else {
			assert_int_equal(m->prefix_len, 16);
		}
	}
	assert_int_equal(redirects, 16);
	assert_int_equal(v6, 8);
}

/* An incoming packet is known by its source, and the way back by the server's port. */
static void test_incoming_packets(void **state)
{
	struct fixture *f = *state;
	const struct fake_link *eth0;
	bool control = false, peer = false;

	must_parse(f, "{\"device\":\"eth0\",\"direction\":\"ingress\",\"loss\":\"100%\","
		      "\"peers\":[\"10.1.0.0/16\"]}");
	put_in(f);
	eth0 = fake_link(&f->h, "eth0");
	assert_int_equal(fake_count_filters(eth0, false), 0);
	assert_null(fake_link(&f->h, "gd-eth0"));
	assert_non_null(fake_link(&f->h, "gi-eth0"));
	for (size_t i = 0; i < eth0->n_filters; i++) {
		const struct gd_tc_match *m = &eth0->filters[i].match;

		assert_true(m->of_source || !m->has_prefix);
		if (!eth0->filters[i].redirects && m->dst_port == 22)
			control = memcmp(m->addr, "\x0a\x00\x02\x02", 4) == 0 && !peer;
		if (eth0->filters[i].redirects)
			peer = m->prefix_len == 16 && m->of_source;
	}
	assert_true(control);
	assert_true(peer);
}

static void test_each_direction_its_own(void **state)
{
	struct fixture *f = *state;
	const struct fake_link *eth0;

	must_parse(f, "{\"device\":\"eth0\",\"direction\":\"both\",\"delay\":\"50ms\","
		      "\"ingress\":{\"loss\":\"30%\"}}");
	put_in(f);
	eth0 = fake_link(&f->h, "eth0");
	assert_int_equal(fake_count_filters(eth0, false), fake_count_filters(eth0, true));
	assert_int_equal(fake_link(&f->h, "gd-eth0")->netem.delay.ns, 50 * GD_NS_PER_MS);
	assert_int_equal(fake_link(&f->h, "gd-eth0")->netem.loss.ppb, 0);
	assert_int_equal(fake_link(&f->h, "gi-eth0")->netem.delay.ns, 0);
	assert_int_equal(fake_link(&f->h, "gi-eth0")->netem.loss.ppb, 300000000);
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	assert_int_equal(fake_link(&f->h, "eth0")->n_filters, 0);
	assert_null(fake_link(&f->h, "gd-eth0"));
	assert_null(fake_link(&f->h, "gi-eth0"));
}

/* Filters of somebody else's for incoming packets are in the way of the one direction
 * only. */
static void test_refused_by_direction(void **state)
{
	struct fixture *f = *state;
	struct fake_link *eth0 = fake_link(&f->h, "eth0");

	eth0->hook = GD_TC_HOOK_CLSACT;
	fake_add_foreign_filter(eth0);
	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"5%\",\"direction\":\"both\"}");
	assert_refused(f, "egress filters");
	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"5%\",\"direction\":\"ingress\"}");
	put_in(f);
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	assert_int_equal(fake_link(&f->h, "eth0")->n_filters, 1);
	fake_link(&f->h, "eth0")->filters[0].ingress = true;
	assert_refused(f, "ingress filters");
}

static void test_host_names_are_resolved_once(void **state)
{
	struct fixture *f = *state;
	const struct fake_link *eth0;
	size_t redirects = 0;

	must_parse(
		f,
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"peers\":[\"nobody.example\"]}");
	assert_refused(f, "nobody.example");
	/* The name and one of its addresses: three peers, of which two are the same. */
	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"5%\",\"peers\":[\"db.example\","
		      "\"10.9.0.1\"]}");
	assert_int_equal(f->i->capture(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_string_equal(f->h.last_note, "peer db.example is 10.9.0.1 2001:db8::9");
	f->h.addresses = "10.66.0.1\n";
	assert_int_equal(f->i->apply(&f->h.ports, f->args, f->undo, &f->err), 0);
	assert_int_equal(f->i->verify(&f->h.ports, f->args, f->undo, &f->err), 0);
	eth0 = fake_link(&f->h, "eth0");
	for (size_t i = 0; i < eth0->n_filters; i++) {
		if (!eth0->filters[i].redirects)
			continue;
		redirects++;
		assert_true(memcmp(eth0->filters[i].match.addr, "\x0a\x09\x00\x01", 4) ==
				    0 ||
			    eth0->filters[i].match.family == AF_INET6);
	}
	assert_int_equal(redirects, 2);
}

static void test_exceptions_pass_before_the_redirects(void **state)
{
	struct fixture *f = *state;
	const struct fake_link *eth0;
	int64_t last_pass = 0;
	size_t exceptions = 0, icmp = 0;

	must_parse(
		f,
		"{\"device\":\"eth0\",\"loss\":\"5%\",\"protocols\":[\"tcp\",\"icmp\"],"
		"\"except\":{\"ports\":[2379]}}");
	put_in(f);
	eth0 = fake_link(&f->h, "eth0");
	for (size_t i = 0; i < eth0->n_filters; i++) {
		const struct gd_tc_match *m = &eth0->filters[i].match;

		if (eth0->filters[i].redirects) {
			assert_true(eth0->filters[i].prio > last_pass);
			icmp += m->ip_proto ==
				(m->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
			continue;
		}
		last_pass = eth0->filters[i].prio;
		exceptions += m->dst_port == 2379 || m->src_port == 2379;
	}
	assert_int_equal(exceptions, 8); /* 2 families, TCP and UDP, 2 ends */
	assert_int_equal(icmp, 2);
}

static void test_seed_needs_a_newer_kernel(void **state)
{
	struct fixture *f = *state;

	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"5%\",\"seed\":7}");
	assert_refused(f, "6.1");
	f->h.kernel_minor = 6;
	put_in(f);
	assert_int_equal(fake_link(&f->h, "gd-eth0")->netem.seed, 7);
}

static void test_too_many_filters(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_STRBUF(text);

	gd_strbuf_adds(&text, "{\"device\":\"eth0\",\"loss\":\"1%\",\"peers\":[");
	for (int i = 0; i < 32; i++)
		gd_strbuf_addf(&text, "%s\"10.0.%d.0/24\"", i ? "," : "", i);
	gd_strbuf_adds(&text, "],\"ports\":[1,2,3]}");
	assert_int_equal(parse(f, gd_strbuf_str(&text)), -1);
	assert_non_null(strstr(f->err.text, "384 filters"));
}

static void test_queue_is_large_enough(void **state)
{
	struct fixture *f = *state;

	/* 1 Gbit/s for 100 ms in packets of 500 bytes */
	must_parse(f, "{\"device\":\"eth0\",\"delay\":\"100ms\"}");
	put_in(f);
	assert_int_equal(fake_link(&f->h, "gd-eth0")->netem.limit, 25000);
	assert_false(fake_link(&f->h, "gd-eth0")->segmenter);
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"1%\"}");
	put_in(f);
	assert_int_equal(fake_link(&f->h, "gd-eth0")->netem.limit, 1000);
	assert_true(fake_link(&f->h, "gd-eth0")->below_segmenter);
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	must_parse(f, "{\"device\":\"eth0\",\"delay\":\"1s\",\"limit\":77}");
	put_in(f);
	assert_int_equal(fake_link(&f->h, "gd-eth0")->netem.limit, 77);
}

static void test_a_changed_netem_is_drift(void **state)
{
	struct fixture *f = *state;

	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"5%\"}");
	put_in(f);
	fake_link(&f->h, "gd-eth0")->netem.loss.ppb /= 2;
	assert_int_equal(f->i->verify(&f->h.ports, f->args, f->undo, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_DRIFT);
	fake_link(&f->h, "gd-eth0")->netem.loss.ppb *= 2;
	fake_link(&f->h, "eth0")->n_filters--;
	assert_int_equal(f->i->verify(&f->h.ports, f->args, f->undo, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_DRIFT);
}

static bool seen(struct fixture *f, int64_t packets, int64_t drops)
{
	struct gd_effect e = {0};

	fake_link(&f->h, "gd-eth0")->stats =
		(struct gd_tc_stats){.packets = packets, .drops = drops};
	assert_int_equal(f->i->effect(&f->h.ports, f->args, f->undo, &e, &f->err), 0);
	return e.seen;
}

static void test_effect_needs_evidence(void **state)
{
	struct fixture *f = *state;

	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"5%\"}");
	put_in(f);
	assert_false(seen(f, 0, 0));
	assert_true(seen(f, 40, 0)); /* two drops expected: none is no proof */
	assert_false(seen(f, 1000, 0));
	assert_true(seen(f, 950, 50));
	assert_true(seen(f, 0, 10));
}

/* 0.1 % of packets begin a burst of 10: 1 % lost in all, but in few places. */
static void test_effect_counts_bursts(void **state)
{
	struct fixture *f = *state;

	must_parse(
		f,
		"{\"device\":\"eth0\",\"burst_start\":\"0.1%\",\"burst_end\":\"10%\"}");
	put_in(f);
	assert_true(seen(f, 4000, 0)); /* four bursts expected: none is no proof */
	assert_false(seen(f, 10000, 0));
	assert_true(seen(f, 9900, 100));
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	must_parse(
		f,
		"{\"device\":\"eth0\",\"p13\":\"10%\",\"p31\":\"50%\",\"p14\":\"5%\"}");
	put_in(f);
	assert_true(seen(f, 20, 0));
	assert_false(seen(f, 100, 0));
}

static void test_a_hook_that_was_there_stays(void **state)
{
	struct fixture *f = *state;

	fake_link(&f->h, "eth0")->hook = GD_TC_HOOK_CLSACT;
	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"5%\"}");
	put_in(f);
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	assert_int_equal(fake_link(&f->h, "eth0")->hook, GD_TC_HOOK_CLSACT);
	assert_int_equal(fake_link(&f->h, "eth0")->n_filters, 0);
}

static void test_filters_of_others_survive_the_revert(void **state)
{
	struct fixture *f = *state;
	struct fake_link *eth0;

	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"5%\"}");
	put_in(f);
	eth0 = fake_link(&f->h, "eth0");
	fake_add_foreign_filter(eth0);
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), -1);
	assert_int_equal(f->err.code, GD_E_LEFT_BEHIND);
	eth0 = fake_link(&f->h, "eth0");
	assert_int_equal(eth0->n_filters, 1);
	assert_true(eth0->filters[0].foreign);
	assert_null(fake_link(&f->h, "gd-eth0"));
}

static void test_packets_on_their_way_get_time(void **state)
{
	struct fixture *f = *state;
	int64_t start;

	must_parse(f, "{\"device\":\"eth0\",\"delay\":\"100ms\"}");
	put_in(f);
	fake_link(&f->h, "gd-eth0")->stats.queued = 3;
	start = f->h.now_ns;
	assert_int_equal(f->i->revert(&f->h.ports, f->undo, &f->err), 0);
	assert_in_range(f->h.now_ns - start, 150 * GD_NS_PER_MS, 160 * GD_NS_PER_MS);
}

static void test_long_names(void **state)
{
	struct fixture *f = *state;

	(void)fake_add_link(&f->h, "enp130s0f1np14", "");
	must_parse(f, "{\"device\":\"enp130s0f1np14\",\"loss\":\"5%\"}");
	put_in(f);
	assert_non_null(fake_link(&f->h, "gd-p130s0f1np14"));
}

static void test_plain_words(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_STRBUF(line);
	GD_AUTO_STRBUF(manual);

	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"5%\",\"delay\":\"50ms\",\"ports\":"
		      "[8080]}");
	f->i->describe(f->args, &line);
	assert_string_equal(gd_strbuf_str(&line),
			    "eth0: lose 5% of outgoing packets, delay outgoing packets "
			    "by 50ms; only from or to port 8080");
	f->i->manual(f->args, &manual);
	assert_non_null(strstr(gd_strbuf_str(&manual),
			       "tc filter del dev eth0 egress prio 31005\n"));
	assert_non_null(strstr(gd_strbuf_str(&manual), "ip link del gd-eth0\n"));
}

/* A hook that was there before is not among the lines to type. */
static void test_captured_lines(void **state)
{
	struct fixture *f = *state;
	GD_AUTO_STRBUF(ours);
	GD_AUTO_STRBUF(theirs);

	must_parse(f, "{\"device\":\"eth0\",\"loss\":\"5%\"}");
	assert_int_equal(f->i->capture(&f->h.ports, f->args, f->undo, &f->err), 0);
	f->i->manual_captured(f->args, f->undo, &ours);
	assert_non_null(strstr(gd_strbuf_str(&ours), "tc qdisc del dev eth0 clsact"));
	fake_link(&f->h, "eth0")->hook = GD_TC_HOOK_CLSACT;
	assert_int_equal(f->i->capture(&f->h.ports, f->args, f->undo, &f->err), 0);
	f->i->manual_captured(f->args, f->undo, &theirs);
	assert_null(strstr(gd_strbuf_str(&theirs), "qdisc del"));
	assert_non_null(strstr(gd_strbuf_str(&theirs), "ip link del gd-eth0\n"));
}

static void test_more_plain_words(void **state)
{
	static const struct {
		const char *args, *words;
	} rows[] = {
		{"{\"device\":\"eth0\",\"direction\":\"ingress\",\"burst_start\":\"1%\","
		 "\"burst_end\":\"20%\",\"burst_loss\":\"80%\"}",
		 "eth0: lose incoming packets in bursts of about 5 (80% of each, 3.8 % in "
		 "all)"},
		{"{\"device\":\"eth0\",\"direction\":\"both\",\"delay\":\"50ms\",\"jitter\":"
		 "\"5ms\",\"distribution\":\"pareto\",\"ingress\":{\"rate\":\"1mbit\"},"
		 "\"except\":{\"peers\":[\"10.0.0.1\"]}}",
		 "eth0: delay outgoing packets by 50ms +- 5ms, pareto, receive at most "
		 "1mbit/s; not to and from 10.0.0.1"},
		{"{\"device\":\"eth0\",\"direction\":\"both\",\"loss\":\"5%\",\"ecn\":true,"
		 "\"protocols\":[\"tcp\"]}",
		 "eth0: mark or lose 5% of outgoing and incoming packets; only TCP"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < GD_N_ELEMS(rows); i++) {
		GD_AUTO_STRBUF(line);

		must_parse(f, rows[i].args);
		f->i->describe(f->args, &line);
		assert_string_equal(gd_strbuf_str(&line), rows[i].words);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bad_parameters),
		TEST(test_preflight_refuses_with_a_reason),
		TEST(test_the_way_back_stays_open),
		TEST(test_only_chosen_peers_and_ports),
		TEST(test_incoming_packets),
		TEST(test_each_direction_its_own),
		TEST(test_refused_by_direction),
		TEST(test_host_names_are_resolved_once),
		TEST(test_exceptions_pass_before_the_redirects),
		TEST(test_seed_needs_a_newer_kernel),
		TEST(test_too_many_filters),
		TEST(test_queue_is_large_enough),
		TEST(test_a_changed_netem_is_drift),
		TEST(test_effect_needs_evidence),
		TEST(test_effect_counts_bursts),
		TEST(test_a_hook_that_was_there_stays),
		TEST(test_filters_of_others_survive_the_revert),
		TEST(test_packets_on_their_way_get_time),
		TEST(test_long_names),
		TEST(test_plain_words),
		TEST(test_captured_lines),
		TEST(test_more_plain_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
