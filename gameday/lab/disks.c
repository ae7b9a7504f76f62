/* SPDX-License-Identifier: Apache-2.0 */
/* A file system made here and copied costs nothing at boot; mkfs in the guest costs a second each. */
#include "gameday/lab/disks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/lab/paths.h"
#include "gameday/lab/programs.h"
#include "gameday/lab/topology.h"

static int range_copy(int in, int out, off_t at, off_t end, struct gd_error *err)
{
	off_t to = at;

	while (at < end) {
		ssize_t n = copy_file_range(in, &at, out, &to, (size_t)(end - at), 0);

		if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS)) {
			char chunk[65536];
			size_t want = (size_t)(end - at) < sizeof(chunk)
					      ? (size_t)(end - at)
					      : sizeof(chunk);

			n = pread(in, chunk, want, at);
			if (n > 0)
				n = pwrite(out, chunk, (size_t)n, to);
			if (n > 0) {
				at += n;
				to += n;
			}
		}
		if (n < 0)
			return gd_raise_errno(err, "copy a disk");
		if (n == 0)
			return gd_raise(err, GD_E_SYSTEM, "copy a disk: it shrank");
	}
	return 0;
}

int gd_lab_disk_copy(const char *from, const char *to, struct gd_error *err)
{
	GD_AUTO_FD int in = open(from, O_RDONLY | O_CLOEXEC);
	GD_AUTO_FD int out = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct stat st;
	off_t data = 0;

	if (in < 0 || fstat(in, &st) != 0)
		return gd_raise_errno(err, "%s", from);
	if (out < 0 || ftruncate(out, st.st_size) != 0)
		return gd_raise_errno(err, "%s", to);
	while ((data = lseek(in, data, SEEK_DATA)) >= 0) {
		off_t hole = lseek(in, data, SEEK_HOLE);

		if (hole < 0)
			return gd_raise_errno(err, "%s", from);
		if (range_copy(in, out, data, hole, err) != 0)
			return -1;
		data = hole;
	}
	if (errno != ENXIO) /* no more data: the end */
		return gd_raise_errno(err, "%s", from);
	return 0;
}

static int blank_make(const char *path, struct gd_error *err)
{
	GD_AUTO_FREE char *beside = gd_strf("%s.new", path);
	GD_AUTO_FREE char *mkfs = gd_lab_program_find("mkfs.ext4");
	GD_AUTO_FD int fd = -1;

	if (!beside || !mkfs)
		return gd_raise_nomem(err);
	fd = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)GD_LAB_DISK_BYTES) != 0)
		return gd_raise_errno(err, "%s", beside);
	/* Nothing left to initialise later: a background writer would disturb measurements. */
	if (gd_proc_must(
		    (const char *const[]){
			    mkfs, "-q", "-F", "-m", "0", "-J", "size=16", "-E",
			    "lazy_itable_init=0,lazy_journal_init=0,nodiscard", beside,
			    NULL},
		    gd_span_s(60), err) != 0)
		return -1;
	if (rename(beside, path) != 0)
		return gd_raise_errno(err, "%s", path);
	return 0;
}

static char *disk_path(const char *dir, size_t i)
{
	char name[32];

	(void)snprintf(name, sizeof(name), GD_LAB_FILE_DISK, i);
	return gd_path_join(dir, name);
}

int gd_lab_disks_blank(const char *cache, const char *dir, struct gd_error *err)
{
	GD_AUTO_FREE char *blank = gd_path_join(cache, "blank-disk.raw");
	struct stat st;

	if (!blank)
		return gd_raise_nomem(err);
	if ((stat(blank, &st) != 0 || st.st_size != (off_t)GD_LAB_DISK_BYTES) &&
	    blank_make(blank, err) != 0)
		return -1;
	for (size_t i = 1; i <= GD_LAB_N_DISKS; i++) {
		GD_AUTO_FREE char *to = disk_path(dir, i);

		if (!to)
			return gd_raise_nomem(err);
		if (gd_lab_disk_copy(blank, to, err) != 0)
			return -1;
	}
	return 0;
}

int gd_lab_disks_copy(const char *from_dir, const char *to_dir, struct gd_error *err)
{
	for (size_t i = 1; i <= GD_LAB_N_DISKS; i++) {
		GD_AUTO_FREE char *from = disk_path(from_dir, i),
				  *to = disk_path(to_dir, i);

		if (!from || !to)
			return gd_raise_nomem(err);
		if (gd_lab_disk_copy(from, to, err) != 0)
			return -1;
	}
	return 0;
}
