/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/watch/tcstat.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/gen_stats.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"

enum { BUFFER = 64 << 10, MAX_MESSAGES = 100000, MAX_ERRNO = 4095 };

typedef void message_fn(void *ctx, const struct nlmsghdr *h);

struct exchange {
	int fd;
	message_fn *fn;
	void *ctx;
	size_t head_size; /* fn gets no message that is shorter */
	bool over;
	int sys_errno;
};

int gd_tcstat_open(int *ret_fd, struct gd_error *err)
{
	GD_AUTO_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct timeval limit = {.tv_sec = 2};

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return gd_raise_errno(err, "netlink socket");
	*ret_fd = gd_steal_fd(&fd);
	return 0;
}

/*
 * The kernel headers' own macros (NLMSG_DATA, RTA_NEXT, ...) cast const and alignment away;
 * these do the same steps without.
 */
static const void *body(const struct nlmsghdr *h, size_t skip)
{
	return (const char *)h + NLMSG_HDRLEN + NLMSG_ALIGN(skip);
}

static int body_left(const struct nlmsghdr *h, size_t skip)
{
	return (int)h->nlmsg_len - (int)(NLMSG_HDRLEN + NLMSG_ALIGN(skip));
}

static const void *payload(const struct rtattr *a)
{
	return (const char *)a + RTA_LENGTH(0);
}

static const struct rtattr *next_attr(const struct rtattr *a, int *left)
{
	int step = (int)RTA_ALIGN(a->rta_len);

	*left -= step;
	return (const void *)((const char *)a + step);
}

static void take_message(struct exchange *x, const struct nlmsghdr *h)
{
	struct nlmsgerr e = {.error = 1};

	if (h->nlmsg_type == NLMSG_DONE) {
		x->over = true;
	} else if (h->nlmsg_type == NLMSG_ERROR) {
		if (body_left(h, 0) >= (int)sizeof(e))
			memcpy(&e, body(h, 0), sizeof(e));
		/* Whatever is no errno, as in a message cut short, is an answer all the same. */
		x->sys_errno = e.error <= 0 && e.error >= -MAX_ERRNO ? -e.error : EBADMSG;
		x->over = true;
	} else {
		if (body_left(h, x->head_size) >= 0)
			x->fn(x->ctx, h);
		if (!(h->nlmsg_flags & NLM_F_MULTI))
			x->over = true;
	}
}

/* All messages of one datagram. Answers of an earlier, broken exchange are skipped. */
static void take_datagram(struct exchange *x, uint32_t seq, const char *at, size_t left)
{
	struct nlmsghdr h;

	while (left >= sizeof(h) && !x->over) {
		const void *message = at;
		size_t step;

		memcpy(&h, at, sizeof(h));
		step = NLMSG_ALIGN(h.nlmsg_len);
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > left)
			return;
		if (h.nlmsg_seq == seq)
			take_message(x, message);
		at += step < left ? step : left;
		left -= step < left ? step : left;
	}
}

/* Reads until the answer is over. */
static int receive(struct exchange *x, uint32_t seq, struct gd_error *err)
{
	GD_AUTO_FREE char *buf = malloc(BUFFER);

	if (!buf)
		return gd_raise_nomem(err);
	for (int n = 0; !x->over; n++) {
		ssize_t got = recv(x->fd, buf, BUFFER, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return gd_raise_errno(err, "netlink");
		if (n > MAX_MESSAGES)
			return gd_raise(err, GD_E_SYSTEM, "netlink: endless answer");
		take_datagram(x, seq, buf, (size_t)got);
	}
	if (x->sys_errno == 0)
		return 0;
	errno = x->sys_errno;
	return gd_raise_errno(err, "netlink");
}

static int exchange(struct exchange *x, int type, int flags, const void *head,
		    size_t head_size, struct gd_error *err)
{
	struct {
		struct nlmsghdr h;
		char body[64];
	} req = {.h = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(head_size),
		       .nlmsg_type = (uint16_t)type,
		       .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)}};

	/* Unlike any number of the exchange before. */
	req.h.nlmsg_seq = (uint32_t)(gd_now().ns / GD_NS_PER_US);
	memcpy(req.body, head, head_size);
	x->head_size = head_size;
	if (send(x->fd, &req, req.h.nlmsg_len, 0) < 0)
		return gd_raise_errno(err, "netlink");
	return receive(x, req.h.nlmsg_seq, err);
}

/* The attribute's bytes into out; what is missing stays as it was. */
static void take(const struct rtattr *a, void *out, size_t size)
{
	size_t there = RTA_PAYLOAD(a);

	memcpy(out, payload(a), there < size ? there : size);
}

static void on_link(void *ctx, const struct nlmsghdr *h)
{
	const struct rtattr *a = body(h, sizeof(struct ifinfomsg));
	int left = body_left(h, sizeof(struct ifinfomsg));
	struct gd_link_counters *c = ctx;

	for (; RTA_OK(a, left); a = next_attr(a, &left)) {
		if (a->rta_type == IFLA_STATS64)
			take(a, &c->stats, sizeof(c->stats));
		else if (a->rta_type == IFLA_CARRIER_CHANGES)
			take(a, &c->carrier_changes, sizeof(c->carrier_changes));
	}
}

int gd_tcstat_link(int fd, const char *device, struct gd_link_counters *ret,
		   struct gd_error *err)
{
	struct gd_link_counters c = {0};
	struct exchange x = {.fd = fd, .fn = on_link, .ctx = &c};
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC,
				.ifi_index = (int)if_nametoindex(device)};

	if (ifi.ifi_index == 0)
		return 1;
	if (exchange(&x, RTM_GETLINK, 0, &ifi, sizeof(ifi), err) < 0)
		return err->sys_errno == ENODEV ? 1 : -1;
	*ret = c;
	return 0;
}

struct drops_reader {
	int index;
	struct gd_queue_drops drops;
};

static uint32_t read_drops(const struct rtattr *stats2)
{
	const struct rtattr *a = payload(stats2);
	struct gnet_stats_queue q = {0};
	int left = (int)RTA_PAYLOAD(stats2);

	for (; RTA_OK(a, left); a = next_attr(a, &left))
		if (a->rta_type == TCA_STATS_QUEUE)
			take(a, &q, sizeof(q));
	return q.drops;
}

static void on_qdisc(void *ctx, const struct nlmsghdr *h)
{
	const struct rtattr *a = body(h, sizeof(struct tcmsg));
	int left = body_left(h, sizeof(struct tcmsg));
	const struct tcmsg *t = body(h, 0);
	struct drops_reader *r = ctx;
	uint32_t drops = 0;

	if (t->tcm_ifindex != r->index)
		return;
	for (; RTA_OK(a, left); a = next_attr(a, &left))
		if ((a->rta_type & NLA_TYPE_MASK) == TCA_STATS2)
			drops = read_drops(a);
	if (t->tcm_parent == TC_H_ROOT || t->tcm_parent == TC_H_INGRESS)
		r->drops.outer += drops;
	if (drops > r->drops.most)
		r->drops.most = drops;
}

int gd_tcstat_drops(int fd, const char *device, struct gd_queue_drops *ret,
		    struct gd_error *err)
{
	struct drops_reader r = {.index = (int)if_nametoindex(device)};
	struct exchange x = {.fd = fd, .fn = on_qdisc, .ctx = &r};
	struct tcmsg t = {.tcm_family = AF_UNSPEC, .tcm_ifindex = r.index};

	if (r.index == 0)
		return 1;
	if (exchange(&x, RTM_GETQDISC, NLM_F_DUMP, &t, sizeof(t), err) < 0)
		return -1;
	*ret = r.drops;
	return 0;
}
