/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The look of a page. Narrow first: one column, the contents as a strip that stays on top;
 * from 75rem on the contents stand beside the text. What is wider than the page (tables,
 * code, charts) scrolls in a box of its own. Printed, everything is black on white, nothing
 * scrolls, and the address of a link stands behind it.
 */
#include "gameday/report/chart.h"
#include "gameday/report/doc_html.h"
#include "gameday/report/text.h"

#define LIGHT                                                                               \
	"--bg:#fff;--fg:#1b1f24;--soft:#57606a;--line:#d5dae0;--box:#f5f7f9;--card:#fff;"   \
	"--link:#0a58ca;--good:#116329;--good-bg:#e3f5e8;--warn:#7a4b00;--warn-bg:#fff3d6;" \
	"--bad:#a40e26;--bad-bg:#ffe7e7;"
#define DARK                                                                                    \
	"--bg:#0e1116;--fg:#e6e9ed;--soft:#9aa4af;--line:#2e353d;--box:#171c22;--card:#151a20;" \
	"--link:#79b8ff;--good:#6fdd8b;--good-bg:#10291a;--warn:#f2c14e;--warn-bg:#2c2209;"     \
	"--bad:#ff8f88;--bad-bg:#351416;"

static const char *const style[] = {
	":root{color-scheme:light dark;" LIGHT "}",
	"@media (prefers-color-scheme:dark){:root{" DARK "}}",
	/* text */
	"*{box-sizing:border-box}",
	"html{-webkit-text-size-adjust:100%;scroll-padding-top:3.5rem}",
	"body{margin:0;background:var(--bg);color:var(--fg);overflow-wrap:anywhere;"
	"font:1rem/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\","
	"\"Noto Sans\",sans-serif}",
	"main{width:100%;max-width:74rem;margin:0 auto;padding:1rem 1rem 4rem}",
	"p,li,dd{max-width:48rem}",
	"h1,h2,h3{line-height:1.25}",
	"h1{font-size:1.15rem;margin:0 0 .5rem}",
	"h2{font-size:1.3rem;margin:2.75rem 0 .75rem;padding-top:1rem;"
	"border-top:1px solid var(--line)}",
	"h3{font-size:1.05rem;margin:1.75rem 0 .5rem}",
	"a{color:var(--link)}",
	"ul,ol{padding-left:1.4rem}",
	"li{margin:.25rem 0}",
	"code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"
	"\"DejaVu Sans Mono\",monospace;font-size:.85em}",
	":not(pre)>code{background:var(--box);border:1px solid var(--line);"
	"border-radius:.25rem;padding:.05em .3em}",
	"pre{margin:0;padding:.75rem;background:var(--box);border:1px solid var(--line);"
	"border-radius:.4rem;overflow:auto;max-height:28rem;line-height:1.45;"
	"overflow-wrap:normal}",
	"figure{margin:1rem 0}",
	"figure.code{max-width:60rem}",
	"figcaption{color:var(--soft);font-size:.9rem;margin:.35rem 0}",
	"summary{cursor:pointer;color:var(--link);padding:.25rem 0}",
	":focus-visible{outline:3px solid var(--link);outline-offset:2px}",
	".unseen{position:absolute;width:1px;height:1px;overflow:hidden;"
	"clip-path:inset(50%);white-space:nowrap}",
	".skip{position:absolute;left:-99rem}",
	".skip:focus{left:.5rem;top:.5rem;z-index:9;background:var(--bg);padding:.5rem}",
	/* contents */
	"nav{position:sticky;top:0;z-index:5;background:var(--bg);"
	"border-bottom:1px solid var(--line)}",
	"nav ul{display:flex;gap:.25rem;margin:0;padding:.5rem .75rem;list-style:none;"
	"overflow-x:auto;scrollbar-width:thin}",
	"nav li{flex:none;margin:0}",
	"nav a{display:block;padding:.3rem .6rem;border-radius:1rem;font-size:.85rem;"
	"color:var(--fg);text-decoration:none;white-space:nowrap}",
	"nav a:hover{background:var(--box)}",
	/* the first screen */
	".good{--tone:var(--good);--tone-bg:var(--good-bg)}",
	".warn{--tone:var(--warn);--tone-bg:var(--warn-bg)}",
	".bad{--tone:var(--bad);--tone-bg:var(--bad-bg)}",
	".verdict{background:var(--tone-bg);border:1px solid var(--tone);"
	"border-left-width:.5rem;border-radius:.5rem;padding:1rem 1.1rem}",
	".badge{display:inline-flex;align-items:center;gap:.4rem;color:var(--bg);"
	"background:var(--tone);border-radius:2rem;padding:.15rem .8rem .15rem .5rem;"
	"margin-right:.35rem;text-transform:uppercase;letter-spacing:.04em;"
	"vertical-align:middle}",
	".badge svg{width:1.15em;height:1.15em;flex:none}",
	".happened{margin:0;font-size:.95rem;max-width:62rem}",
	".verdict code{border:0;background:none;padding:0}",
	/* A command in the text goes to the next line as a whole: "--" is no place to break. */
	":not(pre)>code{display:inline-block;max-width:100%}",
	".next{margin:1rem 0;max-width:62rem}",
	".numbers{display:grid;gap:.4rem;margin:.75rem 0}",
	".number{background:var(--card);border:1px solid var(--line);border-radius:.5rem;"
	"padding:.3rem .75rem;display:grid;grid-template-columns:1fr auto;"
	"align-items:baseline;column-gap:.75rem}",
	".number dd{display:contents}",
	".number dt{color:var(--soft);font-size:.9rem}",
	".number b{font-size:1.2rem;line-height:1.25;color:var(--tone,inherit);"
	"font-variant-numeric:tabular-nums}",
	".number span{grid-column:1/-1;color:var(--soft);font-size:.8rem;line-height:1.35}",
	".facts{display:grid;gap:.35rem;margin:1rem 0}",
	".facts div{display:grid;grid-template-columns:6.5rem 1fr}",
	".facts dt{color:var(--soft)}",
	".facts dd{margin:0}",
	".mark{font-weight:600;color:var(--tone,inherit)}",
	".mark.good{font-weight:400}",
	/* tables */
	".scroll{overflow-x:auto;margin:1rem 0}",
	"table{border-collapse:collapse;font-size:.9rem;"
	"font-variant-numeric:tabular-nums}",
	"th,td{padding:.4rem .7rem;text-align:left;vertical-align:top;"
	"border-bottom:1px solid var(--line);overflow-wrap:normal}",
	/* Words stay whole where there is scrolling; long ones carry their own breaks. */
	"th:not(.n,.w),td:not(.n,.w){min-width:9rem;overflow-wrap:break-word}",
	".w{white-space:nowrap}",
	"thead th{border-bottom:2px solid var(--line);color:var(--soft);font-weight:600;"
	"vertical-align:bottom}",
	"tbody th{font-weight:600}",
	"tbody tr:hover{background:var(--box)}",
	".n{text-align:right;white-space:nowrap}",
	"thead .n{white-space:normal}",
	/* On a phone text gives way before a column leaves the screen. */
	"@media (max-width:40rem){th,td{padding:.4rem}"
	"td:not(.n,.w){min-width:8rem;overflow-wrap:anywhere}}",
	/* charts */
	".chart{margin:1.5rem 0;padding:1rem;background:var(--card);"
	"border:1px solid var(--line);border-radius:.5rem}",
	".chart>.scroll{margin:0}",
	".chart figcaption{margin:0 0 .75rem}.chart figcaption strong{display:block;"
	"color:var(--fg);font-size:1rem}",
	".chart details{margin-top:.5rem}",
	/* Not wider, or its text outgrows the headings. */
	".chart svg{display:block;width:100%;min-width:40rem;max-width:54rem;height:auto}",
	/* more room */
	"@media (min-width:40rem){main{padding:1.5rem 2rem 5rem}h1{font-size:1.5rem}"
	".happened{font-size:1.05rem}.verdict{padding:1.1rem 1.25rem}"
	".numbers{grid-template-columns:repeat(auto-fit,minmax(7.8rem,1fr));gap:.6rem}"
	".number{display:block;padding:.6rem .75rem}.number dt{font-size:.85rem}"
	".number b{display:block;font-size:1.45rem}.number span{display:block}"
	"tbody th:first-child{position:sticky;left:0;background:var(--bg)}"
	".chart tbody th:first-child{background:var(--card)}}",
	"@media (min-width:75rem){body{display:grid;"
	"grid-template-columns:15rem minmax(0,1fr)}html{scroll-padding-top:1rem}"
	"nav{align-self:start;height:100vh;overflow-y:auto;border:0;"
	"border-right:1px solid var(--line)}nav ul{display:block;padding:1.5rem .75rem}"
	"nav a{white-space:normal;border-radius:.4rem}}",
	"@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}",
	/* paper */
	"@media print{:root{color-scheme:light;" LIGHT "}@page{margin:14mm 12mm}"
	"body{display:block;font-size:9.5pt}main{max-width:none;padding:0}"
	"nav,.skip,summary{display:none}h2{margin-top:1.5rem}"
	"h1,h2,h3,figcaption,thead{break-after:avoid}"
	".chart,.number,.verdict,tr{break-inside:avoid}"
	".numbers{grid-template-columns:repeat(auto-fit,minmax(7rem,1fr))}"
	"h1{font-size:14pt}h2{font-size:13pt}h3{font-size:10.5pt;margin-top:1rem}"
	"figcaption{font-size:8.5pt}.chart figcaption strong{font-size:10pt}"
	".happened{font-size:10.5pt}"
	".number b{font-size:12pt}.number span{font-size:8pt}"
	".scroll,pre{overflow:visible;max-height:none}"
	"pre{white-space:pre-wrap;overflow-wrap:anywhere}"
	"table{font-size:7pt}th,td{padding:.15rem .25rem}"
	"th:not(.n,.w),td:not(.n,.w){min-width:0;overflow-wrap:anywhere}"
	".n,.w{white-space:normal}tbody th:first-child{position:static}"
	/* On one page, with its heading; one that would be too small for that may be cut. */
	".chart svg{min-width:0}.chart:not(.tall) svg{max-height:210mm}.tall{break-inside:auto}"
	"thead{display:table-header-group}"
	".verdict,.badge,.chart{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
	"a[href^=http]::after{content:\" (\" attr(href) \")\";font-size:.85em}}",
};

void gd_doc_html_head(struct gd_strbuf *out, const char *title, bool charts)
{
	gd_strbuf_adds(
		out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<meta name=\"generator\" content=\"gameday\">\n<title>");
	gd_text_html_attr(out, title);
	gd_strbuf_adds(out, "</title>\n<style>\n");
	for (size_t i = 0; i < GD_N_ELEMS(style); i++)
		gd_strbuf_addf(out, "%s\n", style[i]);
	if (charts)
		gd_chart_css(out);
	gd_strbuf_adds(out, "</style>\n</head>\n<body>\n"
			    "<a class=\"skip\" href=\"#top\">To the verdict</a>\n");
}

void gd_doc_html_icon(struct gd_strbuf *out, enum gd_doc_tone tone)
{
	/* Of 16 x 16: a tick and a cross in a circle, an exclamation mark in a triangle. */
	static const char *const paths[] = {
		"",
		"<circle cx=\"8\" cy=\"8\" r=\"6.8\"/><path d=\"M4.8 8.3l2.2 2.2 4.3-4.7\"/>",
		"<path d=\"M8 1.8L14.8 14H1.2zM8 6.2v3.8M8 11.7v.6\"/>",
		("<circle cx=\"8\" cy=\"8\" r=\"6.8\"/>"
		 "<path d=\"M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2\"/>"),
	};

	if (tone != GD_DOC_PLAIN)
		gd_strbuf_addf(
			out,
			"<svg viewBox=\"0 0 16 16\" aria-hidden=\"true\" fill=\"none\" "
			"stroke=\"currentColor\" stroke-width=\"1.7\" "
			"stroke-linecap=\"round\" stroke-linejoin=\"round\">%s</svg>",
			paths[tone]);
}
