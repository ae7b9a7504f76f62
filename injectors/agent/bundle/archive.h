/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of gameday-agent.bundle, shared by the packer and the launcher:
 *
 *   launcher (a static ELF file) | zstd frame of the archive | struct bundle_trailer
 *
 * The archive is a sequence of struct bundle_entry, each followed by its file's bytes.
 * Integers are little-endian as on the only machine that runs it, x86-64.
 */
#pragma once

#include <stdint.h>

#define BUNDLE_MAGIC "GDBUNDL1"
/*
 * Written last: a directory without it was never finished. It holds the number of bytes of
 * all other files in decimal, so that one that was damaged later is found out.
 */
#define BUNDLE_MARKER ".complete"
/* The names of the loader, whatever the build machine calls it, and of the program. */
#define BUNDLE_LOADER "ld-linux-x86-64.so.2"
#define BUNDLE_PROGRAM "gameday-agent"

enum {
	BUNDLE_MAX_NAME = 63,
	BUNDLE_MAX_FILES = 64,
	BUNDLE_MAX_RAW = 128 << 20, /* bytes of the archive, unpacked */
};

struct bundle_entry {
	char name[BUNDLE_MAX_NAME + 1]; /* no slash, not hidden, NUL-terminated */
	uint64_t size;
};

struct bundle_trailer {
	uint64_t packed_size; /* of the zstd frame */
	uint64_t raw_size;    /* of the archive */
	char magic[8];
};
