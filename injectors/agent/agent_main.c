/* SPDX-License-Identifier: Apache-2.0 */
/* gameday-agent: what the runner starts on a target, and what a boot-time unit may start. */
#include "injectors/agent/main.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "gameday/base/clock.h"
#include "gameday/base/json.h"
#include "injectors/agent/agent.h"
#include "injectors/agent/control.h"
#include "injectors/agent/session.h"

#define STATE_DIR "/var/lib/gameday"

enum { MAX_WAIT_S = 3600, RETRY_S = 5 };

struct options {
	const char *state_dir; /* NULL: the usual one */
	const char *ssh_connection;
	int wait_s; /* recover: how long to try */
	bool accept, help, version;
	const char *command; /* serve, recover, status */
};

static const char help_text[] =
	"gameday-agent: applies faults on this host and undoes them\n"
	"\n"
	"  gameday-agent [serve]            speak with a runner on standard input and output\n"
	"  gameday-agent status             what is in, as JSON\n"
	"  gameday-agent recover [--accept] undo what a dead session left, as JSON; --accept:\n"
	"                                   close entries whose state differs from before\n"
	"      [--wait SECONDS]             try again for so long, as at boot while services\n"
	"                                   come up\n"
	"\n"
	"  --state-dir DIR          journal and claim (default " STATE_DIR ")\n"
	"  --ssh-connection WORDS   \"CLIENT PORT SERVER PORT\" as in SSH_CONNECTION, or "
	"\"local\"\n"
	"  --help, --version\n"
	"\n"
	"exit status: 0 fine, 1 an error, 2 bad usage, 5 something could not be put back\n";

static int parse_wait(const char *text, int *ret, struct gd_error *err)
{
	char *end;
	long seconds = strtol(text, &end, 10);

	if (end == text || *end || seconds < 0 || seconds > MAX_WAIT_S)
		return gd_raise(err, GD_E_INPUT, "--wait %s is not 0 to %d seconds", text,
				(int)MAX_WAIT_S);
	*ret = (int)seconds;
	return 0;
}

static int parse_options(int argc, char **argv, struct options *o, struct gd_error *err)
{
	static const struct option table[] = {
		{"state-dir", required_argument, NULL, 'd'},
		{"ssh-connection", required_argument, NULL, 'c'},
		{"accept", no_argument, NULL, 'a'},
		{"wait", required_argument, NULL, 'w'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	int c;

	opterr = 0;
	*o = (struct options){.command = "serve"};
	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == 'd')
			o->state_dir = optarg;
		else if (c == 'c')
			o->ssh_connection = optarg;
		else if (c == 'a')
			o->accept = true;
		else if (c == 'w') {
			if (parse_wait(optarg, &o->wait_s, err) < 0)
				return -1;
		} else if (c == 'h')
			o->help = true;
		else if (c == 'v')
			o->version = true;
		else
			return gd_raise(err, GD_E_INPUT,
					"unknown option %s, see gameday-agent --help",
					argv[optind - 1]);
	}
	if (optind < argc)
		o->command = argv[optind++];
	if (optind < argc)
		return gd_raise(err, GD_E_INPUT, "what does \"%s\" mean here?",
				argv[optind]);
	return 0;
}

/* Crash points are for tests, which use a state directory of their own. */
static int crash_point(const struct options *o)
{
	const char *at = getenv("GAMEDAY_CRASH_AT");

	return o->state_dir && at ? (int)strtol(at, NULL, 10) : 0;
}

static int find_control(const struct options *o, struct gd_control *ret,
			struct gd_error *err)
{
	const char *words =
		o->ssh_connection ? o->ssh_connection : getenv("SSH_CONNECTION");

	if (!words || !*words)
		return 0;
	return gd_control_parse(words, ret, err);
}

static int serve(const struct options *o, const struct gd_ports *ports,
		 struct gd_error *err)
{
	const struct gd_agent_options opt = {.in_fd = STDIN_FILENO,
					     .out_fd = STDOUT_FILENO,
					     .state_dir = o->state_dir ? o->state_dir
								       : STATE_DIR,
					     .version = GD_VERSION,
					     .ports = ports,
					     .leave_cgroup = !o->state_dir,
					     .crash_at = crash_point(o)};

	(void)signal(SIGPIPE, SIG_IGN);
	return gd_agent_serve(&opt, err);
}

static bool all_equal(const cJSON *reply)
{
	const cJSON *f;

	cJSON_ArrayForEach(
		f, cJSON_GetObjectItemCaseSensitive(
			   reply, "faults")) if (!gd_json_bool(f, "equal",
							       false)) return false;
	return true;
}

/* Recovers again until all is as before or the time is over; *ret is the last reply. */
static int recover(const struct options *o, struct gd_session *s, cJSON **ret,
		   struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(o->wait_s));
	GD_AUTO(cJSON) cJSON *reply = NULL;
	int rc;

	for (;;) {
		cJSON_Delete(reply);
		reply = cJSON_CreateObject();
		if (!reply)
			return gd_raise_nomem(err);
		rc = gd_session_recover(s, o->accept, reply, err);
		if (rc < 0 || o->accept || all_equal(reply) || gd_now().ns >= end.ns)
			break;
		(void)sleep(RETRY_S);
	}
	*ret = gd_steal_ptr(&reply);
	return rc;
}

static int status(struct gd_session *s, const cJSON *who, cJSON **ret,
		  struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *reply = cJSON_CreateObject();

	if (!reply)
		return gd_raise_nomem(err);
	if (gd_session_run(s, "status", who, reply, err) < 0)
		return -1;
	*ret = gd_steal_ptr(&reply);
	return 0;
}

/* recover and status: one operation, its reply on standard output. */
static int run_once(const struct options *o, const struct gd_ports *ports,
		    struct gd_error *err)
{
	const struct gd_session_options so = {.state_dir = o->state_dir ? o->state_dir
									: STATE_DIR,
					      .ports = ports,
					      .crash_at = crash_point(o)};
	bool recovers = strcmp(o->command, "recover") == 0;
	GD_AUTO(gd_session) struct gd_session *s = NULL;
	GD_AUTO(cJSON) cJSON *who = cJSON_CreateObject();
	GD_AUTO(cJSON) cJSON *reply = NULL;
	GD_AUTO_FREE char *text = NULL;
	int rc;

	if (!who || !gd_json_set_str(who, "run", "recover") ||
	    !gd_json_set_str(who, "runner", "gameday-agent recover"))
		return gd_raise_nomem(err);
	if (gd_session_new(&so, &s, err) < 0 || gd_session_hello(s, who, err) < 0)
		return -1;
	rc = recovers ? recover(o, s, &reply, err) : status(s, who, &reply, err);
	text = reply ? gd_json_print_pretty(reply) : NULL;
	if (text)
		(void)puts(text);
	if (rc < 0)
		return -1;
	if (recovers && !o->accept && !all_equal(reply))
		return gd_raise(err, GD_E_LEFT_BEHIND,
				"not everything is as it was before: see \"before\" and "
				"\"after\" above");
	return 0;
}

static int run(const struct options *o, struct gd_ports *ports, struct gd_error *err)
{
	if (find_control(o, &ports->control, err) < 0)
		return -1;
	if (strcmp(o->command, "serve") == 0)
		return serve(o, ports, err);
	if (strcmp(o->command, "recover") == 0 || strcmp(o->command, "status") == 0)
		return run_once(o, ports, err);
	return gd_raise(err, GD_E_INPUT,
			"unknown command \"%s\", see gameday-agent --help", o->command);
}

int gd_agent_main(int argc, char **argv, struct gd_ports *ports)
{
	struct gd_error err = GD_ERROR_INIT;
	struct options o;

	/* Started through a loader, the process would bear the loader's name. */
	(void)prctl(PR_SET_NAME, "gameday-agent", 0, 0, 0);
	if (parse_options(argc, argv, &o, &err) == 0) {
		if (o.help)
			return puts(help_text) < 0;
		if (o.version)
			return puts("gameday-agent " GD_VERSION) < 0;
		if (run(&o, ports, &err) == 0)
			return 0;
	}
	(void)fprintf(stderr, "gameday-agent: %s\n", err.text);
	return err.code == GD_E_INPUT         ? GD_EXIT_USAGE
	       : err.code == GD_E_LEFT_BEHIND ? GD_EXIT_LEFT_BEHIND
					      : 1;
}
