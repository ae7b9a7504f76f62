/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte chooses how the rest is cut into pieces and whether the request was HEAD.
 * Whatever the pieces, the verdict must be the one for the whole, and limits must hold. The
 * same text is also taken as a request's template and as a URL: what they accept must keep
 * its promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/load/http.h"
#include "gameday/load/proto/template.h"
#include "gameday/load/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct verdict {
	enum gd_http_step step;
	int status;
	bool keep_alive, found;
	int64_t wait;
	size_t used;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static struct verdict feed(struct gd_http *before, const char *text, size_t size,
			   size_t piece, bool head, const struct gd_expect *expect)
{
	struct verdict v = {.step = GD_HTTP_MORE};
	struct gd_http p = *before;

	gd_http_begin(&p, head);
	gd_http_expect(&p, expect);
	while (v.step == GD_HTTP_MORE && v.used < size) {
		size_t n = size - v.used < piece ? size - v.used : piece, used = 0;

		v.step = gd_http_feed(&p, text + v.used, n, &used);
		must(used <= n && (v.step != GD_HTTP_MORE || used == n));
		must(p.n_head <= GD_HTTP_MAX_HEAD && p.n_line < GD_HTTP_LINE);
		must((v.step == GD_HTTP_BROKEN) == (p.problem != NULL));
		must(p.match.n < expect->body_len);
		v.used += used;
	}
	if (v.step == GD_HTTP_MORE)
		v.step = gd_http_eof(&p);
	v.status = p.status;
	v.keep_alive = p.keep_alive;
	v.found = p.match.found;
	v.wait = gd_http_wait_seconds(&p.wait);
	must(v.wait >= -1);
	must(v.step != GD_HTTP_DONE || (v.status >= 100 && v.status <= 999));
	*before = p;
	return v;
}

static bool same(const struct verdict *a, const struct verdict *b)
{
	return a->step == b->step && (a->step != GD_HTTP_DONE ||
				      (a->used == b->used && a->status == b->status &&
				       a->keep_alive == b->keep_alive &&
				       a->found == b->found && a->wait == b->wait));
}

static void check_reply(const char *text, size_t size, uint8_t how)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_expect expect = {0};
	struct verdict whole, parts, again;
	size_t piece = 1 + (size_t)(how >> 1) % 31;
	struct gd_http p = {0}, fresh = {0};
	bool head = how & 1;

	must(gd_expect_set_body(&expect, "abab", &err) == 0);
	whole = feed(&p, text, size, SIZE_MAX, head, &expect);
	parts = feed(&fresh, text, size, piece, head, &expect);
	must(same(&whole, &parts));
	/* The head is known now, and must not make a difference. */
	again = feed(&p, text, size, SIZE_MAX, head, &expect);
	must(same(&whole, &again));
	parts = feed(&p, text, size, piece, head, &expect);
	must(same(&whole, &parts));
	gd_expect_fini(&expect);
}

/* Its length is what was said, within the bound, for any request. */
static void check_template(const char *text, uint64_t number)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_template t;
	char *out, *again;
	size_t n;

	if (gd_template_compile(text, &t, &err) < 0) {
		must(err.code == GD_E_INPUT);
		return;
	}
	out = malloc(t.max + 1);
	again = malloc(t.max + 1);
	must(out && again);
	n = gd_template_render(&t, 1, number, out);
	must(n <= t.max && n == gd_template_size(&t, 1, number));
	must(n == gd_template_render(&t, 1, number, again) && memcmp(out, again, n) == 0);
	must(!gd_template_is_constant(&t) || n == t.max);
	free(out);
	free(again);
	gd_template_fini(&t);
}

static void check_url(const char *text)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_url u;

	if (gd_url_parse(text, 80, &u, &err) < 0)
		return;
	must(*u.host && *u.scheme && u.path[0] == '/');
	must(!strpbrk(u.path, " \r\n\t") && !strpbrk(u.authority, " \r\n\t/"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1)
		return 0;
	text = malloc(size);
	must(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	check_reply(text, size - 1, data[0]);
	check_template(text, data[0]);
	check_url(text);
	free(text);
	return 0;
}
