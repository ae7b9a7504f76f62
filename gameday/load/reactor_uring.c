/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Over io_uring. A stream socket has one standing receive into buffers that all sockets
 * share, and sends are queued and go to the kernel together with the next wait, so a turn of
 * the loop costs one system call however many requests it carries. Connecting, datagrams
 * and the wake-up are polled for through the ring and done with ordinary calls.
 *
 * The kernel reads what is sent after `send` has returned, so it is copied once; a socket has
 * one send under way, since two could overtake each other, and what comes meanwhile is kept
 * in its rest. Whatever is under way holds the socket open in the kernel: closing shuts it
 * down, which ends both. Completions of an earlier socket are told by their generation.
 *
 * Needs what Linux 6.1 has: completions are done in the thread that waits for them.
 */
#include "gameday/load/reactor.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"

enum {
	SQ_ENTRIES = 256,
	MIN_CQ_ENTRIES = 4096,
	MAX_CQ_ENTRIES = 32768,
	MAX_EVENTS = 128, /* completions between two looks at the time */
	MAX_READS = 8,    /* datagrams of one socket in a row */
	FLUSH_AT = 32, /* sends gathered at most, or the first would wait for the last */
	MIN_BUFFERS = 256, /* powers of two */
	MAX_BUFFERS = 4096,
	MAX_BUFFER_SIZE = 8 * 1024,
	ALL_BUFFERS = 8 * 1024 * 1024,
	/* Between two buffers, so that their first bytes are not all in one set of a cache. */
	BUFFER_GAP = 2 * 64,
	BUFFER_GROUP = 0,
	SMALL_SEND = 512, /* such buffers are kept for the next */
	MAX_FREE_SENDS = 4096,
	REGISTER_AFTER = 8, /* sends */
};

/* What a completion is of: the low bits of its user data. A send is a pointer, so 0. */
enum tag { TAG_SEND, TAG_RECEIVE, TAG_POLL, TAG_OTHER };

enum { TAG_BITS = 2, TAG_MASK = 3, INDEX_BITS = 30 };

#define WAKE_DATA ((uint64_t)TAG_OTHER)
#define IGNORED_DATA ((uint64_t)TAG_OTHER | UINT64_C(1) << TAG_BITS)

/* Bytes that the kernel is sending. */
struct send_op {
	struct send_op *prev, *next; /* in sends or free_sends */
	uint32_t index, generation;
	size_t n, n_sent, size;
	char data[];
};

struct uring_reactor {
	struct gd_reactor base;
	struct io_uring ring;
	bool has_ring, enabled;
	bool has_files; /* a table of files, by the index of the socket */
	int eventfd;    /* owned */
	int broken;     /* errno of what ended the ring */
	unsigned n_buffers;
	size_t buffer_size, stride; /* the latter from one to the next */
	char *buffers;              /* owned: n_buffers, then one of READ_MAX */
	struct io_uring_buf_ring *buffer_ring; /* owned */
	struct send_op *sends;                 /* owned: under way */
	struct send_op *free_sends;            /* owned, SMALL_SEND each */
	size_t n_free_sends;
};

static struct uring_reactor *self(struct gd_reactor *r)
{
	return (struct uring_reactor *)(void *)r;
}

static uint64_t data_of(const struct gd_sock *s, enum tag tag)
{
	return (uint64_t)s->generation << 32 | (uint64_t)s->index << TAG_BITS |
	       (uint64_t)tag;
}

/* --- the ring ------------------------------------------------------------------------- */

/*
 * The thread that enables the ring is the one that may use it. liburing 2.3 declares a call
 * for it and does not export it.
 */
static int enable(struct uring_reactor *me)
{
	if (!me->enabled && syscall(SYS_io_uring_register, me->ring.ring_fd,
				    IORING_REGISTER_ENABLE_RINGS, NULL, 0) < 0)
		return -errno;
	me->enabled = true;
	return 0;
}

static void submit(struct uring_reactor *me)
{
	int n = enable(me);

	if (n == 0)
		n = io_uring_submit(&me->ring);

	/* Busy: completions must be taken first. They stay queued, and go with the wait. */
	if (n < 0 && n != -EINTR && n != -EAGAIN && n != -EBUSY)
		me->broken = -n;
}

/* NULL when the ring is broken. */
static struct io_uring_sqe *new_entry(struct uring_reactor *me)
{
	struct io_uring_sqe *e = io_uring_get_sqe(&me->ring);

	if (e)
		return e;
	submit(me);
	e = io_uring_get_sqe(&me->ring);
	if (!e && me->broken == 0)
		me->broken = EBUSY;
	return e;
}

static int broken(const struct uring_reactor *me)
{
	errno = me->broken;
	return -1;
}

static int poll_for(struct uring_reactor *me, int fd, unsigned events, uint64_t data)
{
	struct io_uring_sqe *e = new_entry(me);

	if (!e)
		return broken(me);
	io_uring_prep_poll_add(e, fd, events);
	io_uring_sqe_set_data64(e, data);
	return 0;
}

static int poll_sock(struct uring_reactor *me, const struct gd_sock *s, unsigned events)
{
	return poll_for(me, s->fd, events, data_of(s, TAG_POLL));
}

static int receive(struct uring_reactor *me, const struct gd_sock *s)
{
	struct io_uring_sqe *e = new_entry(me);

	if (!e)
		return broken(me);
	io_uring_prep_recv_multishot(e, s->fd, NULL, 0, 0);
	e->flags |= IOSQE_BUFFER_SELECT;
	e->buf_group = BUFFER_GROUP;
	io_uring_sqe_set_data64(e, data_of(s, TAG_RECEIVE));
	return 0;
}

static char *buffer_of(const struct uring_reactor *me, unsigned id)
{
	return me->buffers + id * me->stride;
}

static void give_buffer(struct uring_reactor *me, unsigned id)
{
	io_uring_buf_ring_add(me->buffer_ring, buffer_of(me, id),
			      (unsigned)me->buffer_size, (unsigned short)id,
			      io_uring_buf_ring_mask(me->n_buffers), 0);
	io_uring_buf_ring_advance(me->buffer_ring, 1);
}

/* --- sending -------------------------------------------------------------------------- */

static struct send_op *send_op_new(struct uring_reactor *me, size_t size)
{
	struct send_op *op = me->free_sends;

	if (op && size <= op->size) {
		me->free_sends = op->next;
		me->n_free_sends--;
	} else {
		size = size < SMALL_SEND ? SMALL_SEND : size;
		op = malloc(sizeof(*op) + size);
		if (!op)
			return NULL;
		op->size = size;
	}
	op->n = op->n_sent = 0;
	op->prev = NULL;
	op->next = me->sends;
	if (me->sends)
		me->sends->prev = op;
	me->sends = op;
	return op;
}

static void send_op_free(struct uring_reactor *me, struct send_op *op)
{
	if (op->prev)
		op->prev->next = op->next;
	else
		me->sends = op->next;
	if (op->next)
		op->next->prev = op->prev;
	if (op->size > SMALL_SEND || me->n_free_sends >= MAX_FREE_SENDS) {
		free(op);
		return;
	}
	op->next = me->free_sends;
	me->free_sends = op;
	me->n_free_sends++;
}

/*
 * A registered file is not looked up and counted for each send. To register it is a system
 * call, and so is the reverse: for connections that stay.
 */
static void maybe_register(struct uring_reactor *me, struct gd_sock *s)
{
	if (s->registered || !me->has_files || s->n_before++ < REGISTER_AFTER)
		return;
	if (io_uring_register_files_update(&me->ring, s->index, &s->fd, 1) == 1)
		s->registered = true;
	else
		me->has_files = false;
}

/* As long as the table holds it, the kernel does not close it. */
static void forget(struct uring_reactor *me, struct gd_sock *s)
{
	int none = -1;

	if (s->registered)
		(void)io_uring_register_files_update(&me->ring, s->index, &none, 1);
	s->registered = false;
}

static int send_on(struct uring_reactor *me, struct gd_sock *s, struct send_op *op)
{
	struct io_uring_sqe *e = new_entry(me);

	if (!e)
		return broken(me);
	io_uring_prep_send(e, s->registered ? (int)s->index : s->fd,
			   op->data + op->n_sent, op->n - op->n_sent, MSG_NOSIGNAL);
	if (s->registered)
		e->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data64(e, (uint64_t)(uintptr_t)op);
	s->under_way = op->n - op->n_sent;
	return 0;
}

static int send_new(struct uring_reactor *me, struct gd_sock *s, const char *data,
		    size_t size)
{
	struct send_op *op = send_op_new(me, size);

	if (!op)
		return -1;
	op->index = s->index;
	op->generation = s->generation;
	op->n = size;
	memcpy(op->data, data, size);
	if (send_on(me, s, op) == 0)
		return 0;
	send_op_free(me, op);
	return -1;
}

static int sock_send(struct gd_reactor *r, struct gd_sock *s, const char *data,
		     size_t size)
{
	struct uring_reactor *me = self(r);

	if (s->datagram)
		return send(s->fd, data, size, MSG_NOSIGNAL) < 0 ? -1 : 0;
	if (s->connecting || s->under_way > 0)
		return gd_sock_keep_rest(s, data, size);
	maybe_register(me, s);
	if (send_new(me, s, data, size) < 0)
		return -1;
	if (io_uring_sq_ready(&me->ring) >= FLUSH_AT)
		submit(me);
	return 0;
}

/* What was kept goes out now that nothing is under way. */
static int send_rest(struct uring_reactor *me, struct gd_sock *s)
{
	int status;

	if (s->n_rest == 0)
		return 0;
	status = send_new(me, s, s->rest, s->n_rest);
	gd_sock_drop_rest(s);
	return status;
}

/* --- opening and closing -------------------------------------------------------------- */

static int sock_open(struct gd_reactor *r, struct gd_sock *s, int fd,
		     const struct sockaddr *addr, socklen_t addr_len)
{
	int type = 0, error;
	socklen_t len = sizeof(type);

	s->fd = fd;
	s->generation++;
	s->connecting = true;
	s->registered = false;
	s->n_before = 0;
	s->under_way = 0;
	(void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	s->datagram = type == SOCK_DGRAM;
	if ((!addr || connect(fd, addr, addr_len) == 0 || errno == EINPROGRESS) &&
	    poll_sock(self(r), s, POLLOUT) == 0)
		return 0;
	error = errno;
	gd_close_fd(&s->fd);
	errno = error;
	return -1;
}

static void cancel_poll(struct uring_reactor *me, const struct gd_sock *s)
{
	struct io_uring_sqe *e = new_entry(me);

	if (!e)
		return;
	io_uring_prep_cancel64(e, data_of(s, TAG_POLL), 0);
	io_uring_sqe_set_data64(e, IGNORED_DATA);
}

static void sock_close(struct gd_reactor *r, struct gd_sock *s)
{
	struct uring_reactor *me = self(r);

	/* Entries name sockets by their descriptor, which is soon another one's. */
	if (io_uring_sq_ready(&me->ring) > 0)
		submit(me);
	if (s->connecting || s->datagram)
		cancel_poll(me, s);
	else
		(void)shutdown(s->fd, SHUT_RDWR);
	forget(me, s);
	gd_close_fd(&s->fd);
	gd_sock_drop_rest(s);
	s->under_way = 0;
}

/* --- completions ---------------------------------------------------------------------- */

static struct gd_sock *sock_of(struct uring_reactor *me, uint32_t index,
			       uint32_t generation)
{
	struct gd_sock *s = me->base.report.sock(me->base.report.ctx, index);

	return s->fd >= 0 && s->generation == generation ? s : NULL;
}

static void end_sock(struct uring_reactor *me, struct gd_sock *s, int error)
{
	me->base.report.ended(me->base.report.ctx, s, error);
}

static bool still(const struct gd_sock *s, uint32_t generation)
{
	return s->fd >= 0 && s->generation == generation;
}

static void connect_event(struct uring_reactor *me, struct gd_sock *s, int res)
{
	uint32_t generation = s->generation;
	int error = 0, status;
	socklen_t len = sizeof(error);

	if (res < 0)
		error = -res;
	else if (res & (POLLERR | POLLHUP))
		(void)getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	s->connecting = false;
	if (error == 0 && res & (POLLERR | POLLHUP))
		error = ECONNRESET;
	me->base.report.connected(me->base.report.ctx, s, error);
	if (!still(s, generation))
		return;
	status = s->datagram ? poll_sock(me, s, POLLIN) : receive(me, s);
	if (status < 0 || send_rest(me, s) < 0)
		end_sock(me, s, errno);
}

/* One datagram and what follows from it; true when there may be more. */
static bool read_datagram(struct uring_reactor *me, struct gd_sock *s)
{
	char *buffer = buffer_of(me, me->n_buffers);
	ssize_t n = recv(s->fd, buffer, GD_REACTOR_READ_MAX, MSG_DONTWAIT);

	if (n > 0)
		me->base.report.data(me->base.report.ctx, s, buffer, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		end_sock(me, s, errno);
	return n >= 0;
}

static void datagram_event(struct uring_reactor *me, struct gd_sock *s)
{
	uint32_t generation = s->generation;
	bool more = true;

	for (int i = 0; more && i < MAX_READS; i++)
		more = read_datagram(me, s) && still(s, generation);
	if (still(s, generation) && poll_sock(me, s, POLLIN) < 0)
		end_sock(me, s, errno);
}

static void on_poll(struct uring_reactor *me, struct gd_sock *s, int res)
{
	if (s->connecting)
		connect_event(me, s, res);
	else if (res < 0)
		end_sock(me, s, -res);
	else
		datagram_event(me, s);
}

static void on_receive(struct uring_reactor *me, struct gd_sock *s,
		       const struct io_uring_cqe *c)
{
	uint32_t generation = s->generation;

	if (c->res > 0) {
		unsigned id = c->flags >> IORING_CQE_BUFFER_SHIFT;

		me->base.report.data(me->base.report.ctx, s, buffer_of(me, id),
				     (size_t)c->res);
	} else if (c->res != -ENOBUFS) {
		end_sock(me, s, -c->res);
		return;
	}
	/* It ends when buffers were short, and may at any time. */
	if (!(c->flags & IORING_CQE_F_MORE) && still(s, generation) && receive(me, s) < 0)
		end_sock(me, s, errno);
}

static void on_sent(struct uring_reactor *me, struct send_op *op, int res)
{
	struct gd_sock *s = sock_of(me, op->index, op->generation);
	bool again = res == -EAGAIN || res == -EINTR;
	int status = 0;

	if (s && res < 0 && !again) {
		send_op_free(me, op);
		end_sock(me, s, -res);
		return;
	}
	if (res > 0)
		op->n_sent += (size_t)res;
	if (!s || op->n_sent >= op->n) {
		send_op_free(me, op);
		if (!s)
			return;
		s->under_way = 0;
		status = send_rest(me, s);
	} else {
		status = send_on(me, s, op);
		if (status < 0)
			send_op_free(me, op);
	}
	if (status < 0)
		end_sock(me, s, errno);
}

static void on_wake(struct uring_reactor *me)
{
	uint64_t drop;
	ssize_t n = read(me->eventfd, &drop, sizeof(drop));

	(void)n;
	(void)poll_for(me, me->eventfd, POLLIN, WAKE_DATA);
}

static void on_completion(struct uring_reactor *me, const struct io_uring_cqe *c)
{
	enum tag tag = (enum tag)(c->user_data & TAG_MASK);
	struct gd_sock *s;

	if (tag == TAG_SEND) {
		on_sent(me, (struct send_op *)(uintptr_t)c->user_data, c->res);
		return;
	}
	if (tag == TAG_OTHER) {
		if (c->user_data == WAKE_DATA)
			on_wake(me);
		return;
	}
	s = sock_of(me, (uint32_t)(c->user_data >> TAG_BITS) & ((1U << INDEX_BITS) - 1),
		    (uint32_t)(c->user_data >> 32));
	if (s && tag == TAG_POLL)
		on_poll(me, s, c->res);
	else if (s)
		on_receive(me, s, c);
	if (c->flags & IORING_CQE_F_BUFFER)
		give_buffer(me, c->flags >> IORING_CQE_BUFFER_SHIFT);
}

/* --- waiting -------------------------------------------------------------------------- */

static int enter(struct uring_reactor *me, int64_t span_ns)
{
	struct __kernel_timespec ts = {.tv_sec = span_ns / GD_NS_PER_S,
				       .tv_nsec = span_ns % GD_NS_PER_S};
	struct io_uring_cqe *first;

	if (span_ns > 0)
		return io_uring_submit_and_wait_timeout(&me->ring, &first, 1, &ts, NULL);
	return io_uring_submit_and_get_events(&me->ring);
}

static int reactor_wait(struct gd_reactor *r, int64_t span_ns, struct gd_error *err)
{
	struct uring_reactor *me = self(r);
	int status = enable(me);
	unsigned n;

	if (status == 0)
		status = enter(me, span_ns);
	if (status < 0 && status != -ETIME && status != -EINTR && status != -EBUSY &&
	    status != -EAGAIN)
		me->broken = -status;
	n = io_uring_cq_ready(&me->ring);
	for (n = n < MAX_EVENTS ? n : MAX_EVENTS; n > 0 && me->broken == 0; n--) {
		struct io_uring_cqe *next, c;

		if (io_uring_peek_cqe(&me->ring, &next) < 0)
			break;
		c = *next;
		io_uring_cqe_seen(&me->ring, next);
		on_completion(me, &c);
	}
	if (me->broken == 0)
		return 0;
	errno = me->broken;
	return gd_raise_errno(err, "io_uring");
}

static void reactor_wake(struct gd_reactor *r)
{
	uint64_t one = 1;
	/* Can only fail when the counter is full, and then it wakes as well. */
	ssize_t n = write(self(r)->eventfd, &one, sizeof(one));

	(void)n;
}

/* --- life ----------------------------------------------------------------------------- */

static void free_list(struct send_op *first)
{
	while (first) {
		struct send_op *op = first;

		first = op->next;
		free(op);
	}
}

static void reactor_free(struct gd_reactor *r)
{
	struct uring_reactor *me = self(r);

	if (me->has_ring)
		io_uring_queue_exit(&me->ring);
	gd_close_fd(&me->eventfd);
	free(me->buffer_ring);
	free(me->buffers);
	free_list(me->sends);
	free_list(me->free_sends);
	free(me);
}

static const struct gd_reactor_ops uring_ops = {
	.name = "io_uring",
	.free = reactor_free,
	.open = sock_open,
	.send = sock_send,
	.close = sock_close,
	.wait = reactor_wait,
	.wake = reactor_wake,
};

/* The power of two from min to max that holds n, or max. */
static unsigned power_of_two(size_t n, unsigned min, unsigned max)
{
	unsigned p = min;

	while (p < n && p < max)
		p *= 2;
	return p;
}

/*
 * As many as there are sockets: a burst of answers that finds no buffer costs a new receive
 * each, and those that come first when buffers return are always the same.
 */
static int set_up_buffers(struct uring_reactor *me, struct gd_error *err)
{
	struct io_uring_buf_reg reg = {.bgid = BUFFER_GROUP};
	size_t size;
	int status;

	me->n_buffers = power_of_two(me->base.report.n_socks, MIN_BUFFERS, MAX_BUFFERS);
	reg.ring_entries = me->n_buffers;
	size = me->n_buffers * sizeof(struct io_uring_buf);
	me->buffer_size = ALL_BUFFERS / me->n_buffers;
	if (me->buffer_size > MAX_BUFFER_SIZE)
		me->buffer_size = MAX_BUFFER_SIZE;
	me->stride = me->buffer_size + BUFFER_GAP;
	me->buffers = malloc(me->n_buffers * me->stride + GD_REACTOR_READ_MAX);
	me->buffer_ring = aligned_alloc((size_t)sysconf(_SC_PAGESIZE), size);
	if (!me->buffers || !me->buffer_ring)
		return gd_raise_nomem(err);
	memset(me->buffer_ring, 0, size);
	reg.ring_addr = (uint64_t)(uintptr_t)me->buffer_ring;
	status = io_uring_register_buf_ring(&me->ring, &reg, 0);
	if (status < 0) {
		errno = -status;
		return gd_raise_errno(err, "io_uring: register buffers");
	}
	for (unsigned i = 0; i < me->n_buffers; i++)
		give_buffer(me, i);
	return 0;
}

static int set_up(struct uring_reactor *me, struct gd_error *err)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE,
		/* A send and an answer of each socket: what does not fit is slow. */
		.cq_entries = power_of_two(2 * me->base.report.n_socks, MIN_CQ_ENTRIES,
					   MAX_CQ_ENTRIES),
	};
	int status = io_uring_queue_init_params(SQ_ENTRIES, &me->ring, &params);

	if (status < 0) {
		errno = -status;
		return gd_raise_errno(err, "io_uring_setup");
	}
	me->has_ring = true;
	me->has_files = io_uring_register_files_sparse(
				&me->ring, (unsigned)me->base.report.n_socks) == 0;
	me->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (me->eventfd < 0)
		return gd_raise_errno(err, "eventfd");
	/* It waits in the queue, which is memory, for the thread that enables the ring. */
	if (poll_for(me, me->eventfd, POLLIN, WAKE_DATA) < 0)
		return gd_raise_errno(err, "io_uring: poll for the wake-up");
	return set_up_buffers(me, err);
}

int gd_reactor_uring_new(const struct gd_reactor_report *report, struct gd_reactor **ret,
			 struct gd_error *err)
{
	struct uring_reactor *me = calloc(1, sizeof(*me));

	if (!me)
		return gd_raise_nomem(err);
	me->base = (struct gd_reactor){&uring_ops, *report};
	me->eventfd = -1;
	if (set_up(me, err) < 0) {
		reactor_free(&me->base);
		return -1;
	}
	*ret = &me->base;
	return 0;
}
