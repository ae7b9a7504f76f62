/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/lab/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/lab/paths.h"

#define REPLY_MAX (1u << 20)

static const int REPLY_LIMIT_S = 10;

int gd_lab_socket_connect(const char *dir, const char *name)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	GD_AUTO_FD int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	GD_AUTO_FD int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (dir_fd < 0 || fd < 0)
		return -1;
	if (snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/%s", dir_fd,
		     name) >= (int)sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		return -1;
	return gd_steal_fd(&fd);
}

void gd_qmp_fini(struct gd_qmp *q)
{
	gd_close_fd(&q->fd);
	gd_strbuf_fini(&q->in);
}

/* One line without its end into *ret, the caller's. */
static int line_read(struct gd_qmp *q, struct gd_instant end, char **ret,
		     struct gd_error *err)
{
	for (;;) {
		struct pollfd p = {.fd = q->fd, .events = POLLIN};
		const char *nl = q->in.len ? memchr(q->in.data, '\n', q->in.len) : NULL;
		char chunk[4096];
		ssize_t n;

		if (nl) {
			size_t len = (size_t)(nl - q->in.data);

			*ret = strndup(q->in.data, len);
			gd_strbuf_consume(&q->in, len + 1);
			return *ret ? 0 : gd_raise_nomem(err);
		}
		if (gd_between(gd_now(), end).ns <= 0)
			return gd_raise(err, GD_E_TIMEOUT, "QEMU does not answer");
		if (poll(&p, 1, 200) <= 0)
			continue;
		n = read(q->fd, chunk, sizeof(chunk));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return gd_raise(err, GD_E_SYSTEM,
					"QEMU closed its control socket");
		if (n > 0)
			gd_strbuf_add(&q->in, chunk, (size_t)n);
		if (q->in.failed || q->in.len > REPLY_MAX)
			return gd_raise(err, GD_E_SYSTEM, "QEMU says too much");
	}
}

static int send_with(struct gd_qmp *q, const char *text, int fd, struct gd_error *err)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	/* Commands are far smaller than a socket's buffer: a short write is a fault. */
	if (sendmsg(q->fd, &msg, MSG_NOSIGNAL) != (ssize_t)iov.iov_len)
		return gd_raise_errno(err, "QEMU's control socket");
	return 0;
}

int gd_qmp_do(struct gd_qmp *q, const char *command, int fd, cJSON **ret,
	      struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(REPLY_LIMIT_S));

	if (send_with(q, command, fd, err) != 0)
		return -1;
	for (;;) {
		GD_AUTO_FREE char *line = NULL;
		GD_AUTO(cJSON) cJSON *reply = NULL;
		const cJSON *failure;

		if (line_read(q, end, &line, err) != 0 ||
		    gd_json_parse(line, strcspn(line, "\r"), &reply, err) != 0)
			return -1;
		failure = cJSON_GetObjectItemCaseSensitive(reply, "error");
		if (failure)
			return gd_raise(err, GD_E_SYSTEM, "QEMU: %s",
					gd_json_str(failure, "desc", "refused"));
		if (cJSON_HasObjectItem(reply, "return")) {
			*ret = cJSON_DetachItemFromObjectCaseSensitive(reply, "return");
			return 0;
		}
	}
}

int gd_qmp_must(struct gd_qmp *q, const char *command, int fd, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *ignored = NULL;

	return gd_qmp_do(q, command, fd, &ignored, err);
}

int gd_qmp_open(const char *state, struct gd_qmp *q, struct gd_error *err)
{
	q->fd = gd_lab_socket_connect(state, GD_LAB_FILE_QMP);
	if (q->fd < 0)
		return gd_raise_errno(err, "%s/" GD_LAB_FILE_QMP, state);
	/* The greeting comes first and has no "return": gd_qmp_do passes over it. */
	return gd_qmp_must(q, "{\"execute\":\"qmp_capabilities\"}\n", -1, err);
}
