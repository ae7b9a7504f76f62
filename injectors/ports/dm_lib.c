/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device-mapper by its library. The library keeps the control device open between calls;
 * here every call lets go of it, since the guardian closes all descriptors when it is
 * born and would otherwise write to whatever has that number then.
 *
 * Where udevd runs, it is told of a new table by a cookie, so that its rules leave the
 * links of the device alone; the wait for it is bounded, because the host must get its
 * disk back also when udevd hangs. Where none runs, the library makes the nodes itself.
 */
#include "injectors/ports/linux.h"

#include <errno.h>
#include <inttypes.h>
#include <libdevmapper.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

enum { UDEV_POLL_MS = 20, UDEV_POLLS = 150 };

static inline void free_task(struct dm_task *t)
{
	dm_task_destroy(t);
}

GD_DEFINE_AUTO(dm_task, free_task);

/* The library prints to standard error, where nobody may listen: errno says enough. */
static void be_silent(int level GD_UNUSED, const char *file GD_UNUSED, int line GD_UNUSED,
		      int class GD_UNUSED, const char *fmt GD_UNUSED, ...)
{
}

static struct dm_task *new_task(int type, const char *name, struct gd_error *err)
{
	GD_AUTO(dm_task) struct dm_task *t = NULL;

	dm_log_with_errno_init(be_silent);
	t = dm_task_create(type);
	if (!t || !dm_task_set_name(t, name) || !dm_task_no_open_count(t)) {
		(void)gd_raise(err, GD_E_SYSTEM,
			       "device-mapper: no request for %.60s could be made", name);
		return NULL;
	}
	return gd_steal_ptr(&t);
}

static int run_task(struct dm_task *t, const char *name, const char *what,
		    struct gd_error *err)
{
	int ok, code;

	errno = 0;
	ok = dm_task_run(t);
	code = dm_task_get_errno(t) ? dm_task_get_errno(t) : errno;
	dm_lib_release();
	if (ok)
		return 0;
	errno = code ? code : EIO;
	return gd_raise_errno(err, "device-mapper: %s: %s", name, what);
}

static void wait_for_udev(uint32_t cookie)
{
	const struct timespec pause = {.tv_nsec = UDEV_POLL_MS * 1000000L};
	int ready = 0;

	/* Without udevd there is no cookie, which the library never calls ready. */
	for (int i = 0; i < UDEV_POLLS && cookie && dm_udev_get_sync_support(); i++) {
		if (!dm_udev_wait_immediate(cookie, &ready) || ready)
			break;
		(void)nanosleep(&pause, NULL);
	}
	dm_lib_release();
}

/* As run_task, for what udevd hears of. */
static int run_with_udev(struct dm_task *t, const char *name, const char *what,
			 struct gd_error *err)
{
	uint32_t cookie = 0;
	int rc;

	if (!dm_task_set_cookie(t, &cookie, 0))
		dm_udev_set_sync_support(0);
	rc = run_task(t, name, what, err);
	wait_for_udev(cookie);
	return rc;
}

static int simple(int type, const char *name, const char *what, struct gd_error *err)
{
	GD_AUTO(dm_task) struct dm_task *t = new_task(type, name, err);

	return t ? run_task(t, name, what, err) : -1;
}

/* --- reading ------------------------------------------------------------------------- */

/* Runs a request that reads; 0, -1 or GD_PORT_ABSENT. */
static int ask(struct dm_task *t, const char *name, struct dm_info *ret,
	       struct gd_error *err)
{
	if (run_task(t, name, "read", err) < 0)
		return err->sys_errno == ENXIO ? GD_PORT_ABSENT : -1;
	if (!dm_task_get_info(t, ret))
		return gd_raise(err, GD_E_SYSTEM, "device-mapper: %s: no answer", name);
	return ret->exists ? 0 : GD_PORT_ABSENT;
}

static int get(void *ctx GD_UNUSED, const char *name, struct gd_dm_info *ret,
	       struct gd_error *err)
{
	GD_AUTO(dm_task) struct dm_task *t = new_task(DM_DEVICE_INFO, name, err);
	struct dm_info info;
	const char *uuid;
	int rc;

	if (!t)
		return -1;
	rc = ask(t, name, &info, err);
	if (rc != 0)
		return rc;
	uuid = dm_task_get_uuid(t);
	*ret = (struct gd_dm_info){.major = info.major,
				   .minor = info.minor,
				   .suspended = info.suspended,
				   .read_only = info.read_only,
				   .has_table = info.live_table,
				   .has_inactive_table = info.inactive_table};
	(void)snprintf(ret->uuid, sizeof(ret->uuid), "%s", uuid ? uuid : "");
	return 0;
}

static int table(void *ctx GD_UNUSED, const char *name, struct gd_strbuf *out,
		 struct gd_error *err)
{
	GD_AUTO(dm_task) struct dm_task *t = new_task(DM_DEVICE_TABLE, name, err);
	struct dm_info info;
	char *type, *params;
	uint64_t start, length;
	void *next = NULL;
	int rc;

	if (!t)
		return -1;
	rc = ask(t, name, &info, err);
	if (rc != 0 || !info.live_table)
		return rc;
	do {
		next = dm_get_next_target(t, next, &start, &length, &type, &params);
		if (type)
			gd_strbuf_addf(out, "%" PRIu64 " %" PRIu64 " %s %s\n", start,
				       length, type, params ? params : "");
	} while (next);
	return 0;
}

/* --- changing ------------------------------------------------------------------------ */

static int create(void *ctx GD_UNUSED, const char *name, const char *uuid,
		  struct gd_error *err)
{
	GD_AUTO(dm_task) struct dm_task *t = new_task(DM_DEVICE_CREATE, name, err);

	if (!t)
		return -1;
	if (!dm_task_set_uuid(t, uuid))
		return gd_raise(err, GD_E_SYSTEM, "device-mapper: %s: UUID %s", name,
				uuid);
	return run_with_udev(t, name, "create", err);
}

static int add_lines(struct dm_task *t, const char *name, const char *text,
		     struct gd_error *err)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		GD_AUTO_FREE char *line = gd_strf("%.*s", (int)len, text);
		uint64_t start, length;
		char type[32];
		int at = 0;

		if (!line)
			return gd_raise_nomem(err);
		if (sscanf(line, "%" SCNu64 " %" SCNu64 " %31s %n", &start, &length, type,
			   &at) != 3 ||
		    at == 0 || !dm_task_add_target(t, start, length, type, line + at))
			return gd_raise(err, GD_E_SYSTEM,
					"device-mapper: %s: not a table line: %.80s",
					name, line);
		text += len + (text[len] == '\n');
	}
	return 0;
}

static int load(void *ctx GD_UNUSED, const char *name, const char *text, bool read_only,
		struct gd_error *err)
{
	GD_AUTO(dm_task) struct dm_task *t = new_task(DM_DEVICE_RELOAD, name, err);

	if (!t || add_lines(t, name, text, err) < 0)
		return -1;
	if (read_only && !dm_task_set_ro(t))
		return gd_raise(err, GD_E_SYSTEM, "device-mapper: %s: read-only", name);
	return run_task(t, name, "load a table", err);
}

static int clear(void *ctx GD_UNUSED, const char *name, struct gd_error *err)
{
	return simple(DM_DEVICE_CLEAR, name, "clear the inactive table", err);
}

static int resume(void *ctx GD_UNUSED, const char *name, struct gd_error *err)
{
	GD_AUTO(dm_task) struct dm_task *t = new_task(DM_DEVICE_RESUME, name, err);

	if (!t)
		return -1;
	/* For the suspending that resume does first. */
	if (!dm_task_no_flush(t) || !dm_task_skip_lockfs(t))
		return gd_raise(err, GD_E_SYSTEM, "device-mapper: %s: no flush", name);
	return run_with_udev(t, name, "resume", err);
}

static int remove_device(void *ctx GD_UNUSED, const char *name, struct gd_error *err)
{
	GD_AUTO(dm_task) struct dm_task *t = new_task(DM_DEVICE_REMOVE, name, err);

	if (!t)
		return -1;
	if (run_with_udev(t, name, "remove", err) == 0)
		return 0;
	return err->sys_errno == ENXIO ? GD_PORT_ABSENT : -1;
}

const struct gd_dm_port gd_dm_linux = {.get = get,
				       .table = table,
				       .create = create,
				       .load = load,
				       .clear = clear,
				       .resume = resume,
				       .remove = remove_device};
