/* SPDX-License-Identifier: Apache-2.0 */
/* The look of a page: one column, the contents beside it where there is room. */
#include "gameday/report/doc_html.h"
#include "gameday/report/text.h"

static const char style[] =
	":root{color-scheme:light dark;--bg:#fff;--fg:#1c2128;--soft:#57606a;--line:#d0d7de;"
	"--box:#f6f8fa;--good:#1a7f37;--warn:#9a6700;--bad:#cf222e;--link:#0969da}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--soft:#9198a1;"
	"--line:#30363d;--box:#161b22;--good:#3fb950;--warn:#d29922;--bad:#ff7b72;"
	"--link:#58a6ff}}\n"
	"body{margin:0;padding:1rem;background:var(--bg);color:var(--fg);"
	"font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\n"
	"main{max-width:70rem;margin:auto}\n"
	".scroll,pre{overflow-x:auto}\n"
	"table{border-collapse:collapse}th,td{padding:.25rem .5rem;text-align:left;"
	"border-bottom:1px solid var(--line)}.n{text-align:right}\n";

void gd_doc_html_head(struct gd_strbuf *out, const char *title)
{
	gd_strbuf_adds(
		out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
		"form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	gd_text_html(out, title);
	gd_strbuf_adds(out, "</title>\n<style>\n");
	gd_strbuf_adds(out, style);
	gd_strbuf_adds(out, "</style>\n</head>\n<body>\n");
}
