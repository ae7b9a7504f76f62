/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copy is made beside its place and then changes places with the old one in one call,
 * so that a power cut in the middle leaves either. Nothing is started: systemd reads the
 * unit at the next boot, which is when it is wanted.
 */
#include "injectors/agent/boot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "injectors/agent/bundle/archive.h"

#define WANTED_BY "multi-user.target.wants"

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* --- the copy ------------------------------------------------------------------------ */

static int check_bundle(const char *dir, struct gd_error *err)
{
	GD_AUTO_FREE char *marker = gd_path_join(dir, BUNDLE_MARKER);
	GD_AUTO_FREE char *program = gd_path_join(dir, BUNDLE_PROGRAM);

	if (!marker || !program)
		return gd_raise_nomem(err);
	if (access(marker, R_OK) == 0 && access(program, R_OK) == 0)
		return 0;
	return gd_raise(err, GD_E_REFUSED,
			"this agent was not started from a bundle (%s is none), so there "
			"is nothing whole to copy: start it through gameday",
			dir);
}

static int copy_file(const char *from, const char *to, const char *name,
		     struct gd_error *err)
{
	GD_AUTO_FREE char *source = gd_path_join(from, name);
	GD_AUTO_FREE char *target = gd_path_join(to, name);
	GD_AUTO_FREE char *data = NULL;
	size_t size;

	if (!source || !target)
		return gd_raise_nomem(err);
	if (gd_file_read(source, BUNDLE_MAX_RAW, &data, &size, err) < 0)
		return -1;
	return gd_file_write(target, data, size, 0700, err);
}

static int copy_files(const char *from, const char *to, struct gd_error *err)
{
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(from);
	const struct dirent *e;
	int n = 0;

	if (!dir)
		return gd_raise_errno(err, "%s", from);
	while ((e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (n++ > BUNDLE_MAX_FILES)
			return gd_raise(err, GD_E_REFUSED, "%s has too many files", from);
		if (copy_file(from, to, e->d_name, err) < 0)
			return -1;
	}
	return 0;
}

/* Puts `fresh` where `place` is, in one step, and removes what was there. */
static int change_places(const char *fresh, const char *place, struct gd_error *err)
{
	if (renameat2(AT_FDCWD, fresh, AT_FDCWD, place, RENAME_NOREPLACE) == 0)
		return gd_sync_parent(place, err);
	if (errno != EEXIST ||
	    renameat2(AT_FDCWD, fresh, AT_FDCWD, place, RENAME_EXCHANGE) < 0)
		return gd_raise_errno(err, "rename %s", fresh);
	if (gd_sync_parent(place, err) < 0)
		return -1;
	return gd_remove_tree(fresh, err);
}

static int check_executable(const char *state_dir, struct gd_error *err)
{
	struct statvfs v;

	if (statvfs(state_dir, &v) < 0)
		return gd_raise_errno(err, "%s", state_dir);
	if (v.f_flag & ST_NOEXEC)
		return gd_raise(
			err, GD_E_REFUSED,
			"the file system of %s is mounted noexec, so no agent can be "
			"started from there at boot",
			state_dir);
	return 0;
}

static int install_copy(const struct gd_boot_places *pl, const char *place,
			struct gd_error *err)
{
	GD_AUTO_FREE char *fresh = gd_strf("%s.new", place);

	if (!fresh)
		return gd_raise_nomem(err);
	/* Run from the copy itself: it is as new as it can be. */
	if (strcmp(pl->bundle, place) == 0)
		return 0;
	if (gd_mkdir_p(pl->state_dir, 0700, err) < 0 ||
	    check_executable(pl->state_dir, err) < 0 || gd_remove_tree(fresh, err) < 0 ||
	    gd_mkdir_p(fresh, 0700, err) < 0 || copy_files(pl->bundle, fresh, err) < 0)
		return -1;
	return change_places(fresh, place, err);
}

/* --- the unit ------------------------------------------------------------------------ */

static void fill_in(const char *state_dir, const char *command, struct gd_strbuf *out)
{
	const char *at = gd_boot_unit_template, *mark;

	while ((mark = strchr(at, '@')) != NULL) {
		bool is_command = strncmp(mark, "@COMMAND@", 9) == 0;

		gd_strbuf_add(out, at, (size_t)(mark - at));
		gd_strbuf_adds(out, is_command ? command : state_dir);
		at = mark + strlen(is_command ? "@COMMAND@" : "@STATE_DIR@");
	}
	gd_strbuf_adds(out, at);
}

static int link_unit(const char *wants, const char *link, struct gd_error *err)
{
	if (gd_mkdir_p(wants, 0755, err) < 0)
		return -1;
	if (symlink("../" GD_BOOT_UNIT, link) < 0 && errno != EEXIST)
		return gd_raise_errno(err, "enable %s", link);
	return gd_sync_parent(link, err);
}

static int install_unit(const struct gd_boot_places *pl, const char *command,
			struct gd_error *err)
{
	GD_AUTO_FREE char *unit = gd_path_join(pl->unit_dir, GD_BOOT_UNIT);
	GD_AUTO_FREE char *wants = gd_path_join(pl->unit_dir, WANTED_BY);
	GD_AUTO_FREE char *link = wants ? gd_path_join(wants, GD_BOOT_UNIT) : NULL;
	GD_AUTO_STRBUF(text);

	fill_in(pl->state_dir, command, &text);
	if (!unit || !link || text.failed)
		return gd_raise_nomem(err);
	if (gd_file_write(unit, text.data, text.len, 0644, err) < 0)
		return -1;
	return link_unit(wants, link, err);
}

/* --- both ---------------------------------------------------------------------------- */

int gd_boot_own_bundle(char **ret, struct gd_error *err)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n < 0)
		return gd_raise_errno(err, "/proc/self/exe");
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	*ret = strdup(path);
	return *ret ? 0 : gd_raise_nomem(err);
}

int gd_boot_install(const struct gd_boot_places *places, struct gd_strbuf *ret_command,
		    bool *ret_enabled, struct gd_error *err)
{
	GD_AUTO_FREE char *place = gd_path_join(places->state_dir, "agent");
	GD_AUTO_STRBUF(command);
	struct stat st;
	bool systemd = stat(places->unit_dir, &st) == 0;

	if (!place)
		return gd_raise_nomem(err);
	if (check_bundle(places->bundle, err) < 0 || install_copy(places, place, err) < 0)
		return -1;
	gd_strbuf_addf(&command,
		       "%s/" BUNDLE_LOADER " --library-path %s %s/" BUNDLE_PROGRAM, place,
		       place, place);
	if (command.failed)
		return gd_raise_nomem(err);
	if (systemd && install_unit(places, command.data, err) < 0)
		return -1;
	gd_strbuf_adds(ret_command, command.data);
	*ret_enabled = systemd;
	return ret_command->failed ? gd_raise_nomem(err) : 0;
}

static int remove_file(const char *path, struct gd_error *err)
{
	if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
		return gd_raise_errno(err, "%s", path);
	return 0;
}

int gd_boot_remove(const struct gd_boot_places *places, struct gd_error *err)
{
	GD_AUTO_FREE char *place = gd_path_join(places->state_dir, "agent");
	GD_AUTO_FREE char *unit = gd_path_join(places->unit_dir, GD_BOOT_UNIT);
	GD_AUTO_FREE char *link =
		gd_strf("%s/" WANTED_BY "/" GD_BOOT_UNIT, places->unit_dir);

	if (!place || !unit || !link)
		return gd_raise_nomem(err);
	/* The unit first: it must not point to nothing. */
	if (remove_file(link, err) < 0 || remove_file(unit, err) < 0)
		return -1;
	return gd_remove_tree(place, err);
}
