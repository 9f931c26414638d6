import { spaces as spacesApi } from "~/api/operations";
import type { Id, Permission, Space } from "~/api/types";
import { useRoles } from "~/features/people/useRoles";
import { learnSpaces } from "~/state/session";
import { useMe, workspaceStore } from "~/state/workspace";

/** What I may do in a space: by my account's role, and by my role there. */
export function useSpacePermission(space: Space | undefined): (permission: Permission) => boolean {
  const me = useMe();
  const role = useRoles("space").find((entry) => entry.name === space?.role);
  return (permission) => me.permissions.includes(permission) || (role?.permissions.includes(permission) ?? false);
}

/** Takes in how a space is now. */
export function putSpace(space: Space): void {
  workspaceStore.set(({ spaces }) => ({
    spaces: [...spaces.filter((entry) => entry.id !== space.id), space].sort((a, b) => a.name.localeCompare(b.name)),
  }));
}

/** Ends my membership; what I have in the space goes with it. */
export async function leaveSpace(space: Id): Promise<void> {
  await spacesApi.removeMember(space, workspaceStore.get().me?.id ?? "");
  workspaceStore.set(({ channels, spaces }) => ({
    spaces: spaces.filter((entry) => entry.id !== space),
    channels: Object.fromEntries(Object.entries(channels).filter(([, channel]) => channel.space_id !== space)),
  }));
  await learnSpaces();
}
