/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/remote/keyfile.h"

static char dir[64];

static char *path_of(const char *name)
{
	char *path = gd_path_join(dir, name);

	assert_non_null(path);
	return path;
}

static void make_key(const char *path, const char *type, const char *passphrase)
{
	const char *const argv[] = {"ssh-keygen", "-q", "-t", type, "-N",
				    passphrase,   "-f", path, NULL};
	struct gd_error err = GD_ERROR_INIT;

	if (gd_proc_must(argv, gd_span_s(10), &err) < 0)
		skip();
}

static void put(const char *path, const char *text)
{
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_file_write(path, text, strlen(text), 0600, &err), 0);
}

static struct gd_keyfile read_key(const char *path)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_keyfile k;

	if (gd_keyfile_read(path, &k, &err) < 0)
		fail_msg("%s", err.text);
	return k;
}

static void expect_bad(const char *path, const char *text, const char *words)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_keyfile k;

	put(path, text);
	assert_int_equal(gd_keyfile_read(path, &k, &err), -1);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void reads_openssh_keys(void **state)
{
	GD_AUTO_FREE char *open = path_of("open"), *locked = path_of("locked");
	GD_AUTO_FREE char *ec = path_of("ec"), *certificate = path_of("ec-cert.pub");
	struct gd_keyfile k;

	(void)state;
	make_key(open, "ed25519", "");
	make_key(locked, "ed25519", "secret");
	make_key(ec, "ecdsa", "");
	k = read_key(open);
	assert_int_equal(k.kind, GD_KEY_ED25519);
	assert_false(k.encrypted);
	assert_false(k.has_certificate);
	assert_int_equal(k.blob_size, 51);
	gd_keyfile_fini(&k);
	k = read_key(locked);
	assert_int_equal(k.kind, GD_KEY_ED25519);
	assert_true(k.encrypted);
	assert_int_equal(k.blob_size, 51);
	gd_keyfile_fini(&k);
	put(certificate, "");
	k = read_key(ec);
	assert_int_equal(k.kind, GD_KEY_ECDSA);
	assert_true(k.has_certificate);
	gd_keyfile_fini(&k);
}

/* Every prefix of a key file is refused, none is read beyond its end. */
static void refuses_cut_keys(void **state)
{
	GD_AUTO_FREE char *whole = path_of("whole"), *cut = path_of("cut");
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err = GD_ERROR_INIT;
	size_t size;

	(void)state;
	make_key(whole, "ed25519", "");
	assert_int_equal(gd_file_read(whole, 10000, &text, &size, &err), 0);
	for (size_t n = 0; n + 40 < size; n += 7) {
		struct gd_keyfile k;
		FILE *f = fopen(cut, "we");

		assert_non_null(f);
		assert_int_equal(fwrite(text, 1, n, f), n);
		(void)fputs("\n-----END OPENSSH PRIVATE KEY-----\n", f);
		(void)fclose(f);
		if (gd_keyfile_read(cut, &k, &err) == 0) {
			/* What is left is enough for the public half. */
			assert_int_equal(k.kind, GD_KEY_ED25519);
			assert_true(n > 150);
			gd_keyfile_fini(&k);
		}
	}
}

static void reads_pem_headers(void **state)
{
	GD_AUTO_FREE char *path = path_of("pem");
	struct gd_keyfile k;

	(void)state;
	put(path, "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n");
	k = read_key(path);
	assert_int_equal(k.kind, GD_KEY_RSA);
	assert_true(k.encrypted);
	put(path, "-----BEGIN EC PRIVATE KEY-----\n");
	assert_int_equal(read_key(path).kind, GD_KEY_ECDSA);
	put(path, "-----BEGIN PRIVATE KEY-----\n");
	assert_int_equal(read_key(path).kind, GD_KEY_UNKNOWN);
	expect_bad(path, "ssh-ed25519 AAAA", "not a private key");
	expect_bad(path, "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", "cut short");
	expect_bad(
		path,
		"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
		"not an OpenSSH private key");
}

static void knows_kinds_of_blobs(void **state)
{
	(void)state;
	assert_int_equal(gd_key_kind_of((const unsigned char *)"\0\0\0\7ssh-rsa", 11),
			 GD_KEY_RSA);
	assert_int_equal(gd_key_kind_of((const unsigned char *)"\0\0\0\7ssh-dss", 11),
			 GD_KEY_OTHER);
	assert_int_equal(gd_key_kind_of((const unsigned char *)"\0\0\0\10ssh-rsa", 11),
			 GD_KEY_UNKNOWN);
	assert_int_equal(gd_key_kind_of((const unsigned char *)"\xff\xff\xff\xff", 4),
			 GD_KEY_UNKNOWN);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/gameday-test-keyfile-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	struct gd_error err = GD_ERROR_INIT;

	(void)state;
	return gd_remove_tree(dir, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_openssh_keys),
		cmocka_unit_test(refuses_cut_keys),
		cmocka_unit_test(reads_pem_headers),
		cmocka_unit_test(knows_kinds_of_blobs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
