/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modes of each client's latency in each stage, in words. Requests that timed out are
 * requests like any other here: they count with the time after which the client gave up.
 */
#pragma once

#include "gameday/load/modes.h"
#include "gameday/report/model.h"

/* What a mode's place suggests. */
enum gd_speed_hint {
	GD_SPEED_PLAIN,
	/*
	 * The load's timeout, and enough requests for at least half of the mode timed out or
	 * could not connect.
	 */
	GD_SPEED_TIMEOUTS,
	/*
	 * As much above the fastest mode as TCP waits before it sends again: 200 ms (Linux,
	 * TCP_RTO_MIN in include/net/tcp.h), or 1, 3, 7 s (RFC 6298 2.1, 5.5: 1 s, doubled).
	 */
	GD_SPEED_RETRANSMISSION,
	/* The same, and TCP's own figures say so: see gd_speeds_evidence. */
	GD_SPEED_RETRANSMITTED,
};

/*
 * Does TCP itself say that slow attempts waited for a retransmission? That takes more
 * segments sent again per attempt than three times the first baseline's, and that at least
 * a third of the attempts of 150 ms or more were on connections that sent some again
 * meanwhile; the others may have waited for the server's own, which this side can't see.
 */
bool gd_speeds_evidence(const struct gd_report *r, size_t series,
			const char *stage) GD_NONNULL GD_MUST_CHECK;
/* The modes of a series in a stage; n is 0 when nothing or too little was measured. */
void gd_speeds_find(const struct gd_report *r, size_t series, const char *stage,
		    struct gd_modes *ret) GD_NONNULL;
enum gd_speed_hint gd_speeds_hint(const struct gd_report *r, size_t series,
				  const char *stage, const struct gd_modes *m,
				  size_t i) GD_NONNULL;
/* "timeouts", "retransmission timeout?", "retransmission timeouts", or "" */
const char *gd_speeds_hint_text(enum gd_speed_hint h);
/*
 * "two modes: 94.8% around 12 ms, 5.2% around 1.02 s (retransmission timeout?)", "one mode
 * around 12 ms", or "too few requests to tell".
 */
void gd_speeds_say(const struct gd_report *r, size_t series, const char *stage,
		   struct gd_strbuf *out) GD_NONNULL;
/*
 * What a reader must not miss of a fault stage: that it has several modes, how that compares
 * with the baseline, and that some requests timed out or could not connect while others succeeded. "" when
 * there is one mode or none.
 */
void gd_speeds_finding(const struct gd_report *r, size_t series, const char *stage,
		       struct gd_strbuf *out) GD_NONNULL;
