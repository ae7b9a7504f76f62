/* SPDX-License-Identifier: Apache-2.0 */
/* A private sshd on a loopback port, its keys, and a directory for all of it. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct sshd {
	pid_t pid;
	int port;
};

/* The directory of this test run, with keys; NULL when OpenSSH is not installed. */
const char *sshd_setup(void);
void sshd_teardown(void);
/* "DIR/name" in one of 64 static buffers. */
const char *in_dir(const char *name);
/* A key pair DIR/name, name.pub. */
void make_key(const char *name, const char *type, const char *passphrase);
/* "ssh-ed25519 AAAA..." of DIR/name.pub; the caller frees. */
char *public_key(const char *name);
void write_file(const char *name, const char *text);
/*
 * host_key: file in DIR; env: words for SetEnv beyond the usual ones; extra: configuration
 * lines. Waits until it listens.
 */
struct sshd sshd_start(const char *host_key, const char *env, const char *extra);
void sshd_stop(struct sshd *s);
/* A port that nothing listens on. */
int free_port(void);
