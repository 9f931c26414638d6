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
const store = new Store<{ drafts: Record<string, Kept>; rev: number }>({ drafts: {}, rev: 0 });
const timers = new Map<string, ReturnType<typeof setTimeout>>();

/** Between the tabs of one browser. The server tells other devices, but not the session that wrote. */
const tabs = new BroadcastChannel("plexi-drafts");
tabs.onmessage = ({ data }: MessageEvent<{ key: string; kept: Kept }>) => takeFromTab(data.key, data.kept);

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
/** Grows whenever a draft was changed in another tab or on another device. */
export const useDraftRevision = (): number => useStore(store, (state) => state.rev);

/** What was written or saved in this tab. */
function putOwn(key: string, kept: Kept): void {
  put(key, kept, false);
  tabs.postMessage({ key, kept });
}

/** What was written in another tab: the newer text counts, but nothing changes under the hands of who is writing here. */
function takeFromTab(key: string, kept: Kept): void {
  const own = store.get().drafts[key];
  if (timers.has(key) || (own && own.at > kept.at)) return;
  put(key, kept, (own?.text ?? "") !== kept.text);
}

/** Keeps a draft here at once and on the server a little later. */
export function writeDraft(channel: Id, thread: Id | null, text: string): void {
  const key = keyOf(channel, thread);
  const former = store.get().drafts[key];
  if ((former?.text ?? "") === text) return;
  putOwn(key, { text, at: Date.now(), saved: false });
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
    if (now && now.text === kept.text) putOwn(key, { ...now, saved: true });
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

/** Reads what an earlier session left on this device. */
export function restoreDrafts(): void {
  store.set(({ rev }) => ({ drafts: readLocal("drafts") ?? {}, rev: rev + 1 }));
}

/** Takes them from the screen; what the server does not have yet stays on this device. */
export function forgetDrafts(): void {
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  const unsaved = Object.entries(store.get().drafts).filter(([, kept]) => !kept.saved);
  writeLocal("drafts", unsaved.length > 0 ? Object.fromEntries(unsaved) : undefined);
  store.set({ drafts: {}, rev: 0 });
}
