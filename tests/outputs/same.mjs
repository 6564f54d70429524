// Whether JSON lines and a Parquet file hold the same rows, by DuckDB: every column, both ways.
import { DuckDBInstance } from "@duckdb/node-api";
import assert from "node:assert/strict";

const db = await (await DuckDBInstance.create(":memory:")).connect();
await db.run("SET TimeZone = 'UTC'");
export const query = async (sql) => (await db.runAndReadAll(sql)).getRowObjectsJson();

const inTop = new Set(["id", "text", "source", "created"]);
const inner = /^(cluster|extraction|masked|evidence)_(.+)$/;

/** The Parquet columns of FILE as they stand in the JSON lines of TABLE: [name, type, path]. */
async function columnsOf(file, table) {
  return (await query(`DESCRIBE SELECT * FROM read_parquet('${file}')`)).map(({ column_name: name, column_type: type }) => {
    const steps = table === "documents" && !inTop.has(name) ? ["metadata"] : [];
    const match = inner.exec(name);
    return [name, type, [...steps, ...(match ? [match[1], match[2]] : [name])]];
  });
}

/** A DuckDB type for read_json that holds all of COLUMNS. */
function jsonTypes(columns) {
  const tree = {};
  for (const [, type, steps] of columns) {
    let at = tree;
    for (const step of steps.slice(0, -1)) at = at[step] ??= {};
    at[steps.at(-1)] = type;
  }
  const write = (type) => typeof type === "string" ? type : `STRUCT(${Object.entries(type).map(([k, t]) => `"${k}" ${write(t)}`).join(", ")})`;
  return `{${Object.entries(tree).map(([k, t]) => `"${k}": '${write(t)}'`).join(", ")}}`;
}

export async function assertSame(jsonl, parquet, table, count) {
  const columns = await columnsOf(parquet, table);
  const fromJson = `SELECT ${columns.map(([name, , steps]) => `${steps.map((s) => `"${s}"`).join(".")} AS "${name}"`).join(", ")}
    FROM read_json('${jsonl}', format='newline_delimited', maximum_object_size=100000000, columns=${jsonTypes(columns)})`;
  const fromParquet = `SELECT * FROM read_parquet('${parquet}')`;
  assert.equal((await query(`SELECT count(*)::INT AS n FROM (${fromParquet})`))[0].n, count);
  for (const [a, b] of [[fromJson, fromParquet], [fromParquet, fromJson]]) {
    const rest = await query(`(${a}) EXCEPT ALL (${b}) LIMIT 1`);
    assert.deepEqual(rest, [], `${jsonl} and ${parquet} differ`);
  }
}
