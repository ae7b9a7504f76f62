/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new netem gets the attributes of what was asked for, and the kernel's own defaults for the
 * rest. In a change the kernel keeps what it is not told, so there all but the loss model,
 * whose absence means random loss, are told, also when they are nothing.
 */
#include "injectors/ports/netem_nl.h"

#include <linux/pkt_sched.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "injectors/ports/netem_dist.h"

/* Linux 6.6 and newer; older headers lack it. */
enum { PRNG_SEED = 14 };

/* Linux's packet scheduler clock: PSCHED_SHIFT is 6 since 2.6.31. */
enum { NS_PER_TICK_SHIFT = 6 };

static uint32_t to_fraction(struct gd_ratio r)
{
	return (uint32_t)llround((double)r.ppb / 1e9 * (double)UINT32_MAX);
}

/* Steps of 2^-32 are finer than ours, so what to_fraction wrote comes back unchanged. */
static struct gd_ratio from_fraction(uint32_t f)
{
	return (struct gd_ratio){llround((double)f / (double)UINT32_MAX * 1e9)};
}

static uint32_t to_ticks(struct gd_span s)
{
	int64_t t = s.ns >> NS_PER_TICK_SHIFT;

	return t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

static int put_rate(struct nl_msg *m, const struct gd_netem *n, bool is_new)
{
	uint64_t bytes = (uint64_t)n->rate.bps / 8;
	struct tc_netem_rate r = {.rate = bytes > UINT32_MAX ? UINT32_MAX
							     : (uint32_t)bytes,
				  .packet_overhead = (int32_t)n->packet_overhead,
				  .cell_size = (uint32_t)n->cell_size,
				  .cell_overhead = (int32_t)n->cell_overhead};

	if (is_new && n->rate.bps == 0)
		return 0;
	if (bytes > UINT32_MAX && nla_put(m, TCA_NETEM_RATE64, sizeof(bytes), &bytes) < 0)
		return -1;
	return nla_put(m, TCA_NETEM_RATE, sizeof(r), &r);
}

/* What the kernel calls h is the share that survives a burst. */
static int put_loss_model(struct nl_msg *m, const struct gd_netem *n)
{
	struct gd_ratio survive = {1000000000 - n->burst_loss.ppb};
	struct tc_netem_gemodel ge = {.p = to_fraction(n->burst_start),
				      .r = to_fraction(n->burst_end),
				      .h = to_fraction(survive),
				      .k1 = to_fraction(n->quiet_loss)};
	struct tc_netem_gimodel gi = {.p13 = to_fraction(n->p13),
				      .p31 = to_fraction(n->p31),
				      .p32 = to_fraction(n->p32),
				      .p14 = to_fraction(n->p14),
				      .p23 = to_fraction(n->p23)};
	struct nlattr *nest;

	if (!n->burst_start.ppb && !n->p13.ppb)
		return 0;
	nest = nla_nest_start(m, TCA_NETEM_LOSS);
	if (!nest ||
	    (n->burst_start.ppb ? nla_put(m, NETEM_LOSS_GE, sizeof(ge), &ge)
				: nla_put(m, NETEM_LOSS_GI, sizeof(gi), &gi)) < 0)
		return -1;
	(void)nla_nest_end(m, nest);
	return 0;
}

static int put_slot(struct nl_msg *m, const struct gd_netem *n, bool is_new)
{
	struct tc_netem_slot slot = {.min_delay = n->slot.ns,
				     .max_delay = n->slot_max.ns,
				     .max_packets = (int32_t)n->slot_packets,
				     .max_bytes = (int32_t)n->slot_bytes};

	if (is_new && !n->slot_max.ns)
		return 0;
	return nla_put(m, TCA_NETEM_SLOT, sizeof(slot), &slot);
}

static int put_extras(struct nl_msg *m, const struct gd_netem *n, bool is_new)
{
	GD_AUTO_FREE int16_t *table = NULL;

	if ((n->ecn || !is_new) && nla_put_u32(m, TCA_NETEM_ECN, n->ecn) < 0)
		return -1;
	if (n->seed && nla_put(m, PRNG_SEED, sizeof(n->seed), &n->seed) < 0)
		return -1;
	if (n->distribution == GD_DIST_UNIFORM)
		return 0;
	table = calloc(GD_NETEM_DIST_SIZE, sizeof(*table));
	if (!table)
		return -1;
	gd_netem_dist((enum gd_distribution)n->distribution, table);
	return nla_put(m, TCA_NETEM_DELAY_DIST, GD_NETEM_DIST_SIZE * sizeof(*table),
		       table);
}

static int put_parts(struct nl_msg *m, const struct gd_netem *n, bool is_new)
{
	struct tc_netem_corr corr = {.delay_corr = to_fraction(n->delay_correlation),
				     .loss_corr = to_fraction(n->loss_correlation),
				     .dup_corr = to_fraction(n->duplicate_correlation)};
	struct tc_netem_reorder reorder = {.probability = to_fraction(n->reorder),
					   .correlation =
						   to_fraction(n->reorder_correlation)};
	struct tc_netem_corrupt corrupt = {.probability = to_fraction(n->corrupt),
					   .correlation =
						   to_fraction(n->corrupt_correlation)};

	if (nla_put(m, TCA_NETEM_CORR, sizeof(corr), &corr) < 0 ||
	    nla_put(m, TCA_NETEM_LATENCY64, sizeof(n->delay.ns), &n->delay.ns) < 0 ||
	    nla_put(m, TCA_NETEM_JITTER64, sizeof(n->jitter.ns), &n->jitter.ns) < 0)
		return -1;
	if ((n->reorder.ppb || !is_new) &&
	    nla_put(m, TCA_NETEM_REORDER, sizeof(reorder), &reorder) < 0)
		return -1;
	if (nla_put(m, TCA_NETEM_CORRUPT, sizeof(corrupt), &corrupt) < 0)
		return -1;
	if (put_rate(m, n, is_new) < 0 || put_loss_model(m, n) < 0 ||
	    put_slot(m, n, is_new) < 0)
		return -1;
	return put_extras(m, n, is_new);
}

int gd_netem_put(struct nl_msg *m, const struct gd_netem *n, bool is_new,
		 struct gd_error *err)
{
	struct tc_netem_qopt opt = {.latency = to_ticks(n->delay),
				    .limit = (uint32_t)n->limit,
				    .loss = to_fraction(n->loss),
				    .gap = (uint32_t)n->gap,
				    .duplicate = to_fraction(n->duplicate),
				    .jitter = to_ticks(n->jitter)};
	/* netem's options are a struct with attributes behind it, in one attribute. */
	struct nlattr *nest = nla_nest_start(m, TCA_OPTIONS);

	if (!nest || nlmsg_append(m, &opt, sizeof(opt), NLMSG_ALIGNTO) < 0 ||
	    put_parts(m, n, is_new) < 0)
		return gd_raise_nomem(err);
	(void)nla_nest_end(m, nest);
	return 0;
}

/* Copies an attribute into a struct; a shorter attribute leaves the rest 0. */
static void take(struct nlattr *attr, void *out, size_t size)
{
	(void)nla_memcpy(out, attr, (int)size);
}

static void read_loss_model(struct nlattr *model, struct gd_netem *n)
{
	struct tc_netem_gemodel ge = {0};
	struct tc_netem_gimodel gi = {0};
	struct nlattr *attr;
	int rem;

	nla_for_each_nested(attr, model, rem)
	{
		if (nla_type(attr) == NETEM_LOSS_GE) {
			take(attr, &ge, sizeof(ge));
			n->burst_start = from_fraction(ge.p);
			n->burst_end = from_fraction(ge.r);
			n->burst_loss.ppb = 1000000000 - from_fraction(ge.h).ppb;
			n->quiet_loss = from_fraction(ge.k1);
		} else if (nla_type(attr) == NETEM_LOSS_GI) {
			take(attr, &gi, sizeof(gi));
			n->p13 = from_fraction(gi.p13);
			n->p31 = from_fraction(gi.p31);
			n->p32 = from_fraction(gi.p32);
			n->p14 = from_fraction(gi.p14);
			n->p23 = from_fraction(gi.p23);
		}
	}
}

static void read_rate(struct nlattr *attr, struct gd_netem *n)
{
	struct tc_netem_rate rate = {0};

	take(attr, &rate, sizeof(rate));
	n->rate.bps = (int64_t)rate.rate * 8;
	n->packet_overhead = rate.packet_overhead;
	n->cell_size = rate.cell_size;
	n->cell_overhead = rate.cell_overhead;
}

static void read_slot(struct nlattr *attr, struct gd_netem *n)
{
	struct tc_netem_slot slot = {0};

	take(attr, &slot, sizeof(slot));
	n->slot.ns = slot.min_delay;
	n->slot_max.ns = slot.max_delay;
	n->slot_packets = slot.max_packets;
	n->slot_bytes = slot.max_bytes;
}

static void read_part(struct nlattr *attr, struct gd_netem *n, uint64_t *rate64)
{
	struct tc_netem_corr corr = {0};
	struct tc_netem_reorder reorder = {0};
	struct tc_netem_corrupt corrupt = {0};

	switch (nla_type(attr)) {
	case TCA_NETEM_CORR:
		take(attr, &corr, sizeof(corr));
		n->delay_correlation = from_fraction(corr.delay_corr);
		n->loss_correlation = from_fraction(corr.loss_corr);
		n->duplicate_correlation = from_fraction(corr.dup_corr);
		break;
	case TCA_NETEM_REORDER:
		take(attr, &reorder, sizeof(reorder));
		n->reorder = from_fraction(reorder.probability);
		n->reorder_correlation = from_fraction(reorder.correlation);
		break;
	case TCA_NETEM_CORRUPT:
		take(attr, &corrupt, sizeof(corrupt));
		n->corrupt = from_fraction(corrupt.probability);
		n->corrupt_correlation = from_fraction(corrupt.correlation);
		break;
	case TCA_NETEM_RATE:
		read_rate(attr, n);
		break;
	case TCA_NETEM_LOSS:
		read_loss_model(attr, n);
		break;
	case TCA_NETEM_SLOT:
		read_slot(attr, n);
		break;
	case TCA_NETEM_ECN:
		n->ecn = nla_get_u32(attr) != 0;
		break;
	case PRNG_SEED:
		take(attr, &n->seed, sizeof(n->seed));
		break;
	case TCA_NETEM_RATE64:
		take(attr, rate64, sizeof(*rate64));
		break;
	case TCA_NETEM_LATENCY64:
		take(attr, &n->delay.ns, sizeof(n->delay.ns));
		break;
	case TCA_NETEM_JITTER64:
		take(attr, &n->jitter.ns, sizeof(n->jitter.ns));
		break;
	default:
		break;
	}
}

int gd_netem_read(struct nlattr *options, struct gd_netem *ret, struct gd_error *err)
{
	struct tc_netem_qopt opt;
	struct gd_netem n = {0};
	uint64_t rate64 = 0;
	struct nlattr *attr;
	int rem, at = (int)NLMSG_ALIGN(sizeof(opt));

	if (nla_len(options) < (int)sizeof(opt))
		return gd_raise(err, GD_E_DRIFT, "netem options of %d bytes",
				nla_len(options));
	memcpy(&opt, nla_data(options), sizeof(opt));
	n.delay.ns = (int64_t)opt.latency << NS_PER_TICK_SHIFT;
	n.jitter.ns = (int64_t)opt.jitter << NS_PER_TICK_SHIFT;
	n.limit = opt.limit;
	n.gap = opt.gap;
	n.loss = from_fraction(opt.loss);
	n.duplicate = from_fraction(opt.duplicate);
	attr = (struct nlattr *)(void *)((char *)nla_data(options) + at);
	nla_for_each_attr(attr, attr, nla_len(options) - at, rem)
		read_part(attr, &n, &rate64);
	if (rate64)
		n.rate.bps = (int64_t)(rate64 * 8);
	*ret = n;
	return 0;
}
