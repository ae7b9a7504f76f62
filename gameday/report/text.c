/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "gameday/base/attr.h"

/*
 * Reads one character of at most `left` bytes: its length and code point, or length 0 when
 * the bytes are not UTF-8 (overlong forms, surrogates and beyond U+10FFFF included).
 */
static size_t decode(const unsigned char *s, size_t left, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	uint32_t c = len == 1 ? s[0] : s[0] & (0x7fU >> len);

	if (s[0] >= 0x80 && (s[0] < 0xc2 || s[0] > 0xf4))
		return 0;
	if (len > left)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return len;
}

/* How many of the bytes are ASCII and not NUL, to the last whole eight. */
static size_t plain_length(const unsigned char *s, size_t size)
{
	static const uint64_t low = 0x0101010101010101, high = 0x8080808080808080;
	size_t i = 0;
	uint64_t w;

	for (; size - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, s + i, sizeof(w));
		if ((w & high) || ((w - low) & ~w & high))
			break;
	}
	return i;
}

void gd_text_clean(char *text, size_t size)
{
	unsigned char *s = (unsigned char *)text;
	size_t i = 0;

	while (i < size) {
		uint32_t c = 0;
		size_t len;

		i += plain_length(s + i, size - i);
		while (i < size && s[i] > 0 && s[i] < 0x80)
			i++;
		if (i == size)
			break;
		len = decode(s + i, size - i, &c);

		if (len == 0 || c == 0) {
			s[i] = '?';
			len = 1;
		}
		i += len;
	}
}

/* Moves the cursor, breaks a line or turns the direction of writing. */
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff;
}

/* The next character as safe bytes: its length, and what to show instead in *ret_safe. */
static size_t step(const char *s, bool *ret_safe)
{
	uint32_t c = 0;
	size_t len = decode((const unsigned char *)s, strnlen(s, 4), &c);

	*ret_safe = len > 0 && !is_unsafe(c);
	return len ? len : 1;
}

void gd_text_plain(struct gd_strbuf *out, const char *text, size_t max)
{
	while (*text && max-- > 0) {
		bool safe;
		size_t len = step(text, &safe);

		gd_strbuf_add(out, safe ? text : " ", safe ? len : 1);
		text += len;
	}
	if (*text)
		gd_strbuf_adds(out, "...");
}

/*
 * The character as Markdown: an entity for what begins HTML, a backslash for what is markup.
 * A '>' alone only matters at the start of a line, which is the document's business.
 */
static void add_md(struct gd_strbuf *out, const char *s, size_t len)
{
	if (*s == '<')
		gd_strbuf_adds(out, "&lt;");
	else if (*s == '&')
		gd_strbuf_adds(out, "&amp;");
	else if (strchr("\\`*[]|~#$", *s))
		gd_strbuf_addf(out, "\\%c", *s);
	else
		gd_strbuf_add(out, s, len);
}

static bool is_word(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x80 || (u >= '0' && u <= '9') || (u >= 'A' && u <= 'Z') ||
	       (u >= 'a' && u <= 'z');
}

void gd_text_md(struct gd_strbuf *out, const char *text)
{
	const char *start = text;

	while (*text) {
		bool safe;
		size_t len = step(text, &safe);

		/* Within a word '_' is a character like any other (CommonMark 6.2). */
		if (*text == '_' &&
		    (text == start || !is_word(text[-1]) || !is_word(text[1])))
			gd_strbuf_adds(out, "\\_");
		else if (safe)
			add_md(out, text, len);
		else
			gd_strbuf_addc(out, ' ');
		text += len;
	}
}

void gd_text_mdf(struct gd_strbuf *out, const char *fmt, ...)
{
	GD_AUTO_STRBUF(plain);
	va_list ap;

	va_start(ap, fmt);
	gd_strbuf_vaddf(&plain, fmt, ap);
	va_end(ap);
	gd_text_md(out, gd_strbuf_str(&plain));
	out->failed = out->failed || plain.failed;
}

static size_t longest_backticks(const char *text)
{
	size_t longest = 0;

	for (; *text; text++) {
		size_t n = strspn(text, "`");

		longest = n > longest ? n : longest;
		text += n;
		if (!*text)
			break;
	}
	return longest;
}

static void add_backticks(struct gd_strbuf *out, size_t n)
{
	while (n-- > 0)
		gd_strbuf_addc(out, '`');
}

/*
 * A table ends a cell at '|' even inside of code; there a backslash before it is taken away
 * again (GitHub Flavored Markdown, 4.10). Of one that stood there already nothing would be
 * right: then it is no code.
 */
void gd_text_md_code(struct gd_strbuf *out, const char *text, bool in_table)
{
	size_t fence = longest_backticks(text) + 1;
	bool pad = *text == '\0' || *text == '`' || text[strlen(text) - 1] == '`';

	if (in_table && strstr(text, "\\|")) {
		gd_text_md(out, text);
		return;
	}
	add_backticks(out, fence);
	gd_strbuf_adds(out, pad ? " " : "");
	while (*text) {
		bool safe;
		size_t len = step(text, &safe);

		gd_strbuf_adds(out, in_table && *text == '|' ? "\\" : "");
		gd_strbuf_add(out, safe ? text : " ", safe ? len : 1);
		text += len;
	}
	gd_strbuf_adds(out, pad ? " " : "");
	add_backticks(out, fence);
}

/* U+FFFE and U+FFFF, which XML 1.0 excludes (production 2). */
static bool is_noncharacter(const char *s)
{
	return strncmp(s, "\xef\xbf\xbe", 3) == 0 || strncmp(s, "\xef\xbf\xbf", 3) == 0;
}

/* How a kind of markup holds what it can't hold as it is. */
struct markup {
	enum { AS_SPACE, AS_IS, AS_REFERENCE } ends; /* line ends and tabs */
	char unsafe;        /* for what is no text or moves the cursor */
	bool apostrophe;    /* is markup */
	bool noncharacters; /* may be in it */
};

static const struct markup html_line = {AS_SPACE, ' ', true, true};
static const struct markup html_block = {AS_IS, '?', true, true};
/* An attribute's own line ends would be read as blanks (XML 1.0, 3.3.3). */
static const struct markup xml = {AS_REFERENCE, ' ', false, false};

static void add_entity(struct gd_strbuf *out, const char *s, size_t len, bool apostrophe)
{
	static const struct {
		char c, entity[8];
	} entities[] = {{'<', "&lt;"},
			{'>', "&gt;"}, /* of "]]>" */
			{'&', "&amp;"},
			{'"', "&quot;"},
			{'\'', "&#39;"}};
	size_t n = GD_N_ELEMS(entities) - (apostrophe ? 0 : 1);

	for (size_t i = 0; i < n; i++)
		if (*s == entities[i].c) {
			gd_strbuf_adds(out, entities[i].entity);
			return;
		}
	gd_strbuf_add(out, s, len);
}

/* The next character of text, of which step() said len and safe. */
static void add_markup(struct gd_strbuf *out, const char *text, size_t len, bool safe,
		       const struct markup *m)
{
	bool is_end = *text == '\n' || *text == '\t';

	if (is_end && m->ends == AS_IS)
		gd_strbuf_addc(out, *text);
	else if (is_end && m->ends == AS_REFERENCE)
		gd_strbuf_addf(out, "&#%d;", *text);
	else if (!safe || (!m->noncharacters && is_noncharacter(text)))
		gd_strbuf_addc(out, m->unsafe);
	else
		add_entity(out, text, len, m->apostrophe);
}

static void add_html_line(struct gd_strbuf *out, const char *text, size_t break_after)
{
	size_t word = 0;

	while (*text) {
		bool safe;
		size_t len = step(text, &safe);

		word = safe && *text != ' ' ? word + 1 : 0;
		if (word > break_after) {
			gd_strbuf_adds(out, "<wbr>");
			word = 1;
		}
		add_markup(out, text, len, safe, &html_line);
		text += len;
	}
}

void gd_text_html(struct gd_strbuf *out, const char *text)
{
	enum { LONG_WORD = 20 };

	add_html_line(out, text, LONG_WORD);
}

void gd_text_html_attr(struct gd_strbuf *out, const char *text)
{
	add_html_line(out, text, SIZE_MAX);
}

void gd_text_html_block(struct gd_strbuf *out, const char *text, size_t max)
{
	const char *start = text;

	while (*text && (size_t)(text - start) < max) {
		bool safe;
		size_t len = step(text, &safe);

		add_markup(out, text, len, safe, &html_block);
		text += len;
	}
	if (*text)
		gd_strbuf_addf(out, "%s... %zu more bytes\n",
			       text > start && text[-1] != '\n' ? "\n" : "",
			       strlen(text));
}

static void add_fence(struct gd_strbuf *out, size_t n)
{
	add_backticks(out, n);
	gd_strbuf_addc(out, '\n');
}

void gd_text_md_block(struct gd_strbuf *out, const char *text, size_t max)
{
	size_t fence = longest_backticks(text) + 1;
	const char *start = text;

	fence = fence < 3 ? 3 : fence;
	add_fence(out, fence);
	while (*text && (size_t)(text - start) < max) {
		bool safe;
		size_t len = step(text, &safe);

		if (*text == '\n' || *text == '\t')
			gd_strbuf_addc(out, *text);
		else
			gd_strbuf_add(out, safe ? text : "?", safe ? len : 1);
		text += len;
	}
	if (text > start && text[-1] != '\n')
		gd_strbuf_addc(out, '\n');
	if (*text)
		gd_strbuf_addf(out, "... %zu more bytes\n", strlen(text));
	add_fence(out, fence);
}

void gd_text_xml(struct gd_strbuf *out, const char *text)
{
	while (*text) {
		bool safe;
		size_t len = step(text, &safe);

		add_markup(out, text, len, safe, &xml);
		text += len;
	}
}

void gd_text_right(struct gd_strbuf *out, const char *text, size_t width)
{
	size_t seen = 0;

	for (const char *p = text; *p; p++)
		seen += ((unsigned char)*p & 0xc0) != 0x80;
	for (; seen < width; seen++)
		gd_strbuf_addc(out, ' ');
	gd_strbuf_adds(out, text);
}
