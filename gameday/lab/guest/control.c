/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control channel: a virtio serial port whose other end is a socket in the lab's private state
 * folder. It carries what must be new each time the lab comes up, from cold or from a snapshot:
 *
 *   put MODE SIZE PATH\n<SIZE bytes>   a file (ssh keys)
 *   clock SECONDS NANOSECONDS\n        the time of day; a snapshot wakes up in the past
 *   entropy HEX\n                      into the random generator; snapshots wake up with equal state
 *   go\n                               keys are in place: start sshd
 *   health ID\n                        answered by the lines of gd_health_report()
 *
 * An unknown line is ignored; a fresh connection starts with an empty line to end a torn one.
 */
#include "gameday/lab/guest/guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BODY_MAX (64 * 1024)

/* The port's device number follows the order of probing; its name does not. */
static int port_open(void)
{
	DIR *d = opendir("/sys/class/virtio-ports");
	struct dirent *e;
	char path[300], name[64];
	int fd = -1;

	while (d && fd < 0 && (e = readdir(d))) {
		(void)snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name",
			       e->d_name);
		FILE *f = fopen(path, "re");

		if (!f)
			continue;
		if (fgets(name, sizeof name, f) &&
		    strncmp(name, GD_LAB_CONTROL_PORT, strlen(GD_LAB_CONTROL_PORT)) ==
			    0) {
			(void)snprintf(path, sizeof path, "/dev/%s", e->d_name);
			fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		}
		(void)fclose(f);
	}
	if (d)
		closedir(d);
	return fd;
}

void gd_control_open(struct gd_control *c)
{
	memset(c, 0, sizeof *c);
	c->fd = -1;
	for (int tries = 0; tries < 500 && c->fd < 0; tries++) {
		c->fd = port_open();
		if (c->fd < 0)
			usleep(10000);
	}
	if (c->fd < 0)
		gd_say("no control port " GD_LAB_CONTROL_PORT);
}

static void clock_set(const char *args)
{
	struct timespec t = {0};
	char *end;

	t.tv_sec = strtoll(args, &end, 10);
	t.tv_nsec = strtol(end, NULL, 10);
	if (clock_settime(CLOCK_REALTIME, &t) != 0)
		gd_say("clock: %s", strerror(errno));
}

static void entropy_add(const char *hex)
{
	struct {
		int entropy_count,
			buf_size; /* as struct rand_pool_info, with room behind */
		unsigned char bytes[64];
	} pool = {0};
	size_t n = 0;
	unsigned int byte;
	int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);

	while (n < sizeof pool.bytes && sscanf(hex + 2 * n, "%2x", &byte) == 1)
		pool.bytes[n++] = (unsigned char)byte;
	pool.entropy_count = (int)(n * 8);
	pool.buf_size = (int)n;
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) != 0 ||
	    ioctl(fd, RNDRESEEDCRNG) != 0)
		gd_say("entropy: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void put_begin(struct gd_control *c, const char *args)
{
	unsigned int mode;
	size_t size;

	if (sscanf(args, "%o %zu %255s", &mode, &size, c->path) != 3 || size > BODY_MAX)
		return;
	c->body = malloc(size + 1);
	c->body_size = size;
	c->n_body = 0;
	c->mode = (mode_t)mode;
}

/* Written beside and renamed, so that a login under way sees the old key or the new one. */
static void put_end(struct gd_control *c)
{
	char beside[300];
	int fd;

	(void)snprintf(beside, sizeof beside, "%s.new", c->path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, c->mode);
	if (fd < 0 || write(fd, c->body, c->n_body) != (ssize_t)c->n_body ||
	    rename(beside, c->path) != 0)
		gd_say("put %s: %s", c->path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(c->body);
	c->body = NULL;
}

static void health_ask(struct gd_control *c, const char *args)
{
	c->health_id = strtoul(args, NULL, 10);
	c->health = true;
}

static void obey(struct gd_control *c)
{
	if (strncmp(c->line, "put ", 4) == 0)
		put_begin(c, c->line + 4);
	else if (strncmp(c->line, "clock ", 6) == 0)
		clock_set(c->line + 6);
	else if (strncmp(c->line, "entropy ", 8) == 0)
		entropy_add(c->line + 8);
	else if (strcmp(c->line, "go") == 0)
		c->go = true;
	else if (strncmp(c->line, "health ", 7) == 0)
		health_ask(c, c->line + 7);
}

static void byte_take(struct gd_control *c, char byte)
{
	if (c->body) {
		c->body[c->n_body++] = byte;
		if (c->n_body == c->body_size)
			put_end(c);
	} else if (byte != '\n') {
		if (c->n_line < sizeof c->line - 1)
			c->line[c->n_line++] = byte;
	} else {
		c->line[c->n_line] = '\0';
		c->n_line = 0;
		obey(c);
	}
}

bool gd_control_read(struct gd_control *c)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(c->fd, chunk, sizeof chunk)) > 0)
		for (ssize_t i = 0; i < n; i++)
			byte_take(c, chunk[i]);
	if (n < 0)
		return true;
	free(c->body);
	c->body = NULL;
	c->n_line = 0;
	return false;
}
