/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gameday/base/auto.h"

enum { MAX_FILE = 1 << 20, AT_RECURSIVE_ALL = 0x8000 /* AT_RECURSIVE */ };

static const int kept[] = {CAP_DAC_READ_SEARCH, CAP_SYSLOG, CAP_NET_RAW, CAP_SYS_PTRACE};

/* False: this host or container does not let us; the caller goes on without. */
static bool read_only_mounts(void)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       syscall(SYS_mount_setattr, -1, "/", AT_RECURSIVE_ALL, &attr,
		       sizeof(attr)) == 0;
}

static bool is_kept(int capability)
{
	for (size_t i = 0; i < GD_N_ELEMS(kept); i++)
		if (kept[i] == capability)
			return true;
	return false;
}

/* Also out of the bounding set, since a program that root starts gets all of that. */
static int keep_looking_only(struct gd_error *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};

	for (int c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		if (!is_kept(c) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
			return gd_raise_errno(err, "capability bounding set");
	for (size_t i = 0; i < GD_N_ELEMS(kept); i++) {
		sets[CAP_TO_INDEX(kept[i])].effective |= CAP_TO_MASK(kept[i]);
		sets[CAP_TO_INDEX(kept[i])].permitted |= CAP_TO_MASK(kept[i]);
	}
	if (syscall(SYS_capset, &head, sets) < 0)
		return gd_raise_errno(err, "capset");
	return 0;
}

/* A number of the environment, 0 when there is none. */
static unsigned id_of(const char *name)
{
	const char *text = getenv(name);
	char *end;
	unsigned long n;

	if (!text)
		return 0;
	n = strtoul(text, &end, 10);
	return end != text && *end == '\0' && n < UINT32_MAX ? (unsigned)n : 0;
}

static int become_login_user(uid_t uid, struct gd_error *err)
{
	const struct passwd *pw = getpwuid(uid);
	gid_t gid = pw ? pw->pw_gid : (gid_t)id_of("SUDO_GID");

	if ((!pw || initgroups(pw->pw_name, gid) < 0) && setgroups(0, NULL) < 0)
		return gd_raise_errno(err, "setgroups");
	if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return gd_raise_errno(err, "become the user who logged in");
	return 0;
}

static void limit(__rlimit_resource_t resource, rlim_t most)
{
	const struct rlimit l = {most, most};

	(void)setrlimit(resource, &l);
}

int gd_confine(bool as_root, bool *ret_read_only, struct gd_error *err)
{
	uid_t uid = (uid_t)id_of("SUDO_UID");

	*ret_read_only = false;
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, MAX_FILE);
	if (geteuid() == 0) {
		*ret_read_only = read_only_mounts();
		if (!as_root && uid != 0 && become_login_user(uid, err) < 0)
			return -1;
		if (!as_root && uid == 0 && keep_looking_only(err) < 0)
			return -1;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return gd_raise_errno(err, "no_new_privs");
	return 0;
}
