/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor of a client over io_uring: what floor.c does with epoll, with one standing receive
 * per connection and sends that go to the kernel with the next wait. No histogram, no parser, no
 * timeouts; it knows that a reply comes in one piece. What separates it from floor.c is all that
 * io_uring can save on this machine.
 *
 *   floor_uring PORT PATH SECONDS
 */
#include <errno.h>
#include <liburing.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gameday/base/clock.h"
#include "tests/bench/load/floor.h"

enum { BUFFER = 2048, STRIDE = BUFFER + 128, SENT = CONNECTIONS };

struct client {
	struct io_uring ring;
	struct io_uring_buf_ring *free; /* as many buffers as connections */
	char *buffers;
	char request[512];
	size_t len;
	int fds[CONNECTIONS];
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void set_up(struct client *c)
{
	struct io_uring_params p = {.flags = IORING_SETUP_SINGLE_ISSUER |
					     IORING_SETUP_DEFER_TASKRUN |
					     IORING_SETUP_CQSIZE,
				    .cq_entries = 4096};
	struct io_uring_buf_reg reg = {.ring_entries = CONNECTIONS};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	c->buffers = malloc((size_t)CONNECTIONS * STRIDE);
	c->free = aligned_alloc(page, page);
	if (!c->buffers || !c->free ||
	    io_uring_queue_init_params(4 * CONNECTIONS, &c->ring, &p) < 0 ||
	    io_uring_register_files(&c->ring, c->fds, CONNECTIONS) < 0)
		die("io_uring");
	memset(c->free, 0, page);
	reg.ring_addr = (uint64_t)(uintptr_t)c->free;
	if (io_uring_register_buf_ring(&c->ring, &reg, 0) < 0)
		die("io_uring: buffers");
}

static void give_back(struct client *c, unsigned id)
{
	io_uring_buf_ring_add(c->free, c->buffers + (size_t)id * STRIDE, BUFFER,
			      (unsigned short)id, io_uring_buf_ring_mask(CONNECTIONS), 0);
	io_uring_buf_ring_advance(c->free, 1);
}

static struct io_uring_sqe *entry(struct client *c)
{
	struct io_uring_sqe *e = io_uring_get_sqe(&c->ring);

	if (!e)
		die("io_uring: queue full");
	return e;
}

static void ask(struct client *c, unsigned i)
{
	struct io_uring_sqe *e = entry(c);

	io_uring_prep_send(e, (int)i, c->request, c->len, MSG_NOSIGNAL);
	e->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data64(e, SENT);
}

static void receive(struct client *c, unsigned i)
{
	struct io_uring_sqe *e = entry(c);

	io_uring_prep_recv_multishot(e, (int)i, NULL, 0, 0);
	e->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
	io_uring_sqe_set_data64(e, i);
}

static void take(struct client *c, const struct io_uring_cqe *done)
{
	unsigned i = (unsigned)done->user_data;

	if (done->res < 0 && (i == SENT || done->res != -ENOBUFS))
		exit(1);
	if (i == SENT)
		return;
	if (done->flags & IORING_CQE_F_BUFFER)
		give_back(c, done->flags >> IORING_CQE_BUFFER_SHIFT);
	if (!(done->flags & IORING_CQE_F_MORE))
		receive(c, i);
	if (done->res > 0)
		ask(c, i);
}

int main(int argc, char **argv)
{
	static struct client c;
	int64_t end;

	if (argc < 4)
		return 2;
	c.len = write_request(c.request, sizeof(c.request), argv[2]);
	for (int i = 0; i < CONNECTIONS; i++)
		c.fds[i] = open_connection((uint16_t)strtoul(argv[1], NULL, 10));
	set_up(&c);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		give_back(&c, i);
	end = gd_now().ns + strtol(argv[3], NULL, 10) * GD_NS_PER_S;
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		receive(&c, i);
		ask(&c, i);
	}
	while (gd_now().ns < end) {
		struct io_uring_cqe *done;
		unsigned head, n = 0;

		if (io_uring_submit_and_wait(&c.ring, 1) < 0)
			return 1;
		io_uring_for_each_cqe(&c.ring, head, done)
		{
			take(&c, done);
			n++;
		}
		io_uring_cq_advance(&c.ring, n);
	}
	return 0;
}
