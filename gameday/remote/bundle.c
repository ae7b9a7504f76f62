/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/remote/bundle.h"

#include <limits.h>
#include <string.h>

#include "gameday/base/file.h"
#include "gameday/base/strbuf.h"

#define NAME "gameday-agent.bundle"

void gd_bundle_fini(struct gd_bundle *b)
{
	free(b->path);
	free(b->data);
	*b = (struct gd_bundle){0};
}

int gd_bundle_load_file(const char *path, struct gd_bundle *ret, struct gd_error *err)
{
	__attribute__((cleanup(gd_bundle_fini))) struct gd_bundle b = {0};

	b.path = strdup(path);
	if (!b.path)
		return gd_raise_nomem(err);
	if (gd_file_read(path, GD_BUNDLE_MAX, &b.data, &b.size, err) < 0)
		return gd_wrap(err, "agent bundle: ");
	if (b.size < 4 || memcmp(b.data, "\177ELF", 4) != 0)
		return gd_raise(err, GD_E_INPUT, "%s is not an agent bundle", path);
	if (gd_sha256_hex(b.data, b.size, b.hash, err) < 0)
		return -1;
	*ret = b;
	b = (struct gd_bundle){0};
	return 0;
}

/* The directory of this executable. */
static int own_directory(char ret[PATH_MAX], struct gd_error *err)
{
	ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX - 1);
	char *slash;

	if (n < 0)
		return gd_raise_errno(err, "readlink /proc/self/exe");
	ret[n] = '\0';
	slash = strrchr(ret, '/');
	if (!slash)
		return gd_raise(err, GD_E_SYSTEM, "/proc/self/exe is \"%s\"", ret);
	*slash = '\0';
	return 0;
}

int gd_bundle_load(struct gd_bundle *ret, struct gd_error *err)
{
	static const char *const places[] = {NAME, "../lib/gameday/" NAME};
	const char *given = getenv("GAMEDAY_AGENT");
	char dir[PATH_MAX];

	if (given && *given)
		return gd_bundle_load_file(given, ret, err);
	if (own_directory(dir, err) < 0)
		return -1;
	for (size_t i = 0; i < GD_N_ELEMS(places); i++) {
		GD_AUTO_FREE char *path = gd_path_join(dir, places[i]);

		if (!path)
			return gd_raise_nomem(err);
		if (access(path, F_OK) == 0)
			return gd_bundle_load_file(path, ret, err);
	}
	return gd_raise(err, GD_E_INPUT,
			"no " NAME
			" beside the program (%s), nor in ../lib/gameday: build "
			"it, or set GAMEDAY_AGENT to its path",
			dir);
}
