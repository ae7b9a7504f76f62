/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs come with the libraries their loader names ("ld.so --list": what would really be mapped,
 * where reading the ELF headers would only guess). busybox fills the gaps with links, never in place
 * of a real program, and is not the shell: its shell would prefer its own ip and ping to the real.
 *
 * The image is named by the digest of its recipe, so a changed program makes a new image and a new
 * snapshot, and an unchanged one costs no time.
 */
#include "gameday/lab/image.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/base/strbuf.h"
#include "gameday/lab/embed.h"
#include "gameday/lab/modules.h"
#include "gameday/lab/programs.h"
#include "gameday/lab/recipe.h"
#include "gameday/lab/topology.h"

#define LOADER "/lib64/ld-linux-x86-64.so.2"
#define MODULES_MAX (8u << 20)

/* Lines are "NAME => /PATH (0x...)" or "/PATH (0x...)"; the rest (the vDSO) has no file. */
static int libraries_add(struct gd_lab_recipe *r, const char *program,
			 struct gd_error *err)
{
	const char *const argv[] = {LOADER, "--list", program, NULL};
	struct gd_proc_result res = {0};
	GD_AUTO_FREE char *out = NULL;
	char *save = NULL;

	if (gd_proc_run(argv, gd_span_s(20), &res, err) != 0)
		return -1;
	out = res.out;
	if (res.status != 0)
		return 0; /* a static program */
	for (char *line = strtok_r(out, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *path = strchr(line, '/');

		if (!path)
			continue;
		path[strcspn(path, " ")] = '\0';
		if (gd_lab_recipe_copy(r, path, path, err) != 0)
			return -1;
	}
	return 0;
}

static int programs_add(struct gd_lab_recipe *r, struct gd_error *err)
{
	for (size_t i = 0; i < gd_lab_n_programs; i++) {
		const struct gd_lab_program *p = &gd_lab_programs[i];
		GD_AUTO_FREE char *path = NULL;

		if (!(p->use & GD_LAB_USE_GUEST))
			continue;
		path = gd_lab_program_find(p->name);
		if (!path && p->use & GD_LAB_USE_MAYBE)
			continue;
		if (!path)
			return gd_raise(err, GD_E_REFUSED, "missing: %s", p->package);
		if (gd_lab_recipe_copy(r, path, path, err) != 0 ||
		    libraries_add(r, path, err) != 0)
			return -1;
	}
	return 0;
}

/* One busybox link a missing command; the list is busybox's own. */
static int applets_add(struct gd_lab_recipe *r, struct gd_error *err)
{
	const char *const argv[] = {"busybox", "--list", NULL};
	struct gd_proc_result res = {0};
	GD_AUTO_FREE char *out = NULL;
	char *save = NULL;

	if (gd_proc_run(argv, gd_span_s(20), &res, err) != 0)
		return -1;
	out = res.out;
	for (char *name = strtok_r(out, "\n", &save); name;
	     name = strtok_r(NULL, "\n", &save)) {
		GD_AUTO_FREE char *bin = gd_strf("/usr/bin/%s", name);
		GD_AUTO_FREE char *sbin = gd_strf("/usr/sbin/%s", name);

		if (!bin || !sbin)
			return gd_raise_nomem(err);
		if (!gd_lab_recipe_has(r, sbin) &&
		    gd_lab_recipe_link(r, bin, "busybox", err) != 0)
			return -1;
	}
	return 0;
}

/* All files of a folder here, to a folder there; nothing when it is not here. */
static int folder_add(struct gd_lab_recipe *r, const char *there, const char *here,
		      struct gd_error *err)
{
	DIR *d = opendir(here);
	struct dirent *e;
	int status = 0;

	while (d && status == 0 && (e = readdir(d))) {
		GD_AUTO_FREE char *from = gd_path_join(here, e->d_name);
		GD_AUTO_FREE char *to = gd_path_join(there, e->d_name);

		if (e->d_type != DT_REG)
			continue;
		status = from && to ? gd_lab_recipe_copy(r, to, from, err)
				    : gd_raise_nomem(err);
	}
	if (d)
		(void)closedir(d);
	return status;
}

static int modules_copy(struct gd_lab_recipe *r, const struct gd_lab_kernel *kernel,
			const char *list, struct gd_strbuf *absolute,
			struct gd_error *err)
{
	while (*list) {
		int len = (int)strcspn(list, "\n");
		GD_AUTO_FREE char *there =
			gd_strf("/usr/lib/modules/%s/%.*s", kernel->release, len, list);
		GD_AUTO_FREE char *here = gd_strf("%s/%.*s", kernel->modules, len, list);

		if (!there || !here)
			return gd_raise_nomem(err);
		if (gd_lab_recipe_copy(r, there, here, err) != 0)
			return -1;
		gd_strbuf_addf(absolute, "%s\n", there);
		list += len + (list[len] == '\n');
	}
	return 0;
}

/* modprobe's index files name every module of the kernel; those not in the guest just fail. */
static int modules_add(struct gd_lab_recipe *r, const struct gd_lab_kernel *kernel,
		       struct gd_error *err)
{
	GD_AUTO_FREE char *dep_path = gd_path_join(kernel->modules, "modules.dep"),
			  *dep = NULL;
	GD_AUTO_FREE char *builtin_path =
		gd_path_join(kernel->modules, "modules.builtin");
	GD_AUTO_FREE char *builtin = NULL, *index = NULL;
	struct gd_strbuf lists[GD_LAB_N_STAGES] = {0};
	size_t size;
	int status;

	if (!dep_path || !builtin_path)
		return gd_raise_nomem(err);
	if (gd_file_read(dep_path, MODULES_MAX, &dep, &size, err) != 0 ||
	    gd_file_read(builtin_path, MODULES_MAX, &builtin, &size, err) != 0)
		return -1;
	status = gd_lab_modules_order(dep, builtin, lists, err);
	for (size_t i = 0; i < GD_LAB_N_STAGES; i++) {
		GD_AUTO_STRBUF(absolute);
		GD_AUTO_FREE char *path =
			gd_strf("/lab/%s", gd_lab_stage_file((enum gd_lab_stage)i));

		if (status == 0)
			status = modules_copy(r, kernel, gd_strbuf_str(&lists[i]),
					      &absolute, err);
		if (status == 0)
			status = path && !absolute.failed
					 ? gd_lab_recipe_text(r, path,
							      gd_strbuf_str(&absolute),
							      absolute.len, 0644, err)
					 : gd_raise_nomem(err);
		gd_strbuf_fini(&lists[i]);
	}
	index = gd_strf("/usr/lib/modules/%s", kernel->release);
	if (status != 0 || !index)
		return status != 0 ? status : gd_raise_nomem(err);
	return folder_add(r, index, kernel->modules, err);
}

/* A guest file, filled in, as /lab/HOST/`to`. */
static int host_file(struct gd_lab_recipe *r, const struct gd_lab_host *host,
		     const char *name, const char *to, struct gd_error *err)
{
	GD_AUTO_FREE char *text = NULL, *path = gd_strf("/lab/%s/%s", host->name, to);

	if (!path)
		return gd_raise_nomem(err);
	if (gd_lab_guest_file_fill(name, host, &text, err) != 0)
		return -1;
	return gd_lab_recipe_text(r, path, text, strlen(text), 0644, err);
}

/* The same for a file that only some hosts have, named after host or role. */
static int host_file_maybe(struct gd_lab_recipe *r, const struct gd_lab_host *host,
			   const char *fmt_name, const char *to, struct gd_error *err)
{
	if (!gd_lab_guest_file_find(fmt_name))
		return 0;
	return host_file(r, host, fmt_name, to, err);
}

static int host_common(struct gd_lab_recipe *r, const struct gd_lab_host *host,
		       struct gd_error *err)
{
	static const struct {
		const char *name, *to;
	} files[] = {
		{"passwd", "etc/passwd"},       {"group", "etc/group"},
		{"shadow", "etc/shadow"},       {"hosts", "etc/hosts"},
		{"profile", "etc/profile"},     {"nsswitch.conf", "etc/nsswitch.conf"},
		{"mgmt.ip", "etc/lab/mgmt.ip"}, {"sshd_config", "etc/ssh/sshd_config"},
		{"bashrc", "root/.bashrc"},     {"hostname", "etc/hostname"},
	};
	GD_AUTO_FREE char *etc = gd_strf("/lab/%s/etc/iproute2", host->name);
	GD_AUTO_FREE char *mke2fs = gd_strf("/lab/%s/etc/mke2fs.conf", host->name);

	for (size_t i = 0; i < GD_N_ELEMS(files); i++)
		if (host_file(r, host, files[i].name, files[i].to, err) != 0)
			return -1;
	if (!etc || !mke2fs)
		return gd_raise_nomem(err);
	if (access("/etc/mke2fs.conf", R_OK) == 0 &&
	    gd_lab_recipe_copy(r, mke2fs, "/etc/mke2fs.conf", err) != 0)
		return -1;
	return folder_add(r, etc, "/etc/iproute2", err);
}

static int host_add(struct gd_lab_recipe *r, const struct gd_lab_host *host,
		    struct gd_error *err)
{
	const char *role = gd_lab_role_name(host->role);
	GD_AUTO_FREE char *ip = gd_strf("%s.ip", role),
			  *services = gd_strf("%s.services", role);
	GD_AUTO_FREE char *tc = gd_strf("%s.tc", host->name);
	GD_AUTO_FREE char *bird = gd_strf("bird-%s.conf", host->name);

	if (!ip || !services || !tc || !bird)
		return gd_raise_nomem(err);
	if (host_common(r, host, err) != 0 ||
	    host_file(r, host, ip, "etc/lab/data.ip", err) != 0 ||
	    host_file(r, host, services, "etc/lab/services", err) != 0 ||
	    host_file_maybe(r, host, tc, "etc/lab/data.tc", err) != 0 ||
	    host_file_maybe(r, host, bird, "etc/bird/bird.conf", err) != 0)
		return -1;
	if (host->role != GD_LAB_API)
		return 0;
	if (host_file(r, host, "nginx.conf", "etc/nginx/nginx.conf", err) != 0)
		return -1;
	return host_file(r, host, "index.html", "etc/nginx/html/index.html", err);
}

static int skeleton_add(struct gd_lab_recipe *r, struct gd_error *err)
{
	static const char *const dirs[] = {
		"usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "lab",  "proc", "sys",
		"dev",     "run",      "var",     "etc",       "root", "mnt"};
	static const char *const links[][2] = {{"bin", "usr/bin"},
					       {"sbin", "usr/sbin"},
					       {"lib", "usr/lib"},
					       {"lib64", "usr/lib64"}};
	const struct gd_lab_guest_file *init = gd_lab_guest_file_find("init");

	if (!init)
		return gd_raise(err, GD_E_BUG, "no init");
	for (size_t i = 0; i < GD_N_ELEMS(dirs); i++)
		if (gd_lab_recipe_dir(r, dirs[i], 0755, err) != 0)
			return -1;
	for (size_t i = 0; i < GD_N_ELEMS(links); i++)
		if (gd_lab_recipe_link(r, links[i][0], links[i][1], err) != 0)
			return -1;
	if (gd_lab_recipe_dir(r, "tmp", 01777, err) != 0)
		return -1;
	return gd_lab_recipe_text(r, "/init", init->begin,
				  (size_t)(init->end - init->begin), 0755, err);
}

/* tc looks for the delay distributions in the one folder, libnl in the other. */
static int distributions_add(struct gd_lab_recipe *r, struct gd_error *err)
{
	if (folder_add(r, "/usr/lib/tc", "/usr/lib/x86_64-linux-gnu/tc", err) != 0 ||
	    folder_add(r, "/usr/lib/tc", "/usr/lib/tc", err) != 0)
		return -1;
	return gd_lab_recipe_link(r, "/usr/lib/x86_64-linux-gnu/tc", "../tc", err);
}

static int recipe_make(struct gd_lab_recipe *r, const struct gd_lab_kernel *kernel,
		       struct gd_error *err)
{
	if (skeleton_add(r, err) != 0 || programs_add(r, err) != 0 ||
	    gd_lab_recipe_link(r, "/usr/bin/sh", "bash", err) != 0 ||
	    gd_lab_recipe_link(r, "/usr/sbin/modprobe", "../bin/kmod", err) != 0 ||
	    gd_lab_recipe_link(r, "/usr/sbin/lsmod", "../bin/kmod", err) != 0 ||
	    applets_add(r, err) != 0 || distributions_add(r, err) != 0 ||
	    modules_add(r, kernel, err) != 0)
		return -1;
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		if (host_add(r, &gd_lab_hosts[i], err) != 0)
			return -1;
	return 0;
}

int gd_lab_image_get(const char *cache, const struct gd_lab_kernel *kernel,
		     gd_lab_say_fn *say, void *say_ctx, struct gd_lab_image *ret,
		     struct gd_error *err)
{
	GD_AUTO_LAB_RECIPE(recipe);
	GD_AUTO_FREE char *dir = gd_path_join(cache, "image"), *path = NULL;
	char digest[GD_SHA256_HEX];

	if (!dir)
		return gd_raise_nomem(err);
	if (recipe_make(&recipe, kernel, err) != 0 ||
	    gd_lab_recipe_digest(&recipe, digest, err) != 0)
		return -1;
	path = gd_strf("%s/%.16s.cpio", dir, digest);
	if (!path)
		return gd_raise_nomem(err);
	if (access(path, R_OK) != 0) {
		say(say_ctx, "building the guest's image");
		/* One image is enough: another belongs to programs since upgraded. */
		if (gd_remove_tree(dir, err) != 0 || gd_mkdir_p(dir, 0700, err) != 0 ||
		    gd_lab_recipe_write(&recipe, path, err) != 0)
			return -1;
	}
	memcpy(ret->digest, digest, sizeof(digest));
	ret->path = gd_steal_ptr(&path);
	return 0;
}

void gd_lab_image_fini(struct gd_lab_image *image)
{
	free(image->path);
	*image = (struct gd_lab_image){0};
}
