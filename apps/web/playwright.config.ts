import { defineConfig } from "@playwright/test";

/** Real server, real browser: Debian's Chromium, or the one that PLEXI_TEST_CHROMIUM names. */
export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  timeout: 120_000,
  expect: { timeout: 10_000 },
  fullyParallel: false,
  workers: 1,
  retries: 0,
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "UTC",
    viewport: { width: 1280, height: 800 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env["PLEXI_TEST_CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // A page that the tests themselves serve has no address, so that the browser takes the server for a stranger on the local network.
        ...(process.env["PLEXI_E2E_DIST"] === "1" ? ["--disable-features=LocalNetworkAccessChecks"] : []),
      ],
    },
  },
});
