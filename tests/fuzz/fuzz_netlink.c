/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel that answers anything. The first byte chooses the question; behind it are
 * datagrams, each a length of two bytes (low one first) and so many bytes of netlink
 * messages. libnl and our callbacks read them as they come, but for the sequence numbers.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/netlink.h>

#include "injectors/ports/linux.h"
#include "injectors/ports/nl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_nl_connect(struct nl_sock *s, int protocol);
int __wrap_nl_send_auto(struct nl_sock *s, struct nl_msg *m);
int __wrap_nl_recvmsgs(struct nl_sock *s, struct nl_cb *cb);
int __real_nl_recvmsgs(struct nl_sock *s, struct nl_cb *cb);
int __wrap_setsockopt(int fd, int level, int name, const void *value, unsigned size);
unsigned __wrap_if_nametoindex(const char *name);

/* As in the lab, from where the first inputs come: eth1 is 3 there. */
enum { DEVICE_INDEX = 3, HEAD = 2 };

static _Thread_local struct {
	const uint8_t *at;
	size_t left;
} answer;

static int next_datagram(struct nl_sock *s GD_UNUSED, struct sockaddr_nl *from,
			 unsigned char **ret, struct ucred **creds GD_UNUSED)
{
	size_t len;

	memset(from, 0, sizeof(*from));
	if (answer.left < HEAD)
		return -NLE_AGAIN;
	len = (size_t)answer.at[0] | (size_t)answer.at[1] << 8;
	answer.at += HEAD;
	answer.left -= HEAD;
	len = len < answer.left ? len : answer.left;
	if (len == 0)
		return -NLE_AGAIN;
	*ret = malloc(len);
	if (!*ret)
		return -NLE_NOMEM;
	memcpy(*ret, answer.at, len);
	answer.at += len;
	answer.left -= len;
	return (int)len;
}

static int any_sequence(struct nl_msg *m GD_UNUSED, void *arg GD_UNUSED)
{
	return NL_OK;
}

int __wrap_nl_connect(struct nl_sock *s GD_UNUSED, int protocol GD_UNUSED)
{
	return 0;
}

int __wrap_nl_send_auto(struct nl_sock *s GD_UNUSED, struct nl_msg *m GD_UNUSED)
{
	return 0;
}

int __wrap_nl_recvmsgs(struct nl_sock *s, struct nl_cb *cb)
{
	nl_cb_overwrite_recv(cb, next_datagram);
	(void)nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_sequence, NULL);
	return __real_nl_recvmsgs(s, cb);
}

int __wrap_setsockopt(int fd GD_UNUSED, int level GD_UNUSED, int name GD_UNUSED,
		      const void *value GD_UNUSED, unsigned size GD_UNUSED)
{
	return 0;
}

unsigned __wrap_if_nametoindex(const char *name GD_UNUSED)
{
	return DEVICE_INDEX;
}

/* A text of lines: whatever a kernel says, a line does not end in the middle. */
static void check_text(const struct gd_strbuf *text)
{
	gd_assert(text->len == 0 || text->data[text->len - 1] == '\n');
	gd_assert(strlen(gd_strbuf_str(text)) == text->len);
}

static int ask_tc(unsigned question, struct gd_error *err)
{
	GD_AUTO_STRBUF(text);
	struct gd_tc_hook_info hook;
	struct gd_tc_stats stats;
	struct gd_netem netem;
	int rc;

	if (question == 1)
		return gd_tc_linux.hook(NULL, "eth1", &hook, err);
	if (question == 2)
		return gd_tc_linux.get_netem(NULL, "eth1", &netem, &stats, err);
	rc = gd_tc_linux.snapshot(NULL, "eth1", &text, err);
	check_text(&text);
	return rc;
}

static int ask(unsigned question, struct gd_error *err)
{
	GD_AUTO_STRBUF(text);
	struct gd_link_info link;
	int rc;

	if (question < 3)
		return ask_tc(question, err);
	if (question == 3)
		return gd_link_linux.get(NULL, "eth1", &link, err);
	if (question == 5)
		return gd_tc_linux.remove_clsact(NULL, "eth1", err);
	rc = gd_link_linux.list(NULL, &text, err);
	check_text(&text);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gd_error err = GD_ERROR_INIT;

	if (size == 0)
		return 0;
	answer.at = data + 1;
	answer.left = size - 1;
	if (ask(data[0] % 6, &err) < 0)
		gd_assert(err.code != GD_OK && memchr(err.text, 0, sizeof(err.text)));
	return 0;
}
