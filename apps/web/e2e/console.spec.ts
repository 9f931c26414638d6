import { expect, test } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isAccessible, isAccessibleInBothThemes } from "./accessible";
import { look } from "./look";
import { Person } from "./people";
import { Server } from "./server";

test.describe.configure({ mode: "serial" });

let server: Server;
let ada: Person;
let ben: Person;

test.beforeAll(async ({ browser }) => {
  server = await Server.start();
  ada = await Person.arrive(browser, server);
  ben = await Person.arrive(browser, server);
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  await ben.join(await ada.invite(), "Ben Okafor", "ben");
});

test.afterAll(async () => {
  await ada.leave();
  await ben.leave();
  await server.remove();
});

const PHONE = { width: 390, height: 780 };
const DESK = { width: 1280, height: 800 };
const page = (name: string) => ada.page.getByRole("navigation", { name: "Administration" }).getByRole("link", { name });
const fits = () => ada.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

/** The page on a telephone, in both themes: nothing stands out at the side. */
async function onThePhone(name: string): Promise<void> {
  await ada.page.setViewportSize(PHONE);
  expect(await fits()).toBe(true);
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, `console-${name}-phone`);
  await ada.page.setViewportSize(DESK);
}

test("it is there for an administrator and for nobody else", async () => {
  await ben.page.getByRole("contentinfo").getByRole("button", { name: /Ben Okafor/ }).click();
  await expect(ben.page.getByRole("menuitem", { name: "Preferences" })).toBeVisible();
  await expect(ben.page.getByRole("menuitem", { name: "Administration" })).toHaveCount(0);
  await ben.page.goto("/admin/logs");
  await expect(ben.page.getByText("This page is not for you")).toBeVisible();
  await expect(ben.page.getByRole("navigation", { name: "Administration" }).getByRole("link")).toHaveCount(0);
  await ada.page.getByRole("contentinfo").getByRole("button", { name: /Ada Lovelace/ }).click();
  await ada.page.getByRole("menuitem", { name: "Administration" }).click();
  await expect(ada.page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await expect(page("Overview")).toHaveAttribute("aria-current", "page");
  await expect(page("Logs")).not.toHaveAttribute("aria-current");
});

test("the overview says how the server does", async () => {
  const main = ada.page.getByRole("main");
  await expect(main.getByText("Ready", { exact: true })).toBeVisible();
  await expect(main.getByText("All parts run")).toBeVisible();
  await expect(main.getByText(/a second of late/)).toBeVisible({ timeout: 20_000 });
  await expect(main.locator("div").filter({ has: ada.page.getByText("Accounts", { exact: true }) }).last()).toContainText("2");
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-overview");
  await onThePhone("overview");
});

test("a part is restarted from its row, after a question, and the row tells", async () => {
  await page("Supervision").click();
  await expect(page("Supervision")).toHaveAttribute("aria-current", "page");
  await expect(page("Overview")).not.toHaveAttribute("aria-current");
  const row = ada.page.locator('[data-part="realtime/presence"]');
  await expect(row).toContainText("Running");
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-supervision");
  const restarts = row.getByRole("cell").nth(2);
  await expect(restarts).toHaveText("0");
  await row.getByRole("button", { name: "Restart realtime/presence" }).click();
  await look(ada.page, "console-supervision-question");
  await row.getByRole("button", { name: "Really restart? Restart realtime/presence" }).click();
  await expect(ada.page.getByText("realtime/presence is started anew")).toBeVisible();
  await expect(restarts).toHaveText("1");
  await expect(row).toContainText("Running");
  await expect(ada.page.locator('[data-part="server"]').getByRole("button")).toHaveCount(0);
  await onThePhone("supervision");
});

test("what is remembered is shown by kind, and forgotten after a question", async () => {
  await page("Cache").click();
  const row = ada.page.locator('[data-part="accounts"]');
  await expect(row).toContainText("%");
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-cache");
  await row.getByRole("button", { name: "Forget accounts" }).click();
  await look(ada.page, "console-cache-question");
  await row.getByRole("button", { name: "Really forget? Forget accounts" }).click();
  await expect(ada.page.getByText("accounts is forgotten")).toBeVisible();
  await ada.page.getByRole("button", { name: "Forget all" }).click();
  await ada.page.getByRole("button", { name: "Really forget?" }).click();
  await expect(ada.page.getByText("Everything is forgotten")).toBeVisible();
  await onThePhone("cache");
});

test("the configuration is searched, changed after a look at what it does, and put back", async () => {
  await page("Configuration").click();
  const search = ada.page.getByRole("searchbox", { name: "Search" });
  const key = (name: string) => ada.page.locator(`[data-key="${name}"]`);
  await expect(key("server.data_dir")).toContainText("PLEXICHAT_SERVER__DATA_DIR");
  await expect(key("server.data_dir")).toContainText("changed on the server's machine only");
  await expect(key("server.data_dir").getByRole("button")).toHaveCount(0);
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-config");

  await search.fill("longest message");
  await expect(ada.page.getByRole("listitem").filter({ has: ada.page.getByRole("heading", { level: 3 }) })).toHaveCount(1);
  await expect(ada.page).toHaveURL(/text=longest/);
  await key("messaging.max_message_length").getByRole("button", { name: "Change messaging.max_message_length" }).click();
  const length = ada.page.getByLabel("New value of messaging.max_message_length");
  await expect(length).toBeFocused();
  await length.fill("0");
  await ada.page.getByRole("button", { name: "Review and save" }).click();
  await expect(key("messaging.max_message_length").getByRole("alert")).toContainText("Choose a number from 1 to 40000.");
  await look(ada.page, "console-config-wrong");
  await length.fill("2000");
  await search.fill("logging.level");
  await key("logging.level").getByRole("button", { name: "Change logging.level" }).click();
  await ada.page.getByLabel("New value of logging.level").selectOption("debug");
  await search.fill("worker_threads");
  await key("server.worker_threads").getByRole("button", { name: "Change server.worker_threads" }).click();
  await ada.page.getByLabel("New value of server.worker_threads").fill("2");
  await expect(ada.page.getByText("3 changes are not saved")).toBeVisible();
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-config-editing");
  await onThePhone("config-editing");

  await ada.page.getByRole("button", { name: "Review and save" }).click();
  const dialog = ada.page.getByRole("dialog", { name: "Save these changes?" });
  await expect(dialog.locator('[data-part="server.worker_threads"]')).toContainText("at the next start");
  await expect(dialog.getByRole("row")).toHaveCount(4);
  await isAccessible(ada.page);
  await look(ada.page, "console-config-review");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(ada.page.getByText("The configuration is saved")).toBeVisible();
  await expect(dialog).toHaveCount(0);
  await expect(key("server.worker_threads")).toContainText("until then: 0");
  expect(await readFile(join(server.data, "config", "plexichat.toml"), "utf8")).toBe('[logging]\nlevel = "debug"\n\n[messaging]\nmax_message_length = 2000\n\n[server]\nworker_threads = 2\n');

  await ada.page.getByRole("button", { name: "History" }).click();
  const history = ada.page.getByRole("dialog", { name: "Earlier configurations" });
  await history.getByText("Version 1").click();
  await expect(history.locator('[data-part="logging.level"]')).toContainText("debug");
  await isAccessible(ada.page);
  await look(ada.page, "console-config-history");
  await history.getByRole("button", { name: "Put this one back" }).click();
  await history.getByRole("button", { name: "Really put back?" }).click();
  await expect(ada.page.getByText("The configuration is as in version 1")).toBeVisible();
  await search.fill("");
  await expect(key("logging.level")).toContainText("info");
  await onThePhone("config");
});

test("the page about says what runs, and saves the diagnostics", async () => {
  await page("About").click();
  await expect(ada.page.getByRole("definition").filter({ hasText: "PlexiChat" })).toBeVisible();
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-about");
  const saving = ada.page.waitForEvent("download");
  await ada.page.getByRole("link", { name: "Save the diagnostics" }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toBe("plexichat-diagnostics.zip");
  expect((await readFile(await saved.path())).subarray(0, 2).toString()).toBe("PK");
  await onThePhone("about");
});

test("figures are drawn over time, said in words, and listed", async () => {
  await page("Metrics").click();
  const chart = (name: string) => ada.page.getByRole("region", { name, exact: true });
  await expect(chart("Memory in use")).toContainText(/Now: [\d.,]+ MB/);
  await expect(chart("Memory in use")).toContainText(/Between .* and /);
  // a rate is known from the second look on
  await expect(chart("Requests")).toContainText(/Now: [\d.,]+\/s/, { timeout: 30_000 });
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-metrics");

  await chart("Memory in use").getByText("Values").focus();
  await ada.page.keyboard.press("Enter");
  const values = ada.page.getByRole("region", { name: "Values: Memory in use" });
  await expect(values.getByRole("row").nth(1)).toContainText(/\d MB/);
  await expect(chart("People connected").getByRole("table")).toHaveCount(0);
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-metrics-values");

  const plot = chart("Memory in use").locator("svg");
  const box = await plot.boundingBox();
  await plot.hover({ position: { x: (box?.width ?? 0) - 2, y: 20 } });
  await look(ada.page, "console-metrics-pointed");

  await ada.page.getByRole("radio", { name: "Last hour" }).focus();
  await ada.page.keyboard.press("ArrowRight");
  await expect(ada.page.getByRole("radio", { name: "Last day" })).toBeChecked();
  await expect(chart("Memory in use")).toContainText(/Now: [\d.,]+ MB/);
  await onThePhone("metrics");
  await ada.page.setViewportSize({ width: 360, height: 780 });
  expect(await fits()).toBe(true);
  await ada.page.setViewportSize(DESK);
});

test("the log is chosen by level and text, opened, saved, and followed until one pauses", async () => {
  await page("Logs").click();
  const lines = ada.page.getByRole("list", { name: "Lines of the log" });
  await expect(lines.getByText("serving", { exact: false }).first()).toBeVisible();
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-logs");

  await ada.page.getByText("How much is logged").click();
  await ada.page.getByLabel("Standard error takes").selectOption("error");
  await ada.page.getByLabel("Another module").fill("plexi_supervisor");
  await ada.page.getByRole("button", { name: "Log it in detail" }).click();
  await expect(ada.page.getByLabel("plexi_supervisor", { exact: true })).toHaveValue("debug");
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-logs-levels");
  await onThePhone("logs-levels");
  await ada.page.getByRole("button", { name: "No own level for plexi_supervisor" }).click();
  await expect(ada.page.getByLabel("plexi_supervisor", { exact: true })).toHaveCount(0);
  await ada.page.getByText("How much is logged").click();

  await ada.page.getByLabel("Level", { exact: true }).selectOption("warn");
  await expect(lines.getByRole("listitem").first()).toContainText("WARN");
  await expect(lines.getByText("INFO", { exact: true })).toHaveCount(0);
  await ada.page.getByRole("searchbox", { name: "Text" }).fill("Realtime/PRESENCE");
  await expect(lines.getByText("a part is started anew as ordered")).toHaveCount(1);
  await expect(lines.getByRole("listitem")).toHaveCount(1);
  await expect(ada.page).toHaveURL(/level=warn.*text=Realtime/);

  await lines.focus();
  await ada.page.keyboard.press("ArrowUp");
  await ada.page.keyboard.press("Enter");
  await expect(lines.getByText("as it stands")).toBeVisible();
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-logs-line");

  const saving = ada.page.waitForEvent("download");
  await ada.page.getByRole("button", { name: "Download" }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toBe("latest.txt");
  expect(await readFile(await saved.path(), "utf8")).toMatch(/ WARN  .*a part is started anew as ordered.* part=realtime\/presence.*\n$/);

  await restartPresence();
  await expect(lines.getByRole("listitem")).toHaveCount(2);
  await expect(lines.getByText("as it stands")).toBeVisible();
  await ada.page.getByRole("button", { name: "Follow" }).click();
  await expect(ada.page.getByRole("button", { name: "Follow" })).toHaveAttribute("aria-pressed", "false");
  await restartPresence();
  await expect(lines.getByRole("listitem")).toHaveCount(2);
  await ada.page.getByRole("button", { name: "Follow" }).click();
  await expect(lines.getByRole("listitem")).toHaveCount(3);

  await ada.page.getByRole("searchbox", { name: "Text" }).fill("nothing says this");
  await expect(ada.page.getByText("No line fits")).toBeVisible();
  await ada.page.getByRole("searchbox", { name: "Text" }).fill("");
  await ada.page.getByLabel("Level").selectOption("");
  await expect(lines.getByText("serving", { exact: false }).first()).toBeVisible();
  await onThePhone("logs");
});

async function restartPresence(): Promise<void> {
  const answer = await ada.page.request.post("/api/v1/admin/supervisor/restart", {
    data: { path: "realtime/presence" },
    headers: { "idempotency-key": crypto.randomUUID(), origin: server.origin },
  });
  expect(answer.status()).toBe(204);
}

test("its words are those of the language that one has chosen", async () => {
  const speak = (locale: string) => ada.page.request.patch("/api/v1/users/me", { data: { locale }, headers: { origin: server.origin } });
  expect((await speak("de")).status()).toBe(200);
  await ada.page.goto("/admin/supervisor");
  await expect(ada.page.getByRole("heading", { level: 1, name: "Aufsicht" })).toBeVisible();
  await expect(ada.page.locator('[data-part="core/sender"]')).toContainText("Läuft");
  await look(ada.page, "console-german");
  await onThePhone("german");
  expect((await speak("en")).status()).toBe(200);
  await ada.page.goto("/admin");
  await expect(ada.page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
});

test("the overview shows what the log warns of", async () => {
  const troubles = ada.page.getByRole("region", { name: "Latest warnings and errors" });
  await expect(troubles.getByRole("listitem").last()).toContainText("a part is started anew as ordered");
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "console-overview-troubles");
  await onThePhone("overview-troubles");
  await troubles.getByRole("link", { name: "Show all" }).click();
  await expect(ada.page.getByLabel("Level")).toHaveValue("warn");
});

test("a server that stops answering is said to be gone, and what was known stays", async () => {
  await page("Overview").click();
  await expect(ada.page.getByText("Ready", { exact: true })).toBeVisible();
  await server.kill();
  await expect(ada.page.getByText("Not ready")).toBeVisible({ timeout: 20_000 });
  await expect(ada.page.getByText("What is shown may be old:")).toBeVisible({ timeout: 20_000 });
  await expect(ada.page.getByRole("region", { name: "Latest warnings and errors" }).getByRole("listitem")).not.toHaveCount(0);
  await look(ada.page, "console-gone");
});

test("nothing complained", () => {
  expect([...ada.complaints, ...ben.complaints]).toEqual([]);
});
