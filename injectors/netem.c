/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bad packets without touching the host's own queues. The device's clsact hook gets
 * filters; those that match hand the packet to an intermediate device, gd-DEVICE for
 * outgoing and gi-DEVICE for incoming packets, whose only queue is netem, and from there
 * it goes back to where it was: to DEVICE's own queues, or up the stack.
 *
 *   prio 31001         SSH between this server and the runner   pass
 *   prio 31002         IPv6 neighbour discovery and MLD         pass
 *   prio 31003, 31004  the exceptions, IPv4 and IPv6            pass
 *   prio 31005, 31006  everything, or what was chosen           to gd-DEVICE, gi-DEVICE
 *
 * What is neither IPv4 nor IPv6 (ARP above all, tagged frames, LLDP) matches none of them.
 * The redirects come last, when all that they lead to is in place, and go first.
 *
 * TCP hands bundles of up to 64 KB down as one piece (and cards hand them up), and netem
 * would lose a bundle where a real link loses a packet; so for everything but plain delay
 * a segmenter sits in front.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "injectors/device.h"
#include "injectors/injector.h"
#include "injectors/netem_args.h"
#include "injectors/netem_scope.h"
#include "injectors/ports.h"

enum {
	MIN_LIMIT = 1000,
	MAX_LIMIT = 200000,
	BYTES_PER_PACKET = 500, /* for sizing the queue: packets smaller than the MTU */
};

static const bool sides[] = {false, true}; /* ingress? */

static const struct gd_netem_side *side_of(const struct gd_netem_undo *u, bool ingress)
{
	return ingress ? &u->in : &u->out;
}

/* "gd-eth0" or "gi-eth0" */
static void name_ifb(const char *device, bool ingress, char ret[GD_DEVICE_NAME])
{
	gd_device_ifb(device, ret);
	if (ingress)
		ret[1] = 'i';
}

static void manual(const void *args, struct gd_strbuf *out)
{
	const struct gd_netem_args *a = args;
	char ifb[GD_DEVICE_NAME];

	for (size_t i = 0; i < GD_N_ELEMS(sides); i++) {
		if (!gd_netem_of_side(a, sides[i]))
			continue;
		name_ifb(a->device, sides[i], ifb);
		for (int prio = GD_NETEM_PRIO_V6; prio >= GD_NETEM_PRIO_CONTROL; prio--)
			gd_strbuf_addf(out, "tc filter del dev %s %s prio %d\n",
				       a->device, sides[i] ? "ingress" : "egress", prio);
		gd_strbuf_addf(out, "ip link del %s\n", ifb);
	}
	gd_strbuf_addf(out,
		       "tc qdisc del dev %s clsact   # only if it was not there before\n",
		       a->device);
}

/* --- reading ------------------------------------------------------------------------- */

/* Does losing a bundle differ from losing a packet? */
static bool needs_segmenter(const struct gd_netem *n)
{
	return gd_netem_mean_loss(n) > 0 || n->duplicate.ppb || n->corrupt.ppb ||
	       n->reorder.ppb || n->jitter.ns || n->rate.bps || n->slot_max.ns;
}

/* What netem gets: as asked, the queue's size and the kernel's conventions filled in. */
static struct gd_netem wanted(const struct gd_netem *asked, int64_t limit)
{
	const struct gd_ratio none = {0};
	struct gd_netem n = *asked;

	n.limit = limit;
	n.rate.bps -= n.rate.bps % 8;
	if (n.reorder.ppb && n.gap == 0)
		n.gap = 1; /* 0 would turn reordering off */
	if (n.slot_max.ns == 0)
		n.slot_max = n.slot;
	/* At a level where they refine nothing, the kernel is not told of them. */
	if (n.reorder.ppb == 0)
		n.reorder_correlation.ppb = n.gap = 0;
	if (n.burst_start.ppb == 0)
		n.burst_end = n.burst_loss = n.quiet_loss = none;
	if (n.p13.ppb == 0)
		n.p31 = n.p32 = n.p23 = n.p14 = none;
	if (n.rate.bps == 0)
		n.packet_overhead = n.cell_size = n.cell_overhead = 0;
	if (n.slot_max.ns == 0)
		n.slot_packets = n.slot_bytes = 0;
	return n;
}

static int check_kernel(const struct gd_ports *p, const struct gd_netem *n,
			struct gd_error *err)
{
	static const char *const modules[] = {"sch_netem",  "ifb",          "sch_ingress",
					      "cls_flower", "cls_matchall", "act_mirred",
					      "act_gact",   "sch_tbf"};
	const struct gd_netem w = wanted(n, 0);
	size_t count = GD_N_ELEMS(modules) - (needs_segmenter(&w) ? 0 : 1);
	int64_t major, minor;

	if (gd_device_modules(p, modules, count, err) < 0)
		return -1;
	if (n->seed == 0)
		return 0;
	if (p->kernel->version(p->kernel->ctx, &major, &minor, err) < 0)
		return -1;
	if (major < 6 || (major == 6 && minor < 6))
		return gd_raise(err, GD_E_REFUSED,
				"seed needs Linux 6.6, here is %" PRId64 ".%" PRId64
				": leave it out, and every run has other dice",
				major, minor);
	return 0;
}

static int check_hook(const struct gd_ports *p, const char *device, bool ingress,
		      struct gd_error *err)
{
	const char *name = ingress ? "ingress" : "egress";
	struct gd_tc_hook_info h = {0};

	if (p->tc->hook(p->tc->ctx, device, &h, err) < 0)
		return -1;
	if (h.hook == GD_TC_HOOK_INGRESS)
		return gd_raise(err, GD_E_REFUSED,
				"%s has an ingress qdisc, which leaves no room for "
				"clsact; if it can be done without: `tc qdisc del dev "
				"%s ingress`",
				device, device);
	if (ingress ? h.n_ingress : h.n_egress)
		return gd_raise(err, GD_E_REFUSED,
				"%s has %" PRId64 " %s filters already (%s), which "
				"this fault would go around; choose another device, or "
				"look at `tc filter show dev %s %s`",
				device, ingress ? h.n_ingress : h.n_egress, name,
				ingress ? h.first_ingress : h.first_egress, device, name);
	return 0;
}

static int check_side(const struct gd_ports *p, const struct gd_netem_args *a,
		      bool ingress, struct gd_error *err)
{
	const struct gd_netem *n = gd_netem_of_side(a, ingress);
	struct gd_link_info info;
	char ifb[GD_DEVICE_NAME];
	int rc;

	if (!n)
		return 0;
	if (check_kernel(p, n, err) < 0 || check_hook(p, a->device, ingress, err) < 0)
		return -1;
	name_ifb(a->device, ingress, ifb);
	rc = p->link->get(p->link->ctx, ifb, &info, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return gd_raise(err, GD_E_REFUSED,
				"there is a device %s already, left by an earlier "
				"fault: run `gameday revert`, or `ip link del %s`",
				ifb, ifb);
	return 0;
}

/* Both lists of peers as they are on this host now; the caller owns them. */
static int resolve(const struct gd_ports *p, const struct gd_netem_args *a, bool tell,
		   struct gd_list *ret_peers, struct gd_list *ret_except,
		   struct gd_error *err)
{
	struct gd_list peers = {0}, except = {0};

	if (gd_netem_scope_resolve(p, &a->scope, tell, &peers, err) < 0)
		return -1;
	if (a->except && gd_netem_scope_resolve(p, a->except, tell, &except, err) < 0) {
		gd_netem_peers_free(&peers);
		return -1;
	}
	*ret_peers = peers;
	*ret_except = except;
	return 0;
}

static int preflight(const struct gd_ports *p, const void *args, struct gd_error *err)
{
	const struct gd_netem_args *a = args;
	struct gd_list peers, except;
	struct gd_link_info info;

	if (gd_device_control_known(p, err) < 0 ||
	    gd_device_ready(p, a->device, &info, err) < 0)
		return -1;
	for (size_t i = 0; i < GD_N_ELEMS(sides); i++)
		if (check_side(p, a, sides[i], err) < 0)
			return -1;
	if (resolve(p, a, false, &peers, &except, err) < 0)
		return -1;
	gd_netem_peers_free(&peers);
	gd_netem_peers_free(&except);
	return 0;
}

static int say_device(const struct gd_ports *p, const char *device, struct gd_strbuf *out,
		      struct gd_error *err)
{
	struct gd_link_info info;
	bool outgoing, incoming;

	if (gd_device_ready(p, device, &info, err) < 0)
		return -1;
	outgoing = check_hook(p, device, false, err) == 0;
	incoming = check_hook(p, device, true, err) == 0;
	if (!outgoing && !incoming)
		return -1;
	gd_strbuf_addf(out, "%s%s%s packets", outgoing ? "outgoing" : "",
		       outgoing && incoming ? " and " : "", incoming ? "incoming" : "");
	return 0;
}

static int doctor(const struct gd_ports *p, struct gd_strbuf *out, struct gd_error *err)
{
	const struct gd_netem everything = {.loss = {1}};

	if (check_kernel(p, &everything, err) < 0 || gd_device_control_known(p, err) < 0)
		return -1;
	return gd_device_survey(p, say_device, out, err);
}

static int state(const struct gd_ports *p, const void *args, struct gd_strbuf *out,
		 struct gd_error *err)
{
	const struct gd_netem_args *a = args;
	struct gd_link_info info;
	char ifb[GD_DEVICE_NAME];
	int rc;

	rc = p->tc->snapshot(p->tc->ctx, a->device, out, err);
	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT)
		gd_strbuf_addf(out, "no device %s\n", a->device);
	for (size_t i = 0; i < GD_N_ELEMS(sides); i++) {
		if (!gd_netem_of_side(a, sides[i]))
			continue;
		name_ifb(a->device, sides[i], ifb);
		rc = p->link->get(p->link->ctx, ifb, &info, err);
		if (rc < 0)
			return -1;
		gd_strbuf_addf(out, "link %s %s\n", ifb,
			       rc == GD_PORT_ABSENT ? "absent" : info.kind);
	}
	return 0;
}

/* The longest that a packet usually waits. A distribution has a tail of 4 deviations. */
static struct gd_span longest_wait(const struct gd_netem *n)
{
	int64_t slot = n->slot_max.ns > n->slot.ns ? n->slot_max.ns : n->slot.ns;

	return (struct gd_span){n->delay.ns + slot +
				n->jitter.ns * (n->distribution ? 4 : 2)};
}

/* Packets on the way during the longest wait, at the rate that is possible. */
static int64_t derive_limit(const struct gd_netem *n, struct gd_bitrate speed)
{
	double bps = (double)(n->rate.bps ? n->rate.bps
			      : speed.bps ? speed.bps
					  : INT64_C(1000000000));
	double seconds = (double)longest_wait(n).ns / 1e9;
	double packets = ceil(bps * seconds / (8.0 * BYTES_PER_PACKET));

	if (n->limit)
		return n->limit;
	return packets < MIN_LIMIT   ? MIN_LIMIT
	       : packets > MAX_LIMIT ? MAX_LIMIT
				     : (int64_t)packets;
}

/* Makes room for n: in the queue, in front of it, and in the time that undoing waits. */
static void provide(const struct gd_netem *n, struct gd_bitrate speed,
		    struct gd_netem_side *side, struct gd_span *drain)
{
	const struct gd_netem w = wanted(n, 0);
	struct gd_span wait = {longest_wait(n).ns + 50 * GD_NS_PER_MS};
	int64_t limit = derive_limit(n, speed);

	side->limit = limit > side->limit ? limit : side->limit;
	side->segmented = side->segmented || needs_segmenter(&w);
	*drain = wait.ns > drain->ns ? wait : *drain;
}

static int capture(const struct gd_ports *p, const void *args, void *undo,
		   struct gd_error *err)
{
	const struct gd_netem_args *a = args;
	struct gd_tc_hook_info h = {0};
	struct gd_netem_undo *u = undo;
	struct gd_link_info info;

	if (gd_device_ready(p, a->device, &info, err) < 0 ||
	    p->tc->hook(p->tc->ctx, a->device, &h, err) < 0 ||
	    resolve(p, a, true, &u->peers, &u->except_peers, err) < 0)
		return -1;
	(void)snprintf(u->device, sizeof(u->device), "%s", a->device);
	u->made_clsact = h.hook == GD_TC_HOOK_NONE;
	u->out = u->in = (struct gd_netem_side){0};
	u->drain.ns = 0;
	for (size_t i = 0; i < GD_N_ELEMS(sides); i++) {
		const struct gd_netem *n = gd_netem_of_side(a, sides[i]);
		struct gd_netem_side *side = sides[i] ? &u->in : &u->out;

		if (!n)
			continue;
		name_ifb(a->device, sides[i], side->ifb);
		provide(n, info.speed, side, &u->drain);
	}
	return 0;
}

static int foresee(const struct gd_ports *p, const void *args, void *undo,
		   struct gd_error *err)
{
	const struct gd_netem_args *a = args;
	struct gd_netem_undo *u = undo;
	struct gd_link_info info;

	if (gd_device_ready(p, u->device, &info, err) < 0)
		return -1;
	for (size_t i = 0; i < GD_N_ELEMS(sides); i++) {
		const struct gd_netem *n = gd_netem_of_side(a, sides[i]);
		struct gd_netem_side *side = sides[i] ? &u->in : &u->out;

		if (!n)
			continue;
		if (!side->ifb[0])
			return gd_raise(err, GD_E_INPUT, "the direction can't change");
		if (check_kernel(p, n, err) < 0)
			return -1;
		provide(n, info.speed, side, &u->drain);
	}
	return 0;
}

/* --- doing and undoing --------------------------------------------------------------- */

static int add_one(const struct gd_ports *p, const char *device,
		   const struct gd_tc_filter *f, void *ctx GD_UNUSED,
		   struct gd_error *err)
{
	return p->tc->add_filter(p->tc->ctx, device, f, err);
}

static int count_one(const struct gd_ports *p GD_UNUSED, const char *device GD_UNUSED,
		     const struct gd_tc_filter *f GD_UNUSED, void *ctx,
		     struct gd_error *err GD_UNUSED)
{
	(*(int64_t *)ctx)++;
	return 0;
}

/* The intermediate device with its queues; nothing leads to it yet. */
static int make_ifb(const struct gd_ports *p, const struct gd_netem_side *side,
		    const struct gd_netem *asked, int64_t mtu, struct gd_error *err)
{
	const struct gd_netem n = wanted(asked, side->limit);
	const struct gd_tc_port *tc = p->tc;

	if (p->link->add_ifb(p->link->ctx, side->ifb, err) < 0)
		return -1;
	if (side->segmented && tc->add_segmenter(tc->ctx, side->ifb, mtu, err) < 0)
		return -1;
	return tc->add_netem(tc->ctx, side->ifb, side->segmented, &n, err);
}

static int apply(const struct gd_ports *p, const void *args, const void *undo,
		 struct gd_error *err)
{
	const struct gd_netem_args *a = args;
	const struct gd_netem_undo *u = undo;
	struct gd_link_info info;

	if (gd_device_ready(p, u->device, &info, err) < 0)
		return -1;
	for (size_t i = 0; i < GD_N_ELEMS(sides); i++) {
		const struct gd_netem *n = gd_netem_of_side(a, sides[i]);

		if (n && make_ifb(p, side_of(u, sides[i]), n, info.mtu, err) < 0)
			return -1;
	}
	if (u->made_clsact && p->tc->add_clsact(p->tc->ctx, u->device, err) < 0)
		return -1;
	for (size_t i = 0; i < GD_N_ELEMS(sides); i++)
		if (gd_netem_of_side(a, sides[i]) &&
		    gd_netem_each_filter(p, a, u, sides[i], add_one, NULL, err) < 0)
			return -1;
	return 0;
}

/* The filters stay, so which packets suffer does; those on their way keep their delay. */
static int change(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_error *err)
{
	const struct gd_netem_undo *u = undo;

	for (size_t i = 0; i < GD_N_ELEMS(sides); i++) {
		const struct gd_netem *asked = gd_netem_of_side(args, sides[i]);
		const struct gd_netem_side *side = side_of(u, sides[i]);
		struct gd_netem n;

		if (!asked)
			continue;
		n = wanted(asked, side->limit);
		if (p->tc->change_netem(p->tc->ctx, side->ifb, side->segmented, &n, err) <
		    0)
			return -1;
	}
	return 0;
}

static bool same(const struct gd_netem *asked, const struct gd_netem *got)
{
	struct gd_netem g = *got;

	if (asked->seed == 0)
		g.seed = 0; /* the kernel's own choice */
	return memcmp(asked, &g, offsetof(struct gd_netem, distribution)) == 0 &&
	       asked->ecn == g.ecn;
}

static int verify_side(const struct gd_ports *p, const struct gd_netem_args *a,
		       const struct gd_netem_undo *u, bool ingress, struct gd_error *err)
{
	const struct gd_netem_side *side = side_of(u, ingress);
	const struct gd_netem asked = wanted(gd_netem_of_side(a, ingress), side->limit);
	struct gd_tc_hook_info h = {0};
	struct gd_tc_stats stats;
	struct gd_netem got;
	int64_t n_filters = 0, n_found;
	int rc = p->tc->get_netem(p->tc->ctx, side->ifb, &got, &stats, err);

	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_DRIFT, "%s carries no netem", side->ifb);
	if (!same(&asked, &got))
		return gd_raise(err, GD_E_DRIFT,
				"netem on %s has other settings than it was given",
				side->ifb);
	if (gd_netem_each_filter(p, a, u, ingress, count_one, &n_filters, err) < 0 ||
	    p->tc->hook(p->tc->ctx, u->device, &h, err) < 0)
		return -1;
	n_found = ingress ? h.n_ingress : h.n_egress;
	if (h.hook != GD_TC_HOOK_CLSACT || n_found != n_filters)
		return gd_raise(err, GD_E_DRIFT,
				"%s has %" PRId64 " %s filters instead of %" PRId64,
				u->device, n_found, ingress ? "ingress" : "egress",
				n_filters);
	return 0;
}

static int verify(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_error *err)
{
	const struct gd_netem_args *a = args;

	for (size_t i = 0; i < GD_N_ELEMS(sides); i++)
		if (gd_netem_of_side(a, sides[i]) &&
		    verify_side(p, a, undo, sides[i], err) < 0)
			return -1;
	return 0;
}

static void add_counter(struct gd_effect *e, const char *name, bool ingress,
			int64_t value)
{
	struct gd_counter *c = &e->counters[e->n_counters++];

	(void)snprintf(c->name, sizeof(c->name), "%s%s", name, ingress ? "_in" : "");
	c->value = (double)value;
}

/*
 * Five or more losses to be expected and none seen: then nothing was lost. Losses in bursts
 * are as many as the bursts.
 */
static bool bit(const struct gd_netem *n, const struct gd_tc_stats *s)
{
	double total = (double)(s->packets + s->drops);
	double expected = total * gd_netem_mean_loss(n);
	double starts = (double)(n->burst_start.ppb + n->p13.ppb + n->p14.ppb) / 1e9;

	if (starts > 0)
		expected = fmin(expected, total * starts);
	return total > 0 && (expected < 5 || s->drops > 0);
}

static int effect(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_effect *ret, struct gd_error *err)
{
	const struct gd_netem_args *a = args;
	const struct gd_netem_undo *u = undo;
	struct gd_effect e = {.seen = true};

	for (size_t i = 0; i < GD_N_ELEMS(sides); i++) {
		const struct gd_netem *asked = gd_netem_of_side(a, sides[i]);
		const char *ifb = side_of(u, sides[i])->ifb;
		size_t len = strlen(e.text);
		struct gd_tc_stats s;
		struct gd_netem n;
		double total;
		int rc;

		if (!asked)
			continue;
		rc = p->tc->get_netem(p->tc->ctx, ifb, &n, &s, err);
		if (rc < 0)
			return -1;
		if (rc == GD_PORT_ABSENT)
			return gd_raise(err, GD_E_DRIFT, "%s carries no netem any more",
					ifb);
		total = (double)(s.packets + s.drops);
		(void)snprintf(
			e.text + len, sizeof(e.text) - len,
			"%s%" PRId64 " of %.0f%s packets dropped (%.2f %%), "
			"%" PRId64 " sent on through netem",
			len ? "; " : "", s.drops, total, sides[i] ? " incoming" : "",
			total > 0 ? 100.0 * (double)s.drops / total : 0, s.packets);
		e.seen = e.seen && bit(asked, &s);
		add_counter(&e, "packets", sides[i], s.packets);
		add_counter(&e, "bytes", sides[i], s.bytes);
		add_counter(&e, "drops", sides[i], s.drops);
	}
	*ret = e;
	return 0;
}

static bool is_empty(const struct gd_ports *p, const struct gd_netem_side *side)
{
	struct gd_error ignored;
	struct gd_tc_stats s;
	struct gd_netem n;

	return !side->ifb[0] ||
	       p->tc->get_netem(p->tc->ctx, side->ifb, &n, &s, &ignored) != 0 ||
	       s.queued == 0;
}

/* Lets packets that wait in netem go their way, so that undoing loses none. */
static void drain(const struct gd_ports *p, const struct gd_netem_undo *u)
{
	const struct gd_span step = gd_span_ms(5), most = gd_span_s(2);
	struct gd_span left = u->drain.ns > most.ns ? most : u->drain;

	for (; left.ns > 0; left.ns -= step.ns) {
		if (is_empty(p, &u->out) && is_empty(p, &u->in))
			return;
		p->time->sleep(p->time->ctx, step);
	}
}

/* Deletes the hook if it was ours and nobody else has come to use it meanwhile. */
static int remove_hook(const struct gd_ports *p, const struct gd_netem_undo *u,
		       struct gd_error *err)
{
	struct gd_tc_hook_info h = {0};
	int rc;

	if (!u->made_clsact)
		return 0;
	rc = p->tc->hook(p->tc->ctx, u->device, &h, err);
	if (rc != 0 || h.hook != GD_TC_HOOK_CLSACT)
		return rc < 0 ? -1 : 0;
	if (h.n_egress || h.n_ingress)
		return gd_raise(err, GD_E_LEFT_BEHIND,
				"somebody else put filters on %s meanwhile, so clsact "
				"stays: `tc filter show dev %s egress`, or ingress",
				u->device, u->device);
	return p->tc->remove_clsact(p->tc->ctx, u->device, err) < 0 ? -1 : 0;
}

static int revert(const struct gd_ports *p, const void *undo, struct gd_error *err)
{
	struct gd_error first = GD_ERROR_INIT, e = GD_ERROR_INIT;
	const struct gd_netem_undo *u = undo;

	/* Every step is tried, whatever became of the one before. */
	for (int prio = GD_NETEM_PRIO_V6; prio >= GD_NETEM_PRIO_CONTROL; prio--)
		for (size_t i = 0; i < GD_N_ELEMS(sides); i++)
			if (side_of(u, sides[i])->ifb[0] &&
			    p->tc->remove_filters(p->tc->ctx, u->device, sides[i], prio,
						  &e) < 0 &&
			    !first.code)
				first = e;
	drain(p, u);
	if (remove_hook(p, u, &e) < 0 && !first.code)
		first = e;
	for (size_t i = 0; i < GD_N_ELEMS(sides); i++) {
		const char *ifb = side_of(u, sides[i])->ifb;

		if (ifb[0] && p->link->remove_ifb(p->link->ctx, ifb, &e) < 0 &&
		    !first.code)
			first = e;
	}
	if (!first.code)
		return 0;
	*err = first;
	return -1;
}

/* The last line is about a hook that may have been there before: then it is left out. */
static void manual_captured(const void *args, const void *undo, struct gd_strbuf *out)
{
	const struct gd_netem_undo *u = undo;
	GD_AUTO_STRBUF(all);
	const char *text, *hook;

	manual(args, &all);
	text = gd_strbuf_str(&all);
	hook = u->made_clsact ? NULL : strstr(text, "tc qdisc del");
	gd_strbuf_add(out, text, hook ? (size_t)(hook - text) : all.len);
}

static void look(const void *args, struct gd_strbuf *out)
{
	const struct gd_netem_args *a = args;

	gd_strbuf_addf(
		out,
		"tc -d qdisc show dev %s; tc -d filter show dev %s egress; tc -d filter show dev %s ingress",
		a->device, a->device, a->device);
}

extern const struct gd_injector gd_injector_netem;
const struct gd_injector gd_injector_netem = {
	.name = "netem",
	.summary = "Delays, loses, duplicates, corrupts, reorders or slows down packets.",
	.target_field = "device",
	.needs = GD_NEED_NET_ADMIN,
	.network = true,
	.args = GD_SHAPE("netem", gd_netem_arg_rows, struct gd_netem_args),
	.undo = GD_SHAPE("netem undo", gd_netem_undo_rows, struct gd_netem_undo),
	.check = gd_netem_check,
	.describe = gd_netem_describe,
	.manual = manual,
	.manual_captured = manual_captured,
	.look = look,
	.doctor = doctor,
	.preflight = preflight,
	.state = state,
	.capture = capture,
	.apply = apply,
	.verify = verify,
	.foresee = foresee,
	.change = change,
	.effect = effect,
	.revert = revert,
};
