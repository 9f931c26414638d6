import { useSyncExternalStore } from "react";
import { messages as messagesApi } from "~/api/operations";
import type { ChannelEvent, Id, Message } from "~/api/types";
import { needUsers } from "./people";
import { Timeline, type WindowSource } from "./timeline";
import { myId } from "./workspace";

const MOST_TIMELINES = 24;
const timelines = new Map<string, Timeline>();

const keyOf = (channel: Id, thread: Id | null) => (thread ? `${channel}/${thread}` : channel);

function peopleIn(messages: Message[]): Set<Id> {
  const ids = new Set<Id>();
  for (const message of messages) {
    ids.add(message.author_id);
    for (const id of message.mentions) ids.add(id);
    for (const id of message.thread?.participant_ids ?? []) ids.add(id);
    if (message.system?.user_id) ids.add(message.system.user_id);
  }
  return ids;
}

function sourceOf(channel: Id, thread: Id | null): WindowSource {
  return {
    window: (query, signal) => (thread ? messagesApi.thread(thread, query, signal) : messagesApi.window(channel, query, signal)),
    me: myId,
    seen: (messages) => needUsers(peopleIn(messages)),
  };
}

/** The timeline of a channel or of a thread in it; the least recently used are forgotten. */
export function timelineOf(channel: Id, thread: Id | null = null): Timeline {
  const key = keyOf(channel, thread);
  let timeline = timelines.get(key);
  if (timeline) timelines.delete(key);
  else timeline = new Timeline(channel, thread, sourceOf(channel, thread));
  timelines.set(key, timeline);
  for (const [old, entry] of timelines) {
    if (timelines.size <= MOST_TIMELINES) break;
    if (entry.pending.length === 0) timelines.delete(old);
  }
  return timeline;
}

export function useTimeline(channel: Id, thread: Id | null = null): Timeline {
  const timeline = timelineOf(channel, thread);
  useSyncExternalStore(timeline.subscribe, timeline.version);
  return timeline;
}

/** Every timeline held for a channel: its main line and its threads. */
export function timelinesIn(channel: Id): Timeline[] {
  return [...timelines.values()].filter((timeline) => timeline.channelId === channel);
}

export const allTimelines = (): Timeline[] => [...timelines.values()];

export function applyToTimelines(channel: Id, event: ChannelEvent): void {
  for (const timeline of timelinesIn(channel)) timeline.apply(event);
}

/** Changes a message wherever it is shown. */
export function updateMessage(message: Message): void {
  for (const timeline of timelinesIn(message.channel_id)) timeline.replaced(message);
}

export function forgetTimelines(): void {
  timelines.clear();
}
