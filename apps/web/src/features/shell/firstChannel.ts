import type { Id } from "~/api/types";
import { workspaceStore } from "~/state/workspace";

/** The conversation to open when the address names none: the last one, else one of mine; in a space only one of its channels. */
export function firstChannel(last: Id | undefined, space: Id | null): Id | undefined {
  const { channels } = workspaceStore.get();
  const fits = (id: Id | null | undefined) => space === null || id === space;
  const before = last ? channels[last] : undefined;
  if (before && (!before.space_id || fits(before.space_id))) return before.id;
  const own = Object.values(channels).filter((channel) => channel.membership && !channel.archived && fits(channel.space_id));
  const named = own.find((channel) => channel.name === "general");
  const sorted = own.sort((a, b) => (b.last_message_at ?? "").localeCompare(a.last_message_at ?? ""));
  return (named ?? sorted[0])?.id;
}
