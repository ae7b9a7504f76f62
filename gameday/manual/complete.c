/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/manual/complete.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"

/* The next word of a synopsis: without brackets, bars, dots and commas. */
static const char *next_word(const char *s, char word[64], bool *ret_closed)
{
	size_t n = 0;

	s += strspn(s, " \t[](){}|.,");
	while (*s && !strchr(" \t[](){}|,", *s) && n < 63)
		word[n++] = *s++;
	while (n > 0 && word[n - 1] == '.')
		n--;
	word[n] = '\0';
	*ret_closed = *s == ']' || *s == ')' || *s == '|';
	return n > 0 ? s : NULL;
}

static int take(const struct gd_cmd *cmd, const char *word, struct gd_operands *ret,
		struct gd_error *err)
{
	static const char *const plain[] = {"KEY=VALUE", "HOST",    "NAME",
					    "TEXT",      "COMMAND", "STEP/VICTIM",
					    "URL",       "ACTION",  "RUNBOOK"};
	size_t len = strlen(ret->words);

	if (islower((unsigned char)*word)) {
		(void)snprintf(ret->words + len, sizeof(ret->words) - len, "%s%s",
			       len ? " " : "", word);
		return 0;
	}
	if (strcmp(word, "SCENARIO") == 0 || strcmp(word, "FILE") == 0)
		ret->files = true;
	else if (strcmp(word, "RUN") == 0)
		ret->runs = true;
	else if (strcmp(word, "FAULT") == 0)
		ret->faults = true;
	else {
		for (size_t i = 0; i < GD_N_ELEMS(plain); i++)
			if (strcmp(word, plain[i]) == 0)
				return 0;
		return gd_raise(err, GD_E_BUG, "synopsis of %s: what is %s?", cmd->name,
				word);
	}
	return 0;
}

int gd_operands_read(const struct gd_cmd *cmd, struct gd_operands *ret,
		     struct gd_error *err)
{
	const char *s = cmd->synopsis;
	bool closed, value = false;
	char word[64];

	*ret = (struct gd_operands){0};
	while ((s = next_word(s, word, &closed))) {
		if (*word == '-') {
			value = !closed;
			continue;
		}
		if (!value && take(cmd, word, ret, err) < 0)
			return -1;
		value = false;
	}
	return 0;
}
