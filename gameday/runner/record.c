/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/runner/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/clock.h"
#include "gameday/base/file.h"

struct gd_record {
	char *dir; /* owned */
	int journal_fd, metrics_fd;
	off_t journal_end; /* behind the last line of ours */
	int reserve_fd;    /* has no name: the kernel frees it whatever becomes of us */
	bool failed, incomplete;
	struct gd_error error; /* the first failure */
};

/* A directory of our own: mkdir fails when it exists, so two runs can't share one. */
static int make_dir(const char *parent, const char *name, char **ret,
		    struct gd_error *err)
{
	char when[32];

	(void)gd_wall_compact(gd_wall_now(), when);
	for (int i = 1; i < 1000; i++) {
		GD_AUTO_FREE char *path =
			i == 1 ? gd_strf("%s/%s-%s", parent, when, name)
			       : gd_strf("%s/%s-%s-%d", parent, when, name, i);

		if (!path)
			return gd_raise_nomem(err);
		if (mkdir(path, 0755) == 0) {
			*ret = gd_steal_ptr(&path);
			return 0;
		}
		if (errno != EEXIST)
			return gd_raise_errno(err, "run directory %s", path);
	}
	return gd_raise(err, GD_E_SYSTEM, "%s has too many runs of %s in this second",
			parent, name);
}

static int open_log(const char *dir, const char *name, int *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, name);

	if (!path)
		return gd_raise_nomem(err);
	*ret = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (*ret < 0)
		return gd_raise_errno(err, "%s", path);
	return 0;
}

/* ext4, XFS, Btrfs and tmpfs have fallocate; for others the C library writes the blocks. */
static int take_reserve(const char *dir, int *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, ".reserve");
	GD_AUTO_FD int fd = -1;

	if (!path)
		return gd_raise_nomem(err);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return gd_raise_errno(err, "%s", path);
	(void)unlink(path);
	errno = posix_fallocate(fd, 0, GD_RECORD_RESERVE);
	/* A limit on the size of files is none on the room that they find. */
	if (errno && errno != EFBIG)
		return gd_raise_errno(
			err,
			"run directory %s: no room for the %d MiB that a run "
			"keeps for its end; make room, or choose another disk",
			dir, GD_RECORD_RESERVE >> 20);
	*ret = gd_steal_fd(&fd);
	return 0;
}

static int fill_dir(struct gd_record *rec, struct gd_error *err)
{
	if (take_reserve(rec->dir, &rec->reserve_fd, err) < 0 ||
	    open_log(rec->dir, "journal.jsonl", &rec->journal_fd, err) < 0 ||
	    open_log(rec->dir, "metrics.jsonl", &rec->metrics_fd, err) < 0) {
		struct gd_error ignored = GD_ERROR_INIT;

		(void)!gd_remove_tree(rec->dir, &ignored);
		return -1;
	}
	return 0;
}

int gd_record_new(const char *parent, const char *name, struct gd_record **ret,
		  struct gd_error *err)
{
	GD_AUTO(gd_record) struct gd_record *rec = calloc(1, sizeof(*rec));

	if (!rec)
		return gd_raise_nomem(err);
	rec->journal_fd = rec->metrics_fd = rec->reserve_fd = -1;
	if (gd_mkdir_p(parent, 0755, err) < 0 ||
	    make_dir(parent, name, &rec->dir, err) < 0 || fill_dir(rec, err) < 0)
		return -1;
	*ret = gd_steal_ptr(&rec);
	return 0;
}

void gd_record_free(struct gd_record *rec)
{
	if (!rec)
		return;
	gd_close_fd(&rec->journal_fd);
	gd_close_fd(&rec->metrics_fd);
	gd_close_fd(&rec->reserve_fd);
	free(rec->dir);
	free(rec);
}

const char *gd_record_dir(const struct gd_record *rec)
{
	return rec->dir;
}

const char *gd_record_id(const struct gd_record *rec)
{
	const char *slash = strrchr(rec->dir, '/');

	return slash ? slash + 1 : rec->dir;
}

static void fail(struct gd_record *rec, const struct gd_error *err)
{
	if (!rec->failed)
		rec->error = *err;
	rec->failed = true;
}

/*
 * Notes go into the journal as well (report/note.h). One whose writer was killed, or found
 * the disk full, may have no end.
 */
static bool cut_by_others(const struct gd_record *rec)
{
	struct stat st;
	char last = '\n';

	return fstat(rec->journal_fd, &st) == 0 && st.st_size > rec->journal_end &&
	       pread(rec->journal_fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

/* A write that failed may have left a part of its line: the next one starts afresh. */
static int write_line(struct gd_record *rec, int fd, const char *text, size_t len,
		      struct gd_error *err)
{
	bool afresh = rec->failed || (fd == rec->journal_fd && cut_by_others(rec));

	if (afresh && gd_fd_write_all(fd, "\n", 1, err) < 0)
		return -1;
	if (gd_fd_write_all(fd, text, len, err) < 0)
		return -1;
	if (fd == rec->journal_fd)
		rec->journal_end = lseek(fd, 0, SEEK_CUR);
	return 0;
}

static void append(struct gd_record *rec, int fd, const cJSON *line)
{
	GD_AUTO_FREE char *text = gd_json_print(line);
	struct gd_error err = GD_ERROR_INIT;
	size_t len;

	if (!text) {
		(void)gd_raise_nomem(&err);
		fail(rec, &err);
		return;
	}
	len = strlen(text);
	text[len] = '\n'; /* in place of the NUL: one write, one line */
	if (write_line(rec, fd, text, len + 1, &err) == 0)
		return;
	(void)gd_wrap(&err, "the run can't be recorded any more in %s: ", rec->dir);
	fail(rec, &err);
	gd_record_release(rec);
	if (fd == rec->journal_fd && write_line(rec, fd, text, len + 1, &err) < 0)
		rec->incomplete = true;
}

void gd_record_event(struct gd_record *rec, const char *event, cJSON *members)
{
	GD_AUTO(cJSON) cJSON *line = cJSON_CreateObject();
	GD_AUTO(cJSON) cJSON *rest = members;
	struct gd_error err = GD_ERROR_INIT;

	if (!line || !gd_json_set_int(line, "wall_ns", gd_wall_now().ns) ||
	    !gd_json_set_int(line, "mono_ns", gd_now().ns) ||
	    !gd_json_set_str(line, "event", event)) {
		(void)gd_raise_nomem(&err);
		fail(rec, &err);
		return;
	}
	while (rest && rest->child) {
		cJSON *item = cJSON_DetachItemViaPointer(rest, rest->child);

		/* The item brings its own name. */
		if (!cJSON_AddItemToObject(line, item->string, item))
			cJSON_Delete(item);
	}
	append(rec, rec->journal_fd, line);
}

void gd_record_event_text(struct gd_record *rec, const char *event, const char *key,
			  const char *text)
{
	cJSON *members = cJSON_CreateObject();

	if (members)
		(void)gd_json_set_str(members, key, text);
	gd_record_event(rec, event, members);
}

void gd_record_metrics(struct gd_record *rec, cJSON *line)
{
	GD_AUTO(cJSON) cJSON *owned = line;

	if (owned && !rec->failed)
		append(rec, rec->metrics_fd, owned);
}

int gd_record_copy(struct gd_record *rec, const char *name, const char *data, size_t size,
		   struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(rec->dir, name);

	if (!path)
		return gd_raise_nomem(err);
	return gd_file_write(path, data, size, 0644, err);
}

int gd_record_check(const struct gd_record *rec, struct gd_error *err)
{
	if (!rec->failed)
		return 0;
	*err = rec->error;
	return -1;
}

void gd_record_release(struct gd_record *rec)
{
	gd_close_fd(&rec->reserve_fd);
}

bool gd_record_incomplete(const struct gd_record *rec)
{
	return rec->incomplete;
}
