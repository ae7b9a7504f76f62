/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of a connection, as a test wants it: listens on loopback, and calls a function
 * for each connection in a thread of its own. Blocking and simple, so that what it sends is
 * exactly what the test says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Serves one connection (nth counts from 0); fd is closed afterwards. */
typedef void peer_fn(void *ctx, int fd, uint64_t nth);

struct peer;

/* Aborts the test program when it can't start. */
struct peer *peer_start(peer_fn *serve, void *ctx);
uint16_t peer_port(const struct peer *p);
uint64_t peer_connections(const struct peer *p);
/* Shuts all connections down and waits for their threads. */
void peer_stop(struct peer *p);

/* False when the other side is gone. */
bool peer_put(int fd, const void *data, size_t size);
bool peer_puts(int fd, const char *text);
/* The next close of fd sends a reset. */
void peer_reset(int fd);

/* A request: its head, NUL-terminated, and the body that Content-Length announces. */
struct peer_request {
	char head[16384];
	char body[70000];
	size_t body_len;
};
/* Reads the next one; false at the end of the connection, aborts on what is no request. */
bool peer_read_request(int fd, struct peer_request *ret);
