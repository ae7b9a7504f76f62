/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte chooses how the rest is cut into pieces and whether the request was HEAD.
 * Whatever the pieces, the verdict must be the one for the whole, and limits must hold.
 */
#include <stdint.h>
#include <stdlib.h>

#include "gameday/load/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct verdict {
	enum gd_http_step step;
	int status;
	bool keep_alive;
	size_t used;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static struct verdict feed(const char *text, size_t size, size_t piece, bool head)
{
	struct verdict v = {.step = GD_HTTP_MORE};
	struct gd_http p;

	gd_http_begin(&p, head);
	while (v.step == GD_HTTP_MORE && v.used < size) {
		size_t n = size - v.used < piece ? size - v.used : piece, used = 0;

		v.step = gd_http_feed(&p, text + v.used, n, &used);
		must(used <= n && (v.step != GD_HTTP_MORE || used == n));
		must(p.n_head <= GD_HTTP_MAX_HEAD && p.n_line < GD_HTTP_LINE);
		must((v.step == GD_HTTP_BROKEN) == (p.problem != NULL));
		v.used += used;
	}
	if (v.step == GD_HTTP_MORE)
		v.step = gd_http_eof(&p);
	v.status = p.status;
	v.keep_alive = p.keep_alive;
	must(v.step != GD_HTTP_DONE || (v.status >= 100 && v.status <= 999));
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	struct verdict whole, parts;
	bool head;

	if (size < 1)
		return 0;
	head = data[0] & 1;
	whole = feed(text, size - 1, SIZE_MAX, head);
	parts = feed(text, size - 1, 1 + (size_t)(data[0] >> 1) % 31, head);
	must(whole.step == parts.step);
	must(whole.step != GD_HTTP_DONE ||
	     (whole.used == parts.used && whole.status == parts.status &&
	      whole.keep_alive == parts.keep_alive));
	return 0;
}
