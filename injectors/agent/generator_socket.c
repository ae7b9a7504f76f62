/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/generator_socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/hash.h"
#include "gameday/base/strbuf.h"
#include "gameday/wire/frame.h"

enum { WAITING = 4 };

/* Of a digest, which a name has instead of what may be long. */
enum { DIR_DIGITS = 16, LOAD_DIGITS = 48 };

/* "gameday-load-", of whose state it is, and a hyphen: what a list of them is searched for. */
static int add_prefix(struct gd_strbuf *name, const char *state_dir, struct gd_error *err)
{
	char digest[GD_SHA256_HEX];

	if (gd_sha256_hex(state_dir, strlen(state_dir), digest, err) < 0)
		return -1;
	gd_strbuf_addf(name, "gameday-load-%.*s-", (int)DIR_DIGITS, digest);
	return 0;
}

/* An abstract name starts with a NUL and is as long as it is said to be. */
static void fill_address(const char *text, struct sockaddr_un *ret, socklen_t *ret_size)
{
	size_t n = strnlen(text, sizeof(ret->sun_path) - 1);

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret->sun_path + 1, text, n);
	*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

static int address_of(const struct gd_generator_name *name, struct sockaddr_un *ret,
		      socklen_t *ret_size, struct gd_error *err)
{
	char digest[GD_SHA256_HEX];
	GD_AUTO_STRBUF(load);
	GD_AUTO_STRBUF(text);

	gd_strbuf_addf(&load, "%s\n%s", name->run, name->ref);
	if (add_prefix(&text, name->state_dir, err) < 0 ||
	    gd_sha256_hex(gd_strbuf_str(&load), load.len, digest, err) < 0)
		return -1;
	gd_strbuf_addf(&text, "%.*s", (int)LOAD_DIGITS, digest);
	fill_address(gd_strbuf_str(&text), ret, ret_size);
	return 0;
}

static int open_socket(struct gd_error *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? gd_raise_errno(err, "load: socket") : fd;
}

int gd_generator_listen(const struct gd_generator_name *name, struct gd_error *err)
{
	GD_AUTO_FD int fd = open_socket(err);
	struct sockaddr_un a;
	socklen_t size;

	if (fd < 0 || address_of(name, &a, &size, err) < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&a, size) < 0)
		return errno == EADDRINUSE
			       ? gd_raise(err, GD_E_REFUSED,
					  "load %s is running already, for another "
					  "session of this run",
					  name->ref)
			       : gd_raise_errno(err, "load: bind");
	if (listen(fd, WAITING) < 0)
		return gd_raise_errno(err, "load: listen");
	return gd_steal_fd(&fd);
}

static bool is_of(int fd, uid_t owner)
{
	struct ucred who = {0};
	socklen_t size = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
	       who.uid == owner;
}

/* -1 when nobody of this user listens there. */
static int connect_to(const struct sockaddr_un *a, socklen_t size, struct gd_error *err)
{
	GD_AUTO_FD int fd = open_socket(err);

	/* Of one that listens, the credentials are those of who began to. */
	if (fd < 0 || connect(fd, (const struct sockaddr *)a, size) < 0 ||
	    !is_of(fd, geteuid()))
		return -1;
	return gd_steal_fd(&fd);
}

int gd_generator_connect(const struct gd_generator_name *name, struct gd_error *err)
{
	struct sockaddr_un a;
	socklen_t size;
	int fd;

	if (address_of(name, &a, &size, err) < 0)
		return -1;
	fd = connect_to(&a, size, err);
	if (fd < 0)
		return gd_raise(err, GD_E_REFUSED,
				"no load %s of this run is left here: it ended, or it "
				"was killed",
				name->ref);
	return fd;
}

/*
 * A line of /proc/net/unix (proc_pid_net(5)): number, references, protocol, flags, type, state,
 * inode, and the name, "@" first when it is abstract. The flag is that it listens.
 */
static bool read_line(char *line, const char *prefix, const char **ret_name)
{
	char *rest = NULL, *word = strtok_r(line, " \n", &rest);

	for (int i = 0; word && i < 3; i++)
		word = strtok_r(NULL, " \n", &rest);
	if (!word || strcmp(word, "00010000") != 0)
		return false;
	for (int i = 0; word && i < 4; i++)
		word = strtok_r(NULL, " \n", &rest);
	*ret_name = word ? word + 1 : "";
	return word && word[0] == '@' && strncmp(*ret_name, prefix, strlen(prefix)) == 0;
}

int gd_generator_each(const char *state_dir,
		      int (*fn)(void *ctx, int *fd, struct gd_error *err), void *ctx,
		      struct gd_error *err)
{
	GD_AUTO_FREE char *line = NULL;
	GD_AUTO_STRBUF(prefix);
	size_t size = 0;
	FILE *list;
	int rc = 0;

	if (add_prefix(&prefix, state_dir, err) < 0)
		return -1;
	list = fopen("/proc/net/unix", "re");
	if (!list)
		return gd_raise_errno(err, "/proc/net/unix");
	while (rc == 0 && getline(&line, &size, list) > 0) {
		struct gd_error ignored = GD_ERROR_INIT;
		GD_AUTO_FD int fd = -1;
		struct sockaddr_un a;
		const char *name;
		socklen_t n;

		if (!read_line(line, gd_strbuf_str(&prefix), &name))
			continue;
		fill_address(name, &a, &n);
		fd = connect_to(&a, n, &ignored);
		if (fd >= 0)
			rc = fn(ctx, &fd, err);
	}
	(void)fclose(list);
	return rc;
}

int gd_generator_send(int fd, const cJSON *msg, struct gd_error *err)
{
	GD_AUTO_STRBUF(frame);

	if (!msg)
		return gd_raise_nomem(err);
	if (gd_frame_write(&frame, msg, err) < 0)
		return -1;
	if (send(fd, frame.data, frame.len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)frame.len)
		return 0;
	return gd_raise_errno(err, "load");
}

int gd_generator_accept(int listen_fd, uid_t owner)
{
	int fd;

	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (is_of(fd, owner))
			return fd;
		gd_close_fd(&fd);
	}
	return -1;
}
