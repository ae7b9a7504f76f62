/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's end: messages go out whole under a lock, answers are read by who waits. */
#include "injectors/agent/guardian_link.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "gameday/wire/frame.h"

enum { ANSWER_LIMIT_S = 5 };

struct gd_guardian {
	int fd;
	pid_t pid;
	pthread_mutex_t lock;
	struct gd_frame_reader reader;
};

/* MSG_NOSIGNAL: a guardian that died must not take the agent with it. */
static int send_all(int fd, const char *data, size_t size, struct gd_error *err)
{
	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gd_raise_errno(err, "guardian");
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int tell(struct gd_guardian *g, const cJSON *msg, struct gd_error *err)
{
	GD_AUTO_STRBUF(out);
	int rc;

	if (gd_frame_write(&out, msg, err) < 0)
		return -1;
	(void)pthread_mutex_lock(&g->lock);
	rc = send_all(g->fd, out.data, out.len, err);
	(void)pthread_mutex_unlock(&g->lock);
	return rc;
}

static int await_answer(struct gd_guardian *g, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *msg = NULL;
	char chunk[1024];

	for (;;) {
		int rc = gd_frame_next(&g->reader, &msg, err);
		ssize_t n;

		if (rc < 0)
			return gd_wrap(err, "guardian: ");
		if (rc == GD_FRAME_MESSAGE)
			break;
		n = recv(g->fd, chunk, sizeof(chunk), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return gd_raise(err, GD_E_SYSTEM, "the guardian died");
		if (n < 0)
			return gd_raise_errno(err, "guardian: no answer");
		if (gd_frame_feed(&g->reader, chunk, (size_t)n, err) < 0)
			return -1;
	}
	if (gd_json_bool(msg, "ok", false))
		return 0;
	return gd_raise(err, GD_E_SYSTEM, "guardian: %s",
			gd_json_str(msg, "text", "it said no"));
}

int gd_guardian_link(int *fd, pid_t pid, struct gd_guardian **ret, struct gd_error *err)
{
	struct timeval limit = {.tv_sec = ANSWER_LIMIT_S};
	struct gd_guardian *g = calloc(1, sizeof(*g));

	if (!g)
		return gd_raise_nomem(err);
	g->pid = pid;
	g->fd = gd_steal_fd(fd);
	(void)pthread_mutex_init(&g->lock, NULL);
	gd_frame_reader_init(&g->reader, false);
	(void)setsockopt(g->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(g->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (await_answer(g, err) < 0) {
		gd_guardian_free(g);
		return -1;
	}
	*ret = g;
	return 0;
}

int gd_guardian_fd(const struct gd_guardian *g)
{
	return g->fd;
}

pid_t gd_guardian_pid(const struct gd_guardian *g)
{
	return g->pid;
}

int gd_guardian_hold(struct gd_guardian *g, const struct gd_record *r,
		     struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();
	cJSON *record = NULL;

	if (!msg || !gd_json_set_str(msg, "tell", "hold"))
		return gd_raise_nomem(err);
	if (gd_record_to_json(r, &record, err) < 0)
		return -1;
	if (!gd_json_set(msg, "record", record))
		return gd_raise_nomem(err);
	if (tell(g, msg, err) < 0)
		return -1;
	return await_answer(g, err);
}

/* {"tell": what, "id": id, key: t}; without waiting, and without an error to report:
 * that the guardian is gone shows on its descriptor. */
static void tell_instant(struct gd_guardian *g, const char *what, int64_t id,
			 const char *key, struct gd_instant t, struct gd_instant deadline)
{
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();
	struct gd_error err;

	if (!msg || !gd_json_set_str(msg, "tell", what) ||
	    !gd_json_set_int(msg, "id", id) || !gd_json_set_int(msg, key, t.ns) ||
	    !gd_json_set_int(msg, "deadline", deadline.ns))
		return;
	if (tell(g, msg, &err) < 0)
		return;
}

void gd_guardian_drop(struct gd_guardian *g, int64_t id)
{
	const struct gd_instant none = {0};

	tell_instant(g, "drop", id, "until", none, none);
}

void gd_guardian_lease(struct gd_guardian *g, struct gd_instant lease,
		       struct gd_instant deadline)
{
	tell_instant(g, "lease", 0, "lease", lease, deadline);
}

void gd_guardian_trial(struct gd_guardian *g, int64_t id, struct gd_instant until)
{
	tell_instant(g, "trial", id, "until", until, (struct gd_instant){0});
}

void gd_guardian_busy(struct gd_guardian *g, struct gd_instant until)
{
	tell_instant(g, "busy", 0, "until", until, (struct gd_instant){0});
}

void gd_guardian_dismiss(struct gd_guardian *g)
{
	struct pollfd pfd = {.fd = g->fd, .events = POLLRDHUP};
	const struct gd_instant none = {0};

	tell_instant(g, "dismiss", 0, "until", none, none);
	(void)poll(&pfd, 1, 2000);
	gd_guardian_free(g);
}

void gd_guardian_free(struct gd_guardian *g)
{
	if (!g)
		return;
	gd_close_fd(&g->fd);
	gd_frame_reader_fini(&g->reader);
	(void)pthread_mutex_destroy(&g->lock);
	free(g);
}
