/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The script is one line of POSIX sh without single quotes, exclamation marks or
 * backslashes, so that sh, csh and fish all pass it on unchanged between single quotes.
 * What it says to us are lines that begin with GAMEDAY-BOOT; whatever a login shell's
 * startup files print is noise. All waits for the runner are for bytes: an end of file ends
 * the script.
 *
 * A directory is trusted only when it is a directory (no link), 0700 and our own: in /tmp
 * anybody can make one of the expected name.
 */
#include "gameday/remote/bootstrap.h"

#include <stdio.h>
#include <string.h>

#include "gameday/base/file.h"
#include "gameday/wire/frame.h"
#include "gameday/wire/utf8.h"

#define MARK "GAMEDAY-BOOT "
#define LOADER "ld-linux-x86-64.so.2"

enum {
	MAX_LINE = 1024,
	KEY_LEN = 32,      /* characters of the digest that name the directory */
	UNPACKED_TIMES = 5 /* room asked for, as a multiple of the bundle's size */
};

static const char script[] =
	"umask 077; echo; "
	"s() { echo \"" MARK "$*\"; }; "
	"f() { s fail \"$@\"; exit 9; }; "
	/* mine DIR: a directory, not a link, 0700, our own */
	"mine() { set -- $(ls -ldn \"$1\" 2>/dev/null); "
	"case \"$1 $3\" in drwx------*\" $u\") return 0;; esac; return 1; }; "
	/* whole DIR: all bytes that were unpacked there still are */
	"whole() { c=$(cat \"$1/.complete\" 2>/dev/null) && [ -n \"$c\" ] && "
	"[ $(cat \"$1\"/* | wc -c) -eq \"$c\" ]; }; "
	/* room DIR: enough kilobytes free, or no df to ask */
	"room() { set -- $(df -Pk \"$1\" 2>/dev/null | tail -n 1); "
	"[ \"${4:-$r}\" -ge \"$r\" ]; }; "
	"h=$1; k=$2; n=$3; r=$4; w=$5; u=$(id -u); p=; D=; have=; "
	"s ssh $SSH_CONNECTION; "
	"m=$(uname -s).$(uname -m); [ \"$m\" = Linux.x86_64 ] || f machine \"$m\"; "
	"case \"$w.$u\" in "
	"always.*) e=$(sudo -n true 2>&1 </dev/null) || f sudo \"$e\"; p=\"sudo -n\";; "
	"auto.0|never.*) ;; "
	"*) sudo -n true >/dev/null 2>&1 </dev/null && p=\"sudo -n\";; "
	"esac; "
	"for d in \"$XDG_RUNTIME_DIR\" /run /var/tmp /tmp; do "
	"case \"$d\" in /*) ;; *) continue;; esac; "
	"[ -d \"$d\" ] && [ -w \"$d\" ] || continue; "
	"D=\"$d/gameday-agent-$k\"; "
	"if [ -e \"$D\" ]; then "
	"mine \"$D\" || { D=; continue; }; "
	"whole \"$D\" && { have=1; break; }; "
	"rm -rf \"$D\"; fi; "
	"t=\"$d/gameday-new-$k-$$\"; "
	"if room \"$d\" && mkdir \"$t\" 2>/dev/null; then "
	": >\"$t/x\" && chmod 700 \"$t/x\" && \"$t/x\" 2>/dev/null && rm -f \"$t/x\" && break; "
	"rm -rf \"$t\"; fi; "
	"D=; done; "
	"[ -n \"$D\" ] || f place \"$r\"; "
	"if [ -z \"$have\" ]; then "
	"s send; "
	"head -c \"$n\" >\"$t/launcher\" && chmod 700 \"$t/launcher\" || "
	"{ rm -rf \"$t\"; f unpack \"no room in $d\"; }; "
	"e=$(\"$t/launcher\" --unpack \"$t\" \"$D\" \"$h\" 2>&1 </dev/null) || "
	"{ rm -rf \"$t\"; f unpack \"$e\"; }; "
	"mine \"$D\" && whole \"$D\" || f unpack \"$D is not ours\"; "
	"for x in \"$d\"/gameday-agent-* \"$d\"/gameday-new-*; do "
	"[ \"$x\" = \"$D\" ] || { mine \"$x\" && [ -n \"$(find \"$x\" -prune -mtime +7)\" ] && "
	"rm -rf \"$x\"; }; done; "
	"fi; "
	"s start; "
	"exec $p \"$D/" LOADER "\" --library-path \"$D\" \"$D/gameday-agent\" "
	"--ssh-connection \"$SSH_CONNECTION\"";

static const char *sudo_word(enum gd_sudo sudo)
{
	return sudo == GD_SUDO_NEVER    ? "never"
	       : sudo == GD_SUDO_ALWAYS ? "always"
					: "auto";
}

char *gd_bootstrap_command(const struct gd_bundle *bundle, enum gd_sudo sudo)
{
	return gd_strf("exec sh -c '%s' gameday %s %.*s %zu %zu %s", script, bundle->hash,
		       KEY_LEN, bundle->hash, bundle->size,
		       bundle->size / 1024 * UNPACKED_TIMES, sudo_word(sudo));
}

void gd_bootstrap_fini(struct gd_bootstrap *b)
{
	gd_strbuf_fini(&b->line);
}

/* "fail WORD rest": why the script gave up. */
static int read_failure(const char *what, struct gd_error *err)
{
	const char *rest = strchr(what, ' ');

	rest = rest ? rest + 1 : "";
	if (strncmp(what, "machine", 7) == 0)
		return gd_raise(err, GD_E_REFUSED,
				"this is %s, and the agent runs on Linux.x86_64 only",
				rest);
	if (strncmp(what, "sudo", 4) == 0)
		return gd_raise(
			err, GD_E_REFUSED,
			"sudo -n was refused (%s): allow it without a password, or "
			"set `sudo: never` for this host",
			rest);
	if (strncmp(what, "place", 5) == 0)
		return gd_raise(
			err, GD_E_REFUSED,
			"no place for the agent: none of $XDG_RUNTIME_DIR, /run, "
			"/var/tmp, /tmp lets this user create and execute files and "
			"has %s kB free",
			rest);
	return gd_raise(err, GD_E_REMOTE, "placing the agent: %s", rest);
}

static void keep_noise(struct gd_bootstrap *b, const char *line)
{
	if (line[strspn(line, " \t\r")] == '\0')
		return;
	(void)snprintf(b->said, sizeof(b->said), "%s", line);
}

static int read_line(struct gd_bootstrap *b, char *line, struct gd_error *err)
{
	const char *word = line + sizeof(MARK) - 1;

	gd_text_scrub(line);
	if (strncmp(line, MARK, sizeof(MARK) - 1) != 0) {
		keep_noise(b, line);
		return GD_BOOTSTRAP_MORE;
	}
	if (strncmp(word, "fail ", 5) == 0)
		return read_failure(word + 5, err);
	if (strncmp(word, "ssh ", 4) == 0)
		(void)snprintf(b->ssh_connection, sizeof(b->ssh_connection), "%s",
			       word + 4);
	if (strcmp(word, "start") == 0)
		return GD_BOOTSTRAP_STARTED;
	if (strcmp(word, "send") != 0 || b->uploaded)
		return GD_BOOTSTRAP_MORE;
	b->uploaded = true;
	return GD_BOOTSTRAP_UPLOAD;
}

int gd_bootstrap_feed(struct gd_bootstrap *b, const char *data, size_t size,
		      size_t *ret_used, struct gd_error *err)
{
	size_t at = 0;

	while (at < size) {
		char c = data[at++];
		int outcome;

		if (++b->n_bytes > GD_FRAME_MAX_PREAMBLE)
			return gd_raise(err, GD_E_REMOTE,
					"the login shell printed more than %d bytes",
					GD_FRAME_MAX_PREAMBLE);
		if (c != '\n') {
			/* What is longer than any line of ours is noise: the rest is dropped. */
			if (b->line.len < MAX_LINE)
				gd_strbuf_addc(&b->line, c ? c : '?');
			continue;
		}
		gd_strbuf_addc(&b->line, '\0');
		if (b->line.failed)
			return gd_raise_nomem(err);
		outcome = read_line(b, b->line.data, err);
		gd_strbuf_clear(&b->line);
		if (outcome != GD_BOOTSTRAP_MORE) {
			*ret_used = at;
			return outcome;
		}
	}
	*ret_used = at;
	return GD_BOOTSTRAP_MORE;
}
