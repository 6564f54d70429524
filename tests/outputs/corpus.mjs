// The example corpus in every format: each line fits its schema, DuckDB sees the same rows in JSON lines and in Parquet, the WARC
// files pass `warcmill check`, and the sums fit.
import { DuckDBInstance } from "@duckdb/node-api";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { checkLines } from "./schema.mjs";

const [build, warcmill] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(build, "corpus-"));
const data = path.join(process.env.WARCMILL_SOURCE, "tests", "data");
const db = await (await DuckDBInstance.create(":memory:")).connect();
await db.run("SET TimeZone = 'UTC'");
const query = async (sql) => (await db.runAndReadAll(sql)).getRowObjectsJson();
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
  const m = table === "documents" ? "metadata." : "";
  const where = `${m}url AS url, ${m}fetch_time::TIMESTAMPTZ AS fetch_time, ${m}warc_record_offset AS "offset", ${m}content_languages AS languages`;
  const flat = "url, fetch_time, warc_record_offset, content_languages";
  const more = table === "documents" ? [", text, metadata.author, metadata.cluster.size, metadata.robots, metadata.extraction.confidence", ", text, author, cluster_size, robots, extraction_confidence"]
    : table === "duplicates" ? [", duplicate_of, evidence.hamming, evidence.jaccard, evidence.direct", ", duplicate_of, evidence_hamming, evidence_jaccard, evidence_direct"] : [", reason, words", ", reason, words"];
  const left = `SELECT id, ${where}${more[0]} FROM read_json_auto('${part(zstd, table)}', maximum_object_size=100000000, sample_size=-1)`;
  for (const other of [parquet, gzip]) {
    const right = `SELECT id, ${flat}${more[1]} FROM read_parquet('${part(other, table)}')`;
    for (const [a, b] of [[left, right], [right, left]]) assert.deepEqual(await query(`(${a}) EXCEPT ALL (${b}) LIMIT 1`), [], table);
  }
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
