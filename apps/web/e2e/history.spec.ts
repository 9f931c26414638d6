import { expect, test } from "@playwright/test";
import { look } from "./look";
import { Person } from "./people";
import { Server } from "./server";

const DAY = 86_400_000;
const FIRST = Date.UTC(2019, 0, 1, 9);
const COUNT = 1_500;

/** A workspace of another program with one message a day. */
function workspace(): string {
  const lines: object[] = [
    { type: "version", version: 1 },
    { type: "team", team: { name: "archive", display_name: "Archive", type: "O" } },
    { type: "channel", channel: { team: "archive", name: "history", display_name: "history", type: "O" } },
    {
      type: "user",
      user: { username: "chronicler", email: "chronicler@example.org", teams: [{ name: "archive", channels: [{ name: "history" }] }] },
    },
  ];
  for (let day = 0; day < COUNT; day += 1) {
    lines.push({
      type: "post",
      post: { team: "archive", channel: "history", user: "chronicler", message: `entry number ${day}`, create_at: FIRST + day * DAY },
    });
  }
  return lines.map((line) => JSON.stringify(line)).join("\n");
}

test("a long history is scrolled, jumped through by date, and left again", async ({ browser }) => {
  const server = await Server.prepare();
  await server.importMattermost(workspace());
  await server.run();
  const ada = await Person.arrive(browser, server);
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  const { page } = ada;
  await page.getByRole("button", { name: "Workshop" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Archive" }).click();
  await ada.joinChannel("history");
  await ada.open("history");
  await expect(ada.message(`entry number ${COUNT - 1}`)).toBeInViewport();

  await page.getByRole("button", { name: "Jump to a date" }).click();
  await page.getByLabel("Date", { exact: true }).fill("2020-02-29");
  await page.getByRole("button", { name: "Jump", exact: true }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(ada.message("entry number 424")).toBeInViewport();
  await expect(page.getByRole("button", { name: /29 February 2020/ })).toBeVisible();
  await look(page, "jumped");

  const scroller = ada.messages.locator("xpath=..");
  await scroller.evaluate((element) => element.scrollTo({ top: element.scrollHeight / 4 }));
  await expect(ada.messages.getByRole("article").first()).toBeVisible();
  await expect.poll(() => ada.messages.locator('[aria-hidden="true"] > i').count()).toBe(0);

  await page.getByRole("button", { name: "Jump to a date" }).click();
  await page.getByRole("button", { name: "The very first message" }).click();
  await expect(ada.message("entry number 0")).toBeInViewport();
  await page.getByRole("button", { name: "Latest messages" }).click();
  await expect(ada.message(`entry number ${COUNT - 1}`)).toBeInViewport();

  // A link to a message leads to it wherever it stands.
  const id = await ada.message(`entry number ${COUNT - 1}`).getAttribute("data-message");
  await page.goto(`${page.url().split("?")[0] ?? ""}?m=${id ?? ""}`);
  await expect(ada.message(`entry number ${COUNT - 1}`)).toBeInViewport();
  expect(ada.complaints).toEqual([]);
  await ada.leave();
  await server.remove();
});
