/* SPDX-License-Identifier: Apache-2.0 */
/* One table for what is asked of the machine and what goes into the guest, so they can't differ. */
#include "gameday/lab/programs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/strbuf.h"

#define HOST GD_LAB_USE_HOST
#define GUEST GD_LAB_USE_GUEST
#define MAYBE (GD_LAB_USE_GUEST | GD_LAB_USE_MAYBE)

const struct gd_lab_program gd_lab_programs[] = {
	{"qemu-system-x86_64", "qemu-system-x86", HOST},
	{"ssh", "openssh-client", HOST},
	{"ssh-keygen", "openssh-client", HOST},
	{"mkfs.ext4", "e2fsprogs", HOST | MAYBE},
	{"dpkg-deb", "dpkg", HOST},
	{"depmod", "kmod", HOST},
	{"bash", "bash", GUEST},
	{"busybox", "busybox-static", GUEST},
	{"kmod", "kmod", GUEST},
	{"ip", "iproute2", GUEST},
	{"tc", "iproute2", GUEST},
	{"ss", "iproute2", GUEST},
	{"bridge", "iproute2", MAYBE},
	{"ping", "iputils-ping", GUEST},
	{"ethtool", "ethtool", GUEST},
	{"dmsetup", "dmsetup", GUEST},
	{"curl", "curl", GUEST},
	{"sshd", "openssh-server", GUEST},
	{"/usr/lib/openssh/sftp-server", "openssh-sftp-server", GUEST},
	{"bird", "bird2", GUEST},
	{"birdc", "bird2", GUEST},
	{"etcd", "etcd-server", GUEST},
	{"etcdctl", "etcd-client", GUEST},
	{"nginx", "nginx-light", GUEST},
	{"ps", "procps", MAYBE},
	{"pgrep", "procps", MAYBE},
	{"pkill", "procps", MAYBE},
	{"sysctl", "procps", MAYBE},
	{"taskset", "util-linux", MAYBE},
	{"tcpdump", "tcpdump", MAYBE},
	{"nft", "nftables", MAYBE},
};
const size_t gd_lab_n_programs = GD_N_ELEMS(gd_lab_programs);

static char *find_below(const char *root, const char *name)
{
	static const char *const dirs[] = {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"};

	/* An absolute name has its folder. */
	for (size_t i = 0; i < (name[0] == '/' ? 1 : GD_N_ELEMS(dirs)); i++) {
		char *path = gd_strf("%s%s%s", root, name[0] == '/' ? "" : dirs[i], name);

		if (path && access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

char *gd_lab_program_find(const char *name)
{
	return find_below("", name);
}

static bool named(const struct gd_strbuf *sb, const char *package)
{
	const char *at = strstr(gd_strbuf_str(sb), package);

	return at && (at[strlen(package)] == ' ' || at[strlen(package)] == '\0');
}

int gd_lab_programs_check(const char *root, struct gd_error *err)
{
	GD_AUTO_STRBUF(missing);

	for (size_t i = 0; i < gd_lab_n_programs; i++) {
		const struct gd_lab_program *p = &gd_lab_programs[i];
		GD_AUTO_FREE char *path = find_below(root, p->name);

		if (path || (p->use & GD_LAB_USE_MAYBE && !(p->use & GD_LAB_USE_HOST)) ||
		    named(&missing, p->package))
			continue;
		if (missing.len)
			gd_strbuf_addc(&missing, ' ');
		gd_strbuf_adds(&missing, p->package);
	}
	if (missing.failed)
		return gd_raise_nomem(err);
	if (!missing.len)
		return 0;
	return gd_raise(err, GD_E_REFUSED,
			"missing: %s -- install with: apt-get install %s",
			gd_strbuf_str(&missing), gd_strbuf_str(&missing));
}
