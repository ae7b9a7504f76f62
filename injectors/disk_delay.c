/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that answers late and makes no mistake. The kernel's delay target goes between
 * the requests and the device they are for:
 *
 *   live   the disk is device-mapper's already and maps linearly: each line of its table
 *          is replaced by a delay line onto the same device and offset, under whatever
 *          is mounted from it; undoing loads the table from before
 *   idle   the disk is a plain one that nobody uses: gd-NAME is made on top of it, for
 *          the test to use; undoing removes it
 *
 * A table changes in two steps: load into the inactive slot, and resume, which suspends,
 * swaps and resumes within one call, so whoever dies leaves no suspended disk on which
 * every request would wait for ever. Should somebody else leave one, undoing heals it all
 * the same: it starts by looking, empties the inactive slot, and lets a disk that has its
 * table from before go on. A change while it is in is one more such swap. All of it works on memory and ioctls; no file on the disk is
 * touched.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "injectors/device.h"
#include "injectors/injector.h"
#include "injectors/ports.h"

enum { MAX_TABLE = 16 << 10, MAX_DELAY_S = 60 };

struct delays {
	struct gd_span read, write, flush;
};

struct args {
	char *device;
	struct delays delays;
};

struct undo {
	char name[GD_DM_NAME]; /* what is changed (live) or made (idle) */
	char uuid[GD_DM_UUID];
	char *table; /* live: of before; idle: straight through to the disk */
	bool live, read_only;
	struct delays least;   /* of every level that delays at all */
	bool pauses;           /* at times there is no such delay */
	int64_t reads, writes; /* before; live only */
	struct gd_span read_time, write_time;
};

#define DELAY(member_name, text)                                                         \
	{                                                                                \
		.name = #member_name, .help = (text), .dflt = "0",                       \
		.kind = GD_KIND_DURATION, GD_MEMBER(struct args, delays.member_name),    \
		.max = MAX_DELAY_S * GD_NS_PER_S                                         \
	}

static const struct gd_field arg_rows[] = {
	{.name = "device",
	 .help = "a disk: its device file, device-mapper name or mount point",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct args, device),
	 .min = 1,
	 .max = 255},
	DELAY(read, "added to every read; whole milliseconds"),
	DELAY(write, "added to every write"),
	DELAY(flush, "added to every flush of the disk's cache, as fsync asks for"),
};

#define KEEP(member_name, of_kind, text)                                                 \
	{                                                                                \
		.name = #member_name, .help = (text), .kind = (of_kind),                 \
		.flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,                            \
		GD_MEMBER(struct undo, member_name)                                      \
	}
#define KEEP_DELAY(member_name)                                                          \
	{                                                                                \
		.name = #member_name, .help = "the least delay of all levels",           \
		.kind = GD_KIND_DURATION, .flags = GD_FIELD_REQUIRED | GD_FIELD_HIDDEN,  \
		GD_MEMBER(struct undo, least.member_name)                                \
	}

static const struct gd_field undo_rows[] = {
	KEEP(name, GD_KIND_NAME, "device-mapper name"),
	{.name = "uuid",
	 .help = "device-mapper UUID; may be empty",
	 .dflt = "",
	 .kind = GD_KIND_NAME,
	 .flags = GD_FIELD_HIDDEN,
	 GD_MEMBER(struct undo, uuid)},
	KEEP(table, GD_KIND_TEXT, "without the fault"),
	KEEP(live, GD_KIND_BOOL, "the device was there before"),
	KEEP(read_only, GD_KIND_BOOL, "it is read-only"),
	KEEP_DELAY(read),
	KEEP_DELAY(write),
	KEEP_DELAY(flush),
	KEEP(pauses, GD_KIND_BOOL, "one of the delays is 0 at times"),
	KEEP(reads, GD_KIND_INT, "counted before"),
	KEEP(writes, GD_KIND_INT, "counted before"),
	KEEP(read_time, GD_KIND_DURATION, "counted before"),
	KEEP(write_time, GD_KIND_DURATION, "counted before"),
};

/* --- words --------------------------------------------------------------------------- */

static int check(const void *args, struct gd_error *err)
{
	const struct args *a = args;
	const struct delays *d = &a->delays;

	if (d->read.ns % GD_NS_PER_MS || d->write.ns % GD_NS_PER_MS ||
	    d->flush.ns % GD_NS_PER_MS)
		return gd_raise(err, GD_E_INPUT,
				"%s: the kernel delays by whole milliseconds: round "
				"read, write and flush, and their steps",
				a->device);
	if (d->read.ns || d->write.ns || d->flush.ns)
		return 0;
	(void)gd_raise(err, GD_E_INPUT,
		       "nothing is asked for: give read, write or flush");
	return GD_CHECK_IDLE;
}

static void describe(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;
	const struct {
		const char *what;
		struct gd_span d;
	} parts[] = {{"reads", a->delays.read},
		     {"writes", a->delays.write},
		     {"flushes", a->delays.flush}};
	const char *between = ": delay ";
	char buf[32];

	gd_strbuf_adds(out, a->device);
	for (size_t i = 0; i < GD_N_ELEMS(parts); i++) {
		if (!parts[i].d.ns)
			continue;
		gd_strbuf_addf(out, "%s%s by %s", between, parts[i].what,
			       gd_span_format(parts[i].d, buf));
		between = ", ";
	}
}

static void manual(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;

	gd_strbuf_addf(
		out,
		"# %s is NAME in the report under \"before\", with its TABLE\n"
		"dmsetup load NAME --table 'TABLE'\n"
		"dmsetup resume --noflush --nolockfs NAME\n"
		"# if nothing was device-mapper's before: dmsetup remove gd-DISK\n",
		a->device);
}

/* --- tables -------------------------------------------------------------------------- */

/* Calls for each line of a table: its range, its target, the rest. */
struct line {
	uint64_t start, length;
	char target[32], device[32];
	uint64_t offset;
	bool linear;
};

/* The next line of *at; false at the end, or when it has no start, length and target. */
static bool next_line(const char **at, struct line *ret)
{
	char text[256], tail;
	size_t len = strcspn(*at, "\n");

	*ret = (struct line){0};
	(void)snprintf(text, sizeof(text), "%.*s", (int)len, *at);
	if (sscanf(text, "%" SCNu64 " %" SCNu64 " %31s", &ret->start, &ret->length,
		   ret->target) != 3)
		return false;
	ret->linear =
		len < sizeof(text) && sscanf(text, "%*s %*s linear %31s %" SCNu64 " %c",
					     ret->device, &ret->offset, &tail) == 2;
	*at += len + ((*at)[len] == '\n');
	return true;
}

/* The same with a delay in every line. */
static void delayed(const char *table, const struct delays *d, struct gd_strbuf *out)
{
	const struct gd_span spans[] = {d->read, d->write, d->flush};
	struct line l;

	while (next_line(&table, &l)) {
		gd_strbuf_addf(out, "%" PRIu64 " %" PRIu64 " delay", l.start, l.length);
		for (size_t i = 0; i < GD_N_ELEMS(spans); i++)
			gd_strbuf_addf(out, " %s %" PRIu64 " %" PRId64, l.device,
				       l.offset, spans[i].ns / GD_NS_PER_MS);
		gd_strbuf_addc(out, '\n');
	}
}

/* Is it the table from before with a delay in every line, however long? */
static bool is_ours(const char *before, const char *now)
{
	struct delays d = {0};
	GD_AUTO_STRBUF(same);

	if (sscanf(now,
		   "%*s %*s delay %*s %*s %" SCNd64 " %*s %*s %" SCNd64
		   " %*s %*s %" SCNd64,
		   &d.read.ns, &d.write.ns, &d.flush.ns) != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		struct gd_span *s[] = {&d.read, &d.write, &d.flush};

		if (s[i]->ns < 0 || s[i]->ns > MAX_DELAY_S * 1000)
			return false;
		s[i]->ns *= GD_NS_PER_MS;
	}
	delayed(before, &d, &same);
	return !same.failed && strcmp(now, gd_strbuf_str(&same)) == 0;
}

static int check_table(const char *name, const char *table, struct gd_error *err)
{
	struct line l;

	if (strlen(table) > MAX_TABLE)
		return gd_raise(err, GD_E_REFUSED,
				"%s is made of too many pieces (a table of %zu bytes, at "
				"most %d)",
				name, strlen(table), (int)MAX_TABLE);
	while (*table) {
		if (!next_line(&table, &l) || l.linear)
			continue;
		if (strcmp(l.target, "delay") == 0)
			return gd_raise(err, GD_E_REFUSED,
					"%s delays its requests already: see `gameday "
					"status`, and `gameday revert` for what was left",
					name);
		return gd_raise(err, GD_E_REFUSED,
				"%s is a device-mapper \"%s\" device; only linear ones "
				"can be delayed while they are in use: choose the disk "
				"below or above it (`lsblk`)",
				name, l.target);
	}
	return 0;
}

/* --- reading ------------------------------------------------------------------------- */

static int find(const struct gd_ports *p, const char *text, struct gd_disk *ret,
		struct gd_error *err)
{
	int rc = p->disk->find(p->disk->ctx, text, ret, err);

	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_REFUSED,
				"there is no disk %s here: give its device file, its "
				"device-mapper name or a mount point (`lsblk`)",
				text);
	return rc;
}

/* The device-mapper device that the fault changes or makes. */
static void subject_of(const struct gd_disk *d, char ret[GD_DM_NAME])
{
	if (d->dm_name[0])
		(void)snprintf(ret, GD_DM_NAME, "%s", d->dm_name);
	else
		(void)snprintf(ret, GD_DM_NAME, "gd-%.60s", d->name);
}

static int read_table(const struct gd_ports *p, const char *name, struct gd_strbuf *out,
		      struct gd_error *err)
{
	int rc = p->dm->table(p->dm->ctx, name, out, err);

	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_DRIFT, "the device %s is gone", name);
	if (rc == 0 && out->failed)
		return gd_raise_nomem(err);
	return rc;
}

static int check_live(const struct gd_ports *p, const char *name, struct gd_error *err)
{
	struct gd_dm_info info;
	GD_AUTO_STRBUF(table);
	int rc = p->dm->get(p->dm->ctx, name, &info, err);

	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT || !info.has_table)
		return gd_raise(err, GD_E_REFUSED, "%s has no table: it is not set up",
				name);
	if (info.suspended)
		return gd_raise(err, GD_E_REFUSED,
				"%s is suspended, all its requests wait: `dmsetup "
				"resume %s`, if nobody is at work on it",
				name, name);
	if (info.has_inactive_table)
		return gd_raise(err, GD_E_REFUSED,
				"somebody is about to give %s another table: finish "
				"that, or `dmsetup clear %s`",
				name, name);
	return read_table(p, name, &table, err) < 0
		       ? -1
		       : check_table(name, gd_strbuf_str(&table), err);
}

static int check_idle(const struct gd_ports *p, const struct gd_disk *d, const char *made,
		      struct gd_error *err)
{
	struct gd_dm_info info;
	int rc = p->dm->get(p->dm->ctx, made, &info, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return gd_raise(err, GD_E_REFUSED,
				"there is a device %s already, left by an earlier "
				"fault: run `gameday revert`, or `dmsetup remove %s`",
				made, made);
	if (d->in_use)
		return gd_raise(err, GD_E_REFUSED,
				"%s is in use, and not by device-mapper, which alone "
				"can be changed below a mounted file system: put the "
				"file system on a linear device-mapper (or LVM) device",
				d->name);
	return 0;
}

/* All that preflight asks of a disk; *ret_name is the device-mapper device. */
static int examine(const struct gd_ports *p, const char *text, struct gd_disk *d,
		   char ret_name[GD_DM_NAME], struct gd_error *err)
{
	bool journal = false;

	if (find(p, text, d, err) < 0)
		return -1;
	subject_of(d, ret_name);
	if (d->sectors == 0)
		return gd_raise(err, GD_E_REFUSED, "%s has no size: is it empty?",
				d->name);
	if (d->swap)
		return gd_raise(err, GD_E_REFUSED,
				"this host swaps to %s, and could hang in the middle of "
				"the change: `swapoff` it first",
				text);
	if (p->state_dir && p->disk->holds(p->disk->ctx, d->major, d->minor, p->state_dir,
					   &journal, err) < 0)
		return -1;
	if (journal)
		return gd_raise(err, GD_E_REFUSED,
				"%s is on %s: the journal that undoes this fault would "
				"wait for it; choose another disk",
				p->state_dir, text);
	return d->dm_name[0] ? check_live(p, ret_name, err)
			     : check_idle(p, d, ret_name, err);
}

static int check_kernel(const struct gd_ports *p, struct gd_error *err)
{
	static const char *const modules[] = {"dm-delay"};

	return gd_device_modules(p, modules, GD_N_ELEMS(modules), err);
}

static int preflight(const struct gd_ports *p, const void *args, struct gd_error *err)
{
	const struct args *a = args;
	char name[GD_DM_NAME];
	struct gd_disk d;

	return check_kernel(p, err) < 0 ? -1 : examine(p, a->device, &d, name, err);
}

static int doctor(const struct gd_ports *p, struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO_STRBUF(disks);
	struct gd_error why = GD_ERROR_INIT;
	char *rest = NULL, *text;
	bool any = false;

	if (check_kernel(p, err) < 0 || p->disk->list(p->disk->ctx, &disks, err) < 0)
		return -1;
	gd_strbuf_addc(&disks, '\n');
	if (disks.failed)
		return gd_raise_nomem(err);
	(void)gd_raise(&why, GD_E_REFUSED, "this host has no disk");
	for (text = strtok_r(disks.data, "\n", &rest); text;
	     text = strtok_r(NULL, "\n", &rest)) {
		char name[GD_DM_NAME];
		struct gd_disk d;

		if (examine(p, text, &d, name, &why) < 0)
			continue;
		gd_strbuf_addf(out, "%s%s: %s", any ? "; " : "", text,
			       d.dm_name[0] ? "in place" : "through a new device on it");
		any = true;
	}
	if (any)
		return 0;
	*err = why;
	return -1;
}

static int state(const struct gd_ports *p, const void *args, struct gd_strbuf *out,
		 struct gd_error *err)
{
	const struct args *a = args;
	char name[GD_DM_NAME];
	struct gd_dm_info info;
	struct gd_disk d;
	int rc = p->disk->find(p->disk->ctx, a->device, &d, err);

	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT) {
		gd_strbuf_addf(out, "no disk %s\n", a->device);
		return 0;
	}
	gd_strbuf_addf(out, "disk %s %" PRId64 ":%" PRId64 " sectors %" PRId64 "\n",
		       d.name, d.major, d.minor, d.sectors);
	subject_of(&d, name);
	rc = p->dm->get(p->dm->ctx, name, &info, err);
	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT) {
		gd_strbuf_addf(out, "no mapping %s\n", name);
		return 0;
	}
	gd_strbuf_addf(out, "mapping %s uuid %s %s %s%s\n", name,
		       info.uuid[0] ? info.uuid : "-",
		       info.suspended ? "suspended" : "active",
		       info.read_only ? "read-only" : "read-write",
		       info.has_inactive_table ? " with an inactive table" : "");
	return p->dm->table(p->dm->ctx, name, out, err) < 0 ? -1 : 0;
}

static int capture_live(const struct gd_ports *p, const struct gd_disk *d, struct undo *u,
			struct gd_error *err)
{
	GD_AUTO_STRBUF(table);
	struct gd_disk_stats stats = {0};
	struct gd_dm_info info = {0};
	int rc = p->dm->get(p->dm->ctx, u->name, &info, err);

	if (rc == 0)
		rc = p->disk->stats(p->disk->ctx, d->major, d->minor, &stats, err);
	if (rc < 0 || read_table(p, u->name, &table, err) < 0)
		return -1;
	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_DRIFT, "the device %s is gone", u->name);
	u->live = true;
	u->read_only = info.read_only;
	(void)snprintf(u->uuid, sizeof(u->uuid), "%s", info.uuid);
	u->reads = stats.reads;
	u->writes = stats.writes;
	u->read_time = stats.read_time;
	u->write_time = stats.write_time;
	u->table = gd_strbuf_steal(&table);
	return u->table ? 0 : gd_raise_nomem(err);
}

static int capture(const struct gd_ports *p, const void *args, void *undo,
		   struct gd_error *err)
{
	const struct args *a = args;
	struct undo *u = undo;
	GD_AUTO_STRBUF(table);
	struct gd_disk d;

	if (find(p, a->device, &d, err) < 0)
		return -1;
	subject_of(&d, u->name);
	u->least = a->delays;
	if (d.dm_name[0])
		return capture_live(p, &d, u, err);
	u->read_only = d.read_only;
	(void)snprintf(u->uuid, sizeof(u->uuid), "gameday-%.64s", u->name);
	gd_strbuf_addf(&table, "0 %" PRId64 " linear %" PRId64 ":%" PRId64 " 0\n",
		       d.sectors, d.major, d.minor);
	u->table = gd_strbuf_steal(&table);
	return u->table ? 0 : gd_raise_nomem(err);
}

/* --- there and back ------------------------------------------------------------------ */

/* Gives the device another table, and lets its requests pass if it was suspended. */
static int swap_table(const struct gd_ports *p, const struct undo *u, const char *table,
		      struct gd_error *err)
{
	if (p->dm->load(p->dm->ctx, u->name, table, u->read_only, err) < 0)
		return -1;
	return p->dm->resume(p->dm->ctx, u->name, err);
}

static int load(const struct gd_ports *p, const struct args *a, const struct undo *u,
		struct gd_error *err)
{
	GD_AUTO_STRBUF(table);

	delayed(u->table, &a->delays, &table);
	if (table.failed)
		return gd_raise_nomem(err);
	return swap_table(p, u, gd_strbuf_str(&table), err);
}

static int apply(const struct gd_ports *p, const void *args, const void *undo,
		 struct gd_error *err)
{
	const struct undo *u = undo;

	if (!u->live && p->dm->create(p->dm->ctx, u->name, u->uuid, err) < 0)
		return -1;
	return load(p, args, u, err);
}

/* Every table that is to come must be known by its effect: see bit(). */
static int foresee(const struct gd_ports *p GD_UNUSED, const void *args, void *undo,
		   struct gd_error *err GD_UNUSED)
{
	const struct args *a = args;
	struct undo *u = undo;
	const struct gd_span to[] = {a->delays.read, a->delays.write, a->delays.flush};
	struct gd_span *const least[] = {&u->least.read, &u->least.write,
					 &u->least.flush};

	for (size_t i = 0; i < GD_N_ELEMS(to); i++) {
		u->pauses = u->pauses || !to[i].ns != !least[i]->ns;
		if (to[i].ns && (!least[i]->ns || to[i].ns < least[i]->ns))
			*least[i] = to[i];
	}
	return 0;
}

/* As at the start; requests that wait are let go by the swap, as when it is undone. */
static int change(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_error *err)
{
	const struct undo *u = undo;
	GD_AUTO_STRBUF(now);

	if (read_table(p, u->name, &now, err) < 0)
		return -1;
	if (!is_ours(u->table, gd_strbuf_str(&now)))
		return gd_raise(err, GD_E_DRIFT,
				"%s got a table that is not ours meanwhile: %.100s",
				u->name, gd_strbuf_str(&now));
	return load(p, args, u, err);
}

/* The kernel's own print of the table, against the line that was asked for. */
static int verify(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_error *err)
{
	const struct args *a = args;
	const struct undo *u = undo;
	struct gd_dm_info info;
	GD_AUTO_STRBUF(want);
	GD_AUTO_STRBUF(now);
	int rc = p->dm->get(p->dm->ctx, u->name, &info, err);

	if (rc < 0 || read_table(p, u->name, &now, err) < 0)
		return -1;
	delayed(u->table, &a->delays, &want);
	if (want.failed)
		return gd_raise_nomem(err);
	if (rc == GD_PORT_ABSENT || info.suspended)
		return gd_raise(err, GD_E_DRIFT, "%s is not active", u->name);
	if (strcmp(gd_strbuf_str(&now), gd_strbuf_str(&want)) != 0)
		return gd_raise(err, GD_E_DRIFT,
				"%s has another table than it was given: %.100s", u->name,
				gd_strbuf_str(&now));
	return 0;
}

static int revert_live(const struct gd_ports *p, const struct undo *u,
		       const struct gd_dm_info *info, struct gd_error *err)
{
	GD_AUTO_STRBUF(now);

	if (info->has_inactive_table && p->dm->clear(p->dm->ctx, u->name, err) < 0)
		return -1;
	if (read_table(p, u->name, &now, err) < 0)
		return -1;
	if (strcmp(gd_strbuf_str(&now), u->table) == 0)
		return info->suspended ? p->dm->resume(p->dm->ctx, u->name, err) : 0;
	if (!is_ours(u->table, gd_strbuf_str(&now)))
		return gd_raise(err, GD_E_DRIFT,
				"%s got a table that is not ours meanwhile, which was "
				"left alone: %.100s",
				u->name, gd_strbuf_str(&now));
	return swap_table(p, u, u->table, err);
}

/* Somebody uses the device we made: at least it shall be as fast as the disk below. */
static int pass_through(const struct gd_ports *p, const struct undo *u,
			struct gd_error *err)
{
	struct gd_error why = *err, more = GD_ERROR_INIT;
	GD_AUTO_STRBUF(now);

	if (read_table(p, u->name, &now, &more) == 0 && now.len > 0 &&
	    strcmp(gd_strbuf_str(&now), u->table) != 0 &&
	    swap_table(p, u, u->table, &more) < 0)
		return gd_raise(err, GD_E_SYSTEM, "%s; %.150s", why.text, more.text);
	return gd_raise(err, GD_E_SYSTEM,
			"%.200s: it delays nothing any more, but can't be removed while "
			"it is open: end what uses /dev/mapper/%s (`fuser -vm`), then "
			"`gameday revert`",
			why.text, u->name);
}

static int revert(const struct gd_ports *p, const void *undo, struct gd_error *err)
{
	const struct undo *u = undo;
	struct gd_dm_info info;
	int rc = p->dm->get(p->dm->ctx, u->name, &info, err);

	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT)
		return 0;
	if (strcmp(info.uuid, u->uuid) != 0)
		return gd_raise(err, GD_E_DRIFT,
				"%s is another device now (UUID %s, not %s) and was left "
				"alone",
				u->name, info.uuid, u->uuid);
	if (u->live)
		return revert_live(p, u, &info, err);
	if (p->dm->remove(p->dm->ctx, u->name, err) < 0)
		return pass_through(p, u, err);
	return 0;
}

/* The table as lines for a shell; dmsetup reads several from its input only. */
static void manual_captured(const void *args GD_UNUSED, const void *undo,
			    struct gd_strbuf *out)
{
	const struct undo *u = undo;
	const char *rest = u->table;

	if (!u->live) {
		gd_strbuf_addf(
			out,
			"dmsetup remove %s   # refused while it is open: first end "
			"what uses it (`fuser -vm /dev/mapper/%s`)\n",
			u->name, u->name);
		return;
	}
	gd_strbuf_adds(out, "printf '%s\\n'");
	while (*rest) {
		size_t len = strcspn(rest, "\n");

		gd_strbuf_adds(out, " '");
		gd_strbuf_add(out, rest, len);
		gd_strbuf_addc(out, '\'');
		rest += len + (rest[len] == '\n');
	}
	gd_strbuf_addf(out, " | dmsetup load %s", u->read_only ? "--readonly " : "");
	gd_strbuf_add_word(out, u->name);
	gd_strbuf_adds(out, "\ndmsetup resume --noflush --nolockfs ");
	gd_strbuf_add_word(out, u->name);
	gd_strbuf_addc(out, '\n');
}

/* --- effect -------------------------------------------------------------------------- */

static double mean_ms(int64_t n, struct gd_span time)
{
	return n > 0 ? (double)time.ns / (double)n / 1e6 : 0;
}

static void add_counter(struct gd_effect *e, const char *name, double value)
{
	struct gd_counter *c = &e->counters[e->n_counters++];

	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	c->value = value;
}

/*
 * Did requests take about as long as they were told to? A flush counts as a write, so of
 * two delays the smaller one is what the mean must show, or one flush of the whole time.
 * The same when a delay changes: the mean is above the least, or, when it is nothing at
 * times, one request took as long.
 */
static bool bit(const struct undo *u, int64_t reads, struct gd_span read_time,
		int64_t writes, struct gd_span write_time)
{
	const struct delays *d = &u->least;
	bool mixed = u->pauses || d->write.ns == 0 || d->flush.ns == 0;
	int64_t low = d->write.ns < d->flush.ns ? d->write.ns : d->flush.ns;
	int64_t high = d->write.ns < d->flush.ns ? d->flush.ns : d->write.ns;

	if (d->read.ns && reads &&
	    read_time.ns / (u->pauses ? 1 : reads) >= d->read.ns / 10 * 8)
		return true;
	if (!high || !writes)
		return false;
	return mixed ? write_time.ns >= high / 10 * 8
		     : write_time.ns / writes >= low / 10 * 8;
}

static int effect(const struct gd_ports *p, const void *args GD_UNUSED, const void *undo,
		  struct gd_effect *ret, struct gd_error *err)
{
	const struct undo *u = undo;
	struct gd_disk_stats s = {0};
	struct gd_dm_info info;
	struct gd_span read_time, write_time;
	int64_t reads, writes;
	int rc = p->dm->get(p->dm->ctx, u->name, &info, err);

	if (rc == 0)
		rc = p->disk->stats(p->disk->ctx, info.major, info.minor, &s, err);
	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_DRIFT, "the device %s is gone", u->name);
	reads = s.reads - u->reads;
	writes = s.writes - u->writes;
	read_time.ns = s.read_time.ns - u->read_time.ns;
	write_time.ns = s.write_time.ns - u->write_time.ns;
	*ret = (struct gd_effect){.seen = bit(u, reads, read_time, writes, write_time)};
	(void)snprintf(ret->text, sizeof(ret->text),
		       "%s: %" PRId64 " reads of %.1f ms, %" PRId64
		       " writes and flushes of %.1f ms (before: %.1f and %.1f ms)",
		       u->name, reads, mean_ms(reads, read_time), writes,
		       mean_ms(writes, write_time), mean_ms(u->reads, u->read_time),
		       mean_ms(u->writes, u->write_time));
	add_counter(ret, "reads", (double)reads);
	add_counter(ret, "read_ms", mean_ms(reads, read_time));
	add_counter(ret, "writes", (double)writes);
	add_counter(ret, "write_ms", mean_ms(writes, write_time));
	return 0;
}

static void look(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;

	gd_strbuf_addf(out, "dmsetup table   # of %s", a->device);
}

extern const struct gd_injector gd_injector_disk_delay;
const struct gd_injector gd_injector_disk_delay = {
	.name = "disk_delay",
	.summary = "Makes a disk answer late, without a single error.",
	.target_field = "device",
	.needs = GD_NEED_SYS_ADMIN,
	.args = GD_SHAPE("disk_delay", arg_rows, struct args),
	.undo = GD_SHAPE("disk_delay undo", undo_rows, struct undo),
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
