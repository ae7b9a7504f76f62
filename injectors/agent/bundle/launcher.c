/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runner uploads: a static program with the agent's files behind it.
 *
 *   launcher --unpack STAGING FINAL SHA256
 *
 * checks that its own file has the digest, unpacks into STAGING (a directory made for this,
 * 0700, where this file lies), syncs, writes the marker, removes itself and renames STAGING
 * to FINAL. When FINAL is there already (another runner was faster), STAGING is removed.
 * Being static it runs on any x86-64 kernel, whatever C library the target has.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "injectors/agent/bundle/archive.h"
#include "injectors/agent/bundle/sha256.h"

struct span {
	const unsigned char *data;
	size_t size;
};

/* One line that the runner shows; the process ends with status 1. */
static int fail(const char *what, const char *name)
{
	(void)fprintf(stderr, "gameday-agent launcher: %s %s%s%s\n", what, name,
		      errno ? ": " : "", errno ? strerror(errno) : "");
	return -1;
}

static int map_self(struct span *ret)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail("can't read", "/proc/self/exe");
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	(void)close(fd);
	if (data == MAP_FAILED)
		return fail("can't map", "/proc/self/exe");
	*ret = (struct span){data, (size_t)st.st_size};
	return 0;
}

static int check_digest(struct span self, const char *want)
{
	char hex[SHA256_HEX];
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, self.data, self.size);
	sha256_hex(&s, hex);
	errno = 0;
	return strcmp(hex, want) == 0 ? 0 : fail("arrived damaged, digest", hex);
}

static int decompress(struct span self, struct span *ret)
{
	struct bundle_trailer t;
	unsigned char *raw;

	errno = 0;
	if (self.size < sizeof(t))
		return fail("has no", "trailer");
	memcpy(&t, self.data + self.size - sizeof(t), sizeof(t));
	if (memcmp(t.magic, BUNDLE_MAGIC, sizeof(t.magic)) != 0 ||
	    t.raw_size > BUNDLE_MAX_RAW || t.packed_size > self.size - sizeof(t))
		return fail("has a broken", "trailer");
	raw = malloc(t.raw_size + 1);
	if (!raw)
		return fail("no memory for", "the archive");
	if (ZSTD_decompress(raw, t.raw_size,
			    self.data + self.size - sizeof(t) - t.packed_size,
			    t.packed_size) != t.raw_size) {
		free(raw);
		return fail("has a broken", "archive");
	}
	*ret = (struct span){raw, t.raw_size};
	return 0;
}

static int write_all(int fd, const unsigned char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int write_file(int dir, const char *name, const unsigned char *data, size_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0700);
	bool ok;

	if (fd < 0)
		return fail("can't create", name);
	ok = write_all(fd, data, size) == 0 && fsync(fd) == 0;
	if (!ok)
		(void)fail("can't write", name);
	(void)close(fd);
	return ok ? 0 : -1;
}

static bool is_plain_name(const char name[BUNDLE_MAX_NAME + 1])
{
	return memchr(name, '\0', BUNDLE_MAX_NAME + 1) && name[0] != '\0' &&
	       name[0] != '.' && !strchr(name, '/');
}

/* The number of files, or -1. */
static int unpack(int dir, struct span archive)
{
	size_t at = 0;
	int n = 0;

	for (; at < archive.size; n++) {
		struct bundle_entry e;

		errno = 0;
		if (n == BUNDLE_MAX_FILES || archive.size - at < sizeof(e))
			return fail("has a broken", "archive");
		memcpy(&e, archive.data + at, sizeof(e));
		at += sizeof(e);
		if (!is_plain_name(e.name) || e.size > archive.size - at)
			return fail("has a broken", "archive entry");
		if (write_file(dir, e.name, archive.data + at, e.size) < 0)
			return -1;
		at += e.size;
	}
	return n;
}

static void remove_staging(const char *staging, int dir, struct span archive)
{
	struct bundle_entry e;

	for (size_t at = 0; archive.size - at >= sizeof(e); at += sizeof(e) + e.size) {
		memcpy(&e, archive.data + at, sizeof(e));
		(void)unlinkat(dir, e.name, 0);
	}
	(void)unlinkat(dir, BUNDLE_MARKER, 0);
	(void)rmdir(staging);
}

/* Makes FINAL appear at once and whole, or finds that it is there already. */
static int publish(const char *staging, const char *final, int dir, struct span archive,
		   size_t n_files)
{
	char total[32];

	(void)snprintf(total, sizeof(total), "%zu\n",
		       archive.size - n_files * sizeof(struct bundle_entry));
	if (write_file(dir, BUNDLE_MARKER, (const unsigned char *)total, strlen(total)) <
	    0)
		return -1;
	if (fsync(dir) < 0)
		return fail("can't sync", staging);
	if (rename(staging, final) == 0)
		return 0;
	if (errno != EEXIST && errno != ENOTEMPTY)
		return fail("can't rename to", final);
	remove_staging(staging, dir, archive);
	return 0;
}

static int run(const char *staging, const char *final, const char *digest)
{
	struct span self = {0}, archive = {0};
	int dir, n_files, outcome = -1;

	if (map_self(&self) < 0 || check_digest(self, digest) < 0 ||
	    decompress(self, &archive) < 0)
		return -1;
	dir = open(staging, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return fail("can't open", staging);
	(void)unlinkat(dir, "launcher", 0);
	n_files = unpack(dir, archive);
	if (n_files > 0)
		outcome = publish(staging, final, dir, archive, (size_t)n_files);
	(void)close(dir);
	return outcome;
}

int main(int argc, char **argv)
{
	(void)umask(077);
	if (argc != 5 || strcmp(argv[1], "--unpack") != 0) {
		(void)fprintf(stderr, "usage: launcher --unpack STAGING FINAL SHA256\n");
		return 2;
	}
	return run(argv[2], argv[3], argv[4]) == 0 ? 0 : 1;
}
