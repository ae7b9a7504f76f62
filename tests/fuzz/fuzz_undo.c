/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal reader on anything. Since a checksum guards each line, the bytes are also
 * given with checksums made right, so that what is behind them is reached.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/hash.h"
#include "gameday/base/strbuf.h"
#include "injectors/agent/undo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const char *text, size_t size)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	struct gd_error err;

	if (gd_journal_parse(text, size, &v, &err) < 0)
		return;
	for (size_t i = 0; i < v.n; i++)
		if (v.entries[i].phase == GD_PHASE_CLEAN || !v.entries[i].record.before ||
		    v.entries[i].record.id <= 0)
			abort();
	if (!v.n_damaged != !v.first_damaged)
		abort();
}

static void with_checksums(const char *text, size_t size, struct gd_strbuf *out)
{
	const char *end = text + size;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);
		char sum[GD_SHA256_HEX];
		struct gd_error err;

		/* A line that has a checksum already gets a new one. */
		if (len > 17 && text[16] == ' ') {
			text += 17;
			len -= 17;
		}
		if (gd_sha256_hex(text, len, sum, &err) < 0)
			return;
		gd_strbuf_addf(out, "%.16s ", sum);
		gd_strbuf_add(out, text, len);
		gd_strbuf_addc(out, '\n');
		text += len + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GD_AUTO_STRBUF(right);

	parse((const char *)data, size);
	with_checksums((const char *)data, size, &right);
	parse(gd_strbuf_str(&right), right.len);
	return 0;
}
