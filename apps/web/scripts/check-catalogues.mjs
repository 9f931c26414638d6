// Fails when a text of the program is not in the catalogues, or a translation is missing.
import { spawnSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";

const folder = new URL("../src/i18n/", import.meta.url);
const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".po"));
const read = async () => new Map(await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, folder), "utf8")])));
const texts = (catalogue) => catalogue.split("\n\n").slice(1).filter((entry) => !entry.startsWith("#~"));

const before = await read();
const run = spawnSync("npx", ["lingui", "extract", "--clean"], { encoding: "utf8", shell: false });
const after = await read();
for (const [name, text] of before) await writeFile(new URL(name, folder), text);
if (run.status !== 0) {
  process.stderr.write(run.stdout + run.stderr);
  process.exit(1);
}

let problems = 0;
for (const name of names) {
  const ids = (catalogue) => new Set(texts(catalogue).map((entry) => /^msgid [\s\S]*?(?=^msgstr)/m.exec(entry)?.[0]));
  const known = ids(before.get(name));
  const missing = [...ids(after.get(name))].filter((id) => !known.has(id));
  const empty = texts(before.get(name)).filter((entry) => /^msgstr ""$(?!\n")/m.test(entry));
  for (const id of missing) process.stderr.write(`${name}: not in the catalogue, run npm run i18n:extract: ${id}`);
  for (const entry of empty) process.stderr.write(`${name}: not translated: ${/^msgid .*/m.exec(entry)?.[0]}\n`);
  problems += missing.length + empty.length;
}
if (problems > 0) process.exit(1);
process.stdout.write(`${names.length} catalogues are complete\n`);
