import type { BrowserContext } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";

const DIST = resolve(import.meta.dirname, "../dist");
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'";
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

/** Whether the client is taken from `dist/` instead of from what the server has embedded: no need to build the server again. */
export const fromDist = process.env["PLEXI_E2E_DIST"] === "1";

/** Serves `dist/` to a browser in the server's stead, under the same content security policy. */
export async function serveDist(context: BrowserContext): Promise<void> {
  await context.route(
    (url) => !url.pathname.startsWith("/api/") && !url.pathname.startsWith("/health"),
    async (route) => {
      const { pathname } = new URL(route.request().url());
      const file = extname(pathname) ? pathname : "/index.html";
      const body = await readFile(join(DIST, file)).catch(() => null);
      if (!body) return route.fulfill({ status: 404 });
      return route.fulfill({ body, contentType: TYPES[extname(file)] ?? "text/plain", headers: { "content-security-policy": POLICY } });
    },
  );
}
