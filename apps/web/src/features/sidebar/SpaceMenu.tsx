import { useLingui } from "@lingui/react/macro";
import { useSpacePermission } from "~/features/spaces/spaces";
import { useEnterSpace } from "~/features/spaces/useEnterSpace";
import { learnSpaces } from "~/state/session";
import { openDialog } from "~/state/ui";
import { useMe, useWorkspace } from "~/state/workspace";
import { Icon } from "~/ui/Icon";
import { Menu } from "~/ui/Menu";
import css from "./Sidebar.module.css";

/** The name of the space; its menu holds what concerns the whole of it. */
export function SpaceMenu({ space }: { space: string | null }) {
  const { t } = useLingui();
  const me = useMe();
  const spaces = useWorkspace((state) => state.spaces);
  const current = spaces.find((entry) => entry.id === space);
  const may = useSpacePermission(current);
  const enter = useEnterSpace();
  const several = spaces.length > 1;
  return (
    <Menu
      align="start"
      onOpenChange={(open) => open && void learnSpaces()}
      trigger={
        <button type="button" className={css["space"]}>
          <span className={css["spaceName"]} dir="auto">{current?.name ?? t`PlexiChat`}</span>
          <Icon name="chevron" size={16} />
        </button>
      }
      items={() => [
        several && { heading: t`Spaces` },
        ...(several ? spaces.map((entry) => ({ label: entry.archived ? t`${entry.name} (archived)` : entry.name, checked: entry.id === space, onSelect: () => enter(entry.id) })) : []),
        several && "line",
        may("invitations.create") && !current?.archived && { icon: "invite", label: t`Invite people`, onSelect: () => openDialog({ kind: "invite" }) },
        current !== undefined && { icon: "people", label: may("space.manage") ? t`Space and its people` : t`About this space`, onSelect: () => openDialog({ kind: "space", space: current.id }) },
        { icon: "hash", label: t`Browse channels`, onSelect: () => openDialog({ kind: "browse" }) },
        { icon: "plus", label: t`New channel`, onSelect: () => openDialog({ kind: "new-channel" }) },
        "line",
        me.permissions.includes("spaces.create") && { icon: "plus", label: t`New space`, onSelect: () => openDialog({ kind: "new-space" }) },
        { icon: "keyboard", label: t`Keyboard shortcuts`, keys: t`Ctrl /`, onSelect: () => openDialog({ kind: "shortcuts" }) },
      ]}
    />
  );
}
