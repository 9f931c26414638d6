import { t } from "@lingui/core/macro";
import type { Channel, Id, Permission, User } from "~/api/types";
import type { IconName } from "~/ui/Icon";

export const isDirect = (channel: Channel): boolean => channel.kind === "direct" || channel.kind === "group";

/** The others in a direct or group conversation; oneself when alone. */
export function othersIn(channel: Channel, me: Id): Id[] {
  const others = channel.user_ids.filter((id) => id !== me);
  return others.length > 0 ? others : channel.user_ids;
}

/** What a conversation is called on the screen. */
export function titleOf(channel: Channel, users: Record<Id, User>, me: Id): string {
  if (!isDirect(channel)) return channel.name;
  const others = othersIn(channel, me);
  const names = others.map((id) => users[id]?.display_name ?? "…");
  if (others.length === 1 && others[0] === me) return t`${names[0] ?? ""} (you)`;
  return names.join(", ");
}

export const iconOf = (channel: Channel): IconName =>
  channel.kind === "private" ? "lock" : channel.kind === "group" ? "people" : "hash";

export const can = (channel: Channel, permission: Permission): boolean => channel.permissions.includes(permission);
