"use strict";
(() => {
const { stats, run } = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("main");
const SVG = "http://www.w3.org/2000/svg";
const format = new Intl.NumberFormat("en");
const count = (n) => format.format(n);
const share = (part, whole) => whole ? `${(100 * part / whole).toFixed(part === whole || !part ? 0 : 1)} %` : "–";
const sum = (object) => Object.values(object || {}).reduce((a, b) => a + b, 0);
const plural = (n, one, many = one + "s") => `${count(n)} ${n === 1 ? one : many}`;
/** "English (eng)" where the browser knows the name. */
function language(code) {
	let name = code;
	try { name = new Intl.DisplayNames("en", { type: "language" }).of(code); } catch { /* no language tag */ }
	return name === code ? code : `${name} (${code})`;
}
function bytes(n) {
	const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
	let unit = 0;
	while (n >= 1000 && unit < units.length - 1) { n /= 1000; unit++; }
	return `${unit && n < 100 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

/** An element: el("p", {class: "x"}, "text", child). Texts are never parsed as markup. */
function el(name, attributes = {}, ...children) {
	const node = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(key, value);
	node.append(...children.filter((child) => child !== undefined && child !== null));
	return node;
}
function shape(name, attributes, text) {
	const node = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
	if (text !== undefined) node.textContent = text;
	return node;
}
/** Only addresses that a browser can open safely become links. */
const link = (url) => /^https?:\/\//i.test(url || "") ? el("a", { href: url, rel: "noreferrer nofollow" }, url) : el("span", {}, url || "–");

function section(id, title, ...children) {
	const node = el("section", { id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), ...children);
	main.append(node);
	document.getElementById("contents").append(el("li", {}, el("a", { href: `#${id}` }, title)));
	return node;
}

/* ---- Tables: sorted by their head's buttons, cut to a first part, filtered where they are long ---- */

const FIRST = 15;
/** COLUMNS: {name, value: row → number or text, number: bool, cell: row → node}. */
function table(caption, columns, rows, { sort = 0, filter } = {}) {
	let shown = FIRST, by = sort, down = columns[sort]?.number, wanted = "";
	const body = el("tbody"), note = el("span", { class: "soft", role: "status" });
	const more = el("button", { type: "button" });
	const heads = columns.map((column, at) => {
		const button = el("button", { type: "button" }, column.name);
		button.addEventListener("click", () => {
			down = by === at ? !down : Boolean(column.number);
			by = at;
			draw();
		});
		return el("th", { scope: "col", class: column.number ? "number" : undefined }, button);
	});
	function compare(a, b) {
		if (by < 0) return 0; /* as they come */
		const x = columns[by].value(a), y = columns[by].value(b);
		const order = columns[by].number ? (x ?? -1) - (y ?? -1) : String(x ?? "") < String(y ?? "") ? -1 : String(x ?? "") > String(y ?? "") ? 1 : 0;
		return down ? -order : order;
	}
	function draw() {
		heads.forEach((head, at) => at === by ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
		const found = rows.filter((row) => !wanted || columns.some((c) => String(c.value(row) ?? "").toLowerCase().includes(wanted))).sort(compare);
		body.replaceChildren(...found.slice(0, shown).map((row) => el("tr", {}, ...columns.map((column, at) => {
			const value = column.value(row);
			const cell = column.cell ? column.cell(row) : column.number ? (value === undefined ? "–" : column.text ? column.text(value) : count(value)) : value ?? "–";
			return el(at ? "td" : "th", { scope: at ? undefined : "row", class: column.number ? "number" : undefined }, cell);
		}))));
		more.hidden = found.length <= shown && shown === FIRST;
		more.textContent = shown === FIRST ? `Show all ${count(found.length)}` : "Show fewer";
		note.textContent = wanted ? plural(found.length, "row") : "";
	}
	more.addEventListener("click", () => { shown = shown === FIRST ? Infinity : FIRST; draw(); });
	const tools = el("div", { class: "tools" });
	if (filter) {
		const input = el("input", { type: "search", "aria-label": filter, placeholder: filter });
		input.addEventListener("input", () => { wanted = input.value.trim().toLowerCase(); draw(); });
		tools.append(input, note);
	}
	draw();
	const end = el("div", { class: "tools" }, more);
	return el("div", {}, tools, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, ...heads)), body)), end);
}
const counted = (caption, rows, name, field = "count") => table(caption, [
	{ name, value: (r) => r.name }, { name: "Count", value: (r) => r[field] ?? 0, number: true },
	{ name: "Share", value: (r) => r[field] ?? 0, number: true, cell: (r) => share(r[field] ?? 0, rows.reduce((a, b) => a + (b[field] ?? 0), 0)) },
], rows, { sort: 1 });
const entries = (object) => Object.entries(object || {}).map(([name, n]) => ({ name, count: n }));

/* ---- Plots: drawn for the width there is, again when it changes ---- */

function plot(caption, label, draw) {
	const svg = shape("svg", { role: "img", "aria-label": label });
	const figure = el("figure", {}, el("figcaption", {}, caption), svg);
	let width = 0;
	new ResizeObserver(() => {
		const now = Math.floor(figure.clientWidth);
		if (now === width || now < 50) return;
		width = now;
		svg.replaceChildren();
		const height = draw(svg, width);
		svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
		svg.setAttribute("height", height);
	}).observe(figure);
	return figure;
}
/** Horizontal bars, each of one or more parts: rows {name, parts: [{n, kind}], note}. */
function bars(caption, rows, { labels = 130, text } = {}) {
	const most = Math.max(1, ...rows.map((row) => row.parts.reduce((a, p) => a + p.n, 0)));
	const spoken = rows.slice(0, 12).map((row) => `${row.name} ${row.note ?? count(row.parts[0].n)}`).join("; ");
	return plot(caption, `${caption}: ${spoken}`, (svg, width) => {
		const left = Math.min(labels, width * 0.4), room = width - left - 90, step = 26;
		rows.forEach((row, at) => {
			const y = at * step;
			let x = left;
			const name = row.name.length > left / 8 ? `${row.name.slice(0, Math.floor(left / 8) - 1)}…` : row.name;
			svg.append(shape("text", { x: left - 8, y: y + 16, "text-anchor": "end" }, name));
			for (const part of row.parts) {
				const w = Math.max(part.n ? 1.5 : 0, room * part.n / most);
				const bar = shape("rect", { x, y: y + 3, width: w, height: step - 8, class: part.kind, rx: 2 });
				bar.append(shape("title", {}, `${row.name}${part.what ? `, ${part.what}` : ""}: ${text ? text(part.n) : count(part.n)}`));
				svg.append(bar);
				x += w;
			}
			svg.append(shape("text", { x: x + 6, y: y + 16, class: "soft" }, row.note ?? (text ?? count)(row.parts.reduce((a, p) => a + p.n, 0))));
		});
		return rows.length * step;
	});
}
/** Upright bars over named places: rows {name, n}. */
function columnsPlot(caption, rows, what) {
	const most = Math.max(1, ...rows.map((row) => row.n));
	return plot(caption, `${caption}: ${rows.length} bars, the highest ${count(most)} at ${rows.find((r) => r.n === most)?.name ?? "none"}`, (svg, width) => {
		const height = 190, top = 16, base = height - 26, left = 8 + 8 * count(most).length, step = (width - left) / Math.max(1, rows.length);
		for (const part of [0, 0.5, 1]) {
			const y = base - (base - top) * part;
			svg.append(shape("line", { x1: left, x2: width, y1: y, y2: y, class: "grid" }));
			if (part !== 0.5 || most > 1) svg.append(shape("text", { x: left - 6, y: y + 4, "text-anchor": "end", class: "soft" }, count(Math.round(most * part))));
		}
		const longest = Math.max(...rows.map((row) => row.name.length)) * 7.5 + 10, every = Math.max(1, Math.ceil(longest / step));
		rows.forEach((row, at) => {
			const x = left + at * step, h = (base - top) * row.n / most;
			const wide = Math.min(56, Math.max(1, step * 0.8));
			const bar = shape("rect", { x: x + (step - wide) / 2, y: base - h, width: wide, height: h, class: "plain" });
			bar.append(shape("title", {}, `${row.name}: ${count(row.n)} ${what}`));
			svg.append(bar);
			if (at % every === 0) svg.append(shape("text", { x: Math.min(width - longest / 2 + 5, x + step / 2), y: height - 8, "text-anchor": "middle", class: "soft" }, row.name));
		});
		return height;
	});
}
const legend = (items) => el("ul", { class: "legend" }, ...items.map(([kind, name]) => el("li", {}, el("span", { style: `background: var(--${kind})` }), name)));
const bucket = (b) => b.to === undefined ? `${count(b.from)}+` : b.from === b.to ? count(b.from) : `${count(b.from)}–${count(b.to)}`;
/** Every period between the first and the last, so that gaps show. */
function periods(rows) {
	const months = rows.filter((r) => /^\d{4}-\d{2}$/.test(r.name));
	if (months.length < 2) return rows.map((r) => ({ name: r.name, n: r.documents || 0 }));
	const index = (name) => 12 * Number(name.slice(0, 4)) + Number(name.slice(5)) - 1;
	const have = new Map(months.map((r) => [index(r.name), r.documents || 0]));
	const first = Math.min(...have.keys()), last = Math.max(...have.keys());
	if (last - first > 120) {
		const years = new Map();
		for (const [at, n] of have) years.set(Math.floor(at / 12), (years.get(Math.floor(at / 12)) || 0) + n);
		const from = Math.min(...years.keys()), to = Math.max(...years.keys());
		/* Archives name impossible years; a gap of centuries is not worth drawing. */
		const shown = to - from < 60 ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : [...years.keys()].sort((a, b) => a - b);
		return shown.map((year) => ({ name: String(year), n: years.get(year) || 0 }));
	}
	return Array.from({ length: last - first + 1 }, (_, i) => ({ name: `${Math.floor((first + i) / 12)}-${String((first + i) % 12 + 1).padStart(2, "0")}`, n: have.get(first + i) || 0 }));
}

/* ---- The page ---- */

const c = stats.counters, rejected = sum(c.rejected), skipped = sum(c.skipped);
const pages = c.documents + c.duplicates + rejected, articles = c.documents + c.duplicates;
document.getElementById("lede").textContent =
	`${plural(c.records, "record")} in ${plural(stats.input_count, "archive")} (${bytes(stats.bytes.inputs)}) gave ${plural(c.documents, "document")}` +
	`${stats.words === undefined ? "" : ` with ${plural(stats.words, "word")} from ${plural(stats.host_count, "host")}`}. ` +
	`${plural(c.duplicates, "copy", "copies")} were collapsed, ${plural(rejected, "page")} were no articles, ${plural(c.damaged, "place")} were damaged.`;
document.getElementById("made").textContent = `Made by ${stats.tool}. Everything on this page is in stats.json; nothing is loaded from the network.`;

const tile = (name, value, note, kind) => el("div", { style: kind ? `--colour: var(--${kind})` : undefined }, el("dt", {}, name), el("dd", {}, value, el("small", {}, note)));
section("funnel", "From records to documents",
	el("dl", { class: "tiles" },
		tile("Records", count(c.records), bytes(stats.bytes.inputs)),
		tile("Documents", count(c.documents), `${share(c.documents, c.records)} of records`, "kept"),
		tile("Copies", count(c.duplicates), `${share(c.duplicates, articles)} of articles`, "copy"),
		tile("Rejected", count(rejected), `${share(rejected, pages)} of pages`, "rejected"),
		tile("Skipped", count(skipped), "no pages, or filtered", "skipped"),
		tile("Damaged", count(c.damaged), `${bytes(stats.bytes.skipped)} skipped`, "damaged")),
	el("h3", {}, "Where they went"),
	bars("Records that are left after each step", [
		{ name: "Records read", parts: [{ n: pages, kind: "kept", what: "pages" }, { n: skipped, kind: "skipped", what: "skipped" }, { n: c.damaged, kind: "damaged", what: "damaged" }], note: count(c.records) },
		{ name: "Pages", parts: [{ n: articles, kind: "kept", what: "articles" }, { n: rejected, kind: "rejected", what: "rejected" }], note: count(pages) },
		{ name: "Articles", parts: [{ n: c.documents, kind: "kept", what: "documents" }, { n: c.duplicates, kind: "copy", what: "copies" }], note: count(articles) },
		{ name: "Documents", parts: [{ n: c.documents, kind: "kept" }], note: count(c.documents) },
	]),
	legend([["kept", "goes on"], ["copy", "copies"], ["rejected", "rejected"], ["skipped", "skipped"], ["damaged", "damaged"]]),
	el("div", { class: "columns" },
		counted("Rejected: pages that are no article", entries(c.rejected), "Reason"),
		counted("Skipped: records that are no page to read", entries(c.skipped), "Reason")));

if (stats.languages) {
	const of = (rows, n = 12) => rows.slice(0, n);
	section("languages", "Languages", el("div", { class: "columns" },
		bars("Documents by language", of(stats.languages.filter((l) => l.documents).sort((a, b) => b.documents - a.documents)).map((l) => ({ name: language(l.name), parts: [{ n: l.documents, kind: "plain" }] })), { labels: 150 }),
		table("Languages", [
			{ name: "Language", value: (r) => language(r.name) }, { name: "Documents", value: (r) => r.documents ?? 0, number: true },
			{ name: "Copies", value: (r) => r.duplicates ?? 0, number: true }, { name: "Words", value: (r) => r.words ?? 0, number: true },
		], stats.languages, { sort: 1 })));

	section("hosts", "Hosts",
		bars("The hosts with most pages", of(stats.hosts).map((h) => ({ name: h.name, parts: [{ n: h.documents ?? 0, kind: "kept", what: "documents" }, { n: h.duplicates ?? 0, kind: "copy", what: "copies" }, { n: h.rejected ?? 0, kind: "rejected", what: "rejected" }] })), { labels: 230 }),
		legend([["kept", "documents"], ["copy", "copies"], ["rejected", "rejected"]]),
		table(stats.hosts.length < stats.host_count ? `The first ${count(stats.hosts.length)} of ${count(stats.host_count)} hosts` : "All hosts", [
			{ name: "Host", value: (r) => r.name }, { name: "Documents", value: (r) => r.documents ?? 0, number: true },
			{ name: "Copies", value: (r) => r.duplicates ?? 0, number: true }, { name: "Rejected", value: (r) => r.rejected ?? 0, number: true },
			{ name: "Words", value: (r) => r.words ?? 0, number: true },
		], stats.hosts, { sort: 1, filter: "Find a host" }));

	const dated = stats.published.reduce((a, r) => a + (r.documents || 0), 0);
	section("time", "Dates and lengths", el("div", { class: "columns" },
		el("div", {}, columnsPlot(`Documents by date of publication (${share(dated, c.documents)} have one)`, periods(stats.published), "documents")),
		el("div", {}, columnsPlot("Documents by date of the crawl", periods(stats.fetched), "documents")),
		el("div", {}, columnsPlot("Documents by words in the text", stats.lengths.map((b) => ({ name: bucket(b), n: b.count })), "documents")),
		el("div", {}, columnsPlot("Documents by confidence of the extractor", stats.confidence.map((n, i) => ({ name: (i / 10).toFixed(1), n })), "documents"))),
		el("details", {}, el("summary", {}, "The same figures as tables"), el("div", { class: "columns" },
			counted("Published", stats.published, "Month", "documents"), counted("Fetched", stats.fetched, "Month", "documents"),
			counted("Words", stats.lengths.map((b) => ({ name: bucket(b), count: b.count })), "Words"), counted("How the text was found", stats.methods, "Method", "documents"),
			counted("Character sets", stats.charsets, "Character set", "documents"))));

	const farthest = stats.hamming.reduce((last, n, at) => n ? at : last, 0);
	section("copies", "Copies",
		el("p", {}, `${plural(stats.clusters.of_two_and_more, "text")} occurred more than once.`),
		el("div", { class: "columns" },
			bars("Copies by kind", stats.kinds.map((k) => ({ name: k.name, parts: [{ n: k.duplicates ?? 0, kind: "copy" }] })), { labels: 100 }),
			bars("Copies by the rule that accepted them", stats.rules.map((k) => ({ name: k.name, parts: [{ n: k.duplicates ?? 0, kind: "copy" }] })), { labels: 110 }),
			columnsPlot("Clusters by size", stats.cluster_sizes.slice(2).map((b) => ({ name: bucket(b), n: b.count })), "clusters"),
			columnsPlot("Copies by SimHash distance to the document kept (bits of 128)", stats.hamming.slice(0, farthest + 1).map((n, i) => ({ name: String(i), n })), "copies")));

	if (stats.largest_clusters.length) section("clusters", "The largest clusters", ...stats.largest_clusters.map(cluster));

	section("rights", "Licences and opt-out", el("p", {}, "What the pages that became documents say of their use: in meta tags, headers and link elements. None of it is legal advice."),
		el("div", { class: "columns" },
			stats.signals.length ? counted("Opt-out signals", stats.signals, "Signal", "documents") : el("p", {}, "No document carries an opt-out signal."),
			stats.licenses.length ? counted("Licences declared", stats.licenses, "Licence", "documents") : el("p", {}, "No document declares a licence.")));
} else {
	main.append(el("p", {}, "The parts of this corpus are of a format whose rows are not read back, so figures by host, language, date and cluster are missing here."));
}

function cluster(entry) {
	const first = (entry.first || "").slice(0, 10), last = (entry.last || "").slice(0, 10);
	const span = !first ? "" : first === last ? `, fetched ${first}` : `, fetched ${first} to ${last}`;
	return el("details", { class: "cluster" },
		el("summary", {}, el("b", {}, entry.title || entry.url || entry.id), " ", el("span", {}, `${plural(entry.size, "page")} on ${plural(entry.hosts, "host")}${span}`)),
		spread(entry),
		table(entry.members.length < entry.size ? `The first ${count(entry.members.length)} of ${count(entry.size)} pages` : "All pages", [
			{ name: "Address", value: (m) => m.url ?? m.id, cell: (m) => link(m.url) },
			{ name: "What", value: (m) => m.kind }, { name: "Fetched", value: (m) => m.fetch_time?.replace("T", " ").replace("Z", "") },
			{ name: "Distance", value: (m) => m.hamming, number: true },
			{ name: "Jaccard", value: (m) => m.jaccard, number: true, text: (n) => n.toFixed(3) },
			{ name: "Containment", value: (m) => m.containment, number: true, text: (n) => n.toFixed(3) },
			{ name: "Id", value: (m) => m.id, cell: (m) => el("code", {}, m.id) },
		], entry.members, { sort: -1 }));
}
/** A dot a page: hosts downwards, time to the right. */
function spread(entry) {
	const hosts = [...new Set(entry.members.map((m) => m.host || "–"))].slice(0, 12);
	const times = entry.members.map((m) => Date.parse(m.fetch_time));
	const known = times.filter((t) => !Number.isNaN(t)), from = Math.min(...known), to = Math.max(...known);
	if (!known.length) return undefined;
	return plot("Where and when it was found", `${plural(entry.members.length, "page")} on ${plural(hosts.length, "host")}`, (svg, width) => {
		const left = Math.min(230, width * 0.45), room = width - left - 20, step = 24;
		hosts.forEach((host, at) => {
			const name = host.length > left / 8 ? `${host.slice(0, Math.floor(left / 8) - 1)}…` : host;
			svg.append(shape("text", { x: left - 10, y: at * step + 16, "text-anchor": "end" }, name));
			svg.append(shape("line", { x1: left, x2: width, y1: at * step + 12, y2: at * step + 12, class: "grid" }));
		});
		entry.members.forEach((member, i) => {
			const row = hosts.indexOf(member.host || "–");
			if (row < 0 || Number.isNaN(times[i])) return;
			const dot = shape("circle", { cx: left + 10 + (to > from ? room * (times[i] - from) / (to - from) : room / 2), cy: row * step + 12, r: 5, class: member.kind === "kept" ? "kept" : "copy" });
			dot.append(shape("title", {}, `${member.kind} ${member.fetch_time} ${member.url ?? member.id}`));
			svg.append(dot);
		});
		const y = hosts.length * step + 14, same = (entry.first || "").slice(0, 10) === (entry.last || "").slice(0, 10);
		const label = (time) => new Date(time).toISOString().slice(...(same ? [11, 19] : [0, 10]));
		svg.append(shape("text", { x: left, y, class: "soft" }, label(from)));
		if (to > from) svg.append(shape("text", { x: width, y, "text-anchor": "end", class: "soft" }, label(to)));
		return hosts.length * step + 22;
	});
}

section("damage", "Damage", stats.damage.places
	? el("div", {}, el("p", {}, `Something was wrong in ${plural(stats.damage.places, "place")}: ${count(c.damaged)} of them could not be read (${bytes(stats.damage.bytes)} of ${bytes(stats.bytes.inputs)} were skipped, and reading went on behind), the others are records that were read all the same.`),
		table("By archive", [
			{ name: "Archive", value: (r) => r.name }, { name: "Places", value: (r) => r.places, number: true }, { name: "Bytes skipped", value: (r) => r.bytes, number: true },
		], stats.damage.files, { sort: 1 }),
		table(stats.damage.first.length < stats.damage.places ? `The first ${count(stats.damage.first.length)} places; all are in errors.jsonl` : "All places", [
			{ name: "Archive", value: (r) => r.file }, { name: "Offset", value: (r) => r.offset, number: true },
			{ name: "Skipped", value: (r) => r.skipped, number: true }, { name: "What was wrong", value: (r) => r.error },
		], stats.damage.first))
	: el("p", {}, "Every record of every archive could be read."));

section("inputs", "Archives", table(stats.inputs.length < stats.input_count ? `The first ${count(stats.inputs.length)} of ${count(stats.input_count)} archives` : "All archives", [
	{ name: "Archive", value: (r) => r.name }, { name: "Bytes", value: (r) => r.bytes, number: true }, { name: "Records", value: (r) => r.records, number: true },
	{ name: "Damaged", value: (r) => r.damaged ?? 0, number: true }, { name: "SHA-256", value: (r) => r.sha256 ?? r.container_sha256, cell: (r) => el("code", {}, (r.sha256 ?? r.container_sha256 ?? "–").slice(0, 16)) },
], stats.inputs, { filter: "Find an archive" }));

if (run && run.stages) {
	const seconds = (n) => n < 1 ? `${Math.round(1000 * n)} ms` : n < 100 ? `${n.toFixed(1)} s` : `${count(Math.round(n))} s`;
	const total = run.seconds;
	section("speed", "Speed of this run",
		el("p", {}, `${seconds(total)} with ${plural(run.threads, "thread")}${total > 0 ? `: ${bytes(stats.bytes.inputs / total)} of archives a second` : ""}. These figures differ from run to run and are no part of the corpus.`),
		bars("Time by stage", run.stages.map((stage) => ({ name: stage.stage, parts: [{ n: stage.seconds, kind: "plain" }], note: seconds(stage.seconds) })), { text: seconds }),
		table("Stages", [
			{ name: "Stage", value: (r) => r.stage }, { name: "Seconds", value: (r) => r.seconds, number: true, text: (n) => n.toFixed(3) },
			{ name: "Share", value: (r) => r.seconds, number: true, cell: (r) => share(r.seconds, total) },
		], run.stages, { sort: 1 }));
}
})();
