import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Gate } from "./Gate";
import { NotFound } from "./NotFound";

export type PaneName = "pins" | "members" | "search" | "threads";

/** What an address says besides the channel: a message to show, an open thread, another pane, a search. */
export interface ChannelSearch {
  m?: string;
  thread?: string;
  pane?: PaneName;
  q?: string;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const PANES: readonly string[] = ["pins", "members", "search", "threads"];

function channelSearch(raw: Record<string, unknown>): ChannelSearch {
  const pane = text(raw["pane"]);
  const result: ChannelSearch = {};
  const m = text(raw["m"]);
  const thread = text(raw["thread"]);
  const q = text(raw["q"]);
  if (m) result.m = m;
  if (thread) result.thread = thread;
  if (pane && PANES.includes(pane)) result.pane = pane as PaneName;
  if (q) result.q = q;
  return result;
}

/** What the address of a page of the console says: which lines of the log are shown, what is sought. */
export interface ConsoleSearch {
  file?: string;
  level?: string;
  kb?: number;
  text?: string;
}

const rootRoute = createRootRoute({ component: Gate, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: (raw: Record<string, unknown>): { to?: string } => {
    const to = text(raw["to"]);
    return to?.startsWith("/") && !to.startsWith("//") ? { to } : {};
  },
  component: lazyRouteComponent(() => import("~/features/auth/SignIn"), "SignIn"),
});
const setup = createRoute({
  getParentRoute: () => rootRoute,
  path: "/setup",
  component: lazyRouteComponent(() => import("~/features/auth/Setup"), "Setup"),
});
const join = createRoute({
  getParentRoute: () => rootRoute,
  path: "/join",
  component: lazyRouteComponent(() => import("~/features/auth/Join"), "Join"),
});
const chat = createRoute({
  getParentRoute: () => rootRoute,
  id: "chat",
  component: lazyRouteComponent(() => import("~/features/shell/ChatScreen"), "ChatScreen"),
});
const home = createRoute({ getParentRoute: () => chat, path: "/" });
const channel = createRoute({ getParentRoute: () => chat, path: "/c/$channelId", validateSearch: channelSearch });
const admin = createRoute({
  getParentRoute: () => rootRoute,
  path: "/admin",
  component: lazyRouteComponent(() => import("~/features/admin"), "AdminScreen"),
});
/** The console knows its pages itself, so that those who never open it fetch nothing of them. */
const adminPage = createRoute({
  getParentRoute: () => admin,
  path: "$",
  // each page reads what it understands and trusts none of it
  validateSearch: (raw: Record<string, unknown>) => raw as ConsoleSearch,
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([signIn, setup, join, chat.addChildren([home, channel]), admin.addChildren([adminPage])]),
  defaultPreload: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
