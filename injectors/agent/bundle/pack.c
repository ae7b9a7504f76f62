/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build tool: gd-pack-agent PROGRAM LAUNCHER OUTPUT
 *
 * Gathers a program, the shared libraries that ldd names for it, and its dynamic loader,
 * and writes the bundle that launcher.c unpacks. The same inputs give the same bytes, so
 * the bundle's digest names its content.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "gameday/base/auto.h"
#include "gameday/base/error.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/base/strbuf.h"
#include "injectors/agent/bundle/archive.h"

/* A level higher costs seconds a build and saves a tenth of the bytes. */
enum { ZSTD_LEVEL = 12 };

static int add_file(struct gd_strbuf *archive, const char *path, const char *name,
		    struct gd_error *err)
{
	struct bundle_entry e = {0};
	GD_AUTO_FREE char *data = NULL;
	size_t size;

	if (strlen(name) > BUNDLE_MAX_NAME)
		return gd_raise(err, GD_E_INPUT, "%s: name too long for a bundle", name);
	if (gd_file_read(path, BUNDLE_MAX_RAW, &data, &size, err) < 0)
		return -1;
	memcpy(e.name, name, strlen(name) + 1);
	e.size = size;
	gd_strbuf_add(archive, &e, sizeof(e));
	gd_strbuf_add(archive, data, size);
	return archive->failed ? gd_raise_nomem(err) : 0;
}

/*
 * A line of ldd: "\tlibz.so.1 => /lib/libz.so.1 (0x...)", the loader without "=>", the
 * vdso with neither. "not found" in place of a path is an error.
 */
static int add_library(struct gd_strbuf *archive, const char *line, struct gd_error *err)
{
	const char *path = strchr(line, '/');
	const char *end = path ? strstr(path, " (0x") : NULL;
	GD_AUTO_FREE char *copy = NULL;
	const char *name;

	if (strstr(line, "not found"))
		return gd_raise(err, GD_E_INPUT, "library missing:%s", line);
	if (!path || !end)
		return 0;
	copy = strndup(path, (size_t)(end - path));
	if (!copy)
		return gd_raise_nomem(err);
	name = strrchr(copy, '/') + 1;
	return add_file(archive, copy,
			strncmp(name, "ld-", 3) == 0 ? BUNDLE_LOADER : name, err);
}

static int add_libraries(struct gd_strbuf *archive, const char *program,
			 struct gd_error *err)
{
	const char *const argv[] = {"ldd", program, NULL};
	struct gd_proc_result r;
	GD_AUTO_FREE char *out = NULL;
	char *save = NULL;

	if (gd_proc_run(argv, gd_span_s(60), &r, err) < 0)
		return -1;
	out = r.out;
	if (r.status != 0)
		return gd_raise(err, GD_E_SYSTEM, "ldd %s: %s", program, out);
	for (char *line = strtok_r(out, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (add_library(archive, line, err) < 0)
			return -1;
	return 0;
}

static int compress(const struct gd_strbuf *archive, struct gd_strbuf *out,
		    struct gd_error *err)
{
	size_t bound = ZSTD_compressBound(archive->len);
	GD_AUTO_FREE void *packed = malloc(bound);
	struct bundle_trailer t = {.raw_size = archive->len};
	size_t n;

	if (!packed)
		return gd_raise_nomem(err);
	n = ZSTD_compress(packed, bound, archive->data, archive->len, ZSTD_LEVEL);
	if (ZSTD_isError(n))
		return gd_raise(err, GD_E_SYSTEM, "zstd: %s", ZSTD_getErrorName(n));
	t.packed_size = n;
	memcpy(t.magic, BUNDLE_MAGIC, sizeof(t.magic));
	gd_strbuf_add(out, packed, n);
	gd_strbuf_add(out, &t, sizeof(t));
	return out->failed ? gd_raise_nomem(err) : 0;
}

static int pack(const char *program, const char *launcher, const char *output,
		struct gd_error *err)
{
	GD_AUTO_STRBUF(archive);
	GD_AUTO_STRBUF(bundle);
	GD_AUTO_FREE char *head = NULL;
	size_t head_size;

	if (add_file(&archive, program, BUNDLE_PROGRAM, err) < 0 ||
	    add_libraries(&archive, program, err) < 0 ||
	    gd_file_read(launcher, BUNDLE_MAX_RAW, &head, &head_size, err) < 0)
		return -1;
	gd_strbuf_add(&bundle, head, head_size);
	if (compress(&archive, &bundle, err) < 0)
		return -1;
	return gd_file_write(output, bundle.data, bundle.len, 0755, err);
}

int main(int argc, char **argv)
{
	struct gd_error err = GD_ERROR_INIT;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: gd-pack-agent PROGRAM LAUNCHER OUTPUT\n");
		return 2;
	}
	if (pack(argv[1], argv[2], argv[3], &err) < 0) {
		(void)fprintf(stderr, "gd-pack-agent: %s\n", err.text);
		return 1;
	}
	return 0;
}
