import { expect, test } from "@playwright/test";
import { Person } from "./people";
import { Server } from "./server";

test("a long message comes compressed, between short ones, and all are shown in their order", async ({ browser }) => {
  const server = await Server.start();
  const ada = await Person.arrive(browser, server);
  const ben = await Person.arrive(browser, server);
  const compressed: number[] = [];
  ben.page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      if (typeof payload !== "string") compressed.push(payload.length);
    }),
  );
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  await ben.join(await ada.invite(), "Ben Okafor", "ben");
  await ben.joinChannel("general");
  await ben.open("general");

  const long = `a longer story: ${"and so it went on. ".repeat(120)}the end`;
  for (const text of ["short before", long, "short after"]) await ada.say(text);
  for (const text of ["short before", "the end", "short after"]) await expect(ben.message(text)).toHaveCount(1);
  expect(compressed).toHaveLength(1);
  expect(compressed[0]).toBeLessThan(1024);
  await ada.leave();
  await ben.leave();
  await server.remove();
});
