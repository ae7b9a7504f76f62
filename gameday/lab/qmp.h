/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's machine protocol: one JSON object a line over a socket in the state folder. */
#pragma once

#include "gameday/base/attr.h"
#include "gameday/base/clock.h"
#include "gameday/base/error.h"
#include "gameday/base/json.h"
#include "gameday/base/strbuf.h"

struct gd_qmp {
	int fd;
	struct gd_strbuf in;
};

#define GD_AUTO_QMP(name)                                                                \
	__attribute__((cleanup(gd_qmp_fini))) struct gd_qmp name = {.fd = -1}

/* Connects and leaves negotiation mode; QEMU allows one client at a time. */
int gd_qmp_open(const char *state, struct gd_qmp *q,
		struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_qmp_fini(struct gd_qmp *q) GD_NONNULL;
/*
 * Sends a command ({"execute": ...} as text) and, unless it is -1, a descriptor with it. *ret is
 * what it returned, the caller's; events in between are dropped. QEMU's refusal is GD_E_SYSTEM.
 */
int gd_qmp_do(struct gd_qmp *q, const char *command, int fd, cJSON **ret,
	      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The same where only success matters. */
int gd_qmp_must(struct gd_qmp *q, const char *command, int fd,
		struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * Connects to a unix socket in the folder however long the folder's path is (a socket's address has
 * room for 107 characters). Returns -1 with errno.
 */
int gd_lab_socket_connect(const char *dir, const char *name) GD_NONNULL;
