/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU's migration into a file. The machine must run while it is saved: a stopped state would be
 * saved as stopped. At the end of the migration QEMU stops it ("postmigrate"), which is the moment
 * the disks belong to; they are copied, and the machine goes on.
 *
 * The state is passed by descriptor both ways, so that no shell and no file name is in between.
 */
#include "gameday/lab/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/strbuf.h"
#include "gameday/lab/disks.h"
#include "gameday/lab/interrupt.h"
#include "gameday/lab/qmp.h"

static const int SAVE_LIMIT_S = 60;

int gd_lab_snapshot_key(const struct gd_lab_qemu *q, const char *version,
			const struct gd_lab_image *image, char ret[GD_SHA256_HEX],
			struct gd_error *err)
{
	struct gd_lab_qemu bare = *q;
	GD_AUTO_LAB_ARGV(a);
	GD_AUTO_STRBUF(text);
	struct stat st;

	memset(bare.ports, 0, sizeof(bare.ports));
	bare.incoming = -1;
	if (stat(q->vmlinux, &st) != 0)
		return gd_raise_errno(err, "%s", q->vmlinux);
	if (gd_lab_qemu_argv(&bare, &a, err) != 0)
		return -1;
	gd_strbuf_addf(&text, "%s\n%s\n%lld.%09ld %lld\n", version, image->digest,
		       (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		       (long long)st.st_size);
	for (size_t i = 0; i < a.n; i++)
		gd_strbuf_addf(&text, "%s\n", a.items[i]);
	if (text.failed)
		return gd_raise_nomem(err);
	return gd_sha256_hex(text.data, text.len, ret, err);
}

static char *snapshot_dir(const char *cache, const char *key)
{
	return gd_strf("%s/snapshot/%.16s", cache, key);
}

int gd_lab_snapshot_take(const char *cache, const char *key, const char *state,
			 int *ret_fd, struct gd_error *err)
{
	GD_AUTO_FREE char *dir = snapshot_dir(cache, key), *file = NULL;
	GD_AUTO_FD int fd = -1;

	file = dir ? gd_path_join(dir, "state") : NULL;
	if (!file)
		return gd_raise_nomem(err);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return GD_LAB_NO_SNAPSHOT;
	if (fd < 0)
		return gd_raise_errno(err, "%s", file);
	if (gd_lab_disks_copy(dir, state, err) != 0)
		return -1;
	*ret_fd = gd_steal_fd(&fd);
	return 0;
}

static int migration_await(struct gd_qmp *q, struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(SAVE_LIMIT_S));

	while (gd_between(gd_now(), end).ns > 0) {
		GD_AUTO(cJSON) cJSON *info = NULL;
		const char *status;

		if (gd_qmp_do(q, "{\"execute\":\"query-migrate\"}\n", -1, &info, err) !=
		    0)
			return -1;
		status = gd_json_str(info, "status", "");
		if (strcmp(status, "completed") == 0)
			return 0;
		if (strcmp(status, "failed") == 0 || strcmp(status, "cancelled") == 0)
			return gd_raise(err, GD_E_SYSTEM, "snapshot: QEMU: %s",
					gd_json_str(info, "error-desc", status));
		if (gd_lab_interrupt_check(err) != 0)
			return -1;
		gd_sleep(gd_span_ms(20));
	}
	return gd_raise(err, GD_E_TIMEOUT, "snapshot: not saved in %d s", SAVE_LIMIT_S);
}

static int machine_save(struct gd_qmp *q, const char *dir, const char *state,
			struct gd_error *err)
{
	GD_AUTO_FREE char *file = gd_path_join(dir, "state");
	GD_AUTO_FD int fd = -1;

	if (!file)
		return gd_raise_nomem(err);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return gd_raise_errno(err, "%s", file);
	/* The default limit of 128 MiB/s is meant for networks. */
	if (gd_qmp_must(q,
			"{\"execute\":\"migrate-set-parameters\",\"arguments\":"
			"{\"max-bandwidth\":8589934592,\"downtime-limit\":2000}}\n",
			-1, err) != 0 ||
	    gd_qmp_must(
		    q,
		    "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"snapshot\"}}\n",
		    fd, err) != 0 ||
	    gd_qmp_must(
		    q,
		    "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"fd:snapshot\"}}\n",
		    -1, err) != 0 ||
	    migration_await(q, err) != 0)
		return -1;
	return gd_lab_disks_copy(state, dir, err);
}

int gd_lab_snapshot_save(const char *cache, const char *key, const char *state,
			 struct gd_error *err)
{
	GD_AUTO_FREE char *all = gd_path_join(cache, "snapshot"), *beside = NULL;
	GD_AUTO_FREE char *dir = snapshot_dir(cache, key);
	struct gd_error late = GD_ERROR_INIT;
	GD_AUTO_QMP(q);
	int status;

	beside = gd_strf("%s/snapshot.new", cache);
	if (!all || !dir || !beside)
		return gd_raise_nomem(err);
	if (gd_remove_tree(beside, err) != 0 || gd_mkdir_p(beside, 0700, err) != 0 ||
	    gd_qmp_open(state, &q, err) != 0)
		return -1;
	status = machine_save(&q, beside, state, err);
	/* Whatever came of it, the lab must run on. */
	if (gd_qmp_must(&q, "{\"execute\":\"cont\"}\n", -1, status ? &late : err) != 0 ||
	    status)
		return -1;
	if (gd_remove_tree(all, err) != 0 || gd_mkdir_p(all, 0700, err) != 0)
		return -1;
	if (rename(beside, dir) != 0)
		return gd_raise_errno(err, "%s", dir);
	return 0;
}

int gd_lab_snapshot_drop(const char *cache, const char *key, struct gd_error *err)
{
	GD_AUTO_FREE char *dir = snapshot_dir(cache, key);

	return dir ? gd_remove_tree(dir, err) : gd_raise_nomem(err);
}
