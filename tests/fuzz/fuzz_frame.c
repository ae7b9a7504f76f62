/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes from a hostile target. The first byte chooses the portion size and whether a
 * greeting is awaited; what is accepted must survive a round trip through the writer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/wire/frame.h"
#include "gameday/wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const cJSON *json)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_frame_reader r;
	struct gd_message m;
	GD_AUTO_STRBUF(out);
	GD_AUTO_STRBUF(again);
	cJSON *back = NULL;

	if (gd_message_read(json, &m, &err) == 0 && m.kind != GD_MESSAGE_REPLY && !m.name)
		abort();
	if (gd_message_outcome(json, &err) < 0 && err.code == GD_OK)
		abort();
	/* Escapes may lengthen a text past the limit: that is a refusal, not a mistake. */
	if (gd_frame_write(&out, json, &err) < 0)
		return;
	gd_frame_reader_init(&r, false);
	if (gd_frame_feed(&r, out.data, out.len, &err) < 0 ||
	    gd_frame_next(&r, &back, &err) != GD_FRAME_MESSAGE ||
	    gd_frame_pending(&r) != 0)
		abort();
	/* Bytes, not trees: an object may hold a key twice, and then no tree equals itself. */
	if (gd_frame_write(&again, back, &err) < 0 || again.len != out.len ||
	    memcmp(again.data, out.data, out.len) != 0)
		abort();
	cJSON_Delete(back);
	gd_frame_reader_fini(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_frame_reader r;
	size_t portion;
	int outcome = 0;

	if (size < 1)
		return 0;
	gd_frame_reader_init(&r, (data[0] & 1) != 0);
	portion = (size_t)(data[0] >> 1) + 1;
	for (size_t at = 1; at < size && outcome >= 0; at += portion) {
		size_t n = size - at < portion ? size - at : portion;
		cJSON *json = NULL;

		if (gd_frame_feed(&r, data + at, n, &err) < 0)
			break;
		while ((outcome = gd_frame_next(&r, &json, &err)) > 0) {
			if (json)
				round_trip(json);
			cJSON_Delete(json);
			json = NULL;
		}
		if (gd_frame_pending(&r) > GD_FRAME_HEADER + GD_FRAME_MAX + portion)
			abort();
	}
	gd_frame_reader_fini(&r);
	return 0;
}
