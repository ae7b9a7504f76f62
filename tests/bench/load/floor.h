/* SPDX-License-Identifier: Apache-2.0 */
/* What the two floors have in common. */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { CONNECTIONS = 64 };

/* A blocking connection to the server on the loopback, or the end of the program. */
static inline int open_connection(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		perror("connect");
		exit(1);
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* The request's length. */
static inline size_t write_request(char *ret, size_t size, const char *path)
{
	return (size_t)snprintf(ret, size,
				"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
				"User-Agent: floor\r\nAccept: */*\r\n\r\n",
				path);
}
