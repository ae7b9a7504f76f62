/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watch on a network card, with a kernel and a driver that answer anything: the bytes
 * are answers in the order of the questions, each a length of two bytes (low one first)
 * and so many bytes. What ethtool answers is written as the kernel does it: as much as the
 * driver has now, whatever room the caller said there is.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <net/if.h>

#include "gameday/watch/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags);
int __wrap_ioctl(int fd, unsigned long request, ...);
unsigned __wrap_if_nametoindex(const char *name);

/* Drivers have some hundred statistics, mlx5 with many queues a few thousand. */
enum { DEVICE_INDEX = 3, HEAD = 2, MOST_STATS = 8192 };

static _Thread_local struct {
	const uint8_t *at;
	size_t left;
	uint32_t seq;
} answer;

/* The next answer, or NULL when there is none left. */
static const uint8_t *next(size_t *ret_len)
{
	const uint8_t *at = answer.at + HEAD;
	size_t len;

	if (answer.left < HEAD)
		return NULL;
	len = (size_t)answer.at[0] | (size_t)answer.at[1] << 8;
	answer.left -= HEAD;
	*ret_len = len < answer.left ? len : answer.left;
	answer.at = at + *ret_len;
	answer.left -= *ret_len;
	return at;
}

ssize_t __wrap_send(int fd GD_UNUSED, const void *data, size_t size, int flags GD_UNUSED)
{
	struct nlmsghdr h;

	memcpy(&h, data, sizeof(h));
	answer.seq = h.nlmsg_seq;
	return (ssize_t)size;
}

/* Answers bear the question's number: any other is skipped, and that is soon tried out. */
static void number(uint8_t *data, size_t size)
{
	struct nlmsghdr h;

	while (size >= sizeof(h)) {
		memcpy(&h, data, sizeof(h));
		h.nlmsg_seq = answer.seq;
		memcpy(data, &h, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > size - NLMSG_ALIGNTO)
			return;
		data += NLMSG_ALIGN(h.nlmsg_len);
		size -= NLMSG_ALIGN(h.nlmsg_len);
	}
}

ssize_t __wrap_recv(int fd GD_UNUSED, void *data, size_t size, int flags GD_UNUSED)
{
	size_t len = 0;
	const uint8_t *at = next(&len);

	if (!at) {
		errno = EAGAIN;
		return -1;
	}
	len = len < size ? len : size;
	memcpy(data, at, len);
	number(data, len);
	return (ssize_t)len;
}

static void say_driver(struct ethtool_drvinfo *info, const uint8_t *at, size_t len)
{
	if (len >= sizeof(info->n_stats))
		memcpy(&info->n_stats, at, sizeof(info->n_stats));
	info->n_stats %= 2 * MOST_STATS;
}

static void say_names(struct ethtool_gstrings *names, const uint8_t *at, size_t len)
{
	names->len = (uint32_t)(len / ETH_GSTRING_LEN);
	memcpy(names->data, at, (size_t)names->len * ETH_GSTRING_LEN);
}

static void say_stats(struct ethtool_stats *stats, const uint8_t *at, size_t len)
{
	stats->n_stats = (uint32_t)(len / sizeof(stats->data[0]));
	if (stats->n_stats > MOST_STATS)
		stats->n_stats = MOST_STATS;
	memcpy(stats->data, at, stats->n_stats * sizeof(stats->data[0]));
}

int __wrap_ioctl(int fd GD_UNUSED, unsigned long request GD_UNUSED, ...)
{
	size_t len = 0;
	const uint8_t *at = next(&len);
	const struct ifreq *req;
	uint32_t cmd;
	va_list ap;

	va_start(ap, request);
	req = va_arg(ap, const struct ifreq *);
	va_end(ap);
	if (!at || len == 0) {
		errno = EOPNOTSUPP;
		return -1;
	}
	memcpy(&cmd, req->ifr_data, sizeof(cmd));
	if (cmd == ETHTOOL_GDRVINFO)
		say_driver((void *)req->ifr_data, at, len);
	else if (cmd == ETHTOOL_GSTRINGS)
		say_names((void *)req->ifr_data, at, len);
	else
		say_stats((void *)req->ifr_data, at, len);
	return 0;
}

unsigned __wrap_if_nametoindex(const char *name GD_UNUSED)
{
	return DEVICE_INDEX;
}

static void check(const struct gd_watch_sample *s)
{
	gd_assert(s->n > 0 && s->n <= GD_WATCH_MAX_VALUES);
	for (size_t i = 0; i < s->n; i++) {
		gd_assert(memchr(s->values[i].name, 0, sizeof(s->values[i].name)));
		gd_assert(s->values[i].name[0]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gd_watch_kind *kind = gd_watch_find("nic");
	struct gd_error err = GD_ERROR_INIT;
	const char device[IFNAMSIZ] = "eth1";
	struct gd_watch_sample s = {0};
	void *state = NULL;

	answer.at = data;
	answer.left = size;
	if (kind->open(device, &state, &err) < 0)
		return 0;
	for (int i = 0; i < 3; i++) {
		if (kind->sample(state, &s, &err) == 0)
			check(&s);
		else
			gd_assert(err.code != GD_OK);
	}
	kind->close(state);
	return 0;
}
