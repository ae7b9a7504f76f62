/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The openssh-key-v1 form (PROTOCOL.key in OpenSSH's sources) is base64 of
 *   "openssh-key-v1\0", string cipher, string kdf, string kdf options, uint32 keys,
 *   string public key, string private part
 * so the kind and the public half can be read of an encrypted key, too. The older PEM
 * forms say the kind in their first line.
 */
#include "gameday/remote/keyfile.h"

#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/remote/base64.h"

#define OPENSSH_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define OPENSSH_END "-----END OPENSSH PRIVATE KEY-----"
#define OPENSSH_MAGIC "openssh-key-v1"

enum { MAX_KEY_FILE = 64 << 10 };

struct cursor {
	const unsigned char *at;
	size_t left;
};

void gd_keyfile_fini(struct gd_keyfile *k)
{
	free(k->blob);
	*k = (struct gd_keyfile){0};
}

/* An SSH string: uint32 length and bytes. */
static bool take_string(struct cursor *c, struct cursor *ret)
{
	size_t n;

	if (c->left < 4)
		return false;
	n = (size_t)c->at[0] << 24 | (size_t)c->at[1] << 16 | (size_t)c->at[2] << 8 |
	    c->at[3];
	if (n > c->left - 4)
		return false;
	*ret = (struct cursor){c->at + 4, n};
	c->at += 4 + n;
	c->left -= 4 + n;
	return true;
}

static bool is(struct cursor c, const char *word)
{
	return c.left == strlen(word) && memcmp(c.at, word, c.left) == 0;
}

enum gd_key_kind gd_key_kind_of(const unsigned char *blob, size_t size)
{
	struct cursor c = {blob, size}, type;

	if (!take_string(&c, &type))
		return GD_KEY_UNKNOWN;
	if (is(type, "ssh-ed25519"))
		return GD_KEY_ED25519;
	if (is(type, "ssh-rsa"))
		return GD_KEY_RSA;
	if (is(type, "ecdsa-sha2-nistp256") || is(type, "ecdsa-sha2-nistp384") ||
	    is(type, "ecdsa-sha2-nistp521"))
		return GD_KEY_ECDSA;
	return GD_KEY_OTHER;
}

static int read_openssh(const unsigned char *data, size_t size, struct gd_keyfile *ret,
			struct gd_error *err)
{
	struct cursor c = {data, size}, cipher, skipped, public_key;
	const size_t magic = sizeof(OPENSSH_MAGIC);

	if (size < magic || memcmp(data, OPENSSH_MAGIC, magic) != 0)
		return gd_raise(err, GD_E_INPUT, "not an OpenSSH private key");
	c = (struct cursor){data + magic, size - magic};
	if (!take_string(&c, &cipher) || !take_string(&c, &skipped) ||
	    !take_string(&c, &skipped) || c.left < 4)
		return gd_raise(err, GD_E_INPUT, "private key is cut short");
	c = (struct cursor){c.at + 4, c.left - 4};
	if (!take_string(&c, &public_key) || public_key.left == 0)
		return gd_raise(err, GD_E_INPUT, "private key is cut short");
	ret->blob = malloc(public_key.left);
	if (!ret->blob)
		return gd_raise_nomem(err);
	memcpy(ret->blob, public_key.at, public_key.left);
	ret->blob_size = public_key.left;
	ret->encrypted = !is(cipher, "none");
	ret->kind = gd_key_kind_of(ret->blob, ret->blob_size);
	return 0;
}

static int read_armored(char *text, struct gd_keyfile *ret, struct gd_error *err)
{
	char *body = text + sizeof(OPENSSH_BEGIN) - 1;
	const char *end = strstr(body, OPENSSH_END);
	GD_AUTO_FREE unsigned char *data = NULL;
	size_t size, n = 0;
	int outcome;

	if (!end)
		return gd_raise(err, GD_E_INPUT, "private key is cut short");
	for (const char *p = body; p < end; p++)
		if (*p != '\n' && *p != '\r' && *p != ' ')
			body[n++] = *p;
	outcome = gd_base64_decode(body, n, &data, &size, err);
	explicit_bzero(text, strlen(text));
	if (outcome < 0)
		return -1;
	outcome = read_openssh(data, size, ret, err);
	explicit_bzero(data, size);
	return outcome;
}

static int read_pem(const char *text, struct gd_keyfile *ret, struct gd_error *err)
{
	static const struct {
		const char *begin;
		enum gd_key_kind kind;
	} forms[] = {
		{"-----BEGIN RSA PRIVATE KEY-----", GD_KEY_RSA},
		{"-----BEGIN EC PRIVATE KEY-----", GD_KEY_ECDSA},
		{"-----BEGIN DSA PRIVATE KEY-----", GD_KEY_OTHER},
		{"-----BEGIN PRIVATE KEY-----", GD_KEY_UNKNOWN},
		{"-----BEGIN ENCRYPTED PRIVATE KEY-----", GD_KEY_UNKNOWN},
	};

	for (size_t i = 0; i < GD_N_ELEMS(forms); i++)
		if (strncmp(text, forms[i].begin, strlen(forms[i].begin)) == 0) {
			ret->kind = forms[i].kind;
			ret->encrypted = strstr(text, "ENCRYPTED") != NULL;
			return 0;
		}
	return gd_raise(err, GD_E_INPUT, "not a private key");
}

static int read_text(const char *path, char *text, struct gd_keyfile *ret,
		     struct gd_error *err)
{
	GD_AUTO_FREE char *certificate = gd_strf("%s-cert.pub", path);

	if (!certificate)
		return gd_raise_nomem(err);
	ret->has_certificate = access(certificate, F_OK) == 0;
	if (strncmp(text, OPENSSH_BEGIN, sizeof(OPENSSH_BEGIN) - 1) == 0)
		return read_armored(text, ret, err);
	return read_pem(text, ret, err);
}

int gd_keyfile_read(const char *path, struct gd_keyfile *ret, struct gd_error *err)
{
	struct gd_keyfile k = {0};
	GD_AUTO_FREE char *text = NULL;
	size_t size;

	if (gd_file_read(path, MAX_KEY_FILE, &text, &size, err) < 0)
		return -1;
	if (read_text(path, text, &k, err) < 0) {
		explicit_bzero(text, size);
		gd_keyfile_fini(&k);
		return gd_wrap(err, "key %s: ", path);
	}
	explicit_bzero(text, size);
	*ret = k;
	return 0;
}
