/* html_out: one style for all pages, light and dark by the reader's setting. */
#include "bench/html_out.h"

static const char style[] =
	":root{--fg:#1c2330;--soft:#5b6676;--bg:#fff;--line:#d9dee6;--band:#f4f6f9;--own:#c2410c;--a:#2563eb;--b:#"
	"0f766e;"
	"--c:#7c3aed;--d:#b45309;--bad:#fde2e1;--good:#d9f2e3}"
	"@media(prefers-color-scheme:dark){:root{--fg:#e4e8ee;--soft:#9aa6b5;--bg:#14181f;--line:#323b48;--band:#"
	"1b212b;"
	"--own:#fb923c;--a:#60a5fa;--b:#2dd4bf;--c:#a78bfa;--d:#fbbf24;--bad:#53252a;--good:#1d4532}}"
	"body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}"
	"main{max-width:1320px;margin:0 auto;padding:1.5rem}h1{font-size:1.6rem}h2{margin:2.4rem 0 "
	".4rem;border-bottom:1px "
	"solid var(--line)}h3{margin:.6rem 0}p{max-width:75ch}.note{color:var(--soft);font-size:.92em}"
	"table{border-collapse:collapse;margin:.8rem 0;font-variant-numeric:tabular-nums;font-size:.92em}"
	"th,td{padding:.25rem .5rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}"
	"th:first-child,td:first-child{text-align:left}thead th{background:var(--band);border-bottom:2px solid "
	"var(--line)}"
	"tr.own td{font-weight:600;color:var(--own)}tr.absent td{color:var(--soft);text-align:left;white-space:normal}"
	".scroll{overflow-x:auto}svg{max-width:100%;height:auto;margin:.5rem 0}svg text{fill:var(--fg);font:12px "
	"system-ui,sans-serif}svg .soft{fill:var(--soft)}svg .grid{stroke:var(--line)}svg .axis{stroke:var(--soft)}"
	"pre{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.45 "
	"ui-monospace,monospace;margin:0}code{font-size:.9em}"
	".pair{display:grid;grid-template-columns:1fr 1fr;gap:.8rem}.pair section{border:1px solid "
	"var(--line);padding:.3rem "
	".8rem;max-height:26rem;overflow:auto}mark{color:inherit}mark.missing{background:var(--bad)}mark.extra{"
	"background:"
	"var(--good)}.none{color:var(--soft)}summary{cursor:pointer;margin-top:1rem}";

void html_out_start(struct buffer *out, const char *title)
{
	buffer_append_span(out, SPAN("<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport "
				     "content=\"width=device-width\"><title>"));
	html_out_text(out, span_of(title));
	buffer_append_span(out, SPAN("</title><style>"));
	buffer_append(out, style, sizeof style - 1);
	buffer_append_span(out, SPAN("</style><main>\n"));
}

void html_out_end(struct buffer *out)
{
	buffer_append_span(out, SPAN("</main></html>\n"));
}

void html_out_text(struct buffer *out, struct span text)
{
	size_t from = 0;
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];
		struct span entity = c == '&'   ? SPAN("&amp;")
				     : c == '<' ? SPAN("&lt;")
				     : c == '>' ? SPAN("&gt;")
				     : c == '"' ? SPAN("&quot;")
						: SPAN_NONE;
		if (!entity.data)
			continue;
		buffer_append(out, text.data + from, i - from);
		buffer_append_span(out, entity);
		from = i + 1;
	}
	if (text.size)
		buffer_append(out, text.data + from, text.size - from);
}
