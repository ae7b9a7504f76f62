/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block is drawn below the events. Before anything is printed the cursor goes back up
 * over it and clears to the end of the screen, so no state of the terminal has to be
 * restored whatever ends the program. Text from hosts and files has its control characters
 * replaced, and lines are cut to the width, because a wrapped line would break the count.
 */
#include "gameday/runner/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/strbuf.h"

struct gd_view {
	int fd; /* borrowed */
	bool live, colour;
	struct gd_instant start;
	int drawn; /* lines of the block on the screen */
	int pending;
	struct gd_strbuf block;
};

static const char *const tones[] = {
	[GD_TONE_PLAIN] = "",
	[GD_TONE_GOOD] = "\033[32m",
	[GD_TONE_BAD] = "\033[31m",
	[GD_TONE_FAULT] = "\033[33m",
};

int gd_view_new(int fd, struct gd_view **ret, struct gd_error *err)
{
	struct gd_view *v = calloc(1, sizeof(*v));
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (!v)
		return gd_raise_nomem(err);
	v->fd = fd;
	v->live = isatty(fd) && term && strcmp(term, "dumb") != 0;
	v->colour = v->live && !(no_color && *no_color);
	v->start = gd_now();
	*ret = v;
	return 0;
}

static void put(struct gd_view *v, const struct gd_strbuf *sb)
{
	struct gd_error err = GD_ERROR_INIT;

	/* A view nobody can see any more must not stop the run that undoes a fault. */
	if (gd_fd_write_all(v->fd, gd_strbuf_str(sb), sb->len, &err) < 0)
		v->live = false;
}

static int width(const struct gd_view *v)
{
	struct winsize ws = {0};

	if (ioctl(v->fd, TIOCGWINSZ, &ws) < 0 || ws.ws_col < 20)
		return 80;
	return ws.ws_col;
}

/* text with control characters shown as '?', cut to max columns (bytes of UTF-8 count once). */
static void add_clean(struct gd_strbuf *out, const char *text, int max)
{
	int columns = 0;

	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c & 0xc0) != 0x80 && columns++ >= max)
			return;
		gd_strbuf_addc(out, c < 0x20 || c == 0x7f ? '?' : *p);
	}
}

static void erase(struct gd_view *v, struct gd_strbuf *out)
{
	if (v->drawn > 0)
		gd_strbuf_addf(out, "\033[%dA\r\033[J", v->drawn);
	v->drawn = 0;
}

void gd_view_free(struct gd_view *v)
{
	GD_AUTO_STRBUF(out);

	if (!v)
		return;
	if (v->live) {
		erase(v, &out);
		put(v, &out);
	}
	gd_strbuf_fini(&v->block);
	free(v);
}

static void add_line(struct gd_view *v, struct gd_strbuf *out, enum gd_view_tone tone,
		     const char *text)
{
	bool colour = v->colour && tone != GD_TONE_PLAIN;

	if (colour)
		gd_strbuf_adds(out, tones[tone]);
	add_clean(out, text, v->live ? width(v) - 1 : 4096);
	if (colour)
		gd_strbuf_adds(out, "\033[0m");
	gd_strbuf_addc(out, '\n');
}

void gd_view_event(struct gd_view *v, enum gd_view_tone tone, const char *fmt, ...)
{
	double s = (double)gd_between(v->start, gd_now()).ns / 1e9;
	GD_AUTO_STRBUF(text);
	GD_AUTO_STRBUF(out);
	va_list ap;

	gd_strbuf_addf(&text, "%7.1fs  ", s);
	va_start(ap, fmt);
	gd_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (v->live) {
		int lines = v->drawn;

		erase(v, &out);
		add_line(v, &out, tone, gd_strbuf_str(&text));
		/* The last block comes back at once, so the screen does not flicker. */
		if (lines > 0) {
			gd_strbuf_add(&out, gd_strbuf_str(&v->block), v->block.len);
			v->drawn = lines;
		}
	} else {
		add_line(v, &out, tone, gd_strbuf_str(&text));
	}
	put(v, &out);
}

void gd_view_block_begin(struct gd_view *v)
{
	gd_strbuf_clear(&v->block);
	v->pending = 0;
}

void gd_view_block_line(struct gd_view *v, enum gd_view_tone tone, const char *fmt, ...)
{
	GD_AUTO_STRBUF(text);
	va_list ap;

	if (!v->live)
		return;
	va_start(ap, fmt);
	gd_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	add_line(v, &v->block, tone, gd_strbuf_str(&text));
	v->pending++;
}

void gd_view_block_end(struct gd_view *v)
{
	GD_AUTO_STRBUF(out);

	if (!v->live)
		return;
	erase(v, &out);
	gd_strbuf_add(&out, gd_strbuf_str(&v->block), v->block.len);
	v->drawn = v->pending;
	put(v, &out);
}

bool gd_view_is_live(const struct gd_view *v)
{
	return v->live;
}
