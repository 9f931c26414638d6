import { expect, test } from "@playwright/test";
import { look } from "./look";
import { Person } from "./people";
import { Server } from "./server";

test("a killed server loses nothing, and nothing is shown twice when it is back", async ({ browser }) => {
  const server = await Server.start();
  const ada = await Person.arrive(browser, server);
  const ben = await Person.arrive(browser, server);
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  await ben.join(await ada.invite(), "Ben Okafor", "ben");
  await ben.joinChannel("general");
  await ben.open("general");
  for (const word of ["alpha", "beta"]) await ada.say(`before ${word}`);
  await expect(ben.message("before beta")).toBeVisible();

  await server.kill();
  await expect(ada.page.getByText("The connection is lost.")).toBeVisible();
  await look(ada.page, "disconnected");
  await ada.say("written without a connection");
  await expect(ada.page.locator("[data-pending]")).toHaveCount(1);
  await ada.page.reload();
  await expect(ada.page.getByText("You are offline.")).toBeVisible();
  await expect(ada.message("before alpha")).toBeVisible();
  await look(ada.page, "offline");

  await server.run();
  await expect(ada.page.getByText("You are offline.")).toHaveCount(0, { timeout: 40_000 });
  await expect(ada.page.locator("[data-pending]")).toHaveCount(0, { timeout: 40_000 });
  await expect(ben.message("written without a connection")).toBeVisible({ timeout: 40_000 });
  await ben.say("after the break");
  await expect(ada.message("after the break")).toBeVisible();
  for (const person of [ada, ben]) {
    for (const text of ["before alpha", "before beta", "written without a connection", "after the break"]) {
      await expect(person.message(text)).toHaveCount(1);
    }
  }
  await ada.leave();
  await ben.leave();
  await server.remove();
});

test("a planned restart is told as such, and who has no session any more is led to sign in", async ({ browser }) => {
  const server = await Server.start();
  const ada = await Person.arrive(browser, server);
  await ada.setUp("Ada Lovelace", "ada", "Workshop");

  await server.stop();
  await expect(ada.page.getByText("The server is restarting.")).toBeVisible();
  await server.run();
  await expect(ada.page.getByText("The server is restarting.")).toHaveCount(0, { timeout: 40_000 });
  await ada.say("back again");
  await expect(ada.page.locator("[data-pending]")).toHaveCount(0);

  await server.kill();
  await expect(ada.page.getByText("The connection is lost.")).toBeVisible();
  const cookies = await ada.context.cookies();
  await ada.context.addCookies(cookies.map((cookie) => ({ ...cookie, value: "dead" })));
  await server.run();
  await expect(ada.page.getByText("Your session has ended.")).toBeVisible({ timeout: 40_000 });
  await ada.leave();
  await server.remove();
});
