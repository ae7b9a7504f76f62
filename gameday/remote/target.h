/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where and how to log in: an inventory entry completed by what the user's OpenSSH client
 * would do (`ssh -G`). Whatever of that configuration libssh2 can't do as OpenSSH does
 * makes why_ssh a reason to use ssh itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/auto.h"
#include "gameday/base/error.h"
#include "gameday/scenario/scenario.h"

enum { GD_TARGET_MAX_WORDS = 32 };

/* A short owned list of owned strings. */
struct gd_words {
	char *items[GD_TARGET_MAX_WORDS];
	size_t n;
};

struct gd_target {
	char *name;     /* for messages: the inventory's name */
	char *host;     /* what ssh is given: name, address or alias */
	char *hostname; /* where TCP goes */
	char *known_as; /* the name that known_hosts has: HostKeyAlias or hostname */
	char *user;
	int port;
	int family;      /* AF_UNSPEC, AF_INET, AF_INET6 */
	bool port_given; /* by the inventory, as user_given: to be passed to ssh */
	bool user_given;
	char *key;        /* the inventory's private key; NULL: agent, identities */
	char *host_key;   /* "ssh-ed25519 AAAA..." of the inventory; NULL: known_hosts */
	char *jump;       /* the inventory's; NULL: none or the configuration's */
	char *ssh_config; /* -F; NULL: the user's own */
	struct gd_words identities;  /* files that may not exist */
	struct gd_words known_hosts; /* files that may not exist */
	bool identities_only;
	bool agent_disabled; /* IdentityAgent none */
	char *agent_path;    /* IdentityAgent; NULL: $SSH_AUTH_SOCK */
	char *ciphers, *macs, *kex,
		*host_key_algorithms; /* lists as of ssh -G; NULL: any */
	enum gd_sudo sudo;
	char why_ssh[160]; /* "" or why libssh2 is no choice from the start */
};

/*
 * Fills *ret from the inventory entry and `ssh -G` (run once, at most 10 s; an absent ssh
 * leaves OpenSSH's defaults). ssh_config is another file in place of the user's own, or
 * NULL. A word that could be taken for an option or a shell character is GD_E_INPUT.
 */
int gd_target_init(struct gd_target *ret, const struct gd_inventory_host *h,
		   const char *ssh_config, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 4) GD_MUST_CHECK;
/* What `ssh -G` printed, into t: the part of gd_target_init that needs no process. */
int gd_target_read_config(struct gd_target *t, const char *text,
			  struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_target_fini(struct gd_target *t) GD_NONNULL;
