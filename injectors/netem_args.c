/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/netem_args.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>

#include "injectors/device.h"
#include "injectors/netem_scope.h"

enum { MAX_LIMIT = 200000, ETHERNET_HEADER = 14 };

/* 100 % in parts per billion */
#define ALL INT64_C(1000000000)

/* --- which packets ------------------------------------------------------------------- */

static const struct gd_field peer_rows[] = {
	{.name = "peer",
	 .help = "an address, a prefix or a host name",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED | GD_FIELD_PEER,
	 GD_MEMBER(struct gd_netem_text, text),
	 .min = 1,
	 .max = 253},
};
static const struct gd_field port_rows[] = {
	{.name = "port",
	 .help = "a port",
	 .kind = GD_KIND_INT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct gd_netem_number, number),
	 .min = 1,
	 .max = 65535},
};
static const struct gd_choice protocols[] = {
	{"tcp", "TCP", IPPROTO_TCP},
	{"udp", "UDP", IPPROTO_UDP},
	{"icmp", "ICMP, and ICMPv6 but for neighbour discovery", IPPROTO_ICMP},
	{"sctp", "SCTP", IPPROTO_SCTP},
	{0},
};
static const struct gd_field protocol_rows[] = {
	{.name = "protocol",
	 .help = "a protocol on top of IP",
	 .kind = GD_KIND_ENUM,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct gd_netem_protocol, number),
	 .choices = protocols},
};

#define SCALAR_SHAPE(shape_name, rows, type)                                             \
	{                                                                                \
		.name = (shape_name), .fields = (rows), .n_fields = GD_N_ELEMS(rows),    \
		.size = sizeof(type), .key_offset = GD_NO_OFFSET,                        \
		.node_offset = GD_NO_OFFSET, .given_offset = GD_NO_OFFSET,               \
		.scalar = true                                                           \
	}

static const struct gd_shape peer_shape =
	SCALAR_SHAPE("peer", peer_rows, struct gd_netem_text);
static const struct gd_shape port_shape =
	SCALAR_SHAPE("port", port_rows, struct gd_netem_number);
static const struct gd_shape protocol_shape =
	SCALAR_SHAPE("protocol", protocol_rows, struct gd_netem_protocol);

#define PEERS(text, ...)                                                                 \
	{                                                                                \
		.name = "peers", .help = (text), .kind = GD_KIND_LIST, __VA_ARGS__,      \
		.max = GD_NETEM_MAX_PEERS, .shape = &peer_shape                          \
	}
#define PORTS(text, ...)                                                                 \
	{                                                                                \
		.name = "ports", .help = (text), .kind = GD_KIND_LIST, __VA_ARGS__,      \
		.max = 16, .shape = &port_shape                                          \
	}
#define PROTOCOLS(text, ...)                                                             \
	{                                                                                \
		.name = "protocols", .help = (text), .kind = GD_KIND_LIST, __VA_ARGS__,  \
		.max = 4, .shape = &protocol_shape                                       \
	}

static const struct gd_field except_rows[] = {
	PEERS("not packets to or from these", GD_MEMBER(struct gd_netem_scope, peers)),
	PORTS("not packets from or to these ports",
	      GD_MEMBER(struct gd_netem_scope, ports)),
	PROTOCOLS("not packets of these", GD_MEMBER(struct gd_netem_scope, protocols)),
};
static const struct gd_shape except_shape =
	GD_SHAPE("except", except_rows, struct gd_netem_scope);

/* --- what happens to them ------------------------------------------------------------ */

static const struct gd_choice distributions[] = {
	{"uniform", "evenly, at most jitter either way", GD_DIST_UNIFORM},
	{"normal", "as a bell", GD_DIST_NORMAL},
	{"pareto", "with a long tail", GD_DIST_PARETO},
	{"paretonormal", "a quarter normal, three quarters pareto",
	 GD_DIST_PARETO_NORMAL},
	{0},
};

/* One row of the kind; AT says in which struct the value is. */
#define RATIO(AT, row_name, deflt, text)                                                 \
	{                                                                                \
		.name = #row_name, .help = (text), .dflt = (deflt),                      \
		.kind = GD_KIND_RATIO, AT(row_name), .max = ALL                          \
	}
#define CORRELATION(AT, of)                                                              \
	RATIO(AT, of##_correlation, "0%",                                                \
	      "how much each " #of " depends on the one before")
#define SPAN(AT, row_name, text)                                                         \
	{                                                                                \
		.name = #row_name, .help = (text), .dflt = "0",                          \
		.kind = GD_KIND_DURATION, AT(row_name), .max = 60 * GD_NS_PER_S          \
	}
#define NUMBER(AT, row_name, least, most, text)                                          \
	{                                                                                \
		.name = #row_name, .help = (text), .dflt = "0", .kind = GD_KIND_INT,     \
		AT(row_name), .min = (least), .max = (most)                              \
	}

#define DELAY_ROWS(AT)                                                                   \
	SPAN(AT, delay, "added to every packet"),                                        \
		SPAN(AT, jitter, "how far the delay varies; packets may overtake"),      \
		CORRELATION(AT, delay),                                                  \
	{                                                                                \
		.name = "distribution", .help = "how the delay varies",                  \
		.dflt = "uniform", .kind = GD_KIND_ENUM, AT(distribution),               \
		.choices = distributions                                                 \
	}
#define LOSS_ROWS(AT)                                                                    \
	RATIO(AT, loss, "0%", "packets lost at random"), CORRELATION(AT, loss),          \
		RATIO(AT, burst_start, "0%",                                             \
		      "chance per packet that a burst of losses begins"),                \
		RATIO(AT, burst_end, "0%", "chance per packet that the burst ends"),     \
		RATIO(AT, burst_loss, "100%", "packets lost during a burst"),            \
		RATIO(AT, quiet_loss, "0%", "packets lost between bursts"),              \
		RATIO(AT, p13, "0%", "4 states: from good to burst"),                    \
		RATIO(AT, p31, "0%", "4 states: from burst to good"),                    \
		RATIO(AT, p32, "0%", "4 states: from burst to good within burst"),       \
		RATIO(AT, p23, "100%", "4 states: from good within burst to burst"),     \
		RATIO(AT, p14, "0%", "4 states: from good to a lone loss"),              \
	{                                                                                \
		.name = "ecn",                                                           \
		.help = "mark packets instead of losing them, where they allow it",      \
		.dflt = "no", .kind = GD_KIND_BOOL, AT(ecn)                              \
	}
#define DAMAGE_ROWS(AT)                                                                  \
	RATIO(AT, duplicate, "0%", "packets sent twice"), CORRELATION(AT, duplicate),    \
		RATIO(AT, corrupt, "0%", "packets with one bit flipped"),                \
		CORRELATION(AT, corrupt),                                                \
		RATIO(AT, reorder, "0%",                                                 \
		      "packets sent at once while the others wait for the delay"),       \
		CORRELATION(AT, reorder),                                                \
		NUMBER(AT, gap, 0, 1000,                                                 \
		       "reorder: only every so many packets; 0: any packet")
#define PACE_ROWS(AT)                                                                    \
	{.name = "rate",                                                                 \
	 .help = "bandwidth; 0bit: as it is",                                            \
	 .dflt = "0bit",                                                                 \
	 .kind = GD_KIND_BITRATE,                                                        \
	 AT(rate),                                                                       \
	 .max = INT64_C(1000000000000)},                                                 \
		NUMBER(AT, packet_overhead, -ETHERNET_HEADER, 1000,                      \
		       "rate: bytes to add to each packet"),                             \
		NUMBER(AT, cell_size, 0, 9000,                                           \
		       "rate: bytes of a link's cell; 0: it has none"),                  \
		NUMBER(AT, cell_overhead, -100, 1000,                                    \
		       "rate: bytes to add to each cell"),                               \
		SPAN(AT, slot, "packets wait for slots, which are so far apart"),        \
		SPAN(AT, slot_max, "slots are at most so far apart; 0: always slot"),    \
		NUMBER(AT, slot_packets, 0, 1 << 20,                                     \
		       "packets in one slot; 0: any number"),                            \
		NUMBER(AT, slot_bytes, 0, 1 << 30, "bytes in one slot; 0: any number"),  \
		NUMBER(AT, limit, 0, MAX_LIMIT,                                          \
		       "packets the queue holds; 0: enough for delay times bandwidth"),  \
		NUMBER(AT, seed, 0, INT64_MAX,                                           \
		       "start of the kernel's dice (Linux 6.6); 0: another each time")

#define IN_NETEM(member) GD_MEMBER(struct gd_netem, member)
#define IN_ARGS(member) GD_MEMBER(struct gd_netem_args, netem.member)
#define ARG(member) GD_MEMBER(struct gd_netem_args, member)

static const struct gd_field ingress_rows[] = {DELAY_ROWS(IN_NETEM), LOSS_ROWS(IN_NETEM),
					       DAMAGE_ROWS(IN_NETEM),
					       PACE_ROWS(IN_NETEM)};
static const struct gd_shape ingress_shape =
	GD_SHAPE("ingress", ingress_rows, struct gd_netem);

static const struct gd_choice directions[] = {
	{"egress", "outgoing packets", GD_NETEM_EGRESS},
	{"ingress", "incoming packets", GD_NETEM_INGRESS},
	{"both", "outgoing and incoming packets", GD_NETEM_BOTH},
	{0},
};

const struct gd_field gd_netem_arg_rows[GD_NETEM_ARG_ROWS] = {
	{.name = "device",
	 .help = "the network device whose packets suffer",
	 .kind = GD_KIND_NAME,
	 .flags = GD_FIELD_REQUIRED,
	 ARG(device)},
	{.name = "direction",
	 .help = "which packets suffer",
	 .dflt = "egress",
	 .kind = GD_KIND_ENUM,
	 ARG(direction),
	 .choices = directions},
	DELAY_ROWS(IN_ARGS),
	LOSS_ROWS(IN_ARGS),
	DAMAGE_ROWS(IN_ARGS),
	PACE_ROWS(IN_ARGS),
	{.name = "ingress",
	 .help = "with direction both: other values for incoming packets",
	 .kind = GD_KIND_OBJECT,
	 ARG(ingress),
	 .shape = &ingress_shape},
	PEERS("only packets to these, or from these; none: all", ARG(scope.peers)),
	PORTS("only packets from or to these ports; none: all", ARG(scope.ports)),
	PROTOCOLS("only packets of these; none: all", ARG(scope.protocols)),
	{.name = "except",
	 .help = "peers, ports, protocols whose packets pass untouched",
	 .kind = GD_KIND_OBJECT,
	 ARG(except),
	 .shape = &except_shape},
};

/* --- undo ---------------------------------------------------------------------------- */

#define KEEP(row_name, row_kind, member_name, text)                                      \
	{                                                                                \
		.name = (row_name), .help = (text), .kind = (row_kind),                  \
		.flags = GD_FIELD_HIDDEN, GD_MEMBER(struct gd_netem_undo, member_name)   \
	}

const struct gd_field gd_netem_undo_rows[GD_NETEM_UNDO_ROWS] = {
	{.name = "device",
	 .help = "where the filters are",
	 .kind = GD_KIND_NAME,
	 .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,
	 GD_MEMBER(struct gd_netem_undo, device)},
	{.name = "made_clsact",
	 .help = "the hook was not there before",
	 .kind = GD_KIND_BOOL,
	 .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,
	 GD_MEMBER(struct gd_netem_undo, made_clsact)},
	KEEP("ifb", GD_KIND_NAME, out.ifb, "for outgoing packets"),
	KEEP("limit", GD_KIND_INT, out.limit, "packets its queue holds"),
	KEEP("ifb_in", GD_KIND_NAME, in.ifb, "for incoming packets"),
	KEEP("limit_in", GD_KIND_INT, in.limit, "packets its queue holds"),
	KEEP("segmented", GD_KIND_BOOL, out.segmented, "a segmenter is in front"),
	KEEP("segmented_in", GD_KIND_BOOL, in.segmented, "a segmenter is in front"),
	KEEP("drain", GD_KIND_DURATION, drain, "how long packets may be on their way"),
	{.name = "peers",
	 .help = "as resolved",
	 .kind = GD_KIND_LIST,
	 .flags = GD_FIELD_HIDDEN,
	 GD_MEMBER(struct gd_netem_undo, peers),
	 .max = GD_NETEM_MAX_PEERS,
	 .shape = &peer_shape},
	{.name = "except_peers",
	 .help = "as resolved",
	 .kind = GD_KIND_LIST,
	 .flags = GD_FIELD_HIDDEN,
	 GD_MEMBER(struct gd_netem_undo, except_peers),
	 .max = GD_NETEM_MAX_PEERS,
	 .shape = &peer_shape},
};

/* --- relations ----------------------------------------------------------------------- */

/* `given` without what it refines: as idle as asking for nothing. */
static int check_refines(bool given, bool base, const char *name, const char *base_name,
			 struct gd_error *err)
{
	if (!given || base)
		return 0;
	(void)gd_raise(err, GD_E_INPUT, "%s without %s has no meaning", name, base_name);
	return GD_CHECK_IDLE;
}

struct refinement {
	bool given, base;
	const char *name, *base_name;
};

static int check_refinements(const struct gd_netem *n, struct gd_error *err)
{
	bool slots = n->slot.ns || n->slot_max.ns;
	bool loss = n->loss.ppb || n->burst_start.ppb || n->p13.ppb;
	const struct refinement list[] = {
		{n->loss_correlation.ppb, n->loss.ppb, "loss_correlation", "loss"},
		{n->duplicate_correlation.ppb, n->duplicate.ppb, "duplicate_correlation",
		 "duplicate"},
		{n->corrupt_correlation.ppb, n->corrupt.ppb, "corrupt_correlation",
		 "corrupt"},
		{n->reorder_correlation.ppb, n->reorder.ppb, "reorder_correlation",
		 "reorder"},
		{n->delay_correlation.ppb, n->jitter.ns, "delay_correlation", "jitter"},
		{n->distribution != GD_DIST_UNIFORM, n->jitter.ns, "distribution",
		 "jitter"},
		{n->gap, n->reorder.ppb, "gap", "reorder"},
		{n->ecn, loss, "ecn", "a loss"},
		{n->burst_end.ppb || n->quiet_loss.ppb || n->burst_loss.ppb != ALL,
		 n->burst_start.ppb, "burst_end, burst_loss or quiet_loss",
		 "burst_start"},
		{n->p31.ppb || n->p32.ppb || n->p14.ppb || n->p23.ppb != ALL, n->p13.ppb,
		 "p31, p32, p23 or p14", "p13"},
		{n->packet_overhead || n->cell_size, n->rate.bps,
		 "packet_overhead or cell_size", "rate"},
		{n->cell_overhead, n->cell_size, "cell_overhead", "cell_size"},
		{n->slot_packets || n->slot_bytes, slots, "slot_packets or slot_bytes",
		 "slot"},
	};

	for (size_t i = 0; i < GD_N_ELEMS(list); i++)
		if (check_refines(list[i].given, list[i].base, list[i].name,
				  list[i].base_name, err) != 0)
			return GD_CHECK_IDLE;
	return 0;
}

static int check_loss(const struct gd_netem *n, struct gd_error *err)
{
	int kinds = !!n->loss.ppb + !!n->burst_start.ppb + !!n->p13.ppb;

	if (kinds > 1)
		return gd_raise(err, GD_E_INPUT,
				"loss, burst_start and p13 are three ways to lose "
				"packets: choose one");
	if (n->burst_start.ppb && !n->burst_end.ppb)
		return gd_raise(err, GD_E_INPUT,
				"burst_start without burst_end: the first burst would "
				"never end");
	if (n->burst_start.ppb && n->burst_loss.ppb == 0)
		return gd_raise(err, GD_E_INPUT,
				"burst_loss is 0%%: bursts would lose nothing");
	if (n->p13.ppb && !n->p31.ppb)
		return gd_raise(err, GD_E_INPUT,
				"p13 without p31: the first burst would never end");
	if (n->p32.ppb && !n->p23.ppb)
		return gd_raise(err, GD_E_INPUT,
				"p32 without p23: nothing leads back into the burst");
	if (n->p13.ppb + n->p14.ppb > ALL || n->p31.ppb + n->p32.ppb > ALL)
		return gd_raise(err, GD_E_INPUT,
				"p13 and p14, or p31 and p32, are more than 100%% "
				"together");
	return 0;
}

static int check_values(const struct gd_netem *n, struct gd_error *err)
{
	if (n->jitter.ns > n->delay.ns)
		return gd_raise(err, GD_E_INPUT,
				"jitter is more than delay: packets can't be early");
	if (n->reorder.ppb && !n->delay.ns)
		return gd_raise(err, GD_E_INPUT,
				"reorder needs a delay: without one, no packet waits "
				"for others to overtake it");
	if (n->rate.bps && n->rate.bps < 8000)
		return gd_raise(err, GD_E_INPUT, "rate is below 8kbit");
	if (n->cell_size && n->cell_size + n->cell_overhead <= 0)
		return gd_raise(err, GD_E_INPUT,
				"cell_overhead takes all of a cell's %" PRId64 " bytes",
				n->cell_size);
	if (n->slot_max.ns && n->slot_max.ns < n->slot.ns)
		return gd_raise(err, GD_E_INPUT, "slot_max is less than slot");
	return check_loss(n, err);
}

static bool is_idle(const struct gd_netem *n)
{
	return !n->delay.ns && !n->loss.ppb && !n->burst_start.ppb && !n->p13.ppb &&
	       !n->duplicate.ppb && !n->corrupt.ppb && !n->rate.bps && !n->slot.ns &&
	       !n->slot_max.ns;
}

static int check_idle(const struct gd_netem *n, struct gd_error *err)
{
	int rc = check_refinements(n, err);

	if (rc != 0 || !is_idle(n))
		return rc;
	(void)gd_raise(err, GD_E_INPUT,
		       "nothing is asked for: give delay, loss, burst_start, p13, "
		       "duplicate, corrupt, reorder, rate or slot");
	return GD_CHECK_IDLE;
}

static int check_except(const struct gd_netem_scope *x, struct gd_error *err)
{
	if (!x->peers.n && !x->ports.n && !x->protocols.n)
		return gd_raise(err, GD_E_INPUT,
				"except: is empty: give peers, ports or protocols");
	return gd_netem_scope_check(x, err) < 0 ? gd_wrap(err, "except: ") : 0;
}

int gd_netem_check(const void *args, struct gd_error *err)
{
	const struct gd_netem_args *a = args;
	const struct gd_netem_scope *x = a->except;

	if (gd_device_check(a->device, err) < 0 || check_values(&a->netem, err) < 0 ||
	    gd_netem_scope_check(&a->scope, err) < 0)
		return -1;
	if (a->ingress && a->direction != GD_NETEM_BOTH)
		return gd_raise(err, GD_E_INPUT,
				"ingress: has other values for incoming packets, so it "
				"needs `direction: both`");
	if (a->ingress && check_values(a->ingress, err) < 0)
		return gd_wrap(err, "ingress: ");
	if (x && check_except(x, err) < 0)
		return -1;
	if (check_idle(&a->netem, err) != 0)
		return GD_CHECK_IDLE;
	if (!a->ingress || check_idle(a->ingress, err) == 0)
		return 0;
	(void)gd_wrap(err, "ingress: ");
	return GD_CHECK_IDLE;
}

const struct gd_netem *gd_netem_of_side(const struct gd_netem_args *a, bool ingress)
{
	if (a->direction == (ingress ? GD_NETEM_EGRESS : GD_NETEM_INGRESS))
		return NULL;
	return ingress && a->ingress ? a->ingress : &a->netem;
}

/* The share of time in each state, from what flows in and out of it. */
double gd_netem_mean_loss(const struct gd_netem *n)
{
	double p = (double)n->burst_start.ppb, r = (double)n->burst_end.ppb;
	double bad = p > 0 ? p / (p + r) : 0;
	double burst, within, lone;

	if (p > 0)
		return (bad * (double)n->burst_loss.ppb +
			(1 - bad) * (double)n->quiet_loss.ppb) /
		       (double)ALL;
	if (n->p13.ppb == 0)
		return (double)n->loss.ppb / (double)ALL;
	burst = (double)n->p13.ppb / (double)n->p31.ppb;
	within = n->p32.ppb ? burst * (double)n->p32.ppb / (double)n->p23.ppb : 0;
	lone = (double)n->p14.ppb / (double)ALL;
	return (burst + lone) / (1 + burst + within + lone);
}

/* --- words --------------------------------------------------------------------------- */

struct sentence {
	struct gd_strbuf *out;
	const char *packets; /* "outgoing packets" */
	bool started;
};

static void add_part(struct sentence *s, const char *fmt, ...) GD_PRINTF(2, 3);

static void add_part(struct sentence *s, const char *fmt, ...)
{
	va_list ap;

	gd_strbuf_adds(s->out, s->started ? ", " : " ");
	s->started = true;
	va_start(ap, fmt);
	gd_strbuf_vaddf(s->out, fmt, ap);
	va_end(ap);
}

static void add_share(struct sentence *s, const char *verb, struct gd_ratio r)
{
	char buf[32];

	if (r.ppb)
		add_part(s, "%s %s of %s", verb, gd_ratio_format(r, buf), s->packets);
}

static void add_losses(struct sentence *s, const struct gd_netem *n)
{
	const char *verb = n->ecn ? "mark or lose" : "lose";
	char buf[32], of_burst[32];

	add_share(s, verb, n->loss);
	if (n->burst_start.ppb)
		add_part(s, "%s %s in bursts of about %.0f (%s of each, %.2g %% in all)",
			 verb, s->packets, (double)ALL / (double)n->burst_end.ppb,
			 gd_ratio_format(n->burst_loss, of_burst),
			 100 * gd_netem_mean_loss(n));
	if (n->burst_start.ppb && n->quiet_loss.ppb)
		add_share(s, "between bursts lose", n->quiet_loss);
	if (n->p13.ppb)
		add_part(s, "%s %s by the 4-state model (p13 %s, %.2g %% in all)", verb,
			 s->packets, gd_ratio_format(n->p13, buf),
			 100 * gd_netem_mean_loss(n));
}

static void add_delay(struct sentence *s, const struct gd_netem *n)
{
	char buf[32];

	if (!n->delay.ns)
		return;
	add_part(s, "delay %s by %s", s->packets, gd_span_format(n->delay, buf));
	if (n->jitter.ns)
		gd_strbuf_addf(s->out, " +- %s%s%s", gd_span_format(n->jitter, buf),
			       n->distribution ? ", " : "",
			       n->distribution ? distributions[n->distribution].name
					       : "");
}

static void add_values(struct sentence *s, const struct gd_netem *n)
{
	char buf[32];

	if (is_idle(n))
		add_part(s, "leave %s as they are", s->packets);
	add_losses(s, n);
	add_delay(s, n);
	add_share(s, "duplicate", n->duplicate);
	add_share(s, "corrupt", n->corrupt);
	add_share(s, "reorder", n->reorder);
	if (n->rate.bps)
		add_part(s, "%s at most %s/s", s->packets[0] == 'i' ? "receive" : "send",
			 gd_bitrate_format(n->rate, buf));
	if (n->slot.ns || n->slot_max.ns)
		add_part(s, "hold %s for slots every %s", s->packets,
			 gd_span_format(n->slot.ns ? n->slot : n->slot_max, buf));
}

void gd_netem_describe(const void *args, struct gd_strbuf *out)
{
	const struct gd_netem_args *a = args;
	struct sentence s = {.out = out, .packets = "outgoing packets"};

	gd_strbuf_addf(out, "%s:", a->device);
	if (a->direction == GD_NETEM_INGRESS)
		s.packets = "incoming packets";
	else if (a->direction == GD_NETEM_BOTH && !a->ingress)
		s.packets = "outgoing and incoming packets";
	add_values(&s, &a->netem);
	if (a->ingress) {
		s.packets = "incoming packets";
		add_values(&s, a->ingress);
	}
	gd_netem_scope_describe(a, out);
}
