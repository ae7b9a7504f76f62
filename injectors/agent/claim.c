/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"

enum { TEXT = 1024 };

static void read_holder(int fd, struct gd_holder *ret)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	char text[TEXT + 1];
	struct gd_error err;
	ssize_t n = pread(fd, text, TEXT, 0);

	*ret = (struct gd_holder){.run = "unknown", .runner = "unknown"};
	if (n <= 0 || gd_json_parse(text, (size_t)n, &json, &err) < 0)
		return;
	(void)snprintf(ret->run, sizeof(ret->run), "%s",
		       gd_json_str(json, "run", "unknown"));
	(void)snprintf(ret->runner, sizeof(ret->runner), "%s",
		       gd_json_str(json, "runner", "unknown"));
	ret->since_wall_ns = gd_json_int(json, "since_wall_ns", 0);
	ret->lease_until_boot_ns = gd_json_int(json, "lease_until_boot_ns", 0);
}

/* The same size always, filled up with blanks: one write replaces all of it. */
void gd_claim_write(int fd, const struct gd_holder *who)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();
	GD_AUTO_FREE char *text = NULL;
	char padded[TEXT + 1];

	if (!json || !gd_json_set_str(json, "run", who->run) ||
	    !gd_json_set_str(json, "runner", who->runner) ||
	    !gd_json_set_int(json, "since_wall_ns", who->since_wall_ns) ||
	    !gd_json_set_int(json, "lease_until_boot_ns", who->lease_until_boot_ns))
		return;
	text = gd_json_print(json);
	if (!text)
		return;
	(void)snprintf(padded, sizeof(padded), "%-*s", TEXT - 1, text);
	padded[TEXT - 1] = '\n';
	if (pwrite(fd, padded, TEXT, 0) < 0) {
		/* The lock is what counts; the text only helps people. */
	}
}

static int open_claim(const char *state_dir, int flags, int *ret_fd, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(state_dir, "claim");
	int fd;

	if (!path)
		return gd_raise_nomem(err);
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return gd_raise_errno(err, "%s", path);
	*ret_fd = fd;
	return 0;
}

int gd_claim_take(const char *state_dir, const struct gd_holder *who, int *ret_fd,
		  struct gd_error *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	GD_AUTO_FD int fd = -1;
	struct gd_holder holder;

	if (gd_mkdir_p(state_dir, 0700, err) < 0 ||
	    open_claim(state_dir, O_RDWR | O_CREAT, &fd, err) < 0)
		return -1;
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
		if (errno != EAGAIN && errno != EACCES)
			return gd_raise_errno(err, "lock claim");
		read_holder(fd, &holder);
		return gd_raise(err, GD_E_REFUSED,
				"this host is under run %s of %s already; it ends with "
				"that run, or when its lease lapses",
				holder.run, holder.runner);
	}
	gd_claim_write(fd, who);
	*ret_fd = gd_steal_fd(&fd);
	return 0;
}

int gd_claim_look(const char *state_dir, bool *ret_held, struct gd_holder *ret,
		  struct gd_error *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct gd_error e = GD_ERROR_INIT;
	GD_AUTO_FD int fd = -1;

	*ret_held = false;
	if (open_claim(state_dir, O_RDWR, &fd, &e) < 0) {
		if (e.sys_errno == ENOENT)
			return 0;
		*err = e;
		return -1;
	}
	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return gd_raise_errno(err, "look at claim");
	*ret_held = lock.l_type != F_UNLCK;
	if (*ret_held)
		read_holder(fd, ret);
	return 0;
}
