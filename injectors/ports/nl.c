/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnl's own error numbers lose the kernel's errno and its extended message, so replies
 * are read through callbacks that keep both.
 */
#include "injectors/ports/nl.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/netlink.h>

enum { ANSWER_LIMIT_S = 5, BUFFER = 64 << 10, MAX_REQUEST = 32 << 10, MAX_ERRNO = 4095 };

struct answer {
	bool over;
	int sys_errno;
	bool interrupted;
	char text[160]; /* the kernel's words, or "" */
	int head_size;  /* of the struct in front of every object that fn gets */
	gd_nl_each_fn *fn;
	void *ctx;
	struct gd_error *err;
	bool failed; /* fn said -1 and filled *err */
};

static void free_socket(struct nl_sock *s)
{
	nl_socket_free(s);
}

static void free_cb(struct nl_cb *cb)
{
	nl_cb_put(cb);
}

GD_DEFINE_AUTO(nl_sock, free_socket);
GD_DEFINE_AUTO(nl_cb, free_cb);

/* The NLMSGERR_ATTR_MSG attribute behind an error, when the kernel sent one. */
static void read_words(const struct nlmsghdr *h, const struct nlmsgerr *e, char *ret,
		       size_t size)
{
	size_t size_of_all = (size_t)nlmsg_datalen(h), skip = sizeof(*e);
	struct nlattr *attr;
	int rem;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED)) {
		if (e->msg.nlmsg_len < NLMSG_HDRLEN || e->msg.nlmsg_len > size_of_all)
			return;
		skip += e->msg.nlmsg_len - NLMSG_HDRLEN;
	}
	skip = NLMSG_ALIGN(skip);
	if (skip >= size_of_all)
		return;
	attr = (struct nlattr *)(void *)((char *)nlmsg_data(h) + skip);
	nla_for_each_attr(attr, attr, (int)(size_of_all - skip), rem)
	{
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			(void)nla_strlcpy(ret, attr, size);
	}
}

static int on_error(struct sockaddr_nl *from GD_UNUSED, struct nlmsgerr *e, void *arg)
{
	struct answer *a = arg;
	const void *head = (const char *)e - NLMSG_HDRLEN;
	const struct nlmsghdr *h = head;

	/* Nothing but an errno can be told to anybody. */
	a->sys_errno = e->error <= 0 && e->error >= -MAX_ERRNO ? -e->error : EBADMSG;
	a->over = true;
	read_words(h, e, a->text, sizeof(a->text));
	return NL_STOP;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	struct answer *a = arg;
	const struct nlmsghdr *h = nlmsg_hdr(msg);

	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		a->interrupted = true;
	a->over = true;
	return NL_STOP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct answer *a = arg;
	struct nlmsghdr *h = nlmsg_hdr(msg);

	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		a->interrupted = true;
	if (a->fn && !a->failed && nlmsg_valid_hdr(h, a->head_size) &&
	    a->fn(a->ctx, h, a->err) < 0)
		a->failed = true;
	return NL_OK;
}

static int on_interrupted(struct nl_msg *msg GD_UNUSED, void *arg)
{
	struct answer *a = arg;

	a->interrupted = true;
	return NL_OK;
}

static int open_socket(struct nl_sock **ret, struct gd_error *err)
{
	GD_AUTO(nl_sock) struct nl_sock *s = nl_socket_alloc();
	struct timeval limit = {.tv_sec = ANSWER_LIMIT_S};
	int one = 1, rc;

	if (!s)
		return gd_raise_nomem(err);
	rc = nl_connect(s, NETLINK_ROUTE);
	if (rc < 0)
		return gd_raise(err, GD_E_SYSTEM, "netlink socket: %s", nl_geterror(rc));
	(void)nl_socket_set_msg_buf_size(s, BUFFER);
	if (setsockopt(nl_socket_get_fd(s), SOL_SOCKET, SO_RCVTIMEO, &limit,
		       sizeof(limit)) < 0)
		return gd_raise_errno(err, "netlink socket: time limit");
	/* Older kernels have no extended messages: then errors are shorter. */
	(void)setsockopt(nl_socket_get_fd(s), SOL_NETLINK, NETLINK_EXT_ACK, &one,
			 sizeof(one));
	*ret = gd_steal_ptr(&s);
	return 0;
}

static int make_callbacks(struct answer *a, struct nl_cb **ret, struct gd_error *err)
{
	GD_AUTO(nl_cb) struct nl_cb *cb = nl_cb_alloc(NL_CB_CUSTOM);

	if (!cb)
		return gd_raise_nomem(err);
	if (nl_cb_err(cb, NL_CB_CUSTOM, on_error, a) < 0 ||
	    nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, a) < 0 ||
	    nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, a) < 0 ||
	    nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, a) < 0 ||
	    nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, a) < 0)
		return gd_raise_nomem(err);
	*ret = gd_steal_ptr(&cb);
	return 0;
}

static int talk(struct nl_msg *msg, const char *what, struct answer *a,
		struct gd_error *err)
{
	GD_AUTO(nl_sock) struct nl_sock *s = NULL;
	GD_AUTO(nl_cb) struct nl_cb *cb = NULL;
	int rc;

	if (open_socket(&s, err) < 0 || make_callbacks(a, &cb, err) < 0)
		return gd_wrap(err, "%s: ", what);
	rc = nl_send_auto(s, msg);
	while (rc >= 0 && !a->over)
		rc = nl_recvmsgs(s, cb);
	if (rc < 0 && !a->over)
		return gd_raise(err, GD_E_SYSTEM, "%s: netlink: %s", what,
				rc == -NLE_AGAIN ? "no answer from the kernel in 5 s"
						 : nl_geterror(rc));
	if (a->failed)
		return -1;
	if (a->interrupted && a->sys_errno == 0)
		a->sys_errno = EINTR;
	if (a->sys_errno == 0)
		return 0;
	errno = a->sys_errno;
	if (a->text[0])
		return gd_raise_errno(err, "%s: %s", what, a->text);
	return gd_raise_errno(err, "%s", what);
}

struct nl_msg *gd_nl_request(int type, int flags, const void *head, size_t head_size)
{
	GD_AUTO(nl_msg) struct nl_msg *m = nlmsg_alloc_size(MAX_REQUEST);

	if (!m || !nlmsg_put(m, NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags) ||
	    nlmsg_append(m, (void *)(uintptr_t)head, head_size, NLMSG_ALIGNTO) < 0)
		return NULL;
	return gd_steal_ptr(&m);
}

int gd_nl_ask(struct nl_msg *msg, const char *what, struct gd_error *err)
{
	struct answer a = {.err = err};

	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	return talk(msg, what, &a, err);
}

int gd_nl_dump(struct nl_msg *msg, const char *what, gd_nl_each_fn *fn, void *ctx,
	       struct gd_error *err)
{
	struct answer a = {.fn = fn,
			   .ctx = ctx,
			   .err = err,
			   .head_size = nlmsg_datalen(nlmsg_hdr(msg))};

	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_REQUEST | NLM_F_DUMP;
	return talk(msg, what, &a, err);
}

int gd_nl_get(struct nl_msg *msg, const char *what, gd_nl_each_fn *fn, void *ctx,
	      struct gd_error *err)
{
	struct answer a = {.fn = fn,
			   .ctx = ctx,
			   .err = err,
			   .head_size = nlmsg_datalen(nlmsg_hdr(msg))};

	/* The acknowledgement behind the object marks the end. */
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	return talk(msg, what, &a, err);
}

int gd_nl_index(const char *device)
{
	return (int)if_nametoindex(device);
}
