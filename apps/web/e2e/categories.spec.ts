import { expect, test } from "@playwright/test";
import { Person } from "./people";
import { Server } from "./server";

test("channels are grouped under categories of one's own, by the keyboard, too, on all of one's devices", async ({ browser }) => {
  const server = await Server.start();
  const ada = await Person.arrive(browser, server);
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  const other = await ada.context.newPage();
  await other.goto("/");
  const lists = (page = ada.page) => page.getByRole("navigation", { name: "Conversations" });

  await ada.page.getByRole("button", { name: "More about this conversation" }).focus();
  await ada.page.keyboard.press("Enter");
  const entry = ada.page.getByRole("menuitem", { name: "New category" });
  await expect(entry).toBeVisible();
  while (!(await entry.evaluate((element) => element === document.activeElement))) await ada.page.keyboard.press("ArrowDown");
  await ada.page.keyboard.press("Enter");
  await ada.page.getByRole("textbox", { name: "Name" }).fill("Garden");
  await ada.page.keyboard.press("Enter");
  for (const page of [ada.page, other]) await expect(lists(page).getByRole("list", { name: "Garden" }).getByRole("link", { name: "general" })).toBeVisible();

  await ada.page.getByRole("button", { name: "Change category Garden" }).click();
  await ada.page.getByRole("menuitem", { name: "Rename category" }).click();
  await ada.page.getByRole("textbox", { name: "Name" }).fill("Flowers");
  await ada.page.keyboard.press("Enter");
  await expect(lists(other).getByRole("list", { name: "Flowers" }).getByRole("link", { name: "general" })).toBeVisible();

  await lists().getByRole("button", { name: "Flowers", exact: true }).click();
  await expect(lists(other).getByRole("button", { name: "Flowers", exact: true })).toHaveAttribute("aria-expanded", "false");
  await ada.page.reload();
  await expect(lists().getByRole("button", { name: "Flowers", exact: true })).toHaveAttribute("aria-expanded", "false");

  await ada.page.getByRole("button", { name: "Change category Flowers" }).click();
  await ada.page.getByRole("menuitem", { name: "Delete category" }).click();
  for (const page of [ada.page, other]) await expect(lists(page).getByRole("list", { name: "Channels" }).getByRole("link", { name: "general" })).toBeVisible();
  expect(ada.complaints).toEqual([]);
  await ada.leave();
  await server.remove();
});
