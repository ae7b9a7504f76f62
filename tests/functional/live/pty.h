/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program under a shell's conditions: on a pseudo terminal of its own, as the foreground
 * job of a session whose leader outlives it, so that the terminal stays when it is killed.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "gameday/base/strbuf.h"

struct pty {
	int master;
	pid_t leader; /* of the session; it waits for the job */
	pid_t job;
	int state_fd; /* the leader's news of the job */
	struct termios before;
	struct gd_strbuf out; /* all that came to the terminal */
};

/* Starts argv on a terminal of that size, with TERM=xterm-256color unless term says else. */
void pty_start(struct pty *p, int cols, int rows, const char *term,
	       const char *const argv[]);
/* Reads what comes for so long, or until text came. */
bool pty_read(struct pty *p, int limit_ms, const char *until);
/* As typed at the keyboard. */
void pty_type(struct pty *p, const char *keys);
void pty_resize(struct pty *p, int cols, int rows);
/* The job's next change of state, as waitpid tells it; -1: none in that time. */
int pty_wait(struct pty *p, int limit_ms);
/* fg: the terminal is the job's again, and it goes on. */
void pty_continue(struct pty *p);
/* Are the terminal's modes as they were? */
bool pty_is_restored(const struct pty *p);
/* A child of the job. */
pid_t pty_child(const struct pty *p);
void pty_end(struct pty *p);
