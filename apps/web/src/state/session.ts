import { ApiError, whenSignedOut } from "~/api/client";
import { auth, channels as channelsApi, spaces as spacesApi, workspace as workspaceApi } from "~/api/operations";
import { PACKING } from "~/api/inbox";
import { Connection } from "~/api/socket";
import type { Id, ServerFrame, Space, Sync } from "~/api/types";
import { forgetDrafts, restoreDrafts, takeDrafts } from "./drafts";
import { heads, receive } from "./events";
import { clearLocal, offline, readLocal, writeLocal } from "./local";
import { flushOutbox, forgetOutbox, restoreOutbox } from "./outbox";
import { forgetPeople, subscribePresence, watchPresence } from "./people";
import { allTimelines, forgetTimelines } from "./timelines";
import { closeDialog, uiStore } from "./ui";
import { forgetEverything, putChannel, takeSync, workspaceStore } from "./workspace";

export const connection = new Connection({
  url: () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/ws${PACKING ? `?compress=${PACKING}` : ""}`,
  onFrame: (frame) => (frame.type === "ready" ? void whenReady() : receive(frame)),
  onStatus: (status, retryAt, restarting) => workspaceStore.set({ connection: { status, retryAt, restarting } }),
  onSignedOut: () => sessionEnded(),
});

/** Loads everything and connects. Without a connection it shows what was kept on this device. */
export async function start(): Promise<void> {
  whenSignedOut(sessionEnded);
  try {
    arrive(await workspaceApi.sync(), false);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return sessionEnded();
    const kept = await offline.read<Sync>("sync");
    if (!kept) return workspaceStore.set({ phase: "failed" });
    arrive(kept, true);
  }
  restoreOutbox();
  connection.start();
}

function arrive(sync: Sync, cached: boolean): void {
  own(sync.me.id);
  takeSync(sync, cached);
  for (const channel of sync.channels) if (!heads.has(channel.id)) heads.set(channel.id, channel.last_seq);
  const me = sync.me.id;
  watchPresence([me, ...sync.channels.flatMap((channel) => channel.user_ids)]);
  if (cached) return;
  takeDrafts(sync.drafts);
  void offline.write("sync", sync);
}

/** What is unsent on this device belongs to one person; it is nothing for the next. */
function own(me: Id): void {
  const owner = readLocal<Id>("owner");
  if (owner === me && workspaceStore.get().me) return;
  if (owner !== undefined && owner !== me) clearUnsent();
  writeLocal("owner", me);
  restoreDrafts();
}

function clearUnsent(): void {
  uiStore.set({ editing: null, editText: null, replyTo: {}, space: null });
  for (const key of ["drafts", "outbox", "owner"]) clearLocal(key);
}

let first = true;

/** After each (re)connect: what was missed, then the counters, then what was waiting to be sent. */
async function whenReady(): Promise<void> {
  subscribePresence();
  await resume();
  if (!first || workspaceStore.get().cached) {
    try {
      arrive(await workspaceApi.sync(), false);
    } catch {
      return;
    }
  }
  first = false;
  for (const timeline of allTimelines()) if (timeline.unreachable) timeline.reload().catch(() => undefined);
  flushOutbox();
}

/** Reads again what is not told event by event, such as what I may do where. */
export function readAgain(): void {
  workspaceApi.sync().then((sync) => arrive(sync, false), () => undefined);
}

let resuming: Promise<void> | null = null;

/** Asks for the events after those we have; one question at a time. */
export function resume(): Promise<void> {
  resuming ??= connection
    .ask({ type: "resume", positions: Object.fromEntries([...heads].slice(0, 5000)) })
    .then((answer) => void checkHeads(answer))
    .catch(() => undefined)
    .finally(() => {
      resuming = null;
    });
  return resuming;
}

async function checkHeads(answer: ServerFrame): Promise<void> {
  if (answer.type !== "resumed") return;
  const unknown = Object.keys(answer.heads).filter((id) => !heads.has(id));
  for (const id of unknown.slice(0, 50)) await learnChannel(id);
}

/** Reads a channel that we do not know yet or that changed more than events can say. */
export async function learnChannel(id: Id): Promise<void> {
  try {
    const channel = await channelsApi.one(id);
    putChannel(channel);
    if (!heads.has(id)) heads.set(id, channel.last_seq);
  } catch {
    return;
  }
}

/** Reads which spaces there are: the server does not tell of them by itself. */
export async function learnSpaces(): Promise<void> {
  try {
    const spaces: Space[] = [];
    let cursor: string | undefined;
    do {
      const page = await spacesApi.list(cursor);
      spaces.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor);
    workspaceStore.set({ spaces });
  } catch {
    return;
  }
}

/** Begins after signing in, registering or setting up. */
export async function begin(): Promise<void> {
  first = true;
  await start();
}

export async function signOut(): Promise<void> {
  try {
    await auth.signOut();
  } finally {
    forgetSession();
    clearUnsent();
  }
}

/** The server ended the session, or it ran out. What was not sent waits on this device for the same person. */
function sessionEnded(): void {
  forgetSession();
  workspaceStore.set({ ended: readLocal("owner") !== undefined });
}

function forgetSession(): void {
  closeDialog();
  connection.stop();
  heads.clear();
  forgetTimelines();
  forgetPeople();
  forgetOutbox();
  forgetDrafts();
  void offline.clear();
  forgetEverything("signed-out");
}
