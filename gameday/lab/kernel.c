/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU boots an uncompressed vmlinux through its PVH entry in half the time the compressed image
 * takes to unpack itself under emulation; so the payload is taken out of the bzImage here, once. The
 * setup header says where it lies; what compressed it (XZ in Debian's full kernel) libarchive knows.
 *
 * The full kernel package and not the cloud one: only the full one has e1000, whose rings can be
 * shrunk. A download appears under its final name only when it is complete.
 */
#include "gameday/lab/kernel.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"

#define E1000 "kernel/drivers/net/ethernet/intel/e1000/e1000.ko"
#define META_PACKAGE "linux-image-amd64"
#define VMLINUX_MAX (512u << 20)
#define VMLINUZ_MAX (128u << 20)

static const int FETCH_LIMIT_S = 300;

void gd_lab_kernel_fini(struct gd_lab_kernel *k)
{
	free(k->release);
	free(k->vmlinux);
	free(k->modules);
	*k = (struct gd_lab_kernel){0};
}

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

int gd_lab_bzimage_payload(const void *image, size_t size, size_t *ret_offset,
			   size_t *ret_size, struct gd_error *err)
{
	const unsigned char *p = image;
	size_t setup, offset, len;

	/* Documentation/arch/x86/boot.rst: "HdrS" at 0x202, protocol 2.08 brought the payload. */
	if (size < 0x250 || memcmp(p + 0x202, "HdrS", 4) != 0 ||
	    (p[0x206] | p[0x207] << 8) < 0x208)
		return gd_raise(err, GD_E_INPUT, "not an x86 kernel image");
	setup = ((size_t)(p[0x1f1] ? p[0x1f1] : 4) + 1) * 512;
	offset = setup + le32(p + 0x248);
	len = le32(p + 0x24c);
	if (len <= 4 || offset > size || len > size - offset)
		return gd_raise(err, GD_E_INPUT,
				"kernel image is cut off: payload %zu+%zu of %zu", offset,
				len, size);
	*ret_offset = offset;
	*ret_size = len - 4; /* behind the payload stands its unpacked size */
	return 0;
}

static void archive_close(struct archive **a)
{
	if (*a)
		(void)archive_read_free(*a);
}

static int inflate_to(const void *data, size_t size, FILE *out, struct gd_error *err)
{
	__attribute__((cleanup(archive_close))) struct archive *a = archive_read_new();
	struct archive_entry *entry;
	char chunk[65536];
	la_ssize_t n;
	size_t total = 0;

	if (!a)
		return gd_raise_nomem(err);
	if (archive_read_support_filter_all(a) < ARCHIVE_WARN ||
	    archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_open_memory(a, data, size) != ARCHIVE_OK ||
	    archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return gd_raise(err, GD_E_SYSTEM, "unpack: %s", archive_error_string(a));
	while ((n = archive_read_data(a, chunk, sizeof(chunk))) > 0) {
		total += (size_t)n;
		if (total > VMLINUX_MAX)
			return gd_raise(err, GD_E_INPUT,
					"unpack: larger than a kernel can be");
		if (fwrite(chunk, 1, (size_t)n, out) != (size_t)n)
			return gd_raise_errno(err, "unpack");
	}
	if (n < 0)
		return gd_raise(err, GD_E_SYSTEM, "unpack: %s", archive_error_string(a));
	return 0;
}

static void file_close(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

static int vmlinux_make(const char *vmlinuz, const char *vmlinux, struct gd_error *err)
{
	GD_AUTO_FREE char *image = NULL, *beside = gd_strf("%s.new", vmlinux);
	__attribute__((cleanup(file_close))) FILE *out = NULL;
	size_t size, offset, len;

	if (!beside)
		return gd_raise_nomem(err);
	if (gd_file_read(vmlinuz, VMLINUZ_MAX, &image, &size, err) != 0)
		return -1;
	if (gd_lab_bzimage_payload(image, size, &offset, &len, err) != 0)
		return gd_wrap(err, "%s: ", vmlinuz);
	out = fopen(beside, "we");
	if (!out)
		return gd_raise_errno(err, "%s", beside);
	if (inflate_to(image + offset, len, out, err) != 0)
		return gd_wrap(err, "%s: ", vmlinuz);
	if (fflush(out) != 0 || rename(beside, vmlinux) != 0)
		return gd_raise_errno(err, "%s", vmlinux);
	return 0;
}

/* The newest name in dir that begins with prefix (by version order); NULL if there is none. */
static char *newest(const char *dir, const char *prefix)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char *best = NULL;

	while (d && (e = readdir(d))) {
		if (strncmp(e->d_name, prefix, strlen(prefix)) != 0 ||
		    e->d_name[0] == '.')
			continue;
		if (best && strverscmp(e->d_name, best) <= 0)
			continue;
		free(best);
		best = strdup(e->d_name);
	}
	if (d)
		(void)closedir(d);
	return best;
}

static int kernel_fill(const char *release, char *vmlinux, char *modules,
		       struct gd_lab_kernel *ret, struct gd_error *err)
{
	*ret = (struct gd_lab_kernel){
		.release = strdup(release), .vmlinux = vmlinux, .modules = modules};
	if (ret->release && ret->vmlinux && ret->modules)
		return 0;
	gd_lab_kernel_fini(ret);
	return gd_raise_nomem(err);
}

enum { NOT_THERE = 1 };

static int from_cache(const char *dir, struct gd_lab_kernel *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *release = newest(dir, "");

	if (!release)
		return NOT_THERE;
	return kernel_fill(release, gd_strf("%s/%s/vmlinux", dir, release),
			   gd_strf("%s/%s/lib/modules/%s", dir, release, release), ret,
			   err);
}

/* An installed kernel will do when its image may be read (not so on Ubuntu) and it has e1000. */
static int from_system(const char *dir, struct gd_lab_kernel *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *image = newest("/boot", "vmlinuz-"), *vmlinuz = NULL,
			  *modules = NULL;
	GD_AUTO_FREE char *e1000 = NULL, *home = NULL, *vmlinux = NULL, *dep = NULL;
	const char *release;

	if (!image)
		return NOT_THERE;
	release = image + strlen("vmlinuz-");
	vmlinuz = gd_strf("/boot/%s", image);
	modules = gd_strf("/lib/modules/%s", release);
	e1000 = gd_strf("/lib/modules/%s/" E1000, release);
	dep = gd_strf("/lib/modules/%s/modules.dep", release);
	home = gd_strf("%s/.installed-%s", dir, release);
	vmlinux = gd_strf("%s/.installed-%s/vmlinux", dir, release);
	if (!vmlinuz || !modules || !e1000 || !dep || !home || !vmlinux)
		return gd_raise_nomem(err);
	if (access(vmlinuz, R_OK) != 0 || access(e1000, R_OK) != 0 ||
	    access(dep, R_OK) != 0)
		return NOT_THERE;
	if (access(vmlinux, R_OK) != 0 && (gd_mkdir_p(home, 0700, err) != 0 ||
					   vmlinux_make(vmlinuz, vmlinux, err) != 0))
		return -1;
	return kernel_fill(release, gd_steal_ptr(&vmlinux), gd_steal_ptr(&modules), ret,
			   err);
}

/* The versioned package that the meta package depends on today. */
static int package_name(char **ret, struct gd_error *err)
{
	const char *const argv[] = {"apt-cache", "depends", META_PACKAGE, NULL};
	struct gd_proc_result res = {0};
	GD_AUTO_FREE char *out = NULL;
	const char *at;
	char *name;

	if (gd_proc_run(argv, gd_span_s(60), &res, err) != 0)
		return -1;
	out = res.out;
	at = strstr(out, "Depends: linux-image-");
	if (!at)
		return gd_raise(err, GD_E_REFUSED,
				"apt knows no " META_PACKAGE
				": run `apt-get update`, or install a "
				"kernel package");
	at += strlen("Depends: ");
	name = strndup(at, strcspn(at, " \n"));
	if (!name)
		return gd_raise_nomem(err);
	*ret = name;
	return 0;
}

/* apt-get downloads into the working directory and has no option for another. */
static int package_fetch(const char *dir, const char *package, struct gd_error *err)
{
	GD_AUTO_FREE char *chdir_arg = gd_strf("--chdir=%s", dir);
	const char *const argv[] = {"env",      chdir_arg, "apt-get", "-q",
				    "download", package,   NULL};

	return chdir_arg ? gd_proc_must(argv, gd_span_s(FETCH_LIMIT_S), err)
			 : gd_raise_nomem(err);
}

static int package_unpack(const char *dir, const char *release, struct gd_error *err)
{
	GD_AUTO_FREE char *deb_name = newest(dir, "linux-image-"), *deb = NULL,
			  *vmlinuz = NULL;
	GD_AUTO_FREE char *vmlinux = gd_path_join(dir, "vmlinux"),
			  *boot = gd_path_join(dir, "boot");

	if (!deb_name)
		return gd_raise(err, GD_E_SYSTEM,
				"apt-get download left no package in %s", dir);
	deb = gd_path_join(dir, deb_name);
	vmlinuz = gd_strf("%s/boot/vmlinuz-%s", dir, release);
	if (!deb || !vmlinuz || !vmlinux || !boot)
		return gd_raise_nomem(err);
	if (gd_proc_must((const char *const[]){"dpkg-deb", "-x", deb, dir, NULL},
			 gd_span_s(FETCH_LIMIT_S), err) != 0 ||
	    gd_proc_must((const char *const[]){"/sbin/depmod", "-b", dir, release, NULL},
			 gd_span_s(120), err) != 0 ||
	    vmlinux_make(vmlinuz, vmlinux, err) != 0)
		return -1;
	if (unlink(deb) != 0)
		return gd_raise_errno(err, "%s", deb);
	return gd_remove_tree(boot, err);
}

static int from_package(const char *dir, gd_lab_say_fn *say, void *say_ctx,
			struct gd_error *err)
{
	GD_AUTO_FREE char *package = NULL, *tmp = gd_path_join(dir, ".new"), *home = NULL;
	GD_AUTO_FREE char *text = NULL;
	const char *release;

	if (!tmp)
		return gd_raise_nomem(err);
	if (package_name(&package, err) != 0)
		return -1;
	release = package + strlen("linux-image-");
	text = gd_strf("fetching %s (70 MB, once)", package);
	home = gd_path_join(dir, release);
	if (!text || !home)
		return gd_raise_nomem(err);
	say(say_ctx, text);
	if (gd_remove_tree(tmp, err) != 0 || gd_mkdir_p(tmp, 0700, err) != 0 ||
	    package_fetch(tmp, package, err) != 0)
		return -1;
	say(say_ctx, "unpacking the kernel");
	if (package_unpack(tmp, release, err) != 0)
		return -1;
	if (rename(tmp, home) != 0)
		return gd_raise_errno(err, "%s", home);
	return 0;
}

int gd_lab_kernel_get(const char *cache, gd_lab_say_fn *say, void *say_ctx,
		      struct gd_lab_kernel *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *dir = gd_path_join(cache, "kernel");
	int r;

	if (!dir)
		return gd_raise_nomem(err);
	if (gd_mkdir_p(dir, 0700, err) != 0)
		return gd_wrap(err, "kernel: ");
	r = from_cache(dir, ret, err);
	if (r == NOT_THERE)
		r = from_system(dir, ret, err);
	if (r == NOT_THERE) {
		r = from_package(dir, say, say_ctx, err);
		if (r == 0)
			r = from_cache(dir, ret, err);
	}
	if (r == NOT_THERE)
		return gd_raise(err, GD_E_SYSTEM, "kernel: %s was emptied meanwhile",
				dir);
	return r == 0 ? 0 : gd_wrap(err, "kernel: ");
}
