import { expect, test } from "@playwright/test";
import { isAccessibleInBothThemes } from "./accessible";
import { look } from "./look";
import { Person } from "./people";
import { Server } from "./server";

const COUNT = 2_000;
const AT_ONCE = 25;
const nameOf = (index: number) => `room-${String(index).padStart(4, "0")}`;

test("two thousand channels are scrolled, reached by key and found, and only those in sight are there", async ({ browser }) => {
  test.setTimeout(300_000);
  const server = await Server.start();
  const ada = await Person.arrive(browser, server);
  const { page } = ada;
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  await page.goto("about:blank");
  const api = ada.context.request;
  const { spaces } = (await (await api.get(`${server.origin}/api/v1/sync`)).json()) as { spaces: { id: string }[] };
  const make = (index: number) =>
    api.post(`${server.origin}/api/v1/spaces/${spaces[0]?.id}/channels`, { headers: { origin: server.origin }, data: { name: nameOf(index), kind: "public" } });
  for (let index = 1; index < COUNT; index += AT_ONCE) {
    const answers = await Promise.all(Array.from({ length: Math.min(AT_ONCE, COUNT - index) }, (_, more) => make(index + more)));
    for (const answer of answers) expect(answer.status()).toBe(201);
  }

  await page.goto("/");
  await ada.seesChannel("general");
  const list = page.getByRole("list", { name: "Channels" });
  const rows = list.getByRole("listitem");
  await expect(rows.first()).toHaveAttribute("aria-setsize", String(COUNT));
  await expect(rows.first()).toHaveAttribute("aria-posinset", "1");
  expect(await rows.count()).toBeLessThan(100);
  await isAccessibleInBothThemes(page);
  await look(page, "sidebar-2000");

  await list.getByRole("link", { name: "general" }).focus();
  await page.keyboard.press("Tab");
  await expect(list.getByRole("link", { name: nameOf(1) })).toBeFocused();
  for (let index = 2; index < 40; index += 1) await page.keyboard.press("Tab");
  await expect(list.getByRole("link", { name: nameOf(39) })).toBeFocused();
  await expect(list.getByRole("link", { name: nameOf(39) })).toBeInViewport();
  await page.keyboard.press("End");
  await expect(list.getByRole("link", { name: nameOf(COUNT - 1) })).toBeFocused();
  await expect(list.getByRole("link", { name: nameOf(COUNT - 1) })).toBeInViewport();
  expect(await rows.count()).toBeLessThan(100);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await ada.seesChannel(nameOf(COUNT - 2));

  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill(nameOf(700));
  await page.keyboard.press("Enter");
  await ada.seesChannel(nameOf(700));
  const active = list.getByRole("link", { name: nameOf(700) });
  await expect(active).toBeInViewport();
  await expect(active).toHaveAttribute("aria-current", "page");
  await page.keyboard.press("Alt+ArrowDown");
  await ada.seesChannel(nameOf(701));

  await page.reload();
  await ada.seesChannel(nameOf(701));
  await expect(list.getByRole("link", { name: nameOf(701) })).toBeInViewport();
  await page.getByRole("button", { name: "Channels", exact: true }).click();
  await expect(rows).toHaveCount(1);
  await page.getByRole("button", { name: "Channels", exact: true }).click();
  await expect(rows.first()).toHaveAttribute("aria-setsize", String(COUNT));
  await expect(list.getByRole("link", { name: nameOf(5) })).toBeVisible();
  expect(ada.complaints).toEqual([]);
  await ada.leave();
  await server.remove();
});
