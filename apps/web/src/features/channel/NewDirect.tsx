import { Trans, useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { User } from "~/api/types";
import { PeoplePicker } from "~/features/people/PeoplePicker";
import { Button } from "~/ui/Button";
import { Dialog, DialogActions } from "~/ui/Dialog";
import { openDirect } from "./openDirect";

const MOST = 8;

export function NewDirect({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<User[]>([]);
  const [busy, setBusy] = useState(false);
  const open = async () => {
    setBusy(true);
    const channelId = await openDirect(chosen.map((user) => user.id));
    setBusy(false);
    if (!channelId) return;
    onClose();
    await navigate({ to: "/c/$channelId", params: { channelId } });
  };
  return (
    <Dialog open onClose={onClose} title={t`Message somebody`} description={<Trans>Choose one person, or up to eight for a group.</Trans>} size="medium">
      <PeoplePicker label={t`Find people`} chosen={chosen} onChange={setChosen} most={MOST} autoFocus />
      <DialogActions>
        <Button onClick={onClose}><Trans>Cancel</Trans></Button>
        <Button tone="primary" busy={busy} disabled={chosen.length === 0} onClick={() => void open()}><Trans>Open conversation</Trans></Button>
      </DialogActions>
    </Dialog>
  );
}
