import { expect, test } from "@playwright/test";
import { isAccessibleInBothThemes } from "./accessible";
import { look } from "./look";
import { Person } from "./people";
import { Server } from "./server";

test("an administrator gives a role, sets a password, deactivates and activates, all without the command line", async ({ browser }) => {
  const server = await Server.start();
  const ada = await Person.arrive(browser, server);
  const ben = await Person.arrive(browser, server);
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  await ben.join(await ada.invite(), "Ben Okafor", "ben");
  const dialog = ada.page.getByRole("dialog");
  const mine = (person: Person, name: RegExp) => person.page.getByRole("contentinfo").getByRole("button", { name });

  await mine(ben, /Ben Okafor/).click();
  await expect(ben.page.getByRole("menuitem", { name: "Preferences" })).toBeVisible();
  await expect(ben.page.getByRole("menuitem", { name: "Accounts" })).toHaveCount(0);
  await ben.page.keyboard.press("Escape");

  await mine(ada, /Ada Lovelace/).click();
  await ada.page.getByRole("menuitem", { name: "Accounts" }).click();
  await expect(dialog.getByRole("button", { name: /Ben Okafor/ })).toBeVisible();
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "accounts");
  await dialog.getByLabel("Find people").fill("be");
  await expect(dialog.getByRole("button", { name: /Ada Lovelace/ })).toHaveCount(0);
  await dialog.getByRole("button", { name: /Ben Okafor/ }).click();

  const role = dialog.getByRole("combobox", { name: "Role of Ben Okafor" });
  await expect(role).toHaveValue("member");
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "account");
  await role.selectOption("admin");
  await expect(ada.page.getByText("Saved")).toBeVisible();
  await ben.page.reload();
  await mine(ben, /Ben Okafor/).click();
  await expect(ben.page.getByRole("menuitem", { name: "Accounts" })).toBeVisible();
  await ben.page.keyboard.press("Escape");
  await role.selectOption("member");
  await expect(role).toBeEnabled();

  await dialog.getByText("Set a new password").click();
  await dialog.getByLabel("New password").fill("password password");
  await dialog.getByRole("button", { name: "Set password" }).click();
  await expect(dialog.getByLabel("New password")).toHaveAccessibleDescription(/easy to guess|most common/);
  await dialog.getByLabel("New password").fill("nine calm otters paint fences 42");
  await dialog.getByRole("button", { name: "Set password" }).click();
  await expect(ben.page.getByRole("heading", { name: "Sign in to PlexiChat" })).toBeVisible();
  await ben.signIn("ben", "nine calm otters paint fences 42");
  await ben.seesChannel("general");

  await dialog.getByRole("button", { name: "Deactivate" }).click();
  await dialog.getByRole("button", { name: "Really deactivate?" }).click();
  await expect(dialog.getByText("The account is deactivated and cannot sign in.")).toBeVisible();
  await expect(ben.page.getByText("Your session has ended.")).toBeVisible();
  await ben.signIn("ben", "nine calm otters paint fences 42");
  await expect(ben.page.getByRole("alert")).toContainText("The name or the password is wrong.");
  await dialog.getByRole("button", { name: "Activate", exact: true }).click();
  await expect(dialog.getByRole("button", { name: "Deactivate" })).toBeVisible();
  await ben.signIn("ben", "nine calm otters paint fences 42");
  await ben.seesChannel("general");

  await dialog.getByRole("button", { name: "All accounts" }).click();
  await dialog.getByRole("button", { name: /Ada Lovelace/ }).click();
  await expect(dialog.getByText("Somebody else has to change your own role.")).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await expect(mine(ada, /Ada Lovelace/)).toBeFocused();
  expect(ada.complaints).toEqual([]);
  await ada.leave();
  await ben.leave();
  await server.remove();
});

test("who joins in German goes on in German, errors of the server included", async ({ browser }) => {
  const server = await Server.start();
  const ada = await Person.arrive(browser, server);
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  const { pathname, hash } = new URL(await ada.invite());
  const ben = await Person.arrive(browser, server, { locale: "de-DE" });
  const { page } = ben;
  await page.goto(`${pathname}${hash}`);
  await page.getByLabel("Dein Name").fill("Ben Okafor");
  await page.getByLabel("Anmeldename").fill("ada");
  await page.getByLabel("Passwort").fill("nine calm otters paint fences 42");
  await page.getByRole("button", { name: "Beitreten", exact: true }).click();
  await expect(page.getByLabel("Anmeldename")).toHaveAccessibleDescription("Dieser Name ist vergeben oder einem anderen zu ähnlich. Wähle einen anderen.");
  await page.getByLabel("Anmeldename").fill("ben");
  await page.getByRole("button", { name: "Beitreten", exact: true }).click();
  await ben.seesChannel("general");
  await expect(page.getByRole("navigation", { name: "Unterhaltungen" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("navigation", { name: "Unterhaltungen" })).toBeVisible();
  expect(ben.complaints).toEqual([]);
  await ada.leave();
  await ben.leave();
  await server.remove();
});
