/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scope is a product: every peer with every protocol and port. Each combination is one
 * filter, since a filter's conditions all have to hold. IPv4 and IPv6 need filters of
 * different priority, since the kernel keeps one protocol per priority.
 */
#include "injectors/netem_scope.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/shape/peers.h"

static const char *peer_at(const struct gd_list *peers, size_t i)
{
	return GD_AT(peers, const struct gd_netem_text, i)->text;
}

/* --- peers --------------------------------------------------------------------------- */

/* One to three digits, at most `most`. */
static int parse_length(const char *text, int most, int *ret)
{
	size_t digits = strspn(text, "0123456789");
	long length = digits && digits <= 3 ? strtol(text, NULL, 10) : -1;

	if (text[digits] || length < 0 || length > most)
		return -1;
	*ret = (int)length;
	return 0;
}

/* "10.0.0.0/8" into a match; without a length, the whole address. */
static int parse_prefix(const char *text, struct gd_tc_match *ret)
{
	struct gd_tc_match m = {.has_prefix = true};
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char addr[INET6_ADDRSTRLEN];
	int most;

	(void)snprintf(addr, sizeof(addr), "%.*s", (int)len, text);
	m.family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	most = m.prefix_len = m.family == AF_INET ? 32 : 128;
	if (len >= sizeof(addr) || inet_pton(m.family, addr, m.addr) != 1 ||
	    (slash && parse_length(slash + 1, most, &m.prefix_len) < 0))
		return -1;
	for (int bit = m.prefix_len; bit < most; bit++)
		m.addr[bit / 8] &= (uint8_t) ~(0x80 >> (bit % 8));
	*ret = m;
	return 0;
}

static int add_peer(struct gd_list *peers, const struct gd_tc_match *m,
		    struct gd_error *err)
{
	char addr[INET6_ADDRSTRLEN];
	GD_AUTO_FREE char *text = NULL;
	struct gd_netem_text *grown;

	if (!inet_ntop(m->family, m->addr, addr, sizeof(addr)))
		return gd_raise_errno(err, "inet_ntop");
	text = gd_strf("%s/%d", addr, m->prefix_len);
	if (!text)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < peers->n; i++)
		if (strcmp(peer_at(peers, i), text) == 0)
			return 0;
	if (peers->n == GD_NETEM_MAX_PEERS)
		return gd_raise(err, GD_E_REFUSED,
				"the host names stand for more than %d addresses: give "
				"prefixes instead",
				(int)GD_NETEM_MAX_PEERS);
	grown = reallocarray(peers->items, peers->n + 1, sizeof(*grown));
	if (!grown)
		return gd_raise_nomem(err);
	peers->items = grown;
	grown[peers->n++].text = gd_steal_ptr(&text);
	return 0;
}

static int add_name(const struct gd_ports *p, const char *name, bool tell,
		    struct gd_list *peers, struct gd_error *err)
{
	GD_AUTO_STRBUF(found);
	GD_AUTO_STRBUF(words);
	char *rest = NULL;
	struct gd_tc_match m;
	int rc = p->name->resolve(p->name->ctx, name, &found, err);

	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT || found.len == 0)
		return gd_raise(err, GD_E_REFUSED,
				"peer %.60s: no such host name on this host; write its "
				"address, or look at `getent ahosts %.60s`",
				name, name);
	gd_strbuf_addf(&words, "peer %s is", name);
	if (found.failed)
		return gd_raise_nomem(err);
	for (char *line = strtok_r(found.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (parse_prefix(line, &m) < 0)
			return gd_raise(err, GD_E_SYSTEM,
					"peer %.60s: \"%.50s\" is no address", name,
					line);
		gd_strbuf_addf(&words, " %s", line);
		if (add_peer(peers, &m, err) < 0)
			return -1;
	}
	if (tell && !words.failed)
		p->note(p->note_ctx, gd_strbuf_str(&words));
	return 0;
}

void gd_netem_peers_free(struct gd_list *peers)
{
	for (size_t i = 0; i < peers->n; i++)
		free(GD_AT(peers, struct gd_netem_text, i)->text);
	free(peers->items);
	*peers = (struct gd_list){0};
}

/* --- checks -------------------------------------------------------------------------- */

static int check_once(const struct gd_netem_scope *s, struct gd_error *err)
{
	for (size_t i = 0; i < s->ports.n; i++)
		for (size_t j = 0; j < i; j++)
			if (GD_AT(&s->ports, struct gd_netem_number, i)->number ==
			    GD_AT(&s->ports, struct gd_netem_number, j)->number)
				return gd_raise(
					err, GD_E_INPUT,
					"port %" PRId64 " is listed twice",
					GD_AT(&s->ports, struct gd_netem_number, i)
						->number);
	for (size_t i = 0; i < s->protocols.n; i++) {
		int number = GD_AT(&s->protocols, struct gd_netem_protocol, i)->number;

		for (size_t j = 0; j < i; j++)
			if (GD_AT(&s->protocols, struct gd_netem_protocol, j)->number ==
			    number)
				return gd_raise(err, GD_E_INPUT,
						"protocols lists one of them twice");
		if (s->ports.n && number == IPPROTO_ICMP)
			return gd_raise(err, GD_E_INPUT,
					"icmp has no ports: leave out protocols icmp, or "
					"the ports");
	}
	return 0;
}

/* Without protocols, ports are those of TCP and UDP. */
static size_t n_protocols(const struct gd_netem_scope *s)
{
	return s->protocols.n ? s->protocols.n : s->ports.n ? 2 : 1;
}

static int check_count(const struct gd_netem_scope *s, size_t n_peers, enum gd_errc code,
		       struct gd_error *err)
{
	size_t n = (n_peers ? n_peers : 2) * n_protocols(s) *
		   (s->ports.n ? s->ports.n * 2 : 1);

	if (n <= GD_NETEM_MAX_FILTERS)
		return 0;
	return gd_raise(err, code,
			"%zu peers and %zu ports need %zu filters, at most %d: use "
			"prefixes, or fewer ports",
			n_peers, s->ports.n, n, (int)GD_NETEM_MAX_FILTERS);
}

int gd_netem_scope_check(const struct gd_netem_scope *s, struct gd_error *err)
{
	struct gd_tc_match m;

	for (size_t i = 0; i < s->peers.n; i++) {
		const char *text = peer_at(&s->peers, i);

		if (parse_prefix(text, &m) < 0 && !gd_peer_is_name(text))
			return gd_raise(err, GD_E_INPUT,
					"\"%.60s\" is not a peer: write an address, a "
					"prefix or a host name, as in 10.20.0.0/24 or "
					"2001:db8::/32",
					text);
	}
	if (check_once(s, err) < 0)
		return -1;
	return check_count(s, s->peers.n, GD_E_INPUT, err);
}

int gd_netem_scope_resolve(const struct gd_ports *p, const struct gd_netem_scope *s,
			   bool tell, struct gd_list *ret, struct gd_error *err)
{
	struct gd_list peers = {0};
	struct gd_tc_match m;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->peers.n; i++) {
		const char *text = peer_at(&s->peers, i);

		rc = parse_prefix(text, &m) == 0 ? add_peer(&peers, &m, err)
						 : add_name(p, text, tell, &peers, err);
	}
	if (rc == 0)
		rc = check_count(s, peers.n, GD_E_REFUSED, err);
	if (rc < 0) {
		gd_netem_peers_free(&peers);
		return -1;
	}
	*ret = peers;
	return 0;
}

/* --- words --------------------------------------------------------------------------- */

static const char *protocol_name(int number)
{
	return number == IPPROTO_TCP    ? "TCP"
	       : number == IPPROTO_UDP  ? "UDP"
	       : number == IPPROTO_SCTP ? "SCTP"
					: "ICMP";
}

static void describe(const struct gd_netem_scope *s, const char *word,
		     const char *preposition, struct gd_strbuf *out)
{
	GD_AUTO_STRBUF(lead);

	gd_strbuf_addf(&lead, "; %s ", word);
	for (size_t i = 0; i < s->peers.n; i++)
		gd_strbuf_addf(out, "%s%s%s", i ? ", " : gd_strbuf_str(&lead),
			       i ? "" : preposition, peer_at(&s->peers, i));
	for (size_t i = 0; i < s->protocols.n; i++)
		gd_strbuf_addf(
			out, "%s%s", i ? ", " : gd_strbuf_str(&lead),
			protocol_name(GD_AT(&s->protocols, struct gd_netem_protocol, i)
					      ->number));
	for (size_t i = 0; i < s->ports.n; i++)
		gd_strbuf_addf(out, "%s%s%" PRId64, i ? ", " : gd_strbuf_str(&lead),
			       i ? "" : "from or to port ",
			       GD_AT(&s->ports, struct gd_netem_number, i)->number);
}

void gd_netem_scope_describe(const struct gd_netem_args *a, struct gd_strbuf *out)
{
	static const char *const prepositions[] = {[GD_NETEM_EGRESS] = "to ",
						   [GD_NETEM_INGRESS] = "from ",
						   [GD_NETEM_BOTH] = "to and from "};

	describe(&a->scope, "only", prepositions[a->direction], out);
	if (a->except)
		describe(a->except, "not", prepositions[a->direction], out);
}

/* --- filters ------------------------------------------------------------------------- */

struct walk {
	const struct gd_ports *p;
	const char *device;
	gd_netem_filter_fn *fn;
	void *ctx;
	bool ingress;
};

static int visit(const struct walk *w, const struct gd_tc_filter *f, struct gd_error *err)
{
	struct gd_tc_filter one = *f;

	one.ingress = w->ingress;
	one.match.of_source = w->ingress;
	return w->fn(w->p, w->device, &one, w->ctx, err);
}

static int each_control(const struct walk *w, struct gd_error *err)
{
	/* Neighbour discovery (RFC 4861) and multicast listener reports (RFC 2710, 3810),
	 * without which a snooping switch would cut neighbour discovery off. */
	static const int types[] = {130, 131, 132, 133, 134, 135, 136, 137, 143};
	const struct gd_control *c = &w->p->control;
	struct gd_tc_filter ssh = {
		.prio = GD_NETEM_PRIO_CONTROL,
		.match = {.family = c->family,
			  .has_prefix = true,
			  .prefix_len = c->family == AF_INET ? 32 : 128,
			  .ip_proto = IPPROTO_TCP}};

	memcpy(ssh.match.addr, c->addr, sizeof(ssh.match.addr));
	*(w->ingress ? &ssh.match.dst_port : &ssh.match.src_port) = c->port;
	if (c->kind == GD_CONTROL_SSH && visit(w, &ssh, err) < 0)
		return -1;
	for (size_t i = 0; i < GD_N_ELEMS(types); i++) {
		struct gd_tc_filter nd = {.prio = GD_NETEM_PRIO_NEIGHBOURS,
					  .match = {.family = AF_INET6,
						    .ip_proto = IPPROTO_ICMPV6,
						    .icmp6_type = types[i]}};

		if (visit(w, &nd, err) < 0)
			return -1;
	}
	return 0;
}

/* One filter, or one per port and end of the connection. */
static int each_port(const struct walk *w, const struct gd_netem_scope *s,
		     const struct gd_tc_filter *base, struct gd_error *err)
{
	struct gd_tc_filter f = *base;

	if (s->ports.n == 0)
		return visit(w, &f, err);
	for (size_t i = 0; i < s->ports.n * 2; i++) {
		int number = (int)GD_AT(&s->ports, struct gd_netem_number, i / 2)->number;

		f.match.src_port = i & 1 ? number : 0;
		f.match.dst_port = i & 1 ? 0 : number;
		if (visit(w, &f, err) < 0)
			return -1;
	}
	return 0;
}

static int each_protocol(const struct walk *w, const struct gd_netem_scope *s,
			 const struct gd_tc_filter *base, struct gd_error *err)
{
	static const int with_ports[] = {IPPROTO_TCP, IPPROTO_UDP};
	struct gd_tc_filter f = *base;

	for (size_t i = 0; i < n_protocols(s); i++) {
		if (s->protocols.n)
			f.match.ip_proto =
				GD_AT(&s->protocols, struct gd_netem_protocol, i)->number;
		else if (s->ports.n)
			f.match.ip_proto = with_ports[i];
		if (f.match.ip_proto == IPPROTO_ICMP && f.match.family == AF_INET6)
			f.match.ip_proto = IPPROTO_ICMPV6;
		if (each_port(w, s, &f, err) < 0)
			return -1;
	}
	return 0;
}

/* prio_v4 is the one for IPv4; IPv6 has the next. */
static int each_in_scope(const struct walk *w, const struct gd_netem_scope *s,
			 const struct gd_list *peers, int64_t prio_v4,
			 const char *redirect_to, struct gd_error *err)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct gd_tc_filter f = {.redirect_to = redirect_to};

	for (size_t i = 0; i < (s->peers.n ? peers->n : GD_N_ELEMS(families)); i++) {
		f.match = (struct gd_tc_match){.family = families[i & 1]};
		if (s->peers.n && parse_prefix(peer_at(peers, i), &f.match) < 0)
			return gd_raise(err, GD_E_SYSTEM, "\"%.50s\" is no prefix",
					peer_at(peers, i));
		f.prio = prio_v4 + (f.match.family == AF_INET6);
		if (each_protocol(w, s, &f, err) < 0)
			return -1;
	}
	return 0;
}

int gd_netem_each_filter(const struct gd_ports *p, const struct gd_netem_args *a,
			 const struct gd_netem_undo *u, bool ingress,
			 gd_netem_filter_fn *fn, void *ctx, struct gd_error *err)
{
	const struct walk w = {p, u->device, fn, ctx, ingress};

	if (each_control(&w, err) < 0)
		return -1;
	if (a->except && each_in_scope(&w, a->except, &u->except_peers,
				       GD_NETEM_PRIO_EXCEPT_V4, NULL, err) < 0)
		return -1;
	return each_in_scope(&w, &a->scope, &u->peers, GD_NETEM_PRIO_V4,
			     ingress ? u->in.ifb : u->out.ifb, err);
}
