/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/bird.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- lines --------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "CCCC-" or "CCCC "; -1: another form. */
static int code_of(const char *line, size_t len)
{
	int code = 0;

	if (len < 5 || (line[4] != '-' && line[4] != ' '))
		return -1;
	for (int i = 0; i < 4; i++) {
		if (!is_digit(line[i]))
			return -1;
		code = 10 * code + (line[i] - '0');
	}
	return code;
}

int gd_bird_read_line(int *code, const char *data, size_t size, struct gd_bird_line *ret,
		      size_t *ret_used, struct gd_error *err)
{
	size_t most = size < GD_BIRD_MAX_LINE ? size : GD_BIRD_MAX_LINE;
	const char *end = most > 0 ? memchr(data, '\n', most) : NULL;
	size_t len = end ? (size_t)(end - data) : 0;
	struct gd_bird_line line = {.code = *code, .text = data + 1, .len = len - 1};
	int own;

	if (!end && size >= GD_BIRD_MAX_LINE)
		return gd_raise(err, GD_E_REMOTE,
				"BIRD sent a line of more than %d bytes",
				(int)GD_BIRD_MAX_LINE);
	if (!end)
		return 0;
	own = code_of(data, len);
	if (own >= 0) {
		line = (struct gd_bird_line){.code = own,
					     .text = data + 5,
					     .len = len - 5,
					     .last = data[4] == ' '};
		*code = own;
	} else if (len == 0 || (*data != ' ' && *data != '+') || *code == 0) {
		return gd_raise(err, GD_E_REMOTE,
				"this is no BIRD: it sent \"%.*s\" where a reply code "
				"belongs",
				(int)(len < 60 ? len : 60), data);
	}
	*ret = line;
	*ret_used = len + 1;
	return 1;
}

/* --- protocols ----------------------------------------------------------------------- */

enum { CODE_PROTOCOL = 1002, CODE_DETAILS = 1006 };

/* Copies the word at *at, cut to size; moves past it and the blanks behind it. */
static void take_word(const char **at, char *ret, size_t size)
{
	size_t len = strcspn(*at, " \n");

	(void)snprintf(ret, size, "%.*s", (int)(len < size ? len : size - 1), *at);
	*at += len;
	*at += strspn(*at, " ");
}

/* "name type table state since info": since is one word or two, info the last, if any. */
static void take_heading(const char *text, struct gd_bird_protocol *ret)
{
	char skipped[GD_BIRD_NAME];

	*ret = (struct gd_bird_protocol){0};
	take_word(&text, ret->name, sizeof(ret->name));
	take_word(&text, ret->type, sizeof(ret->type));
	take_word(&text, skipped, sizeof(skipped));
	take_word(&text, ret->state, sizeof(ret->state));
	take_word(&text, skipped, sizeof(skipped));
	if (is_digit(*text))
		take_word(&text, skipped, sizeof(skipped));
	take_word(&text, ret->info, sizeof(ret->info));
	ret->up =
		strcmp(ret->state, "up") == 0 &&
		(strcmp(ret->type, "BGP") != 0 || strcmp(ret->info, "Established") == 0);
}

/* Column n (from 1) of a row of numbers; 0 where it says ---. */
static int64_t column(const char *row, int n)
{
	char word[24] = "";

	row += strspn(row, " ");
	for (int i = 0; i < n; i++)
		take_word(&row, word, sizeof(word));
	return strtoll(word, NULL, 10);
}

/* Sums up, and stays where it is when the peer's numbers are beyond all sense. */
static void count(int64_t *sum, int64_t n)
{
	if (n > 0 && *sum < INT64_C(1) << 52 && n < INT64_C(1) << 52)
		*sum += n;
}

/* The number before a word of "1 imported, 0 filtered, 1 exported, 1 preferred". */
static int64_t before_word(const char *text, const char *word)
{
	const char *end = strpbrk(text, "\n");
	const char *at = strstr(text, word);

	if (!at || (end && at > end) || at == text)
		return 0;
	at--;
	while (at > text && is_digit(at[-1]))
		at--;
	return strtoll(at, NULL, 10);
}

static void take_detail(const char *text, struct gd_bird_protocol *p)
{
	static const struct {
		const char *name;
		int column; /* 1: received, 5: accepted */
		bool withdraw;
	} rows[] = {
		{"Import updates:", 1, false},
		{"Import withdraws:", 1, true},
		{"Export updates:", 5, false},
		{"Export withdraws:", 5, true},
	};

	text += strspn(text, " ");
	if (strncmp(text, "Routes:", 7) == 0) {
		count(&p->imported, before_word(text, " imported"));
		count(&p->exported, before_word(text, " exported"));
	}
	for (size_t i = 0; i < GD_N_ELEMS(rows); i++)
		if (strncmp(text, rows[i].name, strlen(rows[i].name)) == 0)
			count(rows[i].withdraw ? &p->withdraws : &p->updates,
			      column(text + strlen(rows[i].name), rows[i].column));
}

bool gd_bird_next_protocol(const char **at, struct gd_bird_protocol *ret)
{
	bool found = false;

	while (**at) {
		const char *line = *at;
		size_t len = strcspn(line, "\n");
		int code = code_of(line, len);

		if (code == CODE_PROTOCOL && found)
			return true;
		*at += len + (line[len] == '\n');
		if (code == CODE_PROTOCOL) {
			take_heading(line + 5, ret);
			found = true;
		} else if (code == CODE_DETAILS && found) {
			take_detail(line + 5, ret);
		}
	}
	return found;
}

/* The time after the word `name` in wall-clock nanoseconds of whatever zone; -1: none. */
static int64_t time_after(const char *reply, const char *name, bool *ret_fraction)
{
	const char *at = strstr(reply, name);
	char digits[10] = "000000000";
	struct tm tm = {0};
	int len = 0;

	if (!at || sscanf(at + strlen(name), "%4d-%2d-%2d %2d:%2d:%2d%n", &tm.tm_year,
			  &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
			  &len) != 6)
		return -1;
	at += strlen(name) + (size_t)len;
	*ret_fraction = *at == '.' && is_digit(at[1]);
	for (size_t i = 0; *ret_fraction && i < 9 && is_digit(at[i + 1]); i++)
		digits[i] = at[i + 1];
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return timegm(&tm) * GD_NS_PER_S + strtoll(digits, NULL, 10);
}

int gd_bird_config_age(const char *reply, struct gd_span *ret, struct gd_error *err)
{
	bool exact[2];
	int64_t now = time_after(reply, "Current server time is ", &exact[0]);
	int64_t load = time_after(reply, "Last reconfiguration on ", &exact[1]);

	if (now < 0 || load < 0)
		return gd_raise(err, GD_E_REMOTE,
				"BIRD does not say when it read its configuration in a "
				"form that is understood: `timeformat base iso long ms;` "
				"in its file makes it");
	ret->ns = now - load - (exact[0] && exact[1] ? 0 : GD_NS_PER_S);
	if (ret->ns < 0)
		ret->ns = 0;
	return 0;
}
