/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No key is part of the image or works after a restore: the image has none, and those in a
 * snapshot's memory are overwritten before the lab is said to be up. So a cache that leaks opens
 * nothing.
 */
#include "gameday/lab/keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/lab/paths.h"

#define KEY_MAX 16384

void gd_lab_keys_fini(struct gd_lab_keys *k)
{
	free(k->client_public);
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		if (k->host_private[i])
			explicit_bzero(k->host_private[i], strlen(k->host_private[i]));
		free(k->host_private[i]);
		free(k->host_public[i]);
	}
	*k = (struct gd_lab_keys){0};
}

static int key_make(const char *path, const char *comment, struct gd_error *err)
{
	GD_AUTO_FREE char *public = gd_strf("%s.pub", path);

	if (!public)
		return gd_raise_nomem(err);
	/* ssh-keygen asks before it overwrites. */
	if ((unlink(path) != 0 && errno != ENOENT) ||
	    (unlink(public) != 0 && errno != ENOENT))
		return gd_raise_errno(err, "keys: %s", path);
	if (gd_proc_must((const char *const[]){"ssh-keygen", "-q", "-t", "ed25519", "-N",
					       "", "-C", comment, "-f", path, NULL},
			 gd_span_s(20), err) != 0)
		return gd_wrap(err, "keys: ");
	return 0;
}

/* The first two words of a public key file: algorithm and key. */
static int public_read(const char *path, char **ret, struct gd_error *err)
{
	GD_AUTO_FREE char *file = gd_strf("%s.pub", path), *text = NULL;
	size_t size;
	char *gap, *end;

	if (!file)
		return gd_raise_nomem(err);
	if (gd_file_read(file, KEY_MAX, &text, &size, err) != 0)
		return gd_wrap(err, "keys: ");
	gap = strchr(text, ' ');
	if (!gap)
		return gd_raise(err, GD_E_SYSTEM, "keys: %s is no public key", file);
	end = gap + 1 + strcspn(gap + 1, " \n");
	*end = '\0';
	*ret = gd_steal_ptr(&text);
	return 0;
}

static char *host_key_path(const char *state, size_t i)
{
	return gd_strf("%s/" GD_LAB_DIR_HOST_KEYS "/%s", state, gd_lab_hosts[i].name);
}

static int keys_make(const char *state, struct gd_lab_keys *k, struct gd_error *err)
{
	GD_AUTO_FREE char *client = gd_path_join(state, GD_LAB_FILE_CLIENT_KEY);
	GD_AUTO_FREE char *dir = gd_path_join(state, GD_LAB_DIR_HOST_KEYS);

	if (!client || !dir)
		return gd_raise_nomem(err);
	if (gd_mkdir_p(dir, 0700, err) != 0 ||
	    key_make(client, "gameday-lab", err) != 0 ||
	    public_read(client, &k->client_public, err) != 0)
		return -1;
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		GD_AUTO_FREE char *path = host_key_path(state, i);
		size_t size;

		if (!path)
			return gd_raise_nomem(err);
		if (key_make(path, gd_lab_hosts[i].name, err) != 0 ||
		    gd_file_read(path, KEY_MAX, &k->host_private[i], &size, err) != 0 ||
		    public_read(path, &k->host_public[i], err) != 0)
			return -1;
	}
	return 0;
}

int gd_lab_keys_make(const char *state, struct gd_lab_keys *ret, struct gd_error *err)
{
	GD_AUTO_LAB_KEYS(k);

	if (keys_make(state, &k, err) != 0)
		return -1;
	*ret = k;
	k = (struct gd_lab_keys){0};
	return 0;
}

int gd_lab_keys_load(const char *state, struct gd_lab_keys *ret, struct gd_error *err)
{
	GD_AUTO_LAB_KEYS(k);

	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		GD_AUTO_FREE char *path = host_key_path(state, i);

		if (!path)
			return gd_raise_nomem(err);
		if (public_read(path, &k.host_public[i], err) != 0)
			return -1;
	}
	*ret = k;
	k = (struct gd_lab_keys){0};
	return 0;
}
