/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/torture/far.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/torture/bed.h"

enum { HELLO_LIMIT_S = 40, MAX_BUFFER = 1 << 20 };

void gd_far_close(struct gd_far *f)
{
	struct gd_error ignored = GD_ERROR_INIT;
	int status;

	gd_close_fd(&f->in);
	gd_close_fd(&f->out);
	if (f->pid > 0) {
		(void)kill(f->pid, SIGKILL);
		if (gd_proc_wait(f->pid, gd_span_s(5), &status, &ignored) < 0)
			status = -1;
	}
	f->pid = 0;
	gd_strbuf_fini(&f->buf);
	f->buf = (struct gd_strbuf)GD_STRBUF_INIT;
}

static int greet(struct gd_far *f, const char *host, struct gd_error *err)
{
	GD_AUTO_FREE char *line = NULL;

	if (gd_far_line(f, gd_after(gd_now(), gd_span_s(HELLO_LIMIT_S)), &line, err) < 0)
		return gd_wrap(err, "%s: ", host);
	if (strncmp(line, "hello ", 6) != 0)
		return gd_raise(err, GD_E_REMOTE, "%s says %.200s", host, line);
	f->boot = strtoll(line + 6, NULL, 10);
	return 0;
}

int gd_far_open(struct gd_far *f, const char *self, const char *host,
		struct gd_error *err)
{
	GD_AUTO_FREE char *script = NULL;
	const char *argv[] = {self, "lab", "ssh", host, NULL, NULL};

	if (f->pid > 0)
		return 0;
	script = gd_strf("host=%s boot=%lld\n%s", host, f->boot, gd_bed_file("host.sh"));
	if (!script)
		return gd_raise_nomem(err);
	argv[4] = script;
	if (gd_proc_spawn(argv, -1, &f->pid, &f->in, &f->out, err) < 0)
		return -1;
	if (greet(f, host, err) < 0) {
		gd_far_close(f);
		return -1;
	}
	return 0;
}

int gd_far_say(struct gd_far *f, struct gd_error *err, const char *fmt, ...)
{
	GD_AUTO_STRBUF(text);
	va_list ap;

	va_start(ap, fmt);
	gd_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	gd_strbuf_addc(&text, '\n');
	if (text.failed)
		return gd_raise_nomem(err);
	return gd_fd_write_all(f->in, text.data, text.len, err);
}

/* 1: there was a line. */
static int take_line(struct gd_far *f, char **ret, struct gd_error *err)
{
	const char *data = gd_strbuf_str(&f->buf);
	const char *newline = strchr(data, '\n');

	if (!newline)
		return f->buf.len > MAX_BUFFER
			       ? gd_raise(err, GD_E_REMOTE, "a line without end")
			       : 0;
	*ret = strndup(data, (size_t)(newline - data));
	if (!*ret)
		return gd_raise_nomem(err);
	gd_strbuf_consume(&f->buf, (size_t)(newline - data) + 1);
	return 1;
}

int gd_far_line(struct gd_far *f, struct gd_instant end, char **ret, struct gd_error *err)
{
	for (;;) {
		struct pollfd pfd = {.fd = f->out, .events = POLLIN};
		int64_t left = gd_between(gd_now(), end).ns / GD_NS_PER_MS;
		int rc = take_line(f, ret, err);
		char chunk[8192];
		ssize_t n;

		if (rc != 0)
			return rc < 0 ? -1 : 0;
		if (left <= 0)
			return gd_raise(err, GD_E_TIMEOUT, "it says nothing in time");
		if (poll(&pfd, 1, left > 1000 ? 1000 : (int)left + 1) <= 0)
			continue;
		n = read(f->out, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return gd_raise(err, GD_E_REMOTE, "its SSH session ended");
		gd_strbuf_add(&f->buf, chunk, (size_t)n);
		if (f->buf.failed)
			return gd_raise_nomem(err);
	}
}
