/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What TCP knows of a connection (tcp(7), TCP_INFO): why an answer came late. It is asked when
 * a connection is closed and once per interval, of a bounded number of connections in turn.
 * Counted in the newest interval: retransmissions are of no single request. A connection is
 * also asked when a slow attempt on it ends, so that it can be said of how many slow ones
 * TCP was waiting to send again.
 */
#include "gameday/load/engine.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

/* Connections of a client asked per interval: at most some 100 us of work. */
enum { MAX_SAMPLES = 128 };

/* Below the shortest wait before TCP sends again (200 ms, TCP_RTO_MIN in Linux). */
#define SLOW_NS (150 * GD_NS_PER_MS)
/* Between two samples of a connection that carries many slow attempts. */
#define AGAIN_NS GD_NS_PER_MS

static void raise_to(uint64_t *max, uint64_t v)
{
	*max = v > *max ? v : *max;
}

void gd_conn_sample(struct gd_conn *c, int64_t now)
{
	const struct gd_tally_slot *slot = c->lane->tally.tail;
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	struct gd_counts *counts;
	uint64_t rtt_ns;

	if (!slot || c->sock.fd < 0 || !c->stream ||
	    (c->state != GD_CONN_OPEN && c->state != GD_CONN_DRAINING) ||
	    getsockopt(c->sock.fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return;
	counts = &c->lane->tally.tail->iv.counts;
	rtt_ns = (uint64_t)info.tcpi_rtt * 1000;
	c->sampled_ns = now;
	if (info.tcpi_total_retrans != c->n_retransmits)
		c->retransmitted_ns = now;
	counts->retransmits += info.tcpi_total_retrans - c->n_retransmits;
	c->n_retransmits = info.tcpi_total_retrans;
	counts->rtt_samples++;
	counts->rtt_sum += rtt_ns;
	raise_to(&counts->rtt_max, rtt_ns);
	raise_to(&counts->unacked_max, info.tcpi_unacked);
}

void gd_conn_note_end(const struct gd_attempt *a, int64_t now)
{
	struct gd_conn *c = a->conn;

	if (now - a->start_ns < SLOW_NS || !c->stream)
		return;
	if (now - c->sampled_ns >= AGAIN_NS)
		gd_conn_sample(c, now);
	a->req->slot->iv.counts.slow++;
	if (c->retransmitted_ns > a->start_ns)
		a->req->slot->iv.counts.slow_retransmitted++;
}

/* Intervals without new connections, which most are, need no histogram of them. */
static void record(struct gd_hist **h, int64_t ns)
{
	if (!*h)
		*h = gd_hist_new();
	if (*h)
		gd_hist_record(*h, ns);
}

void gd_conn_note_up(const struct gd_conn *c, int64_t now)
{
	struct gd_tally_slot *slot = c->lane->tally.tail;
	int64_t stood = c->tls ? c->connected_ns : now;

	if (!slot)
		return;
	slot->iv.counts.connects++;
	raise_to(&slot->iv.counts.connect_max, (uint64_t)(now - c->opened_ns));
	record(&slot->iv.connect, stood - c->opened_ns);
	if (c->tls)
		record(&slot->iv.handshake, now - stood);
}

void gd_lane_sample(struct gd_lane *l, int64_t now)
{
	size_t n = l->n_conns < MAX_SAMPLES ? l->n_conns : MAX_SAMPLES;

	for (size_t i = 0; i < n; i++) {
		gd_conn_sample(gd_engine_conn(l->engine, l->first_conn + l->next_sample),
			       now);
		l->next_sample = (l->next_sample + 1) % l->n_conns;
	}
}
