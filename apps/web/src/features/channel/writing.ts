import type { Channel, Space } from "~/api/types";
import { useWorkspace } from "~/state/workspace";

/** Why nothing can be written here. */
export type NoWriting = "space-archived" | "archived" | "not-joined" | "not-allowed";

export function whyNoWriting(channel: Channel, spaces: Pick<Space, "id" | "archived">[]): NoWriting | null {
  if (spaces.some((space) => space.id === channel.space_id && space.archived)) return "space-archived";
  if (channel.archived) return "archived";
  if (channel.membership === null) return "not-joined";
  return channel.permissions.includes("message.post") ? null : "not-allowed";
}

export const useNoWriting = (channel: Channel | undefined): NoWriting | null =>
  useWorkspace((state) => (channel ? whyNoWriting(channel, state.spaces) : null));
