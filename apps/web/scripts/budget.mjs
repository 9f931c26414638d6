// Fails the build when the JavaScript a signed-in person waits for (the entry and the chat screen with all they import) is too big.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const LIMIT = 160 * 1024;
const SCREENS = ["src/features/shell/ChatScreen.tsx"];
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(await readFile(new URL(".vite/manifest.json", dist), "utf8"));

const seen = new Set();
const visit = (key) => {
  if (seen.has(key)) return;
  const chunk = manifest[key];
  if (!chunk) throw new Error(`no chunk ${key} in the manifest`);
  seen.add(key);
  for (const next of chunk.imports ?? []) visit(next);
};
for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key);
for (const key of SCREENS) visit(key);
const catalogue = Object.keys(manifest).find((key) => key.endsWith("locales/en.po"));
if (catalogue) visit(catalogue);

let total = 0;
for (const key of seen) {
  const { file } = manifest[key];
  if (!file.endsWith(".js")) continue;
  const size = gzipSync(await readFile(new URL(file, dist)), { level: 9 }).length;
  total += size;
  process.stdout.write(`${(size / 1024).toFixed(1).padStart(7)} kB  ${file}\n`);
}
process.stdout.write(`${(total / 1024).toFixed(1).padStart(7)} kB  initial JavaScript, gzip (limit ${LIMIT / 1024} kB)\n`);
if (total > LIMIT) {
  process.stderr.write("the initial JavaScript is over its budget\n");
  process.exit(1);
}
