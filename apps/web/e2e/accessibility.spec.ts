import { expect, test } from "@playwright/test";
import { isAccessible } from "./accessible";
import { look } from "./look";
import { Person } from "./people";
import { Server } from "./server";

test.describe.configure({ mode: "serial" });

let server: Server;
let ada: Person;

test.beforeAll(async ({ browser }) => {
  server = await Server.start();
  ada = await Person.arrive(browser, server);
});

test.afterAll(async () => {
  await ada.leave();
  await server.remove();
});

test("set-up and sign-in", async ({ browser }) => {
  await ada.page.goto(`/setup${new URL(server.setupLink).hash}`);
  await expect(ada.page.getByRole("heading", { name: "Set up PlexiChat" })).toBeVisible();
  await isAccessible(ada.page);
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  const visitor = await Person.arrive(browser, server, { colorScheme: "dark" });
  await visitor.page.goto("/");
  await expect(visitor.page.getByRole("heading", { name: "Sign in to PlexiChat" })).toBeVisible();
  await isAccessible(visitor.page);
  await look(visitor.page, "sign-in-dark");
  await visitor.leave();
});

const EVERYTHING = [
  "Plain words, then **strong**, *emphasis*, ~~gone~~ and `code`.",
  "> Somebody said so\n\n1. first\n2. second\n\n- a\n- b",
  "```rust\n/// A greeting.\nfn main() {\n    println!(\"hello {}\", 42);\n}\n```",
  "| what | how many |\n|---|---:|\n| apples | 3 |\n| pears | 12 |",
  "See https://example.org/a?b=c and <script>alert(1)</script>",
  "@channel please look at this",
];

for (const theme of ["light", "dark"] as const) {
  test(`the conversation with everything in it, ${theme}`, async () => {
    await ada.page.emulateMedia({ colorScheme: theme });
    if (theme === "light") for (const text of EVERYTHING) await ada.say(text);
    await expect(ada.page.locator("[data-pending]")).toHaveCount(0);
    await expect(ada.page.locator("pre .hljs-keyword").first()).toBeVisible();
    await ada.message("Plain words").hover();
    await isAccessible(ada.page);
    await look(ada.page, `everything-${theme}`);
  });

  test(`panes and dialogs, ${theme}`, async () => {
    await ada.page.emulateMedia({ colorScheme: theme });
    const { page } = ada;
    await ada.use("Plain words", "Reply in thread");
    await expect(page.getByRole("complementary", { name: "Thread" })).toBeVisible();
    await isAccessible(page);
    await page.keyboard.press("Escape");
    for (const button of ["1 member", "Pinned messages", "Search"]) {
      await page.getByRole("main").getByRole("button", { name: button }).click();
      await expect(page.getByRole("complementary")).toBeVisible();
      await isAccessible(page);
      await look(page, `pane-${button.toLowerCase().replaceAll(" ", "-")}-${theme}`);
      await page.getByRole("button", { name: "Close", exact: true }).click();
    }
    for (const keys of ["Control+k", "Control+/", "Control+,"]) {
      await page.keyboard.press(keys);
      await expect(page.getByRole("dialog")).toBeVisible();
      await isAccessible(page);
      await look(page, `dialog-${keys.replace(/\W/g, "").replace("Control", "") || (keys.endsWith("/") ? "slash" : "comma")}-${theme}`);
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog")).toHaveCount(0);
    }
    await page.getByRole("button", { name: "Jump to a date" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await isAccessible(page);
    await look(page, `dialog-date-${theme}`);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Workshop" }).click();
    await page.getByRole("menuitem", { name: "Invite people" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await isAccessible(page);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "More about this conversation" }).click();
    // An open menu hangs at the end of the page, beside the landmarks; that is what menus do.
    await isAccessible(page, ["region"]);
    await look(page, `menu-${theme}`);
    await page.getByRole("menuitem", { name: "Channel settings" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await isAccessible(page);
    await look(page, `channel-settings-${theme}`);
    await page.keyboard.press("Escape");
  });
}

test("markup in a message stays text", async () => {
  await expect(ada.message("alert(1)")).toContainText("<script>alert(1)</script>");
});

test("everything is reached by keyboard", async () => {
  const { page } = ada;
  await page.goto("/");
  await expect(ada.composer).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the conversation" })).toBeFocused();
  await ada.message("@channel").focus();
  await page.keyboard.press("ArrowUp");
  await expect(ada.message("alert(1)")).toBeFocused();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await expect(ada.message("Plain words")).toBeFocused();
  await page.keyboard.press("e");
  await expect(page.getByRole("textbox", { name: "Edit message" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(ada.message("Plain words")).toBeFocused();
  await page.keyboard.press("t");
  await expect(page.getByRole("textbox", { name: "Reply…" })).toBeFocused();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "More about this conversation" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem").first()).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "More about this conversation" })).toBeFocused();
});

test("from right to left everything stands on the other side", async () => {
  const { page } = ada;
  await page.evaluate(() => (document.documentElement.dir = "rtl"));
  const list = await page.getByRole("navigation", { name: "Conversations" }).boundingBox();
  const composer = await ada.composer.boundingBox();
  expect(list?.x).toBeGreaterThan(composer?.x ?? Infinity);
  await ada.message("Plain words").hover();
  await look(page, "rtl");
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  await page.evaluate(() => (document.documentElement.dir = "ltr"));
});

test("on a telephone the list is a drawer and a pane takes the whole width", async () => {
  const { page } = ada;
  await page.setViewportSize({ width: 390, height: 780 });
  await expect(page.getByRole("navigation", { name: "Conversations" })).toBeHidden();
  await look(page, "phone");
  await isAccessible(page);
  await page.getByRole("button", { name: "Conversations", exact: true }).click();
  await expect(page.getByRole("navigation", { name: "Conversations" })).toBeVisible();
  await look(page, "phone-drawer");
  await isAccessible(page);
  await page.getByRole("link", { name: "general" }).click();
  await expect(page.getByRole("navigation", { name: "Conversations" })).toBeHidden();
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page.getByRole("complementary", { name: "Search" })).toBeVisible();
  await look(page, "phone-search");
});

test("nothing complained", () => {
  expect(ada.complaints).toEqual([]);
});
