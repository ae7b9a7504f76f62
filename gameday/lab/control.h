/* SPDX-License-Identifier: Apache-2.0 */
/* This side of the control channel to the guest's init; guest/control.c has the protocol. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"
#include "gameday/lab/keys.h"

struct gd_lab_control {
	int fd;
	struct gd_strbuf in;
	uint32_t question; /* the number of the last one */
};

#define GD_AUTO_LAB_CONTROL(name)                                                        \
	__attribute__((cleanup(gd_lab_control_fini))) struct gd_lab_control name = {     \
		.fd = -1}

/* One probe of the guest: "api-1", "etcd", true. */
struct gd_lab_probe {
	char host[16];
	char what[16];
	bool ok;
};

struct gd_lab_health {
	struct gd_lab_probe probes[32];
	size_t n;
};

int gd_lab_control_open(const char *state, struct gd_lab_control *c,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_lab_control_fini(struct gd_lab_control *c) GD_NONNULL;

/* Sends keys, time of day and fresh entropy, and lets sshd start. */
int gd_lab_control_greet(struct gd_lab_control *c, const struct gd_lab_keys *keys,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Asks for health. Whatever is heard later answers this question: reports to earlier ones, by
 * another command or from before a snapshot was taken, are passed over.
 */
int gd_lab_control_ask(struct gd_lab_control *c,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * Takes in what has arrived, without waiting, and gives all that is answered so far; any of it
 * means that everything sent before the question is in force. Outcome GD_LAB_MORE_TO_COME.
 */
enum { GD_LAB_MORE_TO_COME = 1 };
int gd_lab_control_hear(struct gd_lab_control *c, struct gd_lab_health *ret,
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Asks and waits for the whole answer. */
int gd_lab_control_health(struct gd_lab_control *c, int limit_ms,
			  struct gd_lab_health *ret,
			  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Reads the lines that answer that question; pure. True when the last of them is there. */
bool gd_lab_health_parse(const char *text, uint32_t question,
			 struct gd_lab_health *ret) GD_NONNULL;
/* Probes that are `what` (NULL: all but "ssh"), and how many of them are fine. */
size_t gd_lab_health_count(const struct gd_lab_health *h, const char *what,
			   size_t *ret_ok) GD_NONNULL_ARGS(1, 3);
