/* SPDX-License-Identifier: Apache-2.0 */
/* What run and screen process say to each other, one message per packet. */
#pragma once

#include "gameday/live/snapshot.h"

enum gd_screen_op {
	GD_SCREEN_SHOW = 1, /* run: a snapshot follows */
	GD_SCREEN_SUSPEND,  /* run: give the terminal back for now */
	GD_SCREEN_RESUME,   /* run */
	GD_SCREEN_READY,    /* screen: it has the terminal */
	GD_SCREEN_AWAY,     /* screen: it has given it back */
	GD_SCREEN_KEY,      /* screen */
};

struct gd_screen_message {
	enum gd_screen_op op;
	int key;
	char leave[64]; /* READY: what makes the terminal leave the alternate screen */
};

/* The screen process, from fork to its end. fd: the terminal; sock: to the run. */
void gd_screen_main(int fd, int sock) GD_NORETURN;
