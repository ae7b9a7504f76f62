/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load generator: open-loop (or closed-loop), over io_uring or epoll. One thread runs one
 * load, or several share it; the caller polls a descriptor for finished intervals, so it fits any event loop.
 */
#pragma once

#include "gameday/load/interval.h"
#include "gameday/load/reactor.h"
#include "gameday/load/spec.h"

struct gd_load;

struct gd_load_options {
	struct gd_span interval; /* length of an interval; 0: 1 s */
	struct gd_span duration; /* 0: until stopped */
	struct gd_instant start; /* CLOCK_BOOTTIME of the first intended start; 0: now */
	uint64_t seed;           /* of jitter and the like; 0: 1 */
	enum gd_reactor_kind reactor;
	/*
	 * It is one of several vantage points of a load, from 0: each does its part of the
	 * one schedule, so together they do exactly what one would. 0, 0: all of it.
	 */
	uint32_t vantage, n_vantages;
};

/*
 * Starts generating in a thread of its own. spec is copied; its URL holds no {role} any more
 * and a literal address or a name (resolved here, once). All clients see the same intended
 * starts, each sends its own requests.
 */
int gd_load_start(const struct gd_load_spec *spec, const struct gd_load_options *opt,
		  struct gd_load **ret, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Readable when an interval, or the end, can be taken. Owned by the load. */
int gd_load_fd(const struct gd_load *load) GD_NONNULL;
/* 1: *ret is an interval (caller fini); 0: none now; 2: the load has ended and all is taken. */
int gd_load_take(struct gd_load *load, struct gd_interval *ret) GD_NONNULL GD_MUST_CHECK;
/* After the end: 0, or -1 with why the load ended early (no memory, waiting failed). */
int gd_load_status(struct gd_load *load, struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * The one capability that a user other than root needs for this load (CAP_NET_RAW of
 * linux/capability.h for ICMP); 0: none.
 */
int gd_load_capability(const struct gd_load_spec *spec) GD_NONNULL;
/*
 * No new requests from now on: the interval of this instant is cut here. Those under way may
 * go on for one timeout; what is still open then, retries to come included, is unfinished.
 */
void gd_load_stop(struct gd_load *load) GD_NONNULL;
/* The same at an instant of CLOCK_BOOTTIME that is to come, so that several end as one. */
void gd_load_stop_at(struct gd_load *load, struct gd_instant at) GD_NONNULL;
/*
 * Stops at once (what is open is dropped), waits for the thread, frees. For a clean end call
 * gd_load_stop and take until 2 first. Accepts NULL.
 */
void gd_load_free(struct gd_load *load);
GD_DEFINE_AUTO(gd_load, gd_load_free);
