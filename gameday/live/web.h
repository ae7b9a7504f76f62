/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dashboard: a page for the room's big screen, with what the terminal shows. It has a
 * thread of its own; the run only hands it text, in a time that does not depend on who
 * looks or how slowly. Read-only: two addresses, GET and HEAD, nothing is taken from a
 * request but which of them it wants.
 */
#pragma once

#include <stdbool.h>

#include "gameday/base/error.h"

struct gd_web;

/*
 * Listens at ADDRESS:PORT ("127.0.0.1:8080", "[::1]:8080", "localhost:0"; 0: any free port).
 * Beyond the loopback only when open_to_all, because whoever reaches it sees the run. Nothing is served
 * before gd_web_start.
 */
int gd_web_new(const char *address, bool open_to_all, struct gd_web **ret,
	       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Starts its thread. */
int gd_web_start(struct gd_web *w, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Gives clients a moment to take the last text, then closes; accepts NULL. */
void gd_web_free(struct gd_web *w);
/* "http://127.0.0.1:8080/" */
const char *gd_web_url(const struct gd_web *w) GD_NONNULL;
/* What clients get next: one line of JSON. Each client gets the newest, and none twice. */
void gd_web_publish(struct gd_web *w, const char *json) GD_NONNULL;
/*
 * Is this a Host header that a browser sends that was told our address? A name that a
 * stranger's DNS points here (rebinding) is not: it must be an address, localhost or this machine's name.
 */
bool gd_web_host_is_ours(const char *host, const char *own_name) GD_NONNULL_ARGS(2);
