/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BIRD's control socket: a Unix stream of text. One file reads replies (bird_reply.c,
 * pure), one talks (bird.c). Form of a reply: lines "CCCC-text" (more follow), " text"
 * (more, same code), "CCCC text" (the last). Codes: 0xxx done, 1xxx data, 2xxx heading, 8xxx
 * refused at run time, 9xxx not understood. (BIRD 2.0 programmer's documentation, "CLI".)
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"

enum { GD_BIRD_MAX_LINE = 4096, GD_BIRD_MAX_REPLY = 4 << 20, GD_BIRD_NAME = 64 };
/* A socket's path with its NUL, as struct sockaddr_un. */
enum { GD_BIRD_PATH = 108 };

/* --- reading (pure) ------------------------------------------------------------------ */

struct gd_bird_line {
	int code;
	const char *text; /* borrowed from the data, not terminated */
	size_t len;
	bool last;
};

/*
 * The next line of data: 1 with *ret and how much it took; 0 when it is not whole yet. -1:
 * not the form above, or longer than GD_BIRD_MAX_LINE. *code is the reader's memory, 0
 * before each reply.
 */
int gd_bird_read_line(int *code, const char *data, size_t size, struct gd_bird_line *ret,
		      size_t *ret_used, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* One protocol of `show protocols all`. */
struct gd_bird_protocol {
	char name[GD_BIRD_NAME], type[16], state[16];
	char info[GD_BIRD_NAME]; /* "Established"; "" when there is none */
	bool up;                 /* state up and, for BGP, Established */
	int64_t imported, exported;
	int64_t updates, withdraws; /* received and sent since the session came up */
};

/*
 * The next protocol of a reply (lines "CCCC text\n", as gd_bird_ask gives them), at *at,
 * which moves on. Numbers of a protocol with several channels are added up.
 */
bool gd_bird_next_protocol(const char **at, struct gd_bird_protocol *ret) GD_NONNULL;

/*
 * From a reply to `show status`: how long ago BIRD read the configuration that it runs, at
 * least. Both ends are BIRD's own prints, so its time zone does not matter; a print of whole
 * seconds counts as the youngest that it can mean. GD_E_REMOTE: BIRD writes times in another
 * form than YYYY-MM-DD HH:MM:SS (its `timeformat base`), or none.
 */
int gd_bird_config_age(const char *reply, struct gd_span *ret,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* --- talking ------------------------------------------------------------------------- */

/* The socket to use: `given` unless "", else the first of the usual ones that exists. */
int gd_bird_find(const char *given, char ret[GD_BIRD_PATH],
		 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * One command on a connection of its own, at most 5 s in all. restricted: BIRD refuses
 * whatever changes anything. Every line of the reply is added to out as "CCCC text\n"; returns
 * 0 with the code of the last one. A refusal (8000 and more) is a reply like any other.
 */
int gd_bird_ask(const char *socket, bool restricted, const char *command,
		struct gd_strbuf *out, int *ret_code,
		struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Two commands on one connection, the second sent with the first, so that BIRD does both
 * even when the asker dies in between. As gd_bird_ask, without restriction.
 */
int gd_bird_ask_both(const char *socket, const char *first, const char *second,
		     struct gd_strbuf *out, int ret_codes[2],
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
