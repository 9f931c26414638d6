import { channels as channelsApi } from "~/api/operations";
import type { Draft, Id } from "~/api/types";
import { readLocal, writeLocal } from "./local";
import { Store, useStore } from "./store";

const SAVE_AFTER = 800;

interface Kept {
  text: string;
  /** Milliseconds since 1970, by this device's clock. */
  at: number;
  saved: boolean;
}

/** Drafts by `channel` or `channel/thread`. `rev` counts changes that came from elsewhere. */
const store = new Store<{ drafts: Record<string, Kept>; rev: number }>({ drafts: readLocal("drafts") ?? {}, rev: 0 });
const timers = new Map<string, ReturnType<typeof setTimeout>>();

const keyOf = (channel: Id, thread: Id | null) => (thread ? `${channel}/${thread}` : channel);

function put(key: string, kept: Kept | null, foreign: boolean): void {
  store.set((state) => {
    const drafts = { ...state.drafts };
    if (kept && (kept.text || !kept.saved)) drafts[key] = kept;
    else delete drafts[key];
    return { drafts, rev: foreign ? state.rev + 1 : state.rev };
  });
  writeLocal("drafts", store.get().drafts);
}

export const readDraft = (channel: Id, thread: Id | null): string => store.get().drafts[keyOf(channel, thread)]?.text ?? "";
export const useHasDraft = (channel: Id): boolean => useStore(store, (state) => Boolean(state.drafts[channel]?.text.trim()));
/** Grows whenever a draft was changed on another device. */
export const useDraftRevision = (): number => useStore(store, (state) => state.rev);

/** Keeps a draft here at once and on the server a little later. */
export function writeDraft(channel: Id, thread: Id | null, text: string): void {
  const key = keyOf(channel, thread);
  const former = store.get().drafts[key];
  if ((former?.text ?? "") === text) return;
  put(key, { text, at: Date.now(), saved: false }, false);
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => void save(channel, thread), SAVE_AFTER));
}

async function save(channel: Id, thread: Id | null): Promise<void> {
  const key = keyOf(channel, thread);
  timers.delete(key);
  const kept = store.get().drafts[key];
  if (!kept || kept.saved) return;
  try {
    if (kept.text.trim()) await channelsApi.saveDraft(channel, kept.text, thread);
    else await channelsApi.dropDraft(channel, thread);
    const now = store.get().drafts[key];
    if (now && now.text === kept.text) put(key, { ...now, saved: true }, false);
  } catch {
    return;
  }
}

/** A draft written on another device of mine. */
export function takeDraft(channel: Id, thread: Id | null, text: string | null): void {
  const key = keyOf(channel, thread);
  const own = store.get().drafts[key];
  if (timers.has(key) || (own && !own.saved) || (own?.text ?? "") === (text ?? "")) return;
  put(key, text ? { text, at: Date.now(), saved: true } : null, true);
}

/** Joins the server's drafts with those here: what was not saved yet wins. */
export function takeDrafts(drafts: Draft[]): void {
  const theirs = new Map(drafts.map((draft) => [keyOf(draft.channel_id, draft.thread_id), draft]));
  for (const [key, kept] of Object.entries(store.get().drafts)) if (kept.saved && !theirs.has(key)) put(key, null, true);
  for (const draft of drafts) takeDraft(draft.channel_id, draft.thread_id, draft.text);
  for (const [key, kept] of Object.entries(store.get().drafts)) {
    const [channel, thread] = key.split("/");
    if (!kept.saved && channel) void save(channel, thread ?? null);
  }
}

export function forgetDrafts(): void {
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  store.set({ drafts: {}, rev: 0 });
}
