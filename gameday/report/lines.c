/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/strbuf.h"
#include "gameday/report/text.h"

enum { MAX_LINE = 4 << 20, CHUNK = 1 << 16 };

struct reader {
	gd_line_fn *fn;
	void *ctx;
	struct gd_lines *stats;
	struct gd_strbuf line; /* what was read of the current one */
	bool skipping;         /* it is too long: drop the rest of it */
	size_t number;
};

static void bad_line(struct reader *r, const char *why)
{
	struct gd_lines *s = r->stats;

	if (s->n_bad++ > 0)
		return;
	s->first_bad = r->number;
	(void)snprintf(s->first_why, sizeof(s->first_why), "%.190s", why);
}

static int take_json(struct reader *r, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_error why = GD_ERROR_INIT;

	if (gd_json_parse(r->line.data, r->line.len, &json, &why) < 0) {
		bad_line(r, why.text);
		return 0;
	}
	if (!cJSON_IsObject(json)) {
		bad_line(r, "not a JSON object");
		return 0;
	}
	if (r->fn(r->ctx, json, &why) == 0) {
		json = NULL;
		return 0;
	}
	if (why.code != GD_E_INPUT) {
		*err = why;
		return -1;
	}
	bad_line(r, why.text);
	return 0;
}

static bool is_blank(const struct gd_strbuf *line)
{
	return strspn(gd_strbuf_str(line), " \t\r") >= line->len;
}

/* The current line has its end. */
static int end_line(struct reader *r, struct gd_error *err)
{
	int rc = 0;

	r->number++;
	if (r->line.failed)
		return gd_raise_nomem(err);
	if (r->skipping || !is_blank(&r->line))
		r->stats->n_lines++;
	if (r->skipping) {
		bad_line(r, "longer than 4 MiB");
	} else if (!is_blank(&r->line)) {
		gd_text_clean(r->line.data, r->line.len);
		rc = take_json(r, err);
	}
	r->skipping = false;
	gd_strbuf_clear(&r->line);
	return rc;
}

static void extend_line(struct reader *r, const char *text, size_t size)
{
	if (r->skipping)
		return;
	if (r->line.len + size > MAX_LINE) {
		r->skipping = true;
		gd_strbuf_clear(&r->line);
		return;
	}
	gd_strbuf_add(&r->line, text, size);
}

static int feed(struct reader *r, const char *text, size_t size, struct gd_error *err)
{
	while (size > 0) {
		const char *nl = memchr(text, '\n', size);
		size_t len = nl ? (size_t)(nl - text) : size;

		extend_line(r, text, len);
		if (!nl)
			break;
		if (end_line(r, err) < 0)
			return -1;
		text += len + 1;
		size -= len + 1;
	}
	return 0;
}

/* What follows the last line end: whole after all, or cut short by a crash. */
static int feed_tail(struct reader *r, struct gd_error *err)
{
	size_t bad = r->stats->n_bad;

	if (!r->skipping && is_blank(&r->line))
		return 0;
	if (end_line(r, err) < 0)
		return -1;
	if (r->stats->n_bad == bad)
		return 0;
	/* A cut tail is what a crash leaves, not a damaged file. */
	r->stats->n_bad--;
	r->stats->n_lines--;
	r->stats->cut = true;
	return 0;
}

int gd_lines_parse(const char *text, size_t size, gd_line_fn *fn, void *ctx,
		   struct gd_lines *ret, struct gd_error *err)
{
	struct reader r = {.fn = fn, .ctx = ctx, .stats = ret};
	int rc;

	*ret = (struct gd_lines){0};
	rc = feed(&r, text, size, err);
	if (rc == 0)
		rc = feed_tail(&r, err);
	gd_strbuf_fini(&r.line);
	return rc;
}

static int read_fd(struct reader *r, int fd, const char *path, struct gd_error *err)
{
	char chunk[CHUNK];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gd_raise_errno(err, "%s", path);
		if (n == 0)
			return feed_tail(r, err);
		if (feed(r, chunk, (size_t)n, err) < 0)
			return -1;
	}
}

int gd_lines_read(const char *path, gd_line_fn *fn, void *ctx, struct gd_lines *ret,
		  struct gd_error *err)
{
	GD_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct reader r = {.fn = fn, .ctx = ctx, .stats = ret};
	struct stat st;
	int rc;

	*ret = (struct gd_lines){0};
	if (fd < 0 && errno == ENOENT) {
		ret->missing = true;
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return gd_raise_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return gd_raise(err, GD_E_INPUT, "%s: not a regular file", path);
	rc = read_fd(&r, fd, path, err);
	gd_strbuf_fini(&r.line);
	return rc;
}
