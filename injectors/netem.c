/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bad packets without touching the host's own queues. The device's clsact hook gets egress
 * filters; those that match hand the packet to an intermediate device gd-DEVICE, whose
 * only queue is netem, and from there it goes back to DEVICE and through the queues that
 * were there before.
 *
 *   prio 31001  SSH server port to the runner's address    pass
 *   prio 31002  IPv6 neighbour discovery and MLD           pass
 *   prio 31003  IPv4: everything, or the chosen peers      to gd-DEVICE
 *   prio 31004  IPv6: the same                             to gd-DEVICE
 *
 * What is neither IPv4 nor IPv6 (ARP above all, tagged frames, LLDP) matches none of them.
 * The redirects come last, when all that they lead to is in place, and go first.
 *
 * TCP hands bundles of up to 64 KB down as one piece, and netem would lose a bundle where
 * a real link loses a packet; so for everything but plain delay a segmenter sits in front.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "injectors/device.h"
#include "injectors/injector.h"
#include "injectors/ports.h"

enum {
	PRIO_CONTROL = 31001,
	PRIO_NEIGHBOURS,
	PRIO_V4,
	PRIO_V6,
	MAX_FILTERS = 256,
	MIN_LIMIT = 1000,
	MAX_LIMIT = 200000,
	BYTES_PER_PACKET = 500, /* for sizing the queue: packets smaller than the MTU */
};

struct peer {
	char *text;
};

struct port {
	int64_t number;
};

struct args {
	char device[GD_DEVICE_NAME];
	struct gd_netem netem;
	struct gd_list peers, ports;
};

struct undo {
	char device[GD_DEVICE_NAME];
	char ifb[GD_DEVICE_NAME];
	bool made_clsact;
	struct gd_span drain; /* how long packets may still be on their way in the ifb */
	int64_t limit;        /* packets; what apply and verify use */
};

/* --- parameters ---------------------------------------------------------------------- */

#define ARG(member) GD_MEMBER(struct args, member)
/* 100 % in parts per billion */
#define ALL INT64_C(1000000000)

static const struct gd_field peer_rows[] = {
	{.name = "peer",
	 .help = "an address or a prefix",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct peer, text),
	 .min = 2,
	 .max = 49},
};
static const struct gd_field port_rows[] = {
	{.name = "port",
	 .help = "a TCP or UDP port",
	 .kind = GD_KIND_INT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct port, number),
	 .min = 1,
	 .max = 65535},
};
static const struct gd_shape peer_shape = {.name = "peer",
					   .fields = peer_rows,
					   .n_fields = GD_N_ELEMS(peer_rows),
					   .size = sizeof(struct peer),
					   .key_offset = GD_NO_OFFSET,
					   .node_offset = GD_NO_OFFSET,
					   .given_offset = GD_NO_OFFSET,
					   .scalar = true};
static const struct gd_shape port_shape = {.name = "port",
					   .fields = port_rows,
					   .n_fields = GD_N_ELEMS(port_rows),
					   .size = sizeof(struct port),
					   .key_offset = GD_NO_OFFSET,
					   .node_offset = GD_NO_OFFSET,
					   .given_offset = GD_NO_OFFSET,
					   .scalar = true};

#define CORRELATION(of)                                                                  \
	{                                                                                \
		.name = #of "_correlation",                                              \
		.help = "how much each " #of " depends on the one before", .dflt = "0%", \
		.kind = GD_KIND_RATIO, ARG(netem.of##_correlation), .max = ALL           \
	}
#define SHARE(of, text)                                                                  \
	{                                                                                \
		.name = #of, .help = (text), .dflt = "0%", .kind = GD_KIND_RATIO,        \
		ARG(netem.of), .max = ALL                                                \
	}

static const struct gd_field arg_rows[] = {
	{.name = "device",
	 .help = "the network device whose outgoing packets suffer",
	 .kind = GD_KIND_NAME,
	 .flags = GD_FIELD_REQUIRED,
	 ARG(device)},
	{.name = "delay",
	 .help = "added to every packet",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 ARG(netem.delay),
	 .max = 60 * GD_NS_PER_S},
	{.name = "jitter",
	 .help = "the delay varies evenly by so much either way; packets may overtake",
	 .dflt = "0",
	 .kind = GD_KIND_DURATION,
	 ARG(netem.jitter),
	 .max = 60 * GD_NS_PER_S},
	CORRELATION(delay),
	SHARE(loss, "packets lost at random"),
	CORRELATION(loss),
	SHARE(duplicate, "packets sent twice"),
	CORRELATION(duplicate),
	SHARE(corrupt, "packets with one bit flipped"),
	CORRELATION(corrupt),
	SHARE(reorder, "packets sent at once while the others wait for the delay"),
	CORRELATION(reorder),
	{.name = "gap",
	 .help = "reorder: only every so many packets; 0: any packet",
	 .dflt = "0",
	 .kind = GD_KIND_INT,
	 ARG(netem.gap),
	 .max = 1000},
	{.name = "rate",
	 .help = "bandwidth; 0bit: as it is",
	 .dflt = "0bit",
	 .kind = GD_KIND_BITRATE,
	 ARG(netem.rate),
	 .max = INT64_C(1000000000000)},
	{.name = "limit",
	 .help = "packets the queue holds; 0: enough for delay times bandwidth",
	 .dflt = "0",
	 .kind = GD_KIND_INT,
	 ARG(netem.limit),
	 .max = MAX_LIMIT},
	{.name = "peers",
	 .help = "only packets to these addresses or prefixes; none: to all",
	 .kind = GD_KIND_LIST,
	 ARG(peers),
	 .max = 32,
	 .shape = &peer_shape},
	{.name = "ports",
	 .help = "only TCP and UDP packets from or to these ports; none: all packets",
	 .kind = GD_KIND_LIST,
	 ARG(ports),
	 .max = 16,
	 .shape = &port_shape},
};

static const struct gd_field undo_rows[] = {
	{.name = "device",
	 .help = "where the filters are",
	 .kind = GD_KIND_NAME,
	 .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,
	 GD_MEMBER(struct undo, device)},
	{.name = "ifb",
	 .help = "the intermediate device",
	 .kind = GD_KIND_NAME,
	 .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,
	 GD_MEMBER(struct undo, ifb)},
	{.name = "made_clsact",
	 .help = "the hook was not there before",
	 .kind = GD_KIND_BOOL,
	 .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,
	 GD_MEMBER(struct undo, made_clsact)},
	{.name = "drain",
	 .help = "how long packets may still be in the intermediate device",
	 .kind = GD_KIND_DURATION,
	 .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,
	 GD_MEMBER(struct undo, drain)},
	{.name = "limit",
	 .help = "packets the queue holds",
	 .kind = GD_KIND_INT,
	 .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,
	 GD_MEMBER(struct undo, limit)},
};

/* "10.0.0.0/8" into a match; without a length, the whole address. */
static int parse_peer(const char *text, struct gd_tc_match *ret, struct gd_error *err)
{
	struct gd_tc_match m = {.has_prefix = true};
	char addr[INET6_ADDRSTRLEN], tail;
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	int most;

	(void)snprintf(addr, sizeof(addr), "%.*s", (int)len, text);
	m.family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	most = m.prefix_len = m.family == AF_INET ? 32 : 128;
	if (len >= sizeof(addr) || inet_pton(m.family, addr, m.addr) != 1 ||
	    (slash && (sscanf(slash, "/%3d%c", &m.prefix_len, &tail) != 1 ||
		       m.prefix_len < 0 || m.prefix_len > most)))
		return gd_raise(err, GD_E_INPUT,
				"\"%.50s\" is not a peer: write an address or a prefix, "
				"as in 10.20.0.0/24 or 2001:db8::/32",
				text);
	*ret = m;
	return 0;
}

/* A correlation, or another parameter that only refines one that is not given. */
static int check_refines(struct gd_ratio base, struct gd_ratio correlation,
			 const char *name, struct gd_error *err)
{
	if (correlation.ppb && !base.ppb)
		return gd_raise(err, GD_E_INPUT,
				"%s_correlation without %s has no meaning", name, name);
	return 0;
}

static int check_relations(const struct gd_netem *n, struct gd_error *err)
{
	if (n->jitter.ns > n->delay.ns)
		return gd_raise(err, GD_E_INPUT,
				"jitter is more than delay: packets can't be early");
	if (n->delay_correlation.ppb && !n->jitter.ns)
		return gd_raise(err, GD_E_INPUT,
				"delay_correlation without jitter has no meaning");
	if (n->reorder.ppb && !n->delay.ns)
		return gd_raise(err, GD_E_INPUT,
				"reorder needs a delay: without one, no packet waits "
				"for others to overtake it");
	if (n->gap && !n->reorder.ppb)
		return gd_raise(err, GD_E_INPUT, "gap without reorder has no meaning");
	if (n->rate.bps && n->rate.bps < 8000)
		return gd_raise(err, GD_E_INPUT, "rate is below 8kbit");
	if (!n->delay.ns && !n->loss.ppb && !n->duplicate.ppb && !n->corrupt.ppb &&
	    !n->rate.bps)
		return gd_raise(err, GD_E_INPUT,
				"nothing is asked for: give delay, loss, duplicate, "
				"corrupt, reorder or rate");
	return 0;
}

static int check(const void *args, struct gd_error *err)
{
	const struct args *a = args;
	const struct gd_netem *n = &a->netem;
	size_t n_filters;
	struct gd_tc_match m;

	if (gd_device_check(a->device, err) < 0 || check_relations(n, err) < 0 ||
	    check_refines(n->loss, n->loss_correlation, "loss", err) < 0 ||
	    check_refines(n->duplicate, n->duplicate_correlation, "duplicate", err) < 0 ||
	    check_refines(n->corrupt, n->corrupt_correlation, "corrupt", err) < 0 ||
	    check_refines(n->reorder, n->reorder_correlation, "reorder", err) < 0)
		return -1;
	for (size_t i = 0; i < a->peers.n; i++)
		if (parse_peer(GD_AT(&a->peers, struct peer, i)->text, &m, err) < 0)
			return -1;
	n_filters = (a->peers.n ? a->peers.n : 2) * (a->ports.n ? a->ports.n * 4 : 1);
	if (n_filters > MAX_FILTERS)
		return gd_raise(err, GD_E_INPUT,
				"%zu peers and %zu ports need %zu filters, at most %d: "
				"use prefixes, or fewer ports",
				a->peers.n, a->ports.n, n_filters, (int)MAX_FILTERS);
	return 0;
}

/* --- words --------------------------------------------------------------------------- */

static void add_part(struct gd_strbuf *out, bool *first, const char *fmt, ...)
	GD_PRINTF(3, 4);

static void add_part(struct gd_strbuf *out, bool *first, const char *fmt, ...)
{
	va_list ap;

	gd_strbuf_adds(out, *first ? " " : ", ");
	*first = false;
	va_start(ap, fmt);
	gd_strbuf_vaddf(out, fmt, ap);
	va_end(ap);
}

static void describe_share(struct gd_strbuf *out, bool *first, const char *verb,
			   struct gd_ratio r)
{
	char buf[32];

	if (r.ppb)
		add_part(out, first, "%s %s of outgoing packets", verb,
			 gd_ratio_format(r, buf));
}

static void describe_scope(const struct args *a, struct gd_strbuf *out)
{
	for (size_t i = 0; i < a->peers.n; i++)
		gd_strbuf_addf(out, "%s%s", i ? ", " : "; only to ",
			       GD_AT(&a->peers, struct peer, i)->text);
	for (size_t i = 0; i < a->ports.n; i++)
		gd_strbuf_addf(out, "%s%" PRId64, i ? ", " : "; only from or to port ",
			       GD_AT(&a->ports, struct port, i)->number);
}

static void describe(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;
	const struct gd_netem *n = &a->netem;
	char buf[32];
	bool first = true;

	gd_strbuf_addf(out, "%s:", a->device);
	describe_share(out, &first, "lose", n->loss);
	if (n->delay.ns) {
		add_part(out, &first, "delay outgoing packets by %s",
			 gd_span_format(n->delay, buf));
		if (n->jitter.ns)
			gd_strbuf_addf(out, " +- %s", gd_span_format(n->jitter, buf));
	}
	describe_share(out, &first, "duplicate", n->duplicate);
	describe_share(out, &first, "corrupt", n->corrupt);
	describe_share(out, &first, "reorder", n->reorder);
	if (n->rate.bps)
		add_part(out, &first, "send at most %s/s",
			 gd_bitrate_format(n->rate, buf));
	describe_scope(a, out);
}

static void manual(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;
	char ifb[GD_DEVICE_NAME];

	gd_device_ifb(a->device, ifb);
	for (int prio = PRIO_V6; prio >= PRIO_CONTROL; prio--)
		gd_strbuf_addf(out, "tc filter del dev %s egress prio %d\n", a->device,
			       prio);
	gd_strbuf_addf(out, "ip link del %s\n", ifb);
	gd_strbuf_addf(out,
		       "tc qdisc del dev %s clsact   # only if it was not there before\n",
		       a->device);
}

/* --- reading ------------------------------------------------------------------------- */

/* Does losing a bundle differ from losing a packet? */
static bool needs_segmenter(const struct gd_netem *n)
{
	return n->loss.ppb || n->duplicate.ppb || n->corrupt.ppb || n->reorder.ppb ||
	       n->jitter.ns || n->rate.bps;
}

static int check_kernel(const struct gd_ports *p, const struct gd_netem *n,
			struct gd_error *err)
{
	static const char *const modules[] = {"sch_netem",  "ifb",          "sch_ingress",
					      "cls_flower", "cls_matchall", "act_mirred",
					      "act_gact",   "sch_tbf"};
	size_t count = GD_N_ELEMS(modules);

	return gd_device_modules(p, modules, needs_segmenter(n) ? count : count - 1, err);
}

static int check_hook(const struct gd_ports *p, const char *device, struct gd_error *err)
{
	struct gd_tc_hook_info h = {0};

	if (p->tc->hook(p->tc->ctx, device, &h, err) < 0)
		return -1;
	if (h.hook == GD_TC_HOOK_INGRESS)
		return gd_raise(err, GD_E_REFUSED,
				"%s has an ingress qdisc, which leaves no room for "
				"clsact; if it can be done without: `tc qdisc del dev "
				"%s ingress`",
				device, device);
	if (h.n_egress)
		return gd_raise(err, GD_E_REFUSED,
				"%s has %" PRId64 " egress filters already (%s), which "
				"this fault would go around; choose another device, or "
				"look at `tc filter show dev %s egress`",
				device, h.n_egress, h.first_egress, device);
	return 0;
}

static int preflight(const struct gd_ports *p, const void *args, struct gd_error *err)
{
	const struct args *a = args;
	struct gd_link_info info, ifb_info;
	char ifb[GD_DEVICE_NAME];
	int rc;

	if (gd_device_control_known(p, err) < 0 ||
	    gd_device_ready(p, a->device, &info, err) < 0 ||
	    check_kernel(p, &a->netem, err) < 0 || check_hook(p, a->device, err) < 0)
		return -1;
	gd_device_ifb(a->device, ifb);
	rc = p->link->get(p->link->ctx, ifb, &ifb_info, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return gd_raise(err, GD_E_REFUSED,
				"there is a device %s already, left by an earlier "
				"fault: run `gameday revert`, or `ip link del %s`",
				ifb, ifb);
	return 0;
}

static int say_device(const struct gd_ports *p, const char *device, struct gd_strbuf *out,
		      struct gd_error *err)
{
	struct gd_link_info info;

	if (gd_device_ready(p, device, &info, err) < 0 || check_hook(p, device, err) < 0)
		return -1;
	gd_strbuf_adds(out, "outgoing packets");
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
	const struct args *a = args;
	struct gd_link_info info;
	char ifb[GD_DEVICE_NAME];
	int rc;

	rc = p->tc->snapshot(p->tc->ctx, a->device, out, err);
	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT)
		gd_strbuf_addf(out, "no device %s\n", a->device);
	gd_device_ifb(a->device, ifb);
	rc = p->link->get(p->link->ctx, ifb, &info, err);
	if (rc < 0)
		return -1;
	gd_strbuf_addf(out, "link %s %s\n", ifb,
		       rc == GD_PORT_ABSENT ? "absent" : info.kind);
	return 0;
}

/* Packets on the way during delay and jitter, at the rate that is possible. */
static int64_t derive_limit(const struct gd_netem *n, struct gd_bitrate speed)
{
	double bps = (double)(n->rate.bps ? n->rate.bps
			      : speed.bps ? speed.bps
					  : INT64_C(1000000000));
	double seconds = (double)(n->delay.ns + 2 * n->jitter.ns) / 1e9;
	double packets = ceil(bps * seconds / (8.0 * BYTES_PER_PACKET));

	if (n->limit)
		return n->limit;
	return packets < MIN_LIMIT   ? MIN_LIMIT
	       : packets > MAX_LIMIT ? MAX_LIMIT
				     : (int64_t)packets;
}

static int capture(const struct gd_ports *p, const void *args, void *undo,
		   struct gd_error *err)
{
	const struct args *a = args;
	struct gd_tc_hook_info h = {0};
	struct gd_link_info info;
	struct undo *u = undo;

	if (gd_device_ready(p, a->device, &info, err) < 0 ||
	    p->tc->hook(p->tc->ctx, a->device, &h, err) < 0)
		return -1;
	(void)snprintf(u->device, sizeof(u->device), "%s", a->device);
	gd_device_ifb(a->device, u->ifb);
	u->made_clsact = h.hook == GD_TC_HOOK_NONE;
	u->drain.ns = a->netem.delay.ns + 2 * a->netem.jitter.ns + 50 * GD_NS_PER_MS;
	u->limit = derive_limit(&a->netem, info.speed);
	return 0;
}

/* --- filters ------------------------------------------------------------------------- */

typedef int filter_fn(const struct gd_ports *p, const struct undo *u,
		      const struct gd_tc_filter *f, void *ctx, struct gd_error *err);

static int each_control(const struct gd_ports *p, const struct undo *u, filter_fn *fn,
			void *ctx, struct gd_error *err)
{
	/* Neighbour discovery (RFC 4861) and multicast listener reports (RFC 2710, 3810),
	 * without which a snooping switch would cut neighbour discovery off. */
	static const int types[] = {130, 131, 132, 133, 134, 135, 136, 137, 143};
	struct gd_tc_filter ssh = {.prio = PRIO_CONTROL,
				   .match = {.family = p->control.family,
					     .has_prefix = true,
					     .ip_proto = IPPROTO_TCP,
					     .src_port = p->control.port}};

	memcpy(ssh.match.addr, p->control.addr, sizeof(ssh.match.addr));
	ssh.match.prefix_len = p->control.family == AF_INET ? 32 : 128;
	if (p->control.kind == GD_CONTROL_SSH && fn(p, u, &ssh, ctx, err) < 0)
		return -1;
	for (size_t i = 0; i < GD_N_ELEMS(types); i++) {
		struct gd_tc_filter nd = {.prio = PRIO_NEIGHBOURS,
					  .match = {.family = AF_INET6,
						    .ip_proto = IPPROTO_ICMPV6,
						    .icmp6_type = types[i]}};

		if (fn(p, u, &nd, ctx, err) < 0)
			return -1;
	}
	return 0;
}

/* One redirect for all packets of the match, or one per port, direction and protocol. */
static int each_port(const struct gd_ports *p, const struct args *a, const struct undo *u,
		     const struct gd_tc_match *match, filter_fn *fn, void *ctx,
		     struct gd_error *err)
{
	struct gd_tc_filter f = {.prio = match->family == AF_INET ? PRIO_V4 : PRIO_V6,
				 .match = *match,
				 .redirect_to = u->ifb};

	if (a->ports.n == 0)
		return fn(p, u, &f, ctx, err);
	for (size_t i = 0; i < a->ports.n * 4; i++) {
		int number = (int)GD_AT(&a->ports, struct port, i / 4)->number;

		f.match.ip_proto = i & 1 ? IPPROTO_UDP : IPPROTO_TCP;
		f.match.src_port = i & 2 ? number : 0;
		f.match.dst_port = i & 2 ? 0 : number;
		if (fn(p, u, &f, ctx, err) < 0)
			return -1;
	}
	return 0;
}

static int each_redirect(const struct gd_ports *p, const struct args *a,
			 const struct undo *u, filter_fn *fn, void *ctx,
			 struct gd_error *err)
{
	const struct gd_tc_match v4 = {.family = AF_INET}, v6 = {.family = AF_INET6};
	struct gd_tc_match match;

	for (size_t i = 0; i < a->peers.n; i++)
		if (parse_peer(GD_AT(&a->peers, struct peer, i)->text, &match, err) < 0 ||
		    each_port(p, a, u, &match, fn, ctx, err) < 0)
			return -1;
	if (a->peers.n)
		return 0;
	if (each_port(p, a, u, &v4, fn, ctx, err) < 0)
		return -1;
	return each_port(p, a, u, &v6, fn, ctx, err);
}

static int add_one(const struct gd_ports *p, const struct undo *u,
		   const struct gd_tc_filter *f, void *ctx GD_UNUSED,
		   struct gd_error *err)
{
	return p->tc->add_filter(p->tc->ctx, u->device, f, err);
}

static int count_one(const struct gd_ports *p GD_UNUSED, const struct undo *u GD_UNUSED,
		     const struct gd_tc_filter *f GD_UNUSED, void *ctx,
		     struct gd_error *err GD_UNUSED)
{
	(*(int64_t *)ctx)++;
	return 0;
}

/* --- doing and undoing --------------------------------------------------------------- */

/* What netem gets: as asked, the queue's size and the kernel's conventions filled in. */
static struct gd_netem wanted(const struct args *a, const struct undo *u)
{
	struct gd_netem n = a->netem;

	n.limit = u->limit;
	n.rate.bps -= n.rate.bps % 8;
	if (n.reorder.ppb && n.gap == 0)
		n.gap = 1; /* 0 would turn reordering off */
	return n;
}

static int apply(const struct gd_ports *p, const void *args, const void *undo,
		 struct gd_error *err)
{
	const struct gd_tc_port *tc = p->tc;
	const struct args *a = args;
	const struct undo *u = undo;
	struct gd_netem n = wanted(a, u);
	bool segmented = needs_segmenter(&n);
	struct gd_link_info info;

	if (gd_device_ready(p, u->device, &info, err) < 0 ||
	    p->link->add_ifb(p->link->ctx, u->ifb, err) < 0)
		return -1;
	if (segmented && tc->add_segmenter(tc->ctx, u->ifb, info.mtu, err) < 0)
		return -1;
	if (tc->add_netem(tc->ctx, u->ifb, segmented, &n, err) < 0)
		return -1;
	if (u->made_clsact && tc->add_clsact(tc->ctx, u->device, err) < 0)
		return -1;
	if (each_control(p, u, add_one, NULL, err) < 0)
		return -1;
	return each_redirect(p, a, u, add_one, NULL, err);
}

static bool same(const struct gd_netem *a, const struct gd_netem *b)
{
	return a->delay.ns == b->delay.ns && a->jitter.ns == b->jitter.ns &&
	       a->delay_correlation.ppb == b->delay_correlation.ppb &&
	       a->loss.ppb == b->loss.ppb &&
	       a->loss_correlation.ppb == b->loss_correlation.ppb &&
	       a->duplicate.ppb == b->duplicate.ppb &&
	       a->duplicate_correlation.ppb == b->duplicate_correlation.ppb &&
	       a->corrupt.ppb == b->corrupt.ppb &&
	       a->corrupt_correlation.ppb == b->corrupt_correlation.ppb &&
	       a->reorder.ppb == b->reorder.ppb &&
	       a->reorder_correlation.ppb == b->reorder_correlation.ppb &&
	       a->gap == b->gap && a->rate.bps == b->rate.bps && a->limit == b->limit;
}

static int verify(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_error *err)
{
	const struct args *a = args;
	const struct undo *u = undo;
	struct gd_netem asked = wanted(a, u), got;
	struct gd_tc_hook_info h = {0};
	struct gd_tc_stats stats;
	int64_t n_filters = 0;
	int rc = p->tc->get_netem(p->tc->ctx, u->ifb, &got, &stats, err);

	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_DRIFT, "%s carries no netem", u->ifb);
	if (!same(&asked, &got))
		return gd_raise(err, GD_E_DRIFT,
				"netem on %s has other settings than it was given",
				u->ifb);
	if (each_control(p, u, count_one, &n_filters, err) < 0 ||
	    each_redirect(p, a, u, count_one, &n_filters, err) < 0 ||
	    p->tc->hook(p->tc->ctx, u->device, &h, err) < 0)
		return -1;
	if (h.hook != GD_TC_HOOK_CLSACT || h.n_egress != n_filters)
		return gd_raise(err, GD_E_DRIFT,
				"%s has %" PRId64 " egress filters instead of %" PRId64,
				u->device, h.n_egress, n_filters);
	return 0;
}

static void add_counter(struct gd_effect *e, const char *name, int64_t value)
{
	struct gd_counter *c = &e->counters[e->n_counters++];

	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	c->value = (double)value;
}

static int effect(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_effect *ret, struct gd_error *err)
{
	const struct args *a = args;
	const struct undo *u = undo;
	struct gd_tc_stats s;
	struct gd_netem n;
	double total, expected;
	int rc = p->tc->get_netem(p->tc->ctx, u->ifb, &n, &s, err);

	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_DRIFT, "%s carries no netem any more", u->ifb);
	total = (double)(s.packets + s.drops);
	expected = total * (double)a->netem.loss.ppb / 1e9;
	*ret = (struct gd_effect){.seen = total > 0 && (expected < 5 || s.drops > 0)};
	(void)snprintf(ret->text, sizeof(ret->text),
		       "%" PRId64 " of %.0f packets dropped (%.2f %%), %" PRId64
		       " sent on through netem",
		       s.drops, total, total > 0 ? 100.0 * (double)s.drops / total : 0,
		       s.packets);
	add_counter(ret, "packets", s.packets);
	add_counter(ret, "bytes", s.bytes);
	add_counter(ret, "drops", s.drops);
	return 0;
}

/* Lets packets that wait in netem go their way, so that undoing loses none. */
static void drain(const struct gd_ports *p, const struct undo *u)
{
	const struct gd_span step = gd_span_ms(5), most = gd_span_s(2);
	struct gd_span left = u->drain.ns > most.ns ? most : u->drain;
	struct gd_error ignored;
	struct gd_tc_stats s;
	struct gd_netem n;

	for (; left.ns > 0; left.ns -= step.ns) {
		if (p->tc->get_netem(p->tc->ctx, u->ifb, &n, &s, &ignored) != 0 ||
		    s.queued == 0)
			return;
		p->time->sleep(p->time->ctx, step);
	}
}

/* Deletes the hook if it was ours and nobody else has come to use it meanwhile. */
static int remove_hook(const struct gd_ports *p, const struct undo *u,
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
				"stays: `tc filter show dev %s egress`",
				u->device, u->device);
	return p->tc->remove_clsact(p->tc->ctx, u->device, err) < 0 ? -1 : 0;
}

static int revert(const struct gd_ports *p, const void *undo, struct gd_error *err)
{
	struct gd_error first = GD_ERROR_INIT, e = GD_ERROR_INIT;
	const struct undo *u = undo;

	/* Every step is tried, whatever became of the one before. */
	for (int prio = PRIO_V6; prio >= PRIO_CONTROL; prio--)
		if (p->tc->remove_filters(p->tc->ctx, u->device, prio, &e) < 0 &&
		    !first.code)
			first = e;
	drain(p, u);
	if (remove_hook(p, u, &e) < 0 && !first.code)
		first = e;
	if (p->link->remove_ifb(p->link->ctx, u->ifb, &e) < 0 && !first.code)
		first = e;
	if (!first.code)
		return 0;
	*err = first;
	return -1;
}

extern const struct gd_injector gd_injector_netem;
const struct gd_injector gd_injector_netem = {
	.name = "netem",
	.summary = "Delays, loses, duplicates, corrupts, reorders or slows down outgoing "
		   "packets.",
	.target_field = "device",
	.needs = GD_NEED_NET_ADMIN,
	.network = true,
	.args = GD_SHAPE("netem", arg_rows, struct args),
	.undo = GD_SHAPE("netem undo", undo_rows, struct undo),
	.check = check,
	.describe = describe,
	.manual = manual,
	.doctor = doctor,
	.preflight = preflight,
	.state = state,
	.capture = capture,
	.apply = apply,
	.verify = verify,
	.effect = effect,
	.revert = revert,
};
