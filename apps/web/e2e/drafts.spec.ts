import { expect, test } from "@playwright/test";
import { isAccessibleInBothThemes } from "./accessible";
import { look } from "./look";
import { Person } from "./people";
import { Server } from "./server";

test.describe.configure({ mode: "serial" });

let server: Server;
let ada: Person;

test.beforeAll(async ({ browser }) => {
  server = await Server.start();
  ada = await Person.arrive(browser, server);
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
});

test.afterAll(async () => {
  await ada.leave();
  await server.remove();
});

test("what is written in one tab shows in the other, and never under the hands of who writes there", async () => {
  const tab = await ada.context.newPage();
  await tab.goto("/");
  const there = tab.getByRole("main").getByRole("textbox");
  await expect(there).toBeVisible();
  await ada.composer.pressSequentially("half a thought");
  await expect(there).toHaveValue("half a thought");

  await there.pressSequentially(", and the rest");
  await expect(ada.composer).toHaveValue("half a thought, and the rest");

  // While a text is being typed in a tab, an older one from elsewhere does not replace it.
  await Promise.all([ada.composer.pressSequentially(" of mine", { delay: 20 }), there.pressSequentially("!", { delay: 20 })]);
  const last = await ada.composer.inputValue();
  expect([last, await there.inputValue()].some((text) => text.includes(" of mine"))).toBe(true);

  await ada.composer.fill("said");
  await expect(there).toHaveValue("said");
  await ada.composer.press("Enter");
  await expect(there).toHaveValue("");
  await expect(ada.message("said")).toBeVisible();
  await tab.close();
});

test("another device follows live", async ({ browser }) => {
  const telephone = await Person.arrive(browser, server);
  await telephone.signIn("ada");
  await telephone.seesChannel("general");
  await ada.composer.fill("on the way");
  await expect(telephone.composer).toHaveValue("on the way");
  await telephone.composer.fill("on the way home");
  await expect(ada.composer).toHaveValue("on the way home");
  await telephone.leave();
});

test("a session that is ended elsewhere loses nothing that was typed", async ({ browser }) => {
  await ada.context.route("**/draft", (route) => route.abort());
  await ada.composer.fill("not sent, not saved");
  const elsewhere = await Person.arrive(browser, server);
  await elsewhere.signIn("ada");
  await elsewhere.seesChannel("general");
  await elsewhere.page.keyboard.press("Control+,");
  await elsewhere.page.getByRole("tab", { name: "Password and sessions" }).click();
  await elsewhere.page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(ada.page.getByText("Your session has ended.")).toBeVisible();
  await isAccessibleInBothThemes(ada.page);
  await look(ada.page, "session-ended");
  await ada.context.unroute("**/draft");
  await ada.page.getByLabel("Name").fill("ada");
  await ada.page.getByLabel("Password").fill("seven lanterns over quiet water");
  await ada.page.getByRole("button", { name: "Sign in" }).click();
  await ada.seesChannel("general");
  await expect(ada.composer).toHaveValue("not sent, not saved");
  await elsewhere.leave();
});

test("who signs in after somebody else finds nothing of theirs", async ({ browser }) => {
  const shared = await Person.arrive(browser, server);
  await shared.join(await ada.invite(), "Ben Okafor", "ben");
  await shared.context.route("**/draft", (route) => route.abort());
  await shared.composer.fill("a secret of Ben");
  await shared.context.clearCookies();
  await shared.page.reload();
  await expect(shared.page.getByText("Your session has ended.")).toBeVisible();
  await shared.signIn("ada");
  await shared.seesChannel("general");
  await expect(shared.composer).not.toHaveValue("a secret of Ben");
  expect(await shared.page.evaluate(() => JSON.stringify(localStorage))).not.toContain("a secret of Ben");
  await shared.leave();
});
