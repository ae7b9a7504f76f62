/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files and texts of OpenSSH that decide where a connection goes and whom it trusts.
 * The first byte chooses: what `ssh -G` prints, a known_hosts file, a private key file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/remote/keyfile.h"
#include "gameday/remote/knownhosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_config(const char *text)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_target t = {.port = 22};
	int rc = gd_target_read_config(&t, text, &err);

	gd_assert(rc == 0 || err.code != GD_OK);
	gd_assert(t.port >= 1 && t.port <= UINT16_MAX);
	gd_assert(t.identities.n <= GD_TARGET_MAX_WORDS);
	gd_assert(t.known_hosts.n <= GD_TARGET_MAX_WORDS);
	/* Trust is left to ssh, not dropped, where we do not know how to check it. */
	gd_assert(rc < 0 || !strstr(text, "\nrevokedhostkeys /") || t.why_ssh[0]);
	gd_target_fini(&t);
}

static void ask(struct gd_known_hosts *k)
{
	char methods[GD_KNOWN_LIST] = "";
	const char *why = NULL;

	if (gd_known_hosts_methods(k, NULL, methods, &why) == 0)
		gd_assert(methods[0] && strlen(methods) < sizeof(methods));
	else
		gd_assert(why != NULL);
	(void)!gd_known_hosts_methods(k, "ssh-ed25519,rsa-sha2-512", methods, &why);
}

static void as_known_hosts(char *path)
{
	struct gd_target t = {.known_as = (char[]){"api-1.example"},
			      .host = (char[]){"api-1"},
			      .port = 2222,
			      .known_hosts = {.items = {path}, .n = 1}};
	LIBSSH2_SESSION *session = libssh2_session_init();
	GD_AUTO(gd_known_hosts) struct gd_known_hosts *k = NULL;
	struct gd_error err = GD_ERROR_INIT;

	if (session && gd_known_hosts_load(session, &t, &k, &err) == 0)
		ask(k);
	/* Before the session, whose allocator it uses. */
	gd_known_hosts_free(gd_steal_ptr(&k));
	(void)libssh2_session_free(session);
}

static void as_key(const char *path)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_keyfile k = {0};

	if (gd_keyfile_read(path, &k, &err) < 0) {
		gd_assert(err.code != GD_OK);
		return;
	}
	gd_assert(!k.blob == !k.blob_size);
	if (k.blob)
		gd_assert(k.kind == gd_key_kind_of(k.blob, k.blob_size));
	gd_keyfile_fini(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GD_AUTO_FREE char *text = size ? strndup((const char *)data + 1, size - 1) : NULL;
	GD_AUTO_FD int fd = memfd_create("input", MFD_CLOEXEC);
	struct gd_error err = GD_ERROR_INIT;
	char path[64];

	if (!text || fd < 0 || gd_fd_write_all(fd, data + 1, size - 1, &err) < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (data[0] % 3 == 0)
		as_config(text);
	else if (data[0] % 3 == 1)
		as_known_hosts(path);
	else
		as_key(path);
	return 0;
}
