/* SPDX-License-Identifier: Apache-2.0 */
/* Texts are compared as sets of counted lines: what one has more often than the other shows. */
#include "gameday/torture/look.h"

#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"

enum { LOOK_LIMIT_S = 12, PAUSE_MS = 300 };

int gd_look(const struct gd_bed *b, char **ret, struct gd_error *err)
{
	const char *const args[] = {"lab", "ssh", b->host, gd_bed_file("state.sh"), NULL};
	struct gd_proc_result r = {0};
	GD_AUTO_FREE char *out = NULL;

	if (gd_bed_gameday(b, args, gd_span_s(LOOK_LIMIT_S), &r, err) < 0)
		return -1;
	out = r.out;
	if (!strstr(out, "link "))
		return gd_raise(err, GD_E_REMOTE, "%s can't be looked at: %.300s",
				b->host, out);
	*ret = gd_steal_ptr(&out);
	return 0;
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
static void add_missing(const char *a, const char *b, char mark, struct gd_strbuf *diff)
{
	const char *line, *end;

	for (line = a; *line; line = *end ? end + 1 : end) {
		size_t len;

		end = strchrnul(line, '\n');
		len = (size_t)(end - line);
		if (count(a, line, len) <= count(b, line, len))
			continue;
		gd_strbuf_addf(diff, "%c %.*s\n", mark, (int)len, line);
	}
}

void gd_look_compare(const char *before, const char *after, struct gd_strbuf *diff)
{
	add_missing(before, after, '-', diff);
	add_missing(after, before, '+', diff);
}

int gd_look_until(const struct gd_bed *b, struct gd_instant until, struct gd_strbuf *diff,
		  struct gd_error *err)
{
	for (;;) {
		GD_AUTO_FREE char *now = NULL;

		gd_strbuf_clear(diff);
		if (gd_look(b, &now, err) < 0) {
			if (err->code == GD_E_NOMEM)
				return -1;
			gd_strbuf_addf(diff, "! %s\n", err->text);
		} else {
			gd_look_compare(b->before, now, diff);
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
