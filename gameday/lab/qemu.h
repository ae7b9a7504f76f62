/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's command line and process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/lab/topology.h"

#define GD_LAB_QEMU "qemu-system-x86_64"
#define GD_LAB_MEMORY_MIB 768
#define GD_LAB_N_VCPUS 2

struct gd_lab_qemu {
	const char *vmlinux, *initrd; /* borrowed */
	bool kvm;
	uint16_t ports[GD_LAB_N_HOSTS]; /* forwarded to each host's sshd */
	int incoming; /* a snapshot's state file to start from, or -1; borrowed */
};

/* An owned, NULL-terminated argument vector. */
struct gd_lab_argv {
	char *items[128];
	size_t n;
};

/*
 * The command line; file names are relative to the state folder, in which QEMU runs. Pure.
 * Nothing in it depends on the state folder or, but for the forwarding, on the ports: with ports all
 * 0 it names the machine a snapshot fits.
 */
int gd_lab_qemu_argv(const struct gd_lab_qemu *q, struct gd_lab_argv *ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_lab_argv_fini(struct gd_lab_argv *a) GD_NONNULL;
#define GD_AUTO_LAB_ARGV(name)                                                           \
	__attribute__((cleanup(gd_lab_argv_fini))) struct gd_lab_argv name = {0}

/* Starts QEMU in the state folder, in a session of its own: it outlives this program. */
int gd_lab_qemu_start(const struct gd_lab_qemu *q, const char *state, pid_t *ret_pid,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Fills ports with free loopback ports: base, base + 1, ... where free, else any. */
int gd_lab_ports_choose(uint16_t base, uint16_t ports[static GD_LAB_N_HOSTS],
			struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* `qemu-system-x86_64 --version`, first line; the caller frees. */
int gd_lab_qemu_version(char **ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * Does KVM run a guest here? /dev/kvm may be there and hang: a guest is booted to its first panic,
 * with a time limit, and the verdict kept in the cache for this kernel and this QEMU.
 */
int gd_lab_kvm_works(const char *cache, const char *vmlinux, const char *version,
		     bool *ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
