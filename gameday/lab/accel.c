/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening /dev/kvm proves nothing: on some nested hosts the first guest instruction hangs. The trial
 * boots the kernel without an initramfs; it must find no root, panic, reboot, and so end QEMU.
 */
#include "gameday/lab/interrupt.h"
#include "gameday/lab/qemu.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"

static const int TRIAL_LIMIT_S = 8;

/* GD_OK with *ret set when the kept verdict is about this very kernel and QEMU. */
static bool verdict_read(const char *path, const char *key, bool *ret)
{
	struct gd_error ignored = GD_ERROR_INIT;
	GD_AUTO_FREE char *text = NULL;
	size_t size, len = strlen(key);

	if (gd_file_read(path, 4096, &text, &size, &ignored) != 0 ||
	    strncmp(text, key, len) != 0)
		return false;
	*ret = strcmp(text + len, ": works\n") == 0;
	return *ret || strcmp(text + len, ": hangs or fails\n") == 0;
}

static bool trial(const char *vmlinux)
{
	const char *const argv[] = {GD_LAB_QEMU,  "-nodefaults", "-no-user-config",
				    "-no-reboot", "-display",    "none",
				    "-machine",   "pc",          "-accel",
				    "kvm",        "-cpu",        "host",
				    "-m",         "256",         "-kernel",
				    vmlinux,      "-append",     "panic=-1 quiet",
				    NULL};
	struct gd_error ignored = GD_ERROR_INIT;
	struct gd_proc_result res = {0};
	bool works;

	if (gd_proc_run(argv, gd_span_s(TRIAL_LIMIT_S), &res, &ignored) != 0)
		return false;
	works = res.status == 0;
	free(res.out);
	return works;
}

int gd_lab_kvm_works(const char *cache, const char *vmlinux, const char *version,
		     bool *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(cache, "kvm-verdict"), *key = NULL,
			  *text = NULL;
	struct utsname host;

	if (access("/dev/kvm", R_OK | W_OK) != 0) {
		*ret = false;
		return 0;
	}
	if (uname(&host) != 0)
		return gd_raise_errno(err, "uname");
	key = gd_strf("KVM on Linux %s %s, %s", host.release, host.version, version);
	if (!path || !key)
		return gd_raise_nomem(err);
	if (verdict_read(path, key, ret))
		return 0;
	*ret = trial(vmlinux);
	/* A trial that Ctrl-C cut short says nothing. */
	if (gd_lab_interrupt_check(err) != 0)
		return -1;
	text = gd_strf("%s: %s\n", key, *ret ? "works" : "hangs or fails");
	if (!text)
		return gd_raise_nomem(err);
	return gd_file_write(path, text, strlen(text), 0600, err);
}
