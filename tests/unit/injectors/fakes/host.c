/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/injectors/fakes/host.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct fake_link *fake_link(struct fake_host *h, const char *name)
{
	for (size_t i = 0; i < h->n_links; i++)
		if (strcmp(h->links[i].name, name) == 0)
			return &h->links[i];
	return NULL;
}

struct fake_link *fake_add_link(struct fake_host *h, const char *name, const char *kind)
{
	struct fake_link *l = &h->links[h->n_links];

	gd_assert(h->n_links < FAKE_MAX_LINKS);
	h->n_links++;
	*l = (struct fake_link){.up = true, .carrier = true, .mtu = 1500};
	(void)snprintf(l->name, sizeof(l->name), "%s", name);
	(void)snprintf(l->kind, sizeof(l->kind), "%s", kind);
	return l;
}

size_t fake_count_filters(const struct fake_link *l, bool ingress)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_filters; i++)
		n += l->filters[i].ingress == ingress;
	return n;
}

void fake_add_foreign_filter(struct fake_link *l)
{
	l->filters[l->n_filters].ingress = false;
	l->filters[l->n_filters].prio = 7;
	l->filters[l->n_filters++].foreign = true;
}

/* Every call that could fail comes by here first. */
static int call(struct fake_host *h, const char *what, struct gd_error *err)
{
	if (++h->calls != h->fail_at)
		return 0;
	h->failed = true;
	return gd_raise(err, GD_E_SYSTEM, "made to fail: %s", what);
}

/* --- links --------------------------------------------------------------------------- */

static int link_get(void *ctx, const char *device, struct gd_link_info *ret,
		    struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "link get", err) < 0)
		return -1;
	if (!l)
		return GD_PORT_ABSENT;
	*ret = (struct gd_link_info){.index = l - h->links + 1,
				     .up = l->up,
				     .carrier = l->carrier &&
						l->carrier_back_ns <= h->now_ns,
				     .mtu = l->mtu,
				     .speed = l->speed};
	(void)snprintf(ret->kind, sizeof(ret->kind), "%s", l->kind);
	return 0;
}

static int link_list(void *ctx, struct gd_strbuf *out, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "link list", err) < 0)
		return -1;
	for (size_t i = 0; i < h->n_links; i++)
		gd_strbuf_addf(out, "%s\n", h->links[i].name);
	return 0;
}

static int add_ifb(void *ctx, const char *name, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "add ifb", err) < 0)
		return -1;
	if (fake_link(h, name))
		return gd_raise(err, GD_E_SYSTEM, "%s exists", name);
	(void)fake_add_link(h, name, "ifb");
	return 0;
}

static int remove_ifb(void *ctx, const char *name, struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, name);

	if (call(h, "remove ifb", err) < 0)
		return -1;
	if (!l)
		return GD_PORT_ABSENT;
	if (strcmp(l->kind, "ifb") != 0)
		return gd_raise(err, GD_E_REFUSED, "%s is not an ifb", name);
	*l = h->links[--h->n_links];
	return 0;
}

/* --- traffic control ----------------------------------------------------------------- */

static int snapshot(void *ctx, const char *device, struct gd_strbuf *out,
		    struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "snapshot", err) < 0)
		return -1;
	if (!l)
		return GD_PORT_ABSENT;
	gd_strbuf_addf(out, "hook %d\n", (int)l->hook);
	for (size_t i = 0; i < l->n_filters; i++)
		gd_strbuf_addf(out, "%s filter prio %" PRId64 " redirect %d\n",
			       l->filters[i].ingress ? "ingress" : "egress",
			       l->filters[i].prio, (int)l->filters[i].redirects);
	return 0;
}

static int hook(void *ctx, const char *device, struct gd_tc_hook_info *ret,
		struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "hook", err) < 0)
		return -1;
	if (!l)
		return GD_PORT_ABSENT;
	*ret = (struct gd_tc_hook_info){.hook = l->hook,
					.n_egress = (int64_t)fake_count_filters(l, false),
					.n_ingress =
						(int64_t)fake_count_filters(l, true)};
	for (size_t i = l->n_filters; i-- > 0;)
		(void)snprintf(l->filters[i].ingress ? ret->first_ingress
						     : ret->first_egress,
			       sizeof(ret->first_egress), "bpf prio %" PRId64,
			       l->filters[i].prio);
	return 0;
}

static int add_clsact(void *ctx, const char *device, struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "add clsact", err) < 0)
		return -1;
	if (!l || l->hook != GD_TC_HOOK_NONE)
		return gd_raise(err, GD_E_SYSTEM, "no room for clsact");
	l->hook = GD_TC_HOOK_CLSACT;
	return 0;
}

static int remove_clsact(void *ctx, const char *device, struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "remove clsact", err) < 0)
		return -1;
	if (!l || l->hook != GD_TC_HOOK_CLSACT)
		return GD_PORT_ABSENT;
	l->hook = GD_TC_HOOK_NONE;
	l->n_filters = 0;
	return 0;
}

static int add_filter(void *ctx, const char *device, const struct gd_tc_filter *f,
		      struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "add filter", err) < 0)
		return -1;
	if (!l || l->hook != GD_TC_HOOK_CLSACT || l->n_filters == FAKE_MAX_FILTERS)
		return gd_raise(err, GD_E_SYSTEM, "no hook for a filter");
	if (f->redirect_to && !fake_link(h, f->redirect_to))
		return gd_raise(err, GD_E_SYSTEM, "no device to redirect to");
	l->filters[l->n_filters].prio = f->prio;
	l->filters[l->n_filters].ingress = f->ingress;
	l->filters[l->n_filters].redirects = f->redirect_to != NULL;
	l->filters[l->n_filters].foreign = false;
	l->filters[l->n_filters++].match = f->match;
	return 0;
}

static int remove_filters(void *ctx, const char *device, bool ingress, int64_t prio,
			  struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);
	size_t kept = 0, before;

	if (call(h, "remove filters", err) < 0)
		return -1;
	if (!l)
		return GD_PORT_ABSENT;
	before = l->n_filters;
	for (size_t i = 0; i < before; i++)
		if (l->filters[i].prio != prio || l->filters[i].ingress != ingress)
			l->filters[kept++] = l->filters[i];
	l->n_filters = kept;
	return kept == before ? GD_PORT_ABSENT : 0;
}

static int add_segmenter(void *ctx, const char *device, int64_t mtu GD_UNUSED,
			 struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "add segmenter", err) < 0)
		return -1;
	if (!l || l->segmenter)
		return gd_raise(err, GD_E_SYSTEM, "no room for a segmenter");
	l->segmenter = true;
	return 0;
}

static int add_netem(void *ctx, const char *device, bool below_segmenter,
		     const struct gd_netem *n, struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "add netem", err) < 0)
		return -1;
	if (!l || l->has_netem || (below_segmenter && !l->segmenter))
		return gd_raise(err, GD_E_SYSTEM, "no room for netem");
	l->has_netem = true;
	l->below_segmenter = below_segmenter;
	l->netem = *n;
	return 0;
}

static int change_netem(void *ctx, const char *device, bool below_segmenter,
			const struct gd_netem *n, struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "change netem", err) < 0)
		return -1;
	if (!l || !l->has_netem || l->below_segmenter != below_segmenter)
		return gd_raise(err, GD_E_SYSTEM, "no netem to change");
	l->netem = *n;
	return 0;
}

static int get_netem(void *ctx, const char *device, struct gd_netem *ret,
		     struct gd_tc_stats *ret_stats, struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "get netem", err) < 0)
		return -1;
	if (!l || !l->has_netem)
		return GD_PORT_ABSENT;
	*ret = l->netem;
	*ret_stats = l->stats;
	return 0;
}

/* --- rings --------------------------------------------------------------------------- */

static int get_ring(void *ctx, const char *device, struct gd_ring *ret,
		    struct gd_ring *ret_max, struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "get ring", err) < 0)
		return -1;
	if (!l || !l->has_ring)
		return GD_PORT_ABSENT;
	*ret = l->ring;
	*ret_max = l->ring_max;
	return 0;
}

static int64_t rounded(const struct fake_link *l, int64_t v)
{
	int64_t step = l->ring_step ? l->ring_step : 1;

	return (v + step - 1) / step * step;
}

static int set_ring(void *ctx, const char *device, const struct gd_ring *r,
		    struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "set ring", err) < 0)
		return -1;
	if (!l || !l->has_ring || r->rx > l->ring_max.rx || r->tx > l->ring_max.tx)
		return gd_raise(err, GD_E_SYSTEM, "invalid ring");
	l->ring.rx = rounded(l, r->rx);
	l->ring.tx = rounded(l, r->tx);
	l->ring.rx_mini = rounded(l, r->rx_mini);
	l->ring.rx_jumbo = rounded(l, r->rx_jumbo);
	l->carrier_back_ns = h->now_ns + l->carrier_gap.ns;
	return 0;
}

static int losses(void *ctx, const char *device, int64_t *ret_missed,
		  int64_t *ret_dropped, struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_link *l = fake_link(h, device);

	if (call(h, "losses", err) < 0)
		return -1;
	*ret_missed = l ? l->missed : 0;
	*ret_dropped = l ? l->dropped : 0;
	return 0;
}

/* --- disks --------------------------------------------------------------------------- */

struct fake_disk *fake_disk(struct fake_host *h, const char *name)
{
	for (size_t i = 0; i < h->n_disks; i++)
		if (strcmp(h->disks[i].disk.name, name) == 0 ||
		    strcmp(h->disks[i].disk.dm_name, name) == 0)
			return &h->disks[i];
	return NULL;
}

static struct fake_disk *mapped(struct fake_host *h, const char *name)
{
	struct fake_disk *d = fake_disk(h, name);

	return d && strcmp(d->disk.dm_name, name) == 0 ? d : NULL;
}

static struct fake_disk *add_disk(struct fake_host *h, int major, const char *name,
				  const char *dm_name)
{
	struct fake_disk *d = &h->disks[h->n_disks];
	int64_t minor = (int64_t)h->n_disks;

	gd_assert(h->n_disks < FAKE_MAX_DISKS);
	h->n_disks++;
	*d = (struct fake_disk){.disk = {.major = major, .minor = minor, .sectors = 4096},
				.dm = {.major = major, .minor = minor}};
	(void)snprintf(d->disk.name, sizeof(d->disk.name), "%s", name);
	(void)snprintf(d->disk.dm_name, sizeof(d->disk.dm_name), "%s", dm_name);
	return d;
}

static int disk_find(void *ctx, const char *text, struct gd_disk *ret,
		     struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "disk find", err) < 0)
		return -1;
	for (size_t i = 0; i < h->n_disks; i++) {
		const struct fake_disk *d = &h->disks[i];

		if ((strncmp(text, "/dev/", 5) == 0 &&
		     strcmp(text + 5, d->disk.name) == 0) ||
		    strcmp(text, d->mount) == 0 || strcmp(text, d->disk.dm_name) == 0) {
			*ret = d->disk;
			return 0;
		}
	}
	return GD_PORT_ABSENT;
}

static int disk_list(void *ctx, struct gd_strbuf *out, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "disk list", err) < 0)
		return -1;
	for (size_t i = 0; i < h->n_disks; i++)
		gd_strbuf_addf(out, "%s%s\n", h->disks[i].disk.dm_name[0] ? "" : "/dev/",
			       h->disks[i].disk.dm_name[0] ? h->disks[i].disk.dm_name
							   : h->disks[i].disk.name);
	return 0;
}

static int disk_stats(void *ctx, int64_t major, int64_t minor, struct gd_disk_stats *ret,
		      struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "disk stats", err) < 0)
		return -1;
	for (size_t i = 0; i < h->n_disks; i++)
		if (h->disks[i].disk.major == major && h->disks[i].disk.minor == minor) {
			*ret = h->disks[i].stats;
			return 0;
		}
	return GD_PORT_ABSENT;
}

static int disk_holds(void *ctx, int64_t major GD_UNUSED, int64_t minor,
		      const char *path GD_UNUSED, bool *ret, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "disk holds", err) < 0)
		return -1;
	*ret = h->journal_disk && strcmp(h->disks[minor].disk.name, h->journal_disk) == 0;
	return 0;
}

static int dm_get(void *ctx, const char *name, struct gd_dm_info *ret,
		  struct gd_error *err)
{
	struct fake_disk *d = mapped(ctx, name);

	if (call(ctx, "dm get", err) < 0)
		return -1;
	if (!d)
		return GD_PORT_ABSENT;
	*ret = d->dm;
	return 0;
}

static int dm_table(void *ctx, const char *name, struct gd_strbuf *out,
		    struct gd_error *err)
{
	struct fake_disk *d = mapped(ctx, name);

	if (call(ctx, "dm table", err) < 0)
		return -1;
	if (!d)
		return GD_PORT_ABSENT;
	gd_strbuf_adds(out, d->table);
	return 0;
}

static int dm_create(void *ctx, const char *name, const char *uuid, struct gd_error *err)
{
	struct fake_disk *d;

	if (call(ctx, "dm create", err) < 0)
		return -1;
	if (mapped(ctx, name))
		return gd_raise(err, GD_E_SYSTEM, "%s exists", name);
	d = add_disk(ctx, 254, "dm-9", name);
	(void)snprintf(d->dm.uuid, sizeof(d->dm.uuid), "%s", uuid);
	return 0;
}

static int dm_load(void *ctx, const char *name, const char *table, bool read_only,
		   struct gd_error *err)
{
	struct fake_disk *d = mapped(ctx, name);

	if (call(ctx, "dm load", err) < 0)
		return -1;
	if (!d || d->dm.read_only != read_only)
		return gd_raise(err, GD_E_SYSTEM, "can't load a table");
	(void)snprintf(d->inactive, sizeof(d->inactive), "%s", table);
	d->dm.has_inactive_table = true;
	return 0;
}

static int dm_clear(void *ctx, const char *name, struct gd_error *err)
{
	struct fake_disk *d = mapped(ctx, name);

	if (call(ctx, "dm clear", err) < 0)
		return -1;
	if (d)
		d->dm.has_inactive_table = false;
	return 0;
}

static int dm_resume(void *ctx, const char *name, struct gd_error *err)
{
	struct fake_disk *d = mapped(ctx, name);

	if (call(ctx, "dm resume", err) < 0)
		return -1;
	if (!d)
		return gd_raise(err, GD_E_SYSTEM, "no such device");
	if (d->dm.has_inactive_table)
		memcpy(d->table, d->inactive, sizeof(d->table));
	d->dm.has_table = d->table[0] != '\0';
	d->dm.has_inactive_table = d->dm.suspended = false;
	return 0;
}

static int dm_remove(void *ctx, const char *name, struct gd_error *err)
{
	struct fake_host *h = ctx;
	struct fake_disk *d = mapped(ctx, name);

	if (call(ctx, "dm remove", err) < 0)
		return -1;
	if (!d)
		return GD_PORT_ABSENT;
	if (d->is_open)
		return gd_raise(err, GD_E_SYSTEM, "%s: busy", name);
	*d = h->disks[--h->n_disks];
	return 0;
}

static int get_io_max(void *ctx, const char *group, int64_t major, int64_t minor,
		      struct gd_io_max *ret, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "get io.max", err) < 0)
		return -1;
	if (strcmp(group, "db") != 0 || h->no_group)
		return GD_PORT_ABSENT;
	*ret = major == 254 && minor == 0
		       ? h->io_max
		       : (struct gd_io_max){GD_IO_NO_LIMIT, GD_IO_NO_LIMIT,
					    GD_IO_NO_LIMIT, GD_IO_NO_LIMIT};
	return 0;
}

static int set_io_max(void *ctx, const char *group, int64_t major, int64_t minor,
		      const struct gd_io_max *limit, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "set io.max", err) < 0)
		return -1;
	if (strcmp(group, "db") != 0 || h->no_group || major != 254 || minor != 0)
		return gd_raise(err, GD_E_SYSTEM, "no such group or disk");
	h->io_max = *limit;
	return 0;
}

static int group_count(void *ctx, const char *group GD_UNUSED, int64_t major GD_UNUSED,
		       int64_t minor GD_UNUSED, struct gd_io_count *ret,
		       struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "group count", err) < 0)
		return -1;
	*ret = h->io_count;
	return 0;
}

static int group_list(void *ctx, struct gd_strbuf *out, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "group list", err) < 0)
		return -1;
	gd_strbuf_adds(out, h->no_group ? "" : "db");
	return 0;
}

static int has_us(void *ctx, const char *group GD_UNUSED, bool *ret, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "has us", err) < 0)
		return -1;
	*ret = h->agent_in_group;
	return 0;
}

static void make_disks(struct fake_host *h)
{
	struct fake_disk *data = add_disk(h, 254, "dm-0", "data");
	struct fake_disk *vda = add_disk(h, 252, "vda", "");

	vda->disk.in_use = data->disk.in_use = true;
	(void)snprintf(data->mount, sizeof(data->mount), "/data");
	(void)snprintf(data->table, sizeof(data->table),
		       "0 2048 linear 252:1 0\n"
		       "2048 2048 linear 252:1 8192\n");
	data->dm.has_table = true;
	h->io_max = (struct gd_io_max){GD_IO_NO_LIMIT, 1 << 30, 500, GD_IO_NO_LIMIT};
	(void)add_disk(h, 252, "vdb", "");
}

/* --- the rest ------------------------------------------------------------------------ */

static int has_module(void *ctx, const char *name, bool *ret, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "has module", err) < 0)
		return -1;
	*ret = !h->lacks || strcmp(h->lacks, name) != 0;
	return 0;
}

static int version(void *ctx, int64_t *ret_major, int64_t *ret_minor,
		   struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "version", err) < 0)
		return -1;
	*ret_major = 6;
	*ret_minor = h->kernel_minor;
	return 0;
}

static int resolve(void *ctx, const char *name, struct gd_strbuf *out,
		   struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "resolve", err) < 0)
		return -1;
	if (!h->name || strcmp(h->name, name) != 0)
		return GD_PORT_ABSENT;
	gd_strbuf_adds(out, h->addresses);
	return 0;
}

static struct gd_instant now(void *ctx)
{
	struct fake_host *h = ctx;

	return (struct gd_instant){h->now_ns};
}

static void sleep_for(void *ctx, struct gd_span d)
{
	struct fake_host *h = ctx;

	h->now_ns += d.ns;
}

static void note(void *ctx, const char *text)
{
	struct fake_host *h = ctx;

	(void)snprintf(h->last_note, sizeof(h->last_note), "%s", text);
}

static void figure(void *ctx, const char *name, int64_t value)
{
	struct fake_host *h = ctx;

	(void)snprintf(h->last_figure, sizeof(h->last_figure), "%s %" PRId64, name,
		       value);
}

/* --- routing ------------------------------------------------------------------------- */

static const char config_name[] = "/etc/bird/bird.conf";

static bool bird_up(const struct fake_host *h)
{
	return !h->bird.down && h->bird.back_ns <= h->now_ns;
}

/* Does the text filter the prefix out, as bgp_config.c writes it? */
static bool filtered(const char *text, const char *prefix, size_t len)
{
	const char *set = strstr(text, "net !~ [");
	const char *end = set ? strchr(set, ']') : NULL;

	return end && memmem(set, (size_t)(end - set), prefix, len);
}

/*
 * The fake's whole idea of a configuration: "route PREFIX" at the start of a line, and what
 * the filters leave of it that were applied last.
 */
static void exported(const struct fake_host *h, struct gd_strbuf *out)
{
	for (const char *at = h->bird.running; *at; at += *at == '\n') {
		size_t len = strcspn(at, "\n"), name = 0;

		if (strncmp(at, "route ", 6) == 0)
			name = strcspn(at + 6, " ;\n");
		if (name > 0 && !filtered(h->bird.filters, at + 6, name))
			gd_strbuf_addf(out, "%.*s\n", (int)name, at + 6);
		at += len;
	}
}

/* Time went by: has BIRD's timer fired? */
static void catch_up(struct fake_host *h)
{
	if (h->bird.undo_ns && h->bird.undo_ns <= h->now_ns)
		fake_bird_timer(h);
}

static int bird_find(void *ctx, const char *given, char ret[GD_ROUTING_PATH],
		     struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "find", err) < 0)
		return -1;
	if (h->bird.absent)
		return gd_raise(err, GD_E_REFUSED, "no control socket");
	(void)snprintf(ret, GD_ROUTING_PATH, "%s", *given ? given : "/run/bird.ctl");
	return 0;
}

static int bird_list(void *ctx, const char *path GD_UNUSED, struct gd_strbuf *out,
		     struct gd_error *err)
{
	if (call(ctx, "list", err) < 0)
		return -1;
	gd_strbuf_adds(out, "device1 Device up\nuplink BGP up\n");
	return 0;
}

static int bird_get(void *ctx, const char *path GD_UNUSED, const char *protocol,
		    struct gd_routing_protocol *ret, struct gd_error *err)
{
	struct fake_host *h = ctx;
	GD_AUTO_STRBUF(list);

	if (call(h, "get", err) < 0)
		return -1;
	if (strcmp(protocol, "uplink") != 0)
		return GD_PORT_ABSENT;
	exported(h, &list);
	*ret = (struct gd_routing_protocol){.enabled = !h->bird.down, .up = bird_up(h)};
	(void)snprintf(ret->type, sizeof(ret->type), "%s", h->bird.type);
	(void)snprintf(ret->state, sizeof(ret->state), "%s",
		       ret->up        ? "up Established"
		       : h->bird.down ? "down"
				      : "start Active");
	ret->imported = ret->up;
	for (const char *at = gd_strbuf_str(&list); ret->up && *at; at++)
		ret->exported += *at == '\n';
	return 0;
}

static int bird_routes(void *ctx, const char *path GD_UNUSED,
		       const char *protocol GD_UNUSED, bool out_of_it,
		       struct gd_strbuf *out, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "routes", err) < 0)
		return -1;
	if (bird_up(h) && out_of_it)
		exported(h, out);
	else if (bird_up(h))
		gd_strbuf_adds(out, "10.10.0.0/24\n");
	return 0;
}

static int bird_enable(void *ctx, const char *path GD_UNUSED,
		       const char *protocol GD_UNUSED, bool enabled, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "enable", err) < 0)
		return -1;
	if (enabled && h->bird.down)
		h->bird.back_ns = h->now_ns + h->bird.reconnect.ns;
	h->bird.down = !enabled;
	return 0;
}

static int bird_config_path(void *ctx, const char *path GD_UNUSED, struct gd_strbuf *out,
			    struct gd_error *err)
{
	if (call(ctx, "config path", err) < 0)
		return -1;
	gd_strbuf_adds(out, config_name);
	return 0;
}

static int bird_config_age(void *ctx, const char *path GD_UNUSED, struct gd_span *ret,
			   struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "config age", err) < 0)
		return -1;
	catch_up(h);
	ret->ns = h->now_ns - h->bird.loaded_ns;
	return 0;
}

static int bird_file_age(void *ctx, const char *file GD_UNUSED, struct gd_span *ret,
			 struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "file age", err) < 0)
		return -1;
	ret->ns = h->now_ns - h->bird.saved_ns;
	return 0;
}

static int bird_pending(void *ctx, const char *path GD_UNUSED, struct gd_span *ret,
			struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "pending", err) < 0)
		return -1;
	catch_up(h);
	ret->ns = h->bird.undo_ns ? h->bird.undo_ns - h->now_ns : 0;
	return 0;
}

static void load(struct fake_host *h, const char *text, bool soft,
		 struct gd_span undo_after)
{
	(void)memcpy(h->bird.before, h->bird.running, sizeof(h->bird.before));
	h->bird.before_ns = h->bird.loaded_ns;
	h->bird.loaded_ns = h->now_ns;
	(void)snprintf(h->bird.running, sizeof(h->bird.running), "%s", text);
	if (!soft)
		(void)snprintf(h->bird.filters, sizeof(h->bird.filters), "%s", text);
	h->bird.undo_ns = undo_after.ns ? h->now_ns + undo_after.ns : 0;
}

static const char *bird_file(struct fake_host *h, const char *name)
{
	return strcmp(name, config_name) == 0 ? h->bird.file
	       : strstr(name, ".before")      ? h->bird.original
					      : h->bird.generated;
}

static int bird_load(void *ctx, const char *path GD_UNUSED, const char *file,
		     struct gd_span undo_after, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "configure", err) < 0)
		return -1;
	load(h, bird_file(h, file), false, undo_after);
	return 0;
}

static int bird_renew(void *ctx, const char *path GD_UNUSED, const char *original,
		      const char *file, struct gd_span undo_after, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, "renew", err) < 0)
		return -1;
	load(h, bird_file(h, original), true, (struct gd_span){0});
	load(h, bird_file(h, file), false, undo_after);
	return 0;
}

static int bird_undo(void *ctx, const char *path GD_UNUSED, struct gd_error *err)
{
	if (call(ctx, "undo", err) < 0)
		return -1;
	fake_bird_timer(ctx);
	return 0;
}

static int bird_read(void *ctx, const char *file, struct gd_strbuf *out,
		     struct gd_error *err)
{
	struct fake_host *h = ctx;
	const char *text = bird_file(h, file);

	if (call(h, "read file", err) < 0)
		return -1;
	if ((text == h->bird.generated && !h->bird.has_generated) ||
	    (text == h->bird.original && !h->bird.has_original))
		return GD_PORT_ABSENT;
	gd_strbuf_adds(out, text);
	return 0;
}

static int bird_write(void *ctx, const char *file, const char *like GD_UNUSED,
		      const char *text, struct gd_error *err)
{
	struct fake_host *h = ctx;
	bool original = strstr(file, ".before") != NULL;
	char *to = original ? h->bird.original : h->bird.generated;

	if (call(h, "write file", err) < 0)
		return -1;
	(void)snprintf(to, sizeof(h->bird.generated), "%s", text);
	*(original ? &h->bird.has_original : &h->bird.has_generated) = true;
	return 0;
}

static int bird_remove(void *ctx, const char *file, struct gd_error *err)
{
	struct fake_host *h = ctx;
	bool *has =
		strstr(file, ".before") ? &h->bird.has_original : &h->bird.has_generated;

	if (call(h, "remove file", err) < 0)
		return -1;
	if (!*has)
		return GD_PORT_ABSENT;
	*has = false;
	return 0;
}

void fake_bird_configure(struct fake_host *h)
{
	load(h, h->bird.file, false, (struct gd_span){0});
	h->bird.down = false;
}

void fake_bird_timer(struct fake_host *h)
{
	if (h->bird.undo_ns) {
		(void)memcpy(h->bird.running, h->bird.before, sizeof(h->bird.running));
		h->bird.loaded_ns = h->bird.before_ns;
		(void)memcpy(h->bird.filters, h->bird.before, sizeof(h->bird.filters));
	}
	h->bird.undo_ns = 0;
}

static void make_bird(struct fake_host *h)
{
	static const char text[] =
		"protocol static s {\n"
		"ipv4;\n"
		"route 10.20.0.0/24 via 10.0.0.1 { bgp_med = 5; };\n"
		"# route 10.20.0.0/24 in a comment; /* and */ \"a string\"\n"
		"route 10.21.0.0/24 via 10.0.0.1;\n"
		"}\n";

	h->bird.reconnect = gd_span_s(2);
	(void)snprintf(h->bird.file, sizeof(h->bird.file), "%s", text);
	(void)snprintf(h->bird.running, sizeof(h->bird.running), "%s", text);
	(void)snprintf(h->bird.type, sizeof(h->bird.type), "BGP");
}

/*
 * "get" prints the knob, "set WORD" turns it, "restore" turns it back to what was before,
 * "false" fails.
 */
static int shell_run(void *ctx, const char *command, const char *before,
		     struct gd_span limit GD_UNUSED, size_t max GD_UNUSED,
		     struct gd_strbuf *out, int *ret_status, struct gd_error *err)
{
	struct fake_host *h = ctx;

	if (call(h, command, err) < 0)
		return -1;
	*ret_status = 0;
	if (strcmp(command, "get") == 0)
		gd_strbuf_adds(out, h->knob);
	else if (strncmp(command, "set ", 4) == 0)
		(void)snprintf(h->knob, sizeof(h->knob), "%s", command + 4);
	else if (strcmp(command, "restore") == 0)
		(void)snprintf(h->knob, sizeof(h->knob), "%s", before ? before : "");
	else
		*ret_status = 1;
	return 0;
}

/* One set of tables per host, since the context is in the table. */
struct tables {
	struct gd_link_port link;
	struct gd_tc_port tc;
	struct gd_ring_port ring;
	struct gd_disk_port disk;
	struct gd_dm_port dm;
	struct gd_cgroup_port cgroup;
	struct gd_kernel_port kernel;
	struct gd_name_port name;
	struct gd_shell_port shell;
	struct gd_time_port time;
	struct gd_routing_port routing;
};

static void make_tables(struct fake_host *h, struct tables *t)
{
	t->link = (struct gd_link_port){h, link_get, link_list, add_ifb, remove_ifb};
	t->tc = (struct gd_tc_port){
		h,          snapshot,       hook,          add_clsact, remove_clsact,
		add_filter, remove_filters, add_segmenter, add_netem,  change_netem,
		get_netem};
	t->ring = (struct gd_ring_port){h, get_ring, set_ring, losses};
	t->disk = (struct gd_disk_port){h, disk_find, disk_list, disk_stats, disk_holds};
	t->dm = (struct gd_dm_port){h,       dm_get,   dm_table,  dm_create,
				    dm_load, dm_clear, dm_resume, dm_remove};
	t->routing = (struct gd_routing_port){h,
					      bird_find,
					      bird_list,
					      bird_get,
					      bird_routes,
					      bird_enable,
					      bird_config_path,
					      bird_config_age,
					      bird_file_age,
					      bird_pending,
					      bird_load,
					      bird_renew,
					      bird_undo,
					      bird_read,
					      bird_write,
					      bird_remove};
	t->cgroup = (struct gd_cgroup_port){h,           get_io_max, set_io_max,
					    group_count, group_list, has_us};
	t->kernel = (struct gd_kernel_port){h, has_module, version};
	t->name = (struct gd_name_port){h, resolve};
	t->shell = (struct gd_shell_port){h, shell_run};
	t->time = (struct gd_time_port){h, now, sleep_for};
	h->ports = (struct gd_ports){.link = &t->link,
				     .tc = &t->tc,
				     .ring = &t->ring,
				     .routing = &t->routing,
				     .disk = &t->disk,
				     .dm = &t->dm,
				     .cgroup = &t->cgroup,
				     .state_dir = "/var/lib/gameday",
				     .kernel = &t->kernel,
				     .name = &t->name,
				     .shell = &t->shell,
				     .time = &t->time,
				     .note = note,
				     .note_ctx = h,
				     .figure = figure,
				     .figure_ctx = h,
				     .control = {.kind = GD_CONTROL_SSH,
						 .family = AF_INET,
						 .port = 22,
						 .text = "10.0.2.2"}};
	(void)inet_pton(AF_INET, "10.0.2.2", h->ports.control.addr);
}

void fake_host_init(struct fake_host *h)
{
	/* The tests are single-threaded and use one host at a time. */
	static struct tables tables;
	struct fake_link *eth0;

	memset(h, 0, sizeof(*h));
	(void)fake_add_link(h, "lo", "");
	eth0 = fake_add_link(h, "eth0", "");
	eth0->speed.bps = 1000000000;
	eth0->has_ring = true;
	eth0->ring = (struct gd_ring){.rx = 256, .tx = 256};
	eth0->ring_max = (struct gd_ring){.rx = 4096, .tx = 4096};
	(void)snprintf(h->knob, sizeof(h->knob), "low");
	h->kernel_minor = 1;
	h->name = "db.example";
	h->addresses = "10.9.0.1\n2001:db8::9\n";
	make_disks(h);
	make_bird(h);
	make_tables(h, &tables);
}
