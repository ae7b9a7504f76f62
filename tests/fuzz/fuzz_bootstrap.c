/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile login shell prints; the first byte chooses the portion size. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/remote/bootstrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gd_bootstrap b = {0};
	struct gd_error err = GD_ERROR_INIT;
	size_t portion;
	int outcome = 0, uploads = 0;

	if (size < 1)
		return 0;
	portion = (size_t)data[0] + 1;
	for (size_t at = 1;
	     at < size && outcome >= 0 && outcome != GD_BOOTSTRAP_STARTED;) {
		size_t n = size - at < portion ? size - at : portion;
		size_t used = 0;

		outcome = gd_bootstrap_feed(&b, (const char *)data + at, n, &used, &err);
		if (outcome >= 0 && (used == 0 || used > n))
			abort();
		uploads += outcome == GD_BOOTSTRAP_UPLOAD;
		at += used;
	}
	if (uploads > 1 ||
	    (outcome < 0 && (err.code == GD_OK || strchr(err.text, '\x1b'))))
		abort();
	gd_bootstrap_fini(&b);
	return 0;
}
