import { useLingui } from "@lingui/react/macro";
import type { Message } from "~/api/types";
import { editKey, openDialog, setEditing } from "~/state/ui";
import { IconButton } from "~/ui/Button";
import { Menu, type MenuEntry } from "~/ui/Menu";
import css from "./MessageTools.module.css";
import { ReactionPicker } from "./ReactionPicker";
import type { MessageActions } from "./useMessageActions";

/** The tools of a message; they are there while it is pointed at or focused. */
export function MessageTools({ message, threadId, actions, onHold }: {
  message: Message;
  threadId: string | null;
  actions: MessageActions;
  onHold: (held: boolean) => void;
}) {
  const { t } = useLingui();
  const menu = (): MenuEntry[] => [
    actions.canReply && { icon: "reply", label: t`Reply here`, onSelect: actions.reply },
    actions.canPin && { icon: "pin", label: message.pinned ? t`Unpin` : t`Pin to the channel`, onSelect: () => void actions.togglePin() },
    { icon: "link", label: t`Copy link`, onSelect: () => void actions.copyLink() },
    { icon: "copy", label: t`Copy text`, onSelect: () => void actions.copyText() },
    !message.thread_id && { icon: "bell", label: t`Mark unread from here`, onSelect: () => void actions.markUnread() },
    message.edited_at !== null && { icon: "history", label: t`Earlier versions`, onSelect: () => openDialog({ kind: "history", message }) },
    actions.canDelete && "line",
    actions.canDelete && { icon: "trash", label: t`Delete…`, danger: true, onSelect: () => openDialog({ kind: "delete", message }) },
  ];
  return (
    <div className={css["tools"]} role="group" aria-label={t`Message tools`}>
      {actions.canReact && <ReactionPicker onPick={actions.addReaction} onOpenChange={onHold} />}
      {actions.openThread && <IconButton icon="thread" label={t`Reply in thread`} onClick={actions.openThread} />}
      {actions.canEdit && <IconButton icon="edit" label={t`Edit`} onClick={() => setEditing(editKey(message.id, threadId))} />}
      <Menu onOpenChange={onHold} trigger={<IconButton icon="more" label={t`More`} />} items={menu} />
    </div>
  );
}
