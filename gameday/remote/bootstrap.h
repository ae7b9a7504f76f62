/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a fresh shell to a running agent, on one channel: the command that is executed, and
 * the reader of what it says. Pure: bytes in, decisions out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"
#include "gameday/remote/bundle.h"
#include "gameday/scenario/scenario.h"

/*
 * The command line for the target's login shell, whichever it is; the caller frees, NULL
 * when out of memory. Nothing in it comes from a configuration: digits, the digest and one
 * of three words.
 */
char *gd_bootstrap_command(const struct gd_bundle *bundle,
			   enum gd_sudo sudo) GD_NONNULL GD_MUST_CHECK;

enum gd_bootstrap_outcome {
	GD_BOOTSTRAP_MORE = 0,    /* all bytes are used up, more are needed */
	GD_BOOTSTRAP_UPLOAD = 1,  /* send the bundle now; go on feeding */
	GD_BOOTSTRAP_STARTED = 2, /* the bytes that follow are the agent's */
};

struct gd_bootstrap {
	struct gd_strbuf line;
	size_t n_bytes;
	bool uploaded;
	char ssh_connection[160]; /* as the target's sshd set it */
	char said[200];           /* the latest line of noise: for messages */
};

void gd_bootstrap_fini(struct gd_bootstrap *b) GD_NONNULL;
/*
 * Reads up to the next decision. *ret_used says how many bytes were taken; the rest is to
 * be fed again, or is the agent's. -1: the shell said that it can't be done, or more noise
 * than GD_FRAME_MAX_PREAMBLE.
 */
int gd_bootstrap_feed(struct gd_bootstrap *b, const char *data, size_t size,
		      size_t *ret_used, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
