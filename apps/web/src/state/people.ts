import { users as usersApi } from "~/api/operations";
import type { Id } from "~/api/types";
import { connection } from "./session";
import { putUsers, workspaceStore } from "./workspace";

const wanted = new Set<Id>();
const asked = new Set<Id>();
let timer: ReturnType<typeof setTimeout> | null = null;

/** Makes sure that these people become known; many calls become one question. */
export function needUsers(ids: Iterable<Id>): void {
  const known = workspaceStore.get().users;
  for (const id of ids) if (id && !known[id] && !asked.has(id)) wanted.add(id);
  if (wanted.size > 0 && !timer) timer = setTimeout(ask, 20);
}

async function ask(): Promise<void> {
  timer = null;
  const ids = [...wanted].slice(0, 200);
  for (const id of ids) {
    wanted.delete(id);
    asked.add(id);
  }
  if (wanted.size > 0) timer = setTimeout(ask, 0);
  try {
    putUsers((await usersApi.lookup(ids)).items);
  } catch {
    for (const id of ids) asked.delete(id);
  }
}

const MOST_WATCHED = 500;
const watched = new Map<Id, true>();
let watchTimer: ReturnType<typeof setTimeout> | null = null;

/** Asks for the presence of these people; the most recently asked for are kept. */
export function watchPresence(ids: Iterable<Id>): void {
  let grew = false;
  for (const id of ids) {
    if (!watched.has(id)) grew = true;
    watched.delete(id);
    watched.set(id, true);
  }
  for (const id of watched.keys()) {
    if (watched.size <= MOST_WATCHED) break;
    watched.delete(id);
  }
  if (grew) watchTimer ??= setTimeout(subscribePresence, 300);
}

/** Tells the server whose presence we follow; repeated after each reconnect. */
export function subscribePresence(): void {
  if (watchTimer) clearTimeout(watchTimer);
  watchTimer = null;
  if (watched.size === 0) return;
  connection.ask({ type: "subscribe_presence", user_ids: [...watched.keys()] }).catch(() => undefined);
}

export function forgetPeople(): void {
  wanted.clear();
  asked.clear();
  watched.clear();
}
