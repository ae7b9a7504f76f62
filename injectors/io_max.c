/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ceiling on what the processes of one control group may ask of a disk (cgroup v2,
 * io.max): the noisy neighbour, the volume's quota. Works on any whole disk, also below a
 * file system that is mounted without device-mapper, and hurts that group alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "injectors/injector.h"
#include "injectors/ports.h"

struct args {
	char *group, *device;
	struct gd_bytes rbps, wbps;
	int64_t riops, wiops; /* 0: as it is */
};

struct undo {
	char *group;
	int64_t major, minor;
	struct gd_io_max limit; /* before */
	struct gd_io_max least; /* of ours, all levels; 0: none */
	struct gd_io_count count;
	int64_t since_ns;
};

#define PER_SECOND(member_name, text)                                                    \
	{                                                                                \
		.name = #member_name, .help = (text), .dflt = "0", .kind = GD_KIND_INT,  \
		GD_MEMBER(struct args, member_name), .max = 1 << 30                      \
	}
#define BYTES_PER_SECOND(member_name, text)                                              \
	{                                                                                \
		.name = #member_name, .help = (text), .dflt = "0",                       \
		.kind = GD_KIND_BYTES, GD_MEMBER(struct args, member_name),              \
		.max = INT64_C(1) << 40                                                  \
	}

static const struct gd_field arg_rows[] = {
	{.name = "device",
	 .help = "a whole disk: its device file, device-mapper name or mount point",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct args, device),
	 .min = 1,
	 .max = 255},
	{.name = "group",
	 .help = "the control group, below /sys/fs/cgroup",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct args, group),
	 .min = 1,
	 .max = 255},
	BYTES_PER_SECOND(rbps, "bytes read per second, at most; 0: as it is"),
	BYTES_PER_SECOND(wbps, "bytes written per second, at most"),
	PER_SECOND(riops, "reads per second, at most"),
	PER_SECOND(wiops, "writes per second, at most"),
};

#define KEEP(member_name, at)                                                            \
	{                                                                                \
		.name = (member_name), .help = "before; -1: no limit",                   \
		.kind = GD_KIND_INT, .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,       \
		GD_MEMBER(struct undo, at), .min = -1, .max = -2                         \
	}
#define KEEP_LEAST(member_name)                                                          \
	{                                                                                \
		.name = "least_" #member_name, .help = "of ours, all levels",            \
		.kind = GD_KIND_INT, .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,       \
		GD_MEMBER(struct undo, least.member_name), .max = INT64_C(1) << 40       \
	}

static const struct gd_field undo_rows[] = {
	{.name = "group",
	 .help = "the control group",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,
	 GD_MEMBER(struct undo, group)},
	KEEP("major", major),
	KEEP("minor", minor),
	KEEP("rbps", limit.rbps),
	KEEP("wbps", limit.wbps),
	KEEP("riops", limit.riops),
	KEEP("wiops", limit.wiops),
	KEEP_LEAST(rbps),
	KEEP_LEAST(wbps),
	KEEP_LEAST(riops),
	KEEP_LEAST(wiops),
	KEEP("read_bytes", count.read_bytes),
	KEEP("written_bytes", count.written_bytes),
	KEEP("reads", count.reads),
	KEEP("writes", count.writes),
	KEEP("since", since_ns),
};

/* --- words --------------------------------------------------------------------------- */

static int check(const void *args, struct gd_error *err)
{
	const struct args *a = args;

	if (a->group[0] == '/' || strstr(a->group, "..") || strchr(a->group, '\n'))
		return gd_raise(err, GD_E_INPUT,
				"\"%.60s\" is not a control group: write its path below "
				"/sys/fs/cgroup, as in system.slice/postgresql.service",
				a->group);
	if (a->rbps.n || a->wbps.n || a->riops || a->wiops)
		return 0;
	(void)gd_raise(err, GD_E_INPUT,
		       "nothing is asked for: give rbps, wbps, riops or wiops");
	return GD_CHECK_IDLE;
}

static void describe(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;
	const char *between = " at most ";
	char buf[32];

	gd_strbuf_addf(out, "%s: %s may do", a->device, a->group);
	if (a->rbps.n) {
		gd_strbuf_addf(out, "%s%s/s read", between,
			       gd_bytes_format(a->rbps, buf));
		between = ", ";
	}
	if (a->wbps.n) {
		gd_strbuf_addf(out, "%s%s/s written", between,
			       gd_bytes_format(a->wbps, buf));
		between = ", ";
	}
	if (a->riops) {
		gd_strbuf_addf(out, "%s%" PRId64 " reads/s", between, a->riops);
		between = ", ";
	}
	if (a->wiops)
		gd_strbuf_addf(out, "%s%" PRId64 " writes/s", between, a->wiops);
}

static void add_limit(struct gd_strbuf *out, const char *name, int64_t v)
{
	if (v == GD_IO_NO_LIMIT)
		gd_strbuf_addf(out, " %s=max", name);
	else
		gd_strbuf_addf(out, " %s=%" PRId64, name, v);
}

static void add_limits(struct gd_strbuf *out, const struct gd_io_max *l)
{
	add_limit(out, "rbps", l->rbps);
	add_limit(out, "wbps", l->wbps);
	add_limit(out, "riops", l->riops);
	add_limit(out, "wiops", l->wiops);
}

/* "echo "DISK LIMITS" >FILE"; the limits begin with a blank. */
static void add_echo(struct gd_strbuf *out, const char *group, const char *disk,
		     const char *limits)
{
	GD_AUTO_STRBUF(path);

	gd_strbuf_addf(&path, "/sys/fs/cgroup/%s/io.max", group);
	gd_strbuf_addf(out, "echo \"%s%s\" >", disk, limits);
	gd_strbuf_add_word(out, gd_strbuf_str(&path));
	gd_strbuf_addc(out, '\n');
	out->failed |= path.failed;
}

static void manual(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;

	gd_strbuf_addf(out,
		       "# MAJOR:MINOR of %s and the limits are in the report under "
		       "\"before\"\n",
		       a->device);
	add_echo(out, a->group, "MAJOR:MINOR", " rbps=max wbps=max riops=max wiops=max");
}

static void manual_captured(const void *args GD_UNUSED, const void *undo,
			    struct gd_strbuf *out)
{
	const struct undo *u = undo;
	GD_AUTO_STRBUF(limits);
	char disk[48];

	(void)snprintf(disk, sizeof(disk), "%" PRId64 ":%" PRId64, u->major, u->minor);
	add_limits(&limits, &u->limit);
	add_echo(out, u->group, disk, gd_strbuf_str(&limits));
	out->failed |= limits.failed;
}

/* --- reading ------------------------------------------------------------------------- */

static int find(const struct gd_ports *p, const struct args *a, struct gd_disk *ret,
		struct gd_error *err)
{
	int rc = p->disk->find(p->disk->ctx, a->device, ret, err);

	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_REFUSED,
				"there is no disk %s here: give its device file, its "
				"device-mapper name or a mount point (`lsblk`)",
				a->device);
	return rc;
}

static int read_limit(const struct gd_ports *p, const char *group,
		      const struct gd_disk *d, struct gd_io_max *ret,
		      struct gd_error *err)
{
	int rc = p->cgroup->get_io_max(p->cgroup->ctx, group, d->major, d->minor, ret,
				       err);

	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_REFUSED,
				"there is no control group %s with the io controller "
				"below /sys/fs/cgroup: look at `systemd-cgls`, and at "
				"cgroup.subtree_control of the group above",
				group);
	return rc;
}

static struct gd_io_max wanted(const struct args *a, const struct gd_io_max *before)
{
	return (struct gd_io_max){.rbps = a->rbps.n ? a->rbps.n : before->rbps,
				  .wbps = a->wbps.n ? a->wbps.n : before->wbps,
				  .riops = a->riops ? a->riops : before->riops,
				  .wiops = a->wiops ? a->wiops : before->wiops};
}

static bool same(const struct gd_io_max *a, const struct gd_io_max *b)
{
	return a->rbps == b->rbps && a->wbps == b->wbps && a->riops == b->riops &&
	       a->wiops == b->wiops;
}

static bool raises(int64_t want, int64_t now)
{
	return now != GD_IO_NO_LIMIT && want > now;
}

/* A level that asks for nothing is none that the host would refuse. */
static int check_limits(const struct args *a, const struct gd_io_max *now,
			struct gd_error *err)
{
	const struct gd_io_max want = wanted(a, now);
	struct gd_error nothing;

	if (check(a, &nothing) == GD_CHECK_IDLE)
		return 0;
	if (!same(&want, now) && !raises(want.rbps, now->rbps) &&
	    !raises(want.wbps, now->wbps) && !raises(want.riops, now->riops) &&
	    !raises(want.wiops, now->wiops))
		return 0;
	return gd_raise(err, GD_E_REFUSED,
			"%s has limits on %s already that are as low or lower: "
			"there would be no fault",
			a->group, a->device);
}

static int preflight(const struct gd_ports *p, const void *args, struct gd_error *err)
{
	const struct args *a = args;
	struct gd_io_max now;
	struct gd_disk d;
	bool ours = false;

	if (find(p, a, &d, err) < 0 || read_limit(p, a->group, &d, &now, err) < 0 ||
	    p->cgroup->has_us(p->cgroup->ctx, a->group, &ours, err) < 0)
		return -1;
	if (d.partition)
		return gd_raise(err, GD_E_REFUSED,
				"%s is a part of a disk, and limits are for whole disks: "
				"give the disk",
				a->device);
	if (ours)
		return gd_raise(err, GD_E_REFUSED,
				"the agent itself is in the control group %s and would "
				"be held up in undoing: choose a group below it",
				a->group);
	return check_limits(a, &now, err);
}

static int doctor(const struct gd_ports *p, struct gd_strbuf *out, struct gd_error *err)
{
	size_t before = out->len;

	if (p->cgroup->list(p->cgroup->ctx, out, err) < 0)
		return -1;
	if (out->len == before)
		return gd_raise(err, GD_E_REFUSED,
				"no control group here has the io controller of cgroup "
				"v2: `echo +io >/sys/fs/cgroup/cgroup.subtree_control`");
	return 0;
}

static int state(const struct gd_ports *p, const void *args, struct gd_strbuf *out,
		 struct gd_error *err)
{
	const struct args *a = args;
	struct gd_io_max now = {0};
	struct gd_disk d = {0};
	int rc = p->disk->find(p->disk->ctx, a->device, &d, err);

	if (rc == 0)
		rc = p->cgroup->get_io_max(p->cgroup->ctx, a->group, d.major, d.minor,
					   &now, err);
	if (rc < 0)
		return -1;
	gd_strbuf_addf(out, "%s on %s", a->group, a->device);
	if (rc == GD_PORT_ABSENT) {
		gd_strbuf_adds(out, ": not there\n");
		return 0;
	}
	gd_strbuf_addf(out, " %" PRId64 ":%" PRId64, d.major, d.minor);
	add_limits(out, &now);
	gd_strbuf_addc(out, '\n');
	return 0;
}

static void lessen(int64_t *least, int64_t limit)
{
	if (limit && (!*least || limit < *least))
		*least = limit;
}

static void widen(struct undo *u, const struct args *a)
{
	lessen(&u->least.rbps, a->rbps.n);
	lessen(&u->least.wbps, a->wbps.n);
	lessen(&u->least.riops, a->riops);
	lessen(&u->least.wiops, a->wiops);
}

static int capture(const struct gd_ports *p, const void *args, void *undo,
		   struct gd_error *err)
{
	const struct args *a = args;
	struct undo *u = undo;
	struct gd_disk d;

	if (find(p, a, &d, err) < 0 || read_limit(p, a->group, &d, &u->limit, err) < 0 ||
	    p->cgroup->count(p->cgroup->ctx, a->group, d.major, d.minor, &u->count, err) <
		    0)
		return -1;
	u->major = d.major;
	u->minor = d.minor;
	widen(u, a);
	u->since_ns = p->time->now(p->time->ctx).ns;
	u->group = strdup(a->group);
	return u->group ? 0 : gd_raise_nomem(err);
}

static int foresee(const struct gd_ports *p, const void *args, void *undo,
		   struct gd_error *err)
{
	const struct args *a = args;
	struct undo *u = undo;
	struct gd_disk d;

	if (find(p, a, &d, err) < 0)
		return -1;
	if (d.major != u->major || d.minor != u->minor)
		return gd_raise(err, GD_E_INPUT, "it can't change to another disk, %s",
				a->device);
	widen(u, a);
	return check_limits(a, &u->limit, err);
}

/* --- there and back ------------------------------------------------------------------ */

static int apply(const struct gd_ports *p, const void *args, const void *undo,
		 struct gd_error *err)
{
	const struct undo *u = undo;
	struct gd_io_max want = wanted(args, &u->limit);

	return p->cgroup->set_io_max(p->cgroup->ctx, u->group, u->major, u->minor, &want,
				     err);
}

/* A limit that is no longer asked for is again what it was before. */
static int change(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_error *err)
{
	return apply(p, args, undo, err);
}

static int verify(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_error *err)
{
	const struct undo *u = undo;
	struct gd_io_max now, want = wanted(args, &u->limit);
	int rc = p->cgroup->get_io_max(p->cgroup->ctx, u->group, u->major, u->minor, &now,
				       err);

	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT || !same(&now, &want))
		return gd_raise(err, GD_E_DRIFT,
				"%s: the kernel holds other limits on %" PRId64
				":%" PRId64 " than it was given",
				u->group, u->major, u->minor);
	return 0;
}

static void add_counter(struct gd_effect *e, const char *name, int64_t value)
{
	struct gd_counter *c = &e->counters[e->n_counters++];

	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	c->value = (double)value;
}

/* Did the group come near the lowest limit: half of it on the mean of the time? */
static bool near(int64_t limit, int64_t done, int64_t ns)
{
	return limit > 0 && ns > 0 &&
	       (double)done >= 0.5 * (double)limit * ((double)ns / 1e9);
}

static int effect(const struct gd_ports *p, const void *args GD_UNUSED, const void *undo,
		  struct gd_effect *ret, struct gd_error *err)
{
	const struct undo *u = undo;
	const int64_t ns = p->time->now(p->time->ctx).ns - u->since_ns;
	struct gd_io_count c, d;

	if (p->cgroup->count(p->cgroup->ctx, u->group, u->major, u->minor, &c, err) < 0)
		return -1;
	d = (struct gd_io_count){c.reads - u->count.reads, c.writes - u->count.writes,
				 c.read_bytes - u->count.read_bytes,
				 c.written_bytes - u->count.written_bytes};
	*ret = (struct gd_effect){.seen = near(u->least.riops, d.reads, ns) ||
					  near(u->least.wiops, d.writes, ns) ||
					  near(u->least.rbps, d.read_bytes, ns) ||
					  near(u->least.wbps, d.written_bytes, ns)};
	(void)snprintf(ret->text, sizeof(ret->text),
		       "%.60s: %" PRId64 " reads (%" PRId64 " bytes) and %" PRId64
		       " writes (%" PRId64 " bytes) in %.1f s",
		       u->group, d.reads, d.read_bytes, d.writes, d.written_bytes,
		       (double)ns / 1e9);
	add_counter(ret, "reads", d.reads);
	add_counter(ret, "writes", d.writes);
	add_counter(ret, "read_bytes", d.read_bytes);
	add_counter(ret, "written_bytes", d.written_bytes);
	return 0;
}

static int revert(const struct gd_ports *p, const void *undo, struct gd_error *err)
{
	const struct undo *u = undo;
	struct gd_io_max now;
	int rc = p->cgroup->get_io_max(p->cgroup->ctx, u->group, u->major, u->minor, &now,
				       err);

	if (rc < 0)
		return -1;
	/* A group that is gone took its limits with it. */
	if (rc == GD_PORT_ABSENT || same(&now, &u->limit))
		return 0;
	return p->cgroup->set_io_max(p->cgroup->ctx, u->group, u->major, u->minor,
				     &u->limit, err);
}

static void look(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;

	gd_strbuf_addf(out, "cat /sys/fs/cgroup/%s/io.max", a->group);
}

extern const struct gd_injector gd_injector_io_max;
const struct gd_injector gd_injector_io_max = {
	.name = "io_max",
	.summary = "Limits what one control group may read from and write to a disk.",
	.target_field = "group",
	.needs = GD_NEED_SYS_ADMIN,
	.args = GD_SHAPE("io_max", arg_rows, struct args),
	.undo = GD_SHAPE("io_max undo", undo_rows, struct undo),
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
	.foresee = foresee,
	.change = change,
	.effect = effect,
	.revert = revert,
};
