/* SPDX-License-Identifier: Apache-2.0 */
/* How a request or an attempt can end. */
#include "gameday/load/interval.h"

static const struct {
	const char *name, *meaning;
} rows[GD_N_OUTCOMES] = {
	[GD_OUTCOME_OK] = {"ok", "a whole reply, as expected, in time"},
	[GD_OUTCOME_TIMEOUT] = {"timeout", "no whole reply in time"},
	[GD_OUTCOME_REFUSED] = {"refused", "the connection was refused"},
	[GD_OUTCOME_UNREACHABLE] = {"unreachable",
				    "no route, or host or network unreachable"},
	[GD_OUTCOME_CONNECT] = {"connect",
				"the connection could not be made otherwise, or not in "
				"time"},
	[GD_OUTCOME_RESET] =
		{"reset", "the connection was reset or closed before the whole reply"},
	[GD_OUTCOME_PROTOCOL] = {"protocol",
				 "the reply is not in the protocol's form, or of a wrong "
				 "length"},
	[GD_OUTCOME_STATUS_4XX] = {"status-4xx", "an HTTP status from 400 to 499"},
	[GD_OUTCOME_STATUS_5XX] = {"status-5xx", "an HTTP status from 500 to 599"},
	[GD_OUTCOME_STATUS_OTHER] = {"status-other",
				     "a final answer with another status, as a redirect"},
	[GD_OUTCOME_LOCAL] = {"local",
			      "the generator's own side failed: no socket, no memory"},
	[GD_OUTCOME_UNFINISHED] = {"unfinished",
				   "still under way when the load was stopped"},
	[GD_OUTCOME_TLS] = {"tls",
			    "the handshake failed, the certificate was not accepted, or "
			    "a record is broken"},
	[GD_OUTCOME_WRONG] = {"wrong",
			      "a reply in form, but not the one that was expected"},
	[GD_OUTCOME_SHED] = {"shed", "the client's own policy let no attempt begin"},
	[GD_OUTCOME_CANCELLED] = {"cancelled",
				  "an attempt of which another one was first"},
	[GD_OUTCOME_DEADLINE] = {"deadline",
				 "the time for all attempts together was over"},
};

const char *gd_outcome_name(enum gd_outcome o)
{
	return (unsigned)o < GD_N_OUTCOMES ? rows[o].name : "unknown";
}

const char *gd_outcome_meaning(enum gd_outcome o)
{
	return (unsigned)o < GD_N_OUTCOMES ? rows[o].meaning : "";
}

bool gd_outcome_is_measured(enum gd_outcome o)
{
	return o != GD_OUTCOME_LOCAL && o != GD_OUTCOME_UNFINISHED &&
	       o != GD_OUTCOME_SHED && o != GD_OUTCOME_CANCELLED;
}

bool gd_outcome_is_fault(enum gd_outcome o)
{
	return gd_outcome_is_measured(o) && o != GD_OUTCOME_OK &&
	       o != GD_OUTCOME_STATUS_4XX && o != GD_OUTCOME_STATUS_OTHER;
}

bool gd_outcome_is_reply(enum gd_outcome o)
{
	return o == GD_OUTCOME_OK || o == GD_OUTCOME_STATUS_4XX ||
	       o == GD_OUTCOME_STATUS_5XX || o == GD_OUTCOME_STATUS_OTHER ||
	       o == GD_OUTCOME_WRONG;
}
