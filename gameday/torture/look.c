/* SPDX-License-Identifier: Apache-2.0 */
/* Texts are compared as sets of counted lines: what one has more often than the other shows. */
#include "gameday/torture/look.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"

enum { LOOK_LIMIT_S = 40, PAUSE_MS = 400 };

static int read_facts(struct gd_far *f, struct gd_strbuf *facts, struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(LOOK_LIMIT_S));

	for (;;) {
		GD_AUTO_FREE char *line = NULL;

		if (gd_far_line(f, end, &line, err) < 0)
			return -1;
		if (strcmp(line, "END") == 0)
			return facts->failed ? gd_raise_nomem(err) : 0;
		gd_strbuf_addf(facts, "%s\n", line);
	}
}

int gd_look(struct gd_bed *b, char **ret, struct gd_error *err)
{
	GD_AUTO_STRBUF(facts);

	if (gd_far_open(&b->far, b->self, b->host, err) < 0)
		return -1;
	if (gd_far_say(&b->far, err, "look") < 0 ||
	    read_facts(&b->far, &facts, err) < 0) {
		gd_far_close(&b->far);
		return gd_wrap(err, "look at %s: ", b->host);
	}
	if (!strstr(gd_strbuf_str(&facts), "link"))
		return gd_raise(err, GD_E_REMOTE, "%s can't be looked at: %.300s",
				b->host, gd_strbuf_str(&facts));
	*ret = gd_strbuf_steal(&facts);
	return *ret ? 0 : gd_raise_nomem(err);
}

/* How often a line of that length is in the text. */
static size_t count(const char *text, const char *line, size_t len)
{
	size_t n = 0;

	while (*text) {
		const char *end = strchrnul(text, '\n');

		if ((size_t)(end - text) == len && memcmp(text, line, len) == 0)
			n++;
		text = *end ? end + 1 : end;
	}
	return n;
}

/* Lines of `a` that `b` has less often, each once, behind `mark`. */
static void add_missing(const char *a, const char *b, char mark, bool skip_busy,
			struct gd_strbuf *diff)
{
	const char *line, *end;

	for (line = a; *line; line = *end ? end + 1 : end) {
		size_t len;

		end = strchrnul(line, '\n');
		len = (size_t)(end - line);
		if (skip_busy && strncmp(line, "busy: ", 6) == 0)
			continue;
		if (count(a, line, len) <= count(b, line, len))
			continue;
		gd_strbuf_addf(diff, "%c %.*s\n", mark, (int)len, line);
	}
}

void gd_look_compare(const char *before, const char *after, bool skip_busy,
		     struct gd_strbuf *diff)
{
	add_missing(before, after, '-', skip_busy, diff);
	add_missing(after, before, '+', skip_busy, diff);
}

int gd_look_until(struct gd_bed *b, struct gd_instant until, bool others_may_work,
		  struct gd_strbuf *diff, struct gd_error *err)
{
	for (;;) {
		GD_AUTO_FREE char *now = NULL;

		gd_strbuf_clear(diff);
		if (gd_look(b, &now, err) < 0) {
			if (err->code == GD_E_NOMEM)
				return -1;
			gd_strbuf_addf(diff, "! %s\n", err->text);
		} else {
			gd_look_compare(b->before, now, others_may_work, diff);
			if (diff->failed)
				return gd_raise_nomem(err);
			if (diff->len == 0)
				return 0;
		}
		if (gd_now().ns >= until.ns)
			return GD_LOOK_DIFFERS;
		gd_sleep(gd_span_ms(PAUSE_MS));
	}
}
