// Hundreds of odd and damaged archives, where they are at hand: every line fits its schema, and Parquet holds the same rows.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { assertSame } from "./same.mjs";
import { checkLines } from "./schema.mjs";

const [build, warcmill] = process.argv.slice(2);
const shared = process.env.WARCMILL_SHARED ?? path.join(process.env.WARCMILL_SOURCE, "..", "shared");
const samples = path.join(shared, "data", "warc", "warc-samples.tar.xz");
if (!fs.existsSync(samples)) {
  console.log("skipped: the sample archives are not here (WARCMILL_SHARED names their folder)");
  process.exit(77);
}
const folder = fs.mkdtempSync(path.join(build, "samples-"));
const lines = (file) => fs.readFileSync(file, "utf8").split("\n").filter(Boolean);
// Unpacked first: reading a tar inside xz from its middle means reading it from its start.
const archives = path.join(folder, "archives");
fs.mkdirSync(archives);
execFileSync("tar", ["-xJf", samples, "-C", archives]);
for (const [name, options] of [["plain", ["--compress", "none"]], ["parquet", ["--format", "parquet"]]])
  execFileSync(warcmill, ["build", "--quiet", "--name-depth", "20", ...options, archives, "-o", path.join(folder, name)]);
const plain = path.join(folder, "plain"), parquet = path.join(folder, "parquet");
execFileSync(warcmill, ["report", "--quiet", plain]);
for (const name of ["manifest", "stats", "croissant"]) checkLines(name, [fs.readFileSync(`${plain}/${name}.json`, "utf8")]);
checkLines("errors", lines(`${plain}/errors.jsonl`));
checkLines("recurring", lines(`${plain}/tables/recurring.jsonl`));
for (const table of ["documents", "duplicates", "rejected"]) {
  const rows = lines(`${plain}/${table}/part-00000.jsonl`);
  checkLines(table, rows);
  await assertSame(`${plain}/${table}/part-00000.jsonl`, `${parquet}/${table}/part-00000.parquet`, table, rows.length);
}
fs.rmSync(folder, { recursive: true });
console.log("the sample archives' rows fit their schemas and are the same in Parquet");
