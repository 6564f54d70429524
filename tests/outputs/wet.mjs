// Another reader of web archives (warcio) takes the WARC output: every record, its block digest, and what it refers to.
import { WARCParser } from "warcio";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

const [build, writeRows] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(build, "wet-"));
const rows = 400;
const kinds = { documents: "conversion", duplicates: "revisit", rejected: "metadata" };

function base32(bytes) {
  let bits = 0, have = 0, out = "";
  for (const byte of bytes)
    for (bits = ((bits << 8) | byte) & 0xffff, have += 8; have >= 5; have -= 5) out += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(bits >> (have - 5)) & 31];
  return out;
}

for (const how of ["gz", "none"]) {
  execFileSync(writeRows, ["wet", how, String(rows), folder]);
  for (const [table, type] of Object.entries(kinds)) {
    const ids = new Set();
    let records = 0;
    for await (const record of new WARCParser(fs.createReadStream(`${folder}/${table}.warc${how === "gz" ? ".gz" : ""}`))) {
      const header = record.warcHeaders.headers;
      const bytes = await record.readFully(false);
      assert.equal(record.warcType, records++ ? type : "warcinfo");
      assert.match(header.get("WARC-Record-ID"), /^<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>$/);
      ids.add(header.get("WARC-Record-ID"));
      if (type === "conversion" && records > 1)
        assert.equal(header.get("WARC-Block-Digest"), `sha1:${base32(createHash("sha1").update(bytes).digest())}`);
      if (records > 1 && type !== "revisit") assert.match(header.get("WARC-Refers-To"), /^<urn:uuid:/);
    }
    assert.equal(records, rows + 1);
    assert.equal(ids.size, rows + 1, "record ids are unique");
  }
}
fs.rmSync(folder, { recursive: true });
console.log("warcio reads every record");
