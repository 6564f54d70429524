// The JSON Schemas of docs/schema, compiled, and a check of lines against them.
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fs from "node:fs";
import path from "node:path";

const folder = path.join(process.env.WARCMILL_SOURCE, "docs", "schema");
const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true, allowUnionTypes: true, multipleOfPrecision: 6 });
addFormats(ajv);
for (const file of fs.readdirSync(folder)) ajv.addSchema(JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")));

/** Throws, with the line, when a line of LINES is no JSON or does not fit docs/schema/NAME.schema.json. */
export function checkLines(name, lines) {
  const validate = ajv.getSchema(`${name}.schema.json`);
  if (!validate) throw new Error(`there is no schema ${name}`);
  lines.forEach((line, at) => {
    if (!validate(JSON.parse(line)))
      throw new Error(`${name}, line ${at + 1}: ${ajv.errorsText(validate.errors)}\n${line.slice(0, 2000)}`);
  });
}
