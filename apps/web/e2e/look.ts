import type { Page } from "@playwright/test";
import { resolve } from "node:path";

/** Takes a picture to look at; the folder is not kept in the repository. */
export const look = (page: Page, name: string) =>
  page.screenshot({ path: resolve(import.meta.dirname, "screenshots", `${name}.png`), animations: "disabled" });
