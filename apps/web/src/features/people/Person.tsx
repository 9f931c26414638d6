import { Trans, useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { openDirect } from "~/features/channel/openDirect";
import { needUsers, watchPresence } from "~/state/people";
import { openDialog } from "~/state/ui";
import { useMe, useUser, useWorkspace } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { Button } from "~/ui/Button";
import { Dialog, DialogActions } from "~/ui/Dialog";
import css from "./Person.module.css";

/** Who somebody is, with the way to a conversation. */
export function Person({ userId, onClose }: { userId: string; onClose: () => void }) {
  const { t } = useLingui();
  const me = useMe();
  const navigate = useNavigate();
  const user = useUser(userId);
  const presence = useWorkspace((state) => state.presence[userId]);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    needUsers([userId]);
    watchPresence([userId]);
  }, [userId]);
  const write = async () => {
    setBusy(true);
    const channelId = await openDirect([userId]);
    setBusy(false);
    if (!channelId) return;
    onClose();
    await navigate({ to: "/c/$channelId", params: { channelId } });
  };
  if (!user) return null;
  const state = presence === "online" ? t`online` : presence === "away" ? t`away` : t`offline`;
  return (
    <Dialog open onClose={onClose} title={t`Profile`}>
      <div className={css["person"]}>
        <Avatar user={user} id={user.id} size={64} />
        <div>
          <p className={css["name"]} dir="auto">{user.display_name}</p>
          <p className={css["note"]}>@{user.name} · {user.kind === "imported" ? t`imported` : user.disabled ? t`deactivated` : state}</p>
          {user.status_text && <p dir="auto">{user.status_text}</p>}
        </div>
      </div>
      <DialogActions>
        {userId === me.id ? (
          <Button onClick={() => openDialog({ kind: "preferences" })}><Trans>Edit profile</Trans></Button>
        ) : (
          !user.disabled && <Button tone="primary" icon="thread" busy={busy} onClick={() => void write()}><Trans>Message</Trans></Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
