// One peer of the benchmark harness, run by node. usage: node peer.mjs TOOL
//
// Speaks lines of JSON: first {"name", "version"} or {"absent": why}; then for every line {"path", "url"} on standard input one
// line {"seconds", "text", "title", "author", "date"} or {"error"}. Seconds are this
// process's processor time, from the bytes in memory to the tool's own result; making plain text of its HTML is not counted.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";

const versionOf = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;

// The character set as a browser would find it, near enough: byte order mark, else a declaration in the first 2,048 bytes.
function decode(bytes) {
  const head = bytes.subarray(0, 2048).toString("latin1");
  const declared = /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(head);
  let label = declared ? declared[1] : "utf-8";
  if (bytes[0] === 0xef && bytes[1] === 0xbb) label = "utf-8";
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    return new TextDecoder("utf-8").decode(bytes);
  }
}

// Text with a line break at the end of each block, from a piece of HTML.
const blocks = /<\/?(?:p|div|h[1-6]|li|ul|ol|table|tr|blockquote|pre|section|article|figure|figcaption|br|hr|dd|dt|dl)\b[^>]*>/gi;
function textOf(html, parseHTML) {
  const { document } = parseHTML(`<!doctype html><html><head></head><body>${html.replace(blocks, (tag) => `\n${tag}`)}</body></html>`);
  return (document.body?.textContent ?? "").split("\n").map((line) => line.replace(/\s+/g, " ").trim()).filter(Boolean).join("\n");
}

const tools = {
  async readability() {
    const { Readability } = await import("@mozilla/readability");
    const { parseHTML } = await import("linkedom");
    return {
      version: `${versionOf("@mozilla/readability")} with linkedom ${versionOf("linkedom")}`,
      extract(bytes) {
        const { document } = parseHTML(decode(bytes));
        const article = new Readability(document).parse();
        return { html: article?.content ?? "", parseHTML, title: article?.title, author: article?.byline, date: article?.publishedTime };
      },
    };
  },
  async defuddle() {
    const { Defuddle } = await import("defuddle/node");
    const { parseHTML } = await import("linkedom");
    return {
      version: `${versionOf("defuddle")} with linkedom ${versionOf("linkedom")}`,
      async extract(bytes, url) {
        const { document } = parseHTML(decode(bytes));
        const article = await Defuddle(document, url || "https://localhost/", { useAsync: false });
        return { html: article?.content ?? "", parseHTML, title: article?.title, author: article?.author, date: article?.published };
      },
    };
  },
  async warcio() {
    const { WARCParser } = await import("warcio");
    const { createReadStream } = await import("node:fs");
    return {
      version: versionOf("warcio"),
      async read(path) {
        let records = 0, bytes = 0;
        for await (const record of new WARCParser(createReadStream(path))) {
          for await (const chunk of record) bytes += chunk.length;
          records++;
        }
        return { records, bytes };
      },
    };
  },
};

const write = (value) => process.stdout.write(JSON.stringify(value) + "\n");
console.log = console.info = console.warn = console.error = () => {};

function since(start) {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

async function answer(tool, request) {
  if (tool.read) {
    const start = process.cpuUsage();
    const result = await tool.read(request.path);
    return { seconds: since(start), ...result };
  }
  let bytes = readFileSync(request.path);
  if (request.path.endsWith(".gz")) bytes = gunzipSync(bytes);
  const start = process.cpuUsage();
  const { html, parseHTML, ...fields } = await tool.extract(bytes, request.url);
  const seconds = since(start);
  return { seconds, text: textOf(html, parseHTML), ...fields };
}

async function main() {
  let tool;
  try {
    tool = await tools[process.argv[2]]();
  } catch (error) {
    write({ absent: `cannot be loaded: ${error.message.split("\n")[0].replace(/ imported from.*/, "")}` });
    return;
  }
  write({ name: process.argv[2], version: `${tool.version}, node ${process.versions.node}` });
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    try {
      write(await answer(tool, JSON.parse(line)));
    } catch (error) {
      write({ error: String(error.message ?? error).slice(0, 200) });
    }
  }
}

await main();
