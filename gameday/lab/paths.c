/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state folder is emptied by name and never as a tree: $GAMEDAY_LAB_DIR may point to a folder
 * that holds other things, and a typing mistake must not cost the user's files.
 */
#include "gameday/lab/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/lab/interrupt.h"
#include "gameday/lab/topology.h"

/* Longer than `down` takes; whoever holds it for longer is bringing the lab up. */
static const int LOCK_WAIT_S = 5;
/* For as long as another lab may take to fetch a kernel. */
static const int CACHE_WAIT_S = 300;

static char *from_env(const char *name)
{
	const char *value = getenv(name);

	/* XDG: a relative path is invalid and to be ignored. */
	return value && value[0] == '/' ? gd_strf("%s/gameday/lab", value) : NULL;
}

static char *below_home(const char *tail)
{
	const char *home = getenv("HOME");

	return home && home[0] == '/' ? gd_strf("%s/%s/gameday/lab", home, tail) : NULL;
}

static char *absolute(const char *path)
{
	GD_AUTO_FREE char *here = NULL;

	if (path[0] == '/')
		return strdup(path);
	here = getcwd(NULL, 0);
	return here ? gd_path_join(here, path) : NULL;
}

int gd_lab_paths_init(struct gd_lab_paths *p, struct gd_error *err)
{
	const char *own = getenv("GAMEDAY_LAB_DIR");

	*p = (struct gd_lab_paths)GD_LAB_PATHS_INIT;
	p->state = own && own[0] ? absolute(own) : from_env("XDG_STATE_HOME");
	if (!p->state)
		p->state = below_home(".local/state");
	p->cache = from_env("XDG_CACHE_HOME");
	if (!p->cache)
		p->cache = below_home(".cache");
	if (p->state && p->cache)
		return 0;
	gd_lab_paths_fini(p);
	return gd_raise(err, GD_E_INPUT,
			"HOME is not set: no place for the lab's state and cache");
}

void gd_lab_paths_fini(struct gd_lab_paths *p)
{
	free(p->state);
	free(p->cache);
	*p = (struct gd_lab_paths)GD_LAB_PATHS_INIT;
}

static int lock_await(int fd, const char *path, int limit_s, struct gd_error *err)
{
	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; tries++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return gd_raise_errno(err, "lock %s", path);
		if (tries >= limit_s * 10)
			return gd_raise(err, GD_E_REFUSED,
					"another `gameday lab` is at work in %s", path);
		if (gd_lab_interrupt_check(err) != 0)
			return -1;
		gd_sleep(gd_span_ms(100));
	}
	return 0;
}

int gd_lab_paths_lock(const struct gd_lab_paths *p, int make, int *ret,
		      struct gd_error *err)
{
	GD_AUTO_FD int fd = -1;

	if (make && gd_mkdir_p(p->state, 0700, err) != 0)
		return -1;
	fd = open(p->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !make)
		return GD_LAB_NO_STATE;
	if (fd < 0)
		return gd_raise_errno(err, "%s", p->state);
	if (lock_await(fd, p->state, LOCK_WAIT_S, err) != 0)
		return -1;
	*ret = gd_steal_fd(&fd);
	return 0;
}

int gd_lab_cache_lock(const struct gd_lab_paths *p, int *ret, struct gd_error *err)
{
	GD_AUTO_FD int fd = -1;

	if (gd_mkdir_p(p->cache, 0700, err) != 0)
		return -1;
	fd = open(p->cache, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return gd_raise_errno(err, "%s", p->cache);
	if (lock_await(fd, p->cache, CACHE_WAIT_S, err) != 0)
		return -1;
	*ret = gd_steal_fd(&fd);
	return 0;
}

static int remove_name(const char *dir, const char *name, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, name);

	if (!path)
		return gd_raise_nomem(err);
	if (unlink(path) != 0 && errno != ENOENT)
		return gd_raise_errno(err, "remove %s", path);
	return 0;
}

int gd_lab_paths_clear(const struct gd_lab_paths *p, struct gd_error *err)
{
	static const char *const names[] = {
		GD_LAB_FILE_INVENTORY,  GD_LAB_FILE_KNOWN_HOSTS,
		GD_LAB_FILE_CLIENT_KEY, GD_LAB_FILE_CLIENT_PUBLIC,
		GD_LAB_FILE_CONSOLE,    GD_LAB_FILE_QEMU_LOG,
		GD_LAB_FILE_QMP,        GD_LAB_FILE_CONTROL,
		GD_LAB_FILE_STATE,
	};
	GD_AUTO_FREE char *keys = gd_path_join(p->state, GD_LAB_DIR_HOST_KEYS);

	if (!keys)
		return gd_raise_nomem(err);
	if (gd_remove_tree(keys, err) != 0)
		return -1;
	for (size_t i = 1; i <= GD_LAB_N_DISKS; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), GD_LAB_FILE_DISK, i);
		if (remove_name(p->state, name, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < GD_N_ELEMS(names); i++)
		if (remove_name(p->state, names[i], err) != 0)
			return -1;
	/* Not empty: somebody keeps other things there, which is fine. */
	(void)rmdir(p->state);
	return 0;
}
