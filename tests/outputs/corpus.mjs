// The example corpus in every format: each line fits its schema, DuckDB sees the same rows in JSON lines and in Parquet, the WARC
// files pass `warcmill check`, and the sums fit.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { assertSame, query } from "./same.mjs";
import { checkLines } from "./schema.mjs";

const [build, warcmill] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(build, "corpus-"));
const data = path.join(process.env.WARCMILL_SOURCE, "tests", "data");
const lines = (file) => fs.readFileSync(file, "utf8").split("\n").filter(Boolean);
const tables = ["documents", "duplicates", "rejected"];

function make(name, ...options) {
  const corpus = path.join(folder, name);
  execFileSync(warcmill, ["build", "--quiet", ...options, `${data}/example-1.warc.gz`, `${data}/example-2.warc.gz`, "-o", corpus]);
  for (const line of lines(`${corpus}/SHA256SUMS`)) {
    const [sum, file] = line.split("  ");
    assert.equal(createHash("sha256").update(fs.readFileSync(`${corpus}/${file}`)).digest("hex"), sum, file);
  }
  checkLines("manifest", [fs.readFileSync(`${corpus}/manifest.json`, "utf8")]);
  checkLines("errors", lines(`${corpus}/errors.jsonl`));
  checkLines("recurring", lines(`${corpus}/tables/recurring.jsonl`));
  checkLines("croissant", [fs.readFileSync(`${corpus}/croissant.json`, "utf8")]);
  execFileSync(warcmill, ["report", "--quiet", corpus]);
  checkLines("stats", [fs.readFileSync(`${corpus}/stats.json`, "utf8")]);
  return corpus;
}
const part = (corpus, table) => fs.readdirSync(`${corpus}/${table}`).map((file) => `${corpus}/${table}/${file}`)[0];

const plain = make("plain", "--compress", "none", "--mask", "email,ip,phone");
for (const table of tables) checkLines(table, lines(part(plain, table)));

const zstd = make("zstd"), parquet = make("parquet", "--format", "parquet"), gzip = make("gzip", "--format", "parquet", "--compress", "gz");
for (const table of tables) {
  const rows = JSON.parse(fs.readFileSync(`${zstd}/manifest.json`, "utf8")).files.find((file) => file.table === table).rows;
  for (const other of [parquet, gzip]) await assertSame(part(zstd, table), part(other, table), table, rows);
  assert.equal((await query(`SELECT count(*)::INT AS n FROM read_json_auto('${part(zstd, table)}')`))[0].n, rows);
}
assert.ok((await query(`SELECT count(*)::INT AS n FROM read_parquet('${part(parquet, "documents")}') WHERE content_languages = 'jpn' AND text LIKE '%磯野浜駅%'`))[0].n === 1);

for (const how of ["zst", "gz", "none"]) {
  const wet = make(`wet-${how}`, "--format", "wet", "--compress", how);
  for (const table of tables) {
    const check = spawnSync(warcmill, ["check", "--strict", part(wet, table)], { encoding: "utf8" });
    assert.equal(check.status, 0, check.stdout + check.stderr);
  }
}
fs.rmSync(folder, { recursive: true });
console.log("the example corpus is the same in every format and fits its schemas");
