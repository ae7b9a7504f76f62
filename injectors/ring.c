/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shrunk (or grown) descriptor rings. Many drivers reset the card for it: the carrier
 * drops for seconds, on the way in and on the way back. So both wait until it returned and
 * say how long it was away; the runner keeps that time out of the stage's figures.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "injectors/device.h"
#include "injectors/injector.h"
#include "injectors/ports.h"

enum { N_RINGS = 4 };

struct args {
	char device[GD_DEVICE_NAME];
	struct gd_ring ring; /* 0: as it is */
};

struct undo {
	char device[GD_DEVICE_NAME];
	struct gd_ring ring;
	int64_t missed, dropped; /* counters before */
};

#define ROW(ring_name, text)                                                             \
	{                                                                                \
		.name = #ring_name, .help = (text), .dflt = "0", .kind = GD_KIND_INT,    \
		GD_MEMBER(struct args, ring.ring_name), .max = 1 << 20                   \
	}
#define KEEP(member_name, text)                                                          \
	{                                                                                \
		.name = #member_name, .help = (text), .kind = GD_KIND_INT,               \
		.flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,                            \
		GD_MEMBER(struct undo, member_name)                                      \
	}
#define KEEP_RING(ring_name)                                                             \
	{                                                                                \
		.name = #ring_name, .help = "descriptors before", .kind = GD_KIND_INT,   \
		.flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,                            \
		GD_MEMBER(struct undo, ring.ring_name)                                   \
	}

static const struct gd_field arg_rows[] = {
	{.name = "device",
	 .help = "the network device whose rings change",
	 .kind = GD_KIND_NAME,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct args, device)},
	ROW(rx, "receive descriptors; 0: as they are"),
	ROW(tx, "transmit descriptors; 0: as they are"),
	ROW(rx_mini, "descriptors for small packets, where there is such a ring"),
	ROW(rx_jumbo, "descriptors for jumbo packets, where there is such a ring"),
};

static const struct gd_field undo_rows[] = {
	{.name = "device",
	 .help = "the network device",
	 .kind = GD_KIND_NAME,
	 .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,
	 GD_MEMBER(struct undo, device)},
	KEEP_RING(rx),
	KEEP_RING(tx),
	KEEP_RING(rx_mini),
	KEEP_RING(rx_jumbo),
	KEEP(missed, "packets missed before"),
	KEEP(dropped, "packets dropped before"),
};

/* The four rings as a list, for what is the same for all. */
struct ring_ref {
	const char *name;
	size_t offset;
};

static const struct ring_ref rings[N_RINGS] = {
	{"rx", offsetof(struct gd_ring, rx)},
	{"tx", offsetof(struct gd_ring, tx)},
	{"rx_mini", offsetof(struct gd_ring, rx_mini)},
	{"rx_jumbo", offsetof(struct gd_ring, rx_jumbo)},
};

static int64_t value_of(const struct gd_ring *r, const struct ring_ref *ref)
{
	int64_t v;

	memcpy(&v, (const char *)r + ref->offset, sizeof(v));
	return v;
}

static bool same(const struct gd_ring *a, const struct gd_ring *b)
{
	return a->rx == b->rx && a->tx == b->tx && a->rx_mini == b->rx_mini &&
	       a->rx_jumbo == b->rx_jumbo;
}

/* `base` with those of `change` that are not 0. */
static struct gd_ring merged(const struct gd_ring *base, const struct gd_ring *change)
{
	return (struct gd_ring){change->rx ? change->rx : base->rx,
				change->tx ? change->tx : base->tx,
				change->rx_mini ? change->rx_mini : base->rx_mini,
				change->rx_jumbo ? change->rx_jumbo : base->rx_jumbo};
}

static int check(const void *args, struct gd_error *err)
{
	const struct gd_ring none = {0};
	const struct args *a = args;

	if (gd_device_check(a->device, err) < 0)
		return -1;
	if (same(&a->ring, &none))
		return gd_raise(err, GD_E_INPUT,
				"nothing is asked for: give rx, tx, rx_mini or rx_jumbo");
	return 0;
}

static void describe(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;
	bool first = true;

	gd_strbuf_addf(out, "%s: set", a->device);
	for (size_t i = 0; i < N_RINGS; i++) {
		int64_t v = value_of(&a->ring, &rings[i]);

		if (!v)
			continue;
		gd_strbuf_addf(out, "%s the %s ring to %" PRId64 " descriptors",
			       first ? "" : ",", rings[i].name, v);
		first = false;
	}
}

static void manual(const void *args, struct gd_strbuf *out)
{
	static const char *const options[N_RINGS] = {"rx", "tx", "rx-mini", "rx-jumbo"};
	const struct args *a = args;

	gd_strbuf_addf(out, "ethtool -G %s", a->device);
	for (size_t i = 0; i < N_RINGS; i++)
		if (value_of(&a->ring, &rings[i]))
			gd_strbuf_addf(out, " %s VALUE_BEFORE", options[i]);
	gd_strbuf_adds(out, "   # the values are in the report under \"before\"\n");
}

static int read_rings(const struct gd_ports *p, const char *device, struct gd_ring *ret,
		      struct gd_ring *ret_max, struct gd_error *err)
{
	int rc = p->ring->get(p->ring->ctx, device, ret, ret_max, err);

	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_REFUSED,
				"%s has no rings that can be set (see `ethtool -g %s`): "
				"virtual devices mostly have none",
				device, device);
	return rc;
}

static int check_sizes(const struct args *a, const struct gd_ring *now,
		       const struct gd_ring *most, struct gd_error *err)
{
	for (size_t i = 0; i < N_RINGS; i++) {
		int64_t v = value_of(&a->ring, &rings[i]);
		int64_t max = value_of(most, &rings[i]);

		if (v && !max)
			return gd_raise(err, GD_E_REFUSED,
					"%s has no %s ring: leave %s out", a->device,
					rings[i].name, rings[i].name);
		if (v > max)
			return gd_raise(err, GD_E_REFUSED,
					"%s: %s %" PRId64
					" is more than the card's %" PRId64
					" (now %" PRId64 ")",
					a->device, rings[i].name, v, max,
					value_of(now, &rings[i]));
	}
	return 0;
}

static int preflight(const struct gd_ports *p, const void *args, struct gd_error *err)
{
	const struct args *a = args;
	struct gd_ring now, most, want;
	struct gd_link_info info;

	if (gd_device_ready(p, a->device, &info, err) < 0 ||
	    read_rings(p, a->device, &now, &most, err) < 0)
		return -1;
	if (check_sizes(a, &now, &most, err) < 0)
		return -1;
	want = merged(&now, &a->ring);
	if (same(&want, &now))
		return gd_raise(err, GD_E_REFUSED,
				"%s has rings of that size already (rx %" PRId64
				", tx %" PRId64 "): there would be no fault",
				a->device, now.rx, now.tx);
	return 0;
}

static int say_device(const struct gd_ports *p, const char *device, struct gd_strbuf *out,
		      struct gd_error *err)
{
	struct gd_ring now, most;
	struct gd_link_info info;

	if (gd_device_ready(p, device, &info, err) < 0 ||
	    read_rings(p, device, &now, &most, err) < 0)
		return -1;
	gd_strbuf_addf(out,
		       "rx %" PRId64 " of at most %" PRId64 ", tx %" PRId64
		       " of at most %" PRId64,
		       now.rx, most.rx, now.tx, most.tx);
	return 0;
}

static int doctor(const struct gd_ports *p, struct gd_strbuf *out, struct gd_error *err)
{
	return gd_device_survey(p, say_device, out, err);
}

static int state(const struct gd_ports *p, const void *args, struct gd_strbuf *out,
		 struct gd_error *err)
{
	const struct args *a = args;
	struct gd_ring now, most;
	int rc = p->ring->get(p->ring->ctx, a->device, &now, &most, err);

	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT)
		gd_strbuf_addf(out, "%s has no rings\n", a->device);
	else
		gd_strbuf_addf(out,
			       "%s rings rx %" PRId64 " tx %" PRId64 " rx_mini %" PRId64
			       " rx_jumbo %" PRId64 "\n",
			       a->device, now.rx, now.tx, now.rx_mini, now.rx_jumbo);
	return 0;
}

static int capture(const struct gd_ports *p, const void *args, void *undo,
		   struct gd_error *err)
{
	const struct args *a = args;
	struct undo *u = undo;
	struct gd_ring most;

	if (read_rings(p, a->device, &u->ring, &most, err) < 0)
		return -1;
	(void)snprintf(u->device, sizeof(u->device), "%s", a->device);
	return p->ring->losses(p->ring->ctx, u->device, &u->missed, &u->dropped, err);
}

/*
 * Some drivers drop the carrier at once and others a moment later, so it has to be there
 * for a while without a break.
 */
static int wait_for_carrier(const struct gd_ports *p, const char *device,
			    struct gd_error *err)
{
	const struct gd_span step = gd_span_ms(10), most = gd_span_s(10);
	const struct gd_span steady = gd_span_ms(150);
	struct gd_instant start = p->time->now(p->time->ctx), up = start, t = start;
	struct gd_instant last_down = start;
	struct gd_link_info info;
	struct gd_span away;
	char text[120];

	while (gd_between(up, t).ns < steady.ns) {
		int rc = p->link->get(p->link->ctx, device, &info, err);

		if (rc < 0)
			return -1;
		if (gd_between(start, t).ns > most.ns)
			return gd_raise(err, GD_E_TIMEOUT,
					"%s: the carrier is not back after 10 s", device);
		p->time->sleep(p->time->ctx, step);
		t = p->time->now(p->time->ctx);
		if (rc == GD_PORT_ABSENT || !info.carrier)
			up = last_down = t;
	}
	if (last_down.ns == start.ns)
		return 0;
	away = gd_between(start, last_down);
	(void)snprintf(text, sizeof(text), "%s: the carrier was away for %.1f s", device,
		       (double)away.ns / 1e9);
	p->note(p->note_ctx, text);
	p->figure(p->figure_ctx, "carrier_away_ms", away.ns / GD_NS_PER_MS);
	return 0;
}

/* Sets the rings and waits for the carrier, if there was one. */
static int set_and_wait(const struct gd_ports *p, const char *device,
			const struct gd_ring *r, struct gd_error *err)
{
	struct gd_link_info info = {0};

	if (p->link->get(p->link->ctx, device, &info, err) < 0 ||
	    p->ring->set(p->ring->ctx, device, r, err) < 0)
		return -1;
	return info.carrier ? wait_for_carrier(p, device, err) : 0;
}

static int foresee(const struct gd_ports *p, const void *args, void *undo GD_UNUSED,
		   struct gd_error *err)
{
	const struct args *a = args;
	struct gd_ring now, most;

	if (read_rings(p, a->device, &now, &most, err) < 0)
		return -1;
	return check_sizes(a, &now, &most, err);
}

static int apply(const struct gd_ports *p, const void *args, const void *undo,
		 struct gd_error *err)
{
	const struct args *a = args;
	const struct undo *u = undo;
	struct gd_ring want = merged(&u->ring, &a->ring);

	return set_and_wait(p, u->device, &want, err);
}

/* Like apply, but for a size that the driver has already: no reset without need. */
static int change(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_error *err)
{
	const struct args *a = args;
	const struct undo *u = undo;
	struct gd_ring now, most, want = merged(&u->ring, &a->ring);

	if (read_rings(p, u->device, &now, &most, err) < 0)
		return -1;
	return same(&now, &want) ? 0 : set_and_wait(p, u->device, &want, err);
}

/* "rx 48, tx 256", and rings of other kinds where the card has some */
static void say_rings(const struct gd_ring *r, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < N_RINGS; i++) {
		int64_t v = value_of(r, &rings[i]);
		size_t len = strlen(ret);

		if (v || i < 2)
			(void)snprintf(ret + len, size - len, "%s%s %" PRId64,
				       len ? ", " : "", rings[i].name, v);
	}
}

static int verify(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_error *err)
{
	const struct args *a = args;
	const struct undo *u = undo;
	struct gd_ring now, most, want = merged(&u->ring, &a->ring);
	char text[160], sizes[100];

	if (read_rings(p, u->device, &now, &most, err) < 0)
		return -1;
	say_rings(&now, sizes, sizeof(sizes));
	if (same(&now, &want))
		return 0;
	if (same(&now, &u->ring))
		return gd_raise(err, GD_E_DRIFT,
				"%s: the driver kept its rings (%s): smaller than it "
				"allows?",
				u->device, sizes);
	(void)snprintf(text, sizeof(text), "%s: the driver rounded the rings to %s",
		       u->device, sizes);
	p->note(p->note_ctx, text);
	return 0;
}

static void add_counter(struct gd_effect *e, const char *name, int64_t value)
{
	struct gd_counter *c = &e->counters[e->n_counters++];

	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	c->value = (double)value;
}

static int effect(const struct gd_ports *p, const void *args GD_UNUSED, const void *undo,
		  struct gd_effect *ret, struct gd_error *err)
{
	const struct undo *u = undo;
	struct gd_ring now, most;
	int64_t missed, dropped;
	char since[48] = "";

	if (read_rings(p, u->device, &now, &most, err) < 0 ||
	    p->ring->losses(p->ring->ctx, u->device, &missed, &dropped, err) < 0)
		return -1;
	*ret = (struct gd_effect){.seen = !same(&now, &u->ring)};
	if (missed >= 0)
		(void)snprintf(since, sizeof(since), "%" PRId64 " packets missed, ",
			       missed - u->missed);
	(void)snprintf(ret->text, sizeof(ret->text),
		       "rings rx %" PRId64 ", tx %" PRId64 " (before: rx %" PRId64
		       ", tx %" PRId64 "); %s%" PRId64 " dropped since",
		       now.rx, now.tx, u->ring.rx, u->ring.tx, since,
		       dropped - u->dropped);
	add_counter(ret, "rx", now.rx);
	add_counter(ret, "tx", now.tx);
	if (missed >= 0)
		add_counter(ret, "missed", missed - u->missed);
	add_counter(ret, "dropped", dropped - u->dropped);
	return 0;
}

static int revert(const struct gd_ports *p, const void *undo, struct gd_error *err)
{
	const struct undo *u = undo;
	struct gd_ring now, most;
	int rc = p->ring->get(p->ring->ctx, u->device, &now, &most, err);

	if (rc < 0)
		return -1;
	/* No such device any more: its rings went with it. And no reset without need. */
	if (rc == GD_PORT_ABSENT || same(&now, &u->ring))
		return 0;
	return set_and_wait(p, u->device, &u->ring, err);
}

static void manual_captured(const void *args, const void *undo, struct gd_strbuf *out)
{
	static const char *const options[N_RINGS] = {"rx", "tx", "rx-mini", "rx-jumbo"};
	const struct args *a = args;
	const struct undo *u = undo;

	gd_strbuf_addf(out, "ethtool -G %s", u->device);
	for (size_t i = 0; i < N_RINGS; i++)
		if (value_of(&a->ring, &rings[i]))
			gd_strbuf_addf(out, " %s %" PRId64, options[i],
				       value_of(&u->ring, &rings[i]));
	gd_strbuf_addc(out, '\n');
}

static void look(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;

	gd_strbuf_addf(out, "ethtool -g %s", a->device);
}

extern const struct gd_injector gd_injector_ring;
const struct gd_injector gd_injector_ring = {
	.name = "ring",
	.summary = "Changes the size of a network card's descriptor rings.",
	.target_field = "device",
	.needs = GD_NEED_NET_ADMIN,
	.network = true,
	.args = GD_SHAPE("ring", arg_rows, struct args),
	.undo = GD_SHAPE("ring undo", undo_rows, struct undo),
	.check = check,
	.describe = describe,
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
