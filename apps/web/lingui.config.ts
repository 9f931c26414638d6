import { defineConfig } from "@lingui/cli";
import { formatter } from "@lingui/format-po";

export default defineConfig({
  sourceLocale: "en",
  locales: ["en", "de"],
  catalogs: [
    { path: "src/i18n/locales/{locale}", include: ["src"], exclude: ["src/features/admin/**"] },
    // Fetched when it is opened: nobody waits for it who does not run the server.
    { path: "src/i18n/admin/{locale}", include: ["src/features/admin"] },
  ],
  format: formatter({ lineNumbers: false }),
});
