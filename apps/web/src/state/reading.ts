import { channels as channelsApi, messages as messagesApi } from "~/api/operations";
import type { Id } from "~/api/types";
import { heads } from "./events";
import { connection } from "./session";
import { changeMembership, putThread, workspaceStore } from "./workspace";

const EVERY = 400;
const waiting = new Map<Id, ReturnType<typeof setTimeout>>();
/** Channels that somebody wants to stay unread until they are left. */
const held = new Set<Id>();

/** Marks everything in a channel as read, here at once and on the server a moment later. */
export function markRead(channel: Id): void {
  const membership = workspaceStore.get().channels[channel]?.membership;
  const seq = heads.get(channel) ?? 0;
  if (!membership || !connection.ready || held.has(channel)) return;
  if (membership.last_read_seq >= seq && membership.unread === 0 && membership.mentions === 0) return;
  changeMembership(channel, { last_read_seq: seq, unread: 0, mentions: 0 });
  if (waiting.has(channel)) return;
  waiting.set(channel, setTimeout(() => tell(channel), EVERY));
}

function tell(channel: Id): void {
  waiting.delete(channel);
  const seq = workspaceStore.get().channels[channel]?.membership?.last_read_seq;
  if (seq !== undefined) connection.ask({ type: "read", channel_id: channel, seq }).catch(() => undefined);
}

/** Marks a thread that I take part in as read up to a reply, here at once and on the server. */
export function markThreadRead(root: Id, position: number): void {
  const state = workspaceStore.get().threads[root];
  if (!state || position < 0) return;
  putThread({ ...state, unread: 0, mentioned: false });
  messagesApi.readThread(root, position).then(putThread, () => undefined);
}

/** Makes everything from an event on unread again. It stays so, even in view, until the channel is left. */
export async function markUnread(channel: Id, from: number): Promise<void> {
  held.add(channel);
  clearTimeout(waiting.get(channel));
  waiting.delete(channel);
  await channelsApi.markRead(channel, from - 1, true);
  const { membership } = await channelsApi.one(channel);
  if (membership) changeMembership(channel, membership);
}

/** The channel was left: looking at it again reads it. */
export const releaseUnread = (channel: Id): void => void held.delete(channel);
