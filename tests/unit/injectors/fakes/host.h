/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host made of memory behind the ports: links, a hook with filters, queues, rings, disks. It
 * counts the calls that could fail and fails the one it is told to; a failing call changes
 * nothing. Time passes only by sleeping, and sleeping takes no time.
 */
#pragma once

#include "injectors/ports.h"

enum { FAKE_MAX_LINKS = 8, FAKE_MAX_FILTERS = 512, FAKE_MAX_DISKS = 6 };

struct fake_link {
	char name[GD_DEVICE_NAME], kind[16];
	bool up, carrier;
	int64_t mtu;
	struct gd_bitrate speed;
	bool segmenter, has_netem, below_segmenter;
	struct gd_netem netem;
	struct gd_tc_stats stats;
	enum gd_tc_hook hook;
	struct {
		int64_t prio;
		bool redirects, foreign, ingress;
		struct gd_tc_match match;
	} filters[FAKE_MAX_FILTERS];
	size_t n_filters;
	bool has_ring;
	struct gd_ring ring, ring_max;
	int64_t ring_step; /* the driver rounds up to a multiple; 0: it does not */
	struct gd_span carrier_gap; /* the carrier is away so long after a ring change */
	int64_t carrier_back_ns;
	int64_t missed, dropped;
};

struct fake_disk {
	struct gd_disk disk; /* with dm_name: a device-mapper device as well */
	char mount[64];      /* "": none */
	struct gd_disk_stats stats;
	struct gd_dm_info dm;
	char table[2048], inactive[2048];
	bool is_open; /* somebody has it open: it can't be removed */
};

/* A BIRD with one BGP protocol "uplink"; connects again a while after it is enabled. */
struct fake_bird {
	bool absent; /* no control socket */
	bool down;   /* administratively */
	int64_t back_ns;
	struct gd_span reconnect;
	int64_t undo_ns;    /* when it undoes what nobody confirmed; 0: never */
	char running[1024]; /* configuration: the routes are read from it */
	char filters[1024]; /* and the filters that were applied to them, from this */
	char before[1024];  /* that the undo brings back */
	char file[1024];    /* on disk */
	char original[1024], generated[1024]; /* ours */
	bool has_original, has_generated;
	int64_t loaded_ns, before_ns; /* when running and before were read */
	int64_t saved_ns;             /* when the file on disk was */
	char type[16];
};

struct fake_host {
	struct fake_bird bird;
	struct fake_disk disks[FAKE_MAX_DISKS];
	size_t n_disks;
	struct gd_io_max io_max; /* of the one control group, "db", on dm-0 */
	struct gd_io_count io_count;
	bool no_group, agent_in_group;
	const char *journal_disk; /* the kernel's name of the disk it is on; NULL: none */
	struct fake_link links[FAKE_MAX_LINKS];
	size_t n_links;
	const char *lacks;    /* a kernel module; NULL: none */
	int64_t kernel_minor; /* of Linux 6 */
	const char *name,
		*addresses; /* the one host name it knows, and what it stands for */
	int64_t now_ns;
	int calls, fail_at; /* the call that fails, from 1; 0: none */
	bool failed;        /* it did */
	char knob[64];      /* what its shell can "get" and "set" */
	char last_note[200];
	char last_figure[64];  /* "NAME VALUE" */
	struct gd_ports ports; /* those of this host */
};

/*
 * eth0 (up, 1 Gbit/s, rings 256 of 4096) and lo; reached by SSH from 10.0.2.2. Disk vda in
 * use below the linear device-mapper device "data" (dm-0), mounted at /data; vdb idle.
 */
void fake_host_init(struct fake_host *h);
/* Plain `birdc configure` of an operator; BIRD's own timer. */
void fake_bird_configure(struct fake_host *h);
void fake_bird_timer(struct fake_host *h);
struct fake_link *fake_link(struct fake_host *h, const char *name);
struct fake_link *fake_add_link(struct fake_host *h, const char *name, const char *kind);
/* A filter of somebody else's, for outgoing packets. */
void fake_add_foreign_filter(struct fake_link *l);
size_t fake_count_filters(const struct fake_link *l, bool ingress);
/* By kernel name or device-mapper name; NULL: none. */
struct fake_disk *fake_disk(struct fake_host *h, const char *name);
