/* SPDX-License-Identifier: Apache-2.0 */
/* What a private key file is, without its passphrase: kind, encrypted or not, public half. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

enum gd_key_kind {
	GD_KEY_UNKNOWN, /* PKCS #8, which does not say in plain sight, or something new */
	GD_KEY_ED25519,
	GD_KEY_ECDSA,
	GD_KEY_RSA,
	GD_KEY_OTHER, /* DSA, FIDO (sk-): not for libssh2 */
};

struct gd_keyfile {
	enum gd_key_kind kind;
	bool encrypted;
	bool has_certificate; /* PATH-cert.pub lies beside it: OpenSSH would use it */
	unsigned char *blob;  /* owned: the public key as on the wire; NULL: not known */
	size_t blob_size;
};

/* A file that is missing or no private key is GD_E_INPUT or GD_E_SYSTEM. */
int gd_keyfile_read(const char *path, struct gd_keyfile *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_keyfile_fini(struct gd_keyfile *k) GD_NONNULL;
/* The kind of a public key in wire form. */
enum gd_key_kind gd_key_kind_of(const unsigned char *blob, size_t size) GD_NONNULL;
