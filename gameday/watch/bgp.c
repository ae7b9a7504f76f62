/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BGP sessions as BIRD sees them, over a restricted control connection. BIRD's counters
 * start again with each session; here they go on, so that differences over a stage hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/bird.h"
#include "gameday/base/file.h"
#include "gameday/watch/watch.h"

enum { MAX_SESSIONS = 256, REFUSED = 8000 };

struct args {
	char protocol[GD_BIRD_NAME], socket[GD_BIRD_PATH];
};

struct session {
	char name[GD_BIRD_NAME];
	bool up;
	int64_t updates, withdraws; /* as last read */
};

struct state {
	char protocol[GD_BIRD_NAME], socket[GD_BIRD_PATH];
	struct session sessions[MAX_SESSIONS];
	size_t n;
	int64_t updates, withdraws, flaps; /* since the watch began */
};

static const struct gd_field arg_rows[] = {
	{.name = "protocol",
	 .help = "one BGP protocol of BIRD; else all of them",
	 .dflt = "",
	 .kind = GD_KIND_NAME,
	 GD_MEMBER(struct args, protocol)},
	{.name = "socket",
	 .help = "BIRD's control socket; else the usual place",
	 .dflt = "",
	 .kind = GD_KIND_NAME,
	 GD_MEMBER(struct args, socket)},
};

static const struct gd_metric_row metrics[] = {
	{"up", GD_UNIT_COUNT, "1 while all sessions are established, else 0"},
	{"imported", GD_UNIT_COUNT, "routes learned from the neighbours"},
	{"exported", GD_UNIT_COUNT, "routes announced to the neighbours"},
	{"flaps", GD_UNIT_COUNT, "times a session was seen to go down"},
	{"updates", GD_UNIT_COUNT, "routes announced, received and sent"},
	{"withdraws", GD_UNIT_COUNT, "routes withdrawn, received and sent"},
	{0},
};

static const char *const gauges[] = {"up", "imported", "exported", NULL};

/* The session of that name, new if need be; NULL: too many. */
static struct session *find(struct state *s, const struct gd_bird_protocol *p)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->sessions[i].name, p->name) == 0)
			return &s->sessions[i];
	if (s->n == MAX_SESSIONS)
		return NULL;
	s->sessions[s->n] = (struct session){
		.up = p->up, .updates = p->updates, .withdraws = p->withdraws};
	(void)snprintf(s->sessions[s->n].name, GD_BIRD_NAME, "%s", p->name);
	return &s->sessions[s->n++];
}

static int64_t growth(int64_t now, int64_t before)
{
	return now >= before ? now - before : now;
}

static void take(struct state *s, const struct gd_bird_protocol *p)
{
	struct session *old = find(s, p);

	if (!old)
		return;
	s->flaps += old->up && !p->up;
	s->updates += growth(p->updates, old->updates);
	s->withdraws += growth(p->withdraws, old->withdraws);
	old->up = p->up;
	old->updates = p->updates;
	old->withdraws = p->withdraws;
}

static void add(struct gd_watch_sample *out, const char *name, int64_t value)
{
	struct gd_watch_value *v = &out->values[out->n++];

	(void)snprintf(v->name, sizeof(v->name), "%s", name);
	v->value = (double)value;
}

static int sample(void *state, struct gd_watch_sample *ret, struct gd_error *err)
{
	struct state *s = state;
	GD_AUTO_FREE char *command = gd_strf("show protocols all %s", s->protocol);
	int64_t imported = 0, exported = 0;
	struct gd_bird_protocol p;
	GD_AUTO_STRBUF(reply);
	size_t seen = 0;
	bool up = true;
	const char *at;
	int code;

	if (!command)
		return gd_raise_nomem(err);
	if (gd_bird_ask(s->socket, true, command, &reply, &code, err) < 0)
		return -1;
	at = gd_strbuf_str(&reply);
	while (gd_bird_next_protocol(&at, &p)) {
		if (strcmp(p.type, "BGP") != 0)
			continue;
		seen++;
		up = up && p.up;
		imported += p.imported;
		exported += p.exported;
		take(s, &p);
	}
	if (code >= REFUSED || seen == 0)
		return gd_raise(
			err, GD_E_REFUSED,
			"BIRD has no BGP protocol %s: `birdc show protocols` lists "
			"what it has",
			s->protocol);
	ret->n = 0;
	add(ret, "up", up);
	add(ret, "imported", imported);
	add(ret, "exported", exported);
	add(ret, "flaps", s->flaps);
	add(ret, "updates", s->updates);
	add(ret, "withdraws", s->withdraws);
	return 0;
}

/* A protocol's name goes into a command: only what BIRD itself takes for a name. */
static bool is_name(const char *text)
{
	return strspn(text,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		      "_") == strlen(text);
}

static int open_bgp(const void *args, void **ret_state, struct gd_error *err)
{
	const struct args *a = args;
	GD_AUTO_FREE struct state *s = calloc(1, sizeof(*s));
	struct gd_watch_sample first;

	if (!s)
		return gd_raise_nomem(err);
	if (!is_name(a->protocol))
		return gd_raise(err, GD_E_INPUT,
				"protocol \"%.40s\" is no name of BIRD's", a->protocol);
	(void)snprintf(s->protocol, sizeof(s->protocol), "%s", a->protocol);
	if (gd_bird_find(a->socket, s->socket, err) < 0 || sample(s, &first, err) < 0)
		return -1;
	*ret_state = gd_steal_ptr(&s);
	return 0;
}

static void close_bgp(void *state)
{
	free(state);
}

extern const struct gd_watch_kind gd_watch_bgp;
const struct gd_watch_kind gd_watch_bgp = {
	.name = "bgp",
	.summary = "BIRD's BGP sessions: up or down, routes, and how much they change.",
	.args = GD_SHAPE("bgp", arg_rows, struct args),
	.metrics = metrics,
	.gauges = gauges,
	.open = open_bgp,
	.sample = sample,
	.close = close_bgp,
};
