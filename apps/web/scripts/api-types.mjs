// Writes src/api/schema.d.ts from the OpenAPI document as the server's own tests keep it, so that no Rust needs to be compiled.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = "../../../crates/plexi-web/tests/it/snapshots/it__document__the_document_changes_only_knowingly.snap";
const types = new URL("../src/api/schema.d.ts", import.meta.url);

const snapshot = await readFile(new URL(DOCUMENT, import.meta.url), "utf8");
const document = JSON.parse(snapshot.slice(snapshot.indexOf("\n---\n") + 5));
const current = `// Written by "npm run api:types" from the server's OpenAPI document.\n${astToString(await openapiTS(document))}`;
const before = await readFile(types, "utf8").catch(() => "");
if (before !== current) await writeFile(types, current);
