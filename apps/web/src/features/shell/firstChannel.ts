import type { Id } from "~/api/types";
import { workspaceStore } from "~/state/workspace";

/** The conversation to open when the address names none. */
export function firstChannel(last: Id | undefined): Id | undefined {
  const { channels } = workspaceStore.get();
  if (last && channels[last]) return last;
  const own = Object.values(channels).filter((channel) => channel.membership && !channel.archived);
  const named = own.find((channel) => channel.name === "general");
  const sorted = own.sort((a, b) => (b.last_message_at ?? "").localeCompare(a.last_message_at ?? ""));
  return (named ?? sorted[0])?.id;
}
