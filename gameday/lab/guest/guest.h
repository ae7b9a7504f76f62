/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the guest's init, a static program that is PID 1 of the lab's virtual machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "gameday/lab/topology.h"

/* Steps init tells a host's own PID 1 to take, one byte each over a pipe. */
enum gd_step {
	GD_STEP_MGMT = 'm', /* eth0 is there and the keys are: address it, start sshd */
	GD_STEP_DATA = 'd', /* eth1, eth2 and the disk are there: the rest */
};

/* Writes "init: ..." with the time since boot to the console. */
void gd_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Runs argv and waits; returns its exit status, or -1. Output goes where ours does. */
int gd_run(const char *const argv[]);
/* Becomes argv, in a session of its own and with both outputs appended to `log` unless that is NULL. */
void gd_exec(const char *const argv[], const char *log) __attribute__((noreturn));

/* mkdir -p; false when it cannot. */
bool gd_mkdirs(const char *path);
/* Writes text to an existing or new file in one go; false when it cannot. */
bool gd_write_file(const char *path, const char *text);
/* Mounts, saying so when it fails. */
bool gd_mount(const char *what, const char *where, const char *type, unsigned long flags,
	      const char *data);

/* Loads the modules a list file names, one path a line, in that order. */
void gd_modules_load(const char *list);

/*
 * Becomes the PID 1 of one host: enters its namespaces' mounts, then follows the steps read
 * from `steps`, keeping its services running. Never returns.
 */
void gd_host_main(const struct gd_lab_host *host, int steps) __attribute__((noreturn));

/* Finds the network device with that MAC address here; false when there is none (yet). */
bool gd_nic_by_mac(const char *mac, char name[static 16]);
/* Puts a macvlan child of the management NIC and the routers' veth into the hosts' namespaces. */
void gd_nic_give_mgmt(const pid_t pids[static GD_LAB_N_HOSTS]);
/* Waits for all e1000 cards and moves each into its host. */
void gd_nic_give_data(const pid_t pids[static GD_LAB_N_HOSTS]);

/*
 * Probes each service the way its users do, from the client's namespace for HTTP and on
 * BIRD's control socket for the routers. Writes "health ID NAME WHAT ok|down" lines to `out`,
 * those about sshd first, then "health ID done". Runs in a child process: it changes its namespaces.
 */
void gd_health_report(const pid_t pids[static GD_LAB_N_HOSTS], bool modules_in,
		      unsigned long id, int out);

/* What the control channel has been told to do so far. */
struct gd_control {
	int fd;
	char line[4096];
	size_t n_line;
	char *body; /* of a `put` under way, else NULL */
	size_t n_body, body_size;
	char path[256];
	mode_t mode;
	bool go;     /* keys are in place */
	bool health; /* a health report was asked for, with this number */
	unsigned long health_id;
};

/* Opens the virtio port, waiting for its device up to a limit; fd is -1 if it never comes. */
void gd_control_open(struct gd_control *c);
/* Reads and obeys what has arrived; false when nobody is connected on the other side. */
bool gd_control_read(struct gd_control *c);
