import { expect, test } from "@playwright/test";
import { look } from "./look";
import { PASSWORD, Person } from "./people";
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
  await ben.joinChannel("general");
  await ben.open("general");
});

test.afterAll(async () => {
  await ada.leave();
  await ben.leave();
  await server.remove();
});

const menu = async (person: Person, entry: string) => {
  await person.page.getByRole("button", { name: "More about this conversation" }).click();
  await person.page.getByRole("menuitem", { name: entry }).click();
};

test("a channel is renamed and given a topic, and everybody sees it", async () => {
  await menu(ada, "Channel settings");
  await ada.page.getByLabel("Name", { exact: true }).fill("town square");
  await ada.page.getByLabel("Topic").fill("Everything and nothing");
  await ada.page.getByRole("button", { name: "Save" }).click();
  await ada.page.keyboard.press("Escape");
  await ben.seesChannel("town-square");
  await expect(ben.page.getByRole("main").getByText("Everything and nothing").first()).toBeVisible();
});

test("a private channel is seen by those who are added, and left again", async () => {
  await ada.page.getByRole("button", { name: "Add channels" }).click();
  await ada.page.getByRole("menuitem", { name: "New channel" }).click();
  await ada.page.getByLabel("Name", { exact: true }).fill("secret");
  await ada.page.getByRole("radio", { name: /Private/ }).check();
  await ada.page.getByRole("button", { name: "Make channel" }).click();
  await ada.seesChannel("secret");
  const link = ben.page.getByRole("navigation").getByRole("link", { name: "secret" });
  await expect(link).toHaveCount(0);

  await menu(ada, "Channel settings");
  await ada.page.getByText("Add people").click();
  await ada.page.getByRole("button", { name: /Ben Okafor/ }).click();
  await ada.page.getByRole("button", { name: "Add to the channel" }).click();
  await expect(ada.page.getByRole("button", { name: "Remove Ben Okafor" })).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await expect(link).toBeVisible();
  await ada.say("only for us");
  await ben.open("secret");
  await expect(ben.message("only for us")).toBeVisible();
  await menu(ben, "Leave channel");
  await expect(link).toHaveCount(0);
  await ben.open("town-square");
});

test("favourites and muted channels are kept", async () => {
  await ada.open("town-square");
  await menu(ada, "Add to favourites");
  await expect(ada.page.getByRole("list", { name: "Favourites" }).getByRole("link", { name: /town-square/ })).toBeVisible();
  await menu(ada, "Mute");
  const kept = ada.page.getByRole("list", { name: "Favourites" }).getByRole("link", { name: /town-square.*Muted/ });
  await expect(kept).toBeVisible();
  await ada.page.reload();
  await expect(kept).toBeVisible();
  await menu(ada, "Remove from favourites");
  await menu(ada, "Unmute");
});

test("what arrives while elsewhere is unread, and begins with a line", async () => {
  await ada.open("secret");
  for (const word of ["red", "green", "blue"]) await ben.say(`paint it ${word}`);
  const link = ada.page.getByRole("link", { name: /town-square/ });
  await expect(link).toContainText("Unread");
  await ada.open("town-square");
  await expect(ada.page.getByRole("separator").filter({ hasText: "New" })).toBeVisible();
  await expect(link).not.toContainText("Unread");
  await ada.choose("paint it green", "Mark unread from here");
  await ada.open("secret");
  await expect(link).toContainText("Unread");
  await ada.page.reload();
  await expect(link).toContainText("Unread");
  await ada.open("town-square");
});

test("a reply quotes what it answers and leads there", async () => {
  await ben.choose("paint it red", "Reply here");
  await expect(ben.page.getByText("Reply to")).toBeVisible();
  await ben.page.keyboard.type("why red?");
  await ben.page.keyboard.press("Enter");
  const quote = ada.message("why red?").getByRole("button", { name: /Ben Okafor.*paint it red/ });
  await expect(quote).toBeVisible();
  await quote.click();
  await expect(ada.message("paint it red").first()).toBeInViewport();
  await look(ada.page, "reply");
});

test("a group conversation is opened with several people", async ({ browser }) => {
  const cleo = await Person.arrive(browser, server);
  await cleo.join(await ada.invite(), "Cleo Park", "cleo");
  await ada.page.getByRole("navigation").getByRole("button", { name: "Message somebody" }).click();
  for (const name of ["Ben Okafor", "Cleo Park"]) await ada.page.getByRole("dialog").getByRole("button", { name: new RegExp(name) }).first().click();
  await look(ada.page, "new-direct");
  await ada.page.getByRole("button", { name: "Open conversation" }).click();
  await ada.say("hello both");
  const link = cleo.page.getByRole("link", { name: /Ada Lovelace/ });
  await expect(link).toContainText("1 unread message");
  await link.click();
  await expect(cleo.message("hello both")).toBeVisible();
  await cleo.leave();
});

test("an archived channel can be read, but not written to", async () => {
  await ada.open("secret");
  await menu(ada, "Channel settings");
  await ada.page.getByRole("button", { name: "Archive channel" }).click();
  await ada.page.getByRole("button", { name: "Really archive?" }).click();
  await expect(ada.page.getByRole("button", { name: "Restore channel" })).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await expect(ada.page.getByText("This channel is archived. It can be read, but not written to.")).toBeVisible();
  await ada.open("town-square");
});

test("the password is changed, other sessions end, and one signs in again", async ({ browser }) => {
  const elsewhere = await Person.arrive(browser, server);
  const signIn = async (person: Person, password: string) => {
    await person.page.goto("/sign-in");
    await person.page.getByLabel("Name").fill("ben");
    await person.page.getByLabel("Password").fill(password);
    await person.page.getByRole("button", { name: "Sign in" }).click();
  };
  await signIn(elsewhere, "not the password at all");
  await expect(elsewhere.page.getByRole("alert")).toContainText("The name or the password is wrong.");
  await signIn(elsewhere, PASSWORD);
  await elsewhere.open("town-square");

  await ben.page.keyboard.press("Control+,");
  await ben.page.getByRole("tab", { name: "Password and sessions" }).click();
  await expect(ben.page.getByRole("button", { name: "Sign out everywhere else" })).toBeVisible();
  await ben.page.getByLabel("Present password").fill(PASSWORD);
  await ben.page.getByLabel("New password").fill("eleven copper kettles singing");
  await ben.page.getByRole("button", { name: "Change password" }).click();
  await expect(ben.page.getByText("The password is changed.")).toBeVisible();
  await expect(elsewhere.page.getByRole("heading", { name: "Sign in to PlexiChat" })).toBeVisible();
  await ben.page.keyboard.press("Escape");

  await ben.page.getByRole("contentinfo").getByRole("button", { name: /Ben Okafor/ }).click();
  await ben.page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(ben.page.getByRole("heading", { name: "Sign in to PlexiChat" })).toBeVisible();
  await signIn(ben, "eleven copper kettles singing");
  await ben.open("town-square");
  await expect(ben.message("why red?")).toBeVisible();
  await elsewhere.leave();
});

test("nothing complained", () => {
  expect(ada.complaints).toEqual([]);
  expect(ben.complaints).toEqual([]);
});
