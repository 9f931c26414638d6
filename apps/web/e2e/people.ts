import { expect, type Browser, type BrowserContext, type Page } from "@playwright/test";
import { look } from "./look";
import { fromDist, serveDist } from "./dist";
import type { Server } from "./server";

export const PASSWORD = "seven lanterns over quiet water";

/** Somebody with a browser of their own. Anything that the page complains about ends up in `complaints`. */
export class Person {
  readonly complaints: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly server: Server,
  ) {
    page.on("console", (message) => {
      const text = message.text();
      if (message.type() === "error" && !/Failed to load resource|WebSocket connection/.test(text)) this.complaints.push(text);
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
  }

  static async arrive(browser: Browser, server: Server, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Person> {
    const context = await browser.newContext({
      baseURL: server.origin,
      serviceWorkers: fromDist ? "block" : "allow",
      ...options,
    });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.origin });
    if (fromDist) await serveDist(context);
    return new Person(context, await context.newPage(), server);
  }

  async setUp(displayName: string, name: string, space: string): Promise<void> {
    const { hash } = new URL(this.server.setupLink);
    await this.page.goto(`/setup${hash}`);
    await this.page.getByLabel("Name of the space").fill(space);
    await this.account(displayName, name);
    await this.page.getByRole("button", { name: "Set up and sign in" }).click();
    await this.seesChannel("general");
  }

  async join(link: string, displayName: string, name: string): Promise<void> {
    const { pathname, hash } = new URL(link);
    await this.page.goto(`${pathname}${hash}`);
    await this.account(displayName, name);
    await this.page.getByRole("button", { name: "Join", exact: true }).click();
    await expect(this.page.getByRole("navigation", { name: "Conversations" })).toBeVisible();
  }

  async account(displayName: string, name: string): Promise<void> {
    await this.page.getByLabel("Your name").fill(displayName);
    await this.page.getByLabel("Sign-in name").fill(name);
    await this.page.getByLabel("Password").fill(PASSWORD);
  }

  async invite(): Promise<string> {
    await this.page.getByRole("button", { name: "Workshop" }).click();
    await this.page.getByRole("menuitem", { name: "Invite people" }).click();
    await this.page.getByRole("button", { name: "Make link" }).click();
    const link = await this.page.getByTestId("invitation").textContent();
    await this.page.getByRole("button", { name: "Done" }).click();
    return link ?? "";
  }

  async signIn(name: string, password = PASSWORD): Promise<void> {
    await this.page.goto("/sign-in");
    await this.page.getByLabel("Name").fill(name);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** Uses an entry of the menu of the space. */
  async inSpaceMenu(space: string, entry: string): Promise<void> {
    await this.page.getByRole("banner").getByRole("button", { name: space }).click();
    await this.page.getByRole("menuitem", { name: entry }).click();
  }

  /** Joins a channel through the list of channels, unless a member already. */
  async joinChannel(name: string): Promise<void> {
    await this.page.getByRole("button", { name: "Add channels" }).click();
    await this.page.getByRole("menuitem", { name: "Browse channels" }).click();
    const leave = this.page.getByRole("button", { name: `Leave ${name}` });
    const join = this.page.getByRole("button", { name: `Join ${name}` });
    await expect(leave.or(join)).toBeVisible();
    if (await join.isVisible()) await join.click();
    await expect(leave).toBeVisible();
    await look(this.page, `browse-${name}`);
    await this.page.keyboard.press("Escape");
  }

  get composer() {
    return this.page.getByRole("main").getByRole("textbox");
  }

  get messages() {
    return this.page.getByRole("list", { name: /^Messages in/ });
  }

  message(text: string) {
    return this.messages.getByRole("article").filter({ hasText: text });
  }

  /** Points at a message and uses one of its tools. */
  async use(text: string, tool: string): Promise<void> {
    await this.message(text).hover();
    await this.message(text).getByRole("button", { name: tool, exact: true }).click();
  }

  async choose(text: string, entry: string): Promise<void> {
    await this.use(text, "More");
    await this.page.getByRole("menuitem", { name: entry }).click();
  }

  async seesChannel(name: string): Promise<void> {
    await expect(this.page.getByRole("heading", { level: 1, name })).toBeVisible();
  }

  async open(name: string): Promise<void> {
    await this.page.getByRole("navigation", { name: "Conversations" }).getByRole("link", { name }).click();
    await expect(this.page.getByRole("heading", { level: 1, name })).toBeVisible();
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  async leave(): Promise<void> {
    await this.context.close();
  }
}
