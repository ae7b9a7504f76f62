/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What injectors may ask of the host, in our own units. An injector sees these tables only,
 * never a library or a system call, so that its tests run it against a host made of memory
 * that can fail at any call. injectors/ports/ has the real ones; each call there stands
 * alone (own socket, no cache), so they work the same after fork() in the guardian.
 *
 * Every function returns 0, or -1 with *err; or, where it says so, GD_PORT_ABSENT.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"
#include "gameday/base/strbuf.h"
#include "gameday/base/units.h"

/* The thing asked for does not exist (or the device has no such feature). */
enum { GD_PORT_ABSENT = 1 };

/* A network device's name with its NUL, as the kernel's IFNAMSIZ. */
enum { GD_DEVICE_NAME = 16 };

/* --- links --------------------------------------------------------------------------- */

struct gd_link_info {
	int64_t index;
	bool up, carrier;
	int64_t mtu;
	char kind[16];           /* "ifb", "macvlan"; "" for plain hardware */
	struct gd_bitrate speed; /* 0: not known */
};

struct gd_link_port {
	void *ctx;
	int (*get)(void *ctx, const char *device, struct gd_link_info *ret,
		   struct gd_error *err); /* or ABSENT */
	/* The names of all links, in the kernel's order, each followed by a newline. */
	int (*list)(void *ctx, struct gd_strbuf *out, struct gd_error *err);
	/* Makes an intermediate functional block of that name and sets it up. */
	int (*add_ifb)(void *ctx, const char *name, struct gd_error *err);
	/* Deletes it; GD_PORT_ABSENT when there is none. Refuses what is not an ifb. */
	int (*remove_ifb)(void *ctx, const char *name, struct gd_error *err);
};

/* --- traffic control ----------------------------------------------------------------- */

struct gd_netem {
	struct gd_span delay, jitter;
	struct gd_ratio delay_correlation;
	struct gd_ratio loss, loss_correlation;
	struct gd_ratio duplicate, duplicate_correlation;
	struct gd_ratio corrupt, corrupt_correlation;
	struct gd_ratio reorder, reorder_correlation;
	int64_t gap;
	/*
	 * Losses in bursts, after Gilbert and Elliott: the chance per packet that a burst
	 * begins and ends, and the share lost within and between bursts. Used when
	 * burst_start is not 0; `loss` is then 0.
	 */
	struct gd_ratio burst_start, burst_end, burst_loss, quiet_loss;
	/* The same as a chain of four states (tc-netem(8)). Used when p13 is not 0. */
	struct gd_ratio p13, p31, p32, p23, p14;
	struct gd_bitrate rate; /* 0: no limit; whole bytes per second */
	int64_t packet_overhead, cell_size, cell_overhead; /* bytes; of rate */
	/* Packets wait for the next slot, which comes after slot to slot_max. */
	struct gd_span slot, slot_max;
	int64_t slot_packets, slot_bytes; /* the most one slot takes; 0: any number */
	int64_t seed;  /* of the kernel's dice; 0: a new one each time */
	int64_t limit; /* packets the queue holds */
	/* All above are 64 bits wide, so that they can be compared as one. */
	int distribution; /* enum gd_distribution, of the jitter; never read back */
	bool ecn;         /* mark instead of losing, where the sender can do it */
};

/* How the delay spreads around its mean; jitter is its standard deviation. */
enum gd_distribution {
	GD_DIST_UNIFORM, /* here jitter is the most it differs by */
	GD_DIST_NORMAL,
	GD_DIST_PARETO, /* shape 3: few packets wait very long */
	GD_DIST_PARETO_NORMAL,
};

struct gd_tc_stats {
	int64_t packets, bytes; /* that left the queue */
	int64_t drops;          /* that it dropped, for whatever reason */
	int64_t queued;         /* in it now */
};

/* Zero members match anything. */
struct gd_tc_match {
	int family;      /* AF_INET or AF_INET6 */
	bool has_prefix; /* of the destination, or of the source */
	bool of_source;
	uint8_t addr[16]; /* network order */
	int prefix_len;
	int ip_proto; /* IPPROTO_TCP and the like; 0: any */
	int src_port, dst_port;
	int icmp6_type;
};

struct gd_tc_filter {
	bool ingress; /* at the hook for incoming packets, else the one for outgoing */
	int64_t prio;
	struct gd_tc_match match;
	const char
		*redirect_to; /* a device's egress; NULL: the packet passes untouched */
};

enum gd_tc_hook { GD_TC_HOOK_NONE, GD_TC_HOOK_CLSACT, GD_TC_HOOK_INGRESS };

/* What sits at a device's ingress/egress hook. */
struct gd_tc_hook_info {
	enum gd_tc_hook hook;
	int64_t n_egress, n_ingress; /* filters, hash tables and the like not counted */
	char first_egress[64], first_ingress[64]; /* "bpf prio 1", for messages */
};

struct gd_tc_port {
	void *ctx;
	/*
	 * All qdiscs, classes and filters of the device, one per line: kind, handle, parent
	 * and a digest of the options. Counters, ages and reference counts are left out, and
	 * classes that exist only while a flow has packets queued. Or ABSENT.
	 */
	int (*snapshot)(void *ctx, const char *device, struct gd_strbuf *out,
			struct gd_error *err);
	int (*hook)(void *ctx, const char *device, struct gd_tc_hook_info *ret,
		    struct gd_error *err); /* or ABSENT: no device */
	int (*add_clsact)(void *ctx, const char *device, struct gd_error *err);
	int (*remove_clsact)(void *ctx, const char *device,
			     struct gd_error *err); /* or ABSENT */
	int (*add_filter)(void *ctx, const char *device, const struct gd_tc_filter *f,
			  struct gd_error *err);
	/* All filters of that priority at one hook; or ABSENT. */
	int (*remove_filters)(void *ctx, const char *device, bool ingress, int64_t prio,
			      struct gd_error *err);
	/* A root queue 1: that cuts segmentation-offload bundles into packets of the MTU. */
	int (*add_segmenter)(void *ctx, const char *device, int64_t mtu,
			     struct gd_error *err);
	/* netem as 10:, the root (or below the segmenter). */
	int (*add_netem)(void *ctx, const char *device, bool below_segmenter,
			 const struct gd_netem *n, struct gd_error *err);
	/*
	 * That netem gets these settings in place of all it had, and keeps the packets it
	 * holds. A distribution stays what it was.
	 */
	int (*change_netem)(void *ctx, const char *device, bool below_segmenter,
			    const struct gd_netem *n, struct gd_error *err);
	/* Read back from a dump; or ABSENT. */
	int (*get_netem)(void *ctx, const char *device, struct gd_netem *ret,
			 struct gd_tc_stats *ret_stats, struct gd_error *err);
};

/* --- rings --------------------------------------------------------------------------- */

struct gd_ring {
	int64_t rx, tx, rx_mini, rx_jumbo;
};

struct gd_ring_port {
	void *ctx;
	int (*get)(void *ctx, const char *device, struct gd_ring *ret,
		   struct gd_ring *ret_max, struct gd_error *err); /* or ABSENT */
	int (*set)(void *ctx, const char *device, const struct gd_ring *r,
		   struct gd_error *err);
	/*
	 * Packets the device lost for want of a free descriptor (-1: this device can't tell,
	 * see gameday/base/nic.h), and drops in all.
	 */
	int (*losses)(void *ctx, const char *device, int64_t *ret_missed,
		      int64_t *ret_dropped, struct gd_error *err);
};

/* --- disks --------------------------------------------------------------------------- */

/* A device-mapper name and a UUID, with their NULs (DM_NAME_LEN, DM_UUID_LEN). */
enum { GD_DM_NAME = 128, GD_DM_UUID = 129 };

struct gd_disk {
	int64_t major, minor;
	int64_t sectors;          /* of 512 bytes */
	char name[64];            /* the kernel's: "vda", "dm-0" */
	char dm_name[GD_DM_NAME]; /* "" when device-mapper does not make it */
	bool read_only, partition;
	bool in_use; /* mounted, or held by another device or program */
	bool swap;   /* the host swaps to it */
};

/* Since the host started; requests that wait are not in it yet. */
struct gd_disk_stats {
	int64_t reads, writes;
	struct gd_span read_time, write_time; /* summed over the requests */
};

struct gd_disk_port {
	void *ctx;
	/*
	 * A disk by its device file ("/dev/vdb"), by its device-mapper name or by the mount
	 * point of a file system on it; never touches that file system. Or ABSENT.
	 */
	int (*find)(void *ctx, const char *text, struct gd_disk *ret,
		    struct gd_error *err);
	/* What `find` takes for every disk with a size, each followed by a newline. */
	int (*list)(void *ctx, struct gd_strbuf *out, struct gd_error *err);
	int (*stats)(void *ctx, int64_t major, int64_t minor, struct gd_disk_stats *ret,
		     struct gd_error *err); /* or ABSENT */
	/* Is the file at `path` on this disk, directly or through others stacked on it? */
	int (*holds)(void *ctx, int64_t major, int64_t minor, const char *path, bool *ret,
		     struct gd_error *err);
};

/* In one second. */
enum { GD_IO_NO_LIMIT = -1 };

struct gd_io_max {
	int64_t rbps, wbps, riops, wiops;
};

struct gd_io_count {
	int64_t reads, writes, read_bytes, written_bytes;
};

/* Control groups (cgroup v2), by their path below the root. */
struct gd_cgroup_port {
	void *ctx;
	/* The group's limits on a disk; or ABSENT: no such group, or no io controller. */
	int (*get_io_max)(void *ctx, const char *group, int64_t major, int64_t minor,
			  struct gd_io_max *ret, struct gd_error *err);
	int (*set_io_max)(void *ctx, const char *group, int64_t major, int64_t minor,
			  const struct gd_io_max *limit, struct gd_error *err);
	/* What it did to that disk since the group exists. */
	int (*count)(void *ctx, const char *group, int64_t major, int64_t minor,
		     struct gd_io_count *ret, struct gd_error *err);
	/* "etcd, nginx": the groups below the root that can be limited. */
	int (*list)(void *ctx, struct gd_strbuf *out, struct gd_error *err);
	/* Is this process in the group or below it? */
	int (*has_us)(void *ctx, const char *group, bool *ret, struct gd_error *err);
};

struct gd_dm_info {
	char uuid[GD_DM_UUID];
	int64_t major, minor;
	bool suspended, read_only;
	bool has_table, has_inactive_table;
};

/* A table is text as dmsetup prints it: one line "START LENGTH TARGET PARAMETERS" each. */
struct gd_dm_port {
	void *ctx;
	int (*get)(void *ctx, const char *name, struct gd_dm_info *ret,
		   struct gd_error *err); /* or ABSENT */
	/* The live table; or ABSENT. */
	int (*table)(void *ctx, const char *name, struct gd_strbuf *out,
		     struct gd_error *err);
	/* Makes a device without a table. */
	int (*create)(void *ctx, const char *name, const char *uuid,
		      struct gd_error *err);
	/* Into the inactive slot, from where resume takes it. */
	int (*load)(void *ctx, const char *name, const char *table, bool read_only,
		    struct gd_error *err);
	/* Empties the inactive slot. */
	int (*clear)(void *ctx, const char *name, struct gd_error *err);
	/*
	 * Makes the inactive table the live one, if there is one, and lets requests pass.
	 * One call to the kernel, which suspends, swaps and resumes: a process that dies
	 * leaves either table, never a suspended device. Waits neither for requests that
	 * the old table holds back nor for file systems.
	 */
	int (*resume)(void *ctx, const char *name, struct gd_error *err);
	/* Refused by the kernel while somebody has it open; or ABSENT. */
	int (*remove)(void *ctx, const char *name, struct gd_error *err);
};

/* --- routing: BIRD ------------------------------------------------------------------- */

/* A control socket's path with its NUL. */
enum { GD_ROUTING_PATH = 108 };

struct gd_routing_protocol {
	char type[16];              /* "BGP", "Static" */
	char state[80];             /* "up Established": as BIRD says it, without times */
	bool enabled;               /* not administratively down */
	bool up;                    /* running; for BGP: the session is established */
	int64_t imported, exported; /* routes */
};

/*
 * All functions but find take the socket's path. A name that BIRD does not know is ABSENT
 * where it says so.
 */
struct gd_routing_port {
	void *ctx;
	/* The socket to use: `given`, or the usual one that exists when that is "". */
	int (*find)(void *ctx, const char *given, char ret[GD_ROUTING_PATH],
		    struct gd_error *err);
	/* All protocols, each "NAME TYPE STATE" and a newline, in BIRD's order. */
	int (*list)(void *ctx, const char *socket, struct gd_strbuf *out,
		    struct gd_error *err);
	int (*get)(void *ctx, const char *socket, const char *protocol,
		   struct gd_routing_protocol *ret, struct gd_error *err); /* or ABSENT */
	/* The prefixes it exports (or imported), each with a newline, sorted, once each. */
	int (*routes)(void *ctx, const char *socket, const char *protocol, bool exported,
		      struct gd_strbuf *out, struct gd_error *err);
	/* As an administrator does; fine when it is so already. */
	int (*enable)(void *ctx, const char *socket, const char *protocol, bool enabled,
		      struct gd_error *err);
	/* The path of the configuration that BIRD was started with. */
	int (*config_path)(void *ctx, const char *socket, struct gd_strbuf *out,
			   struct gd_error *err);
	/* How long ago BIRD read the configuration that it runs, at least. */
	int (*config_age)(void *ctx, const char *socket, struct gd_span *ret,
			  struct gd_error *err);
	/*
	 * How long ago a file of a configuration was changed or put in its place: the youngest
	 * of `path` and those that it includes.
	 */
	int (*file_age)(void *ctx, const char *path, struct gd_span *ret,
			struct gd_error *err);
	/* How long until BIRD undoes a reconfiguration nobody confirmed; 0: none waits. */
	int (*pending)(void *ctx, const char *socket, struct gd_span *ret,
		       struct gd_error *err);
	/*
	 * Reads that file, and applies filters that changed to routes that are there; with a
	 * time, BIRD undoes it by itself after that.
	 */
	int (*configure)(void *ctx, const char *socket, const char *path,
			 struct gd_span undo_after, struct gd_error *err);
	/*
	 * Starts that time anew for `path`, which is loaded. BIRD counts only from a load, and
	 * undoes to what was loaded before it; so `original` is loaded softly, which leaves
	 * the routes as the filters of `path` made them, and `path` right after it, both in
	 * one go.
	 */
	int (*renew)(void *ctx, const char *socket, const char *original,
		     const char *path, struct gd_span undo_after, struct gd_error *err);
	/* Undoes the one that is waiting; fine when none is. */
	int (*undo)(void *ctx, const char *socket, struct gd_error *err);
	int (*read_file)(void *ctx, const char *path, struct gd_strbuf *out,
			 struct gd_error *err); /* or ABSENT */
	/* A file with the owner and permissions of `like`. */
	int (*write_file)(void *ctx, const char *path, const char *like, const char *text,
			  struct gd_error *err);
	int (*remove_file)(void *ctx, const char *path,
			   struct gd_error *err); /* or ABSENT */
};

/* --- the rest ------------------------------------------------------------------------ */

struct gd_kernel_port {
	void *ctx;
	/* Is the module loaded, built in, or there to be loaded? Loads nothing. */
	int (*has_module)(void *ctx, const char *name, bool *ret, struct gd_error *err);
	/* 6.1 is 6 and 1. */
	int (*version)(void *ctx, int64_t *ret_major, int64_t *ret_minor,
		       struct gd_error *err);
};

struct gd_name_port {
	void *ctx;
	/*
	 * The addresses of a host name, as this host resolves it, each followed by a newline;
	 * or ABSENT when there is no such name. May take as long as the resolver.
	 */
	int (*resolve)(void *ctx, const char *name, struct gd_strbuf *out,
		       struct gd_error *err);
};

struct gd_neighbour_port {
	void *ctx;
	/*
	 * What the host learnt about the next hop on its way to addr (network order) is gone,
	 * so that the next packet there has to ask for it anew. Entries that were configured,
	 * or that a routing daemon keeps, stay. *ret_n: how many are gone. For the agent, not
	 * for faults: nothing is to be put back.
	 */
	int (*forget)(void *ctx, int family, const uint8_t addr[16], int64_t *ret_n,
		      struct gd_error *err);
};

struct gd_shell_port {
	void *ctx;
	/*
	 * Runs a runbook's command with /bin/sh, with `before` (may be NULL) in the variable
	 * GAMEDAY_BEFORE and no input. Adds what it printed, at most max bytes, to out.
	 * *ret_status: its exit status, or 128 + signal. GD_E_TIMEOUT: the limit passed, and
	 * its process group was killed.
	 */
	int (*run)(void *ctx, const char *command, const char *before,
		   struct gd_span limit, size_t max, struct gd_strbuf *out,
		   int *ret_status, struct gd_error *err);
};

struct gd_time_port {
	void *ctx;
	struct gd_instant (*now)(void *ctx);
	void (*sleep)(void *ctx, struct gd_span d);
};

enum gd_control_kind {
	GD_CONTROL_UNKNOWN, /* nobody said how the runner reaches this host */
	GD_CONTROL_LOCAL,   /* not over the network at all */
	GD_CONTROL_SSH,
};

/* How the runner reaches this host: what faults on the network must leave alone. */
struct gd_control {
	enum gd_control_kind kind;
	int family;       /* AF_INET, AF_INET6 */
	uint8_t addr[16]; /* of the SSH client, network order */
	char text[64];    /* the same as text */
	int port;         /* of the SSH server here */
};

struct gd_ports {
	const struct gd_link_port *link;
	const struct gd_tc_port *tc;
	const struct gd_ring_port *ring;
	const struct gd_disk_port *disk;
	const struct gd_dm_port *dm;
	const struct gd_routing_port *routing;
	const struct gd_cgroup_port *cgroup;
	const struct gd_kernel_port *kernel;
	const struct gd_name_port *name;
	const struct gd_neighbour_port *neighbour;
	const struct gd_shell_port *shell;
	const struct gd_time_port *time;
	struct gd_control control;
	/* Where the journal is, which no fault may stall; NULL: nobody said. */
	const char *state_dir;
	/* A sentence for whoever watches the run ("eth1: the carrier was away for 2 s"). */
	void (*note)(void *ctx, const char *text);
	void *note_ctx;
	/*
	 * A number about what was just done, for the reply and the run's journal
	 * ("carrier_away_ms"). One told twice, as by an undo that was tried again, adds up.
	 */
	void (*figure)(void *ctx, const char *name, int64_t value);
	void *figure_ctx;
};
