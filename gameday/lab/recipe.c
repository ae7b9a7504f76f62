/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel unpacks an initramfs in order and makes no parent folders, so a folder's entry stands
 * before what is in it. Uncompressed: unpacking costs more under emulation than reading does.
 */
#include "gameday/lab/recipe.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/strbuf.h"

void gd_lab_recipe_fini(struct gd_lab_recipe *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->entries[i].path);
		free(r->entries[i].source);
	}
	free(r->entries);
	*r = (struct gd_lab_recipe){0};
}

/* "/bin/x" and "/usr/bin/x" are one place in the guest, as in Debian; no leading slash. */
static char *canonical(const char *path)
{
	static const char *const merged[] = {"bin/", "sbin/", "lib/", "lib64/"};

	path += *path == '/';
	for (size_t i = 0; i < GD_N_ELEMS(merged); i++)
		if (strncmp(path, merged[i], strlen(merged[i])) == 0)
			return gd_strf("usr/%s", path);
	return strdup(path);
}

static bool has(const struct gd_lab_recipe *r, const char *path)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->entries[i].path, path) == 0)
			return true;
	return false;
}

bool gd_lab_recipe_has(const struct gd_lab_recipe *r, const char *path)
{
	GD_AUTO_FREE char *name = canonical(path);

	return name && has(r, name);
}

/* Takes over path and source in every case. */
static int append(struct gd_lab_recipe *r, struct gd_lab_entry e, struct gd_error *err)
{
	GD_AUTO_FREE char *path = e.path, *source = e.source;

	if (r->n == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 256;
		struct gd_lab_entry *grown = realloc(r->entries, cap * sizeof(*grown));

		if (!grown)
			return gd_raise_nomem(err);
		r->entries = grown;
		r->cap = cap;
	}
	e.path = gd_steal_ptr(&path);
	e.source = gd_steal_ptr(&source);
	r->entries[r->n++] = e;
	return 0;
}

static int parents_add(struct gd_lab_recipe *r, const char *path, struct gd_error *err)
{
	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		GD_AUTO_FREE char *dir = strndup(path, (size_t)(slash - path));
		struct gd_lab_entry e = {.kind = GD_LAB_DIR, .mode = 0755};

		if (!dir)
			return gd_raise_nomem(err);
		if (has(r, dir))
			continue;
		e.path = gd_steal_ptr(&dir);
		if (append(r, e, err) != 0)
			return -1;
	}
	return 0;
}

/* Copies `source` bytes of size (NULL: none) into a new entry. */
static int add(struct gd_lab_recipe *r, enum gd_lab_entry_kind kind, const char *path,
	       mode_t mode, const void *source, size_t size, struct gd_error *err)
{
	GD_AUTO_FREE char *name = canonical(path), *copy = NULL;
	struct gd_lab_entry e = {.kind = kind, .mode = mode, .size = size};

	if (source) {
		size_t n = kind == GD_LAB_TEXT ? size : strlen(source);

		copy = malloc(n + 1);
		if (copy) {
			memcpy(copy, source, n);
			copy[n] = '\0';
		}
	}
	if (!name || (source && !copy))
		return gd_raise_nomem(err);
	if (has(r, name))
		return 0;
	if (parents_add(r, name, err) != 0)
		return -1;
	e.path = gd_steal_ptr(&name);
	e.source = gd_steal_ptr(&copy);
	return append(r, e, err);
}

int gd_lab_recipe_dir(struct gd_lab_recipe *r, const char *path, mode_t mode,
		      struct gd_error *err)
{
	return add(r, GD_LAB_DIR, path, mode, NULL, 0, err);
}

int gd_lab_recipe_link(struct gd_lab_recipe *r, const char *path, const char *target,
		       struct gd_error *err)
{
	return add(r, GD_LAB_LINK, path, 0777, target, 0, err);
}

int gd_lab_recipe_copy(struct gd_lab_recipe *r, const char *path, const char *source,
		       struct gd_error *err)
{
	struct stat st;

	if (stat(source, &st) != 0)
		return gd_raise_errno(err, "image: %s", source);
	if (!S_ISREG(st.st_mode))
		return gd_raise(err, GD_E_SYSTEM, "image: %s is not a file", source);
	return add(r, GD_LAB_COPY, path, st.st_mode & 0777, source, (size_t)st.st_size,
		   err);
}

int gd_lab_recipe_text(struct gd_lab_recipe *r, const char *path, const void *text,
		       size_t size, mode_t mode, struct gd_error *err)
{
	return add(r, GD_LAB_TEXT, path, mode, text, size, err);
}

int gd_lab_recipe_digest(const struct gd_lab_recipe *r, char ret[GD_SHA256_HEX],
			 struct gd_error *err)
{
	GD_AUTO_STRBUF(all);

	for (size_t i = 0; i < r->n; i++) {
		const struct gd_lab_entry *e = &r->entries[i];
		struct stat st = {0};

		if (e->kind == GD_LAB_COPY && stat(e->source, &st) != 0)
			return gd_raise_errno(err, "image: %s", e->source);
		gd_strbuf_addf(&all, "%d %o %zu %lld.%09ld %s\n", (int)e->kind, e->mode,
			       e->size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			       e->path);
		if (e->kind == GD_LAB_TEXT)
			gd_strbuf_add(&all, e->source, e->size);
		else if (e->source)
			gd_strbuf_adds(&all, e->source);
		gd_strbuf_addc(&all, '\n');
	}
	if (all.failed)
		return gd_raise_nomem(err);
	return gd_sha256_hex(gd_strbuf_str(&all), all.len, ret, err);
}

static void archive_close(struct archive **a)
{
	if (*a)
		(void)archive_write_free(*a);
}

static void entry_close(struct archive_entry **e)
{
	archive_entry_free(*e);
}

static int data_write(struct archive *a, const void *data, size_t size,
		      struct gd_error *err)
{
	if (size && archive_write_data(a, data, size) != (la_ssize_t)size)
		return gd_raise(err, GD_E_SYSTEM, "image: %s", archive_error_string(a));
	return 0;
}

static int copy_write(struct archive *a, const struct gd_lab_entry *e,
		      struct gd_error *err)
{
	GD_AUTO_FD int fd = open(e->source, O_RDONLY | O_CLOEXEC);
	char chunk[65536];
	size_t left = e->size;

	if (fd < 0)
		return gd_raise_errno(err, "image: %s", e->source);
	while (left) {
		ssize_t n = read(fd, chunk, left < sizeof(chunk) ? left : sizeof(chunk));

		if (n < 0)
			return gd_raise_errno(err, "image: %s", e->source);
		if (n == 0)
			return gd_raise(err, GD_E_SYSTEM, "image: %s shrank", e->source);
		if (data_write(a, chunk, (size_t)n, err) != 0)
			return -1;
		left -= (size_t)n;
	}
	return 0;
}

static int entry_write(struct archive *a, const struct gd_lab_entry *e, size_t ino,
		       struct gd_error *err)
{
	__attribute__((cleanup(entry_close))) struct archive_entry *h =
		archive_entry_new();
	static const unsigned types[] = {[GD_LAB_DIR] = AE_IFDIR,
					 [GD_LAB_LINK] = AE_IFLNK,
					 [GD_LAB_COPY] = AE_IFREG,
					 [GD_LAB_TEXT] = AE_IFREG};

	if (!h)
		return gd_raise_nomem(err);
	archive_entry_set_pathname(h, e->path);
	archive_entry_set_filetype(h, types[e->kind]);
	archive_entry_set_perm(h, e->mode);
	archive_entry_set_nlink(h, 1);
	archive_entry_set_ino64(h, (la_int64_t)ino + 1);
	archive_entry_set_size(h, (la_int64_t)e->size);
	if (e->kind == GD_LAB_LINK)
		archive_entry_set_symlink(h, e->source);
	if (archive_write_header(a, h) != ARCHIVE_OK)
		return gd_raise(err, GD_E_SYSTEM, "image: %s: %s", e->path,
				archive_error_string(a));
	if (e->kind == GD_LAB_TEXT)
		return data_write(a, e->source, e->size, err);
	return e->kind == GD_LAB_COPY ? copy_write(a, e, err) : 0;
}

int gd_lab_recipe_write(const struct gd_lab_recipe *r, const char *path,
			struct gd_error *err)
{
	__attribute__((cleanup(archive_close))) struct archive *a = archive_write_new();
	GD_AUTO_FREE char *beside = gd_strf("%s.new", path);

	if (!a || !beside)
		return gd_raise_nomem(err);
	if (archive_write_set_format_cpio_newc(a) != ARCHIVE_OK ||
	    archive_write_open_filename(a, beside) != ARCHIVE_OK)
		return gd_raise(err, GD_E_SYSTEM, "image: %s", archive_error_string(a));
	for (size_t i = 0; i < r->n; i++)
		if (entry_write(a, &r->entries[i], i, err) != 0)
			return -1;
	if (archive_write_close(a) != ARCHIVE_OK)
		return gd_raise(err, GD_E_SYSTEM, "image: %s", archive_error_string(a));
	if (rename(beside, path) != 0)
		return gd_raise_errno(err, "image: %s", path);
	return 0;
}
