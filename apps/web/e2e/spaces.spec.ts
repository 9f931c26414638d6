import { expect, test } from "@playwright/test";
import { isAccessibleInBothThemes } from "./accessible";
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

const dialog = (person: Person) => person.page.getByRole("dialog");

test("a space is made, by keyboard alone, and is empty at first", async () => {
  const { page } = ada;
  await page.getByRole("banner").getByRole("button", { name: "Workshop" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem").first()).toBeFocused();
  await page.keyboard.type("New space");
  await page.keyboard.press("Enter");
  await expect(dialog(ada).getByLabel("Name")).toBeFocused();
  await isAccessibleInBothThemes(page);
  await look(page, "new-space");
  await page.keyboard.type("Laboratory");
  await page.keyboard.press("Enter");
  await expect(dialog(ada)).toHaveCount(0);
  await expect(page.getByRole("banner").getByRole("button", { name: "Laboratory" })).toBeVisible();
  await expect(page.getByText("No conversation is open")).toBeVisible();
  await look(page, "empty-space");
});

test("a name that is taken is refused beside its field, in the reader's language", async () => {
  await ada.inSpaceMenu("Laboratory", "New space");
  await dialog(ada).getByLabel("Name").fill("workshop");
  await dialog(ada).getByRole("button", { name: "Make space" }).click();
  await expect(dialog(ada).getByText("This is taken. Choose another.")).toBeVisible();
  await expect(dialog(ada).getByLabel("Name")).toHaveAccessibleDescription("This is taken. Choose another.");
  await ada.page.keyboard.press("Escape");
  await expect(ada.page.getByRole("banner").getByRole("button", { name: "Laboratory" })).toBeFocused();
});

test("people are added to a space, which they find in their menu", async () => {
  await ada.inSpaceMenu("Laboratory", "Space and its people");
  await dialog(ada).getByText("Add people").click();
  await dialog(ada).getByRole("button", { name: /Ben Okafor/ }).click();
  await dialog(ada).getByRole("button", { name: "Add to the space" }).click();
  await expect(dialog(ada).getByRole("combobox", { name: "Role of Ben Okafor" })).toHaveValue("member");
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "space-people");
  await ben.page.getByRole("banner").getByRole("button", { name: "Workshop" }).click();
  await ben.page.getByRole("menuitemcheckbox", { name: "Laboratory" }).click();
  await expect(ben.page.getByRole("banner").getByRole("button", { name: "Laboratory" })).toBeVisible();
});

test("a member sees who is in a space, and an administrator of it manages it", async () => {
  await ben.inSpaceMenu("Laboratory", "About this space");
  await expect(dialog(ben).getByText("Ada Lovelace")).toBeVisible();
  await expect(dialog(ben).getByRole("button", { name: "Remove Ada Lovelace" })).toHaveCount(0);
  await isAccessibleInBothThemes(ben.page);
  await ben.page.keyboard.press("Escape");

  await dialog(ada).getByRole("combobox", { name: "Role of Ben Okafor" }).selectOption("admin");
  await expect(ada.page.getByText("Saved")).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await ben.inSpaceMenu("Laboratory", "Space and its people");
  await dialog(ben).getByLabel("Name").fill("Observatory");
  await dialog(ben).getByRole("button", { name: "Save" }).click();
  await expect(ben.page.getByRole("banner", { includeHidden: true }).getByRole("button", { name: "Observatory", includeHidden: true })).toBeVisible();
  await expect(dialog(ben).getByRole("button", { name: "Invite people" })).toBeVisible();
  await ben.page.keyboard.press("Escape");
});

test("people of a private channel are added, given a role, and removed", async () => {
  await ada.page.reload();
  await ada.page.getByRole("banner").getByRole("button", { name: "Workshop" }).click();
  await ada.page.getByRole("menuitemcheckbox", { name: "Observatory" }).click();
  await ada.page.getByRole("button", { name: "Add channels" }).click();
  await ada.page.getByRole("menuitem", { name: "New channel" }).click();
  await dialog(ada).getByLabel("Name", { exact: true }).fill("comets");
  await dialog(ada).getByRole("radio", { name: /Private/ }).check();
  await dialog(ada).getByRole("button", { name: "Make channel" }).click();
  await ada.seesChannel("comets");

  await ada.page.getByRole("button", { name: "1 member" }).click();
  await ada.page.getByRole("complementary", { name: "Members" }).getByRole("button", { name: "Add people" }).click();
  await dialog(ada).getByText("Add people").click();
  await dialog(ada).getByRole("button", { name: /Ben Okafor/ }).click();
  await dialog(ada).getByRole("button", { name: "Add to the channel" }).click();
  const link = ben.page.getByRole("navigation", { name: "Conversations" }).getByRole("link", { name: "comets" });
  await expect(link).toBeVisible();
  await dialog(ada).getByRole("combobox", { name: "Role of Ben Okafor" }).selectOption("reader");
  await expect(ada.page.getByText("Saved")).toBeVisible();
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "channel-people");

  const remove = dialog(ada).getByRole("button", { name: "Remove Ben Okafor" });
  await remove.click();
  await expect(dialog(ada).getByRole("button", { name: "Really remove? Remove Ben Okafor" })).toBeFocused();
  await ada.page.keyboard.press("Enter");
  await expect(remove).toHaveCount(0);
  await expect(link).toHaveCount(0);
  await ada.page.keyboard.press("Escape");
});

test("on a telephone the people of a space fit", async () => {
  const { page } = ada;
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await page.setViewportSize({ width: 390, height: 780 });
  await page.getByRole("button", { name: "Conversations", exact: true }).click();
  await ada.inSpaceMenu("Observatory", "Space and its people");
  await expect(dialog(ada).getByRole("combobox", { name: "Role of Ben Okafor" })).toBeVisible();
  await isAccessibleInBothThemes(page);
  await look(page, "phone-space-people");
  expect(await dialog(ada).evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 1280, height: 800 });
});

test("a space is left, and its channels go with it", async () => {
  await ben.inSpaceMenu("Observatory", "Space and its people");
  await dialog(ben).getByRole("button", { name: "Leave space" }).click();
  await dialog(ben).getByRole("button", { name: "Really leave?" }).click();
  await ben.seesChannel("general");
  await ben.page.getByRole("banner").getByRole("button", { name: "Workshop" }).click();
  await expect(ben.page.getByRole("menuitem", { name: "About this space" })).toBeVisible();
  await expect(ben.page.getByRole("menuitemcheckbox")).toHaveCount(0);
  await ben.page.keyboard.press("Escape");
});

test("nothing complained", () => {
  expect(ada.complaints).toEqual([]);
  expect(ben.complaints).toEqual([]);
});
