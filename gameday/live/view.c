/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/live/view.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "gameday/base/auto.h"
#include "gameday/live/outlet.h"
#include "gameday/live/screen.h"

/* Events kept: for the screen, and until what is hidden is revealed. */
enum { MAX_KEPT = 256 };

struct kept {
	double seconds;
	enum gd_tone tone;
	bool secret, printed;
	char text[640];
};

struct gd_view {
	struct gd_instant start;
	struct gd_outlet outlet;
	bool colour; /* of lines */
	bool blind;
	char revealed[80];        /* by what; "": not */
	struct gd_screen *screen; /* owned; NULL: lines */
	struct gd_io *screen_io;
	struct gd_web *web; /* owned; NULL: none */
	struct kept *kept;  /* owned: MAX_KEPT, oldest first */
	size_t n_kept, n_lost;
	struct gd_snapshot *snap,
		*shown; /* owned; shown: with what is hidden taken out */
};

static void view_fini(struct gd_view *v)
{
	gd_screen_close(v->screen);
	gd_web_free(v->web);
	free(v->kept);
	free(v->snap);
	free(v->shown);
	free(v);
}

/* Lines have colour on a terminal that is no screen, when nobody objects. */
static bool wants_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fd) && term && strcmp(term, "dumb") != 0 &&
	       !(no_color && *no_color);
}

int gd_view_new(const struct gd_view_options *opt, struct gd_view **ret,
		struct gd_error *err)
{
	struct gd_view *v = calloc(1, sizeof(*v));

	if (!v) {
		gd_web_free(opt->web);
		return gd_raise_nomem(err);
	}
	v->start = gd_now();
	v->web = opt->web;
	v->blind = opt->blind;
	v->colour = wants_colour(opt->fd);
	v->kept = calloc(MAX_KEPT, sizeof(*v->kept));
	v->snap = calloc(1, sizeof(*v->snap));
	v->shown = calloc(1, sizeof(*v->shown));
	if (!v->kept || !v->snap || !v->shown) {
		view_fini(v);
		return gd_raise_nomem(err);
	}
	if ((!opt->lines && gd_screen_open(opt->fd, &v->screen, err) < 0) ||
	    (v->web && gd_web_start(v->web, err) < 0)) {
		view_fini(v);
		return -1;
	}
	gd_outlet_init(&v->outlet, opt->fd);
	if (v->web)
		gd_snapshot_text(v->snap->url, sizeof(v->snap->url), gd_web_url(v->web));
	*ret = v;
	return 0;
}

/* --- events -------------------------------------------------------------------------- */

static void print_line(struct gd_view *v, struct kept *e)
{
	static const char *const tones[] = {
		[GD_TONE_PLAIN] = "",
		[GD_TONE_GOOD] = "\033[32m",
		[GD_TONE_BAD] = "\033[31m",
		[GD_TONE_FAULT] = "\033[33m",
	};
	bool colour = v->colour && e->tone != GD_TONE_PLAIN;
	char text[sizeof(e->text)];
	GD_AUTO_STRBUF(line);

	gd_snapshot_text(text, sizeof(text), e->text);
	gd_strbuf_addf(&line, "%s%7.1fs  %s%s\n", colour ? tones[e->tone] : "",
		       e->seconds, text, colour ? "\033[0m" : "");
	gd_outlet_put(&v->outlet, gd_strbuf_str(&line));
	e->printed = true;
}

/* What was to be seen, and is not printed yet. */
static void print_kept(struct gd_view *v)
{
	for (size_t i = 0; i < v->n_kept; i++)
		if (!v->kept[i].printed && !(v->kept[i].secret && v->blind))
			print_line(v, &v->kept[i]);
}

static void add(struct gd_view *v, enum gd_tone tone, bool secret, const char *fmt,
		va_list ap) GD_PRINTF(4, 0);

static void add(struct gd_view *v, enum gd_tone tone, bool secret, const char *fmt,
		va_list ap)
{
	struct kept *e;

	if (v->n_kept == MAX_KEPT) {
		v->n_lost += v->kept[0].secret && v->blind;
		memmove(v->kept, v->kept + 1, (MAX_KEPT - 1) * sizeof(*v->kept));
		v->n_kept--;
	}
	e = &v->kept[v->n_kept++];
	e->seconds = (double)gd_between(v->start, gd_now()).ns / 1e9;
	e->tone = tone;
	e->secret = secret;
	e->printed = false;
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	if (!v->screen && !(secret && v->blind))
		print_line(v, e);
}

void gd_view_event(struct gd_view *v, enum gd_tone tone, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, tone, false, fmt, ap);
	va_end(ap);
}

void gd_view_secret(struct gd_view *v, enum gd_tone tone, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, tone, true, fmt, ap);
	va_end(ap);
}

void gd_view_reveal(struct gd_view *v, const char *why)
{
	if (!v->blind)
		return;
	v->blind = false;
	(void)snprintf(v->revealed, sizeof(v->revealed), "%s", why);
	gd_view_event(v, GD_TONE_FAULT, "revealed %s", why);
	if (v->screen)
		return;
	if (v->n_lost)
		gd_view_event(v, GD_TONE_PLAIN, "hidden   %zu events, too old to be kept",
			      v->n_lost);
	print_kept(v);
}

bool gd_view_is_blind(const struct gd_view *v)
{
	return v->blind;
}

const char *gd_view_revealed(const struct gd_view *v)
{
	return *v->revealed ? v->revealed : NULL;
}

/* --- the screen's process ------------------------------------------------------------ */

/* What was on it goes with the alternate screen: as lines it stays for whoever scrolls back. */
static void leave_screen(struct gd_view *v)
{
	gd_io_remove(v->screen_io);
	v->screen_io = NULL;
	if (!v->screen)
		return;
	gd_screen_close(v->screen);
	v->screen = NULL;
	print_kept(v);
}

static void lose_screen(struct gd_view *v)
{
	leave_screen(v);
	gd_view_event(v, GD_TONE_BAD,
		      "view     the live view has ended by itself; from here on lines");
}

static void on_screen(void *ctx, uint32_t events GD_UNUSED)
{
	struct gd_view *v = ctx;
	int key;

	while ((key = gd_screen_key(v->screen)) > 0)
		if (key == 'r')
			gd_view_reveal(v, "by the key r");
	if (key < 0)
		lose_screen(v);
}

int gd_view_attach(struct gd_view *v, struct gd_loop *loop, struct gd_error *err)
{
	if (!v->screen)
		return 0;
	return gd_loop_io(loop, gd_screen_fd(v->screen), EPOLLIN, on_screen, v,
			  &v->screen_io, err);
}

void gd_view_pause(struct gd_view *v)
{
	if (v->screen)
		gd_screen_suspend(v->screen);
	(void)raise(SIGSTOP);
	if (v->screen)
		gd_screen_resume(v->screen);
}

/* --- showing ------------------------------------------------------------------------- */

static void gather_events(struct gd_view *v)
{
	size_t first = v->n_kept, n = 0;

	while (first > 0 && n < GD_SNAP_EVENTS) {
		first--;
		n += !(v->kept[first].secret && v->blind);
	}
	v->snap->n_events = 0;
	for (size_t i = first; i < v->n_kept; i++)
		if (!(v->kept[i].secret && v->blind))
			gd_snapshot_event(v->snap, v->kept[i].seconds, v->kept[i].tone,
					  v->kept[i].text);
}

static void publish(struct gd_view *v)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	GD_AUTO_FREE char *text = NULL;
	struct gd_error ignored = GD_ERROR_INIT;

	v->snap->elapsed = (double)gd_between(v->start, gd_now()).ns / 1e9;
	gather_events(v);
	*v->shown = *v->snap;
	if (v->blind)
		gd_snapshot_hide(v->shown);
	if (v->screen)
		gd_screen_show(v->screen, v->shown);
	if (!v->web || gd_snapshot_to_json(v->shown, &json, &ignored) < 0)
		return;
	text = gd_json_print(json);
	if (text)
		gd_web_publish(v->web, text);
}

void gd_view_show(struct gd_view *v, const struct gd_shown_run *run)
{
	gd_outlet_flush(&v->outlet);
	if (!v->screen && !v->web)
		return;
	gd_snapshot_take(v->snap, run, gd_now(), gd_wall_now());
	publish(v);
}

void gd_view_over(struct gd_view *v, const char *verdict, const char *reason)
{
	if (!v->screen && !v->web)
		return;
	v->snap->over = true;
	gd_snapshot_text(v->snap->verdict, sizeof(v->snap->verdict), verdict);
	gd_snapshot_text(v->snap->reason, sizeof(v->snap->reason), reason);
	publish(v);
}

void gd_view_free(struct gd_view *v)
{
	if (!v)
		return;
	leave_screen(v);
	gd_outlet_fini(&v->outlet);
	view_fini(v);
}
