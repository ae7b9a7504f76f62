/* SPDX-License-Identifier: Apache-2.0 */
/* Where the lab keeps its things. */
#pragma once

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

/*
 * The state folder belongs to one running lab and is gone after `down`; the cache (kernel, images,
 * snapshots, the verdict on KVM) stays and is shared by all labs of the user. Both are mode 0700.
 */
struct gd_lab_paths {
	char *state; /* owned; absolute. $GAMEDAY_LAB_DIR, or $XDG_STATE_HOME/gameday/lab, ... */
	char *cache; /* owned; absolute. $XDG_CACHE_HOME/gameday/lab, ... */
};

#define GD_LAB_PATHS_INIT                                                                \
	{                                                                                \
		0                                                                        \
	}
#define GD_AUTO_LAB_PATHS(name)                                                          \
	__attribute__((cleanup(gd_lab_paths_fini))) struct gd_lab_paths name =           \
		GD_LAB_PATHS_INIT

/* Works the two out from the environment; makes nothing. */
int gd_lab_paths_init(struct gd_lab_paths *p,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_lab_paths_fini(struct gd_lab_paths *p) GD_NONNULL;

/*
 * Opens the state folder, made if `make`, and locks it against a second command at work there;
 * waits a little for the lock. *ret is the folder's descriptor, the caller's; closing it unlocks.
 * Outcome GD_LAB_NO_STATE when there is none and it is not to be made.
 */
enum { GD_LAB_NO_STATE = 1 };
int gd_lab_paths_lock(const struct gd_lab_paths *p, int make, int *ret,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/*
 * Makes the cache and locks it, for labs in different state folders share it; as above, but with the
 * patience to wait for one that downloads.
 */
int gd_lab_cache_lock(const struct gd_lab_paths *p, int *ret,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* Removes what a lab leaves in the state folder, by name, then the folder if it is empty. */
int gd_lab_paths_clear(const struct gd_lab_paths *p,
		       struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

/* The names in the state folder. The folder is QEMU's working directory: it uses them as they are. */
#define GD_LAB_FILE_STATE "state.json"
#define GD_LAB_FILE_INVENTORY "inventory.yaml"
#define GD_LAB_FILE_KNOWN_HOSTS "known_hosts"
#define GD_LAB_FILE_CLIENT_KEY "client_key"
#define GD_LAB_FILE_CLIENT_PUBLIC "client_key.pub"
#define GD_LAB_DIR_HOST_KEYS "host_keys"
#define GD_LAB_FILE_CONSOLE "console.log"
#define GD_LAB_FILE_QEMU_LOG "qemu.log"
#define GD_LAB_FILE_QMP "qmp.sock"
#define GD_LAB_FILE_CONTROL "control.sock"
#define GD_LAB_FILE_DISK "disk-%zu.raw" /* from 1 */
