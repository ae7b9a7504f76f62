/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an HTTP/2 server sends, in pieces; a byte before each says how long it is, and whether
 * a request is sent or given up in between. Each attempt may be answered once at most, none
 * after it was given up, and none of an id that was never sent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/json.h"
#include "gameday/load/proto/proto.h"
#include "gameday/load/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_IDS = 64 };

enum state { UNUSED, SENT, BEGUN, OVER };

struct watcher {
	struct gd_proto_io io; /* first */
	enum state ids[MAX_IDS];
	uint64_t n_sent;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static struct watcher *watcher_of(struct gd_proto_io *io)
{
	return (struct watcher *)(void *)io;
}

static void on_began(struct gd_proto_io *io, uint64_t id)
{
	struct watcher *w = watcher_of(io);

	must(id < w->n_sent && w->ids[id] == SENT);
	w->ids[id] = BEGUN;
}

static void on_reply(struct gd_proto_io *io, uint64_t id, const struct gd_reply *r)
{
	struct watcher *w = watcher_of(io);

	must(id < w->n_sent && (w->ids[id] == SENT || w->ids[id] == BEGUN));
	must((unsigned)r->outcome < GD_N_OUTCOMES && r->retry_after_ns >= -1);
	must(r->outcome != GD_OUTCOME_OK || (r->status >= 200 && r->status <= 299));
	w->ids[id] = OVER;
}

static void make_target(struct gd_target *t)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_load_spec spec;
	cJSON *json =
		cJSON_Parse("{\"name\": \"n\", \"http\": \"h2c://127.0.0.1:1/${seq}\", "
			    "\"method\": \"PUT\", \"body\": \"${text:100}\", "
			    "\"headers\": {\"X-N\": \"${uuid}\"}, "
			    "\"expect\": {\"body\": \"abab\"}}");

	*t = (struct gd_target){.proto = gd_proto_of_url("h2c://")};
	must(json && gd_shape_from_json(&gd_load_shape, json, &spec, &err) == 0);
	must(t->proto->target_init(&spec, "h2c://127.0.0.1:1/${seq}", t, &err) == 0);
	gd_shape_fini(&gd_load_shape, &spec);
	cJSON_Delete(json);
}

static enum gd_proto_next step(const struct gd_target *t, void *conn, struct watcher *w,
			       uint8_t how)
{
	uint64_t id = (uint64_t)how >> 2;

	w->io.out.n = 0;
	if ((how & 3) == 1 && w->n_sent < MAX_IDS && t->proto->streams(conn) > 0) {
		id = w->n_sent++;
		w->ids[id] = SENT;
		return t->proto->send(conn, t, id, id, &w->io);
	}
	if ((how & 3) == 2 && id < w->n_sent && w->ids[id] != OVER) {
		enum gd_proto_next next;

		w->ids[id] = OVER;
		next = t->proto->cancel(conn, id, &w->io);
		return next;
	}
	return GD_PROTO_GO_ON;
}

static void drive(const struct gd_target *t, struct watcher *w, const uint8_t *data,
		  size_t size)
{
	enum gd_proto_next next;
	void *conn = calloc(1, t->proto->conn_size);

	must(conn);
	next = t->proto->open(conn, t, &w->io);
	must(next == GD_PROTO_GO_ON && w->io.out.n > 0);
	next = step(t, conn, w, 1);
	while (size > 1 && next != GD_PROTO_CLOSE) {
		size_t n = data[0] < size - 1 ? data[0] : size - 1;

		if (next == GD_PROTO_GO_ON)
			next = step(t, conn, w, data[0]);
		data++;
		size--;
		w->io.out.n = 0;
		if (next != GD_PROTO_CLOSE)
			next = t->proto->feed(conn, (const char *)data, n, &w->io);
		must(w->io.out.n <= GD_OUT_MAX);
		data += n;
		size -= n;
	}
	t->proto->eof(conn, &w->io);
	t->proto->close(conn);
	free(conn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct watcher *w = calloc(1, sizeof(*w));
	struct gd_target t;

	must(w);
	w->io.began = on_began;
	w->io.reply = on_reply;
	w->io.out.data = malloc(GD_OUT_MAX);
	must(w->io.out.data);
	make_target(&t);
	drive(&t, w, data, size);
	t.proto->target_fini(&t);
	free(w->io.out.data);
	free(w);
	return 0;
}
