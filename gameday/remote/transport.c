/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/remote/transport.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/wire/utf8.h"

int gd_transport_init(struct gd_transport *t, const struct gd_transport_ops *ops,
		      struct gd_loop *loop, const struct gd_target *target,
		      const char *command, const struct gd_transport_callbacks *cb,
		      void *ctx, struct gd_error *err)
{
	t->ops = ops;
	t->cb = cb;
	t->ctx = ctx;
	t->loop = loop;
	t->target = target;
	t->command = strdup(command);
	return t->command ? 0 : gd_raise_nomem(err);
}

void gd_transport_fini(struct gd_transport *t)
{
	free(t->command);
	gd_strbuf_fini(&t->out);
}

void gd_transport_free(struct gd_transport *t)
{
	if (t)
		t->ops->free(t);
}

int gd_transport_write(struct gd_transport *t, const void *data, size_t size,
		       struct gd_error *err)
{
	if (t->out.len - t->out_sent + size > GD_TRANSPORT_MAX_QUEUE)
		return gd_raise(err, GD_E_REMOTE,
				"the host does not take what is sent to it: "
				"%zu bytes wait",
				t->out.len - t->out_sent);
	gd_strbuf_add(&t->out, data, size);
	if (t->out.failed)
		return gd_raise_nomem(err);
	t->ops->kick(t);
	return 0;
}

size_t gd_transport_pending(const struct gd_transport *t, const char **ret_data)
{
	*ret_data = t->out.data + t->out_sent;
	return t->out.len - t->out_sent;
}

void gd_transport_sent(struct gd_transport *t, size_t n)
{
	t->out_sent += n;
	if (t->out_sent < t->out.len)
		return;
	t->out_sent = 0;
	if (t->out.cap > 1 << 20)
		gd_strbuf_fini(&t->out); /* the bundle is through: give its memory back */
	else
		gd_strbuf_clear(&t->out);
}

void gd_transport_hear(struct gd_transport *t, const char *data, size_t size)
{
	const size_t room = sizeof(t->said) - 1;

	if (size > room) {
		data += size - room;
		size = room;
	}
	if (t->said_len + size > room) {
		size_t drop = t->said_len + size - room;

		memmove(t->said, t->said + drop, t->said_len - drop);
		t->said_len -= drop;
	}
	for (size_t i = 0; i < size; i++)
		t->said[t->said_len++] = data[i] ? data[i] : '?';
	t->said[t->said_len] = '\0';
}

void gd_transport_said(const struct gd_transport *t, char ret[GD_TRANSPORT_SAID])
{
	size_t len;

	memcpy(ret, t->said, sizeof(t->said));
	gd_text_scrub(ret);
	len = strlen(ret);
	while (len > 0 && ret[len - 1] == ' ')
		ret[--len] = '\0';
}
