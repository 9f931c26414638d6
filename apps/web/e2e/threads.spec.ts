import { expect, test } from "@playwright/test";
import { Person } from "./people";
import { Server } from "./server";

test.describe.configure({ mode: "serial" });

let server: Server;
let ada: Person;
let eve: Person;

test.beforeAll(async ({ browser }) => {
  server = await Server.start();
  ada = await Person.arrive(browser, server);
  eve = await Person.arrive(browser, server);
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  await eve.join(await ada.invite(), "Eve Moreau", "eve");
  await eve.open("general");
  await ada.say("what shall we plant?");
  await expect(eve.message("what shall we plant?")).toBeVisible();
});

test.afterAll(async () => {
  await ada.leave();
  await eve.leave();
  await server.remove();
});

const reply = async (person: Person, text: string) => {
  await person.use("what shall we plant?", "Reply in thread");
  const box = person.page.getByRole("complementary", { name: "Thread" }).getByRole("textbox");
  await box.fill(text);
  await box.press("Enter");
  await expect(person.page.getByRole("list", { name: "Replies" }).getByText(text.replace(/^@\w+ /, ""))).toBeVisible();
};

const threads = (person: Person) => person.page.getByRole("navigation", { name: "Conversations" }).getByRole("link", { name: /^Threads/ });

test("who is mentioned in a thread sees it live and after a new start, until the thread is read", async () => {
  await reply(ada, "@eve you know about roses");
  await expect(threads(eve)).toHaveAccessibleName(/1 thread with new replies/);
  await expect(eve.message("what shall we plant?").getByText("1 new reply")).toBeVisible();
  await eve.page.reload();
  await expect(threads(eve)).toHaveAccessibleName(/1 thread with new replies/);
  await threads(eve).click();
  const pane = eve.page.getByRole("complementary", { name: "Threads" });
  await pane.getByRole("link", { name: /1 reply/ }).click();
  await expect(eve.page.getByText("you know about roses")).toBeVisible();
  await expect(threads(eve)).toHaveAccessibleName("Threads");
});

test("who began a thread sees that it has new replies", async () => {
  await ada.page.getByRole("complementary", { name: "Thread" }).getByRole("button", { name: "Close" }).click();
  await reply(eve, "roses it is");
  await expect(threads(ada)).toHaveAccessibleName(/1 thread with new replies/);
  await ada.message("what shall we plant?").getByRole("link", { name: /2 replies/ }).click();
  await expect(ada.page.getByText("roses it is", { exact: true })).toBeVisible();
  await expect(threads(ada)).toHaveAccessibleName("Threads");
  for (const person of [ada, eve]) expect(person.complaints).toEqual([]);
});
