/* SPDX-License-Identifier: Apache-2.0 */
/*
 * O_NONBLOCK belongs to the open file, which we share with the shell and others. So the file
 * is opened once more through /proc. A regular file is not: it never waits, and a second
 * offset would write over the first.
 */
#include "gameday/live/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

void gd_outlet_init(struct gd_outlet *o, int fd)
{
	char path[64];
	struct stat st;

	*o = (struct gd_outlet){.fd = fd, .own_fd = -1};
	if (fstat(fd, &st) < 0 || !(S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)))
		return;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	o->own_fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* As usual, waiting for who reads. What nobody will ever read is no loss. */
static void write_waiting(struct gd_outlet *o)
{
	struct gd_error err = GD_ERROR_INIT;

	if (gd_fd_write_all(o->fd, gd_strbuf_str(&o->waiting), o->waiting.len, &err) <= 0)
		gd_strbuf_clear(&o->waiting);
}

static void say_dropped(struct gd_outlet *o)
{
	if (o->dropped == 0)
		return;
	gd_strbuf_addf(&o->waiting, "(%zu lines are left out: nobody took them)\n",
		       o->dropped);
	o->dropped = 0;
}

void gd_outlet_put(struct gd_outlet *o, const char *line)
{
	if (o->fd < 0)
		return;
	gd_outlet_flush(o);
	if (o->waiting.len + strlen(line) > GD_OUTLET_MAX) {
		o->dropped++;
		return;
	}
	say_dropped(o);
	gd_strbuf_adds(&o->waiting, line);
	gd_outlet_flush(o);
}

void gd_outlet_flush(struct gd_outlet *o)
{
	ssize_t n;

	if (o->waiting.len == 0)
		return;
	if (o->own_fd < 0) {
		write_waiting(o);
		return;
	}
	n = write(o->own_fd, gd_strbuf_str(&o->waiting), o->waiting.len);
	if (n > 0)
		gd_strbuf_consume(&o->waiting, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		gd_strbuf_clear(&o->waiting); /* nobody will ever read it */
}

void gd_outlet_fini(struct gd_outlet *o)
{
	say_dropped(o);
	if (o->waiting.len)
		write_waiting(o);
	gd_strbuf_fini(&o->waiting);
	gd_close_fd(&o->own_fd);
}
