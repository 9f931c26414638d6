import { useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { mayAdminister } from "~/features/admin/permissions";
import { signOut } from "~/state/session";
import { openDialog } from "~/state/ui";
import { useMe, useWorkspace } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { Icon } from "~/ui/Icon";
import { Menu } from "~/ui/Menu";
import { toast } from "~/ui/Toasts";
import css from "./Sidebar.module.css";

/** Who I am, with the way to my preferences and out. */
export function UserBar() {
  const { t } = useLingui();
  const me = useMe();
  const navigate = useNavigate();
  const connected = useWorkspace((state) => state.connection.status === "open");
  const leave = () => signOut().catch(() => toast(t`The server could not be told. You are signed out on this device.`));
  return (
    <footer className={css["foot"]}>
      <Menu
        align="start"
        trigger={
          <button type="button" className={css["me"]}>
            <Avatar user={me} id={me.id} size={28} presence={connected ? "online" : "offline"} />
            <span className={css["meText"]}>
              <span className={css["meName"]} dir="auto">{me.display_name}</span>
              {me.status_text && <span className={css["status"]} dir="auto">{me.status_text}</span>}
            </span>
            <Icon name="chevron" size={16} />
          </button>
        }
        items={() => [
          { icon: "settings", label: t`Preferences`, keys: t`Ctrl ,`, onSelect: () => openDialog({ kind: "preferences" }) },
          me.permissions.includes("users.manage") && { icon: "people", label: t`Accounts`, onSelect: () => openDialog({ kind: "accounts" }) },
          mayAdminister(me.permissions) && { icon: "server", label: t`Administration`, onSelect: () => void navigate({ to: "/admin" }) },
          { icon: "keyboard", label: t`Keyboard shortcuts`, keys: t`Ctrl /`, onSelect: () => openDialog({ kind: "shortcuts" }) },
          "line",
          { icon: "leave", label: t`Sign out`, onSelect: () => void leave() },
        ]}
      />
    </footer>
  );
}
