import { useLingui } from "@lingui/react/macro";
import { openDialog, uiStore } from "~/state/ui";
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
  const several = spaces.length > 1;
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className={css["space"]}>
          <span className={css["spaceName"]} dir="auto">{current?.name ?? t`PlexiChat`}</span>
          <Icon name="chevron" size={16} />
        </button>
      }
      items={() => [
        several && { heading: t`Spaces` },
        ...(several ? spaces.map((entry) => ({ label: entry.name, checked: entry.id === space, onSelect: () => uiStore.set({ space: entry.id }) })) : []),
        several && "line",
        me.permissions.includes("invitations.create") && { icon: "invite", label: t`Invite people`, onSelect: () => openDialog({ kind: "invite" }) },
        { icon: "hash", label: t`Browse channels`, onSelect: () => openDialog({ kind: "browse" }) },
        { icon: "plus", label: t`New channel`, onSelect: () => openDialog({ kind: "new-channel" }) },
        "line",
        { icon: "keyboard", label: t`Keyboard shortcuts`, keys: t`Ctrl /`, onSelect: () => openDialog({ kind: "shortcuts" }) },
      ]}
    />
  );
}
