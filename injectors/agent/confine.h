/* SPDX-License-Identifier: Apache-2.0 */
/* What a command that is only to look may still do. */
#pragma once

#include <stdbool.h>

#include "gameday/base/error.h"

/*
 * Lowers this process, for good and for all it starts, as far as the kernel lets it: no new
 * privileges; every file system read-only (in a mount namespace of its own); no core file,
 * no file above 1 MiB. Unless as_root, it becomes the user who
 * logged in (SUDO_UID, where the agent came by sudo); where that is root itself, only reading
 * others' files, the kernel's log, raw sockets and looking at processes is left of root.
 * -1: a privilege could not be given up; then nothing must be run. Without root there is
 * nothing to give up and no namespace: *ret_read_only says which it was.
 */
int gd_confine(bool as_root, bool *ret_read_only,
	       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
