// node .ci/check-pass.mjs FOLDER CERTIFICATES.json
// Opens the files of an Apple pass with passkit-generator, lets it close and sign the pass again, and prints as JSON
// what it complained of. It drops what it finds invalid with no more than a warning, so what comes out is compared
// with what went in.
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { PKPass } from "passkit-generator";

const [folder, certificates] = process.argv.slice(2);
const complaints = [];
console.warn = console.error = (...said) => complaints.push(said.join(" "));

const files = {};
for (const name of readdirSync(folder, { recursive: true })) {
  const place = path.join(folder, name);
  if (statSync(place).isFile()) files[name.split(path.sep).join("/")] = readFileSync(place);
}
const given = JSON.parse(files["pass.json"]);
try {
  const pass = new PKPass(files, JSON.parse(readFileSync(certificates)));
  const strings = Object.keys(files).filter((name) => name.endsWith("pass.strings"));
  if (pass.languages.length !== strings.length) complaints.push(`languages read: ${pass.languages}`);
  const closed = pass.getAsRaw();
  const kept = JSON.parse(closed["pass.json"]);
  for (const key of new Set([...Object.keys(given), ...Object.keys(kept)])) {
    if (!same(given[key], kept[key])) {
      complaints.push(`${key}: ${JSON.stringify(given[key])} came out as ${JSON.stringify(kept[key])}`);
    }
  }
} catch (error) {
  complaints.push(String(error));
}
process.stdout.write(JSON.stringify(complaints));

// It writes a date in its own way, and adds the groups of fields that a pass does not have as empty lists.
function same(before, after) {
  if (/^\d{4}-\d\d-\d\dT/.test(before)) return Date.parse(before) === Date.parse(after);
  const full = (value) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).filter(([, inner]) => !(Array.isArray(inner) && inner.length === 0)))
      : value;
  return isDeepStrictEqual(full(before), full(after));
}
