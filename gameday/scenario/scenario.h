/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenario, inventory and runbook as structs. Loading decodes and checks what one file can
 * tell by itself; check.h holds what needs several files or the injector table.
 */
#pragma once

#include "gameday/load/spec.h"
#include "gameday/scenario/condition.h"
#include "gameday/scenario/crew.h"
#include "gameday/shape/field.h"

/* --- scenario ------------------------------------------------------------------------ */

struct gd_role {
	char *name; /* MAP key: "server" */
	char *host; /* an inventory name; or NULL and */
	char *tag;  /* any `count` hosts with this tag (the first, by file order) */
	int64_t count;
	const struct gd_node *node;
	struct gd_pos pos; /* of the key */
};

struct gd_watch_use {
	char *kind;           /* "nic" */
	char *on;             /* role */
	struct gd_node *args; /* owned copy without `on` */
	struct gd_pos pos, on_pos;
};

struct gd_fault_use {
	char *kind;           /* injector name */
	char *on;             /* role */
	struct gd_span after; /* from the stage's start */
	/* It comes and goes; all zero: in from `after` to the stage's end. See timing.h. */
	struct gd_span every, hold, spread;
	int64_t count;        /* at most so many times; 0: as often as there is time */
	struct gd_node *args; /* owned copy without on and the times */
	struct gd_pos pos, on_pos, after_pos;
	char ref[64]; /* "<stage>.<n>.<kind>": unique within the run */
};

/* A mitigation of the runbook that a stage tries. */
struct gd_mitigate_use {
	char *action; /* as in the runbook */
	char *on;     /* role; NULL: the runbook's applies_to, else the faults' hosts */
	struct gd_span after; /* from the stage's start */
	struct gd_pos pos, on_pos;
};

enum gd_stage_kind { GD_STAGE_BASELINE, GD_STAGE_FAULT, GD_STAGE_RECOVERY };

struct gd_stage {
	char *name;
	enum gd_stage_kind kind;
	struct gd_span length;
	struct gd_list faults;   /* struct gd_fault_use */
	struct gd_list mitigate; /* struct gd_mitigate_use */
	struct gd_pos pos;
};

struct gd_scenario {
	char *name, *title, *hypothesis, *severity,
		*runbook;                     /* all but name may be NULL */
	struct gd_crew *crew;                 /* owned; NULL: nobody is named */
	struct gd_list hosts;                 /* struct gd_role */
	struct gd_list loads;                 /* struct gd_load_spec */
	struct gd_list watches;               /* struct gd_watch_use */
	struct gd_list steady, abort, expect; /* struct gd_condition */
	struct gd_list stages;                /* struct gd_stage */
	struct gd_runbook *book; /* owned; NULL: not opened, see gd_scenario_open_book */
	struct gd_node *tree;    /* owned; what the node members point into */
	char *source;            /* owned: the file's text */
	size_t source_size;
	char *path; /* owned */
};

/* --- inventory ----------------------------------------------------------------------- */

struct gd_inventory_host {
	char *name;     /* MAP key */
	char *host;     /* where SSH goes: name or address; default: the entry's name */
	int64_t port;   /* 0: from the OpenSSH configuration, then 22 */
	char *user;     /* NULL: from the OpenSSH configuration */
	char *key;      /* private key file; NULL: agent and configuration */
	char *host_key; /* "ssh-ed25519 AAAA..."; NULL: known_hosts */
	char *address;  /* data-plane address that {role} becomes; default: host */
	char *jump;     /* ProxyJump form; NULL: configuration */
	int sudo;       /* enum gd_sudo */
	struct gd_list tags; /* struct gd_text */
	const struct gd_node *node;
};

struct gd_text {
	char *text;
};

enum gd_sudo { GD_SUDO_AUTO, GD_SUDO_NEVER, GD_SUDO_ALWAYS };

struct gd_inventory {
	struct gd_list hosts; /* struct gd_inventory_host */
	struct gd_node *tree;
	char *source;
	size_t source_size;
	char *path;
};

/* --- runbook ------------------------------------------------------------------------- */

struct gd_detection {
	char *alert, *symptom;         /* one of the two */
	char *when;                    /* condition text; NULL: for humans only */
	struct gd_condition condition; /* parsed `when` */
	bool has_condition;
	const struct gd_node *node;
};

struct gd_diagnosis {
	char *step, *command;
	bool run;
	char *on;               /* role it is run on; NULL: the hosts with a fault */
	struct gd_span timeout; /* of its run */
	bool root;              /* its run needs root's rights */
	const struct gd_node *node;
};

struct gd_mitigation {
	char *action, *command, *config, *escalation;
	struct gd_list steps; /* struct gd_text */
	char *undo_of;
	char *undo, *state;        /* commands: takes it back; prints what it changes */
	struct gd_span timeout;    /* of each command when a stage tries it */
	struct gd_list applies_to; /* struct gd_text */
	const struct gd_node *node;
};

struct gd_runbook {
	char *incident_type, *severity;
	struct gd_list detection;  /* struct gd_detection */
	struct gd_list diagnosis;  /* struct gd_diagnosis */
	struct gd_list mitigation; /* struct gd_mitigation */
	struct gd_list prevention; /* struct gd_text */
	struct gd_node *tree;
	char *source;
	size_t source_size;
	char *path;
};

/*
 * Each reads a whole file. Mistakes go to diags and the result is -1; what could be read is
 * still in *ret so that its source can be shown, and must be freed by fini in every case.
 * An unreadable file is a diag at line 0.
 */
int gd_scenario_load(const char *path, struct gd_scenario *ret,
		     struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
int gd_inventory_load(const char *path, struct gd_inventory *ret,
		      struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
int gd_runbook_load(const char *path, struct gd_runbook *ret,
		    struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;
/*
 * Opens the runbook that the scenario names, for stages that try its mitigations and for
 * what it looks at: path, or when NULL where gd_runbook_locate finds it. None named or none
 * there is fine; a mistake in it is a diag at the scenario's key, an error only when a
 * stage needs it.
 */
void gd_scenario_open_book(struct gd_scenario *s, const char *path,
			   struct gd_diags *diags) GD_NONNULL_ARGS(1, 3);
/* The command that takes m back: its own, or that of an action that says undo_of; or NULL. */
const char *gd_runbook_undo(const struct gd_runbook *r,
			    const struct gd_mitigation *m) GD_NONNULL;
/* The mitigation of that name, or NULL. */
const struct gd_mitigation *gd_runbook_action(const struct gd_runbook *r,
					      const char *action) GD_NONNULL;
void gd_scenario_fini(struct gd_scenario *s) GD_NONNULL;
void gd_inventory_fini(struct gd_inventory *i) GD_NONNULL;
void gd_runbook_fini(struct gd_runbook *r) GD_NONNULL;

/* What a file is, by its top-level keys. */
enum gd_file_kind {
	GD_FILE_UNKNOWN,
	GD_FILE_SCENARIO,
	GD_FILE_INVENTORY,
	GD_FILE_RUNBOOK
};
enum gd_file_kind gd_file_kind_of(const struct gd_node *root);
/* "scenario", "inventory", "runbook", "unknown". */
const char *gd_file_kind_name(enum gd_file_kind kind);
/*
 * Reads and parses one file of any kind; a file that is none of the known kinds is an error
 * there. *ret_source (caller frees) may be set on errors as well, for showing lines of it.
 */
int gd_file_kind_read(const char *path, enum gd_file_kind *ret, char **ret_source,
		      size_t *ret_size, struct gd_diags *diags) GD_NONNULL GD_MUST_CHECK;

/*
 * Where the runbook that a scenario names is: NAME.yaml in dir, or when dir is NULL in
 * ../runbooks beside the scenario's folder, then in ./runbooks. 0 with the path (caller
 * frees), or 1 when there is none: *ret is then the path it should have.
 */
int gd_runbook_locate(const char *scenario_path, const char *dir, const char *name,
		      char **ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 3, 4, 5) GD_MUST_CHECK;

const struct gd_inventory_host *gd_inventory_find(const struct gd_inventory *inv,
						  const char *name) GD_NONNULL;
bool gd_inventory_has_tag(const struct gd_inventory_host *host,
			  const char *tag) GD_NONNULL;
const struct gd_role *gd_scenario_role(const struct gd_scenario *s,
				       const char *name) GD_NONNULL;
const struct gd_stage *gd_scenario_stage(const struct gd_scenario *s,
					 const char *name) GD_NONNULL;
const struct gd_load_spec *gd_scenario_find_load(const struct gd_scenario *s,
						 const char *name) GD_NONNULL;
