/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deals the network cards out to the hosts. Cards are recognised by MAC address: with several
 * probed at once their kernel names depend on the day. One `ip -batch` does a whole round.
 *
 * The management NIC stays here and each host gets a macvlan child of it in private mode, which
 * may not talk to its siblings: eth0 is a way in from outside and no path between hosts.
 */
#include "gameday/lab/guest/guest.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCH "/run/nic.ip"
#define IP "ip"

static bool mac_is(const char *nic, const char *mac)
{
	char path[64], got[32] = "";
	FILE *f;

	if (snprintf(path, sizeof path, "/sys/class/net/%.16s/address", nic) >=
	    (int)sizeof path)
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(got, sizeof got, f))
		got[0] = '\0';
	(void)fclose(f);
	return strncmp(got, mac, strlen(mac)) == 0;
}

bool gd_nic_by_mac(const char *mac, char name[static 16])
{
	DIR *d = opendir("/sys/class/net");
	struct dirent *e;
	bool found = false;

	if (!d)
		return false;
	while (!found && (e = readdir(d)))
		if (e->d_name[0] != '.' && strlen(e->d_name) < 16 &&
		    mac_is(e->d_name, mac)) {
			memcpy(name, e->d_name, strlen(e->d_name) + 1);
			found = true;
		}
	closedir(d);
	return found;
}

/* Every wait in here is for a driver to probe: bounded, and said when it is too long. */
static bool nic_await(const char *mac, char name[static 16])
{
	for (int tries = 0; tries < 3000; tries++) {
		if (gd_nic_by_mac(mac, name))
			return true;
		usleep(10000);
	}
	gd_say("no network card %s", mac);
	return false;
}

static pid_t pid_of(const pid_t pids[static GD_LAB_N_HOSTS], const char *name)
{
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		if (strcmp(gd_lab_hosts[i].name, name) == 0)
			return pids[i];
	return 0;
}

static void batch_run(FILE *f)
{
	if (fclose(f) == 0)
		(void)gd_run((const char *const[]){IP, "-batch", BATCH, NULL});
}

void gd_nic_give_mgmt(const pid_t pids[static GD_LAB_N_HOSTS])
{
	char mgmt[16];
	FILE *f = fopen(BATCH, "we");

	if (!f || !nic_await(GD_LAB_MGMT_MAC, mgmt))
		return;
	/* Its kernel name may be eth0, which would then be taken for the one to be made. */
	(void)fprintf(f, "link set dev %s name mgmt\nlink set dev mgmt up\n", mgmt);
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		(void)fprintf(f,
			      "link add link mgmt name eth0 address %s netns %d "
			      "type macvlan mode private\n",
			      gd_lab_hosts[i].mgmt_mac, (int)pids[i]);
	(void)fprintf(f,
		      "link add name eth2 netns %d type veth peer name eth2 netns %d\n",
		      (int)pid_of(pids, "r1"), (int)pid_of(pids, "r2"));
	batch_run(f);
}

void gd_nic_give_data(const pid_t pids[static GD_LAB_N_HOSTS])
{
	char nic[16];
	FILE *f = fopen(BATCH, "we");

	if (!f)
		return;
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		if (nic_await(gd_lab_hosts[i].data_mac, nic))
			(void)fprintf(f, "link set dev %s netns %d name eth1\n", nic,
				      (int)pids[i]);
	batch_run(f);
}
