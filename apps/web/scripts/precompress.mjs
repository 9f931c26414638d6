// Writes a .br and a .gz beside every compressible file of dist, so that the server never compresses at run time.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const root = new URL("../dist/", import.meta.url).pathname;
const compressible = /\.(?:js|css|html|svg|json|webmanifest|txt|map)$/;
const brotli = promisify(brotliCompress);
const gz = promisify(gzip);

const entries = await readdir(root, { recursive: true, withFileTypes: true });
let count = 0;
for (const entry of entries) {
  if (!entry.isFile() || !compressible.test(entry.name)) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const plain = await readFile(path);
  if (plain.length < 256) continue;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  const [br, zip] = await Promise.all([brotli(plain, { params }), gz(plain, { level: 9 })]);
  await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, zip)]);
  count += 1;
}
process.stdout.write(`precompressed ${count} files\n`);
