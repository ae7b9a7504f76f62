/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/generators_look.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/clock.h"
#include "gameday/wire/frame.h"
#include "injectors/agent/generator_socket.h"

enum { ANSWER_LIMIT_MS = 500 };

struct look {
	cJSON *list;
	bool end_alone;
	const char *besides; /* NULL unless end_alone */
};

/* False when it is gone already. */
static bool tell(int fd, const char *key)
{
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();
	struct gd_error ignored = GD_ERROR_INIT;

	return gd_json_set_bool(msg, key, true) &&
	       gd_generator_send(fd, msg, &ignored) == 0;
}

/* Its answer, or NULL; the caller owns it. */
static cJSON *hear(int fd)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_ms(ANSWER_LIMIT_MS));
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	struct gd_error ignored = GD_ERROR_INIT;
	struct gd_frame_reader reader;
	cJSON *msg = NULL;

	gd_frame_reader_init(&reader, false);
	while (!msg) {
		int64_t left = gd_between(gd_now(), end).ns / GD_NS_PER_MS;
		char chunk[4096];
		ssize_t n;

		if (left <= 0 || (poll(&pfd, 1, (int)left) < 0 && errno != EINTR))
			break;
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0 || gd_frame_feed(&reader, chunk, (size_t)n, &ignored) < 0 ||
		    gd_frame_next(&reader, &msg, &ignored) < 0)
			break;
	}
	gd_frame_reader_fini(&reader);
	return msg;
}

static int look_at(void *ctx, int *fd, struct gd_error *err)
{
	const struct look *look = ctx;
	GD_AUTO(cJSON) cJSON *who = tell(*fd, "who") ? hear(*fd) : NULL;

	if (!who)
		return 0;
	if (look->end_alone && (!gd_json_bool(who, "alone", false) ||
				strcmp(gd_json_str(who, "run", ""), look->besides) == 0 ||
				!tell(*fd, "quit")))
		return 0;
	if (!cJSON_AddItemToArray(look->list, who))
		return gd_raise_nomem(err);
	(void)gd_steal_ptr(&who);
	return 0;
}

int gd_generators_look(const char *state_dir, cJSON *list, struct gd_error *err)
{
	struct look look = {.list = list};

	return gd_generator_each(state_dir, look_at, &look, err);
}

int gd_generators_end_alone(const char *state_dir, const char *besides, cJSON *list,
			    struct gd_error *err)
{
	struct look look = {.list = list, .end_alone = true, .besides = besides};

	return gd_generator_each(state_dir, look_at, &look, err);
}
