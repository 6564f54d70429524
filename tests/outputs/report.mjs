// The report in Chromium: it builds the example corpus, opens the page without a network, in light and dark and on a phone,
// finds no console error, sorts and filters tables with the keyboard alone, and compares what is shown with stats.json.
import { chromium } from "playwright-core";
import { execFileSync } from "node:child_process";
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

const [build, warcmill] = process.argv.slice(2);
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((file) => fs.existsSync(file));
if (!executablePath) {
  console.log("skipped: there is no Chromium");
  process.exit(77);
}
const folder = fs.mkdtempSync(path.join(build, "report-"));
const corpus = path.join(folder, "corpus");
const data = path.join(process.env.WARCMILL_SOURCE, "tests", "data");
execFileSync(warcmill, ["build", "--quiet", `${data}/example-1.warc.gz`, `${data}/example-2.warc.gz`, "-o", corpus]);
execFileSync(warcmill, ["report", "--quiet", corpus]);
const stats = JSON.parse(fs.readFileSync(`${corpus}/stats.json`, "utf8"));

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
async function open(options) {
  const context = await browser.newContext({ offline: true, ...options });
  const page = await context.newPage();
  const trouble = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("request", (request) => request.url().startsWith("file:") || trouble.push(`request: ${request.url()}`));
  await page.goto(`file://${corpus}/report.html`);
  await page.waitForSelector("#inputs table");
  await page.waitForFunction(() => [...document.querySelectorAll("svg")].filter((s) => s.checkVisibility()).every((s) => s.childElementCount || s.clientWidth < 50));
  assert.deepEqual(trouble, []);
  return page;
}

for (const [name, options] of Object.entries({
  light: { colorScheme: "light", viewport: { width: 1200, height: 900 } },
  dark: { colorScheme: "dark", viewport: { width: 1200, height: 900 } },
  phone: { colorScheme: "light", viewport: { width: 360, height: 740 } },
})) {
  const page = await open(options);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name}: the page scrolls sideways by ${wide} pixels`);
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, fullPage: true });
  await page.context().close();
}

const page = await open({ viewport: { width: 1200, height: 900 } });
const rows = (section) => page.locator(`#${section} tbody tr`).evaluateAll((all) => all.map((tr) => [...tr.children].map((cell) => cell.textContent)));
const number = (text) => Number(text.replaceAll(",", ""));

// What is shown is what was counted.
const tiles = await page.locator("#funnel dl > div").evaluateAll((all) => Object.fromEntries(all.map((d) => [d.querySelector("dt").textContent, d.querySelector("dd").firstChild.textContent])));
assert.equal(number(tiles.Records), stats.counters.records);
assert.equal(number(tiles.Documents), stats.counters.documents);
assert.equal(number(tiles.Copies), stats.counters.duplicates);
assert.ok(stats.largest_clusters[0].size >= 5, "the wire story's cluster");
assert.equal(await page.locator("#clusters details").count(), stats.largest_clusters.length);

// Sorting, by keyboard: most words first, then fewest.
const words = page.locator("#hosts th button", { hasText: "Words" });
await words.focus();
await page.keyboard.press("Enter");
const head = page.locator("#hosts th", { hasText: "Words" });
assert.equal(await head.getAttribute("aria-sort"), "descending");
let shown = (await rows("hosts")).map((row) => number(row[4]));
assert.deepEqual(shown, [...shown].sort((a, b) => b - a));
await page.keyboard.press("Enter");
assert.equal(await head.getAttribute("aria-sort"), "ascending");
shown = (await rows("hosts")).map((row) => number(row[4]));
assert.deepEqual(shown, [...shown].sort((a, b) => a - b));

// All rows, then only those that fit.
await page.locator("#hosts button", { hasText: "Show all" }).press("Enter");
assert.equal((await rows("hosts")).length, stats.host_count);
await page.getByLabel("Find a host").fill("harbourpost");
assert.deepEqual((await rows("hosts")).map((row) => row[0]), ["www.harbourpost.example"]);

// A cluster opens with the keyboard and shows its members with a drawing.
const cluster = page.locator("#clusters details").first();
await cluster.locator("summary").press("Enter");
assert.equal(await cluster.locator("tbody tr").count(), stats.largest_clusters[0].members.length);
await page.waitForFunction(() => document.querySelector("#clusters details svg circle"));

// Names for those who cannot see: every drawing, table and region has one; headings do not skip a level.
assert.deepEqual(await page.evaluate(() => [
  ...[...document.querySelectorAll("svg")].filter((s) => s.getAttribute("role") !== "img" || !s.getAttribute("aria-label")),
  ...[...document.querySelectorAll("table")].filter((t) => !t.caption?.textContent),
  ...[...document.querySelectorAll("input")].filter((i) => !i.getAttribute("aria-label")),
].map((node) => node.outerHTML.slice(0, 200))), []);
const levels = await page.locator("h1, h2, h3").evaluateAll((all) => all.map((h) => Number(h.tagName[1])));
levels.reduce((last, level) => (assert.ok(level <= last + 1, "headings"), level), 0);

// Hostile texts stay texts.
await page.context().close();
const hostile = fs.readFileSync(`${corpus}/report.html`, "utf8").replace(/Sluice gate failure/g, "\\u003c/script>\\u003cimg src=x onerror=document.title='owned'>");
fs.writeFileSync(`${corpus}/report.html`, hostile);
const again = await open({ viewport: { width: 800, height: 600 } });
assert.equal(await again.title(), "Corpus report");
assert.equal(await again.locator("main img").count(), 0);

await browser.close();
fs.rmSync(folder, { recursive: true });
console.log("the report opens, sorts, filters and is named throughout");
