/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gameday/wire/frame.h"

struct gd_backlog_item {
	struct gd_backlog_item *next;
	int64_t number;
	size_t size;
	char frame[];
};

void gd_backlog_init(struct gd_backlog *b, size_t max)
{
	*b = (struct gd_backlog){.max = max};
}

static void drop_first(struct gd_backlog *b)
{
	struct gd_backlog_item *i = b->first;

	b->first = i->next;
	if (!b->first)
		b->last = NULL;
	if (b->next == i)
		b->next = i->next;
	b->bytes -= i->size;
	free(i);
}

void gd_backlog_fini(struct gd_backlog *b)
{
	while (b->first)
		drop_first(b);
}

/* Half of it is with the listener, who needs the rest to understand what follows. */
static bool is_under_way(const struct gd_backlog *b, const struct gd_backlog_item *i)
{
	return b->next == i && b->sent > 0;
}

int gd_backlog_add(struct gd_backlog *b, cJSON *msg, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *owned = msg;
	struct gd_backlog_item *i;
	GD_AUTO_STRBUF(frame);

	if (!owned || !gd_json_set_int(owned, "seq", b->last_number + 1))
		return gd_raise_nomem(err);
	if (gd_frame_write(&frame, owned, err) < 0)
		return -1;
	i = malloc(sizeof(*i) + frame.len);
	if (!i)
		return gd_raise_nomem(err);
	*i = (struct gd_backlog_item){.number = ++b->last_number, .size = frame.len};
	memcpy(i->frame, frame.data, frame.len);
	if (b->last)
		b->last->next = i;
	else
		b->first = i;
	b->last = i;
	if (!b->next)
		b->next = i;
	b->bytes += i->size;
	while (b->bytes > b->max && b->first != i && !is_under_way(b, b->first))
		drop_first(b);
	return 0;
}

void gd_backlog_confirm(struct gd_backlog *b, int64_t number)
{
	while (b->first && b->first->number <= number && !is_under_way(b, b->first))
		drop_first(b);
}

void gd_backlog_rewind(struct gd_backlog *b)
{
	b->next = b->first;
	b->sent = 0;
}

int gd_backlog_send(struct gd_backlog *b, int fd)
{
	while (b->next) {
		ssize_t n = send(fd, b->next->frame + b->sent, b->next->size - b->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		b->sent += (size_t)n;
		if (b->sent < b->next->size)
			continue;
		b->next = b->next->next;
		b->sent = 0;
	}
	return 0;
}

bool gd_backlog_is_due(const struct gd_backlog *b)
{
	return b->next != NULL;
}

bool gd_backlog_is_empty(const struct gd_backlog *b)
{
	return b->first == NULL;
}
