import { expect, test } from "@playwright/test";
import type { Id } from "../src/api/types";
import { Person } from "./people";
import { Server } from "./server";

test.describe.configure({ mode: "serial" });

let server: Server;
let ada: Person;
let grace: Person;
let second: Id;
let atelier: Id;

/** What a script does in somebody's name. */
async function call<T>(person: Person, method: string, path: string, data?: unknown): Promise<T> {
  const answer = await person.page.request.fetch(`${server.origin}/api/v1${path}`, {
    method,
    headers: { origin: server.origin },
    ...(data === undefined ? {} : { data }),
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  return (answer.status() === 204 ? undefined : await answer.json()) as T;
}

const idOf = async (person: Person): Promise<Id> => (await call<{ id: Id }>(person, "GET", "/users/me")).id;

test.beforeAll(async ({ browser }) => {
  server = await Server.start();
  ada = await Person.arrive(browser, server);
  grace = await Person.arrive(browser, server);
  await ada.setUp("Ada Lovelace", "ada", "Workshop");
  await grace.join(await ada.invite(), "Grace Hopper", "grace");
});

test.afterAll(async () => {
  await ada.leave();
  await grace.leave();
  await server.remove();
});

test("who is added to a space sees it with its channels at once", async () => {
  await expect(grace.page.getByRole("button", { name: "Workshop" })).toBeVisible();
  second = (await call<{ id: Id }>(ada, "POST", "/spaces", { name: "Second home" })).id;
  atelier = (await call<{ id: Id }>(ada, "POST", `/spaces/${second}/channels`, { name: "atelier", kind: "public" })).id;
  const me = await idOf(grace);
  await call(ada, "PUT", `/spaces/${second}/members/${me}`, { role: "member" });
  await call(ada, "PUT", `/channels/${atelier}/members/${me}`, {});
  await grace.page.getByRole("button", { name: "Workshop" }).click();
  await grace.page.getByRole("menuitemradio", { name: "Second home" }).or(grace.page.getByRole("menuitem", { name: "Second home" })).or(grace.page.getByRole("menuitemcheckbox", { name: "Second home" })).click();
  await grace.open("atelier");
  await grace.say("good to be here");
  await expect(grace.message("good to be here")).toBeVisible();
});

test("a space that is renamed or archived shows it, and nothing can be written in it until it is restored", async () => {
  await call(ada, "PATCH", `/spaces/${second}`, { name: "Second house" });
  await expect(grace.page.getByRole("button", { name: "Second house" })).toBeVisible();
  await call(ada, "PATCH", `/spaces/${second}`, { archived: true });
  await expect(grace.page.getByText("This space is archived. Its channels can be read, but not written to.")).toBeVisible();
  await expect(grace.composer).toHaveCount(0);
  await call(ada, "PATCH", `/spaces/${second}`, { archived: false });
  await expect(grace.composer).toBeVisible();
  await grace.say("open again");
  await expect(grace.message("open again")).toBeVisible();
});

test("who is removed from a space does not see it any more", async () => {
  await call(ada, "DELETE", `/spaces/${second}/members/${await idOf(grace)}`);
  await expect(grace.page.getByRole("button", { name: "Second house" })).toHaveCount(0);
  await expect(grace.page.getByRole("link", { name: "atelier" })).toHaveCount(0);
  expect(grace.complaints).toEqual([]);
});
