// DuckDB reads what the sinks write: JSON lines and Parquet, in each compression, hold the same rows; the statistics in the
// footer are those of the data; every line fits its JSON Schema.
import { execFileSync } from "node:child_process";
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { assertSame, query } from "./same.mjs";
import { checkLines } from "./schema.mjs";

const [build, writeRows] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(build, "rows-"));
const suffix = { zst: ".zst", gz: ".gz", none: "" };
async function assertStatistics(parquet) {
  const groups = await query(`SELECT row_group_id::INT AS g, row_group_num_rows::INT AS n, path_in_schema AS c, stats_min_value AS lo,
    stats_max_value AS hi, stats_null_count::INT AS nulls FROM parquet_metadata('${parquet}') WHERE stats_min_value IS NOT NULL`);
  assert.ok(groups.length > 0);
  const starts = new Map();
  for (const { g, n } of groups) starts.set(g, n);
  for (const { g, c, lo, hi, nulls } of groups) {
    let from = 0;
    for (const [group, n] of starts) if (group < g) from += n;
    const [range] = await query(`SELECT min(v)::VARCHAR AS lo, max(v)::VARCHAR AS hi, count(*) FILTER (v IS NULL)::INT AS nulls FROM (
      SELECT "${c}" AS v FROM read_parquet('${parquet}', file_row_number=true) WHERE file_row_number >= ${from} AND file_row_number < ${from + starts.get(g)})`);
    const plain = (text) => text?.replace(/\+00$/, "");
    assert.deepEqual([plain(lo), plain(hi), nulls], [plain(range.lo), plain(range.hi), range.nulls], `${parquet} ${c} group ${g}`);
  }
}

const count = 20500; // more than a page of rows
for (const how of ["zst", "gz", "none"]) {
  const at = path.join(folder, how);
  execFileSync(writeRows, ["jsonl", how, how === "none" ? count : 1000, at]);
  execFileSync(writeRows, ["parquet", how, how === "none" ? count : 1000, at]);
  for (const table of ["documents", "duplicates", "rejected"]) {
    const jsonl = `${at}/${table}.jsonl${suffix[how]}`, parquet = `${at}/${table}.parquet`;
    await assertSame(jsonl, parquet, table, how === "none" ? count : 1000);
    assert.equal(Number((await query(`SELECT count(*) AS n FROM read_json_auto('${jsonl}', maximum_object_size=100000000)`))[0].n), how === "none" ? count : 1000);
    await assertStatistics(parquet);
    const codecs = await query(`SELECT DISTINCT compression AS c FROM parquet_metadata('${parquet}')`);
    assert.deepEqual(codecs, [{ c: { zst: "ZSTD", gz: "GZIP", none: "UNCOMPRESSED" }[how] }]);
    if (how === "none") checkLines(table, fs.readFileSync(jsonl, "utf8").split("\n").slice(0, -1));
  }
  execFileSync(writeRows, ["groups", how, 20000, at]);
  const types = { text: "VARCHAR", host: "VARCHAR", number: "BIGINT", flag: "BOOLEAN", real: "DOUBLE", list: "VARCHAR[]", day: "BIGINT" };
  const names = Object.keys(types).map((n) => `"${n}"`).join(", ");
  const left = `SELECT ${names} FROM read_json('${at}/groups.jsonl', columns={${Object.entries(types).map(([k, t]) => `"${k}": '${t}'`)}})`;
  const right = `SELECT text, host, "number", flag, "real", list, epoch_ms(day) AS day FROM read_parquet('${at}/groups.parquet')`;
  for (const [a, b] of [[left, right], [right, left]]) assert.deepEqual(await query(`(${a}) EXCEPT ALL (${b}) LIMIT 3`), []);
  const [{ n }] = await query(`SELECT count(DISTINCT row_group_id)::INT AS n FROM parquet_metadata('${at}/groups.parquet')`);
  assert.ok(n > 5, "many row groups");
  await assertStatistics(`${at}/groups.parquet`);
}
// No rows at all is a file too.
const empty = path.join(folder, "empty");
execFileSync(writeRows, ["parquet", "zst", "0", empty]);
execFileSync(writeRows, ["jsonl", "zst", "0", empty]);
assert.equal(Number((await query(`SELECT count(*) AS n FROM read_parquet('${empty}/documents.parquet')`))[0].n), 0);
fs.rmSync(folder, { recursive: true });
console.log("DuckDB reads the same rows from JSON lines and Parquet");
