/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words are looked for where a statement begins: at depth 0 for `protocol static`, inside
 * its braces for `route` and the channel, inside the channel's for `import`. Comments and
 * strings are stepped over.
 */
#include "injectors/bgp_config.h"

#include <stdbool.h>
#include <string.h>

enum { MAX_PREFIXES = 64 };

struct text {
	const char *at, *end;
};

struct wanted {
	const char *config;
	const struct gd_bgp_prefix *prefixes;
	size_t n;
	bool found[MAX_PREFIXES];
};

/* --- walking ------------------------------------------------------------------------- */

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static const char *find_end(const char *at, const char *end, const char *what)
{
	const char *found = memmem(at, (size_t)(end - at), what, strlen(what));

	return found ? found + strlen(what) : end;
}

/* Behind blanks and comments. */
static const char *past_blank(const char *at, const char *end)
{
	while (at < end) {
		if (*at == '#')
			at = find_end(at, end, "\n");
		else if (end - at > 1 && at[0] == '/' && at[1] == '*')
			at = find_end(at + 2, end, "*/");
		else if (strchr(" \t\r\n", *at))
			at++;
		else
			break;
	}
	return at;
}

/* Behind the string, the word or the single character at `at`, which is below end. */
static const char *past_token(const char *at, const char *end)
{
	if (*at == '"')
		return find_end(at + 1, end, "\"");
	if (!is_word_char(*at))
		return at + 1;
	while (at < end && is_word_char(*at))
		at++;
	return at;
}

/*
 * Behind the token of `what` at depth 0, braces, brackets and parentheses counted; NULL: it
 * does not come. A closing brace of the block around ends it, too.
 */
static const char *past_at_depth_0(const char *at, const char *end, const char *what)
{
	int depth = 0;

	for (at = past_blank(at, end); at < end; at = past_blank(at, end)) {
		const char *next = past_token(at, end);

		depth -= strchr("}])", *at) != NULL;
		if (depth < 0)
			return NULL;
		if (depth == 0 && strchr(what, *at))
			return next;
		depth += strchr("{[(", *at) != NULL;
		at = next;
	}
	return NULL;
}

/* Is the word there? Then *at moves behind it and the blanks. */
static bool take_word(struct text *t, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(t->end - t->at) < len || strncmp(t->at, word, len) != 0 ||
	    (t->at + len < t->end && is_word_char(t->at[len])))
		return false;
	t->at = past_blank(t->at + len, t->end);
	return true;
}

/* The next statement of a block: up to its ; or to the end of the block it ends with. */
static bool next_statement(struct text *t, struct text *ret)
{
	const char *end;

	t->at = past_blank(t->at, t->end);
	if (t->at >= t->end)
		return false;
	end = past_at_depth_0(t->at, t->end, ";");
	*ret = (struct text){t->at, end ? end : t->end};
	t->at = ret->end;
	return true;
}

/* --- one static protocol -------------------------------------------------------------- */

static size_t route_of(const struct wanted *w, struct text s)
{
	size_t len = 0;

	if (!take_word(&s, "route"))
		return w->n;
	while (s.at + len < s.end && !strchr(" \t\r\n;{", s.at[len]))
		len++;
	for (size_t i = 0; i < w->n; i++)
		if (strlen(w->prefixes[i].text) == len &&
		    strncmp(w->prefixes[i].text, s.at, len) == 0)
			return i;
	return w->n;
}

/* "net !~ [ 10.20.0.0/24, 10.21.0.0/24 ]"; "" when no route of the block is wanted. */
static void add_condition(struct wanted *w, struct text body, struct gd_strbuf *out)
{
	struct text s;

	while (next_statement(&body, &s)) {
		size_t i = route_of(w, s);

		if (i == w->n)
			continue;
		w->found[i] = true;
		gd_strbuf_addf(out, "%s %s", out->len > 0 ? "," : "net !~ [",
			       w->prefixes[i].text);
	}
	if (out->len > 0)
		gd_strbuf_adds(out, " ]");
}

static bool is_channel(struct text *s)
{
	return take_word(s, "ipv4") || take_word(s, "ipv6");
}

/* `import all` and `import where C` can be narrowed; `import limit` and the like are others. */
static bool is_import(struct text *s)
{
	struct text other = *s;

	if (!take_word(&other, "import"))
		return false;
	*s = other;
	return !take_word(&other, "limit") && !take_word(&other, "table") &&
	       !take_word(&other, "keep");
}

static void add(struct gd_strbuf *out, const char *from, const char *to)
{
	gd_strbuf_add(out, from, (size_t)(to - from));
}

static int refuse_import(const struct wanted *w, struct gd_error *err)
{
	return gd_raise(err, GD_E_REFUSED,
			"%s: the static protocol of %s imports through a filter of its "
			"own, which can't be narrowed: take the whole protocol without "
			"withdraw",
			w->config, w->prefixes[0].text);
}

/* The inside of a channel's braces, with its import narrowed. */
static int narrow(const struct wanted *w, struct text channel, const char *condition,
		  struct gd_strbuf *out, struct gd_error *err)
{
	struct text rest = channel, s;

	while (next_statement(&rest, &s)) {
		struct text value = s;

		if (!is_import(&value))
			continue;
		add(out, channel.at, value.at);
		if (take_word(&value, "all")) {
			gd_strbuf_addf(out, "where %s", condition);
		} else if (take_word(&value, "where") && value.end[-1] == ';') {
			gd_strbuf_addf(out, "where %s && (", condition);
			add(out, value.at, value.end - 1);
			gd_strbuf_adds(out, ")");
			value.at = value.end - 1;
		} else {
			return refuse_import(w, err);
		}
		add(out, value.at, channel.end);
		return 0;
	}
	gd_strbuf_addf(out, " import where %s;", condition);
	add(out, channel.at, channel.end);
	return 0;
}

/* The inside of a static protocol's braces. */
static int rewrite(struct wanted *w, struct text body, struct gd_strbuf *out,
		   struct gd_error *err)
{
	GD_AUTO_STRBUF(condition);
	struct text rest = body, s;

	add_condition(w, body, &condition);
	if (condition.len == 0) {
		add(out, body.at, body.end);
		return 0;
	}
	while (next_statement(&rest, &s)) {
		struct text channel = s;
		const char *close;

		if (!is_channel(&channel))
			continue;
		add(out, body.at, channel.at);
		if (channel.at < channel.end && *channel.at == '{') {
			gd_strbuf_adds(out, "{");
			close = past_at_depth_0(channel.at, channel.end, "}");
			if (!close)
				break;
			channel = (struct text){channel.at + 1, close - 1};
			if (narrow(w, channel, gd_strbuf_str(&condition), out, err) < 0)
				return -1;
			add(out, channel.end, body.end);
			return 0;
		}
		gd_strbuf_addf(out, " { import where %s; }", gd_strbuf_str(&condition));
		add(out, channel.at, body.end);
		return 0;
	}
	return gd_raise(err, GD_E_REFUSED,
			"%s: the static protocol of %s has no channel (ipv4 or ipv6) of "
			"its own here: take the whole protocol without withdraw",
			w->config, w->prefixes[0].text);
}

/* --- the whole ------------------------------------------------------------------------ */

static bool is_static(struct text s)
{
	return take_word(&s, "protocol") && take_word(&s, "static");
}

static int check_found(const struct wanted *w, struct gd_error *err)
{
	for (size_t i = 0; i < w->n; i++)
		if (!w->found[i])
			return gd_raise(err, GD_E_REFUSED,
					"%s has no static route %s (in a file that it "
					"includes?): take the whole protocol without "
					"withdraw",
					w->config, w->prefixes[i].text);
	return 0;
}

int gd_bgp_withhold(const char *config, const char *text,
		    const struct gd_bgp_prefix *prefixes, size_t n, struct gd_strbuf *out,
		    struct gd_error *err)
{
	struct wanted w = {.config = config, .prefixes = prefixes, .n = n};
	struct text rest = {text, text + strlen(text)};

	if (n > MAX_PREFIXES)
		return gd_raise(err, GD_E_INPUT, "%zu prefixes are more than %d", n,
				(int)MAX_PREFIXES);
	while (rest.at < rest.end) {
		const char *from = rest.at, *at = past_blank(from, rest.end), *open,
			   *close;

		/* A block ends with its brace, any other statement with its semicolon. */
		close = past_at_depth_0(at, rest.end, "};");
		if (!close)
			close = rest.end;
		open = past_at_depth_0(at, close, "{");
		rest.at = close;
		if (!open || !is_static((struct text){at, close}) || close[-1] != '}') {
			add(out, from, close);
			continue;
		}
		add(out, from, open);
		if (rewrite(&w, (struct text){open, close - 1}, out, err) < 0)
			return -1;
		gd_strbuf_adds(out, "}");
	}
	if (check_found(&w, err) < 0)
		return -1;
	return out->failed ? gd_raise_nomem(err) : 0;
}
