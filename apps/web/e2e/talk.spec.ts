import { expect, test } from "@playwright/test";
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
});

test.afterAll(async () => {
  await ada.leave();
  await ben.leave();
  await server.remove();
});

test("the first person sets the server up and lands in the first channel", async () => {
  await ada.page.goto(`/setup${new URL(server.setupLink).hash}`);
  await expect(ada.page.getByRole("heading", { name: "Set up PlexiChat" })).toBeVisible();
  await look(ada.page, "setup");
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  await look(ada.page, "empty-channel");
});

test("a second person joins by invitation", async () => {
  const link = await ada.invite();
  expect(link).toContain("/join#code=");
  await ben.page.goto("/sign-in");
  await look(ben.page, "sign-in");
  await ben.join(link, "Ben Okafor", "ben");
  await look(ben.page, "welcome");
  await ben.joinChannel("general");
  await ben.open("general");
});

test("two people talk live", async () => {
  await ada.say("Hello Ben");
  await expect(ben.message("Hello Ben")).toBeVisible();
  await ben.say("Hello @ada, **good** to be here");
  await expect(ada.message("good to be here")).toBeVisible();
  await expect(ada.page.locator("[data-pending]")).toHaveCount(0);
  await expect(ada.message("good to be here").locator("strong")).toHaveText("good");
  await ben.composer.pressSequentially("so glad to meet you", { delay: 200 });
  await expect(ada.page.getByText("Ben Okafor is typing…")).toBeVisible();
  await ben.composer.fill("");
});

test("a message appears once for its author and its reader", async () => {
  for (const word of ["one", "two", "three", "four"]) await ada.say(`count ${word}`);
  await expect(ben.message("count four")).toBeVisible();
  for (const person of [ada, ben]) {
    for (const word of ["one", "two", "three", "four"]) await expect(person.message(`count ${word}`)).toHaveCount(1);
  }
});

test("reactions are seen by both and toggled by each", async () => {
  await ada.use("good to be here", "Add a reaction");
  await ada.page.getByRole("button", { name: "tada", exact: true }).click();
  const chip = (person: Person) => person.message("good to be here").getByRole("group", { name: "Reactions" }).getByRole("button");
  await expect(chip(ben)).toHaveText(/1/);
  await chip(ben).click();
  await expect(chip(ada)).toHaveText(/2/);
  await expect(chip(ben)).toHaveAttribute("aria-pressed", "true");
  await chip(ben).click();
  await expect(chip(ada)).toHaveText(/1/);
});

test("a thread has its own messages and is counted below its first", async () => {
  await ben.use("Hello Ben", "Reply in thread");
  const pane = ben.page.getByRole("complementary", { name: "Thread" });
  await pane.getByRole("textbox", { name: "Reply…" }).fill("A first reply");
  await pane.getByRole("textbox", { name: "Reply…" }).press("Enter");
  await expect(pane.getByRole("article").filter({ hasText: "A first reply" })).toBeVisible();
  await ada.message("Hello Ben").getByRole("link", { name: /1 reply/ }).click();
  const other = ada.page.getByRole("complementary", { name: "Thread" });
  await expect(other.getByRole("article").filter({ hasText: "A first reply" })).toBeVisible();
  await other.getByRole("textbox", { name: "Reply…" }).fill("A second reply");
  await other.getByRole("textbox", { name: "Reply…" }).press("Enter");
  await expect(pane.getByRole("article").filter({ hasText: "A second reply" })).toBeVisible();
  await expect(ben.message("Hello Ben").getByRole("link", { name: /2 replies/ })).toBeVisible();
  await look(ada.page, "thread");
  await ben.page.keyboard.press("Escape");
  await expect(pane).toHaveCount(0);
  await ada.page.keyboard.press("Escape");
});

test("a message is edited with the arrow key, and keeps its history", async () => {
  await ada.say("a tpyo");
  await expect(ada.message("a tpyo")).toBeVisible();
  await expect(ada.page.locator("[data-pending]")).toHaveCount(0);
  await ada.composer.press("ArrowUp");
  const box = ada.page.getByRole("textbox", { name: "Edit message" });
  await expect(box).toHaveValue("a tpyo");
  await box.fill("a typo");
  await box.press("Enter");
  await expect(ben.message("a typo")).toContainText("edited");
  await ada.choose("a typo", "Earlier versions");
  await expect(ada.page.getByRole("dialog")).toContainText("a tpyo");
  await ada.page.keyboard.press("Escape");
});

test("a message is deleted after a question, and a mark stays", async () => {
  await ada.say("to be forgotten");
  await expect(ben.message("to be forgotten")).toBeVisible();
  await ada.choose("to be forgotten", "Delete…");
  await ada.page.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(ben.message("to be forgotten")).toHaveCount(0);
  await expect(ben.message("This message was deleted.")).toBeVisible();
});

test("a pinned message is found in the pins", async () => {
  await ada.choose("good to be here", "Pin to the channel");
  await ben.page.getByRole("button", { name: "Pinned messages" }).click();
  await expect(ben.page.getByRole("complementary", { name: "Pinned messages" })).toContainText("good to be here");
  await ben.page.getByRole("button", { name: "Pinned messages" }).click();
});

test("search finds a part of a word and leads to the message", async () => {
  await ada.page.keyboard.press("Control+Shift+F");
  const pane = ada.page.getByRole("complementary", { name: "Search" });
  await pane.getByRole("searchbox").fill("ood from:ben");
  await pane.getByRole("searchbox").press("Enter");
  await expect(pane.locator("mark").first()).toHaveText("ood");
  await look(ada.page, "search");
  await pane.getByRole("button", { name: /good/ }).click();
  await expect(ada.message("good to be here")).toBeInViewport();
  await ada.page.keyboard.press("Escape");
});

test("mentions are completed from the people in the channel", async () => {
  await ada.composer.pressSequentially("@be");
  await expect(ada.page.getByRole("option", { name: /Ben Okafor/ })).toBeVisible();
  await ada.composer.press("Enter");
  await expect(ada.composer).toHaveValue("@ben ");
  await ada.composer.pressSequentially("look :tad");
  await ada.page.getByRole("option", { name: /:tada:/ }).click();
  await expect(ada.composer).toHaveValue("@ben look 🎉 ");
  await ada.composer.press("Enter");
  await expect(ben.message("look 🎉").getByRole("button", { name: "@ben" })).toBeVisible();
});

test("a channel is made, found and joined, and shows what is unread", async () => {
  await ada.page.getByRole("button", { name: "Add channels" }).click();
  await ada.page.getByRole("menuitem", { name: "New channel" }).click();
  await ada.page.getByLabel("Name", { exact: true }).fill("Release Notes");
  await ada.page.getByLabel("Topic (optional)").fill("What goes out, and when");
  await look(ada.page, "new-channel");
  await ada.page.getByRole("button", { name: "Make channel" }).click();
  await ada.seesChannel("release-notes");

  await ben.joinChannel("release-notes");

  const link = ben.page.getByRole("link", { name: /release-notes/ });
  await expect(link).toBeVisible();
  await ada.say("Version 0.1 goes out, @ben");
  await expect(link).toContainText("1 mention");
  await ben.open("release-notes");
  await expect(ben.message("Version 0.1 goes out")).toBeVisible();
  await expect(link).not.toContainText("mention");
  await look(ben.page, "channel");
});

test("the quick switcher goes to a person and back to a channel", async () => {
  await ben.page.keyboard.press("Control+k");
  await ben.page.getByRole("combobox").fill("lovel");
  await expect(ben.page.getByRole("option", { name: /Ada Lovelace/ })).toBeVisible();
  await look(ben.page, "switcher");
  await ben.page.keyboard.press("Enter");
  await ben.seesChannel("Ada Lovelace");
  await ben.say("just between us");
  await ada.open("Ben Okafor");
  await expect(ada.message("just between us")).toBeVisible();
  await look(ada.page, "direct");
  await ben.page.keyboard.press("Control+k");
  await ben.page.getByRole("combobox").fill("gen");
  await ben.page.keyboard.press("Enter");
  await ben.seesChannel("general");
});

test("a draft survives a reload and follows to another browser", async ({ browser }) => {
  await ben.open("general");
  const saved = ben.page.waitForResponse((response) => response.url().endsWith("/draft") && response.request().method() === "PUT");
  await ben.composer.fill("half a thought");
  await saved;
  await ben.page.reload();
  await expect(ben.composer).toHaveValue("half a thought");

  const elsewhere = await Person.arrive(browser, server);
  await elsewhere.page.goto("/sign-in");
  await elsewhere.page.getByLabel("Name").fill("ben");
  await elsewhere.page.getByLabel("Password").fill("seven lanterns over quiet water");
  await elsewhere.page.getByRole("button", { name: "Sign in" }).click();
  await elsewhere.open("general");
  await expect(elsewhere.composer).toHaveValue("half a thought");
  await elsewhere.leave();
  await ben.composer.fill("");
});

test("preferences change the name, the theme and the language at once", async () => {
  await ada.page.keyboard.press("Control+,");
  await ada.page.getByLabel("Status").fill("Writing engines");
  await ada.page.getByRole("button", { name: "Save" }).click();
  await ada.page.getByRole("tab", { name: "Appearance and language" }).click();
  await ada.page.getByRole("radio", { name: "Dark" }).check();
  await expect(ada.page.locator("html")).toHaveAttribute("data-theme", "dark");
  await ada.page.getByLabel("Language", { exact: true }).selectOption("de");
  await expect(ada.page.getByRole("heading", { name: "Einstellungen" })).toBeVisible();
  await look(ada.page, "preferences-de-dark");
  await ada.page.getByLabel("Sprache", { exact: true }).selectOption("en");
  await ada.page.getByRole("radio", { name: "As the device" }).check();
  await ada.page.getByRole("tab", { name: "Password and sessions" }).click();
  await expect(ada.page.getByText("This device")).toBeVisible();
  await look(ada.page, "sessions");
  await ada.page.keyboard.press("Escape");
});

test("nothing on the way broke the content security policy or threw", () => {
  expect(ada.complaints).toEqual([]);
  expect(ben.complaints).toEqual([]);
});
