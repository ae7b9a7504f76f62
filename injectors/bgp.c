/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes that go away, through BIRD. Either a protocol is disabled, or chosen prefixes are
 * no longer originated: a copy of the configuration that filters them out is loaded with
 * BIRD's own timed undo, which puts the routes back when nobody else does. bgp.md says how
 * that and our lease go together.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "injectors/bgp_config.h"
#include "injectors/injector.h"
#include "injectors/ports.h"

enum { MAX_LISTED = 200, MAX_PATH = 400, MAX_NAME = 64 };

struct args {
	char protocol[MAX_NAME];
	struct gd_list
		withdraw; /* struct gd_bgp_prefix; none: the protocol is disabled */
	struct gd_span undo_after;
	char socket[GD_ROUTING_PATH];
};

struct undo {
	char protocol[MAX_NAME], socket[GD_ROUTING_PATH];
	/* "" when it was disabled */
	char config[MAX_PATH];      /* theirs */
	char original[MAX_PATH];    /* our copy of it */
	char generated[MAX_PATH];   /* the one without the prefixes */
	char marker[GD_BGP_PREFIX]; /* one prefix that went */
	char digest[20];            /* of the configuration */
	int64_t imported, exported;
};

static const struct gd_field prefix_rows[] = {
	{.name = "prefix",
	 .help = "a prefix as BIRD shows it",
	 .kind = GD_KIND_NAME,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct gd_bgp_prefix, text)},
};
static const struct gd_shape prefix_shape = {.name = "prefix",
					     .fields = prefix_rows,
					     .n_fields = GD_N_ELEMS(prefix_rows),
					     .size = sizeof(struct gd_bgp_prefix),
					     .key_offset = GD_NO_OFFSET,
					     .node_offset = GD_NO_OFFSET,
					     .given_offset = GD_NO_OFFSET,
					     .scalar = true};

static const struct gd_field arg_rows[] = {
	{.name = "protocol",
	 .help = "the BGP or static protocol of BIRD that is hurt",
	 .kind = GD_KIND_NAME,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct args, protocol)},
	{.name = "withdraw",
	 .help = "prefixes it announces no more; none: the protocol is disabled",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct args, withdraw),
	 .max = 32,
	 .shape = &prefix_shape},
	{.name = "undo_after",
	 .help = "withdraw: BIRD itself undoes it so long after agent and guardian died",
	 .dflt = "30s",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct args, undo_after),
	 .min = 10 * GD_NS_PER_S,
	 .max = 24 * 3600 * GD_NS_PER_S},
	{.name = "socket",
	 .help = "BIRD's control socket; else the usual place",
	 .dflt = "",
	 .kind = GD_KIND_NAME,
	 GD_MEMBER(struct args, socket)},
};

#define KEEP(row_name, text, row_kind, ...)                                              \
	{                                                                                \
		.name = #row_name, .help = (text), .kind = (row_kind),                   \
		.flags = GD_FIELD_HIDDEN, GD_MEMBER(struct undo, row_name), __VA_ARGS__  \
	}

static const struct gd_field undo_rows[] = {
	KEEP(protocol, "the protocol", GD_KIND_NAME, .dflt = ""),
	KEEP(socket, "the control socket", GD_KIND_NAME, .dflt = ""),
	KEEP(config, "BIRD's configuration", GD_KIND_NAME, .dflt = ""),
	KEEP(original, "our copy of it", GD_KIND_NAME, .dflt = ""),
	KEEP(generated, "ours without the prefixes", GD_KIND_NAME, .dflt = ""),
	KEEP(marker, "a prefix that goes", GD_KIND_NAME, .dflt = ""),
	KEEP(digest, "of the configuration", GD_KIND_NAME, .dflt = ""),
	KEEP(imported, "routes imported before", GD_KIND_INT, .dflt = "0"),
	KEEP(exported, "routes exported before", GD_KIND_INT, .dflt = "0"),
};

static size_t n_prefixes(const struct args *a)
{
	return a->withdraw.n;
}

static const char *prefix_at(const struct args *a, size_t i)
{
	return GD_AT(&a->withdraw, const struct gd_bgp_prefix, i)->text;
}

/* --- the arguments ------------------------------------------------------------------- */

static bool only_of(const char *text, const char *more)
{
	for (; *text; text++)
		if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
		      (*text >= '0' && *text <= '9') || strchr(more, *text)))
			return false;
	return true;
}

static int check(const void *args, struct gd_error *err)
{
	const struct args *a = args;

	if (!*a->protocol || !only_of(a->protocol, "_"))
		return gd_raise(
			err, GD_E_INPUT,
			"protocol \"%.40s\" is no name of BIRD's: letters, digits "
			"and _ make one, `birdc show protocols` lists them",
			a->protocol);
	if (*a->socket && (*a->socket != '/' || !only_of(a->socket, "/._-")))
		return gd_raise(err, GD_E_INPUT,
				"socket \"%.60s\" is not a plain absolute path",
				a->socket);
	for (size_t i = 0; i < n_prefixes(a); i++)
		if (!only_of(prefix_at(a, i), ".:/") || !strchr(prefix_at(a, i), '/'))
			return gd_raise(err, GD_E_INPUT,
					"\"%.50s\" is no prefix: write it as `birdc show "
					"route` does, as in 10.20.0.0/24",
					prefix_at(a, i));
	return 0;
}

static void describe(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;

	gd_strbuf_addf(out, "%s: ", a->protocol);
	if (n_prefixes(a) == 0)
		gd_strbuf_adds(out, "disable it in BIRD, so that its routes go");
	else
		gd_strbuf_adds(out, "withdraw");
	for (size_t i = 0; i < n_prefixes(a); i++)
		gd_strbuf_addf(out, "%s %s", i > 0 ? "," : "", prefix_at(a, i));
}

static void add_birdc(const char *socket, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "birdc ");
	if (!*socket)
		return;
	gd_strbuf_adds(out, "-s ");
	gd_strbuf_add_word(out, socket);
	gd_strbuf_addc(out, ' ');
}

static void manual(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;

	add_birdc(a->socket, out);
	if (n_prefixes(a) == 0) {
		gd_strbuf_addf(out, "enable %s\n", a->protocol);
		return;
	}
	gd_strbuf_addf(out,
		       "configure   # reads BIRD's own file again\n"
		       "rm -f CONFIG.gameday-%s CONFIG.gameday-%s.before   # CONFIG: "
		       "as the line above says\n",
		       a->protocol, a->protocol);
}

static void manual_captured(const void *args GD_UNUSED, const void *undo,
			    struct gd_strbuf *out)
{
	const struct undo *u = undo;

	add_birdc(u->socket, out);
	if (!*u->config) {
		gd_strbuf_addf(out, "enable %s\n", u->protocol);
		return;
	}
	gd_strbuf_adds(out, "configure   # reads BIRD's own file again\nrm -f ");
	gd_strbuf_add_word(out, u->generated);
	gd_strbuf_addc(out, ' ');
	gd_strbuf_add_word(out, u->original);
	gd_strbuf_addc(out, '\n');
}

static void digest_of(const char *text, char ret[20])
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	(void)snprintf(ret, 20, "%016" PRIx64, hash);
}

/* --- reading BIRD -------------------------------------------------------------------- */

static int withhold(const struct args *a, const char *config, const char *text,
		    struct gd_strbuf *out, struct gd_error *err)
{
	return gd_bgp_withhold(config, text, a->withdraw.items, n_prefixes(a), out, err);
}

static int find_socket(const struct gd_ports *p, const struct args *a,
		       char ret[GD_ROUTING_PATH], struct gd_error *err)
{
	return p->routing->find(p->routing->ctx, a->socket, ret, err);
}

static int get(const struct gd_ports *p, const char *socket, const char *protocol,
	       struct gd_routing_protocol *ret, struct gd_error *err)
{
	int rc = p->routing->get(p->routing->ctx, socket, protocol, ret, err);

	if (rc == GD_PORT_ABSENT)
		return gd_raise(
			err, GD_E_REFUSED,
			"BIRD has no protocol %s: `birdc show protocols` lists them",
			protocol);
	return rc;
}

/* Is the prefix a line of the list? */
static bool has_line(const char *list, const char *prefix)
{
	size_t len = strlen(prefix);

	for (; *list; list += strcspn(list, "\n"), list += *list == '\n')
		if (strncmp(list, prefix, len) == 0 && list[len] == '\n')
			return true;
	return false;
}

static int exports(const struct gd_ports *p, const char *socket, const char *protocol,
		   const char *prefix, bool *ret, struct gd_error *err)
{
	GD_AUTO_STRBUF(list);

	if (p->routing->routes(p->routing->ctx, socket, protocol, true, &list, err) < 0)
		return -1;
	*ret = has_line(gd_strbuf_str(&list), prefix);
	return 0;
}

static int read_config(const struct gd_ports *p, const char *path, struct gd_strbuf *out,
		       struct gd_error *err)
{
	int rc = p->routing->read_file(p->routing->ctx, path, out, err);

	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_SYSTEM, "BIRD's configuration %s is gone",
				path);
	return rc;
}

/* Where the configuration is and what ours will be called; refuses paths that won't fit. */
static int locate(const struct gd_ports *p, const struct args *a, struct undo *u,
		  struct gd_error *err)
{
	GD_AUTO_STRBUF(path);
	int len;

	if (p->routing->config_path(p->routing->ctx, u->socket, &path, err) < 0)
		return -1;
	len = snprintf(u->original, sizeof(u->original), "%s.gameday-%s.before",
		       gd_strbuf_str(&path), a->protocol);
	if (len < 0 || (size_t)len >= sizeof(u->original) ||
	    !only_of(gd_strbuf_str(&path), "/._-+@"))
		return gd_raise(
			err, GD_E_REFUSED,
			"BIRD's configuration \"%.80s\" has too odd or long a path",
			gd_strbuf_str(&path));
	(void)snprintf(u->config, sizeof(u->config), "%s", gd_strbuf_str(&path));
	(void)snprintf(u->generated, sizeof(u->generated), "%s.gameday-%s",
		       gd_strbuf_str(&path), a->protocol);
	return 0;
}

/*
 * What we load is made of the files as they are now, so nothing may be in them that BIRD has
 * not read yet: that would come in with the fault, and stay or go with it.
 */
static int check_loaded(const struct gd_ports *p, const char *socket, const char *config,
			struct gd_error *err)
{
	struct gd_span loaded, saved;

	/* In this order: an edit in between is young. */
	if (p->routing->config_age(p->routing->ctx, socket, &loaded, err) < 0 ||
	    p->routing->file_age(p->routing->ctx, config, &saved, err) < 0)
		return -1;
	if (saved.ns >= loaded.ns)
		return 0;
	return gd_raise(err, GD_E_REFUSED,
			"%s, or a file that it includes, was saved after BIRD last read "
			"it: this fault would load what is in it; run `birdc configure`, "
			"or put it back and do so",
			config);
}

static int preflight_withdraw(const struct gd_ports *p, const struct args *a,
			      struct undo *u, struct gd_error *err)
{
	GD_AUTO_STRBUF(old);
	GD_AUTO_STRBUF(text);
	GD_AUTO_STRBUF(changed);
	int rc;

	for (size_t i = 0; i < n_prefixes(a); i++) {
		bool there;

		if (exports(p, u->socket, a->protocol, prefix_at(a, i), &there, err) < 0)
			return -1;
		if (!there)
			return gd_raise(
				err, GD_E_REFUSED,
				"%s does not announce %s: `birdc show route export "
				"%s` lists what it does",
				a->protocol, prefix_at(a, i), a->protocol);
	}
	if (locate(p, a, u, err) < 0 || read_config(p, u->config, &text, err) < 0 ||
	    withhold(a, u->config, gd_strbuf_str(&text), &changed, err) < 0 ||
	    check_loaded(p, u->socket, u->config, err) < 0)
		return -1;
	rc = p->routing->read_file(p->routing->ctx, u->generated, &old, err);
	if (rc == 0)
		return gd_raise(
			err, GD_E_REFUSED,
			"%s is there already: `gameday status` tells whose it is, "
			"`gameday revert` closes it",
			u->generated);
	return rc < 0 ? -1 : 0;
}

/* Does BIRD count down to an undo, and how long is that? 0: no. */
static int undo_in(const struct gd_ports *p, const char *socket, struct gd_span *ret,
		   struct gd_error *err)
{
	return p->routing->pending(p->routing->ctx, socket, ret, err);
}

static int preflight(const struct gd_ports *p, const void *args, struct gd_error *err)
{
	const struct args *a = args;
	struct undo u = {0};
	struct gd_routing_protocol now;
	struct gd_span waiting;

	if (find_socket(p, a, u.socket, err) < 0 ||
	    get(p, u.socket, a->protocol, &now, err) < 0 ||
	    undo_in(p, u.socket, &waiting, err) < 0)
		return -1;
	if (strcmp(now.type, "BGP") != 0 &&
	    (strcmp(now.type, "Static") != 0 || n_prefixes(a) > 0))
		return gd_raise(err, GD_E_REFUSED,
				"%s is a %s protocol: only BGP, and static ones without "
				"withdraw, can be hurt",
				a->protocol, now.type);
	if (!now.up)
		return gd_raise(err, GD_E_REFUSED,
				"%s is not up before the fault (%s): mend it first",
				a->protocol, now.state);
	if (waiting.ns)
		return gd_raise(
			err, GD_E_REFUSED,
			"BIRD waits for `configure confirm` of somebody's change: "
			"confirm or undo that first");
	return n_prefixes(a) > 0 ? preflight_withdraw(p, a, &u, err) : 0;
}

static int doctor(const struct gd_ports *p, struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO_STRBUF(list);
	char socket[GD_ROUTING_PATH];
	bool any = false;
	char *rest, *line;

	if (p->routing->find(p->routing->ctx, "", socket, err) < 0 ||
	    p->routing->list(p->routing->ctx, socket, &list, err) < 0)
		return -1;
	if (list.failed)
		return gd_raise_nomem(err);
	rest = list.data;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (!strstr(line, " BGP ") && !strstr(line, " Static "))
			continue;
		gd_strbuf_addf(out, "%s%s", any ? "; " : "", line);
		any = true;
	}
	if (any)
		return 0;
	return gd_raise(err, GD_E_REFUSED, "BIRD has neither BGP nor static protocols");
}

/* --- state --------------------------------------------------------------------------- */

static int add_routes(const struct gd_ports *p, const char *socket, const struct args *a,
		      bool exported, struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO_STRBUF(list);
	const char *word = exported ? "exported" : "imported";

	if (p->routing->routes(p->routing->ctx, socket, a->protocol, exported, &list,
			       err) < 0)
		return -1;
	for (const char *at = gd_strbuf_str(&list); *at;) {
		size_t len = strcspn(at, "\n");

		gd_strbuf_addf(out, "%s %.*s\n", word, (int)len, at);
		at += len + (at[len] == '\n');
	}
	return 0;
}

/* A table that large changes by itself all the time: then only the session counts. */
static int state(const struct gd_ports *p, const void *args, struct gd_strbuf *out,
		 struct gd_error *err)
{
	const struct args *a = args;
	struct gd_routing_protocol now;
	char socket[GD_ROUTING_PATH];
	int rc;

	if (find_socket(p, a, socket, err) < 0)
		return -1;
	rc = p->routing->get(p->routing->ctx, socket, a->protocol, &now, err);
	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT) {
		gd_strbuf_addf(out, "no protocol %s\n", a->protocol);
		return 0;
	}
	gd_strbuf_addf(out, "protocol %s %s %s\n", a->protocol, now.type, now.state);
	if (!now.up)
		return 0;
	for (int exported = 0; exported < 2; exported++)
		if ((exported ? now.exported : now.imported) > MAX_LISTED)
			gd_strbuf_addf(out, "%s more than %d routes\n",
				       exported ? "exported" : "imported", MAX_LISTED);
		else if (add_routes(p, socket, a, exported, out, err) < 0)
			return -1;
	return 0;
}

static int capture(const struct gd_ports *p, const void *args, void *undo,
		   struct gd_error *err)
{
	const struct args *a = args;
	struct undo u = {0};
	struct gd_routing_protocol now;
	GD_AUTO_STRBUF(text);

	if (find_socket(p, a, u.socket, err) < 0 ||
	    get(p, u.socket, a->protocol, &now, err) < 0)
		return -1;
	(void)snprintf(u.protocol, sizeof(u.protocol), "%s", a->protocol);
	u.imported = now.imported;
	u.exported = now.exported;
	if (n_prefixes(a) > 0) {
		if (locate(p, a, &u, err) < 0 || read_config(p, u.config, &text, err) < 0)
			return -1;
		digest_of(gd_strbuf_str(&text), u.digest);
		(void)snprintf(u.marker, sizeof(u.marker), "%s", prefix_at(a, 0));
	}
	memcpy(undo, &u, sizeof(u));
	return 0;
}

/* --- in ------------------------------------------------------------------------------ */

static int apply(const struct gd_ports *p, const void *args, const void *undo,
		 struct gd_error *err)
{
	const struct gd_routing_port *r = p->routing;
	const struct args *a = args;
	const struct undo *u = undo;
	GD_AUTO_STRBUF(text);
	GD_AUTO_STRBUF(changed);

	if (!*u->config)
		return r->enable(r->ctx, u->socket, u->protocol, false, err);
	if (read_config(p, u->config, &text, err) < 0 ||
	    withhold(a, u->config, gd_strbuf_str(&text), &changed, err) < 0 ||
	    r->write_file(r->ctx, u->original, u->config, gd_strbuf_str(&text), err) <
		    0 ||
	    r->write_file(r->ctx, u->generated, u->config, gd_strbuf_str(&changed), err) <
		    0)
		return -1;
	return r->configure(r->ctx, u->socket, u->generated, a->undo_after, err);
}

/* Is the fault in? *ret says what stands against it, "" when nothing does. */
static int look_now(const struct gd_ports *p, const struct args *a, const struct undo *u,
		    char ret[200], struct gd_error *err)
{
	struct gd_routing_protocol now;
	GD_AUTO_STRBUF(list);
	struct gd_span waiting;

	*ret = '\0';
	if (get(p, u->socket, u->protocol, &now, err) < 0)
		return -1;
	if (p->routing->routes(p->routing->ctx, u->socket, u->protocol, true, &list,
			       err) < 0)
		return -1;
	if (!*u->config) {
		if (now.enabled)
			(void)snprintf(ret, 200,
				       "%.60s is enabled (%.40s), as by an operator's "
				       "`configure` or `enable`",
				       u->protocol, now.state);
		else if (list.len > 0)
			(void)snprintf(ret, 200, "%.60s still has routes", u->protocol);
		return 0;
	}
	if (undo_in(p, u->socket, &waiting, err) < 0 ||
	    p->routing->routes(p->routing->ctx, u->socket, u->protocol, true, &list,
			       err) < 0)
		return -1;
	for (size_t i = 0; i < n_prefixes(a); i++)
		if (has_line(gd_strbuf_str(&list), prefix_at(a, i)))
			(void)snprintf(ret, 200, "%s announces %s%s", u->protocol,
				       prefix_at(a, i),
				       waiting.ns ? ", from another protocol too?"
						  : ": BIRD's own timer or an operator's "
						    "`configure` took our change back");
	if (!*ret && !waiting.ns)
		(void)snprintf(ret, 200, "somebody confirmed our configuration");
	return 0;
}

static int verify(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_error *err)
{
	const struct gd_span step = gd_span_ms(50), most = gd_span_s(3);
	struct gd_instant end = gd_after(p->time->now(p->time->ctx), most);
	const struct undo *u = undo;
	char against[200];

	for (;;) {
		if (look_now(p, args, u, against, err) < 0)
			return -1;
		if (!*against)
			return 0;
		if (p->time->now(p->time->ctx).ns >= end.ns)
			return gd_raise(err, GD_E_DRIFT, "after 3 s still: %s", against);
		p->time->sleep(p->time->ctx, step);
	}
}

static void add_counter(struct gd_effect *e, const char *name, int64_t value)
{
	struct gd_counter *c = &e->counters[e->n_counters++];

	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	c->value = (double)value;
}

static int effect(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_effect *ret, struct gd_error *err)
{
	const struct undo *u = undo;
	struct gd_routing_protocol now;
	char against[200];

	if (look_now(p, args, u, against, err) < 0 ||
	    get(p, u->socket, u->protocol, &now, err) < 0)
		return -1;
	*ret = (struct gd_effect){.seen = !*against};
	(void)snprintf(ret->text, sizeof(ret->text),
		       "%.64s is %.40s; it exports %" PRId64 " routes (before: %" PRId64
		       ")%s%.100s",
		       u->protocol, now.state, now.exported, u->exported,
		       *against ? "; " : "", against);
	add_counter(ret, "exported", now.exported);
	add_counter(ret, "exported_before", u->exported);
	add_counter(ret, "imported", now.imported);
	add_counter(ret, "imported_before", u->imported);
	return 0;
}

/* --- meanwhile ----------------------------------------------------------------------- */

static int tend_disabled(const struct gd_ports *p, const struct undo *u,
			 struct gd_error *err)
{
	struct gd_routing_protocol now;

	if (get(p, u->socket, u->protocol, &now, err) < 0)
		return -1;
	if (!now.enabled)
		return 0;
	return gd_raise(err, GD_E_DRIFT,
			"%s is enabled again (%s), as by an operator's `configure` or "
			"`enable`",
			u->protocol, now.state);
}

/*
 * Nothing is armed again over somebody else's configuration: only while BIRD counts down,
 * and no longer than we asked it to, and what we withdrew is away. Nor when somebody began to
 * edit: then BIRD's timer ends the fault.
 */
static int tend(const struct gd_ports *p, const void *args, const void *undo,
		struct gd_error *err)
{
	const struct gd_routing_port *r = p->routing;
	const struct args *a = args;
	const struct undo *u = undo;
	struct gd_span left;
	char against[200];
	bool theirs;

	if (!*u->config)
		return tend_disabled(p, u, err);
	if (undo_in(p, u->socket, &left, err) < 0)
		return -1;
	theirs = left.ns > a->undo_after.ns + GD_NS_PER_S;
	if (left.ns && !theirs && left.ns > a->undo_after.ns / 3 * 2)
		return 0;
	if (look_now(p, a, u, against, err) < 0)
		return -1;
	if (*against || theirs)
		return gd_raise(err, GD_E_DRIFT, "%s",
				*against ? against
					 : "BIRD counts down to the undo of somebody "
					   "else's configuration");
	if (check_loaded(p, u->socket, u->config, err) < 0) {
		if (err->code == GD_E_REFUSED)
			err->code = GD_E_DRIFT;
		return -1;
	}
	return r->renew(r->ctx, u->socket, u->original, u->generated, a->undo_after, err);
}

/* --- out ----------------------------------------------------------------------------- */

/* Ours is loaded for good: load what was before, if they have not begun to edit it. */
static int load_theirs(const struct gd_ports *p, const struct undo *u,
		       struct gd_error *err)
{
	GD_AUTO_STRBUF(text);
	char digest[20];

	if (read_config(p, u->config, &text, err) < 0)
		return -1;
	digest_of(gd_strbuf_str(&text), digest);
	if (strcmp(digest, u->digest) != 0)
		return gd_raise(
			err, GD_E_DRIFT,
			"our configuration was confirmed and %s was edited since: "
			"run `birdc configure` when it is ready",
			u->config);
	return p->routing->configure(p->routing->ctx, u->socket, u->config,
				     (struct gd_span){0}, err);
}

static int remove_ours(const struct gd_ports *p, const struct undo *u,
		       struct gd_error *err)
{
	const struct gd_routing_port *r = p->routing;

	/* The one that says whether there is anything to undo goes last. */
	return r->remove_file(r->ctx, u->original, err) < 0 ||
			       r->remove_file(r->ctx, u->generated, err) < 0
		       ? -1
		       : 0;
}

/* BIRD's undo, and when that led nowhere (renewing it was cut short), the file itself. */
static int announce_again(const struct gd_ports *p, const struct undo *u,
			  struct gd_error *err)
{
	const struct gd_routing_port *r = p->routing;
	struct gd_span waiting;
	GD_AUTO_STRBUF(ours);
	bool there;
	int generated = r->read_file(r->ctx, u->generated, &ours, err);

	if (generated < 0)
		return -1;
	if (generated == GD_PORT_ABSENT)
		return remove_ours(p, u, err);
	if (exports(p, u->socket, u->protocol, u->marker, &there, err) < 0 ||
	    undo_in(p, u->socket, &waiting, err) < 0)
		return -1;
	if (!there && waiting.ns &&
	    (r->undo(r->ctx, u->socket, err) < 0 ||
	     exports(p, u->socket, u->protocol, u->marker, &there, err) < 0))
		return -1;
	if (!there && load_theirs(p, u, err) < 0)
		return -1;
	return remove_ours(p, u, err);
}

/*
 * Until the session is established and has as many routes as before. Bounded so that the
 * attempts of whoever undoes add up to less than the runner waits.
 */
static int wait_until_back(const struct gd_ports *p, const struct undo *u,
			   struct gd_error *err)
{
	const struct gd_span step = gd_span_ms(50), most = gd_span_s(6);
	struct gd_instant end = gd_after(p->time->now(p->time->ctx), most);
	struct gd_routing_protocol now;

	for (;;) {
		if (get(p, u->socket, u->protocol, &now, err) < 0)
			return -1;
		if (now.up &&
		    ((now.exported == u->exported && now.imported == u->imported) ||
		     now.exported > MAX_LISTED || now.imported > MAX_LISTED))
			return 0;
		if (p->time->now(p->time->ctx).ns >= end.ns)
			return gd_raise(err, GD_E_TIMEOUT,
					"%s is %s with %" PRId64 " routes in and %" PRId64
					" out after 6 s, not up with %" PRId64
					" and %" PRId64 " as before: BIRD connects again "
					"after its `connect delay time`",
					u->protocol, now.state, now.imported,
					now.exported, u->imported, u->exported);
		p->time->sleep(p->time->ctx, step);
	}
}

static int revert(const struct gd_ports *p, const void *undo, struct gd_error *err)
{
	const struct undo *u = undo;
	struct gd_routing_protocol now;

	if (*u->config) {
		if (announce_again(p, u, err) < 0)
			return -1;
	} else if (get(p, u->socket, u->protocol, &now, err) < 0 ||
		   (!now.enabled && p->routing->enable(p->routing->ctx, u->socket,
						       u->protocol, true, err) < 0)) {
		return -1;
	}
	return wait_until_back(p, u, err);
}

static void look(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;

	add_birdc(a->socket, out);
	gd_strbuf_addf(out, "-r show protocols all %s", a->protocol);
}

extern const struct gd_injector gd_injector_bgp;
const struct gd_injector gd_injector_bgp = {
	.name = "bgp",
	.summary = "Takes a BGP session down or withdraws prefixes, through BIRD.",
	.target_field = "protocol",
	.needs = 0,
	.network = true,
	.args = GD_SHAPE("bgp", arg_rows, struct args),
	.undo = GD_SHAPE("bgp undo", undo_rows, struct undo),
	.check = check,
	.describe = describe,
	.manual = manual,
	.manual_captured = manual_captured,
	.look = look,
	.doctor = doctor,
	.preflight = preflight,
	.state = state,
	.capture = capture,
	.apply = apply,
	.verify = verify,
	.effect = effect,
	.revert = revert,
	.tend = tend,
};
