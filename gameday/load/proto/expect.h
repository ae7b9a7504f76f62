/* SPDX-License-Identifier: Apache-2.0 */
/* What a reply should be: statuses, and a text in its body, wherever the pieces end. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/load/interval.h"

enum { GD_EXPECT_MAX_BODY = 1024 };

struct gd_expect {
	bool has_statuses;
	uint64_t statuses[16]; /* bit per status, 0 to 999 */
	char *body;            /* owned; NULL: whatever it is */
	size_t body_len;
	uint16_t *back; /* owned: Knuth-Morris-Pratt's failure function of body */
};

/* How far the body of one reply has come; all zero at its begin. */
struct gd_expect_match {
	uint16_t n; /* bytes of the text seen at the end of what came */
	bool found;
};

/* "200", or "2xx" for all of them: one more status that is right. */
int gd_expect_add_status(struct gd_expect *e, const char *text,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The body must contain text: 1 to GD_EXPECT_MAX_BODY bytes. */
int gd_expect_set_body(struct gd_expect *e, const char *text,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_expect_fini(struct gd_expect *e) GD_NONNULL; /* all zero is safe */
/* The next bytes of the body. */
void gd_expect_feed(const struct gd_expect *e, struct gd_expect_match *m,
		    const char *data, size_t size) GD_NONNULL;
/*
 * What a whole reply is: OK when it is as expected. Without statuses 2xx is right. A wrong
 * status is told by its class where that says more, an unexpected 2xx or a body without the
 * text is WRONG.
 */
enum gd_outcome gd_expect_judge(const struct gd_expect *e,
				const struct gd_expect_match *m, int status) GD_NONNULL;
