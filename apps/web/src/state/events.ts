import type { ChannelEvent, Id, Message, ServerFrame } from "~/api/types";
import { takeDraft } from "./drafts";
import { announce } from "./announcer";
import { learnChannel, learnSpaces, readAgain, resume } from "./session";
import { applyToTimelines, timelinesIn } from "./timelines";
import {
  changeChannel, changeMembership, dropChannel, dropSpace, myId, putChannel, putSpace, putThread, putUsers, workspaceStore, type Typing,
} from "./workspace";

/** The last event we have of each channel. */
export const heads = new Map<Id, number>();

const TYPING_LASTS = 5_000;

/** Takes a frame that is not the answer to a question. */
export function receive(frame: ServerFrame): void {
  switch (frame.type) {
    case "event":
      return inOrder(frame.channel_id, frame.seq, frame.event);
    case "reset":
      return reset(frame.channel_id, frame.seq);
    case "channel":
      return channelChanged(frame);
    case "space":
      return spaceChanged(frame);
    case "read":
      return changeMembership(frame.channel_id, {
        last_read_seq: frame.last_read_seq,
        unread: frame.unread,
        mentions: frame.mentions,
      });
    case "categories":
      return workspaceStore.set({ categories: frame.items });
    case "thread":
      return putThread(frame);
    case "draft":
      return takeDraft(frame.channel_id, frame.thread_id, frame.text);
    case "typing":
      return typing(frame.channel_id, frame.thread_id ?? null, frame.user_id);
    case "presence":
      return workspaceStore.set((state) => ({ presence: { ...state.presence, ...frame.states } }));
    case "user":
      return putUsers([frame.user]);
    default:
      return;
  }
}

/** Events count up by one: what we have is dropped, a gap is filled before anything after it is shown. */
function inOrder(channel: Id, seq: number, event: ChannelEvent): void {
  const head = heads.get(channel);
  if (head === undefined) return void learnChannel(channel);
  if (seq <= head) return;
  if (seq > head + 1) return void resume();
  heads.set(channel, seq);
  changeChannel(channel, () => ({ last_seq: seq }));
  applyToTimelines(channel, event);
  if (event.kind === "message_posted") posted(channel, event.message);
  else if (event.kind === "channel_updated") {
    const { name, topic, archived } = event.channel;
    changeChannel(channel, () => ({ name, topic, archived }));
  } else if (event.kind === "member_joined") changeChannel(channel, (entry) => ({ member_count: entry.member_count + 1 }));
  else if (event.kind === "member_left") changeChannel(channel, (entry) => ({ member_count: Math.max(0, entry.member_count - 1) }));
}

function posted(channel: Id, message: Message): void {
  stopTyping(channel, message.thread_id, message.author_id);
  const me = myId();
  const own = message.author_id === me;
  const named = message.mentions.includes(me) || message.mentions_all;
  const main = !message.thread_id;
  if (main || named) {
    changeChannel(channel, (entry) => ({
      ...(main ? { last_message_at: message.created_at } : {}),
      ...(entry.membership && !own && message.kind === "text"
        ? {
            membership: {
              ...entry.membership,
              unread: Math.min(1000, entry.membership.unread + (main ? 1 : 0)),
              mentions: entry.membership.mentions + (named ? 1 : 0),
            },
          }
        : {}),
    }));
  }
  if (!own) announce(message);
}

function reset(channel: Id, seq: number): void {
  heads.set(channel, Math.max(seq, heads.get(channel) ?? 0));
  void learnChannel(channel);
  for (const timeline of timelinesIn(channel)) timeline.reload().catch(() => undefined);
}

function channelChanged(frame: Extract<ServerFrame, { type: "channel" }>): void {
  if (frame.channel) {
    putChannel(frame.channel);
    const { space_id } = frame.channel;
    if (space_id && !workspaceStore.get().spaces.some((space) => space.id === space_id)) void learnSpaces();
    if (!heads.has(frame.channel.id)) heads.set(frame.channel.id, frame.channel.last_seq);
  } else if (frame.removed && frame.channel_id) {
    heads.delete(frame.channel_id);
    dropChannel(frame.channel_id);
  }
}

function spaceChanged(frame: Extract<ServerFrame, { type: "space" }>): void {
  const { space } = frame;
  if (space) {
    const before = workspaceStore.get().spaces.find((entry) => entry.id === space.id);
    putSpace(space);
    // What I may do in its channels has changed with it.
    if (before && (before.archived !== space.archived || before.role !== space.role)) readAgain();
  } else if (frame.removed && frame.space_id) {
    dropSpace(frame.space_id);
    // Who administers the server sees spaces without being in them.
    readAgain();
  }
}

const typingKey = (channel: Id, thread: Id | null) => (thread ? `${channel}/${thread}` : channel);

function typing(channel: Id, thread: Id | null, user: Id): void {
  if (user === myId()) return;
  setTyping(typingKey(channel, thread), (list) => [
    ...list.filter((entry) => entry.user_id !== user),
    { user_id: user, until: Date.now() + TYPING_LASTS },
  ]);
  setTimeout(() => setTyping(typingKey(channel, thread), (list) => list.filter((entry) => entry.until > Date.now())), TYPING_LASTS + 50);
}

function stopTyping(channel: Id, thread: Id | null, user: Id): void {
  setTyping(typingKey(channel, thread), (list) => list.filter((entry) => entry.user_id !== user));
}

function setTyping(key: string, change: (list: Typing[]) => Typing[]): void {
  const before = workspaceStore.get().typing[key];
  const after = change(before ?? []);
  if (!before && after.length === 0) return;
  workspaceStore.set((state) => {
    const all = { ...state.typing };
    if (after.length > 0) all[key] = after;
    else delete all[key];
    return { typing: all };
  });
}
